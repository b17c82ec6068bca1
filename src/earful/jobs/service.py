"""Everything that jobs need, put together: the queue, its worker, webhook calls and recordings."""

import asyncio

import structlog

from earful.accounts.service import Accounts
from earful.insight.language_model import LanguageModel
from earful.insight.types import InsightService
from earful.jobs.digests import Digests
from earful.jobs.encoding import Encoder
from earful.jobs.fetch import FetchLimits
from earful.jobs.processing import Processing
from earful.jobs.recordings import Recordings
from earful.jobs.runner import JobRunner, RecordingLimits
from earful.jobs.turns import Turns
from earful.jobs.webhooks import WebhookSender
from earful.jobs.worker import Worker
from earful.settings import Settings
from earful.speech.engines import Engines
from earful.speech.files import FileTranscriber
from earful.store.attachments import AttachmentStore
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.jobs import Job, JobStore
from earful.store.media import MediaStore
from earful.store.vectors import VectorStore

__all__ = ["JobService"]

log = structlog.get_logger(__name__)

# Jobs under way that take turns with those that `EARFUL_JOB_WORKERS` lets work at a time: any, and those of
# applications that have none. Each holds its text and what was found so far.
_BESIDE, _GUESTS = 3, 4


class JobService:
    """Jobs of one server process. `processing` is the way in."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        accounts: Accounts,
        conversations: ConversationStore,
        insight: InsightService,
        engines: Engines | None = None,
    ) -> None:
        jobs = JobStore(database, conversations)
        media = MediaStore(settings.data_dir / "recordings")
        private = settings.allow_private_addresses
        limits = RecordingLimits(
            max_duration_s=settings.max_recording_hours * 3600,
            fetching=FetchLimits(settings.max_upload_bytes, timeout_s=3600, allow_private=private),
            keep_media=settings.keep_recordings,
        )
        self._engines = engines or Engines.from_settings(settings)
        self._loaded: FileTranscriber | None = None
        self.attachments = AttachmentStore(database)
        self.recordings = Recordings(self.attachments, media)
        self._turns = Turns(settings.job_workers)
        runner = JobRunner(
            conversations, media, insight, self._transcriber, limits, self.recordings, self._turns
        )
        self._forget_media = runner.forget_media
        self._preparing: set[asyncio.Task[None]] = set()
        self._model = _language_model(settings)
        self.digests = Digests(conversations, self.attachments, jobs, self._model)
        self._worker = Worker(
            jobs, runner, concurrency=settings.job_workers + _BESIDE, guests=_GUESTS, on_done=self._done
        )
        self._encoder = Encoder(VectorStore(database))
        self._webhooks = WebhookSender(jobs, accounts.webhook_secret, allow_private=private)
        self.processing = Processing(
            conversations,
            jobs,
            media,
            self._worker,
            max_open_jobs=settings.max_jobs_per_application,
            max_upload_bytes=settings.max_upload_bytes,
            keep_media=settings.keep_recordings,
        )

    async def start(self) -> None:
        """Take up the jobs that wait, those cut short by a crash among them."""
        await self.processing.sweep()
        await self._worker.recover()
        self._worker.start()
        self._webhooks.start()
        self._encoder.start()

    async def stop(self) -> None:
        """Give back what is under way."""
        await self._worker.stop()
        self._turns.close()
        await self._webhooks.stop()
        await self._encoder.stop()
        for task in self._preparing:
            task.cancel()
        await asyncio.gather(*self._preparing, return_exceptions=True)
        if self._model is not None:
            await self._model.close()

    def _done(self, job: Job) -> None:
        self._forget_media(job)
        # Not part of the job: what is lost of it in a crash is made when it is first read.
        task = asyncio.create_task(self._prepare(job))
        self._preparing.add(task)
        task.add_done_callback(self._preparing.discard)

    async def _prepare(self, job: Job) -> None:
        try:
            await self.digests.prepare(job)
        except Exception:
            log.exception("a summary or call score could not be made ahead", job_id=job.id)

    def _transcriber(self) -> FileTranscriber:
        # Loaded at the first recording: a server that only hears live talk never pays for it.
        if self._loaded is None:
            self._loaded = FileTranscriber(engines=self._engines)
        return self._loaded


def _language_model(settings: Settings) -> LanguageModel | None:
    if not settings.llm_url or not settings.llm_model:
        return None
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    return LanguageModel(settings.llm_url, settings.llm_model, key)
