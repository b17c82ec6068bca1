"""Takes calls: a SIP proxy on one port, with a line of its own behind it for every call.

A telephone system (PBX) that may call is named by its address. Its INVITE starts a process that answers
that one call; SIP between the two goes through here, over UDP, TCP or TLS outside and UDP on the loopback
interface inside, so that one open port serves all calls. Audio goes to the process itself.

The proxy keeps to RFC 3261 §16 as a stateless one with Record-Route would, and knows calls by Call-ID.
It may be registered somewhere (`registrar.py`): then calls come in over the way that is held open for that.
"""

import asyncio
import contextlib
import hashlib
import secrets
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Literal

import structlog

from earful.accounts.service import Accounts
from earful.accounts.types import UnknownApplication
from earful.conversation.ids import new_uuid
from earful.conversation.types import Member
from earful.live.hub import HubClosing
from earful.live.options import SessionOptions
from earful.settings import Settings, SettingsError
from earful.speech.types import SpeechError
from earful.telephony.calls import CallPlan, Calls, TooManyCalls
from earful.telephony.digest import Gate
from earful.telephony.engine import TelephonyError, Transport, Trunk, Waiting
from earful.telephony.extensions import SHORTEST_S, Asked, take_away, wishes
from earful.telephony.registrar import Flow, Registrar
from earful.telephony.sip import (
    BadMessage,
    Message,
    Via,
    address_parts,
    answer,
    offered_encryption,
    read_message,
)
from earful.telephony.targets import BadTarget, parse_trunk

__all__ = ["Incoming", "Prepare"]

log = structlog.get_logger(__name__)

Prepare = Callable[[str, str], Awaitable[SessionOptions]]
"""Gives the options for a call that comes in: of the application's id, and the name to give it."""

_FORGET_S = 32.0
_MAX_MESSAGE = 65_536
_IDLE_S = 600.0
_ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS"
_REPEAT_S = 60.0
_CONNECT_S = 10.0


@dataclass(slots=True)
class _Dialog:
    """One call's SIP: the way to the caller, and the line behind."""

    flow: Flow
    asked: Asked = field(default_factory=Asked)
    waiting: Waiting | None = None
    held_back: list[Message] = field(default_factory=list)


