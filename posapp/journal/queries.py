"""Every question to the journal, as plain SQL: an order must be found before SQLModel is imported.

Each function takes a read-only connection (`connect.Readers`). What is asked while people work has an index whose size
does not grow with what is done; a partial index is used only when its condition stands in the query word for word.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posapp.domain.fiscal import FiscalDocument
from posapp.domain.money import Money
from posapp.domain.order import Order
from posapp.domain.settlement import State
from posapp.journal import chain
from posapp.journal.mapping import (
    attempt_of,
    audit_of,
    device_of,
    document_of,
    entry_of,
    micros,
    moment_or_none,
    number_key,
    operation_of,
    order_of,
    receipt_of,
)
from posapp.journal.rows import (
    NEEDS_ADMINISTRATOR,
    Attempt,
    AuditRecord,
    KnownDevice,
    Operation,
    OutboxCounts,
    OutboxEntry,
    StoredReceipt,
)

if TYPE_CHECKING:
    from posapp.domain.receipt import Receipt

PUT_OFF_MAX = timedelta(minutes=10)
"""No try to deliver is put off further than this (`sync/outbox.py`)."""

DIGITS_MAX = 18  # an integer of SQLite has 64 bits
LAST_LETTER = "\U0010ffff"

_ORDER = "SELECT body, pulled_at FROM orders "
_RECEIPT = "SELECT body, state, reason, mark, fiscalized_at, attempts FROM receipts "
_ATTEMPT = (
    "SELECT id, receipt_key, number, factory_number, registration_number, storage_number, last_document, shift_number,"
    " started_at, ended_at, outcome, evidence FROM attempts "
)
_OPERATION = (
    "SELECT id, kind, amount_kopecks, factory_number, registration_number, storage_number, state, before, evidence,"
    " cashier, started_at, ended_at FROM operations "
)
_ENTRY = (
    "SELECT id, receipt_key, step, order_id, order_number, portal, body, state, tries, created_at, due_at, code, facts,"
    " is_unsure, proof FROM outbox "
)
_AUDIT = "SELECT id, at, who, what, subject, why, facts, previous, hash FROM audit "
_AUDIT_GUARDS = {"audit_insert", "audit_update", "audit_delete"}
# The place of a number in an index: the number itself and every longer one.
_BEGINS = "order_key >= :begin AND order_key < :end"


# ------------------------------------------------------------------------------------------------ orders
def order(db: sqlite3.Connection, portal: str, text: str) -> Order | None:
    """By number, or by id when `text` is digits and no number matches. Of two with one number, the newer."""
    number = text.strip()
    if not number:
        return None
    found = db.execute(
        _ORDER + "WHERE portal = ? AND number_key = ? ORDER BY order_id DESC LIMIT 1", (portal, number_key(number))
    ).fetchone()
    if found is not None:
        return order_of(found)
    if number.isascii() and number.isdigit() and len(number) <= DIGITS_MAX:
        return order_by_id(db, portal, int(number))
    return None


def order_by_id(db: sqlite3.Connection, portal: str, order_id: int) -> Order | None:
    """By the portal's id."""
    found = db.execute(_ORDER + "WHERE portal = ? AND order_id = ?", (portal, order_id)).fetchone()
    return None if found is None else order_of(found)


def orders(db: sqlite3.Connection, portal: str, courier: bool | None, search: str, limit: int) -> list[Order]:
    """Newest first; `search` is a part of number, name, company, phone or address, in any case."""
    where, values = ["portal = :portal"], {"portal": portal, "limit": limit}
    if courier is not None:
        where.append("is_courier = :courier")
        values["courier"] = courier
    if search.strip():
        where.append("instr(search, :search) > 0")
        values["search"] = search.strip().casefold()
    # The ids first: they come from an index alone, so that a search does not read every order's body.
    ids = f"SELECT order_id FROM orders WHERE {' AND '.join(where)} ORDER BY order_id DESC LIMIT :limit"  # noqa: S608
    rows = db.execute(
        _ORDER + f"WHERE portal = :portal AND order_id IN ({ids}) ORDER BY order_id DESC",
        values,
    )
    return [order_of(row) for row in rows]


def is_claimed(db: sqlite3.Connection, portal: str, order_id: int) -> bool:
    """Whether this till held the claim on the order when it was last pulled."""
    row = db.execute("SELECT is_claimed FROM orders WHERE portal = ? AND order_id = ?", (portal, order_id)).fetchone()
    return row is not None and bool(row[0])


# ------------------------------------------------------------------------------------------------ receipts
def receipt(db: sqlite3.Connection, key: str) -> StoredReceipt | None:
    """By key."""
    return _receipt(db.execute(_RECEIPT + "WHERE key = ?", (key,)))


def receipts_of_order(db: sqlite3.Connection, portal: str, order_id: int) -> list[StoredReceipt]:
    """Oldest first, cancelled ones too."""
    rows = db.execute(_RECEIPT + "WHERE portal = ? AND order_id = ? ORDER BY id", (portal, order_id))
    return [receipt_of(row) for row in rows]


