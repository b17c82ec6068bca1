"""What carries requests and sockets: the interface, and the real network behind it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Protocol

import httpx
import websockets.asyncio.client
import websockets.sync.client
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from symbl._errors import ApiException, ConnectionFailed, HandshakeRefused
from symbl._settings import is_loopback

__all__ = ["AsyncSocket", "NetworkTransport", "Socket", "SocketClosed", "Transport"]

Frame = str | bytes
PING_SECONDS = 20.0
PONG_SECONDS = 60.0
"""A busy server may answer a keep-alive late; cutting a live call is worse than noticing a dead peer late."""


class SocketClosed(Exception):
    """The socket is closed; `code` is 1006 when there was no close frame."""

    def __init__(self, code: int = 1006, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(code, reason)


class Socket(Protocol):
    """A WebSocket for one thread that reads and any that send."""

    def send(self, frame: Frame) -> None:
        """Send one message; `SocketClosed` when it cannot."""

    def recv(self, timeout: float | None) -> Frame:
        """The next message; `TimeoutError` after `timeout` seconds, `SocketClosed` at the end."""

    def close(self) -> None:
        """Close with 1000; harmless when closed."""


class AsyncSocket(Protocol):
    """The same for asyncio."""

    async def send(self, frame: Frame) -> None:
        """Send one message; `SocketClosed` when it cannot."""

    async def recv(self) -> Frame:
        """The next message; `SocketClosed` at the end."""

    async def close(self) -> None:
        """Close with 1000; harmless when closed."""


class Transport(Protocol):
    """Where requests and sockets go: the network, or a `MockTransport` in tests."""

    def http(self, verify: bool | ssl.SSLContext, seconds: float) -> httpx.Client:
        """A client for requests."""

    def async_http(self, verify: bool | ssl.SSLContext, seconds: float) -> httpx.AsyncClient:
        """A client for requests in asyncio."""

    def connect(
        self, url: str, headers: Mapping[str, str], verify: bool | ssl.SSLContext, seconds: float
    ) -> Socket:
        """Open a WebSocket; `HandshakeRefused` or `ConnectionFailed` when that fails."""

    async def connect_async(
        self, url: str, headers: Mapping[str, str], verify: bool | ssl.SSLContext, seconds: float
    ) -> AsyncSocket:
        """The same in asyncio."""


class NetworkTransport:
    """The real network: httpx and websockets. Proxies are those of the environment, never for this
    machine.
    """

    def http(self, verify: bool | ssl.SSLContext, seconds: float) -> httpx.Client:
        """A client for requests."""
        return httpx.Client(verify=verify, timeout=seconds, mounts=_no_proxy(httpx.HTTPTransport, verify))

    def async_http(self, verify: bool | ssl.SSLContext, seconds: float) -> httpx.AsyncClient:
        """A client for requests in asyncio."""
        return httpx.AsyncClient(
            verify=verify, timeout=seconds, mounts=_no_proxy(httpx.AsyncHTTPTransport, verify)
        )

    def connect(
        self, url: str, headers: Mapping[str, str], verify: bool | ssl.SSLContext, seconds: float
    ) -> Socket:
        """Open a WebSocket.

        Raises:
            HandshakeRefused: the server answered with an HTTP error.
            ConnectionFailed: there was no answer that makes sense.
        """
        try:
            return _SyncSocket(websockets.sync.client.connect(url, **_options(url, headers, verify, seconds)))
        except (OSError, InvalidHandshake) as error:
            raise _failure(url, error) from error

    async def connect_async(
        self, url: str, headers: Mapping[str, str], verify: bool | ssl.SSLContext, seconds: float
    ) -> AsyncSocket:
        """The same in asyncio."""
        try:
            return _AsyncSocket(
                await websockets.asyncio.client.connect(url, **_options(url, headers, verify, seconds))
            )
        except (OSError, InvalidHandshake) as error:
            raise _failure(url, error) from error


def _no_proxy(transport: Any, verify: bool | ssl.SSLContext) -> dict[str, Any]:
    return {f"all://{host}": transport(verify=verify) for host in ("127.0.0.1", "localhost", "[::1]")}


def _options(
    url: str, headers: Mapping[str, str], verify: bool | ssl.SSLContext, seconds: float
) -> dict[str, Any]:
    options: dict[str, Any] = {
        "additional_headers": dict(headers),
        "open_timeout": seconds,
        "close_timeout": 5,
        "max_size": None,
        "ping_interval": PING_SECONDS,
        "ping_timeout": PONG_SECONDS,
    }
    if is_loopback(url):
        options["proxy"] = None
    if url.startswith("wss:") and verify is not True:
        options["ssl"] = verify or _trust_anything()
    return options


def _trust_anything() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _failure(url: str, error: Exception) -> ApiException | ConnectionFailed:
    address = url.partition("?")[0]
    if isinstance(error, InvalidStatus):
        answer = error.response
        return HandshakeRefused(
            answer.status_code,
            answer.reason_phrase,
            bytes(answer.body or b"").decode(errors="replace"),
            dict(answer.headers.raw_items()),
            f"GET {address}",
        )
    return ConnectionFailed(f"cannot open {address}: {error or type(error).__name__}")


def _closed(error: ConnectionClosed) -> SocketClosed:
    close = error.rcvd or error.sent
    return SocketClosed(close.code, close.reason) if error.rcvd and close else SocketClosed()


class _SyncSocket:
    """`Socket` over the websockets package's threads."""

    def __init__(self, opening: AbstractContextManager[websockets.sync.client.ClientConnection]) -> None:
        self._open = ExitStack()
        self._connection = self._open.enter_context(opening)

    def send(self, frame: Frame) -> None:
        try:
            self._connection.send(frame)
        except ConnectionClosed as error:
            raise _closed(error) from error

    def recv(self, timeout: float | None) -> Frame:
        try:
            return self._connection.recv(timeout)
        except ConnectionClosed as error:
            raise _closed(error) from error

    def close(self) -> None:
        self._open.close()


class _AsyncSocket:
    """`AsyncSocket` over the websockets package's asyncio connection."""

    def __init__(self, connection: websockets.asyncio.client.ClientConnection) -> None:
        self._connection = connection

    async def send(self, frame: Frame) -> None:
        try:
            await self._connection.send(frame)
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def recv(self) -> Frame:
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def close(self) -> None:
        await self._connection.close()
