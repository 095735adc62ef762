"""What was taken: receipts by kind, and the money of each kind by tender. Pure sums, added and compared.

Money here is what stayed: cash without the change. `net` is what came in less what was given back, so that a refund
lowers the tender that it was paid out in, the moment it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt, TenderKind

MONEY_IN = frozenset((ReceiptKind.SELL, ReceiptKind.BUY_REFUND))
"""Kinds (1054) by which money comes in; the others give it out."""

Cell = tuple[ReceiptKind, TenderKind]


@dataclass(frozen=True, slots=True)
class Takings:
    """`counts`: receipts by kind; `kopecks`: by kind and tender. What is missing is zero; both may be differences."""

    counts: Mapping[ReceiptKind, int] = field(default_factory=lambda: MappingProxyType({}))
    kopecks: Mapping[Cell, int] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, receipts: Iterable[Receipt]) -> Takings:
        """The sums of these receipts."""
        counts: dict[ReceiptKind, int] = {}
        kopecks: dict[Cell, int] = {}
        for receipt in receipts:
            counts[receipt.kind] = counts.get(receipt.kind, 0) + 1
            for tender in receipt.tenders:
                change = receipt.change.kopecks if tender.kind is TenderKind.CASH else 0
                cell = (receipt.kind, tender.kind)
                kopecks[cell] = kopecks.get(cell, 0) + tender.amount.kopecks - change
        return cls(counts, kopecks)

    def __add__(self, other: Takings) -> Takings:
        counts, kopecks = dict(self.counts), dict(self.kopecks)
        for kind, count in other.counts.items():
            counts[kind] = counts.get(kind, 0) + count
        for cell, money in other.kopecks.items():
            kopecks[cell] = kopecks.get(cell, 0) + money
        return Takings(counts, kopecks)

    def __neg__(self) -> Takings:
        return Takings(
            {kind: -count for kind, count in self.counts.items()},
            {cell: -money for cell, money in self.kopecks.items()},
        )

    def __sub__(self, other: Takings) -> Takings:
        return self + -other

    def count(self, kind: ReceiptKind) -> int:
        """Receipts of a kind."""
        return self.counts.get(kind, 0)

    def of_kind(self, kind: ReceiptKind) -> Money:
        """All tenders of a kind of receipt."""
        return Money(sum(money for (each, _), money in self.kopecks.items() if each is kind))

    def cell(self, kind: ReceiptKind, tender: TenderKind) -> Money:
        """One tender of one kind of receipt."""
        return Money(self.kopecks.get((kind, tender), 0))

    def net(self, tender: TenderKind) -> Money:
        """What came in by a tender less what was given back by it."""
        signed = (
            money if kind in MONEY_IN else -money for (kind, each), money in self.kopecks.items() if each is tender
        )
        return Money(sum(signed))

    def as_json(self) -> dict[str, object]:
        """`{"sell": {"receipts", "cash_kopecks", …}}`: the kinds that have something, each tender that is not zero."""
        body: dict[str, object] = {}
        for kind in ReceiptKind:
            cells = {_name(tender): self.kopecks.get((kind, tender), 0) for tender in TenderKind}
            shown = {name: money for name, money in cells.items() if money}
            if shown or self.count(kind):
                body[kind.name.lower()] = {"receipts": self.count(kind), **shown}
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Mapping[str, int]]) -> Takings:
        """The reverse of `as_json`."""
        counts: dict[ReceiptKind, int] = {}
        kopecks: dict[Cell, int] = {}
        for name, row in body.items():
            kind = ReceiptKind[name.upper()]
            counts[kind] = row["receipts"]
            kopecks |= {(kind, tender): row[_name(tender)] for tender in TenderKind if _name(tender) in row}
        return cls(counts, kopecks)


def _name(tender: TenderKind) -> str:
    return f"{tender.name.lower()}_kopecks"
