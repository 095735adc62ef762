"""Another program beside the till on the same register: it sells, reads, closes the shift – on an interface of its own.

Its commands reach the register directly, whole, between any two commands of the till.
"""

from __future__ import annotations

from typing import Any

from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.printer import Printer
from posapp.domain import ffd
from posapp.simulation.clock import Clock

PASSWORD = 30


class SecondProgramRefused(Exception):
    """The register refused a command of the second program."""


class SecondProgram:
    """What a second program does to a register; `Register` is made of it."""

    printer: Printer
    clock: Clock

    def do(self, command: c.Command[Any]) -> Any:
        """A command of the second program. Raises SecondProgramRefused."""
        reply = self._apart(command)
        if isinstance(reply, c.ErrorReply):
            raise SecondProgramRefused(f"{command} → {reply.error:02X}h")
        return reply

    def _apart(self, command: c.Command[Any]) -> c.Reply | c.ErrorReply:
        """Executes a command that did not come through the till's cable."""
        raise NotImplementedError

    def foreign_open(self, kopecks: int = 0, kind: int = 0) -> None:
        """It opens a receipt and, if told, puts a line into it."""
        self.do(c.OpenReceipt(PASSWORD, kind))
        if kopecks:
            self.do(_item(kopecks, kind))

    def foreign_close(self, kopecks: int, stamp: str = "") -> None:
        """It pays its open receipt in cash."""
        if stamp:
            self.do(c.SendDocumentTlv(PASSWORD, ffd.encode(1084, ((1085, "posapp"), (1086, stamp)))))
        self.do(c.CloseReceipt(PASSWORD, (kopecks, *(0,) * 15)))

    def do_cash_in(self, kopecks: int) -> None:
        """It puts money into the drawer."""
        self.do(c.CashIn(PASSWORD, kopecks))

    def foreign_receipt(self, kopecks: int, stamp: str = "") -> int:
        """It sells something; the document's number."""
        self.foreign_open(kopecks)
        self.foreign_close(kopecks, stamp)
        return self.printer.storage.last_number

    def foreign_shift_close(self) -> int:
        """It closes the shift; the report's number."""
        self.do(c.CloseShift(PASSWORD))
        return self.printer.storage.last_number

    def foreign_correction(self, kopecks: int) -> int:
        """It makes a correction receipt of a sale; its number."""
        self.do(c.BeginCorrection(PASSWORD))
        self.do(c.MakeShortCorrection(PASSWORD, kopecks, 1))
        return self.printer.storage.last_number

    def foreign_cancel(self) -> None:
        """Someone cancels the receipt or the correction that is open, at the register itself."""
        is_receipt = self.printer.receipt is not None
        self.do(c.CancelReceipt(PASSWORD) if is_receipt else c.CancelStorageDocument(PASSWORD))

    def foreign_read(self, number: int) -> None:
        """It begins to read document `number` out of the archive and goes away in the middle."""
        while not isinstance(self._apart(c.ReadDocument(PASSWORD)), c.ErrorReply):
            continue  # as any program does that finds the register reading
        self.do(c.RequestDocument(PASSWORD, number))


def _item(kopecks: int, kind: int) -> c.Operation:
    return c.Operation(
        PASSWORD,
        kind={0: 1, 1: 3, 2: 2, 3: 4}[kind],
        quantity_micro=1_000_000,
        price_kopecks=kopecks,
        sum_kopecks=None,
        tax_kopecks=None,
        rate_byte=c.RATE_BYTE[11],
        department=1,
        payment_method=4,
        payment_object=1,
        name="Чужой товар",
    )
