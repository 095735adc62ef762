"""A host of the АТОЛ line: it numbers its packets and tasks as drivers do, and hears what the register says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from posapp.devices.atol import commands as a
from posapp.devices.atol import frame
from posapp.devices.atol import task_layer as layer
from posapp.devices.simulator import faults
from posapp.devices.simulator.atol_wire import ACTIONS, AtolLine
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.faults import Faults
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.line import HangUp, Pause, Reply, Step
from posapp.devices.simulator.printer import Printer
from posapp.domain import ffd

BORN = datetime(2026, 11, 20, 9, 0)
R = TypeVar("R", bound=a.Reply)


class Host:
    """One connection after another to one register in memory; time stands still until it is moved."""

    def __init__(self, print_time: timedelta = timedelta()) -> None:
        self.printer = Printer(identity_of(10_012_345), BORN, print_time)
        self.line = AtolLine(self.printer, Faults())
        self.now = BORN + timedelta(minutes=1)
        self.number, self.tid = 0, 0
        self.steps: list[Step] = []

    def faults(self, *plan: dict[str, Any]) -> None:
        self.line.faults.replace(faults.parse(list(plan), actions=ACTIONS))

    def say(self, request: layer.Request) -> list[layer.Response]:
        """What is answered to one request, unasked results included; all steps are kept."""
        packet = frame.encode(self.number, request.encode())
        self.number = frame.next_number(self.number)
        self.steps = list(self.line.receive(packet, self.now))
        self.now += sum(
            (timedelta(seconds=step.seconds) for step in self.steps if isinstance(step, Pause)), timedelta()
        )
        return heard(self.steps)

    def add(self, command: a.AnyCommand | a.UnknownCommand, tid: int | None = None) -> list[layer.Response]:
        """Adds a task under the next number, or under this one."""
        if tid is None:
            self.tid = tid = self.tid + 1
        return self.say(layer.Add(layer.TaskFlag.NEED_RESULT, tid, command.encode()))

    def ask(self, tid: int | None = None) -> layer.Response:
        """What the register says of a task."""
        (response,) = self.say(layer.Ask(self.tid if tid is None else tid))
        return response

    def do(self, command: a.Command[R]) -> R | a.ErrorReply:
        """Performs a command as drivers do: add, take the result, acknowledge."""
        (told,) = self.add(command)
        assert isinstance(told, layer.Told)
        assert told.result is layer.Result.RESULT
        assert self.say(layer.Acknowledge(self.tid)) == [layer.Told(layer.Result.RESULT)]
        return command.decode_reply(told.data)

    def ok(self, command: a.Command[R]) -> R:
        reply = self.do(command)
        assert not isinstance(reply, a.ErrorReply), f"{command} → {reply.error:02X}h"
        return reply

    def refusal(self, command: a.AnyCommand) -> int:
        """The error byte; whatever is refused makes no document."""
        before = self.printer.storage.last_number
        reply = self.do(command)
        assert isinstance(reply, a.ErrorReply), f"{command} → {reply}"
        assert self.printer.storage.last_number == before
        return reply.error

    # --- short words

    def enter(self, mode: int) -> None:
        self.ok(a.LeaveMode())
        self.ok(a.EnterMode(mode))

    def open_shift(self) -> None:
        self.enter(a.REGISTRATION)
        self.ok(a.OpenShift())

    def tag(self, number: int, value: ffd.Value) -> None:
        self.ok(attribute(ffd.encode(number, value)))

    def begin(self, kopecks: int = 10_000, kind: int = a.SELL, **more: Any) -> None:
        """A receipt of one item that is not closed yet."""
        self.ok(a.OpenReceipt(0, kind))
        self.ok(a.BeginItem())
        self.ok(item(kopecks, **more))

    def sell(self, kopecks: int = 10_000) -> None:
        self.begin(kopecks)
        self.ok(a.Payment(0, a.CASH, kopecks))
        self.ok(a.CloseReceipt(0, a.CASH))

    @property
    def documents(self) -> list[StoredDocument]:
        return self.printer.storage.documents

    @property
    def receipts(self) -> int:
        return sum(document.kind is not None for document in self.documents)

    def value(self, *path: int) -> Any:
        """A tag of the last document."""
        entry = ffd.find(ffd.decode(self.documents[-1].body), *path)
        return None if entry is None else entry.value


def heard(steps: Sequence[Step]) -> list[layer.Response]:
    """The whole packets among these steps."""
    buffer = frame.FrameBuffer()
    for step in steps:
        if isinstance(step, Reply):
            buffer.feed(step.data)
    return [layer.decode_response(piece.data) for piece in buffer if isinstance(piece, frame.Packet)]


def is_cut(steps: Sequence[Step]) -> bool:
    return any(isinstance(step, HangUp) for step in steps)


def attribute(tlv: bytes, blocks: int = 1, block: int = 0) -> a.WriteAttribute:
    return a.WriteAttribute(1, blocks, block, tlv)


def item(kopecks: int = 10_000, **changed: Any) -> a.EndItem:
    """One piece at 20 % unless told otherwise."""
    fields: dict[str, Any] = {
        "flags": 0x0A,
        "price_kopecks": kopecks,
        "quantity_milli": 1000,
        "sum_kopecks": kopecks,
        "rate": 1,
        "tax_kopecks": 0,
        "section": 0,
        "payment_object": 1,
        "payment_method": 4,
        "discount_sign": 0,
        "discount_kopecks": 0,
        "reserved": 0,
        "name": "Молоко",
    }
    return a.EndItem(**{**fields, **changed})
