"""Stock documents: written, filled, conducted once, cancelled; only with inventory management on."""

from typing import Any

import pytest

from tests.sync.simulator.conftest import small_shop

Row = dict[str, Any]


@pytest.fixture
def store(open_portal: Any) -> Any:
    """A practice shop with inventory management on; product 301 has 740 pieces in store 1."""
    portal = open_portal()
    portal.sim("settings", {"options": {"inventory_management": "Y"}})
    return portal


def _write_off(portal: Any, amount: str = "3", **line: Any) -> int:
    fields = {"docType": "D", "currency": "RUB", "responsibleId": 1, "docNumber": "T3-88-14", "commentary": "KEY"}
    document = portal.call("catalog.document.add", {"fields": fields}).result["document"]
    element = {"docId": document["id"], "elementId": 301, "storeFrom": 1, "amount": amount, **line}
    portal.call("catalog.document.element.add", {"fields": element}).result["documentElement"]
    return int(document["id"])


def _stock(portal: Any) -> str:
    return str(portal.sim("state")["stock"]["301"])


def _act(portal: Any, name: str, document_id: int) -> Any:
    return portal.call(f"catalog.document.{name}", {"id": document_id})


def test_goods_leave_when_a_write_off_is_conducted(store: Any) -> None:
    document_id = _write_off(store)
    assert _stock(store) == "740.000"
    assert _act(store, "conduct", document_id).result is True

    assert _stock(store) == "737.000"
    held = store.call("catalog.storeproduct.list", {"filter": {"productId": 301}}).result["storeProducts"]
    assert [row["amount"] for row in held] == [737]
    [document] = store.call("catalog.document.list", {"filter": {"docNumber": "T3-88-14"}}).result["documents"]
    assert (document["id"], document["status"], document["commentary"]) == (document_id, "Y", "KEY")
    assert [line["amount"] for line in store.sim("state")["documents"][0]["elements"]] == [3]


def test_trap_35_conducting_twice_is_an_error_and_takes_nothing(store: Any) -> None:
    document_id = _write_off(store)
    _act(store, "conduct", document_id)

    assert _act(store, "conduct", document_id).error == (400, "0")
    assert _stock(store) == "737.000"
    element = {"docId": document_id, "elementId": 302, "storeFrom": 1, "amount": 1}
    assert store.call("catalog.document.element.add", {"fields": element}).error == (400, "ERROR_DOCUMENT_STATUS")


@pytest.mark.parametrize(
    "kind, line, sign",
    [("A", {"storeTo": 1}, 1), ("S", {"storeTo": 1}, 1), ("R", {"storeTo": 1}, 1), ("D", {"storeFrom": 1}, -1)],
)
def test_each_kind_moves_goods_its_own_way_and_back(store: Any, kind: str, line: Row, sign: int) -> None:
    fields = {"docType": kind, "currency": "RUB", "responsibleId": 1}
    document = store.call("catalog.document.add", {"fields": fields}).result["document"]
    assert (document["status"], document["docType"], document["total"]) == ("N", kind, 0)
    given = {"docId": document["id"], "elementId": 301, "amount": 2, "purchasingPrice": 10.5, **line}
    element = store.call("catalog.document.element.add", {"fields": given}).result["documentElement"]
    changed = {"id": element["id"], "fields": {"amount": 4}}
    assert store.call("catalog.document.element.update", changed).result["documentElement"]["amount"] == 4

    _act(store, "conduct", document["id"])
    assert _stock(store) == f"{740 + sign * 4}.000"
    [shown] = store.call("catalog.document.list", {"filter": {"id": document["id"]}}).result["documents"]
    assert (shown["status"], shown["total"]) == ("Y", 42)
    _act(store, "cancel", document["id"])
    assert _stock(store) == "740.000"
    [shown] = store.call("catalog.document.list", {"filter": {"id": document["id"]}}).result["documents"]
    assert shown["status"] == "C"


def test_an_arrival_that_was_sold_cannot_be_cancelled(store: Any) -> None:
    fields = {"docType": "A", "currency": "RUB", "responsibleId": 1}
    document = store.call("catalog.document.add", {"fields": fields}).result["document"]
    line = {"docId": document["id"], "elementId": 301, "amount": 5, "storeTo": 2}
    store.call("catalog.document.element.add", {"fields": line}).result  # noqa: B018
    _act(store, "conduct", document["id"])
    _act(store, "conduct", _write_off(store, "5", storeFrom=2))

    assert _act(store, "cancel", document["id"]).error == (400, "0")


