"""From a process to a window: paint first, then open the journal on a worker, then unlock selling.

Until the first paint only the standard library and Qt are imported; what is slow (SQL, HTTP) is imported by `make_desk`
on its worker, while the window can already be read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from posapp.lanes import Lane, Lanes
from posapp.ui import theme
from posapp.ui.desk import Desk, MakeDesk
from posapp.ui.look import Look, load_fonts
from posapp.ui.service_screen import LookSettings
from posapp.ui.sounds import Sounds
from posapp.ui.wedge import LastKeys
from posapp.ui.window import Window
from posapp.ui.words import Say

if TYPE_CHECKING:
    from posapp.till.restore import Report

    Restore = Callable[[str, str, Callable[[tuple[str, int, int]], None]], Report]


def main(
    make_desk: MakeDesk,
    *,
    settings: LookSettings | None = None,
    keep_settings: Callable[[LookSettings], None] = lambda _settings: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    on_ready: Callable[[Window], None] = lambda _window: None,
    is_full_screen: bool = True,
    restore: Restore | None = None,
) -> int:
    """Runs the window until it is closed; the exit code of the process.

    `make_desk` is called on a worker after the first paint. `keep_settings` is told what a person changed.
    `on_ready` is called in the GUI thread when orders can be found. `restore` brings a damaged journal back; it is
    called on the worker, after the lanes have ended, and lets the desk go before it begins.
    """
    application = make_application()
    window = make_window(settings or LookSettings(), now)
    window.settled.connect(keep_settings)
    if is_full_screen and QApplication.platformName() != "offscreen":
        window.showFullScreen()
    else:
        window.show()
    opener = Lane("open")
    opened: list[Lanes] = []

    def ready(made: tuple[Desk, Lanes]) -> None:
        desk, lanes = made
        opened.append(lanes)
        window.attach(desk, lanes)
        on_ready(window)

    def open_desk() -> None:
        window.bridge.run(opener, make_desk, ready, window.not_attached)

    def bring_back(who: str, why: str) -> None:
        if restore is None:
            return
        window.detach()
        tell = window.bridge.teller(window.restore_progressed)

        def job() -> Report:
            while opened:
                opened.pop().close(wait=True)
            return restore(who, why, tell)

        window.bridge.run(opener, job, window.restored, window.not_restored)

    window.restore_asked.connect(bring_back)
    window.reopen_asked.connect(open_desk)
    QTimer.singleShot(0, window, open_desk)  # it fires after the events that are due now: the first paint is among them
    code = application.exec()
    window.bridge.close()
    opener.close(wait=True)
    for lanes in opened:
        lanes.close(wait=True)
    return code


def make_application() -> QApplication:
    """The application object with our style and font; offscreen where there is no display."""
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(sys.argv[:1])
    application.setApplicationName("posapp")
    load_fonts()
    return application


def make_window(
    settings: LookSettings,
    now: Callable[[], datetime],
    *,
    last: LastKeys | None = None,
    sounds: Sounds | None = None,
) -> Window:
    """A window without a desk, 1366×768. `last` and `sounds` are given by tests."""
    language = settings.language or os.environ.get("POSAPP_LANG", "ru")
    look = Look(Say(language), now, theme.THEMES[settings.theme], settings.factor)
    application = QApplication.instance()
    if isinstance(application, QApplication):
        look.dress(application)
    window = Window(look, settings, last or LastKeys(), sounds or Sounds(is_muted=settings.is_muted))
    window.setWindowTitle("posapp")
    window.resize(1366, 768)
    return window
