"""One simulated world: tills, registers, a portal, a clock – and a plan that is played in it, step by step.

After every step the invariants are checked. Whatever happens is written to `trace`: the same plan gives the same trace,
byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from posapp.devices.simulator import faults as register_faults
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.errors import PosError
from posapp.simulation import acts, founding, invariants
from posapp.simulation.clock import Clock
from posapp.simulation.event import Event
from posapp.simulation.ledger import PERSON, Ledger
from posapp.simulation.plan import Plan
from posapp.simulation.register import Killed, Register
from posapp.simulation.seat import Seat
from posapp.simulation.second_program import SecondProgramRefused
from posapp.simulation.violation import Violation
from posapp.simulation.wire import Wire
from posapp.sync.simulator.faults import read_faults
from posapp.till.context import Till

T = TypeVar("T")
OK, KILLED = "ok", "killed"


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller was told: `code` is `ok`, `killed`, or the code of the error."""

    code: str
    value: Any = None
    error: PosError | None = None

    @property
    def is_ok(self) -> bool:
        """Whether it was done."""
        return self.code == OK


@dataclass
class _Armed:
    """A fault that waits in the simulated register or, without one, in the simulated portal."""

    name: str
    register: Register | None
    fault: Any  # of the register's or of the portal's simulator; both count what they have `seen`
    is_counted: bool = False


