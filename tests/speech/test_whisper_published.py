"""Whisper's own published weights (fetched by scripts/weights.py) through every road that a user takes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from evals.weights import whisper_weights
from evals.wer.scoring import NORMALISERS, score

from earful.audio.files import read_blocks
from earful.audio.types import Samples
from earful.settings import Settings
from earful.speech.engines import Engines
from earful.speech.models import ModelStore
from earful.speech.service import LocalSpeechService
from earful.speech.types import Hypothesis, StreamOptions
from earful.speech.whisper import WhisperDecoder, among
from tests.support.telephone import read_speech

TIMES = ("best of times", "worst of times", "age of wisdom", "age of foolishness")
OPENING = " ".join(f"it was the {what}" for what in TIMES)


def weights(name: str) -> Path:
    folder = whisper_weights(name)
    if folder is None:
        pytest.skip(f"{name}'s weights are not here (scripts/weights.py fetches them)")
    return folder


def errors(said: str, heard: str) -> float:
    return score(said, heard, NORMALISERS["plain"]).rate


@pytest.fixture(scope="module")
def two_cities() -> Samples:
    return np.frombuffer(read_speech(16_000, 9.0), "<i2").astype(np.float32) / 32768


@pytest.fixture(scope="module")
def base() -> WhisperDecoder:
    return WhisperDecoder(weights("whisper-base"), threads=2)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    store = ModelStore(tmp_path_factory.mktemp("models"))
    store.pull("whisper-base", source=weights("whisper-base"))
    return store


def spoken(text: str, voice: str, folder: Path) -> Samples:
    """Return a synthetic voice's rendering."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng to speak another language")
    path = folder / "said.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-s", "130", "-w", str(path), text], check=True)
    return np.concatenate(list(read_blocks(path))).astype(np.float32)


@pytest.mark.parametrize("name", ["whisper-tiny.en", "whisper-base"])
def test_a_reading_is_heard_as_it_is_read(name: str, two_cities: Samples) -> None:
    decoder = WhisperDecoder(weights(name), threads=2)
    assert decoder.multilingual is (name == "whisper-base")
    heard = decoder.decode(two_cities, StreamOptions(language="en"), final=True)
    assert errors(OPENING, heard.text) < 0.1, heard.text
    assert (heard.confidence or 0) > 0.6
    assert [word.text for word in heard.words] == heard.text.split()
    assert all(a.start <= a.end <= b.end for a, b in zip(heard.words, heard.words[1:], strict=False))


def test_the_language_is_told_by_its_sound(base: WhisperDecoder, two_cities: Samples, tmp_path: Path) -> None:
    german = spoken("Guten Tag, ich möchte morgen früh einen Termin machen.", "de", tmp_path)
    spanish = spoken("Buenos días, quiero hacer una cita para mañana por la mañana.", "es", tmp_path)
    for samples, language in ((two_cities, "en-IN"), (german, "de-DE"), (spanish, "es-ES")):
        found, chance = among(base.language_chances(samples), ("en-IN", "de-DE", "es-ES", "hi-IN"))
        assert (found, chance > 0.5) == (language, True)


async def test_a_live_stream_of_another_language_has_captions_and_finals(
    store: ModelStore, tmp_path: Path
) -> None:
    text = "Guten Tag, ich möchte morgen früh einen Termin machen."
    samples = spoken(text, "de", tmp_path)
    service = LocalSpeechService(Settings(models_dir=store.root, speech_threads=2), Engines(store, threads=2))
    await service.start()
    heard: list[Hypothesis] = []
    try:
        stream = await service.open(StreamOptions(language="de-DE"), heard.append)
        for start in range(0, len(samples), 320):
            stream.feed(samples[start : start + 320])
        await stream.flush()
        await stream.close()
    finally:
        await service.close()
    finals = [one for one in heard if one.is_final]
    assert errors(text, " ".join(one.text for one in finals)) < 0.5, finals


def test_a_user_pulls_it_from_a_folder_and_transcribes(tmp_path: Path) -> None:
    def earful(*arguments: str) -> str:
        command = [str(Path(sys.executable).with_name("earful")), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    environment = {**os.environ, "EARFUL_DATA_DIR": str(tmp_path / "data")}
    earful("models", "pull", "whisper-tiny.en", "--from", str(weights("whisper-tiny.en")))
    import moonshine_voice

    recording = Path(moonshine_voice.__file__).parent / "assets" / "beckett.wav"
    told = earful("transcribe", str(recording), "--model", "whisper-tiny.en", "--json")
    words = json.loads(told)["text"].lower()
    assert "try again" in words
    assert "fail better" in words
