"""The exchange with a portal that goes away and comes back; the portal is the simulated one over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from posapp.settings import VatSettings
from posapp.till import exchange
from tests.sync.portals import Bitrix, order_row, serving, shop_of
from tests.till.shops import TAG_VAT_22, Shop

VAT_ROW = 3  # of the simulated portal


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    """A portal with one order."""
    with serving(shop_of(order_row(1))) as portal:
        yield portal


@pytest.fixture
def online(shop: Shop, bitrix: Bitrix) -> Shop:
    """The till on that portal, its order on board."""
    portal = shop.settings.portal
    assert portal is not None
    settings = shop.settings.with_(
        portal=replace(portal, portal=bitrix.client.portal),
        vat=VatSettings(confirmed={VAT_ROW: TAG_VAT_22}, rows={VAT_ROW: ("НДС 22 %", "22")}),
    )
    shop.till = replace(shop.till, settings=settings, client=lambda: bitrix.client)
    exchange.pull(shop.till)
    return shop


def test_the_moment_the_network_was_lost_is_kept_over_rounds_with_nothing_to_send(online: Shop, bitrix: Bitrix) -> None:
    bitrix.set("network", {"up": False})
    exchange.sync(online.till)
    lost_at = exchange.strip(online.till).offline_since
    assert lost_at == online.now()
    for _ in range(3):
        online.register.advance(20)
        exchange.sync(online.till)
    assert exchange.strip(online.till).offline_since == lost_at
    assert online.now() - lost_at == timedelta(seconds=60)
    bitrix.set("network", {"up": True})
    exchange.sync(online.till)
    assert not exchange.strip(online.till).is_offline


def test_what_waits_goes_with_the_first_round_that_reaches_the_portal(online: Shop, bitrix: Bitrix) -> None:
    order = online.till.journal.order_by_id(bitrix.client.portal, 1)
    assert order is not None
    bitrix.set("network", {"up": False})
    online.sell(order)
    for _ in range(4):
        online.register.advance(5)
        exchange.sync(online.till)
    assert exchange.strip(online.till).unsent == 4
    next_try_at = exchange.strip(online.till).next_try_at
    assert next_try_at is not None
    assert next_try_at > online.now()
    bitrix.set("network", {"up": True})
    report, pulled = exchange.sync(online.till)
    assert (report.delivered, report.left) == (4, 0)
    assert pulled is not None
    assert bitrix.order(1)["payed"] == "Y"


def test_a_clock_that_was_put_back_makes_no_copy_of_an_order_fresh(online: Shop, bitrix: Bitrix) -> None:
    """Else the order would be sold as it was, however long ago, until the clock has caught up."""
    yesterday = online.now() - timedelta(days=1)
    online.till = replace(online.till, now=lambda: yesterday)
    bitrix.client.call("sale.payment.update", {"id": 11, "fields": {"paySystemId": 1, "paid": "Y"}})
    assert exchange.order_for_sale(online.till, "N-1").is_paid
