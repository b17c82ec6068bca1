"""Applications, their credentials, and the tokens and keys by which requests show who they are from."""

import hashlib
import hmac
import secrets
import string
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import jwt

from earful.accounts.types import (
    AccessToken,
    Application,
    Credentials,
    InvalidCredentials,
    InvalidToken,
    NameTaken,
    UnknownApplication,
)
from earful.store.applications import ApplicationRecord, ApplicationStore
from earful.store.database import Database

__all__ = ["DEFAULT_APPLICATION", "Accounts"]

DEFAULT_APPLICATION = "default"


class Accounts:
    """Who may use this server.

    Secrets and keys are random and long (over 250 bits), so a plain SHA-256 keeps them as safe as a
    slow password hash would, without costing a request 50 ms. Tokens are JWTs (HS256, numeric `exp`)
    signed with a key that lives in the database, so that every node over one database accepts them.
    Checking a token asks the database about its application at most once every few seconds; that
    is how long another process's `earful apps remove` may take to be noticed.
    """

    async def create(self, name: str) -> Credentials:
        """Make an application; what is returned is not kept in clear. Raises `NameTaken`."""
        raise NotImplementedError

    async def ensure_default(self) -> Credentials | None:
        """Make the default application if there is no application at all, else return None."""
        raise NotImplementedError

    async def list(self) -> Sequence[Application]:
        """Return every application, the oldest first."""
        raise NotImplementedError

    async def remove(self, name_or_id: str) -> Application:
        """Remove an application, its tokens and its conversations. Raises `UnknownApplication`."""
        raise NotImplementedError

    async def issue_token(self, app_id: str, app_secret: str) -> AccessToken:
        """Return a token for an application that shows its secret. Raises `InvalidCredentials`."""
        raise NotImplementedError

    async def verify(self, token: str) -> Application:
        """Return the application that a token (or an API key) stands for. Raises `InvalidToken`."""
        raise NotImplementedError
