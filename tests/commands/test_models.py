"""`earful models`, as a user types it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from earful.commands.models import app
from earful.speech.catalogue import CATALOGUE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "usb"
    source.mkdir()
    (source / "model.bin").write_bytes(b"weights")
    (source / "config.json").write_bytes(b"{}")
    return source


def earful_models(tmp_path: Path, *args: str) -> Result:
    return CliRunner().invoke(app, [*args, "--data-dir", str(tmp_path / "data")])


def listed(tmp_path: Path, *args: str) -> dict[str, dict[str, object]]:
    result = earful_models(tmp_path, "list", "--json", *args)
    return {row["name"]: row for row in json.loads(result.stdout)}


def test_list_shows_every_model_with_its_licence_and_state(tmp_path: Path) -> None:
    rows = listed(tmp_path)
    assert set(rows) == {card.name for card in CATALOGUE}
    assert rows["moonshine-tiny-en"]["state"] == "built in"
    assert rows["whisper-tiny"] == {
        "name": "whisper-tiny",
        "engine": "faster-whisper",
        "languages": ["*"],
        "licence": "MIT",
        "sizeMb": 75,
        "state": "-",
        "source": "Systran/faster-whisper-tiny",
    }


def test_a_model_comes_from_a_folder_is_checked_and_goes_again(tmp_path: Path, folder: Path) -> None:
    pulled = earful_models(tmp_path, "pull", "whisper-tiny", "--from", str(folder))
    assert pulled.exit_code == 0, pulled.output
    assert "licence MIT" in pulled.stdout
    where = Path(earful_models(tmp_path, "path", "whisper-tiny").stdout.strip())
    assert (where / "model.bin").read_bytes() == b"weights"
    assert listed(tmp_path, "--verify")["whisper-tiny"]["state"] == "sound"
    (where / "model.bin").write_bytes(b"rot")
    damaged = earful_models(tmp_path, "list", "--verify")
    assert damaged.exit_code == 1
    assert "damaged" in damaged.stdout
    assert earful_models(tmp_path, "rm", "whisper-tiny").exit_code == 0
    assert listed(tmp_path)["whisper-tiny"]["state"] == "-"


def test_a_model_of_ones_own_is_added_under_its_name(tmp_path: Path, folder: Path) -> None:
    options = ("--engine", "faster-whisper", "--language", "hi", "--language", "mr")
    added = earful_models(tmp_path, "add", "ours", str(folder), *options)
    assert added.exit_code == 0, added.output
    assert listed(tmp_path)["ours"]["languages"] == ["hi", "mr"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("pull", "nonsense"), "earful models list"),
        (("pull", "moonshine-tiny-en"), "comes with Earful"),
        (("path", "whisper-tiny"), "earful models pull whisper-tiny"),
        (("rm", "whisper-tiny"), "earful models pull whisper-tiny"),
        (("pull", "whisper-tiny", "--from", "/nonexistent"), "is not a folder"),
        (
            ("add", "x", "/nonexistent", "--engine", "magic", "--language", "en"),
            "no engine is called 'magic'",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path, command: tuple[str, ...], said: str) -> None:
    result = earful_models(tmp_path, *command)
    assert result.exit_code == 1
    assert said in result.stderr
