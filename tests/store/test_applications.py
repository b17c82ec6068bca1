"""What the application store promises, on SQLite and on PostgreSQL alike."""

import asyncio
from datetime import UTC, datetime

import pytest

from earful.store.applications import ApplicationRecord, ApplicationStore, DuplicateApplication
from earful.store.database import Database


def record(name: str, number: int = 1) -> ApplicationRecord:
    return ApplicationRecord(
        id=f"id-{number}",
        name=name,
        app_id=f"app-{number}",
        secret_hash="hash",
        key_hash=f"key-{number}",
        created_at=datetime(2026, 1, number, tzinfo=UTC),
    )


async def test_an_application_is_found_by_each_of_its_keys(database: Database) -> None:
    store = ApplicationStore(database)
    await store.add(record("one"))
    await store.add(record("two", 2))
    found = await store.find(id="id-2")
    assert found is not None
    assert found.name == "two"
    assert await store.find(app_id="app-2") is not None
    assert await store.find(key_hash="key-2") is not None
    assert await store.find(app_id="id-2") is None


async def test_a_name_is_given_once(database: Database) -> None:
    store = ApplicationStore(database)
    await store.add(record("one"))
    with pytest.raises(DuplicateApplication):
        await store.add(record("one", 2))
    assert [one.id for one in await store.list()] == ["id-1"]


async def test_only_one_of_many_becomes_the_first(database: Database) -> None:
    store = ApplicationStore(database)
    kept = await asyncio.gather(*(store.add_first(record("default", number)) for number in range(1, 9)))
    assert sum(kept) == 1
    assert len(await store.list()) == 1


async def test_the_first_is_not_made_when_there_is_one_of_another_name(database: Database) -> None:
    store = ApplicationStore(database)
    await store.add(record("one"))
    assert not await store.add_first(record("default", 2))


async def test_a_key_is_made_once_and_then_stays(database: Database) -> None:
    store = ApplicationStore(database)
    first = await asyncio.gather(*(store.signing_key("tokens", f"proposal-{n}") for n in range(8)))
    assert len(set(first)) == 1
    assert await store.signing_key("tokens", "another") == first[0]
    assert await store.signing_key("pages", "another") == "another"


async def test_removing_twice_says_so(database: Database) -> None:
    store = ApplicationStore(database)
    await store.add(record("one"))
    assert await store.remove("id-1")
    assert not await store.remove("id-1")


def test_the_hashes_are_not_in_a_printed_record() -> None:
    assert "hash" not in repr(record("one"))
