"""What audio sounds like to the acoustic model that comes with PocketSphinx: cepstra, as it was trained on.

Where the sphinxes follow noise from frame to frame, here it is taken from the whole piece: what each band
has in its quietest tenth. That is done for all frames at once, and words are found better under noise.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from earful.speech.types import Samples

__all__ = ["FRAME_SECONDS", "MIDDLE_SECONDS", "Floats", "features"]

Floats = NDArray[np.float32]

FRAME_SECONDS = 0.01
MIDDLE_SECONDS = 0.005
"""How long after a frame's beginning the sound changes, where it is the first that fits another sound."""

_RATE = 16_000
_STEP = 160
_WINDOW = 410
_FFT = 512
_FULL_SCALE = 32767.0
_EMPHASIS = 0.97
_FILTERS = 25
_LOWEST, _HIGHEST = 130.0, 6800.0
_CEPSTRA = 13
_LIFTER = 22
_LEAST_POWER = 1e-4
_SMOOTHING = 0.3
_SMOOTH_FRAMES = 8
_QUIETEST = 0.1
_NOISE = 1.5
_LEAST_GAIN = 0.05
_NEIGHBOURS = 4
_SMALL = 200_000


def features(samples: Samples) -> Floats:
    """Return the cepstrum, its slope and its curvature every hundredth of a second.

    `samples` are float32 [n], 16 kHz, within -1..1; returned is float32 [frames, 3, 13].
    """
    power = _band_power(samples)
    if not len(power):
        return np.zeros((0, 3, _CEPSTRA), np.float32)
    cepstra = _times(np.log(_without_noise(power) + np.float32(_LEAST_POWER)), _cosines())
    loud = cepstra[:, 0] >= 0  # digital silence says nothing of the line and the voice
    if loud.any():
        cepstra -= cepstra[loud].mean(axis=0)
    padded = np.concatenate((cepstra[:1].repeat(3, axis=0), cepstra, cepstra[-1:].repeat(3, axis=0)))
    slope = padded[4:] - padded[:-4]
    return np.stack((cepstra, slope[1:-1], slope[2:] - slope[:-2]), axis=1)


def _band_power(samples: Samples) -> Floats:
    """Return the power in each mel band: float32 [frames, 25]. The last frame is filled with silence."""
    count = -(-(len(samples) - _WINDOW) // _STEP) + 1 if len(samples) >= _STEP else 0
    if count <= 0:
        return np.zeros((0, _FILTERS), np.float32)
    sound = np.zeros((count - 1) * _STEP + _WINDOW, np.float32)
    sound[: len(samples)] = samples[: len(sound)]
    sound[1:] -= np.float32(_EMPHASIS) * sound[:-1]
    windows = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_STEP]
    parts = np.fft.rfft(windows * _hamming(), _FFT).view(np.float32)  # real and imaginary in turns
    return _times(np.square(parts, out=parts), _mel_filters())


def _times(rows: Floats, matrix: Floats) -> Floats:
    """Return the matrix product, made in parts so small that OpenBLAS wakes no further thread for them."""
    product = np.empty((len(rows), matrix.shape[1]), np.float32)
    step = max(1, _SMALL // matrix.size)
    for start in range(0, len(rows), step):
        np.matmul(rows[start : start + step], matrix, out=product[start : start + step])
    return product


def _without_noise(power: Floats) -> Floats:
    """Return the power of each band less what it has when quiet, smoothed over time and neighbours."""
    padded = np.concatenate((power[:1].repeat(_SMOOTH_FRAMES - 1, axis=0), power))
    smooth = np.full_like(power, 1e-3)
    for back, weight in enumerate(_smoothing()):
        first = _SMOOTH_FRAMES - 1 - back
        smooth += weight * padded[first : first + len(power)]
    rank = int(_QUIETEST * (len(smooth) - 1))
    noise = np.float32(_NOISE) * np.partition(smooth, rank, axis=0)[rank]
    gain = np.maximum(np.float32(1.0), smooth - noise) / smooth
    clean: Floats = power * _times(np.clip(gain, _LEAST_GAIN, 1 / _LEAST_GAIN), _neighbours())
    return clean


@cache
def _hamming() -> Floats:
    return (np.hamming(_WINDOW) * _FULL_SCALE).astype(np.float32)


@cache
def _smoothing() -> Floats:
    weights = (1 - _SMOOTHING) ** np.arange(_SMOOTH_FRAMES)
    return np.asarray(weights / weights.sum(), np.float32)


@cache
def _neighbours() -> Floats:
    """The mean of each band and those beside it: [25, 25]."""
    at = np.arange(_FILTERS)
    near = (np.abs(at[:, None] - at) <= _NEIGHBOURS).astype(np.float32)
    means: Floats = near / near.sum(axis=0)
    return means


@cache
def _mel_filters() -> Floats:
    """Triangles of equal area on the mel scale, their corners at bins of the FFT, once for the real and once
    for the imaginary part of each bin: [514, 25]."""
    bin_hz = _RATE / _FFT
    lowest, highest = (float(2595 * np.log10(1 + hertz / 700)) for hertz in (_LOWEST, _HIGHEST))
    mel = np.linspace(lowest, highest, _FILTERS + 2)
    corners = np.floor(700 * (10 ** (mel / 2595) - 1) / bin_hz + 0.5) * bin_hz
    low, middle, high = corners[:-2], corners[1:-1], corners[2:]
    hertz = np.arange(_FFT // 2 + 1)[:, None] * bin_hz
    rising, falling = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
    heights = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return np.repeat(heights, 2, axis=0).astype(np.float32)


@cache
def _cosines() -> Floats:
    """From the logarithm of band powers to liftered cepstra: [25, 13]."""
    at = np.arange(_CEPSTRA)
    turns = np.cos(np.pi * at / _FILTERS * (np.arange(_FILTERS)[:, None] + 0.5))
    turns *= np.where(at == 0, np.sqrt(1 / _FILTERS), np.sqrt(2 / _FILTERS))
    return (turns * (1 + _LIFTER / 2 * np.sin(np.pi * at / _LIFTER))).astype(np.float32)
