"""The blocking streaming connection against a service in memory."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

import symbl
from tests.sdk.conftest import CREDENTIALS

CAPTION = {"type": "message", "message": {"type": "recognition_result", "isFinal": True}}
FINAL = {"type": "message_response", "messages": [{"payload": {"content": "Hello."}}]}
TOPIC = {"type": "topic_response", "topics": []}
ERROR = {"type": "message", "message": {"type": "error", "details": "no such encoding"}}


def symbl_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("symbl")]


def test_stream_from_start_to_stop(service: symbl.MockTransport) -> None:
    """Everything sent arrives, everything received is delivered before stop() returns, no thread is left."""
    service.frames, service.last_frames = [CAPTION], [FINAL, TOPIC]
    heard: list[Any] = []
    connection = symbl.Streaming.start_connection(
        insight_types=["question"], speaker={"name": "Rosa", "email": "rosa@example.net"}
    )
    connection.subscribe(dict.fromkeys(("message_response", "topic_response"), heard.append))
    connection.send_audio(b"ab")
    connection.send_audio(b"cd")
    assert connection.stop() is None
    (stream,) = service.streams
    assert stream.audio == b"abcd"
    assert [message["type"] for message in stream.messages] == ["start_request", "stop_request"]
    assert stream.messages[0]["speaker"] == {"name": "Rosa", "email": "rosa@example.net"}
    assert heard == [FINAL, TOPIC]
    assert symbl_threads() == []


def test_token_goes_into_the_header_and_not_into_the_url(service: symbl.MockTransport) -> None:
    """Addresses end up in logs; tokens must not."""
    with symbl.Streaming.start_connection(credentials=CREDENTIALS) as connection:
        (stream,) = service.streams
        assert stream.headers == {"x-api-key": connection.token}
        assert connection.token not in connection.url
        assert connection.url == stream.url
        assert connection.url.startswith("ws://127.0.0.1:8000/v1/realtime/insights/")


def test_conversation_is_known_when_start_connection_returns(service: symbl.MockTransport) -> None:
    """The common surprise of an uninitialised conversation is gone."""
    service.answer("GET", f"/v1/conversations/{service.conversation_id}/topics", {"topics": []})
    with symbl.Streaming.start_connection() as connection:
        assert connection.conversation.get_conversation_id() == service.conversation_id
        assert connection.conversation_id == service.conversation_id
        topics = connection.conversation.get_topics()
        assert topics is not None
        assert topics.topics == []


def test_frames_before_subscribe_are_delivered(service: symbl.MockTransport) -> None:
    """A late subscribe, even after stop, hears everything."""
    service.frames = [FINAL]
    connection = symbl.Streaming.start_connection()
    connection.stop()
    heard = threading.Event()
    connection.subscribe({"message_response": lambda frame: heard.set()})
    assert heard.wait(5)


def test_callbacks_run_in_order_on_one_thread(service: symbl.MockTransport) -> None:
    """One after another, never on the caller's thread."""
    service.frames = [{"type": "message_response", "n": n} for n in range(50)]
    seen: list[tuple[int, int]] = []
    with symbl.Streaming.start_connection() as connection:
        connection.subscribe(
            {"message_response": lambda frame: seen.append((frame["n"], threading.get_ident()))}
        )
    assert [n for n, _ in seen] == list(range(50))
    assert len({ident for _, ident in seen}) == 1
    assert threading.get_ident() not in {ident for _, ident in seen}


