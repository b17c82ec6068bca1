"""The examples of docs/bodhi.md do what the page says."""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.support.server import EarfulServer
from tests.support.telephone import TWO_CITIES_WORDS, read_speech, write_wav

PAGE = (Path(__file__).parents[2] / "docs" / "bodhi.md").read_text(encoding="utf-8")


def block(language: str, mark: str) -> str:
    """Return the one example in a language that holds a mark."""
    (code,) = [
        code
        for code in re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
        if mark in code
    ]
    return code


@pytest.fixture(scope="module")
def key(earful_server: EarfulServer) -> str:
    return earful_server.create_app("bodhi-docs")["apiKey"]


def run(command: list[str], folder: Path) -> str:
    write_wav(folder / "call.wav", read_speech(8000, 6.0), 8000)
    done = subprocess.run(
        command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.lower()


def pointed(code: str, server: EarfulServer, key: str) -> str:
    """Return an example with this server's address and key in place of the page's."""
    return code.replace("ek_...", key).replace("127.0.0.1:8000", server.base_url.removeprefix("http://"))


def test_the_python_example_prints_what_was_said(
    earful_server: EarfulServer, key: str, tmp_path: Path
) -> None:
    (tmp_path / "example.py").write_text(pointed(block("python", "BodhiClient"), earful_server, key))
    said = run([sys.executable, "example.py"], tmp_path)
    assert all(word in said.splitlines()[-1] for word in TWO_CITIES_WORDS)


def test_the_plain_websocket_example_prints_what_was_said(
    earful_server: EarfulServer, key: str, tmp_path: Path
) -> None:
    (tmp_path / "example.py").write_text(pointed(block("python", "import connect"), earful_server, key))
    said = run([sys.executable, "example.py"], tmp_path)
    complete = " ".join(line for line in said.splitlines() if line.startswith("complete "))
    assert all(word in complete for word in TWO_CITIES_WORDS)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_example_answers_with_the_text(
    earful_server: EarfulServer, key: str, tmp_path: Path
) -> None:
    command = pointed(block("sh", "curl "), earful_server, key).replace("$(uuidgen)", str(uuid.uuid4()))
    answer = json.loads(run(["bash", "-c", command.replace("curl", "curl -s --noproxy '*'")], tmp_path))
    assert answer["status"] == "success"
    assert all(word in answer["text"] for word in TWO_CITIES_WORDS)


def test_every_setting_and_command_that_the_page_names_exists(tmp_path: Path) -> None:
    from earful.settings import Settings

    for name in re.findall(r"EARFUL_(BODHI_\w+)", PAGE):
        assert name.lower() in Settings.model_fields
    earful = str(Path(sys.executable).with_name("earful"))
    for name in set(re.findall(r"earful apps (\w+)", PAGE)):
        subprocess.run([earful, "apps", name, "--help"], check=True, capture_output=True)
