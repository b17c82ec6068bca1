"""Ranked phrases that say what a conversation is about, kept up to date message by message.

Candidates are runs of content words that end in a noun. They gain weight by being said again, by several
people, by being more than one word, rare in other talk, close to what the strongest of them are about
together (sentence vectors), and like what people call a piece of talk; what says nearly the same as a
stronger topic gives way to it. A topic once reported keeps its name and gives way only to a clearly stronger
one, so that a live list does not flicker.
"""

import math
import re
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from earful.conversation.ids import new_numeric_id
from earful.conversation.types import Topic
from earful.insight.encoder import TextEncoder
from earful.insight.lexicon import lines, word_set
from earful.insight.numbers import SMALL
from earful.insight.text import FILLERS, STOP_WORDS, Token, stem, tokens
from earful.insight.titles import Signs, Titles, shared_titles
from earful.insight.vectors import alone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DESCRIBING", "TopicBook", "candidates"]

_MAX_CANDIDATES = 6000
_MAX_REFS = 200
_SHOWN = 12
_HYSTERESIS = 2.0
_SCORE_AT = 4.0
# Only the strongest are weighed by their vectors; chosen, like the rest, on training meetings.
_WEIGHED = 48
_CLOSENESS, _SAMENESS = 4.0, 0.6
_TITLED = 5.0  # how much it counts that a phrase is like a title
_EARLY = 0.15  # the part of a conversation in which people say what it will be about
_MAX_FORMS = 4
_LENGTH, _COMMON_FROM = 0.2, 300.0  # said so often in a million words of any talk, a word counts half

_VERBISH = word_set("verbish")
_HEAD_ONLY = word_set("head_only")
_MODIFIER_OK = word_set("modifier_ok")
_VERBS = word_set("verbs")
_BEFORE_VERBS = word_set("before_verbs")
_DETERMINERS = word_set("determiners")
_BEFORE_ADJECTIVES = word_set("before_adjectives")
# Made by training/words.py from tagged talk: words that are hardly ever nouns, with /j those that describe
# one; and how common words are in any talk, 9 (most) to 1.
_NEVER_NOUNS = frozenset(word.removesuffix("/j") for word in word_set("never_nouns"))
DESCRIBING = frozenset(word[:-2] for word in word_set("never_nouns") if word.endswith("/j"))
_COMMON = {
    stem(word): float(2 ** (int(grade) + 2))
    for grade, *words in (line.split() for line in lines("common_words"))
    for word in words
}


@dataclass(slots=True)
class _Candidate:
    key: str
    text: str
    weight: float = 0.0
    count: int = 0
    message_ids: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    forms: dict[str, int] = field(default_factory=dict)
    speakers: set[str] = field(default_factory=set)
    words: tuple[str, ...] = ()
    topic_id: str | None = None
    name: str = ""
    sentiment_sum: float = 0.0
    sentiment_count: int = 0
    vector: "NDArray[np.float32] | None" = None
    worth: float = 0.0
    strength: float | None = None
    signs: tuple[float, ...] = ()
    early_until: int = 0


def _is_content(token: Token) -> bool:
    word = token.lower
    return (
        len(word) > 2
        and word[0].isalpha()
        and "'" not in word.removesuffix("'s")
        and word not in STOP_WORDS
        and word not in FILLERS
        and not (
            word.endswith("ly") and word not in ("supply", "family", "reply", "assembly", "italy", "july")
        )
    )


_SINGLE_ADJECTIVE = ("able", "ible", "ful", "less", "ous", "ish", "ed")


_ENDINGS = [("", ""), ("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ied", "y")]
_ENDINGS += [("ing", ""), ("ing", "e")]


def _base(word: str) -> str | None:
    """Return the verb that a word is a form of, or None."""
    for ending, instead in _ENDINGS:
        base = word.removesuffix(ending) + instead
        if word.endswith(ending) and base in _VERBS:
            return base
        if (
            ending in ("ed", "ing")
            and word.endswith(ending)
            and base[-2:-1] == base[-1:]
            and base[:-1] in _VERBS
        ):
            return base[:-1]
    return None


