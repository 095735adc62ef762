"""A window on a real till: real journal, simulated register on a cable, keys as the native window gets them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from posapp.domain.order import Order
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import State
from posapp.lanes import Lanes
from posapp.till.context import Till
from posapp.ui.service_screen import LookSettings
from posapp.ui.sounds import Sounds
from posapp.ui.start import make_application, make_window
from posapp.ui.till_desk import DeskOfTill
from posapp.ui.wedge import LastKeys
from posapp.ui.window import Window
from tests.till import shops
from tests.till.rig import Register
from tests.ui.conftest import Hands


@dataclass
class RealShop:
    """The till, the window on it, the cashier's hands."""

    till: Till
    window: Window
    hands: Hands

    @property
    def pane(self) -> object:
        return self.window.pane

    def board(self, order: Order) -> Order:
        """The order on board of this till."""
        self.till.journal.save_orders([order], claimed=False)
        return order

    def open(self, order: Order) -> None:
        """Its slip is scanned: what is to be read is longer than a number that is typed."""
        self.hands.scan(f"https://shop.example/orders/{order.number}")

    def receipts(self, order: Order) -> list[Receipt]:
        """The fiscalized receipts of the order, the oldest first."""
        stored = self.till.journal.receipts_of_order(order.portal, order.order_id)
        return [each.receipt for each in stored if each.state is State.FISCALIZED]


@contextmanager
def window_on(till: Till, qtbot: QtBot) -> Iterator[RealShop]:
    """A window on this till; its jobs run where they are asked for."""
    make_application()
    clock = [1_000_000]
    silent = Sounds(play_file=lambda path: None)
    window = make_window(LookSettings(), till.now, last=LastKeys(lambda: clock[0]), sounds=silent)
    window.show()
    qtbot.waitUntil(window.isActiveWindow)
    window.attach(DeskOfTill(till), Lanes.on_the_spot(), poll=False)
    try:
        yield RealShop(till, window, Hands(window, qtbot, clock))
    finally:
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@contextmanager
def real_shop(folder: Path, qtbot: QtBot) -> Iterator[RealShop]:
    """A shop with an open shift and a window."""
    with shops.shop_at(folder, Register()) as shop, window_on(shop.till, qtbot) as found:
        yield found
