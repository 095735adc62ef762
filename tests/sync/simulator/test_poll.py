"""The site poll over HTTP: registration, hand-out in three versions, results, re-delivery, Z-reports, the long hold."""

from __future__ import annotations

import base64
import json
import threading
from decimal import Decimal
from typing import Any

import pytest

from tests.sync.simulator.conftest import Open, Wire, small_shop

Row = dict[str, Any]
QUICK = {"options": {"poll_hold_s": 0, "poll_look_s": 0.02}}
PAYS = {"paySystems": [{"ID": number, "CAN_PRINT_CHECK": "Y"} for number in (1, 2, 4)]}
QR = "t=20260309T090101&s=3983.59&fn=9999078900001234&i=4711&fp=0123456789&n=1"
CODE = "0104600494700009215Xy/9zTq!GFo\x1d91EE11\x1d92abcd"


def link(portal: Wire) -> str:
    return f"/bitrix/tools/sale_check_print.php?hash={portal.server.portal.access.poll_hash}"


def send(portal: Wire, body: Row) -> Row:
    reply = portal.send("POST", link(portal), json.dumps(body).encode(), {"Content-Type": "application/json"})
    assert reply.status == 200, reply.body
    told = reply.json
    assert isinstance(told, dict)
    return told


def poll(portal: Wire, *numbers: str, version: str | None = "3", printed: list[Row] | None = None,
         status: str = "ok") -> Row:  # fmt: skip
    """One round of a till with these registers; the first one brings results."""
    kkm: list[Row] = [{"zn": zn, "fn": "9999078900001234", "status": status, "cache": 100.5, "reg_income": 300,
                       "nz_sum": 5000} for zn in numbers or ("A",)]  # fmt: skip
    if printed is not None:
        kkm[0]["printed"] = printed
    return send(portal, {"kkm": kkm} if version is None else {"api_version": version, "kkm": kkm})


def pay(portal: Wire, payment_id: int = 71) -> None:
    fields = {"paySystemId": 1, "paid": "Y"}
    assert portal.call("sale.payment.update", {"id": payment_id, "fields": fields}).status == 200


def order(portal: Wire, **wanted: Any) -> Row:
    told = portal.sim("checks", wanted)["check"]
    assert isinstance(told, dict)
    return told


def checks(portal: Wire) -> list[Row]:
    found = portal.sim("checks")["checks"]
    assert isinstance(found, list)
    return found


def switch_on(portal: Wire, *numbers: str, version: str | None = "3") -> Wire:
    """Let the site meet the registers, and the administrator switch them on."""
    portal.sim("settings", {**QUICK, **PAYS})
    poll(portal, *numbers, version=version)
    for number in numbers or ("A",):
        portal.sim("cashboxes", {"NUMBER_KKM": number, "ACTIVE": "Y", "KKM_ID": "atol"})
    return portal


# ---------------------------------------------------------------------------------------------- coming in
def test_the_hash_is_the_only_credential(till: Wire) -> None:
    till.sim("settings", QUICK)
    for path in ("?hash=" + "0" * 32, "?hash=", ""):
        reply = till.send("POST", "/bitrix/tools/sale_check_print.php" + path, b"{}")
        assert (reply.status, reply.body) == (403, b"")
    assert till.send("POST", link(till), b"").json == {}
    assert till.send("POST", link(till), b"{not json").status == 500


def test_a_register_that_the_site_has_never_seen_is_added_and_stays_off(till: Wire) -> None:
    till.sim("settings", {**QUICK, **PAYS})
    pay(till)
    assert poll(till, "A", "B") == {}
    assert poll(till, "A", "B") == {}

    told = till.sim("checks")
    rows = [(row["NUMBER_KKM"], row["ACTIVE"], row["ENABLED"]) for row in told["cashboxes"]]
    assert rows == [("A", "N", "Y"), ("B", "N", "Y")]
    assert [row["HANDLER"] for row in told["cashboxes"]] == ["\\Bitrix\\Sale\\Cashbox\\CashboxBitrixV3"] * 2
    first = told["reports"][0]
    assert (first["status"], first["cashSum"], first["cashlessSum"], first["cumulativeSum"]) == (
        "Y", Decimal("100.5"), Decimal("199.5"), 5000)  # fmt: skip
    assert till.call("sale.cashbox.list").result[0]["NUMBER_KKM"] == "A"


