"""A till on a simulated АТОЛ through the vendor's library: the stand-in runs in a process of its own."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.library import LibraryTasks, Waits
from posapp.devices.base import Ffd
from posapp.devices.simulator import atol_library as stand_in
from posapp.devices.simulator.atol_library_door import LibraryDoor
from posapp.devices.simulator.atol_library_register import LibraryRegister
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.server import local_now
from posapp.domain.fiscal import DocumentType
from posapp.domain.order import Order
from posapp.domain.settlement import State
from posapp.journal.store import Journal
from posapp.settings import TRAINING, PortalSettings, Settings, VatSettings
from posapp.till import sale, setup, shift
from posapp.till.context import Till
from tests.till.shops import PORTAL, TAG_VAT_22, an_order, cash

ENOUGH_S = 20.0


class LibraryShop:
    """A till with an open shift whose register has made one receipt, so that it is known to take our key."""

    def __init__(self, folder: Path) -> None:
        self.printer = Printer(identity_of(1_234_567), local_now(), timedelta(0), Ffd.V1_05)
        self.register = LibraryRegister(self.printer)
        self.door = LibraryDoor(self.register)
        self._thread = threading.Thread(target=self.door.serve, daemon=True)
        self._thread.start()
        self.tasks = LibraryTasks(self.door.url, library=stand_in.__file__, waits=Waits(end_s=10.0))
        self.device = AtolPrinter(self.tasks, self.door.url, link="library")
        self._orders = itertools.count(1)
        numbers = itertools.count(1)
        profile = setup.probe(self.device)
        settings = setup.with_printer(
            Settings(TRAINING, str(UUID(int=1))),
            profile,
            model="atol",
            port=self.door.url,
            link="library",
            password=30,
            only_program=True,
        ).with_(
            portal=PortalSettings(PORTAL, "till-driven", "F", is_simulated=True),
            vat=VatSettings(confirmed={1: TAG_VAT_22}, rows={1: ("НДС 22 %", "22")}),
        )
        journal = Journal.open(folder, now=lambda: datetime.now(UTC))
        self.till = Till(
            settings, journal, lambda: datetime.now(UTC), lambda: UUID(int=(7 << 64) + next(numbers)), self.device
        )
        shift.open_shift(self.till)
        self.sell(self.order())

    def order(self) -> Order:
        """Another order that is not paid."""
        return an_order(next(self._orders))

    def sell(self, order: Order) -> sale.Sold:
        """For cash."""
        return sale.sell(self.till, order, cash(order.price))

    def sell_until_sold(self, order: Order) -> None:
        """The cashier types the same sale again."""
        try:
            self.sell(order)
        except sale.AlreadyReceipted:
            return

    def fault(self, command: str, do: str, when: str) -> None:
        """One fault, in place of those before."""
        plan = self.register.parse_faults([{"command": command, "do": do, "when": when}])
        self.register.faults.replace(plan)

    def heal(self) -> None:
        """Everything is in order again."""
        self.register.faults.replace([])
        if not self.register.is_on:
            self.register.power_on()

    @property
    def receipts(self) -> list[StoredDocument]:
        """What the storage holds of sales."""
        return [each for each in self.printer.storage.documents if each.form == DocumentType.RECEIPT]

    def state(self, order: Order) -> State:
        """Of the order's one receipt."""
        (stored,) = self.till.journal.receipts_of_order(PORTAL, order.order_id)
        return stored.state

    def key(self, order: Order) -> str:
        """Of the order's one receipt."""
        (stored,) = self.till.journal.receipts_of_order(PORTAL, order.order_id)
        return stored.receipt.key

    def with_key(self, order: Order) -> list[StoredDocument]:
        """The documents that carry its key."""
        return [each for each in self.receipts if each.key == self.key(order)]

    def end(self) -> None:
        """Nothing is left."""
        self.device.close()
        self.till.journal.close()
        self.door.stop()
        self._thread.join()
