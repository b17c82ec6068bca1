"""Where words that stand beside a pause begin and end: where their sound does.

An aligner gives a word the quiet beside it when that is too short to be a pause, and in noise it gives the
pause the faint first and last sounds of words.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from earful.speech.cepstra import FRAME_SECONDS
from earful.speech.types import Samples

__all__ = ["to_their_sound"]

_SILENT = 0.03
_OVER_NOISE = 2.0
_NOISY = 0.2
_REACH_FRAMES = 15
_WORD_SECONDS = 0.06


def to_their_sound(times: Sequence[tuple[float, float]], samples: Samples) -> list[tuple[float, float]]:
    """Move the outer edges of runs of words to their sound; times in seconds, float32 [n], 16 kHz.

    Silent is what is 30 dB under the loud parts, or less than 6 dB over the noise. What is silent is taken
    off a word, unless the noise is so loud that this may be speech; what sounds without a break is added to
    it, a sixth of a second at most.
    """
    step = round(FRAME_SECONDS * 16_000)
    count = len(samples) // step
    if not count:
        return list(times)
    levels = np.sqrt(np.mean(np.square(samples[: count * step].reshape(count, step)), axis=1))
    loud, noise = float(np.quantile(levels, 0.95)), float(np.quantile(levels, 0.05))
    silent = max(_SILENT * loud, _OVER_NOISE * noise)
    sounds = levels > silent
    moved: list[tuple[float, float]] = []
    for at, (start, end) in enumerate(times):
        before = moved[-1][1] if moved else 0.0
        after = times[at + 1][0] if at + 1 < len(times) else count * FRAME_SECONDS
        opens = at == 0 or start - times[at - 1][1] > FRAME_SECONDS
        closes = at == len(times) - 1 or after - end > FRAME_SECONDS
        low, high = _cut(sounds, start, end) if silent <= _NOISY * loud else (start, end)
        if opens:
            start = max(min(before, low), low - _run(sounds[: _frame(low)][::-1]))
        if closes:
            end = min(max(after, high), high + _run(sounds[_frame(high) :]))
        moved.append((start, end))
    return moved


def _cut(sounds: NDArray[np.bool_], start: float, end: float) -> tuple[float, float]:
    """Return a word's times without the silence at its edges, as long as that leaves enough for a word."""
    first = _frame(start)
    heard = np.flatnonzero(sounds[first : _frame(end)])
    if not len(heard):
        return start, end
    least = min(_WORD_SECONDS, end - start)
    low = max(start, min((first + int(heard[0])) * FRAME_SECONDS, end - least))
    return low, min(end, max((first + int(heard[-1]) + 1) * FRAME_SECONDS, low + least))


def _run(sounds: NDArray[np.bool_]) -> float:
    """Return for how many seconds there is sound from the first frame on, as far as that is looked at."""
    near = sounds[:_REACH_FRAMES]
    return (len(near) if near.all() else int(near.argmin())) * FRAME_SECONDS


def _frame(seconds: float) -> int:
    return round(seconds / FRAME_SECONDS)
