"""What one job is asked to do, in the core's own terms, and as JSON in the queue."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter

from earful.conversation.types import CustomEntity, Redaction, Tracker

__all__ = ["ChannelSpeaker", "MediaWork", "Remark", "TextWork", "Wanted", "from_json", "to_json"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to find, whatever the source. `confidence_threshold` filters insights by score, 0..1.

    `timezone_offset_min` is the clock that dates are said by; None is the conversation's.
    """

    language: str = "en-US"
    timezone_offset_min: int | None = None
    confidence_threshold: float = 0.5
    phrases: bool = False
    entities: bool = False
    custom_entities: tuple[CustomEntity, ...] = ()
    trackers: tuple[Tracker, ...] = ()
    all_trackers: bool = False
    summary: bool = False
    call_score: bool = False
    redaction: Redaction = field(default_factory=Redaction)


@dataclass(frozen=True, slots=True)
class ChannelSpeaker:
    """Who speaks on one channel, counted from 1."""

    channel: int
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class MediaWork:
    """Recognise a recording: the file under `media` in the media store, or the one at `url`.

    `speakers` is how many people to tell apart by voice, None to find out; it counts only with
    `diarize`. Diarization wins over separate channels when both are asked for. `began_at` is when the
    recording began; without it, it follows what was said before.
    """

    media: str | None = None
    url: str | None = None
    wanted: Wanted = field(default_factory=Wanted)
    separate_channels: bool = False
    channels: tuple[ChannelSpeaker, ...] = ()
    diarize: bool = False
    speakers: int | None = None
    vocabulary: tuple[str, ...] = ()
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """One item of a text, of one or more sentences. Times are seconds since the text began."""

    text: str
    name: str | None = None
    user_id: str | None = None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class TextWork:
    """Understand what was written down already.

    `began_at` is when the text began; without it, it follows what was said before.
    """

    remarks: tuple[Remark, ...]
    wanted: Wanted = field(default_factory=Wanted)
    began_at: datetime | None = None


_ADAPTERS: Mapping[str, TypeAdapter[Any]] = {
    "media": TypeAdapter(MediaWork),
    "text": TypeAdapter(TextWork),
}


def to_json(work: MediaWork | TextWork) -> dict[str, Any]:
    """Return the work as a JSON-serialisable mapping."""
    return {**asdict(work), "began_at": work.began_at.isoformat() if work.began_at else None}


def from_json(kind: Literal["media", "text"], data: Mapping[str, Any]) -> MediaWork | TextWork:
    """Return the work that `to_json` wrote down; names that this version does not know are ignored."""
    work: MediaWork | TextWork = _ADAPTERS[kind].validate_python(dict(data))
    return work
