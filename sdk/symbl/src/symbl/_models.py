"""The objects that calls return: one small reader of JSON, and the documented fields as annotations.

Every object offers its fields as attributes (`message.start_time`) and as keys in either spelling
(`message["startTime"]`), `to_dict()`, `to_str()`, a readable `str()` and comparison by content. Times become
`datetime`; a field the server left out is `None`; a key this package does not know is kept. `from`, a
reserved word, is `_from` (and `from_`).
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pprint import pformat
from typing import Any, Self

from symbl._errors import ResponseError

__all__ = [
    "ActionItem",
    "ActionItems",
    "Analytics",
    "CallScore",
    "CallScoreStatus",
    "ConversationData",
    "Endpoint",
    "Entities",
    "FollowUps",
    "InsightsUrl",
    "Job",
    "Member",
    "Members",
    "Message",
    "Messages",
    "Model",
    "Question",
    "Questions",
    "Record",
    "Result",
    "Submitted",
    "Summaries",
    "SummaryText",
    "Topic",
    "Topics",
    "Tracker",
    "Transcript",
    "read_trackers",
    "snake",
]

CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def snake(name: str) -> str:
    """The attribute name of a wire name: `startTime` → `start_time`, `from` → `_from`."""
    return "_from" if name in ("from", "from_") else CAPITAL.sub("_", name).lower()


class Model:
    """Base of all answers; subclasses list their documented fields as annotations."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        values = {snake(key): value for key, value in data.items()}
        fields = _fields(type(self))  # type: ignore[arg-type]  # mypy takes the class for an instance
        for name, (convert, required) in fields.items():
            value = values.pop(name, None)
            if value is None and required:
                raise ResponseError(f"the answer has no {name!r}")
            self.__dict__[name] = None if value is None else convert(value)
        self.__dict__.update(values)

    @classmethod
    def read(cls, data: Any) -> Self:
        """Read an answer.

        Raises:
            ResponseError: it is not an object, or lacks a list that is always sent.
        """
        if not isinstance(data, Mapping):
            raise ResponseError(f"expected an object, got {type(data).__name__}")
        return cls(data)

    def __getattr__(self, name: str) -> Any:
        if name == "from_":
            return self._from
        raise AttributeError(f"{type(self).__name__} has no {name!r}")

    def __getitem__(self, key: str) -> Any:
        try:
            return self.__dict__[snake(key)]
        except KeyError:
            raise KeyError(key) from None

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and snake(key) in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def keys(self) -> list[str]:
        """Names of the fields, in attribute spelling."""
        return list(self.__dict__)

    def get(self, key: str, default: Any = None) -> Any:
        """The field of that name, or `default` when it is unknown."""
        return self.__dict__.get(snake(key), default)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain dicts and lists, in attribute spelling."""
        return {name: _plain(value) for name, value in self.__dict__.items()}

    def to_str(self) -> str:
        """The same as text, indented."""
        return pformat(self.to_dict())

    def __repr__(self) -> str:
        return self.to_str()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


Converter = Callable[[Any], Any]


@cache
def _fields(model: type[Model]) -> dict[str, tuple[Converter, bool]]:
    """How to read each annotated field, and whether it must be there."""
    hints = typing.get_type_hints(model)
    return {name: (_converter(hint), typing.get_origin(hint) is list) for name, hint in hints.items()}


def _converter(hint: Any) -> Converter:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        hint = next(option for option in typing.get_args(hint) if option is not type(None))
    if typing.get_origin(hint) is list:
        item = _converter(typing.get_args(hint)[0])
        return lambda value: [item(entry) for entry in value] if isinstance(value, list) else value
    if hint is datetime:
        return _time
    if isinstance(hint, type) and issubclass(hint, Model):
        return lambda value: hint(value) if isinstance(value, Mapping) else value
    return lambda value: value


def _time(value: Any) -> Any:
    """ISO 8601 text as `datetime`, with its zone; anything else unchanged."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value


class Person(Model):
    id: str | None
    name: str | None
    email: str | None


class Speaker(Model):
    id: str | None
    name: str | None
    user_id: str | None


class Polarity(Model):
    score: float | None


class Sentiment(Model):
    polarity: Polarity | None
    suggested: str | None


class Phrase(Model):
    type: str | None
    text: str | None


class Word(Model):
    word: str | None
    start_time: datetime | None
    end_time: datetime | None
    speaker_tag: int | None


class Message(Model):
    """One sentence that one person said."""

    id: str | None
    text: str | None
    _from: Person | None
    start_time: datetime | None
    end_time: datetime | None
    conversation_id: str | None
    phrases: list[Phrase] | None
    sentiment: Sentiment | None
    words: list[Word] | None


class Messages(Model):
    messages: list[Message]


class InsightEntity(Model):
    type: str | None
    text: str | None
    offset: int | None
    value: Any


class ActionItem(Model):
    """Something that somebody should do; follow-ups have the same fields."""

    id: str | None
    text: str | None
    type: str | None
    score: float | None
    message_ids: list[str] | None
    entities: list[InsightEntity] | None
    definitive: bool | None
    phrases: list[Phrase] | None
    assignee: Person | None
    _from: Speaker | None
    due_by: datetime | None


