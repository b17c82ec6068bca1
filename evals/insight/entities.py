"""Entities: earnings calls and noisy posts; an entity is right when kind and place agree.

Three ways to compare places: exact, any overlap, and "core", which sets aside what is a habit of the corpus
and not a matter of right or wrong. It is applied to both sides alike: words that lead up to a value ("about",
"the", "our") and units and signs after it are cut off, ranges ("5 to 7") are cut into their ends, and the
"morning" of a greeting is no time. The reference of the earnings calls is itself machine-made and marks every
word of an amount by itself ("$36.8", "million"): pieces of one label with a blank between them are one.
"""

import re
from datetime import datetime
from typing import Any

from earful.insight.entities import find_entities

from .data import read
from .heard import hear
from .measures import Row, Tally, overlap_tally

__all__ = ["rows"]

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
_TO = re.compile(r"\s+(?:to|or)\s+|\s*[-–]\s*(?=[\d$])", re.IGNORECASE)
_GREETING = re.compile(r"(?:good[\s,]+)?(?:morning|afternoon|evening|night)|good", re.IGNORECASE)

Span = tuple[int, int, str]


def _core(text: str, spans: list[Span]) -> list[Span]:
    """Return the spans without what corpora differ in: lead-in words, units, ranges as one."""
    result: list[Span] = []
    for start, end, kind in spans:
        if kind == "time" and _GREETING.fullmatch(text[start:end]):
            continue
        at = start
        for cut in [*_TO.finditer(text, start, end), None]:
            stop = cut.start() if cut else end
            while (lead := _LEAD.match(text, at, stop)) and lead.end() < stop:
                at = lead.end()
            while (tail := _TAIL.search(text[at:stop])) and tail.start():
                stop = at + tail.start()
            if stop > at:
                result.append((at, stop, kind))
            at = cut.end() if cut else end
    return result


def _plain(text: str) -> list[Span]:
    times = [(*hit.span(), "time") for hit in _PLAIN_TIME.finditer(text)]
    taken = [span[:2] for span in times]
    numbers = [
        (*hit.span(), "number")
        for hit in _PLAIN_NUMBER.finditer(text)
        if not any(hit.start() < end and hit.end() > start for start, end in taken)
    ]
    return [*times, *numbers, *((*hit.span(), "person") for hit in _PLAIN_NAME.finditer(text))]


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


def rows() -> list[Row]:
    """Score names on both sources together, times and numbers on the earnings calls."""
    items = read("entities")
    table: list[Row] = []
    for source in sorted({item["source"] for item in items}):
        some = [item for item in items if item["source"] == source]
        groups = [("names", {"person", "location", "organization"})]
        if source.startswith("earn"):
            groups += [("times", {"time"}), ("numbers", {"number"})]
        for group, kinds in groups:
            for way in _WAYS if len(kinds) == 1 else ("exact", "overlap"):
                ours, plain = Tally(), Tally()
                for item in some:
                    true = _joined(item["entities"], kinds)
                    if way == "core":
                        true = _core(item["text"], true)
                    for tally, find in ((ours, _ours), (plain, _plain)):
                        predicted = [span for span in find(item["text"]) if span[2] in kinds]
                        if way == "core":
                            predicted = _core(item["text"], predicted)
                        tally.merge(overlap_tally(true, predicted, exact=way != "overlap"))
                task = f"entities: {group} ({source}, {way})"
                table += [Row.of(task, "earful", ours), Row.of(task, "regular expressions", plain)]
    return table
