"""What receipts have moved in the portal's stock, and which refunds brought goods back.

Revision: 0006, 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables."""
    _moves()
    _returned()


def _moves() -> None:
    op.create_table(
        "stock_moves",
        sa.Column("receipt_key", sa.String(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("change_micro", sa.Integer(), nullable=False),
        sa.Column("left_micro", sa.Integer(), nullable=False),
        sa.Column("seen", sa.String(), nullable=True),
        sa.Column("target", sa.String(), nullable=True),
        sa.Column("is_cleared", sa.Boolean(), nullable=False),
        sa.Column("confirmed_at", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("receipt_key", "product_id", name=op.f("pk_stock_moves")),
        sa.CheckConstraint(
            "typeof(change_micro) = 'integer' AND typeof(left_micro) = 'integer'", name=op.f("ck_stock_moves_change")
        ),
        sa.CheckConstraint("(seen IS NULL) = (target IS NULL)", name=op.f("ck_stock_moves_target")),
        sa.ForeignKeyConstraint(["receipt_key"], ["receipts.key"], name=op.f("fk_stock_moves_receipt_key")),
    )
    op.create_index("ix_stock_moves_product", "stock_moves", ["portal", "product_id", "confirmed_at"])
    # Rule 13: one absolute write of a product's quantity is under way at a time.
    op.create_index(
        "uq_stock_moves_writing",
        "stock_moves",
        ["portal", "product_id"],
        unique=True,
        sqlite_where=sa.text("target IS NOT NULL AND confirmed_at IS NULL"),
    )


def _returned() -> None:
    op.create_table(
        "returned_goods",
        sa.Column("receipt_key", sa.String(), nullable=False),
        sa.Column("is_back", sa.Boolean(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("goods", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("receipt_key", name=op.f("pk_returned_goods")),
        sa.ForeignKeyConstraint(["receipt_key"], ["receipts.key"], name=op.f("fk_returned_goods_receipt_key")),
    )


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError
