"""The cloud's two limits, with a clock that the test turns."""

from decimal import Decimal
from typing import Any

import pytest

from posapp.sync.simulator.limits import PLANS, Limiter, LimitPlan


@pytest.mark.parametrize("plan, brim, per_second", [("cloud", 50, 2), ("enterprise", 250, 5)])
def test_the_bucket_fills_spills_and_leaks(plan: str, brim: int, per_second: int) -> None:
    limiter = Limiter(PLANS[plan])

    assert [limiter.admits("ip", 1000.0) for _ in range(brim + 2)] == [True] * brim + [False] * 2
    assert [limiter.admits("ip", 1001.0) for _ in range(per_second + 1)] == [True] * per_second + [False]
    assert limiter.admits("another ip", 1001.0)


def test_a_full_bucket_answers_503_and_executes_nothing(open_portal: Any) -> None:
    portal = open_portal(limits="cloud")
    statuses = [portal.call("profile").status for _ in range(50)]
    refused = portal.call("sale.order.update", {"id": 9071, "fields": {"comments": "x"}})

    assert statuses == [200] * 50
    assert refused.error == (503, "QUERY_LIMIT_EXCEEDED")
    assert portal.order(9071)["comments"] == ""  # the simulator's own door is not limited
    portal.clock.turn(0.5)
    assert portal.call("sale.order.update", {"id": 9071, "fields": {"comments": "x"}}).status == 200


def test_trap_65_whoever_calls_from_one_address_shares_its_bucket(open_portal: Any) -> None:
    portal = open_portal(limits="cloud")
    token, _ = portal.server.portal.access.issue(portal.clock())
    for _ in range(25):
        assert portal.call("profile").status == 200
        assert portal.send("GET", f"/rest/profile?auth={token}").status == 200

    assert portal.call("profile").error == (503, "QUERY_LIMIT_EXCEEDED")
    assert portal.send("GET", f"/rest/profile?auth={token}").error == (503, "QUERY_LIMIT_EXCEEDED")


def test_trap_67_the_operating_time_of_an_answer_is_of_all_calls_before_it(open_portal: Any) -> None:
    portal = open_portal(limits="cloud")
    portal.sim("faults", [{"method": "sale.order.get", "times": 3, "when": "after_commit", "do": "busy", "value": 2}])
    told = [portal.call("sale.order.get", {"id": 9071}).json["time"]["operating"] for _ in range(4)]
    cells = portal.batch({"a": "sale.order.get?id=9071"})["result_time"]

    assert told == [2, 4, 6, 6]
    assert cells["a"]["operating"] == 6  # its commands count, the batch itself does not
    assert portal.call("batch", {"cmd": {}}).json["time"]["operating"] == 0


def test_a_batch_is_one_hit(open_portal: Any) -> None:
    portal = open_portal(limits="cloud")
    for _ in range(50):
        assert len(portal.batch({str(number): "server.time" for number in range(1, 11)})["result"]) == 10


def test_trap_66_operating_time_is_told_and_blocks_one_method_for_a_while(open_portal: Any) -> None:
    portal = open_portal(limits="enterprise")
    busy = {"method": "sale.order.list", "times": 2, "when": "after_commit", "do": "busy", "value": 240.5}
    portal.sim("faults", [busy])
    start = portal.clock.now.timestamp()

    told = [portal.call("sale.order.list").json["time"] for _ in range(2)]
    assert [block["operating"] for block in told] == [Decimal("240.5"), 481]  # cumulative, not of this call
    assert {block["operating_reset_at"] for block in told} == {start + 600}
    assert portal.call("sale.order.list").error == (429, "OPERATION_TIME_LIMIT")
    assert portal.batch({"a": "sale.order.list"})["result_error"]["a"]["error"] == "OPERATION_TIME_LIMIT"
    assert portal.call("sale.order.get", {"id": 9071}).status == 200

    portal.clock.turn(599)
    assert portal.call("sale.order.list").status == 429
    portal.clock.turn(1)
    assert portal.call("sale.order.list").json["time"]["operating"] == 0


def test_a_slow_call_counts_as_operating_time() -> None:
    limiter = Limiter(LimitPlan(50, 2, 480))
    limiter.spend("till", "sale.order.list", 0.09, 1000.0)
    limiter.spend("till", "sale.order.list", 30.0, 1000.0)
    limiter.spend("till", "sale.order.list", 20.0, 1100.0)

    assert limiter.spent("till", "sale.order.list", 1100.0) == (50.0, 1560)
    assert limiter.spent("till", "sale.order.list", 1570.0) == (20.0, 1680)
    assert limiter.spent("other", "sale.order.list", 1100.0) == (0, 1680)
