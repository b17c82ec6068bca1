"""What can go wrong, as exceptions.

BodhiError
├── ConfigurationError                 settings that cannot be used
│   ├── InvalidTransactionIDError
│   ├── MissingModelError
│   ├── MissingTransactionIDError
│   └── ModelNotAvailableError
├── ConnectionError                    no connection, or none any more (also a builtin ConnectionError)
├── StreamingError                     audio sent without a session
├── TranscriptionError
├── InvalidAudioFormatError            the file is not 16-bit PCM in a WAV
├── AudioDownloadError                 the address gave no audio
├── FileNotFoundError                  no such file (also a builtin FileNotFoundError)
├── InvalidURLError                    not an http(s) address
├── EmptyAudioError                    a WAV without samples
└── WebSocketError
    ├── WebSocketTimeoutError          the server fell silent
    ├── WebSocketConnectionClosedError the connection ended before its last result
    ├── InvalidJSONError               the server said something that is not its protocol
    └── BodhiAPIError                  the server answered with an error
        ├── AuthenticationError        401
        ├── PaymentRequiredError       402
        └── ForbiddenError             403

`str()` of each is the JSON text that the vendor's package gives.
"""

from __future__ import annotations

import builtins
import json
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeVar

__all__ = [
    "AudioDownloadError",
    "AuthenticationError",
    "BodhiAPIError",
    "BodhiError",
    "BodhiErrors",
    "ConfigurationError",
    "ConnectionError",
    "EmptyAudioError",
    "FileNotFoundError",
    "ForbiddenError",
    "InvalidAudioFormatError",
    "InvalidJSONError",
    "InvalidTransactionIDError",
    "InvalidURLError",
    "MissingModelError",
    "MissingTransactionIDError",
    "ModelNotAvailableError",
    "PaymentRequiredError",
    "StreamingError",
    "TranscriptionError",
    "WebSocketConnectionClosedError",
    "WebSocketError",
    "WebSocketTimeoutError",
    "error_from_payload",
    "error_from_status",
    "make_error",
    "make_error_response",
]


E = TypeVar("E", bound="BodhiError")


class BodhiErrors(IntEnum):
    """The codes that errors carry."""

    BadRequest = 400
    Unauthorized = 401
    InsufficientCredit = 402
    InactiveCustomer = 403
    ClientClosed = 499
    InternalServerError = 500
    GatewayDown = 502
    GatewayTimeout = 504


class BodhiError(Exception):
    """Root of what this package raises.

    `code` is an HTTP-like number, `results` what had been recognised before it went wrong.
    """

    def __init__(self, message: str = "", code: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.results: list[str] = []


class ConfigurationError(BodhiError):
    """Settings that cannot be used."""


class InvalidTransactionIDError(ConfigurationError):
    """The transaction id is not a UUID."""


class MissingModelError(ConfigurationError):
    """No model was named."""


class ModelNotAvailableError(ConfigurationError):
    """The server has no such model."""


class MissingTransactionIDError(ConfigurationError):
    """No transaction id was given."""


class ConnectionError(BodhiError, builtins.ConnectionError):
    """There is no connection, or none any more."""


class StreamingError(BodhiError):
    """Audio was sent without a session."""


class TranscriptionError(BodhiError):
    """Recognition failed."""


class InvalidAudioFormatError(BodhiError):
    """The file is not 16-bit PCM in a WAV."""


class AudioDownloadError(BodhiError):
    """The address gave no audio."""


class FileNotFoundError(BodhiError, builtins.FileNotFoundError):
    """There is no such file."""


class InvalidURLError(BodhiError):
    """The address is not an http(s) one."""


class EmptyAudioError(BodhiError):
    """There are no samples in the file."""


class WebSocketError(BodhiError):
    """The conversation with the server went wrong."""


class WebSocketTimeoutError(WebSocketError):
    """The server sent nothing for too long."""


class WebSocketConnectionClosedError(WebSocketError):
    """The connection ended before its last result."""


class InvalidJSONError(WebSocketError):
    """The server said something that is not its protocol."""


class BodhiAPIError(WebSocketError):
    """The server answered with an error."""


class AuthenticationError(BodhiAPIError):
    """401: the key, or the customer id with it, is not known."""


class PaymentRequiredError(BodhiAPIError):
    """402: no balance left."""


class ForbiddenError(BodhiAPIError):
    """403: the customer has been deactivated."""


_REFUSALS: dict[int, tuple[type[BodhiError], str]] = {
    400: (ConnectionError, "Bad Request"),
    401: (AuthenticationError, "Authentication Error"),
    402: (PaymentRequiredError, "Insufficient Credits"),
    403: (ForbiddenError, "Forbidden"),
}
_API_ERRORS: dict[int, type[BodhiAPIError]] = {
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: ForbiddenError,
}


def make_error_response(
    message: str,
    code: int,
    err_type: str | None = None,
    timestamp: str | None = None,
    extra: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """An error as the JSON object that servers and clients of this kind exchange."""
    response: dict[str, Any] = {
        "error": err_type or "bodhi_error",
        "message": message,
        "code": int(code),
        "timestamp": timestamp or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if extra:
        response["details"] = extra
    return response


def make_error(kind: type[E], message: str, code: int) -> E:
    """An exception whose text is its JSON."""
    return kind(json.dumps(make_error_response(message, code)), int(code))


def error_from_status(status: int, body: str = "") -> BodhiError:
    """The exception for a handshake that was refused with an HTTP status."""
    kind, message = _REFUSALS.get(status, (ConnectionError, "Internal Server Error"))
    extra = {"status": status, "body": body[:500]} if body else {"status": status}
    return kind(json.dumps(make_error_response(message, status, extra=extra)), status)


def error_from_payload(payload: dict[str, Any], raw: str) -> BodhiAPIError:
    """The exception for an error message of the server."""
    code = payload.get("code")
    number = code if isinstance(code, int) else None
    return _API_ERRORS.get(number or 0, BodhiAPIError)(raw, number)
