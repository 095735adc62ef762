"""An order that goes out in several shipments: which of its lines, and what money, belong to which. Pure.

Bitrix says which basket items a shipment holds, and what its delivery costs. Where all shipments together hold exactly
the order, each can be handed over by a receipt of its own; where they do not, nobody knows what goes out with which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from posapp.domain.money import ZERO, Money, total
from posapp.domain.order import Order, OrderLine, OrderShipment


@dataclass(frozen=True, slots=True)
class Part:
    """What goes out with one shipment: each line with its number in the order, from 1, in the quantity that goes."""

    shipment_id: int
    is_deducted: bool
    lines: tuple[tuple[int, OrderLine], ...]

    @property
    def total(self) -> Money:
        """What it costs, delivery included."""
        return total([line.line_sum for _, line in self.lines])


def parts_of(order: Order) -> tuple[Part, ...]:
    """The parts of an order with several shipments; none where they are not exactly the order."""
    if len(order.shipments) < 2 or not _covers(order):
        return ()
    parts = tuple(_part(order, each) for each in order.shipments)
    return parts if all(part.lines for part in parts) and total([part.total for part in parts]) == order.price else ()


def part_of_shipment(order: Order, shipment_id: int | None) -> Part | None:
    """The part that goes out with a shipment; None for an order that goes out at once."""
    return next((part for part in parts_of(order) if part.shipment_id == shipment_id), None)


def _covers(order: Order) -> bool:
    """Every item of the basket is in shipments, wholly and no more than once over; and every delivery has its line."""
    goods = {line.basket_id: line.quantity.value for line in order.lines if not line.is_delivery}
    if not all(goods) or len(goods) != sum(not line.is_delivery for line in order.lines):
        return False
    held: dict[int, Decimal] = {}
    for number, quantity in (item for each in order.shipments for item in each.items):
        held[number] = held.get(number, Decimal(0)) + quantity.value
    fees = [each.delivery for each in order.shipments if each.delivery > ZERO]
    return held == goods and fees == [line.line_sum for _, line in _deliveries(order)]


def _deliveries(order: Order) -> Sequence[tuple[int, OrderLine]]:
    """The lines of deliveries, in the order of the shipments that cost something."""
    return [(number, line) for number, line in enumerate(order.lines, start=1) if line.is_delivery]


def _part(order: Order, shipment: OrderShipment) -> Part:
    going = dict(shipment.items)
    lines = [
        (number, replace(line, quantity=going[line.basket_id]))
        for number, line in enumerate(order.lines, start=1)
        if not line.is_delivery and line.basket_id in going
    ]
    costly = [each.shipment_id for each in order.shipments if each.delivery > ZERO]
    if shipment.shipment_id in costly:
        lines.append(_deliveries(order)[costly.index(shipment.shipment_id)])
    return Part(shipment.shipment_id, shipment.is_deducted, tuple(lines))
