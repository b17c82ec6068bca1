"""Conversations and everything found in them, kept and read back.

Whatever a method has written when it returns survives a `kill -9` of the process. Readers name the
application that asks: a conversation of another application is the same as one that does not exist.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal, TypeVar

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from earful.conversation.corrections import corrected
from earful.conversation.types import (
    Conversation,
    Entity,
    EntityMatch,
    Insight,
    InsightKind,
    Member,
    Message,
    Topic,
    TrackerMatch,
)
from earful.insight.types import Findings
from earful.store import records, tables
from earful.store.database import Database

__all__ = [
    "ConversationQuery",
    "ConversationStore",
    "SortField",
    "UnknownConversation",
    "UnknownMember",
    "UnknownMessage",
]

_VOICE = re.compile(r"Speaker \d+")
"""What a voice that was told apart is called until somebody gives it a name."""

Retell = Callable[[Insight, Sequence[Message], Sequence[Member]], Insight]
"""Returns an insight in the words for the members there are, given its messages."""

_BLOCK = 100  # rows
_SLICE = 200  # messages a transaction
T = TypeVar("T")

_PEOPLE = ("member_id", "assignee_id")
_TOLD = ("assignee_name", "text", "entities")
SortField = Literal["id", "name", "type", "startTime", "endTime"]

_SORT_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "id": tables.conversations.c.id,
    # A conversation without a name is shown under its id.
    "name": func.coalesce(tables.conversations.c.name, tables.conversations.c.id),
    "type": tables.conversations.c.type,
    "startTime": tables.conversations.c.started_at,
    "endTime": tables.conversations.c.ended_at,
}


class UnknownConversation(LookupError):
    """The application has no conversation of that id."""


class UnknownMember(LookupError):
    """The conversation has no member of that id."""


class UnknownMessage(LookupError):
    """The conversation has no message of that id."""


@dataclass(frozen=True, slots=True)
class ConversationQuery:
    """Which conversations to list, and in what order.

    `started_from` and `ended_until` are inclusive; of a conversation that has not ended the beginning
    counts. `only` is asked about each (without its members). Equal sort keys are ordered by id.
    """

    limit: int = 20
    offset: int = 0
    sort: tuple[SortField, ...] = ("startTime",)
    descending: bool = False
    started_from: datetime | None = None
    ended_until: datetime | None = None
    only: Callable[[Conversation], bool] | None = None


class ConversationStore:
    """Conversations over one `Database`; safe for any number of concurrent sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- writing, by the live session or job that owns the conversation ---------------------------

    async def create(self, conversation: Conversation) -> None:
        """Keep a new conversation and the members it already has."""
        async with self._database.write() as connection:
            await self.write_new(connection, conversation)

    async def write_new(self, connection: AsyncConnection, conversation: Conversation) -> None:
        """Do what `create` does as part of the caller's own transaction."""
        await connection.execute(insert(tables.conversations), records.conversation_row(conversation))
        if conversation.members:
            await connection.execute(
                insert(tables.members),
                [records.member_row(conversation.id, member) for member in conversation.members],
            )

    async def finish(self, conversation_id: str, ended_at: datetime) -> None:
        """Note when the conversation ended; a later call (after a reconnect) moves the end.

        It never ends before its last message does (audio may have come faster than real time).
        """
        async with self._database.write() as connection:
            await _lock_conversation(connection, conversation_id)
            row = await _conversation(connection, conversation_id)
            if row is not None:
                heard_until = row["started_at"] + timedelta(seconds=row["spoken_until"])
                await connection.execute(
                    update(tables.conversations)
                    .where(tables.conversations.c.id == conversation_id)
                    .values(ended_at=max(ended_at, heard_until))
                )

    async def rename(self, conversation_id: str, name: str) -> None:
        """Give the conversation another name."""
        async with self._database.write() as connection:
            await _lock_conversation(connection, conversation_id)
            await connection.execute(
                update(tables.conversations)
                .where(tables.conversations.c.id == conversation_id)
                .values(name=name)
            )

    async def put_member(self, conversation_id: str, member: Member) -> Member:
        """Add a participant, or recognise one who is already there, and return the one to use.

        The same `user_id` (or, without one, the same `id`) is the same member: its id stays, and a
        name or e-mail address that is given replaces the older one. A member who was merged into
        another is answered with that other.
        """
        async with self._database.write() as connection:
            await _lock_conversation(connection, conversation_id)
            known = await _find_member(connection, conversation_id, member)
            if known is None:
                await connection.execute(insert(tables.members), records.member_row(conversation_id, member))
                return member
            merged = replace(
                known,
                name=member.name or known.name,
                email=member.email or known.email,
                user_id=known.user_id or member.user_id,
            )
            if merged != known:
                await _write_member(connection, conversation_id, merged)
            return merged

    async def add_findings(self, conversation_id: str, findings: Findings) -> None:
        """Keep everything of one step, or nothing of it.

        Writing the same message or insight id again replaces it, so a step may be repeated.
        `topics` replaces the whole list unless None. Raises `UnknownConversation`.
        """
        async with self._database.write() as connection:
            await self.write_findings(connection, conversation_id, findings)

    async def write_findings(
        self, connection: AsyncConnection, conversation_id: str, findings: Findings
    ) -> None:
        """Do what `add_findings` does as part of the caller's own transaction."""
        await _lock_conversation(connection, conversation_id)
        await self._write(connection, conversation_id, findings)

    async def _write(self, connection: AsyncConnection, conversation_id: str, findings: Findings) -> None:
        if findings.messages:
            rows = (records.message_row(conversation_id, message) for message in findings.messages)
            await self._upsert(connection, tables.messages, rows)
            spoken_until = max(message.end for message in findings.messages)
            await connection.execute(
                update(tables.conversations)
                .where(
                    tables.conversations.c.id == conversation_id,
                    tables.conversations.c.spoken_until < spoken_until,
                )
                .values(spoken_until=spoken_until)
            )
        if findings.insights:
            rows = (records.insight_row(conversation_id, insight) for insight in findings.insights)
            await self._upsert(connection, tables.insights, rows)
        if findings.topics is not None:
            await connection.execute(
                delete(tables.topics).where(tables.topics.c.conversation_id == conversation_id)
            )
            if findings.topics:
                await connection.execute(
                    insert(tables.topics),
                    [
                        records.topic_row(conversation_id, position, topic)
                        for position, topic in enumerate(findings.topics)
                    ],
                )
        if findings.trackers:
            rows = (records.tracker_row(conversation_id, match) for match in findings.trackers)
            await _insert(connection, insert(tables.tracker_matches), rows)
        if findings.entities:
            rows = (records.entity_row(conversation_id, match) for match in findings.entities)
            await _insert(connection, insert(tables.entity_matches), rows)

    async def write_draft(
        self, connection: AsyncConnection, conversation_id: str, draft_id: str, findings: Findings
    ) -> None:
        """Add findings of a conversation to a draft, which no reader sees. Begins the draft if need be.

        What is much is written so, in several transactions, between which others may write.
        """
        table = tables.conversations
        if await connection.scalar(select(table.c.id).where(table.c.id == draft_id)) is None:
            row = await _conversation(connection, conversation_id)
            if row is None:
                raise UnknownConversation(conversation_id)
            await connection.execute(
                insert(table), {**row, "id": draft_id, "name": None, "spoken_until": 0.0, "hidden": True}
            )
        await self._write(connection, draft_id, findings)

    async def publish(self, connection: AsyncConnection, conversation_id: str, draft_id: str) -> None:
        """Make all of a draft, if there is one, part of its conversation. Raises `UnknownConversation`."""
        await _lock_conversation(connection, conversation_id)
        table = tables.conversations
        spoken_until = await connection.scalar(
            select(table.c.spoken_until).where(table.c.id == draft_id, table.c.hidden)
        )
        if spoken_until is None:
            return
        for part in (tables.messages, tables.insights, tables.tracker_matches, tables.entity_matches):
            await connection.execute(
                update(part).where(part.c.conversation_id == draft_id).values(conversation_id=conversation_id)
            )
        await connection.execute(
            update(table)
            .where(table.c.id == conversation_id, table.c.spoken_until < spoken_until)
            .values(spoken_until=spoken_until)
        )
        await connection.execute(delete(table).where(table.c.id == draft_id))

    async def drafts(self) -> Sequence[str]:
        """Return the ids of what is hidden: drafts, and conversations whose deletion was cut short."""
        table = tables.conversations
        async with self._database.read() as connection:
            return (await connection.execute(select(table.c.id).where(table.c.hidden))).scalars().all()

    async def discard(self, hidden_id: str) -> None:
        """Delete what is hidden, a part at a time; nothing if there is no such."""
        messages, table = tables.messages, tables.conversations
        part = select(messages.c.seq).where(messages.c.conversation_id == hidden_id).limit(_SLICE)
        while True:
            async with self._database.write() as connection:
                gone = await connection.execute(delete(messages).where(messages.c.seq.in_(part)))
                if gone.rowcount < _SLICE:
                    await connection.execute(delete(table).where(table.c.id == hidden_id, table.c.hidden))
                    return

    # -- changing, for the application that owns the conversation ---------------------------------

    async def relabel(
        self, application_id: str, conversation_id: str, *, name: str | None, labels: Mapping[str, str]
    ) -> None:
        """Give the conversation a name, where there is one, and more labels. Raises `UnknownConversation`."""
        async with self._database.write() as connection:
            await _lock_conversation(connection, conversation_id, application_id)
            row = await _conversation(connection, conversation_id)
            if row is not None:
                await connection.execute(
                    update(tables.conversations)
                    .where(tables.conversations.c.id == conversation_id)
                    .values(name=name or row["name"], metadata={**row["metadata"], **labels})
                )

    async def update_metadata(
        self, application_id: str, conversation_id: str, metadata: Mapping[str, str]
    ) -> dict[str, str]:
        """Replace the conversation's metadata, and return it as it is kept. Raises `UnknownConversation`."""
        async with self._database.write() as connection:
            await _lock_conversation(connection, conversation_id, application_id)
            kept = await connection.scalar(
                update(tables.conversations)
                .where(tables.conversations.c.id == conversation_id)
                .values(metadata=dict(metadata))
                .returning(tables.conversations.c.metadata)
            )
            return dict(kept)

    async def update_member(
        self, application_id: str, conversation_id: str, member_id: str, *, name: str, email: str | None
    ) -> Member:
        """Name a member, and return the member who now stands for them.

        What was written about a voice under its number ("Speaker 2 will send it") names them from then on.
        When another member already has that e-mail address the two become one: the addressed member
        disappears and everything that referred to it refers to the other. Raises
        `UnknownConversation` and `UnknownMember`.
        """
        async with self._database.write() as connection:
            await _lock_conversation(connection, conversation_id, application_id)
            members = {member.id: member for member in await _members(connection, conversation_id)}
            if (member := members.get(member_id)) is None:
                raise UnknownMember(member_id)
            if email:
                for other in members.values():
                    if other.id != member_id and email.casefold() in _addresses(other):
                        survivor = replace(other, name=name, email=other.email or email)
                        await _merge(connection, conversation_id, member_id, survivor)
                        await _retell(connection, conversation_id, member.name, name)
                        return survivor
            updated = replace(member, name=name, email=email or member.email)
            await _write_member(connection, conversation_id, updated)
            await _retell(connection, conversation_id, member.name, name)
            return updated

    async def correct(self, application_id: str, conversation_id: str, message_id: str, text: str) -> Message:
        """Give a message another text, and return it; summaries are made anew.

        Raises `UnknownConversation` and `UnknownMessage`.
        """
        table = tables.messages
        this = (table.c.conversation_id == conversation_id, table.c.id == message_id)
        async with self._database.write() as connection:
            await _lock_conversation(connection, conversation_id, application_id)
            row = (await connection.execute(select(table).where(*this))).mappings().one_or_none()
            if row is None:
                raise UnknownMessage(message_id)
            message = corrected(records.message(row), text)
            columns = records.message_row(conversation_id, message)
            changed = {name: columns[name] for name in ("text", "words", "phrases", "entities")}
            await connection.execute(update(table).where(*this).values(**changed))
            if message.text != row["text"]:
                await _drop_digests(connection, conversation_id)
            return message

    async def reattribute(
        self,
        application_id: str,
        conversation_id: str,
        speakers: Mapping[str, Member],
        assign: Callable[[Sequence[Message]], Mapping[str, str]],
        retell: Retell | None = None,
    ) -> None:
        """Give messages other speakers, and let insights and the list of members follow.

        `speakers` are people by some key; `assign` gets the messages and returns for the ids of some of
        them the key of who said it. People who are members already stay the same members; members for
        whom nothing is left are removed. `retell` puts an insight of which a message has changed into the
        words for its new people; summaries are made anew. Raises `UnknownConversation`.

        Of a long conversation this is written in parts, between which others may write.
        """
        async with self._database.write() as connection:
            await _lock_conversation(connection, conversation_id, application_id)
            listed = {
                key: await _recognised(connection, conversation_id, speaker)
                for key, speaker in speakers.items()
            }
        # Between here and there others write: finding what changes may take seconds.
        async with self._database.read() as connection:
            await _require_conversation(connection, conversation_id, application_id)
            said, found = tables.messages, tables.insights
            statement = select(said).where(said.c.conversation_id == conversation_id)
            messages = await _all(connection, statement.order_by(said.c.start, said.c.seq), records.message)
            insights = await _all(
                connection, select(found).where(found.c.conversation_id == conversation_id), records.insight
            )
            members = await _members(connection, conversation_id)

        def changes() -> tuple[list[tuple[str, str]], list[tuple[Insight, Insight]]]:
            said_by = {id: listed[key].id for id, key in assign(messages).items()}
            moved = [(one.id, said_by[one.id]) for one in messages if one.id in said_by]
            return moved, _moved_insights(insights, messages, members, said_by, retell)

        moved, told = await asyncio.to_thread(changes)
        for at in range(0, max(len(moved), len(told)), _SLICE):
            async with self._database.write() as connection:
                await _lock_conversation(connection, conversation_id, application_id)
                await _write_speakers(connection, conversation_id, moved[at : at + _SLICE])
                await _write_moved(connection, conversation_id, told[at : at + _SLICE])
        async with self._database.write() as connection:
            await _lock_conversation(connection, conversation_id, application_id)
            await _drop_silent(connection, conversation_id, keep={member.id for member in listed.values()})
            await _drop_digests(connection, conversation_id)

    async def delete(self, application_id: str, conversation_id: str) -> None:
        """Remove the conversation and everything derived from it. Raises `UnknownConversation`.

        It is gone at once for readers; of a long one the messages are deleted a part at a time.
        """
        table, messages = tables.conversations, tables.messages
        async with self._database.write() as connection:
            await _lock_conversation(connection, conversation_id, application_id)
            some = select(messages.c.seq).where(messages.c.conversation_id == conversation_id)
            last = await connection.scalar(some.limit(1).offset(_SLICE))
            if last is None:
                await connection.execute(delete(table).where(table.c.id == conversation_id))
                return
            await connection.execute(update(table).where(table.c.id == conversation_id).values(hidden=True))
            # Its jobs stop, as they do when their conversation is gone.
            await connection.execute(
                delete(tables.jobs).where(tables.jobs.c.conversation_id == conversation_id)
            )
        await self.discard(conversation_id)

    # -- reading ----------------------------------------------------------------------------------

    async def get(self, application_id: str, conversation_id: str) -> Conversation | None:
        """Return the conversation with its members, or None when the application has none such."""
        async with self._database.read() as connection:
            row = await _conversation(connection, conversation_id, application_id)
            if row is None:
                return None
            return records.conversation(row, await _members(connection, conversation_id))

    async def list(self, application_id: str, query: ConversationQuery) -> Sequence[Conversation]:
        """Return the conversations, with their members, that the query asks for.

        Those of which nothing came, their only job having failed, are left out.
        """
        table = tables.conversations
        statement = select(table).where(
            table.c.application_id == application_id, ~table.c.hidden, ~_came_to_nothing()
        )
        if query.started_from is not None:
            statement = statement.where(table.c.started_at >= query.started_from)
        if query.ended_until is not None:
            last_known = func.coalesce(table.c.ended_at, table.c.started_at)
            statement = statement.where(last_known <= query.ended_until)
        for name in query.sort:
            column = _SORT_COLUMNS[name]
            # The same place for what has no value in both databases: last, whichever way one reads.
            statement = statement.order_by((column.desc() if query.descending else column.asc()).nulls_last())
        statement = statement.order_by(table.c.id)
        async with self._database.read() as connection:
            if query.only is None:
                wanted = statement.limit(query.limit).offset(query.offset)
                rows = list((await connection.execute(wanted)).mappings())
            else:
                rows = await _picked(connection, statement, query)
            members = await _members_of(connection, [row["id"] for row in rows])
        return tuple(records.conversation(row, members.get(row["id"], ())) for row in rows)

    async def messages(self, application_id: str, conversation_id: str) -> Sequence[Message]:
        """Return the messages in the order of their times. Raises `UnknownConversation`."""
        table = tables.messages
        statement = (
            select(table)
            .where(table.c.conversation_id == conversation_id)
            .order_by(table.c.start, table.c.seq)
        )
        found, survivors = await self._read(application_id, conversation_id, statement, records.message)
        if not survivors:
            return tuple(found)
        return tuple(
            replace(
                message,
                member_id=survivors.get(message.member_id, message.member_id),
                entities=_followed(message.entities, survivors),
            )
            for message in found
        )

    async def insights(
        self, application_id: str, conversation_id: str, kind: InsightKind | None = None
    ) -> Sequence[Insight]:
        """Return the insights of one kind, or of all kinds together, in the order they were found.

        Raises `UnknownConversation`.
        """
        table = tables.insights
        statement = select(table).where(table.c.conversation_id == conversation_id).order_by(table.c.seq)
        if kind is not None:
            statement = statement.where(table.c.kind == kind)
        found, survivors = await self._read(application_id, conversation_id, statement, records.insight)
        if not survivors:
            return tuple(found)
        return tuple(
            replace(
                insight,
                member_id=survivors.get(insight.member_id, insight.member_id),
                assignee_id=survivors.get(insight.assignee_id, insight.assignee_id),
                entities=_followed(insight.entities, survivors),
            )
            for insight in found
        )

    async def topics(self, application_id: str, conversation_id: str) -> Sequence[Topic]:
        """Return the topics as they were last ranked. Raises `UnknownConversation`."""
        table = tables.topics
        statement = select(table).where(table.c.conversation_id == conversation_id).order_by(table.c.position)
        found, _ = await self._read(application_id, conversation_id, statement, records.topic)
        return tuple(found)

    async def members(self, application_id: str, conversation_id: str) -> Sequence[Member]:
        """Return who took part, in the order they came. Raises `UnknownConversation`."""
        async with self._database.read() as connection:
            await _require_conversation(connection, conversation_id, application_id)
            return await _members(connection, conversation_id)

    async def trackers(self, application_id: str, conversation_id: str) -> Sequence[TrackerMatch]:
        """Return one match for each phrase of each tracker that was said, with every place.

        Raises `UnknownConversation`.
        """
        table = tables.tracker_matches
        statement = select(table).where(table.c.conversation_id == conversation_id).order_by(table.c.seq)
        found, _ = await self._read(application_id, conversation_id, statement, records.tracker_match)
        return records.join_tracker_matches(found)

    async def entities(self, application_id: str, conversation_id: str) -> Sequence[EntityMatch]:
        """Return one match for each distinct thing that was named, with every place.

        Raises `UnknownConversation`.
        """
        table = tables.entity_matches
        statement = select(table).where(table.c.conversation_id == conversation_id).order_by(table.c.seq)
        found, _ = await self._read(application_id, conversation_id, statement, records.entity_match)
        return records.join_entity_matches(found)

    # -- inside -----------------------------------------------------------------------------------

    async def _read(
        self,
        application_id: str,
        conversation_id: str,
        statement: Select[Any],
        read: Callable[[RowMapping], T],
    ) -> tuple[Sequence[T], dict[str | None, str]]:
        async with self._database.read() as connection:
            await _require_conversation(connection, conversation_id, application_id)
            return await _all(connection, statement, read), await _survivors(connection, conversation_id)

    async def _upsert(self, connection: AsyncConnection, table: Any, rows: Iterable[dict[str, Any]]) -> None:
        build = postgresql.insert if self._database.is_postgresql else sqlite.insert
        statement = build(table)
        changed = {
            column.name: statement.excluded[column.name]
            for column in table.c
            if column.name not in {"seq", "conversation_id", "id"}
        }
        statement = statement.on_conflict_do_update(index_elements=["conversation_id", "id"], set_=changed)
        await _insert(connection, statement, rows)


