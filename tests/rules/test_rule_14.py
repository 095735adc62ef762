"""Rule 14: the portal must not print a second receipt.

Till-driven mode stands on CAN_PRINT_CHECK=N of every pay system whose orders this till receipts. That is proven at
set-up, asked again at every contact with the portal, and kept with each order on board: offline the kept answer counts.
An order whose pay system prints is receipted by the portal, and the till prints nothing for it. What cannot be read is
no "N". Portal-driven and site-poll modes are not built; set-up refuses them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from posapp.domain.settlement import State
from posapp.errors import PosError, Refused, Rejected, SaleError
from posapp.sync.bitrix.check import check_till_driven
from posapp.till import exchange
from tests.rules.portals import a_portal, on_board, on_portal, pay_system_prints
from tests.sync.portals import WRITES, Bitrix
from tests.till.shops import Shop


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    """A portal with two orders."""
    with a_portal(1, 2) as portal:
        yield portal


@pytest.fixture
def online(shop: Shop, bitrix: Bitrix) -> Shop:
    """The till with both orders on board."""
    on_portal(shop, bitrix)
    return shop


def refused(shop: Shop, code: str, order_id: int = 1) -> None:
    """The sale is refused so, and not a byte of a receipt has left."""
    opened = shop.register.count(0x8D)
    with pytest.raises(SaleError) as told:
        shop.sell(on_board(shop, order_id))
    assert told.value.code == code
    assert shop.register.count(0x8D) == opened


# ---------------------------------------------------------------------------------------------- set-up


@pytest.mark.parametrize("value", ["Y", "", None, "?"])
def test_rule_14_set_up_refuses_a_portal_that_prints_or_does_not_say(bitrix: Bitrix, value: object) -> None:
    check_till_driven(bitrix.client)
    pay_system_prints(bitrix, value)
    with pytest.raises(Rejected) as told:
        check_till_driven(bitrix.client)
    assert told.value.code == "portal_prints"


def test_rule_14_set_up_refuses_a_webhook_without_the_scope(bitrix: Bitrix) -> None:
    bitrix.portal.access.scopes = tuple(each for each in bitrix.portal.access.scopes if each != "pay_system")
    with pytest.raises(Rejected) as told:
        check_till_driven(bitrix.client)
    assert told.value.code == "portal_no_paysystems"


# ---------------------------------------------------------------------------------------------- at every contact


def test_rule_14_an_answer_that_changed_reaches_orders_that_did_not(online: Shop, bitrix: Bitrix) -> None:
    """No order was touched, so a pull brings none; and yet both copies on board know it."""
    pay_system_prints(bitrix, "Y")
    online.register.advance(3600)
    pulled = exchange.pull(online.till)
    assert pulled.changed in (0, 2)
    for order_id in (1, 2):
        refused(online, "portal_prints", order_id)


def test_rule_14_and_back_again(online: Shop, bitrix: Bitrix) -> None:
    pay_system_prints(bitrix, "Y")
    exchange.pull(online.till)
    refused(online, "portal_prints")
    pay_system_prints(bitrix, "N")
    exchange.pull(online.till)
    online.sell(on_board(online))
    online.assert_exactly_one()


def test_rule_14_the_look_before_a_sale_is_a_contact_for_all_orders(online: Shop, bitrix: Bitrix) -> None:
    pay_system_prints(bitrix, "Y")
    online.register.advance(60)
    exchange.order_for_sale(online.till, "N-1")
    bitrix.set("network", {"up": False})
    refused(online, "portal_prints", 1)
    refused(online, "portal_prints", 2)


@pytest.mark.parametrize("value, code", [("Y", "portal_prints"), ("", "portal_no_paysystems")])
def test_rule_14_offline_the_kept_answer_counts(online: Shop, bitrix: Bitrix, value: str, code: str) -> None:
    pay_system_prints(bitrix, value)
    exchange.pull(online.till)
    bitrix.set("network", {"up": False})
    pay_system_prints(bitrix, "N")  # nobody here can know
    online.restart()
    on_portal(online, bitrix, pull=False)
    refused(online, code)


def test_rule_14_offline_a_kept_no_sells(online: Shop, bitrix: Bitrix) -> None:
    bitrix.set("network", {"up": False})
    online.sell(on_board(online))
    online.assert_exactly_one()


def test_rule_14_a_portal_that_no_longer_lets_us_ask_is_no_no(online: Shop, bitrix: Bitrix) -> None:
    """The scope was taken from the webhook after set-up."""
    bitrix.portal.access.scopes = tuple(each for each in bitrix.portal.access.scopes if each != "pay_system")
    with pytest.raises(Rejected):
        exchange.pull(online.till)
    refused(online, "portal_no_paysystems")


def test_rule_14_a_receipt_begun_before_is_not_printed_after(online: Shop, bitrix: Bitrix) -> None:
    online.register.fault("FF46", "error", value=0x39)
    with pytest.raises(Refused):
        online.sell(on_board(online))
    pay_system_prints(bitrix, "Y")
    exchange.pull(online.till)
    refused(online, "portal_prints")
    assert online.stored().state is State.REFUSED


def test_rule_14_nothing_is_written_to_an_order_whose_pay_system_prints_by_now(online: Shop, bitrix: Bitrix) -> None:
    """The receipt was made while it did not. Paying would order the portal's own one; a person decides."""
    online.sell(on_board(online))
    bitrix.set("settings", {"cashboxes": [{"ID": 1, "ACTIVE": "Y"}]})
    pay_system_prints(bitrix, "Y")
    exchange.deliver(online.till, force=True)
    assert [row for row in bitrix.requests() if row["method"] in WRITES] == []
    assert bitrix.portal.state()["checks"] == []
    entries = online.till.journal.entries_of_receipt(online.receipt().key)
    assert {(each.state, each.code) for each in entries} == {("failed", "portal_prints")}


@pytest.mark.parametrize("prints, code", [(True, "portal_prints"), (None, "portal_no_paysystems")])
def test_rule_14_one_printing_payment_of_several_is_enough(online: Shop, prints: bool | None, code: str) -> None:
    order = on_board(online)
    paid = replace(order.payments[0], payment_id=99, is_paid=True, prints_receipt=prints)
    with pytest.raises(PosError) as told:
        online.sell(replace(order, payments=(*order.payments, paid)))
    assert told.value.code == code
