"""Card money: what was asked of the terminal, and what came of it.

Revision: 0009, 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "card_operations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("of_reference", sa.String(), nullable=False),
        sa.Column("settlement", sa.String(), nullable=False),
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("receipt_key", sa.String(), nullable=False),
        sa.Column("amount_kopecks", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("rrn", sa.String(), nullable=False),
        sa.Column("authorization", sa.String(), nullable=False),
        sa.Column("card", sa.String(), nullable=False),
        sa.Column("terminal", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("asked_at", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_operations")),
        sa.CheckConstraint("kind IN ('charge','refund','cancel')", name=op.f("ck_card_operations_kind")),
        sa.CheckConstraint(
            "state IN ('asking','approved','receipted','declined','returned')", name=op.f("ck_card_operations_state")
        ),
        sa.CheckConstraint("(state = 'asking') = (ended_at IS NULL)", name=op.f("ck_card_operations_ended")),
        sa.CheckConstraint(
            "typeof(amount_kopecks) = 'integer' AND amount_kopecks > 0", name=op.f("ck_card_operations_amount")
        ),
        sa.CheckConstraint("length(reference) = 16 AND length(settlement) > 0", name=op.f("ck_card_operations_names")),
    )
    op.create_index("uq_card_operations_reference", "card_operations", ["reference"], unique=True)
    # A settlement is charged once: nothing more is asked while an outcome is not known or money was taken.
    op.create_index(
        "uq_card_operations_settlement",
        "card_operations",
        ["settlement"],
        unique=True,
        sqlite_where=sa.text("state IN ('asking','approved','receipted')"),
    )
    op.create_index("ix_card_operations_order", "card_operations", ["portal", "order_id", "id"])
    op.create_index("ix_card_operations_receipt", "card_operations", ["receipt_key"])
    op.create_index(
        "ix_card_operations_open", "card_operations", ["id"], sqlite_where=sa.text("state IN ('asking','approved')")
    )
    op.create_index("ix_card_operations_rrn", "card_operations", ["rrn"], sqlite_where=sa.text("rrn != ''"))


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError
