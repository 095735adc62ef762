"""The rules of a register: who may do what in which mode, and what it remembers. No I/O, no clock.

`Printer.execute` takes a command object and the time and gives the reply object; the commands themselves are handled
in `service.py` (the device), `selling.py` (receipts) and `fiscal.py` (shift and storage), which register here. Frames
and bytes are the business of `shtrih.py`, files that of `storage.py`.

Modes, submodes and error bytes follow the protocol 2.0 ("Режимы и подрежимы ККТ", "Коды ошибок").
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator import corrections, fiscal, marked, selling, service, tagging
from posapp.devices.simulator.checks import Marking
from posapp.devices.simulator.counters import Counters
from posapp.devices.simulator.documents import (
    CORRECTION,
    RECEIPT,
    STRICT_CORRECTION,
    STRICT_FORM,
    FiscalStorage,
    StorageRefusal,
)
from posapp.devices.simulator.identity import MODEL_NAME, Identity
from posapp.devices.simulator.receipt import OpenReceipt
from posapp.devices.simulator.registers import Registers
from posapp.devices.simulator.rules import (
    BUSY,
    CONTINUE,
    MODE_CLOSED,
    MODE_DATE,
    MODE_DOCUMENT,
    MODE_EXPIRED,
    MODE_OPEN,
    MODE_READING,
    NO_PAPER,
    NON_FISCAL,
    OUT,
    OUT_WHILE_PRINTING,
    PRINTING,
    READY,
    RECEIPT_OPEN,
    RULES,
    SHIFT_CLOSED,
    SHIFT_EXPIRED,
    UNSUPPORTED,
    WAITS_CONTINUE,
    WRONG_MODE,
    WRONG_PASSWORD,
    WRONG_SUBMODE,
    Call,
    Refuse,
    Rule,
)
from posapp.devices.simulator.tables import TableError, Tables, all_tables

HANDLED_IN = (corrections, fiscal, marked, selling, service, tagging)
"""The modules whose handlers are in RULES once they are imported."""

TAPE_LINES = 2000
FACTORY_EXCHANGE = (6, 100)
"""115 200 baud and 100 ms, coded as in 14h."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What models differ in. `refused_tags`: what FF0C answers with 33h; `opens_shift`: the first receipt does."""

    refused_tags: frozenset[int] = frozenset()
    opens_shift: bool = False
    has_counters: bool = True
    """Whether it tells money registers above 4095; older firmware answers 33h."""
    refused_correction_tags: frozenset[int] = frozenset()
    """What FF0C answers with 33h while a correction is open, on top of `refused_tags`."""
    makes_strict_forms: bool = False
    """Registered as АС БСО: its receipts are forms 4, its corrections 41 (БСО); nothing else differs."""
    knows_marking: bool = True
    """Whether it has FF61…FF70; other firmware answers 37h."""
    has_ofd_buffer: bool = True
    """Whether it has FF30…FF33, by which a host carries its messages to the OFD."""
    model: str = MODEL_NAME
    """What FCh answers. Models of the family «Нано» name some rates by other bytes."""


