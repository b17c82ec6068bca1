"""Exact word times: recognised text is laid over the audio that it came from.

What the words sound like is PocketSphinx's acoustic model and dictionary, the search is ours. Words that the
dictionary lacks are given a pronunciation from their spelling: a rough one does, since the text is known and
only its place is sought.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.ma  # np.unique loads it when first called, and holds up all threads for a tenth of a second

from earful.speech.acoustics import AcousticModel, load_model
from earful.speech.cepstra import FRAME_SECONDS, MIDDLE_SECONDS, features
from earful.speech.phonetics import spell
from earful.speech.pronunciations import pronunciations
from earful.speech.state_graph import NO_WORD, StateGraph, sentence_graph
from earful.speech.types import Samples
from earful.speech.viterbi import Heard, Stretch, best_paths
from earful.speech.word_edges import to_their_sound

__all__ = ["Aligner", "spoken", "spoken_number"]

_AT_MOST = 100_000_000
"""Frames times states: 100 MB, enough for several minutes, while a segment has a hundredth of it."""

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
    """Finds word times. Safe to share between threads; the model (7 MB) is read when first needed and shared
    by all."""

    def align(self, samples: Samples, words: Sequence[str]) -> list[tuple[float, float]] | None:
        """Return when each word begins and ends, in seconds from the first sample (float32 [n], 16 kHz).

        None when the text cannot be fitted to the audio. Words without a letter or digit take the time
        between their neighbours.
        """
        return self.align_all([(samples, words)])[0]

    def align_all(
        self, pieces: Sequence[tuple[Samples, Sequence[str]]]
    ) -> list[list[tuple[float, float]] | None]:
        """Return the same for several pieces of audio, each with its words; best for ones of like length."""
        model = load_model()
        found: list[list[tuple[float, float]] | None] = [None] * len(pieces)
        fitting: list[tuple[int, list[list[str]], StateGraph, Heard]] = []
        sounds = [np.clip(np.nan_to_num(samples), -1.0, 1.0) for samples, _ in pieces]
        for at, (samples, (_, words)) in enumerate(zip(sounds, pieces, strict=True)):
            said = [spoken(word) for word in words]
            ways = [_ways(name, model) for names in said for name in names]
            heard = features(samples)
            if not ways or not len(heard):
                continue
            graph = sentence_graph(model, ways)
            if len(heard) * len(graph.senones) > _AT_MOST:
                continue
            senones, columns = np.unique(graph.senones, return_inverse=True)
            fitting.append((at, said, graph, Heard(model.scores(heard, senones), columns)))
        paths = best_paths([graph for _, _, graph, _ in fitting], [heard for *_, heard in fitting])
        for (at, said, graph, _), path in zip(fitting, paths, strict=True):
            if path is not None:
                times = to_their_sound(_word_times(path, graph), sounds[at])
                found[at] = _fill(_regrouped(times, said))
        return found


def spoken(word: str) -> list[str]:
    """Return the dictionary words that a written word is spoken as, or words that can be spelt."""
    names: list[str] = []
    for part in _TOKEN.findall(re.sub(r"(?<=\d),(?=\d{3})", "", word.lower().replace("’", "'"))):
        read = spoken_number(part) if part.isdigit() else [_SIGNS.get(part, part.strip("'"))]
        names += [name for name in read if name and (pronunciations(name) or spell(name))]
    if word.startswith("$"):
        names.append(names.pop(0))
    return names


def _ways(name: str, model: AcousticModel) -> list[list[int]]:
    """Return the phones of each way of saying a word."""
    ways = pronunciations(name) or (spell(name),)
    return [[model.phone(phone) for phone in way.split()] for way in ways]


def _word_times(path: Sequence[Stretch], graph: StateGraph) -> list[tuple[float, float]]:
    """Return when a path enters and leaves each word."""
    times: list[tuple[float, float]] = []
    owner = NO_WORD
    for stretch in path:
        word = int(graph.words[stretch.state])
        end = stretch.end * FRAME_SECONDS + MIDDLE_SECONDS
        if word == NO_WORD:
            pass
        elif word == owner:
            times[-1] = (times[-1][0], end)
        else:
            begin = stretch.start * FRAME_SECONDS + MIDDLE_SECONDS if stretch.start else 0.0
            times.append((begin, end))
        owner = word
    return times


def _regrouped(
    times: Sequence[tuple[float, float]], said: Sequence[Sequence[str]]
) -> list[tuple[float, float] | None]:
    """Return the times of written words from those of the words that they are spoken as."""
    grouped: list[tuple[float, float] | None] = []
    at = 0
    for names in said:
        grouped.append((times[at][0], times[at + len(names) - 1][1]) if names else None)
        at += len(names)
    return grouped


def _fill(times: Sequence[tuple[float, float] | None]) -> list[tuple[float, float]]:
    """Give words without a time the gap between their neighbours."""
    known = [(-1, (0.0, 0.0))] + [(at, time) for at, time in enumerate(times) if time is not None]
    filled = [time if time is not None else (0.0, 0.0) for time in times]
    for (at, (_, end)), (following, (start, _)) in pairwise([*known, (len(times), (known[-1][1][1],) * 2)]):
        for between in range(at + 1, following):
            filled[between] = (end, max(end, start))
    return filled
