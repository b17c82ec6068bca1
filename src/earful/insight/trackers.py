"""Tracked phrases found in what is said: literally, in any inflection, whatever the case and accents."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from earful.conversation.ids import new_numeric_id
from earful.conversation.types import Tracker
from earful.insight.encoder import TextEncoder
from earful.insight.lexicon import lines
from earful.insight.text import FILLERS, STOP_WORDS, fold, stem, tokens
from earful.insight.vectors import alone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Hit", "TrackerSet", "phrase_pattern"]

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


# Chosen on pairs that the project wrote (evals/insight/tracker_texts.py, CALIBRATION).
_SIMILAR = 0.48
_DENIAL = re.compile(r"\b(?:not|no|never|none|nothing|nobody|without|cannot|\w+n't)\b")


def _content(text: str) -> set[str]:
    """Return the stems of the words of a text that mean something on their own."""
    return {
        stem(token.lower)
        for token in tokens(text)
        if token.is_word and token.lower not in STOP_WORDS and token.lower not in FILLERS
    }


def _denied(text: str) -> bool:
    return bool(_DENIAL.search(text.lower().replace("’", "'")))


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A vocabulary phrase, and what it is compared by."""

    tracker_id: str
    tracker_name: str
    text: str
    pattern: re.Pattern[str]
    content: frozenset[str]
    denied: bool


class TrackerSet:
    """Compiled trackers; inline ones get an id that stays theirs for the session."""

    def __init__(self, trackers: Iterable[Tracker]) -> None:
        self._phrases: list[_Phrase] = []
        self._vectors: NDArray[np.float32] | None = None
        for tracker in trackers:
            tracker_id = tracker.id or new_numeric_id()
            for text in dict.fromkeys(tracker.vocabulary):
                pattern = phrase_pattern(text)
                if pattern is not None:
                    phrase = _Phrase(
                        tracker_id, tracker.name, text, pattern, frozenset(_content(text)), _denied(text)
                    )
                    self._phrases.append(phrase)

    def __bool__(self) -> bool:
        return bool(self._phrases)

    def find_similar(self, text: str, encoder: TextEncoder) -> list[Hit]:
        """Return phrases that a text means without saying them; their offset is -1.

        Precision comes first: sharing a word with the phrase makes a text look closer than it is
        ("on time" and "too late" are both about delivery), and a denial turns the meaning round.
        """
        words, denied = _content(text), _denied(text)
        places = [
            at
            for at, phrase in enumerate(self._phrases)
            if phrase.denied == denied and words.isdisjoint(phrase.content)
        ]
        if not words or not places:
            return []
        if self._vectors is None:
            self._vectors = alone(encoder, [phrase.text for phrase in self._phrases])
        # Vocabulary has no marks at its end, and a full stop alone makes a text less like it.
        said = encoder.vectors([text.rstrip(" .!?…")])[0]
        return [
            Hit(phrase.tracker_id, phrase.tracker_name, phrase.text, -1, text)
            for phrase, closeness in zip(
                (self._phrases[at] for at in places), (self._vectors[places] @ said).tolist(), strict=True
            )
            if closeness >= _SIMILAR
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
