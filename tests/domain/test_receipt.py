"""A receipt is checked when it is made, and comes back whole from the journal's JSON."""

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import KOPECKS_MAX, Money, Quantity, total
from posapp.domain.receipt import (
    NAME_MAX,
    PaymentMethod,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Tender,
    TenderKind,
)
from posapp.domain.settlement import Settlement, short_key
from posapp.domain.vat import VatRate, line_vat
from tests.domain.lawful_samples import receipts


def line_of(price: int, quantity: str = "1", vat: VatRate = VatRate.VAT_22, name: str = "Чай") -> ReceiptLine:
    each, many = Money(price), Quantity.of(quantity)
    return ReceiptLine(name, each, many, each.times(many), vat)


RECEIPT = Receipt(
    identity=UUID("01890000-0000-7000-8000-00000000abcd"),
    settlement=Settlement("shop.example", 41, "77", ReceiptKind.SELL),
    order_number="41",
    lines=(line_of(10_000, "2"), line_of(5_050, "0.5", VatRate.VAT_10)),
    tenders=(Tender(TenderKind.CASHLESS, Money(20_000)), Tender(TenderKind.CASH, Money(5_000))),
    tax_system=TaxSystem.OSN,
    till="Касса-1",
    cashier="Кассир Иванова",
    created_at=datetime(2026, 10, 5, 12, 30),
)


@given(receipts())
def test_a_receipt_comes_back_from_the_journal(receipt: Receipt) -> None:
    assert Receipt.from_json(json.loads(json.dumps(receipt.as_json()))) == receipt


@given(receipts())
def test_the_sums_of_a_receipt_belong_together(receipt: Receipt) -> None:
    assert receipt.total == total([line.line_sum for line in receipt.lines])
    assert receipt.handed_over - receipt.change == receipt.total
    assert Money(0) <= receipt.change <= receipt.tender(TenderKind.CASH)
    assert receipt.key == short_key(receipt.identity)
    assert receipt.kind is receipt.settlement.kind
    assert receipt.vat("L").keys() == {line.vat for line in receipt.lines}


@given(receipts(), st.data())
def test_a_changed_line_sum_is_noticed_in_the_journal(receipt: Receipt, data: st.DataObject) -> None:
    body = receipt.as_json()
    line = body["lines"][data.draw(st.integers(0, len(receipt.lines) - 1))]
    line["sum_kopecks"] += data.draw(st.sampled_from([-1, 1, 100]))
    with pytest.raises(ValueError, match="price × quantity"):
        Receipt.from_json(body)


def test_change_and_vat_of_one_receipt() -> None:
    assert RECEIPT.total == Money(22_525)
    assert RECEIPT.change == Money(2_475)
    assert RECEIPT.tender(TenderKind.CASHLESS) == Money(20_000)
    assert RECEIPT.tender(TenderKind.PREPAID) == Money(0)
    assert RECEIPT.vat("T") == {VatRate.VAT_22: Money(3_607), VatRate.VAT_10: Money(230)}
    assert RECEIPT.lines[0].vat_sum == line_vat(Money(20_000), VatRate.VAT_22)


@pytest.mark.parametrize(
    "changes, what",
    [
        ({"lines": ()}, "at least one line"),
        ({"tenders": ()}, "do not cover"),
        ({"tenders": (Tender(TenderKind.CASH, Money(22_524)),)}, "do not cover"),
        ({"tenders": (Tender(TenderKind.CASHLESS, Money(22_526)),)}, "from cash only"),
        (
            {"tenders": (Tender(TenderKind.CASHLESS, Money(22_526)), Tender(TenderKind.CASH, Money(1)))},
            "from cash only",
        ),
        ({"tenders": (Tender(TenderKind.CASH, Money(20_000)),) * 2}, "one tender of a kind"),
        ({"lines": (line_of(0),)}, "more than nothing"),
    ],
)
def test_a_receipt_that_cannot_be_is_not_made(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        dataclasses.replace(RECEIPT, **changes)


@pytest.mark.parametrize(
    "make, what",
    [
        (lambda: line_of(1, name=""), "characters"),
        (lambda: line_of(1, name="я" * (NAME_MAX + 1)), "characters"),
        (lambda: line_of(-1), "price × quantity"),
        (lambda: Tender(TenderKind.CASH, Money(0)), "more than nothing"),
        (lambda: Tender(TenderKind.CASH, Money(-5)), "more than nothing"),
    ],
)
def test_a_line_or_tender_that_cannot_be_is_not_made(make: Callable[[], object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        make()


def test_a_receipt_never_changes() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RECEIPT.order_number = "42"  # type: ignore[misc]


def test_the_codes_are_those_of_the_tags() -> None:
    assert [kind.value for kind in TenderKind] == [1031, 1081, 1215, 1216, 1217]
    assert [method.value for method in PaymentMethod] == [1, 2, 3, 4, 5, 6, 7]
    assert [system.value for system in TaxSystem] == [1, 2, 4, 16, 32]
    assert [kind.value for kind in ReceiptKind] == [1, 2, 3, 4]


def test_what_no_register_prints_is_no_receipt() -> None:
    half = line_of(KOPECKS_MAX // 2 + 1)
    with pytest.raises(ValueError, match="does not fit"):
        line_of(KOPECKS_MAX, "2")
    with pytest.raises(ValueError, match="does not fit"):
        dataclasses.replace(RECEIPT, lines=(half, half), tenders=(Tender(TenderKind.CASH, half.line_sum),))
