"""How the evaluation counts."""

import pytest
from evals.insight.actions import business_calls
from evals.insight.entities import _core, _joined
from evals.insight.measures import Tally, overlap_tally
from evals.insight.writing import bared, score


def test_rates_of_a_tally() -> None:
    """Three right, one wrong and two missed, by hand."""
    tally = Tally(right=3, wrong=1, missed=2)
    assert tally.precision == 0.75
    assert tally.recall == 0.6
    assert tally.f() == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    assert tally.f(2) == pytest.approx(5 * 0.75 * 0.6 / (4 * 0.75 + 0.6))


def test_nothing_counted_is_zero() -> None:
    """No division by zero where there is nothing."""
    assert Tally().f() == 0.0


def test_exact_spans_want_their_borders() -> None:
    """An overlap counts only when overlaps are asked for."""
    true, said = [(0, 5, "a")], [(0, 4, "a")]
    assert overlap_tally(true, said, exact=True) == Tally(0, 1, 1)
    assert overlap_tally(true, said, exact=False) == Tally(1, 0, 0)


def test_a_prediction_answers_one_truth_only() -> None:
    """One long span does not find two true ones."""
    assert overlap_tally([(0, 2, "a"), (3, 5, "a")], [(0, 5, "a")], exact=False) == Tally(1, 0, 1)


def test_labels_must_agree() -> None:
    """The right place under the wrong name is wrong and missed."""
    assert overlap_tally([(0, 2, "a")], [(0, 2, "b")], exact=False) == Tally(0, 1, 1)


def test_the_business_calls_are_whole() -> None:
    """Every turn of the project's own calls has a speaker of the call, a text and a label."""
    calls = business_calls()
    assert len(calls) >= 10
    assert all(
        turn["speaker"] in call["speakers"] and turn["text"] for call in calls for turn in call["turns"]
    )
    assert {turn["action"] for call in calls for turn in call["turns"]} == {True, False}


def test_the_core_of_a_span_has_no_habits_of_the_corpus() -> None:
    """Lead-in words, units and signs go, a range is its two ends, and a greeting is no time."""
    text = "Good morning, approximately $600,000 or 30% to 50% in the third quarter"
    money, share, when = text.index("approx"), text.index("30%"), text.index("the third")
    spans = [
        (0, 12, "time"),
        (money, share - 4, "number"),
        (share, share + 10, "number"),
        (when, len(text), "time"),
    ]
    assert [text[start:end] for start, end, _ in _core(text, spans)] == [
        "600,000",
        "30",
        "50",
        "third quarter",
    ]


def test_pieces_of_one_amount_are_one() -> None:
    """ "$5.5" and "million", side by side with one label, are one amount; labels apart stay apart."""
    pieces = [("MONEY", 0, 4), ("MONEY", 5, 12), ("PERCENT", 13, 16), ("PERCENT", 20, 23)]
    entities = [{"label": label, "start": start, "end": end} for label, start, end in pieces]
    assert _joined(entities, {"number"}) == [(0, 12, "number"), (13, 16, "number"), (20, 23, "number")]


def test_marks_and_capitals_are_counted_word_by_word() -> None:
    """A comma where a sentence ended is missed as an end and wrong as a comma."""
    plain, true = bared("Well, I know. So what's next?")
    assert plain == "well i know so what's next"
    _, said = bared("Well I know, so what's next?")
    found = score(true, said)
    assert found["sentence ends"] == Tally(1, 0, 1)
    assert found["sentence ends inside"] == Tally(0, 0, 1)
    assert found["question marks"] == Tally(1, 0, 0)
    assert found["commas"] == Tally(0, 1, 1)
    assert found["capitals inside"] == Tally(1, 0, 1)
