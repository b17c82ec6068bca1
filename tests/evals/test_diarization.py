"""The diarization error rate, against cases counted by hand."""

import json

import numpy as np
import pytest
from evals.diarization import __main__ as program
from evals.diarization.der import Errors, Span, diarization_errors
from evals.diarization.made_up import LINES, load_voices, make_conversations
from hypothesis import given
from hypothesis import strategies as st

A, B = Span("a", 0, 10), Span("b", 10, 20)
SPANS = st.lists(
    st.builds(
        lambda who, start, length: Span(who, start, start + length),
        st.sampled_from("abc"),
        st.integers(0, 20),
        st.integers(1, 10),
    ),
    max_size=6,
)


def check(found: Errors, speech: float, missed: float, false_alarm: float, confused: float) -> None:
    values = (found.speech, found.missed, found.false_alarm, found.confused)
    assert values == pytest.approx((speech, missed, false_alarm, confused))


def test_names_do_not_matter():
    """Speakers are matched by the time they have in common."""
    check(diarization_errors([A, B], [Span("2", 0, 10), Span("1", 10, 20)]), 20, 0, 0, 0)


def test_missed_false_alarm_and_confusion_are_told_apart():
    """2 s missed, 3 s made up after the end, 4 s given to the other speaker."""
    heard = [Span("1", 0, 8), Span("1", 10, 14), Span("2", 14, 23)]
    found = diarization_errors([A, B], heard)
    check(found, 20, 2, 3, 4)
    assert found.rate == pytest.approx(9 / 20)


def test_one_voice_for_two_people_is_confusion():
    """The one voice matches the speaker who talked longer."""
    check(diarization_errors([Span("a", 0, 12), Span("b", 12, 20)], [Span("1", 0, 20)]), 20, 0, 0, 8)


def test_overlapping_talk_counts_twice():
    """Two people at once are two seconds of speech a second; hearing one of them misses the other."""
    check(diarization_errors([Span("a", 0, 10), Span("b", 5, 10)], [Span("1", 0, 10)]), 15, 5, 0, 0)


def test_the_match_is_the_best_of_all_not_the_first_best():
    """Greedy matching would pair a with 1 (6 s) and leave 4 s; the best match keeps 5 + 5 s."""
    said = [Span("a", 0, 11), Span("b", 11, 16)]
    heard = [Span("1", 0, 6), Span("2", 6, 11), Span("1", 11, 16)]
    check(diarization_errors(said, heard), 16, 0, 0, 6)


def test_a_collar_forgives_what_is_near_a_boundary():
    """Half a second on each boundary is not scored: 0.25 s late is free, 0.5 s late costs 0.25 s."""
    late = [Span("1", 0, 10.5), Span("2", 10.5, 20)]
    check(diarization_errors([A, B], late, collar=0.25), 19, 0, 0, 0.25)
    slightly = [Span("1", 0, 10.25), Span("2", 10.25, 20)]
    check(diarization_errors([A, B], slightly, collar=0.25), 19, 0, 0, 0)


def test_nothing_said_and_nothing_heard():
    """Empty sides are all missed or all made up."""
    assert diarization_errors([], []).rate == 0
    assert diarization_errors([], [A]).rate == 1
    check(diarization_errors([A], []), 10, 10, 0, 0)


@given(said=SPANS, heard=SPANS)
def test_a_perfect_answer_has_no_errors_and_sums_hold(said, heard):
    """The reference against itself is right; misses and confusions never exceed what was said."""
    assert diarization_errors(said, said).rate == 0
    found = diarization_errors(said, heard)
    assert found.missed + found.confused <= found.speech + 1e-9


def test_rttm_lines_become_spans():
    """Start and length become start and end; other lines are skipped."""
    text = "SPKR-INFO x\nSPEAKER call 1 6.690 0.430 <NA> <NA> Diane <NA> <NA>\n"
    (span,) = program.read_rttm(text)
    assert (span.speaker, span.start, span.end) == ("Diane", 6.69, pytest.approx(7.12))


def test_without_data_one_line_says_so(monkeypatch, capsys):
    """A machine without the recordings skips with status 0."""
    monkeypatch.setattr(program, "data_dir", lambda: None)
    assert program.main([]) == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_results_add_up_in_the_table_and_the_json():
    """A kind's rate is over the time of all its recordings, not the mean of their rates."""
    one = program.Recording("x", "meetings", None, 1, (A, B))
    errors = [Errors(10, 1, 0, 0), Errors(30, 1, 1, 1)]
    results = [program.Result(one, "voices", 2, dict.fromkeys(program.COLLARS, e)) for e in errors]
    assert "0.100" in program._cells(results)
    body = json.loads(json.dumps(program.as_json(results)))
    assert [row["errors"]["collar 0.25"]["rate"] for row in body["results"]] == [0.1, 0.1]


def test_made_up_conversations_say_exactly_who_speaks_when(tmp_path):
    """Where one voice alone is said to speak, its pitch is the loudest. What is no sound is left out."""
    pitches = {"low": 200.0, "middle": 500.0, "high": 900.0, "highest": 1400.0}
    for name, pitch in pitches.items():
        (tmp_path / name).mkdir()
        for number in range(3):
            times = np.arange(8_000 * (number + 1)) / 16_000
            tone = np.concatenate([np.zeros(800), 0.3 * np.sin(2 * np.pi * pitch * times), np.zeros(800)])
            program.write(tmp_path / name / f"{number}.wav", tone.astype(np.float32))
    (tmp_path / "low" / "notes.txt").write_text("not a sound")
    voices = load_voices(tmp_path)
    assert {name: len(parts) for name, parts in voices.items()} == dict.fromkeys(pitches, 3)
    talks = list(make_conversations(voices, 19))
    assert {talk.line for talk in talks} == set(LINES)
    assert len({span.speaker for span in talks[5].spans}) >= 3
    for talk in (talks[0], talks[9], talks[18]):
        for span in talk.spans:
            alone = all(o is span or o.end <= span.start or o.start >= span.end for o in talk.spans)
            part = talk.samples[round(span.start * 16_000) : round(span.end * 16_000)]
            loudest = np.abs(np.fft.rfft(part)).argmax() * 16_000 / len(part)
            assert not alone or abs(loudest - pitches[span.speaker]) < 10
    again = next(iter(make_conversations(voices, 1)))
    assert again.spans == talks[0].spans
    assert np.array_equal(again.samples, talks[0].samples)
    found = program.made_up(tmp_path, 2, tmp_path)
    assert [one.kind for one in found] == ["made up, clean"] * 2
    assert [one.speakers for one in found] == [2, 1]
