"""What audio is inside Earful, and what can go wrong on the way there.

AudioError
├── UnsupportedEncoding      no decoder has that name
├── UnsupportedSampleRate    the encoding is not spoken at that rate
└── BrokenAudio              the bytes are not what they were said to be
"""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SAMPLE_RATE",
    "AudioError",
    "BrokenAudio",
    "Samples",
    "UnsupportedEncoding",
    "UnsupportedSampleRate",
    "no_samples",
]

SAMPLE_RATE = 16_000
"""The one rate inside Earful, in Hz."""

Samples = NDArray[np.float32]
"""float32 [samples], mono, 16 kHz, nominally -1..1."""


def no_samples() -> Samples:
    """Return an empty array of samples."""
    return np.zeros(0, dtype=np.float32)


class AudioError(Exception):
    """Root of what can go wrong with audio; the message is fit to be shown to the sender."""


class UnsupportedEncoding(AudioError):
    """No decoder has that name."""


class UnsupportedSampleRate(AudioError):
    """The encoding is not spoken at that rate."""


class BrokenAudio(AudioError):
    """The bytes are not what they were said to be.

    `samples` (float32 [n], 16 kHz) is what the same call decoded before and after the broken part, so
    that a caller who reports the error loses nothing that could be heard.
    """

    def __init__(self, message: str, samples: Samples | None = None) -> None:
        super().__init__(message)
        self.samples = no_samples() if samples is None else samples
