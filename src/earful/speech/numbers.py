"""Spoken numbers as digits: "nine one one" is 911, "one lakh" 100000, "twenty twenty five" 2025.

Single English numbers are read by `text2num`; what is done here is what it leaves open: digits said one
by one, "double five", years, lakhs and crores, times of day, and which words are better left alone ("one
of them", "a second").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from text_to_num import find_numbers

from earful.speech.indian_numbers import INDIAN_LANGUAGES, parse_indian_numbers
from earful.speech.number_words import Word, replaced, words_of

__all__ = ["LANGUAGES", "parse_numbers", "prepare_numbers"]

LANGUAGES = ("en", *INDIAN_LANGUAGES)
"""The languages whose numbers are understood, by their ISO 639-1 codes."""

_WRITTEN = re.compile(r"\d[\d,]*(?:\.\d+)?$")

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_OH = ("o", "oh")
_TIMES = {"double": 2, "triple": 3}
_ROUND = ("hundred", "thousand", "million", "billion")
_VAGUE = ("hundreds", "thousands", "millions", "billions")
_INDIAN_SCALES = {
    "lakh": 100_000,
    "lakhs": 100_000,
    "lac": 100_000,
    "lacs": 100_000,
    "crore": 10_000_000,
    "crores": 10_000_000,
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, **_INDIAN_SCALES}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_COUNTED = (
    *("rupee", "rupees", "paise", "dollar", "dollars", "cent", "cents", "euro", "euros", "pound", "pounds"),
    *("percent", "am", "pm", "a.m", "p.m", "o'clock"),
)
_ANNOUNCING = ("press", "dial", "number", "option", "digit", "extension", "code", "pin")
_NUMBER_WORDS = frozenset(
    (
        *_DIGITS,
        *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
        *("nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
    )
)


def parse_numbers(text: str, language: str) -> str:
    """Return a text with its spoken numbers as digits; unchanged in a language that is not in `LANGUAGES`."""
    if language == "en":
        return _english(text)
    return parse_indian_numbers(text, language) if language in INDIAN_LANGUAGES else text


def prepare_numbers(language: str) -> None:
    """Load what reading a language's numbers takes, so that the first text need not wait for it. Blocks."""
    parse_numbers("", language)


@dataclass(slots=True)
class _Token:
    """What `text2num` is shown: a word, or one of the digits that "double five" stands for."""

    first: int
    last: int
    spoken: str
    parted: bool

    def text(self) -> str:
        return self.spoken

    def text_lowercase(self) -> str:
        return self.spoken

    def nt_separated(self, _previous: "_Token") -> bool:
        return self.parted

    def not_a_number_part(self) -> bool:
        return False


@dataclass(slots=True)
class _Number:
    """A number over the words `first`..`last`; `scale` for a bare "lakh"."""

    first: int
    last: int
    digits: str
    value: float
    ordinal: bool = False
    scale: bool = False

    @property
    def short(self) -> bool:
        """Whether it can be part of a number said in groups of digits."""
        plain = not self.ordinal and not self.scale and self.digits.isdigit()
        return plain and (len(self.digits) <= 3 or self.digits[0] == "0")


def _english(text: str) -> str:
    words = words_of(text)
    chains = _chains(words, _found(words))
    numbers = [number for chain in chains for number in _joined(chain)]
    for rule in (_halves, _points, _ranges, _pairs, _clock, _dialled):
        numbers = rule(numbers, words)
    ends = {number.last for number in numbers}
    starts = {number.first for number in numbers}
    wanted = [
        number
        for number in numbers
        if _wanted(number, words, listed=number.first - 1 in ends or number.last + 1 in starts)
    ]
    return replaced(text, words, _digits_of(wanted, words))


def _found(words: list[Word]) -> Iterator[_Number]:
    """Yield the numbers that stand in the words, as the library or a digit character says them."""
    tokens = list(_tokens(words))
    numbers = [
        _Number(
            first=tokens[found.start].first,
            last=tokens[found.end - 1].last,
            digits=found.text,
            value=found.value,
            ordinal=found.is_ordinal,
        )
        for found in find_numbers(tokens, "en", 0.0)
    ]
    for at, word in enumerate(words):
        if word.core in _INDIAN_SCALES:
            if at and words[at - 1].core == "a":
                numbers.append(_Number(at - 1, at - 1, "a", 1.0))
            numbers.append(_Number(at, at, "", _INDIAN_SCALES[word.core], scale=True))
        elif _WRITTEN.match(word.core):
            numbers.append(_Number(at, at, word.core, float(word.core.replace(",", ""))))
    covered = -1
    for number in sorted(numbers, key=lambda number: (number.first, number.last)):
        # "double five" is two numbers over the same words.
        if number.last >= covered:
            covered = number.last
            yield number


