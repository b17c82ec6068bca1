"""What runs the vendors' own published clients: their environments, real speech, the result they print."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import EarfulServer
from tests.support.speech import sample_pcm

HERE = Path(__file__).parent
VENDOR_PYTHON = HERE.parents[1] / ".venv-vendor" / "bin" / "python"
NODE_MODULES = HERE / "node" / "node_modules"
SECONDS = 16.0
TIMEOUT = 150.0
MARK = "RESULT "
Runner = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here runs a vendor's client."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("compat")


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first turns of the sample conversation, raw int16 mono at 16 kHz."""
    path = tmp_path_factory.mktemp("speech") / "speech.pcm"
    path.write_bytes(sample_pcm(SECONDS))
    return path


def _run(command: list[str], server: EarfulServer, folder: Path | None, settings: Mapping[str, str]) -> Any:
    environment = os.environ | {
        "BASE": server.base_url,
        "APP_ID": server.app_id,
        "APP_SECRET": server.app_secret,
        **settings,
    }
    done = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if done.returncode or not found:
        pytest.fail(f"exit {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return json.loads(found[-1].removeprefix(MARK))


def run_vendor(program: str, server: EarfulServer, folder: Path | None = None, **settings: str) -> Any:
    """Run a Python program in the vendor's environment against a server; its result."""
    if not VENDOR_PYTHON.exists():
        pytest.fail("the vendor's Python package is missing: run scripts/setup")
    return _run([str(VENDOR_PYTHON), str(HERE / "python" / program)], server, folder, settings)


def run_ours(program: str, server: EarfulServer, folder: Path | None = None, **settings: str) -> Any:
    """Run a Python program with this project's package; its result."""
    return _run([sys.executable, str(HERE / "python" / program)], server, folder, settings)


def run_node(program: str, server: EarfulServer, folder: Path | None = None, **settings: str) -> Any:
    """Run a Node program against a server; its result."""
    if not NODE_MODULES.exists() or shutil.which("node") is None:
        pytest.fail("the vendors' JavaScript packages are missing: run scripts/setup")
    return _run(["node", str(HERE / "node" / program)], server, folder, settings)


@pytest.fixture
def vendor(earful_server: EarfulServer, speech: Path) -> Runner:
    """Runs a Python program in the vendor's environment against the real server; its result."""
    return lambda program, **settings: run_vendor(
        program, earful_server, speech.parent, SPEECH=str(speech), **settings
    )


@pytest.fixture
def node(earful_server: EarfulServer, speech: Path) -> Runner:
    """Runs a Node program against the real server; its result."""
    return lambda program, **settings: run_node(
        program, earful_server, speech.parent, SPEECH=str(speech), **settings
    )
