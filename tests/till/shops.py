"""A till without a portal's network: one register on a cable, a real journal, orders on board."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.domain.money import Money, Quantity
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.receipt import Receipt, Tender, TenderKind
from posapp.domain.settlement import State
from posapp.errors import Refused
from posapp.journal.rows import STEPS, StoredReceipt
from posapp.journal.store import Journal
from posapp.settings import TRAINING, PortalSettings, Settings, VatSettings
from posapp.till import sale, setup, shift
from posapp.till.context import Till
from tests.till.rig import PORT, Register, driver_of

PORTAL = "shop.example"
TAG_VAT_22 = 11
LINES = (Money(24_500), Money(10_000))
TOTAL = Money(59_000)  # two of the first, one of the second


class Shop:
    """The till's process can end and start again: `till` is the one that runs now."""

    def __init__(self, folder: Path, register: Register) -> None:
        self.folder = folder
        self.register = register
        self._ids = itertools.count(1)
        self.settings = _settings(register)
        self.till = self._open()

    def _open(self) -> Till:
        journal = Journal.open(self.folder, now=self.now)
        chosen = self.settings.printer
        printer = ShtrihPrinter(self.register.open_port, PORT, key_tags=chosen.key_tags if chosen else None)
        return Till(self.settings, journal, self.now, self._new_id, printer)

    def now(self) -> datetime:
        return self.register.now.replace(tzinfo=UTC)

    def _new_id(self) -> UUID:
        return UUID(int=(7 << 64) + next(self._ids))

    def close(self) -> None:
        self.till.printer.close()
        self.till.journal.close()

    def restart(self) -> None:
        """The process ends wherever it was, and a new one starts: link and memory are gone, the journal is not."""
        self.close()
        self.till = self._open()

    def reopen(self) -> None:
        """A new process after `close`."""
        self.till = self._open()

    def set_up_again(self, *, only_program: bool = False) -> None:
        """After `close`: the administrator sets up the register that is connected, and a new process starts."""
        self.set_up_elsewhere(only_program=only_program)
        self.reopen()

    def set_up_elsewhere(self, *, only_program: bool = False) -> None:
        """The settings of the register that is connected; no process starts."""
        self.settings = _settings(self.register, only_program=only_program).with_(till=self.settings.till)

    # --- the cashier

    def sell(self, order: Order | None = None, tenders: tuple[Tender, ...] | None = None) -> sale.Sold:
        chosen = order or an_order()
        return sale.sell(self.till, chosen, tenders or cash(chosen.price))

    def sell_until_sold(self, order: Order | None = None, tries: int = 3) -> None:
        """The cashier repeats the very same sale; the till may say no, but never lie."""
        for _ in range(tries):
            try:
                self.sell(order)
            except sale.AlreadyReceipted:
                return
            except Refused:
                continue
            return

    # --- what is on disk

    def stored(self, order_id: int = 1) -> StoredReceipt:
        """The order's one receipt that is not cancelled."""
        found = self.till.journal.receipts_of_order(self.till.portal, order_id)
        (alive,) = [each for each in found if each.state is not State.CANCELLED]
        return alive

    def receipt(self, order_id: int = 1) -> Receipt:
        return self.stored(order_id).receipt

    def assert_exactly_one(self, order_id: int = 1) -> None:
        """The promise: one document with our key, its mark in the journal, the portal's four rows, nothing open."""
        stored = self.stored(order_id)
        (document,) = self.register.with_key(stored.receipt.key)
        assert stored.state is State.FISCALIZED
        mark = stored.mark
        assert mark is not None
        assert mark.document_number == document.number
        assert mark.document_sign == str(document.sign)
        assert mark.shift_number == document.shift_number
        assert mark.receipt_number == document.receipt_number
        assert mark.printed_at == document.at
        assert mark.storage_number == self.register.printer.identity.storage_number
        assert mark.registration_number == self.register.printer.identity.registration_number
        assert document.total_kopecks == stored.receipt.total.kopecks
        entries = self.till.journal.entries_of_receipt(stored.receipt.key)
        assert [each.step for each in entries] == list(STEPS)
        assert entries[0].body["mark"] == mark.as_json()
        assert not any(each.outcome == "" for each in self.till.journal.attempts(stored.receipt.key))


def _settings(register: Register, *, only_program: bool = False) -> Settings:
    printer = driver_of(register)
    profile = setup.probe(printer)
    settings = setup.with_printer(
        Settings(TRAINING, str(UUID(int=1))),
        profile,
        model="shtrih",
        port=PORT,
        link="v1",
        password=30,
        only_program=only_program,
    )
    return settings.with_(
        portal=PortalSettings(PORTAL, "till-driven", "F", is_simulated=True),
        vat=VatSettings(confirmed={1: TAG_VAT_22}, rows={1: ("НДС 22 %", "22")}),
    )


@contextmanager
def shop_at(folder: Path, register: Register, *, shift_open: bool = True) -> Iterator[Shop]:
    shop = Shop(folder, register)
    try:
        if shift_open:
            shift.open_shift(shop.till)
            register.advance(60.0)
        yield shop
    finally:
        shop.close()


def an_order(order_id: int = 1, lines: tuple[Money, ...] = LINES) -> Order:
    """An unpaid order; two pieces of the first line, one of each other."""
    first = OrderLine("Чай чёрный «Утро», 100 г", Quantity(Decimal(2)), lines[0], 1, Decimal(22))
    rest = (OrderLine("Кружка", Quantity(Decimal(1)), each, 1, Decimal(22)) for each in lines[1:])
    all_lines = (first, *rest)
    price = Money(sum(each.line_sum.kopecks for each in all_lines))
    return Order(
        portal=PORTAL,
        order_id=order_id,
        number=f"{1000 + order_id}",
        version=1,
        status_id="N",
        is_cancelled=False,
        price=price,
        lines=all_lines,
        payments=(OrderPayment(order_id, 1, "Наличные", price, is_paid=False, prints_receipt=False),),
        shipments=(OrderShipment(order_id, is_deducted=False),),
        buyer=Buyer(),
        updated_at="",
        pulled_at=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
    )


def changed(order: Order, **values: object) -> Order:
    """The order as the portal tells it later."""
    return replace(order, **values)  # type: ignore[arg-type]


def cash(amount: Money) -> tuple[Tender, ...]:
    return (Tender(TenderKind.CASH, amount),)


def card(amount: Money) -> tuple[Tender, ...]:
    return (Tender(TenderKind.CASHLESS, amount),)


def to_first_schema(copy: Path) -> None:
    """Makes a journal of today one of the first schema, as if every later migration had yet to come."""
    with closing(sqlite3.connect(copy)) as db, db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in names:
            if table not in FIRST_TABLES and not table.startswith("sqlite_"):
                db.execute(f"DROP TABLE {table}")
        for index in LATER_INDEXES:
            db.execute(f"DROP INDEX IF EXISTS {index}")
        db.execute("UPDATE alembic_version SET version_num = '0001'")


FIRST_TABLES = (
    "orders", "receipts", "attempts", "operations", "devices", "foreign_documents", "outbox", "sync_log", "facts",
    "alembic_version",
)  # fmt: skip
LATER_INDEXES = ("ix_sync_log_at", "ix_sync_log_trouble", "ix_sync_log_told", "ix_outbox_done")
