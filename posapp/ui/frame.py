"""All widgets of the window in their places: head, left and right pane, keys, foot. Built anew when the look changes.

Head 56, body, foot 56; the right pane is 540 wide. On a narrow screen (or a large factor) the panes stand one above
the other: the list scrolls, total and the one button stay in sight, and the keypad gives way to the keyboard.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from posapp.ui.action_bar import ActionBar
from posapp.ui.controls import FocusRing, Pane, Stack
from posapp.ui.day_screen import DayScreen
from posapp.ui.doctor_screen import DoctorScreen
from posapp.ui.head import Head
from posapp.ui.help_screen import HelpScreen
from posapp.ui.look import Look
from posapp.ui.order_list import OrderList
from posapp.ui.order_screen import OrderScreen
from posapp.ui.payment_pane import PaymentPane, Step
from posapp.ui.receipt_picture import hatch
from posapp.ui.receipt_screen import ReceiptScreen
from posapp.ui.reconcile_screen import ReconcileScreen
from posapp.ui.refund_screen import RefundScreen
from posapp.ui.refusal_screen import RefusalScreen
from posapp.ui.resolve_screen import ResolveScreen
from posapp.ui.restore_screen import RestoreScreen
from posapp.ui.route_screen import RouteScreen
from posapp.ui.service_screen import LookSettings, ServiceScreen
from posapp.ui.strip import Strip
from posapp.ui.sync_log import SyncLog
from posapp.ui.theme import RIGHT_PANE, RIGHT_SHARE, Target
from posapp.ui.wedge import LastKeys

TRAINING_FRAME = 8
COMPACT = 148  # the right pane below the left one: the total or the change, and one row of buttons
_ANY = 16_777_215  # QWIDGETSIZE_MAX: no limit
SCREENS = (
    "orders",
    "order",
    "receipt",
    "route",
    "log",
    "resolve",
    "reconcile",
    "doctor",
    "service",
    "help",
    "restore",
    "refusal",
    "refund",
    "day",
)


class Frame(QWidget):
    """Holds the widgets; who works with them is none of its business."""

    def __init__(
        self, look: Look, last: LastKeys, settings: LookSettings, *, till: str, cashier: str, is_training: bool,
        stacked: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        self.look = look
        self.stacked = stacked
        self.is_training = is_training
        self.shown = "orders"
        self.is_peeking = False
        self.head = Head(look, till, cashier, is_training=is_training)
        self.strip = Strip(look, is_short=stacked)
        self.bar = ActionBar(look)
        self.pane = PaymentPane(look, last, stacked=stacked)
        self.orders = OrderList(look)
        self.order = OrderScreen(look, stacked=stacked)
        self.receipt = ReceiptScreen(look, stacked=stacked)
        self.route = RouteScreen(look)
        self.log = SyncLog(look, stacked=stacked)
        self.resolve = ResolveScreen(look, who=cashier, stacked=stacked)
        self.reconcile = ReconcileScreen(look)
        self.doctor = DoctorScreen(look)
        self.service = ServiceScreen(look, last, settings, stacked=stacked)
        self.help = HelpScreen(look)
        self.refusal = RefusalScreen(look, last, stacked=stacked)
        self.day = DayScreen(look, last, who=cashier, stacked=stacked)
        self.refund = RefundScreen(look, last, stacked=stacked)
        self.restore = RestoreScreen(look, who=cashier, stacked=stacked)
        self.left_column = Pane(look, "surface")
        self.left = Stack()
        self.right = Stack()
        self._build()
        self.log.table.tapped.connect(lambda _row: self._look_closer("log"))
        self.log.detail_opened.connect(lambda: self.show_screen("log"))
        self.reconcile.table.opened.connect(lambda _row: self._look_closer("reconcile"))
        self.doctor.table.opened.connect(lambda _row: self._look_closer("doctor"))
        self.ring = FocusRing(look, self)

    def _build(self) -> None:
        px = self.look.px
        for name in SCREENS:
            self.left.addWidget(getattr(self, name))
        self.right.addWidget(self.pane)
        for screen in (
            self.route,
            self.log,
            self.resolve,
            self.reconcile,
            self.doctor,
            self.service,
            self.restore,
            self.refusal,
            self.refund,
            self.day,
        ):
            self.right.addWidget(screen.side)
        column = QVBoxLayout(self.left_column)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.left, 1)
        column.addWidget(self.bar)
        direction = QBoxLayout.Direction.TopToBottom if self.stacked else QBoxLayout.Direction.LeftToRight
        body = QBoxLayout(direction)
        body.setSpacing(0)
        body.addWidget(self.left_column, 1)
        body.addWidget(self.right)
        if self.stacked:
            self.head.setFixedHeight(px(Target.SMALL))
            self.strip.setFixedHeight(px(Target.SMALL))
        whole = QVBoxLayout(self)
        edge = px(TRAINING_FRAME) if self.is_training else 0
        whole.setContentsMargins(edge, edge, edge, edge)
        whole.setSpacing(0)
        whole.addWidget(self.head)
        whole.addLayout(body, 1)
        whole.addWidget(self.strip)
        self.show_screen("orders")

    def show_screen(self, name: str, *, peek: bool = False) -> None:
        """One of `SCREENS` with its right pane. `peek`: on a narrow screen the right pane replaces the left."""
        self.shown = name
        self.is_peeking = peek and self.stacked
        screen = getattr(self, name)
        self.left.setCurrentWidget(screen)
        self.right.setCurrentWidget(getattr(screen, "side", self.pane))
        self.arrange(peek=peek)

    def arrange(self, *, peek: bool = False) -> None:
        """What is in sight, and which keys are offered."""
        step = self.pane.step
        is_paying = self.shown == "order" and step in (Step.PAY, Step.PRINTING)
        draft = self.pane.draft
        may_mix = step is Step.PAY and draft is not None and self.right.currentWidget() is self.pane
        self.bar.setVisible(self.shown != "restore")
        self.bar.paying(is_paying, may_mix and self.pane.may_mix, self.pane.may_go_aside)
        if not self.stacked:
            return
        has_list = step in (Step.BLOCKED, Step.CHOOSE)
        is_blocked = self.shown == "order" and (has_list or self.pane.banner.trouble is not None)
        alone = is_paying or peek or is_blocked
        self.left_column.setVisible(not alone)
        self.bar.setVisible(self.shown not in ("order", "receipt", "resolve", "restore"))
        self.right.setVisible(alone or self.shown in ("order", "receipt"))
        room = self.look.px(COMPACT)
        self.right.setMinimumHeight(0 if alone else room)
        self.right.setMaximumHeight(_ANY if alone else room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The right pane keeps its width as long as the left one has enough."""
        super().resizeEvent(event)
        if not self.stacked:
            self.right.setFixedWidth(min(self.look.px(RIGHT_PANE), round(self.width() * RIGHT_SHARE)))

    def _look_closer(self, screen: str) -> None:
        """On a narrow screen a row of a table opens its right pane; Esc brings the table back."""
        if not self.stacked:
            return
        self.show_screen(screen, peek=True)
        if screen == "log":
            self.log.focus_repair()
        elif screen == "doctor":
            self.doctor.focus_step()
        else:
            self.reconcile.focus_step()

    def refresh(self) -> None:
        """Ages of now, on whatever is in sight."""
        self.head.refresh()
        self.strip.refresh()
        screen = self.left.currentWidget()
        if isinstance(screen, (OrderList, OrderScreen, ReceiptScreen, ResolveScreen)):
            screen.refresh()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The ground, and the hatched frame of training."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.look.colour("bg"))
        if self.is_training:
            thick = self.look.px(TRAINING_FRAME)
            hatch(painter, QRectF(self.rect()), self.look.colour("training"), thick, self.look)
