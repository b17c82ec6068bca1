"""Where the server is and who is asking: arguments, environment variables, defaults."""

from __future__ import annotations

import os
import uuid
from urllib.parse import urlsplit, urlunsplit

from bodhi._errors import BodhiErrors, ConfigurationError, make_error

__all__ = ["DEFAULT_URI", "resolve_api_key", "resolve_customer_id", "resolve_uri"]

DEFAULT_URI = "ws://127.0.0.1:8000"
"""An Earful on this machine."""

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def resolve_api_key(argument: str | None) -> str:
    """The key: the argument, else `BODHI_API_KEY`.

    Raises:
        ConfigurationError: neither is there.
    """
    key = (argument or os.environ.get("BODHI_API_KEY", "")).strip()
    if not key:
        raise make_error(
            ConfigurationError,
            "API key is required: pass api_key=... or set BODHI_API_KEY",
            BodhiErrors.BadRequest,
        )
    return key


def resolve_customer_id(argument: str | None) -> str | None:
    """The customer id, if any: the argument, else `BODHI_CUSTOMER_ID`.

    Raises:
        ConfigurationError: it is not a UUID.
    """
    customer_id = (argument or os.environ.get("BODHI_CUSTOMER_ID", "")).strip()
    if not customer_id:
        return None
    try:
        uuid.UUID(customer_id)
    except ValueError:
        raise make_error(ConfigurationError, "customer id must be a UUID", BodhiErrors.BadRequest) from None
    return customer_id


def resolve_uri(argument: str | None) -> str:
    """The server's WebSocket address: the argument, else `BODHI_URL`, else a local Earful.

    An http(s) address is taken as its ws(s) one.

    Raises:
        ConfigurationError: it is no such address.
    """
    uri = (argument or os.environ.get("BODHI_URL") or DEFAULT_URI).strip()
    parts = urlsplit(uri)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise make_error(
            ConfigurationError, f"uri should look like {DEFAULT_URI}, not {uri!r}", BodhiErrors.BadRequest
        )
    return urlunsplit(parts._replace(scheme=_SCHEMES[parts.scheme]))
