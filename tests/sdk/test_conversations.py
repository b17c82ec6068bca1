"""Conversation reads and changes: requests, answers, and what happens when they fail."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable
from typing import Any, assert_type

import pytest

import symbl
from symbl import _models as models
from tests.sdk.conftest import CREDENTIALS

ID = "4893210077665432"
BASE = f"/v1/conversations/{ID}"
MASK = {"message": "The conversationId is either invalid or does not exist."}
READS = {
    "get_conversation": (BASE, {"id": ID}),
    "get_messages": (f"{BASE}/messages", {"messages": []}),
    "get_topics": (f"{BASE}/topics", {"topics": []}),
    "get_summary": (f"{BASE}/summary", {"summary": []}),
    "get_questions": (f"{BASE}/questions", {"questions": []}),
    "get_action_items": (f"{BASE}/action-items", {"actionItems": []}),
    "get_follow_ups": (f"{BASE}/follow-ups", {"followUps": []}),
    "get_members": (f"{BASE}/members", {"members": []}),
    "get_trackers": (f"{BASE}/trackers", []),
    "get_entities": (f"{BASE}/entities", {"entities": []}),
    "get_analytics": (f"{BASE}/analytics", {"metrics": [], "members": []}),
    "get_call_score": (f"{BASE}/callscore", {"score": 80}),
    "get_call_score_status": (f"{BASE}/callscore/status", {"status": "completed"}),
    "get_call_score_insights_url": (
        f"/v1/conversations/experiences/insights/details/{ID}",
        {"url": "http://x"},
    ),
}
WRITES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "put_members": ("PUT", f"{BASE}/members/m1", {"members_id": "m1", "parameters": {"name": "Ines"}}),
    "put_speakers_events": ("PUT", f"{BASE}/speakers", {"parameters": {"speakerEvents": []}}),
    "get_formatted_transcript": ("POST", f"{BASE}/transcript", {"parameters": {"contentType": "text/srt"}}),
    "delete_conversation": ("DELETE", BASE, {}),
}


@pytest.mark.parametrize("name", READS)
def test_each_read_asks_its_path(service: symbl.MockTransport, name: str) -> None:
    """Both the class and the object ask the documented address with the token in the header."""
    path, body = READS[name]
    service.answer("GET", path, body)
    by_class = getattr(symbl.Conversations, name)(ID)
    by_object = getattr(symbl.Conversation(ID), name)()
    assert by_class == by_object
    assert by_class != MASK
    asked = service.requests[-1]
    assert (asked.url.path, asked.headers["x-api-key"]) == (path, "mock.token.value")


@pytest.mark.parametrize("name", READS)
async def test_each_read_asks_its_path_in_asyncio(service: symbl.MockTransport, name: str) -> None:
    """The asyncio classes ask the same."""
    path, body = READS[name]
    service.answer("GET", path, body)
    async with symbl.AsyncClient(transport=service, credentials=CREDENTIALS) as client:
        by_class = await getattr(client.conversations, name)(ID)
        conversation = symbl.AsyncConversation(
            ID, credentials=CREDENTIALS, session=client.conversations._session
        )
        assert await getattr(conversation, name)() == by_class != MASK
    assert service.requests[-1].url.path == path


async def test_an_operation_is_written_once_and_typed_for_both_clients(service: symbl.MockTransport) -> None:
    """What is awaited has the same name, words and arguments; only the answer comes later."""
    service.answer("GET", f"{BASE}/members", {"members": []})
    assert_type(symbl.Conversations.get_members(ID), models.Members)
    assert_type(symbl.Conversation(ID).get_members(), models.Members | None)
    async with symbl.AsyncClient(transport=service, credentials=CREDENTIALS) as client:
        assert_type(await client.conversations.get_members(ID), models.Members)
    for name in (*READS, *WRITES):
        blocking = getattr(symbl.ConversationsApi, name)
        awaited = getattr(symbl.AsyncConversationsApi, name)
        assert (inspect.iscoroutinefunction(blocking), inspect.iscoroutinefunction(awaited)) == (False, True)
        assert inspect.signature(blocking) == inspect.signature(awaited)
        assert (blocking.__name__, blocking.__doc__) == (name, awaited.__doc__)
        assert "Request" not in str(inspect.signature(blocking))


@pytest.mark.parametrize("name", WRITES)
def test_each_change_is_sent(service: symbl.MockTransport, name: str) -> None:
    """The four calls that never worked in the vendor's package work."""
    method, path, arguments = WRITES[name]
    service.answer(method, path, {"message": "done"})
    answer = getattr(symbl.Conversations, name)(ID, **arguments)
    assert answer.message == "done"
    assert getattr(symbl.Conversation(ID), name)(**arguments) == answer
    asked = service.requests[-1]
    assert (asked.method, asked.url.path) == (method, path)


