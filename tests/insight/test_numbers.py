"""Numbers as people say them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.insight.numbers import find_numbers, ordinal_value
from earful.insight.text import tokens


def _values(text: str) -> list[float]:
    return [span.value for span in find_numbers(tokens(text))]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twenty three people", [23]),
        ("twenty-three people", [23]),
        ("three hundred and five", [305]),
        ("two thousand four hundred", [2400]),
        ("two and a half million", [2_500_000]),
        ("1,200 and 35", [1200, 35]),
        ("5k users", [5000]),
        ("3.5 million", [3_500_000]),
        ("one point two five", [1.25]),
        ("a hundred", [100]),
        ("a dozen eggs", [12]),
        ("seventeen", [17]),
        ("one two three", [1, 2, 3]),
        ("forty two, sixty one", [42, 61]),
        ("nothing here", []),
        ("a point", []),
        ("a million dollars", [1_000_000]),
        ("six hundred thousand", [600_000]),
    ],
)
def test_spoken_and_written_numbers(text: str, values: list[float]) -> None:
    """Words and digits give the same values."""
    assert _values(text) == values


@pytest.mark.parametrize(
    ("text", "value"),
    [("3rd", 3), ("third", 3), ("twenty first", 21), ("twenty-fifth", 25), ("31st", 31), ("three", None)],
)
def test_ordinals(text: str, value: int | None) -> None:
    """Ordinals are read in words and in digits; cardinals are not ordinals."""
    found = ordinal_value(tokens(text), 0)
    assert (found[0] if found else None) == value


@given(st.integers(0, 10**12))
def test_any_written_number_is_read_back(number: int) -> None:
    """Digits with thousands separators mean the number they were made from."""
    assert _values(f"{number:,}") == [number]


@given(
    st.lists(
        st.sampled_from(
            [
                "one",
                "two",
                "ten",
                "twenty",
                "hundred",
                "thousand",
                "and",
                "a",
                "half",
                "point",
                "million",
                "oh",
                "-",
                "dozen",
            ]
        ),
        max_size=12,
    )
)
def test_no_mixture_of_number_words_breaks_the_reader(words: list[str]) -> None:
    """Spans are in order, inside the text, and never empty."""
    spans = find_numbers(tokens(" ".join(words)))
    assert all(a.last <= b.first for a, b in pairwise(spans))
    assert all(span.first < span.last for span in spans)
