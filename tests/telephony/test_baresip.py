"""Real calls over loopback: what the engine tells of them, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from earful.telephony.baresip import Baresip, Options
from earful.telephony.configuration import Media
from earful.telephony.engine import (
    Answered,
    Audio,
    Hung,
    Line,
    LineEvent,
    NotConfigured,
    Ringing,
    Target,
    Trunk,
)
from tests.support import sip_scripts
from tests.support.phone import free_ports, make_certificate, phone, sipp
from tests.support.telephone import write_wav

RATE = 16_000


class Watch:
    """Keeps what happens on a line."""

    def __init__(self, line: Line) -> None:
        self.events: list[LineEvent] = []
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._follow(line))

    async def _follow(self, line: Line) -> None:
        async for event in line.events():
            self.events.append(event)
            self._news.set()

    @property
    def sound(self) -> np.ndarray:
        parts = [event.samples for event in self.events if isinstance(event, Audio)]
        return np.concatenate([np.zeros(0, np.float32), *parts])

    @property
    def story(self) -> list[type]:
        return [type(event) for event in self.events if not isinstance(event, Audio)]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def until_answered(self) -> None:
        await self.until(lambda: Answered in self.story)

    async def until_sound(self, seconds: float) -> None:
        have = self.sound.size
        await self.until(lambda: self.sound.size - have > seconds * RATE)

    async def end(self) -> Hung:
        await asyncio.wait_for(self.task, 60)
        event = self.events[-1]
        assert isinstance(event, Hung)
        return event


def children() -> set[int]:
    """The processes that are calls or phones."""
    return {child.pid for child in psutil.Process().children(recursive=True) if child.name() == "baresip"}


def folders() -> set[Path]:
    return {path for root in ("/dev/shm", "/tmp") for path in Path(root).glob("earful-calls-*/call-*")}


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 Hz for a second, 500 Hz for the next, and so on."""
    parts = [np.sin(np.arange(8000) * 2 * np.pi * (400 + 100 * n) / 8000) for n in range(20)]
    pcm = (np.concatenate(parts) * 12_000).astype("<i2").tobytes()
    return write_wav(tmp_path_factory.mktemp("tones") / "tones.wav", pcm, 8000)


