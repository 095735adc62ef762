"""The tables of the journal: the one description of the schema, which the migrations arrive at.

Times are whole microseconds since 1970 UTC, money whole kopecks, JSON is text; an order's number has a key beside it
that ignores case in every alphabet (SQLite's own comparison does so for Latin letters only). What must never break is
a constraint here, so that no mistake above can write it: one live receipt per settlement, a mark exactly on fiscalized
receipts, one receipt per fiscal document, one open attempt per register; the audit log is only ever added to.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, CheckConstraint, Index, MetaData, Table, event, text
from sqlmodel import Field, SQLModel

# Every constraint has a name, so that a later migration can change it.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """The base of the journal's tables, with metadata of their own."""

    metadata = MetaData(naming_convention=_NAMES)


class OrderRow(Row, table=True):
    """The local copy of an order. `search` is what a person may type, case folded; `pulled_at` ISO text as given."""

    __tablename__ = "orders"
    __table_args__: Any = (
        Index("ix_orders_number", "portal", "number_key", "order_id"),
        Index("ix_orders_courier", "portal", "is_courier", "order_id"),
        Index("ix_orders_search", "portal", "order_id", "is_courier", "search"),
    )

    portal: str = Field(primary_key=True)
    order_id: int = Field(primary_key=True)
    number: str
    number_key: str
    is_courier: bool
    is_claimed: bool
    pulled_at: str
    search: str
    body: str


