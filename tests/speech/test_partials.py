"""What two hypotheses in a row agree on."""

import math
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.audio.vad import FRAME, FRAME_SECONDS, SAMPLE_RATE, VadModel
from earful.speech.endpoint import Segment
from earful.speech.moonshine import Decoded, MoonshineModel
from earful.speech.partials import Agreement, Window, common_prefix, next_window
from earful.speech.scheduler import Scheduler, _Task
from earful.speech.types import Hypothesis, Samples, StreamOptions


def heard(model: MoonshineModel, text: str, known: int = 0) -> Decoded:
    """Return a hypothesis whose first `known` tokens were given as a prefix."""
    tokens = tuple(model.tokenizer.encode(text))
    logprobs = tuple(math.nan if at < known else -0.5 for at in range(len(tokens)))
    return Decoded(tokens, text, 0.6, logprobs)


def test_nothing_is_stable_after_one_hypothesis(model: MoonshineModel) -> None:
    """One hypothesis has nothing to agree with."""
    agreement = Agreement(model.tokenizer)
    agreement.add(heard(model, "it was the best"))
    assert agreement.stable_text == ""
    assert agreement.prefix == ()


def test_what_two_agree_on_is_stable_but_for_the_last_word(model: MoonshineModel) -> None:
    """The last word they share may still be half heard."""
    agreement = Agreement(model.tokenizer)
    agreement.add(heard(model, "it was the best of time"))
    agreement.add(heard(model, "it was the best of times, it was"))
    assert agreement.stable_text == "it was the best"


def test_what_is_stable_never_shrinks(model: MoonshineModel) -> None:
    """A shorter hypothesis takes nothing back."""
    agreement = Agreement(model.tokenizer)
    for text in ("it was the best of times", "it was the best of times", "it was"):
        agreement.add(heard(model, text))
    assert agreement.stable_text == "it was the best of"


def test_the_prefix_keeps_the_certainty_it_was_first_heard_with(model: MoonshineModel) -> None:
    """Given tokens have no probability of their own, so the earlier ones are carried over."""
    agreement = Agreement(model.tokenizer)
    agreement.add(heard(model, "it was the best of times"))
    merged = agreement.add(heard(model, "it was the best of times, it", known=4))
    assert not any(math.isnan(value) for value in merged.token_logprobs)
    assert merged.confidence == pytest.approx(math.exp(-0.5))


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_a_common_prefix_begins_both_and_is_longest(one: list[int], other: list[int]) -> None:
    """The definition, checked on anything."""
    count = common_prefix(one, other)
    assert one[:count] == other[:count]
    assert count == min(len(one), len(other)) or one[count] != other[count]


def speech(seconds: float, *, dip: float) -> Segment:
    """Return a segment of steady speech with one quiet frame `dip` seconds after its beginning."""
    frames = [np.full(FRAME, 0.1, np.float32) for _ in range(int(seconds / FRAME_SECONDS))]
    chances = [0.95] * len(frames)
    at = int(dip / FRAME_SECONDS)
    frames[at - 1 : at + 2] = [np.full(FRAME, 0.001, np.float32)] * 3
    chances[at - 1 : at + 2] = [0.4] * 3
    return Segment(offset=FRAME * 10, start=FRAME * 10, voiced_end=0, frames=frames, probabilities=chances)


def agreed_on(model: MoonshineModel, text: str, more: str = "") -> Agreement:
    agreement = Agreement(model.tokenizer)
    for _ in range(2):
        agreement.add(heard(model, f"{text} indeed {more}"))
    return agreement


TEXT = "it was the best of times it was the worst of times"


def test_a_short_utterance_is_heard_whole(model: MoonshineModel) -> None:
    """Nothing is left behind while hearing everything costs little."""
    window = Window(FRAME * 10)
    assert next_window(window, speech(3.0, dip=0.5), agreed_on(model, TEXT), model.tokenizer) == window


