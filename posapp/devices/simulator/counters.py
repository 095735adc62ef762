"""What the storage of a simulated register has counted, for money registers 4228…4353: added up from its documents.

Nothing is kept beside the documents, so the counters can never contradict them. What was added up once is remembered
by number of the last document.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from posapp.devices.shtrih.counters import (
    BLOCK,
    CORRECTIONS,
    NUMBER,
    RECEIPTS,
    SHIFT,
    STORAGE,
    TENDERS,
    correction_at,
    kind_at,
)
from posapp.devices.simulator.documents import (
    CORRECTION,
    RECEIPT,
    SHIFT_OPEN,
    STRICT_CORRECTION,
    STRICT_FORM,
    FiscalStorage,
    StoredDocument,
)
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind

_FLAT_VAT = (1102, 1103, 1104, 1105, 1106, 1107)


class Counters:
    """The two blocks of one storage."""

    def __init__(self, storage: FiscalStorage) -> None:
        self._storage = storage
        self._counted = 0
        self._of_storage = [0] * BLOCK
        self._of_shift = [0] * BLOCK

    def value(self, register: int) -> int | None:
        """The value of a money register, None for one that is not in these blocks."""
        for first, block in ((STORAGE, self._of_storage), (SHIFT, self._of_shift)):
            if first <= register < first + BLOCK:
                self._catch_up()
                return block[register - first]
        return None

    def _catch_up(self) -> None:
        for document in self._storage.documents[self._counted :]:
            self._add(document)
        self._counted = self._storage.last_number

    def _add(self, document: StoredDocument) -> None:
        if document.form == SHIFT_OPEN:
            self._of_shift[:] = [0] * BLOCK
            self._of_shift[NUMBER] = document.shift_number
            self._of_storage[NUMBER] += 1
        if document.kind is None or document.total_kopecks is None:
            return
        entries = ffd.decode(document.body) if document.form in (RECEIPT, STRICT_FORM) else ()
        for block in (self._of_storage, self._of_shift):
            if document.form in (RECEIPT, STRICT_FORM):
                _count_receipt(block, document, entries)
            elif document.form in (CORRECTION, STRICT_CORRECTION):
                first = correction_at(ReceiptKind(document.kind))
                block[CORRECTIONS] += 1
                block[first] += 1
                block[first + 1] += document.total_kopecks


def _count_receipt(block: list[int], document: StoredDocument, entries: tuple[ffd.Entry, ...]) -> None:
    first = kind_at(ReceiptKind(document.kind or 0))
    block[RECEIPTS] += 1
    block[first] += 1
    block[first + 1] += document.total_kopecks or 0
    for at, tag in enumerate((*TENDERS, *_FLAT_VAT)):
        block[first + 2 + at] += _number(entries, tag)


def _number(entries: Sequence[ffd.Entry], tag: int) -> int:
    found = ffd.find(entries, tag)
    return found.value if found is not None and isinstance(found.value, int) else 0


def untransmitted_totals(documents: Iterable[StoredDocument]) -> Totals:
    """Tag 1158: number, sum and sums by tender of the receipts and corrections that wait for the OFD."""
    waiting = [each for each in documents if each.kind is not None]
    totals: Totals = [(1144, len(waiting))]
    for kind in ReceiptKind:
        chosen = [ffd.decode(each.body) for each in waiting if each.kind == kind]
        if chosen:
            sums = [(of, sum(_number(each, tag) for each in chosen)) for tag, of in _SUMS]
            totals.append((_CORRECTION_TAGS[kind], [(1135, len(chosen)), *sums]))
    return totals


def shift_totals(counters: Counters) -> Totals:
    """Tag 1194."""
    return _totals(counters, SHIFT)


def storage_totals(counters: Counters) -> Totals:
    """Tag 1157."""
    return _totals(counters, STORAGE)


Totals = list[tuple[int, ffd.Value]]
_KIND_TAGS = {
    ReceiptKind.SELL: 1129,
    ReceiptKind.SELL_REFUND: 1130,
    ReceiptKind.BUY: 1131,
    ReceiptKind.BUY_REFUND: 1132,
}
_CORRECTION_TAGS = {
    ReceiptKind.SELL: 1145,
    ReceiptKind.SELL_REFUND: 1232,
    ReceiptKind.BUY: 1146,
    ReceiptKind.BUY_REFUND: 1233,
}
_SUMS = ((1020, 1201), (1031, 1136), (1081, 1138), (1215, 1218), (1216, 1219), (1217, 1220))
"""A document's total and tenders → the tags of their sums."""
_OF_KIND = (1135, 1201, 1136, 1138, 1218, 1219, 1220, 1139, 1140, 1143, 1183, 1141, 1142)
"""The thirteen registers of a kind as tags."""


def _totals(counters: Counters, first: int) -> Totals:
    """1194 and 1157: how many documents, a block for each kind, the corrections. What was not counted has no block.

    1134 counts receipts and corrections of all kinds, 1144 the corrections alone, 1135 the documents of one kind: the
    tables "счётчики итогов" of order ЕД-7-20/662@.
    """

    def value(offset: int) -> int:
        return counters.value(first + offset) or 0

    totals: Totals = [(1134, value(RECEIPTS) + value(CORRECTIONS))]
    for kind in ReceiptKind:
        if value(kind_at(kind)):
            totals.append((_KIND_TAGS[kind], [(tag, value(kind_at(kind) + at)) for at, tag in enumerate(_OF_KIND)]))
    if value(CORRECTIONS):
        blocks: Totals = [(1144, value(CORRECTIONS))]
        for kind in ReceiptKind:
            at = correction_at(kind)
            if value(at):
                blocks.append((_CORRECTION_TAGS[kind], [(1135, value(at)), (1201, value(at + 1))]))
        totals.append((1133, blocks))
    return totals
