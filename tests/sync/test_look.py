"""Looking at the portal for a reconciliation: few requests, nothing written, no answer believed unasked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posapp.domain.money import Money
from posapp.errors import Offline, Rejected
from posapp.sync.bitrix import look
from posapp.sync.simulator.envelope import iso
from tests.sync.portals import WRITES, Bitrix, order_row, serving, shop_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORDERS = 120


@pytest.fixture(scope="module")
def shared() -> Iterator[Bitrix]:
    rows = []
    for number in range(1, ORDERS + 1):
        moment = iso(NOON + timedelta(minutes=number))
        row = order_row(number, dateUpdate=moment)
        if number % 2:
            row["payments"][0] |= {"paid": "Y", "datePaid": moment}
        rows.append(row)
    with serving(shop_of(*rows)) as portal:
        yield portal


@pytest.fixture
def bitrix(shared: Bitrix) -> Iterator[Bitrix]:
    yield shared
    shared.faults()
    shared.set("network", {"up": True})


def paged(ask: Any, bitrix: Bitrix, since: datetime) -> list[Any]:
    found: list[Any] = []
    after: int | None = 0
    while after is not None:
        items, after = ask(bitrix.client, since, after)
        found += items
    return found


def test_fifty_orders_take_one_request_and_write_nothing(bitrix: Bitrix) -> None:
    before = bitrix.http_requests()
    found = look.orders_now(bitrix.client, list(range(1, 51)))
    assert bitrix.http_requests() - before == 1
    assert list(found) == list(range(1, 51))
    assert not any(row["method"] in WRITES for row in bitrix.requests())
    one = found[3]
    assert one is not None
    assert (one.number, one.status, one.is_cancelled) == ("N-3", "N", False)
    (payment,) = one.payments
    assert (payment.payment_id, payment.is_paid, payment.amount, payment.key) == (31, True, Money(10_000), "")
    assert one.payment(31) is payment
    assert one.payment(32) is None
    assert one.shipments == ((32, False),)


def test_an_order_that_is_gone_is_none_and_not_an_error(bitrix: Bitrix) -> None:
    found = look.orders_now(bitrix.client, [1, 7777])
    assert found[7777] is None
    assert found[1] is not None


def test_more_orders_than_fit_a_batch_are_a_mistake_of_ours(bitrix: Bitrix) -> None:
    with pytest.raises(ValueError, match="50"):
        look.orders_now(bitrix.client, list(range(1, 52)))


def test_changed_orders_page_by_page(bitrix: Bitrix) -> None:
    before = bitrix.http_requests()
    assert paged(look.changed_orders, bitrix, NOON) == list(range(1, ORDERS + 1))
    assert bitrix.http_requests() - before == 3
    assert paged(look.changed_orders, bitrix, NOON + timedelta(minutes=118)) == [118, 119, 120]


def test_paid_payments_page_by_page(bitrix: Bitrix) -> None:
    found = paged(look.paid_payments, bitrix, NOON + timedelta(minutes=1))
    assert [each.order_id for each in found] == list(range(1, ORDERS + 1, 2))
    assert all(each.is_paid and each.paid_at for each in found)
    assert [each.order_id for each in paged(look.paid_payments, bitrix, NOON + timedelta(minutes=118))] == [119]


def test_a_portal_that_drops_the_filter_is_not_believed(bitrix: Bitrix, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bitrix ignores a filter that it does not understand: here it does so with the one that we send."""
    late = NOON + timedelta(minutes=100)

    def deaf(method: str, params: Any = None) -> Any:
        return ask(method, {**params, "filter": {">id": params["filter"][">id"]}})

    ask = bitrix.client.call
    monkeypatch.setattr(bitrix.client, "call", deaf)
    with pytest.raises(Rejected, match="не применил отбор"):
        look.changed_orders(bitrix.client, late, 0)
    with pytest.raises(Rejected, match="не применил отбор"):
        look.paid_payments(bitrix.client, late, 0)


def test_a_portal_that_is_away(bitrix: Bitrix) -> None:
    bitrix.set("network", {"up": False})
    for ask in (look.changed_orders, look.paid_payments):
        with pytest.raises(Offline):
            ask(bitrix.client, NOON, 0)
    with pytest.raises(Offline):
        look.orders_now(bitrix.client, [1])


def test_a_mark_is_read_from_the_fields_that_writeback_fills() -> None:
    description = "fn=9999078900005488;fd=17;fp=42;rn=0000000001018244;sh=3;t=20261121T1230;no=1"
    row = {
        "id": "11",
        "orderId": 1,
        "paid": "Y",
        "sum": "100.50",
        "paySystemIsCash": "Y",
        "psInvoiceId": "0123456789ABCDEF",
        "payVoucherNum": 17,
        "psStatusDescription": description,
        "datePaid": "2026-11-21T12:30:00+03:00",
    }
    found = look.payment_of(row)
    assert (found.payment_id, found.order_id, found.is_paid, found.is_cash) == (11, 1, True, True)
    assert (found.key, found.document, found.sign, found.storage) == (
        "0123456789ABCDEF", "17", "42", "9999078900005488",
    )  # fmt: skip
    assert found.amount == Money(10_050)
    assert found.paid_at is not None


@pytest.mark.parametrize(
    "value", [None, [], {}, "x" * 5000, 10**30, True, "fn", ";;;", "=;=;fp=1=2", "\ud800", -1, "NaN"]
)
def test_odd_values_are_read_as_nothing_in_particular(value: object) -> None:
    names = ("id", "orderId", "paid", "sum", "psInvoiceId", "payVoucherNum", "psStatusDescription", "datePaid")
    payment = look.payment_of(dict.fromkeys(names, value))
    assert max(map(len, (payment.key, payment.document, payment.sign, payment.storage))) <= look.TEXT_MAX
    assert not payment.is_paid
    order = look.order_of({"id": value, "accountNumber": value, "payments": value, "shipments": value})
    assert not order.is_cancelled
