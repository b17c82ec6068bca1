"""Topics: do the phrases found in a stretch of a meeting say what its annotators said it was about?

Three measures over the first topics found in the turns of every annotated topic. Words: a word of the title
counts as found when a phrase holds it. Told apart: from the phrases alone, by sentence vectors, is the right
title picked among those of the same meeting? That needs no common wording, and words that every stretch
holds ("remote control") do not help. Meaning: how near the nearest phrase lies to the title. Annotators'
titles are summaries ("Project process"), so that common wording is rare: the second measure is the one to
improve.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from earful.insight.encoder import shared_encoder
from earful.insight.text import FILLERS, STOP_WORDS, stem, tokens
from earful.insight.titles import Titles
from earful.insight.topics import TopicBook

from . import stock
from .data import read
from .measures import Row, Tally

__all__ = ["churn", "rows", "stretches", "words_of"]

_FIRST = 6  # topics looked at: what a person reads
_LIVE_TURNS, _SETTLED = 400, 30  # of one meeting; a list that is still short grows


def words_of(text: str) -> set[str]:
    """Return the stems of the words of a text that mean something."""
    return {
        stem(token.lower)
        for token in tokens(text)
        if token.is_word and token.lower not in STOP_WORDS and len(token.lower) > 2
    }


def _plain(texts: list[str], count: int) -> set[str]:
    """The most frequent words that are not stop words."""
    counts = Counter(
        stem(token.lower)
        for text in texts
        for token in tokens(text)
        if token.is_word and len(token.lower) > 2 and token.lower not in STOP_WORDS
    )
    return {word for word, _ in counts.most_common(count)}


def _closeness(wanted: str, found: list[str]) -> tuple[float, float]:
    """Return how near the phrases lie to a title on the whole, and how near the nearest of them does."""
    vectors = shared_encoder().vectors([text.lower() for text in (wanted, *found)])
    mean = vectors[1:].mean(0)
    return float(vectors[0] @ mean / max(np.linalg.norm(mean), 1e-9)), float((vectors[1:] @ vectors[0]).max())


def stretches(meeting: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the title and the turns of every annotated topic of a meeting."""
    return [
        (
            topic["topic"],
            [
                turn["text"]
                for first, last in topic["spans"]
                for turn in meeting["turns"][int(first) : int(last) + 1]
            ],
        )
        for topic in meeting["topics"]
        if topic["spans"]
    ]


Ranker = Callable[[list[str], int], list[str]]


def _ours(texts: list[str], count: int, titles: Titles | None = None) -> list[str]:
    book = TopicBook(shared_encoder(), titles)
    for index, text in enumerate(texts):
        book.add(text, str(index), None)
    return [item.text for item in (book.ranked()[0] or ())[:count]]


def _systems(titles: Titles | None) -> dict[str, Ranker]:
    systems: dict[str, Ranker] = {
        "earful": lambda texts, count: _ours(texts, count, titles),
    }
    if titles is not None:
        return systems
    systems |= {
        "frequent words": lambda texts, count: sorted(_plain(texts, 2 * count)),
    }
    if yake := stock.yake():
        systems["YAKE"] = lambda texts, count: yake(" ".join(texts), count)
    if rake := stock.rake(STOP_WORDS | FILLERS):
        systems["RAKE"] = lambda texts, count: rake(" ".join(texts), count)
    return systems


def rows(meetings: list[dict[str, Any]] | None = None, titles: Titles | None = None) -> list[Row]:
    """Score the words of the topics against titles, and their meaning, and how calm the live list is.

    Of other meetings, and ours alone with other weights than those that ship, where training asks for that.
    """
    found = read("topics_qmsum") if meetings is None else meetings
    if not found:
        return []
    systems = _systems(titles)
    words, picked = {name: Tally() for name in systems}, {name: Tally() for name in systems}
    near: dict[str, list[float]] = {name: [] for name in systems}
    for meeting in found:
        some = stretches(meeting)
        named = list(dict.fromkeys(title for title, _ in some))
        for title, texts in some:
            wanted = words_of(title)
            for name, rank in systems.items():
                shown = rank(texts, _FIRST)
                said = {word for phrase in shown for word in words_of(phrase)}
                words[name].right += len(wanted & said)
                words[name].missed += len(wanted - said)
                words[name].wrong += len(said - wanted)
                if shown:
                    near[name].append(_closeness(title, shown)[1])
                    if len(named) > 1:
                        best = max(named, key=lambda other: _closeness(other, shown)[0])
                        picked[name].add(best == title, True)
    table = [
        Row.of("topics (QMSum), words", name, words[name], note="words of the title among the topics' words")
        for name in systems
    ]
    for name in systems:
        rate = picked[name].recall
        table.append(
            Row(
                "topics (QMSum), told apart", name, rate, rate, rate, "title picked from the meeting's titles"
            )
        )
    for name in systems:
        mean = sum(near[name]) / max(1, len(near[name]))
        table.append(Row("topics (QMSum), meaning", name, mean, mean, mean, "cosine of the nearest topic"))
    calm = 1 - churn([turn["text"] for turn in found[0]["turns"][:_LIVE_TURNS]])
    note = f"part of the first {_FIRST} that stays, per message, after the first {_SETTLED}"
    return [*table, Row("topics, live", "earful", calm, calm, calm, note)]


def churn(texts: list[str]) -> float:
    """Return which part of the first topics is replaced per message, in the mean, in a live list."""
    book = TopicBook(shared_encoder())
    before: set[str] = set()
    replaced: list[float] = []
    for index, text in enumerate(texts):
        book.add(text, str(index), None)
        book.ranked()
        now = {topic.id for topic in book.current()[:_FIRST]}
        if index >= _SETTLED:
            replaced.append(len(before - now) / _FIRST)
        before = now
    return sum(replaced) / max(1, len(replaced))
