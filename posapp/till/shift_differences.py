"""Does a shift add up: our receipts and those of others against what the register itself has counted. Pure.

Two counts, each made only where everything that it needs was read:

- receipts: ours by the journal and those of others by the storage, against tag 1118 of the closing report;
- cash: the drawer (money register 241) at the end less that at the beginning, put in and taken out apart (242, 243),
  against the cash of all documents in between. The two looks at the drawer are those that the journal keeps with the
  opening and the closing of the shift (rule 8); for the shift that is still open the second is taken now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt, TenderKind
from posapp.journal.rows import Operation
from posapp.till.reconcile_views import Difference, Move, Phrase
from posapp.till.witnesses import Found, JournalReading, Kept, StorageReading

_MONEY_IN = frozenset((ReceiptKind.SELL, ReceiptKind.BUY_REFUND))


@dataclass(frozen=True, slots=True)
class _Drawer:
    """The register's cash at one moment, kopecks: in the drawer, put in and taken out in the shift."""

    drawer: int
    cash_in: int
    cash_out: int


@dataclass(frozen=True, slots=True)
class _Window:
    """The documents of one shift, all of them up to its closing report or to now."""

    number: int
    documents: tuple[Found, ...]
    closing: int | None  # the number of its closing report


def of_shifts(journal: JournalReading, storage: StorageReading) -> list[Difference]:
    """Shifts whose opening was read; nothing of the others, for they are not here whole."""
    if not storage.is_whole:
        return []
    found: list[Difference] = []
    for window in _windows(storage.found):
        found += _receipts(window, journal.kept, storage)
        found += _cash(window, journal.operations, storage)
    return found


def _windows(found: Sequence[Found]) -> Iterator[_Window]:
    number: int | None = None
    documents: list[Found] = []
    for each in found:
        if each.document.type == DocumentType.SHIFT_OPEN:
            number, documents = each.document.shift_number, []
        elif each.document.type == DocumentType.SHIFT_CLOSE:
            if number is not None:
                yield _Window(number, tuple(documents), each.document.number)
            number = None
        elif number is not None and each.settles:
            documents.append(each)
    if number is not None:
        yield _Window(number, tuple(documents), None)


# ------------------------------------------------------------------------------------------------ receipts
def _receipts(window: _Window, kept: Sequence[Kept], storage: StorageReading) -> Iterator[Difference]:
    counted = storage.counted.get(window.closing or 0)
    if counted is None:
        return
    ours = {each.by_number.receipt.key for each in window.documents if each.by_number is not None}
    ours |= {
        each.receipt.key
        for each in kept
        if each.mark.storage_number == storage.device.storage_number and each.mark.shift_number == window.number
    }
    others = sum(each.by_number is None for each in window.documents)
    if len(ours) + others != counted:
        what = Phrase(
            f"ККТ насчитала чеков {counted}, а в журнале {len(ours)} и других {others}",
            f"the register counts {counted} receipts, the journal holds {len(ours)} and there are {others} others",
        )
        yield Difference("shift_differs", Move.MANAGER, facts={"shift": window.number, "what": what})


# ------------------------------------------------------------------------------------------------ cash
def _cash(window: _Window, operations: Sequence[Operation], storage: StorageReading) -> Iterator[Difference]:
    before, after = _before(window, operations, storage), _after(window, operations, storage)
    moved = [_cash_of(each) for each in window.documents]
    if before is None or after is None or None in moved:
        return
    if before.cash_in or before.cash_out:
        return  # of the former shift, or put in before this one: registers zero them at different moments
    expected = sum(each for each in moved if each is not None)
    surplus = after.drawer - before.drawer - after.cash_in + after.cash_out - expected
    if surplus:
        amount = Money(abs(surplus))
        ru, en = ("больше", "more") if surplus > 0 else ("меньше", "less")
        what = Phrase(
            f"наличных по счётчику ККТ на {amount} {ru}, чем по документам",
            f"the register counts {amount} {en} cash than the documents",
        )
        yield Difference("shift_differs", Move.MANAGER, amount=amount, facts={"shift": window.number, "what": what})


def _before(window: _Window, operations: Sequence[Operation], storage: StorageReading) -> _Drawer | None:
    """The drawer before the shift was opened, where this till has opened it."""
    wanted = [each for each in operations if each.kind == "shift_open" and each.device == storage.device]
    return next((_drawer(each.before) for each in wanted if each.before.get("shift_number") == window.number - 1), None)


def _after(window: _Window, operations: Sequence[Operation], storage: StorageReading) -> _Drawer | None:
    """The drawer before the shift was closed, or now. Nothing may have been sold between the look and the closing."""
    if window.closing is None:
        now = storage.totals
        return None if now is None else _Drawer(now.drawer.kopecks, now.cash_in.kopecks, now.cash_out.kopecks)
    for each in operations:
        if each.kind != "shift_close" or each.device != storage.device:
            continue
        if each.before.get("shift_number") == window.number and each.before.get("last_document") == window.closing - 1:
            return _drawer(each.before)
    return None


def _drawer(facts: Mapping[str, object]) -> _Drawer | None:
    values = [facts.get(name) for name in ("drawer_kopecks", "cash_in_kopecks", "cash_out_kopecks")]
    whole = [each for each in values if isinstance(each, int)]
    return _Drawer(*whole) if len(whole) == len(values) else None


def _cash_of(each: Found) -> int | None:
    """Kopecks of cash that a document put into the drawer; None when that cannot be read."""
    kopecks = _of_receipt(each.by_number.receipt) if each.by_number is not None else None
    if each.by_number is None and each.cash is not None:
        kopecks = each.cash.kopecks
    if kopecks is None or each.document.kind is None:
        return None
    return kopecks if each.document.kind in _MONEY_IN else -kopecks


def _of_receipt(receipt: Receipt) -> int:
    """Cash less the change."""
    cash = sum(each.amount.kopecks for each in receipt.tenders if each.kind is TenderKind.CASH)
    return cash - receipt.change.kopecks
