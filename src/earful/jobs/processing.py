"""Takes in recordings and texts: keeps them, queues their work, answers how it stands."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from earful.conversation.ids import new_numeric_id, new_uuid
from earful.conversation.types import Conversation
from earful.jobs.requests import MediaWork, TextWork, to_json
from earful.jobs.runner import media_key
from earful.jobs.worker import Worker
from earful.store.conversations import ConversationStore, UnknownConversation
from earful.store.jobs import Job, JobStore
from earful.store.media import MediaStore

__all__ = ["Intake", "Processing", "TooManyJobs"]


class TooManyJobs(Exception):
    """The application has as many jobs under way as it may."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"this application may have {limit} jobs under way at a time; try again later")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Intake:
    """What becomes of the conversation that a job works on.

    `conversation_id` names one that exists, to be appended to, which takes a name and labels that are
    given here; without it a new one is made, with the name, start and labels.
    """

    application_id: str
    started_at: datetime
    conversation_id: str | None = None
    name: str | None = None
    labels: Mapping[str, str] | None = None
    webhook_url: str | None = None


class Processing:
    """The way in for work that can wait. What a `submit` method accepted is done, come what may."""

    def __init__(
        self,
        conversations: ConversationStore,
        jobs: JobStore,
        media: MediaStore,
        worker: Worker,
        *,
        max_open_jobs: int,
        max_upload_bytes: int,
        keep_media: bool = False,
    ) -> None:
        self._conversations = conversations
        self._jobs = jobs
        self._media = media
        self._worker = worker
        self._max_open_jobs = max_open_jobs
        self._max_upload_bytes = max_upload_bytes
        self._keep_media = keep_media

    async def check(self, intake: Intake) -> None:
        """Raise `TooManyJobs` or `UnknownConversation` where `submit` would, before an upload is read."""
        if await self._jobs.count_open(intake.application_id) >= self._max_open_jobs:
            raise TooManyJobs(self._max_open_jobs)
        if intake.conversation_id is not None:
            found = await self._conversations.get(intake.application_id, intake.conversation_id)
            if found is None:
                raise UnknownConversation(intake.conversation_id)

    async def submit_upload(
        self,
        intake: Intake,
        work: MediaWork,
        chunks: AsyncIterator[bytes],
        settled: Callable[[], Awaitable[tuple[Intake, MediaWork]]] | None = None,
    ) -> Job:
        """Keep an upload and queue its recognition; both are on disk when this returns.

        `settled` tells what is to be done where that is known only when the upload has been read. Raises as
        `check` and `MediaStore.save` do.
        """
        await self.check(intake)
        key = await self._media.save(chunks, max_bytes=self._max_upload_bytes)
        try:
            if settled is not None:
                intake, work = await settled()
            return await self.submit(intake, replace(work, media=key))
        except BaseException:
            self._media.delete(key)
            raise

    async def submit(self, intake: Intake, work: MediaWork | TextWork) -> Job:
        """Queue a text, or a recording that is fetched from its address later. Raises as `check` does."""
        await self.check(intake)
        conversation_id, begun = intake.conversation_id, None
        if conversation_id is None:
            conversation_id = new_numeric_id()
            begun = Conversation(
                id=conversation_id,
                application_id=intake.application_id,
                started_at=intake.started_at,
                name=intake.name,
                language=work.wanted.language,
                timezone_offset_min=work.wanted.timezone_offset_min or 0,
                metadata=dict(intake.labels or {}),
            )
        elif intake.name or intake.labels:
            await self._conversations.relabel(
                intake.application_id, conversation_id, name=intake.name, labels=intake.labels or {}
            )
        job = Job(
            id=new_uuid(),
            application_id=intake.application_id,
            conversation_id=conversation_id,
            kind="media" if isinstance(work, MediaWork) else "text",
            request=to_json(work),
            webhook_url=intake.webhook_url,
        )
        await self._jobs.submit(job, begun)
        self._worker.notice()
        return job

    async def job(self, application_id: str, job_id: str) -> Job | None:
        """Return a job of the application, or None."""
        return await self._jobs.get(application_id, job_id)

    async def vocabulary(self, conversation: Conversation) -> tuple[str, ...]:
        """Return the custom vocabulary that came with a conversation's recordings."""
        jobs = await self._jobs.of_conversation(conversation.application_id, conversation.id)
        return tuple(str(phrase) for job in jobs for phrase in job.request.get("vocabulary") or ())

    async def delete_conversation(self, application_id: str, conversation_id: str) -> None:
        """Delete a conversation with its recordings; its jobs stop. Raises `UnknownConversation`."""
        jobs = await self._jobs.of_conversation(application_id, conversation_id)
        await self._conversations.delete(application_id, conversation_id)
        await self._jobs.discard_drafts(jobs)
        for job in jobs:
            self._media.delete(media_key(job))

    async def sweep(self) -> int:
        """Delete what a crash left behind: drafts, and recordings that no job wants (return how many)."""
        await self._jobs.sweep()
        return self._media.sweep(await self._jobs.media_keys(only_open=not self._keep_media))
