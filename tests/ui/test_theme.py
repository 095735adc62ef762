"""Contrast of every pair that the screens use, computed; lamps that differ without colour."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPalette

from posapp.ui import theme
from posapp.ui.lights import Shape, paint_lamp
from posapp.ui.look import Look
from posapp.ui.start import make_application
from posapp.ui.theme import DARK, LIGHT, Colours, contrast
from posapp.ui.words import Say
from tests.ui.desks import NOW

BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=lambda each: each.name)
INKS = ("text", "text2", "ok", "wait", "bad", "none", "unknown", "training")


def test_the_formula_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert contrast("#FFFFFF", "#0B5CAD") == pytest.approx(6.67, abs=0.01)


@BOTH
def test_text_can_be_read(colours: Colours) -> None:
    for ink in INKS:
        for ground in ("surface", "bg"):
            assert contrast(getattr(colours, ink), getattr(colours, ground)) >= 4.5, (ink, ground)
    for ink in ("text", "text2"):
        assert contrast(getattr(colours, ink), colours.sunken) >= 4.5
    assert contrast(colours.on_accent, colours.accent) >= 4.5
    assert contrast(colours.on_accent, colours.accent_hover) >= 4.5


@BOTH
def test_tinted_panes_carry_their_ink_and_plain_text(colours: Colours) -> None:
    for ink in ("ok", "wait", "bad", "none", "unknown", "training"):
        soft = getattr(colours, f"{ink}_soft")
        assert contrast(getattr(colours, ink), soft) >= 4.5, ink
        assert contrast(colours.text, soft) >= 4.5
        assert contrast(colours.text2, soft) >= 4.5


@BOTH
def test_edges_rings_and_lamps_can_be_seen(colours: Colours) -> None:
    for ground in (colours.surface, colours.bg):
        for part in (colours.border_strong, colours.focus, colours.accent, colours.lamp_ok, colours.lamp_bad):
            assert contrast(part, ground) >= 3
        assert contrast(colours.lamp_wait_edge, ground) >= 3
        assert contrast(colours.disabled, ground) >= 4  # exempt by the guidelines, still read


@BOTH
def test_fusion_gets_every_role_and_its_disabled_text_can_be_read(colours: Colours) -> None:
    made = theme.palette(colours)
    window = made.color(QPalette.ColorRole.Window).name()
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        assert contrast(made.color(QPalette.ColorGroup.Disabled, role).name(), window) >= 4
        assert contrast(made.color(QPalette.ColorGroup.Active, role).name(), window) >= 4.5


@pytest.mark.parametrize("side", [16, 24])
@BOTH
def test_lamps_differ_in_shape_alone(colours: Colours, side: int) -> None:
    """In black on white, without grey, the five outlines are five different pictures."""
    make_application()
    look = Look(Say(), lambda: NOW, colours)
    ground = QColor(colours.surface)
    outlines = {}
    for shape in Shape:
        image = QImage(side, side, QImage.Format.Format_RGB32)
        image.fill(ground)
        painter = QPainter(image)
        paint_lamp(painter, QRectF(0, 0, side, side), shape, look)
        painter.end()
        outlines[shape] = tuple(
            contrast(image.pixelColor(x, y).name(), ground.name()) > 1.5 for y in range(side) for x in range(side)
        )
        assert any(outlines[shape])
    pairs = [(a, b) for a in Shape for b in Shape if a.value < b.value]
    for a, b in pairs:
        different = sum(x != y for x, y in zip(outlines[a], outlines[b], strict=True))
        assert different >= side * side * 0.06, (a, b, different)


def test_the_font_has_every_sign_that_the_screens_use() -> None:
    make_application()
    look = Look(Say(), lambda: NOW)
    from PySide6.QtGui import QFontInfo, QRawFont

    font = look.font(theme.Type.BODY)
    assert QFontInfo(font).family() == "Inter"
    raw = QRawFont.fromFont(font)
    for sign in "АЯаяёЁ№«»–…·×₽✓→−\u00a0\u202f0123456789QWERTY":
        assert raw.supportsCharacter(ord(sign)), sign


def test_digits_of_sums_stand_below_each_other() -> None:
    make_application()
    from PySide6.QtGui import QFontMetricsF

    metrics = QFontMetricsF(theme.font(theme.Type.STRONG, 1.0, tabular=True))
    assert len({round(metrics.horizontalAdvance(digit * 10), 2) for digit in "0123456789"}) == 1
