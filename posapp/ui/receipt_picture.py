"""A receipt as it is printed, black on white in every theme, with its QR code large enough for a phone."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from posapp.domain.printed import DEFAULT_WIDTH, Row, lay_out
from posapp.domain.printed_sheet import QUIET_MODULES, qr_modules
from posapp.till.views import ReceiptView
from posapp.ui.look import Look
from posapp.ui.paper import ADVANCE, paint_rows, size_for
from posapp.ui.theme import LIGHT, Space, Type

PAPER = QColor("#FFFFFF")
INK = QColor(LIGHT.text)
QR_SIDE = 320
_LETTERS = 14  # pixels at factor 1; 48 of them fill the paper
_LINE = 20
_PAD, _SIDE = 14, 8  # above and below; at the sides


def paint_qr(painter: QPainter, box: QRectF, modules: Sequence[Sequence[bool]]) -> None:
    """Draws the code with its quiet border into a square; modules are whole pixels, so edges stay sharp."""
    painter.fillRect(box, PAPER)
    if not modules:
        return
    count = len(modules) + 2 * QUIET_MODULES
    unit = max(1, int(box.width() // count))
    offset = (box.width() - unit * len(modules)) / 2
    left, top = round(box.left() + offset), round(box.top() + offset)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            if dark:
                painter.fillRect(QRect(left + x * unit, top + y * unit, unit, unit), Qt.GlobalColor.black)


class ReceiptPicture(QWidget):
    """The paper at the left, the code beside it – or, when `stacked`, the code first and the paper below."""

    def __init__(self, look: Look, *, stacked: bool = False) -> None:
        super().__init__()
        self.look = look
        self.stacked = stacked
        self.characters = DEFAULT_WIDTH
        self.rows: list[Row] = []
        self._modules: Sequence[Sequence[bool]] = ()
        self._sign: tuple[str, ...] = ()
        self._is_training = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_receipt(self, view: ReceiptView) -> None:
        """Another receipt, laid out as on the paper of its register."""
        form = view.form
        self.characters = view.profile.width
        self.rows = lay_out(form.lines, self.characters)
        self._modules = qr_modules(form.qr) if form.qr else ()
        self._is_training = form.is_training
        mark, say = view.mark, self.look.say
        if mark is not None:
            self._sign = (say("paper.fd", n=mark.document_number), say("paper.fpd", n=mark.document_sign))
        else:
            self._sign = ()
        self.setAccessibleName("; ".join(" ".join(row.text.split()) for row in self.rows if row.text.strip("- ")))
        self.setMinimumHeight(self.sizeHint().height())
        self.updateGeometry()
        self.update()

    @property
    def _paper(self) -> QSize:
        """How large the paper is when there is room."""
        px = self.look.px
        across = self.characters * ADVANCE * px(_LETTERS) + 2 * px(_SIDE)
        return QSize(math.ceil(across), px(2 * _PAD + _LINE * len(self.rows)))

    def sizeHint(self) -> QSize:
        """As high as the longer of paper and code."""
        px, paper = self.look.px, self._paper
        code = px(QR_SIDE + 2 * _PAD + 2 * 28) if self._modules else 0
        if self.stacked:
            return QSize(paper.width(), paper.height() + code + px(Space.S4))
        return QSize(paper.width() + px(QR_SIDE + 4 * Space.S4), max(paper.height(), code) + px(8))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paper, code, and the training hatch over both."""
        painter = QPainter(self)
        self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        px = self.look.px
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = px(QR_SIDE)
        beside = 0 if self.stacked or not self._modules else side + px(Space.S4) + 1
        width = min(self._paper.width(), self.width() - beside)
        below = px(QR_SIDE + 2 * 28 + Space.S5) if self.stacked and self._modules else 0
        paper = QRect(0, below, width, self._paper.height())
        self._paint_paper(painter, paper)
        if self._is_training:
            hatch(painter, QRectF(paper), QColor(LIGHT.training), px(6), self.look)
        if self._modules:
            left = 0 if self.stacked else width + px(Space.S4)
            self._paint_code(painter, QRect(left, 0, side, side))

    def _paint_paper(self, painter: QPainter, paper: QRect) -> None:
        px = self.look.px
        painter.setPen(QPen(self.look.colour("border"), 1))
        painter.setBrush(PAPER)
        painter.drawPolygon(_torn(paper, px(6)))
        painter.setPen(INK)
        size = size_for(paper.width() - 2 * px(_SIDE), self.characters, px(_LETTERS))
        paint_rows(painter, self.rows, paper.left() + px(_SIDE), paper.top() + px(_PAD), size, px(_LINE))

    def _paint_code(self, painter: QPainter, box: QRect) -> None:
        px = self.look.px
        paint_qr(painter, QRectF(box), self._modules)
        painter.setPen(QPen(self.look.colour("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setFont(self.look.font(Type.STRONG))
        painter.setPen(self.look.colour("text"))
        y = box.bottom() + px(Space.S2)
        for text in self._sign:
            painter.drawText(QRect(box.left(), y, px(QR_SIDE), px(28)), Qt.AlignmentFlag.AlignVCenter, text)
            y += px(28)


def _torn(box: QRect, tooth: int) -> QPolygonF:
    """The outline of paper torn off at its lower edge."""
    points = [QPointF(box.topLeft()), QPointF(box.topRight()), QPointF(box.right(), box.bottom() - tooth)]
    x, down = box.right(), True
    while x > box.left():
        x -= tooth
        points.append(QPointF(max(x, box.left()), box.bottom() if down else box.bottom() - tooth))
        down = not down
    points.append(QPointF(box.left(), box.bottom() - tooth))
    return QPolygonF(points)


def hatch(painter: QPainter, box: QRectF, colour: QColor, thick: int, look: Look) -> None:
    """The hatched frame of training: nothing inside it is real."""
    painter.save()
    outer = QPolygonF(box)
    inner = QPolygonF(box.adjusted(thick, thick, -thick, -thick))
    frame = QPainterPath()
    frame.addPolygon(outer)
    hole = QPainterPath()
    hole.addPolygon(inner)
    painter.setClipPath(frame.subtracted(hole))
    painter.fillRect(box, look.colour("training_soft"))
    painter.setPen(QPen(colour, max(1.5, thick / 3)))
    step = thick * 2
    x = box.left() - box.height()
    while x < box.right():
        painter.drawLine(QPointF(x, box.bottom()), QPointF(x + box.height(), box.top()))
        x += step
    painter.restore()
