"""Where utterances begin and end."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earful.audio.vad import FRAME
from earful.speech.endpoint import EndpointRules, Segment, Segmenter

RULES = EndpointRules(silence=0.5, max_segment=5.0)


def run(
    chances: list[float], rules: EndpointRules = RULES, sizes: int = 1
) -> tuple[Segmenter, list[Segment]]:
    """Push frames whose samples carry the frame's number; return the segmenter and the segments over."""
    segmenter = Segmenter(rules)
    over: list[Segment] = []
    for at in range(0, len(chances), sizes):
        part = chances[at : at + sizes]
        samples = np.repeat(np.arange(at, at + len(part), dtype=np.float32), FRAME)
        over += segmenter.push(samples, np.array(part, np.float32))
    return segmenter, over


def numbers(segment: Segment) -> list[int]:
    """Return which frames a segment holds."""
    return [int(frame[0]) for frame in segment.frames]


def test_silence_opens_nothing() -> None:
    """Quiet frames are only remembered as pre-roll."""
    segmenter, over = run([0.1] * 100)
    assert segmenter.open is None
    assert over == []


def test_an_utterance_ends_after_the_silence_asked_for() -> None:
    """Sixteen quiet frames (0.5 s) end it, fifteen do not."""
    segmenter, over = run([0.9] * 10 + [0.1] * 15)
    assert over == []
    assert segmenter.open is not None
    segmenter, over = run([0.9] * 10 + [0.1] * 16)
    assert len(over) == 1
    assert segmenter.open is None


@pytest.mark.parametrize(("silence", "frames"), [(0.3, 9), (0.5, 16), (0.8, 25), (1.2, 38)])
def test_the_silence_is_a_choice(silence: float, frames: int) -> None:
    """Endpointing follows the option from 0.3 to 1.2 s."""
    rules = EndpointRules(silence=silence)
    assert run([0.9] * 10 + [0.1] * (frames - 1), rules)[1] == []
    assert len(run([0.9] * 10 + [0.1] * frames, rules)[1]) == 1


def test_audio_from_before_the_first_voiced_frame_is_kept() -> None:
    """The first sound of the first word is not cut off."""
    _, (segment,) = run([0.1] * 30 + [0.9] * 10 + [0.1] * 16)
    assert numbers(segment)[0] == 22
    assert segment.start == 30 * FRAME
    assert segment.offset == 22 * FRAME


def test_the_final_hears_the_last_sound_and_a_little_more() -> None:
    """The end of the audio of a final depends on the last voiced frame alone."""
    _, (segment,) = run([0.9] * 10 + [0.1] * 16)
    assert segment.voiced_end == 10 * FRAME
    assert segment.end == 16 * FRAME
    assert len(segment.audio(segment.end)) == 16 * FRAME


def test_a_doubtful_frame_keeps_an_utterance_going_but_starts_none() -> None:
    """Two thresholds keep a stutter of the detector from cutting words."""
    assert run([0.4] * 50)[0].open is None
    segmenter, over = run([0.9] + [0.4] * 50)
    assert over == []
    assert segmenter.open is not None


def test_a_click_is_not_an_utterance() -> None:
    """Two voiced frames alone are dropped."""
    assert run([0.9] * 2 + [0.1] * 20)[1] == []
    assert len(run([0.9] * 3 + [0.1] * 20)[1]) == 1


def test_settled_is_said_before_the_end_is_certain() -> None:
    """Once the tail is in, the final can be recognised ahead of time."""
    assert run([0.9] * 10 + [0.1] * 5)[0].settled() is None
    segmenter, over = run([0.9] * 10 + [0.1] * 6)
    assert over == []
    segment = segmenter.settled()
    assert segment is not None
    end = segmenter.final_end(segment)
    _, (final,) = run([0.9] * 10 + [0.1] * 16)
    assert final.end == end


