"""Calls: requests, the subscription, and stopping."""

from __future__ import annotations

import json
from typing import Any

import pytest

import symbl
from symbl.telephony_api.TelephonyValidators import validateActions, validateEndpoint

STARTED = {
    "connectionId": "c1",
    "conversationId": "77",
    "eventUrl": "http://h/v1/event/c1",
    "resultWebSocketUrl": "ws://h/events/c1",
}
STOPPED = {**STARTED, "summaryInfo": [{"user": {"name": "Rosa"}, "url": "http://h/meeting"}]}
ACTION = {"invokeOn": "stop", "name": "sendSummaryEmail", "parameters": {"emails": ["r@example.net"]}}
CONNECT = "/v1/endpoint:connect"


@pytest.fixture
def calls(service: symbl.MockTransport) -> symbl.MockTransport:
    """A service that takes calls."""
    service.answer("POST", CONNECT, STARTED, status=201)
    return service


def body(service: symbl.MockTransport) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(service.requests[-1].content)
    return sent


def test_pstn_request(calls: symbl.MockTransport) -> None:
    """All fields in the API's spelling; the connection has the server's ids."""
    connection = symbl.Telephony.start_pstn(
        phone_number="15550100123",
        dtmf=",,55#",
        actions=[ACTION],
        data={"session": {"name": "Call"}},
        languages=["en-US"],
        timezone="Europe/Lisbon",
    )
    assert body(calls) == {
        "operation": "start",
        "endpoint": {"type": "pstn", "phoneNumber": "15550100123", "dtmf": ",,55#"},
        "actions": [ACTION],
        "data": {"session": {"name": "Call"}},
        "pushSpeakerEvents": True,
        "languages": ["en-US"],
        "timezone": "Europe/Lisbon",
    }
    assert (connection.connectionId, connection.connection_id) == ("c1", "c1")
    assert connection.conversation.get_conversation_id() == connection.conversation_id == "77"
    assert (connection.event_url, connection.result_web_socket_url) == (
        connection.eventUrl,
        connection.resultWebSocketUrl,
    )
    assert connection.header == "x-api-key:mock.token.value"
    assert repr(connection) == "<Connection c1, conversation 77>"


def test_sip_request_has_default_audio(calls: symbl.MockTransport) -> None:
    """As the vendor's package fills it in; either spelling replaces it."""
    symbl.Telephony.start_sip("sip:a@b")
    assert body(calls)["endpoint"] == {
        "type": "sip",
        "uri": "sip:a@b",
        "audioConfig": {"sampleRate": 16000, "sampleSize": "16"},
    }
    symbl.Telephony.start_sip(uri="sip:a@b", audioConfig={"sampleRate": 48000, "encoding": "OPUS"})
    assert body(calls)["endpoint"]["audioConfig"]["encoding"] == "OPUS"


def test_documented_positional_order(calls: symbl.MockTransport) -> None:
    """The third argument may be actions or credentials."""
    symbl.Telephony.start_pstn("1555", None, [ACTION], {"session": {"name": "x"}})
    assert (body(calls)["actions"], body(calls)["data"]) == ([ACTION], {"session": {"name": "x"}})
    symbl.Telephony.start_pstn("1555", None, {"app_id": "other", "app_secret": "b"}, [ACTION])
    assert body(calls)["actions"] == [ACTION]
    assert json.loads(calls.requests[-2].content)["appId"] == "other"


def test_camel_case_number(calls: symbl.MockTransport) -> None:
    """The documentation's name of the parameter."""
    symbl.Telephony.start_pstn(phoneNumber="1555")
    assert body(calls)["endpoint"]["phoneNumber"] == "1555"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: symbl.Telephony.start_pstn(""), ValueError, "phoneNumber is required when type = 'pstn'."),
        (lambda: symbl.Telephony.start_sip(""), ValueError, "uri is required when type = 'sip'."),
        (
            lambda: symbl.Telephony.start_pstn("1", languages="en"),
            TypeError,
            "languages should be a list of string",
        ),  # type: ignore[arg-type]
        (lambda: symbl.Telephony.start_pstn("1", timezone=3), TypeError, "timezone should be of type string"),  # type: ignore[arg-type]
        (lambda: symbl.Telephony.start_pstn("1", actions=[{"name": "x"}]), KeyError, "invokeOn"),
        (lambda: symbl.Telephony.stop(None), ValueError, "ConnectionId is invalid"),
        (lambda: symbl.Telephony.validateAndConnectToEndpoint({}), ValueError, "Please enter the endpoint"),
        (lambda: symbl.Telephony.validateAndConnectToEndpoint(None), ValueError, "configuration is required"),  # type: ignore[arg-type]
        (lambda: validateEndpoint({"type": ""}), ValueError, "endpoint type is required."),
        (lambda: validateEndpoint({"type": "pigeon"}), ValueError, "'pigeon' is not valid"),
        (lambda: validateActions([{"invokeOn": "", "name": ""}]), ValueError, "Count: 1"),
    ],
)
def test_bad_arguments_are_named(
    calls: symbl.MockTransport, call: Any, error: type[Exception], words: str
) -> None:
    """In the words of the vendor's package, and nothing is sent."""
    with pytest.raises(error, match=words):
        call()
    assert all(request.url.path != CONNECT for request in calls.requests)


