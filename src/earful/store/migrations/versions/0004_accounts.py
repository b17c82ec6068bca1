"""Whether an application is active, its balance of audio, and how much it has used by day."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("applications", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("applications", sa.Column("balance_s", sa.Float()))
    op.create_table(
        "usage",
        sa.Column("application_id", sa.String(36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("audio_s", sa.Float(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("application_id", "day", name="pk_usage"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="fk_usage_application_id", ondelete="CASCADE"
        ),
    )
