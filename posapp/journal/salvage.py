"""What is still readable in a damaged journal and is not in the copy: which of it may be believed, and as what.

SQLite keeps no checksums in the file, so nothing read here is taken on its own word:

* a *receipt* counts when its body can be read into a receipt and says the same as the columns beside it (which lie
  apart from it in the row). It comes back as what it proves: that it was begun. Whether it was printed, the fiscal
  storage says (`till/restore.py`); the mark in the damaged row is only a hint where to look.
* a receipt that was *sending* comes back with its attempt: recovery then reads the storage as after any crash.
* *cancelled* by a person stays cancelled: the settlement is free, another receipt of it may follow.
* what a *sale without an order* sold counts when its hash is that of its receipt's goods; whether a person was told of
  it is not believed: he is asked once more.
* an *order* counts like a receipt; the next pull replaces it anyway.
* a *shift operation* comes back as it is; one that was sending is proven by the money registers.
* a *record of the audit log* proves itself: its hash continues the chain of the copy.
* of the *outbox* nothing is believed but a person's hold: an entry that was delivered is delivered again, which reads
  before it writes, and one that was wrongly called delivered would never be told. The device book is not believed
  either: it would hide documents.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from posapp.domain.basket import content_of
from posapp.domain.fiscal import FiscalMark
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import State
from posapp.journal import chain, queries
from posapp.journal.mapping import body_of, is_body_of, order_columns, order_of, receipt_columns

DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file raises; the second when SQLite's own message quotes what is no text."""

IDS_MAX = 1 << 40
"""No table of ours ever gets a greater id: where a search for readable rows ends."""

Row = dict[str, Any]


