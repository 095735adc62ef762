"""The load of all orders, what could not be read, the route as the courier left with it, and the stores' stock.

Revision: 0007, 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the five tables."""
    _loads()
    _unread()
    _stops()
    _stores()
    _amounts()


def _loads() -> None:
    op.create_table(
        "order_loads",
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("began", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.Column("until_id", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("portal", name=op.f("pk_order_loads")),
        sa.CheckConstraint("stage IN ('reading','checking','done')", name=op.f("ck_order_loads_stage")),
        sa.CheckConstraint("(stage = 'done') = (ended_at IS NOT NULL)", name=op.f("ck_order_loads_ended")),
        sa.CheckConstraint(
            "after_id >= 0 AND until_id >= 0 AND expected >= 0 AND seen >= 0", name=op.f("ck_order_loads_numbers")
        ),
    )


def _unread() -> None:
    op.create_table(
        "unread_orders",
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "order_id", name=op.f("pk_unread_orders")),
    )


def _stops() -> None:
    op.create_table(
        "route_stops",
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("left_at", sa.Integer(), nullable=False),
        sa.Column("pulled_at", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "order_id", name=op.f("pk_route_stops")),
    )


def _stores() -> None:
    op.create_table(
        "stores",
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "store_id", name=op.f("pk_stores")),
    )


def _amounts() -> None:
    op.create_table(
        "store_amounts",
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.String(), nullable=False),
        sa.Column("reserved", sa.String(), nullable=False),
        sa.Column("pass_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "product_id", "store_id", name=op.f("pk_store_amounts")),
    )


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError
