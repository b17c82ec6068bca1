"""Live streams in the languages of the faster-whisper models that have been pulled.

Whisper hears a segment as a whole, so a partial decodes the open segment again from its start; partials
are therefore rarer than the built-in English model's, and none is made while others wait. One thread
decodes for all streams, finals first.
"""

import asyncio
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import structlog

from earful.audio.vad import FRAME, VadModel, VadState
from earful.conversation.types import Word
from earful.speech.catalogue import primary_subtag
from earful.speech.endpoint import EndpointRules, Segment, Segmenter
from earful.speech.models import InstalledModel, ModelStore
from earful.speech.types import Hypothesis, Samples, SpeechBusy, SpeechStream, StreamOptions

__all__ = ["Decoder", "WhisperDecoder", "WhisperStreams"]

log = structlog.get_logger(__name__)

_RATE = 16_000
_SLOWEST_PARTIAL_S = 1.0
_MOST_WAITING_S = 15.0
_FINAL, _PARTIAL = 0, 1
_SILENT = 0.6
"""Probability of no speech from which an unsure segment is taken to be none."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a decoder heard in one segment. Word times in seconds since the segment's audio began."""

    text: str
    confidence: float
    words: tuple[Word, ...] = ()


class Decoder(Protocol):
    """Turns one segment into text; called from one thread at a time."""

    def decode(self, samples: Samples, options: StreamOptions, *, final: bool) -> Heard:
        """Return what is said in the audio (float32 [n], 16 kHz)."""
        ...


class WhisperDecoder:
    """A faster-whisper model, loaded when it is first needed."""

    def __init__(self, installed: InstalledModel, threads: int) -> None:
        self._installed = installed
        self._threads = threads
        self._model: Any = None

    def decode(self, samples: Samples, options: StreamOptions, *, final: bool) -> Heard:
        if self._model is None:
            from faster_whisper import WhisperModel

            self._installed.verify()
            log.info("loading speech model", model=self._installed.card.name)
            self._model = WhisperModel(
                str(self._installed.path), compute_type="int8", cpu_threads=self._threads, device="cpu"
            )
        found, _ = self._model.transcribe(
            samples,
            language=primary_subtag(options.language),
            beam_size=5 if final else 1,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=final and options.words,
            without_timestamps=True,
            hotwords=" ".join(word.phrase for word in options.hotwords) or None,
        )
        parts = [part for part in found if part.no_speech_prob < _SILENT or part.avg_logprob > -1.0]
        if not parts:
            return Heard("", 0.0)
        words = tuple(
            Word(word.word.strip(), float(word.start), float(word.end), float(word.probability))
            for part in parts
            for word in part.words or ()
        )
        sure = math.exp(min(0.0, sum(part.avg_logprob for part in parts) / len(parts)))
        return Heard(" ".join("".join(part.text for part in parts).split()), sure, words)