class World:
    """A plan being played in `folder`."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.clock = Clock()
        self.slip_s = 0.0
        self.step = 0
        self.day = 0
        self.trace: list[str] = []
        self._said: list[str] = []
        self.fault_counts: Counter[str] = Counter()
        self.faults_of_day: Counter[int] = Counter()
        self.told_counts: Counter[str] = Counter()
        self.portal_seed = plan.seed % 100_000
        self.portal = founding.portal(self)
        self.ledger = Ledger(self.portal.shop)
        self.registers: list[Register] = founding.registers(self)
        self.claims = founding.claims(self)
        self._own = {id(each): each.printer for each in self.registers}
        self._ids = 0
        self._spares = 0
        self._armed: list[_Armed] = []
        self._foreign: dict[int, object] = {}
        self._waiting: list[tuple[str, Callable[[], bool]]] = []
        self._endings: list[Callable[[], object]] = []
        self._between: list[tuple[float, Callable[[], object]]] = []
        self._once: set[int] = set()
        self.wires = {id(each): Wire(self.fired) for each in self.registers}
        for each in self.registers:
            each.answers = self.wires[id(each)]
        self.seats: list[Seat] = founding.seats(self)
        self.acting: Seat | None = None
        """The till at which somebody does something at this moment."""
        self.judge = invariants.Judge(self)

    # --- playing

    def play(self) -> None:
        """The whole plan. Raises Violation."""
        for event in self.plan.events:
            self.play_one(event)

    def play_one(self, event: Event) -> None:
        """One event and the checks after it."""
        self.clock.move_to_second(event.at + self.slip_s)
        self.step += 1
        self.day = event.args.get("day", self.day)
        self._said.clear()
        self._do_between(self.clock.seconds())
        outcome = "?"
        try:
            outcome = acts.ACTS[event.what](self, event)
        finally:
            said = " ".join(self._said)
            self.trace.append(f"{self.clock.seconds():.3f} {event.as_json()} → {outcome} [{said}] {self._sums()}")
        self._note_fired()
        self.judge.after_step()

    def _sums(self) -> str:
        wires = [f"{each.wire_sum:08x}" for each in self.registers]
        return " ".join([*wires, *(f"{seat.line.wire_sum:08x}" for seat in self.seats)])

    def close(self) -> None:
        """Lets go of everything."""
        self.judge.close()
        for seat in self.seats:
            seat.stop()
        if self.claims is not None:
            self.claims.close()

    # --- people use programs

    def attempt(self, seat: Seat, act: Callable[[Till], T]) -> Told:
        """Somebody does something at a till; the program is started when it does not run. What they are told."""
        self.acting = seat
        try:
            told = Told(OK, act(seat.start()))
        except Killed:
            self.died(seat)
            told = Told(KILLED)
        except PosError as error:
            told = Told(error.code, error=error)
        finally:
            self.acting = None
        self.told_counts[told.code] += 1
        self._said.append(f"{seat.name}:{told.code}")
        return told

    def died(self, seat: Seat) -> None:
        """The process of a till is gone."""
        seat.register.killed_at = None
        seat.die()
        self.judge.file_replaced(seat)

    def new_id(self) -> UUID:
        """The next identity; none is ever given twice in a world, nor in two worlds of a run."""
        self._ids += 1
        return UUID(int=(7 << 76) | (self.plan.seed & 0xFFFFFFFF) << 32 | self._ids)

    # --- what faults use

    def fired(self, name: str) -> None:
        """A fault has happened."""
        self.fault_counts[name] += 1
        self.faults_of_day[self.day] += 1

    def fired_once(self, name: str, thing: object) -> None:
        """A fault that may happen many times counts once."""
        if id(thing) not in self._once:
            self._once.add(id(thing))
            self.fired(name)

    def lasts(self, name: str, seconds: float, end: Callable[[], object]) -> None:
        """A trouble has begun and ends by itself after a while, or when everything is healed."""
        self.fired(name)
        self._ends_after(seconds, end)

    def _ends_after(self, seconds: float, end: Callable[[], object]) -> None:
        is_over: list[bool] = []

        def once() -> None:
            if not is_over:
                is_over.append(True)
                end()

        self.clock.after(seconds, once)
        self._endings.append(once)

    def at_healing(self, end: Callable[[], object]) -> None:
        """To be done when everything is healed."""
        self._endings.append(end)

    def between_steps(self, seconds: float, act: Callable[[], object]) -> None:
        """To be done between two steps, so much later, or in the evening when everything is put in order."""
        self._between.append((self.clock.seconds() + seconds, act))

    def _do_between(self, until: float) -> None:
        due = [each for each in self._between if each[0] <= until]
        self._between = [each for each in self._between if each[0] > until]
        for _, act in due:
            act()

    def counts_as(self, name: str, has_happened: Callable[[], bool]) -> None:
        """A fault that is armed somewhere else counts when this is so."""
        self._waiting.append((name, has_happened))

    def arm_command(self, name: str, register: Register, fault: dict[str, Any]) -> None:
        """A fault of the simulated register waits for its command."""
        (parsed,) = register_faults.parse([fault])
        self._armed.append(_Armed(name, register, parsed))
        register.plan.replace([each.fault for each in self._armed if each.register is register])

    def arm_request(self, name: str, fault: dict[str, Any]) -> None:
        """A fault of the simulated portal waits for its call."""
        (parsed,) = read_faults([fault]).faults
        self._armed.append(_Armed(name, None, parsed))
        self.portal.faults.faults.append(parsed)

    def meanwhile(self, register: Register, code: int, when: str, act: Callable[[], object]) -> None:
        """Something happens just before or after the register executes the next command `code` of a till."""
        register.meanwhile(code, when, act)

    def when_dark(self, register: Register, seconds: float) -> None:
        """When the register has lost its power, somebody switches it on so much later."""

        def is_dark() -> bool:
            if register.line.is_on:
                return False
            self._ends_after(seconds, lambda: self.power_on(register))
            return True

        self._waiting.append(("", is_dark))

    def power_on(self, register: Register) -> None:
        """Somebody switches a register on."""
        if not register.line.is_on:
            register.line.power_on()

    def time_jumps(self, seconds: float) -> None:
        """Much time passes at once; the rest of the plan comes that much later."""
        self.slip_s += seconds
        self.clock.advance(seconds)

    def own_printer(self, register: Register) -> Printer:
        """The register that belongs at the end of this cable."""
        return self._own[id(register)]

    def spare_printer(self, register: Register) -> Printer:
        """Another register."""
        self._spares += 1
        return Printer(identity_of(90_000 + self._spares), self.clock.now)

    def spare_storage(self, register: Register) -> Printer:
        """The same register with another, new fiscal storage."""
        self._spares += 1
        own = self.own_printer(register).identity
        number = f"{own.storage_number[:8]}{self._spares:02d}{own.storage_number[10:]}"
        return Printer(replace(own, storage_number=number), self.clock.now)

    def foreign_receipt_opens(self, register: Register) -> None:
        """The receipt that is open now is the second program's."""
        self._foreign[id(register)] = register.printer.receipt

    def foreign_receipt_ends(self, register: Register, *, is_closed: bool) -> None:
        """The people of the second program finish what they have open, or cancel it."""
        receipt = register.printer.receipt
        if receipt is None or receipt is not self._foreign.get(id(register)):
            return
        with suppress(SecondProgramRefused):
            if is_closed and receipt.total_kopecks:
                register.foreign_close(receipt.total_kopecks)
            else:
                register.foreign_cancel()

    def _note_fired(self) -> None:
        for armed in list(self._armed):
            fault = armed.fault
            if fault.seen >= fault.nth and not armed.is_counted:
                armed.is_counted = True
                self.fired(armed.name)
            if fault.seen >= fault.nth + fault.times - 1:
                self._armed.remove(armed)
        for waiting in list(self._waiting):
            if waiting[1]():
                self._waiting.remove(waiting)
                if waiting[0]:
                    self.fired(waiting[0])

    # --- the end of troubles

    def heal(self) -> None:
        """Everything is in order again, and the registers have had time to finish what they were at."""
        self._note_fired()
        self.clock.forget_timers()
        self._do_between(float("inf"))
        for end in self._endings:
            end()
        for each in (self._endings, self._armed, self._waiting):
            each.clear()
        self.portal.faults.faults = []
        for seat in self.seats:
            seat.disk.heal()
            if seat.gateway is not None:
                seat.gateway.is_up, seat.gateway.loses_answers, seat.gateway.killed_at = True, 0, None
            seat.line.is_up, seat.line.killed_at, seat.line.late, seat.line.stale = True, None, None, None
        for register in self.registers:
            self.wires[id(register)].heal()
            register.heal()
            register.answers = self.wires[id(register)]
            self.foreign_receipt_ends(register, is_closed=False)
        self.ledger.look(PERSON)

    def violated(self, what: str) -> Violation:
        """A violation with its place in words."""
        return Violation(what)
