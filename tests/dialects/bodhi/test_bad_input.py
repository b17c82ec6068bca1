"""What clients get wrong, against a real server with real speech on another call beside each of them."""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.dialects.bodhi.server import UUID, config, read_all
from tests.support.server import EarfulServer, start_server
from tests.support.telephone import TWO_CITIES_WORDS, read_speech

EOF = '{"eof": 1}'
SPEECH = read_speech(8000, 4.9) + b"\0" * 16_000
SECOND = 16_000
"""Bytes of a second of audio at 8 kHz."""


class Caller:
    """A customer of the server, and how it calls."""

    def __init__(self, server: EarfulServer, name: str) -> None:
        self.server = server
        self.name = name
        self.key = server.create_app(name)["apiKey"]

    def connect(self) -> connect:
        """Open a connection."""
        return connect(
            self.server.ws_url + "/bodhi",
            additional_headers={"x-api-key": self.key},
            proxy=None,
            compression=None,
            close_timeout=1,
        )

    async def say(self, *messages: str | bytes) -> list[dict[str, Any]]:
        """Send messages, and return what came until the server closed."""
        async with self.connect() as socket:
            with contextlib.suppress(ConnectionClosed):
                for message in messages:
                    await socket.send(message)
            return await read_all(socket)

    def used(self) -> float:
        """Return the seconds of audio that the server has recorded, as `earful apps usage` says."""
        shown = self.earful("usage", self.name, "--json")
        return float(sum(day["audioSeconds"] for day in json.loads(shown)))

    def earful(self, *arguments: str) -> str:
        """Run `earful apps`."""
        command = [str(Path(sys.executable).with_name("earful")), "apps", *arguments]
        data = ["--data-dir", str(self.server.data_dir)]
        return subprocess.run([*command, *data], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EarfulServer]:
    """A server that waits for two seconds where others wait for fifteen."""
    with start_server(tmp_path_factory.mktemp("bodhi"), {"EARFUL_BODHI_IDLE_TIMEOUT": "2"}) as server:
        yield server


@pytest.fixture(scope="module")
def good(server: EarfulServer) -> Caller:
    """Who does everything right."""
    return Caller(server, "good")


@pytest.fixture(scope="module")
def bad(server: EarfulServer) -> Caller:
    """Who does not."""
    return Caller(server, "bad")


@pytest.fixture(scope="module")
def alone(good: Caller) -> list[str]:
    """What the good call amounts to when nobody else is there."""
    heard = texts(asyncio.run(good.say(config(), *pieces(SPEECH), EOF)))
    assert all(word in " ".join(heard).lower() for word in TWO_CITIES_WORDS)
    return heard


def pieces(audio: bytes, size: int = 3200) -> list[bytes]:
    return [audio[at : at + size] for at in range(0, len(audio), size)]


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [m["text"] for m in messages if m.get("type") == "complete" and m["text"]]


async def beside(good: Caller, mischief: Any) -> tuple[list[str], Any]:
    """Have a good call go on from before something happens until after it; return both results."""
    async with good.connect() as socket:
        await socket.send(config())
        for piece in pieces(SPEECH)[:10]:
            await socket.send(piece)
        happening = asyncio.ensure_future(mischief)
        for piece in pieces(SPEECH)[10:]:
            await socket.send(piece)
            await asyncio.sleep(0.02)
        while not happening.done():
            # A call without audio would be taken to have paused.
            await socket.send(b"\0" * 1600)
            await asyncio.sleep(0.05)
        await socket.send(EOF)
        return texts(await read_all(socket)), await happening


REFUSED: dict[str, tuple[list[str | bytes], str]] = {
    "no model": ([config(model=None)], "'model' is required"),
    "unknown model": ([config(model="xx-nothing-v1")], "model 'xx-nothing-v1' is not available"),
    "a model that was not pulled": (
        [config(model="hi-banking-v2-8khz")],
        "model 'hi-banking-v2-8khz' is not available",
    ),
    "no transaction id": ([config(transaction_id=None)], "'transaction_id' is required"),
    "a transaction id that is no UUID": ([config(transaction_id="7")], "'transaction_id' must be a UUID"),
    "no sample rate": ([config(sample_rate=None)], "'sample_rate' is required"),
    "too low a sample rate": ([config(sample_rate=4000)], "'sample_rate' 4000 is not supported"),
    "a sample rate of another world": ([config(sample_rate=1e12)], "'sample_rate' 1e+12 is not supported"),
    "a sample rate in words": ([config(sample_rate="high")], "invalid value for 'sample_rate'"),
    "text instead of audio": ([config(), "AAAA"], "text message is not valid JSON"),
    "audio before config": ([SPEECH[:320]], "audio was sent before the config message"),
    "eof before config": ([EOF], "the first message must be the config"),
    "config twice": ([config(), SPEECH[:320], config()], "the config message may be sent only once"),
    "broken json": (['{"config": {'], "text message is not valid JSON"),
    "a config that is no object": (['{"config": 1}'], "'config' must be an object"),
    "a frame too large": ([config(), b"\0" * 2_000_000], "a message is larger than 1048576 bytes"),
    "a WAV of another kind": (
        [
            config(),
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\3\0\1\0\x40\x1f\0\0\0\x7d\0\0\4\0\x20\0data\0\0\0\0",
        ],
        "the WAV header says format 3, 32 bits",
    ),
}


