"""The arithmetic of the evals of word times, guards and custom vocabulary."""

import re

import numpy as np
import pytest
from evals.diarization.der import Span
from evals.guards.__main__ import heard
from evals.guards.sounds import RATE, SOUNDS, blocks
from evals.hotwords import __main__ as hotwords
from evals.hotwords.words import SENTENCES, UNUSED, rare_words, recalled, tokens
from evals.words import __main__ as words
from evals.words import synthesised
from evals.words.confidence import Sureness, sureness
from evals.words.synthesised import Phone, word_spans
from evals.words.textgrid import marked_words
from evals.words.times import Distance, Timed, compare, simple
from evals.words.turns import Edge, between, second_marks, turn_edges

from earful.conversation.types import Word
from earful.speech.types import Hypothesis

SAID = [Timed("Hello,", 1.0, 1.4), Timed("there", 1.5, 1.9), Timed("friend.", 2.0, 2.5)]


def test_only_words_in_both_transcripts_are_compared():
    """Case and punctuation do not matter; a word heard wrong has no time to be off."""
    told = [Timed("hello", 1.1, 1.4), Timed("their", 5.0, 6.0), Timed("Friend", 2.0, 2.7)]
    found = compare(SAID, told)
    assert found.starts == pytest.approx((0.1, 0.0))
    assert found.ends == pytest.approx((0.0, 0.2))
    assert found.mean == pytest.approx(0.075)
    assert found.within(0.06) == pytest.approx(0.5)
    assert found.within(0.1001) == pytest.approx(0.75)


def test_distances_add_up_and_nothing_is_none():
    """The mean of a sum is over all boundaries; without any there is none."""
    assert (Distance((0.1,), ()) + Distance((0.2, 0.3), ())).mean == pytest.approx(0.2)
    assert Distance().mean is None
    assert Distance().median is None


def test_words_are_compared_without_ornament():
    """Curly apostrophes are straight ones."""
    assert simple("“Don’t!”") == "don't"


def test_turn_edges_count_only_clear_turns_with_the_right_words():
    """An overlapped turn is left out, and so is an edge whose word was heard wrong."""
    turns = [
        {"start": 1.0, "end": 2.5, "text": "Hello there friend"},
        {"start": 4.0, "end": 5.0, "text": "so what"},
        {"start": 4.5, "end": 6.0, "text": "what now"},
    ]
    told = [Timed("hello", 1.2, 1.4), Timed("fiend", 2.0, 2.4), Timed("so", 4.1, 4.2)]
    found = between(turn_edges(turns, told))
    assert found.starts == pytest.approx((0.2,))
    assert found.ends == ()


def test_nobody_stops_speaking_where_a_recording_is_cut():
    """An end of a turn there is none; elsewhere it is."""
    turns = [{"speaker": "a", "start": 1.0, "end": 2.5, "text": "hello friend"}]
    told = [Timed("hello", 1.0, 1.4), Timed("friend", 2.0, 2.4)]
    assert [edge.starts for edge in turn_edges(turns, told, 2.5)] == [True]
    assert [edge.starts for edge in turn_edges(turns, told, 3.5)] == [True, False]


def test_marks_of_a_second_person_are_those_of_the_same_edge_nearby():
    """Of the same speaker, starts with starts; an edge that nobody else marked is left out."""
    edges = [Edge("a", True, 1.0, 1.1), Edge("a", False, 2.0, 2.1), Edge("b", True, 1.0, 1.0)]
    found = list(second_marks(edges, [Span("a", 1.2, 5.0)]))
    assert found == [(edges[0], 1.2)]
    assert words.disagreement(found) == pytest.approx(
        {"betweenMarks": 0.2, "fromFirst": 0.1, "fromSecond": 0.1}
    )


LONG_GRID = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "Word"
        xmin = 0
        xmax = 1.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = ""
        intervals [2]:
            xmin = 0.25
            xmax = 1.5
            text = "C"
    item [2]:
        class = "TextTier"
        name = "Tone"
        xmin = 0
        xmax = 1.5
        points: size = 1
        points [1]:
            number = 0.5
            mark = "L-"
    item [3]:
        class = "IntervalTier"
        name = "Text"
        xmin = 0
        xmax = 1.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = ""
        intervals [2]:
            xmin = 0.25
            xmax = 1.5
            text = "say ""7"""
