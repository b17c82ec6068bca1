"""The figures of the benchmarks, from logs whose truth is known."""

import numpy as np
import pytest
from benchmarks.measure import (
    Figures,
    Log,
    Result,
    figures,
    first_partials,
    lost_words,
    percentile,
    percentiles,
)
from benchmarks.streams.runs import Bar, Run, find_capacity
from benchmarks.tracks import Clip, TimedWord, Track, make_track, words_of
from hypothesis import given
from hypothesis import strategies as st

SENTENCES = ("zero the first clip is long gone", "then comes the second one", "and a third to end it")


def a_track(pause: float = 2.0) -> Track:
    """Return a track of three sentences, each word 0.5 s, with pauses between sentences."""
    words: list[TimedWord] = []
    lasts = []
    at = 0.0
    for sentence in SENTENCES:
        for word in sentence.split():
            words.append(TimedWord(word, at, at + 0.5))
            at += 0.5
        lasts.append(len(words) - 1)
        at += pause
    return Track(b"\0\0" * round(at * 16_000), tuple(words), tuple(lasts))


def heard(track: Track, *, delay: float, silence: float = 0.5, wrong: frozenset[int] = frozenset()) -> Log:
    """Return the log of a recogniser that shows every word `delay` seconds after it was said."""
    log = Log()
    held: list[str] = []
    for number, word in enumerate(track.words):
        held.append("wrong" if number in wrong else word.text)
        log.results.append(Result(word.end + delay, word.end + delay, " ".join(held), False))
        if number in track.lasts:
            at = word.end + silence + delay
            log.results.append(Result(at, at, " ".join(held), True))
            held = []
    return log


@pytest.mark.parametrize("delay", [0.05, 0.3, 0.9])
def test_a_known_delay_is_what_is_measured(delay):
    """Word latency and final latency are the delay that was put in; the first two seconds do not count."""
    track = a_track()
    found = figures(heard(track, delay=delay), track)
    assert found.word == pytest.approx([delay] * sum(word.end > 2 for word in track.words))
    assert found.final == pytest.approx([0.5 + delay] * 3)
    assert found.unmatched == 0


def test_age_is_the_speech_that_is_not_shown_yet():
    """A partial 0.3 s after a word, in running speech, is 0.3 s old; in a pause it is not old at all."""
    track = a_track()
    found = figures(heard(track, delay=0.3), track)
    running = [age for age in found.age if age > 0]
    assert running == pytest.approx([0.3] * (len(track.words) - 3))
    assert len(found.age) == len(track.words)


