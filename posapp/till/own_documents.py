"""Documents of this till in the fiscal storage that its journal does not know, many at once: after a restore, in a
copied directory, at the first contact of a new directory with a used register.

The storage is the truth about what was printed. Each document is taken in by `adopt.adopt`, with its own key and its
rows of the outbox, one commit after the other, so it can be cut off anywhere and called again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast
from uuid import NAMESPACE_OID, uuid5

from posapp.domain import ffd
from posapp.domain.basket import is_walk_in_sale
from posapp.domain.checkout import settlement_of
from posapp.domain.fiscal import DeviceIdentity, DocumentType, FiscalDocument, FiscalMark
from posapp.domain.order import Order
from posapp.domain.portal_check import is_external_id
from posapp.domain.readback import receipt_from
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, Settlement, Stamp, State, short_key
from posapp.domain.undone import REFUNDS
from posapp.errors import Offline, Refused, Rejected, ResolveNeeded, SetupError
from posapp.journal.rows import DeviceSending, DocumentTaken, IllegalMove
from posapp.till import adopt, audit, exchange, job_adopt, neighbours, orders, recover, refund_adopt, walkin_adopt
from posapp.till.context import Till
from posapp.till.outbox_rows import entries_for

Progress = Callable[[str, int, int], None]
"""Told while something long goes on: which step, how much of it is done, how much there is (0: not known)."""

MANY_ORDERS = 20
NAMELESS = (
    "в ФД {number} нет номера заказа: назовите заказ, posapp restore --take {number}=ЗАКАЗ (продажа без заказа: "
    "{number}=walk-in), или --foreign {number}"
)
_SETTLEMENTS = (DocumentType.RECEIPT, DocumentType.CORRECTION)


def silent(step: str, done: int, total: int) -> None:
    """A `Progress` that nobody watches."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document, or a receipt, that could not be taken in: why, and what a person can do about it."""

    why: str
    order: str = ""
    key: str = ""
    document: int | None = None
    total_kopecks: int | None = None

    def as_json(self) -> dict[str, object]:
        """A line of `waiting` in the report of `posapp restore`."""
        return {
            "document": self.document,
            "order": self.order,
            "key": self.key,
            "total_kopecks": self.total_kopecks,
            "why": self.why,
        }


@dataclass(slots=True)
class Found:
    """What lies in the storage after a document: ours that the journal does not know, ours that it does, unreadable.

    `unreadable` are receipts whose TLV is gone: nobody can say whose they are. `nameless` are receipts that say neither
    key nor order, on a register that takes no key (rule 2): nobody else prints there, so they are ours. `last` is the
    last number read.
    """

    unknown: list[FiscalDocument] = field(default_factory=list)
    known: list[FiscalDocument] = field(default_factory=list)
    unreadable: list[FiscalDocument] = field(default_factory=list)
    nameless: list[FiscalDocument] = field(default_factory=list)
    others: list[FiscalDocument] = field(default_factory=list)
    last: int = 0


def look(till: Till, after: int, progress: Progress = silent) -> Found:
    """Reads every document with a number above `after`. Makes nothing. Raises DeviceError."""
    last = till.printer.last_document_number()
    storage = till.identity.storage_number
    found = Found(last=after)
    for document in till.printer.documents_after(after):
        found.last = document.number
        progress("storage", document.number - after, last - after)
        if till.journal.receipt_of_document(storage, document.number) is not None:
            found.known.append(document)
        elif _is_declared_foreign(till, storage, document):
            found.others.append(document)
        elif recover.is_unknown_ours(till, document):
            found.unknown.append(document)
        elif recover.is_nameless_ours(till, document):
            found.nameless.append(document)
        elif document.type in _SETTLEMENTS and not document.whole:
            found.unreadable.append(document)
        else:
            found.others.append(document)
    return found


def _is_declared_foreign(till: Till, storage: str, document: FiscalDocument) -> bool:
    """The journal has it as another program's; for one that is stamped like ours a person has said so."""
    noted = till.journal.foreign_documents(storage, after=document.number - 1, limit=1)
    return bool(noted) and noted[0].number == document.number


