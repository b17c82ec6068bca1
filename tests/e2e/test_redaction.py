"""Personal data that was said is nowhere afterwards: not on the wire, nor in any file or log."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.server import EarfulServer, start_server

from .client import connect

STOP = {"type": "stop_request"}
_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SECRET = "7392846150273849"
_SPOKEN = ", ".join(" ".join(_DIGITS[int(digit)] for digit in SECRET[at : at + 4]) for at in range(0, 16, 4))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EarfulServer]:
    """A server of its own, for its whole database and log are searched; it logs all it can."""
    with start_server(tmp_path_factory.mktemp("redaction"), {"EARFUL_LOG_LEVEL": "debug"}) as server:
        yield server


def leaks(content: str) -> list[str]:
    """Return the runs of the secret's digits in a text: three as words, six as figures however grouped."""
    windows = [SECRET[at : at + 3] for at in range(len(SECRET) - 2)]
    words = [r"[\W_]+".join(_DIGITS[int(digit)] for digit in window) for window in windows]
    figures = [r"[ ,.-]?".join(SECRET[at : at + 6]) for at in range(len(SECRET) - 5)]
    return [
        hit.group() for pattern in (*words, *figures) for hit in re.finditer(pattern, content, re.IGNORECASE)
    ]


def everything_kept(server: EarfulServer) -> str:
    files = [path for path in server.data_dir.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


async def test_a_card_number_in_a_text_is_nowhere(server: EarfulServer) -> None:
    """Split over messages, with somebody else's words between, in words and in figures."""
    headers = {"Authorization": f"Bearer {server.token()}"}
    parts = _SPOKEN.split(", ")
    texts = [
        ("Ana", f"I will send you my card number, it is {parts[0]}"),
        ("Ben", "Okay."),
        ("Ana", parts[1]),
        ("Ana", f"and then {parts[2]}"),
        ("Ana", parts[3]),
        ("Ben", f"So that is {SECRET}, I will charge {SECRET} tomorrow."),
        ("Ana", "My mail is ana dot lopez at example dot com."),
    ]
    body = {
        "redaction": {"redactContent": True, "redactionString": "[X]"},
        "messages": [{"payload": {"content": text}, "from": {"name": name}} for name, text in texts],
    }
    async with httpx.AsyncClient(base_url=server.base_url, headers=headers, trust_env=False) as http:
        answer = await http.post("/v1/process/text", json=body)
        assert answer.status_code in (200, 201), answer.text
        job = answer.json()
        while (status := (await http.get(f"/v1/job/{job['jobId']}")).json()["status"]) not in (
            "completed",
            "failed",
        ):
            pass
        assert status == "completed"
        base = f"/v1/conversations/{job['conversationId']}"
        told = [(await http.get(f"{base}/messages")).text, (await http.get(f"{base}/insights")).text]
        told += [(await http.get(f"{base}/topics")).text, (await http.get(f"{base}/summary")).text]
    assert "[X]" in told[0]
    assert leaks("\n".join(told)) == []
    assert "lopez" not in "\n".join(told)
    kept = everything_kept(server)
    assert leaks(kept) == []
    assert "ana dot lopez" not in kept


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng to say a number")
async def test_a_card_number_said_live_is_nowhere(server: EarfulServer, tmp_path: Path, room: str) -> None:
    """Neither partials nor finals, neither on the wire nor kept, show the digits."""
    spoken = tmp_path / "said.wav"
    text = f"My credit card number is {_SPOKEN.replace(', ', '. ... ')}."
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "120", "-w", str(spoken), text], check=True)
    async with connect(server, room) as client:
        await client.start(config={"redaction": {"redactContent": True, "redactionString": "[X]"}})
        await client.speak(_pcm(spoken) + bytes(32_000))
        await client.send(STOP)
        await client.closed()
    assert "[X]" in "\n".join(client.texts)
    assert leaks("\n".join(client.texts)) == []
    assert leaks(everything_kept(server)) == []


def _pcm(path: Path) -> bytes:
    import numpy as np

    from earful.audio.files import read_blocks

    samples = np.concatenate(list(read_blocks(path)))
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
