"""Scenes of settling an order in another way than the usual sale."""

from __future__ import annotations

from dataclasses import replace

from posapp.domain.money import ZERO, Money
from posapp.domain.offers import Way, offers
from posapp.domain.order import OrderPayment, OrderShipment
from posapp.domain.receipt import PaymentMethod, Tender, TenderKind
from posapp.errors import SaleError
from posapp.till.views import OrderView
from posapp.ui.draft import Method
from posapp.ui.window import Window
from tests.screens.shop import desk_of_the_day, open_order
from tests.ui.desks import fiscalized, order, receipt_of, view

PRICE = Money(248_000)


def with_payments(*sums: tuple[int, bool], code: str = "", names: tuple[str, ...] = ()) -> OrderView:
    """The order 10457 with these payments (kopecks, paid), and what can be done with it."""
    called = names or ("Наличные курьеру", "Карта на сайте", "СБП на сайте", "Рассрочка")
    payments = tuple(
        OrderPayment(700 + n, 2, called[n], Money(kopecks), is_paid=paid, prints_receipt=False)
        for n, (kopecks, paid) in enumerate(sums)
    )
    it = order(10457, payments=payments, shipments=(OrderShipment(93, is_deducted=False),))
    refusal = SaleError(code, order="10457", why="", paid="", total="") if code else None
    return replace(view(it, refusal=refusal), offers=offers(it, []))


def window_with(shown: OrderView) -> Window:
    """That order open."""
    desk = desk_of_the_day()
    desk.add(shown)
    return open_order(desk)


def choose(window: Window, way: Way) -> Window:
    """The way, as a finger chooses it."""
    pane = window.pane
    number = next(n for n, each in enumerate(pane.choice.options) if each.value.way is way)  # type: ignore[attr-defined]
    pane.choice.buttons[number].click()
    window.frame.arrange()
    return window


def order_with_ways() -> Window:
    """An order that can be sold in the usual way, and in others."""
    return window_with(with_payments((248_000, False)))


def ways_other() -> Window:
    window = order_with_ways()
    window.pane.methods.ways.click()
    window.frame.arrange()
    return window


def ways_prepayment() -> Window:
    return choose(ways_other(), Way.PREPAYMENT)


def ways_credit() -> Window:
    return choose(ways_other(), Way.CREDIT)


def ways_paid() -> Window:
    return window_with(with_payments((248_000, True), code="already_paid"))


def ways_handover() -> Window:
    return choose(ways_paid(), Way.HANDOVER)


def ways_site() -> Window:
    return choose(ways_paid(), Way.SITE_PAYMENT)


def ways_part() -> Window:
    return window_with(with_payments((148_000, False), (100_000, True), code="part_paid"))


def ways_several() -> Window:
    """Three payments: first the way, then which of them."""
    return window_with(with_payments((48_000, False), (100_000, False), (100_000, False), code="order_unfit"))


def ways_which() -> Window:
    return choose(ways_several(), Way.PART_PREPAYMENT)


def ways_done_ahead() -> Window:
    """A prepayment was taken: the goods stay."""
    shown = with_payments((248_000, False))
    desk = desk_of_the_day()
    desk.add(shown)
    made = receipt_of(shown.order, Money(300_000), ZERO)
    lines = tuple(
        replace(each, payment_method=PaymentMethod.FULL_PREPAYMENT, vat=each.vat.calculated) for each in made.lines
    )
    made = replace(made, lines=lines, tenders=(Tender(TenderKind.CASH, Money(300_000)),))
    desk.sell_result = lambda before, cash, card: fiscalized(made)
    window = open_order(desk)
    window.pane.methods.ways.click()
    choose(window, Way.PREPAYMENT)
    window.pane.choose(Method.CASH)
    window.pane.money.fired.emit()
    return window


def ways_other_large() -> Window:
    """The list on a narrow screen."""
    window = order_with_ways()
    window.settle(replace(window.settings, factor=2.0))
    window.pane.methods.ways.click()
    window.frame.arrange()
    return window