# ------------------------------------------------------------------------------------------------ taking in
def take_in(
    till: Till, documents: Sequence[FiscalDocument], why: str, progress: Progress = silent
) -> tuple[list[FiscalDocument], list[Waiting]]:
    """Takes the documents into the journal; orders that are not on board are asked for first.

    Returns what is in now and what waits. Raises DeviceError when the register is away, JournalError.
    """
    _bring_orders(till, documents, progress)
    done: list[FiscalDocument] = []
    waiting: list[Waiting] = []
    for place, document in enumerate(documents, 1):
        progress("adopt", place, len(documents))
        case = _take(till, document, why)
        if case is None:
            done.append(document)
        else:
            waiting.append(case)
    return done, waiting


def _take(till: Till, document: FiscalDocument, reason: str) -> Waiting | None:
    stamp = Stamp.parse(document.stamp or "")
    key, order = (stamp.key, stamp.order) if stamp else ("", "")
    try:
        if stamp is not None:
            _give_way(till, document, stamp, reason)
        decision = audit.decided(till, "receipt.adopted", key, reason, document=document.number, order=order)
        adopt.adopt(till, key, document.number, decision)
    except (ResolveNeeded, IllegalMove, DeviceSending) as error:
        why = str(error.facts.get("why", error.message()))
        if stamp is not None and not stamp.order:
            why = NAMELESS.format(number=document.number)
    except DocumentTaken as error:
        why = f"ФД {document.number} в журнале – чек {error.key}"
    else:
        return None
    return Waiting(why, order, key, document.number, document.total.kopecks if document.total else None)


def take_named(till: Till, number: int, order_number: str, reason: str) -> None:
    """A person says: document `number`, which names no order, is the receipt of this one. Safe to call again.

    Believed when the storage has its text and its sum is the order's. For `walk-in` in an order's place it was a sale
    without one. Raises ResolveNeeded, SaleError `unknown_order`, DeviceError.
    """
    if order_number.strip().casefold() == walkin_adopt.WORD:
        _take_walk_in(till, number, reason)
        return
    if is_external_id(order_number.strip()):
        document, check = till.printer.read_document(number), order_number.strip()
        _prove(till, job_adopt.named(till, document, check), document, reason, check)
        return
    document, order = till.printer.read_document(number), orders.find(till, order_number)
    if document.kind in REFUNDS and document.whole:
        _take_refund(till, document, order, reason)
        return
    if document.kind is None or not document.whole or document.total != order.price:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} не подходит заказу {order.number} по сумме")
    settlement = settlement_of(order, document.kind)
    begun = till.journal.receipt_of_settlement(settlement)
    key = recover.key_of(document) or (begun.receipt.key if begun else short_key(till.new_id()))
    if begun is not None and (begun.receipt.key != key or begun.state is State.FISCALIZED):
        raise ResolveNeeded("not_resolvable", why=f"по заказу {order.number} уже есть чек {begun.receipt.key}")
    if begun is None:
        _read_back(till, number, Stamp(till.settings.till, order.number, key), settlement)
    _prove(till, key, document, reason, order.number)


def _take_refund(till: Till, document: FiscalDocument, order: Order, reason: str) -> None:
    """A refund of this order: of which receipt says the sign in 1192, or there is only one.

    One of the same sum that was begun is it. The key of what the journal never knew follows from storage and number, so
    that a call that was cut off goes on.
    """
    number, kind = document.number, document.kind
    waiting = [
        each.receipt.key
        for each in till.journal.receipts_of_order(order.portal, order.order_id)
        if each.state in _OPEN and (each.receipt.kind, each.receipt.total) == (kind, document.total)
    ]
    if len(waiting) > 1:
        raise ResolveNeeded("not_resolvable", why=f"возвратов на эту сумму начато {len(waiting)}: {', '.join(waiting)}")
    own = short_key(uuid5(NAMESPACE_OID, f"{till.identity.storage_number}:{number}"))
    key = recover.key_of(document) or (waiting[0] if waiting else own)
    if till.journal.receipt(key) is None and kind is not None:
        entries = ffd.read_document(till.printer.document_tlv(number)).entries
        stamp = Stamp(till.settings.till, order.number, key)
        settled = settlement_of(order, kind)
        try:
            receipt = receipt_from(entries, stamp, settled, now=till.now(), is_training=till.settings.is_training)
            receipt = refund_adopt.as_refund(till, receipt)
        except ValueError as error:
            raise ResolveNeeded("not_resolvable", why=f"ФД {number} не похож на чек этой программы: {error}") from error
        if receipt.basis is None or not receipt.basis.key:
            raise ResolveNeeded("not_resolvable", why=f"какой чек вернули по ФД {number}, не видно")
        till.journal.add_receipt(receipt)
    _prove(till, key, document, reason, order.number)


