"""Applications, signing keys, and conversations with what was said and found in them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("app_id", sa.String(64), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("token_generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
        sa.UniqueConstraint("name", name="uq_applications_name"),
        sa.UniqueConstraint("app_id", name="uq_applications_app_id"),
        sa.UniqueConstraint("key_hash", name="uq_applications_key_hash"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("purpose", name="pk_signing_keys"),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("application_id", sa.String(36), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("timezone_offset_min", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("spoken_until", sa.Float(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name="fk_conversations_application_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_conversations_application_id_started_at", "conversations", ["application_id", "started_at"]
    )
    op.create_table(
        "members",
        *_numbered("members"),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("user_id", sa.Text()),
        sa.Column("merged_into", sa.Text()),
        sa.UniqueConstraint("conversation_id", "id", name="uq_members_conversation_id_id"),
        sa.UniqueConstraint("conversation_id", "user_id", name="uq_members_conversation_id_user_id"),
    )
    op.create_table(
        "messages",
        *_numbered("messages"),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float()),
        sa.Column("sentiment", sa.Float()),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("phrases", sa.Text(), nullable=False),
        sa.Column("entities", sa.Text(), nullable=False),
        sa.UniqueConstraint("conversation_id", "id", name="uq_messages_conversation_id_id"),
    )
    op.create_index("ix_messages_conversation_id_start_seq", "messages", ["conversation_id", "start", "seq"])
    op.create_table(
        "insights",
        *_numbered("insights"),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("message_ids", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text()),
        sa.Column("assignee_id", sa.Text()),
        sa.Column("assignee_name", sa.Text()),
        sa.Column("due_by", sa.DateTime(timezone=True)),
        sa.Column("definitive", sa.Boolean(), nullable=False),
        sa.Column("phrases", sa.Text(), nullable=False),
        sa.Column("entities", sa.Text(), nullable=False),
        sa.UniqueConstraint("conversation_id", "id", name="uq_insights_conversation_id_id"),
    )
    op.create_index("ix_insights_conversation_id_kind_seq", "insights", ["conversation_id", "kind", "seq"])
    op.create_table(
        "topics",
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("message_ids", sa.Text(), nullable=False),
        sa.Column("root_words", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text()),
        sa.Column("sentiment", sa.Float()),
        sa.PrimaryKeyConstraint("conversation_id", "position", name="pk_topics"),
        _of_conversation("topics"),
    )
    op.create_table(
        "tracker_matches",
        *_numbered("tracker_matches"),
        sa.Column("tracker_id", sa.Text(), nullable=False),
        sa.Column("tracker_name", sa.Text(), nullable=False),
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("message_refs", sa.Text(), nullable=False),
        sa.Column("insight_refs", sa.Text(), nullable=False),
    )
    op.create_index("ix_tracker_matches_conversation_id_seq", "tracker_matches", ["conversation_id", "seq"])
    op.create_table(
        "entity_matches",
        *_numbered("entity_matches"),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("message_refs", sa.Text(), nullable=False),
    )
    op.create_index("ix_entity_matches_conversation_id_seq", "entity_matches", ["conversation_id", "seq"])


def _numbered(table: str) -> list[sa.schema.SchemaItem]:
    """Return what every list of a conversation's items starts with."""
    return [
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=f"pk_{table}"),
        _of_conversation(table),
    ]


def _of_conversation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["conversation_id"], ["conversations.id"], name=f"fk_{table}_conversation_id", ondelete="CASCADE"
    )
