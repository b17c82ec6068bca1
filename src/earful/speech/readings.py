"""Other readings of a segment: what the decoder nearly chose is followed too, and the likeliest text is kept.

A decoder that takes the likeliest token at each step may begin a text that as a whole is less likely than
another. Where it was in doubt, the text is read again with the next best token there; mostly the rest stays,
so it is a draft that is checked in one pass. What was never in doubt costs nothing more.
"""

import math
from collections.abc import Sequence
from itertools import accumulate

from earful.speech.decoding import Network, Rival, Row
from earful.speech.tokenizer import END

__all__ = ["likeliest"]

_SURE = 0.9
"""Confidence from which no other reading is tried: none was likelier."""
_MOST = 8
"""Readings that are tried beside the first. A second round, from where these were in doubt, found no more."""
_DOUBT = -math.log(0.1)
"""A rival is followed when the token that was chosen is at most so much likelier (log)."""
_BEHIND = 1.0
"""A reading is given up when as many tokens of the first are likelier by more than this (log)."""


def likeliest(network: Network, rows: Sequence[Row]) -> list[Row]:
    """Return for each watched row that has ended itself, or a likelier reading of the same segment."""
    tried = [_others(row) for row in rows]
    if others := [row for readings in tried for row in readings]:
        network.decode(others)
    return [
        max((row, *(one for one in readings if not (one.looped or one.given_up))), key=_worth)
        for row, readings in zip(rows, tried, strict=True)
    ]


def _others(row: Row) -> list[Row]:
    """Return rows that begin as this one does, and go on with a rival; the nearest rivals first."""
    if row.looped or row.confidence >= _SURE:
        return []
    near = [rival for rival in row.rivals if rival.behind <= _DOUBT and rival.token != END]
    steps = [
        0.0 if math.isnan(sure) else sure + favour
        for sure, favour in zip(row.logprobs, row.favours, strict=True)
    ]
    pace = tuple(worth - _BEHIND for worth in accumulate([*steps, row.end_logprob]))
    return [_with(row, rival, pace) for rival in sorted(near, key=lambda rival: rival.behind)[:_MOST]]


def _with(row: Row, rival: Rival, pace: tuple[float, ...]) -> Row:
    before = zip(row.logprobs[: rival.at], row.favours[: rival.at], strict=True)
    return Row(
        row.frames,
        (*row.tokens[: rival.at], rival.token),
        tuple(row.tokens[rival.at + 1 :]),
        row.ceiling,
        row.bias,
        known=(*before, (rival.logprob, rival.favour)),
        pace=pace,
    )


def _worth(row: Row) -> float:
    """Return how likely a text is, made comparable among lengths: long ones would always be less likely."""
    return row.worth / math.sqrt(len(row.tokens) + 1)
