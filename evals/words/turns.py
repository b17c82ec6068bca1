"""The edges of turns that people marked, as times of the first and the last word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evals.diarization.der import Span
from evals.words.times import Distance, Timed, simple

__all__ = ["Edge", "between", "second_marks", "turn_edges"]

_CUT_S = 0.1
_SAME_S = 0.6


@dataclass(frozen=True, slots=True)
class Edge:
    """One end of a turn: where it was marked, and where the word there was recognised. Seconds."""

    speaker: str
    starts: bool
    marked: float
    heard: float


def turn_edges(
    turns: Sequence[dict[str, Any]], heard: Sequence[Timed], length: float = float("inf")
) -> list[Edge]:
    """Return the edges of the turns (with text, overlapping no other) whose first or last word was recognised
    there. Where the recording is cut off, `length` seconds after its start, nobody stopped speaking."""
    edges = []
    for turn in turns:
        clear = all(
            other is turn or other["end"] <= turn["start"] or other["start"] >= turn["end"] for other in turns
        )
        said = [simple(word) for word in turn.get("text", "").split() if simple(word)]
        inside = [word for word in heard if turn["start"] < (word.start + word.end) / 2 < turn["end"]]
        if not clear or not said or not inside:
            continue
        speaker = turn.get("speaker", "")
        if simple(inside[0].text) == said[0]:
            edges.append(Edge(speaker, True, turn["start"], inside[0].start))
        if simple(inside[-1].text) == said[-1] and turn["end"] < length - _CUT_S:
            edges.append(Edge(speaker, False, turn["end"], inside[-1].end))
    return edges


def between(edges: Sequence[Edge]) -> Distance:
    """Return how far the words are from the marks."""
    return Distance(
        tuple(abs(edge.heard - edge.marked) for edge in edges if edge.starts),
        tuple(abs(edge.heard - edge.marked) for edge in edges if not edge.starts),
    )


def second_marks(edges: Sequence[Edge], spans: Sequence[Span]) -> Iterator[tuple[Edge, float]]:
    """Yield the edges that somebody else has marked too, in `spans`, and where."""
    for edge in edges:
        others = [span.start if edge.starts else span.end for span in spans if span.speaker == edge.speaker]
        nearest = min(others, key=lambda at: abs(at - edge.marked), default=None)
        if nearest is not None and abs(nearest - edge.marked) <= _SAME_S:
            yield edge, nearest