class Incoming:
    """The door for calls. Closed unless the settings open it."""

    def __init__(self, settings: Settings, accounts: Accounts, calls: Calls, prepare: Prepare) -> None:
        self._settings = settings
        self._accounts = accounts
        self._calls = calls
        self._prepare = prepare
        self._sources = [ip_network(one, strict=False) for one in settings.sip_sources]
        self._account = _registrar(settings)
        self._gate = _gate(settings)
        self._registrar: Registrar | None = None
        self._dialogs: dict[str, _Dialog] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._readers: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._streams: set[asyncio.StreamWriter] = set()
        self._outside: asyncio.DatagramTransport | None = None
        self._inside: asyncio.DatagramTransport | None = None
        self._inside_port = 0
        self._key = secrets.token_hex(8)
        self._refused: dict[str, float] = {}
        self.ports: dict[str, int] = {}

    async def start(self) -> None:
        """Listen where the settings say. Raises `SettingsError`."""
        settings = self._settings
        if settings.sip_listen is None and settings.sip_tls_listen is None and self._account is None:
            return
        if not self._sources and self._account is None and self._gate is None:
            raise SettingsError(
                "EARFUL_SIP_LISTEN: needs EARFUL_SIP_SOURCES or EARFUL_SIP_PASSWORD: whose calls are taken?"
            )
        try:
            self._calls.engine.require()
        except TelephonyError as error:
            raise SettingsError(f"EARFUL_SIP_LISTEN: {error}") from None
        loop = asyncio.get_running_loop()
        self._inside, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._from_line), local_addr=("127.0.0.1", 0)
        )
        self._inside_port = self._inside.get_extra_info("sockname")[1]
        try:
            if settings.sip_listen is not None:
                await self._listen(*_host_and_port("EARFUL_SIP_LISTEN", settings.sip_listen))
            if settings.sip_tls_listen is not None:
                await self._listen_tls(*_host_and_port("EARFUL_SIP_TLS_LISTEN", settings.sip_tls_listen))
            if self._account is not None:
                await self._begin_to_register(self._account)
        except OSError as error:
            await self.stop()
            raise SettingsError(f"EARFUL_SIP_LISTEN: cannot listen there: {error.strerror}") from None
        log.info("taking calls", **self.ports, application=settings.sip_application)

    async def stop(self) -> None:
        """Take no more calls. Those that go on keep the way out, to say goodbye, until `close`."""
        for server in self._servers:
            server.close()
        if self._registrar is not None:
            await self._registrar.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Shut the last sockets. Idempotent."""
        await self.stop()
        for writer in tuple(self._streams):
            writer.close()
        for reader in tuple(self._readers):
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for transport in (self._outside, self._inside):
            if transport is not None:
                transport.close()

    async def _listen(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._serve_tcp, host, port)
        self._servers.append(server)
        port = server.sockets[0].getsockname()[1]
        self._outside, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._from_datagram), local_addr=(host, port)
        )
        self.ports["sip_port"] = port

    async def _begin_to_register(self, account: Trunk) -> None:
        if self._outside is None and account.transport == "udp":
            # Where calls come in is what is registered: any port will do.
            self._outside, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Datagrams(self._from_datagram),
                local_addr=("0.0.0.0", 0),  # noqa: S104 (only the registrar is let in)
            )
        seconds = self._settings.sip_registrar_expires
        self._registrar = Registrar(account, lambda: self._reach(account), seconds=seconds)
        self._registrar.start()

    async def _reach(self, account: Trunk) -> Flow:
        """Return a way to the registrar, or to the proxy before it. Raises `OSError`."""
        host, port = _place(account.proxy or account.host, account.transport)
        loop = asyncio.get_running_loop()
        if account.transport == "udp":
            assert self._outside is not None
            own = self._outside.get_extra_info("sockname")
            family = socket.AF_INET6 if ":" in own[0] else socket.AF_INET
            found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_DGRAM)
            peer = (str(found[0][4][0]), int(found[0][4][1]))
            return _UdpFlow(self._outside, peer, (_facing(peer), own[1]))
        context = None
        if account.transport == "tls":
            context = ssl.create_default_context(cafile=self._settings.sip_ca_file)
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await asyncio.open_connection(
                host, port, ssl=context, limit=_MAX_MESSAGE, server_hostname=host if context else None
            )
        flow = _StreamFlow(writer, "TLS" if context else "TCP")
        self._streams.add(writer)
        task = asyncio.create_task(self._read(reader, writer, flow, lambda: True, None))
        self._readers.add(task)
        task.add_done_callback(self._readers.discard)
        return flow

    async def _listen_tls(self, host: str, port: int) -> None:
        if self._settings.sip_tls_certificate is None:
            raise SettingsError("EARFUL_SIP_TLS_LISTEN: needs EARFUL_SIP_TLS_CERTIFICATE")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self._settings.sip_tls_certificate)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"EARFUL_SIP_TLS_CERTIFICATE: cannot be used: {error}") from None
        server = await asyncio.start_server(self._serve_tls, host, port, ssl=context)
        self._servers.append(server)
        self.ports["sip_tls_port"] = server.sockets[0].getsockname()[1]

    # -- from outside -----------------------------------------------------------------------------

    def _from_datagram(self, data: bytes, peer: tuple[str, int]) -> None:
        assert self._outside is not None
        port = self._outside.get_extra_info("sockname")[1]
        self._from_outside(data, self._udp_flow(peer, port))

    def _udp_flow(self, peer: tuple[str, int], port: int) -> Flow:
        assert self._outside is not None
        registrar = self._registrar
        seen_as = registrar.seen_as if registrar is not None and peer[0] == registrar.peer else None
        return _UdpFlow(self._outside, peer, (_facing(peer), port), seen_as)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, "TCP")

    async def _serve_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, "TLS")

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, transport: Literal["TCP", "TLS"]
    ) -> None:
        flow = _StreamFlow(writer, transport)
        self._streams.add(writer)
        await self._read(reader, writer, flow, lambda: self._may_call(flow.peer[0]), _IDLE_S)

    async def _read(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        flow: Flow,
        welcome: Callable[[], bool],
        idle_s: float | None,
    ) -> None:
        """Take what comes over a connection as long as it is welcome, and close it."""
        try:
            while welcome():
                async with asyncio.timeout(idle_s):
                    data = await _next_message(reader, writer if idle_s is not None else None)
                if data is None:
                    return
                self._from_outside(data, flow)
        except (OSError, TimeoutError, BadMessage, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._streams.discard(writer)
            writer.close()

    def _may_call(self, host: str) -> bool:
        address = ip_address(host.split("%")[0])
        inner = getattr(address, "ipv4_mapped", None) or address
        if any(inner in network for network in self._sources):
            return True
        if self._is_registrar(host) or (self._gate is not None and not self._sources):
            return True
        self._warn(host, "call refused: EARFUL_SIP_SOURCES does not have its source")
        return False

    def _is_registrar(self, host: str) -> bool:
        return self._registrar is not None and host == self._registrar.peer

    def _warn(self, host: str, what: str) -> None:
        """Log, but not so often that a stranger can fill the log."""
        now = time.monotonic()
        if now - self._refused.get(host, -_REPEAT_S) >= _REPEAT_S:
            if len(self._refused) > 1000:
                self._refused.clear()
            self._refused[host] = now
            log.warning(what, source=host)

    def _from_outside(self, data: bytes, flow: Flow) -> None:
        try:
            message = read_message(data)
            via = message.via
        except BadMessage:
            return
        dialog = self._dialogs.get(message.call_id)
        if message.method is None:
            if self._registrar is not None and self._registrar.take(message):
                return
            if dialog is not None and dialog.waiting is not None:
                message.pop_via()
                self._to_line(message, dialog.waiting)
            return
        if not self._may_call(flow.peer[0]):
            if message.method != "ACK":
                self._answer(message, flow, 403, "Forbidden")
            return
        if "rport" in via.parameters or via.host.strip("[]") != flow.peer[0]:
            via.parameters["received"] = flow.peer[0]
            if "rport" in via.parameters:
                via.parameters["rport"] = str(flow.peer[1])
            message.put_via(via)
        if dialog is not None:
            dialog.flow = flow
            self._forward_to_line(message, dialog)
        elif message.method == "INVITE" and ";tag=" not in (message.first("to") or ""):
            self._ask_for_password_or_welcome(message, flow)
        elif message.method == "OPTIONS":
            self._answer(message, flow, 200, "OK", ("allow", _ALLOW), ("accept", "application/sdp"))
        elif message.method in ("REGISTER", "SUBSCRIBE", "PUBLISH", "MESSAGE", "NOTIFY"):
            self._answer(message, flow, 405, "Method Not Allowed", ("allow", _ALLOW))
        elif message.method != "ACK":
            self._answer(message, flow, 481, "Call/Transaction Does Not Exist")

    def _answer(
        self, request: Message, flow: Flow, status: int, reason: str, *headers: tuple[str, str]
    ) -> None:
        self._reply(answer(request, status, reason, self._key, *headers), flow)

    def _reply(self, response: Message, flow: Flow) -> None:
        flow.send(bytes(response), response.via.back)

    # -- a new call -------------------------------------------------------------------------------

    def _ask_for_password_or_welcome(self, invite: Message, flow: Flow) -> None:
        now, gate = time.time(), self._gate
        if gate is not None and not self._is_registrar(flow.peer[0]):
            given = [value for name, value in invite.headers if name == "authorization"]
            if not gate.admits("INVITE", invite.call_id, given, now):
                if given:
                    self._warn(flow.peer[0], "call refused: its user name or password is wrong")
                asked = ("www-authenticate", gate.challenge(invite.call_id, now))
                self._answer(invite, flow, 401, "Unauthorized", asked)
                return
        offered = offered_encryption(invite.body)
        if self._settings.sip_media_encryption in ("srtp-mand", "dtls_srtp") and offered is None:
            self._warn(flow.peer[0], "call refused: its audio is not encrypted")
            self._answer(invite, flow, 488, "Not Acceptable Here")
            return
        if wishes(invite).too_short:
            self._answer(invite, flow, 422, "Session Interval Too Small", ("min-se", str(SHORTEST_S)))
            return
        self._welcome(invite, flow)

    def _welcome(self, invite: Message, flow: Flow) -> None:
        self._dialogs[invite.call_id] = dialog = _Dialog(flow)
        self._reply(answer(invite, 100, "Trying", self._key), flow)
        task = asyncio.create_task(self._receive(invite, dialog))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _receive(self, invite: Message, dialog: _Dialog) -> None:
        flow, waiting = dialog.flow, None
        try:
            application = await self._accounts.get(self._settings.sip_application)
            # Before there is a process for it: those that are being started are not counted yet.
            starting = sum(one.waiting is None for one in self._dialogs.values())
            if self._calls.full(application.id) or starting > self._calls.limits.per_application:
                raise TooManyCalls("the application has as many calls as it may")
            address = self._settings.sip_address or flow.local[0]
            longest = self._calls.limits.longest_s + self._calls.limits.ring_s
            waiting = await self._calls.engine.await_call(
                address=address, longest=longest, encryption=offered_encryption(invite.body)
            )
            plan = await self._plan(application.id, invite)
            call = await self._calls.take(application.id, plan, waiting.line)
        except (UnknownApplication, TelephonyError, SpeechError, HubClosing) as error:
            log.warning("call refused", source=flow.peer[0], why=str(error))
            await self._turn_away(invite, dialog, waiting, 503, "Service Unavailable")
            return
        except Exception:
            log.exception("a call could not be taken", source=flow.peer[0])
            await self._turn_away(invite, dialog, waiting, 500, "Server Internal Error")
            return
        except asyncio.CancelledError:
            await self._turn_away(invite, dialog, waiting, 503, "Service Unavailable")
            raise
        dialog.waiting = waiting
        held_back, dialog.held_back = dialog.held_back, []
        for message in (invite, *held_back):
            self._forward_to_line(message, dialog)
        await call.over.wait()
        self._forget_later(invite.call_id)

    async def _turn_away(
        self, invite: Message, dialog: _Dialog, waiting: Waiting | None, status: int, reason: str
    ) -> None:
        self._answer(invite, dialog.flow, status, reason, ("retry-after", "10"))
        self._dialogs.pop(invite.call_id, None)
        if waiting is not None:
            await waiting.line.hang_up()

    async def _plan(self, application_id: str, invite: Message) -> CallPlan:
        name, user, host = address_parts(invite.first("from") or "")
        called = address_parts(invite.first("to") or "")[1]
        caller = (name or user or "unknown")[:100]
        shown = f"sip:{user}@{host}"[:200] if user else f"sip:{host}"[:200]
        title = f"Call from {caller}" + (f" to {called[:100]}" if called else "")
        return CallPlan(
            options=await self._prepare(application_id, title),
            shown=shown,
            speaker=Member(id=new_uuid(), name=caller, user_id=shown),
        )

    # -- between the caller and the line ----------------------------------------------------------

    def _forward_to_line(self, request: Message, dialog: _Dialog) -> None:
        waiting = dialog.waiting
        if waiting is None:
            if request.method != "INVITE":  # an INVITE again is only impatience
                dialog.held_back.append(request)
            return
        if request.method == "INVITE":
            dialog.asked = wishes(request)
            take_away(request)
        flow = dialog.flow
        first = request.method in ("INVITE", "CANCEL") and ";tag=" not in (request.first("to") or "")
        branch = self._branch(request.via)
        if first:
            request.uri = f"sip:{waiting.user}@127.0.0.1:{waiting.sip_port}"
            request.replace("route", [])
        else:
            self._strip_routes(request)
        if first and request.method == "INVITE":
            host = f"[{flow.shown[0]}]" if ":" in flow.shown[0] else flow.shown[0]
            transport = "" if flow.transport == "UDP" else f";transport={flow.transport.lower()}"
            request.put_on_top(
                "record-route",
                f"<sip:{self._key}@127.0.0.1:{self._inside_port};lr>",
                f"<sip:{self._key}@{host}:{flow.shown[1]};lr{transport}>",
            )
        request.put_on_top("via", str(Via("UDP", "127.0.0.1", self._inside_port, {"branch": branch})))
        self._to_line(request, waiting)
        if request.method == "BYE":
            self._forget_later(request.call_id)

    def _from_line(self, data: bytes, peer: tuple[str, int]) -> None:
        try:
            message = read_message(data)
            via = message.via
            dialog = self._dialogs.get(message.call_id)
            if dialog is None or dialog.waiting is None or peer[1] != dialog.waiting.sip_port:
                return
            flow = dialog.flow
            if message.method is None:
                message.pop_via()
                if (message.first("cseq") or "").endswith("INVITE") and not dialog.asked.answered(message):
                    return
                flow.send(bytes(message), message.via.back)
                return
        except BadMessage:
            return
        self._strip_routes(message)
        own = Via(flow.transport, *flow.shown, {"branch": self._branch(via), "rport": None})
        message.put_on_top("via", str(own))
        flow.send(bytes(message))
        if message.method == "BYE":
            self._forget_later(message.call_id)

    def _to_line(self, message: Message, waiting: Waiting) -> None:
        if self._inside is not None and not self._inside.is_closing():
            self._inside.sendto(bytes(message), ("127.0.0.1", waiting.sip_port))

    def _strip_routes(self, message: Message) -> None:
        """Take away the route entries that are this proxy."""
        mark = f"<sip:{self._key}@"
        message.replace("route", [route for route in message.all("route") if mark not in route])

    def _branch(self, via: Via) -> str:
        # The same for a request and its repetition, its CANCEL, and the ACK of its refusal.
        text = f"{self._key}|{via.branch}|{via.host}|{via.port}"
        return "z9hG4bK" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]

    def _forget_later(self, call_id: str) -> None:
        asyncio.get_running_loop().call_later(_FORGET_S, self._dialogs.pop, call_id, None)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if len(data) > 4:  # less keeps a way through a firewall open
            self._receive(data, (str(addr[0]), int(addr[1])))


@dataclass(slots=True)
class _UdpFlow:
    socket: asyncio.DatagramTransport
    peer: tuple[str, int]
    local: tuple[str, int]
    seen_as: tuple[str, int] | None = None
    transport: Literal["UDP", "TCP", "TLS"] = "UDP"

    @property
    def shown(self) -> tuple[str, int]:
        return self.seen_as or self.local

    @property
    def closed(self) -> bool:
        return self.socket.is_closing()

    def send(self, data: bytes, to: tuple[str, int] | None = None) -> None:
        if not self.socket.is_closing():
            self.socket.sendto(data, to or self.peer)

    def close(self) -> None:
        """Nothing: the socket is everyone's."""


