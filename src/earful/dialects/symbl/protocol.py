"""Reads the text frames of Symbl's streaming clients, tolerantly, into typed requests. No I/O.

Real clients disagree about names, nesting and types (`reference/symbl-streaming.md` §4, §12); what can
be understood is, and what cannot raises `MalformedMessage` with a sentence for the sender.
"""

import ast
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from earful.conversation.types import InsightKind, Redaction, Tracker
from earful.dialects.symbl.actions import MailAction, read_actions

__all__ = [
    "MAX_NO_CONNECTION_TIMEOUT_S",
    "MAX_STOPPED_S",
    "ClientRequest",
    "MalformedMessage",
    "ModifyRequest",
    "Ping",
    "Speaker",
    "StartRequest",
    "StopRequest",
    "UnknownRequest",
    "parse",
]

MAX_NO_CONNECTION_TIMEOUT_S = 1800.0
MAX_STOPPED_S = 3600.0

_DEFAULT_STOPPED_S = 1800.0
_KINDS: tuple[InsightKind, ...] = ("question", "action_item", "follow_up")
_LONGEST_REPR = 4096
_MAX_TRACKERS = 500
_MAX_PHRASES = 1000
_MAX_TEXT = 1000


class MalformedMessage(Exception):
    """A frame that cannot be understood; the message says why. `request` is its type when known."""

    def __init__(self, details: str, request: str | None = None) -> None:
        super().__init__(details)
        self.request = request


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks, as the client calls them."""

    user_id: str | None = None
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class StartRequest:
    """Begin, resume or reconfigure. `stopped_timeout` 0 means that a stop closes the socket."""

    insight_kinds: frozenset[InsightKind] = frozenset()
    custom_vocabulary: tuple[str, ...] = ()
    trackers: tuple[Tracker, ...] = ()
    enable_all_trackers: bool = False
    interim_trackers: bool = False
    meeting_title: str | None = None
    confidence_threshold: float = 0.5
    language: str = "en-US"
    timezone_offset_min: int = 0
    sentiment: bool = False
    detect_entities: bool = False
    redaction: Redaction = field(default_factory=Redaction)
    encoding: str = "LINEAR16"
    sample_rate_hz: float = 16_000.0
    interim_results: bool = True
    speaker: Speaker | None = None
    no_connection_timeout: float = 0.0
    disconnect_on_stop: bool = True
    stopped_timeout: float = _DEFAULT_STOPPED_S
    actions: tuple[MailAction, ...] = ()
    diarize: bool = False
    speakers: int | None = None

    @property
    def stored_trackers(self) -> bool:
        """Return whether trackers that the application keeps are asked for: all, or some by id."""
        return self.enable_all_trackers or any(t.id and not t.vocabulary for t in self.trackers)


@dataclass(frozen=True, slots=True)
class ModifyRequest:
    """Other audio from now on; None keeps what was."""

    encoding: str | None = None
    sample_rate_hz: float | None = None


@dataclass(frozen=True, slots=True)
class StopRequest:
    """Recognise what was sent, and end."""

    actions: tuple[MailAction, ...] = ()


@dataclass(frozen=True, slots=True)
class Ping:
    """A keep-alive that wants `__PONG__`."""


@dataclass(frozen=True, slots=True)
class UnknownRequest:
    """A message of a type that is not ours; to be ignored."""

    type: str


ClientRequest = StartRequest | ModifyRequest | StopRequest | Ping | UnknownRequest


def parse(text: str) -> ClientRequest:
    """Return what a text frame asks for. Raises `MalformedMessage`."""
    if text.strip() == "__PING__":
        return Ping()
    frame = _load(text)
    kind = frame.get("type")
    if not isinstance(kind, str):
        raise MalformedMessage("the message has no type")
    try:
        if kind == "start_request":
            return _start(frame)
        if kind == "modify_request":
            return _modify(frame)
        if kind in ("stop_request", "stop_recognition"):
            return StopRequest(_actions(frame))
    except _Refused as error:
        raise MalformedMessage(str(error), kind) from None
    return UnknownRequest(kind[:100])


def _load(text: str) -> dict[str, Any]:
    frame: object
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        # Symbl's Python client sends the repr of a dict. Only short ones: nothing else is sent so.
        try:
            frame = ast.literal_eval(text.strip()) if len(text) <= _LONGEST_REPR else None
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            frame = None
        if not isinstance(frame, dict):
            raise MalformedMessage("the message is not valid JSON") from None
    if not isinstance(frame, dict):
        raise MalformedMessage("the message is not a JSON object")
    return frame


def _start(frame: Mapping[str, Any]) -> StartRequest:
    config = _object(frame, "config")
    recognition = _object(config, "speechRecognition", "config.")
    encoding, rate = _audio(recognition, "config.speechRecognition.")
    # An option that the JavaScript client moves before sending, and others do not.
    other_encoding, other_rate = _audio(config, "config.")
    encoding = other_encoding if encoding is None else encoding
    rate = other_rate if rate is None else rate
    trackers = config.get("trackers")
    tracking = trackers if isinstance(trackers, dict) else {}
    inline = frame.get("trackers")
    if inline is None and isinstance(trackers, list):
        inline = trackers
    return StartRequest(
        insight_kinds=_kinds(frame.get("insightTypes")),
        custom_vocabulary=_texts(frame.get("customVocabulary"), "customVocabulary"),
        trackers=_trackers(inline),
        enable_all_trackers=_flag(tracking, "enableAllTrackers", "config.trackers.")
        or _flag(frame, "enableAllTrackers"),
        interim_trackers=_flag(tracking, "interimResults", "config.trackers."),
        meeting_title=_text(config, "meetingTitle", "config.") or _text(frame, "meetingTitle"),
        confidence_threshold=_number(config, "confidenceThreshold", 0.5, 0, 1, "config."),
        language=_text(config, "languageCode", "config.") or "en-US",
        timezone_offset_min=int(_number(config, "timezoneOffset", 0, -900, 900, "config.")),
        sentiment=_flag(config, "sentiment", "config.")
        or _flag(frame, "sentiment")
        or _flag(frame, "sentiments"),
        detect_entities=_flag(config, "detectEntities", "config.") or _flag(frame, "detectEntities"),
        redaction=_redaction(_object(config, "redaction", "config.")),
        encoding=encoding or "LINEAR16",
        sample_rate_hz=16_000.0 if rate is None else rate,
        interim_results=_flag(recognition, "interimResults", "config.speechRecognition.", default=True),
        speaker=_speaker(_object(frame, "speaker")),
        no_connection_timeout=_patience(frame.get("noConnectionTimeout")),
        disconnect_on_stop=_flag(frame, "disconnectOnStopRequest", default=True),
        stopped_timeout=_clamped(frame, "disconnectOnStopRequestTimeout", _DEFAULT_STOPPED_S, MAX_STOPPED_S),
        actions=_actions(frame),
        diarize=_flag(config, "enableSpeakerDiarization", "config.")
        or _flag(frame, "enableSpeakerDiarization"),
        speakers=_speakers(config, "config.") or _speakers(frame),
    )


def _modify(frame: Mapping[str, Any]) -> ModifyRequest:
    recognition = _object(frame, "speechRecognition")
    if not recognition:
        recognition = _object(_object(frame, "config"), "speechRecognition", "config.")
    encoding, rate = _audio(recognition, "speechRecognition.")
    if encoding is None and rate is None:
        raise _Refused("modify_request names neither speechRecognition.encoding nor .sampleRateHertz")
    return ModifyRequest(encoding, rate)


class _Refused(Exception):
    """A field that cannot be taken."""


def _actions(frame: Mapping[str, Any]) -> tuple[MailAction, ...]:
    try:
        return read_actions(frame.get("actions"))
    except ValueError as error:
        raise _Refused(str(error)) from None


def _object(source: Mapping[str, Any], key: str, path: str = "") -> dict[str, Any]:
    value = source.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Refused(f"{path}{key} must be an object")
    return value


def _text(source: Mapping[str, Any], key: str, path: str = "") -> str | None:
    value = source.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Refused(f"{path}{key} must be a string")
    return value.strip()[:_MAX_TEXT] or None


def _flag(source: Mapping[str, Any], key: str, path: str = "", *, default: bool = False) -> bool:
    value = source.get(key)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise _Refused(f"{path}{key} must be true or false")


def _finite(value: object) -> float | None:
    """Return a number given as a number or as text, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _number(
    source: Mapping[str, Any], key: str, default: float, low: float, high: float, path: str = ""
) -> float:
    value = source.get(key)
    if value is None:
        return default
    number = _finite(value)
    if number is None or not low <= number <= high:
        raise _Refused(f"{path}{key} must be a number from {low:g} to {high:g}")
    return number


