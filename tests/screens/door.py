"""Scenes of the door: a part of an order is refused, or all of it."""

from __future__ import annotations

from dataclasses import replace

from posapp.domain.money import Money, Quantity
from posapp.domain.offers import offers
from posapp.domain.order import OrderShipment
from posapp.domain.partial import FeePolicy, FeeRule
from posapp.errors import SaleError
from posapp.till.views import OrderView
from posapp.ui.window import Window
from tests.screens.shop import desk_of_the_day, open_order
from tests.ui.desks import FakeDesk, line, order, view


def goods_for_the_door() -> OrderView:
    """Three kinds of goods and a free delivery, shipped once."""
    goods = (
        replace(line("Чайник «Волна» 1,7 л", 199_000), basket_id=1),
        replace(line("Фильтр для воды, сменный", 24_500, "2"), basket_id=2),
        replace(line("Кофемашина автоматическая «Северное сияние Профессионал Плюс»", 1_299_900), basket_id=3),
        replace(line("Доставка курьером", 0), is_delivery=True),
    )
    items = tuple((each.basket_id, each.quantity) for each in goods if each.basket_id)
    it = order(10457, goods, is_courier=True, shipments=(OrderShipment(93, is_deducted=False, items=items),))
    return replace(view(it), offers=offers(it, []))


def desk_at_the_door() -> FakeDesk:
    desk = desk_of_the_day()
    desk.fee_policy = FeePolicy(FeeRule.FREE_FROM, Money(300_000), Money(29_900))
    desk.add(goods_for_the_door())
    return desk


def refusal() -> Window:
    window = open_order(desk_at_the_door())
    window.act("refuse")
    return window


def refusal_part() -> Window:
    """The coffee machine stays, one filter stays, the delivery is not free any more."""
    window = refusal()
    window.refuser.step(3, -1)
    window.refuser.step(2, -1)
    window.frame.refusal.side.reasons[0].click()
    return window


def refusal_all() -> Window:
    window = refusal()
    for number in (1, 2, 2, 3):
        window.refuser.step(number, -1)
    window.frame.refusal.side.reasons[3].click()
    return window


def refusal_no_day() -> Window:
    """Nobody has begun the courier's day: where should the refusal stand?"""
    window = refusal_all()
    desk = window.desk
    assert isinstance(desk, FakeDesk)
    desk.refuse_error = SaleError("day_not_open")
    window.frame.refusal.side.go.fired.emit()
    return window


def refusal_to_pay() -> Window:
    window = refusal_part()
    window.frame.refusal.side.go.fired.emit()
    return window


def refusal_unfit() -> Window:
    """Two shipments: which goods are in which, nobody knows."""
    desk = desk_at_the_door()
    shown = goods_for_the_door()
    it = shown.order
    shipments = (*it.shipments, OrderShipment(94, is_deducted=False, items=((1, Quantity.of("1")),)))
    desk.add(replace(shown, order=replace(it, shipments=shipments)))
    window = open_order(desk)
    window.act("refuse")
    window.refuser.step(1, -1)
    return window
