"""What the page of one conversation shows, gathered for its template: no HTML, and no request."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from earful.accounts.shares import Share
from earful.conversation.display import began, clock, day, title
from earful.conversation.types import Conversation, Insight, Message
from earful.insight.analytics import analyse
from earful.jobs.digests import Digests, TooShort
from earful.jobs.recordings import Recordings
from earful.store.attachments import AttachmentStore
from earful.store.conversations import ConversationStore

__all__ = ["SPEAKER_COLOURS", "Lane", "Turn", "View", "Views"]

SPEAKER_COLOURS = 6
_NEW_TURN_AFTER_S = 6.0
_TIMELINE = 1000
_STILL_LIVE = timedelta(hours=12)
_KINDS = (("Action items", "action_item"), ("Follow-ups", "follow_up"), ("Questions", "question"))
_AUDIO = (".mp3", ".wav", ".ogg", ".oga", ".opus", ".m4a", ".flac", ".aac")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one person said before another did; `colour` is the speaker's, counted from 0."""

    name: str
    member_id: str | None
    colour: int | None
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """When one person spoke: pairs of (x, width) in thousandths of the conversation."""

    name: str
    colour: int | None
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class View:
    """A page's content: `shown` is what its template is given, `media` an address on another host."""

    shown: Mapping[str, Any]
    media: str | None


class Views:
    """Gathers views of stored conversations. Raises `UnknownConversation`."""

    def __init__(
        self,
        conversations: ConversationStore,
        attachments: AttachmentStore,
        digests: Digests,
        recordings: Recordings,
    ) -> None:
        self._conversations = conversations
        self._attachments = attachments
        self._digests = digests
        self._recordings = recordings

    async def of(self, conversation: Conversation, share: Share, tuning: Mapping[str, str]) -> View:
        """Return what holders of a share see; `tuning` are the parameters that Symbl's pages know."""
        owner, cid, look = conversation.application_id, conversation.id, share.look
        messages = await self._conversations.messages(owner, cid)
        insights = await self._conversations.insights(owner, cid)
        topics = list(await self._conversations.topics(owner, cid))
        places = {message.id: place for place, message in enumerate(messages)}
        if tuning.get("topics.orderBy") == "position":
            topics.sort(key=lambda one: min((places.get(i, 0) for i in one.message_ids), default=0))
        kept = await self._attachments.list(owner, cid, "media")
        media = look.get("videoUrl") or look.get("audioUrl")
        recordings = [] if media else await self._recordings.of(owner, cid)
        if kept and not media and not recordings:
            media = kept[-1].body["url"]
        playable = [one for one in recordings if one.type is not None]
        jobs = await self._digests.jobs_of(conversation)
        unfinished = [job for job in jobs if job.status in ("scheduled", "in_progress")]
        failed = [job for job in jobs if job.status == "failed"]
        names = {m.id: m.name or m.email or m.user_id or "Unknown" for m in conversation.members}
        colours = _colours(conversation, messages)
        least = _number(tuning.get("insights.minScore"), 0.0)
        ends = [message.end for message in messages] + [one.start + one.seconds for one in playable]
        length = max(ends, default=0.0)
        # What is made of half a conversation would be kept for all of it.
        half = unfinished or _goes_on(conversation)
        summary = () if half else await self._digests.summaries(conversation)

        def talk() -> dict[str, Any]:
            return {
                "turns": _turns(messages, names, colours),
                "lanes": _lanes(messages, names, colours, length),
                "analytics": analyse(messages, [member.id for member in conversation.members]),
            }

        shown = {
            # Of hours of talk this takes long enough to keep others waiting.
            **await asyncio.to_thread(talk),
            "conversation": conversation,
            "name": title(conversation),
            "began": began(conversation),
            "length": length,
            "clock": clock,
            "names": names,
            "colours": colours,
            "marks": _marks(insights),
            "starts": {message.id: message.start for message in messages},
            "topics": topics if _flag(tuning.get("topics.enabled"), True) else [],
            "insights": {
                heading: (kind, [one for one in insights if one.kind == kind and one.score >= least])
                for heading, kind in _KINDS
            },
            "due": lambda when: day(when, conversation),
            "assignees": _flag(tuning.get("insights.enableAssignee"), True),
            "titles": _flag(tuning.get("insights.enableInsightTitle"), True),
            "summary": summary,
            "trackers": await self._conversations.trackers(owner, cid),
            "score": await self._score(conversation, look),
            "media": media,
            "is_audio": look.get("name") == "audio-summary" or _is_audio(media),
            "recordings": playable,
            "has_video": any((one.type or "").startswith("video/") for one in playable),
            "unplayable": len(recordings) - len(playable),
            "unfinished": unfinished,
            "failed": failed[-1].error if failed and not messages else None,
            "look": look,
            "editable": not share.read_only,
        }
        return View(shown, media)

    async def _score(self, conversation: Conversation, look: Mapping[str, Any]) -> Any:
        owner, cid = conversation.application_id, conversation.id
        if not look.get("callScore") and not await self._attachments.list(owner, cid, "call_score"):
            return None
        try:
            return await self._digests.call_score(conversation)
        except TooShort:
            return None


