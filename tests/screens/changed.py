"""Scenes of an order that changed while the courier was on the way, and of the load of all orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from posapp.domain.order import Buyer
from posapp.domain.order_changes import changes
from posapp.till.views import LoadProgress
from posapp.ui.window import Window
from tests.screens.shop import desk_of_the_day, open_order, window_on
from tests.ui.desks import NOW, FakeDesk, line, order, view


def desk_with_changes(*, many: bool = False) -> FakeDesk:
    """The order grew by a filter, the sum with it, and the customer moved."""
    desk = desk_of_the_day()
    goods = (replace(line("Чайник «Волна» 1,7 л", 199_000), basket_id=1),)
    filters = replace(line("Фильтр для воды, сменный", 24_500, "2"), basket_id=2)
    buyer = Buyer("Пётр Селезнёв", "+7 900 000-45-17", address="ул. Мира, 18, кв. 2")
    left = order(10457, goods, buyer=buyer, is_courier=True, delivery_window="12:00–14:00")
    now = order(10457, (*goods, filters), buyer=replace(buyer, address="ул. Мира, 22, кв. 5"), is_courier=True,
                delivery_window="13:00–15:00")  # fmt: skip
    if many:
        now = replace(now, comment="Домофон не работает, звонить", buyer=replace(now.buyer, phone="+7 900 000-99-20"))
    desk.add(replace(view(now), changes=changes(left, now), left_at=NOW - timedelta(hours=2, minutes=10)))
    return desk


def changed() -> Window:
    return open_order(desk_with_changes())


def changed_much() -> Window:
    return open_order(desk_with_changes(many=True))


def changed_address() -> Window:
    """Nothing of the money: it is shown, and the order is paid as usual."""
    desk = desk_with_changes()
    shown = desk.views["10457"]
    left = replace(shown.order, buyer=replace(shown.order.buyer, address="ул. Мира, 18, кв. 2"))
    desk.views["10457"] = replace(shown, changes=changes(left, shown.order))
    return open_order(desk)


def loading() -> Window:
    """A hundred thousand orders come on board."""
    desk = desk_of_the_day()
    progress = LoadProgress(12_300, 100_000, left=timedelta(minutes=14))
    desk.outbox = replace(desk.outbox, unsent=0, oldest_at=None, next_try_at=None, unsent_receipts=0, load=progress)
    return window_on(desk)
