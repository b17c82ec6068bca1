"""Recordings that were sent to be processed, kept as files under one folder."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import IO

from earful.conversation.ids import new_uuid

__all__ = ["MediaEmpty", "MediaStore", "MediaTooLarge"]


class MediaTooLarge(ValueError):
    """More bytes came than are allowed."""


class MediaEmpty(ValueError):
    """No bytes came."""


class MediaStore:
    """Files by key. A key is random and says nothing of what it holds."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ours: set[str] = set()

    async def save(self, chunks: AsyncIterator[bytes], *, max_bytes: int) -> str:
        """Keep what arrives, chunk by chunk; when the key is returned it survives a power cut.

        Raises `MediaTooLarge` and `MediaEmpty`; then, as when `chunks` fails, nothing is kept.
        """
        key = self.reserve()
        size = 0
        try:
            with self.path(key).open("wb") as out:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > max_bytes:
                        raise MediaTooLarge(f"the file has more than {max_bytes} bytes")
                    await asyncio.to_thread(out.write, chunk)
                if size == 0:
                    raise MediaEmpty("the file is empty")
                await asyncio.to_thread(_settle, out, self._root)
        except BaseException:
            self.delete(key)
            raise
        return key

    def reserve(self) -> str:
        """Return a new key, for a file that someone else writes to `path(key)`."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = new_uuid()
        self._ours.add(key)
        return key

    def path(self, key: str) -> Path:
        """Return where the file of a key is."""
        return self._root / key

    def delete(self, key: str) -> None:
        """Delete the file of a key; one that is not there is deleted already."""
        self._ours.discard(key)
        with contextlib.suppress(FileNotFoundError):
            self.path(key).unlink()

    def sweep(self, wanted: Collection[str]) -> int:
        """Delete every file whose key is not wanted (a crash left it behind); return how many.

        Files that came through this object stay: they may be wanted in a moment.
        """
        if not self._root.is_dir():
            return 0
        stale = [
            file for file in self._root.iterdir() if file.name not in wanted and file.name not in self._ours
        ]
        for file in stale:
            self.delete(file.name)
        return len(stale)


def _settle(out: IO[bytes], folder: Path) -> None:
    """Wait until a file, and that it exists, are on the disk."""
    out.flush()
    os.fsync(out.fileno())
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
