"""Lets the live recogniser hear audio as fast as it can, as a stream of 20 ms frames."""

import asyncio
from collections.abc import Iterable
from types import TracebackType

from earful.audio.types import Samples
from earful.settings import load_settings
from earful.speech.service import LocalSpeechService
from earful.speech.types import Hypothesis, StreamOptions

__all__ = ["LiveEar"]

_FRAME = 320
_AHEAD = 16_000


class LiveEar:
    """The live recogniser of this machine. A context manager; blocks while it hears."""

    def __enter__(self) -> "LiveEar":
        self._loop = asyncio.new_event_loop()
        self._service = LocalSpeechService(load_settings())
        self._loop.run_until_complete(self._service.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run_until_complete(self._service.close())
        self._loop.close()

    def hear(self, blocks: Iterable[Samples], options: StreamOptions | None = None) -> list[Hypothesis]:
        """Return everything a client is told, partials too, of one stream (float32 [n], 16 kHz, in blocks).

        Endpointing goes by stream time, so the finals are those of a stream in real time.
        """
        return self._loop.run_until_complete(self._hear(blocks, options or StreamOptions()))

    async def _hear(self, blocks: Iterable[Samples], options: StreamOptions) -> list[Hypothesis]:
        told: list[Hypothesis] = []
        stream = await self._service.open(options, told.append)
        for block in blocks:
            for start in range(0, len(block), _FRAME):
                stream.feed(block[start : start + _FRAME])
                if start % _AHEAD == 0:
                    await asyncio.sleep(0)
        await stream.flush()
        await stream.close()
        return told
