"""What decoding is about, whichever network does it: rows of tokens, when they end, what comes of them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from earful.speech.tokenizer import END, START
from earful.speech.types import Samples

__all__ = [
    "RIVALS",
    "Bias",
    "Decoded",
    "Frames",
    "Network",
    "Rival",
    "Row",
    "Scorer",
    "chances_of",
    "loop_length",
    "mean_chance",
    "sequences_as_ids",
    "with_prefix_logprobs",
]

RIVALS = 2
"""How many tokens beside the one that is chosen are looked at."""

Frames = NDArray[np.float32]
"""What an encoder heard, in its network's own form."""


Scorer = Callable[[Sequence[Sequence[int]]], list[list[float]]]
"""Tells how likely token sequences are, given the audio: the log-probability of each token and of the end."""


class Bias(Protocol):
    """Something that favours tokens, told which were chosen so far, and reads what was chosen once more."""

    def adjust(self, tokens: Sequence[int], logits: NDArray[np.float32]) -> None:
        """Change `logits` (float32 [vocabulary]) in place for the token that follows `tokens`."""
        ...

    def review(self, decoded: "Decoded", score: Scorer) -> "Decoded":
        """Return the hypothesis, or another that it finds better by the scores."""
        ...


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was recognised in one segment.

    `token_logprobs` goes with `tokens`; it is NaN for tokens that were given as a prefix. `confidence`
    is the geometric mean probability of the tokens chosen here, 0..1 (1.0 when nothing was chosen).
    `looped` says that the decoder fell into repetition and was cut, `end_logprob` how sure it was to stop.
    """

    tokens: tuple[int, ...]
    text: str
    confidence: float
    token_logprobs: tuple[float, ...]
    looped: bool = False
    end_logprob: float = 0.0


class Rival(NamedTuple):
    """A token that was nearly chosen at a place of a row: its log-probability, how much it is favoured."""

    at: int
    token: int
    logprob: float
    favour: float
    behind: float
    """By how much the token that was chosen is likelier, favour and all; not negative."""


@dataclass(slots=True)
class Row:
    """One segment on its way through a decoder: it begins with `forced`, `draft` is a guess at the rest.

    `ceiling` is the most tokens it may have. A token of the draft is kept when the decoder, reading it with
    the rest, chooses it with a chance of `trust`; one that is less sure is chosen by itself. `known` are the
    log-probabilities of the forced tokens and how much each is favoured, where that is known. A `watched`
    row notes rivals: tokens that were nearly chosen.
    """

    frames: Frames
    forced: tuple[int, ...]
    draft: tuple[int, ...]
    ceiling: int
    bias: Bias | None
    trust: float = 0.0
    known: tuple[tuple[float, float], ...] = ()
    watched: bool = False
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    favours: list[float] = field(default_factory=list)
    rivals: list[Rival] = field(default_factory=list)
    worth: float = 0.0
    looped: bool = False
    ended: bool = False
    end_logprob: float = 0.0
    """How likely the end is; `worth` is how likely all of it is, favours and all, as far as it is known."""

    @property
    def confidence(self) -> float:
        """The geometric mean probability of the tokens where that is known, 0..1 (1.0 when nowhere)."""
        chance = mean_chance(self.logprobs)
        return 1.0 if chance is None else chance

    def begin(self, count: int) -> None:
        """Start with the first `count` forced tokens."""
        self.tokens, self.logprobs, self.favours, self.worth = [], [], [], 0.0
        for _ in range(count):
            self._take_forced()

    def take(
        self, token: int, logprob: float, favour: float = 0.0, rivals: Sequence[tuple[int, float, float]] = ()
    ) -> None:
        """Go on with the token that the decoder chose, unless that ends the row or a token is forced here.

        `rivals` are what else it may have been: tokens, their log-probabilities and favour.
        """
        at = len(self.tokens)
        if at < len(self.forced):
            self._take_forced()
            return
        if self.watched:
            best = logprob + favour
            self.rivals += (Rival(at, *other, max(0.0, best - other[1] - other[2])) for other in rivals)
        if token == END or at >= self.ceiling:
            self.end_logprob = logprob if token == END else -math.inf
            self.worth += self.end_logprob
            self.ended = True
            return
        self._add(token, logprob, favour)
        extra = loop_length(self.tokens)
        if extra:
            del self.tokens[-extra:], self.logprobs[-extra:], self.favours[-extra:]
            self.looped = self.ended = True

    def choose(self, scores: NDArray[np.float32]) -> None:
        """Go on with the likeliest token by its scores (float32 [vocabulary], changed), bias and all."""
        top = float(scores.max())
        norm = top + math.log(float(np.exp(scores - top).sum()))
        plain = scores
        if self.bias is not None and len(self.tokens) >= len(self.forced):
            plain = scores.copy()
            self.bias.adjust(self.tokens, scores)
        token, *others = best_of(scores, 1 + RIVALS if self.watched else 1)
        logprob, favour = float(plain[token]) - norm, float(scores[token] - plain[token])
        rivals = [
            (other, float(plain[other]) - norm, float(scores[other] - plain[other])) for other in others
        ]
        self.take(token, logprob, favour, rivals)

    def _take_forced(self) -> None:
        at = len(self.tokens)
        logprob, favour = self.known[at] if at < len(self.known) else (math.nan, 0.0)
        self._add(self.forced[at], logprob, favour)

    def _add(self, token: int, logprob: float, favour: float) -> None:
        self.tokens.append(token)
        self.logprobs.append(logprob)
        self.favours.append(favour)
        if not math.isnan(logprob):
            self.worth += logprob + favour


def mean_chance(logprobs: Sequence[float]) -> float | None:
    """Return the geometric mean of the probabilities that are known (not NaN), None when none is."""
    known = [value for value in logprobs if not math.isnan(value)]
    return math.exp(sum(known) / len(known)) if known else None


def best_of(scores: NDArray[np.float32], count: int) -> list[int]:
    """Return the tokens of the highest scores (float32 [vocabulary]), the highest first."""
    if count == 1:
        return [int(scores.argmax())]
    best = np.argpartition(scores, -count)[-count:]
    return [int(token) for token in best[np.argsort(-scores[best])]]


class Network(Protocol):
    """An encoder and a decoder. Both may be used by several threads at a time."""

    batch: int

    def encode(self, sound: Samples) -> Frames:
        """Hear one segment (float32 [n], 16 kHz) at the loudness the network knows."""
        ...

    def length(self, frames: Frames) -> int:
        """Return how many frames of 24 ms were heard."""
        ...

    def decode(self, rows: Sequence[Row]) -> None:
        """Bring all rows to their ends."""
        ...

    def score(self, frames: Frames, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return how likely each sequence is (no more of them than a batch); see `Scorer`."""
        ...