class Printer:
    """One register with its fiscal storage, which writes the format `ffd` for ever.

    `print_time` is how long it is busy after a command that prints.
    """

    def __init__(
        self,
        identity: Identity,
        registered_at: datetime,
        print_time: timedelta = timedelta(),
        ffd: Ffd = Ffd.V1_05,
    ) -> None:
        self.identity = identity
        self.storage = FiscalStorage(identity, ffd)
        self.tables = Tables(all_tables(_fiscal_texts(identity), ffd.value))
        self.registers = Registers()
        self.counters = Counters(self.storage)
        self.print_time = print_time
        self.traits = Traits()
        self.marking = Marking()
        self.receipt: OpenReceipt | None = None
        self.is_non_fiscal_open = False
        self.begun: tuple[int, list[bytes]] | None = None
        """Form and tags of a document begun by FF35, FF37, FF41 or FF42."""
        self.reading: list[bytes] | None = None
        self.clock_offset = timedelta()
        """How far 21h and 22h moved its clock."""
        self.world_offset = timedelta()
        """How far the whole world was moved (`/_sim/clock`), the storage's own timer included."""
        self.date_to_confirm: date | None = None
        self.ofd_answer: tuple[int, bytes] | None = None
        """How long the OFD's answer will be that the host writes, and what of it has come."""
        self.exchange = FACTORY_EXCHANGE
        """Codes of speed and byte time-out as 14h set them; the simulated line keeps its own pace."""
        self.paper = "ok"
        self.stuck = READY
        """OUT_WHILE_PRINTING or CONTINUE while an interrupted print waits."""
        self.busy_until: datetime | None = None
        self.is_paperless = False
        """While a command of an electronic receipt is executed: nothing is printed, no paper is needed."""
        self.tape: deque[str] = deque(maxlen=TAPE_LINES)
        self.storage.register(registered_at)

    # --- one command

    def execute(self, command: c.Command[Any] | c.UnknownCommand, now: datetime) -> c.Reply | c.ErrorReply:
        """The reply to a command that arrives at `now` (real local time). A refusal changes nothing."""
        at = self.clock(now)
        if not self.is_ofd_carried:
            self.storage.receive_tickets(at)
        if isinstance(command, c.UnknownCommand):
            return c.ErrorReply(command.code, UNSUPPORTED)
        rule = RULES.get(type(command))
        if rule is None:
            return c.ErrorReply(command.CODE, UNSUPPORTED)
        try:
            call = Call(self, command, at, self._operator(command, rule))
            self._check_mode(rule, at)
            if rule.prints:
                self._check_print(at)
            reply = rule.handler(call)
        except (Refuse, StorageRefusal, TableError) as refusal:
            return c.ErrorReply(command.CODE, refusal.code)
        if rule.takes_time and self.print_time and not self.is_paperless:
            self.busy_until = at + self.print_time
        return reply

    def _operator(self, command: c.Command[Any], rule: Rule) -> int:
        password = getattr(command, "password", None)
        if password is None:
            return 0
        operator = self.tables.operator(password)
        if operator is None or operator < rule.at_least:
            raise Refuse(WRONG_PASSWORD)
        return operator

    def _check_mode(self, rule: Rule, at: datetime) -> None:
        """While a document is read, and while the date waits, only commands that look are legal."""
        if not rule.always and self.mode(at) in (MODE_READING, MODE_DATE):
            raise Refuse(WRONG_MODE)

    def _check_print(self, at: datetime) -> None:
        refusals = {OUT: NO_PAPER, OUT_WHILE_PRINTING: WRONG_SUBMODE, CONTINUE: WAITS_CONTINUE, BUSY: PRINTING}
        code = refusals.get(self.submode(at))
        if code is not None and not (self.is_paperless and code == NO_PAPER):
            raise Refuse(code)

    def clock(self, now: datetime) -> datetime:
        """What its clock shows at `now`."""
        return now + self.world_offset + self.clock_offset

    # --- modes

    def mode(self, at: datetime) -> int:
        """The low half of the mode byte."""
        if self.reading is not None:
            return MODE_READING
        if self.date_to_confirm is not None:
            return MODE_DATE
        if self.receipt is not None or self.is_non_fiscal_open:
            return MODE_DOCUMENT
        if not self.storage.shift.is_open:
            return MODE_CLOSED
        return MODE_EXPIRED if self.storage.shift.is_expired(at) else MODE_OPEN

    def mode_byte(self, at: datetime) -> int:
        """The mode with, for an open document, its kind in the high half."""
        mode = self.mode(at)
        if mode != MODE_DOCUMENT:
            return mode
        return mode | (self.receipt.kind if self.receipt is not None else NON_FISCAL) << 4

    def submode(self, at: datetime) -> int:
        """0 ready, 1 no paper, 2 paper ended while printing, 3 waits for B0h, 5 prints."""
        if self.stuck:
            return self.stuck
        if self.paper != "ok":
            return OUT
        return BUSY if self.busy_until is not None and at < self.busy_until else READY

    def no_document(self) -> None:
        """Refuses with 4Ah while any document is open."""
        if self.receipt is not None or self.is_non_fiscal_open:
            raise Refuse(RECEIPT_OPEN)

    @property
    def is_ofd_carried(self) -> bool:
        """Whether its host carries messages to the OFD, and not the register itself (table 21 field 2)."""
        return self.tables.number(21, 1, 2) == 0

    def form_of(self, form: int) -> int:
        """The form that a receipt (3) or a correction (31) has on this register."""
        return {RECEIPT: STRICT_FORM, CORRECTION: STRICT_CORRECTION}[form] if self.traits.makes_strict_forms else form

    def open_shift_at(self, at: datetime) -> None:
        """Refuses without an open shift (3Dh), or when it is older than 24 hours (4Eh)."""
        if not self.storage.shift.is_open:
            raise Refuse(SHIFT_CLOSED)
        if self.storage.shift.is_expired(at):
            raise Refuse(SHIFT_EXPIRED)

    # --- the world around it

    def set_paper(self, state: str, now: datetime) -> None:
        """`ok`, `out`, `cover`. Taken away while it prints, the interrupted document waits for B0h afterwards."""
        if state not in ("ok", "out", "cover"):
            raise ValueError(f"paper is ok, out or cover, not {state!r}")
        if state == "ok":
            self.stuck = CONTINUE if self.stuck == OUT_WHILE_PRINTING else self.stuck
        elif self.submode(self.clock(now)) == BUSY:
            self.interrupt_print(state)
        self.paper = state

    def interrupt_print(self, state: str = "out") -> None:
        """The paper ends in the middle of the print that runs, or has just begun."""
        self.paper, self.stuck, self.busy_until = state, OUT_WHILE_PRINTING, None

    def power_on(self) -> None:
        """After a power cut: reading and printing are forgotten, the storage and an open receipt are not."""
        self.reading, self.busy_until, self.ofd_answer = None, None, None
        self.stuck = CONTINUE if self.stuck and self.paper == "ok" else self.stuck

    def print_lines(self, *lines: str) -> None:
        """What comes out of the printer."""
        if not self.is_paperless:
            self.tape.extend(lines)

    # --- what survives a restart

    def as_dict(self) -> dict[str, Any]:
        """Everything that changes except the documents, as JSON values."""
        return {
            "storage": self.storage.as_dict(),
            "tables": dict(self.tables.written),
            "money": {str(number): value for number, value in self.registers.money.items()},
            "counts": {str(number): value for number, value in self.registers.counts.items()},
            "receipt": self.receipt.as_dict() if self.receipt else None,
            "marking": self.marking.as_dict(),
            "non_fiscal": self.is_non_fiscal_open,
            "begun": [self.begun[0], [tlv.hex() for tlv in self.begun[1]]] if self.begun else None,
            "clock_offset_s": self.clock_offset.total_seconds(),
            "world_offset_s": self.world_offset.total_seconds(),
            "date_to_confirm": self.date_to_confirm.isoformat() if self.date_to_confirm else None,
            "exchange": list(self.exchange),
            "paper": self.paper,
            "stuck": self.stuck,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The reverse of `as_dict`; the documents must be in place already."""
        self.storage.restore(state["storage"])
        self.tables.written = dict(state["tables"])
        self.registers.money = {int(number): value for number, value in state["money"].items()}
        self.registers.counts = {int(number): value for number, value in state["counts"].items()}
        self.receipt = OpenReceipt.from_dict(state["receipt"]) if state["receipt"] else None
        self.marking = Marking.from_dict(state["marking"])
        self.is_non_fiscal_open = state["non_fiscal"]
        begun = state["begun"]
        self.begun = (begun[0], [bytes.fromhex(tlv) for tlv in begun[1]]) if begun else None
        self.clock_offset = timedelta(seconds=state["clock_offset_s"])
        self.world_offset = timedelta(seconds=state["world_offset_s"])
        waiting = state["date_to_confirm"]
        self.date_to_confirm = date.fromisoformat(waiting) if waiting else None
        speed, byte_timeout = state.get("exchange", FACTORY_EXCHANGE)
        self.exchange = speed, byte_timeout
        self.paper, self.stuck = state["paper"], state["stuck"]
        self.power_on()


def _fiscal_texts(who: Identity) -> dict[int, str]:
    """The read-only fields of table 18."""
    return {
        1: who.factory_number,
        2: who.inn,
        3: who.registration_number,
        4: who.storage_number,
        5: str(who.tax_systems),
        7: who.user,
        9: who.address,
        10: who.ofd_name,
        12: who.ofd_inn,
        13: "www.nalog.gov.ru",
        14: who.place,
        15: "chek@example.com",
    }
