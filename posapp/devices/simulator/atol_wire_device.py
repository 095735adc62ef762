"""A simulated АТОЛ register behind its wire commands: what it remembers between two of them, and who answers which.

What a register must refuse, the one model refuses (`atol_acts.py`). The wire has of its own: modes (56h), tags that
come before their document, items between EAh and EBh, payments one by one. Commands that change something are handled
in `atol_wire_acts.py`, those that only look in `atol_wire_reads.py`; both register here. A command that nobody handles
is refused as unsupported (6Ch).

Nothing of it outlasts a power cut but what the model keeps: the items of an open receipt. Payments must be told again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from posapp.devices.atol import commands as a
from posapp.devices.simulator.atol_acts import Acts, Denied, Tenders
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.receipt import KIND_TAG

TAG_OF_KIND = {a.SELL: 1, a.SELL_RETURN: 2, a.BUY: 3, a.BUY_RETURN: 4}
"""Kind of 92h → tag 1054."""
KIND_OF_TAG = {tag: kind for kind, tag in TAG_OF_KIND.items()}

UNSUPPORTED, WRONG_MODE, BAD_PASSWORD, BAD_LENGTH, NO_DATA = 0x6C, 0x66, 0x8C, 0x14, 0xDA
SHIFT_CLOSED, SHIFT_EXPIRED, RECEIPT_CLOSED, RECEIPT_OPEN = 0x8F, 0x88, 0x9A, 0x9B


class Refused(Exception):
    """The register says no; `error` is the byte."""

    def __init__(self, error: int) -> None:
        super().__init__(f"{error:02X}h")
        self.error = error


@dataclass
class WireReceipt:
    """The open receipt as the wire has built it; the items of one that is no correction stand in the model."""

    kind: int
    """As in 92h."""
    is_correction: bool = False
    item_tags: list[bytes] | None = None
    """Tags between EAh and EBh; None outside."""
    payments: list[tuple[int, int]] = field(default_factory=list)
    rounding: int = 0
    tax_system: int = 0
    sum_kopecks: int = 0
    """Of a correction: what its items add up to. FFD 1.05 keeps the sum alone."""
    tags: list[bytes] = field(default_factory=list)
    """Of a correction, which is begun only when it is made."""
    taxes: dict[int, int] = field(default_factory=dict)

    @property
    def paid(self) -> int:
        """All payments together."""
        return sum(kopecks for _, kopecks in self.payments)

    def paid_by(self, kind: int) -> int:
        """The payments of one kind of 99h."""
        return sum(kopecks for each, kopecks in self.payments if each == kind)

    @property
    def tenders(self) -> Tenders:
        """The same as tags have them."""
        return Tenders(*(self.paid_by(kind) for kind in (a.CASH, a.CASHLESS, a.PREPAID, a.CREDIT, a.OTHER)))


class AtolDevice:
    """One register. `execute` gives the answer's bytes to a command's bytes."""

    def __init__(self, printer: Printer, access_password: int = 0) -> None:
        self.printer = printer
        self.access_password = access_password
        self.mode = a.CHOICE
        self.before: dict[int, bytes] = {}
        """Tags that wait for the next document, by number."""
        self.blocks: list[bytes] = []
        """What has come of a tag that is told in blocks."""
        self._receipt: WireReceipt | None = None
        self.reading: list[bytes] = []
        """What A4 46 still has to tell, the last first."""
        self.power_on()

    def power_on(self) -> None:
        """After a power cut."""
        self.before, self.blocks, self._receipt, self.reading = {}, [], None, []
        self.mode = a.REGISTRATION if self.printer.receipt is not None else a.CHOICE

    @property
    def receipt(self) -> WireReceipt | None:
        """The open receipt; one that another way into the register has left open is known by its kind alone."""
        opened = self.printer.receipt
        if self._receipt is not None and not self._receipt.is_correction and opened is None:
            self._receipt = None
        if self._receipt is None and opened is not None:
            self._receipt = WireReceipt(KIND_OF_TAG[KIND_TAG[opened.kind]])
        return self._receipt

    @receipt.setter
    def receipt(self, value: WireReceipt | None) -> None:
        self._receipt = value

    def execute(self, data: bytes, now: datetime) -> bytes:
        """The answer to a task's command: a refusal changes nothing of the documents."""
        try:
            if a.password_of(data) != self.access_password:
                return a.ErrorReply(BAD_PASSWORD).encode()
            command = a.decode_command(data)
        except a.Malformed:
            return a.ErrorReply(BAD_LENGTH).encode()
        handler = HANDLERS.get(type(command))
        if handler is None:
            return a.ErrorReply(UNSUPPORTED).encode()
        try:
            reply: a.Reply = handler(self, command, Acts(self.printer, now))
        except Refused as refused:
            return a.ErrorReply(refused.error).encode()
        except Denied as denied:
            return a.ErrorReply(denied.byte).encode()
        return reply.encode()

    # --- what several commands need

    def needs_mode(self, mode: int) -> None:
        """66h in another mode."""
        if self.mode != mode:
            raise Refused(WRONG_MODE)

    def needs_receipt(self) -> WireReceipt:
        """The open receipt; 9Ah without one."""
        if self.receipt is None:
            raise Refused(RECEIPT_CLOSED)
        return self.receipt

    def needs_no_receipt(self) -> None:
        """9Bh while one is open."""
        if self.receipt is not None:
            raise Refused(RECEIPT_OPEN)

    def needs_shift(self, acts: Acts) -> None:
        """8Fh without an open shift, 88h after 24 hours."""
        shift = self.printer.storage.shift
        if not shift.is_open:
            raise Refused(SHIFT_CLOSED)
        if shift.is_expired(acts.at):
            raise Refused(SHIFT_EXPIRED)

    def total(self, acts: Acts) -> int:
        """What is to be paid for the open receipt."""
        receipt = self.needs_receipt()
        return receipt.sum_kopecks if receipt.is_correction else acts.subtotal - receipt.rounding

    def left_and_change(self, acts: Acts) -> tuple[int, int]:
        """What is still to be paid, and the change."""
        paid, total = self.needs_receipt().paid, self.total(acts)
        return max(0, total - paid), max(0, paid - total)

    def take_before(self) -> list[bytes]:
        """The tags that waited for a document; they go into one only."""
        tags, self.before = list(self.before.values()), {}
        return tags


C = TypeVar("C", bound=a.AnyCommand)
Handler = Callable[[AtolDevice, Any, Acts], a.Reply]
HANDLERS: dict[type[Any], Handler] = {}
DONE = a.Done()


def handles(kind: type[C]) -> Callable[[Callable[[AtolDevice, C, Acts], a.Reply]], Handler]:
    """Registers the handler of a command."""

    def register(handler: Callable[[AtolDevice, C, Acts], a.Reply]) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register
