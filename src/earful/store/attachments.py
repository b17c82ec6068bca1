"""What hangs on a conversation beside what was found in it: summaries, bookmarks, call scores, recordings.

All of it goes with the conversation when that is deleted. As everywhere in the store, a conversation
of another application is the same as one that does not exist.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from earful.store import tables
from earful.store.conversations import UnknownConversation
from earful.store.database import Database

__all__ = ["Attachment", "AttachmentKind", "AttachmentStore"]

AttachmentKind = Literal["summary", "bookmark", "call_score", "media", "recording", "peaks"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """One thing kept; `id` is its own within its kind and conversation, `body` JSON-serialisable."""

    id: str
    body: Mapping[str, Any]


class AttachmentStore:
    """Attachments over one `Database`; every method raises `UnknownConversation`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, application_id: str, conversation_id: str, kind: AttachmentKind
    ) -> Sequence[Attachment]:
        """Return what there is of a kind, the oldest first."""
        table = tables.attachments
        async with self._database.read() as connection:
            await _require(connection, application_id, conversation_id)
            rows = await connection.execute(
                select(table)
                .where(table.c.conversation_id == conversation_id, table.c.kind == kind)
                .order_by(table.c.seq)
            )
            return tuple(Attachment(row["id"], row["body"]) for row in rows.mappings())

    async def put(
        self,
        application_id: str,
        conversation_id: str,
        kind: AttachmentKind,
        attachments: Sequence[Attachment],
        *,
        only: bool = False,
    ) -> None:
        """Keep attachments, in place of those of the same id; with `only` in place of all of the kind."""
        table = tables.attachments
        async with self._database.write() as connection:
            await _require(connection, application_id, conversation_id, lock=True)
            here = [table.c.conversation_id == conversation_id, table.c.kind == kind]
            if only:
                await connection.execute(delete(table).where(*here))
            for one in attachments:
                changed = await connection.execute(
                    update(table).where(*here, table.c.id == one.id).values(body=dict(one.body))
                )
                if not changed.rowcount:
                    row = {"conversation_id": conversation_id, "kind": kind, "id": one.id}
                    await connection.execute(insert(table), {**row, "body": dict(one.body)})

    async def remove(
        self, application_id: str, conversation_id: str, kind: AttachmentKind, attachment_id: str
    ) -> bool:
        """Delete one attachment, and return whether there was one."""
        table = tables.attachments
        async with self._database.write() as connection:
            await _require(connection, application_id, conversation_id, lock=True)
            result = await connection.execute(
                delete(table).where(
                    table.c.conversation_id == conversation_id,
                    table.c.kind == kind,
                    table.c.id == attachment_id,
                )
            )
            return bool(result.rowcount)


async def _require(
    connection: AsyncConnection, application_id: str, conversation_id: str, *, lock: bool = False
) -> None:
    table = tables.conversations
    wanted = select(table.c.id).where(table.c.id == conversation_id, table.c.application_id == application_id)
    if lock:
        wanted = wanted.with_for_update(key_share=True)
    if await connection.scalar(wanted) is None:
        raise UnknownConversation(conversation_id)
