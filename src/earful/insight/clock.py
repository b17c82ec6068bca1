"""Times of the clock as people say them: "half past two", "3:30 p.m.", "at five", "noon"."""

import re
from collections.abc import Iterator
from datetime import time

from earful.insight.numbers import DIGITS, SMALL
from earful.insight.text import FIGURE, Needs

__all__ = ["CLOCK_RULES", "HOUR", "clock_range", "clock_time", "hour_of"]

_UNIT = r"(?:second|minute|hour|day|night|week|month|quarter|year|decade)s?"
HOUR = rf"(?:1[0-2]|0?[1-9]|{'|'.join(w for w, n in SMALL.items() if 1 <= n <= 12)})"
_HOUR24 = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_MINUTE_WORDS = r"(?:fifteen|thirty|forty[- ]five|twenty|ten|forty|fifty|oh five)"
_MERIDIEM = r"(?:a\.?\s?m\.?|p\.?\s?m\.?)(?![a-z])"


def hour_of(text: str) -> int:
    return int(text) if text.isdigit() else SMALL[text]


def _minutes(text: str | None) -> int:
    if not text:
        return 0
    text = text.strip(" :.")
    if text.isdigit():
        return int(text)
    if text.startswith("oh"):
        return int(DIGITS[text.split()[-1]])
    return sum(SMALL[part] for part in re.split(r"[- ]", text))


