"""A refund mirrors what it takes back and is never more than was sold, in however many parts."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.checkout import Seller
from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.money import Money, Quantity, total
from posapp.domain.receipt import PaymentMethod, Receipt, TaxSystem, Tender, TenderKind
from posapp.domain.refund import give_back, left_of, refund_of, taken_by
from posapp.domain.vat import VatRate
from posapp.errors import SaleError
from tests.domain.lawful_samples import receipts
from tests.domain.test_receipt import RECEIPT, line_of

NOW = datetime(2026, 11, 21, 18, 0)
SELLER = Seller("2", "Кассир Петрова", TaxSystem.OSN, is_training=False)
MARK = FiscalMark(45, "2890182733", 7, 12, "9999078900005488", "0000000001018244", datetime(2026, 10, 5, 12, 31))
Q = Quantity.of
T = TenderKind


def back(
    original: Receipt,
    taken: dict[int, Quantity] | None = None,
    earlier: tuple[Receipt, ...] = (),
    tenders: tuple[Tender, ...] | None = None,
) -> Receipt:
    return refund_of(
        original, MARK, taken, SELLER, identity=UUID(int=900 + len(earlier)), now=NOW, earlier=earlier, tenders=tenders
    )


def test_all_of_it_comes_back_as_it_was_paid() -> None:
    """200,00 by card and 50,00 in cash of which 24,75 were change."""
    refund = back(RECEIPT)
    assert refund.kind is ReceiptKind.SELL_REFUND
    assert refund.lines == RECEIPT.lines
    assert taken_by(refund) == {T.CASHLESS: Money(20_000), T.CASH: Money(2_525)}
    assert (refund.total, refund.change) == (RECEIPT.total, Money(0))
    assert refund.settlement.id == "shop.example|41|77|2"
    assert refund.basis is not None
    assert (refund.basis.document_sign, refund.basis.key, refund.basis.day) == (
        "2890182733", RECEIPT.key, date(2026, 10, 5),
    )  # fmt: skip
    assert (refund.till, refund.cashier, refund.created_at) == ("2", "Кассир Петрова", NOW)


def test_parts_come_back_one_after_the_other_and_no_more() -> None:
    first = back(RECEIPT, {0: Q(1)})
    assert (first.total, first.settlement.part) == (Money(10_000), "77")
    assert left_of(RECEIPT, [first]) == [Decimal(1), Decimal("0.5")]
    second = back(RECEIPT, {0: Q(1), 1: Q("0.5")}, (first,))
    assert second.settlement.part == "77#2"
    assert taken_by(second) == {T.CASHLESS: Money(10_000), T.CASH: Money(2_525)}
    assert left_of(RECEIPT, [first, second]) == [Decimal(0), Decimal(0)]
    for taken in (None, {0: Q(1)}, {1: Q("0.001")}):
        with pytest.raises(SaleError) as caught:
            back(RECEIPT, taken, (first, second))
        assert caught.value.code == "refund_over"


@pytest.mark.parametrize("taken", [{0: Q(3)}, {1: Q("0.501")}, {2: Q(1)}, {-1: Q(1)}, {}])
def test_more_than_was_sold_does_not_come_back(taken: dict[int, Quantity]) -> None:
    with pytest.raises(SaleError) as caught:
        back(RECEIPT, taken)
    assert caught.value.code == "refund_over"


def test_what_was_paid_by_card_does_not_leave_as_cash() -> None:
    with pytest.raises(SaleError) as caught:
        back(RECEIPT, {0: Q(1)}, tenders=(Tender(T.CASH, Money(10_000)),))
    assert caught.value.code == "refund_over"
    chosen = (Tender(T.CASH, Money(2_525)), Tender(T.CASHLESS, Money(7_475)))
    assert back(RECEIPT, {0: Q(1)}, tenders=chosen).tenders == chosen


def test_two_equal_lines_are_two_things() -> None:
    twice = replace(RECEIPT, lines=(line_of(100), line_of(100)), tenders=(Tender(T.CASH, Money(200)),))
    first = back(twice, {1: Q(1)})
    assert sum(left_of(twice, [first])) == 1
    second = back(twice, None, (first,))
    assert (second.total, sum(left_of(twice, [first, second]))) == (Money(100), 0)


def test_a_refund_is_not_refunded() -> None:
    with pytest.raises(SaleError) as caught:
        back(back(RECEIPT))
    assert caught.value.code == "refund_over"


@pytest.mark.parametrize(
    "method, rate, tender",
    [
        (PaymentMethod.FULL_PREPAYMENT, VatRate.VAT_22_122, T.CASHLESS),
        (PaymentMethod.FULL_PAYMENT, VatRate.VAT_22, T.PREPAID),
        (PaymentMethod.CREDIT, VatRate.VAT_22, T.CREDIT),
        (PaymentMethod.FULL_PAYMENT, VatRate.VAT_22, T.OTHER),
    ],
)
def test_a_refund_keeps_method_rate_and_tender(method: PaymentMethod, rate: VatRate, tender: TenderKind) -> None:
    line = replace(line_of(10_000, "2"), vat=rate if not rate.is_calculated else VatRate.VAT_0)
    sold = replace(line, payment_method=method, vat=rate)
    original = replace(RECEIPT, lines=(sold,), tenders=(Tender(tender, Money(20_000)),))
    refund = back(original, {0: Q(1)})
    assert refund.lines[0].payment_method is method
    assert refund.lines[0].vat is rate
    assert refund.tenders == (Tender(tender, Money(10_000)),)


def test_a_part_of_what_is_partly_on_credit_keeps_the_share() -> None:
    sold = replace(line_of(10_000, "4"), payment_method=PaymentMethod.PARTIAL_PAYMENT)
    tenders = (Tender(T.CASH, Money(10_000)), Tender(T.CREDIT, Money(30_000)))
    refund = back(replace(RECEIPT, lines=(sold,), tenders=tenders), {0: Q(1)})
    assert taken_by(refund) == {T.CREDIT: Money(7_500), T.CASH: Money(2_500)}


@given(receipts((ReceiptKind.SELL, ReceiptKind.BUY), corrected=False))
def test_whatever_was_sold_comes_back_whole_and_lawfully(original: Receipt) -> None:
    refund = back(original)
    assert refund.total == original.total
    assert total(list(taken_by(refund).values())) == original.total
    assert {line.payment_method for line in refund.lines} <= {line.payment_method for line in original.lines}
    with pytest.raises(SaleError):
        back(original, None, (refund,))


@given(receipts((ReceiptKind.SELL,), corrected=False), st.data())
def test_pieces_never_come_to_more_than_was_sold(original: Receipt, data: st.DataObject) -> None:
    """Line by line, in any order: every tender gives back at most what was taken by it."""
    earlier: list[Receipt] = []
    for number in data.draw(st.permutations(range(len(original.lines)))):
        try:
            earlier.append(back(original, {number: original.lines[number].quantity}, tuple(earlier)))
        except (SaleError, ValueError):  # a free line alone, a kopeck that cannot be split: for a person
            continue
    given_back = [taken_by(each) for each in earlier]
    for kind, amount in taken_by(original).items():
        assert total([each.get(kind, Money(0)) for each in given_back]) <= amount
    assert total([each.total for each in earlier]) <= original.total
    assert len({each.settlement.id for each in earlier}) == len(earlier)


def test_the_proposal_is_what_is_taken_when_nobody_says() -> None:
    assert back(RECEIPT, {0: Q(1)}).tenders == give_back(RECEIPT, [replace(RECEIPT.lines[0], quantity=Q(1),
                                                         line_sum=Money(10_000))], [])  # fmt: skip
