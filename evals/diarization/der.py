"""The diarization error rate: of all that was said, how much was missed, made up, or given to another.

As NIST's md-eval counts: speakers are matched one to one so that the time in common is greatest; time is
weighed by how many people speak, so overlapping talk counts; with a collar, the time around each boundary
of the reference is not scored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Errors", "Span", "diarization_errors"]


@dataclass(frozen=True, slots=True)
class Span:
    """One speaker talking; times in seconds."""

    speaker: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Errors:
    """Seconds of speech and of each error; adds up over recordings."""

    speech: float = 0.0
    missed: float = 0.0
    false_alarm: float = 0.0
    confused: float = 0.0

    @property
    def rate(self) -> float:
        """All errors over all speech; 0 when nothing was said and nothing was made up."""
        wrong = self.missed + self.false_alarm + self.confused
        return wrong / self.speech if self.speech else float(wrong > 0)

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.speech + other.speech,
            self.missed + other.missed,
            self.false_alarm + other.false_alarm,
            self.confused + other.confused,
        )


def diarization_errors(
    reference: Sequence[Span], hypothesis: Sequence[Span], *, collar: float = 0.0
) -> Errors:
    """Return the errors of a hypothesis; `collar` seconds around a reference boundary do not count."""
    pieces = list(_pieces(reference, hypothesis, collar))
    common: dict[tuple[str, str], float] = {}
    for length, said, heard in pieces:
        for one in said:
            for other in heard:
                common[one, other] = common.get((one, other), 0.0) + length
    same = _matched(common)
    total = Errors()
    for length, said, heard in pieces:
        right = sum(1 for speaker in said if same.get(speaker) in heard)
        total += Errors(
            speech=length * len(said),
            missed=length * max(0, len(said) - len(heard)),
            false_alarm=length * max(0, len(heard) - len(said)),
            confused=length * (min(len(said), len(heard)) - right),
        )
    return total


def _pieces(
    reference: Sequence[Span], hypothesis: Sequence[Span], collar: float
) -> Iterable[tuple[float, frozenset[str], frozenset[str]]]:
    """Yield scored stretches in which nobody starts or stops: (seconds, who speaks, who is heard)."""
    edges = sorted({edge for span in reference for edge in (span.start, span.end)})
    cuts = {edge for span in hypothesis for edge in (span.start, span.end)} | set(edges)
    if collar:
        cuts |= {edge + side for edge in edges for side in (-collar, collar)}
    for low, high in pairwise(sorted(cuts)):
        middle = (low + high) / 2
        if collar and any(abs(edge - middle) < collar for edge in edges):
            continue
        yield high - low, _active(reference, middle), _active(hypothesis, middle)


def _active(spans: Sequence[Span], at: float) -> frozenset[str]:
    return frozenset(span.speaker for span in spans if span.start <= at < span.end)


def _matched(common: dict[tuple[str, str], float]) -> dict[str, str]:
    """Return the one-to-one match of speakers with the most time in common, by dynamic programming over
    the sets of reference speakers that are taken."""
    said = sorted({one for one, _ in common})
    heard = sorted({other for _, other in common})
    best: dict[int, tuple[float, dict[str, str]]] = {0: (0.0, {})}
    for other in heard:
        step = dict(best)
        for taken, (time, match) in best.items():
            for at, one in enumerate(said):
                if taken >> at & 1 or (one, other) not in common:
                    continue
                more = time + common[one, other]
                if more > step.get(taken | 1 << at, (-1.0, {}))[0]:
                    step[taken | 1 << at] = (more, {**match, one: other})
        best = step
    return max(best.values(), key=lambda found: found[0])[1]
