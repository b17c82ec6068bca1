"""The streaming protocol as a state machine without I/O: what to send, what to deliver, when it is over.

The sync and the async connection are thin shells: they pass received frames to `receive`, send what `start`,
`audio` and `stop` return, and call the user's functions with what `deliveries` hands out.
"""

from __future__ import annotations

import base64
import json
import logging
import random
import string
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from symbl._errors import ConnectionLost, StreamRejected

__all__ = [
    "Callback",
    "Delivery",
    "StreamProtocol",
    "build_start_request",
    "new_connection_id",
    "stream_path",
]

log = logging.getLogger("symbl")

Callback = Callable[[Any], Any]
BUFFER_LIMIT = 10_000
"""Frames kept until the first `subscribe`: over an hour of captions."""
ANY_EVENT = "*"


class State(Enum):
    """Where a stream is: it only moves downwards."""

    CONNECTING = auto()
    OPEN = auto()
    STOPPING = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A frame for a function of the user."""

    event: str
    callback: Callback
    frame: dict[str, Any]


def new_connection_id() -> str:
    """A fresh connection id: 16 characters, safe in an address."""
    letters = "".join(random.choices(string.ascii_uppercase + string.digits, k=12))
    return base64.b64encode(letters.encode()).decode()


def stream_path(connection_id: str) -> str:
    """Path and query of a stream's socket."""
    return f"/v1/realtime/insights/{quote(connection_id, safe='')}?source=python_sdk"


def build_start_request(
    *,
    speaker: Mapping[str, Any] | None = None,
    insight_types: Any = None,
    config: Mapping[str, Any] | None = None,
    trackers: list[Mapping[str, Any]] | None = None,
    languages: Any = None,
    timezone: str | None = None,
    custom_vocabulary: list[str] | None = None,
    no_connection_timeout: float | None = None,
) -> dict[str, Any]:
    """The `start_request` of these arguments, over the documented defaults.

    Raises:
        TypeError: `config` is not a dict.
        ValueError: the time zone is unknown.
    """
    config = {} if config is None else config
    if not isinstance(config, Mapping):
        raise TypeError("config should be of type dict")
    merged: dict[str, Any] = {"confidenceThreshold": 0.5, "languageCode": "en-US", **config}
    if languages and "languageCode" not in config:
        merged["languageCode"] = languages if isinstance(languages, str) else languages[0]
    if timezone and "timezoneOffset" not in config:
        merged["timezoneOffset"] = _offset_minutes(timezone)
    recognition = config.get("speechRecognition") or {}
    merged["speechRecognition"] = {"encoding": "LINEAR16", "sampleRateHertz": 44100, **recognition}
    request: dict[str, Any] = {
        "type": "start_request",
        "insightTypes": list(insight_types) if isinstance(insight_types, (list, tuple)) else [],
        "speaker": dict(speaker) if speaker is not None else None,
        "trackers": trackers,
        "config": merged,
    }
    if custom_vocabulary is not None:
        request["customVocabulary"] = list(custom_vocabulary)
    if no_connection_timeout is not None:
        request["noConnectionTimeout"] = no_connection_timeout
    return request


def _offset_minutes(timezone: str) -> int:
    try:
        offset = datetime.now(ZoneInfo(timezone)).utcoffset()
    except (KeyError, OSError) as error:
        raise ValueError(f"unknown time zone {timezone!r}") from error
    return round(offset.total_seconds() / 60) if offset else 0


