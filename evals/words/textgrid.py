"""Words that people have marked in Praat, the program that phoneticians mark speech with."""

import re
from collections.abc import Iterator
from pathlib import Path

from evals.words.times import Timed

__all__ = ["marked_words"]

_TIERS = ("words", "word", "text", "orthography")
_VALUE = re.compile(r'"((?:[^"]|"")*)"|(?<![\w\[.])(-?\d+(?:\.\d+)?(?:e-?\d+)?)(?![\w\].])')
_ENCODINGS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def marked_words(path: Path) -> list[Timed]:
    """Return the words of a TextGrid (long or short text format) with their times in seconds: of the tier
    that is called "words", "word", "text" or "orthography" and in which most is written.

    Raises `ValueError` when there is no such tier.
    """
    raw = path.read_bytes()
    encoding = next((name for mark, name in _ENCODINGS if raw.startswith(mark)), "utf-8")
    tiers = [words for name, words in _tiers(raw.decode(encoding)) if name.lower() in _TIERS]
    if not tiers:
        raise ValueError(f"{path.name} has no tier called {' or '.join(_TIERS)}")
    return max(tiers, key=lambda words: sum(len(word.text) for word in words))


def _tiers(text: str) -> Iterator[tuple[str, list[Timed]]]:
    """Yield each interval tier: both formats are the same values in the same order, one with their names."""
    values = [
        found.group(1) if found.group(1) is not None else found.group(2) for found in _VALUE.finditer(text)
    ]
    rest = iter(values[5:])
    for kind in rest:
        name, _, _, count = (next(rest) for _ in range(4))
        words: list[Timed] = []
        for _ in range(int(count)):
            start = float(next(rest))
            end = float(next(rest)) if kind == "IntervalTier" else start
            said = next(rest).strip().replace('""', '"')
            if said and kind == "IntervalTier":
                words.append(Timed(said, start, end))
        if kind == "IntervalTier":
            yield name, words
