"""Digest authentication as SIP has it (RFC 3261 §22, RFC 8760): challenges and their answers. No I/O."""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterable
from urllib.request import parse_http_list, parse_keqv_list

__all__ = ["Gate", "Unanswerable", "authorization"]

_HASHES: dict[str, Callable[[bytes], "hashlib._Hash"]] = {
    "SHA-256": hashlib.sha256,
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False),
}

_FRESH_S = 60


class Unanswerable(Exception):
    """No challenge of a kind that is known here."""


def authorization(
    challenges: Iterable[str], method: str, uri: str, user: str, password: str, *, cnonce: str | None = None
) -> str:
    """Return the value of `Authorization` for the strongest of the challenges. Raises `Unanswerable`."""
    offered: dict[str, dict[str, str]] = {}
    for challenge in challenges:
        scheme, _, rest = challenge.strip().partition(" ")
        if scheme.lower() == "digest":
            fields = parse_keqv_list(parse_http_list(rest))
            offered.setdefault(fields.get("algorithm", "MD5").upper(), fields)
    for algorithm, hashed in _HASHES.items():
        if algorithm in offered:
            return _answer(offered[algorithm], algorithm, hashed, method, uri, user, password, cnonce)
    raise Unanswerable("the other side asks for a kind of sign-in that is not known here")


def _answer(
    challenge: dict[str, str],
    algorithm: str,
    hashed: Callable[[bytes], "hashlib._Hash"],
    method: str,
    uri: str,
    user: str,
    password: str,
    cnonce: str | None,
) -> str:
    realm, nonce = challenge.get("realm", ""), challenge.get("nonce", "")
    fields = [("username", user), ("realm", realm), ("nonce", nonce), ("uri", uri)]
    plain = [("algorithm", algorithm)]
    extra: tuple[str, ...] = ()
    if "auth" in [one.strip() for one in challenge.get("qop", "").lower().split(",")]:
        cnonce = cnonce or os.urandom(8).hex()
        extra = ("00000001", cnonce, "auth")
        fields.append(("cnonce", cnonce))
        plain += [("qop", "auth"), ("nc", "00000001")]
    response = _response(hashed, (user, realm, password), (nonce, *extra), (method, uri))
    fields.append(("response", response))
    if "opaque" in challenge:
        fields.append(("opaque", challenge["opaque"]))
    quoted = [f'{name}="{value}"' for name, value in fields]
    return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in plain)])


def _response(
    hashed: Callable[[bytes], "hashlib._Hash"],
    secret: tuple[str, ...],
    between: tuple[str, ...],
    request: tuple[str, ...],
) -> str:
    def digest(*parts: str) -> str:
        return hashed(":".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    return digest(digest(*secret), *between, digest(*request))


class Gate:
    """Lets in whoever knows one user's password. A challenge is good for one call, and for a minute."""

    def __init__(self, user: str, password: str, realm: str = "earful") -> None:
        self._user, self._password, self._realm = user, password, realm
        self._key = os.urandom(16)

    def challenge(self, call_id: str, now: float) -> str:
        """Return the value of `WWW-Authenticate`. `now` is in seconds."""
        # Many phones and PBXs give up when anything but MD5 is offered, even besides it.
        nonce = self._nonce(call_id, int(now))
        return f'Digest realm="{self._realm}", nonce="{nonce}", algorithm=MD5, qop="auth"'

    def admits(self, method: str, call_id: str, headers: Iterable[str], now: float) -> bool:
        """Whether one of the `Authorization` values answers a challenge made for that call."""
        return any(self._answers(value, method, call_id, now) for value in headers)

    def _answers(self, value: str, method: str, call_id: str, now: float) -> bool:
        scheme, _, rest = value.strip().partition(" ")
        try:
            given = parse_keqv_list(parse_http_list(rest))
        except ValueError:
            return False
        hashed = _HASHES.get(given.get("algorithm", "MD5").upper())
        nonce, made = given.get("nonce", ""), given.get("nonce", "").partition(".")[0]
        if scheme.lower() != "digest" or hashed is None or given.get("username") != self._user:
            return False
        if not made.isascii() or not made.isdigit() or not -5 <= now - int(made) <= _FRESH_S:
            return False
        if not hmac.compare_digest(nonce.encode(), self._nonce(call_id, int(made)).encode()):
            return False
        extra = (given.get("nc", ""), given.get("cnonce", ""), "auth") if given.get("qop") == "auth" else ()
        wanted = _response(
            hashed,
            (self._user, self._realm, self._password),
            (nonce, *extra),
            (method, given.get("uri", "")),
        )
        return hmac.compare_digest(wanted.encode(), given.get("response", "").encode())

    def _nonce(self, call_id: str, made: int) -> str:
        text = f"{made}|{call_id}".encode("utf-8", "surrogateescape")
        return f"{made}.{hmac.new(self._key, text, hashlib.sha256).hexdigest()[:32]}"
