"""How far the correction of a receipt has come: read from the journal alone, by every screen and before every sale.

The documents of a correction stand in the journal from the moment that a person has ordered it, all in one transaction:
the first one `pending`, the second `held` until the first is fiscalized. So a crash between the two leaves a second
document that waits, with its key, and nothing that could be printed twice.

One case leaves no second one: a journal that went back in time takes in the first document from the storage, and of the
second, which was never printed, nobody knows any more. The journal's fact `corrections_alone` remembers those.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from posapp.domain.correction import REVERSE, TRIES_MAX, fix_identity, fix_of_key
from posapp.domain.order import Order
from posapp.domain.receipt import OriginalReceipt, Receipt
from posapp.domain.refund import REFUND_KIND
from posapp.domain.settlement import Fix, State, fix_part, numbered_part, short_key
from posapp.errors import PosError, ResolveNeeded, SaleError
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.journal.rows import StoredReceipt

ALONE = "corrections_alone"
UNPRINTED = (State.PENDING, State.HELD, State.REFUSED, State.SENDING)
WAITS = "ждёт документа, который отменяет неверный чек"
"""Why the second document is held."""
CONTINUED = "исправление продолжено"
"""Why it is held no more."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A wrong receipt and the documents that put it right, as far as there are any; those given up left out."""

    wrong: StoredReceipt
    first: StoredReceipt | None = None
    second: StoredReceipt | None = None

    @property
    def documents(self) -> tuple[StoredReceipt, ...]:
        """What there is, in the order of printing."""
        return tuple(each for each in (self.first, self.second) if each is not None)

    @property
    def is_begun(self) -> bool:
        """A person has ordered it."""
        return bool(self.documents)

    @property
    def is_out(self) -> bool:
        """The wrong receipt is undone by a document."""
        return self.first is not None and self.first.state is State.FISCALIZED

    @property
    def is_whole(self) -> bool:
        """Everything that belongs to it is printed."""
        if not self.is_out or self.first is None:
            return False
        is_void = self.first.receipt.settlement.fix == (Fix.VOID, self.wrong.receipt.key)
        return is_void or (self.second is not None and self.second.state is State.FISCALIZED)

    @property
    def is_half(self) -> bool:
        """The wrong receipt is undone and the right one is not there: the money has no receipt."""
        return self.is_out and not self.is_whole

    def trouble(self) -> PosError | None:
        """What is to be said while it is not whole; None when there is nothing."""
        receipt = self.wrong.receipt
        if self.is_half and self.first is not None:
            number = self.first.mark.document_number if self.first.mark else "?"
            why = _why_not_out(self.second)
            return ResolveNeeded(
                "correction_half", key=receipt.key, order=receipt.order_number, document=number, why=why
            )
        if self.is_begun and not self.is_whole:
            return begun(receipt.key, self.documents[0].receipt)
        return None


def _why_not_out(second: StoredReceipt | None) -> str:
    """Why the second document is not there, in words."""
    if second is None:
        return "журнал его не знает"
    if second.state is State.SENDING:
        return "его отправили на ККТ, исход ещё не известен"
    return second.reason if second.reason not in ("", WAITS, CONTINUED) else "он ещё не напечатан"


def trouble_of(till: Till, newest: StoredReceipt) -> PosError | None:
    """What is to be said of an order whose newest receipt this is; None unless something of it is being put right."""
    receipt, fix = newest.receipt, newest.receipt.settlement.fix
    if fix is None:
        return begun(receipt.key, receipt) if receipt.correction is not None and newest.state in UNPRINTED else None
    wrong = till.journal.receipt(fix[1])
    return None if wrong is None else correction_of(till, wrong).trouble()


def begun(key: str, document: Receipt) -> SaleError:
    """A document of the correction of receipt `key` waits to be printed."""
    return SaleError("correction_begun", key=key, order=document.order_number, document_key=document.key)


def correction_of(till: Till, wrong: StoredReceipt) -> Correction:
    """How far the correction of this receipt has come."""
    undo, void, redo = (_document(till, wrong.receipt, fix) for fix in (Fix.UNDO, Fix.VOID, Fix.REDO))
    return Correction(wrong, undo or void, redo)


def _document(till: Till, wrong: Receipt, fix: Fix) -> StoredReceipt | None:
    """By its settlement, which is an index: sales without an order have none that would hold them together."""
    kind = wrong.kind if fix is Fix.REDO else REVERSE[wrong.kind]
    part = fix_part(wrong.settlement.part, fix, wrong.key)
    return till.journal.receipt_of_settlement(replace(wrong.settlement, part=part, kind=kind))