def test_what_status_tells_counts_from_the_next_round_on(till: Wire) -> None:
    switch_on(till)
    order(till, type="sell", payment=71)
    order(till, type="sell", payment=71)

    assert len(poll(till, status="error")["print"]) == 2  # still enabled when it was looked at
    till.clock.turn(300)
    assert poll(till) == {}  # and now not yet
    assert len(poll(till)["print"]) == 2


@pytest.mark.parametrize(
    "version, handler", [("3", "CashboxBitrixV3"), ("2", "CashboxBitrixV2"), (None, "CashboxBitrix")]
)
def test_the_version_picks_the_handler_and_changes_it(till: Wire, version: str | None, handler: str) -> None:
    switch_on(till, version="2" if version == "3" else "3")
    poll(till, version=version)

    assert till.sim("checks")["cashboxes"][0]["HANDLER"].endswith("\\" + handler)


# ---------------------------------------------------------------------------------------------- the vocabularies
def test_a_check_of_version_3(till: Wire) -> None:
    switch_on(till)
    pay(till)

    [task] = poll(till)["print"]
    assert task == {
        "type": "sell", "timestamp": "09.03.2026 09:00:00", "external_id": "check|shop.practice.test|1|1773036000",
        "taxationType": "osn", "zn": "A", "clientInfo": {"emailOrPhone": None},
        "payments": [{"type": "cash", "sum": Decimal("3983.59")}], "total": Decimal("3983.59"),
        "items": [
            {"type": "position", "name": "Термос", "price": 1710, "quantity": 2, "amount": 3420,
             "paymentMethod": "fullPayment", "paymentObject": "commodity", "tax": {"type": "none"},
             "measurementUnit": 0},
            {"type": "position", "name": "Сыр", "price": Decimal("812.4"), "quantity": Decimal("0.386"),
             "amount": Decimal("313.59"), "paymentMethod": "fullPayment", "paymentObject": "commodity",
             "tax": {"type": "none"}, "measurementUnit": 11},
            {"type": "position", "name": "Доставка", "price": 250, "quantity": 1, "amount": 250,
             "paymentMethod": "fullPayment", "paymentObject": "service", "tax": {"type": "none"},
             "measurementUnit": 0},
        ],
    }  # fmt: skip


def test_the_trap_of_2026_a_rate_of_22_arrives_as_none_until_somebody_types_its_code(till: Wire) -> None:
    switch_on(till)
    till.sim("settings", {"vatCodes": {"3": "vat22"}})
    order(till, type="sell", payment=71)

    assert poll(till)["print"][0]["items"][0]["tax"] == {"type": "vat22"}


@pytest.mark.parametrize("rate, kind, code", [(10, "sell", "vat10"), (20, "sell", "vat20"), (0, "sell", "vat0"),
                                              (None, "sell", "vat0"), (10, "fullprepayment", "vat110"),
                                              (20, "prepayment", "vat120"), (22, "fullprepayment", "none"),
                                              (5, "sell", "none"), (7, "sell", "none")])  # fmt: skip
def test_the_built_in_table_knows_three_rates(open_portal: Open, rate: int | None, kind: str, code: str) -> None:
    document = small_shop(vats=[{"id": 41, "name": "НДС", "rate": rate, "active": "Y"}])
    document["products"][0]["vatId"] = 41
    portal = switch_on(open_portal(document))
    order(portal, type=kind, payment=71)

    assert poll(portal)["print"][0]["items"][0]["tax"] == {"type": code}


