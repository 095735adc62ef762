"""How many sales a second become durable, against bare sqlite3.

A sale is three commits, and must be: the receipt before anything else (rule 2), the attempt before a byte leaves for
the register (rule 3), the mark with its outbox rows after (rule 12). So

- the *value* is sales a second through `Journal`: `add_receipt`, `start_attempt`, `fiscalize` with four outbox rows –
  checks of state, JSON of the domain objects and the hand-over to the writer's thread included;
- the *floor* is the same rows written into the same tables with the same settings (WAL, FULL) by bare sqlite3 in the
  same three commits, its texts made beforehand: no check, no thread, no encoding.

The two take turns in rounds of a few sales, so that noise of the machine meets both; each figure is that of the median
round.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

from posapp.domain.fiscal import DeviceIdentity, FiscalMark, ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import By, Settlement
from posapp.domain.vat import VatRate
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.rows import STEPS, NewEntry
from posapp.journal.store import Journal

LINES = 5
ROUNDS = 80
GOAL = 0.6

_AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
_DEVICE = DeviceIdentity("00106700000001", "0000000001000001", "9999078900000001")

Step = tuple[str, tuple[object, ...]]
Sale = list[list[Step]]
ReadySale = tuple[Receipt, str, FiscalMark, list[NewEntry]]


def run(count: int = 2000) -> dict[str, object]:
    """Writes `count` sales each way. `value` and `floor` in sales a second, `ratio` = value ÷ floor."""
    size = max(count // ROUNDS, 1)
    with tempfile.TemporaryDirectory(prefix="posapp-bench-") as folder:
        return _run(Path(folder), size)


def _run(folder: Path, size: int) -> dict[str, object]:
    bare = _bare(folder / "bare")
    rates: dict[str, list[float]] = {"value": [], "floor": []}
    with Journal.open(folder / "journal", now=lambda: _AT) as journal:
        journal.remember_document(_DEVICE, 0)
        for turn in range(ROUNDS + 1):
            numbers = range(turn * size + 1, (turn + 1) * size + 1)
            receipts = [_receipt(number) for number in numbers]
            sales = [_rows(number, receipt) for number, receipt in zip(numbers, receipts, strict=True)]
            ready = [_ready(receipt) for receipt in receipts]
            done = {
                "value": _rate(size, partial(_sell, journal, ready)),
                "floor": _rate(size, partial(_write, bare, sales)),
            }
            if turn:  # the first round warms caches, statements and the WAL
                for name, rate in done.items():
                    rates[name].append(rate)
    expected = (ROUNDS + 1) * size
    for place in ("journal", "bare"):
        _check(folder / place / JOURNAL_NAME, expected)
    bare.close()
    value, floor = (statistics.median(rates[name]) for name in ("value", "floor"))
    return {
        "name": "journal",
        "value": round(value, 1),
        "floor": round(floor, 1),
        "ratio": round(value / floor, 3),
        "unit": "durable sales per second (3 commits: receipt, attempt, mark with 4 outbox rows)",
        "goal": GOAL,
        "sales": ROUNDS * size,
        "lines": LINES,
    }


def _rate(size: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return size / (time.perf_counter() - begun)


def _check(path: Path, expected: int) -> None:
    """Both have written the same rows; a figure for less work would be no figure."""
    db = sqlite3.connect(path)
    try:
        found = db.execute(
            "SELECT (SELECT count(*) FROM receipts WHERE state = 'fiscalized'), (SELECT count(*) FROM attempts WHERE"
            " outcome = 'fiscalized'), (SELECT count(*) FROM outbox), (SELECT last_document FROM devices)"
        ).fetchone()
    finally:
        db.close()
    if found != (expected, expected, expected * len(STEPS), expected):
        raise RuntimeError(f"{path}: {found} instead of {expected} sales")


# ------------------------------------------------------------------------------------------------ through the journal
def _receipt(number: int) -> Receipt:
    lines = tuple(
        ReceiptLine(
            f"Молоко пастеризованное 3,2 %, {place}", Money(8990), Quantity(Decimal(2)), Money(17980), VatRate(2)
        )
        for place in range(LINES)
    )
    return Receipt(
        identity=UUID(int=number),
        settlement=Settlement("shop.example", number, "1", ReceiptKind.SELL),
        order_number=str(number),
        lines=lines,
        tenders=(Tender(TenderKind.CASH, Money(17980 * LINES)),),
        tax_system=TaxSystem.OSN,
        till="till-1",
        cashier="Иванова А. П.",
        created_at=_AT,
    )


def _mark(number: int) -> FiscalMark:
    return FiscalMark(
        number, str(3_000_000_000 + number), number, 1, _DEVICE.storage_number, _DEVICE.registration_number,
        datetime(2026, 7, 1, 12, 0),
    )  # fmt: skip


def _body(key: str, step: str) -> dict[str, object]:
    return {"step": step, "key": key, "payment": 7, "fields": {"PAY_VOUCHER_NUM": key, "PAYED": "Y"}}


def _ready(receipt: Receipt) -> ReadySale:
    """What a till has in its hands when it turns to the journal."""
    number, key = receipt.settlement.order_id, receipt.key
    entries = [NewEntry(step, number, receipt.order_number, "shop.example", _body(key, step)) for step in STEPS]
    return receipt, key, _mark(number), entries


def _sell(journal: Journal, sales: list[ReadySale]) -> None:
    for receipt, key, mark, entries in sales:
        journal.add_receipt(receipt)
        journal.start_attempt(key, _DEVICE, mark.document_number - 1, 1)
        journal.fiscalize(key, mark, By.PROOF, entries, {"last_document": mark.document_number})


# ------------------------------------------------------------------------------------------------ by bare sqlite3
def _bare(folder: Path) -> sqlite3.Connection:
    """An empty journal with the same tables, opened without us."""
    with Journal.open(folder, now=lambda: _AT) as journal:
        journal.remember_document(_DEVICE, 0)
    db = sqlite3.connect(folder / JOURNAL_NAME, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA foreign_keys=ON")
    return db


def _write(db: sqlite3.Connection, sales: list[Sale]) -> None:
    for sale in sales:
        for commit in sale:
            db.execute("BEGIN IMMEDIATE")
            for text, values in commit:
                db.execute(text, values)
            db.execute("COMMIT")


_RECEIPT = (
    "INSERT INTO receipts (key, settlement, portal, order_id, kind, total_kopecks, state, reason, attempts, created_at,"
    " changed_at, body) VALUES (?, ?, ?, ?, ?, ?, 'pending', '', 0, ?, ?, ?)"
)
_SENDING = "UPDATE receipts SET state = 'sending', attempts = 1, changed_at = ? WHERE key = ?"
_ATTEMPT = (
    "INSERT INTO attempts (id, receipt_key, number, factory_number, registration_number, storage_number, last_document,"
    " shift_number, started_at, outcome, evidence) VALUES (?, ?, 1, ?, ?, ?, ?, 1, ?, '', '{}')"
)
_MARK = (
    "UPDATE receipts SET state = 'fiscalized', mark = ?, storage_number = ?, document_number = ?, fiscalized_at = ?,"
    " changed_at = ? WHERE key = ?"
)
_ATTEMPT_ENDS = "UPDATE attempts SET ended_at = ?, outcome = 'fiscalized', evidence = ? WHERE id = ?"
_DOCUMENT = "UPDATE devices SET last_document = ?, seen_at = ? WHERE factory_number = ?"
_ENTRY = (
    "INSERT INTO outbox (receipt_key, step, step_order, portal, order_id, order_number, order_key, state, tries,"
    " created_at, due_at, code, facts, proof, is_unsure, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', 0, ?, ?, '', '{}', '', 0, ?)"
)


def _rows(number: int, receipt: Receipt) -> Sale:
    """The statements of a sale with every value ready, by commit."""
    from posapp.journal.mapping import evidence_text, micros, text_of

    at, key, portal = micros(_AT), receipt.key, receipt.settlement.portal
    device = (_DEVICE.factory_number, _DEVICE.registration_number, _DEVICE.storage_number)
    mark = text_of(_mark(number).as_json())
    body, total = text_of(receipt.as_json()), receipt.total.kopecks
    entries: list[Step] = [
        (_ENTRY, (key, step, place, portal, number, str(number), str(number), at, at, text_of(_body(key, step))))
        for place, step in enumerate(STEPS)
    ]
    return [
        [(_RECEIPT, (key, receipt.settlement.id, portal, number, receipt.kind.value, total, at, at, body))],
        [(_SENDING, (at, key)), (_ATTEMPT, (number, key, *device, number - 1, at))],
        [
            (_MARK, (mark, _DEVICE.storage_number, number, at, at, key)),
            (_ATTEMPT_ENDS, (at, evidence_text({"last_document": number}), number)),
            (_DOCUMENT, (number, at, _DEVICE.factory_number)),
            *entries,
        ],
    ]
