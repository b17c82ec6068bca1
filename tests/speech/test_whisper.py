"""Live streams over faster-whisper models; weights cannot be had here, so what decodes is a stand-in."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from earful.audio.types import Samples
from earful.conversation.types import Word
from earful.settings import Settings
from earful.speech.models import InstalledModel, ModelStore
from earful.speech.service import LocalSpeechService
from earful.speech.types import Hotword, Hypothesis, LanguageNotAvailable, SpeechBusy, StreamOptions
from earful.speech.whisper import Heard, WhisperDecoder, WhisperStreams
from tests.support.telephone import read_speech

HINDI = StreamOptions(language="hi-IN", hotwords=(Hotword("loan"),))


def speech(seconds: float = 6.0) -> Samples:
    return np.frombuffer(read_speech(16_000, seconds), "<i2").astype(np.float32) / 32768


class LengthDecoder:
    """Says how many tenths of a second each segment had, or fails when `broken`."""

    def __init__(self) -> None:
        self.calls: list[tuple[bool, float]] = []
        self.broken = False

    def decode(self, samples: Samples, options: StreamOptions, *, final: bool) -> Heard:
        if self.broken:
            raise RuntimeError("the model broke")
        self.calls.append((final, samples.size / 16_000))
        text = f"{samples.size // 1600}"
        return Heard(text, 0.8, (Word(text, 0.1, 0.2, 0.9),) if final else ())


def install(root: Path, name: str = "whisper-small") -> ModelStore:
    """Install a model whose files hold nothing."""
    source = root / "source"
    source.mkdir(parents=True, exist_ok=True)
    for file in ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt", "preprocessor_config.json"):
        (source / file).write_text("{}")
    store = ModelStore(root / "models")
    store.pull(name, source=source)
    return store


@pytest.fixture
def decoder() -> LengthDecoder:
    return LengthDecoder()


@pytest.fixture
async def streams(tmp_path: Path, decoder: LengthDecoder) -> AsyncIterator[WhisperStreams]:
    streams = WhisperStreams(install(tmp_path), threads=1, make_decoder=lambda model, threads: decoder)
    yield streams
    await streams.close()


def model(streams: WhisperStreams) -> InstalledModel:
    found = streams.model_for("hi-IN")
    assert found is not None
    return found


async def test_a_language_has_a_model_only_once_one_is_pulled(tmp_path: Path) -> None:
    empty = WhisperStreams(ModelStore(tmp_path / "empty"), threads=1)
    assert empty.model_for("hi-IN") is None
    pulled = WhisperStreams(install(tmp_path, "whisper-tiny.en"), threads=1)
    assert pulled.model_for("hi-IN") is None
    assert pulled.model_for("en-IN") is not None


async def test_the_largest_model_of_a_language_is_taken(tmp_path: Path) -> None:
    install(tmp_path, "whisper-tiny")
    streams = WhisperStreams(install(tmp_path, "whisper-medium"), threads=1)
    assert model(streams).card.name == "whisper-medium"


async def test_utterances_are_found_and_settled_with_word_times(streams: WhisperStreams) -> None:
    heard: list[Hypothesis] = []
    audio = speech()
    stream = streams.open(model(streams), replace(HINDI, endpoint_silence=0.3), heard.append)
    for at in range(0, audio.size, 320):
        stream.feed(audio[at : at + 320])
    await stream.flush()
    finals = [one for one in heard if one.is_final]
    assert [one.segment for one in finals] == list(range(len(finals)))
    assert len(finals) == 2
    for final in finals:
        assert 0.5 < final.start < final.end <= 6.1
        assert final.confidence == 0.8
        assert abs(final.words[0].start - final.start) < 0.5
    assert finals[0].end < finals[1].start


async def test_partials_of_an_open_utterance_come_before_its_final(streams: WhisperStreams) -> None:
    heard: list[Hypothesis] = []
    stream = streams.open(model(streams), HINDI, heard.append)
    audio = speech(4.0)
    for at in range(0, audio.size, 1600):
        stream.feed(audio[at : at + 1600])
        await asyncio.sleep(0.02)
    await stream.flush()
    kinds = [one.is_final for one in heard]
    assert kinds[-1]
    assert not kinds[0]
    lengths = [int(one.text) for one in heard if not one.is_final]
    assert lengths == sorted(lengths)


async def test_without_partials_only_finals_are_decoded(
    streams: WhisperStreams, decoder: LengthDecoder
) -> None:
    stream = streams.open(model(streams), StreamOptions(language="hi", partials=False), lambda one: None)
    stream.feed(speech())
    await stream.flush()
    assert decoder.calls
    assert all(final for final, _ in decoder.calls)


async def test_silence_is_not_decoded(streams: WhisperStreams, decoder: LengthDecoder) -> None:
    heard: list[Hypothesis] = []
    stream = streams.open(model(streams), HINDI, heard.append)
    stream.feed(np.zeros(48_000, np.float32))
    await stream.flush()
    assert (heard, decoder.calls) == ([], [])


async def test_a_stream_goes_on_after_a_flush(streams: WhisperStreams) -> None:
    heard: list[Hypothesis] = []
    stream = streams.open(model(streams), HINDI, heard.append)
    for _ in range(2):
        stream.feed(speech(4.0))
        await stream.flush()
    finals = [one for one in heard if one.is_final]
    assert len(finals) == 2
    assert finals[1].start > 4.0


async def test_a_decoder_that_breaks_is_told_to_the_one_who_flushes(
    streams: WhisperStreams, decoder: LengthDecoder
) -> None:
    decoder.broken = True
    stream = streams.open(model(streams), HINDI, lambda one: None)
    stream.feed(speech(4.0))
    with pytest.raises(RuntimeError, match="the model broke"):
        await stream.flush()
    await stream.close()
    decoder.broken = False
    heard: list[Hypothesis] = []
    other = streams.open(model(streams), HINDI, heard.append)
    other.feed(speech(4.0))
    await other.flush()
    assert heard


async def test_a_closed_stream_says_nothing_more(streams: WhisperStreams) -> None:
    heard: list[Hypothesis] = []
    stream = streams.open(model(streams), HINDI, heard.append)
    stream.feed(speech(4.0))
    await stream.close()
    stream.feed(speech(4.0))
    await stream.flush()
    await stream.close()
    assert heard == []
    assert not streams.streams


async def test_a_decoder_that_has_fallen_far_behind_takes_no_new_stream(streams: WhisperStreams) -> None:
    streams._waiting_s = 16.0
    with pytest.raises(SpeechBusy):
        streams.open(model(streams), HINDI, lambda one: None)


async def test_the_service_takes_a_language_once_its_model_is_there(tmp_path: Path) -> None:
    """The same running service refuses Hindi, and takes it after a pull; nothing is restarted."""
    service = LocalSpeechService(
        Settings(data_dir=tmp_path, models_dir=tmp_path / "models", speech_threads=1)
    )
    await service.start()
    try:
        with pytest.raises(LanguageNotAvailable, match="earful models pull"):
            await service.open(HINDI, lambda one: None)
        install(tmp_path)
        stream = await service.open(HINDI, lambda one: None)
        assert service.capacity().streams == 1
        await stream.close()
        assert service.capacity().streams == 0
    finally:
        await service.close()


def part(text: str, *, silent: float = 0.0, logprob: float = -0.2, words: list[Any] | None = None) -> Any:
    return SimpleNamespace(text=text, no_speech_prob=silent, avg_logprob=logprob, words=words)


async def test_the_library_is_asked_for_the_language_and_read_into_text_words_and_confidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    class Library:
        def __init__(self, path: str, **options: Any) -> None:
            asked.update(options, path=path)

        def transcribe(self, samples: Samples, **options: Any) -> tuple[list[Any], None]:
            asked.update(options)
            word = SimpleNamespace(word=" मुझे", start=0.1, end=0.4, probability=0.7)
            return [part(" मुझे", words=[word]), part(" धन्यवाद", silent=0.9, logprob=-2.0)], None

    monkeypatch.setattr("faster_whisper.WhisperModel", Library)
    installed = install(tmp_path).get("whisper-small")
    heard = WhisperDecoder(installed, 3).decode(np.zeros(16_000, np.float32), HINDI, final=True)
    assert heard == Heard("मुझे", pytest.approx(np.exp(-0.2)), (Word("मुझे", 0.1, 0.4, 0.7),))
    assert asked["path"] == str(installed.path)
    assert (asked["language"], asked["hotwords"], asked["cpu_threads"]) == ("hi", "loan", 3)
    assert asked["word_timestamps"] is True


async def test_what_the_library_takes_for_silence_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = SimpleNamespace(
        transcribe=lambda samples, **options: ([part("Thank you", silent=0.9, logprob=-2)], None)
    )
    monkeypatch.setattr("faster_whisper.WhisperModel", lambda path, **options: library)
    decoder = WhisperDecoder(install(tmp_path).get("whisper-small"), 1)
    assert decoder.decode(np.zeros(16_000, np.float32), HINDI, final=False).text == ""
