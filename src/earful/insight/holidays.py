"""The day of a year that a holiday falls on, where its name says so in English-speaking countries."""

import re
from datetime import date, timedelta

__all__ = ["HOLIDAY", "HOLIDAY_WORDS", "holiday", "weekday_of_month"]

_FIXED = {
    "christmas eve": (12, 24),
    "christmas day": (12, 25),
    "christmas": (12, 25),
    "boxing day": (12, 26),
    "new year's eve": (12, 31),
    "new years eve": (12, 31),
    "new year's day": (1, 1),
    "new years day": (1, 1),
    "new year's": (1, 1),
    "new years": (1, 1),
    "halloween": (10, 31),
    "valentine's day": (2, 14),
    "valentines day": (2, 14),
    "independence day": (7, 4),
    "veterans day": (11, 11),
    "st patrick's day": (3, 17),
    "st. patrick's day": (3, 17),
    "juneteenth": (6, 19),
}
# Month, weekday from Monday 0, and which of them; -1 is the last. Days to add after that.
_BY_WEEKDAY = {
    "thanksgiving": (11, 3, 4, 0),
    "thanksgiving day": (11, 3, 4, 0),
    "black friday": (11, 3, 4, 1),
    "cyber monday": (11, 3, 4, 4),
    "labor day": (9, 0, 1, 0),
    "memorial day": (5, 0, -1, 0),
    "martin luther king day": (1, 0, 3, 0),
    "presidents day": (2, 0, 3, 0),
}
_FROM_EASTER = {"good friday": -2, "easter": 0, "easter sunday": 0, "easter monday": 1, "ash wednesday": -46}
_UNKNOWN = ("ramadan", "hanukkah", "diwali", "passover", "lunar new year", "chinese new year")
_ALL = {*_FIXED, *_BY_WEEKDAY, *_FROM_EASTER, *_UNKNOWN}
HOLIDAY = "|".join(
    re.sub(r"'", "['’]?", re.escape(name).replace(r"\ ", r"\s+").replace(r"\'", "'"))
    for name in sorted(_ALL, key=len, reverse=True)
)
HOLIDAY_WORDS = frozenset(re.split(r"\W", name)[0] for name in _ALL)
"""The first words of their names."""


def holiday(name: str, year: int) -> date | None:
    """Return the day, or None where the calendar alone does not tell. `name` is in lower case."""
    name = re.sub(r"\s+", " ", name.replace("’", "'"))
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _BY_WEEKDAY:
        month, weekday, which, later = _BY_WEEKDAY[name]
        found = weekday_of_month(year, month, weekday, which)
        return found + timedelta(days=later) if found else None
    if name in _FROM_EASTER:
        return _easter(year) + timedelta(days=_FROM_EASTER[name])
    return None


def weekday_of_month(year: int, month: int, weekday: int, which: int) -> date | None:
    """Return the `which`-th such weekday (0 is Monday) of a month, -1 for the last; None if there is none."""
    if which == -1:
        first = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=7)
        return first + timedelta(days=(weekday - first.weekday()) % 7)
    first = date(year, month, 1)
    found = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))
    return found if found.month == month else None


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm, Nature 1876)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, skipped = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - leap - correction + 15) % 30
    quarter, left = divmod(rest, 4)
    sunday = (32 + 2 * skipped + 2 * quarter - moon - left) % 7
    shift = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
