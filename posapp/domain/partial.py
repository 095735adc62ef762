"""At the door a part of the order is refused: what is handed over, what it costs, what goes back. Pure.

What is taken is again an order – fewer goods, the delivery by the shop's rule, a smaller payment – and every rule for
orders holds for it unchanged. Prices are never touched: each line keeps the price for one that it was ordered at, with
its share of every discount in it, so that what is taken and what is refused add up to the line to the kopeck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from posapp.domain.deal_lines import printed_name
from posapp.domain.ffd import encode_text
from posapp.domain.money import ZERO, Money, Quantity, total
from posapp.domain.order import DELIVERY_NAME, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.receipt import PaymentObject, Receipt, ReceiptLine, TenderKind
from posapp.domain.refused import OrderedGoods, RefusedGoods
from posapp.errors import SaleError

ONE = Quantity(Decimal(1))


class FeeRule(StrEnum):
    """What the delivery costs when a part is refused; the value is what is typed at set-up."""

    KEEP = "keep"  # as ordered: the courier has come
    WAIVE = "waive"  # nothing, as soon as something is refused
    FREE_FROM = "free-from"  # free from a sum of goods on; below it the fee


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """The shop's rule, with the sum and the fee that `FREE_FROM` needs."""

    rule: FeeRule = FeeRule.KEEP
    free_from: Money = ZERO
    fee: Money = ZERO

    def fee_for(self, ordered: Money, goods: Money) -> Money:
        """The delivery of an order of which `goods` are taken and whose delivery was ordered at `ordered`.

        An order that was free for its sum and falls below that sum pays the fee. One that had a price of its own keeps
        it: it was never free, so refusing goods does not make it so.
        """
        if self.rule is FeeRule.WAIVE:
            return ZERO
        if self.rule is FeeRule.FREE_FROM and not ordered and goods < self.free_from:
            return self.fee
        return ordered


KEEP_THE_FEE = FeePolicy()


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """What a person says: of line `number` of the order, from 1, so much is not taken; None for the whole line."""

    number: int
    quantity: Quantity | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """`taken` is the order as it is handed over and paid, `refused` what goes back."""

    taken: Order
    refused: RefusedGoods


def handed_over(
    order: Order,
    refused: Sequence[RefusedLine],
    policy: FeePolicy,
    why: str,
    who: str,
    *,
    is_prepaid: bool = False,
) -> HandedOver:
    """What of an order is handed over when these lines are refused.

    Args:
        order: fit to be sold (`checkout.refuse_unfit`).
        refused: at least one line, each once.
        why, who: the reason, and who says so.
        is_prepaid: all of it was paid before. Then no money is taken, the delivery stays as it was paid, and what was
            paid for the refused goods is left to a refund.

    Raises:
        SaleError: `refused_line` – no such goods, or more than was ordered, or a line twice; `refused_all`;
            `refused_prepaid` – what is taken costs less than was paid before; `refused_unfit`; `refusal_why`.
    """
    reason = " ".join(why.split())
    if not reason:
        raise SaleError("refusal_why", order=order.number)
    shipment = _one_shipment(order)
    goods = _goods(order, _quantities(order, refused))
    if not any(each.taken for each in goods):
        raise SaleError("refused_all", order=order.number)
    return _settled(order, shipment, goods, KEEP_THE_FEE if is_prepaid else policy, reason, who, is_prepaid=is_prepaid)


def _quantities(order: Order, refused: Sequence[RefusedLine]) -> Mapping[int, Quantity]:
    """How much of which line is refused. Raises SaleError `refused_line`."""
    found: dict[int, Quantity] = {}
    for each in refused:
        line = order.lines[each.number - 1] if 1 <= each.number <= len(order.lines) else None
        if line is None or line.is_delivery:
            goods = sum(not one.is_delivery for one in order.lines)
            raise _line_error(order, each.number, f"товаров в заказе {goods}")
        if each.number in found:
            raise _line_error(order, each.number, "названа дважды")
        quantity = each.quantity or line.quantity
        if quantity > line.quantity:
            raise _line_error(order, each.number, f"«{line.name}»: заказано {line.quantity}, отказ от {quantity}")
        if line.measure == _PIECES and quantity.value % 1 and not line.quantity.value % 1:
            raise _line_error(order, each.number, f"«{line.name}» – штучный товар, отказ от {quantity}")
        found[each.number] = quantity
    return found


