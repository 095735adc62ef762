"""What the journal keeps of a shift when it is closed, and what it tells of it later.

Before the closing command goes out the register's counters are read and written down beside our own sums: afterwards
the register has forgotten them. The numbers and times of the two reports come from the storage itself, as it is read
(rule 11), so that a shift which another program closed is told too, only without its counters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from posapp.devices.base import CashTotals, PrinterStatus
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import TenderKind
from posapp.domain.takings import Takings
from posapp.errors import SaleError
from posapp.journal.period import receipts_of_documents
from posapp.journal.rows import StoredShift
from posapp.till import shift_opening
from posapp.till.context import Till
from posapp.till.counter_check import CORRECTIONS, Sums

KIND_WORDS = {
    ReceiptKind.SELL: ("Приход", "Sales"),
    ReceiptKind.SELL_REFUND: ("Возврат прихода", "Refunds of sales"),
    ReceiptKind.BUY: ("Расход", "Purchases"),
    ReceiptKind.BUY_REFUND: ("Возврат расхода", "Refunds of purchases"),
}
TENDER_WORDS = {
    TenderKind.CASH: ("наличными", "cash"),
    TenderKind.CASHLESS: ("безналичными", "cashless"),
    TenderKind.PREPAID: ("предоплатой", "prepaid"),
    TenderKind.CREDIT: ("в кредит", "credit"),
    TenderKind.OTHER: ("иным", "other"),
}


@dataclass(frozen=True, slots=True)
class ShiftCloseReport:
    """A shift as the journal knows it. The times are the register's own, without a zone.

    `counted` are the storage's counters just before the closing command, None where nobody read them then; `ours` this
    till's own receipts in the shift. `is_whole`: no document came between that look and the closing report.
    """

    storage_number: str
    shift_number: int
    opened_document: int | None
    opened_at: datetime | None
    closed_document: int | None
    closed_at: datetime | None
    counted: Sums | None
    ours: Takings
    cash: Mapping[str, int]
    cashier: str
    last_document: int | None
    not_compared: str
    differences: tuple[Mapping[str, Any], ...]

    @property
    def is_whole(self) -> bool:
        """The counters are those of the whole shift."""
        return self.closed_document is not None and self.last_document == self.closed_document - 1

    def as_json(self) -> dict[str, object]:
        """The answer of `posapp shift report`."""
        return {
            "shift": self.shift_number,
            "storage_number": self.storage_number,
            "opened": _report(self.opened_document, self.opened_at),
            "closed": _report(self.closed_document, self.closed_at),
            "cashier": self.cashier,
            "counters": None if self.counted is None else self.counted.as_json(),
            "ours": self.ours.as_json(),
            **self.cash,
            "is_whole": self.is_whole,
            "not_compared": self.not_compared or None,
            "differences": [dict(each) for each in self.differences],
        }


def _report(document: int | None, at: datetime | None) -> dict[str, object] | None:
    return None if document is None or at is None else {"document_number": document, "at": at.isoformat()}


# ------------------------------------------------------------------------------------------------ writing down
def of_counters(till: Till, status: PrinterStatus, counted: Sums | None, totals: CashTotals) -> dict[str, object]:
    """What is kept of a shift that is about to be closed: the counters, our own sums, the drawer, who closes it."""
    ours = Takings.of(
        stored.receipt
        for stored in _ours(till, status.shift.number, status.last_document)
        if stored.receipt.document_type not in CORRECTIONS
    )
    return {
        "last_document": status.last_document,
        "cashier": till.settings.cashier,
        "counters": None if counted is None else counted.as_json(),
        "ours": ours.as_json(),
        "cash": {
            "drawer_kopecks": totals.drawer.kopecks,
            "cash_in_kopecks": totals.cash_in.kopecks,
            "cash_out_kopecks": totals.cash_out.kopecks,
        },
    }


def _ours(till: Till, shift_number: int, last: int) -> list[Any]:
    """Our receipts of a shift: those after its opening, or those whose marks name it where that was not read."""
    opening = shift_opening.of(till, shift_number)
    after = 0 if opening is None else opening.document
    found = receipts_of_documents(till.journal.path, till.identity.storage_number, after, last)
    return [each for each in found if each.mark is not None and each.mark.shift_number == shift_number]


# ------------------------------------------------------------------------------------------------ telling
def report(till: Till, shift_number: int | None) -> ShiftCloseReport:
    """A shift of the till's storage; None for the last one that was closed. Raises SaleError `not_found`."""
    storage = till.identity.storage_number
    if shift_number is None:
        closed = [each for each in till.journal.shifts(storage) if each.closed_document is not None]
        found = closed[0] if closed else None
    else:
        found = till.journal.shift(storage, shift_number)
    if found is None:
        raise SaleError("not_found", what=f"смена {shift_number or ''}".strip())
    return _of_row(found)


