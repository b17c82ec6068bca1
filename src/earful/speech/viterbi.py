"""Where the likeliest path through a sentence's states is at each frame, for several sentences at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earful.speech.acoustics import Floats, Numbers
from earful.speech.state_graph import StateGraph

__all__ = ["Heard", "Stretch", "best_paths"]

_NEVER = np.float32(-1e30)
_NOWHERE = -1
_CHUNK = 128


@dataclass(frozen=True, slots=True)
class Heard:
    """How well each frame fits each state of a graph, up to a constant a frame: state s is column
    `columns[s]` of `scores` [frames, columns]."""

    scores: Floats
    columns: Numbers


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames `start` up to `end` that a path spends in one state."""

    state: int
    start: int
    end: int


def best_paths(graphs: Sequence[StateGraph], heard: Sequence[Heard]) -> list[list[Stretch] | None]:
    """Return the likeliest path of each sentence, None where its states cannot be passed in the time."""
    if not graphs:
        return []
    lengths = [len(one.scores) for one in heard]
    rows = _Rows(graphs, max(lengths))
    over: dict[int, list[int]] = {}
    for at, length in enumerate(lengths):
        over.setdefault(length - 1, []).append(at)
    ends = [_NOWHERE] * len(graphs)
    for start in range(0, rows.frames, _CHUNK):
        fits = rows.fits(heard, start, min(start + _CHUNK, rows.frames))
        for frame, fit in enumerate(fits, start):
            rows.step(frame, fit)
            for at in over.get(frame, ()):
                ends[at] = rows.end(at)
    return [
        rows.trace(at, length - 1, end) if end != _NOWHERE else None
        for at, (length, end) in enumerate(zip(lengths, ends, strict=True))
    ]


class _Rows:
    """The graphs' states one after another (S of them), how likely each is at one frame, and how each was
    reached at all frames."""

    def __init__(self, graphs: Sequence[StateGraph], frames: int) -> None:
        self.frames = frames
        sizes = [len(graph.senones) for graph in graphs]
        total = sum(sizes)
        self._first = [int(first) for first in np.cumsum([0, *sizes])]
        self._graphs = graphs
        stay = np.concatenate([graph.stay for graph in graphs])
        leave = np.concatenate([graph.leave for graph in graphs])
        self._stay = stay
        self._gain = leave - stay
        self._entries = self._shifted([graph.entries for graph in graphs])
        before = self._before(total)
        self._entry_of = {entry: column for column, entry in enumerate(self._entries.tolist())}
        # Nothing leads to the silence that a sentence begins with, so the last exit is the one of nowhere.
        self._exits, columns = np.unique(before, return_inverse=True)
        self._columns = columns.reshape(before.shape)
        # What arrives at state s lies at s, so what leaves state s for the next lies at s + 1.
        self._arriving = np.full(total + 2, _NEVER, np.float32)
        self._likely = np.full(total, _NEVER, np.float32)
        starts = self._shifted([graph.starts for graph in graphs])
        self._likely[starts] = 0.0
        self._left = np.empty((frames, len(self._exits)), np.float32)
        self._moved = np.zeros((frames, total), bool)
        self._candidates = np.empty(self._columns.shape, np.float32)
        self._best = np.empty(len(self._entries), np.float32)

    def _shifted(self, states: Sequence[Numbers]) -> Numbers:
        return np.concatenate([one + first for one, first in zip(states, self._first, strict=False)])

    def _before(self, total: int) -> NDArray[np.intp]:
        """Return the states that entries are reached from: [K, entries], `total` for none."""
        most = max(len(graph.before) for graph in self._graphs)
        parts = []
        for graph, first in zip(self._graphs, self._first, strict=False):
            part = np.full((most, len(graph.entries)), total, np.intp)
            part[: len(graph.before)] = np.where(
                graph.before == len(graph.senones), total, graph.before + first
            )
            parts.append(part)
        return np.concatenate(parts, axis=1)

    def fits(self, heard: Sequence[Heard], start: int, end: int) -> Floats:
        """Return how well some frames fit all states, with what staying there costs; frames after the last of
        a sentence fit all alike."""
        fits = np.zeros((end - start, len(self._likely)), np.float32)
        for one, first, last in zip(heard, self._first, self._first[1:], strict=False):
            scores = one.scores[start:end]
            np.take(scores, one.columns, axis=1, out=fits[: len(scores), first:last], mode="clip")
        fits += self._stay
        return fits

    def step(self, frame: int, fit: Floats) -> None:
        """Go on to a frame, which fits the states so."""
        likely, arriving = self._likely, self._arriving
        if frame:
            np.add(likely, self._gain, out=arriving[1:-1])
            left = self._left[frame]
            np.take(arriving[1:], self._exits, out=left, mode="clip")
            np.take(left, self._columns, out=self._candidates, mode="clip")
            np.maximum.reduce(self._candidates, axis=0, out=self._best)
            arriving[self._entries] = self._best
            np.greater(arriving[:-2], likely, out=self._moved[frame])
            np.maximum(arriving[:-2], likely, out=likely)
        likely += fit

    def end(self, at: int) -> int:
        """Return the likeliest last state of a graph, if its end was reached."""
        states = self._graphs[at].ends + self._first[at]
        best = int(states[self._likely[states].argmax()])
        return best if self._likely[best] > _NEVER / 2 else _NOWHERE

    def trace(self, at: int, frame: int, state: int) -> list[Stretch]:
        """Return the path of a graph that ends at a frame in a state."""
        first, width = self._first[at], len(self._likely)
        moved = self._moved.view(np.uint8).data.cast("B")
        path: list[Stretch] = []
        while True:
            begin = frame
            while begin and not moved[begin * width + state]:
                begin -= 1
            path.append(Stretch(state - first, begin, frame + 1))
            if not begin:
                return path[::-1]
            column = self._entry_of.get(state)
            if column is None:
                state -= 1
            else:
                choices = self._columns[:, column]
                state = int(self._exits[choices[self._left[begin][choices].argmax()]])
            frame = begin - 1