@pytest.mark.parametrize("wrong", [3, 6, 10, 11])
def test_a_wrong_word_does_not_make_the_figures_wrong(wrong):
    """A misrecognised word, also the last before a pause, hides only itself."""
    track = a_track()
    found = figures(heard(track, delay=0.2, wrong=frozenset({wrong})), track)
    assert found.final == pytest.approx([0.7] * 3)
    assert max(found.word) < 0.2 + 0.5 + 0.01 or wrong in track.lasts
    assert sorted(found.word)[len(found.word) // 2] == pytest.approx(0.2)


def test_a_final_that_is_swallowed_by_the_next_is_counted_as_unmatched():
    """Two sentences in one late final: the first has no final of its own."""
    track = a_track()
    text = " ".join(SENTENCES[:2])
    end = track.words[track.lasts[1]].end
    found = figures(Log([Result(end + 0.7, end + 0.7, text, True)]), track)
    assert found.unmatched == 1
    assert found.final == pytest.approx([0.7])


def test_nothing_received_gives_no_figures():
    """An empty log is neither fast nor slow."""
    found = figures(Log(), a_track())
    assert (found.word, found.age, found.final) == ([], [], [])
    assert percentiles(found.word) == {"p50": None, "p95": None, "p99": None, "count": 0}


def test_figures_of_several_callers_are_pooled():
    """Percentiles are taken over all callers' values together."""
    total = Figures([1.0], [0.1], [0.5], 1)
    total += Figures([3.0], [0.3], [], 2)
    assert (total.word, total.age, total.final, total.unmatched) == ([1.0, 3.0], [0.1, 0.3], [0.5], 3)
    assert percentile(total.word, 50) == 2.0


@pytest.mark.parametrize(
    ("wanted", "got", "lost"),
    [
        ("the cat sat", "The cat sat.", 0),
        ("the cat sat", "the cat", 1),
        ("the cat sat", "the bat sat", 1),
        ("the cat sat", "the big cat sat", 0),
        ("the cat sat", "", 3),
    ],
)
def test_lost_words_are_missing_or_changed_ones(wanted, got, lost):
    """Case and punctuation do not matter, nor do additional words."""
    assert lost_words(wanted, got) == lost


def test_words_of_a_text():
    """Lower case, apostrophes inside words only."""
    assert words_of("Don’t 'stop', Mr. O'Neil: 42!") == ["don't", "stop", "mr", "o'neil", "42"]


def a_clip(name: str, seconds: float) -> Clip:
    return Clip(
        name, np.full(round(seconds * 16_000), 0.1, np.float32), (TimedWord(name, 0.1, seconds - 0.1),)
    )


@given(first=st.integers(0, 5), seconds=st.floats(1, 30), talk=st.floats(0.3, 1))
def test_a_track_goes_round_the_clips(first, seconds, talk):
    """It is long enough, begins where told, and its words are where its sound is."""
    clips = [a_clip("a", 2.0), a_clip("b", 3.0), a_clip("c", 2.5)]
    track = make_track(clips, first, seconds, pause=0.5, talk=talk)
    assert track.seconds >= seconds
    assert track.words[0].text == clips[first % 3].id
    for last in track.lasts:
        end = round(track.words[last].end * 16_000)
        assert abs(track.samples[end - 10]) > 0.05
        assert abs(track.samples[end + 3_200]) < 0.05
    speech = sum(word.end - word.start + 0.2 for word in track.words)
    assert speech / track.seconds <= talk + 0.01


def a_run(callers: int, *, good: bool) -> Run:
    found = Figures(age=[0.2 if good else 3.0], final=[0.7])
    return Run("earful", callers, found, cpu=1.0, memory_mib=1.0, lost=0, words=10, errors=())


@given(st.integers(1, 200))
def test_the_search_finds_the_capacity(capacity):
    """Within a sixteenth, and exactly when small; never above it."""
    runs = find_capacity(
        lambda n: a_run(n, good=n <= capacity), lambda run: run.holds(Bar()), first=1, most=256
    )
    found = max((run.callers for run in runs if run.holds(Bar())), default=0)
    assert capacity - max(1, capacity // 16) < found <= capacity
    assert len({run.callers for run in runs}) == len(runs)


@pytest.mark.parametrize(
    "change",
    [
        {"found": Figures(age=[1.2] * 10, final=[0.7])},
        {"found": Figures(age=[0.2], final=[1.0])},
        {"found": Figures(final=[0.7])},
        {"lost": 5},
        {"errors": ("refused",)},
    ],
)
def test_a_run_that_misses_the_bar_anywhere_does_not_hold(change):
    """Old partials, late finals, no partials at all, lost words, refused callers."""
    good = {"found": Figures(age=[0.2], final=[0.7]), "lost": 0, "errors": ()}
    common = {"system": "earful", "callers": 2, "cpu": 1.0, "memory_mib": 1.0, "words": 100}
    assert Run(**common, **good).holds(Bar())
    assert not Run(**common, **{**good, **change}).holds(Bar())


def test_the_first_transcript_of_each_stretch_of_speech_counts_from_its_start():
    """A word lasts half a second here and is shown 0.2 s after it, so the first comes after 0.7 s."""
    track = a_track()
    assert first_partials(heard(track, delay=0.2), track) == pytest.approx([0.7, 0.7, 0.7])


def test_a_stretch_of_speech_without_a_transcript_has_no_first_one():
    """It is missing from the list, not counted with the next stretch's."""
    track = a_track()
    log = heard(track, delay=0.2)
    second = track.words[track.lasts[0] + 1].start
    third = track.words[track.lasts[1] + 1].start
    log.results = [result for result in log.results if not second < result.at < third]
    assert len(first_partials(log, track)) == 2
