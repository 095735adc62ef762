"""A simulated register on a Штрих-М line: the driver's own frames and messages, turned round. No I/O.

Bytes go in through `receive`, and out come steps for whoever owns the line: bytes to send, seconds to wait. The first
byte after power-on, after 14h or of a new TCP connection chooses the link: 05 or 02 version 1, 8F version 2; it stays
until then, and the other link's bytes get no answer.

Link v1: ENQ is answered with NAK (idle), with ACK alone while an answer is being prepared, or with ACK and the answer
that nobody has acknowledged yet; a frame with ACK and then its answer, a damaged one with NAK. The answer is kept until
it is acknowledged or another frame comes.

Link v2: a frame is executed only under the number that follows the last executed one; under any other number, and for
"synchronise", the last answer is given once more, byte for byte. Damaged frames get no answer.

A power cut forgets answers and numbers of both.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from enum import Enum

from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import frame, frame_v2
from posapp.devices.simulator.faults import ACTIONS, AFTER_COMMIT, BEFORE, Fault, Faults
from posapp.devices.simulator.line import Pause as Pause  # noqa: PLC0414
from posapp.devices.simulator.line import Reply as Reply  # noqa: PLC0414
from posapp.devices.simulator.line import Step as Step  # noqa: PLC0414
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.rules import BAD_LENGTH

_ENQ, _ACK, _NAK = bytes((frame.ENQ,)), bytes((frame.ACK,)), bytes((frame.NAK,))
_SET_EXCHANGE = 0x14
_NO_ANSWER_YET = frame_v2.encode(frame_v2.Numbered(0, b""))


class _Link(Enum):
    """What the register listens to."""

    UNDECIDED = 0
    V1 = 1
    V2 = 2


class ShtrihLine:
    """One register behind one line. `commit` makes the printer's state durable; it runs before the answer is given."""

    actions = ACTIONS

    def __init__(
        self,
        printer: Printer,
        faults: Faults,
        commit: Callable[[], None] = lambda: None,
        strict_enq: bool = False,
    ) -> None:
        self.printer = printer
        self.faults = faults
        self.is_on = True
        self._commit = commit
        self._strict_enq = strict_enq
        self._link = _Link.UNDECIDED
        self._asked = False
        self._pending: bytes | None = None
        self._buffer = frame.FrameBuffer()
        self._unheard: list[frame.Piece] = []
        self._number, self._last = 0, _NO_ANSWER_YET
        self._numbered = frame_v2.FrameBuffer()
        self._was_v2 = False

    # --- the line

    def receive(self, data: bytes, now: datetime) -> Iterator[Step]:
        """What the register does with these bytes, in order. They may be any part of what the host sends."""
        if not self.is_on:
            return
        if self._link is _Link.UNDECIDED:
            data = self._choose(data)
        if self._link is _Link.V2:
            yield from self._receive_numbered(data, now)
        elif self._link is _Link.V1:
            yield from self._receive_acknowledged(data, now)

    def while_busy(self, data: bytes) -> bytes:
        """Bytes that come while an answer is being prepared: ENQ is answered at once, the rest is heard afterwards."""
        if self._link is not _Link.V1:
            self._numbered.feed(data)
            return b""
        self._buffer.feed(data)
        out = b""
        while (piece := self._buffer.next()) is not None:
            if piece == frame.Control(frame.ENQ):
                out += _ACK
            elif not isinstance(piece, frame.Control):
                self._unheard.append(piece)
        return out

    def before_answer(self, data: bytes) -> bytes:
        """Bytes that came before a single byte of the answer had left; what of them is still to be received.

        Some hosts send a frame and ENQ at once, and take our ACK of the frame for that of the ENQ.
        """
        is_asked_twice = self._link is _Link.V1 and self._pending is not None and data[:1] == _ENQ
        return data[1:] if is_asked_twice else data

    def forget_half_frame(self) -> None:
        """The host stopped in the middle of a frame (byte timeout), or its connection ended."""
        if self._buffer.mid_frame:
            self._buffer.clear()
        if self._numbered.mid_frame:
            self._numbered.clear()
            if not self._was_v2:  # the 8F was noise
                self._link = _Link.UNDECIDED

    def new_connection(self) -> None:
        """Another host may come over a carrier that knows connections, and choose its link; answers are kept."""
        self.forget_half_frame()
        self._choose_again()

    def _choose(self, data: bytes) -> bytes:
        """Takes the link that the first telling byte asks for; the bytes from there on."""
        for at, byte in enumerate(data):
            if byte in (frame.ENQ, frame.STX):
                self._link = _Link.V1
                return data[at:]
            if byte == frame_v2.START:
                self._link = _Link.V2
                return data[at:]
            if byte == frame.ACK:
                self._pending = None
        return b""

    def _choose_again(self) -> None:
        self._link, self._was_v2 = _Link.UNDECIDED, False

    # --- link v1

    def _receive_acknowledged(self, data: bytes, now: datetime) -> Iterator[Step]:
        self._buffer.feed(data)
        just_answered = False
        while self.is_on and (piece := self._next_piece()) is not None:
            if isinstance(piece, frame.Frame):
                yield from self._frame(piece.payload, now)
                just_answered = True
                continue
            if not (just_answered and piece == frame.Control(frame.ENQ)):  # see `before_answer`
                yield from self._control(piece)
            just_answered = False

    def _next_piece(self) -> frame.Piece | None:
        return self._unheard.pop(0) if self._unheard else self._buffer.next()

    def _control(self, piece: frame.Piece) -> Iterator[Step]:
        match piece:
            case frame.Control(frame.ENQ) if self._pending is not None:
                yield Reply(_ACK + self._pending)
            case frame.Control(frame.ENQ):
                self._asked = True
                yield Reply(_NAK)
            case frame.Control(frame.ACK):
                self._pending = None
            case frame.Damaged():
                yield Reply(_NAK)

    def _frame(self, payload: bytes, now: datetime) -> Iterator[Step]:
        if self._strict_enq and not self._asked:
            yield Reply(_NAK)
            return
        self._asked = False
        self._pending = None
        struck = self.faults.strike(_code(payload))
        spoilt = {fault.do for fault in struck[BEFORE]}
        if spoilt & {"drop_command", "truncate"}:
            return
        if "flip" in spoilt:
            yield Reply(_NAK)
            return
        yield Reply(_ACK)
        answer = yield from self._run(payload, now, struck)
        if answer is None:
            return
        self._pending = frame.encode(answer)
        yield from self._out(self._pending, struck)

    # --- link v2

    def _receive_numbered(self, data: bytes, now: datetime) -> Iterator[Step]:
        self._numbered.feed(data)
        while self.is_on and (piece := self._numbered.next()) is not None:
            self._was_v2 = True
            match piece:
                case frame_v2.Numbered(number, payload) if payload and number == (self._number + 1) & 0xFFFF:
                    yield from self._execute_numbered(number, payload, now)
                case _:
                    yield Reply(self._last)

    def _execute_numbered(self, number: int, payload: bytes, now: datetime) -> Iterator[Step]:
        struck = self.faults.strike(_code(payload))
        if {fault.do for fault in struck[BEFORE]} & {"drop_command", "truncate", "flip"}:
            return
        answer = yield from self._run(payload, now, struck)
        if answer is None:
            return
        self._number, self._last = number, frame_v2.encode(frame_v2.Numbered(number, answer))
        yield from self._out(self._last, struck)

    # --- executing

    def _run(
        self, payload: bytes, now: datetime, struck: dict[str, list[Fault]]
    ) -> Generator[Step, None, bytes | None]:
        """Executes the command and makes it durable; the answer's payload, None when the power went."""
        executed = yield from self._answer(payload, now, struck[BEFORE])
        if executed is None:
            return None
        self._commit()
        if executed[:2] == bytes((_SET_EXCHANGE, 0)):
            self._choose_again()
        return (yield from self._after(executed, struck[AFTER_COMMIT]))

    def _out(self, whole: bytes, struck: dict[str, list[Fault]]) -> Iterator[Step]:
        """The answer's frame, or what the faults leave of it."""
        sent = self._on_the_wire(whole, struck[BEFORE] + struck[AFTER_COMMIT])
        if sent:
            yield Reply(sent)

    def _answer(self, payload: bytes, now: datetime, before: list[Fault]) -> Generator[Step, None, bytes | None]:
        """Executes the command, unless a fault is in the way; the answer's payload, None when the power went."""
        for fault in before:
            match fault.do:
                case "delay":
                    yield Pause(float(fault.value))
                case "power_off":
                    self.power_off()
                    return None
                case "paper_out":
                    self.printer.set_paper("out", now)
                case "error":
                    return _error(payload, int(fault.value))
        try:
            command = c.decode_command(payload)
        except c.Malformed:
            return _error(payload, BAD_LENGTH)
        return self.printer.execute(command, now).encode()

    def _after(self, answer: bytes, after: list[Fault]) -> Generator[Step, None, bytes | None]:
        """What happens between the commit and the answer; None when the power went."""
        for fault in after:
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
                    answer = _error(answer, int(fault.value))
        return answer

    @staticmethod
    def _on_the_wire(whole: bytes, faults: list[Fault]) -> bytes:
        """What of the answer's frame reaches the host."""
        for fault in faults:
            match fault.do:
                case "drop_reply" | "drop_command":
                    return b""
                case "flip":
                    at = min(int(fault.value), len(whole) - 1)
                    whole = whole[:at] + bytes((whole[at] ^ 0x01,)) + whole[at + 1 :]
                case "truncate":
                    whole = whole[: int(fault.value)]
        return whole

    # --- power

    def power_off(self) -> None:
        """The register goes dark: no byte is answered."""
        self.is_on = False

    def power_on(self) -> None:
        """And comes back, without the answer that was pending."""
        self.is_on = True
        self._pending, self._asked = None, False
        self._number, self._last = 0, _NO_ANSWER_YET
        self._buffer.clear()
        self._unheard.clear()
        self._numbered.clear()
        self._choose_again()
        self.printer.power_on()


def _code(payload: bytes) -> int:
    return int.from_bytes(payload[: 2 if payload[0] == 0xFF else 1], "big")


def _error(payload: bytes, error: int) -> bytes:
    return payload[: 2 if payload[0] == 0xFF else 1] + bytes((error & 0xFF,))
