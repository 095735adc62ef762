"""Which receipts of a deal count when some of them were put right. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from posapp.domain.lawful import REFUNDS
from posapp.domain.receipt import OriginalReceipt, Receipt
from posapp.domain.settlement import Fix


def in_force(receipts: Sequence[Receipt]) -> tuple[Receipt, ...]:
    """The receipts that count, out of all that were made: without those that were undone, and without what undid them.

    A right receipt stands in the place of the wrong one; a right refund names what the wrong one took back.
    """
    fixes = {each.key: each.settlement.fix for each in receipts}
    undone = {fix[1] for fix in fixes.values() if fix is not None}
    counting = (
        each for each in receipts if each.key not in undone and ((fix := fixes[each.key]) is None or fix[0] is Fix.REDO)
    )
    return tuple(_in_its_place(each, receipts) for each in counting)


def taken_back_by(refund: Receipt, receipts: Iterable[Receipt]) -> OriginalReceipt | None:
    """What a refund takes back. One that puts a wrong refund right refers to that one (1192), and takes back what it
    did; `receipts` have the wrong ones.
    """
    known = {each.key: each for each in receipts}
    while (fix := refund.settlement.fix) is not None and fix[0] is Fix.REDO and fix[1] in known:
        refund = known[fix[1]]
    return refund.basis


def _in_its_place(receipt: Receipt, receipts: Sequence[Receipt]) -> Receipt:
    if receipt.kind not in REFUNDS or receipt.settlement.fix is None:
        return receipt
    return replace(receipt, basis=taken_back_by(receipt, receipts))
