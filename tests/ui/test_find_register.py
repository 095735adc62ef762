"""A register that does not answer is looked for with one key; while it is looked for, the head says so."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from posapp.errors import Refused, Unreachable
from posapp.ui.lights import Shape
from posapp.ui.readiness import readiness_of
from posapp.ui.trouble import trouble_of
from posapp.ui.words import Say
from tests.ui.conftest import Shop
from tests.ui.desks import IDENTITY

F2, SHIFT = Qt.Key.Key_F2, Qt.KeyboardModifier.ShiftModifier
FIND = ("find_register",)


def gone(shop: Shop) -> None:
    """The register is switched off, and the window knows."""
    shop.desk.is_away = True
    shop.window.reports.register_known(shop.desk.register(), None)


def lamp(shop: Shop) -> Shape:
    """What the head shows."""
    return shop.window.frame.head.lamp.shape_shown


def test_one_key_finds_it(shop: Shop) -> None:
    gone(shop)
    head = shop.window.frame.head
    assert "Shift+F2" in head.button.text()
    shop.hands.press(F2, chord=SHIFT)
    assert shop.desk.asked.count(FIND) == 1
    assert lamp(shop) is Shape.OK
    assert not head.button.isVisibleTo(head)


def test_in_vain_it_is_said_again_and_may_be_tried_again(shop: Shop) -> None:
    gone(shop)
    shop.desk.is_lost = True
    for tries in (1, 2):
        shop.window.act("find_register")
        assert shop.desk.asked.count(FIND) == tries
        assert lamp(shop) is Shape.BAD
        assert "Shift+F2" in shop.window.frame.head.button.text()
        assert "не нашли, искали в" in shop.window.frame.head.ready.toolTip()
    shop.desk.is_lost = shop.desk.is_away = False
    shop.window.act("find_register")
    assert lamp(shop) is Shape.OK


def test_while_it_is_looked_for_the_head_says_so_and_nobody_starts_a_second_search(shop: Shop) -> None:
    gone(shop)
    reports = shop.window.reports
    assert reports.begin_finding()
    assert lamp(shop) is Shape.WAIT
    assert not reports.begin_finding()
    reports.register_known(shop.desk.register(), None)  # a poll that was on its way
    assert lamp(shop) is Shape.WAIT
    reports.finding_ended()
    reports.show_readiness()
    assert lamp(shop) is Shape.BAD


def test_a_register_that_answers_is_not_looked_for(shop: Shop) -> None:
    shop.hands.press(F2, chord=SHIFT)
    shop.desk.trouble = Refused("paper_out")
    shop.window.reports.register_known(shop.desk.register(), None)
    shop.hands.press(F2, chord=SHIFT)
    assert FIND not in shop.desk.asked


@pytest.mark.parametrize(
    "error", [Unreachable("device_unreachable", port="COM5"), Refused("wrong_device", found="1", expected=IDENTITY)]
)
def test_the_message_has_the_button_and_a_sale_its_own(error: Unreachable | Refused) -> None:
    say = Say("ru")
    assert trouble_of(error, say).act == "find_register"
    assert trouble_of(error, say, selling=True).act == "again"


def test_a_port_that_is_held_is_not_looked_for(shop: Shop) -> None:
    shop.desk.trouble = Unreachable("port_held", port="COM5", program="1cv8c", pid=4711)
    readiness = readiness_of(shop.desk.register(), shop.window.look, recovered=True)
    assert (readiness.words, readiness.act) == ("Порт ККТ занят", "")
