"""A part of the order is refused at the door: what is sold, whether a begun receipt says the same, what goes back.

The refusal stands in the row of the receipt (`Receipt.refused`) and becomes a refusal of the journal in the very
transaction that keeps the receipt's mark, by whatever way the mark is found. So there is never one without the other:
nothing goes back to the shop for a receipt that was not made, and no receipt with fewer goods lacks the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posapp.domain.checkout import Terms, refuse_unfit
from posapp.domain.deal_lines import printed_name
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.in_force import in_force
from posapp.domain.lawful import Step
from posapp.domain.marking import MarkingCode
from posapp.domain.money import ZERO, Money, Quantity, total
from posapp.domain.offers import Offer, Way, chosen
from posapp.domain.order import Order
from posapp.domain.parted import part_of_shipment
from posapp.domain.partial import handed_over, refused_in, renumbered
from posapp.domain.receipt import Receipt
from posapp.domain.refused import RefusedGoods
from posapp.errors import SaleError
from posapp.journal.rows import Decision
from posapp.till.audit import decided
from posapp.till.context import Till

AT_THE_DOOR = (Way.FULL, Way.REST)
"""Ways that take money for goods at the same moment. Of goods that were paid before a part is handed over by
`Way.HANDOVER`; what was paid for the rest stays the customer's until a refund gives it back."""
READ_BACK = "чек прочитан из ФН, причины в нём нет"


def taken_of(till: Till, order: Order, terms: Terms, made: Sequence[Receipt]) -> tuple[Order, RefusedGoods | None]:
    """What of the order is handed over, and what is refused; the order itself where nothing is.

    `made`: the fiscalized receipts of the order. Raises SaleError `refused_way`, `way_closed`, and what
    `partial.handed_over` raises.
    """
    if not terms.refused:
        return order, None
    refuse_unfit(order)
    is_prepaid = terms.way is Way.HANDOVER
    if is_prepaid:
        chosen(order, made, Way.HANDOVER)  # it has to be open for the whole order
    elif terms.way not in AT_THE_DOOR:
        raise SaleError("refused_way", order=order.number, way=terms.way.value)
    found = handed_over(order, terms.refused, till.fee_policy, terms.why, till.who, is_prepaid=is_prepaid)
    return found.taken, found.refused


def same_refusal(order: Order, begun: Receipt, terms: Terms) -> None:
    """What is refused now must be what the begun receipt was made without. Raises SaleError `other_refusal`."""
    goods = () if begun.refused is None else begun.refused.goods
    ordered = {each.number: each.ordered for each in goods}
    before = {each.number: each.refused for each in goods if each.refused}
    asked = {each.number: each.quantity or ordered.get(each.number) for each in terms.refused}
    typed = {number: quantity.value if quantity else None for number, quantity in asked.items()}
    if typed != before or len(typed) != len(terms.refused):
        told = begun.refused.text() if begun.refused is not None else "–"
        raise SaleError("other_refusal", order=order.number, begun=told, key=begun.key)


def codes_on_receipt(
    order: Order, offer: Offer, refused: RefusedGoods | None, codes: Mapping[int, Sequence[MarkingCode]]
) -> Mapping[int, Sequence[MarkingCode]]:
    """Codes by the line of the receipt; they are given by the line of the order, which may have more of them.

    Raises SaleError `refused_line`: a code was scanned of a thing that is refused, or goes out with another shipment.
    """
    part = part_of_shipment(order, offer.shipment_id)
    if refused is not None:
        places = renumbered(refused)
    elif part is not None:
        places = {number: place for place, (number, _) in enumerate(part.lines, start=1)}
    else:
        return codes
    for number in codes:
        if number not in places:
            why = "для неё назван код маркировки, а её здесь не отдают"
            raise SaleError("refused_line", order=order.number, line=number, why=why)
    return {places[number]: of_line for number, of_line in codes.items()}


def decision_of(till: Till, receipt: Receipt) -> Decision | None:
    """Whose word a refusal is, for the audit log; None for a receipt without one."""
    refused = receipt.refused
    if refused is None:
        return None
    facts = {
        "order": receipt.order_number,
        "amount_kopecks": refused.amount.kopecks,
        "before_kopecks": refused.order_before.kopecks,
        "after_kopecks": refused.order_after.kopecks,
        "delivery_kopecks": refused.delivery_after.kopecks,
        "goods": refused.text(),
    }
    return decided(till, "order.part_refused", receipt.key, refused.why, **facts)


def read_back(till: Till, order: Order, receipt: Receipt) -> RefusedGoods | None:
    """The refusal behind a receipt that was read back from its document; None when it is for the whole order."""
    if receipt.total == order.price:
        return None
    return refused_in(order, receipt, READ_BACK, till.who)


# ------------------------------------------------------------------------------------------------ money that goes back
def to_refund(made: Sequence[Receipt]) -> Money:
    """What the customer has still to get back for goods that he paid before and did not take.

    Refunds of the prepayment that this till made count; what the site gives back it does not hear of.
    """
    owed = total([each.refused.to_refund for each in made if each.refused is not None])
    made = in_force(made)
    ahead = {each.key for each in made if each.kind is ReceiptKind.SELL and each.step is Step.AHEAD}
    back = [each for each in made if each.kind is ReceiptKind.SELL_REFUND and each.basis is not None]
    return max(owed - total([each.total for each in back if each.basis and each.basis.key in ahead]), ZERO)


def refund_command(made: Sequence[Receipt]) -> str:
    """What to type for it; "" where the prepayment has no receipt of ours, or more than one."""
    refused = next((each.refused for each in made if each.refused is not None and each.refused.is_prepaid), None)
    ahead = [each for each in made if each.kind is ReceiptKind.SELL and each.step is Step.AHEAD]
    if refused is None or not to_refund(made) or len(ahead) != 1:
        return ""
    numbers = {line.name: place for place, line in enumerate(ahead[0].lines, start=1)}
    if len(numbers) != len(ahead[0].lines) or any(printed_name(each.name) not in numbers for each in refused.lines):
        return f"posapp refund {ahead[0].key} --look"
    lines = " ".join(f"--line {numbers[printed_name(each.name)]}x{Quantity(each.refused)}" for each in refused.lines)
    return f"posapp refund {ahead[0].key} {lines}"


def refund_text(made: Sequence[Receipt]) -> str:
    """One line for people; "" when nothing has to go back."""
    amount = to_refund(made)
    if not amount:
        return ""
    how = refund_command(made) or "чека предоплаты здесь нет: деньги возвращает тот, кто их принял"
    return f"Вернуть покупателю {amount}: {how}"
