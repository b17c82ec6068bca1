"""What becomes of calls whose server is gone."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from earful.telephony.guard import Guard, note


def test_calls_are_told_to_end_and_nobody_else_is(tmp_path: Path) -> None:
    """A process that has got the number of one that is over works elsewhere, and is left alone."""
    calls = tmp_path / "calls"
    folders = [calls / "call-1", calls / "call-2"]
    for folder in folders:
        folder.mkdir(parents=True)
    call = subprocess.Popen(["sleep", "60"], cwd=folders[0])
    stranger = subprocess.Popen(["sleep", "60"], cwd=tmp_path)
    guard = Guard(calls)
    note(folders[0], call.pid)
    note(folders[1], stranger.pid)
    assert guard.alive
    guard.close()
    try:
        assert call.wait(10) == -signal.SIGTERM
        assert stranger.poll() is None
        assert not calls.exists()
    finally:
        stranger.kill()
        stranger.wait()