@pytest.mark.parametrize("name", WRITES)
async def test_each_change_is_sent_in_asyncio(service: symbl.MockTransport, name: str) -> None:
    """Likewise."""
    method, path, arguments = WRITES[name]
    service.answer(method, path, {"message": "done"})
    async with symbl.AsyncClient(transport=service, credentials=CREDENTIALS) as client:
        assert (await getattr(client.conversations, name)(ID, **arguments)).message == "done"


def test_member_change_carries_the_id_of_the_path(service: symbl.MockTransport) -> None:
    """The API wants it in the body as well."""
    service.answer("PUT", f"{BASE}/members/m1", {"message": "done"})
    symbl.Conversations.put_members(ID, "m1", {"name": "Ines", "email": "i@example.com"})
    assert json.loads(service.requests[-1].content) == {"id": "m1", "name": "Ines", "email": "i@example.com"}


def test_transcript_turns_words_into_booleans_in_a_copy(service: symbl.MockTransport) -> None:
    """The caller's dict stays as it is."""
    service.answer("POST", f"{BASE}/transcript", {"transcript": {"contentType": "text/srt", "payload": "1"}})
    parameters = {"contentType": "text/srt", "phrases": {"highlightAllKeyPhrases": "true"}, "x": "false"}
    answer = symbl.Conversations.get_formatted_transcript(parameters=parameters, conversation_id=ID)
    assert answer.transcript is not None
    assert answer.transcript.payload == "1"
    assert json.loads(service.requests[-1].content) == {
        "contentType": "text/srt",
        "phrases": {"highlightAllKeyPhrases": True},
        "x": False,
    }
    assert parameters["x"] == "false"


def test_parameters_become_the_query(service: symbl.MockTransport) -> None:
    """Booleans in lower case, lists as JSON, None left out."""
    service.answer("GET", f"{BASE}/messages", {"messages": []})
    parameters = {"sentiment": True, "verbose": False, "exclude": ["PERSON_NAME"], "redact": None}
    symbl.Conversations.get_messages(conversation_id=ID, parameters=parameters)
    assert dict(service.requests[-1].url.params) == {
        "sentiment": "true",
        "verbose": "false",
        "exclude": '["PERSON_NAME"]',
    }


def test_ids_may_be_numbers(service: symbl.MockTransport) -> None:
    """The documentation's example uses one, with a lower-case name of the object."""
    service.answer("GET", "/v1/conversations/1234567890/messages", {"messages": []})
    assert symbl.conversations.get_messages(1234567890).messages == []


