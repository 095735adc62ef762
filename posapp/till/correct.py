"""Putting a wrong receipt right, and settling late what was settled without the register.

    what is wrong → the lawful documents (`domain/correction`), in words → a person's order with a reason
        → all documents into the journal, one transaction → the first → the second

Every document is a receipt like any other: attempt, key, proof (see `sale`). The second is printed only when the mark
of the first is on disk. Whatever interrupts it, `correct` goes on where it stopped, with the same keys: what is out is
found by recovery and never repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from posapp.domain.correction import corrects_by_sums
from posapp.domain.fiscal import DocumentType
from posapp.domain.lawful import MONEY
from posapp.domain.money import total
from posapp.domain.order import Order
from posapp.domain.receipt import Tender, TenderKind
from posapp.domain.refund import taken_by
from posapp.domain.settlement import Fix, State
from posapp.errors import OutcomeUnknown, PosError, ResolveNeeded, SaleError
from posapp.journal.rows import SettlementTaken, StoredReceipt
from posapp.till import audit, claims, correction_state, counters, marking, neighbours, recover, sale
from posapp.till.context import Till
from posapp.till.correct_late import Late, planned_late
from posapp.till.correct_plan import Said, find, format_of, planned
from posapp.till.correct_surplus import take_in
from posapp.till.correction_state import CONTINUED, UNPRINTED, WAITS, Correction, correction_of
from posapp.till.correction_words import document_words
from posapp.till.sale import Sold


@dataclass(frozen=True, slots=True)
class Corrected:
    """Every document of a correction, with marks, and how much the portal does not know yet."""

    order: str
    key: str
    sold: tuple[Sold, ...]

    @property
    def outbox_pending(self) -> int:
        """Entries that wait for the portal."""
        return sum(each.outbox_pending for each in self.sold)


def correct(till: Till, key: str, said: Said, why: str) -> Corrected:
    """Prints what puts a receipt right, or what is left of it.

    Raises what `planned` raises; SaleError `correction_other` when it was begun with something else in mind;
    ResolveNeeded `why_needed` without a reason, `correction_half` when the second document could not be printed;
    DeviceError, JournalError.
    """
    wrong = find(till, key)
    if wrong.receipt.correction is not None and wrong.state in UNPRINTED:
        return _late_again(till, wrong, said)
    was_whole = correction_of(till, wrong).is_whole
    _recovered(till, wrong)
    known = correction_of(till, wrong)
    if was_whole:
        raise SaleError("correction_done", key=wrong.receipt.key, documents=_numbers(known))
    if not known.is_begun or (known.is_half and known.second is None):
        _begin(till, wrong, said, why)
    elif not said.is_silent:
        _refuse_other(known, said)
    return _print_all(till, wrong)


def correct_surplus(till: Till, number: int, said: Said, why: str) -> Corrected:
    """Takes back document `number`, which is one too many and which the journal does not know. As `correct`."""
    if not why.strip():
        raise ResolveNeeded("why_needed")
    return correct(till, take_in(till, number, why), replace(said, is_void=True), why)


def _recovered(till: Till, wrong: StoredReceipt) -> None:
    """Recovery. While a document is being sent, or the right one is missing, "nothing was made" is never said."""
    documents = correction_of(till, wrong).documents
    sending = [each for each in documents if each.state is State.SENDING]
    try:
        recover.status_for_begun(till, (sending[0] if sending else wrong).receipt.key)
    except PosError as error:
        _tell_half(till, wrong, error)
        raise


def _begin(till: Till, wrong: StoredReceipt, said: Said, why: str) -> None:
    """A person's order: all documents into the journal, with the record of who wants them and why."""
    if not why.strip():
        raise ResolveNeeded("why_needed")
    documents = planned(till, wrong, said)
    counters.ready(till, recover.status_for_sale(till))
    facts = {
        "order": wrong.receipt.order_number,
        "document": wrong.mark.document_number if wrong.mark else 0,
        "documents": [f"{each.key}: {document_words(each)}" for each in documents],
    }
    decision = audit.decided(till, "receipt.corrected", wrong.receipt.key, why, **facts)
    first = State.HELD if documents[0].settlement.fix == (Fix.REDO, wrong.receipt.key) else State.PENDING
    rows = [(documents[0], first, WAITS if first is State.HELD else "")]
    rows += [(each, State.HELD, WAITS) for each in documents[1:]]
    till.journal.add_receipts(rows, decision=decision)


def _print_all(till: Till, wrong: StoredReceipt) -> Corrected:
    """One document after the other; what is out is left alone."""
    for place in (0, 1):
        documents = correction_of(till, wrong).documents
        if place < len(documents) and documents[place].state is not State.FISCALIZED:
            _require_turn(till, wrong, documents[place])
            try:
                _print(till, documents[place])
            except PosError as error:
                _tell_half(till, wrong, error)
                raise
    known = correction_of(till, wrong)
    correction_state.forget_alone(till, wrong.receipt.key)
    sold = tuple(sale.sold(till, each.receipt.key) for each in known.documents)
    return Corrected(wrong.receipt.order_number, wrong.receipt.key, sold)


