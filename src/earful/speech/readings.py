"""Other readings of a segment: what the decoder nearly chose is followed too, and the likeliest text is kept.

A decoder that takes the likeliest token at each step may begin a text that as a whole is less likely than
another. Where it was in doubt, the text is read again with the next best token there; mostly the rest stays,
so it is a draft that is checked in one pass. What was never in doubt costs nothing more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from earful.speech.decoding import Network, Rival, Row
from earful.speech.tokenizer import END

__all__ = ["SURE", "likeliest"]

SURE = 0.9
"""Confidence from which no other reading is tried: none was likelier."""
_MOST = 8
"""Readings that are tried beside the first. A second round, from where these were in doubt, found no more."""
_DOUBT = -math.log(0.1)
"""A rival is followed when the token that was chosen is at most so much likelier (log)."""
_BEHIND = 1.0
"""A reading is given up when as many tokens of the first are likelier by more than this (log)."""


_MET = 2
"""A reading that says so many tokens as the first does has come back to it, ..."""
_SHIFT = 4
"""... at most so many tokens earlier or later in the text."""
_WORTH_A_PASS = 4
_LATE = 0.3
"""One that has come back behind by more than this (log) is given up too: the rest is the same for both."""
_DRAFT = 3
"""So many tokens of the first reading are tried after a rival: either it is behind then or has come back."""


@dataclass(slots=True)
class _Reading(Row):
    """A text that goes another way than the first reading of its segment, and may come back to it.

    `pace` is how likely it must be at least after each of its tokens, and at last with its end; else it is
    given up. Where it has come back, it stops, to be read on with the rest of the first, from token `met` on.
    """

    first: tuple[int, ...] = ()
    pace: tuple[float, ...] = ()
    given_up: bool = False
    met: int | None = None

    def take(
        self, token: int, logprob: float, favour: float = 0.0, rivals: Sequence[tuple[int, float, float]] = ()
    ) -> None:
        """Go on with a token; see `Row.take`."""
        at = len(self.tokens)
        # Not super(): the decorator makes a class with slots anew, and it would look for the old one.
        Row.take(self, token, logprob, favour, rivals)
        if self.ended or at < len(self.forced):
            return
        if self.worth < self.pace[min(at, len(self.pace) - 1)]:
            self.given_up = self.ended = True
            return
        on_draft = tuple(self.tokens[len(self.forced) :]) == self.draft[: at + 1 - len(self.forced)]
        if not on_draft and (met := self._meeting()) is not None:
            self.given_up = self.worth < self.pace[met - 1] + _BEHIND - _LATE
            self.met, self.ended = met, True

    def _meeting(self) -> int | None:
        """Return up to where the first reading says what is said at the end here, if enough of it is left."""
        here, last = len(self.tokens), tuple(self.tokens[-_MET:])
        for shift in sorted(range(-_SHIFT, _SHIFT + 1), key=abs):
            end = here + shift
            if _MET <= end <= len(self.first) - _WORTH_A_PASS and self.first[end - _MET : end] == last:
                return end
        return None

    def resumed(self) -> "_Reading":
        """Return a reading that goes on from here with the rest of the first."""
        known = tuple(zip(self.logprobs, self.favours, strict=True))
        return _Reading(
            self.frames,
            tuple(self.tokens),
            self.first[self.met :],
            self.ceiling,
            self.bias,
            known=known,
            first=(),
            pace=self.pace,
        )


def likeliest(network: Network, rows: Sequence[Row], sure: float = SURE) -> list[Row]:
    """Return for each watched row that has ended itself, or a likelier reading of the same segment.

    Rows of a confidence of `sure` and more are left as they are.
    """
    tried = [[] if row.looped or row.confidence >= sure else _others(row) for row in rows]
    if others := [one for readings in tried for one in readings]:
        network.decode(others)
    if met := [one for one in others if one.met is not None and not one.given_up]:
        resumed = {id(one): one.resumed() for one in met}
        network.decode(list(resumed.values()))
        tried = [[resumed.get(id(one), one) for one in readings] for readings in tried]
    return [
        max((row, *(one for one in readings if not (one.looped or one.given_up))), key=_worth)
        for row, readings in zip(rows, tried, strict=True)
    ]


def _others(row: Row) -> list[_Reading]:
    """Return readings that begin as a row does, and go on with a rival; the nearest rivals first."""
    near = [rival for rival in row.rivals if rival.behind <= _DOUBT and rival.token != END]
    if not near:
        return []
    steps = [
        0.0 if math.isnan(sure) else sure + favour
        for sure, favour in zip(row.logprobs, row.favours, strict=True)
    ]
    pace = tuple(worth - _BEHIND for worth in accumulate([*steps, row.end_logprob]))
    return [_with(row, rival, pace) for rival in sorted(near, key=lambda rival: rival.behind)[:_MOST]]


def _with(row: Row, rival: Rival, pace: tuple[float, ...]) -> _Reading:
    before = zip(row.logprobs[: rival.at], row.favours[: rival.at], strict=True)
    return _Reading(
        row.frames,
        (*row.tokens[: rival.at], rival.token),
        tuple(row.tokens[rival.at + 1 :][:_DRAFT]),
        row.ceiling,
        row.bias,
        known=(*before, (rival.logprob, rival.favour)),
        first=tuple(row.tokens),
        pace=pace,
    )


def _worth(row: Row) -> float:
    """Return how likely a text is, made comparable among lengths: long ones would always be less likely."""
    return row.worth / math.sqrt(len(row.tokens) + 1)
