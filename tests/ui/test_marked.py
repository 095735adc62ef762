"""Marked goods at the counter, with the real till, register and marking system of practice: by scanner and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.devices.base import Ffd
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain.layout import typed_in_russian
from posapp.domain.order import Order
from posapp.till import audit
from posapp.ui.payment_pane import Step
from tests.till.marking_shops import MarkingShop, milk
from tests.till.rig import OWN_NUMBER, Register
from tests.till.shops import an_order, shop_at
from tests.ui.real import RealShop, window_on

ENTER, ESC, F7, DEL = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_F7, Qt.Key.Key_Delete


@dataclass
class Goods:
    """The marking system beside the shop with its window."""

    world: MarkingShop
    shop: RealShop

    def scan(self, number: int) -> None:
        """A scanner that sends GS as Ctrl+] would; here as it stands."""
        self.shop.hands.scan(milk(number).text)

    def order(self, order_id: int = 1) -> Order:
        """Two packs of milk and a mug, with products that the portal knows."""
        made = an_order(order_id)
        lines = tuple(replace(line, product_id=70 + n) for n, line in enumerate(made.lines))
        return self.shop.board(replace(made, lines=lines))

    def sold_codes(self, order: Order) -> list[str]:
        (receipt,) = self.shop.receipts(order)
        return [line.marking for line in receipt.lines]


@pytest.fixture
def goods(tmp_path: Path, qtbot: QtBot) -> Iterator[Goods]:
    register = Register()
    register.be(Printer(identity_of(OWN_NUMBER), register.now, ffd=Ffd.V1_2))
    with shop_at(tmp_path, register) as shop:
        world = MarkingShop(shop)
        with window_on(world.till, qtbot) as found:
            yield Goods(world, found)


def step_of(goods: Goods) -> Step:
    return goods.shop.window.pane.step


def pane_words(goods: Goods) -> str:
    banner = goods.shop.window.pane.banner
    return "" if banner.trouble is None else f"{banner.message.whole} {banner.action.whole}"


def row_words(goods: Goods, row: int) -> str:
    return goods.shop.window.frame.order.model.rows[row].code


def learnt(goods: Goods) -> None:
    """Milk was sold by its codes once."""
    order = goods.order(9)
    goods.shop.open(order)
    for number in (91, 92):
        goods.scan(number)
        if step_of(goods) is Step.CHOOSE:
            goods.shop.hands.type("1")
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert len([each for each in goods.sold_codes(order) if each]) == 2
    goods.shop.hands.press(ENTER)


def test_the_first_of_its_kind_asks_for_its_line_and_is_remembered(goods: Goods) -> None:
    order = goods.order()
    goods.shop.open(order)
    assert row_words(goods, 0) == ""
    goods.scan(1)
    assert step_of(goods) is Step.CHOOSE
    goods.shop.hands.press(ENTER)
    goods.shop.hands.type("1")
    goods.scan(2)  # the line that waits for one takes it
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert goods.sold_codes(order) == [milk(1).text, milk(2).text, ""]
    goods.shop.hands.press(ENTER)
    goods.shop.open(goods.order(2))
    assert row_words(goods, 0) != "", "from now on it is asked for"
    assert row_words(goods, 1) == ""


def test_nothing_is_sold_before_all_codes_are_there(goods: Goods) -> None:
    learnt(goods)
    order = goods.order()
    goods.shop.open(order)
    assert "2" in pane_words(goods)
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert step_of(goods) is Step.METHODS
    goods.scan(1)
    goods.shop.hands.press(F7)
    assert step_of(goods) is Step.METHODS
    goods.scan(2)
    assert pane_words(goods) == ""
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert goods.sold_codes(order) == [milk(1).text, milk(2).text, ""]


def test_a_scanner_on_the_russian_layout(goods: Goods) -> None:
    learnt(goods)
    order = goods.order()
    goods.shop.open(order)
    for number in (1, 2):
        typed = typed_in_russian(milk(number).text)
        assert typed != milk(number).text
        goods.shop.hands.scan(typed)
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert goods.sold_codes(order) == [milk(1).text, milk(2).text, ""]


def test_a_layout_that_changed_within_a_code_is_not_guessed(goods: Goods) -> None:
    learnt(goods)
    goods.shop.open(goods.order())
    goods.shop.hands.scan("010460710382070021[000001\x1d93в")
    assert goods.shop.window.look.say("codes.bad_action") in pane_words(goods)
    assert goods.shop.window.counter is not None
    assert goods.shop.window.counter.codes.marker.draft.scanned == ()


def test_the_same_thing_twice_and_one_too_many(goods: Goods) -> None:
    learnt(goods)
    goods.shop.open(goods.order())
    goods.scan(1)
    goods.scan(1)
    assert goods.shop.window.look.say("codes.twice") in pane_words(goods)
    goods.scan(2)
    goods.scan(3)
    assert goods.shop.window.look.say("codes.full") in pane_words(goods)
    assert goods.shop.window.counter is not None
    assert len(goods.shop.window.counter.codes.marker.draft.scanned) == 2


def test_a_thing_that_was_sold_is_told_at_once_and_another_one_taken(goods: Goods) -> None:
    learnt(goods)
    order = goods.order()
    goods.world.marking.set_codes({milk(2).identity: {"sold": True}})
    goods.shop.open(order)
    goods.scan(1)
    goods.scan(2)
    assert "уже продан" in pane_words(goods)
    goods.shop.hands.press(F7)
    assert step_of(goods) is Step.METHODS
    goods.scan(3)
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert goods.sold_codes(order) == [milk(1).text, milk(3).text, ""]


def test_a_code_that_the_register_refuses_costs_nothing(goods: Goods) -> None:
    """Found out at the receipt: nothing is begun, the thing is taken off, the method stays, another one is scanned."""
    learnt(goods)
    order = goods.order()
    world = goods.world.shop.register.printer.marking
    world.set_world({"codes": {milk(2).text: {"local": "false"}}})
    goods.shop.open(order)
    goods.scan(1)
    goods.scan(2)
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert step_of(goods) is Step.PAY
    assert goods.shop.till.journal.receipts_of_order(order.portal, order.order_id) == []
    for _ in range(2):
        goods.shop.hands.press(ENTER)
    assert goods.shop.till.journal.receipts_of_order(order.portal, order.order_id) == []
    goods.scan(3)
    assert not goods.shop.window.pane.banner.isVisible()
    goods.shop.hands.press(ENTER)
    assert goods.sold_codes(order) == [milk(1).text, milk(3).text, ""]


def test_silence_is_told_and_the_sale_asks_again(goods: Goods) -> None:
    learnt(goods)
    order = goods.order()
    both = ("online", "local")
    goods.world.fault(*({"do": "slow", "value": 9.0, "times": 50, "at": each} for each in both))
    goods.shop.open(order)
    goods.scan(1)
    goods.scan(2)
    assert goods.shop.window.look.say("codes.later") == row_words(goods, 0)
    goods.world.fault()
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert goods.sold_codes(order) == [milk(1).text, milk(2).text, ""]


def test_what_cannot_be_read_says_so(goods: Goods) -> None:
    learnt(goods)
    goods.shop.open(goods.order())
    goods.shop.hands.scan("0104607103820700215")  # the serial was cut off
    assert goods.shop.window.look.say("codes.bad_action") in pane_words(goods)
    goods.shop.hands.scan("4607103820700")
    assert "штрихкод" in pane_words(goods)


def test_a_code_without_an_order(goods: Goods) -> None:
    goods.scan(1)
    assert goods.shop.window.look.say("codes.no_order") in pane_words(goods)


def test_del_takes_the_last_one_off(goods: Goods) -> None:
    learnt(goods)
    goods.shop.open(goods.order())
    goods.scan(1)
    goods.scan(2)
    goods.shop.hands.press(DEL)
    goods.shop.hands.press(F7)
    assert step_of(goods) is Step.METHODS
    goods.scan(2)
    goods.shop.hands.press(F7)
    assert step_of(goods) is Step.PAY


def test_goods_without_a_code_are_somebodys_word(goods: Goods) -> None:
    learnt(goods)
    order = goods.order()
    goods.shop.open(order)
    goods.shop.window.frame.order.codes.unmark.click()
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert goods.sold_codes(order) == ["", ""]
    noted = [each for each in goods.shop.till.journal.audit_rows() if each.what == "marking.no_code"]
    assert [each.facts["line"] for each in noted] == [1]
    assert "marking.no_code" in audit.WORDS


def test_money_ahead_takes_no_codes(goods: Goods) -> None:
    learnt(goods)
    order = goods.order()
    goods.shop.open(order)
    goods.shop.hands.press(F7, chord=Qt.KeyboardModifier.ShiftModifier)
    goods.shop.hands.type("1")
    assert pane_words(goods) == ""
    goods.scan(1)
    assert goods.shop.window.look.say("codes.early") in pane_words(goods)
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert goods.sold_codes(order) == ["", ""]


def test_codes_are_kept_while_another_order_is_looked_at(goods: Goods) -> None:
    learnt(goods)
    first, second = goods.order(1), goods.order(2)
    goods.shop.open(first)
    goods.scan(1)
    goods.shop.open(second)
    assert "2" in pane_words(goods)
    goods.shop.open(first)
    goods.scan(2)
    goods.shop.hands.press(F7)
    goods.shop.hands.press(ENTER)
    assert goods.sold_codes(first) == [milk(1).text, milk(2).text, ""]
