"""The resolve desk, right pane: the lawful choices with their consequences, and the stop before one is taken.

Enter decides nothing here, neither a finger's nor a scanner's: a digit or a tap only opens the stop, where the
consequence stands once more beside who decides and why; Ctrl+Enter, Space on the button or a tap then writes it down.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.domain.qr import parse_qr
from posapp.errors import PosError
from posapp.till.views import Case, Choice, Verdict
from posapp.ui.banner import LampIcon
from posapp.ui.controls import ENTER_KEYS, RADIUS, Button, Field, Kind, Label, Pane, Stack
from posapp.ui.lights import Shape
from posapp.ui.look import Look
from posapp.ui.scroller import Scroller
from posapp.ui.theme import Space, Target, Type

REASONS = {
    "made": 2,
    "not_made": 2,
    "lost_made": 1,
    "lost_not_made": 1,
    "cancel": 3,
    "cancel_open": 1,
    "accept_counters": 2,
    "foreign": 1,
    "operation_made": 1,
    "operation_not_made": 1,
}
"""How many ready reasons each choice has in the catalogue (`why.made.1` …): fingers have no keyboard."""


class DecideButton(Button):
    """Writes a decision down. Enter alone never presses it; Ctrl+Enter does, and Space when it has the focus."""

    def __init__(self, look: Look) -> None:
        super().__init__(
            look, "", key="Ctrl+Enter", kind=Kind.PRIMARY, height=Target.PRINT, token=Type.STRONG, centred=True
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space presses; Enter goes on to the pane, which asks for Ctrl."""
        if event.key() in ENTER_KEYS:
            event.ignore()
        else:
            super().keyPressEvent(event)


