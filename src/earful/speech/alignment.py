"""Exact word times: PocketSphinx aligns recognised text with the audio it came from.

It costs about 12 ms for each second of speech, as much as the recognition itself, so it is done only when
asked for. Words that its dictionary lacks are given a pronunciation from their spelling: a rough one does,
since the text is known and only its place is sought.
"""

import re
import threading
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from pocketsphinx import Decoder

from earful.speech.types import Samples

__all__ = ["Aligner", "spell"]

_FRAME_SECONDS = 0.01
_ADD_AT_MOST = 5000
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SIGNS = {"%": "percent", "$": "dollars", "&": "and", "@": "at", "+": "plus", "=": "equals"}
_SOUNDS = {
    "tion": "SH AH N", "sion": "ZH AH N", "ough": "AO", "igh": "AY", "tch": "CH", "dge": "JH", "sch": "SH",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W", "gh": "G",
    "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "ai": "EY", "ay": "EY", "oa": "OW",
    "oi": "OY", "oy": "OY", "au": "AO", "aw": "AO", "ew": "UW", "ie": "IY", "ar": "AA R", "er": "ER",
    "ir": "ER", "or": "AO R", "ur": "ER", "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F",
    "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P",
    "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip
_SPELLINGS = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))


def spell(word: str) -> str:
    """Return a rough pronunciation (ARPAbet phones) of a word from its letters; "" when it has none."""
    plain = re.sub(r"(.)\1", r"\1", word) if len(word) > 3 else word
    return " ".join(_SOUNDS[part] for part in _SPELLINGS.findall(plain))


class Aligner:
    """One PocketSphinx decoder, loaded at first use (0.4 s). Safe to share; calls take turns."""

    def __init__(self) -> None:
        self._decoder: Decoder | None = None
        self._added = 0
        self._lock = threading.Lock()

    def align(self, samples: Samples, words: Sequence[str]) -> list[tuple[float, float]] | None:
        """Return when each word begins and ends, in seconds from the first sample (float32 [n], 16 kHz).

        None when the text cannot be fitted to the audio. Words without a letter or digit take the time
        between their neighbours.
        """
        with self._lock:
            if self._decoder is None or self._added >= _ADD_AT_MOST:
                self._added = 0
                self._decoder = Decoder(samprate=16_000, lm=None, loglevel="FATAL")
            decoder = self._decoder
            spoken = [self._spoken(decoder, word) for word in words]
            if not any(spoken):
                return None
            found = _run(decoder, samples, [part for parts in spoken for part in parts])
        if found is None:
            return None
        times: list[tuple[float, float] | None] = []
        at = 0
        for parts in spoken:
            times.append((found[at][0], found[at + len(parts) - 1][1]) if parts else None)
            at += len(parts)
        return _fill(times)

    def _spoken(self, decoder: Decoder, word: str) -> list[str]:
        """Return the dictionary words that a written word is spoken as."""
        spoken: list[str] = []
        for part in re.findall(r"[a-z']+|\d|[%$&@+=]", word.lower().replace("’", "'")):
            name = _DIGITS[int(part)] if part.isdigit() else _SIGNS.get(part, part.strip("'"))
            if not name:
                continue
            if decoder.lookup_word(name) is None:
                phones = spell(name)
                if not phones:
                    continue
                decoder.add_word(name, phones, True)
                self._added += 1
            spoken.append(name)
        return spoken


def _run(decoder: Decoder, samples: Samples, words: Sequence[str]) -> list[tuple[float, float]] | None:
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


def _fill(times: Sequence[tuple[float, float] | None]) -> list[tuple[float, float]]:
    """Give words without a time the gap between their neighbours."""
    known = [(-1, (0.0, 0.0))] + [(at, time) for at, time in enumerate(times) if time is not None]
    filled = [time if time is not None else (0.0, 0.0) for time in times]
    for (at, (_, end)), (following, (start, _)) in pairwise([*known, (len(times), (known[-1][1][1],) * 2)]):
        for between in range(at + 1, following):
            filled[between] = (end, max(end, start))
    return filled