def test_marked_goods_in_both_vocabularies(till: Wire) -> None:
    switch_on(till)
    till.sim("settings", {"marking": {"products": {"7": "5048"}, "codes": {"61": [CODE, CODE]}}})
    order(till, type="sellreturn", payment=71)
    order(till, type="sell", payment=71)

    back, sold = poll(till)["print"]
    assert (back["type"], sold["type"]) == ("sellReturn", "sell")
    imc = base64.b64encode(CODE.encode()).decode()
    assert sold["items"][0]["imcParams"] == {"imcType": "auto", "imc": imc, "itemEstimatedStatus": "itemPieceSold",
                                             "imcModeProcessing": 0}  # fmt: skip
    assert back["items"][0]["imcParams"]["itemEstimatedStatus"] == "itemPieceReturn"
    assert (sold["validateMarkingCodes"], sold["items"][0]["paymentObject"]) == (True, "commodityWithMarking")
    assert "nomenclatureCode" not in sold["items"][0]
    assert (sold["items"][0]["quantity"], sold["items"][1]["quantity"]) == (1, 1)

    till.clock.turn(300)
    poll(till, version="2")
    [back, _] = poll(till, version="2")["print"]
    tag = base64.b64decode(back["items"][0]["nomenclatureCode"])
    assert tag == b"DM\x04\x2f\x22\xda\x35\xe95Xy/9zTq!GFo\x1d"
    assert not {"imcParams", "measurementUnit"} & set(back["items"][0])
    assert (back["items"][0]["paymentObject"], "validateMarkingCodes" in back) == ("commodity", False)


@pytest.mark.parametrize(
    "wanted, told, told_2",
    [("commodity_marking_excise", "exciseWithMarking ", "excise"),
     ("commodity_marking_no_marking_excise", "exciseWithoutMarking ", "excise"),
     ("commodity_marking_no_marking", "commodityWithoutMarking ", "commodity"),
     ("commodity_marking", "commodityWithMarking", "commodity"), ("excise", "excise", "excise"), ("job", "job", "job"),
     ("agent_commission", "agentCommission", "agentCommission"), ("another", "another", "another")],
)  # fmt: skip
def test_what_a_sites_own_code_makes_of_a_line(till: Wire, wanted: str, told: str, told_2: str) -> None:
    """Three of the objects end with a space in version 3: the kernel's table spells them so."""
    switch_on(till)
    till.sim("settings", {"marking": {"objects": {"7": wanted}}})
    order(till, type="sell", payment=71)
    assert poll(till)["print"][0]["items"][0]["paymentObject"] == told
    poll(till, version="2")
    till.clock.turn(300)

    assert poll(till, version="2")["print"][0]["items"][0]["paymentObject"] == told_2


def test_a_check_of_the_old_version(open_portal: Open) -> None:
    document = small_shop()
    document["orders"][0]["basketItems"][0]["discountPrice"] = 190
    document["products"][1]["vatId"] = 5
    portal = switch_on(open_portal(document), version=None)
    order(portal, type="sellreturncash", payment=71)

    [task] = poll(portal, version=None)["print"]
    assert task == {
        "type": 2, "uuid": "check|shop.practice.test|1|1773036000", "zn": "A",
        "timestamp": "1773036000", "client": None, "payments": [{"type": 0, "value": Decimal("3983.59")}],
        "items": [
            {"name": "Термос", "price": 1900, "quantity": 2, "VAT": 4, "discount": 380, "discount_type": 0},
            {"name": "Сыр", "price": Decimal("812.4"), "quantity": Decimal("0.386"), "VAT": 2},
            {"name": "Доставка", "price": 250, "quantity": 1, "VAT": 4},
        ],
    }  # fmt: skip


def test_the_old_version_takes_advances_from_the_whole_portal(till: Wire) -> None:
    switch_on(till, version="3")
    order(till, type="advancepayment", payment=71)  # made while the register spoke FFD 1.05
    poll(till, version=None)

    assert poll(till, version=None) == {}  # nothing that FFD 1.0 could say – and yet it is in print now
    assert checks(till)[0]["status"] == "P"
    assert till.sim("checks", {"type": "advancepayment", "payment": 71})["check"] is None


def test_an_agent_is_told_to_a_register(till: Wire) -> None:
    switch_on(till)
    agent = {"phones": ["+74950000000"], "name": "ООО Агент", "inn": "7700000000"}
    till.sim("settings", {"marking": {"extra": {"7": {"supplier_info": agent}}}})
    order(till, type="sell", payment=71)

    told = poll(till)["print"][0]["items"]
    assert told[0]["supplierInfo"] == {"phones": ["+74950000000"], "name": "ООО Агент", "vatin": "7700000000"}
    assert "supplierInfo" not in told[1]


