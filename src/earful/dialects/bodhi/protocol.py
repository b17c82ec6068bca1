"""What Bodhi clients say in text frames, read into values. No I/O.

A frame holds one JSON object, or several one after the other (a telephony module glues them).
"""

import json
import unicodedata
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from earful.dialects.bodhi.errors import BodhiError
from earful.speech.types import Hotword

__all__ = [
    "ENDPOINT_SILENCE_RANGE",
    "Command",
    "Config",
    "EndOfAudio",
    "KeepAlive",
    "Unknown",
    "read_config",
    "read_hotwords",
    "read_text",
]

log = structlog.get_logger(__name__)

ENDPOINT_SILENCE_RANGE = (0.44, 1.2)
"""Seconds that `endpoint_silence_duration` is held to; the first is its default."""

_MAX_HOTWORDS = 500
_DEFAULT_SCORE = 1.5
_MAX_SCORE = 10.0


class _Fields(BaseModel):
    """The config as it comes: unknown keys ignored, numbers and booleans as strings tolerated."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    model: str = ""
    transaction_id: str = ""
    sample_rate: float | None = Field(default=None, allow_inf_nan=False)
    channels: int | None = None
    parse_number: bool | None = None
    exclude_partial: bool | None = None
    aux: bool | None = None
    hotwords: Any = None
    endpoint_silence_duration: float | None = Field(default=None, allow_inf_nan=False)
    at_start_lid: bool | None = None
    transliterate: bool | None = None

    @field_validator("model", "transaction_id", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return "" if value is None else value


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one session. `sample_rate` in Hz, `endpoint_silence` in seconds, already in range."""

    model: str
    transaction_id: str
    sample_rate: int
    channels: int = 1
    parse_number: bool = False
    exclude_partial: bool = False
    aux: bool = False
    hotwords: tuple[Hotword, ...] = ()
    endpoint_silence: float = ENDPOINT_SILENCE_RANGE[0]
    at_start_lid: bool = False
    transliterate: bool = False


@dataclass(frozen=True, slots=True)
class EndOfAudio:
    """No more audio will come."""


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """The client is still there."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A JSON object that says nothing we know; to be ignored."""

    keys: tuple[str, ...]


Command = Config | EndOfAudio | KeepAlive | Unknown


def read_text(text: str) -> list[Command]:
    """Return what a text frame says. Raises `BodhiError` (400)."""
    return [_command(value) for value in _objects(text)]


def read_config(fields: Mapping[str, Any], *, default_rate: int | None = None) -> Config:
    """Check and return a config. Raises `BodhiError` (400).

    `default_rate` is the sample rate when none is given; None makes it a required field.
    """
    try:
        given = _Fields.model_validate(dict(fields))
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise BodhiError(400, f"invalid value for '{name}': {problem['msg']}") from None
    if not given.model.strip():
        raise BodhiError(400, "'model' is required")
    low, high = ENDPOINT_SILENCE_RANGE
    silence = given.endpoint_silence_duration
    return Config(
        model=given.model.strip(),
        transaction_id=_transaction_id(given.transaction_id),
        sample_rate=_sample_rate(given.sample_rate, default_rate),
        channels=_channels(given.channels),
        parse_number=bool(given.parse_number),
        exclude_partial=bool(given.exclude_partial),
        aux=bool(given.aux),
        hotwords=read_hotwords(given.hotwords),
        endpoint_silence=low if silence is None else min(max(silence, low), high),
        at_start_lid=bool(given.at_start_lid),
        transliterate=bool(given.transliterate),
    )


def read_hotwords(value: Any) -> tuple[Hotword, ...]:
    """Return the hotwords of `[{"phrase", "score"?}, ...]`; entries that cannot be used are left out."""
    if not isinstance(value, list):
        if value is not None:
            log.warning("hotwords ignored", reason="not a list")
        return ()
    words = [word for entry in value[:_MAX_HOTWORDS] if (word := _hotword(entry)) is not None]
    if len(words) < len(value):
        log.warning("hotwords left out", given=len(value), kept=len(words))
    return tuple(words)


def _hotword(entry: Any) -> Hotword | None:
    if isinstance(entry, str):
        entry = {"phrase": entry}
    if not isinstance(entry, dict) or not isinstance(entry.get("phrase"), str):
        return None
    phrase = " ".join(entry["phrase"].split())
    if not phrase or len(phrase) > 100 or not all(c.isalpha() or _joins(c) for c in phrase):
        return None
    score = entry.get("score")
    if score is None:
        return Hotword(phrase, _DEFAULT_SCORE)
    try:
        number = float(score)
    except (TypeError, ValueError):
        return None
    # The comparison is false for NaN, too.
    return Hotword(phrase, min(number, _MAX_SCORE)) if number >= 0 else None


def _joins(character: str) -> bool:
    """Whether a character may stand between letters: a blank, an apostrophe, or a vowel sign or joiner."""
    return character in " '’-\u200c\u200d" or unicodedata.category(character) in ("Mn", "Mc")


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    at, end = 0, len(text)
    found = False
    while True:
        while at < end and text[at].isspace():
            at += 1
        if at == end:
            break
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise BodhiError(400, "text message is not valid JSON") from None
        if not isinstance(value, dict):
            raise BodhiError(400, "text message must be a JSON object")
        found = True
        yield value
    if not found:
        raise BodhiError(400, "text message is not valid JSON")


def _command(value: dict[str, Any]) -> Command:
    if "config" in value:
        if not isinstance(value["config"], dict):
            raise BodhiError(400, "'config' must be an object")
        return read_config(value["config"])
    if value.get("eof") in (1, "1", True, "true"):
        return EndOfAudio()
    kind = value.get("type")
    if kind == "CloseStream":
        return EndOfAudio()
    if kind == "KeepAlive":
        return KeepAlive()
    return Unknown(tuple(str(key)[:40] for key in list(value)[:10]))


def _transaction_id(text: str) -> str:
    if not text:
        raise BodhiError(400, "'transaction_id' is required")
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        raise BodhiError(400, "'transaction_id' must be a UUID") from None


def _sample_rate(rate: float | None, default: int | None) -> int:
    if not rate and default is not None:
        return default
    if rate is None:
        raise BodhiError(400, "'sample_rate' is required")
    if not 8_000 <= rate <= 48_000 or rate != int(rate):
        raise BodhiError(400, f"'sample_rate' {rate:g} is not supported: use 8000 to 48000")
    return int(rate)


def _channels(channels: int | None) -> int:
    if channels is None:
        return 1
    if not 1 <= channels <= 8:
        raise BodhiError(400, f"'channels' must be 1 to 8, not {channels}")
    return channels
