"""Orders that were paid before, or whose debt is paid: what the pane offers, and that nothing prints by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from posapp.domain.money import ZERO, Money
from posapp.domain.offers import Offer, Way
from posapp.domain.receipt import Receipt, Tender, TenderKind
from posapp.domain.settlement import State, handover_part
from posapp.errors import Refused, SaleError
from posapp.till.views import OrderView, ReceiptView
from posapp.ui.dealing import Choice
from posapp.ui.payment_pane import Step
from tests.ui.conftest import Shop
from tests.ui.desks import fiscalized, order, receipt_of, view

ENTER, ESC, F7 = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_F7
PRICE, REST = Money(248_000), Money(148_000)
HANDOVER = Offer(Way.HANDOVER, prepaid=PRICE, shipment_id=5)
SITE = Offer(Way.SITE_PAYMENT, came_in=PRICE, payment_id=7)
TAKE_REST = Offer(Way.REST, due=REST, prepaid=Money(100_000), payment_id=8)


def paid_view() -> OrderView:
    return replace(view(order(10_457)), refusal=SaleError("already_paid", order="10457"), offers=(HANDOVER, SITE))


def handed_over(before: OrderView) -> Receipt:
    made = receipt_of(before.order, PRICE, ZERO)
    settlement = replace(made.settlement, part=handover_part(5))
    return replace(made, tenders=(Tender(TenderKind.PREPAID, PRICE),), settlement=settlement)


def open_order(shop: Shop, shown: OrderView) -> None:
    shop.desk.views["010457"] = shown
    shop.desk.views["10457"] = shown
    shop.hands.scan("010457")


def step_of(shop: Shop) -> Step:
    """Asked anew each time."""
    return shop.window.pane.step


def press_offer(shop: Shop, number: int = 0) -> None:
    QTest.mouseClick(shop.window.pane.choice.buttons[number], Qt.MouseButton.LeftButton)
    shop.hands.settle()


def test_a_paid_order_is_handed_over_in_two_deliberate_steps(shop: Shop) -> None:
    shop.desk.sell_result = lambda before, cash, card: fiscalized(handed_over(before))
    open_order(shop, paid_view())
    pane = shop.window.pane
    assert step_of(shop) is Step.CHOOSE
    ways = [each.value.way for each in pane.choice.options if isinstance(each.value, Choice)]
    assert ways == [Way.HANDOVER, Way.SITE_PAYMENT]
    for _ in range(3):
        shop.hands.press(ENTER)
    assert shop.sales() == []
    press_offer(shop)
    assert step_of(shop) is Step.PAY
    assert pane.total.text() == shop.window.look.say.money(PRICE)
    shop.hands.press(F7)
    assert pane.pages.currentWidget() is pane.no_money, "no money is taken, so no method is chosen"
    assert shop.sales() == []
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10_457, ZERO, ZERO, Way.HANDOVER, None)]
    assert step_of(shop) is Step.DONE
    assert pane.done.word.text() == shop.window.look.say("done.no_money")


def test_the_rest_is_taken_like_any_money(shop: Shop) -> None:
    shown = replace(view(order(10_457)), refusal=SaleError("part_paid", order="10457", paid="", total=""))
    open_order(shop, replace(shown, offers=(TAKE_REST,)))
    press_offer(shop)
    pane = shop.window.pane
    assert step_of(shop) is Step.METHODS
    assert pane.draft is not None
    assert pane.draft.due == REST
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10_457, REST, ZERO, Way.REST, 8)]


def test_putting_it_aside_forgets_what_was_chosen(shop: Shop) -> None:
    open_order(shop, paid_view())
    press_offer(shop)
    shop.hands.press(ESC)
    assert step_of(shop) is Step.CHOOSE, "one step back"
    shop.hands.press(ESC)
    assert step_of(shop) is Step.IDLE
    plain = view(order(10_458))
    shop.desk.views["010458"] = plain
    shop.hands.scan("010458")
    shop.hands.press(F7)
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10_458, plain.order.to_pay, ZERO)]


def test_what_was_refused_is_tried_again_as_the_same(shop: Shop) -> None:
    shop.desk.sell_error = Refused("paper_out")
    open_order(shop, paid_view())
    press_offer(shop)
    shop.hands.press(ENTER)
    assert step_of(shop) is Step.PAY
    shop.hands.press(ENTER)
    assert len(shop.sales()) == 1, "nothing is armed until a person says so"


@pytest.mark.parametrize("state", [State.PENDING, State.REFUSED])
def test_a_begun_hand_over_goes_on(shop: Shop, state: State) -> None:
    """The program was killed, or the paper ended: the same receipt, no money."""
    shown = paid_view()
    begun = ReceiptView(handed_over(shown), state, None, None)
    shop.desk.sell_result = lambda before, cash, card: fiscalized(handed_over(before))
    open_order(shop, replace(shown, receipts=(begun,), offers=()))
    shop.window.act("resume")
    shop.hands.settle()
    shop.hands.press(ENTER)
    assert shop.sales() == [("sell", 10_457, ZERO, ZERO, Way.HANDOVER, None)]


def test_a_prepaid_order_offers_its_hand_over_although_it_has_a_receipt(shop: Shop) -> None:
    shown = view(order(10_457))
    prepaid = fiscalized(receipt_of(shown.order, PRICE, ZERO))
    told = SaleError("deal_goes_on", order="10457", document="4518", at="", ways="handover")
    open_order(shop, replace(shown, receipts=(prepaid,), refusal=told, offers=(HANDOVER,)))
    assert step_of(shop) is Step.CHOOSE
    assert len(shop.window.pane.choice.buttons) == 2, "the hand-over, or of a part"
