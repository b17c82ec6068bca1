"""Recognition on this machine for the whole process: the models, one scheduler, many streams."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from earful.audio.vad import VadModel
from earful.settings import Settings
from earful.speech import metrics
from earful.speech.alignment import Aligner
from earful.speech.catalogue import ModelCard
from earful.speech.engines import DEFAULT_LANGUAGE, Engines
from earful.speech.hotwords import HotwordBias
from earful.speech.moonshine import MoonshineModel
from earful.speech.scheduler import LiveStream, Scheduler
from earful.speech.segments import SegmentStreams
from earful.speech.types import (
    Capacity,
    Hypothesis,
    LanguageNotAvailable,
    Samples,
    SpeechBusy,
    SpeechStream,
    StreamOptions,
)

__all__ = ["LocalSpeechService"]

_STREAMS_PER_THREAD = 16
_ABANDONED_S = 1.5
_LAG_LIMIT_S = 2.5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Running:
    """A Moonshine model and the scheduler of its streams."""

    model: MoonshineModel
    scheduler: Scheduler


class LocalSpeechService:
    """The `SpeechService` that recognises on this machine. Use from one event loop.

    `engines` are the models to use; unset, those that the settings name.
    """

    def __init__(self, settings: Settings, engines: Engines | None = None) -> None:
        self._engines = engines or Engines.from_settings(settings)
        self._threads = self._engines.threads
        self._limit = settings.max_streams or _STREAMS_PER_THREAD * self._threads
        self._ear: VadModel | None = None
        self._running: dict[str, _Running] = {}
        self._starting = asyncio.Lock()
        self._streams: set[_Stream] = set()
        self._watch: asyncio.Task[None] | None = None
        self._segments = SegmentStreams()

    async def start(self) -> None:
        """Load the models for English in a thread and start the workers.

        Raises `LanguageNotAvailable` when the settings name a model that cannot be used.
        """
        if self._ear is not None:
            return
        default = self._engines.choose(DEFAULT_LANGUAGE)
        ear = await asyncio.to_thread(_load_ear)
        if default.engine == "moonshine":
            await self._run(default, ear)
        else:
            await asyncio.to_thread(self._engines.load, default)
        self._ear = ear
        self._watch = asyncio.create_task(self._end_abandoned())
        log.info("speech ready", model=default.name, threads=self._threads, max_streams=self._limit)

    async def open(self, options: StreamOptions, on_hypothesis: Callable[[Hypothesis], None]) -> SpeechStream:
        """Open a stream; see `SpeechService.open`. Raises `RuntimeError` before `start` or after `close`."""
        if self._ear is None:
            raise RuntimeError("the speech service is not running")
        self._admit()
        card = self._engines.choose(options.language, options.model)
        if card.engine != "moonshine":
            decoder = await asyncio.to_thread(self._engines.decoder, card)
            return self._segments.open(decoder, options, on_hypothesis)
        running = self._running.get(card.name) or await self._run(card, self._ear)
        model = running.model

        def make_bias() -> HotwordBias | None:
            return HotwordBias(model.tokenizer, options.hotwords) if options.hotwords else None

        stream = _Stream(running.scheduler, options, on_hypothesis, make_bias, self._streams.discard)
        self._streams.add(stream)
        return stream

    def hears(self, language: str, model: str | None = None) -> bool:
        """Return whether there is a model for a language (BCP-47); `model` is a name to prefer."""
        try:
            self._engines.choose(language, model)
        except LanguageNotAvailable:
            return False
        return True

    async def detect_language(self, samples: Samples, languages: Sequence[str]) -> tuple[str, float]:
        """Return which of the languages (BCP-47) is spoken in the audio (float32 [n], 16 kHz; the first half
        minute is heard) and how sure that is among them, 0..1.

        Raises `LanguageNotAvailable` when no model that tells languages apart is here, `ValueError`
        without languages.
        """
        return await asyncio.to_thread(self._engines.detect_language, samples, languages)

    def capacity(self) -> Capacity:
        """Return how many streams are open, how many may be, and how busy recognition is."""
        return Capacity(
            streams=len(self._streams) + len(self._segments.streams),
            limit=self._limit,
            busy=max((running.scheduler.pressure for running in self._running.values()), default=0.0),
        )

    async def close(self) -> None:
        """Stop the workers and free the models; open streams get nothing more. Idempotent."""
        self._ear = None
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        await self._segments.close()
        for stream in list(self._streams):
            await stream.close()
        running, self._running = self._running, {}
        for one in running.values():
            await asyncio.to_thread(one.scheduler.stop)

    async def _run(self, card: ModelCard, ear: VadModel) -> _Running:
        """Load a Moonshine model and start its workers, once."""
        async with self._starting:
            running = self._running.get(card.name)
            if running is None:
                model = await asyncio.to_thread(_load, self._engines, card)
                running = self._running[card.name] = _Running(model, Scheduler(model, ear, aligner=Aligner()))
                running.scheduler.start(self._threads)
            return running

    def _admit(self) -> None:
        if self.capacity().streams >= self._limit:
            metrics.REFUSED.inc()
            raise SpeechBusy
        if self._streams:
            loads = [running.scheduler.load() for running in self._running.values()]
            if any(load.busy > 0.9 and load.lag > _LAG_LIMIT_S for load in loads):
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


def _load_ear() -> VadModel:
    ear = VadModel()
    ear.load()
    return ear


def _load(engines: Engines, card: ModelCard) -> MoonshineModel:
    model = engines.moonshine(card)
    model.decode([np.zeros(16_000, np.float32)])
    return model
