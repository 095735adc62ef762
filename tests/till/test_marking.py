"""Marked goods before the receipt: who is asked, what stops the sale, and what is kept for the attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.marking import BadMarking
from posapp.domain.permission import AGE_MAX, Ban, Source
from posapp.domain.receipt import CorrectionBasis, Receipt, Tender, TenderKind
from posapp.domain.terms import CorrectionType
from posapp.errors import SaleError, SetupError
from posapp.journal.rows import StoredReceipt
from posapp.settings import LIVE
from posapp.till import marking, marking_service, sale
from tests.till.marking_shops import LOCAL, ONLINE, MarkingShop, marked, milk
from tests.till.shops import TOTAL, Shop, an_order, cash


@pytest.fixture
def goods(shop: Shop) -> MarkingShop:
    return MarkingShop(shop)


def a_receipt(shop: MarkingShop, *numbers: int) -> Receipt:
    """Two pieces of the first line with their codes, one of the second without."""
    plain = sale._new_receipt(shop.till, an_order(), cash(TOTAL))
    return marked(plain, {1: [milk(each) for each in numbers or (1, 2)]})


def refusal(shop: MarkingShop, receipt: Receipt) -> SaleError:
    with pytest.raises(SaleError) as caught:
        marking.checked(shop.till, receipt)
    return caught.value


def nothing_was_begun(shop: MarkingShop) -> None:
    stored: list[StoredReceipt] = shop.till.journal.receipts_of_order(shop.till.portal, 1)
    assert stored == []
    assert shop.shop.register.receipts == []


# ------------------------------------------------------------------------------------------------ asking
def test_a_receipt_without_codes_asks_nobody(goods: MarkingShop) -> None:
    assert marking.checked(goods.till, sale._new_receipt(goods.till, an_order(), cash(TOTAL))) == ()
    assert goods.marking.requests == []


def test_all_codes_are_asked_about_in_one_question(goods: MarkingShop) -> None:
    first, second = marking.checked(goods.till, a_receipt(goods))
    assert (first.line, second.line) == (0, 1)
    assert first.permission is not None
    assert first.permission.source is Source.ONLINE
    assert [each for each in goods.marking.requests if "codes/check" in each] == ["POST /api/v4/true-api/codes/check"]
    assert set(marking.details((first, second))) == {0, 1}
    assert marking.details((first, second))[0][0].value.startswith("UUID=")


def test_the_hosts_are_remembered_from_sale_to_sale(goods: MarkingShop) -> None:
    marking.checked(goods.till, a_receipt(goods))
    goods.marking.requests.clear()
    marking.checked(goods.till, a_receipt(goods))
    assert goods.marking.requests == ["POST /api/v4/true-api/codes/check"]


def test_the_list_of_hosts_is_renewed_outside_a_sale(goods: MarkingShop) -> None:
    marking_service.refresh_if_due(goods.till)
    assert len(goods.marking.requests) == 3  # the list, the host, the local module
    marking_service.refresh_if_due(goods.till)
    assert len(goods.marking.requests) == 3
    goods.shop.register.advance(timedelta(hours=7).total_seconds())
    marking_service.refresh_if_due(goods.till)
    assert len(goods.marking.requests) == 6
    goods.marking.key = "other"
    goods.shop.register.advance(timedelta(hours=7).total_seconds())
    marking_service.refresh_if_due(goods.till)  # a key that is no longer accepted stops no exchange


@pytest.mark.parametrize("trouble", ["away", "key"])
def test_a_list_that_was_asked_for_in_vain_is_asked_for_in_a_while(goods: MarkingShop, trouble: str) -> None:
    marking_service.refresh_if_due(goods.till)
    goods.shop.register.advance(timedelta(hours=7).total_seconds())
    goods.fault({"do": "http", "value": 500} if trouble == "away" else {"do": "http", "value": 401})
    goods.marking.requests.clear()
    for _ in range(5):
        marking_service.refresh_if_due(goods.till)
    asked = len(goods.marking.requests)
    assert asked <= 2  # once, not with every exchange
    goods.shop.register.advance(timedelta(minutes=16).total_seconds())
    marking_service.refresh_if_due(goods.till)
    assert len(goods.marking.requests) > asked
    goods.fault()
    assert marking.checked(goods.till, a_receipt(goods))  # the hosts of before are still known


# ------------------------------------------------------------------------------------------------ what stops the sale
@pytest.mark.parametrize("ban", list(Ban)[:7])
def test_a_ban_names_the_line_and_begins_nothing(goods: MarkingShop, ban: Ban) -> None:
    states = {Ban.BAD_FORMAT: {"valid": False}, Ban.NOT_FOUND: {"found": False}, Ban.NOT_APPLIED: {"utilised": False},
              Ban.NOT_GENUINE: {"verified": False}, Ban.SOLD: {"sold": True}, Ban.NOT_INTRODUCED: {"realizable": False},
              Ban.BLOCKED: {"isBlocked": True}}  # fmt: skip
    goods.marking.set_codes({milk(2).identity: states[ban]})
    error = refusal(goods, a_receipt(goods))
    assert (error.code, error.number, error.facts["line"]) == ("marking_refused", 307, 2)
    assert milk(2).identity[-6:] in error.message()
    assert ban.why in error.message()
    nothing_was_begun(goods)


def test_another_thing_is_sold_after_a_ban(goods: MarkingShop) -> None:
    goods.marking.set_codes({milk(2).identity: {"sold": True}})
    refusal(goods, a_receipt(goods))
    assert len(marking.checked(goods.till, a_receipt(goods, 1, 3))) == 2


def test_the_local_module_steps_in(goods: MarkingShop) -> None:
    goods.fault({"do": "slow", "value": 60.0})
    before = goods.shop.register.now
    first, _ = marking.checked(goods.till, a_receipt(goods))
    assert first.permission is not None
    assert first.permission.source is Source.LOCAL
    assert goods.shop.register.now - before == timedelta(seconds=1.5)


def test_silence_stops_the_sale_unless_the_shop_has_decided_otherwise(shop: Shop) -> None:
    goods = MarkingShop(shop)
    goods.fault({"do": "http", "value": 500}, {"do": "http", "value": 500, "at": "local"})
    assert refusal(goods, a_receipt(goods)).code == "marking_unanswered"
    nothing_was_begun(goods)
    daring = MarkingShop(shop, sells_unanswered=True)
    daring.fault({"do": "http", "value": 500}, {"do": "http", "value": 500, "at": "local"})
    verdicts = marking.checked(daring.till, a_receipt(daring))
    assert [each.permission.source for each in verdicts if each.permission] == [Source.SILENCE] * 2
    assert marking.details(verdicts) == {}


def test_a_ban_stops_the_sale_even_where_silence_would_not(shop: Shop) -> None:
    goods = MarkingShop(shop, sells_unanswered=True)
    goods.fault({"do": "http", "value": 500})
    goods.marking.set_codes({milk(1).identity: {"isBlocked": True}})
    assert refusal(goods, a_receipt(goods)).code == "marking_refused"


def test_the_emergency_of_the_service_lets_the_sale_go_without_1260(goods: MarkingShop) -> None:
    goods.fault({"do": "http", "value": 203})
    verdicts = marking.checked(goods.till, a_receipt(goods))
    assert marking.details(verdicts) == {}
    assert [each.permission.source for each in verdicts if each.permission] == [Source.EMERGENCY] * 2


def test_a_key_that_is_not_accepted_is_no_silence(shop: Shop) -> None:
    goods = MarkingShop(shop, sells_unanswered=True)
    goods.marking.key = "other"
    assert refusal(goods, a_receipt(goods)).code == "marking_access"


def test_without_set_up_marked_goods_are_not_sold(goods: MarkingShop) -> None:
    till = replace(goods.till, settings=goods.till.settings.with_(marking=None), marking=None)
    with pytest.raises(SetupError) as caught:
        marking.checked(till, a_receipt(goods))
    assert "setup marking" in caught.value.action()


def test_a_shop_outside_the_mode_asks_nobody(goods: MarkingShop) -> None:
    alone = goods.till.settings.with_(marking=replace(goods.asks, online="", local=""))
    verdicts = marking.checked(replace(goods.till, settings=alone), a_receipt(goods))
    assert [each.permission for each in verdicts] == [None, None]
    assert goods.marking.requests == []


def test_what_comes_back_needs_no_permission(goods: MarkingShop) -> None:
    sold = a_receipt(goods)
    back = replace(sold, settlement=replace(sold.settlement, kind=ReceiptKind.SELL_REFUND))
    assert [each.permission for each in marking.checked(goods.till, back)] == [None, None]
    assert goods.marking.requests == []


def test_a_correction_tells_of_what_has_happened(goods: MarkingShop) -> None:
    goods.marking.set_codes({milk(1).identity: {"sold": True}})
    sold = a_receipt(goods)
    basis = CorrectionBasis(CorrectionType.SELF, sold.created_at.date())
    exact = (Tender(TenderKind.CASH, sold.total),)
    assert marking.checked(goods.till, replace(sold, tenders=exact, correction=basis)) == ()
    assert goods.marking.requests == []


def test_a_live_till_believes_no_practice(goods: MarkingShop) -> None:
    live = replace(goods.till, settings=replace(goods.till.settings, kind=LIVE))
    with pytest.raises(SetupError) as caught:
        marking.checked(live, a_receipt(goods))
    assert caught.value.code == "training_mismatch"


def test_one_thing_twice(goods: MarkingShop) -> None:
    receipt = a_receipt(goods)
    twice = replace(
        receipt, lines=tuple(replace(each, marking=milk().text) if each.marking else each for each in receipt.lines)
    )
    assert refusal(goods, twice).code == "marking_twice"


def test_what_is_no_code_in_a_receipt_is_refused_with_the_place(goods: MarkingShop) -> None:
    receipt = a_receipt(goods)
    lines = (replace(receipt.lines[0], marking="0104607103820701215"), *receipt.lines[1:])
    with pytest.raises(BadMarking) as caught:
        marking.checked(goods.till, replace(receipt, lines=lines))
    assert caught.value.position == 15


# ------------------------------------------------------------------------------------------------ age and evidence
def test_an_answer_that_grew_old_begins_no_receipt(goods: MarkingShop) -> None:
    verdicts = marking.checked(goods.till, a_receipt(goods))
    marking.require_fresh(goods.till, verdicts)
    goods.shop.register.advance(AGE_MAX.total_seconds() + 1)
    with pytest.raises(SaleError) as caught:
        marking.require_fresh(goods.till, verdicts)
    assert caught.value.code == "marking_unanswered"


def test_the_verdicts_survive_in_the_attempt(goods: MarkingShop) -> None:
    receipt = a_receipt(goods)
    verdicts = marking.checked(goods.till, receipt)
    journal = goods.till.journal
    journal.add_receipt(receipt)
    attempt = journal.start_attempt(receipt.key, goods.till.identity, 2, 1)
    journal.note_evidence(attempt, marking.evidence(verdicts))
    journal.note_evidence(attempt, {"opened": True})
    stored = journal.last_attempt(receipt.key)
    assert stored is not None
    assert marking.verdicts_of(stored.evidence) == verdicts
    assert marking.verdicts_of({}) == ()
    assert marking.verdicts_of({"marking": [{"line": "x"}]}) == ()
    assert marking.evidence(()) == {}


def test_addresses_are_those_of_the_settings(goods: MarkingShop) -> None:
    assert (goods.asks.online, goods.asks.local, goods.asks.asks) == (ONLINE, LOCAL, True)
