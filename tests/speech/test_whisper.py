"""Real loading and decoding with faster-whisper, on a tiny model that the tests make."""

from pathlib import Path

import numpy as np
import pytest

from earful.audio.types import Samples
from earful.speech.types import Hotword, StreamOptions
from earful.speech.whisper import WhisperDecoder, among
from tests.support.models.whisper import make_whisper


def tone(hertz: float, seconds: float = 2.0) -> Samples:
    times = np.arange(round(seconds * 16_000)) / 16_000
    return (0.3 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


LOW, HIGH = tone(200), tone(4000)


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> WhisperDecoder:
    return WhisperDecoder(make_whisper(tmp_path_factory.mktemp("whisper")), threads=1)


@pytest.mark.parametrize(("audio", "said"), [(LOW, "low tone"), (HIGH, "high tone")])
@pytest.mark.parametrize("language", ["hi-IN", "en-US", "bn"])
def test_what_is_in_the_audio_is_heard_in_any_language_of_the_model(
    decoder: WhisperDecoder, audio: Samples, said: str, language: str
) -> None:
    hearing = decoder.listen(StreamOptions(language=language))
    assert hearing.hear(audio, final=False).text == said
    final = hearing.hear(audio, final=True)
    assert final.text == said
    assert final.confidence == pytest.approx(0.99, abs=0.01)
    assert final.inventive


def test_word_times_lie_in_the_audio_and_each_word_is_heard_once(decoder: WhisperDecoder) -> None:
    """The library, left to go on behind the last word, would hear the rest of the audio again."""
    words = decoder.decode(LOW, StreamOptions(language="hi"), final=True).words
    assert [word.text for word in words] == ["low", "tone"]
    assert 0 <= words[0].start < words[0].end <= words[1].start <= words[1].end <= 2.0
    assert all(word.confidence and word.confidence > 0.9 for word in words)


def test_words_that_nobody_asked_for_are_not_placed(decoder: WhisperDecoder) -> None:
    assert decoder.decode(LOW, StreamOptions(language="hi", words=False), final=True).words == ()


def test_hotwords_are_given_to_the_model_as_its_prompt(decoder: WhisperDecoder) -> None:
    options = StreamOptions(language="hi", hotwords=(Hotword("tone"), Hotword("loan officer")))
    assert decoder.decode(LOW, options, final=True).text == "low tone"


def test_the_language_is_told_by_its_sound(decoder: WhisperDecoder) -> None:
    assert decoder.multilingual
    assert next(iter(decoder.language_chances(LOW))) == "hi"
    assert next(iter(decoder.language_chances(HIGH))) == "ta"
    assert sum(decoder.language_chances(HIGH).values()) == pytest.approx(1, abs=1e-3)


def test_only_the_languages_in_question_are_chosen_from() -> None:
    chances = {"hi": 0.6, "ta": 0.3, "en": 0.1}
    assert among(chances, ["ta-IN", "en-IN"]) == ("ta-IN", pytest.approx(0.75))
    assert among(chances, ["en-US", "hi-IN", "ta-IN"])[0] == "hi-IN"
    assert among(chances, ["xx"]) == ("xx", 0.0)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises((RuntimeError, ValueError)):
        WhisperDecoder(tmp_path, threads=1)
