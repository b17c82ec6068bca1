"""Which ports a process listens on, as Linux's /proc tells it."""

import contextlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal

__all__ = ["Listener", "listening"]

_LISTEN = "0A"


@dataclass(frozen=True, slots=True)
class Listener:
    """A TCP port that takes connections, or a UDP port."""

    kind: Literal["tcp", "udp"]
    host: str
    port: int


def listening(pid: int) -> list[Listener]:
    """Return the IPv4 ports of a process. Raises `OSError` when it is gone or another user's."""
    inodes = set()
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):  # closed in the meantime
            link = os.readlink(f"{folder}/{name}")
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
    return [*_of_kind(pid, "tcp", inodes), *_of_kind(pid, "udp", inodes)]


def _of_kind(pid: int, kind: Literal["tcp", "udp"], inodes: set[str]) -> Iterator[Listener]:
    with open(f"/proc/{pid}/net/{kind}") as table:
        for row in table.read().splitlines()[1:]:
            fields = row.split()
            if fields[9] in inodes and (kind == "udp" or fields[3] == _LISTEN):
                host, port = fields[1].split(":")
                # The kernel prints the address as a number of this machine's byte order.
                yield Listener(kind, str(IPv4Address(struct.pack("=I", int(host, 16)))), int(port, 16))
