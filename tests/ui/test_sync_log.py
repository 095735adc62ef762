"""The sync log: rows of real requests, filters, pages, and the one button that repairs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from posapp.errors import Offline
from posapp.till.sync_views import SyncDetail
from posapp.till.views import OutboxStrip, SyncRow
from posapp.ui.lights import INKS, Shape
from posapp.ui.strip import foot_of
from posapp.ui.sync_log import is_mine, shape_of_row
from tests.ui.conftest import MakeShop, Shop
from tests.ui.desks import NOW, FakeDesk, sync_row

ENTER, F6 = Qt.Key.Key_Return, Qt.Key.Key_F6


def failed(number: int) -> SyncRow:
    return sync_row(
        number, "failed", code="stock_rejected", reason="Нет права «Отгрузки».", entry_state="failed", step="stock"
    )


def shows_request(shop: Shop) -> bool:
    return shop.window.frame.log.is_detail_shown


@pytest.fixture
def busy(make_shop: MakeShop) -> Shop:
    """Three rows that need a person among 400 that do not."""
    desk = FakeDesk()
    desk.rows = [failed(900), failed(899), failed(898), *(sync_row(n) for n in range(897, 497, -1))]
    return make_shop(desk)


@pytest.mark.parametrize(
    "outcome, state, entry, shape",
    [
        ("done", "done", 1, Shape.OK),
        ("failed", "failed", 1, Shape.BAD),
        ("failed", "held", 1, Shape.BAD),
        ("failed", "waiting", 1, Shape.WAIT),
        ("lost", "waiting", 1, Shape.WAIT),
        ("lost", "done", 1, Shape.WAIT),
        ("failed", "", None, Shape.BAD),
    ],
)
def test_a_row_is_as_loud_as_its_entry(outcome: str, state: str, entry: int | None, shape: Shape) -> None:
    row = sync_row(1, outcome, entry_state=state, entry=entry)
    assert shape_of_row(row) is shape
    assert is_mine(row) == (state in ("failed", "held"))


def test_it_opens_on_what_needs_a_person(busy: Shop) -> None:
    busy.hands.press(F6)
    log = busy.window.frame.log
    assert [row.row_id for row in log.model.rows] == [900, 899, 898]
    assert log.chips["mine"].isChecked()
    assert "3" in log.chips["mine"].text()
    assert log.side.button.isVisible()


def test_one_button_repairs_the_chosen_entry_and_runs_a_round(busy: Shop) -> None:
    busy.hands.press(F6)
    busy.hands.press(Qt.Key.Key_Down)
    busy.hands.press(ENTER)  # the button has the focus
    rounds = busy.desk.asked.count(("sync_now",))
    assert busy.desk.retried == []
    busy.hands.press(ENTER)
    assert busy.desk.retried == [899]
    assert busy.desk.asked.count(("sync_now",)) == rounds + 1


def test_enter_shows_what_was_asked_and_answered_and_esc_goes_back(busy: Shop) -> None:
    busy.hands.press(F6)
    busy.hands.press(ENTER)
    page = busy.window.frame.log.page
    assert shows_request(busy)
    assert busy.desk.asked[-1] == ("log_detail", 900)
    assert "право «Отгрузки»" in page.remedy.whole
    assert '"deducted": "Y"' in page.request.edit.toPlainText()
    assert "200040300020" in page.answer.edit.toPlainText()
    assert page.request.edit.isReadOnly()
    page.copy.click()
    copied = QApplication.clipboard().text()
    assert "Нет права «Отгрузки»" in copied
    assert '"deducted": "Y"' in copied
    assert page.copy.text() == "Скопировано"
    busy.hands.press(Qt.Key.Key_Escape)
    assert not shows_request(busy)
    assert busy.window.frame.shown == "log"


def test_one_tap_chooses_and_two_open(busy: Shop) -> None:
    busy.hands.press(F6)
    log = busy.window.frame.log
    place = log.table.visualRect(log.model.index(1, 0)).center()
    QTest.mouseClick(log.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert not shows_request(busy)
    assert log.table.currentIndex().row() == 1
    QTest.mouseDClick(log.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert busy.desk.asked[-1] == ("log_detail", 899)
    assert shows_request(busy)


def test_what_is_not_kept_any_more_is_said_and_not_shown_empty(busy: Shop) -> None:
    busy.hands.press(F6)
    log = busy.window.frame.log
    row = log.model.rows[0]
    log.show_detail(SyncDetail(row, "", "", False, row.reason, "…"))
    assert not log.page.request.isVisible()
    assert "не хранятся" in log.page.note.whole


def test_the_head_says_how_fast_the_portal_may_be_asked(busy: Shop) -> None:
    busy.hands.press(F6)
    words = busy.window.frame.log.budget.whole
    assert words == ("Битрикс разрешает 2 запроса в секунду, мы используем 0,3, очередь опустеет за 4 мин.")


def test_the_list_does_not_grow_without_end(busy: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posapp.ui.sync_log.ROWS_MAX", 200)
    busy.hands.press(F6)
    log = busy.window.frame.log
    log.choose_chip("all")
    bar = log.table.verticalScrollBar()
    for _ in range(6):
        QApplication.processEvents()
        bar.setValue(bar.maximum())
    assert len(log.model.rows) == 200
    assert "200" in log.budget.whole


def test_a_row_that_is_on_its_way_has_no_button(busy: Shop) -> None:
    busy.desk.rows.insert(0, sync_row(950, "lost", entry_state="waiting", reason="Битрикс не ответил."))
    busy.hands.press(F6)
    log = busy.window.frame.log
    log.choose_chip("way")
    assert [row.row_id for row in log.model.rows] == [950]
    assert not log.side.button.isVisible()
    assert "ничего делать не нужно" in log.side.hint.whole


def test_more_pages_come_as_one_scrolls(busy: Shop) -> None:
    busy.hands.press(F6)
    log = busy.window.frame.log
    log.choose_chip("all")
    assert len(log.model.rows) == 100
    bar = log.table.verticalScrollBar()
    for _ in range(6):
        QApplication.processEvents()  # the table learns how long it is
        bar.setValue(bar.maximum())
    assert len(log.model.rows) == 403
    assert len({row.row_id for row in log.model.rows}) == 403
    asked = len(busy.desk.asked)
    QApplication.processEvents()
    bar.setValue(0)
    bar.setValue(bar.maximum())
    assert len(busy.desk.asked) == asked  # the end is known


def test_the_chosen_row_stays_chosen_when_the_page_is_read_anew(busy: Shop) -> None:
    busy.hands.press(F6)
    log = busy.window.frame.log
    log.table.selectRow(1)
    busy.desk.rows.insert(0, failed(950))
    assert busy.window.errands is not None
    busy.window.errands.sync()
    assert [row.row_id for row in log.model.rows] == [950, 900, 899, 898]
    assert log.model.rows[log.table.currentIndex().row()].row_id == 899


def test_with_an_order_open_it_shows_that_order(busy: Shop) -> None:
    busy.desk.views["010457"] = busy.desk.views["10457"]
    busy.hands.scan("010457")
    busy.hands.press(F6)
    log = busy.window.frame.log
    assert log.search.text() == "10457"
    assert log.chip == "all"
    assert {row.order_number for row in log.model.rows} == {"10457"}


def test_an_empty_filter_says_what_will_be_there(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.hands.press(F6)
    log = shop.window.frame.log
    for chip in log.chips:
        log.choose_chip(chip)
        assert log.empty.isVisible()
        assert len(log.empty.whole) > 10
        assert "нет данных" not in log.empty.whole


def test_a_failing_reading_is_told_in_the_till(busy: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(chip: str, search: str, before: int | None) -> list[SyncRow]:
        raise Offline("offline", reason="x")

    monkeypatch.setattr(busy.desk, "log", gone)
    busy.hands.press(F6)
    assert busy.window.pane.banner.trouble is not None


# ---------------------------------------------------------------------- the foot of the window


def strip(**more: object) -> OutboxStrip:
    facts: dict[str, object] = {
        "unsent": 0, "oldest_at": None, "next_try_at": None, "needs_person": 0, "unsent_receipts": 0,
        "is_offline": False, "offline_since": None,
    }  # fmt: skip
    return OutboxStrip(**{**facts, **more})  # type: ignore[arg-type]


def test_the_foot_says_how_many_how_old_when_and_whose_move_it_is(shop: Shop) -> None:
    foot = foot_of(
        strip(unsent=3, oldest_at=NOW - timedelta(minutes=14), next_try_at=NOW + timedelta(seconds=20)),
        shop.window.look,
    )
    words = foot.words.replace("\u00a0", " ")
    assert words == "Битрикс: 3 не отправлено, старшее 14 мин, повтор через 20 с · вам ничего делать не нужно"
    assert foot.shape is Shape.WAIT
    assert foot.can_send


@pytest.mark.parametrize("lost_s, shape, says", [(5, Shape.OK, False), (15, Shape.NONE, True), (60, Shape.WAIT, True)])
def test_a_lost_link_is_told_only_when_it_lasts(shop: Shop, lost_s: int, shape: Shape, says: bool) -> None:
    foot = foot_of(strip(is_offline=True, offline_since=NOW - timedelta(seconds=lost_s)), shop.window.look)
    assert foot.shape is shape
    assert ("Сети нет" in foot.words) == says


def test_the_foot_leads_to_what_needs_a_person(shop: Shop) -> None:
    shop.desk.outbox = strip(needs_person=2)
    assert shop.window.errands is not None
    shop.window.errands.read_strip()
    button = shop.window.frame.strip.person
    assert button.text() == "2 требуют вас"
    button.click()
    assert shop.window.frame.shown == "log"


def test_sending_now_is_one_tap(shop: Shop) -> None:
    shop.desk.outbox = strip(unsent=1, oldest_at=NOW, next_try_at=NOW)
    assert shop.window.errands is not None
    shop.window.errands.read_strip()
    before = shop.desk.asked.count(("sync_now",))
    shop.window.frame.strip.send.click()
    assert shop.desk.asked.count(("sync_now",)) == before + 1


def test_a_sale_without_an_order_is_called_a_receipt(make_shop: MakeShop) -> None:
    desk = FakeDesk()
    desk.rows = [replace(failed(900), order_number="ФД 13"), failed(899)]
    shop = make_shop(desk)
    shop.hands.press(F6)
    log = shop.window.frame.log
    assert log.side.title.whole.startswith("Чек без заказа, ФД 13")
    shop.hands.press(ENTER)
    assert log.page.title.whole.startswith("Чек без заказа, ФД 13")
    shop.hands.press(Qt.Key.Key_Escape)
    shop.hands.press(Qt.Key.Key_Down)
    assert log.side.title.whole.startswith("Заказ ")


def test_what_bitrix_accepted_and_is_trouble_all_the_same_is_not_shown_green(busy: Shop) -> None:
    busy.hands.press(F6)
    log = busy.window.frame.log
    row = replace(log.model.rows[0], outcome="done")
    log.show_detail(SyncDetail(row, "{}", "{}", True, "Сумма другая.", "Исправьте заказ."))
    assert log.page.trouble.whole == "Сумма другая."
    shown = log.page.trouble.palette().color(QPalette.ColorRole.WindowText)
    assert shown == log.look.colour(INKS[Shape.BAD])
