"""A part of the order is refused at the door: what is sold, whether a begun receipt says the same, what goes back.

The refusal stands in the row of the receipt (`Receipt.refused`) and becomes a refusal of the journal in the very
transaction that keeps the receipt's mark, by whatever way the mark is found. So there is never one without the other:
nothing goes back to the shop for a receipt that was not made, and no receipt with fewer goods lacks the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posapp.domain.checkout import Terms, refuse_unfit
from posapp.domain.marking import MarkingCode
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.domain.partial import handed_over, refused_in, renumbered
from posapp.domain.receipt import Receipt
from posapp.domain.refused import RefusedGoods
from posapp.errors import SaleError
from posapp.journal.rows import Decision
from posapp.till.audit import decided
from posapp.till.context import Till

AT_THE_DOOR = (Way.FULL, Way.REST)
"""Ways that take money for goods at the same moment: the only ones where one receipt settles what is taken."""
READ_BACK = "чек прочитан из ФН, причины в нём нет"


def taken_of(till: Till, order: Order, terms: Terms) -> tuple[Order, RefusedGoods | None]:
    """What of the order is handed over, and what is refused; the order itself where nothing is.

    Raises SaleError `refused_way`, and what `partial.handed_over` raises.
    """
    if not terms.refused:
        return order, None
    refuse_unfit(order)
    if terms.way not in AT_THE_DOOR:
        if order.is_paid:
            raise SaleError("refused_prepaid", order=order.number, paid=order.paid, total=order.price)
        raise SaleError("refused_way", order=order.number, way=terms.way.value)
    found = handed_over(order, terms.refused, till.fee_policy, terms.why, till.who)
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
    order: Order, refused: RefusedGoods | None, codes: Mapping[int, Sequence[MarkingCode]]
) -> Mapping[int, Sequence[MarkingCode]]:
    """Codes by the line of the receipt; they are given by the line of the order, which has the refused lines too.

    Raises SaleError `refused_line`: a code was scanned of a thing that is refused.
    """
    if refused is None:
        return codes
    places = renumbered(refused)
    for number in codes:
        if any(each.number == number for each in refused.goods) and number not in places:
            why = "для неё назван код маркировки"
            raise SaleError("refused_line", order=order.number, line=number, why=why)
    return {places.get(number, number): of_line for number, of_line in codes.items()}


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
