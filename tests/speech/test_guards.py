"""What keeps invented words out."""

import numpy as np
import pytest

from earful.audio.vad import VadModel
from earful.speech.guards import Evidence, is_invented
from earful.speech.moonshine import Decoded, MoonshineModel
from earful.speech.scheduler import Scheduler
from earful.speech.types import Hypothesis, Samples, StreamOptions

SURE = Evidence(voiced=2.0, mean=0.95)


def said(text: str, confidence: float = 0.9, *, looped: bool = False) -> Decoded:
    return Decoded((1,), text, confidence, (-0.1,), looped=looped)


@pytest.mark.parametrize("text", ["Thank you.", "You", "One.", "0", "It was the best of times."])
def test_sure_speech_is_believed_whatever_it_says(text: str) -> None:
    """No list of words: people do say "Thank you"."""
    assert not is_invented(said(text), SURE)


@pytest.mark.parametrize("text", ["", "?", "...", " - "])
def test_text_without_a_letter_or_digit_is_no_speech(text: str) -> None:
    """A lone "?" is not passed on."""
    assert is_invented(said(text), SURE)


def test_a_hesitant_decoder_over_a_doubtful_voice_is_not_believed() -> None:
    """Either alone is enough to be heard, both together are not."""
    assert is_invented(said("Thank you.", 0.3), Evidence(voiced=0.3, mean=0.5))
    assert not is_invented(said("Thank you.", 0.3), Evidence(voiced=0.3, mean=0.95))
    assert not is_invented(said("Thank you.", 0.9), Evidence(voiced=0.3, mean=0.5))


def test_numbers_that_explode_are_dropped() -> None:
    """Forty digits in a second were not said; a card number in five was."""
    assert is_invented(said("1" * 40), Evidence(voiced=1.0, mean=0.95))
    assert not is_invented(said("4111 1111 1111 1111"), Evidence(voiced=5.0, mean=0.95))


def test_an_unsure_loop_is_dropped() -> None:
    """A decoder that looped and doubted it has nothing to say."""
    assert is_invented(said("no", 0.4, looped=True), SURE)
    assert not is_invented(said("no", 0.9, looped=True), SURE)


SECONDS = 20
RATE = 16_000


def _noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SECONDS * RATE)


def _tones(*hertz: float) -> np.ndarray:
    clock = np.arange(SECONDS * RATE) / RATE
    return np.sum([np.sin(2 * np.pi * pitch * clock) for pitch in hertz], axis=0)


def _music(seed: int) -> np.ndarray:
    """Chords of plucked strings, two a second."""
    rng = np.random.default_rng(seed)
    clock = np.arange(RATE // 2) / RATE
    chords = []
    for _ in range(SECONDS * 2):
        root = 110 * 2 ** (rng.integers(12) / 12)
        notes = [root * step for step in (1, 1.25, 1.5)]
        strings = [
            np.sin(2 * np.pi * n * k * clock) / k * np.exp(-3 * clock) for n in notes for k in range(1, 6)
        ]
        chords.append(np.sum(strings, axis=0))
    return np.concatenate(chords)


def _pink(seed: int) -> np.ndarray:
    spectrum = np.fft.rfft(_noise(seed))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))))


_CLOCK = np.arange(SECONDS * RATE) / RATE
UNSPOKEN = {
    "silence": lambda: np.zeros(SECONDS * RATE) + 1e-9,
    "white noise": lambda: _noise(1),
    "pink noise": lambda: _pink(2),
    "noise that swells": lambda: _noise(3) * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * _CLOCK)),
    "hold tone": lambda: _tones(440),
    "dial tone": lambda: _tones(350, 440),
    "ringing": lambda: _tones(440, 480) * (_CLOCK % 6 < 2),
    "busy tone": lambda: _tones(480, 620) * (_CLOCK % 1 < 0.5),
    "keypad": lambda: _tones(770, 1336) * (_CLOCK % 0.4 < 0.2),
    "mains hum": lambda: np.sign(_tones(50)),
    "clicks": lambda: (np.arange(SECONDS * RATE) % 8000 < 20) * 1.0,
    "music": lambda: _music(4),
    "other music": lambda: _music(5),
}


@pytest.mark.parametrize("kind", UNSPOKEN)
@pytest.mark.parametrize("peak", [0.02, 0.5])
def test_nothing_is_made_of_sounds_without_speech(
    model: MoonshineModel, vad: VadModel, kind: str, peak: float
) -> None:
    """Not one word, loud or soft."""
    sound = UNSPOKEN[kind]()
    samples: Samples = (sound / np.abs(sound).max() * peak).astype(np.float32)
    heard: list[Hypothesis] = []
    scheduler = Scheduler(model, vad)
    stream = scheduler.open(StreamOptions(), heard.append)
    scheduler.feed(stream, samples)
    scheduler.flush(stream, lambda: None)
    while scheduler.run_once():
        pass
    assert heard == []
