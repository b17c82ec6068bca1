"""A streaming client that keeps every frame it gets, over real WebSockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import moonshine_voice
import numpy as np
import soxr
import websockets

from earful.audio.files import read_blocks
from tests.support.server import EarfulServer

__all__ = ["STREAMING", "SUBSCRIBE", "Client", "beckett", "connect", "two_cities"]

STREAMING = "/v1/streaming/"
SUBSCRIBE = "/v1/subscribe/"
_ASSETS = Path(moonshine_voice.__file__).parent / "assets"


@cache
def two_cities(seconds: float, rate: int = 16_000) -> bytes:
    """The beginning of a reading of "A Tale of Two Cities", as little-endian int16 mono."""
    return _speech("two_cities.wav", seconds, rate)


@cache
def beckett(seconds: float, rate: int = 16_000) -> bytes:
    """The beginning of another reading by another voice."""
    return _speech("beckett.wav", seconds, rate)


def _speech(name: str, seconds: float, rate: int) -> bytes:
    samples = np.concatenate(list(read_blocks(_ASSETS / name)))[: int(seconds * 16_000)]
    if rate != 16_000:
        samples = soxr.resample(samples, 16_000, rate)
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


class Client:
    """One open socket. Every frame received is kept, parsed, in `frames`."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self.texts: list[str] = []
        self._news = asyncio.Event()
        self.done = False
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in self.socket:
                assert isinstance(text, str)
                self.texts.append(text)
                if text.startswith("{"):
                    self.frames.append(json.loads(text))
                self._news.set()
        self.done = True
        self._news.set()

    @property
    def kinds(self) -> list[str]:
        """The type of each frame, of platform messages the inner one."""
        return [kind(frame) for frame in self.frames]

    @property
    def conversation_id(self) -> str:
        return str(self.of("conversation_created")[0]["message"]["data"]["conversationId"])

    @property
    def finals(self) -> list[str]:
        results = [frame["message"] for frame in self.of("recognition_result")]
        return [result["punctuated"]["transcript"] for result in results if result["isFinal"]]

    @property
    def errors(self) -> list[str]:
        return [f["message"]["details"] for f in self.of("error") if f["type"] == "message"]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if kind(frame) == name]

    async def start(self, **fields: Any) -> None:
        await self.send({"type": "start_request", **fields})

    async def send(self, frame: dict[str, Any] | str | bytes) -> None:
        await self.socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def speak(self, pcm: bytes, *, rate: int = 16_000, speed: float = 8.0) -> None:
        """Send audio in frames of 100 ms, faster than it plays."""
        size = rate // 10 * 2
        for at in range(0, len(pcm), size):
            await self.socket.send(pcm[at : at + size])
            await asyncio.sleep(0.1 / speed)

    async def until(self, condition: Callable[[], bool], timeout: float = 120) -> None:
        """Wait until the condition holds for what has been received."""
        async with asyncio.timeout(timeout):
            while not condition():
                assert not self.done, f"closed ({self.socket.close_code}) with {self.kinds}"
                self._news.clear()
                await self._news.wait()

    async def until_kind(self, name: str, count: int = 1) -> None:
        await self.until(lambda: self.kinds.count(name) >= count)

    async def closed(self, timeout: float = 120) -> int | None:
        """Wait for the server to close, and return the code."""
        await asyncio.wait_for(asyncio.shield(self._reader), timeout)
        return self.socket.close_code

    def abort(self) -> None:
        """Be gone without a word."""
        self.socket.transport.abort()


def kind(frame: dict[str, Any]) -> str:
    return str(frame["message"]["type"] if frame["type"] == "message" else frame["type"])


@contextlib.asynccontextmanager
async def connect(
    server: EarfulServer,
    name: str,
    *,
    path: str = STREAMING,
    token: str | None = None,
    query: str = "",
    headers: dict[str, str] | None = None,
    subprotocols: Sequence[str] | None = None,
) -> AsyncIterator[Client]:
    """Open a socket; the token goes into the query unless another carrier is given."""
    if headers is None and subprotocols is None:
        query = f"access_token={token or server.token()}" + (f"&{query}" if query else "")
    url = f"{server.ws_url}{path}{name}" + (f"?{query}" if query else "")
    async with websockets.connect(
        url,
        additional_headers=headers,
        subprotocols=subprotocols,  # type: ignore[arg-type]
        proxy=None,
        max_size=None,
        compression=None,
    ) as socket:
        client = Client(socket)
        try:
            yield client
        finally:
            client.abort()
            await asyncio.wait([client._reader])
