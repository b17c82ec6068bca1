"""Signed addresses: whoever has one may see one conversation (or an application's list), nothing else."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from earful.accounts.types import InvalidToken
from earful.store.applications import ApplicationStore
from earful.store.database import Database

__all__ = ["Share", "Shares"]

_PURPOSE = "experience"


@dataclass(frozen=True, slots=True)
class Share:
    """What may be seen: one conversation, or with `conversation_id` None the application's list.

    `look` is how the page is to look, JSON-serialisable.
    """

    application_id: str
    conversation_id: str | None
    read_only: bool = False
    look: Mapping[str, Any] = field(default_factory=dict)


class Shares:
    """Signs and checks shares with a key of their own: one is no access token, nor the reverse."""

    def __init__(self, database: Database) -> None:
        self._store = ApplicationStore(database)
        self._key: str | None = None

    async def sign(self, share: Share, lifetime_s: int) -> str:
        """Return the token (HS256) of a share; 0 seconds is for ever."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "id": share.conversation_id or "",
            "sub": share.application_id,
            "iat": now,
            "readOnly": share.read_only,
        }
        if share.look:
            claims["look"] = dict(share.look)
        if lifetime_s:
            claims["exp"] = now + lifetime_s
        return jwt.encode(claims, await self._signing_key(), algorithm="HS256")

    async def verify(self, token: str) -> Share:
        """Return what a token lets one see. Raises `InvalidToken`."""
        try:
            claims = jwt.decode(
                token, await self._signing_key(), algorithms=["HS256"], options={"require": ["sub", "id"]}
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise InvalidToken(str(error)) from None
        record = await self._store.find(id=claims["sub"])
        if record is None or not record.active:
            raise InvalidToken("the application is no longer in use")
        look = claims.get("look") or {}
        return Share(claims["sub"], claims["id"] or None, bool(claims.get("readOnly")), look)

    async def _signing_key(self) -> str:
        if self._key is None:
            self._key = await self._store.signing_key(_PURPOSE, secrets.token_hex(32))
        return self._key
