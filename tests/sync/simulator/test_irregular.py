"""The same data in other types, and the same errors under two tables of statuses."""

import json
from typing import Any

import pytest

ODD = {"irregular": True}


def test_trap_59_numbers_come_as_texts_and_some_texts_as_numbers(portal: Any) -> None:
    portal.sim("settings", ODD)
    portal.call("sale.payment.update", {"id": 11205, "fields": {"paySystemId": 1, "psInvoiceId": "4711"}})
    order = portal.call("sale.order.get", {"id": 9071}).result["order"]

    assert (order["id"], order["basketItems"][0]["productId"]) == ("9071", "320")
    assert order["payments"][0]["sum"] == str(portal.order(9071)["payments"][0]["sum"])
    assert (order["payments"][0]["psInvoiceId"], order["payments"][0]["priceCod"]) == (4711, "0.000000")
    assert order["version"] == 4  # what is no id and no sum stays a number


def test_ids_of_basket_lines_are_texts_on_every_portal(portal: Any) -> None:
    line = portal.call("sale.order.get", {"id": 9071}).result["order"]["basketItems"][0]
    assert (line["id"], line["orderId"]) == ("25000", "9071")
    [listed] = portal.call("sale.basketitem.list", {"filter": {"id": 25000}}).result["basketItems"]
    assert (listed["id"], listed["orderId"]) == (25000, 9071)


def test_trap_58_an_empty_object_is_a_list(till: Any) -> None:
    order = till.call("sale.order.get", {"id": 501}).result["order"]
    assert (order["requisiteLink"], order["clients"]) == ([], [])
    cells = till.batch({"a": "sale.order.get?id=501"})
    assert (cells["result_error"], cells["result_next"], cells["result_total"]) == ([], [], [])

    till.sim("settings", ODD)
    assert till.call("batch", {"cmd": {}}).result["result"] == []


def test_times_are_floats_on_older_portals(portal: Any) -> None:
    assert isinstance(portal.call("server.time").json["time"]["start"], int)
    portal.sim("settings", ODD)
    block = json.loads(portal.call("server.time").body)["time"]
    assert (type(block["start"]), type(block["processing"])) == (float, float)


def test_trap_60_a_code_may_be_a_number_or_a_text_or_empty(portal: Any) -> None:
    assert portal.call("sale.order.get", {"id": 1}).json["error"] == "200540400001"
    assert portal.call("crm.contact.get", {"id": 1}).json["error"] == ""
    for change in (ODD, {"irregular": False, "profile": "docs"}):
        portal.sim("settings", change)
        assert portal.call("sale.order.get", {"id": 1}).json["error"] == 200540400001
        assert portal.call("sale.payment.update", {"id": 11205, "fields": {}}).json["error"] == 0
        assert portal.batch({"a": "sale.order.get?id=1"})["result_error"]["a"]["error"] == 200540400001
        assert portal.call("no.such.method").json["error"] == "ERROR_METHOD_NOT_FOUND"


@pytest.mark.parametrize(
    "settings, path, kernel, docs",
    [
        ({}, "/rest/1/wrong/profile", 401, 403),
        ({"scopes": ["catalog"]}, "/rest/1/{secret}/sale.order.list", 401, 403),
        ({}, "/rest/profile", 401, 401),
        ({}, "/rest/1/{secret}/event.get", 403, 403),
        ({"trouble": "user_access_error"}, "/rest/1/{secret}/profile", 401, 403),
        ({"trouble": "OVERLOAD_LIMIT"}, "/rest/1/{secret}/profile", 401, 503),
        ({"trouble": "PORTAL_DELETED"}, "/rest/1/{secret}/profile", 403, 500),
        ({"rights": {"is_admin": False}}, "/rest/1/{secret}/sale.paysystem.list", 403, 403),
    ],
)
def test_trap_69_the_status_of_a_refusal_depends_on_whom_one_believes(
    portal: Any, settings: dict[str, Any], path: str, kernel: int, docs: int
) -> None:
    portal.sim("settings", settings)
    address = path.format(secret=portal.webhook.split("/")[3])
    first = portal.send("GET", address)
    portal.sim("settings", {"profile": "docs"})
    second = portal.send("GET", address)

    assert (first.status, second.status) == (kernel, docs)
    assert first.json["error"] == second.json["error"]  # the code is what one can go by
