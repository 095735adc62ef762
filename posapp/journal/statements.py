"""The writing statements, built from the tables and compiled to text once: the driver runs them without SQLAlchemy's
execution, whose cost per statement is several times that of the statement itself.

Values are given by name; names that end in `_` select rows, the others are new values.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from sqlalchemy import (
    ColumnElement,
    Executable,
    Table,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import sqlite

from posapp.domain.settlement import State
from posapp.journal import tables

_DIALECT = sqlite.dialect(paramstyle="qmark")

Values = Mapping[str, object]


class Statement:
    """A statement as the driver takes it: its text and the names of its places, which bind faster than names do."""

    __slots__ = ("_names", "text")

    def __init__(self, statement: Executable, columns: list[str] | None = None) -> None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=columns)  # type: ignore[attr-defined]
        self.text = str(compiled)
        self._names: tuple[str, ...] = tuple(compiled.positiontup)

    def run(self, db: sqlite3.Connection, values: Values) -> sqlite3.Cursor:
        """Runs it once. Raises KeyError for a missing value, sqlite3.Error."""
        return db.execute(self.text, [values[name] for name in self._names])

    def run_many(self, db: sqlite3.Connection, rows: Iterable[Values]) -> None:
        """Runs it for every row."""
        names = self._names
        db.executemany(self.text, [[row[name] for name in names] for row in rows])


orders = tables.table(tables.OrderRow)
receipts = tables.table(tables.ReceiptRow)
attempts = tables.table(tables.AttemptRow)
operations = tables.table(tables.OperationRow)
devices = tables.table(tables.DeviceRow)
foreign_documents = tables.table(tables.ForeignDocumentRow)
shifts = tables.table(tables.ShiftRow)
courier_days = tables.table(tables.CourierDayRow)
refusals = tables.table(tables.RefusalRow)
outbox = tables.table(tables.OutboxRow)
sync_log = tables.table(tables.SyncLogRow)
sync_bodies = tables.table(tables.SyncBodyRow)
facts = tables.table(tables.FactRow)
audit = tables.table(tables.AuditRow)
products = tables.table(tables.ProductRow)
product_codes = tables.table(tables.ProductCodeRow)
product_prices = tables.table(tables.ProductPriceRow)
walk_ins = tables.table(tables.WalkInRow)
jobs = tables.table(tables.JobRow)
stock_moves = tables.table(tables.StockMoveRow)
returned_goods = tables.table(tables.ReturnedGoodsRow)
card_operations = tables.table(tables.CardOperationRow)


def _insert(table: Table, *given_by_sqlite: str) -> Statement:
    return Statement(insert(table), [each.name for each in table.columns if each.name not in given_by_sqlite])


def _upsert(table: Table, **changed: object) -> Statement:
    """Inserts, or replaces what is not the primary key. `changed` gives other values than the new row's."""
    row = sqlite.insert(table)
    key = [each.name for each in table.primary_key]
    values = {each.name: row.excluded[each.name] for each in table.columns if each.name not in key}
    return Statement(row.on_conflict_do_update(index_elements=key, set_={**values, **changed}))


def _word(word: str) -> ColumnElement[str]:
    """A constant inside a statement."""
    return literal_column(f"'{word}'")


def _is(column: ColumnElement[object], name: str) -> ColumnElement[bool]:
    return column == bindparam(name)


# ------------------------------------------------------------------------------------------------ orders
ORDER_NOW = Statement(
    select(orders.c.body, orders.c.is_claimed).where(_is(orders.c.portal, "portal"), _is(orders.c.order_id, "order_id"))
)
SAVE_ORDER = _upsert(orders)

# ------------------------------------------------------------------------------------------------ receipts
ADD_RECEIPT = _insert(receipts, "id", "fiscalized_at", "storage_number", "document_number", "mark")
RECEIPT_OF_SETTLEMENT = Statement(
    select(receipts.c.key).where(_is(receipts.c.settlement, "settlement"), receipts.c.state != _word(State.CANCELLED))
)
RECEIPT_OF_DOCUMENT = Statement(
    select(receipts.c.key).where(
        _is(receipts.c.storage_number, "storage_number"), _is(receipts.c.document_number, "document_number")
    )
)
STATE_OF_RECEIPT = Statement(select(receipts.c.state).where(_is(receipts.c.key, "key_")))
MOVE_RECEIPT = Statement(
    update(receipts)
    .where(_is(receipts.c.key, "key_"), _is(receipts.c.state, "before_"))
    .values(state=bindparam("state"), reason=bindparam("reason"), changed_at=bindparam("changed_at"))
)
SEND_RECEIPT = Statement(
    update(receipts)
    .where(_is(receipts.c.key, "key_"), receipts.c.state == _word(State.PENDING))
    .values(
        state=_word(State.SENDING),
        reason=_word(""),
        attempts=receipts.c.attempts + literal_column("1"),
        changed_at=bindparam("changed_at"),
    )
    .returning(receipts.c.attempts)
)
FISCALIZE = Statement(
    update(receipts)
    .where(_is(receipts.c.key, "key_"), receipts.c.state == _word(State.SENDING))
    .values(
        state=_word(State.FISCALIZED),
        reason=_word(""),
        mark=bindparam("mark"),
        storage_number=bindparam("storage_number"),
        document_number=bindparam("document_number"),
        fiscalized_at=bindparam("at"),
        changed_at=bindparam("at"),
    )
)