def receipt_of_settlement(db: sqlite3.Connection, settlement_id: str) -> StoredReceipt | None:
    """The one that is not cancelled."""
    return _receipt(db.execute(_RECEIPT + "WHERE settlement = ? AND state != 'cancelled'", (settlement_id,)))


def receipt_of_document(db: sqlite3.Connection, storage_number: str, number: int) -> StoredReceipt | None:
    """The one that a fiscal document proves."""
    return _receipt(db.execute(_RECEIPT + "WHERE storage_number = ? AND document_number = ?", (storage_number, number)))


def receipt_portals(db: sqlite3.Connection) -> list[str]:
    """The portals whose orders have receipts, the one with the youngest receipt first."""
    return [
        row[0]
        for row in db.execute("SELECT portal FROM receipts WHERE portal > '' GROUP BY portal ORDER BY max(id) DESC")
    ]


def newest_receipts(db: sqlite3.Connection, portal: str, limit: int) -> list[Receipt]:
    """The youngest receipts of a portal, in whatever state."""
    rows = db.execute(_RECEIPT + "WHERE portal = ? ORDER BY id DESC LIMIT ?", (portal, limit))
    return [receipt_of(row).receipt for row in rows]


def receipts_in(db: sqlite3.Connection, states: Iterable[State]) -> list[StoredReceipt]:
    """All receipts in these states, oldest first."""
    wanted = [each.value for each in states]
    if not wanted:
        return []
    marks = ", ".join("?" * len(wanted))
    unfinished = "" if State.FISCALIZED in wanted else " AND state != 'fiscalized'"
    rows = db.execute(_RECEIPT + f"WHERE state IN ({marks}){unfinished} ORDER BY id", wanted)
    return [receipt_of(row) for row in rows]


def day_totals(db: sqlite3.Connection, since: datetime) -> tuple[int, Money]:
    """Receipts fiscalized since then: how many, and money in (sales) less money out (refunds)."""
    count, kopecks = db.execute(
        "SELECT count(*), coalesce(sum(CASE WHEN kind IN (1, 4) THEN total_kopecks ELSE -total_kopecks END), 0)"
        " FROM receipts WHERE fiscalized_at IS NOT NULL AND fiscalized_at >= ?",
        (micros(since),),
    ).fetchone()
    return count, Money(kopecks)


def _receipt(rows: sqlite3.Cursor) -> StoredReceipt | None:
    row = rows.fetchone()
    return None if row is None else receipt_of(row)


# ------------------------------------------------------------------------------------------------ attempts, devices
def attempts(db: sqlite3.Connection, key: str) -> list[Attempt]:
    """The tries of a receipt, the first one first."""
    return [attempt_of(row) for row in db.execute(_ATTEMPT + "WHERE receipt_key = ? ORDER BY number", (key,))]


def last_attempt(db: sqlite3.Connection, key: str) -> Attempt | None:
    """The newest try of a receipt."""
    row = db.execute(_ATTEMPT + "WHERE receipt_key = ? ORDER BY number DESC LIMIT 1", (key,)).fetchone()
    return None if row is None else attempt_of(row)


def operation(db: sqlite3.Connection, operation_id: int) -> Operation | None:
    """A shift operation by id."""
    row = db.execute(_OPERATION + "WHERE id = ?", (operation_id,)).fetchone()
    return None if row is None else operation_of(row)


def operations_sending(db: sqlite3.Connection) -> list[Operation]:
    """Shift operations whose outcome is not proven, oldest first."""
    # `+id` keeps SQLite from walking all operations in the order of their ids
    return [operation_of(row) for row in db.execute(_OPERATION + "WHERE state = 'sending' ORDER BY +id")]


def known_device(db: sqlite3.Connection, factory_number: str) -> KnownDevice | None:
    """The device book's page of a register."""
    row = db.execute(
        "SELECT factory_number, registration_number, storage_number, last_document FROM devices"
        " WHERE factory_number = ?",
        (factory_number,),
    ).fetchone()
    return None if row is None else device_of(row)


def foreign_documents(db: sqlite3.Connection, storage_number: str, after: int, limit: int) -> list[FiscalDocument]:
    """Documents of other programs in a storage, ascending."""
    rows = db.execute(
        "SELECT body FROM foreign_documents WHERE storage_number = ? AND number > ? ORDER BY number LIMIT ?",
        (storage_number, after, limit),
    )
    return [document_of(row) for row in rows]


# ------------------------------------------------------------------------------------------------ outbox
def due_entries(db: sqlite3.Connection, now: datetime, limit: int, only_due: bool) -> list[OutboxEntry]:
    """Waiting entries that are due, with the waiting entries of the same receipts, steps in their order.

    The receipts that were due first come first. A receipt is never torn apart, so the last one may exceed `limit`.
    What is put off further than anybody puts off was written while the clock ran ahead: it is due as well.
    """
    values = {"now": micros(now), "far": micros(now + PUT_OFF_MAX), "limit": limit}
    keys: list[str] = []
    for due in ("AND due_at <= :now", "AND due_at > :far") if only_due else ("",):
        keys += _waiting_keys(db, due, values)
    entries: list[OutboxEntry] = []
    for key in dict.fromkeys(keys):
        if len(entries) >= limit:
            break
        rows = db.execute(_ENTRY + "WHERE receipt_key = ? AND state = 'waiting' ORDER BY step_order, id", (key,))
        entries.extend(entry_of(row) for row in rows)
    return entries


