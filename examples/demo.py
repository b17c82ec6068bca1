"""See a conversation being written down and understood as it is spoken.

Starts a real `earful serve` on a free port with a data folder of its own, makes an application on it,
and streams a recording to it in real time through the `symbl` client, as a program written for Symbl's
Streaming API would. Run it as `make demo`, or `make demo ARGS="--file my.wav"`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import numpy.typing as npt
from demo_display import Display
from rich.console import Console

import symbl

HERE = Path(__file__).resolve().parent
SAMPLE = HERE / "sample"
RATE = 16_000
CHUNK_S = 0.1
READY_SECONDS = 120.0
READY_LINE = re.compile(r"(http://\S+?:\d+) in a browser")
INSIGHT_TYPES = ["question", "action_item", "follow_up", "topic"]


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True)
class Track:
    """One speaker's sound: int16 [samples] at 16 kHz."""

    name: str
    email: str
    pcm: npt.NDArray[np.int16]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit status."""
    options = _options(arguments)
    console = Console(highlight=False)
    try:
        tracks = _file_tracks(options.file) if options.file else sample_tracks()
        with tempfile.TemporaryDirectory(prefix="earful-demo-") as folder:
            _demo(console, tracks, options.speed, Path(folder))
    except (DemoError, symbl.SymblError, httpx.HTTPError) as error:
        console.print(f"demo: {error}", style="bold red", soft_wrap=True, markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("demo: interrupted")
        return 130
    return 0


def _demo(console: Console, tracks: Sequence[Track], speed: float, folder: Path) -> None:
    display = Display(console, [track.name for track in tracks])
    display.say("Starting `earful serve` with a data folder of its own …")
    with running_server(folder) as base_url:
        credentials = make_application(folder)
        display.say(f"{base_url} is ready; streaming {len(tracks[0].pcm) / RATE:.0f} s of talk to it.\n")
        symbl.configure(base_url=base_url)
        with display:
            connections = _connect(tracks, credentials, display)
            _stream(tracks, connections, speed)
            for connection in connections:
                connection.stop()
        conversation = connections[0].conversation
        stored = _stored(conversation)
    display.say("")
    display.stored(str(conversation.get_conversation_id()), stored)
    display.say(
        f"\n{display.partials} partial and {display.finals} final captions; found live: "
        + ", ".join(f"{count} {kind.replace('_', ' ')}s" for kind, count in display.found.items())
        + "."
    )
    if not stored["messages"]:
        raise DemoError("no speech was recognised")


# ---- the sound ----------------------------------------------------------------------------------


def sample_tracks() -> list[Track]:
    """The two people of the sample, each on a channel as if on a microphone of their own."""
    script = json.loads((SAMPLE / "script.json").read_text(encoding="utf-8"))
    channels = _decode(SAMPLE / "conversation.ogg", "stereo")
    return [
        Track(who["name"].split()[0], who["email"], channels[who["channel"]])
        for who in script["speakers"].values()
    ]


def _file_tracks(path: Path) -> list[Track]:
    return [Track("Speaker", "speaker@example.com", _decode(path, "mono")[0])]


def _decode(path: Path, layout: str) -> npt.NDArray[np.int16]:
    """Decode any audio or video file: int16 [channels, samples] at 16 kHz. Raises `DemoError`."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise DemoError(f"{path} has no sound in it")
            resampler = av.AudioResampler(format="s16p", layout=layout, rate=RATE)
            frames = [
                part.to_ndarray() for frame in container.decode(audio=0) for part in resampler.resample(frame)
            ]
            frames += [part.to_ndarray() for part in resampler.resample(None)]
    except (OSError, av.FFmpegError) as error:
        raise DemoError(f"cannot read {path}: {error.strerror or error}") from error
    if not frames:
        raise DemoError(f"{path} has no sound in it")
    return np.concatenate(frames, axis=1)


# ---- the server ---------------------------------------------------------------------------------