def test_stop_by_id_gives_the_updated_connection(service: symbl.MockTransport) -> None:
    """With the conversation and the summary pages."""
    service.answer("POST", CONNECT, STOPPED)
    connection = symbl.Telephony.stop(connectionId="c1", actions=[ACTION])
    assert body(service) == {"operation": "stop", "connectionId": "c1", "actions": [ACTION]}
    assert connection.conversation_id == "77"
    assert connection.summary_info is not None
    assert connection.summary_info[0].user.name == "Rosa"


def test_stop_works_before_subscribe(service: symbl.MockTransport) -> None:
    """Where the vendor's package has no socket to send on."""
    service.answer("POST", CONNECT, {**STARTED, "conversationId": None}, status=201)
    service.answer("POST", CONNECT, STOPPED)
    connection = symbl.Telephony.start_pstn("1555")
    assert connection.conversation_id is None
    assert connection.stop() is connection
    assert connection.conversation_id == "77"


def test_subscribe_blocks_until_the_call_is_over(calls: symbl.MockTransport) -> None:
    """Callbacks get an object that is a dict and prints as the JSON text."""
    text = '{"type": "transcript_response", "payload": {"content": "Hello."}}'
    connection = symbl.Telephony.start_pstn("1555")
    heard: list[Any] = []
    connect = calls.connect

    def with_frames(*arguments: Any) -> Any:
        socket = connect(*arguments)
        calls.streams[-1].send(text, {"type": "topic_response"}, b'{"type": "transcript_response"}')
        calls.streams[-1].close()
        return socket

    calls.connect = with_frames  # type: ignore[method-assign]
    connection.subscribe({"transcript_response": heard.append})
    assert [event["type"] for event in heard] == ["transcript_response"] * 2
    assert heard[0]["payload"]["content"] == "Hello."
    assert str(heard[0]) == text
    assert calls.streams[0].url == "ws://127.0.0.1:8000/session/subscribe/c1"
    assert connection.connection is None


def test_exception_of_a_callback_ends_subscribe(calls: symbl.MockTransport) -> None:
    """It is the caller's own thread, so it is the caller's exception."""
    connection = symbl.Telephony.start_pstn("1555")
    connect = calls.connect

    def with_frames(*arguments: Any) -> Any:
        socket = connect(*arguments)
        calls.streams[-1].send({"type": "message_response"})
        return socket

    calls.connect = with_frames  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        connection.subscribe({"message_response": lambda event: 1 / 0})
    assert calls.streams[0].closed


def test_ctrl_c_ends_the_call(calls: symbl.MockTransport) -> None:
    """And the script goes on."""
    connection = symbl.Telephony.start_pstn("1555")
    connect = calls.connect

    def with_frames(*arguments: Any) -> Any:
        socket = connect(*arguments)
        calls.streams[-1].send({"type": "message_response"})
        return socket

    def interrupt(event: Any) -> None:
        raise KeyboardInterrupt

    calls.connect = with_frames  # type: ignore[method-assign]
    connection.subscribe({"message_response": interrupt})
    assert body(calls) == {"operation": "stop", "connectionId": "c1"}


def test_subscribing_to_nothing_returns(calls: symbl.MockTransport, caplog: pytest.LogCaptureFixture) -> None:
    """With a line in the log."""
    symbl.Telephony.start_pstn("1555").subscribe({})
    assert "Can not subscribe to empty events" in caplog.text
    assert calls.streams == []
