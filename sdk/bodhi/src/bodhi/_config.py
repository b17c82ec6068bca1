"""What a session asks of the server."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["DEFAULT_SAMPLE_RATE", "Hotword", "TranscriptionConfig"]

DEFAULT_SAMPLE_RATE = 8000
"""Hz; what telephones have."""


@dataclass(slots=True)
class Hotword:
    """A word or phrase to favour; `score` is usually 1.0 to 3.0 (the server's own default when None)."""

    phrase: str
    score: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the server takes it."""
        return {"phrase": self.phrase} if self.score is None else {"phrase": self.phrase, "score": self.score}


@dataclass(slots=True)
class TranscriptionConfig:
    """The settings of a session; whatever is None is the server's own choice.

    `sample_rate` is in Hz (at least 8000), `endpoint_silence_duration` in seconds of silence that end an
    utterance (the server holds it to 0.44..1.2), `channels` of interleaved audio are mixed to one.
    """

    model: str | None = None
    transaction_id: str | None = None
    parse_number: bool | None = None
    hotwords: Sequence[Hotword] | None = None
    aux: bool | None = None
    exclude_partial: bool | None = None
    sample_rate: int | None = None
    endpoint_silence_duration: float | None = None
    at_start_lid: bool = False
    transliterate: bool = False
    channels: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the server takes it: without what is None, with a transaction id and a sample rate always."""
        fields: dict[str, Any] = {
            "model": self.model,
            "transaction_id": self.transaction_id or str(uuid.uuid4()),
            "parse_number": self.parse_number,
            "hotwords": None if self.hotwords is None else [word.to_dict() for word in self.hotwords],
            "aux": self.aux,
            "exclude_partial": self.exclude_partial,
            "sample_rate": self.sample_rate or DEFAULT_SAMPLE_RATE,
            "endpoint_silence_duration": self.endpoint_silence_duration,
            "at_start_lid": self.at_start_lid,
            "transliterate": self.transliterate,
            "channels": self.channels,
        }
        return {name: value for name, value in fields.items() if value is not None}
