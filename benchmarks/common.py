"""A real server in its own process, and callers that speak to it in real time over real WebSockets."""

import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import websockets

from benchmarks.measure import Log, Result
from benchmarks.tracks import SAMPLE_RATE, Track

__all__ = [
    "DIALECTS",
    "Refusal",
    "Server",
    "Usage",
    "call",
    "cores",
    "knock",
    "pin",
    "running_server",
    "write_json",
]

DIALECTS = ("symbl", "bodhi")
"""The wire protocols in which the same call can be made."""

FRAME_S = 0.02
_START_TIMEOUT_S = 60.0
_END_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor seconds used so far, and resident memory now in MiB."""

    cpu_s: float
    memory_mib: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a caller was told that the server is full: after how many seconds, and in what words.

    `status` is None when the caller was let in.
    """

    after_s: float
    status: int | None
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A running `earful serve`, and what to speak to it with: a token for Symbl, a key for Bodhi.

    With `diarize`, Symbl's callers ask who speaks.
    """

    url: str
    token: str
    process: psutil.Process
    ready_s: float
    dialect: str = "symbl"
    silence_s: float = 0.5
    api_key: str = ""
    diarize: bool = False

    def usage(self) -> Usage:
        """Return what the server and its children use."""
        family = [self.process, *self.process.children(recursive=True)]
        cpu = sum(sum(one.cpu_times()[:2]) for one in family)
        return Usage(cpu, sum(one.memory_info().rss for one in family) / 2**20)

    def core_s(self) -> float | None:
        """Return how long the server's core has been busy with anything; None when it has not just one."""
        core = self.process.cpu_affinity() if hasattr(self.process, "cpu_affinity") else []
        if len(core) != 1:
            return None
        times = psutil.cpu_times(percpu=True)[core[0]]
        return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)

    def metrics(self) -> dict[str, float]:
        """Return the server's own metrics by name and labels."""
        lines = httpx.get(f"{self.url}/metrics", timeout=30).text.splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def stream_url(self, connection: str) -> str:
        """Return the address of one caller's socket."""
        return f"{self.url.replace('http', 'ws', 1)}/v1/streaming/{connection}?access_token={self.token}"


def cores() -> list[int]:
    """Return the processor cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def pin(to: Sequence[int]) -> None:
    """Keep this process on some cores; nothing where the system has no such thing."""
    if to and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, to)


@contextmanager
def running_server(
    *,
    on: Sequence[int] = (),
    settings: dict[str, str] | None = None,
    dialect: str = "symbl",
    silence_s: float = 0.5,
    diarize: bool = False,
) -> Iterator[Server]:
    """Run `earful serve` on a free port with an empty data folder, on the given cores.

    Callers speak `dialect`, ask for an utterance to end after `silence_s`, and with `diarize` who speaks.

    Raises `RuntimeError` with the server's own words when it does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="earful-bench-") as folder:
        environment = {**os.environ, "EARFUL_LOG_LEVEL": "error"}
        environment |= {"EARFUL_ENDPOINT_SILENCE": str(silence_s), **(settings or {})}
        command = [str(Path(sys.executable).parent / "earful")]
        made = subprocess.run(
            [*command, "apps", "create", "benchmark", "--json", "--data-dir", folder],
            capture_output=True,
            text=True,
            env=environment,
        )
        if made.returncode:
            raise RuntimeError(f"no application could be made for the benchmark:\n{made.stderr}")
        credentials = json.loads(made.stdout)
        output = Path(folder) / "server.out"
        started = time.monotonic()
        with output.open("wb") as sink:
            process = subprocess.Popen(
                [*command, "serve", "--port", "0", "--data-dir", folder],
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=environment,
                preexec_fn=lambda: pin(on),
            )
        try:
            url, token = _wait_until_ready(process, output, credentials, started)
            ready_s = time.monotonic() - started
            key, peer = credentials["apiKey"], psutil.Process(process.pid)
            yield Server(url, token, peer, ready_s, dialect, silence_s, key, diarize)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(
    process: "subprocess.Popen[bytes]", output: Path, credentials: dict[str, str], started: float
) -> tuple[str, str]:
    url = None
    while process.poll() is None and time.monotonic() - started < _START_TIMEOUT_S:
        found = re.search(r"http://[\w.\[\]:]+:\d+", output.read_text(errors="replace"))
        url = found.group() if found else None
        if url is not None:
            answer = httpx.post(
                f"{url}/oauth2/token:generate",
                json={
                    "type": "application",
                    "appId": credentials["appId"],
                    "appSecret": credentials["appSecret"],
                },
                timeout=30,
            )
            # It gives tokens while it still loads its models.
            if answer.status_code == 200 and httpx.get(f"{url}/health", timeout=30).status_code == 200:
                return url, answer.json()["accessToken"]
        time.sleep(0.05)
    raise RuntimeError(f"the server did not come up:\n{output.read_text(errors='replace')}")


