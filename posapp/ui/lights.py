"""Чек · Деньги · Статус · Склад: the same four lamps wherever an order is shown.

A state is told by shape, by word and only then by colour: hollow ring not due, disc with a clock hand on its way, disc
with a tick proven, square with `!` needs a person, diamond with `?` outcome unknown. The five outlines differ in print.
"""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from posapp.till.views import Lamp, Light, Lights
from posapp.ui.look import Look
from posapp.ui.theme import Space, Type

NAMES = ("receipt", "money", "status", "stock")


class Shape(Enum):
    """What a lamp looks like."""

    NONE = auto()
    WAIT = auto()
    OK = auto()
    BAD = auto()
    UNKNOWN = auto()


_SHAPES = {Light.GREY: Shape.NONE, Light.AMBER: Shape.WAIT, Light.GREEN: Shape.OK, Light.RED: Shape.BAD}
INKS = {Shape.NONE: "none", Shape.WAIT: "wait", Shape.OK: "ok", Shape.BAD: "bad", Shape.UNKNOWN: "unknown"}


def shape_of(lamp: Lamp) -> Shape:
    """The shape that a lamp's state has."""
    return Shape.UNKNOWN if lamp.is_unknown else _SHAPES[lamp.light]


def state_words(lamp: Lamp, look: Look) -> str:
    """What stands beside the shape: the id, the age, whose move it is."""
    say, shape = look.say, shape_of(lamp)
    if shape is Shape.UNKNOWN:
        return say("lamp.unknown")
    if shape is Shape.OK:
        return lamp.proof or say("lamp.ok")
    if shape is Shape.BAD:
        return say("lamp.bad")
    if shape is Shape.WAIT:
        return say("lamp.wait_age", age=look.age(lamp.since)) if lamp.since else say("lamp.wait")
    return say("lamp.none")


def paint_lamp(painter: QPainter, box: QRectF, shape: Shape, look: Look) -> None:
    """Draws the shape into a square box of 16…32 px."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = box.width()
    body = box.adjusted(side / 12, side / 12, -side / 12, -side / 12)
    thick = max(1.5, side / 11)
    colour = look.colour
    if shape is Shape.NONE:
        painter.setPen(QPen(colour("none"), thick))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(body.adjusted(thick / 2, thick / 2, -thick / 2, -thick / 2))
    elif shape is Shape.WAIT:
        painter.setPen(QPen(colour("lamp_wait_edge"), max(1.5, side / 14)))
        painter.setBrush(colour("lamp_wait"))
        painter.drawEllipse(body)
        # The hand must be seen on the fill, which is light in both themes.
        painter.setPen(QPen(Qt.GlobalColor.black, thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        middle = body.center()
        painter.drawLine(middle, QPointF(middle.x(), body.top() + body.height() * 0.2))
        painter.drawLine(middle, QPointF(middle.x() + body.width() * 0.24, middle.y()))
    elif shape is Shape.OK:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("lamp_ok"))
        painter.drawEllipse(body)
        painter.setPen(
            QPen(_mark(look), thick * 1.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        at = [(0.27, 0.53), (0.44, 0.69), (0.74, 0.34)]
        painter.drawPolyline(
            QPolygonF([QPointF(body.left() + x * body.width(), body.top() + y * body.height()) for x, y in at])
        )
    else:
        _paint_alarm(painter, body, shape, look)
    painter.restore()


def _mark(look: Look) -> QColor:
    return look.colour("surface" if look.colours.name == "light" else "sunken")


def _paint_alarm(painter: QPainter, body: QRectF, shape: Shape, look: Look) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    if shape is Shape.BAD:
        painter.setBrush(look.colour("lamp_bad"))
        painter.drawRoundedRect(body, body.width() / 8, body.width() / 8)
    else:
        painter.setBrush(look.colour("unknown"))
        middle, half = body.center(), body.width() * 0.56
        corners = [(0, -half), (half, 0), (0, half), (-half, 0)]
        painter.drawPolygon(QPolygonF([QPointF(middle.x() + x, middle.y() + y) for x, y in corners]))
    mark = QFont(look.font(Type.TABLE_STRONG))
    mark.setPixelSize(max(9, round(body.height() * (0.82 if shape is Shape.BAD else 0.72))))
    mark.setWeight(QFont.Weight.Bold)
    painter.setFont(mark)
    painter.setPen(QPen(_mark(look)))
    painter.drawText(body, Qt.AlignmentFlag.AlignCenter, "!" if shape is Shape.BAD else "?")


class LampView(QWidget):
    """One lamp: shape, its name, its words."""

    clicked = Signal()

    def __init__(self, look: Look, name: str) -> None:
        super().__init__()
        self.look = look
        self.name = name
        self.lamp = Lamp(Light.GREY)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(look.px(56))
        self.refresh()

    def show_lamp(self, lamp: Lamp) -> None:
        """Another state."""
        self.lamp = lamp
        self.refresh()

    def refresh(self) -> None:
        """Words with the age of now."""
        self.words = state_words(self.lamp, self.look)
        title = self.look.say(f"light.{self.name}")
        self.setAccessibleName(f"{title}: {self.words}")
        trouble = self.lamp.trouble
        self.setToolTip("" if trouble is None else trouble.message(self.look.say.language))
        self.update()

    def sizeHint(self) -> QSize:
        """A quarter of the left pane."""
        return QSize(self.look.px(180), self.look.px(56))

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """A tap on a lamp asks for its story."""
        self.clicked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Shape, name, words."""
        look, painter = self.look, QPainter(self)
        side = look.px(28)
        shape = shape_of(self.lamp)
        paint_lamp(painter, QRectF(0, (self.height() - side) / 2, side, side), shape, look)
        left = side + look.px(Space.S2)
        width = self.width() - left - look.px(Space.S1)
        painter.setPen(look.colour("text"))
        painter.setFont(look.font(Type.STRONG))
        painter.drawText(
            QRect(left, look.px(2), width, look.px(28)), Qt.AlignmentFlag.AlignVCenter, look.say(f"light.{self.name}")
        )
        words = look.font(Type.TABLE)
        painter.setFont(words)
        painter.setPen(look.colour(INKS[shape]))
        text = QFontMetrics(words).elidedText(self.words, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(left, look.px(29), width, look.px(24)), Qt.AlignmentFlag.AlignVCenter, text)


class LightsView(QWidget):
    """The four lamps of an order in a row."""

    lamp_clicked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.px(Space.S2))
        self.lamps = {name: LampView(look, name) for name in NAMES}
        for name, view in self.lamps.items():
            row.addWidget(view, 1)
            view.clicked.connect(lambda which=name: self.lamp_clicked.emit(which))

    def show_lights(self, lights: Lights) -> None:
        """Another order, or the same one a little later."""
        for name, view in self.lamps.items():
            view.show_lamp(getattr(lights, name))

    def refresh(self) -> None:
        """Ages of now."""
        for view in self.lamps.values():
            view.refresh()


def worst_of(lights: Lights) -> tuple[str, Lamp] | None:
    """The red or unknown lamp that comes first on the way of a receipt, or None."""
    for name in NAMES:
        lamp: Lamp = getattr(lights, name)
        if lamp.is_unknown or lamp.light is Light.RED:
            return name, lamp
    return None
