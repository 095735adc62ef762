"""What the counter makes of marking codes: when they are taken, what the lines say, what holds the money back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from posapp.domain.offers import Way
from posapp.domain.partial import RefusedLine
from posapp.lanes import Lanes
from posapp.till.code_views import CodeRead
from posapp.till.views import OrderView
from posapp.ui.bridge import Bridge
from posapp.ui.choice_page import Option
from posapp.ui.codes import HANDS_NOTHING_OVER, CodeDraft
from posapp.ui.desk import Desk, SaleCodes
from posapp.ui.look import Look
from posapp.ui.marker import Marker
from posapp.ui.payment_pane import PaymentPane, Step
from posapp.ui.sounds import Sounds
from posapp.ui.trouble import Trouble

_STEPS = (Step.METHODS, Step.PAY, Step.PRINTING)


class CodeFace(Protocol):
    """What is shown of codes."""

    @property
    def pane(self) -> PaymentPane:
        """The right pane."""
        ...

    def show_codes(self, draft: CodeDraft, asking_s: int) -> None:
        """The marking codes of the open order, beside its lines."""
        ...

    def notice(self, trouble: Trouble) -> None:
        """A message in whatever pane is at the right."""
        ...


class OpenOrder(Protocol):
    """What the counter says of the order on the screen."""

    view: OrderView | None
    is_selling: bool

    @property
    def way(self) -> Way:
        """How it is settled."""
        ...

    @property
    def refused(self) -> Sequence[RefusedLine]:
        """What of it is not taken."""
        ...

    @property
    def may_take_codes(self) -> bool:
        """Its receipt is neither made nor begun."""
        ...


class CounterCodes:
    """Between marker and screens (`posapp.ui.marker.Counting`)."""

    def __init__(
        self, order: OpenOrder, face: CodeFace, bridge: Bridge, desk: Desk, lanes: Lanes, look: Look, sounds: Sounds
    ) -> None:
        self._open, self._face, self._look, self._sounds = order, face, look, sounds
        self.marker = Marker(self, bridge, desk, lanes, look, sounds)
        self.is_asking_line = False

    @property
    def are_taken(self) -> bool:
        """The receipt that would be printed now hands goods over and is not begun."""
        is_ahead = self._open.way in HANDS_NOTHING_OVER
        return self._open.may_take_codes and not is_ahead and self._face.pane.step in _STEPS

    @property
    def _draft(self) -> CodeDraft:
        return self.marker.draft.taking(self._open.refused)

    def for_sale(self) -> SaleCodes | None:
        """The codes that go with the receipt; None for one that takes none, or that was begun with its own."""
        draft = self.marker.draft
        return SaleCodes(draft.by_line(), tuple(sorted(draft.without))) if self.are_taken else None

    def scanned(self, read: CodeRead) -> None:
        """A code of a marked thing."""
        if self._open.view is not None and self._open.way in HANDS_NOTHING_OVER:
            self.marker.warn("codes.early", "codes.early_action", "wait")
        else:
            self.marker.scanned(read)

    def undo(self) -> None:
        """The code that was scanned last was a mistake."""
        if not self._open.is_selling:
            self.marker.undo()

    def go_unmarked(self) -> None:
        """A person says that what still lacks codes has none."""
        if not self._open.is_selling:
            self.marker.go_unmarked()

    # ------------------------------------------------------------------ what the marker tells (Counting)

    def codes_changed(self) -> None:
        """Lines and hold follow the codes."""
        say, draft, pane = self._look.say, self._draft, self._face.pane
        if self._open.view is None:
            pane.hold("", None)
            return
        self._face.show_codes(draft, self.marker.asking_s)
        if self.are_taken and draft.missing:
            act = "unmarked" if pane.stacked else ""  # the row with its button is not in sight
            need = Trouble("wait", say.count("codes.need", draft.missing), say("codes.need_action"), "", act)
            pane.hold(say("codes.first"), need)
        elif self.are_taken and draft.surplus:
            pane.hold(say("codes.first"), Trouble("wait", say("codes.surplus"), say("codes.surplus_action"), ""))
        else:
            pane.hold(say("codes.wait") if self.are_taken and draft.asking else "", None)

    def ask_line(self, options: list[Option]) -> None:
        """Which goods a code is from."""
        say = self._look.say
        self.is_asking_line = True
        lead, back = say("codes.which_lead"), say("codes.back")
        self._face.pane.show_choice(say("codes.which"), options, lead=lead, back=back)

    def say_code(self, trouble: Trouble | None) -> None:
        """A message about a code; None when the last one is no longer true."""
        pane = self._face.pane
        if trouble is not None:
            self._face.notice(trouble)
        elif pane.step is Step.PAY:
            pane.rearm()
        elif pane.step is Step.METHODS:
            pane.clear_trouble()
