"""Full-text search over messages: an FTS5 index in SQLite, a GIN index in PostgreSQL."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SQLITE = (
    """
    CREATE VIRTUAL TABLE message_search USING fts5(
        text, content='messages', content_rowid='seq', tokenize='porter unicode61 remove_diacritics 2'
    )
    """,
    "INSERT INTO message_search(rowid, text) SELECT seq, text FROM messages",
    """
    CREATE TRIGGER message_search_insert AFTER INSERT ON messages BEGIN
        INSERT INTO message_search(rowid, text) VALUES (new.seq, new.text);
    END
    """,
    """
    CREATE TRIGGER message_search_delete AFTER DELETE ON messages BEGIN
        INSERT INTO message_search(message_search, rowid, text) VALUES ('delete', old.seq, old.text);
    END
    """,
    """
    CREATE TRIGGER message_search_update AFTER UPDATE OF text ON messages BEGIN
        INSERT INTO message_search(message_search, rowid, text) VALUES ('delete', old.seq, old.text);
        INSERT INTO message_search(rowid, text) VALUES (new.seq, new.text);
    END
    """,
)
_POSTGRESQL = ("CREATE INDEX ix_messages_search ON messages USING gin (to_tsvector('english', text))",)


def upgrade() -> None:
    statements = _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE
    for statement in statements:
        op.execute(sa.text(statement))
