"""The queue: order, leases, one copy of each result, webhook calls that cannot be forgotten."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from earful.conversation.ids import new_numeric_id, new_uuid
from earful.conversation.types import Insight, Member, Message, Topic
from earful.insight.types import Findings
from earful.jobs.encoding import encode
from earful.store.conversations import ConversationQuery
from earful.store.jobs import Job, LeaseLost
from earful.store.search import SearchQuery, SearchStore
from tests.jobs.conftest import START, Kept

LEASE = timedelta(seconds=30)
EXPIRED = timedelta(seconds=-1)
LATER = START + timedelta(minutes=1)


def said(conversation_id: str, text: str) -> Findings:
    return Findings(messages=(Message(new_numeric_id(), conversation_id, text, 0.0, 1.0),))


async def texts(kept: Kept, conversation_id: str) -> list[str]:
    return [
        message.text for message in await kept.conversations.messages(kept.application_id, conversation_id)
    ]


async def claimed(kept: Kept, worker: str = "w", lease: timedelta = LEASE) -> Job:
    job = await kept.jobs.claim(worker, lease)
    assert job is not None
    return job


async def test_jobs_are_taken_in_the_order_they_were_sent(kept: Kept) -> None:
    sent = [await kept.job() for _ in range(3)]
    assert [(await claimed(kept)).id for _ in sent] == [job.id for job in sent]
    assert await kept.jobs.claim("w", LEASE) is None


async def test_jobs_of_one_conversation_wait_for_each_other(kept: Kept) -> None:
    first = await kept.job()
    second = await kept.job(first.conversation_id)
    other = await kept.job()
    assert (await claimed(kept, "a")).id == first.id
    assert (await claimed(kept, "b")).id == other.id
    assert await kept.jobs.claim("c", LEASE) is None
    taken = await kept.jobs.get(kept.application_id, first.id)
    assert taken is not None
    await kept.jobs.complete(taken, "a", Findings(), members=(), ended_at=LATER)
    assert (await claimed(kept, "c")).id == second.id


async def test_a_job_moves_from_scheduled_to_completed_with_its_findings(kept: Kept) -> None:
    sent = await kept.job()
    job = await claimed(kept)
    assert (job.status, job.attempts) == ("in_progress", 1)
    await kept.jobs.renew(job, "w", LEASE, 0.5)
    seen = await kept.jobs.get(kept.application_id, sent.id)
    assert seen is not None
    assert (seen.status, seen.progress) == ("in_progress", 0.5)
    member = Member(new_uuid(), "Ines", user_id="ines@example.com")
    findings = said(job.conversation_id, "The delivery was late.")
    await kept.jobs.complete(job, "w", findings, members=[member], ended_at=LATER)
    seen = await kept.jobs.get(kept.application_id, sent.id)
    assert seen is not None
    assert (seen.status, seen.progress, seen.error) == ("completed", 1.0, None)
    assert await texts(kept, job.conversation_id) == ["The delivery was late."]
    conversation = await kept.conversations.get(kept.application_id, job.conversation_id)
    assert conversation is not None
    assert conversation.members == (member,)
    assert conversation.ended_at == LATER


async def test_a_job_whose_worker_died_is_started_again_and_writes_one_copy(kept: Kept) -> None:
    await kept.job()
    dead = await claimed(kept, "dead", EXPIRED)
    again = await claimed(kept, "alive")
    assert (again.id, again.attempts) == (dead.id, 2)
    await kept.jobs.complete(again, "alive", said(again.conversation_id, "once"), members=(), ended_at=LATER)
    with pytest.raises(LeaseLost):
        await kept.jobs.complete(
            dead, "dead", said(dead.conversation_id, "twice"), members=(), ended_at=LATER
        )
    assert await texts(kept, again.conversation_id) == ["once"]


@pytest.mark.parametrize("worker", ["other", "dead"])
async def test_a_worker_that_lost_its_lease_can_change_nothing(kept: Kept, worker: str) -> None:
    await kept.job()
    old = await claimed(kept, "dead", EXPIRED)
    new = await claimed(kept, "dead")
    with pytest.raises(LeaseLost):
        await kept.jobs.fail(old, worker, "no")
    with pytest.raises(LeaseLost):
        await kept.jobs.renew(old, worker, LEASE, 0.9)
    seen = await kept.jobs.get(kept.application_id, new.id)
    assert seen is not None
    assert seen.status == "in_progress"


async def test_a_released_job_starts_again_at_once(kept: Kept) -> None:
    await kept.job()
    job = await claimed(kept)
    await kept.jobs.release(job, "w")
    assert (await claimed(kept, "x")).id == job.id


async def test_a_failed_job_says_why_and_lets_the_next_one_run(kept: Kept) -> None:
    first = await kept.job()
    second = await kept.job(first.conversation_id)
    job = await claimed(kept)
    await kept.jobs.fail(job, "w", "that is no audio")
    seen = await kept.jobs.get(kept.application_id, first.id)
    assert seen is not None
    assert (seen.status, seen.error) == ("failed", "that is no audio")
    assert (await claimed(kept)).id == second.id


async def test_a_job_of_a_deleted_conversation_is_gone_and_writes_nothing(kept: Kept) -> None:
    sent = await kept.job()
    job = await claimed(kept)
    await kept.conversations.delete(kept.application_id, job.conversation_id)
    assert await kept.jobs.get(kept.application_id, sent.id) is None
    with pytest.raises(LeaseLost):
        await kept.jobs.complete(job, "w", said(job.conversation_id, "x"), members=(), ended_at=LATER)


async def test_another_applications_job_does_not_exist(kept: Kept) -> None:
    sent = await kept.job()
    assert await kept.jobs.get(new_uuid(), sent.id) is None
    assert await kept.jobs.of_conversation(new_uuid(), sent.conversation_id) == ()


async def test_only_jobs_that_are_not_done_count_as_open(kept: Kept) -> None:
    for _ in range(3):
        await kept.job()
    job = await claimed(kept)
    await kept.jobs.fail(job, "w", "no")
    assert await kept.jobs.count_open(kept.application_id) == 2


async def test_every_state_of_a_job_is_told_once_and_in_order(kept: Kept) -> None:
    sent = await kept.job(webhook_url="http://example.com/hook")
    job = await claimed(kept, "dead", EXPIRED)
    job = await claimed(kept)
    await kept.jobs.complete(job, "w", Findings(), members=(), ended_at=LATER)
    told = []
    while due := await kept.jobs.due_deliveries(10):
        assert len(due) == 1, "the calls of one job go one after another"
        told.append(due[0].body["status"])
        assert due[0].body["jobId"] == sent.id
        assert due[0].application_id == kept.application_id
        await kept.jobs.delivered(due[0])
    assert told == ["scheduled", "in_progress", "completed"]


async def test_a_postponed_call_waits_and_holds_back_the_later_ones_of_its_job(kept: Kept) -> None:
    await kept.job(webhook_url="http://example.com/hook")
    await claimed(kept)
    (first,) = await kept.jobs.due_deliveries(10)
    await kept.jobs.postpone(first, datetime.now(UTC) + timedelta(minutes=1))
    assert await kept.jobs.due_deliveries(10) == ()
    await kept.jobs.postpone(first, datetime.now(UTC) - timedelta(seconds=1))
    (again,) = await kept.jobs.due_deliveries(10)
    assert (again.seq, again.attempts) == (first.seq, 1)


def much(conversation_id: str, count: int = 450) -> Findings:
    messages = tuple(
        Message(f"m{at}", conversation_id, f"Parcel {at} is late.", at, at + 1.0) for at in range(count)
    )
    insights = tuple(Insight(f"q{at}", "question", "Why?", 0.9, (f"m{at}",)) for at in range(300))
    topic = Topic("t", "parcel", 0.5, ("m0", "m1"))
    return Findings(messages=messages, insights=insights, topics=(topic,))


async def test_much_is_written_in_parts_between_which_others_write_and_seen_all_at_once(kept: Kept) -> None:
    await kept.job()
    job = await claimed(kept)
    findings = much(job.conversation_id)
    other = await kept.conversation()
    search = SearchStore(kept.database, encode)
    written = asyncio.create_task(kept.jobs.draft(job, "w", LEASE, findings))
    between = 0
    while not written.done():
        message = Message(f"o{between}", other, "Hello.", between, between + 1.0)
        await kept.conversations.add_findings(other, Findings(messages=(message,)))
        between += 1
    assert between > 2, "others wrote meanwhile"
    listed = await kept.conversations.list(kept.application_id, ConversationQuery())
    assert {one.id for one in listed} == {job.conversation_id, other}
    assert await texts(kept, job.conversation_id) == []
    assert await search.search(kept.application_id, SearchQuery("parcel")) == ()
    await kept.jobs.complete(job, "w", await written, members=(), ended_at=LATER)
    owner = (kept.application_id, job.conversation_id)
    assert await kept.conversations.messages(*owner) == findings.messages
    assert await kept.conversations.insights(*owner) == findings.insights
    assert await kept.conversations.topics(*owner) == findings.topics
    assert len(await search.search(kept.application_id, SearchQuery("parcel", limit=500))) == 450
    conversation = await kept.conversations.get(*owner)
    assert conversation is not None
    assert conversation.spoken_until == 450.0
    assert await kept.conversations.drafts() == []


async def test_what_a_dead_worker_had_written_is_not_there_twice(kept: Kept) -> None:
    await kept.job()
    dead = await claimed(kept, "dead", EXPIRED)
    findings = much(dead.conversation_id)
    await kept.jobs.draft(dead, "dead", EXPIRED, findings)
    again = await claimed(kept, "alive")
    with pytest.raises(LeaseLost):
        await kept.jobs.draft(dead, "dead", LEASE, findings)
    await kept.jobs.sweep()
    assert len(await kept.conversations.drafts()) == 1, "its job is not done yet"
    rest = await kept.jobs.draft(again, "alive", LEASE, much(dead.conversation_id, 201))
    await kept.jobs.complete(again, "alive", rest, members=(), ended_at=LATER)
    assert len(await texts(kept, dead.conversation_id)) == 201


async def test_a_draft_goes_with_its_conversation(kept: Kept) -> None:
    sent = await kept.job()
    job = await claimed(kept)
    await kept.jobs.draft(job, "w", LEASE, much(job.conversation_id))
    await kept.conversations.delete(kept.application_id, job.conversation_id)
    with pytest.raises(LeaseLost):
        await kept.jobs.draft(job, "w", LEASE, much(job.conversation_id))
    await kept.jobs.discard_drafts([sent])
    assert await kept.conversations.drafts() == []


async def test_drafts_that_no_job_writes_are_swept_away(kept: Kept) -> None:
    await kept.job()
    job = await claimed(kept)
    await kept.jobs.draft(job, "w", LEASE, much(job.conversation_id))
    await kept.jobs.fail(job, "w", "no")
    await kept.jobs.sweep()
    assert await kept.conversations.drafts() == []
    async with kept.database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM messages")) == 0


async def test_a_conversation_that_a_failed_job_was_to_fill_is_not_listed(kept: Kept) -> None:
    failed, appended, waits = await kept.job(), await kept.job(), await kept.job()
    await kept.jobs.fail(await claimed(kept), "w", "that is no audio")
    await kept.conversations.add_findings(appended.conversation_id, said(appended.conversation_id, "Hello."))
    await kept.jobs.fail(await claimed(kept), "w", "that is no audio")

    async def listed() -> set[str]:
        found = await kept.conversations.list(kept.application_id, ConversationQuery())
        return {one.id for one in found}

    assert await listed() == {appended.conversation_id, waits.conversation_id}
    await kept.job(failed.conversation_id)  # a second try
    assert failed.conversation_id in await listed()


async def test_a_job_without_a_webhook_tells_nobody(kept: Kept) -> None:
    await kept.job()
    await kept.job(webhook_url="")
    await claimed(kept)
    assert await kept.jobs.due_deliveries(10) == ()
