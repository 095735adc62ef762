"""Local copies of orders: found by what is scanned or typed, unchanged by the round trip."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posapp.domain.money import KOPECKS_MAX, Money, Quantity
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.journal.store import Journal
from tests.journal.samples import PORTAL, START, open_journal, order

TEXT = st.text(max_size=20)
MONEY = st.integers(0, KOPECKS_MAX).map(Money)
QUANTITY = st.decimals("0.000001", "99999999", places=6).map(Quantity)
PERCENT = st.none() | st.decimals("0", "100", places=2)
ZONES = st.none() | st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ORDERS = st.builds(
    Order,
    portal=st.just(PORTAL),
    order_id=st.integers(1, 2**53),
    number=st.text(min_size=1, max_size=20).filter(str.strip),
    version=st.integers(0, 99),
    status_id=TEXT,
    is_cancelled=st.booleans(),
    price=MONEY,
    lines=st.lists(
        st.builds(
            OrderLine,
            name=TEXT,
            quantity=QUANTITY,
            price=MONEY,
            vat_row=st.none() | st.integers(0, 99),
            vat_percent=PERCENT,
            product_id=st.integers(0, 99),
            base_price=st.none() | MONEY,
            measure=TEXT,
            is_delivery=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    payments=st.lists(
        st.builds(
            OrderPayment,
            payment_id=st.integers(1, 99),
            pay_system_id=st.integers(1, 99),
            pay_system=TEXT,
            amount=MONEY,
            is_paid=st.booleans(),
            is_inner=st.booleans(),
            prints_receipt=st.none() | st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    shipments=st.lists(st.builds(OrderShipment, st.integers(1, 99), st.booleans()), max_size=3).map(tuple),
    buyer=st.builds(Buyer, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT),
    updated_at=TEXT,
    pulled_at=st.datetimes(timezones=ZONES),
    comment=TEXT,
    delivery_window=TEXT,
    delivery_date=TEXT,
    is_courier=st.booleans(),
    problems=st.lists(TEXT, max_size=2).map(tuple),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ORDERS)
def test_an_order_comes_back_as_it_was(journal: Journal, given_order: Order) -> None:
    journal.save_orders([given_order], claimed=True)
    found = journal.order_by_id(PORTAL, given_order.order_id)
    assert found == given_order
    assert found is not None
    assert found.pulled_at.tzinfo == given_order.pulled_at.tzinfo  # equal moments may have other zones
    assert journal.order(PORTAL, given_order.number) is not None


def test_the_number_is_found_in_any_case(journal: Journal) -> None:
    journal.save_orders([order(5), order(6, number="12")], claimed=True)
    for text in ("ЗК-5/А", "зк-5/а", "  Зк-5/А\n"):
        assert journal.order(PORTAL, text) == order(5)
    for text in ("ЗК-5", "К-5/А", "", "%", "7", "9" * 40, "²"):
        assert journal.order(PORTAL, text) is None
    assert journal.order("other.example", "ЗК-5/А") is None
    assert journal.order_by_id("other.example", 5) is None


def test_digits_are_a_number_first_and_an_id_second(journal: Journal) -> None:
    journal.save_orders([order(12, number="99"), order(99, number="7")], claimed=True)
    assert journal.order(PORTAL, "99") == order(12, number="99")
    assert journal.order(PORTAL, "12") == order(12, number="99")
    assert journal.order(PORTAL, "7") == order(99, number="7")
    journal.save_orders([order(100, number="99")], claimed=True)
    assert journal.order(PORTAL, "99") == order(100, number="99")


def test_saving_counts_what_changed(journal: Journal) -> None:
    orders = [order(number) for number in range(1, 6)]
    assert journal.save_orders(orders, claimed=True) == 5
    later = [replace(each, pulled_at=START + timedelta(hours=1)) for each in orders]
    assert journal.save_orders(later, claimed=True) == 0
    assert journal.orders(PORTAL) == later[::-1]
    later[2] = replace(later[2], status_id="P", number="новый")
    assert journal.save_orders(later, claimed=True) == 1
    assert journal.order(PORTAL, "НОВЫЙ") == later[2]
    assert journal.order(PORTAL, orders[2].number) is None
    assert journal.save_orders(later[:2], claimed=False) == 2
    assert [journal.is_claimed(PORTAL, number) for number in range(1, 7)] == [False, False, True, True, True, False]
    assert journal.save_orders([], claimed=True) == 0


def test_a_pull_is_kept_whole_or_not_at_all(journal: Journal) -> None:
    journal.save_orders([order(1)], claimed=True)
    broken = replace(order(3), updated_at="\ud800")  # no text that a file can hold
    with pytest.raises(UnicodeEncodeError):
        journal.save_orders([replace(order(1), status_id="F"), order(2), broken], claimed=True)
    assert journal.orders(PORTAL) == [order(1)]


@pytest.mark.parametrize(
    "text,found",
    [
        ("зк-1", [10, 1]),
        ("ЁЛКИН", [10, 2, 1]),
        ("123-45", [10, 2, 1]),
        ("ленина", [10, 2, 1]),
        ("ромашк", [10, 2, 1]),
        (" особый ", [3]),
        ("%", []),
        ("п_тр", []),
        ("", [10, 3, 2, 1]),
    ],
)
def test_search(journal: Journal, text: str, found: list[int]) -> None:
    journal.save_orders([order(1), order(2), order(10), order(3, number="Особый", buyer=Buyer())], claimed=True)
    assert [each.order_id for each in journal.orders(PORTAL, search=text)] == found


def test_the_couriers_orders(journal: Journal) -> None:
    journal.save_orders([order(number, is_courier=number % 2 == 0) for number in range(1, 8)], claimed=True)
    assert [each.order_id for each in journal.orders(PORTAL, courier=True)] == [6, 4, 2]
    assert [each.order_id for each in journal.orders(PORTAL, courier=False, limit=2)] == [7, 5]
    assert [each.order_id for each in journal.orders(PORTAL, courier=True, search="зк-4")] == [4]
    assert journal.orders("other.example") == []


def test_orders_are_read_without_a_writer_and_without_sqlmodel(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.save_orders([order(1, pulled_at=datetime(2026, 7, 1, 12, tzinfo=UTC))], claimed=True)
    with open_journal(tmp_path, write=False) as journal:
        found = journal.order(PORTAL, "1")
        assert found is not None
        assert found.lines[0].vat_percent == Decimal("10.00")
        assert found.lines[0].base_price == Money(9990)
