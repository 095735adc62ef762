"""The shift that ends soon is told on every screen; the rule of the shop closes it when nobody is served."""

from __future__ import annotations

from datetime import timedelta

from pytestqt.qtbot import QtBot

from posapp.domain.fiscal import Shift, ShiftState
from posapp.domain.shift_hours import CloseAdvice, CloseReason
from posapp.errors import ResolveNeeded
from posapp.ui.lights import Shape
from tests.ui.conftest import Shop
from tests.ui.desks import NOW


def advised(shop: Shop, left: timedelta) -> None:
    shop.desk.closes = CloseAdvice(left, NOW + timedelta(minutes=10), CloseReason.QUIET)
    shop.window.reports.register_known(shop.desk.register(), None)


def test_foot_and_head_name_the_minute(shop: Shop) -> None:
    strip = shop.window.frame.strip
    assert not strip.shift.isVisible()
    advised(shop, timedelta(minutes=40))
    minute = f"{NOW + timedelta(minutes=10):%H:%M}"
    assert strip.shift.isVisible()
    assert "40" in strip.shift.accessibleName()
    assert minute in strip.shift.accessibleName()
    assert minute in dict(shop.window.frame.head._all_facts())["shift"]
    shop.desk.closes = None
    shop.window.reports.register_known(shop.desk.register(), None)
    assert not strip.shift.isVisible()


def test_the_foot_leads_to_the_one_stop_before_closing(shop: Shop) -> None:
    advised(shop, timedelta())
    shop.window.frame.strip.shift.click()
    assert shop.window.frame.shown == "service"
    assert ("close_shift",) not in shop.desk.asked  # a person has to say so


def test_the_rule_closes_the_shift_when_nobody_is_served(shop: Shop, qtbot: QtBot) -> None:
    shop.desk.is_rule_due = True
    assert shop.window.errands is not None
    shop.hands.scan("10457")
    qtbot.waitUntil(lambda: shop.window.reports.is_serving)
    shop.window.errands.poll_rule()
    assert ("close_shift",) not in shop.desk.asked
    shop.window.leave()
    qtbot.waitUntil(lambda: not shop.window.reports.is_serving)
    shop.window.errands.poll_rule()
    qtbot.waitUntil(lambda: ("close_shift",) in shop.desk.asked)
    qtbot.waitUntil(lambda: ("after_close",) in shop.desk.asked)
    assert shop.desk.shift == Shift(ShiftState.CLOSED, 214)


def test_a_difference_stops_the_till_and_leads_to_the_desk(shop: Shop) -> None:
    shop.desk.trouble = ResolveNeeded("counters_differ", shift=214, what="приход: по журналу 1, в ККТ 2")
    shop.window.reports.register_known(shop.desk.register(), None)
    head = shop.window.frame.head
    assert head._act == "resolve"
    assert "не сходятся" in head.ready.toolTip()
    assert head.lamp.shape_shown is Shape.BAD
