"""A lasting message in the pane: it takes neither focus nor keys, and goes when it is no longer true."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.ui.controls import RADIUS, Button, Kind, Label, set_ink
from posapp.ui.lights import Shape, paint_lamp
from posapp.ui.look import Look
from posapp.ui.theme import Space, Target, Type
from posapp.ui.trouble import Trouble

_SHAPES = {"bad": Shape.BAD, "wait": Shape.WAIT, "unknown": Shape.UNKNOWN, "ok": Shape.OK, "none": Shape.NONE}


class LampIcon(QWidget):
    """A lamp's shape by itself."""

    def __init__(self, look: Look, shape: Shape = Shape.NONE, side: int = 28) -> None:
        super().__init__()
        self.look = look
        self.shape_shown = shape
        self.setFixedSize(look.px(side), look.px(side))

    def show_shape(self, shape: Shape) -> None:
        """Another shape."""
        self.shape_shown = shape
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The shape."""
        paint_lamp(QPainter(self), QRectF(self.rect()), self.shape_shown, self.look)


class Banner(QWidget):
    """What happened, what to do, the code, one button that helps."""

    acted = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.trouble: Trouble | None = None
        self.shape_icon = LampIcon(look)
        self.message = Label(look, token=Type.STRONG, wrap=True)
        self.action = Label(look, token=Type.BODY, wrap=True)
        self.code = Label(look, token=Type.TABLE, ink="text2", right=True)
        self.button = Button(look, "", height=Target.ROW)
        self.button.clicked.connect(self._press)
        px = look.px
        row = QHBoxLayout(self)
        row.setContentsMargins(px(Space.S3), px(Space.S3), px(Space.S3), px(Space.S3))
        row.setSpacing(px(Space.S3))
        row.addWidget(self.shape_icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(px(Space.S1))
        column.addWidget(self.message)
        column.addWidget(self.action)
        foot = QHBoxLayout()
        foot.addWidget(self.button)
        foot.addStretch(1)
        foot.addWidget(self.code)
        column.addLayout(foot)
        row.addLayout(column, 1)
        self.hide()

    def show_trouble(self, trouble: Trouble, *, is_main: bool = False, key: str = "") -> None:
        """Shows it; a screen reader says it. `is_main`: its button is the one next act of the screen; `key` does it."""
        self.trouble = trouble
        self.button.key = key
        self.button.kind = Kind.PRIMARY if is_main else Kind.PLAIN
        say = self.look.say
        self.shape_icon.show_shape(_SHAPES[trouble.tone])
        self.message.set_text(trouble.message)
        set_ink(self.message, self.look, trouble.tone)
        self.action.set_text(trouble.action)
        self.action.setVisible(bool(trouble.action))
        self.code.set_text(say("code", code=trouble.code) if trouble.code else "")
        self.code.setVisible(bool(trouble.code))
        self.button.setVisible(bool(trouble.act))
        if trouble.act:
            self.button.set_text(say(f"act.{trouble.act}"))
        self.setAccessibleName(f"{trouble.message} {trouble.action}")
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        self.update()

    def clear(self) -> None:
        """No longer true."""
        self.trouble = None
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The tinted ground with its edge."""
        if self.trouble is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self.look.colour(f"{self.trouble.tone}_soft"))
        painter.setPen(QPen(self.look.colour(self.trouble.tone), 1))
        radius = self.look.px(RADIUS)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    def _press(self) -> None:
        if self.trouble is not None and self.trouble.act:
            self.acted.emit(self.trouble.act)
