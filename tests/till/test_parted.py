"""One of several shipments of an order that was paid before: handed over by a receipt of its own, told by its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.domain.checkout import Terms
from posapp.domain.money import Money
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.domain.receipt import Receipt
from posapp.errors import OutcomeUnknown, Refused, SaleError
from posapp.till import adopt, orders, recover, sale
from tests.sync.portals import Row
from tests.till.four import Four, four_at
from tests.till.rig import Register

ITEMS = {301: [{"basketId": 101, "quantity": 1}, {"basketId": 102, "quantity": 1}],
         302: [{"basketId": 102, "quantity": 2}]}  # fmt: skip
ROW: Row = {
    "id": 1,
    "accountNumber": "N-1",
    "basketItems": [
        {"id": 101, "productId": 7, "name": "Чайник", "quantity": 1, "price": 1990, "vatRate": 0.22},
        {"id": 102, "productId": 8, "name": "Фильтр", "quantity": 3, "price": 245, "vatRate": 0.22},
    ],
    "payments": [{"id": 201, "sum": 2725, "paySystemId": 4, "paid": "Y"}],
    "shipments": [
        {"id": number, "deliveryId": 2, "deliveryName": "Курьер", "allowDelivery": "Y", "shipmentItems": items}
        for number, items in ITEMS.items()
    ],
}
PRODUCTS = [{"id": 7, "name": "Чайник", "quantity": 10}, {"id": 8, "name": "Фильтр", "quantity": 10}]


@pytest.fixture
def parted(tmp_path: Path, register: Register) -> Iterator[Four]:
    with four_at(tmp_path, register, ROW, products=PRODUCTS) as four:
        yield four


def order_of(four: Four) -> Order:
    order = four.shop.till.journal.order_by_id(four.shop.till.portal, 1)
    assert order is not None
    return order


def hand_over(four: Four, shipment: int | None = None) -> Receipt:
    terms = Terms(way=Way.HANDOVER, shipment_id=shipment)
    return sale.sell(four.shop.till, order_of(four), (), terms=terms).view.receipt


def steps(four: Four, receipt: Receipt) -> list[tuple[str, str]]:
    return [(each.step, each.state) for each in four.shop.till.journal.entries_of_receipt(receipt.key)]


def portal(four: Four) -> tuple[list[str], str, list[object]]:
    """Which shipments have left, the status, what of both products is in stock."""
    order = four.bitrix.order(1)
    products = four.bitrix.portal.shop.products
    return (
        [each["deducted"] for each in order["shipments"]],
        order["statusId"],
        [products[n]["quantity"] for n in (7, 8)],
    )


def test_each_shipment_goes_out_by_itself_and_the_last_closes_the_order(parted: Four) -> None:
    with pytest.raises(SaleError) as told:
        hand_over(parted)
    assert told.value.code == "shipment_unclear"
    first = hand_over(parted, 301)
    assert (first.total, first.settlement.part) == (Money(223_500), "handover:301")
    assert steps(parted, first) == [("stock", "waiting")]
    parted.deliver()
    assert portal(parted) == (["Y", "N"], "N", [9, 9])
    assert steps(parted, first) == [("stock", "done")]
    lights = orders.view(parted.shop.till, order_of(parted)).lights
    assert (lights.stock.light, lights.status.light) == ("grey", "grey")
    assert parted.differences() == []
    second = hand_over(parted)
    assert second.total == Money(49_000)
    assert steps(parted, second) == [("status", "waiting"), ("stock", "waiting")]
    parted.deliver()
    assert portal(parted) == (["Y", "Y"], "F", [9, 7])
    assert orders.view(parted.shop.till, order_of(parted)).lights.all_green
    assert parted.differences() == []
    with pytest.raises(SaleError) as told:
        hand_over(parted)
    assert told.value.code == "way_closed"


def test_the_documents_show_just_what_went_out(parted: Four) -> None:
    for shipment, goods in ((302, [("Фильтр", "2")]), (301, [("Чайник", "1"), ("Фильтр", "1")])):
        receipt = hand_over(parted, shipment)
        assert [(line.name, str(line.quantity)) for line in receipt.lines] == goods
        (document,) = parted.register.with_key(receipt.key)
        assert document.total_kopecks == receipt.total.kopecks


@pytest.mark.parametrize("command", ["8D", "FF0C", "FF46", "FF45"])
def test_a_lost_answer_hands_nothing_over_twice(parted: Four, command: str) -> None:
    parted.register.fault(command, "drop_reply", when="after_commit")
    for _ in range(4):
        try:
            hand_over(parted, 301)
        except (OutcomeUnknown, Refused):
            parted.register.heal()
            recover.recover(parted.shop.till)
            continue
        except SaleError:
            pass
        break
    assert len(parted.register.receipts) == 1
    parted.deliver()
    assert portal(parted)[0] == ["Y", "N"]


def test_one_that_was_begun_is_ended_before_the_other(parted: Four) -> None:
    parted.register.fault("FF46", "error", value=0x39)
    with pytest.raises(Refused):
        hand_over(parted, 301)
    parted.register.heal()
    with pytest.raises(SaleError) as told:
        hand_over(parted, 302)
    assert told.value.code == "other_way"
    assert hand_over(parted, 301).settlement.shipment_id == 301


def test_both_documents_are_taken_in_again(parted: Four) -> None:
    receipts = [hand_over(parted, 301), hand_over(parted, 302)]
    numbers = [parted.register.with_key(each.key)[0].number for each in receipts]
    parted.shop.close()
    for table in ("outbox", "attempts", "receipts"):
        parted.sql(f"DELETE FROM {table}")
    parted.shop.reopen()
    parted.wire()
    for receipt, number in zip(receipts, numbers, strict=True):
        adopt.adopt(parted.shop.till, receipt.key, number)
        kept = parted.shop.till.journal.receipt(receipt.key)
        assert kept is not None
        assert kept.receipt.settlement == receipt.settlement
    parted.deliver()
    assert portal(parted) == (["Y", "Y"], "F", [9, 7])
