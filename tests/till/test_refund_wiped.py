"""A list of receipts that a person has wiped hides what other tills gave back: that is a doubt, not nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import TenderKind
from posapp.errors import PosError
from posapp.settings import GatewaySettings
from posapp.till import exchange, refund
from posapp.till.refund import Wanted
from tests.rules.portals import on_portal
from tests.sync.portals import Bitrix, serving, shop_of
from tests.till.rig import OWN_NUMBER, Register
from tests.till.shops import Shop, shop_at
from tests.till.test_refund_portal import _ids, back, deliver, listed, refused, sold, two_mugs

SEVERAL = GatewaySettings("http://gateway.example")


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    with serving(shop_of(two_mugs())) as portal:
        yield portal


@pytest.fixture
def selling(tmp_path: Path, bitrix: Bitrix) -> Iterator[Shop]:
    with shop_at(tmp_path / "own", Register()) as shop:
        on_portal(shop, bitrix)
        yield shop


def several(shop: Shop) -> None:
    shop.till = replace(shop.till, settings=shop.till.settings.with_(gateway=SEVERAL))


def wipe(bitrix: Bitrix) -> None:
    bitrix.portal.shop.orders[1]["payments"][0]["comments"] = "перезвонить"


def test_an_own_receipt_that_the_list_has_lost_needs_a_senior(selling: Shop, bitrix: Bitrix) -> None:
    original = sold(selling)
    several(selling)
    assert refund.found(selling.till, Wanted(key=original.key)).doubts == (), "not told yet"
    deliver(selling)
    assert refund.found(selling.till, Wanted(key=original.key)).doubts == ()
    wipe(bitrix)
    assert refused(selling, original.key).code == "refund_unclear"
    assert back(selling, original.key, override="старший: Иванова").total == original.total


def test_a_lone_till_knows_by_itself(selling: Shop, bitrix: Bitrix) -> None:
    original = sold(selling)
    deliver(selling)
    wipe(bitrix)
    assert back(selling, original.key).total == original.total


def test_the_fields_of_a_payment_tell_that_something_went_back(selling: Shop, bitrix: Bitrix, tmp_path: Path) -> None:
    original = sold(selling)
    deliver(selling)
    back(selling, original.key, lines={0: Quantity.of(1)})
    deliver(selling)
    with shop_at(tmp_path / "other", Register(OWN_NUMBER + 1)) as second:
        on_portal(second, bitrix, pull=False)
        settings = second.till.settings.with_(till="2", gateway=SEVERAL)
        second.till = replace(second.till, settings=settings, new_id=_ids())
        exchange.pull(second.till)
        second.till.printer.cash_in(original.total)
        wanted = Wanted(order="N-1", paid=TenderKind.CASH)
        assert refund.left(second.till, refund.found(second.till, wanted)).total == Money(10_000)
        wipe(bitrix)
        with pytest.raises(PosError) as caught:
            refund.refund(second.till, refund.found(second.till, wanted))
        assert caught.value.code == "refund_unclear"


def test_several_tills_hear_of_a_refund_at_once(selling: Shop, bitrix: Bitrix) -> None:
    original = sold(selling)
    deliver(selling)
    first = back(selling, original.key, lines={0: Quantity.of(1)})
    refund.tell_others(selling.till)
    assert [each.key for each in listed(bitrix).entries] == [original.key], "a lone till waits for its exchange"
    several(selling)
    second = back(selling, original.key, lines={0: Quantity.of(1)})
    bitrix.set("network", {"up": False})
    refund.tell_others(selling.till)
    bitrix.set("network", {"up": True})
    selling.register.advance(600.0)
    refund.tell_others(selling.till)
    assert [each.key for each in listed(bitrix).entries] == [original.key, first.key, second.key]
