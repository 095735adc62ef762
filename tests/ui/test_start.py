"""From a process to a window: what is imported before the first paint, what is shown when there is no journal."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from posapp.errors import SetupError
from posapp.lanes import Lane, Lanes
from posapp.ui.desk import Desk
from posapp.ui.service_screen import LookSettings
from posapp.ui.start import main, make_application, make_window
from posapp.ui.window import Window
from tests.ui.desks import NOW, FakeDesk, view

ROOT = Path(__file__).parents[2]
LATE = ("sqlmodel", "sqlalchemy", "httpx", "keyring", "serial", "segno", "alembic", "typer", "pydantic", "asyncio")


def test_the_window_imports_nothing_slow() -> None:
    code = f"import posapp.ui.start, sys; print([name for name in {LATE!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_whole_start_on_real_lanes(qtbot: QtBot) -> None:
    """Painted before the desk is made, on another thread; then the order can be found, sold, and the lanes end."""
    make_application()
    desk = FakeDesk()
    desk.add(view())
    steps: list[str] = []
    lanes = Lanes.threads()

    def make_desk() -> tuple[Desk, Lanes]:
        painted = [each for each in QApplication.topLevelWidgets() if isinstance(each, Window) and each.isVisible()]
        steps.append(f"made, {len(painted)} window, gui={threading.current_thread() is threading.main_thread()}")
        return desk, lanes

    def ready(window: Window) -> None:
        steps.append("ready")
        try:
            qtbot.waitUntil(lambda: window.frame.head.ready.whole == "Готова к приёму денег")
            window.scanned("10457")
            qtbot.waitUntil(lambda: window.frame.shown == "order")
            steps.append(window.pane.total.whole)
        finally:
            window.close()  # whatever failed: the loop ends, and the test says why

    assert main(make_desk, now=lambda: NOW, on_ready=ready, settings=LookSettings(is_muted=True)) == 0
    assert steps[0] == "made, 1 window, gui=False"
    assert steps[1] == "ready"
    assert steps[2].startswith("2\u202f480,00")
    with pytest.raises(RuntimeError):
        lanes.device.submit(print)


def test_without_a_journal_the_window_says_why(qtbot: QtBot) -> None:
    make_application()
    window = make_window(LookSettings(is_muted=True), lambda: NOW)
    window.show()
    lane = Lane("open")

    def make_desk() -> tuple[Desk, Lanes]:
        raise SetupError("not_set_up", what="нет ККТ", command="printer")

    window.bridge.run(lane, make_desk, lambda _made: None, window.not_attached)
    qtbot.waitUntil(lambda: window.pane.banner.isVisible())
    lane.close()
    trouble = window.pane.banner.trouble
    assert trouble is not None
    assert trouble.code == "411"
    assert "нет ККТ" in window.frame.orders.empty.whole
    window.scanned("10457")  # nobody there: it must not fail
    window.close()
    window.deleteLater()


def test_a_scan_that_comes_too_early_is_not_lost(qtbot: QtBot) -> None:
    make_application()
    desk = FakeDesk()
    desk.add(view())
    window = make_window(LookSettings(is_muted=True), lambda: NOW)
    window.show()
    window.scanned("10457")
    window.attach(desk, Lanes.on_the_spot(), poll=False)
    assert window.frame.shown == "order"
    window.close()
    window.deleteLater()
