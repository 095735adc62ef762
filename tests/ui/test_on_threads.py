"""The whole way on real lanes: nothing is there at once, and nothing may depend on it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.lanes import Lanes
from posapp.till import shift
from posapp.ui.service_screen import LookSettings
from posapp.ui.sounds import Sounds
from posapp.ui.start import make_application, make_window
from posapp.ui.till_desk import DeskOfTill
from posapp.ui.wedge import LastKeys
from tests.till import shops
from tests.till.rig import Register
from tests.ui.conftest import Hands

ENTER, F4, F7 = Qt.Key.Key_Return, Qt.Key.Key_F4, Qt.Key.Key_F7
DEADLINE_MS = 15_000


def test_sale_refund_and_drawer(tmp_path: Path, qtbot: QtBot) -> None:
    with shops.shop_at(tmp_path, Register()) as shop:
        make_application()
        clock, lanes = [1_000_000], Lanes.threads()
        silent = Sounds(play_file=lambda path: None)
        window = make_window(LookSettings(), shop.now, last=LastKeys(lambda: clock[0]), sounds=silent)
        try:
            window.show()
            qtbot.waitUntil(window.isActiveWindow)
            order = shops.an_order()
            shop.till.journal.save_orders([order], claimed=False)
            window.attach(DeskOfTill(shop.till, lanes), lanes, poll=False)
            counter, hands, refund = window.counter, Hands(window, qtbot, clock), window.frame.refund.side
            assert counter is not None
            qtbot.waitUntil(lambda: counter.is_unlocked and window.reports.register is not None, timeout=DEADLINE_MS)
            hands.scan(f"https://shop.example/orders/{order.number}")
            qtbot.waitUntil(lambda: window.frame.shown == "order", timeout=DEADLINE_MS)
            hands.press(F7)
            hands.press(ENTER)
            qtbot.waitUntil(lambda: window.frame.shown == "receipt", timeout=DEADLINE_MS)
            hands.press(F4)  # at once: the order itself is not read again yet
            qtbot.waitUntil(refund.everything.isVisible, timeout=DEADLINE_MS)
            hands.type("1")
            qtbot.waitUntil(lambda: refund.money.is_armed, timeout=DEADLINE_MS)
            hands.press(ENTER)
            qtbot.waitUntil(lambda: refund.banner.isVisible(), timeout=DEADLINE_MS)
            window.act("cash_in")
            hands.type("500")
            hands.press(ENTER)
            drawer = window.frame.service.side
            qtbot.waitUntil(lambda: drawer.banner.isVisible() and not drawer.is_at_drawer, timeout=DEADLINE_MS)
        finally:
            window.close()
            lanes.close()
            window.deleteLater()
        kinds = [each.receipt.kind for each in shop.till.journal.receipts_of_order(order.portal, order.order_id)]
        assert kinds == [ReceiptKind.SELL, ReceiptKind.SELL_REFUND]
        assert shift.status(shop.till).totals.drawer == Money(50_000)
