"""Entities: earnings calls and noisy posts; an entity is right when kind and place agree.

Three ways to compare places: exact, any overlap, and "core", which sets aside what is a habit of the
reference and not a matter of right or wrong. It is applied to both sides alike, whoever is scored: words
that lead up to a value ("about", "the", "our"), units and signs after it and possessive endings are cut
off, ranges ("5 to 7") are cut into their ends, and four kinds of span are left out, because the
reference, which was made by machine, is at odds with itself about them (counted in its training part,
see docs/insight.md): the greeting "good morning", "Q3" or "3Q", "year over year" (cut into "year" and "year"
there) and years that lost their last digit ("2019." is written "201." in its texts). The reference marks
every word of an amount by itself ("$36.8", "million"): pieces of one label with a blank between them are
one.

Names are scored once more on "bare" talk, as a plain recogniser would give it: lower case, no marks. There is
no place to compare in a text that the finder writes out itself, so the words and the kind of a name count.

The stock recognisers beside ours were trained on, or written for, the same kinds: spaCy's small English
model knows OntoNotes, whose labels the reference uses.
"""

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from earful.insight.encoder import shared_encoder
from earful.insight.entities import find_entities
from earful.insight.writing import restored, without_commas

from . import stock
from .data import read
from .heard import hear
from .measures import Row, Tally, overlap_tally

__all__ = ["rows"]

_NAMES = frozenset(("person", "location", "organization"))
_WORD = re.compile(r"[\w']+")
_WAYS = ("exact", "core", "overlap")
_NOW = datetime(2020, 8, 5, 10)
_TRUE = {
    "PERSON": "person",
    "ORG": "organization",
    "GPE": "location",
    "LOC": "location",
    "FAC": "location",
    "DATE": "time",
    "TIME": "time",
    "CARDINAL": "number",
    "ORDINAL": "number",
    "QUANTITY": "number",
    "PERCENT": "number",
    "MONEY": "number",
    "person": "person",
    "location": "location",
    "corporation": "organization",
    "group": "organization",
}
_OURS = {
    "person": "person",
    "location": "location",
    "organization": "organization",
    "number": "number",
    "ordinal": "number",
    "money": "number",
    "percent": "number",
    "quantity": "number",
    "date": "time",
    "daterange": "time",
    "datetime": "time",
    "datetimerange": "time",
    "time": "time",
    "timerange": "time",
    "duration": "time",
}
_PLAIN_NUMBER = re.compile(r"[$€£]?\d[\d,.]*\d%?|[$€£]?\d%?")
_PLAIN_TIME = re.compile(
    r"\b(?:(?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December)(?: \d{1,2})?(?:,? \d{4})?"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:19|20)\d\d|today|tomorrow|yesterday"
    r"|(?:this|last|next) (?:week|month|quarter|year))\b"
)
_PLAIN_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)+")

