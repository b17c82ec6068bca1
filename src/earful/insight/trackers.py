"""Tracked phrases found in what is said: literally, in any inflection, whatever the case and accents."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from earful.conversation.ids import new_numeric_id
from earful.conversation.types import Tracker
from earful.insight.alike import Meant, Signs, shared_alike, signs_of
from earful.insight.encoder import Sense, TextEncoder
from earful.insight.lexicon import lines
from earful.insight.text import FILLERS, STOP_WORDS, fold, stem, tokens
from earful.insight.vectors import alone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Hit", "TrackerSet", "meant", "phrase_pattern"]

_FORMS = {form: tuple(group.split()) for group in lines("inflections") for form in group.split()}


@dataclass(frozen=True, slots=True)
class Hit:
    """A vocabulary phrase found at a place of a text."""

    tracker_id: str
    tracker_name: str
    phrase: str
    offset: int
    text: str


@lru_cache(maxsize=4096)
def _word_pattern(word: str) -> str:
    """Return a pattern for a folded word in all its regular and common irregular inflections."""
    if word in _FORMS:
        return (
            "(?:" + "|".join(sorted((re.escape(form) for form in _FORMS[word]), key=len, reverse=True)) + ")"
        )
    if len(word) < 3 or not word.isalpha():
        return re.escape(word)
    stems = {word}
    if word.endswith("ies") and len(word) > 4:
        stems.add(word[:-3] + "y")
    elif word.endswith("es") and word[:-2].endswith(("ch", "sh", "ss", "x", "z")):
        stems.add(word[:-2])
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        stems.add(word[:-1])
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) >= 3 and any(vowel in base for vowel in "aeiouy"):
            if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "ls":
                stems.add(base[:-1])
            elif (
                re.search(r"[aeiouy][bcdfghjklmnpqrstvwxz]$", base)
                and not re.search(r"[aeiou]{2}.$|[^aeiou][aeiou](?:r|n|w|x|y|l)$", base)
            ) or base[-1] in "uvcgz":
                stems.add(base + "e")
            else:
                stems.add(base)
    forms: set[str] = set()
    for base in stems:
        forms |= {base, base + "s", base + "'s", base + "’s"}
        if base.endswith("e"):
            forms |= {base + "d", base[:-1] + "ing"}
        elif base.endswith("y") and base[-2] not in "aeiou":
            forms |= {base[:-1] + "ies", base[:-1] + "ied", base + "ing"}
        else:
            forms |= {base + "ed", base + "ing"}
            if base.endswith(("ch", "sh", "ss", "x", "z")):
                forms.add(base + "es")
            if re.search(r"[^aeiou][aeiou][bdgklmnprt]$", base):
                forms |= {base + base[-1] + "ed", base + base[-1] + "ing"}
    return "(?:" + "|".join(sorted((re.escape(form) for form in forms), key=len, reverse=True)) + ")"


_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_MARKS = re.compile(r"[,;:.!?…]+(?:\s+|$)")


def phrase_pattern(phrase: str) -> re.Pattern[str] | None:
    """Return the pattern that finds a phrase, inflected or not, in folded text; None for an empty one.

    Marks of a sentence in the phrase may stand in the text or not.
    """
    parts = [words for part in _MARKS.split(fold(phrase)) if (words := _WORD.findall(part))]
    if not any(word[0].isalnum() for words in parts for word in words):
        return None
    # A hyphen may stand where the vocabulary has a blank.
    pattern = "(?:[,;:.!?…]*[ ]+|-)".join(map(_run_pattern, parts))
    return re.compile(rf"(?<!\w){pattern}(?!\w)")


def _run_pattern(words: list[str]) -> str:
    pattern = ""
    for index, word in enumerate(words):
        if index:
            # Around signs the blank may be missing.
            tight = not word[0].isalnum() or not words[index - 1][0].isalnum()
            pattern += "[ ]*" if tight else "(?:[ ]+|-)"
        pattern += _word_pattern(word) if word[0].isalnum() else re.escape(word)
    return pattern


# Chosen on pairs that the project wrote (training/meanings.py), trackers left out in turn.
_MEANT = 1.5
_WORTH_ASKING = 0.2  # of trackers less close than this next to none was meant
_DENIAL = re.compile(r"\b(?:not|no|never|none|nothing|nobody|without|cannot|\w+n't)\b")


def _content(text: str) -> frozenset[str]:
    """Return the stems of the words of a text that mean something on their own."""
    return frozenset(
        stem(token.lower)
        for token in tokens(text)
        if token.is_word and token.lower not in STOP_WORDS and token.lower not in FILLERS
    )


def _opposites() -> dict[str, frozenset[str]]:
    """Return for each word that has some the words that say the opposite, as stems."""
    known: dict[str, frozenset[str]] = {}
    for line in lines("opposites"):
        one, other = (frozenset(map(stem, side.split())) for side in line.split(" / "))
        for side, against in ((one, other), (other, one)):
            known |= {word: known.get(word, frozenset()) | against for word in side}
    return known


_OPPOSITES = _opposites()


def _turned_round(said: Meant, phrase: Meant) -> bool:
    """Tell whether one says the opposite of the other: by a denial or by an opposite word, not by both."""
    against = any(
        not _OPPOSITES[word].isdisjoint(said.content)
        for word in phrase.content - said.content
        if word in _OPPOSITES
    )
    return against != (phrase.denied != said.denied)


def _denied(text: str) -> bool:
    return bool(_DENIAL.search(text.lower().replace("’", "'")))


def meant(text: str, sense: Sense, content: frozenset[str] | None = None) -> Meant:
    """Return what is known of a message or phrase by itself; its stems if they are known."""
    return Meant(
        _content(text) if content is None else content, len(text.split()), _denied(text), sense.polarity
    )


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A vocabulary phrase, and what finds it."""

    tracker_id: str
    tracker_name: str
    text: str
    pattern: re.Pattern[str]


