"""A server for the bodhi client that does what a test's script says, without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

from bodhi import BodhiClient, Connection, Disconnected, LiveTranscriptionEvents, MockTransport

__all__ = ["KEY", "ScriptedConnection", "answer", "client_of", "eos", "events_of"]

KEY = "ek_test"
CALL = "0b7c1c52-6a55-4d0e-9d55-2f7f2f7a9c11"


def answer(text: str, segment: int = 0, kind: str = "complete", **more: Any) -> str:
    """Return a message of the server."""
    meta = {"tokens": ["\u2581x"], "timestamps": [0.5], "start_time": 1.0, "confidence": 0.9, "words": []}
    message = {
        "call_id": CALL,
        "segment_id": segment,
        "eos": False,
        "type": kind,
        "text": text,
        "segment_meta": meta,
    }
    return json.dumps(message | more)


def eos(segment: int = 1) -> str:
    """Return the last message of a session."""
    return answer("", segment, eos=True)


class ScriptedConnection:
    """Records what it is sent. `on_config`, `on_audio` and `on_eof` are what it answers then.

    An exception in an answer is raised to the reader instead of a message.
    """

    def __init__(
        self,
        on_eof: Iterable[str | Exception] = (),
        on_audio: Iterable[str | Exception] = (),
        on_config: Iterable[str | Exception] = (),
    ) -> None:
        self.sent: list[str | bytes] = []
        self.closed = False
        self._answers: asyncio.Queue[str | Exception] = asyncio.Queue()
        self._on_eof, self._on_audio, self._on_config = list(on_eof), list(on_audio), list(on_config)

    @property
    def config(self) -> dict[str, Any]:
        """The config that came first."""
        first = self.sent[0]
        assert isinstance(first, str)
        fields: dict[str, Any] = json.loads(first)["config"]
        return fields

    @property
    def audio(self) -> bytes:
        """All the audio that came."""
        return b"".join(message for message in self.sent if isinstance(message, bytes))

    def say(self, message: str | Exception) -> None:
        """Send a message to the client."""
        self._answers.put_nowait(message)

    async def send(self, message: str | bytes) -> None:
        if self.closed:
            raise Disconnected
        self.sent.append(message)
        if isinstance(message, bytes):
            answers, self._on_audio = self._on_audio, []
        elif "config" in message:
            answers = self._on_config
        elif "eof" in message:
            answers = self._on_eof
        else:
            answers = []
        for one in answers:
            self.say(one)

    async def receive(self) -> str | bytes:
        message = await self._answers.get()
        if isinstance(message, Exception):
            self.closed = True
            raise message
        return message

    async def close(self) -> None:
        self.closed = True


def client_of(*connections: Connection | Exception, **options: Any) -> BodhiClient:
    """Return a client that is given these connections, one after the other."""
    waiting = list(connections)

    def connect() -> Connection:
        given = waiting.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    transport = MockTransport(connect)
    client = BodhiClient(KEY, transport=transport, **{"silence_timeout": 5.0} | options)
    client.mock = transport  # type: ignore[attr-defined]
    return client


def events_of(client: BodhiClient) -> list[tuple[str, Any]]:
    """Return a list that fills with the events of a client."""
    seen: list[tuple[str, Any]] = []

    def listener(name: str) -> Callable[..., None]:
        return lambda *payload: seen.append((name, *payload) if payload else (name, None))

    for event in LiveTranscriptionEvents:
        client.on(event, listener(event.value))
    return seen
