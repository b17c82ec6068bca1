"""One database, SQLite or PostgreSQL: connections, transactions, and a schema that is up to date."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from earful.store import migrations

__all__ = ["Database", "DatabaseError"]

_BUSY_TIMEOUT_S = 30


class DatabaseError(Exception):
    """The database cannot be used; the message says why and what to do."""


class Database:
    """A pool of connections to one database.

    SQLite takes one writer at a time: here writers of this process queue for a lock instead of
    polling for the file's, and each starts with BEGIN IMMEDIATE so that no transaction fails half
    way because another process wrote first. PostgreSQL needs neither.
    """

    def __init__(self, url: str) -> None:
        """Prepare to use `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`.

        Nothing is touched before `start`. Raises `DatabaseError` when the URL cannot be used.
        """
        self._url = _parse(url)
        self.is_postgresql = self._url.get_backend_name() == "postgresql"
        self._engine = _postgresql_engine(self._url) if self.is_postgresql else _sqlite_engine(self._url)
        self._writer = self._engine.execution_options(earful_write=True)
        self._turn = contextlib.nullcontext() if self.is_postgresql else asyncio.Lock()

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Return a database that has been started. Raises `DatabaseError`."""
        database = cls(url)
        await database.start()
        return database

    async def start(self) -> None:
        """Make the file if need be, and bring the schema up to date. Raises `DatabaseError`."""
        try:
            if not self.is_postgresql:
                _make_private(Path(self._url.database or ""))
            await self._migrate()
        except migrations.SchemaTooNew as error:
            await self.close()
            raise DatabaseError(str(error)) from error
        except (SQLAlchemyError, OSError) as error:
            await self.close()
            where = self._url.render_as_string(hide_password=True)
            reason = getattr(error, "orig", None) or error
            raise DatabaseError(f"cannot open the database {where}: {reason}") from error

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction that sees one state of the database."""
        async with self._engine.begin() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction that commits when the block ends without an exception."""
        async with self._turn, self._writer.begin() as connection:
            yield connection

    async def forget(self) -> None:
        """Empty SQLite's log of changes, in which what was deleted or replaced could still be read.

        Does nothing while somebody reads (the next time will do it), nor on PostgreSQL.
        """
        if self.is_postgresql:
            return

        def empty() -> None:
            with contextlib.closing(sqlite3.connect(self._url.database or "", timeout=1.0)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        async with self._turn:
            with contextlib.suppress(sqlite3.Error):
                await asyncio.to_thread(empty)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    async def _migrate(self) -> None:
        async with self.read() as connection:
            if await connection.run_sync(migrations.is_current):
                return
        # In one transaction, under a lock: a server and a command may start at the same moment.
        async with self.write() as connection:
            await connection.run_sync(migrations.upgrade)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseError(f"not a database URL: {url!r}") from None
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "postgresql": "postgresql+asyncpg",
        "postgres": "postgresql+asyncpg",
    }
    backend = parsed.get_backend_name()
    if backend not in drivers:
        raise DatabaseError(f"{backend} databases are not supported: use sqlite:///PATH or postgresql://...")
    return parsed.set(drivername=drivers[backend])


def _sqlite_engine(url: URL) -> AsyncEngine:
    if not url.database or url.database == ":memory:":
        raise DatabaseError("an SQLite database needs a file: sqlite:///PATH")
    engine = create_async_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_S}, pool_size=8, max_overflow=8)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver's own idea of when a transaction begins is switched off; see `begin` below.
        connection.isolation_level = None
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = NORMAL")
            cursor.execute("PRAGMA foreign_keys = ON")
            # What is deleted or replaced is overwritten: it may be personal data.
            cursor.execute("PRAGMA secure_delete = ON")
            cursor.close()
        except BaseException:
            # The pool does not know this connection yet, and would not close it.
            connection.close()
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        write = connection.get_execution_options().get("earful_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _postgresql_engine(url: URL) -> AsyncEngine:
    try:
        return create_async_engine(url, pool_size=8, max_overflow=16, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise DatabaseError("PostgreSQL needs its driver: pip install 'earful[postgres]'") from error


def _make_private(path: Path) -> None:
    """Make the file if it is not there. Conversations are private: it is its owner's alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
