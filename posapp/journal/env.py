"""Alembic's environment; it wants this name and runs the file whenever steps of `migrations/` have to be made.

It stands inside a transaction that `migrate.py` has begun and will commit.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from posapp.journal.tables import metadata


def run() -> None:
    """Makes the steps on the connection that the caller left in the configuration."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,  # SQLite changes a column by rebuilding its table
    )
    context.run_migrations()


run()
