"""Shifts with what was counted in them; a courier's day and the goods that customers refused.

Revision: 0003, 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the three tables."""
    _shifts()
    _courier_days()
    _refusals()


def _shifts() -> None:
    op.create_table(
        "shifts",
        sa.Column("storage_number", sa.String(), nullable=False),
        sa.Column("shift_number", sa.Integer(), nullable=False),
        sa.Column("factory_number", sa.String(), nullable=False),
        sa.Column("opened_document", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.String(), nullable=True),
        sa.Column("closed_document", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.String(), nullable=True),
        sa.Column("report", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("storage_number", "shift_number", name=op.f("pk_shifts")),
        sa.CheckConstraint("shift_number >= 1", name=op.f("ck_shifts_number")),
        sa.CheckConstraint("(opened_document IS NULL) = (opened_at IS NULL)", name=op.f("ck_shifts_opened")),
        sa.CheckConstraint("(closed_document IS NULL) = (closed_at IS NULL)", name=op.f("ck_shifts_closed")),
    )


def _courier_days() -> None:
    op.create_table(
        "courier_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("courier", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.Integer(), nullable=False),
        sa.Column("float_kopecks", sa.Integer(), nullable=False),
        sa.Column("storage_number", sa.String(), nullable=False),
        sa.Column("after_document", sa.Integer(), nullable=False),
        sa.Column("until_document", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.Integer(), nullable=True),
        sa.Column("received_by", sa.String(), nullable=True),
        sa.Column("counted_kopecks", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("figures", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courier_days")),
        sa.CheckConstraint(
            "typeof(float_kopecks) = 'integer' AND float_kopecks >= 0", name=op.f("ck_courier_days_float")
        ),
        sa.CheckConstraint("length(courier) > 0 AND length(opened_by) > 0", name=op.f("ck_courier_days_names")),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (received_by IS NULL) AND (closed_at IS NULL) = (counted_kopecks IS NULL)"
            " AND (closed_at IS NULL) = (until_document IS NULL) AND (closed_at IS NULL) = (figures IS NULL)",
            name=op.f("ck_courier_days_closed"),
        ),
        sa.CheckConstraint(
            "counted_kopecks IS NULL OR (typeof(counted_kopecks) = 'integer' AND counted_kopecks >= 0)",
            name=op.f("ck_courier_days_counted"),
        ),
        sa.CheckConstraint("is_open = (closed_at IS NULL)", name=op.f("ck_courier_days_open")),
    )
    op.create_index(
        "uq_courier_days_open", "courier_days", ["is_open"], unique=True, sqlite_where=sa.text("is_open = 1")
    )


def _refusals() -> None:
    op.create_table(
        "refusals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("day_id", sa.Integer(), nullable=True),
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("receipt_key", sa.String(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("amount_kopecks", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("lines", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
        sa.CheckConstraint("length(why) > 0", name=op.f("ck_refusals_why")),
        sa.CheckConstraint(
            "typeof(amount_kopecks) = 'integer' AND amount_kopecks >= 0", name=op.f("ck_refusals_amount")
        ),
        sa.ForeignKeyConstraint(["day_id"], ["courier_days.id"], name=op.f("fk_refusals_day_id")),
    )
    op.create_index("ix_refusals_day", "refusals", ["day_id", "id"])
    op.create_index("ix_refusals_order", "refusals", ["portal", "order_id", "id"])


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError
