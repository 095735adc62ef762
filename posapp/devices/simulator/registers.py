"""Money registers (1Ah) and operation registers (1Bh): the register's own book-keeping beside the storage.

Numbers as in the vendor's list: 121…184 sums by department and kind in the shift, 193…208 payments by type and kind
in the shift (types 5…16 stand in 4144…4191), 241 cash in the drawer, 242/243 cash put in and taken out in the shift,
245…248 sums by kind in the shift, 4224…4227 those of corrections; counters 144…147 receipts by kind in the shift,
148…151 their last numbers, 152 through document number, 153/154 cash in/out in the shift, 155/156 their numbers, 157
cancelled receipts, 158 X reports, 159 Z reports.

Kinds here count as the protocol does: 0 sale, 1 buy, 2 return of sale, 3 return of buy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

DEPARTMENTS, PAYMENTS, TOTALS = 121, 193, 245
EXTENDED, MORE_PAYMENTS, CORRECTIONS = 4096, 4144, 4224
DRAWER, CASH_IN, CASH_OUT = 241, 242, 243
RECEIPTS, RECEIPT_NUMBERS, DOCUMENTS = 144, 148, 152
IN_COUNT, OUT_COUNT, IN_NUMBER, OUT_NUMBER = 153, 154, 155, 156
CANCELLED, X_REPORTS, Z_REPORTS = 157, 158, 159

_SHIFT_MONEY = frozenset(
    (
        *range(DEPARTMENTS, DRAWER),
        CASH_IN,
        CASH_OUT,
        *range(TOTALS, TOTALS + 4),
        *range(MORE_PAYMENTS, MORE_PAYMENTS + 48),
        *range(CORRECTIONS, CORRECTIONS + 4),
    )
)
_SHIFT_COUNTS = frozenset((*range(RECEIPTS, RECEIPTS + 4), IN_COUNT, OUT_COUNT))


class Registers:
    """The registers that are not zero. `money` in kopecks, `counts` are counters; both number → value."""

    def __init__(self, money: Mapping[int, int] | None = None, counts: Mapping[int, int] | None = None) -> None:
        self.money: dict[int, int] = dict(money or {})
        self.counts: dict[int, int] = dict(counts or {})

    @property
    def drawer_kopecks(self) -> int:
        """Cash in the drawer."""
        return self.money.get(DRAWER, 0)

    def next_document(self) -> int:
        """Counts one printed document; its through number as the protocol tells it (two bytes, from 1 to 9999)."""
        number = self.counts.get(DOCUMENTS, 0) % 9999 + 1
        self.counts[DOCUMENTS] = number
        return number

    def cash_moved(self, kopecks: int) -> None:
        """Cash was put in (positive) or taken out (negative)."""
        self._add(DRAWER, kopecks)
        came = kopecks >= 0
        self._add(CASH_IN if came else CASH_OUT, abs(kopecks))
        self.count(IN_COUNT if came else OUT_COUNT)
        self.count(IN_NUMBER if came else OUT_NUMBER)

    def receipt_made(self, kind: int, sums: Iterable[tuple[int, int]], payments: Iterable[int]) -> None:
        """A receipt was closed: `sums` are (department, kopecks) of its items, `payments` cash and types 2…16."""
        for department, kopecks in sums:
            self._add(DEPARTMENTS + 4 * (min(max(department, 1), 16) - 1) + kind, kopecks)
            self._add(TOTALS + kind, kopecks)
        for number, kopecks in enumerate(payments):
            if kopecks:
                self._add((PAYMENTS + 4 * number if number < 4 else MORE_PAYMENTS + 4 * (number - 4)) + kind, kopecks)
            if number == 0:
                self._add(DRAWER, kopecks if kind in (0, 3) else -kopecks)
        self.count(RECEIPTS + kind)
        self.count(RECEIPT_NUMBERS + kind)

    def correction_made(self, kind: int, total: int, payments: Iterable[int]) -> None:
        """A correction was made; for the drawer and the departments it is a receipt like any other."""
        self.receipt_made(kind, [(1, total)], payments)
        self.correction_total(kind, total)

    def correction_total(self, kind: int, total: int) -> None:
        """Adds to the sum of the shift's corrections."""
        self._add(CORRECTIONS + kind, total)

    def count(self, number: int) -> None:
        """One more in a counter."""
        self.counts[number] = self.counts.get(number, 0) + 1

    def shift_closed(self, keep_drawer: bool) -> None:
        """Zeroes what counts within a shift, and the drawer unless table 1 says to keep it."""
        self.money = {n: value for n, value in self.money.items() if n not in _SHIFT_MONEY}
        self.counts = {n: value for n, value in self.counts.items() if n not in _SHIFT_COUNTS}
        if not keep_drawer:
            self.money.pop(DRAWER, None)

    def _add(self, number: int, kopecks: int) -> None:
        self.money[number] = self.money.get(number, 0) + kopecks