@pytest.mark.parametrize(("messages", "told"), REFUSED.values(), ids=REFUSED)
async def test_it_is_told_and_the_other_call_goes_on(
    good: Caller, bad: Caller, alone: list[str], messages: list[str | bytes], told: str
) -> None:
    async def mischief() -> tuple[list[dict[str, Any]], int | None]:
        async with bad.connect() as socket:
            with contextlib.suppress(ConnectionClosed):
                for message in messages:
                    await socket.send(message)
            return await read_all(socket), socket.close_code

    heard, (answers, code) = await beside(good, mischief())
    assert heard == alone
    (error,) = [answer for answer in answers if "error" in answer]
    assert set(error) == {"error", "message", "code", "timestamp"}
    assert (error["error"], error["code"], code) == ("bad_request", 400, 1008)
    assert error["message"].startswith(told)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", error["timestamp"])


@pytest.mark.parametrize("size", [333, 7777])
async def test_odd_byte_counts_are_heard_like_even_ones(
    good: Caller, bad: Caller, alone: list[str], size: int
) -> None:
    heard, answers = await beside(good, bad.say(config(), *pieces(SPEECH, size), b"\1", EOF))
    assert heard == alone
    assert texts(answers) == alone


async def test_without_eof_the_last_words_come_after_the_idle_time(
    good: Caller, bad: Caller, alone: list[str]
) -> None:
    heard, answers = await beside(good, bad.say(config(), *pieces(SPEECH)))
    assert heard == alone
    assert " ".join(texts(answers)) == " ".join(alone)
    assert answers[-1]["eos"] is True


async def test_a_client_that_disappears_is_charged_for_its_audio(
    server: EarfulServer, good: Caller, alone: list[str]
) -> None:
    gone = Caller(server, "gone")

    async def mischief() -> None:
        async with gone.connect() as socket:
            await socket.send(config())
            for piece in pieces(SPEECH):
                await socket.send(piece)
            await socket.recv()
            socket.transport.abort()

    heard, _ = await beside(good, mischief())
    assert heard == alone
    async with asyncio.timeout(120):
        while (used := await asyncio.to_thread(gone.used)) == 0.0:
            await asyncio.sleep(0.1)
    assert used == pytest.approx(len(SPEECH) / SECOND, abs=0.1)


async def test_a_client_that_stops_reading_costs_bounded_memory_and_is_closed(
    server: EarfulServer, good: Caller, bad: Caller, alone: list[str]
) -> None:
    process = psutil.Process(server.process.pid)

    def open_sockets() -> int:
        return sum(one.status == "ESTABLISHED" for one in process.net_connections("tcp"))

    async def mischief() -> None:
        async with bad.connect() as deaf:
            deaf.transport.pause_reading()
            await deaf.send(config(aux=True))
            for piece in pieces(SPEECH * 4, SECOND // 10):
                await deaf.send(piece)
            async with asyncio.timeout(120):
                while open_sockets() > before:
                    await asyncio.sleep(0.1)

    # The good call's own connection is there when the count begins.
    before, resident = open_sockets() + 1, process.memory_info().rss
    heard, _ = await beside(good, mischief())
    assert heard == alone
    assert process.memory_info().rss - resident < 64 << 20


@pytest.mark.parametrize(
    ("command", "undo", "code", "name"),
    [
        (
            ["balance", "poor", "--set", "0.1"],
            ["balance", "poor", "--unlimited"],
            402,
            "insufficient_balance",
        ),
        (["deactivate", "poor"], ["activate", "poor"], 403, "inactive_customer"),
    ],
)
async def test_a_call_ends_when_its_customer_may_not_go_on(
    server: EarfulServer,
    poor: Caller,
    good: Caller,
    alone: list[str],
    command: list[str],
    undo: list[str],
    code: int,
    name: str,
) -> None:
    """The command is given while the call goes on; it is told within seconds, and the next one at once."""

    async def mischief() -> list[dict[str, Any]]:
        async with poor.connect() as socket:
            await socket.send(config(transaction_id=UUID))
            told = asyncio.create_task(asyncio.to_thread(poor.earful, *command))
            reading = asyncio.create_task(read_all(socket))
            while not reading.done():
                with contextlib.suppress(ConnectionClosed):
                    await socket.send(b"\0" * (SECOND // 2))
                await asyncio.sleep(0.1)
            await told
            return await reading

    heard, answers = await beside(good, mischief())
    assert heard == alone
    assert (answers[-1]["error"], answers[-1]["code"]) == (name, code)
    await asyncio.to_thread(poor.earful, *undo)


@pytest.fixture(scope="module")
def poor(server: EarfulServer) -> Caller:
    """Who will not be served for ever."""
    return Caller(server, "poor")
