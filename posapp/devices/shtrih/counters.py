"""The counters of a shift as money registers (1Ah): which register holds what, and how a driver reads them.

A register with a fiscal storage counts every document by kind and by tender: registers 4228…4290 since the storage was
activated, 4291…4353 in the shift – the open one, or the last one when none is open. They are counts and sums of the
fiscal documents themselves (tags 1129…1146, 1157, 1194), so they tell what every program on the register has made.

Offsets inside a block: 0 number of the shift (of the storage: how many), 1 receipts of all kinds; from 2 on thirteen
for each kind – receipts, total, cash, cashless, prepaid, credit, other, six sums of VAT; from 54 on all corrections,
then count and sum of each kind. Kinds stand as tag 1054 numbers them: sale, its return, buy, its return.

Source: names of the registers in the vendor's driver for Windows ("Итоги смены ФН"). Older firmware has none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from posapp.devices.base import Counted, KindCounters, ShiftCounters
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import TenderKind

STORAGE, SHIFT = 4228, 4291
"""The first register of the block that is never zeroed, and of that of the shift."""
BLOCK = 63

NUMBER, RECEIPTS, KINDS, CORRECTIONS = 0, 1, 2, 54
PER_KIND = 13
TENDERS = tuple(TenderKind)
"""In the order of the registers, which is that of their tags: 1031, 1081, 1215, 1216, 1217."""

CORRECTION_SUMS = 4224
"""Sums of the shift's corrections by kind, counted by the register itself: sale, buy, return of sale, return of buy."""


def kind_at(kind: ReceiptKind) -> int:
    """The offset of a kind's thirteen."""
    return KINDS + PER_KIND * (kind.value - 1)


def correction_at(kind: ReceiptKind) -> int:
    """The offset of a kind's two among the corrections."""
    return CORRECTIONS + 1 + 2 * (kind.value - 1)


def read(
    money: Callable[[int], int], kinds: Iterable[ReceiptKind], *, drawer: Money, cash_in: Money, cash_out: Money
) -> ShiftCounters:
    """The shift's counters of `kinds`; `money` reads one money register."""
    chosen = tuple(kinds)
    return ShiftCounters(
        shift_number=money(SHIFT + NUMBER),
        receipts={kind: _of_kind(money, SHIFT + kind_at(kind)) for kind in chosen},
        corrections={
            kind: Counted(money(SHIFT + correction_at(kind)), Money(money(SHIFT + correction_at(kind) + 1)))
            for kind in chosen
        },
        drawer=drawer,
        cash_in=cash_in,
        cash_out=cash_out,
    )


def _of_kind(money: Callable[[int], int], first: int) -> KindCounters:
    return KindCounters(
        count=money(first),
        total=Money(money(first + 1)),
        tenders={tender: Money(money(first + 2 + at)) for at, tender in enumerate(TENDERS)},
    )
