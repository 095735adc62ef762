"""A simulated register at the end of a cable whose time is counted, not waited for.

The register, its storage, its link and its codec are the real ones of `posapp.devices.simulator`; only the wire is a
function call and the clock a number. A silence of ninety seconds costs nothing, so every fault can be tried on every
command. What `Cable` does is what a pseudo-terminal does; `tests/conformance` proves the same over real ports.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from posapp.devices.flow import PortError
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import frame_v2
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.frame import STX
from posapp.devices.simulator import faults
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.shtrih import Pause, Reply, ShtrihLine, Step
from posapp.domain import ffd
from posapp.errors import Unreachable
from posapp.simulation.clock import BORN, Clock
from posapp.simulation.second_program import PASSWORD, SecondProgram

PORT = "cable"
BYTE_TIMEOUT_S = 0.5
OWN_NUMBER = 10_012_345
NOBODY, SECOND = "", "second program"

Execute = Callable[[Any, datetime], c.Reply | c.ErrorReply]
OnTheWire = Callable[[int, bytes], bytes]


class Killed(BaseException):
    """The till's process dies here; nothing may catch it."""


class Register(SecondProgram):
    """A register on a virtual clock: what is done to it, who else talks to it, what it has made."""

    def __init__(self, number: int = OWN_NUMBER, clock: Clock | None = None) -> None:
        self.clock = clock or Clock(BORN)
        self.is_plugged = True
        self.killed_at: tuple[int, bool] | None = None
        """The till dies at its next command with this opcode: before (False) or after (True) the register had it."""
        self.written: list[int] = []
        """Opcodes of the frames that the till has written, in order."""
        self.line_s = 0.0
        """How long it prints a line, for a register that prints line by line and not the whole receipt at its end."""
        self.answers: OnTheWire | None = None
        """What becomes of an answer (opcode, frame) on its way to the till."""
        self.plan = faults.Faults()
        """Faults of the line, as `/_sim/faults` takes them; they stay when another register is put there."""
        self.printers: list[Printer] = []
        """Every register that ever stood at the end of this cable."""
        self.authors: dict[tuple[str, int], str] = {}
        """Who made a document: (storage number, document number) → name of a till, or `SECOND`."""
        self.wire_sum = 0
        """A checksum of every byte that went over the cable."""
        self.speaker = NOBODY
        """Whose bytes the register works on; a late command runs on while another till speaks already."""
        self.opened_by = NOBODY
        """Whose the open receipt is."""
        self.trespasses: list[str] = []
        """Receipts of others that a till cancelled or closed."""
        self._executed: list[Any] = []
        self._hooks: list[tuple[int, str, Callable[[], object]]] = []
        self._unreadable: set[int] = set()
        self._ever_unreadable: set[tuple[str, int]] = set()
        self._work: Iterator[Step] | None = None
        self._code = 0
        self._wakes_at = self.clock.now
        self._inbox: list[tuple[bytes, str, int | None]] = []
        self._outbox = bytearray()
        self.be(Printer(identity_of(number), self.clock.now))

    @property
    def now(self) -> datetime:
        """This moment, naive local time."""
        return self.clock.now

    @now.setter
    def now(self, moment: datetime) -> None:
        self.clock.move_to(moment)

    def be(self, printer: Printer) -> None:
        """From now on this register stands at the end of the cable."""
        self.printer = printer
        self.line = ShtrihLine(printer, self.plan)
        if printer not in self.printers:
            self.printers.append(printer)
        self._execute: Execute = type(printer).execute.__get__(printer)
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
        self.answers = None
        self.is_plugged = True
        if not self.line.is_on:
            self.line.power_on()
        self.printer.set_paper("ok", self.now)
        self.advance(900.0)

    def readable_again(self, number: int) -> None:
        """The TLV of this document can be read."""
        self._unreadable.discard(number)

    @property
    def has_unreadable(self) -> bool:
        """Whether the tags of any document are gone now."""
        return bool(self._unreadable)

    def was_unreadable(self, place: tuple[str, int]) -> bool:
        """Whether the tags of this document have ever been gone."""
        return place in self._ever_unreadable

    def unplug(self) -> None:
        """Someone pulls the cable."""
        self.is_plugged = False

    def meanwhile(self, code: int, when: str, act: Callable[[], object]) -> None:
        """Once, just `before` or `after` the register executes the till's next command `code`."""
        self._hooks.append((code, when, act))

    def lose_tlv(self, *numbers: int) -> None:
        """These documents are in the archive: FF0A still knows them, FF3A does not."""
        self._unreadable |= set(numbers)
        storage = self.printer.storage.identity.storage_number
        self._ever_unreadable |= {(storage, number) for number in numbers}

    def be_read_by_another(self, number: int) -> None:
        """Once, after the till's next FF3A, another program asks for document `number`."""
        self.meanwhile(0xFF3A, "after", lambda: self.foreign_read(number))

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
        reply = self._made_by(self.speaker, command, now)
        if isinstance(command, (c.OpenReceipt, c.Operation)) and not isinstance(reply, c.ErrorReply) and self.line_s:
            self.printer.busy_until = self.printer.clock(now) + timedelta(seconds=self.line_s)
        self._run_hooks(code, "after")
        return reply

    def _apart(self, command: c.Command[Any]) -> c.Reply | c.ErrorReply:
        return self._made_by(SECOND, command, self.now)

    def _made_by(self, who: str, command: Any, now: datetime) -> c.Reply | c.ErrorReply:
        """Executes a command and notes whose document it made."""
        storage = self.printer.storage
        before, had_open = storage.last_number, self.printer.receipt
        reply = self._execute(command, now)
        if self.printer.receipt is not had_open:
            self._note_open(who, command)
        for number in range(before + 1, storage.last_number + 1):
            self.authors[storage.identity.storage_number, number] = who
        return reply

    def _note_open(self, who: str, command: Any) -> None:
        """A receipt was opened, closed or cancelled; cancelling or closing another's is a trespass."""
        if self.printer.receipt is not None:
            self.opened_by = who
            return
        if who not in (self.opened_by, SECOND):
            self.trespasses.append(f"касса {who} командой {command.CODE:02X}h тронула открытый чек: {self.opened_by}")
        self.opened_by = NOBODY

    def _run_hooks(self, code: int, when: str) -> None:
        for hook in [each for each in self._hooks if each[:2] == (code, when)]:
            self._hooks.remove(hook)
            hook[2]()

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

    def open_port(self, who: str = "till") -> Cable:
        """What a driver opens. Raises Unreachable while the cable is out."""
        if not self.is_plugged:
            raise Unreachable("device_unreachable", port=PORT)
        self._outbox.clear()
        return Cable(self, who)

    def put(self, data: bytes, who: str = "till") -> None:
        """Bytes from a till."""
        if not self.is_plugged:
            raise PortError("the cable is out")
        self.wire_sum = zlib.crc32(data, self.wire_sum)
        code = _code(data)
        if code is not None:
            self.written.append(code)
            if self.killed_at == (code, False):
                raise Killed
        self._inbox.append((data, who, code))
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
            self.wire_sum = zlib.crc32(data, self.wire_sum)
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
                data, self.speaker, code = self._inbox.pop(0)
                self._code = code or self._code
                self._work = self.line.receive(data, self.now)
            elif self._wakes_at > self.now:
                return
            step = next(self._work, None)
            match step:
                case Reply(data):
                    self._outbox += self._reply(data)
                case Pause(seconds):
                    self._wakes_at = self.now + timedelta(seconds=seconds)
                case None:
                    self._work = None

    def _reply(self, data: bytes) -> bytes:
        if self.answers is None or data[:1] != bytes((STX,)):
            return data
        return self.answers(self._code, data)


