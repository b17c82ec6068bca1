"""Sentence vectors are made in the background, whatever goes wrong meanwhile."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from earful.accounts.types import Application
from earful.conversation.types import Conversation, Message
from earful.insight.types import Findings
from earful.jobs import encoding
from earful.jobs.encoding import Encoder
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.vectors import VectorStore

TEXTS = tuple(f"{'word ' * (at % 7)}number {at}" for at in range(150))


@pytest.fixture
async def vectors(database: Database, application: Application) -> VectorStore:
    """The vectors of a conversation of many messages: none yet."""
    store = ConversationStore(database)
    await store.create(Conversation("c", application.id, datetime.now(UTC)))
    messages = tuple(Message(str(at), "c", said, at, at + 1) for at, said in enumerate(TEXTS))
    await store.add_findings("c", Findings(messages=messages))
    return VectorStore(database)


def by_number(texts: Sequence[str]) -> Any:
    """A vector that tells which text it was made of."""
    made = np.zeros((len(texts), 384), np.float32)
    made[range(len(texts)), [TEXTS.index(said) for said in texts]] = 1
    return made


async def all_encoded(vectors: VectorStore) -> None:
    async with asyncio.timeout(30):
        while await vectors.waiting(1):
            await asyncio.sleep(0.02)


async def test_every_message_gets_the_vector_of_its_own_text(
    vectors: VectorStore, application: Application
) -> None:
    encoder = Encoder(vectors, by_number)
    encoder.start()
    await all_encoded(vectors)
    await encoder.stop()
    blocks = vectors.between(application.id, 0, await vectors.newest())
    rows = sorted([row async for block in blocks for row in block], key=lambda row: row.id)
    assert len(rows) == len(TEXTS)
    kept = [np.frombuffer(row.packed, np.int8) for row in rows]
    assert [int(vector.argmax()) for vector in kept] == list(range(len(TEXTS)))


async def test_an_encoder_that_fails_tries_again(
    vectors: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "_POLL_S", 0.01)
    failures = iter([True, True])

    def unreliable(texts: Sequence[str]) -> Any:
        if next(failures, False):
            raise RuntimeError("no memory")
        return by_number(texts)

    encoder = Encoder(vectors, unreliable)
    encoder.start()
    await all_encoded(vectors)
    await encoder.stop()


async def test_stopping_leaves_the_rest_queued(vectors: VectorStore) -> None:
    encoder = Encoder(vectors, by_number)
    assert await encoder.step()
    await encoder.stop()
    assert 0 < len(await vectors.waiting(1000)) < len(TEXTS)
