"""The plain values that every other room passes around.

All times are `float` seconds since the conversation began unless a name says otherwise; absolute
times are timezone-aware `datetime` in UTC. All values are immutable: a change makes a new value
(`dataclasses.replace`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

__all__ = [
    "Conversation",
    "CustomEntity",
    "Entity",
    "EntityMatch",
    "Insight",
    "InsightKind",
    "InsightRef",
    "Member",
    "Message",
    "MessageRef",
    "Phrase",
    "Redaction",
    "Topic",
    "Tracker",
    "TrackerMatch",
    "Word",
]

InsightKind = Literal["question", "action_item", "follow_up"]


@dataclass(frozen=True, slots=True)
class Member:
    """A person who takes part in a conversation.

    `user_id` is whatever the client calls this person (often an e-mail address); it is the key by
    which a person who reconnects is recognised.
    """

    id: str
    name: str | None = None
    email: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word with its punctuation; `confidence` in 0..1, None when unknown."""

    text: str
    start: float
    end: float
    confidence: float | None = None
    speaker_tag: int | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """A span of a message with a meaning: a person, a date, personal data.

    `offset` counts characters from the start of the text it was found in. `value` is normalised
    (an ISO date, a number, `{"start": ..., "end": ...}` for ranges) and JSON-serialisable.
    """

    type: str
    text: str
    offset: int
    value: Any = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class CustomEntity:
    """A word or phrase to report as an entity of the client's own `type`, with the client's `value`."""

    type: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A key phrase of a message or an insight."""

    type: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One continuous sentence by one speaker. `text` is what clients see (masked when redacted)."""

    id: str
    conversation_id: str
    text: str
    start: float
    end: float
    member_id: str | None = None
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    sentiment: float | None = None
    phrases: tuple[Phrase, ...] = ()
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Where in which message something was found; `offset` -1 means similar, not literal."""

    message_id: str
    text: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class InsightRef:
    """Where in which insight something was found."""

    insight_id: str
    kind: InsightKind
    text: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Insight:
    """A question, action item or follow-up, traceable to the messages it came from.

    `member_id` is who said it, `assignee_id` who is to do it. `due_by` is absolute.
    """

    id: str
    kind: InsightKind
    text: str
    score: float
    message_ids: tuple[str, ...]
    member_id: str | None = None
    assignee_id: str | None = None
    assignee_name: str | None = None
    due_by: datetime | None = None
    definitive: bool = True
    phrases: tuple[Phrase, ...] = ()
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """A ranked phrase that says what was discussed; `score` in 0..1, `sentiment` in -1..1."""

    id: str
    text: str
    score: float
    message_ids: tuple[str, ...]
    root_words: tuple[str, ...] = ()
    parent: str | None = None
    sentiment: float | None = None


@dataclass(frozen=True, slots=True)
class Tracker:
    """Phrases to watch for, under a name. `id` is None for a tracker given inline."""

    name: str
    vocabulary: tuple[str, ...]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class TrackerMatch:
    """One vocabulary phrase of one tracker, and where it was said."""

    tracker_id: str
    tracker_name: str
    phrase: str
    message_refs: tuple[MessageRef, ...] = ()
    insight_refs: tuple[InsightRef, ...] = ()


@dataclass(frozen=True, slots=True)
class EntityMatch:
    """One named thing of the conversation, with every place it was said."""

    entity: Entity
    message_refs: tuple[MessageRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Redaction:
    """What to do with personal data: list it (`identify`), mask it (`redact`), or both."""

    identify: bool = False
    redact: bool = False
    mask: str = "****"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation and who took part. `application_id` is the owner; no other may see it.

    `spoken_until` is the end of its latest message, known before the conversation has ended.
    """

    id: str
    application_id: str
    started_at: datetime
    name: str | None = None
    type: str = "meeting"
    ended_at: datetime | None = None
    language: str = "en-US"
    timezone_offset_min: int = 0
    members: tuple[Member, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    spoken_until: float = 0.0
