"""Planned mishaps: before the portal has stored a call and after, alone and inside a batch."""

import http.client
import threading
from contextlib import closing
from typing import Any

import pytest

from tests.sync.simulator.conftest import small_shop

UPDATE = {"id": 71, "fields": {"paySystemId": 1, "paid": "Y"}}


def test_a_503_before_stores_nothing_and_after_it_all_is_stored(till: Any) -> None:
    till.sim("faults", [{"method": "sale.payment.update", "nth": 1, "when": "before", "do": "http", "value": 503}])
    assert till.call("sale.payment.update", UPDATE).error == (503, "QUERY_LIMIT_EXCEEDED")
    assert till.order(501)["payed"] == "N"

    till.sim("faults", [{"method": "sale.payment.update", "when": "after_commit", "do": "http", "value": 500}])
    assert till.call("sale.payment.update", UPDATE).error == (500, "INTERNAL_SERVER_ERROR")
    assert till.order(501)["payed"] == "Y"


@pytest.mark.parametrize("when, payed", [("before", "N"), ("after_commit", "Y")])
def test_a_reset_gives_no_answer_at_all(till: Any, when: str, payed: str) -> None:
    till.sim("faults", [{"method": "sale.payment.update", "when": when, "do": "reset"}])

    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        till.call("sale.payment.update", UPDATE)
    assert till.order(501)["payed"] == payed
    assert till.call("sale.payment.update", UPDATE).status == 200


def test_a_reset_inside_a_batch_leaves_what_came_before(portal: Any) -> None:
    portal.sim("faults", [{"method": "sale.order.update", "nth": 2, "when": "after_commit", "do": "reset"}])
    commands = {str(number): f"sale.order.update?id={number}&fields[comments]=x" for number in (9071, 9072, 9073)}

    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        portal.batch(commands)
    assert [portal.order(number)["comments"] for number in (9071, 9072, 9073)] == ["x", "x", ""]
    log = [(row["method"], row["http"], row["error"]) for row in portal.sim("state")["requests"]]
    assert log == [("batch", None, "reset"), ("sale.order.update", 200, None), ("sale.order.update", None, "reset")]


def test_an_http_fault_inside_a_batch_is_a_cell(portal: Any) -> None:
    portal.sim("faults", [{"method": "sale.order.get", "nth": 2, "do": "http", "value": 429}])
    cells = portal.batch({"a": "sale.order.get?id=9071", "b": "sale.order.get?id=9072", "c": "sale.order.get?id=9073"})

    assert set(cells["result"]) == {"a", "c"}
    assert cells["result_error"]["b"]["error"] == "OPERATION_TIME_LIMIT"


