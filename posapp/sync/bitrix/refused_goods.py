"""Goods refused at the door leave the portal's order, so that order, payment, shipment and receipt agree. Pure.

What was refused is taken out of the order's basket; it does not stay behind as an unshipped rest, for then the order
would cost more than was paid for ever, and nobody could close it (docs/adr/0027-refused-goods-leave-the-order.md).

Every call compares the order as just read with what it was and with what it is to become, and gives the *next* write,
so it can break off anywhere and go on; targets are absolute, so nothing is taken out twice:

| | write | why here |
| --- | --- | --- |
| 1 | prices of what was taken are fixed: `customPrice=Y` | the kernel calculates discounts anew when a basket changes |
| 2 | `sale.shipmentitem.update` of what was taken in part | a line may not become smaller than what is in shipments |
| 3 | `sale.basketitem.update`, `sale.basketitem.delete` | with a line go its shipment items; the price follows |
| 4 | `sale.shipment.update`: the delivery by the shop's rule | the kernel may have calculated that anew, too |
| 5 | `sale.payment.update`: the sum, with the reason beside it | a payment's sum never follows by itself |

Only then the payment is marked paid, which freezes its sum. Before the last write the order shows as not paid, so
whatever breaks off in between reads as not done. (Kernel: `sale/lib/shipmentcollection.php` onBasketModify,
`shipmentitem.php` onFieldModify, `payment.php`; reference: Bitrix REST 3.2, 3.4, 3.5.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from posapp.domain.money import Money
from posapp.domain.refused import OrderedGoods, RefusedGoods
from posapp.sync.bitrix.parsing import as_decimal, as_flag, as_int, as_rows, as_text
from posapp.sync.bitrix.plans import Conflict, Row, Write, is_goods, kept_shipment, number_of

_GONE = Decimal(0)
MESSAGE_MAX = 250  # psStatusMessage


def plan(row: Row, payment: Row, refused: RefusedGoods, body: Row) -> Write | Conflict | None:
    """The next write towards the order that was taken; None when it is that already.

    Args:
        row: the order as `sale.order.get` shows it now.
        payment: the payment in it whose money was taken.
        body: of the outbox entry: `total_kopecks`, and `document` of the receipt.
    """
    found = _Found(row, payment, refused)
    trouble = next(found.troubles(), None)
    if trouble is not None:
        return _conflict(row, refused, trouble)
    for commands in (found.prices(), found.shipped(), found.basket(), found.delivery()):
        if commands:
            return Write(tuple(commands), is_part=True)
    price = _money(row.get("price"))
    if price != refused.order_after:
        return _conflict(row, refused, f"сумма заказа там {price or '?'}, а взято на {refused.order_after}")
    if _money(payment.get("sum")) != refused.payment_after:
        return Write((found.payment(body),), is_part=True)
    return None


def parted_shipment(row: Row, refused: RefusedGoods) -> Write | Conflict | None:
    """The next write towards a shipment of just what was taken, of an order that was paid before; None when it is that.

    The goods stay in the order, unshipped: what was paid for them has to go back first. Taken out of it, they would
    leave an order that costs less than was paid, and the kernel puts the difference on the buyer's inner account –
    money that he then had twice, once there and once by the refund.
    """
    shipment = _shipment(row, refused)
    if shipment is None:
        return _conflict(row, refused, f"отгрузки {refused.shipment_id} в нём нет")
    held = _held(shipment)
    for each in refused.goods:
        much = held.get(each.basket_id, _GONE)
        if much not in (each.ordered.value, each.taken):
            return _conflict(row, refused, f"в отгрузке {_much(much)} «{each.name}»")
        if much != each.taken and as_flag(shipment.get("deducted")):
            return _conflict(row, refused, f"«{each.name}» уже отгружен целиком")
    ids = {as_int(each.get("basketId")): as_int(each.get("id")) for each in as_rows(shipment.get("shipmentItems"))}
    commands: list[tuple[str, dict[str, Any]]] = []
    for each in refused.lines:
        if held.get(each.basket_id, _GONE) == each.taken:
            continue
        if each.taken:
            given = {"id": ids[each.basket_id], "fields": {"quantity": _much(each.taken)}}
            commands.append(("sale.shipmentitem.update", given))
        else:
            commands.append(("sale.shipmentitem.delete", {"id": ids[each.basket_id]}))
    if not commands:
        return not_as_taken(row, refused)
    if as_flag(shipment.get("customPriceDelivery")) is not True:  # else the kernel asks the delivery service again
        commands = [_delivery_update(shipment, _money(shipment.get("priceDelivery") or 0) or Money(0))]
    return Write(tuple(commands), is_part=True)


def not_as_taken(row: Row, refused: RefusedGoods) -> Conflict | None:
    """Why the shipment must not take goods out of stock: it does not hold just what was taken."""
    shipment = _shipment(row, refused)
    if shipment is None:
        return _conflict(row, refused, f"отгрузки {refused.shipment_id} в нём нет")
    held = _held(shipment)
    for each in refused.goods:
        if held.get(each.basket_id, _GONE) != each.taken:
            return _conflict(row, refused, f"в отгрузке {_much(held.get(each.basket_id, _GONE))} «{each.name}»")
    if set(held) - {each.basket_id for each in refused.goods}:
        return _conflict(row, refused, "в отгрузке есть ещё товар")
    return None


class _Found:
    """An order as read, beside what it was and what it is to become."""

    def __init__(self, row: Row, payment: Row, refused: RefusedGoods) -> None:
        self.row = row
        self.paid_by = payment
        self.refused = refused
        self.lines = {as_int(each.get("id")) or 0: each for each in as_rows(row.get("basketItems")) if _much_of(each)}
        self.shipment = _shipment(row, refused)
        self.held = _held(self.shipment) if self.shipment is not None else {}

    # ------------------------------------------------------------------------------------------ what forbids it
    def troubles(self) -> Iterator[str]:
        """What somebody else has changed meanwhile, in words."""
        ours = {each.basket_id for each in self.refused.goods}
        for number, line in self.lines.items():
            if number not in ours:
                yield f"в нём ещё «{as_text(line.get('name'))[:60]}»"
        for each in self.refused.goods:
            yield from self._troubles_of(each)
        yield from self._troubles_of_shipment()
        yield from self._troubles_of_payment()

    def _troubles_of(self, goods: OrderedGoods) -> Iterator[str]:
        line = self.lines.get(goods.basket_id)
        if line is None:
            if goods.taken:
                yield f"товара «{goods.name}» в нём больше нет"
            return
        much = _much_of(line)
        if much not in (goods.ordered.value, goods.taken):
            yield f"«{goods.name}» там {_much(much)}, а заказывали {goods.ordered}"
        elif goods.taken and _gross(line) != goods.price:
            yield f"«{goods.name}» там по {_gross(line) or '?'}, а взят по {goods.price}"

    def _troubles_of_shipment(self) -> Iterator[str]:
        if self.shipment is None:
            yield f"отгрузки {self.refused.shipment_id} в нём нет"
            return
        others = (each for each in _shipments(self.row) if each is not self.shipment)
        for other in others:
            if _held(other):
                yield f"появилась отгрузка {as_text(other.get('id'))}"
        for each in self.refused.goods:
            held = self.held.get(each.basket_id, _GONE)
            if held not in (each.ordered.value, each.taken):
                yield f"в отгрузке {_much(held)} «{each.name}»"
            elif held != each.taken and as_flag(self.shipment.get("deducted")):
                yield f"«{each.name}» уже отгружен целиком"
        fee = _money(self.shipment.get("priceDelivery") or 0)
        if self._is_untouched() and fee not in (self.refused.delivery_before, self.refused.delivery_after):
            yield f"доставка там {fee or '?'}"

    def _troubles_of_payment(self) -> Iterator[str]:
        amount = _money(self.paid_by.get("sum"))
        if amount not in (self.refused.payment_before, self.refused.payment_after):
            yield f"оплата там {amount or '?'}, а взято {self.refused.payment_after}"
        elif amount != self.refused.payment_after and as_flag(self.paid_by.get("paid")):
            yield f"оплату отметили на {amount}, её сумму портал больше не меняет"

    def _is_untouched(self) -> bool:
        """Nothing of ours is there yet; from then on the kernel may have calculated the delivery anew."""
        return all(
            _much_of(self.lines.get(each.basket_id, {})) == each.ordered.value
            and self.held.get(each.basket_id, _GONE) == each.ordered.value
            for each in self.refused.lines
        )

    # ------------------------------------------------------------------------------------------ what is written
    def prices(self) -> list[tuple[str, dict[str, Any]]]:
        """Lines with a discount keep their price, whatever the kernel makes of the smaller order."""
        if all(_much_of(self.lines.get(each.basket_id, {})) == each.taken for each in self.refused.goods):
            return []
        taken = (self.lines[each.basket_id] for each in self.refused.goods if each.taken)
        return [
            _line_update(line, _much_of(line))
            for line in taken
            if as_decimal(line.get("discountPrice")) and as_flag(line.get("customPrice")) is not True
        ]

    def shipped(self) -> list[tuple[str, dict[str, Any]]]:
        """A line may not become smaller than what shipments hold of it, unless they may still be edited: so this first.

        A line that goes as a whole takes its shipment items along.
        """
        items = as_rows(self.shipment.get("shipmentItems")) if self.shipment is not None else []
        ids = {as_int(each.get("basketId")): as_int(each.get("id")) for each in items}
        return [
            ("sale.shipmentitem.update", {"id": ids[each.basket_id], "fields": {"quantity": _much(each.taken)}})
            for each in self.refused.goods
            if each.taken and self.held.get(each.basket_id) != each.taken
        ]

    def basket(self) -> list[tuple[str, dict[str, Any]]]:
        """The refused goods leave the basket."""
        commands = []
        for each in self.refused.goods:
            line = self.lines.get(each.basket_id)
            if line is None or _much_of(line) == each.taken:
                continue
            if each.taken:
                commands.append(_line_update(line, each.taken))
            else:
                commands.append(("sale.basketitem.delete", {"id": each.basket_id}))
        return commands

    def delivery(self) -> list[tuple[str, dict[str, Any]]]:
        """The delivery as it stands on the receipt; every other field of the shipment goes back as it was read."""
        if self.shipment is None or _money(self.shipment.get("priceDelivery") or 0) == self.refused.delivery_after:
            return []
        return [_delivery_update(self.shipment, self.refused.delivery_after)]

    def payment(self, body: Row) -> tuple[str, dict[str, Any]]:
        """The sum that was taken, and beside it what the shop's people read in the payment.

        `psStatusMessage` is of this payment and of nobody else; its comments may hold the list of its receipts.
        """
        total = Money(int(body["total_kopecks"]))
        said = (
            f"Отказ у двери: {self.refused.text()}. Причина: {self.refused.why}. "
            f"Чек ФД {as_text(body.get('document')) or '?'} на {total}."
        )
        fields = {
            "paySystemId": as_int(self.paid_by.get("paySystemId")),
            "sum": f"{self.refused.payment_after.roubles:f}",
            "psStatusMessage": said[:MESSAGE_MAX],
        }
        return "sale.payment.update", {"id": as_int(self.paid_by.get("id")), "fields": fields}


def _line_update(line: Row, quantity: Decimal) -> tuple[str, dict[str, Any]]:
    """`name` and `quantity` are required on every update; price, base and discount have to fit one another."""
    price, discount = as_decimal(line.get("price")) or _GONE, as_decimal(line.get("discountPrice")) or _GONE
    fields = {
        "name": as_text(line.get("name")),
        "quantity": _much(quantity),
        "price": f"{price:f}",
        "basePrice": f"{price + discount:f}",
        "discountPrice": f"{discount:f}",
        "customPrice": "Y",
    }
    return "sale.basketitem.update", {"id": as_int(line.get("id")), "fields": fields}


def _delivery_update(shipment: Row, price: Money) -> tuple[str, dict[str, Any]]:
    """What the delivery costs, once and for all; every other field goes back as it was read."""
    amount = f"{price.roubles:f}"
    given = {"priceDelivery": amount, "basePriceDelivery": amount, "customPriceDelivery": "Y"}
    deducted = "Y" if as_flag(shipment.get("deducted")) else "N"
    fields = {**kept_shipment(shipment), **given, "deducted": deducted}
    return "sale.shipment.update", {"id": as_int(shipment.get("id")), "fields": fields}


def _shipments(row: Row) -> Sequence[Row]:
    return [each for each in as_rows(row.get("shipments")) if is_goods(each)]


def _shipment(row: Row, refused: RefusedGoods) -> Row | None:
    return next((each for each in _shipments(row) if as_int(each.get("id")) == refused.shipment_id), None)


def _held(shipment: Row) -> Mapping[int, Decimal]:
    """How much of each basket item a shipment holds."""
    held: dict[int, Decimal] = {}
    for item in as_rows(shipment.get("shipmentItems")):
        number, much = as_int(item.get("basketId")) or 0, as_decimal(item.get("quantity")) or _GONE
        if much:
            held[number] = held.get(number, _GONE) + much
    return held


def _much_of(line: Row) -> Decimal:
    return as_decimal(line.get("quantity")) or _GONE


def _much(value: Decimal) -> str:
    """`2`, `0.386`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _gross(line: Row) -> Money | None:
    """What the buyer pays for one: VAT on top where the portal keeps net prices."""
    price, rate = as_decimal(line.get("price")), as_decimal(line.get("vatRate"))
    if price is not None and rate is not None and as_flag(line.get("vatIncluded")) is False:
        price *= 1 + rate
    return _money(price)


def _money(value: object) -> Money | None:
    number = as_decimal(value)
    try:
        return None if number is None else Money.from_roubles(number)
    except ValueError:
        return None


def _conflict(row: Row, refused: RefusedGoods, what: str) -> Conflict:
    return Conflict("portal_goods_differ", {"order": number_of(row), "what": what, "goods": refused.text()})
