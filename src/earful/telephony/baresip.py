"""Calls by baresip, one child process for each.

The child dies with this process, whatever kills it: a guard then tells it to hang up. It holds its
recordings and its account in a folder of its own, in memory where the machine has a file system there.
Its control socket takes a port that the kernel picks, and is found by looking at what the child has open,
so that no other program can be mistaken for it.
"""

import asyncio
import contextlib
import fcntl
import os
import re
import shutil
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import structlog

from earful.audio.types import SAMPLE_RATE
from earful.telephony.causes import cause_of
from earful.telephony.configuration import (
    CONTROL_HOST,
    Media,
    account_for_answering,
    account_for_dialling,
    configuration,
)
from earful.telephony.control import Answer, ControlReader, Event, ProtocolError, command
from earful.telephony.engine import (
    Answered,
    Audio,
    Encryption,
    EngineFailed,
    Hung,
    Line,
    LineEvent,
    NotConfigured,
    Ringing,
    Target,
)
from earful.telephony.guard import Guard, note
from earful.telephony.listeners import listening
from earful.telephony.tape import Tape

__all__ = ["Baresip", "Options"]

log = structlog.get_logger(__name__)

_READY_S = 30.0
_POLL_S = 0.04
_GAP_S = 0.2
_SILENCE_S = 60
_REARM_S = 45.0
_KEY_S, _PAUSE_S = 0.3, 0.5
_BYE_S, _QUIT_S = 1.5, 1.0
_DIRECTION = re.compile(r"audio dir=(\w+)")
_CODEC = re.compile(r"decode: (\S+)")
_MODULES = (
    "/usr/lib/baresip/modules",
    "/usr/lib/*/baresip/modules",
    "/usr/local/lib/baresip/modules",
    "/usr/local/lib/*/baresip/modules",
)
_PREFIX = "earful-calls-"


class Options:
    """What all children of one engine have in common."""

    def __init__(
        self,
        program: str,
        media: Media,
        *,
        caller: str,
        address: str | None = None,
        ca_file: Path | None = None,
        media_timeout: float = 60.0,
    ) -> None:
        self.program = program
        self.media = media
        self.caller = caller
        self.address = address
        self.ca_file = ca_file
        self.media_timeout = media_timeout


