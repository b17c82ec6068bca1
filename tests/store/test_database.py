"""What the database promises: a schema that is up to date, and clear errors when it cannot be had."""

import asyncio
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text

from earful.store import migrations
from earful.store.database import Database, DatabaseError
from earful.store.tables import applications, metadata, signing_keys


async def test_migrations_make_the_tables_that_the_code_uses(database: Database) -> None:
    def ours(item: object, name: str | None, kind: str, *_: object) -> bool:
        # The index of full-text search is not a table that the code names.
        return not (name or "").startswith(("message_search", "ix_messages_search"))

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        return compare_metadata(context, metadata)

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", "earful:store/migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


async def test_opening_again_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        database = await Database.open(database_url)
        async with database.read() as connection:
            assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == migrations.HEAD
        await database.close()


async def test_several_processes_may_make_the_database_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'earful.db'}"
    script = (
        "import asyncio, sys; from earful.store.database import Database;"
        "asyncio.run(Database.open(sys.argv[1]))"
    )
    openers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, url, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for opener in openers:
        _, errors = await opener.communicate()
        assert opener.returncode == 0, errors.decode()


async def test_several_nodes_may_open_a_new_postgresql_at_once(postgresql_url: str) -> None:
    admin = await Database.open(postgresql_url)
    async with admin.read() as connection:
        driver = await connection.get_raw_connection()
        assert driver.driver_connection is not None
        await driver.driver_connection.execute("COMMIT")
        await driver.driver_connection.execute("CREATE DATABASE several")
    await admin.close()
    url = postgresql_url.replace("/postgres?", "/several?")
    databases = await asyncio.gather(*(Database.open(url) for _ in range(4)))
    for database in databases:
        async with database.read() as connection:
            assert (await connection.execute(select(applications))).all() == []
        await database.close()


async def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    database = await Database.open(database_url)
    try:
        async with database.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(DatabaseError, match="schema 9999"):
            await Database.open(database_url)
    finally:
        async with database.write() as connection:
            await connection.execute(
                text("UPDATE alembic_version SET version_num = :head"), {"head": migrations.HEAD}
            )
        await database.close()


async def test_a_write_that_fails_is_undone(database: Database) -> None:
    async def write_and_fail() -> None:
        async with database.write() as connection:
            key = {"purpose": "p", "secret": "s", "created_at": datetime.now(UTC)}
            await connection.execute(insert(signing_keys), key)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    async with database.read() as connection:
        assert (await connection.execute(select(signing_keys))).all() == []


async def test_sqlite_keeps_a_journal_that_survives_and_checks_references(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path / 'earful.db'}")
    async with database.read() as connection:
        assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert await connection.scalar(text("PRAGMA busy_timeout")) == 30_000
    await database.close()


async def test_the_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "made" / "earful.db"
    database = await Database.open(f"sqlite:///{path}")
    await database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://localhost/earful", "mysql databases are not supported"),
        ("nonsense", "not a database URL"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_an_unusable_url_is_refused_at_once(url: str, reason: str) -> None:
    with pytest.raises(DatabaseError, match=reason):
        Database(url)


async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DatabaseError, match="cannot open the database"):
        await Database.open(f"sqlite:///{tmp_path / 'file' / 'earful.db'}")


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "earful.db"
    path.write_text("these are not the bytes of a database" * 100)
    with pytest.raises(DatabaseError, match="file is not a database"):
        await Database.open(f"sqlite:///{path}")


async def test_an_absent_server_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseError) as caught:
        await Database.open("postgresql://earful:hunter2@127.0.0.1:1/earful")
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)
