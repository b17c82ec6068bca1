"""SIP messages as far as a proxy must read and change them (RFC 3261 §7, §16). No I/O."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from earful.telephony.engine import Encryption

__all__ = ["BadMessage", "Message", "Via", "address_parts", "answer", "offered_encryption", "read_message"]

_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "k": "supported",
    "x": "session-expires",
}
_REQUEST = re.compile(r"([A-Z]{1,20}) (\S{1,2000}) SIP/2\.0")
_RESPONSE = re.compile(r"SIP/2\.0 (\d{3}) ?(.*)")
_VIA = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*(\w+)\s+(\[[^\]]+\]|[^\s:;]+)(?:\s*:\s*(\d{1,5}))?\s*(.*)", re.IGNORECASE
)
_ADDRESS = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<\s*([^>]*)>|\s*([^;\s]+)')
_URI = re.compile(r"(?:sips?|tel):(?:([^@:;>]*)(?::[^@]*)?@)?([^;>?]*)", re.IGNORECASE)
_MAX_HEADERS = 200


class BadMessage(Exception):
    """This is not SIP, or not enough of it."""


@dataclass(slots=True)
class Via:
    """One hop that a message came over. Parameters without a value are None."""

    transport: str
    host: str
    port: int | None
    parameters: dict[str, str | None] = field(default_factory=dict)

    @property
    def branch(self) -> str:
        """What tells transactions apart."""
        return self.parameters.get("branch") or ""

    @property
    def back(self) -> tuple[str, int]:
        """Where an answer goes (RFC 3581)."""
        port = self.parameters.get("rport")
        host = self.parameters.get("received") or self.host
        return host.strip("[]"), int(port) if port and port.isdigit() else self.port or 5060

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        given = self.parameters.items()
        tail = "".join(f";{name}" if value is None else f";{name}={value}" for name, value in given)
        return f"SIP/2.0/{self.transport} {self.host}{port}{tail}"


@dataclass(slots=True)
class Message:
    """A request (`method` and `uri`) or a response (`status`)."""

    start: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    @property
    def method(self) -> str | None:
        """The method of a request, None for a response."""
        found = _REQUEST.fullmatch(self.start)
        return found[1] if found else None

    @property
    def uri(self) -> str:
        """The URI that a request is for."""
        found = _REQUEST.fullmatch(self.start)
        return found[2] if found else ""

    @uri.setter
    def uri(self, value: str) -> None:
        self.start = f"{self.method} {value} SIP/2.0"

    @property
    def call_id(self) -> str:
        """Which call it is about."""
        return self.first("call-id") or ""

    def first(self, name: str) -> str | None:
        """Return the first value of a header."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[str]:
        """Return every value of a header, also those that share a line."""
        for known, value in self.headers:
            if known == name:
                yield from _split(value)

    def put_on_top(self, name: str, *values: str) -> None:
        """Add values before all others of that header."""
        self.headers[:0] = [(name, value) for value in values]

    def replace(self, name: str, values: list[str]) -> None:
        """Have exactly these values of a header, where the first was."""
        places = [place for place, (known, _) in enumerate(self.headers) if known == name]
        at = places[0] if places else len(self.headers)
        kept = [entry for entry in self.headers if entry[0] != name]
        kept[at:at] = [(name, value) for value in values]
        self.headers = kept

    @property
    def via(self) -> Via:
        """The newest hop. Raises `BadMessage` when there is none."""
        value = self.first("via")
        found = _VIA.fullmatch(value.strip()) if value else None
        if found is None:
            raise BadMessage("no Via")
        parameters: dict[str, str | None] = {}
        for part in found[4].split(";"):
            name, equals, text = part.strip().partition("=")
            if name:
                parameters[name.lower()] = text if equals else None
        return Via(found[1].upper(), found[2], int(found[3]) if found[3] else None, parameters)

    def pop_via(self) -> None:
        """Take the newest hop away."""
        self.replace("via", list(self.all("via"))[1:])

    def put_via(self, via: Via) -> None:
        """Change the newest hop."""
        self.replace("via", [str(via), *list(self.all("via"))[1:]])

    def __bytes__(self) -> bytes:
        self.replace("content-length", [str(len(self.body))])
        lines = [self.start, *(f"{_title(name)}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


def read_message(data: bytes) -> Message:
    """Return the message that fills `data`. Raises `BadMessage`."""
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        raise BadMessage("no end of the headers")
    # A line that begins with a blank continues the one before.
    text = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "surrogateescape"))
    start, *lines = text.split("\r\n")
    if not _REQUEST.fullmatch(start) and not _RESPONSE.fullmatch(start):
        raise BadMessage("neither a request nor a response")
    if len(lines) > _MAX_HEADERS:
        raise BadMessage("too many headers")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadMessage("a header without a colon")
        name = name.strip().lower()
        headers.append((_COMPACT.get(name, name), value.strip()))
    message = Message(start, headers, body)
    length = message.first("content-length")
    if length is not None:
        if not length.isdigit() or int(length) > len(body):
            raise BadMessage("the body is cut off")
        message.body = body[: int(length)]
    return message


def answer(request: Message, status: int, reason: str, tag: str, *headers: tuple[str, str]) -> Message:
    """Return the response to a request (RFC 3261 §8.2.6), with further headers."""
    kept = [(name, value) for name, value in request.headers if name in ("via", "from", "call-id", "cseq")]
    to = request.first("to") or ""
    if ";tag=" not in to and status > 100:
        to += f";tag={tag}"
    return Message(f"SIP/2.0 {status} {reason}", [*kept, ("to", to), *headers])


def offered_encryption(sdp: bytes) -> Encryption | None:
    """Return how the audio that a session description offers is encrypted (RFC 4568, RFC 5763).

    `srtp` may be, `srtp-mand` and `dtls_srtp` must be.
    """
    text = sdp.decode("ascii", "replace")
    found = re.search(r"^m=audio \d+ (\S+)", text, re.MULTILINE)
    profile = found[1].upper() if found else ""
    keyed = re.search(r"^a=crypto:", text, re.MULTILINE) is not None
    if "SAVP" not in profile:
        return "srtp" if keyed else None
    return "srtp-mand" if keyed else "dtls_srtp"


def address_parts(value: str) -> tuple[str, str, str]:
    """Return display name, user and host of a From or To header or a URI; empty what it does not have."""
    found = _ADDRESS.match(value)
    name, uri = "", value
    if found is not None:
        name = (found[1] or found[2] or "").replace('\\"', '"').strip()
        uri = found[3] or found[4] or ""
    parts = _URI.match(uri)
    return name, (parts[1] or "") if parts else "", (parts[2] or "") if parts else ""


def _split(value: str) -> Iterator[str]:
    """Return the parts between commas that are neither quoted nor within angle brackets."""
    part, quoted, bracketed, escaped = "", False, False, False
    for char in value:
        if char == "," and not quoted and not bracketed:
            yield part.strip()
            part = ""
            continue
        part += char
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = quoted
        elif char == '"':
            quoted = not quoted
        elif char in "<>" and not quoted:
            bracketed = char == "<"
    if part.strip():
        yield part.strip()


def _title(name: str) -> str:
    special = {"call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate"}
    return special.get(name, name.title())
