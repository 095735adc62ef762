"""The reconciliation in the window: when it runs, what it shows, and the one button beside a difference."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.errors import JournalError
from posapp.lanes import Lane, Lanes, OnTheSpot
from posapp.till.reconcile_views import Difference, LastReconciled, Move, NotChecked, Phrase, ReconcileProgress
from posapp.ui.desk import Watch
from posapp.ui.lights import Shape
from posapp.ui.look import Look
from posapp.ui.reconcile_screen import entry_of, shape_of_difference, step_of, summary_of
from posapp.ui.safety_panel import place_words, shape_of_place
from posapp.ui.words import Say
from tests.ui.conftest import MakeShop, Shop
from tests.ui.desks import NOW, FakeDesk, copies, difference, place, reconciled

ENTER, ESC, F11 = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_F11
LOOK = Look(Say(), lambda: NOW)


def runs(shop: Shop) -> list[object]:
    return [each[0] for each in shop.desk.asked if each[0] in ("at_start", "after_close", "reconcile")]


# ---------------------------------------------------------------------- when it runs


def test_it_runs_once_at_the_start_and_after_every_shift(shop: Shop) -> None:
    assert runs(shop) == ["at_start"]
    shop.window.act("recover")
    assert runs(shop) == ["at_start"]
    for _ in range(2):
        shop.window.act("close_shift_now")
    assert runs(shop) == ["at_start", "after_close", "after_close"]


def test_a_person_asks_for_the_shift_or_for_days_back(shop: Shop) -> None:
    shop.hands.press(F11)
    shop.window.frame.service.reconcile.now.click()
    shop.window.go("reconcile")
    for name in ("shift", "week", "month"):
        shop.window.frame.reconcile.buttons[name].click()
    asked = [each[1] for each in shop.desk.asked if each[0] == "reconcile"]
    assert asked == [None, None, 7, 31]


def test_a_button_that_rests_hands_the_focus_to_no_neighbour(shop: Shop) -> None:
    """Space held a little longer must not press whatever stands beside it."""
    shop.window.go("more")
    section = shop.window.frame.service.reconcile
    section.now.setFocus()
    section.show_reconciled(None, None, is_running=True)
    assert not section.now.isEnabled()
    assert not section.show_all.hasFocus()
    assert shop.window.frame.service.side.hasFocus()


def test_what_differs_after_the_shift_is_said_with_the_way_to_it(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.window.go("more")
    shop.desk.last_reconciled = reconciled(difference(), difference("ofd_lacks"))
    shop.window.act("close_shift_now")
    trouble = shop.window.frame.service.side.banner.trouble
    assert trouble is not None
    assert "2 расхождения" in trouble.message
    shop.window.frame.service.side.banner.button.click()
    assert shop.window.frame.shown == "reconcile"
    shop.hands.press(ESC)
    assert shop.window.frame.shown == "service"


def test_what_the_program_does_by_itself_disturbs_nobody(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.window.go("more")
    shop.desk.last_reconciled = reconciled(difference("portal_waits", move=Move.PROGRAM))
    shop.window.act("close_shift_now")
    trouble = shop.window.frame.service.side.banner.trouble
    assert trouble is not None
    assert trouble.tone == "ok"


def test_it_says_how_far_it_is_and_can_be_stopped(make_shop: MakeShop, qtbot: QtBot) -> None:
    """On a thread of its own: the window answers meanwhile, and a second one is not begun."""
    told, ended = threading.Event(), threading.Event()

    class Slow(FakeDesk):
        def reconcile(self, days: int | None, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
            self.asked.append(("reconcile", days))
            watch.tell(ReconcileProgress("storage", 40, 84))
            told.set()
            deadline = threading.Event()
            while not watch.is_stopped():
                deadline.wait(0.01)
            ended.set()
            return None

    lanes = Lanes(Lane("device", OnTheSpot()), Lane("sync", OnTheSpot()), Lane("journal", OnTheSpot()), Lane("aside"))
    shop = make_shop(Slow(), lanes=lanes)
    qtbot.waitUntil(lambda: shop.window.reconciler is not None and not shop.window.reconciler.is_running)
    screen = shop.window.frame.reconcile
    shop.window.go("reconcile")
    screen.buttons["week"].click()
    qtbot.waitUntil(lambda: "40 из 84" in screen.progress.whole)
    assert told.is_set()
    assert not screen.buttons["week"].isVisible()
    shop.window.act("reconcile_now")
    assert runs(shop).count("reconcile") == 1
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    assert shop.window.frame.shown == "order"
    screen.stop.click()
    qtbot.waitUntil(ended.is_set)
    qtbot.waitUntil(lambda: shop.window.reconciler is not None and not shop.window.reconciler.is_running)
    lanes.close()


def test_when_it_fails_the_person_who_asked_is_told(shop: Shop) -> None:
    def broken(_days: int | None, _watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        raise JournalError("journal_damaged", what="страница 7")

    shop.desk.reconcile = broken  # type: ignore[method-assign, assignment]
    shop.window.go("more")
    shop.window.act("reconcile_now")
    trouble = shop.window.frame.service.side.banner.trouble
    assert trouble is not None
    assert trouble.code == "408"


# ---------------------------------------------------------------------- what it shows


def test_the_last_one_is_told_on_the_service_screen_and_in_the_list(make_shop: MakeShop) -> None:
    desk = FakeDesk()
    desk.last_reconciled = reconciled(difference(), difference("portal_waits", move=Move.PROGRAM))
    frame = make_shop(desk).window.frame
    assert "2 расхождения" in frame.service.reconcile.words.whole
    assert frame.reconcile.summary.whole == frame.service.reconcile.words.whole
    assert frame.reconcile.model.rows == list(desk.last_reconciled.report.differences)
    assert "ОФД: не настроен" in frame.reconcile.facts.whole


def test_a_source_that_did_not_answer_is_no_agreement() -> None:
    away = NotChecked("portal", Phrase("не отвечает", "does not answer"))
    words, ink = summary_of(reconciled(not_checked=(away,)), LOOK)
    assert "Битрикс" in words
    assert ink == "wait"
    assert summary_of(reconciled(), LOOK)[1] == "ok"
    assert summary_of(reconciled(difference()), LOOK)[1] == "bad"


def test_a_chosen_difference_is_told_whole_and_enter_on_the_row_takes_no_step(make_shop: MakeShop) -> None:
    desk = FakeDesk()
    desk.last_reconciled = reconciled(difference("portal_waits", move=Move.PROGRAM))
    shop = make_shop(desk)
    shop.window.go("reconcile")
    side, row = shop.window.frame.reconcile.side, desk.last_reconciled.report.differences[0]
    assert side.message.whole == row.message("ru")
    assert side.action.whole == row.action("ru")
    before = len([each for each in desk.asked if each[0] == "sync_now"])
    shop.hands.press(ENTER)
    assert len([each for each in desk.asked if each[0] == "sync_now"]) == before
    assert side.button.hasFocus()
    side.button.click()
    assert len([each for each in desk.asked if each[0] == "sync_now"]) == before + 1


@pytest.mark.parametrize(
    "code, more, step",
    [
        ("two_documents", {}, "order"),
        ("storage_unknown_ours", {}, "resolve"),
        ("sending_left", {}, "resolve"),
        ("portal_waits", {}, "sync"),
        ("portal_held", {"command": "posapp outbox retry 17"}, "entry"),
        ("portal_held", {}, "order"),
        ("portal_undone", {}, "order"),
        ("storage_foreign", {"order": ""}, ""),
    ],
)
def test_each_difference_has_the_button_that_helps(code: str, more: dict[str, object], step: str) -> None:
    assert step_of(difference(code, **more)) == step


def test_the_steps_lead_where_they_say(make_shop: MakeShop) -> None:
    desk = FakeDesk()
    held = difference("portal_held", command="posapp outbox retry 17")
    desk.last_reconciled = reconciled(held, difference("sending_left"), difference(order="10460"))
    shop = make_shop(desk)
    assert entry_of(held) == 17

    def take(row: int) -> None:
        shop.window.go("reconcile")
        shop.window.frame.reconcile.table.selectRow(row)
        shop.window.frame.reconcile.side.button.click()

    take(0)
    assert desk.retried == [17]
    take(1)
    assert shop.window.frame.shown == "resolve"
    take(2)
    counter = shop.window.counter
    assert shop.window.frame.shown == "order"
    assert counter is not None
    assert counter.view is not None
    assert counter.view.order.number == "10460"


def test_a_double_document_is_crimson_and_what_needs_nobody_is_amber() -> None:
    shapes = [
        shape_of_difference(each)
        for each in (difference("two_documents"), difference(), difference("portal_waits", move=Move.PROGRAM))
    ]
    assert shapes == [Shape.UNKNOWN, Shape.BAD, Shape.WAIT]


def test_an_unknown_step_names_no_number() -> None:
    made: Difference = difference("portal_held", command="posapp sync --once")
    assert entry_of(made) is None


# ---------------------------------------------------------------------- copies


@pytest.mark.parametrize(
    "more, shape, words",
    [
        ({}, Shape.OK, "12\xa0мин назад, восстанавливается"),
        ({"is_sound": None}, Shape.WAIT, "ещё не проверена"),
        ({"is_sound": False}, Shape.BAD, "не восстанавливается"),
        ({"minutes": 1500}, Shape.BAD, "1\xa0дн. назад"),
        ({"newest_at": None}, Shape.BAD, "копий нет"),
        ({"trouble": JournalError("backup_away", folder="E:", what="нет")}, Shape.WAIT, "12\xa0мин"),
    ],
)
def test_a_place_says_how_old_its_newest_copy_is(more: dict[str, object], shape: Shape, words: str) -> None:
    made = place(**more)  # type: ignore[arg-type]
    assert shape_of_place(made, LOOK) is shape
    assert words in place_words(made, LOOK)


def test_a_till_without_a_second_place_is_told_so(make_shop: MakeShop) -> None:
    desk = FakeDesk()
    desk.copies_state = copies(place())
    shop = make_shop(desk)
    shop.window.go("more")
    section = shop.window.frame.service.copies
    assert section.places[1].isVisible()
    assert "Второго места нет" in section.places[1].words.whole


def test_copies_are_made_and_tried_by_a_button_and_a_place_that_is_away_is_said(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.window.go("more")
    section, side = shop.window.frame.service.copies, shop.window.frame.service.side
    section.copy.click()
    section.try_copy.click()
    asked = [each for each in shop.desk.asked if each[0] in ("copy_now", "try_copies")]
    assert asked == [("copy_now",), ("try_copies",)]
    assert side.banner.trouble is not None
    assert side.banner.trouble.tone == "ok"
    away = JournalError("backup_away", folder="E:/posapp", what="нет такого каталога")
    shop.desk.copies_state = copies(place(), place("second", trouble=away))
    section.copy.click()
    assert side.banner.trouble.code == "472"
    assert "E:/posapp" in section.trouble.whole