def _tokens(words: list[Word]) -> Iterator[_Token]:
    for at, word in enumerate(words):
        if _multiplies(words, at):
            continue
        if at and _multiplies(words, at - 1):
            for _ in range(_TIMES[words[at - 1].core]):
                yield _Token(at - 1, at, "zero" if word.core in _OH else word.core, parted=True)
        elif word.core in _OH:
            yield _Token(at, at, "zero" if _among_digits(words, at) else "oh", word.parted)
        else:
            yield _Token(at, at, word.core, word.parted)


def _multiplies(words: list[Word], at: int) -> bool:
    """Whether a word is the "double" of "double five"."""
    if words[at].core not in _TIMES or at + 1 == len(words):
        return False
    return words[at + 1].core in (*_DIGITS, *_OH) and not words[at + 1].parted


def _among_digits(words: list[Word], at: int) -> bool:
    """Whether an "oh" stands beside a number word, so that it means zero."""
    beside = [words[i].core for i in (at - 1, at + 1) if 0 <= i < len(words)]
    return any(word in _NUMBER_WORDS or word.isdigit() for word in beside)


def _chains(words: list[Word], numbers: Iterator[_Number]) -> list[list[_Number]]:
    """Return the numbers in groups that follow each other without a word or punctuation between."""
    chains: list[list[_Number]] = []
    for number in numbers:
        last = chains[-1][-1] if chains else None
        gap = None if last is None else number.first - last.last
        beside = gap is not None and (gap <= 0 or (gap == 1 and not words[number.first].parted))
        joined = gap == 2 and last is not None and last.scale and words[number.first - 1].core == "and"
        if beside or joined:
            chains[-1].append(number)
        else:
            chains.append([number])
    return chains


def _joined(chain: list[_Number]) -> list[_Number]:
    """Return the numbers that a chain amounts to."""
    out: list[_Number] = []
    at = 0
    while at < len(chain):
        taken = _indian(chain, at) or _scaled(chain, at) or _digit_run(chain, at) or _year(chain, at)
        if taken is None:
            taken = 1, chain[at]
        out.append(taken[1])
        at += taken[0]
    return out


def _indian(chain: list[_Number], at: int) -> tuple[int, _Number] | None:
    """Read "two crore five lakh ten thousand" from a place in a chain."""
    total, limit, end = 0.0, float("inf"), at
    while end < len(chain) and not chain[end].scale and not chain[end].ordinal:
        number, scale, after = chain[end].value, 1.0, end + 1
        while after < len(chain) and chain[after].scale:
            scale *= chain[after].value
            after += 1
        if number * scale >= limit or (scale == 1.0 and end == at):
            break
        total += number * scale
        limit, end = scale, after
        if scale == 1.0:
            break
    if end == at:
        return None
    return end - at, _Number(chain[at].first, chain[end - 1].last, f"{total:.15g}", total)


def _scaled(chain: list[_Number], at: int) -> tuple[int, _Number] | None:
    """Read "one point two million", which the library takes for two numbers."""
    if at + 1 >= len(chain) or chain[at].value == int(chain[at].value):
        return None
    number, scale = chain[at], chain[at + 1]
    if scale.value not in (100.0, 1e3, 1e6, 1e9, 1e12):
        return None
    total = number.value * scale.value
    return 2, _Number(number.first, scale.last, f"{total:.15g}", total)


def _digit_run(chain: list[_Number], at: int) -> tuple[int, _Number] | None:
    """Read digits said one by one, or a long row of short groups, as one number."""
    end = at
    while end < len(chain) and chain[end].short:
        end += 1
    if end - at < 4 or any(len(number.digits) > 2 for number in chain[at:end]):
        end = at
        while (
            end < len(chain)
            and chain[end].short
            and (len(chain[end].digits) == 1 or chain[end].digits[0] == "0")
        ):
            end += 1
    if end - at < 2:
        return None
    digits = "".join(number.digits for number in chain[at:end])
    return end - at, _Number(chain[at].first, chain[end - 1].last, digits, float(digits))


def _year(chain: list[_Number], at: int) -> tuple[int, _Number] | None:
    """Read "nineteen ninety nine" as 1999."""
    if at + 1 >= len(chain):
        return None
    century, rest = chain[at], chain[at + 1]
    if not (century.short and rest.short and 17 <= century.value <= 20 and len(rest.digits) == 2):
        return None
    digits = century.digits + rest.digits
    return 2, _Number(century.first, rest.last, digits, float(digits))


def _halves(numbers: list[_Number], words: list[Word]) -> list[_Number]:
    """Read "two and a half thousand" as 2500 and "half a million" as 500000."""
    out: list[_Number] = []
    for number in numbers:
        last = number.last
        scale = _SCALES.get(words[last].core)
        spoken = [word.core for word in words[max(0, last - 3) : last]]
        bare = number.first == last or (number.first == last - 1 and spoken[-1:] == ["a"])
        if scale is None or not bare:
            out.append(number)
        elif spoken == ["and", "a", "half"] and out and out[-1].last == last - 4:
            whole = out.pop()
            out.append(_amount(whole.first, number.last, (whole.value + 0.5) * scale))
        elif spoken[-2:] == ["half", "a"]:
            out.append(_amount(last - 2, last, 0.5 * scale))
        else:
            out.append(number)
    return out