def test_an_old_php_writes_floats_in_seventeen_digits(till: Wire) -> None:
    switch_on(till)
    till.sim("settings", {"options": {"serialize_precision": 17}})
    order(till, type="sell", payment=71)
    reply = till.send("POST", link(till), b'{"api_version": "3", "kkm": [{"zn": "A", "status": "ok"}]}')

    assert b'"price":812.39999999999998,' in reply.body
    assert b'"total":3983.5900000000001' in reply.body
    assert b'"price":1710,' in reply.body


@pytest.mark.parametrize("code, unit", [("796", 0), ("166", 11), ("112", 41), ("778", 255), ("999", 0), ("", 0)])
def test_a_measure_of_the_catalogue_has_its_tag_and_any_other_is_pieces(
    open_portal: Open, code: str, unit: int
) -> None:
    document = small_shop()
    document["orders"][0]["basketItems"][0]["measureCode"] = code
    portal = switch_on(open_portal(document))
    order(portal, type="sell", payment=71)

    assert poll(portal)["print"][0]["items"][0]["measurementUnit"] == unit


def test_rounding_is_spread_so_that_the_lines_make_the_total(open_portal: Open) -> None:
    document = small_shop()
    document["orders"][0]["basketItems"] = [
        {"id": 61, "productId": 7, "name": "Болт", "price": 0.333, "quantity": 10, "vatRate": 0.22},
    ]  # fmt: skip
    portal = switch_on(open_portal(document))
    order(portal, type="sell", payment=71)

    [task] = poll(portal)["print"]
    bolts = [(row["price"], row["quantity"], row["amount"]) for row in task["items"][:2]]
    assert bolts == [(Decimal("0.33"), 9, Decimal("2.97")), (Decimal("0.36"), 1, Decimal("0.36"))]
    assert sum(row["amount"] for row in task["items"]) == task["total"] == Decimal("253.33")


@pytest.mark.parametrize(
    "wants, told", [("PHONE", "+79990001122"), ("EMAIL", "anna@example.test"), ("NONE", "anna@example.test")]
)
def test_whom_the_receipt_goes_to(open_portal: Open, wants: str, told: str) -> None:
    document = small_shop()
    document["orders"][0]["propertyValues"] = [{"id": 91, "orderPropsId": 2, "value": "anna@example.test"},
                                               {"id": 92, "orderPropsId": 3, "value": "7 (999) 000-11-22"}]  # fmt: skip
    portal = switch_on(open_portal(document))
    portal.sim("settings", {"options": {"client_info": wants}})
    order(portal, type="sell", payment=71)

    assert poll(portal)["print"][0]["clientInfo"] == {"emailOrPhone": told}


# ---------------------------------------------------------------------------------------------- results
def test_a_result_is_acknowledged_and_nothing_else_comes_with_it(till: Wire) -> None:
    switch_on(till)
    order(till, type="sell", payment=71)
    order(till, type="sell", payment=71)
    uuid = poll(till)["print"][0]["external_id"]
    order(till, type="sell", payment=71)
    done = {"uuid": uuid, "code": 0, "qr": QR, "rn": "0000000001012345"}

    assert poll(till, printed=[done]) == {"ack": [uuid]}
    assert len(poll(till)["print"]) == 1  # what waits comes with the next round
    check = checks(till)[0]
    assert check["status"] == "Y"
    assert check["linkParams"] == {
        "doc_time": 1773036061, "doc_sum": "3983.59", "fn_number": "9999078900001234", "fiscal_doc_number": "4711",
        "fiscal_doc_attr": "0123456789", "calculated_sign": "income", "reg_number_kkt": "0000000001012345",
    }  # fmt: skip
    assert check["link"] == QR

    assert poll(till, printed=[{**done, "qr": "t=1&fn=2"}]) == {"ack": [uuid]}  # again: taken, and nothing changed
    assert poll(till, printed=[{**done, "code": -3800, "message": "x"}]) == {"ack": [uuid]}
    assert checks(till)[0] == check


def test_without_seconds_the_time_is_wrong(till: Wire) -> None:
    switch_on(till)
    order(till, type="sell", payment=71)
    uuid = poll(till)["print"][0]["external_id"]
    poll(till, printed=[{"uuid": uuid, "code": 0, "qr": QR.replace("T090101", "T0901")}])

    assert checks(till)[0]["link"].startswith("t=20260309T000000&")


