"""Real speech, signals without speech, and stand-ins for the networks."""

import wave
from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import pytest
import soxr

from earful.audio.vad import FRAME, VadModel, VadState
from earful.speech.moonshine import Bias, Decoded, MoonshineModel
from earful.speech.tokenizer import Tokenizer
from earful.speech.types import Samples


def read_asset(name: str) -> Samples:
    """Return one of moonshine-voice's recordings as float32 [n], 16 kHz."""
    with (files("moonshine_voice") / "assets" / name).open("rb") as file, wave.open(file) as reader:
        pcm = np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2")
        samples = pcm.astype(np.float32) / np.float32(32768)
        rate = reader.getframerate()
    return samples if rate == 16_000 else soxr.resample(samples, rate, 16_000).astype(np.float32)


@pytest.fixture(scope="session")
def model() -> MoonshineModel:
    """The real weights."""
    return MoonshineModel()


@pytest.fixture(scope="session")
def vad() -> VadModel:
    """The real voice activity network."""
    return VadModel()


@pytest.fixture(scope="session")
def two_cities() -> Samples:
    """A man reads the opening of A Tale of Two Cities: 44 s with many pauses."""
    return read_asset("two_cities.wav")


@pytest.fixture(scope="session")
def beckett() -> Samples:
    """A man reads ten seconds of Beckett."""
    return read_asset("beckett.wav")


class LevelEar:
    """Voice activity by loudness: a frame is speech when its mean magnitude is over a hundredth."""

    def probabilities(self, samples: Samples, state: VadState) -> Samples:
        assert len(samples) % FRAME == 0
        level = np.abs(samples.reshape(-1, FRAME)).mean(axis=1)
        return np.where(level > 0.01, 0.95, 0.02).astype(np.float32)

    def probabilities_of(self, blocks: Sequence[Samples], states: Sequence[VadState]) -> list[Samples]:
        return [self.probabilities(block, state) for block, state in zip(blocks, states, strict=True)]


class SpellingEngine:
    """Reads "words" out of the audio: each 0.3 s of loud audio is a word named by its level.

    Keeps a journal of what it was asked, so that tests see who was served, when and how.
    """

    WORD = 4800

    def __init__(self) -> None:
        names = [f"▁w{level}".encode() for level in range(100)]
        self.tokenizer = Tokenizer([*(b"" for _ in range(259)), *names])
        self.journal: list[list[tuple[int, tuple[int, ...]]]] = []
        self.fail = False

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
        if self.fail:
            raise RuntimeError("the network broke")
        prefixes = prefixes or [()] * len(segments)
        self.journal.append([(len(s), tuple(p)) for s, p in zip(segments, prefixes, strict=True)])
        return [self._read(segment) for segment in segments]

    def _read(self, segment: Samples) -> Decoded:
        loud = segment[np.abs(segment) > 0.005]
        levels = [round(float(loud[at]) * 100) for at in range(self.WORD // 2, len(loud), self.WORD)]
        tokens = tuple(259 + level for level in levels)
        return Decoded(tokens, self.tokenizer.decode(tokens), 0.9, (-0.1,) * len(tokens))


def say(*levels: int, quiet: float = 0.0) -> Samples:
    """Return audio in which `SpellingEngine` reads these words, then `quiet` seconds of silence."""
    words = [np.full(SpellingEngine.WORD, level / 100, np.float32) for level in levels]
    return np.concatenate([*words, np.zeros(round(quiet * 16_000), np.float32)])
