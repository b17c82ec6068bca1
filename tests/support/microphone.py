"""A module that looks like `sounddevice` and plays a recording into whoever opens the microphone."""

from __future__ import annotations

import time
from types import ModuleType, TracebackType
from typing import Any

import numpy as np
import soxr

__all__ = ["FakeSounddevice"]


class PortAudioError(Exception):
    """As sounddevice raises it."""


class FakeSounddevice(ModuleType):
    """`sounddevice` with one input device: a recording, then the person presses Ctrl-C.

    `speed` is how much faster than real time it plays; `None` is as fast as it is read. `opened` holds the
    arguments of the last stream, `running` whether one is open, `refusal` why opening fails, if it should.
    """

    PortAudioError = PortAudioError

    def __init__(self, pcm: bytes, rate: int, speed: float | None = None) -> None:
        """`pcm` is little-endian int16 mono at `rate` Hz."""
        super().__init__("sounddevice")
        self.pcm = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2")
        self.rate = rate
        self.speed = speed
        self.opened: dict[str, Any] = {}
        self.running = False
        self.refusal = ""

    def RawInputStream(self, **options: Any) -> _RawInputStream:  # noqa: N802 (sounddevice's name)
        """Open the device."""
        if self.refusal:
            raise PortAudioError(self.refusal)
        self.opened = options
        return _RawInputStream(self, options["samplerate"])


class _RawInputStream:
    def __init__(self, device: FakeSounddevice, rate: int) -> None:
        self._device = device
        self._rate = rate
        same = rate == device.rate
        self._samples = device.pcm if same else soxr.resample(device.pcm, device.rate, rate)
        self._at = 0

    def __enter__(self) -> _RawInputStream:
        self._device.running = True
        self._began = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._device.running = False

    def read(self, frames: int) -> tuple[bytes, bool]:
        """The next block, when it is due; Ctrl-C at the end."""
        if self._at >= len(self._samples):
            raise KeyboardInterrupt
        block = self._samples[self._at : self._at + frames]
        self._at += frames
        if self._device.speed:
            due = self._began + self._at / self._rate / self._device.speed
            time.sleep(max(0.0, due - time.monotonic()))
        return np.pad(block, (0, frames - len(block))).astype("<i2").tobytes(), False
