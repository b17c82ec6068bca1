"""A conversation to take away: text, Markdown, captions and JSON."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from earful.conversation.display import began, day, title
from earful.conversation.transcripts import plain, srt, vtt
from earful.conversation.types import Conversation, Insight, Message, Topic
from earful.dialects.symbl import shapes
from earful.dialects.symbl.bodies import Body
from earful.jobs.digests import StoredSummary

__all__ = ["FORMATS", "Stored", "write"]


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that a copy may hold."""

    conversation: Conversation
    messages: Sequence[Message]
    insights: Sequence[Insight]
    topics: Sequence[Topic]
    summary: Sequence[StoredSummary]

    @property
    def names(self) -> dict[str | None, str]:
        """The names of those who have one, by member id."""
        return {
            member.id: name
            for member in self.conversation.members
            if (name := member.name or member.email or member.user_id)
        }


def write(stored: Stored, format: str) -> tuple[str, str]:
    """Return a copy and its content type. Raises `KeyError` for a format that is none of `FORMATS`."""
    content_type, writer = FORMATS[format]
    return writer(stored), content_type


def _markdown(stored: Stored) -> str:
    parts = [f"# {_escaped(title(stored.conversation))}", began(stored.conversation)]
    parts += [_escaped(one.text) for one in stored.summary if one.text]
    if stored.topics:
        parts += ["## Topics", _bullets(topic.text for topic in stored.topics)]
    for heading, kind in (
        ("Action items", "action_item"),
        ("Follow-ups", "follow_up"),
        ("Questions", "question"),
    ):
        found = [_with_day(one, stored.conversation) for one in stored.insights if one.kind == kind]
        if found:
            parts += [f"## {heading}", _bullets(found)]
    parts.append("## Transcript")
    for line in plain(stored.messages, stored.names).splitlines():
        time, _, rest = line.partition("] ")
        parts.append(f"**{time.removeprefix('[')}** {_escaped(rest)}")
    return "\n\n".join(parts) + "\n"


def _with_day(insight: Insight, conversation: Conversation) -> str:
    return (
        insight.text if insight.due_by is None else f"{insight.text} (by {day(insight.due_by, conversation)})"
    )


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_escaped(line)}" for line in lines)


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|" else char for char in text)


def _json(stored: Stored) -> str:
    people = shapes.People(stored.conversation.members)
    first = stored.messages[0].start if stored.messages else 0.0
    kinds = {"questions": "question", "actionItems": "action_item", "followUps": "follow_up"}
    body = {
        **_plain(shapes.conversation_body(stored.conversation)),
        "summary": [one.text for one in stored.summary],
        "messages": [
            _plain(
                shapes.message_body(
                    message, stored.conversation, people, first_start=first, words=True, polarity=None
                )
            )
            for message in stored.messages
        ],
        "topics": [
            _plain(shapes.topic_body(one, parents=True, polarity=one.sentiment)) for one in stored.topics
        ],
        **{
            key: [_plain(shapes.insight_body(one, people)) for one in stored.insights if one.kind == kind]
            for key, kind in kinds.items()
        },
    }
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


def _plain(body: Body) -> Mapping[str, object]:
    shown: Mapping[str, object] = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    return shown


FORMATS: Mapping[str, tuple[str, Callable[[Stored], str]]] = {
    "txt": ("text/plain", lambda stored: plain(stored.messages, stored.names)),
    "md": ("text/markdown", _markdown),
    "srt": ("application/x-subrip", lambda stored: srt(stored.messages, stored.names, speakers=True)),
    "vtt": ("text/vtt", lambda stored: vtt(stored.messages, stored.names)),
    "json": ("application/json", _json),
}
"""What a copy can be: its content type, and what writes it."""
