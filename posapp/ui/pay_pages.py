"""The pages of the right pane: nothing open, choose a method, cash, card, both, done, blocked."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from posapp.domain.money import Money
from posapp.domain.offers import Offer
from posapp.till.views import RegisterView
from posapp.ui.amount import RUB_OUT, AmountField, Keypad
from posapp.ui.banner import LampIcon
from posapp.ui.controls import Button, Field, Kind, Label
from posapp.ui.draft import Draft, Method, Paid, quick_sums
from posapp.ui.lights import Shape
from posapp.ui.look import Look
from posapp.ui.theme import Space, Target, Type


def _column(look: Look, widget: QWidget, spacing: int = Space.S2) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(look.px(spacing))
    return column


def _icon(look: Look, name: str, colour: str, size: int) -> QLabel:
    label = QLabel()
    label.setPixmap(look.pixmap(name, colour, size))
    return label


class IdlePage(QWidget):
    """No order open: what to do, and how the day stands."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        say = look.say
        column = _column(look, self)
        column.addSpacing(look.px(Space.S7))
        column.addWidget(_icon(look, "barcode", "accent", 72), 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(Label(look, say("idle.title"), Type.SUM, wrap=True))
        column.addWidget(Label(look, say("idle.hint"), Type.BODY, ink="text2", wrap=True))
        column.addSpacing(look.px(Space.S7))
        self.today = Label(look, "", Type.STRONG, ink="text2")
        self.sum = Label(look, "", Type.SUM)
        column.addWidget(self.today)
        column.addWidget(self.sum)
        column.addStretch(1)

    def show_register(self, register: RegisterView | None) -> None:
        """Receipts and money of the shift."""
        if register is None:
            self.today.set_text("")
            self.sum.set_text("")
            return
        say = self.look.say
        self.today.set_text(say("idle.today", receipts=say.count("receipts", register.receipts_today)))
        self.sum.set_text(say.money(register.sum_today))


class MethodsPage(QWidget):
    """How the customer pays. Nothing has the focus: Enter straight after a scan does nothing."""

    chosen = Signal(object)
    put_aside = Signal()
    give_up = Signal()
    other = Signal()
    refuse = Signal()

    def __init__(self, look: Look, stacked: bool) -> None:
        super().__init__()
        self.look = look
        say, height = look.say, Target.ROW if stacked else Target.METHOD
        column = _column(look, self)
        self.what = Label(look, "", Type.STRONG, ink="text2", wrap=True)
        column.addWidget(self.what)
        box = QHBoxLayout() if stacked else QVBoxLayout()
        box.setSpacing(look.px(Space.S2))
        self.buttons: dict[Method, Button] = {}
        for method, key, icon in (
            (Method.CASH, "F7", "cash"),
            (Method.CARD, "F8", "credit-card"),
            (Method.MIX, "F12", "coins"),
        ):
            button = Button(
                look,
                say(f"method.{method.value}"),
                key=key,
                icon="" if stacked else icon,
                kind=Kind.PRIMARY if method is Method.CASH else Kind.PLAIN,
                height=height,
            )
            button.clicked.connect(lambda _checked=False, which=method: self.chosen.emit(which))
            self.buttons[method] = button
            box.addWidget(button)
        column.addLayout(box)
        self._stacked = stacked
        self.ways = Button(
            look,
            "" if stacked else say("way.other"),
            key="" if stacked else "Shift+F7",
            icon="list-check",
            height=height,
        )
        self.ways.setAccessibleName(say("way.other"))
        self.ways.clicked.connect(self.other)
        box.addWidget(self.ways)
        self.part = Button(look, say("refusal.open"), key="Shift+F8", icon="truck-delivery", height=height)
        self.part.clicked.connect(self.refuse)
        box.addWidget(self.part)
        self.begun = Button(look, say("begun.give_up"), kind=Kind.QUIET)
        self.begun.clicked.connect(self.give_up)
        self.begun.hide()
        box.addWidget(self.begun)
        self.aside = Button(look, "" if stacked else say("pay.aside"), key="Esc", kind=Kind.QUIET)
        self.aside.setAccessibleName(say("pay.aside"))
        self.aside.clicked.connect(self.put_aside)
        if stacked:
            box.addSpacing(look.px(Space.S5 - Space.S2))
            box.addWidget(self.aside)
        else:
            column.addSpacing(look.px(Space.S5 - Space.S2))
            column.addWidget(self.aside)
        column.addStretch(1)
        self._keys = {each: each.key for each in self.buttons.values()}
        self.show_way("", has_others=False)

    def show_way(self, words: str, *, has_others: bool) -> None:
        """What is being settled, "" for the usual sale; and whether there are other ways."""
        self.what.set_text(words)
        self.what.setVisible(bool(words) and not self._stacked)
        self.ways.setVisible(has_others)
        self.part.setVisible(has_others and not self._stacked)  # there the list has it
        for button, key in self._keys.items():
            button.key = "" if has_others and self._stacked else key  # no room for four with their keys
            button.updateGeometry()
        self.aside.set_text(self._aside_words(bool(words)))

    def _aside_words(self, is_chosen: bool) -> str:
        if self._stacked:
            return ""
        return self.look.say("way.back" if is_chosen else "pay.aside")

    def allow(self, allowed: set[Method], *, is_begun: bool = False) -> None:
        """Only these may be chosen now. `is_begun`: none, a receipt was begun; it goes on or is given up."""
        self.begun.setVisible(is_begun)
        for method, button in self.buttons.items():
            button.setEnabled(method in allowed)
            button.setVisible(not (is_begun and self._stacked))  # no room for four


class _Sums(QWidget):
    """What cash and mix have in common: rows of a word and a field, and a keypad that goes to the active field."""

    edited = Signal()

    def __init__(self, look: Look, stacked: bool) -> None:
        super().__init__()
        self.look = look
        self.column = _column(look, self, Space.S2)
        self.keypad = Keypad(look)
        self._stacked = stacked
        self._fields: list[AmountField] = []

    def add_field(self, name: str, beside: QHBoxLayout | None = None) -> AmountField:
        """A row with a field for a sum, or one more field in the row `beside`."""
        field = AmountField(self.look, name)
        field.edited.connect(self.edited)
        self._fields.append(field)
        if beside is None:
            self.add_row(Label(self.look, name, Type.BODY), field)
        else:
            beside.addWidget(Label(self.look, name, Type.BODY))
            beside.addWidget(field, 1)
        return field

    def add_row(self, word: QWidget, value: QWidget) -> None:
        """A word at the left, its value in the same column as all others."""
        row = QHBoxLayout()
        row.setSpacing(self.look.px(Space.S3))
        word.setMinimumWidth(self.look.px(150))
        row.addWidget(word)
        row.addWidget(value, 1)
        self.column.addLayout(row)

    def finish(self) -> None:
        """Puts the keypad below everything."""
        self.column.addWidget(self.keypad)
        self.column.addStretch(1)
        self.make_room(False)
        self.keypad.pressed.connect(self.feed)

    def feed(self, key: str) -> None:
        """A key that was pressed while no field had the focus."""
        active = next((field for field in self._fields if field.hasFocus()), self._fields[0])
        active.feed(key)

    def make_room(self, needed: bool) -> None:
        """The keypad gives way to a message."""
        self.keypad.setVisible(not needed and not self._stacked)


class CashPage(_Sums):
    """Received, four quick sums, change or what is missing."""

    def __init__(self, look: Look, stacked: bool) -> None:
        super().__init__(look, stacked)
        self.received = self.add_field(look.say("pay.received"))
        self._quick = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._quick.setSpacing(look.px(Space.S2))
        self.column.addLayout(self._quick)
        self.quick_buttons: list[Button] = []
        self.word = Label(look, "", Type.TITLE)
        self.value = Label(look, "", Type.SUM if stacked else Type.TOTAL, right=True)
        self.add_row(self.word, self.value)
        self.finish()

    def show_draft(self, draft: Draft) -> None:
        """The field is left alone while it is typed into."""
        say = self.look.say
        if self.received.amount != draft.received:
            self.received.show_sum(draft.received)
        self.received.setPlaceholderText(say.amount(draft.due))
        if draft.missing:
            self.word.set_text(say("pay.missing"), "bad")
            self.value.set_text(say.money(draft.missing), "bad")
        else:
            self.word.set_text(say("pay.change"), "text")
            self.value.set_text(say.money(draft.change), "text")

    def offer(self, due: Money, taken: Callable[[Money], None]) -> None:
        """Quick sums for what is due."""
        while (item := self._quick.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.quick_buttons = []
        for amount in [] if self._stacked else quick_sums(due):
            whole, part = divmod(amount.kopecks, 100)
            text = self.look.say.amount(amount) if part else self.look.say.number(whole)
            button = Button(self.look, text, centred=True)
            button.setAccessibleName(self.look.say("pay.quick", sum=amount))
            button.setMinimumWidth(0)
            button.clicked.connect(lambda _checked=False, which=amount: taken(which))
            self._quick.addWidget(button, 1)
            self.quick_buttons.append(button)


class CardPage(QWidget):
    """A card: the sum, and what the person does. A terminal that is connected gets the sum and says its own words; one
    that is not gets it from the person, who types the number of the operation (RRN) where the till keeps card money."""

    edited = Signal()

    def __init__(self, look: Look, stacked: bool) -> None:
        super().__init__()
        self.look = look
        self.terminal = ""
        self.by_hand = False  # the connected terminal did not answer: a person may have used it
        self.rrn = Field(look, look.say("card.rrn"))
        self.rrn.setPlaceholderText(look.say("card.rrn"))
        self.rrn.textEdited.connect(lambda _text: self.edited.emit())
        column = _column(look, self, Space.S1 if stacked else Space.S3)
        if not stacked:
            column.addSpacing(look.px(Space.S3))
            column.addWidget(_icon(look, "credit-card", "text2", 56), 0, Qt.AlignmentFlag.AlignLeft)
        self.first = Label(look, "", Type.TITLE, wrap=True)
        self.second = Label(look, look.say("card.second"), Type.BODY, wrap=True)
        column.addWidget(self.first)
        column.addWidget(self.second)
        column.addWidget(self.rrn)
        column.addStretch(1)

    @property
    def takes_rrn(self) -> bool:
        """A person may type the number of an operation."""
        return self.rrn.isVisibleTo(self)

    def feed(self, key: str) -> None:
        """A digit that was pressed while the field had no focus; `RUB_OUT` takes one away."""
        text = self.rrn.text()
        self.rrn.setText(text[:-1] if key == RUB_OUT else text + key)
        self.edited.emit()

    @property
    def typed(self) -> str:
        """The RRN that a person has typed, "" where the terminal is asked."""
        return self.rrn.text().strip() if self.takes_rrn else ""

    @property
    def lacks_rrn(self) -> bool:
        """Nothing is printed before the number of the operation is typed."""
        return self.terminal == "manual" and len(self.typed) < RRN_MIN

    def show_words(self, words: str, draft: Draft) -> None:
        """What the terminal says to the cashier."""
        self.first.set_text(words)
        self.second.set_text(self.look.say("card.waits", sum=draft.card_tender))

    def start(self) -> None:
        """Another payment."""
        self.by_hand = False
        self.rrn.clear()

    def show_draft(self, draft: Draft, *, is_settled: bool) -> None:
        """The sum; `is_settled`: a receipt was begun with it, so the card is charged already."""
        say = self.look.say
        is_connected = self.terminal == "tcp" and not self.by_hand
        name = "settled" if is_settled else "terminal" if is_connected else "first"
        self.first.set_text(say(f"card.{name}", sum=draft.card_tender))
        self.rrn.setVisible(not is_settled and (self.terminal == "manual" or self.by_hand))
        second = "card.rrn_second" if self.rrn.isVisibleTo(self) else f"card.{name}_second"
        self.second.set_text(say("card.second" if second == "card.first_second" else second))


RRN_MIN = 4


class MixPage(_Sums):
    """Cash and card together: the card takes the rest unless a sum is typed for it."""

    def __init__(self, look: Look, stacked: bool) -> None:
        super().__init__(look, stacked)
        beside = QHBoxLayout() if stacked else None  # two fields in one row where the height does not do for two
        self.cash = self.add_field(look.say("mix.cash"), beside)
        self.card = self.add_field(look.say("mix.card"), beside)
        if beside is not None:
            self.column.addLayout(beside)
        self.word = Label(look, "", Type.TITLE)
        self.value = Label(look, "", Type.SUM, right=True)
        self.add_row(self.word, self.value)
        self.finish()

    def show_draft(self, draft: Draft) -> None:
        """Both sums, and what is missing, too much, or to give back."""
        say = self.look.say
        if self.cash.amount != draft.received:
            self.cash.show_sum(draft.received)
        if self.card.amount != draft.card:
            self.card.show_sum(draft.card)
        self.cash.setPlaceholderText(say.amount(Money(0)))
        self.card.setPlaceholderText(say.amount(draft.card_tender))
        if draft.card_is_too_much:
            self.word.set_text(say("mix.too_much"), "bad")
            self.value.set_text(say.money(draft.card_tender - draft.due), "bad")
        elif draft.missing:
            self.word.set_text(say("pay.missing"), "bad")
            self.value.set_text(say.money(draft.missing), "bad")
        else:
            self.word.set_text(say("pay.change"), "text")
            self.value.set_text(say.money(draft.change), "text")


class DonePage(QWidget):
    """After the mark is on disk: the change stays large until the next scan, the goods come before the next one."""

    refund = Signal()

    def __init__(self, look: Look, stacked: bool) -> None:
        super().__init__()
        self.look = look
        self.is_new = False
        column = _column(look, self, Space.S3)
        self.word = Label(look, look.say("pay.change"), Type.TITLE, ink="text2")
        self.change = Label(look, "", Type.TOTAL if stacked else Type.CHANGE, right=True)
        box = QHBoxLayout() if stacked else QVBoxLayout()
        box.addWidget(self.word)
        box.addWidget(self.change, int(stacked))
        column.addLayout(box)
        self.steps = QWidget()
        steps = _column(look, self.steps, Space.S3)
        steps.setContentsMargins(0, look.px(Space.S4), 0, 0)
        self.goods = Label(look, "", Type.STRONG, wrap=True)
        self.goods_lamp = LampIcon(look, Shape.NONE)
        self.receipt = Label(look, look.say("done.receipt"))
        self.receipt_lamp = LampIcon(look, Shape.OK)
        self.money = Label(look, look.say("done.money"))
        for lamp, label in (
            (LampIcon(look, Shape.OK), self.money),
            (self.receipt_lamp, self.receipt),
            (self.goods_lamp, self.goods),
        ):
            row = QHBoxLayout()
            row.setSpacing(look.px(Space.S3))
            row.addWidget(lamp)
            row.addWidget(label, 1)
            steps.addLayout(row)
        column.addWidget(self.steps)
        self.steps.setVisible(not stacked)
        self.back = Button(look, look.say("act.refund"), key="F4", kind=Kind.QUIET)
        self.back.clicked.connect(self.refund)
        column.addSpacing(look.px(Space.S4))
        column.addWidget(self.back)
        self.back.setVisible(not stacked)
        column.addStretch(1)

    def show_done(self, paid: Paid, goods: str, is_new: bool) -> None:
        """`is_new`: printed now; else it is an old receipt that was looked up, and no change is due. `goods`: what
        becomes of them, a sentence."""
        say = self.look.say
        self.is_new = is_new
        self.money.set_text(say("done.money" if paid.is_money else "done.money_none"))
        self.word.set_text(say(paid.key if is_new else "done.looked_up"))
        self.change.set_text(say.money(paid.amount) if is_new else "")
        self.change.setVisible(is_new)
        self.goods.set_text(goods if is_new else "")
        self.goods_lamp.setVisible(is_new)
        self.show_unprinted(False)

    def show_unprinted(self, is_unprinted: bool) -> None:
        """The paper ended: the receipt is in the storage all the same."""
        self.receipt.set_text(self.look.say("done.recorded" if is_unprinted else "done.receipt"))
        self.receipt_lamp.show_shape(Shape.WAIT if is_unprinted else Shape.OK)


class NoMoneyPage(QWidget):
    """No money changes hands: what the receipt says instead, and what becomes of the goods."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        column = _column(look, self, Space.S3)
        self.first = Label(look, look.say("none.first"), Type.TITLE, wrap=True)
        self.second = Label(look, "", Type.BODY, wrap=True)
        column.addWidget(self.first)
        column.addWidget(self.second)
        column.addStretch(1)

    def show_offer(self, offer: Offer) -> None:
        """What this receipt does."""
        key = "none.credit_part" if offer.credit and offer.prepaid else f"none.{offer.way.value}"
        self.second.set_text(self.look.say(key, prepaid=offer.prepaid, credit=offer.credit))
