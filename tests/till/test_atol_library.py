"""A till on an АТОЛ through the vendor's library, which crashes, hangs and babbles in a process of its own.

Rules 4–6: one document each time, and no false word about it. Point by point the library misbehaves for real: the
process aborts or never answers, and the register behind it goes on as it had come.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from posapp.devices.atol import driver
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
from posapp.errors import DeviceError, OutcomeUnknown, ResolveNeeded
from posapp.journal.store import Journal
from posapp.lanes import Lane
from posapp.settings import TRAINING, PortalSettings, Settings, VatSettings
from posapp.till import resolve, sale, setup, shift
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


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryShop]:
    made = LibraryShop(tmp_path_factory.mktemp("till"))
    yield made
    made.end()


@pytest.fixture
def shop(shared: LibraryShop, monkeypatch: pytest.MonkeyPatch) -> LibraryShop:
    shared.heal()
    monkeypatch.setattr(driver, "RECEIPT_S", 0.4)
    return shared


@pytest.mark.parametrize("when, made", [("before", 0), ("after_commit", 1)])
@pytest.mark.parametrize("do", ["crash", "hang", "garbage", "huge", "lie", "drop_reply", "power_off"])
def test_one_document_whatever_the_library_does_in_a_sale(shop: LibraryShop, do: str, when: str, made: int) -> None:
    order, before = shop.order(), len(shop.receipts)
    shop.fault("sell", do, when)
    try:
        sold = shop.sell(order)  # the till reads the storage at once, and may find what was made
        assert (made, sold.view.receipt.key) == (1, shop.key(order))
    except (OutcomeUnknown, ResolveNeeded):
        assert shop.state(order) is State.SENDING
    except DeviceError:
        assert made == 0, "the till said that nothing was made"
    shop.heal()
    assert len(shop.receipts) == before + made
    shop.sell_until_sold(order)
    assert shop.state(order) is State.FISCALIZED
    assert len(shop.with_key(order)) == 1
    assert len(shop.receipts) == before + 1


@pytest.mark.parametrize("do", ["crash", "hang", "power_off"])
@pytest.mark.parametrize("step", ["openReceipt", "registration", "closeReceipt"])
def test_a_receipt_that_stays_open_is_cancelled_on_a_persons_word(shop: LibraryShop, do: str, step: str) -> None:
    order, before = shop.order(), len(shop.receipts)
    shop.fault(step, do, "before")
    with pytest.raises((OutcomeUnknown, ResolveNeeded, DeviceError)):
        shop.sell(order)
    shop.heal()
    try:
        shop.sell(order)
    except ResolveNeeded:
        resolve.decide_not_made(shop.till, shop.key(order), why="чек не напечатан")
        shop.sell(order)
    assert shop.state(order) is State.FISCALIZED
    assert len(shop.with_key(order)) == 1
    assert len(shop.receipts) == before + 1
    assert shop.printer.receipt is None


def test_other_lanes_go_on_while_the_library_hangs(shop: LibraryShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "RECEIPT_S", ENOUGH_S)
    order = shop.order()
    shop.fault("sell", "hang", "after_commit")
    device, journal = Lane("device"), Lane("journal")
    try:
        selling = device.submit(shop.sell, order)
        stored = journal.submit(_until_sending, shop, order).result(ENOUGH_S)
        assert not selling.done()
        assert stored is State.SENDING
        child = shop.tasks._child
        assert child is not None
        child.end()  # what the watch of a minute does at its end
        selling.result(ENOUGH_S)  # the till reads the storage at once, and finds what was made
    finally:
        device.close()
        journal.close()
    assert shop.state(order) is State.FISCALIZED
    assert len(shop.with_key(order)) == 1


def _until_sending(shop: LibraryShop, order: Order) -> State:
    """The journal is read, again and again, until the receipt is on its way."""
    deadline = datetime.now(UTC) + timedelta(seconds=ENOUGH_S)
    while datetime.now(UTC) < deadline:
        stored = shop.till.journal.receipts_of_order(PORTAL, order.order_id)
        if stored and stored[0].state is State.SENDING and len(shop.with_key(order)) == 1:
            return stored[0].state
    raise AssertionError("the sale never began")
