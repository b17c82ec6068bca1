"""`earful transcribe`, as it is typed."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from earful.cli import app
from earful.commands.transcribe import render
from earful.conversation.types import Word
from earful.speech.files import Transcript, TranscriptSegment
from earful.speech.models import ModelStore
from tests.support.models.whisper import make_whisper

SPEECH = str(Path(str(files("moonshine_voice"))) / "assets" / "beckett.wav")


def run(*arguments: str):
    return CliRunner().invoke(app, ["transcribe", *arguments])


def test_text_is_printed_and_nothing_else():
    """Standard output holds the words only; without a terminal there is no progress bar."""
    result = run(SPEECH)
    assert result.exit_code == 0
    assert "fail" in result.stdout.lower()
    assert "beckett.wav" not in result.output
    assert result.stderr == ""


def test_json_has_segments_with_times_and_confidence():
    """One file is one object; words come when asked for."""
    body = json.loads(run("--json", "--words", SPEECH).stdout)
    assert body["file"] == SPEECH
    assert body["duration"] == pytest.approx(9.96, abs=0.1)
    assert body["text"] == " ".join(segment["text"] for segment in body["segments"])
    for segment in body["segments"]:
        assert 0 <= segment["start"] < segment["end"] <= body["duration"]
        assert 0 < segment["confidence"] <= 1
        assert [word["word"] for word in segment["words"]] == segment["text"].split()
        assert "speaker" not in segment


def test_several_files_are_a_list_and_a_broken_one_does_not_stop_them(tmp_path):
    """The good file is still written down; the error names the bad one and the exit code tells."""
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"nothing")
    result = run("--json", str(tmp_path / "none.wav"), str(bad), str(tmp_path), SPEECH)
    assert result.exit_code == 1
    (body,) = json.loads(result.stdout)
    assert body["file"] == SPEECH
    assert "none.wav does not exist" in result.stderr
    assert "bad.wav" in result.stderr
    assert "is a folder" in result.stderr


def test_an_unknown_language_is_told_with_the_way_out():
    """Nothing is read; the exit code is that of a wrong command line."""
    result = run("--language", "fi-FI", SPEECH)
    assert result.exit_code == 2
    assert "'fi-FI'" in result.stderr
    assert "earful models" in result.stderr
    assert result.stdout == ""


def test_an_unknown_format_is_refused():
    """The command line says which formats there are."""
    result = run("--format", "docx", SPEECH)
    assert result.exit_code == 2
    assert "srt" in result.stderr


def a_transcript() -> Transcript:
    """Return two short segments by two speakers; the first is too long for one subtitle."""
    words = tuple(Word(f"word{n}", 3_599.0 + n, 3_599.9 + n, 0.9) for n in range(9))
    text = " ".join(word.text for word in words)
    return Transcript(
        (
            TranscriptSegment(3_599.0, 3_607.9, text, 0.9, words, 1),
            TranscriptSegment(3_610.5, 3_611.0, "Yes.", 0.8, (), 2),
        ),
        3_700.0,
        "en-US",
    )


def test_srt_numbers_its_cues_and_keeps_them_short():
    """Times have a comma, hours roll over, a long segment becomes several cues."""
    assert render(a_transcript(), "srt") == (
        "1\n00:59:59,000 --> 01:00:04,900\nSpeaker 1: word0 word1 word2 word3 word4 word5\n\n"
        "2\n01:00:05,000 --> 01:00:07,900\nSpeaker 1: word6 word7 word8\n\n"
        "3\n01:00:10,500 --> 01:00:11,000\nSpeaker 2: Yes.\n"
    )


def test_vtt_has_its_header():
    """WebVTT begins with its name and writes times with a point."""
    lines = render(a_transcript(), "vtt").splitlines()
    assert lines[:4] == [
        "WEBVTT",
        "",
        "00:59:59.000 --> 01:00:04.900",
        "Speaker 1: word0 word1 word2 word3 word4 word5",
    ]


def test_text_names_files_and_speakers():
    """Several files are headed by their names; speakers are named where they are known."""
    text = render(a_transcript(), "txt", title="call.wav")
    assert text.startswith("== call.wav ==\nSpeaker 1: word0")
    assert text.endswith("Speaker 2: Yes.\n")


def test_a_known_number_of_speakers_means_that_speakers_are_told_apart():
    """Asking for one gives one, without --diarize; nobody is no number of speakers."""
    body = json.loads(run("--json", "--speakers", "1", SPEECH).stdout)
    assert {segment["speaker"] for segment in body["segments"]} == {"Speaker 1"}
    assert run("--speakers", "0", SPEECH).exit_code == 2


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a tiny Whisper model of many languages, made here."""
    root = tmp_path_factory.mktemp("models")
    ModelStore(root / "kept").pull("whisper-tiny", source=make_whisper(root / "whisper"))
    return root / "kept"


def test_another_language_is_written_down_once_its_model_is_here(models_dir, monkeypatch):
    """By faster-whisper on real weights of its format; English may be given to it by name."""
    monkeypatch.setenv("EARFUL_MODELS_DIR", str(models_dir))
    for arguments in (("--language", "hi-IN"), ("--model", "whisper-tiny")):
        result = run("--json", *arguments, SPEECH)
        assert result.exit_code == 0, result.output
        segments = json.loads(result.stdout)["segments"]
        assert segments
        assert {segment["text"] for segment in segments} <= {"low tone", "high tone"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--language", "hi-IN"), "earful models pull whisper-small"),
        (("--model", "whisper-base"), "earful models pull whisper-base"),
        (("--model", "nonsense"), "earful models list"),
    ],
)
def test_a_model_that_is_not_here_is_told_with_the_command_that_fetches_it(
    tmp_path, monkeypatch, arguments, said
):
    """Before anything is read."""
    monkeypatch.setenv("EARFUL_MODELS_DIR", str(tmp_path))
    result = run(*arguments, SPEECH)
    assert result.exit_code == 2
    assert said in result.stderr
