"""Days, weeks, quarters and other stretches of the calendar as people say them.

Each rule is a pattern over lower-case text and a maker that resolves a hit against the local moment
it was said at, giving the kind and the first and last moment (None where the words do not say).
"""

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Literal

from earful.insight.numbers import ORDINALS, SMALL

__all__ = ["DAY_RULES", "MONTH_NAMES", "DateKind", "month_span", "months_away"]

DateKind = Literal["date", "daterange", "datetime", "datetimerange", "time", "timerange", "duration"]
Maker = Callable[[re.Match[str], datetime], "tuple[DateKind, datetime | None, datetime | None] | None"]


_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_WEEKDAYS |= {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4}
_UNITS = {
    "second": 0,
    "minute": 0,
    "hour": 0,
    "day": 1,
    "night": 1,
    "week": 7,
    "month": 30,
    "quarter": 91,
    "year": 365,
    "decade": 3650,
}
_HOLIDAYS = {
    "christmas eve": (12, 24),
    "christmas day": (12, 25),
    "christmas": (12, 25),
    "boxing day": (12, 26),
    "new year's eve": (12, 31),
    "new year's day": (1, 1),
    "new year's": (1, 1),
    "halloween": (10, 31),
    "valentine's day": (2, 14),
    "independence day": (7, 4),
    "veterans day": (11, 11),
    "st patrick's day": (3, 17),
}
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 2)}


def _any(words: "dict[str, int] | list[str]") -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


MONTH_NAMES = _any([name for name in _MONTHS if len(name) > 4])
_MONTH = rf"(?:(?:{MONTH_NAMES})\b|(?:{_any(_MONTHS)})\b\.?)"
_DAY_WORD = (
    rf"(?:{_any({**{w: n for w, n in ORDINALS.items() if 0 < n < 32}})}|(?:twenty|thirty)"
    r"[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))"
)
_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)\b|{_DAY_WORD})"
_NUM = (
    r"(?:\d+(?:\.\d+)?|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[- ](?:one"
    rf"|two|three|four|five|six|seven|eight|nine)|{_any(list(SMALL))})"
)
_YEAR_WORDS = (
    r"(?:(?:two thousand(?: and)?(?: (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?)"
    r"|(?:nineteen|twenty)[ -](?:(?:oh|o)[ -](?:one|two|three|four|five|six|seven|eight|nine)"
    r"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three"
    r"|four|five|six|seven|eight|nine))?"
    r"|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen))"
)
_YEAR = rf"(?:(?:19|20)\d\d\b|{_YEAR_WORDS}\b)"
_UNIT = r"(?:second|minute|hour|day|night|week|month|quarter|year|decade)s?"
_PERIOD = r"(?:day|week|weekend|month|quarter|year|decade)"
_WEEKDAY = rf"(?:{_any({w: n for w, n in _WEEKDAYS.items() if len(w) > 4 or w in ('tues', 'thur')})})"
_COUNT = (
    rf"(?:(?:{_NUM})(?:\s+and\s+a\s+half)?|a\s+couple(?:\s+of)?|a\s+few|several|many|an?|half\s+an?|a\s+half)"
)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _day(day: date) -> tuple[DateKind, datetime, datetime]:
    return "date", _midnight(day), _midnight(day)


def _span(first: date, last: date) -> tuple[DateKind, datetime, datetime]:
    return "daterange", _midnight(first), _midnight(last)


def _count(text: str) -> float:
    """Return how many a counting expression means; a few is three."""
    text = text.strip()
    if text.startswith(("a couple", "couple")):
        return 2
    if text.startswith(("a few", "few", "several", "many")):
        return 3
    if text.startswith(("half", "a half")):
        return 0.5
    extra = 0.5 if text.endswith("and a half") else 0
    head = text.split(" and")[0].strip()
    if head in ("a", "an"):
        return 1 + extra
    try:
        return float(head) + extra
    except ValueError:
        return sum(SMALL.get(part, 0) for part in re.split(r"[- ]", head)) + extra


def _year(text: str | None, fallback: int) -> int:
    if not text:
        return fallback
    if text[:4].isdigit():
        return int(text[:4])
    parts = [part for part in re.split(r"[ -]", text) if part != "and"]
    if parts[:2] == ["two", "thousand"]:
        return 2000 + sum(SMALL[part] for part in parts[2:])
    rest = [part for part in parts[1:] if part not in ("oh", "o")]
    return SMALL[parts[0]] * 100 + sum(SMALL[part] for part in rest)


