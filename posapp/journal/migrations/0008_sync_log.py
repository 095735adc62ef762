"""The sync log with its requests and answers, and the ways into a million of its rows.

Revision: 0008, 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the bodies and the indexes."""
    op.create_table(
        "sync_bodies",
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_sync_bodies")),
    )
    op.create_index("ix_sync_bodies_done", "sync_bodies", ["log_id"], sqlite_where=sa.text("is_done = 1"))
    op.create_index("ix_sync_log_at", "sync_log", ["at"])
    op.create_index("ix_sync_log_trouble", "sync_log", ["id"], sqlite_where=sa.text("outcome != 'done'"))
    op.create_index("ix_sync_log_told", "sync_log", ["id"], sqlite_where=sa.text("entry_id IS NOT NULL"))
    op.create_index("ix_outbox_done", "outbox", ["id"], sqlite_where=sa.text("state = 'done'"))


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError
