"""Runs one Python sample of the documents as it stands, with a recording in place of the microphone.

`python -m tests.sdk.run_sample SAMPLE RECORDING.wav`, in a folder with a `symbl.conf`. A fragment that uses
names from earlier in its page (`symbl`, an open `connection_object`, some audio as `data`) gets them.
"""

from __future__ import annotations

import ast
import sys
import wave
from pathlib import Path
from typing import Any

import symbl
from tests.support.microphone import FakeSounddevice

SPEED = 8.0


def main(sample: Path, recording: Path) -> None:
    """Run it."""
    with wave.open(str(recording)) as file:
        pcm, rate = file.readframes(file.getnframes()), file.getframerate()
    sys.modules["sounddevice"] = FakeSounddevice(pcm, rate, SPEED)
    code = sample.read_text(encoding="utf-8")
    exec(compile(code, str(sample), "exec"), {"__name__": "__main__", **given(code, pcm[:rate])})


def given(code: str, audio: bytes) -> dict[str, Any]:
    """What the sample uses without having made it."""
    names = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)]
    made = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    used = {name.id for name in names if isinstance(name.ctx, ast.Load)} - made
    values: dict[str, Any] = {"symbl": symbl, "data": audio}
    if "connection_object" in used:
        values["connection_object"] = symbl.Streaming.start_connection()
    return values


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