def test_exception_of_a_callback_reaches_the_next_call(
    service: symbl.MockTransport, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, later frames still arrive, and stop() raises it after finishing the stream."""
    service.frames = [FINAL, TOPIC]
    heard: list[str] = []

    def fail(frame: Any) -> None:
        raise KeyError("mine")

    connection = symbl.Streaming.start_connection()
    connection.subscribe({"message_response": fail, "topic_response": lambda frame: heard.append("topic")})
    with pytest.raises(KeyError, match="mine"):
        connection.stop()
    assert heard == ["topic"]
    assert service.streams[0].messages[-1] == {"type": "stop_request"}
    assert "the callback for message_response failed" in caplog.text
    connection.stop()


def test_exception_of_a_callback_reaches_send_audio(service: symbl.MockTransport) -> None:
    """A program that only sends learns of it too."""
    failed = threading.Event()

    def fail(frame: Any) -> None:
        failed.set()
        raise RuntimeError("mine")

    def send_until_told() -> None:
        for _ in range(1000):
            connection.send_audio(b"ab")
            threading.Event().wait(0.001)

    with symbl.Streaming.start_connection() as connection:
        connection.subscribe({"message_response": fail})
        service.streams[0].send(FINAL)
        assert failed.wait(5)
        with pytest.raises(RuntimeError, match="mine"):
            send_until_told()


def test_stop_from_a_callback_does_not_deadlock(service: symbl.MockTransport) -> None:
    """There it only asks the server to stop."""
    service.frames = [FINAL]
    stopped = threading.Event()

    def stop(frame: Any) -> None:
        connection.stop()
        stopped.set()

    connection = symbl.Streaming.start_connection()
    connection.subscribe({"message_response": stop})
    assert stopped.wait(5)
    connection.stop()
    assert symbl_threads() == []


def test_refused_request_is_raised_from_start_connection(service: symbl.MockTransport) -> None:
    """The server's words are the exception's, and nothing stays open."""
    service.frames = []
    original = symbl.MockStream._receive

    class Refusing(symbl.MockTransport):
        def _stream(self, url: str, headers: Any) -> symbl.MockStream:
            stream = super()._stream(url, headers)

            def refuse(frame: Any) -> None:
                if not stream.messages:
                    stream.messages.append({})
                    stream.send(ERROR)
                    stream.close()
                else:
                    original(stream, frame)

            stream._receive = refuse  # type: ignore[method-assign]
            return stream

    symbl.configure(transport=Refusing())
    with pytest.raises(symbl.StreamRejected, match="no such encoding"):
        symbl.Streaming.start_connection()
    assert symbl_threads() == []


def test_refused_handshake_carries_the_status(service: symbl.MockTransport) -> None:
    """Where the vendor's package died of an AttributeError."""
    service.refuse = 429
    with pytest.raises(symbl.HandshakeRefused) as caught:
        symbl.Streaming.start_connection()
    assert caught.value.status == 429
    assert isinstance(caught.value, symbl.ApiException)


def test_lost_connection_is_raised_from_send_audio(service: symbl.MockTransport) -> None:
    """Audio is not sent into the void."""
    connection = symbl.Streaming.start_connection()
    service.streams[0].close(1006)
    with pytest.raises(symbl.ConnectionLost):
        connection.send_audio(b"ab")
    connection.stop()


def test_lost_connection_is_raised_from_stop(service: symbl.MockTransport) -> None:
    """Results may be missing, and the program is told."""
    connection = symbl.Streaming.start_connection()
    service.streams[0].close(1011)
    assert connection._reader is not None
    connection._reader.join(5)
    with pytest.raises(symbl.ConnectionLost, match="1011"):
        connection.stop()


def test_server_that_never_finishes_is_a_timeout(service: symbl.MockTransport) -> None:
    """stop() gives up after the time it was given, and closes."""
    connection = symbl.Streaming.start_connection()
    service.streams[0]._receive = lambda frame: None  # type: ignore[method-assign]
    with pytest.raises(symbl.StreamTimeout):
        connection.stop(timeout=0.05)
    assert service.streams[0].closed
    assert symbl_threads() == []


def test_callback_that_never_returns_is_a_timeout(service: symbl.MockTransport) -> None:
    """stop() does not hang on it."""
    service.frames = [FINAL]
    release = threading.Event()
    connection = symbl.Streaming.start_connection()
    connection.subscribe({"message_response": lambda frame: release.wait(10)})
    with pytest.raises(symbl.StreamTimeout, match="callback"):
        connection.stop(timeout=0.1)
    release.set()


def test_ctrl_c_while_sending_stops_the_stream(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script goes on after it, with all results in."""
    service.last_frames = [FINAL]
    heard: list[Any] = []
    connection = symbl.Streaming.start_connection()
    connection.subscribe({"message_response": heard.append})
    send = connection.connection.send

    def interrupted(frame: Any) -> None:
        if isinstance(frame, bytes):
            raise KeyboardInterrupt
        send(frame)

    monkeypatch.setattr(connection.connection, "send", interrupted)
    assert connection.send_audio(b"ab") is None
    assert heard == [FINAL]
    assert service.streams[0].messages[-1] == {"type": "stop_request"}


def test_leaving_a_with_block_by_an_error_closes_at_once(service: symbl.MockTransport) -> None:
    """The error is the program's; the stream is not waited for."""
    with pytest.raises(ZeroDivisionError), symbl.Streaming.start_connection():
        raise ZeroDivisionError
    assert [message["type"] for message in service.streams[0].messages] == ["start_request"]
    assert symbl_threads() == []


def test_close_is_not_stop(service: symbl.MockTransport) -> None:
    """The socket goes without a stop_request, and nothing is reported as lost."""
    connection = symbl.Streaming.start_connection()
    connection.close()
    connection.stop()
    assert [message["type"] for message in service.streams[0].messages] == ["start_request"]


def test_connection_id_joins_a_conversation(service: symbl.MockTransport) -> None:
    """A second speaker, or a reconnect, uses the same id."""
    with (
        symbl.Streaming.start_connection() as first,
        symbl.Streaming.start_connection(
            connection_id=first.connectionId, no_connection_timeout=60
        ) as second,
    ):
        assert first.url == second.url
        assert second.connection_id == first.connectionId
        assert second.start_request["noConnectionTimeout"] == 60


def test_alternative_spelling_of_insight_types(service: symbl.MockTransport) -> None:
    """One documented table says `insight_type`."""
    with symbl.Streaming.start_connection(insight_type=["question"]) as connection:
        assert connection.start_request["insightTypes"] == ["question"]


def test_base_url_of_one_call(service: symbl.MockTransport) -> None:
    """Stream and conversation go to the server of the call."""
    service.answer("GET", f"/v1/conversations/{service.conversation_id}/members", {"members": []})
    with symbl.Streaming.start_connection(base_url="https://box:9/") as connection:
        assert connection.url.startswith("wss://box:9/v1/")
        connection.conversation.get_members()
    assert {request.url.host for request in service.requests} == {"box"}


def test_repr_says_how_it_is(service: symbl.MockTransport) -> None:
    """The documented `print(connection_object)` shows something useful, and no token."""
    with symbl.Streaming.start_connection() as connection:
        assert "open, conversation 4893210077665432" in repr(connection)
    assert "closed" in repr(connection)
    assert connection.token not in repr(connection)


def test_event_callbacks_are_those_subscribed(service: symbl.MockTransport) -> None:
    """The attribute of the vendor's class."""
    with symbl.Streaming.start_connection() as connection:
        assert connection.event_callbacks == {}
        connection.subscribe({"message": print})
        assert connection.event_callbacks == {"message": print}


def test_silent_server_is_not_waited_for_for_ever(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """start_connection returns without a conversation, as the vendor's does, and says so."""
    monkeypatch.setattr("symbl._streaming.ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(symbl.MockStream, "_receive", lambda self, frame: None)
    connection = symbl.Streaming.start_connection()
    assert connection.conversation.get_conversation_id() is None
    with caplog.at_level(logging.ERROR, "symbl"):
        assert connection.conversation.get_messages() is None
    assert "no answer to start_request" in caplog.text
    assert "Conversation not initialized" in caplog.text
    connection.close()
