"""What a telephone line makes of a recording: 8 kHz, G.711 µ-law."""

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from earful.audio.types import Samples
from evals.wer.items import Item

__all__ = ["narrowed", "over_telephone", "through_mulaw"]

_RATE = 8000
_BIAS, _CLIP = 132, 32635


def over_telephone(item: Item, folder: Path) -> Item:
    """Return the item with its recording replaced by what arrives over the line, as a WAV in `folder`."""
    samples = soxr.resample(item.samples(), 16_000, _RATE, quality="HQ")
    path = folder / f"{item.id}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(through_mulaw(samples).tobytes())
    return replace(item, path=path)


def narrowed(samples: Samples) -> Samples:
    """Return samples (float32 [n], 16 kHz) as they arrive over the line, at 16 kHz again."""
    line = through_mulaw(soxr.resample(samples, 16_000, _RATE, quality="HQ"))
    wide: Samples = soxr.resample(line.astype(np.float32) / 32768, _RATE, 16_000, quality="HQ")
    return wide


def through_mulaw(samples: Samples) -> NDArray[np.int16]:
    """Return samples (float32 [n], -1..1) coded as µ-law and decoded again (ITU-T G.711)."""
    wide = np.clip(np.round(samples * 32768), -_CLIP, _CLIP).astype(np.int32)
    magnitude = np.abs(wide) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    decoded = (((mantissa << 3) + _BIAS) << exponent) - _BIAS
    return np.where(wide < 0, -decoded, decoded).astype("<i2")
