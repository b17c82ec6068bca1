"""What a mail about a conversation says: gathered from the store, without a word about how it looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earful.conversation.display import began, clock, day, title
from earful.conversation.types import Conversation, Insight, InsightKind, Message
from earful.insight.analytics import analyse
from earful.jobs.digests import Digests
from earful.store.conversations import ConversationStore

__all__ = ["Finding", "Letter", "Person", "gather", "invitation"]

_MOST = 12
_MOST_TOPICS = 15
_MOST_PEOPLE = 20
_TITLE = 120


@dataclass(frozen=True, slots=True)
class Person:
    """Who took part, and which part of the talk was theirs in percent (None: they said nothing)."""

    name: str
    percent: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, who is concerned, until when, and where on the page it was said."""

    text: str
    who: str
    due: str
    link: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's content. `more` says how many of each kind are on the page only; `length` is `m:ss`.

    `begun` is true of a conversation that has only just started, about which there is nothing to tell;
    `trial` of none at all.
    """

    title: str
    when: str
    length: str
    link: str
    people: tuple[Person, ...] = ()
    summary: tuple[str, ...] = ()
    findings: Mapping[str, tuple[Finding, ...]] | None = None
    more: Mapping[str, int] | None = None
    topics: tuple[str, ...] = ()
    begun: bool = False
    trial: bool = False

    @property
    def subject(self) -> str:
        """The subject line."""
        if self.trial:
            return self.title
        return f"Now being written down: {self.title}" if self.begun else f"Summary: {self.title}"


_TITLES: tuple[tuple[str, InsightKind], ...] = (
    ("Action items", "action_item"),
    ("Follow-ups", "follow_up"),
    ("Questions", "question"),
)


def invitation(conversation: Conversation, link: str) -> Letter:
    """Return what is said about a conversation that has just begun."""
    return Letter(_title(conversation), began(conversation), "", link, begun=True)


async def gather(
    conversation: Conversation, link: str, conversations: ConversationStore, digests: Digests
) -> Letter:
    """Return what is said about a conversation that has ended. Raises `UnknownConversation`."""
    owner, cid = conversation.application_id, conversation.id
    messages = await conversations.messages(owner, cid)
    insights = await conversations.insights(owner, cid)
    topics = await conversations.topics(owner, cid)
    summaries = await digests.summaries(conversation)
    names = {m.id: m.name or m.email or m.user_id or "" for m in conversation.members}
    by_kind = {heading: [one for one in insights if one.kind == kind] for heading, kind in _TITLES}
    return Letter(
        title=_title(conversation),
        when=began(conversation),
        length=clock(max((message.end for message in messages), default=0.0)),
        link=link,
        people=_people(conversation, messages, names),
        summary=tuple(one.text for one in summaries if one.text),
        findings={
            heading: tuple(_finding(one, names, conversation, link) for one in found[:_MOST])
            for heading, found in by_kind.items()
            if found
        },
        more={heading: len(found) - _MOST for heading, found in by_kind.items() if len(found) > _MOST},
        topics=tuple(topic.text for topic in topics[:_MOST_TOPICS]),
    )


def _finding(insight: Insight, names: Mapping[str, str], conversation: Conversation, link: str) -> Finding:
    who = names.get(insight.assignee_id or "") or insight.assignee_name or names.get(insight.member_id or "")
    due = "" if insight.due_by is None else day(insight.due_by, conversation)
    place = f"#m{insight.message_ids[0]}" if insight.message_ids else ""
    return Finding(insight.text, who or "", due, link + place)


def _people(
    conversation: Conversation, messages: Sequence[Message], names: Mapping[str, str]
) -> tuple[Person, ...]:
    talk = {
        one.member_id: one.talk.percent
        for one in analyse(messages, [member.id for member in conversation.members]).members
    }
    people = [
        Person(names[member.id] or "Unknown", round(share) if (share := talk.get(member.id)) else None)
        for member in conversation.members
    ]
    people.sort(key=lambda one: -(one.percent or 0))
    return tuple(people[:_MOST_PEOPLE])


def _title(conversation: Conversation) -> str:
    name = title(conversation)
    return name if len(name) <= _TITLE else f"{name[: _TITLE - 1]}…"
