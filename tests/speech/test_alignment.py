"""Exact word times."""

import numpy as np
import pytest

from earful.speech.alignment import Aligner, spell
from earful.speech.types import Samples

RATE = 16_000


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner()


@pytest.fixture(scope="module")
def clause(two_cities: Samples) -> Samples:
    """ "It was the epoch of belief," with a pause after it."""
    return two_cities[int(8.6 * RATE) : int(10.75 * RATE)]


def test_every_word_gets_its_place_in_order(aligner: Aligner, clause: Samples) -> None:
    """Times are inside the audio and never go backwards."""
    times = aligner.align(clause, ["It", "was", "the", "epoch", "of", "belief,"])
    assert times is not None
    assert len(times) == 6
    flat = [time for span in times for time in span]
    assert flat == sorted(flat)
    assert flat[0] > 0.1
    assert flat[-1] <= len(clause) / RATE
    assert times[3][1] - times[3][0] > times[2][1] - times[2][0], '"epoch" is longer than "the"'


def test_silence_put_before_the_speech_moves_every_word_by_it(aligner: Aligner, clause: Samples) -> None:
    """The times follow the audio, not the text."""
    words = ["It", "was", "the", "epoch", "of", "belief,"]
    plain = aligner.align(clause, words)
    moved = aligner.align(np.concatenate((np.zeros(RATE // 2, np.float32), clause)), words)
    assert plain is not None
    assert moved is not None
    for (start, _), (later, _) in zip(plain[1:], moved[1:], strict=True):
        assert later - start == pytest.approx(0.5, abs=0.06)


def test_a_word_nobody_has_heard_of_is_placed_too(aligner: Aligner, clause: Samples) -> None:
    """Its pronunciation is made from its spelling."""
    times = aligner.align(clause, ["It", "was", "the", "eppok", "of", "beleef"])
    true = aligner.align(clause, ["It", "was", "the", "epoch", "of", "belief"])
    assert times is not None
    assert true is not None
    assert times[3][0] == pytest.approx(true[3][0], abs=0.1)


def test_signs_take_the_gap_between_their_neighbours(aligner: Aligner, clause: Samples) -> None:
    """A dash has no sound."""
    times = aligner.align(clause, ["It", "was", "—", "the", "epoch", "of", "belief"])
    assert times is not None
    assert times[1][1] <= times[2][0] <= times[2][1] <= times[3][0] + 1e-9


def test_text_that_cannot_be_placed_has_no_times(aligner: Aligner) -> None:
    """Nothing to say, or too much to say in no time at all."""
    assert aligner.align(np.zeros(RATE, np.float32), ["—"]) is None
    assert aligner.align(np.zeros(800, np.float32), ["words"] * 20) is None


@pytest.mark.parametrize(
    ("word", "phones"), [("ship", "SH IH P"), ("zorvex", "Z AO R V EH K S"), ("kubbel", "K AH B EH L")]
)
def test_spelling_gives_a_rough_pronunciation(word: str, phones: str) -> None:
    """Groups of letters before single ones, doubled letters once."""
    assert spell(word) == phones


def test_numbers_are_aligned_as_they_are_spoken(aligner: Aligner, clause: Samples) -> None:
    """Digits become words of the dictionary; several make one time."""
    times = aligner.align(clause, ["12%", "of", "belief"])
    assert times is None or len(times) == 3
    assert aligner._spoken(aligner._decoder, "12%") == ["one", "two", "percent"]
