"""`python -m benchmarks.files [FILE] [--minutes N] [--json OUT]`.

Earful is measured whole: a server that takes the upload, decodes, recognises, finds and stores; the
peers only recognise samples that are decoded already. Each system has one core to itself, in this one run;
cost is processor time over the length of the audio.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from evals.wer.systems import MoonshineWhole, PocketSphinx
from rich.console import Console
from rich.table import Table

from benchmarks.common import cores, pin, running_server, write_json
from earful.audio.files import read_blocks

SAMPLE = Path(__file__).parents[2] / "examples" / "sample" / "conversation.ogg"
RATE = 16_000
_POLL_S = 0.25
_PEERS = {"moonshine-voice": MoonshineWhole, "PocketSphinx": PocketSphinx}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=SAMPLE, help="any audio or video file")
    parser.add_argument("--minutes", type=float, default=10.0, help="length that the file is repeated to")
    parser.add_argument("--peer-minutes", type=float, default=2.0, help="the same, for the slower peers")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--peer", choices=sorted(_PEERS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    ours, others = cores()[:1], cores()[1:]
    if given.peer:
        pin(ours)
        print(json.dumps(_peer(given.peer, _samples(given.file, given.peer_minutes))))
        return
    pin(others)
    rows = [
        {"system": "Earful, upload to findings stored", **_earful(_samples(given.file, given.minutes), ours)},
        *({"system": f"{name}, recognition only", **_in_own_process(name, given)} for name in _PEERS),
    ]
    _show(rows)
    write_json(given.json, lambda: {"benchmark": "files", "file": given.file.name, "rows": rows})


def _samples(file: Path, minutes: float) -> Any:
    once = np.concatenate(list(read_blocks(file)))
    wanted = round(minutes * 60 * RATE)
    return np.resize(once, wanted)


def _earful(samples: Any, on: Sequence[int]) -> dict[str, float]:
    """Send one short recording, so that models are loaded, then measure the long one."""
    with tempfile.TemporaryDirectory() as folder, running_server(on=on) as server:
        headers = {"x-api-key": server.token}
        with httpx.Client(base_url=server.url, headers=headers, timeout=600, trust_env=False) as client:
            _process(client, _wav(Path(folder) / "short.wav", samples[: 20 * RATE]))
            before, began = server.usage(), time.monotonic()
            _process(client, _wav(Path(folder) / "long.wav", samples))
            wall, after = time.monotonic() - began, server.usage()
    return _figures(len(samples) / RATE, after.cpu_s - before.cpu_s, wall, after.memory_mib)


def _process(client: httpx.Client, file: Path) -> None:
    sent = client.post("/v1/process/audio", content=file.read_bytes()).raise_for_status().json()
    while (job := client.get(f"/v1/job/{sent['jobId']}").json())["status"] not in {"completed", "failed"}:
        time.sleep(_POLL_S)
    if job["status"] == "failed":
        raise RuntimeError(job["error"])


def _wav(path: Path, samples: Any) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def _in_own_process(name: str, given: argparse.Namespace) -> dict[str, float]:
    minutes = str(given.peer_minutes)
    command = [
        sys.executable,
        "-m",
        "benchmarks.files",
        str(given.file),
        "--peer",
        name,
        "--peer-minutes",
        minutes,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _peer(name: str, samples: Any) -> dict[str, float]:
    system = _PEERS[name]()
    system.transcribe(_Clip(samples[: 5 * RATE]))
    began, before = time.monotonic(), _cpu_s()
    system.transcribe(_Clip(samples))
    cpu, wall = _cpu_s() - before, time.monotonic() - began
    system.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return _figures(len(samples) / RATE, cpu, wall, memory)


class _Clip:
    """Samples in the form in which the evaluations hand recordings to recognisers."""

    def __init__(self, samples: Any) -> None:
        self._samples = samples

    def samples(self) -> Any:
        return self._samples


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system


def _figures(audio_s: float, cpu_s: float, wall_s: float, memory_mib: float) -> dict[str, float]:
    return {
        "audio_s": round(audio_s, 1),
        "cpu_s": round(cpu_s, 2),
        "wall_s": round(wall_s, 2),
        "times_real_time_per_core": round(audio_s / cpu_s, 1),
        "memory_mib": round(memory_mib),
    }


def _show(rows: list[dict[str, Any]]) -> None:
    table = Table("system", "audio s", "CPU s", "× real time per core", "Earful is", "wall s", "memory MiB")
    ours = rows[0]["times_real_time_per_core"]
    for row in rows:
        speed = row["times_real_time_per_core"]
        ratio = "" if row is rows[0] else f"{ours / speed:.1f} × as fast"
        table.add_row(
            row["system"],
            f"{row['audio_s']:.0f}",
            f"{row['cpu_s']:.1f}",
            f"{speed:.1f}",
            ratio,
            f"{row['wall_s']:.1f}",
            f"{row['memory_mib']:.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
