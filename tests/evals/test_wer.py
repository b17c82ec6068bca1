"""The word-error harness: fair normalisers, right counts, and a table that adds up."""

import json
from pathlib import Path

import numpy as np
import pytest
from evals.wer import __main__ as program
from evals.wer.items import KINDS, Item, load_items
from evals.wer.report import Run, as_json, table, totals
from evals.wer.scoring import NORMALISERS, Score, plain, score, standard
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.audio.conftest import encode

WORDS = st.lists(
    st.sampled_from(["nine", "9", "forty", "cat", "don't", "Mr.", "$5", "2:30", "oh"]), max_size=8
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("nine four nine", "949"),
        ("9 4 9", "949"),
        ("zip code nine oh two one oh", "zip code 90210"),
        ("one hundred and five", "105"),
        ("nineteen ninety", "1990"),
        ("one", "1"),
        ("two thirty", "2:30"),
        ("I'm gonna", "I am going to"),
        ("Mr. Smith", "mister Smith"),
        ("five dollars", "$5"),
    ],
)
def test_the_standard_normaliser_lets_spellings_agree(one, other):
    """What sounds the same and means the same is the same, whichever side it is on."""
    assert standard(one) == standard(other)


def test_the_standard_normaliser_keeps_what_differs_apart():
    """A wrong digit stays one wrong digit."""
    assert score("nine four nine", "959", standard) == Score(3, substituted=1)


def test_the_plain_normaliser_only_drops_case_and_punctuation():
    """Digits and words differ under it."""
    assert plain("Don't stop, O’Neil -- it's 9:30!") == "don't stop o'neil it's 9 30"


@pytest.mark.parametrize("name", NORMALISERS)
@given(words=WORDS)
def test_normalising_twice_is_normalising_once(name, words):
    """Both normalisers reach a fixed point, so a reference can be kept normalised."""
    once = NORMALISERS[name](" ".join(words))
    if name == "plain":
        assert plain(once) == once
    assert score(" ".join(words), " ".join(words), NORMALISERS[name]).errors == 0


def test_errors_are_counted_by_sort():
    """Substitutions, deletions and insertions add up to the errors."""
    found = score("the cat sat on the mat", "a cat sat the mat now", plain)
    assert (found.words, found.substituted, found.deleted, found.inserted) == (6, 1, 1, 1)
    assert found.rate == pytest.approx(0.5)
    assert (found + found).errors == 6


def test_nothing_heard_and_nothing_said():
    """An empty side is all deletions or all insertions."""
    assert score("one two", "", plain) == Score(2, deleted=2)
    assert score("", "thank you", plain) == Score(0, inserted=2)
    assert Score().rate == 0
    assert Score(0, inserted=1).rate == 1


@pytest.fixture
def folder(tmp_path: Path, speech) -> Path:
    """A small data folder: one clean item, one of near-silence, one that is not scored."""
    rows = [
        {"id": "read", "tags": ["read", "wer"], "text": "he will succeed"},
        {"id": "quiet", "tags": ["meeting", "near-silence", "hallucination-check"], "text": "far off"},
        {"id": "digit", "tags": ["digits", "isolated-word", "wer"], "text": "nine"},
        {"id": "unscored", "tags": ["phone"], "text": "hello"},
    ]
    (tmp_path / "audio").mkdir()
    for row in rows:
        sound = speech if row["id"] == "read" else np.zeros(16_000, np.int16)
        (tmp_path / "audio" / f"{row['id']}.flac").write_bytes(encode(sound, "flac", "flac")[0])
        row |= {"path": f"audio/{row['id']}.flac", "duration_s": len(sound) / 16_000}
    (tmp_path / "audio" / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_items_are_those_that_are_scored(folder):
    """Near-silence has no text; items without the `wer` tag are left out; kinds can be chosen."""
    items = load_items(folder / "audio")
    assert [(item.id, item.kind, item.text) for item in items] == [
        ("read", "clean", "he will succeed"),
        ("quiet", "near-silence", None),
        ("digit", "isolated digits", "nine"),
    ]
    assert [item.id for item in load_items(folder / "audio", ["isolated digits"])] == ["digit"]
    assert len(items[0].samples()) == 80_000


def test_the_halves_are_fixed_and_both_used():
    """The split depends on the id alone and is roughly even."""
    halves = [Item(f"item-{n}", "clean", Path(), 1.0, "").half for n in range(200)]
    assert halves == [Item(f"item-{n}", "clean", Path(), 1.0, "").half for n in range(200)]
    assert 60 < sum(halves) < 140


def runs_of(heard: dict[str, str]) -> tuple[list[Item], list[Run]]:
    items = [
        Item("a", "clean", Path(), 10.0, "one small step"),
        Item("b", "isolated digits", Path(), 1.0, "nine"),
        Item("c", "near-silence", Path(), 5.0, None),
    ]
    return items, [Run("ours", heard, 4.0)]


def test_totals_leave_near_silence_out():
    """Invented words are counted by themselves, not in the rate."""
    items, (run,) = runs_of({"a": "one small step", "b": "five", "c": "thank you"})
    sums = totals(run, items, "plain")
    assert sums["total"] == Score(4, substituted=1)
    assert sums["half 0"] + sums["half 1"] == sums["total"]
    assert sums["near-silence"].inserted == 2


def test_the_table_shows_every_kind_that_has_items():
    """Rows without items are left out; the invented words and the cost are in it."""
    items, runs = runs_of({"a": "one small step", "b": "five", "c": "you"})
    console = Console(record=True, width=100, file=None, quiet=False)
    with console.capture() as capture:
        console.print(table(runs, items, "standard"))
    text = capture.get()
    assert "isolated digits" in text
    assert "1/1  1.000" in text
    assert "1 words" in text
    assert "900" in text
    assert not any(kind in text for kind in KINDS if kind not in ("clean", "isolated digits"))


def test_the_json_holds_everything():
    """Both normalisers, every item, what was said and heard."""
    items, runs = runs_of({"a": "one small step", "b": "five", "c": ""})
    body = json.loads(json.dumps(as_json(runs, items)))
    assert set(body["systems"]["ours"]["scores"]) == {"standard", "plain"}
    assert body["systems"]["ours"]["scores"]["plain"]["total"]["errors"] == 1
    assert body["items"][1] == {
        "id": "b",
        "kind": "isolated digits",
        "half": items[1].half,
        "seconds": 1.0,
        "said": "nine",
        "heard": {"ours": "five"},
    }


class _Parrot:
    """A system that always hears the same."""

    def transcribe(self, item: Item) -> str:
        return "nine"

    def close(self) -> None:
        pass


def test_the_program_runs_from_data_to_json(folder, monkeypatch, tmp_path, capsys):
    """`python -m evals.wer --systems parrot --json out.json` prints tables and writes the file."""
    monkeypatch.setenv("EARFUL_DATA", str(folder))
    monkeypatch.setitem(program.SYSTEMS, "parrot", _Parrot)
    out = tmp_path / "out.json"
    assert program.main(["--systems", "parrot", "--json", str(out)]) == 0
    body = json.loads(out.read_text())
    assert body["systems"]["parrot"]["scores"]["plain"]["isolated digits"]["errors"] == 0
    assert body["systems"]["parrot"]["scores"]["plain"]["near-silence"]["inserted"] == 1
    assert "parrot" in capsys.readouterr().out


def test_without_data_it_says_so(monkeypatch, tmp_path, capsys):
    """A machine without the recordings is no failure."""
    monkeypatch.setenv("EARFUL_DATA", str(tmp_path))
    assert program.main([]) == 0
    assert "EARFUL_DATA" in capsys.readouterr().out