def clock_time(hit: re.Match[str]) -> time:
    groups = hit.groupdict()
    if groups.get("word"):
        return time(0 if groups["word"] == "midnight" else 12)
    if groups.get("full"):
        hour, minute = groups["full"].split(":")
        hours, minutes = int(hour), int(minute)
    else:
        hours, minutes = hour_of(groups["hour"]), _minutes(groups.get("minute"))
        past = groups.get("past")
        if past:
            amount, direction = past.removeprefix("a ").split()[0], past.split()[-1]
            away = {"half": 30, "quarter": 15}.get(amount) or _minutes(amount)
            minutes = away if direction in ("past", "after") else -away
    meridiem = (groups.get("meridiem") or "").replace(" ", "")[:1]
    part = groups.get("part")
    if part:
        meridiem = "a" if part == "morning" else "p"
    if meridiem == "p" and hours < 12:
        hours += 12
    elif meridiem == "a" and hours == 12:
        hours = 0
    elif not meridiem and not groups.get("full") and hours < 8:
        # Nobody arranges to meet at three in the morning.
        hours += 12
    total = (hours * 60 + minutes) % 1440
    return time(total // 60, total % 60)


_PREPOSITION = (
    r"(?:(?<=\bat\s)|(?<=\bby\s)|(?<=\buntil\s)|(?<=\btill\s)|(?<=\baround\s)|(?<=\bbefore\s)"
    r"|(?<=\bafter\s)|(?<=\bfrom\s)|(?<=\babout\s))"
)
# A bare number after "at" or "by" is a time where its clause ends, or a day or the purpose follows.
_ENDS = (
    r"(?=\s*(?:[.,;?!…)-]|$)|\s+(?:on|in\s+the|at|to|until|till|and|or|sharp|ish|for|if|when|so|but|then|because"
    r"|with|today|tonight|tomorrow|every|each|this|next|(?:mon|tues|wednes|thurs|fri|satur|sun)day|i|we|you|he"
    r"|she|they|it|my|your|our|the|please|works?|would|is|was|will|can|eastern|pacific|central|gmt|utc)\b)"
)
_HOUR_AND_MINUTE = rf"{HOUR}(?:(?::[0-5]\d|\s(?:fifteen|thirty|forty[- ]five)))?"
# "Between nine and eleven": times only with a day beside them, see `find_dates`.
_BARE_RANGE = re.compile(
    rf"\b(?:from\s+|between\s+)?(?P<from>{_HOUR_AND_MINUTE})\s*(?:-|–|\s(?:to|and|until|till|through)\s)\s*"
    rf"(?P<to>{_HOUR_AND_MINUTE})\b(?![.,:/]?\d)"
)


def clock_range(lower: str) -> Iterator[tuple[int, int, int, time, time]]:
    """Yield what could be a stretch of the clock said by its bare hours.

    Each is where its words begin with "from", where they begin without, where they end, first and last time.
    """
    for hit in _BARE_RANGE.finditer(lower):
        first, last = (
            hour_of(part[0]) * 60 + _minutes(part[1] if len(part) > 1 else None)
            for part in (re.split(r":|\s", hit[name], maxsplit=1) for name in ("from", "to"))
        )
        if first < 8 * 60:
            first += 12 * 60
        if last <= first:
            last += 12 * 60
        if first < last < 24 * 60:
            start = hit.start() if hit.group().startswith("between") else hit.start("from")
            yield hit.start(), start, hit.end(), time(first // 60, first % 60), time(last // 60, last % 60)


# What the rules need: see `may_match`.
_MERIDIEMS = frozenset({"am", "pm", "m"})
_HOURS = frozenset({FIGURE, *SMALL})
_DAY_PARTS = frozenset({"morning", "afternoon", "evening", "night"})
_HALVES = frozenset({"half", "quarter", "five", "ten", "twenty"})
_LEADS = frozenset({"at", "by", "until", "till", "around", "before", "after", "from", "about"})
CLOCK_RULES: list[tuple[re.Pattern[str], Needs]] = [
    (re.compile(pattern), needs)
    for needs, pattern in (
        (
            (_MERIDIEMS, _HOURS),
            rf"\b(?P<hour>{HOUR})(?P<minute>(?::|\.|\s)(?:[0-5]\d|{_MINUTE_WORDS}))"
            rf"?\s*(?P<meridiem>{_MERIDIEM})(?:\s+(?:(?:eastern|pacific|central|mountain|greenwich)(?:\s+(?:standard|daylight|mean))?"
            r"(?:\s+time)?|gmt|utc))?",
        ),
        (
            (_DAY_PARTS, _HOURS),
            rf"\b(?P<hour>{HOUR})(?P<minute>(?::|\.|\s)(?:[0-5]\d|{_MINUTE_WORDS}))?(?:\s+o['’]?\s?clock)?"
            r"(?:\s+(?:in\s+the|at)\s+(?P<part>morning|afternoon|evening|night))\b",
        ),
        ((frozenset({FIGURE}),), rf"\b(?P<full>{_HOUR24})(?::[0-5]\d)?\b(?!\s*{_MERIDIEM})"),
        (
            (frozenset({"o", "clock", "oclock"}), _HOURS),
            rf"\b(?P<hour>{HOUR})(?P<minute>\s{_MINUTE_WORDS})?\s+o['’]?\s?clock\b",
        ),
        (
            (_HALVES, frozenset({"past", "to", "after"})),
            r"\b(?P<past>(?:(?:half|a\s+quarter|quarter)\s+(?:past|to|after)|(?:ten|twenty|five"
            r"|twenty[- ]five)\s+(?:past|after)|(?:(?<=at\s)|(?<=by\s)|(?<=till\s)|(?<=until\s)"
            r"|(?<=it's\s)|(?<=is\s)|(?<=about\s)|(?<=around\s)|(?<=before\s)|(?<=after\s))"
            r"(?:ten|twenty|five|twenty[- ]five)\s+to"
            rf"))\s+(?P<hour>{HOUR})\b(?!\s*(?:%|percent|million|x\b|times|{_UNIT}))",
        ),
        (
            (_LEADS, _HOURS),
            rf"{_PREPOSITION}(?P<hour>{HOUR})(?P<minute>\s{_MINUTE_WORDS})?\b(?![.,:/]?\d)"
            rf"(?!\s*(?:%|percent|hundred|thousand|(?:m|b|tr)illion|and\s+a\s+half|(?:to|or|and)\s+\d\d|of|or|different"
            rf"|point|{_UNIT}|dollars"
            # "From five to ten people" counts, "from five to ten" tells the time.
            rf"|people|times|[a-z]+s\b)|\s+(?:to|or|and)\s+{HOUR}\b(?!{_ENDS}|\s*[ap]\.?\s?m\b))" + _ENDS,
        ),
        (
            (frozenset({"at"}), _HOURS),
            # After a day it is a time whatever follows, but for what it counts: "tonight at eight there is".
            r"(?:(?<=day\sat\s)|(?<=tonight\sat\s)|(?<=tomorrow\sat\s)|(?<=morning\sat\s)|(?<=afternoon\sat\s)"
            rf"|(?<=evening\sat\s)|(?<=night\sat\s))(?P<hour>{HOUR})(?P<minute>\s{_MINUTE_WORDS})?\b(?![.,:/]?\d)"
            rf"(?!\s*(?:%|percent|hundred|thousand|million|of|or|to|{_UNIT})\b)",
        ),
        (
            (frozenset({"noon", "midday", "midnight", "lunch", "lunchtime"}),),
            r"\b(?P<word>noon|midday|midnight|(?:(?<=\bat\s)|(?<=\bby\s)|(?<=\bbefore\s)|(?<=\bafter\s)|(?<=\buntil\s))lunch"
            r"(?:\s?time)?)\b",
        ),
        (
            (frozenset({"fifteen", "thirty", "forty"}), _HOURS),
            # "Three thirty tomorrow": a day beside it makes a time of two numbers.
            rf"\b(?P<hour>{HOUR})(?P<minute>\s(?:fifteen|thirty|forty[- ]five))"
            r"(?=,?\s+(?:today|tonight|tomorrow|(?:on\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b)",
        ),
    )
]
