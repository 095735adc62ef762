"""Which receipts of a deal were taken back whole, so that they are as if they had never been. Pure.

A refund names the receipt that it takes back by its key (`Receipt.basis`). One that was taken back in part stays: what
is left of it is for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money, total
from posapp.domain.receipt import Receipt

REFUNDS = (ReceiptKind.SELL_REFUND, ReceiptKind.BUY_REFUND)


def taken_back(receipt: Receipt, made: Iterable[Receipt]) -> Money:
    """How much of a receipt the refunds among `made` take back."""
    return total([each.total for each in made if _is_of(each, receipt)])


def undone(made: Sequence[Receipt]) -> tuple[Receipt, ...]:
    """The receipts that were taken back whole."""
    return tuple(each for each in made if each.kind not in REFUNDS and taken_back(each, made) >= each.total)


def standing(made: Sequence[Receipt]) -> tuple[Receipt, ...]:
    """What is left of the deal: without what was taken back whole, and without the refunds that did it."""
    gone = undone(made)
    return tuple(each for each in made if each not in gone and not any(_is_of(each, one) for one in gone))


def _is_of(refund: Receipt, receipt: Receipt) -> bool:
    return refund.kind in REFUNDS and refund.basis is not None and refund.basis.key == receipt.key
