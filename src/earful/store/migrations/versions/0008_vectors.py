"""Sentence vectors of messages, for search by meaning, and the queue of messages that still want one."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Whatever writes a message, live talk, a job or a correction, its text is queued by the database itself.
_SQLITE = (
    """
    CREATE TRIGGER vector_queue_insert AFTER INSERT ON messages BEGIN
        INSERT INTO vector_queue(message_seq) VALUES (new.seq) ON CONFLICT DO NOTHING;
    END
    """,
    """
    CREATE TRIGGER vector_queue_update AFTER UPDATE OF text ON messages WHEN old.text <> new.text BEGIN
        DELETE FROM message_vectors WHERE message_seq = new.seq;
        INSERT INTO vector_queue(message_seq) VALUES (new.seq) ON CONFLICT DO NOTHING;
    END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION earful_queue_vector() RETURNS trigger AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF OLD.text = NEW.text THEN
                RETURN NULL;
            END IF;
            DELETE FROM message_vectors WHERE message_seq = NEW.seq;
        END IF;
        INSERT INTO vector_queue(message_seq) VALUES (NEW.seq) ON CONFLICT DO NOTHING;
        RETURN NULL;
    END
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER vector_queue_change AFTER INSERT OR UPDATE OF text ON messages
    FOR EACH ROW EXECUTE FUNCTION earful_queue_vector()
    """,
)


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "message_vectors",
        sa.Column("id", sequence, autoincrement=True, nullable=False),
        sa.Column("message_seq", sequence, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_message_vectors"),
        sa.UniqueConstraint("message_seq", name="uq_message_vectors_message_seq"),
        sa.ForeignKeyConstraint(
            ["message_seq"], ["messages.seq"], name="fk_message_vectors_message_seq", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "vector_queue",
        sa.Column("message_seq", sequence, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("message_seq", name="pk_vector_queue"),
        sa.ForeignKeyConstraint(
            ["message_seq"], ["messages.seq"], name="fk_vector_queue_message_seq", ondelete="CASCADE"
        ),
    )
    op.execute(sa.text("INSERT INTO vector_queue(message_seq) SELECT seq FROM messages"))
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(sa.text(statement))
