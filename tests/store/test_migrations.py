"""An older database is brought up to date with all that is in it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from earful.jobs.encoding import Encoder, encode
from earful.store.database import Database
from earful.store.search import SearchQuery, SearchStore
from earful.store.vectors import VectorStore

OLD = "0007"


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'old.db'}"
    shared = str(request.getfixturevalue("postgresql_url"))
    engine = create_async_engine(shared.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("DROP DATABASE IF EXISTS old"))
        await alone.execute(text("CREATE DATABASE old"))
    await engine.dispose()
    return shared.replace("/postgres?", "/old?")


async def test_messages_of_an_older_database_are_found_by_meaning_too(url: str) -> None:
    """They are queued by the migration, and their vectors made in the background."""
    await make_old(url)
    database = await Database.open(url)
    vectors = VectorStore(database)
    assert [one.text for one in await vectors.waiting(10)] == ["Our parcels come late.", "Good morning."]
    encoder = Encoder(vectors)
    while await encoder.step():
        pass
    await encoder.stop()
    search = SearchStore(database, encode)
    hits = await search.search("app", SearchQuery("slow deliveries", "meaning"))
    assert [hit.text for hit in hits] == ["Our parcels come late."]
    assert await vectors.waiting(10) == ()
    await database.close()


async def test_messages_of_an_older_database_are_found_by_their_beginnings(url: str) -> None:
    """The index is made anew with what was said, and follows what is said, corrected and deleted after it."""
    await make_old(url)
    database = await Database.open(url)
    search = SearchStore(database, encode)

    async def found(words: str) -> list[str]:
        return [hit.text for hit in await search.search("app", SearchQuery(words))]

    assert await found("p*") == await found("parc*") == ["Our parcels come late."]
    async with database.write() as connection:
        await connection.execute(text("UPDATE messages SET text = 'Our letters come late.' WHERE id = '0'"))
        await connection.execute(text("DELETE FROM messages WHERE id = '1'"))
    assert await found("let*") == ["Our letters come late."]
    assert await found("parc*") == await found("mor*") == []
    await database.close()


async def make_old(url: str) -> None:
    """Make a database at an older schema, with a conversation in it."""
    engine = create_async_engine(
        url.replace("sqlite://", "sqlite+aiosqlite://").replace("postgresql://", "postgresql+asyncpg://")
    )
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)
        now = datetime.now(UTC)
        sqlite = connection.dialect.name == "sqlite"
        await connection.execute(
            text(
                "INSERT INTO applications(id, name, app_id, secret_hash, key_hash, token_generation, "
                "created_at) VALUES ('app', 'old', 'a', 's', 'k', 0, :now)"
            ),
            {"now": now.isoformat(" ") if sqlite else now},
        )
        await connection.execute(
            text(
                "INSERT INTO conversations(id, application_id, type, language, timezone_offset_min, "
                "started_at, spoken_until, metadata) "
                "VALUES ('c', 'app', 'meeting', 'en-US', 0, :now, 2, '{}')"
            ),
            {"now": now.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else now},
        )
        for at, said in enumerate(("Our parcels come late.", "Good morning.")):
            await connection.execute(
                text(
                    'INSERT INTO messages(conversation_id, id, text, start, "end", words, phrases, entities) '
                    "VALUES ('c', :id, :text, :at, :at, '[]', '[]', '[]')"
                ),
                {"id": str(at), "text": said, "at": float(at)},
            )
    await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "earful:store/migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, OLD)
