"""`earful process`: files, folders and addresses sent to a real server."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import EarfulServer

SAMPLE = Path(__file__).parents[2] / "examples" / "sample" / "conversation.ogg"
EARFUL = str(Path(sys.executable).with_name("earful"))


def run(server: EarfulServer, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    command = [EARFUL, "process", "--json", "--server", server.base_url, "--data-dir", str(server.data_dir)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_a_folder_of_recordings_and_texts_is_kept_and_understood(
    earful_server: EarfulServer, tmp_path: Path
) -> None:
    folder = tmp_path / "calls" / "monday"
    folder.mkdir(parents=True)
    shutil.copy(SAMPLE, folder / "moving.ogg")
    (folder / "notes.txt").write_text("Could you send the revised quote by Friday?\n\nYes, I will.\n")
    (folder / "picture.jpg").write_bytes(b"not for us")
    token = earful_server.token()
    status, jobs, _ = run(earful_server, str(tmp_path), "--token", token)
    assert status == 0, jobs
    assert [Path(job["source"]).name for job in jobs] == ["moving.ogg", "notes.txt"]
    with httpx.Client(base_url=earful_server.base_url, headers={"x-api-key": token}) as client:
        recording, text = (
            client.get(f"/v1/conversations/{job['conversationId']}/messages").json()["messages"]
            for job in jobs
        )
        assert "warehouse" in " ".join(message["text"] for message in recording).lower()
        assert text[0]["text"] == "Could you send the revised quote by Friday?"


def test_a_source_that_fails_is_told_and_the_others_are_done(
    earful_server: EarfulServer, tmp_path: Path
) -> None:
    broken, good = tmp_path / "broken.mp3", tmp_path / "good.txt"
    broken.write_bytes(b"no sound at all" * 10)
    good.write_text("All is well.")
    sources = [str(broken), str(good), str(tmp_path / "missing.mp3"), f"{earful_server.base_url}/a.mp3"]
    status, jobs, _ = run(earful_server, *sources)
    assert status == 1
    assert [job["status"] for job in jobs] == ["failed", "completed", "failed", "failed"]
    assert "not an audio or video file" in jobs[0]["error"]
    assert "No such file" in jobs[2]["error"]
    assert "private network" in jobs[3]["error"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x.mp3", "--token", "wrong"), "Token validation failed"),
        (("x.mp3", "--server", "http://127.0.0.1:9", "--token", "t"), "cannot be reached"),
    ],
)
def test_what_stands_in_the_way_is_said(
    earful_server: EarfulServer, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "x.mp3").write_bytes(b"x")
    status, (job,), _ = run(earful_server, str(tmp_path / arguments[0]), *arguments[1:])
    assert status == 1
    assert said in job["error"]


def test_a_folder_without_anything_to_process_is_an_error(
    earful_server: EarfulServer, tmp_path: Path
) -> None:
    status, jobs, error = run(earful_server, str(tmp_path))
    assert (status, jobs) == (1, [])
    assert "no recording or text" in error
