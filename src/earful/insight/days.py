"""Days, weeks, quarters and other stretches of the calendar as people say them.

Each rule is a pattern over lower-case text and a maker that resolves a hit against the local moment
it was said at, giving the kind and the first and last moment (None where the words do not say).
"""

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

from earful.insight.holidays import HOLIDAY, HOLIDAY_WORDS, holiday, weekday_of_month
from earful.insight.numbers import ORDINALS, SMALL
from earful.insight.tense import tells_of_the_past, tells_of_what_comes
from earful.insight.text import FIGURE, Needs

__all__ = [
    "DAY_RULES",
    "MONTH_NAMES",
    "TWO_FIGURES",
    "DateKind",
    "Maker",
    "Rule",
    "month_span",
    "months_away",
]

DateKind = Literal["date", "daterange", "datetime", "datetimerange", "time", "timerange", "duration"]
Maker = Callable[[re.Match[str], datetime], "tuple[DateKind, datetime | None, datetime | None] | None"]


class Rule(NamedTuple):
    """A pattern, what its hits mean, and the words that a text must have for it to match."""

    pattern: re.Pattern[str]
    make: Maker
    needs: Needs


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
    "fortnight": 14,
    "month": 30,
    "quarter": 91,
    "year": 365,
    "decade": 3650,
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
_UNIT = r"(?:second|minute|hour|day|night|week|fortnight|month|quarter|year|decade)s?"
_PERIOD = r"(?:day|week|weekend|month|quarter|year|decade)"
_WEEKDAY = rf"(?:{_any({w: n for w, n in _WEEKDAYS.items() if len(w) > 4 or w in ('tues', 'thur')})})"
_COUNT = (
    rf"(?:(?:{_NUM})(?:\s+and\s+a\s+half)?|a\s+couple(?:\s+of)?|a\s+few|several|many|an?|half\s+an?|a\s+half)"
)


# What lies further back than this is not meant: "on January 3rd", said in December, is still to come.
_LONG_AGO_DAYS = 92
_LONG_AGO_MONTHS = 3


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


_RELATIVE_YEAR = re.compile(r"(?P<which>this|last|next|prior|previous)\s+(?:fiscal\s+)?year")


def _year(text: str | None, fallback: int) -> int:
    """Return the year that is said, "last year" too; without one `fallback`, the year it is said in."""
    if not text:
        return fallback
    if relative := _RELATIVE_YEAR.fullmatch(text):
        return fallback + {"this": 0, "next": 1}.get(relative["which"], -1)
    if text[:4].isdigit() and len(text) > 3:
        return int(text[:4])
    if text[-2:].isdigit():
        return 2000 + int(text[-2:])  # "'21", or "21" after "fiscal"
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


def _nearest_year(
    month: int, day: int, now: datetime, *, past: bool = False, ahead: bool = False
) -> date | None:
    """Return that day in the year that makes it lie nearest ahead, or up to three months behind.

    With `past` it is the latest that has been, with `ahead` the next. A leap day is looked for in leap years.
    """
    behind = 0 if ahead else _LONG_AGO_DAYS
    for away in range(5):
        found = _safe(now.year - away if past else now.year + away, month, day)
        if found and (found <= now.date() if past else (now.date() - found).days <= behind):
            return found
    return None


def _near_month(month: int, now: datetime, *, past: bool = False, ahead: bool = False) -> int:
    """Return the year of the month of that number that lies nearest, as `_nearest_year` does."""
    if past:
        return now.year if month <= now.month else now.year - 1
    return now.year + (1 if now.month - month > (0 if ahead else _LONG_AGO_MONTHS) else 0)


def _past(hit: re.Match[str]) -> bool:
    return tells_of_the_past(hit.string, *hit.span())


def _tense(hit: re.Match[str]) -> dict[str, bool]:
    """Return what the sentence says of when: for `_nearest_year` and `_near_month`."""
    past = _past(hit)
    return {"past": past, "ahead": not past and tells_of_what_comes(hit.string, *hit.span())}


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
    found = (
        _safe(_year(hit["year"], now.year), month, day)
        if hit["year"]
        else _nearest_year(month, day, now, **_tense(hit))
    )
    return _day(found) if found else None


