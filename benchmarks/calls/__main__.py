"""`python -m benchmarks.calls`: N telephone calls at once, as SIP phones on this machine have them.

Each phone is a baresip of its own that plays real speech into the call (G.711 µ-law). The server dials them
all. Times count from when a phone began to play, so they hold the way through RTP and the engine as well.
Words are wrong by what was said; the recogniser alone, given the same sound as a file, has wrong ones too.
Where exactly the sound begins already changes three words in a hundred, so these need not be the same words.
"""

import argparse
import asyncio
import contextlib
import json
import tempfile
import time
import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import psutil  # type: ignore[import-untyped]
import soxr
import websockets
from evals.wer.telephone import through_mulaw
from rich.console import Console
from rich.table import Table
from tests.support.phone import Phone, phone

from benchmarks.common import Server, Usage, cores, running_server, write_json
from benchmarks.measure import Figures, Log, Result, figures, lost_words, percentiles
from benchmarks.streams.floor import alone
from benchmarks.tracks import SAMPLE_RATE, Track, load_clips, make_track

_TAIL_S = 20.0
_QUIET_S = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when a call failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls", description=__doc__)
    parser.add_argument("--calls", type=int, nargs="*", default=[1, 20], help="how many at once, run by run")
    parser.add_argument("--seconds", type=float, default=40.0, help="length of each call")
    parser.add_argument("--talk", type=float, default=1.0, help="share of speech; 0.5 is one side of a talk")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    options = parser.parse_args(arguments)
    console, clips, rows = Console(), load_clips(), []
    most = max(options.calls)
    tracks = [
        _over_the_line(
            _cut(make_track(clips, n * 5, options.seconds, pause=0.8, talk=options.talk), options.seconds)
        )
        for n in range(most)
    ]
    texts, _ = alone(tracks)
    settings = {
        "EARFUL_SIP_DOMAINS": "127.0.0.1",
        "EARFUL_SIP_ADDRESS": "127.0.0.1",
        "EARFUL_SIP_CODECS": "pcmu",
        "EARFUL_MAX_CALLS_PER_APPLICATION": str(most),
        "EARFUL_MAX_STREAMS": str(max(most, 32)),
    }
    with running_server(settings=settings) as server:
        for count in options.calls:
            row = asyncio.run(_run(server, tracks[:count], texts[:count], options.seconds))
            rows.append(row)
            console.print(json.dumps(row))
    console.print(_table(rows, len(cores())))
    write_json(options.json, lambda: {"talk": options.talk, "seconds": options.seconds, "runs": rows})
    return 1 if any(row["errors"] for row in rows) else 0


async def _run(server: Server, tracks: Sequence[Track], texts: Sequence[str], seconds: float) -> dict:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory() as folder:
        async with contextlib.AsyncExitStack() as stack:
            phones = []
            for number, track in enumerate(tracks):
                speech = _write(Path(folder) / f"{number}.wav", track)
                phones.append(await stack.enter_async_context(phone(speech=speech, codecs="pcmu")))
            before, peers_before, all_before = server.usage(), _peers(phones), _busy()
            began = time.monotonic()
            calls = asyncio.gather(*(_call(server, one) for one in phones))
            await asyncio.sleep(seconds - 1)
            used, spent = server.usage(), time.monotonic() - began
            engine, peers, everything = _children(server), _peers(phones) - peers_before, _busy() - all_before
            results = await calls
    logs = [log for log, _, _ in results]
    said = [" ".join(word.text for word in track.words) for track in tracks]
    found = Figures()
    for log, track in zip(logs, tracks, strict=True):
        found += figures(log, track)
    return {
        "calls": len(tracks),
        "setUp": percentiles([answered for _, answered, _ in results]),
        "partialAge": percentiles(found.age),
        "wordToPartial": percentiles(found.word),
        "speechEndToFinal": percentiles(found.final),
        "cores": round((used.cpu_s - before.cpu_s) / spent, 2),
        "engineCores": round(engine.cpu_s / spent, 2),
        "peerCores": round(peers / spent, 2),
        "strangerCores": round((everything - peers - (used.cpu_s - before.cpu_s)) / spent, 2),
        "memoryMib": round(used.memory_mib),
        "engineMemoryMib": round(engine.memory_mib),
        "changedWords": sum(lost_words(text, log.text) for text, log in zip(texts, logs, strict=True)),
        "wrongWords": sum(lost_words(text, log.text) for text, log in zip(said, logs, strict=True)),
        "wrongWordsAlone": sum(lost_words(text, file) for text, file in zip(said, texts, strict=True)),
        "words": sum(len(track.words) for track in tracks),
        "ends": sorted({end for _, _, end in results}),
        "errors": [log.error for log in logs if log.error],
    }


