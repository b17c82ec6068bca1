"""Numbers as people say them: "twenty three", "double five", "1,200", "two and a half million"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from earful.insight.text import Token

__all__ = ["DIGITS", "ORDINALS", "SCALES", "SMALL", "NumberSpan", "find_numbers", "ordinal_value"]

DIGITS = {
    "zero": "0",
    "oh": "0",
    "o": "0",
    "nought": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}
_TEENS = {
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
}
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
SMALL = (
    {word: int(digit) for word, digit in DIGITS.items() if word not in ("oh", "o", "nought")} | _TEENS | _TENS
)
SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
SCALES |= {"lakh": 10**5, "crore": 10**7}
_SCALE_LETTERS = {"k": 10**3, "m": 10**6, "bn": 10**9, "mn": 10**6, "b": 10**9}
_UNIT_ORDINALS = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]
ORDINALS = {word: number for number, word in enumerate(_UNIT_ORDINALS)} | {
    "thirtieth": 30,
    "fortieth": 40,
    "fiftieth": 50,
}
_DIGIT_TOKEN = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class NumberSpan:
    """A number in a list of tokens: `first`..`last` (exclusive), its value, and whether it was in digits."""

    first: int
    last: int
    value: float
    digits: bool


def ordinal_value(words: Sequence[Token], index: int) -> tuple[int, int] | None:
    """Read an ordinal ("3rd", "third", "twenty third") at `index`; return its value and where it ends."""
    word = words[index].lower
    if word[0].isdigit() and word[-2:] in ("st", "nd", "rd", "th") and word[:-2].isdigit():
        return int(word[:-2]), index + 1
    if word in ORDINALS:
        return ORDINALS[word], index + 1
    if word in ("twenty", "thirty", "forty", "fifty"):
        follow = index + 1
        if follow < len(words) and words[follow].text == "-":
            follow += 1
        if follow < len(words) and 0 < ORDINALS.get(words[follow].lower, 0) < 10:
            return SMALL[word] + ORDINALS[words[follow].lower], follow + 1
    return None


def find_numbers(words: Sequence[Token]) -> list[NumberSpan]:
    """Find every cardinal number among the tokens, longest first at each place."""
    found: list[NumberSpan] = []
    index = 0
    while index < len(words):
        span = _read(words, index)
        if span is None:
            index += 1
        else:
            found.append(span)
            index = span.last
    return found


def _read(words: Sequence[Token], index: int) -> NumberSpan | None:
    word = words[index].lower
    if word[0].isdigit():
        if not _DIGIT_TOKEN.fullmatch(word):
            return None
        value = float(word.replace(",", ""))
        last = index + 1
        # "748 000": a blank between the thousands.
        while (
            last < len(words)
            and words[last].text == "000"
            and words[last].start == words[last - 1].end + 1
            and words[index].text.isdigit()
            and len(words[index].text) < 4
        ):
            value *= 1000
            last += 1
        if (
            last < len(words)
            and words[last].lower in _SCALE_LETTERS
            and words[last].start == words[last - 1].end
        ):
            return NumberSpan(index, last + 1, value * _SCALE_LETTERS[words[last].lower], True)
        while last < len(words) and (scale := SCALES.get(words[last].lower.removesuffix("s"))):
            value *= scale
            last += 1
        return NumberSpan(index, last, value, True)
    if word in ("a", "an"):
        follows = words[index + 1].lower if index + 1 < len(words) else ""
        if follows in SCALES or follows == "dozen":
            return _compose(words, index + 1, index, 1)
        return None
    if word in SMALL or word in ("half",):
        return _compose(words, index, index, None)
    return None


def _compose(words: Sequence[Token], at: int, first: int, lead: int | None) -> NumberSpan | None:
    """Add up number words: tens and units, scales above them, "point" decimals, "and a half"."""
    total = 0.0
    current = float(lead or 0)
    level = "scale" if lead else "none"
    last = at
    while last < len(words):
        word = words[last].lower
        step = last
        if word == "-" and level == "tens" and last + 1 < len(words) and words[last + 1].lower in DIGITS:
            last += 1
            continue
        if word == "and" and level == "scale" and last + 1 < len(words) and words[last + 1].lower in SMALL:
            last += 1
            continue
        if word in SMALL:
            value = SMALL[word]
            if level == "units" or (level == "tens" and (value >= 10 or value == 0)):
                break
            current += value
            level = "tens" if value >= 20 else "units"
        elif word == "hundred" and level != "none":
            current = max(current, 1) * 100
            level = "scale"
        elif word == "dozen" and level != "none":
            current = max(current, 1) * 12
            level = "units"
        elif word in SCALES and word != "hundred" and level != "none":
            total += max(current, 1) * SCALES[word]
            current = 0
            level = "scale"
        elif (
            word == "point" and level != "none" and last + 1 < len(words) and words[last + 1].lower in DIGITS
        ):
            digits = ""
            last += 1
            while last < len(words) and words[last].lower in DIGITS:
                digits += DIGITS[words[last].lower]
                last += 1
            current += float(f"0.{digits}")
            level = "units"
            continue
        else:
            break
        last = step + 1
    if last < len(words) and level != "none":
        tail = [w.lower for w in words[last : last + 3]]
        if tail == ["and", "a", "half"]:
            current += 0.5
            last += 3
            if last < len(words) and words[last].lower in SCALES:
                current *= SCALES[words[last].lower]
                last += 1
    if level == "none":
        return None
    return NumberSpan(first, last, total + current, False)
