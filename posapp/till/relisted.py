"""A refund whose entry the portal's list has lost is told again (rule 15).

Bitrix has no compare-and-set: another till that read the list before our entry was there and wrote it afterwards has
written over it, and people edit the field. Either changes the order, so the next pull brings it; what is missing there
although it was delivered goes out once more. Sales need no such care, their payment's own fields tell of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from posapp.domain.settlement import State
from posapp.domain.undone import REFUNDS
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.sync.bitrix.marks import PortalMark


def watch(till: Till, marks: Iterable[PortalMark]) -> int:
    """Looks at the receipts that pulled orders carry; how many of ours are told again."""
    shown: dict[int, set[str]] = {}
    for mark in marks:
        shown.setdefault(mark.order_id, set()).add(mark.key)
    found = 0
    for order_id, keys in shown.items():
        for stored in till.journal.receipts_of_order(till.portal, order_id):
            is_refund = stored.state is State.FISCALIZED and stored.receipt.kind in REFUNDS
            if is_refund and stored.receipt.key not in keys:
                found += _tell_again(till, stored.receipt.key)
    return found


def _tell_again(till: Till, key: str) -> int:
    """All its steps, once all are done: with its entry whole and part may have become another matter."""
    entries = till.journal.entries_of_receipt(key)
    if not entries or any(each.state != "done" for each in entries):
        return 0
    for each in entries:
        till.journal.reopen_entry(each.id, till.now())
    return 1
