"""A refund: which receipt, which of its lines, how the money goes back. Nothing is chosen by itself."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.domain.receipt import TenderKind
from posapp.till.views import ReceiptView
from posapp.ui.banner import Banner
from posapp.ui.controls import ENTER_KEYS, Button, Field, Kind, Label, Pane
from posapp.ui.look import Look
from posapp.ui.money_button import MoneyButton
from posapp.ui.refunding import Found, Proposal, Return
from posapp.ui.step_list import StepList, plain
from posapp.ui.theme import Space, Target, Type
from posapp.ui.trouble import Trouble
from posapp.ui.wedge import LastKeys


class RefundScreen(QWidget):
    """The receipt's lines with − and +. Emits `wanted(text)` with what names a receipt, `stepped(line, by)`."""

    wanted = Signal(str)
    stepped = Signal(int, int)
    onward = Signal()

    def __init__(self, look: Look, last: LastKeys, *, stacked: bool = False) -> None:
        super().__init__()
        self.look = look
        self._stacked = stacked
        say = look.say
        self.title = Label(look, say("refund.title"), Type.TITLE, elide=True)
        self.name = Field(look, say("refund.find"))
        self.name.setPlaceholderText(say("refund.find_hint"))
        self.name.returnPressed.connect(self._search)
        self.search = Button(look, say("refund.search"), icon="search")
        self.search.clicked.connect(self._search)
        self.hint = Label(look, say("refund.ask"), Type.BODY, ink="text2", wrap=True)
        self.lines = StepList(look)
        self.lines.stepped.connect(self.stepped)
        self.side = RefundSide(look, last, stacked=stacked)
        px = look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(Space.S3), 0, 0)
        head = QVBoxLayout()
        head.setContentsMargins(px(Space.S4), 0, px(Space.S4), 0)
        head.addWidget(self.title)
        row = QHBoxLayout()
        row.setSpacing(px(Space.S2))
        row.addWidget(self.name, 1)
        row.addWidget(self.search)
        head.addLayout(row)
        head.addWidget(self.hint)
        column.addLayout(head)
        column.addWidget(self.lines, 1)
        if stacked:
            further = Button(look, say("refusal.onward"), kind=Kind.PRIMARY, height=Target.SMALL)
            further.clicked.connect(self.onward)
            column.addWidget(further)

    def ask(self) -> None:
        """Which receipt?"""
        self.title.set_text(self.look.say("refund.title"))
        self.hint.set_text(self.look.say("refund.ask"))
        self.hint.show()
        self.lines.show_lines([])
        self.name.clear()
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)
        self.side.show_nothing()

    def searching(self) -> None:
        """It is looked for; the portal may have to be asked."""
        self.hint.set_text(self.look.say("refund.searching"))
        self.hint.show()
        self.side.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_found(self, found: Found, back: Return) -> None:
        """The receipt and what of it is left; nothing is chosen."""
        original = found.original
        day = original.basis.day.strftime("%d.%m.%Y") if original.basis.day is not None else "–"
        facts = {"n": original.basis.document_number, "day": day, "order": original.receipt.order_number}
        self.title.set_text(self.look.say("refund.title_of", **facts))
        self.hint.hide()
        self.lines.show_lines([(n, line.name) for n, line in enumerate(original.receipt.lines, start=1)])
        self.show_return(back)
        self.lines.focus_first()

    def show_return(self, back: Return) -> None:
        """How much of each line comes back now."""
        say = self.look.say
        for row in self.lines.rows:
            left, now = back.left[row.number - 1], back.back[row.number - 1]
            if now:
                words, ink = say("refund.back", n=plain(now, self.look), of=plain(left, self.look)), "bad"
            else:
                words, ink = say("refund.left", n=plain(left, self.look)) if left else say("refund.gone"), "text2"
            row.show_count(now, words, ink, may_less=now > 0, may_more=now < left)

    def key(self, event: QKeyEvent) -> bool:
        """Arrows, − and + for the lines; the rest is the side's."""
        return self.lines.key(event) or self.side.key(event)

    def _search(self) -> None:
        text = self.name.text().strip()
        if text:
            self.wanted.emit(text)


