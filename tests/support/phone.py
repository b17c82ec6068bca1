"""The other side of calls in tests: a real SIP phone (baresip), scripted SIP (SIPp), a bad network."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from earful.telephony.control import Answer, ControlReader, Event, command
from earful.telephony.listeners import listening
from tests.support.telephone import read_speech, write_wav

__all__ = ["LossyNetwork", "Phone", "free_ports", "make_certificate", "phone", "require_phone", "sipp"]

_MODULES = Path("/usr/lib/baresip/modules")
_CONTROL = "127.83.73.99"


def require_phone() -> None:
    """Skip the test where the programs are missing that scripts/setup installs."""
    for program, package in (("baresip", "baresip-core"), ("sipp", "sip-tester")):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program} (apt-get install {package})")


def make_certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1: one file that holds its key too."""
    path = folder / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext"
    extra = ["subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(path)]
    subprocess.run([*command.split(), *extra], check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "key.pem").read_text())
    return path


def free_ports() -> int:
    """Return a port of 127.0.0.1 that is free for UDP and TCP, as is the next one."""
    while True:
        port = random.randrange(20_000, 30_000, 2)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                for offset in (0, 1):
                    one = stack.enter_context(socket.socket(socket.AF_INET, kind))
                    one.bind(("127.0.0.1", port + offset))
            return port


@dataclass
class Phone:
    """A phone that answers by itself and plays a recording."""

    port: int
    events: list[Event] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    pid: int = 0
    _writer: asyncio.StreamWriter | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: dict[str, Answer] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Its SIP address."""
        return f"sip:phone@127.0.0.1:{self.port}"

    @property
    def keys(self) -> str:
        """The keys that the other side has pressed."""
        return "".join(event.param for event in self.events if event.type == "CALL_DTMF_START")

    async def do(self, name: str, params: str = "") -> None:
        """Have it do something, and wait until it has been told."""
        assert self._writer is not None
        token = f"{name}{len(self._answers)}"
        self._writer.write(command(name, params, token))
        await self.until(lambda: token in self._answers)
        assert self._answers[token].ok, f"{name} {params}: {self._answers[token].data}"

    async def until(self, condition: Callable[[], bool], timeout: float = 120) -> None:
        """Wait until something holds for what has happened."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def until_event(self, kind: str, count: int = 1) -> Event:
        """Wait for an event, and return it."""
        await self.until(lambda: sum(event.type == kind for event in self.events) >= count)
        return [event for event in self.events if event.type == kind][count - 1]

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer, cutter = writer, ControlReader()
        while data := await reader.read(65_536):
            for message in cutter.feed(data):
                if isinstance(message, Answer):
                    self._answers[message.token] = message
                else:
                    self.events.append(message)
                self._news.set()


@cache
def _reading() -> bytes:
    return read_speech(8000, 30.0)


