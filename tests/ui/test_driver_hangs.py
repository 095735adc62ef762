"""The vendor's library hangs in the middle of a sale: the window lives, the sale has one document."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from pytestqt.qtbot import QtBot

from posapp.devices.atol import driver
from posapp.domain.settlement import State
from posapp.lanes import Lanes
from posapp.ui.service_screen import LookSettings
from posapp.ui.sounds import Sounds
from posapp.ui.start import make_application, make_window
from posapp.ui.till_desk import DeskOfTill
from posapp.ui.wedge import LastKeys
from tests.till.library_shop import ENOUGH_S, LibraryShop
from tests.till.shops import PORTAL
from tests.ui.conftest import Hands

DEADLINE_MS = 15_000
BEATS = 30


def test_the_window_lives_while_the_driver_hangs(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "RECEIPT_S", ENOUGH_S)
    shop = LibraryShop(tmp_path)
    make_application()
    clock, lanes = [1_000_000], Lanes.threads()
    silent = Sounds(play_file=lambda path: None)
    window = make_window(LookSettings(), shop.till.now, last=LastKeys(lambda: clock[0]), sounds=silent)
    heart = QTimer(window)
    beats: list[int] = []
    heart.timeout.connect(lambda: beats.append(1))
    try:
        window.show()
        qtbot.waitUntil(window.isActiveWindow)
        order = shop.order()
        shop.till.journal.save_orders([order], claimed=False)
        window.attach(DeskOfTill(shop.till, lanes), lanes, poll=False)
        counter, hands = window.counter, Hands(window, qtbot, clock)
        assert counter is not None
        qtbot.waitUntil(lambda: counter.is_unlocked and window.reports.register is not None, timeout=DEADLINE_MS)
        hands.scan(f"https://shop.example/orders/{order.number}")
        qtbot.waitUntil(lambda: window.frame.shown == "order", timeout=DEADLINE_MS)
        shop.fault("sell", "hang", "after_commit")
        before = len(shop.receipts)
        hands.press(Qt.Key.Key_F7)
        hands.press(Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: len(shop.receipts) == before + 1, timeout=DEADLINE_MS)

        heart.start(1)
        qtbot.waitUntil(lambda: len(beats) >= BEATS, timeout=DEADLINE_MS)
        read = lanes.journal.submit(shop.till.journal.receipts_of_order, PORTAL, order.order_id)
        qtbot.waitUntil(read.done, timeout=DEADLINE_MS)
        assert [each.state for each in read.result()] == [State.SENDING]
        assert window.frame.shown != "receipt", "nothing is said before the storage was read"

        child = shop.tasks._child
        assert child is not None
        child.end()  # what happens when its time is over
        qtbot.waitUntil(lambda: window.frame.shown == "receipt", timeout=DEADLINE_MS)
        assert len(shop.with_key(order)) == 1
    finally:
        heart.stop()
        window.close()
        lanes.close()
        window.deleteLater()
        shop.end()
