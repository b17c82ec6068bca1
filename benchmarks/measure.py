"""From what a caller received to figures: how old partials were, how late finals, which words were lost.

Every figure comes from matching the received text with the words that were said, so a server and a
library that tell different things about themselves are measured in the same way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz.distance import Levenshtein

from benchmarks.tracks import Track, words_of

__all__ = ["Figures", "Log", "Result", "figures", "first_partials", "lost_words", "percentile", "percentiles"]

_WARM_UP_S = 2.0
_NEARLY = 2
"""How many words at an end of speech may be misrecognised for its final to be known as such."""


@dataclass(frozen=True, slots=True)
class Result:
    """One transcript as it arrived. `at`: seconds since the first audio was sent (wall clock);
    `sent`: seconds of audio sent by then."""

    at: float
    sent: float
    text: str
    is_final: bool


@dataclass(slots=True)
class Log:
    """What one caller received, in order."""

    results: list[Result] = field(default_factory=list)
    error: str | None = None

    @property
    def text(self) -> str:
        """All finals."""
        return " ".join(result.text for result in self.results if result.is_final)


@dataclass(slots=True)
class Figures:
    """Seconds each; lists so that callers can be pooled before percentiles are taken.

    `word`: end of a word → first transcript that holds it. `age`: at each partial, how much speech had
    been sent that it did not show yet. `final`: end of speech → its final; `unmatched` counts ends of
    speech to which no final could be told to belong.
    """

    word: list[float] = field(default_factory=list)
    age: list[float] = field(default_factory=list)
    final: list[float] = field(default_factory=list)
    unmatched: int = 0

    def __iadd__(self, other: "Figures") -> "Figures":
        self.word += other.word
        self.age += other.age
        self.final += other.final
        self.unmatched += other.unmatched
        return self


def first_partials(log: Log, track: Track) -> list[float]:
    """Return how many seconds after the start of each stretch of speech its first transcript arrived."""
    first_words = [0, *(at + 1 for at in track.lasts if at + 1 < len(track.words))]
    starts = [track.words[at].start for at in first_words]
    spans = zip(starts, [*starts[1:], float("inf")], strict=True)
    arrivals = [
        (start, min((r.at for r in log.results if start < r.at < end), default=None)) for start, end in spans
    ]
    return [at - start for start, at in arrivals if at is not None]


def figures(log: Log, track: Track) -> Figures:
    """Measure one caller's log against what was said. Nothing in the first two seconds counts."""
    found = Figures()
    said = [word.text for word in track.words]
    finals: list[str] = []
    shown = final_shown = 0
    waiting = [last for last in track.lasts if track.words[last].end > _WARM_UP_S]
    for result in log.results:
        heard = [*finals, *words_of(result.text)]
        begun = sum(word.start < result.sent for word in track.words)
        reach = _reach(said[:begun], heard)
        for word in track.words[shown:reach]:
            if word.end > _WARM_UP_S:
                found.word.append(max(0.0, result.at - word.end))
        shown = max(shown, reach)
        if not result.is_final:
            pending = track.words[reach].start if reach < len(track.words) else result.sent
            found.age.append(max(0.0, result.sent - pending))
            continue
        finals = heard
        final_shown = max(final_shown, reach)
        while waiting and final_shown > waiting[0] - _NEARLY and result.at > track.words[waiting[0]].end:
            last = waiting.pop(0)
            if final_shown <= last + 1 + _NEARLY:
                found.final.append(result.at - track.words[last].end)
            else:
                found.unmatched += 1
    return found


def lost_words(wanted: str, got: str) -> int:
    """Return how many words of `wanted` are missing or different in `got`."""
    edits = Levenshtein.editops(words_of(wanted), words_of(got))
    return sum(edit.tag != "insert" for edit in edits)


def percentile(values: Iterable[float], rank: float) -> float | None:
    """Return a percentile (0..100), None when there are no values."""
    values = list(values)
    return round(float(np.percentile(values, rank)), 3) if values else None


def percentiles(values: Sequence[float]) -> dict[str, float | int | None]:
    """Return p50, p95, p99 and how many values there were."""
    ranks: dict[str, float | int | None] = {f"p{rank}": percentile(values, rank) for rank in (50, 95, 99)}
    return {**ranks, "count": len(values)}


def _reach(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many of the words said are covered: up to the last one that agrees with what was heard."""
    reach = 0
    for block in Levenshtein.opcodes(said, heard):
        if block.tag == "equal":
            reach = block.src_end
    return reach
