"""The examples of the package's README run against a service in memory."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import symbl
from tests.support.microphone import FakeSounddevice

README = (Path(__file__).parents[2] / "sdk" / "symbl" / "README.md").read_text(encoding="utf-8")
LIVE, ASYNCIO, SENT, UNWAITED, TESTING = re.findall(
    r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL
)


def test_live_example(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints what was heard and what is to be done."""
    monkeypatch.setitem(sys.modules, "sounddevice", FakeSounddevice(bytes(20_000), 44_100))
    service.frames = [
        {"type": "insight_response", "insights": [{"type": "question", "payload": {"content": "When?"}}]}
    ]
    service.answer(
        "GET",
        f"/v1/conversations/{service.conversation_id}/action-items",
        {"actionItems": [{"text": "Send it."}]},
    )
    exec(compile(LIVE, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "[('question', 'When?')]" in printed
    assert "'text': 'Send it.'" in printed


def test_testing_example() -> None:
    """The mock transport is used as it says."""
    code = TESTING.replace(
        "\n...\n", "\nwith symbl.Streaming.start_connection() as it: it.send_audio(expected)\n"
    )
    exec(compile(code, "README.md", "exec"), {"symbl": symbl, "expected": b"abc"})


async def test_asyncio_example(service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands, inside a function."""
    service.answer("GET", f"/v1/conversations/{service.conversation_id}/messages", {"messages": []})
    service.frames = [{"type": "message_response"}]
    settings = symbl._session.default_session.settings  # type: ignore[attr-defined]
    client = symbl.AsyncClient(transport=service, credentials=settings.credentials)
    monkeypatch.setattr(symbl, "AsyncClient", lambda: client)
    body = "".join(f"    {line}\n" for line in ASYNCIO.splitlines())
    heard: list[object] = []
    names: dict[str, object] = {"symbl": symbl, "chunk": b"abc", "on_message": heard.append}
    exec(compile(f"async def example():\n{body}", "README.md", "exec"), names)
    await names["example"]()  # type: ignore[operator]
    assert heard == [{"type": "message_response"}]
    assert service.streams[0].audio == b"abc"


@pytest.mark.parametrize(
    ("code", "state", "printed"), [(SENT, "completed", "100% sent"), (UNWAITED, "failed", "no sound")]
)
def test_recording_examples(
    service: symbl.MockTransport,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    code: str,
    state: str,
    printed: str,
) -> None:
    """A file of that name is sent; what is asked of the outcome is printed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "call.mp3").write_bytes(b"ID3" * 100)
    service.answer("POST", "/v1/process/audio", {"conversationId": "7", "jobId": "j"}, status=201)
    service.answer("GET", "/v1/job/j", {"id": "j", "status": state, "error": "no sound"})
    service.answer("GET", "/v1/conversations/7/messages", {"messages": []})
    exec(compile(code, "README.md", "exec"), {"symbl": symbl})
    symbl.utils.Thread.getInstance().stop_all_threads()
    assert printed in capsys.readouterr().out
