"""Runs migrations over the connection, and in the transaction, that `upgrade` was given."""

from alembic import context

from earful.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
