"""The lawful decisions of a person, each checked anew against the register and kept with who took it and why.

There is no "print again". A person decides only what the program could not prove: every function tries the proof first
and refuses what contradicts it. What is decided and its audit record are one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

from posapp.domain.fiscal import DeviceIdentity, FiscalDocument, FiscalMark
from posapp.domain.qr import ReceiptQr, parse_qr
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, State
from posapp.errors import DeviceError, PosError, ResolveNeeded
from posapp.journal.rows import Decision, DocumentTaken
from posapp.till import adopt, ofd_witness, recover, requests, sale, shift_proof
from posapp.till.audit import decided
from posapp.till.context import Till
from posapp.till.correction_state import correction_of
from posapp.till.desk_look import same_storage
from posapp.till.outbox_rows import entries_for
from posapp.till.story import is_given_up

if TYPE_CHECKING:
    from posapp.journal.rows import Attempt, Operation, StoredReceipt

log = logging.getLogger(__name__)


def sending(till: Till, key: str) -> tuple[Receipt, Attempt] | None:
    """The receipt that is `sending` under this key and its attempt; None when there is none."""
    stored, attempt = till.journal.receipt(key), till.journal.last_attempt(key)
    if stored is None or attempt is None or stored.state is not State.SENDING:
        return None
    return stored.receipt, attempt


def operation(till: Till, key: str) -> Operation | None:
    """The shift operation that is `sending` under this key: its kind, or its kind and number (`cash_in:12`)."""
    waiting = till.journal.operations_sending()
    return next((each for each in waiting if key in (each.kind, f"{each.kind}:{each.id}")), None)


def refuse(why: str) -> ResolveNeeded:
    """What a person may not decide, and why."""
    return ResolveNeeded("not_resolvable", why=why)


def need_why(why: str) -> None:
    """Raises ResolveNeeded `why_needed` for a decision that is not kept without a reason."""
    if not why.strip():
        raise ResolveNeeded("why_needed")


# ------------------------------------------------------------------------------------------------ receipts
def made(till: Till, key: str, number: int, why: str = "") -> sale.Sold:
    """Document `number` is the receipt. Believed only when the register shows it with our kind and total.

    A document with our own key is ours whatever its total (a register that rounds): then with a reason. Raises
    ResolveNeeded, DeviceError.
    """
    begun = sending(till, key)
    if begun is None:
        adopt.adopt(till, key, number, decided(till, "receipt.adopted", key, why, document=number))
        return sale.sold(till, key)
    receipt, attempt = begun
    _require_storage(till, attempt.device)
    document = till.printer.read_document(number)
    is_keyed = recover.key_of(document) == key
    _require_fit(document, receipt, attempt.last_document, is_keyed=is_keyed)
    has_key, named = recover.carries_key(till, attempt, receipt), requests.named_here(attempt)
    if document.whole and has_key and not is_keyed and (number != named or document.stamp):
        raise refuse(f"ФД {number} прочитан целиком, и нашего ключа в нём нет")
    if document.total != receipt.total:
        need_why(why)
    mark = till.printer.document_mark(number)
    facts = {"document": number, "order": receipt.order_number, "total_kopecks": receipt.total.kopecks}
    shown = {"found_kopecks": document.total.kopecks if document.total else 0, "is_keyed": is_keyed}
    decision = decided(till, "receipt.made", key, why, **facts, **shown, device=attempt.device)
    return _fiscalize(till, receipt, mark, {"person": number}, decision)


def _require_storage(till: Till, device: DeviceIdentity) -> None:
    if not same_storage(till.printer.reset_link(), device):
        raise refuse(f"чек отправляли на {device}")


def _require_fit(document: FiscalDocument, receipt: Receipt, after: int, *, is_keyed: bool) -> None:
    fits = (
        document.number > after
        and document.type == receipt.document_type
        and document.kind == receipt.kind
        and (document.total == receipt.total or is_keyed)
    )
    if not fits:
        raise refuse(f"ФД {document.number} не подходит по номеру, виду или сумме")


def _fiscalize(
    till: Till, receipt: Receipt, mark: FiscalMark, evidence: dict[str, object], decision: Decision
) -> sale.Sold:
    entries = entries_for(till, receipt, mark)
    try:
        till.journal.fiscalize(receipt.key, mark, By.PERSON, entries, evidence, decision=decision)
    except DocumentTaken as error:
        raise refuse(f"ФД {mark.document_number} – это чек {error.key}") from error
    return sale.sold(till, receipt.key)


def not_made(
    till: Till, key: str, foreign: Collection[int] = (), why: str = "", *, may_cancel_open: bool = True
) -> str:
    """The receipt was not made. Believed only when the storage does not contradict it; the state it is in then.

    `foreign`: documents that cannot be read and of which the person says that another program made them; any other that
    could be ours keeps the receipt waiting. `may_cancel_open`: the word also covers a receipt that is open and fits.
    """
    begun = sending(till, key)
    receipt = begun[0] if begun else None
    facts = {"foreign": sorted(foreign), "order": receipt.order_number if receipt else ""}
    device = begun[1].device if begun else ""
    decision = decided(till, "receipt.not_made", key, why, **facts, device=device)
    recovered = recover.resolve(till, key, by_person=may_cancel_open, foreign=frozenset(foreign), decision=decision)
    if recovered.after == State.FISCALIZED.value:
        raise refuse(recovered.why)
    if begun is not None and foreign:
        _note_foreign(till, begun[1], foreign)
    return recovered.after


def _note_foreign(till: Till, attempt: Attempt, numbers: Collection[int]) -> None:
    """What a person said of these documents also answers whoever reads them next (rule 11, a restore).

    The decision stands without it: a register that goes away now takes nothing back.
    """
    try:
        read = till.printer.documents_after(attempt.last_document)
        documents = [each for each in read if each.number in numbers]
        till.journal.remember_document(till.printer.connect(), attempt.last_document, documents)
    except DeviceError as error:
        log.warning("desk: foreign documents could not be noted: %s", error)


def lost_made(till: Till, key: str, qr: str, receipt_number: int, why: str) -> sale.Sold:
    """The storage is gone for good and the OFD or the paper shows the receipt: its QR text proves which document it is.

    `receipt_number` is its number in the shift (1042), which the QR does not hold. Storage, total and kind must be
    those of the attempt, the document younger than it. Raises ResolveNeeded, PosError `bad_input`.
    """
    receipt, attempt = _lost(till, key, why)
    read = parse_qr(qr.strip())
    _require_qr(read, receipt, attempt)
    heard = ofd_witness.ask(till, attempt.device.storage_number, attempt.last_document)
    if against := heard.contradicts(read, receipt):
        raise refuse(against)
    mark = FiscalMark(
        document_number=read.document_number,
        document_sign=read.document_sign,
        receipt_number=receipt_number,
        shift_number=attempt.shift_number,
        storage_number=attempt.device.storage_number,
        registration_number=attempt.device.registration_number,
        printed_at=read.at,
    )
    facts = {"document": read.document_number, "order": receipt.order_number, "qr": qr.strip(), "lost": 1}
    facts |= heard.facts()
    decision = decided(till, "receipt.made", key, why, **facts, device=attempt.device)
    return _fiscalize(till, receipt, mark, {"person": read.document_number, "qr": qr.strip()}, decision)


def _require_qr(read: ReceiptQr, receipt: Receipt, attempt: Attempt) -> None:
    """Numbers are compared as numbers: registers and programs write them with and without leading zeros."""
    if int(read.storage_number) != int(attempt.device.storage_number):
        raise refuse(f"в QR ФН {read.storage_number}, а чек отправляли на {attempt.device}")
    if (read.kind, read.total) != (receipt.kind, receipt.total):
        raise refuse(f"в QR другой вид или сумма: {read.total} вместо {receipt.total}")
    if read.document_number <= attempt.last_document:
        raise refuse(f"ФД {read.document_number} старше попытки: до неё был ФД {attempt.last_document}")


def lost_not_made(till: Till, key: str, why: str, foreign: Collection[int] = ()) -> str:
    """The storage is gone for good and the OFD does not have the receipt: it may be printed on the new register.

    Where an OFD is set up it is asked too. `foreign`: documents that it shows and that another program made.
    """
    receipt, attempt = _lost(till, key, why)
    heard = ofd_witness.ask(till, attempt.device.storage_number, attempt.last_document)
    if against := heard.contradicts_absence(receipt, foreign):
        raise refuse(against)
    facts = {"order": receipt.order_number, "after": attempt.last_document, "lost": 1, "foreign": sorted(foreign)}
    facts |= heard.facts()
    decision = decided(till, "receipt.not_made", key, why, **facts, device=attempt.device)
    evidence = {"person": "not made", "lost": str(attempt.device)}
    till.journal.not_made(key, State.PENDING, "прежнего ФН нет, в ОФД чека нет", evidence, decision=decision)
    return State.PENDING.value


def _lost(till: Till, key: str, why: str) -> tuple[Receipt, Attempt]:
    """A receipt whose storage nobody can ask any more: another one is set up, and it is not connected either."""
    begun = sending(till, key)
    if begun is None:
        raise refuse(f"чек {key} не ждёт проверки")
    _require_lost(till, begun[1].device)
    need_why(why)
    return begun


def _require_lost(till: Till, device: DeviceIdentity) -> None:
    if not is_given_up(till, device):
        raise refuse(f"касса настроена на {device}: сначала «posapp setup printer» с новой ККТ или новым ФН")
    try:
        found = till.printer.connect()
    except PosError:
        return
    if same_storage(found, device):
        raise refuse(f"{device} на связи: решает то, что в ФН")


def cancel_open(till: Till, key: str, why: str) -> None:
    """Cancels a receipt of another program that is open on the register (rule 7)."""
    need_why(why)
    if sending(till, key) is None and key != till.identity.factory_number:
        raise refuse(f"{key} не ждёт решения")
    found = till.printer.connect()
    if found != till.identity:
        raise refuse(f"подключена {found}, а касса настроена на {till.identity}")
    opened = till.printer.open_document()
    if opened is None:
        raise refuse("на ККТ нет открытого чека")
    facts = {"kind": opened.kind.value, "subtotal_kopecks": opened.subtotal.kopecks, "device": found}
    till.journal.note(decided(till, "document.cancelled", key, why, **facts))  # before it: the word comes first
    till.printer.cancel_open_document()


_NOT_TO_CANCEL = {
    State.SENDING: "его отправили на ККТ, и не доказано, что он не напечатан",
    State.FISCALIZED: "он напечатан, деньги возвращают чеком возврата",
    State.CANCELLED: "он отменён раньше",
}


def cancel(till: Till, key: str, why: str = "") -> None:
    """A person gives up a receipt that was not sent or was refused; the settlement is free again."""
    stored = till.journal.receipt(key)
    if stored is None:
        raise refuse(f"чека {key} в журнале нет")
    if stored.state in _NOT_TO_CANCEL:
        raise refuse(f"чек {key} не отменить: {_NOT_TO_CANCEL[stored.state]}")
    keys = _together(till, stored)
    decision = decided(till, "receipt.cancelled", key, why, order=stored.receipt.order_number)
    till.journal.give_up(keys, "отменён человеком", decision=decision)


def _together(till: Till, stored: StoredReceipt) -> list[str]:
    """What is given up with a receipt: itself, of a correction both documents – as long as neither is out."""
    fix = stored.receipt.settlement.fix
    wrong = till.journal.receipt(fix[1]) if fix is not None else None
    if wrong is None:
        return [stored.receipt.key]
    documents = correction_of(till, wrong).documents
    for each in documents:
        if each.state in (State.SENDING, State.FISCALIZED):
            what = f"исправление начато чеком {each.receipt.key}, он {each.state.value}"
            raise refuse(f"{what}: закончите – «posapp correct {wrong.receipt.key}»")
    return [each.receipt.key for each in documents]


def foreign(till: Till, key: str, number: int, why: str) -> None:
    """A document stamped like this till's is another one's (two tills with one number, a copied directory)."""
    need_why(why)
    first = next(iter(adopt.strays(till)), None)
    if first is None or recover.key_of(first) != key or first.number != number:
        told = "нет" if first is None else f"сначала решают о ФД {first.number}"
        raise refuse(f"ФД {number} не ждёт решения: {told}")
    identity = till.printer.connect()
    known = till.journal.known_device(identity.factory_number)
    after = known.last_document if known else number - 1
    documents = [each for each in till.printer.documents_after(after) if each.number <= number]
    total = first.total.kopecks if first.total else 0
    decision = decided(till, "document.foreign", key, why, document=number, total_kopecks=total, device=identity)
    till.journal.remember_document(identity, number, recover.foreign_of(till, documents), decision=decision)


# ------------------------------------------------------------------------------------------------ shift operations
def end_operation(till: Till, key: str, *, is_made: bool, why: str = "") -> str:
    """A shift operation was made, or was not. The registers are asked first; what they prove cannot be denied.

    It settles no order, so where they say neither the person's word ends it; of a register that is gone with a reason.
    Returns the state: `done` or `refused`.
    """
    waits = operation(till, key)
    if waits is None:
        raise refuse(f"{key} не ждёт проверки")
    after = "done" if is_made else "refused"
    try:
        recovered = shift_proof.resolve(till, waits)
    except ResolveNeeded as error:
        doubt = error.message()
        if error.code == requests.LEFT:
            need_why(why)
        if not same_storage(till.printer.connect(), waits.device):
            _require_lost(till, waits.device)
            need_why(why)
    except PosError:
        if not is_given_up(till, waits.device):
            raise
        need_why(why)
        doubt = "прежней ККТ нет"
    else:
        if recovered.after != after:
            raise refuse(recovered.why)
        return after
    evidence = {"person": "made" if is_made else "not made", "why": doubt}
    facts = {"kind": waits.kind, "operation": waits.id, "doubt": doubt, "device": waits.device}
    amount = waits.amount.kopecks if waits.amount else 0
    word = "operation.made" if is_made else "operation.not_made"
    decision = decided(till, word, waits.kind, why, amount_kopecks=amount, **facts)
    till.journal.end_operation(waits.id, after, evidence, decision=decision)
    return after
