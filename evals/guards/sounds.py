"""Sounds without a word in them, made here: ten minutes of each, the same every time."""

from collections.abc import Callable, Iterator

import numpy as np

from earful.audio.types import Samples

__all__ = ["SOUNDS", "blocks"]

RATE = 16_000
_BLOCK_S = 10

Maker = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def blocks(name: str, seconds: float) -> Iterator[Samples]:
    """Yield `seconds` of a sound in blocks of ten seconds (float32, 16 kHz)."""
    generator = np.random.default_rng(sum(name.encode()))
    total = round(seconds * RATE)
    for start in range(0, total, _BLOCK_S * RATE):
        times = np.arange(start, min(total, start + _BLOCK_S * RATE)) / RATE
        yield SOUNDS[name](times, generator).astype(np.float32)


def _silence(times: np.ndarray, _: np.random.Generator) -> np.ndarray:
    return np.zeros_like(times)


def _white(times: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Noise whose level goes from a whisper to loud and back once a minute."""
    return generator.normal(0, 1, len(times)) * 10 ** (-2.5 + 1.5 * np.sin(2 * np.pi * times / 60))


def _pink(times: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    spectrum = np.fft.rfft(generator.normal(0, 1, len(times)))
    shaped = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))), len(times))
    return shaped / max(1e-9, float(np.abs(shaped).max())) * 0.3


def _hum(times: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Mains hum with its harmonics, and a little hiss."""
    tones = sum(np.sin(2 * np.pi * 50 * n * times) / n for n in (1, 2, 3, 5, 7))
    return 0.1 * tones + generator.normal(0, 0.002, len(times))


def _music(times: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """A plucked melody over chords and a drum: 100 beats a minute in a major key."""
    beat = 0.6
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
    number = np.floor(times / beat).astype(int)
    into = times - number * beat
    note = scale[(number * 5 + number // 4 * 3) % 8]
    chord = np.array([0, 5, 7, 0])[number // 8 % 4]
    sound = np.zeros_like(times)
    for overtone in (1, 2, 3, 4):
        pitch = 261.63 * 2 ** (note / 12) * overtone
        sound += np.sin(2 * np.pi * pitch * into) * np.exp(-4 * into * overtone) / overtone
    for third in (0, 4, 7):
        sound += 0.4 * np.sin(2 * np.pi * 130.81 * 2 ** ((chord + third) / 12) * times)
    drum = np.sin(2 * np.pi * 60 * into) * np.exp(-20 * into)
    return 0.15 * sound + 0.3 * drum


def _hold(times: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """The tones of a telephone: ringing, busy, and the beep of a queue, a minute each in turn."""
    ringing = (np.sin(2 * np.pi * 440 * times) + np.sin(2 * np.pi * 480 * times)) * (times % 6 < 2)
    busy = (np.sin(2 * np.pi * 480 * times) + np.sin(2 * np.pi * 620 * times)) * (times % 1 < 0.5)
    beep = 2 * np.sin(2 * np.pi * 1400 * times) * (times % 15 < 0.4)
    minute = (times // 60).astype(int) % 3
    return 0.15 * np.choose(minute, [ringing, busy, beep])


def _keys(times: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """DTMF digits, 120 ms each, in bursts of eleven with pauses between them."""
    number = np.floor(times / 0.24).astype(int)
    key = (number * 7 + number // 11) % 12
    low = np.array([697.0, 770.0, 852.0, 941.0])[key // 3]
    high = np.array([1209.0, 1336.0, 1477.0])[key % 3]
    pressed = (times % 0.24 < 0.12) & (number % 22 < 11)
    return 0.2 * (np.sin(2 * np.pi * low * times) + np.sin(2 * np.pi * high * times)) * pressed


SOUNDS: dict[str, Maker] = {
    "silence": _silence,
    "white noise": _white,
    "pink noise": _pink,
    "mains hum": _hum,
    "music": _music,
    "hold tones": _hold,
    "DTMF": _keys,
}
"""Each sound by name: sample times (seconds) and a source of chance in, samples out."""
