"""The control protocol is cut and read whatever way it comes."""

import json

import pytest

from earful.telephony.control import Answer, ControlReader, Event, ProtocolError, command


def netstring(value: object) -> bytes:
    body = json.dumps(value).encode()
    return b"%d:%s," % (len(body), body)


def test_a_command_is_a_netstring_of_json() -> None:
    size, _, rest = command("dial", "sip:a@b", "t1").partition(b":")
    assert int(size) == len(rest) - 1
    assert json.loads(rest[:-1]) == {"command": "dial", "params": "sip:a@b", "token": "t1"}


def test_messages_come_out_however_the_bytes_come_in() -> None:
    stream = netstring({"response": True, "ok": True, "data": "x", "token": "t"})
    stream += netstring(
        {"event": True, "type": "CALL_CLOSED", "param": "486 Busy Here", "direction": "incoming"}
    )
    expected = [Answer("t", True, "x"), Event("CALL_CLOSED", "486 Busy Here", True)]
    assert ControlReader().feed(stream) == expected
    reader = ControlReader()
    assert [message for byte in stream for message in reader.feed(bytes([byte]))] == expected


@pytest.mark.parametrize("body", [b"{not json", b"[1]", b'{"neither": 1}', b'{"event": true, "type": "\xff"'])
def test_a_message_that_cannot_be_read_costs_only_itself(body: bytes) -> None:
    whole = netstring({"event": True, "type": "CALL_RINGING"})
    assert ControlReader().feed(b"%d:%s," % (len(body), body) + whole) == [Event("CALL_RINGING", "")]


@pytest.mark.parametrize("stream", [b"x:1,", b"99999999:1,", b"1:ab", b"123456789012"])
def test_what_is_no_netstring_is_refused(stream: bytes) -> None:
    with pytest.raises(ProtocolError):
        ControlReader().feed(stream)