@contextlib.asynccontextmanager
async def phone(
    *,
    speech: Path | None = None,
    codecs: str = "pcmu,pcma",
    answers: bool = True,
    certificate: Path | None = None,
    port: int | None = None,
    encryption: str | None = None,
    sign_in: tuple[str, str] | None = None,
    name: str = "phone",
) -> AsyncIterator[Phone]:
    """Have a phone until the end of the block; `speech` is a WAV file that it plays into its calls.

    At the end of the recording it hangs up. `name` is the user that it answers as; `sign_in` is a user name
    and password to answer challenges with.
    """
    folder = Path(tempfile.mkdtemp(prefix="phone-"))
    port = port or free_ports()
    # DTLS makes a key when it is loaded, which takes most of the time of a start.
    modules = ["g711", "opus", "aufile", "aubridge", "dtls_srtp" if encryption == "dtls_srtp" else "srtp"]
    # However slow the machine, no test comes to the end of it.
    speech = speech or write_wav(folder / "speech.wav", _reading() * 8, 8000)
    lines = [
        "poll_method epoll",
        "audio_player aubridge,none",
        f"audio_source aufile,{speech}",
        "audio_alert aubridge,alert",
        "ausrc_srate 8000",
        "auplay_srate 8000",
        "ausrc_channels 1",
        "auplay_channels 1",
        "statmode_default off",
        f"sip_listen 127.0.0.1:{port}",
        "net_interface 127.0.0.1",
        f"ctrl_tcp_listen {_CONTROL}:0",
        f"module_path {_MODULES}",
        *(f"module {name}.so" for name in modules),
        *(f"module_app {name}.so" for name in ("account", "menu", "ctrl_tcp")),
    ]
    if certificate is not None:
        lines.append(f"sip_certificate {certificate}")
    user, password = sign_in or ("phone", "none")
    account = f"<sip:{name}@127.0.0.1>;regint=0;auth_user={user};auth_pass={password};audio_codecs={codecs}"
    account += ";answermode=auto" if answers else ""
    account += f";mediaenc={encryption}" if encryption else ""
    (folder / "config").write_text("\n".join(lines) + "\n")
    (folder / "accounts").write_text(account + "\n")
    (folder / "contacts").touch()
    process = await asyncio.create_subprocess_exec(
        *("baresip", "-f", str(folder), "-t", "300"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
    )
    made = Phone(port, pid=process.pid)
    reader = None
    try:
        async with asyncio.timeout(60):
            while made._writer is None:
                assert process.returncode is None, "the phone did not start"
                for found in listening(process.pid):
                    if (found.kind, found.host) == ("tcp", _CONTROL):
                        streams = await asyncio.open_connection(_CONTROL, found.port)
                        made._writer = streams[1]
                        reader = asyncio.create_task(made.listen(*streams))
                await asyncio.sleep(0.02)
        yield made
    finally:
        if made._writer is not None:
            made._writer.close()
        if reader is not None:
            reader.cancel()
            await asyncio.wait([reader])
        for _ in range(2):  # asked twice, it does not wait for answers
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 2)
                break
        if process.returncode is None:
            process.kill()
            await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def sipp(scenario: str, port: int, *, seconds: int = 120) -> AsyncIterator[asyncio.subprocess.Process]:
    """Play one scripted call on a port; at the end of the block it must have gone as the script says."""
    folder = Path(tempfile.mkdtemp(prefix="sipp-"))
    script = folder / "scenario.xml"
    script.write_text(scenario)
    process = await asyncio.create_subprocess_exec(
        *("sipp", "-sf", str(script), "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin"),
        *("-timeout", str(seconds), "-timeout_error", "-trace_err"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
        env={"TERM": "dumb", "PATH": "/usr/bin:/bin"},
    )
    try:
        async with asyncio.timeout(60):
            while not any(found.port == port for found in _ports(process.pid)):
                assert process.returncode is None, "SIPp did not start"
                await asyncio.sleep(0.02)
        yield process
        status = await asyncio.wait_for(process.wait(), seconds + 10)
        errors = "".join(path.read_text(errors="replace") for path in folder.glob("*errors.log"))
        assert status == 0, f"SIPp is not content ({status}): {errors[-2000:]}"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _ports(pid: int) -> list[Any]:
    try:
        return list(listening(pid))
    except OSError:
        return []


class LossyNetwork:
    """Stands between this side and a phone, and loses a part of the packets of sound on their way here."""

    def __init__(self, phone_port: int, loss: float, seed: int = 5) -> None:
        self._phone = ("127.0.0.1", phone_port)
        self._random = random.Random(seed)
        self._loss = loss
        self._caller: tuple[str, int] | None = None
        self._sound_to: tuple[str, int] | None = None
        self._signalling: asyncio.DatagramTransport | None = None
        self._sound: asyncio.DatagramTransport | None = None
        self.port = 0
        self.passed = self.lost = 0

    async def __aenter__(self) -> LossyNetwork:
        loop = asyncio.get_running_loop()
        self._signalling, _ = await loop.create_datagram_endpoint(
            lambda: _Receiver(self._signal), local_addr=("127.0.0.1", 0)
        )
        self._sound, _ = await loop.create_datagram_endpoint(
            lambda: _Receiver(self._packet), local_addr=("127.0.0.1", 0)
        )
        self.port = self._signalling.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for transport in (self._signalling, self._sound):
            assert transport is not None
            transport.close()

    def _signal(self, data: bytes, source: tuple[str, int]) -> None:
        assert self._signalling is not None
        assert self._sound is not None
        if source != self._phone:
            self._caller = source
            # The phone must send its sound here: this says so in place of the caller.
            if found := re.search(rb"m=audio (\d+)", data):
                self._sound_to = ("127.0.0.1", int(found[1]))
                mine = self._sound.get_extra_info("sockname")[1]
                data = _with_sound_at(data, mine)
            self._signalling.sendto(data, self._phone)
        elif self._caller is not None:
            self._signalling.sendto(data, self._caller)

    def _packet(self, data: bytes, _source: tuple[str, int]) -> None:
        if self._random.random() < self._loss:
            self.lost += 1
        elif self._sound is not None and self._sound_to is not None:
            self.passed += 1
            self._sound.sendto(data, self._sound_to)


def _with_sound_at(message: bytes, port: int) -> bytes:
    head, _, body = message.partition(b"\r\n\r\n")
    body = re.sub(rb"m=audio \d+", b"m=audio %d" % port, body)
    head = re.sub(rb"(?i)(content-length: *)\d+", rb"\g<1>%d" % len(body), head)
    return head + b"\r\n\r\n" + body


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._receive(data, (addr[0], addr[1]))