async def call(server: Server, track: Track, *, starts_in: float = 0.0, seconds: float | None = None) -> Log:
    """Speak a track in real time, 20 ms at a time, and return what came back, with times.

    A caller who falls behind sends what is due at once. After the last frame it stops politely and takes
    what still comes.
    """
    log = Log()
    await asyncio.sleep(starts_in)
    try:
        async with _connected(server) as socket:
            clock = _Clock()
            if server.dialect == "bodhi":
                await socket.send(json.dumps(_bodhi_config(server.silence_s)))
                reader, stop = _read_bodhi(socket, log, clock), {"eof": 1}
            else:
                await socket.send(json.dumps(_start_request(diarize=server.diarize)))
                await _wait_for(socket, "recognition_started")
                reader, stop = _read(socket, log, clock), {"type": "stop_request"}
            reading = asyncio.create_task(reader)
            await _speak(socket, track, clock, seconds or track.seconds)
            await socket.send(json.dumps(stop))
            await asyncio.wait_for(reading, _END_TIMEOUT_S)
    except (OSError, TimeoutError, websockets.WebSocketException) as error:
        log.error = f"{type(error).__name__}: {error}"
    return log


async def knock(server: Server, *, starts_in: float = 0.0) -> Refusal:
    """Call as `call` does, say nothing, and return how that was refused."""
    await asyncio.sleep(starts_in)
    began = time.monotonic()
    try:
        async with _connected(server):
            return Refusal(time.monotonic() - began, None)
    except websockets.InvalidStatus as error:
        response = error.response
        return Refusal(time.monotonic() - began, response.status_code, response.headers.get("Retry-After"))


def _connected(server: Server) -> websockets.connect:
    options: dict[str, Any] = {"max_size": None, "ping_interval": None, "compression": None}
    if server.dialect == "bodhi":
        address = server.url.replace("http", "ws", 1) + "/bodhi"
        return websockets.connect(address, additional_headers={"x-api-key": server.api_key}, **options)
    return websockets.connect(server.stream_url(secrets.token_hex(16)), **options)


class _Clock:
    """Seconds since the first audio was sent, and seconds of audio sent."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.sent = 0.0

    def now(self) -> float:
        return time.monotonic() - self.began


async def _speak(socket: Any, track: Track, clock: _Clock, seconds: float) -> None:
    size = round(FRAME_S * SAMPLE_RATE) * 2
    clock.began = time.monotonic()
    for number in range(round(seconds / FRAME_S)):
        frame = track.pcm[number * size : (number + 1) * size]
        if not frame:
            return
        # A frame can leave only once its last sample has been said.
        wait = (number + 1) * FRAME_S - clock.now()
        if wait > 0:
            await asyncio.sleep(wait)
        await socket.send(frame)
        clock.sent = (number + 1) * FRAME_S


async def _read(socket: Any, log: Log, clock: _Clock) -> None:
    async for text in socket:
        message = json.loads(text).get("message")
        if not isinstance(message, dict):
            continue
        if message.get("type") == "recognition_result":
            heard = message["punctuated"]["transcript"]
            log.results.append(Result(clock.now(), clock.sent, heard, bool(message["isFinal"])))
        elif message.get("type") == "error":
            log.error = message.get("details")


async def _read_bodhi(socket: Any, log: Log, clock: _Clock) -> None:
    async for text in socket:
        message = json.loads(text)
        if "error" in message:
            log.error = message.get("message")
        elif message["text"]:
            is_final = message["type"] == "complete"
            log.results.append(Result(clock.now(), clock.sent, message["text"], is_final))


async def _wait_for(socket: Any, kind: str) -> None:
    while True:
        body = json.loads(await asyncio.wait_for(socket.recv(), _END_TIMEOUT_S))
        message = body.get("message")
        if isinstance(message, dict) and message.get("type") == kind:
            return
        if body.get("type") == "error":
            raise TimeoutError(str(body.get("details")))


def _bodhi_config(silence_s: float) -> dict[str, Any]:
    return {
        "config": {
            "model": "en-general-v2-8khz",
            "transaction_id": str(uuid.uuid4()),
            "sample_rate": SAMPLE_RATE,
            "endpoint_silence_duration": silence_s,
        }
    }


def _start_request(*, diarize: bool) -> dict[str, Any]:
    return {
        "type": "start_request",
        "insightTypes": ["question", "action_item"],
        "config": {
            "confidenceThreshold": 0.5,
            "languageCode": "en-US",
            "speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": SAMPLE_RATE},
            "enableSpeakerDiarization": diarize,
        },
    }


def write_json(path: Path | None, make: Callable[[], Any]) -> None:
    """Write figures to a file when one is asked for."""
    if path is not None:
        path.write_text(json.dumps(make(), indent=1) + "\n")
