"""Waiting for the server's jobs: poll quickly at first, then less often, and tell whoever asked."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Self

from symbl import _calls
from symbl import _models as models
from symbl._session import AsyncSession, Session, default_session
from symbl._settings import Credentials, Target
from symbl._threads import join_all, start_thread

__all__ = ["AsyncJob", "Job", "JobStatus", "tell"]

log = logging.getLogger("symbl")

FIRST_DELAY, LAST_DELAY, GROWTH = 0.5, 5.0, 1.5
Listener = Callable[[Any], Any]


class JobStatus(Enum):
    """How far a job is."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"
    COMPLETED = "completed"

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED)


def _delays() -> Iterator[float]:
    return itertools.accumulate(
        itertools.repeat(GROWTH), lambda delay, growth: min(delay * growth, LAST_DELAY), initial=FIRST_DELAY
    )


_telling: set[asyncio.Task[None]] = set()
"""Tasks that call somebody back; the event loop itself would forget them."""


def tell(func: Listener, conversation: object, when: Awaitable[bool] | None = None) -> None:
    """Call a function with a conversation from a task of its own, if `when` comes true; await what it gives.

    What it raises is logged.
    """

    async def told() -> None:
        try:
            if when is None or await when:
                answer = func(conversation)
                if inspect.isawaitable(answer):
                    await answer
        except Exception:
            log.exception("symbl: a function that was to be told of a job's end failed")

    task = asyncio.get_running_loop().create_task(told())
    _telling.add(task)
    task.add_done_callback(_telling.discard)


class _Report:
    """What was last heard of a job."""

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self._status = JobStatus.IN_PROGRESS
        self._report = models.Job({})

    def get_job_id(self) -> str:
        """Id of the job."""
        return self._job_id

    def get_job_status(self) -> str:
        """`scheduled`, `in_progress`, `completed` or `failed`, as last heard."""
        return self._status.value

    def get_job_progress(self) -> float | None:
        """How much of the work is done, 0..1, as last heard; `None` when the server does not say."""
        return self._report.progress

    def get_job_error(self) -> str | None:
        """Why the job failed, in the server's words."""
        return self._report.error

    def _heard(self, report: models.Job) -> bool:
        """Keep what the server says; whether the job has ended."""
        self._report = report
        self._status = JobStatus(report.status)
        return self._status.ended


class Job(_Report):
    """A job on the server, polled until it has ended.

    Of `on_complete` and `on_error` the one that fits is called exactly once, at once if the job has already
    ended. When polling itself fails (the server is gone, say), `on_error` is called and the cause is in
    `error`.
    """

    def __init__(
        self,
        job_id: str,
        conversation_id: str | None = None,
        wait: bool = True,
        *,
        session: Session | None = None,
        credentials: Mapping[str, Any] | Credentials | None = None,
        base_url: str | None = None,
    ) -> None:
        super().__init__(job_id)
        self._conversation_id = conversation_id
        self._wait = wait
        self._session = session or default_session
        self._credentials = credentials
        self._base_url = base_url
        self._lock = threading.Lock()
        self._conversation: Any = None
        self._ended = False
        self._listeners: dict[JobStatus, Listener] = {}
        self.error: Exception | None = None
        """Why polling failed, if it did."""

    def getConversationId(self) -> str | None:
        """Id of the conversation that the job fills."""
        return self._conversation_id

    def on_complete(self, func: Listener) -> Self:
        """Call a function with the conversation when the job has completed."""
        return self._on(JobStatus.COMPLETED, func)

    def on_error(self, func: Listener) -> Self:
        """Call a function with the conversation when the job has failed."""
        return self._on(JobStatus.FAILED, func)

    def _on(self, status: JobStatus, func: Listener) -> Self:
        with self._lock:
            if not self._ended:
                self._listeners[status] = func
                return self
        if status is self._outcome:
            func(self._conversation)
        return self

    @property
    def _outcome(self) -> JobStatus:
        return JobStatus.FAILED if self.error else self._status

    def monitor_job(
        self,
        conversation: Any,
        interval: float | None = None,
        wait: bool = True,
        credentials: Mapping[str, Any] | None = None,
    ) -> None:
        """Poll until the job has ended, here or, with `wait=False`, on a thread of its own.

        Raises:
            ApiException, ConnectionFailed: polling failed (with `wait=True`).
        """
        target = self._session.target(credentials or self._credentials, self._base_url)
        self._conversation = conversation
        if not wait:
            start_thread(lambda: self._watch(target, interval), f"symbl-job-{self._job_id}")
            return
        try:
            self._poll(target, interval)
        except KeyboardInterrupt:
            log.info("symbl: interrupted; waiting for the other threads")
            join_all()
            return
        self._tell()

    def _watch(self, target: Target, interval: float | None) -> None:
        try:
            self._poll(target, interval)
        except Exception as error:
            self.error = error
            log.exception("symbl: the status of job %s cannot be read", self._job_id)
        self._tell()

    def _poll(self, target: Target, interval: float | None) -> None:
        for delay in itertools.repeat(interval) if interval is not None else _delays():
            if self._heard(self._session.run(_calls.job(self._job_id), target)):
                return
            time.sleep(delay)

    def _tell(self) -> None:
        with self._lock:
            self._ended = True
            listener = self._listeners.get(self._outcome)
        if listener is not None:
            listener(self._conversation)


class AsyncJob(_Report):
    """A job on the server, for asyncio."""

    def __init__(
        self,
        job_id: str,
        *,
        session: AsyncSession,
        credentials: Mapping[str, Any] | Credentials | None = None,
        base_url: str | None = None,
    ) -> None:
        super().__init__(job_id)
        self._session = session
        self._credentials = credentials
        self._base_url = base_url
        self._watched: asyncio.Task[JobStatus] | None = None
        self.error: Exception | None = None
        """Why polling failed, if it did."""

    def on_complete(self, func: Listener, conversation: object) -> None:
        """Call a function with the conversation when the job has completed."""
        tell(func, conversation, self._ends_as(JobStatus.COMPLETED))

    def on_error(self, func: Listener, conversation: object) -> None:
        """Call a function with the conversation when the job has failed, or cannot be asked about."""
        tell(func, conversation, self._ends_as(JobStatus.FAILED))

    async def _ends_as(self, status: JobStatus) -> bool:
        if self._watched is None:
            self._watched = asyncio.create_task(self._watch())
        return await asyncio.shield(self._watched) is status

    async def _watch(self) -> JobStatus:
        try:
            await self.wait()
        except Exception as error:
            self.error = error
            log.exception("symbl: the status of job %s cannot be read", self._job_id)
            return JobStatus.FAILED
        return self._status

    async def wait(self) -> str:
        """Poll until the job has ended; its status.

        Raises:
            ApiException, ConnectionFailed: polling failed.
        """
        target = self._session.target(self._credentials, self._base_url)
        for delay in _delays():
            if self._heard(await self._session.run(_calls.job(self._job_id), target)):
                break
            await asyncio.sleep(delay)
        return self.get_job_status()