class _StreamFlow:
    def __init__(self, writer: asyncio.StreamWriter, transport: Literal["TCP", "TLS"]) -> None:
        self._writer = writer
        self.transport: Literal["UDP", "TCP", "TLS"] = transport
        peer, local = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
        self.peer: tuple[str, int] = (str(peer[0]), int(peer[1]))
        self.local: tuple[str, int] = (str(local[0]), int(local[1]))

    @property
    def shown(self) -> tuple[str, int]:
        return self.local

    @property
    def closed(self) -> bool:
        return self._writer.is_closing()

    def close(self) -> None:
        self._writer.close()

    def send(self, data: bytes, to: tuple[str, int] | None = None) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)


async def _next_message(reader: asyncio.StreamReader, writer: asyncio.StreamWriter | None) -> bytes | None:
    """Return the next message of a stream, None at its end. Keep-alives are answered on the writer.

    Raises `BadMessage` and what reading raises.
    """
    head = b""
    while True:
        line = await reader.readline()
        if not line:
            return None
        if not head and line == b"\r\n":
            if writer is not None:
                writer.write(b"\r\n")  # a keep-alive (RFC 5626)
            continue
        head += line
        if len(head) > _MAX_MESSAGE:
            raise BadMessage("the headers do not end")
        if line == b"\r\n":
            break
    length = _length(head)
    return head + await reader.readexactly(length)


