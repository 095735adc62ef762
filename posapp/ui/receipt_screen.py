"""The left pane after printing: that it is done, the paper, its code, and how far the rest has come."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from posapp.till.views import OrderView, ReceiptView
from posapp.ui.banner import LampIcon
from posapp.ui.controls import Label
from posapp.ui.lights import LightsView, Shape
from posapp.ui.look import Look
from posapp.ui.receipt_picture import ReceiptPicture
from posapp.ui.tables import ScrollBar
from posapp.ui.theme import Space, Type


class ReceiptScreen(QWidget):
    """Shows a fiscalized receipt with the lights of its order."""

    def __init__(self, look: Look, *, stacked: bool = False) -> None:
        super().__init__()
        self.look = look
        self.title = Label(look, look.say("receipt.done"), Type.TITLE, elide=True)
        self.number = Label(look, "", Type.TITLE, right=True)
        self.order = Label(look, "", Type.BODY, ink="text2", elide=True)
        self.picture = ReceiptPicture(look, stacked=stacked)
        self.lights = LightsView(look)
        self.scroller = QScrollArea()
        self.scroller.setWidgetResizable(True)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.scroller.setAccessibleName(look.say("receipt.picture"))
        self.scroller.setVerticalScrollBar(ScrollBar(look))
        self.scroller.setWidget(self.picture)
        self.scroller.viewport().setAutoFillBackground(False)
        self.picture.setAutoFillBackground(False)
        self._build()

    def _build(self) -> None:
        px = self.look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S2))
        column.setSpacing(px(Space.S2))
        head = QHBoxLayout()
        head.setSpacing(px(Space.S3))
        head.addWidget(LampIcon(self.look, Shape.OK))
        head.addWidget(self.title, 1)
        head.addWidget(self.number)
        column.addLayout(head)
        column.addWidget(self.order)
        column.addWidget(self.scroller, 1)
        column.addWidget(self.lights)
        if self.picture.stacked:
            self.lights.hide()
            self.order.hide()

    def show_receipt(self, receipt: ReceiptView, view: OrderView) -> None:
        """Another receipt."""
        say = self.look.say
        self.number.set_text(say("paper.fd", n=receipt.mark.document_number) if receipt.mark else "")
        buyer = view.order.buyer.short
        self.order.set_text(say("receipt.order", number=view.order.number, buyer=buyer).rstrip(" ·"))
        self.picture.show_receipt(receipt)
        self.scroller.verticalScrollBar().setValue(0)
        self.show_lights(view)

    def show_lights(self, view: OrderView) -> None:
        """The lights of the order as they are now."""
        self.lights.show_lights(view.lights)

    def refresh(self) -> None:
        """Ages of now."""
        self.lights.refresh()