class StreamProtocol:
    """One stream, from `start_request` to the closed socket."""

    def __init__(self, start_request: Mapping[str, Any]) -> None:
        self.start_request = dict(start_request)
        self.state = State.CONNECTING
        self.conversation_id: str | None = None
        self.completed = False
        """Whether `conversation_completed` has come."""
        self.callbacks: dict[str, Callback] | None = None
        self._waiting: deque[dict[str, Any]] = deque(maxlen=BUFFER_LIMIT)
        self._errors: deque[Exception] = deque()
        self._last_error: StreamRejected | None = None

    # What to send.

    def start(self) -> str:
        """The first text frame."""
        self.state = State.OPEN
        return json.dumps(self.start_request)

    def audio(self, data: bytes | bytearray | memoryview) -> bytes:
        """A chunk of audio as one binary frame.

        Raises:
            TypeError: it is not bytes.
            ConnectionLost: the stream is not open.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"audio should be bytes, not {type(data).__name__}")
        if self.state is not State.OPEN:
            raise ConnectionLost("the connection is closed" if self.closed else "the connection was stopped")
        return bytes(data)

    def stop(self) -> str | None:
        """The frame that ends the stream, or `None` when it is over or ending already."""
        if self.state is not State.OPEN:
            return None
        self.state = State.STOPPING
        return json.dumps({"type": "stop_request"})

    # What came.

    @property
    def closed(self) -> bool:
        """Whether the socket is gone."""
        return self.state is State.CLOSED

    @property
    def answered(self) -> bool:
        """Whether the server has accepted or refused the stream."""
        return self.conversation_id is not None or self.closed or bool(self._errors)

    def receive(self, data: str | bytes) -> None:
        """Take a frame from the server."""
        try:
            frame = json.loads(data)
        except ValueError:
            log.warning("symbl: the server sent a frame that is not JSON")
            return
        if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
            return
        event = frame["type"]
        inner = frame.get("message") if event == "message" else None
        inner = inner if isinstance(inner, dict) else {}
        kind = inner.get("type")
        if kind in ("conversation_created", "conversation_completed"):
            ids = inner.get("data") or inner
            self.conversation_id = str(ids.get("conversationId") or "") or self.conversation_id
            self.completed = self.completed or kind == "conversation_completed"
        if kind in ("conversation_created", "started_listening"):
            log.debug("symbl: %s %s", kind, self.conversation_id)
            return
        if event == "error" or kind == "error":
            self._rejected(frame, inner if kind == "error" else frame)
        else:
            self._last_error = None
        self._waiting.append(frame)

    def disconnected(self, code: int, reason: str = "") -> None:
        """Take note that the socket is closed."""
        if self.closed:
            return
        expected = self.state is State.STOPPING or self.completed
        self.state = State.CLOSED
        if self._last_error is not None and not expected:
            self._note(self._last_error)
        elif not expected:
            why = f": {reason}" if reason else ""
            self._note(ConnectionLost(f"the server closed the connection ({code}){why}", code, reason))

    def leave(self) -> None:
        """Take note that we are about to close the socket ourselves."""
        if not self.closed:
            self.state = State.STOPPING

    def _rejected(self, frame: dict[str, Any], body: Mapping[str, Any]) -> None:
        error = StreamRejected(str(body.get("details") or body.get("message") or "error"), frame)
        self._last_error = error
        log.error("symbl: the server reports: %s", error)
        if self.conversation_id is None or not self._hears(frame["type"]):
            self._note(error)

    def _hears(self, event: str) -> bool:
        return self.callbacks is not None and (event in self.callbacks or ANY_EVENT in self.callbacks)

    # What to deliver.

    def subscribe(self, callbacks: Mapping[str, Callback]) -> None:
        """Replace the user's functions; frames that came before the first call are delivered now.

        Raises:
            TypeError: it is not a dict of functions.
        """
        if not isinstance(callbacks, Mapping):
            raise TypeError("subscribe() takes a dict of event names and functions")
        for event, callback in callbacks.items():
            if not callable(callback):
                raise TypeError(f"the callback for {event!r} is not callable")
        self.callbacks = dict(callbacks)

    @property
    def deliverable(self) -> bool:
        """Whether `deliveries` would hand out something."""
        return self.callbacks is not None and bool(self._waiting)

    def deliveries(self) -> Iterator[Delivery]:
        """Take the frames that are due, oldest first; those nobody subscribed to are dropped."""
        while self.callbacks is not None and self._waiting:
            frame = self._waiting.popleft()
            for event in (frame["type"], ANY_EVENT):
                if event in self.callbacks:
                    yield Delivery(event, self.callbacks[event], frame)

    # What went wrong.

    def callback_failed(self, delivery: Delivery, error: Exception) -> None:
        """Keep an exception of the user's function for the next call."""
        log.error("symbl: the callback for %s failed", delivery.event, exc_info=error)
        error.add_note(f"raised by the callback for {delivery.event!r}")
        self._note(error)

    def _note(self, error: Exception) -> None:
        if error not in self._errors:
            self._errors.append(error)

    def take_error(self) -> Exception | None:
        """The oldest failure that nobody was told about; it is told once."""
        return self._errors.popleft() if self._errors else None
