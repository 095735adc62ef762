"""F1: what the keys do, by the screen that one came from first."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from posapp.ui.controls import Label, Pane
from posapp.ui.look import Look
from posapp.ui.scroller import Scroller
from posapp.ui.theme import Space, Type

KEYS: dict[str, tuple[str, ...]] = {
    "everywhere": ("scan", "F1", "F2", "Shift+F2", "F3", "F4", "F5", "Shift+F5", "F6", "Shift+F6", "F11", "Esc", "Tab"),
    "order": ("digits", "F7", "F8", "F12", "Shift+F7", "Shift+F8", "Del", "Enter"),
    "log": ("arrows", "Enter_log"),
    "resolve": ("digits_desk", "Ctrl+Enter", "PgDn"),
}
"""Group → names in the catalogue: `help.key.NAME` is the key, `help.does.NAME` what it does."""

_GROUP_OF = {"orders": "order", "order": "order", "receipt": "order", "log": "log", "resolve": "resolve"}


class HelpScreen(QWidget):
    """Takes no keys of its own: every key does here what it says."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        page = Pane(look, "surface")
        self._column = QVBoxLayout(page)
        px = look.px
        self._column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        self._column.setSpacing(px(Space.S2))
        self._column.addWidget(Label(look, look.say("help.title"), Type.TITLE))
        self._groups = {name: self._group(name) for name in KEYS}
        for group in self._groups.values():
            self._column.addWidget(group)
        self._column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scroller(look, page))

    def show_for(self, screen: str) -> None:
        """The keys of the screen that one came from stand first."""
        first = _GROUP_OF.get(screen, "everywhere")
        for group in self._groups.values():
            self._column.removeWidget(group)
        names = [first, *(name for name in self._groups if name != first)]
        for place, name in enumerate(names, start=1):
            self._column.insertWidget(place, self._groups[name])

    def _group(self, name: str) -> QWidget:
        look, say = self.look, self.look.say
        group = QWidget()
        grid = QGridLayout(group)
        grid.setContentsMargins(0, look.px(Space.S2), 0, look.px(Space.S2))
        grid.setHorizontalSpacing(look.px(Space.S4))
        grid.setVerticalSpacing(look.px(Space.S1))
        grid.setColumnMinimumWidth(0, look.px(130))
        grid.setColumnStretch(1, 1)
        grid.addWidget(Label(look, say(f"help.group.{name}"), Type.STRONG, ink="text2"), 0, 0, 1, 2)
        for row, key in enumerate(KEYS[name], start=1):
            grid.addWidget(Label(look, say(f"help.key.{key}"), Type.STRONG), row, 0)
            grid.addWidget(Label(look, say(f"help.does.{key}"), Type.BODY, wrap=True), row, 1)
        return group