class Baresip:
    """An `Engine`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._base: Path | None = None
        self._lock: int | None = None
        self._guard: Guard | None = None
        self._lines: set[_Line] = set()

    def require(self) -> None:
        """Raise `NotConfigured` when this machine cannot make calls."""
        if shutil.which(self._options.program) is None:
            raise NotConfigured(
                f"telephony is not configured: the program {self._options.program!r} is not on this machine; "
                "install it (Debian: apt-get install baresip-core)"
            )
        if shutil.which("setpriv") is None:
            raise NotConfigured(
                "telephony is not configured: the program 'setpriv' is not on this machine; "
                "install it (Debian: apt-get install util-linux)"
            )
        if self._modules() is None:
            raise NotConfigured(
                "telephony is not configured: baresip's modules are not in any of the usual folders; "
                "install them (Debian: apt-get install baresip-core)"
            )

    async def dial(self, target: Target, *, longest: float) -> "_Line":
        """Call someone."""
        media = self._options.media
        account = account_for_dialling(target, media, self._options.caller)
        line = await self._start(account, media, longest, address=self._options.address, listen=None)
        try:
            answer = await line.command("dial", target.uri)
            if not answer.ok:
                line.fail(answer.data)
        except BaseException:
            await line.hang_up()
            raise
        return line

    async def await_call(
        self, *, address: str, longest: float, encryption: Encryption | None = None
    ) -> "_Waiting":
        """Make ready for one incoming call."""
        user = f"line{os.urandom(8).hex()}"
        media = replace(self._options.media, encryption=encryption)
        account = account_for_answering(user, media)
        line = await self._start(account, media, longest, address=address, listen="127.0.0.1:0")
        ports = [
            found.port for found in listening(line.pid) if (found.kind, found.host) == ("udp", "127.0.0.1")
        ]
        if not ports:
            await line.hang_up()
            raise EngineFailed("baresip does not listen for SIP")
        return _Waiting(user, ports[0], line)

    async def close(self) -> None:
        """End every call and leave nothing behind. Idempotent."""
        await asyncio.gather(*(line.hang_up() for line in list(self._lines)))
        base, self._base = self._base, None
        if base is not None and self._lock is not None:
            shutil.rmtree(base, ignore_errors=True)
            os.close(self._lock)
            self._lock = None
        guard, self._guard = self._guard, None
        if guard is not None:
            await asyncio.to_thread(guard.close)

    async def _start(
        self, account: str, media: Media, longest: float, *, address: str | None, listen: str | None
    ) -> "_Line":
        self.require()
        base = self._prepared()
        if self._guard is not None and not self._guard.alive:
            self._guard.close()
            self._guard = None
        self._guard = self._guard or Guard(base)
        modules = self._modules()
        assert modules is not None, "require() has looked"
        folder = Path(tempfile.mkdtemp(prefix="call-", dir=base))
        text = configuration(
            folder,
            modules,
            base / "silence.wav",
            media,
            address=address,
            listen=listen,
            ca_file=self._options.ca_file,
        )
        (folder / "config").write_text(text)
        _write_private(folder / "accounts", account)
        (folder / "contacts").touch()
        line = _Line(folder, base / "silence.wav", self._options.media_timeout, self._lines.discard)
        self._lines.add(line)
        try:
            await line.start(self._options.program, longest)
        except BaseException:
            await line.hang_up()
            raise
        # It has been read.
        (folder / "accounts").unlink(missing_ok=True)
        return line

    def _modules(self) -> Path | None:
        program = shutil.which(self._options.program)
        beside = [] if program is None else [str(Path(program).resolve().parents[1] / "lib/baresip/modules")]
        for pattern in (*beside, *_MODULES):
            for found in sorted(Path("/").glob(pattern.lstrip("/"))):
                if (found / "ctrl_tcp.so").exists():
                    return found
        return None

    def _prepared(self) -> Path:
        """Return the folder of this server's calls, and remove what servers left that were killed."""
        if self._base is not None:
            return self._base
        memory = Path("/dev/shm")  # noqa: S108 (mkdtemp makes a folder of our own in it)
        root = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
        _sweep(root)
        base = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
        self._lock = os.open(base / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with wave.open(str(base / "silence.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(2 * 8000 * _SILENCE_S))
        self._base = base
        return base


class _Waiting:
    def __init__(self, user: str, sip_port: int, line: "_Line") -> None:
        self.user = user
        self.sip_port = sip_port
        self.line: Line = line


class _Line:
    """One child, and the call in it."""

    def __init__(
        self, folder: Path, silence: Path, media_timeout: float, on_closed: Callable[["_Line"], None]
    ) -> None:
        self._folder = folder
        self._silence = silence
        self._media_timeout = media_timeout
        self._on_closed = on_closed
        self._tape = Tape(folder)
        self._events: asyncio.Queue[LineEvent] = asyncio.Queue()
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._said: list[str] = []
        self._ready = asyncio.Event()
        self._hung = asyncio.Event()
        self._answered = False
        self._receiving = True
        self._hanging_up: asyncio.Task[None] | None = None
        self._codec: str | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the child has been started"
        return self._process.pid

    @property
    def codec(self) -> str | None:
        """What the audio came as."""
        return self._codec

    async def events(self) -> AsyncIterator[LineEvent]:
        """Yield what happens; the last one is `Hung`."""
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Hung):
                return

    async def press(self, keys: str) -> None:
        """Send keys, one after the other."""
        for key in keys:
            if key in ",w":
                await asyncio.sleep(_PAUSE_S)
            else:
                await self.command("sndcode", key)
                await asyncio.sleep(_KEY_S)

    async def hang_up(self) -> None:
        """End the call and the child."""
        if self._hanging_up is None:
            self._hanging_up = asyncio.create_task(self._end())
        await asyncio.shield(self._hanging_up)

    def fail(self, why: str) -> None:
        """Note that there is no call: it could not even be begun."""
        self._hang(cause_of(why, answered=False))

    # -- beginning and end ------------------------------------------------------------------------

    async def start(self, program: str, longest: float) -> None:
        """Start the child and connect to it. Raises `EngineFailed`."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self._folder)}
        # The names of the recordings are local times.
        environment |= {"TZ": "UTC", "LC_ALL": "C"}
        # Told to end, it hangs up first. A session of its own keeps Ctrl-C at our terminal from it.
        self._process = await asyncio.create_subprocess_exec(
            *("setpriv", "--no-new-privs", "--"),
            *(program, "-f", str(self._folder), "-t", str(int(longest) + 1)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            cwd=self._folder,
            start_new_session=True,
        )
        note(self._folder, self.pid)
        self._tasks = [asyncio.create_task(self._drain()), asyncio.create_task(self._block_sending_tape())]
        try:
            async with asyncio.timeout(_READY_S):
                reader, self._writer = await self._connect()
        except (TimeoutError, OSError):
            raise EngineFailed(f"baresip did not start: {' | '.join(self._said[-5:])}") from None
        self._tasks.append(asyncio.create_task(self._listen(reader)))
        self._tasks.append(asyncio.create_task(self._keep_sending()))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # Looking at what a process has open takes milliseconds: not before it says that it is ready.
        await self._ready.wait()
        for found in listening(self.pid):
            if (found.kind, found.host) == ("tcp", CONTROL_HOST):
                return await asyncio.open_connection(CONTROL_HOST, found.port)
        raise ConnectionError("there is no control socket")

    async def _end(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            await self._say_goodbye(process)
        self._hang(Hung("local_hangup"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
        self._tape.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._on_closed(self)

    async def _say_goodbye(self, process: asyncio.subprocess.Process) -> None:
        if self._writer is not None and not self._hung.is_set():
            with contextlib.suppress(EngineFailed, TimeoutError):
                async with asyncio.timeout(_BYE_S):
                    await self.command("hangup")
                    await self._hung.wait()
        for step in (self._quit, process.terminate, process.terminate, process.kill):
            with contextlib.suppress(ProcessLookupError):
                step()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_QUIT_S):
                    await process.wait()
                return

    def _quit(self) -> None:
        if self._writer is not None:
            self._writer.write(command("quit", "", "quit"))
        elif self._process is not None:
            self._process.terminate()

    def _hang(self, event: Hung) -> None:
        """Pass on the last audio, and that the line is down. Only the first time counts."""
        if self._hung.is_set():
            return
        self._hung.set()
        if self._answered:
            with contextlib.suppress(OSError):
                while (samples := self._tape.read()).size:
                    self._events.put_nowait(Audio(samples))
        self._events.put_nowait(event)

    # -- the control socket -----------------------------------------------------------------------

    async def command(self, name: str, params: str = "") -> Answer:
        """Have the child do something. Raises `EngineFailed` when it is gone."""
        if self._writer is None or self._writer.is_closing():
            raise EngineFailed("the call's process is gone")
        token = os.urandom(6).hex()
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[token] = answer
        try:
            self._writer.write(command(name, params, token))
            async with asyncio.timeout(_READY_S):
                return await answer
        except TimeoutError:
            raise EngineFailed("the call's process does not answer") from None
        finally:
            self._answers.pop(token, None)

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        reader = ControlReader()
        try:
            while data := await stream.read(65_536):
                for message in reader.feed(data):
                    if isinstance(message, Answer):
                        waiting = self._answers.get(message.token)
                        if waiting is not None and not waiting.done():
                            waiting.set_result(message)
                    else:
                        self._take(message)
        except (OSError, ProtocolError) as error:
            log.warning("a call's control socket failed", error=str(error))
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(EngineFailed("the call's process is gone"))
        self._hang(Hung("failed", None, "the call's process ended unexpectedly"))

    def _take(self, event: Event) -> None:
        match event.type:
            case "CALL_RINGING" | "CALL_PROGRESS":
                self._events.put_nowait(Ringing())
            case "CALL_ESTABLISHED" if not self._answered:
                self._answered = True
                self._events.put_nowait(Answered())
                self._tasks.append(asyncio.create_task(self._record()))
                self._tasks.append(asyncio.create_task(self._inspect()))
            case "CALL_REMOTE_SDP" if self._answered:
                self._tasks.append(asyncio.create_task(self._inspect()))
            case "CALL_CLOSED":
                self._hang(cause_of(event.param, answered=self._answered))
            case _:
                pass

    async def _inspect(self) -> None:
        """Find out how the audio flows now: a re-INVITE may hold or resume it."""
        # The event comes before the media is changed.
        await asyncio.sleep(0.05)
        with contextlib.suppress(EngineFailed):
            answer = await self.command("audio_debug")
            if found := _DIRECTION.search(answer.data):
                self._receiving = found[1] == "sendrecv"
            if found := _CODEC.search(answer.data):
                self._codec = found[1]

    # -- audio ------------------------------------------------------------------------------------

    async def _record(self) -> None:
        """Pass on what the other side says; where it sends nothing, silence as long as that lasts."""
        heard = filled = time.monotonic()
        while True:
            await asyncio.sleep(_POLL_S)
            samples = self._tape.read()
            now = time.monotonic()
            if samples.size:
                heard = filled = now
                self._events.put_nowait(Audio(samples))
            elif now - heard > _GAP_S:
                self._events.put_nowait(Audio(np.zeros(int((now - filled) * SAMPLE_RATE), np.float32)))
                filled = now
                if self._receiving and now - heard > self._media_timeout:
                    details = f"no audio has come for {self._media_timeout:g} seconds"
                    self._hang(Hung("media_lost", None, details))
                    return

    async def _block_sending_tape(self) -> None:
        """Keep baresip from recording what we send.

        Its versions before 2.0 lose the recording of what they receive at a re-INVITE (hold, resume)
        when there is one of what they send. A folder in place of that file keeps it from being made.
        """
        made: list[Path] = []
        while True:
            now = int(time.time())
            for moment in range(now - 1, now + 20):
                name = time.strftime("dump-%Y-%m-%d-%H-%M-%S-enc.wav", time.gmtime(moment))
                path = self._folder / name
                if not path.exists():
                    path.mkdir()
                    made.append(path)
            while len(made) > 40:
                made.pop(0).rmdir()
            await asyncio.sleep(5)

    async def _keep_sending(self) -> None:
        """Begin the silence that we send anew before it ends: baresip hangs up at its end."""
        while True:
            await asyncio.sleep(_REARM_S)
            with contextlib.suppress(EngineFailed):
                await self.command("ausrc", f"aufile,{self._silence}")

    async def _drain(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # a line too long to be of use
            async for line in self._process.stdout:
                self._said = [*self._said[-19:], line.decode(errors="replace").strip()]
                if b"baresip is ready" in line:
                    self._ready.set()
        self._ready.set()  # or it has ended


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)


def _sweep(root: Path) -> None:
    for folder in root.glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime < 60:
                continue  # it may be about to be locked
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            pass  # its server lives
        finally:
            os.close(lock)
