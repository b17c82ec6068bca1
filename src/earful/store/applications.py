"""Applications and the server's signing keys, kept and read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from earful.store import tables
from earful.store.database import Database

__all__ = ["ApplicationRecord", "ApplicationStore", "DuplicateApplication"]


class DuplicateApplication(ValueError):
    """An application of that name (or, never in practice, with those credentials) exists already."""


@dataclass(frozen=True, slots=True, repr=False)
class ApplicationRecord:
    """An application as it is stored. Secrets are here only as hashes.

    Tokens name the `token_generation` they were issued in; raising it revokes them all.
    """

    id: str
    name: str
    app_id: str
    secret_hash: str
    key_hash: str
    created_at: datetime
    token_generation: int = 0
    active: bool = True
    balance_s: float | None = None


class ApplicationStore:
    """Applications over one `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, application: ApplicationRecord) -> None:
        """Keep a new application. Raises `DuplicateApplication`."""
        await self._add(application, only_if_first=False)

    async def add_first(self, application: ApplicationRecord) -> bool:
        """Keep an application only if there is none yet; return whether it was kept."""
        try:
            return await self._add(application, only_if_first=True)
        except DuplicateApplication:
            # Another node over the same PostgreSQL did the same at the same moment.
            return False

    async def _add(self, application: ApplicationRecord, *, only_if_first: bool) -> bool:
        table = tables.applications
        row = {name: getattr(application, name) for name in ApplicationRecord.__slots__}
        try:
            async with self._database.write() as connection:
                if only_if_first and await connection.scalar(select(table.c.id).limit(1)) is not None:
                    return False
                await connection.execute(insert(table), row)
        except IntegrityError as error:
            raise DuplicateApplication(application.name) from error
        return True

    async def list(self) -> Sequence[ApplicationRecord]:
        """Return every application, the oldest first."""
        table = tables.applications
        async with self._database.read() as connection:
            rows = await connection.execute(select(table).order_by(table.c.created_at, table.c.id))
            return tuple(_record(row) for row in rows.mappings())

    async def find(
        self, *, id: str | None = None, app_id: str | None = None, key_hash: str | None = None
    ) -> ApplicationRecord | None:
        """Return the application that has the one attribute given, or None."""
        table = tables.applications
        statement = select(table)
        for column, value in (
            (table.c.id, id),
            (table.c.app_id, app_id),
            (table.c.key_hash, key_hash),
        ):
            if value is not None:
                statement = statement.where(column == value)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).mappings().one_or_none()
        return None if row is None else _record(row)

    async def remove(self, id: str) -> bool:
        """Remove an application and all its conversations; return whether there was one."""
        async with self._database.write() as connection:
            result = await connection.execute(
                delete(tables.applications).where(tables.applications.c.id == id)
            )
            return result.rowcount > 0

    async def next_token_generation(self, id: str) -> None:
        """Make every token issued so far for this application worthless."""
        table = tables.applications
        async with self._database.write() as connection:
            await connection.execute(
                update(table).where(table.c.id == id).values(token_generation=table.c.token_generation + 1)
            )

    async def signing_key(self, purpose: str, proposed: str) -> str:
        """Return the key kept for a purpose; the proposed one becomes it if there is none yet."""
        table = tables.signing_keys
        build = postgresql.insert if self._database.is_postgresql else sqlite.insert
        async with self._database.write() as connection:
            await connection.execute(
                build(table)
                .values(purpose=purpose, secret=proposed, created_at=datetime.now(UTC))
                .on_conflict_do_nothing()
            )
            key = await connection.scalar(select(table.c.secret).where(table.c.purpose == purpose))
        return str(key)


def _record(row: Mapping[Any, Any]) -> ApplicationRecord:
    return ApplicationRecord(**{name: row[name] for name in ApplicationRecord.__slots__})
