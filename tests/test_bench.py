"""`earful bench`: what is measured, what follows from it, and how it is told."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from earful.bench import (
    RATE,
    Bench,
    Costs,
    Latency,
    Trial,
    bundled_speech,
    is_late,
    measure,
    percentile,
    verdict,
)
from earful.cli import app
from earful.commands.bench import render
from earful.settings import load_settings

LATENCY = Latency(0.2, 0.4, 0.6, 0.7)
TRIED = Trial(35, 0.85)


def test_the_bundled_speech_is_there_and_is_speech():
    """At least half a minute of 16 kHz audio in range, and not silent."""
    speech = bundled_speech()
    assert len(speech) > 30 * RATE
    assert 0.1 < abs(speech).max() <= 1


def test_capacity_follows_from_the_cost_of_one_stream():
    """By hand: two cores have 1.4 s a second for it; a stream takes 26 + 13 ms, one of talk 13 + 13."""
    assert verdict(Costs(0.026, 0.05), 2) == (36, 54)


def test_a_trial_is_late_by_what_its_slowest_finals_take():
    """Half a second of silence and 0.42 s are allowed; where nothing was heard, nothing was late."""
    late = [is_late(Trial(20, seconds)) for seconds in (0.9, 0.93, math.nan)]
    assert late == [False, True, False]


def test_where_finals_are_late_fewer_streams_are_promised(monkeypatch):
    """Twice tried and twice late: neither number is promised, and the second is told."""
    monkeypatch.setattr("earful.bench.is_late", lambda tried: True)
    speech = bundled_speech()[10 * RATE : 12 * RATE]
    found = measure(load_settings(), speech, lambda share: None, live_s=0.3)
    estimate = verdict(found.costs, found.cores)
    assert found.tried.streams == max(1, int(estimate[0] * 0.85))
    assert found.streams_unbroken < found.tried.streams
    assert found.streams_talk < 0.8 * estimate[1]


@given(cost=st.floats(0.001, 2), cores=st.integers(1, 64))
def test_talk_never_costs_more_than_unbroken_speech(cost, cores):
    """Pauses make room, and more cores hold no fewer streams."""
    unbroken, talk = verdict(Costs(cost, cost), cores)
    assert 0 <= unbroken <= talk
    assert verdict(Costs(cost, cost), cores + 1) >= (unbroken, talk)


def test_percentiles_are_values_that_were_measured():
    """The smallest value for 0, the largest for 1, NaN where nothing was measured."""
    assert [percentile([3.0, 1.0, 2.0], share) for share in (0, 0.5, 1)] == [1.0, 2.0, 3.0]
    assert math.isnan(percentile([], 0.5))


@pytest.mark.parametrize(("limit", "told"), [(32, True), (100, False)])
def test_the_text_says_how_many_streams_and_what_limits_them(limit, told):
    """The limit in force is mentioned only when it lets in fewer than the machine holds."""
    text = render(Bench(2, Costs(0.012, 0.0365), LATENCY, 35, 63, limit, TRIED))
    assert "about 63 streams" in text
    assert "or 35 of unbroken speech" in text
    assert "12.0 ms" in text
    assert "with 35 streams at once finals come 850 ms" in text
    assert ("EARFUL_MAX_STREAMS" in text) is told


def test_what_was_not_heard_is_told_as_unknown():
    """A measurement too short for a final still prints."""
    unknown = Latency(0.2, 0.4, math.nan, math.nan)
    assert "finals come ? ms" in render(Bench(2, Costs(0.012, 0.0365), unknown, 35, 63, 100, TRIED))


def test_a_short_measurement_gives_sane_figures():
    """Partials cost no less than finals alone, latencies are ordered, and the progress ends at 1."""
    shares: list[float] = []
    found = measure(load_settings(), bundled_speech()[10 * RATE : 18 * RATE], shares.append, live_s=5)
    assert 0 < found.costs.finals <= found.costs.with_partials
    assert found.latency.partial_p50 <= found.latency.partial_p95
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert found.streams_unbroken <= found.streams_talk


def test_json_is_all_that_is_printed(monkeypatch):
    """Standard output is one JSON object, so that a program can read it."""
    monkeypatch.setattr("earful.bench.bundled_speech", lambda: bundled_speech()[10 * RATE : 18 * RATE])
    result = CliRunner().invoke(app, ["bench", "--json", "--seconds", "5"])
    assert result.exit_code == 0
    assert set(json.loads(result.stdout)) == {
        "cores", "costs", "latency", "streams_unbroken", "streams_talk", "limit", "tried",
    }  # fmt: skip
