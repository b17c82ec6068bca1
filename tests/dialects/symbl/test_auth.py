"""Tokens over HTTP: how they are got, carried, replaced and revoked."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from earful.dialects.symbl.auth import presented_tokens
from earful.store.database import Database
from tests.dialects.symbl.rest import Rest, rest_api

REFUSED = {"statusCode": 401, "message": "Token validation failed for provided token."}


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'earful.db'}"


@pytest.fixture
async def rest(database: Database) -> AsyncIterator[Rest]:
    async with rest_api(database) as rest:
        yield rest


def grant(rest: Rest, **changes: Any) -> dict[str, Any]:
    pair = rest.mine.credentials
    body = {"type": "application", "appId": pair.app_id, "appSecret": pair.app_secret, **changes}
    return {name: value for name, value in body.items() if value is not None}


async def test_an_id_and_its_secret_get_a_token(rest: Rest) -> None:
    answer = await rest.nobody.post("/oauth2/token:generate", json=grant(rest))
    assert answer.status_code == 200
    assert set(answer.json()) == {"accessToken", "expiresIn"}
    assert answer.json()["expiresIn"] == 86_400
    listed = await rest.nobody.get("/v1/conversations", headers={"x-api-key": answer.json()["accessToken"]})
    assert listed.status_code == 200


async def test_a_body_without_a_content_type_is_read_as_json(rest: Rest) -> None:
    import json

    answer = await rest.nobody.post("/oauth2/token:generate", content=json.dumps(grant(rest)))
    assert answer.status_code == 200


async def test_unknown_fields_do_no_harm(rest: Rest) -> None:
    answer = await rest.nobody.post("/oauth2/token:generate", json=grant(rest, username="", extra=1))
    assert answer.status_code == 200


async def test_the_type_may_be_left_out(rest: Rest) -> None:
    assert (await rest.nobody.post("/oauth2/token:generate", json=grant(rest, type=None))).status_code == 200


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"type": "password"}, "type"),
        ({"type": 7}, "type"),
        ({"appId": None}, "appId"),
        ({"appId": ""}, "appId"),
        ({"appId": 64}, "appId"),
        ({"appId": {}}, "appId"),
        ({"appSecret": None}, "appSecret"),
        ({"appSecret": ["x"]}, "appSecret"),
    ],
)
async def test_a_field_that_is_missing_or_wrong_is_named(
    rest: Rest, changes: dict[str, Any], named: str
) -> None:
    answer = await rest.nobody.post("/oauth2/token:generate", json=grant(rest, **changes))
    assert answer.status_code == 400
    assert set(answer.json()) == {"statusCode", "message"}
    assert named in answer.json()["message"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b"{}", b"[" * 100_000, b'{"appId": "\\ud800"}']
)
async def test_a_body_that_is_no_request_is_a_400(rest: Rest, body: bytes) -> None:
    answer = await rest.nobody.post(
        "/oauth2/token:generate", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert set(answer.json()) == {"statusCode", "message"}


@pytest.mark.parametrize("field", ["appId", "appSecret"])
@pytest.mark.parametrize("value", ["x" * 64, "x" * 128, "a\x00"])
async def test_an_id_and_secret_that_do_not_belong_together_are_a_401(
    rest: Rest, field: str, value: str
) -> None:
    body = json.dumps(grant(rest, **{field: value}))
    answer = await rest.nobody.post("/oauth2/token:generate", content=body)
    assert answer.status_code == 401
    assert answer.json() == {
        "statusCode": answer.status_code,
        "message": "Combination of appId and appSecret is not valid.",
    }


async def test_the_token_route_only_takes_posts(rest: Rest) -> None:
    answer = await rest.nobody.get("/oauth2/token:generate")
    assert answer.status_code == 405
    assert set(answer.json()) == {"statusCode", "message"}
    assert answer.headers["allow"] == "OPTIONS, POST"


# -- carriers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer {}"},
        {"Authorization": "bearer {}"},
        {"Authorization": "Bearer   {} "},
        {"Authorization": "{}"},
        {"x-api-key": "{}"},
        {"X-API-KEY": "{}"},
        {"x-api-key": "Bearer {}"},
        {"Authorization": "{}", "x-api-key": "{}"},
        {"Authorization": "Bearer expired", "x-api-key": "{}"},
        {"Authorization": "Bearer {}", "x-api-key": "expired"},
    ],
)
async def test_every_header_that_clients_use_is_accepted(rest: Rest, headers: dict[str, str]) -> None:
    filled = {name: value.format(rest.mine.token) for name, value in headers.items()}
    assert (await rest.nobody.get("/v1/conversations", headers=filled)).status_code == 200


async def test_a_token_in_the_query_is_accepted(rest: Rest) -> None:
    answer = await rest.nobody.get("/v1/conversations", params={"access_token": rest.mine.token})
    assert answer.status_code == 200


async def test_an_api_key_is_accepted_where_a_token_is(rest: Rest) -> None:
    headers = {"x-api-key": rest.mine.credentials.api_key}
    assert (await rest.nobody.get("/v1/conversations", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer x.y.z"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"x-api-key": "null"},
        {"x-api-key": "ek_" + "x" * 48},
    ],
)
async def test_no_token_or_a_wrong_one_is_a_401(rest: Rest, headers: dict[str, str]) -> None:
    answer = await rest.nobody.get("/v1/conversations/1/messages", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == REFUSED
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_is_asked_for_before_a_body_is_read(rest: Rest) -> None:
    answer = await rest.nobody.put("/v1/conversations/1", content=b"{")
    assert answer.status_code == 401


def handshake(query: bytes = b"", subprotocols: tuple[str, ...] = (), **headers: str) -> HTTPConnection:
    return HTTPConnection(
        {
            "type": "websocket",
            "path": "/",
            "query_string": query,
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
            "subprotocols": list(subprotocols),
        }
    )


def test_a_websocket_may_carry_its_token_as_its_subprotocol() -> None:
    assert presented_tokens(handshake(subprotocols=("a.b.c",))) == ("a.b.c",)


def test_all_carriers_of_a_handshake_are_tried_in_order_each_once() -> None:
    connection = handshake(
        b"access_token=four&access_token=five&source=js_sdk",
        ("one",),
        x_api_key="three",
        authorization="Bearer two",
    )
    assert presented_tokens(connection) == ("one", "two", "three", "four", "five")
    assert presented_tokens(handshake(b"access_token=one", ("one",), x_api_key="one")) == ("one",)


def test_a_handshake_without_a_token_presents_none() -> None:
    assert presented_tokens(handshake(b"access_token=", authorization="  ")) == ()


# -- replacing and revoking -----------------------------------------------------------------------


async def test_a_token_can_be_exchanged_for_a_new_one(rest: Rest) -> None:
    body = grant(rest, type=None, refreshToken=rest.mine.token)
    answer = await rest.nobody.post("/oauth2/token:refresh", json=body)
    assert answer.status_code == 200
    assert (await rest.accounts.verify(answer.json()["accessToken"])).name == "mine"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"refreshToken": "x"}, 401),
        ({"appSecret": "x", "refreshToken": "x"}, 401),
        ({"refreshToken": 1}, 400),
        ({}, 400),
    ],
)
async def test_what_cannot_be_exchanged_is_refused(rest: Rest, changes: dict[str, Any], status: int) -> None:
    answer = await rest.nobody.post("/oauth2/token:refresh", json=grant(rest, **changes))
    assert answer.status_code == status
    assert set(answer.json()) == {"statusCode", "message"}


async def test_revoked_tokens_stop_working_at_once(rest: Rest) -> None:
    assert (await rest.mine.http.get("/v1/conversations")).status_code == 200
    answer = await rest.nobody.request("DELETE", "/oauth2/token:revoke", json=grant(rest))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await rest.mine.http.get("/v1/conversations")).json() == REFUSED
    assert (await rest.theirs.http.get("/v1/conversations")).status_code == 200


async def test_only_the_secret_revokes(rest: Rest) -> None:
    body = grant(rest, appSecret=rest.theirs.credentials.app_secret)
    answer = await rest.nobody.request("DELETE", "/oauth2/token:revoke", json=body)
    assert answer.status_code == 401
    assert (await rest.mine.http.get("/v1/conversations")).status_code == 200
