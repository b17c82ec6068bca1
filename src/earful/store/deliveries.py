"""What webhooks are still to be told, in the order in which it came up: jobs and calls each have a queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Table, delete, select, update

from earful.store.database import Database

__all__ = ["Delivery", "DeliveryQueue"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook call that is due."""

    seq: int
    application_id: str
    url: str
    body: Mapping[str, Any]
    attempts: int


class DeliveryQueue:
    """The rows of `table`, each belonging to the row of another table that `owner` (a column of it) names and
    going to the address in the column `url` of either."""

    def __init__(self, database: Database, *, table: Table, owner: Column[str], url: Column[Any]) -> None:
        self._database = database
        self._table = table
        self._owner = owner
        self._url = url

    async def due_deliveries(self, limit: int) -> Sequence[Delivery]:
        """Return webhook calls that are due, the oldest first and at most one of an owner: order is kept."""
        table, earlier = self._table, self._table.alias()
        key = next(iter(self._owner.foreign_keys)).column
        ahead = select(earlier.c.seq).where(
            earlier.c[self._owner.name] == self._owner, earlier.c.seq < table.c.seq
        )
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(table.c.seq, key.table.c.application_id, self._url, table.c.body, table.c.attempts)
                .join(key.table, key == self._owner)
                .where(table.c.due_at <= datetime.now(UTC), ~ahead.exists())
                .order_by(table.c.seq)
                .limit(limit)
            )
            return tuple(Delivery(*row) for row in rows)

    async def delivered(self, delivery: Delivery) -> None:
        """Forget a webhook call that was answered, or that is given up."""
        async with self._database.write() as connection:
            await connection.execute(delete(self._table).where(self._table.c.seq == delivery.seq))

    async def postpone(self, delivery: Delivery, due_at: datetime) -> None:
        """Try a webhook call again later."""
        async with self._database.write() as connection:
            await connection.execute(
                update(self._table)
                .where(self._table.c.seq == delivery.seq)
                .values(attempts=delivery.attempts + 1, due_at=due_at)
            )
