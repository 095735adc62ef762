"""What an order says about itself: paid, in part, shipped, to pay."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.money import ZERO, Money, Quantity
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment


def order_of(
    price: int = 10_000,
    payments: tuple[OrderPayment, ...] = (),
    shipments: tuple[OrderShipment, ...] = (),
    lines: tuple[OrderLine, ...] = (),
    order_id: int = 41,
    number: str = "41",
) -> Order:
    return Order(
        portal="shop.example",
        order_id=order_id,
        number=number,
        version=1,
        status_id="N",
        is_cancelled=False,
        price=Money(price),
        lines=lines,
        payments=payments,
        shipments=shipments,
        buyer=Buyer(),
        updated_at="2026-10-05T10:00:00+03:00",
        pulled_at=datetime(2026, 10, 5, 10, 0),
    )


def payment(amount: int, is_paid: bool, is_inner: bool = False, payment_id: int = 7) -> OrderPayment:
    return OrderPayment(payment_id, 1, "Наличные", Money(amount), is_paid, is_inner, False)


@given(st.lists(st.tuples(st.integers(1, 10_000), st.booleans()), max_size=5), st.integers(1, 50_000))
def test_an_order_is_unpaid_part_paid_or_paid(payments: list[tuple[int, bool]], price: int) -> None:
    order = order_of(price, tuple(payment(amount, is_paid) for amount, is_paid in payments))
    paid = sum(amount for amount, is_paid in payments if is_paid)
    assert (order.paid, order.to_pay) == (Money(paid), Money(price - paid))
    assert [order.paid == ZERO, order.is_part_paid, order.is_paid].count(True) == 1
    assert order.is_paid is (paid >= price)


def test_the_inner_account_is_not_awaited() -> None:
    order = order_of(payments=(payment(1, False, is_inner=True), payment(2, False), payment(3, True)))
    assert [each.amount for each in order.open_payments] == [Money(2)]


@pytest.mark.parametrize(
    "deducted, expected", [((), False), ((True,), True), ((True, False), False), ((True, True), True)]
)
def test_deducted_is_every_shipment_and_at_least_one(deducted: tuple[bool, ...], expected: bool) -> None:
    shipments = tuple(OrderShipment(number, each) for number, each in enumerate(deducted))
    assert order_of(shipments=shipments).is_deducted is expected


def test_lines_add_up_and_discounts_never_grow_the_price() -> None:
    half = OrderLine("Сыр", Quantity.of("0.386"), Money(89_990), 1, Decimal(10), base_price=Money(99_990))
    dearer = OrderLine("Хлеб", Quantity.of(2), Money(5_000), 1, Decimal(10), base_price=Money(4_000))
    plain = OrderLine("Соль", Quantity.of(1), Money(1_000), 1, Decimal(10))
    assert half.line_sum == Money(34_736)
    assert [each.discount for each in (half, dearer, plain)] == [Money(10_000), ZERO, ZERO]
    assert order_of(lines=(half, dearer, plain)).lines_total == Money(34_736 + 10_000 + 1_000)


def test_a_buyer_on_a_list() -> None:
    assert Buyer(name="Анна", company="ООО Ромашка").short == "ООО Ромашка"
    assert Buyer(name="Анна").short == "Анна"
    assert Buyer(phone="+7 (900) 123-45-67").phone_tail == "4567"
    assert Buyer().phone_tail == ""


@pytest.mark.parametrize("order_id, number", [(0, "1"), (-1, "1"), (1, "")])
def test_an_order_has_an_id_and_a_number(order_id: int, number: str) -> None:
    with pytest.raises(ValueError, match="an id and a number"):
        order_of(order_id=order_id, number=number)
