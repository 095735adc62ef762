"""Whatever tills, gateways and callers send to the fiscal side, it answers, and its state can be looked at after."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.sync.simulator.access import Access
from posapp.sync.simulator.cashbox_door import steer
from posapp.sync.simulator.cashboxes import METHODS
from posapp.sync.simulator.control import control
from posapp.sync.simulator.fiscal import CHECK_TYPES, OPTIONS
from posapp.sync.simulator.limits import Limiter
from posapp.sync.simulator.outgoing import Errand, Reply
from posapp.sync.simulator.portal import Portal, Request
from posapp.sync.simulator.shop import load_shop
from tests.sync.simulator.conftest import small_shop

NOW = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)
KEYS = ("UUID", "STATUS", "ERROR", "ERRORS", "PRINT_END_TIME", "FN_NUMBER", "ID", "FIELDS", "SETTINGS", "CONFIG",
        "NAME", "CODE", "REST_CODE", "EMAIL", "SORT", "SELECT", "FILTER", "ORDER", "ACTIVE", "PRINT_URL", "CHECK_URL",
        "HTTP_VERSION", "REST", "OFD", "ITEMS", "NUMBER_KKM", "api_version", "kkm", "zn", "status", "printed", "uuid",
        "code", "message", "qr", "rn", "nz_sum", "cache", "type", "payment", "reprint", "cashbox", "now",
        "advance_s")  # fmt: skip

_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.integers(0, 3), st.text(max_size=6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["Y", "u-1", "WAIT", "ERROR", "DONE", "X", "check|h|1|2", "report|h|1|2", "t=20260309T090000&s=1",
                     "3", "ok", "A", "sell", "1.1", "1e999", "2026-03-09T09:00:00", "-3800"]),
)  # fmt: skip
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)),
    max_leaves=15,
)
_objects = st.dictionaries(st.sampled_from(KEYS), _values, max_size=6)


def _portal() -> Portal:
    portal = Portal(load_shop(small_shop(), NOW), Access(1), Limiter(None))
    boxes = [{"ID": 1, "ACTIVE": "Y", "HANDLER": "CashboxRest", "SETTINGS": {"REST": {"REST_CODE": "X"}}},
             {"ID": 2, "ACTIVE": "Y", "HANDLER": "CashboxBitrixV3", "NUMBER_KKM": "A"}]  # fmt: skip
    portal.shop.tables["cashboxes"] = [dict(row) for row in boxes]
    portal.shop.fiscal.handlers.append({"ID": 1, "CODE": "X", "NAME": "x", "SORT": 100, "APP_ID": "", "SETTINGS": {
        "PRINT_URL": "http://x", "CHECK_URL": "http://x", "SUPPORTS_FFD105": "Y"}})  # fmt: skip
    portal.shop.options["poll_hold_s"] = 0
    return portal


def _go(portal: Portal, steps: Any, body: bytes, status: int = 200) -> Any:
    """Drive steps; every errand is answered alike."""
    try:
        step = next(steps)
        while True:
            if isinstance(step, Errand):
                step.reply = Reply(status, body)
            step = steps.send(NOW + timedelta(seconds=1))
    except StopIteration as stop:
        return stop.value


def _refuse(text: str) -> None:
    raise AssertionError(f"{text} is not JSON")


def _looks_well(portal: Portal) -> None:
    for name in ("checks", "state"):
        steps = steer(portal, "GET", "checks", None, NOW)
        answer = _go(portal, steps, b"") if name == "checks" else control(portal, "GET", "/_sim/state", None)
        assert answer.status == 200
        json.loads(answer.body, parse_constant=_refuse)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(sorted(METHODS)), _objects), min_size=1, max_size=4))
def test_any_calls_get_an_answer(calls: list[tuple[str, dict[str, Any]]]) -> None:
    portal = _portal()
    for method, parameters in calls:
        path = f"/rest/1/{portal.access.webhook_secret}/{method}"
        answer = portal.handle(Request("POST", path, content_type="application/json",
                                       body=json.dumps(parameters).encode()), NOW)  # fmt: skip
        assert answer.status in (200, 400, 403, 500)
    _looks_well(portal)
    _go(portal, steer(portal, "POST", "checks", {"type": "sell", "payment": 71}, NOW), b"{}")


@settings(max_examples=60)
@given(st.lists(_objects, min_size=1, max_size=3))
def test_any_poll_gets_an_answer(bodies: list[dict[str, Any]]) -> None:
    portal = _portal()
    _go(portal, steer(portal, "POST", "checks", {"type": "sell", "payment": 71}, NOW), b"{}")
    path, query = "/bitrix/tools/sale_check_print.php", f"hash={portal.access.poll_hash}"
    for body in [*bodies, {"api_version": "3", "kkm": [{"zn": "A", "status": "ok"}, *bodies]}]:
        answer = portal.handle(Request("POST", path, query, body=json.dumps(body).encode()), NOW)
        assert answer.status in (200, 500)  # a number beyond all reason ends the page
        assert answer.status == 500 or isinstance(json.loads(answer.body), dict)
    _looks_well(portal)


@settings(max_examples=60)
@given(
    st.one_of(_values.map(lambda value: json.dumps(value).encode()), st.binary(max_size=30)),
    st.sampled_from([200, 404]),
)
def test_any_answer_of_a_gateway_is_survived(body: bytes, status: int) -> None:
    portal = _portal()
    told = _go(portal, steer(portal, "POST", "checks", {"type": "sell", "payment": 71}, NOW), body, status)
    assert told.status in (200, 500)
    portal.shop.checks[0] |= {"status": "P", "externalUuid": "u-1", "cashboxId": 1}
    assert _go(portal, steer(portal, "POST", "agent", None, NOW), body, status).status == 200
    assert portal.shop.checks[0]["status"] in "PYE"
    _looks_well(portal)


@settings(max_examples=60)
@given(st.sampled_from(["checks", "reports", "agent", "clock"]), _values)
def test_any_request_at_the_door_gets_an_answer(name: str, value: Any) -> None:
    portal = _portal()
    answer = _go(portal, steer(portal, "POST", name, value, NOW), b'{"UUID": "u-1"}')

    assert answer.status in (200, 400, 404)
    assert -timedelta(days=10_000) < portal.ahead < timedelta(days=70_000)
    _looks_well(portal)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from([*OPTIONS, "check_type_on_pay"]), _scalars, max_size=4),
       st.sampled_from(sorted(CHECK_TYPES)))  # fmt: skip
def test_options_that_are_taken_can_be_used(options: dict[str, Any], kind: str) -> None:
    portal = _portal()
    answer = control(portal, "POST", "/_sim/settings", {"options": options})
    assert answer.status in (200, 400)
    portal.shop.options |= {"poll_hold_s": 0}

    part = {"shipment": 81} if kind in ("credit", "creditreturn") else {"payment": 71}
    assert _go(portal, steer(portal, "POST", "checks", {"type": kind, **part}, NOW), b"{}").status == 200
    is_at_once = portal.shop.options.get("agent_period_s") == 0
    assert portal.is_agent_due(NOW) is (is_at_once and portal.shop.checks[0]["status"] == "P")
    body = json.dumps({"api_version": "2", "kkm": [{"zn": "A", "status": "ok"}]}).encode()
    request = Request("POST", "/bitrix/tools/sale_check_print.php", f"hash={portal.access.poll_hash}", body=body)
    assert portal.handle(request, NOW).status == 200
    assert Decimal(portal.shop.checks[0]["sum"]) > 0
