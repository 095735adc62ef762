"""CHECK_URL, its agent, and `sale.cashbox.check.apply`: how the portal learns what became of a check (5.5, 5.6)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.simulator.gateways import Came, Gateway, http, ok, with_cashbox

Row = dict[str, Any]
PRINTS = {"paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "Y"}], "options": {"read_timeout_s": 5}}
MARKS = {"REG_NUMBER_KKT": "0000000001012345", "FISCAL_DOC_ATTR": "0123456789", "FISCAL_DOC_NUMBER": 4711,
         "FISCAL_RECEIPT_NUMBER": 7, "FN_NUMBER": "9999078900001234", "SHIFT_NUMBER": 12,
         "PRINT_END_TIME": 1773036061}  # fmt: skip
STORED = {"reg_number_kkt": "0000000001012345", "fiscal_doc_attr": "0123456789", "fiscal_doc_number": 4711,
          "fiscal_receipt_number": 7, "fn_number": "9999078900001234", "shift_number": 12, "doc_sum": "3983.59",
          "doc_time": 1773036061, "calculated_sign": "income"}  # fmt: skip


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture
def printing(till: Any, gateway: Gateway) -> Any:
    """A portal with one check in print under the UUID `u-1`."""
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)
    _pay(till, 71)
    return till


def _pay(portal: Any, payment_id: int) -> None:
    fields = {"paySystemId": 1, "paid": "Y"}
    assert portal.call("sale.payment.update", {"id": payment_id, "fields": fields}).status == 200


def _check(portal: Any) -> Row:
    found = portal.sim("checks")["checks"][0]
    assert isinstance(found, dict)
    return found


def _apply(portal: Any, **parameters: Any) -> Any:
    return portal.call("sale.cashbox.check.apply", {"UUID": "u-1", **parameters})


# ---------------------------------------------------------------------------------------------- CHECK_URL
@pytest.mark.parametrize(
    "answer, status, is_stored",
    [
        (ok({"STATUS": "WAIT"}), "P", False),
        (ok({"status": "WAIT"}), "P", False),
        (ok({"STATUS": "DONE", **MARKS, "UUID": "another"}), "Y", True),
        (ok({"STATUS": "PRINTED", **MARKS}), "Y", True),
        (ok({"STATUS": "ERROR", "ERROR": "нет бумаги"}), "E", False),
        # trap 3: everything else is "printed", with nothing to show for it
        (ok({"STATUS": "wait"}), "Y", False),
        (ok({}), "Y", False),
        (http(200, b"<html>"), "Y", False),
        (http(404, b'{"STATUS": "WAIT"}'), "Y", False),
        (http(500), "Y", False),
        (http(503, b'{"STATUS": "ERROR"}'), "Y", False),
        (None, "Y", False),
    ],
)  # fmt: skip
def test_what_an_answer_does(
    printing: Any, gateway: Gateway, answer: bytes | None, status: str, is_stored: bool
) -> None:
    gateway.answer = lambda came: answer
    assert printing.sim("agent", {})["asked"] == [1]

    assert (gateway.came[1].line, gateway.came[1].body) == ("POST /check HTTP/1.1", b"uuid=u-1")
    check = _check(printing)
    assert (check["status"], check["linkParams"] == STORED) == (status, is_stored)
    if status == "Y" and not is_stored:
        assert (check["linkParams"]["fn_number"], check["linkParams"]["doc_time"]) == (None, 0)
        assert check["link"].startswith("t=19700101T030000&")


@pytest.mark.parametrize("answer", [http(200, b'"WAIT"'), http(200, b"null"),
                                    ok({"STATUS": "DONE", "PRINT_END_TIME": "2026-03-09T09:00:00+03:00"})])  # fmt: skip
def test_a_fatal_answer_ends_the_run_of_the_agent(portal: Any, gateway: Gateway, answer: bytes) -> None:
    with_cashbox(portal, gateway.url)
    portal.sim("settings", {"paySystems": [{"ID": number, "CAN_PRINT_CHECK": "Y"} for number in (1, 2, 4)]})
    for number in (9071, 9072):
        payment = portal.order(number)["payments"][0]
        fields = {"paySystemId": payment["paySystemId"], "paid": "Y"}
        portal.call("sale.payment.update", {"id": payment["id"], "fields": fields})
    gateway.answer = lambda came: answer

    assert len(portal.sim("agent", {})["asked"]) == 1
    assert [check["status"] for check in portal.sim("checks")["checks"]] == ["P", "P"]


def test_trap_04_five_stuck_checks_starve_the_rest(open_portal: Any, gateway: Gateway) -> None:
    """Non-200 answers leave checks in print with no UUID: they are asked about for ever, with an empty body."""
    portal = open_portal(orders=20)
    with_cashbox(portal, gateway.url)
    portal.sim("settings", {"paySystems": [{"ID": number, "CAN_PRINT_CHECK": "Y"} for number in (1, 2, 4)]})
    gateway.answer = lambda came: http(500)
    numbers = [number for number in range(9071, 9091) if len(portal.order(number)["payments"]) == 1
               and portal.order(number)["canceled"] == "N" and portal.order(number)["payed"] == "N"][:9]  # fmt: skip
    for number in numbers:
        payment = portal.order(number)["payments"][0]
        fields = {"paySystemId": payment["paySystemId"], "paid": "Y"}
        portal.call("sale.payment.update", {"id": payment["id"], "fields": fields})
    assert [check["status"] for check in portal.sim("checks")["checks"]] == ["P"] * 9
    before = len(gateway.came)

    runs = [portal.sim("agent", {})["asked"] for _ in range(3)]
    assert len(runs[0]) == 5
    assert runs[0] == runs[1] == runs[2]
    assert runs[0] != sorted(runs[0])  # in no order
    assert {came.body for came in gateway.came[before:]} == {b""}
    assert [check["status"] for check in portal.sim("checks")["checks"]] == ["P"] * 9


def test_the_agent_runs_by_the_portals_clock(printing: Any, gateway: Gateway) -> None:
    asked = threading.Event()

    def answer(came: Came) -> bytes:
        asked.set()
        return ok({"STATUS": "WAIT"})

    gateway.answer = answer
    printing.sim("clock", {})  # the agent has been looked at once, so its two minutes run
    assert not asked.is_set()
    told = printing.sim("clock", {"advance_s": 121})
    assert told == {"now": "2026-03-09T09:02:01+03:00"}
    assert asked.wait(20)


def test_a_manager_may_ask_at_once(printing: Any, gateway: Gateway) -> None:
    gateway.answer = lambda came: ok({"STATUS": "DONE", **MARKS})

    assert printing.sim("checks", {"ask": 1})["check"]["status"] == "Y"


def test_planned_faults_hit_the_portals_own_calls(printing: Any, gateway: Gateway) -> None:
    printing.sim("faults", [{"method": "check_url", "do": "http", "value": 502}])
    printing.sim("agent", {})

    assert len(gateway.came) == 1  # never sent
    assert (_check(printing)["status"], _check(printing)["linkParams"]["fn_number"]) == ("Y", None)


def test_a_portal_without_network_reaches_nobody(printing: Any, gateway: Gateway) -> None:
    printing.sim("network", {"up": False})
    printing.sim("agent", {})

    assert (len(gateway.came), _check(printing)["status"]) == (1, "Y")


# ---------------------------------------------------------------------------------------------- apply
def test_a_result_is_applied(printing: Any) -> None:
    before = printing.order(501)
    printing.clock.turn(70)

    assert printing.call("sale.cashbox.check.apply", {"Uuid": "u-1", **{k.lower(): v for k, v in MARKS.items()}}).result
    check = _check(printing)
    assert (check["status"], check["linkParams"]) == ("Y", STORED)
    assert check["link"] == "t=20260309T090101&s=3983.59&fn=9999078900001234&i=4711&fp=0123456789&n=1"
    assert check["datePrintEnd"] == "2026-03-09T09:01:10+03:00"
    assert printing.order(501) == before  # neither payment nor status of the order


def test_trap_40_what_is_printed_is_never_changed(printing: Any) -> None:
    _apply(printing)
    empty = _check(printing)
    assert (empty["status"], empty["linkParams"]["fn_number"]) == ("Y", None)

    assert _apply(printing, **MARKS).result is True
    assert _apply(printing, STATUS="ERROR", ERROR="late").result is True
    assert _check(printing) == empty


def test_an_error_is_stored_and_told_as_one(printing: Any) -> None:
    reply = _apply(printing, STATUS="ERROR", ERROR="нет бумаги")

    assert reply.error == (400, "ERROR_CHECK_APPLY")
    assert (_check(printing)["status"], _check(printing)["errorMessage"]) == ("E", "нет бумаги")
    assert printing.order(501)["payments"][0]["marked"] == "Y"
    assert _apply(printing, **MARKS).result is True  # a late success is taken
    assert (_check(printing)["status"], _check(printing)["linkParams"]) == ("Y", STORED)


def test_wait_is_not_understood(printing: Any) -> None:
    assert _apply(printing, STATUS="WAIT").result is True
    assert _check(printing)["status"] == "Y"


@pytest.mark.parametrize("uuid", [None, "", "0", 0, []])
def test_without_a_uuid_nothing_is_looked_for(printing: Any, uuid: Any) -> None:
    assert _apply(printing, UUID=uuid).error == (400, "ERROR_CHECK_FAILURE")


def test_an_unknown_uuid_is_not_found(printing: Any) -> None:
    assert _apply(printing, UUID="u-2").error == (400, "ERROR_CHECK_NOT_FOUND")


@pytest.mark.parametrize("at", ["2026-03-09T09:00:00+03:00", "soon", ""])
def test_trap_54_the_time_is_a_unix_number(printing: Any, at: str) -> None:
    reply = _apply(printing, **{**MARKS, "PRINT_END_TIME": at})

    assert (reply.status, reply.headers["Content-Type"][:9]) == (500, "text/html")
    assert _check(printing)["status"] == "P"


@pytest.mark.parametrize("at, stored", [("1773036061", 1773036061), (1773036061, 1773036061), (None, 0)])
def test_a_number_as_text_is_one_and_nothing_is_1970(printing: Any, at: Any, stored: int) -> None:
    assert _apply(printing, **{**MARKS, "PRINT_END_TIME": at}).result is True
    assert _check(printing)["linkParams"]["doc_time"] == stored


def test_of_two_checks_with_one_uuid_the_first_is_taken(portal: Any, gateway: Gateway) -> None:
    with_cashbox(portal, gateway.url)
    portal.sim("settings", {"paySystems": [{"ID": number, "CAN_PRINT_CHECK": "Y"} for number in (1, 2, 4)]})
    for number in (9071, 9072):
        payment = portal.order(number)["payments"][0]
        fields = {"paySystemId": payment["paySystemId"], "paid": "Y"}
        portal.call("sale.payment.update", {"id": payment["id"], "fields": fields})
    _apply(portal, **MARKS)

    assert [check["status"] for check in portal.sim("checks")["checks"]] == ["Y", "P"]


def test_a_form_applies_too(printing: Any) -> None:
    assert printing.form("sale.cashbox.check.apply", "UUID=u-1&FN_NUMBER=0007&PRINT_END_TIME=1773036061").result is True
    assert _check(printing)["linkParams"]["fn_number"] == "0007"
