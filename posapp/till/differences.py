"""Where the journal and the fiscal storage do not agree. Pure: readings in, differences in words out.

What is said of a document is said once: of two posapp documents for one order only that, the loudest of all; of a
document that is being sent only that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from posapp.domain.fiscal import FiscalDocument, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.portal_check import is_ordered
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import Stamp, State
from posapp.domain.undone import REFUNDS
from posapp.journal.rows import Operation, StoredReceipt
from posapp.till import contents
from posapp.till.reconcile_views import Difference, Fact, Move, Phrase, joined, versus
from posapp.till.witnesses import Found, JournalReading, Kept, StorageReading, Unfinished

RANGES_MAX = 8
_OPERATIONS = {
    "shift_open": Phrase("Открытие смены", "Opening the shift"),
    "shift_close": Phrase("Закрытие смены", "Closing the shift"),
    "cash_in": Phrase("Внесение", "Cash in"),
    "cash_out": Phrase("Выплата", "Cash out"),
    "x_report": Phrase("X-отчёт", "X report"),
}
_STATES = {
    State.PENDING: Phrase("в ККТ не отправлен", "never sent to the register"),
    State.HELD: Phrase("задержан до решения человека", "held until a person decides"),
    State.REFUSED: Phrase("ККТ отказала", "the register refused"),
}


# ------------------------------------------------------------------------------------------------ the journal alone
def of_journal(journal: JournalReading, now: datetime) -> list[Difference]:
    """What the journal itself leaves open: outcomes that are not proven, receipts that were begun and not printed."""
    found = [_sending(each, now) for each in journal.sending]
    found += [_doubtful(each, now) for each in journal.doubtful]
    return found + [_left(each, now) for each in journal.left]


def _sending(each: Unfinished, now: datetime) -> Difference:
    receipt = each.stored.receipt
    ru, en = "без заказа", "without an order"
    if receipt.order_number:
        ru, en = f"заказа {receipt.order_number}", f"of order {receipt.order_number}"
    what = Phrase(f"Чек {receipt.key} {ru} на {receipt.total}", f"Receipt {receipt.key} {en}, {receipt.total}")
    return _of_receipt("sending_left", each.stored, command="posapp resolve", what=what, at=when(each.at, now))


def _doubtful(each: Operation, now: datetime) -> Difference:
    what = _OPERATIONS.get(each.kind, Phrase(each.kind, each.kind))
    facts: dict[str, Fact] = {"what": what, "at": when(each.started_at, now)}
    return Difference(
        "sending_left", Move.MANAGER, key=each.kind, amount=each.amount, command="posapp resolve", facts=facts
    )


def _left(each: Unfinished, now: datetime) -> Difference:
    stored = each.stored
    why = _STATES[stored.state]
    if stored.reason:
        why = Phrase(f"{why.ru} ({stored.reason.rstrip('.')})", f"{why.en} ({stored.reason.rstrip('.')})")
    fix = stored.receipt.settlement.fix
    if fix is not None or stored.receipt.correction is not None:
        wrong = stored.receipt.key if fix is None else fix[1]
        return _of_receipt("correction_begun", stored, command=f"posapp correct {wrong}",
                           key=wrong, document_key=stored.receipt.key)  # fmt: skip
    command = f"posapp resolve {stored.receipt.key} --cancel"
    again = Phrase(_again(stored.receipt), _again(stored.receipt))
    return _of_receipt("not_printed", stored, command=command, at=when(each.at, now), why=why, again=again)


def _again(receipt: Receipt) -> str:
    """The command that prints a receipt that was begun."""
    if is_ordered(receipt.settlement) and receipt.basis is None:
        return f"posapp jobs show {receipt.key}"
    if receipt.kind in REFUNDS:
        return f"posapp refund {receipt.basis.key if receipt.basis is not None else ''}".rstrip()
    return f"posapp sell {receipt.order_number}" if receipt.order_number else f"posapp sell --begun {receipt.key}"


# ------------------------------------------------------------------------------------------------ journal and storage
def of_storage(
    journal: JournalReading, storage: StorageReading, *, foreign_expected: bool | None = None
) -> list[Difference]:
    """Journal against storage.

    Args:
        foreign_expected: whether other programs print there; if not, their receipts are a difference. None: they may,
            unless the register puts no stamp into our documents, for then nobody could tell them from ours.
    """
    takes_key = any(each.stamp is not None for each in storage.found)
    if foreign_expected is None:
        foreign_expected = takes_key or not any(each.by_number and each.document.whole for each in storage.found)
    found, told = _duplicates(storage.found)
    for each in storage.found:
        if each.document.number not in told:
            found += _of_document(each, takes_key=takes_key)
    found += _lacking(journal.kept, storage, takes_key=takes_key)
    if not foreign_expected:
        found += _foreign(storage.found)
    return found


def foreign(found: Iterable[Found]) -> list[Found]:
    """Receipts and corrections of others: other programs, and other tills of ours."""
    return [each for each in found if each.settles and each.by_number is None and not each.is_unknown_ours]


def _of_document(each: Found, *, takes_key: bool) -> Iterator[Difference]:
    document, stamp = each.document, each.stamp
    if each.by_number is not None:
        yield from _compared(each.by_number, document, takes_key=takes_key)
        return
    if stamp is None or not each.is_unknown_ours or each.is_foreign:
        return
    state = None if each.by_key is None else each.by_key.state
    if state is State.SENDING:
        return  # told as that: reading the storage decides it
    code = "printed_but_cancelled" if state is State.CANCELLED else "storage_unknown_ours"
    command = f"posapp resolve {stamp.key} --document {document.number}"
    yield Difference(
        code,
        Move.MANAGER,
        order=each.order,
        key=stamp.key,
        document_number=document.number,
        amount=document.total,
        command="" if state is State.CANCELLED else command,
    )


def _compared(stored: StoredReceipt, document: FiscalDocument, *, takes_key: bool) -> Iterator[Difference]:
    """The document under the number that the journal names."""
    receipt, mark = stored.receipt, stored.mark
    if mark is None:
        return
    what = []
    if document.type != receipt.document_type:
        form = receipt.document_type.value
        what.append(Phrase(f"форма {document.type}, а не {form}", f"form {document.type}, not {form}"))
    if document.kind != receipt.kind:
        what.append(versus(Phrase("признак расчёта", "kind"), kind_text(document.kind), kind_text(receipt.kind)))
    if document.total != receipt.total:
        what.append(versus(Phrase("сумма", "total"), str(document.total or "–"), str(receipt.total)))
    if document.sign != mark.document_sign:
        what.append(versus(Phrase("ФП", "sign"), document.sign, mark.document_sign))
    found = Found(document).stamp
    may_lack_key = (
        found is None and receipt.basis is not None
    )  # where 1192 carries the key, another's sign has its place
    if document.whole and takes_key and not may_lack_key and (found is None or found.key != receipt.key):
        what.append(versus(Phrase("ключ", "key"), found.key if found else "–", receipt.key))
    if not what:
        what = contents.of_contents(receipt, document.tlv)
    if what:
        command = f"posapp receipt show {receipt.key}"
        yield _of_receipt("storage_differs", stored, command=command, what=joined(what), document=mark.document_number)


def _lacking(kept: Sequence[Kept], storage: StorageReading, *, takes_key: bool) -> Iterator[Difference]:
    """Receipts whose number lies outside of what was read in a row."""
    read = {each.document.number for each in storage.found}
    for each in kept:
        number = each.mark.document_number
        if each.mark.storage_number != storage.device.storage_number or number in read:
            continue
        if number not in storage.looked_up:
            continue
        document = storage.looked_up[number]
        if document is not None:
            yield from _compared(each.stored, document, takes_key=takes_key)
            continue
        command = f"posapp receipt show {each.receipt.key}"
        yield _of_receipt("storage_lacks", each.stored, command=command, last=storage.last)


def _foreign(found: Sequence[Found]) -> Iterator[Difference]:
    others = [each for each in foreign(found) if each.stamp is None]
    if not others:
        return
    kopecks = sum(each.document.total.kopecks for each in others if each.document.total)
    numbers = [each.document.number for each in others]
    yield Difference(
        "storage_foreign",
        Move.MANAGER,
        document_number=numbers[0],
        amount=Money(kopecks),
        facts={"count": len(others), "documents": ranges(numbers)},
    )


# ---------------------------------------------------------------------------------------------- one order, one document
@dataclass(frozen=True, slots=True)
class _Member:
    """A document of an order: read from the storage, or known to the journal by its mark."""

    storage: str  # "" for the one that is connected and whose document the journal does not know
    number: int
    kind: ReceiptKind | None
    part: str | None  # None where nobody knows which payment it is for
    total: Money | None
    key: str


def _duplicates(found: Sequence[Found]) -> tuple[list[Difference], set[int]]:
    """Orders with more documents than settlements: the same key twice, or two keys for one payment.

    An order with several payments has as many receipts; a refund frees its settlement again, and so does what takes a
    wrong receipt back; the right one is for the same payment. A document whose payment
    is not known – the journal has lost it, another till printed it – counts as one for a payment that has its receipt.
    Also returns the numbers of documents of which nothing more is to be said.
    """
    by_order: dict[str, dict[tuple[str, int], _Member]] = {}
    for each in found:
        if each.stamp is not None and each.order:
            members = by_order.setdefault(each.order, {})
            members |= {(member.storage, member.number): member for member in _members(each, each.stamp)}
    differences, told = [], set[int]()
    for order, members in by_order.items():
        sales = sorted(
            (each for each in members.values() if each.kind is ReceiptKind.SELL), key=lambda each: each.number
        )
        refunds = sum(each.kind is ReceiptKind.SELL_REFUND for each in members.values())
        parts = {each.part for each in sales if each.part is not None}
        if len(sales) <= max(1, len(parts)) + refunds:
            continue
        differences.append(_two_documents(order, sales))
        if parts:  # the settlement has its receipt in the journal: the others cannot be taken in
            told |= {each.number for each in sales if each.part is None}
    return differences, told


def _members(each: Found, stamp: Stamp) -> Iterator[_Member]:
    """This document and the receipts with a mark of the same order."""
    for kept in each.relatives:
        settlement, mark, receipt = kept.receipt.settlement, kept.mark, kept.receipt
        yield _Member(
            mark.storage_number, mark.document_number, settlement.kind, settlement.base, receipt.total, receipt.key
        )
    if each.by_number is None:  # otherwise it is one of the relatives
        yield _Member("", each.document.number, each.document.kind, None, each.document.total, stamp.key)


def _two_documents(order: str, sales: Sequence[_Member]) -> Difference:
    """The surplus is the last one that the journal does not know; the last one of all where it knows them all."""
    surplus = next((each for each in reversed(sales) if each.part is None), sales[-1])
    told = [
        Phrase(f"ФД {each.number} на {each.total or '–'}", f"FD {each.number}, {each.total or '–'}") for each in sales
    ]
    return Difference(
        "two_documents",
        Move.MANAGER,
        order=order,
        key=surplus.key,
        document_number=surplus.number,
        amount=surplus.total,
        command=f"posapp orders show {order}",
        facts={"count": len(sales), "documents": joined(told)},
    )


# ------------------------------------------------------------------------------------------------ words
def when(at: datetime, now: datetime) -> str:
    """A moment as people read it, in the zone of `now`."""
    local = at.astimezone(now.tzinfo) if at.tzinfo else at
    return f"{local:%d.%m.%Y %H:%M}"


def ranges(numbers: Iterable[int]) -> str:
    """`3–7, 9`: document numbers in short, the first few ranges of them."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    told = [f"{first}" if first == last else f"{first}–{last}" for first, last in spans[:RANGES_MAX]]
    return ", ".join(told) + (", …" if len(spans) > RANGES_MAX else "")


_KINDS = {
    ReceiptKind.SELL: Phrase("приход", "sale"),
    ReceiptKind.SELL_REFUND: Phrase("возврат прихода", "refund of a sale"),
    ReceiptKind.BUY: Phrase("расход", "purchase"),
    ReceiptKind.BUY_REFUND: Phrase("возврат расхода", "refund of a purchase"),
}


def kind_text(kind: ReceiptKind | None) -> Phrase:
    """Tag 1054 in words."""
    return Phrase("–", "–") if kind is None else _KINDS[kind]


def _of_receipt(code: str, stored: StoredReceipt, *, command: str, **facts: Fact) -> Difference:
    receipt, mark = stored.receipt, stored.mark
    return Difference(
        code,
        Move.MANAGER,
        order=receipt.order_number,
        key=receipt.key,
        document_number=mark.document_number if mark else None,
        amount=receipt.total,
        command=command,
        facts=facts,
    )
