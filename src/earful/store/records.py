"""Rows of the tables to and from the plain values of `earful.conversation.types`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from earful.conversation.types import (
    Conversation,
    Entity,
    EntityMatch,
    Insight,
    InsightRef,
    Member,
    Message,
    MessageRef,
    Phrase,
    Topic,
    TrackerMatch,
    Word,
)

__all__ = [
    "conversation",
    "conversation_row",
    "entity_match",
    "entity_row",
    "insight",
    "insight_row",
    "join_entity_matches",
    "join_tracker_matches",
    "member",
    "member_row",
    "message",
    "message_row",
    "topic",
    "topic_row",
    "tracker_match",
    "tracker_row",
]

Row = Mapping[Any, Any]


def conversation_row(value: Conversation) -> dict[str, Any]:
    return {
        "id": value.id,
        "application_id": value.application_id,
        "name": value.name,
        "type": value.type,
        "language": value.language,
        "timezone_offset_min": value.timezone_offset_min,
        "started_at": value.started_at,
        "ended_at": value.ended_at,
        "spoken_until": value.spoken_until,
        "metadata": dict(value.metadata),
    }


def conversation(row: Row, members: Sequence[Member]) -> Conversation:
    return Conversation(
        id=row["id"],
        application_id=row["application_id"],
        name=row["name"],
        type=row["type"],
        language=row["language"],
        timezone_offset_min=row["timezone_offset_min"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        spoken_until=row["spoken_until"],
        metadata=row["metadata"],
        members=tuple(members),
    )


def member_row(conversation_id: str, value: Member) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "id": value.id,
        "name": value.name,
        "email": value.email,
        "user_id": value.user_id,
    }


def member(row: Row) -> Member:
    return Member(id=row["id"], name=row["name"], email=row["email"], user_id=row["user_id"])


def message_row(conversation_id: str, value: Message) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "id": value.id,
        "member_id": value.member_id,
        "text": value.text,
        "start": value.start,
        "end": value.end,
        "confidence": value.confidence,
        "sentiment": value.sentiment,
        # Words are most of what is stored: a list each, not an object, keeps them small.
        "words": [
            [word.text, word.start, word.end, word.confidence, word.speaker_tag] for word in value.words
        ],
        "phrases": _phrase_rows(value.phrases),
        "entities": [asdict(entity) for entity in value.entities],
    }


def message(row: Row) -> Message:
    return Message(
        id=row["id"],
        conversation_id=row["conversation_id"],
        text=row["text"],
        start=row["start"],
        end=row["end"],
        member_id=row["member_id"],
        words=tuple(Word(*fields) for fields in row["words"]),
        confidence=row["confidence"],
        sentiment=row["sentiment"],
        phrases=_phrases(row["phrases"]),
        entities=_entities(row["entities"]),
    )


def insight_row(conversation_id: str, value: Insight) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "id": value.id,
        "kind": value.kind,
        "text": value.text,
        "score": value.score,
        "message_ids": value.message_ids,
        "member_id": value.member_id,
        "assignee_id": value.assignee_id,
        "assignee_name": value.assignee_name,
        "due_by": value.due_by,
        "definitive": value.definitive,
        "phrases": _phrase_rows(value.phrases),
        "entities": [asdict(entity) for entity in value.entities],
    }


def insight(row: Row) -> Insight:
    return Insight(
        id=row["id"],
        kind=row["kind"],
        text=row["text"],
        score=row["score"],
        message_ids=tuple(row["message_ids"]),
        member_id=row["member_id"],
        assignee_id=row["assignee_id"],
        assignee_name=row["assignee_name"],
        due_by=row["due_by"],
        definitive=row["definitive"],
        phrases=_phrases(row["phrases"]),
        entities=_entities(row["entities"]),
    )


def topic_row(conversation_id: str, position: int, value: Topic) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "position": position,
        "id": value.id,
        "text": value.text,
        "score": value.score,
        "message_ids": value.message_ids,
        "root_words": value.root_words,
        "parent": value.parent,
        "sentiment": value.sentiment,
    }


def topic(row: Row) -> Topic:
    return Topic(
        id=row["id"],
        text=row["text"],
        score=row["score"],
        message_ids=tuple(row["message_ids"]),
        root_words=tuple(row["root_words"]),
        parent=row["parent"],
        sentiment=row["sentiment"],
    )


def tracker_row(conversation_id: str, value: TrackerMatch) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "tracker_id": value.tracker_id,
        "tracker_name": value.tracker_name,
        "phrase": value.phrase,
        "message_refs": [asdict(ref) for ref in value.message_refs],
        "insight_refs": [asdict(ref) for ref in value.insight_refs],
    }


def tracker_match(row: Row) -> TrackerMatch:
    return TrackerMatch(
        tracker_id=row["tracker_id"],
        tracker_name=row["tracker_name"],
        phrase=row["phrase"],
        message_refs=tuple(MessageRef(**ref) for ref in row["message_refs"]),
        insight_refs=tuple(InsightRef(**ref) for ref in row["insight_refs"]),
    )


def entity_row(conversation_id: str, value: EntityMatch) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "entity": asdict(value.entity),
        "message_refs": [asdict(ref) for ref in value.message_refs],
    }


def entity_match(row: Row) -> EntityMatch:
    return EntityMatch(
        entity=Entity(**row["entity"]),
        message_refs=tuple(MessageRef(**ref) for ref in row["message_refs"]),
    )


def join_tracker_matches(matches: Iterable[TrackerMatch]) -> tuple[TrackerMatch, ...]:
    """Make one match of all hits of the same phrase of the same tracker, each place once."""
    joined: dict[tuple[str, str], TrackerMatch] = {}
    for match in matches:
        key = (match.tracker_id, match.phrase)
        if (known := joined.get(key)) is None:
            joined[key] = match
        else:
            joined[key] = replace(
                known,
                message_refs=tuple(dict.fromkeys(known.message_refs + match.message_refs)),
                insight_refs=tuple(dict.fromkeys(known.insight_refs + match.insight_refs)),
            )
    return tuple(joined.values())


def join_entity_matches(matches: Iterable[EntityMatch]) -> tuple[EntityMatch, ...]:
    """Make one match of all mentions of the same thing: same type, category and value."""
    joined: dict[tuple[str, str | None, str], EntityMatch] = {}
    for match in matches:
        entity = match.entity
        value = entity.text.casefold() if entity.value is None else json.dumps(entity.value, sort_keys=True)
        key = (entity.type, entity.category, value)
        if (known := joined.get(key)) is None:
            joined[key] = match
        else:
            refs = tuple(dict.fromkeys(known.message_refs + match.message_refs))
            joined[key] = replace(known, message_refs=refs)
    return tuple(joined.values())


def _phrase_rows(phrases: Iterable[Phrase]) -> list[list[str]]:
    return [[phrase.type, phrase.text] for phrase in phrases]


def _phrases(rows: Iterable[Sequence[str]]) -> tuple[Phrase, ...]:
    return tuple(Phrase(*fields) for fields in rows)


def _entities(rows: Iterable[Row]) -> tuple[Entity, ...]:
    return tuple(Entity(**fields) for fields in rows)
