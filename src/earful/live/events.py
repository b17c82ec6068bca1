"""What happens in a live conversation, as the core tells it to dialects, pages and subscribers."""

from dataclasses import dataclass

from earful.conversation.types import (
    EntityMatch,
    Insight,
    Member,
    Message,
    Topic,
    TrackerMatch,
)
from earful.speech.types import Hypothesis

__all__ = [
    "ConversationCompleted",
    "ConversationCreated",
    "EntitiesFound",
    "Event",
    "Fault",
    "InsightsFound",
    "MessagesAdded",
    "TopicsFound",
    "TrackersFound",
    "Transcribed",
]


@dataclass(frozen=True, slots=True)
class ConversationCreated:
    """The conversation exists (also told to a subscriber who attaches later)."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A partial or final hypothesis of one participant's audio. Finals are stored before this is told.

    `participant_id` names the audio source within the conversation, so that a dialect can send it
    to that source's own connection only. Text is already masked when redaction is on.
    """

    participant_id: str
    speaker: Member | None
    hypothesis: Hypothesis


@dataclass(frozen=True, slots=True)
class MessagesAdded:
    """New messages, already stored."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class InsightsFound:
    """New insights, already stored."""

    insights: tuple[Insight, ...]


@dataclass(frozen=True, slots=True)
class TopicsFound:
    """Topics not told before, already stored."""

    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class TrackersFound:
    """Tracker hits; `is_final` is false for hits in a partial, which are not stored.

    `messages` are those of the same step, which most of the hits are in.
    """

    matches: tuple[TrackerMatch, ...]
    is_final: bool = True
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class EntitiesFound:
    """New entities, already stored."""

    matches: tuple[EntityMatch, ...]


@dataclass(frozen=True, slots=True)
class ConversationCompleted:
    """The last speaker is gone for good; nothing more will be told."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something one participant said could not be kept; `details` is fit to be shown to them."""

    participant_id: str
    details: str


Event = (
    ConversationCreated
    | Transcribed
    | MessagesAdded
    | InsightsFound
    | TopicsFound
    | TrackersFound
    | EntitiesFound
    | ConversationCompleted
    | Fault
)
