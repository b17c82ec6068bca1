"""Live streams over engines that hear one segment at a time: Whisper, sherpa-onnx.

Voice activity finds the segments; a decoder hears each of them, as it grows where partials are wanted, and
at last as a whole. Each decoder has as many workers as it can use, which serve all its streams, finals
first. Whisper hears a segment from its start again for every partial, so partials are rarer than the
built-in English model's, and none is made while others wait.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import structlog

from earful.audio.vad import FRAME, VadModel, VadState
from earful.conversation.types import Word
from earful.speech.endpoint import EndpointRules, Segment, Segmenter
from earful.speech.guards import Evidence, is_invented
from earful.speech.moonshine import Decoded
from earful.speech.types import Hypothesis, Samples, SpeechBusy, SpeechStream, StreamOptions

__all__ = ["Decoder", "Heard", "Hearing", "SegmentStreams"]

log = structlog.get_logger(__name__)

_RATE = 16_000
_MOST_WAITING_S = 15.0
_FINAL, _PARTIAL = 0, 1


@dataclass(frozen=True, slots=True)
class Heard:
    """What a decoder heard in one segment. Word times in seconds since the segment's audio began;
    `confidence` is None when the model does not tell. An `inventive` model makes words up of noise."""

    text: str
    confidence: float | None
    words: tuple[Word, ...] = ()
    inventive: bool = False

    def is_doubtful(self, chances: Sequence[float]) -> bool:
        """Return whether the text is more likely made up than said, by the frames' speech probabilities."""
        sure = self.confidence if self.inventive and self.confidence is not None else 1.0
        return is_invented(Decoded((), self.text, sure, ()), Evidence.of(chances))


class Hearing(Protocol):
    """One segment being heard; called from one thread at a time."""

    def hear(self, samples: Samples, *, final: bool) -> Heard:
        """Return what is said in the segment so far (float32 [n], 16 kHz, from its start).

        Each call brings all of the audio again, usually more of it; that of the final may be less.
        """
        ...


class Decoder(Protocol):
    """A loaded model. `workers` threads may hear with it at a time; `quickest_partial` is the least
    seconds between two partials that make sense with it."""

    workers: int
    quickest_partial: float

    def listen(self, options: StreamOptions) -> Hearing:
        """Begin with a new segment."""
        ...


class SegmentStreams:
    """The streams over such decoders. Use from one event loop."""

    def __init__(self) -> None:
        self._ear = VadModel()
        self._lanes: dict[int, _Lane] = {}
        self.streams: set[_SegmentStream] = set()

    def open(
        self, decoder: Decoder, options: StreamOptions, on_hypothesis: Callable[[Hypothesis], None]
    ) -> SpeechStream:
        """Open a stream over a model. Raises `SpeechBusy` when decoding has fallen behind."""
        lane = self._lanes.get(id(decoder))
        if lane is None:
            lane = self._lanes[id(decoder)] = _Lane(decoder)
        if lane.waiting_s > _MOST_WAITING_S * decoder.workers:
            raise SpeechBusy
        stream = _SegmentStream(lane, self._ear, options, on_hypothesis, self.streams.discard)
        self.streams.add(stream)
        return stream

    async def close(self) -> None:
        """Stop decoding; open streams get nothing more. Idempotent."""
        for stream in list(self.streams):
            await stream.close()
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            await lane.close()


class _Lane:
    """The segments that wait for one decoder, and the workers that take them."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.waiting_s = 0.0
        self._queue: asyncio.PriorityQueue[_Work] = asyncio.PriorityQueue()
        self._numbers = itertools.count()
        self._workers = [asyncio.create_task(self._work()) for _ in range(decoder.workers)]

    async def close(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be decoded, so that a partial holds nobody up."""
        return self._queue.empty()

    async def hear(self, hearing: Hearing, samples: Samples, *, final: bool) -> Heard:
        """Have a segment heard when its turn comes."""
        done: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        work = _Work(_FINAL if final else _PARTIAL, next(self._numbers), hearing, samples, done)
        self.waiting_s += samples.size / _RATE
        self._queue.put_nowait(work)
        return await done

    async def _work(self) -> None:
        while True:
            work = await self._queue.get()
            try:
                if not work.done.cancelled():
                    heard = await asyncio.to_thread(
                        work.hearing.hear, work.samples, final=work.rank == _FINAL
                    )
                    if not work.done.cancelled():
                        work.done.set_result(heard)
            except Exception as error:
                if not work.done.cancelled():
                    work.done.set_exception(error)
            finally:
                self.waiting_s -= work.samples.size / _RATE


@dataclass(order=True)
class _Work:
    """A segment that waits to be heard; finals go first, then whoever asked first."""

    rank: int
    number: int
    hearing: Hearing = field(compare=False)
    samples: Samples = field(compare=False)
    done: "asyncio.Future[Heard]" = field(compare=False)


class _SegmentStream:
    """One live stream: a task that finds its segments and has them decoded in order."""

    def __init__(
        self,
        lane: _Lane,
        ear: VadModel,
        options: StreamOptions,
        on_hypothesis: Callable[[Hypothesis], None],
        on_close: "Callable[[_SegmentStream], None]",
    ) -> None:
        self._lane = lane
        self._ear = ear
        self._options = options
        self._on_hypothesis = on_hypothesis
        self._on_close = on_close
        self._hearing: Hearing | None = None
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
        self._on_close(self)
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
            probabilities = await asyncio.to_thread(self._ear.probabilities, joined[:whole], self._state)
            await self._settle(self._segmenter.push(joined[:whole], probabilities))

    async def _settle(self, segments: list[Segment]) -> None:
        for segment in segments:
            heard = await self._decode(segment, segment.end, final=True)
            shown, self._text, self._shown_at, self._hearing = self._text, "", 0, None
            if heard.text or shown:
                self._tell(segment, heard, is_final=True)
                self._number += 1

    async def _show(self) -> None:
        """Tell what the open segment holds so far, unless someone waits for the decoder."""
        segment = self._segmenter.open
        if segment is None or not self._options.partials or not self._lane.idle:
            return
        step = max(self._options.partial_interval, self._lane.decoder.quickest_partial)
        if segment.heard - max(self._shown_at, segment.offset) < step * _RATE:
            return
        self._shown_at = segment.heard
        heard = await self._decode(segment, self._segmenter.final_end(segment), final=False)
        if heard.text and heard.text != self._text:
            self._text = heard.text
            self._tell(segment, heard, is_final=False)

    async def _decode(self, segment: Segment, until: int, *, final: bool) -> Heard:
        if self._hearing is None:
            self._hearing = self._lane.decoder.listen(self._options)
        heard = await self._lane.hear(self._hearing, segment.audio(until), final=final)
        return Heard("", None) if heard.is_doubtful(segment.probabilities) else heard

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
