"""The vendor's own published JavaScript packages, unmodified, against the real server."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.compat.conftest import Runner
from tests.support.server import EarfulServer
from tests.support.speech import sample_words


def known_words(text: str) -> float:
    """How much of the text is in the sample's script."""
    words = re.findall(r"[\w']+", text.lower())
    return sum(word in sample_words() for word in words) / max(len(words), 1)


def stored(server: EarfulServer, conversation_id: str, part: str = "") -> Any:
    """What the REST API says about a conversation."""
    url = f"{server.base_url}/v1/conversations/{conversation_id}{part}"
    answer = httpx.get(url, headers={"Authorization": f"Bearer {server.token()}"}, trust_env=False)
    answer.raise_for_status()
    return answer.json()


def test_start_realtime_request(node: Runner, earful_server: EarfulServer) -> None:
    """Handlers hear speech, messages and insights; stop() resolves with the conversation."""
    result = node("realtime.cjs")
    assert re.fullmatch(r"\d{10,}", result["conversationId"])
    assert result["stopped"]["conversationId"] == result["conversationId"]
    assert any(not speech["isFinal"] for speech in result["speech"])
    text = " ".join(message["payload"]["content"] for message in result["messages"])
    assert known_words(text) > 0.8
    assert "question" in {insight["type"] for insight in result["insights"]}
    assert stored(earful_server, result["conversationId"])["name"] == "From Node"


def test_create_stream(node: Runner, earful_server: EarfulServer) -> None:
    """start() and stop() resolve, the conversation id is promised, the messages are kept."""
    result = node("stream.cjs")
    kept = stored(earful_server, result["conversationId"], "/messages")["messages"]
    assert len(kept) == len(result["finals"]) > 1
    assert known_words(" ".join(result["finals"])) > 0.8
    assert stored(earful_server, result["conversationId"], "/members")["members"][0]["name"] == "Daniel"


def test_reconnect_carries_the_conversation_on(node: Runner, earful_server: EarfulServer) -> None:
    """A line cut in the middle leaves one conversation, with both halves in it."""
    result = node("reconnect.cjs")
    assert len(result["ids"]) == 2
    assert len(set(result["ids"])) == 1
    texts = [message["text"] for message in stored(earful_server, result["ids"][0], "/messages")["messages"]]
    text = " ".join(texts).lower()
    assert "morning" in text
    assert "inspection" in text
    assert len(stored(earful_server, result["ids"][0], "/members")["members"]) == 1


def test_raw_socket_of_the_introduction(node: Runner, earful_server: EarfulServer) -> None:
    """Token in the address, a plain WebSocket; every frame in its place, closed with 1000."""
    result = node("raw.cjs")
    assert result["code"] == 1000
    kinds = [
        frame["message"]["type"] if frame["type"] == "message" else frame["type"]
        for frame in result["frames"]
    ]
    assert kinds[:3] == ["conversation_created", "started_listening", "recognition_started"]
    assert kinds[-2:] == ["recognition_stopped", "conversation_completed"]
    assert {"recognition_result", "message_response"} <= set(kinds)
    conversation = result["frames"][0]["message"]["data"]["conversationId"]
    assert stored(earful_server, conversation)["name"] == "Raw"
