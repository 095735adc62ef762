"""An order that goes out in several shipments: which lines, which money, which offers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from posapp.domain.checkout import Seller, VatTable, receipt_of
from posapp.domain.money import Money, Quantity
from posapp.domain.offers import Offer, Way, chosen, offers, part_of
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.parted import part_of_shipment, parts_of
from posapp.domain.receipt import Receipt, TaxSystem
from posapp.domain.vat import DELIVERY_ROW, PortalVatRow, VatRate
from posapp.errors import SaleError

VAT = VatTable({1: PortalVatRow(1, "НДС 22 %", Decimal(22))}, {1: VatRate.VAT_22, DELIVERY_ROW: VatRate.VAT_22})
SELLER = Seller("1", "Кассир", TaxSystem.OSN, is_training=True)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def much(value: object) -> Quantity:
    return Quantity(Decimal(str(value)))


def line(number: int, price: int, quantity: object, **more: Any) -> OrderLine:
    return OrderLine(f"Товар {number}", much(quantity), Money(price), 1, Decimal(22), basket_id=100 + number, **more)


FEE = OrderLine("Доставка", much(1), Money(300), None, None, is_delivery=True)
FIRST = OrderShipment(1, False, ((101, much(1)), (102, much(2))))
SECOND = OrderShipment(2, False, ((102, much(1)), (103, much("0.5"))), Money(300))
ORDER = Order(
    "shop.example", 1, "1001", 1, "N", False, Money(1_000 + 3 * 200 + 250 + 300),
    (line(1, 1_000, 1), line(2, 200, 3), line(3, 500, "0.5", measure="кг"), FEE),
    (OrderPayment(7, 4, "На сайте", Money(2_150), is_paid=True, prints_receipt=False),),
    (FIRST, SECOND), Buyer(), "", NOW,
)  # fmt: skip


def receipt_for(offer: Offer, number: int = 7) -> Receipt:
    return receipt_of(ORDER, (), VAT, SELLER, identity=UUID(int=number), now=NOW, offer=offer)


def test_each_shipment_has_its_lines_and_its_delivery() -> None:
    first, second = parts_of(ORDER)
    assert [(number, str(each.quantity)) for number, each in first.lines] == [(1, "1"), (2, "2")]
    assert [(number, str(each.quantity)) for number, each in second.lines] == [(2, "1"), (3, "0.5"), (4, "1")]
    assert (first.total, second.total) == (Money(1_400), Money(750))
    assert part_of_shipment(ORDER, 2) == second
    assert part_of_shipment(ORDER, None) is None


@pytest.mark.parametrize(
    "shipments",
    [
        (FIRST,),
        (FIRST, replace(SECOND, items=())),
        (FIRST, replace(SECOND, items=((102, much(1)),))),
        (FIRST, replace(SECOND, items=(*SECOND.items, (101, much(1))))),
        (FIRST, replace(SECOND, items=(*SECOND.items, (999, much(1))))),
        (FIRST, replace(SECOND, delivery=Money(299))),
        (FIRST, SECOND, OrderShipment(3, False)),
    ],
)
def test_where_shipments_are_not_the_order_nobody_knows(shipments: tuple[OrderShipment, ...]) -> None:
    order = replace(ORDER, shipments=shipments)
    assert parts_of(order) == ()
    if len(shipments) > 1:
        assert not [each for each in offers(order, []) if each.way is Way.HANDOVER]


def test_halves_that_round_to_more_than_the_line_are_not_parted() -> None:
    lines = (line(1, 101, 1, measure="кг"),)
    halves = (OrderShipment(1, False, ((101, much("0.5")),)), OrderShipment(2, False, ((101, much("0.5")),)))
    order = replace(ORDER, lines=lines, price=Money(101), shipments=halves)
    assert parts_of(order) == ()


def test_each_is_handed_over_once_and_the_last_ends_it() -> None:
    found = [each for each in offers(ORDER, []) if each.way is Way.HANDOVER]
    assert [(each.shipment_id, each.prepaid) for each in found] == [(1, Money(1_400)), (2, Money(750))]
    with pytest.raises(SaleError) as told:
        chosen(ORDER, [], Way.HANDOVER)
    assert told.value.code == "shipment_unclear"
    assert "1 400" in told.value.message().replace("\u202f", " ") or "14,00" in told.value.message()
    first = receipt_for(chosen(ORDER, [], Way.HANDOVER, shipment_id=1))
    assert [(each.name, str(each.quantity)) for each in first.lines] == [("Товар 1", "1"), ("Товар 2", "2")]
    (left,) = offers(ORDER, [first])
    assert (left.way, left.shipment_id) == (Way.HANDOVER, 2)
    second = receipt_for(chosen(ORDER, [first], Way.HANDOVER), 8)
    assert first.total + second.total == ORDER.price
    assert offers(ORDER, [first, second]) == ()
    with pytest.raises(SaleError) as told:
        chosen(ORDER, [first], Way.HANDOVER, shipment_id=1)
    assert told.value.code == "way_closed"


def test_what_left_the_stock_already_is_not_offered() -> None:
    order = replace(ORDER, shipments=(replace(FIRST, is_deducted=True), SECOND))
    assert [each.shipment_id for each in offers(order, []) if each.way is Way.HANDOVER] == [2]


def test_a_receipt_that_was_read_back_finds_its_shipment() -> None:
    first, second = (receipt_for(chosen(ORDER, [], Way.HANDOVER, shipment_id=number), number) for number in (1, 2))
    assert part_of(ORDER, first, []) == "handover:1"
    assert part_of(ORDER, second, [first]) == "handover:2"
    alike = replace(ORDER, shipments=(FIRST, replace(SECOND, items=((102, much(1)), (103, much("0.5"))))))
    assert part_of(alike, first, [second]) == "handover:1"


def test_an_order_that_is_paid_at_the_door_still_goes_out_as_a_whole() -> None:
    unpaid = replace(ORDER, payments=(replace(ORDER.payments[0], is_paid=False),))
    whole = chosen(unpaid, [], Way.FULL)
    assert (whole.shipment_id, whole.due) == (None, ORDER.price)
