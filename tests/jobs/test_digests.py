"""Digests: written by a language model where there is one, and without it when it fails."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from earful.accounts.types import Application
from earful.conversation.types import Message
from earful.insight.language_model import LanguageModel
from earful.insight.types import Findings
from earful.jobs.digests import Digests, TooShort
from earful.store.attachments import AttachmentStore
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.jobs import Job, JobStore
from tests.store.samples import ACTION_ITEM, ASKED, CID, EVERYTHING, PROMISED, UNNAMED, conversation

LONG = tuple(
    Message(
        f"l{at}", CID, "We will look at the offer and talk about the price again soon.", 20.0 + at, 21.0 + at
    )
    for at in range(6)
)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'earful.db'}"


async def digests(
    database: Database, application: Application, answer: httpx.Response | None, *, long: bool = False
) -> Digests:
    store = ConversationStore(database)
    await store.create(conversation(application.id))
    await store.add_findings(CID, EVERYTHING)
    if long:
        await store.add_findings(CID, Findings(messages=LONG))
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


# -- call scores by a language model ----------------------------------------------------------------

CRITERIA = ("Communication and Engagement", "Question Handling", "Forward Motion")


def judgement(**changes: Any) -> dict[str, Any]:
    criteria = [
        {
            "name": name.upper(),
            "score": 60 + at,
            "summary": f"About {name}.",
            "positive": "Clear.",
            "negative": "",
        }
        for at, name in enumerate(CRITERIA)
    ]
    return {"summary": "A clear next step.", "criteria": criteria, **changes}


def said(content: str) -> httpx.Response:
    return httpx.Response(200, json={"choices": [{"message": {"content": content}}]})


async def test_a_model_judges_the_call_and_its_words_are_kept(
    database: Database, application: Application
) -> None:
    """Also out of a code fence, with names in another letter case and scores as text or out of range."""
    given = judgement()
    given["criteria"][0]["score"] = "170"
    fenced = f"Here it is:\n```json\n{json.dumps(given)}\n```"
    made = await digests(database, application, said(fenced), long=True)
    score = await made.call_score(conversation(application.id))
    assert score.summary == "A clear next step."
    assert [(one.name, one.score, one.summary) for one in score.criteria] == [
        (name, points, f"About {name}.") for name, points in zip(CRITERIA, (100, 61, 62), strict=True)
    ]
    assert score.criteria[0].positive == "Clear."
    assert score.score == round(sum((100, 61, 62)) / 3)
    silent = Digests(made._conversations, made._attachments, made._jobs, None)
    assert await silent.call_score(conversation(application.id)) == score


@pytest.mark.parametrize(
    "answer",
    [
        None,
        said("I cannot do that."),
        said("{}"),
        said(json.dumps(judgement(criteria=[]))),
        said(json.dumps(judgement(criteria={"name": "x"}))),
        said(
            json.dumps(
                judgement(criteria=[{"name": name, "score": "high", "summary": ""} for name in CRITERIA])
            )
        ),
        said(
            json.dumps(
                judgement(criteria=[{"name": name, "score": 1e999, "summary": ""} for name in CRITERIA])
            )
        ),
        httpx.Response(200, text="<html>"),
    ],
)
async def test_a_judgement_that_cannot_be_used_leaves_the_measured_score(
    database: Database, application: Application, answer: httpx.Response | None
) -> None:
    made = await digests(database, application, answer, long=True)
    score = await made.call_score(conversation(application.id))
    assert [one.name for one in score.criteria] == list(CRITERIA)
    assert all(0 <= one.score <= 100 for one in score.criteria)
    assert score.summary != "A clear next step."


# -- summaries of what was added ----------------------------------------------------------------------


async def test_without_refresh_the_summary_of_what_was_added_is_added(
    database: Database, application: Application
) -> None:
    made = await digests(database, application, None)
    owner = conversation(application.id)
    (first,) = await made.summaries(owner)
    assert await made.summaries(owner, refresh=False) == (first,), "nothing was added"
    await ConversationStore(database).add_findings(CID, Findings(messages=LONG))
    (second,) = await made.summaries(owner, refresh=False)
    assert second.id != first.id
    assert set(second.message_ids) <= {message.id for message in LONG}
    assert await made.summaries(owner) == (first, second), "both are kept"
    (whole,) = await made.summaries(owner, refresh=True)
    assert {ASKED.id, PROMISED.id, UNNAMED.id} & set(whole.message_ids)
    assert await made.summaries(owner) == (whole,)


async def test_without_refresh_and_without_a_summary_the_first_is_of_it_all(
    database: Database, application: Application
) -> None:
    made = await digests(database, application, None)
    (only,) = await made.summaries(conversation(application.id), refresh=False)
    assert ACTION_ITEM.text in only.text
