"""`python -m benchmarks.beside [--hours N | --sentences N] [--json OUT]`.

A long job is sent to a real server by the SDK: a recording (real speech over and over, FLAC), or a text.
While it is worked on, a short text is sent every few seconds, to another conversation, and callers speak.
Shown are what the long job took, whether its messages cover it all, how long the short ones waited for
their findings, how late the callers' finals were before and beside it, and the server's memory. A
recording somewhat longer than is allowed follows, and what is said of it.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
from evals.insight.actions import business_calls
from rich.console import Console
from rich.table import Table

import symbl
from benchmarks.common import Server, call, cores, pin, running_server, write_json
from benchmarks.measure import Figures, figures, percentile
from benchmarks.tracks import SAMPLE_RATE, Track, load_clips, make_track

_LOOP_S = 600.0
_LIMIT_H = 4.0
_EVERY_S = 5.0


@dataclass(slots=True)
class _Beside:
    """What went on beside the long job; seconds and MiB."""

    waits: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside", description=__doc__)
    parser.add_argument("--hours", type=float, help="length of a recording")
    parser.add_argument("--sentences", type=int, default=20_000, help="length of a text, without --hours")
    parser.add_argument("--callers", type=int, default=2, help="live callers before and beside it")
    parser.add_argument("--call-seconds", type=float, default=60.0, help="how long they speak")
    parser.add_argument("--server-cores", type=int, default=1, help="how many cores the server has")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    given = parser.parse_args()
    clips = load_clips() if given.hours or given.callers else []
    tracks = [make_track(clips, 7 * at, given.call_seconds, pause=1.2) for at in range(given.callers)]
    loop = make_track(clips, 3, _LOOP_S, pause=0.8).pcm if given.hours else b""
    ours, others = cores()[: given.server_cores], cores()[given.server_cores :]
    with tempfile.TemporaryDirectory(prefix="earful-bench-") as folder, running_server(on=ours) as server:
        pin(others)
        symbl.configure(base_url=server.url, credentials={"access_token": server.token}, strict=True)
        symbl.Text.process(_payload(1))
        row: dict[str, Any] = {"finals_before_ms": _late(asyncio.run(_calls(server, tracks)), tracks)}
        send: Callable[[], Any]
        if given.hours:
            file = _recording(Path(folder) / "long.flac", loop, given.hours)
            row["upload_mib"] = round(file.stat().st_size / 2**20)
            send = lambda: symbl.Audio.process_file(file, wait=False)  # noqa: E731
        else:
            long = _payload(given.sentences)
            send = lambda: symbl.Text.process(long, wait=False)  # noqa: E731
        row |= _long(server, tracks, send)
        if given.hours and given.hours >= _LIMIT_H:
            over = _recording(Path(folder) / "over.flac", loop, _LIMIT_H * 1.01)
            row["over_the_limit"] = _refused(over)
    _show(row)
    write_json(given.json, lambda: {"benchmark": "beside", "hours": given.hours, **row})


def _payload(sentences: int) -> dict[str, Any]:
    turns = cycle((turn["speaker"], turn["text"]) for made in business_calls() for turn in made["turns"])
    return {
        "messages": [
            {"payload": {"content": said}, "from": {"name": name}} for name, said in islice(turns, sentences)
        ]
    }


def _recording(path: Path, loop: bytes, hours: float) -> Path:
    """Write the loop over and over as FLAC."""
    left = round(hours * 3600 * SAMPLE_RATE)
    once = np.frombuffer(loop, "<i2")[np.newaxis]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("flac", rate=SAMPLE_RATE, layout="mono", format="s16")
        at = 0
        while left > 0:
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(once[:, : min(left, once.shape[1])]), format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = SAMPLE_RATE, at
            at, left = at + frame.samples, left - frame.samples
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


async def _calls(server: Server, tracks: Sequence[Track]) -> list[Any]:
    return list(await asyncio.gather(*(call(server, track) for track in tracks)))


def _long(server: Server, tracks: Sequence[Track], send: Callable[[], Any]) -> dict[str, Any]:
    """Send the long job and look at everything beside it until it is done."""
    beside = _Beside()
    watching = [
        threading.Thread(target=one, args=(server, beside)) for one in (_watch_memory, _send_short_ones)
    ]
    idle, began = server.usage(), time.monotonic()
    watching[0].start()
    job = send()
    sent = time.monotonic() - began
    watching[1].start()
    try:
        logs = asyncio.run(_calls(server, tracks))
        while (status := job.get_job_status()) not in ("completed", "failed"):
            time.sleep(1.0)
    finally:
        beside.over.set()
        for one in watching:
            one.join()
    took = time.monotonic() - began
    if status == "failed":
        raise RuntimeError(job.get_job_error())
    return {
        "upload_s": round(sent, 1),
        "done_s": round(took, 1),
        "cpu_s": round(server.usage().cpu_s - idle.cpu_s, 1),
        "short_jobs": len(beside.waits),
        "short_wait_median_s": percentile(beside.waits, 50),
        "short_wait_longest_s": percentile(beside.waits, 100),
        "finals_beside_ms": _late(logs, tracks),
        "memory_before_mib": round(idle.memory_mib),
        "memory_peak_mib": round(max(beside.memory)),
        **_covered(server, str(job.conversation_id)),
    }


def _watch_memory(server: Server, beside: _Beside) -> None:
    while not beside.over.wait(0.5):
        beside.memory.append(server.usage().memory_mib)


def _send_short_ones(server: Server, beside: _Beside) -> None:
    headers = {"x-api-key": server.token}
    with httpx.Client(base_url=server.url, headers=headers, timeout=600, trust_env=False) as client:
        while not beside.over.wait(_EVERY_S):
            began = time.monotonic()
            job = client.post("/v1/process/text", json=_payload(10)).raise_for_status().json()["jobId"]
            while client.get(f"/v1/job/{job}").json()["status"] != "completed":
                time.sleep(0.05)
            beside.waits.append(time.monotonic() - began)


def _covered(server: Server, conversation_id: str) -> dict[str, Any]:
    """Return how many messages there are, when the last one ends, and the longest time without one."""
    answer = httpx.get(
        f"{server.url}/v1/conversations/{conversation_id}/messages",
        headers={"x-api-key": server.token},
        timeout=600,
        trust_env=False,
    )
    messages = answer.raise_for_status().json()["messages"]
    times = [
        [datetime.fromisoformat(one[name]).timestamp() for name in ("startTime", "endTime")]
        for one in messages
    ]
    times.sort()
    gaps = [after[0] - before[1] for before, after in pairwise(times)]
    return {
        "messages": len(messages),
        "said_from_first_to_last_s": round(times[-1][1] - times[0][0], 1),
        "longest_gap_s": round(max(gaps, default=0.0), 1),
    }


def _refused(file: Path) -> dict[str, Any]:
    """Send what is too long; return what is said of it, and after how long."""
    began = time.monotonic()
    job = symbl.Audio.process_file(file, wait=False)
    while (status := job.get_job_status()) not in ("completed", "failed"):
        time.sleep(0.1)
    return {"status": status, "error": job.get_job_error(), "s": round(time.monotonic() - began, 1)}


def _late(logs: Sequence[Any], tracks: Sequence[Track]) -> dict[str, Any]:
    """Return how long after the end of speech the finals came, over all callers."""
    found = Figures()
    for log, track in zip(logs, tracks, strict=True):
        if log.error is not None:
            raise RuntimeError(f"a call failed: {log.error}")
        found += figures(log, track)
    return {
        "median": round(1000 * (percentile(found.final, 50) or 0)),
        "p95": round(1000 * (percentile(found.final, 95) or 0)),
        "count": len(found.final),
    }


def _show(row: dict[str, Any]) -> None:
    table = Table("", "")
    for name, value in row.items():
        table.add_row(name.replace("_", " "), str(value))
    Console().print(table)


if __name__ == "__main__":
    main()
