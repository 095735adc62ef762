"""The composition root: the one place that knows every concrete class and joins them.

Clock, ids and randomness enter here and nowhere else.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from posapp import settings as settings_file
from posapp import vault
from posapp.devices.base import FiscalPrinter
from posapp.devices.registry import make_printer
from posapp.domain.money import Money
from posapp.domain.order import Order
from posapp.errors import SaleError, SetupError
from posapp.http import HttpClient
from posapp.journal.store import Journal
from posapp.settings import Settings
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.governor import Governor, Limits
from posapp.till import exchange, orders, recover, register, sale, shift
from posapp.till.context import Till
from posapp.till.views import (
    DeliverReport,
    OrderRow,
    OrderView,
    OutboxStrip,
    PullResult,
    ReceiptView,
    Recovered,
    RegisterView,
    SyncRow,
)

DATA_DIR_VARIABLE = "POSAPP_DATA_DIR"


def data_dir(given: Path | None) -> Path:
    """The data directory: the one given, else POSAPP_DATA_DIR, else the system's place for it."""
    if given is not None:
        return given
    named = os.environ.get(DATA_DIR_VARIABLE)
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("posapp", appauthor=False))


def now() -> datetime:
    """Aware local time."""
    return datetime.now().astimezone()


def new_id() -> UUID:
    """A random identity."""
    return uuid4()


def jitter() -> float:
    """A number in [0, 1) that spreads retries of several tills."""
    return random.random()  # noqa: S311  (no secret depends on it)


def portal_client(webhook: vault.Secret, limits: Limits) -> BitrixClient:
    """A client of the portal with a governor of its own; every request of this process goes through one."""
    governor = Governor(time.monotonic, time.sleep, limits)
    return BitrixClient(webhook.reveal(), HttpClient(), governor)


def printer_of(settings: Settings) -> FiscalPrinter | None:
    """The driver of the register that is set up, or None."""
    chosen = settings.printer
    if chosen is None:
        return None
    return make_printer(chosen.model, chosen.port, link=chosen.link, password=chosen.password, baud=chosen.baud)


def load_settings(folder: Path) -> Settings:
    """The settings. Raises SetupError `not_set_up` when there are none."""
    found = settings_file.load(folder)
    if found is None:
        raise SetupError("not_set_up", what=f"в каталоге {folder} ничего нет", command="printer")
    return found


def make_till(settings: Settings, journal: Journal) -> Till:
    """The bundle of everything the use cases need. The portal's client is made once, when first asked for."""
    made: list[BitrixClient] = []

    def client() -> BitrixClient:
        if settings.portal is None:
            raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
        if not made:
            limits = Limits(settings.portal.limit_burst, settings.portal.limit_per_second)
            made.append(portal_client(vault.webhook(settings.identity), limits))
        return made[0]

    return Till(settings, journal, now, new_id, printer_of(settings), client)


@contextmanager
def open_till(folder: Path, *, write: bool = True) -> Iterator[Till]:
    """The till of a data directory, its journal open. Closes the register and the journal at the end."""
    settings = load_settings(folder)
    journal = Journal.open(folder, now=now, write=write)
    try:
        till = make_till(settings, journal)
        try:
            yield till
        finally:
            if till.device is not None:
                till.device.close()
    finally:
        journal.close()


class TillDesk:
    """The use cases as the window calls them, each on its own lane (see `posapp.ui.desk.Desk`)."""

    def __init__(self, till: Till) -> None:
        self._till = till
        self.cashier = till.settings.cashier
        self.till = till.settings.till
        self.is_training = till.settings.is_training
        self.language = till.settings.language

    def find(self, text: str) -> OrderView:
        """The order on board."""
        return orders.view(self._till, orders.find(self._till, text))

    def refresh(self, order_id: int) -> OrderView | None:
        """The order read again; None when the portal is away."""
        fresh = exchange.refresh(self._till, self._order(order_id))
        return None if fresh is None else orders.view(self._till, fresh)

    def view(self, order_id: int) -> OrderView:
        """The order as the journal has it."""
        return orders.view(self._till, self._order(order_id))

    def _order(self, order_id: int) -> Order:
        order = self._till.journal.order_by_id(self._till.portal, order_id)
        if order is None:
            raise SaleError("unknown_order", order=order_id)
        return order

    def orders(self, search: str) -> list[OrderRow]:
        """Orders on board."""
        return orders.rows(self._till, search)

    def route(self) -> list[OrderRow]:
        """The courier's orders."""
        return orders.route(self._till)

    def sell(self, order_id: int, cash: Money, card: Money) -> ReceiptView:
        """One order, one receipt."""
        return sale.sell(self._till, self._order(order_id), sale.tenders_of(cash, card)).view

    def recover(self) -> list[Recovered]:
        """What became of the receipts under way."""
        return recover.recover(self._till)

    def register(self) -> RegisterView:
        """The register now."""
        return register.view(self._till)

    def open_shift(self) -> RegisterView:
        """Opens the shift."""
        shift.open_shift(self._till)
        return self.register()

    def close_shift(self) -> RegisterView:
        """Closes the shift."""
        shift.close_shift(self._till)
        return self.register()

    def x_report(self) -> None:
        """Prints the X report."""
        shift.x_report(self._till)

    def strip(self) -> OutboxStrip:
        """What is not yet sent."""
        return exchange.strip(self._till)

    def sync_now(self) -> DeliverReport:
        """Delivers and pulls."""
        return exchange.sync(self._till)[0]

    def pull(self) -> PullResult:
        """Brings orders on board."""
        return exchange.pull(self._till)

    def log(self, chip: str, search: str, before: int | None) -> list[SyncRow]:
        """A page of the sync log."""
        return exchange.log(self._till, chip, search, before)

    def log_counts(self) -> dict[str, int]:
        """The numbers beside the filters."""
        return exchange.log_counts(self._till)

    def retry(self, entry: int) -> None:
        """Makes an entry due now."""
        exchange.retry(self._till, entry)

    def close(self) -> None:
        """Lets the register and the journal go; the lanes must have ended."""
        if self._till.device is not None:
            self._till.device.close()
        self._till.journal.close()


def open_desk(folder: Path) -> TillDesk:
    """The desk of a data directory, its journal open for writing."""
    settings = load_settings(folder)
    return TillDesk(make_till(settings, Journal.open(folder, now=now)))
