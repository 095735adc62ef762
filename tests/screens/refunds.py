"""Scenes of a refund."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import OriginalReceipt, Receipt
from posapp.domain.refund import left_of, refund_of
from posapp.errors import SaleError, Unreachable
from posapp.till.refund import Left, Original
from posapp.ui.refunding import Found
from posapp.ui.window import Window
from tests.screens.shop import desk_of_the_day, window_on
from tests.ui.desks import NOW, SELLER, FakeDesk, fiscalized, line, order, receipt_of

GOODS = (
    line("Чайник «Волна» 1,7 л", 199_000),
    line("Фильтр для воды, сменный", 24_500, "2"),
    line("Сыр «Российский» 45 %, весовой", 89_000, "0.386", "10"),
)


def found(*, with_earlier: bool = False, in_doubt: bool = False, card: bool = False) -> Found:
    """A receipt of three lines; a filter may have come back before, and another till may have made it."""
    it = order(10457, GOODS)
    price = it.price
    made = fiscalized(receipt_of(it, Money(0) if card else price, price if card else Money(0)), 4502)
    assert made.mark is not None
    basis = OriginalReceipt.of(made.receipt.key, made.mark)
    refunds: tuple[Receipt, ...] = ()
    if with_earlier:
        one = {1: Quantity.of("1")}
        refunds = (refund_of(made.receipt, basis, one, SELLER, identity=made.receipt.identity, now=NOW),)
    rest = made.receipt.total - Money(sum(each.total.kopecks for each in refunds))
    left = Left(tuple(left_of(made.receipt, refunds)), rest, (), refunds, None)
    doubts = (SaleError("refund_unread", why="портал не отвечает"),) if in_doubt else ()
    return Found(Original(made.receipt, basis, is_ours=not in_doubt, doubts=doubts), left)


def desk_with(it: Found | None) -> FakeDesk:
    desk = desk_of_the_day()
    desk.refundable = it
    return desk


def refund_ask() -> Window:
    window = window_on(desk_with(None))
    window.go("refund")
    return window


def refund_not_found() -> Window:
    window = refund_ask()
    window.refunder.find("4711")
    return window


def refund_found() -> Window:
    window = window_on(desk_with(found(with_earlier=True)))
    window.scanned("t=20261121T1405&s=2823.54&fn=9999078900001234&i=4502&fp=1849301274&n=1")
    return window


def refund_chosen() -> Window:
    window = refund_found()
    window.refunder.step(2, 1)
    window.refunder.step(3, 1)
    return window


def refund_card() -> Window:
    window = window_on(desk_with(found(card=True)))
    window.refunder.find("4502")
    window.refunder.choose_all()
    return window


def refund_senior() -> Window:
    """Another till made it, the portal does not answer: a senior's word."""
    window = window_on(desk_with(found(in_doubt=True)))
    window.refunder.find("4502")
    window.refunder.step(1, 1)
    return window


def refund_refused() -> Window:
    desk = desk_with(found())
    desk.sell_error = Unreachable("device_unreachable", port="COM5")
    window = window_on(desk)
    window.refunder.find("4502")
    window.refunder.step(1, 1)
    window.frame.refund.side.money.fired.emit()
    return window


def refund_done() -> Window:
    window = refund_chosen()
    window.frame.refund.side.money.fired.emit()
    return window


def refund_nothing_left() -> Window:
    it = found()
    none = tuple(Decimal(0) for _ in it.left.lines)
    window = window_on(desk_with(replace(it, left=replace(it.left, lines=none, total=Money(0)))))
    window.refunder.find("4502")
    return window