class DecisionSide(Pane):
    """Signals: `decided(choice id, who, why, answers)` once per deliberate act; `left` for Esc at the first step."""

    decided = Signal(str, str, str, object)
    left = Signal()
    stepped = Signal()

    def __init__(self, look: Look, *, who: str, stacked: bool) -> None:
        super().__init__(look, "surface", edge="top" if stacked else "left")
        self._stacked = stacked
        self.case: Case | None = None
        self.choice: Choice | None = None
        self.is_busy = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # where Enter does nothing
        self.setProperty("no_ring", True)
        self.setAccessibleName(look.say("desk.what"))
        self.choices = _Choices(look)
        self.stop = _Stop(look, who)
        self.decide = DecideButton(look)
        self.hint = Label(look, "", Type.TABLE, ink="text2", wrap=True)
        self.aside = Button(look, "" if stacked else look.say("desk.back"), key="Esc", kind=Kind.QUIET)
        self.pages = Stack()
        px = look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(Space.S4), px(Space.S3), px(Space.S4), px(Space.S3))
        column.setSpacing(px(Space.S2))
        for page in (self.choices, self.stop):
            self.pages.addWidget(Scroller(look, page))
        column.addWidget(self.pages, 1)
        column.addWidget(self.hint)
        if stacked:  # no room below each other
            row = QHBoxLayout()
            row.addWidget(self.aside)
            row.addSpacing(px(Space.S5))
            row.addWidget(self.decide, 1)
            column.addLayout(row)
        else:
            column.addWidget(self.decide)
            column.addSpacing(px(Space.S4))
            column.addWidget(self.aside)
        self.choices.chosen.connect(self.choose)
        self.stop.edited.connect(self._refresh)
        self.decide.clicked.connect(self._decide)
        self.aside.clicked.connect(self._go_aside)
        self.show_case(None)

    # ------------------------------------------------------------------ what the screen tells

    def show_case(self, case: Case | None) -> None:
        """Another case – or the same, read again: then a choice that is still lawful stays chosen."""
        kept = self.choice if case is not None and self.case is not None and case.key == self.case.key else None
        is_same = kept is not None and case is not None and kept in case.choices
        self.case = case
        self.choices.show_case(case)
        if not is_same:
            self._show_choices()

    def busy(self, is_busy: bool) -> None:
        """A decision is being written, or has been."""
        self.is_busy = is_busy
        self.stop.setEnabled(not is_busy)
        self.choices.setEnabled(not is_busy)
        self._refresh()

    # ------------------------------------------------------------------ what the person does

    def choose(self, choice: Choice) -> None:
        """Opens the stop: nothing is decided yet."""
        if self.is_busy:
            return
        if self.choice != choice:
            self.stop.show_choice(choice)
        self.choice = choice
        self.pages.setCurrentIndex(1)
        self._refresh()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.stepped.emit()

    def scan(self, text: str) -> bool:
        """The code of a paper receipt: it chooses the document that it names, or fills in what is asked.

        False when it is no such code, or of no document in question: then it is an ordinary scan.
        """
        try:
            scanned = parse_qr(text)
        except PosError:
            return False
        if self.is_busy or self.case is None:
            return False
        if self.choice is not None and "qr" in self.choice.asks:
            return self.stop.fill("qr", text)
        for choice in self.case.choices:
            if choice.verdict is Verdict.MADE and choice.document == scanned.document_number:
                self.choose(choice)
                self.stop.why.put(self.look.say("why.scanned", n=scanned.document_number))
                return True
        return False

    def back(self) -> bool:
        """Esc: from the stop to the choices. False when there is no step back in this pane."""
        if self.choice is None or self.is_busy:
            return False
        self._show_choices()
        return True

    def key(self, event: QKeyEvent) -> bool:
        """A key that no field wanted: a digit chooses, first the choice and then a reason; Ctrl+Enter decides.

        True when it was ours.
        """
        if event.key() in ENTER_KEYS:
            is_chord = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if is_chord and not event.isAutoRepeat() and self.decide.isEnabled():
                self._decide()
            return True
        number = int(event.text()) if event.text().isdecimal() else 0
        choices = self.case.choices if self.case else ()
        if self.choice is not None:
            return not self.is_busy and self.stop.take_reason(number)
        if 0 < number <= len(choices):
            self.choose(choices[number - 1])
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As `key`; the rest goes to the window."""
        if self.key(event):
            event.accept()
        else:
            event.ignore()

    def _decide(self) -> None:
        if self.choice is None or self.is_busy or bool(self.stop.missing):
            return
        choice, stop = self.choice, self.stop
        self.setFocus(Qt.FocusReason.OtherFocusReason)  # Qt would hand the focus of a resting button to its neighbour
        self.busy(True)
        self.decided.emit(choice.id, stop.who.text().strip(), stop.why.text().strip(), stop.answers)

    def _go_aside(self) -> None:
        if not self.back():
            self.left.emit()

    # ------------------------------------------------------------------ drawing

    def _show_choices(self) -> None:
        self.choice = None
        self.pages.setCurrentIndex(0)
        self._refresh()
        if self.isVisible():
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.stepped.emit()

    def _refresh(self) -> None:
        say, choice = self.look.say, self.choice
        self.decide.setVisible(choice is not None)
        has_choices = self.case is not None and self.case.needs_person
        back = say("desk.other" if choice is not None else "desk.back" if has_choices else "desk.leave")
        self.aside.set_text("" if self._stacked else back)
        self.aside.setAccessibleName(back)
        self.hint.setVisible(choice is not None and bool(self.stop.missing))
        self.hint.set_text(self.stop.missing)
        self.decide.set_text(say("desk.writing" if self.is_busy else "desk.write"))
        self.decide.setEnabled(choice is not None and not self.is_busy and not self.stop.missing)


class _ChoiceButton(Button):
    """As high as its words need in the width that there is: a choice is never cut short."""

    def sizeHint(self) -> QSize:
        """Whatever width there is; the height of the wrapped words."""
        return QSize(self.look.px(Target.ROW), self._height_for(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width, another height."""
        super().resizeEvent(event)
        self.setFixedHeight(self._height_for(self.width()))

    def _height_for(self, width: int) -> int:
        px = self.look.px
        room = max(px(80), width - px(Space.S4 + 2 * Space.S3) - self._key_width())
        words = QFontMetrics(self.font()).boundingRect(0, 0, room, 10_000, _WRAPPED, self.text())
        return max(px(Target.ROW), words.height() + 2 * px(Space.S3))

    def _paint_words(self, painter: QPainter, inside: QRect, ink: QColor) -> None:
        painter.setPen(ink)
        painter.setFont(self.font())
        painter.drawText(inside, _WRAPPED | Qt.AlignmentFlag.AlignVCenter, self.text())


_WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft


class _Choices(Pane):
    """The choices of a case, each with what becomes of it."""

    chosen = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.buttons: list[Button] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, look.px(Space.S2), 0)
        self._column.setSpacing(look.px(Space.S2))

    def show_case(self, case: Case | None) -> None:
        """Another case; without choices it says that nothing is to be done."""
        look, say = self.look, self.look.say
        self.buttons = []
        _empty(self._column)
        choices = case.choices if case is not None else ()
        self._column.addWidget(Label(look, say("desk.what" if choices else "desk.nothing"), Type.TITLE))
        if not choices:
            key = "desk.no_case" if case is None else "desk.by_itself"
            self._column.addWidget(Label(look, say(key), Type.BODY, ink="text2", wrap=True))
        for number, choice in enumerate(choices, start=1):
            button = _ChoiceButton(look, choice.words, key=str(number))
            button.setAccessibleName(f"{number}. {choice.words}. {choice.consequence}")
            button.clicked.connect(lambda _checked=False, which=choice: self.chosen.emit(which))
            self.buttons.append(button)
            self._column.addWidget(button)
            consequence = Label(look, choice.consequence, Type.BODY, ink="text2", wrap=True)
            consequence.setContentsMargins(look.px(Space.S4), 0, 0, look.px(Space.S3))
            self._column.addWidget(consequence)
        self._column.addStretch(1)


