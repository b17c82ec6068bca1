"""What a conversation came to, in a few sentences of its own: extractive, deterministic, offline.

A summary is made of what people agreed to do, what they asked, and the statements that say most about
what the whole conversation is about. How central a statement is, is worked out over all statements at
once (as in LexRank): it is central when it shares its rarer words with others that are central.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earful.conversation.types import Insight, Message, Topic
from earful.insight.text import FILLERS, STOP_WORDS, stem, tokens

__all__ = ["Summary", "call_transcript", "summarise"]

_MAX_SENTENCES = 8
_WORDS_PER_SENTENCE = 60
_MIN_WORDS = 4
_COMPARED = 400
_ROUNDS = 20
_DAMPING = 0.85
_TOO_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Summary:
    """A text, and the messages it is drawn from, in the order of the conversation."""

    text: str
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    place: int
    text: str
    message_ids: tuple[str, ...]
    words: Mapping[str, float]
    score: float


def summarise(
    messages: Sequence[Message],
    insights: Sequence[Insight] = (),
    topics: Sequence[Topic] = (),
    names: Mapping[str | None, str] | None = None,
) -> Summary:
    """Return a summary of the messages; `insights` and `topics` may be about others as well.

    `names` are those of the members by id. Nothing said gives an empty text.
    """
    known = names or {}
    candidates = [*_decided(messages, insights, known), *_stated(messages, insights, topics, known)]
    if not candidates:
        said = [message for message in messages if message.text.strip()]
        return Summary(
            " ".join(_reported(message.text, known.get(message.member_id)) for message in said[:3]),
            tuple(message.id for message in said[:3]),
        )
    words = sum(len(message.text.split()) for message in messages)
    wanted = max(2, min(_MAX_SENTENCES, round(words / _WORDS_PER_SENTENCE) + 1))
    chosen: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda one: (-one.score, one.place)):
        if all(_alike(candidate.words, other.words) < _TOO_ALIKE for other in chosen):
            chosen.append(candidate)
        if len(chosen) == wanted:
            break
    chosen.sort(key=lambda one: one.place)
    used = {id_ for one in chosen for id_ in one.message_ids}
    return Summary(
        " ".join(one.text for one in chosen), tuple(message.id for message in messages if message.id in used)
    )


def call_transcript(
    messages: Sequence[Message], names: Mapping[str | None, str], max_chars: int = 48_000
) -> str:
    """Return a conversation as lines of `Name: text`; of a long one the beginning and the end."""
    lines = [f"{names.get(message.member_id, 'Someone')}: {message.text}" for message in messages]
    text = "\n".join(lines)
    if len(text) <= max_chars:
        return text
    return f"{text[: max_chars // 2]}\n[…]\n{text[-max_chars // 2 :]}"


def _decided(
    messages: Sequence[Message], insights: Sequence[Insight], names: Mapping[str | None, str]
) -> list[_Candidate]:
    """Return what is to be done and what was asked: the first counts for more than any statement."""
    places = {message.id: place for place, message in enumerate(messages)}
    weight = {"action_item": 2.0, "follow_up": 1.9, "question": 0.6}
    found = []
    for insight in insights:
        there = [places[id_] for id_ in insight.message_ids if id_ in places]
        if there and insight.text.strip():
            text = insight.text
            if insight.kind == "question":
                text = _quoted(text, names.get(insight.member_id), "asked")
            score = weight[insight.kind] * insight.score * (1.0 if insight.definitive else 0.8)
            words = _weights(insight.text)
            found.append(_Candidate(min(there), _ended(text), insight.message_ids, words, score))
    return found


def _stated(
    messages: Sequence[Message],
    insights: Sequence[Insight],
    topics: Sequence[Topic],
    names: Mapping[str | None, str],
) -> list[_Candidate]:
    covered = {id_ for insight in insights for id_ in insight.message_ids}
    about: defaultdict[str, float] = defaultdict(float)
    for topic in topics:
        for id_ in topic.message_ids:
            about[id_] += topic.score
    fit = [
        (place, message)
        for place, message in enumerate(messages)
        if message.id not in covered
        and len(message.text.split()) >= _MIN_WORDS
        and not message.text.rstrip().endswith("?")
        and _weights(message.text)
    ]
    if len(fit) > _COMPARED:  # comparing all with all must stay quick: keep those about most topics
        best = sorted(fit, key=lambda item: (-about[item[1].id], item[0]))[:_COMPARED]
        fit = sorted(best, key=lambda item: item[0])
    vectors = _rare([_weights(message.text) for _, message in fit])
    central = _centrality(vectors)
    found = []
    for (place, message), vector, rank in zip(fit, vectors, central, strict=True):
        feeling = abs(message.sentiment or 0.0)
        on_topic = 1 - math.exp(-about[message.id])
        score = 0.5 * rank + 0.4 * on_topic + 0.25 * feeling
        text = _reported(message.text, names.get(message.member_id))
        found.append(_Candidate(place, text, (message.id,), vector, score))
    return found


def _weights(text: str) -> dict[str, float]:
    counts = Counter(
        stem(token.lower)
        for token in tokens(text)
        if token.is_word and token.lower not in STOP_WORDS and token.lower not in FILLERS
    )
    return {word: float(count) for word, count in counts.items()}


def _rare(bags: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """Weigh words by how few of the texts have them; every vector has length 1."""
    seen = Counter(word for bag in bags for word in bag)
    result = []
    for bag in bags:
        vector = {word: count * math.log(1 + len(bags) / seen[word]) for word, count in bag.items()}
        length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
        result.append({word: value / length for word, value in vector.items()})
    return result


def _centrality(vectors: Sequence[Mapping[str, float]]) -> list[float]:
    """Return how central each text is, 0..1: PageRank over how alike they are."""
    count = len(vectors)
    if not count:
        return []
    having: dict[str, list[int]] = {}
    for index, vector in enumerate(vectors):
        for word in vector:
            having.setdefault(word, []).append(index)
    links: list[dict[int, float]] = []
    for index, vector in enumerate(vectors):
        row: dict[int, float] = {}
        for word, value in vector.items():
            for other in having[word]:
                if other != index:
                    row[other] = row.get(other, 0.0) + value * vectors[other][word]
        total = sum(row.values())
        links.append({other: value / total for other, value in row.items()} if total else {})
    rank = [1 / count] * count
    for _ in range(_ROUNDS):
        passed = [(1 - _DAMPING) / count] * count
        for index, row in enumerate(links):
            for other, share in row.items():
                passed[other] += _DAMPING * rank[index] * share
        rank = passed
    top = max(rank)
    return [value / top for value in rank]


def _alike(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    if not one or not other:
        return 0.0
    return len(one.keys() & other.keys()) / min(len(one), len(other))


def _reported(text: str, name: str | None) -> str:
    return _quoted(text, name, "said")


def _quoted(text: str, name: str | None, verb: str) -> str:
    text = _ended(text)
    return f"{name} {verb}: “{text}”" if name else text


def _ended(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…", "”", '"')) else f"{text}."
