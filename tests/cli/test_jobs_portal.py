"""Portal-driven as typed: the portal calls the gateway, the till prints by command, the portal reads the marks back."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from posapp.cli.practice import PracticeShop
from posapp.gateway.serve import serving
from posapp.gateway.store import open_store
from posapp.gateway.whole import CashboxSettings, gateway
from tests.cli.tills import Run

SECRET, PATH = "s" * 40, "p" * 40
PRINTS = {"paySystems": [{"ID": number, "CAN_PRINT_CHECK": "Y"} for number in range(1, 10)]}
MOSCOW = timezone(timedelta(hours=3))


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=4, seed=7) as started:
        yield started


def asked(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def sim(shop: PracticeShop, name: str, body: object = None) -> Any:
    return asked(f"{shop.portal['url']}/_sim/{name}", body)


def rest(shop: PracticeShop, method: str, body: object) -> Any:
    return asked(f"{shop.portal['webhook'].rstrip('/')}/{method}", body)["result"]


def add_cashbox(shop: PracticeShop, url: str) -> None:
    """As `posapp setup cashbox` does, which has tests of its own."""
    urls = {"PRINT_URL": f"{url}/cb/{PATH}/print", "CHECK_URL": f"{url}/cb/{PATH}/check", "SUPPORTS_FFD105": "Y"}
    settings = {**urls, "CONFIG": {"SHOP": {"LABEL": "x", "ITEMS": {"NAME": {"TYPE": "STRING", "LABEL": "x"}}}}}
    rest(shop, "sale.cashbox.handler.add", {"CODE": "posapp", "NAME": "posapp", "SETTINGS": settings})
    box = {"NAME": "posapp", "REST_CODE": "posapp", "EMAIL": "a@b.test", "ACTIVE": "Y", "OFD": "", "SETTINGS": {}}
    rest(shop, "sale.cashbox.add", box)


def test_the_portal_orders_the_till_prints_the_portal_knows(
    run: Run, shop: PracticeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSAPP_GATEWAY_SECRET", SECRET)
    printer = ("setup", "printer", "--model", "shtrih", "--port", shop.register["port"], "--training", "--till", "j1")
    assert run(*printer)[0] == 0
    code, none = run("setup", "portal", "--mode", "portal-driven")
    assert (code, none["error"]["code"]) == (1, "nobody_prints")
    sim(shop, "settings", PRINTS)
    code, done = run("setup", "portal", "--mode", "portal-driven")
    assert (code, done["portal"]["mode"]) == (0, "portal-driven")
    assert run("setup", "vat", "--accept-proposed")[0] == 0
    assert run("jobs", "run", "--once")[1]["error"]["code"] == "not_set_up"  # the gateway
    box = CashboxSettings(done["portal"]["portal"], PATH, MOSCOW, None)
    with serving(gateway(open_store("sqlite://"), SECRET, lambda: datetime.now(UTC), box)) as url:
        assert run("setup", "gateway", "--url", url)[0] == 0
        add_cashbox(shop, url)
        orders = [each for each in sim(shop, "state")["orders"] if each["payments"][0]["paid"] == "N"]
        payment = orders[0]["payments"][0]
        fields = {"paySystemId": payment["paySystemId"], "paid": "Y"}
        rest(shop, "sale.payment.update", {"id": payment["id"], "fields": fields})
        (check,) = sim(shop, "checks")["checks"]
        assert check["status"] == "P"
        code, seen = run("jobs", "run", "--once")
        assert (code, len(seen["printed"]), seen["untold"]) == (0, 1, 0)
        sim(shop, "agent", {})
        (check,) = sim(shop, "checks")["checks"]
        (document,) = [each for each in asked(f"{shop.register['control']}/_sim/documents") if each["type"] == 3]
        assert (check["status"], check["linkParams"]["fiscal_doc_number"]) == ("Y", str(document["number"]))
        code, sold = run("sell", orders[0]["accountNumber"], "--cash", "100000")
        assert code == 1
        assert sold["error"]["code"] in ("portal_prints", "unknown_order", "already_paid")
    assert run("jobs", "run", "--once")[0] == 1  # the gateway is away