class _Stop(Pane):
    """What was chosen and what becomes of it; what has to be typed in; who decides, and why."""

    edited = Signal()

    def __init__(self, look: Look, who: str) -> None:
        super().__init__(look)
        say, px = look.say, look.px
        self._ready: list[str] = []
        self._asked: dict[str, Field] = {}
        self.consequence = _Consequence(look)
        self._questions = QVBoxLayout()
        self._questions.setSpacing(px(Space.S2))
        self._reasons = QVBoxLayout()
        self._reasons.setSpacing(px(Space.S2))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, px(Space.S2), px(Space.S2))
        self._column.setSpacing(px(Space.S2))
        self._column.addWidget(self.consequence)
        self._column.addLayout(self._questions)
        self.who = self._add_field(self._column, "desk.who")
        self.who.setText(who)
        self.why = self._add_field(self._column, "desk.why")
        self.why.setPlaceholderText(say("desk.why_hint"))
        self._column.addLayout(self._reasons)
        self._column.addStretch(1)

    def _add_field(self, column: QVBoxLayout, key: str) -> Field:
        look = self.look
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.px(Space.S3))
        label = Label(look, look.say(key), Type.BODY)
        label.setMinimumWidth(look.px(120))
        field = Field(look, look.say(key), height=Target.SMALL)
        label.setBuddy(field)
        row.addWidget(label)
        row.addWidget(field, 1)
        column.addWidget(line)
        field.textChanged.connect(self.edited)
        return field

    @property
    def answers(self) -> dict[str, str]:
        """What was typed for what the choice asks."""
        return {name: field.text().strip() for name, field in self._asked.items()}

    @property
    def missing(self) -> str:
        """What is still to be filled in, in words; "" when nothing is."""
        say = self.look.say
        for name, answer in self.answers.items():
            if not answer:
                return say(f"desk.need_{name}")
        if not self.who.text().strip():
            return say("desk.need_who")
        return "" if self.why.text().strip() else say("desk.need_why")

    def fill(self, name: str, text: str) -> bool:
        """An answer that was scanned. False when it is not asked for."""
        if name not in self._asked:
            return False
        self._asked[name].setText(text)
        return True

    def take_reason(self, number: int) -> bool:
        """The ready reason with this number, from 1. False when there is none."""
        if not 0 < number <= len(self._ready):
            return False
        self.why.put(self._ready[number - 1])
        return True

    def show_choice(self, choice: Choice) -> None:
        """Another choice: what it asks for, its reasons."""
        say, name = self.look.say, choice.id.partition(":")[0]
        self.consequence.show_choice(choice)
        self.why.clear()
        _empty(self._questions)
        self._asked = {each: self._add_field(self._questions, f"desk.ask_{each}") for each in choice.asks}
        self._ready = [say(f"why.{name}.{n + 1}") for n in range(REASONS.get(name, 0))]
        _empty(self._reasons)
        for number, words in enumerate(self._ready, start=1):
            button = Button(self.look, words, key=str(number), height=Target.SMALL, token=Type.BODY)
            button.clicked.connect(lambda _checked=False, text=words: self.why.put(text))
            self._reasons.addWidget(button)


def _empty(column: QVBoxLayout) -> None:
    """Takes all widgets out of a layout; they vanish with the next turn of the event loop."""
    while (item := column.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


class _Consequence(QWidget):
    """The tinted pane of the stop: what is decided and what becomes of it."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.words = Label(look, "", Type.STRONG, ink="unknown", wrap=True)
        self.text = Label(look, "", Type.BODY, wrap=True)
        px = look.px
        row = QHBoxLayout(self)
        row.setContentsMargins(px(Space.S3), px(Space.S3), px(Space.S3), px(Space.S3))
        row.setSpacing(px(Space.S3))
        row.addWidget(LampIcon(look, Shape.UNKNOWN), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(px(Space.S1))
        column.addWidget(self.words)
        column.addWidget(self.text)
        row.addLayout(column, 1)

    def show_choice(self, choice: Choice) -> None:
        """Another choice."""
        self.words.set_text(choice.words)
        self.text.set_text(choice.consequence)
        self.setAccessibleName(f"{choice.words}. {choice.consequence}")

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The tinted ground with its edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self.look.colour("unknown_soft"))
        painter.setPen(QPen(self.look.colour("unknown"), 1))
        radius = self.look.px(RADIUS)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
