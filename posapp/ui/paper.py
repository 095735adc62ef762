"""The rows of a printed form in the letters of a register: every character in a cell of its own, as on paper."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QImage, QPainter

from posapp.domain.printed import PrintedForm, Row
from posapp.domain.printed_sheet import CELL_HEIGHT, CELL_WIDTH, DOTS_PER_MM, MARGIN, Code, Sheet, sheet_of

FAMILY = "JetBrains Mono"
ADVANCE = 0.6
"""Width of a character of that family, in its size."""
_SIZE = round(CELL_WIDTH / ADVANCE)
_TEXT_TOP = 0.17
"""How far below the top of its cell a letter's ascent begins, in heights of the cell."""


def letters(pixel_size: int, *, strong: bool = False) -> QFont:
    """The font of a register."""
    made = QFont(FAMILY)
    made.setPixelSize(pixel_size)
    made.setStyleHint(QFont.StyleHint.Monospace)
    made.setWeight(QFont.Weight.Bold if strong else QFont.Weight.Normal)
    return made


def size_for(width: float, characters: int, most: int) -> int:
    """The greatest letters, up to `most` pixels, in which that many characters fit `width` pixels."""
    return max(1, min(most, int(width / (characters * ADVANCE))))


def paint_rows(painter: QPainter, rows: Sequence[Row], left: float, top: float, size: int, height: float) -> None:
    """Draws rows of `height` pixels each, from the upper left corner on, in letters of `size` pixels."""
    plain, strong = letters(size), letters(size, strong=True)
    advance = QFontMetricsF(plain).horizontalAdvance("0")
    baseline = top + height * _TEXT_TOP + size * 0.73  # JetBrains Mono: capitals are 0.73 of its size
    for number, row in enumerate(rows):
        text = row.text.lstrip(" ")
        if text:
            painter.setFont(strong if row.strong else plain)
            indent = len(row.text) - len(text)
            painter.drawText(QPointF(left + indent * advance, baseline + number * height), text)


def paint_code(painter: QPainter, code: Code) -> None:
    """Draws the modules, whole pixels each."""
    for y, line in enumerate(code.modules):
        for x, dark in enumerate(line):
            if dark:
                at = QRect(code.left + x * code.unit, code.top + y * code.unit, code.unit, code.unit)
                painter.fillRect(at, Qt.GlobalColor.black)


def picture_of(form: PrintedForm, width: int) -> QImage:
    """The paper with its code, a dot of the print head for a pixel. Our fonts must be loaded."""
    sheet = sheet_of(form, width)
    image = _white(sheet)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setPen(QColor(Qt.GlobalColor.black))
    paint_rows(painter, sheet.rows, MARGIN, MARGIN, _SIZE, CELL_HEIGHT)
    if sheet.code is not None:
        paint_code(painter, sheet.code)
    painter.end()
    return image


def _white(sheet: Sheet) -> QImage:
    image = QImage(sheet.width, sheet.height, QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.white)
    image.setDotsPerMeterX(DOTS_PER_MM * 1000)
    image.setDotsPerMeterY(DOTS_PER_MM * 1000)
    return image


def save_png(form: PrintedForm, width: int, path: Path) -> bool:
    """Writes the picture, also where there is no display; False when the file cannot be written."""
    from posapp.ui.look import load_fonts

    application = QGuiApplication.instance()
    if application is None:
        if sys.platform.startswith("linux"):
            os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # needs no display and no libraries of one
        application = QGuiApplication(["posapp"])
    load_fonts()
    return bool(picture_of(form, width).save(str(path), "PNG"))  # type: ignore[call-overload]  # the stub wants bytes
