"""Whatever comes in, a well-formed answer goes out: the portal never fails in a way of its own."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.sync.simulator import control
from posapp.sync.simulator.access import Access
from posapp.sync.simulator.fields import ORDER, PAYMENT, SHIPMENT
from posapp.sync.simulator.limits import PLANS, Limiter
from posapp.sync.simulator.methods import METHODS
from posapp.sync.simulator.portal import Portal, Request
from posapp.sync.simulator.practice import practice_shop
from posapp.sync.simulator.shop import load_shop

NOW = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)
ARGUMENTS = ("id", "fields", "filter", "select", "order", "start", "cmd", "halt")
NAMES = sorted({*ORDER.fields, *PAYMENT.fields, *SHIPMENT.fields, *ARGUMENTS})

_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**40), 10**40), st.integers(9060, 9090), st.integers(11200, 11260),
    st.sampled_from(["", "Y", "N", "2026-03-09T18:20:00+03:00", "0001-01-01", "-1", "1e9", "NaN", "9071", "абв", "%"]),
    st.text(max_size=8),
)  # fmt: skip
_keys = st.one_of(st.sampled_from(NAMES), st.sampled_from(["!@id", ">=dateUpdate", "><id", "=%lid", "0", ""]))
_ids = st.one_of(st.integers(9071, 9082), st.integers(11204, 11240), st.integers(7301, 7312), st.integers(301, 326))
_wide = st.dictionaries(_keys, _scalars, max_size=8)
_few = st.lists(_scalars, max_size=4)
_calls = st.fixed_dictionaries(
    {}, optional={"id": _ids, "fields": _wide, "filter": _wide, "order": _wide, "select": _few}
)
_values = st.recursive(
    _scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_keys, inner, max_size=4)),
    max_leaves=12,
)  # fmt: skip


def _portal() -> Portal:
    return Portal(load_shop(practice_shop(12, 1, NOW), NOW), Access(1), Limiter(PLANS["enterprise"]))


PORTAL = _portal()
SHOP = practice_shop(2, 1, NOW)


@settings(max_examples=500)
@given(st.sampled_from(sorted(METHODS)), st.one_of(st.dictionaries(_keys, _values, max_size=5), _calls))
def test_any_parameters_get_an_envelope(method: str, parameters: dict[str, Any]) -> None:
    PORTAL.limiter = Limiter(None)
    path = f"/rest/1/{PORTAL.access.webhook_secret}/{method}"
    body = json.dumps(parameters).encode()
    answer = PORTAL.handle(Request("POST", path, content_type="application/json", body=body), NOW)

    envelope = json.loads(answer.body, parse_float=Decimal)
    assert (answer.status == 200) == ("result" in envelope and "time" in envelope)
    assert (answer.status != 200) == ("error" in envelope and "error_description" in envelope)


@settings(max_examples=300)
@given(
    st.sampled_from([name for name in sorted(METHODS) if name.startswith("event")]),
    st.dictionaries(
        st.sampled_from(["event", "event_type", "handler", "options", "auth_type", "process_id", "message_id", "id",
                         "filter", "order", "limit", "clear", "error", "auth_connector", "start"]),
        st.one_of(_values, st.sampled_from(["OnSaleOrderSaved", "offline", "online", "0", 0, 1])), max_size=6),
)  # fmt: skip
def test_any_parameters_of_events_get_an_envelope(method: str, parameters: dict[str, Any]) -> None:
    PORTAL.limiter = Limiter(None)
    token, _ = PORTAL.access.issue(NOW)
    body = json.dumps({**parameters, "auth": token}).encode()
    answer = PORTAL.handle(Request("POST", f"/rest/{method}", content_type="application/json", body=body), NOW)

    envelope = json.loads(answer.body, parse_float=Decimal)
    assert ("result" in envelope, "error" in envelope) == (answer.status == 200, answer.status != 200)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(sorted(control._SETTERS)), _values, max_size=3))
def test_any_settings_are_taken_or_refused_and_the_portal_lives_on(value: dict[str, Any]) -> None:
    portal = Portal(load_shop(SHOP, NOW), Access(1), Limiter(PLANS["enterprise"]))
    assert control.control(portal, "POST", "/_sim/settings", value).status in (200, 400, 404)
    for method in ("profile", "sale.order.get", "sale.paysystem.list"):
        path = f"/rest/1/{portal.access.webhook_secret}/{method}"
        body = json.dumps({"id": 9071}).encode()
        answer = portal.handle(Request("POST", path, content_type="application/json", body=body), NOW)
        assert isinstance(json.loads(answer.body), dict)


@settings(max_examples=300)
@given(st.sampled_from(sorted(METHODS)), st.text(max_size=40), st.text(max_size=40))
def test_any_command_of_a_batch_gets_a_cell(method: str, query: str, reference: str) -> None:
    commands = {"a": f"{method}?{query}", "b": f"{method}?id=$result[a]{reference}", "c": query}
    path = f"/rest/1/{PORTAL.access.webhook_secret}/batch"
    body = json.dumps({"cmd": commands}).encode()
    answer = PORTAL.handle(Request("POST", path, content_type="application/json", body=body), NOW)

    result = json.loads(answer.body)["result"]
    assert set(result["result"]) | set(result["result_error"]) == set(commands)
