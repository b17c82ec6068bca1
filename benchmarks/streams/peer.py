"""moonshine-voice's streaming API under the same callers, in a process of its own.

Run as `python -m benchmarks.streams.peer`: reads one JSON object from standard input (tracks, interval,
cores), speaks the tracks to as many streams in real time, and prints the logs as JSON. One thread serves
all streams in turn, each as soon as its update is due, which is what the library allows.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import pin
from benchmarks.measure import Log, Result
from benchmarks.tracks import SAMPLE_RATE, Track

__all__ = ["run_peer"]

_LATE_S = 30.0


def run_peer(
    tracks: Sequence[Track], *, on: Sequence[int], interval_s: float, seconds: float
) -> tuple[list[Log], float, float]:
    """Return each caller's log, the processor seconds used, and the memory in MiB, of a fresh process."""
    order = {
        "on": list(on),
        "interval": interval_s,
        "seconds": seconds,
        "sizes": [len(t.pcm) for t in tracks],
    }
    sound = b"".join(track.pcm for track in tracks)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.streams.peer"],
        input=json.dumps(order).encode() + b"\n" + sound,
        capture_output=True,
        check=True,
        timeout=seconds + 2 * _LATE_S + 60,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    logs = [Log([Result(**result) for result in results]) for results in answer["logs"]]
    return logs, answer["cpu"], answer["memory"]


class _Caller:
    """One stream, its sound, and what it has been told."""

    def __init__(self, transcriber: Any, pcm: bytes, starts: float) -> None:
        self.stream = transcriber.create_stream(update_interval=1e9)
        self.stream.start()
        self.samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        self.starts = starts
        self.fed = 0
        self.updated = 0.0
        self.final_lines = 0
        self.log = Log()

    def feed(self, now: float, most: float) -> None:
        due = int(min(now - self.starts, most) * SAMPLE_RATE)
        if due > self.fed:
            self.stream.add_audio(self.samples[self.fed : due].tolist(), SAMPLE_RATE)
            self.fed = min(due, len(self.samples))

    def update(self, began: float) -> None:
        self.updated = self.fed / SAMPLE_RATE
        self._note(self.stream.update_transcription(0).lines, began)

    def _note(self, lines: Sequence[Any], began: float) -> None:
        at = time.monotonic() - began - self.starts
        for line in lines[self.final_lines :]:
            if not line.is_complete:
                break
            self.final_lines += 1
            self.log.results.append(Result(at, min(at, self.updated), line.text, True))
        rest = " ".join(line.text for line in lines[self.final_lines :])
        if rest:
            self.log.results.append(Result(at, at, rest, False))

    def end(self, began: float) -> None:
        self.updated = self.fed / SAMPLE_RATE
        lines = self.stream.stop().lines
        self._note(lines, began)


def main() -> None:
    """Serve one run."""
    import psutil  # type: ignore[import-untyped]
    from moonshine_voice import ModelArch, Transcriber

    order = json.loads(sys.stdin.buffer.readline())
    pin(order["on"])
    sounds = [sys.stdin.buffer.read(size) for size in order["sizes"]]
    assets = str(Path(str(files("moonshine_voice"))) / "assets" / "tiny-en")
    transcriber = Transcriber(assets, ModelArch.TINY, options={"return_audio_data": "false"})
    interval, seconds = order["interval"], order["seconds"]
    callers = [
        _Caller(transcriber, sound, interval * number / len(sounds)) for number, sound in enumerate(sounds)
    ]
    used = time.process_time()
    began = time.monotonic()
    while (now := time.monotonic() - began) < seconds + interval + _LATE_S:
        for caller in callers:
            caller.feed(now, seconds)
        due = [one for one in callers if one.fed / SAMPLE_RATE - one.updated >= interval]
        if due:
            min(due, key=lambda one: one.updated + one.starts).update(began)
        elif now > seconds + interval:
            break
        else:
            time.sleep(0.005)
    for caller in callers:
        caller.end(began)
    body = {
        "logs": [[asdict(result) for result in caller.log.results] for caller in callers],
        "cpu": time.process_time() - used,
        "memory": psutil.Process().memory_info().rss / 2**20,
    }
    sys.stdout.write("\n" + json.dumps(body) + "\n")


if __name__ == "__main__":
    main()
