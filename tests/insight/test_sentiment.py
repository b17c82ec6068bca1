"""How sentences feel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.insight.sentiment import polarity


@pytest.mark.parametrize(
    "text",
    [
        "This is a great product and I love it.",
        "We are really happy with the service.",
        "Not bad at all.",
        "Thank you, that was very helpful!",
        "I was worried but it turned out wonderful.",
    ],
)
def test_good_feelings(text: str) -> None:
    """Praise, thanks and a denied fault are good."""
    assert polarity(text) > 0.1


@pytest.mark.parametrize(
    "text",
    [
        "The last delivery was late and we were really unhappy.",
        "That is a terrible idea.",
        "I am not happy with this.",
        "It broke again, I'm so frustrated!",
        "The idea was nice but the result is awful.",
    ],
)
def test_bad_feelings(text: str) -> None:
    """Complaints and denied praise are bad."""
    assert polarity(text) < -0.1


@pytest.mark.parametrize(
    "text", ["", "The meeting is at three.", "I would like to order two boxes.", "Send it to the warehouse."]
)
def test_plain_statements_are_neutral(text: str) -> None:
    """Facts and requests have no feeling."""
    assert abs(polarity(text)) <= 0.3


def test_stronger_words_count_for_more() -> None:
    """Very good is better than good, and good better than not good."""
    assert polarity("It is very good.") > polarity("It is good.") > polarity("It is not good.")


@given(st.text())
def test_polarity_is_bounded(text: str) -> None:
    """Whatever was said, the polarity lies between -1 and 1."""
    assert -1.0 <= polarity(text) <= 1.0
