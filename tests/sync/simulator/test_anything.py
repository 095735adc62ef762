"""Whatever comes in, a well-formed answer goes out: the portal never fails in a way of its own."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

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
@given(st.sampled_from(sorted(METHODS)), st.text(max_size=40), st.text(max_size=40))
def test_any_command_of_a_batch_gets_a_cell(method: str, query: str, reference: str) -> None:
    commands = {"a": f"{method}?{query}", "b": f"{method}?id=$result[a]{reference}", "c": query}
    path = f"/rest/1/{PORTAL.access.webhook_secret}/batch"
    body = json.dumps({"cmd": commands}).encode()
    answer = PORTAL.handle(Request("POST", path, content_type="application/json", body=body), NOW)

    result = json.loads(answer.body)["result"]
    assert set(result["result"]) | set(result["result_error"]) == set(commands)
