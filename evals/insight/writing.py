"""Marks and capitals put back into talk that comes without any, against how its transcribers wrote it.

Consultations, which nothing like was trained on, and meetings of other groups than those trained on. Turns of
four words and more, one by one, as a recogniser's segments come. The baseline writes what is always likely: a
capital at the beginning, a full stop at the end. "inside" leaves out the last word of each turn and, of
capitals, the first: there the baseline has nothing right.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from earful.insight.encoder import shared_encoder
from earful.insight.writing import restored

from .data import read
from .measures import Row, Tally

__all__ = ["bared", "rows", "score"]

_TURNS, _LEAST = 400, 4
_KINDS = ("sentence ends", "sentence ends inside", "question marks", "commas", "capitals", "capitals inside")


class _Word(NamedTuple):
    mark: str
    capital: bool


def bared(text: str) -> tuple[str, list[_Word]]:
    """Return a written text as plain recognisers give it, and how each of its words was written."""
    words, forms = [], []
    for word in text.split():
        plain = re.sub(r"^[^\w']+|[^\w']+$", "", word)
        if not plain:
            continue
        words.append(plain.lower())
        forms.append(_form(word))
    return " ".join(words), forms


def _form(word: str) -> _Word:
    mark = word.rstrip("\"')”’")[-1:]
    mark = {"!": ".", "…": ".", ";": ",", ":": ","}.get(mark, mark)
    return _Word(mark if mark in (".", ",", "?") else "", word.lstrip("\"'(“‘")[:1].isupper())


def _stopped(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def score(true: list[_Word], found: list[_Word]) -> dict[str, Tally]:
    """Count the marks and capitals of one text."""
    tallies = {kind: Tally() for kind in _KINDS}
    last = len(true) - 1
    for at, (right, said) in enumerate(zip(true, found, strict=True)):
        ends, ended = said.mark in (".", "?"), right.mark in (".", "?")
        tallies["sentence ends"].add(ends, ended)
        if at < last:
            tallies["sentence ends inside"].add(ends, ended)
        tallies["question marks"].add(said.mark == "?", right.mark == "?")
        if at < last:
            tallies["commas"].add(said.mark == ",", right.mark == ",")
        tallies["capitals"].add(said.capital, right.capital)
        if at:
            tallies["capitals inside"].add(said.capital, right.capital)
    return tallies


def _turns() -> Iterator[tuple[str, list[str]]]:
    for name, task in (("consultations_primock", "consultations"), ("meetings_ami", "meetings")):
        texts = [turn["text"] for item in read(name) for turn in item["turns"]]
        long = [text for text in texts if len(text.split()) >= _LEAST]
        yield task, long[:: max(1, len(long) // _TURNS)][:_TURNS]


def rows() -> list[Row]:
    """Score both ways of writing on both kinds of talk."""
    encoder = shared_encoder()
    systems: dict[str, Callable[[str], str]] = {
        "earful": lambda text: restored(encoder, text),
        "capital and full stop": _stopped,
    }
    table: list[Row] = []
    for task, texts in _turns():
        for name, write in systems.items() if texts else ():
            total = {kind: Tally() for kind in _KINDS}
            for text in texts:
                plain, true = bared(text)
                for kind, tally in score(true, [_form(word) for word in write(plain).split()]).items():
                    total[kind].merge(tally)
            table += [Row.of(f"writing: {kind} ({task})", name, total[kind]) for kind in _KINDS]
    return table
