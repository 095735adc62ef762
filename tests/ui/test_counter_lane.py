"""Whoever stands at the counter does not wait behind an exchange that goes on for minutes."""

from __future__ import annotations

import threading
from dataclasses import replace

from pytestqt.qtbot import QtBot

from posapp.lanes import Lanes
from posapp.till.views import DeliverReport, OrderView
from tests.ui.conftest import MakeShop
from tests.ui.desks import FakeDesk, order, view

DEADLINE_MS = 15_000


class BusyDesk(FakeDesk):
    """Its exchange lasts until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.begun = threading.Event()
        self.read_again = threading.Event()

    def sync_now(self, *, force: bool = False) -> DeliverReport:
        self.begun.set()
        self.go.wait(DEADLINE_MS / 1000)
        return DeliverReport(0, 0, 0, None)

    def refresh(self, order_id: int) -> OrderView | None:
        self.read_again.set()
        return None


def test_a_scan_is_read_again_from_the_portal_while_a_load_is_under_way(make_shop: MakeShop, qtbot: QtBot) -> None:
    desk, lanes = BusyDesk(), Lanes.threads()
    desk.add(replace(view(order(10457))))
    shop = make_shop(desk, lanes=lanes)
    try:
        counter = shop.window.counter
        assert counter is not None
        qtbot.waitUntil(lambda: counter.is_unlocked, timeout=DEADLINE_MS)
        shop.window.act("sync")
        assert desk.begun.wait(DEADLINE_MS / 1000)
        shop.hands.scan("10457")
        qtbot.waitUntil(desk.read_again.is_set, timeout=DEADLINE_MS)
        assert not lanes.sync.is_idle
    finally:
        desk.go.set()
        qtbot.waitUntil(lambda: lanes.sync.is_idle and lanes.journal.is_idle, timeout=DEADLINE_MS)
        shop.window.close()
        lanes.close()
