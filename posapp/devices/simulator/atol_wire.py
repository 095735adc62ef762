"""A simulated register on an АТОЛ line, protocol 3: the driver's own packets and messages, turned round. No I/O.

Bytes go in through `receive`, and out come steps for whoever owns the line. A damaged packet gets no answer. Every
request is answered under its own number; what the register sends unasked (A6, A7) has the number F0h.

The buffer of tasks is what makes a repeated question safe: a task that was added under a number (TID) is known until
the host acknowledges it or aborts all, whatever becomes of the connection meanwhile. Added once more under the same
number it is refused (B2) and never performed again; asked for, it is told what came of it (C3 → A3 with the answer,
A2 while it goes on). Only a power cut forgets tasks, and then B3 says "not known", which does not mean "not performed".

Faults may do two things more here: `hang_up` cuts the connection (before the command is performed, or after_commit with
the reply lost), `background` answers A2 and tells the result unasked `value` seconds later.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from posapp.devices.atol import commands as a
from posapp.devices.atol import frame
from posapp.devices.atol import task_layer as layer
from posapp.devices.atol.task_layer import Refusal, Result
from posapp.devices.simulator import atol_wire_acts, atol_wire_reads, faults
from posapp.devices.simulator.atol_wire_device import AtolDevice
from posapp.devices.simulator.faults import AFTER_COMMIT, BEFORE, Fault, Faults
from posapp.devices.simulator.line import HangUp, Pause, Reply, Step
from posapp.devices.simulator.printer import Printer

HANDLED_IN = (atol_wire_acts, atol_wire_reads)
"""The modules whose handlers are registered once they are imported."""
ACTIONS: Final = faults.ACTIONS | {"hang_up", "background"}
TASKS_MAX: Final = 64
GOES_ON: Final = frozenset((a.CloseShift.CODE, a.Report.CODE))
"""What is printed while the task goes on, where printing takes time: answered A2, then A6."""


@dataclass(slots=True)
class _Task:
    """One task; `answer` None while it is being performed."""

    answer: bytes | None = None

    def told(self) -> layer.Told:
        """What a question for it is answered."""
        return layer.Told(Result.IN_PROGRESS) if self.answer is None else layer.Told(Result.RESULT, self.answer)


class AtolLine:
    """One register behind one line. `commit` makes the printer's state durable; it runs before the answer is given."""

    actions = ACTIONS

    def __init__(
        self, printer: Printer, faults: Faults, commit: Callable[[], None] = lambda: None, access_password: int = 0
    ) -> None:
        self.printer = printer
        self.device = AtolDevice(printer, access_password)
        self.faults = faults
        self.is_on = True
        self._commit = commit
        self._buffer = frame.FrameBuffer()
        self._unheard: list[frame.Packet] = []
        self._tasks: dict[int, _Task] = {}
        self._connections = 0

    # --- the line

    def receive(self, data: bytes, now: datetime) -> Iterator[Step]:
        """What the register does with these bytes, in order. They may be any part of what the host sends."""
        if not self.is_on:
            return
        self._buffer.feed(data)
        while self.is_on and (packet := self._next_packet()) is not None:
            yield from self._answered(packet, now)

    def while_busy(self, data: bytes) -> bytes:
        """Questions for tasks are answered at once; everything else waits until the task that is performed has ended,
        an abort too: after it nothing may run any more."""
        self._buffer.feed(data)
        out = b""
        for piece in self._buffer:
            if not isinstance(piece, frame.Packet):
                continue
            try:
                request = layer.decode_request(piece.data)
            except a.Malformed:
                continue
            if isinstance(request, layer.Ask):
                out += frame.encode(piece.number, self._asked(request.tid).encode())
            else:
                self._unheard.append(piece)
        return out

    def before_answer(self, data: bytes) -> bytes:
        """Everything is still to be received."""
        return data

    def forget_half_frame(self) -> None:
        """The host stopped in the middle of a packet, or its connection ended."""
        self._buffer.clear()

    def new_connection(self) -> None:
        """Another host, or the same one again: the tasks are still there, what was to be sent to the old one is not."""
        self.forget_half_frame()
        self._connections += 1

    def _next_packet(self) -> frame.Packet | None:
        if self._unheard:
            return self._unheard.pop(0)
        while (piece := self._buffer.next()) is not None:
            if isinstance(piece, frame.Packet):
                return piece
        return None

    # --- the buffer of tasks

    def _answered(self, packet: frame.Packet, now: datetime) -> Iterator[Step]:
        try:
            request = layer.decode_request(packet.data)
        except a.Malformed:
            request = None
        match request:
            case layer.Add():
                yield from self._add(packet.number, request, now)
            case layer.Acknowledge(tid):
                known = self._tasks.pop(tid, None)
                yield self._reply(packet.number, layer.Told(Result.RESULT) if known else _NOT_FOUND)
            case layer.Ask(tid):
                yield self._reply(packet.number, self._asked(tid))
            case layer.Abort():
                self._tasks.clear()
                yield self._reply(packet.number, layer.Told(Result.RESULT))
            case _:  # what C5 carries is not known
                yield self._reply(packet.number, layer.Refused(Refusal.ILLEGAL_VALUE))

    def _asked(self, tid: int) -> layer.Response:
        task = self._tasks.get(tid)
        return _NOT_FOUND if task is None else task.told()

    @staticmethod
    def _reply(number: int, response: layer.Response) -> Reply:
        return Reply(frame.encode(number, response.encode()))

    def _add(self, number: int, asked: layer.Add, now: datetime) -> Iterator[Step]:
        struck = self.faults.strike(_code(asked.data))
        if _what(struck[BEFORE]) & {"drop_command", "truncate", "flip"}:
            return
        if asked.tid in self._tasks:
            yield self._reply(number, layer.Refused(Refusal.ALREADY_EXISTS))
            return
        if len(self._tasks) >= TASKS_MAX:
            yield self._reply(number, layer.Refused(Refusal.OVERFLOW))
            return
        if "hang_up" in _what(struck[BEFORE]):
            yield HangUp()
            return
        task = self._tasks[asked.tid] = _Task()
        connection, later_s = self._connections, self._background(asked.data, struck)
        answer = yield from self._performed(asked, now, struck)
        if answer is None:
            return
        if not later_s:
            self._ended(asked, task, answer)
            if connection == self._connections:
                yield from self._out(frame.encode(number, layer.Told(Result.RESULT, answer).encode()), struck)
            return
        yield self._reply(number, layer.Told(Result.IN_PROGRESS))
        yield Pause(later_s)
        self._ended(asked, task, answer)
        told = layer.TidTold(Result.ASYNC_RESULT, asked.tid, answer)
        yield from self._out(frame.encode(frame.UNASKED, told.encode()), struck)

    def _ended(self, asked: layer.Add, task: _Task, answer: bytes) -> None:
        """The task keeps its answer until it is acknowledged; one whose result nobody needs is forgotten."""
        task.answer = answer
        if not asked.flags & layer.TaskFlag.NEED_RESULT and self._tasks.get(asked.tid) is task:
            del self._tasks[asked.tid]

    def _background(self, data: bytes, struck: dict[str, list[Fault]]) -> float:
        """How long the task goes on behind an A2; 0 for one that is answered when it has ended."""
        for fault in (*struck[BEFORE], *struck[AFTER_COMMIT]):
            if fault.do == "background":
                return float(fault.value) or _SOON_S
        return self.printer.print_time.total_seconds() if _code(data) in GOES_ON else 0.0

    # --- performing

    def _performed(
        self, asked: layer.Add, now: datetime, struck: dict[str, list[Fault]]
    ) -> Generator[Step, None, bytes | None]:
        """Performs the command and makes it durable; its answer, None when the power went or the connection was cut."""
        answer = yield from self._before(asked.data, now, struck[BEFORE])
        if answer is None:
            return None
        self._commit()
        for fault in struck[AFTER_COMMIT]:
            match fault.do:
                case "delay":
                    yield Pause(float(fault.value))
                case "power_off":
                    self.power_off()
                    return None
                case "paper_out":
                    self.printer.interrupt_print()
                    self._commit()
                case "error":
                    answer = a.ErrorReply(int(fault.value) & 0xFF).encode()
        return answer

    def _before(self, data: bytes, now: datetime, struck: list[Fault]) -> Generator[Step, None, bytes | None]:
        for fault in struck:
            match fault.do:
                case "delay":
                    yield Pause(float(fault.value))
                case "power_off":
                    self.power_off()
                    return None
                case "paper_out":
                    self.printer.set_paper("out", now)
                case "error":
                    return a.ErrorReply(int(fault.value) & 0xFF).encode()
        return self.device.execute(data, now)

    def _out(self, whole: bytes, struck: dict[str, list[Fault]]) -> Iterator[Step]:
        """The answer's packet, or what the faults leave of it."""
        for fault in struck[AFTER_COMMIT]:
            match fault.do:
                case "drop_reply":
                    return
                case "hang_up":
                    yield HangUp()
                    return
                case "flip":
                    at = min(int(fault.value), len(whole) - 1)
                    whole = whole[:at] + bytes((whole[at] ^ 0x01,)) + whole[at + 1 :]
                case "truncate":
                    whole = whole[: int(fault.value)]
        if whole:
            yield Reply(whole)

    # --- power

    def power_off(self) -> None:
        """The register goes dark: no byte is answered."""
        self.is_on = False

    def power_on(self) -> None:
        """And comes back with its documents and without its tasks."""
        self.is_on = True
        self._buffer.clear()
        self._unheard.clear()
        self._tasks.clear()
        self.printer.power_on()
        self.device.power_on()


_NOT_FOUND = layer.Refused(Refusal.NOT_FOUND)
_SOON_S = 0.05


def _what(struck: list[Fault]) -> set[str]:
    return {fault.do for fault in struck}


def _code(data: bytes) -> int:
    """The opcode of a task's command, 0 without one."""
    return a.UnknownCommand(data[2:]).code if len(data) > 2 else 0