_PIECES = "шт"


def _line_error(order: Order, number: int, why: str) -> SaleError:
    return SaleError("refused_line", order=order.number, line=number, why=why)


def _one_shipment(order: Order) -> OrderShipment:
    """The shipment that takes the goods out. Raises SaleError `refused_unfit`."""
    if len(order.shipments) != 1:
        raise _unfit(order, f"отгрузок в нём {len(order.shipments)}, а ждём одну")
    shipment = order.shipments[0]
    if shipment.is_deducted:
        raise _unfit(order, "он уже отгружен на сайте")
    goods = {line.basket_id: line.quantity for line in order.lines if not line.is_delivery}
    if not all(goods) or len(goods) != sum(not line.is_delivery for line in order.lines):
        raise _unfit(order, "в нём комплект, или его загрузила прежняя программа")
    if shipment.items and dict(shipment.items) != goods:
        raise _unfit(order, "в его отгрузке не все товары заказа")
    return shipment


def _unfit(order: Order, why: str) -> SaleError:
    return SaleError("refused_unfit", order=order.number, why=why)


def _goods(order: Order, refused: Mapping[int, Quantity]) -> tuple[OrderedGoods, ...]:
    found = []
    for number, line in enumerate(order.lines, start=1):
        if line.is_delivery:
            continue
        stays_away = refused[number].value if number in refused else Decimal(0)
        taken = line.quantity.value - stays_away
        found.append(OrderedGoods(number, line.basket_id, line.name, line.price, line.quantity, taken))
    return tuple(found)


def _settled(
    order: Order,
    shipment: OrderShipment,
    goods: tuple[OrderedGoods, ...],
    policy: FeePolicy,
    why: str,
    who: str,
    *,
    is_prepaid: bool,
) -> HandedOver:
    """The order that remains, and the refusal that parts it from the one that was."""
    before = total([line.line_sum for line in order.lines if line.is_delivery])
    worth = total([each.price.times(Quantity(each.taken)) for each in goods if each.taken])
    after = policy.fee_for(before, worth)
    lines = (*_taken(order, goods), *_delivery(order, before, after))
    price = total([line.line_sum for line in lines])
    if price <= ZERO:  # what is left of it costs nothing, and a receipt of nothing there is not
        raise SaleError("refused_all", order=order.number)
    payments, was, becomes = _payments(order, order.price - price, is_prepaid=is_prepaid)
    refused = RefusedGoods(
        goods=goods,
        shipment_id=shipment.shipment_id,
        order_before=order.price,
        order_after=price,
        delivery_before=before,
        delivery_after=after,
        payment_before=was,
        payment_after=becomes,
        why=why,
        who=who,
        is_prepaid=is_prepaid,
    )
    return HandedOver(replace(order, price=price, lines=lines, payments=payments), refused)


def _payments(order: Order, less: Money, *, is_prepaid: bool) -> tuple[tuple[OrderPayment, ...], Money, Money]:
    """The payments of what is taken, and what the one that is settled now was and becomes.

    Raises SaleError `refused_prepaid`, `refused_unfit`.
    """
    if is_prepaid:
        return _shrunk(order.payments, less), order.price, order.price - less
    payment = _awaited(order)
    amount = payment.amount - less
    if amount <= ZERO:
        raise SaleError("refused_prepaid", order=order.number, paid=order.paid, total=order.price - less)
    changed = tuple(replace(each, amount=amount) if each == payment else each for each in order.payments)
    return changed, payment.amount, amount


