"""Conversations that are written or deleted in parts, and are not there for readers meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "conversations", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false())
    )
