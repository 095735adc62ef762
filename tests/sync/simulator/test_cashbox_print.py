"""PRINT_URL: what the portal sends inside the call that pays, and what it makes of each answer (reference 5.3, 5.4)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.sync.simulator.gateways import Came, Gateway, http, ok, with_cashbox

Row = dict[str, Any]
PRINTS = {"paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "Y"}], "options": {"read_timeout_s": 5}}

# By hand from the rules of the reference: names in PHP's brackets, encoded, `+` for a space, 14 digits, nulls absent.
GOLDEN = (
    "type=sell&calculated_sign=income&unique_id=1&currency=RUB"
    "&items%5B0%5D%5Bname%5D=%D0%A2%D0%B5%D1%80%D0%BC%D0%BE%D1%81&items%5B0%5D%5Bbase_price%5D=1710"
    "&items%5B0%5D%5Bprice%5D=1710&items%5B0%5D%5Bsum%5D=3420&items%5B0%5D%5Bcurrency%5D=RUB"
    "&items%5B0%5D%5Bquantity%5D=2&items%5B0%5D%5Bmeasure_code%5D=796&items%5B0%5D%5Bvat%5D=3"
    "&items%5B0%5D%5Bvat_sum%5D=616.72131147541&items%5B0%5D%5Bpayment_object%5D=commodity"
    "&items%5B0%5D%5Bpayment_method%5D=full_payment"
    "&items%5B1%5D%5Bname%5D=%D0%A1%D1%8B%D1%80&items%5B1%5D%5Bbase_price%5D=812.4&items%5B1%5D%5Bprice%5D=812.4"
    "&items%5B1%5D%5Bsum%5D=313.59&items%5B1%5D%5Bcurrency%5D=RUB&items%5B1%5D%5Bquantity%5D=0.386"
    "&items%5B1%5D%5Bmeasure_code%5D=166&items%5B1%5D%5Bvat%5D=0&items%5B1%5D%5Bvat_sum%5D=0"
    "&items%5B1%5D%5Bpayment_object%5D=commodity&items%5B1%5D%5Bpayment_method%5D=full_payment"
    "&items%5B2%5D%5Bname%5D=%D0%94%D0%BE%D1%81%D1%82%D0%B0%D0%B2%D0%BA%D0%B0&items%5B2%5D%5Bbase_price%5D=250"
    "&items%5B2%5D%5Bprice%5D=250&items%5B2%5D%5Bsum%5D=250&items%5B2%5D%5Bcurrency%5D=RUB"
    "&items%5B2%5D%5Bquantity%5D=1&items%5B2%5D%5Bvat%5D=0&items%5B2%5D%5Bpayment_object%5D=service"
    "&items%5B2%5D%5Bpayment_method%5D=full_payment&date_create=1773036000"
    "&payments%5B0%5D%5Btype%5D=cash&payments%5B0%5D%5Bis_cash%5D=Y&payments%5B0%5D%5Bsum%5D=3983.59"
    "&payments%5B0%5D%5Bcurrency%5D=RUB&client_phone=%2B7&total_sum=3983.59"
    "&uuid=check%7Cshop.practice.test%7C1%7C1773036000&operation=income&number_kkm=KKT-07"
    "&service_email=till%40example.test&cashbox_params%5BAUTH%5D%5BKEY%5D=s3cr3t"
)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()


def pay(portal: Any, payment_id: int = 71) -> Any:
    return portal.call("sale.payment.update", {"id": payment_id, "fields": {"paySystemId": 1, "paid": "Y"}})


def check_of(portal: Any, number: int = 0) -> Row:
    found = portal.sim("checks")["checks"][number]
    assert isinstance(found, dict)
    return found


def test_paying_posts_the_check_before_it_answers(till: Any, gateway: Gateway) -> None:
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)

    assert pay(till).status == 200
    [came] = gateway.came
    assert came.line == "POST /print HTTP/1.1"
    assert came.body.decode() == GOLDEN
    check = check_of(till)
    assert (check["status"], check["externalUuid"], check["type"]) == ("P", "u-1", "sell")


@pytest.mark.parametrize("version, said", [(None, "1.1"), ("1.1", "1.1"), ("1.0", "1.0")])
def test_the_head_is_the_kernels(till: Any, gateway: Gateway, version: str | None, said: str) -> None:
    with_cashbox(till, gateway.url.replace("//", "//user:p%40ss@"), version=version)
    till.sim("settings", PRINTS)
    pay(till)

    [came] = gateway.came
    head = dict(came.headers)
    assert came.line.endswith(f"HTTP/{said}")
    assert (head["Host"], head["Accept"], head["Accept-Language"]) == (gateway.url[7:], "*/*", "en")
    assert (head["Connection"], head["Content-Type"]) == ("close", "application/x-www-form-urlencoded")
    assert head["Content-Length"] == str(len(came.body))
    assert head["Authorization"] == "Basic dXNlcjpwQHNz"
    assert not {"Accept-Encoding", "Transfer-Encoding", "Expect"} & set(head)


PRINTING = ("P", None)


@pytest.mark.parametrize(
    "answer, status, uuid",
    [
        (ok({"UUID": "a"}), "P", "a"),
        (ok({"uuid": "b"}), "P", "b"),
        (ok({"UUID": 17}), "P", "17"),
        (ok({"ERRORS": ["НДС", "код"]}), "E", None),
        (ok({"errors": {"1": "x"}}), "E", None),
        (ok({"UUID": "a", "ERRORS": ["x"]}), "E", None),
        (ok({"ERRORS": "text"}), *PRINTING),
        (ok({"ERRORS": []}), *PRINTING),
        (ok({}), *PRINTING),
        (ok([]), *PRINTING),
        (ok({"UUID": None}), *PRINTING),
        (http(200, b"<html>"), "E", None),
        (http(200), "E", None),
        (http(200, b'{"UUID": NaN}'), "E", None),
        *[(http(code, b'{"UUID": "x", "ERRORS": ["y"]}'), *PRINTING) for code in (201, 202, 400, 404, 500, 503)],
        (http(204), *PRINTING),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"UUI\r\n7\r\nD\":\"c\"}\r\n0\r\n\r\n", "P", "c"),
        (b'HTTP/1.0 200 OK\r\n\r\n{"UUID":"to the end"}', "P", "to the end"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"UUID":"sho', "E", None),
        (b"garbage\r\n\r\n", "E", None),
        (None, "E", None),
    ],
)  # fmt: skip
def test_what_an_answer_does(till: Any, gateway: Gateway, answer: bytes | None, status: str, uuid: str | None) -> None:
    gateway.answer = lambda came: answer
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)

    assert pay(till).status == 200  # whatever the gateway says, the payment is paid
    order = till.order(501)
    assert (check_of(till)["status"], check_of(till)["externalUuid"]) == (status, uuid)
    marked = "Y" if status == "E" else "N"
    assert (order["payed"], order["marked"], order["payments"][0]["marked"]) == ("Y", marked, marked)


@pytest.mark.parametrize("scalar", [b"null", b'"u-1"', b"17", b"true"])
def test_a_scalar_kills_the_hit_and_leaves_the_check_in_print(till: Any, gateway: Gateway, scalar: bytes) -> None:
    gateway.answer = lambda came: http(200, scalar)
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)

    reply = pay(till)
    assert (reply.status, reply.headers["Content-Type"][:9]) == (500, "text/html")
    assert till.order(501)["payed"] == "Y"
    assert (check_of(till)["status"], check_of(till)["externalUuid"]) == PRINTING


def test_a_gateway_that_is_not_there_is_an_error(till: Any) -> None:
    with_cashbox(till, "http://127.0.0.1:1")
    till.sim("settings", PRINTS)
    pay(till)

    assert check_of(till)["status"] == "E"


def test_a_gateway_that_does_not_answer_in_time_is_an_error(till: Any, gateway: Gateway) -> None:
    never = threading.Event()
    gateway.answer = lambda came: ok({"UUID": "late"}) if never.wait(20) else None
    with_cashbox(till, gateway.url)
    till.sim("settings", {**PRINTS, "options": {"read_timeout_s": 0.2}})
    pay(till)
    never.set()

    assert (check_of(till)["status"], check_of(till)["externalUuid"]) == ("E", None)
    assert "timeout" in check_of(till)["errorMessage"]


def test_trap_02_the_gateway_may_not_wait_for_the_portal_call_that_it_serves(till: Any, gateway: Gateway) -> None:
    """While PRINT_URL is open the caller of `sale.payment.update` is not answered, but the portal serves others."""
    release = threading.Event()
    gateway.answer = lambda came: ok({"UUID": "u"}) if release.wait(20) else None
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)
    answered: list[Any] = []
    payer = threading.Thread(target=lambda: answered.append(pay(till)))
    payer.start()
    assert gateway.arrived.wait(20)

    assert till.call("sale.order.get", {"id": 501}).result["order"]["payed"] == "Y"
    # trap 41: the UUID is stored after the answer, so what a quick till reports is not found yet
    assert till.call("sale.cashbox.check.apply", {"UUID": "u"}).error == (400, "ERROR_CHECK_NOT_FOUND")
    assert answered == []
    release.set()
    payer.join()
    assert answered[0].status == 200
    assert till.call("sale.cashbox.check.apply", {"UUID": "u", "PRINT_END_TIME": 1773036001}).result is True


@pytest.mark.parametrize("code, verb, has_body", [(302, "GET", False), (303, "GET", False), (307, "POST", True),
                                                  (301, "POST", True), (308, "POST", True)])  # fmt: skip
def test_a_redirect_is_followed(till: Any, gateway: Gateway, code: int, verb: str, has_body: bool) -> None:
    def answer(came: Came) -> bytes:
        return ok({"UUID": "moved"}) if "/moved" in came.line else http(code, b"", "Location: /moved?x=1")

    gateway.answer = answer
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)
    pay(till)

    assert gateway.came[1].line == f"{verb} /moved?x=1 HTTP/1.1"
    assert (gateway.came[1].body == gateway.came[0].body) is has_body
    assert check_of(till)["externalUuid"] == "moved"


def test_the_sixth_redirect_is_one_too_many(till: Any, gateway: Gateway) -> None:
    gateway.answer = lambda came: http(302, b"", f"Location: {gateway.url}/again")
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)
    pay(till)

    assert len(gateway.came) == 6
    assert check_of(till)["status"] == "E"


def test_trap_06_a_lost_answer_is_an_error_here_and_a_receipt_there(till: Any, gateway: Gateway) -> None:
    """The manager prints again: the same `unique_id`, another `uuid` and `date_create`."""
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)
    till.sim("faults", [{"method": "print_url", "do": "reset", "when": "after_commit"}])
    pay(till)
    assert (len(gateway.came), check_of(till)["status"]) == (1, "E")
    till.clock.turn(600)

    told = till.sim("checks", {"reprint": check_of(till)["id"]})["check"]
    first, again = (came.form for came in gateway.came)
    assert (first["unique_id"], again["unique_id"]) == ("1", "1")
    assert again["uuid"] == "check|shop.practice.test|1|1773036600" != first["uuid"]
    assert again["date_create"] == "1773036600"
    assert (told["status"], told["externalUuid"]) == ("P", "u-1")
    refused = till.send("POST", "/_sim/checks", json.dumps({"reprint": 1}).encode())
    assert (refused.status, refused.json["error"]) == (400, "check 1 is P: only a failed one is printed again")


def test_a_site_in_windows_1251_sends_its_texts_unconverted(till: Any, gateway: Gateway) -> None:
    with_cashbox(till, gateway.url)
    till.sim("settings", {**PRINTS, "options": {"charset": "windows-1251"}})
    pay(till)

    assert b"&items%5B1%5D%5Bname%5D=%D1%FB%F0&" in gateway.came[0].body
    assert b"%C4%EE%F1%F2%E0%E2%EA%E0" in gateway.came[0].body


def test_many_calls_go_out_at_once(open_portal: Any, gateway: Gateway) -> None:
    """Every payer waits for its own PRINT_URL only: here all ten have to be open before the first is answered."""
    portal = open_portal(orders=30)
    together = threading.Barrier(10)

    def answer(came: Came) -> bytes:
        together.wait(20)
        return ok({"UUID": f"u-{came.form['unique_id']}"})

    gateway.answer = answer
    with_cashbox(portal, gateway.url)
    portal.sim("settings", {**PRINTS, "paySystems": [{"ID": number, "CAN_PRINT_CHECK": "Y"} for number in (1, 2, 4)]})
    orders = [row for row in portal.sim("state")["orders"] if len(row["payments"]) == 1 and row["payed"] == "N"
              and row["canceled"] == "N"][:10]  # fmt: skip

    def pay_one(row: Row) -> int:
        payment = row["payments"][0]
        fields = {"paySystemId": payment["paySystemId"], "paid": "Y"}
        return int(portal.call("sale.payment.update", {"id": payment["id"], "fields": fields}).status)

    with ThreadPoolExecutor(10) as payers:
        assert list(payers.map(pay_one, orders)) == [200] * 10
    made = portal.sim("checks")["checks"]
    assert sorted(check["externalUuid"] for check in made) == sorted(f"u-{check['id']}" for check in made)
    assert [check["status"] for check in made] == ["P"] * 10


def test_a_batch_sends_its_checks_one_by_one(portal: Any, gateway: Gateway) -> None:
    with_cashbox(portal, gateway.url)
    portal.sim("settings", PRINTS)
    payments = [portal.order(number)["payments"][0] for number in (9071, 9072)]
    portal.sim("settings", {"paySystems": [{"ID": row["paySystemId"], "CAN_PRINT_CHECK": "Y"} for row in payments]})
    commands = {f"p{row['id']}": f"sale.payment.update?id={row['id']}&fields[paySystemId]={row['paySystemId']}"
                                 "&fields[paid]=Y" for row in payments}  # fmt: skip

    assert portal.batch(commands)["result_error"] == []
    assert [came.form["unique_id"] for came in gateway.came] == ["1", "2"]
