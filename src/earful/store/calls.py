"""Telephone calls that survive a restart: what each was and how it ended, and what is to be told of it.

The server that has a call gives a sign of life for it every few seconds. A call without one for a while
was cut off with its server, and is closed by whichever server looks at it next.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from earful.store import tables
from earful.store.database import Database
from earful.store.deliveries import DeliveryQueue

__all__ = ["CallRecord", "CallStore"]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call, and the process that has it. `emails` are to get its summary.

    `ended_at` to `sip_status` are None while it goes on.
    """

    id: str
    application_id: str
    conversation_id: str
    direction: Literal["outgoing", "incoming"]
    other_side: str
    started_at: datetime
    seen_at: datetime
    server: str
    emails: tuple[str, ...] = ()
    webhook_url: str | None = None
    answered: bool = False
    ended_at: datetime | None = None
    reason: str | None = None
    details: str | None = None
    sip_status: int | None = None


class CallStore(DeliveryQueue):
    """Calls over one `Database`; safe for any number of servers."""

    def __init__(self, database: Database) -> None:
        notices = tables.call_notices
        super().__init__(database, table=notices, owner=notices.c.call_id, url=tables.calls.c.webhook_url)

    async def add(self, record: CallRecord) -> None:
        """Keep a call that begins."""
        row = {name: getattr(record, name) for name in record.__slots__} | {"emails": list(record.emails)}
        async with self._database.write() as connection:
            await connection.execute(insert(tables.calls), row)

    async def get(self, application_id: str, call_id: str) -> CallRecord | None:
        """Return a call of that application."""
        table = tables.calls
        async with self._database.read() as connection:
            found = await connection.execute(
                select(table).where(table.c.id == call_id, table.c.application_id == application_id)
            )
            row = found.mappings().first()
        return None if row is None else _record(row)

    async def seen(self, call_ids: Collection[str]) -> None:
        """Give a sign of life for calls that go on here."""
        table = tables.calls
        async with self._database.write() as connection:
            await connection.execute(
                update(table)
                .where(table.c.id.in_(call_ids), table.c.ended_at.is_(None))
                .values(seen_at=datetime.now(UTC))
            )

    async def note(self, call_id: str, body: Mapping[str, Any], *, answered: bool) -> None:
        """Keep how far a call is, and have it told to the address that its client named."""
        table = tables.calls
        async with self._database.write() as connection:
            await connection.execute(update(table).where(table.c.id == call_id).values(answered=answered))
            await self._tell(connection, call_id, body)

    async def end(
        self,
        call_id: str,
        body: Mapping[str, Any],
        *,
        ended_at: datetime,
        reason: str,
        details: str,
        sip_status: int | None,
    ) -> None:
        """Keep how a call ended, unless that is known, and have it told."""
        table = tables.calls
        async with self._database.write() as connection:
            done = await connection.execute(
                update(table)
                .where(table.c.id == call_id, table.c.ended_at.is_(None))
                .values(ended_at=ended_at, reason=reason, details=details, sip_status=sip_status)
            )
            if done.rowcount:
                await self._tell(connection, call_id, body)

    async def going_on(self) -> Sequence[CallRecord]:
        """Return calls that are not known to be over, on any server."""
        table = tables.calls
        async with self._database.read() as connection:
            rows = await connection.execute(select(table).where(table.c.ended_at.is_(None)))
            return tuple(_record(row) for row in rows.mappings())

    # -- what is to be told -------------------------------------------------------------------------

    async def _tell(self, connection: AsyncConnection, call_id: str, body: Mapping[str, Any]) -> None:
        url = await connection.scalar(select(tables.calls.c.webhook_url).where(tables.calls.c.id == call_id))
        if url is not None:
            row = {"call_id": call_id, "body": dict(body), "attempts": 0, "due_at": datetime.now(UTC)}
            await connection.execute(insert(tables.call_notices), row)


def _record(row: Any) -> CallRecord:
    fields = {name: row[name] for name in CallRecord.__slots__}
    return CallRecord(**(fields | {"emails": tuple(row["emails"])}))
