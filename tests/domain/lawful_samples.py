"""Hypothesis strategies for receipts: every lawful one, of every step, kind and form."""

import string
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import ZERO, Money, Quantity, total
from posapp.domain.receipt import (
    NAME_MAX,
    CashlessDetail,
    CorrectionBasis,
    OriginalReceipt,
    PaymentMethod,
    PaymentObject,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Tender,
    TenderKind,
)
from posapp.domain.settlement import Settlement, handover_part, numbered_part
from posapp.domain.terms import MEASURES, CorrectionType
from posapp.domain.vat import VatRate

TEXT = st.text(string.ascii_letters + string.digits + "абвгдежзАБВЁё-№ ", max_size=20).map(str.strip)
NAMES = st.text(string.ascii_letters + "абвгдежзАБВЁё «»-№", min_size=1, max_size=NAME_MAX).filter(
    lambda name: name == name.strip() and bool(name)
)
INNS = st.sampled_from(["7707083893", "7830002293", "500100732259"])
DIRECT = [rate for rate in VatRate if rate.value in (1, 2, 5, 6, 7, 8, 11)]
CALCULATED = [rate for rate in VatRate if rate.value in (3, 4, 5, 6, 9, 10, 12)]
GOODS = [each for each in PaymentObject if each is not PaymentObject.PAYMENT]
MARKED = [PaymentObject.COMMODITY, PaymentObject.EXCISE, PaymentObject.EXCISE_MARKED, PaymentObject.COMMODITY_MARKED]
CODE = "0104603934000793215Qbag!\x1d93Zjqw"
AHEAD, HANDOVER, DEBT = "ahead", "handover", "debt"
M = PaymentMethod


@st.composite
def receipt_lines(draw: st.DrawFn, method: PaymentMethod) -> ReceiptLine:
    """A lawful line of this method."""
    quantity, thing, rate, marking = Quantity.of(1), PaymentObject.PAYMENT, VatRate.NONE, ""
    measure = draw(st.sampled_from(list(MEASURES)))
    if method in (M.ADVANCE, M.FULL_PREPAYMENT, M.PREPAYMENT):
        rate = draw(st.sampled_from(CALCULATED))
    if method not in (M.ADVANCE, M.CREDIT_PAYMENT):
        quantity = Quantity(Decimal(draw(st.integers(500_000, 10**9))).scaleb(-6))
        thing = draw(st.sampled_from(GOODS))
    if method in (M.FULL_PAYMENT, M.PARTIAL_PAYMENT, M.CREDIT):
        rate = draw(st.sampled_from(DIRECT))
        if draw(st.booleans()):
            thing, marking, quantity = draw(st.sampled_from(MARKED)), CODE, Quantity.of(1)
    price = Money(draw(st.integers(1, 10**6)))
    return ReceiptLine(draw(NAMES), price, quantity, price.times(quantity), rate, method, thing, measure, marking)


@st.composite
def tenders_for(draw: st.DrawFn, due: Money, credit: Money, kinds: list[TenderKind], *, change: bool) -> list[Tender]:
    """`credit` on credit, the rest of `due` spread over the kinds, with change when cash is among them."""
    left, found = due - credit, {TenderKind.CREDIT: credit}
    for kind in kinds[:-1]:
        found[kind] = Money(draw(st.integers(0, left.kopecks)))
        left -= found[kind]
    found[kinds[-1]] = left
    if change and found.get(TenderKind.CASH, ZERO) > ZERO:
        found[TenderKind.CASH] += Money(draw(st.integers(0, 500_000)))
    return [Tender(kind, amount) for kind, amount in found.items() if amount > ZERO]


@st.composite
def details_for(draw: st.DrawFn, amount: Money) -> tuple[CashlessDetail, ...]:
    """Nothing, or one or two payments that come to `amount`."""
    if amount == ZERO or draw(st.booleans()):
        return ()
    first = Money(draw(st.integers(1, amount.kopecks)))
    sums = [each for each in (first, amount - first) if each > ZERO]
    return tuple(CashlessDetail(each, draw(st.integers(0, 255)), draw(TEXT), draw(TEXT)) for each in sums)