class WhisperStreams:
    """The streams over pulled models. Use from one event loop."""

    def __init__(
        self,
        store: ModelStore,
        *,
        threads: int,
        make_decoder: Callable[[InstalledModel, int], Decoder] = WhisperDecoder,
    ) -> None:
        self._store = store
        self._threads = threads
        self._make_decoder = make_decoder
        self._decoders: dict[str, Decoder] = {}
        self._ear = VadModel()
        self._queue: asyncio.PriorityQueue[_Work] = asyncio.PriorityQueue()
        self._numbers = itertools.count()
        self._waiting_s = 0.0
        self._worker: asyncio.Task[None] | None = None
        self.streams: set[_WhisperStream] = set()

    def model_for(self, language: str) -> InstalledModel | None:
        """Return the pulled faster-whisper model that is best at a language, None when there is none."""
        fitting = [
            model
            for model in self._store.installed()
            if model.card.engine == "faster-whisper" and model.card.speaks(language)
        ]
        return max(fitting, key=lambda model: model.card.size_mb, default=None)

    def open(
        self, model: InstalledModel, options: StreamOptions, on_hypothesis: Callable[[Hypothesis], None]
    ) -> SpeechStream:
        """Open a stream over a model. Raises `SpeechBusy` when decoding has fallen behind."""
        if self._waiting_s > _MOST_WAITING_S:
            raise SpeechBusy
        decoder = self._decoders.get(model.card.name)
        if decoder is None:
            decoder = self._decoders[model.card.name] = self._make_decoder(model, self._threads)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work(), name="whisper")
        stream = _WhisperStream(self, decoder, options, on_hypothesis)
        self.streams.add(stream)
        return stream

    async def close(self) -> None:
        """Stop decoding; open streams get nothing more. Idempotent."""
        for stream in list(self.streams):
            await stream.close()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be decoded, so that a partial holds nobody up."""
        return self._queue.empty()

    async def probabilities(self, samples: Samples, state: VadState) -> Samples:
        """Return the speech probability of each frame."""
        return await asyncio.to_thread(self._ear.probabilities, samples, state)

    async def decode(
        self, decoder: Decoder, samples: Samples, options: StreamOptions, *, final: bool
    ) -> Heard:
        """Have a segment decoded when its turn comes."""
        done: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        work = _Work(_FINAL if final else _PARTIAL, next(self._numbers), decoder, samples, options, done)
        self._waiting_s += samples.size / _RATE
        self._queue.put_nowait(work)
        return await done

    async def _work(self) -> None:
        while True:
            work = await self._queue.get()
            try:
                if not work.done.cancelled():
                    final = work.rank == _FINAL
                    heard = await asyncio.to_thread(
                        work.decoder.decode, work.samples, work.options, final=final
                    )
                    if not work.done.cancelled():
                        work.done.set_result(heard)
            except Exception as error:
                if not work.done.cancelled():
                    work.done.set_exception(error)
            finally:
                self._waiting_s -= work.samples.size / _RATE


@dataclass(order=True)
class _Work:
    """A segment that waits to be decoded; finals go first, then whoever asked first."""

    rank: int
    number: int
    decoder: Decoder = field(compare=False)
    samples: Samples = field(compare=False)
    options: StreamOptions = field(compare=False)
    done: "asyncio.Future[Heard]" = field(compare=False)


class _WhisperStream:
    """One live stream: a task that finds its segments and has them decoded in order."""

    def __init__(
        self,
        streams: WhisperStreams,
        decoder: Decoder,
        options: StreamOptions,
        on_hypothesis: Callable[[Hypothesis], None],
    ) -> None:
        self._streams = streams
        self._decoder = decoder
        self._options = options
        self._on_hypothesis = on_hypothesis
        self._segmenter = Segmenter(
            EndpointRules(silence=options.endpoint_silence, max_segment=options.max_segment)
        )
        self._state = VadState()
        self._inbox: asyncio.Queue[Samples | asyncio.Future[None]] = asyncio.Queue()
        self._rest: Samples = np.zeros(0, np.float32)
        self._number = 0
        self._shown_at = 0
        self._text = ""
        self._closed = False
        self._task = asyncio.create_task(self._run())

    def feed(self, samples: Samples) -> None:
        """Take more audio; it is copied. Ignored after close."""
        if not self._closed and samples.size:
            self._inbox.put_nowait(np.array(samples, dtype=np.float32))

    async def flush(self) -> None:
        """End the current segment; its final is delivered before this returns."""
        if self._closed:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait(done)
        # A stream that is closed, or has failed, never gets to the flush.
        await asyncio.wait([done, self._task], return_when=asyncio.FIRST_COMPLETED)
        if self._task.done() and not self._task.cancelled():
            self._task.result()

    async def close(self) -> None:
        """Drop the stream and what is not yet recognised. Idempotent."""
        self._closed = True
        self._streams.streams.discard(self)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            await self._listen_on()
        except Exception:
            log.exception("a stream cannot go on", language=self._options.language)
            raise

    async def _listen_on(self) -> None:
        while True:
            for item in [await self._inbox.get(), *self._waiting()]:
                if isinstance(item, asyncio.Future):
                    await self._listen(np.zeros(-self._rest.size % FRAME, np.float32))
                    await self._settle(self._segmenter.flush())
                    if not item.done():
                        item.set_result(None)
                else:
                    await self._listen(item)
            await self._show()

    def _waiting(self) -> Iterator[Samples | asyncio.Future[None]]:
        while not self._inbox.empty():
            yield self._inbox.get_nowait()

    async def _listen(self, samples: Samples) -> None:
        joined = np.concatenate([self._rest, samples])
        whole = joined.size - joined.size % FRAME
        self._rest = joined[whole:]
        if whole:
            probabilities = await self._streams.probabilities(joined[:whole], self._state)
            await self._settle(self._segmenter.push(joined[:whole], probabilities))

    async def _settle(self, segments: list[Segment]) -> None:
        for segment in segments:
            heard = await self._decode(segment, segment.end, final=True)
            shown, self._text, self._shown_at = self._text, "", 0
            if heard.text or shown:
                self._tell(segment, heard, is_final=True)
                self._number += 1

    async def _show(self) -> None:
        """Tell what the open segment holds so far, unless someone waits for the decoder."""
        segment = self._segmenter.open
        if segment is None or not self._options.partials or not self._streams.idle:
            return
        step = max(self._options.partial_interval, _SLOWEST_PARTIAL_S)
        if segment.heard - max(self._shown_at, segment.offset) < step * _RATE:
            return
        self._shown_at = segment.heard
        heard = await self._decode(segment, segment.heard, final=False)
        if heard.text and heard.text != self._text:
            self._text = heard.text
            self._tell(segment, heard, is_final=False)

    async def _decode(self, segment: Segment, until: int, *, final: bool) -> Heard:
        return await self._streams.decode(self._decoder, segment.audio(until), self._options, final=final)

    def _tell(self, segment: Segment, heard: Heard, *, is_final: bool) -> None:
        begins = segment.offset / _RATE
        words = tuple(
            Word(word.text, begins + word.start, begins + word.end, word.confidence) for word in heard.words
        )
        self._on_hypothesis(
            Hypothesis(
                segment=self._number,
                text=heard.text,
                start=segment.start / _RATE,
                end=segment.voiced_end / _RATE,
                is_final=is_final,
                confidence=heard.confidence,
                words=words,
                audio_end=self._segmenter.position / _RATE,
            )
        )
