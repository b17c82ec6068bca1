"""Spoken numbers of Indian languages as digits: "दो लाख पचास हज़ार" is 250000, "डेढ़ लाख" 150000.

`indic-numtowords` writes numbers in words; here its words, and all the spellings it knows, are read back.
Spellings that differ in a dot or in how a nasal is written are one.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from earful.speech.number_words import Word, replaced, words_of

__all__ = ["INDIAN_LANGUAGES", "parse_indian_numbers"]

INDIAN_LANGUAGES = ("hi", "mr", "gu", "bn", "pa", "or", "kn", "ml", "ta", "te")
"""The languages that are read, by their ISO 639-1 codes."""

_UNIT, _HUNDRED, _THOUSAND, _LAKH, _CRORE = 0, 2, 3, 5, 7
"""Which part of a number a phrase is: the power of ten that it counts. Parts follow each other downwards."""

_SPELLINGS = {
    "hi": (
        *((6, "छह छै छे"), (15, "पन्द्रह"), (18, "अठारह अठ्ठारह"), (27, "सताईस")),
        *((28, "अठ्ठाईस अठाईस"), (29, "उन्तीस"), (31, "इकत्तीस"), (32, "बत्तिस"), (33, "तैतीस")),
        *((34, "चौतीस"), (35, "पैतीस"), (37, "सैतीस"), (38, "अड़तिस"), (42, "बियालीस")),
        *((43, "तैतालीस"), (44, "चवालीस चौवालीस चौंवालीस"), (45, "पैतालीस पैंतालिस")),
        *((46, "छियालिस"), (47, "सैतालीस"), (49, "उन्चास"), (53, "तिरपन तिरेपन")),
        *((54, "चउवन चौअन"), (59, "उन्सठ"), (63, "तिरसठ तिरेसठ"), (64, "चौसठ"), (65, "पैसठ")),
        *((66, "छियासठ"), (67, "सड़सठ"), (77, "सतहत्तर"), (79, "उन्यासी उनासी"), (88, "अट्ठासी")),
        *((89, "नवासी"), (91, "इक्यानबे"), (92, "बानबे बानवे"), (93, "तिरानबे तेरानवे")),
        *((94, "चौरानबे"), (95, "पंचानबे पंचानवे पचानवे"), (96, "छियानबे"), (97, "सत्तानबे")),
        *((98, "अट्ठानबे अठानवे अठानबे"), (99, "निन्यानबे")),
    ),
}
_FIXED = {
    "hi": {"डेढ़": 1.5, "ढाई": 2.5, "अढ़ाई": 2.5},
    "mr": {"दीड": 1.5, "अडीच": 2.5},
    "gu": {"દોઢ": 1.5, "અઢી": 2.5},
}
_SHIFTS = {
    "hi": {"साढ़े": 0.5, "सवा": 0.25, "पौने": -0.25},
    "mr": {"साडे": 0.5, "सव्वा": 0.25, "पावणे": -0.25},
    "gu": {"સાડા": 0.5, "સવા": 0.25, "પોણા": -0.25},
}
_POINTS = frozenset({"दशमलव", "पॉइंट", "पॉइन्ट", "प्वाइंट"})
_TIMES = {"डबल": 2, "ट्रिपल": 3}


def parse_indian_numbers(text: str, language: str) -> str:
    """Return a text with its spoken numbers as digits; `language` is one of `INDIAN_LANGUAGES`."""
    words = words_of(text)
    found = list(_Reader(_table(language), words, language).numbers())
    return replaced(text, words, _joined(found, words))


@dataclass(frozen=True, slots=True)
class _Number:
    """A number over the words `first`..`last`; a `digit` is one word for less than ten."""

    first: int
    last: int
    digits: str
    digit: bool = False


@dataclass(frozen=True, slots=True)
class _Table:
    """Phrases (folded words) with their values and parts; `scales` are the words for powers of ten."""

    phrases: Mapping[tuple[str, ...], tuple[int, int]]
    scales: Mapping[str, int]
    longest: int


class _Reader:
    """Reads the numbers that stand in a row of words."""

    def __init__(self, table: _Table, words: list[Word], language: str) -> None:
        self._table = table
        self._words = words
        self._cores = [_folded(word.core) for word in words]
        self._fixed = {_folded(word): value for word, value in _FIXED.get(language, {}).items()}
        self._shifts = {_folded(word): value for word, value in _SHIFTS.get(language, {}).items()}

    def numbers(self) -> Iterator[_Number]:
        at = 0
        while at < len(self._words):
            number = self._fraction(at) or self._repeated(at) or self._plain(at)
            if number is None:
                at += 1
                continue
            number = self._with_point(number)
            yield number
            at = number.last + 1

    def _plain(self, at: int) -> _Number | None:
        """Read crores, lakhs, thousands and the rest, each at most once and in this order."""
        total, end, below = 0, at, _CRORE + 1
        while (part := self._part(end, below, inside=end > at)) is not None:
            length, value, below = part
            total += value
            end += length
        if end == at:
            return None
        single = end == at + 1 and total < 10
        return _Number(at, end - 1, str(total), digit=single)

    def _part(self, at: int, below: int, *, inside: bool) -> tuple[int, int, int] | None:
        if below == 0 or (inside and at < len(self._words) and self._words[at].parted):
            return None
        for length in range(self._length(at), 0, -1):
            known = self._table.phrases.get(tuple(self._cores[at : at + length]))
            if known is not None and known[1] < below:
                value, power = known
                # "दो सौ" may be followed by what is less than a hundred, but not by another of its kind.
                return length, value, power
        return None

    def _length(self, at: int) -> int:
        """Return how many words from a place could be one phrase: punctuation ends it."""
        end = at + 1
        while end < min(len(self._words), at + self._table.longest) and not self._words[end].parted:
            end += 1
        return min(end, len(self._words)) - at

    def _fraction(self, at: int) -> _Number | None:
        """Read "डेढ़ लाख", "साढ़े तीन सौ": a number and a half or a quarter of a power of ten."""
        core, length = self._cores[at], self._length(at)
        value = self._fixed.get(core)
        used = 1
        if value is None:
            shift = self._shifts.get(core)
            if shift is None:
                return None
            whole = self._table.phrases.get((self._cores[at + 1],)) if length > 1 else None
            if whole is not None and whole[1] == _UNIT and self._cores[at + 1] not in self._table.scales:
                value, used = whole[0] + shift, 2
            elif shift > 0:
                value = 1 + shift
        scale = self._table.scales.get(self._cores[at + used]) if length > used else None
        if value is None or scale is None:
            return None
        return _Number(at, at + used, f"{value * scale:.15g}")

    def _repeated(self, at: int) -> _Number | None:
        """Read "डबल पाँच" as 55."""
        times = _TIMES.get(self._cores[at])
        if times is None or self._length(at) < 2:
            return None
        digit = self._plain(at + 1)
        if digit is None or not digit.digit:
            return None
        return _Number(at, digit.last, digit.digits * times, digit=True)

    def _with_point(self, number: _Number) -> _Number:
        """Read "तीन दशमलव पाँच" as 3.5."""
        at = number.last + 1
        digits = ""
        if at < len(self._words) and self._cores[at] in _FOLDED_POINTS and not self._words[at].parted:
            end = at + 1
            while (
                end < len(self._words)
                and not self._words[end].parted
                and (digit := self._plain(end)) is not None
                and (digit.digit or not digits)
            ):
                digits += digit.digits
                end = digit.last + 1
            if digits:
                return _Number(number.first, end - 1, f"{number.digits}.{digits}")
        return number


def _joined(found: list[_Number], words: list[Word]) -> Iterator[tuple[int, int, str]]:
    """Return the numbers, digits that were said one by one as one; a "one" alone is mostly an article."""
    runs: list[list[_Number]] = []
    for number in found:
        last = runs[-1][-1] if runs else None
        beside = last is not None and number.first == last.last + 1 and not words[number.first].parted
        if last is not None and beside and last.digit and number.digit:
            runs[-1].append(number)
        else:
            runs.append([number])
    for run in runs:
        end = run[-1].last
        alone = end + 1 == len(words) or words[end + 1].parted
        if len(run) > 2 or (len(run) == 2 and (alone or any(len(number.digits) > 1 for number in run))):
            yield run[0].first, end, "".join(number.digits for number in run)
        elif len(run) == 2 or run[0].digits != "1":
            yield from ((number.first, number.last, number.digits) for number in run)


def _folded(word: str) -> str:
    """Return a word without what its spellings differ in: dots, and how a nasal is written."""
    plain = unicodedata.normalize("NFKD", word)
    plain = plain.replace("\u093c", "").replace("\u0901", "\u0902").replace("\u0981", "\u0982")
    plain = plain.replace("\u200c", "").replace("\u200d", "")
    return re.sub("[\u0919\u091e\u0923\u0928\u092e]\u094d(?=[\u0915-\u0939])", "\u0902", plain)


_FOLDED_POINTS = frozenset(map(_folded, _POINTS))


@lru_cache(maxsize=len(INDIAN_LANGUAGES))
def _table(language: str) -> _Table:
    from indic_numtowords import num2words  # what it reads for all its languages takes a moment

    def spoken(number: int) -> list[tuple[str, ...]]:
        """Return every way in which the library says a number."""
        said = [num2words(number, lang=language), *num2words(number, lang=language, variations=True)]
        return sorted({tuple(_folded(word) for word in text.split()) for text in said} - {()})

    phrases: dict[tuple[str, ...], tuple[int, int]] = {}
    scales: dict[str, int] = {}
    one = {phrase[0] for phrase in spoken(1)}

    def add(phrase: tuple[str, ...], value: int, power: int) -> None:
        if phrase:
            phrases.setdefault(phrase, (value, power))

    for value, words in _SPELLINGS.get(language, ()):
        for word in words.split():
            add((_folded(word),), value, _UNIT)
    small = [(phrase, number) for number in range(1000) for phrase in spoken(number)]
    often = Counter(phrase for phrase, _ in small)
    for phrase, number in small:
        # Some Kannada numbers are cut off in the library, down to ordinary words.
        if often[phrase] < 3:
            add(phrase, number, _UNIT)
    for power in (_HUNDRED, _THOUSAND, _LAKH, _CRORE):
        for phrase in spoken(10**power):
            bare = phrase[1:] if len(phrase) == 2 and phrase[0] in one else phrase
            if len(bare) == 1:
                scales[bare[0]] = 10**power
                add(bare, 10**power, power)
        for count in range(1, 100):
            if power == _HUNDRED:
                # "उन्नीस सौ": hundreds beyond nine are said of years and prices, and the library does not.
                hundred = [word for word, value in scales.items() if value == 100] if count > 10 else []
                for phrase in [(*head, word) for head in spoken(count) for word in hundred]:
                    add(phrase, count * 100, power)
                continue
            whole = count * 10**power
            for phrase in spoken(whole):
                add(phrase, whole, power)
            # Many languages end a part in another way when more follows.
            for rest in (1, 50, 200):
                tails = spoken(rest)
                for phrase in spoken(whole + rest):
                    for tail in tails:
                        if phrase[-len(tail) :] == tail:
                            add(phrase[: -len(tail)], whole, power)
    return _Table(phrases, scales, max(map(len, phrases)))