@pytest.mark.parametrize(
    "fail",
    [
        lambda service: service.answer("GET", f"{BASE}/messages", {"message": "gone"}, status=500),
        lambda service: service.answer("GET", f"{BASE}/messages", {"no": "list"}),
        lambda service: None,
    ],
)
def test_failed_read_is_the_documented_dict(
    service: symbl.MockTransport, fail: Callable[[Any], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Programs test for that dict; the true cause is in the log."""
    fail(service)
    assert symbl.Conversations.get_messages(ID) == MASK
    assert caplog.records


def test_masked_answer_belongs_to_the_caller(service: symbl.MockTransport) -> None:
    """Changing it does not change the next one."""
    answer: Any = symbl.Conversations.get_messages(ID)
    answer["message"] = "changed"
    assert symbl.Conversations.get_messages(ID) == MASK


def test_failed_delete_is_none(service: symbl.MockTransport) -> None:
    """As in the vendor's package."""
    assert symbl.Conversations.delete_conversation(ID) is None


def test_strict_mode_raises_the_cause(service: symbl.MockTransport) -> None:
    """With status, body and the request in it."""
    service.answer("GET", f"{BASE}/messages", {"message": "no such conversation"}, status=404)
    symbl.configure(strict=True)
    with pytest.raises(symbl.ApiException) as caught:
        symbl.Conversations.get_messages(ID)
    assert caught.value.status == 404
    assert "no such conversation" in caught.value.body
    assert caught.value.request == f"GET http://127.0.0.1:8000{BASE}/messages"
    assert str(caught.value).startswith(f"GET http://127.0.0.1:8000{BASE}/messages: (404) Not Found")
    with pytest.raises(symbl.ApiException):
        symbl.Conversations.delete_conversation(ID)


async def test_asyncio_masks_and_is_strict_alike(service: symbl.MockTransport) -> None:
    """Both modes exist in both worlds."""
    async with symbl.AsyncClient(transport=service, credentials=CREDENTIALS) as client:
        assert await client.conversations.get_messages(ID) == MASK
    async with symbl.AsyncClient(transport=service, credentials=CREDENTIALS, strict=True) as client:
        with pytest.raises(symbl.ApiException):
            await client.conversations.get_messages(ID)


def test_refused_token_is_never_masked(service: symbl.MockTransport) -> None:
    """Wrong credentials are an exception from every call."""
    service._answers.clear()
    service.answer("POST", "/oauth2/token:generate", {"message": "wrong"}, status=401)
    with pytest.raises(symbl.ApiException) as caught:
        symbl.Conversations.get_messages(ID)
    assert (caught.value.status, caught.value.reason) == (401, "Unauthorized")


def test_missing_credentials_are_never_masked(service: symbl.MockTransport) -> None:
    """Nor is their absence."""
    symbl.reset()
    symbl.configure(transport=service)
    with pytest.raises(ValueError, match="app_id is required"):
        symbl.Conversations.get_messages(ID)


def test_conversation_without_an_id_answers_none(caplog: pytest.LogCaptureFixture) -> None:
    """And says why in the log."""
    with caplog.at_level(logging.ERROR, "symbl"):
        assert symbl.Conversation(None).get_topics() is None
        assert symbl.Conversation(None).put_members("m1", {}) is None
    assert caplog.messages == ["Conversation not initialized"] * 2


def test_live_conversation_has_no_job() -> None:
    """Job questions answer None, and on_complete calls at once."""
    conversation = symbl.Conversation(ID)
    done: list[symbl.Conversation] = []
    assert (conversation.job_id, conversation.get_job_id(), conversation.get_job_status()) == (
        None,
        None,
        None,
    )
    assert conversation.on_complete(done.append).on_error(done.append) is conversation
    assert done == [conversation]
    assert repr(conversation) == f"<Conversation {ID}>"


def test_class_knows_the_conversation_begun_last(service: symbl.MockTransport) -> None:
    """The two documented getters without an id; a second stream replaces the first."""
    assert (symbl.Conversations.get_conversation_id(), symbl.Conversations.get_job_id()) == (None, None)
    with symbl.Streaming.start_connection():
        assert symbl.Conversations.get_conversation_id() == ID
    service.answer("POST", "/v1/process/text", {"conversationId": "7", "jobId": "j1"})
    service.answer("GET", "/v1/job/j1", {"id": "j1", "status": "completed"})
    symbl.Text.process({})
    assert (symbl.Conversations.get_conversation_id(), symbl.Conversations.get_job_id()) == ("7", "j1")
