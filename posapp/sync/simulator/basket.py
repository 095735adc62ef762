"""What changing a basket does to an order: shipments, discounts, delivery and price follow – or the kernel says no.

The rules are the kernel's (`sale/lib/shipmentcollection.php` onBasketModify, `shipmentitem.php` onFieldModify,
`basketitem.php` delete, the basket's controller). The ones that surprise people:

- A line does not become smaller than what shipments hold of it, unless the order has a single shipment that may still
  be edited (`allowDelivery` = N, not deducted, not cancelled) and holds all of it; only then the shipment follows.
- What a shipment gives up goes to the hidden system shipment: it stays in the order, unshipped.
- A line that is deleted takes its shipment items along – but not out of a shipment that has left.
- The order's price follows, the sum of its payment does not.
- Discounts and the delivery are calculated anew, unless a price is custom.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from posapp.sync.simulator import fields
from posapp.sync.simulator.envelope import PortalError, iso, plain
from posapp.sync.simulator.orders import catalogue_data, find_part, save
from posapp.sync.simulator.parameters import Parameters, decimal_of, text_of
from posapp.sync.simulator.rows import Row, read_fields, required_id
from posapp.sync.simulator.shop import Shop, delivery_price, goods_price


def update_item(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`sale.basketitem.update`: `name` and `quantity` are required; without `customPrice` = Y catalogue data win."""
    order, line = find_part(shop, "basketItems", parameters)
    values = read_fields(parameters, fields.BASKET_ITEM, adding=False)
    if values.get("customPrice", line["customPrice"]) != "Y":
        values |= catalogue_data(shop, line["productId"])
    quantity = values["quantity"]
    if quantity <= 0:
        raise PortalError("SALE_ORDER_BASKET_WRONG_QUANTITY", f"Неверное количество товара «{line['name']}»")
    if quantity != line["quantity"]:
        _move(shop, order, line, quantity)
    line.update(values)
    line["basePrice"] = values.get("basePrice") or line["price"] + (line["discountPrice"] or 0)
    line["dateUpdate"] = iso(now)
    _calculate(shop, order)
    save(shop, order, now)
    return line


def delete_item(shop: Shop, parameters: Parameters, now: datetime) -> bool:
    """`sale.basketitem.delete`: the line, and its items in all shipments. Answers `true`."""
    order, line = find_part(shop, "basketItems", parameters)
    holding = [each for each in order["shipments"] if _items_of(each, line)]
    for shipment in holding:
        _refuse_shipped(shipment)
    for shipment in holding:
        shipment["shipmentItems"] = [each for each in shipment["shipmentItems"] if each["basketId"] != line["id"]]
        _recalculate_delivery(shop, shipment)
    order["basketItems"].remove(line)
    shop.order_of["basketItems"].pop(line["id"], None)
    _calculate(shop, order)
    save(shop, order, now)
    return True


def find_shipped(shop: Shop, parameters: Parameters) -> tuple[Row, Row, Row]:
    """The order, the shipment and the item of it that `id` names."""
    wanted = required_id(parameters)
    for shipment in shop.parts("shipments"):
        for item in shipment["shipmentItems"]:
            if item["id"] == wanted:
                return shop.orders[shipment["orderId"]], shipment, item
    raise PortalError("201240400001", "shipment item is not exists")


def update_shipped(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`sale.shipmentitem.update`: what it gives up stays in the order unshipped, what it takes must be unshipped."""
    order, shipment, item = find_shipped(shop, parameters)
    values = read_fields(parameters, fields.SHIPMENT_ITEM, adding=False)
    _refuse_shipped(shipment)
    line = next(each for each in order["basketItems"] if each["id"] == item["basketId"])
    more = values["quantity"] - item["quantity"]
    if more > line["quantity"] - _distributed(order, line):
        name = f"Недостаточно товара «{line['name']}» в заказе для отгрузки"
        raise PortalError("SALE_SHIPMENT_ITEM_LESS_AVAILABLE_QUANTITY", name)
    item.update(values)
    _recalculate_delivery(shop, shipment)
    order["price"] = goods_price(order) + delivery_price(order)
    save(shop, order, now)
    return item


def delete_shipped(shop: Shop, parameters: Parameters, now: datetime) -> bool:
    """`sale.shipmentitem.delete`: the goods stay in the order, unshipped. Answers `true`."""
    order, shipment, item = find_shipped(shop, parameters)
    _refuse_shipped(shipment)
    shipment["shipmentItems"].remove(item)
    _recalculate_delivery(shop, shipment)
    order["price"] = goods_price(order) + delivery_price(order)
    save(shop, order, now)
    return True


# ---------------------------------------------------------------------------------------------- the kernel's rules
def _move(shop: Shop, order: Row, line: Row, quantity: Decimal) -> None:
    """The line's new quantity, as far as shipments let it."""
    held = _distributed(order, line)
    shipment = _editable(order, line)
    if shipment is not None:
        for item in _items_of(shipment, line):
            item["quantity"] = quantity
        _recalculate_delivery(shop, shipment)
    elif held > quantity:
        raise PortalError(
            "SALE_ORDER_SYSTEM_SHIPMENT_LESS_QUANTITY",
            f"Товар «{line['name']}» распределён по отгрузкам: {plain(held)}, уберите из них {plain(held - quantity)}",
        )


def _editable(order: Row, line: Row) -> Row | None:
    """The single shipment that follows by itself: it holds all of the line and nobody has allowed its delivery."""
    if len(order["shipments"]) != 1 or _distributed(order, line) != line["quantity"]:
        return None
    shipment: Row = order["shipments"][0]
    is_open = (shipment["allowDelivery"], shipment["deducted"], shipment["canceled"]) == ("N", "N", "N")
    return shipment if is_open else None


def _distributed(order: Row, line: Row) -> Decimal:
    return sum((item["quantity"] for each in order["shipments"] for item in _items_of(each, line)), Decimal(0))


def _items_of(shipment: Row, line: Row) -> list[Row]:
    return [each for each in shipment["shipmentItems"] if each["basketId"] == line["id"]]


def _refuse_shipped(shipment: Row) -> None:
    if shipment["deducted"] == "Y":
        raise PortalError(
            "SALE_SHIPMENT_ITEM_SHIPMENT_ALREADY_SHIPPED_CANNOT_EDIT", "Нельзя изменить состав отгруженной отгрузки"
        )


def _recalculate_delivery(shop: Shop, shipment: Row) -> None:
    """The delivery service is asked again, unless the price is custom."""
    asked = decimal_of(text_of(shop.options.get("delivery_calculated")))
    if asked is not None and shipment["customPriceDelivery"] != "Y":
        shipment |= {"basePriceDelivery": asked, "priceDelivery": asked}


def _calculate(shop: Shop, order: Row) -> None:
    """Discounts and the order's price, after its basket has changed."""
    least = decimal_of(text_of(shop.options.get("discount_from")))
    base = sum((Decimal(each["basePrice"] or 0) * each["quantity"] for each in order["basketItems"]), Decimal(0))
    if least is not None and base < least:
        for line in order["basketItems"]:
            if line["customPrice"] != "Y":
                line |= {"price": line["basePrice"], "discountPrice": Decimal(0)}
    order["price"] = goods_price(order) + delivery_price(order)
