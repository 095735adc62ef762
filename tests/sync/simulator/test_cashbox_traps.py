"""The traps of the REST cashbox (reference: Bitrix REST 10) that have no place of their own elsewhere.

With theirs: 2, 6, 41 in `test_cashbox_print.py`; 4, 40, 54 in `test_cashbox_ask.py`; 8, 11, 12, 15, 16, 42, 43, 46, 49,
79, 80 in `test_cashbox_checks.py`; 44, 77 in `test_cashbox.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.simulator.conftest import Open, small_shop
from tests.sync.simulator.gateways import Gateway, http, ok, with_cashbox

Row = dict[str, Any]
PRINTS = {"paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "Y"}], "options": {"poll_hold_s": 0}}


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture
def shop(till: Any, gateway: Gateway) -> Any:
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)
    return till


def pay(portal: Any) -> Any:
    return portal.call("sale.payment.update", {"id": 71, "fields": {"paySystemId": 1, "paid": "Y"}})


def check(portal: Any) -> Row:
    [found] = portal.sim("checks")["checks"]
    assert isinstance(found, dict)
    return found


def test_trap_01_marking_a_payment_as_paid_orders_a_second_receipt(shop: Any, gateway: Gateway) -> None:
    """The till has printed; it tells the portal; the portal prints – and one flag of the pay system keeps it quiet."""
    shop.sim("settings", {"paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "N"}]})
    pay(shop)
    assert gateway.came == []
    pay_again = {"id": 71, "fields": {"paySystemId": 1, "paid": "N"}}
    assert shop.call("sale.payment.update", pay_again).status == 200
    shop.sim("settings", PRINTS)
    pay(shop)

    assert gateway.came[0].form["total_sum"] == "3983.59"


def test_trap_03_an_outage_of_check_url_prints_everything_without_marks_for_ever(shop: Any, gateway: Gateway) -> None:
    pay(shop)
    gateway.answer = lambda came: http(502)
    shop.sim("agent", {})
    assert (check(shop)["status"], check(shop)["linkParams"]["fn_number"]) == ("Y", None)

    gateway.answer = lambda came: ok({"STATUS": "DONE", "FN_NUMBER": "9999078900001234"})
    assert shop.sim("agent", {})["asked"] == []
    assert shop.call("sale.cashbox.check.apply", {"UUID": "u-1", "FN_NUMBER": "9999078900001234"}).result is True
    assert check(shop)["linkParams"]["fn_number"] is None


def test_trap_05_an_error_that_is_a_text_is_not_seen(shop: Any, gateway: Gateway) -> None:
    gateway.answer = lambda came: ok({"ERRORS": "Неизвестная ставка НДС"})
    pay(shop)

    assert (check(shop)["status"], check(shop)["externalUuid"]) == ("P", None)
    assert shop.send("POST", "/_sim/checks", b'{"reprint": 1}').status == 400  # "is printing"


def test_trap_07_vat_is_the_id_of_a_row_and_another_one_on_another_portal(open_portal: Open, gateway: Gateway) -> None:
    told = []
    for row in (3, 44):
        portal = open_portal(small_shop(vats=[{"id": row, "name": "НДС 22%", "rate": 22, "active": "Y"}]))
        with_cashbox(portal, gateway.url)
        portal.sim("settings", PRINTS)
        pay(portal)
        told.append(gateway.came[-1].form["items[0][vat]"])

    assert told == ["3", "44"]


def test_trap_09_consumption_is_a_return_of_a_sale(shop: Any, gateway: Gateway) -> None:
    shop.sim("checks", {"type": "sellreturn", "payment": 71})

    form = gateway.came[0].form
    assert (form["type"], form["operation"], form["calculated_sign"]) == ("sellreturn", "consumption", "consumption")
    assert form["items[0][payment_method]"] == "full_payment"


@pytest.mark.parametrize("kind", ["creditpaymentreturn", "creditpaymentreturncash"])
def test_trap_10_two_types_come_without_a_payment_method(shop: Any, gateway: Gateway, kind: str) -> None:
    shop.sim("checks", {"type": kind, "payment": 71})

    assert not [name for name in gateway.came[0].form if name.endswith("[payment_method]")]


def test_trap_14_a_rate_of_22_is_none_for_a_polling_register_out_of_the_box(till: Any) -> None:
    path = f"/bitrix/tools/sale_check_print.php?hash={till.server.portal.access.poll_hash}"
    body = b'{"api_version": "3", "kkm": [{"zn": "A", "status": "ok"}]}'
    till.sim("settings", PRINTS)
    till.send("POST", path, body)
    till.sim("settings", {"cashboxes": [{**till.sim("checks")["cashboxes"][0], "ACTIVE": "Y"}]})
    pay(till)

    items = till.send("POST", path, body).json["print"][0]["items"]
    assert [item["tax"]["type"] for item in items] == ["none", "none", "none"]


def test_trap_45_nothing_in_the_request_leads_to_the_order(shop: Any, gateway: Gateway) -> None:
    pay(shop)

    form = gateway.came[0].form
    assert set(form.values()).isdisjoint({"501", "MSK-00501", "71", "81"})
    assert not [name for name in form if "order" in name.lower() or "entity" in name.lower()]
    for method in ("sale.cashbox.check.list", "sale.cashbox.check.get", "sale.check.list"):
        assert shop.call(method).error == (404, "ERROR_METHOD_NOT_FOUND")


def test_trap_51_delivery_has_no_measure_no_tax_sum_and_no_vat(shop: Any, gateway: Gateway) -> None:
    pay(shop)

    form = gateway.came[0].form
    assert (form["items[2][name]"], form["items[2][vat]"]) == ("Доставка", "0")
    assert not {"items[2][measure_code]", "items[2][vat_sum]"} & set(form)


def test_trap_59_and_78_a_list_tells_texts_and_never_whose_cashbox_it_is(shop: Any) -> None:
    [row] = shop.call("sale.cashbox.list").result

    assert (row["ID"], row["SORT"], row["DATE_CREATE"]) == ("1", "100", {})
    assert not {"SETTINGS", "REST_CODE", "HANDLER"} & set(row)
    assert shop.call("sale.cashbox.list", {"SELECT": ["SETTINGS"]}).error == (400, "")


def test_the_same_seed_chooses_the_same_registers(open_portal: Open, gateway: Gateway) -> None:
    def chosen() -> list[str]:
        portal = open_portal()
        with_cashbox(portal, gateway.url, NUMBER_KKM="A")
        second = {"NAME": "2", "REST_CODE": "POSAPP", "EMAIL": "e", "ACTIVE": "Y", "NUMBER_KKM": "B"}
        portal.call("sale.cashbox.add", second)
        payment = portal.order(9071)["payments"][0]["id"]
        before = len(gateway.came)
        for _ in range(8):
            portal.sim("checks", {"type": "sell", "payment": payment})
        return [came.form["number_kkm"] for came in gateway.came[before:]]

    assert chosen() == chosen()
