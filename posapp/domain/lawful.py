"""Which combinations a receipt may hold: methods (1214) against tenders, objects (1212), rates (1199) and marking.

A receipt settles one step of a deal, and each step has its own methods and its own money:

| step | methods | paid by | rates |
| --- | --- | --- | --- |
| money ahead | 1 prepayment 100 %, 2 prepayment, 3 advance | cash, cashless | calculated (20/120 …), 0 %, without VAT |
| hand-over | 4 full, 5 partly on credit, 6 on credit | money, 1215, 1216, 1217 | the rate itself |
| debt paid | 7 credit payment, a single line | cash, cashless, 1217 | without VAT |

Sources: the tables of order ЕД-7-20/662@ (1212, 1214, 1199 and the notes on 7); VAT arises with the prepayment and with
the hand-over, so a debt that is paid carries none (54-ФЗ art. 1.1, Tax Code art. 167 p. 1). A calculated rate at a
hand-over exists for a few deals (Tax Code art. 154 p. 3, 4, 5.1) that no shop of ours makes, so it is taken for an
error. What was stored before these rules – full payment by cash or cashless – satisfies all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import ZERO, Money, total
from posapp.domain.terms import MEASURES, PaymentMethod, PaymentObject, Tender, TenderKind
from posapp.domain.vat import VatRate

if TYPE_CHECKING:
    from posapp.domain.receipt import Receipt, ReceiptLine


class Step(StrEnum):
    """Which step of a deal a receipt settles."""

    AHEAD = "ahead"  # money is taken before the goods
    HANDOVER = "handover"  # goods are handed over
    DEBT = "debt"  # goods went before, the money comes now


STEP_OF = {
    PaymentMethod.FULL_PREPAYMENT: Step.AHEAD,
    PaymentMethod.PREPAYMENT: Step.AHEAD,
    PaymentMethod.ADVANCE: Step.AHEAD,
    PaymentMethod.FULL_PAYMENT: Step.HANDOVER,
    PaymentMethod.PARTIAL_PAYMENT: Step.HANDOVER,
    PaymentMethod.CREDIT: Step.HANDOVER,
    PaymentMethod.CREDIT_PAYMENT: Step.DEBT,
}
MONEY = frozenset((TenderKind.CASH, TenderKind.CASHLESS))
TENDERS_OF = {
    Step.AHEAD: MONEY,
    Step.HANDOVER: frozenset(TenderKind),
    Step.DEBT: MONEY | {TenderKind.OTHER},
}
MARKABLE = frozenset(
    (
        PaymentObject.COMMODITY,  # with 1162, FFD 1.05
        PaymentObject.EXCISE,
        PaymentObject.EXCISE_MARKED,  # with 1163, FFD 1.2
        PaymentObject.COMMODITY_MARKED,
    )
)
REFUNDS = frozenset((ReceiptKind.SELL_REFUND, ReceiptKind.BUY_REFUND))
BUYS = frozenset((ReceiptKind.BUY, ReceiptKind.BUY_REFUND))


_ONE_THING = (PaymentMethod.ADVANCE, PaymentMethod.CREDIT_PAYMENT)
_ON_CREDIT = (PaymentMethod.PARTIAL_PAYMENT, PaymentMethod.CREDIT)
_CALCULATED = frozenset(rate for rate in VatRate if rate.is_calculated)
RATES_OF = {
    Step.AHEAD: _CALCULATED | {VatRate.VAT_0, VatRate.NONE},
    Step.HANDOVER: frozenset(VatRate) - _CALCULATED,
    Step.DEBT: frozenset((VatRate.NONE,)),
}
"""The rates (1199) that a line of a step may carry."""


def check_line(line: ReceiptLine) -> None:
    """Raises ValueError for a line that no receipt may hold."""
    method, step = line.payment_method, STEP_OF[line.payment_method]
    if line.vat not in RATES_OF[step]:
        raise ValueError(f"payment method {method.value} does not carry the rate {line.vat.title}")
    is_payment = line.payment_object is PaymentObject.PAYMENT
    if method in _ONE_THING and not (is_payment and line.quantity.value == 1):
        raise ValueError("an advance, or a debt that is paid, is one payment and not goods")
    if method in _ON_CREDIT and is_payment:
        raise ValueError("on credit goods are handed over, not a payment")
    if line.measure not in MEASURES:
        raise ValueError(f"no such measure of tag 2108: {line.measure}")
    if line.marking:
        _check_marked(line, step)


def _check_marked(line: ReceiptLine, step: Step) -> None:
    if step is not Step.HANDOVER:
        raise ValueError("a marking code stands in the receipt that hands the goods over")
    if line.payment_object not in MARKABLE:
        raise ValueError(f"payment object {line.payment_object.value} has no marking code")
    if line.quantity.value > 1 or (line.measure == 0 and line.quantity.value != 1):
        raise ValueError("one marking code is one unit")  # a part of a piece would want 1291, which is not spoken here


def step_of(receipt: Receipt) -> Step:
    """The one step that all lines of a receipt settle. Raises ValueError when they settle several."""
    steps = {STEP_OF[line.payment_method] for line in receipt.lines}
    if len(steps) != 1:
        raise ValueError("a receipt settles one step: money ahead, hand-over, or a debt")
    return steps.pop()


def check_receipt(receipt: Receipt) -> None:
    """Raises ValueError when methods, tenders, kind and details contradict each other. Sums are checked before."""
    step = step_of(receipt)
    if step is Step.DEBT and len(receipt.lines) != 1:
        raise ValueError("a receipt of a paid debt has one line")
    for tender in receipt.tenders:
        if tender.kind not in TENDERS_OF[step]:
            raise ValueError(f"{step.value} is not paid by tag {tender.kind.value}")
    _check_credit(receipt.lines, receipt.tender(TenderKind.CREDIT))
    if receipt.kind in BUYS:
        _check_buy(receipt.lines, receipt.tenders)
    if (receipt.kind is not ReceiptKind.SELL or receipt.correction is not None) and receipt.change > ZERO:
        raise ValueError("only a sale gives change")
    if receipt.cashless:
        told = total([each.amount for each in receipt.cashless])
        if told != receipt.tender(TenderKind.CASHLESS):
            raise ValueError(f"the cashless payments tell of {told}, not of the cashless tender")


def _check_credit(lines: Sequence[ReceiptLine], credit: Money) -> None:
    """What is on credit (1216) is exactly the lines of method 6, and a part, not all, of those of method 5."""
    whole = total([line.line_sum for line in lines if line.payment_method is PaymentMethod.CREDIT])
    partly = [line.line_sum for line in lines if line.payment_method is PaymentMethod.PARTIAL_PAYMENT]
    if partly and not whole < credit < whole + total(partly):
        raise ValueError("method 5 is partly paid and partly on credit")
    if not partly and credit != whole:
        raise ValueError(f"on credit are {credit}, but the lines of method 6 come to {whole}")


def _check_buy(lines: Sequence[ReceiptLine], tenders: Sequence[Tender]) -> None:
    """The shop buys from a person: goods and money change hands at once."""
    if any(line.payment_method is not PaymentMethod.FULL_PAYMENT for line in lines):
        raise ValueError("what is bought is paid in full")
    if any(tender.kind not in MONEY for tender in tenders):
        raise ValueError("what is bought is paid in money")
