"""Dates and times as people say them, resolved against the moment they were said.

A span resolves to a first and a last local moment. Local times are naive `datetime` on the
conversation's own clock; the caller adds the offset from UTC.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import lru_cache

from earful.insight.clock import CLOCK_RULES, HOUR, clock_range, clock_time, hour_of
from earful.insight.days import DAY_RULES, MONTH_NAMES, DateKind, Maker, Rule, month_span, months_away
from earful.insight.lexicon import word_set
from earful.insight.numbers import ORDINALS, SMALL
from earful.insight.periods import period_spans, same_time, trimmed
from earful.insight.tense import tells_of_the_past, tells_of_what_comes
from earful.insight.text import FIGURE, clues, may_match

__all__ = ["DateKind", "DateSpan", "find_dates"]

_PARTS = {"morning": (8, 12), "afternoon": (12, 17), "evening": (17, 21), "night": (19, 24)}


@dataclass(frozen=True, slots=True)
class DateSpan:
    """A time expression: its place in the text, its kind and the local moments it spans.

    `first` and `last` are None where the words alone do not say (a bare duration, "the season");
    `open_clock` marks clock times that no day was said with.
    """

    start: int
    end: int
    text: str
    kind: DateKind
    first: datetime | None = None
    last: datetime | None = None
    open_clock: bool = False


# Within a sentence a capital makes the month of what could be a verb.
_CAPITAL_MONTH = re.compile(r"(?<=[a-z,]\s)(?:May|March)\b")
_DAY_END = ("day", "business", "play", "eod", "cob")
_PART_RULE = re.compile(
    r"\b(?:(?:this|in\s+the|that)\s+)?(?:early\s+|late\s+)?(?P<part>morning|afternoon|evening|night)\b"
)
# "Up 10% year over year", "day to day": how something is compared or done, no time.
_COMPARED = re.compile(
    r"\b(?:the\s+)?(?P<unit>year|quarter|month|week|day)s?[\s-]+(?:over|on|to)[\s-]+(?:(?:the|prior|last)[\s-]+)?(?P=unit)s?\b"
)
_COMPARED_NEEDS = (
    frozenset({"over", "on", "to"}),
    frozenset(unit + s for unit in ("year", "quarter", "month", "week", "day") for s in ("", "s")),
)
_GREETING = re.compile(r"\bgood\s*,?\s+$")
# "Morning, everyone", "Oh, afternoon Brian": a greeting cut short.
_SHORT_GREETING = re.compile(
    r"^\W*(?:(?:oh|hi|hey|hello|yes|yeah|um|uh|well|okay)\W+)*(?:(?i:morning)|(?i:afternoon)|(?i:evening)),?\s+"
    r"(?:(?:everyone|everybody|all|guys|folks|team|gentlemen|ladies|to\s+you)\b|[A-Z])"
)


def _resolved(
    maker: Maker, hit: re.Match[str], now: datetime
) -> tuple[DateKind, datetime | None, datetime | None] | None:
    """Return what a rule makes of its hit; nothing when that lies beyond the calendar."""
    try:
        resolved = maker(hit, now)
    except (OverflowError, ValueError):
        return None
    # Days are added to these and taken off them.
    if resolved is not None and any(end is not None and not 2 < end.year < 9998 for end in resolved[1:]):
        return None
    return resolved


# Every rule needs one of these or a figure: most messages are told by their words to say nothing of time.
_TIME_WORDS = word_set("time_words") | SMALL.keys() | ORDINALS.keys() | {FIGURE}
# What any rule needs.
_CLUES = frozenset().union(
    *(words for rule in DAY_RULES for words in rule.needs),
    *(words for _, needs in CLOCK_RULES for words in needs),
)


@lru_cache(maxsize=1024)
def _rules(known: frozenset[str]) -> tuple[tuple[Rule, ...], tuple[re.Pattern[str], ...]]:
    """Return the rules of days and those of the clock that can match a text with these clues."""
    days = tuple(rule for rule in DAY_RULES if may_match(rule.needs, known))
    return days, tuple(pattern for pattern, needs in CLOCK_RULES if may_match(needs, known))


def find_dates(text: str, now: datetime) -> list[DateSpan]:
    """Find the time expressions of a text that was said at `now` (local, naive), in order."""
    return [] if _TIME_WORDS.isdisjoint(clues(text)) else list(_find_dates(text, now))


@lru_cache(maxsize=64)
def _find_dates(text: str, now: datetime) -> tuple[DateSpan, ...]:
    # Entities, due dates and personal data are read off the same message.
    known = clues(text)
    day_rules, clock_rules = _rules(known & _CLUES)
    lower = text.lower().replace("’", "'")
    if may_match(_COMPARED_NEEDS, known):
        lower = _COMPARED.sub(lambda hit: "_" * len(hit.group()), lower)
    found: list[DateSpan] = []
    for rule in day_rules:
        for hit in rule.pattern.finditer(lower):
            resolved = _resolved(rule.make, hit, now)
            if resolved is not None and hit.group().strip():
                begin, end = _trim(lower, hit.start(), hit.end())
                # "End of day" is a time of the clock, on whichever day stands beside it.
                clock = resolved[0] == "datetime" and lower[begin:end].endswith(_DAY_END)
                found.append(DateSpan(begin, end, text[begin:end], *resolved, open_clock=clock))
    if "may" in known or "march" in known:
        found += [_month(hit, lower, now) for hit in _CAPITAL_MONTH.finditer(text)]
    for pattern in clock_rules:
        for hit in pattern.finditer(lower):
            moment = datetime.combine(now, clock_time(hit))
            begin, end = _trim(lower, hit.start(), hit.end())
            found.append(DateSpan(begin, end, text[begin:end], "time", moment, moment, open_clock=True))
    parted = not known.isdisjoint(_PARTS)
    greeted = _SHORT_GREETING.match(text) if parted else None
    for hit in _PART_RULE.finditer(lower) if parted else ():
        if _GREETING.search(lower[: hit.start()]) or (greeted and hit.end() <= greeted.end()):
            continue
        if (
            hit["part"] == "night"
            and not hit.group().startswith(("this", "that", "in"))
            and not re.search(
                r"(?:last|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\s$",
                lower[: hit.start()],
            )
        ):
            continue
        first, last = _PARTS[hit["part"]]
        begin_at = datetime.combine(now, time(first))
        end_at = begin_at + timedelta(hours=last - first) - timedelta(seconds=last == 24)
        this = hit.group().startswith(("this", "that"))
        begin, end = trimmed(lower, *hit.span())
        found.append(
            DateSpan(
                begin,
                end,
                text[begin:end],
                "datetimerange" if this else "timerange",
                begin_at,
                end_at,
                open_clock=not this,
            )
        )
    whole = _whole(text, lower, _longest(found), known)
    if not whole:
        return ()
    clocked = _join_ranges(text, _with_bare_ranges(text, lower, whole, now), clocks=True)
    days = _join_same(text, _join_days(text, clocked))
    days = _join_ended(text, _join_weeks(text, days))
    return tuple(
        _possessive(text, span)
        for span in _join_ranges(text, days)
        if not _PART_OF_A_WHOLE.match(lower, span.start)
    )


# "Three quarters of a million" are no nine months.
_PART_OF_A_WHOLE = re.compile(
    r"(?:(?:about|around|almost|nearly|over|just|roughly|only)\s+)*(?:(?:three|3)\s+quarters|a\s+quarter)\s+of\s+"
    r"(?:an?|the|all|our|them|us|it|my|your|their|that|those|this|these|what|people)\b(?!\s+(?:year|fiscal|calendar))"
)
_OWNING = re.compile(r"['’]s\b")


def _possessive(text: str, span: DateSpan) -> DateSpan:
    """Take the ending of "last year's" along, as OntoNotes does for times and not for names."""
    hit = _OWNING.match(text, span.end)
    return replace(span, end=hit.end(), text=text[span.start : hit.end()]) if hit else span


_WEEK_OF = re.compile(r"\b(?:the\s+)?week\s+(?:of|beginning|starting)\s+$", re.IGNORECASE)


def _stretch(
    text: str, before: list[DateSpan], span: DateSpan, start: int, first: datetime, last: datetime
) -> DateSpan:
    """Return the time from `first` to `last` that a day stands for with the words before it, from `start` on;
    what was found in those words leaves `before`."""
    before[:] = [one for one in before if one.end <= start]
    return replace(span, start=start, text=text[start : span.end], kind="daterange", first=first, last=last)


def _join_weeks(text: str, found: list[DateSpan]) -> list[DateSpan]:
    """Make "the week of March 3rd" the week that the day is in."""
    result: list[DateSpan] = []
    for span in found:
        lead = _WEEK_OF.search(text[: span.start]) if span.kind == "date" and span.first else None
        if lead and span.first is not None:
            monday = span.first - timedelta(days=span.first.weekday())
            span = _stretch(text, result, span, lead.start(), monday, monday + timedelta(days=6))
        result.append(span)
    return result


def _join_same(text: str, found: list[DateSpan]) -> list[DateSpan]:
    """Make one of a day said twice: "today, August 6th", "Friday, the 14th"."""
    result: list[DateSpan] = []
    for span in found:
        while result and (same := _same_day(text, result[-1], span)) is not None:
            result.pop()
            span = same
        result.append(span)
    return result


def _same_day(text: str, before: DateSpan, span: DateSpan) -> DateSpan | None:
    """Return two times as one if they name one day; a date with its month tells which "today" it was."""
    if (
        span.kind != "date"
        or span.first is None
        or before.first is None
        or not re.fullmatch(r"\s*,?\s+", text[before.end : span.start])
    ):
        return None
    said = text[before.start : span.end]
    if before.kind == "date":
        dated = _MONTH_NAMED.search(span.text) is not None and (
            before.text.lower() == "today"
            or (before.text.lower().endswith("day") and before.first.weekday() == span.first.weekday())
        )
        if dated or before.first == span.first:
            return replace(span, start=before.start, text=said)
    elif before.kind == "datetime" and before.first.date() == span.first.date():
        return replace(before, end=span.end, text=said)
    return None


_MONTH_NAMED = re.compile(rf"\b(?:{MONTH_NAMES}|may|june|july)\b", re.IGNORECASE)


_ENDED_BEFORE = re.compile(
    r"\b(?:the\s+|our\s+)?(?:(?:(?:\d{1,2}|three|six|nine)\s+and\s+)?(?P<count>\d{1,2}|three|six|nine|twelve)[\s-]+)?"
    r"(?:fiscal\s+)?"
    r"(?P<unit>quarter|months?|year)[\s-]+(?:ended|ending|end)\s+(?:on\s+)?$",
    re.IGNORECASE,
)
_COUNTED = {"three": 3, "six": 6, "nine": 9, "twelve": 12}


def _join_ended(text: str, found: list[DateSpan]) -> list[DateSpan]:
    """Make "the quarter ended June 30th", "six months ending 31 March" the time that ends on that day."""
    result: list[DateSpan] = []
    for span in found:
        gap = _ENDED_BEFORE.search(text, 0, span.start) if span.kind == "date" and span.first else None
        if gap and span.first is not None:
            unit = gap["unit"].lower().rstrip("s")
            count = (gap["count"] or "1").lower()
            number = _COUNTED.get(count) or int(count)
            months = number * {"quarter": 3, "year": 12}.get(unit, 1)
            first = months_away(span.first + timedelta(days=1), -months)
            span = _stretch(text, result, span, gap.start(), first, span.first)
        result.append(span)
    return result


def _month(hit: re.Match[str], lower: str, now: datetime) -> DateSpan:
    past = tells_of_the_past(lower, *hit.span())
    ahead = not past and tells_of_what_comes(lower, *hit.span())
    kind, first, last = month_span(hit.group(), now, past=past, ahead=ahead)
    return DateSpan(hit.start(), hit.end(), hit.group(), kind, first, last)


def _whole(text: str, lower: str, found: list[DateSpan], words: frozenset[str]) -> list[DateSpan]:
    """Give every span the words around it that belong to it, and add phrases that have no place in time.

    A longer phrase keeps the moments of the part that was understood, unless it says more than that part.
    """
    result: list[DateSpan] = []
    left = list(found)
    for start, end in period_spans(lower, words):
        inside = [span for span in left if span.start < end and span.end > start]
        if any(span.start < start or span.end > end for span in inside):
            continue
        left = [span for span in left if span not in inside]
        known = max(
            (span for span in inside if same_time(lower, (start, end), [(span.start, span.end)])),
            key=lambda span: span.end - span.start,
            default=None,
        )
        if known is None and same_time(lower, (start, end), [(span.start, span.end) for span in inside]):
            known = _narrowest(inside)
        if known is not None:
            result.append(replace(known, start=start, end=end, text=text[start:end]))
        else:
            kind: DateKind = "duration" if _MEASURE.match(lower, start, end) else "daterange"
            result.append(DateSpan(start, end, text[start:end], kind))
    return sorted([*result, *left], key=lambda span: span.start)


def _narrowest(spans: list[DateSpan]) -> DateSpan | None:
    """Return the shortest of several times if it lies in all of them: "May this year"."""
    known = [span for span in spans if span.first is not None and span.last is not None]
    if len(known) < len(spans) or not known:
        return None
    best = min(known, key=lambda span: (span.last or datetime.max) - (span.first or datetime.min))
    inside = all(
        one.first
        and one.last
        and best.first
        and best.last
        and one.first <= best.first
        and best.last <= one.last
        for one in known
    )
    return best if inside else None


_MEASURE = re.compile(
    r"(?:(?:just|only|about|around|approximately|roughly|nearly|almost|over|barely|at least|more than"
    r"|less than)\s+)?"
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|a\s+(?:few|couple)"
    r"|several|half)\b"
    r"(?!.*\b(?:ago|from now|earlier|later)\b)"
)
# The stop after "pm" ends the sentence; the one after "p.m." is part of it.
_FULL_STOP = re.compile(r"(?<!\.)\s?[ap]m\.$|(?:may|june|july|" + MONTH_NAMES + r")\.$")


def _trim(text: str, begin: int, end: int) -> tuple[int, int]:
    begin, end = trimmed(text, begin, end)
    if _FULL_STOP.search(text[begin:end]):
        end -= 1
    return begin, end


def _longest(found: list[DateSpan]) -> list[DateSpan]:
    """Keep the longest of overlapping spans; of equally long ones the one that could be resolved."""
    kept: list[DateSpan] = []
    for span in sorted(found, key=lambda s: (-(s.end - s.start), s.first is None, s.start)):
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda s: s.start)


_BETWEEN_DAYS = re.compile(r"\s*(?:,|\s)?\s*(?:at|from|in\s+the|by|around|on|before|after|,)?\s*")


def _join_days(text: str, found: list[DateSpan]) -> list[DateSpan]:
    """Put a day, or a part of one, and a clock time beside it together into one moment."""
    result: list[DateSpan] = []
    for span in found:
        joined = _moment(text, result[-1], span) if result else None
        if joined is not None:
            result[-1] = joined
        else:
            result.append(span)
    return result


def _moment(text: str, before: DateSpan, span: DateSpan) -> DateSpan | None:
    """Return two neighbours as one moment, if one is a day (or part of one) and the other a time of it."""
    gap = text[before.end : span.start].lower()
    if len(gap) >= 12 or not _BETWEEN_DAYS.fullmatch(gap):
        return None
    day, clock = (before, span) if span.open_clock else (span, before)
    said = text[before.start : span.end]
    if not (day.first and day.last and clock.first and clock.last and clock.open_clock):
        return None
    if day.kind == "date":
        first = datetime.combine(day.first, clock.first.time())
        kind: DateKind = "datetimerange" if clock.kind == "timerange" else "datetime"
        return DateSpan(before.start, span.end, said, kind, first, first + (clock.last - clock.first))
    if day.kind == "datetimerange" and clock.kind == "timerange" and day.first.date() == day.last.date():
        first, last = (datetime.combine(day.first, one.time()) for one in (clock.first, clock.last))
        return DateSpan(before.start, span.end, said, "datetimerange", first, last)
    if day.kind == "datetimerange" and clock.kind == "time" and day.first.date() == day.last.date():
        at = _half_of_day(datetime.combine(day.first, clock.first.time()), day.first, day.last)
        return DateSpan(before.start, span.end, said, "datetime", at, at)
    if (
        day.kind == "datetime"
        and clock.kind == "timerange"
        and day is before
        and gap.strip() in ("", "in the")
    ):
        at = _half_of_day(
            day.first,
            datetime.combine(day.first, clock.first.time()),
            datetime.combine(day.first, clock.last.time()),
        )
        return DateSpan(before.start, span.end, said, "datetime", at, at)
    return None


def _half_of_day(moment: datetime, first: datetime, last: datetime) -> datetime:
    """Return the moment in the half of its day that lies nearer to a part of that day."""
    middle = first + (last - first) / 2
    other = moment.replace(hour=(moment.hour + 12) % 24)
    return min(moment, other, key=lambda one: abs(one - middle))


def _with_bare_ranges(text: str, lower: str, found: list[DateSpan], now: datetime) -> list[DateSpan]:
    """Add "between nine and eleven" where a day stands right beside it."""
    added: list[DateSpan] = []
    for lead, start, end, first, last in clock_range(lower):
        beside = any(
            span.kind in ("date", "datetimerange")
            and _BETWEEN_DAYS.fullmatch(lower[min(end, span.end) : max(lead, span.start)])
            for span in found
            if span.first and (span.end <= start or span.start >= end)
        )
        inside = [span for span in found if span.end > start and span.start < end]
        if beside and all(span.kind == "time" and start <= span.start and span.end <= end for span in inside):
            found = [span for span in found if span not in inside]
            whole = (datetime.combine(now, first), datetime.combine(now, last))
            added.append(DateSpan(start, end, text[start:end], "timerange", *whole, open_clock=True))
    return sorted([*found, *added], key=lambda span: span.start)


_RANGE_WORD = re.compile(r"\s*(?:-|–|to|until|till|through|and)\s*(?:the\s+)?")
_BETWEEN = re.compile(r"\bbetween\s+$", re.IGNORECASE)
_RANGE_LEAD = re.compile(r"\b(?:from|between)\s+$", re.IGNORECASE)
_BARE_HOUR = re.compile(rf"\b(?:from|between)\s+(?P<hour>{HOUR})\s+(?:to|until|and)\s+$", re.IGNORECASE)


def _join_ranges(text: str, found: list[DateSpan], *, clocks: bool = False) -> list[DateSpan]:
    """Put "from X to Y" and "between X and Y" together; with `clocks` only times of the clock."""
    result: list[DateSpan] = []
    for span in found:
        if clocks and not span.open_clock:
            result.append(span)
            continue
        before = result[-1] if result and result[-1].open_clock >= clocks else None
        joined = _range(text, before, span) if before is not None else None
        if joined is not None:
            result[-1] = joined
        else:
            result.append(_from_bare_hour(text, span) or span)
    return result


def _range(text: str, before: DateSpan, span: DateSpan) -> DateSpan | None:
    """Return two spans as one range when the words between them make them one."""
    gap = text[before.end : span.start].lower()
    led = bool(_RANGE_LEAD.search(text[: before.start]))
    if before.first is None or span.last is None or not _RANGE_WORD.fullmatch(gap):
        return None
    if (gap.strip() == "and" and not led) or not (
        before.open_clock == span.open_clock or (before.kind == "datetime" and span.open_clock)
    ):
        return None
    last = datetime.combine(before.first, span.last.time()) if span.open_clock else span.last
    first = before.first
    if last < first and before.kind == span.kind == "daterange" and first - last < timedelta(days=366):
        # "Between March and April", said in August: both of the same year.
        first = _safe_year(first, first.year - 1)
    if last < before.first and before.kind == span.kind == "date" and before.first - last < timedelta(days=7):
        # "Between Monday and Wednesday", said on a Tuesday.
        last += timedelta(days=7)
    if last < before.first and before.kind == span.kind == "date" and first.year == last.year:
        # "Between Christmas and New Year's".
        last = _safe_year(last, last.year + 1)
    if last < first:
        return None
    kind: DateKind = (
        "timerange" if before.open_clock else "datetimerange" if before.kind == "datetime" else "daterange"
    )
    start = between.start() if (between := _BETWEEN.search(text[: before.start])) else before.start
    return replace(
        before, start=start, end=span.end, text=text[start : span.end], kind=kind, first=first, last=last
    )


def _safe_year(moment: datetime, year: int) -> datetime:
    return moment.replace(year=year, day=min(moment.day, 28) if moment.month == 2 else moment.day)


def _from_bare_hour(text: str, span: DateSpan) -> DateSpan | None:
    """Take the bare hour in "from 2 to 3 pm" into the range."""
    hit = _BARE_HOUR.search(text[: span.start]) if span.kind == "time" and span.first is not None else None
    if hit is None or span.first is None:
        return None
    hour = hour_of(hit["hour"].lower()) % 12 + (12 if span.first.hour >= 12 else 0)
    first = datetime.combine(span.first, time(hour))
    begin = hit.start("hour")
    if first > span.first:
        return None
    return replace(span, start=begin, text=text[begin : span.end], kind="timerange", first=first)
