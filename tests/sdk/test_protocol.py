"""The streaming state machine, driven with lists."""

from __future__ import annotations

import json
from typing import Any

import pytest

from symbl import ConnectionLost, StreamRejected
from symbl._protocol import StreamProtocol, build_start_request, new_connection_id, stream_path

CREATED = {"type": "message", "message": {"type": "conversation_created", "data": {"conversationId": "42"}}}
STOPPED = {"type": "message", "message": {"type": "recognition_stopped"}}
DONE = {"type": "message", "message": {"type": "conversation_completed", "conversationId": "42"}}
CAPTION = {"type": "message", "message": {"type": "recognition_result", "isFinal": False}}
FINAL = {"type": "message_response", "messages": []}
REFUSED = {"type": "message", "message": {"type": "error", "details": "rate 1 is not supported"}}
REFUSED_TOP = {"type": "error", "details": "rate 1 is not supported"}


def opened(*frames: Any) -> StreamProtocol:
    """A stream after start_request that has received some frames."""
    protocol = StreamProtocol(build_start_request())
    protocol.start()
    receive(protocol, *frames)
    return protocol


def receive(protocol: StreamProtocol, *frames: Any) -> None:
    for frame in frames:
        protocol.receive(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))


def taken(protocol: StreamProtocol) -> list[tuple[str, Any]]:
    return [(delivery.event, delivery.frame) for delivery in protocol.deliveries()]


def listen(protocol: StreamProtocol, *events: str) -> None:
    protocol.subscribe(dict.fromkeys(events, print))


def test_start_request_has_the_documented_defaults() -> None:
    """Without arguments the body is that of the vendor's package."""
    assert json.loads(StreamProtocol(build_start_request()).start()) == {
        "type": "start_request",
        "insightTypes": [],
        "speaker": None,
        "trackers": None,
        "config": {
            "confidenceThreshold": 0.5,
            "languageCode": "en-US",
            "speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": 44100},
        },
    }


def test_config_is_merged_one_level_deep() -> None:
    """Unknown keys pass through; speechRecognition keeps its other default."""
    config = {"meetingTitle": "Weekly", "speechRecognition": {"sampleRateHertz": 16000}}
    merged = build_start_request(config=config)["config"]
    assert merged["meetingTitle"] == "Weekly"
    assert merged["speechRecognition"] == {"encoding": "LINEAR16", "sampleRateHertz": 16000}
    assert config == {"meetingTitle": "Weekly", "speechRecognition": {"sampleRateHertz": 16000}}


@pytest.mark.parametrize("config", [["a"], "a", 3])
def test_config_must_be_a_dict(config: Any) -> None:
    """The vendor's words for it."""
    with pytest.raises(TypeError, match="config should be of type dict"):
        build_start_request(config=config)


def test_insight_types_that_are_no_list_are_none() -> None:
    """As in the vendor's package."""
    assert build_start_request(insight_types="question")["insightTypes"] == []
    assert build_start_request(insight_types=["question"])["insightTypes"] == ["question"]


def test_language_and_timezone_fill_what_config_leaves_open() -> None:
    """The documented keywords reach the config, and never override it."""
    config = build_start_request(languages=["es-ES", "en-US"], timezone="Asia/Kolkata")["config"]
    assert (config["languageCode"], config["timezoneOffset"]) == ("es-ES", 330)
    given = {"languageCode": "fr-FR", "timezoneOffset": 0}
    config = build_start_request(languages="es-ES", timezone="Asia/Kolkata", config=given)["config"]
    assert (config["languageCode"], config["timezoneOffset"]) == ("fr-FR", 0)
    with pytest.raises(ValueError, match="unknown time zone 'Mars/Base'"):
        build_start_request(timezone="Mars/Base")


def test_optional_fields_appear_when_given() -> None:
    """Custom vocabulary and the reconnect time are sent only when asked for."""
    request = build_start_request(custom_vocabulary=["Kestrel"], no_connection_timeout=30)
    assert (request["customVocabulary"], request["noConnectionTimeout"]) == (["Kestrel"], 30)
    assert "noConnectionTimeout" not in build_start_request()


def test_connection_ids_differ_and_are_escaped_in_the_path() -> None:
    """Any id is one path segment."""
    assert len({new_connection_id() for _ in range(50)}) == 50
    assert stream_path("a/b=") == "/v1/realtime/insights/a%2Fb%3D?source=python_sdk"


def test_lifecycle_frames_set_the_conversation_and_are_not_delivered() -> None:
    """conversation_created and started_listening are for the client itself."""
    protocol = opened(CREATED, {"type": "message", "message": {"type": "started_listening"}})
    listen(protocol, "message", "*")
    assert protocol.conversation_id == "42"
    assert taken(protocol) == []


def test_frames_before_the_first_subscribe_are_kept() -> None:
    """Nothing is lost between start_connection and subscribe."""
    protocol = opened(CREATED, CAPTION, FINAL)
    assert taken(protocol) == []
    listen(protocol, "message", "message_response")
    assert [event for event, _ in taken(protocol)] == ["message", "message_response"]
    assert taken(protocol) == []


def test_subscribe_replaces_and_unknown_events_are_dropped() -> None:
    """The second dict is the one that counts."""
    protocol = opened(CREATED)
    listen(protocol, "message")
    listen(protocol, "message_response")
    receive(protocol, CAPTION, FINAL, {"type": "topic_response"})
    assert taken(protocol) == [("message_response", FINAL)]


