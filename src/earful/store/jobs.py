"""Jobs that survive a restart: a queue in the database, taken by workers under a lease.

A worker owns a job for as long as it renews the lease. When it dies, the lease runs out and another
worker starts the job again from its beginning; what the job found is written in the same transaction
that completes it, so that however often it was started there is one copy of each message.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import RowMapping, and_, func, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from earful.conversation.types import Conversation, Member
from earful.insight.types import Findings
from earful.store import records, tables
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.deliveries import DeliveryQueue

__all__ = ["Job", "JobKind", "JobStatus", "JobStore", "LeaseLost"]

JobKind = Literal["text", "media"]
JobStatus = Literal["scheduled", "in_progress", "completed", "failed"]

_OPEN: tuple[JobStatus, ...] = ("scheduled", "in_progress")
_DRAFT_PART = 200  # messages a transaction


class LeaseLost(Exception):
    """The job is no longer this worker's: its lease ran out, or its conversation was deleted."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work on one conversation.

    `request` is what was asked, JSON-serialisable. `progress` is in 0..1. `attempts` counts how often
    it was started. `error` is fit to be shown to the one who sent the work.
    """

    id: str
    application_id: str
    conversation_id: str
    kind: JobKind
    request: Mapping[str, Any] = field(default_factory=dict)
    webhook_url: str | None = None
    status: JobStatus = "scheduled"
    progress: float = 0.0
    error: str | None = None
    attempts: int = 0


class JobStore(DeliveryQueue):
    """Jobs and their webhook calls over one `Database`; safe for any number of workers and nodes."""

    def __init__(self, database: Database, conversations: ConversationStore) -> None:
        deliveries = tables.webhook_deliveries
        super().__init__(database, table=deliveries, owner=deliveries.c.job_id, url=deliveries.c.url)
        self._conversations = conversations

    # -- for those who send work ------------------------------------------------------------------

    async def submit(self, job: Job, conversation: Conversation | None = None) -> None:
        """Keep a new job, and a new conversation for it if given; when this returns it will be done."""
        async with self._database.write() as connection:
            if conversation is not None:
                await self._conversations.write_new(connection, conversation)
            await connection.execute(
                insert(tables.jobs),
                {
                    "id": job.id,
                    "application_id": job.application_id,
                    "conversation_id": job.conversation_id,
                    "kind": job.kind,
                    "request": dict(job.request),
                    "webhook_url": job.webhook_url,
                    "status": job.status,
                    "progress": 0.0,
                    "attempts": 0,
                    "created_at": datetime.now(UTC),
                },
            )
            await self._tell(connection, job, job.status)

    async def get(self, application_id: str, job_id: str) -> Job | None:
        """Return a job of the application, or None."""
        table = tables.jobs
        async with self._database.read() as connection:
            found = await connection.execute(
                select(table).where(table.c.id == job_id, table.c.application_id == application_id)
            )
            row = found.mappings().one_or_none()
        return None if row is None else _job(row)

    async def of_conversation(self, application_id: str, conversation_id: str) -> Sequence[Job]:
        """Return the jobs of a conversation, the oldest first."""
        table = tables.jobs
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(table)
                .where(table.c.conversation_id == conversation_id, table.c.application_id == application_id)
                .order_by(table.c.seq)
            )
            return tuple(_job(row) for row in rows.mappings())

    async def count_open(self, application_id: str) -> int:
        """Return how many of an application's jobs are not yet done."""
        table = tables.jobs
        async with self._database.read() as connection:
            counted = await connection.scalar(
                select(func.count())
                .select_from(table)
                .where(table.c.application_id == application_id, table.c.status.in_(_OPEN))
            )
        return int(counted or 0)

    async def media_keys(self, *, only_open: bool = False) -> frozenset[str]:
        """Return every name under which a job of any application may have a recording.

        With `only_open` those of jobs that are done are left out.
        """
        table = tables.jobs
        wanted = select(table.c.id, table.c.request)
        if only_open:
            wanted = wanted.where(table.c.status.in_(_OPEN))
        async with self._database.read() as connection:
            rows = await connection.execute(wanted)
            return frozenset(row.request.get("media") or row.id for row in rows)

    # -- for workers ------------------------------------------------------------------------------

    async def claim(
        self, worker: str, lease: timedelta, *, most_attempts: int | None = None, guest: bool = False
    ) -> Job | None:
        """Take the job that is next, or None: of the application with the fewest under way the oldest.

        The jobs of one conversation run one after another, in the order in which they were sent. A `guest`
        is a job of an application that has none under way. None is taken while the next one was started
        more than `most_attempts` times before.
        """
        table, earlier, others = tables.jobs, tables.jobs.alias("earlier"), tables.jobs.alias("others")
        now = datetime.now(UTC)
        ahead = (
            select(earlier.c.seq)
            .where(
                earlier.c.conversation_id == table.c.conversation_id,
                earlier.c.seq < table.c.seq,
                earlier.c.status.in_(_OPEN),
            )
            .exists()
        )
        under_way = (
            select(func.count())
            .select_from(others)
            .where(others.c.status == "in_progress", others.c.application_id == table.c.application_id)
            .scalar_subquery()
        )
        abandoned = and_(table.c.status == "in_progress", table.c.lease_until < now)
        wanted = (
            select(table)
            .where(or_(table.c.status == "scheduled", abandoned), ~ahead)
            .where(under_way == 0 if guest else true())
            .order_by(under_way, table.c.seq)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(wanted)).mappings().one_or_none()
            if row is None or (most_attempts is not None and row["attempts"] > most_attempts):
                return None
            await connection.execute(
                update(table)
                .where(table.c.seq == row["seq"])
                .values(
                    status="in_progress",
                    progress=0.0,
                    attempts=row["attempts"] + 1,
                    worker=worker,
                    lease_until=now + lease,
                )
            )
            job = _job({**row, "status": "in_progress", "progress": 0.0, "attempts": row["attempts"] + 1})
            if row["status"] == "scheduled":
                await self._tell(connection, job, "in_progress")
            return job

    async def renew(self, job: Job, worker: str, lease: timedelta, progress: float) -> None:
        """Keep the job for longer and note how far it is. Raises `LeaseLost`."""
        async with self._database.write() as connection:
            await self._update(
                connection, job, worker, lease_until=datetime.now(UTC) + lease, progress=progress
            )

    async def draft(self, job: Job, worker: str, lease: timedelta, findings: Findings) -> Findings:
        """Write what is much of what a job found where no reader sees it, and return the rest.

        Others may write between the parts of it. `complete` makes it seen. Raises `LeaseLost`.
        """
        draft_id = _draft_id(job.id)
        if job.attempts > 1:
            await self._conversations.discard(draft_id)
        if len(findings.messages) <= _DRAFT_PART:
            return findings
        for part in _parts(findings):
            async with self._database.write() as connection:
                await self._update(connection, job, worker, lease_until=datetime.now(UTC) + lease)
                await self._conversations.write_draft(connection, job.conversation_id, draft_id, part)
        return Findings(topics=findings.topics)

    async def complete(
        self, job: Job, worker: str, findings: Findings, *, members: Sequence[Member], ended_at: datetime
    ) -> None:
        """Write what the job found, what `draft` wrote of it too, and that it is done, at once.

        Raises `LeaseLost`.
        """
        async with self._database.write() as connection:
            await self._update(
                connection,
                job,
                worker,
                status="completed",
                progress=1.0,
                request=_spent(job.request),
                **_done(),
            )
            for member in members:
                await connection.execute(
                    insert(tables.members), records.member_row(job.conversation_id, member)
                )
            await self._conversations.publish(connection, job.conversation_id, _draft_id(job.id))
            await self._conversations.write_findings(connection, job.conversation_id, findings)
            table = tables.conversations
            await connection.execute(
                update(table)
                .where(
                    table.c.id == job.conversation_id,
                    or_(table.c.ended_at.is_(None), table.c.ended_at < ended_at),
                )
                .values(ended_at=ended_at)
            )
            await self._tell(connection, job, "completed")
        await self._forget(job)

    async def fail(self, job: Job, worker: str, reason: str) -> None:
        """Note that the job cannot be done, and why. Raises `LeaseLost`."""
        async with self._database.write() as connection:
            await self._update(
                connection, job, worker, status="failed", error=reason, request=_spent(job.request), **_done()
            )
            await self._tell(connection, job, "failed", reason)
        await self._forget(job)

    async def release(self, job: Job, worker: str) -> None:
        """Give a job back unfinished (the server stops), so that it starts again at once elsewhere."""
        async with self._database.write() as connection:
            await self._update(connection, job, worker, lease_until=datetime.now(UTC) - timedelta(seconds=1))

    async def free(self, is_gone: Callable[[str], bool]) -> None:
        """Let jobs whose worker is no more start again at once."""
        table = tables.jobs
        async with self._database.write() as connection:
            held = await connection.execute(
                select(table.c.seq, table.c.worker).where(table.c.status == "in_progress")
            )
            freed = [row.seq for row in held if row.worker and is_gone(row.worker)]
            if freed:
                past = datetime.now(UTC) - timedelta(seconds=1)
                await connection.execute(update(table).where(table.c.seq.in_(freed)).values(lease_until=past))

    async def discard_drafts(self, jobs: Iterable[Job]) -> None:
        """Delete what jobs were writing whose conversation was deleted."""
        ids = {_draft_id(job.id) for job in jobs}
        for one in await self._conversations.drafts():
            if one in ids:
                await self._conversations.discard(one)

    async def sweep(self) -> None:
        """Delete drafts that no job is writing any more, and what was being deleted when a server stopped."""
        hidden = await self._conversations.drafts()
        if not hidden:
            return
        table = tables.jobs
        async with self._database.read() as connection:
            open_ = await connection.execute(select(table.c.id).where(table.c.status.in_(_OPEN)))
            written = {_draft_id(id_) for id_ in open_.scalars()}
        for one in hidden:
            if one not in written:
                await self._conversations.discard(one)

    # -- inside -----------------------------------------------------------------------------------

    async def _forget(self, job: Job) -> None:
        """See to it that what a job with redaction was given is in no file any more."""
        if job.request.get("wanted", {}).get("redaction", {}).get("redact"):
            await self._database.forget()

    async def _update(self, connection: AsyncConnection, job: Job, owner: str, **values: Any) -> None:
        table = tables.jobs
        result = await connection.execute(
            update(table)
            .where(
                table.c.id == job.id,
                table.c.worker == owner,
                table.c.attempts == job.attempts,
                table.c.status == "in_progress",
            )
            .values(**values)
        )
        if result.rowcount == 0:
            raise LeaseLost(job.id)

    async def _tell(
        self, connection: AsyncConnection, job: Job, status: JobStatus, error: str | None = None
    ) -> None:
        """Queue the webhook call of a state, in the transaction that brings the state about."""
        if not job.webhook_url:
            return
        body = {"jobId": job.id, "status": status, "conversationId": job.conversation_id}
        if error is not None:
            body["error"] = error
        await connection.execute(
            insert(tables.webhook_deliveries),
            {
                "job_id": job.id,
                "url": job.webhook_url,
                "body": body,
                "attempts": 0,
                "due_at": datetime.now(UTC),
            },
        )


def _draft_id(job_id: str) -> str:
    return job_id.replace("-", "")


def _parts(findings: Findings) -> Iterator[Findings]:
    """Divide findings, without the topics, into parts that are written quickly."""
    each = (findings.messages, findings.insights, findings.trackers, findings.entities)
    for at in range(0, max(map(len, each)), _DRAFT_PART):
        part = slice(at, at + _DRAFT_PART)
        yield Findings(
            messages=findings.messages[part],
            insights=findings.insights[part],
            trackers=findings.trackers[part],
            entities=findings.entities[part],
        )


def _spent(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request without the texts to work on: done, it is only asked for its options."""
    return {name: value for name, value in request.items() if name != "remarks"}


def _done() -> dict[str, Any]:
    return {"finished_at": datetime.now(UTC), "worker": None, "lease_until": None}


def _job(row: RowMapping | Mapping[str, Any]) -> Job:
    return Job(
        id=row["id"],
        application_id=row["application_id"],
        conversation_id=row["conversation_id"],
        kind=row["kind"],
        request=row["request"],
        webhook_url=row["webhook_url"],
        status=row["status"],
        progress=row["progress"],
        error=row["error"],
        attempts=row["attempts"],
    )
