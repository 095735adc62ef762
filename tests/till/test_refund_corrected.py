"""Refunds and corrections of one deal: what was given back counts once, whatever was put right in between."""

from __future__ import annotations

import pytest

from posapp.domain.checkout import Terms
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.offers import Way
from posapp.domain.receipt import Receipt
from posapp.errors import DeviceError, SaleError
from posapp.till import correct, orders, refund, sale
from posapp.till.correct import Corrected
from posapp.till.correct_plan import Said, find, planned
from posapp.till.refund import Wanted
from tests.till.shops import TOTAL, Shop, an_order, card, cash
from tests.till.test_correct import WHY
from tests.till.test_refund import back
from tests.till.test_ways import UNPAID

Q = Quantity.of


@pytest.fixture
def shop(versioned: Shop) -> Shop:
    """With an order on board."""
    versioned.till.journal.save_orders([an_order()], claimed=True)
    return versioned


def by_card(shop: Shop, receipt: Receipt) -> Corrected:
    return correct.correct(shop.till, receipt.key, Said(tenders=card(receipt.total)), WHY)


def test_a_refund_that_was_put_right_counts_once(shop: Shop) -> None:
    halves = (*card(Money(30_000)), *cash(TOTAL - Money(30_000)))
    sold = shop.sell(an_order(), halves).view.receipt
    part = back(shop, sold.key, lines={1: None}, tenders=cash(sold.lines[1].line_sum)).view.receipt
    by_card(shop, part)
    left = refund.left(shop.till, refund.found(shop.till, Wanted(key=sold.key)))
    assert left.total == TOTAL - part.total
    assert left.lines[1] == 0
    rest = back(shop, sold.key).view.receipt
    assert rest.total + part.total == TOTAL
    assert rest.tenders == (*card(Money(30_000) - part.total), *cash(TOTAL - Money(30_000)))
    with pytest.raises(SaleError) as caught:
        refund.refund(shop.till, sold.key)
    assert caught.value.code == "already_refunded"


def test_the_order_may_be_sold_anew_after_a_refund_that_was_put_right(shop: Shop) -> None:
    order = an_order()
    sold = shop.sell(order).view.receipt
    by_card(shop, back(shop, sold.key).view.receipt)
    with pytest.raises(SaleError) as caught:
        refund.refund(shop.till, sold.key)
    assert caught.value.code == "already_refunded"
    assert Way.FULL in {each.way for each in orders.view(shop.till, order).offers}
    assert shop.sell(order).view.receipt.settlement.part == "1#2"


def test_what_went_back_by_the_wrong_tender_leaves_the_rest_as_it_was_paid(shop: Shop) -> None:
    """Paid in cash, a part given back to the card: the rest is proposed in cash, and no tender below nothing."""
    sold = shop.sell(an_order()).view.receipt
    part = back(shop, sold.key, lines={1: None}).view.receipt
    by_card(shop, part)
    assert back(shop, sold.key).view.receipt.tenders == cash(TOTAL - part.total)


def test_a_right_receipt_that_was_taken_back_is_as_if_it_had_never_been(shop: Shop) -> None:
    order = an_order()
    wrong = shop.sell(order).view.receipt
    right = by_card(shop, wrong).sold[-1].view.receipt
    assert back(shop, right.key).view.receipt.tenders == card(TOTAL)
    assert Way.FULL in {each.way for each in orders.view(shop.till, order).offers}
    assert shop.sell(order).view.receipt.kind is ReceiptKind.SELL


def test_money_ahead_that_was_put_right_does_not_go_back_before_the_goods(shop: Shop) -> None:
    shop.till.journal.save_orders([UNPAID], claimed=True)
    ahead = sale.sell(shop.till, UNPAID, cash(TOTAL), terms=Terms(way=Way.PREPAYMENT)).view.receipt
    right = by_card(shop, ahead).sold[-1].view.receipt
    out = sale.sell(shop.till, UNPAID, (), terms=Terms(way=Way.HANDOVER)).view.receipt
    with pytest.raises(SaleError) as caught:
        refund.refund(shop.till, right.key)
    assert caught.value.code == "refund_order"
    back(shop, out.key)
    assert back(shop, right.key).view.receipt.total == TOTAL


def test_a_begun_refund_of_money_ahead_waits_for_goods_that_went_out_meanwhile(shop: Shop) -> None:
    """It was lawful when it was begun; the goods went out against that money before it was tried again."""
    shop.till.journal.save_orders([UNPAID], claimed=True)
    ahead = sale.sell(shop.till, UNPAID, cash(TOTAL), terms=Terms(way=Way.PREPAYMENT)).view.receipt
    shop.register.fault("8D", "paper_out", "before")
    with pytest.raises(DeviceError):
        refund.refund(shop.till, ahead.key)
    shop.register.heal()
    out = sale.sell(shop.till, UNPAID, (), terms=Terms(way=Way.HANDOVER)).view.receipt
    with pytest.raises(SaleError) as caught:
        refund.refund(shop.till, ahead.key)
    assert caught.value.code == "refund_order"
    back(shop, out.key)
    assert back(shop, ahead.key).view.receipt.total == TOTAL


def refuses_void(shop: Shop, key: str) -> bool:
    try:
        planned(shop.till, find(shop.till, key), Said(is_void=True))
    except SaleError as error:
        return error.code == "correction_unfit"
    return False


def test_the_only_receipt_of_what_it_settles_is_not_one_too_many(shop: Shop) -> None:
    """Prepayment and hand-over are two lawful receipts of an order; what was taken back stands in for nothing."""
    shop.till.journal.save_orders([UNPAID], claimed=True)
    ahead = sale.sell(shop.till, UNPAID, cash(TOTAL), terms=Terms(way=Way.PREPAYMENT)).view.receipt
    out = sale.sell(shop.till, UNPAID, (), terms=Terms(way=Way.HANDOVER)).view.receipt
    assert refuses_void(shop, ahead.key)
    assert refuses_void(shop, out.key)
    back(shop, out.key)
    back(shop, ahead.key)
    again = sale.sell(shop.till, UNPAID, cash(TOTAL)).view.receipt
    assert refuses_void(shop, again.key)
