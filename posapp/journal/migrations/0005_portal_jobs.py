"""Receipts that the portal or the site orders.

Revision: 0005, 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table of jobs."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("factory_number", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.Integer(), nullable=False),
        sa.Column("delivered_at", sa.Integer(), nullable=False),
        sa.Column("receipt_key", sa.String(), nullable=True),
        sa.Column("shift_number", sa.Integer(), nullable=True),
        sa.Column("lease", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.CheckConstraint("kind IN ('check','report')", name=op.f("ck_jobs_kind")),
        sa.CheckConstraint("state IN ('open','held','refused','done')", name=op.f("ck_jobs_state")),
        sa.CheckConstraint("length(source) > 0 AND length(external_id) > 0", name=op.f("ck_jobs_names")),
        sa.CheckConstraint("deliveries >= 1", name=op.f("ck_jobs_deliveries")),
        sa.ForeignKeyConstraint(["receipt_key"], ["receipts.key"], name=op.f("fk_jobs_receipt_key")),
    )
    op.create_index("uq_jobs_external", "jobs", ["source", "external_id"], unique=True)
    open_ = sa.text("is_told = 0 OR state IN ('open','held')")
    op.create_index("ix_jobs_open", "jobs", ["source", "id"], sqlite_where=open_)
    op.create_index("ix_jobs_receipt", "jobs", ["receipt_key"], sqlite_where=sa.text("receipt_key IS NOT NULL"))


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError
