"""The command line: applications with and without a running server, settings, and serving."""

import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner
from websockets.sync.client import connect

from earful import __version__
from earful.cli import COMMANDS, app
from tests.support.server import EarfulServer, start_server

EARFUL = [sys.executable, "-c", "from earful.cli import main; main()"]


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("EARFUL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("EARFUL_DATA_DIR", str(tmp_path / "data"))


def earful(*arguments: str, fails: bool = False, **options: Any) -> Any:
    result = CliRunner().invoke(app, list(arguments), **options)
    assert (result.exit_code != 0) == fails, result.output
    return result


def test_the_version_is_printed() -> None:
    assert earful("--version").output == f"earful {__version__}\n"


def test_help_lists_every_command() -> None:
    output = earful("--help").output
    for name in COMMANDS:
        assert name in output
    for name in COMMANDS:
        assert "Usage" in earful(name, "--help").output


def test_an_unknown_command_is_an_error() -> None:
    assert "sing" in earful("sing", fails=True).output


def test_starting_the_command_loads_nothing_heavy() -> None:
    script = "import sys, earful.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {"sqlalchemy", "fastapi", "numpy", "onnxruntime", "pydantic"} & set(loaded.split())


# -- applications ---------------------------------------------------------------------------------


def test_an_application_is_made_for_programs() -> None:
    made = json.loads(earful("apps", "create", "demo", "--json").stdout)
    assert set(made) == {"appId", "appSecret", "customerId", "apiKey"}
    assert (len(made["appId"]), len(made["appSecret"])) == (64, 128)


def test_an_application_is_made_for_people(tmp_path: Path) -> None:
    output = earful("apps", "create", "demo", "--data-dir", str(tmp_path / "elsewhere")).output
    for label in ("appId", "appSecret", "customerId", "apiKey", "not shown again"):
        assert label in output
    assert (tmp_path / "elsewhere" / "earful.db").exists()


def test_a_name_cannot_be_given_twice_or_be_empty() -> None:
    earful("apps", "create", "demo")
    assert "already an application named 'demo'" in earful("apps", "create", "demo", fails=True).output
    assert "needs a name" in earful("apps", "create", " ", fails=True).output


def test_applications_are_listed_without_their_secrets() -> None:
    assert "no application yet" in earful("apps", "list").output
    made = json.loads(earful("apps", "create", "demo", "--json").stdout)
    output = earful("apps", "list").output
    assert made["appId"] in output
    assert made["appSecret"] not in output
    (listed,) = json.loads(earful("apps", "list", "--json").stdout)
    assert (listed["name"], listed["customerId"]) == ("demo", made["customerId"])


def test_an_application_is_removed_after_asking() -> None:
    earful("apps", "create", "demo")
    earful("apps", "remove", "demo", input="n\n", fails=True)
    assert "demo" in earful("apps", "list").output
    earful("apps", "remove", "demo", input="y\n")
    assert "no application yet" in earful("apps", "list").output
    assert "there is no application 'demo'" in earful("apps", "remove", "demo", "--yes", fails=True).output


def test_a_data_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    output = earful("apps", "list", "--data-dir", str(tmp_path / "file"), fails=True).output
    assert "cannot open the database" in output
    assert "Traceback" not in output


# -- settings -------------------------------------------------------------------------------------


def test_settings_are_shown_with_secrets_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_DATABASE_URL", "postgresql://u:hunter2@db/earful")
    monkeypatch.setenv("EARFUL_PORT", "9000")
    rows = {row["name"]: row for row in json.loads(earful("config", "--json").stdout)}
    assert rows["EARFUL_PORT"]["value"] == 9000
    assert rows["EARFUL_PORT"]["default"] != 9000
    assert rows["EARFUL_PORT"]["description"]
    for arguments in (["config"], ["config", "--json"], ["config", "--markdown"]):
        assert "hunter2" not in earful(*arguments).output


def test_a_bad_setting_ends_a_command_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_PORT", "many")
    for arguments in (["config"], ["serve"], ["apps", "list"]):
        output = earful(*arguments, fails=True).output
        assert "EARFUL_PORT" in output
        assert "Traceback" not in output


# -- serving --------------------------------------------------------------------------------------


def test_a_port_in_use_is_an_error_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        output = earful("serve", "--port", str(port), fails=True).output
    assert f"127.0.0.1:{port} is taken" in output
    assert "--port" in output
    assert "Traceback" not in output


def test_a_host_that_is_not_ours_is_an_error() -> None:
    output = earful("serve", "--host", "192.0.2.1", fails=True).output
    assert "cannot listen on 192.0.2.1" in output
    assert "Traceback" not in output


def test_a_broken_database_ends_serve_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "earful.db").write_text("no database" * 100)
    output = earful("serve", "--port", "0", fails=True).output
    assert "file is not a database" in output
    assert "Traceback" not in output


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EarfulServer]:
    folder = tmp_path_factory.mktemp("served")
    with start_server(folder, {"EARFUL_MAX_FRAME_BYTES": "65536"}) as server:
        yield server


