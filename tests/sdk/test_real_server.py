"""This package against the real server: a stream, its conversation, its errors."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

import symbl
from tests.support.server import EarfulServer
from tests.support.speech import sample_pcm, sample_words

CONFIG = {"speechRecognition": {"sampleRateHertz": 16000}, "meetingTitle": "Moving"}
SECONDS = 12
BLOCK = 3200


@pytest.fixture(autouse=True)
def _server(earful_server: EarfulServer) -> None:
    symbl.configure(base_url=earful_server.base_url, credentials=earful_server.credentials)


def blocks(seconds: float = SECONDS) -> Iterator[bytes]:
    """Tenths of a second of speech."""
    pcm = sample_pcm(seconds)
    for at in range(0, len(pcm), BLOCK):
        yield pcm[at : at + BLOCK]


def known(text: str) -> float:
    words = re.findall(r"[a-z']+", text.lower())
    return sum(word in sample_words() for word in words) / max(len(words), 1)


def test_stream_and_everything_about_it() -> None:
    """Captions come while it is spoken; after stop() the conversation is complete."""
    frames: list[Any] = []
    connection = symbl.Streaming.start_connection(
        insight_types=["question", "action_item", "follow_up"],
        speaker={"name": "Maya", "userId": "maya@example.com"},
        config=CONFIG,
        trackers=[{"name": "Place", "vocabulary": ["warehouse"]}],
    )
    connection.subscribe({"*": frames.append})
    for block in blocks():
        connection.send_audio(block)
        time.sleep(0.025)
    connection.stop()
    conversation = connection.conversation
    live = [m["payload"]["content"] for f in frames if f["type"] == "message_response" for m in f["messages"]]
    messages = conversation.get_messages(parameters={"verbose": True, "sentiment": True})
    assert messages is not None
    assert [message.text for message in messages.messages] == live
    assert known(" ".join(live)) > 0.8
    first = messages.messages[0]
    assert first._from is not None
    assert (first._from.name, first.sentiment is not None, bool(first.words)) == ("Maya", True, True)
    assert first.start_time is not None
    assert first.end_time is not None
    assert first.start_time < first.end_time
    data = conversation.get_conversation()
    assert data is not None
    assert (data.name, data.id) == ("Moving", conversation.get_conversation_id())
    members = conversation.get_members()
    assert members is not None
    assert members.members[0].email == "maya@example.com"
    questions = conversation.get_questions()
    assert questions is not None
    assert questions.questions
    trackers = conversation.get_trackers()
    assert trackers is not None
    assert [tracker.name for tracker in trackers] == ["Place"]
    for name in ("topics", "action_items", "follow_ups", "entities", "analytics"):
        answer = getattr(conversation, f"get_{name}")()
        assert "message" not in answer, name
    ends = [frame["message"]["type"] for frame in frames if frame["type"] == "message"][-2:]
    assert ends == ["recognition_stopped", "conversation_completed"]


def test_changes_that_the_vendors_package_could_not_make() -> None:
    """Rename a member, write the transcript, delete; afterwards the conversation is gone."""
    with symbl.Streaming.start_connection(speaker={"name": "May"}, config=CONFIG) as connection:
        for block in blocks(6):
            connection.send_audio(block)
    conversation = connection.conversation
    members = conversation.get_members()
    assert members is not None
    answer = conversation.put_members(
        members.members[0].id, {"name": "Maya Torres", "email": "maya@example.com"}
    )
    assert answer is not None
    assert "updated" in str(answer.message)
    members = conversation.get_members()
    assert members is not None
    assert members.members[0].name == "Maya Torres"
    transcript = conversation.get_formatted_transcript(
        {"contentType": "text/srt", "showSpeakerSeparation": "true"}
    )
    assert transcript is not None
    assert transcript.transcript is not None
    assert "-->" in transcript.transcript.payload
    deleted = conversation.delete_conversation()
    assert deleted is not None
    assert "deleted" in str(deleted.message)
    assert conversation.get_messages() == {
        "message": "The conversationId is either invalid or does not exist."
    }


async def test_stream_in_asyncio(earful_server: EarfulServer) -> None:
    """The async twin hears the same."""
    texts: list[str] = []
    async with symbl.AsyncClient(
        base_url=earful_server.base_url, credentials=earful_server.credentials, strict=True
    ) as client:
        connection = await client.streaming.start_connection(config=CONFIG)
        connection.subscribe(
            {
                "message_response": lambda frame: texts.extend(
                    m["payload"]["content"] for m in frame["messages"]
                )
            }
        )
        for block in blocks(6):
            await connection.send_audio(block)
            await asyncio.sleep(0.01)
        await connection.stop()
        messages = await connection.conversation.get_messages()
    assert messages is not None
    assert [message.text for message in messages.messages] == texts
    assert known(" ".join(texts)) > 0.8


def test_reconnect_carries_the_conversation_on() -> None:
    """A socket closed without stop() leaves the conversation open for the same id."""
    first = symbl.Streaming.start_connection(config=CONFIG, no_connection_timeout=30)
    first.close()
    with symbl.Streaming.start_connection(config=CONFIG, connection_id=first.connectionId) as second:
        assert second.conversation_id == first.conversation_id


def test_two_speakers_share_a_conversation() -> None:
    """The same connection id is one conversation with two members."""
    with (
        symbl.Streaming.start_connection(speaker={"name": "Maya"}, config=CONFIG) as first,
        symbl.Streaming.start_connection(
            speaker={"name": "Daniel"}, config=CONFIG, connection_id=first.connectionId
        ) as second,
    ):
        assert first.conversation_id == second.conversation_id
        members = second.conversation.get_members()
        assert members is not None
        assert {member.name for member in members.members} == {"Maya", "Daniel"}


@pytest.mark.parametrize(
    "recognition",
    [{"encoding": "LINEAR16", "sampleRateHertz": 1}, {"encoding": "MORSE", "sampleRateHertz": 16000}],
)
def test_unusable_audio_is_refused_in_words(recognition: dict[str, Any]) -> None:
    """start_connection raises what the server says."""
    with pytest.raises(symbl.StreamRejected) as caught:
        symbl.Streaming.start_connection(config={"speechRecognition": recognition})
    assert len(caught.value.details) > 10


def test_wrong_secret_is_a_401(earful_server: EarfulServer) -> None:
    """From the token, as the vendor's package raises it."""
    wrong = {"app_id": earful_server.app_id, "app_secret": "0" * 128}
    with pytest.raises(symbl.ApiException) as caught:
        symbl.Streaming.start_connection(credentials=wrong)
    assert caught.value.status == 401


def test_wrong_token_is_refused_at_the_handshake() -> None:
    """With the documented message."""
    with pytest.raises(symbl.HandshakeRefused) as caught:
        symbl.Streaming.start_connection(credentials={"access_token": "not.a.token"})
    assert caught.value.status == 401
    assert "Token validation failed" in caught.value.body


def test_one_application_never_sees_anothers(earful_server: EarfulServer) -> None:
    """A conversation of another application does not exist."""
    with symbl.Streaming.start_connection(config=CONFIG) as connection:
        pass
    other = earful_server.create_app("stranger")
    answer = symbl.Conversations.get_conversation(connection.conversation_id, credentials=other)
    assert answer == {"message": "The conversationId is either invalid or does not exist."}
