"""Follows the recordings that baresip writes of a call, while it writes them.

baresip's `sndfile` filter begins a file when the audio begins, and another when a re-INVITE changes it
(hold, resume). What has been read is given back to the file system, so that a long call fills no disk.
"""

import ctypes
import os
from pathlib import Path

import numpy as np

from earful.audio.resample import Resampler
from earful.audio.types import Samples, no_samples

__all__ = ["Tape"]

_ENDING = "-dec.wav"
_HEADER = 44
_PUNCH_EVERY = 1 << 20
_KEEP_SIZE_AND_PUNCH = 0x01 | 0x02

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


class Tape:
    """The recordings in one folder, in the order of their beginning, as 16 kHz mono."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None
        self._name = ""
        self._at = 0
        self._punched = 0
        self._channels = 1
        self._resampler = Resampler(16_000)

    def read(self) -> Samples:
        """Return more of what has been written: float32 [n], 16 kHz; nothing when all of it has been read."""
        samples = self._rest()
        # Another file begins only when this one has ended.
        while not samples.size and (name := self._next()) is not None:
            self._open(name)
            samples = self._rest()
        return samples

    def close(self) -> None:
        """Let go of the file. Idempotent."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _next(self) -> str | None:
        # Their names are times: they sort in the order of their beginning.
        names = os.listdir(self._folder)
        return min((name for name in names if name.endswith(_ENDING) and name > self._name), default=None)

    def _open(self, name: str) -> None:
        self.close()
        self._file = os.open(self._folder / name, os.O_RDWR | os.O_CLOEXEC)
        self._name, self._at, self._punched = name, 0, 0

    def _rest(self) -> Samples:
        if self._file is None:
            return no_samples()
        size = os.fstat(self._file).st_size
        if size < self._at:  # begun anew within the second that gives it its name
            self._at = self._punched = 0
        if self._at == 0:
            if size < _HEADER:
                return no_samples()
            header = os.pread(self._file, _HEADER, 0)
            self._channels = int.from_bytes(header[22:24], "little") or 1
            self._resampler = Resampler(int.from_bytes(header[24:28], "little") or 8000)
            self._at = _HEADER
        frame = 2 * self._channels
        wanted = (size - self._at) // frame * frame
        if wanted <= 0:
            return no_samples()
        data = os.pread(self._file, wanted, self._at)
        self._at += len(data)
        if self._at - self._punched > _PUNCH_EVERY:
            self._give_back()
        pcm = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
        mono: Samples = pcm if self._channels == 1 else pcm.reshape(-1, self._channels).mean(axis=1)
        return self._resampler.feed(mono.astype(np.float32, copy=False))

    def _give_back(self) -> None:
        begin = max(self._punched, 4096)
        end = self._at // 4096 * 4096
        # A file system that cannot do this just stays fuller.
        if end > begin and self._file is not None:
            _libc.fallocate(self._file, _KEEP_SIZE_AND_PUNCH, begin, end - begin)
        self._punched = end