def _goes_on(conversation: Conversation) -> bool:
    return conversation.ended_at is None and datetime.now(UTC) - conversation.started_at < _STILL_LIVE


def _colours(conversation: Conversation, messages: Sequence[Message]) -> dict[str | None, int]:
    """Give each who spoke a colour, in the order in which they first spoke."""
    order = dict.fromkeys(
        [message.member_id for message in messages if message.member_id]
        + [member.id for member in conversation.members]
    )
    return {member_id: place % SPEAKER_COLOURS for place, member_id in enumerate(order)}


def _turns(
    messages: Sequence[Message], names: Mapping[str, str], colours: Mapping[str | None, int]
) -> list[Turn]:
    groups: list[list[Message]] = []
    for message in messages:
        last = groups[-1][-1] if groups else None
        if (
            last is None
            or last.member_id != message.member_id
            or message.start - last.end > _NEW_TURN_AFTER_S
        ):
            groups.append([])
        groups[-1].append(message)
    return [
        Turn(
            names.get(group[0].member_id or "", ""),
            group[0].member_id,
            colours.get(group[0].member_id),
            tuple(group),
        )
        for group in groups
    ]


def _lanes(
    messages: Sequence[Message],
    names: Mapping[str, str],
    colours: Mapping[str | None, int],
    length: float,
) -> list[Lane]:
    spoken: dict[str | None, list[list[float]]] = {}
    for message in messages:
        spans = spoken.setdefault(message.member_id, [])
        if spans and message.start - spans[-1][1] < length / 500:
            spans[-1][1] = max(spans[-1][1], message.end)
        else:
            spans.append([message.start, message.end])
    scale = _TIMELINE / length if length else 0.0
    return [
        Lane(
            names.get(who or "", "Unknown"),
            colours.get(who),
            tuple(
                (round(start * scale, 1), round(max(end - start, 0) * scale, 1) or 1.0)
                for start, end in spans
            ),
        )
        for who, spans in sorted(spoken.items(), key=lambda one: colours.get(one[0], -1))
    ]


def _marks(insights: Iterable[Insight]) -> dict[str, str]:
    """Return for each message in which something was found, what."""
    return {message_id: one.kind for one in insights for message_id in one.message_ids}


def _is_audio(address: str | None) -> bool:
    return (address or "").split("?")[0].lower().endswith(_AUDIO)


def _number(text: str | None, fallback: float) -> float:
    try:
        return float(text) if text else fallback
    except ValueError:
        return fallback


def _flag(text: str | None, fallback: bool) -> bool:
    return fallback if not text else text.strip().lower() in ("true", "1", "yes")
