"""Takes jobs from the queue and sees each through: a lease kept alive, a result or a reason written."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from earful.conversation.types import Member
from earful.insight.types import Findings
from earful.jobs.processes import is_gone, this_process
from earful.store.jobs import Job, JobStore, LeaseLost

__all__ = ["JobFailed", "Outcome", "Report", "Worker"]

log = structlog.get_logger(__name__)

Report = Callable[[float], None]
"""Called with how far a job is, 0..1; from any thread."""


class JobFailed(Exception):
    """The job cannot be done; the message says why to the one who sent it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job brought: findings, the members who are new, and when the conversation ended."""

    findings: Findings
    ended_at: datetime
    members: Sequence[Member] = ()


class Worker:
    """Has up to `concurrency` jobs under way at a time in this process, and `guests` more of applications
    that have none under way.

    `run` does one job. It is cancelled when the server stops or the lease is lost; the job then starts
    again from its beginning, here or elsewhere. A job that was started `max_attempts` times and took
    the process down each time is given up; the last time it was alone, so that no other is blamed for it.
    `on_done` is called with a job that completed or failed.
    """

    def __init__(
        self,
        jobs: JobStore,
        run: Callable[[Job, Report], Awaitable[Outcome]],
        *,
        concurrency: int,
        guests: int = 0,
        lease: timedelta = timedelta(seconds=15),
        poll: timedelta = timedelta(seconds=1),
        max_attempts: int = 3,
        on_done: Callable[[Job], None] = lambda job: None,
    ) -> None:
        self._jobs = jobs
        self._run = run
        self._concurrency = concurrency
        self._guests = guests
        self._lease = lease
        self._poll_s = poll.total_seconds()
        self._max_attempts = max_attempts
        self._on_done = on_done
        self._name = f"{this_process()}/{secrets.token_hex(4)}"
        self._new = asyncio.Event()
        self._taking = asyncio.Lock()
        self._under_way = 0
        self._alone = False
        self._loops: list[asyncio.Task[None]] = []

    async def recover(self) -> None:
        """Free jobs of processes of this machine that are no more, without waiting for their leases."""
        await self._jobs.free(lambda worker: is_gone(worker.rpartition("/")[0]))

    def start(self) -> None:
        """Begin to take jobs."""
        for lane in range(self._concurrency + self._guests):
            work = self._work(f"{self._name}-{lane}", guest=lane >= self._concurrency)
            self._loops.append(asyncio.create_task(work, name=f"earful job worker {lane}"))

    def notice(self) -> None:
        """Look for a job now: one was just sent."""
        self._new.set()

    async def stop(self) -> None:
        """Stop taking jobs; give back those under way, so that they start again at once elsewhere."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops.clear()

    async def _work(self, name: str, *, guest: bool) -> None:
        while True:
            try:
                job = await self._take(name, guest=guest)
                if job is not None:
                    try:
                        await self._see_through(job, name)
                    finally:
                        self._under_way -= 1
                        self._alone = False
                    self._new.set()  # what waited to be alone, or for this conversation, may begin
                    continue
            except Exception:
                # The database may be away for a moment; a worker that dies of it would never come back.
                log.exception("job worker failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._new.wait()
            self._new.clear()

    async def _take(self, name: str, *, guest: bool) -> Job | None:
        async with self._taking:
            if self._alone:
                return None
            most = self._max_attempts - 2 if self._under_way else None
            job = await self._jobs.claim(name, self._lease, most_attempts=most, guest=guest)
            if job is not None:
                self._under_way += 1
                self._alone = job.attempts >= self._max_attempts
            return job

    async def _see_through(self, job: Job, name: str) -> None:
        if job.attempts > self._max_attempts:
            times = self._max_attempts
            reason = f"given up: the server stopped {times} times while it was working on this"
            await self._give_up(job, name, reason)
            return
        started = asyncio.get_running_loop().time()
        progress = 0.0

        def report(fraction: float) -> None:
            nonlocal progress
            progress = max(progress, min(1.0, fraction))

        work = asyncio.ensure_future(self._run(job, report))
        try:
            while not work.done():
                await asyncio.wait([work], timeout=self._lease.total_seconds() / 15)
                if not work.done():
                    await self._jobs.renew(job, name, self._lease, progress)
            outcome = await work
            rest = await self._jobs.draft(job, name, self._lease, outcome.findings)
            await asyncio.shield(
                self._jobs.complete(job, name, rest, members=outcome.members, ended_at=outcome.ended_at)
            )
            seconds = round(asyncio.get_running_loop().time() - started, 3)
            log.info("job completed", job_id=job.id, kind=job.kind, seconds=seconds)
            self._on_done(job)
        except LeaseLost:
            log.warning("job lost", job_id=job.id, kind=job.kind)
        except asyncio.CancelledError:
            await _cancel(work)
            with contextlib.suppress(LeaseLost):
                await asyncio.shield(self._jobs.release(job, name))
            raise
        except JobFailed as failure:
            log.info("job failed", job_id=job.id, kind=job.kind)
            await self._give_up(job, name, str(failure))
        except Exception:
            log.exception("job broke", job_id=job.id, kind=job.kind)
            await self._give_up(
                job, name, f"an error inside the server; its log has the reason (job {job.id})"
            )
        finally:
            await _cancel(work)

    async def _give_up(self, job: Job, name: str, reason: str) -> None:
        with contextlib.suppress(LeaseLost):
            await asyncio.shield(self._jobs.fail(job, name, reason))
            self._on_done(job)


async def _cancel(work: asyncio.Future[Outcome]) -> None:
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
