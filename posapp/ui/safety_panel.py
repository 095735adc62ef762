"""Two sections of the service screen: the last reconciliation, and where the copies of the journal are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.till.reconcile_views import LastReconciled, ReconcileProgress
from posapp.ui.banner import LampIcon
from posapp.ui.controls import Button, Label
from posapp.ui.lights import INKS, Shape
from posapp.ui.look import Look
from posapp.ui.reconcile_screen import progress_words, summary_of
from posapp.ui.theme import Space, Type

if TYPE_CHECKING:  # it knows the journal, which the first paint must not wait for
    from posapp.till.keeping import PlaceState, State


def shape_of_place(place: PlaceState, look: Look) -> Shape:
    """Red without a sound copy of the last day, amber while the place is away or not tried yet, else green."""
    if place.is_overdue(look.now()) or place.is_sound is False:
        return Shape.BAD
    return Shape.WAIT if place.trouble is not None or place.is_sound is None else Shape.OK


def place_words(place: PlaceState, look: Look) -> str:
    """`Копия на этом диске: 12 мин назад, проверена`."""
    say = look.say
    name = say(f"copies.{place.name}", folder=place.folder)
    if place.newest_at is None:
        return say("copies.none", place=name)
    tried = {True: "copies.sound", False: "copies.unsound", None: "copies.untried"}[place.is_sound]
    return say("copies.age", place=name, age=look.age(place.newest_at), tried=say(tried))


class ReconcileSection(QWidget):
    """Emits `acted` with reconcile_now or reconcile."""

    acted = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.words = Label(look, look.say("recon.never"), Type.BODY, wrap=True)
        self.now = _act(self, look, "reconcile_now")
        self.show_all = _act(self, look, "reconcile")
        _lay_out(self, look, "recon.title", [self.words], [self.now, self.show_all])

    def show_reconciled(
        self, last: LastReconciled | None, progress: ReconcileProgress | None, *, is_running: bool
    ) -> None:
        """The last one, or how far the one under way is."""
        self.now.rest(is_running)
        if is_running:
            self.words.set_text(progress_words(progress, self.look), INKS[Shape.WAIT])
        elif last is None:
            self.words.set_text(self.look.say("recon.never"), "text")
        else:
            self.words.set_text(*summary_of(last, self.look))


class CopiesSection(QWidget):
    """Emits `acted` with copy_now or try_copy."""

    acted = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._state: State | None = None
        self.places = [_Place(look), _Place(look)]
        self.trouble = Label(look, "", Type.TABLE, ink="text2", wrap=True)
        self.copy = _act(self, look, "copy_now")
        self.try_copy = _act(self, look, "try_copy")
        _lay_out(self, look, "copies.title", [*self.places, self.trouble], [self.copy, self.try_copy])
        self.refresh()

    def show_state(self, state: State) -> None:
        """Where the copies are and how old."""
        self._state = state
        self.refresh()

    def refresh(self) -> None:
        """Ages of now."""
        say, state = self.look.say, self._state
        if state is None:
            self.places[0].show_place(Shape.NONE, say("copies.reading"))
            self.places[1].hide()
            self.trouble.set_text("")
            return
        words = [(shape_of_place(each, self.look), place_words(each, self.look)) for each in state.places]
        if not state.has_second:
            words.append((Shape.WAIT, say("copies.no_second")))
        for row, (shape, text) in zip(self.places, words, strict=False):
            row.show_place(shape, text)
        self.places[1].setVisible(len(words) > 1)
        troubles = [f"{each.message(say.language)} {each.action(say.language)}" for each in state.troubles]
        self.trouble.set_text("\n".join(troubles))
        self.trouble.setVisible(bool(troubles))

    def busy(self, is_busy: bool) -> None:
        """A copy is being made or tried."""
        self.copy.rest(is_busy)
        self.try_copy.rest(is_busy)


class _Place(QWidget):
    """A lamp and its words."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.lamp = LampIcon(look, Shape.NONE)
        self.words = Label(look, "", Type.BODY, wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.px(Space.S3))
        row.addWidget(self.lamp, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)

    def show_place(self, shape: Shape, words: str) -> None:
        """Another state."""
        self.lamp.show_shape(shape)
        self.words.set_text(words)


def _act(section: ReconcileSection | CopiesSection, look: Look, act: str) -> Button:
    button = Button(look, look.say(f"act.{act}"))
    button.clicked.connect(lambda: section.acted.emit(act))
    return button


def _lay_out(section: QWidget, look: Look, title: str, lines: Sequence[QWidget], buttons: Sequence[Button]) -> None:
    column = QVBoxLayout(section)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(look.px(Space.S3))
    column.addWidget(Label(look, look.say(title), Type.TITLE))
    for line in lines:
        column.addWidget(line)
    row = QHBoxLayout()
    row.setSpacing(look.px(Space.S2))
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    column.addLayout(row)
