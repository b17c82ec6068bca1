"""Live recognition with the real weights, from an event loop."""

import asyncio
import threading
from collections.abc import AsyncIterator

import numpy as np
import pytest
from numpy.typing import NDArray

from earful.audio.vad import VadModel
from earful.settings import Settings
from earful.speech.moonshine import MoonshineModel
from earful.speech.scheduler import Load, Scheduler
from earful.speech.service import LocalSpeechService
from earful.speech.types import (
    Capacity,
    Hotword,
    Hypothesis,
    LanguageNotAvailable,
    Samples,
    SpeechBusy,
    StreamOptions,
)

OPENING = "it was the best of times, it was the worst of times"


@pytest.fixture
async def service(
    model: MoonshineModel, vad: VadModel, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[LocalSpeechService]:
    """A running service; the weights are loaded once for all tests."""
    monkeypatch.setattr("earful.speech.service._load", lambda engines, card: model)
    monkeypatch.setattr("earful.speech.service._load_ear", lambda: vad)
    service = LocalSpeechService(Settings(speech_threads=1, max_streams=4))
    await service.start()
    yield service
    await service.close()


def finals(heard: list[Hypothesis]) -> str:
    return " ".join(h.text for h in heard if h.is_final)


async def listen(
    service: LocalSpeechService,
    audio: Samples,
    options: StreamOptions,
    chunk: int = 1600,
    *,
    patient: bool = False,
) -> list[Hypothesis]:
    """Feed everything, giving the workers time in between; return what was heard.

    `patient` waits for what is heard of the first two seconds, as a call does.
    """
    heard: list[Hypothesis] = []
    stream = await service.open(options, heard.append)
    for at in range(0, len(audio), chunk):
        stream.feed(audio[at : at + chunk])
        await asyncio.sleep(0.002)
        while patient and not heard and at >= 2 * 16_000:
            await asyncio.sleep(0.01)
    await stream.flush()
    await stream.close()
    return heard


async def test_a_reading_is_heard_as_it_is_read(service: LocalSpeechService, two_cities: Samples) -> None:
    """Partials grow, finals follow, segments count up, and the words are right."""
    heard = await listen(
        service, two_cities[: 16_000 * 14], StreamOptions(partial_interval=0.3), patient=True
    )
    assert finals(heard).lower().startswith(OPENING)
    assert "epoch of belief" in finals(heard)
    kinds = [h.is_final for h in heard]
    assert kinds[0] is False
    assert kinds[-1] is True
    numbers = [h.segment for h in heard]
    assert numbers == sorted(numbers)
    assert numbers[0] == 0
    for h in heard:
        assert h.start < h.end <= h.audio_end + 0.001
        assert 0 <= h.stable_chars <= len(h.text)


async def test_a_final_has_no_fewer_words_than_its_last_partial(
    service: LocalSpeechService, two_cities: Samples
) -> None:
    """Nothing that was shown disappears."""
    heard = await listen(service, two_cities[: 16_000 * 20], StreamOptions(partial_interval=0.3))
    for final in (h for h in heard if h.is_final):
        shown = [h for h in heard if h.segment == final.segment and not h.is_final]
        if shown:
            assert len(final.text.split()) >= len(shown[-1].text.split()) - 1


async def test_no_word_is_lost_when_the_client_stops_in_the_middle(
    service: LocalSpeechService, two_cities: Samples
) -> None:
    """The audio ends inside an utterance; flush still delivers it."""
    heard = await listen(service, two_cities[: int(16_000 * 4.8)], StreamOptions())
    assert heard[-1].is_final
    assert heard[-1].text.lower().startswith(OPENING[:40])
    assert "worst" in heard[-1].text


async def test_two_streams_at_once_hear_their_own_audio(
    service: LocalSpeechService, two_cities: Samples, beckett: Samples
) -> None:
    """The finals of each are those it has alone."""
    options = StreamOptions(partials=False)
    alone = [finals(await listen(service, audio, options)) for audio in (two_cities[:160_000], beckett)]
    together = await asyncio.gather(
        listen(service, two_cities[:160_000], StreamOptions()), listen(service, beckett, StreamOptions(), 777)
    )
    assert [finals(heard) for heard in together] == alone


@pytest.mark.parametrize("chunk", [333, 16_000])
async def test_chunk_sizes_make_no_difference_to_finals(
    service: LocalSpeechService, beckett: Samples, chunk: int
) -> None:
    """The same audio gives the same text."""
    usual = await listen(service, beckett, StreamOptions())
    odd = await listen(service, beckett, StreamOptions(), chunk)
    assert finals(odd) == finals(usual)


async def test_silence_gives_nothing(service: LocalSpeechService) -> None:
    """Five seconds of nothing and then stop."""
    assert await listen(service, np.zeros(80_000, np.float32), StreamOptions()) == []


async def test_words_have_times_in_order(service: LocalSpeechService, beckett: Samples) -> None:
    """Every word of a final has its place."""
    heard = await listen(service, beckett, StreamOptions(words=True))
    for final in (h for h in heard if h.is_final):
        assert " ".join(word.text for word in final.words) == final.text
        times = [time for word in final.words for time in (word.start, word.end)]
        assert times == sorted(times)
        assert times[0] >= final.start - 0.3
        assert times[-1] <= final.audio_end


async def test_listed_words_are_taken_and_the_rest_still_heard(
    service: LocalSpeechService, two_cities: Samples
) -> None:
    """Hotwords that nobody says change nothing."""
    options = StreamOptions(hotwords=(Hotword("Maarika", 5.0), Hotword("Kubernetes", 5.0)))
    heard = await listen(service, two_cities[: 16_000 * 9], options)
    assert finals(heard).lower().startswith(OPENING)


async def test_a_full_machine_refuses_at_once_and_recovers(service: LocalSpeechService) -> None:
    """The limit holds, the refusal says when to try again, and closing makes room."""
    streams = [await service.open(StreamOptions(), lambda _: None) for _ in range(4)]
    assert service.capacity().streams == service.capacity().limit == 4
    with pytest.raises(SpeechBusy) as refused:
        await service.open(StreamOptions(), lambda _: None)
    assert refused.value.retry_after_s > 0
    await streams[0].close()
    await service.open(StreamOptions(), lambda _: None)


async def test_an_overloaded_machine_refuses_below_its_limit(
    service: LocalSpeechService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured load counts, not only the number."""
    await service.open(StreamOptions(), lambda _: None)
    monkeypatch.setattr(Scheduler, "load", lambda _: Load(busy=0.99, lag=4.0))
    with pytest.raises(SpeechBusy):
        await service.open(StreamOptions(), lambda _: None)
    monkeypatch.setattr(Scheduler, "load", lambda _: Load(busy=0.99, lag=0.6))
    await service.open(StreamOptions(), lambda _: None)


@pytest.mark.parametrize("language", ["hi-IN", "de", "es_ES"])
async def test_a_language_without_a_model_names_the_command(
    service: LocalSpeechService, language: str
) -> None:
    """The error says what to do."""
    with pytest.raises(LanguageNotAvailable, match="earful models pull"):
        await service.open(StreamOptions(language=language), lambda _: None)


@pytest.mark.parametrize("language", ["en", "en-US", "en_GB", "EN-au"])
async def test_every_english_is_heard(service: LocalSpeechService, language: str) -> None:
    """Region and case do not matter."""
    stream = await service.open(StreamOptions(language=language), lambda _: None)
    await stream.close()


async def test_closing_twice_and_feeding_after_is_harmless(
    service: LocalSpeechService, beckett: Samples
) -> None:
    """A late chunk of a closed stream is dropped."""
    heard: list[Hypothesis] = []
    stream = await service.open(StreamOptions(), heard.append)
    stream.feed(beckett)
    await stream.close()
    await stream.close()
    stream.feed(beckett)
    await stream.flush()
    await asyncio.sleep(0.05)
    assert heard == []


async def test_callers_may_reuse_their_buffer(service: LocalSpeechService, beckett: Samples) -> None:
    """What is fed is copied."""
    usual = await listen(service, beckett, StreamOptions(partials=False))
    heard: list[Hypothesis] = []
    stream = await service.open(StreamOptions(partials=False), heard.append)
    buffer: NDArray[np.float32] = beckett.copy()
    stream.feed(buffer)
    buffer[:] = 0
    await stream.flush()
    assert finals(heard) == finals(usual)


async def test_a_client_that_goes_silent_without_sending_silence_gets_its_final(
    service: LocalSpeechService, two_cities: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some clients stop sending while no one speaks."""
    monkeypatch.setattr("earful.speech.service._ABANDONED_S", 0.1)
    got = asyncio.Event()
    stream = await service.open(StreamOptions(), lambda h: got.set() if h.is_final else None)
    stream.feed(two_cities[: int(16_000 * 4.5)])
    await asyncio.wait_for(got.wait(), 20)


async def test_results_arrive_on_the_event_loops_thread(
    service: LocalSpeechService, beckett: Samples
) -> None:
    """Listeners need no locks."""
    threads: set[int] = set()
    stream = await service.open(StreamOptions(), lambda _: threads.add(threading.get_ident()))
    stream.feed(beckett)
    await stream.flush()
    assert threads == {threading.get_ident()}


async def test_many_streams_come_and_go(service: LocalSpeechService, beckett: Samples) -> None:
    """A hundred short visits leave no stream behind."""
    for _ in range(100):
        stream = await service.open(StreamOptions(), lambda _: None)
        stream.feed(beckett[:4000])
        await stream.close()
    assert service.capacity().streams == 0


async def test_closing_the_service_ends_its_threads_and_answers_waiters(two_cities: Samples) -> None:
    """No flush hangs, no thread stays, and a closed service takes no streams."""
    service = LocalSpeechService(Settings(speech_threads=2))
    await service.start()
    await service.start()
    stream = await service.open(StreamOptions(), lambda _: None)
    stream.feed(two_cities)
    waiting = asyncio.create_task(stream.flush())
    await asyncio.sleep(0)
    await service.close()
    await service.close()
    await asyncio.wait_for(waiting, 10)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("speech-")]
    with pytest.raises(RuntimeError, match="not running"):
        await service.open(StreamOptions(), lambda _: None)


def test_the_limit_follows_the_threads() -> None:
    """Sixteen streams a thread unless the operator says otherwise."""
    assert LocalSpeechService(Settings(speech_threads=3)).capacity() == Capacity(0, 48, 0.0)
    assert LocalSpeechService(Settings(speech_threads=3, max_streams=7)).capacity().limit == 7
