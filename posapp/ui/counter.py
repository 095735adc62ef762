"""The cashier's work in order: a scan finds an order, money is taken, a receipt is printed. No widgets here.

`Face` is the window as the counter sees it. Everything slow runs on a lane through the bridge.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QObject, QTimer

from posapp.domain.money import ZERO, Money
from posapp.domain.offers import Offer, Way, way_of
from posapp.domain.receipt import TenderKind
from posapp.domain.settlement import State
from posapp.errors import PosError, SaleError
from posapp.lanes import Lanes
from posapp.till.views import OrderView, ReceiptView
from posapp.ui.bridge import Bridge, Bug, Failure
from posapp.ui.dealing import (
    Choice,
    choices,
    is_begun,
    is_same_deal,
    offer_of,
    others,
    payment_options,
    stands_words,
    way_options,
    way_words,
)
from posapp.ui.desk import Desk
from posapp.ui.draft import Draft, Method, Paid
from posapp.ui.lights import worst_of
from posapp.ui.look import Look
from posapp.ui.moneywords import hand_over_words, tender_words
from posapp.ui.payment_pane import PaymentPane, Step
from posapp.ui.sounds import Sounds
from posapp.ui.trouble import Trouble, is_unknown, trouble_of


class Face(Protocol):
    """What the counter asks of the window."""

    @property
    def pane(self) -> PaymentPane:
        """The right pane."""
        ...

    @property
    def is_till_in_sight(self) -> bool:
        """The person looks at the till, not at the log or the resolve desk: an order may be shown by itself."""
        ...

    def show_order(self, view: OrderView) -> None:
        """The order screen in the left pane."""
        ...

    def show_receipt(self, receipt: ReceiptView, view: OrderView) -> None:
        """The receipt in the left pane."""
        ...

    def show_lights(self, view: OrderView) -> None:
        """The lights of the order that is on the screen."""
        ...

    def notice(self, trouble: Trouble) -> None:
        """A message in whatever pane is at the right."""
        ...

    def sold(self) -> None:
        """A receipt is on disk: strip, head and exchange may look again."""
        ...


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
        self._offer: Offer | None = None  # what is done with the open order, where it is not the usual sale
        self._choice: Choice | None = None  # the way whose payments are being chosen from
        self._drafts: dict[int, Draft] = {}
        self._unknown_outcomes: dict[int, Trouble] = {}  # by order, until the storage is read
        self._seconds = 0
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._still_printing)

    @property
    def has_unknown(self) -> bool:
        """There is a receipt of this session of which nobody knows whether it was printed."""
        return bool(self._unknown_outcomes)

    # ------------------------------------------------------------------ finding

    def scan(self, text: str) -> None:
        """A code from the scanner, or a number typed and confirmed."""
        if self.is_selling:
            self._sounds.play("unknown")
            return  # the button already says what is going on; the order on the screen must not change under it
        self._bridge.run(self._lanes.journal, lambda: self._desk.find(text), self._found, self._not_found)

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
        self._bridge.run(self._lanes.sync, lambda: self._desk.refresh(order_id), self._refreshed, self._ignore)

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
        if self._offer is not None and is_same_deal(before, view):
            self.view = view  # what a person has chosen stays chosen
            self._face.show_order(view)
            return
        changed = before.order.to_pay != view.order.to_pay or before.order.lines != view.order.lines
        if view.refusal is not None or view.receipt is not None or before.refusal is not None:
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
        self._new_receipt, self._is_proven, self._offer, self._choice = None, False, None, None
        self._face.show_order(view)
        self._decide(view)

    def _decide(self, view: OrderView) -> None:
        say, pane, receipt = self._look.say, self._face.pane, view.receipt
        goes_on = view.refusal is not None and view.refusal.code == "deal_goes_on" and bool(choices(view))
        if receipt is not None and receipt.state is State.FISCALIZED and not goes_on:
            self._face.show_receipt(receipt, view)
            pane.show_done(Paid.of(receipt.receipt), hand_over_words(view, receipt, self._look), is_new=False)
            self._show_red(view)
        elif receipt is not None and receipt.state is State.SENDING:
            pane.show_blocked(say("due.unknown"), receipt.receipt.total, self._unknown(view.refusal))
        elif view.order.order_id in self._unknown_outcomes:
            pane.show_blocked(say("due.unknown"), view.order.to_pay, self._unknown_outcomes[view.order.order_id])
        elif view.refusal is not None and not is_begun(view):
            self._show_blocked(view, view.refusal)
        else:
            has_others = receipt is None and bool(others(view))
            pane.show_due(view.order.to_pay, self._drafts.get(view.order.order_id), has_others=has_others)
            if receipt is not None and receipt.state in (State.PENDING, State.REFUSED):
                self._offer_to_resume(receipt)

    def _show_blocked(self, view: OrderView, refusal: PosError) -> None:
        """Not the usual sale; where something else can be done, how the order stands and the list of it."""
        say, pane, found = self._look.say, self._face.pane, choices(view)
        if not found:
            pane.show_blocked(say("due.blocked"), ZERO, trouble_of(refusal, say))
            return
        stands = Trouble("wait", stands_words(view, self._look), say("stands.action"), "")
        pane.show_choice(say("due.choose"), way_options(found, self._look), stands)

    def _offer_to_resume(self, receipt: ReceiptView) -> None:
        say, sums = self._look.say, tender_words(receipt, self._look)
        key = "begun.refused" if receipt.state is State.REFUSED else "begun.pending"
        action = say("begun.action", sums=sums)
        self._face.pane.only_resume(Trouble("wait", say(key, reason=receipt.reason), action, "306", "resume"))

    def _unknown(self, error: PosError | None) -> Trouble:
        say = self._look.say
        if error is not None and is_unknown(error):
            return trouble_of(error, say)
        return Trouble("unknown", say("unknown.message"), say("unknown.action"), "131", "recover")

    def resume(self) -> None:
        """Continues a receipt that was begun, with exactly its tenders: anything else would be another settlement."""
        view = self.view
        receipt = None if view is None else view.receipt
        if view is None or receipt is None:
            return
        if way_of(receipt.receipt) is not Way.FULL:
            self._offer = offer_of(receipt.receipt)
            if not self._offer.due:
                self._face.pane.show_no_money(self._offer)
                return
        cash = receipt.receipt.tender(TenderKind.CASH)
        card = receipt.receipt.tender(TenderKind.CASHLESS)
        method = Method.MIX if cash and card else Method.CARD if card else Method.CASH
        due = self._offer.due if self._offer is not None else view.order.to_pay
        draft = Draft(due, method, cash or None, card if method is Method.MIX else None, cash or None)
        self._face.pane.resume(draft)

    # ------------------------------------------------------------------ choosing another way

    def other_ways(self) -> None:
        """A person wants the order settled in another way than the usual sale."""
        if self.view is not None and not self.is_selling:
            self._choice = self._offer = None
            say, options = self._look.say, way_options(others(self.view), self._look)
            self._face.pane.show_choice(say("way.other"), options, lead=say("way.lead"), back=say("way.back"))

    def chosen(self, value: object) -> None:
        """One of the options of a list: a way, or one of its payments."""
        if self.view is None or self.is_selling:
            return
        if isinstance(value, Choice) and len(value.offers) > 1:
            self._choice = value
            options = payment_options(value, self.view, self._look)
            say = self._look.say
            title = say(f"way.{value.way.value}")
            self._face.pane.show_choice(say("way.which"), options, lead=title, back=say("way.back"))
        elif isinstance(value, (Choice, Offer)):
            self._take(value if isinstance(value, Offer) else value.offers[0])

    def _take(self, offer: Offer) -> None:
        self._offer = offer
        if offer.due:
            self._face.pane.show_due(offer.due, way=way_words(offer, self._look))
        else:
            self._face.pane.show_no_money(offer)

    def step_back(self) -> None:
        """Esc after something was chosen: the list that it was chosen from."""
        view, choice = self.view, self._choice
        if view is None or self.is_selling:
            return
        if self._offer is not None and choice is not None:
            self._offer = None
            self.chosen(choice)
        elif (self._offer is not None or choice is not None) and view.refusal is None and others(view):
            self.other_ways()
        else:
            self._offer = self._choice = None
            self._decide(view)

    def drafted(self, draft: Draft) -> None:
        """Sums that were typed are kept with their order."""
        if self.view is not None and self._offer is None and (draft.received is not None or draft.card is not None):
            self._drafts[self.view.order.order_id] = draft

    def show_again(self) -> None:
        """The open order on new widgets, or after another screen was looked at."""
        if self.view is None:
            return
        if self._new_receipt is not None:
            self._show_new(self._new_receipt, self.view)
        else:
            self._face.show_order(self.view)
            if self._offer is not None and not is_begun(self.view):
                self._take(self._offer)
            else:
                self._offer = self._choice = None
                self._decide(self.view)
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
            self._new_receipt, self._is_proven = None, False

    # ------------------------------------------------------------------ selling

    def sell(self, cash: Money, card: Money) -> None:
        """Prints. Called once for each deliberate act of a person."""
        if self.view is None or self.is_selling or not self.is_unlocked:
            return
        self.is_selling = True
        self._seconds = 0
        self._tick.start()
        self._face.pane.printing(0)
        order_id, offer = self.view.order.order_id, self._offer

        def printed() -> ReceiptView:
            if offer is None:
                return self._desk.sell(order_id, cash, card)
            return self._desk.sell(order_id, cash, card, offer.way, offer.payment_id)

        self._bridge.run(self._lanes.device, printed, self._sold, self._not_sold)

    def _still_printing(self) -> None:
        self._seconds += 1
        self._face.pane.printing(self._seconds)

    def _sold(self, receipt: ReceiptView) -> None:
        self._stop()
        view = self.view
        if view is None:
            return
        if receipt.state is not State.FISCALIZED:
            self._not_fiscalized(receipt)
            return
        self._drafts.pop(view.order.order_id, None)
        self._show_new(receipt, view)
        self._sounds.play("receipt")  # only now: the mark is on disk
        self._face.sold()
        self.look_again()

    def _not_fiscalized(self, receipt: ReceiptView) -> None:
        say = self._look.say
        self._sounds.play("person")
        if receipt.state is State.SENDING:
            self._unknown_outcomes[receipt.receipt.settlement.order_id] = self._unknown(None)
            self._face.pane.show_blocked(say("due.unknown"), receipt.receipt.total, self._unknown(None))
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
            self._face.pane.failed(trouble)
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
        say, receipt = self._look.say, view.receipt
        made, not_made = "proven.made", "proven.not_made"
        if self._is_decided:
            made, not_made = "decided.made", "decided.not_made"
        self._is_decided = False
        if receipt is not None and receipt.mark is not None:
            said = say(made, n=receipt.mark.document_number)
            self._face.pane.show_trouble(Trouble("ok", said, say("proven.made_action"), "133"))
            self._sounds.play("receipt")
        elif receipt is not None and receipt.state in (State.PENDING, State.REFUSED):
            action = say("proven.not_made_action", sums=tender_words(receipt, self._look))
            self._face.pane.only_resume(Trouble("wait", say(not_made), action, "132", "resume"))
