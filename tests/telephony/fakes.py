"""An engine that does what a test says, and SIP by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from earful.telephony.engine import EngineFailed, LineEvent, NotConfigured, Target

__all__ = ["MissingEngine", "ScriptedEngine", "ScriptedLine", "answers", "request"]


class ScriptedLine:
    """A line on which happens what a test says."""

    codec = "PCMU"

    def __init__(self) -> None:
        self.queue: asyncio.Queue[LineEvent] = asyncio.Queue()
        self.pressed = ""
        self.hung_up = False

    async def events(self) -> AsyncIterator[LineEvent]:
        while True:
            yield await self.queue.get()

    async def press(self, keys: str) -> None:
        self.pressed += keys

    async def hang_up(self) -> None:
        self.hung_up = True


class ScriptedEngine:
    """Makes scripted lines, or fails."""

    def __init__(self) -> None:
        self.lines: list[ScriptedLine] = []
        self.broken = False

    def require(self) -> None:
        pass

    async def dial(self, target: Target, *, longest: float) -> ScriptedLine:
        if self.broken:
            raise EngineFailed("baresip did not start: no memory")
        self.lines.append(ScriptedLine())
        return self.lines[-1]

    async def await_call(self, *, address: str, longest: float, encryption: str | None = None) -> Any:
        raise NotImplementedError

    async def close(self) -> None:
        pass


class MissingEngine(ScriptedEngine):
    """What a machine without baresip has."""

    def require(self) -> None:
        raise NotConfigured("apt-get install baresip-core")


def request(method: str, call_id: str = "one", *, extra: str = "") -> bytes:
    return (
        f"{method} sip:earful@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/TCP 127.0.0.1:5999;branch=z9hG4bK{call_id};rport\r\n"
        f"From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:earful@127.0.0.1>\r\nCall-ID: {call_id}\r\n"
        f"CSeq: 1 {method}\r\n{extra}Content-Length: 0\r\n\r\n"
    ).encode()


async def answers(reader: asyncio.StreamReader, count: int) -> list[str]:
    found = []
    async with asyncio.timeout(60):
        while len(found) < count:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            found.append(head.split("\r\n")[0])
    return found
