"""Traps of the portal that a client falls into by reading the documentation; each is kept here on purpose."""

from typing import Any


def pay(till: Any, **fields: Any) -> Any:
    return till.call("sale.payment.update", {"id": 71, "fields": {"paySystemId": 1, **fields}})


def test_trap_17_an_order_is_payed_and_a_payment_is_paid(till: Any) -> None:
    order = till.call("sale.order.get", {"id": 501}).result["order"]
    assert ("payed" in order, "paid" in order) == (True, False)
    assert ("payed" in order["payments"][0], "paid" in order["payments"][0]) == (False, True)

    pay(till, payed="Y").result  # noqa: B018 - the wrong word is no field: nothing happens, nothing is said
    assert till.order(501)["payed"] == "N"
    found = till.call("sale.order.list", {"filter": {"paid": "N"}, "select": ["id"]}).result["orders"]
    assert found == [{"id": 501}]


def test_an_update_that_does_not_say_paid_unpays_on_some_portals(till: Any) -> None:
    pay(till, paid="Y").result  # noqa: B018
    assert pay(till, comments="a").result["payment"]["paid"] == "Y"
    till.sim("settings", {"options": {"omitted_paid": "N"}})
    assert pay(till, comments="b", paid="Y").result["payment"]["paid"] == "Y"
    assert pay(till, comments="c").result["payment"]["paid"] == "N"


def test_an_update_of_a_payment_forgets_its_company(till: Any) -> None:
    assert pay(till, companyId=4).result["payment"]["companyId"] == 4
    assert pay(till, companyId=4, comments="a").result["payment"]["companyId"] == 4
    assert pay(till, comments="b").result["payment"]["companyId"] == 0


def test_trap_27_a_misspelt_filter_is_no_filter(portal: Any) -> None:
    everything = portal.call("sale.order.list").json["total"]
    for wrong in ({"order_id_": 9071}, {">=dateUpdated": "2026-03-09"}, {">=dateUpdate": "the day before yesterday"}):
        assert portal.call("sale.order.list", {"filter": wrong}).json["total"] == everything
    assert portal.call("sale.order.list", {"select": ["nothing"]}).result["orders"][0]["id"] == 9071
    assert portal.call("sale.order.list", {"order": {"nothing": "DESC"}}).result["orders"][0]["id"] == 9071


def test_trap_31_external_payment_is_one_of_three_letters(till: Any) -> None:
    assert pay(till, externalPayment="FN=9960440300000001").error == (400, "0")
    for letter in ("N", "Y", "F"):
        assert pay(till, externalPayment=letter).result["payment"]["externalPayment"] == letter


def test_trap_36_nothing_is_idempotent_and_ones_own_mark_finds_what_was_made(till: Any) -> None:
    fields = {"lid": "s1", "personTypeId": 1, "currency": "RUB", "xmlId": "till-3-receipt-17"}
    till.sim("faults", [{"method": "sale.order.add", "when": "after_commit", "do": "http", "value": 502}])
    assert till.call("sale.order.add", {"fields": fields}).status == 502  # it was made all the same
    found = till.call("sale.order.list", {"filter": {"xmlId": "till-3-receipt-17"}}).result["orders"]
    assert [row["xmlId"] for row in found] == ["till-3-receipt-17"]

    till.call("sale.order.add", {"fields": fields}).result  # noqa: B018
    assert till.call("sale.order.list", {"filter": {"xmlId": "till-3-receipt-17"}}).json["total"] == 2


def test_trap_52_the_number_of_an_order_is_not_its_id(portal: Any) -> None:
    order = portal.call("sale.order.get", {"id": 9071}).result["order"]
    assert order["accountNumber"] == "10457"
    assert portal.call("sale.order.get", {"id": 10457}).error == (400, "200540400001")
    templated = portal.call("sale.order.list", {"filter": {"accountNumber": "MSK-00417"}}).result["orders"]
    assert [row["id"] for row in templated] == [9076]
    assert order["payments"][0]["accountNumber"] == "10457/1"


def test_trap_62_two_families_of_names(portal: Any) -> None:
    systems = portal.call("sale.paysystem.list", {"select": ["id", "name"], "filter": {"is_cash": "Y"}}).result
    assert systems == [{"ID": 1, "NAME": "Наличные курьеру"}]
    assert portal.call("sale.paysystem.list", {"filter": {"IS_CASHED": "Y"}}).error == (400, "ERROR_CHECK_FAILURE")
    [requisite] = portal.call("crm.requisite.list", {"filter": {"entity_id": 77}, "select": ["ID", "RQ_INN"]}).result
    assert requisite == {"ID": "31", "RQ_INN": "9901004575"}
    assert portal.call("crm.requisite.get", {"id": 31}).result["RQ_KPP"] == "990101001"
    assert portal.call("sale.order.list", {"filter": {"ACCOUNT_NUMBER": "10457"}}).result["orders"][0]["id"] == 9071
    assert portal.call("sale.status.get", {"id": "DE"}).result["status"]["type"] == "O"


def test_trap_73_texts_have_lengths(till: Any) -> None:
    for name, longest in (("payVoucherNum", 20), ("psStatusMessage", 250), ("psStatusDescription", 512)):
        assert pay(till, **{name: "7" * longest}).status == 200
        assert pay(till, **{name: "7" * (longest + 1)}).error == (400, "0")


def test_trap_74_an_order_that_a_manager_has_open_is_written_all_the_same(till: Any) -> None:
    till.call("sale.order.update", {"id": 501, "fields": {"lockedBy": "7", "comments": "mine"}}).result  # noqa: B018
    assert till.order(501)["lockedBy"] == "7"
    version = till.order(501)["version"]

    till.call("sale.order.update", {"id": 501, "fields": {"comments": "theirs"}}).result  # noqa: B018
    assert (till.order(501)["comments"], till.order(501)["version"]) == ("theirs", version + 1)


def test_what_is_paid_or_shipped_is_not_deleted(till: Any) -> None:
    pay(till, paid="Y")
    till.call("sale.shipment.update", {"id": 81, "fields": {"allowDelivery": "Y", "deducted": "Y", "deliveryId": 1}})
    assert till.call("sale.payment.delete", {"id": 71}).error == (400, "SALE_PAYMENT_DELETE_EXIST_PAID")
    assert till.call("sale.shipment.delete", {"id": 81}).error == (400, "SALE_SHIPMENT_EXIST_SHIPPED")
    assert till.call("sale.order.delete", {"id": 501}).error == (400, "SALE_ORDER_CANCEL_PAYMENT_EXIST_ACTIVE")

    pay(till, paid="N")
    till.call("sale.shipment.update", {"id": 81, "fields": {"allowDelivery": "Y", "deducted": "N", "deliveryId": 1}})
    assert till.call("sale.shipment.delete", {"id": 81}).result is True
    assert till.call("sale.payment.delete", {"id": 71}).result is True
    assert till.call("sale.payment.get", {"id": 71}).error == (400, "200640400001")
    assert till.call("sale.order.delete", {"id": 501}).result is True
    assert till.call("sale.order.get", {"id": 501}).error == (400, "200540400001")
    assert till.call("sale.basketitem.list").result["basketItems"] == []