def _environment(folder: Path) -> dict[str, str]:
    """Return this environment without the settings of another server, a database above all."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EARFUL_")}
    return kept | {
        "EARFUL_DATA_DIR": str(folder / "data"),
        "EARFUL_HOST": "127.0.0.1",
        "EARFUL_PORT": "0",
        "PYTHONUNBUFFERED": "1",
    }


def _earful() -> str:
    """The `earful` command of the environment that runs this."""
    command = Path(sys.executable).with_name("earful")
    if not command.exists():
        raise DemoError("Earful is not installed here; run `make setup`, or `make demo`, which does")
    return str(command)


@contextmanager
def running_server(folder: Path, **settings: str) -> Iterator[str]:
    """Run `earful serve` with settings until the end of the block; give its address once it can hear."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (our own command)
            [_earful(), "serve"],
            env=_environment(folder) | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the demo, which then stops the server.
            start_new_session=True,
        )
    try:
        yield _address_when_ready(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address_when_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = READY_LINE.search(log.read_text(errors="replace"))
        if found and _can_hear(found[1]):
            return found[1]
        time.sleep(0.1)
    why = "stopped" if process.poll() is not None else f"was not ready after {READY_SECONDS:.0f} s"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise DemoError(f"the server {why}; its last words:\n{tail}")


def _can_hear(base_url: str) -> bool:
    try:
        return httpx.get(f"{base_url}/health", trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False


def make_application(folder: Path) -> dict[str, str]:
    """Make an application on the server, as `earful apps create NAME` does for a person."""
    made = subprocess.run(  # noqa: S603 (our own command)
        [_earful(), "apps", "create", "demo", "--json"],
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise DemoError(f"`earful apps create` failed: {made.stderr.strip()}")
    created = json.loads(made.stdout)
    return {"app_id": created["appId"], "app_secret": created["appSecret"]}


# ---- the conversation ---------------------------------------------------------------------------


def _connect(
    tracks: Sequence[Track], credentials: dict[str, str], display: Display
) -> list[symbl.StreamingConnection]:
    """Open one stream for each speaker, all on the same connection id: one conversation."""
    connections: list[symbl.StreamingConnection] = []
    for track in tracks:
        connection = symbl.Streaming.start_connection(
            credentials=credentials,
            speaker={"name": track.name, "userId": track.email},
            insight_types=INSIGHT_TYPES,
            config={
                "meetingTitle": "Earful demo",
                "speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": RATE},
            },
            connection_id=connections[0].connectionId if connections else None,
        )
        connection.subscribe(_Listener(track, display).callbacks)
        connections.append(connection)
    return connections


class _Listener:
    """Shows what one speaker's connection tells.

    Captions go to the speaker's own connection; findings go to every connection of the conversation,
    so each shows those that come from its own speaker's words, and they follow these words.
    """

    def __init__(self, track: Track, display: Display) -> None:
        self._track = track
        self._display = display
        self._message_ids: set[str] = set()

    @property
    def callbacks(self) -> dict[str, Any]:
        """What to subscribe with."""
        return {
            "message": self._caption,
            "message_response": self._messages,
            "insight_response": self._insights,
            "topic_response": self._topics,
        }

    def _caption(self, frame: dict[str, Any]) -> None:
        message = frame["message"]
        if message["type"] == "error":
            raise DemoError(f"the server says: {message['details']}")
        if message["type"] == "recognition_result":
            show = self._display.final if message["isFinal"] else self._display.partial
            show(self._track.name, message["punctuated"]["transcript"])

    def _messages(self, frame: dict[str, Any]) -> None:
        self._message_ids.update(one["id"] for one in frame["messages"] if self._is_mine(one))

    def _insights(self, frame: dict[str, Any]) -> None:
        for insight in filter(self._is_mine, frame["insights"]):
            due = (insight.get("dueBy") or {}).get("value", "")
            detail = f"due {due[:10]}" if due else ""
            self._display.finding(insight["type"], insight["payload"]["content"], detail)

    def _topics(self, frame: dict[str, Any]) -> None:
        for topic in frame["topics"]:
            if topic["messageReferences"][-1]["id"] in self._message_ids:
                self._display.finding("topic", topic["phrases"])

    def _is_mine(self, one: dict[str, Any]) -> bool:
        return bool(one["from"].get("userId") == self._track.email)


def _stream(tracks: Sequence[Track], connections: Sequence[symbl.StreamingConnection], speed: float) -> None:
    """Send every track at the pace at which it was spoken, times `speed`."""
    step = int(RATE * CHUNK_S)
    began = time.monotonic()
    for at in range(0, max(len(track.pcm) for track in tracks), step):
        for track, connection in zip(tracks, connections, strict=True):
            connection.send_audio(track.pcm[at : at + step].astype("<i2").tobytes())
        time.sleep(max(0.0, began + (at + step) / RATE / speed - time.monotonic()))


def _stored(conversation: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Read the conversation back over REST, as rows to show. Raises `DemoError`."""

    def rows(answer: Any, part: str) -> Any:
        # The client answers a failed read with a dict, as the vendor's does.
        if isinstance(answer, dict):
            raise DemoError(f"reading the conversation back failed: {answer.get('message', answer)}")
        return getattr(answer, part)

    messages = rows(conversation.get_messages(), "messages")
    first = messages[0].start_time if messages else None
    return {
        "members": [(one.name, one.email) for one in rows(conversation.get_members(), "members")],
        "messages": [
            (f"{(one.start_time - first).total_seconds():6.1f} s", one._from.name or "", one.text)
            for one in messages
        ],
        "topics": [(f"{one.score:.2f}", one.text) for one in rows(conversation.get_topics(), "topics")],
        "questions": [(one.text,) for one in rows(conversation.get_questions(), "questions")],
        "action-items": [
            (one.text, f"due {one.due_by:%d %b %Y}" if one.due_by else "")
            for one in rows(conversation.get_action_items(), "action_items")
        ],
        "follow-ups": [(one.text,) for one in rows(conversation.get_follow_ups(), "follow_ups")],
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Stream a conversation to a local Earful and watch it.")
    parser.add_argument("--file", type=Path, help="your own audio or video file instead of the sample")
    parser.add_argument(
        "--speed", type=_positive, default=1.0, help="how much faster than real time to stream (default 1)"
    )
    return parser.parse_args(arguments)


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
