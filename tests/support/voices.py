"""A stand-in for the network that hears voices: how loud someone speaks is who they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from earful.speech.types import Samples
from earful.speech.voices import VoiceModel

__all__ = ["LoudnessVoices", "loud", "quiet"]


def quiet(seconds: float) -> Samples:
    return np.full(round(16_000 * seconds), 0.1, np.float32)


def loud(seconds: float) -> Samples:
    return np.full(round(16_000 * seconds), 0.8, np.float32)


class LoudnessVoices(VoiceModel):
    def hear(self, samples: Samples, windows: Sequence[tuple[int, int]]) -> Samples:
        levels = np.array([np.abs(samples[start:end]).mean() for start, end in windows])
        angles = np.pi / 2 * np.clip((levels - 0.1) / 0.7, 0, 1)
        voices = np.zeros((len(windows), 512), np.float32)
        voices[:, 0], voices[:, 1] = np.cos(angles), np.sin(angles)
        return voices
