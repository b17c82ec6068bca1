"""`make demo`, run as a person runs it but faster: a server, the sample, captions, findings, exit code."""

import itertools
import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import av
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SAMPLE = EXAMPLES / "sample"


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLES / "demo.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.fixture(scope="module")
def shown() -> list[str]:
    """What the demo prints where there is no terminal."""
    done = demo("--speed", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_captions_grow_and_settle(shown: list[str]) -> None:
    """Partial lines grow towards a final one, for both speakers."""
    stop = next(index for index, line in enumerate(shown) if "GET /v1/conversations/" in line)
    for name in ("Maya", "Daniel"):
        lines = [line.split(name, 1)[1].strip() for line in shown[:stop] if line.strip().startswith(name)]
        partials = [line.removesuffix(" …") for line in lines if line.endswith("…")]
        finals = [line for line in lines if not line.endswith("…")]
        assert len(finals) >= 7
        assert len(partials) > len(finals)
        assert any(len(later.split()) > len(former.split()) for former, later in itertools.pairwise(partials))


@pytest.mark.parametrize("sign", ["? question:", "✓ action item:", "↻ follow-up:", "# topic:"])
def test_findings_come_while_it_is_spoken(shown: list[str], sign: str) -> None:
    """Every kind is found before the last caption."""
    first = next(index for index, line in enumerate(shown) if sign in line)
    last = max(index for index, line in enumerate(shown) if line.endswith("…"))
    assert first < last


def test_the_stored_conversation_is_what_was_said(shown: list[str]) -> None:
    """The REST API gives back both members and nearly every word of the script."""
    start = next(index for index, line in enumerate(shown) if "GET /v1/conversations/" in line)
    stored = "\n".join(shown[start:])
    for part in ("/members", "/messages", "/topics", "/questions", "/action-items", "/follow-ups"):
        assert f"\n{part}\n" in stored
    assert "(none)" not in stored
    assert "daniel@example.com" in stored
    script = json.loads((SAMPLE / "script.json").read_text())
    words = {word.strip(".,?'").lower() for turn in script["turns"] for word in turn["text"].split()}
    heard = {word.strip(".,?'").lower() for word in stored.split()}
    assert len(words & heard) / len(words) > 0.85


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    """`--file` streams any audio file as one speaker."""
    path = tmp_path / "mine.wav"
    resampler = av.AudioResampler(format="s16", layout="mono", rate=8_000)
    with av.open(str(SAMPLE / "conversation.ogg")) as source, wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(8_000)
        for frame in source.decode(audio=0):
            if frame.time > 7:
                break
            for part in resampler.resample(frame):
                target.writeframes(part.to_ndarray().tobytes())
    done = demo("--file", str(path), "--speed", "3")
    assert done.returncode == 0, done.stdout
    assert "Speaker" in done.stdout
    assert "warehouse" in done.stdout


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), (b"not sound at all", "Invalid data")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """A missing or broken file ends the demo at once, with its name and why."""
    path = tmp_path / "mine.wav"
    if content is not None:
        path.write_bytes(content)
    done = demo("--file", str(path))
    assert done.returncode == 1
    assert f"demo: cannot read {path}: {reason}" in done.stdout


def test_silence_is_a_failure_with_a_reason(tmp_path: Path) -> None:
    """Without a word recognised there is nothing to show, and the exit status says so."""
    path = tmp_path / "silence.wav"
    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(16_000)
        target.writeframes(bytes(64_000))
    done = demo("--file", str(path), "--speed", "4")
    assert done.returncode == 1
    assert "demo: no speech was recognised" in done.stdout


def test_a_server_that_does_not_start_is_explained(tmp_path: Path) -> None:
    """When `earful serve` ends early, its last words are shown."""
    broken = tmp_path / "site"
    broken.mkdir()
    (broken / "onnxruntime.py").write_text("raise ImportError('onnxruntime is broken here')")
    done = demo(PYTHONPATH=str(broken))
    assert done.returncode == 1
    assert "demo: the server stopped" in done.stdout
    assert "onnxruntime is broken here" in done.stdout