def _length(head: bytes) -> int:
    """Return how long the body after these headers is. Raises `BadMessage`."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() in (b"content-length", b"l"):
            if not value.strip().isdigit() or int(value) > _MAX_MESSAGE:
                raise BadMessage("not a length")
            return int(value)
    return 0


def _facing(peer: tuple[str, int]) -> str:
    """Return the address of this machine that the peer sees."""
    family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(peer)
        return str(probe.getsockname()[0])
    return "127.0.0.1"


def _registrar(settings: Settings) -> Trunk | None:
    """Return where to register, if anywhere. Raises `SettingsError`."""
    if settings.sip_registrar is None:
        return None
    if settings.sip_registrar_user is None:
        raise SettingsError("EARFUL_SIP_REGISTRAR: needs EARFUL_SIP_REGISTRAR_USER")
    password = settings.sip_registrar_password
    secret = None if password is None else password.get_secret_value()
    try:
        return parse_trunk(
            settings.sip_registrar, settings.sip_registrar_user, secret, settings.sip_registrar_proxy
        )
    except BadTarget:
        raise SettingsError("EARFUL_SIP_REGISTRAR: must be HOST[:PORT][;transport=...]") from None


def _gate(settings: Settings) -> Gate | None:
    """Return what asks callers for a password, if that is set. Raises `SettingsError`."""
    if settings.sip_password is None:
        return None
    if settings.sip_user is None:
        raise SettingsError("EARFUL_SIP_PASSWORD: needs EARFUL_SIP_USER")
    return Gate(settings.sip_user, settings.sip_password.get_secret_value())


def _place(address: str, transport: Transport) -> tuple[str, int]:
    """Return host and port of `HOST[:PORT]`."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and not host.endswith(":"):
        return host.strip("[]"), int(port)
    return address.strip("[]"), 5061 if transport == "tls" else 5060


def _host_and_port(variable: str, text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:
        raise SettingsError(f"{variable}: must be HOST:PORT, such as 0.0.0.0:5060")
    return host.strip("[]"), int(port)