def refund_of(till: Till, receipt: Receipt) -> StoredReceipt | None:
    """The first refund of a sale or purchase, begun or made; not what puts it right."""
    kind = REFUND_KIND.get(receipt.kind)
    if kind is None:
        return None
    part = numbered_part(receipt.settlement.part, 1)
    return till.journal.receipt_of_settlement(replace(receipt.settlement, part=part, kind=kind))


def unfinished(till: Till) -> list[Correction]:
    """Corrections that were begun and are not whole, oldest first."""
    waiting = till.journal.receipts_in(*UNPRINTED)
    fixes = [each.receipt.settlement.fix for each in waiting]
    keys = dict.fromkeys([*_alone(till), *(fix[1] for fix in fixes if fix is not None)])
    wrong = [stored for stored in map(till.journal.receipt, keys) if stored is not None]
    found = [correction_of(till, each) for each in wrong]
    return [each for each in found if each.is_begun and not each.is_whole]


def late_unfinished(till: Till) -> list[StoredReceipt]:
    """Corrections of settlements without a receipt that were begun and are not printed."""
    waiting = till.journal.receipts_in(*UNPRINTED)
    return [each for each in waiting if each.receipt.correction is not None and each.receipt.settlement.fix is None]


def refuse_begun(till: Till, order: Order) -> None:
    """Raises ResolveNeeded `correction_half`, SaleError `correction_begun` for an order that is being put right."""
    of_order = till.journal.receipts_of_order(order.portal, order.order_id)
    by_key = {each.receipt.key: each for each in of_order}
    for each in of_order:
        receipt, fix = each.receipt, each.receipt.settlement.fix
        wrong = by_key.get(fix[1]) if fix is not None and each.state is not State.CANCELLED else None
        trouble = correction_of(till, wrong).trouble() if wrong is not None else None
        if trouble is not None:
            raise trouble
        if fix is None and receipt.correction is not None and each.state in UNPRINTED:
            raise begun(receipt.key, receipt)


def undoes(receipt: Receipt) -> bool:
    """Whether it only takes a wrong receipt back: it is neither sale nor refund of anything else."""
    fix = receipt.settlement.fix
    return fix is not None and fix[0] is not Fix.REDO


def free_try(till: Till, key: str, fixes: Sequence[Fix]) -> int:
    """Under which number documents that do this to receipt `key` can be begun: their keys are not in the journal yet.

    Raises SaleError `correction_unfit` when it was given up too often.
    """
    for tries in range(TRIES_MAX):
        keys = [short_key(fix_identity(key, each, tries)) for each in fixes]
        if all(till.journal.receipt(each) is None for each in keys):
            return tries
    raise SaleError("correction_unfit", key=key, why="от исправления слишком часто отказывались")


def as_fix(till: Till, receipt: Receipt) -> Receipt | None:
    """A receipt read back from its document, as what its key says it is: a part of a correction; None for others.

    Its settlement need only name the portal and the order. What it puts right has the sign that it names in 1192.
    """
    if receipt.basis is None:
        return None
    sign = int(receipt.basis.document_sign)
    stored = till.journal.receipts_of_order(receipt.settlement.portal, receipt.settlement.order_id)
    wrong = {
        each.receipt.key: each for each in stored if each.mark is not None and int(each.mark.document_sign) == sign
    }
    found = fix_of_key(receipt.key, wrong)
    if found is None:
        return None
    fix, key = found
    original, mark = wrong[key].receipt, wrong[key].mark
    if mark is None:
        return None
    part = fix_part(original.settlement.part, fix, key)
    settlement = replace(receipt.settlement, part=part)
    return replace(receipt, settlement=settlement, basis=OriginalReceipt.of(key, mark))


# ------------------------------------------------------------------------------------------------ the second is lost
def _alone(till: Till) -> list[str]:
    found: list[str] = json.loads(till.journal.get_fact(ALONE) or "[]")
    return found


def note_alone(till: Till, receipt: Receipt) -> None:
    """A document was taken in from the storage that undid a receipt: is the right one there too?"""
    fix = receipt.settlement.fix
    if fix is not None and fix[0] is Fix.UNDO and fix[1] not in _alone(till):
        till.journal.set_fact(ALONE, json.dumps([*_alone(till), fix[1]]))


def forget_alone(till: Till, key: str) -> None:
    """The correction of receipt `key` is whole."""
    if key in (kept := _alone(till)):
        till.journal.set_fact(ALONE, json.dumps([each for each in kept if each != key]))
