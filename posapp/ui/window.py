"""The window: its life, what persons ask for by its buttons, and what the counter shows. Work is done by others.

Where keys lead stands in `going`, what the lanes report in `reports`, the resolve desk's work in `resolver`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QLayout, QVBoxLayout, QWidget

from posapp.domain.money import ZERO
from posapp.domain.scans import Scan
from posapp.errors import PosError
from posapp.lanes import Lanes
from posapp.till.views import OrderRow, OrderView, ReceiptView
from posapp.ui import theme
from posapp.ui.backroom import BackRoom
from posapp.ui.bridge import Bridge, Failure
from posapp.ui.codes import CodeDraft
from posapp.ui.counter import Counter
from posapp.ui.dealing import REFUSE
from posapp.ui.desk import Desk, ScannerNews
from posapp.ui.doctors import Doctors
from posapp.ui.draft import Draft
from posapp.ui.errands import Errands
from posapp.ui.frame import Frame
from posapp.ui.going import Going
from posapp.ui.look import Look
from posapp.ui.payment_pane import PaymentPane
from posapp.ui.reconciler import Reconciler
from posapp.ui.refunder import Refunder, names_receipt
from posapp.ui.refuser import Refuser
from posapp.ui.reports import Reports
from posapp.ui.resolver import Resolver
from posapp.ui.service_screen import LookSettings
from posapp.ui.sounds import Sounds
from posapp.ui.trouble import Trouble, trouble_of
from posapp.ui.wedge import LastKeys, Wedge
from posapp.ui.wiring import connect_backroom, connect_door
from posapp.ui.words import Say

if TYPE_CHECKING:
    from posapp.till.restore import Report


_SCANNER_CODES = ("115", "191", "192")


class Window(QWidget):
    """Painted before there is a desk; `attach` brings it to life."""

    settled = Signal(object)  # new LookSettings, to be kept
    restore_asked = Signal(str, str)  # who, why
    reopen_asked = Signal()

    def __init__(self, look: Look, settings: LookSettings, last: LastKeys, sounds: Sounds) -> None:
        super().__init__()
        self.look, self.settings, self.last, self.sounds = look, settings, last, sounds
        self.bridge = Bridge(self)
        self.desk: Desk | None = None
        self.lanes: Lanes | None = None
        self.counter: Counter | None = None
        self.errands: Errands | None = None
        self.resolver: Resolver | None = None
        self.reconciler: Reconciler | None = None
        self.reports = Reports(self)
        self.going = Going(self)
        self.backroom = BackRoom(self)
        self.refuser = Refuser(self)
        self.refunder = Refunder(self)
        self.doctors = Doctors(self)
        self._early_scan = ""
        self._is_layout_told = False
        self._damage: Trouble | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # messages never resize the window
        self.frame = self._new_frame()
        self.wedge = Wedge(last, self)
        self.wedge.scanned.connect(self.heard)
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self.wedge)
        self.frame.orders.wait(look.say("list.opening"))
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self._refresh)
        self._second.start()
        self.reports.show_readiness()

    @property
    def is_damaged(self) -> bool:
        """There is no desk, because its journal has to be restored first."""
        return self.desk is None and self._damage is not None

    @property
    def pane(self) -> PaymentPane:
        """The right pane of the till."""
        return self.frame.pane

    @property
    def is_busy(self) -> bool:
        """A receipt is printed or a decision written: nothing moves."""
        is_selling = self.counter is not None and self.counter.is_selling
        return is_selling or self.refunder.is_printing or self.backroom.is_deciding

    # ------------------------------------------------------------------ life

    def attach(self, desk: Desk, lanes: Lanes, *, poll: bool = True) -> None:
        """The journal is open: orders can be found; selling unlocks when recovery has ended."""
        self.desk, self.lanes, self._damage = desk, lanes, None
        if not self.settings.language and desk.language != self.look.say.language:
            self.look.say = Say(desk.language)
        self.counter = Counter(self, self.bridge, desk, lanes, self.look, self.sounds)
        self.errands = Errands(self.reports, self.bridge, desk, lanes, self.look)
        self.resolver = Resolver(self.backroom, self.bridge, desk, lanes, self.look, self.sounds)
        self.reconciler = Reconciler(self.backroom, self.bridge, desk, lanes, self.look)
        for worker in (self.counter, self.counter.codes.marker, self.errands, self.resolver, self.reconciler):
            worker.setParent(self)  # their timers end with the window
        self.wedge.obey(desk.scan_rules)
        self.rebuild()
        self.leave()
        desk.listen(self.bridge.teller(self.scanner_said))
        self.reconciler.read_last()
        self.recover()
        self.errands.read_strip()
        self.errands.read_copies()
        if poll:
            self.errands.start_polling()
            self.errands.sync()
        if self._early_scan:
            text, self._early_scan = self._early_scan, ""
            self.counter.scan(text)

    def not_attached(self, failure: Failure) -> None:
        """The journal could not be opened: the reason stands where the orders would, or the way to restore it."""
        trouble = trouble_of(failure, self.look.say)
        if trouble.act == "restore":
            self._offer_restore(trouble)
            return
        self.frame.orders.wait(trouble.message)
        self.frame.pane.show_blocked("", ZERO, trouble)

    def detach(self) -> None:
        """Lets the desk go: its directory is about to be restored. `attach` follows with another one."""
        if self.errands is not None:
            self.errands.stop()
        if self.reconciler is not None:
            self.reconciler.stop()
        for worker in (self.counter, self.errands, self.resolver, self.reconciler):
            if worker is not None:
                worker.deleteLater()
        self.desk = self.lanes = None
        self.counter = self.errands = self.resolver = self.reconciler = None
        self.reports = Reports(self)

    def _offer_restore(self, trouble: Trouble) -> None:
        """A plain screen instead of a crash: what happened, what to do."""
        self._damage = trouble
        self.frame.restore.show_damage(trouble)
        self.frame.show_screen("restore")
        self.reports.show_readiness()
        self.frame.restore.side.setFocus()

    def restore_progressed(self, progress: tuple[str, int, int]) -> None:
        """How far the restore is."""
        self.frame.restore.show_progress(*progress)

    def restored(self, report: Report) -> None:
        """The restore has ended."""
        self.frame.restore.show_report(report)

    def not_restored(self, failure: Failure) -> None:
        """It could not be done; nothing is lost by trying again."""
        self.frame.restore.show_failure(replace(trouble_of(failure, self.look.say), act=""))

    def rebuild(self) -> None:
        """New widgets in the look of now, showing what the old ones showed."""
        shown = self.frame.shown
        old, self.frame = self.frame, self._new_frame()
        old.hide()
        old.deleteLater()
        self.reports.show_again()
        if self.counter is not None:
            self.counter.show_again()
            if shown not in ("order", "receipt"):
                self._come_back(shown)
        elif self._damage is not None:
            self._offer_restore(self._damage)

    def _come_back(self, shown: str) -> None:
        if shown == "restore" and self._damage is not None:
            self._offer_restore(self._damage)
        elif shown == "refusal":
            self.refuser.begin()
        elif shown == "refund":
            self.refunder.show_again()
        elif shown == "resolve" and self.resolver is not None:
            self.frame.show_screen("resolve")
            self.resolver.show_again()
        else:
            self.go({"orders": "till", "service": "more", "restore": "till"}.get(shown, shown))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Not while a receipt is being printed, a decision written, or a journal restored."""
        if self.is_busy or self.frame.restore.side.is_busy:
            event.ignore()
            return
        self.bridge.close()
        if self.errands is not None:
            self.errands.stop()
        if self.reconciler is not None:
            self.reconciler.stop()
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
        frame.pane.card.terminal = desk.terminal if desk else ""
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
        frame.strip.open_desk.connect(lambda: self.go("resolve"))
        frame.strip.open_shift.connect(lambda: self.act("ask_close_shift"))
        frame.bar.went.connect(self.go)
        frame.pane.sell.connect(self._sell)
        frame.pane.chosen.connect(self._chosen)
        frame.pane.other_ways.connect(self._other_ways)
        frame.pane.stepped_back.connect(self._stepped_back)
        frame.pane.left.connect(self.leave)
        frame.pane.next_customer.connect(self.leave)
        frame.pane.acted.connect(self.act)
        frame.pane.drafted.connect(self._drafted)
        frame.pane.stepped.connect(self._stepped)
        frame.orders.opened.connect(self._open)
        frame.orders.searched.connect(self.search)
        frame.orders.submitted.connect(self._submit)
        frame.order.codes.undone.connect(lambda: self.act("undo_code"))
        frame.order.codes.unmarked.connect(lambda: self.act("unmarked"))
        frame.order.lamp_clicked.connect(lambda _name: self.go("log"))
        frame.route.opened.connect(self._open)
        frame.route.pull.connect(lambda: self.act("pull"))
        frame.log.asked.connect(self._ask_log)
        frame.log.order_asked.connect(self._ask_story)
        frame.log.retry.connect(self.retry)
        connect_door(self, frame)
        connect_backroom(self, frame)

    # ------------------------------------------------------------------ where to go

    def go(self, where: str) -> None:
        """A screen by the name that its key has."""
        self.going.go(where)

    def leave(self) -> None:
        """The order is put aside; the list, ready for the next scan."""
        self.going.leave()

    # ------------------------------------------------------------------ keys

    def heard(self, scan: Scan) -> None:
        """A scan of either sort of scanner: what is no code is answered with its reason, whatever is on the screen."""
        if scan.problem:
            self.refuse_scan(PosError("scan_incomplete"))
            return
        self.scanned(scan.text, scan.typed)
        if scan.is_mended and not self._is_layout_told and self.pane.banner.trouble is None:
            self._is_layout_told = True
            self.pane.show_trouble(replace(trouble_of(PosError("scan_layout"), self.look.say), tone="wait"))

    def refuse_scan(self, why: PosError) -> None:
        """Nothing was done with a scan: a tone, and the reason in the pane where nothing weightier stands."""
        self.sounds.play("unknown")
        if self.pane.banner.trouble is None or self.pane.banner.trouble.code in _SCANNER_CODES:
            self.pane.show_trouble(trouble_of(why, self.look.say))

    def scanner_said(self, heard: ScannerNews) -> None:
        """News of the scanner at its own port."""
        if heard.scan is not None:
            self.heard(heard.scan)
        elif heard.trouble is not None:
            self.refuse_scan(heard.trouble)
        elif self.pane.banner.trouble is not None and self.pane.banner.trouble.code in _SCANNER_CODES:
            self.pane.clear_trouble()

    def scanned(self, text: str, typed: str = "") -> None:
        """A scan from anywhere; `typed` is the same as it arrived, for whoever must not guess a layout.

        At the resolve desk the code of a paper receipt tells which document it is.
        """
        if self.counter is None:
            self._early_scan = text
        elif self.refunder.is_printing:
            self.sounds.play("unknown")
        elif self.frame.shown == "resolve" and self.frame.resolve.side.scan(text):
            self.sounds.play("scan")
            self.frame.arrange(peek=self.frame.resolve.side.choice is not None)
        elif names_receipt(text) and not self.counter.is_selling and self.frame.shown != "resolve":
            self.refunder.find(text)
        else:
            self.counter.scan(text, typed or text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that the focused widget did not want."""
        self.going.key(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow windows stack their panes."""
        super().resizeEvent(event)
        if self._is_narrow() != self.frame.stacked:
            self.rebuild()

    # ------------------------------------------------------------------ what persons ask for

    def act(self, act: str) -> None:
        """A button of head, banner, foot or service screen."""
        errands, counter = self.errands, self.counter
        if errands is None or counter is None or self.is_busy:
            return
        acts: dict[str, Callable[[], object]] = {
            "open_shift": errands.open_shift,
            "close_shift": self._ask_to_close,
            "ask_close_shift": self._ask_to_close,
            "close_shift_now": self._close_shift,
            "x_report": errands.x_report,
            "cash_in": lambda: self.backroom.open_drawer("cash_in"),
            "cash_out": lambda: self.backroom.open_drawer("cash_out"),
            "recover": self.recover,
            "find_register": self._find_register,
            "resolve": self.backroom.open_desk,
            "begun": self.backroom.open_begun,
            "pull": errands.pull,
            "sync": errands.sync,
            "retry": self._retry_red,
            "resume": counter.resume,
            "seen": counter.changes_seen,
            "refuse": self.refuser.begin,
            "refund": self.refunder.open,
            "day": self.backroom.open_day,
            "undo_code": counter.codes.undo,
            "unmarked": counter.codes.go_unmarked,
            "reconcile": lambda: self.go("reconcile"),
            "doctor": lambda: self.go("doctor"),
            "reconcile_now": lambda: self.backroom.reconcile(None),
            "copy_now": errands.copy_now,
            "try_copy": errands.try_copies,
            "restore": self._restore_what_blocks,
            "quit": self.close,
        }
        acts[act]()

    def recover(self) -> None:
        """Has the storage read, when it is not being read already."""
        if self.errands is not None and self.reports.recovery.begin():
            self.reports.show_readiness()
            self.errands.recover()
            self.errands.read_register()

    def _find_register(self) -> None:
        if self.errands is not None and self.reports.begin_finding():
            self.errands.find_register(self.reports.finding_ended)

    def _restore_what_blocks(self) -> None:
        trouble = self.reports.recovery.trouble or self.pane.banner.trouble
        if trouble is not None:
            self._offer_restore(trouble)

    def _retry_red(self) -> None:
        entry = self.counter.retry() if self.counter is not None else None
        if entry is not None:
            self.pane.clear_trouble()
            self.retry(entry)

    def _ask_to_close(self) -> None:
        """A shift cannot be reopened: one deliberate stop, in the pane, with what will happen."""
        say, shift = self.look.say, self.reports.register.shift if self.reports.register else None
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

    def _chosen(self, value: object) -> None:
        if value == REFUSE:
            self.act("refuse")
        elif self.counter is not None:
            self.counter.chosen(value)

    def _other_ways(self) -> None:
        if self.counter is not None:
            self.counter.other_ways()

    def _stepped_back(self) -> None:
        if self.counter is not None:
            self.counter.step_back()

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
        self.reports.show_readiness()

    def read_route(self) -> None:
        """The courier's orders, for the route."""
        desk, errands = self.desk, self.errands
        if desk is not None and errands is not None:
            errands.read(
                lambda: (desk.route(), desk.route_proof()),
                lambda found: self.frame.route.show_route(found[0], found[1] or self.reports.last_pull),
            )

    def _ask_log(self, chip: str, search: str, before: object) -> None:
        if self.errands is not None:
            self.errands.read_log(chip, search, before if isinstance(before, int) else None)
        if before is None:
            self.backroom.show_budget()

    def _ask_story(self, order_number: str) -> None:
        if self.errands is not None:
            self.errands.read_story(order_number)

    def retry(self, entry: int) -> None:
        """An outbox entry is due again."""
        if self.errands is not None:
            self.errands.retry(entry)

    # ------------------------------------------------------------------ what the counter shows (Face)

    @property
    def is_till_in_sight(self) -> bool:
        """List, order or receipt: an order may be shown by itself."""
        return self.frame.shown in ("orders", "order", "receipt")

    def show_order(self, view: OrderView) -> None:
        """The order screen in the left pane."""
        self.frame.order.show_order(view)
        self.frame.show_screen("order")

    def show_codes(self, draft: CodeDraft, asking_s: int) -> None:
        """The marking codes of the open order, beside its lines."""
        self.frame.order.show_codes(draft, asking_s)

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
        elif self.frame.shown == "resolve":
            self.frame.resolve.show_trouble(trouble)
        elif self.frame.shown == "doctor":
            self.frame.doctor.side.banner.show_trouble(trouble)
        elif self.frame.shown in ("route", "log", "help", "reconcile"):
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
