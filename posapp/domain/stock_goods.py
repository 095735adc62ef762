"""Which products of the portal the lines of a receipt are: what its stock is told of a sale or a return. Pure.

A receipt knows names, prices and quantities, the portal's stock knows product ids. Both meet in what was sold: the
goods of a sale without an order, or the lines of the order. A line that could be two products is none: a person says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from posapp.domain.deal_lines import printed_name
from posapp.domain.money import Money
from posapp.domain.order import Order
from posapp.domain.receipt import PaymentObject, ReceiptLine

SILENT: Mapping[str, str] = {
    "1c": "остатки ведёт 1С",
    "none": "остатков на портале не ведут",
    "shipments": "остаток меняют только отгрузки заказов",
}
"""Stock modes in which goods without a shipment change nothing on the portal, and why, for people."""
UNTOUCHED = "остаток не меняем"
"""How the proof ends where a shipment got its list of receipts and nothing else."""


def is_untouched(proof: str) -> bool:
    """Whether what was told of an order's goods is that its stock stays as it is."""
    return proof in SILENT.values() or proof.endswith(UNTOUCHED)


_AIDS = (PaymentObject.SERVICE, PaymentObject.PAYMENT)
"""Lines that are no goods: deliveries, services, advances."""


@dataclass(frozen=True, slots=True)
class SoldGood:
    """A product that was sold under a name, at a price where that is known. `product_id` 0: none of the catalogue."""

    name: str
    product_id: int
    price: Money | None = None


def sold_of_order(order: Order) -> list[SoldGood] | None:
    """The goods of an order; None where a set is among them, whose parts the stock counts and the receipt does not."""
    lines = [each for each in order.lines if not each.is_delivery]
    if any(each.product_id and not each.basket_id for each in lines):
        return None
    return [SoldGood(printed_name(each.name), each.product_id, each.price) for each in lines]


def sold_of_walk_in(goods: Iterable[Mapping[str, Any]]) -> list[SoldGood]:
    """The goods of a sale without an order (`journal.rows.WalkIn`)."""
    return [SoldGood(printed_name(str(each["name"])), int(each["product_id"])) for each in goods]


def products_of(lines: Sequence[ReceiptLine], sold: Sequence[SoldGood]) -> dict[int, tuple[str, Decimal]] | None:
    """How much of which product these lines are: id → name and quantity. None where a line cannot be told."""
    found: dict[int, tuple[str, Decimal]] = {}
    for line in lines:
        if line.payment_object in _AIDS:
            continue
        ids = {each.product_id for each in sold if each.name == line.name and each.price in (None, line.price)}
        if len(ids) != 1:
            return None
        product_id = ids.pop()
        if product_id:
            before = found.get(product_id, ("", Decimal(0)))[1]
            found[product_id] = (line.name, before + line.quantity.value)
    return found
