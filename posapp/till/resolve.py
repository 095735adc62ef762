"""The resolve desk: what waits for a person, and the two lawful decisions. There is no "print again".

A person decides only what the program could not prove, and only with what the register shows: a document number that
is read back and fits, or "not made" when no document after the attempt could be ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from posapp.domain.fiscal import DocumentType, FiscalDocument
from posapp.domain.money import ZERO, Money
from posapp.domain.settlement import By, Stamp, State
from posapp.errors import PosError, ResolveNeeded
from posapp.journal.rows import DocumentTaken, Operation
from posapp.till import adopt, recover, sale, shift_proof
from posapp.till.context import Till
from posapp.till.outbox_rows import entries_for


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that waits: what was asked, what the device shows, why the program cannot decide."""

    key: str
    order_number: str
    total: Money
    asked_at: datetime
    after_document: int
    device: str
    documents: tuple[FiscalDocument, ...]
    why: str

    def as_json(self) -> dict[str, object]:
        """A line of `posapp resolve`."""
        return {
            "key": self.key,
            "order": self.order_number,
            "total_kopecks": self.total.kopecks,
            "asked_at": self.asked_at.isoformat(),
            "after_document": self.after_document,
            "device": self.device,
            "why": self.why,
            "documents": [
                {
                    "number": each.number,
                    "type": each.type,
                    "kind": each.kind,
                    "total_kopecks": each.total.kopecks if each.total else None,
                    "at": each.at.isoformat(timespec="seconds"),
                    "whole": each.whole,
                }
                for each in self.documents
            ],
        }


def waiting(till: Till) -> list[Case]:
    """Tries to prove what can be proven, then lists the rest with what the storage shows now."""
    cases = []
    for stored in till.journal.receipts_in(State.SENDING):
        attempt = till.journal.last_attempt(stored.receipt.key)
        if attempt is None:
            continue
        documents: tuple[FiscalDocument, ...] = ()
        try:
            recover.resolve(till, stored.receipt.key)
            continue
        except PosError as error:
            why = error.message()
        try:
            documents = tuple(till.printer.documents_after(attempt.last_document))
        except PosError as error:
            why = f"{why} {error.message()}"
        cases.append(
            Case(
                stored.receipt.key,
                stored.receipt.order_number,
                stored.receipt.total,
                attempt.started_at,
                attempt.last_document,
                str(attempt.device),
                documents,
                why,
            )
        )
    cases += [case for case in map(partial(_operation_case, till), till.journal.operations_sending()) if case]
    return cases + ([] if cases else [_stray_case(till, each) for each in adopt.strays(till)])


def _stray_case(till: Till, document: FiscalDocument) -> Case:
    """A document of this till that the journal lost: `--document` takes it in."""
    stamp = Stamp.parse(document.stamp or "")
    return Case(
        key=stamp.key if stamp else "",
        order_number=stamp.order if stamp else "",
        total=document.total or ZERO,
        asked_at=document.at,
        after_document=document.number - 1,
        device=str(till.printer.connect()),
        documents=(document,),
        why=f"ФД {document.number} напечатан этой кассой, а журнал его не знает",
    )


def _operation_case(till: Till, operation: Operation) -> Case | None:
    """A shift operation that the registers prove neither way; None when they do. Its key is its kind."""
    try:
        shift_proof.resolve(till, operation)
    except PosError as error:
        return Case(
            operation.kind,
            "",
            operation.amount or ZERO,
            operation.started_at,
            int(str(operation.before.get("last_document", 0))),
            str(operation.device),
            (),
            error.message(),
        )
    return None


def _operation(till: Till, kind: str) -> Operation | None:
    """The shift operation that waits under this key."""
    return next((each for each in till.journal.operations_sending() if each.kind == kind), None)


def decide_made(till: Till, key: str, number: int) -> sale.Sold:
    """A person says: document `number` is it. Believed only when the register shows it with our kind and total."""
    stored, attempt = till.journal.receipt(key), till.journal.last_attempt(key)
    if stored is None or attempt is None or stored.state is not State.SENDING:
        adopt.adopt(till, key, number)
        return sale.sold(till, key)
    if till.printer.reset_link() != attempt.device:
        raise ResolveNeeded("not_resolvable", why=f"чек отправляли на {attempt.device}")
    document = till.printer.read_document(number)
    fits = (
        number > attempt.last_document
        and document.type == DocumentType.RECEIPT
        and document.kind == stored.receipt.kind
        and document.total == stored.receipt.total
    )
    if not fits:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} не подходит по номеру, виду или сумме")
    if document.whole and recover.carries_key(till, attempt, stored.receipt) and recover.key_of(document) != key:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} прочитан целиком, и нашего ключа в нём нет")
    mark = till.printer.document_mark(number)
    try:
        till.journal.fiscalize(key, mark, By.PERSON, entries_for(till, stored.receipt, mark), {"person": number})
    except DocumentTaken as error:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} – это чек {error.key}") from error
    return sale.sold(till, key)


def decide_not_made(till: Till, key: str) -> str:
    """A person says: it was not made. Believed only when the storage does not contradict it.

    `recover.resolve` proves it where it can; a document that could be ours keeps the receipt waiting. `key` may be the
    kind of a shift operation: it settles no order, so where the registers say neither the person's word ends it.
    Returns the state that it is in now: `pending`, for an operation `refused`.
    """
    operation = _operation(till, key)
    if operation is not None:
        _end_operation(till, operation)
        return "refused"
    recovered = recover.resolve(till, key, by_person=True)
    if recovered.after == State.FISCALIZED.value:
        raise ResolveNeeded("not_resolvable", why=recovered.why)
    return recovered.after


def _end_operation(till: Till, operation: Operation) -> None:
    try:
        recovered = shift_proof.resolve(till, operation)
    except ResolveNeeded as error:
        till.journal.end_operation(operation.id, "refused", {"person": "not made", "why": error.message()})
        return
    if recovered.after != "refused":
        raise ResolveNeeded("not_resolvable", why=recovered.why)


def cancel(till: Till, key: str) -> None:
    """A person gives up a receipt that was not sent or was refused; the settlement is free again."""
    till.journal.move(key, State.CANCELLED, By.PERSON, "отменён человеком")