def test_trap_68_a_proxys_page_is_html(till: Any) -> None:
    till.sim("faults", [{"method": "*", "do": "html", "value": 502}])
    reply = till.call("profile")

    assert (reply.status, reply.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert b"<html>" in reply.body
    assert till.call("profile").status == 200


def test_trap_20_a_warning_is_an_error_although_the_data_were_stored(till: Any) -> None:
    till.sim("faults", [{"method": "sale.payment.update", "do": "warning", "value": "Проверьте чек"}])
    reply = till.call("sale.payment.update", UPDATE)

    assert reply.error == (400, "0")
    assert reply.json["error_description"] == "Проверьте чек"
    assert till.order(501)["payed"] == "Y"


def test_counting_starts_with_the_plan_and_goes_on_for_times_calls(till: Any) -> None:
    till.call("profile")
    till.sim("faults", [{"method": "profile", "nth": 2, "times": 2, "do": "http", "value": 503}])

    assert [till.call("profile").status for _ in range(5)] == [200, 503, 503, 200, 200]
    till.sim("faults", [{"method": "profile", "nth": 2, "times": -1, "do": "http", "value": 503}])
    assert [till.call("profile").status for _ in range(4)] == [200, 503, 503, 503]
    till.sim("faults", [])
    assert till.call("profile").status == 200


def test_a_fault_may_name_its_code(till: Any) -> None:
    till.sim("faults", [{"method": "*", "do": "http", "value": {"status": 401, "error": "INVALID_CREDENTIALS"}}])

    assert till.call("profile").error == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("when, payed", [("before", "N"), ("after_commit", "Y")])
def test_a_slow_answer_leaves_the_portal_free_for_others(till: Any, when: str, payed: str) -> None:
    till.sim("faults", [{"method": "sale.payment.update", "when": when, "do": "slow", "value": 3600}])
    answered = threading.Event()

    def wait() -> None:
        till.call("sale.payment.update", UPDATE)
        answered.set()

    caller = threading.Thread(target=wait)
    caller.start()
    try:
        while not any(row["method"] == "sale.payment.update" for row in till.sim("state")["requests"]):
            assert caller.is_alive()
        assert till.call("profile").status == 200
        assert till.order(501)["payed"] == payed
        assert not answered.is_set()
    finally:
        till.server.is_closing.set()  # what the end of the server does: nobody waits any longer
        caller.join(20)
    assert answered.is_set()


def test_trap_76_the_front_end_gives_up_after_a_minute_and_the_write_has_happened(open_portal: Any) -> None:
    till = open_portal(small_shop(), limits="cloud")
    till.sim("settings", {"time_scale": 10_000})
    till.sim("faults", [{"method": "sale.payment.update", "do": "slow", "value": 75}])
    reply = till.call("sale.payment.update", UPDATE)

    assert (reply.status, reply.headers["Content-Type"]) == (504, "text/html; charset=utf-8")
    assert till.order(501)["payed"] == "Y"
    assert till.call("server.time").result == "2026-03-09T09:00:59+03:00"  # the clock was turned by the wait
    assert [row["http"] for row in till.sim("state")["requests"]] == [504, 200]


def test_a_portal_on_the_shops_own_server_has_no_such_front_end(till: Any) -> None:
    till.sim("settings", {"time_scale": 10_000})
    till.sim("faults", [{"method": "sale.payment.update", "do": "slow", "value": 75}])

    assert till.call("sale.payment.update", UPDATE).status == 200


def test_a_slow_command_takes_from_the_one_minute_of_its_batch(open_portal: Any) -> None:
    portal = open_portal(limits="cloud")
    portal.sim("settings", {"time_scale": 10_000})
    portal.sim("faults", [{"method": "sale.order.update", "do": "slow", "value": 25, "times": 3}])
    commands = {f"c{number}": f"sale.order.update?id={number}&fields[comments]=x" for number in (9071, 9072, 9073)}

    assert portal.call("batch", {"cmd": commands}).status == 504
    assert [portal.order(number)["comments"] for number in (9071, 9072, 9073)] == ["x", "x", "x"]


@pytest.mark.parametrize("when, payed", [("before_commit", "N"), ("after_commit", "Y")])
def test_a_cut_says_nothing_about_what_was_stored(till: Any, when: str, payed: str) -> None:
    till.sim("settings", {"time_scale": 10_000})
    till.sim("faults", [{"method": "sale.payment.update", "when": when, "do": "cut"}])

    assert till.call("sale.payment.update", UPDATE).status == 504
    assert till.order(501)["payed"] == payed


@pytest.mark.parametrize("when, payed", [("before", "N"), ("after_commit", "Y")])
def test_an_answer_may_break_off_or_be_something_else(till: Any, when: str, payed: str) -> None:
    fault = {"method": "sale.payment.update", "when": when}
    till.sim("faults", [{**fault, "do": "half"}])
    with pytest.raises(http.client.IncompleteRead):
        till.call("sale.payment.update", UPDATE)
    assert till.order(501)["payed"] == payed

    till.sim("faults", [{**fault, "do": "body"}])
    torn = till.call("sale.payment.update", UPDATE)
    assert (torn.status, torn.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    with pytest.raises(ValueError, match=r"^Expecting|^Unterminated"):
        torn.json  # noqa: B018
    till.sim("faults", [{**fault, "do": "body", "value": {"status": 200, "type": "text/html", "body": "<b>login</b>"}}])
    assert till.call("sale.payment.update", UPDATE).body == b"<b>login</b>"
    till.sim("faults", [{**fault, "do": "body", "value": ""}])
    assert till.call("sale.payment.update", UPDATE).body == b""


def test_a_lost_answer_of_the_authorisation_server_costs_the_refresh_token(portal: Any) -> None:
    access = portal.server.portal.access
    _, refresh = access.issue(portal.clock())
    path = (f"/oauth/token/?grant_type=refresh_token&client_id={access.client_id}&client_secret={access.client_secret}"
            f"&refresh_token={refresh}")  # fmt: skip
    portal.sim("faults", [{"method": "oauth.token", "do": "http", "value": 503}])
    assert portal.send("GET", path).error == (503, "QUERY_LIMIT_EXCEEDED")
    portal.sim("faults", [{"method": "oauth.token", "when": "after_commit", "do": "reset"}])
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        portal.send("GET", path)

    assert portal.send("GET", path).error == (400, "invalid_grant")
    log = [(row["method"], row["http"], row["error"]) for row in portal.sim("state")["requests"]]
    assert log == [("oauth.token", 503, "QUERY_LIMIT_EXCEEDED"), ("oauth.token", None, "reset"),
                   ("oauth.token", 400, None)]  # fmt: skip


def test_without_network_only_the_simulators_door_answers(till: Any) -> None:
    till.sim("network", {"up": False})
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        till.call("sale.payment.update", UPDATE)
    assert till.sim("state")["requests"] == []

    till.sim("network", {"up": True})
    assert till.call("profile").status == 200


@pytest.mark.parametrize(
    "plan",
    [{}, [1], [{"method": "a", "do": "explode"}], [{"do": "reset", "when": "later"}], [{"do": "reset", "nth": 0}],
     [{"do": "slow", "value": "x"}], [{"do": "http", "value": 99}], [{"do": "reset", "nmethod": "x"}],
     [{"do": "body", "value": 7}], [{"do": "body", "value": {"colour": "red"}}]],
)  # fmt: skip
def test_a_plan_that_makes_no_sense_is_refused(till: Any, plan: Any) -> None:
    with closing(http.client.HTTPConnection(till.host, till.port, timeout=20)) as connection:
        connection.request("POST", "/_sim/faults", __import__("json").dumps(plan))
        assert connection.getresponse().status == 400


def test_an_unknown_control_is_refused(till: Any) -> None:
    assert till.send("GET", "/_sim/nothing").status == 404
    assert till.send("POST", "/_sim/settings", b'{"colour": "red"}').status == 400
    assert till.send("POST", "/_sim/settings", b'{"limits": "none"}').status == 404
