"""Which documents put a wrong receipt right, by format; what cannot be expressed is refused before anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from posapp.domain.checkout import Seller
from posapp.domain.correction import Basis, Content, answer, fix_identity, fix_of_key, late
from posapp.domain.correction_sums import lines_of_sums
from posapp.domain.fiscal import DocumentType, FiscalMark, ReceiptKind
from posapp.domain.in_force import in_force
from posapp.domain.money import Money, total
from posapp.domain.receipt import Receipt, TaxSystem, Tender, TenderKind
from posapp.domain.refund import refund_of, taken_by
from posapp.domain.settlement import Fix, Settlement, extra_part, fix_part, numbered_part, short_key
from posapp.domain.terms import CorrectionType
from posapp.domain.vat import VatRate, receipt_vat
from posapp.errors import Refused, SaleError
from tests.domain.lawful_samples import receipts
from tests.domain.test_receipt import RECEIPT

NOW = datetime(2026, 11, 21, 18, 0)
SELLER = Seller("2", "Кассир Петрова", TaxSystem.OSN, is_training=False)
MARK = FiscalMark(45, "2890182733", 7, 12, "9999078900005488", "0000000001018244", datetime(2026, 10, 5, 12, 31))
BY_CARD = replace(Content.of(RECEIPT), tenders=(Tender(TenderKind.CASHLESS, RECEIPT.total),))
ORDER = Basis(CorrectionType.ORDER, "12-34/5")
FORMATS = ("1.05", "1.1", "1.2")
BY_SUMS, WITH_LINES = "1.05", ("1.1", "1.2")


def plan(right: Content | None = BY_CARD, ffd: str = "1.2", wrong: Receipt = RECEIPT, **more: object) -> list[Receipt]:
    return list(answer(wrong, MARK, right, ffd, SELLER, now=NOW, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("ffd", FORMATS)
def test_the_first_document_says_what_the_wrong_one_said_the_second_what_is_right(ffd: str) -> None:
    undo, redo = plan(ffd=ffd)
    assert (undo.kind, redo.kind) == (ReceiptKind.SELL_REFUND, ReceiptKind.SELL)
    assert (undo.lines, taken_by(undo), undo.change) == (RECEIPT.lines, taken_by(RECEIPT), Money(0))
    assert taken_by(redo) == {TenderKind.CASHLESS: RECEIPT.total}
    assert {each.total for each in (undo, redo)} == {RECEIPT.total}
    for each in (undo, redo):
        assert each.basis is not None
        assert (each.basis.document_sign, each.basis.document_number) == (MARK.document_sign, 45)
        assert (each.till, each.cashier, each.created_at) == ("2", "Кассир Петрова", NOW)
        assert each.buyer_contact == RECEIPT.buyer_contact


def test_by_sums_it_is_a_refund_and_a_receipt() -> None:
    assert [(each.document_type, each.correction) for each in plan(ffd=BY_SUMS)] == [(DocumentType.RECEIPT, None)] * 2


@pytest.mark.parametrize("ffd", WITH_LINES)
@pytest.mark.parametrize("told", [Basis(), ORDER])
def test_with_lines_both_are_corrections_of_the_day_of_the_settlement(ffd: str, told: Basis) -> None:
    for each in plan(ffd=ffd, basis=told):
        assert each.document_type is DocumentType.CORRECTION
        assert each.correction is not None
        assert (each.correction.type, each.correction.number) == (told.type, told.number)
        assert each.correction.day == date(2026, 10, 5)


@pytest.mark.parametrize("ffd", FORMATS)
def test_one_too_many_is_taken_back_and_nothing_follows(ffd: str) -> None:
    (only,) = plan(None, ffd)
    assert (only.kind, only.lines) == (ReceiptKind.SELL_REFUND, RECEIPT.lines)
    assert only.settlement.fix == (Fix.VOID, RECEIPT.key)


def test_a_wrong_rate_is_taken_back_with_the_wrong_rate() -> None:
    lines = tuple(replace(line, vat=VatRate.NONE) for line in RECEIPT.lines)
    undo, redo = plan(replace(Content.of(RECEIPT), lines=lines, tax_system=TaxSystem.USN_INCOME))
    assert [line.vat for line in undo.lines] == [line.vat for line in RECEIPT.lines]
    assert {line.vat for line in redo.lines} == {VatRate.NONE}
    assert (undo.tax_system, redo.tax_system) == (RECEIPT.tax_system, TaxSystem.USN_INCOME)


@pytest.mark.parametrize("ffd", FORMATS)
def test_a_wrong_refund_is_answered_by_a_sale(ffd: str) -> None:
    identity = UUID(int=900)
    wrong = refund_of(RECEIPT, MARK, None, SELLER, identity=identity, now=NOW)
    undo, redo = plan(ffd=ffd, wrong=wrong)
    assert (undo.kind, redo.kind) == (ReceiptKind.SELL, ReceiptKind.SELL_REFUND)


def test_what_says_the_same_needs_no_correction() -> None:
    """Change is no difference: what counts is what stayed."""
    with pytest.raises(SaleError) as caught:
        plan(Content.of(RECEIPT))
    assert caught.value.code == "correction_nothing"


def test_the_tax_offices_order_has_no_place_in_a_receipt_of_ffd_1_05() -> None:
    with pytest.raises(SaleError) as caught:
        plan(ffd=BY_SUMS, basis=ORDER)
    assert caught.value.code == "correction_unfit"


def test_an_order_has_a_number() -> None:
    with pytest.raises(SaleError) as caught:
        plan(basis=Basis(CorrectionType.ORDER))
    assert caught.value.code == "correction_unfit"


def test_a_wrong_correction_is_answered_where_corrections_have_lines() -> None:
    wrong = late(RECEIPT, Basis(), date(2026, 10, 1), "1.2")
    answers = plan(wrong=wrong)
    assert [each.settlement.fix for each in answers] == [(Fix.UNDO, wrong.key), (Fix.REDO, wrong.key)]
    assert {each.correction.day for each in answers if each.correction} == {date(2026, 10, 1)}  # not the correction's
    with pytest.raises(Refused) as caught:
        plan(wrong=wrong, ffd=BY_SUMS)
    assert caught.value.code == "register_lacks"


def test_what_no_lawful_receipt_says_is_refused() -> None:
    short = replace(Content.of(RECEIPT), tenders=(Tender(TenderKind.CASH, Money(1)),))
    with pytest.raises(SaleError) as caught:
        plan(short)
    assert caught.value.code == "correction_unfit"


@given(receipts(), st.sampled_from(FORMATS))
def test_every_lawful_receipt_can_be_answered(wrong: Receipt, ffd: str) -> None:
    """Each document is a lawful receipt of the same total, and the two undo each other by kind."""
    assume(ffd != BY_SUMS or wrong.correction is None)
    (void,) = plan(None, ffd, wrong)
    assert (void.total, void.lines) == (wrong.total, wrong.lines)
    assert taken_by(void) == taken_by(wrong)
    assert {void.kind, wrong.kind} in (
        {ReceiptKind.SELL, ReceiptKind.SELL_REFUND},
        {ReceiptKind.BUY, ReceiptKind.BUY_REFUND},
    )


# ------------------------------------------------------------------------------------------------ without the register
def plain(rate: VatRate = VatRate.VAT_20, kind: ReceiptKind = ReceiptKind.SELL) -> Receipt:
    tenders = tuple(Tender(each, amount) for each, amount in taken_by(RECEIPT).items())
    lines = tuple(replace(line, vat=rate) for line in RECEIPT.lines)
    return replace(RECEIPT, lines=lines, tenders=tenders, settlement=replace(RECEIPT.settlement, kind=kind))


@pytest.mark.parametrize("ffd", FORMATS)
def test_a_settlement_without_the_register_is_one_correction(ffd: str) -> None:
    made = late(plain(), Basis(), date(2026, 10, 5), ffd, "ККТ не работала")
    assert made.document_type is DocumentType.CORRECTION
    assert made.basis is None  # no document, so nothing to name in 1192
    assert made.correction is not None
    assert (made.correction.day, made.correction.number) == (date(2026, 10, 5), "")
    assert made.settlement == RECEIPT.settlement  # the settlement itself: it cannot be sold as well


@pytest.mark.parametrize(
    "made",
    [plain(VatRate.VAT_22), plain(VatRate.VAT_5), plain(VatRate.VAT_7), plain(kind=ReceiptKind.SELL_REFUND)],
)
def test_what_ffd_1_05_has_no_fields_for_is_said_before_anything(made: Receipt) -> None:
    with pytest.raises(Refused) as caught:
        late(made, Basis(), date(2026, 10, 5), BY_SUMS)
    assert caught.value.code == "register_lacks"
    assert late(made, Basis(), date(2026, 10, 5), "1.2").lines == made.lines


# ------------------------------------------------------------------------------------------------ keys and parts
def test_the_key_says_what_the_document_is() -> None:
    undo, redo = plan()
    assert (undo.key, redo.key) == tuple(short_key(fix_identity(RECEIPT.key, each)) for each in (Fix.UNDO, Fix.REDO))
    assert fix_of_key(redo.key, ["0" * 16, RECEIPT.key]) == (Fix.REDO, RECEIPT.key)
    assert fix_of_key(RECEIPT.key, [RECEIPT.key]) is None
    again, _ = plan(tries=1)
    assert again.key != undo.key
    assert fix_of_key(again.key, [RECEIPT.key]) == (Fix.UNDO, RECEIPT.key)


@pytest.mark.parametrize("part", ["77", "handover:5", "77#2"])
def test_the_part_keeps_the_payment_and_names_the_wrong_one(part: str) -> None:
    made = Settlement("shop.example", 41, fix_part(part, Fix.REDO, RECEIPT.key), ReceiptKind.SELL)
    wrong = replace(made, part=part)
    assert (made.payment_id, made.shipment_id, made.base) == (wrong.payment_id, wrong.shipment_id, wrong.base)
    assert made.fix == (Fix.REDO, RECEIPT.key)
    assert wrong.fix is None
    assert made.id != wrong.id


@pytest.mark.parametrize("number", [1, 2])
def test_the_refund_of_a_right_receipt_is_no_fix(number: int) -> None:
    part = numbered_part(fix_part("77", Fix.REDO, RECEIPT.key), number)
    refund = Settlement("shop.example", 41, part, ReceiptKind.SELL_REFUND)
    assert (refund.fix, refund.payment_id) == (None, 77)


def test_what_counts_is_the_right_receipt() -> None:
    undo, redo = plan()
    other = replace(RECEIPT, identity=UUID(int=901))
    assert in_force([RECEIPT, other]) == (RECEIPT, other)
    assert in_force([RECEIPT, other, undo]) == (other,)
    assert in_force([RECEIPT, other, undo, redo]) == (other, redo)
    (void,) = plan(None)
    assert in_force([RECEIPT, void]) == ()
    wrong_again = list(answer(redo, replace(MARK, document_number=47), Content.of(RECEIPT), "1.2", SELLER, now=NOW))
    assert in_force([RECEIPT, undo, redo, *wrong_again]) == (wrong_again[1],)


# ------------------------------------------------------------------------------------------------ sums without lines
FLAT = (VatRate.VAT_20, VatRate.VAT_10, VatRate.VAT_0, VatRate.NONE)
TURNOVERS = st.dictionaries(st.sampled_from(FLAT), st.integers(100, 10_000_000), min_size=1)


@given(TURNOVERS)
def test_lines_of_sums_give_the_same_total_and_the_same_sums(turnovers: dict[VatRate, int]) -> None:
    said = receipt_vat(((Money(kopecks), rate) for rate, kopecks in turnovers.items()), "L")
    whole = Money(sum(turnovers.values()))
    lines = lines_of_sums(whole, said, Money(0))
    assert total([each.line_sum for each in lines]) == whole
    found = receipt_vat(((each.line_sum, each.vat) for each in lines), "L")
    assert {rate: amount for rate, amount in found.items() if amount} == {k: v for k, v in said.items() if v}


def test_sums_that_are_not_those_of_the_total_are_refused() -> None:
    with pytest.raises(ValueError, match="do not come to"):
        lines_of_sums(Money(100_000), {VatRate.VAT_20: Money(10_000)}, Money(0))


@pytest.mark.parametrize("credit, method", [(0, 4), (50_000, 5), (100_000, 6)])
def test_goods_on_credit_come_back_as_such(credit: int, method: int) -> None:
    (line,) = lines_of_sums(Money(100_000), {VatRate.NONE: Money(100_000)}, Money(credit))
    assert line.payment_method == method


def test_a_surplus_document_is_for_the_same_payment_and_puts_nothing_right() -> None:
    extra = Settlement("shop.example", 41, extra_part("77", RECEIPT.key), ReceiptKind.SELL)
    assert (extra.fix, extra.payment_id, extra.base) == (None, 77, "77")
    assert extra.id != replace(extra, part="77").id
    assert replace(extra, part=fix_part(extra.part, Fix.VOID, RECEIPT.key)).fix == (Fix.VOID, RECEIPT.key)
