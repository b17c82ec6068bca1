"""What a client may ask of a live session, and how the wishes of several become one."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from earful.conversation.types import InsightKind, Redaction, Tracker
from earful.insight.types import InsightOptions
from earful.speech.types import StreamOptions

__all__ = ["SessionOptions", "unite"]


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How one participant's talk is to be treated.

    Insights of every kind that `insights` looks for are kept; those of `told_kinds` are also told
    live. `no_connection_timeout` is how many seconds the conversation waits for a participant whose
    connection was cut. With `diarize`, several people speak into the participant's stream and their voices
    are told apart, `speakers` of them at most where that is known.
    """

    speech: StreamOptions = field(default_factory=StreamOptions)
    insights: InsightOptions = field(default_factory=InsightOptions)
    told_kinds: frozenset[InsightKind] = field(default_factory=frozenset)
    name: str | None = None
    timezone_offset_min: int = 0
    no_connection_timeout: float = 0.0
    diarize: bool = False
    speakers: int | None = None


def unite(first: InsightOptions, second: InsightOptions) -> InsightOptions:
    """Return options that find whatever either asks for, and mask whatever either wants masked."""
    return InsightOptions(
        kinds=first.kinds | second.kinds,
        confidence_threshold=min(first.confidence_threshold, second.confidence_threshold),
        topics=first.topics or second.topics,
        sentiment=first.sentiment or second.sentiment,
        entities=first.entities or second.entities,
        custom_entities=tuple(dict.fromkeys((*first.custom_entities, *second.custom_entities))),
        phrases=first.phrases or second.phrases,
        trackers=_join((*first.trackers, *second.trackers)),
        interim_trackers=first.interim_trackers or second.interim_trackers,
        redaction=Redaction(
            identify=first.redaction.identify or second.redaction.identify,
            redact=first.redaction.redact or second.redaction.redact,
            mask=(second if second.redaction.redact and not first.redaction.redact else first).redaction.mask,
        ),
    )


def _join(trackers: Iterable[Tracker]) -> tuple[Tracker, ...]:
    """Return one tracker for each name, with every phrase given under it."""
    joined: dict[tuple[str, str | None], Tracker] = {}
    for tracker in trackers:
        key = (tracker.name, tracker.id)
        known = joined.get(key)
        if known is None:
            joined[key] = tracker
        else:
            vocabulary = tuple(dict.fromkeys((*known.vocabulary, *tracker.vocabulary)))
            joined[key] = replace(known, vocabulary=vocabulary)
    return tuple(joined.values())