@pytest.mark.parametrize("code", [-3800, -3803, -3804, -3805, -3807, -3816, -3896, -3897, -4026, "-3800"])
def test_some_failures_are_final(till: Wire, code: Any) -> None:
    switch_on(till)
    pay(till)
    uuid = poll(till)["print"][0]["external_id"]

    assert poll(till, printed=[{"uuid": uuid, "code": code, "message": "нет бумаги"}]) == {"ack": [uuid]}
    assert (checks(till)[0]["status"], checks(till)[0]["errorMessage"]) == ("E", "нет бумаги")
    assert till.order(501)["payments"][0]["marked"] == "Y"


def test_three_warnings_are_not_acknowledged_and_the_fourth_is_an_error(till: Wire) -> None:
    switch_on(till)
    order(till, type="sell", payment=71)
    uuid = poll(till)["print"][0]["external_id"]
    failed = [{"uuid": uuid, "code": -3905, "message": "занята"}]

    for count in (1, 2, 3):
        assert poll(till, printed=failed) == {}
        assert (checks(till)[0]["status"], checks(till)[0]["countFail"]) == ("P", count)
    assert poll(till, printed=failed) == {"ack": [uuid]}
    assert checks(till)[0]["status"] == "E"


@pytest.mark.parametrize(
    "result, status",
    [({"code": -1}, "Y"), ({"code": "0", "message": "всё хорошо"}, "P"), ({}, "Y"), ({"message": "?"}, "P"),
     ({"code": 0, "message": "да"}, "Y")],
)  # fmt: skip
def test_how_a_failure_is_told_from_a_success(till: Wire, result: Row, status: str) -> None:
    """A code other than the number 0 *and* a message: one without the other is a success, or a warning at most."""
    switch_on(till)
    order(till, type="sell", payment=71)
    uuid = poll(till)["print"][0]["external_id"]
    poll(till, printed=[{"uuid": uuid, **result}])

    assert checks(till)[0]["status"] == status


def test_unknown_uuids_are_not_acknowledged(till: Wire) -> None:
    switch_on(till)
    order(till, type="sell", payment=71)
    strange = [{"uuid": uuid, "code": 0, "qr": QR} for uuid in ("check|x|99|1", "report|x|99|1", "x", "", None, 7)]

    assert len(poll(till, printed=strange)["print"]) == 1
    # of a uuid only the kind and the id are read
    assert poll(till, printed=[{"uuid": "check|any|1", "code": 0, "qr": QR}]) == {"ack": ["check|any|1"]}


# ---------------------------------------------------------------------------------------------- again
def test_at_most_five_checks_come_in_a_round(till: Wire) -> None:
    switch_on(till, "A", "B")
    for _ in range(7):
        order(till, type="sell", payment=71)

    rounds = [len(poll(till, "A", "B").get("print", [])) for _ in range(3)]
    assert rounds == [5, 2, 0]


def test_after_four_minutes_it_comes_at_every_poll_under_another_uuid(till: Wire) -> None:
    switch_on(till)
    order(till, type="sell", payment=71)
    first = poll(till)["print"][0]["external_id"]
    till.clock.turn(240)
    assert poll(till) == {}
    till.clock.turn(1)
    again = [poll(till)["print"][0]["external_id"] for _ in range(2)]

    assert again == ["check|shop.practice.test|1|1773036241"] * 2
    assert first == "check|shop.practice.test|1|1773036000"
    assert checks(till)[0]["uuids"] == [first, *again]
    till.sim("settings", {"options": {"uuid_parts": 3}})
    assert poll(till)["print"][0]["external_id"] == "check|shop.practice.test|1"


def test_it_comes_to_another_register_where_there_is_one(till: Wire) -> None:
    switch_on(till, "A", "B")
    order(till, type="sell", payment=71)
    first = poll(till, "A", "B")["print"][0]["zn"]
    till.clock.turn(241)

    assert {poll(till, "A", "B")["print"][0]["zn"], first} == {"A", "B"}
    other = "A" if first == "B" else "B"
    assert poll(till, other)["print"][0]["zn"] == other  # alone it keeps it


