"""Rule 16: what was printed is printed, whatever the portal shows later, and its mark goes to the payment's fields.

PRINT_URL and CHECK_URL – the portal's own orders to print, accepted by the gateway – are not built yet. What stands is
the other half: a fiscalized receipt is never taken back, repeated or forgotten because the portal changed its mind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from posapp.domain.settlement import By, State
from posapp.errors import PosError
from posapp.till import exchange, recover
from posapp.till.sale import AlreadyReceipted
from tests.rules.portals import a_portal, on_board, on_portal
from tests.sync.portals import Bitrix
from tests.till.shops import Shop


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    """A portal with two orders."""
    with a_portal(1, 2) as portal:
        yield portal


def test_rule_16_the_mark_stands_in_the_payments_fields(shop: Shop, bitrix: Bitrix) -> None:
    on_portal(shop, bitrix)
    shop.sell(on_board(shop))
    exchange.sync(shop.till)
    payment = bitrix.order(1)["payments"][0]
    stored = shop.stored()
    assert stored.mark is not None
    assert (payment["psInvoiceId"], payment["payVoucherNum"]) == (stored.receipt.key, str(stored.mark.document_number))
    for part in (f"fn={stored.mark.storage_number}", f"fp={stored.mark.document_sign}"):
        assert part in payment["psStatusDescription"]


@pytest.mark.parametrize(
    "later",
    [
        {"payed": "N"},
        {"canceled": "Y"},
        {"statusId": "N"},
        {"price": 1},
        {"gone": True},
        {"mark": ""},
    ],
    ids=lambda each: next(iter(each)),
)
@pytest.mark.parametrize("delivered", [False, True])
def test_rule_16_whatever_the_portal_shows_later_it_stays_printed(
    shop: Shop, bitrix: Bitrix, later: dict[str, Any], delivered: bool
) -> None:
    on_portal(shop, bitrix)
    sold = shop.sell(on_board(shop))
    if delivered:
        exchange.sync(shop.till)
    order = bitrix.portal.shop.orders[1]
    match later:
        case {"gone": _}:
            del bitrix.portal.shop.orders[1]
        case {"mark": _}:
            order["payments"][0] |= {"psInvoiceId": "", "payVoucherNum": "", "psStatusCode": ""}
        case {"payed": _}:
            order["payments"][0]["paid"] = "N"
        case _:
            order |= later
    for _ in range(2):
        exchange.sync(shop.till)
        bitrix.clock.now_s += 700
    recover.recover(shop.till)
    stored = shop.stored()
    assert (stored.state, stored.mark) == (State.FISCALIZED, sold.view.mark)
    assert len(shop.register.with_key(stored.receipt.key)) == 1
    with pytest.raises((AlreadyReceipted, PosError)):
        shop.sell(on_board(shop))
    assert len(shop.register.receipts) == 1


@pytest.mark.parametrize("after", [State.PENDING, State.REFUSED, State.CANCELLED, State.HELD])
@pytest.mark.parametrize("by", list(By))
def test_rule_16_a_mark_that_is_on_disk_is_nobodys_to_take_back(shop: Shop, after: State, by: By) -> None:
    shop.sell()
    with pytest.raises(PosError):
        shop.till.journal.move(shop.receipt().key, after, by, "портал передумал")
    with pytest.raises(PosError):
        shop.till.journal.not_made(shop.receipt().key, State.PENDING, "портал передумал", {})
    shop.assert_exactly_one()
