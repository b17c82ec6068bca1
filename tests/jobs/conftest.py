"""A real database with one application and one conversation, for tests of jobs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from earful.accounts.service import Accounts
from earful.conversation.ids import new_numeric_id, new_uuid
from earful.conversation.types import Conversation
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.jobs import Job, JobKind, JobStore

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Kept:
    """The stores of one test, and the application whose work it is."""

    database: Database
    conversations: ConversationStore
    jobs: JobStore
    application_id: str

    async def conversation(self) -> str:
        made = Conversation(new_numeric_id(), self.application_id, START)
        await self.conversations.create(made)
        return made.id

    async def job(
        self,
        conversation_id: str | None = None,
        kind: JobKind = "text",
        webhook_url: str | None = None,
        **request: object,
    ) -> Job:
        owner = conversation_id or await self.conversation()
        sent = Job(new_uuid(), self.application_id, owner, kind, request, webhook_url)
        await self.jobs.submit(sent)
        return sent


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    database = Database(f"sqlite:///{tmp_path / 'earful.db'}")
    await database.start()
    credentials = await Accounts(database).create("tests")
    conversations = ConversationStore(database)
    yield Kept(database, conversations, JobStore(database, conversations), credentials.customer_id)
    await database.close()
