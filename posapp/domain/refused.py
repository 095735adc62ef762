"""What a customer did not take of an order: it stands with the receipt of what he took, and is never printed.

The receipt shows only what was handed over. Stored beside it in the same row, the refusal is there the moment the
receipt is, and no crash can part them: it says what goes back to the shop, and what the portal's order has to become.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from posapp.domain.money import Money, Quantity, total


@dataclass(frozen=True, slots=True)
class OrderedGoods:
    """A line of goods as it was ordered, and how much of it was taken (0: nothing).

    `number` is its place in the order, from 1; `basket_id` the portal's basket item; `price` gross, for one.
    """

    number: int
    basket_id: int
    name: str
    price: Money
    ordered: Quantity
    taken: Decimal

    def __post_init__(self) -> None:
        if not 0 <= self.taken <= self.ordered.value:
            raise ValueError(f"of {self.ordered} at most {self.ordered} are taken, not {self.taken}")

    @property
    def refused(self) -> Decimal:
        """How much of it goes back."""
        return self.ordered.value - self.taken

    @property
    def amount(self) -> Money:
        """What the refused part would have cost: the line as ordered less the line as taken."""
        taken = self.price.times(Quantity(self.taken)) if self.taken else Money(0)
        return self.price.times(self.ordered) - taken

    def as_json(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "number": self.number,
            "basket_id": self.basket_id,
            "name": self.name,
            "price_kopecks": self.price.kopecks,
            "ordered": str(self.ordered),
            "taken": f"{self.taken:f}",
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> OrderedGoods:
        """The reverse."""
        return cls(
            number=body["number"],
            basket_id=body["basket_id"],
            name=body["name"],
            price=Money(body["price_kopecks"]),
            ordered=Quantity(Decimal(body["ordered"])),
            taken=Decimal(body["taken"]),
        )


@dataclass(frozen=True, slots=True)
class RefusedGoods:
    """The refusal of a part of an order.

    `goods` are *all* goods of the order, so that the portal's order can be compared as a whole. The sums are those of
    the order as it was and of what it becomes: the whole order, its delivery, and the payment whose money was taken.
    With `is_prepaid` no money was taken: the payment is what was paid before, and the difference has to go back.
    """

    goods: tuple[OrderedGoods, ...]
    shipment_id: int
    order_before: Money
    order_after: Money
    delivery_before: Money
    delivery_after: Money
    payment_before: Money
    payment_after: Money
    why: str
    who: str
    is_prepaid: bool = False

    def __post_init__(self) -> None:
        if not any(each.refused for each in self.goods) or not any(each.taken for each in self.goods):
            raise ValueError("a part of the goods is refused, neither nothing nor all")
        if not self.why.strip():
            raise ValueError("a refusal has a reason")
        if self.order_before - self.order_after != self.payment_before - self.payment_after:
            raise ValueError("the payment changes by as much as the order")

    @property
    def lines(self) -> tuple[OrderedGoods, ...]:
        """The lines of which something goes back."""
        return tuple(each for each in self.goods if each.refused)

    @property
    def amount(self) -> Money:
        """What the refused goods would have cost; the delivery is no goods."""
        return total([each.amount for each in self.lines])

    @property
    def to_refund(self) -> Money:
        """What was paid before for what was refused: the customer's, until a refund gives it back."""
        return self.payment_before - self.payment_after if self.is_prepaid else Money(0)

    def rows(self) -> tuple[dict[str, object], ...]:
        """What goes back to the shop, as the journal and the courier's sheet list it."""
        return tuple(
            {"name": each.name, "quantity": _plain(each.refused), "sum_kopecks": each.amount.kopecks}
            for each in self.lines
        )

    def told(self) -> dict[str, object]:
        """`refused` of a receipt, as the commands answer it."""
        return {
            "lines": [{"number": each.number, **row} for each, row in zip(self.lines, self.rows(), strict=True)],
            "amount_kopecks": self.amount.kopecks,
            "delivery_kopecks": self.delivery_after.kopecks,
            "order_kopecks": self.order_before.kopecks,
            "why": self.why,
            "who": self.who,
        } | ({"to_refund_kopecks": self.to_refund.kopecks} if self.is_prepaid else {})

    def is_same(self, other: RefusedGoods) -> bool:
        """The same goods of the same order stay away, whoever says it in whatever words."""
        mine = (self.goods, self.shipment_id, self.delivery_after, self.is_prepaid)
        return mine == (other.goods, other.shipment_id, other.delivery_after, other.is_prepaid)

    def text(self) -> str:
        """`Кружка × 1, Фильтр × 2`."""
        return ", ".join(f"{each.name} × {_plain(each.refused)}" for each in self.lines)

    def as_json(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "goods": [each.as_json() for each in self.goods],
            "shipment_id": self.shipment_id,
            **{f"{name}_kopecks": getattr(self, name).kopecks for name in _SUMS},
            "why": self.why,
            "who": self.who,
        } | ({"is_prepaid": True} if self.is_prepaid else {})

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> RefusedGoods:
        """The reverse."""
        return cls(
            goods=tuple(OrderedGoods.from_json(each) for each in body["goods"]),
            shipment_id=body["shipment_id"],
            **{name: Money(body[f"{name}_kopecks"]) for name in _SUMS},
            why=body["why"],
            who=body["who"],
            is_prepaid=body.get("is_prepaid", False),
        )


_SUMS = (
    "order_before",
    "order_after",
    "delivery_before",
    "delivery_after",
    "payment_before",
    "payment_after",
)


def _plain(value: Decimal) -> str:
    """`1`, `0.386`: without zeros at the end and without an exponent."""
    return str(Quantity(value))
