"""Personal data: the characters that had to be masked, and those that were; recall counts double (F2)."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial

from earful.insight.redaction import find_personal_data

from . import stock
from .data import read
from .heard import hear
from .measures import Row, Tally
from .spoken_generated import generated
from .spoken_personal import SPOKEN

__all__ = ["rows"]

_NOW = datetime(2024, 5, 14, 10)
# What the reference asks to mask: no nationalities, titles, organisations, or places alone.
_LISTED = {
    "PERSON",
    "STREET_ADDRESS",
    "CREDIT_CARD",
    "DATE_TIME",
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "DOMAIN_NAME",
    "AGE",
    "US_SSN",
    "ZIP_CODE",
    "IBAN_CODE",
    "US_DRIVER_LICENSE",
    "IP_ADDRESS",
    "SWIFT_CODE",
    "US_BANK_NUMBER",
    "US_PASSPORT",
}
_PLAIN = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+|\b(?:\d[ -]?){12,19}\b|\b\d{3}-\d{2}-\d{4}\b|\+?\d?[ "
    r".(-]*\d{3}[ .)-]*\d{3}[ .-]*\d{4}\b|https?://\S+|www\.\S+"
)

Finder = Callable[[str, str], list[tuple[int, int]]]
Item = tuple[str, str, list[tuple[int, int]], list[tuple[int, int]]]


def _ours(text: str, before: str) -> list[tuple[int, int]]:
    found = find_personal_data(text, _NOW, heard=hear(text).names, before=before)
    return [(item.start, item.end) for item in found]


def _plain(text: str, _before: str) -> list[tuple[int, int]]:
    return [hit.span() for hit in _PLAIN.finditer(text)]


def _systems() -> list[tuple[str, Finder]]:
    systems: list[tuple[str, Finder]] = [("earful", _ours), ("regular expressions", _plain)]
    for name, library in (("Presidio", stock.presidio()), ("scrubadub", stock.scrubadub())):
        if library:
            systems.append((name, partial(_without_before, library)))
    return systems


def _without_before(
    find: Callable[[str], list[tuple[int, int]]], text: str, _before: str
) -> list[tuple[int, int]]:
    return find(text)


def _tally(find: Finder, items: list[Item]) -> Tally:
    """Count a true span as found when half of it is masked; a masked span as wrong when it touches none.

    Spans in the third place need not be masked, and may be.
    """
    total = Tally()
    for text, before, true, allowed in items:
        predicted = find(text, before)
        covered = [False] * len(text)
        for start, end in predicted:
            covered[start:end] = [True] * (end - start)
        for start, end in true:
            hit = sum(covered[start:end]) * 2 >= end - start
            total.right += hit
            total.missed += not hit
        total.wrong += sum(
            not any(start < other_end and end > other_start for other_start, other_end in [*true, *allowed])
            for start, end in predicted
        )
    return total


def rows() -> list[Row]:
    """Score the generated set and the project's spoken forms."""
    written = [
        (
            item["text"],
            "",
            [(e["start"], e["end"]) for e in item["entities"] if e["label"] in _LISTED],
            [(e["start"], e["end"]) for e in item["entities"] if e["label"] not in _LISTED],
        )
        for item in read("pii")
    ]
    table: list[Row] = []
    systems = _systems()
    for name, items in (
        ("personal data, written (generated)", written),
        ("personal data, spoken (own)", _spoken()),
        ("personal data, spoken (generated)", [(i.text, i.before, list(i.spans), []) for i in generated()]),
    ):
        if items:
            table += [Row.of(name, system, _tally(find, items), beta=2) for system, find in systems]
    return table


def _spoken() -> list[Item]:
    """Read `[personal data]` marks out of the written-down spoken forms."""
    items: list[Item] = []
    for marked in SPOKEN:
        text = ""
        true: list[tuple[int, int]] = []
        for index, part in enumerate(re.split(r"[\[\]]", marked)):
            if index % 2:
                true.append((len(text), len(text) + len(part)))
            text += part
        items.append((text, "", true, []))
    return items
