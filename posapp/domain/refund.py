"""The refund of a receipt, in full or in part: same lines, same method and rate, never more than was sold. Pure.

A refund mirrors its original (FFD: "возврат прихода" has the content of what it takes back): goods that were handed
over against a prepayment come back against 1215, goods on credit against 1216, and the money of the prepayment or of
the paid debt comes back by the refund of *that* receipt. Which tender gives how much back is proposed here and may be
given by a person, within what was taken by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.lawful import Step
from posapp.domain.money import ZERO, Money, Quantity, round_half_up, total
from posapp.domain.receipt import OriginalReceipt, PaymentMethod, Receipt, ReceiptLine, Tender, TenderKind
from posapp.domain.receipt_list import Listed, line_key
from posapp.domain.settlement import identity_of, numbered_part
from posapp.errors import SaleError

if TYPE_CHECKING:  # what can be done with a deal depends on its refunds, and who sells on what can be done
    from posapp.domain.checkout import Seller

REFUND_KIND: Mapping[ReceiptKind, ReceiptKind] = {
    ReceiptKind.SELL: ReceiptKind.SELL_REFUND,
    ReceiptKind.BUY: ReceiptKind.BUY_REFUND,
}
GIVEN_BACK = (TenderKind.CREDIT, TenderKind.CASHLESS, TenderKind.CASH, TenderKind.OTHER, TenderKind.PREPAID)
"""In this order tenders give back what a part of a receipt comes to: a debt shrinks before money moves."""

_BY: Mapping[TenderKind, str] = {
    TenderKind.CASH: "наличными",
    TenderKind.CASHLESS: "безналичными",
    TenderKind.PREPAID: "предоплатой",
    TenderKind.CREDIT: "кредитом",
    TenderKind.OTHER: "встречным предоставлением",
}


def refund_of(
    original: Receipt,
    mark: FiscalMark | OriginalReceipt,
    taken: Mapping[int, Quantity] | None,
    seller: Seller,
    *,
    identity: UUID,
    now: datetime,
    earlier: Sequence[Receipt] = (),
    tenders: Sequence[Tender] | None = None,
    number: int | None = None,
) -> Receipt:
    """The receipt that takes back lines of another one.

    Args:
        original: a sale (or purchase) with its `mark`, or with what is known of its document where another till made
            it; its tax system, buyer and settlement are kept.
        taken: number of the line, from 0, to how much of it comes back; None for all that is left.
        seller: who takes it back.
        earlier: the refunds of this receipt that were made before, wherever they were made.
        tenders: how it is given back; None for the proposal of `give_back`.
        number: which refund of the settlement it is; None for the one behind the earlier ones.

    Raises:
        SaleError: `refund_over` – more than is left of a line, of the receipt or of a tender; nothing is left; a
            refund of a refund. `refund_unclear` – an earlier refund took back what the original does not show.
    """
    kind = REFUND_KIND.get(original.kind)
    if kind is None:
        raise SaleError("refund_over", what="возврат", left="0")
    lines = tuple(_lines(original, earlier, taken))
    due = total([line.line_sum for line in lines])
    left = original.total - total([each.total for each in earlier])
    if not lines or due > left:
        raise SaleError("refund_over", what=due, left=left)
    given = tuple(tenders) if tenders is not None else give_back(original, lines, earlier)
    _refuse_over(original, given, earlier)
    part = numbered_part(original.settlement.part, number or len(earlier) + 1)
    return replace(
        original,
        identity=identity,
        settlement=replace(original.settlement, part=part, kind=kind),
        lines=lines,
        tenders=given,
        till=seller.till,
        cashier=seller.cashier,
        cashier_inn=seller.cashier_inn,
        place=seller.place,
        created_at=now,
        cashless=(),
        refused=None,
        correction=None,
        basis=mark if isinstance(mark, OriginalReceipt) else OriginalReceipt.of(original.key, mark),
    )


def left_of(original: Receipt, earlier: Sequence[Receipt]) -> list[Decimal]:
    """How much of each line of the original can still be taken back, in the order of its lines.

    Raises SaleError `refund_unclear` when more of a thing came back than the original shows: then nobody can count.
    """
    back: dict[str, Decimal] = {}
    for receipt in earlier:
        for line in receipt.lines:
            back[line_key(line)] = back.get(line_key(line), Decimal(0)) + line.quantity.value
    left = []
    for line in original.lines:
        used = min(back.get(line_key(line), Decimal(0)), line.quantity.value)
        back[line_key(line)] = back.get(line_key(line), Decimal(0)) - used
        left.append(line.quantity.value - used)
    if any(back.values()):
        raise SaleError("refund_unclear", why="прежний возврат называет строки, которых в чеке нет")
    return left


def as_told(original: Receipt, told: Listed) -> Receipt:
    """An earlier refund of another till, from its entry in the portal's list, so that it can be counted.

    Raises SaleError `refund_unclear` when it does not fit the original.
    """
    try:
        back = replace(
            original,
            identity=UUID(int=identity_of(told.key)),
            settlement=replace(original.settlement, kind=told.kind),
            lines=tuple(_told_line(original, key, quantity) for key, quantity in told.taken),
            tenders=tuple(Tender(kind, amount) for kind, amount in told.tenders),
            cashless=(),
            refused=None,
            correction=None,
            basis=told.basis,
        )
        if back.total != told.total:
            raise ValueError("the lines do not come to the sum")
    except ValueError as error:
        why = f"возврат ФД {told.document_number} не сходится с чеком"
        raise SaleError("refund_unclear", why=why) from error
    return back


def _told_line(original: Receipt, key: str, quantity: Decimal) -> ReceiptLine:
    amount = Quantity(quantity)
    for line in original.lines:
        if line_key(line) == key:
            return replace(line, quantity=amount, line_sum=line.price.times(amount))
    raise ValueError("not a line of this receipt")


def refuse_out_of_order(original: Receipt, back: Receipt, made: Sequence[Receipt]) -> None:
    """A deal is taken apart from its end: no money goes back that a later receipt of the deal still stands on.

    What was prepaid is offset by the hand-over (1215), a debt that was paid stands on the credit (1216). Raises
    SaleError `refund_order` naming what has to be taken back first.

    Args:
        made: the other receipts of the deal, refunds too, without `back`.
    """
    everything = [*made, back] if original in made else [original, *made, back]
    ahead, debts = _net(everything, Step.AHEAD), _net(everything, Step.DEBT)
    prepaid, credit = _net_of(everything, TenderKind.PREPAID), _net_of(everything, TenderKind.CREDIT)
    if original.step is Step.AHEAD and ahead < prepaid:
        raise SaleError("refund_order", first="чек передачи товара, он зачёл эти деньги")
    if original.step is Step.HANDOVER and debts > credit and back.tender(TenderKind.CREDIT):
        raise SaleError("refund_order", first="чек погашения долга")


def _net(receipts: Sequence[Receipt], step: Step) -> Money:
    return total([_signed(each, each.total) for each in receipts if each.step is step])


def _net_of(receipts: Sequence[Receipt], tender: TenderKind) -> Money:
    return total([_signed(each, each.tender(tender)) for each in receipts])


def _signed(receipt: Receipt, amount: Money) -> Money:
    return -amount if receipt.kind in REFUND_KIND.values() else amount


def _lines(original: Receipt, earlier: Sequence[Receipt], taken: Mapping[int, Quantity] | None) -> list[ReceiptLine]:
    left = left_of(original, earlier)
    wanted = {n: Quantity(each) for n, each in enumerate(left) if each} if taken is None else dict(taken)
    found = []
    for number, quantity in sorted(wanted.items()):
        if not 0 <= number < len(left):
            raise SaleError("refund_over", what=f"строка {number + 1}", left=f"строк {len(left)}")
        line = original.lines[number]
        if quantity.value > left[number]:
            raise SaleError("refund_over", what=f"«{line.name}» × {quantity}", left=f"{left[number].normalize():f}")
        found.append(replace(line, quantity=quantity, line_sum=line.price.times(quantity)))
    return found


def taken_by(receipt: Receipt) -> dict[TenderKind, Money]:
    """What a receipt settled by each tender: cash without the change."""
    sums = {each.kind: each.amount for each in receipt.tenders}
    if receipt.change:
        sums[TenderKind.CASH] -= receipt.change
    return {kind: amount for kind, amount in sums.items() if amount}


def give_back(original: Receipt, lines: Sequence[ReceiptLine], earlier: Sequence[Receipt]) -> tuple[Tender, ...]:
    """How the sum of `lines` goes back: what is on credit as the lines' method wants it, the rest in `GIVEN_BACK`."""
    left = _left_by_tender(original, earlier)
    due = total([line.line_sum for line in lines])
    given = {TenderKind.CREDIT: _credit_of(original, lines)}
    rest = due - given[TenderKind.CREDIT]
    for kind in GIVEN_BACK[1:]:
        given[kind] = max(min(left.get(kind, ZERO), rest), ZERO)  # a refund put right may have given back another
        rest -= given[kind]
    return tuple(Tender(kind, amount) for kind, amount in given.items() if amount)


