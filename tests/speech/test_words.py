"""When each word was said and how sure it is."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.speech.moonshine import Decoded, MoonshineModel
from earful.speech.words import estimate_words, place_words, word_confidences


def test_a_words_confidence_is_that_of_its_tokens(model: MoonshineModel) -> None:
    """Geometric mean over the tokens of each word; a word of given tokens has none."""
    tokens = tuple(model.tokenizer.encode("yes incredulity"))
    assert len(tokens) > 2
    logprobs = (math.nan, *([-0.5] * (len(tokens) - 1)))
    words = word_confidences(Decoded(tokens, "yes incredulity", 0.5, logprobs), model.tokenizer)
    assert words == [("yes", None), ("incredulity", pytest.approx(math.exp(-0.5)))]


def test_words_lie_in_the_voiced_part() -> None:
    """Leading and trailing silence hold no word."""
    words = estimate_words([("one", 0.9), ("two", 0.8)], [0.0] * 10 + [1.0] * 20 + [0.0] * 10, 2.0)
    assert [word.text for word in words] == ["one", "two"]
    assert words[0].start == pytest.approx(2.32)
    assert words[-1].end == pytest.approx(2.96)
    assert words[0].confidence == 0.9


def test_a_pause_between_words_belongs_to_neither() -> None:
    """The first word ends where the pause begins, the second begins where it ends."""
    words = estimate_words([("word", None), ("word", None)], [1.0] * 10 + [0.0] * 20 + [1.0] * 10, 0.0)
    assert words[0].end == pytest.approx(0.32)
    assert words[1].start == pytest.approx(0.96)


def test_no_words_have_no_times() -> None:
    """An empty text is harmless."""
    assert estimate_words([], [1.0] * 10, 0.0) == ()


@given(
    st.lists(st.text(alphabet="abc123.'", min_size=1, max_size=12), min_size=1, max_size=30),
    st.lists(st.sampled_from([0.0, 0.2, 0.5, 1.0]), max_size=200),
    st.floats(0, 1000),
)
def test_words_are_in_order_and_inside_the_audio(
    texts: list[str], chances: list[float], offset: float
) -> None:
    """Times never go backwards nor leave the segment."""
    words = estimate_words([(text, None) for text in texts], chances, offset)
    assert [word.text for word in words] == texts
    last = offset - 0.002
    for word in words:
        assert last - 0.002 <= word.start <= word.end
        last = word.end
    assert last <= offset + max(1, len(chances)) * 0.032 + 0.002


def test_known_times_are_counted_from_the_stream() -> None:
    """Offset plus time, to the millisecond, confidence kept."""
    (word,) = place_words([("yes", 0.7)], [(0.1234, 0.5)], 3.0)
    assert (word.text, word.start, word.end, word.confidence) == ("yes", 3.123, 3.5, 0.7)