class TrackerSet:
    """Compiled trackers; inline ones get an id that stays theirs for the session."""

    def __init__(self, trackers: Iterable[Tracker]) -> None:
        self._phrases: list[_Phrase] = []
        self._trackers: list[tuple[int, int]] = []  # where the phrases of each begin and end
        self._vectors: NDArray[np.float32] | None = None
        self._meant: list[Meant] = []
        for tracker in trackers:
            tracker_id = tracker.id or new_numeric_id()
            begin = len(self._phrases)
            for text in dict.fromkeys(tracker.vocabulary):
                pattern = phrase_pattern(text)
                if pattern is not None:
                    self._phrases.append(_Phrase(tracker_id, tracker.name, text, pattern))
            if len(self._phrases) > begin:
                self._trackers.append((begin, len(self._phrases)))

    def __bool__(self) -> bool:
        return bool(self._phrases)

    def find_similar(
        self, text: str, encoder: TextEncoder, sense: Sense | None = None, read: str | None = None
    ) -> list[Hit]:
        """Return what a text means without saying it, the closest phrase of a tracker; its offset is -1.

        `sense` is what the encoder heard in the text; if not given, it is asked where a phrase comes near.
        `read` is the text as it was read for that, if with other marks.
        """
        content = _content(text)
        if not content:
            return []
        if self._vectors is None:
            self._vectors = alone(encoder, [phrase.text for phrase in self._phrases], meant=True)
            self._meant = [meant(phrase.text, encoder.sense(phrase.text)) for phrase in self._phrases]
        close = (self._vectors @ encoder.vectors([read or text], meant=True)[0]).tolist()
        if max(close, default=0.0) < _WORTH_ASKING:
            return []
        said = meant(text, sense or encoder.sense(text), content)
        closest: list[int] = []
        signs: list[Signs] = []
        for begin, end in self._trackers:
            # A denial of the tracker's own words, or an opposite beside them, turns their meaning round.
            shared = any(not said.content.isdisjoint(phrase.content) for phrase in self._meant[begin:end])
            turned = [shared and _turned_round(said, phrase) for phrase in self._meant[begin:end]]
            best = max(range(begin, end), key=close.__getitem__)
            if turned[best - begin] or close[best] < _WORTH_ASKING:
                continue
            places = [place for place in range(begin, end) if not turned[place - begin]]
            closest.append(best)
            near = [close[place] for place in places]
            signs.append(signs_of(said, [self._meant[place] for place in places], near))
        if not signs:
            return []
        return [
            Hit(phrase.tracker_id, phrase.tracker_name, phrase.text, -1, text)
            for phrase, sure in zip(
                (self._phrases[place] for place in closest), shared_alike().odds(signs).tolist(), strict=True
            )
            if sure >= _MEANT
        ]

    def find(self, text: str) -> list[Hit]:
        """Return every literal hit in a text, in vocabulary order, then by place."""
        folded = fold(text)
        return [
            Hit(
                phrase.tracker_id,
                phrase.tracker_name,
                phrase.text,
                place.start(),
                text[place.start() : place.end()],
            )
            for phrase in self._phrases
            for place in phrase.pattern.finditer(folded)
        ]
