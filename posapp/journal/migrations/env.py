"""Alembic's environment. It runs inside a transaction that `posapp.journal.migrate` has begun and will commit."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from posapp.journal.tables import metadata


def run() -> None:
    """Runs the steps on the connection that the caller left in the configuration."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,  # SQLite changes a column by rebuilding its table
        transactional_ddl=True,
    )
    context.run_migrations()


run()
