"""Every error this package raises on its own, in one tree.

SymblError
├── ApiException            the server answered a request with a status outside 2xx
│   └── HandshakeRefused    … to the WebSocket upgrade
├── CredentialsError        no usable credentials were found (also a ValueError)
├── ConnectionFailed        the server could not be reached (also a ConnectionError)
├── ConnectionLost          the socket closed while it was needed (also a ConnectionError)
├── StreamRejected          the server sent an error message on the stream
├── StreamTimeout           the server did not finish in time (also a TimeoutError)
├── ResponseError           an answer is not in the documented shape (also a ValueError)
└── MicrophoneError         no microphone, or no library to read it with
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "ApiException",
    "ConnectionFailed",
    "ConnectionLost",
    "CredentialsError",
    "HandshakeRefused",
    "MicrophoneError",
    "ResponseError",
    "StreamRejected",
    "StreamTimeout",
    "SymblError",
]


class SymblError(Exception):
    """Base of every error of this package."""


class ApiException(SymblError):
    """The server answered with a status outside 2xx.

    Attributes: `status` (int), `reason` (the status phrase), `body` (the answer's text), `headers` (dict) and
    `request` (method and address, without credentials).
    """

    def __init__(
        self,
        status: int | None = None,
        reason: str | None = None,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        request: str = "",
    ) -> None:
        self.status = status
        self.reason = reason
        self.body = body
        self.headers = dict(headers or {})
        self.request = request
        super().__init__(status, reason)

    def __str__(self) -> str:
        request = f"{self.request}: " if self.request else ""
        body = f"\n{self.body}" if self.body else ""
        return f"{request}({self.status}) {self.reason}{body}"


class HandshakeRefused(ApiException):
    """The server refused to open a WebSocket; the attributes are those of `ApiException`."""


class CredentialsError(SymblError, ValueError):
    """No usable credentials were found."""


class ConnectionFailed(SymblError, ConnectionError):
    """The server could not be reached; the message names the address."""


class ConnectionLost(SymblError, ConnectionError):
    """The socket closed while it was still needed; `code` and `reason` are the peer's."""

    def __init__(self, message: str, code: int | None = None, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(message)


class StreamRejected(SymblError):
    """The server sent an error message on the stream; `frame` is that message as parsed."""

    def __init__(self, details: str, frame: Mapping[str, object] | None = None) -> None:
        self.details = details
        self.frame = dict(frame or {})
        super().__init__(details)


class StreamTimeout(SymblError, TimeoutError):
    """The server, or one of your callbacks, did not finish in the time given."""


class ResponseError(SymblError, ValueError):
    """An answer lacks what its documentation promises."""


class MicrophoneError(SymblError, RuntimeError):
    """The microphone cannot be read; the message says what to install or change."""
