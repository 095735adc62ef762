"""The ladder out of a hung register, a rung at a time: finish the print, what of the open document, close the shift.

Each rung is an act that the till knows anyway, with its own proof; here is only the order and what may be done without
a person's word. Nothing is remembered between rungs: every one looks at the register and the journal anew, so the
ladder may be left and climbed again at any point.

* *print*: B0h where the register waits for it after paper was loaded. What it prints is in the storage already.
* *document*: what was sent is resolved by reading (rule 6); a receipt is cancelled only when it is ours (rule 7).
  Another program's is cancelled on a person's word, with the reason in the audit log.
* *shift*: closed when it is too old, or when the person asks for it (rule 8).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from posapp.devices.base import Paper, PrinterStatus
from posapp.domain.settlement import State
from posapp.errors import PosError, Refused, ResolveNeeded
from posapp.till import decide, recover, register, shift
from posapp.till.context import Till


class Rung(StrEnum):
    """In the order in which they are climbed."""

    PRINT = "print"
    DOCUMENT = "document"
    SHIFT = "shift"


class Standing(StrEnum):
    """How a rung stands: nothing to do; the program can do it now; hands are needed (paper); a person's word is needed;
    an earlier rung comes first."""

    DONE = "done"
    READY = "ready"
    HANDS = "hands"
    PERSON = "person"
    WAITS = "waits"


WORDS: dict[tuple[Rung, Standing], tuple[str, str]] = {
    (Rung.PRINT, Standing.DONE): ("Ничего не допечатывается.", "No print is unfinished."),
    (Rung.PRINT, Standing.READY): (
        "Лента вставлена: можно допечатать прерванный документ.",
        "There is paper: the interrupted document can be printed to its end.",
    ),
    (Rung.PRINT, Standing.HANDS): ("Сначала вставьте ленту и закройте крышку.", "First load a roll and close the lid."),
    (Rung.DOCUMENT, Standing.DONE): ("Ничего не открыто и не отправлено.", "Nothing is open, nothing is under way."),
    (Rung.DOCUMENT, Standing.READY): (
        "Программа прочитает ФН: напечатанный чек признает, а свой незаконченный отменит.",
        "The program reads the storage: a receipt that was made is taken, an unfinished one of ours is cancelled.",
    ),
    (Rung.DOCUMENT, Standing.PERSON): (
        "Открыт чек другой программы. Закончите его там; отменить его здесь можно только по решению старшего.",
        "Another program has a receipt open. Finish it there; here only a senior's decision cancels it.",
    ),
    (Rung.DOCUMENT, Standing.WAITS): ("Сначала – печать.", "The print comes first."),
    (Rung.SHIFT, Standing.DONE): ("Закрывать смену не нужно.", "The shift need not be closed."),
    (Rung.SHIFT, Standing.READY): (
        "Смена старше 24 часов: её можно закрыть.",
        "The shift is over 24 hours old: it can be closed.",
    ),
    (Rung.SHIFT, Standing.WAITS): ("Сначала – открытый документ.", "The open document comes first."),
}
"""What is said of a rung, in Russian and in English."""


@dataclass(frozen=True, slots=True)
class Step:
    """A rung as it stands now. `trouble`: why it cannot be climbed, where that is known."""

    rung: Rung
    standing: Standing
    trouble: PosError | None = None

    def words(self, language: str = "ru") -> str:
        """For a person."""
        return WORDS[self.rung, self.standing][language == "en"]

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """One of `steps`."""
        body: dict[str, object] = {
            "step": self.rung.value,
            "standing": self.standing.value,
            "message": self.words(language),
        }
        if self.trouble is not None:
            body["error"] = self.trouble.as_json(language)
        return body


# ------------------------------------------------------------------------------------------------ looking
def steps(till: Till, status: PrinterStatus) -> tuple[Step, ...]:
    """All rungs by a status that was read a moment ago. Changes nothing."""
    printing = _print(status)
    document = _document(till, status, printing)
    return printing, document, _shift(status, document)


def _print(status: PrinterStatus) -> Step:
    if status.paper is Paper.OK:
        return Step(Rung.PRINT, Standing.DONE)
    if status.paper is Paper.WAITS_CONTINUE:
        return Step(Rung.PRINT, Standing.READY)
    code = "cover_open" if status.paper is Paper.COVER_OPEN else "paper_out"
    return Step(Rung.PRINT, Standing.HANDS, Refused(code))


def _document(till: Till, status: PrinterStatus, printing: Step) -> Step:
    is_sending = bool(till.journal.receipts_in(State.SENDING) or till.journal.operations_sending())
    if not is_sending and not status.has_open_document:
        return Step(Rung.DOCUMENT, Standing.DONE)
    if printing.standing is not Standing.DONE:
        return Step(Rung.DOCUMENT, Standing.WAITS)
    if is_sending:
        return Step(Rung.DOCUMENT, Standing.READY)
    return Step(Rung.DOCUMENT, Standing.PERSON, ResolveNeeded("foreign_receipt_open"))


def _shift(status: PrinterStatus, document: Step) -> Step:
    if not status.shift.is_expired:
        return Step(Rung.SHIFT, Standing.DONE)
    return Step(Rung.SHIFT, Standing.READY if document.standing is Standing.DONE else Standing.WAITS)


# ------------------------------------------------------------------------------------------------ climbing
def climb(till: Till, rung: Rung, *, why: str = "", close_shift: bool = False) -> bool:
    """One rung; whether anything had to be done. Safe to call again after whatever it raised.

    `why`: a person's word that another program's open receipt may be cancelled (rule 7). `close_shift`: also a shift
    that is not too old. Raises DeviceError, ResolveNeeded where a person has to decide, JournalError.
    """
    if rung is Rung.DOCUMENT:
        return _settle_document(till, why)
    register.refuse_other_device(till)
    status = till.printer.status()
    if rung is Rung.PRINT:
        return _finish_print(till, status)
    if not (status.shift.is_expired or (close_shift and status.shift.is_open)):
        return False
    shift.close_shift(till)
    return True


def climb_all(till: Till, *, why: str = "", close_shift: bool = False) -> Iterator[tuple[Rung, bool]]:
    """Every rung, and whether it had anything to do; ends by raising where somebody is needed."""
    for rung in Rung:
        yield rung, climb(till, rung, why=why, close_shift=close_shift)


def _finish_print(till: Till, status: PrinterStatus) -> bool:
    step = _print(status)
    if step.trouble is not None:
        raise step.trouble
    if step.standing is Standing.DONE and not status.is_busy:
        return False
    till.printer.wait_until_idle()
    return True


def _settle_document(till: Till, why: str) -> bool:
    """What is under way by reading; what is open after that is not ours."""
    done = bool(recover.recover(till))
    register.refuse_other_device(till)
    if not till.printer.status().has_open_document:
        return done
    if not why.strip():
        raise ResolveNeeded("foreign_receipt_open")
    decide.cancel_open(till, till.identity.factory_number, why)
    return True