# ------------------------------------------------------------------------------------------------ attempts, operations
SENDING_ON_DEVICE = Statement(
    select(attempts.c.receipt_key, literal_column("NULL"))
    .where(_is(attempts.c.factory_number, "factory_number"), attempts.c.ended_at.is_(None))
    .union_all(
        select(_word(""), operations.c.id).where(
            _is(operations.c.factory_number, "factory_number"), operations.c.state == _word("sending")
        )
    )
)
ADD_ATTEMPT = _insert(attempts, "id", "ended_at")
OPEN_ATTEMPT = Statement(
    select(attempts.c.id, attempts.c.evidence, attempts.c.factory_number, attempts.c.storage_number).where(
        _is(attempts.c.receipt_key, "key_"), attempts.c.ended_at.is_(None)
    )
)
EVIDENCE_OF_ATTEMPT = Statement(select(attempts.c.evidence).where(_is(attempts.c.id, "id_")))
NOTE_EVIDENCE = Statement(update(attempts).where(_is(attempts.c.id, "id_")).values(evidence=bindparam("evidence")))
END_ATTEMPT = Statement(
    update(attempts)
    .where(_is(attempts.c.id, "id_"))
    .values(ended_at=bindparam("at"), outcome=bindparam("outcome"), evidence=bindparam("evidence"))
)
ADD_OPERATION = _insert(operations, "id", "ended_at")
END_OPERATION = Statement(
    update(operations)
    .where(_is(operations.c.id, "id_"), operations.c.state == _word("sending"))
    .values(state=bindparam("state"), evidence=bindparam("evidence"), ended_at=bindparam("at"))
)
STATE_OF_OPERATION = Statement(select(operations.c.state).where(_is(operations.c.id, "id_")))

# ------------------------------------------------------------------------------------------------ device book
# The same storage never counts backwards; another storage begins anew.
_excluded = sqlite.insert(devices).excluded
REMEMBER_DEVICE = _upsert(
    devices,
    last_document=case(
        (
            devices.c.storage_number == _excluded.storage_number,
            func.max(devices.c.last_document, _excluded.last_document),
        ),
        else_=_excluded.last_document,
    ),
)
# Only the very next document: whatever lies between has not been read yet and must be, at the next start (rule 11).
NEXT_DOCUMENT = Statement(
    update(devices)
    .where(
        _is(devices.c.factory_number, "factory_number_"),
        _is(devices.c.storage_number, "storage_number_"),
        devices.c.last_document == bindparam("number_") - literal_column("1"),
    )
    .values(last_document=bindparam("number_"), seen_at=bindparam("at"))
)
ADD_FOREIGN = _upsert(foreign_documents)


# ------------------------------------------------------------------------------------------------ shifts and days
def _shift_upsert(*changed: str) -> Statement:
    """Inserts what is known of a shift, or puts it beside what is there."""
    given = ("storage_number", "shift_number", "factory_number", "report", *changed)
    row = sqlite.insert(shifts).values({each: bindparam(each) for each in dict.fromkeys(given)})
    values = {each: row.excluded[each] for each in changed}
    return Statement(row.on_conflict_do_update(index_elements=["storage_number", "shift_number"], set_=values))


SHIFT_OPENED = _shift_upsert("opened_document", "opened_at")
SHIFT_CLOSED = _shift_upsert("closed_document", "closed_at")
SHIFT_REPORTED = _shift_upsert("report")
OPEN_DAY = _insert(courier_days, "id", "until_document", "closed_at", "received_by", "counted_kopecks", "figures")
CLOSE_DAY = Statement(
    update(courier_days)
    .where(_is(courier_days.c.id, "id_"), courier_days.c.closed_at.is_(None))
    .values(
        is_open=literal_column("0"),
        closed_at=bindparam("closed_at"),
        received_by=bindparam("received_by"),
        counted_kopecks=bindparam("counted_kopecks"),
        until_document=bindparam("until_document"),
        why=bindparam("why"),
        figures=bindparam("figures"),
    )
)
ADD_REFUSAL = _insert(refusals, "id")
# In JSON a quotation mark inside a text has a backslash before it: only the field itself can look like this.
_says_refused = func.instr(receipts.c.body, literal_column("'\"refused\":{'"))
REFUSING_RECEIPT = Statement(
    select(receipts.c.body).where(_is(receipts.c.key, "key_"), _says_refused > literal_column("0"))
)

