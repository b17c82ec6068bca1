"""A stand-in for the network that hears voices: how loud someone speaks is who they are."""

from __future__ import annotations

import numpy as np

from earful.speech.types import Samples
from earful.speech.voices import VoiceModel

__all__ = ["LoudnessVoices", "loud", "quiet"]


def quiet(seconds: float) -> Samples:
    return np.full(round(16_000 * seconds), 0.1, np.float32)


def loud(seconds: float) -> Samples:
    return np.full(round(16_000 * seconds), 0.8, np.float32)


class LoudnessVoices(VoiceModel):
    def embed(self, samples: Samples) -> Samples:
        level = float(np.abs(samples).mean())
        angle = np.pi / 2 * np.clip((level - 0.1) / 0.7, 0, 1)
        return np.array([np.cos(angle), np.sin(angle), *[0.0] * 510], np.float32)