def loudest(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * RATE / samples.size


async def test_what_the_other_side_says_is_heard(engine: Baresip, tones: Path) -> None:
    """Every second has the tone that was played then: nothing is lost, repeated or at another speed."""

    async def hear(codec: str, name: str) -> None:
        async with phone(speech=tones, codecs=codec) as other:
            line = await engine.dial(Target("phone", f"127.0.0.1:{other.port}"), longest=60)
            watch = Watch(line)
            await watch.until_sound(3.3)
            assert line.codec == name
            await line.hang_up()
            assert watch.story == [Ringing, Answered, Hung]
        sound = watch.sound
        heard = [loudest(sound[at : at + RATE // 2]) for at in range(RATE // 4, 3 * RATE, RATE)]
        assert heard == pytest.approx([400, 500, 600], abs=10)

    await asyncio.gather(hear("pcmu", "PCMU"), hear("pcma", "PCMA"), hear("opus/48000/2", "opus"))


async def test_either_side_may_hang_up(engine: Baresip) -> None:
    async with phone() as other:
        target = Target("phone", f"127.0.0.1:{other.port}")
        watch = Watch(await engine.dial(target, longest=60))
        await watch.until_answered()
        await other.do("hangup")
        assert (await watch.end()).cause == "remote_hangup"
        line = await engine.dial(target, longest=60)
        watch = Watch(line)
        await watch.until_answered()
        await line.hang_up()
        assert (await watch.end()).cause == "local_hangup"
        await other.until(lambda: sum(event.type == "CALL_CLOSED" for event in other.events) == 2)
        assert other.events[-1].param == "Connection reset by peer", "it was told, not cut off"


async def test_the_other_side_cannot_have_another_called(engine: Baresip) -> None:
    """Neither by transferring its call (REFER), nor by a redirect from a host whose address was checked."""
    async with phone() as other, phone() as third:
        line = await engine.dial(Target("phone", f"127.0.0.1:{other.port}"), longest=60)
        watch = Watch(line)
        await watch.until_answered()
        await other.do("transfer", third.address)
        await other.until_event("TRANSFER_FAILED")
        for looked_up in (True, False):  # of a host that only a pattern covers, and of one that was named
            checked = f"127.0.0.1:{free_ports()}"
            moved = sip_scripts.redirects(third.address)
            async with sipp(moved, int(checked.rpartition(":")[2])):
                target = Target("phone", checked, via=checked if looked_up else None)
                again = Watch(await engine.dial(target, longest=60))
                assert (await again.end()).cause == "not_found"
        assert not [event for event in third.events if event.type == "CALL_INCOMING"]
        await line.hang_up()


async def test_hold_and_resume_are_survived(engine: Baresip) -> None:
    """Twice, for real phones do; while it lasts there is silence, and what is said then is heard again."""
    async with phone() as other:
        line = await engine.dial(Target("phone", f"127.0.0.1:{other.port}"), longest=60)
        watch = Watch(line)
        await watch.until_sound(1.0)
        for _ in range(2):
            await other.do("hold")
            await watch.until_sound(0.5)
            at = watch.sound.size
            await watch.until_sound(0.6)
            assert np.abs(watch.sound[at : at + RATE // 2]).max() == 0
            await other.do("resume")
            at = watch.sound.size
            await watch.until(lambda: np.abs(watch.sound[at:]).max(initial=0) > 0.05)  # noqa: B023
        await line.hang_up()
        assert watch.story == [Ringing, Answered, Hung]


async def test_keys_are_heard_by_the_other_side(engine: Baresip) -> None:
    """In order, with pauses for commas."""
    async with phone() as other:
        line = await engine.dial(Target("phone", f"127.0.0.1:{other.port}"), longest=60)
        await Watch(line).until_answered()
        began = time.monotonic()
        await line.press(",,19#*0D")
        assert time.monotonic() - began > 1.0 + 6 * 0.3
        await other.until(lambda: other.keys == "19#*0D")
        await line.hang_up()


@pytest.mark.parametrize(
    ("status", "cause"),
    [("486 Busy Here", "busy"), ("603 Decline", "declined"), ("404 Not Found", "not_found"),
     ("480 Temporarily Unavailable", "no_answer"), ("488 Not Acceptable Here", "rejected")],
)  # fmt: skip
async def test_a_refusal_is_acknowledged_and_told(engine: Baresip, status: str, cause: str) -> None:
    port = free_ports()
    async with sipp(sip_scripts.refuses(status), port):
        watch = Watch(await engine.dial(Target("x", f"127.0.0.1:{port}"), longest=60))
        end = await watch.end()
    assert (end.cause, end.status) == (cause, int(status[:3]))


async def test_a_call_that_only_rings_is_cancelled(engine: Baresip) -> None:
    port = free_ports()
    async with sipp(sip_scripts.rings_for_ever(), port):
        line = await engine.dial(Target("x", f"127.0.0.1:{port}"), longest=60)
        watch = Watch(line)
        await watch.until(lambda: Ringing in watch.story)
        await line.hang_up()
    assert watch.story == [Ringing, Hung]


@pytest.mark.parametrize("status", ["401 Unauthorized", "407 Proxy Authentication Required"])
async def test_a_challenge_is_met(engine: Baresip, status: str) -> None:
    port = free_ports()
    trunk = Trunk(f"127.0.0.1:{port}", user="rosa", password="s3cret/x")
    async with sipp(sip_scripts.challenges(status, "rosa", "s3cret/x"), port):
        line = await engine.dial(Target("+12025550123", trunk.host, trunk=trunk), longest=60)
        watch = Watch(line)
        await watch.until_answered()
        await line.hang_up()


async def test_a_wrong_password_is_told(engine: Baresip) -> None:
    port = free_ports()
    trunk = Trunk(f"127.0.0.1:{port}", user="rosa", password="wrong")
    async with sipp(sip_scripts.wants_another_password(), port):
        end = await Watch(await engine.dial(Target("x", trunk.host, trunk=trunk), longest=60)).end()
    assert (end.cause, end.status) == ("unauthorized", 401)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "127.0.0.1:9"])
async def test_nobody_there_is_told(engine: Baresip, host: str) -> None:
    end = await Watch(await engine.dial(Target("x", host, "tcp"), longest=60)).end()
    assert end.cause == "unreachable"
    assert end.details


async def test_tcp_and_tls_and_encrypted_sound(make_engine: Callable[..., Baresip], tmp_path: Path) -> None:
    """They make no difference to what is heard."""
    async with phone() as other:
        line = await make_engine().dial(Target("phone", f"127.0.0.1:{other.port}", "tcp"), longest=60)
        await Watch(line).until_sound(0.3)
        await line.hang_up()
    certificate = make_certificate(tmp_path)
    async with phone(certificate=certificate, encryption="srtp") as other:
        target = Target("phone", f"127.0.0.1:{other.port + 1}", "tls")
        line = await make_engine(ca_file=certificate, encryption="srtp").dial(target, longest=60)
        await Watch(line).until_sound(0.3)
        await line.hang_up()


class Datagrams(asyncio.DatagramProtocol):
    """Keeps what comes to a UDP port, and answers STUN requests (RFC 5389) with an address of its own."""

    MAGIC = 0x2112A442

    def __init__(self, seen_as: tuple[str, int]) -> None:
        self.seen_as = seen_as
        self.came: list[bytes] = []
        self.news = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.came.append(data)
        self.news.set()
        if data[:2] == b"\0\1":
            host = int.from_bytes(socket.inet_aton(self.seen_as[0]), "big") ^ self.MAGIC
            port = self.seen_as[1] ^ (self.MAGIC >> 16)
            mapped = struct.pack(">HHBBHI", 0x0020, 8, 0, 1, port, host)
            head = struct.pack(">HHI", 0x0101, len(mapped), self.MAGIC)
            self.transport.sendto(head + data[8:20] + mapped, addr)


async def test_behind_address_translation_a_stun_server_tells_where_sound_may_come(
    make_engine: Callable[..., Baresip],
) -> None:
    loop = asyncio.get_running_loop()
    stun, trunk = Datagrams(("203.0.113.9", 30_002)), Datagrams(("203.0.113.9", 0))
    for protocol in (stun, trunk):
        await loop.create_datagram_endpoint(lambda p=protocol: p, local_addr=("127.0.0.1", 0))  # type: ignore[misc]
    port = trunk.transport.get_extra_info("sockname")[1]
    engine = make_engine(stun=f"127.0.0.1:{stun.transport.get_extra_info('sockname')[1]}")
    line = await engine.dial(Target("x", f"127.0.0.1:{port}"), longest=60)
    await asyncio.wait_for(trunk.news.wait(), 60)
    invite = trunk.came[0].decode()
    await line.hang_up()
    for protocol in (stun, trunk):
        protocol.transport.close()
    assert "c=IN IP4 203.0.113.9\r\n" in invite
    assert "m=audio 30002 " in invite
    assert ";rport" in invite


async def test_a_lost_network_ends_the_call(make_engine: Callable[..., Baresip]) -> None:
    """The phone stops dead; after the time that is set there is no more waiting."""
    engine = make_engine(media_timeout=1.5)
    async with phone() as other:
        line = await engine.dial(Target("phone", f"127.0.0.1:{other.port}"), longest=60)
        watch = Watch(line)
        await watch.until_sound(0.5)
        os.kill(other.pid, signal.SIGSTOP)
        try:
            end = await watch.end()
            assert (end.cause, end.details) == ("media_lost", "no audio has come for 1.5 seconds")
            await line.hang_up()
        finally:
            os.kill(other.pid, signal.SIGCONT)


async def test_nothing_is_left_of_a_call(engine: Baresip) -> None:
    before = children(), folders()
    async with phone() as other:
        now = children(), folders()
        lines = [await engine.dial(Target("phone", f"127.0.0.1:{other.port}"), longest=60) for _ in range(2)]
        assert len(children() - now[0]) == 2
        assert len(folders() - now[1]) == 2
        secret = next(iter(folders() - now[1]))
        assert secret.stat().st_mode & 0o077 == 0
        assert not (secret / "accounts").exists(), "it holds a password, and has been read"
        os.kill((children() - now[0]).pop(), signal.SIGKILL)  # one dies of itself
        for line in lines:
            await line.hang_up()
        assert (children(), folders()) == now
    await engine.close()
    assert (children(), folders()) == before


async def test_a_call_whose_process_dies_is_over(engine: Baresip) -> None:
    async with phone() as other:
        before = children()
        watch = Watch(await engine.dial(Target("phone", f"127.0.0.1:{other.port}"), longest=60))
        await watch.until_answered()
        os.kill((children() - before).pop(), signal.SIGKILL)
        assert (await watch.end()).cause == "failed"


def test_without_the_program_it_says_what_to_install() -> None:
    media = Media(("pcmu",), None, (20_000, 29_999))
    with pytest.raises(NotConfigured, match="apt-get install baresip-core"):
        Baresip(Options("no-such-program", media, caller="earful")).require()


async def test_what_a_killed_server_left_is_removed(make_engine: Callable[..., Baresip]) -> None:
    root = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path("/tmp")
    left = root / "earful-calls-left-behind"
    left.mkdir()
    (left / "lock").touch()
    old = time.time() - 3600
    os.utime(left, (old, old))
    try:
        engine = make_engine()
        watch = Watch(await engine.dial(Target("x", "127.0.0.1:9", "tcp"), longest=60))
        await watch.end()
        assert not left.exists()
    finally:
        shutil.rmtree(left, ignore_errors=True)
