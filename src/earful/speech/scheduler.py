"""One scheduler for all live streams: who gets the CPU next, and which utterances share a batch.

One thread lets streams hear together what has come in (voice activity, cheap) and says what is ready as soon
as an end is certain. Worker threads take turns at recognising: one final, or else a batch of the stalest
partials, as many as take `_TURN_SECONDS` by what they have cost so far, so that nothing urgent waits long
behind them. Finals are recognised one by one and from nothing but their audio, so that their text is the same
whatever else the machine does.

A final is begun in the silence that ends it: before partials once it or one behind it would else be late, not
earlier while partials wait, since most pauses are no ends. A busy machine makes partials less often; finals
are never dropped. One stream is decoded by one thread at a time, so its results leave in order. Everything
but that is driven by audio, not by clocks: the same audio gives the same finals.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
import structlog

from earful.audio.vad import FRAME, FRAME_SECONDS, SAMPLE_RATE, VadState
from earful.conversation.types import Word
from earful.speech import metrics
from earful.speech.endpoint import EndpointRules, Segment, Segmenter
from earful.speech.guards import Evidence, is_invented
from earful.speech.moonshine import Bias, Decoded
from earful.speech.partials import Agreement, Window, next_window
from earful.speech.tokenizer import Tokenizer
from earful.speech.types import Hypothesis, Samples, StreamOptions
from earful.speech.words import estimate_words, place_words, word_confidences
from earful.threads import give_way

log = structlog.get_logger(__name__)

__all__ = ["Ear", "Engine", "LiveStream", "Load", "Scheduler", "WordAligner", "stretched_interval"]

Kind = Literal["final", "speculative", "partial"]

_HEAR_AT_LEAST = 3
_HEAR_AT_LEAST_FULL = 6
_HEAR_AT_MOST = 256 * FRAME
_BATCH = 8
_TURN_SECONDS = 0.06
_SPARE_SECONDS = 0.05
_COST = 0.0036
_FINAL_COST = 0.01
_SURE = 0.8  # less than in recordings: callers wait for each other's other readings
_EASY = 0.6
_FULL = 0.9
_LONGEST_INTERVAL = 1.0
_MEASURE_SECONDS = 1.0


class Engine(Protocol):
    """What turns segments into tokens."""

    tokenizer: Tokenizer

    def decode(
        self,
        segments: Sequence[Samples],
        prefixes: Sequence[Sequence[int]] | None = None,
        bias: Bias | Sequence[Bias | None] | None = None,
        drafts: Sequence[Sequence[int]] | None = None,
        *,
        final: bool = True,
        sure: float = 0.9,
    ) -> list[Decoded]:
        """Recognise the segments, each beginning with its prefix; see `MoonshineModel.decode`."""
        ...


class Ear(Protocol):
    """What tells speech from everything else."""

    def probabilities_of(self, blocks: Sequence[Samples], states: Sequence[VadState]) -> list[Samples]:
        """Return the speech probability of each frame of 512 samples of each block, carrying its state
        forward."""
        ...


class WordAligner(Protocol):
    """What finds exact word times."""

    def align(self, samples: Samples, words: Sequence[str]) -> list[tuple[float, float]] | None:
        """Return when each word begins and ends, in seconds from the first sample; None when it cannot."""
        ...


@dataclass(slots=True)
class _Utterance:
    """A segment with what was recognised in it so far. `partial_at` is how far the last partial heard."""

    segment: Segment
    agreement: Agreement
    window: Window
    partial_at: int
    number: int | None = None
    speculated: Decoded | None = None
    speculated_end: int = -1
    word_times: list[tuple[float, float]] | None = None
    certain_at: float = 0.0


@dataclass(slots=True)
class _Task:
    """One utterance to recognise: its audio between two positions and the tokens it begins with."""

    kind: Kind
    stream: "LiveStream"
    utterance: _Utterance
    since: int
    end: int
    prefix: tuple[int, ...] = ()
    audio: Samples = field(default_factory=lambda: _NOTHING)

    @property
    def seconds(self) -> float:
        """How much there is to hear."""
        return (self.end - self.since) / SAMPLE_RATE

    @property
    def draft(self) -> tuple[int, ...]:
        """What the last hypothesis says after the prefix."""
        latest = self.utterance.agreement.latest
        if latest is None:
            return ()
        known = self.utterance.window.tokens + len(self.prefix) if self.kind == "partial" else 0
        return latest.tokens[known:]


@dataclass(frozen=True, slots=True)
class Load:
    """How busy recognition is: the share of the threads' time in use, and the age in seconds of the
    oldest audio of an utterance that no result has covered yet."""

    busy: float
    lag: float


@dataclass(eq=False, slots=True)
class LiveStream:
    """One stream as the scheduler knows it. `deliver` and flush callbacks run on a worker thread."""

    options: StreamOptions
    deliver: Callable[[Hypothesis], None]
    segmenter: Segmenter
    make_bias: Callable[[], Bias | None]
    vad: VadState = field(default_factory=VadState)
    inbox: deque[Samples] = field(default_factory=deque)
    waiting: int = 0
    wanted: int = FRAME
    fed: int = 0
    current: _Utterance | None = None
    finals: deque[_Utterance] = field(default_factory=deque)
    flushes: list[Callable[[], None]] = field(default_factory=list)
    flush_asked: bool = False
    hearing: bool = False
    decoding: bool = False
    closed: bool = False
    count: int = 0
    bias: Bias | None = None
    bias_made: bool = False


class Scheduler:
    """Shares the CPU between streams. `run_once` does one turn; `start` makes threads that take turns."""

    def __init__(
        self,
        engine: Engine,
        ear: Ear,
        *,
        aligner: WordAligner | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._ear = ear
        self._aligner = aligner
        self._clock = clock
        self._streams: list[LiveStream] = []
        self._wake = threading.Condition()
        self._heard = threading.Condition(self._wake._lock)  # type: ignore[attr-defined]
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self._busy: deque[tuple[float, float]] = deque(maxlen=256)
        self._count = 1
        self._pressure = 0.0
        self._cost = _COST
        self._final_cost = _FINAL_COST
        self._hear_at_least = _HEAR_AT_LEAST * FRAME
        self._spent = 0.0
        self._measured_at = clock()

    # The streams' side: called from event loops, short.

    def open(
        self,
        options: StreamOptions,
        deliver: Callable[[Hypothesis], None],
        make_bias: Callable[[], Bias | None] = lambda: None,
    ) -> LiveStream:
        """Add a stream. `make_bias` is called once, on a worker thread, before the first decoding."""
        rules = EndpointRules(silence=options.endpoint_silence, max_segment=options.max_segment)
        stream = LiveStream(options, deliver, Segmenter(rules), make_bias)
        with self._wake:
            self._streams.append(stream)
            metrics.STREAMS.set(len(self._streams))
        return stream

    def feed(self, stream: LiveStream, samples: Samples) -> None:
        """Take audio for a stream (float32 [n]); the array is kept, so the caller must not change it."""
        if stream.closed or len(samples) == 0:
            return
        with self._wake:
            stream.inbox.append(samples)
            stream.waiting += len(samples)
            stream.fed += len(samples)
            if stream.waiting >= stream.wanted and not stream.hearing:
                self._wake.notify()

    def flush(self, stream: LiveStream, done: Callable[[], None]) -> None:
        """End the stream's utterance; `done` is called once the finals of all that was fed are delivered."""
        with self._wake:
            if stream.closed:
                done()
                return
            stream.flush_asked = True
            stream.flushes.append(done)
            self._wake.notify()

    def close(self, stream: LiveStream) -> None:
        """Remove a stream and forget what it had not yet recognised. Idempotent."""
        with self._wake:
            if stream.closed:
                return
            stream.closed = True
            self._streams.remove(stream)
            metrics.STREAMS.set(len(self._streams))
            stream.inbox.clear()
            stream.finals.clear()
            stream.current = None
            flushes, stream.flushes = stream.flushes, []
            metrics.WAITING.set(sum(len(other.finals) for other in self._streams))
        for done in flushes:
            done()

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    @property
    def pressure(self) -> float:
        """The share of the threads' time in use, 0..1, over the last seconds."""
        return self._pressure

    def is_open_utterance(self, stream: LiveStream) -> bool:
        """Return whether the stream has audio or an utterance that is not yet over."""
        with self._wake:
            return stream.waiting > 0 or stream.segmenter.open is not None

    def load(self) -> Load:
        """Return how busy the threads were during the last five seconds."""
        with self._wake:
            now = self._clock()
            spans = [(max(start, now - 5.0), end) for start, end in self._busy if end > now - 5.0]
            lags = [
                (stream.fed - max(utterance.partial_at, utterance.segment.start)) / SAMPLE_RATE
                for stream in self._streams
                if (utterance := stream.current) is not None
            ]
            lags += [stream.waiting / SAMPLE_RATE for stream in self._streams]
            busy = sum(end - start for start, end in spans) / (5.0 * self._count)
            return Load(busy=min(1.0, busy), lag=max(lags, default=0.0))

    # The threads' side.

    def start(self, threads: int) -> None:
        """Start the worker threads."""
        self._count = threads
        self._threads = [threading.Thread(target=self._hear_on, name="hearing", daemon=True)]
        self._threads += [
            threading.Thread(target=self._decode_on, name=f"speech-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the threads finish their turn and end; streams that are open get nothing more."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
            self._heard.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        for stream in list(self._streams):
            self.close(stream)

    def _hear_on(self) -> None:
        while True:
            with self._wake:
                deaf = self._deaf()
                while not deaf and not self._stopping:
                    self._wake.wait()
                    deaf = self._deaf()
                if self._stopping:
                    return
            self._listen(deaf)

    def _decode_on(self) -> None:
        give_way()
        while True:
            with self._heard:
                batch = self._urgent()
                while not batch and not self._stopping:
                    self._heard.wait()
                    batch = self._urgent()
                if self._stopping:
                    return
            self._take(batch)

    def run_once(self) -> bool:
        """Do one turn's work in the calling thread; return whether there was any."""
        with self._wake:
            deaf = self._deaf()
            batch = [] if deaf else self._urgent()
        if deaf:
            self._listen(deaf)
        elif batch:
            self._take(batch)
        return bool(deaf or batch)

    def _listen(self, deaf: Sequence[LiveStream]) -> None:
        started = self._clock()
        self._hear(deaf)
        self._note_busy(started)

    def _take(self, batch: Sequence[_Task]) -> None:
        started = self._clock()
        self._decode(batch)
        spent = self._note_busy(started)
        cost = spent / max(0.5, sum(task.seconds for task in batch))
        if batch[0].kind == "partial":
            self._cost += (cost - self._cost) / 8
        else:
            self._final_cost += (cost - self._final_cost) / 8

    def _note_busy(self, started: float) -> float:
        """Count the time since then as busy, and see how busy that makes the threads; return it."""
        ended = self._clock()
        metrics.BUSY.inc(max(0.0, ended - started))
        with self._wake:
            self._busy.append((started, ended))
            self._spent += ended - started
            elapsed = ended - self._measured_at
            if elapsed >= _MEASURE_SECONDS:
                share = min(1.0, self._spent / (elapsed * self._count))
                self._pressure = (self._pressure + share) / 2
                self._spent, self._measured_at = 0.0, ended
                frames = _HEAR_AT_LEAST_FULL if self._pressure > _FULL else _HEAR_AT_LEAST
                self._hear_at_least = frames * FRAME
        return ended - started

    def _wanted(self, stream: LiveStream) -> int:
        """Return how many samples should come in before a stream hears again.

        An utterance is heard as soon as its quiet is long enough to begin with its final, and to end it.
        """
        segmenter = stream.segmenter
        return min(self._hear_at_least, segmenter.settles_in or segmenter.ends_in or self._hear_at_least)

    def _deaf(self) -> list[LiveStream]:
        """Choose the streams that are to hear now. Called with the lock held.

        Those that soon would are taken along: heard together they cost less.
        """
        able = [stream for stream in self._streams if not stream.hearing]
        if not any(stream.waiting >= stream.wanted or stream.flush_asked for stream in able):
            return []
        deaf = [
            stream
            for stream in able
            if stream.waiting >= max(FRAME, stream.wanted * 2 // 3) or stream.flush_asked
        ]
        for stream in deaf:
            stream.hearing = True
        return deaf

    def _urgent(self) -> list[_Task]:
        """Choose what to recognise now, most urgent first. Called with the lock held."""
        free = [stream for stream in self._streams if not stream.decoding]
        batch = self._final_tasks(free)
        if not batch:
            early, batch = self._early_finals(free), self._partial_tasks(free)
            if early and (not batch or self._is_pressing(early, batch)):
                batch = [early[0][1]]
        for task in batch:
            task.audio = task.utterance.segment.audio(task.end, since=task.since)
            task.stream.decoding = True
        return batch

    def _final_tasks(self, free: Sequence[LiveStream]) -> list[_Task]:
        due = min(
            ((s.finals[0].certain_at, at) for at, s in enumerate(free) if s.finals),
            default=None,
        )
        if due is None:
            return []
        stream = free[due[1]]
        utterance = stream.finals[0]
        return [_Task("final", stream, utterance, utterance.segment.offset, utterance.segment.end)]

    def _early_finals(self, free: Sequence[LiveStream]) -> list[tuple[float, _Task]]:
        """Return the finals that may soon be due, each with when that will be, the first of them first."""
        now = self._clock()
        found: list[tuple[float, _Task]] = []
        for stream in free:
            segmenter, utterance = stream.segmenter, stream.current
            segment = segmenter.settled()
            if utterance is None or segment is not utterance.segment or stream.finals:
                continue
            end = segmenter.final_end(segment)
            if utterance.speculated_end != end and segment.voiced >= segmenter.rules.min_voiced:
                due = now + (segmenter.ends_in - stream.waiting) / SAMPLE_RATE
                found.append((due, _Task("speculative", stream, utterance, segment.offset, end)))
        return sorted(found, key=lambda entry: entry[0])

    def _is_pressing(self, early: Sequence[tuple[float, _Task]], batch: Sequence[_Task]) -> bool:
        """Return whether one of these finals might be late if a batch of partials went before them.

        Until then there is no hurry: most pauses are no ends.
        """
        ready = self._clock() + _SPARE_SECONDS + self._cost * sum(task.seconds for task in batch)
        for due, task in early:
            ready += self._final_cost * task.seconds / self._count
            if ready > due:
                return True
        return False

    def _partial_tasks(self, free: Sequence[LiveStream]) -> list[_Task]:
        stale: list[tuple[int, LiveStream, _Utterance]] = []
        for stream in free:
            utterance = stream.current
            if utterance is None or not stream.options.partials or stream.finals:
                continue
            segment = utterance.segment
            new = segment.heard - utterance.partial_at
            due = new >= stretched_interval(stream.options.partial_interval, self._pressure) * SAMPLE_RATE
            # In a pause, what may be the final is the next to come.
            if due and segment.voiced_end > utterance.partial_at and stream.segmenter.settled() is None:
                stale.append((new, stream, utterance))
        stale.sort(key=lambda entry: -entry[0])
        left = _TURN_SECONDS / max(self._cost, _COST) * SAMPLE_RATE
        chosen: list[_Task] = []
        for _, stream, utterance in stale[:_BATCH]:
            window, heard = utterance.window, utterance.segment.heard
            left -= heard - window.start
            if chosen and left < 0:
                break
            prefix = utterance.agreement.prefix[window.tokens :]
            chosen.append(_Task("partial", stream, utterance, window.start, heard, prefix))
        return chosen

    def _hear(self, streams: Sequence[LiveStream]) -> None:
        """Run voice activity over what came in and move the streams' utterances on."""
        with self._wake:
            flushing = [stream.flush_asked for stream in streams]
            blocks = [self._take_audio(one, flush) for one, flush in zip(streams, flushing, strict=True)]
        ends = np.cumsum([len(block) for block in blocks])
        blocks = np.split(_sane(np.concatenate(blocks)), ends[:-1])
        try:
            heard = self._ear.probabilities_of(blocks, [stream.vad for stream in streams])
        except Exception:
            log.exception("voice activity failed")
            heard = [np.zeros(len(block) // FRAME, np.float32) for block in blocks]
        metrics.AUDIO.inc(int(ends[-1]) / SAMPLE_RATE)
        for stream, flush, block, probabilities in zip(streams, flushing, blocks, heard, strict=True):
            with self._wake:
                self._move_on(stream, block, probabilities, flush=flush)

    def _move_on(self, stream: LiveStream, block: Samples, probabilities: Samples, *, flush: bool) -> None:
        """Take into account what a stream heard. Called with the lock held."""
        stream.hearing = False
        if stream.closed:
            return
        over = stream.segmenter.push(block, probabilities)
        if flush and stream.waiting == 0:
            stream.flush_asked = False
            over += stream.segmenter.flush()
            stream.vad = VadState()
        for segment in over:
            utterance = self._utterance_of(stream, segment)
            utterance.certain_at = self._clock()
            stream.finals.append(utterance)
        if stream.segmenter.open is None:
            stream.current = None
        else:
            stream.current = self._utterance_of(stream, stream.segmenter.open)
        stream.wanted = self._wanted(stream)
        self._settle(stream)
        self._heard.notify()

    def _take_audio(self, stream: LiveStream, flushing: bool) -> Samples:
        """Take whole frames from the inbox; flushing fills the last frame."""
        joined = stream.inbox[0] if len(stream.inbox) == 1 else np.concatenate((*stream.inbox, _NOTHING))
        count = min(len(joined) // FRAME * FRAME, _HEAR_AT_MOST)
        if flushing and len(joined) <= _HEAR_AT_MOST:
            count = len(joined)
        stream.inbox.clear()
        if count < len(joined):
            stream.inbox.append(joined[count:].copy())
        stream.waiting = len(joined) - count
        missing = -count % FRAME
        block = joined[:count]
        return np.concatenate((block, np.zeros(missing, np.float32))) if missing else block

    def _utterance_of(self, stream: LiveStream, segment: Segment) -> _Utterance:
        if stream.current is not None and stream.current.segment is segment:
            return stream.current
        agreement = Agreement(self._engine.tokenizer)
        return _Utterance(segment, agreement, Window(segment.offset), partial_at=segment.offset)

    def _decode(self, tasks: Sequence[_Task]) -> None:
        try:
            for stream in {id(task.stream): task.stream for task in tasks}.values():
                if not stream.bias_made:
                    stream.bias, stream.bias_made = stream.make_bias(), True
            decoded = self._engine.decode(
                [task.audio for task in tasks],
                [task.prefix for task in tasks],
                [task.stream.bias for task in tasks],
                [task.draft for task in tasks],
                final=tasks[0].kind != "partial",
                sure=_SURE,
            )
        except Exception:
            log.exception("recognition failed", kind=tasks[0].kind, utterances=len(tasks))
            decoded = [_SILENT] * len(tasks)
        aligned = [self._align(task, result) for task, result in zip(tasks, decoded, strict=True)]
        with self._wake:
            for task, result, times in zip(tasks, decoded, aligned, strict=True):
                if task.kind != "partial":
                    task.utterance.word_times = times
                self._accept(task, result)
            for stream in {id(task.stream): task.stream for task in tasks}.values():
                stream.decoding = False
                self._settle(stream)
            metrics.WAITING.set(sum(len(stream.finals) for stream in self._streams))
            self._heard.notify()

    def _align(self, task: _Task, result: Decoded) -> list[tuple[float, float]] | None:
        """Find exact word times for a final whose listener asked for them."""
        if self._aligner is None or task.kind == "partial" or not task.stream.options.align:
            return None
        words = [text for text, _ in word_confidences(result, self._engine.tokenizer)]
        return self._aligner.align(task.audio, words) if words else None

    def _accept(self, task: _Task, result: Decoded) -> None:
        """Note what was recognised, and tell the listener unless the utterance has moved on."""
        utterance = task.utterance
        if task.kind == "partial":
            tokenizer, agreement = self._engine.tokenizer, utterance.agreement
            result = agreement.add(utterance.window.joined(agreement.agreed, result, tokenizer))
            utterance.partial_at = max(utterance.partial_at, task.end)
            strain = _strain(self._pressure)
            utterance.window = next_window(utterance.window, utterance.segment, agreement, tokenizer, strain)
        else:
            utterance.speculated, utterance.speculated_end = result, task.end
            if task.kind == "speculative":
                utterance.partial_at = max(utterance.partial_at, utterance.segment.heard)
                result = utterance.agreement.add(result)
        is_told = task.kind == "final" or utterance.segment.over or task.stream.closed
        if not is_told and task.stream.options.partials:
            self._say_partial(task.stream, utterance, result, task.end)

    def _settle(self, stream: LiveStream) -> None:
        """Deliver the finals that are recognised, in order, and answer flushes that are done."""
        if stream.closed:
            return
        while stream.finals and stream.finals[0].speculated_end == stream.finals[0].segment.end:
            self._say_final(stream, stream.finals.popleft())
        idle = not (stream.finals or stream.flush_asked or stream.hearing or stream.decoding)
        if stream.flushes and idle and stream.current is None:
            flushes, stream.flushes = stream.flushes, []
            for done in flushes:
                done()

    def _say_partial(self, stream: LiveStream, utterance: _Utterance, decoded: Decoded, end: int) -> None:
        if is_invented(decoded, _evidence(utterance.segment)):
            return
        metrics.RESULTS.labels("partial").inc()
        metrics.PARTIAL_AGE.observe((stream.fed - end) / SAMPLE_RATE)
        if utterance.segment.quiet == 0:
            decoded = replace(decoded, text=decoded.text.rstrip(".,?! "))
        stable = len(utterance.agreement.stable_text)
        stream.deliver(self._hypothesis(stream, utterance, decoded, end, final=False, stable=stable))

    def _say_final(self, stream: LiveStream, utterance: _Utterance) -> None:
        decoded = _trusted(utterance)
        if not decoded.text and utterance.number is None:
            return
        metrics.RESULTS.labels("final").inc()
        metrics.FINAL_DELAY.observe(max(0.0, self._clock() - utterance.certain_at))
        end = utterance.segment.end
        stable = len(decoded.text)
        stream.deliver(self._hypothesis(stream, utterance, decoded, end, final=True, stable=stable))

    def _hypothesis(
        self,
        stream: LiveStream,
        utterance: _Utterance,
        decoded: Decoded,
        end: int,
        *,
        final: bool,
        stable: int,
    ) -> Hypothesis:
        segment = utterance.segment
        if utterance.number is None:
            utterance.number = stream.count
            stream.count += 1
        words: tuple[Word, ...] = ()
        if stream.options.words:
            heard = segment.probabilities[: (end - segment.offset) // FRAME]
            spoken = word_confidences(decoded, self._engine.tokenizer)
            offset = segment.offset / SAMPLE_RATE
            times = utterance.word_times if final else None
            if times is not None and len(times) == len(spoken):
                words = place_words(spoken, times, offset)
            else:
                words = estimate_words(spoken, heard, offset)
        return Hypothesis(
            segment=utterance.number,
            text=decoded.text,
            start=segment.start / SAMPLE_RATE,
            end=max(segment.start, min(segment.voiced_end, end)) / SAMPLE_RATE,
            is_final=final,
            confidence=decoded.confidence if decoded.text else None,
            words=words,
            stable_chars=min(stable, len(decoded.text)),
            audio_end=end / SAMPLE_RATE,
        )


def _trusted(utterance: _Utterance) -> Decoded:
    """Return what an utterance's final should say: nothing when invented, the last partial after a loop."""
    decoded = utterance.speculated
    evidence = _evidence(utterance.segment)
    if decoded is not None and not is_invented(decoded, evidence):
        return decoded
    partial = utterance.agreement.latest
    if decoded is not None and decoded.looped and partial is not None and not partial.looped:
        return _SILENT if is_invented(partial, evidence) else partial
    return _SILENT


def stretched_interval(wanted: float, busy: float) -> float:
    """Return the seconds between partials when the threads are `busy` (0..1): longer as they fill up."""
    return wanted + _strain(busy) * max(0.0, _LONGEST_INTERVAL - wanted)


def _strain(busy: float) -> float:
    """Return how far the threads, `busy` (0..1), are from having time to spare, 0, to having none, 1."""
    return min(1.0, max(0.0, (busy - _EASY) / (_FULL - _EASY)))


_SILENT = Decoded((), "", 0.0, ())
_NOTHING: Samples = np.zeros(0, np.float32)


def _sane(samples: Samples) -> Samples:
    """Return the samples finite and within -1..1: others would poison what a stream remembers."""
    if not np.isfinite(samples).all():
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(samples, -1.0, 1.0)


def _evidence(segment: Segment) -> Evidence:
    voiced = [chance for chance in segment.probabilities if chance >= 0.35]
    mean = sum(voiced) / len(voiced) if voiced else 0.0
    return Evidence(voiced=len(voiced) * FRAME_SECONDS, mean=mean)
