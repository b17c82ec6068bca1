"""The vendor's own published `symbl` 2.0.6, unmodified, against the real server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compat.conftest import Runner
from tests.support.speech import sample_words

MASK = {"message": "The conversationId is either invalid or does not exist."}


@pytest.fixture(scope="module")
def _kept() -> dict[str, Any]:
    return {}


@pytest.fixture
def stream(vendor: Runner, _kept: dict[str, Any]) -> Any:
    """One streamed conversation, made once."""
    if not _kept:
        _kept.update(vendor("stream.py"))
    return _kept


def of_type(frames: list[Any], kind: str) -> list[Any]:
    return [frame for frame in frames if frame["type"] == kind]


def test_live_captions_grow_and_settle(stream: Any) -> None:
    """Partial and final results arrive in the shape the documented sample reads."""
    results = [
        frame["message"]
        for frame in of_type(stream["frames"], "message")
        if frame["message"]["type"] == "recognition_result"
    ]
    assert {result["isFinal"] for result in results} == {True, False}
    assert all("transcript" in result["punctuated"] for result in results)


def test_messages_hold_what_was_said(stream: Any) -> None:
    """The spoken words come back, from the socket and from the REST API."""
    live = " ".join(
        message["payload"]["content"]
        for frame in of_type(stream["frames"], "message_response")
        for message in frame["messages"]
    )
    kept = " ".join(message["text"] for message in stream["answers"]["messages"]["messages"])
    for text in (live, kept):
        words = text.lower().replace(".", "").replace(",", "").replace("?", "").split()
        assert len(words) > 15
        assert sum(word in sample_words() for word in words) / len(words) > 0.8


def test_insights_topics_and_trackers_arrive(stream: Any) -> None:
    """A question, topics and the tracked word are in the frames, in their documented shapes."""
    frames = stream["frames"]
    insights = [insight for frame in of_type(frames, "insight_response") for insight in frame["insights"]]
    assert any(insight["type"] == "question" and insight["payload"]["content"] for insight in insights)
    topics = [topic for frame in of_type(frames, "topic_response") for topic in frame["topics"]]
    assert all(isinstance(topic["phrases"], str) and topic["rootWords"] for topic in topics)
    trackers = [tracker for frame in of_type(frames, "tracker_response") for tracker in frame["trackers"]]
    assert "Place" in {tracker["name"] for tracker in trackers}


def test_end_messages_come_in_order(stream: Any) -> None:
    """After stop: recognition_stopped, then conversation_completed, then nothing."""
    ends = [frame["message"]["type"] for frame in of_type(stream["frames"], "message")][-2:]
    assert ends == ["recognition_stopped", "conversation_completed"]


def test_every_read_is_an_object(stream: Any) -> None:
    """None of the vendor's models refuses an answer."""
    for name, answer in stream["answers"].items():
        assert answer != MASK, name
    assert stream["answers"]["conversation"]["name"] == "Moving the warehouse"
    assert stream["answers"]["members"]["members"][0]["name"] == "Maya"
    assert stream["answers"]["questions"]["questions"]
    assert "Place" in {tracker["name"] for tracker in stream["answers"]["trackers"]}


def test_parameters_are_honoured(stream: Any) -> None:
    """`verbose` adds words, `sentiment` adds sentiment."""
    first = stream["verbose"]["messages"][0]
    assert first["words"]
    assert first["sentiment"]["polarity"]["score"] is not None
    assert stream["answers"]["messages"]["messages"][0]["sentiment"] is None
    assert stream["by_id"] == stream["answers"]["messages"]


def test_unknown_conversation_is_the_error_dict(stream: Any) -> None:
    """What programs test for."""
    assert stream["unknown"] == MASK


def test_wrong_credentials_are_a_401(vendor: Runner) -> None:
    """In the vendor's own exception."""
    refused = vendor("refused.py")
    assert refused["status"] == 401
    assert "appId" in refused["body"]


def test_microphone_loop_with_ctrl_c_keeps_the_conversation(vendor: Runner) -> None:
    """That program closes the socket without a stop; what was said is there when it asks."""
    heard = " ".join(vendor("microphone.py")["messages"]).lower()
    assert "morning" in heard
