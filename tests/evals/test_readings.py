"""The comparison of first readings with those that are kept."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from evals.readings import __main__ as program

SPEECH = Path(str(files("moonshine_voice"))) / "assets" / "beckett.wav"


def test_both_kinds_of_readings_are_scored_over_every_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two readings, two normalisers and four lines, and the same words everywhere."""
    (tmp_path / "list.tsv").write_text(f"{SPEECH}\tEver tried. Ever failed. No matter. Try again.\n\n")
    target = tmp_path / "found.json"
    assert program.main(["--listed", str(tmp_path / "list.tsv"), "--json", str(target)]) == 0
    rows = json.loads(target.read_text())
    assert {row["line"] for row in rows} == {"clean", "telephone", "far", "telephone in noise"}
    assert {(row["normaliser"], row["readings"]) for row in rows} == {
        (rule, kept) for rule in ("standard", "plain") for kept in ("first", "kept")
    }
    assert {row["words"] for row in rows} == {8}
    assert "of those that are kept" in capsys.readouterr().out


def test_a_line_is_the_same_for_the_same_seed_and_noise_is_as_loud_as_it_should_be() -> None:
    """Over the noisy line there is sound in the pauses too, 15 dB below the speech."""
    tone = np.sin(np.arange(32_000) * 0.1).astype(np.float32) * 0.3
    tone[16_000:] = 0
    once, again, other = (program.heard_over(program.NOISY, tone, seed) for seed in (1, 1, 2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    level = 20 * np.log10(np.sqrt(np.mean(once[20_000:28_000] ** 2)) / np.sqrt(np.mean(tone[:16_000] ** 2)))
    assert -24 < level < -12
    assert np.abs(program.heard_over("clean", tone, 1) - tone).max() == 0


def test_without_recordings_it_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "data_dir", lambda: None)
    assert program.main([]) == 0
    assert "nothing to score" in capsys.readouterr().out
