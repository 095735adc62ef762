"""What a scenario may do to a register and may see of it, and what may strike a receipt: phase by phase, by the words
of the register's own line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

from posapp.devices.base import FiscalPrinter
from posapp.domain.fiscal import FiscalDocument, FiscalMark
from posapp.domain.receipt import Receipt
from posapp.domain.vat import VatRate
from posapp.errors import OutcomeUnknown, PosError, ProtocolError, Refused, Unreachable
from tests.conformance.lines import Lie, Line

Fault = dict[str, Any]
ENDS_TRIES = 20


class World(Protocol):
    """A register, simulated or real, and the driver that speaks to it."""

    printer: FiscalPrinter
    model: str
    link: str

    @property
    def ffd(self) -> str: ...
    @property
    def rates(self) -> frozenset[VatRate]: ...
    @property
    def line(self) -> Line | None: ...

    @property
    def sees_open(self) -> bool:
        """Whether the way can tell of a receipt that is open on the register."""
        ...

    def documents(self, after: int = 0) -> list[dict[str, Any]]:
        """What the storage holds beyond this number, as `/_sim/documents` tells it."""
        ...

    def tell(self, door: str, body: object) -> None:
        """The world changes: a POST to the control door. A real register has none: the test is skipped."""
        ...

    def tape(self) -> list[str]:
        """What was printed."""
        ...

    def code(self, opcode: str) -> tuple[str, int]:
        """The command that does here what `opcode` does on Штрих-М, and the how-manieth of a receipt it is."""
        ...

    def another_driver(self) -> FiscalPrinter:
        """A driver that knows nothing of the one before, which is closed."""
        ...

    def wrong_password(self) -> FiscalPrinter | None:
        """A driver that was set up with a wrong password; None where the way knows none."""
        ...


# ------------------------------------------------------------------------------------------------ what strikes


@dataclass(frozen=True)
class Strike:
    """One thing that goes wrong in the middle: faults of the register, a cable cut (opcode, nth, after it has left), or
    an answer that is another one's (opcode, what is made of it)."""

    name: str
    faults: tuple[Fault, ...] = ()
    cut: tuple[str, int, bool] | None = None
    lie: tuple[str, Lie] | None = None

    def on(self, world: World) -> None:
        """From now on."""
        if self.faults:
            world.tell("faults", list(self.faults))
        if world.line is not None and self.cut is not None:
            opcode, nth, sent = self.cut
            world.line.cut_at(opcode, nth=nth, sent=sent)
        if world.line is not None and self.lie is not None:
            world.line.lie_about(*self.lie)


def mend(world: World, strike: Strike | None = None) -> None:
    """Power, paper, plug: all in order again."""
    if world.line is not None:
        world.line.mend()
    if strike is None or strike.faults:
        world.tell("faults", [])
        world.tell("power", {"on": True})
        world.tell("paper", {"state": "ok"})


RECEIPT_PHASES = ("8D", "FF0C", "FF46", "89", "FF45", "FF0A", "FF40")
CLOSING = "FF45"
_TASK_STEPS = ("openReceipt", "registration", "closeReceipt")
_POST, _GET = "POST /api/v2/requests", "GET /api/v2/requests"
ITS_POST = 3
"""Which POST is the receipt's: the driver asks twice before, whether it may begin and who is there."""


def cable_strikes(world: World) -> list[Strike]:
    """The cable is pulled at every phase of a sale."""
    if world.line is not None:
        return [
            Strike(f"cable, {'after' if sent else 'before'} {code}", cut=(code, nth, sent))
            for code, nth in map(world.code, RECEIPT_PHASES)
            for sent in (False, True)
        ]
    inside = [_fault(f"cable, before {step}", step, "drop_command", "before") for step in _TASK_STEPS]
    ends = [
        _fault("cable, before the task", "sell", "drop_command", "before"),
        _fault("cable, after the task", "sell", "drop_reply", "after_commit"),
        _fault("cable, at the look", "getFnDocument", "drop_reply", "after_commit"),
    ]
    if world.link != "web":
        return inside + ends
    net = [
        _fault("net, before the POST", _POST, "drop_command", "before", nth=ITS_POST),
        _fault("net, after the POST", _POST, "drop_reply", "after_commit", nth=ITS_POST),
        _fault("net, every GET", _GET, "drop_reply", "after_commit", nth=ITS_POST, times=0),
    ]
    return inside + ends + net