class RefundSide(Pane):
    """The sum, how it goes back, the one button. Emits `all_of_it`, `senior(text)`, `given_back`, `left`."""

    all_of_it = Signal()
    senior = Signal(str)
    given_back = Signal()
    left = Signal()

    def __init__(self, look: Look, last: LastKeys, *, stacked: bool = False) -> None:
        super().__init__(look, "surface", edge="top" if stacked else "left")
        say = look.say
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("no_ring", True)
        self.setAccessibleName(say("refund.pane"))
        self.caption = Label(look, say("refund.caption"), Type.STRONG, ink="text2")
        self.total = Label(look, "", Type.TOTAL, right=True)
        self.tenders = Label(look, "", Type.BODY, wrap=True)
        self.note = Label(look, "", Type.BODY, ink="text2", wrap=True)
        self.everything = Button(look, say("refund.everything"), key="1")
        self.everything.clicked.connect(self.all_of_it)
        self.who = Field(look, say("refund.override"))
        self.who.setPlaceholderText(say("refund.override"))
        self.who.textEdited.connect(self.senior)
        self.banner = Banner(look)
        self.money = MoneyButton(look, last)
        self.money.fired.connect(self.given_back)
        self.back = Button(look, say("way.back"), key="Esc", kind=Kind.QUIET)
        self.back.clicked.connect(self.left)
        px = look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        head = QHBoxLayout()
        head.addWidget(self.caption)
        head.addWidget(self.total, 1)
        column.addLayout(head)
        for widget in (self.tenders, self.note, self.everything):
            column.addWidget(widget)
        column.addStretch(1)
        column.addWidget(self.banner)
        column.addWidget(self.who)
        column.addWidget(self.money)
        column.addSpacing(px(Space.S4))
        column.addWidget(self.back)
        self.show_nothing()

    def show_nothing(self) -> None:
        """No receipt yet."""
        self.caption.set_text(self.look.say("refund.caption"))
        for label in (self.total, self.tenders, self.note):
            label.set_text("")
        self.banner.clear()
        self.who.clear()
        self.who.hide()
        self.everything.hide()
        self.money.hide()

    def show_choice(self, back: Return, proposal: Proposal | None, *, needs_senior: bool, is_begun: bool) -> None:
        """What the chosen lines come to; `proposal` None while it is counted or nothing is chosen."""
        say = self.look.say
        self.money.show()
        self.everything.setVisible(not is_begun)
        self.everything.setEnabled(any(back.left) and back.back != back.left)
        self.who.setVisible(needs_senior)
        self.total.set_text(say.money(proposal.total) if proposal is not None else "")
        parts = [] if proposal is None else [(each.kind, each.amount) for each in proposal.tenders]
        words = [say(f"refund.tender.{kind.name.lower()}", sum=amount) for kind, amount in parts]
        self.tenders.set_text("\n".join(words))
        is_card = any(kind is TenderKind.CASHLESS for kind, _ in parts)
        self.note.set_text(say("refund.card_note") if is_card else "")
        if not any(back.left) and not is_begun:
            self.money.disarm(say("refund.nothing_left"))
        elif back.is_none:
            self.money.disarm(say("refund.choose"))
        elif proposal is None:
            self.money.disarm(say("refund.counting"))
        elif needs_senior and not self.who.text().strip():
            self.money.disarm(say("refund.name_senior"))
        else:
            self.money.arm(say("refund.go_on" if is_begun else "refund.print", sum=proposal.total))

    def printing(self, seconds: int) -> None:
        """The register prints."""
        self.banner.clear()
        self.everything.setEnabled(False)
        self.money.disarm(self.look.say("refund.printing", age=self.look.say.age(seconds)))

    def show_trouble(self, trouble: Trouble) -> None:
        """A message: why it was not done, or what has to be known before it is."""
        self.banner.show_trouble(trouble)

    def show_done(self, receipt: ReceiptView) -> None:
        """The mark is on disk: what to give the customer stands largest."""
        say, cash = self.look.say, receipt.receipt.tender(TenderKind.CASH)
        self.show_nothing()
        number = receipt.mark.document_number if receipt.mark is not None else "–"
        self.caption.set_text(say("refund.give") if cash else "")
        self.total.set_text(say.money(cash) if cash else "")
        action = say("refund.done_cash", sum=cash) if cash else say("refund.done_none")
        self.show_trouble(Trouble("ok", say("refund.done", n=number), action, ""))

    def key(self, event: QKeyEvent) -> bool:
        """1 takes everything, Enter prints."""
        if Qt.Key(event.key()) in ENTER_KEYS:
            if self.money.isVisible():
                self.money.enter(event)
            return True
        if event.text() == "1" and self.everything.isVisible() and self.everything.isEnabled():
            self.all_of_it.emit()
            return True
        return False
