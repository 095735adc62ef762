"""Stock documents: written, filled, conducted once, cancelled; only with inventory management on."""

from typing import Any

import pytest

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


def test_conducting_twice_is_an_error_and_takes_nothing(store: Any) -> None:
    document_id = _write_off(store)
    _act(store, "conduct", document_id)

    assert _act(store, "conduct", document_id).error == (400, "0")
    assert _stock(store) == "737.000"
    element = {"docId": document_id, "elementId": 302, "storeFrom": 1, "amount": 1}
    assert store.call("catalog.document.element.add", {"fields": element}).error == (400, "ERROR_DOCUMENT_STATUS")


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
