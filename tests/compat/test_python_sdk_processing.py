"""The vendor's own published `symbl` 2.0.6, unmodified, sending recordings and texts to the real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.compat.conftest import Runner

RECORDING = Path(__file__).parents[2] / "examples" / "sample" / "conversation.ogg"


@pytest.fixture(scope="module")
def _kept() -> dict[str, Any]:
    return {}


@pytest.fixture
def result(vendor: Runner, _kept: dict[str, Any]) -> Any:
    """One run of the program."""
    if not _kept:
        _kept.update(vendor("process.py", RECORDING=str(RECORDING)))
    return _kept


def test_a_text_and_what_is_appended_to_it_are_one_conversation(result: Any) -> None:
    """Both texts, their people and what they mean are read back."""
    assert result["text"] == [
        "Could you send the revised quote by Friday?",
        "Yes, I will email the quote to you tomorrow morning.",
    ]
    assert result["text_status"] == "completed"
    assert result["text_name"] == "Quote"
    assert result["text_members"] == ["Ines", "Tomasz"]
    assert len(result["text_questions"]) == 1
    assert any("Tomasz will email the quote" in text for text in result["text_promises"])


def test_a_recording_is_processed_with_the_parameters_as_the_package_spells_them(result: Any) -> None:
    """Lists spread over characters, booleans and numbers as words: all are understood."""
    assert result["audio_status"] == "completed"
    assert "warehouse" in " ".join(result["audio"]).lower()
    assert result["audio_members"] == ["Speaker 1", "Speaker 2"]
    assert result["audio_trackers"] == ["Place"]
    assert result["audio_phrases"]


def test_a_job_that_fails_is_told_by_its_callback(result: Any) -> None:
    """`on_error` is called, once, for a file that is no recording."""
    assert result["told"] == ["error"]


def test_an_address_that_is_none_is_refused(result: Any) -> None:
    """A local file is not fetched."""
    assert result["refused"] == 400
