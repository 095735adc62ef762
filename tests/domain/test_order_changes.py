"""What is different in an order since the courier left with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.money import Money, Quantity
from posapp.domain.order import Buyer, Order, OrderLine
from posapp.domain.order_changes import GONE, Change, What, changes, is_money_changed
from tests.till.shops import an_order


def order(**values: object) -> Order:
    return replace(an_order(), **values)  # type: ignore[arg-type]


def numbered(given: Order) -> Order:
    return replace(given, lines=tuple(replace(line, basket_id=n) for n, line in enumerate(given.lines, 1)))


LEFT = numbered(order(buyer=Buyer(name="Пётр", phone="+79001234567", address="ул. Ленина, 5")))


def line(number: int, **values: object) -> tuple[OrderLine, ...]:
    """The lines of the order with one of them changed."""
    lines = list(LEFT.lines)
    lines[number] = replace(lines[number], **values)  # type: ignore[arg-type]
    return tuple(lines)


def whats(after: Order, before: Order = LEFT) -> list[What]:
    return [each.what for each in changes(before, after)]


def test_what_only_the_shop_keeps_for_itself_is_no_change() -> None:
    later = replace(
        LEFT,
        version=9,
        status_id="P",
        updated_at="2026-11-21T12:00:00+03:00",
        pulled_at=LEFT.pulled_at + timedelta(hours=2),
    )
    assert changes(LEFT, later) == ()


def test_more_to_pay_is_told_first_and_is_money() -> None:
    dearer = replace(LEFT, price=Money(64_000), lines=line(1, price=Money(15_000)))
    found = changes(LEFT, dearer)
    assert [each.what for each in found] == [What.TO_PAY, What.LINE_PRICE]
    assert found[0].words() == f"К оплате: {Money(59_000)} → {Money(64_000)}"
    assert found[1].words() == f"Кружка: цена {Money(10_000)} → {Money(15_000)}"
    assert is_money_changed(found)


def test_paid_on_the_site_meanwhile() -> None:
    payments = tuple(replace(each, is_paid=True) for each in LEFT.payments)
    found = changes(LEFT, replace(LEFT, payments=payments))
    assert [each.what for each in found] == [What.TO_PAY, What.PAID]
    assert found[0].after == str(Money(0))
    assert is_money_changed(found)


def test_a_total_that_lies_beside_an_unchanged_sum_to_pay_is_still_told() -> None:
    payments = tuple(replace(each, is_paid=True, amount=Money(1_000)) for each in LEFT.payments)
    before, after = replace(LEFT, payments=()), replace(LEFT, payments=payments, price=Money(60_000))
    assert before.to_pay == after.to_pay
    assert whats(after, before)[:2] == [What.PRICE, What.PAID]


@pytest.mark.parametrize(
    "after, expected",
    [
        (replace(LEFT, is_cancelled=True), [What.CANCELLED]),
        (replace(LEFT, problems=(GONE,)), [What.GONE]),
        (replace(LEFT, lines=LEFT.lines[:1], price=Money(49_000)), [What.TO_PAY, What.REMOVED]),
        (replace(LEFT, lines=line(0, quantity=Quantity(Decimal(3)))), [What.QUANTITY]),
        (replace(LEFT, lines=(*LEFT.lines, replace(LEFT.lines[0], name="Сахар", basket_id=9))), [What.ADDED]),
        (replace(LEFT, lines=tuple(reversed(LEFT.lines))), []),
        (replace(LEFT, lines=line(1, basket_id=77)), []),
        (replace(LEFT, lines=line(1, name="Чашка")), [What.ADDED, What.REMOVED]),
    ],
)
def test_goods_and_state_are_money(after: Order, expected: list[What]) -> None:
    found = changes(LEFT, after)
    assert [each.what for each in found] == expected
    assert is_money_changed(found) == bool(expected)


@pytest.mark.parametrize(
    "values, what, words",
    [
        ({"address": "ул. Мира, 7"}, What.ADDRESS, "Адрес: ул. Ленина, 5 → ул. Мира, 7"),
        ({"phone": ""}, What.PHONE, "Телефон: +79001234567 → нет"),
        ({"company": "ООО «Полесье»"}, What.BUYER, "Покупатель: Пётр → ООО «Полесье»"),
    ],
)
def test_where_to_go_and_whom_to_call(values: dict[str, str], what: What, words: str) -> None:
    found = changes(LEFT, replace(LEFT, buyer=replace(LEFT.buyer, **values)))
    assert [each.what for each in found] == [what]
    assert found[0].words() == words
    assert not is_money_changed(found)


def test_in_english_too() -> None:
    assert Change(What.PHONE, "", "+7900").words("en") == "Phone: none → +7900"
    assert Change(What.CANCELLED).as_json("en")["words"] == "The order was cancelled"


def test_two_equal_lines_of_which_one_goes_are_one_change() -> None:
    twice = replace(LEFT, lines=tuple(replace(LEFT.lines[1], basket_id=0) for _ in range(3)))
    assert whats(replace(twice, lines=twice.lines[:2]), twice) == [What.REMOVED]


kopecks = st.integers(1, 10**6)
some_lines = st.lists(st.tuples(st.sampled_from("АБВГ"), kopecks, st.integers(1, 5), st.integers(0, 3)), max_size=6)


@given(some_lines, some_lines)
def test_nothing_is_told_exactly_when_the_goods_are_the_same(one: list[tuple], two: list[tuple]) -> None:  # type: ignore[type-arg]
    def with_lines(rows: list[tuple]) -> Order:  # type: ignore[type-arg]
        lines = [OrderLine(name, Quantity(Decimal(q)), Money(k), 1, Decimal(22), basket_id=b) for name, k, q, b in rows]
        return replace(LEFT, lines=tuple(lines))

    def goods(rows: list[tuple]) -> list[tuple]:  # type: ignore[type-arg]
        return sorted((name, k, q) for name, k, q, _ in rows)

    found = changes(with_lines(one), with_lines(two))
    if goods(one) != goods(two):
        assert is_money_changed(found)
    if one == two:
        assert found == ()
