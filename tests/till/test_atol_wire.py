"""A till on an АТОЛ by the raw protocol: cut off, killed and failing at every command of a receipt.

Rules 4–6: one document each time, and no false word about it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from posapp.devices.atol import commands as c
from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.wire import WireTasks
from posapp.domain.order import Order
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, PosError, ResolveNeeded
from posapp.journal.rows import StoredReceipt
from posapp.journal.store import Journal
from posapp.settings import TRAINING, PortalSettings, Settings, VatSettings
from posapp.till import resolve, sale, setup, shift
from posapp.till.context import Till
from tests.devices.atol.wired import Killed, Wired
from tests.till.shops import PORTAL, an_order, cash

VAT_10 = 2
STEPS = (c.OpenReceipt.CODE, c.EndItem.CODE, c.Payment.CODE, c.CloseReceipt.CODE)


class WireShop:
    """A till with an open shift whose register has made one receipt, so that it is known to take our key."""

    def __init__(self, folder: Path) -> None:
        self.bench = Wired()
        self.folder = folder
        self._orders, self._ids = itertools.count(1), itertools.count(1)
        profile = setup.probe(self._driver())
        self.settings = setup.with_printer(
            Settings(TRAINING, str(UUID(int=1))),
            profile,
            model="atol",
            port="bench",
            link="wire",
            password=30,
            only_program=True,
        ).with_(
            portal=PortalSettings(PORTAL, "till-driven", "F", is_simulated=True),
            vat=VatSettings(confirmed={1: VAT_10}, rows={1: ("НДС 10 %", "10")}),
        )
        self.till = self._open()
        shift.open_shift(self.till)
        self.sell(self.order())

    def _driver(self) -> AtolPrinter:
        self.bench.tasks = WireTasks(self.bench.open_port, "bench")
        return AtolPrinter(self.bench.tasks, "bench", link="wire")

    def _open(self) -> Till:
        journal = Journal.open(self.folder, now=self._now)
        return Till(self.settings, journal, self._now, lambda: UUID(int=(7 << 64) + next(self._ids)), self._driver())

    def _now(self) -> datetime:
        return self.bench.now.replace(tzinfo=UTC)

    def restart(self) -> None:
        """The process has ended wherever it was, and a new one starts."""
        self.close()
        self.till = self._open()

    def close(self) -> None:
        self.till.printer.close()
        self.till.journal.close()

    def order(self) -> Order:
        """Another order that is not paid."""
        made = an_order(next(self._orders))
        return replace(made, lines=tuple(replace(each, vat_percent=Decimal(10)) for each in made.lines))

    def sell(self, order: Order) -> sale.Sold:
        return sale.sell(self.till, order, cash(order.price))

    def state(self, order: Order) -> State:
        """Of the order's one receipt."""
        return self.stored(order).state

    def stored(self, order: Order) -> StoredReceipt:
        (stored,) = self.till.journal.receipts_of_order(PORTAL, order.order_id)
        return stored

    def finish(self, order: Order) -> None:
        """The cashier types the same sale again; where it is for a person, a person who looks says what is so."""
        for _ in range(3):
            try:
                self.sell(order)
            except sale.AlreadyReceipted:
                return
            except ResolveNeeded:
                key = self.stored(order).receipt.key
                assert not self.bench.with_key(key), "a receipt that was made is found without a person"
                resolve.decide_not_made(self.till, key, why="чек не напечатан")
            except PosError:
                continue

    def assert_one(self, order: Order, before: int) -> None:
        stored = self.stored(order)
        (document,) = self.bench.with_key(stored.receipt.key)
        assert stored.state is State.FISCALIZED
        assert stored.mark is not None
        assert (stored.mark.document_number, stored.mark.document_sign) == (document.number, str(document.sign))
        assert len(self.bench.documents()) == before + 1
        assert self.bench.printer.receipt is None


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WireShop]:
    made = WireShop(tmp_path_factory.mktemp("till"))
    yield made
    made.close()


@pytest.fixture
def shop(shared: WireShop) -> WireShop:
    shared.bench.mend()
    shared.bench.performed.clear()
    shared.bench.now += timedelta(seconds=1)
    return shared


def tasks_of_a_sale(shop: WireShop) -> list[int]:
    """Which of the commands of one receipt are struck: the steps of the receipt, or all with `POSAPP_FUZZ`."""
    shop.bench.asked.clear()
    shop.sell(shop.order())
    asked = shop.bench.asked
    if os.environ.get("POSAPP_FUZZ"):
        return list(range(len(asked)))
    closing = asked.index(c.CloseReceipt.CODE)
    return [*(asked.index(code) for code in STEPS), closing + 1, len(asked) - 1]


@pytest.mark.parametrize("when", ["before", "after", "killed before", "killed after"])
def test_one_document_wherever_the_cable_is_cut_or_the_till_is_killed(shop: WireShop, when: str) -> None:
    for number in tasks_of_a_sale(shop):
        order, before = shop.order(), len(shop.bench.documents())
        shop.bench.performed.clear()
        shop.bench.cut = number, when
        try:
            shop.sell(order)
        except Killed:
            shop.bench.mend()
            shop.restart()
        except (OutcomeUnknown, ResolveNeeded):
            assert shop.state(order) is State.SENDING
        except PosError:
            assert len(shop.bench.documents()) == before, "the till said that nothing was made"
        shop.bench.mend()
        assert shop.bench.performed[c.CloseReceipt.CODE] <= 1
        shop.finish(order)
        shop.assert_one(order, before)


def test_one_document_though_the_register_forgets_its_tasks(shop: WireShop) -> None:
    """B.3.5, the vendor's trap: performed, the answer lost, and the register does not know the task any more."""
    for code in STEPS:
        order, before = shop.order(), len(shop.bench.documents())
        shop.bench.performed.clear()
        shop.bench.forgets.add(code)
        try:
            shop.sell(order)  # the till reads at once, and may find what was made
        except (OutcomeUnknown, ResolveNeeded):
            assert shop.state(order) is State.SENDING
        except PosError:
            assert len(shop.bench.documents()) == before, "the till said that nothing was made"
        assert shop.bench.performed[c.CloseReceipt.CODE] <= 1
        shop.bench.mend()
        shop.finish(order)
        shop.assert_one(order, before)


@pytest.mark.parametrize("code", STEPS, ids="{:X}".format)
def test_a_no_and_then_the_same_sale_again(shop: WireShop, code: int) -> None:
    order, before = shop.order(), len(shop.bench.documents())
    shop.bench.errors[code] = 0x08
    with pytest.raises(PosError):
        shop.sell(order)
    assert len(shop.bench.documents()) == before
    shop.bench.mend()
    shop.finish(order)
    shop.assert_one(order, before)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_drawer_is_settled_where_the_cable_is_cut(shop: WireShop, when: str) -> None:
    amount = shop.order().price
    shop.bench.asked.clear()
    shift.cash_in(shop.till, amount)
    at = shop.bench.asked.index(c.CashIn.CODE)
    for number in (at - 1, at, at + 1):
        drawer = shop.bench.printer.registers.drawer_kopecks
        shop.bench.cut = number, when
        with contextlib.suppress(PosError):
            shift.cash_in(shop.till, amount)
        moved = shop.bench.printer.registers.drawer_kopecks - drawer
        assert moved == (amount.kopecks if number > at or (number == at and when == "after") else 0)
        shop.bench.mend()
        shop.sell(shop.order())
