"""Lists: pages, filters, order, selection, and the types of what comes out."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from posapp.sync.simulator.practice import practice_shop


def _ids(reply: Any) -> list[int]:
    return [row["id"] for row in reply.result["orders"]]


def test_pages_have_fifty_rows_and_say_where_the_next_begins(open_portal: Any) -> None:
    portal = open_portal(orders=131)
    pages = [portal.call("sale.order.list", {"start": start, "select": ["id"]}).json for start in (0, 50, 100)]

    assert [page.get("next") for page in pages] == [50, 100, None]
    assert "next" not in pages[2]
    assert [page["total"] for page in pages] == [131] * 3
    seen = [row["id"] for page in pages for row in page["result"]["orders"]]
    assert seen == list(range(9071, 9071 + 131))


@pytest.mark.parametrize(
    "condition, wanted",
    [
        ({"id": 9073}, [9073]),
        ({"=id": "9073"}, [9073]),
        ({"ID": [9073, 9071]}, [9071, 9073]),
        ({"@id": [9073, 9071]}, [9071, 9073]),
        ({"!@id": list(range(9073, 9083))}, [9071, 9072]),
        ({"!id": 9071, "<=id": 9072}, [9072]),
        ({">id": 9080, "<id": 9082}, [9081]),
        ({"><id": [9074, 9076]}, [9074, 9075, 9076]),
        ({"%accountNumber": "msk"}, [9076]),
        ({"!%ACCOUNT_NUMBER": "45"}, [9074, 9075, 9076, 9077, 9078, 9079, 9080, 9081, 9082]),
        ({"=%accountNumber": "MSK-%7"}, [9076]),
        ({"%=accountNumber": "%60"}, [9074]),
        ({"accountNumber": "10458"}, [9072]),
        ({"canceled": "Y"}, [9079]),
        ({"payed": "Y"}, [9074]),
        ({"!dateCanceled": None}, [9079]),
        ({">=dateUpdate": "2026-03-09T00:00:00+03:00"}, []),
        ({"id": 9073, "colour": "red"}, [9073]),
    ],
)
def test_filters(portal: Any, condition: dict[str, Any], wanted: list[int]) -> None:
    assert _ids(portal.call("sale.order.list", {"filter": condition})) == wanted


@pytest.mark.parametrize("condition", [{"idd": 1}, {">=dateUpdate": "yesterday-ish"}, {">=date_updated": "2030-01-01"}])
def test_a_misspelt_filter_is_no_filter(portal: Any, condition: dict[str, Any]) -> None:
    assert len(_ids(portal.call("sale.order.list", {"filter": condition}))) == 12


def test_the_sweep_by_date_reads_any_offset(portal: Any) -> None:
    portal.clock.turn(60)
    portal.call("sale.order.update", {"id": 9075, "fields": {"comments": "x"}})

    for since in ("2026-03-09T09:01:00+03:00", "2026-03-09T06:01:00Z", "2026-03-09 09:01:00", "09.03.2026 09:01:00"):
        assert _ids(portal.call("sale.order.list", {"filter": {">=dateUpdate": since}})) == [9075]


def test_select_leaves_only_what_it_names(portal: Any) -> None:
    rows = portal.call("sale.order.list", {"select": ["PAYED", "id", "nonsense"]}).result["orders"]

    assert rows[0] == {"id": 9071, "payed": "N"}


def test_keys_are_sorted_and_types_are_declared(till: Any) -> None:
    order = till.call("sale.order.get", {"id": 501}).result["order"]

    assert list(order) == sorted(order)
    line, payment = order["basketItems"][0], order["payments"][0]
    assert (line["id"], line["orderId"]) == ("61", "501")  # texts, in this answer alone
    assert till.call("sale.basketitem.list", {"filter": {"orderId": 501}}).result["basketItems"][0]["id"] == 61
    assert (payment["psSum"], payment["psStatus"], payment["datePaid"]) == (None, "", None)
    assert (payment["sum"], order["price"]) == (Decimal("3983.59"), Decimal("3983.59"))
    assert order["requisiteLink"] == []  # PHP's empty map
    assert order["shipments"][0]["shipmentItems"][1]["quantity"] == Decimal("0.386")


def test_parts_are_found_through_their_order(portal: Any) -> None:
    payments = portal.call("sale.payment.list", {"filter": {"orderId": 9077}}).result["payments"]
    assert [row["orderId"] for row in payments] == [9077, 9077]
    assert portal.call("sale.payment.list", {"filter": {"@id": [11205, 999]}}).json["total"] == 1
    shipment = portal.call("sale.shipment.list", {"filter": {"orderId": 9071}}).result["shipments"][0]
    items = portal.call("sale.shipmentitem.list", {"filter": {"orderDeliveryId": shipment["id"]}}).result
    lines = portal.call("sale.basketitem.list", {"filter": {"orderId": 9071}}).result["basketItems"]
    assert [item["basketId"] for item in items["shipmentItems"]] == [line["id"] for line in lines]


def test_pay_systems_speak_upper_case_and_refuse_misspelt_names(portal: Any) -> None:
    given = {"select": ["ID", "IS_CASH", "CAN_PRINT_CHECK"], "filter": {"ENTITY_REGISTRY_TYPE": "ORDER"}}

    assert portal.call("sale.paysystem.list", given).result == [
        {"CAN_PRINT_CHECK": "N", "ID": 1, "IS_CASH": "Y"}, {"CAN_PRINT_CHECK": "N", "ID": 2, "IS_CASH": "N"},
        {"CAN_PRINT_CHECK": "N", "ID": 4, "IS_CASH": "A"},
    ]  # fmt: skip
    assert portal.call("sale.paysystem.list", {"FILTER": {"COLOUR": 1}}).error == (400, "ERROR_CHECK_FAILURE")


def test_reference_tables_are_served(portal: Any) -> None:
    vats = portal.call("catalog.vat.list").result["vats"]
    assert {row["id"]: row["rate"] for row in vats} == {3: 22, 5: 10, 7: 0, 8: None, 11: 5, 12: 7}
    assert portal.call("catalog.vat.get", {"id": 8}).result["vat"]["name"] == "Без НДС"
    statuses = portal.call("sale.status.list", {"filter": {"type": "O"}, "order": {"sort": "ASC"}}).result["statuses"]
    assert [row["id"] for row in statuses] == ["N", "P", "DE", "F", "D"]
    names = portal.call("sale.statuslang.list").result["statusLangs"]
    assert {"statusId": "F", "lid": "ru", "name": "Выполнен", "description": ""} in names
    phones = portal.call("sale.property.list", {"filter": {"isPhone": "Y"}}).result["properties"]
    assert [row["code"] for row in phones] == ["PHONE", "PHONE"]
    for method, key in [("sale.persontype.list", "personTypes"), ("catalog.store.list", "stores"),
                        ("catalog.storeproduct.list", "storeProducts"), ("catalog.catalog.list", "catalogs"),
                        ("catalog.measure.list", "measures"), ("catalog.price.list", "prices"),
                        ("crm.orderentity.list", "orderEntity")]:  # fmt: skip
        assert portal.call(method).result[key], method


def test_a_company_is_found_from_its_order(portal: Any) -> None:
    order = portal.call("sale.order.get", {"id": 9080}).result["order"]
    assert (order["clients"][0]["entityTypeId"], order["clients"][0]["entityId"]) == (4, 77)
    wanted = {"FILTER": {"ENTITY_TYPE_ID": 4, "ENTITY_ID": 77}, "SELECT": ["ID", "RQ_INN", "RQ_KPP"]}

    assert portal.call("crm.requisite.list", wanted).result == [
        {"ID": str(order["requisiteLink"]["requisiteId"]), "RQ_INN": "9901004575", "RQ_KPP": "990101001"}
    ]
    assert portal.call("crm.company.get", {"id": 77}).result["PHONE"][0]["VALUE"] == "+79990000077"
    values = {row["code"]: row["value"] for row in order["propertyValues"]}
    assert values["INN"] == "9901004575"


def test_products_want_the_catalogue_named(portal: Any) -> None:
    given = {
        "select": ["id", "iblockId", "name", "property64"],
        "filter": {"iblockId": 15, "property64": "2000000003016"},
    }

    assert portal.call("catalog.product.list", {}).error == (400, "0")
    assert portal.call("catalog.product.list", {"select": ["id", "iblockId"]}).error == (400, "0")
    [product] = portal.call("catalog.product.list", given).result["products"]
    assert product["property64"]["value"] == "2000000003016"


def test_fields_describe_themselves(portal: Any) -> None:
    described = portal.call("sale.payment.getfields").result["payment"]

    assert described["paySystemId"] == {
        "isImmutable": False,
        "isReadOnly": False,
        "isRequired": True,
        "type": "integer",
    }
    assert described["id"]["isReadOnly"] is True
    assert described["orderId"]["isImmutable"] is True


@pytest.mark.parametrize("order", [{}, {"id": "asc"}, {"id": "desc"}, {"statusId": "asc"},
                                   {"dateUpdate": "asc", "id": "asc"}, {"price": "desc", "id": "desc"}])  # fmt: skip
def test_a_page_without_a_count_holds_what_the_counted_one_holds(open_portal: Any, order: Any) -> None:
    document = practice_shop(60, 3, datetime(2026, 3, 9, tzinfo=UTC))
    document["orders"] = [*reversed(document["orders"][:30]), *document["orders"][30:]]  # a file in no order at all
    portal = open_portal(document)

    for condition in ({}, {">id": 9090}, {">=id": 9090, "<id": 9120}, {"statusId": "N"}, {"!statusId": "N"}):
        counted = portal.call("sale.order.list", {"order": order, "filter": condition}).result["orders"]
        cursor = portal.call("sale.order.list", {"order": order, "filter": condition, "start": -1}).result["orders"]
        assert [row["id"] for row in cursor] == [row["id"] for row in counted]
        assert counted


def test_a_cursor_over_ids_sees_rows_that_come_between_its_pages_once_each(open_portal: Any) -> None:
    portal = open_portal(orders=120)
    seen: list[int] = []
    while True:
        cursor = {"order": {"id": "ASC"}, "start": -1, "filter": {">id": seen[-1] if seen else 0}}
        page = portal.call("sale.payment.list", cursor).result["payments"]
        seen += [row["id"] for row in page]
        if len(page) < 50:
            break
        if len(seen) == 50:  # a new payment comes while the second page is still to be read
            portal.call("sale.payment.add", {"fields": {"orderId": 9071, "paySystemId": 1}}).result  # noqa: B018
    assert len(seen) == len(set(seen)) == 132 + 1
    assert seen == sorted(seen)


def test_a_page_by_offset_shows_a_row_twice_when_another_comes_before_it(open_portal: Any) -> None:
    portal = open_portal(orders=60)
    newest = {"order": {"id": "DESC"}, "select": ["id"]}
    first = [row["id"] for row in portal.call("sale.order.list", newest).result["orders"]]
    portal.call("sale.order.add", {"fields": {"lid": "s1", "personTypeId": 1, "currency": "RUB"}}).result  # noqa: B018
    second = [row["id"] for row in portal.call("sale.order.list", {**newest, "start": 50}).result["orders"]]

    assert set(first) & set(second) == {first[-1]}


def test_trap_61_an_offset_inside_a_page_is_that_page_and_without_a_count_nothing_is_told(open_portal: Any) -> None:
    portal = open_portal(orders=120)
    page = portal.call("sale.order.list", {"start": 75, "select": ["id"]}).json
    assert [row["id"] for row in page["result"]["orders"]] == list(range(9121, 9171))
    assert (page["total"], page["next"]) == (120, 100)

    last = portal.call("sale.order.list", {"start": 100, "select": ["id"]}).json
    assert (len(last["result"]["orders"]), last["total"]) == (20, 120)
    assert "next" not in last
    uncounted = portal.call("sale.order.list", {"start": -1}).json
    assert not {"next", "total"} & set(uncounted)
    older = portal.call("crm.requisite.list", {"start": -1}).json
    assert older["total"] == 0
    assert "next" not in older
