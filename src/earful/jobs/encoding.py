"""Makes the sentence vectors of stored messages, in the background and with what time others leave."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog

from earful.insight.encoder import shared_encoder
from earful.store.search import Encode
from earful.store.vectors import Unencoded, VectorStore, pack
from earful.threads import give_way

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Encoder", "encode"]

log = structlog.get_logger(__name__)

_BATCH = 64
_ALIKE = 16
_POLL_S = 1.0
_YIELDS = 10


def encode(texts: Sequence[str]) -> "NDArray[np.float32]":
    """Return the sentence vectors of texts, float32 [texts, 384]; the model is loaded at the first."""
    return shared_encoder().vectors(texts)


class Encoder:
    """Takes the queue of `VectorStore` to its end, whoever fills it, and looks again once a second.

    A crash loses nothing: a message stays queued until its vector is kept.
    """

    def __init__(self, vectors: VectorStore, encode: Encode = encode) -> None:
        self._vectors = vectors
        self._encode = encode
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "encoder", initializer=give_way, initargs=(_YIELDS,))

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="earful encoder")

    async def stop(self) -> None:
        """Stop after the batch under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await asyncio.to_thread(self._thread.shutdown)

    async def step(self) -> bool:
        """Make some vectors; return whether there was anything to do."""
        waiting = await self._vectors.waiting(_BATCH)
        if not waiting:
            return False
        packed = await asyncio.get_running_loop().run_in_executor(self._thread, self._make, waiting)
        await asyncio.shield(self._vectors.keep(dict(zip(waiting, packed, strict=True))))
        return True

    def _make(self, waiting: Sequence[Unencoded]) -> list[bytes]:
        # Texts of like length together: a short one is not padded to the longest.
        ordered = sorted(range(len(waiting)), key=lambda at: len(waiting[at].text))
        packed = [b""] * len(waiting)
        for start in range(0, len(ordered), _ALIKE):
            places = ordered[start : start + _ALIKE]
            made = pack(self._encode([waiting[at].text for at in places]))
            for at, vector in zip(places, made, strict=True):
                packed[at] = vector
        return packed

    async def _run(self) -> None:
        while True:
            try:
                while await self.step():
                    pass
            except Exception:
                log.exception("sentence vectors could not be made; trying again")
            await asyncio.sleep(_POLL_S)