# ------------------------------------------------------------------------------------------------ outbox and log
ADD_ENTRY = _insert(outbox, "id")
# Done stays done. A person's hold outlives the round of delivery that was under way, unless it was delivered.
_held_stays = case(
    (bindparam("state") == _word("done"), _word("done")),
    (outbox.c.state == _word("held"), _word("held")),
    else_=bindparam("state"),
)
SETTLE_ENTRY = Statement(
    update(outbox)
    .where(_is(outbox.c.id, "id_"), outbox.c.state != _word("done"))
    .values(
        state=_held_stays,
        tries=outbox.c.tries + literal_column("1"),
        due_at=func.coalesce(bindparam("due_at"), outbox.c.due_at),
        code=bindparam("code"),
        facts=bindparam("facts"),
        proof=bindparam("proof"),
        is_unsure=bindparam("is_unsure"),
    )
)
STATE_OF_ENTRY = Statement(select(outbox.c.state).where(_is(outbox.c.id, "id_")))
SET_ENTRY = Statement(
    update(outbox)
    .where(_is(outbox.c.id, "id_"))
    .values(state=bindparam("state"), due_at=func.coalesce(bindparam("due_at"), outbox.c.due_at))
)
ADD_LOG = _insert(sync_log)
LAST_LOG = Statement(select(func.coalesce(func.max(sync_log.c.id), literal_column("0"))))
ADD_BODY = _insert(sync_bodies)
SET_FACT = _upsert(facts)
FACT = Statement(select(facts.c.value).where(_is(facts.c.name, "name_")))

# ------------------------------------------------------------------------------------------------ audit log
LAST_AUDIT = Statement(select(func.coalesce(func.max(audit.c.id), literal_column("0"))))
HASH_OF_AUDIT = Statement(select(audit.c.hash).where(_is(audit.c.id, "id_")))
ADD_AUDIT = _insert(audit)

# ------------------------------------------------------------------------------------------------ catalogue, walk-ins
SAVE_PRODUCT = _upsert(products)
SAVE_PRICE = _upsert(product_prices)
ADD_CODE = Statement(sqlite.insert(product_codes).on_conflict_do_nothing(), [each.name for each in product_codes.c])
FORGET_CODES = Statement(
    delete(product_codes).where(_is(product_codes.c.portal, "portal"), _is(product_codes.c.product_id, "product_id"))
)
_gone = select(products.c.product_id).where(
    _is(products.c.portal, "portal"), products.c.pass_id != bindparam("pass_id")
)
SWEEP_CODES = Statement(
    delete(product_codes).where(_is(product_codes.c.portal, "portal"), product_codes.c.product_id.in_(_gone))
)
SWEEP_PRODUCTS = Statement(
    delete(products).where(_is(products.c.portal, "portal"), products.c.pass_id != bindparam("pass_id"))
)
SWEEP_PRICES = Statement(
    delete(product_prices).where(
        _is(product_prices.c.portal, "portal"), product_prices.c.pass_id != bindparam("pass_id")
    )
)
ADD_WALK_IN = _insert(walk_ins)
TELL_WALK_IN = Statement(
    update(walk_ins)
    .where(_is(walk_ins.c.receipt_key, "key_"), walk_ins.c.is_told == literal_column("0"))
    .values(is_told=literal_column("1"))
)

# ------------------------------------------------------------------------------------------------ stock
ADD_RETURNED = _insert(returned_goods)
ADD_MOVE = Statement(sqlite.insert(stock_moves).on_conflict_do_nothing(), [each.name for each in stock_moves.c])
_of_move = (_is(stock_moves.c.receipt_key, "key_"), _is(stock_moves.c.product_id, "product_id_"))
_is_open = stock_moves.c.confirmed_at.is_(None)
START_STOCK_WRITE = Statement(
    update(stock_moves).where(*_of_move, _is_open).values(seen=bindparam("seen"), target=bindparam("target"))
)
_nothing: ColumnElement[object] = literal_column("NULL")
DROP_STOCK_WRITE = Statement(update(stock_moves).where(*_of_move, _is_open).values(seen=_nothing, target=_nothing))
OWE_STOCK = Statement(
    update(stock_moves)
    .where(*_of_move, _is_open)
    .values(left_micro=bindparam("left_micro"), seen=_nothing, target=_nothing)
)
CONFIRM_MOVE = Statement(update(stock_moves).where(*_of_move, _is_open).values(confirmed_at=bindparam("at")))
CLEAR_MOVES = Statement(
    update(stock_moves)
    .where(_is(stock_moves.c.receipt_key, "key_"), _is_open)
    .values(seen=_nothing, target=_nothing, is_cleared=literal_column("1"))
)
_told_of = select(outbox.c.receipt_key).where(
    _is(outbox.c.id, "id_"),
    outbox.c.step == _word("stock"),
    outbox.c.state == _word("done"),
    func.instr(outbox.c.body, literal_column("'\"goods\":'")) > literal_column("0"),
)
CONFIRM_TOLD = Statement(
    update(stock_moves)
    .where(stock_moves.c.receipt_key == _told_of.scalar_subquery(), _is_open)
    .values(confirmed_at=bindparam("at"))
)

