"""Streams that first find out which language is spoken."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from earful.audio.vad import VadModel
from earful.conversation.types import Word
from earful.speech.identification import open_identified
from earful.speech.types import (
    Capacity,
    Hypothesis,
    LanguageNotAvailable,
    Samples,
    SpeechBusy,
    SpeechStream,
    StreamOptions,
)
from tests.support.telephone import read_speech

SPEECH = np.frombuffer(read_speech(16_000, 6.0), "<i2").astype(np.float32) / 32768
SILENCE = np.zeros(16_000, np.float32)
CHOICES = (StreamOptions("en-IN"), StreamOptions("hi-IN", model="whisper-small"), StreamOptions("ta-IN"))


@dataclass
class Stream:
    """One opened stream: what it was fed, and a final of a second for it when flushed."""

    options: StreamOptions
    tell: Callable[[Hypothesis], None]
    fed: list[Samples] = field(default_factory=list)
    closed: bool = False

    @property
    def samples(self) -> Samples:
        return np.concatenate([*self.fed, np.zeros(0, np.float32)])

    def feed(self, samples: Samples) -> None:
        self.fed.append(samples)

    async def flush(self) -> None:
        words = (Word("hello", 0.5, 1.0),)
        self.tell(Hypothesis(0, "hello", 0.5, 1.0, True, words=words, audio_end=1.5))

    async def close(self) -> None:
        self.closed = True


@dataclass
class Service:
    """Says that `spoken` is spoken, with a chance, or raises."""

    spoken: str = "hi-IN"
    chance: float = 0.9
    failure: Exception | None = None
    missing: str = ""
    streams: list[Stream] = field(default_factory=list)
    asked: list[tuple[Samples, Sequence[str]]] = field(default_factory=list)

    async def start(self) -> None: ...

    async def open(self, options: StreamOptions, on_hypothesis: Callable[[Hypothesis], None]) -> SpeechStream:
        if options.language == self.missing:
            raise SpeechBusy
        self.streams.append(Stream(options, on_hypothesis))
        return self.streams[-1]

    def hears(self, language: str, model: str | None = None) -> bool:
        return True

    async def detect_language(self, samples: Samples, languages: Sequence[str]) -> tuple[str, float]:
        self.asked.append((samples, languages))
        if self.failure is not None:
            raise self.failure
        return self.spoken, self.chance

    def capacity(self) -> Capacity:
        return Capacity(len(self.streams), None)

    async def close(self) -> None: ...


@pytest.fixture(scope="module")
def ear() -> VadModel:
    return VadModel()


async def heard(service: Service, ear: VadModel, *audio: Samples) -> tuple[list[Hypothesis], list[str]]:
    """Feed a stream in frames of 20 ms, flush and close it."""
    told: list[Hypothesis] = []
    languages: list[str] = []
    stream = await open_identified(service, ear, CHOICES, told.append, languages.append)
    for part in audio:
        for at in range(0, len(part), 320):
            stream.feed(part[at : at + 320])
        await asyncio.sleep(0)
    await stream.flush()
    await stream.close()
    return told, languages


async def test_speech_goes_to_the_stream_of_its_language_and_none_of_it_is_lost(ear: VadModel) -> None:
    service = Service()
    _, languages = await heard(service, ear, SPEECH)
    first, chosen = service.streams
    assert languages == ["hi-IN"]
    assert chosen.options == CHOICES[1]
    assert first.closed
    assert first.samples.size == 0
    # All but silence at the very beginning.
    assert np.array_equal(chosen.samples, SPEECH[-chosen.samples.size :])
    assert chosen.samples.size >= 4.5 * 16_000


async def test_a_few_seconds_of_speech_are_asked_about_among_the_choices(ear: VadModel) -> None:
    service = Service()
    await heard(service, ear, SPEECH, SPEECH, SPEECH)
    ((audio, languages),) = service.asked
    assert languages == ["en-IN", "hi-IN", "ta-IN"]
    assert audio.size <= SPEECH.size * 3


async def test_the_first_choice_keeps_its_stream(ear: VadModel) -> None:
    service = Service(spoken="en-IN")
    _, languages = await heard(service, ear, SPEECH)
    (only,) = service.streams
    assert languages == ["en-IN"]
    assert only.samples.size > 0


@pytest.mark.parametrize(
    "service",
    [
        Service(chance=0.4),
        Service(failure=LanguageNotAvailable("no model tells languages apart")),
        Service(failure=RuntimeError("broken")),
        Service(missing="hi-IN"),
    ],
    ids=["unsure", "no detector", "broken detector", "no room for another stream"],
)
async def test_in_doubt_the_first_choice_is_kept(ear: VadModel, service: Service) -> None:
    told, languages = await heard(service, ear, SPEECH)
    assert languages == ["en-IN"]
    assert service.streams[0].samples.size > 0
    assert [one.text for one in told] == ["hello"]


async def test_silence_before_the_speech_is_not_held_but_counts(ear: VadModel) -> None:
    """However long nobody speaks, nothing is kept of it; the times are still those of the whole stream."""
    service = Service()
    told, _ = await heard(service, ear, *[SILENCE] * 60, SPEECH)
    chosen = service.streams[1]
    skipped = 60 + (SPEECH.size - chosen.samples.size) / 16_000
    assert chosen.samples.size <= SPEECH.size
    (final,) = told
    assert final.start == pytest.approx(0.5 + skipped)
    assert final.words[0].end == pytest.approx(1.0 + skipped)
    assert final.audio_end == pytest.approx(1.5 + skipped)


async def test_nobody_speaks(ear: VadModel) -> None:
    service = Service()
    _, languages = await heard(service, ear, SILENCE)
    assert languages == ["en-IN"]
    assert service.asked == []


async def test_a_stream_that_is_dropped_early_asks_nobody(ear: VadModel) -> None:
    service = Service()
    languages: list[str] = []
    stream = await open_identified(service, ear, CHOICES, lambda _: None, languages.append)
    stream.feed(SPEECH[:1600])
    await stream.close()
    await stream.close()
    assert languages == []
    assert service.streams[0].closed
