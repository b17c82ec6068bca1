"""The tables, and the column types that make SQLite and PostgreSQL keep the same values."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.schema import SchemaItem

__all__ = [
    "SafeString",
    "SafeText",
    "StoredJson",
    "UtcDateTime",
    "applications",
    "attachments",
    "call_notices",
    "calls",
    "conversations",
    "entity_matches",
    "insights",
    "jobs",
    "mails",
    "members",
    "message_vectors",
    "messages",
    "metadata",
    "resources",
    "signing_keys",
    "topics",
    "tracker_matches",
    "usage",
    "vector_queue",
    "webhook_deliveries",
]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC and given back in UTC (SQLite forgets time zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must carry its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _clean(text: str) -> str:
    """Drop what no database can hold as text: NUL characters and halves of surrogate pairs."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text


class SafeText(TypeDecorator[str]):
    """Text from a client, without the characters that PostgreSQL or UTF-8 refuse."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _clean(value)


class SafeString(TypeDecorator[str]):
    """A short text that may come from a client, such as an id; cleaned like `SafeText`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _clean(value)


def _clean_tree(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean_tree(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_tree(item) for item in value]
    return value


class StoredJson(TypeDecorator[Any]):
    """A JSON value kept as compact text: the same bytes in either database, never queried inside."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return json.dumps(_clean_tree(value), ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


# SQLite only counts rows up by itself in a column that is exactly INTEGER PRIMARY KEY.
_Sequence = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

applications = Table(
    "applications",
    metadata,
    Column("id", SafeString(36), primary_key=True),
    Column("name", SafeText, nullable=False, unique=True),
    Column("app_id", SafeString(64), nullable=False, unique=True),
    Column("secret_hash", SafeString(64), nullable=False),
    Column("key_hash", SafeString(64), nullable=False, unique=True),
    Column("token_generation", Integer, nullable=False, default=0),
    Column("created_at", UtcDateTime, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("balance_s", Float),
)

usage = Table(
    "usage",
    metadata,
    Column("application_id", ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("audio_s", Float, nullable=False),
    Column("sessions", Integer, nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("purpose", SafeString(32), primary_key=True),
    Column("secret", SafeString(128), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", SafeString(32), primary_key=True),
    Column("application_id", ForeignKey("applications.id", ondelete="CASCADE"), nullable=False),
    Column("name", SafeText),
    Column("type", SafeText, nullable=False),
    Column("language", SafeText, nullable=False),
    Column("timezone_offset_min", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("spoken_until", Float, nullable=False, default=0.0),
    Column("metadata", StoredJson, nullable=False),
    # Not there for readers: a job is writing it in parts, or it is being deleted in parts.
    Column("hidden", Boolean, nullable=False, server_default=false()),
    Index(None, "application_id", "started_at"),
)


def _conversation_column() -> Column[str]:
    return Column(
        "conversation_id", SafeString(32), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
    )


def _parts_of_conversations(name: str, *columns: SchemaItem) -> Table:
    """Return a table of what conversations have many of, in the order in which it came."""
    counted = Column("seq", _Sequence, primary_key=True, autoincrement=True)
    return Table(name, metadata, counted, _conversation_column(), *columns)


members = _parts_of_conversations(
    "members",
    Column("id", SafeText, nullable=False),
    Column("name", SafeText),
    Column("email", SafeText),
    Column("user_id", SafeText),
    Column("merged_into", SafeText),
    UniqueConstraint("conversation_id", "id"),
    UniqueConstraint("conversation_id", "user_id"),
)

messages = _parts_of_conversations(
    "messages",
    Column("id", SafeText, nullable=False),
    Column("member_id", SafeText),
    Column("text", SafeText, nullable=False),
    Column("start", Float, nullable=False),
    Column("end", Float, nullable=False),
    Column("confidence", Float),
    Column("sentiment", Float),
    Column("words", StoredJson, nullable=False),
    Column("phrases", StoredJson, nullable=False),
    Column("entities", StoredJson, nullable=False),
    UniqueConstraint("conversation_id", "id"),
    Index(None, "conversation_id", "start", "seq"),
)

# Ids are never used again: who has read up to one has read all that is older.
message_vectors = Table(
    "message_vectors",
    metadata,
    Column("id", _Sequence, primary_key=True, autoincrement=True),
    Column("message_seq", ForeignKey("messages.seq", ondelete="CASCADE"), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    UniqueConstraint("message_seq"),
    sqlite_autoincrement=True,
)

# Messages whose vector is yet to be made; triggers put them here.
vector_queue = Table(
    "vector_queue",
    metadata,
    Column("message_seq", ForeignKey("messages.seq", ondelete="CASCADE"), primary_key=True),
)

insights = _parts_of_conversations(
    "insights",
    Column("id", SafeText, nullable=False),
    Column("kind", SafeString(16), nullable=False),
    Column("text", SafeText, nullable=False),
    Column("score", Float, nullable=False),
    Column("message_ids", StoredJson, nullable=False),
    Column("member_id", SafeText),
    Column("assignee_id", SafeText),
    Column("assignee_name", SafeText),
    Column("due_by", UtcDateTime),
    Column("definitive", Boolean, nullable=False),
    Column("phrases", StoredJson, nullable=False),
    Column("entities", StoredJson, nullable=False),
    UniqueConstraint("conversation_id", "id"),
    Index(None, "conversation_id", "kind", "seq"),
)

topics = Table(
    "topics",
    metadata,
    _conversation_column(),
    Column("position", Integer, nullable=False),
    Column("id", SafeText, nullable=False),
    Column("text", SafeText, nullable=False),
    Column("score", Float, nullable=False),
    Column("message_ids", StoredJson, nullable=False),
    Column("root_words", StoredJson, nullable=False),
    Column("parent", SafeText),
    Column("sentiment", Float),
    PrimaryKeyConstraint("conversation_id", "position"),
)

tracker_matches = _parts_of_conversations(
    "tracker_matches",
    Column("tracker_id", SafeText, nullable=False),
    Column("tracker_name", SafeText, nullable=False),
    Column("phrase", SafeText, nullable=False),
    Column("message_refs", StoredJson, nullable=False),
    Column("insight_refs", StoredJson, nullable=False),
    Index(None, "conversation_id", "seq"),
)

entity_matches = _parts_of_conversations(
    "entity_matches",
    Column("entity", StoredJson, nullable=False),
    Column("message_refs", StoredJson, nullable=False),
    Index(None, "conversation_id", "seq"),
)

attachments = _parts_of_conversations(
    "attachments",
    Column("kind", SafeString(16), nullable=False),
    Column("id", SafeString(64), nullable=False),
    Column("body", StoredJson, nullable=False),
    UniqueConstraint("conversation_id", "kind", "id"),
)

jobs = _parts_of_conversations(
    "jobs",
    Column("id", SafeString(36), nullable=False),
    Column("application_id", ForeignKey("applications.id", ondelete="CASCADE"), nullable=False),
    Column("kind", SafeString(16), nullable=False),
    Column("request", StoredJson, nullable=False),
    Column("webhook_url", SafeText),
    Column("status", SafeString(16), nullable=False),
    Column("progress", Float, nullable=False, default=0.0),
    Column("error", SafeText),
    Column("attempts", Integer, nullable=False, default=0),
    Column("worker", SafeString(64)),
    Column("lease_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("id"),
    Index(None, "status", "seq"),
    Index(None, "conversation_id", "seq"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column(
        "job_id",
        SafeString(36),
        ForeignKey("jobs.id", ondelete="CASCADE", name="fk_webhook_deliveries_job_id"),
        nullable=False,
    ),
    Column("url", SafeText, nullable=False),
    Column("body", StoredJson, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcDateTime, nullable=False),
    Index(None, "due_at"),
    Index(None, "job_id", "seq"),
)

mails = _parts_of_conversations(
    "mails",
    Column("id", SafeString(36), nullable=False),
    Column("application_id", ForeignKey("applications.id", ondelete="CASCADE"), nullable=False),
    Column("occasion", SafeString(8), nullable=False),
    Column("recipient", SafeText, nullable=False),
    Column("base_url", SafeText, nullable=False),
    Column("status", SafeString(8), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("reason", SafeText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("held_until", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint(
        "conversation_id",
        "occasion",
        "recipient",
        name="uq_mails_conversation_id_occasion_recipient",
    ),
    Index(None, "status", "due_at"),
    Index(None, "application_id", "created_at"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", SafeString(36), primary_key=True),
    _conversation_column(),
    Column("application_id", ForeignKey("applications.id", ondelete="CASCADE"), nullable=False),
    Column("direction", SafeString(8), nullable=False),
    Column("other_side", SafeText, nullable=False),
    Column("emails", StoredJson, nullable=False),
    Column("webhook_url", SafeText),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("server", SafeString(64), nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("reason", SafeString(24)),
    Column("details", SafeText),
    Column("sip_status", Integer),
    Index(None, "conversation_id"),
    Index(None, "ended_at"),
)

call_notices = Table(
    "call_notices",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False),
    Column("body", StoredJson, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcDateTime, nullable=False),
    Index(None, "call_id", "seq"),
    Index(None, "due_at"),
)

resources = Table(
    "resources",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False),
    Column("application_id", ForeignKey("applications.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", SafeText, nullable=False),
    Column("body", StoredJson, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("application_id", "id"),
    UniqueConstraint("application_id", "kind", "name"),
)