def power_strikes(world: World) -> list[Strike]:
    """The power is lost at every phase of a sale."""
    if world.line is not None:
        return [
            _fault(f"power, {when} {code}", code, "power_off", when, nth=nth)
            for code, nth in map(world.code, RECEIPT_PHASES)
            for when in ("before", "after_commit")
        ]
    steps = [_fault(f"power, before {step}", step, "power_off", "before") for step in _TASK_STEPS]
    ends = [_fault(f"power, {when} the task", "sell", "power_off", when) for when in ("before", "after_commit")]
    return steps + ends


def answer_strikes(world: World) -> list[Strike]:
    """What may become of the answer to what closes, and of the command itself."""
    code, nth = world.code(CLOSING) if world.line is not None else ("sell", 1)
    errors = [_fault(f"error, {when}", code, "error", when, nth=nth, value=66) for when in ("before", "after_commit")]
    if world.line is None:
        if world.link == "library":
            misdeeds = [_fault(f"{do}, {when}", code, do, when) for do in ("crash", "garbage") for when in _WHEN]
            return errors + misdeeds
        posts = [_fault(f"POST answered 500, {when}", _POST, "error", when, nth=ITS_POST) for when in _WHEN]
        return [*errors, *posts, _fault("answer to the POST cut", _POST, "truncate", "after_commit", nth=ITS_POST)]
    spoilt = [
        _fault("command lost", code, "drop_command", "before", nth=nth),
        _fault("command damaged", code, "flip", "before", nth=nth, value=3),
        _fault("answer lost", code, "drop_reply", "after_commit", nth=nth),
        _fault("answer cut", code, "truncate", "after_commit", nth=nth, value=4),
        _fault("answer damaged", code, "flip", "after_commit", nth=nth, value=5),
        _fault("late", code, "delay", "before", nth=nth, value=0.3),
        _fault("late answer", code, "delay", "after_commit", nth=nth, value=0.3),
    ]
    if world.link == "wire":
        return [*errors, *spoilt, _fault("told later", code, "background", "before", nth=nth, value=0.2)]
    return errors + spoilt + [Strike(f"lie: {name}", lie=(CLOSING, lie)) for name, lie in _LIES.items()]


_WHEN = ("before", "after_commit")


def _number_moved(by: int) -> Lie:
    """FF45, error byte, change, then the number of the document, four bytes."""
    return lambda answer: answer[:8] + (int.from_bytes(answer[8:12], "little") + by).to_bytes(4, "little") + answer[12:]


_LIES: dict[str, Lie] = {
    "the document before": _number_moved(-1),
    "a document that is not there": _number_moved(1),
    "another sign": lambda answer: answer[:12] + bytes((answer[12] ^ 1,)) + answer[13:],
}


def paper_strikes(world: World) -> list[Strike]:
    """The paper ends in the middle: before it closes, and while it prints."""
    code, nth = world.code(CLOSING) if world.line is not None else ("sell", 1)
    return [_fault(f"paper, {when}", code, "paper_out", when, nth=nth) for when in _WHEN]


def left_open(world: World) -> Strike:
    """A program that goes just before it closes its receipt."""
    if world.line is None:
        return _fault("gone before the end", "closeReceipt", "drop_command", "before")
    code, nth = world.code(CLOSING)
    return Strike("gone before the end", cut=(code, nth, False))


