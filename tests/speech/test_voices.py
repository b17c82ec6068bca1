"""Voices as vectors, their clusters, and the turns that come of them."""

import wave
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.audio.files import read_blocks
from earful.speech.speakers import VoiceSpread, Window, speaker_turns, voice_centres
from earful.speech.voices import VoiceModel, cluster, distances, refined

ASSETS = Path(str(files("moonshine_voice"))) / "assets"


def around(angles: list[float]) -> np.ndarray:
    """Return points on the unit circle as vectors."""
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles], np.float32)


def test_points_nearer_than_the_threshold_are_one_group():
    """Two bunches a right angle apart; the larger comes first."""
    apart = distances(around([0, 0.05, 1.57, 1.6, 1.62]))
    assert [sorted(group) for group in cluster(apart, threshold=0.3)] == [[2, 3, 4], [0, 1]]
    assert len(cluster(apart, threshold=1.5)) == 1


def test_no_more_groups_are_found_than_there_are_known_to_be():
    """A lone outlier is not taken for one of two groups when groups need two points."""
    apart = distances(around([0, 0.05, 0.6, 0.65, 3.1]))
    found = cluster(apart, threshold=0.01, count=2, least=2)
    assert sorted(sorted(group) for group in found) == [[0, 1], [2, 3]]


def test_what_is_known_of_the_number_weighs_as_much_as_the_margin():
    """Three are asked for: two of the groups stay apart unless they are nearer by the margin."""
    apart = distances(around([0, 0.1, 0.5, 0.6, 1.9, 2.0]))
    found = [
        len(cluster(apart, threshold=0.2, margin=margin, count=count))
        for margin, count in ((0.0, None), (0.0, 3), (0.05, 3), (0.1, 3))
    ]
    assert found == [2, 2, 2, 3]
    assert len(cluster(apart, threshold=0.2, margin=0.1, count=1)) == 1


def test_a_number_that_never_was_there_is_no_reason_to_cut_a_voice():
    """Four large groups cannot be had of five points; those under the threshold are the answer."""
    apart = distances(around([0, 0.05, 1.5, 1.55, 1.6]))
    assert len(cluster(apart, threshold=0.3, margin=0.1, count=4, least=2)) == 2


def test_a_small_group_must_be_further_away_to_be_a_voice_of_its_own():
    """Two bunches of eight are told apart at a distance at which two points beside eight are not."""
    eight = [at / 50 for at in range(8)]
    many = around([*eight, *(1.2 + angle for angle in eight)])
    few = around([*eight, 1.2, 1.22])
    found = [len(cluster(distances(points), threshold=0.4, doubt=0.4)) for points in (many, few)]
    assert found == [2, 1]


@given(st.lists(st.floats(0, 6), min_size=2, max_size=12), st.integers(1, 4), st.booleans())
def test_points_that_were_joined_before_count_as_many(angles, count, known):
    """Groups of a point and its copies are found as those of so many points."""
    copies = [1 + at % 3 for at in range(len(angles))]
    points = around(angles)
    options = {"threshold": 0.5, "doubt": 0.2, "count": count if known else None, "least": 2}
    spread = [at for at, many in enumerate(copies) for _ in range(many)]
    several = cluster(distances(points[spread]), **options)
    one = cluster(distances(points), **options, sizes=copies)
    assert sorted(sum(copies[at] for at in group) for group in one) == sorted(map(len, several))
    assert {frozenset(group) for group in one} == {frozenset(spread[at] for at in group) for group in several}


def test_centres_move_to_the_middle_of_what_is_nearest():
    """A centre off to the side ends between its points; one that nothing is near stays."""
    points = around([0, 0.2, 1.4, 1.6])
    moved = refined(points, around([0.5, 1.2, 3.5]))
    assert np.allclose(moved, around([0.1, 1.5, 3.5]), atol=1e-3)
    heavy = refined(around([0, 1.0]), around([0.5]), sizes=[99, 1])
    assert np.allclose(heavy, around([0.01]), atol=1e-2)