def test_where_1c_owns_the_stock_documents_are_refused(store: Any) -> None:
    document_id = _write_off(store)
    store.sim("settings", {"options": {"inventory_1c": "Y"}})

    assert _act(store, "conduct", document_id).error == (400, "0")
    fields = {"docType": "D", "currency": "RUB", "responsibleId": 1}
    assert "1С" in store.call("catalog.document.add", {"fields": fields}).json["error_description"]
    assert store.call("catalog.document.mode.status").result == "Y"


def test_what_is_kept_in_no_store_is_no_line_of_a_document(store: Any) -> None:
    service = next(row["id"] for row in store.call("catalog.product.list", {
        "select": ["id", "iblockId", "type"], "filter": {"iblockId": 15, "type": 7}}).result["products"])  # fmt: skip
    fields = {"docType": "D", "currency": "RUB", "responsibleId": 1}
    document = store.call("catalog.document.add", {"fields": fields}).result["document"]
    line = {"docId": document["id"], "elementId": service, "storeFrom": 1, "amount": 1}

    assert store.call("catalog.document.element.add", {"fields": line}).error == (400, "0")


def test_trap_34_a_write_off_beside_a_shipped_order_takes_the_goods_twice(open_portal: Any) -> None:
    till = open_portal(small_shop(options={"inventory_management": "Y"}))
    document = till.call("catalog.document.add", {"fields": {"docType": "D", "currency": "RUB", "responsibleId": 1}})
    line = {"docId": document.result["document"]["id"], "elementId": 7, "storeFrom": 1, "amount": 2}
    arrival = till.call("catalog.document.add", {"fields": {"docType": "A", "currency": "RUB", "responsibleId": 1}})
    arrived = {**line, "docId": arrival.result["document"]["id"], "storeTo": 1}
    for each in (arrived, line):
        till.call("catalog.document.element.add", {"fields": each}).result  # noqa: B018
        _act(till, "conduct", each["docId"]).result  # noqa: B018
    assert till.sim("state")["stock"]["7"] == "10.000"

    shipped = {"allowDelivery": "Y", "deducted": "Y", "deliveryId": 1}
    till.call("sale.shipment.update", {"id": 81, "fields": shipped}).result  # noqa: B018
    assert till.sim("state")["stock"]["7"] == "8.000"  # nothing on the portal knows that it was the same sale


def test_cancelling_gives_the_goods_back(store: Any) -> None:
    document_id = _write_off(store)
    assert _act(store, "cancel", document_id).error == (400, "0")
    _act(store, "conduct", document_id)

    assert _act(store, "cancel", document_id).result is True
    assert _stock(store) == "740.000"


@pytest.mark.parametrize("line", [{"amount": "741"}, {"amount": "-1"}, {"amount": "0"}, {"storeFrom": 2}])
def test_what_a_store_does_not_have_stays(store: Any, line: Row) -> None:
    document_id = _write_off(store, **line)

    assert _act(store, "conduct", document_id).error == (400, "0")
    assert _stock(store) == "740.000"


def test_a_move_changes_stores_and_not_the_sum(store: Any) -> None:
    fields = {"docType": "M", "responsibleId": 1}
    document = store.call("catalog.document.add", {"fields": fields}).result["document"]
    line = {"docId": document["id"], "elementId": 301, "storeFrom": 1, "storeTo": 2, "amount": 40}
    store.call("catalog.document.element.add", {"fields": line})
    _act(store, "conduct", document["id"])

    held = store.call("catalog.storeproduct.list", {"filter": {"productId": 301}}).result["storeProducts"]
    assert {row["storeId"]: row["amount"] for row in held} == {1: 700, 2: 40}
    assert _stock(store) == "740.000"


def test_realisations_and_switched_off_inventory_are_refused(store: Any) -> None:
    fields = {"docType": "W", "responsibleId": 1}
    assert store.call("catalog.document.add", {"fields": fields}).error == (400, "0")
    store.sim("settings", {"options": {"inventory_management": "N"}})
    assert store.call("catalog.document.add", {"fields": {**fields, "docType": "D"}}).error == (400, "0")
