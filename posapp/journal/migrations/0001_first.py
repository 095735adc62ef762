"""The first schema.

What this file creates is frozen: a later change is a later revision.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From an empty file."""
    _orders()
    _receipts()
    _attempts()
    _operations()
    _devices()
    _foreign_documents()
    _outbox()
    _sync_log()
    _facts()


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("number_key", sa.String(), nullable=False),
        sa.Column("is_courier", sa.Boolean(), nullable=False),
        sa.Column("is_claimed", sa.Boolean(), nullable=False),
        sa.Column("pulled_at", sa.String(), nullable=False),
        sa.Column("search", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "order_id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_courier", "orders", ["portal", "is_courier", "order_id"])
    op.create_index("ix_orders_number", "orders", ["portal", "number_key", "order_id"])
    op.create_index("ix_orders_search", "orders", ["portal", "order_id", "is_courier", "search"])


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("settlement", sa.String(), nullable=False),
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("total_kopecks", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Integer(), nullable=False),
        sa.Column("fiscalized_at", sa.Integer(), nullable=True),
        sa.Column("storage_number", sa.String(), nullable=True),
        sa.Column("document_number", sa.Integer(), nullable=True),
        sa.Column("mark", sa.String(), nullable=True),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.CheckConstraint(
            "state IN ('held','pending','sending','fiscalized','refused','cancelled')", name=op.f("ck_receipts_state")
        ),
        sa.CheckConstraint("typeof(total_kopecks) = 'integer' AND total_kopecks > 0", name=op.f("ck_receipts_total")),
        sa.CheckConstraint("kind BETWEEN 1 AND 4", name=op.f("ck_receipts_kind")),
        sa.CheckConstraint(
            "(state = 'fiscalized') = (mark IS NOT NULL AND document_number IS NOT NULL"
            " AND storage_number IS NOT NULL AND fiscalized_at IS NOT NULL)",
            name=op.f("ck_receipts_mark"),
        ),
    )
    op.create_index(
        "ix_receipts_day",
        "receipts",
        ["fiscalized_at", "kind", "total_kopecks"],
        sqlite_where=sa.text("fiscalized_at IS NOT NULL"),
    )
    op.create_index("ix_receipts_order", "receipts", ["portal", "order_id", "id"])
    op.create_index("ix_receipts_state", "receipts", ["state", "id"], sqlite_where=sa.text("state != 'fiscalized'"))
    op.create_index(
        "uq_receipts_document",
        "receipts",
        ["storage_number", "document_number"],
        unique=True,
        sqlite_where=sa.text("document_number IS NOT NULL"),
    )
    op.create_index("uq_receipts_key", "receipts", ["key"], unique=True)
    op.create_index(
        "uq_receipts_settlement", "receipts", ["settlement"], unique=True, sqlite_where=sa.text("state != 'cancelled'")
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipt_key", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("factory_number", sa.String(), nullable=False),
        sa.Column("registration_number", sa.String(), nullable=False),
        sa.Column("storage_number", sa.String(), nullable=False),
        sa.Column("last_document", sa.Integer(), nullable=False),
        sa.Column("shift_number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_attempts_number")),
        sa.CheckConstraint("outcome IN ('','fiscalized','pending','refused')", name=op.f("ck_attempts_outcome")),
        sa.CheckConstraint("(outcome = '') = (ended_at IS NULL)", name=op.f("ck_attempts_ended")),
        sa.ForeignKeyConstraint(["receipt_key"], ["receipts.key"], name=op.f("fk_attempts_receipt_key")),
    )
    op.create_index("uq_attempts_number", "attempts", ["receipt_key", "number"], unique=True)
    op.create_index(
        "uq_attempts_open", "attempts", ["factory_number"], unique=True, sqlite_where=sa.text("ended_at IS NULL")
    )


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_kopecks", sa.Integer(), nullable=True),
        sa.Column("factory_number", sa.String(), nullable=False),
        sa.Column("registration_number", sa.String(), nullable=False),
        sa.Column("storage_number", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("cashier", sa.String(), nullable=False),
        sa.Column("started_at", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
        sa.CheckConstraint(
            "kind IN ('shift_open','shift_close','cash_in','cash_out','x_report')", name=op.f("ck_operations_kind")
        ),
        sa.CheckConstraint("state IN ('sending','done','refused')", name=op.f("ck_operations_state")),
        sa.CheckConstraint("(state = 'sending') = (ended_at IS NULL)", name=op.f("ck_operations_ended")),
        sa.CheckConstraint(
            "amount_kopecks IS NULL OR (typeof(amount_kopecks) = 'integer' AND amount_kopecks > 0)",
            name=op.f("ck_operations_amount"),
        ),
    )
    op.create_index(
        "uq_operations_open", "operations", ["factory_number"], unique=True, sqlite_where=sa.text("state = 'sending'")
    )


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("factory_number", sa.String(), nullable=False),
        sa.Column("registration_number", sa.String(), nullable=False),
        sa.Column("storage_number", sa.String(), nullable=False),
        sa.Column("last_document", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("factory_number", name=op.f("pk_devices")),
        sa.CheckConstraint("last_document >= 0", name=op.f("ck_devices_document")),
    )


def _foreign_documents() -> None:
    op.create_table(
        "foreign_documents",
        sa.Column("storage_number", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("factory_number", sa.String(), nullable=False),
        sa.Column("seen_at", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("storage_number", "number", name=op.f("pk_foreign_documents")),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipt_key", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("step_order", sa.Integer(), nullable=False),
        sa.Column("portal", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("order_key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("proof", sa.String(), nullable=False),
        sa.Column("is_unsure", sa.Boolean(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.CheckConstraint("step IN ('mark','payment','status','stock')", name=op.f("ck_outbox_step")),
        sa.CheckConstraint("state IN ('waiting','done','failed','held')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["receipt_key"], ["receipts.key"], name=op.f("fk_outbox_receipt_key")),
    )
    op.create_index(
        "ix_outbox_open", "outbox", ["state", "due_at", "receipt_key"], sqlite_where=sa.text("state != 'done'")
    )
    op.create_index("ix_outbox_order", "outbox", ["order_key"])
    op.create_index("ix_outbox_receipt", "outbox", ["receipt_key", "step_order"])


def _sync_log() -> None:
    op.create_table(
        "sync_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("order_key", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("http", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_log")),
        sa.CheckConstraint("outcome IN ('done','failed','lost')", name=op.f("ck_sync_log_outcome")),
    )
    op.create_index("ix_sync_log_entry", "sync_log", ["entry_id"], sqlite_where=sa.text("entry_id IS NOT NULL"))
    op.create_index("ix_sync_log_order", "sync_log", ["order_key"])


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError
