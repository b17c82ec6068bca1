"""Which model is chosen, and every engine through the same live and file roads."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earful.audio.types import Samples
from earful.settings import Settings
from earful.speech.engines import Engines
from earful.speech.files import FileTranscriber
from earful.speech.models import ModelStore
from earful.speech.moonshine import MoonshineModel
from earful.speech.service import LocalSpeechService
from earful.speech.types import Hotword, Hypothesis, LanguageNotAvailable, StreamOptions
from tests.support.models.moonshine import make_moonshine
from tests.support.models.sherpa import make_transducer
from tests.support.models.whisper import make_whisper
from tests.support.telephone import read_speech, write_wav

HELP = Hotword("help", 5.0)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    """A models directory with one tiny model of each engine, and German promised but not there."""
    work = tmp_path_factory.mktemp("models")
    store = ModelStore(work / "kept")
    whisper = make_whisper(work / "whisper")
    store.pull("whisper-tiny", source=whisper)
    store.add("our-german", make_transducer(work / "sherpa"), engine="sherpa-onnx", languages=["de"])
    store.add("our-french", make_moonshine(work / "moonshine"), engine="moonshine", languages=["fr"])
    return store


@pytest.fixture(scope="module")
def engines(store: ModelStore) -> Engines:
    return Engines(store, threads=1)


@pytest.fixture(scope="module")
def talk() -> Samples:
    return np.frombuffer(read_speech(16_000, 6.0), "<i2").astype(np.float32) / 32768


@pytest.fixture
async def service(store: ModelStore, engines: Engines) -> AsyncIterator[LocalSpeechService]:
    service = LocalSpeechService(Settings(models_dir=store.root, speech_threads=1), engines)
    await service.start()
    yield service
    await service.close()


@pytest.mark.parametrize(
    ("language", "model", "chosen"),
    [
        ("en-US", None, "moonshine-tiny-en"),
        ("en-US", "whisper-tiny", "whisper-tiny"),
        ("hi-IN", None, "whisper-tiny"),
        ("de-DE", None, "whisper-tiny"),
        ("de-DE", "our-german", "our-german"),
        ("hi-IN", "our-german", "whisper-tiny"),
        ("hi-IN", "whisper-large-v3", "whisper-tiny"),
    ],
)
def test_a_model_asked_for_is_taken_when_it_fits_else_the_largest_that_does(
    engines: Engines, language: str, model: str | None, chosen: str
) -> None:
    assert engines.choose(language, model).name == chosen


def test_the_setting_gives_languages_their_models(store: ModelStore) -> None:
    given = {"de": "our-german", "*": "whisper-tiny", "fr": "whisper-small"}
    engines = Engines(store, preferred=given)
    assert engines.choose("de-AT").name == "our-german"
    assert engines.choose("en-GB").name == "whisper-tiny"
    with pytest.raises(LanguageNotAvailable, match="earful models pull whisper-small"):
        engines.choose("fr-FR")


def test_a_setting_that_names_no_model_says_so(store: ModelStore) -> None:
    with pytest.raises(LanguageNotAvailable, match=r"EARFUL_SPEECH_MODELS.*'en-US'.*'nonsense'"):
        Engines(store, preferred={"en": "nonsense"}).choose("en-US")


@pytest.mark.parametrize(
    ("language", "command"),
    [
        ("hi-IN", "earful models pull whisper-small"),
        ("zh-CN", "earful models pull zipformer-zh-en"),
        ("tlh-QO", "earful models add"),
    ],
)
def test_a_language_without_a_model_names_the_command(tmp_path: Path, language: str, command: str) -> None:
    with pytest.raises(LanguageNotAvailable, match=command):
        Engines(ModelStore(tmp_path)).choose(language)


def test_a_model_insisted_on_is_here_and_speaks_the_language_or_refused(engines: Engines) -> None:
    assert engines.named("our-german", "de").name == "our-german"
    assert engines.named("moonshine-tiny-en", "en").name == "moonshine-tiny-en"
    with pytest.raises(LanguageNotAvailable, match="earful models pull whisper-small"):
        engines.named("whisper-small", "hi")
    with pytest.raises(LanguageNotAvailable, match="does not recognise"):
        engines.named("our-german", "hi")


def test_a_model_is_loaded_once(engines: Engines) -> None:
    card = engines.choose("hi")
    assert engines.load(card) is engines.load(card)
    assert isinstance(engines.moonshine(engines.choose("fr", "our-french")), MoonshineModel)


def test_a_damaged_model_is_refused_with_the_mend(store: ModelStore, tmp_path: Path) -> None:
    other = ModelStore(tmp_path / "models")
    other.pull("whisper-tiny", source=store.get("whisper-tiny").path)
    with (tmp_path / "models" / "whisper-tiny" / "model.bin").open("r+b") as file:
        file.seek(5000)
        file.write(b"rot")
    engines = Engines(other)
    card = engines.choose("hi")
    with pytest.raises(LanguageNotAvailable, match=r"model\.bin is missing or damaged.*models pull"):
        engines.load(card)


def test_a_model_that_cannot_be_loaded_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "model.bin").write_bytes(b"no weights")
    store = ModelStore(tmp_path / "models")
    for engine in ("faster-whisper", "sherpa-onnx", "moonshine"):
        store.add("broken", tmp_path / "source", engine=engine, languages=["xh"])
        engines = Engines(store)
        card = engines.choose("xh")
        with pytest.raises(LanguageNotAvailable, match="the model broken cannot be loaded"):
            engines.load(card)


def test_without_the_extra_the_command_that_installs_it_is_named(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    engines = Engines(store)
    card = engines.named("our-german", "de")
    with pytest.raises(LanguageNotAvailable, match=r"pip install 'earful\[sherpa\]'"):
        engines.load(card)


async def listen(service: LocalSpeechService, talk: Samples, **options: Any) -> list[Hypothesis]:
    heard: list[Hypothesis] = []
    stream = await service.open(StreamOptions(endpoint_silence=0.3, **options), heard.append)
    for at in range(0, talk.size, 3200):
        stream.feed(talk[at : at + 3200])
    await stream.flush()
    await stream.close()
    return heard


async def test_every_engine_hears_live_speech(service: LocalSpeechService, talk: Samples) -> None:
    """Two utterances each: Whisper and sherpa-onnx by their segments, Moonshine by its scheduler."""
    for options, said in (
        ({"language": "hi-IN"}, {"low tone", "high tone"}),
        ({"language": "de-DE", "model": "our-german"}, {"hello world", "hello wor", "hello"}),
        (
            {"language": "de-DE", "model": "our-german", "hotwords": (HELP,)},
            {"help world", "help wor", "help"},
        ),
        ({"language": "fr-FR", "model": "our-french"}, {"long speech", "short speech"}),
    ):
        finals = [one for one in await listen(service, talk, **options) if one.is_final]
        assert len(finals) == 2, options
        assert {one.text for one in finals} <= said
        for final in finals:
            assert final.start - 0.5 <= final.words[0].start <= final.words[-1].end <= final.end + 0.5
    assert service.capacity().streams == 0


async def test_a_streaming_model_tells_partials_as_words_come(
    service: LocalSpeechService, talk: Samples
) -> None:
    heard: list[Hypothesis] = []
    options = StreamOptions(language="de", model="our-german", partial_interval=0.2)
    stream = await service.open(options, heard.append)
    for at in range(0, 64_000, 3200):
        stream.feed(talk[at : at + 3200])
        await asyncio.sleep(0.03)
    await stream.flush()
    await stream.close()
    texts = [one.text for one in heard]
    assert texts[0] in ("he", "hello")
    assert len(set(texts)) >= 3
    assert all(later.startswith(before) for before, later in itertools.pairwise(texts))


async def test_the_language_is_detected_among_those_in_question(service: LocalSpeechService) -> None:
    times = np.arange(32_000) / 16_000
    low = (0.3 * np.sin(2 * np.pi * 200 * times)).astype(np.float32)
    language, sure = await service.detect_language(low, ["ta-IN", "hi-IN", "en-IN"])
    assert language == "hi-IN"
    assert sure > 0.8
    assert await service.detect_language(low, ["ta-IN"]) == ("ta-IN", 1.0)
    with pytest.raises(ValueError, match="no language"):
        await service.detect_language(low, [])


def test_without_a_model_of_many_languages_none_is_detected(tmp_path: Path) -> None:
    with pytest.raises(LanguageNotAvailable, match="earful models pull whisper-tiny"):
        Engines(ModelStore(tmp_path)).detect_language(np.zeros(16_000, np.float32), ["hi", "ta"])


async def test_a_running_service_takes_a_language_once_its_model_is_there(
    tmp_path: Path, store: ModelStore
) -> None:
    """Nothing is restarted."""
    service = LocalSpeechService(Settings(models_dir=tmp_path / "models", speech_threads=1))
    await service.start()
    try:
        with pytest.raises(LanguageNotAvailable, match="earful models pull whisper-small"):
            await service.open(StreamOptions(language="hi-IN"), lambda one: None)
        ModelStore(tmp_path / "models").pull("whisper-tiny", source=store.get("whisper-tiny").path)
        stream = await service.open(StreamOptions(language="hi-IN"), lambda one: None)
        assert service.capacity().streams == 1
        await stream.close()
        assert service.capacity().streams == 0
    finally:
        await service.close()


async def test_english_may_be_given_to_another_engine(store: ModelStore, talk: Samples) -> None:
    settings = Settings(models_dir=store.root, speech_threads=1, speech_models="en=whisper-tiny")
    service = LocalSpeechService(settings)
    await service.start()
    try:
        assert {one.text for one in await listen(service, talk) if one.is_final} <= {"low tone", "high tone"}
    finally:
        await service.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"language": "hi-IN"}, {"low tone", "high tone"}),
        ({"language": "de", "model": "our-german", "hotwords": (HELP,)}, {"help world", "help wor", "help"}),
        ({"language": "fr", "model": "our-french"}, {"long speech", "short speech"}),
    ],
)
def test_every_engine_writes_recordings_down(
    engines: Engines, tmp_path: Path, options: dict[str, Any], said: set[str]
) -> None:
    path = write_wav(tmp_path / "talk.wav", read_speech(16_000, 6.0), 16_000)
    transcript = FileTranscriber(engines=engines).transcribe(path, **options)
    assert transcript.segments
    for segment in transcript.segments:
        assert segment.text in said
        assert segment.text.split() == [word.text for word in segment.words]
        assert 0 <= segment.start < segment.end <= 6.0