def _credit_of(original: Receipt, lines: Sequence[ReceiptLine]) -> Money:
    """The part of `lines` that is on credit: all of method 6, of method 5 the share that it had in the original."""
    whole = _sum_of(lines, PaymentMethod.CREDIT)
    partly = _sum_of(lines, PaymentMethod.PARTIAL_PAYMENT)
    if not partly:
        return whole
    sold = _sum_of(original.lines, PaymentMethod.PARTIAL_PAYMENT)
    on_credit = original.tender(TenderKind.CREDIT) - _sum_of(original.lines, PaymentMethod.CREDIT)
    share = round_half_up(Decimal(partly.kopecks) * on_credit.kopecks / sold.kopecks)
    return whole + Money(max(1, min(share, partly.kopecks - 1)))


def _sum_of(lines: Sequence[ReceiptLine], method: PaymentMethod) -> Money:
    return total([line.line_sum for line in lines if line.payment_method is method])


def _left_by_tender(original: Receipt, earlier: Sequence[Receipt]) -> dict[TenderKind, Money]:
    left = taken_by(original)
    for receipt in earlier:
        for kind, amount in taken_by(receipt).items():
            left[kind] = left.get(kind, ZERO) - amount
    return left


def _refuse_over(original: Receipt, given: Sequence[Tender], earlier: Sequence[Receipt]) -> None:
    """No tender gives back more than was taken by it: what was paid by card does not leave as cash."""
    left = _left_by_tender(original, earlier)
    for tender in given:
        if tender.amount > left.get(tender.kind, ZERO):
            what = f"{_BY[tender.kind]} {tender.amount}"
            raise SaleError("refund_over", what=what, left=left.get(tender.kind, ZERO))