def _waiting_keys(db: sqlite3.Connection, due: str, values: dict[str, int]) -> list[str]:
    rows = db.execute(
        "SELECT receipt_key FROM outbox WHERE state != 'done' AND state = 'waiting' "  # noqa: S608
        f"{due} ORDER BY due_at, id LIMIT :limit",
        values,
    )
    return [row[0] for row in rows]


def entry(db: sqlite3.Connection, entry_id: int) -> OutboxEntry | None:
    """By id."""
    row = db.execute(_ENTRY + "WHERE id = ?", (entry_id,)).fetchone()
    return None if row is None else entry_of(row)


def entries_of_receipt(db: sqlite3.Connection, key: str) -> list[OutboxEntry]:
    """Everything the portal has to be told about a receipt, steps in their order."""
    rows = db.execute(_ENTRY + "WHERE receipt_key = ? ORDER BY step_order, id", (key,))
    return [entry_of(row) for row in rows]


def entries(db: sqlite3.Connection, state: str | None, order_number: str, limit: int) -> list[OutboxEntry]:
    """Newest first; `order_number` is a number or its beginning."""
    where = ["1"]
    values: dict[str, int | str | None] = {"limit": limit, "state": state, **_range(order_number)}
    if state is not None:
        where.append("state = :state" + ("" if state == "done" else " AND state != 'done'"))
    if order_number.strip():
        where.append(_BEGINS)
    rows = db.execute(_ENTRY + f"WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT :limit", values)
    return [entry_of(row) for row in rows]


def outbox_counts(db: sqlite3.Connection) -> OutboxCounts:
    """The outbox at a glance. Needs a snapshot: five looks."""
    counts = dict(db.execute("SELECT state, count(*) FROM outbox WHERE state != 'done' GROUP BY state"))
    waiting = "FROM outbox WHERE state != 'done' AND state = 'waiting'"
    receipts, next_due = db.execute(f"SELECT count(DISTINCT receipt_key), min(due_at) {waiting}").fetchone()
    oldest = db.execute(f"SELECT created_at {waiting} ORDER BY id LIMIT 1").fetchone()
    stuck = db.execute(f"SELECT count(*) {waiting} AND code IN {NEEDS_ADMINISTRATOR}").fetchone()[0]
    return OutboxCounts(
        waiting=counts.get("waiting", 0),
        failed=counts.get("failed", 0),
        held=counts.get("held", 0),
        stuck=stuck,
        oldest_at=moment_or_none(oldest[0] if oldest else None),
        next_due_at=moment_or_none(next_due),
        receipts_waiting=receipts,
    )


def _range(order_number: str) -> dict[str, int | str | None]:
    begin = number_key(order_number)
    return {"begin": begin, "end": begin + LAST_LETTER}


# ------------------------------------------------------------------------------------------------ facts
def fact(db: sqlite3.Connection, name: str) -> str | None:
    """A small fact by name."""
    row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


# ------------------------------------------------------------------------------------------------ audit log
def audit_rows(db: sqlite3.Connection, after: int, subject: str | None, limit: int) -> list[AuditRecord]:
    """Records with ids above `after`, ascending; of one subject when it is given."""
    where = "subject = :subject AND id > :after" if subject is not None else "id > :after"
    values = {"after": after, "subject": subject, "limit": limit}
    rows = db.execute(_AUDIT + f"WHERE {where} ORDER BY id LIMIT :limit", values)
    return [audit_of(row) for row in rows]


def audit_links(db: sqlite3.Connection) -> Iterator[chain.Link]:
    """The whole chain as it stands, ascending, one record at a time; bytes that are no text become none that is."""
    usual, db.text_factory = db.text_factory, _any_text
    try:
        for row in db.execute(_AUDIT + "ORDER BY id"):
            yield chain.Link(*row)
    finally:
        db.text_factory = usual


def _any_text(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")


def verify_audit(db: sqlite3.Connection) -> chain.Verdict:
    """Walks the chain, compares with the anchor, looks for the guards. Needs a snapshot."""
    verdict = chain.verify(audit_links(db), chain.Anchor.parse(fact(db, chain.ANCHOR)))
    guards = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    if verdict.is_whole and not guards >= _AUDIT_GUARDS:
        missing = ", ".join(sorted(_AUDIT_GUARDS - guards))
        broken = chain.Broken(None, "guards", f"нет запретов на изменение: {missing}")
        return chain.Verdict(verdict.records, verdict.head, broken)
    return verdict


def revision(db: sqlite3.Connection) -> str | None:
    """The schema's revision; None for a file without tables, "" for tables that are not ours."""
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" not in tables:
        return "" if tables else None
    row = db.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None and len(tables) == 1 else str(row[0] if row else "")
