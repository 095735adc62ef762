"""A till with all four witnesses: a journal, a register on a cable, a portal over HTTP, an OFD over HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from posapp.devices.simulator.documents import StoredDocument
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.http import HttpClient
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.rows import StoredReceipt
from posapp.settings import OfdSettings, VatSettings
from posapp.sync.ofd import HttpOfd, OfdDocument
from posapp.sync.simulator.envelope import iso
from posapp.sync.simulator.ofd import SimulatedOfd
from posapp.sync.simulator.ofd_server import OfdServer
from posapp.till import exchange, reconcile, sale
from posapp.till.reconcile_views import Difference, ReconcileReport
from tests.sync.portals import Bitrix, Row, order_row, serving, shop_of
from tests.till.rig import BORN, PASSWORD, Register
from tests.till.shops import TAG_VAT_22, Shop, cash, shop_at

VAT_ROW = 3  # of the simulated portal
PRICE = Money(10_000)  # of every order there
TOKEN = "ofd-token"
ORDERS = 8

__all__ = ["PASSWORD", "PRICE", "Four", "four_at", "ofd_serving", "sent_by"]


@dataclass
class Four:
    """The shop and what stands around it."""

    shop: Shop
    bitrix: Bitrix
    ofd: OfdServer

    @property
    def register(self) -> Register:
        return self.shop.register

    def wire(self) -> None:
        """Portal, VAT and OFD for the process that runs now."""
        portal = self.shop.settings.portal
        assert portal is not None
        settings = self.shop.settings.with_(
            portal=replace(portal, portal=self.bitrix.client.portal),
            vat=VatSettings(confirmed={VAT_ROW: TAG_VAT_22}, rows={VAT_ROW: ("НДС 22 %", "22")}),
            ofd=OfdSettings(self.ofd.url, is_simulated=True),
        )
        self.shop.till = replace(
            self.shop.till,
            settings=settings,
            client=lambda: self.bitrix.client,
            ofd=lambda: HttpOfd(self.ofd.url, TOKEN, HttpClient()),
        )

    def sell(self, order_id: int, *, deliver: bool = True) -> StoredReceipt:
        """Sells an order of the portal for cash; its receipt as stored."""
        till = self.shop.till
        order = till.journal.order_by_id(till.portal, order_id)
        assert order is not None
        key = sale.sell(till, order, cash(order.price)).view.receipt.key
        if deliver:
            self.deliver()
        stored = till.journal.receipt(key)
        assert stored is not None
        return stored

    def deliver(self) -> None:
        exchange.sync(self.shop.till, force=True)

    def reconcile(self, **options: Any) -> ReconcileReport:
        return reconcile.run(self.shop.till, **options)

    def differences(self, **options: Any) -> list[str]:
        """The codes of what differs."""
        return [each.code for each in self.reconcile(**options).differences]

    def difference(self, **options: Any) -> Difference:
        """The only one; everything was checked."""
        report = self.reconcile(**options)
        assert report.not_checked == ()
        (one,) = report.differences
        return one

    def days(self, days: float) -> None:
        """Time passes; nothing happens."""
        self.register.advance(days * 86_400)

    def on_portal(self, order_id: int) -> Row:
        """The portal's own row of an order, to be changed as a manager would in the admin area."""
        return self.bitrix.portal.shop.orders[order_id]

    def sql(self, statement: str, *values: object) -> None:
        """Somebody damages the journal; the till's process must not run."""
        with closing(sqlite3.connect(self.shop.folder / JOURNAL_NAME)) as db:
            db.execute(statement, values)
            db.commit()

    def ofd_faults(self, *faults: Row) -> None:
        self.ofd.ofd.set_faults(list(faults))


@contextmanager
def four_at(folder: Path, register: Register, *orders: Row, **tables: Any) -> Iterator[Four]:
    """`orders` of the portal, each one line of `PRICE` unless they are given; `tables` of it."""
    inserted = iso(BORN.replace(tzinfo=UTC) - timedelta(days=1))
    given = {"dateInsert": inserted, "dateUpdate": inserted}
    rows = [{**given, **each} for each in orders] or [order_row(number, **given) for number in range(1, ORDERS + 1)]
    with (
        shop_at(folder, register) as shop,
        serving(shop_of(*rows, **tables)) as bitrix,
        ofd_serving(register) as ofd,
    ):
        bitrix.server.clock = shop.now
        world = Four(shop, bitrix, ofd)
        world.wire()
        exchange.pull(shop.till)
        yield world


@contextmanager
def ofd_serving(register: Register) -> Iterator[OfdServer]:
    """An OFD that has what the register's storage has a ticket for."""

    def refresh(ofd: SimulatedOfd) -> None:
        storage = register.printer.storage
        sent = storage.documents[: storage.confirmed]
        ofd.take(register.printer.identity.storage_number, map(sent_by, sent))

    server = OfdServer(("127.0.0.1", 0), SimulatedOfd(TOKEN), lambda: register.now, refresh)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="ofd")
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(10)
        assert not thread.is_alive()


def sent_by(document: StoredDocument) -> OfdDocument:
    """A document as the OFD keeps it."""
    stamp = ffd.find(ffd.decode(document.body), 1084, 1086)
    return OfdDocument(
        number=document.number,
        type=document.form,
        kind=None if document.kind is None else ReceiptKind(document.kind),
        total=None if document.total_kopecks is None else Money(document.total_kopecks),
        sign=str(document.sign),
        at=document.at,
        stamp=None if stamp is None else str(stamp.value),
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
