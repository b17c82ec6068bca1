"""The rebuilt network hears the same voices as the published one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from earful.audio.files import read_blocks
from earful.onnx_sessions import session_options
from earful.speech.types import Samples
from earful.speech.voice_network import VoiceNetwork
from earful.speech.voices import VoiceModel, distances, published

ASSETS = Path(str(files("moonshine_voice"))) / "assets"


@pytest.fixture(scope="module")
def network() -> VoiceNetwork:
    return VoiceNetwork(published())


@pytest.fixture(scope="module")
def speech() -> Samples:
    return np.concatenate(list(read_blocks(ASSETS / "two_cities.wav")))[: 12 * 16_000]


def unit(voices: Samples) -> Samples:
    return voices / np.linalg.norm(voices, axis=1, keepdims=True)


def test_voices_are_those_of_the_published_graph(network: VoiceNetwork, speech: Samples) -> None:
    """Loud and quiet, off centre, of several lengths: moved far less than a voice is from itself."""
    model = bytes(published())
    session = ort.InferenceSession(model, session_options(), providers=["CPUExecutionProvider"])
    windows = [(at, at + 24_000) for at in range(0, len(speech) - 24_000, 16_000)]
    windows += [(1_600, 9_600), (3_200, 20_007)]
    for sound in (speech, speech * np.float32(0.01), speech * np.float32(0.2) + np.float32(0.05)):
        told = [session.run(None, {"waveform": sound[np.newaxis, low:high]})[0][0] for low, high in windows]
        expected, found = unit(np.stack(told)), unit(network.hear(sound, windows))
        apart = 1 - (expected * found).sum(axis=1)
        assert apart.max() < 0.003
        itself = distances(expected)
        assert apart.max() < 0.01 * itself[np.triu_indices(len(itself), 1)].mean()


def test_a_window_sounds_alike_whatever_is_heard_with_it(network: VoiceNetwork, speech: Samples) -> None:
    windows = [(at, at + 24_000) for at in range(0, 80_000, 8_000)]
    together = unit(network.hear(speech, windows))
    alone = unit(np.concatenate([network.hear(speech[low:high], [(0, high - low)]) for low, high in windows]))
    assert (1 - (together * alone).sum(axis=1)).max() < 0.01


def test_windows_may_begin_anywhere(network: VoiceNetwork, speech: Samples) -> None:
    """The filters listen at every tenth sample of the stretch, whatever a window begins with."""
    voices = unit(
        network.hear(speech, [(16_000, 40_000), (16_007, 40_007), (len(speech) - 24_003, len(speech))])
    )
    assert 1 - float(voices[0] @ voices[1]) < 0.01
    assert np.isfinite(voices).all()


def test_nothing_to_hear_is_no_voices(network: VoiceNetwork) -> None:
    assert network.hear(np.zeros(0, np.float32), []).shape == (0, 512)
    assert VoiceModel().hear(np.zeros(0, np.float32), []).shape == (0, 512)


def test_silence_is_a_voice_of_finite_numbers(network: VoiceNetwork) -> None:
    assert np.isfinite(network.hear(np.zeros(24_000, np.float32), [(0, 24_000)])).all()


def test_another_model_is_refused() -> None:
    other = (ASSETS / "tiny-en" / "encoder_model.ort").read_bytes()
    with pytest.raises(KeyError):
        VoiceNetwork(memoryview(other))
    with pytest.raises(ValueError, match="not a model"):
        VoiceNetwork(memoryview(b"nothing of the kind"))
