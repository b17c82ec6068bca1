"""Pairs the words of two transcripts and says how far apart their times are."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Distance", "Timed", "compare", "simple"]


@dataclass(frozen=True, slots=True)
class Timed:
    """A word with its times in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Distance:
    """Absolute differences in seconds, one for each start and end; adds up over recordings."""

    starts: tuple[float, ...] = ()
    ends: tuple[float, ...] = ()

    @property
    def boundaries(self) -> list[float]:
        """Starts and ends together, the smallest first."""
        return sorted(self.starts + self.ends)

    @property
    def mean(self) -> float | None:
        """Mean absolute error in seconds, None when no word could be compared."""
        return sum(self.boundaries) / len(self.boundaries) if self.boundaries else None

    @property
    def median(self) -> float | None:
        """The middle of the absolute errors."""
        return self.boundaries[len(self.boundaries) // 2] if self.boundaries else None

    def within(self, seconds: float) -> float:
        """The share of boundaries that are off by no more than this."""
        return sum(off <= seconds for off in self.boundaries) / max(1, len(self.boundaries))

    def __add__(self, other: "Distance") -> "Distance":
        return Distance(self.starts + other.starts, self.ends + other.ends)


def simple(text: str) -> str:
    """Return a word without case and punctuation."""
    return "".join(char for char in text.lower().replace("’", "'") if char.isalnum() or char == "'").strip(
        "'"
    )


def compare(reference: Sequence[Timed], hypothesis: Sequence[Timed]) -> Distance:
    """Return how far apart the times are of the words that both transcripts have in the same order."""
    said, heard = [simple(word.text) for word in reference], [simple(word.text) for word in hypothesis]
    starts: list[float] = []
    ends: list[float] = []
    for block in SequenceMatcher(None, said, heard, autojunk=False).get_matching_blocks():
        for at in range(block.size):
            one, other = reference[block.a + at], hypothesis[block.b + at]
            starts.append(abs(one.start - other.start))
            ends.append(abs(one.end - other.end))
    return Distance(tuple(starts), tuple(ends))
