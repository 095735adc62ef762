"""The refusal at the door, as the window carries it: what is refused, what it costs, on to the money. No widgets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posapp.domain.partial import HandedOver
from posapp.till.views import OrderView
from posapp.ui.bridge import Failure
from posapp.ui.refusal import Part, Refusal
from posapp.ui.trouble import Trouble, trouble_of

if TYPE_CHECKING:
    from posapp.ui.window import Window


class Refuser:
    """One order at a time; what was said of it is kept while the window shows something else."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._view: OrderView | None = None
        self._refusal: Refusal | None = None
        self._handed: HandedOver | None = None

    def begin(self) -> None:
        """The open order, everything taken – or as it was said a moment ago."""
        counter = self._window.counter
        view = None if counter is None else counter.view
        if counter is None or view is None or not counter.may_refuse:
            return
        if self._view is None or self._refusal is None or self._view.order != view.order:
            self._refusal = Refusal.of(view.order)
        self._view = view
        screen = self._window.frame.refusal
        screen.begin(view.order, self._refusal)
        self._window.frame.show_screen("refusal")
        self._preview()

    def step(self, line: int, by: int) -> None:
        """One more or one less of a line is taken."""
        if self._refusal is not None:
            self._keep(self._refusal.step(line, by))

    def reason(self, why: str) -> None:
        """Why."""
        if self._refusal is not None:
            self._keep(replace(self._refusal, why=why))

    def _keep(self, refusal: Refusal) -> None:
        is_same = self._refusal is not None and self._refusal.stays == refusal.stays
        self._refusal = refusal
        self._window.frame.refusal.show_refusal(refusal)
        if is_same and self._view is not None:
            self._window.frame.refusal.side.show_sums(self._handed, self._view.order)
        else:
            self._preview()

    def _preview(self) -> None:
        """What it comes to, by the shop's rule for the delivery."""
        window, view, refusal = self._window, self._view, self._refusal
        desk, lanes = window.desk, window.lanes
        if view is None or refusal is None or desk is None or lanes is None:
            return
        self._handed = None
        if refusal.is_none or refusal.is_all:
            window.frame.refusal.side.show_sums(None, view.order)
            return

        def done(handed: HandedOver) -> None:
            if self._refusal is not None and self._refusal.stays == refusal.stays and self._view is view:
                self._handed = handed
                window.frame.refusal.side.show_sums(handed, view.order)

        def failed(failure: Failure) -> None:
            window.frame.refusal.side.show_trouble(trouble_of(failure, window.look.say))

        order_id, refused = view.order.order_id, refusal.refused
        window.bridge.run(lanes.journal, lambda: desk.preview_refusal(order_id, refused), done, failed)

    def take(self) -> None:
        """The customer takes a part: on to the money."""
        refusal, handed, counter = self._refusal, self._handed, self._window.counter
        if refusal is None or handed is None or counter is None:
            return
        words = self._window.look.say("refusal.back", goods=handed.refused.text())
        part = Part(refusal.refused, refusal.why, words)
        self._window.frame.show_screen("order")
        counter.take_part(handed.taken, part)
        self._window.frame.arrange()

    def refuse_all(self) -> None:
        """The customer takes nothing: it is written down, the order is put aside."""
        window, view, refusal = self._window, self._view, self._refusal
        desk, lanes = window.desk, window.lanes
        if view is None or refusal is None or desk is None or lanes is None:
            return
        order, why, say = view.order, refusal.why, window.look.say

        def done(_none: None) -> None:
            self._view = self._refusal = None
            window.leave()
            said = say("refusal.all_done", number=order.number)
            window.notice(Trouble("ok", said, say("refusal.all_done_action"), ""))

        def failed(failure: Failure) -> None:
            window.frame.refusal.side.show_trouble(trouble_of(failure, say))

        window.bridge.run(lanes.journal, lambda: desk.refuse_order(order.order_id, why), done, failed)
