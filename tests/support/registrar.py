"""A SIP registrar for tests, in a thread of its own: it asks for a password, and keeps who registered."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from dataclasses import dataclass, field

__all__ = ["ScriptedRegistrar"]

_USER, _PASSWORD, _REALM, _NONCE = "earful", "s3cret/y", "test", "5f0c"


@dataclass
class ScriptedRegistrar:
    """Takes `earful` with the password `s3cret/y`, over UDP.

    `seen_as` is where it says that requests come from, as it would see behind address translation.
    `drop` requests are not answered; `shortest` is the shortest time it grants; `port` 0 is any.
    """

    algorithm: str = "MD5"
    seen_as: tuple[str, int] | None = None
    drop: int = 0
    shortest: int = 0
    grants: int | None = None
    user: str = _USER
    password: str = _PASSWORD
    requests: list[str] = field(default_factory=list)
    contacts: list[str] = field(default_factory=list)
    pings: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> ScriptedRegistrar:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"end", ("127.0.0.1", self.port))
        self._thread.join(10)
        self._socket.close()

    def wait_for(self, count: int, timeout: float = 60) -> list[str]:
        """Return the addresses that were registered, once there were that many."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.contacts) >= count, timeout), self.requests
            return list(self.contacts)

    def _run(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(65_536)
            if data == b"end":
                return
            if not data.strip():
                self.pings += 1
                continue
            with self._news:
                answer = self._answer(data.decode(), peer)
                self._news.notify_all()
            if answer:
                self._socket.sendto(answer.encode(), peer)

    def _answer(self, request: str, peer: tuple[str, int]) -> str | None:
        self.requests.append(request)
        if len(self.requests) <= self.drop:
            return None
        expires = int(_header(request, "Expires"))
        if not self._signed_in(request):
            ask = f'Digest realm="{_REALM}", nonce="{_NONCE}", algorithm={self.algorithm}, qop="auth"'
            return self._reply(request, peer, "401 Unauthorized", f"WWW-Authenticate: {ask}")
        if 0 < expires < self.shortest:
            return self._reply(request, peer, "423 Interval Too Brief", f"Min-Expires: {self.shortest}")
        first = _header(request, "Contact").split(",")[0].partition(";expires")[0].strip()
        self.contacts = [*self.contacts, first.strip("<>")] if expires else []
        granted = f"Contact: {first};expires={self.grants or expires}"
        return self._reply(request, peer, "200 OK", *([granted] if expires else []))

    def _signed_in(self, request: str) -> bool:
        """Check a sign-in by what RFC 7616 says, not by the code that is tested."""
        given = dict(re.findall(r'(\w+)="?([^",\s]+)"?', _header(request, "Authorization") or ""))
        if not given:
            return False
        kind = {"MD5": "md5", "SHA-256": "sha256"}[self.algorithm]

        def digest(text: str) -> str:
            return hashlib.new(kind, text.encode()).hexdigest()

        secret = digest(f"{self.user}:{_REALM}:{self.password}")
        wanted = (
            f"{secret}:{_NONCE}:{given['nc']}:{given['cnonce']}:auth:{digest('REGISTER:' + given['uri'])}"
        )
        return given["response"] == digest(wanted)

    def _reply(self, request: str, peer: tuple[str, int], status: str, *headers: str) -> str:
        host, port = self.seen_as or peer
        lines = [f"SIP/2.0 {status}"]
        for line in request.split("\r\n")[1:]:
            name = line.partition(":")[0].lower()
            if name == "via":
                lines.append(line.replace(";rport", f";rport={port};received={host}"))
            elif name in ("from", "to", "call-id", "cseq"):
                lines.append(line)
        return "\r\n".join([*lines, *headers, "Content-Length: 0", "", ""])


def _header(request: str, name: str) -> str:
    found = re.search(rf"^{name}: *(.*?)\r$", request, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""
