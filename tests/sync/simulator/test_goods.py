"""Goods of the simulated portal: variations, price types, and what the practice shop has on its shelf."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

SELECT = ["id", "iblockId", "name", "parentId"]
BLOCKS = [
    {"id": 15, "iblockId": 15, "productIblockId": None, "vatId": 3, "name": "Товары"},
    {"id": 16, "iblockId": 16, "productIblockId": 15, "vatId": 3, "name": "Варианты"},
]
GOODS = [
    {"id": 1, "iblockId": 15, "type": 3, "name": "Футболка"},
    {"id": 2, "iblockId": 16, "type": 4, "name": "Футболка, M", "parentId": {"value": "1", "valueId": "5"}},
    {"id": 3, "iblockId": 15, "type": 1, "name": "Кружка"},
]


def test_variations_are_a_list_of_their_own(open_portal: Any) -> None:
    portal = open_portal({"orders": [], "products": GOODS, "catalogs": BLOCKS})
    listed = portal.call("catalog.product.offer.list", {"select": SELECT, "filter": {"iblockId": 16}}).result
    assert listed == {"offers": [{"id": 2, "iblockId": 16, "name": "Футболка, M",
                                  "parentId": {"value": "1", "valueId": "5"}}]}  # fmt: skip
    assert portal.call("catalog.product.offer.list", {"select": SELECT, "filter": {"iblockId": 15}}).result == {
        "offers": []
    }
    for wrong in ({"filter": {"iblockId": 16}}, {"select": SELECT}, {"select": ["name"], "filter": {"iblockId": 16}}):
        assert portal.call("catalog.product.offer.list", wrong).json["error"] == "0"


def test_a_variation_by_its_id_and_nothing_else(open_portal: Any) -> None:
    portal = open_portal({"orders": [], "products": GOODS, "catalogs": BLOCKS})
    offer = portal.call("catalog.product.offer.get", {"id": 2}).result["offer"]
    assert (offer["id"], offer["type"], offer["parentId"]) == (2, 4, {"value": "1", "valueId": "5"})
    for number in (1, 3, 99):
        assert portal.call("catalog.product.offer.get", {"id": number}).json["error"] == "200040300040"
    assert portal.call("catalog.product.get", {"id": 3}).result["product"]["name"] == "Кружка"


def test_price_types_say_which_is_the_base(open_portal: Any) -> None:
    portal = open_portal(orders=1)
    listed = portal.call("catalog.priceType.list", {"select": ["id", "name", "base"]}).result
    assert listed == {"priceTypes": [{"base": "Y", "id": 1, "name": "BASE"}]}


def test_the_shelf_of_the_practice_shop_has_what_a_till_must_answer_for(open_portal: Any) -> None:
    portal = open_portal(orders=1)
    select = ["id", "iblockId", "active", "type", "property64", "property66"]
    listed = portal.call("catalog.product.list", {"select": select, "filter": {"iblockId": 15, ">=id": 391}}).result
    rows = {row["id"]: row for row in listed["products"]}
    assert [row["active"] for row in rows.values()] == ["Y", "N", "Y", "Y"]
    assert rows[393]["property66"]["value"] == "milk"
    assert rows[394]["type"] == 2
    prices = portal.call("catalog.price.list", {"filter": {"productId": 391}}).result["prices"]
    assert [Decimal(str(row["price"])) for row in prices] == [Decimal(0)]
