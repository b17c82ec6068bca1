"""Exact word times."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from evals.words import synthesised
from evals.words.pocketsphinx_aligner import PocketSphinxAligner

from earful.speech.alignment import Aligner, spoken, spoken_number
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


def test_a_word_does_not_take_the_quiet_beside_it(aligner: Aligner, clause: Samples) -> None:
    """Too short for a pause, but longer than the end of a sound."""
    sound = np.flatnonzero(np.abs(clause) > 0.02)
    begin, end = int(sound[0]), int(sound[-1]) + 1
    quiet = np.zeros(round(0.15 * RATE), np.float32)
    times = aligner.align(
        np.concatenate((quiet, clause[begin:end], quiet)), ["It", "was", "the", "epoch", "of", "belief,"]
    )
    assert times is not None
    assert times[0][0] == pytest.approx(0.15, abs=0.05)
    assert times[-1][1] == pytest.approx(0.15 + (end - begin) / RATE, abs=0.05)


def test_a_word_nobody_has_heard_of_is_placed_too(aligner: Aligner, clause: Samples) -> None:
    """Its pronunciation is made from its spelling."""
    times = aligner.align(clause, ["It", "was", "the", "eppok", "of", "beleef"])
    true = aligner.align(clause, ["It", "was", "the", "epoch", "of", "belief"])
    assert times is not None
    assert true is not None
    assert times[3][0] == pytest.approx(true[3][0], abs=0.15)


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
    ("digits", "said"),
    [
        ("0", "zero"),
        ("12", "twelve"),
        ("40", "forty"),
        ("85", "eighty five"),
        ("100", "one hundred"),
        ("312", "three hundred twelve"),
        ("1000", "one thousand"),
        ("1066", "one thousand sixty six"),
        ("1900", "nineteen hundred"),
        ("1905", "nineteen oh five"),
        ("1984", "nineteen eighty four"),
        ("2007", "two thousand seven"),
        ("2026", "two thousand twenty six"),
        ("45000", "forty five thousand"),
        ("007", "zero zero seven"),
        ("5551234", "five five five one two three four"),
    ],
)
def test_numbers_are_said_as_people_say_them(digits: str, said: str) -> None:
    """Years in pairs, codes digit by digit."""
    assert " ".join(spoken_number(digits)) == said


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("12%", ["twelve", "percent"]),
        ("$1,200", ["twelve", "hundred", "dollars"]),
        ("3.5", ["three", "five"]),
        ("Don’t,", ["don't"]),
        ("$", ["dollars"]),
        ("—", []),
    ],
)
def test_written_words_are_aligned_as_they_are_spoken(word: str, said: list[str]) -> None:
    """Digits and signs become words of the dictionary."""
    assert spoken(word) == said


def test_threads_that_align_at_the_same_moment_do_not_wait_for_each_other(
    aligner: Aligner, clause: Samples
) -> None:
    """They share the model, and all get the same answer."""
    words = ["It", "was", "the", "epoch", "of", "belief"]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: aligner.align(clause, words), range(6)))
    assert found == [found[0]] * 6


def test_words_are_where_pocketsphinx_finds_them(two_cities: Samples) -> None:
    """Its own aligner with every frame, on real speech; one word is not in the dictionary."""
    words = ["It", "was", "the", "best", "of", "times,", "it", "was", "the", "wurstt", "of", "times", "—"]
    audio = two_cities[: int(4.6 * RATE)]
    theirs = PocketSphinxAligner().align(audio, words)
    ours = Aligner().align(audio, words)
    assert theirs is not None
    assert ours is not None
    assert [word.text for word in theirs] == words[:-1]
    off = np.abs(np.array(ours[:-1]) - np.array([(word.start, word.end) for word in theirs]))
    assert np.median(off) <= 0.015
    assert off.mean() <= 0.04
    assert PocketSphinxAligner().align(audio, ["—"]) is None
    assert PocketSphinxAligner().align(audio[:800], words) is None


@pytest.mark.skipif(not synthesised.installed(), reason="flite is not here (apt-get install flite)")
@pytest.mark.parametrize("voice", ["slt", "rms"])
def test_words_are_where_flite_says_that_it_says_them(voice: str, tmp_path: Path) -> None:
    """A fiftieth of a second off at most, on average; also when another sentence is aligned beside it."""
    sentence = "our team has seen a few issues with the login page since yesterday"
    samples, told = synthesised.speak(voice, sentence, tmp_path / "sentence.wav")
    noise = np.random.default_rng(1).normal(0, 0.05, RATE).astype(np.float32)
    found, _ = Aligner().align_all([(samples, sentence.split()), (noise, ["yes"])])
    assert found is not None
    off = np.abs(np.array(found) - np.array([(word.start, word.end) for word in told]))
    assert off.mean() < 0.02


def test_pieces_that_cannot_be_placed_leave_the_others_theirs(aligner: Aligner, clause: Samples) -> None:
    """No sound, no words, too many words, odd writing: none of them fails, and each has its answer."""
    words = ["It", "was", "the", "epoch", "of", "belief"]
    nothing = np.zeros(0, np.float32)
    pieces = [(nothing, words), (clause, words), (clause, []), (clause, ["—", "…"]), (clause, words * 40)]
    assert aligner.align_all(pieces) == [None, aligner.align(clause, words), None, None, None]
    assert aligner.align_all([]) == []
    odd = ["$", "日本", "x" * 300, "@", "a.b.c"]
    broken = np.where(np.arange(len(clause)) % 7, clause, np.float32("nan")) * np.float32(1e30)
    for samples in (clause, broken):
        found = aligner.align(samples, odd)
        assert found is None or len(found) == len(odd)
