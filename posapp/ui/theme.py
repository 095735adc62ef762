"""Colours, type and space: tokens with their contrast computed, and the palette that Fusion draws with.

Colours are given to Fusion by QPalette and to our own painting by name; style sheets are not used for colours, because
a style sheet's `palette(…)` keeps the old colour when the palette changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtGui import QColor, QFont, QPalette

FAMILY = "Inter"


@dataclass(frozen=True, slots=True)
class Colours:
    """One theme. `*_soft` is the tinted pane that carries the ink of the same name; `lamp_*` are fills of lamps.

    Meaning: accent = the one next act, ok = proven by an id, wait = on its way, bad = a named person must act,
    unknown = outcome not known, training = not real, none = not due. Nothing else is coloured.
    """

    name: str
    bg: str
    surface: str
    sunken: str
    text: str
    text2: str
    disabled: str
    border: str
    border_strong: str
    accent: str
    on_accent: str
    accent_hover: str
    focus: str
    ok: str
    ok_soft: str
    wait: str
    wait_soft: str
    bad: str
    bad_soft: str
    none: str
    none_soft: str
    unknown: str
    unknown_soft: str
    training: str
    training_soft: str
    lamp_ok: str
    lamp_wait: str
    lamp_wait_edge: str
    lamp_bad: str


LIGHT = Colours(
    name="light",
    bg="#F4F6F8",
    surface="#FFFFFF",
    sunken="#E9EDF1",
    text="#16202B",
    text2="#4A5765",
    disabled="#6B7785",
    border="#C9D1D9",
    border_strong="#74808D",
    accent="#0B5CAD",
    on_accent="#FFFFFF",
    accent_hover="#094B8E",
    focus="#0B5CAD",
    ok="#00694B",
    ok_soft="#DDF3EA",
    wait="#8A4B00",
    wait_soft="#FFF0D9",
    bad="#B3261E",
    bad_soft="#FDE7E5",
    none="#5B6875",
    none_soft="#E9EDF1",
    unknown="#9A1750",
    unknown_soft="#FCE4EE",
    training="#6B2FA0",
    training_soft="#F1E6FA",
    lamp_ok="#00794F",
    lamp_wait="#FFB000",
    lamp_wait_edge="#8A4B00",
    lamp_bad="#A8120A",
)

DARK = Colours(
    name="dark",
    bg="#11161C",
    surface="#1A2129",
    sunken="#0C1015",
    text="#EAF0F6",
    text2="#AEBAC7",
    disabled="#8391A0",
    border="#3A4654",
    border_strong="#748394",
    accent="#6DB3FF",
    on_accent="#0A1826",
    accent_hover="#8FC5FF",
    focus="#8FC5FF",
    ok="#4CC9A0",
    ok_soft="#0F3529",
    wait="#FFB454",
    wait_soft="#3D2A0B",
    bad="#FF8A80",
    bad_soft="#431917",
    none="#A3B0BD",
    none_soft="#2A343F",
    unknown="#FF9CC4",
    unknown_soft="#431529",
    training="#CFA8F5",
    training_soft="#33204A",
    lamp_ok="#2FB98A",
    lamp_wait="#FFD166",
    lamp_wait_edge="#FFD166",
    lamp_bad="#F2483B",
)

THEMES = {"light": LIGHT, "dark": DARK}


class Type(Enum):
    """Type tokens: pixel size, line height, weight, at factor 1."""

    CAPTION = (14, 20, 400)
    TABLE = (16, 24, 400)
    TABLE_STRONG = (16, 24, 600)
    BODY = (20, 28, 400)
    STRONG = (20, 28, 600)
    TITLE = (24, 32, 600)
    SUM = (32, 40, 600)
    TOTAL = (48, 56, 700)
    CHANGE = (64, 72, 700)


class Space:
    """Distances at factor 1: icon to word, between targets, in cells, panes, money to cancel, sections, empty."""

    S1, S2, S3, S4, S5, S6, S7 = 4, 8, 12, 16, 24, 32, 48


class Target:
    """Heights of what is touched, at factor 1."""

    SMALL, ROW, METHOD, PRINT = 44, 56, 64, 80


HEAD = STRIP = 56
RIGHT_PANE = 540
FACTORS = (1.0, 1.25, 1.5, 2.0)
RIGHT_SHARE = 0.46  # of a window that is too narrow for 540 at the right
STACK_BELOW = 1000
"""Narrower than this (window width ÷ factor) and the two panes stand one above the other."""


def contrast(ink: str, ground: str) -> float:
    """WCAG contrast ratio of two colours, 1…21."""
    lighter, darker = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def font(token: Type, factor: float, *, tabular: bool = False) -> QFont:
    """The font of a token. `tabular` gives all digits one width – and Inter's hyphens too, so it is for sums only."""
    size, _line, weight = token.value
    made = QFont(FAMILY)
    made.setPixelSize(round(size * factor))
    made.setWeight(QFont.Weight(weight))
    if tabular:
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def palette(colours: Colours) -> QPalette:
    """Every role that Fusion uses, the Disabled group too: its own disabled text has a contrast of 1.6."""
    made = QPalette()
    role = QPalette.ColorRole
    roles = {
        role.Window: colours.bg,
        role.WindowText: colours.text,
        role.Base: colours.surface,
        role.AlternateBase: colours.sunken,
        role.Text: colours.text,
        role.Button: colours.surface,
        role.ButtonText: colours.text,
        role.BrightText: colours.bad,
        role.ToolTipBase: colours.text,
        role.ToolTipText: colours.surface,
        role.PlaceholderText: colours.text2,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Accent: colours.accent,
        role.Link: colours.accent,
        role.LinkVisited: colours.accent,
        role.Light: colours.surface,
        role.Midlight: colours.border,
        role.Mid: colours.border_strong,
        role.Dark: colours.border_strong,
        role.Shadow: colours.text2,
    }
    for which, colour in roles.items():
        made.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText, role.PlaceholderText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.disabled))
    made.setColor(QPalette.ColorGroup.Disabled, role.Base, QColor(colours.bg))
    made.setColor(QPalette.ColorGroup.Disabled, role.Button, QColor(colours.bg))
    return made