_LEAD = re.compile(
    r"(?:the|an?|our|your|their|its|this|that|these|those|about|around|approximately|roughly|nearly|almost"
    r"|over|under"
    r"|only|just|some|another|additional|mere|plus|minus|up to|at least|as much as|as many as|more than"
    r"|less than|close to|in|of|for|[$€£+~-])(?![a-z])\s*",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:'s|\s*(?:[%.,]|percent(?:age)?|dollars?|cents?|bucks|euros?|pounds?|[a-z]*(?:tons?|feet|miles?"
    r"|meters?|watts?)))$",
    re.IGNORECASE,
)
_TO = re.compile(r"\s+(?:to|or|through)\s+|\s*[-–]\s*(?=[\d$])", re.IGNORECASE)
_BETWEEN = re.compile(r"between\s+", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_LINK = re.compile(r"[\s,]*(?:of\s+)?")
_LINK_AT_END = re.compile(r"(?:[\s,-]|\bof\s)+$")
_SET_ASIDE = re.compile(
    r"\bgood[\s,]+(?:morning|afternoon|evening|night)\b|^(?:morning|afternoon|evening)\b|\bQ[1-4]\b|\b[1-4]Q"
    r"|\b(?:year|quarter|month|week|day)[\s-]+(?:over|on|to)[\s-]+(?:year|quarter|month|week|day|date)\b"
    r"|\b(?:19|20)\d(?=\.?\s|\.?$)",
    re.IGNORECASE,
)

Span = tuple[int, int, str]


def _core(text: str, spans: list[Span]) -> list[Span]:
    """Return the spans without what corpora differ in: lead-in words, units, ranges as one."""
    result: list[Span] = []
    aside = [hit.span() for hit in _SET_ASIDE.finditer(text)]
    for start, end, kind in spans:
        at = _after_leads(text, start, end)
        ends = _TO
        if between := _BETWEEN.match(text, at, end):
            at, ends = between.end(), _AND
        for cut in [*ends.finditer(text, at, end), None]:
            stop = cut.start() if cut else end
            at = _after_leads(text, at, stop)
            while (tail := _TAIL.search(text[at:stop])) and tail.start():
                stop = at + tail.start()
            if kind in ("time", "number"):
                for first, last in aside:
                    if first <= at < last:
                        at = last
                        while (lead := _LINK.match(text, at, stop)) and lead.end() > at:
                            at = lead.end()
                    if at < first < stop <= last:
                        link = _LINK_AT_END.search(text[at:first])
                        stop = at + link.start() if link else first
            at = _after_leads(text, at, stop)
            if stop > at and text[at:stop].strip(" .,-"):
                result.append((at, stop, kind))
            at = cut.end() if cut else end
    return result


def _after_leads(text: str, at: int, stop: int) -> int:
    """Return where a span begins without the words that lead up to its value."""
    while (lead := _LEAD.match(text, at, stop)) and lead.end() < stop:
        at = lead.end()
    return at


def _plain(text: str) -> list[Span]:
    times = [(*hit.span(), "time") for hit in _PLAIN_TIME.finditer(text)]
    taken = [span[:2] for span in times]
    numbers = [
        (*hit.span(), "number")
        for hit in _PLAIN_NUMBER.finditer(text)
        if not any(hit.start() < end and hit.end() > start for start, end in taken)
    ]
    return [*times, *numbers, *((*hit.span(), "person") for hit in _PLAIN_NAME.finditer(text))]


@lru_cache(maxsize=10_000)
def _ours(text: str) -> list[Span]:
    return [
        (entity.offset, entity.offset + len(entity.text), _OURS[entity.type])
        for entity in find_entities(text, _NOW, (), hear(text).names)
        if entity.type in _OURS
    ]


def _joined(entities: list[dict[str, Any]], kinds: set[str]) -> list[Span]:
    """Return the reference's spans of these kinds, pieces of one amount or time together."""
    result: list[Span] = []
    last = ""
    for entity in sorted(entities, key=lambda each: int(each["start"])):
        kind = _TRUE.get(entity["label"])
        if kind not in kinds:
            continue
        if result and kind in ("number", "time") and entity["label"] == last:
            start, end, _ = result[-1]
            if entity["start"] == end + 1:
                result[-1] = (start, entity["end"], kind)
                continue
        result.append((entity["start"], entity["end"], kind))
        last = entity["label"]
    return result


def _systems(kinds: set[str]) -> list[tuple[str, Callable[[str], list[Span]]]]:
    systems: list[tuple[str, Callable[[str], list[Span]]]] = [
        ("earful", _ours),
        ("regular expressions", _plain),
    ]
    spacy = stock.spacy_spans({label: kind for label, kind in _TRUE.items() if label.isupper()})
    if spacy:
        systems.append(("spaCy en_core_web_sm", spacy))
    if kinds & {"time", "number"} and (microsoft := stock.microsoft_spans()):
        systems.append(("Recognizers-Text", microsoft))
    return systems


def _bare(text: str) -> str:
    return " ".join(_WORD.findall(text)).lower()


def _named(text: str, spans: list[Span]) -> Counter[tuple[str, str]]:
    """Return the names among spans as their words in lower case, with their kinds."""
    return Counter((_bare(text[start:end]), kind) for start, end, kind in spans if kind in _NAMES)


def _bare_rows(source: str, items: list[dict[str, Any]]) -> list[Row]:
    """Score names in lower-case talk without marks."""

    def written_out(text: str) -> tuple[str, list[Span]]:
        text, _ = without_commas(restored(shared_encoder(), text))
        return text, _ours(text)

    systems: list[tuple[str, Callable[[str], tuple[str, list[Span]]]]] = [("earful", written_out)]
    if spacy := stock.spacy_spans({label: kind for label, kind in _TRUE.items() if label.isupper()}):
        systems.append(("spaCy en_core_web_sm", lambda text: (text, spacy(text))))
    table = []
    for name, find in systems:
        tally = Tally()
        for item in items:
            true = _named(item["text"], _joined(item["entities"], set(_NAMES)))
            found = _named(*find(_bare(item["text"])))
            right = (true & found).total()
            tally.merge(Tally(right, found.total() - right, true.total() - right))
        table.append(Row.of(f"entities: names ({source}, bare, as words)", name, tally))
    return table


def rows() -> list[Row]:
    """Score names on both sources together, times and numbers on the earnings calls."""
    items = read("entities")
    table: list[Row] = []
    for source in sorted({item["source"] for item in items}):
        some = [item for item in items if item["source"] == source]
        groups = [("names", set(_NAMES))]
        if source.startswith("earn"):
            groups += [
                ("times", {"time"}),
                ("numbers", {"number"}),
                ("times and numbers", {"time", "number"}),
            ]
        for group, kinds in groups:
            systems = _systems(kinds)
            for way in ("exact", "overlap") if group == "names" else _WAYS:
                for name, find in systems:
                    tally = Tally()
                    for item in some:
                        true = _joined(item["entities"], kinds)
                        predicted = [span for span in find(item["text"]) if span[2] in kinds]
                        if way == "core":
                            true, predicted = _core(item["text"], true), _core(item["text"], predicted)
                        tally.merge(overlap_tally(true, predicted, exact=way != "overlap"))
                    table.append(Row.of(f"entities: {group} ({source}, {way})", name, tally))
        table += _bare_rows(source, some)
    return table
