"""What this dialect refuses, and how it says so before and after the upgrade."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = ["CLOSE_CODES", "BodhiError", "error_body"]

_NAMES = {
    400: "bad_request",
    401: "unauthorized",
    402: "insufficient_balance",
    403: "inactive_customer",
    500: "internal_server_error",
    503: "service_unavailable",
}

CLOSE_CODES = {400: 1008, 401: 1008, 402: 1008, 403: 1008, 500: 1011, 503: 1013}
"""The WebSocket close code that goes with each error code."""


@dataclass(slots=True)
class BodhiError(Exception):
    """Something is refused; `code` is an HTTP status, `message` is fit for the client."""

    code: int
    message: str

    def __str__(self) -> str:
        return self.message

    @property
    def close_code(self) -> int:
        """The WebSocket close code that follows the error message."""
        return CLOSE_CODES[self.code]


def error_body(error: BodhiError, **more: Any) -> dict[str, Any]:
    """Return the JSON object that says an error: before the upgrade, after it, and over HTTP."""
    return {
        **more,
        "error": _NAMES[error.code],
        "message": error.message,
        "code": error.code,
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
