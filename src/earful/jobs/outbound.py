"""Connections to addresses that clients name, without becoming the clients' way into this network.

Addresses are checked where the connection is made, not where the name is read: the name is resolved
once, every address it resolves to is checked, and the connection goes to the checked address. So a
name that changes its answer between two look-ups (DNS rebinding), a redirect into the private network
or an odd spelling of 127.0.0.1 gains nothing.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

__all__ = ["GuardedBackend", "Refused", "checked_address", "is_public"]

_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address is on the public internet, also when IPv6 wraps an IPv4 one."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def checked_address(url: str) -> str:
    """Return `url` as it goes over the wire, in ASCII alone: `http://exämple.org/ü` is an address too.

    Raises `Refused` unless it is an http or https address without credentials in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        address = httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        raise Refused("that is not an address") from None
    if parts.scheme not in {"http", "https"} or not address.raw_host.strip(b"."):
        raise Refused("only http and https addresses are fetched")
    if address.userinfo or "@" in parts.netloc:
        raise Refused("addresses with a user name or password are not fetched")
    if port == 0:
        raise Refused("that is not an address")
    # What stands behind # is not sent.
    return str(address.copy_with(fragment=None))


class Refused(Exception):
    """The address is not one that this server will visit; the message says why."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
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
        raise Refused("only http and https addresses are fetched")

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
            raise Refused(f"{host} is in a private network; such addresses are not fetched")
        return addresses
