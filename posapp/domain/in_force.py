"""Which receipts of a deal count when some of them were put right. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from posapp.domain.receipt import Receipt
from posapp.domain.settlement import Fix


def in_force(receipts: Sequence[Receipt]) -> tuple[Receipt, ...]:
    """The receipts that count, out of all that were made: without those that were undone, and without what undid them.

    A right receipt stands in the place of the wrong one.
    """
    fixes = {each.key: each.settlement.fix for each in receipts}
    undone = {fix[1] for fix in fixes.values() if fix is not None}
    return tuple(
        each for each in receipts if each.key not in undone and ((fix := fixes[each.key]) is None or fix[0] is Fix.REDO)
    )
