"""Real speech for tests: what comes with the speech model, as 16-bit PCM at a telephone's rate."""

import wave
from pathlib import Path

import moonshine_voice
import numpy as np
import soxr

__all__ = ["TWO_CITIES_WORDS", "read_speech", "write_wav"]

TWO_CITIES_WORDS = ("best", "of", "times", "worst")
"""Words that the first seconds of the recording hold."""


def read_speech(rate: int = 8000, seconds: float = 8.0, name: str = "two_cities") -> bytes:
    """Return the beginning of a recording as little-endian signed 16-bit mono at `rate` Hz."""
    path = Path(moonshine_voice.__file__).parent / "assets" / f"{name}.wav"
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(int(seconds * file.getframerate())), np.int16)
        source = file.getframerate()
    floats = soxr.resample(samples.astype(np.float32) / 32768, source, rate)
    return (np.clip(floats, -1, 0.99997) * 32768).astype("<i2").tobytes()


def write_wav(path: Path, pcm: bytes, rate: int, channels: int = 1) -> Path:
    """Write PCM as a WAV file and return its path."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return path
