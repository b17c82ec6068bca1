"""What README and docs/ say is so: links lead somewhere, samples run, routes and commands exist."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import av
import httpx
import pytest
from typer.testing import CliRunner

from earful.cli import app
from tests.support.server import EarfulServer

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NODE_MODULES = ROOT / "tests" / "compat" / "node" / "node_modules"


def block(language: str, holding: str) -> str:
    """Return the one fenced block of the README in a language that holds a text."""
    found = [text for text in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if holding in text]
    assert len(found) == 1
    return str(found[0])


def adapted(text: str, server: EarfulServer) -> str:
    """Put this test's server and credentials where the README has placeholders."""
    return (
        text.replace("http://127.0.0.1:8000", server.base_url)
        .replace("APP_ID", server.app_id)
        .replace("APP_SECRET", server.app_secret)
    )


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `speech.raw`: the first twelve seconds of one speaker of the sample."""
    folder = tmp_path_factory.mktemp("readme")
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(str(ROOT / "examples" / "sample" / "conversation.ogg")) as source:
        pcm = b"".join(
            part.to_ndarray().tobytes()
            for frame in source.decode(audio=0)
            for part in resampler.resample(frame)
        )
    (folder / "speech.raw").write_bytes(pcm[16_000 * 2 * 15 : 16_000 * 2 * 24])
    return folder


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link and image of a document is a file of the repository."""
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_exist(document: Path) -> None:
    """Every `earful COMMAND` and `make TARGET` that a document names is there."""
    text = document.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z]+)", code):
        assert f"\n{target}:" in makefile
    for command in set(re.findall(r"\bearful ([a-z]+(?: [a-z-]+)?)", code)):
        words = command.split()
        if words[0] not in {"apps", "models"}:
            words = words[:1]
        assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0, command


def test_the_python_sample_runs(earful_server: EarfulServer, speech: Path) -> None:
    """The README's Python program prints the messages, the insights and the stored action items."""
    done = subprocess.run(
        [sys.executable, "-c", adapted(block("python", "symbl.Streaming"), earful_server)],
        cwd=speech,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "inspection" in done.stdout
    assert "→ Maya will send" in done.stdout
    assert "action_items" in done.stdout


@pytest.mark.compat
@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_node_sample_runs(earful_server: EarfulServer, speech: Path) -> None:
    """The README's Node program, with the vendor's own client, prints messages and the id."""
    script = speech / "sample.cjs"
    script.write_text(adapted(block("js", "symbl-js"), earful_server), encoding="utf-8")
    done = subprocess.run(
        ["node", str(script)],
        cwd=speech,
        env={**os.environ, "NODE_PATH": str(NODE_MODULES)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "inspection" in done.stdout
    assert re.search(r"^\d{16}$", done.stdout, re.MULTILINE)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_curl_sample_runs(earful_server: EarfulServer) -> None:
    """The README's curl command prints a token."""
    command = adapted(block("sh", "curl"), earful_server)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert '"accessToken"' in done.stdout


def test_every_route_is_in_the_compatibility_table(earful_server: EarfulServer) -> None:
    """The table of routes is that of the server, methods included, neither more nor less."""
    paths = httpx.get(f"{earful_server.base_url}/openapi.json", trust_env=False).json()["paths"]
    served = {
        path: {method.upper() for method in methods}
        for path, methods in paths.items()
        if path.startswith(("/v1", "/oauth2"))
    }
    text = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(/(?:v1|oauth2)[^`]*)` \| ([A-Z, ]+) \|$", text, re.MULTILINE)
    assert {path: set(methods.split(", ")) for path, methods in rows} == served


def test_the_screenshot_is_small() -> None:
    """The picture that opens the README loads quickly."""
    assert (ROOT / "docs" / "images" / "live.png").stat().st_size < 400_000
