"""Where conversations and accounts are kept: repositories over SQLAlchemy, migrations by Alembic."""
