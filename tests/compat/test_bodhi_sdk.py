"""The vendor's own bodhi-sdk 1.4.0 from PyPI against the real server."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import EarfulServer
from tests.support.telephone import TWO_CITIES_WORDS, read_speech, write_wav

HERE = Path(__file__).parent
VENDOR_PYTHON = HERE.parents[1] / ".venv-vendor" / "bin" / "python"

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def customer(earful_server: EarfulServer) -> dict[str, str]:
    return earful_server.create_app("bodhi-sdk")


@pytest.fixture
def run(earful_server: EarfulServer, customer: dict[str, str], tmp_path: Path) -> Run:
    """Runs the vendor's client and returns its events and what it raised."""
    wav = write_wav(tmp_path / "call.wav", read_speech(8000, 6.0), 8000)

    def run(way: str, **settings: str) -> dict[str, Any]:
        environment = os.environ | {
            "API_KEY": customer["apiKey"],
            "CUSTOMER_ID": customer["customerId"],
            "BODHI_URL": earful_server.ws_url,
            "MODEL": "en-general-v2-8khz",
            "WAV": str(wav),
        }
        done = subprocess.run(
            [str(VENDOR_PYTHON), str(HERE / "python" / "bodhi_client.py"), way],
            env=environment | settings,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        assert found, done.stdout + done.stderr
        result: dict[str, Any] = json.loads(found[-1].removeprefix("RESULT "))
        return result

    return run


@pytest.mark.parametrize("way", ["stream", "file"])
def test_the_vendors_client_hears_the_words_and_closes_once(run: Run, way: str) -> None:
    result = run(way)
    assert result["raised"] is None
    names = [name for name, _ in result["events"]]
    said = " ".join(text for name, text in result["events"] if name == "Transcript").lower()
    assert all(word in said for word in TWO_CITIES_WORDS)
    assert "Error" not in names
    assert names.count("Close") == 1
    assert names.index("SpeechStarted") < names.index("UtteranceEnd")
    last = [text for name, text in result["events"] if name == "Transcript"][-1]
    assert last == "", "the last message, which some clients discard unread, is empty"


def test_the_vendors_client_is_told_of_a_wrong_key(run: Run) -> None:
    result = run("stream", API_KEY="ek_wrong")
    assert result["raised"] == "AuthenticationError"
    assert any(name == "Error" and "Authentication Error" in text for name, text in result["events"])


def test_the_vendors_client_is_told_of_a_model_that_is_not_there(
    run: Run, earful_server: EarfulServer
) -> None:
    result = run("stream", MODEL="hi-banking-v2-8khz")
    (told,) = {text for name, text in result["events"] if name == "Error" and "bad_request" in text}
    assert json.loads(told)["message"] == "model 'hi-banking-v2-8khz' is not available"
    assert "earful models pull whisper-small" in earful_server.log.read_text()


def test_the_vendors_client_is_told_of_an_unknown_model(run: Run) -> None:
    result = run("stream", MODEL="xx-nothing-v9")
    assert any(
        "'xx-nothing-v9' is not available" in text for name, text in result["events"] if name == "Error"
    )
