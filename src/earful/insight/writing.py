"""Punctuation and capitals put back into talk that came without any."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from earful.insight.addresses import spoken_emails
from earful.insight.encoder import NamedSpan, TextEncoder, WordForm
from earful.insight.sentences import ends_open
from earful.insight.types import Utterance

__all__ = ["is_bare", "restored", "without_commas", "written"]

_WORD = re.compile(r"\S+")
_MARK = re.compile(r"[?!;…]|[.,:](?!\d)")
_MYSELF = re.compile(r"[Ii](?:'|$)")
# Spelt-out numbers, addresses and letters stay in one piece: marks between them would hide what they are.
_SPELT = re.compile(
    r"(?:[a-z]|\d+|oh|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|double|triple|point|dot|at|dash|slash"
    r"|hyphen|underscore|plus)$"
)
_ADDRESS = frozenset(("dot", "slash", "underscore", "hyphen"))
# Chosen on turns of training meetings and committees left out of training. Where a speaker stops a sentence
# mostly ends. Commas: as many put where transcribers put none as the other way round.
_COMMA_FROM, _END_FROM, _MIDDLE_END_FROM = 0.35, 0.25, 0.45
_COMMA = re.compile(r",(?=\s)")
_READ_AT_ONCE = 128  # words, more than the encoder takes: a word has a token at least
_LOOKED_BACK = 8  # words at the end of what is read at once have too little after them to be sure of


def is_bare(text: str) -> bool:
    """Tell whether a text has neither marks nor capitals (but "I"): as plain recognisers write."""
    words = text.split()
    if not words or _MARK.search(text):
        return False
    return not any(letter.isupper() for word in words if not _MYSELF.match(word) for letter in word)


def restored(encoder: TextEncoder, text: str) -> str:
    """Return a bare text as it would be written. Its words stay what they are, one for one."""
    words = _WORD.findall(text)
    together = _together(text)
    # A word that wants more after it must be surer to be the last.
    stops_from = _MIDDLE_END_FROM if ends_open(f"{text}.") else _END_FROM
    done: list[str] = []
    begins = True
    at = 0
    while at < len(words):
        rest = words[at : at + _READ_AT_ONCE]
        forms = encoder.word_forms(" ".join(rest))
        if not forms:
            return " ".join([*done, *words[at:]])
        known = min(len(forms), len(rest))
        last = at + known == len(words)
        keep = known if last else max(1, known - _LOOKED_BACK)
        for number in range(keep):
            following = rest[number + 1] if number + 1 < len(rest) else None
            end_from = stops_from if following is None else _MIDDLE_END_FROM
            mark = "" if at + number in together else _mark(rest[number], following, forms[number], end_from)
            near = (*rest[max(0, number - 1) : number], rest[number], following)
            plain = _ADDRESS.isdisjoint(near)
            done.append(
                (_cased(rest[number], forms[number], begins=begins) if plain else rest[number]) + mark
            )
            begins = mark in (".", "?")
        at += keep
    return " ".join(done)


def _together(text: str) -> set[int]:
    """Return which words (by number) stand within an address that is said, and take no mark after them."""
    spans = spoken_emails(text)
    return {
        number
        for number, word in enumerate(_WORD.finditer(text))
        if any(start <= word.start() and word.end() < end for start, end in spans)
    }


def written(encoder: TextEncoder, utterance: Utterance) -> Utterance:
    """Return a bare utterance as it would be written, its words with it."""
    text = restored(encoder, utterance.text)
    parts, words = text.split(), utterance.words
    if len(words) == len(parts):
        words = tuple(replace(word, text=part) for word, part in zip(words, parts, strict=True))
    return replace(utterance, text=text, words=words)


def without_commas(text: str, names: Sequence[NamedSpan] = ()) -> tuple[str, tuple[NamedSpan, ...]]:
    """Return a text without the commas that were put into it, and names found in that, placed in `text`.

    What a message is is judged so: a comma would cost a bare question the odds that it is given for having
    no marks.
    """
    taken = [place.start() - number for number, place in enumerate(_COMMA.finditer(text))]

    def there(at: int) -> int:
        return at + bisect_right(taken, at)

    placed = (replace(name, start=there(name.start), end=there(name.end - 1) + 1) for name in names)
    return _COMMA.sub("", text), tuple(placed)


def _mark(word: str, following: str | None, form: WordForm, end_from: float) -> str:
    _, comma, stop, asks = form.marks
    if following is not None and _SPELT.match(word.lower()) and _SPELT.match(following.lower()):
        return ""
    if stop + asks >= end_from:
        return "?" if asks > stop else "."
    return "," if comma >= _COMMA_FROM and following is not None else ""


def _cased(word: str, form: WordForm, *, begins: bool) -> str:
    if form.case == "UPPER" and word.isalpha():
        return word.upper()
    if begins or form.case == "Capital" or _MYSELF.match(word):
        return word[:1].upper() + word[1:]
    return word