class ActionItems(Model):
    action_items: list[ActionItem]


class FollowUps(Model):
    follow_ups: list[ActionItem]


class Question(Model):
    """Something that was asked."""

    id: str | None
    text: str | None
    type: str | None
    score: float | None
    message_ids: list[str] | None
    _from: Speaker | None


class Questions(Model):
    questions: list[Question]


class Topic(Model):
    """Something that was talked about."""

    id: str | None
    text: str | None
    type: str | None
    score: float | None
    message_ids: list[str] | None
    entities: list[Any] | None
    sentiment: Sentiment | None
    parent_refs: list[Phrase] | None


class Topics(Model):
    topics: list[Topic]


class SummaryText(Model):
    """What a conversation, or a part of it, was about in a few sentences."""

    id: str | None
    text: str | None
    message_refs: list[MessageRef] | None


class Summaries(Model):
    summary: list[SummaryText]


class Member(Person):
    """A person who takes part."""


class Members(Model):
    members: list[Member]


class ConversationData(Model):
    """A conversation's name, times and members."""

    id: str | None
    type: str | None
    name: str | None
    start_time: datetime | None
    end_time: datetime | None
    members: list[Member] | None


class MessageRef(Model):
    id: str | None
    text: str | None
    offset: int | None


class InsightRef(Model):
    id: str | None
    text: str | None
    type: str | None
    offset: int | None


class TrackerMatch(Model):
    type: str | None
    value: str | None
    message_refs: list[MessageRef] | None
    insight_refs: list[InsightRef] | None


class Tracker(Model):
    """A tracker that was heard, and where."""

    id: str | None
    name: str | None
    matches: list[TrackerMatch] | None


def read_trackers(data: Any) -> list[Tracker]:
    """Read the list of trackers.

    Raises:
        ResponseError: it is not a list.
    """
    if not isinstance(data, list):
        raise ResponseError(f"expected a list, got {type(data).__name__}")
    return [Tracker.read(item) for item in data]


class Metric(Model):
    type: str | None
    percent: float | None
    seconds: float | None


class Pace(Model):
    wpm: int | None


class TimeShare(Model):
    percentage: float | None
    seconds: float | None


class OverlappingMember(Speaker):
    percent: float | None
    seconds: float | None


class Overlap(Model):
    overlap_duration: float | None
    overlapping_members: list[OverlappingMember] | None


class MemberAnalytics(Speaker):
    pace: Pace | None
    talk_time: TimeShare | None
    listen_time: TimeShare | None
    overlap: Overlap | None


class Analytics(Model):
    """Who talked how much."""

    metrics: list[Metric] | None
    members: list[MemberAnalytics] | None


class Result(Model):
    """What the server says about a change; `message` is the text."""

    message: str | None


class TranscriptBody(Model):
    content_type: str | None
    payload: Any


class Transcript(Model):
    transcript: TranscriptBody | None


class Comment(Model):
    summary: str | None


class Feedback(Model):
    positive: Comment | None
    negative: Comment | None


class Criterion(Model):
    name: str | None
    score: float | None
    summary: str | None
    feedback: Feedback | None


class CallScore(Model):
    score: float | None
    summary: str | None
    criteria: list[Criterion] | None


class CallScoreStatus(Model):
    job_id: str | None
    status: str | None


class InsightsUrl(Model):
    url: str | None


class Submitted(Model):
    """Ids of a conversation and of the job that fills it."""

    conversation_id: str | None
    job_id: str | None


class Job(Model):
    """How far a job is: `progress` in 0..1 and `error` are Earful's additions."""

    id: str | None
    status: str | None
    progress: float | None
    error: str | None


class Summary(Model):
    user: Speaker | None
    url: str | None


class Endpoint(Model):
    """A telephone connection as the server describes it."""

    connection_id: str | None
    conversation_id: str | None
    event_url: str | None
    result_web_socket_url: str | None
    summary_info: list[Summary] | None


class Record(dict[str, Any]):
    """A plain dict whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no field {name!r}") from None

    def to_dict(self) -> dict[str, Any]:
        """The fields as an ordinary dict."""
        return {
            key: [_record(item) for item in value] if isinstance(value, list) else value
            for key, value in self.items()
        }


def _record(value: Any) -> Any:
    return value.to_dict() if isinstance(value, Record) else value


class Entities(Record):
    """`{"entities": […]}`: named things; each is a dict without empty fields, a date in `value` is a
    `datetime`.
    """

    @classmethod
    def read(cls, data: Any) -> Entities:
        """Read an answer.

        Raises:
            ResponseError: there is no list of entities.
        """
        items = data.get("entities") if isinstance(data, Mapping) else None
        if not isinstance(items, list):
            raise ResponseError("the answer has no 'entities'")
        return cls(entities=[_entity(item) for item in items])


def _entity(item: Mapping[str, Any]) -> Record:
    entity = Record((snake(key), value) for key, value in item.items() if value is not None)
    value = entity.get("value")
    if isinstance(value, str) and DATE.fullmatch(value):
        entity["value"] = _time(value)
    for edge in ("start", "end"):
        if edge in entity:
            entity[edge] = _time(entity[edge])
    return entity