class ReceiptRow(Row, table=True):
    """A receipt, whole in `body`, beside the columns that change or are searched."""

    __tablename__ = "receipts"
    __table_args__: Any = (
        CheckConstraint("state IN ('held','pending','sending','fiscalized','refused','cancelled')", name="state"),
        CheckConstraint("typeof(total_kopecks) = 'integer' AND total_kopecks > 0", name="total"),
        CheckConstraint("kind BETWEEN 1 AND 4", name="kind"),
        CheckConstraint(
            "(state = 'fiscalized') = (mark IS NOT NULL AND document_number IS NOT NULL"
            " AND storage_number IS NOT NULL AND fiscalized_at IS NOT NULL)",
            name="mark",
        ),
        Index("uq_receipts_key", "key", unique=True),
        # Rule 1: one receipt per settlement, the cancelled ones left out.
        Index("uq_receipts_settlement", "settlement", unique=True, sqlite_where=text("state != 'cancelled'")),
        Index(
            "uq_receipts_document",
            "storage_number",
            "document_number",
            unique=True,
            sqlite_where=text("document_number IS NOT NULL"),
        ),
        Index("ix_receipts_order", "portal", "order_id", "id"),
        Index("ix_receipts_state", "state", "id", sqlite_where=text("state != 'fiscalized'")),
        Index(
            "ix_receipts_day",
            "fiscalized_at",
            "kind",
            "total_kopecks",
            sqlite_where=text("fiscalized_at IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str
    settlement: str
    portal: str
    order_id: int
    kind: int
    total_kopecks: int
    state: str
    reason: str
    attempts: int
    created_at: int
    changed_at: int
    fiscalized_at: int | None
    storage_number: str | None
    document_number: int | None
    mark: str | None
    body: str


class AttemptRow(Row, table=True):
    """One try to print; open while `ended_at` is null."""

    __tablename__ = "attempts"
    __table_args__: Any = (
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("outcome IN ('','fiscalized','pending','refused')", name="outcome"),
        CheckConstraint("(outcome = '') = (ended_at IS NULL)", name="ended"),
        Index("uq_attempts_number", "receipt_key", "number", unique=True),
        # Rule 10: one receipt is being sent to a register.
        Index("uq_attempts_open", "factory_number", unique=True, sqlite_where=text("ended_at IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    receipt_key: str = Field(foreign_key="receipts.key")
    number: int
    factory_number: str
    registration_number: str
    storage_number: str
    last_document: int
    shift_number: int
    started_at: int
    ended_at: int | None
    outcome: str
    evidence: str


class OperationRow(Row, table=True):
    """A shift operation; `before` and `evidence` are its proof."""

    __tablename__ = "operations"
    __table_args__: Any = (
        CheckConstraint("kind IN ('shift_open','shift_close','cash_in','cash_out','x_report')", name="kind"),
        CheckConstraint("state IN ('sending','done','refused')", name="state"),
        CheckConstraint("(state = 'sending') = (ended_at IS NULL)", name="ended"),
        CheckConstraint(
            "amount_kopecks IS NULL OR (typeof(amount_kopecks) = 'integer' AND amount_kopecks > 0)", name="amount"
        ),
        Index("uq_operations_open", "factory_number", unique=True, sqlite_where=text("state = 'sending'")),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    amount_kopecks: int | None
    factory_number: str
    registration_number: str
    storage_number: str
    state: str
    before: str
    evidence: str
    cashier: str
    started_at: int
    ended_at: int | None


class DeviceRow(Row, table=True):
    """The device book: a register as last seen."""

    __tablename__ = "devices"
    __table_args__: Any = (CheckConstraint("last_document >= 0", name="document"),)

    factory_number: str = Field(primary_key=True)
    registration_number: str
    storage_number: str
    last_document: int
    seen_at: int


class ForeignDocumentRow(Row, table=True):
    """A document that another program made on our register."""

    __tablename__ = "foreign_documents"

    storage_number: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    factory_number: str
    seen_at: int
    body: str


class ShiftRow(Row, table=True):
    """A shift of a storage: the reports that opened and closed it, and what was counted in it before it was closed.

    The times are those of the reports (1012), ISO text without a zone, as the register's clock had them.
    """

    __tablename__ = "shifts"
    __table_args__: Any = (
        CheckConstraint("shift_number >= 1", name="number"),
        CheckConstraint("(opened_document IS NULL) = (opened_at IS NULL)", name="opened"),
        CheckConstraint("(closed_document IS NULL) = (closed_at IS NULL)", name="closed"),
    )

    storage_number: str = Field(primary_key=True)
    shift_number: int = Field(primary_key=True)
    factory_number: str
    opened_document: int | None
    opened_at: str | None
    closed_document: int | None
    closed_at: str | None
    report: str


class CourierDayRow(Row, table=True):
    """A courier's day: the float that was taken; closed, what was counted, by whom, and the figures as signed.

    Its receipts are those of `storage_number` after document `after_document`, up to `until_document` once it is
    closed; on other storages those made between the two moments.
    """

    __tablename__ = "courier_days"
    __table_args__: Any = (
        CheckConstraint("typeof(float_kopecks) = 'integer' AND float_kopecks >= 0", name="float"),
        CheckConstraint("length(courier) > 0 AND length(opened_by) > 0", name="names"),
        CheckConstraint(
            "(closed_at IS NULL) = (received_by IS NULL) AND (closed_at IS NULL) = (counted_kopecks IS NULL)"
            " AND (closed_at IS NULL) = (until_document IS NULL) AND (closed_at IS NULL) = (figures IS NULL)",
            name="closed",
        ),
        CheckConstraint(
            "counted_kopecks IS NULL OR (typeof(counted_kopecks) = 'integer' AND counted_kopecks >= 0)", name="counted"
        ),
        # One bag of money on one till: the open day is found, never chosen.
        Index("uq_courier_days_open", "is_open", unique=True, sqlite_where=text("is_open = 1")),
        CheckConstraint("is_open = (closed_at IS NULL)", name="open"),
    )

    id: int | None = Field(default=None, primary_key=True)
    is_open: bool
    courier: str
    opened_by: str
    opened_at: int
    float_kopecks: int
    storage_number: str
    after_document: int
    until_document: int | None
    closed_at: int | None
    received_by: str | None
    counted_kopecks: int | None
    why: str
    figures: str | None


class RefusalRow(Row, table=True):
    """Goods that a customer did not take, with the reason; `lines` are for the return to stock."""

    __tablename__ = "refusals"
    __table_args__: Any = (
        CheckConstraint("length(why) > 0", name="why"),
        CheckConstraint("typeof(amount_kopecks) = 'integer' AND amount_kopecks >= 0", name="amount"),
        Index("ix_refusals_day", "day_id", "id"),
        Index("ix_refusals_order", "portal", "order_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: int
    day_id: int | None = Field(foreign_key="courier_days.id")
    portal: str
    order_id: int
    order_number: str
    receipt_key: str
    is_whole: bool
    amount_kopecks: int
    who: str
    why: str
    lines: str


class OutboxRow(Row, table=True):
    """One thing that the portal has to be told; `step_order` is the place of `step` among its siblings."""

    __tablename__ = "outbox"
    __table_args__: Any = (
        CheckConstraint("step IN ('mark','payment','status','stock')", name="step"),
        CheckConstraint("state IN ('waiting','done','failed','held')", name="state"),
        Index("ix_outbox_receipt", "receipt_key", "step_order"),
        Index("ix_outbox_order", "order_key"),
        # Done entries only pile up: what is looked for every second must not grow with them.
        Index("ix_outbox_open", "state", "due_at", "receipt_key", sqlite_where=text("state != 'done'")),
        Index("ix_outbox_done", "id", sqlite_where=text("state = 'done'")),  # to count them
    )

    id: int | None = Field(default=None, primary_key=True)
    receipt_key: str = Field(foreign_key="receipts.key")
    step: str
    step_order: int
    portal: str
    order_id: int
    order_number: str
    order_key: str
    state: str
    tries: int
    created_at: int
    due_at: int
    code: str
    facts: str
    proof: str
    is_unsure: bool
    body: str


class SyncLogRow(Row, table=True):
    """A request to the portal that really happened; never changed, the oldest are removed by rule (`log_changes`).

    Ids grow by one with every row: the newest row is never removed, so the oldest to keep is found by counting back.
    """

    __tablename__ = "sync_log"
    __table_args__: Any = (
        CheckConstraint("outcome IN ('done','failed','lost')", name="outcome"),
        Index("ix_sync_log_entry", "entry_id", sqlite_where=text("entry_id IS NOT NULL")),
        Index("ix_sync_log_order", "order_key"),
        Index("ix_sync_log_at", "at"),
        Index("ix_sync_log_trouble", "id", sqlite_where=text("outcome != 'done'")),
        Index("ix_sync_log_told", "id", sqlite_where=text("entry_id IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: int
    entry_id: int | None
    order_number: str
    order_key: str
    step: str
    method: str
    outcome: str
    http: int | None
    code: str
    reason: str
    duration_ms: int
    attempt: int


class FactRow(Row, table=True):
    """A small fact by name."""

    __tablename__ = "facts"

    name: str = Field(primary_key=True)
    value: str


class AuditRow(Row, table=True):
    """A person's decision, chained to the former one (`chain.py`); never changed, never removed."""

    __tablename__ = "audit"
    __table_args__: Any = (
        CheckConstraint("id >= 1", name="id"),
        CheckConstraint("length(previous) = 64 AND length(hash) = 64", name="hash"),
        Index("ix_audit_subject", "subject", "id"),
    )

    id: int = Field(primary_key=True)
    at: int
    who: str
    what: str
    subject: str
    why: str
    facts: str
    previous: str
    hash: str


class ProductRow(Row, table=True):
    """A product of the portal's catalogue as it is sold without an order; `search` is its name, case folded.

    `measure` is tag 2108. `pass_id` is the pass through the whole catalogue that saw it last: what a complete pass did
    not see is gone on the portal.
    """

    __tablename__ = "products"

    portal: str = Field(primary_key=True)
    product_id: int = Field(primary_key=True)
    name: str
    search: str
    kind: int
    is_active: bool
    measure: int
    measure_name: str
    vat_row: int | None
    vat_included: bool
    marking: str
    updated_at: str
    pass_id: int


class ProductCodeRow(Row, table=True):
    """What a product is found by: a barcode as fourteen digits, an article without case, a number on the scales."""

    __tablename__ = "product_codes"
    __table_args__: Any = (
        CheckConstraint("kind IN ('barcode','article','scale')", name="kind"),
        Index("ix_product_codes_product", "portal", "product_id", "kind", "code"),
    )

    portal: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    product_id: int = Field(primary_key=True)


class ProductPriceRow(Row, table=True):
    """A price of a product, for any quantity or for those between two (both included)."""

    __tablename__ = "product_prices"
    __table_args__: Any = (
        CheckConstraint("typeof(kopecks) = 'integer'", name="kopecks"),
        Index("ix_product_prices_product", "portal", "product_id"),
    )

    portal: str = Field(primary_key=True)
    price_id: int = Field(primary_key=True)
    product_id: int
    quantity_from: int | None
    quantity_to: int | None
    kopecks: int
    currency: str
    pass_id: int


class WalkInRow(Row, table=True):
    """What a sale without an order sold: `goods` with the portal's ids, for the stock; written with its receipt.

    `content` is a hash of the goods; `is_told`: a person has been told that the receipt is printed.
    """

    __tablename__ = "walk_ins"
    __table_args__: Any = (
        CheckConstraint("length(content) = 64", name="content"),
        Index("ix_walk_ins_untold", "content", sqlite_where=text("is_told = 0")),
    )

    receipt_key: str = Field(primary_key=True, foreign_key="receipts.key")
    content: str
    is_told: bool
    goods: str


class OrderLoadRow(Row, table=True):
    """The load of all orders of a portal: how far it has come, so that a till that is killed goes on from there.

    `condition` is the portal's filter as JSON; orders up to `after_id` are on board, `until_id` was the newest when it
    began; `expected` is the portal's own count, `seen` what was read. `began` is the portal's clock at the beginning.
    """

    __tablename__ = "order_loads"
    __table_args__: Any = (
        CheckConstraint("stage IN ('reading','checking','done')", name="stage"),
        CheckConstraint("(stage = 'done') = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("after_id >= 0 AND until_id >= 0 AND expected >= 0 AND seen >= 0", name="numbers"),
    )

    portal: str = Field(primary_key=True)
    condition: str
    began: str
    stage: str
    after_id: int
    until_id: int
    expected: int
    seen: int
    started_at: int
    ended_at: int | None


class UnreadOrderRow(Row, table=True):
    """An order that the portal has and did not hand over in a form that can be read; `since` it was asked for last."""

    __tablename__ = "unread_orders"

    portal: str = Field(primary_key=True)
    order_id: int = Field(primary_key=True)
    why: str
    since: int


class RouteStopRow(Row, table=True):
    """An order of the courier's route, as he left with it: `body` is that copy, what comes later is compared with it.

    `left_at` is when he left with it, `pulled_at` when the portal had told that copy.
    """

    __tablename__ = "route_stops"

    portal: str = Field(primary_key=True)
    order_id: int = Field(primary_key=True)
    left_at: int
    pulled_at: str
    body: str


class StoreRow(Row, table=True):
    """A store of the portal."""

    __tablename__ = "stores"

    portal: str = Field(primary_key=True)
    store_id: int = Field(primary_key=True)
    title: str
    is_active: bool


class StoreAmountRow(Row, table=True):
    """How much of a product lies in a store, and how much of that is reserved: decimals as text.

    `pass_id` is the pass that saw it last, as for products.
    """

    __tablename__ = "store_amounts"

    portal: str = Field(primary_key=True)
    product_id: int = Field(primary_key=True)
    store_id: int = Field(primary_key=True)
    amount: str
    reserved: str
    pass_id: int


class StockMoveRow(Row, table=True):
    """How much of a product a receipt takes from the portal's stock (negative) or brings back, in millionths.

    `left_micro` is what of it is still to be written, which differs where a write went over somebody else's; `seen` and
    `target` are what the portal's quantity was and is to become, kept before it is written (rule 13);
    `is_cleared`: a person said that a doubtful move may be written; `confirmed_at`: the portal has it.
    """

    __tablename__ = "stock_moves"
    __table_args__: Any = (
        CheckConstraint("typeof(change_micro) = 'integer' AND typeof(left_micro) = 'integer'", name="change"),
        CheckConstraint("(seen IS NULL) = (target IS NULL)", name="target"),
        Index("ix_stock_moves_product", "portal", "product_id", "confirmed_at"),
        # Rule 13: one absolute write of a product's quantity is under way at a time.
        Index(
            "uq_stock_moves_writing",
            "portal",
            "product_id",
            unique=True,
            sqlite_where=text("target IS NOT NULL AND confirmed_at IS NULL"),
        ),
    )

    receipt_key: str = Field(primary_key=True, foreign_key="receipts.key")
    product_id: int = Field(primary_key=True)
    portal: str
    name: str
    change_micro: int
    left_micro: int
    seen: str | None
    target: str | None
    is_cleared: bool
    confirmed_at: int | None


class ReturnedGoodsRow(Row, table=True):
    """Of a refund, written with its receipt: whether the goods came back into the shop, and which they are.

    `is_whole`: this refund alone takes back all of its receipt.
    """

    __tablename__ = "returned_goods"

    receipt_key: str = Field(primary_key=True, foreign_key="receipts.key")
    is_back: bool
    is_whole: bool
    goods: str


class SyncBodyRow(Row, table=True):
    """Request and answer of a row of the sync log, masked and packed (zlib), apart so that rows stay short.

    `is_done` is that of the row: what went well is kept for a shorter time.
    """

    __tablename__ = "sync_bodies"
    __table_args__: Any = (Index("ix_sync_bodies_done", "log_id", sqlite_where=text("is_done = 1")),)

    log_id: int = Field(primary_key=True)
    is_done: bool
    request: bytes
    answer: bytes


class JobRow(Row, table=True):
    """A receipt or a shift report that the portal or the site ordered: one row for its number there, kept for ever.

    `body` is what was ordered, as it came last; `receipt_key` its receipt here, once there is one, on which alone
    depends whether it is printed. `is_told`: the portal has acknowledged how it ended. `lease` is the gateway's.
    """

    __tablename__ = "jobs"
    __table_args__: Any = (
        CheckConstraint("kind IN ('check','report')", name="kind"),
        CheckConstraint("state IN ('open','held','refused','done')", name="state"),
        CheckConstraint("length(source) > 0 AND length(external_id) > 0", name="names"),
        CheckConstraint("deliveries >= 1", name="deliveries"),
        Index("uq_jobs_external", "source", "external_id", unique=True),
        Index("ix_jobs_open", "source", "id", sqlite_where=text("is_told = 0 OR state IN ('open','held')")),
        Index("ix_jobs_receipt", "receipt_key", sqlite_where=text("receipt_key IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str
    external_id: str
    kind: str
    factory_number: str
    state: str
    is_told: bool
    deliveries: int
    received_at: int
    delivered_at: int
    receipt_key: str | None = Field(foreign_key="receipts.key")
    shift_number: int | None
    lease: str
    code: str
    facts: str
    body: str


class CardOperationRow(Row, table=True):
    """Card money: what was asked of the terminal, kept before it was asked, and what came of it (`card_rows`).

    `receipt_key` is the receipt that is to be printed for it; there is none while nothing but the card was charged, so
    it refers to no row.
    """

    __tablename__ = "card_operations"
    __table_args__: Any = (
        CheckConstraint("kind IN ('charge','refund','cancel')", name="kind"),
        CheckConstraint("state IN ('asking','approved','receipted','declined','returned')", name="state"),
        CheckConstraint("(state = 'asking') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("typeof(amount_kopecks) = 'integer' AND amount_kopecks > 0", name="amount"),
        CheckConstraint("length(reference) = 16 AND length(settlement) > 0", name="names"),
        Index("uq_card_operations_reference", "reference", unique=True),
        # A settlement is charged once: nothing more is asked while an outcome is not known or money was taken.
        Index(
            "uq_card_operations_settlement",
            "settlement",
            unique=True,
            sqlite_where=text("state IN ('asking','approved','receipted')"),
        ),
        Index("ix_card_operations_order", "portal", "order_id", "id"),
        Index("ix_card_operations_receipt", "receipt_key"),
        Index("ix_card_operations_open", "id", sqlite_where=text("state IN ('asking','approved')")),
        Index("ix_card_operations_rrn", "rrn", sqlite_where=text("rrn != ''")),
    )

    id: int | None = Field(default=None, primary_key=True)
    reference: str
    kind: str
    of_reference: str
    settlement: str
    portal: str
    order_id: int
    order_number: str
    receipt_key: str
    amount_kopecks: int
    state: str
    decided_by: str
    original: str
    rrn: str
    authorization: str
    card: str
    terminal: str
    reason: str
    who: str
    asked_at: int
    ended_at: int | None


metadata = Row.metadata

# A replacing insert fires no trigger of deletion: so nothing may be inserted but behind the last record.
AUDIT_GUARDS = {
    "audit_insert": (
        "CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN NEW.id <= (SELECT coalesce(max(id), 0) FROM audit)"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
    ),
    "audit_update": (
        "CREATE TRIGGER audit_update BEFORE UPDATE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
    ),
    "audit_delete": (
        "CREATE TRIGGER audit_delete BEFORE DELETE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
    ),
}
for _guard in AUDIT_GUARDS.values():
    event.listen(metadata.tables["audit"], "after_create", DDL(_guard))  # type: ignore[no-untyped-call]


def table(model: type[Row]) -> Table:
    """The Core table behind a model."""
    return metadata.tables[str(model.__tablename__)]
