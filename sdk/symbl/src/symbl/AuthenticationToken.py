"""Access tokens under the names of Symbl's package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symbl._session import API_KEY_HEADER, Session, default_session

__all__ = ["get_access_token", "get_api_client", "get_api_header", "init"]

Credentials = Mapping[str, Any] | None


def get_access_token(credentials: Credentials = None) -> str:
    """An access token, from the cache or fresh.

    Raises:
        CredentialsError: no credentials were found.
        ApiException, ConnectionFailed: the server refused them or cannot be reached.
    """
    return default_session.token(default_session.target(credentials))


def get_api_header(credentials: Credentials = None) -> dict[str, str]:
    """The header that authorises a request, as a dict."""
    return {API_KEY_HEADER: get_access_token(credentials)}


def get_api_client(credentials: Credentials = None) -> Session:
    """The session that carries out requests, with a token at hand."""
    get_access_token(credentials)
    return default_session


def init(app_id: str | None = None, app_secret: str | None = None) -> None:
    """Fetch a token now instead of at the first call."""
    get_access_token({"app_id": app_id, "app_secret": app_secret} if app_id or app_secret else None)
