"""Each REST operation described once, without I/O: method, path, query, body, and how to read the answer.

The sync and async clients only carry these out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from symbl import _models as models

__all__ = [
    "Call",
    "Parameters",
    "Progress",
    "action_items",
    "analytics",
    "call_score",
    "call_score_status",
    "conversation",
    "delete",
    "endpoint",
    "entities",
    "follow_ups",
    "insights_url",
    "job",
    "members",
    "messages",
    "process_file",
    "process_json",
    "put_member",
    "put_speakers",
    "query",
    "questions",
    "speaker_event",
    "summary",
    "token",
    "topics",
    "trackers",
    "transcript",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Parameters = Mapping[str, Any]
Progress = Callable[[int, int], object]
"""Called with (bytes sent, bytes in all) while a file is sent."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One request and the reader of its answer."""

    method: str
    path: str
    read: Callable[[Any], T_co]
    query: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    """JSON body; `None` sends none."""
    file: Path | None = None
    """A file sent as the body, streamed."""
    content_type: str = ""
    progress: Progress | None = None


def query(parameters: Parameters | None) -> dict[str, str]:
    """Query parameters as the API wants them: lists and dicts as JSON, booleans in lower case, `None` left
    out.
    """
    out = {}
    for name, value in (parameters or {}).items():
        if isinstance(value, bool):
            out[name] = "true" if value else "false"
        elif isinstance(value, (list, tuple, Mapping)):
            out[name] = json.dumps(value)
        elif value is not None:
            out[name] = str(value)
    return out


def token(app_id: str, app_secret: str) -> Call[Mapping[str, Any]]:
    """Exchange an application's id and secret for an access token."""
    body = {"type": "application", "appId": app_id, "appSecret": app_secret}
    return Call("POST", "/oauth2/token:generate", dict, json=body)


def messages(conversation_id: object, parameters: Parameters | None = None) -> Call[models.Messages]:
    """The sentences that were said."""
    return _get("messages", models.Messages.read, conversation_id, parameters)


def topics(conversation_id: object, parameters: Parameters | None = None) -> Call[models.Topics]:
    """What was talked about."""
    return _get("topics", models.Topics.read, conversation_id, parameters)


def questions(conversation_id: object) -> Call[models.Questions]:
    """What was asked."""
    return _get("questions", models.Questions.read, conversation_id)


def action_items(conversation_id: object) -> Call[models.ActionItems]:
    """What somebody should do."""
    return _get("action-items", models.ActionItems.read, conversation_id)


def follow_ups(conversation_id: object) -> Call[models.FollowUps]:
    """What is to be followed up."""
    return _get("follow-ups", models.FollowUps.read, conversation_id)


def summary(conversation_id: object, parameters: Parameters | None = None) -> Call[models.Summaries]:
    """What it was about, in a few sentences."""
    return _get("summary", models.Summaries.read, conversation_id, parameters)


def members(conversation_id: object) -> Call[models.Members]:
    """Who took part."""
    return _get("members", models.Members.read, conversation_id)


def conversation(conversation_id: object) -> Call[models.ConversationData]:
    """Name, times and members."""
    return Call("GET", _conversation_path(conversation_id), models.ConversationData.read)


def trackers(conversation_id: object) -> Call[list[models.Tracker]]:
    """Which trackers were heard, and where."""
    return _get("trackers", models.read_trackers, conversation_id)


def entities(conversation_id: object) -> Call[models.Entities]:
    """Named things."""
    return _get("entities", models.Entities.read, conversation_id)


def analytics(conversation_id: object) -> Call[models.Analytics]:
    """Who talked how much."""
    return _get("analytics", models.Analytics.read, conversation_id)


def call_score(conversation_id: object) -> Call[models.CallScore]:
    """The call's score by criteria."""
    return _get("callscore", models.CallScore.read, conversation_id)


def call_score_status(conversation_id: object) -> Call[models.CallScoreStatus]:
    """Whether the call score is ready."""
    return _get("callscore/status", models.CallScoreStatus.read, conversation_id)


