"""Topics: do the phrases found in a stretch of a meeting say what its annotators said it was about?

Three measures over the first topics found in the turns of every annotated topic. Words: a word of the title
counts as found when a phrase holds it. Told apart: from the phrases alone, by sentence vectors, is the right
title picked among those of the same meeting? That needs no common wording, and words that every stretch
holds ("remote control") do not help. Meaning: how near the nearest phrase lies to the title. Annotators'
titles are summaries ("Project process"), so that common wording is rare: the second measure is the one to
improve.
"""

from collections import Counter
from typing import Any

import numpy as np

from earful.insight.encoder import shared_encoder
from earful.insight.text import STOP_WORDS, stem, tokens
from earful.insight.topics import TopicBook

from .data import read
from .measures import Row, Tally

__all__ = ["rows"]

_FIRST = 6  # topics looked at: what a person reads


def _words(text: str) -> set[str]:
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


def _stretches(meeting: dict[str, Any]) -> list[tuple[str, list[str]]]:
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


def rows(meetings: list[dict[str, Any]] | None = None) -> list[Row]:
    """Score the words of the topics against titles, and their meaning; both systems give as many words."""
    systems = ("earful", "frequent words")
    words, picked = {name: Tally() for name in systems}, {name: Tally() for name in systems}
    near: dict[str, list[float]] = {name: [] for name in systems}
    for meeting in read("topics_qmsum") if meetings is None else meetings:
        stretches = _stretches(meeting)
        titles = list(dict.fromkeys(title for title, _ in stretches))
        for title, texts in stretches:
            book = TopicBook(shared_encoder())
            for index, text in enumerate(texts):
                book.add(text, str(index), None)
            phrases = [item.text for item in (book.ranked()[0] or ())[:_FIRST]]
            found = {word for phrase in phrases for word in _words(phrase)}
            plain = _plain(texts, max(1, len(found)))
            for name, said, shown in zip(systems, (found, plain), (phrases, sorted(plain)), strict=True):
                wanted = _words(title)
                words[name].right += len(wanted & said)
                words[name].missed += len(wanted - said)
                words[name].wrong += len(said - wanted)
                if shown:
                    near[name].append(_closeness(title, shown)[1])
                    if len(titles) > 1:
                        best = max(titles, key=lambda other: _closeness(other, shown)[0])
                        picked[name].add(best == title, True)
    if not words["earful"].right + words["earful"].missed:
        return []
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
    return table
