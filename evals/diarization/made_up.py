"""Conversations put together from recordings of single voices, so that who speaks when is known exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earful.audio.files import read_blocks
from earful.audio.types import BrokenAudio, Samples
from evals.diarization.der import Span
from evals.wer.telephone import narrowed

__all__ = ["LINES", "Conversation", "load_voices", "make_conversations", "over"]

LINES = ("clean", "telephone", "far")
"""As recorded, over a telephone, and across a room."""

_RATE = 16_000
_SHAPES = ((2, 40.0), (1, 40.0), (2, 80.0), (3, 60.0), (2, 60.0), (4, 60.0), (2, 120.0), (1, 80.0), (3, 90.0))
"""How many people speak for how many seconds, by turns."""

_LEVEL = 0.06
_UTTERANCES = 48
_OVERLAPS = 0.1
_SHORT_ANSWERS = 0.2
_REVERBERATION_S = 0.45


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is heard (float32 [n], 16 kHz), and who says it when."""

    id: str
    line: str
    samples: Samples
    spans: tuple[Span, ...]


def load_voices(folder: Path) -> dict[str, list[Samples]]:
    """Return the utterances of each voice: the recordings in each folder of `folder`, made equally loud."""
    voices: dict[str, list[Samples]] = {}
    for home in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in sorted(home.iterdir())[:_UTTERANCES]:
            try:
                samples = _trimmed(np.concatenate(list(read_blocks(path))))
            except BrokenAudio:
                continue
            if len(samples) >= _RATE // 4:
                voices.setdefault(home.name, []).append(samples)
    return voices


def make_conversations(voices: dict[str, list[Samples]], count: int, seed: int = 7) -> Iterator[Conversation]:
    """Yield `count` conversations, the same for the same voices and seed."""
    for number in range(count):
        people, seconds = _SHAPES[number % len(_SHAPES)]
        line = LINES[number // len(_SHAPES) % len(LINES)]
        random = np.random.default_rng((seed, number))
        samples, spans = _talk(voices, people, seconds, random)
        name = f"{number:03}-{people}-{line}"
        yield Conversation(name, line, over(line, samples, random), tuple(spans))


def _talk(
    voices: dict[str, list[Samples]], people: int, seconds: float, random: np.random.Generator
) -> tuple[Samples, list[Span]]:
    """Let people take turns of one to three utterances; some answer in a word, some interrupt."""
    names = [str(name) for name in random.choice(sorted(voices), people, replace=False)]
    share = random.dirichlet(np.full(people, 2.0)) + 0.1
    loudness = {name: 10 ** (random.uniform(-4, 4) / 20) for name in names}
    sound = np.zeros(round((seconds + 60) * _RATE), np.float32)
    spans: list[Span] = []
    at = 0.0
    last = ""
    while at < seconds:
        chances = np.array([0.0 if name == last and people > 1 else share[i] for i, name in enumerate(names)])
        name = names[int(random.choice(people, p=chances / chances.sum()))]
        at += max(0.05, random.normal(0.3, 0.25))
        if spans and people > 1 and random.random() < _OVERLAPS:
            at = max(spans[-1].start + 0.3, at - random.uniform(0.5, 1.0))
        for samples in _turn(voices[name], random):
            first = round(at * _RATE)
            sound[first : first + len(samples)] += samples * np.float32(loudness[name])
            end = at + len(samples) / _RATE
            spans.append(Span(name, at, end))
            at = end + random.uniform(0.0, 0.3)
        last = name
    return sound[: round(at * _RATE)], spans


def _turn(utterances: Sequence[Samples], random: np.random.Generator) -> list[Samples]:
    by_length = sorted(utterances, key=len)
    if random.random() < _SHORT_ANSWERS:
        return [by_length[int(random.integers(max(1, len(by_length) // 5)))]]
    return [utterances[int(random.integers(len(utterances)))] for _ in range(int(random.integers(1, 4)))]


def over(line: str, samples: Samples, random: np.random.Generator) -> Samples:
    """Return samples (float32 [n], 16 kHz) as they arrive over one of `LINES`."""
    if line == "telephone":
        heard = narrowed(samples)
        samples = heard + random.normal(0, 1e-3, len(heard)).astype(np.float32)
    if line == "far":
        length = round(_REVERBERATION_S * _RATE)
        echo = random.normal(0, 1, length) * np.exp(-6.9 * np.arange(length) / length)
        echo[0] += 6
        size = len(samples) + length
        spectrum = np.fft.rfft(samples, size) * np.fft.rfft(echo / np.linalg.norm(echo), size)
        room = np.fft.irfft(spectrum, size)[: len(samples)] * 0.5
        samples = (room + random.normal(0, 4e-3, len(samples))).astype(np.float32)
    return np.clip(samples, -1, 1).astype(np.float32)


def _trimmed(samples: Samples) -> Samples:
    """Return the recording without silence at its ends, at a mean level of `_LEVEL`."""
    heard = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max(initial=1e-6))
    if not len(heard):
        return samples[:0]
    samples = samples[heard[0] : heard[-1] + 1]
    return np.asarray(samples * (_LEVEL / np.sqrt(np.mean(np.square(samples)))), np.float32)