def _points(numbers: list[_Number], words: list[Word]) -> list[_Number]:
    """Read "three point one point four" as 3.1.4 and "point five percent" as 0.5 percent."""
    out: list[_Number] = []
    for number in numbers:
        pointed = number.first > 0 and words[number.first - 1].core == "point" and number.digits.isdigit()
        after = words[number.last + 1].core if number.last + 1 < len(words) else ""
        if pointed and out and out[-1].last == number.first - 2 and "." in out[-1].digits:
            last = out.pop()
            out.append(_Number(last.first, number.last, f"{last.digits}.{number.digits}", last.value))
        elif pointed and after in _COUNTED:
            value = float(f"0.{number.digits}")
            out.append(_Number(number.first - 1, number.last, f"0.{number.digits}", value))
        else:
            out.append(number)
    return out


def _ranges(numbers: list[_Number], words: list[Word]) -> list[_Number]:
    """Read "five to ten lakh" as 500000 to 1000000: the lakh belongs to both."""
    out = list(numbers)
    for at, (low, high) in enumerate(pairwise(numbers)):
        unit = _SCALES.get(words[high.last].core, 1) if high.first != high.last else 1
        linked = high.first == low.last + 2 and words[low.last + 1].core in ("to", "or")
        if linked and not low.ordinal and low.value < high.value / unit < 10 * low.value:
            out[at] = _amount(low.first, low.last, low.value * unit)
    return out


def _pairs(numbers: list[_Number], words: list[Word]) -> list[_Number]:
    """Leave "two three days" two numbers: a pair is digits of one only where it ends or is announced."""
    out: list[_Number] = []
    for number in numbers:
        spoken = [word.core for word in words[number.first : number.last + 1]]
        follows = number.last + 1 < len(words) and not words[number.last + 1].parted
        announced = number.first > 0 and words[number.first - 1].core in _ANNOUNCING
        if len(spoken) == 2 and all(word in _DIGITS[1:] for word in spoken) and follows and not announced:
            for at, word in enumerate(spoken):
                value = _DIGITS.index(word)
                out.append(_Number(number.first + at, number.first + at, str(value), float(value)))
        else:
            out.append(number)
    return out


def _clock(numbers: list[_Number], words: list[Word]) -> list[_Number]:
    """Read "three thirty pm" as 3:30 pm."""
    out: list[_Number] = []
    for number in numbers:
        after = words[number.last + 1].core if number.last + 1 < len(words) else ""
        digits = number.digits
        if after.replace(".", "") not in ("am", "pm") or not digits.isdigit():
            out.append(number)
        elif len(digits) == 3 and int(digits[0]) >= 1 and int(digits[1:]) < 60:
            out.append(_Number(number.first, number.last, f"{digits[0]}:{digits[1:]}", number.value))
        elif (
            len(digits) == 2
            and int(digits) < 60
            and out
            and out[-1].last == number.first - 1
            and not words[number.first].parted
            and out[-1].digits.isdigit()
            and 1 <= out[-1].value <= 12
        ):
            hour = out.pop()
            out.append(_Number(hour.first, number.last, f"{hour.digits}:{digits}", number.value))
        else:
            out.append(number)
    return out


def _dialled(numbers: list[_Number], words: list[Word]) -> list[_Number]:
    """Read the "plus" of an international telephone number."""
    return [
        replace(number, first=number.first - 1, digits="+" + number.digits)
        if len(number.digits) >= 10
        and number.digits.isdigit()
        and number.first
        and words[number.first - 1].core == "plus"
        else number
        for number in numbers
    ]


def _amount(first: int, last: int, value: float) -> _Number:
    return _Number(first, last, f"{value:.15g}", value)


def _wanted(number: _Number, words: list[Word], *, listed: bool) -> bool:
    """Whether a number reads better in digits: "one", "first" and "a second" mostly do not.

    `listed` says that another number stands beside it.
    """
    if number.scale or words[number.last].core in _VAGUE or words[number.first].core == "o":
        return False
    if number.first != number.last or _WRITTEN.match(words[number.first].core):
        return True
    before = words[number.first - 1].core if number.first else ""
    after = [word.core for word in words[number.last + 1 : number.last + 3]]
    if number.ordinal:
        month_after = after[1:] if after[:1] == ["of"] else after[:1]
        return number.value >= 4 or before in _MONTHS or any(word in _MONTHS for word in month_after)
    return number.value != 1 or listed or before in _ANNOUNCING or bool(after and after[0] in _COUNTED)


def _digits_of(numbers: list[_Number], words: list[Word]) -> Iterator[tuple[int, int, str]]:
    for number in numbers:
        first = number.first
        # "a hundred", "a lakh": the article is part of the number.
        if first and words[first - 1].core == "a" and words[first].core in _ROUND and not words[first].parted:
            first -= 1
        yield first, number.last, number.digits