@st.composite
def receipts(
    draw: st.DrawFn, kinds: tuple[ReceiptKind, ...] = tuple(ReceiptKind), *, corrected: bool = True
) -> Receipt:
    """Any lawful receipt, or correction where `corrected`, of these kinds."""
    kind = draw(st.sampled_from(kinds))
    correction = draw(st.none() | corrections()) if corrected else None
    bought = kind in (ReceiptKind.BUY, ReceiptKind.BUY_REFUND)
    step = HANDOVER if bought else draw(st.sampled_from([AHEAD, HANDOVER, HANDOVER, DEBT]))
    methods, tenders = _choices(step)
    if bought:
        methods, tenders = [M.FULL_PAYMENT], [TenderKind.CASH, TenderKind.CASHLESS]
    chosen = draw(st.lists(st.sampled_from(methods), min_size=1, max_size=1 if step == DEBT else 4))
    lines = tuple(draw(receipt_lines(method)) for method in chosen)
    due, credit = total([line.line_sum for line in lines]), ZERO
    if due == ZERO:
        lines = (replace(lines[0], price=Money(100), quantity=Quantity.of(1), line_sum=Money(100)), *lines[1:])
        due = Money(100)
    whole = total([line.line_sum for line in lines if line.payment_method is M.CREDIT])
    partly = [line.line_sum for line in lines if line.payment_method is M.PARTIAL_PAYMENT]
    credit = whole
    if partly:
        if total(partly).kopecks < 2:
            lines = tuple(replace(line, payment_method=M.FULL_PAYMENT) if line.payment_method is M.PARTIAL_PAYMENT
                          else line for line in lines)  # fmt: skip
        else:
            credit += Money(draw(st.integers(1, total(partly).kopecks - 1)))
    change = kind is ReceiptKind.SELL and correction is None
    paid_by = draw(st.lists(st.sampled_from(tenders), min_size=1, max_size=3, unique=True))
    handed = draw(tenders_for(due, credit, paid_by, change=change))
    part = draw(st.sampled_from(["77", handover_part(5), numbered_part("77", 2)]))
    receipt = Receipt(
        identity=draw(st.uuids().map(lambda each: UUID(int=each.int & ((1 << 80) - 1)))),
        settlement=Settlement("shop.example", draw(st.integers(1, 10**6)), part, kind),
        order_number=draw(TEXT),
        lines=lines,
        tenders=tuple(sorted(handed, key=lambda each: each.kind)),
        tax_system=draw(st.sampled_from(TaxSystem)),
        till=draw(st.text("abcABC123", max_size=9)),
        cashier=draw(TEXT),
        created_at=datetime(2026, 10, 5, 12, 30),
        buyer_contact=draw(TEXT),
        buyer_name=draw(TEXT),
        buyer_inn=draw(st.just("") | INNS),
        is_training=draw(st.booleans()),
        cashier_inn=draw(st.sampled_from(["", "500100732259"])),
        place=draw(TEXT),
        address=draw(TEXT),
        is_internet=draw(st.booleans()),
        basis=draw(st.none() | bases()),
        correction=correction,
    )
    return replace(receipt, cashless=draw(details_for(receipt.tender(TenderKind.CASHLESS))))


def _choices(step: str) -> tuple[list[PaymentMethod], list[TenderKind]]:
    money = [TenderKind.CASH, TenderKind.CASHLESS]
    if step == AHEAD:
        return [M.FULL_PREPAYMENT, M.PREPAYMENT, M.ADVANCE], money
    if step == DEBT:
        return [M.CREDIT_PAYMENT], [*money, TenderKind.OTHER]
    return [M.FULL_PAYMENT, M.PARTIAL_PAYMENT, M.CREDIT], [*money, TenderKind.PREPAID, TenderKind.OTHER]


@st.composite
def bases(draw: st.DrawFn) -> OriginalReceipt:
    """What a document refers to."""
    day = draw(st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 1)))
    sign = str(draw(st.integers(1, (1 << 32) - 1)))
    return OriginalReceipt(sign, draw(st.sampled_from(["", "0123456789ABCDEF"])), "9999078900000001", 17, day)


@st.composite
def corrections(draw: st.DrawFn) -> CorrectionBasis:
    """Why a correction is made."""
    day = draw(st.dates(date(2024, 1, 1), date(2026, 12, 1)))
    if draw(st.booleans()):
        return CorrectionBasis(CorrectionType.SELF, day)
    return CorrectionBasis(CorrectionType.ORDER, day, draw(st.text("0123456789-/", min_size=1, max_size=32)))
