"""Stand-ins for time, recognition and insight that do what a test's script says."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from earful.conversation.ids import new_numeric_id
from earful.conversation.types import Conversation, Insight, Member, Message, Topic, TrackerMatch
from earful.insight.types import Findings, InsightOptions, Utterance
from earful.live.bus import Delivery
from earful.speech.types import (
    Capacity,
    Hypothesis,
    LanguageNotAvailable,
    Samples,
    SpeechBusy,
    StreamOptions,
)

STARTED = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


def seconds(n: float) -> Samples:
    """Silent audio of a length."""
    return np.zeros(int(16_000 * n), np.float32)


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self._time = 1000.0
        self._timers: list[tuple[float, int, ManualTimer]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        return self._time

    def now(self) -> datetime:
        return STARTED + timedelta(seconds=self._time - 1000.0)

    def call_later(self, delay: float, callback: Callable[[], None]) -> ManualTimer:
        timer = ManualTimer(callback)
        heapq.heappush(self._timers, (self._time + delay, next(self._numbers), timer))
        return timer

    async def advance(self, by: float) -> None:
        """Let time pass, and let everything that then happens happen."""
        until = self._time + by
        while self._timers and self._timers[0][0] <= until:
            self._time, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                timer.callback()
            await settle()
        self._time = until
        await settle()


@dataclass
class ManualTimer:
    callback: Callable[[], None] | None

    def cancel(self) -> None:
        self.callback = None


async def settle() -> None:
    """Wait until background work (threads and the database too) has come to rest."""
    for _ in range(12):
        await asyncio.sleep(0.004)


class ScriptedSpeech:
    """Recognition by hand: a test says what each stream hears, and what a flush will find."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.streams: list[ScriptedStream] = []

    async def start(self) -> None:
        pass

    async def open(
        self, options: StreamOptions, on_hypothesis: Callable[[Hypothesis], None]
    ) -> ScriptedStream:
        if not options.language.startswith("en"):
            raise LanguageNotAvailable(f"no speech model for {options.language!r}")
        if self.limit is not None and self.capacity().streams >= self.limit:
            raise SpeechBusy
        stream = ScriptedStream(options, on_hypothesis)
        self.streams.append(stream)
        return stream

    def capacity(self) -> Capacity:
        return Capacity(sum(not stream.closed for stream in self.streams), self.limit)

    async def close(self) -> None:
        pass


class ScriptedStream:
    def __init__(self, options: StreamOptions, on_hypothesis: Callable[[Hypothesis], None]) -> None:
        self.options = options
        self.heard = 0.0
        self.loudest = 0.0
        self.closed = False
        self.at_flush: list[Hypothesis] = []
        self._on_hypothesis = on_hypothesis

    def feed(self, samples: Samples) -> None:
        self.heard += len(samples) / 16_000
        self.loudest = max(self.loudest, float(np.abs(samples).max(initial=0)))

    async def flush(self) -> None:
        await asyncio.sleep(0)
        found, self.at_flush = self.at_flush, []
        for hypothesis in found:
            self._on_hypothesis(hypothesis)

    async def close(self) -> None:
        self.closed = True

    def hypothesis(self, hypothesis: Hypothesis) -> None:
        self._on_hypothesis(hypothesis)

    def partial(self, text: str, *, segment: int = 0, start: float = 0.0) -> None:
        self._on_hypothesis(Hypothesis(segment, text, start, start + 1, is_final=False))

    def final(self, text: str, *, segment: int = 0, start: float = 0.0) -> None:
        self._on_hypothesis(final(text, segment=segment, start=start))


def final(text: str, *, segment: int = 0, start: float = 0.0) -> Hypothesis:
    return Hypothesis(segment, text, start, start + 1, is_final=True, confidence=0.9)


@dataclass
class ScriptedInsight:
    """Finds one message in each utterance, and more where the text says so.

    A `?` makes a question, the word `topic` a topic, a tracker's phrase a hit; `boom` fails. Digits
    are masked. What ends on `the` is held back, and makes a question when it is released or goes on.
    """

    sessions: list[ScriptedInsightSession] = field(default_factory=list)

    def open(self, conversation: Conversation, options: InsightOptions) -> ScriptedInsightSession:
        session = ScriptedInsightSession(conversation, options)
        self.sessions.append(session)
        return session


class ScriptedInsightSession:
    def __init__(self, conversation: Conversation, options: InsightOptions) -> None:
        self.conversation = conversation
        self.options = options
        self.observed: list[Utterance] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.held_back: Findings = Findings()
        self.broken: dict[str | None, str] = {}
        self._busy = threading.Lock()

    def observe(self, utterance: Utterance) -> Findings:
        assert self._busy.acquire(blocking=False), "one call at a time"
        try:
            assert self.gate.wait(5)
            self.threads.add(threading.current_thread().name)
            self.observed.append(utterance)
            if "boom" in utterance.text:
                raise RuntimeError("boom")
            return self._findings(utterance)
        finally:
            self._busy.release()

    def interim(self, text: str, speaker: Member | None) -> tuple[TrackerMatch, ...]:
        return tuple(
            TrackerMatch("", tracker.name, phrase)
            for tracker in self.options.trackers
            for phrase in tracker.vocabulary
            if phrase in text
        )

    def mask(self, text: str, *, unfinished: bool = False) -> str:
        if "boom" in text:
            raise RuntimeError("boom")
        if not self.options.redaction.redact:
            return text
        return " ".join(self.options.redaction.mask if w.isdigit() else w for w in text.split())

    def meet(self, member: Member) -> None:
        pass

    def configure(self, options: InsightOptions) -> None:
        self.options = options

    def release(self, speaker: Member | None) -> Findings:
        message_id = self.broken.pop(speaker.id if speaker else None, None)
        if message_id is None:
            return Findings()
        return Findings(insights=(Insight(new_numeric_id(), "question", "as it stands", 0.9, (message_id,)),))

    def finish(self) -> Findings:
        return self.held_back

    def _findings(self, utterance: Utterance) -> Findings:
        message = Message(
            new_numeric_id(),
            self.conversation.id,
            self.mask(utterance.text),
            utterance.start,
            utterance.end,
            utterance.speaker.id if utterance.speaker else None,
        )
        insights = ()
        before = self.broken.pop(message.member_id, None)
        if "?" in message.text:
            insights = (Insight(new_numeric_id(), "question", message.text, 0.9, (message.id,)),)
        if before is not None:
            insights = (Insight(new_numeric_id(), "question", "whole", 0.9, (before, message.id)),)
        if message.text.endswith("the"):
            self.broken[message.member_id] = message.id
        topics = (Topic(new_numeric_id(), "topic", 0.8, (message.id,)),) if "topic" in message.text else ()
        return Findings(
            messages=(message,),
            insights=insights,
            topics=topics or None,
            new_topics=topics,
            trackers=self.interim(message.text, utterance.speaker),
            held=message.member_id in self.broken,
        )


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    def __call__(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    @property
    def events(self) -> list[object]:
        return [delivery.event for delivery in self.deliveries]

    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def of(self, kind: type) -> list:  # type: ignore[type-arg]
        return [event for event in self.events if isinstance(event, kind)]
