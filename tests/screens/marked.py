"""Scenes of an order with marked goods."""

from __future__ import annotations

from dataclasses import replace

from posapp.domain.marking import parse_marking
from posapp.errors import SaleError
from posapp.till.code_views import CodeAnswer, Said
from posapp.ui.draft import Method
from posapp.ui.window import Window
from tests.screens.shop import desk_of_the_day, open_order
from tests.ui.desks import FakeDesk, line, order, view

GOODS = (
    line("Молоко «Утро» 3,2 %, пастеризованное, 930 мл", 8_900, "2", "10"),
    line("Вода «Ключ» негазированная, 1,5 л", 5_400),
    line("Хлеб бородинский", 6_200),
)


def code(number: int) -> str:
    """A code of milk, as it is scanned."""
    return f"010460710382070021{number:07}\x1d93dGVz"


def desk_with_milk(*needed: int) -> FakeDesk:
    """The order 10457 with milk, of which the till knows that it is marked."""
    desk = desk_of_the_day()
    desk.add(view(order(10457, GOODS)))
    desk.needed = needed
    desk.codes = {code(1): (1,), code(2): (1,), code(3): (1, 2, 3)}
    return desk


def codes_needed() -> Window:
    return open_order(desk_with_milk(1, 2))


def codes_some() -> Window:
    window = codes_needed()
    window.scanned(code(1))
    return window


def codes_done() -> Window:
    desk = desk_with_milk(1)
    window = open_order(desk)
    window.scanned(code(1))
    window.scanned(code(2))
    return window


def codes_banned() -> Window:
    desk = desk_with_milk(1)
    thing = parse_marking(code(2)).identity
    desk.answers = {code(2): CodeAnswer(thing, Said.BANNED, "товар с этим кодом уже продан")}
    window = open_order(desk)
    window.scanned(code(1))
    window.scanned(code(2))
    return window


def codes_silent() -> Window:
    """Nobody answered: the sale asks again."""
    desk = desk_with_milk(2)
    desk.codes = {code(1): (2,)}
    desk.answers = {code(1): CodeAnswer(parse_marking(code(1)).identity, Said.LATER, "нет сети, модуль не отвечает")}
    window = open_order(desk)
    window.scanned(code(1))
    return window


def codes_twice() -> Window:
    window = codes_some()
    window.scanned(code(1))
    return window


def codes_bad() -> Window:
    window = codes_some()
    window.scanned("cut")
    return window


def codes_which() -> Window:
    """The first thing of its kind: which goods is the code from?"""
    window = open_order(desk_with_milk())
    window.scanned(code(3))
    window.frame.arrange()
    return window


def codes_without() -> Window:
    window = codes_needed()
    window.frame.order.codes.unmark.click()
    return window


def codes_refused() -> Window:
    """The register refused a code when the receipt was to be printed: nothing was made."""
    window = codes_done()
    desk = window.desk
    assert isinstance(desk, FakeDesk)
    desk.sell_error = SaleError(
        "marking_refused", line=2, name=GOODS[0].name, code=parse_marking(code(2)).identity[-6:], why="код не подлинный"
    )
    window.pane.choose(Method.CASH)
    window.pane.money.fired.emit()
    return window


def large_codes() -> Window:
    window = codes_done()
    window.settle(replace(window.settings, factor=2.0))
    return window
