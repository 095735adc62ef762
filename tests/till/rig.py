"""A simulated register at the end of a cable whose time is counted, not waited for.

The register, its storage, its link and its codec are the real ones of `posapp.devices.simulator`; only the wire is a
function call and the clock a number. A silence of ninety seconds costs nothing, so every fault can be tried on every
command. What `Cable` does is what a pseudo-terminal does; `tests/conformance` proves the same over real ports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from posapp.devices.flow import PortError
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.frame import STX
from posapp.devices.simulator import faults
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.shtrih import Pause, Reply, ShtrihLine, Step
from posapp.domain import ffd
from posapp.errors import Unreachable

BORN = datetime(2026, 11, 21, 9, 0)
PASSWORD = 30
PORT = "cable"
BYTE_TIMEOUT_S = 0.5
OWN_NUMBER = 10_012_345

Execute = Callable[[Any, datetime], c.Reply | c.ErrorReply]


class Killed(BaseException):
    """The till's process dies here; nothing may catch it."""


class Register:
    """A register on a virtual clock: what is done to it, who else talks to it, what it has made."""

    def __init__(self, number: int = OWN_NUMBER) -> None:
        self.now = BORN
        self.is_plugged = True
        self.killed_at: tuple[int, bool] | None = None
        self.written: list[int] = []
        """Opcodes of the frames that the till has written, in order."""
        self.line_s = 0.0
        """How long it prints a line, for a register that prints line by line and not the whole receipt at its end."""
        self._executed: list[Any] = []
        self._hooks: list[tuple[int, str, Callable[[], object]]] = []
        self._unreadable: set[int] = set()
        self._work: Iterator[Step] | None = None
        self._wakes_at = BORN
        self._inbox: list[bytes] = []
        self._outbox = bytearray()
        self.be(Printer(identity_of(number), BORN))

    def be(self, printer: Printer) -> None:
        """From now on this register stands at the end of the cable."""
        self.printer = printer
        self.line = ShtrihLine(printer, faults.Faults())
        self._execute: Execute = printer.execute
        printer.execute = self._with_others  # type: ignore[method-assign]

    # --- the world around it

    def fault(self, command: str, do: str, when: str = "before", **more: Any) -> None:
        """One fault, in place of those before."""
        self.faults([{"command": command, "do": do, "when": when, **more}])

    def faults(self, plan: list[dict[str, Any]]) -> None:
        """Faults as `/_sim/faults` takes them."""
        self.line.faults.replace(faults.parse(plan))

    def heal(self) -> None:
        """Power, cable and paper are right again, faults and hooks gone; the register has had time to finish."""
        self.line.faults.replace([])
        self._hooks.clear()
        self.killed_at = None
        self.is_plugged = True
        if not self.line.is_on:
            self.line.power_on()
        self.printer.set_paper("ok", self.now)
        self.advance(900.0)

    def readable_again(self, number: int) -> None:
        """The TLV of this document can be read."""
        self._unreadable.discard(number)

    def unplug(self) -> None:
        """Someone pulls the cable."""
        self.is_plugged = False

    def meanwhile(self, code: int, when: str, act: Callable[[], object]) -> None:
        """Once, just `before` or `after` the register executes the till's next command `code`."""
        self._hooks.append((code, when, act))

    def lose_tlv(self, *numbers: int) -> None:
        """These documents are in the archive: FF0A still knows them, FF3A does not."""
        self._unreadable |= set(numbers)

    def be_read_by_another(self, number: int) -> None:
        """Once, after the till's next FF3A, another program asks for document `number`."""

        def read() -> None:
            while not isinstance(self._execute(c.ReadDocument(PASSWORD), self.now), c.ErrorReply):
                continue  # as any program does that finds the register reading
            self.do(c.RequestDocument(PASSWORD, number))

        self.meanwhile(0xFF3A, "after", read)

    def foreign_shift_close(self) -> int:
        """Another program closes the shift; the report's number."""
        self.do(c.CloseShift(PASSWORD))
        return self.printer.storage.last_number

    def foreign_correction(self, kopecks: int) -> int:
        """Another program makes a correction receipt of a sale; its number."""
        self.do(c.BeginCorrection(PASSWORD))
        self.do(c.MakeShortCorrection(PASSWORD, kopecks, 1))
        return self.printer.storage.last_number

    def receipt_of_another_till(self) -> int:
        """Till 2 prints what this till printed last, letter by letter, under a stamp of its own; the document's number.

        Its document is as long as ours, so nothing but its content tells them apart.
        """
        begin = max(at for at, each in enumerate(self._executed) if isinstance(each, c.OpenReceipt))
        for command in self._executed[begin:]:
            if isinstance(command, c.SendDocumentTlv):
                self.do(c.SendDocumentTlv(PASSWORD, command.tlv.replace(b"1\xfa", b"2\xfa", 1)))
            elif isinstance(command, (c.OpenReceipt, c.Operation, c.CloseReceipt)):
                self.do(command)
        return self.printer.storage.last_number

    def _with_others(self, command: Any, now: datetime) -> c.Reply | c.ErrorReply:
        code = getattr(command, "CODE", 0)
        self._executed.append(command)
        self._run_hooks(code, "before")
        if isinstance(command, c.RequestDocument) and command.document_number in self._unreadable:
            return c.ErrorReply(command.CODE, 0x08)
        reply = self._execute(command, now)
        if isinstance(command, (c.OpenReceipt, c.Operation)) and not isinstance(reply, c.ErrorReply) and self.line_s:
            self.printer.busy_until = self.printer.clock(now) + timedelta(seconds=self.line_s)
        self._run_hooks(code, "after")
        return reply

    def _run_hooks(self, code: int, when: str) -> None:
        for hook in [each for each in self._hooks if each[:2] == (code, when)]:
            self._hooks.remove(hook)
            hook[2]()

    # --- the second program, on an interface of its own

    def do(self, command: c.Command[Any]) -> Any:
        """A command of another program. It must succeed."""
        reply = self._execute(command, self.now)
        assert not isinstance(reply, c.ErrorReply), f"{command} → {reply.error:02X}h"
        return reply

    def foreign_open(self, kopecks: int = 0, kind: int = 0) -> None:
        """Another program opens a receipt and, if told, puts a line into it."""
        self.do(c.OpenReceipt(PASSWORD, kind))
        if kopecks:
            self.do(_item(kopecks, kind))

    def foreign_close(self, kopecks: int, stamp: str = "") -> None:
        """Another program pays its open receipt in cash."""
        if stamp:
            self.do(c.SendDocumentTlv(PASSWORD, ffd.encode(1084, ((1085, "posapp"), (1086, stamp)))))
        self.do(c.CloseReceipt(PASSWORD, (kopecks, *(0,) * 15)))

    def do_cash_in(self, kopecks: int) -> None:
        """Another program puts money into the drawer."""
        self.do(c.CashIn(PASSWORD, kopecks))

    def foreign_receipt(self, kopecks: int, stamp: str = "") -> int:
        """Another program sells something; the document's number."""
        self.foreign_open(kopecks)
        self.foreign_close(kopecks, stamp)
        return self.printer.storage.last_number

    # --- what it has made

    @property
    def receipts(self) -> list[StoredDocument]:
        """Receipts in the storage."""
        return [each for each in self.printer.storage.documents if each.form == 3]

    def with_key(self, key: str) -> list[StoredDocument]:
        """Documents that carry the key."""
        return [each for each in self.receipts if each.key == key]

    @staticmethod
    def lines_of(document: StoredDocument) -> int:
        """How many items (1059) a receipt has."""
        return sum(each.tag == 1059 for each in ffd.decode(document.body))

    def count(self, code: int) -> int:
        """How often the till has written a command."""
        return self.written.count(code)

    # --- the cable

    def open_port(self) -> Cable:
        """What a driver opens. Raises Unreachable while the cable is out."""
        if not self.is_plugged:
            raise Unreachable("device_unreachable", port=PORT)
        self._outbox.clear()
        return Cable(self)

    def put(self, data: bytes) -> None:
        """Bytes from the till."""
        if not self.is_plugged:
            raise PortError("the cable is out")
        code = _code(data)
        if code is not None:
            self.written.append(code)
            if self.killed_at == (code, False):
                raise Killed
        self._inbox.append(data)
        self._pump()
        if code is not None and self.killed_at == (code, True):
            raise Killed

    def take(self, timeout_s: float) -> bytes | None:
        """What the register says within the time, which then has passed."""
        if not self.is_plugged:
            raise PortError("the cable is out")
        deadline = self.now + timedelta(seconds=timeout_s)
        while not self._outbox and self._work is not None and self._wakes_at <= deadline:
            self.now = max(self.now, self._wakes_at)
            self._pump()
        if self._outbox:
            data = bytes(self._outbox)
            self._outbox.clear()
            return data
        self.now = deadline
        if timeout_s >= BYTE_TIMEOUT_S:
            self.line.forget_half_frame()
        return None

    def advance(self, seconds: float) -> None:
        """Time passes; what the register was doing goes on."""
        until = self.now + timedelta(seconds=seconds)
        while self._work is not None and self._wakes_at <= until:
            self.now = max(self.now, self._wakes_at)
            self._pump()
        self.now = until

    def _pump(self) -> None:
        """Lets the register work until it waits for time or for bytes. While it works it hears nothing new."""
        while True:
            if self._work is None:
                if not self._inbox:
                    return
                self._work = self.line.receive(self._inbox.pop(0), self.now)
            elif self._wakes_at > self.now:
                return
            step = next(self._work, None)
            match step:
                case Reply(data):
                    self._outbox += data
                case Pause(seconds):
                    self._wakes_at = self.now + timedelta(seconds=seconds)
                case None:
                    self._work = None


class Cable:
    """A `Port`."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._is_open = True

    def write(self, data: bytes) -> None:
        if not self._is_open:
            raise PortError("closed")
        self._register.put(data)

    def read(self, timeout_s: float) -> bytes | None:
        if not self._is_open:
            raise PortError("closed")
        return self._register.take(timeout_s)

    def close(self) -> None:
        self._is_open = False


def driver_of(register: Register) -> ShtrihPrinter:
    """The real driver on the cable."""
    return ShtrihPrinter(register.open_port, PORT)


def _code(data: bytes) -> int | None:
    if data[:1] != bytes((STX,)):
        return None
    return int.from_bytes(data[2:4], "big") if data[2] == 0xFF else data[2]


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


def closed(printer: ShtrihPrinter) -> None:
    """Lets a driver go, whatever state it is in."""
    with suppress(PortError):
        printer.close()
