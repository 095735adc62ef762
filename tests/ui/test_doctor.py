"""The self-check in the window: what it shows, which step it offers, and that a step acts and then looks again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.domain.settlement import State
from posapp.errors import Refused, ResolveNeeded
from posapp.till.doctor_verdicts import Level, Verdict, bad
from posapp.ui.doctor_screen import RUNGS, STEPS, shape_of, step_of
from posapp.ui.lights import Shape
from posapp.ui.words import Say
from tests.rules.worlds import killed_at
from tests.till.rig import Register
from tests.till.shops import shop_at
from tests.ui.conftest import MakeShop, Shop
from tests.ui.desks import healthy
from tests.ui.real import window_on

ESC, F11 = Qt.Key.Key_Escape, Qt.Key.Key_F11


def stopped(code: str, **facts: object) -> Verdict:
    return bad("register", "paper", Level.STOP, Refused(code, **facts))


def asked(shop: Shop) -> list[tuple[object, ...]]:
    return [each for each in shop.desk.asked if each[0] in ("examine", "climb")]


def test_it_is_one_button_away_and_looks_at_once(shop: Shop) -> None:
    assert asked(shop) == []
    shop.hands.press(F11)
    shop.window.act("doctor")
    assert shop.window.frame.shown == "doctor"
    assert asked(shop) == [("examine",)]
    screen = shop.window.frame.doctor
    assert len(screen.model.rows) == 7
    assert "14.06.2027" in screen.days.text()
    screen.again.click()
    assert asked(shop) == [("examine",)] * 2
    shop.hands.press(ESC)
    assert shop.window.frame.shown == "service"


def test_the_worst_row_is_chosen_and_says_remedy_and_code(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.desk.report = healthy(stopped("print_unfinished"))
    shop.window.go("doctor")
    side = shop.window.frame.doctor.side
    assert "223" in side.code.text()
    assert side.action.text()
    assert side.button.text().startswith("Допечатать")


@pytest.mark.parametrize("code", sorted(code for code, step in STEPS.items() if step in RUNGS))
def test_a_rung_is_climbed_once_and_looked_at_again(make_shop: MakeShop, code: str) -> None:
    shop = make_shop()
    shop.desk.report = healthy(stopped(code))
    shop.window.go("doctor")
    shop.desk.asked.clear()
    shop.desk.report = healthy()
    shop.window.frame.doctor.side.button.click()
    assert ("climb", STEPS[code]) in asked(shop)
    assert not shop.window.frame.doctor.side.button.isVisible()
    assert ("recover",) in shop.desk.asked or any(each[0] == "recover" for each in shop.desk.asked)


def test_what_a_person_decides_leads_to_the_desk_and_cancels_nothing(make_shop: MakeShop) -> None:
    shop = make_shop()
    trouble = ResolveNeeded("foreign_receipt_open")
    shop.desk.report = healthy(bad("register", "document", Level.STOP, trouble))
    shop.window.go("doctor")
    shop.window.frame.doctor.side.button.click()
    assert shop.window.frame.shown == "resolve"
    assert not [each for each in asked(shop) if each[0] == "climb"]


def test_closing_the_shift_stops_to_ask_as_everywhere(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.desk.report = healthy(bad("register", "shift", Level.STOP, Refused("shift_expired")))
    shop.window.go("doctor")
    shop.window.frame.doctor.side.button.click()
    assert shop.window.frame.shown == "service"
    assert not [each for each in shop.desk.asked if each[0] == "close_shift"]


def test_a_rung_that_fails_says_why_and_can_be_tried_again(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.desk.report = healthy(stopped("print_unfinished"))
    shop.desk.climb_error = Refused("paper_out")
    shop.window.go("doctor")
    side = shop.window.frame.doctor.side
    side.button.click()
    assert side.banner.trouble is not None
    assert side.banner.trouble.code.endswith("102") or "102" in side.banner.trouble.code
    assert side.button.isEnabled()
    assert shop.window.frame.shown == "doctor"


def test_every_step_has_its_words_and_every_level_its_shape() -> None:
    for step in set(STEPS.values()):
        assert Say("ru")(f"doctor.step.{step}")
    for level in Level:
        verdict = Verdict("register", "paper", level, Refused("cover_open") if level else None, "paper")
        assert shape_of(verdict) in (Shape.OK, Shape.NONE, Shape.WAIT, Shape.BAD)
        assert step_of(verdict) == ""


def test_on_a_real_till_the_unfinished_receipt_is_finished_by_one_button(tmp_path: Path, qtbot: QtBot) -> None:
    with shop_at(tmp_path, Register()) as till_shop:
        killed_at(till_shop, 0xFF45, after=True)
        with window_on(till_shop.till, qtbot) as shop:
            window = shop.window
            # the window's own recovery has read the storage already; what it shows is that all is well
            window.go("doctor")
            levels = [each.level for each in window.frame.doctor.model.rows if each.device in ("register", "storage")]
            assert max(levels) <= Level.NOTE
            assert till_shop.stored().state is State.FISCALIZED
            till_shop.register.printer.interrupt_print()
            till_shop.register.printer.set_paper("ok", till_shop.register.now)
            window.frame.doctor.again.click()
            assert step_of(window.frame.doctor.model.rows[window.frame.doctor.table.currentIndex().row()]) == "print"
            window.frame.doctor.side.button.click()
            assert till_shop.register.count(0xB0) == 1
            assert max(each.level for each in window.frame.doctor.model.rows if each.device == "register") <= Level.NOTE