_OPEN = (State.PENDING, State.HELD, State.REFUSED, State.SENDING)


def _prove(till: Till, key: str, document: FiscalDocument, reason: str, order: str) -> None:
    """The document becomes the proof of a receipt that is begun. Raises ResolveNeeded where it does not fit."""
    number, kept = document.number, till.journal.receipt(key)
    if kept is not None and kept.state in (State.HELD, State.REFUSED):
        till.journal.move(key, State.PENDING, By.PERSON, f"чек есть в ФН: ФД {number}")
        kept = till.journal.receipt(key)
    if kept is None or kept.receipt.total != document.total:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} не подходит чеку {key} по сумме")
    mark = till.printer.document_mark(number)
    if kept.state is State.PENDING:
        till.journal.start_attempt(key, till.printer.connect(), number - 1, mark.shift_number)
    elif not _waits_for(till, key, number):
        raise ResolveNeeded("not_resolvable", why=f"чек {key} ждёт другого документа")
    decision = audit.decided(till, "receipt.adopted", key, reason, document=number, order=order)
    entries = entries_for(till, kept.receipt, mark)
    till.journal.fiscalize(key, mark, By.PERSON, entries, {"adopted": number}, decision=decision)


def _take_walk_in(till: Till, number: int, reason: str) -> None:
    """Document `number` as a sale without an order; one of the same sum that was begun is it.

    On a register that takes no key the shop has said that nobody else prints there. The key of what the journal never
    knew follows from storage and number, so that a call that was cut off goes on.
    """
    document = till.printer.read_document(number)
    if document.kind is None or not document.whole:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} не чек или не читается целиком")
    waiting = [
        each.receipt.key
        for each in till.journal.receipts_in(State.PENDING, State.HELD, State.REFUSED, State.SENDING)
        if is_walk_in_sale(each.receipt) and (each.receipt.kind, each.receipt.total) == (document.kind, document.total)
    ]
    own = short_key(uuid5(NAMESPACE_OID, f"{till.identity.storage_number}:{number}"))
    key = recover.key_of(document) or (waiting[0] if len(waiting) == 1 else own)
    if len(waiting) > 1 and key not in waiting:
        raise ResolveNeeded("not_resolvable", why=f"чеков на эту сумму начато {len(waiting)}: {', '.join(waiting)}")
    if till.journal.receipt(key) is None:
        walkin_adopt.take_in(till, Stamp(till.settings.till, "", key), number, document.kind)
    _prove(till, key, document, reason, "")


def _read_back(till: Till, number: int, stamp: Stamp, settlement: Settlement) -> None:
    """The receipt that a document shows, into the journal."""
    entries = ffd.read_document(till.printer.document_tlv(number)).entries
    try:
        receipt = receipt_from(entries, stamp, settlement, now=till.now(), is_training=till.settings.is_training)
    except ValueError as error:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} не похож на чек этой программы: {error}") from error
    till.journal.add_receipt(receipt)


def _waits_for(till: Till, key: str, number: int) -> bool:
    """Whether an earlier call was cut off between the attempt and the mark."""
    attempt = till.journal.last_attempt(key)
    return attempt is not None and attempt.ended_at is None and attempt.last_document == number - 1


def declare_foreign(till: Till, number: int, reason: str) -> None:
    """A person says: document `number` is no receipt of this till. It stays out of the journal. Raises DeviceError."""
    document, identity = till.printer.read_document(number), till.printer.connect()
    known = till.journal.known_device(identity.factory_number)
    decision = audit.decided(till, "document.foreign", str(number), reason, document=number)
    reached = known.last_document if known is not None and known.identity == identity else 0
    till.journal.remember_document(identity, reached, [document], decision=decision)
    neighbours.forget_unread(till, document)


