"""A till on an АТОЛ through the vendor's library, which crashes, hangs and babbles in a process of its own.

Rules 4–6: one document each time, and no false word about it. Point by point the library misbehaves for real: the
process aborts or never answers, and the register behind it goes on as it had come.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from posapp.devices.atol import driver
from posapp.domain.order import Order
from posapp.domain.settlement import State
from posapp.errors import DeviceError, OutcomeUnknown, ResolveNeeded
from posapp.lanes import Lane
from posapp.till import resolve
from tests.till.library_shop import ENOUGH_S, LibraryShop
from tests.till.shops import PORTAL


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryShop]:
    made = LibraryShop(tmp_path_factory.mktemp("till"))
    yield made
    made.end()


@pytest.fixture
def shop(shared: LibraryShop, monkeypatch: pytest.MonkeyPatch) -> LibraryShop:
    shared.heal()
    monkeypatch.setattr(driver, "RECEIPT_S", 1.0)
    return shared


@pytest.mark.parametrize("when, made", [("before", 0), ("after_commit", 1)])
@pytest.mark.parametrize("do", ["crash", "hang", "garbage", "drop_reply", "power_off"])
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


@pytest.mark.parametrize("do", ["crash", "power_off"])
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
