"""Screens compared as pictures, where the platform draws as the one on which the pictures were made.

The bundled font and our own painting give the same pixels with Qt's offscreen plugin on Linux; a picture that differs
is written beside the others as `NAME.new.png`. To accept a change: `python -m tests.screens.scenes
tests/screens/pictures NAME`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from PySide6.QtCore import QEvent, qVersion
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from posapp.ui.look import Look
from posapp.ui.start import make_application
from posapp.ui.theme import Type
from posapp.ui.words import Say
from tests.screens.scenes import SCENES
from tests.ui.desks import NOW

PICTURES = Path(__file__).with_name("pictures")
COMPARED = sorted(path.stem for path in PICTURES.glob("*.png") if not path.stem.endswith(".new"))
IS_SAME_PLATFORM = sys.platform == "linux" and os.environ.get("QT_QPA_PLATFORM") == "offscreen"


@pytest.fixture(autouse=True)
def in_moscow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Moscow")
    if sys.platform != "win32":
        time.tzset()
    yield
    monkeypatch.undo()
    if sys.platform != "win32":
        time.tzset()


def grab(name: str, qtbot: QtBot) -> QImage:
    """The scene as it looks when everything has settled."""
    window = SCENES[name]()
    try:
        qtbot.waitUntil(window.isActiveWindow)
        QApplication.processEvents()
        QApplication.processEvents()
        focus = QApplication.focusWidget()
        if focus is not None:
            focus.clearFocus()  # a text cursor blinks
        return window.grab().toImage()
    finally:
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def colours_of(image: QImage) -> set[str]:
    """A sample of what is to be seen."""
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}


NOISE = 12
"""Pixels that may differ: Qt draws the edges of very large letters now from its glyph cache, now as outlines."""


def changed_pixels(now: QImage, before: QImage) -> int:
    """Pixels that differ by more than a shade."""
    if now.size() != before.size():
        return now.width() * now.height()
    pictures = [Image.frombytes("RGB", (each.width(), each.height()), _rgb(each)) for each in (now, before)]
    different = ImageChops.difference(*pictures).convert("L").point(lambda shade: 255 if shade > 60 else 0)
    return different.histogram()[255]


def _rgb(image: QImage) -> bytes:
    """Rows without padding."""
    made = image.convertToFormat(QImage.Format.Format_RGB888)
    row = made.width() * 3
    whole = bytes(made.constBits())
    return b"".join(whole[n * made.bytesPerLine() : n * made.bytesPerLine() + row] for n in range(made.height()))


@pytest.mark.skipif(not IS_SAME_PLATFORM, reason="pictures are compared where they were made: offscreen on Linux")
@pytest.mark.skipif(not qVersion().startswith("6.11."), reason="the pictures were made with Qt 6.11")
@pytest.mark.parametrize("name", COMPARED)
def test_a_screen_looks_as_it_did(name: str, qtbot: QtBot) -> None:
    now, before = grab(name, qtbot), QImage(str(PICTURES / f"{name}.png"))
    different = changed_pixels(now, before)
    if different > NOISE:
        now.save(str(PICTURES / f"{name}.new.png"))
        pytest.fail(f"{name} has changed: {different} pixels of {now.width() * now.height()}")


@pytest.mark.parametrize("name", COMPARED[:1])
def test_one_other_digit_is_seen(name: str) -> None:
    """The comparison forgives noise of large letters' edges, not a changed figure of the smallest text."""
    before = QImage(str(PICTURES / f"{name}.png")).convertToFormat(QImage.Format.Format_RGB32)
    now = before.copy()
    make_application()
    look = Look(Say(), lambda: NOW)
    for image, digit in ((before, "1"), (now, "7")):
        painter = QPainter(image)
        painter.setFont(look.font(Type.TABLE))
        painter.drawText(600, 400, digit)
        painter.end()
    assert changed_pixels(now, before) > NOISE


def test_a_scene_draws_the_same_twice(qtbot: QtBot) -> None:
    assert changed_pixels(grab("cash", qtbot), grab("cash", qtbot)) <= NOISE


def test_the_dark_theme_leaves_no_light_pane(qtbot: QtBot) -> None:
    """But the paper and its code: those are white in every theme."""
    for name in ("dark-orders", "dark-cash", "dark-log"):
        image = grab(name, qtbot)
        light = [each for each in colours_of(image) if QColor(each).lightness() > 200]
        share = sum(
            QColor(image.pixelColor(x, y)).lightness() > 200
            for x in range(0, image.width(), 5)
            for y in range(0, image.height(), 5)
        ) / ((image.width() // 5) * (image.height() // 5))
        assert share < 0.05, (name, light)


def test_training_frames_every_screen(qtbot: QtBot) -> None:
    for name in ("training", "training-cash", "training-receipt"):
        image = grab(name, qtbot)
        edge = {image.pixelColor(x, 3).name() for x in range(image.width())}
        edge |= {image.pixelColor(3, y).name() for y in range(image.height())}
        assert {"#6b2fa0", "#f1e6fa"} <= edge


def test_unknown_and_error_differ_without_colour(qtbot: QtBot) -> None:
    """In grey the two messages are different pictures: another shape, other words."""
    grey = [
        grab(name, qtbot).copy(830, 56, 536, 656).convertToFormat(QImage.Format.Format_Grayscale8)
        for name in ("unknown", "cancelled")
    ]
    different = sum(
        abs(QColor(grey[0].pixel(x, y)).lightness() - QColor(grey[1].pixel(x, y)).lightness()) > 60
        for x in range(0, 536, 2)
        for y in range(0, 656, 2)
    )
    assert different > 500