class Cable:
    """A `Port`; `who` is the till that holds its other end."""

    def __init__(self, register: Register, who: str) -> None:
        self._register = register
        self._who = who
        self._is_open = True

    def write(self, data: bytes) -> None:
        """Bytes to the register."""
        if not self._is_open:
            raise PortError("closed")
        self._register.put(data, self._who)

    def read(self, timeout_s: float) -> bytes | None:
        """Bytes from the register."""
        if not self._is_open:
            raise PortError("closed")
        return self._register.take(timeout_s)

    def close(self) -> None:
        """Lets go; what the register still does it does."""
        self._is_open = False


def driver_of(register: Register, who: str = "till") -> ShtrihPrinter:
    """The real driver on the cable."""
    return ShtrihPrinter(lambda: register.open_port(who), PORT)


def closed(printer: ShtrihPrinter) -> None:
    """Lets a driver go, whatever state it is in."""
    with suppress(PortError):
        printer.close()


def _code(data: bytes) -> int | None:
    """The opcode of the frame that was written, on either link; None for anything else."""
    if len(data) == 1:  # ENQ, ACK, NAK
        return None
    payload = data[2:-1] if data[:1] == bytes((STX,)) else _numbered(data)
    if len(payload) < 1 + (payload[:1] == b"\xff"):
        return None
    return int.from_bytes(payload[:2], "big") if payload[0] == 0xFF else payload[0]


def _numbered(data: bytes) -> bytes:
    buffer = frame_v2.FrameBuffer()
    buffer.feed(data)
    piece = buffer.next()
    return piece.payload if isinstance(piece, frame_v2.Numbered) else b""
