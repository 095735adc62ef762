"""A receipt as the customer sees it: black on white in every theme, with its QR code large enough for a phone."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from posapp.domain.receipt import Receipt, ReceiptLine, TenderKind
from posapp.till.views import ReceiptView
from posapp.ui.look import Look
from posapp.ui.theme import LIGHT, Space, Type, font

PAPER = QColor("#FFFFFF")
INK = QColor(LIGHT.text)
FAINT = QColor(LIGHT.text2)
QR_SIDE = 320
QUIET_MODULES = 4  # white border that a reader needs (ISO/IEC 18004)
_WIDTH = 400
_LINE = 22
_PAD = 14


def qr_modules(text: str) -> list[list[bool]]:
    """The dark modules of the QR code, row by row, without the quiet border. Level M, as registers print it."""
    import segno  # late: not needed before the first receipt

    return [[bool(module) for module in row] for row in segno.make(text, error="m", micro=False).matrix]


def paint_qr(painter: QPainter, box: QRectF, modules: list[list[bool]]) -> None:
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


@dataclass(frozen=True, slots=True)
class _Text:
    left: str
    right: str = ""
    strong: bool = False
    centred: bool = False
    rule: bool = False


class ReceiptPicture(QWidget):
    """The paper at the left, the code beside it – or, when `stacked`, the code first and the paper below."""

    def __init__(self, look: Look, *, stacked: bool = False) -> None:
        super().__init__()
        self.look = look
        self.stacked = stacked
        self._texts: list[_Text] = []
        self._modules: list[list[bool]] = []
        self._sign: tuple[str, ...] = ()
        self._is_training = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_receipt(self, view: ReceiptView) -> None:
        """Another receipt."""
        self._texts = receipt_texts(view, self.look)
        self._modules = qr_modules(view.qr) if view.qr else []
        self._is_training = view.receipt.is_training
        mark, say = view.mark, self.look.say
        if mark is not None:
            self._sign = (say("paper.fd", n=mark.document_number), say("paper.fpd", n=mark.document_sign))
        else:
            self._sign = ()
        self.setAccessibleName("; ".join(f"{each.left} {each.right}".strip() for each in self._texts if each.left))
        self.setMinimumHeight(self.sizeHint().height())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As high as the longer of paper and code."""
        px = self.look.px
        paper = px(2 * _PAD + _LINE * len(self._texts))
        code = px(QR_SIDE + 2 * _PAD + 2 * 28) if self._modules else 0
        if self.stacked:
            return QSize(px(_WIDTH), paper + code + px(Space.S4))
        return QSize(px(_WIDTH + QR_SIDE + 4 * Space.S4), max(paper, code) + px(8))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paper, code, and the training hatch over both."""
        painter = QPainter(self)
        self._paint(painter)

    def image(self) -> QImage:
        """The same as a picture for saving or sending."""
        made = QImage(self.sizeHint(), QImage.Format.Format_RGB32)
        made.fill(PAPER)
        painter = QPainter(made)
        self._paint(painter)
        painter.end()
        return made

    def _paint(self, painter: QPainter) -> None:
        px = self.look.px
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = min(px(_WIDTH), self.width())
        below = px(QR_SIDE + 2 * 28 + Space.S5) if self.stacked and self._modules else 0
        paper = QRect(0, below, width, px(2 * _PAD + _LINE * len(self._texts)))
        self._paint_paper(painter, paper)
        if self._is_training:
            hatch(painter, QRectF(paper), QColor(LIGHT.training), px(6), self.look)
        if self._modules:
            side = px(QR_SIDE)
            left = 0 if self.stacked else width + px(Space.S5)
            self._paint_code(painter, QRect(left, 0, side, side))

    def _paint_paper(self, painter: QPainter, paper: QRect) -> None:
        px = self.look.px
        painter.setPen(QPen(self.look.colour("border"), 1))
        painter.setBrush(PAPER)
        painter.drawPolygon(_torn(paper, px(6)))
        y = paper.top() + px(_PAD)
        inner = QRect(paper.left() + px(_PAD), y, paper.width() - 2 * px(_PAD), px(_LINE))
        for each in self._texts:
            self._paint_text(painter, QRect(inner.left(), y, inner.width(), px(_LINE)), each)
            y += px(_LINE)

    def _paint_text(self, painter: QPainter, box: QRect, text: _Text) -> None:
        if text.rule:
            painter.setPen(QPen(FAINT, 1, Qt.PenStyle.DashLine))
            painter.drawLine(box.left(), box.center().y(), box.right(), box.center().y())
            return
        made = self._font(text.strong)
        painter.setFont(made)
        painter.setPen(INK)
        metrics = QFontMetrics(made)
        right = metrics.horizontalAdvance(text.right)
        room = box.width() - (right + self.look.px(Space.S2) if text.right else 0)
        shown = metrics.elidedText(text.left, Qt.TextElideMode.ElideRight, room)
        align = Qt.AlignmentFlag.AlignHCenter if text.centred else Qt.AlignmentFlag.AlignLeft
        painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text.right)

    def _font(self, strong: bool) -> QFont:
        return font(Type.TABLE_STRONG if strong else Type.TABLE, self.look.factor, tabular=True)

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


def receipt_texts(view: ReceiptView, look: Look) -> list[_Text]:
    """The lines of the paper, from the seller to the document's numbers."""
    receipt, say = view.receipt, look.say
    rule = _Text("", rule=True)
    texts = []
    if receipt.is_training:
        texts.append(_Text(say("paper.training"), strong=True, centred=True))
    if view.seller:
        texts.append(_Text(view.seller, strong=True, centred=True))
    texts.append(_Text(say("paper.head", kind=say(f"kind.{receipt.kind.value}")), centred=True))
    when = view.mark.printed_at if view.mark else receipt.created_at
    texts.append(_Text(say("paper.order", number=receipt.order_number), when.strftime("%d.%m.%Y %H:%M")))
    shift = say("paper.shift", n=view.mark.shift_number, receipt=view.mark.receipt_number) if view.mark else ""
    is_nobody = receipt.cashier in (say("paper.cashier", name="").strip(), "Кассир")  # as set-up leaves it
    texts.append(_Text(receipt.cashier if is_nobody else say("paper.cashier", name=receipt.cashier), shift))
    texts.append(rule)
    for line in receipt.lines:
        texts += _line_texts(line, look)
    texts.append(rule)
    texts.append(_Text(say("paper.total"), say.amount(receipt.total), strong=True))
    texts += _money_texts(receipt, look)
    if view.mark is not None:
        mark = view.mark
        texts.append(rule)
        texts.append(_Text(say("paper.rn", n=mark.registration_number)))
        texts.append(_Text(say("paper.fn", n=mark.storage_number)))
        texts.append(_Text(say("paper.fd", n=mark.document_number), say("paper.fpd", n=mark.document_sign)))
    return texts


def _line_texts(line: ReceiptLine, look: Look) -> list[_Text]:
    say = look.say
    times = say("order.times", quantity=say.quantity(str(line.quantity)), price=say.amount(line.price))
    tax = say("order.no_vat") if line.vat.percent is None else say("paper.vat", rate=line.vat.title)
    return [_Text(line.name), _Text(say("paper.rate", times=times, tax=tax), say.amount(line.line_sum))]


def _money_texts(receipt: Receipt, look: Look) -> list[_Text]:
    say = look.say
    texts = []
    for kind, key in ((TenderKind.CASH, "paper.cash"), (TenderKind.CASHLESS, "paper.cashless")):
        if receipt.tender(kind):
            texts.append(_Text(say(key), say.amount(receipt.tender(kind))))
    if receipt.change:
        texts.append(_Text(say("paper.change"), say.amount(receipt.change)))
    return texts


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
