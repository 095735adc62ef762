"""The window: which screen is shown, where each key goes, and what the lanes report. Work is done by others."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QLayout, QVBoxLayout, QWidget

from posapp.domain.money import ZERO
from posapp.lanes import Lanes
from posapp.till.views import (
    DeliverReport,
    OrderRow,
    OrderView,
    OutboxStrip,
    PullResult,
    ReceiptView,
    Recovered,
    RegisterView,
    SyncRow,
)
from posapp.ui import theme
from posapp.ui.bridge import Bridge, Failure
from posapp.ui.counter import Counter
from posapp.ui.desk import Desk
from posapp.ui.draft import Draft, Method
from posapp.ui.errands import Errands
from posapp.ui.frame import Frame
from posapp.ui.head import Readiness, readiness_of, short_of, why_not
from posapp.ui.lights import Shape
from posapp.ui.look import Look
from posapp.ui.payment_pane import PaymentPane, Step
from posapp.ui.recovery import Recovery
from posapp.ui.service_screen import LookSettings
from posapp.ui.sounds import Sounds
from posapp.ui.trouble import Trouble, trouble_of
from posapp.ui.wedge import LastKeys, Wedge
from posapp.ui.words import Say

_GO_KEYS = {
    Qt.Key.Key_F2: "find",
    Qt.Key.Key_F3: "till",
    Qt.Key.Key_F5: "route",
    Qt.Key.Key_F6: "log",
    Qt.Key.Key_F11: "more",
}


class Window(QWidget):
    """Painted before there is a desk; `attach` brings it to life."""

    settled = Signal(object)  # new LookSettings, to be kept

    def __init__(self, look: Look, settings: LookSettings, last: LastKeys, sounds: Sounds) -> None:
        super().__init__()
        self.look, self.settings, self.last, self.sounds = look, settings, last, sounds
        self.bridge = Bridge(self)
        self.desk: Desk | None = None
        self.lanes: Lanes | None = None
        self.counter: Counter | None = None
        self.errands: Errands | None = None
        self.register: RegisterView | None = None
        self.outbox: OutboxStrip | None = None
        self.last_pull: PullResult | None = None
        self._register_trouble: Trouble | None = None
        self._recovery = Recovery()
        self._early_scan = ""
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # messages never resize the window
        self.frame = self._new_frame()
        self.wedge = Wedge(last, self)
        self.wedge.scanned.connect(self.scanned)
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self.wedge)
        self.frame.orders.wait(look.say("list.opening"))
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self._refresh)
        self._second.start()
        self._show_readiness()

    @property
    def pane(self) -> PaymentPane:
        """The right pane of the till."""
        return self.frame.pane

    # ------------------------------------------------------------------ life

    def attach(self, desk: Desk, lanes: Lanes, *, poll: bool = True) -> None:
        """The journal is open: orders can be found; selling unlocks when recovery has ended."""
        self.desk, self.lanes = desk, lanes
        if not self.settings.language and desk.language != self.look.say.language:
            self.look.say = Say(desk.language)
        self.counter = Counter(self, self.bridge, desk, lanes, self.look, self.sounds)
        self.errands = Errands(self, self.bridge, desk, lanes, self.look)
        self.rebuild()
        self.leave()
        self._recover()
        self.errands.read_strip()
        if poll:
            self.errands.start_polling()
            self.errands.sync()
        if self._early_scan:
            text, self._early_scan = self._early_scan, ""
            self.counter.scan(text)

    def not_attached(self, failure: Failure) -> None:
        """The journal could not be opened: the reason stands where the orders would."""
        trouble = trouble_of(failure, self.look.say)
        self.frame.orders.wait(trouble.message)
        self.frame.pane.show_blocked("", ZERO, trouble)

    def rebuild(self) -> None:
        """New widgets in the look of now, showing what the old ones showed."""
        shown = self.frame.shown
        old, self.frame = self.frame, self._new_frame()
        old.hide()
        old.deleteLater()
        self.register_known(self.register, self._register_trouble)
        if self.outbox is not None:
            self.frame.strip.show_strip(self.outbox)
        self.frame.service.show_pull(self.last_pull)
        if self.counter is not None:
            self.counter.show_again()
            if shown not in ("order", "receipt"):
                self.go({"orders": "till", "service": "more"}.get(shown, shown))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Not while a receipt is being printed."""
        if self.counter is not None and self.counter.is_selling:
            event.ignore()
            return
        self.bridge.close()
        if self.errands is not None:
            self.errands.stop()
        self._second.stop()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self.wedge)
        self.sounds.close()
        event.accept()

    def _refresh(self) -> None:
        self.frame.refresh()

    def _is_narrow(self) -> bool:
        return self.width() / self.look.factor < theme.STACK_BELOW

    def _new_frame(self) -> Frame:
        desk = self.desk
        frame = Frame(
            self.look,
            self.last,
            self.settings,
            till=desk.till if desk else "",
            cashier=desk.cashier if desk else "",
            is_training=desk.is_training if desk else False,
            stacked=self._is_narrow(),
        )
        while (item := self._box.takeAt(0)) is not None:
            del item
        self._box.addWidget(frame)
        self._connect(frame)
        frame.show()
        return frame

    def _connect(self, frame: Frame) -> None:
        frame.head.acted.connect(self.act)
        frame.strip.send_now.connect(lambda: self.act("sync"))
        frame.strip.open_log.connect(lambda: self.go("log"))
        frame.bar.went.connect(self.go)
        frame.pane.sell.connect(self._sell)
        frame.pane.left.connect(self.leave)
        frame.pane.next_customer.connect(self.leave)
        frame.pane.acted.connect(self.act)
        frame.pane.drafted.connect(self._drafted)
        frame.pane.stepped.connect(self._stepped)
        frame.orders.opened.connect(self._open)
        frame.orders.searched.connect(self.search)
        frame.orders.submitted.connect(self._submit)
        frame.order.lamp_clicked.connect(lambda _name: self.go("log"))
        frame.route.opened.connect(self._open)
        frame.route.pull.connect(lambda: self.act("pull"))
        frame.log.asked.connect(self._ask_log)
        frame.log.order_asked.connect(self._ask_story)
        frame.log.retry.connect(self._retry)
        frame.service.acted.connect(self.act)
        frame.service.settled.connect(self.settle)

    # ------------------------------------------------------------------ where to go

    def go(self, where: str) -> None:
        """A screen by the name that its key has."""
        counter = self.counter
        if counter is None or counter.is_selling:
            return
        if where == "back":
            self.back()
        elif where == "mix":
            self.pane.choose(Method.MIX)
            self.frame.arrange()
        elif where == "find":
            self.leave()
            self.frame.orders.search.selectAll()
        elif where == "till":
            if counter.view is None:
                self.leave()
            else:
                counter.show_again()
        elif where == "route":
            self.frame.show_screen("route")
            self._read_route()
            self.frame.route.table.setFocus()
        elif where == "log":
            number = counter.view.order.number if counter.view else ""
            self.frame.log.search.setText(number)
            self.frame.show_screen("log")
            self.frame.log.choose_chip("all" if number else "mine")
            self.frame.log.table.setFocus()
        elif where == "more":
            self.frame.show_screen("service")
            self.frame.service.pull.setFocus()

    def back(self) -> None:
        """Esc: one step back, and nothing is lost."""
        counter = self.counter
        if counter is None or counter.is_selling:
            return
        if self.frame.is_peeking:
            self.frame.show_screen(self.frame.shown)
        elif self.frame.shown in ("route", "log", "service"):
            self.go("till")
        elif self.frame.shown == "order" and self.pane.back():
            self.frame.arrange()
        elif self.frame.shown == "orders":
            self.pane.clear_trouble()
            self.frame.orders.search.clear()
            self.search("")
        else:
            self.leave()

    def leave(self) -> None:
        """The order is put aside; the list, ready for the next scan."""
        if self.counter is None or self.counter.is_selling:
            return
        self.counter.leave()
        self.pane.show_idle(self.register)
        self.frame.orders.search.clear()
        self.frame.show_screen("orders")
        self.frame.orders.search.setFocus()
        self.search("")

    # ------------------------------------------------------------------ keys

    def scanned(self, text: str) -> None:
        """A scan from anywhere."""
        if self.counter is None:
            self._early_scan = text
        else:
            self.counter.scan(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that the focused widget did not want."""
        key = Qt.Key(event.key())
        event.accept()
        if event.isAutoRepeat() and key not in (Qt.Key.Key_Backspace,):
            return
        if key in _GO_KEYS:
            self.go(_GO_KEYS[key])
        elif key == Qt.Key.Key_Escape:
            self.back()
        elif self.frame.shown in ("order", "receipt"):
            self.pane.key(event)
            self.frame.arrange()
        elif self.frame.shown == "orders":
            self._key_on_list(key, event)
        else:
            event.ignore()

    def _key_on_list(self, key: Qt.Key, event: QKeyEvent) -> None:
        orders = self.frame.orders
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and orders.model.rows:
            orders.table.setFocus()
            orders.table.selectRow(0)
        elif event.text().isprintable() and event.text() and not orders.search.hasFocus():
            orders.search.setFocus()
            orders.search.insert(event.text())
            self.search(orders.search.text())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow windows stack their panes."""
        super().resizeEvent(event)
        if self._is_narrow() != self.frame.stacked:
            self.rebuild()

    # ------------------------------------------------------------------ what persons ask for

    def act(self, act: str) -> None:
        """A button of head, banner, foot or service screen."""
        errands, counter = self.errands, self.counter
        if errands is None or counter is None or counter.is_selling:
            return
        acts: dict[str, Callable[[], object]] = {
            "open_shift": errands.open_shift,
            "close_shift": self._ask_to_close,
            "ask_close_shift": self._ask_to_close,
            "close_shift_now": self._close_shift,
            "x_report": errands.x_report,
            "recover": self._recover,
            "pull": errands.pull,
            "sync": errands.sync,
            "retry": self._retry_red,
            "resume": counter.resume,
            "quit": self.close,
        }
        acts[act]()

    def _recover(self) -> None:
        if self.errands is not None and self._recovery.begin():
            self._show_readiness()
            self.errands.recover()
            self.errands.read_register()

    def _retry_red(self) -> None:
        entry = self.counter.retry() if self.counter is not None else None
        if entry is not None:
            self.pane.clear_trouble()
            self._retry(entry)

    def _ask_to_close(self) -> None:
        """A shift cannot be reopened: one deliberate stop, in the pane, with what will happen."""
        say, shift = self.look.say, self.register.shift if self.register else None
        self.frame.show_screen("service", peek=True)
        message = say("close.message", n=shift.number if shift else "–")
        self.frame.service.side.show_trouble(Trouble("wait", message, say("close.action"), "", "close_shift_now"))
        self.frame.service.side.setFocus()  # Enter does nothing here: neither closes nor, afterwards, opens a shift

    def _close_shift(self) -> None:
        self.frame.service.side.setFocus()
        if self.errands is not None:
            self.errands.close_shift()

    def settle(self, settings: LookSettings) -> None:
        """Another look, at once."""
        self.settings = settings
        self.sounds.is_muted = settings.is_muted
        self.look.colours = theme.THEMES[settings.theme]
        self.look.factor = settings.factor
        if settings.language:
            self.look.say = Say(settings.language)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            self.look.dress(application)
        self.rebuild()
        self.settled.emit(settings)

    def search(self, text: str) -> None:
        """Orders for the list, by what is typed."""
        desk, errands = self.desk, self.errands
        if desk is None or errands is None:
            return

        def done(rows: list[OrderRow]) -> None:
            if self.frame.orders.search.text().strip() == text.strip():
                self.frame.orders.show_rows(rows)

        errands.read(lambda: desk.orders(text.strip()), done)

    def _submit(self, text: str) -> None:
        if self.counter is not None:
            self.counter.find_typed(text)

    def _open(self, order_id: int) -> None:
        if self.counter is not None:
            self.counter.open(order_id)

    def _sell(self, cash: object, card: object) -> None:
        if self.counter is not None:
            self.counter.sell(cash, card)  # type: ignore[arg-type]
            self.frame.arrange()

    def _drafted(self, draft: Draft) -> None:
        if self.counter is not None:
            self.counter.drafted(draft)
        self.frame.arrange()

    def _stepped(self) -> None:
        self.frame.arrange()
        self._show_readiness()

    def _read_route(self) -> None:
        desk, errands = self.desk, self.errands
        if desk is not None and errands is not None:
            errands.read(desk.route, lambda rows: self.frame.route.show_route(rows, self.last_pull))

    def _ask_log(self, chip: str, search: str, before: object) -> None:
        if self.errands is not None:
            self.errands.read_log(chip, search, before if isinstance(before, int) else None)

    def _ask_story(self, order_number: str) -> None:
        if self.errands is not None:
            self.errands.read_story(order_number)

    def _retry(self, entry: int) -> None:
        if self.errands is not None:
            self.errands.retry(entry)

    # ------------------------------------------------------------------ what the counter shows (Face)

    def show_order(self, view: OrderView) -> None:
        """The order screen in the left pane."""
        self.frame.order.show_order(view)
        self.frame.show_screen("order")

    def show_receipt(self, receipt: ReceiptView, view: OrderView) -> None:
        """The receipt in the left pane."""
        self.frame.receipt.show_receipt(receipt, view)
        self.frame.show_screen("receipt")

    def show_lights(self, view: OrderView) -> None:
        """The lights of the open order, wherever they are in sight."""
        self.frame.order.lights.show_lights(view.lights)
        self.frame.receipt.show_lights(view)

    def notice(self, trouble: Trouble) -> None:
        """A message in whatever pane is at the right."""
        self._notice(trouble)
        self.frame.arrange()

    def _notice(self, trouble: Trouble) -> None:
        if self.frame.shown == "service":
            self.frame.service.side.show_trouble(trouble)
        elif self.frame.shown in ("route", "log"):
            self.go("till")
            self.pane.show_trouble(trouble)
        else:
            self.pane.show_trouble(trouble)

    def sold(self) -> None:
        """A print ended: strip, head and exchange look again."""
        self.frame.arrange()
        if self.errands is not None:
            self.errands.read_register()
            self.errands.sync()

    # ------------------------------------------------------------------ what the errands report (Listener)

    def register_known(self, register: RegisterView | None, trouble: Trouble | None) -> None:
        """Head, methods and the day's sums follow the register."""
        self.register, self._register_trouble = register, trouble
        answers = register is not None and register.shift is not None
        self._recovery.register_answers(answers)
        self.frame.service.show_register(register)
        if self.pane.step is Step.IDLE:
            self.pane.idle.show_register(register)
        self._show_readiness()
        has_unknown = self.counter is not None and self.counter.has_unknown
        if self._recovery.is_due(has_unknown=has_unknown):
            self._recover()

    def recovered(self, results: list[Recovered]) -> None:
        """Selling unlocks."""
        self._recovery.ended(None)
        if self.counter is not None:
            self.counter.recovered()
        self._show_readiness()
        self.search(self.frame.orders.search.text())

    def not_recovered(self, trouble: Trouble) -> None:
        """Selling stays locked, and the reason is in sight; once the register is back it is tried again by itself."""
        self._recovery.ended(trouble)
        self._show_readiness()

    def strip_known(self, strip: OutboxStrip) -> None:
        """The foot."""
        self.outbox = strip
        self.frame.strip.show_strip(strip)

    def synced(self, report: DeliverReport | None) -> None:
        """Lights may have turned, orders may have come."""
        if self.errands is None or self.counter is None:
            return
        self.errands.read_strip()
        self.counter.look_again()
        if self.frame.shown == "orders":
            self.search(self.frame.orders.search.text())
        elif self.frame.shown == "log" and self.frame.log.is_at_top:
            self.frame.log.ask()

    def pulled(self, result: PullResult) -> None:
        """Orders were brought on board."""
        self.last_pull = result
        self.frame.service.show_pull(result)
        if self.frame.shown == "route":
            self._read_route()
        self.search(self.frame.orders.search.text())

    def log_page(self, rows: list[SyncRow], before: int | None) -> None:
        """A page of the sync log."""
        self.frame.log.show_page(rows, before)

    def log_story(self, order_number: str, rows: list[SyncRow]) -> None:
        """All requests of one order."""
        self.frame.log.show_timeline(order_number, rows)

    def log_counts(self, counts: dict[str, int]) -> None:
        """Numbers on the chips."""
        self.frame.log.show_counts(counts)

    def busy(self, errand: str, is_busy: bool) -> None:
        """Buttons of an errand rest while it runs."""
        if errand == "sync":
            self.frame.strip.sending(is_busy)
        elif errand == "pull":
            self.frame.service.pull.setEnabled(not is_busy)
            self.frame.route.pull_button.setEnabled(not is_busy)

    # ------------------------------------------------------------------ readiness

    def _show_readiness(self) -> None:
        recovery, say = self._recovery, self.look.say
        readiness = readiness_of(self.register, self.look, recovered=recovery.is_done)
        trouble = self._register_trouble if recovery.is_done else recovery.reason
        if trouble is not None:
            is_unknown = trouble.tone == "unknown"
            words = "ready.unknown" if is_unknown else short_of(trouble.code)
            readiness = Readiness(Shape.UNKNOWN if is_unknown else Shape.BAD, say(words), trouble.act)
        elif readiness.may_sell and self.counter is not None and self.counter.has_unknown:
            readiness = Readiness(Shape.UNKNOWN, say("ready.unknown"), "recover")
        shown = readiness
        if self.pane.step is Step.PRINTING:
            shown = Readiness(Shape.WAIT, say("ready.printing"))
        self.frame.head.show_register(self.register, shown)
        self.pane.allow(set(Method) if readiness.may_sell else set())
        self.pane.show_register_trouble(trouble or why_not(self.register, readiness, say))
