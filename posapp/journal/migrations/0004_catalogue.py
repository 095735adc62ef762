"""The catalogue for sales without an order, and what such a sale sold.

Revision: 0004, 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the four tables."""
    _products()
    _codes()
    _prices()
    _walk_ins()


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("search", sa.String(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("measure", sa.Integer(), nullable=False),
        sa.Column("measure_name", sa.String(), nullable=False),
        sa.Column("vat_row", sa.Integer(), nullable=True),
        sa.Column("vat_included", sa.Boolean(), nullable=False),
        sa.Column("marking", sa.String(), nullable=False),
        sa.Column("updated_at", sa.String(), nullable=False),
        sa.Column("pass_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "product_id", name=op.f("pk_products")),
    )


def _codes() -> None:
    op.create_table(
        "product_codes",
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "code", "kind", "product_id", name=op.f("pk_product_codes")),
        sa.CheckConstraint("kind IN ('barcode','article','scale')", name=op.f("ck_product_codes_kind")),
    )
    op.create_index("ix_product_codes_product", "product_codes", ["portal", "product_id", "kind", "code"])


def _prices() -> None:
    op.create_table(
        "product_prices",
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("price_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("quantity_from", sa.Integer(), nullable=True),
        sa.Column("quantity_to", sa.Integer(), nullable=True),
        sa.Column("kopecks", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("pass_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "price_id", name=op.f("pk_product_prices")),
        sa.CheckConstraint("typeof(kopecks) = 'integer'", name=op.f("ck_product_prices_kopecks")),
    )
    op.create_index("ix_product_prices_product", "product_prices", ["portal", "product_id"])


def _walk_ins() -> None:
    op.create_table(
        "walk_ins",
        sa.Column("receipt_key", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("goods", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("receipt_key", name=op.f("pk_walk_ins")),
        sa.CheckConstraint("length(content) = 64", name=op.f("ck_walk_ins_content")),
        sa.ForeignKeyConstraint(["receipt_key"], ["receipts.key"], name=op.f("fk_walk_ins_receipt_key")),
    )
    op.create_index("ix_walk_ins_untold", "walk_ins", ["content"], sqlite_where=sa.text("is_told = 0"))


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError
