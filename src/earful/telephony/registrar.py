"""Keeps this server registered at a registrar (RFC 3261 §10), so that calls to its address there reach it.

The way to the registrar is held open by keep-alives, and calls come in over it: so it works from behind
address translation. Over UDP the address to register is the one that the registrar sees (RFC 3581).
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog

from earful.telephony.digest import Unanswerable, authorization
from earful.telephony.engine import Trunk
from earful.telephony.sip import Message

__all__ = ["Flow", "Registrar"]

log = structlog.get_logger(__name__)

_T1_S, _T2_S, _GIVE_UP_S = 0.5, 4.0, 32.0
_KEEP_ALIVE_S = 25.0
_RETRY_S = (5.0, 15.0, 60.0, 300.0)
_GOODBYE_S = 2.0


class Flow(Protocol):
    """A way to another SIP element, and this side's address on it."""

    peer: tuple[str, int]
    local: tuple[str, int]
    transport: Literal["UDP", "TCP", "TLS"]

    @property
    def shown(self) -> tuple[str, int]:
        """This side's address as the other sees it."""
        ...

    @property
    def closed(self) -> bool:
        """Whether nothing more goes this way."""
        ...

    def send(self, data: bytes, to: tuple[str, int] | None = None) -> None:
        """Send without waiting."""
        ...

    def close(self) -> None:
        """Let go of it, if it is used for nothing else."""
        ...


class _Refused(Exception):
    """The registrar does not want us, or does not answer; the message says why."""


@dataclass(frozen=True, slots=True)
class _Binding:
    """What is registered: this side's address, and for how many seconds."""

    contact: str
    seconds: int


class Registrar:
    """One registration. `connect` opens the way, over which `take` must be given the responses."""

    def __init__(self, account: Trunk, connect: Callable[[], Awaitable[Flow]], *, seconds: int) -> None:
        assert account.user is not None, "the settings have one"
        self._account = account
        self._user = account.user
        self._connect = connect
        self._seconds = seconds
        self._call_id = f"{os.urandom(12).hex()}@earful"
        self._tag = os.urandom(6).hex()
        self._number = 0
        self._responses: asyncio.Queue[Message] = asyncio.Queue()
        self._flow: Flow | None = None
        self._binding: _Binding | None = None
        self._peer: str | None = None
        self._seen_as: tuple[str, int] | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def peer(self) -> str | None:
        """The address of the registrar, once it has taken a registration."""
        return self._peer

    @property
    def seen_as(self) -> tuple[str, int] | None:
        """The address of this side that the registrar sees, where that is another than its own."""
        return self._seen_as

    def start(self) -> None:
        """Begin to register, and go on for ever."""
        self._task = asyncio.create_task(self._stay(), name="earful registration")

    async def stop(self) -> None:
        """Take the registration back. Idempotent."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        if self._binding is not None and self._flow is not None:
            with contextlib.suppress(_Refused, TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    await self._register(self._flow, 0)

    def take(self, response: Message) -> bool:
        """Take a response; return whether it was for this."""
        if response.call_id != self._call_id:
            return False
        self._responses.put_nowait(response)
        return True

    async def _stay(self) -> None:
        failures = 0
        while True:
            try:
                if self._flow is None or self._flow.closed:
                    self._flow = await self._connect()
                await self._register(self._flow, self._seconds)
                if failures or self._peer is None:
                    log.info("registered", registrar=self._account.host, user=self._user)
                self._peer, failures = self._flow.peer[0], 0
            except (_Refused, OSError, TimeoutError) as error:
                log.warning("not registered", registrar=self._account.host, user=self._user, why=str(error))
                if self._flow is not None:
                    self._flow.close()
                    self._flow = None
                await asyncio.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
                failures += 1
                continue
            assert self._binding is not None, "it has just been made"
            # Well before it runs out, and again at once when the connection is lost.
            left = max(self._binding.seconds - max(self._binding.seconds // 10, 5), 1.0)
            while left > 0 and not self._flow.closed:
                await asyncio.sleep(min(left, _KEEP_ALIVE_S))
                left -= _KEEP_ALIVE_S
                self._flow.send(b"\r\n\r\n", self._flow.peer)

    async def _register(self, flow: Flow, seconds: int) -> None:
        """Have the binding made or taken back. Raises `_Refused`."""
        header: tuple[str, str] | None = None
        for _ in range(6):
            response = await self._ask(flow, seconds, header)
            status = int(response.start.split()[1])
            if status in (401, 407):
                if header is not None and not _is_stale(response):
                    raise _Refused("the user name or password was refused")
                header = self._signed(response, status)
            elif status == 423:
                wished = response.first("min-expires") or ""
                if not wished.isdigit() or not seconds < int(wished) <= 86_400:
                    raise _Refused("the registrar wants another time, and does not say which")
                seconds = self._seconds = int(wished)
            elif 200 <= status < 300:
                if seconds == 0:
                    self._binding = None
                    return
                contact = self._contact(flow)
                self._binding = _Binding(contact, _granted(response, contact, seconds))
                if not self._learn(flow, response):
                    return
                header = None  # once more, under the address that it sees
            else:
                raise _Refused(f"the registrar says: {response.start.removeprefix('SIP/2.0 ')[:100]}")
        raise _Refused("the registrar does not come to an end")

    def _learn(self, flow: Flow, response: Message) -> bool:
        """Note the address that the registrar sees; return whether it is news."""
        if flow.transport != "UDP":
            return False
        via = response.via
        port = via.parameters.get("rport")
        host = via.parameters.get("received") or flow.local[0]
        seen = (host, int(port) if port and port.isdigit() else flow.local[1])
        if seen == (self._seen_as or flow.local):
            return False
        self._seen_as = seen
        return True

    async def _ask(self, flow: Flow, seconds: int, header: tuple[str, str] | None) -> Message:
        """Send a request until it is answered (RFC 3261 §17.1.2). Raises `_Refused`."""
        self._number += 1
        while not self._responses.empty():
            self._responses.get_nowait()
        request = bytes(self._request(flow, seconds, header))
        wait, waited = _T1_S, 0.0
        flow.send(request, flow.peer)
        while waited < _GIVE_UP_S:
            try:
                async with asyncio.timeout(wait if flow.transport == "UDP" else _GIVE_UP_S):
                    while True:
                        response = await self._responses.get()
                        number = (response.first("cseq") or "").split(" ")[0]
                        if number == str(self._number) and not response.start.startswith("SIP/2.0 1"):
                            return response
            except TimeoutError:
                waited += wait if flow.transport == "UDP" else _GIVE_UP_S
                if flow.closed:
                    break
                if flow.transport == "UDP" and waited < _GIVE_UP_S:
                    flow.send(request, flow.peer)
                wait = min(2 * wait, _T2_S)
        raise _Refused("the registrar does not answer")

    def _request(self, flow: Flow, seconds: int, header: tuple[str, str] | None) -> Message:
        host = _host(flow.local)
        address = f"<sip:{self._user}@{self._account.host}>"
        contact = self._contact(flow)
        contacts = [f"<{contact}>;expires={seconds}"]
        if self._binding is not None and self._binding.contact != contact:
            contacts.append(f"<{self._binding.contact}>;expires=0")
        branch = f"z9hG4bK{os.urandom(10).hex()}"
        return Message(
            f"REGISTER {self._uri} SIP/2.0",
            [
                ("via", f"SIP/2.0/{flow.transport} {host}:{flow.local[1]};branch={branch};rport"),
                ("max-forwards", "70"),
                ("from", f"{address};tag={self._tag}"),
                ("to", address),
                ("call-id", self._call_id),
                ("cseq", f"{self._number} REGISTER"),
                ("contact", ", ".join(contacts)),
                ("expires", str(seconds)),
                ("user-agent", "Earful"),
                *([] if header is None else [header]),
            ],
        )

    def _signed(self, response: Message, status: int) -> tuple[str, str]:
        asked, answer = (
            ("www-authenticate", "authorization")
            if status == 401
            else ("proxy-authenticate", "proxy-authorization")
        )
        # Its commas are its own: it is read as whole lines.
        challenges = [value for name, value in response.headers if name == asked]
        password = self._account.password or ""
        try:
            return answer, authorization(challenges, "REGISTER", self._uri, self._user, password)
        except (Unanswerable, ValueError) as error:
            raise _Refused(str(error)) from None

    @property
    def _uri(self) -> str:
        return f"sip:{self._account.host}"

    def _contact(self, flow: Flow) -> str:
        shown = self._seen_as or flow.local
        suffix = "" if flow.transport == "UDP" else f";transport={flow.transport.lower()}"
        return f"sip:{self._user}@{_host(shown)}:{shown[1]}{suffix}"


def _host(address: tuple[str, int]) -> str:
    return f"[{address[0]}]" if ":" in address[0] else address[0]


def _is_stale(response: Message) -> bool:
    """Whether a sign-in was refused only because its challenge is too old."""
    return any("authenticate" in name and "stale=true" in value.lower() for name, value in response.headers)


def _granted(response: Message, contact: str, asked: int) -> int:
    """Return for how many seconds the registrar keeps a binding."""
    for value in response.all("contact"):
        found = re.search(r";\s*expires\s*=\s*(\d+)", value, re.IGNORECASE)
        if contact in value and found:
            return int(found[1])
    plain = response.first("expires") or ""
    return int(plain) if plain.isdigit() else asked
