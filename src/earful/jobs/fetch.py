"""Fetch a file that a client names by its address, without becoming the client's way into this network.

Addresses are checked where the connection is made, not where the name is read: the name is resolved
once, every address it resolves to is checked, and the connection goes to the checked address. So a
name that changes its answer between two look-ups (DNS rebinding), a redirect into the private network
or an odd spelling of 127.0.0.1 gains nothing.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import anyio
import httpcore

__all__ = ["FetchError", "FetchLimits", "FetchRefused", "FetchTooLarge", "fetch", "is_public"]

_REDIRECTS = {301, 302, 303, 307, 308}
_CHUNK_TIMEOUT_S = 30.0


class FetchError(Exception):
    """The file could not be fetched; the message says why, in words for the one who named the address.

    FetchError
    ├── FetchRefused     the address is not one that this server will visit
    └── FetchTooLarge    the file is larger than allowed
    """


class FetchRefused(FetchError):
    """The address is not one that this server will visit."""


class FetchTooLarge(FetchError):
    """The file is larger than allowed."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much one fetch may take: bytes, seconds in all, redirects, and whom it may visit."""

    max_bytes: int
    timeout_s: float = 600.0
    max_redirects: int = 5
    allow_private: bool = False


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address is on the public internet, also when IPv6 wraps an IPv4 one."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


_NAT64 = ip_network("64:ff9b::/96")


async def fetch(
    url: str,
    target: Path,
    limits: FetchLimits,
    progress: Callable[[int, int | None], None] | None = None,
) -> int:
    """Write what is at `url` (http or https) to `target`; return its size in bytes.

    `progress` is called with (bytes so far, bytes in all or None). Raises `FetchError`; then
    `target` holds whatever had arrived.
    """
    try:
        async with asyncio.timeout(limits.timeout_s):
            return await _fetch(url, target, limits, progress)
    except TimeoutError:
        raise FetchError(f"the address did not deliver within {limits.timeout_s:g} seconds") from None


async def _fetch(
    url: str, target: Path, limits: FetchLimits, progress: Callable[[int, int | None], None] | None
) -> int:
    backend = _GuardedBackend(limits.allow_private)
    async with httpcore.AsyncConnectionPool(network_backend=backend, max_connections=1) as pool:
        for _ in range(limits.max_redirects + 1):
            _check_scheme(url)
            try:
                async with pool.stream("GET", url, headers=_headers(url), extensions=_TIMEOUTS) as response:
                    if response.status not in _REDIRECTS:
                        return await _save(response, target, limits, progress)
                    location = _header(response, b"location")
            except _Refused as refused:
                raise FetchRefused(str(refused)) from None
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                raise FetchError(
                    f"the address could not be reached: {error or type(error).__name__}"
                ) from error
            except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
                raise FetchError(f"the address did not answer in HTTP: {error}") from error
            if location is None:
                raise FetchError("the address redirects without saying where to")
            url = urljoin(url, location)
    raise FetchError(f"the address redirects more than {limits.max_redirects} times")


async def _save(
    response: httpcore.Response,
    target: Path,
    limits: FetchLimits,
    progress: Callable[[int, int | None], None] | None,
) -> int:
    if response.status != 200:
        raise FetchError(f"the address answered with HTTP status {response.status}")
    length = _header(response, b"content-length")
    total = int(length) if length is not None and length.isdecimal() else None
    if total is not None and total > limits.max_bytes:
        raise FetchTooLarge(f"the file has {total} bytes; at most {limits.max_bytes} are accepted")
    done = 0
    async with await anyio.open_file(target, "wb") as out:
        async for chunk in response.aiter_stream():
            done += len(chunk)
            if done > limits.max_bytes:
                raise FetchTooLarge(f"the file has more than {limits.max_bytes} bytes")
            await out.write(chunk)
            if progress is not None:
                progress(done, total)
    if total is not None and done < total:
        raise FetchError(f"the file ended after {done} of {total} bytes")
    return done


def _check_scheme(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise FetchRefused("that is not an address") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise FetchRefused("only http and https addresses are fetched")
    if parts.username is not None or parts.password is not None:
        raise FetchRefused("addresses with a user name or password are not fetched")
    if port == 0:
        raise FetchRefused("that is not an address")


def _headers(url: str) -> list[tuple[str, str]]:
    # The bytes as they are: a compressed answer would defeat the limit on size.
    return [("Host", urlsplit(url).netloc), ("User-Agent", "earful"), ("Accept-Encoding", "identity")]


def _header(response: httpcore.Response, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), None)


_TIMEOUTS = {
    "timeout": {
        "connect": _CHUNK_TIMEOUT_S,
        "read": _CHUNK_TIMEOUT_S,
        "write": _CHUNK_TIMEOUT_S,
        "pool": _CHUNK_TIMEOUT_S,
    }
}


class _Refused(Exception):
    """Raised where the connection would be made; outside httpcore's own tree so that it passes through."""


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that were checked after the name was resolved."""

    def __init__(self, allow_private: bool) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        error: Exception | None = None
        for address in await self._resolve(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error or httpcore.ConnectError(f"{host} has no address")

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        raise _Refused("only http and https addresses are fetched")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    async def _resolve(self, host: str, port: int) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} could not be resolved") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        # One private address among public ones is refused too: which would be used is not ours to say.
        if not self._allow_private and not all(is_public(ip_address(a.split("%")[0])) for a in addresses):
            raise _Refused(f"{host} is in a private network; such addresses are not fetched")
        return addresses
