"""The Python samples of the seed documents run as they are written, against the real server.

They are read from the documents (`../shared/seeds` beside the repository, or `EARFUL_SEEDS`), never copied
here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import EarfulServer
from tests.support.speech import sample_pcm, sample_words, write_wav

REPOSITORY = Path(__file__).parents[2]
SEEDS = Path(os.environ.get("EARFUL_SEEDS", REPOSITORY.parent / "shared" / "seeds"))
PAGES = {"streaming": "000_*.txt", "reference": "001_*.txt"}
# Two pieces show the value of `actions` in JavaScript's notation; they are no programs.
FRAGMENT = re.compile(r"^\s*\[\{invokeOn: ")
FENCE = re.compile(r"^## (?P<heading>.+?)$|^```py\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)


def samples() -> list[object]:
    """Each sample under a name made of its page, its place and its heading."""
    found = []
    for page, pattern in PAGES.items():
        for path in SEEDS.glob(pattern):
            heading = "start"
            for number, match in enumerate(FENCE.finditer(path.read_text(encoding="utf-8"))):
                if match["heading"]:
                    heading = match["heading"]
                elif not FRAGMENT.match(match["code"]):
                    found.append(
                        pytest.param(match["code"], id=f"{page}-{number}-{heading.replace(' ', '-')}")
                    )
    if not found:
        found.append(pytest.param("", marks=pytest.mark.skip(reason=f"no seed documents in {SEEDS}")))
    return found


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first turns of the sample conversation as a WAV file."""
    return write_wav(tmp_path_factory.mktemp("recording") / "speech.wav", sample_pcm(16))


@pytest.fixture
def run(earful_server: EarfulServer, recording: Path, tmp_path: Path) -> object:
    """Runs a sample in a folder of its own that holds nothing but a `symbl.conf`; what it printed."""

    def run(code: str) -> str:
        (tmp_path / "sample.py").write_text(code, encoding="utf-8")
        (tmp_path / "symbl.conf").write_text(
            "[credentials]\n"
            f"app_id={earful_server.app_id} # the application\n"
            f"app_secret={earful_server.app_secret}\n"
            f"base_url={earful_server.base_url}\n"
        )
        # One sample names its file like this.
        (tmp_path / "<file_path>").write_bytes(recording.read_bytes())
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.sdk.run_sample", "sample.py", str(recording)],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("code", samples())
def test_sample_runs_as_it_is_written(run: object, code: str) -> None:
    """No error, and what it prints on speech is what was said."""
    printed = run(code)  # type: ignore[operator]
    if "send_audio_from_mic" in code and "subscribe" in code:
        words = set(re.findall(r"[a-z']+", printed.lower()))
        assert len(words & sample_words()) > 20
    if "live transcription" in code:
        assert "live transcription : " in printed
        assert "Final Messages ->  ['" in printed
        assert "Insights Item of type question detected -> " in printed
    if "conversation_id=1234567890" in code:
        assert "The conversationId is either invalid or does not exist." in printed
    if "get_topics())" in code and "print" in code:
        assert "'topics': [" in printed
