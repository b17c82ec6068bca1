"""The edges of words beside pauses are where their sound begins and ends."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from earful.speech.types import Samples
from earful.speech.word_edges import to_their_sound

RATE = 16_000


def sound(*parts: tuple[float, float]) -> Samples:
    """Tones of so many seconds at a level each; level 0 is silence."""
    times = np.arange(round(sum(seconds for _, seconds in parts) * RATE)) / RATE
    levels = np.concatenate([np.full(round(seconds * RATE), level) for level, seconds in parts])
    return (levels * np.sin(2 * np.pi * 400 * times[: len(levels)])).astype(np.float32)


@pytest.mark.parametrize("level", [0.0, 0.1])
def test_where_quiet_cannot_be_told_from_noise_words_keep_their_times(level: float) -> None:
    noise = np.random.default_rng(4).normal(0, level, RATE).astype(np.float32)
    assert to_their_sound([(0.1, 0.4), (0.6, 0.9)], noise) == [(0.1, 0.4), (0.6, 0.9)]
    assert to_their_sound([(0.0, 0.0)], np.zeros(0, np.float32)) == [(0.0, 0.0)]


def test_a_word_among_words_is_not_cut_at_its_quiet_parts() -> None:
    """Only the outer edges of a run are; and something is left of every word."""
    heard = sound((0, 0.2), (0.5, 0.1), (0, 0.1), (0.5, 0.1), (0, 0.5))
    found = to_their_sound([(0.0, 0.4), (0.4, 0.9)], heard)
    assert np.array(found) == pytest.approx(np.array([(0.2, 0.4), (0.4, 0.5)]), abs=0.011)
    assert to_their_sound([(0.13, 0.19)], heard) == [(0.13, 0.19)]


def test_a_word_has_what_sounds_beside_it_without_a_break() -> None:
    """Both edges, and no further than a sixth of a second: what goes on longer is no part of the word."""
    heard = sound((0, 0.2), (0.05, 0.1), (0.5, 0.3), (0.05, 0.1), (0, 0.2), (0.1, 0.5))
    assert to_their_sound([(0.3, 0.6)], heard) == [pytest.approx((0.2, 0.7), abs=0.011)]
    (found,) = to_their_sound([(1.2, 1.3)], heard)
    assert found == pytest.approx((1.05, 1.4), abs=0.02)


def test_words_never_grow_over_each_other() -> None:
    """A pause that is full of sound is shared, and edges between words that touch stay where they are."""
    heard = sound((0, 0.2), (0.5, 0.8), (0, 0.2))
    found = to_their_sound([(0.3, 0.5), (0.6, 0.8), (0.8, 1.0)], heard)
    assert all(later[0] >= one[1] for one, later in pairwise(found))
    assert found[0][0] == pytest.approx(0.2, abs=0.011)
    assert found[1][1] == found[2][0] == 0.8
    assert found[2][1] == pytest.approx(1.0, abs=0.011)


def test_faint_ends_are_not_lost_in_noise() -> None:
    """White noise 20 dB below the word: what is 6 dB over it belongs to the word."""
    heard = sound((0, 0.5), (0.1, 0.06), (0.3, 0.3), (0.1, 0.06), (0, 0.5))
    heard += np.random.default_rng(1).normal(0, 0.02, len(heard)).astype(np.float32)
    assert to_their_sound([(0.56, 0.86)], heard) == [pytest.approx((0.5, 0.92), abs=0.021)]
