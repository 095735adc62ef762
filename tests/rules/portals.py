"""A till on the simulated portal over HTTP, its orders on board."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from posapp.domain.order import Order
from posapp.settings import VatSettings
from posapp.till import exchange
from tests.sync.portals import Bitrix, order_row, serving, shop_of
from tests.till.shops import TAG_VAT_22, Shop

VAT_ROW = 3  # of the simulated portal
CASH_SYSTEM = 1


@contextmanager
def a_portal(*order_ids: int) -> Iterator[Bitrix]:
    """A portal with these orders."""
    with serving(shop_of(*(order_row(each) for each in order_ids))) as portal:
        yield portal


def on_portal(shop: Shop, bitrix: Bitrix, *, pull: bool = True) -> None:
    """The till works with that portal."""
    portal = shop.settings.portal
    assert portal is not None
    shop.settings = shop.settings.with_(
        portal=replace(portal, portal=bitrix.client.portal),
        vat=VatSettings(confirmed={VAT_ROW: TAG_VAT_22}, rows={VAT_ROW: ("НДС 22 %", "22")}),
    )
    shop.till = replace(shop.till, settings=shop.settings, client=lambda: bitrix.client)
    if pull:
        exchange.pull(shop.till)


def on_board(shop: Shop, order_id: int = 1) -> Order:
    """The order as the journal has it."""
    found = shop.till.journal.order_by_id(shop.till.portal, order_id)
    assert found is not None
    return found


def pay_system_prints(bitrix: Bitrix, value: object) -> None:
    """The administrator changes CAN_PRINT_CHECK of the pay system; no order changes by that."""
    bitrix.set("settings", {"paySystems": [{"ID": CASH_SYSTEM, "CAN_PRINT_CHECK": value}]})
