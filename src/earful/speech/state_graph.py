"""The states that a sentence may be said with: the phones of its words in their contexts, each way of saying
a word side by side, and silence before, between and after the words if there is any."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from earful.speech.acoustics import STATES, AcousticModel, Numbers

__all__ = ["NO_WORD", "StateGraph", "sentence_graph"]

NO_WORD = -1

_SILENCE = "SIL"
_SILENCE_COST = 10.0

Phones = Sequence[int]


@dataclass(frozen=True, slots=True)
class StateGraph:
    """States numbered so that most are reached from the one before them. S states, E entries.

    `senones` [S] is what each sounds like, `words` [S] which word it belongs to (`NO_WORD` in silence).
    `stay` and `leave` [S] are log probabilities. `entries` [E] are the states that are not (only) reached
    from the state before, `before` [K, E] those they are reached from, S where there are fewer than K. A path
    begins in one of `starts` and ends in one of `ends`.
    """

    senones: Numbers
    words: Numbers
    stay: NDArray[np.float32]
    leave: NDArray[np.float32]
    entries: Numbers
    before: Numbers
    starts: Numbers
    ends: Numbers


@dataclass(frozen=True, slots=True)
class _Open:
    """A node that the next word or silence may follow: its phone, and the phone that it expects."""

    node: int
    phone: int
    following: int


@dataclass(slots=True)
class _Builder:
    """Nodes (phones in context) as they are added; `before` are the nodes that each is reached from."""

    model: AcousticModel
    states: list[tuple[int, ...]] = field(default_factory=list)
    phones: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    before: list[list[int]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def add(self, phone: int, states: tuple[int, ...], word: int, before: Iterable[int]) -> int:
        self.states.append(states)
        self.phones.append(phone)
        self.words.append(word)
        self.before.append(list(before))
        return len(self.states) - 1

    def silence(self, before: Iterable[int]) -> int:
        phone = self.model.phone(_SILENCE)
        return self.add(phone, self.model.alone(phone), NO_WORD, before)

    def say(
        self, word: int, phones: Phones, quiet: int, opened: Sequence[_Open], rights: Iterable[int]
    ) -> Iterator[_Open]:
        """Add one way of saying a word, and yield the nodes at its end.

        It follows the silence `quiet` or what is open of the word before; `rights` are the phones that may
        follow it.
        """
        silence = self.model.phone(_SILENCE)
        lefts = {silence: [quiet]}
        for one in opened:
            if one.following == phones[0]:
                lefts.setdefault(one.phone, []).append(one.node)
        if len(phones) == 1:
            for left, before in lefts.items():
                yield from self._ends(word, phones[0], left, before, rights, first=True)
            return
        starts: dict[tuple[int, ...], int] = {}
        for left, before in lefts.items():
            states = self.model.states(phones[0], left, phones[1], first=True)
            if states in starts:
                self.before[starts[states]] += before
            else:
                starts[states] = self.add(phones[0], states, word, before)
        so_far = list(starts.values())
        for left, phone, right in zip(phones, phones[1:], phones[2:], strict=False):
            so_far = [self.add(phone, self.model.states(phone, left, right), word, so_far)]
        yield from self._ends(word, phones[-1], phones[-2], so_far, rights, first=False)

    def _ends(
        self, word: int, phone: int, left: int, before: Sequence[int], rights: Iterable[int], *, first: bool
    ) -> Iterator[_Open]:
        """Add a word's last phone, before each phone that may follow."""
        nodes: dict[tuple[int, ...], int] = {}
        for right in rights:
            states = self.model.states(phone, left, right, first=first, last=True)
            if states not in nodes:
                nodes[states] = self.add(phone, states, word, before)
            yield _Open(nodes[states], phone, right)

    def graph(self, starts: Sequence[int], ends: Sequence[int]) -> StateGraph:
        phones = np.array(self.phones)
        leave = self.model.leave[phones]
        leave[phones == self.model.phone(_SILENCE), -1] -= _SILENCE_COST
        entries = [at for at, before in enumerate(self.before) if before != [at - 1]]
        most = max(1, max(len(before) for before in self.before))
        nowhere = STATES * len(phones)
        before = np.full((most, len(entries)), nowhere, np.intp)
        for column, at in enumerate(entries):
            last = STATES * np.array(self.before[at], np.intp) + STATES - 1
            before[: len(last), column] = last
        return StateGraph(
            senones=np.array(self.states, np.intp).reshape(-1),
            words=np.repeat(self.words, STATES),
            stay=self.model.stay[phones].reshape(-1),
            leave=leave.reshape(-1),
            entries=STATES * np.array(entries, np.intp),
            before=before,
            starts=STATES * np.array(starts, np.intp),
            ends=STATES * np.array(ends, np.intp) + STATES - 1,
        )


def sentence_graph(model: AcousticModel, words: Sequence[Sequence[Phones]]) -> StateGraph:
    """Return the states of a sentence of one word or more, each with one way or more of saying it (phones by
    number)."""
    builder = _Builder(model)
    silence = model.phone(_SILENCE)
    quiet = builder.silence(())
    starts = [quiet]
    opened: list[_Open] = []
    for at, ways in enumerate(words):
        rights = {silence} | ({way[0] for way in words[at + 1]} if at + 1 < len(words) else set())
        known = len(builder.states)
        opened = [end for way in ways for end in builder.say(at, way, quiet, opened, rights)]
        if at == 0:
            starts += [node for node in range(known, len(builder.states)) if builder.before[node] == [quiet]]
        quiet = builder.silence(dict.fromkeys(end.node for end in opened if end.following == silence))
    return builder.graph(starts, [quiet, *builder.before[quiet]])