'''


def test_words_are_read_from_both_formats_of_a_textgrid(tmp_path):
    """The tier with most written in it of those that may hold words; quotes are doubled there."""
    short = re.sub(r"^ *(?:item|intervals|points) \[.*\n", "", LONG_GRID, flags=re.M)
    short = re.sub(r"^ *[a-z?]+(?:: size)? (?:= )?(?=[<\"\d])", "", short, flags=re.M)
    assert "=" not in short.split("\n", 3)[3]
    for name, text in (("long", LONG_GRID), ("short", short)):
        path = tmp_path / f"{name}.TextGrid"
        path.write_text(text)
        assert marked_words(path) == [Timed('say "7"', 0.25, 1.5)]
    path.write_text(LONG_GRID.replace("Word", "Sound").replace('Text"', 'Tune"'))
    with pytest.raises(ValueError, match="no tier"):
        marked_words(path)


def test_words_are_right_that_the_fewest_edits_leave():
    """A word of two under the normaliser must have both right; fillers and unknown confidences are out."""
    told = [
        Word("Don't", 0, 1, 0.9),
        Word("uh,", 1, 2, 0.1),
        Word("eat", 2, 3, 0.4),
        Word("the", 3, 4, None),
        Word("7", 4, 5, 0.8),
    ]
    found = sureness("do not beat the seven", told)
    assert (found.right, found.wrong) == ((0.9, 0.8), (0.4,))


def test_auc_is_how_often_right_words_are_surer():
    """Ties count half; without a wrong word there is none."""
    assert Sureness((0.9, 0.5), (0.5,)).auc == 0.75
    assert (Sureness((0.9,)) + Sureness((), (0.95,))).auc == 0.0
    assert Sureness((0.9,)).auc is None


@pytest.mark.parametrize("name", SOUNDS)
def test_each_sound_is_as_long_as_asked_in_range_and_the_same_every_time(name):
    """Blocks add up to the length; samples are finite, mostly within -1..1, and only silence is silent."""
    one = np.concatenate(list(blocks(name, 25)))
    assert len(one) == 25 * RATE
    assert one.dtype == np.float32
    assert np.isfinite(one).all()
    assert (np.abs(one) <= 1).mean() > 0.99
    assert bool(one.any()) is (name != "silence")
    assert np.array_equal(one, np.concatenate(list(blocks(name, 25))))


def test_words_are_counted_in_finals_and_in_partials():
    """A partial that is taken back is still a word that was shown."""
    told = [
        Hypothesis(0, "thank you so", 0, 1, False),
        Hypothesis(0, "", 0, 1, True),
        Hypothesis(1, "you", 2, 3, True),
    ]
    found = heard("hum", 60, told, judged=True)
    assert (found.words, found.partial_words, found.text.strip()) == (1, 3, "you")


def test_listed_words_are_counted_as_often_as_they_were_said():
    """A word heard more often than it was said is found no more than that; case does not matter."""
    said = "Ask Nguyen, then Siobhan, then Nguyen."
    assert recalled(("Nguyen", "Siobhan"), said, "nguyen nguyen nguyen ran") == (3, 2)
    assert recalled((), said, said) == (0, 0)


def test_rare_words_are_long_and_not_in_the_dictionary():
    """Each once, in order."""
    assert rare_words("The Kestrelon and the zqx met Kestrelon, brivanta", {"the", "and", "met"}) == (
        "kestrelon",
        "brivanta",
    )


def test_the_lists_are_what_they_say():
    """Every listed word is in its sentence; a hundred unused ones are in none."""
    spoken = {word for text, _ in SENTENCES for word in tokens(text)}
    assert all(word.lower() in tokens(text) for text, listed in SENTENCES for word in listed)
    assert len(set(UNUSED)) == 100
    assert not spoken & {word.lower() for word in UNUSED}


def test_changes_are_against_the_row_without_a_list():
    """Six missed of ten without, three with: half as many."""
    rows = [
        hotwords.Row("flite", "nothing", 10, 4, 20, 100),
        hotwords.Row("flite", "12 rare words, score 2", 10, 7, 19, 100),
    ]
    cells = [list(column.cells) for column in hotwords.table(rows).columns]
    assert cells[3] == ["6", "3"]
    assert cells[4] == ["+0%", "-50%"]
    assert cells[6] == ["+0.0%", "-5.0%"]


def test_without_flite_and_recordings_one_line_each_says_so(monkeypatch, capsys):
    """A machine without either skips with status 0."""
    monkeypatch.setattr(words, "data_dir", lambda: None)
    monkeypatch.setattr(synthesised, "installed", lambda: False)
    assert words.main([]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("evals.words")]
    assert len(told) == 2


def test_the_phones_of_a_sentence_are_given_to_its_words():
    """A vowel may be another than in the word alone, and a phone may be missing or extra."""
    phones = [
        Phone(name, at / 10, (at + 1) / 10)
        for at, name in enumerate(["dh", "ax", "k", "ae", "t", "s", "ae", "t", "d"])
    ]
    spans = word_spans([["dh", "iy"], ["k", "ae", "t"], ["s", "ae", "t"]], phones)
    assert [span and (round(span[0], 1), round(span[1], 1)) for span in spans] == [
        (0.0, 0.2),
        (0.2, 0.5),
        (0.5, 0.9),
    ]
    assert word_spans([["ax"], []], phones[:1])[1] is None