async def _all(
    connection: AsyncConnection, statement: Select[Any], read: Callable[[RowMapping], T]
) -> Sequence[T]:
    """Read rows a block at a time: whoever speaks live need not wait until thousands are taken apart."""
    found: list[T] = []
    rows = await connection.stream(statement)
    async for block in rows.mappings().partitions(_BLOCK):
        found += map(read, block)
    return found


async def _insert(connection: AsyncConnection, statement: Any, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows a block at a time: whoever speaks live need not wait until thousands are made ready."""
    left = iter(rows)
    while block := list(islice(left, _BLOCK)):
        await connection.execute(statement, block)


async def _picked(
    connection: AsyncConnection, statement: Select[Any], query: ConversationQuery
) -> list[RowMapping]:
    """Return the page of the rows that `query.only` lets pass, reading no further than it must."""
    picked: list[RowMapping] = []
    passed = 0
    rows = await connection.stream(statement)
    async for row in rows.mappings():
        if len(picked) == query.limit:
            break
        if query.only is not None and query.only(records.conversation(row, ())):
            passed += 1
            if passed > query.offset:
                picked.append(row)
    await rows.close()
    return picked


def _came_to_nothing() -> ColumnElement[bool]:
    """Say of a conversation that a job was to fill, and could not."""
    table, jobs, messages = tables.conversations, tables.jobs, tables.messages
    here = select(jobs.c.seq).where(jobs.c.conversation_id == table.c.id)
    said = select(messages.c.seq).where(messages.c.conversation_id == table.c.id)
    return and_(
        table.c.ended_at.is_(None),
        here.where(jobs.c.status == "failed").exists(),
        ~here.where(jobs.c.status != "failed").exists(),
        ~said.exists(),
    )


async def _conversation(
    connection: AsyncConnection, conversation_id: str, application_id: str | None = None
) -> RowMapping | None:
    table = tables.conversations
    statement = select(table).where(table.c.id == conversation_id, ~table.c.hidden)
    if application_id is not None:
        statement = statement.where(table.c.application_id == application_id)
    return (await connection.execute(statement)).mappings().one_or_none()


async def _require_conversation(
    connection: AsyncConnection, conversation_id: str, application_id: str | None = None
) -> None:
    if await _conversation(connection, conversation_id, application_id) is None:
        raise UnknownConversation(conversation_id)


async def _lock_conversation(
    connection: AsyncConnection, conversation_id: str, application_id: str | None = None
) -> None:
    """Keep other writers of this conversation out until the transaction ends.

    In SQLite the transaction has the whole database already.
    """
    table = tables.conversations
    statement = (
        select(table.c.id)
        .where(table.c.id == conversation_id, ~table.c.hidden)
        .with_for_update(key_share=True)
    )
    if application_id is not None:
        statement = statement.where(table.c.application_id == application_id)
    if await connection.scalar(statement) is None:
        raise UnknownConversation(conversation_id)


async def _members(connection: AsyncConnection, conversation_id: str) -> tuple[Member, ...]:
    return (await _members_of(connection, [conversation_id])).get(conversation_id, ())


async def _members_of(
    connection: AsyncConnection, conversation_ids: Sequence[str]
) -> dict[str, tuple[Member, ...]]:
    if not conversation_ids:
        return {}
    table = tables.members
    found: dict[str, tuple[Member, ...]] = {}
    # A database takes only so many parameters in one statement.
    for start in range(0, len(conversation_ids), 500):
        rows = await connection.execute(
            select(table)
            .where(
                table.c.conversation_id.in_(conversation_ids[start : start + 500]),
                table.c.merged_into.is_(None),
            )
            .order_by(table.c.seq)
        )
        for row in rows.mappings():
            found[row["conversation_id"]] = (*found.get(row["conversation_id"], ()), records.member(row))
    return found


async def _recognised(connection: AsyncConnection, conversation_id: str, speaker: Member) -> Member:
    """Return the member who is this person, by key, e-mail address or else name; a new one if need be."""
    members = await _members(connection, conversation_id)
    addresses = _addresses(speaker)
    known = await _find_member(connection, conversation_id, speaker) or next(
        (one for one in members if addresses & _addresses(one)), None
    )
    if known is None and not speaker.email:
        known = next((one for one in members if speaker.name and one.name == speaker.name), None)
    if known is None:
        await connection.execute(insert(tables.members), records.member_row(conversation_id, speaker))
        return speaker
    named = replace(known, name=speaker.name or known.name, email=speaker.email or known.email)
    await _write_member(connection, conversation_id, named)
    return named


def _moved_insights(
    insights: Sequence[Insight],
    messages: Sequence[Message],
    members: Sequence[Member],
    said_by: Mapping[str, str],
    retell: Retell | None,
) -> list[tuple[Insight, Insight]]:
    """Return insights that change, before and after: they follow the first of their messages that moved."""
    by_id = {message.id: message for message in messages}
    counts = Counter(
        (by_id[id].member_id, new) for id, new in said_by.items() if by_id[id].member_id is not None
    )
    # Someone who is mentioned as the one to do a thing becomes whoever said most of what was theirs.
    became = {old: new for (old, new), _ in reversed(counts.most_common())}
    changed = []
    for insight in insights:
        new = next((said_by[id] for id in insight.message_ids if id in said_by), insight.member_id)
        assignee = insight.assignee_id
        if assignee is not None:
            assignee = new if assignee == insight.member_id else became.get(assignee, assignee)
        after = replace(insight, member_id=new, assignee_id=assignee)
        if retell is not None and any(id in said_by for id in insight.message_ids):
            after = retell(after, [by_id[id] for id in insight.message_ids if id in by_id], members)
        if after != insight:
            changed.append((insight, after))
    return changed


async def _write_speakers(
    connection: AsyncConnection, conversation_id: str, moved: Sequence[tuple[str, str]]
) -> None:
    """Write who said messages now."""
    table = tables.messages
    statement = (
        update(table)
        .where(table.c.conversation_id == conversation_id, table.c.id == bindparam("this"))
        .values(member_id=bindparam("new"))
    )
    await _insert(connection, statement, ({"this": id, "new": member} for id, member in moved))


async def _write_moved(
    connection: AsyncConnection, conversation_id: str, told: Sequence[tuple[Insight, Insight]]
) -> None:
    """Write insights with other people; the words of one whose words were changed meanwhile are left."""
    table = tables.insights
    this = update(table).where(table.c.conversation_id == conversation_id, table.c.id == bindparam("this"))
    people = this.values({name: bindparam(f"new_{name}") for name in _PEOPLE})
    words = this.where(table.c.text == bindparam("was")).values(
        {name: bindparam(f"new_{name}") for name in _TOLD}
    )
    for statement, names in ((people, _PEOPLE), (words, _TOLD)):
        rows = []
        for before, after in told:
            row = records.insight_row(conversation_id, after)
            new = {f"new_{name}": row[name] for name in names}
            rows.append({"this": before.id, **new, **({"was": before.text} if names is _TOLD else {})})
        await _insert(connection, statement, rows)


async def _drop_silent(connection: AsyncConnection, conversation_id: str, *, keep: set[str]) -> None:
    """Remove members who say nothing (any more), do nothing and are not to be kept."""
    used: set[str | None] = set(keep)
    for column in (
        tables.messages.c.member_id,
        tables.insights.c.member_id,
        tables.insights.c.assignee_id,
    ):
        rows = await connection.execute(
            select(column).where(column.table.c.conversation_id == conversation_id).distinct()
        )
        used |= set(rows.scalars())
    survivors = await _survivors(connection, conversation_id)
    used |= {survivors[gone] for gone in used if gone in survivors}
    for member in await _members(connection, conversation_id):
        if member.id not in used and member.id not in survivors.values():
            table = tables.members
            await connection.execute(
                delete(table).where(table.c.conversation_id == conversation_id, table.c.id == member.id)
            )


async def _find_member(connection: AsyncConnection, conversation_id: str, member: Member) -> Member | None:
    table = tables.members
    by_key = (
        or_(table.c.user_id == member.user_id, table.c.id == member.id)
        if member.user_id
        else table.c.id == member.id
    )
    here = select(table).where(table.c.conversation_id == conversation_id)
    # The person's own key counts for more than an id that happens to be the same.
    rows = (await connection.execute(here.where(by_key).order_by(table.c.id == member.id))).mappings().all()
    if not rows:
        return None
    row = rows[0]
    if row["merged_into"] is not None:
        row = (await connection.execute(here.where(table.c.id == row["merged_into"]))).mappings().one()
    return records.member(row)


async def _retell(connection: AsyncConnection, conversation_id: str, number: str | None, name: str) -> None:
    """Put a name in the place of a voice's number in insights and summaries. Other names are left alone in
    insights, for they may stand in what somebody said; summaries that call people by them are made anew.
    """
    if number == name:
        return
    if number is None or _VOICE.fullmatch(number) is None:
        await _drop_digests(connection, conversation_id)
        return
    mention = re.compile(rf"\b{re.escape(number)}\b")
    table = tables.insights
    rows = await connection.execute(
        select(table.c.seq, table.c.text).where(
            table.c.conversation_id == conversation_id, table.c.text.contains(number, autoescape=True)
        )
    )
    for row in rows:
        text = mention.sub(lambda _: name, row.text)
        await connection.execute(update(table).where(table.c.seq == row.seq).values(text=text))
    kept = tables.attachments
    summaries = await connection.execute(
        select(kept.c.seq, kept.c.body).where(
            kept.c.conversation_id == conversation_id, kept.c.kind == "summary"
        )
    )
    for row in summaries:
        body = {**row.body, "text": mention.sub(lambda _: name, row.body["text"])}
        await connection.execute(update(kept).where(kept.c.seq == row.seq).values(body=body))


async def _drop_digests(connection: AsyncConnection, conversation_id: str) -> None:
    """Forget summaries and the call score, which tell what is no longer so: the next reader has new ones."""
    table = tables.attachments
    await connection.execute(
        delete(table).where(
            table.c.conversation_id == conversation_id, table.c.kind.in_(("summary", "call_score"))
        )
    )


async def _write_member(connection: AsyncConnection, conversation_id: str, member: Member) -> None:
    table = tables.members
    await connection.execute(
        update(table)
        .where(table.c.conversation_id == conversation_id, table.c.id == member.id)
        .values(name=member.name, email=member.email, user_id=member.user_id)
    )


async def _merge(connection: AsyncConnection, conversation_id: str, gone_id: str, survivor: Member) -> None:
    """Let `survivor` stand for the member `gone_id`, and for all who were merged into that one.

    The old row stays as a pointer, so that a live session that still writes its id, and the person
    who comes back under the old `user_id`, both end up at the survivor.
    """
    table = tables.members
    await connection.execute(
        update(table)
        .where(
            table.c.conversation_id == conversation_id,
            or_(table.c.id == gone_id, table.c.merged_into == gone_id),
        )
        .values(merged_into=survivor.id)
    )
    await _write_member(connection, conversation_id, survivor)


def _addresses(member: Member) -> set[str]:
    return {address.casefold() for address in (member.email, member.user_id) if address}


def _followed(entities: Sequence[Entity], survivors: Mapping[str | None, str]) -> tuple[Entity, ...]:
    """Return the entities, members who were merged away being those who stand for them."""
    return tuple(
        replace(entity, value={**entity.value, "id": survivors[entity.value["id"]]})
        if isinstance(entity.value, dict) and entity.value.get("id") in survivors
        else entity
        for entity in entities
    )


async def _survivors(connection: AsyncConnection, conversation_id: str) -> dict[str | None, str]:
    """Map the id of each member who was merged away to the member who stands for them."""
    table = tables.members
    rows = await connection.execute(
        select(table.c.id, table.c.merged_into).where(
            table.c.conversation_id == conversation_id, table.c.merged_into.is_not(None)
        )
    )
    return {row.id: row.merged_into for row in rows}
