"""Everything that jobs need, put together: the queue, its worker, webhook calls and recordings."""

from earful.accounts.service import Accounts
from earful.insight.types import InsightService
from earful.jobs.fetch import FetchLimits
from earful.jobs.processing import Processing
from earful.jobs.runner import JobRunner, RecordingLimits
from earful.jobs.webhooks import WebhookSender
from earful.jobs.worker import Worker
from earful.settings import Settings
from earful.speech.files import FileTranscriber
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.jobs import JobStore
from earful.store.media import MediaStore

__all__ = ["JobService"]


class JobService:
    """Jobs of one server process. `processing` is the way in."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        accounts: Accounts,
        conversations: ConversationStore,
        insight: InsightService,
    ) -> None:
        jobs = JobStore(database, conversations)
        media = MediaStore(settings.data_dir / "recordings")
        private = settings.allow_private_addresses
        limits = RecordingLimits(
            max_duration_s=settings.max_recording_hours * 3600,
            fetching=FetchLimits(settings.max_upload_bytes, timeout_s=3600, allow_private=private),
            keep_media=settings.keep_recordings,
        )
        self._threads = settings.speech_threads
        self._loaded: FileTranscriber | None = None
        runner = JobRunner(conversations, media, insight, self._transcriber, limits)
        self._worker = Worker(jobs, runner, concurrency=settings.job_workers, on_done=runner.forget_media)
        self._webhooks = WebhookSender(jobs, accounts.webhook_secret, allow_private=private)
        self.processing = Processing(
            conversations,
            jobs,
            media,
            self._worker,
            max_open_jobs=settings.max_jobs_per_application,
            max_upload_bytes=settings.max_upload_bytes,
        )

    async def start(self) -> None:
        """Take up the jobs that wait, those cut short by a crash among them."""
        await self.processing.sweep()
        self._worker.start()
        self._webhooks.start()

    async def stop(self) -> None:
        """Give back what is under way."""
        await self._worker.stop()
        await self._webhooks.stop()

    def _transcriber(self) -> FileTranscriber:
        # Loaded at the first recording: a server that only hears live talk never pays for it.
        if self._loaded is None:
            self._loaded = FileTranscriber(threads=self._threads)
        return self._loaded
