"""What a client of the Async API asks for, however its library put it on the wire.

Lists and objects come as JSON text, as repeated keys, separated by commas, in brackets, as names with
brackets (`trackers[0][name]`), and from the vendor's Python client spread over one key per character;
booleans and numbers come as strings. See symbl-async.md §3.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from earful.conversation.types import CustomEntity, Redaction, Tracker
from earful.dialects.symbl.bodies import Body
from earful.dialects.symbl.errors import BadRequest, describe
from earful.jobs.requests import ChannelSpeaker, Wanted

__all__ = ["Moment", "ProcessParameters", "TextBody", "UrlBody", "gather", "parse"]

P = TypeVar("P", bound="ProcessParameters")

_LISTS = {"customVocabulary", "entities", "trackers", "channelMetadata", "conversationType", "messages"}
_OBJECTS = {"features", "metadata", "redaction"}
_BRACKETED = re.compile(r"(\w+)((?:\[[^\[\]]*\])+)")
_PLACE = re.compile(r"[0-9]{1,6}")
_MAX_DEPTH = 8
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def gather(query: Iterable[tuple[str, str]], body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Put the query and the body together, the body winning, with lists and objects as such.

    What is empty says no more than what is not there.
    """
    values: dict[str, list[str]] = {}
    found: dict[str, Any] = {}
    branches: dict[str, Any] = {}
    for name, value in query:
        bracketed = _BRACKETED.fullmatch(name)
        if bracketed is not None and bracketed[1] in _LISTS | _OBJECTS:
            _grow(branches, [bracketed[1], *re.findall(r"\[([^\[\]]*)\]", bracketed[2])], value)
        elif value or name in _LISTS:
            values.setdefault(name, []).append(value)
    found.update({name: _settled(branch) for name, branch in branches.items()})
    for name, given in values.items():
        if name in _LISTS:
            found[name] = _as_list(given)
        elif name in _OBJECTS:
            found[name] = _as_object(given)
        else:
            found[name] = given[-1]
    for name, value in (body or {}).items():
        if value is None or value == "":
            continue
        if name in _LISTS and isinstance(value, str):
            found[name] = _as_list([value])
        elif name in _OBJECTS and isinstance(value, str):
            found[name] = _as_object([value])
        else:
            found[name] = value
    return found


def _grow(tree: dict[str, Any], path: list[str], value: str) -> None:
    """Put a value where a name such as `trackers[0][vocabulary][]` says, lists being objects by number."""
    *inner, last = path[:_MAX_DEPTH]
    for key in inner:
        branch = tree.setdefault(key or str(len(tree)), {})
        if not isinstance(branch, dict):
            return
        tree = branch
    tree[last or str(len(tree))] = value


def _settled(branch: Any) -> Any:
    """Return a branch with lists where all keys are numbers."""
    if not isinstance(branch, dict):
        return branch
    if all(_PLACE.fullmatch(key) for key in branch):
        return [_settled(branch[key]) for key in sorted(branch, key=int)]
    return {key: _settled(value) for key, value in branch.items()}


def _as_list(given: list[str]) -> list[Any]:
    if len(given) > 1 and all(len(item) == 1 for item in given):
        given = ["".join(given)]
    if len(given) > 1:
        return [_json_or_text(item) for item in given]
    text = given[0].strip()
    value = _json_or_text(text)
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [value]
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    return [part for item in inner.split(",") if (part := item.strip().strip("\"'"))]


def _as_object(given: list[str]) -> Any:
    text = "".join(given) if all(len(item) == 1 for item in given) else given[-1]
    return _json_or_text(text)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _flag(value: object) -> object:
    return False if value is None or (isinstance(value, str) and not value.strip()) else value


def _listed(value: object) -> object:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _placed(value: datetime) -> datetime:
    # Far ends of the calendar leave no room for the days that "in three weeks" adds to them.
    if not 1900 <= value.year <= 2200:
        raise ValueError("the year has to lie between 1900 and 2200")
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("has to be a language tag such as en-US")
    return value