async def _call(server: Server, other: Phone) -> tuple[Log, float, str]:
    """Have the server call one phone; return what came back, the seconds until it played, and the end."""
    log, played, end = Log(), float("nan"), "none"
    asked, headers = time.monotonic(), {"x-api-key": server.token}
    try:
        async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as api:
            body = {"operation": "start", "endpoint": {"type": "sip", "uri": other.address}}
            answer = await api.post("/v1/endpoint:connect", json=body)
            answer.raise_for_status()
        address = f"{server.url.replace('http', 'ws', 1)}/session/subscribe/{answer.json()['connectionId']}"
        async with websockets.connect(address, additional_headers=headers, max_size=None) as socket:
            watching = asyncio.create_task(_started(other))
            async for text in socket:
                frame = json.loads(text)
                now = time.monotonic()
                message = frame.get("message") or {}
                if message.get("type") == "call_ended":
                    end = message["data"]["reason"]
                elif message.get("type") == "error":
                    log.error = message["details"]
                elif frame["type"] == "transcript_response" and watching.done():
                    since = now - watching.result()
                    log.results.append(Result(since, since, frame["payload"]["content"], frame["isFinal"]))
            played = (await asyncio.wait_for(watching, 1)) - asked
    except (OSError, TimeoutError, httpx.HTTPError, websockets.WebSocketException) as error:
        log.error = f"{type(error).__name__}: {error}"
    return log, played, end


async def _started(other: Phone) -> float:
    await other.until(lambda: any(event.type == "CALL_ESTABLISHED" for event in other.events), _TAIL_S * 3)
    return time.monotonic()


def _children(server: Server) -> Usage:
    children = [child for child in server.process.children() if "baresip" in child.name()]
    cpu = sum(sum(child.cpu_times()[:2]) for child in children)
    return Usage(cpu, sum(child.memory_info().rss for child in children) / 2**20)


def _peers(phones: Sequence[Phone]) -> float:
    """Return the processor seconds of the other side so far: the phones, and this program."""
    family = [psutil.Process(), *(psutil.Process(one.pid) for one in phones)]
    return sum(sum(one.cpu_times()[:2]) for one in family)


def _busy() -> float:
    """Return the processor seconds that the whole machine has spent so far, whoever spent them."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _over_the_line(track: Track) -> Track:
    """Return the track as G.711 lets it through, at 16 kHz again."""
    coded = through_mulaw(soxr.resample(track.samples, SAMPLE_RATE, 8000)).astype(np.float32) / 32768
    wide = soxr.resample(coded, 8000, SAMPLE_RATE)
    return replace(track, pcm=(np.clip(wide, -1, 1) * 32767).astype("<i2").tobytes())


def _cut(track: Track, seconds: float) -> Track:
    words = tuple(word for word in track.words if word.end <= seconds)
    lasts = tuple(at for at in track.lasts if at < len(words))
    # The quiet at the end lets the last word be heard, here and by the recogniser alone.
    quiet = np.random.default_rng(0).normal(0, 3e-4, round(_QUIET_S * SAMPLE_RATE))
    pcm = track.pcm[: round(seconds * SAMPLE_RATE) * 2] + (quiet * 32767).astype("<i2").tobytes()
    return Track(pcm, words, lasts)


def _write(path: Path, track: Track) -> Path:
    """Write a track as the phone plays it."""
    narrow = np.clip(soxr.resample(track.samples, SAMPLE_RATE, 8000), -1, 1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((narrow * 32767).astype("<i2").tobytes())
    return path


def _table(rows: Sequence[dict], machine: int) -> Table:  # type: ignore[type-arg]
    table = Table(title=f"telephone calls at once, {machine} cores shared with the phones, seconds")
    headings = ("calls", "set-up p95", "partial age p95", "word p50 / p95", "final p50 / p99", "cores")
    for heading in (*headings, "of it engine", "peers", "strangers", "MiB a call", "wrong words / file"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            str(row["calls"]),
            str(row["setUp"]["p95"]),
            str(row["partialAge"]["p95"]),
            f"{row['wordToPartial']['p50']} / {row['wordToPartial']['p95']}",
            f"{row['speechEndToFinal']['p50']} / {row['speechEndToFinal']['p99']}",
            str(row["cores"]),
            str(row["engineCores"]),
            str(row["peerCores"]),
            str(row["strangerCores"]),
            str(round(row["engineMemoryMib"] / row["calls"], 1)),
            f"{row['wrongWords']} / {row['wrongWordsAlone']} of {row['words']}",
        )
    return table


if __name__ == "__main__":
    raise SystemExit(main())