def _require_turn(till: Till, wrong: StoredReceipt, stored: StoredReceipt) -> None:
    """The right receipt is printed only when the wrong one is undone. Raises SaleError `correction_unfit`."""
    fix = stored.receipt.settlement.fix
    if fix is not None and fix[0] is Fix.REDO and not correction_of(till, wrong).is_out:
        raise SaleError("correction_unfit", key=wrong.receipt.key, why="документа, который его отменяет, нет")


def _tell_half(till: Till, wrong: StoredReceipt, error: PosError) -> None:
    """Raises ResolveNeeded `correction_half` when the first document is out and the second is not.

    What is not known, or waits for a person already, is told as that: `posapp resolve` comes first.
    """
    known = correction_of(till, wrong)
    if not known.is_half or known.first is None or isinstance(error, OutcomeUnknown | ResolveNeeded):
        return
    number = known.first.mark.document_number if known.first.mark else "?"
    receipt = wrong.receipt
    raise ResolveNeeded(
        "correction_half", key=receipt.key, order=receipt.order_number, document=number, why=error.message().rstrip(".")
    ) from error


def _print(till: Till, stored: StoredReceipt) -> Sold:
    """One attempt at a document of a correction."""
    looked = recover.status_for_begun(till, stored.receipt.key)
    stored = till.journal.receipt(stored.receipt.key) or stored
    if stored.state is State.FISCALIZED:  # recovery has found it
        return sale.sold(till, stored.receipt.key)
    _require_format(till, stored)
    status = counters.ready(till, looked)
    verdicts = marking.checked(till, stored.receipt)
    sale.consent(till, stored, CONTINUED)
    return sale.print_pending(till, stored.receipt, status, verdicts)


def _require_format(till: Till, stored: StoredReceipt) -> None:
    """A correction receipt of one format is none of another: what was begun for another register is begun anew."""
    receipt, ffd = stored.receipt, format_of(till)
    fix = receipt.settlement.fix
    is_correction = receipt.document_type is DocumentType.CORRECTION
    if fix is None or fix[0] is Fix.REDO or is_correction is not corrects_by_sums(ffd):
        return
    why = f"его начали для другого ФФД, а ККТ пишет {ffd}; отказаться – «posapp resolve {receipt.key} --cancel»"
    raise SaleError("correction_unfit", key=fix[1], why=why)


def _numbers(known: Correction) -> str:
    return ", ".join(f"ФД {each.mark.document_number}" for each in known.documents if each.mark is not None)


def _refuse_other(known: Correction, said: Said) -> None:
    """Raises SaleError `correction_other` when what is said now is not what was begun."""
    first, last = known.documents[0].receipt, known.documents[-1].receipt
    is_void = first.settlement.fix is not None and first.settlement.fix[0] is Fix.VOID
    money = {each.kind: each.amount for each in last.tenders if each.kind in MONEY}
    rates_agree = all(0 < number <= len(last.lines) and last.lines[number - 1].vat is rate
                      for number, rate in said.rates.items())  # fmt: skip
    agrees = (
        said.is_void is is_void
        and (not said.tenders or {each.kind: each.amount for each in said.tenders} == money)
        and rates_agree
        and said.tax_system in (None, last.tax_system)
    )
    if not agrees:
        raise SaleError("correction_other", key=known.wrong.receipt.key, begun=document_words(last))


def _late_again(till: Till, stored: StoredReceipt, said: Said) -> Corrected:
    """A correction of a settlement without the register, begun and not printed: the same one, with its key."""
    if not said.is_silent:
        raise SaleError("correction_other", key=stored.receipt.key, begun=document_words(stored.receipt))
    order = till.journal.order_by_id(stored.receipt.settlement.portal, stored.receipt.settlement.order_id)
    if order is not None:
        neighbours.refuse_receipted(till, order)
        with claims.claimed(till, order):
            done = _print(till, stored)
    else:
        done = _print(till, stored)
    return Corrected(stored.receipt.order_number, stored.receipt.key, (done,))


def all_by(wrong: StoredReceipt, kind: TenderKind) -> tuple[Tender, ...]:
    """All money of a receipt by one tender."""
    due = total([amount for each, amount in taken_by(wrong.receipt).items() if each in MONEY])
    return (Tender(kind, due),) if due else ()


# ------------------------------------------------------------------------------------------------ no receipt at all
def correct_late(till: Till, order: Order, late: Late, why: str, override: str = "") -> Corrected:
    """Settles with one correction receipt what was settled without the register.

    `override`: a manager's reason to do it without the order's claim. Raises SaleError, Refused `register_lacks`,
    ResolveNeeded `why_needed`, DeviceError, JournalError.
    """
    if not why.strip():
        raise ResolveNeeded("why_needed")
    looked = recover.status_for_sale(till)
    correction_state.refuse_begun(till, order)
    receipt = planned_late(till, order, late, why)
    status = counters.ready(till, looked)
    neighbours.refuse_receipted(till, order, override)
    facts = {"order": order.number, "documents": [f"{receipt.key}: {document_words(receipt)}"]}
    decision = audit.decided(till, "receipt.late", receipt.key, why, **facts)
    with claims.claimed(till, order, override):
        try:
            till.journal.add_receipt(receipt, decision=decision)
        except SettlementTaken as error:
            why_not = f"на этот расчёт есть чек {error.key}"
            raise SaleError("correction_unfit", key=order.number, why=why_not) from error
    done = sale.print_pending(till, receipt, status)
    return Corrected(order.number, receipt.key, (done,))
