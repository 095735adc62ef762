"""Envelopes, errors, addresses and access, over real HTTP."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest


@pytest.mark.parametrize("tail", ["", "/", ".json", ".json/"])
@pytest.mark.parametrize("name", ["sale.order.list", "Sale.Order.List", "SALE.ORDER.LIST"])
def test_a_method_is_found_under_every_spelling(portal: Any, name: str, tail: str) -> None:
    assert len(portal.call(name + tail).result["orders"]) == 12


def test_every_answer_says_that_it_is_the_simulator(portal: Any) -> None:
    for reply in (portal.call("profile"), portal.call("no.such.method"), portal.send("GET", "/_sim/state"),
                  portal.send("GET", "/nowhere")):  # fmt: skip
        assert reply.headers["X-Posapp-Simulator"] == "training"
    assert "Учебный портал" in portal.call("profile").result["NAME"]


def test_get_form_and_json_mean_the_same(portal: Any) -> None:
    query = urlencode([("filter[>=id]", 9075), ("select[]", "id"), ("order[ID]", "DESC")])
    wanted = [{"id": number} for number in range(9082, 9074, -1)]

    assert portal.get("sale.order.list", query).result["orders"] == wanted
    assert portal.form("sale.order.list", query).result["orders"] == wanted
    given = {"filter": {">=ID": 9075}, "select": ["id"], "order": {"id": "desc"}}
    assert portal.call("sale.order.list", given).result["orders"] == wanted


def test_trap_28_json_under_a_form_type_loses_its_filter(portal: Any) -> None:
    reply = portal.form("sale.order.list", json.dumps({"filter": {"id": 9071}}))

    assert len(reply.result["orders"]) == 12


def test_broken_json_of_an_update_complains_about_the_fields(portal: Any) -> None:
    reply = portal.send("POST", portal.webhook + "sale.payment.update?id=11205", b'{"fields": {',
                        {"Content-Type": "application/json"})  # fmt: skip

    assert reply.error == (400, "100")
    assert "fields" in reply.json["error_description"]


def test_time_tells_the_clock_of_the_portal(portal: Any) -> None:
    block = portal.call("server.time").json["time"]

    assert block["date_start"] == "2026-03-09T09:00:00+03:00"
    assert datetime.fromisoformat(block["date_finish"]).timestamp() == block["start"]
    assert {"start", "finish", "duration", "processing"} <= set(block)
    assert "operating" not in block  # no limiter, as on a shop's own server


@pytest.mark.parametrize(
    "path, error",
    [
        ("/rest/1/wrong/sale.order.list", (401, "INVALID_CREDENTIALS")),
        ("/rest/2/{secret}/sale.order.list", (401, "INVALID_CREDENTIALS")),
        ("/rest/1/wrong/sale.order.lost", (404, "ERROR_METHOD_NOT_FOUND")),  # looked up before the key is
        ("/rest/sale.order.list", (401, "NO_AUTH_FOUND")),
        ("/rest/sale.order.list?auth=abc", (401, "invalid_token")),
        ("/rest/1/{secret}/event.bind", (403, "WRONG_AUTH_TYPE")),
        ("/rest/1/{secret}/sale.order.get", (400, "100")),
        ("/rest/1/{secret}/sale.order.get?id=1", (400, "200540400001")),
        ("/rest/1/{secret}/sale.payment.get?id=1", (400, "200640400001")),
        ("/rest/1/{secret}/sale.shipment.get?id=1", (400, "201140400001")),
        ("/rest/1/{secret}/sale.order.list?select=id", (400, "100")),
    ],
)
def test_errors_have_their_code_and_status(portal: Any, path: str, error: tuple[int, str]) -> None:
    assert portal.send("GET", path.format(secret=portal.webhook.split("/")[3])).error == error


def test_the_documented_profile_answers_as_the_documentation_does(portal: Any) -> None:
    portal.sim("settings", {"profile": "docs"})

    assert portal.send("GET", "/rest/1/wrong/sale.order.list").error == (403, "INVALID_CREDENTIALS")
    assert portal.call("sale.order.get", {"id": 1}).error == (400, 200540400001)


def test_trap_64_a_webhook_without_the_scope_may_not_read_pay_systems(portal: Any) -> None:
    assert len(portal.call("sale.paysystem.list").result) == 3
    portal.sim("settings", {"scopes": ["sale", "catalog"]})

    assert portal.call("sale.paysystem.list").error == (401, "insufficient_scope")
    assert portal.call("scope").result == ["sale", "catalog"]
    assert "sale.paysystem.list" not in portal.call("methods").result
    assert portal.batch({"a": "sale.paysystem.list"})["result_error"]["a"]["error"] == "insufficient_scope"


def test_a_token_opens_expires_and_is_renewed_once(portal: Any) -> None:
    access = portal.server.portal.access
    token, refresh_token = access.issue(portal.clock())

    def read(shown: str) -> Any:
        return portal.send("GET", "/rest/sale.order.list", headers={"Authorization": f"Bearer {shown}"})

    def renew(shown: str) -> Any:
        query = urlencode({"grant_type": "refresh_token", "client_id": access.client_id,
                           "client_secret": access.client_secret, "refresh_token": shown})  # fmt: skip
        return portal.send("GET", f"/oauth/token/?{query}")

    assert len(read(token).result["orders"]) == 12
    portal.clock.turn(3600)
    assert read(token).error == (401, "expired_token")

    pair = renew(refresh_token).json
    body = json.dumps({"auth": pair["access_token"]}).encode()
    again = portal.send("POST", "/rest/sale.order.list", body, {"Content-Type": "application/json"})
    assert len(again.result["orders"]) == 12
    assert renew(refresh_token).error == (400, "invalid_grant")  # rotated away
    assert renew(pair["refresh_token"]).status == 200
