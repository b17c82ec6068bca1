"""Digits and letters as they are read out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.insight.spoken import code_runs
from earful.insight.text import tokens


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("four double five two", "4552"),
        ("triple nine", "999"),
        ("oh seven seven", "077"),
        ("five five five dash one two", "55512"),
        ("forty two eighteen", "4218"),
        ("twenty-three", "23"),
        ("eight hundred", "800"),
        ("4012 8888 8888 1881", "4012888888881881"),
        ("(555) 014-7729", "5550147729"),
        ("nine, um, one", "91"),
    ],
)
def test_digits_are_read_back(text: str, code: str) -> None:
    """Doubles, tens, separators and hesitation make one stretch of digits."""
    assert [run.digits for run in code_runs(tokens(text))] == [code]


@pytest.mark.parametrize(
    ("text", "code"),
    [("D 4 4 1 2", "D4412"), ("b as in bravo nine one", "B91"), ("x ray", ""), ("X4729013", "X4729013")],
)
def test_letters_count_when_asked_for(text: str, code: str) -> None:
    """Spelt letters belong to a code; a letter alone is no code."""
    assert "".join(run.code for run in code_runs(tokens(text), letters=True)) == code


def test_oh_alone_is_no_digit() -> None:
    """An exclamation is not a zero."""
    assert code_runs(tokens("oh, I see")) == []


def test_a_run_knows_its_place() -> None:
    """The offsets cover the words that were read out and nothing else."""
    text = "it's five five five, right"
    (run,) = code_runs(tokens(text))
    assert text[run.start : run.end] == "five five five"
    assert run.spoken


@given(st.text(alphabet="0123456789", min_size=1, max_size=20))
def test_spelt_digits_survive(digits: str) -> None:
    """Any digits said one by one are read back."""
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    said = " ".join(words[int(digit)] for digit in digits)
    assert "".join(run.digits for run in code_runs(tokens(said))) == digits
