"""Digits and letters as they are read out: "four double five", "oh seven", "B as in Bravo"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from earful.insight.lexicon import word_set
from earful.insight.numbers import DIGITS, SMALL
from earful.insight.text import Token

__all__ = ["CodeRun", "code_runs", "letter_runs"]

_TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_SEPARATORS = frozenset(
    {
        "-",
        ".",
        "(",
        ")",
        ",",
        "/",
        "–",
        "…",
        "dash",
        "hyphen",
        "space",
        "slash",
        "and",
        "then",
        "um",
        "uh",
        "er",
        "erm",
    }
)
_SIGNS = frozenset("-.(),/–")
_SINGLE_LETTER = re.compile(r"[a-z]\.?$")
_AS_IN = frozenset(("as", "for"))


@dataclass(frozen=True, slots=True)
class CodeRun:
    """A stretch of read-out digits (and letters): token range, what it spells, how many digits."""

    first: int
    last: int
    start: int
    end: int
    code: str
    digits: str
    spoken: bool


_ALPHABET = word_set("spelling_alphabet")


def letter_runs(words: Sequence[Token]) -> list[CodeRun]:
    """Find every word that is spelt out: "B as in boy, R, O, W, N"; two letters, or one "as in" a word."""
    runs: list[CodeRun] = []
    single = sum(word.lower in _ALPHABET or (len(word.lower) == 1 and word.lower.isalpha()) for word in words)
    if single < 2 and not (single and any(word.lower == "as" or word.lower in _TIMES for word in words)):
        return runs  # as in most messages
    first = 0
    while first < len(words):
        code, at, last = "", first, first
        while at < len(words):
            letter, after = _letter(words, at)
            if letter:
                code += letter
                at = last = after
            elif code and words[at].lower in _SEPARATORS and at - last < 2:
                at += 1
            else:
                break
        said_as = any((one.lower, two.lower) == ("as", "in") for one, two in pairwise(words[first:last]))
        if len(code) > 1 or (code and said_as):
            runs.append(CodeRun(first, last, words[first].start, words[last - 1].end, code, "", True))
        first = max(last, first + 1)
    return runs


def _letter(words: Sequence[Token], at: int) -> tuple[str, int]:
    """Read one spelt letter, "B", "B as in boy", "double L" or "bravo"; return it and where it ends."""
    word = words[at].lower
    if (
        word in _TIMES
        and at + 1 < len(words)
        and len(words[at + 1].lower) == 1
        and words[at + 1].lower.isalpha()
    ):
        return words[at + 1].lower.upper() * _TIMES[word], at + 2
    if word in _ALPHABET:
        return word[0].upper(), at + 1
    if len(word) != 1 or not word.isalpha():
        return "", at
    after = at + 1
    if after + 1 < len(words) and words[after].lower in _AS_IN:
        if words[after + 1].lower in ("in", "for") and after + 2 < len(words):
            return word.upper(), after + 3
        if words[after].lower == "for":
            return word.upper(), after + 2
    return word.upper(), after


def code_runs(words: Sequence[Token], *, letters: bool = False) -> list[CodeRun]:
    """Find every stretch of digits among the tokens, spoken or written.

    With `letters` single letters (and "B as in Bravo") count too, and words that mix letters and digits.
    """
    runs: list[CodeRun] = []
    index = 0
    while index < len(words):
        run = _read(words, index, letters)
        if run is None:
            index += 1
        else:
            runs.append(run)
            index = run.last
    return runs


def _read(words: Sequence[Token], first: int, letters: bool) -> CodeRun | None:
    code: list[str] = []
    spoken = False
    at = last = first
    while at < len(words):
        piece, after, was_spoken = _piece(words, at, letters, started=bool(code))
        if piece:
            code.append(piece)
            spoken |= was_spoken
            at = last = after
        elif code and words[at].lower in _SEPARATORS and at - last < 3:
            at += 1
        else:
            break
    if not code:
        return None
    text = "".join(code)
    digits = re.sub(r"\D", "", text)
    if not digits or (letters and len(text) < 2):
        return None
    return CodeRun(first, last, words[first].start, words[last - 1].end, text, digits, spoken)


def _piece(words: Sequence[Token], at: int, letters: bool, *, started: bool) -> tuple[str, int, bool]:
    word = words[at].lower
    if word[0].isdigit():
        return re.sub(r"\D", "", word), at + 1, False
    if word in _TIMES and at + 1 < len(words):
        digit = DIGITS.get(words[at + 1].lower) or (
            words[at + 1].lower if words[at + 1].lower.isdigit() else ""
        )
        if letters and started and re.fullmatch(r"[a-z]", words[at + 1].lower):
            digit = words[at + 1].lower.upper()
        return (digit * _TIMES[word], at + 2, True) if len(digit) == 1 else ("", at, False)
    if word in DIGITS:
        if (
            word in ("o", "oh")
            and not started
            and not (at + 1 < len(words) and words[at + 1].lower in DIGITS)
        ):
            return "", at, False
        after = at + 1
        if after < len(words) and words[after].lower in ("hundred", "thousand"):
            return DIGITS[word] + ("00" if words[after].lower == "hundred" else "000"), after + 1, True
        return DIGITS[word], after, True
    if word in SMALL:
        value = SMALL[word]
        after = at + 1
        if after < len(words) and words[after].text == "-":
            after += 1
        if value >= 20 and after < len(words) and 0 < SMALL.get(words[after].lower, 0) < 10:
            value += SMALL[words[after].lower]
            if after + 1 < len(words) and words[after + 1].lower == "hundred":
                return f"{value}00", after + 2, True
            return str(value), after + 1, True
        if value >= 10 and after < len(words) and words[after].lower == "hundred":
            return f"{value}00", after + 1, True
        return str(value), at + 1, True
    if letters and word in _ALPHABET:
        return word[0].upper(), at + 1, True
    if letters and _SINGLE_LETTER.match(word) and word not in ("a", "i"):
        after = at + 1
        if after + 2 < len(words) and words[after].lower in _AS_IN:
            skip = 2 if words[after + 1].lower == "in" else 1
            after += skip + 1
        return word[0].upper(), after, True
    if letters and word in ("a", "i") and started:
        return word.upper(), at + 1, True
    return "", at, False
