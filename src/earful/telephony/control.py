"""The language of baresip's control socket: netstrings around JSON. No I/O.

A netstring is `LENGTH:BYTES,`. Commands carry a token that comes back in the answer; events come unasked.
"""

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer", "ControlReader", "Event", "ProtocolError", "command"]

_LONGEST = 1 << 20


class ProtocolError(Exception):
    """What came is not the control protocol."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command."""

    token: str
    ok: bool
    data: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `type` such as `CALL_CLOSED`, with its parameter."""

    type: str
    param: str
    incoming: bool = False


def command(name: str, params: str, token: str) -> bytes:
    """Return the bytes of a command."""
    body = json.dumps({"command": name, "params": params, "token": token}).encode()
    return b"%d:%s," % (len(body), body)


class ControlReader:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Answer | Event]:
        """Take bytes; return the messages that are complete. Raises `ProtocolError`."""
        self._buffer += data
        found: list[Answer | Event] = []
        while True:
            head, colon, _ = self._buffer.partition(b":")
            if not colon:
                if len(self._buffer) > 10:
                    raise ProtocolError("no length where one must be")
                return found
            if not head.isdigit() or int(head) > _LONGEST:
                raise ProtocolError("not a length")
            start, size = len(head) + 1, int(head)
            if len(self._buffer) < start + size + 1:
                return found
            body = bytes(self._buffer[start : start + size])
            if self._buffer[start + size] != ord(","):
                raise ProtocolError("no comma at the end")
            del self._buffer[: start + size + 1]
            message = _message(body)
            if message is not None:
                found.append(message)


def _message(body: bytes) -> Answer | Event | None:
    try:
        # A far end may put any bytes into its display name.
        fields: Any = json.loads(body.decode("utf-8", "replace"), strict=False)
    except ValueError:
        # baresip does not escape everything it passes on; such an event is worth less than the call.
        return None
    if not isinstance(fields, dict):
        return None
    if fields.get("response"):
        return Answer(str(fields.get("token", "")), bool(fields.get("ok")), str(fields.get("data", "")))
    if fields.get("event"):
        return Event(
            str(fields.get("type", "")), str(fields.get("param", "")), fields.get("direction") == "incoming"
        )
    return None