def _ordinal(text: str) -> int:
    digits = re.match(r"\d+", text)
    if digits:
        return int(digits.group())
    return sum(ORDINALS.get(part, 0) or SMALL.get(part, 0) for part in re.split(r"[- ]", text))


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _nearest_year(month: int, day: int, now: datetime) -> date | None:
    """Return that day in the year that makes it lie nearest ahead, or up to three months behind."""
    found = _safe(now.year, month, day)
    if found and (now.date() - found).days > 92:
        return _safe(now.year + 1, month, day) or found
    return found


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _shift_month(year: int, month: int, by: int) -> tuple[int, int]:
    index = year * 12 + month - 1 + by
    return index // 12, index % 12 + 1


def months_away(moment: datetime, by: int) -> datetime:
    """Return the same day `by` months away, or the last of a month that is shorter."""
    year, month = _shift_month(moment.year, moment.month, by)
    return moment.replace(year=year, month=month, day=min(moment.day, _month_end(year, month).day))


def _period(unit: str, by: int, now: datetime) -> tuple[date, date]:
    """Return the first and last day of the day, week, month, quarter or year `by` units from now."""
    today = now.date()
    if unit == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=by)
        return monday, monday + timedelta(days=6)
    if unit == "weekend":
        saturday = today - timedelta(days=today.weekday()) + timedelta(days=5, weeks=by)
        return saturday, saturday + timedelta(days=1)
    if unit == "month":
        year, month = _shift_month(today.year, today.month, by)
        return date(year, month, 1), _month_end(year, month)
    if unit == "quarter":
        year, month = _shift_month(today.year, (today.month - 1) // 3 * 3 + 1, 3 * by)
        return date(year, month, 1), _month_end(year, month + 2)
    if unit == "year":
        return date(today.year + by, 1, 1), date(today.year + by, 12, 31)
    if unit == "decade":
        first = (today.year // 10 + by) * 10
        return date(first, 1, 1), date(first + 9, 12, 31)
    day = today + timedelta(days=by)
    return day, day


def _from_month_day(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    month = _MONTHS[hit["month"].rstrip(".")]
    day = _ordinal(hit["day"])
    found = _safe(_year(hit["year"], 0), month, day) if hit["year"] else _nearest_year(month, day, now)
    return _day(found) if found else None


def _from_month(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    word = hit["month"].rstrip(".")
    month = _MONTHS[word]
    if hit["year"]:
        year = _year(hit["year"], now.year)
    else:
        year = now.year + (1 if now.month - month > 3 else 0)
        if (hit["when"] or "").strip() == "last":
            year = now.year if month < now.month else now.year - 1
        elif (hit["when"] or "").strip() == "next":
            year = now.year if month > now.month else now.year + 1
    return _span(date(year, month, 1), _month_end(year, month))


def month_span(name: str, now: datetime) -> tuple[DateKind, datetime, datetime]:
    """Return the month of that name that lies nearest ahead, or up to three months behind."""
    month = _MONTHS[name.lower()]
    year = now.year + (1 if now.month - month > 3 else 0)
    return _span(date(year, month, 1), _month_end(year, month))


def _from_weekday(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    wanted = _WEEKDAYS[hit["weekday"]]
    today = now.date()
    monday = today - timedelta(days=today.weekday())
    when = (hit["when"] or "").strip()
    if when == "next" or (hit["after"] or ""):
        return _day(monday + timedelta(days=7 + wanted))
    if when in ("last", "past", "previous"):
        return _day(today - timedelta(days=(today.weekday() - wanted) % 7 or 7))
    ahead = (wanted - today.weekday()) % 7
    return _day(today + timedelta(days=ahead or (0 if when == "this" else 7)))


def _from_relative_day(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    word = re.sub(r"\s+", " ", hit["relative"])
    if word == "tonight":
        return "datetimerange", datetime.combine(now, time(19)), datetime.combine(now, time(23, 59, 59))
    by = {"yesterday": -1, "tomorrow": 1, "day after tomorrow": 2, "day before yesterday": -2}
    return _day(now.date() + timedelta(days=by.get(word.removeprefix("the "), 0)))


_BY = {
    "next": 1,
    "coming": 1,
    "upcoming": 1,
    "following": 1,
    "last": -1,
    "past": -1,
    "previous": -1,
    "prior": -1,
}


def _from_period(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    by = _BY.get(hit["when"].strip(), 0)
    unit = hit["unit"].rstrip("s")
    count = hit["count"]
    if count:
        size = _count(count)
        days = timedelta(days=size * _UNITS.get(unit, 1))
        today = now.date()
        return _span(today - days, today) if by < 0 else _span(today, today + days)
    if unit in _UNITS and not _UNITS[unit]:
        return None
    first, last = _period("day" if unit == "night" else unit, by, now)
    return _day(first) if unit == "day" else _span(first, last)


def _from_edge(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    """Resolve "the end of the month", "early next week", "the second half of 2020"."""
    edge, unit = hit["edge"], hit["unit"]
    by = _BY.get((hit["when"] or "").strip(), 0)
    if unit in _MONTHS:
        first, last = date(now.year, _MONTHS[unit], 1), _month_end(now.year, _MONTHS[unit])
    elif unit in _PERIODS:
        first, last = _period(unit, by, now)
    else:
        year = _year(unit, now.year)
        first, last = date(year, 1, 1), date(year, 12, 31)
    if unit == "day":
        return "datetime", datetime.combine(first, time(17)), datetime.combine(first, time(17))
    if edge.startswith(("end", "close")):
        if unit == "week" and by >= 0:
            last = first + timedelta(days=4)
        return _day(last)
    length = last - first
    if "half" in edge:
        middle = first + length / 2
        return _span(first, middle) if edge.startswith("first") else _span(middle, last)
    if edge.startswith(("begin", "start", "early")):
        return _span(first, first + length / 3)
    if edge.startswith("mid"):
        return _span(first + length / 3, last - length / 3)
    return _span(last - length / 3, last)


def _from_day_end(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    end = datetime.combine(now, time(17))
    return "datetime", end, end


def _from_weeks_on(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    """Resolve "a week from Friday", "two weeks from tomorrow"."""
    start = hit["weekday"]
    ahead = {"today": 0, "tomorrow": 1}.get(start)
    if ahead is None:
        ahead = (_WEEKDAYS[start] - now.weekday()) % 7 or 7
    return _day(now.date() + timedelta(days=ahead, weeks=int(_count(hit["count"]))))


_PERIODS = ("day", "week", "weekend", "month", "quarter", "year", "decade")


def _from_distance(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime | None, datetime | None]:
    """Resolve "in two weeks", "within an hour", "three days ago"."""
    size = _count(hit["count"])
    unit = hit["unit"].rstrip("s")
    before = bool(hit.groupdict().get("ago"))
    if _UNITS[unit] == 0:
        seconds = size * {"second": 1, "minute": 60, "hour": 3600}[unit]
        moment = (now + timedelta(seconds=-seconds if before else seconds)).replace(microsecond=0)
        return "datetime", moment, moment
    days = round(size * _UNITS[unit])
    if unit == "month" or unit == "quarter":
        months = int(size * (3 if unit == "quarter" else 1))
        year, month = _shift_month(now.year, now.month, -months if before else months)
        return _day(date(year, month, min(now.day, calendar.monthrange(year, month)[1])))
    if unit == "year" and size == int(size):
        year = now.year + int(-size if before else size)
        return _day(_safe(year, now.month, now.day) or date(year, now.month, 28))
    return _day(now.date() + timedelta(days=-days if before else days))


def _from_quarter(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    word = hit["which"] or hit["short"] or hit["which2"]
    number = {
        "first": 1,
        "second": 2,
        "third": 3,
        "fourth": 4,
        "1": 1,
        "2": 2,
        "3": 3,
        "4": 4,
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "1st": 1,
        "2nd": 2,
        "3rd": 3,
        "4th": 4,
    }.get(word)
    if number is None:
        return None
    year = _year(hit["year"], now.year) + {"last": -1, "next": 1}.get(
        hit["whose"] or hit["owner"] or "", 0
    )
    first = 3 * number - 2
    return _span(date(year, first, 1), _month_end(year, first + 2))


def _from_year(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    year = _year(hit["year"], now.year)
    return _span(date(year, 1, 1), date(year, 12, 31))


def _from_short_year(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    year = 2000 + int(hit["short_year"])
    return _span(date(year, 1, 1), date(year, 12, 31))


def _from_holiday(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime | None, datetime | None]:
    place = _HOLIDAYS.get(hit["holiday"].replace("’", "'"))
    found = _nearest_year(*place, now) if place else None
    return _day(found) if found else ("date", None, None)


def _from_season(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    first, last = _SEASONS[hit["season"]]
    year = _year(hit["year"], now.year) + (1 if hit["when"] == "next" else -1 if hit["when"] == "last" else 0)
    return _span(date(year, first, 1), _month_end(year + (1 if last < first else 0), last))


def _from_day_of_month(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    day = _ordinal(hit["day"])
    year, month = now.year, now.month
    if day < now.day:
        year, month = _shift_month(year, month, 1)
    found = _safe(year, month, day)
    return _day(found) if found else None


def _from_numbers(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    if hit["iso_year"]:
        found = _safe(int(hit["iso_year"]), int(hit["iso_month"]), int(hit["iso_day"]))
        return _day(found) if found else None
    first, second = int(hit["m"]), int(hit["d"])
    year = int(hit["y"])
    year += 2000 if year < 50 else 1900 if year < 100 else 0
    # Month first, as en-US writes it, unless only the other reading is a date.
    found = _safe(year, first, second) or _safe(year, second, first)
    return _day(found) if found else None


def _from_decade(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    year = int(hit["decade"])
    return _span(date(year, 1, 1), date(year + 9, 12, 31))


def _unresolved(kind: DateKind) -> Maker:
    return lambda hit, now: (kind, None, None)


# "may" and "march" are verbs too: they need a day, a year or a preposition beside them.
_CLEAR_MONTHS = _any([month for month in _MONTHS if month not in ("may", "march", "mar", "dec")])
_THE = r"(?:the\s+)?"
_OF_YEAR = rf"(?:(?:,?\s+(?:of\s+)?(?:fiscal\s+(?:year\s+)?)?|\s+in\s+)(?P<year>{_YEAR}))"
DAY_RULES: list[tuple[re.Pattern[str], Maker]] = [
    (re.compile(pattern), maker)
    for pattern, maker in (
        (
            r"\b(?:(?P<iso_year>(?:19|20)\d\d)-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)"
            r"|(?P<m>\d{1,2})[/.-](?P<d>\d{1,2})[/.-](?P<y>\d{4}|\d\d))\b",
            _from_numbers,
        ),
        (
            rf"\b(?P<month>{_MONTH})\s+{_THE}(?P<day>{_DAY}|\d{{1,2}}\b(?!:))(?!\s*(?:%|percent"
            rf"|million)){_OF_YEAR}?",
            _from_month_day,
        ),
        (rf"\b{_THE}(?P<day>{_DAY}|\d{{1,2}})\s+(?:of\s+)?(?P<month>{_MONTH}){_OF_YEAR}?", _from_month_day),
        (
            r"\b(?:the\s+month\s+of\s+)?(?P<when>last\s+|next\s+|this\s+)?(?:early\s+|late\s+|mid[- ]?)"
            rf"?(?P<month>{_CLEAR_MONTHS})"
            rf"\b{_OF_YEAR}?",
            _from_month,
        ),
        (
            r"\b(?P<when>last\s+|next\s+|this\s+)?(?<!\w)(?:(?<=in\s)|(?<=by\s)|(?<=of\s)"
            r"|(?<=since\s)|(?<=until\s)|(?<=last\s)|(?<=next\s)|(?<=for\s)|(?<=mid-)"
            rf"|(?<=early\s)|(?<=late\s))(?P<month>may|march)\b{_OF_YEAR}?",
            _from_month,
        ),
        (rf"\b(?P<when>)(?P<month>may|march|dec|mar)\s+(?P<year>{_YEAR})", _from_month),
        (rf"\b(?P<when>)(?:early\s+|late\s+|mid[- ]?)(?P<month>may|march)\b{_OF_YEAR}?", _from_month),
        (
            rf"\b{_THE}(?:first|last|final|next|past)\s+{_COUNT}\s+(?:days|weeks|months|quarters|years)"
            rf"(?:\s+of\s+(?:the\s+|this\s+|last\s+|next\s+)?(?:fiscal\s+)?(?:year|month|{_YEAR}))\b",
            _unresolved("daterange"),
        ),
        (
            rf"\b{_THE}same\s+(?:period|time|day|week|month|quarter)\s+(?:of\s+)?(?:last|a|the\s+prior"
            r"|the\s+previous)\s+(?:week|month|quarter|year)(?:\s+ago)?\b"
            rf"|\b{_THE}(?:prior|previous|last)[\s-]year\s+(?:period|quarter|month)\b"
            rf"|\b{_THE}(?:first|second|third|fourth)\s+quarter\s+(?:of\s+)?(?:last|next|this)\s+year\b"
            r"|\byear[- ]end\b",
            _unresolved("daterange"),
        ),
        (
            rf"\b{_THE}(?:end|start|beginning|middle)\s+of\s+{_THE}(?:first|second|third|fourth)\s+quarter"
            rf"(?:\s+of\s+(?:fiscal\s+(?:year\s+)?)?{_YEAR})?\b",
            _unresolved("date"),
        ),
        (
            r"\b(?P<when>last\s+|next\s+|this\s+|this\s+coming\s+|past\s+|previous\s+)"
            rf"?(?P<weekday>{_WEEKDAY})\b(?P<after>\s+(?:after\s+next|next\s+week))?",
            _from_weekday,
        ),
        (
            r"\b(?P<relative>today|tonight|tomorrow|yesterday|the\s+day\s+after\s+tomorrow"
            r"|the\s+day\s+before\s+yesterday)\b",
            _from_relative_day,
        ),
        (
            rf"\b{_THE}(?P<when>this|next|last|past|previous|prior|current|coming|upcoming"
            rf"|following)\s+(?P<count>(?:{_COUNT}|few|couple\s+of)\s+)?(?:fiscal\s+)"
            rf"?(?P<unit>{_UNIT}|weekend)\b(?!\s+of\b)",
            _from_period,
        ),
        (
            rf"\b{_THE}(?P<edge>end|close|beginning|start|middle|early\s+part|first\s+half"
            rf"|second\s+half|latter\s+half)\s+of\s+{_THE}(?P<when>this\s+|next\s+|last\s+"
            rf"|current\s+|coming\s+)?(?:fiscal\s+(?:year\s+)?)?(?P<unit>{_PERIOD}"
            rf"|{_any(list(_MONTHS))}|{_YEAR})\b",
            _from_edge,
        ),
        (rf"\b(?P<when>)(?P<edge>early|late|mid)(?:\s+in)?[\s-]+(?P<unit>{_YEAR})", _from_edge),
        (
            r"\b(?P<edge>early|late|later|mid|end)[\s-]+(?P<when>this\s+|next\s+|last\s+)"
            r"(?P<unit>week|month|quarter|year)\b",
            _from_edge,
        ),
        (r"\b(?P<when>)(?P<edge>end)\s+of\s+(?P<unit>day|week|month|quarter|year)\b", _from_edge),
        (r"\b(?:(?:the\s+)?(?:end|close)\s+of\s+(?:business|play)(?:\s+day)?|eod|cob)\b", _from_day_end),
        (
            rf"\b(?P<count>a|{_COUNT})\s+weeks?\s+from\s+(?P<weekday>{_WEEKDAY}|today|tomorrow)\b",
            _from_weeks_on,
        ),
        (
            r"\b(?:in|within)\s+(?:about\s+|around\s+|the\s+next\s+|another\s+)"
            rf"?(?P<count>{_COUNT})\s+(?P<unit>{_UNIT})(?:'s?\s+time)?\b(?!\s+of\b)",
            _from_distance,
        ),
        (rf"\b(?P<count>{_COUNT})\s+(?P<unit>{_UNIT})\s+(?P<ago>ago|earlier|back)\b", _from_distance),
        (rf"\b(?P<count>{_COUNT})\s+(?P<unit>{_UNIT})\s+from\s+(?:now|today)\b", _from_distance),
        (
            r"\b(?:(?P<owner>this|last|next)\s+year['’]s\s+|the\s+)?"
            r"(?:(?P<which>first|second|third|fourth|[1-4](?:st|nd|rd|th))\s+quarter"
            rf"|q(?P<short>[1-4])|quarter\s+(?P<which2>one|two|three|four|[1-4]))\b{_OF_YEAR}?"
            r"(?:\s+of\s+(?:(?P<whose>this|last|next)|the)\s+(?:fiscal\s+)?year)?",
            _from_quarter,
        ),
        (
            r"\b(?:the\s+)?(?:first|second|back|other|latter)\s+half\b(?:\s+of\s+(?:the\s+|this\s+"
            r"|last\s+|next\s+)?"
            rf"(?:fiscal\s+)?(?:year|{_YEAR}))?",
            _unresolved("daterange"),
        ),
        (
            r"\b(?:the|these|this)\s+(?:past|holiday)\s+(?:season|quarter|year|month|week)s?\b",
            _unresolved("daterange"),
        ),
        (r"(?<!\w)['’]\s?(?P<short_year>[0-4]\d)(?!\d|\s*(?:%|percent))\b", _from_short_year),
        (
            r"\b(?:earlier|later)\s+(?:this|next|last)\s+(?:week|month|quarter|year)\b",
            _unresolved("daterange"),
        ),
        (
            rf"\b(?:fiscal\s+(?:year\s+)?)?(?P<year>{_YEAR})(?!\s*(?:%|percent|million|billion"
            r"|dollars|euros|people|units))",
            _from_year,
        ),
        (
            r"\b(?P<holiday>christmas(?:\s+(?:eve|day))?|boxing\s+day|new\s+year['’]?s(?:\s+(?:eve"
            r"|day))?|thanksgiving|halloween|easter|valentine['’]?s\s+day|labor\s+day"
            r"|memorial\s+day|independence\s+day|veterans\s+day|st\.?\s+patrick['’]?s\s+day"
            r"|ramadan|hanukkah|diwali)\b",
            _from_holiday,
        ),
        (
            rf"\b(?P<when>this|next|last|the)\s+(?P<season>spring|summer|autumn|winter){_OF_YEAR}?\b",
            _from_season,
        ),
        (
            r"\b(?:(?<=on\s)|(?<=by\s)|(?<=until\s)|(?<=before\s)|(?<=after\s)|(?<=since\s)"
            rf"|(?<=for\s)|(?<=from\s)|(?<=to\s)|(?<=and\s))the\s+(?P<day>{_DAY})\b(?!\s+\w)",
            _from_day_of_month,
        ),
        (r"\b(?:(?<=on\s)|(?<=by\s))the\s+(?P<day>\d{1,2}(?:st|nd|rd|th))\b", _from_day_of_month),
        (r"\b(?:the\s+)?(?P<decade>(?:19|20)\d0)s\b", _from_decade),
        (
            r"\b(?:the\s+)?(?:full|entire|whole|same|prior)\s+(?:year|quarter|month|week|day)"
            r"(?:\s+period)?\b",
            _unresolved("daterange"),
        ),
        (
            r"\b(?:year[- ]over[- ]year|quarter[- ]over[- ]quarter|year[- ]on[- ]year|year[- ]to[- ]date)\b",
            _unresolved("daterange"),
        ),
        (
            r"\b(?:every|each)\s+(?:other\s+)?(?:day|week|month|quarter|year|morning|evening|night"
            r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
            _unresolved("date"),
        ),
        (r"\b(?:daily|weekly|monthly|quarterly|annually|yearly|annual)\b", _unresolved("date")),
        (
            # "Ten barrels a day" is a rate; "in a day" and "two days" are how long.
            rf"\b(?!an?\s)(?:{_COUNT})[\s-]+(?:(?:to|or)\s+{_COUNT}\s+)?{_UNIT}\b(?!\s+(?:ago|from\s+now))"
            rf"|\b(?:an?|one)\s+{_UNIT}\s+and\s+a\s+half\b"
            rf"|\b(?:a\s+couple(?:\s+of)?|a\s+few|an?\s+half|half\s+an?)\s+{_UNIT}\b"
            r"|(?:(?<=for\s)|(?<=in\s)|(?<=take\s)|(?<=takes\s)|(?<=took\s)|(?<=about\s)"
            rf"|(?<=within\s))an?\s+{_UNIT}\b",
            _unresolved("duration"),
        ),
        (r"\bthe\s+(?:year|quarter|month|week|weekend)\b", _unresolved("daterange")),
    )
]
