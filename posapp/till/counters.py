"""After every document: do our sums and the register's counters say the same? If not, nothing more is sold there.

The last agreement is a fact of the journal: up to which document, and what the storage had counted then. What came
after it – our receipts by their marks, those of others as they were read (rule 11) – is added, and the sum compared
with the counters now. So one look costs the counters of the kinds that have moved, and never grows with the day.

It costs a sale nothing: the look is taken when the receipt is out (`settle`), at the latest before the next one begins
(`ready`). What cannot be compared is said and never stops anybody: a shift that was begun before this till saw
the register, a program that prints while we read, firmware that does not tell. A difference stops selling on this
register until it is gone or a person has decided (`accept`), with both figures in the audit log.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace

from posapp.devices.base import PrinterStatus
from posapp.domain.fiscal import FiscalDocument, ReceiptKind
from posapp.errors import PosError, Refused, ResolveNeeded
from posapp.journal.period import receipts_of_documents
from posapp.till import audit, counter_fact, recover, register, shift_opening
from posapp.till.context import Till
from posapp.till.counter_check import CORRECTIONS, RECEIPTS, Figure, Made, Sums, counted, differing

log = logging.getLogger(__name__)

GAPS_MAX = 50
"""So many documents that no table knows are looked up before a difference is believed."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison. `figures` differ; `why` says why nothing could be compared: a word of WORDS, else "".

    `others` counts the documents of other programs and tills among those that were compared.
    """

    shift: int
    document: int
    figures: tuple[Figure, ...] = ()
    why: str = ""
    others: int = 0

    @property
    def agrees(self) -> bool:
        """Everything was compared and nothing differs."""
        return not self.figures and not self.why

    def text(self, language: str = "ru") -> str:
        """One line for people."""
        english = language == "en"
        if self.figures:
            return "; ".join(each.text(language) for each in self.figures)
        if self.why:
            words = WORDS[self.why][english]
            return f"cannot be compared: {words}" if english else f"сравнить нельзя: {words}"
        beside = (f", {self.others} by others" if english else f", из них чужих {self.others}") if self.others else ""
        return (
            f"journal and register agree up to FD {self.document}{beside}"
            if english
            else f"журнал и ККТ сходятся до ФД {self.document}{beside}"
        )

    def as_json(self) -> dict[str, object]:
        """`counters` of the commands of the shift."""
        return {
            "agrees": self.agrees,
            "shift": self.shift,
            "document": self.document,
            "differences": [each.as_json() for each in self.figures],
            "not_compared": self.why or None,
            "others": self.others,
        }


WORDS = {
    "closed": ("смена закрыта", "the shift is closed"),
    "open_document": ("на ККТ открыт чек", "a receipt is open on the register"),
    "begun_before": (
        "смену начали до того, как касса увидела эту ККТ; считаем с этого места",
        "the shift was begun before this till saw the register; we count from here",
    ),
    "others_print": ("другая программа печатает прямо сейчас", "another program is printing right now"),
    "no_counters": ("прошивка ККТ не сообщает счётчики", "the firmware does not tell its counters"),
    "unreadable": ("документ другой программы не читается", "a document of another program cannot be read"),
}


@dataclass(frozen=True, slots=True)
class _Base:
    """The last agreement."""

    storage: str
    shift: int
    document: int
    sums: Sums | None  # None where the firmware does not tell

    def text(self) -> str:
        body = {"storage": self.storage, "shift": self.shift, "document": self.document}
        return json.dumps({**body, "sums": None if self.sums is None else self.sums.as_json()})

    @classmethod
    def read(cls, stored: str | None) -> _Base | None:
        if not stored:
            return None
        row = json.loads(stored)
        sums = None if row["sums"] is None else Sums.from_json(row["sums"])
        return cls(row["storage"], row["shift"], row["document"], sums)


# ------------------------------------------------------------------------------------------------ occasions
def settle(till: Till) -> Compared | None:
    """After a document, when it is out: compares what has moved; None when nothing has. Never raises.

    What goes wrong here is looked at again before the next receipt, and told then.
    """
    try:
        till.printer.connect()
        return _if_moved(till, till.printer.status())
    except PosError as error:
        log.warning("counters: %s", error)
        return None


def ready(till: Till, status: PrinterStatus) -> PrinterStatus:
    """The register may print a receipt now: it is ready, and the document before was compared.

    Raises what `register.require_ready` raises, ResolveNeeded `counters_differ`.
    """
    looked = register.require_ready(till, status)
    _if_moved(till, looked)
    counter_fact.refuse(till)
    return looked


def look(till: Till) -> Compared | None:
    """`compare` where it must stop nothing: None when the register could not be read."""
    try:
        return compare(till)
    except PosError as error:
        log.warning("counters: %s", error)
        return None


def last_sums(till: Till, status: PrinterStatus) -> Sums | None:
    """What the register counted in this shift up to its last document, as it was read a moment ago; None if not."""
    base, row = _base(till), counter_fact.read(till)
    here = (till.identity.storage_number, status.shift.number, status.last_document)
    if base is not None and (base.storage, base.shift, base.document) == here and row is None:
        return base.sums
    try:
        return _read(till, None)
    except PosError as error:
        log.warning("counters: %s", error)
        return None


def compare(till: Till) -> Compared:
    """Everything that the storage counts, now; for a person, and at the ends of a shift. Raises DeviceError."""
    till.printer.connect()
    return _compare(till, till.printer.status(), None)


def accept(till: Till, why: str) -> Compared:
    """A person has compared both figures and answers for the register's: selling goes on from them.

    Raises Refused `counters_agree` when there is nothing to decide, ResolveNeeded `why_needed` without a reason.
    """
    row = counter_fact.read(till)
    if row is None:
        raise Refused("counters_agree")
    if not why.strip():
        raise ResolveNeeded("why_needed")
    register.refuse_other_device(till)
    status = till.printer.status()
    recover.watch(till, status.last_document)
    sums = _read(till, None)
    if _has_moved(till, status):
        raise Refused("device_busy")
    facts = {"shift": row["shift"], "document": status.last_document, "differences": row["ru"]}
    decision = audit.decided(till, "counters.accepted", till.identity.factory_number, why, **facts)
    base = _Base(till.identity.storage_number, status.shift.number, status.last_document, sums)
    till.journal.set_facts({_name(till): base.text(), counter_fact.name(till): ""}, decision=decision)
    return Compared(status.shift.number, status.last_document)


# ------------------------------------------------------------------------------------------------ one comparison
def _if_moved(till: Till, status: PrinterStatus) -> Compared | None:
    base = _base(till)
    here = (till.identity.storage_number, status.shift.number, status.last_document)
    if base is not None and (base.storage, base.shift, base.document) == here:
        return None
    return _compare(till, status, base)


def _compare(till: Till, status: PrinterStatus, only_since: _Base | None) -> Compared:
    """Compares and keeps what came of it. `only_since`: only the kinds that have moved since then are read."""
    shift, last = status.shift.number, status.last_document
    if not (status.shift.is_open or status.shift.is_expired):
        return Compared(shift, last, why="closed")
    if status.has_open_document:
        return Compared(shift, last, why="open_document")
    recover.watch(till, last)
    base = _base_for(till, shift)
    if base is None or base.sums is None:
        return _begin(till, status, "begun_before")
    made = _made(till, base.document, last)
    if made is None:
        return _begin(till, status, "unreadable")
    try:
        now = _read(till, made.kinds if only_since is not None else None)
        is_torn = _has_moved(till, status)
        if not is_torn and differing(base.sums, made, now):
            made, now = _with_gaps(till, base.document, last, made), _read(till, None)  # believed when seen twice
            is_torn = _has_moved(till, status)
    except Refused as error:
        return _not_told(till, status, error)
    if is_torn:
        return Compared(shift, last, why="others_print")
    found = Compared(shift, last, tuple(differing(base.sums, made, now)), others=len(made.others))
    if found.figures:
        _stop(till, found)
    else:
        _keep(till, _Base(till.identity.storage_number, shift, last, base.sums.updated(now)))
    return found


def _begin(till: Till, status: PrinterStatus, why: str) -> Compared:
    """There is nothing to compare with: what the register counts now is what the next look begins from."""
    try:
        now = _read(till, None)
    except Refused as error:
        return _not_told(till, status, error)
    if _has_moved(till, status):
        return Compared(status.shift.number, status.last_document, why="others_print")
    _keep(till, _Base(till.identity.storage_number, status.shift.number, status.last_document, now))
    return Compared(status.shift.number, status.last_document, why=why)


def _stop(till: Till, found: Compared) -> None:
    """Nothing more is sold on this register."""
    row = {**found.as_json(), "storage": till.identity.storage_number, "at": till.now().isoformat()}
    row |= {"ru": found.text("ru"), "en": found.text("en")}
    till.journal.set_fact(counter_fact.name(till), counter_fact.text(row))
    log.error("counters: %s", found.text())


def _with_gaps(till: Till, after: int, last: int, made: Made) -> Made:
    """With every document looked up that no table of ours knows: reports, mostly; what settles something is another's.

    Rule 11 has read them all; this only makes sure that no way of noting one of them raises a false alarm.
    """
    ours = receipts_of_documents(till.journal.path, till.identity.storage_number, after, last)
    known = {each.number for each in made.others} | {each.mark.document_number for each in ours if each.mark}
    gaps = [number for number in range(after + 1, last + 1) if number not in known]
    found = [till.printer.read_document(number) for number in gaps[:GAPS_MAX]]
    more = [each for each in found if each.type in (*RECEIPTS, *CORRECTIONS)]
    return replace(made, others=(*made.others, *more))


def _read(till: Till, kinds: tuple[ReceiptKind, ...] | None) -> Sums:
    """The counters of these kinds, of all when None. Nothing has moved: one kind, which shows the drawer too."""
    return counted(till.printer.shift_counters(*((kinds or (ReceiptKind.SELL,)) if kinds is not None else ())))


def _has_moved(till: Till, status: PrinterStatus) -> bool:
    """Whether somebody printed while we read: then the figures belong to no moment."""
    now = till.printer.status()
    before = (status.last_document, status.shift.number)
    return (now.last_document, now.shift.number) != before or now.has_open_document


def _not_told(till: Till, status: PrinterStatus, error: Refused) -> Compared:
    """Firmware without counters; whatever else it refuses is for the caller."""
    if error.code != "no_counters":
        raise error
    here = _Base(till.identity.storage_number, status.shift.number, status.last_document, None)
    _keep(till, here)  # so that it is not asked again before the next document
    return Compared(status.shift.number, status.last_document, why="no_counters")


# ------------------------------------------------------------------------------------------------ what was made
def _made(till: Till, after: int, last: int) -> Made | None:
    """Everything that settled something after document `after`; None when one of others is not readable."""
    storage = till.identity.storage_number
    ours = receipts_of_documents(till.journal.path, storage, after, last)
    others: list[FiscalDocument] = []
    at = after
    while page := till.journal.foreign_documents(storage, after=at):
        others += [each for each in page if each.number <= last]
        at = page[-1].number
    if any(each.kind is None or each.total is None for each in others):
        return None
    return Made(tuple(stored.receipt for stored in ours), tuple(others))


def _base_for(till: Till, shift: int) -> _Base | None:
    """Where to count from: the last agreement in this shift, else its beginning, at which nothing was counted yet."""
    base = _base(till)
    if base is not None and (base.storage, base.shift) == (till.identity.storage_number, shift):
        return base
    opening = shift_opening.of(till, shift)
    if opening is None:
        return None
    return _Base(till.identity.storage_number, shift, opening.document, Sums())


def _base(till: Till) -> _Base | None:
    return _Base.read(till.journal.get_fact(_name(till)))


def _keep(till: Till, base: _Base) -> None:
    """They agree: what differed before in this shift is gone too. What differed in another one is for a person."""
    facts, row = {_name(till): base.text()}, counter_fact.read(till)
    if row is not None and (row["storage"], row["shift"]) == (base.storage, base.shift):
        facts[counter_fact.name(till)] = ""
    till.journal.set_facts(facts)


def _name(till: Till) -> str:
    return f"counters:{till.identity.factory_number}"