def sequences_as_ids(sequences: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Return what a decoder reads to judge sequences of tokens: int64 [sequences, longest + 1]."""
    ids = np.full((len(sequences), 1 + max(len(sequence) for sequence in sequences)), END, np.int64)
    ids[:, 0] = START
    for at, sequence in enumerate(sequences):
        ids[at, 1 : 1 + len(sequence)] = sequence
    return ids


def chances_of(sequence: Sequence[int], logits: NDArray[np.float32]) -> list[float]:
    """Return the log-probability of each token and of the end (logits float32 [n + 1, vocabulary])."""
    chosen = np.take_along_axis(logits, np.array([[*sequence, END]]).T, axis=1)[:, 0]
    top = logits.max(axis=1)
    norms = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return [float(value) for value in chosen - norms]


def loop_length(tokens: Sequence[int]) -> int:
    """Return how many tokens at the end of `tokens` only repeat what came before them, 0 when none.

    One token must come seven times, a pair five times, three to eight tokens four times and anything up
    to 24 tokens three times before it counts: people do say "no no no".
    """
    size = len(tokens)
    for period in range(1, min(24, size // 3) + 1):
        times = 7 if period == 1 else 5 if period == 2 else 4 if period <= 8 else 3
        span = period * times
        if size >= span and all(tokens[-i] == tokens[-i - period] for i in range(1, span - period + 1)):
            return span - period
    return 0


def with_prefix_logprobs(decoded: Decoded, known: Sequence[float]) -> Decoded:
    """Return `decoded` with the log-probabilities its prefix had when it was first recognised."""
    merged = tuple(
        known[at] if math.isnan(value) and at < len(known) else value
        for at, value in enumerate(decoded.token_logprobs)
    )
    chance = mean_chance(merged)
    return replace(
        decoded, token_logprobs=merged, confidence=decoded.confidence if chance is None else chance
    )
