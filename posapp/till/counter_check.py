"""What this till knows of a shift against what the fiscal storage has counted in it. Pure: figures in, findings out.

A storage counts every document by kind and by tender, whoever made it. So the sums of our receipts alone need not be
its sums: what other programs and other tills have printed there is read too (rule 11) and added by number and total.
How those were paid is not known; then a tender must only not fall short of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from posapp.devices.base import ShiftCounters
from posapp.domain.fiscal import DocumentType, FiscalDocument, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt, TenderKind
from posapp.domain.takings import Takings
from posapp.till.reconcile_views import Phrase

CORRECTIONS = (DocumentType.CORRECTION, DocumentType.BSO_CORRECTION)
RECEIPTS = (DocumentType.RECEIPT, DocumentType.BSO)


@dataclass(frozen=True, slots=True)
class Sums:
    """The counters at one moment, or what was added since: receipts by kind and tender, corrections by kind.

    `corrections` and `totals` are (count, kopecks) by kind; `totals` are those of receipts, which stay exact where the
    tenders are not known. `drawer` is the cash in it less what was put in and plus what was taken out in the shift,
    None where it was not looked at.
    """

    takings: Takings = field(default_factory=Takings)
    totals: Mapping[ReceiptKind, tuple[int, int]] = field(default_factory=dict)
    corrections: Mapping[ReceiptKind, tuple[int, int]] = field(default_factory=dict)
    drawer: int | None = None

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.takings + other.takings,
            _added(self.totals, other.totals),
            _added(self.corrections, other.corrections),
            None if self.drawer is None or other.drawer is None else self.drawer + other.drawer,
        )

    def updated(self, now: Sums) -> Sums:
        """These figures with those that were read now in their place; kinds that were not read stay."""
        read = set(now.totals)
        cells = {cell: money for cell, money in self.takings.kopecks.items() if cell[0] not in read}
        counts = {kind: count for kind, count in self.takings.counts.items() if kind not in read}
        return Sums(
            Takings(counts, cells) + now.takings,
            {**self.totals, **now.totals},
            {**self.corrections, **now.corrections},
            now.drawer,
        )

    def as_json(self) -> dict[str, object]:
        """For the journal."""
        return {
            "receipts": self.takings.as_json(),
            "totals": {kind.name.lower(): list(pair) for kind, pair in self.totals.items()},
            "corrections": {kind.name.lower(): list(pair) for kind, pair in self.corrections.items()},
            "drawer_kopecks": self.drawer,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Sums:
        """The reverse of `as_json`."""

        def pairs(name: str) -> dict[ReceiptKind, tuple[int, int]]:
            return {ReceiptKind[kind.upper()]: (pair[0], pair[1]) for kind, pair in body[name].items()}

        return cls(Takings.from_json(body["receipts"]), pairs("totals"), pairs("corrections"), body["drawer_kopecks"])


def _added(
    one: Mapping[ReceiptKind, tuple[int, int]], other: Mapping[ReceiptKind, tuple[int, int]]
) -> dict[ReceiptKind, tuple[int, int]]:
    both = dict(one)
    for kind, (count, kopecks) in other.items():
        before = both.get(kind, (0, 0))
        both[kind] = (before[0] + count, before[1] + kopecks)
    return both


def counted(counters: ShiftCounters) -> Sums:
    """What the storage says, of the kinds that were read."""
    rows = counters.receipts.items()
    return Sums(
        takings=Takings(
            {kind: row.count for kind, row in rows},
            {(kind, tender): money.kopecks for kind, row in rows for tender, money in row.tenders.items()},
        ),
        totals={kind: (row.count, row.total.kopecks) for kind, row in rows},
        corrections={kind: (row.count, row.total.kopecks) for kind, row in counters.corrections.items()},
        drawer=counters.drawer.kopecks - counters.cash_in.kopecks + counters.cash_out.kopecks,
    )


@dataclass(frozen=True, slots=True)
class Made:
    """What was made since the last look: our receipts and corrections, and the documents of others, both proven."""

    ours: tuple[Receipt, ...] = ()
    others: tuple[FiscalDocument, ...] = ()

    @property
    def kinds(self) -> tuple[ReceiptKind, ...]:
        """The kinds that these documents have changed: no other counter can have moved."""
        found = {each.kind for each in self.ours} | {each.kind for each in self.others if each.kind is not None}
        return tuple(kind for kind in ReceiptKind if kind in found)

    def sums(self) -> Sums:
        """Their sums; the tenders are ours alone."""
        receipts = [each for each in self.ours if each.document_type not in CORRECTIONS]
        ours = Takings.of(receipts)
        return Sums(
            takings=ours,
            totals=_by_kind([*_pairs(receipts), *_others(self.others, RECEIPTS)]),
            corrections=_by_kind(
                [
                    *_pairs(each for each in self.ours if each.document_type in CORRECTIONS),
                    *_others(self.others, CORRECTIONS),
                ]
            ),
            drawer=ours.net(TenderKind.CASH).kopecks,
        )


def _pairs(receipts: Iterable[Receipt]) -> Iterator[tuple[ReceiptKind, int]]:
    return ((each.kind, each.total.kopecks) for each in receipts)


def _others(documents: Sequence[FiscalDocument], types: Sequence[int]) -> Iterator[tuple[ReceiptKind, int]]:
    for each in documents:
        if each.type in types and each.kind is not None and each.total is not None:
            yield each.kind, each.total.kopecks


def _by_kind(pairs: Iterable[tuple[ReceiptKind, int]]) -> dict[ReceiptKind, tuple[int, int]]:
    found: dict[ReceiptKind, tuple[int, int]] = {}
    for kind, kopecks in pairs:
        found = _added(found, {kind: (1, kopecks)})
    return found


# ------------------------------------------------------------------------------------------------ what differs
@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that is told twice and not alike: our figure and that of the register, money or a number."""

    what: Phrase
    ours: Money | int
    register: Money | int

    def text(self, language: str = "ru") -> str:
        """Both figures in a sentence's part."""
        if language == "en":
            return f"{self.what.en}: {self.ours} by the journal, {self.register} in the register"
        return f"{self.what.ru}: по журналу {self.ours}, в ККТ {self.register}"

    def as_json(self) -> dict[str, object]:
        """For commands and the journal: kopecks or a number."""
        unit = "kopecks" if isinstance(self.ours, Money) else "count"
        return {
            "what": self.what.en,
            "what_ru": self.what.ru,
            "unit": unit,
            "ours": _plain(self.ours),
            "register": _plain(self.register),
        }


