"""Trackers, custom entities, groups and settings that an application keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resources",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("application_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_resources"),
        sa.UniqueConstraint("application_id", "id", name="uq_resources_application_id_id"),
        sa.UniqueConstraint("application_id", "kind", "name", name="uq_resources_application_id_kind_name"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="fk_resources_application_id", ondelete="CASCADE"
        ),
    )
