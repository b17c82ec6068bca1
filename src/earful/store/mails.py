"""Mails that survive a restart: an outbox in the database, emptied by whichever server comes first.

A mail about the end of a conversation is kept while the conversation goes on, and is due when the store
says that it has ended. Who asked for it renews its hold; should that server die, the hold runs out and
the mail is due all the same. A sender takes a mail for a while: when it dies, the mail is due again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_, func, insert, or_, select, update

from earful.conversation.ids import new_uuid
from earful.store import tables
from earful.store.conversations import UnknownConversation
from earful.store.database import Database

__all__ = ["Mail", "MailStore", "Occasion", "QuotaExceeded"]

Occasion = Literal["start", "stop"]


class QuotaExceeded(Exception):
    """The application has asked for as many mails as it may in a day; none of these was taken."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one recipient; `attempts` counts this one. `id` is the same at every attempt."""

    id: str
    application_id: str
    conversation_id: str
    occasion: Occasion
    recipient: str
    base_url: str
    attempts: int
    created_at: datetime


class MailStore:
    """The outbox over one `Database`; safe for any number of nodes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        application_id: str,
        conversation_id: str,
        occasion: Occasion,
        recipients: Sequence[str],
        *,
        base_url: str,
        hold: timedelta,
        daily_limit: int,
    ) -> int:
        """Keep mails, and return how many are new: one recipient gets one for each occasion, however the
        address is capitalised.

        Raises `UnknownConversation` and `QuotaExceeded`.
        """
        table, owned = tables.mails, tables.conversations
        now = datetime.now(UTC)
        async with self._database.write() as connection:
            held = await connection.scalar(
                select(owned.c.id)
                .where(owned.c.id == conversation_id, owned.c.application_id == application_id)
                .with_for_update()
            )
            if held is None:
                raise UnknownConversation(conversation_id)
            known = await connection.scalars(
                select(table.c.recipient).where(
                    table.c.conversation_id == conversation_id, table.c.occasion == occasion
                )
            )
            had = {recipient.lower() for recipient in known}
            missing = [one for one in recipients if one.lower() not in had]
            if not missing:
                return 0
            lately = await connection.scalar(
                select(func.count())
                .select_from(table)
                .where(table.c.application_id == application_id, table.c.created_at > now - timedelta(days=1))
            )
            if int(lately or 0) + len(missing) > daily_limit:
                raise QuotaExceeded(f"an application may have {daily_limit} mails sent in a day")
            rows = [
                {
                    "id": new_uuid(),
                    "application_id": application_id,
                    "conversation_id": conversation_id,
                    "occasion": occasion,
                    "recipient": recipient,
                    "base_url": base_url,
                    "status": "waiting",
                    "attempts": 0,
                    "created_at": now,
                    "held_until": now + hold,
                    "due_at": now,
                }
                for recipient in missing
            ]
            await connection.execute(insert(table), rows)
            return len(rows)

    async def hold(self, conversation_ids: Collection[str], hold: timedelta) -> frozenset[str]:
        """Renew the hold on mails about conversations that go on; return those that any wait for."""
        if not conversation_ids:
            return frozenset()
        table, owned = tables.mails, tables.conversations
        going_on = select(owned.c.id).where(owned.c.id.in_(conversation_ids), owned.c.ended_at.is_(None))
        async with self._database.write() as connection:
            renewed = await connection.execute(
                update(table)
                .where(table.c.conversation_id.in_(going_on), table.c.status == "waiting")
                .values(held_until=datetime.now(UTC) + hold)
                .returning(table.c.conversation_id)
            )
            return frozenset(renewed.scalars())

    async def claim(self, limit: int, lease: timedelta) -> Sequence[Mail]:
        """Take mails that are due, the oldest first; nobody else gets them until the lease is over."""
        table, owned = tables.mails, tables.conversations
        now = datetime.now(UTC)
        ready = or_(table.c.occasion == "start", owned.c.ended_at.is_not(None), table.c.held_until <= now)
        due = (
            select(table)
            .join(owned, owned.c.id == table.c.conversation_id)
            .where(table.c.status == "waiting", table.c.due_at <= now, ready)
            .order_by(table.c.due_at, table.c.seq)
            .limit(limit)
        )
        async with self._database.read() as connection:
            # Looked at before it is written: an empty outbox must not keep other writers waiting.
            if (await connection.execute(due)).first() is None:
                return ()
        async with self._database.write() as connection:
            rows = (await connection.execute(due.with_for_update(of=table, skip_locked=True))).mappings()
            taken = [_mail(row) for row in rows]
            for mail in taken:
                await connection.execute(
                    update(table)
                    .where(table.c.id == mail.id)
                    .values(attempts=mail.attempts, due_at=now + lease)
                )
            return taken

    async def sent(self, mail: Mail) -> None:
        """Note that a mail was taken by a mail server."""
        await self._note(mail, status="sent", reason=None)

    async def refused(self, mail: Mail, reason: str) -> None:
        """Note that a mail will not be sent, and why."""
        await self._note(mail, status="refused", reason=reason)

    async def postpone(self, mail: Mail, due_at: datetime, reason: str) -> None:
        """Try a mail again later."""
        await self._note(mail, due_at=due_at, reason=reason)

    async def _note(self, mail: Mail, **values: Any) -> None:
        table = tables.mails
        async with self._database.write() as connection:
            # Of a sender that was slower than its lease the word no longer counts.
            await connection.execute(
                update(table)
                .where(and_(table.c.id == mail.id, table.c.attempts == mail.attempts))
                .values(**values)
            )


def _mail(row: Any) -> Mail:
    return Mail(
        id=row["id"],
        application_id=row["application_id"],
        conversation_id=row["conversation_id"],
        occasion=row["occasion"],
        recipient=row["recipient"],
        base_url=row["base_url"],
        attempts=row["attempts"] + 1,
        created_at=row["created_at"],
    )