def _told_of(noun: str, word: str, after: str) -> bool:
    """Tell whether the last word of a run is the verb of the noun before it ("the warehouse ends in").

    Noun and verb agree in number: "shelves cost", "contract ends"; "phone calls" could be either, so that
    what follows decides.
    """
    if _base(word) is None:
        return False
    if word.endswith("ed"):
        return True
    if word.endswith("ing"):
        return False
    plural, third = noun != stem(noun), word != stem(word)
    if plural == third:
        return False
    if stem(word) in _HEAD_ONLY:
        return after in _DETERMINERS or after in ("more", "less", "to", "us", "me", "them")
    return True


def candidates(text: str) -> list[tuple[str, str]]:
    """Return the phrases of a message that could name a topic, as (key, text) pairs.

    Runs of content words of up to three words; verbs and other words that name nothing may
    stand inside a run only in front of a noun.
    """
    found: list[tuple[str, str]] = []
    run: list[Token] = []
    words = _with_compounds(tokens(text), text)

    def close(end: int) -> None:
        after = words[end].lower if end < len(words) else ""
        if len(run) > 1 and _told_of(run[-2].lower, run[-1].lower, after):
            run.pop()
        while run and (
            _is_no_noun(run[-1], text)
            or (run[-1].lower in _VERBISH and not (len(run) > 1 and run[-1].lower.rstrip("s") in _HEAD_ONLY))
        ):
            run.pop()
        lead = words[words.index(run[0]) - 1].lower if run and run[0] is not words[0] else ""
        if run and lead in _BEFORE_VERBS and run[0].lower in _VERBS:
            run.pop(0)
        while run and not (
            len(run) > 1 and (run[0].lower in _MODIFIER_OK or _is_modifier(run[0].lower, lead))
        ):
            begins = run[0].lower in DESCRIBING or not _is_no_noun(run[0], text)
            if run[0].lower.removesuffix("'s") not in _VERBISH and begins:
                break
            run.pop(0)
        if len(run) == 1 and _names_nothing(run[0].lower, lead):
            run.clear()
        if run:
            kept = run[-3:]
            shown = text[kept[0].start : kept[-1].end].removesuffix("'s")
            found.append((" ".join(stem(word.lower) for word in kept), shown))
        run.clear()

    for index, token in enumerate(words):
        linked = not run or text[run[-1].end : token.start] in (" ", "-") or token.text == "-"
        if token.text == "-" and run and index + 1 < len(words) and token.end == words[index + 1].start:
            continue
        if not linked:
            close(index)
        if _is_content(token) and not (_is_no_noun(token, text) and not _describes(token.lower)):
            word = token.lower.removesuffix("'s")
            if run and word in _VERBISH and word.rstrip("s") not in _HEAD_ONLY:
                close(index)
                continue
            run.append(token)
        else:
            close(index)
    close(len(words))
    return found


def _with_compounds(words: list[Token], text: str) -> list[Token]:
    """Make one word of "X-ray" and "third-party": the half that names something names another thing."""
    joined: list[Token] = []
    for token in words:
        if (
            len(joined) > 1
            and joined[-1].text == "-"
            and joined[-2].end == joined[-1].start
            and joined[-1].end == token.start
            and _is_content(token)
            and joined[-2].is_word
            and joined[-2].lower not in SMALL
            and (not _is_content(joined[-2]) or _is_no_noun(joined[-2], text))
        ):
            first = joined[-2]
            del joined[-2:]
            whole = text[first.start : token.end]
            token = Token(whole, f"{first.lower}-{token.lower}", first.start, token.end)
        joined.append(token)
    return joined


def _is_no_noun(token: Token, text: str) -> bool:
    """Tell whether a word is hardly ever a noun; with a capital inside a sentence it is a name."""
    if token.lower not in _NEVER_NOUNS:
        return False
    named = token.text[0].isupper() and text[: token.start].rstrip()[-1:] not in ("", ".", "?", "!", ":", '"')
    return not named


def _describes(word: str) -> bool:
    return word in DESCRIBING or word.endswith(("ed", "ing"))


def _is_modifier(word: str, lead: str) -> bool:
    """Tell a participle that belongs to its noun ("the moving budget") from a verb ("about moving house")."""
    return lead in _DETERMINERS and word.endswith(("ing", "ed"))


