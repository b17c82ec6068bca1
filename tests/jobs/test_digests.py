"""Digests: written by a language model where there is one, and without it when it fails."""

from pathlib import Path

import httpx
import pytest

from earful.accounts.types import Application
from earful.insight.language_model import LanguageModel
from earful.jobs.digests import Digests, TooShort
from earful.store.attachments import AttachmentStore
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.jobs import Job, JobStore
from tests.store.samples import ACTION_ITEM, CID, EVERYTHING, conversation


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'earful.db'}"


async def digests(database: Database, application: Application, answer: httpx.Response | None) -> Digests:
    store = ConversationStore(database)
    await store.create(conversation(application.id))
    await store.add_findings(CID, EVERYTHING)
    transport = httpx.MockTransport(lambda _request: answer or httpx.Response(500))
    model = LanguageModel("http://llm/v1", "m", transport=transport)
    return Digests(store, AttachmentStore(database), JobStore(database, store), model)


async def test_a_model_writes_the_summary(database: Database, application: Application) -> None:
    written = httpx.Response(200, json={"choices": [{"message": {"content": "They agreed."}}]})
    made = await digests(database, application, written)
    (summary,) = await made.summaries(conversation(application.id))
    assert summary.text == "They agreed."


async def test_a_model_that_fails_costs_nobody_the_summary(
    database: Database, application: Application
) -> None:
    made = await digests(database, application, None)
    (summary,) = await made.summaries(conversation(application.id))
    assert ACTION_ITEM.text in summary.text


async def test_what_a_job_asked_for_is_made_ahead_and_few_words_are_not_scored(
    database: Database, application: Application
) -> None:
    made = await digests(database, application, None)
    wanted = {"wanted": {"summary": True, "call_score": True}}
    await made.prepare(Job("j", application.id, CID, "text", wanted))
    assert len(await AttachmentStore(database).list(application.id, CID, "summary")) == 1
    with pytest.raises(TooShort):
        await made.call_score(conversation(application.id))
