"""Tokens and requests."""

from __future__ import annotations

import json

import pytest

import symbl
from symbl import AuthenticationToken
from tests.sdk.conftest import CREDENTIALS

MESSAGES = "/v1/conversations/1/messages"
TOKEN = "/oauth2/token:generate"


def tokens(service: symbl.MockTransport) -> int:
    return sum(request.url.path == TOKEN for request in service.requests)


def test_token_is_fetched_at_the_first_call_and_kept(service: symbl.MockTransport) -> None:
    """One exchange serves many calls."""
    service.answer("GET", MESSAGES, {"messages": []})
    assert service.requests == []
    symbl.Conversations.get_messages(1)
    symbl.Conversations.get_messages(1)
    assert tokens(service) == 1
    assert json.loads(service.requests[0].content) == {
        "type": "application",
        "appId": "an-app",
        "appSecret": "a-secret",
    }


def test_each_application_has_its_own_token(service: symbl.MockTransport) -> None:
    """Other credentials, or another server, are not silently ignored."""
    service.answer("GET", MESSAGES, {"messages": []})
    symbl.Conversations.get_messages(1)
    symbl.Conversations.get_messages(1, credentials={"app_id": "other", "app_secret": "x"})
    symbl.Conversations.get_messages(1, base_url="http://other:1")
    symbl.Conversations.get_messages(1)
    assert tokens(service) == 3


def test_token_is_renewed_before_it_ends(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute early, so that no call goes out with a dying one."""
    now = 1000.0
    monkeypatch.setattr("symbl._session.time.monotonic", lambda: now)
    service._answers.clear()
    service.answer("POST", TOKEN, {"accessToken": "t", "expiresIn": 600})
    service.answer("GET", MESSAGES, {"messages": []})
    symbl.Conversations.get_messages(1)
    now += 539
    symbl.Conversations.get_messages(1)
    assert tokens(service) == 1
    now += 2
    symbl.Conversations.get_messages(1)
    assert tokens(service) == 2


def test_refused_token_is_renewed_once(service: symbl.MockTransport) -> None:
    """A server restarted with new keys does not break a running program."""
    service.answer("GET", MESSAGES, {"message": "expired"}, status=401)
    service.answer("GET", MESSAGES, {"messages": []})
    assert symbl.Conversations.get_messages(1).messages == []
    assert tokens(service) == 2


def test_token_that_stays_refused_is_an_error(service: symbl.MockTransport) -> None:
    """There is no endless loop."""
    symbl.configure(strict=True)
    service.answer("GET", MESSAGES, {"message": "no"}, status=401)
    with pytest.raises(symbl.ApiException) as caught:
        symbl.Conversations.get_messages(1)
    assert caught.value.status == 401
    assert tokens(service) == 2


def test_given_access_token_is_used_as_it_is(service: symbl.MockTransport) -> None:
    """No exchange is made for it."""
    service.answer("GET", MESSAGES, {"messages": []})
    symbl.Conversations.get_messages(1, credentials={"access_token": "mine"})
    assert tokens(service) == 0
    assert service.requests[0].headers["x-api-key"] == "mine"


def test_token_answer_without_a_token_is_an_error(service: symbl.MockTransport) -> None:
    """A server that is no Symbl server is noticed."""
    service._answers.clear()
    service.answer("POST", TOKEN, {"hello": "world"})
    with pytest.raises(symbl.ResponseError, match="no accessToken"):
        AuthenticationToken.get_access_token(CREDENTIALS)


def test_authentication_module_of_the_vendor(service: symbl.MockTransport) -> None:
    """Its four functions work."""
    AuthenticationToken.init("a", "b")
    assert AuthenticationToken.get_access_token() == "mock.token.value"
    assert AuthenticationToken.get_api_header(credentials=CREDENTIALS) == {"x-api-key": "mock.token.value"}
    assert AuthenticationToken.get_api_client().token(AuthenticationToken.get_api_client().target())


def test_clients_do_not_share_settings(service: symbl.MockTransport) -> None:
    """A Client is independent of symbl.configure()."""
    other = symbl.MockTransport()
    other.answer("GET", MESSAGES, {"messages": []})
    with symbl.Client(transport=other, credentials=CREDENTIALS, base_url="http://other:1") as client:
        client.conversations.get_messages(1)
    assert service.requests == []
    assert {request.url.host for request in other.requests} == {"other"}


def test_reset_forgets_everything(service: symbl.MockTransport) -> None:
    """Settings and tokens."""
    AuthenticationToken.get_access_token()
    symbl.reset()
    with pytest.raises(symbl.CredentialsError):
        AuthenticationToken.get_access_token()
