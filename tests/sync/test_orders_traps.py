"""The traps of Bitrix that reading orders concerns, each by its number in the reference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from posapp.domain.money import Money
from posapp.domain.vat import PortalVatRow
from posapp.sync.bitrix.mapping import PaySystem, Surroundings, order_of
from posapp.sync.bitrix.orders import find_by_number, is_same, pull
from tests.sync.direct import BEGAN, HOST, Direct, direct
from tests.sync.portals import Row, order_row, shop_of

AROUND = Surroundings(
    pay_systems={1: PaySystem(1, "Наличные", False, False, True, True)},
    vat_rows={3: PortalVatRow(3, "НДС 22%", Decimal(22)), 8: PortalVatRow(8, "Без НДС", None)},
)


def full(**changes: Any) -> Row:
    row: Row = {
        "id": 9071, "accountNumber": "MSK-00412", "currency": "RUB", "price": 100, "statusId": "N", "canceled": "N",
        "version": 3, "dateUpdate": "2026-11-20T10:00:00+03:00", "payed": "N",
        "basketItems": [{"id": 1, "name": "Кружка", "quantity": 1, "price": 100, "vatRate": Decimal("0.22")}],
        "payments": [{"id": 1, "paySystemId": 1, "sum": 100, "paid": "N"}],
        "shipments": [{"id": 2, "deducted": "N", "priceDelivery": 0}],
    }  # fmt: skip
    return {**row, **changes}


def mapped(**changes: Any) -> Any:
    return order_of(full(**changes), AROUND, HOST, BEGAN)


def recent(number: int, **changes: Any) -> Row:
    at = (BEGAN - timedelta(days=1)).isoformat()
    return order_row(number, dateInsert=at, dateUpdate=at, **changes)


def pulled(line: Direct, **how: Any) -> Any:
    return pull(line.client(), HOST, line.now(), **how)


def test_trap_17_an_order_is_paid_when_its_payments_are() -> None:
    """`payed` of the order is derived by the portal and is not what the till goes by."""
    assert not mapped(payed="Y").is_paid
    assert mapped(payed="N", payments=[{"id": 1, "paySystemId": 1, "sum": 100, "paid": "Y"}]).is_paid


def test_trap_49_a_net_price_becomes_what_the_buyer_pays() -> None:
    net = {"id": 1, "name": "Кружка", "quantity": 1, "price": Decimal("81.97"), "vatRate": Decimal("0.22")}
    assert mapped(basketItems=[{**net, "vatIncluded": "N"}]).lines[0].price == Money(10_000)
    assert mapped(basketItems=[{**net, "vatIncluded": "Y"}], price=Decimal("81.97")).lines[0].price == Money(8_197)


@pytest.mark.parametrize("rate, row", [(Decimal("0.22"), 3), (None, 8), (22, 8), (Decimal("0.1"), None)])
def test_trap_50_a_rate_is_a_fraction_and_null_is_not_zero(rate: Any, row: int | None) -> None:
    item = {"id": 1, "name": "Кружка", "quantity": 1, "price": 100, "vatRate": rate}
    order = mapped(basketItems=[item])
    is_odd = rate == 22
    assert order.lines[0].vat_row == row or is_odd
    assert bool(order.problems) == is_odd, "22 is no fraction: the order is not sold"


def test_trap_51_a_delivery_has_no_vat_row_of_the_portal() -> None:
    order = mapped(shipments=[{"id": 2, "deducted": "N", "priceDelivery": 350}], price=450)
    assert (order.lines[-1].is_delivery, order.lines[-1].vat_row, order.problems) == (True, None, ())


def test_trap_52_the_number_that_people_see_is_not_the_id() -> None:
    line = direct(shop_of(recent(12, accountNumber="34"), recent(34, accountNumber="12-Б")))
    assert find_by_number(line.client(), "34") == 12
    assert find_by_number(line.client(), "12-б") == 34
    assert find_by_number(line.client(), "12") == 12
    found = {order.order_id: order.number for order in pulled(line).orders}
    assert found == {12: "34", 34: "12-Б"}


def test_trap_53_times_carry_the_servers_offset_and_a_day_does_not_shift() -> None:
    """The same moment in another offset is neither younger nor older; a date property stays the day it names."""
    line = direct(shop_of(recent(1), recent(2)))
    since = (BEGAN - timedelta(hours=2)).astimezone(UTC)
    line.orders[1]["dateUpdate"] = "2026-11-21T11:00:00+03:00"  # 08:00 UTC, an hour before now
    found = pulled(line, since=since.isoformat())
    assert [order.order_id for order in found.orders] == [1]
    values = [{"orderPropsId": 8, "code": "DELIVERY_DATE", "value": "2026-11-21T00:00:00+03:00"}]
    assert mapped(propertyValues=values).delivery_date == "2026-11-21"
    assert datetime.fromisoformat(found.server_time).utcoffset() is not None


@pytest.mark.parametrize("empty", [[], {}, None, ""])
def test_trap_58_an_empty_object_may_be_a_list(empty: Any) -> None:
    order = mapped(clients=empty, requisiteLink=empty, propertyValues=empty, tradeBindings=empty)
    assert (order.problems, order.buyer.company) == ((), "")


def test_trap_58_the_empty_maps_of_a_batch_are_lists() -> None:
    line = direct(shop_of(recent(1)))

    def after(method: str, _sent: object, body: Row) -> None:
        if method == "batch":
            for name in ("result_error", "result_total", "result_next"):
                body["result"][name] = []

    line.after = after
    assert pulled(line).is_complete


def test_trap_59_numbers_may_be_texts() -> None:
    item = {"id": "1", "name": "Кружка", "quantity": "2.0000", "price": "50.00", "vatRate": "0.22", "productId": "7"}
    payment = {"id": "1", "paySystemId": "1", "sum": "100.00", "paid": "N"}
    order = mapped(id="9071", price="100.0000", version="3", basketItems=[item], payments=[payment])
    assert (order.order_id, order.price, order.version, order.problems) == (9071, Money(10_000), 3, ())
    assert (order.lines[0].line_sum, order.lines[0].product_id) == (Money(10_000), 7)


def test_trap_60_a_code_is_a_number_or_a_text() -> None:
    """One order that is gone is told by 200540400001, which portals write either way."""
    line = direct(shop_of(recent(1)))
    for code in (200540400001, "200540400001"):
        line.after = _declined("o77", code)
        found = pulled(line, only=[1, 77])
        assert (found.gone, dict(found.unread), found.is_complete) == ((77,), {}, True)


def _declined(key: str, code: object) -> Any:
    def after(method: str, _sent: object, body: Row) -> None:
        if method == "batch" and key in (body["result"]["result_error"] or {}):
            body["result"]["result_error"][key] = {"error": code, "error_description": "order is not exists"}

    return after


def test_trap_74_an_order_that_is_saved_again_is_another_one() -> None:
    """Bitrix has no lock and no compare-and-set; whether a copy is the last one only version and time can say."""
    row = {"id": 1, "version": 4, "dateUpdate": "2026-11-21T10:00:00+03:00"}
    assert is_same(row, 4, "2026-11-21T10:00:00+03:00")
    assert not is_same(row, 3, "2026-11-21T10:00:00+03:00")
    assert not is_same(row, 4, "2026-11-21T09:59:59+03:00")
    assert not is_same({**row, "version": None}, 0, "2026-11-21T10:00:00+03:00")


def test_two_saves_within_one_second_are_both_heard_of() -> None:
    """`dateUpdate` has whole seconds: the version tells them apart."""
    line = direct(shop_of(recent(1)))
    first = pulled(line)
    line.orders[1]["version"] += 1
    line.orders[1]["comments"] = "позвонить"
    known = {1: (first.orders[0].version, first.orders[0].updated_at)}
    since = (BEGAN - timedelta(days=2)).isoformat()
    again = pulled(line, since=since, stale=lambda rows: [r["id"] for r in rows if not is_same(r, *known[r["id"]])])
    assert [order.order_id for order in again.orders] == [1]
