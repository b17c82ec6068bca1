"""The mail after a stream, with a real server: it outlives a dead mail server and a killed Earful."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.client import connect, two_cities
from tests.support.mail import MailSink
from tests.support.server import EARFUL, start_server


@pytest.fixture
def sink() -> Iterator[MailSink]:
    made = MailSink().start()
    yield made
    made.stop()


async def test_the_summary_of_a_stream_is_mailed_although_the_mail_server_was_down_and_earful_was_killed(
    tmp_path: Path, sink: MailSink, room: str
) -> None:
    settings = {
        "EARFUL_SMTP_HOST": "127.0.0.1",
        "EARFUL_SMTP_PORT": str(sink.port),
        "EARFUL_SMTP_SECURITY": "none",
        "EARFUL_SMTP_FROM": "Earful <earful@example.com>",
    }
    trial = subprocess.run(
        [*EARFUL, "mail", "test", "ops@example.net"],
        env={**settings, "PATH": str(Path(sys.executable).parent)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert trial.returncode == 0, trial.stderr
    assert sink.taken.pop()[1] == "ops@example.net"
    sink.stop()

    with start_server(tmp_path / "data", settings) as server:
        async with connect(server, room) as client:
            action = {"invokeOn": "stop", "name": "sendSummaryEmail"}
            await client.start(
                actions=[{**action, "parameters": {"emails": ["rosa@example.net"]}}],
                speaker={"userId": "ines@example.com", "name": "Ines"},
                config={"meetingTitle": "Reading"},
            )
            await client.until_kind("recognition_started")
            await client.speak(two_cities(8))
            bad = {**action, "parameters": {"emails": ["nobody"]}}
            await client.send({"type": "stop_request", "actions": [bad]})
            await client.closed()
            assert client.errors
            assert "'nobody' is no e-mail address" in client.errors[0]
            conversation = client.conversation_id
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(30)
    assert not sink.taken

    sink.start()
    with start_server(tmp_path / "data", settings, name="later") as revived:
        sink.wait(lambda one: len(one.taken) >= 2)
        assert sorted(recipient for _, recipient, _ in sink.taken) == ["ines@example.com", "rosa@example.net"]
        message = sink.taken[0][2]
        assert message["Subject"] == "Summary: Reading"
        body = message.get_body(("plain",))
        assert body is not None
        text = body.get_content()
        assert "best of times" in text
        address = next(line for line in text.splitlines() if f"/experiences/{conversation}?o=" in line)
        path = address[address.index("/experiences/") :]
        assert httpx.get(revived.base_url + path, trust_env=False).status_code == 200
