"""The project's sample conversation as samples, for tests that need real speech."""

from __future__ import annotations

import json
import wave
from functools import cache
from pathlib import Path

import numpy as np

from earful.audio.files import read_blocks

__all__ = ["RATE", "sample_pcm", "sample_words", "write_wav"]

RATE = 16_000
SAMPLE = Path(__file__).parents[2] / "examples" / "sample"


@cache
def sample_pcm(seconds: float | None = None) -> bytes:
    """The first seconds of the sample conversation: little-endian int16 mono at 16 kHz."""
    samples = np.concatenate(list(read_blocks(SAMPLE / "conversation.ogg")))
    samples = samples[: None if seconds is None else int(seconds * RATE)]
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def sample_words() -> set[str]:
    """Words of the sample's script, in lower case and without punctuation."""
    turns = json.loads((SAMPLE / "script.json").read_text())["turns"]
    text = " ".join(turn["text"] for turn in turns).lower()
    return set("".join(letter if letter.isalnum() or letter == "'" else " " for letter in text).split())


def write_wav(path: Path, pcm: bytes, rate: int = RATE) -> Path:
    """Write int16 mono samples as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return path
