"""Applications, their credentials, and the tokens and keys by which requests show who they are from."""

import hashlib
import hmac
import secrets
import string
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import jwt

from earful.accounts.types import (
    AccessToken,
    Application,
    Credentials,
    Deactivated,
    InvalidCredentials,
    InvalidToken,
    NameTaken,
    UnknownApplication,
)
from earful.store.applications import ApplicationRecord, ApplicationStore, DuplicateApplication
from earful.store.database import Database
from earful.store.usage import UsageDay, UsageStore

__all__ = ["DEFAULT_APPLICATION", "Accounts"]

DEFAULT_APPLICATION = "default"
"""The name of the application that a first run makes."""

_TOKEN_KEY = "access-token"  # noqa: S105 (the name of a purpose, not a secret)
_WEBHOOK_KEY = "webhook"
_RECHECK_S = 2.0
_ALPHABET = string.ascii_letters + string.digits
_API_KEY_PREFIX = "ek_"
_API_KEY_CHARS = 48


class Accounts:
    """Who may use this server.

    Secrets and keys are random and long (over 250 bits), so a plain SHA-256 keeps them as safe as a
    slow password hash would, without costing a request 50 ms. Tokens are JWTs (HS256, numeric `exp`)
    signed with a key that lives in the database, so that every node over one database accepts them.
    Checking a token asks the database about its application at most once every few seconds; that
    is how long another process's `earful apps remove` may take to be noticed.
    """

    def __init__(self, database: Database, *, token_lifetime_s: int = 86_400) -> None:
        self._store = ApplicationStore(database)
        self._usage = UsageStore(database)
        self._token_lifetime_s = token_lifetime_s
        self._signing_key: str | None = None
        self._checked: dict[str, tuple[float, ApplicationRecord | None]] = {}

    async def create(self, name: str) -> Credentials:
        """Make an application; what is returned is not kept in clear. Raises `NameTaken`."""
        credentials = _new_credentials()
        try:
            await self._store.add(_record(name, credentials))
        except DuplicateApplication:
            raise NameTaken(f"there is already an application named {name!r}") from None
        return credentials

    async def ensure_default(self) -> Credentials | None:
        """Make the default application if there is no application at all, else return None."""
        credentials = _new_credentials()
        kept = await self._store.add_first(_record(DEFAULT_APPLICATION, credentials))
        return credentials if kept else None

    async def list(self) -> Sequence[Application]:
        """Return every application, the oldest first."""
        return tuple(_application(record) for record in await self._store.list())

    async def remove(self, name_or_id: str) -> Application:
        """Remove an application, its tokens and its conversations. Raises `UnknownApplication`.

        It may be named by its name, its application id or its customer id.
        """
        record = await self._named(name_or_id)
        await self._store.remove(record.id)
        self._checked.clear()
        return _application(record)

    async def get(self, name_or_id: str) -> Application:
        """Return an application as the database has it now. Raises `UnknownApplication`."""
        return _application(await self._named(name_or_id))

    async def set_active(self, name_or_id: str, active: bool) -> Application:
        """Let an application be used, or not until further notice. Raises `UnknownApplication`."""
        record = await self._named(name_or_id)
        await self._usage.set_active(record.id, active)
        self._checked.clear()
        return await self.get(record.id)

    async def set_balance(self, name_or_id: str, balance_s: float | None) -> Application:
        """Set how many seconds of audio an application may still use. Raises `UnknownApplication`."""
        record = await self._named(name_or_id)
        await self._usage.set_balance(record.id, balance_s)
        self._checked.clear()
        return await self.get(record.id)

    async def usage(self, name_or_id: str) -> Sequence[UsageDay]:
        """Return what an application has used by day. Raises `UnknownApplication`."""
        return await self._usage.days((await self._named(name_or_id)).id)

    async def charge(self, customer_id: str, audio_s: float, *, sessions: int = 0) -> Application | None:
        """Record used audio (seconds), and return how the application stands now; None when it is gone."""
        if not await self._usage.charge(customer_id, audio_s, sessions):
            return None
        record = await self._store.find(id=customer_id)
        return _application(record) if record else None

    async def _named(self, name_or_id: str) -> ApplicationRecord:
        for record in await self._store.list():
            if name_or_id in (record.name, record.app_id, record.id):
                return record
        raise UnknownApplication(f"there is no application {name_or_id!r}")

    async def issue_token(self, app_id: str, app_secret: str) -> AccessToken:
        """Return a token for an application that shows its secret. Raises `InvalidCredentials`."""
        return await self._token_for(await self._authenticate(app_id, app_secret))

    async def issue_default_token(self) -> AccessToken:
        """Return a token of the default application without its secret. Raises `UnknownApplication`.

        For callers that are known to be the owner of this machine, such as the page opened on it.
        """
        for record in await self._store.list():
            if record.name == DEFAULT_APPLICATION:
                return await self._token_for(record)
        raise UnknownApplication("there is no default application")

    async def refresh_token(self, app_id: str, app_secret: str, refresh_token: str) -> AccessToken:
        """Return a new token in place of an older one, which may have run out.

        Raises `InvalidCredentials`, and `InvalidToken` when the older one was not this application's
        or has been revoked.
        """
        record = await self._authenticate(app_id, app_secret)
        claims = await self._claims(refresh_token, expired_too=True)
        if claims["sub"] != record.id or claims["gen"] != record.token_generation:
            raise InvalidToken("the token was revoked, or is another application's")
        return await self._token_for(record)

    async def revoke_tokens(self, app_id: str, app_secret: str) -> None:
        """Make every token issued so far for the application worthless. Raises `InvalidCredentials`."""
        record = await self._authenticate(app_id, app_secret)
        await self._store.next_token_generation(record.id)
        self._checked.clear()

    async def verify(self, token: str) -> Application:
        """Return the application that a token (or an API key) stands for.

        Raises `InvalidToken`, of which `Deactivated` is a kind.
        """
        if _is_api_key(token):
            record = await self._recall(key_hash=_hash(token))
            if record is None:
                raise InvalidToken("no application has that key")
            return _in_use(record)
        claims = await self._claims(token)
        record = await self._recall(id=claims["sub"])
        if record is None or record.token_generation != claims["gen"]:
            raise InvalidToken("the token was revoked")
        return _in_use(record)

    async def _authenticate(self, app_id: str, app_secret: str) -> ApplicationRecord:
        record = await self._store.find(app_id=app_id)
        kept = record.secret_hash if record else ""
        if not hmac.compare_digest(_hash(app_secret), kept) or record is None:
            raise InvalidCredentials("the application id and secret do not belong together")
        return record

    async def _token_for(self, record: ApplicationRecord) -> AccessToken:
        now = int(time.time())
        claims = {
            "sub": record.id,
            "iat": now,
            "exp": now + self._token_lifetime_s,
            "gen": record.token_generation,
        }
        token = jwt.encode(claims, await self._key(), algorithm="HS256")
        return AccessToken(token, self._token_lifetime_s)

    async def _claims(self, token: str, *, expired_too: bool = False) -> dict[str, Any]:
        try:
            claims = jwt.decode(
                token,
                await self._key(),
                algorithms=["HS256"],
                options={"require": ["sub", "exp", "gen"], "verify_exp": not expired_too},
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            # The library lets a ValueError through for text that is not even ASCII.
            raise InvalidToken(str(error)) from None
        return dict(claims)

    async def webhook_secret(self, application_id: str) -> str:
        """Return the secret by which an application knows that a webhook call is this server's."""
        key = await self._store.signing_key(_WEBHOOK_KEY, secrets.token_hex(32))
        return "whsec_" + hmac.new(key.encode(), application_id.encode(), hashlib.sha256).hexdigest()

    async def _key(self) -> str:
        if self._signing_key is None:
            self._signing_key = await self._store.signing_key(_TOKEN_KEY, secrets.token_hex(32))
        return self._signing_key

    async def _recall(
        self, *, id: str | None = None, key_hash: str | None = None
    ) -> ApplicationRecord | None:
        """Look an application up, remembering for a moment what the database said."""
        asked = id or key_hash or ""
        now = time.monotonic()
        known = self._checked.get(asked)
        if known is not None and now < known[0]:
            return known[1]
        record = await self._store.find(id=id, key_hash=key_hash)
        if len(self._checked) > 10_000:
            self._checked.clear()
        self._checked[asked] = (now + _RECHECK_S, record)
        return record


def _new_credentials() -> Credentials:
    return Credentials(
        app_id=_random_text(64),
        app_secret=_random_text(128),
        customer_id=str(uuid.uuid4()),
        api_key=_API_KEY_PREFIX + _random_text(_API_KEY_CHARS),
    )


def _random_text(length: int) -> str:
    """Return random letters and digits, at least one of each (old web clients insist on both)."""
    while True:
        text = "".join(secrets.choice(_ALPHABET) for _ in range(length))
        if any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
            return text


def _is_api_key(token: str) -> bool:
    return token.startswith(_API_KEY_PREFIX) and len(token) == len(_API_KEY_PREFIX) + _API_KEY_CHARS


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _record(name: str, credentials: Credentials) -> ApplicationRecord:
    return ApplicationRecord(
        id=credentials.customer_id,
        name=name,
        app_id=credentials.app_id,
        secret_hash=_hash(credentials.app_secret),
        key_hash=_hash(credentials.api_key),
        created_at=datetime.now(UTC),
    )


def _application(record: ApplicationRecord) -> Application:
    return Application(
        id=record.id,
        app_id=record.app_id,
        name=record.name,
        created_at=record.created_at,
        active=record.active,
        balance_s=record.balance_s,
    )


def _in_use(record: ApplicationRecord) -> Application:
    if not record.active:
        raise Deactivated("the application has been deactivated")
    return _application(record)