def test_star_hears_everything() -> None:
    """A catch-all gets each frame, after the event's own function."""
    protocol = opened(CREATED)
    listen(protocol, "message", "*")
    receive(protocol, CAPTION, FINAL)
    assert taken(protocol) == [("message", CAPTION), ("*", CAPTION), ("*", FINAL)]


@pytest.mark.parametrize("callbacks", [None, ["message"], {"message": "print"}])
def test_subscribe_wants_functions(callbacks: Any) -> None:
    """A mistake shows where it is made."""
    with pytest.raises(TypeError):
        opened().subscribe(callbacks)


@pytest.mark.parametrize("frame", ["not json", "[]", '"text"', '{"no": "type"}', '{"type": 3}', b"\xff\x00"])
def test_frames_out_of_order_are_ignored(frame: str | bytes) -> None:
    """Rubbish from the server does no harm."""
    protocol = opened(CREATED)
    listen(protocol, "*")
    protocol.receive(frame)
    assert taken(protocol) == []


def test_audio_is_bytes_between_start_and_stop() -> None:
    """Anything bytes-like goes out as bytes; text is refused; after stop there is an error."""
    protocol = opened(CREATED)
    assert protocol.audio(bytearray(b"ab")) == protocol.audio(memoryview(b"ab")) == b"ab"
    with pytest.raises(TypeError, match="audio should be bytes, not str"):
        protocol.audio("ab")  # type: ignore[arg-type]
    protocol.stop()
    with pytest.raises(ConnectionLost, match="was stopped"):
        protocol.audio(b"ab")
    protocol.disconnected(1000)
    with pytest.raises(ConnectionLost, match="is closed"):
        protocol.audio(b"ab")


def test_stop_is_proper_json_and_sent_once() -> None:
    """The second stop sends nothing."""
    protocol = opened(CREATED)
    assert json.loads(protocol.stop() or "") == {"type": "stop_request"}
    assert protocol.stop() is None


def test_end_after_stop_is_no_error() -> None:
    """The frames after stop are delivered, and the close is expected."""
    protocol = opened(CREATED)
    protocol.stop()
    listen(protocol, "message")
    receive(protocol, STOPPED, DONE)
    protocol.disconnected(1000)
    assert [frame for _, frame in taken(protocol)] == [STOPPED, DONE]
    assert protocol.closed
    assert protocol.completed
    assert protocol.take_error() is None


def test_server_that_ends_the_conversation_is_no_error() -> None:
    """After thirty minutes of silence the server ends the stream on its own."""
    protocol = opened(CREATED, STOPPED, DONE)
    protocol.disconnected(1000)
    assert protocol.take_error() is None


def test_lost_connection_is_told_once() -> None:
    """The next call learns why; the one after that does not."""
    protocol = opened(CREATED)
    protocol.disconnected(1006, "")
    protocol.disconnected(1006, "")
    error = protocol.take_error()
    assert isinstance(error, ConnectionLost)
    assert error.code == 1006
    assert protocol.take_error() is None


def test_leaving_is_no_error() -> None:
    """Closing the socket ourselves is not a loss."""
    protocol = opened(CREATED)
    protocol.leave()
    protocol.disconnected(1006)
    assert protocol.take_error() is None


@pytest.mark.parametrize("frame", [REFUSED, REFUSED_TOP])
def test_refusal_before_the_conversation_is_an_error(frame: Any) -> None:
    """A refused start_request is answered, and told."""
    protocol = opened(frame)
    assert protocol.answered
    error = protocol.take_error()
    assert isinstance(error, StreamRejected)
    assert error.details == "rate 1 is not supported"
    assert error.frame == frame


def test_error_that_a_callback_hears_is_not_raised_too() -> None:
    """A recoverable error goes to the `message` callback."""
    protocol = opened(CREATED)
    listen(protocol, "message")
    receive(protocol, REFUSED)
    assert taken(protocol) == [("message", REFUSED)]
    assert protocol.take_error() is None


def test_error_that_nobody_hears_is_raised() -> None:
    """Without a fitting callback the next call learns of it."""
    protocol = opened(CREATED)
    listen(protocol, "message_response")
    receive(protocol, REFUSED)
    assert isinstance(protocol.take_error(), StreamRejected)


def test_close_after_an_error_is_that_error() -> None:
    """The reason is worth more than the fact that the line is dead."""
    protocol = opened(CREATED)
    listen(protocol, "message")
    receive(protocol, REFUSED)
    protocol.disconnected(1008)
    assert isinstance(protocol.take_error(), StreamRejected)


def test_old_error_does_not_explain_a_later_loss() -> None:
    """When the stream went on after an error, a lost line is a lost line."""
    protocol = opened(CREATED)
    listen(protocol, "message")
    receive(protocol, REFUSED, CAPTION)
    protocol.disconnected(1006)
    assert isinstance(protocol.take_error(), ConnectionLost)


def test_failure_of_a_callback_is_kept_with_its_event() -> None:
    """The exception itself is told, with a note on where it came from."""
    protocol = opened(CREATED)
    listen(protocol, "message")
    receive(protocol, CAPTION)
    (delivery,) = protocol.deliveries()
    failure = KeyError("mine")
    protocol.callback_failed(delivery, failure)
    assert protocol.take_error() is failure
    assert failure.__notes__ == ["raised by the callback for 'message'"]