def _speakers(source: Mapping[str, Any], path: str = "") -> int | None:
    """Return how many people speak at most, as the Async API has it; None when that is not said."""
    if source.get("diarizationSpeakerCount") in (None, ""):
        return None
    return int(_number(source, "diarizationSpeakerCount", 1, 1, 100, path))


def _clamped(source: Mapping[str, Any], key: str, default: float, high: float) -> float:
    value = source.get(key)
    if value is None:
        return default
    number = _finite(value)
    if number is None:
        raise _Refused(f"{key} must be a number of seconds")
    return min(max(number, 0.0), high)


def _patience(value: object) -> float:
    """Return `noConnectionTimeout`, which the Go client declares as a boolean."""
    if isinstance(value, bool):
        return MAX_NO_CONNECTION_TIMEOUT_S if value else 0.0
    return _clamped({"noConnectionTimeout": value}, "noConnectionTimeout", 0.0, MAX_NO_CONNECTION_TIMEOUT_S)


def _kinds(value: object) -> frozenset[InsightKind]:
    if value is None:
        return frozenset()
    if not isinstance(value, list):
        raise _Refused("insightTypes must be a list")
    return frozenset(kind for kind in _KINDS if kind in value)


def _texts(value: object, path: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _Refused(f"{path} must be a list of strings")
    texts = (item.strip()[:_MAX_TEXT] for item in value[:_MAX_PHRASES])
    return tuple(dict.fromkeys(text for text in texts if text))


def _trackers(value: object) -> tuple[Tracker, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _Refused("trackers must be a list")
    found = []
    for position, item in enumerate(value[:_MAX_TRACKERS]):
        path = f"trackers[{position}]."
        if not isinstance(item, dict):
            raise _Refused(f"trackers[{position}] must be an object")
        name = _text(item, "name", path)
        vocabulary = _texts(item.get("vocabulary"), f"{path}vocabulary")
        identifier = item.get("id")
        by_id = isinstance(identifier, str) and bool(identifier)
        if not name and not (by_id and not vocabulary):
            raise _Refused(f"{path}name is missing")
        found.append(Tracker(name or "", vocabulary, identifier if by_id else None))
    return tuple(found)


def _redaction(value: Mapping[str, Any]) -> Redaction:
    path = "config.redaction."
    mask = value.get("redactionString")
    if mask is not None and (not isinstance(mask, str) or not 1 <= len(mask) <= 16):
        raise _Refused(f"{path}redactionString must have 1 to 16 characters")
    return Redaction(
        identify=_flag(value, "identifyContent", path),
        redact=_flag(value, "redactContent", path),
        mask=mask or "****",
    )


def _speaker(value: Mapping[str, Any]) -> Speaker | None:
    def named(*keys: str) -> str | None:
        for key in keys:
            found = value.get(key)
            if isinstance(found, bool) or not isinstance(found, str | int):
                continue
            if text := str(found).strip()[:_MAX_TEXT]:
                return text
        return None

    email = named("email")
    user_id = named("userId", "userID", "userid", "email")
    name = named("name")
    if not user_id and not name:
        return None
    if email is None and user_id and "@" in user_id:
        email = user_id
    return Speaker(user_id, name, email)


def _audio(source: Mapping[str, Any], path: str) -> tuple[str | None, float | None]:
    """Return encoding and rate where they are given. Whether they can be decoded is not asked here."""
    encoding = _text(source, "encoding", path)
    value = source.get("sampleRateHertz")
    rate = None if value is None else _finite(value)
    if value is not None and rate is None:
        raise _Refused(f"{path}sampleRateHertz must be a number")
    return encoding, rate
