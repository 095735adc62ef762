"""Which checks there are and what they say: automatic ones, a manager's, lines, validation (reference 5.3, 5.8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.sync.simulator.access import Access
from posapp.sync.simulator.fiscal import CHECK_TYPES
from posapp.sync.simulator.limits import Limiter
from posapp.sync.simulator.outgoing import Errand, Reply
from posapp.sync.simulator.portal import Portal, Request
from posapp.sync.simulator.shop import load_shop
from tests.sync.simulator.conftest import Open, small_shop
from tests.sync.simulator.gateways import Gateway, ok, with_cashbox

Row = dict[str, Any]
PAYS = {"paySystems": [{"ID": number, "CAN_PRINT_CHECK": "Y"} for number in (1, 2, 4)]}
INNER = {"ID": 9, "NAME": "Внутренний счёт", "IS_CASH": "N", "CAN_PRINT_CHECK": "N", "ACTION_FILE": "inner"}
CODE = "0104600494700009215Xy/9zTq!GFo\x1d91EE11\x1d92abcd"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    numbers = iter(range(1, 1000))
    gateway = Gateway(lambda came: ok({"UUID": f"u-{next(numbers)}"}))
    yield gateway
    gateway.close()


@pytest.fixture
def shop(till: Any, gateway: Gateway) -> Any:
    """The small shop with a REST cashbox; every pay system prints."""
    with_cashbox(till, gateway.url)
    till.sim("settings", PAYS)
    return till


def pay(portal: Any, payment_id: int = 71, **fields: Any) -> Any:
    return portal.call("sale.payment.update", {"id": payment_id, "fields": {"paySystemId": 1, "paid": "Y", **fields}})


def ship(portal: Any, deducted: str = "Y") -> Any:
    fields = {
        "allowDelivery": "Y",
        "deducted": deducted,
        "deliveryId": 1,
        "priceDelivery": 250,
        "basePriceDelivery": 250,
    }
    return portal.call("sale.shipment.update", {"id": 81, "fields": fields})


def order(portal: Any, **wanted: Any) -> Row:
    told = portal.sim("checks", wanted)
    assert isinstance(told, dict)
    return told


def lines(gateway: Gateway, number: int = -1) -> list[dict[str, str]]:
    """The items of a request; what is nested in them, discounts and properties, is left out."""
    found: list[dict[str, str]] = []
    for name, value in gateway.came[number].form.items():
        if name.startswith("items[") and name.count("[") == 2:
            place, _, field = name[6:-1].partition("][")
            if int(place) == len(found):
                found.append({})
            found[int(place)][field] = value
    return found


def payments(gateway: Gateway, number: int = -1) -> list[tuple[str, str | None, str]]:
    form = gateway.came[number].form
    count = sum(name.endswith("][sum]") for name in form if name.startswith("payments["))
    return [(form[f"payments[{n}][type]"], form.get(f"payments[{n}][is_cash]"), form[f"payments[{n}][sum]"])
            for n in range(count)]  # fmt: skip


# ---------------------------------------------------------------------------------------------- by itself
@pytest.mark.parametrize(
    "option, steps, sent",
    [
        ("sell", "pay", ["sell"]),
        ("sell", "pay ship", ["sell"]),
        ("sell", "ship pay", ["credit", "creditpayment"]),
        ("prepayment", "pay", ["fullprepayment"]),
        ("prepayment", "pay ship", ["fullprepayment", "sell"]),
        ("advance", "pay ship", ["advancepayment", "sell"]),
        ("advance", "ship pay", ["credit", "creditpayment"]),
    ],
)
def test_table_5_8(shop: Any, gateway: Gateway, option: str, steps: str, sent: list[str]) -> None:
    shop.sim("settings", {"options": {"check_type_on_pay": option}})
    for step in steps.split():
        assert (pay(shop) if step == "pay" else ship(shop)).status == 200

    assert [came.form["type"] for came in gateway.came] == sent


def test_trap_79_after_any_check_there_is_no_other_by_itself(shop: Any, gateway: Gateway) -> None:
    gateway.answer = lambda came: ok({"ERRORS": ["нет бумаги"]})
    pay(shop)
    pay(shop, paid="N")
    pay(shop)

    assert len(gateway.came) == 1
    assert [check["status"] for check in shop.sim("checks")["checks"]] == ["E"]


@pytest.mark.parametrize("active", ["N", "Y"])
def test_no_check_without_an_active_register_or_with_a_pay_system_that_does_not_print(
    till: Any, gateway: Gateway, active: str
) -> None:
    with_cashbox(till, gateway.url, active=active)
    till.sim("settings", {"paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "N" if active == "Y" else "Y"}]})
    pay(till)
    ship(till)

    assert gateway.came == []
    assert till.sim("checks")["checks"] == []


def test_trap_80_a_bonus_beside_the_payment_makes_an_advance(open_portal: Open, gateway: Gateway) -> None:
    document = small_shop()
    document["orders"][0]["payments"] = [{"id": 71, "paySystemId": 1, "sum": 3483.59},
                                         {"id": 72, "paySystemId": 9, "sum": 500, "paid": "Y"}]  # fmt: skip
    portal = open_portal(document)
    with_cashbox(portal, gateway.url)
    portal.sim("settings", {"paySystems": [*PAYS["paySystems"], INNER]})
    pay(portal)

    assert (gateway.came[0].form["type"], gateway.came[0].form["total_sum"]) == ("advancepayment", "3483.59")
    ship(portal)  # paid, and the option is `sell`: nothing
    assert len(gateway.came) == 1


def test_two_payments_or_two_shipments_are_a_managers_business(open_portal: Open, gateway: Gateway) -> None:
    document = small_shop()
    document["orders"][0]["payments"] = [{"id": 71, "paySystemId": 1, "sum": 3000},
                                         {"id": 72, "paySystemId": 2, "sum": 983.59}]  # fmt: skip
    portal = open_portal(document)
    with_cashbox(portal, gateway.url)
    portal.sim("settings", PAYS)
    pay(portal)

    assert gateway.came == []


@pytest.mark.parametrize("ffd, total, sent", [("N", 3983.59, ["sell"]), (None, 3983.59, ["sell"]), ("N", 100, [])])
def test_trap_42_one_old_register_leaves_sell_alone(
    till: Any, gateway: Gateway, ffd: str | None, total: float, sent: list[str]
) -> None:
    with_cashbox(till, gateway.url, ffd=ffd)
    till.sim("settings", {**PAYS, "options": {"check_type_on_pay": "prepayment"}})
    pay(till, sum=total)
    ship(till)

    assert [came.form["type"] for came in gateway.came] == sent
    assert order(till, type="advancepayment", payment=71)["check"] is None
    assert order(till, type="sellreturn", payment=71)["check"] is not None or total == 100


def test_a_check_that_does_not_add_up_is_not_made(shop: Any, gateway: Gateway) -> None:
    pay(shop, sum="100")

    told = shop.sim("checks")
    assert (gateway.came, told["checks"]) == ([], [])
    assert told["notices"][-1]["text"] == "Сумма товаров не равна сумме оплат"


def test_trap_43_one_of_several_registers_is_chosen_by_chance(open_portal: Open, gateway: Gateway) -> None:
    portal = open_portal(orders=30)
    with_cashbox(portal, gateway.url, NUMBER_KKM="A")
    portal.call(
        "sale.cashbox.add", {"NAME": "2", "REST_CODE": "POSAPP", "EMAIL": "e", "ACTIVE": "Y", "NUMBER_KKM": "B"}
    )
    portal.sim("settings", PAYS)
    for number in range(9071, 9101):
        payment = portal.order(number)["payments"][0]
        portal.call("sale.payment.update", {"id": payment["id"], "fields": {
            "paySystemId": payment["paySystemId"], "paid": "Y"}})  # fmt: skip

    chosen = [came.form["number_kkm"] for came in gateway.came]
    assert len(chosen) > 15
    assert set(chosen) == {"A", "B"}


def test_a_restriction_binds_a_register_to_its_pay_systems(shop: Any, gateway: Gateway) -> None:
    row = {**shop.sim("checks")["cashboxes"][0], "RESTRICTIONS": {"PAY_SYSTEMS": [2]}}
    shop.sim("settings", {"cashboxes": [row]})
    pay(shop)

    assert gateway.came == []
    assert shop.sim("checks")["notices"][-1]["text"] == "Касса не найдена"


_moves = st.lists(st.sampled_from(["pay", "unpay", "ship", "unship", "print", "fail"]), max_size=12)


@settings(max_examples=60)
@given(_moves, st.sampled_from(["sell", "prepayment", "advance"]), st.booleans())
def test_no_history_makes_two_checks_of_one_thing_by_itself(moves: list[str], option: str, speaks_105: bool) -> None:
    """At most one for the payment and one for the shipment; every row the portal made has gone out exactly once."""
    now = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)
    portal = Portal(load_shop(small_shop(), now), Access(1), Limiter(None))
    shop, sent = portal.shop, []
    shop.options["check_type_on_pay"] = option
    shop.tables["paySystems"][0]["CAN_PRINT_CHECK"] = "Y"
    shop.tables["cashboxes"] = [{"ID": 1, "ACTIVE": "Y", "HANDLER": "CashboxRest",
                                 "SETTINGS": {"REST": {"REST_CODE": "X"}}}]  # fmt: skip
    settings_of = {"PRINT_URL": "http://x", "SUPPORTS_FFD105": "Y" if speaks_105 else "N"}
    shop.fiscal.handlers.append({"ID": 1, "CODE": "X", "NAME": "x", "SORT": 100, "APP_ID": "", "SETTINGS": settings_of})

    def carry(errand: Errand) -> None:
        sent.append(errand.request.body)
        errand.reply = Reply(200, b'{"ERRORS": ["x"]}' if move == "fail" else b'{"UUID": "u-%d"}' % len(sent))

    for move in moves:
        calls = {"pay": "sale.payment.update?id=71&fields[paySystemId]=1&fields[paid]=Y",
                 "fail": "sale.payment.update?id=71&fields[paySystemId]=1&fields[paid]=Y",
                 "unpay": "sale.payment.update?id=71&fields[paySystemId]=1&fields[paid]=N",
                 "print": f"sale.cashbox.check.apply?UUID=u-{len(sent)}"}  # fmt: skip
        shipped = "sale.shipment.update?id=81&fields[allowDelivery]=Y&fields[deliveryId]=1&fields[priceDelivery]=250"
        calls |= {"ship": shipped + "&fields[deducted]=Y", "unship": shipped + "&fields[deducted]=N"}
        if move in calls:
            method, _, query = calls[move].partition("?")
            portal.handle(Request("GET", f"/rest/1/{portal.access.webhook_secret}/{method}", query), now, carry)

    assert len(sent) == len(shop.checks)
    assert sum(check["paymentId"] == 71 for check in shop.checks) <= 1
    assert sum(check["shipmentId"] == 81 for check in shop.checks) <= 1
    assert {check["type"] for check in shop.checks} <= ({*CHECK_TYPES} if speaks_105 else {"sell"})


# ---------------------------------------------------------------------------------------------- a manager's
@pytest.mark.parametrize("kind", sorted(CHECK_TYPES))
def test_every_type_can_be_sent(shop: Any, gateway: Gateway, kind: str) -> None:
    part = {"shipment": 81} if kind.startswith("credit") and kind in ("credit", "creditreturn") else {"payment": 71}
    told = order(shop, type=kind, **part)

    assert told["check"]["status"] == "P"
    form = gateway.came[0].form
    sign = "consumption" if "return" in kind else "income"  # trap 9: a return of a sale, not a purchase
    assert (form["type"], form["calculated_sign"], form["operation"]) == (kind, sign, sign)
    methods = {line.get("payment_method") for line in lines(gateway)}
    expected = {"creditpaymentreturn": None, "creditpaymentreturncash": None}.get(kind, CHECK_TYPES[kind][1])
    assert methods == {expected}  # trap 10: the key is absent for two of the types
    assert (form["total_sum"], form["unique_id"]) == ("3983.59", "1")


@pytest.mark.parametrize("kind", ["sellreturncash", "prepaymentreturncash", "advancereturncash"])
def test_money_goes_back_in_cash(shop: Any, gateway: Gateway, kind: str) -> None:
    shop.call("sale.payment.update", {"id": 71, "fields": {"paySystemId": 2}})
    order(shop, type=kind.removesuffix("cash"), payment=71)
    order(shop, type=kind, payment=71)

    assert [payments(gateway, 0), payments(gateway, 1)] == [[("cashless", "N", "3983.59")], [("cash", "Y", "3983.59")]]


@pytest.mark.parametrize("kind, name", [("advancepayment", "Авансовый платёж"), ("creditpayment", "Оплата кредита")])
def test_trap_15_an_advance_is_one_line_without_vat(shop: Any, gateway: Gateway, kind: str, name: str) -> None:
    order(shop, type=kind, payment=71)

    method = "advance" if kind == "advancepayment" else "credit_payment"
    assert lines(gateway) == [{
        "name": name, "base_price": "3983.59", "price": "3983.59", "sum": "3983.59", "quantity": "1",
        "measure_code": "", "vat": "0", "vat_sum": "0", "payment_object": "payment", "payment_method": method,
    }]  # fmt: skip


def test_a_credit_has_one_payment_of_no_kind_of_money(shop: Any, gateway: Gateway) -> None:
    ship(shop)

    assert payments(gateway) == [("credit", None, "3983.59")]
    form = gateway.came[0].form
    assert ("payments[0][currency]" in form, form["currency"]) == (False, "RUB")


def test_trap_11_payments_set_off_are_advances(shop: Any, gateway: Gateway) -> None:
    shop.sim("settings", {"options": {"check_type_on_pay": "advance"}})
    pay(shop)
    ship(shop)

    assert (gateway.came[1].form["type"], payments(gateway)) == ("sell", [("advance", "Y", "3983.59")])


def test_a_part_payment_prints_every_line_in_its_share(shop: Any, gateway: Gateway) -> None:
    order_price, paid = 3983.59, 1000.0
    shop.call("sale.payment.update", {"id": 71, "fields": {"paySystemId": 1, "sum": paid}})
    order(shop, type="prepayment", payment=71)

    told = lines(gateway)
    share = [round(amount * paid / order_price, 2) for amount in (3420, 313.59)]
    assert [line["sum"] for line in told] == [f"{share[0]:.14G}", f"{share[1]:.14G}", "62.76"]
    assert sum(float(line["sum"]) for line in told) == pytest.approx(paid)
    assert {line["payment_object"] for line in told} == {"payment"}


def test_what_a_manager_asks_in_vain(shop: Any) -> None:
    for wanted, status in (({"type": "correction_sell", "payment": 71}, 400), ({"type": "sell", "payment": 99}, 404),
                           ({"type": "credit", "payment": 71}, 404), ({"reprint": 9}, 404), ({}, 400)):  # fmt: skip
        assert shop.send("POST", "/_sim/checks", json.dumps(wanted).encode()).status == status
    assert shop.sim("checks")["checks"] == []


def test_a_reprint_says_what_the_order_says_now(shop: Any, gateway: Gateway) -> None:
    gateway.answer = lambda came: ok({"ERRORS": ["x"]})
    order(shop, type="sell", payment=71)
    shop.call(
        "sale.basketitem.update", {"id": 61, "fields": {"name": "Термос синий", "quantity": 2, "customPrice": "Y"}}
    )
    gateway.answer = lambda came: ok({"UUID": "again"})
    order(shop, reprint=1)

    assert [lines(gateway, 0)[0]["name"], lines(gateway, 1)[0]["name"]] == ["Термос", "Термос синий"]


def test_a_check_can_be_deleted_until_it_is_printed(shop: Any) -> None:
    order(shop, type="sell", payment=71)
    order(shop, type="sell", payment=71)
    shop.call("sale.cashbox.check.apply", {"UUID": "u-2"})

    assert shop.send("POST", "/_sim/checks", b'{"delete": 2}').status == 400
    order(shop, delete=1)
    assert [check["id"] for check in shop.sim("checks")["checks"]] == [2]
    pay(shop)  # the second one is still there, so nothing comes by itself
    assert len(shop.sim("checks")["checks"]) == 1


# ---------------------------------------------------------------------------------------------- lines
def test_trap_08_the_product_cards_vat_beats_the_lines_and_free_lines_share_the_firsts(
    open_portal: Open, gateway: Gateway
) -> None:
    document = small_shop()
    document["products"][0]["vatId"] = 5  # 10 % on the card, 22 % in the line
    document["products"][1]["iblockId"] = 15  # nothing on the card: the catalogue's default, row 3
    document["orders"][0]["basketItems"] += [
        {"id": 63, "productId": 0, "name": "Услуга", "price": 100, "quantity": 1, "vatRate": 0.05},
        {"id": 64, "productId": 0, "name": "Работа", "price": 100, "quantity": 1, "vatRate": 0.1},
        {"id": 65, "productId": 777, "name": "Без строки", "price": 100, "quantity": 1, "vatRate": 0.2},
    ]  # fmt: skip
    portal = open_portal(document)
    with_cashbox(portal, gateway.url)
    order(portal, type="sell", payment=71)

    assert [line["vat"] for line in lines(gateway)] == ["5", "3", "11", "11", "0", "0"]


@pytest.mark.parametrize("counts, vat", [("N", "0"), ("Y", "3")])
def test_delivery_has_vat_only_where_it_is_counted(shop: Any, gateway: Gateway, counts: str, vat: str) -> None:
    shop.sim("settings", {"options": {"count_delivery_tax": counts, "delivery_vat": 3}})
    order(shop, type="sell", payment=71)

    assert lines(gateway)[2]["vat"] == vat
    assert not {"measure_code", "vat_sum"} & set(lines(gateway)[2])


def test_trap_49_a_net_price_comes_gross(open_portal: Open, gateway: Gateway) -> None:
    document = small_shop()
    document["orders"][0]["basketItems"] = [
        {"id": 61, "productId": 7, "name": "Термос", "price": 99.99, "quantity": 3, "vatRate": 0.22, "vatIncluded": "N",
         "discountPrice": 10},
    ]  # fmt: skip
    portal = open_portal(document)
    with_cashbox(portal, gateway.url)
    order(portal, type="sell", payment=71)

    assert lines(gateway)[0] == {
        "name": "Термос", "base_price": "134.1878", "price": "121.9878", "sum": "365.96", "currency": "RUB",
        "quantity": "3", "measure_code": "796", "vat": "3", "vat_sum": "65.9934", "payment_object": "commodity",
        "payment_method": "full_payment",
    }  # fmt: skip
    assert gateway.came[0].form["items[0][discount][discount]"] == "10"
    assert gateway.came[0].form["items[0][discount][discount_type]"] == "C"


def test_trap_12_and_16_marked_pieces_are_lines_of_one_with_raw_bytes(shop: Any, gateway: Gateway) -> None:
    shop.sim("settings", {"marking": {"products": {"7": "5048"}, "codes": {"61": [CODE, CODE + "2"]},
                                      "articles": {"7": "T-07"}}})  # fmt: skip
    order(shop, type="sell", payment=71)

    body = gateway.came[0].body
    # 44 4D, the GTIN 4600494700009 as 04 2F 22 DA 35 E9, then thirteen characters of serial, here with the separator
    assert b"items%5B0%5D%5Bnomenclature_code%5D=DM%04%2F%22%DA5%E95Xy%2F9zTq%21GFo%1D&" in body
    form = dict(part.split("=") for part in body.decode().split("&"))
    assert form["items%5B1%5D%5Bmarking_code%5D"].endswith("abcd2")
    assert [form[f"items%5B{n}%5D%5Bquantity%5D"] for n in (0, 1)] == ["1", "1"]
    assert [form[f"items%5B{n}%5D%5Bvat_sum%5D"] for n in (0, 1)] == ["616.72131147541"] * 2  # of the whole line
    assert form["items%5B0%5D%5Bpayment_object%5D"] == "commodity_marking"
    assert form["items%5B0%5D%5Bproperties%5D%5BARTNUMBER%5D"] == "T-07"


def test_what_a_sites_own_code_adds_goes_out(shop: Any, gateway: Gateway) -> None:
    agent = {"phones": ["+74950000000"], "name": "ООО Агент", "inn": "7700000000"}
    extra = {"7": {"barcode": "4600000000017", "supplier_info": agent, "additional_params": {"x": [1, None, True]}}}
    shop.sim("settings", {"marking": {"extra": extra, "objects": {"7": "excise"}}})
    order(shop, type="sell", payment=71)

    form = gateway.came[0].form
    assert (form["items[0][barcode]"], form["items[0][payment_object]"]) == ("4600000000017", "excise")
    assert form["items[0][supplier_info][phones][0]"] == "+74950000000"
    assert form["items[0][supplier_info][inn]"] == "7700000000"
    assert {key: form[key] for key in form if "additional_params" in key} == {
        "items[0][additional_params][x][0]": "1", "items[0][additional_params][x][2]": "1"}  # fmt: skip


def test_a_marked_piece_without_its_code_is_not_sent(shop: Any, gateway: Gateway) -> None:
    shop.sim("settings", {"marking": {"products": {"7": "5048"}, "codes": {"61": [CODE]}}})
    told = order(shop, type="sell", payment=71)

    assert (gateway.came, told["check"]) == ([], None)
    assert told["notices"][-1]["text"] == "Не указан код маркировки: Термос"
    assert order(shop, type="fullprepayment", payment=71)["check"] is not None  # a prepayment needs none


def test_trap_46_the_shop_itself_is_the_contact_of_a_buyer_without_one(open_portal: Open, gateway: Gateway) -> None:
    document = small_shop()
    document["orders"][0]["propertyValues"] = [{"id": 91, "orderPropsId": 1, "value": "Анна"}]
    portal = open_portal(document)
    with_cashbox(portal, gateway.url)
    order(portal, type="sell", payment=71)
    assert gateway.came[0].form["client_email"] == "shop@practice.test"
    assert "client_phone" not in gateway.came[0].form

    portal.sim("settings", {"options": {"shop_email": ""}})
    assert order(portal, type="sell", payment=71)["notices"][-1]["text"] == "Нет контактов покупателя"
