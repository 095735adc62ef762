"""A refund, as the window carries it: find the receipt, choose its lines, print, tell. No widgets of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from posapp.till.views import ReceiptView
from posapp.ui.bridge import Failure
from posapp.ui.refunding import Found, Proposal, Return, return_of
from posapp.ui.trouble import Trouble, is_unknown, trouble_of

if TYPE_CHECKING:
    from posapp.ui.window import Window


def names_receipt(text: str) -> bool:
    """A scan is the QR code of a receipt: it names a storage and a document sign."""
    lower = text.casefold()
    return "fn=" in lower and "fp=" in lower


class Refunder:
    """One receipt at a time."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._found: Found | None = None
        self._return: Return | None = None
        self._proposal: Proposal | None = None
        self._done: ReceiptView | None = None
        self.is_printing = False
        self._seconds = 0
        self._tick = QTimer(window)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._still_printing)

    # ------------------------------------------------------------------ finding

    def open(self) -> None:
        """F4: the receipt of the open order, or the question which one."""
        counter, frame = self._window.counter, self._window.frame
        receipt = counter.last_sale if counter is not None and frame.shown in ("order", "receipt") else None
        frame.show_screen("refund")
        if self.is_printing:
            return
        self._forget()
        frame.refund.ask()
        if receipt is not None:
            self.find(receipt.receipt.key)

    def show_again(self) -> None:
        """The same on new widgets."""
        frame = self._window.frame
        frame.show_screen("refund")
        frame.refund.ask()
        if self._done is not None:
            frame.refund.side.show_done(self._done)
        elif self._found is not None and self._return is not None:
            frame.refund.show_found(self._found, self._return)
            self._show()

    def find(self, text: str) -> None:
        """A receipt by its key, its QR, the number of its document or of the order."""
        window = self._window
        desk, lanes = window.desk, window.lanes
        if desk is None or lanes is None or self.is_printing:
            return
        if window.frame.shown != "refund":
            window.frame.show_screen("refund")
            window.frame.refund.ask()
        self._forget()
        window.frame.refund.searching()
        window.bridge.run(lanes.person, lambda: desk.find_refund(text), self._was_found, self._not_found)

    def _forget(self) -> None:
        self._found = self._return = self._proposal = self._done = None

    def _was_found(self, found: Found) -> None:
        window, begun = self._window, found.left.begun
        window.sounds.play("scan")
        self._found, self._return, self._proposal = found, Return.of(found.left), None
        if begun is not None:
            receipt = begun.receipt
            whole = Return(tuple(line.quantity.value for line in found.original.receipt.lines), self._return.back)
            self._return = return_of(found.original.receipt, receipt, whole)
            self._proposal = Proposal(receipt.total, receipt.tenders)
        if window.frame.shown != "refund":
            return
        window.frame.refund.show_found(found, self._return)
        self._show()
        say = window.look.say
        if begun is not None:
            said = say("refund.begun", sum=begun.receipt.total)
            window.frame.refund.side.show_trouble(Trouble("wait", said, say("refund.begun_action"), ""))
        elif found.original.doubts:
            doubt = found.original.doubts[0]
            action, number = say("refund.override_action"), str(doubt.number)
            window.frame.refund.side.show_trouble(Trouble("wait", doubt.message(say.language), action, number))

    def _not_found(self, failure: Failure) -> None:
        window = self._window
        window.sounds.play("unknown")
        if window.frame.shown == "refund":
            window.frame.refund.ask()
            window.frame.refund.side.show_trouble(trouble_of(failure, window.look.say))

    # ------------------------------------------------------------------ choosing

    def step(self, line: int, by: int) -> None:
        """One more or one less of a line comes back."""
        if self._return is not None and self._may_choose:
            self._keep(self._return.step(line, by))

    def choose_all(self) -> None:
        """Everything that is left."""
        if self._return is not None and self._may_choose:
            self._keep(self._return.all())

    def named_senior(self, _text: str) -> None:
        """Somebody answers for it."""
        self._show()

    @property
    def _may_choose(self) -> bool:
        return self._found is not None and self._found.left.begun is None and not self.is_printing

    def _keep(self, back: Return) -> None:
        self._return, self._proposal = back, None
        self._window.frame.refund.show_return(back)
        self._show()
        window, found = self._window, self._found
        desk, lanes = window.desk, window.lanes
        if found is None or desk is None or lanes is None or back.is_none:
            return

        def done(proposal: Proposal) -> None:
            if self._return is back:
                self._proposal = proposal
                self._show()

        def failed(failure: Failure) -> None:
            window.frame.refund.side.show_trouble(trouble_of(failure, window.look.say))

        window.bridge.run(lanes.journal, lambda: desk.preview_refund(found, back.lines()), done, failed)

    def _show(self) -> None:
        found, back = self._found, self._return
        if found is None or back is None:
            return
        is_begun, needs_senior = found.left.begun is not None, bool(found.original.doubts)
        side = self._window.frame.refund.side
        side.show_choice(back, self._proposal, needs_senior=needs_senior, is_begun=is_begun)

    # ------------------------------------------------------------------ printing

    def give_back(self) -> None:
        """A person has pressed the button: once."""
        window, found, back = self._window, self._found, self._return
        desk, lanes = window.desk, window.lanes
        if found is None or back is None or desk is None or lanes is None or self.is_printing:
            return
        self.is_printing, self._seconds = True, 0
        self._tick.start()
        window.frame.refund.side.printing(0)
        window.frame.refund.side.setFocus()
        lines, who = back.lines(), window.frame.refund.side.who.text().strip()
        window.bridge.run(lanes.device, lambda: desk.refund(found, lines, who), self._printed, self._not_printed)

    def act(self, act: str) -> None:
        """A button of the message: try again is the refund's own, the rest is the window's."""
        if act == "again":
            self._window.frame.refund.side.banner.clear()
            self._show()
        else:
            self._window.act(act)

    def _still_printing(self) -> None:
        self._seconds += 1
        self._window.frame.refund.side.printing(self._seconds)

    def _end(self) -> None:
        self.is_printing = False
        self._tick.stop()

    def _printed(self, receipt: ReceiptView) -> None:
        self._end()
        window = self._window
        self._forget()
        self._done = receipt
        window.frame.refund.ask()
        window.frame.refund.side.show_done(receipt)
        window.sounds.play("receipt")
        desk, lanes = window.desk, window.lanes
        if desk is not None and lanes is not None:
            window.bridge.run(lanes.journal, lambda: desk.refund_seen(receipt), _nothing, _nothing)
        window.sold()

    def _not_printed(self, failure: Failure) -> None:
        self._end()
        window = self._window
        window.sounds.play("person" if is_unknown(failure) else "unknown")
        self._show()
        window.frame.refund.side.show_trouble(trouble_of(failure, window.look.say, selling=True))
        window.frame.refund.side.money.disarm(window.look.say("pay.see_above"))
        window.sold()


def _nothing(_result: object) -> None:
    """What was told is told."""
