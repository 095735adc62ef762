"""The foot: a link that comes and goes makes no noise in either direction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pytestqt.qtbot import QtBot

from posapp.errors import SetupError
from posapp.till.views import JobsStrip, OutboxStrip
from posapp.ui.look import Look
from posapp.ui.start import make_application
from posapp.ui.strip import Strip
from posapp.ui.words import Say
from tests.ui.desks import NOW


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def strip(qtbot: QtBot, clock: Clock) -> Strip:
    make_application()
    made = Strip(Look(Say(), clock))
    qtbot.addWidget(made)
    return made


GOOD = OutboxStrip(0, None, None, 0, 0, False, None)


def lost(since: datetime) -> OutboxStrip:
    return OutboxStrip(0, None, None, 0, 0, True, since)


def says_lost(strip: Strip) -> bool:
    return "Сети нет" in strip.words.whole


def test_a_moment_without_the_link_is_no_news(strip: Strip, clock: Clock) -> None:
    strip.show_strip(lost(clock.now))
    clock.now += timedelta(seconds=9)
    strip.show_strip(lost(NOW))
    assert not says_lost(strip)
    strip.show_strip(GOOD)
    assert "всё отправлено" in strip.words.whole


def test_what_was_said_is_taken_back_after_eight_seconds_and_two_good_exchanges(strip: Strip, clock: Clock) -> None:
    strip.show_strip(lost(clock.now - timedelta(minutes=2)))
    assert says_lost(strip)
    strip.exchanged(is_good=True)
    strip.exchanged(is_good=True)
    strip.show_strip(GOOD)
    assert says_lost(strip)  # two exchanges, but no eight seconds
    clock.now += timedelta(seconds=8)
    strip.show_strip(GOOD)
    assert not says_lost(strip)


def test_eight_seconds_with_one_exchange_are_not_enough(strip: Strip, clock: Clock) -> None:
    strip.show_strip(lost(clock.now - timedelta(minutes=2)))
    clock.now += timedelta(seconds=60)
    strip.exchanged(is_good=True)
    strip.show_strip(GOOD)
    assert says_lost(strip)
    strip.exchanged(is_good=False)  # it was nothing
    strip.exchanged(is_good=True)
    strip.show_strip(GOOD)
    assert says_lost(strip)
    strip.exchanged(is_good=True)
    strip.show_strip(GOOD)
    assert not says_lost(strip)


def test_a_link_that_flaps_is_one_notice(strip: Strip, clock: Clock) -> None:
    strip.show_strip(lost(clock.now - timedelta(minutes=2)))
    shown = set[bool]()
    for _ in range(20):
        clock.now += timedelta(seconds=20)
        strip.exchanged(is_good=True)
        strip.show_strip(GOOD)
        shown.add(says_lost(strip))
        strip.show_strip(lost(clock.now))
        shown.add(says_lost(strip))
        strip.exchanged(is_good=False)
        clock.now += timedelta(seconds=10)
        strip.show_strip(lost(clock.now - timedelta(seconds=10)))
        shown.add(says_lost(strip))
    assert shown == {True}


def test_receipts_that_the_portal_orders_are_shown_while_they_wait(strip: Strip) -> None:
    strip.show_strip(GOOD)
    assert strip.jobs.isHidden()
    strip.show_strip(replace(GOOD, jobs=JobsStrip(0, 0)))
    assert strip.jobs.isHidden()
    strip.show_strip(replace(GOOD, jobs=JobsStrip(2, 0)))
    assert not strip.jobs.isHidden()
    assert "ждёт 2, придержано 0" in strip.jobs.whole
    strip.show_strip(replace(GOOD, jobs=JobsStrip(0, 0, SetupError("poll_busy", site="shop.example"))))
    assert not strip.jobs.isHidden()
    assert "код 429: Сайт shop.example уже опрашивает" in strip.jobs.whole.replace("\u00a0", " ")
    assert "Оставьте одну" in strip.jobs.whole
    assert "ждёт 0" not in strip.jobs.whole
    strip.show_strip(replace(GOOD, jobs=JobsStrip(2, 1)))
    assert "ждёт 2, придержано 1" in strip.jobs.whole
