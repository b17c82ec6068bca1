"""Voices of a live stream, told apart as they come."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from earful.audio.files import read_blocks
from earful.conversation.types import Word
from earful.speech.following import VoiceFollower, condensed
from earful.speech.types import Hypothesis, Samples
from earful.speech.voices import VoiceModel
from tests.support.voices import LoudnessVoices, loud, quiet

ASSETS = Path(str(files("moonshine_voice"))) / "assets"


class Call:
    """A stream that is fed turns, each of which is recognised as one segment of a word a half second."""

    def __init__(self, follower: VoiceFollower) -> None:
        self.follower = follower
        self.at = 0.0
        self.segments = 0

    def hypothesis(self, length: float, *, final: bool = True) -> Hypothesis:
        starts = np.arange(self.at, self.at + length - 0.01, 0.5)
        words = tuple(Word(f"w{start:g}", start, min(start + 0.5, self.at + length)) for start in starts)
        text = " ".join(word.text for word in words)
        return Hypothesis(self.segments, text, self.at, self.at + length, is_final=final, words=words)

    def turn(self, samples: Samples) -> list[tuple[int | None, Hypothesis]]:
        self.follower.feed(samples)
        length = len(samples) / 16_000
        heard = self.hypothesis(length)
        self.at += length
        self.segments += 1
        return self.follower.attribute(heard)

    def voices(self, samples: Samples) -> list[int | None]:
        return [voice for voice, _ in self.turn(samples)]


@pytest.fixture
def call() -> Call:
    return Call(VoiceFollower(LoudnessVoices()))


def test_voices_are_numbered_in_order_of_appearance_and_known_again(call: Call) -> None:
    turns = [call.voices(sound(4.0)) for sound in (quiet, loud, quiet, loud, loud)]
    assert turns == [[1], [2], [1], [2], [2]]


def test_an_utterance_of_two_is_divided_between_them(call: Call) -> None:
    call.turn(quiet(4.0))
    parts = call.turn(np.concatenate([loud(4.0), quiet(3.0)]))
    assert [voice for voice, _ in parts] == [2, 1]
    (_, first), (_, second) = parts
    assert first.text.split()[0] == "w4"
    assert second.text.split()[-1] == "w10.5"
    assert (first.start, second.end) == (4.0, 11.0)
    assert second.start == pytest.approx(8.0, abs=0.6)
    assert len(first.words) + len(second.words) == 14
    assert first.stable_chars == len(first.text)


def test_what_is_too_short_to_tell_belongs_to_who_spoke_before(call: Call) -> None:
    assert call.voices(quiet(0.3)) == [None]
    call.turn(quiet(4.0))
    assert call.voices(loud(0.3)) == [1]


def test_no_more_voices_are_numbered_than_there_are_known_to_be() -> None:
    call = Call(VoiceFollower(LoudnessVoices(), speakers=1))
    assert [call.voices(sound(4.0)) for sound in (quiet, loud, quiet)] == [[1], [1], [1]]


def test_partials_are_listened_to_so_that_they_can_say_who_seems_to_speak(call: Call) -> None:
    call.turn(quiet(4.0))
    call.turn(loud(4.0))
    call.follower.feed(quiet(2.0))
    partial = call.hypothesis(2.0, final=False)
    assert call.follower.likely(partial) is None
    call.follower.listen(partial)
    assert call.follower.likely(partial) == 1


def test_another_stream_goes_on_with_the_same_voices(call: Call) -> None:
    call.turn(quiet(4.0))
    call.turn(loud(4.0))
    call.follower.restart()
    call.at, call.segments = 0.0, 0
    assert call.voices(loud(4.0)) == [2]


def test_audio_that_is_gone_is_not_heard(call: Call) -> None:
    """A result may come long after its audio; then nobody knows who it was."""
    call.follower.feed(loud(4.0))
    late = call.hypothesis(4.0)
    for _ in range(50):
        call.follower.feed(quiet(1.0))
    assert call.follower.attribute(late) == [(None, late)]


def test_hours_cost_no_more_memory_than_minutes(call: Call) -> None:
    for _ in range(40):
        call.turn(quiet(8.0))
        call.turn(loud(8.0))
    assert len(call.follower._known) == len(call.follower._owners) <= 80
    assert sum(call.follower._sizes) >= 700
    assert sum(len(part) for _, part in call.follower._audio) <= 48 * 16_000
    assert call.voices(quiet(4.0)) == [1]


def test_what_there_was_no_time_for_is_said_by_who_seems_to_speak_and_learnt_later(call: Call) -> None:
    """The whole of it; and what was heard of it counts when voices are told apart again."""
    call.turn(quiet(4.0))
    call.turn(loud(4.0))
    call.follower.feed(quiet(2.0))
    call.follower.listen(call.hypothesis(2.0, final=False))
    final = call.hypothesis(2.0)
    known = sum(call.follower._sizes)
    assert call.follower.guess(final) == [(1, final)]
    call.at, call.segments = call.at + 2.0, call.segments + 1
    call.follower.feed(loud(2.0))
    unheard = call.hypothesis(2.0)
    assert call.follower.guess(unheard) == [(1, unheard)]
    call.at, call.segments = call.at + 2.0, call.segments + 1
    assert call.voices(loud(1.5)) == [2]
    assert sum(call.follower._sizes) == known + 3


def test_sparing_hears_every_moment_once(call: Call) -> None:
    call.follower.feed(quiet(6.0))
    call.follower.listen(call.hypothesis(6.0, final=False), sparing=True)
    assert [(window.start, window.end) for window in call.follower._windows] == [
        (0.0, 1.5), (1.5, 3.0), (3.0, 4.5), (4.5, 6.0),
    ]  # fmt: skip


def test_little_of_a_long_final_is_heard_when_nothing_was_before(call: Call) -> None:
    """A final must be told in time: both voices of it are found all the same."""
    heard = call.voices(np.concatenate([quiet(12.0), loud(12.0)]))
    assert sorted(map(str, heard)) == ["1", "2"]
    assert sum(call.follower._sizes) <= 12


def test_voices_told_as_one_are_taken_together_when_there_are_many() -> None:
    """The nearest first and never of two owners; each stands for as many windows as before, at their mean."""
    angles = np.array([0.0, 0.1, 1.0, 1.02, 1.01, 2.0])
    voices = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    owners = [1, 2, 3, 3, 4, 3]
    assert condensed(voices, [1] * 6, owners, above=6, left=3)[1] == [1] * 6
    found, sizes, whose = condensed(voices, [1, 1, 3, 1, 1, 1], owners, above=5, left=5)
    assert (sizes, whose) == ([1, 1, 4, 1, 1], [1, 2, 3, 4, 3])
    assert np.allclose(found[2], 0.75 * voices[2] + 0.25 * voices[3])
    assert condensed(voices[:3], [1] * 3, [1, 2, 3], above=1, left=1)[2] == [1, 2, 3]


def test_two_readers_are_two_voices() -> None:
    """With the network that ships, turn by turn."""
    call = Call(VoiceFollower(VoiceModel(), speakers=2))
    one, other = (
        np.concatenate(list(read_blocks(ASSETS / name))) for name in ("two_cities.wav", "beckett.wav")
    )
    eight = 8 * 16_000
    turns = [sound[at : at + eight] for at in (0, eight) for sound in (one, other)]
    heard = [call.voices(turn) for turn in turns]
    assert heard[:2] == [[1], [2]]
    assert heard[2:] == [[1], [2]]
