"""The history of the schema (Alembic), and how a database is brought up to date with it."""

from typing import Any

from sqlalchemy import Connection, inspect, text

__all__ = ["HEAD", "SchemaTooNew", "is_current", "upgrade"]

HEAD = "0011"
"""The newest revision; known here so that an up-to-date database is opened without Alembic."""

_ADVISORY_LOCK = 0x65617266756C  # "earful"


class SchemaTooNew(Exception):
    """The database was written by a newer Earful; install that version or use another database."""


def is_current(connection: Connection) -> bool:
    """Return whether the schema is at `HEAD`."""
    return _revision(connection) == HEAD


def upgrade(connection: Connection) -> None:
    """Bring the schema to `HEAD` inside the caller's transaction; do nothing if it is there already.

    Raises `SchemaTooNew` when the database is at a revision that this version does not know.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    revision = _revision(connection)
    if revision == HEAD:
        return
    config = Config()
    config.set_main_option("script_location", "earful:store/migrations")
    config.attributes["connection"] = connection
    if revision is not None and not _knows(ScriptDirectory.from_config(config), revision):
        raise SchemaTooNew(
            f"the database is at schema {revision}, which this version of Earful does not know: "
            "it was written by a newer one"
        )
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _knows(scripts: Any, revision: str) -> bool:
    return any(script.revision == revision for script in scripts.walk_revisions())
