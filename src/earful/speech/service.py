"""Recognition on this machine for the whole process: the models, one scheduler, many streams."""

import asyncio
import contextlib
import os
from collections.abc import Callable

import numpy as np
import structlog

from earful.audio.vad import VadModel
from earful.settings import Settings
from earful.speech import metrics
from earful.speech.alignment import Aligner
from earful.speech.catalogue import primary_subtag
from earful.speech.hotwords import HotwordBias
from earful.speech.models import ModelStore
from earful.speech.moonshine import MoonshineModel
from earful.speech.scheduler import LiveStream, Scheduler
from earful.speech.types import (
    Capacity,
    Hypothesis,
    LanguageNotAvailable,
    Samples,
    SpeechBusy,
    SpeechStream,
    StreamOptions,
)
from earful.speech.whisper import WhisperStreams

__all__ = ["LocalSpeechService"]

_STREAMS_PER_THREAD = 16
_ABANDONED_S = 1.5
_LAG_LIMIT_S = 2.5

log = structlog.get_logger(__name__)


class LocalSpeechService:
    """The `SpeechService` that recognises on this machine's CPU. Use from one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._threads = settings.speech_threads or _cores()
        self._limit = settings.max_streams or _STREAMS_PER_THREAD * self._threads
        self._scheduler: Scheduler | None = None
        self._model: MoonshineModel | None = None
        self._streams: set[_Stream] = set()
        self._watch: asyncio.Task[None] | None = None
        self._whisper = WhisperStreams(ModelStore(settings.models), threads=self._threads)

    async def start(self) -> None:
        """Load the models in a thread and start the workers."""
        if self._scheduler is not None:
            return
        model, ear = await asyncio.to_thread(_load)
        self._model = model
        self._scheduler = Scheduler(model, ear, aligner=Aligner())
        self._scheduler.start(self._threads)
        self._watch = asyncio.create_task(self._end_abandoned())
        log.info("speech ready", threads=self._threads, max_streams=self._limit)

    async def open(self, options: StreamOptions, on_hypothesis: Callable[[Hypothesis], None]) -> SpeechStream:
        """Open a stream; see `SpeechService.open`. Raises `RuntimeError` before `start` or after `close`."""
        scheduler, model = self._scheduler, self._model
        if scheduler is None or model is None:
            raise RuntimeError("the speech service is not running")
        self._admit(scheduler)
        if primary_subtag(options.language) != "en":
            installed = self._whisper.model_for(options.language)
            if installed is None:
                raise LanguageNotAvailable(
                    f"no speech model for {options.language!r} is installed; "
                    f"see `earful models list`, then `earful models pull NAME`"
                )
            return self._whisper.open(installed, options, on_hypothesis)

        def make_bias() -> HotwordBias | None:
            return HotwordBias(model.tokenizer, options.hotwords) if options.hotwords else None

        stream = _Stream(scheduler, options, on_hypothesis, make_bias, self._streams.discard)
        self._streams.add(stream)
        return stream

    def capacity(self) -> Capacity:
        """Return how many streams are open and how many may be."""
        return Capacity(streams=len(self._streams) + len(self._whisper.streams), limit=self._limit)

    async def close(self) -> None:
        """Stop the workers and free the models; open streams get nothing more. Idempotent."""
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is None:
            return
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._whisper.close()
        for stream in list(self._streams):
            await stream.close()
        await asyncio.to_thread(scheduler.stop)
        self._model = None

    def _admit(self, scheduler: Scheduler) -> None:
        if self.capacity().streams >= self._limit:
            metrics.REFUSED.inc()
            raise SpeechBusy
        if self._streams:
            load = scheduler.load()
            if load.busy > 0.9 and load.lag > _LAG_LIMIT_S:
                metrics.REFUSED.inc()
                raise SpeechBusy

    async def _end_abandoned(self) -> None:
        """End utterances of streams that send nothing any more: some clients send no silence."""
        while True:
            await asyncio.sleep(0.5)
            for stream in list(self._streams):
                stream.end_if_abandoned()


class _Stream:
    """One live stream, on its event loop."""

    def __init__(
        self,
        scheduler: Scheduler,
        options: StreamOptions,
        on_hypothesis: Callable[[Hypothesis], None],
        make_bias: Callable[[], HotwordBias | None],
        on_close: "Callable[[_Stream], None]",
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._scheduler = scheduler
        self._on_hypothesis = on_hypothesis
        self._on_close = on_close
        self._closed = False
        self._fed_at = self._loop.time()
        self._live: LiveStream = scheduler.open(options, self._deliver, make_bias)

    def feed(self, samples: Samples) -> None:
        """Take more audio (float32 [n], 16 kHz); it is copied. Ignored after close."""
        self._fed_at = self._loop.time()
        self._scheduler.feed(self._live, np.array(samples, dtype=np.float32))

    async def flush(self) -> None:
        """End the current utterance; its final is delivered before this returns."""
        if self._closed:
            return
        done = asyncio.Event()
        self._scheduler.flush(self._live, lambda: self._call(done.set))
        await done.wait()

    async def close(self) -> None:
        """Drop the stream and what is not yet recognised. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._on_close(self)
        self._scheduler.close(self._live)

    def end_if_abandoned(self) -> None:
        """End the utterance when no audio has come for a while."""
        if self._loop.time() - self._fed_at > _ABANDONED_S and self._scheduler.is_open_utterance(self._live):
            self._scheduler.flush(self._live, lambda: None)

    def _deliver(self, hypothesis: Hypothesis) -> None:
        self._call(self._hand_over, hypothesis)

    def _hand_over(self, hypothesis: Hypothesis) -> None:
        if not self._closed:
            self._on_hypothesis(hypothesis)

    def _call(self, function: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: no one is left to tell
            self._loop.call_soon_threadsafe(function, *args)


def _load() -> tuple[MoonshineModel, VadModel]:
    model, ear = MoonshineModel(), VadModel()
    ear.load()
    model.decode([np.zeros(16_000, np.float32)])
    return model, ear


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
