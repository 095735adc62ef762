"""A simulated register on a Штрих-М line: the driver's own frames and messages, turned round. No I/O.

Bytes go in through `receive`, and out come steps for whoever owns the line: bytes to send, seconds to wait. Link v1:
ENQ is answered with NAK (idle) or with ACK and the answer that nobody has acknowledged yet; a frame with ACK and then
its answer, a damaged one with NAK. The answer is kept until it is acknowledged or another frame comes; a power cut
forgets it. Link v2 (first byte 8F) is not spoken here: those bytes get no answer, as from a register that lacks it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime

from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import frame
from posapp.devices.simulator.faults import AFTER_COMMIT, BEFORE, Fault, Faults
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.rules import BAD_LENGTH

_ACK, _NAK = bytes((frame.ACK,)), bytes((frame.NAK,))


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes for the host."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that the register takes."""

    seconds: float


Step = Reply | Pause


class ShtrihLine:
    """One register behind one line. `commit` makes the printer's state durable; it runs before the answer is given."""

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
        self._asked = False
        self._pending: bytes | None = None
        self._buffer = frame.FrameBuffer()

    # --- the line

    def receive(self, data: bytes, now: datetime) -> Iterator[Step]:
        """What the register does with these bytes, in order. They may be any part of what the host sends."""
        if not self.is_on:
            return
        self._buffer.feed(data)
        just_answered = False
        while self.is_on and (piece := self._buffer.next()) is not None:
            if isinstance(piece, frame.Frame):
                yield from self._frame(piece.payload, now)
                just_answered = True
                continue
            # Some hosts send a frame and ENQ at once, and take our ACK of the frame for that of the ENQ.
            if not (just_answered and piece == frame.Control(frame.ENQ)):
                yield from self._control(piece)
            just_answered = False

    def forget_half_frame(self) -> None:
        """The host stopped in the middle of a frame (byte timeout), or its connection ended."""
        if self._buffer.mid_frame:
            self._buffer.clear()

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
        executed = yield from self._answer(payload, now, struck[BEFORE])
        if executed is None:
            return
        self._commit()
        answer = yield from self._after(executed, struck[AFTER_COMMIT])
        if answer is None:
            return
        self._pending = frame.encode(answer)
        sent = self._on_the_wire(self._pending, struck[BEFORE] + struck[AFTER_COMMIT])
        if sent:
            yield Reply(sent)

    # --- executing

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
        self._buffer.clear()
        self.printer.power_on()


def _code(payload: bytes) -> int:
    return int.from_bytes(payload[: 2 if payload[0] == 0xFF else 1], "big")


def _error(payload: bytes, error: int) -> bytes:
    return payload[: 2 if payload[0] == 0xFF else 1] + bytes((error & 0xFF,))
