"""Changing a basket on the simulated portal: the kernel's rules, each by what a client meets of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sync.simulator.conftest import Open, Row, Wire, small_shop

ITEM = {"name": "Термос", "quantity": 1}


def opened(open_portal: Open, options: Row | None = None, **shipment: Any) -> Wire:
    """The small shop; its delivery is allowed, as that of every order that a courier has with him."""
    shop = small_shop(options=options or {})
    (order,) = shop["orders"]
    order["shipments"][0] |= {"allowDelivery": "Y", **shipment}
    return open_portal(shop)


def update(till: Wire, **fields: Any) -> Any:
    return till.call("sale.basketitem.update", {"id": 61, "fields": {**ITEM, **fields}})


def item_of(till: Wire, basket_id: int) -> Row:
    items = till.order(501)["shipments"][0]["shipmentItems"]
    return next(item for item in items if item["basketId"] == basket_id)


def ship(till: Wire, item_id: int, quantity: object) -> Any:
    return till.call("sale.shipmentitem.update", {"id": item_id, "fields": {"quantity": quantity}})


def deduct(till: Wire) -> None:
    fields = {"allowDelivery": "Y", "deducted": "Y", "deliveryId": 1, "priceDelivery": 250, "basePriceDelivery": 250}
    assert till.call("sale.shipment.update", {"id": 81, "fields": fields}).status == 200


def test_a_line_does_not_become_smaller_than_what_is_in_shipments(open_portal: Open) -> None:
    till = opened(open_portal)
    before = till.order(501)
    assert update(till).error == (400, "SALE_ORDER_SYSTEM_SHIPMENT_LESS_QUANTITY")
    assert till.order(501) == before


def test_first_the_shipment_then_the_line_and_the_price_follows(open_portal: Open) -> None:
    till = opened(open_portal)
    price, payment = till.order(501)["price"], till.order(501)["payments"][0]["sum"]
    assert ship(till, item_of(till, 61)["id"], "1").result["shipmentItem"]["quantity"] == 1
    assert till.order(501)["price"] == price  # what the shipment gave up is still in the order
    assert update(till).result["basketItem"]["quantity"] == 1
    order = till.order(501)
    assert (order["price"], order["payments"][0]["sum"]) == (price - 1710, payment)
    assert (item_of(till, 61)["quantity"], order["version"]) == (1, 3)


def test_a_shipment_that_may_be_edited_follows_by_itself(open_portal: Open) -> None:
    till = opened(open_portal, allowDelivery="N")
    update(till)
    assert item_of(till, 61)["quantity"] == 1
    update(till, quantity=3)
    assert item_of(till, 61)["quantity"] == 3


def test_a_line_that_goes_takes_its_shipment_items_along(open_portal: Open) -> None:
    till = opened(open_portal)
    assert till.call("sale.basketitem.delete", {"id": 61}).result is True
    order = till.order(501)
    assert [int(line["id"]) for line in order["basketItems"]] == [62]
    assert [item["basketId"] for item in order["shipments"][0]["shipmentItems"]] == [62]
    assert order["price"] == Decimal("313.59") + 250
    assert till.call("sale.basketitem.delete", {"id": 61}).error == (400, "200140400001")


def test_what_has_left_is_not_edited(open_portal: Open) -> None:
    till = opened(open_portal)
    deduct(till)
    before = till.order(501)
    shipped = (400, "SALE_SHIPMENT_ITEM_SHIPMENT_ALREADY_SHIPPED_CANNOT_EDIT")
    assert ship(till, item_of(till, 61)["id"], 1).error == shipped
    assert till.call("sale.basketitem.delete", {"id": 61}).error == shipped
    assert update(till).error == (400, "SALE_ORDER_SYSTEM_SHIPMENT_LESS_QUANTITY")
    assert till.order(501) == before


def test_a_shipment_takes_no_more_than_is_left_in_the_order(open_portal: Open) -> None:
    till = opened(open_portal)
    item = item_of(till, 61)["id"]
    assert ship(till, item, 3).error == (400, "SALE_SHIPMENT_ITEM_LESS_AVAILABLE_QUANTITY")
    ship(till, item, 1)
    assert ship(till, item, 2).status == 200
    assert till.call("sale.shipmentitem.update", {"id": 9, "fields": {"quantity": 1}}).error[1] == "201240400001"


@pytest.mark.parametrize("fields", [{"name": ""}, {"quantity": None}, {"quantity": 0}, {"quantity": -1}])
def test_name_and_quantity_are_wanted_every_time(open_portal: Open, fields: Row) -> None:
    till = opened(open_portal)
    before = till.order(501)
    assert update(till, **fields).status == 400
    assert till.order(501) == before


def test_discounts_are_calculated_anew_unless_the_price_is_custom(open_portal: Open) -> None:
    for custom, expected in (("N", 1800), ("Y", 1710)):
        till = opened(open_portal, {"discount_from": "3000"})
        given = {"price": 1710, "basePrice": 1800, "discountPrice": 90, "quantity": 2, "customPrice": "Y"}
        update(till, **given)
        if custom == "N":
            till.call("sale.basketitem.update", {"id": 61, "fields": {**ITEM, **given, "customPrice": "N"}})
        ship(till, item_of(till, 62)["id"], "0.1")
        till.call("sale.basketitem.update", {"id": 62, "fields": {"name": "Сыр", "quantity": "0.1"}})
        ship(till, item_of(till, 61)["id"], 1)
        fields = {**ITEM, "customPrice": custom}
        line = till.call("sale.basketitem.update", {"id": 61, "fields": fields}).result["basketItem"]
        assert line["price"] == expected


def test_the_delivery_is_calculated_anew_unless_its_price_is_custom(open_portal: Open) -> None:
    till = opened(open_portal, {"delivery_calculated": "450"})
    ship(till, item_of(till, 61)["id"], 1)
    assert till.order(501)["shipments"][0]["priceDelivery"] == 450
    till = opened(open_portal, {"delivery_calculated": "450"}, customPriceDelivery="Y")
    ship(till, item_of(till, 61)["id"], 1)
    assert till.order(501)["shipments"][0]["priceDelivery"] == 250


def test_more_in_the_basket_of_a_paid_order_makes_it_unpaid_again(open_portal: Open) -> None:
    till = opened(open_portal, allowDelivery="N")
    till.call("sale.payment.update", {"id": 71, "fields": {"paySystemId": 1, "paid": "Y"}})
    update(till, quantity=5)
    assert till.order(501)["payed"] == "N"
    update(till, quantity=2)
    assert till.order(501)["payed"] == "Y"


def test_a_shipment_item_by_its_id(open_portal: Open) -> None:
    till = opened(open_portal)
    item = item_of(till, 62)
    assert till.call("sale.shipmentitem.get", {"id": item["id"]}).result["shipmentItem"]["basketId"] == 62