def _names_nothing(word: str, lead: str) -> bool:
    """Tell whether a single word is a quality ("is ready") or what is done ("keep asking")."""
    if lead in _BEFORE_ADJECTIVES or word.endswith(_SINGLE_ADJECTIVE):
        return True
    return lead not in _DETERMINERS and _base(word) is not None and word.endswith("ing")


def _part(shown: str, parts: Sequence[str], begin: int, size: int) -> str:
    """Return some words of a phrase as they are shown; a compound among them is one."""
    places = [hit.span() for hit in re.finditer(r"[^\s-]+", shown)]
    first = sum(part.count("-") + 1 for part in parts[:begin])
    last = first + sum(part.count("-") + 1 for part in parts[begin : begin + size])
    return shown[places[first][0] : places[last - 1][1]]


def _rarity(words: tuple[str, ...]) -> list[float]:
    """Return how rare each word (its stem) is in any talk, 0..1."""
    return [_COMMON_FROM / (_COMMON_FROM + _COMMON.get(word, 0.0)) for word in words]


def _usual(forms: dict[str, int]) -> str:
    """Return how a phrase is mostly written; a capital that a sentence gave its first word counts half."""
    return max(
        forms, key=lambda form: forms[form] * (0.5 if form[0].isupper() and not form.isupper() else 1.0)
    )


