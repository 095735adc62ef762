"""The cashier's work in order: a scan finds an order, money is taken, a receipt is printed. No widgets here.

Everything slow runs on a lane through the bridge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from posapp.domain.marking import BadMarking
from posapp.domain.money import ZERO, Money
from posapp.domain.offers import Way, way_of
from posapp.domain.order import Order
from posapp.domain.order_changes import is_money_changed
from posapp.domain.partial import RefusedLine
from posapp.domain.receipt import TenderKind
from posapp.domain.settlement import State
from posapp.errors import PosError, SaleError
from posapp.lanes import Lanes
from posapp.till.code_views import CodeRead
from posapp.till.views import OrderView, ReceiptView
from posapp.ui.bridge import Bridge, Bug, Failure
from posapp.ui.changes_bar import changed_words
from posapp.ui.chooser import Chooser
from posapp.ui.counter_codes import CounterCodes
from posapp.ui.dealing import (
    can_refuse,
    choices,
    is_begun,
    is_sale,
    is_same_deal,
    offer_for_part,
    offer_of,
    others,
    part_of,
    stands_words,
    way_options,
)
from posapp.ui.desk import Desk, Terminal
from posapp.ui.draft import Draft, Method, Paid
from posapp.ui.face import Face
from posapp.ui.lights import worst_of
from posapp.ui.look import Look
from posapp.ui.marker import LineOf
from posapp.ui.moneywords import hand_over_words
from posapp.ui.payment_pane import Step
from posapp.ui.proof_words import begun_words, not_a_sale, owed_draft, proof_of, unknown_words
from posapp.ui.refusal import Part
from posapp.ui.sounds import Sounds
from posapp.ui.trouble import Trouble, is_unknown, trouble_of


class Counter(QObject):
    """One order at a time. Sums typed for an order are kept when another is scanned."""

    def __init__(self, face: Face, bridge: Bridge, desk: Desk, lanes: Lanes, look: Look, sounds: Sounds) -> None:
        super().__init__()
        self._face, self._bridge, self._desk, self._lanes = face, bridge, desk, lanes
        self._look, self._sounds = look, sounds
        self.view: OrderView | None = None
        self.is_selling = False
        self.is_unlocked = False
        self._new_receipt: ReceiptView | None = None
        self._is_proven = False  # the storage was read for the open order, and it has not been said yet
        self._is_decided = False  # and it was a person who said what became of it
        self._chooser = Chooser(lambda: self._face.pane, look)
        self.codes = CounterCodes(self, face, bridge, desk, lanes, look, sounds)
        self._drafts: dict[int, Draft] = {}
        self._unknown_outcomes: dict[int, Trouble] = {}  # by order, until the storage is read
        self._seconds, self._has_codes = 0, False
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._still_printing)

    @property
    def way(self) -> Way:
        """How the open order is settled, as far as a person has chosen."""
        return self._chooser.way

    @property
    def refused(self) -> Sequence[RefusedLine]:
        """What of the open order is not taken, as far as a person has said."""
        return () if self._chooser.part is None else self._chooser.part.refused

    @property
    def may_take_codes(self) -> bool:
        """An order is open whose receipt is neither made nor begun."""
        return self.view is not None and self._new_receipt is None and not is_begun(self.view)

    @property
    def last_sale(self) -> ReceiptView | None:
        """The receipt of the open order that a refund would take back: the one just printed, else the newest sale."""
        known = () if self.view is None else self.view.receipts
        made = [*known, *([self._new_receipt] if self._new_receipt is not None else [])]
        sales = [each for each in made if each.state is State.FISCALIZED and is_sale(each.receipt)]
        return sales[-1] if sales else None

    @property
    def has_unknown(self) -> bool:
        """There is a receipt of this session of which nobody knows whether it was printed."""
        return bool(self._unknown_outcomes)

    # ------------------------------------------------------------------ finding

    def scan(self, text: str, typed: str = "") -> None:
        """A code from the scanner, or a number typed and confirmed; `typed` as it arrived."""
        if self.is_selling:
            self._sounds.play("unknown")
            return  # the button already says what is going on; the order on the screen must not change under it
        order_id = None if self.view is None else self.view.order.order_id
        self._bridge.run(
            self._lanes.journal,
            lambda: self._desk.scan(text, typed or text, order_id),
            self._scanned,
            self._not_scanned,
        )

    def _scanned(self, found: OrderView | CodeRead) -> None:
        if isinstance(found, OrderView):
            self._found(found)
        elif not self.is_selling:
            self.codes.scanned(found)

    def _not_scanned(self, failure: Failure) -> None:
        if isinstance(failure, BadMarking):
            self.codes.marker.not_read(failure)
        else:
            self._not_found(failure)

    def find_typed(self, text: str) -> None:
        """A number that was typed – or the end of a phone, or a name: then the first that the search finds."""
        if not self.is_selling:
            self._bridge.run(self._lanes.journal, lambda: self._find_or_search(text), self._found, self._not_found)

    def _find_or_search(self, text: str) -> OrderView:
        try:
            return self._desk.find(text)
        except SaleError:
            rows = self._desk.orders(text)
            if not rows:
                raise
            return self._desk.view(rows[0].order_id)

    def open(self, order_id: int) -> None:
        """An order chosen from a list."""
        if not self.is_selling:
            self._bridge.run(self._lanes.journal, lambda: self._desk.view(order_id), self._found, self._not_found)

    def reopen(self, said: Trouble) -> None:
        """The open order as it is after something was done about it elsewhere, and what that was."""
        if self.view is None or self.is_selling:
            return
        order_id = self.view.order.order_id

        def done(view: OrderView) -> None:
            self._open(view)
            self._face.pane.show_trouble(said)

        self._bridge.run(self._lanes.journal, lambda: self._desk.view(order_id), done, self._not_found)

    def _found(self, view: OrderView) -> None:
        if self.is_selling:
            return
        is_same = self.view is not None and self.view.order.order_id == view.order.order_id
        if is_same and self._new_receipt is None and self.view == view:
            self._sounds.play("duplicate")
            return
        self._sounds.play("scan")
        self._open(view)
        order_id = view.order.order_id
        self._bridge.run(self._lanes.person, lambda: self._desk.refresh(order_id), self._refreshed, self._ignore)

    def _not_found(self, failure: Failure) -> None:
        self._sounds.play("unknown")
        self._face.notice(trouble_of(failure, self._look.say))

    def _refreshed(self, view: OrderView | None) -> None:
        """The portal's answer; it came while the order was on the screen, or is of no interest any more."""
        before = self.view
        if view is None or before is None or before.order.order_id != view.order.order_id or self.is_selling:
            return
        if self._new_receipt is not None:
            self.view = view
            self._face.show_lights(view)
            return
        if self._chooser.offer is not None and is_same_deal(before, view):
            self.view = view  # what a person has chosen stays chosen
            self._face.show_order(view)
            return
        changed = before.order.to_pay != view.order.to_pay or before.order.lines != view.order.lines
        is_told = view.changes != before.changes
        if is_told or view.refusal is not None or view.receipt is not None or before.refusal is not None:
            self._open(view)
            return
        self.view = view
        self._face.show_order(view)
        if changed:
            self._face.pane.due_changed(view.order.to_pay)
            facts = {
                "order": view.order.number,
                "before": self._look.say.money(before.order.to_pay),
                "after": self._look.say.money(view.order.to_pay),
            }
            self._face.notice(trouble_of(SaleError("order_changed", **facts), self._look.say))

    def look_again(self) -> None:
        """Reads the open order from the local copy: its lights may have turned."""
        if self.view is not None and not self.is_selling:
            order_id = self.view.order.order_id
            self._bridge.run(self._lanes.journal, lambda: self._desk.view(order_id), self._looked, self._ignore)

    def _looked(self, view: OrderView) -> None:
        if self.view is not None and self.view.order.order_id == view.order.order_id and not self.is_selling:
            is_other = (view.order.lines, view.order.to_pay) != (self.view.order.lines, self.view.order.to_pay)
            if (is_other or view.changes != self.view.changes) and self._new_receipt is None and view.receipt is None:
                if self._face.is_till_in_sight:
                    self._refreshed(view)
                return
            self.view = view
            self._face.show_lights(view)
            self._show_red(view)

    def _show_red(self, view: OrderView) -> None:
        """A receipted order with a red lamp: the reason, and the one button that helps."""
        pane = self._face.pane
        if pane.step is not Step.DONE:
            return
        worst = worst_of(view.lights)
        if worst is None or worst[1].trouble is None:
            if pane.banner.trouble is not None and pane.banner.trouble.tone == "bad":
                pane.clear_trouble()
            return
        said = trouble_of(worst[1].trouble, self._look.say)
        pane.show_trouble(replace(said, act="retry" if worst[1].entry is not None else ""))

    def retry(self) -> int | None:
        """The outbox entry that the button beside a red lamp makes due again."""
        worst = worst_of(self.view.lights) if self.view is not None else None
        return worst[1].entry if worst is not None else None

    def _ignore(self, failure: Failure) -> None:
        """Background reading failed: what is on the screen stays, the strip and the log tell."""

    # ------------------------------------------------------------------ showing

    def _open(self, view: OrderView) -> None:
        self.view = view
        self._new_receipt, self._is_proven, self.codes.is_asking_line = None, False, False
        self._chooser.forget()
        self._face.show_order(view)
        self._decide(view)
        self.codes.marker.open(view)
        self.codes.codes_changed()

    def _decide(self, view: OrderView) -> None:
        say, pane, receipt = self._look.say, self._face.pane, view.receipt
        goes_on = bool(choices(view)) and (view.refusal is None or view.refusal.code == "deal_goes_on")
        if receipt is not None and receipt.state is State.FISCALIZED and not goes_on:
            self._face.show_receipt(receipt, view)
            pane.show_done(Paid.of(receipt.receipt), hand_over_words(view, receipt, self._look), is_new=False)
            self._show_red(view)
        elif receipt is not None and receipt.state is State.SENDING:
            pane.show_blocked(say("due.unknown"), receipt.receipt.total, unknown_words(view.refusal, self._look))
        elif receipt is not None and receipt.state in (State.PENDING, State.REFUSED) and not is_sale(receipt.receipt):
            pane.show_blocked(say("due.blocked"), ZERO, not_a_sale(receipt, view.refusal, self._look))
        elif view.order.order_id in self._unknown_outcomes:
            pane.show_blocked(say("due.unknown"), view.order.to_pay, self._unknown_outcomes[view.order.order_id])
        elif view.refusal is not None and not is_begun(view):
            self._show_blocked(view, view.refusal)
        elif is_money_changed(view.changes):
            pane.show_blocked(
                say("due.changed"), view.order.to_pay, changed_words(view, self._look, stacked=pane.stacked)
            )
        elif view.owed is not None and not is_begun(view):
            is_asked = view.owed.exit_code == 3
            due = view.order.to_pay
            pane.show_blocked(say("due.unknown" if is_asked else "due.charged"), due, trouble_of(view.owed, say))
        else:
            has_others = bool(others(view))
            pane.show_due(view.order.to_pay, self._drafts.get(view.order.order_id), has_others=has_others)
            if receipt is not None and receipt.state in (State.PENDING, State.REFUSED):
                pane.only_resume(begun_words(receipt, self._look))

    def _show_blocked(self, view: OrderView, refusal: PosError) -> None:
        """Not the usual sale; where something else can be done, how the order stands and the list of it."""
        say, pane, found = self._look.say, self._face.pane, choices(view)
        if not found:
            pane.show_blocked(say("due.blocked"), ZERO, trouble_of(refusal, say))
            return
        stands = Trouble("wait", stands_words(view, self._look), say("stands.action"), "")
        pane.show_choice(say("due.choose"), way_options(found, self._look, can_refuse=can_refuse(view)), stands)

    def changes_seen(self) -> None:
        """A person has checked with the customer what is different: from here on the order is paid as it is now."""
        if self.view is not None and not self.is_selling:
            order_id = self.view.order.order_id
            self._bridge.run(
                self._lanes.journal, lambda: self._desk.changes_seen(order_id), self._agreed, self._not_found
            )

    def _agreed(self, view: OrderView) -> None:
        if self.view is not None and self.view.order.order_id == view.order.order_id and not self.is_selling:
            self._open(view)

    def resume(self) -> None:
        """Continues a receipt that was begun, with exactly its tenders: anything else would be another settlement."""
        view = self.view
        receipt = None if view is None else view.receipt
        if view is not None and view.owed is not None and not is_begun(view):
            self._face.pane.resume(owed_draft(view.owed, view.order.to_pay), is_charged=True)
            return
        if view is None or receipt is None:
            return
        self._chooser.part = part_of(receipt.receipt)
        if way_of(receipt.receipt) is not Way.FULL or self._chooser.part is not None:
            self._chooser.offer = offer_of(receipt.receipt)
            if not self._chooser.offer.due:
                self._face.pane.show_no_money(self._chooser.offer)
                return
        cash = receipt.receipt.tender(TenderKind.CASH)
        card = receipt.receipt.tender(TenderKind.CASHLESS)
        method = Method.MIX if cash and card else Method.CARD if card else Method.CASH
        due = self._chooser.offer.due if self._chooser.offer is not None else view.order.to_pay
        draft = Draft(due, method, cash or None, card if method is Method.MIX else None, cash or None)
        self._face.pane.resume(draft)

    # ------------------------------------------------------------------ choosing

    def other_ways(self) -> None:
        """A person wants the order settled in another way than the usual sale."""
        if self.view is not None and not self.is_selling:
            self._chooser.list_others(self.view)
            self.codes.codes_changed()

    def chosen(self, value: object) -> None:
        """One of the options of a list: a way, one of its payments, or the line of a code."""
        if self.view is None or self.is_selling:
            return
        if isinstance(value, LineOf):
            self._show_deal(self.view)
            self.codes.marker.take(value)
        else:
            self._chooser.choose(value, self.view)
            self.codes.codes_changed()

    @property
    def may_refuse(self) -> bool:
        """The customer may say now what of the open order he does not take."""
        view = self.view
        is_asked = self._face.pane.step in (Step.METHODS, Step.CHOOSE) and not self.is_selling
        return is_asked and self.may_take_codes and view is not None and can_refuse(view)

    def take_part(self, taken: Order, part: Part) -> None:
        """The customer takes a part of the open order: `taken` is what is handed over and paid."""
        view = self.view
        if view is None or self.is_selling:
            return
        offer = offer_for_part(view, taken)
        if offer is not None:
            self._chooser.forget()
            self._chooser.take(offer, part)
            self.codes.codes_changed()

    def step_back(self) -> None:
        """Esc in a list, or after something was chosen from one."""
        if self.view is None or self.is_selling:
            return
        if self.codes.is_asking_line:
            self._show_deal(self.view)
        elif not self._chooser.back(self.view):
            self._decide(self.view)
        self.codes.codes_changed()

    def _show_deal(self, view: OrderView) -> None:
        """How the order is settled, as far as a person has come."""
        self.codes.is_asking_line = False
        offer = self._chooser.offer
        if offer is not None and not is_begun(view):
            self._chooser.take(offer, self._chooser.part)
        else:
            self._chooser.forget()
            self._decide(view)
        self.codes.codes_changed()

    def drafted(self, draft: Draft) -> None:
        """Sums that were typed are kept with their order."""
        if (
            self.view is not None
            and self._chooser.offer is None
            and (draft.received is not None or draft.card is not None)
        ):
            self._drafts[self.view.order.order_id] = draft

    def show_again(self) -> None:
        """The open order on new widgets, or after another screen was looked at."""
        if self.view is None:
            return
        if self._new_receipt is not None:
            self._show_new(self._new_receipt, self.view)
        else:
            self._face.show_order(self.view)
            self._show_deal(self.view)
        if self._is_proven:
            self._is_proven = False
            self._tell_proof(self.view)

    def _show_new(self, receipt: ReceiptView, view: OrderView) -> None:
        self._new_receipt = receipt
        self._face.show_receipt(receipt, view)
        self._face.pane.show_done(Paid.of(receipt.receipt), hand_over_words(view, receipt, self._look), is_new=True)

    def leave(self) -> None:
        """Puts the order aside."""
        if not self.is_selling:
            self.view = None
            self._new_receipt, self._is_proven, self.codes.is_asking_line = None, False, False
            self._chooser.forget()
            self.codes.marker.close()
            self._face.pane.hold("", None)

    # ------------------------------------------------------------------ selling

    def sell(self, cash: Money, card: Money) -> None:
        """Prints. Called once for each deliberate act of a person."""
        if self.view is None or self.is_selling or not self.is_unlocked:
            return
        self.is_selling = True
        self._seconds = 0
        self._tick.start()
        codes = self.codes.for_sale()
        self._has_codes = bool(codes is not None and codes.by_line)
        self._face.pane.printing(0, has_codes=self._has_codes)
        order_id, offer, part = self.view.order.order_id, self._chooser.offer, self._chooser.part
        at = Terminal(self._face.pane.card.typed, self._bridge.teller(self._face.pane.terminal_says)) if card else None

        def printed() -> ReceiptView:
            if offer is None:
                return self._desk.sell(order_id, cash, card, codes=codes, terminal=at)
            return self._desk.sell(
                order_id, cash, card, offer.way, offer.payment_id, codes, part, offer.shipment_id, at
            )

        self._bridge.run(self._lanes.device, printed, self._sold, self._not_sold)

    def _still_printing(self) -> None:
        self._seconds += 1
        self._face.pane.printing(self._seconds, has_codes=self._has_codes)

    def _sold(self, receipt: ReceiptView) -> None:
        self._stop()
        view = self.view
        if view is None:
            return
        if receipt.state is not State.FISCALIZED:
            self._not_fiscalized(receipt)
            return
        self._drafts.pop(view.order.order_id, None)
        self.codes.marker.sold(view.order.order_id)
        self._show_new(receipt, view)
        self._sounds.play("receipt")  # only now: the mark is on disk
        self._face.sold()
        self.look_again()

    def _not_fiscalized(self, receipt: ReceiptView) -> None:
        say = self._look.say
        self._sounds.play("person")
        if receipt.state is State.SENDING:
            self._unknown_outcomes[receipt.receipt.settlement.order_id] = unknown_words(None, self._look)
            self._face.pane.show_blocked(say("due.unknown"), receipt.receipt.total, unknown_words(None, self._look))
        else:
            message = say("begun.refused", reason=receipt.reason)
            self._face.pane.failed(Trouble("bad", message, "", "120", "again"))
        self._face.sold()

    def _not_sold(self, failure: Failure) -> None:
        self._stop()
        say, view = self._look.say, self.view
        trouble = trouble_of(failure, say, selling=True)
        if is_unknown(failure) and view is not None:
            self._sounds.play("person")
            self._unknown_outcomes[view.order.order_id] = trouble
            self._face.pane.show_blocked(say("due.unknown"), view.order.to_pay, trouble)
        else:
            self._sounds.play("unknown")
            is_taken_off = self.codes.are_taken and self.codes.marker.refused(failure)
            self._face.pane.failed(replace(trouble, act="") if is_taken_off else trouble)
            self.codes.codes_changed()
        self._face.sold()
        if isinstance(failure, Bug):
            self.is_unlocked = False  # what became of the receipt is not known: recovery reads the storage first
        self.look_again()

    def _stop(self) -> None:
        self.is_selling = False
        self._tick.stop()

    def recovered(self) -> None:
        """The storage was read: the open order is judged anew."""
        self.is_unlocked = True
        was_unknown, self._unknown_outcomes = set(self._unknown_outcomes), {}
        if self.view is not None and not self.is_selling and self._new_receipt is None:
            order_id = self.view.order.order_id
            judged = self._proven if order_id in was_unknown else self._judged
            self._bridge.run(self._lanes.journal, lambda: self._desk.view(order_id), judged, self._ignore)

    def decided(self, order_number: str) -> None:
        """A person decided at the resolve desk what became of an order's receipt: nobody shall say it was proven."""
        self._is_decided = self.view is not None and self.view.order.number == order_number

    def not_recovered(self, trouble: Trouble) -> None:
        """The storage was read and proves nothing: from now on the order says that a person has to decide."""
        if trouble.act != "resolve":
            return
        self._unknown_outcomes = dict.fromkeys(self._unknown_outcomes, trouble)
        pane = self._face.pane
        if pane.step is Step.BLOCKED and pane.banner.trouble is not None and pane.banner.trouble.tone == "unknown":
            pane.show_trouble(trouble)

    def _judged(self, view: OrderView) -> None:
        if self._face.is_till_in_sight:
            self._open(view)
        elif self.view is not None and self.view.order.order_id == view.order.order_id:
            self.view = view  # shown when the person comes back to the till

    def _proven(self, view: OrderView) -> None:
        """The customer still stands there: what the storage said, and what to do now."""
        self._judged(view)
        if self.view is None or self.view.order.order_id != view.order.order_id:
            return
        receipt = view.receipt
        if receipt is not None and receipt.state is State.FISCALIZED:
            self._drafts.pop(view.order.order_id, None)
            self._new_receipt = receipt
        self._is_proven = True
        if self._face.is_till_in_sight:
            self.show_again()

    def _tell_proof(self, view: OrderView) -> None:
        said = proof_of(view, self._look, is_decided=self._is_decided)
        self._is_decided = False
        if said is not None and said.act:
            self._face.pane.only_resume(said)
        elif said is not None:
            self._face.pane.show_trouble(said)
            self._sounds.play("receipt")