def test_a_manager_prints_again_only_what_failed(till: Wire) -> None:
    switch_on(till)
    order(till, type="sell", payment=71)
    uuid = poll(till)["print"][0]["external_id"]
    assert till.send("POST", "/_sim/checks", b'{"reprint": 1}').status == 400
    poll(till, printed=[{"uuid": uuid, "code": -3800, "message": "x"}])
    till.clock.turn(10)
    order(till, reprint=1)

    [task] = poll(till)["print"]
    assert task["external_id"] == "check|shop.practice.test|1|1773036010"


# ---------------------------------------------------------------------------------------------- the hold
def test_the_site_holds_until_there_is_something(till: Wire) -> None:
    switch_on(till)
    till.sim("settings", {"options": {"poll_hold_s": 60, "poll_look_s": 0.02}})
    told: list[Row] = []
    poller = threading.Thread(target=lambda: told.append(poll(till)))
    poller.start()
    order(till, type="sell", payment=71)
    poller.join(20)

    assert [task["zn"] for task in told[0]["print"]] == ["A"]


def test_the_hold_ends_with_nothing(till: Wire) -> None:
    switch_on(till)
    till.sim("settings", {"options": {"poll_hold_s": 0.1}})

    assert poll(till) == {}
    assert poll(till, "UNKNOWN") == {}
    assert send(till, {"api_version": "3", "kkm": []}) == {}


# ---------------------------------------------------------------------------------------------- Z-reports
def test_a_z_report_is_ordered_by_hand_repeated_and_confirmed(till: Wire) -> None:
    switch_on(till)
    assert till.sim("reports", {"cashbox": 1})["status"] == "N"
    [told] = poll(till)["reports"]
    assert told == {"type": 1, "uuid": "report|shop.practice.test|2|1773036000", "timestamp": "1773036000", "zn": "A"}
    assert poll(till) == {}
    till.clock.turn(301)
    [again] = poll(till)["reports"]

    done = {"uuid": again["uuid"], "code": 0, "payments_cache": 1500.5, "reg_income": 4000, "reg_return": 0,
            "nz_sum": 9000, "qr": QR}  # fmt: skip
    assert poll(till, printed=[done]) == {"ack": [again["uuid"]]}
    assert poll(till, printed=[done]) == {"ack": [again["uuid"]]}
    report = till.sim("checks")["reports"][1]
    assert (report["status"], report["cashSum"], report["cashlessSum"], report["cumulativeSum"]) == (
        "Y", Decimal("1500.5"), Decimal("2499.5"), 9000)  # fmt: skip


def test_a_z_report_comes_by_the_clock_when_something_was_printed(till: Wire) -> None:
    switch_on(till)
    till.sim("settings", {"options": {"z_report_time": "23:30"}})
    till.sim("clock", {"now": "2026-03-09T23:40:00+03:00"})
    assert poll(till) == {}  # nothing was printed
    order(till, type="sell", payment=71)
    poll(till)
    till.sim("clock", {"now": "2026-03-10T23:29:00+03:00"})
    assert "reports" not in poll(till)
    till.sim("clock", {"advance_s": 120})

    assert poll(till)["reports"][0]["type"] == 1


def test_a_z_report_that_fails_four_times_is_an_error(till: Wire) -> None:
    switch_on(till)
    till.sim("reports", {"cashbox": 1})
    uuid = poll(till)["reports"][0]["uuid"]
    failed = [{"uuid": uuid, "code": -1, "message": "занята"}]

    assert [poll(till, printed=failed) for _ in range(4)] == [{}, {}, {}, {"ack": [uuid]}]
    assert till.sim("checks")["reports"][1]["status"] == "E"


# ---------------------------------------------------------------------------------------------- both kinds at once
def test_beside_a_rest_cashbox_a_polling_register_gets_nothing(till: Wire) -> None:
    switch_on(till)
    settings = {"PRINT_URL": "http://127.0.0.1:1/p", "CHECK_URL": "http://127.0.0.1:1/c", "SUPPORTS_FFD105": "Y",
                "CONFIG": {"A": {"ITEMS": {"B": {"TYPE": "STRING"}}}}}  # fmt: skip
    till.call("sale.cashbox.handler.add", {"CODE": "X", "NAME": "x", "SETTINGS": settings})
    till.call("sale.cashbox.add", {"NAME": "x", "REST_CODE": "X", "EMAIL": "x", "ACTIVE": "Y"})
    pay(till)

    assert poll(till) == {}
    assert checks(till)[0]["status"] == "E"  # there was no gateway
