"""What carries messages: the network, or a stand-in for tests."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from bodhi._errors import BodhiErrors, ConnectionError, error_from_status, make_error

__all__ = ["Connection", "Disconnected", "MockTransport", "Transport", "WebSocketTransport"]


class Disconnected(Exception):
    """The connection is gone; `code` is the WebSocket close code (1006 when there was none)."""

    def __init__(self, code: int = 1006, reason: str = "") -> None:
        super().__init__(f"connection closed ({code}{': ' + reason if reason else ''})")
        self.code = code
        self.reason = reason


class Connection(Protocol):
    """An open WebSocket."""

    async def send(self, message: str | bytes) -> None:
        """Send a text or a binary message. Raises `Disconnected`."""
        ...

    async def receive(self) -> str | bytes:
        """Wait for a message. Raises `Disconnected`."""
        ...

    async def close(self) -> None:
        """Close; does nothing when closed already."""
        ...


class Transport(Protocol):
    """Opens connections."""

    async def connect(self, uri: str, headers: Mapping[str, str], timeout_s: float) -> Connection:
        """Open one. Raises a `BodhiError` that says why not."""
        ...


class WebSocketTransport:
    """The network. Certificates are checked; `verify` may be False or an `SSLContext` of one's own."""

    def __init__(self, verify: bool | ssl.SSLContext = True) -> None:
        self._verify = verify

    async def connect(self, uri: str, headers: Mapping[str, str], timeout_s: float) -> Connection:
        """Open a WebSocket; `timeout_s` in seconds."""
        try:
            opened = await connect(
                uri,
                additional_headers=dict(headers),
                open_timeout=timeout_s,
                close_timeout=5,
                max_size=None,
                compression=None,
                ssl=self._tls(uri),
                proxy=None if _is_loopback(uri) else True,
            )
        except InvalidStatus as error:
            body = bytes(error.response.body or b"").decode("utf-8", "replace")
            raise error_from_status(error.response.status_code, body) from error
        except InvalidURI as error:
            raise make_error(
                ConnectionError, f"not a WebSocket address: {uri}", BodhiErrors.BadRequest
            ) from error
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise make_error(
                ConnectionError, f"cannot connect to {uri}: {error or 'timed out'}", BodhiErrors.GatewayDown
            ) from error
        return _Socket(opened)

    def _tls(self, uri: str) -> ssl.SSLContext | None:
        if not uri.startswith("wss://"):
            return None
        if isinstance(self._verify, ssl.SSLContext):
            return self._verify
        context = ssl.create_default_context()
        if not self._verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class _Socket:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, message: str | bytes) -> None:
        try:
            await self._socket.send(message)
        except ConnectionClosed as error:
            raise _disconnected(error) from error

    async def receive(self) -> str | bytes:
        try:
            return await self._socket.recv()
        except ConnectionClosed as error:
            raise _disconnected(error) from error

    async def close(self) -> None:
        await self._socket.close()


def _disconnected(error: ConnectionClosed) -> Disconnected:
    return Disconnected(error.rcvd.code, error.rcvd.reason) if error.rcvd else Disconnected()


def _is_loopback(uri: str) -> bool:
    host = urlsplit(uri).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class MockTransport:
    """Stands in for the network in tests: `connections` makes what each `connect` gives, or raises.

    `opened` holds the address and headers of each connection asked for.
    """

    def __init__(self, connections: Callable[[], Connection]) -> None:
        self._connections = connections
        self.opened: list[tuple[str, dict[str, str]]] = []

    async def connect(self, uri: str, headers: Mapping[str, str], timeout_s: float) -> Connection:
        """Give the next connection."""
        self.opened.append((uri, dict(headers)))
        return self._connections()
