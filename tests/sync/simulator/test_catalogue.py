"""Goods and prices: what an update adds instead of changing, what it deletes, and what cannot be asked at all."""

from typing import Any

SELECT = ["id", "iblockId", "property64", "measure", "vatId"]


def product(portal: Any, number: int = 301) -> Any:
    return portal.call("catalog.product.get", {"id": number}).result["product"]


def prices(portal: Any) -> list[tuple[int, Any]]:
    rows = portal.call("catalog.price.list", {"filter": {"productId": 301}}).result["prices"]
    return [(row["catalogGroupId"], row["price"]) for row in rows]


def test_trap_26_a_property_without_its_value_id_is_added_beside_the_old_one(portal: Any) -> None:
    before = product(portal)["property64"]
    portal.call("catalog.product.update", {"id": 301, "fields": {"property64": {"value": "4600000000001"}}})
    both = product(portal)["property64"]
    assert [item["value"] for item in both] == [before["value"], "4600000000001"]

    edited = {"property64": [{"value": "4600000000002", "valueId": both[1]["valueId"]}]}
    portal.call("catalog.product.update", {"id": 301, "fields": edited}).result  # noqa: B018
    assert [item["value"] for item in product(portal)["property64"]] == [before["value"], "4600000000002"]
    gone = {"property64": {"value": "", "valueId": both[1]["valueId"]}}
    portal.call("catalog.product.update", {"id": 301, "fields": gone}).result  # noqa: B018
    assert product(portal)["property64"] == before


def test_trap_25_modify_deletes_the_prices_that_it_does_not_list(portal: Any) -> None:
    wholesale = {"productId": 301, "catalogGroupId": 2, "price": 900, "currency": "RUB"}
    number = portal.call("catalog.price.add", {"fields": wholesale}).result["price"]["id"]
    assert prices(portal) == [(1, 1490), (2, 900)]

    listed = [{"id": number, "catalogGroupId": 2, "price": 950, "currency": "RUB"}]
    left = portal.call("catalog.price.modify", {"fields": {"product": {"id": 301, "prices": listed}}}).result["prices"]
    assert [(row["id"], row["price"]) for row in left] == [(number, 950)]
    assert prices(portal) == [(2, 950)]


def test_a_price_is_added_once_per_kind_changed_and_deleted(portal: Any) -> None:
    again = {"productId": 301, "catalogGroupId": 1, "price": 1, "currency": "RUB"}
    assert portal.call("catalog.price.add", {"fields": again}).error == (400, "0")
    [row] = portal.call("catalog.price.list", {"filter": {"productId": 301}}).result["prices"]
    changed = portal.call("catalog.price.update", {"id": row["id"], "fields": {"price": 1500.5}}).result["price"]
    assert (changed["price"], changed["priceScale"]) == (changed["priceScale"], changed["price"])
    assert prices(portal) == [(1, changed["price"])]

    assert portal.call("catalog.price.delete", {"id": row["id"]}).result is True
    assert portal.call("catalog.price.get", {"id": row["id"]}).error == (400, "0")


def test_trap_33_two_tills_that_write_absolute_quantities_lose_one_sale(portal: Any) -> None:
    seen = [product(portal)["quantity"] for _ in range(2)]
    for till in range(2):
        portal.call("catalog.product.update", {"id": 301, "fields": {"quantity": seen[till] - 1}}).result  # noqa: B018

    assert product(portal)["quantity"] == seen[0] - 1


def test_trap_47_no_method_knows_barcodes(portal: Any) -> None:
    names = portal.call("methods").result
    assert not [name for name in names if "barcode" in name]
    assert "barcode" not in product(portal)
    wanted = {"select": SELECT, "filter": {"iblockId": 15, "property64": product(portal)["property64"]["value"]}}
    found = portal.call("catalog.product.list", wanted).result["products"]
    assert [row["id"] for row in found] == [301]  # a shop keeps them in a property of its own


def test_trap_48_a_product_names_its_measure_by_row_and_a_basket_by_its_code(portal: Any) -> None:
    rows = {row["id"]: row for row in portal.call("catalog.measure.list").result["measures"]}
    line = next(item for item in portal.call("sale.basketitem.list").result["basketItems"]
                if item["measureCode"] == "166")  # fmt: skip
    measure = product(portal, line["productId"])["measure"]

    assert (measure, rows[measure]["code"]) == (2, 166)


def test_trap_50_a_rate_is_a_share_in_the_basket_and_percent_in_the_catalogue_and_none_is_not_zero(portal: Any) -> None:
    vats = {row["id"]: row["rate"] for row in portal.call("catalog.vat.list").result["vats"]}
    lines = portal.call("sale.basketitem.list").result["basketItems"]
    line = next(item for item in lines if item["vatRate"])
    assert line["vatRate"] * 100 == vats[product(portal, line["productId"])["vatId"]]
    assert (vats[7], vats[8]) == (0, None)


def test_trap_63_answers_have_keys_of_their_own(open_portal: Any) -> None:
    portal = open_portal()
    fields = {"iblockId": 15, "name": "Чашка", "xmlId": "cup"}
    made = portal.call("catalog.product.add", {"fields": fields}).result["element"]
    assert product(portal, made["id"])["xmlId"] == "cup"
    changed = portal.call("catalog.product.update", {"id": made["id"], "fields": {"name": "Кружка"}}).result["element"]
    assert changed["name"] == "Кружка"
    wanted = {"select": ["id", "iblockId"], "filter": {"iblockId": 15}}
    assert portal.call("catalog.product.sku.list", wanted).result == {"units": []}
    assert portal.call("catalog.product.delete", {"id": made["id"]}).result is True

    covers = {"paymentId": 11205, "basketId": 25000, "quantity": 1}
    row = portal.call("sale.paymentitembasket.add", {"fields": covers}).result["paymentItemBasket"]
    assert portal.call("sale.paymentitembasket.list").result["paymentItemsBasket"] == [row]
    assert portal.call("sale.paymentitembasket.add", {"fields": covers}).json["error"] == "201250000001"
    other = {"paymentId": 11205, "basketId": 25020}
    assert portal.call("sale.paymentitembasket.add", {"fields": other}).json["error"] == "201240400003"
    assert portal.call("sale.paymentitemshipment.list").result == {"paymentItemsShipment": []}


def test_trap_72_every_list_is_wrapped_whatever_a_sample_shows(portal: Any) -> None:
    for method, key in (("catalog.vat.list", "vats"), ("catalog.measure.list", "measures"),
                        ("sale.persontype.list", "personTypes"), ("catalog.store.list", "stores")):  # fmt: skip
        assert portal.call(method).result[key]
    assert portal.call("catalog.vat.get", {"id": 3}).result["vat"]["rate"] == 22
