"""How much audio each application has used, day by day, and what of its balance is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from earful.store import tables
from earful.store.database import Database

__all__ = ["UsageDay", "UsageStore"]


@dataclass(frozen=True, slots=True)
class UsageDay:
    """What an application used on one day (UTC): seconds of audio, and how many sessions and files."""

    day: date
    audio_s: float
    sessions: int


class UsageStore:
    """Usage and balances over one `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def charge(self, application_id: str, audio_s: float, sessions: int) -> bool:
        """Add to today's usage and take it off the balance; return False if the application is gone."""
        usage, applications = tables.usage, tables.applications
        build = postgresql.insert if self._database.is_postgresql else sqlite.insert
        async with self._database.write() as connection:
            found = await connection.execute(
                update(applications)
                .where(applications.c.id == application_id)
                .values(balance_s=applications.c.balance_s - audio_s)
            )
            if not found.rowcount:
                return False
            row = build(usage).values(
                application_id=application_id,
                day=datetime.now(UTC).date(),
                audio_s=audio_s,
                sessions=sessions,
            )
            await connection.execute(
                row.on_conflict_do_update(
                    index_elements=[usage.c.application_id, usage.c.day],
                    set_={
                        "audio_s": usage.c.audio_s + audio_s,
                        "sessions": usage.c.sessions + sessions,
                    },
                )
            )
        return True

    async def days(self, application_id: str) -> Sequence[UsageDay]:
        """Return what an application used, the earliest day first."""
        usage = tables.usage
        statement = select(usage).where(usage.c.application_id == application_id).order_by(usage.c.day)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).mappings()
            return tuple(UsageDay(row["day"], row["audio_s"], row["sessions"]) for row in rows)

    async def set_active(self, application_id: str, active: bool) -> None:
        """Say whether an application may be used."""
        await self._set(application_id, active=active)

    async def set_balance(self, application_id: str, balance_s: float | None) -> None:
        """Set how many seconds of audio an application may still use; None is without limit."""
        await self._set(application_id, balance_s=balance_s)

    async def _set(self, application_id: str, **values: object) -> None:
        table = tables.applications
        async with self._database.write() as connection:
            await connection.execute(update(table).where(table.c.id == application_id).values(**values))
