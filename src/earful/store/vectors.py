"""Sentence vectors of stored messages: which are still to be made, and those that are kept.

Triggers of the database queue a message whose text was written or changed, and drop the vector of what
was changed or deleted; so it makes no difference what wrote a message. A vector is kept as the signs and
sizes of its numbers in one byte each (int8, scaled so that the largest is 127).
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from sqlalchemy import RowMapping, bindparam, delete, func, insert, select, text

from earful.store import tables
from earful.store.database import Database

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DIMENSIONS", "Unencoded", "VectorRow", "VectorStore", "pack", "unpack"]

DIMENSIONS = 384
_ADVISORY_LOCK = 0x766563746F72  # "vector"
_BLOCK = 20_000
# The order of the joins is the order in which SQLite goes: by what the application has when all of it is
# wanted, by the vectors when some are new.
_ALL = """
SELECT v.id, m.conversation_id, v.vector AS packed
FROM conversations c
CROSS JOIN messages m
CROSS JOIN message_vectors v
WHERE c.application_id = :application_id AND m.conversation_id = c.id AND v.message_seq = m.seq
    AND v.id > :after AND v.id <= :until
"""
_NEW = """
SELECT v.id, m.conversation_id, v.vector AS packed
FROM message_vectors v
CROSS JOIN messages m
CROSS JOIN conversations c
WHERE v.id > :after AND v.id <= :until AND m.seq = v.message_seq AND c.id = m.conversation_id
    AND c.application_id = :application_id
"""
_SQLITE_IDS = "SELECT id, vector FROM message_vectors WHERE id IN (SELECT value FROM json_each(:ids))"
_POSTGRESQL_IDS = "SELECT id, vector FROM message_vectors WHERE id = ANY(CAST(:ids AS bigint[]))"


@dataclass(frozen=True, slots=True)
class Unencoded:
    """A message whose vector is to be made from `text`."""

    message_seq: int
    text: str


class VectorRow(NamedTuple):
    """The vector of one message of a conversation, packed."""

    id: int
    conversation_id: str
    packed: bytes


class VectorStore:
    """Vectors over one `Database`; safe for any number of encoders and readers on any number of nodes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, limit: int) -> Sequence[Unencoded]:
        """Return messages that want a vector, the oldest first."""
        queue, messages, conversations = tables.vector_queue, tables.messages, tables.conversations
        wanted = (
            select(messages.c.seq, messages.c.text)
            .join(queue, queue.c.message_seq == messages.c.seq)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            # What a job is still writing gets another conversation when it is done.
            .where(~conversations.c.hidden)
            .order_by(queue.c.message_seq)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return tuple(Unencoded(row.seq, row.text) for row in await connection.execute(wanted))

    async def keep(self, made: Mapping[Unencoded, bytes]) -> None:
        """Keep vectors; one whose message was changed or deleted meanwhile is left out, and made again."""
        messages, vectors, queue = tables.messages, tables.message_vectors, tables.vector_queue
        seqs = [one.message_seq for one in made]
        async with self._database.write() as connection:
            if self._database.is_postgresql:
                # Ids appear in their order, so that a reader who has seen one has seen all before it.
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            rows = await connection.execute(
                select(messages.c.seq, messages.c.text)
                .join(queue, queue.c.message_seq == messages.c.seq)
                .where(messages.c.seq.in_(seqs))
                .with_for_update(of=messages, key_share=True)
            )
            as_now = {Unencoded(row.seq, row.text) for row in rows}
            fresh = [
                {"message_seq": one.message_seq, "vector": packed}
                for one, packed in made.items()
                if one in as_now
            ]
            if not fresh:
                return
            done = [row["message_seq"] for row in fresh]
            await connection.execute(delete(vectors).where(vectors.c.message_seq.in_(done)))
            await connection.execute(insert(vectors), fresh)
            await connection.execute(delete(queue).where(queue.c.message_seq.in_(done)))

    async def newest(self) -> int:
        """Return the id of the newest vector, 0 when there is none."""
        async with self._database.read() as connection:
            return int(await connection.scalar(select(func.max(tables.message_vectors.c.id))) or 0)

    async def between(
        self, application_id: str, after: int, until: int
    ) -> AsyncIterator[Sequence[VectorRow]]:
        """Yield an application's vectors with ids above `after` up to `until`, some thousands at a time."""
        wanted = text(_ALL if after == 0 else _NEW)
        values = {"application_id": application_id, "after": after, "until": until}
        async with self._database.read() as connection:
            rows = await connection.stream(wanted, values)
            async for block in rows.partitions(_BLOCK):
                # They have the names of a `VectorRow`; a million objects more take seconds.
                yield cast(Sequence[VectorRow], block)

    async def packed(self, ids: Sequence[int]) -> dict[int, bytes]:
        """Return those of the vectors that are still there."""
        if self._database.is_postgresql:
            statement, given = text(_POSTGRESQL_IDS), list(ids)
        else:
            statement, given = text(_SQLITE_IDS), json.dumps(list(ids))  # type: ignore[assignment]
        async with self._database.read() as connection:
            rows = await connection.execute(statement.bindparams(bindparam("ids")), {"ids": given})
            return {row["id"]: row["vector"] for row in _mappings(rows)}


def _mappings(rows: object) -> Sequence[RowMapping]:
    return rows.mappings().all()  # type: ignore[attr-defined, no-any-return]


def pack(vectors: "NDArray[np.float32]") -> list[bytes]:
    """Return each vector (float32 [n, 384]) in its kept form, 384 bytes."""
    import numpy as np

    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True, initial=0.0), 1e-12)
    scaled = np.round(vectors / largest * 127).astype(np.int8)
    return [row.tobytes() for row in scaled]


def unpack(packed: Sequence[bytes]) -> "NDArray[np.int8]":
    """Return kept vectors as int8 [n, 384]; only their directions mean something."""
    import numpy as np

    return np.frombuffer(b"".join(packed), np.int8).reshape(-1, DIMENSIONS)
