"""The practice shop: what its orders promise to a till, for any number and any seed."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.sync.simulator.furniture import FURNITURE
from posapp.sync.simulator.methods import order_view
from posapp.sync.simulator.practice import practice_shop
from posapp.sync.simulator.shop import BadShop, load_shop

Row = dict[str, Any]
NOW = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)


def _orders(count: int, seed: int) -> list[Row]:
    return [order_view(order) for order in load_shop(practice_shop(count, seed, NOW), NOW).orders.values()]


def _is_plain(order: Row) -> bool:
    return (
        order["canceled"] == order["payed"] == "N"
        and [row["paid"] for row in order["payments"]] == ["N"]
        and [row["deducted"] for row in order["shipments"]] == ["N"]
    )


@settings(max_examples=40)
@given(st.integers(1, 80), st.integers(0, 10**6))
def test_every_order_adds_up(count: int, seed: int) -> None:
    orders = _orders(count, seed)

    assert len(orders) == len({order["id"] for order in orders}) == count
    assert sum(map(_is_plain, orders)) * 2 >= count
    for order in orders:
        lines = sum(
            (line["price"] * line["quantity"]).quantize(Decimal("0.01"), ROUND_HALF_UP) for line in order["basketItems"]
        )
        delivery = sum(row["priceDelivery"] for row in order["shipments"])
        assert order["price"] == lines + delivery == sum(row["sum"] for row in order["payments"])
        assert order["price"] > 0
        for line in order["basketItems"]:
            assert line["basePrice"] == line["price"] + line["discountPrice"]
        shipped = {item["basketId"]: item["quantity"] for item in order["shipments"][0]["shipmentItems"]}
        assert shipped == {int(row["id"]): row["quantity"] for row in order["basketItems"] if row["canBuy"] == "Y"}
        codes = {row["code"] for row in order["propertyValues"] if row["value"]}
        assert {"PHONE", "EMAIL", "ADDRESS", "DELIVERY_DATE", "DELIVERY_WINDOW"} <= codes


def test_a_day_meets_every_case() -> None:
    orders = _orders(30, 1)
    rates = {line["vatRate"] for order in orders for line in order["basketItems"]}

    assert rates == {None, *map(Decimal, ("0", "0.05", "0.07", "0.1", "0.22"))}
    assert [order["id"] for order in orders if order["canceled"] == "Y"] == [9079]
    assert sum(order["payed"] == "Y" for order in orders) == 3
    part_paid = [order for order in orders if len(order["payments"]) == 2]
    assert [[row["paid"] for row in order["payments"]] for order in part_paid] == [["Y", "N"]] * 3
    assert any(line["quantity"] % 1 for order in orders for line in order["basketItems"])
    assert any(line["discountPrice"] for order in orders for line in order["basketItems"])
    assert any(order["accountNumber"].startswith("MSK-") for order in orders)
    [gone] = [line for order in orders for line in order["basketItems"] if line["canBuy"] == "N"]
    assert gone["quantity"] == 0
    assert {row["value"] for order in orders for row in order["propertyValues"] if row["code"] == "DELIVERY_DATE"} == {
        "09.03.2026"
    }


def test_no_pay_system_prints_and_stock_is_enough_for_all() -> None:
    shop = load_shop(practice_shop(200, 5, NOW), NOW)
    needed: dict[int, Decimal] = {}
    for order in shop.orders.values():
        for line in order["basketItems"]:
            needed[line["productId"]] = needed.get(line["productId"], Decimal(0)) + line["quantity"]

    assert {row["CAN_PRINT_CHECK"] for row in shop.tables["paySystems"]} == {"N"}
    assert all(shop.products[key]["quantity"] >= quantity for key, quantity in needed.items())
    vat_ids = {row["id"] for row in FURNITURE["vats"]}
    assert {row["vatId"] for row in shop.products.values()} == vat_ids


def test_the_same_seed_is_the_same_shop() -> None:
    assert practice_shop(30, 7, NOW) == practice_shop(30, 7, NOW)
    assert practice_shop(30, 7, NOW) != practice_shop(30, 8, NOW)


def test_what_the_portal_shows_can_be_loaded_again() -> None:
    shop = load_shop(practice_shop(30, 1, NOW), NOW)
    shown = [order_view(order) for order in shop.orders.values()]
    again = load_shop({"orders": shown, "products": list(shop.products.values())}, NOW)

    assert [order_view(order) for order in again.orders.values()] == shown


def test_a_short_order_is_completed_without_taking_a_used_id() -> None:
    document = {
        "orders": [
            {"id": 1, "basketItems": [{"productId": 5, "name": "Мёд", "price": "10.50", "quantity": 2}],
             "payments": [{"paySystemId": 33, "paySystemName": "СБП"}], "shipments": [{}]},
            {"id": 2, "payments": [{"id": 1}], "basketItems": [{"id": 1}], "shipments": [{"id": 1}]},
        ]
    }  # fmt: skip
    shop = load_shop(document, NOW)
    first = order_view(shop.orders[1])

    assert (first["price"], first["payments"][0]["sum"], first["accountNumber"]) == (21, 21, "1")
    assert first["payments"][0]["id"] == 2
    assert first["shipments"][0]["shipmentItems"][0]["basketId"] == int(first["basketItems"][0]["id"]) == 2
    system = shop.pay_system(33)
    assert system is not None
    assert (system["NAME"], system["CAN_PRINT_CHECK"]) == ("СБП", "N")


@pytest.mark.parametrize(
    "document", [{}, {"orders": {}}, {"orders": [{}]}, {"orders": [{"id": 1}, {"id": 1}]}, {"orders": [], "vats": [1]}]
)
def test_a_file_that_is_no_shop_is_refused(document: Row) -> None:
    with pytest.raises(BadShop):
        load_shop(document, NOW)
