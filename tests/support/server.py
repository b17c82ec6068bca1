"""A real `earful serve` process for tests: its own data folder, a free port, credentials made by the
command line.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

__all__ = ["EarfulServer", "start_server"]

READY_SECONDS = 120.0
STOP_SECONDS = 30.0
EARFUL = [str(Path(sys.executable).with_name("earful"))]
LISTENING = re.compile(r"(http://\S+?:\d+) in a browser")


@dataclass(frozen=True)
class EarfulServer:
    """A running server and an application on it."""

    base_url: str
    app_id: str
    app_secret: str
    data_dir: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def credentials(self) -> dict[str, str]:
        """The application's credentials as the Python clients take them."""
        return {"app_id": self.app_id, "app_secret": self.app_secret}

    @property
    def ws_url(self) -> str:
        """The base address for WebSockets."""
        return "ws" + self.base_url.removeprefix("http")

    def token(self) -> str:
        """A fresh access token of the application."""
        body = {"type": "application", "appId": self.app_id, "appSecret": self.app_secret}
        answer = httpx.post(f"{self.base_url}/oauth2/token:generate", json=body, trust_env=False)
        answer.raise_for_status()
        return str(answer.json()["accessToken"])

    def create_app(self, name: str) -> dict[str, str]:
        """Make another application: `appId`, `appSecret` and more, as the command line prints them."""
        return _create_app(self.data_dir, name)


@contextmanager
def start_server(
    data_dir: Path, settings: Mapping[str, str] | None = None, *, name: str = "tests"
) -> Iterator[EarfulServer]:
    """Run a server until the end of the block, and make the application `name` on it.

    `settings` are further `EARFUL_*` variables.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EARFUL_")}
    environment |= {"EARFUL_DATA_DIR": str(data_dir), "EARFUL_PORT": "0", "EARFUL_LOG_FORMAT": "json"}
    environment |= {**(settings or {}), "PYTHONUNBUFFERED": "1"}
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*EARFUL, "serve"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        base_url = _wait_until_ready(process, log)
        app = _create_app(data_dir, name)
        yield EarfulServer(base_url, app["appId"], app["appSecret"], data_dir, log, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        found = LISTENING.search(log.read_text(errors="replace"))
        if found and _is_ready(found.group(1)):
            return found.group(1)
        time.sleep(0.1)
    raise RuntimeError(f"the server did not get ready; its log:\n{log.read_text(errors='replace')}")


def _is_ready(base_url: str) -> bool:
    try:
        answer = httpx.get(f"{base_url}/health", trust_env=False, timeout=5)
    except httpx.TransportError:
        return False
    return answer.is_success and answer.json().get("status") == "ready"


def _create_app(data_dir: Path, name: str) -> dict[str, str]:
    command = [*EARFUL, "apps", "create", name, "--json", "--data-dir", str(data_dir)]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    credentials: dict[str, str] = json.loads(made.stdout)
    return credentials
