"""A part is refused at the door: what is taken and what goes back are the order, to the kopeck."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from posapp.domain.checkout import Seller, VatTable, receipt_of
from posapp.domain.money import Money, Quantity, total
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.partial import (
    KEEP_THE_FEE,
    FeePolicy,
    FeeRule,
    HandedOver,
    RefusedLine,
    handed_over,
    refused_in,
    renumbered,
)
from posapp.domain.receipt import PaymentMethod, Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.refused import OrderedGoods, RefusedGoods
from posapp.domain.vat import DELIVERY_ROW, PortalVatRow, VatRate
from posapp.errors import SaleError

VAT = VatTable({1: PortalVatRow(1, "НДС 22 %", Decimal(22))}, {1: VatRate.VAT_22, DELIVERY_ROW: VatRate.VAT_22})
SELLER = Seller("1", "Курьер Орлов", TaxSystem.OSN, is_training=True)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FREE_FROM = FeePolicy(FeeRule.FREE_FROM, Money(300_000), Money(29_900))


def goods(number: int, price: int, quantity: str, name: str = "", measure: str = "шт") -> OrderLine:
    return OrderLine(
        name or f"Товар {number}", Quantity(Decimal(quantity)), Money(price), 1, Decimal(22),
        measure=measure, basket_id=100 + number,
    )  # fmt: skip


def delivery(price: int) -> OrderLine:
    return OrderLine("Доставка", Quantity(Decimal(1)), Money(price), None, None, is_delivery=True)


def order_of(*lines: OrderLine, paid: int = 0) -> Order:
    price = total([line.line_sum for line in lines])
    payments = [OrderPayment(7, 1, "Наличные", price - Money(paid), is_paid=False, prints_receipt=False)]
    if paid:
        payments.insert(0, OrderPayment(6, 4, "На сайте", Money(paid), is_paid=True, prints_receipt=False))
    items = tuple((line.basket_id, line.quantity) for line in lines if not line.is_delivery)
    return Order(
        "shop.example", 1, "1001", 1, "N", False, price, lines, tuple(payments), (OrderShipment(5, False, items),),
        Buyer(), "", NOW,
    )  # fmt: skip


ORDER = order_of(goods(1, 199_000, "1", "Чайник"), goods(2, 24_500, "2", "Фильтр"), delivery(25_000))


def split(order: Order, *refused: RefusedLine, policy: FeePolicy = KEEP_THE_FEE, why: str = "не подошёл") -> HandedOver:
    return handed_over(order, refused, policy, why, "Орлов")


def code_of(order: Order, *refused: RefusedLine, why: str = "не подошёл") -> str:
    with pytest.raises(SaleError) as told:
        split(order, *refused, why=why)
    assert told.value.message()
    assert told.value.action()
    assert told.value.message("en")
    return told.value.code


def whole(number: int) -> RefusedLine:
    return RefusedLine(number)


def part(number: int, quantity: str) -> RefusedLine:
    return RefusedLine(number, Quantity(Decimal(quantity)))


# ------------------------------------------------------------------------------------------------ what is taken
def test_a_line_and_a_unit_stay_away_and_the_payment_follows() -> None:
    found = split(ORDER, whole(1), part(2, "1"))
    assert [(line.name, str(line.quantity)) for line in found.taken.lines] == [("Фильтр", "1"), ("Доставка", "1")]
    assert found.taken.price == found.taken.lines_total == Money(49_500)
    assert [each.amount for each in found.taken.payments] == [Money(49_500)]
    refused = found.refused
    assert [(each.number, str(each.refused), each.amount) for each in refused.lines] == [
        (1, "1", Money(199_000)),
        (2, "1", Money(24_500)),
    ]
    assert (refused.amount, refused.payment_before, refused.payment_after) == (
        Money(223_500),
        ORDER.price,
        Money(49_500),
    )
    assert refused.text() == "Чайник × 1, Фильтр × 1"
    assert refused.rows()[0] == {"name": "Чайник", "quantity": "1", "sum_kopecks": 199_000}
    assert renumbered(refused) == {2: 1}


def test_the_rest_of_a_part_payment_gets_smaller_and_what_was_paid_stays() -> None:
    order = order_of(goods(1, 100_000, "1"), goods(2, 50_000, "1"), paid=30_000)
    found = split(order, whole(2))
    assert [(each.amount, each.is_paid) for each in found.taken.payments] == [
        (Money(30_000), True),
        (Money(70_000), False),
    ]
    assert (found.refused.payment_before, found.refused.payment_after) == (Money(120_000), Money(70_000))


def test_what_was_paid_before_is_never_more_than_what_is_taken() -> None:
    order = order_of(goods(1, 100_000, "1"), goods(2, 50_000, "1"), paid=60_000)
    assert code_of(order, whole(1)) == "refused_prepaid"
    exactly = order_of(goods(1, 100_000, "1"), goods(2, 60_000, "1"), paid=60_000)
    assert code_of(exactly, whole(1)) == "refused_prepaid"
    paid = replace(ORDER, payments=(replace(ORDER.payments[0], is_paid=True),))
    assert code_of(paid, whole(1)) == "refused_prepaid"


@pytest.mark.parametrize(
    "refused, code",
    [
        ([whole(1), whole(2)], "refused_all"),
        ([whole(1), whole(1)], "refused_line"),
        ([whole(1), part(1, "1")], "refused_line"),
        ([part(2, "3")], "refused_line"),
        ([part(2, "0.5")], "refused_line"),
        ([whole(3)], "refused_line"),  # the delivery follows the rule
        ([whole(4)], "refused_line"),
        ([whole(0)], "refused_line"),
        ([whole(-1)], "refused_line"),
    ],
)
def test_what_cannot_be_refused(refused: list[RefusedLine], code: str) -> None:
    assert code_of(ORDER, *refused) == code


def test_a_refusal_has_a_reason() -> None:
    assert code_of(ORDER, whole(1), why="  ") == "refusal_why"


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, shipments=()),
        replace(ORDER, shipments=(*ORDER.shipments, OrderShipment(6, False))),
        replace(ORDER, shipments=(OrderShipment(5, True),)),
        replace(ORDER, shipments=(OrderShipment(5, False, ((101, Quantity(Decimal(1))),)),)),
        replace(ORDER, lines=tuple(replace(line, basket_id=0) for line in ORDER.lines)),
        replace(ORDER, lines=tuple(replace(line, basket_id=9) for line in ORDER.lines)),
        replace(ORDER, payments=(*ORDER.payments, replace(ORDER.payments[0], payment_id=8))),
        replace(ORDER, payments=(replace(ORDER.payments[0], amount=Money(1)),)),
    ],
)
def test_an_order_whose_portal_could_not_follow_is_not_parted(order: Order) -> None:
    assert code_of(order, whole(1)) == "refused_unfit"


def test_weighed_goods_are_refused_by_weight() -> None:
    order = order_of(goods(1, 81_240, "0.386", measure="кг"), goods(2, 100, "1"))
    found = split(order, part(1, "0.2"))
    assert found.refused.lines[0].amount + found.taken.lines[0].line_sum == order.lines[0].line_sum


# ------------------------------------------------------------------------------------------------ the delivery
@pytest.mark.parametrize(
    "policy, fee, ordered, expected",
    [
        (FeePolicy(), 25_000, 199_000, 25_000),
        (FeePolicy(), 0, 199_000, 0),
        (FeePolicy(FeeRule.WAIVE), 25_000, 199_000, 0),
        (FREE_FROM, 0, 199_000, 29_900),  # it was free for its sum, and the sum is gone
        (FREE_FROM, 0, 299_999, 29_900),
        (FREE_FROM, 0, 300_000, 0),
        (FREE_FROM, 25_000, 199_000, 25_000),  # it had a price of its own
        (FREE_FROM, 25_000, 400_000, 25_000),
    ],
)
def test_the_delivery_follows_the_shops_rule(policy: FeePolicy, fee: int, ordered: int, expected: int) -> None:
    lines = [goods(1, ordered, "1"), goods(2, 1_000_000, "1"), *([delivery(fee)] if fee else [])]
    found = split(order_of(*lines), whole(2), policy=policy)
    assert total([line.line_sum for line in found.taken.lines if line.is_delivery]) == Money(expected)
    assert found.taken.price == Money(ordered + expected)
    assert (found.refused.delivery_before, found.refused.delivery_after) == (Money(fee), Money(expected))
    assert found.refused.amount == Money(1_000_000)


# ------------------------------------------------------------------------------------------------ the receipt
def receipt_for(found: HandedOver) -> Receipt:
    tenders = [Tender(TenderKind.CASH, found.refused.payment_after)]
    return receipt_of(
        found.taken, tenders, VAT, SELLER, identity=UUID(int=7), now=NOW, refused=found.refused
    )  # fmt: skip


def test_the_receipt_has_what_was_taken_and_keeps_what_was_not() -> None:
    receipt = receipt_for(split(ORDER, whole(1)))
    assert [(line.name, line.payment_method) for line in receipt.lines] == [
        ("Фильтр", PaymentMethod.FULL_PAYMENT),
        ("Доставка", PaymentMethod.FULL_PAYMENT),
    ]
    assert receipt.total == Money(74_000)
    assert Receipt.from_json(receipt.as_json()) == receipt
    assert "refused" not in replace(receipt, refused=None).as_json()


def test_only_a_sale_that_hands_goods_over_can_lack_some() -> None:
    receipt = receipt_for(split(ORDER, whole(1)))
    line = receipt.lines[0]
    ahead = ReceiptLine(line.name, line.price, line.quantity, line.line_sum, VatRate.VAT_22_122,
                        PaymentMethod.FULL_PREPAYMENT)  # fmt: skip
    with pytest.raises(ValueError, match="refused"):
        replace(receipt, lines=(ahead,))
    with pytest.raises(ValueError, match="reason"):
        replace(receipt.refused or RefusedGoods.from_json({}), why=" ")


@st.composite
def partings(draw: st.DrawFn) -> tuple[Order, list[RefusedLine], FeePolicy]:
    """An order of any shape, what is refused of it, and a rule."""
    lines, refused = [], []
    for number in range(1, draw(st.integers(2, 6)) + 1):
        is_weighed = draw(st.booleans())
        millis = draw(st.integers(1, 9_000)) if is_weighed else draw(st.integers(1, 9)) * 1_000
        quantity = Decimal(millis).scaleb(-3)
        lines.append(goods(number, draw(st.integers(1, 10**6)), str(quantity), measure="кг" if is_weighed else "шт"))
        if draw(st.booleans()):
            most = millis if is_weighed else millis // 1_000
            away = Decimal(draw(st.integers(1, most)))
            refused.append(RefusedLine(number, Quantity(away.scaleb(-3) if is_weighed else away)))
    fee = draw(st.integers(0, 50_000))
    free_from, below = Money(draw(st.integers(0, 10**6))), Money(draw(st.integers(1, 99)))
    rule = FeePolicy(draw(st.sampled_from(FeeRule)), free_from, below)
    return order_of(*lines, *([delivery(fee)] if fee else [])), refused, rule


@given(partings())
def test_taken_and_refused_are_the_order(case: tuple[Order, list[RefusedLine], FeePolicy]) -> None:
    order, refused, policy = case
    assume(refused)
    left = {each.number: each.quantity for each in refused}
    if all(left.get(n) == line.quantity for n, line in enumerate(order.lines, 1) if not line.is_delivery):
        assert code_of(order, *refused) == "refused_all"
        return
    try:
        found = split(order, *refused, policy=policy)
    except SaleError:  # what is left costs nothing
        assume(False)
        raise
    told = found.refused
    assert told.order_before - told.order_after == told.amount + told.delivery_before - told.delivery_after
    assert found.taken.lines_total == found.taken.price == told.order_after
    assert RefusedGoods.from_json(told.as_json()) == told
    for each in told.goods:
        assert each.taken + each.refused == each.ordered.value
    receipt = receipt_for(found)
    assert receipt.total == told.payment_after
    again = refused_in(order, receipt, told.why, told.who)
    if len({(line.name, line.price) for line in order.lines}) == len(order.lines) and again is not None:
        assert again.is_same(told)


def test_a_receipt_that_was_read_back_tells_what_was_refused() -> None:
    for policy in (FeePolicy(), FeePolicy(FeeRule.WAIVE)):
        told = split(ORDER, whole(1), part(2, "1"), policy=policy)
        found = refused_in(ORDER, receipt_for(told), "прочитан", "Орлов")
        assert found is not None
        assert found.is_same(told.refused)
        assert found.why == "прочитан"
    free = order_of(goods(1, 299_000, "1"), goods(2, 24_500, "2"))
    told = split(free, whole(1), policy=FREE_FROM)
    found = refused_in(free, receipt_for(told), "прочитан", "Орлов")
    assert found is not None
    assert found.delivery_after == Money(29_900)


def test_a_name_that_the_document_keeps_otherwise_is_known_again() -> None:
    order = order_of(goods(1, 81_240, "0.534", "Сыр «Российский» – 45 %", measure="кг"), goods(2, 82_000, "2", "Чай"))
    told = split(order, whole(2))
    printed = receipt_for(told)
    (line,) = printed.lines
    as_read = replace(printed, lines=(replace(line, name='Сыр "Российский" - 45 %'),))
    found = refused_in(order, as_read, "прочитан", "Орлов")
    assert found is not None
    assert found.is_same(told.refused)


def test_a_receipt_of_other_goods_tells_nothing() -> None:
    receipt = receipt_for(split(ORDER, whole(1)))
    dearer = replace(ORDER, lines=tuple(replace(line, price=line.price + Money(1)) for line in ORDER.lines))
    assert refused_in(dearer, receipt, "прочитан", "Орлов") is None
    fewer = order_of(goods(1, 199_000, "1", "Чайник"), goods(2, 24_500, "1", "Фильтр"), delivery(25_000))
    assert refused_in(fewer, receipt, "прочитан", "Орлов") is None
    everything = receipt_of(ORDER, [Tender(TenderKind.CASH, ORDER.price)], VAT, SELLER, identity=UUID(int=7), now=NOW)
    assert refused_in(ORDER, everything, "прочитан", "Орлов") is None


def test_more_than_was_ordered_is_never_taken() -> None:
    with pytest.raises(ValueError, match="at most"):
        OrderedGoods(1, 101, "Чайник", Money(1), Quantity(Decimal(1)), Decimal(2))