def _as_text(value: object) -> object:
    # Names and ids come as numbers too.
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Moment = Annotated[datetime, AfterValidator(_placed)]
Time = Annotated[Moment | None, BeforeValidator(_blank_is_none)]
Text = Annotated[str | None, BeforeValidator(_as_text)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Count = Annotated[Annotated[int, Field(ge=1, le=100)] | None, BeforeValidator(_blank_is_none)]


class _Given(Body):
    # Clients send parameters of other routes and of later versions along; none of them is an error.
    model_config = ConfigDict(extra="ignore")


class TrackerGiven(_Given):
    """A tracker given in full, or one that is stored, by its id."""

    id: Text = None
    name: str | None = None
    vocabulary: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()

    @model_validator(mode="after")
    def _says_what(self) -> "TrackerGiven":
        if not self.id and not (self.name and self.vocabulary):
            raise ValueError("a tracker has a name and a vocabulary, or the id of a stored one")
        return self


class EntityGiven(_Given):
    """A custom entity."""

    custom_type: str
    text: str
    value: str | None = None


class SpeakerGiven(_Given):
    """Who speaks on a channel."""

    name: str | None = None
    email: str | None = None


class ChannelGiven(_Given):
    """A channel, counted from 1, and its speaker."""

    channel: int = Field(ge=1, le=64)
    speaker: SpeakerGiven = SpeakerGiven()


class RedactionGiven(_Given):
    """What to do with personal data."""

    identify_content: Flag = False
    redact_content: Flag = False
    redaction_string: str = Field(default="****", min_length=1, max_length=16)


class FeaturesGiven(_Given):
    """What else to prepare."""

    feature_list: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()


class ProcessParameters(_Given):
    """Everything that may be asked of a job, whatever its source."""

    name: Text = None
    webhook_url: str | None = None
    confidence_threshold: float = Field(default=0.5, ge=0.0, le=1.0)
    custom_vocabulary: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    detect_phrases: Flag = False
    detect_entities: Flag = False
    entities: Annotated[tuple[EntityGiven, ...], BeforeValidator(_listed)] = ()
    trackers: Annotated[tuple[TrackerGiven, ...], BeforeValidator(_listed)] = ()
    enable_all_trackers: Flag = False
    enable_summary: Flag = False
    language_code: Annotated[
        str,
        BeforeValidator(lambda value: value.replace("_", "-") if isinstance(value, str) else value),
        AfterValidator(_language),
    ] = "en-US"
    mode: Annotated[Literal["default", "phone"] | None, BeforeValidator(_blank_is_none)] = None
    enable_separate_recognition_per_channel: Flag = False
    channel_metadata: Annotated[tuple[ChannelGiven, ...], BeforeValidator(_listed)] = ()
    enable_speaker_diarization: Flag = False
    diarization_speaker_count: Count = None
    timezone_offset: int | None = Field(default=None, ge=-1440, le=1440)
    conversation_type: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    features: FeaturesGiven = FeaturesGiven()
    metadata: dict[str, Any] = Field(default_factory=dict)
    start_time: Moment | None = None
    redaction: RedactionGiven = RedactionGiven()

    def labels(self) -> dict[str, str]:
        """Return the labels of the conversation: texts in the metadata, and what kind of talk it is."""
        labels = {key: value for key, value in self.metadata.items() if isinstance(value, str)}
        kind = ", ".join(self.conversation_type)
        return {"conversationType": kind, **labels} if kind else labels

    def began_at(self) -> datetime | None:
        """Return when it was said, as far as that is given."""
        return self.start_time

    def _zone(self) -> int | None:
        """Return the minutes from UTC of the clock it was said by: as given, or that of the times given."""
        began = self.began_at()
        if self.timezone_offset is not None or began is None:
            return self.timezone_offset
        # "Z" and no zone at all say nothing of where it was said.
        return round((began.utcoffset() or timedelta()) / timedelta(minutes=1)) or None

    def wanted(self, trackers: tuple[Tracker, ...], entities: tuple[CustomEntity, ...] = ()) -> Wanted:
        """Return what is to be found.

        `trackers` are the inline ones and the stored ones that are asked for, `entities` the stored ones.
        """
        return Wanted(
            language=self.language_code,
            timezone_offset_min=self._zone(),
            confidence_threshold=self.confidence_threshold,
            phrases=self.detect_phrases,
            entities=self.detect_entities,
            custom_entities=tuple(
                CustomEntity(entity.custom_type, entity.text, entity.value or entity.text)
                for entity in self.entities
            )
            + entities,
            trackers=trackers,
            all_trackers=self.enable_all_trackers,
            summary=self.enable_summary,
            call_score="callScore" in self.features.feature_list,
            redaction=Redaction(
                identify=self.redaction.identify_content,
                redact=self.redaction.redact_content,
                mask=self.redaction.redaction_string,
            ),
        )

    def inline_trackers(self) -> tuple[Tracker, ...]:
        """Return the trackers that are given in full."""
        return tuple(
            Tracker(given.name, tuple(given.vocabulary), given.id)
            for given in self.trackers
            if given.name and given.vocabulary
        )

    def tracker_ids(self) -> tuple[str, ...]:
        """Return the ids of stored trackers that are asked for."""
        return tuple(given.id for given in self.trackers if given.id and not given.vocabulary)

    def speakers(self) -> tuple[ChannelSpeaker, ...]:
        """Return who speaks on which channel."""
        return tuple(
            ChannelSpeaker(given.channel, given.speaker.name, given.speaker.email)
            for given in self.channel_metadata
        )


class Sender(_Given):
    """Who wrote an item of a text."""

    id: Text = None
    name: Text = None
    user_id: Text = None
    email: str | None = None


class Content(_Given):
    """The words of an item of a text."""

    content: str
    content_type: str = "text/plain"


class Span(_Given):
    """When an item of a text was said."""

    start_time: Time = None
    end_time: Time = None


class TextItem(_Given):
    """One item of a text."""

    payload: Content
    sender: Annotated[Sender, BeforeValidator(lambda value: value or {}), Field(alias="from")] = Sender()
    duration: Annotated[Span, BeforeValidator(lambda value: value or {})] = Span()


class TextBody(ProcessParameters):
    """A text to understand."""

    messages: tuple[TextItem, ...]

    def began_at(self) -> datetime | None:
        """Return when it began: as asked, else the time of its earliest item."""
        times = (item.duration.start_time for item in self.messages)
        return self.start_time or min((time for time in times if time is not None), default=None)


class UrlBody(ProcessParameters):
    """A recording to fetch and recognise."""

    url: str = Field(min_length=1)


def parse(model: type[P], values: Mapping[str, Any]) -> P:
    """Check what was gathered. Raises `BadRequest` naming the parameter."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise BadRequest(describe(error.errors())) from None
