"""Exact word times: PocketSphinx aligns recognised text with the audio it came from.

It costs about 6 ms for each second of speech: half the acoustic model's work is left out (every other frame,
two Gaussians of four), which moves boundaries by a millisecond on average. Words that its dictionary lacks
are given a pronunciation from their spelling: a rough one does, since the text is known and only its place
is sought.
"""

import re
import threading
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from pocketsphinx import Decoder

from earful.speech.phonetics import spell
from earful.speech.types import Samples

__all__ = ["Aligner", "spoken_number"]

_FRAME_SECONDS = 0.01
_ADD_AT_MOST = 5000
_SILENT = 0.03
_NOISY = 0.2
_WORD_SECONDS = 0.06
_TOKEN = re.compile(r"[a-z']+|\d+|[%$&@+=]")
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SIGNS = {"%": "percent", "$": "dollars", "&": "and", "@": "at", "+": "plus", "=": "equals"}


def spoken_number(digits: str) -> list[str]:
    """Return the words that a whole number is most often said with: years in pairs, codes digit by digit."""
    value = int(digits)
    if digits[0] == "0" or len(digits) > 6:
        return [_ONES[int(digit)] for digit in digits]
    if len(digits) == 4 and value // 100 not in {10, 20} and value % 1000:
        pairs = [*spoken_number(digits[:2]), *(("hundred",) if value % 100 == 0 else ())]
        if value % 100:
            pairs += ["oh", _ONES[value % 10]] if value % 100 < 10 else spoken_number(digits[2:])
        return pairs
    if value < 20:
        return [_ONES[value]]
    if value < 100:
        return [_TENS[value // 10 - 2], *([_ONES[value % 10]] if value % 10 else [])]
    unit, name = (1000, "thousand") if value >= 1000 else (100, "hundred")
    rest = spoken_number(str(value % unit)) if value % unit else []
    return [*spoken_number(str(value // unit)), name, *rest]


class Aligner:
    """PocketSphinx decoders, loaded when first needed (0.2 s, 25 MB each): as many as threads that align
    at the same moment. Safe to share."""

    def __init__(self) -> None:
        self._idle: list[_Voice] = []
        self._lock = threading.Lock()

    def align(self, samples: Samples, words: Sequence[str]) -> list[tuple[float, float]] | None:
        """Return when each word begins and ends, in seconds from the first sample (float32 [n], 16 kHz).

        None when the text cannot be fitted to the audio. Words without a letter or digit take the time
        between their neighbours.
        """
        with self._lock:
            voice = self._idle.pop() if self._idle else None
        voice = voice or _Voice()
        try:
            return voice.align(samples, words)
        finally:
            if voice.added < _ADD_AT_MOST:
                with self._lock:
                    self._idle.append(voice)


class _Voice:
    """One PocketSphinx decoder, for one thread at a time, and how many words it was taught."""

    def __init__(self) -> None:
        self.added = 0
        self._decoder = Decoder(samprate=16_000, lm=None, loglevel="FATAL", ds=2, topn=2)

    def align(self, samples: Samples, words: Sequence[str]) -> list[tuple[float, float]] | None:
        """See `Aligner.align`."""
        spoken = [self.spoken(word) for word in words]
        found = _run(self._decoder, samples, [part for parts in spoken for part in parts])
        if found is None:
            return None
        found = _without_silence(found, samples)
        times: list[tuple[float, float] | None] = []
        at = 0
        for parts in spoken:
            times.append((found[at][0], found[at + len(parts) - 1][1]) if parts else None)
            at += len(parts)
        return _fill(times)

    def spoken(self, word: str) -> list[str]:
        """Return the dictionary words that a written word is spoken as."""
        spoken: list[str] = []
        for part in _TOKEN.findall(re.sub(r"(?<=\d),(?=\d{3})", "", word.lower().replace("’", "'"))):
            names = spoken_number(part) if part.isdigit() else [_SIGNS.get(part, part.strip("'"))]
            spoken += [name for name in names if name and self._knows(name)]
        if word.startswith("$"):
            spoken.append(spoken.pop(0))
        return spoken

    def _knows(self, name: str) -> bool:
        """Whether the dictionary has the word, now that it was taught it where it can be."""
        if self._decoder.lookup_word(name) is not None:
            return True
        phones = spell(name)
        if phones:
            self._decoder.add_word(name, phones, True)
            self.added += 1
        return bool(phones)


def _run(decoder: Decoder, samples: Samples, words: Sequence[str]) -> list[tuple[float, float]] | None:
    if not words:
        return None
    pcm = np.clip(samples * 32767, -32768, 32767).astype("<i2").tobytes()
    try:
        decoder.set_align_text(" ".join(words))
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        segments = list(decoder.seg() or ())
    except RuntimeError:
        return None
    times = [
        (segment.start_frame * _FRAME_SECONDS, (segment.end_frame + 1) * _FRAME_SECONDS)
        for segment in segments
        if not segment.word.startswith(("<", "[", "+")) and segment.word != "(NULL)"
    ]
    return times if len(times) == len(words) else None


def _without_silence(times: Sequence[tuple[float, float]], samples: Samples) -> list[tuple[float, float]]:
    """Take off what is silent at the outer edges of runs of words: the aligner gives a word the quiet beside
    it when that is too short to be a pause.

    Silent is what is 30 dB under the loud parts, where the noise lets that be told.
    """
    step = round(_FRAME_SECONDS * 16_000)
    count = len(samples) // step
    levels = np.sqrt(np.mean(np.square(samples[: count * step].reshape(count, step)), axis=1))
    if not count:
        return list(times)
    loud, noise = float(np.quantile(levels, 0.95)), float(np.quantile(levels, 0.05))
    silent = max(_SILENT * loud, 2 * noise)
    if silent > _NOISY * loud:
        return list(times)
    trimmed = []
    for at, (start, end) in enumerate(times):
        first = round(start / _FRAME_SECONDS)
        heard = np.flatnonzero(levels[first : round(end / _FRAME_SECONDS)] >= silent)
        if len(heard):
            least = min(_WORD_SECONDS, end - start)
            if at == 0 or start - times[at - 1][1] > _FRAME_SECONDS:
                start = max(start, min((first + int(heard[0])) * _FRAME_SECONDS, end - least))
            if at == len(times) - 1 or times[at + 1][0] - end > _FRAME_SECONDS:
                end = min(end, max((first + int(heard[-1]) + 1) * _FRAME_SECONDS, start + least))
        trimmed.append((start, end))
    return trimmed


def _fill(times: Sequence[tuple[float, float] | None]) -> list[tuple[float, float]]:
    """Give words without a time the gap between their neighbours."""
    known = [(-1, (0.0, 0.0))] + [(at, time) for at, time in enumerate(times) if time is not None]
    filled = [time if time is not None else (0.0, 0.0) for time in times]
    for (at, (_, end)), (following, (start, _)) in pairwise([*known, (len(times), (known[-1][1][1],) * 2)]):
        for between in range(at + 1, following):
            filled[between] = (end, max(end, start))
    return filled
