"""The words of a text with their places in it, and digits put in the places of some."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Word", "replaced", "words_of"]

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word between blanks: `core` (lower case) is its text without the punctuation around it.

    `start` and `end` are where the core stands in the text.
    """

    core: str
    start: int
    end: int
    parted: bool
    """Whether punctuation stands between it and the word before."""


def words_of(text: str) -> list[Word]:
    """Return the words of a text."""
    words: list[Word] = []
    tail = ""
    for match in _WORD.finditer(text):
        start, end = match.span()
        while start < end and _is_mark(text[start]):
            start += 1
        while end > start and _is_mark(text[end - 1]):
            end -= 1
        head = text[match.start() : start]
        words.append(Word(text[start:end].lower(), start, end, bool(tail or head)))
        tail = text[end : match.end()]
    return words


def replaced(text: str, words: Sequence[Word], numbers: Iterable[tuple[int, int, str]]) -> str:
    """Return the text with digits in place of words: (first word, last word, digits) in order of place."""
    parts: list[str] = []
    at = 0
    for first, last, digits in numbers:
        start, end = words[first].start, words[last].end
        if start >= at:
            parts += [text[at:start], digits]
            at = end
    return "".join([*parts, text[at:]])


def _is_mark(character: str) -> bool:
    """Whether a character around a word is punctuation or a symbol (an Indian vowel sign is neither)."""
    return unicodedata.category(character)[0] in "PS"