def test_an_application_made_while_the_server_runs_can_connect_at_once(server: EarfulServer) -> None:
    made = server.create_app("late")
    body = {"type": "application", "appId": made["appId"], "appSecret": made["appSecret"]}
    with httpx.Client(base_url=server.base_url, trust_env=False) as client:
        token = client.post("/oauth2/token:generate", json=body).json()["accessToken"]
        listed = client.get("/v1/conversations", headers={"x-api-key": token})
    assert (listed.status_code, listed.json()) == (200, {"conversations": []})


def test_an_application_removed_while_the_server_runs_is_out_soon(server: EarfulServer) -> None:
    made = server.create_app("doomed")
    remove = [*EARFUL, "apps", "remove", "doomed", "--yes", "--data-dir", str(server.data_dir)]
    with httpx.Client(base_url=server.base_url, trust_env=False) as client:
        headers = {"x-api-key": made["apiKey"]}
        assert client.get("/v1/conversations", headers=headers).status_code == 200
        subprocess.run(remove, check=True, capture_output=True)
        deadline = time.monotonic() + 10
        while client.get("/v1/conversations", headers=headers).status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_real_server_answers_nonsense_and_lives_on(server: EarfulServer) -> None:
    host, port = server.base_url.removeprefix("http://").split(":")
    for rubbish in (
        b"\x00\xff\x00\xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"",
    ):
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(rubbish)
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("PUT", "/v1/conversations/1", headers={"x-api-key": "x" * 8000})
    assert connection.getresponse().status in (400, 401, 431)
    connection.close()
    assert httpx.get(f"{server.base_url}/health", trust_env=False).status_code in (200, 503)


def test_a_websocket_nobody_serves_is_refused(server: EarfulServer) -> None:
    with pytest.raises(Exception, match=r"HTTP 40[34]"), connect(f"{server.ws_url}/v9/nothing"):
        pass


def test_no_secret_or_token_is_in_the_log(server: EarfulServer) -> None:
    token = server.token()
    httpx.get(f"{server.base_url}/v1/conversations?access_token={token}", trust_env=False)
    log = server.log.read_text()
    assert '"path": "/v1/conversations"' in log
    assert token not in log
    assert server.app_secret not in log
    assert "access_token=" not in log


def test_a_server_told_to_stop_finishes_with_0(tmp_path: Path) -> None:
    with start_server(tmp_path / "stopped") as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=30) == 0
        assert '"stopped"' in server.log.read_text()


def test_the_first_run_shows_credentials_on_a_terminal_once(tmp_path: Path) -> None:
    first = serve_on_a_terminal(tmp_path / "first")
    found = re.search(r'"appSecret": "(\w{128})"', first)
    assert found
    assert "made the application 'default'" in first
    assert "in a browser" in first
    again = serve_on_a_terminal(tmp_path / "first")
    assert "in a browser" in again
    assert "appSecret" not in again


def test_the_first_run_shows_no_secret_where_it_would_be_kept(tmp_path: Path) -> None:
    with start_server(tmp_path / "piped") as server:
        log = server.log.read_text()
    assert "made the application 'default'" in log
    assert "earful apps create" in log
    assert "appSecret" not in log


def serve_on_a_terminal(data_dir: Path) -> str:
    """Run `earful serve` as a person does, stop it when it listens, and return what it wrote."""
    terminal, end = pty.openpty()
    environment = {**os.environ, "EARFUL_DATA_DIR": str(data_dir), "EARFUL_LOG_LEVEL": "error"}
    with subprocess.Popen(
        [*EARFUL, "serve", "--port", "0"], stdout=end, stderr=end, env=environment
    ) as process:
        os.close(end)
        written = b""
        deadline = time.monotonic() + 60
        try:
            while b"in a browser" not in written and time.monotonic() < deadline:
                if select.select([terminal], [], [], 1)[0]:
                    try:
                        written += os.read(terminal, 4096)
                    except OSError:  # it ended
                        break
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            os.close(terminal)
    return written.decode()
