"""What two hypotheses in a row agree on."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.speech.moonshine import Decoded, MoonshineModel
from earful.speech.partials import Agreement, common_prefix


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