def reports(till: Till, limit: int = 31) -> list[ShiftCloseReport]:
    """The newest shifts, newest first."""
    return [_of_row(each) for each in till.journal.shifts(till.identity.storage_number, limit)]


def _of_row(row: StoredShift) -> ShiftCloseReport:
    body = row.report
    compared = body.get("compared") or {}
    return ShiftCloseReport(
        storage_number=row.storage_number,
        shift_number=row.shift_number,
        opened_document=row.opened_document,
        opened_at=row.opened_at,
        closed_document=row.closed_document,
        closed_at=row.closed_at,
        counted=Sums.from_json(body["counters"]) if body.get("counters") else None,
        ours=Takings.from_json(body.get("ours") or {}),
        cash=body.get("cash") or {},
        cashier=body.get("cashier", ""),
        last_document=body.get("last_document"),
        not_compared=compared.get("not_compared") or "",
        differences=tuple(compared.get("differences") or ()),
    )


def text(report: ShiftCloseReport, language: str = "ru") -> str:
    """The report for people, a line each."""
    english = language == "en"
    lines = [f"{'Shift' if english else 'Смена'} {report.shift_number}, {'ФН' if not english else 'storage'} "
             f"{report.storage_number}"]  # fmt: skip
    for words, document, at in (
        (("открыта", "opened"), report.opened_document, report.opened_at),
        (("закрыта", "closed"), report.closed_document, report.closed_at),
    ):
        if document is not None and at is not None:
            lines.append(f"  {words[english]} {at:%d.%m.%Y %H:%M}, {'FD' if english else 'ФД'} {document}")
    if report.cashier:
        lines.append(f"  {'cashier' if english else 'кассир'} {report.cashier}")
    if report.counted is None:
        lines.append("  счётчиков нет: смену закрыла другая программа" if not english else "  no counters were read")
        return "\n".join(lines)
    lines += _sums(report.counted.takings, english)
    lines.append(("  из них этой кассой" if not english else "  of these by this till") + ":")
    lines += ["  " + each for each in _sums(report.ours, english)] or ["    –"]
    cash = {name: Money(value) for name, value in report.cash.items()}
    if cash:
        named = ("внесено", "выплачено", "в ящике") if not english else ("cash in", "cash out", "in the drawer")
        names = ("cash_in_kopecks", "cash_out_kopecks", "drawer_kopecks")
        lines.append("  " + ", ".join(f"{word} {cash[name]}" for word, name in zip(named, names, strict=True)))
    if not report.is_whole and report.closed_document is not None:
        lines.append("  перед закрытием были ещё документы" if not english else "  other documents came before closing")
    for each in report.differences:
        lines.append(f"  ! {each['what' if english else 'what_ru']}: {each['ours']} ≠ {each['register']}")
    return "\n".join(lines)


def _sums(takings: Takings, english: bool) -> list[str]:
    """A line for every kind that has something."""
    lines = []
    for kind, words in KIND_WORDS.items():
        if not takings.count(kind) and not takings.of_kind(kind):
            continue
        tenders = [
            f"{names[english]} {takings.cell(kind, tender)}"
            for tender, names in TENDER_WORDS.items()
            if takings.cell(kind, tender)
        ]
        count = f"{takings.count(kind)} {'receipts' if english else 'чек.'}"
        lines.append(
            f"  {words[english]}: {count}, {takings.of_kind(kind)}" + (f" ({', '.join(tenders)})" if tenders else "")
        )
    return lines
