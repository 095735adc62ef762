"""`shift_counters`: what the storage has counted, kind by kind and tender by tender."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posapp.devices.base import Capability, Counted, FiscalPrinter
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import ZERO, Money
from posapp.domain.receipt import PaymentMethod, Receipt, Tender, TenderKind
from posapp.errors import Refused
from tests.conformance.conftest import can
from tests.conformance.processes import Bench
from tests.conformance.test_printers import line, receipt, sell

SALE = {TenderKind.CASHLESS: 1_000, TenderKind.PREPAID: 2_000, TenderKind.CREDIT: 3_000, TenderKind.OTHER: 4_000}
BUY = {TenderKind.CASHLESS: 1_000}


def settled(kind: ReceiptKind) -> tuple[Receipt, dict[TenderKind, int]]:
    """500 roubles by every tender that is lawful for the kind, with change where there is any."""
    whole = kind in (ReceiptKind.SELL, ReceiptKind.SELL_REFUND)
    besides = SALE if whole else BUY
    lines = [line("Товар", 50_000 - (3_000 if whole else 0))]
    if whole:
        lines.append(replace(line("В кредит", 3_000), payment_method=PaymentMethod.CREDIT))
    cash = 50_000 - sum(besides.values())
    change = 5_000 if kind is ReceiptKind.SELL else 0
    given = {TenderKind.CASH: cash + change, **besides}
    made = receipt(lines, kind, [Tender(each, Money(kopecks)) for each, kopecks in given.items()])
    return made, {TenderKind.CASH: cash, **besides}


def test_a_fresh_shift_has_counted_nothing(bench: Bench, printer: FiscalPrinter) -> None:
    found = printer.shift_counters()
    assert found.shift_number == printer.status().shift.number
    assert set(found.receipts) == set(ReceiptKind)
    assert set(found.corrections) == (set(ReceiptKind) if can(bench, Capability.CORRECTION_COUNTERS) else set())
    for kind in ReceiptKind:
        assert (found.receipts[kind].count, found.receipts[kind].total) == (0, ZERO)
        assert found.corrections.get(kind, Counted(0, ZERO)) == Counted(0, ZERO)
        assert dict(found.receipts[kind].tenders) == dict.fromkeys(TenderKind, ZERO)


@pytest.mark.parametrize("kind", list(ReceiptKind))
def test_every_tender_is_counted_under_its_own_kind(printer: FiscalPrinter, kind: ReceiptKind) -> None:
    """Cash is what was paid, not what was handed over."""
    printer.cash_in(Money(500_000))
    before = printer.shift_counters(kind)
    for _ in range(2):
        made, paid = settled(kind)
        sell(printer, made)
    after = printer.shift_counters(kind)
    assert (after.receipts[kind].count, after.receipts[kind].total) == (2, Money(100_000))
    assert after.receipts[kind].tenders == {each: Money(2 * paid.get(each, 0)) for each in TenderKind}
    came = kind in (ReceiptKind.SELL, ReceiptKind.BUY_REFUND)
    assert after.drawer - before.drawer == Money(2 * paid[TenderKind.CASH] * (1 if came else -1))
    assert after.cash_in == Money(500_000)
    others = printer.shift_counters()
    assert all(others.receipts[each].count == 0 for each in ReceiptKind if each is not kind)


def test_the_counters_of_a_closed_shift_stay_until_the_next_one_opens(bench: Bench, printer: FiscalPrinter) -> None:
    sell(printer)
    number = printer.close_shift("Кассир").number
    if not can(bench, Capability.CLOSED_COUNTERS):
        with pytest.raises(Refused) as told:
            printer.shift_counters(ReceiptKind.SELL)
        assert told.value.code == "no_counters"
    else:
        kept = printer.shift_counters(ReceiptKind.SELL)
        assert (kept.shift_number, kept.receipts[ReceiptKind.SELL].count) == (number, 1)
    printer.open_shift("Кассир")
    fresh = printer.shift_counters(ReceiptKind.SELL)
    assert (fresh.shift_number, fresh.receipts[ReceiptKind.SELL].count) == (number + 1, 0)