@given(st.lists(st.sampled_from([0.1, 0.9]), min_size=1, max_size=220), st.sampled_from([0.2, 0.5, 1.2]))
@settings(deadline=None)
def test_when_the_utterance_may_settle_and_end_is_known(chances: list[float], silence: float) -> None:
    """So many quiet frames settle it, so many end it, and not one frame fewer, long utterance or short."""
    rules = EndpointRules(silence=silence, max_segment=5.0)
    segmenter, _ = run(chances, rules)
    segment = segmenter.open
    if segment is None:
        assert segmenter.ends_in == segmenter.settles_in == 0
        return
    settles, ends = segmenter.settles_in // FRAME, segmenter.ends_in // FRAME
    assert (segmenter.settled() is segment) is (settles == 0)
    assert ends >= 1
    for at in range(1, ends + 1):
        segmenter.push(np.zeros(FRAME, np.float32), np.array([0.1], np.float32))
        if at < ends:
            assert segmenter.open is segment
            assert (segmenter.settled() is segment) is (at >= settles)
        else:
            assert segmenter.open is not segment


def test_the_quiet_after_one_utterance_leads_into_the_next() -> None:
    """Pre-roll is taken from the pause, without what the last final has already heard."""
    _, over = run([0.9] * 10 + [0.1] * 16 + [0.9] * 10 + [0.1] * 16)
    first, second = over
    assert numbers(second)[0] == 18
    assert first.end <= second.offset


def test_flush_ends_what_is_open() -> None:
    """The client stopped: its last words are a segment."""
    segmenter, over = run([0.9] * 10)
    assert over == []
    (segment,) = segmenter.flush()
    assert numbers(segment) == list(range(10))
    assert segment.over
    assert segmenter.flush() == []


def test_a_forced_cut_falls_into_the_dip_and_loses_nothing() -> None:
    """Unbroken speech is divided at its least voiced point; the rest goes on as the next segment."""
    longest = int(5.0 / 0.032)
    chances = [0.9] * 120 + [0.5] * 3 + [0.9] * (longest - 123)
    segmenter, (first,) = run(chances)
    rest = segmenter.open
    assert rest is not None
    assert first.cut
    assert rest.continued
    assert numbers(first) + numbers(rest) == list(range(longest))
    assert numbers(rest)[0] in (120, 121, 122)
    assert rest.start == rest.offset == first.end


def test_a_long_utterance_ends_at_a_shorter_pause() -> None:
    """Past eight tenths of the longest length, a quarter of a second is enough."""
    patience = int(int(5.0 / 0.032) * 0.8)
    assert len(run([0.9] * patience + [0.1] * 8)[1]) == 1
    assert run([0.9] * 20 + [0.1] * 8)[1] == []


def test_a_long_chunk_is_not_kept_alive_by_a_short_memory() -> None:
    """Frames are copied, so that an hour fed at once can be freed."""
    segmenter = Segmenter(RULES)
    chunk = np.zeros(FRAME * 100, np.float32)
    segmenter.push(chunk, np.array([0.0] * 99 + [0.9], np.float32))
    assert segmenter.open is not None
    assert all(frame.base is None for frame in segmenter.open.frames)


@given(st.lists(st.sampled_from([0.05, 0.2, 0.4, 0.6, 0.95]), max_size=700), st.integers(1, 50))
@settings(deadline=None, max_examples=60)
def test_every_voiced_frame_is_in_exactly_one_segment(chances: list[float], sizes: int) -> None:
    """Whatever the pattern and the chunks: no frame twice, none that opened or kept speech lost."""
    rules = EndpointRules(silence=0.3, max_segment=3.0, min_voiced=1)
    segmenter, over = run(chances, rules, sizes)
    over += segmenter.flush()
    held = [
        number for segment in over for number in numbers(segment)[: (segment.end - segment.offset) // FRAME]
    ]
    assert held == sorted(set(held))
    sure = {at for at, chance in enumerate(chances) if chance >= rules.on}
    assert sure <= set(held)


@given(st.lists(st.sampled_from([0.05, 0.4, 0.95]), max_size=400), st.integers(2, 60))
@settings(deadline=None, max_examples=40)
def test_chunk_sizes_make_no_difference(chances: list[float], sizes: int) -> None:
    """The same frames give the same segments however they arrive."""
    one = [(s.offset, s.end, s.voiced) for s in run(chances, RULES, 1)[1]]
    other = [(s.offset, s.end, s.voiced) for s in run(chances, RULES, sizes)[1]]
    assert one == other
