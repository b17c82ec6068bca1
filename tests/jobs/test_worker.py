"""Workers: results and reasons written, work given back, nothing lost when something breaks."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from earful.accounts.service import Accounts
from earful.insight.types import Findings
from earful.jobs.worker import JobFailed, Outcome, Report, Worker
from earful.store.jobs import Job, JobStatus
from tests.jobs.conftest import START, Kept

DONE = Outcome(Findings(), START)
Run = Callable[[Job, Report], Awaitable[Outcome]]


@asynccontextmanager
async def working(kept: Kept, run: Run, **options: object) -> AsyncIterator[Worker]:
    settings = {"concurrency": 1, "poll": timedelta(milliseconds=5), **options}
    worker = Worker(kept.jobs, run, **settings)  # type: ignore[arg-type]
    worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


async def until(kept: Kept, job: Job, *states: JobStatus) -> Job:
    async with asyncio.timeout(10):
        while True:
            seen = await kept.jobs.get(kept.application_id, job.id)
            if seen is not None and seen.status in states:
                return seen
            await asyncio.sleep(0.005)


async def test_a_job_is_run_and_completed(kept: Kept) -> None:
    ran: list[str] = []

    async def run(job: Job, report: Report) -> Outcome:
        ran.append(job.id)
        return DONE

    sent = await kept.job()
    async with working(kept, run):
        await until(kept, sent, "completed")
    assert ran == [sent.id]


async def test_a_job_that_cannot_be_done_says_why(kept: Kept) -> None:
    async def run(job: Job, report: Report) -> Outcome:
        raise JobFailed("the file holds no audio")

    sent = await kept.job()
    async with working(kept, run):
        assert (await until(kept, sent, "failed")).error == "the file holds no audio"


async def test_a_bug_fails_its_job_without_showing_its_inside_and_the_next_job_runs(kept: Kept) -> None:
    async def run(job: Job, report: Report) -> Outcome:
        if job.request["bug"]:
            raise KeyError("/secret/path")
        return DONE

    broken, sound = await kept.job(bug=True), await kept.job(bug=False)
    async with working(kept, run):
        failed = await until(kept, broken, "failed")
        await until(kept, sound, "completed")
    assert failed.error is not None
    assert "secret" not in failed.error
    assert broken.id in failed.error


async def test_progress_is_kept_while_the_job_runs(kept: Kept) -> None:
    go_on = asyncio.Event()

    async def run(job: Job, report: Report) -> Outcome:
        report(0.4)
        report(0.2)
        await go_on.wait()
        return DONE

    sent = await kept.job()
    async with working(kept, run, lease=timedelta(milliseconds=150)):
        async with asyncio.timeout(10):
            while (seen := await kept.jobs.get(kept.application_id, sent.id)) is None or not seen.progress:
                await asyncio.sleep(0.005)
        assert seen.progress == 0.4
        go_on.set()
        await until(kept, sent, "completed")


async def test_a_job_under_way_when_the_server_stops_starts_again_elsewhere(kept: Kept) -> None:
    started = asyncio.Event()
    cancelled: list[str] = []

    async def endless(job: Job, report: Report) -> Outcome:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(job.id)
        return DONE

    async def run(job: Job, report: Report) -> Outcome:
        return DONE

    sent = await kept.job()
    async with working(kept, endless):
        await started.wait()
    assert cancelled == [sent.id]
    async with working(kept, run):
        assert (await until(kept, sent, "completed")).attempts == 2


async def test_a_job_of_a_process_that_was_killed_starts_again_without_waiting_for_its_lease(
    kept: Kept,
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = socket.gethostname()[:32]
    alive, elsewhere, gone = await kept.job(), await kept.job(), await kept.job()
    for worker in (f"{here}/{os.getppid()}/a-0", f"elsewhere/{ended.pid}/a-0", f"{here}/{ended.pid}/a-0"):
        await kept.jobs.claim(worker, timedelta(minutes=1))
    worker = Worker(kept.jobs, _unexpected, concurrency=1)
    await worker.recover()
    claimed = await kept.jobs.claim("next", timedelta(minutes=1))
    assert claimed is not None
    assert (claimed.id, claimed.attempts) == (gone.id, 2)
    assert await kept.jobs.claim("next", timedelta(minutes=1)) is None
    assert {alive.id, elsewhere.id}.isdisjoint({claimed.id})


async def _unexpected(job: Job, report: Report) -> Outcome:
    raise AssertionError("nothing is to be run")


async def test_a_job_that_takes_the_server_down_each_time_is_given_up(kept: Kept) -> None:
    async def run(job: Job, report: Report) -> Outcome:
        raise AssertionError("must not be started a fourth time")

    sent = await kept.job()
    for _ in range(3):
        await kept.jobs.claim("dead", timedelta(seconds=-1))
    async with working(kept, run):
        failed = await until(kept, sent, "failed")
    assert "stopped 3 times" in (failed.error or "")


async def test_a_conversation_deleted_meanwhile_ends_its_job_and_nothing_else(kept: Kept) -> None:
    started = asyncio.Event()

    async def run(job: Job, report: Report) -> Outcome:
        if job.request.get("endless"):
            started.set()
            await asyncio.Event().wait()
        return DONE

    doomed = await kept.job(endless=True)
    async with working(kept, run, lease=timedelta(milliseconds=150)):
        await started.wait()
        await kept.conversations.delete(kept.application_id, doomed.conversation_id)
        await until(kept, await kept.job(), "completed")


async def test_as_many_jobs_run_at_a_time_as_allowed(kept: Kept) -> None:
    running = 0
    most = 0
    go_on = asyncio.Event()

    async def run(job: Job, report: Report) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if most == 2:
            go_on.set()
        await go_on.wait()
        running -= 1
        return DONE

    sent = [await kept.job() for _ in range(5)]
    async with working(kept, run, concurrency=2):
        for job in sent:
            await until(kept, job, "completed")
    assert most == 2


async def test_a_new_job_is_noticed_without_waiting_for_the_next_look(kept: Kept) -> None:
    async def run(job: Job, report: Report) -> Outcome:
        return DONE

    async with working(kept, run, poll=timedelta(hours=1)) as worker:
        await asyncio.sleep(0.05)
        sent = await kept.job()
        worker.notice()
        await until(kept, sent, "completed")


async def test_a_database_that_fails_for_a_moment_does_not_end_the_worker(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = kept.jobs.claim
    failures = iter([OSError("away"), OSError("away")])

    async def claim(worker: str, lease: timedelta, **rules: Any) -> Job | None:
        for failure in failures:
            raise failure
        return await real(worker, lease, **rules)

    async def run(job: Job, report: Report) -> Outcome:
        return DONE

    monkeypatch.setattr(kept.jobs, "claim", claim)
    sent = await kept.job()
    async with working(kept, run):
        await until(kept, sent, "completed")


async def test_a_job_of_another_application_is_begun_beside_those_of_a_busy_one(kept: Kept) -> None:
    begun: list[str] = []
    go_on = asyncio.Event()

    async def run(job: Job, report: Report) -> Outcome:
        begun.append(job.application_id)
        await go_on.wait()
        return DONE

    for _ in range(3):
        await kept.job()
    credentials = await Accounts(kept.database).create("another")
    other = replace(kept, application_id=credentials.customer_id)
    sent = await other.job()
    async with working(kept, run, concurrency=1, guests=2):
        async with asyncio.timeout(10):
            while other.application_id not in begun:
                await asyncio.sleep(0.005)
        assert begun.count(kept.application_id) <= 2  # one of its own right, one as a guest
        go_on.set()
        await until(other, sent, "completed")


async def test_a_job_that_took_the_server_down_twice_is_tried_alone(kept: Kept) -> None:
    under_way: set[str] = set()
    beside: dict[str, int] = {}

    async def run(job: Job, report: Report) -> Outcome:
        under_way.add(job.id)
        for one in under_way:
            beside[one] = max(beside.get(one, 0), len(under_way) - 1)
        await asyncio.sleep(0.05)
        under_way.discard(job.id)
        return DONE

    suspect = await kept.job()
    for _ in range(2):
        await kept.jobs.claim("dead", timedelta(seconds=-1))
    sound = [await kept.job() for _ in range(3)]
    async with working(kept, run, concurrency=3):
        for job in (suspect, *sound):
            await until(kept, job, "completed")
    assert beside[suspect.id] == 0
    assert max(beside[job.id] for job in sound) > 0