def _plain(value: Money | int) -> int:
    return value.kopecks if isinstance(value, Money) else value


_KINDS = {
    ReceiptKind.SELL: Phrase("приход", "sales"),
    ReceiptKind.SELL_REFUND: Phrase("возврат прихода", "refunds of sales"),
    ReceiptKind.BUY: Phrase("расход", "purchases"),
    ReceiptKind.BUY_REFUND: Phrase("возврат расхода", "refunds of purchases"),
}
_TENDERS = {
    TenderKind.CASH: Phrase("наличными", "in cash"),
    TenderKind.CASHLESS: Phrase("безналичными", "cashless"),
    TenderKind.PREPAID: Phrase("предоплатой", "prepaid"),
    TenderKind.CREDIT: Phrase("в кредит", "on credit"),
    TenderKind.OTHER: Phrase("иным", "otherwise"),
}


def differing(base: Sums, made: Made, now: Sums) -> list[Figure]:
    """Everything on which the last look plus what was made since does not agree with the register now.

    Only the kinds that were read are compared. Tenders and the drawer are exact while nobody else has printed.
    """
    expected = base + made.sums()
    found: list[Figure] = []
    for kind, (count, kopecks) in now.totals.items():
        found += _pair(_KINDS[kind], expected.totals.get(kind, (0, 0)), (count, kopecks))
        found += _tenders(kind, expected.takings, now.takings, is_exact=not made.others)
    for kind, pair in now.corrections.items():
        name = Phrase(f"коррекция: {_KINDS[kind].ru}", f"corrections of {_KINDS[kind].en}")
        found += _pair(name, expected.corrections.get(kind, (0, 0)), pair)
    has_corrections = any(each.document_type in CORRECTIONS for each in made.ours)
    is_exact = not made.others and not has_corrections and expected.drawer is not None and now.drawer is not None
    if is_exact and expected.drawer != now.drawer:
        name = Phrase("наличные в ящике без внесений и выплат", "cash in the drawer but for cash in and out")
        found.append(Figure(name, Money(expected.drawer or 0), Money(now.drawer or 0)))
    return found


def _pair(name: Phrase, ours: tuple[int, int], theirs: tuple[int, int]) -> Iterator[Figure]:
    if ours[0] != theirs[0]:
        yield Figure(Phrase(f"{name.ru}, чеков", f"{name.en}, receipts"), ours[0], theirs[0])
    if ours[1] != theirs[1]:
        yield Figure(Phrase(f"{name.ru}, сумма", f"{name.en}, sum"), Money(ours[1]), Money(theirs[1]))


def _tenders(kind: ReceiptKind, ours: Takings, theirs: Takings, *, is_exact: bool) -> Iterator[Figure]:
    for tender, word in _TENDERS.items():
        here, there = ours.cell(kind, tender), theirs.cell(kind, tender)
        if there < here or (is_exact and there != here):
            name = _KINDS[kind]
            yield Figure(Phrase(f"{name.ru} {word.ru}", f"{name.en} {word.en}"), here, there)
