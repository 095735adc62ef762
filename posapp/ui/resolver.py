"""The resolve desk at work: reads the cases, shows one at a time, writes down what is decided. No widgets here."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject

from posapp.lanes import Lanes
from posapp.till.views import Case, Choice, OrderView, Resolved
from posapp.ui.bridge import Bridge, Failure
from posapp.ui.desk import Desk
from posapp.ui.look import Look
from posapp.ui.resolve_screen import ResolveScreen
from posapp.ui.sounds import Sounds
from posapp.ui.trouble import Trouble, trouble_of


class Room(Protocol):
    """What the resolver asks of the window."""

    @property
    def desk_screen(self) -> ResolveScreen:
        """The screen, as it is now: another look has other widgets."""
        ...

    def case_decided(self, case: Case, choice: Choice, said: Trouble) -> None:
        """It is written down: selling may unlock, an order may be free again; `said` tells what came of it."""
        ...

    def no_case_left(self, last: Case | None) -> None:
        """Nothing waits any more; `last` is the case that was decided here, if one was."""
        ...


class Resolver(QObject):
    """One case and one decision at a time. `begun` is a case made from the order on the screen."""

    def __init__(self, room: Room, bridge: Bridge, desk: Desk, lanes: Lanes, look: Look, sounds: Sounds) -> None:
        super().__init__()
        self._room, self._bridge, self._desk, self._lanes = room, bridge, desk, lanes
        self._look, self._sounds = look, sounds
        self.cases: list[Case] = []
        self.is_deciding = False
        self._begun: Case | None = None
        self._at = 0
        self._reading = 0
        self._decided: Case | None = None

    @property
    def case(self) -> Case | None:
        """The one on the screen."""
        return self.cases[self._at] if self._at < len(self.cases) else None

    def open(self, begun: Case | None = None) -> None:
        """The desk comes into sight: what the register shows is read at once."""
        self._begun, self._decided = begun, None
        known = [case for case in self.cases if begun is None or case.key != begun.key]
        self.cases, self._at = ([begun] if begun is not None else []) + known, 0
        self._room.desk_screen.show_trouble(None)
        self.show_again()
        self.read()

    def show_again(self) -> None:
        """The case on the screen, on new widgets too."""
        screen = self._room.desk_screen
        screen.show_case(self.case, self._at + 1, len(self.cases))
        screen.reading(self._reading > 0)
        screen.side.busy(self.is_deciding)

    def turn(self, step: int) -> None:
        """The next case or the one before; they go round."""
        if self.cases and not self.is_deciding:
            self._at = (self._at + step) % len(self.cases)
            self._room.desk_screen.show_trouble(None)
            self.show_again()

    # ------------------------------------------------------------------ reading

    def read(self) -> None:
        """Lets the program prove what can be proven, and lists the rest."""
        self._reading += 1
        self._room.desk_screen.reading(True)
        language = self._look.say.language
        self._bridge.run(self._lanes.device, lambda: self._desk.cases(language), self._read, self._not_read)

    def _read(self, cases: list[Case]) -> None:
        self._reading -= 1
        shown = self.case
        begun = [self._begun] if self._begun is not None else []
        self.cases = begun + [case for case in cases if self._begun is None or case.key != self._begun.key]
        keys = [case.key for case in self.cases]
        if shown is not None and shown.key not in keys:
            self._tell_decided(shown)
        self._at = keys.index(shown.key) if shown is not None and shown.key in keys else 0
        self.show_again()
        if not self.cases and not self._reading and not self.is_deciding:
            self._room.no_case_left(self._decided)

    def _tell_decided(self, case: Case) -> None:
        """A case that was on the screen is gone without a person: what became of it."""
        self._decided = case

        def tell(view: OrderView | None) -> None:
            say, receipt = self._look.say, view.receipt if view is not None else None
            action = ""
            if receipt is not None and receipt.mark is not None:
                action = say("desk.itself_made", n=receipt.mark.document_number)
            elif receipt is not None:
                action = say("desk.itself_not_made")
            said = Trouble("ok", say("desk.itself", case=case.title), action, "")
            self._room.desk_screen.show_trouble(said)

        if case.order_number:
            self._bridge.run(
                self._lanes.journal, lambda: self._desk.find(case.order_number), tell, lambda _failure: tell(None)
            )
        else:
            tell(None)

    def _not_read(self, failure: Failure) -> None:
        self._reading -= 1
        self._room.desk_screen.show_trouble(trouble_of(failure, self._look.say))
        self.show_again()

    # ------------------------------------------------------------------ deciding

    def decide(self, choice_id: str, who: str, why: str, answers: dict[str, str]) -> None:
        """Writes the decision down. Called once for each deliberate act of a person."""
        case = self.case
        choice = next((each for each in case.choices if each.id == choice_id), None) if case is not None else None
        if case is None or choice is None or self.is_deciding:
            return
        self.is_deciding = True
        self._room.desk_screen.side.busy(True)
        language = self._look.say.language

        def done(resolved: Resolved) -> None:
            self._done(case, choice, who, resolved)

        self._bridge.run(
            self._lanes.device,
            lambda: self._desk.decide(case.key, choice_id, who, why, answers, language),
            done,
            self._not_decided,
        )

    def _done(self, case: Case, choice: Choice, who: str, resolved: Resolved) -> None:
        self.is_deciding = False
        self._decided = case
        if self._begun is not None and self._begun.key == case.key:
            self._begun = None
        self.cases = [each for each in self.cases if each.key != case.key]
        self._at = 0
        said = Trouble("ok", resolved.words, self._look.say("decided.noted", who=who), "")
        self._room.desk_screen.show_trouble(said)
        self.show_again()
        self._room.case_decided(case, choice, said)
        self.read()

    def _not_decided(self, failure: Failure) -> None:
        self.is_deciding = False
        self._sounds.play("person")
        screen = self._room.desk_screen
        screen.side.busy(False)
        screen.side.back()
        screen.show_trouble(trouble_of(failure, self._look.say))
        self.read()
