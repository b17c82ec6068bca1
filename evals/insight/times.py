"""Values of times: what each time in a sentence means at the moment it was said, to the day or the minute.

The sentences and their meanings are the project's own, see `said_times`. Each meaning counts as one; a range
is right when both of its ends are. Dateparser knows no ranges, so the first day alone is scored as well.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from earful.insight.dates import DateSpan, find_dates

from . import stock
from .measures import Row, Tally
from .said_times import SAID, SAID_LATER

__all__ = ["Said", "meaning", "rows", "tally"]

Said = Sequence[tuple[str, str, tuple[str, ...]]]


def meaning(span: DateSpan) -> str | None:
    """Return what a time was resolved to, in the words of `said_times`; None if to nothing."""
    if span.first is None or span.last is None:
        return None
    if span.kind == "date":
        return f"{span.first:%Y-%m-%d}"
    if span.kind == "daterange":
        return f"{span.first:%Y-%m-%d}..{span.last:%Y-%m-%d}"
    if span.kind in ("datetime", "time"):
        return f"{span.first:%Y-%m-%d %H:%M}"
    return f"{span.first:%Y-%m-%d %H:%M}..{span.last:%Y-%m-%d %H:%M}"


def _ours(text: str, now: datetime) -> list[str]:
    return [value for span in find_dates(text, now) if (value := meaning(span)) is not None]


def _common(found: Sequence[str], true: Sequence[str]) -> Tally:
    both = Counter(found) & Counter(true)
    right = both.total()
    return Tally(right, len(found) - right, len(true) - right)


def tally(
    said: Said, find: Callable[[str, datetime], list[str]] | None = None, cut: int | None = None
) -> Tally:
    """Score a finder (ours if none is given) on sentences; `cut` compares only the start of a meaning."""
    total = Tally()
    for said_at, text, true in said:
        found = (find or _ours)(text, datetime.fromisoformat(said_at))
        total.merge(_common([one[:cut] for one in found], [one[:cut] for one in true]))
    return total


def rows() -> list[Row]:
    """Score ours beside Recognizers-Text and dateparser."""
    systems: list[tuple[str, Callable[[str, datetime], list[str]] | None]] = [
        ("earful", _ours),
        ("Recognizers-Text", stock.microsoft_times()),
        ("dateparser", stock.dateparser_times()),
    ]
    table = []
    for which, said in (("own, first set", SAID), ("own, second set", SAID_LATER)):
        for measure, cut in (("meaning", None), ("first day", 10)):
            for name, find in systems:
                if find is None:
                    continue
                table.append(Row.of(f"times: {measure} ({which})", name, tally(said, find, cut)))
    return table
