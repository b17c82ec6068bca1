"""Numbers with what stands beside them: money, percentages, quantities, fractions, ranges, vague amounts.

Spans follow OntoNotes, as the stock recognisers do: "about", "more than" and their like belong to an
amount, and "10 to 15%" is one. A range has the value `{"from": ..., "to": ...}`, a vague amount
("several hundred") none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from earful.conversation.types import Entity
from earful.insight.numbers import SCALES, find_numbers, ordinal_value
from earful.insight.text import Token

__all__ = ["find_amounts"]

# "Half a percent", "a quarter of a percentage point".
_PART_OF_PERCENT = re.compile(
    r"\b(?:(?P<half>(?:a\s+)?half)|(?:an?|one)\s+quarter|(?P<three>three\s+quarters))\s+(?:of\s+)?(?:an?|one)\s+percent\b"
    r"(?!age)",
    re.IGNORECASE,
)
_CURRENCY_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
_CURRENCY_WORDS = {
    "dollar": "USD",
    "buck": "USD",
    "cent": "USD",
    "euro": "EUR",
    "pound": "GBP",
    "quid": "GBP",
    "yen": "JPY",
    "rupee": "INR",
    "peso": "MXN",
    "franc": "CHF",
    "usd": "USD",
    "eur": "EUR",
    "gbp": "GBP",
    "zloty": "PLN",
    "krona": "SEK",
    "krone": "NOK",
}
_CODES = frozenset(_CURRENCY_WORDS.values())
_UNITS = {
    **{
        f"{size}{unit}": f"{size}{unit}"
        for size in ("", "kilo", "mega", "giga", "tera")
        for unit in ("watt",)
    },
    **{name: name for name in ("barrel", "ton", "tonne", "mile", "kilometer", "meter", "centimeter", "inch")},
    **{name: name for name in ("acre", "hectare", "kilogram", "gram", "ounce", "liter", "gallon", "degree")},
    **{f"{size}byte": f"{size}byte" for size in ("kilo", "mega", "giga", "tera")},
    "foot": "foot",
    "feet": "foot",
    "inches": "inch",
    "kilometre": "kilometer",
    "metre": "meter",
    "litre": "liter",
    "km": "kilometer",
    "kg": "kilogram",
    "mw": "megawatt",
    "gw": "gigawatt",
    "kw": "kilowatt",
    "kwh": "kilowatt hour",
    "mwh": "megawatt hour",
    "gwh": "gigawatt hour",
    "gb": "gigabyte",
    "mb": "megabyte",
    "tb": "terabyte",
    "lb": "pound",
    "mile": "mile",
}
_BEFORE_UNITS = {"metric": "metric ", "square": "square ", "cubic": "cubic "}
_LEADS = re.compile(
    r"\b(?:(?:just|only|well|slightly|a\s+little|a\s+bit|somewhere)\s+)?(?:about|around|approximately|roughly|nearly"
    r"|almost|over|under|just|only|(?:above|below|north\s+of)(?=\s+[$€£]?\d[\d.,]*\s?(?:%|percent|[a-z]*illion))|(?:more|less|greater|fewer|better|higher|lower)\s+than|close\s+to|at\s+least"
    r"|some|an?\s+additional|an?\s+mere|an?\s+whopping|as\s+(?:much|many|little|few)\s+as|around\s+about"
    r"|up\s+to(?=\s+[$€£]?\d))\s+$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\bbetween\s+$", re.IGNORECASE)
# "From $5 million to $7 million" is a change, "from 5 to 7 million" a range.
_CHANGE = re.compile(r"\bfrom\s+(?:(?:about|around|roughly|approximately)\s+)?$", re.IGNORECASE)
_RANGE = re.compile(r"\s+(?:to|or)\s+|\s?[-–]\s?|\s+and\s+", re.IGNORECASE)
_BEFORE_SECONDS = frozenset({"a", "one", "per", "each", "every", "split", "this"})
_MANY = ("few", "several", "many", "couple", "couple of", "few dozen", "several dozen", "number of")
_VAGUE = re.compile(
    rf"\b(?:(?:a\s+)?(?:{'|'.join(_MANY)})\s+(?:(?:hundred|thousand|million|billion)s?\b\s*)+"
    r"|(?:tens\s+of\s+|hundreds\s+of\s+)?(?:hundreds|thousands|millions|billions|trillions)\b"
    r"|(?:tens|dozens)\b(?=\s+of\b))",
    re.IGNORECASE,
)
_VAGUE_MONEY = re.compile(r"\s*(?:of\s+)?(?:dollars|euros|pounds|bucks)\b", re.IGNORECASE)
_FRACTION = re.compile(
    r"\b(?:(?P<count>one|two|three|a)[\s-]+)?(?P<part>half|third|quarter|fifth|eighth)(?P<many>s)?\b",
    re.IGNORECASE,
)
# "A third of it" is a part; "a third party" is the one after the second.
_AFTER_PART = re.compile(
    r"\s*(?:[.,;:?!)]|$)|\s+(?:of|to|in|on|or|and|from|by|more|less|percent)\b", re.IGNORECASE
)
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "eighth": 8}
_HALF_OF_TIME = re.compile(
    r"(?:\b(?:first|second|back|front|other|latter|better|last|next)\s+|\band\s+(?:a\s+)?)$", re.IGNORECASE
)
_ORDER_WORDS = {"firstly": 1, "secondly": 2, "thirdly": 3, "fourthly": 4, "lastly": 0}


@dataclass(frozen=True, slots=True)
class _Amount:
    """A number in a text: offsets, what it counts (money, percent, quantity, number), how it was written."""

    start: int
    end: int
    kind: str
    value: float | None
    unit: str = ""
    scaled: bool = False
    to: float | None = None
    scale: float = 1.0


def find_amounts(text: str, words: Sequence[Token], taken: Sequence[tuple[int, int]] = ()) -> list[Entity]:
    """Find the amounts of a text, in order; words in the `taken` spans (dates) are none."""

    def free(start: int, end: int) -> bool:
        return all(end <= other[0] or start >= other[1] for other in taken)

    found = [item for item in _cardinals(text, words) if free(item.start, item.end)]
    for item in (*_vague(text), *_fractions(text), *_parts_of_percent(text)):
        if free(item.start, item.end):
            found = [one for one in found if one.end <= item.start or one.start >= item.end]
            found.append(item)
    found.sort(key=lambda item: item.start)
    entities = [
        _entity(text, _led(text, item, taken))
        for item in _ranges(text, _signed(text, _sums(text, _shares(text, found))))
    ]
    for index, token in enumerate(words):
        ordinal = ordinal_value(words, index)
        unit = token.lower == "second" and index and words[index - 1].lower in _BEFORE_SECONDS
        if ordinal is not None and not unit and ordinal[0] > 0:
            end = words[ordinal[1] - 1].end
            if free(token.start, end):
                entities.append(Entity("ordinal", text[token.start : end], token.start, ordinal[0]))
        elif _ORDER_WORDS.get(token.lower):
            entities.append(Entity("ordinal", token.text, token.start, _ORDER_WORDS[token.lower]))
    return sorted(entities, key=lambda entity: (entity.offset, -len(entity.text)))


def _cardinals(text: str, words: Sequence[Token]) -> list[_Amount]:
    """Return the plain numbers, each with its currency, percent sign or unit."""
    found: list[_Amount] = []
    for span in find_numbers(words):
        start, end = words[span.first].start, words[span.last - 1].end
        after = words[span.last : span.last + 2]
        before = words[span.first - 1] if span.first else None
        if _part_of_a_name(text, start, end, words[span.first].text):
            continue
        scale = _scale(words[span.first : span.last])
        scaled = any(word.lower in SCALES for word in words[span.first : span.last])
        next_word = after[0].lower if after else ""
        currency = _CURRENCY_WORDS.get(next_word.rstrip("s")) if next_word != "pound" else None
        if before is not None and before.text in _CURRENCY_SIGNS and before.end == start:
            sign = _CURRENCY_SIGNS[before.text]
            # "$2.35 cents", "$5 dollars": said twice, meant once.
            tail = after[0].end if currency == sign else end
            found.append(_Amount(before.start, tail, "money", span.value, sign, scaled, scale=scale))
        elif before is not None and before.text in _CODES and text[before.end : start] == " ":
            found.append(_Amount(before.start, end, "money", span.value, before.text, scaled, scale=scale))
        elif currency:
            amount = span.value / 100 if next_word.startswith("cent") else span.value
            found.append(_Amount(start, after[0].end, "money", amount, currency, scaled, scale=scale))
        elif next_word in ("%", "percent", "percentage") or (
            next_word == "per" and len(after) > 1 and after[1].lower == "cent"
        ):
            tail = after[1].end if next_word == "per" else after[0].end
            # "Percentage points" are points.
            points = next_word == "percentage" and len(after) > 1 and after[1].lower.startswith("point")
            found.append(
                _Amount(start, end if points else tail, "number" if points else "percent", span.value)
            )
        elif unit := _unit(after):
            found.append(
                _Amount(start, after[unit[1] - 1].end, "quantity", span.value, unit[0], scaled, scale=scale)
            )
        elif not (
            words[span.first].lower == "one"
            and span.last - span.first == 1
            and _pronoun_one(words, span.first)
        ):
            found.append(_Amount(start, end, "number", span.value, "", scaled, scale=scale))
    return found


def _scale(words: Sequence[Token]) -> float:
    """Return what the last words of a number multiply it by: "three hundred million" a hundred million."""
    scale = 1.0
    for word in reversed(words):
        by = SCALES.get(word.lower.removesuffix("s"))
        if by is None:
            break
        scale *= by
    return scale


def _unit(after: Sequence[Token]) -> tuple[str, int] | None:
    """Return the unit of measure that the next words are, and how many words it is."""
    lead = _BEFORE_UNITS.get(after[0].lower, "") if after else ""
    at = 1 if lead else 0
    if len(after) <= at:
        return None
    word = after[at].lower
    unit = _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))
    return (lead + unit, at + 1) if unit else None


def _vague(text: str) -> list[_Amount]:
    found = []
    for hit in _VAGUE.finditer(text):
        end = hit.start() + len(hit.group().rstrip())
        if re.search(r"\d\s$", text[: hit.start()]):
            continue  # "$94 millions"
        money = _VAGUE_MONEY.match(text, end)
        signed = text[hit.start() - 1 : hit.start()] in _CURRENCY_SIGNS
        if money or signed:
            found.append(_Amount(hit.start(), money.end() if money else end, "money", None))
        else:
            found.append(_Amount(hit.start(), end, "number", None))
    return found


def _fractions(text: str) -> list[_Amount]:
    """Return "half", "a third", "two-thirds"; not halves of the year, and no quarters without a count."""
    found = []
    for hit in _FRACTION.finditer(text):
        count, part = (hit["count"] or "").lower(), hit["part"].lower()
        after = text[hit.end() : hit.end() + 12].lower()
        if part != "half" and (
            not count
            or (count in ("two", "three")) != bool(hit["many"])
            or (part != "third" and not after.startswith((" of", " percent")))
            or (count == "a" and part == "third" and not _AFTER_PART.match(text, hit.end()))
        ):
            continue
        if part == "half" and (
            hit["many"]
            or count in ("two", "three")
            or _HALF_OF_TIME.search(text[: hit.start()])
            or re.match(
                r"[\s-]+(?:an?\b|past|hour|day|year|of\s+(?:the\s+|this\s+|next\s+|last\s+)?year)", after
            )
            or text[hit.end() : hit.end() + 1] == "-"
        ):
            continue
        number = {"two": 2, "three": 3}.get(count, 1)
        start = hit.start("part") if part == "half" and count == "a" else hit.start()
        found.append(_Amount(start, hit.end(), "number", round(number / _PARTS[part], 6)))
    return found


def _parts_of_percent(text: str) -> list[_Amount]:
    """Return "half a percent", "a quarter of a percent"."""
    return [
        _Amount(*hit.span(), "percent", 0.5 if hit["half"] else 0.75 if hit["three"] else 0.25)
        for hit in (_PART_OF_PERCENT.finditer(text) if "percent" in text else ())
    ]


_SHARE = re.compile(
    r"\b(?:(?P<half>half)|(?:(?P<count>an?|one|two|three)\s+)(?P<part>quarter|third)s?\s+of)\s+$",
    re.IGNORECASE,
)


def _shares(text: str, found: list[_Amount]) -> list[_Amount]:
    """Make 500,000 of "half a million", and 750,000 of "three quarters of a million"."""
    result: list[_Amount] = []
    for item in found:
        share = _SHARE.search(text, 0, item.start) if _ONE_OF.match(text, item.start) else None
        if share is None or item.value is None:
            result.append(item)
            continue
        count = {"two": 2, "three": 3}.get((share["count"] or "").lower(), 1)
        part = 2 if share["half"] else _PARTS[share["part"].lower()]
        result = [one for one in result if one.end <= share.start()]
        result.append(replace(item, start=share.start(), value=item.value * count / part))
    return result


_ONE_OF = re.compile(r"an?\s+(?:hundred|thousand|million|billion|trillion|lakh|crore|dozen)\b", re.IGNORECASE)


def _sums(text: str, found: list[_Amount]) -> list[_Amount]:
    """Put "$1 billion $290 million" together: a larger scale with a smaller one right after it."""
    result: list[_Amount] = []
    for item in found:
        last = result[-1] if result else None
        if last is not None and (change := _with_cents(text, last, item)):
            result[-1] = change
        elif (
            last is not None
            and last.scaled
            and item.scaled
            and last.value is not None
            and item.value is not None
            and text[last.end : item.start] == " "
            and last.value > item.value
            and {last.kind, item.kind} <= {"money", "number"}
        ):
            unit = last.unit or item.unit
            result[-1] = replace(
                last,
                end=item.end,
                value=last.value + item.value,
                unit=unit,
                kind="money" if unit else "number",
            )
        else:
            result.append(item)
    return result


_CENTS = re.compile(
    r"\s+(?:and\s+)?(?:cents?|pence|pennies)\b|(?=\s*(?:[.,;?!]|$|per\b|an?\b|each\b|for\b))", re.I
)


def _with_cents(text: str, last: _Amount, item: _Amount) -> _Amount | None:
    """Return "nineteen dollars and ninety nine cents", "five pounds fifty" as one amount."""
    if last.kind != "money" or last.scaled or last.value is None or last.value != int(last.value):
        return None
    if (
        item.value is None
        or item.to is not None
        or not re.fullmatch(r"\s+(?:and\s+)?", text[last.end : item.start])
    ):
        return None
    if (
        item.kind == "money"
        and text[item.start : item.end].lower().endswith(("cent", "cents"))
        and item.value < 1
    ):
        return replace(last, end=item.end, value=last.value + item.value)
    after = _CENTS.match(text, item.end)
    if item.kind == "number" and 10 <= item.value < 100 and after and text[last.end : item.start] == " ":
        return replace(last, end=after.end(), value=last.value + item.value / 100)
    return None


_MINUS = re.compile(r"(?:(?<!\bor\s)(?<!\bplus\s)\b(?:minus|negative)\s+|(?<!\S)[-−])$", re.IGNORECASE)


def _signed(text: str, found: list[_Amount]) -> list[_Amount]:
    """Make amounts below nothing of "minus 60%" and "-1.3%"; "ten minus five" are two numbers."""
    result: list[_Amount] = []
    for item in found:
        minus = _MINUS.search(text, 0, item.start)
        counted = minus and result and not text[result[-1].end : minus.start()].strip()
        if minus and item.value is not None and not counted:
            # "Negative" tells of the amount, "minus" is a part of it.
            start = item.start if minus.group().lower().startswith("negative") else minus.start()
            item = replace(item, start=start, value=-item.value)
        result.append(item)
    return result


def _ranges(text: str, found: list[_Amount]) -> list[_Amount]:
    """Put "5 to 7 million", "between 7% and 8%", "two or three" together."""
    result: list[_Amount] = []
    for item in found:
        last = result[-1] if result else None
        joined = _range(text, last, item) if last is not None else None
        if joined is not None:
            result[-1] = joined
        else:
            result.append(item)
    return result


def _range(text: str, one: _Amount, other: _Amount) -> _Amount | None:
    gap = text[one.end : other.start]
    led = bool(_BETWEEN.search(text[: one.start]))
    if one.value is None or other.value is None or one.to is not None or not _RANGE.fullmatch(gap):
        return None
    word = gap.strip().lower()
    own = one.scaled or one.kind != "number"
    if own and word == "to" and _CHANGE.search(text[: one.start]):
        return None
    if other.value < one.value and not (other.scaled and not one.scaled):
        return None  # "9.9% to 9.6%" is a change
    if one.scaled and other.kind == "percent":
        return None
    small = one.value < 20 and other.value < 20 and one.kind == "number"
    if (word == "and" and not led) or (word == "or" and not small):
        return None
    if one.kind != other.kind and not (one.kind == "number" and other.kind != "number"):
        # "$50 to 100 million" goes on in dollars; "5% to 7" would be two things.
        if not (one.kind == "money" and other.kind == "number"):
            return None
        other = replace(other, kind="money", unit=one.unit)
    if one.unit and other.unit and one.unit != other.unit:
        return None
    first, to = one.value, other.value or 0.0
    if other.scaled and not one.scaled and first < to and first * other.scale <= to * 1.0001:
        first *= other.scale
    return replace(other, start=one.start, value=first, to=to)


def _led(text: str, item: _Amount, taken: Sequence[tuple[int, int]]) -> _Amount:
    """Take the words along that say how exact an amount is."""
    pattern = _BETWEEN if item.to is not None and _BETWEEN.search(text[: item.start]) else _LEADS
    lead = pattern.search(text[: item.start])
    if lead and all(lead.end() <= other[0] or lead.start() >= other[1] for other in taken):
        return replace(item, start=lead.start())
    return item


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else round(value, 6)


def _entity(text: str, item: _Amount) -> Entity:
    shown = text[item.start : item.end]
    if item.value is None:
        return Entity(item.kind, shown, item.start, None)
    amount: Any = _plain(item.value)
    if item.to is not None:
        amount = {"from": amount, "to": _plain(item.to)}
    if item.kind == "money":
        return Entity("money", shown, item.start, {"amount": amount, "currency": item.unit})
    if item.kind == "quantity":
        return Entity("quantity", shown, item.start, {"amount": amount, "unit": item.unit})
    return Entity(item.kind, shown, item.start, amount)


def _part_of_a_name(text: str, start: int, end: int, word: str) -> bool:
    """Tell whether a number belongs to a name: COVID-19, K3, 5G, 3Q, Form 10K, 737-Max."""
    head = text[max(0, start - 2) : start]
    if text[max(0, start - 6) : start].lower() == "covid ":
        return True
    if head[-1:].isalpha() or (len(head) == 2 and head[1] == "-" and head[0].isalpha()):
        return True
    if not word[0].isdigit():
        return False
    return bool(
        re.match(r"[A-Za-z]{1,3}(?![a-z])(?<!k)(?<!m)(?<!mn)(?<!bn)(?<!b)", text[end : end + 4])
        or re.match(r"-[A-Z]", text[end : end + 2])
        or (re.search(r"\b[Ff]orms?\s$", text[:start]) and text[end : end + 1].isalpha())
        or (
            # "A 10k" is a form; "a 0.9 million increase" an amount.
            re.fullmatch(r"[\d.,]+[A-Za-z]{1,2}", text[start:end])
            and re.search(r"\b(?:[Ff]orm|our|the|an?)\s$", text[:start])
        )
    )


_ONE_AFTER = frozenset(
    [
        "the",
        "this",
        "that",
        "which",
        "no",
        "each",
        "every",
        "any",
        "another",
        "other",
        "good",
        "first",
        "last",
        "next",
        "new",
        "big",
        "right",
        "wrong",
        "only",
    ]
)
_ONE_BEFORE = frozenset(
    ["'s", "that", "who", "is", "can", "would", ".", ",", "?", "!", "-", "on", "by", ""]
) | {"another", "might", "could", "should", "may", "does", "doesn't", "must"}


_ONE_OF_THINGS = frozenset(
    [
        "thing",
        "piece",
        "part",
        "point",
        "question",
        "area",
        "place",
        "person",
        "company",
        "customer",
        "other",
        "big",
        "more",
    ]
)


def _pronoun_one(words: Sequence[Token], index: int) -> bool:
    """Tell "the one", "this one", "no one", "one on one", "one-time" from the number."""
    before = words[index - 1].lower if index else ""
    after = words[index + 1].lower if index + 1 < len(words) else ""
    if before in ("number", "class"):
        return False
    # "The one thing": counted; "one is that …, two is": a list.
    if (after in _ONE_OF_THINGS and before in ("the", "that", "this", "first", "last")) or (
        before in ("", ".", "?", "!") and after in ("is", ",") and words[index].text[0].isupper()
    ):
        return False
    return before in _ONE_AFTER or after in _ONE_BEFORE
