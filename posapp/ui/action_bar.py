"""The row of keys below the left pane: where one can go, or – while money is taken – the ways back and aside."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout

from posapp.ui.controls import Button, Kind, Pane
from posapp.ui.look import Look
from posapp.ui.theme import Space, Target

GO = (("find", "F2"), ("till", "F3"), ("route", "F5"), ("log", "F6"))


class ActionBar(Pane):
    """Emits `went` with a name of `GO`, `more`, `mix` or `back`."""

    went = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "bg", edge="top")
        say = look.say
        row = QHBoxLayout(self)
        row.setContentsMargins(look.px(Space.S4), look.px(Space.S1), look.px(Space.S4), look.px(Space.S1))
        row.setSpacing(look.px(Space.S2))
        self._going: list[Button] = []
        for name, key in GO:
            self._going.append(self._add(row, name, Button(look, say(f"go.{name}"), key=key, height=Target.SMALL)))
        self.mix = self._add(row, "mix", Button(look, say("go.mix"), key="F12", height=Target.SMALL))
        self.back = self._add(
            row, "back", Button(look, say("go.back"), key="Esc", height=Target.SMALL, kind=Kind.QUIET)
        )
        row.addStretch(1)
        self._going.append(self._add(row, "more", Button(look, say("go.more"), key="F11", height=Target.SMALL)))
        self._keys = {button: button.key for button in (*self._going, self.mix, self.back)}
        self.setFixedHeight(look.px(Target.SMALL + 2 * Space.S2))
        self.paying(False, False)

    def _add(self, row: QHBoxLayout, name: str, button: Button) -> Button:
        button.clicked.connect(lambda _checked=False, which=name: self.went.emit(which))
        row.addWidget(button)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for keys and words, the words stay."""
        super().resizeEvent(event)
        for button, key in self._keys.items():
            button.key = key
        wanted = sum(button.sizeHint().width() + self.look.px(Space.S2) for button in self._going)
        if wanted + 2 * self.look.px(Space.S4) > self.width():
            for button in self._keys:
                button.key = ""
        for button in self._keys:
            button.updateGeometry()
            button.update()

    def paying(self, is_paying: bool, may_mix: bool, aside: str = "back") -> None:
        """While money is taken only the ways aside and back are offered; none (`aside` "") while it is printed."""
        self.back.set_text(self.look.say("pay.aside" if aside == "aside" else "go.back"))
        for button in self._going:
            button.setVisible(not is_paying)
        self.mix.setVisible(is_paying and may_mix)
        self.back.setVisible(is_paying and bool(aside))