def test_nothing_is_left_behind_before_it_is_agreed(model: MoonshineModel) -> None:
    """One hypothesis alone may be wrong anywhere."""
    agreement = Agreement(model.tokenizer)
    agreement.add(heard(model, TEXT))
    window = Window(FRAME * 10)
    assert next_window(window, speech(6.0, dip=3.3), agreement, model.tokenizer) == window


def test_the_window_moves_to_the_quiet_point_and_keeps_agreed_words(model: MoonshineModel) -> None:
    """It begins at the pause, well before the edge; some agreed words stay in it as its beginning."""
    segment, agreement = speech(6.0, dip=3.3), agreed_on(model, TEXT)
    window = next_window(Window(FRAME * 10), segment, agreement, model.tokenizer)
    assert (window.start - segment.offset) / SAMPLE_RATE == pytest.approx(3.3, abs=0.07)
    assert 0 < window.tokens < len(agreement.agreed)
    assert model.tokenizer.starts_word(agreement.agreed[window.tokens])
    before = model.tokenizer.decode(agreement.agreed[: window.tokens])
    assert 4 <= len(before.split()) <= 9


def test_the_window_only_moves_forward(model: MoonshineModel) -> None:
    """A second move begins where the first ended."""
    agreement = agreed_on(model, TEXT, "and so on and so on and on and on")
    window = Window(FRAME * 10)
    moved = [
        window := next_window(window, speech(s, dip=2.0), agreement, model.tokenizer) for s in (5.0, 9.0)
    ]
    assert FRAME * 10 < moved[0].start < moved[1].start
    assert 0 < moved[0].tokens <= moved[1].tokens <= len(agreement.agreed)


def test_what_a_window_heard_is_joined_to_what_was_agreed_before(model: MoonshineModel) -> None:
    """The text reads as though all had been heard; only tokens decoded now have a probability."""
    agreement = agreed_on(model, TEXT)
    tail = heard(model, "the worst of times it was")
    joined = Window(0, 7).joined(agreement.agreed, tail, model.tokenizer)
    assert joined.tokens == (*agreement.agreed[:7], *tail.tokens)
    assert joined.text == model.tokenizer.decode(joined.tokens)
    assert all(math.isnan(value) for value in joined.token_logprobs[:7])
    assert joined.token_logprobs[7:] == tail.token_logprobs
    assert Window(0).joined((), tail, model.tokenizer) is tail


def test_partials_of_long_speech_hear_a_short_window_and_finals_hear_all(
    model: MoonshineModel, vad: VadModel, two_cities: Samples
) -> None:
    """Real speech, no endpoint: windows stay short, the text keeps growing, nothing is said twice."""
    asked: list[tuple[str, float]] = []
    told: list[Hypothesis] = []
    scheduler = Scheduler(model, vad, clock=lambda: 0.0)
    inner = scheduler._decode

    def watch(tasks: Sequence[_Task]) -> None:
        asked.extend((task.kind, len(task.audio) / SAMPLE_RATE) for task in tasks)
        inner(tasks)

    scheduler._decode = watch  # type: ignore[method-assign]
    stream = scheduler.open(StreamOptions(endpoint_silence=2.0, max_segment=30.0), told.append)
    for at in range(0, 12 * SAMPLE_RATE, 3200):
        scheduler.feed(stream, two_cities[at : at + 3200])
        while scheduler.run_once():
            pass
    scheduler.flush(stream, lambda: None)
    while scheduler.run_once():
        pass
    final, last = told[-1], told[-2]
    assert final.is_final
    assert max(length for kind, length in asked if kind == "partial") < 6.0
    assert max(length for kind, length in asked if kind != "partial") > 9.0
    alike = SequenceMatcher(None, last.text.lower().split(), final.text.lower().split()).ratio()
    assert alike > 0.85


def test_a_strained_machine_hears_less_again(model: MoonshineModel) -> None:
    """The window moves on earlier, and closer to the edge."""
    segment, agreement = speech(3.0, dip=1.0), agreed_on(model, TEXT)
    window = Window(FRAME * 10)
    assert next_window(window, segment, agreement, model.tokenizer) == window
    assert next_window(window, segment, agreement, model.tokenizer, 1.0).start > window.start