def _give_way(till: Till, document: FiscalDocument, stamp: Stamp, why: str) -> None:
    """A receipt of the same settlement that was begun and never sent gives way to the one that was printed.

    The journal went back to a moment before a person had cancelled it; printing it now would be the second one.
    """
    if till.journal.receipt(stamp.key) is not None:
        return
    if job_adopt.is_of_job(stamp):
        job_adopt.give_way(till, document, stamp, why)
        return
    order = till.journal.order(till.portal, stamp.order)
    if order is None or document.kind is None:
        return
    other = till.journal.receipt_of_settlement(settlement_of(order, document.kind))
    if other is not None and other.state in (State.PENDING, State.HELD, State.REFUSED):
        key = other.receipt.key
        reason = f"по заказу напечатан ФД {document.number}"
        decision = audit.decided(till, "receipt.cancelled", key, why, document=document.number)
        till.journal.move(key, State.CANCELLED, By.PERSON, reason, decision=decision)


def _bring_orders(till: Till, documents: Sequence[FiscalDocument], progress: Progress) -> None:
    """Orders that are not on board, from the portal when it answers. Never raises for a portal that does not."""
    stamps = [Stamp.parse(each.stamp or "") for each in documents]
    unread = [each for each in stamps if each is not None and till.journal.receipt(each.key) is None]
    ordered = {each.order for each in unread if each.order and not job_adopt.is_of_job(each)}
    missing = {each for each in ordered if till.journal.order(till.portal, each) is None}
    if not missing:
        return
    try:
        if len(missing) > MANY_ORDERS:
            progress("orders", 0, 0)
            exchange.pull(till)
        for place, number in enumerate(sorted(missing), 1):
            progress("orders", place, len(missing))
            if till.journal.order(till.portal, number) is None:
                exchange.fetch(till, number)
    except (Offline, Rejected, SetupError):
        return


def by_hints(till: Till, marks: Mapping[str, Mapping[str, object]], why: str) -> None:
    """Receipts that a damaged journal called printed: believed when the storage shows the very document.

    The sign (1077) is computed by the storage over the whole document, so number, sign, kind and total together are the
    document even where its TLV is gone. What was printed in a storage that is no longer here is a person's word: the
    damaged journal is all that is left of it, and calling it unprinted would print it twice. Where the storage shows
    something else, the documents' own keys decide (`look`). Raises DeviceError, DeviceSending.
    """
    here = till.printer.connect()
    for key, hint in marks.items():
        stored = till.journal.receipt(key)
        if stored is None or stored.state not in (State.PENDING, State.SENDING):
            continue
        claimed = FiscalMark.from_json(cast("Mapping[str, object]", hint["mark"]))
        if claimed.storage_number == here.storage_number:
            mark, device, by = _shown(till, stored.receipt, claimed), here, By.PROOF
        else:
            factory = str(hint.get("factory") or here.factory_number)
            device = DeviceIdentity(factory, claimed.registration_number, claimed.storage_number)
            mark, by = claimed, By.PERSON
        if mark is None:
            continue
        number = mark.document_number
        if stored.state is State.PENDING:
            till.journal.start_attempt(key, device, number - 1, mark.shift_number)
        decision = audit.decided(till, "receipt.adopted", key, why, document=number, storage=mark.storage_number)
        evidence = {"salvaged": number}
        with suppress(DocumentTaken):  # the damaged row lied: that document is another receipt's
            till.journal.fiscalize(key, mark, by, entries_for(till, stored.receipt, mark), evidence, decision=decision)


def _shown(till: Till, receipt: Receipt, claimed: FiscalMark) -> FiscalMark | None:
    """The mark as the storage here has it, None when that document is another one."""
    try:
        document = till.printer.read_document(claimed.document_number)
    except Refused:
        return None
    if (document.sign, document.kind, document.total) != (claimed.document_sign, receipt.kind, receipt.total):
        return None
    if document.whole and recover.key_of(document) not in (None, receipt.key):
        return None
    return till.printer.document_mark(claimed.document_number)