def act_strikes(world: World, opcode: str, on_the_wire: str, task: str) -> list[Strike]:
    """The power and the cable at one command that moves or makes something by itself."""
    if world.line is None:
        struck = [("drop_command", "before"), ("drop_reply", "after_commit")]
        dark = [("power_off", "before"), ("power_off", "after_commit"), ("error", "after_commit")]
        return [_fault(f"{do}, {when} {task}", task, do, when) for do, when in struck + dark]
    code = on_the_wire if world.link == "wire" else opcode
    cables = [Strike(f"cable, {sent} {code}", cut=(code, 1, sent)) for sent in (False, True)]
    lost = [_fault(f"power, {when} {code}", code, "power_off", when) for when in _WHEN]
    lost += [_fault(f"answer to {code} lost", code, "drop_reply", "after_commit")]
    return [*cables, *lost, _fault(f"error after {code}", code, "error", "after_commit", value=0x50)]


def _fault(name: str, command: str, do: str, when: str, **more: Any) -> Strike:
    return Strike(name, ({"command": command, "do": do, "when": when, **more},))


# ------------------------------------------------------------------------------------------------ what the till does


@dataclass(frozen=True)
class Said:
    """What a driver has said of something that it was asked to do."""

    mark: FiscalMark | None = None
    error: PosError | None = None

    @property
    def is_not_made(self) -> bool:
        """It claims that nothing was made."""
        return isinstance(self.error, (Unreachable, Refused, ProtocolError))


def attempt(
    printer: FiscalPrinter, receipt: Receipt, request: str, strikes: Callable[[], None] = lambda: None
) -> tuple[Said, int]:
    """Prints it as the till does, struck from when it is sent on; what was said, and the last document before."""
    after = printer.last_document_number()
    printer.evidence_for(receipt)
    printer.format()
    strikes()
    try:
        return Said(printer.print_receipt(receipt, after, request=request)), after
    except (Unreachable, Refused, ProtocolError, OutcomeUnknown) as error:
        return Said(error=error), after


def done(act: Callable[[], object]) -> Said:
    """What is said of an act that is no receipt."""
    try:
        act()
    except (Unreachable, Refused, ProtocolError, OutcomeUnknown) as error:
        return Said(error=error)
    return Said()


def end(printer: FiscalPrinter, request: str) -> None:
    """Rules 6 and 9: nothing that was sent before can still run. The till asks again while it is told to wait."""
    for left in range(ENDS_TRIES, 0, -1):
        try:
            if printer.takes_requests and request:
                printer.end_request(request)
            printer.reset_link()
        except (Unreachable, Refused):
            if left == 1:
                raise
        else:
            return


def settle(printer: FiscalPrinter, receipt: Receipt, after: int, request: str) -> list[FiscalDocument]:
    """What the till does after a doubt: ends what may run, cancels what is like ours, reads what came after."""
    end(printer, request)
    opened = printer.open_document()
    if opened is not None and opened.is_like(receipt) and not opened.refused_ours:
        printer.cancel_open_document()
    return [each for each in printer.documents_after(after) if receipt.key in (each.stamp or "")]


def new_request() -> str:
    """A uuid for one attempt."""
    return str(uuid4())


def made_of(world: World, receipt: Receipt, after: int = 0) -> list[dict[str, Any]]:
    """The documents in the storage that carry its key, as the storage itself shows them."""
    return [each for each in world.documents(after) if each["key"] == receipt.key]


def closed_once(world: World, opcode: str = CLOSING) -> None:
    """The command that closes has left once at most (rule 4)."""
    if world.line is not None:
        code, _ = world.code(opcode)
        assert world.line.carried(code) <= 1, f"{code} was sent {world.line.carried(code)} times"


def each_one(strikes: list[Strike]) -> Iterator[Strike]:
    """The strikes in turn; an empty list would be a test of nothing."""
    assert strikes
    yield from strikes
