"""Both ways of the Bodhi seed document, SDK and plain WebSocket, run as written against the real server.

The documents use a Hindi model; the server is given a table in which English answers to that name.
"""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.compat.bodhi_seed import SEED, sdk_program, websocket_program
from tests.support.server import EarfulServer, start_server
from tests.support.telephone import TWO_CITIES_WORDS, read_speech, write_wav

VENDOR_PYTHON = Path(__file__).parents[2] / ".venv-vendor" / "bin" / "python"
TABLE = """
[[model]]
name = "hi-banking-v2-8khz"
language = "en-IN"
code = "hi"
engine = "moonshine"
model = "moonshine-tiny-en"
"""
REMOTE = "https://bodhi.navana.ai/audios/loan.wav"

pytestmark = pytest.mark.skipif(SEED is None, reason="no seed documents here")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EarfulServer]:
    """A server that answers to the documents' model."""
    folder = tmp_path_factory.mktemp("bodhi")
    (folder / "models.toml").write_text(TABLE)
    with start_server(folder / "data", {"EARFUL_BODHI_MODELS": str(folder / "models.toml")}) as server:
        yield server


@pytest.fixture(scope="module")
def customer(server: EarfulServer) -> dict[str, str]:
    """A customer of that server."""
    return server.create_app("bodhi")


@pytest.fixture
def run(server: EarfulServer, customer: dict[str, str], tmp_path: Path) -> Run:
    """Runs a program beside a `loan.wav` of real telephone-band speech."""
    write_wav(tmp_path / "loan.wav", read_speech(8000, 6.0), 8000)

    def run(
        program: str, python: str | Path = sys.executable, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / "program.py").write_text(program)
        environment = os.environ | {
            "API_KEY": customer["apiKey"],
            "CUSTOMER_ID": customer["customerId"],
            "BODHI_URL": server.ws_url,
        }
        return subprocess.run(
            [str(python), "program.py"],
            cwd=tmp_path,
            env=environment | settings,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def _heard(output: str) -> bool:
    return all(word in output.lower() for word in TWO_CITIES_WORDS)


def test_the_streaming_sample_of_the_sdk_prints_its_final_result(run: Run) -> None:
    done = run(sdk_program("REALTIME_RESOLUTION"))
    assert done.returncode == 0, done.stderr
    final = done.stdout.split("Final result:")[1]
    assert _heard(final)
    for said in ("Transcript: ", "UtteranceEnd: ", "SpeechStarted: ", "WebSocket connection closed."):
        assert said in done.stdout
    assert "Error:" not in done.stdout


def test_the_local_file_sample_of_the_sdk_prints_its_final_result(run: Run) -> None:
    done = run(sdk_program("transcribe_local_file"))
    assert done.returncode == 0, done.stderr
    assert _heard(done.stdout.split("Final result:")[1])


def test_the_remote_file_sample_of_the_sdk_prints_its_final_result(run: Run, tmp_path: Path) -> None:
    """The one change is the address of the recording, which is not to be had without a network."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        try:
            program = sdk_program("transcribe_remote_url")
            assert REMOTE in program
            address = f"http://127.0.0.1:{web.server_port}/loan.wav"
            done = run(program.replace(REMOTE, address))
        finally:
            web.shutdown()
            thread.join()
    assert done.returncode == 0, done.stderr
    assert _heard(done.stdout.split("Final result:")[1])


def test_the_plain_websocket_sample_prints_the_complete_transcript(run: Run) -> None:
    done = run(websocket_program(), VENDOR_PYTHON)
    assert done.returncode == 0, done.stderr
    assert "Type=partial" in done.stdout
    assert "EOS=True" in done.stdout
    assert _heard(done.stdout.split("Complete transcript: ")[1])


def test_the_plain_websocket_sample_learns_that_its_key_is_wrong(run: Run) -> None:
    done = run(websocket_program(), VENDOR_PYTHON, API_KEY="ek_wrong")
    assert "status code: 401" in done.stderr
    assert "Invalid API key or customer ID." in done.stderr


@pytest.mark.parametrize(
    ("command", "undo", "status", "told"),
    [
        (["balance", "poor", "--set", "0"], ["balance", "poor", "--unlimited"], 402, "Insufficient balance."),
        (["deactivate", "poor"], ["activate", "poor"], 403, "Customer has been deactivated"),
    ],
)
def test_the_plain_websocket_sample_learns_why_its_customer_is_refused(
    run: Run, server: EarfulServer, command: list[str], undo: list[str], status: int, told: str
) -> None:
    """What `earful apps` says in another process holds for the next call, and so does taking it back."""
    earful = [str(Path(sys.executable).with_name("earful")), "apps"]
    data = ["--data-dir", str(server.data_dir)]
    listed = subprocess.run([*earful, "list", *data], check=True, capture_output=True, text=True).stdout
    if "poor" not in listed:
        poor = server.create_app("poor")
        (server.data_dir / "poor").write_text(f"{poor['apiKey']} {poor['customerId']}")
    key, customer_id = (server.data_dir / "poor").read_text().split()
    subprocess.run([*earful, *command, *data], check=True, capture_output=True)
    done = run(websocket_program(), VENDOR_PYTHON, API_KEY=key, CUSTOMER_ID=customer_id)
    assert f"status code: {status}" in done.stderr
    assert told in done.stderr
    subprocess.run([*earful, *undo, *data], check=True, capture_output=True)
