"""The resampler: faithful, prompt, and blind to where chunks are cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earful.audio.resample import Resampler


def tone(frequency_hz: float, rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    """Return a sine of amplitude 0.5."""
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(int(rate_hz * seconds)) / rate_hz)).astype(
        np.float32
    )


def resampled(samples: np.ndarray, rate_hz: int, chunk: int) -> np.ndarray:
    """Return `samples` at 16 kHz, fed `chunk` at a time."""
    resampler = Resampler(rate_hz)
    parts = [resampler.feed(samples[i : i + chunk]) for i in range(0, len(samples), chunk)]
    return np.concatenate([*parts, resampler.flush()])


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000])
def test_a_tone_stays_itself(rate):
    """A 1 kHz tone comes out as the same tone, as long and as loud, at every rate."""
    out = resampled(tone(1_000, rate), rate, rate // 50)
    assert abs(len(out) - 16_000) <= 1
    np.testing.assert_allclose(out[1_000:15_000], tone(1_000, 16_000)[1_000:15_000], atol=0.01)


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_what_cannot_be_held_is_removed(rate):
    """A 12 kHz tone would fold down to 4 kHz; it is damped by more than 60 dB instead."""
    out = resampled(tone(12_000, rate), rate, rate // 50)
    assert np.abs(out[1_000:15_000]).max() < 0.5e-3


@given(st.integers(1, 3_000), st.sampled_from([8_000, 44_100, 48_000]))
@settings(deadline=None, max_examples=30)
def test_chunked_equals_whole(chunk, rate):
    """Where the input was cut cannot be seen in the output."""
    noise = np.random.default_rng(1).normal(0, 0.1, rate // 4).astype(np.float32)
    np.testing.assert_array_equal(resampled(noise, rate, chunk), resampled(noise, rate, len(noise)))


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_no_more_than_three_milliseconds_are_held_back(rate):
    """Fed 20 ms at a time, all but 48 samples of what is due has come out after each."""
    resampler, got = Resampler(rate), 0
    for frame in range(1, 100):
        got += resampler.feed(np.zeros(rate // 50, dtype=np.float32)).size
        assert frame * 320 - got <= 48


def test_16_khz_passes_through():
    """Nothing is done where nothing is needed."""
    samples = tone(440, 16_000)
    resampler = Resampler(16_000)
    assert resampler.feed(samples) is samples
    assert resampler.flush().size == 0


def test_after_a_flush_it_starts_afresh():
    """The same input gives the same output twice."""
    resampler = Resampler(48_000)
    first, second = (np.concatenate([resampler.feed(tone(440, 48_000)), resampler.flush()]) for _ in range(2))
    np.testing.assert_array_equal(first, second)
