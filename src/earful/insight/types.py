"""What the insight room takes and gives.

A dialect never calls a finder by name: it opens one `InsightSession` per conversation and hands it
final utterances. The same session type serves live talk, recordings and texts, so that the same
words give the same findings whichever way they came.
"""

from dataclasses import dataclass, field
from typing import Protocol

from earful.conversation.types import (
    Conversation,
    CustomEntity,
    EntityMatch,
    Insight,
    InsightKind,
    Member,
    Message,
    Redaction,
    Topic,
    Tracker,
    TrackerMatch,
    Word,
)

__all__ = ["HELD_FOR_S", "Findings", "InsightOptions", "InsightService", "InsightSession", "Utterance"]

HELD_FOR_S = 2.5
"""How long after its end a broken sentence waits for its other half, in seconds of the conversation."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A final piece of talk by one speaker, before it is cut into sentences."""

    text: str
    start: float
    end: float
    speaker: Member | None = None
    words: tuple[Word, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class InsightOptions:
    """What to look for. `confidence_threshold` filters insights by score (0..1)."""

    kinds: frozenset[InsightKind] = frozenset({"question", "action_item", "follow_up"})
    confidence_threshold: float = 0.5
    topics: bool = True
    sentiment: bool = False
    entities: bool = False
    custom_entities: tuple[CustomEntity, ...] = ()
    phrases: bool = False
    trackers: tuple[Tracker, ...] = ()
    interim_trackers: bool = False
    redaction: Redaction = field(default_factory=Redaction)


@dataclass(frozen=True, slots=True)
class Findings:
    """What one step found. `topics` is the whole ranked list when it changed, else None.

    `new_topics` are those of them not reported before. `held` says that the speaker's last sentence is
    broken off: its insights come with its other half, or with `InsightSession.release`.
    """

    messages: tuple[Message, ...] = ()
    insights: tuple[Insight, ...] = ()
    topics: tuple[Topic, ...] | None = None
    new_topics: tuple[Topic, ...] = ()
    trackers: tuple[TrackerMatch, ...] = ()
    entities: tuple[EntityMatch, ...] = ()
    held: bool = False


class InsightSession(Protocol):
    """Meaning for one conversation. Calls are synchronous CPU work: run them off the event loop,
    one at a time per session."""

    def observe(self, utterance: Utterance) -> Findings:
        """Cut a final utterance into messages and report everything new that they mean.

        Text in all that is returned is already masked when redaction is on.
        """
        ...

    def interim(self, text: str, speaker: Member | None) -> tuple[TrackerMatch, ...]:
        """Report tracker hits in a partial (only literal ones, no message id yet)."""
        ...

    def mask(self, text: str, *, unfinished: bool = False) -> str:
        """Return the text with personal data masked when redaction is on, else unchanged.

        An `unfinished` text may end within a number that is being read out.
        """
        ...

    def meet(self, member: Member) -> None:
        """Learn who takes part before they say anything: others may call them by name."""
        ...

    def configure(self, options: InsightOptions) -> None:
        """Take new options from now on (a later speaker joined with more trackers, say)."""
        ...

    def release(self, speaker: Member | None) -> Findings:
        """Report what is held back of one speaker, of whose sentence no more will come."""
        ...

    def finish(self) -> Findings:
        """Report what was still held back when the conversation ends."""
        ...


class InsightService(Protocol):
    """Opens sessions over the shared models."""

    def open(self, conversation: Conversation, options: InsightOptions) -> InsightSession:
        """Start watching a conversation."""
        ...