def insights_url(conversation_id: object) -> Call[models.InsightsUrl]:
    """The address of the page with a conversation's call score."""
    path = f"/v1/conversations/experiences/insights/details/{_segment(conversation_id)}"
    return Call("GET", path, models.InsightsUrl.read, {"includeCallScore": "true"})


def put_member(
    conversation_id: object, member_id: object, body: Parameters | None = None
) -> Call[models.Result]:
    """Change a member's name or e-mail address."""
    path = f"{_conversation_path(conversation_id)}/members/{_segment(member_id)}"
    return Call("PUT", path, models.Result.read, json={"id": member_id, **(body or {})})


def put_speakers(conversation_id: object, body: Parameters | None = None) -> Call[models.Result]:
    """Say who spoke when."""
    path = f"{_conversation_path(conversation_id)}/speakers"
    return Call("PUT", path, models.Result.read, json=dict(body or {}))


def delete(conversation_id: object) -> Call[models.Result]:
    """Delete a conversation and all that was derived from it."""
    return Call("DELETE", _conversation_path(conversation_id), models.Result.read)


def transcript(conversation_id: object, body: Parameters | None = None) -> Call[models.Transcript]:
    """The whole text as Markdown or SRT."""
    path = f"{_conversation_path(conversation_id)}/transcript"
    return Call("POST", path, models.Transcript.read, json=_booleans(body or {}))


def job(job_id: str) -> Call[models.Job]:
    """How far a job is."""
    return Call("GET", f"/v1/job/{_segment(job_id)}", models.Job.read)


def process_file(
    kind: str,
    path: Path,
    conversation_id: object = None,
    content_type: str = "",
    parameters: Parameters | None = None,
    progress: Progress | None = None,
) -> Call[models.Submitted]:
    """Upload a recording; `kind` is `audio` or `video`; with an id it is appended to that conversation."""
    method, address = _process(kind, conversation_id)
    return Call(
        method,
        address,
        models.Submitted.read,
        query(parameters),
        file=path,
        content_type=content_type,
        progress=progress,
    )


def process_json(
    kind: str, payload: Any, conversation_id: object = None, parameters: Parameters | None = None
) -> Call[models.Submitted]:
    """Submit a JSON payload; `kind` is `audio/url`, `video/url` or `text`."""
    method, address = _process(kind, conversation_id)
    return Call(method, address, models.Submitted.read, query(parameters), json=payload)


def endpoint(body: Parameters) -> Call[models.Endpoint]:
    """Start or stop a telephone connection."""
    return Call("POST", "/v1/endpoint:connect", models.Endpoint.read, json=dict(body))


def speaker_event(connection_id: str, body: Parameters) -> Call[None]:
    """Say who speaks in a telephone call."""
    return Call("POST", f"/v1/event/{_segment(connection_id)}", lambda _answer: None, json=dict(body))


def _get(
    part: str, read: Callable[[Any], T], conversation_id: object, parameters: Parameters | None = None
) -> Call[T]:
    return Call("GET", f"{_conversation_path(conversation_id)}/{part}", read, query(parameters))


def _process(kind: str, conversation_id: object) -> tuple[str, str]:
    if conversation_id is None:
        return "POST", f"/v1/process/{kind}"
    return "PUT", f"/v1/process/{kind}/{_segment(conversation_id)}"


def _conversation_path(conversation_id: object) -> str:
    return f"/v1/conversations/{_segment(conversation_id)}"


def _segment(value: object) -> str:
    return quote(str(value), safe="")


def _booleans(body: Parameters) -> dict[str, Any]:
    """A copy in which the strings "true" and "false" are booleans, also one level down."""
    words = {"true": True, "false": False}
    return {
        key: _booleans(value)
        if isinstance(value, Mapping)
        else words.get(value, value)
        if isinstance(value, str)
        else value
        for key, value in body.items()
    }