@dataclass(slots=True)
class Salvaged:
    """What came back. `marks`: receipt key → the mark its row claims and the register of its last attempt."""

    rows: dict[str, int] = field(default_factory=dict)
    marks: dict[str, dict[str, object]] = field(default_factory=dict)
    held: list[list[str]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def count(self, table: str) -> None:
        """One more row of a table."""
        self.rows[table] = self.rows.get(table, 0) + 1


def salvage(damaged: sqlite3.Connection, into: sqlite3.Connection) -> Salvaged:
    """Takes over what may be believed, in one transaction of `into`, whose schema is this program's.

    Raises sqlite3.Error for trouble of `into` alone; what cannot be read in `damaged` is named in `lost`.
    """
    damaged.text_factory = _any_text
    found = Salvaged()
    into.execute("BEGIN IMMEDIATE")
    for part in (
        _audit,
        _orders,
        _receipts,
        _walk_ins,
        _returned_goods,
        _operations,
        _shifts,
        _days,
        _refusals,
        _holds,
    ):
        try:
            part(damaged, into, found)
        except DAMAGE as error:
            if not _is_damage(error):
                raise
            found.lost.append(f"{part.__name__.strip('_')}: {error}")
    into.execute("COMMIT")
    return found


def _any_text(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")  # a row with such letters in it is refused by `_is_text`


def _is_damage(error: Exception) -> bool:
    """Whether a damaged file gives this error: a table that is not there, pages that make no sense or are cut off."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    damage = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
    return code & 0xFF in damage or code == sqlite3.SQLITE_IOERR_SHORT_READ


def _is_text(row: Row) -> bool:
    """Whether every text of a row is text, and no column holds bytes."""
    try:
        for value in row.values():
            if isinstance(value, str):
                value.encode()
            elif isinstance(value, bytes):
                return False
    except UnicodeEncodeError:
        return False
    return True


# ------------------------------------------------------------------------------------------------ reading around holes
def rows(db: sqlite3.Connection, table: str, columns: str, after: int = 0) -> Iterator[Row]:
    """Every readable row with an id above `after`, ascending; over a hole it jumps in growing steps, then goes back.

    A row that only looks like one is the caller's to judge. Raises sqlite3.DatabaseError when the table cannot be
    entered at all.
    """
    last, end, has_jumped = after, _last_id(db, table), False
    while last < end:
        begin = last
        query = f"SELECT rowid, {columns} FROM {table} NOT INDEXED WHERE rowid > ? ORDER BY rowid"  # noqa: S608
        try:
            for row in db.execute(query, (last,)):
                if row[0] <= last:  # a damaged tree may lead in circles
                    raise sqlite3.DatabaseError("rows are out of order")
                last = row[0]
                yield _named(columns, row[1:])
            return
        except DAMAGE:
            if has_jumped and last == begin:  # the row itself, or the step behind it: Python takes one row ahead
                last += 1
                alone = _row(db, table, columns, last)
                if alone is not None:
                    yield alone
            jumped = _next_readable(db, table, last, end)
            if jumped is None:
                return
            last, has_jumped = jumped - 1, True


def _last_id(db: sqlite3.Connection, table: str) -> int:
    try:
        return int(db.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()[0])  # noqa: S608
    except DAMAGE:
        return IDS_MAX


def _next_readable(db: sqlite3.Connection, table: str, last: int, end: int) -> int | None:
    """The first id above `last` that can be read again; None when nothing is."""
    step = 1
    while last + step <= end:
        found = _first_after(db, table, last + step)
        if found is not None:
            return _lowest(db, table, last + step // 2, found)
        step *= 2
    return None


def _lowest(db: sqlite3.Connection, table: str, low: int, found: int) -> int:
    """Halves the way between a place that could not be read and one that could."""
    high = found
    while high - low > 1:
        middle = (low + high) // 2
        row = _first_after(db, table, middle)
        if row is None:
            low = middle
        else:
            found, high = min(found, row), middle
    return found


def _first_after(db: sqlite3.Connection, table: str, place: int) -> int | None:
    """The first readable id at `place` or above; None when the way there is damaged, or there is none."""
    query = f"SELECT rowid FROM {table} NOT INDEXED WHERE rowid >= ? ORDER BY rowid LIMIT 1"  # noqa: S608
    try:
        row = db.execute(query, (place,)).fetchone()
    except DAMAGE:
        return None
    return None if row is None or row[0] < place else int(row[0])


def _add(into: sqlite3.Connection, table: str, row: Mapping[str, object]) -> None:
    places = ", ".join("?" * len(row))
    into.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))  # noqa: S608


# ------------------------------------------------------------------------------------------------ table by table
def _audit(damaged: sqlite3.Connection, into: sqlite3.Connection, found: Salvaged) -> None:
    """Records that continue the chain of the copy, up to the first that does not."""
    anchor = chain.Anchor.parse(queries.fact(into, chain.ANCHOR)) or chain.Anchor(0, chain.BEGINNING)
    names = ", ".join(chain.Link._fields)
    for row in rows(damaged, "audit", names, anchor.records):
        link = chain.Link(**row)
        if not _is_text(row) or not _continues(link, anchor):
            found.lost.append(f"audit: запись {link.id} не продолжает цепь копии")
            return
        _add(into, "audit", link._asdict())
        anchor = chain.Anchor(link.id, link.hash)
        into.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (chain.ANCHOR, anchor.text()))
        found.count("audit")


def _continues(link: chain.Link, anchor: chain.Anchor) -> bool:
    try:
        return link.id == anchor.records + 1 and link.previous == anchor.head and chain.hash_of(link) == link.hash
    except (TypeError, ValueError, AttributeError):
        return False


_ORDER = "portal, order_id, number, number_key, is_courier, is_claimed, pulled_at, search, body"


def _orders(damaged: sqlite3.Connection, into: sqlite3.Connection, found: Salvaged) -> None:
    known = {(row[0], row[1]): row[2] for row in into.execute("SELECT portal, order_id, pulled_at FROM orders")}
    newer = []
    for row in rows(damaged, "orders", "rowid, portal, order_id, pulled_at"):
        before = known.get((row["portal"], row["order_id"]))
        if isinstance(row["pulled_at"], str) and (before is None or before < row["pulled_at"]):
            newer.append(row["rowid"])
    for rowid in newer:
        stored = _row(damaged, "orders", _ORDER, rowid)
        if stored is not None and _is_order(stored):
            query = f"INSERT OR REPLACE INTO orders ({_ORDER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
            into.execute(query, list(stored.values()))
            found.count("orders")


def _row(db: sqlite3.Connection, table: str, columns: str, rowid: int) -> Row | None:
    """One row by its id, around every index; None when it cannot be read or holds what is no text."""
    try:
        stored = db.execute(f"SELECT {columns} FROM {table} NOT INDEXED WHERE rowid = ?", (rowid,)).fetchone()  # noqa: S608
    except DAMAGE:
        return None
    row = None if stored is None else _named(columns, stored)
    return row if row is not None and _is_text(row) else None


def _named(columns: str, values: tuple[Any, ...]) -> Row:
    return dict(zip((name.strip() for name in columns.split(",")), values, strict=True))


def _is_order(row: Row) -> bool:
    """The body can be read into an order that has the columns beside it."""
    try:
        made = order_columns(order_of((row["body"], row["pulled_at"])), bool(row["is_claimed"]))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return False
    return made == {**row, "is_courier": bool(row["is_courier"]), "is_claimed": bool(row["is_claimed"])}


_RECEIPT = (
    "key, settlement, portal, order_id, kind, total_kopecks, state, reason, created_at, changed_at, storage_number,"
    " document_number, mark, body"
)
_BEGUN = (State.PENDING, State.HELD, State.REFUSED)


def _receipts(damaged: sqlite3.Connection, into: sqlite3.Connection, found: Salvaged) -> None:
    known: dict[str, str] = dict(into.execute("SELECT key, state FROM receipts"))
    unknown: list[int] = []
    for row in rows(damaged, "receipts", "id, key, state"):
        key, state = row["key"], row["state"]
        if key not in known:
            unknown.append(row["id"])
        elif state == State.CANCELLED and known[key] in _BEGUN:
            into.execute("UPDATE receipts SET state = ? WHERE key = ?", (State.CANCELLED, key))
            found.count("cancelled")
    attempts = _last_attempts(damaged) if unknown else {}
    for rowid in unknown:
        stored = _row(damaged, "receipts", _RECEIPT, rowid)
        if stored is None or not _take_receipt(stored, attempts.get(stored["key"]), into, found):
            found.lost.append(f"receipts: чек {stored['key'] if stored else f'в строке {rowid}'} не читается")


def _take_receipt(row: Row, attempt: Row | None, into: sqlite3.Connection, found: Salvaged) -> bool:
    try:
        receipt = Receipt.from_json(body_of(row["body"]))
        state = State(row["state"])
        made = receipt_columns(receipt, state, str(row["reason"]), int(row["created_at"]))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return False
    same = ("key", "settlement", "portal", "order_id", "kind", "total_kopecks")
    if any(made[name] != row[name] for name in same) or not is_body_of(str(row["body"]), made):
        return False
    is_open = state is State.SENDING and attempt is not None and _may_be_open(attempt, into)
    if state in (State.SENDING, State.FISCALIZED) and not is_open:
        made["state"] = State.PENDING.value
    try:
        _add(into, "receipts", {**made, "attempts": int(is_open)})
    except sqlite3.IntegrityError:  # another receipt of the same settlement is alive
        return False
    if is_open and attempt is not None:
        _add(into, "attempts", {**attempt, "number": 1})
    elif row["mark"] is not None:
        _hint(row, attempt, found)
    found.count("receipts")
    return True


_ATTEMPT = (
    "receipt_key, number, factory_number, registration_number, storage_number, last_document, shift_number, started_at,"
    " ended_at, outcome, evidence"
)


def _last_attempts(damaged: sqlite3.Connection) -> dict[str, Row]:
    """The newest readable attempt of each receipt."""
    found: dict[str, Row] = {}
    try:
        for row in rows(damaged, "attempts", _ATTEMPT):
            if _is_text(row) and _is_attempt(row):
                found[row["receipt_key"]] = row
    except DAMAGE as error:
        if not _is_damage(error):
            raise
    return found


def _is_attempt(row: Row) -> bool:
    try:
        numbers = all(str(row[name]).isdigit() for name in ("factory_number", "registration_number", "storage_number"))
        return numbers and int(row["last_document"]) >= 0 and bool(body_of(row["evidence"]) or True)
    except (ValueError, TypeError):
        return False


def _may_be_open(attempt: Row, into: sqlite3.Connection) -> bool:
    """It was not ended, and nothing else is being sent to that register (rule 10)."""
    query = "SELECT 1 FROM attempts WHERE factory_number = ? AND ended_at IS NULL"
    is_free = into.execute(query, (attempt["factory_number"],)).fetchone() is None
    return is_free and attempt["ended_at"] is None and attempt["outcome"] == ""


def _hint(row: Row, attempt: Row | None, found: Salvaged) -> None:
    """Where the damaged row says that the receipt was printed."""
    try:
        mark = FiscalMark.from_json(body_of(row["mark"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    if (mark.storage_number, mark.document_number) == (row["storage_number"], row["document_number"]):
        factory = "" if attempt is None else attempt["factory_number"]
        found.marks[row["key"]] = {"mark": mark.as_json(), "factory": factory}


def _walk_ins(damaged: sqlite3.Connection, into: sqlite3.Connection, found: Salvaged) -> None:
    if not _has(damaged, "walk_ins"):
        return
    known = {row[0] for row in into.execute("SELECT receipt_key FROM walk_ins")}
    bodies: dict[str, str] = dict(into.execute("SELECT key, body FROM receipts WHERE portal = ''"))
    for row in rows(damaged, "walk_ins", "receipt_key, content, goods"):
        key = row["receipt_key"]
        if key in known or key not in bodies:
            continue
        try:
            is_whole = _is_text(row) and isinstance(body_of(row["goods"])["goods"], list)
            if not is_whole or content_of(Receipt.from_json(body_of(bodies[key])).lines) != row["content"]:
                raise ValueError("other goods")
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
            found.lost.append(f"walk_ins: товары чека {key} не читаются")
            continue
        _add(into, "walk_ins", {**row, "is_told": 0})
        found.count("walk_ins")


def _returned_goods(damaged: sqlite3.Connection, into: sqlite3.Connection, found: Salvaged) -> None:
    """What refunds said of their goods: a document does not tell whether they came back."""
    if not _has(damaged, "returned_goods"):
        return
    known = {row[0] for row in into.execute("SELECT receipt_key FROM returned_goods")}
    receipts = {row[0] for row in into.execute("SELECT key FROM receipts")}
    for row in rows(damaged, "returned_goods", "receipt_key, is_back, is_whole, goods"):
        if row["receipt_key"] in known or row["receipt_key"] not in receipts:
            continue
        try:
            if not _is_text(row) or not isinstance(body_of(row["goods"])["goods"], list):
                raise ValueError("no goods")
            _add(into, "returned_goods", row)
        except (ValueError, KeyError, TypeError, sqlite3.IntegrityError):
            found.lost.append(f"returned_goods: товары возврата {row['receipt_key']} не читаются")
            continue
        found.count("returned_goods")


_OPERATION = (
    "kind, amount_kopecks, factory_number, registration_number, storage_number, state, before, evidence, cashier,"
    " started_at, ended_at"
)


def _operations(damaged: sqlite3.Connection, into: sqlite3.Connection, found: Salvaged) -> None:
    after = into.execute("SELECT coalesce(max(id), 0) FROM operations").fetchone()[0]
    for row in rows(damaged, "operations", _OPERATION, after):
        try:
            body_of(row["before"]), body_of(row["evidence"])
            _add(into, "operations", row)
        except (ValueError, TypeError, sqlite3.IntegrityError):
            found.lost.append(f"operations: {row['kind']} не читается")
            continue
        found.count("operations")


_SHIFT = "storage_number, shift_number, factory_number, opened_document, opened_at, closed_document, closed_at, report"


def _shifts(damaged: sqlite3.Connection, into: sqlite3.Connection, found: Salvaged) -> None:
    """Of a shift that the copy knows too, whatever the damaged file knows more of it."""
    if _has(damaged, "shifts"):
        for row in rows(damaged, "shifts", _SHIFT):
            _take_shift(row, into, found)


def _take_shift(row: Row, into: sqlite3.Connection, found: Salvaged) -> None:
    try:
        body_of(row["report"])
        if not _is_text(row):
            raise ValueError("no text")
        into.execute("DELETE FROM shifts WHERE storage_number = ? AND shift_number = ? AND closed_document IS NULL",
                     (row["storage_number"], row["shift_number"]))  # fmt: skip
        before = into.total_changes
        names = ", ".join(row)
        into.execute(
            f"INSERT OR IGNORE INTO shifts ({names}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
            list(row.values()),
        )
    except (ValueError, TypeError, sqlite3.IntegrityError):
        found.lost.append(f"shifts: смена {row['shift_number']} не читается")
        return
    if into.total_changes > before:
        found.count("shifts")


_DAY = (
    "id, is_open, courier, opened_by, opened_at, float_kopecks, storage_number, after_document, until_document,"
    " closed_at, received_by, counted_kopecks, why, figures"
)


def _days(damaged: sqlite3.Connection, into: sqlite3.Connection, found: Salvaged) -> None:
    """Days begun since the copy, and the end of the one that was open then."""
    if not _has(damaged, "courier_days"):
        return
    known = {row[0]: bool(row[1]) for row in into.execute("SELECT id, is_open FROM courier_days")}
    for row in rows(damaged, "courier_days", _DAY):
        if known.get(row["id"]) is False:
            continue
        try:
            if not _is_text(row) or (row["figures"] is not None and not body_of(row["figures"])):
                raise ValueError("no figures")
            if row["id"] in known:
                changed = {name: value for name, value in row.items() if name != "id"}
                places = ", ".join(f"{name} = ?" for name in changed)
                into.execute(f"UPDATE courier_days SET {places} WHERE id = ?", [*changed.values(), row["id"]])  # noqa: S608
            else:
                _add(into, "courier_days", row)
        except (ValueError, TypeError, sqlite3.IntegrityError):
            found.lost.append(f"courier_days: день {row['id']} не читается")
            continue
        if row["id"] not in known:
            found.count("courier_days")


_REFUSAL = "id, at, day_id, portal, order_id, order_number, receipt_key, is_whole, amount_kopecks, who, why, lines"


def _refusals(damaged: sqlite3.Connection, into: sqlite3.Connection, found: Salvaged) -> None:
    if not _has(damaged, "refusals"):
        return
    after = into.execute("SELECT coalesce(max(id), 0) FROM refusals").fetchone()[0]
    days = {row[0] for row in into.execute("SELECT id FROM courier_days")}
    for row in rows(damaged, "refusals", _REFUSAL, after):
        try:
            if not _is_text(row) or not isinstance(body_of(row["lines"])["lines"], list):
                raise ValueError("no lines")
            _add(into, "refusals", {**row, "day_id": row["day_id"] if row["day_id"] in days else None})
        except (ValueError, TypeError, KeyError, sqlite3.IntegrityError):
            found.lost.append(f"refusals: отказ {row['order_number']} не читается")
            continue
        found.count("refusals")


def _has(damaged: sqlite3.Connection, table: str) -> bool:
    """Whether the file has a table at all: one of an earlier program does not."""
    try:
        return damaged.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None
    except DAMAGE as error:
        if not _is_damage(error):
            raise
        return True  # the schema is gone: reading it with the copy's tells


def _holds(damaged: sqlite3.Connection, into: sqlite3.Connection, found: Salvaged) -> None:
    """What a person has held stays held; the entries of receipts that are read back later are held then."""
    for row in rows(damaged, "outbox", "receipt_key, step, state"):
        if row["state"] != "held" or not _is_text(row):
            continue
        query = "UPDATE outbox SET state = 'held' WHERE receipt_key = ? AND step = ? AND state IN ('waiting', 'failed')"
        if into.execute(query, (row["receipt_key"], row["step"])).rowcount:
            found.count("held")
        else:
            found.held.append([row["receipt_key"], row["step"]])