def test_small_groups_are_left_out_but_never_all():
    """One point is no speaker beside three; alone it is."""
    assert cluster(distances(around([0, 0.01, 0.02, 2])), threshold=0.3, least=2) == [[0, 1, 2]]
    assert cluster(distances(around([1.0])), threshold=0.3, least=2) == [[0]]
    assert cluster(np.zeros((0, 0), np.float32), threshold=0.3) == []


@given(st.lists(st.floats(0, 6), min_size=1, max_size=12), st.integers(1, 4))
def test_every_point_is_in_at_most_one_group(angles, count):
    """And there are never more groups than asked for."""
    found = cluster(distances(around(angles)), threshold=0.5, count=count)
    points = [at for group in found for at in group]
    assert len(points) == len(set(points))
    assert 1 <= len(found) <= count


def test_where_a_voice_is_far_from_itself_others_must_be_further():
    """What is known of windows near each other in a stretch moves what is usual; nothing else counts."""
    spread = VoiceSpread()
    usual = spread.mean
    points = around([0, 0.1, 1.5])
    spread.add([Window(0, 1.5, points[0]), Window(0.5, 2, points[2]), Window(20, 21.5, points[2])])
    assert spread.mean == usual
    for _ in range(50):
        spread.add([Window(0, 1.5, points[0]), Window(1.5, 3, points[2])])
    assert usual < spread.mean < 1 - np.cos(1.5)
    close = VoiceSpread()
    for _ in range(50):
        close.add([Window(0, 1.5, points[0]), Window(1.5, 3, points[1])])
    assert close.mean < usual
    apart = around([*np.linspace(0, 0.1, 20), *np.linspace(1.35, 1.45, 20)])
    found = [len(voice_centres(apart, None, known)) for known in (spread, VoiceSpread(), close)]
    assert found == [1, 2, 2]


def test_the_same_voice_is_nearer_than_another():
    """Two stretches of one reader are nearer each other than either is to another reader."""
    voices = VoiceModel()
    one, other = (
        np.concatenate(list(read_blocks(ASSETS / name))) for name in ("two_cities.wav", "beckett.wav")
    )
    heard = np.concatenate([one[:256_000], other[:96_000]])
    vectors = voices.hear(heard, [(0, 96_000), (160_000, 256_000), (256_000, 352_000)])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
    apart = distances(vectors)
    assert apart[0, 1] < min(apart[0, 2], apart[1, 2])


@pytest.mark.parametrize("known", [None, 2, 5])
def test_two_readers_one_after_the_other_are_two_speakers(tmp_path, known):
    """The change is found within half a second, with the number of speakers known, wrong, or not known."""
    one = np.concatenate(list(read_blocks(ASSETS / "two_cities.wav")))[: 12 * 16_000]
    other = np.concatenate(list(read_blocks(ASSETS / "beckett.wav")))
    path = write(tmp_path / "two.wav", np.concatenate([one, other]))
    turns = speaker_turns(path, known)
    assert {turn.speaker for turn in turns} == {1, 2}
    first = sum(turn.end - turn.start for turn in turns if turn.speaker == 1 and turn.end <= 12.5)
    second = sum(turn.end - turn.start for turn in turns if turn.speaker == 2 and turn.start >= 11.5)
    said = sum(turn.end - turn.start for turn in turns)
    assert first + second > 0.9 * said


def test_silence_has_no_speakers_and_nobody_is_a_number_of_speakers(tmp_path):
    """An empty answer for silence; fewer than one speaker is refused."""
    path = write(tmp_path / "quiet.wav", np.zeros(48_000, np.float32))
    assert speaker_turns(path) == []
    with pytest.raises(ValueError, match="at least one"):
        speaker_turns(path, 0)


def write(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return path