class TopicBook:
    """The topics of one conversation so far. Memory is bounded however long it lasts."""

    def __init__(self, encoder: TextEncoder, titles: Titles | None = None) -> None:
        """Weigh phrases by their counts, their vectors and their likeness to titles."""
        self._encoder = encoder
        self._titles = titles
        self._messages = 0
        self._candidates: OrderedDict[str, _Candidate] = OrderedDict()
        # Those that may be a topic, the strongest first: (-strength, key).
        self._order: list[tuple[float, str]] = []
        self._shown: list[_Candidate] = []
        self._reported: set[str] = set()
        self._longer: dict[str, str] = {}
        self._names: set[str] = set()
        self._settled: tuple[int, int] | None = None  # when ranking last changed nothing

    def leave_out(self, name: str) -> None:
        """Let the name of somebody who takes part be no topic."""
        words = {stem(word.lower) for word in tokens(name) if word.is_word}
        if not words <= self._names:
            self._names |= words
            self._settled = None

    def add(self, text: str, message_id: str, member_id: str | None, sentiment: float | None = None) -> None:
        """Count the phrases of one message."""
        self._messages += 1
        seen: set[str] = set()
        for key, shown in candidates(text):
            parts = key.split()
            if len(parts) > 1:
                self._longer[parts[-1]] = key
            elif (named := self._longer.get(key)) in self._candidates and named and named not in seen:
                # After "the safety inspection", "the inspection" means that one.
                seen.add(named)
                known = self._candidates[named]
                self._count(named, known.text, 0.8, message_id, member_id, sentiment)
            for size in range(len(parts), 0, -1):
                for begin in range(len(parts) - size + 1):
                    part = " ".join(parts[begin : begin + size])
                    if part in seen or (size < len(parts) and parts[begin + size - 1] in _VERBISH):
                        continue
                    seen.add(part)
                    name = shown if size == len(parts) else _part(shown, parts, begin, size)
                    # A word inside a longer phrase says less than the phrase itself.
                    self._count(
                        part, name, 1.0 if size == len(parts) else 0.6, message_id, member_id, sentiment
                    )
        while len(self._candidates) > _MAX_CANDIDATES:
            self._forget_weakest()

    def _count(
        self,
        key: str,
        shown: str,
        weight: float,
        message_id: str,
        member_id: str | None,
        sentiment: float | None,
    ) -> None:
        if shown.isupper() and len(shown) > 5:
            shown = shown.lower()
        found = self._candidates.get(key)
        if found is None:
            found = self._candidates[key] = _Candidate(
                key,
                shown,
                words=tuple(key.split()),
            )
        else:
            self._candidates.move_to_end(key)
        self._settled = None
        found.signs = ()
        found.weight += weight
        found.count += 1
        if member_id is not None:
            found.speakers.add(member_id)
        if shown in found.forms or len(found.forms) < _MAX_FORMS:
            found.forms[shown] = found.forms.get(shown, 0) + 1
        if len(found.message_ids) < _MAX_REFS and message_id not in found.message_ids[-1:]:
            found.message_ids.append(message_id)
            found.places.append(self._messages)
        if sentiment is not None:
            found.sentiment_sum += sentiment
            found.sentiment_count += 1
        self._place(found)

    def _place(self, candidate: _Candidate) -> None:
        """Put a candidate where its strength belongs now."""
        self._take_out(candidate)
        if candidate.count > 1 or len(candidate.words) > 1:
            candidate.strength = self._strength(candidate)
            insort(self._order, (-candidate.strength, candidate.key))

    def _take_out(self, candidate: _Candidate) -> None:
        if candidate.strength is not None:
            del self._order[bisect_left(self._order, (-candidate.strength, candidate.key))]

    def _forget_weakest(self) -> None:
        """Drop the oldest tenth of what was said only once and is not shown."""
        shown = {id(candidate) for candidate in self._shown}
        stale = [key for key, c in self._candidates.items() if c.count == 1 and id(c) not in shown]
        if not stale:
            stale = [key for key, c in self._candidates.items() if id(c) not in shown]
        for key in stale[: _MAX_CANDIDATES // 10]:
            self._take_out(self._candidates.pop(key))
        self._longer = {word: key for word, key in self._longer.items() if key in self._candidates}

    def ranked(self) -> tuple[tuple[Topic, ...] | None, tuple[Topic, ...]]:
        """Return the whole list when it changed (else None), and the topics in it that are new."""
        state = (len(self._candidates), self._early_until())
        if state == self._settled:
            return None, ()
        chosen = self._choose()
        before = [candidate.key for candidate in self._shown]
        self._shown = chosen
        same = [candidate.key for candidate in chosen] == before
        if same:
            # What is shown counts for more: the same list twice stays until something is said of it.
            self._settled = state
            if self._reported.issuperset(before):
                return None, ()
        topics = tuple(self._topic(candidate) for candidate in chosen)
        fresh = tuple(
            topic
            for candidate, topic in zip(chosen, topics, strict=True)
            if candidate.key not in self._reported
        )
        self._reported.update(candidate.key for candidate in chosen)
        return topics, fresh

    def current(self) -> tuple[Topic, ...]:
        """Return the list as it stands."""
        return tuple(self._topic(candidate) for candidate in self._shown)

    def _strength(self, candidate: _Candidate) -> float:
        length = 1.0 + _LENGTH * (len(candidate.words) - 1)
        voices = 1.0 + 0.15 * min(len(candidate.speakers), 3)
        rare = _rarity(candidate.words)
        return length * voices * sum(rare) / len(rare) * math.log2(1 + candidate.weight)

    def _strongest(self) -> Iterator[tuple[_Candidate, float]]:
        """Yield the candidates with their strengths, the strongest first; what is shown counts for more."""
        shown = {one.key: _HYSTERESIS * one.strength for one in self._shown if one.strength is not None}
        ahead = sorted((-strength, key) for key, strength in shown.items())
        others = (one for one in self._order if one[1] not in shown)
        for strength, key in merge(ahead, others):
            candidate = self._candidates[key]
            if not (self._names and self._names.issuperset(candidate.words)):
                yield candidate, -strength

    def _choose(self) -> list[_Candidate]:
        """Choose by strength and closeness to the conversation, each unlike those before it."""
        import numpy as np

        strongest = list(islice(self._strongest(), _WEIGHED))
        if not strongest:
            return []
        some = [candidate for candidate, _ in strongest]
        worth = np.array([strength for _, strength in strongest])
        signs, vectors = self._signs(some, worth)
        worth *= (1 + _CLOSENESS * np.clip(signs[:, 0], 0, 1)) / (1 + _CLOSENESS)
        worth *= np.exp(_TITLED * (self._titles or shared_titles()).likeness(signs, vectors))

        def closeness(vector: "NDArray[np.float32]") -> "NDArray[np.float32]":
            # Not by BLAS, which would wake its threads for so little.
            alike: NDArray[np.float32] = np.einsum("ij,j->i", vectors, vector)
            return np.minimum(np.maximum(alike, 0, out=alike), 1, out=alike)

        now = worth.copy()  # what each is worth beside those that are chosen
        likest = np.zeros(len(some))
        chosen: list[_Candidate] = []
        while len(chosen) < _SHOWN and now[best := int(now.argmax())] >= 0:
            if not any(self._covers(other, some[best]) for other in chosen):
                some[best].worth = float(now[best])
                chosen.append(some[best])
                likest = np.maximum(likest, closeness(vectors[best]))
                now = np.where(now < 0, now, worth * (1 - _SAMENESS * likest**2))
            now[best] = -1
        return chosen

    def strongest(self) -> "tuple[list[str], NDArray[np.float32], NDArray[np.float32]]":
        """Return the phrases weighed by vectors, with their signs and vectors: what training sees."""
        import numpy as np

        found = list(islice(self._strongest(), _WEIGHED))
        if not found:
            return [], np.zeros((0, len(Signs._fields)), np.float32), np.zeros((0, 384), np.float32)
        some = [candidate for candidate, _ in found]
        signs, vectors = self._signs(some, np.array([strength for _, strength in found]))
        return [candidate.text for candidate in some], signs, vectors

    def _signs(
        self, some: "list[_Candidate]", strengths: "NDArray[np.float64]"
    ) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
        """Return the signs of the strongest candidates, [candidates, signs], and their vectors."""
        import numpy as np

        fresh = [candidate for candidate in some if candidate.vector is None]
        if fresh:
            made = alone(self._encoder, [candidate.text.lower() for candidate in fresh])
            for candidate, vector in zip(fresh, made, strict=True):
                candidate.vector = vector
        vectors = np.array([candidate.vector for candidate in some])
        about = np.einsum("i,ij->j", strengths, vectors)
        about /= max(math.sqrt(np.einsum("i,i->", about, about)), 1e-9)
        near = np.einsum("ij,j->i", vectors, about)
        early_until = self._early_until()
        signs = np.array([self._own_signs(candidate, early_until) for candidate in some], np.float32)
        signs[:, 0] = near
        return signs, vectors

    def _early_until(self) -> int:
        """Return the number of the first message that is not among those that begin the conversation."""
        return math.ceil(self._messages * _EARLY + 1)

    @staticmethod
    def _own_signs(candidate: _Candidate, early_until: int) -> tuple[float, ...]:
        """Return the signs of a phrase but for its closeness; kept until it is said again."""
        if not candidate.signs or candidate.early_until != early_until:
            rare, count = _rarity(candidate.words), len(candidate.words)
            candidate.early_until = early_until
            candidate.signs = Signs(
                0.0,
                math.log2(1 + candidate.weight),
                float(count == 1),
                float(count == 3),
                sum(rare) / count,
                rare[-1],
                bisect_left(candidate.places, early_until) / len(candidate.places),
                float(candidate.text.isupper()),
            )
        return candidate.signs

    @staticmethod
    def _covers(other: _Candidate, candidate: _Candidate) -> bool:
        """Tell whether one topic says what another says: the same words, hardly more often."""
        inside, outside = (
            (candidate, other) if len(candidate.words) <= len(other.words) else (other, candidate)
        )
        if not set(inside.words) <= set(outside.words):
            return False
        return inside.count < 3 * outside.count or (
            len(inside.words) < len(outside.words) and inside.count < 4
        )

    def _topic(self, candidate: _Candidate) -> Topic:
        if candidate.topic_id is None:
            candidate.topic_id = new_numeric_id()
            if candidate.forms:
                candidate.name = _usual(candidate.forms)
        score = 1.0 - math.exp(-candidate.worth / _SCORE_AT)
        parent = next(
            (
                other.name or other.text
                for other in self._shown
                if other is not candidate
                and len(other.words) < len(candidate.words)
                and set(other.words) <= set(candidate.words)
            ),
            None,
        )
        polarity = candidate.sentiment_sum / candidate.sentiment_count if candidate.sentiment_count else None
        return Topic(
            candidate.topic_id,
            candidate.name or candidate.text,
            round(score, 3),
            tuple(candidate.message_ids),
            candidate.words,
            parent,
            polarity,
        )
