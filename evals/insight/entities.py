"""Entities: earnings calls and noisy posts; an entity is right when kind and place agree."""

import re
from datetime import datetime

from earful.insight.entities import find_entities

from .data import read
from .heard import hear
from .measures import Row, Tally, overlap_tally

__all__ = ["rows"]

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

Span = tuple[int, int, str]


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
            for exact in (True, False):
                ours, plain = Tally(), Tally()
                for item in some:
                    true = [
                        (e["start"], e["end"], _TRUE[e["label"]])
                        for e in item["entities"]
                        if _TRUE.get(e["label"]) in kinds
                    ]
                    for tally, find in ((ours, _ours), (plain, _plain)):
                        predicted = [span for span in find(item["text"]) if span[2] in kinds]
                        tally.merge(overlap_tally(true, predicted, exact=exact))
                task = f"entities: {group} ({source}, {'exact' if exact else 'overlap'})"
                table += [Row.of(task, "earful", ours), Row.of(task, "regular expressions", plain)]
    return table