# ------------------------------------------------------------------------------------------------ jobs of the portal
ADD_JOB = _insert(jobs, "id")
_is_answered = (jobs.c.is_told == literal_column("1")) & jobs.c.state.in_((_word("refused"), _word("held")))
DELIVER_JOB = Statement(
    update(jobs)
    .where(_is(jobs.c.source, "source"), _is(jobs.c.external_id, "external_id"))
    .values(
        # What the portal was told to have failed and orders again is a new order of the same receipt.
        state=case((_is_answered, _word("open")), else_=jobs.c.state),
        receipt_key=case((_is_answered, literal_column("NULL")), else_=jobs.c.receipt_key),
        shift_number=case((_is_answered, literal_column("NULL")), else_=jobs.c.shift_number),
        is_told=literal_column("0"),
        deliveries=jobs.c.deliveries + literal_column("1"),
        delivered_at=bindparam("delivered_at"),
        lease=bindparam("lease"),
        body=bindparam("body"),
    )
)
SET_JOB = Statement(
    update(jobs)
    .where(_is(jobs.c.id, "id_"))
    .values(state=bindparam("state"), code=bindparam("code"), facts=bindparam("facts"), is_told=bindparam("is_told"))
)
LINK_JOB = Statement(
    update(jobs)
    .where(_is(jobs.c.id, "id_"))
    .values(receipt_key=bindparam("receipt_key"), factory_number=bindparam("factory_number"))
)
NOTE_JOB_SHIFT = Statement(update(jobs).where(_is(jobs.c.id, "id_")).values(shift_number=bindparam("shift_number")))
UNTELL_JOBS = Statement(
    update(jobs)
    .where(_is(jobs.c.source, "source_"), jobs.c.state == literal_column("'done'"))
    .where(jobs.c.delivered_at >= bindparam("since"))
    .values(is_told=literal_column("0"))
)
TELL_JOB = Statement(
    update(jobs)
    .where(_is(jobs.c.id, "id_"), _is(jobs.c.state, "told_state"), _is(jobs.c.deliveries, "told_deliveries"))
    .values(is_told=literal_column("1"))
)

# ------------------------------------------------------------------------------------------------ card money
ADD_CARD = _insert(card_operations, "id")
_card_alive = card_operations.c.state.in_((_word("asking"), _word("approved"), _word("receipted")))
CARD_OF_SETTLEMENT = Statement(
    select(card_operations.c.reference).where(_is(card_operations.c.settlement, "settlement"), _card_alive)
)
CARD_OF_RRN = Statement(
    select(card_operations.c.reference).where(
        _is(card_operations.c.rrn, "rrn"), card_operations.c.rrn != literal_column("''")
    )
)
_of_card = _is(card_operations.c.reference, "reference_")
_is_asking = card_operations.c.state == _word("asking")
END_CARD = Statement(
    update(card_operations)
    .where(_of_card, _is_asking)
    .values(
        ended_at=bindparam("at"),
        **{
            name: bindparam(name)
            for name in ("state", "decided_by", "rrn", "authorization", "card", "terminal", "reason")
        },
    )
)
NOTE_CARD = Statement(update(card_operations).where(_of_card, _is_asking).values(reason=bindparam("reason")))
_gave = card_operations.alias("gave")
RETURN_CARD = Statement(
    update(card_operations)
    .where(
        card_operations.c.reference
        == select(_gave.c.of_reference)
        .where(_is(_gave.c.reference, "reference_"), _gave.c.kind == _word("cancel"))
        .scalar_subquery(),
        card_operations.c.state == _word("approved"),
    )
    .values(state=bindparam("state"))
)
PRINTED_CARD = Statement(
    update(card_operations)
    .where(_is(card_operations.c.receipt_key, "key_"), card_operations.c.state == _word("approved"))
    .values(state=_word("receipted"))
)
LINK_CARD = Statement(
    update(card_operations)
    .where(_of_card, card_operations.c.state == _word("approved"))
    .values(receipt_key=bindparam("receipt_key"))
)
