"""The right pane: what is due, how it is paid, the one button that prints. It knows nothing of lanes or desks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.domain.money import ZERO, Money
from posapp.domain.offers import Offer, Way
from posapp.till.views import RegisterView
from posapp.ui.amount import RUB_OUT, key_of
from posapp.ui.banner import Banner
from posapp.ui.choice_page import ChoicePage, Option
from posapp.ui.controls import ENTER_KEYS, Button, Kind, Label, Pane, Stack
from posapp.ui.draft import Draft, Method, Paid
from posapp.ui.look import Look
from posapp.ui.money_button import MoneyButton
from posapp.ui.pay_pages import CardPage, CashPage, DonePage, IdlePage, MethodsPage, MixPage, NoMoneyPage
from posapp.ui.pay_words import caption_of, why_not_armed
from posapp.ui.theme import Space, Target, Type
from posapp.ui.trouble import Trouble
from posapp.ui.wedge import LastKeys

_PAPER_OUT, _UNPRINTED = "102", "104"
_BY_HAND = ("116", "190")
"""The terminal was not asked: a person may use it by hand and type the number."""


class Step(Enum):
    """What the pane shows."""

    IDLE = auto()
    METHODS = auto()
    PAY = auto()
    PRINTING = auto()
    DONE = auto()
    BLOCKED = auto()
    CHOOSE = auto()


_LISTS = (Step.BLOCKED, Step.CHOOSE)
_METHOD_KEYS = {Qt.Key.Key_F7: Method.CASH, Qt.Key.Key_F8: Method.CARD, Qt.Key.Key_F12: Method.MIX}
_KEY_WORDS = {Method.CASH: "F7", Method.CARD: "F8", Method.MIX: "F12"}
QUIET_MS = 120
"""So long after F8 the terminal is asked, unless a scan comes in."""
SLOW_S = 10
"""A print that takes longer is spoken of: waiting without a word makes people press again."""


class PaymentPane(Pane):
    """Signals: `sell(cash, card)` once per deliberate act; `left` the order is put aside; `acted` a banner's button;
    `chosen` one of the options of a list; `other_ways` another way of settling is wanted; `stepped_back` one step back
    in a list."""

    sell = Signal(object, object)
    left = Signal()
    chosen = Signal(object)
    other_ways = Signal()
    stepped_back = Signal()
    next_customer = Signal()
    acted = Signal(str)
    drafted = Signal(object)
    stepped = Signal()

    def __init__(self, look: Look, last: LastKeys, *, stacked: bool = False) -> None:
        super().__init__(look, "surface", edge="top" if stacked else "left")
        self.stacked = stacked
        self.step = Step.IDLE
        self.draft: Draft | None = None
        self._allowed: set[Method] = set(Method)
        self._needs_person = False  # after a failure: a person arms the button again
        self._is_register_trouble = False
        self._only_resume = False  # the tenders of a receipt that was begun are settled
        self._held = ""  # what comes before money is taken
        self._hold_reason: Trouble | None = None
        self._is_chosen = False  # what is shown was chosen from a list: Esc leads back to it
        self._offer = Offer(Way.HANDOVER)  # what a receipt without money settles
        self._last = last
        self.is_about_to_ask = False
        self._terminal_words: str | None = None  # the terminal is asked: its words for the cashier
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("no_ring", True)
        self.setAccessibleName(look.say("pay.pane"))
        self.caption = Label(look, token=Type.STRONG, ink="text2")
        self.total = Label(look, token=Type.TOTAL, right=True)
        self.banner = Banner(look)
        self.money = MoneyButton(look, last)
        self.next = Button(
            look,
            look.say("done.next"),
            key="Enter",
            kind=Kind.PRIMARY,
            height=Target.ROW if stacked else Target.PRINT,
            token=Type.TITLE,
            centred=True,
        )
        self.idle = IdlePage(look)
        self.methods = MethodsPage(look, stacked)
        self.cash = CashPage(look, stacked)
        self.card = CardPage(look, stacked)
        self.mix = MixPage(look, stacked)
        self.done = DonePage(look, stacked)
        self.no_money = NoMoneyPage(look)
        self.choice = ChoicePage(look)
        self.pages = Stack()
        self._build()
        self._connect()
        self.show_idle(None)

    def _build(self) -> None:
        px = self.look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        head = QHBoxLayout()
        head.setSpacing(px(Space.S3))
        head.addWidget(self.caption)
        head.addWidget(self.total, 1)
        column.addLayout(head)
        for page in (self.idle, self.methods, self.cash, self.card, self.mix, self.no_money, self.done):
            self.pages.addWidget(page)
        column.addWidget(self.pages, 1)
        column.addWidget(self.banner)
        column.addWidget(self.choice, 1)
        column.addWidget(self.money)
        column.addWidget(self.next)

    def _connect(self) -> None:
        self.methods.chosen.connect(self.choose)
        self.methods.put_aside.connect(self._leave_list)
        self.methods.other.connect(self._ask_other)
        self.methods.give_up.connect(lambda: self.acted.emit("begun"))
        self.choice.left.connect(self._leave_list)
        self.choice.chosen.connect(self.chosen)
        self.next.clicked.connect(self.next_customer)
        self.done.refund.connect(lambda: self.acted.emit("refund"))
        self.banner.acted.connect(self._act)
        self.cash.edited.connect(self._cash_edited)
        self.mix.edited.connect(self._mix_edited)
        self.money.fired.connect(self._fire)
        self.card.edited.connect(self._rrn_edited)

    # ------------------------------------------------------------------ what the window tells

    def show_idle(self, register: RegisterView | None) -> None:
        """Nothing open."""
        self.draft = None
        self._only_resume = self._is_chosen = False
        self.idle.show_register(register)
        self._go(Step.IDLE, self.idle)

    def show_due(self, due: Money, draft: Draft | None = None, *, way: str = "", has_others: bool = False) -> None:
        """An order to be paid. `draft` keeps sums typed for it before; a method has to be chosen again all the same:
        no Enter may print straight after a scan. `way`: what is settled, where it is not the usual sale."""
        self._needs_person = False
        self._only_resume = False
        self._is_chosen = bool(way)
        self.methods.show_way(way, has_others=has_others)
        self.draft = Draft(due, Method.CASH) if draft is None else replace(draft, due=due)
        self._go(Step.METHODS, self.methods)

    def only_resume(self, trouble: Trouble) -> None:
        """A receipt was begun with certain tenders: no other method may be chosen."""
        self._only_resume = True
        self._refresh()
        self.show_trouble(trouble)
        self.stepped.emit()

    def resume(self, draft: Draft, *, is_charged: bool = False) -> None:
        """A person continues a receipt that was begun: its method, its sums. `is_charged`: so far only its card was
        charged."""
        self._needs_person = False
        self._only_resume = self._only_resume or is_charged
        self._open(draft)

    def due_changed(self, due: Money) -> None:
        """The order changed while it was being paid: nothing that was typed is lost, nothing stays armed."""
        if self.draft is None or self.step not in (Step.METHODS, Step.PAY):
            return
        self._needs_person = self.step is Step.PAY
        self.draft = replace(self.draft, due=due)
        self.cash.offer(due, self._take)
        self._refresh()

    def hold(self, words: str, reason: Trouble | None) -> None:
        """What comes before money is taken, for the button; "" for nothing. `reason` is the same with what to do."""
        if (words, reason) == (self._held, self._hold_reason):
            return
        before = self._hold_reason
        self._held, self._hold_reason = words, reason
        if before is not None and self.banner.trouble == before:
            self.clear_trouble()
        elif reason is not None and self.banner.trouble is None and self.step in (Step.METHODS, Step.PAY):
            self.show_trouble(reason)
        self._refresh()
        self.stepped.emit()

    def allow(self, allowed: set[Method]) -> None:
        """Which methods may be chosen now; none while the register cannot print."""
        if allowed != self._allowed:
            self._allowed = allowed
            self._refresh()

    def show_done(self, paid: Paid, goods: str, *, is_new: bool) -> None:
        """The receipt is on disk."""
        self.draft = None
        self.done.show_done(paid, goods, is_new)
        self._go(Step.DONE, self.done)

    def show_no_money(self, offer: Offer) -> None:
        """A receipt for which nobody hands over money. The button is armed, a person presses."""
        self._needs_person = self._only_resume = False
        self._is_chosen, self._offer = True, offer
        self.no_money.show_offer(offer)
        self._open(Draft(ZERO, Method.NONE, offset=offer.total))

    def show_blocked(self, caption: str, due: Money, trouble: Trouble) -> None:
        """The order cannot be paid."""
        self._show_list(Step.BLOCKED, caption, due, ())
        self.show_trouble(trouble)

    def show_choice(
        self, caption: str, options: Sequence[Option], trouble: Trouble | None = None, *, lead: str = "", back: str = ""
    ) -> None:
        """A list to choose from; `trouble` says why the usual way is closed, `back` what Esc does."""
        self._is_chosen = bool(back)
        self._show_list(Step.CHOOSE, caption, ZERO, options, lead, back)
        if trouble is not None:
            self.show_trouble(trouble)

    def _show_list(
        self, step: Step, caption: str, due: Money, options: Sequence[Option], lead: str = "", back: str = ""
    ) -> None:
        self.draft = None
        self.choice.show_options(options, lead, back)
        self._go(step, self.choice)
        self.caption.set_text(caption)
        self.total.set_text(self.look.say.money(due) if due else "")

    def show_trouble(self, trouble: Trouble) -> None:
        """A message in the pane; the keypad makes room."""
        self._is_register_trouble = False
        if self.stacked and self.step is Step.DONE:
            return  # no room beside the change: the lamp says it, the log repairs it
        self.cash.make_room(True)
        self.mix.make_room(True)
        if self.stacked and self.step is Step.PAY:
            self.pages.hide()  # its keys still work: the first digit brings it back
        again = trouble.act == "again" and self.draft is not None and self.step is Step.PAY
        key = _KEY_WORDS.get(self.draft.method, "") if again and self.draft is not None else ""
        self.banner.show_trouble(trouble, is_main=trouble.act not in ("odd", "retry", "unmarked"), key=key)

    def clear_trouble(self) -> None:
        """The message is no longer true."""
        self._is_register_trouble = False
        self.banner.clear()
        self.pages.setVisible(self.step not in _LISTS)
        self.cash.make_room(False)
        self.mix.make_room(False)
        if self._hold_reason is not None and self.step in (Step.METHODS, Step.PAY):
            self.show_trouble(self._hold_reason)

    def show_register_trouble(self, trouble: Trouble | None) -> None:
        """Why no method may be chosen, until it is over. A message about the order itself stays in its place."""
        if self.step is Step.DONE:
            self._show_unprinted(trouble is not None and trouble.code == _PAPER_OUT and self.done.is_new)
            return
        if trouble is None:
            if self._is_register_trouble:
                self.clear_trouble()
            return
        is_free = self.banner.trouble is None or self._is_register_trouble
        in_place = self.step in (Step.IDLE, Step.METHODS, Step.PAY)
        if in_place and is_free and trouble != self.banner.trouble:
            self.show_trouble(trouble)
            self._is_register_trouble = True

    def _show_unprinted(self, is_unprinted: bool) -> None:
        """The paper may have ended in the very receipt that is on the screen."""
        say, shown = self.look.say, self.banner.trouble
        self.done.show_unprinted(is_unprinted)
        if is_unprinted and shown is None:
            self.show_trouble(Trouble("wait", say("done.unprinted"), say("done.unprinted_action"), _UNPRINTED))
        elif not is_unprinted and shown is not None and shown.code == _UNPRINTED:
            self.clear_trouble()

    @property
    def may_go_aside(self) -> str:
        """What Esc does while money is taken: `back` to the methods, `aside` with the order, "" nothing."""
        if self.step is not Step.PAY:
            return ""
        return "aside" if self._only_resume else "back"

    @property
    def may_mix(self) -> bool:
        """F12 would add a card to cash."""
        return self.draft is not None and self.draft.method is Method.CASH and not self._only_resume

    def printing(self, seconds: int, *, has_codes: bool = False) -> None:
        """The lane prints: the button says so and cannot fire. `has_codes`: marking codes are asked about first."""
        if self.step is not Step.PRINTING:
            self.step = Step.PRINTING
            self.clear_trouble()
            self.setFocus(Qt.FocusReason.OtherFocusReason)
            self.pages.setEnabled(self.asks_terminal)
            self.stepped.emit()
        say = self.look.say
        if self._terminal_words is not None:
            key = "card.says" if self._terminal_words else "card.asking"
            self.money.disarm(say(key, words=self._terminal_words, age=say.age(seconds)))
            return
        if seconds >= SLOW_S and self.banner.trouble is None:
            self.show_trouble(Trouble("wait", say("pay.slow"), say("pay.slow_action"), ""))
        self.money.disarm(say("codes.printing" if has_codes else "pay.printing", age=say.age(seconds)))

    @property
    def asks_terminal(self) -> bool:
        """The customer is at the terminal."""
        return self.step is Step.PRINTING and self._terminal_words is not None

    def terminal_says(self, words: str) -> None:
        """The terminal's words while the customer pays; "" when it has decided."""
        if self.step is Step.PRINTING:
            self._terminal_words = words or None
            self.pages.setEnabled(bool(words))
            if words and self.draft is not None:
                self.card.show_words(words, self.draft)
            self.stepped.emit()

    def failed(self, trouble: Trouble) -> None:
        """Nothing was printed: the same method and sums, nothing armed until a person says so."""
        self._needs_person = True
        self._terminal_words = None
        self.step = Step.PAY
        self.pages.setEnabled(True)
        if trouble.code in _BY_HAND and self.card.terminal:
            self.card.by_hand = True
        self.show_trouble(trouble)
        self._refresh()
        self._focus()
        self.stepped.emit()

    def rearm(self) -> None:
        """A person chose to try again."""
        self._needs_person = False
        self.clear_trouble()
        self._refresh()
        self._focus()

    # ------------------------------------------------------------------ what the person does

    def choose(self, method: Method) -> None:
        """A method, from the column or by its key."""
        if self.draft is None or self.step not in (Step.METHODS, Step.PAY) or method not in self._choices:
            return
        if self.step is Step.PAY and method is self.draft.method:
            if self._needs_person:
                self.rearm()
            return
        self._needs_person = False  # a method that a person chooses is a person's word
        card = self.draft.card if method is Method.MIX else None
        self.card.start()
        self._open(replace(self.draft, method=method, card=card))
        if method is Method.CARD and self.card.terminal == "tcp":
            # The person's key asks the terminal, the customer's card is the consent. Some scanners type the separator
            # of a code as F8: then more keys follow at once, and nobody is asked.
            self.is_about_to_ask, asked_at = True, self._last.clock()
            QTimer.singleShot(QUIET_MS, self, lambda: self._ask_terminal(asked_at))

    def _ask_terminal(self, asked_at: int) -> None:
        """F8 was a finger's: nothing was scanned since."""
        self.is_about_to_ask = False
        is_open = self.step is Step.PAY and self.draft is not None and self.draft.method is Method.CARD
        if is_open and not self._needs_person and not self._last.is_scanning and self._last.scan_ms < asked_at:
            self._fire()

    @property
    def _takes_no_money(self) -> bool:
        return self.draft is not None and self.draft.method is Method.NONE

    @property
    def _choices(self) -> set[Method]:
        return set() if self._only_resume or self._takes_no_money or self._held else self._allowed

    def back(self) -> bool:
        """Esc: one step back, sums kept. False when there is nowhere to go back to in this pane."""
        is_paying = self.step is Step.PAY and self.draft is not None and not self._only_resume
        if is_paying and not self._takes_no_money:
            self.clear_trouble()
            self._go(Step.METHODS, self.methods)
            return True
        if self._is_chosen and (is_paying or self.step in (Step.METHODS, Step.CHOOSE)):
            self.stepped_back.emit()
            return True
        return False

    def _leave_list(self) -> None:
        if not self.back():
            self.left.emit()

    def _ask_other(self) -> None:
        if self.step is Step.METHODS and self.methods.ways.isVisibleTo(self.methods):
            self.other_ways.emit()

    def key(self, event: QKeyEvent) -> bool:
        """A key that nobody else wanted. True when it was ours."""
        key = Qt.Key(event.key())
        if key in ENTER_KEYS:
            return self._enter(event)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and key in (Qt.Key.Key_F7, Qt.Key.Key_F8):
            if key == Qt.Key.Key_F7:
                self._ask_other()
            else:
                self.acted.emit("refuse")
            return True
        if key in _METHOD_KEYS and self.step in (Step.METHODS, Step.PAY):
            if not event.isAutoRepeat():
                self.choose(_METHOD_KEYS[key])
            return True
        digit = key_of(event)
        if self.step is Step.CHOOSE and not event.isAutoRepeat() and self.choice.key(digit):
            return True
        if digit and self.draft is not None and self.step in (Step.METHODS, Step.PAY) and not self._only_resume:
            return self._digit(digit)
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As `key`; the rest goes to the window."""
        if self.key(event):
            event.accept()
        else:
            event.ignore()

    def _enter(self, event: QKeyEvent) -> bool:
        if self.step is Step.PAY:
            self.money.enter(event)
            return True
        if self.step is Step.DONE and not event.isAutoRepeat():
            self.next_customer.emit()
            return True
        return self.step in (Step.METHODS, Step.PRINTING, *_LISTS)

    def _digit(self, digit: str) -> bool:
        if self.step is Step.METHODS:
            if Method.CASH not in self._choices or digit == RUB_OUT:
                return digit == RUB_OUT
            self.choose(Method.CASH)
        page = self.pages.currentWidget()
        if isinstance(page, (CashPage, MixPage)):
            page.feed(digit)
        elif page is self.card and self.card.takes_rrn:
            self.clear_trouble()  # in a low window the field stands behind the message
            self.card.rrn.setFocus(Qt.FocusReason.OtherFocusReason)
            self.card.feed(digit)
        return True

    def _fire(self) -> None:
        draft = self.draft
        if draft is None or self.step is not Step.PAY:
            return
        is_asked = draft.card_tender > ZERO and self.card.terminal == "tcp" and not self._only_resume
        self._terminal_words = "" if is_asked and not self.card.typed else None
        self.sell.emit(draft.cash_tender, draft.card_tender)

    def _act(self, act: str) -> None:
        if act == "odd" and self.draft is not None:
            self.draft = self.draft.confirm_odd()
            self.clear_trouble()
            self._refresh()
            self._focus()
        elif act == "again":
            self.rearm()
        else:
            self.acted.emit(act)

    def _take(self, amount: Money) -> None:
        if self.draft is not None and self.step is Step.PAY:
            self.cash.received.show_sum(amount)
            self._edit(replace(self.draft, received=amount))

    def _rrn_edited(self) -> None:
        """A person types the number of an operation: that arms the button again."""
        if self.draft is not None and self.step is Step.PAY:
            self._needs_person = self._needs_person and not self.card.typed
            self._refresh()

    def _cash_edited(self) -> None:
        if self.draft is not None:
            self._edit(replace(self.draft, received=self.cash.received.amount))

    def _mix_edited(self) -> None:
        if self.draft is not None:
            self._edit(replace(self.draft, received=self.mix.cash.amount, card=self.mix.card.amount))

    def _edit(self, draft: Draft) -> None:
        self.draft = draft
        self._needs_person = False
        self.clear_trouble()
        self._refresh()

    # ------------------------------------------------------------------ drawing

    def _open(self, draft: Draft) -> None:
        self.draft = draft
        self.clear_trouble()
        self.cash.offer(draft.due, self._take)
        pages = {Method.CASH: self.cash, Method.CARD: self.card, Method.MIX: self.mix, Method.NONE: self.no_money}
        page: QWidget = pages[draft.method]
        self._go(Step.PAY, page)

    def _go(self, step: Step, page: QWidget) -> None:
        self.step = step
        self.pages.setVisible(step not in _LISTS)
        self.choice.setVisible(step in _LISTS)
        if step not in _LISTS:
            self.pages.setCurrentWidget(page)
        self.pages.setEnabled(not (self._only_resume and step is Step.PAY))
        if step is not Step.PAY:
            self.clear_trouble()
        self.money.setVisible(step in (Step.PAY, Step.PRINTING))
        self.next.setVisible(step is Step.DONE)
        self._refresh()
        self._focus()
        self.stepped.emit()

    def _focus(self) -> None:
        page = self.pages.currentWidget()
        if page is self.card and self.card.rrn.isVisibleTo(self.card) and self.step is Step.PAY:
            self.card.rrn.setFocus(Qt.FocusReason.OtherFocusReason)
        elif page is self.cash:
            self.cash.received.setFocus(Qt.FocusReason.OtherFocusReason)
        elif page is self.mix:
            self.mix.cash.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.step is not Step.IDLE:
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _refresh(self) -> None:
        say, draft = self.look.say, self.draft
        has_total = draft is not None or (self.step in _LISTS and not self.stacked)
        self.caption.setVisible(has_total)
        self.total.setVisible(has_total)
        if draft is None:
            return
        in_pay = self.step in (Step.PAY, Step.PRINTING)
        self.caption.set_text(say(caption_of(draft, self._offer) if in_pay else "due"))
        self.total.set_text(say.money(draft.offset if self._takes_no_money else draft.due))
        self.methods.allow(self._choices, is_begun=self._only_resume)
        self.cash.show_draft(draft)
        self.card.show_draft(draft, is_settled=self._only_resume)
        self.mix.show_draft(draft)
        if self.step is Step.PAY:
            self._refresh_money(draft)
        self.drafted.emit(draft)

    def _refresh_money(self, draft: Draft) -> None:
        say = self.look.say
        text = say(f"print.{self._offer.way.value}") if self._takes_no_money else say("pay.print", sum=draft.due)
        is_allowed = bool(self._allowed) and (draft.method in {*self._allowed, Method.NONE} or self._only_resume)
        why_not = why_not_armed(draft, self.look, is_allowed=is_allowed, held=self._held)
        is_charged_now = draft.card_tender > ZERO and not self._only_resume
        if why_not is None and is_charged_now and self.card.lacks_rrn and draft.method is Method.CARD:
            why_not = say("card.need_rrn"), ""
        if why_not is not None:
            self.money.disarm(*why_not)
            if draft.is_odd and not self._held:
                message = say("pay.odd", sum=draft.cash_tender, due=draft.due)
                self.show_trouble(Trouble("wait", message, say("pay.odd_action"), "302", "odd"))
        elif self._needs_person:
            self.money.disarm(text, say("pay.see_above"))
        else:
            if is_charged_now and self.card.terminal == "tcp" and not self.card.typed:
                self.money.arm(say("card.take", sum=draft.card_tender))
                return
            self.money.arm(text, say("card.approved") if is_charged_now else "")
