"""Wider views of what was found: themes that join topics, and action items with what led to them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from earful.conversation.ids import new_numeric_id
from earful.conversation.types import Insight, Message, Topic
from earful.insight.encoder import shared_encoder
from earful.insight.sentiment import polarity
from earful.insight.topics import DESCRIBING, TopicBook

__all__ = ["Theme", "in_context", "rank_topics", "themes", "vocabulary_topics"]

_ALIKE = 0.34
_ASKED_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Theme:
    """What several topics have in common; `coverage` is the part of all messages it is in, 0..1."""

    text: str
    coverage: float
    message_ids: tuple[str, ...]


def rank_topics(messages: Sequence[Message], names: Iterable[str] = ()) -> tuple[Topic, ...]:
    """Return the topics of a whole conversation, worked out anew as those of live talk; `names` are none."""
    book = TopicBook(shared_encoder())
    for name in names:
        book.leave_out(name)
    for message in messages:
        feeling = message.sentiment if message.sentiment is not None else polarity(message.text)
        book.add(message.text, message.id, message.member_id, feeling)
    return book.ranked()[0] or ()


def vocabulary_topics(
    phrases: Sequence[str], messages: Sequence[Message], known: Sequence[Topic]
) -> tuple[Topic, ...]:
    """Return topics for the phrases that were said and are not topics already."""
    there = {topic.text.casefold() for topic in known}
    found = []
    for phrase in dict.fromkeys(" ".join(phrase.split()) for phrase in phrases):
        key = phrase.casefold()
        said = tuple(
            message.id for message in messages if f" {key} " in f" {' '.join(_words(message.text))} "
        )
        if key and said and key not in there:
            there.add(key)
            score = round(min(1.0, 0.5 + 0.1 * len(said)), 3)
            found.append(Topic(new_numeric_id(), phrase, score, said, tuple(key.split())))
    return tuple(found)


def themes(topics: Sequence[Topic], messages: Sequence[Message]) -> tuple[Theme, ...]:
    """Group topics that share words or messages; each theme is named after its strongest topic."""
    groups: list[list[Topic]] = []
    for topic in sorted(topics, key=lambda one: (-one.score, one.text)):
        home = next((group for group in groups if any(_related(topic, other) for other in group)), None)
        if home is None:
            groups.append([topic])
        else:
            home.append(topic)
    found = []
    for group in groups:
        about = {id_ for topic in group for id_ in topic.message_ids}
        ids = tuple(message.id for message in messages if message.id in about)
        found.append(Theme(group[0].text, len(ids) / max(1, len(messages)), ids))
    return tuple(sorted(found, key=lambda theme: -theme.coverage))


def in_context(
    insight: Insight, messages: Sequence[Message], names: Mapping[str | None, str]
) -> tuple[str, tuple[str, ...]]:
    """Return an action item's text with the question by someone else that led to it, and all its messages."""
    places = {message.id: place for place, message in enumerate(messages)}
    first = min((places[id_] for id_ in insight.message_ids if id_ in places), default=0)
    if not messages or not first:
        return insight.text, insight.message_ids
    said, before = messages[first], messages[first - 1]
    asked = before.text.rstrip().endswith("?") and before.member_id != said.member_id
    if not asked or said.start - before.end > _ASKED_WITHIN_S or before.id in insight.message_ids:
        return insight.text, insight.message_ids
    who = names.get(before.member_id)
    lead = f"{who} asked" if who else "Asked"
    return f"{lead}: “{before.text.strip()}” {insight.text}", (before.id, *insight.message_ids)


def _related(one: Topic, other: Topic) -> bool:
    # "New York" and "new machine" have no word in common that says what they are about.
    if (set(_stems(one)) & set(_stems(other))) - DESCRIBING:
        return True
    ids, other_ids = set(one.message_ids), set(other.message_ids)
    union = ids | other_ids
    return bool(union) and len(ids & other_ids) / len(union) > _ALIKE and len(union) > 2


def _stems(topic: Topic) -> Sequence[str]:
    return topic.root_words or tuple(_words(topic.text))


def _words(text: str) -> list[str]:
    return [word for raw in text.casefold().split() if (word := raw.strip(".,;:!?\"'“”()"))]