def _shrunk(payments: Sequence[OrderPayment], less: Money) -> tuple[OrderPayment, ...]:
    """As much less in all, the last payment first: what is left of them is what is offset now."""
    found = []
    for each in reversed(payments):
        part = min(each.amount, less)
        less -= part
        found.append(replace(each, amount=each.amount - part))
    return tuple(reversed(found))


def _taken(order: Order, goods: Sequence[OrderedGoods]) -> list[OrderLine]:
    return [replace(order.lines[each.number - 1], quantity=Quantity(each.taken)) for each in goods if each.taken]


def _delivery(order: Order, before: Money, after: Money) -> list[OrderLine]:
    if before == after:
        return [line for line in order.lines if line.is_delivery]
    return [OrderLine(DELIVERY_NAME, ONE, after, None, None, is_delivery=True)] if after else []


def _awaited(order: Order) -> OrderPayment:
    """The payment whose money is taken at the door. Raises SaleError `refused_prepaid`, `refused_unfit`."""
    awaited = order.open_payments
    if order.is_paid or not awaited:
        raise SaleError("refused_prepaid", order=order.number, paid=order.paid, total=order.price)
    if len(awaited) != 1:
        raise _unfit(order, f"ждём одну оплату, а в нём {len(awaited)}")
    if awaited[0].amount + order.paid != order.price:
        raise _unfit(order, f"оплаты дают {awaited[0].amount + order.paid}, а заказ {order.price}")
    return awaited[0]


def renumbered(refused: RefusedGoods) -> dict[int, int]:
    """The place on the receipt of each line of goods that stands on it, by its place in the order; both from 1."""
    taken = [each.number for each in refused.goods if each.taken]
    return {number: place for place, number in enumerate(taken, start=1)}


def refused_in(order: Order, receipt: Receipt, why: str, who: str) -> RefusedGoods | None:
    """The refusal that a receipt tells of which was read back from its document: what of the order it does not hold.

    None when it holds all, or something that the order does not: then nobody can say what was refused.
    """
    left = [(_on_paper(line.name), line.price, line.quantity.value) for line in order.lines]
    taken = [Decimal(0)] * len(left)
    for line in receipt.lines:
        if _is_delivery(line):
            continue
        rest = line.quantity.value
        for place, (name, price, ordered) in enumerate(left):
            if order.lines[place].is_delivery or (name, price) != (_on_paper(line.name), line.price):
                continue
            part = min(rest, ordered - taken[place])
            taken[place] += part
            rest -= part
        if rest:
            return None
    missing = [
        RefusedLine(place + 1, Quantity(ordered - taken[place]))
        for place, (_, _, ordered) in enumerate(left)
        if not order.lines[place].is_delivery and ordered > taken[place]
    ]
    if not missing:
        return None
    fees = [line.line_sum for line in receipt.lines if _is_delivery(line)]
    is_prepaid = receipt.tender(TenderKind.PREPAID) == receipt.total
    try:
        found = handed_over(order, missing, _as_printed(order, total(fees)), why, who, is_prepaid=is_prepaid)
    except SaleError:
        return None
    return found.refused if found.taken.price == receipt.total else None


def _on_paper(name: str) -> str:
    """A name as the document keeps it: tag 1030 has no typographic quotes."""
    return encode_text(printed_name(name)).decode("cp866")


def _is_delivery(line: ReceiptLine) -> bool:
    return line.payment_object is PaymentObject.SERVICE and line.name == DELIVERY_NAME


def _as_printed(order: Order, fee: Money) -> FeePolicy:
    """The rule that gives the delivery which stands on the receipt."""
    ordered = total([line.line_sum for line in order.lines if line.is_delivery])
    if fee == ordered:
        return KEEP_THE_FEE
    return FeePolicy(FeeRule.FREE_FROM, order.price, fee) if fee else FeePolicy(FeeRule.WAIVE)
