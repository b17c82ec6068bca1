"""Applications, their credentials and tokens, as values."""

from dataclasses import dataclass
from datetime import datetime

__all__ = [
    "AccessToken",
    "AccountError",
    "Application",
    "Credentials",
    "Deactivated",
    "InvalidCredentials",
    "InvalidToken",
    "NameTaken",
    "UnknownApplication",
]


class AccountError(Exception):
    """Root of what can go wrong in this room.

    AccountError
    ├── InvalidCredentials   the application id and secret do not belong together
    ├── InvalidToken         a token that is not ours, has expired, or was revoked
    │   └── Deactivated      the token is good, but its application is not in use
    ├── NameTaken            another application has that name
    └── UnknownApplication   no application of that name or id
    """


class InvalidCredentials(AccountError):
    """The application id and secret do not belong together."""


class InvalidToken(AccountError):
    """The token is not one of ours, has expired, or belongs to an application that is gone."""


class Deactivated(InvalidToken):
    """The token is good, but its application has been deactivated."""


class NameTaken(AccountError):
    """Another application already has that name."""


class UnknownApplication(AccountError):
    """There is no application of that name or id."""


@dataclass(frozen=True, slots=True)
class Application:
    """A program that may use this server, and the owner of the conversations it makes.

    `id` is a UUID, also told to clients as the customer id; `app_id` is the public half of the
    credentials (64 letters and digits). `balance_s` is how many seconds of audio it may still use, None
    for any number; one that is not `active` may not be used at all.
    """

    id: str
    app_id: str
    name: str
    created_at: datetime
    active: bool = True
    balance_s: float | None = None

    @property
    def customer_id(self) -> str:
        """The application's id under the name that Bodhi clients use."""
        return self.id


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What a new application is given, once: `app_secret` and `api_key` are kept only as hashes."""

    app_id: str
    app_secret: str
    customer_id: str
    api_key: str

    def __repr__(self) -> str:
        # Secrets must not reach a log or a traceback through a repr.
        return f"Credentials(app_id={self.app_id!r}, app_secret=..., api_key=...)"


@dataclass(frozen=True, slots=True, repr=False)
class AccessToken:
    """A bearer token (a JWT) and how many seconds it will be accepted."""

    token: str
    expires_in: int

    def __repr__(self) -> str:
        return f"AccessToken(..., expires_in={self.expires_in})"
