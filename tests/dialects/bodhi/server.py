"""Bodhi's routes on a real socket, over a scripted recognizer and an empty database."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from earful.accounts.service import Accounts
from earful.accounts.types import Credentials
from earful.dialects.bodhi.routes import Bodhi
from earful.settings import Settings
from earful.speech.types import (
    Capacity,
    Hypothesis,
    LanguageNotAvailable,
    Samples,
    SpeechBusy,
    SpeechStream,
    StreamOptions,
)
from earful.store.database import Database
from earful.transport import AbortableWebSockets

__all__ = ["UUID", "BodhiServer", "ScriptedSpeech", "config", "read_all", "serving"]

UUID = "5e0c9a34-1f0b-4c3e-8a6e-7b1d2c3f4a55"


def config(**fields: Any) -> str:
    """Return a config message."""
    fields = {"model": "en-general-v2-8khz", "transaction_id": UUID, "sample_rate": 8000} | fields
    return json.dumps({"config": fields})


class ScriptedSpeech:
    """Hears one word for each half second of audio that is not silent, and settles it when flushed."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.streams: list[ScriptedStream] = []
        self.fail_on_flush = False
        self.languages: set[str] = set()

    async def start(self) -> None:
        """Be ready."""

    async def open(self, options: StreamOptions, on_hypothesis: Callable[[Hypothesis], None]) -> SpeechStream:
        if not self.hears(options.language):
            raise LanguageNotAvailable("no model")
        if self.limit is not None and self.capacity().streams >= self.limit:
            raise SpeechBusy
        stream = ScriptedStream(self, options, on_hypothesis)
        self.streams.append(stream)
        return stream

    def hears(self, language: str, model: str | None = None) -> bool:
        return language.startswith("en") or language in self.languages

    async def detect_language(self, samples: Samples, languages: Sequence[str]) -> tuple[str, float]:
        """Hear the last of the languages."""
        return languages[-1], 0.9

    def capacity(self) -> Capacity:
        return Capacity(sum(not stream.closed for stream in self.streams), self.limit)

    async def close(self) -> None:
        """Nothing to free."""


@dataclass
class ScriptedStream:
    """One stream; `samples` is all it was fed."""

    service: ScriptedSpeech
    options: StreamOptions
    tell: Callable[[Hypothesis], None]
    parts: list[Samples] = field(default_factory=list)
    segment: int = 0
    words: int = 0
    closed: bool = False

    @property
    def samples(self) -> Samples:
        return np.concatenate([*self.parts, np.zeros(0, np.float32)])

    def feed(self, samples: Samples) -> None:
        self.parts.append(samples)
        loud = int(np.count_nonzero(np.abs(self.samples) > 0.01)) // 7500
        if loud > self.words:
            self.words = loud
            if self.options.partials:
                self.tell(self._heard(is_final=False))

    async def flush(self) -> None:
        if self.service.fail_on_flush:
            raise RuntimeError("the decoder broke")
        if self.words:
            self.tell(self._heard(is_final=True))
            self.segment += 1

    async def close(self) -> None:
        self.closed = True

    def _heard(self, *, is_final: bool) -> Hypothesis:
        end = self.samples.size / 16_000
        text = " ".join(["word"] * self.words)
        return Hypothesis(self.segment, text, 0.0, end, is_final, confidence=0.9, audio_end=end)


@dataclass
class BodhiServer:
    """A running server, a customer, and what is behind it."""

    address: str
    accounts: Accounts
    speech: ScriptedSpeech
    bodhi: Bodhi
    credentials: Credentials

    @property
    def ws_url(self) -> str:
        return "ws://" + self.address

    @property
    def headers(self) -> dict[str, str]:
        return {"x-api-key": self.credentials.api_key, "x-customer-id": self.credentials.customer_id}

    def connect(self, path: str = "/", headers: Mapping[str, str] | None = None) -> connect:
        """Open a client connection."""
        return connect(
            self.ws_url + path,
            additional_headers=self.headers if headers is None else headers,
            proxy=None,
            close_timeout=1,
            compression=None,
        )


@contextlib.asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[BodhiServer]:
    """Serve until the end of the block."""
    database = await Database.open(f"sqlite:///{folder / 'earful.db'}")
    accounts = Accounts(database)
    speech = ScriptedSpeech()
    bodhi = Bodhi(accounts, speech, Settings(data_dir=folder, **settings))
    app = Starlette(routes=bodhi.routes())
    server = uvicorn.Server(
        uvicorn.Config(
            app, port=0, log_config=None, lifespan="off", ws=AbortableWebSockets, ws_max_size=1 << 25
        )
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield BodhiServer(f"127.0.0.1:{port}", accounts, speech, bodhi, await accounts.create("mine"))
    finally:
        server.should_exit = True
        await bodhi.close(2.0)
        await task
        await database.close()


async def read_all(socket: ClientConnection) -> list[dict[str, Any]]:
    """Return every message until the server closes."""
    messages = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            messages.append(json.loads(await socket.recv()))
    return messages
