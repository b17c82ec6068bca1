"""Words of a text with their places, and folding that keeps every character's place."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from earful.insight.lexicon import word_set

__all__ = [
    "FIGURE",
    "FILLERS",
    "STOP_WORDS",
    "Needs",
    "Token",
    "clues",
    "fold",
    "may_match",
    "skip_fillers",
    "stem",
    "tokens",
]

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,:/]\d+)*(?:st|nd|rd|th)?|[^\w\s]|_", re.IGNORECASE)

STOP_WORDS = word_set("stop_words")

FILLERS = word_set("fillers")


class Token(NamedTuple):
    """One word, number or sign of a text; `lower` is its lower-case form with plain apostrophes."""

    text: str
    lower: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        return self.text[0].isalnum()


def tokens(text: str) -> list[Token]:
    """Cut a text into words, numbers and single signs, in order, each with its offsets."""
    return list(_tokens(text))


@lru_cache(maxsize=64)
def _tokens(text: str) -> tuple[Token, ...]:
    # Every finder cuts the same message.
    if text.isascii():
        lower = text.lower()
        places = [hit.span() for hit in _TOKEN.finditer(text)]
        return tuple([Token(text[start:end], lower[start:end], start, end) for start, end in places])
    return tuple(
        Token(hit.group(), hit.group().lower().replace("’", "'"), hit.start(), hit.end())
        for hit in _TOKEN.finditer(text)
    )


FIGURE = "0"
"""The clue that a text has a number in figures."""

Needs = tuple[frozenset[str], ...]
"""Clues that a pattern cannot match without: at least one of each set."""


@lru_cache(maxsize=64)
def clues(text: str) -> frozenset[str]:
    """Return a text's words in lower case, what stands before their apostrophes too, and `FIGURE`.

    A first look at these is cheap, and saves most messages the patterns that they cannot match.
    """
    found = {token.lower for token in _tokens(text)}
    for word in tuple(found):
        if "'" in word:
            found.add(word.partition("'")[0])
        elif word[0].isdigit():
            found.add(FIGURE)
    return frozenset(found)


def may_match(needs: Needs, known: frozenset[str]) -> bool:
    """Tell whether a text with these clues can match what needs those."""
    return not any(map(known.isdisjoint, needs))


def skip_fillers(words: list[Token]) -> int:
    """Return the index of the first token that is neither a filler nor a sign."""
    index = 0
    while index < len(words) and (not words[index].is_word or words[index].lower in FILLERS):
        index += 1
    return index


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)).lower()
    # One character in, one out: offsets into the folded text are offsets into the original.
    return plain[0] if plain else char


def fold(text: str) -> str:
    """Return the text in lower case without diacritics, character for character in its place."""
    return text.lower() if text.isascii() else "".join(_fold_char(char) for char in text)


def stem(word: str) -> str:
    """Return a word without its plural or possessive ending."""
    word = word.removesuffix("'s").removesuffix("'")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "ous")):
        return word[:-1]
    return word
