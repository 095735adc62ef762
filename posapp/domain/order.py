"""An order as the portal last told it: what is to be handed over, what is paid, what is shipped.

An `Order` is a copy with a date. It still changes on the portal; the receipt made from it never does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from posapp.domain.money import ZERO, Money, Quantity, total

DELIVERY_NAME = "Доставка"
"""The line of what the delivery costs; the portal has no basket item for it."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One position. `price` is gross (VAT inside) after discounts; `vat_row` the portal's VAT row or None if unknown.

    `vat_percent` is what the order line itself says: a percentage, or None for "without VAT" (which Bitrix also
    writes for "I do not know"). `basket_id` is the portal's basket item: 0 for delivery, for a set (whose parts the
    portal keeps beside it), and where it is not known.
    """

    name: str
    quantity: Quantity
    price: Money
    vat_row: int | None
    vat_percent: Decimal | None
    product_id: int = 0
    base_price: Money | None = None
    measure: str = "шт"
    is_delivery: bool = False
    basket_id: int = 0

    @property
    def line_sum(self) -> Money:
        """Price × quantity, half up."""
        return self.price.times(self.quantity)

    @property
    def discount(self) -> Money:
        """How much cheaper one unit is than its base price; zero when it is not."""
        return ZERO if self.base_price is None else max(self.base_price - self.price, ZERO)


@dataclass(frozen=True, slots=True)
class OrderPayment:
    """A payment row of the order. `prints_receipt` is CAN_PRINT_CHECK of its pay system; None = could not be read."""

    payment_id: int
    pay_system_id: int
    pay_system: str
    amount: Money
    is_paid: bool
    is_inner: bool = False
    prints_receipt: bool | None = None


@dataclass(frozen=True, slots=True)
class OrderShipment:
    """A shipment row of the order. `items`: how much of which basket item goes out with it, as far as is known.

    `delivery` is what bringing it costs.
    """

    shipment_id: int
    is_deducted: bool
    items: tuple[tuple[int, Quantity], ...] = ()
    delivery: Money = ZERO


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who receives the goods. Personal data: shown and printed where due, masked in logs."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    company: str = ""
    inn: str = ""

    @property
    def short(self) -> str:
        """For lists: company, or the name as typed."""
        return self.company or self.name

    @property
    def phone_tail(self) -> str:
        """The last four digits, as the screens show a phone."""
        digits = [each for each in self.phone if each.isdigit()]
        return "".join(digits[-4:])


@dataclass(frozen=True, slots=True)
class Order:
    """`order_id` is the portal's, `number` the one people see (`accountNumber`). `price` is the portal's total."""

    portal: str
    order_id: int
    number: str
    version: int
    status_id: str
    is_cancelled: bool
    price: Money
    lines: tuple[OrderLine, ...]
    payments: tuple[OrderPayment, ...]
    shipments: tuple[OrderShipment, ...]
    buyer: Buyer
    updated_at: str
    pulled_at: datetime
    comment: str = ""
    delivery_window: str = ""
    delivery_date: str = ""
    is_courier: bool = False
    problems: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.order_id <= 0 or not self.number or not self.portal:
            raise ValueError("an order has a portal, an id and a number")

    @property
    def paid(self) -> Money:
        """The sum of the payments that are marked paid."""
        return total([each.amount for each in self.payments if each.is_paid])

    @property
    def to_pay(self) -> Money:
        """What is still to be taken."""
        return self.price - self.paid

    @property
    def is_paid(self) -> bool:
        """Nothing is left to take."""
        return self.price > ZERO and self.paid >= self.price

    @property
    def is_part_paid(self) -> bool:
        """Something, not all, is paid."""
        return ZERO < self.paid < self.price

    @property
    def open_payments(self) -> tuple[OrderPayment, ...]:
        """Payments still awaited, the buyer's inner account left out."""
        return tuple(each for each in self.payments if not each.is_paid and not each.is_inner)

    @property
    def is_deducted(self) -> bool:
        """Every shipment took its goods from stock."""
        return bool(self.shipments) and all(each.is_deducted for each in self.shipments)

    @property
    def lines_total(self) -> Money:
        """The sum of the lines; must equal `price`."""
        return total([line.line_sum for line in self.lines])
