"""What the server says, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["SegmentMeta", "SpeechStarted", "TranscriptionResponse", "UtteranceEnd", "Word"]


@dataclass(slots=True)
class Word:
    """A word; times are seconds since its segment began."""

    word: str
    confidence: float
    start_time: float | None = None
    end_time: float | None = None


@dataclass(slots=True)
class SegmentMeta:
    """Tokens and their times (seconds since the segment began); `start_time` is since the audio began."""

    tokens: list[str]
    timestamps: list[float]
    start_time: float
    confidence: float = 0.0
    words: list[Word] = field(default_factory=list)

    @property
    def end_time(self) -> float:
        """Seconds since the audio began at which the last word (or, without words, token) is over."""
        ends = [word.end_time for word in self.words if word.end_time is not None]
        return self.start_time + max([*ends, *self.timestamps[-1:], 0.0])


@dataclass(slots=True)
class TranscriptionResponse:
    """One answer. `text` is the whole of the segment so far; `eos` marks the last answer of a session."""

    call_id: str
    segment_id: int
    eos: bool
    type: str
    text: str
    segment_meta: SegmentMeta
    language_code: str | None = None
    aux_info: dict[str, Any] | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_complete(self) -> bool:
        """Whether the text of the segment is settled."""
        return self.type == "complete"

    @classmethod
    def from_dict(cls, message: Mapping[str, Any]) -> TranscriptionResponse:
        """Read a message of the server.

        Raises:
            ValueError: it lacks something that every answer has.
        """
        try:
            meta = message["segment_meta"]
            words = [
                Word(word["word"], word["confidence"], word.get("start_time"), word.get("end_time"))
                for word in meta.get("words") or ()
            ]
            return cls(
                call_id=message["call_id"],
                segment_id=int(message["segment_id"]),
                eos=bool(message["eos"]),
                type=message["type"],
                text=message["text"] or "",
                segment_meta=SegmentMeta(
                    tokens=list(meta["tokens"]),
                    timestamps=[float(at) for at in meta["timestamps"]],
                    start_time=float(meta["start_time"]),
                    confidence=float(meta.get("confidence") or 0.0),
                    words=words,
                ),
                language_code=message.get("language_code"),
                aux_info=message.get("aux_info"),
                raw=dict(message),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not an answer of the server: {error!r}") from error


class SpeechStarted(float):
    """Seconds since the audio began, also under the name `start_time`."""

    @property
    def start_time(self) -> float:
        """Seconds since the audio began."""
        return float(self)


class UtteranceEnd(dict[str, float]):
    """`{"start_time", "end_time"}` in seconds since the audio began, also as attributes."""

    @property
    def start_time(self) -> float:
        """When the utterance began."""
        return self["start_time"]

    @property
    def end_time(self) -> float:
        """When it was over."""
        return self["end_time"]