def _from_days(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    """Resolve "May 3rd to 5th" and "from the 3rd to the 5th of May"."""
    month = _MONTHS[hit["month"].rstrip(".")]
    first, last = _ordinal(hit["day"]), _ordinal(hit["until"])
    near = _safe(_year(hit["year"], now.year), month, first) if hit["year"] else None
    near = near or _nearest_year(month, first, now, **_tense(hit))
    end = _safe(near.year, month, last) if near else None
    return _span(near, end) if near and end and near < end else None


def _from_month(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    word = hit["month"].rstrip(".")
    month = _MONTHS[word]
    if hit["year"]:
        year = _year(hit["year"], now.year)
    else:
        year = _near_month(month, now, **_tense(hit))
        if (hit["when"] or "").strip() == "last":
            year = now.year if month < now.month else now.year - 1
        elif (hit["when"] or "").strip() == "next":
            year = now.year if month > now.month else now.year + 1
    first, last = date(year, month, 1), _month_end(year, month)
    edge = hit.groupdict().get("edge")
    return _edge(edge, first, last) if edge else _span(first, last)


def month_span(
    name: str, now: datetime, *, past: bool = False, ahead: bool = False
) -> tuple[DateKind, datetime, datetime]:
    """Return the month of that name that lies nearest ahead, or up to three months behind.

    With `past` it is the latest that has begun, with `ahead` the next to begin.
    """
    month = _MONTHS[name.lower()]
    year = _near_month(month, now, past=past, ahead=ahead)
    return _span(date(year, month, 1), _month_end(year, month))


def _from_weekday(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    wanted = _WEEKDAYS[hit["weekday"]]
    today = now.date()
    monday = today - timedelta(days=today.weekday())
    when = (hit["when"] or "").strip()
    if when == "next" or (hit["after"] or ""):
        return _day(monday + timedelta(days=7 + wanted))
    if when in ("last", "past", "previous") or (not when and _past(hit)):
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
    "trailing": -1,
}


def _from_period(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    by = _BY.get(hit["when"].strip(), 0)
    unit = hit["unit"].rstrip("s")
    count = hit["count"]
    if count:
        return _around(now, -_count(count) if by < 0 else _count(count), unit)
    if unit in _UNITS and not _UNITS[unit]:
        return _around(now, by, unit) if by and hit["the"] else None
    first, last = _period("day" if unit == "night" else unit, by, now)
    return _day(first) if unit == "day" else _span(first, last)


def _around(now: datetime, size: float, unit: str) -> tuple[DateKind, datetime, datetime]:
    """Return the `size` units before (negative) or after now."""
    if _UNITS.get(unit) == 0:
        other = (now + timedelta(seconds=size * _SECONDS[unit])).replace(microsecond=0)
        now = now.replace(microsecond=0)
        return ("datetimerange", other, now) if size < 0 else ("datetimerange", now, other)
    months = _IN_MONTHS.get(unit)
    other = (
        months_away(now, int(size * months)) if months else now + timedelta(days=size * _UNITS.get(unit, 1))
    )
    return _span(other.date(), now.date()) if size < 0 else _span(now.date(), other.date())


_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_IN_MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120}


def _from_edge(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    """Resolve "the end of the month", "early next week", "the second half of 2020"."""
    edge, unit = hit["edge"], hit["unit"]
    by = _BY.get((hit["when"] or "").strip(), 0)
    if unit in _MONTHS:
        year = _near_month(_MONTHS[unit], now, **_tense(hit))
        first, last = date(year, _MONTHS[unit], 1), _month_end(year, _MONTHS[unit])
    elif unit in _PERIODS:
        first, last = _period(unit, by, now)
    else:
        year = _year(unit, now.year)
        first, last = date(year, 1, 1), date(year, 12, 31)
    if unit == "day":
        return _day_end(datetime.combine(first, now.time()) if by else now)
    if unit == "week" and edge.startswith(("end", "close")) and first + timedelta(days=4) >= now.date():
        last = first + timedelta(days=4)  # the working week, until it is over
    return _edge(edge, first, last)


def _edge(edge: str, first: date, last: date) -> tuple[DateKind, datetime, datetime]:
    """Return the end, beginning, middle or half of a stretch of days."""
    length = last - first
    if edge.startswith(("end", "close")):
        return _day(last)
    if "half" in edge:
        months = length.days // 28 // 2
        middle = (
            months_away(_midnight(first), months).date() if months else first + (length + timedelta(1)) / 2
        )
        return _span(first, middle - timedelta(days=1)) if edge.startswith("first") else _span(middle, last)
    if edge.startswith(("begin", "start", "early")):
        return _span(first, first + length / 3)
    if edge.startswith("mid"):
        return _span(first + length / 3, last - length / 3)
    return _span(last - length / 3, last)


def _day_end(now: datetime) -> tuple[DateKind, datetime, datetime]:
    """Return the end of the working day, or of the whole day where that is over."""
    end = datetime.combine(now, time(17))
    if end < now:
        end = datetime.combine(now, time(23, 59))
    return "datetime", end, end


def _from_day_end(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    return _day_end(now)


def _from_working_end(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    """Resolve "EOW", "EOM", "EOQ", "EOY"."""
    unit = {"w": "week", "m": "month", "q": "quarter", "y": "year"}[hit["unit"]]
    first, last = _period(unit, 0, now)
    return _day(first + timedelta(days=4) if unit == "week" and now.weekday() < 5 else last)


def _from_quarter_edge(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    """Resolve "the end of Q2", "the beginning of the third quarter of 2020"."""
    found = _from_quarter(hit, now)
    return _edge(hit["edge"], found[1].date(), found[2].date()) if found else None


def _from_beyond(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    """Resolve "the week after next", "the year before last"."""
    return _span(*_period(hit["unit"], 2 if hit["ahead"] else -2, now))


def _from_weekend(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    return _span(*_period("weekend", -1 if _past(hit) and now.weekday() < 5 else 0, now))


def _from_day_of_that_month(
    hit: re.Match[str], now: datetime
) -> tuple[DateKind, datetime | None, datetime | None]:
    """Resolve "the first of next month"; a day that the month lacks is none."""
    first, _ = _period("month", _BY.get((hit["when"] or "").strip(), 0), now)
    found = _safe(first.year, first.month, _ordinal(hit["day"]))
    return _day(found) if found else ("date", None, None)


def _from_weekday_of_month(
    hit: re.Match[str], now: datetime
) -> tuple[DateKind, datetime | None, datetime | None]:
    """Resolve "the first Monday in May", "the last Friday of next month"."""
    which = -1 if hit["which"] == "last" else _ordinal(hit["which"])
    if hit["month"]:
        month = _MONTHS[hit["month"].rstrip(".")]
        year = _year(hit["year"], now.year) if hit["year"] else _near_month(month, now, **_tense(hit))
    else:
        first, _ = _period("month", _BY.get((hit["when"] or "").strip(), 0), now)
        year, month = first.year, first.month
    found = weekday_of_month(year, month, _WEEKDAYS[hit["weekday"]], which)
    return _day(found) if found else ("date", None, None)


def _from_week_of_month(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    """Resolve "the last week of June" as seven days, the first from the first of the month on."""
    month = _MONTHS[hit["month"].rstrip(".")]
    year = _year(hit["year"], now.year) if hit["year"] else _near_month(month, now, **_tense(hit))
    if hit["which"] in ("last", "final"):
        last = _month_end(year, month)
        return _span(last - timedelta(days=6), last)
    first = date(year, month, 7 * _ordinal(hit["which"]) - 6)
    return _span(first, first + timedelta(days=6))


def _from_weeks_on(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    """Resolve "a week from Friday", "two weeks from tomorrow"."""
    start = hit["weekday"]
    ahead = {"today": 0, "tomorrow": 1}.get(start)
    if ahead is None:
        ahead = (_WEEKDAYS[start] - now.weekday()) % 7 or 7
    return _day(now.date() + timedelta(days=ahead, weeks=int(_count(hit["count"]))))


_PERIODS = ("day", "week", "weekend", "month", "quarter", "year", "decade")
_AND_A_HALF = r"(?P<half>\s+and\s+a\s+half)?"


def _from_distance(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime | None, datetime | None]:
    """Resolve "in two weeks", "within an hour", "three days ago"."""
    size = _count(hit["count"]) + (0.5 if hit.groupdict().get("half") else 0)
    unit = hit["unit"].rstrip("s")
    before = bool(hit.groupdict().get("ago"))
    if _UNITS[unit] == 0:
        seconds = size * _SECONDS[unit]
        moment = (now + timedelta(seconds=-seconds if before else seconds)).replace(microsecond=0)
        return "datetime", moment, moment
    months = _IN_MONTHS.get(unit)
    if months and size * months == int(size * months):
        return _day(months_away(now, int(-size * months if before else size * months)).date())
    days = round(size * _UNITS[unit])
    return _day(now.date() + timedelta(days=-days if before else days))


def _from_within(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    """Resolve "within the hour", "within the week": at most one of them from now."""
    kind, _, last = _around(now, 1, hit["unit"])
    return ("datetime" if kind == "datetimerange" else "date"), last, last


def _from_distances(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime | None, datetime | None]:
    """Resolve "in two to three weeks", "three or four days ago", "the next 12 to 18 months"."""
    if not any(hit[name] for name in ("lead", "next", "last", "ago", "now")):
        return "duration", None, None
    unit = hit["unit"].rstrip("s")
    sign = -1 if hit["ago"] or hit["last"] else 1
    sizes = sorted(sign * _count(hit[name]) for name in ("count", "until"))
    _, *near = _around(now, sizes[0] if sign > 0 else sizes[1], unit)
    kind, *far = _around(now, sizes[1] if sign > 0 else sizes[0], unit)
    if hit["last"] or hit["next"]:
        return kind, far[0], far[1]  # as far as it may reach
    return (kind, near[1], far[1]) if sign > 0 else (kind, far[0], near[0])


def _from_half(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    """Resolve "H1", "H2 2021"."""
    year = _year(hit["year"], now.year)
    first = 1 if hit["half"] == "1" else 7
    if not hit["year"] and _past(hit):
        year -= date(year, first, 1) > now.date()
    return _span(date(year, first, 1), _month_end(year, first + 5))


def _from_last_day(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    return _day(_period(hit["unit"], _BY.get((hit["when"] or "").strip(), 0), now)[1])


def _from_quarter(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    word = hit["which"] or hit["short"] or hit["which2"]
    whose = hit["whose"] or hit["owner"]
    number = _QUARTERS.get(word)
    if number is None:
        return None
    last = max(number, _QUARTERS.get(hit["upto"] or "", 0))
    if not whose:
        return _quarters(number, last, hit, now)
    year = _year(hit["year"], now.year) + {"last": -1, "next": 1}.get(whose, 0)
    return _span(date(year, 3 * number - 2, 1), _month_end(year, 3 * last))


def _quarters(
    number: int, last: int, hit: re.Match[str], now: datetime
) -> tuple[DateKind, datetime, datetime]:
    """Return the quarters from one to another of the year that is said, or else the likeliest."""
    year, first = _year(hit["year"], now.year), 3 * number - 2
    if not hit["year"]:
        if _past(hit):
            year -= date(year, first, 1) > now.date()
        elif (now.date() - _month_end(year, 3 * last)).days > _LAST_QUARTERS_DAYS:
            year += 1
    return _span(date(year, first, 1), _month_end(year, 3 * last))


def _from_short_quarter(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    """Resolve "3Q", "2Q20"."""
    number = int(hit["which"])
    return _quarters(number, number, hit, now)


def _from_month_quarter(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    """Read "the December quarter" as the three months that end with that one."""
    month = _MONTHS[hit["month"]]
    year = _year(hit["year"], now.year) if hit["year"] else _near_month(month, now, **_tense(hit))
    return _span(date(*_shift_month(year, month, -2), 1), _month_end(year, month))


_QUARTERS = {
    word: number
    for number, words in enumerate(
        ("first 1 one 1st", "second 2 two 2nd", "third 3 three 3rd", "fourth 4 four 4th"), 1
    )
    for word in words.split()
}


# "Q1", said in the last quarter of a year, is the next one.
_LAST_QUARTERS_DAYS = 200


# "It costs twenty fifteen" is no year; after these words it is one.
_BEFORE_YEAR = re.compile(
    r"(?:^|[,.;?!-]\s*|\b(?:in|since|of|from|by|until|till|for|during|to|through|and|or|before|after|around|about|year"
    r"|fiscal|late|early|mid|than|over|the|calendar|was|is))\s*$"
)


# "Room 2020", "flight 2024": four digits after what is numbered are no year.
_NUMBERED = re.compile(
    r"\b(?:rooms?|gates?|flights?|suite|unit|apartment|apt|flat|extension|ext|pages?|tickets?|invoice|number|no|code"
    r"|route|highway|bus|channel|case|claim|box|building|platform|bay|aisle|lot|policy|account|serial|order|pin|locker"
    r"|booth|hall|table|seat|row|dock|pier|badge|bin|shelf|pallet|container|truck|trailer|line|part|item|version|port"
    r"|error|form|docket|bill|resolution|regulation|section|article|chapter|slide|building)\s+(?:number\s+|no\.?\s+)?$|#\s?$"
)


def _from_year(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    if _NUMBERED.search(hit.string, max(0, hit.start() - 24), hit.start()):
        return None
    if not hit["year"][0].isdigit() and not _BEFORE_YEAR.search(hit.string, 0, hit.start()):
        return None
    year = _year(hit["year"], now.year)
    return _span(date(year, 1, 1), date(year, 12, 31))


def _from_short_year(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    year = 2000 + int(hit["short_year"][-2:])
    return _span(date(year, 1, 1), date(year, 12, 31))


def _from_holiday(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime | None, datetime | None]:
    past = hit["when"] == "last" or (not hit["when"] and _past(hit))
    for away in (0, -1) if past else (0, 1):
        found = holiday(hit["holiday"], _year(hit["year"], now.year + away))
        if found is None:
            break
        behind = (now.date() - found).days
        if hit["year"] or (behind >= 0 if past else behind <= _LONG_AGO_DAYS):
            return _day(found)
    return "date", None, None


def _from_season(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    first, last = _SEASONS[hit["season"]]
    if last < first and now.month <= last and not hit["year"]:
        now = months_away(now, -12)  # the winter that began last year
    year = _year(hit["year"], now.year) + (1 if hit["when"] == "next" else -1 if hit["when"] == "last" else 0)
    return _span(date(year, first, 1), _month_end(year + (1 if last < first else 0), last))


def _from_day_of_month(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime] | None:
    day = _ordinal(hit["day"])
    past = _past(hit)
    for away in range(3):
        found = _safe(*_shift_month(now.year, now.month, -away if past else away), day)
        if found and (found <= now.date() if past else found >= now.date()):
            return _day(found)
    return None


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


def _from_nineties(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    year = 1900 + SMALL[hit["decade"].removesuffix("ies") + "y"]
    return _span(date(year, 1, 1), date(year + 9, 12, 31))


def _from_decade(hit: re.Match[str], now: datetime) -> tuple[DateKind, datetime, datetime]:
    year = int(hit["decade"])
    return _span(date(year, 1, 1), date(year + 9, 12, 31))


def _unresolved(kind: DateKind) -> Maker:
    return lambda hit, now: (kind, None, None)


# "may" and "march" are verbs too: they need a day, a year or a preposition beside them.
_CLEAR_MONTHS = _any([month for month in _MONTHS if month not in ("may", "march", "mar", "dec")])
_LONG_MONTHS = [name for name in _MONTHS if len(name) > 3 or name == "may"]
_THE = r"(?:the\s+)?"
# Two figures are a year after "fiscal", "FY", or a part of a year; not what is counted: "half of 21 shops".
_NOT_COUNTED = r"(?:is|was|has|does|as|this|its|versus|plus|minus|us)\b"
TWO_FIGURES = (
    r"(?:['’]\s?|(?<=\bfy)|(?<=\bfy\s)|(?<=\bfiscal\s)|(?<=\bfiscal\syear\s)|(?<=\bquarter\sof\s)|(?<=\bhalf\sof\s))"
    r"[0-4]\d\b(?![.,]\d|\s*%|\s+(?:percent|percentage|basis|hundred|thousand|(?:m|b|tr)illion)\b"
    rf"|\s+(?!{_NOT_COUNTED})[a-z]+s\b)"
)
_RELATIVE_YEAR_SAID = r"(?:this|last|next|prior|previous)\s+(?:fiscal\s+)?year\b(?![-'])"
_FISCAL = r"(?:fiscal\s+(?:year\s+)?|fy\s?)"
_OF_YEAR = rf"(?:(?:,?\s+(?:of\s+)?{_FISCAL}?|\s+in\s+)(?P<year>{_YEAR}|{TWO_FIGURES}|{_RELATIVE_YEAR_SAID}))"
# A year that lost its last figure at the end of a sentence, as in transcripts that were cut into words: no
# number of anything, though nobody knows which year.
_CUT_YEAR = r"(?:19|20)\d(?=\.?\s*$)"
_QUARTER = (
    r"\b(?:(?P<owner>this|last|next)\s+year['’]s\s+|the\s+)?"
    r"(?:(?P<which>first|second|third|fourth|[1-4](?:st|nd|rd|th))"
    r"(?:\s+(?:and|or|to|through)\s+(?:the\s+)?(?P<upto>second|third|fourth|[2-4](?:nd|rd|th)))?\s+quarters?"
    rf"|q(?P<short>[1-4])|quarter\s+(?P<which2>one|two|three|four|[1-4]))\b{_OF_YEAR}?"
    r"(?:\s+(?:of\s+)?(?P<whose>this|last|next)\s+(?:fiscal\s+)?year|\s+of\s+the\s+(?:fiscal\s+)?year)?"
)
# What the rules need: see `Rule`.
_FIGURES = frozenset({FIGURE})
_ORDERED = _FIGURES | ORDINALS.keys() | {"twenty", "thirty"}
_EDGE_LEADS = ("early", "late", "mid")
_MONTH_WORDS = frozenset(_MONTHS) | {f"{edge}{month}" for edge in _EDGE_LEADS for month in _MONTHS}
_YEAR_BEGINS = _FIGURES | {"two", "nineteen", "twenty"}
_UNIT_WORDS = frozenset(unit + s for unit in (*_UNITS, "weekend") for s in ("", "s"))
_QUARTER_WORDS = frozenset({"q", "quarter", "quarters"})
_EDGES = frozenset({"end", "close", "start", "beginning", "middle", "half", "part"})
_NEAR = frozenset({"this", *_BY, "current"})
DAY_RULES: list[Rule] = [
    Rule(re.compile(pattern), maker, tuple(map(frozenset, needs)))
    for pattern, maker, needs in (
        (
            r"\b(?:(?P<iso_year>(?:19|20)\d\d)-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)"
            r"|(?P<m>\d{1,2})[/.-](?P<d>\d{1,2})[/.-](?P<y>\d{4}|\d\d))\b",
            _from_numbers,
            (_FIGURES,),
        ),
        (
            rf"\b(?P<month>{_MONTH})\s+{_THE}(?P<day>{_DAY}|\d{{1,2}})\s*(?:-|–|to|through|thru|until|till)\s*"
            rf"{_THE}(?P<until>{_DAY}|\d{{1,2}}\b)(?!\s*(?:%|percent|million|:|\d)){_OF_YEAR}?",
            _from_days,
            (_MONTH_WORDS, _ORDERED),
        ),
        (
            rf"\b(?:from\s+)?{_THE}(?P<day>{_DAY}|\d{{1,2}})\s*(?:-|–|to|through|thru|until|till)\s*{_THE}"
            rf"(?P<until>{_DAY}|\d{{1,2}})\s+(?:of\s+)?(?P<month>{_MONTH}){_OF_YEAR}?",
            _from_days,
            (_MONTH_WORDS, _ORDERED),
        ),
        (
            rf"\b{_THE}(?P<day>{_DAY})\s+of\s+(?P<when>this|next|last|the|the\s+coming|the\s+following)\s+month\b",
            _from_day_of_that_month,
            ({"month"}, _ORDERED),
        ),
        (
            rf"\b{_THE}(?P<which>first|second|third|fourth|last|[1-4](?:st|nd|rd|th))\s+(?P<weekday>{_WEEKDAY})"
            rf"\s+(?:in|of)\s+(?:(?P<month>{_MONTH}){_OF_YEAR}?|(?P<when>the|this|next|last|each|every)\s+month)",
            _from_weekday_of_month,
            (_WEEKDAYS.keys(), _ORDERED | {"last"}),
        ),
        (
            r"\b(?:the\s+)?(?P<unit>week|weekend|month|quarter|year)\s+(?:(?P<ahead>after\s+next)|before\s+last)\b",
            _from_beyond,
            ({"after", "before"}, {"next", "last"}),
        ),
        (
            # "Chase him first thing": the next morning; "the first thing is" is none.
            r"(?<!\bthe\s)(?<!\bmy\s)(?<!\bis\s)\bfirst\s+thing\b(?=\s*(?:[.,;!?]|$|and\b|please\b|then\b|so\b))",
            lambda hit, now: _day(now.date() + timedelta(days=1)),
            ({"thing"},),
        ),
        (r"\bthe\s+weekend\b", _from_weekend, ({"weekend"},)),
        (r"\beo(?P<unit>[wmqy])\b", _from_working_end, ({"eow", "eom", "eoq", "eoy"},)),
        (
            r"\b(?:(?<=in\s)|(?<=of\s)|(?<=from\s)|(?<=since\s)|(?<=during\s))the\s+(?:late\s+|early\s+)?"
            r"(?P<decade>twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)\b",
            _from_nineties,
            ({f"{ten[:-1]}ies" for ten in SMALL if ten.endswith("ty")},),
        ),
        (
            rf"\b(?P<month>{_MONTH})\s+{_THE}(?P<day>{_DAY}|\d{{1,2}}\b(?!:))(?!\s*(?:%|percent"
            rf"|million)){_OF_YEAR}?",
            _from_month_day,
            (_MONTH_WORDS, _ORDERED),
        ),
        (
            rf"\b{_THE}(?P<day>{_DAY}|\d{{1,2}})\s+(?:of\s+)?(?P<month>{_MONTH}){_OF_YEAR}?",
            _from_month_day,
            (_MONTH_WORDS, _ORDERED),
        ),
        (
            r"\b(?:the\s+month\s+of\s+)?(?P<when>last\s+|next\s+|this\s+)?(?:(?P<edge>early|late|mid)[- ]*)"
            rf"?(?P<month>{_CLEAR_MONTHS})"
            rf"\b{_OF_YEAR}?",
            _from_month,
            (_MONTH_WORDS,),
        ),
        (
            r"\b(?P<when>last\s+|next\s+|this\s+)?(?<!\w)(?:(?<=in\s)|(?<=by\s)|(?<=of\s)"
            r"|(?<=since\s)|(?<=until\s)|(?<=last\s)|(?<=next\s)|(?<=for\s)|(?<=mid-)"
            rf"|(?<=early\s)|(?<=late\s))(?P<month>may|march)\b{_OF_YEAR}?",
            _from_month,
            ({"may", "march"},),
        ),
        (
            rf"\b(?P<when>)(?P<month>may|march|dec|mar)\s+(?P<year>{_YEAR})",
            _from_month,
            (_MONTH_WORDS, _YEAR_BEGINS),
        ),
        (
            rf"\b(?P<when>)(?P<edge>early|late|mid)[- ]*(?P<month>may|march)\b{_OF_YEAR}?",
            _from_month,
            (_MONTH_WORDS,),
        ),
        (
            rf"\b{_THE}(?:first|last|final|next|past)\s+{_COUNT}\s+(?:days|weeks|months|quarters|years)"
            rf"(?:\s+of\s+(?:the\s+|this\s+|last\s+|next\s+)?(?:fiscal\s+)?(?:year|month|{_YEAR}))\b",
            _unresolved("daterange"),
            ({"of"}, _UNIT_WORDS),
        ),
        (
            rf"\b{_THE}same\s+(?:period|time|day|week|month|quarter)\s+(?:of\s+)?(?:last|a|the\s+prior"
            r"|the\s+previous)\s+(?:week|month|quarter|year)(?:\s+ago)?\b"
            rf"|\b{_THE}(?:prior|previous|last)[\s-]year\s+(?:period|quarter|month)\b"
            rf"|\b{_THE}(?:first|second|third|fourth)\s+quarter\s+(?:of\s+)?(?:last|next|this)\s+year\b"
            r"|\byear[- ]end\b",
            _unresolved("daterange"),
            ({"same", "year"},),
        ),
        (
            rf"\b{_THE}(?P<edge>end|close|start|beginning|middle|first\s+half|second\s+half)\s+of\s+{_QUARTER}",
            _from_quarter_edge,
            (_QUARTER_WORDS, _EDGES),
        ),
        (
            r"\b(?P<when>last\s+|next\s+|this\s+|this\s+coming\s+|past\s+|previous\s+)"
            rf"?(?P<weekday>{_WEEKDAY})\b(?P<after>\s+(?:after\s+next|next\s+week))?",
            _from_weekday,
            (_WEEKDAYS.keys(),),
        ),
        (
            r"\b(?P<relative>today|tonight|tomorrow|yesterday|the\s+day\s+after\s+tomorrow"
            r"|the\s+day\s+before\s+yesterday)\b",
            _from_relative_day,
            ({"today", "tonight", "tomorrow", "yesterday"},),
        ),
        (
            r"\b(?P<the>the\s+)?(?P<when>this|next|last|past|previous|prior|current|coming|upcoming"
            rf"|following|trailing)\s+(?P<count>(?:{_COUNT}|few|couple\s+of)\s+)?(?:fiscal\s+)"
            rf"?(?P<unit>{_UNIT}|weekend)\b(?!\s+of\b)",
            _from_period,
            (_UNIT_WORDS, _NEAR),
        ),
        (
            rf"\b{_THE}(?P<edge>end|close|beginning|start|middle|early\s+part|first\s+half"
            rf"|second\s+half|latter\s+half)\s+of\s+{_THE}(?P<when>this\s+|next\s+|last\s+"
            rf"|current\s+|coming\s+)?(?:fiscal\s+(?:year\s+)?)?(?P<unit>{_PERIOD}"
            rf"|{_any(list(_MONTHS))}|{_YEAR}|{TWO_FIGURES})\b",
            _from_edge,
            (_EDGES,),
        ),
        (
            rf"\b(?P<when>)(?P<edge>early|late|mid)(?:\s+in)?[\s-]+(?P<unit>{_YEAR}|{TWO_FIGURES})",
            _from_edge,
            ({"early", "late", "mid"}, _YEAR_BEGINS),
        ),
        (
            r"\b(?P<edge>early|late|later|mid|(?:(?<=by\s)|(?<=at\s)|(?<=before\s)|(?<=until\s)|(?<=till\s)|(?<=for\s))end)[\s-]+(?P<when>this\s+|next\s+|last\s+)"
            r"(?P<unit>week|month|quarter|year)\b",
            _from_edge,
            ({"early", "late", "later", "mid", "end"}, _UNIT_WORDS),
        ),
        (
            r"\b(?P<when>)(?P<edge>end)\s+of\s+(?P<unit>day|week|month|quarter|year)\b",
            _from_edge,
            ({"end"}, _UNIT_WORDS),
        ),
        (
            r"\b(?:(?:the\s+)?(?:end|close)\s+of\s+(?:business|play)(?:\s+day)?|eod|cob)\b",
            _from_day_end,
            ({"business", "play", "eod", "cob"},),
        ),
        (
            rf"\b(?P<count>a|{_COUNT})\s+weeks?\s+from\s+(?P<weekday>{_WEEKDAY}|today|tomorrow)\b",
            _from_weeks_on,
            ({"week", "weeks"}, {"from"}),
        ),
        (
            r"\b(?:(?P<lead>in|within)\s+(?:about\s+|around\s+)?)?(?:the\s+(?:(?P<next>next|coming)|(?P<last>last|past))\s+)?"
            rf"(?P<count>{_NUM})\s*(?:to|or|-|–)\s*(?P<until>{_NUM})\s+(?P<unit>{_UNIT})\b"
            r"(?:(?P<ago>\s+(?:ago|back))|(?P<now>\s+from\s+(?:now|today)))?",
            _from_distances,
            (_UNIT_WORDS, {"to", "or", "-", "–"}),
        ),
        (
            rf"\b{_THE}last\s+day\s+of\s+{_THE}(?P<when>this\s+|next\s+|last\s+)?(?P<unit>week|month|quarter|year)\b",
            _from_last_day,
            ({"day"}, {"last"}),
        ),
        (
            r"\b(?:in|within)\s+(?:about\s+|around\s+|the\s+next\s+|another\s+)"
            rf"?(?P<count>{_COUNT})\s+(?P<unit>{_UNIT})\b{_AND_A_HALF}(?:'s?\s+time)?\b(?!\s+of\b)",
            _from_distance,
            (_UNIT_WORDS, {"in", "within"}),
        ),
        (r"\bwithin\s+the\s+(?P<unit>hour|week|month)\b", _from_within, ({"within"},)),
        (
            rf"\b(?P<count>{_COUNT})\s+(?P<unit>{_UNIT}){_AND_A_HALF}\s+(?P<ago>ago|earlier|back"
            r"|prior(?=\s*(?:[.,;?!]|$)))\b(?:\s+today\b)?",
            _from_distance,
            (_UNIT_WORDS, {"ago", "earlier", "back", "prior"}),
        ),
        (
            rf"\b(?P<count>{_COUNT})\s+(?P<unit>{_UNIT}){_AND_A_HALF}\s+from\s+(?:now|today)\b",
            _from_distance,
            (_UNIT_WORDS, {"from"}),
        ),
        (_QUARTER, _from_quarter, (_QUARTER_WORDS,)),
        (
            r"\b(?P<which>[1-4])q\s?(?P<year>(?:['’]\s?|20)?[0-4]\d)?(?!\w)",
            _from_short_quarter,
            ({"q"}, _FIGURES),
        ),
        (
            rf"\b(?:(?:the|our|this|last|next)\s+)?(?P<month>{_any(_LONG_MONTHS)})"
            rf"\s+quarter\b{_OF_YEAR}?",
            _from_month_quarter,
            (_MONTH_WORDS, {"quarter"}),
        ),
        (
            rf"\b(?:(?<=in\s)|(?<=for\s)|(?<=of\s)|(?<=during\s)|(?<=until\s)|(?<=by\s)|(?=h[12]\s+(?:of\s+)?{_YEAR}))"
            rf"h(?P<half>[12])\b{_OF_YEAR}?",
            _from_half,
            ({"h"}, _FIGURES),
        ),
        (
            r"\b(?:the\s+)?(?:first|second|back|other|latter)\s+half\b(?:\s+of\s+(?:the\s+|this\s+"
            r"|last\s+|next\s+)?"
            rf"(?:fiscal\s+)?(?:year|{_YEAR}))?",
            _unresolved("daterange"),
            ({"half"},),
        ),
        (
            r"\b(?:the|these|this)\s+(?:past|holiday)\s+(?:season|quarter|year|month|week)s?\b",
            _unresolved("daterange"),
            ({"past", "holiday"},),
        ),
        (
            r"(?<!\w)['’]\s?(?P<short_year>[0-4]\d)(?!\d|\s*(?:%|percent))\b",
            _from_short_year,
            ({"'"}, _FIGURES),
        ),
        (
            rf"\b{_FISCAL}(?P<short_year>{TWO_FIGURES})",
            _from_short_year,
            (_FIGURES,),
        ),
        (
            rf"(?:(?<=\bin\s)|(?<=\binto\s)|(?<=\buntil\s)|(?<=\bduring\s)|(?<=\bsince\s)|(?<=\bthrough\s)"
            rf"|(?<=\bthroughout\s)|(?<=\brest\sof\s)|(?<=\bremainder\sof\s)|(?<=\bbalance\sof\s)|(?<=\bentering\s)"
            rf"|\b(?:early|late|mid)[\s-]+|\b{_THE}(?:end|beginning|start|middle|close)\s+of\s+{_FISCAL}?"
            rf"|\bq[1-4],?\s+(?:of\s+)?{_FISCAL}?|\b{_FISCAL}|\b{_MONTH}\s+{_THE}(?:{_DAY}|\d{{1,2}}),?\s+){_CUT_YEAR}",
            _unresolved("daterange"),
            (_FIGURES,),
        ),
        (
            r"\b(?:earlier|later)\s+(?:this|next|last)\s+(?:week|month|quarter|year)\b",
            _unresolved("daterange"),
            ({"earlier", "later"},),
        ),
        (
            rf"\b{_FISCAL}?(?P<year>{_YEAR})(?!\s*(?:%|percent|million|billion"
            r"|dollars|euros|people|units))",
            _from_year,
            (_YEAR_BEGINS,),
        ),
        (
            rf"\b(?:(?P<when>this|next|last)\s+)?(?P<holiday>{HOLIDAY})\b{_OF_YEAR}?",
            _from_holiday,
            (HOLIDAY_WORDS,),
        ),
        (
            r"\b(?P<when>this|next|last|(?:(?<=in\s)|(?<=of\s)|(?<=by\s)|(?<=over\s)|(?<=for\s)|(?<=until\s)"
            r"|(?<=into\s)|(?<=during\s)|(?<=through\s)|(?<=since\s)|(?<=before\s)|(?<=after\s))the"
            r"|(?:(?<=in\s)|(?<=into\s)|(?<=by\s)|(?<=until\s)|(?<=through\s)|(?<=during\s))the(?=\s+fall\b))\s+"
            rf"(?P<season>spring|summer|autumn|winter|(?<=this\s)fall|(?<=next\s)fall|(?<=last\s)fall|(?<=\bthe\s)fall)\b(?!\s+(?:in|of)\s+(?!{_YEAR})){_OF_YEAR}?",
            _from_season,
            (_SEASONS.keys(),),
        ),
        (
            r"\b(?:(?<=on\s)|(?<=by\s)|(?<=until\s)|(?<=before\s)|(?<=after\s)|(?<=since\s)"
            r"|(?<=for\s)|(?<=from\s)|(?<=to\s)|(?<=and\s)|(?<=between\s))the\s+"
            rf"(?P<day>{_DAY})\b(?!\s+(?!and\b|to\b|until\b|at\b|or\b)\w)",
            _from_day_of_month,
            ({"the"}, _ORDERED),
        ),
        (
            r"\b(?:(?<=on\s)|(?<=by\s))the\s+(?P<day>\d{1,2}(?:st|nd|rd|th))\b",
            _from_day_of_month,
            (_FIGURES,),
        ),
        (
            # The holidays at the end of the year, of shops and their customers.
            r"(?:(?<=\bin\s)|(?<=\binto\s)|(?<=\bover\s)|(?<=\bduring\s)|(?<=\bfor\s)|(?<=\bbefore\s)|(?<=\bafter\s)"
            r"|(?<=\baround\s)|(?<=\bthrough\s)|(?<=\buntil\s))the\s+holidays?\b(?!['’-]|\s+(?!and|or|but|so|in|is|are|was"
            r"|were|we|i|you|they|with|this|last|next|because|when|as)\w)",
            _unresolved("daterange"),
            ({"holiday", "holidays"},),
        ),
        (
            rf"\b{_THE}(?P<which>first|second|third|fourth|last|final)\s+week\s+(?:of|in)\s+(?P<month>{_MONTH}){_OF_YEAR}?",
            _from_week_of_month,
            (_MONTH_WORDS, {"week"}),
        ),
        (r"\b(?:the\s+)?(?P<decade>(?:19|20)\d0)s\b", _from_decade, (_FIGURES,)),
        (
            r"\b(?:the\s+)?(?:full|entire|whole|same|prior)\s+(?:year|quarter|month|week|day)"
            r"(?:\s+period)?\b",
            _unresolved("daterange"),
            ({"full", "entire", "whole", "same", "prior"},),
        ),
        (
            r"\byear[- ]to[- ]date\b",
            _unresolved("daterange"),
            ({"date"},),
        ),
        (
            r"\b(?:every|each)\s+(?:other\s+)?(?:day|week|month|quarter|year|morning|evening|night"
            r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
            rf"|\bevery\s+{_NUM}\s+{_UNIT}\b",
            _unresolved("date"),
            ({"every", "each"},),
        ),
        (
            r"\b(?:daily|weekly|monthly|quarterly|annually|yearly|annual)\b",
            _unresolved("date"),
            ({"daily", "weekly", "monthly", "quarterly", "annually", "yearly", "annual"},),
        ),
        (
            # "Ten barrels a day" is a rate; "in a day" and "two days" are how long.
            rf"\b(?!an?\s)(?:{_COUNT})[\s-]+(?:(?:to|or)\s+{_COUNT}\s+)?{_UNIT}\b(?!\s+(?:ago|from\s+now))"
            rf"|\b(?:an?|one)\s+{_UNIT}\s+and\s+a\s+half\b"
            rf"|\b(?:a\s+couple(?:\s+of)?|a\s+few|an?\s+half|half\s+an?)\s+{_UNIT}\b"
            r"|(?:(?<=for\s)|(?<=in\s)|(?<=take\s)|(?<=takes\s)|(?<=took\s)|(?<=about\s)"
            rf"|(?<=within\s))an?\s+{_UNIT}\b",
            _unresolved("duration"),
            (_UNIT_WORDS,),
        ),
        (r"\bthe\s+(?:year|quarter|month|week|weekend)\b", _unresolved("daterange"), ({"the"}, _UNIT_WORDS)),
    )
]
