"""The order engine: what paying, shipping, cancelling and editing do to an order.

The rules are the kernel's (`sale/lib/payment.php`, `shipment.php`, `order.php` and the order builder), as far as a
till can meet them. The ones that surprise people:

- `payed` of an order is derived from its payments and `deducted` from its shipments; neither can be written.
- A payment's update is partial, a shipment's is *not*: an omitted price becomes 0, an omitted comment empty.
- The sum of a paid payment is frozen.
- What is paid too much goes to the buyer's inner account, and money may come from there (`accounts.py`).
- Modifying property values erases every property that is not listed.
- There is no compare-and-set. `version` and `dateUpdate` move with every save, and that is all a client has.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

from posapp.sync.simulator import accounts, checks, fields
from posapp.sync.simulator.envelope import PortalError, iso
from posapp.sync.simulator.parameters import Parameters, decimal_of, items_of, text_of
from posapp.sync.simulator.rows import Row, argument_missing, read_fields, required_id
from posapp.sync.simulator.shop import (
    Shop,
    complete_order,
    delivery_price,
    goods_price,
    is_deducted,
    name_pay_system,
    shipment_item,
)  # fmt: skip
from posapp.sync.simulator.stock import move_goods

CALLER = 1  # the user whose webhook it is; stands in emp…Id fields

# Longest texts the kernel's validators let through (reference 3.2).
_PAYMENT_LIMITS = {"payVoucherNum": 20, "payReturnNum": 20, "psStatusMessage": 250, "psStatusDescription": 512,
                   "psStatusCode": 255, "psCurrency": 3, "xmlId": 255}  # fmt: skip

# What an omitted field of a shipment's update becomes (reference 3.5).
_SHIPMENT_RESETS: Row = {"priceDelivery": Decimal(0), "trackingNumber": "", "comments": "", "deliveryDocNum": "",
                         "customPriceDelivery": "N"}  # fmt: skip

# What the kernel's order builder writes of a shipment at all; of the rest it takes no notice.
_SHIPMENT_WRITTEN = frozenset((*_SHIPMENT_RESETS, "orderId", "allowDelivery", "basePriceDelivery", "companyId",
                               "deducted", "deliveryDocDate", "deliveryId", "dateDeducted", "responsibleId",
                               "statusId", "xmlId"))  # fmt: skip


def find_order(shop: Shop, parameters: Parameters) -> Row:
    """The order named by `id`. Raises `200540400001` when there is none."""
    order = shop.orders.get(required_id(parameters))
    if order is None:
        raise PortalError("200540400001", "order does not exist")
    return order


def find_part(shop: Shop, kind: str, parameters: Parameters) -> tuple[Row, Row]:
    """An order and its payment, shipment or basket line named by `id`."""
    found = shop.find(kind, required_id(parameters))
    if found is None:
        codes = {"payments": ("200640400001", "payment does not exist"),
                 "shipments": ("201140400001", "shipment does not exist"),
                 "basketItems": ("200140400001", "basket item does not exist")}  # fmt: skip
        raise PortalError(*codes[kind])
    return found


# ---------------------------------------------------------------------------------------------- order
def update_order(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`sale.order.update`: partial. `payed`, `price` and other derived fields are ignored without a word."""
    order = find_order(shop, parameters)
    values = read_fields(parameters, fields.ORDER, adding=False)
    if values.get("canceled", order["canceled"]) != order["canceled"]:
        if values["canceled"] == "Y":
            _refuse_cancelling(order)
            values |= {"dateCanceled": iso(now), "empCanceledId": CALLER}
        else:
            values |= {"dateCanceled": None, "empCanceledId": None}
    if values.get("statusId", order["statusId"]) != order["statusId"]:
        # Not validated by the kernel; the column holds two letters, so "Finished" is stored as "Fi".
        values |= {"statusId": values["statusId"][:2], "dateStatus": iso(now), "empStatusId": CALLER}
    order.update(values)
    save(shop, order, now)
    return order


def add_order(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`sale.order.add`: an empty order; lines, payment and shipment are added by their own methods."""
    values = read_fields(parameters, fields.ORDER, adding=True)
    order = complete_order(shop, {**values, "id": shop.next_id("orders"), "price": 0}, now)
    shop.index(order)
    return order


def delete_order(shop: Shop, parameters: Parameters) -> bool:
    """`sale.order.delete`: not while money or goods are out."""
    order = find_order(shop, parameters)
    _refuse_cancelling(order)
    told = {"ID": str(order["id"]), "XML_ID": text_of(order.get("xmlId")), "ACTION": "delete"}
    shop.events["ONSALEBEFOREORDERDELETE", order["id"]] = {"FIELDS": told}
    shop.events["ONORDERDELETED", order["id"]] = {"FIELDS": {"ID": str(order["id"])}}
    for kind in ("payments", "shipments", "basketItems", "propertyValues"):
        for part in order[kind]:
            shop.order_of[kind].pop(part["id"], None)
    del shop.orders[order["id"]]
    return True


def _refuse_cancelling(order: Row) -> None:
    if any(payment["paid"] == "Y" for payment in order["payments"]):
        raise PortalError("SALE_ORDER_CANCEL_PAYMENT_EXIST_ACTIVE", "Нельзя отменить заказ: есть оплаченные оплаты")
    if any(shipment["deducted"] == "Y" for shipment in order["shipments"]):
        raise PortalError("SALE_ORDER_CANCEL_SHIPMENT_EXIST_SHIPPED", "Нельзя отменить заказ: есть отгрузки")


def save(shop: Shop, order: Row, now: datetime, payment: Row | None = None) -> None:
    """What every save of an order ends with: derived flags, version, time.

    Args:
        payment: the one whose `paid` has changed; only that and a new price make the kernel count the money again.
    """
    was_payed = order["payed"]
    if payment is not None:
        accounts.settle_payment(shop, order, payment)
        _move_status(shop, order, was_payed, now)
    elif order["price"] != order["syncedPrice"]:
        accounts.settle_price(shop, order)
        _move_status(shop, order, was_payed, now)
    order["syncedPrice"] = order["price"]
    order["deducted"] = is_deducted(order)
    order["version"] = (order.get("version") or 0) + 1
    order["dateUpdate"] = iso(now)
    order["updated1c"] = "N"
    saved = {"ID": str(order["id"]), "XML_ID": text_of(order.get("xmlId")), "ACTION": "save"}
    shop.events["ONSALEORDERSAVED", order["id"]] = {"FIELDS": saved}
    shop.events["ONORDERENTITYSAVED", order["id"]] = {"FIELDS": {"ID": str(order["id"])}}


def _move_status(shop: Shop, order: Row, was_payed: str, now: datetime) -> None:
    """The portal may set a status by itself when money has come, unless the order is finished."""
    if was_payed == "Y":
        return
    some_paid = any(row["paid"] == "Y" for row in order["payments"])
    name = "status_on_paid" if order["payed"] == "Y" else "status_on_half_paid" if some_paid else ""
    wanted = text_of(shop.options.get(name))
    if wanted and order["statusId"] not in ("F", wanted):
        order |= {"statusId": wanted, "dateStatus": iso(now), "empStatusId": CALLER}


# ---------------------------------------------------------------------------------------------- payment
def update_payment(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`sale.payment.update`: partial, but `paySystemId` is required each time and `companyId` lost without it."""
    order, payment = find_part(shop, "payments", parameters)
    values = read_fields(parameters, fields.PAYMENT, adding=False)
    if shop.options["omitted_paid"]:  # portals differ: the order builder of some kernels has a default here
        values.setdefault("paid", text_of(shop.options["omitted_paid"]))
    values["companyId"] = values.get("companyId") or 0  # the one field that an update forgets
    _check_payment(shop, order, payment, values)
    _write_payment(shop, order, payment, values, now)
    return payment


def add_payment(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`sale.payment.add`: `orderId` and `paySystemId` are required, `sum` is what is sent (else 0)."""
    values = read_fields(parameters, fields.PAYMENT, adding=True)
    order = _order_of(shop, values)
    payment: Row = dict.fromkeys(fields.PAYMENT.fields)
    payment |= {"id": 0, "orderId": order["id"], "currency": order["currency"], "sum": Decimal(0), "paid": "N",
                "externalPayment": "N", "isReturn": "N", "marked": "N", "updated1c": "N", "priceCod": "0",
                "dateBill": iso(now), "companyId": 0}  # fmt: skip
    _check_payment(shop, order, payment, values)
    payment["id"] = shop.next_id("payments")
    payment["accountNumber"] = f"{order['accountNumber']}/{len(order['payments']) + 1}"
    order["payments"].append(payment)
    _write_payment(shop, order, payment, values, now)
    shop.index(order)
    return payment


def delete_payment(shop: Shop, parameters: Parameters, now: datetime) -> bool:
    """`sale.payment.delete`: not while it is paid."""
    order, payment = find_part(shop, "payments", parameters)
    if payment["paid"] == "Y":
        raise PortalError("SALE_PAYMENT_DELETE_EXIST_PAID", "Нельзя удалить оплаченную оплату")
    _drop(shop, order, "payments", payment)
    shop.events["ONPAYMENTDELETED", payment["id"]] = {"FIELDS": {"ID": str(payment["id"])}}
    save(shop, order, now)
    return True


def _drop(shop: Shop, order: Row, kind: str, part: Row) -> None:
    order[kind].remove(part)
    shop.order_of[kind].pop(part["id"], None)


def _check_payment(shop: Shop, order: Row, payment: Row, values: Row) -> None:
    """Refuse before anything is written."""
    for name, limit in _PAYMENT_LIMITS.items():
        if len(values.get(name) or "") > limit:
            raise PortalError("0", f"Длина поля {name} не должна превышать {limit}")
    if values.get("externalPayment", "N") not in ("N", "Y", "F"):
        raise PortalError("0", "Значение поля externalPayment не входит в список допустимых: N, Y, F")
    if values.get("isReturn", "N") not in ("N", "Y", "P", ""):
        raise PortalError("0", "Значение поля isReturn не входит в список допустимых: N, Y, P")
    if shop.pay_system(values["paySystemId"]) is None:
        raise PortalError("0", f"Платёжная система {values['paySystemId']} не найдена")
    if payment["paid"] == "Y" and values.get("sum", payment["sum"]) != payment["sum"]:
        raise PortalError("SALE_PAYMENT_NOT_ALLOWED_CHANGE_SUM", "Нельзя изменить сумму оплаченной оплаты")
    if values.get("paid") == "Y" and payment["paid"] != "Y":
        if order["canceled"] == "Y":
            raise PortalError("SALE_ORDER_PAID_ORDER_CANCELED", "Нельзя оплатить отменённый заказ")
        accounts.check_paying(shop, order, payment, values)
    elif values.get("isReturn") in ("Y", "P") and payment["paid"] == "Y":
        accounts.check_return(shop, payment, values["isReturn"])


def _write_payment(shop: Shop, order: Row, payment: Row, values: Row, now: datetime) -> None:
    if "paid" in values:
        values["paid"] = "Y" if values["paid"] == "Y" else "N"
    was_paid = payment["paid"]
    is_paying = values.get("paid") == "Y" and was_paid != "Y"
    if is_paying:  # repeating paid=Y changes nothing: the kernel's handlers run on a changed value only
        values = {"datePaid": iso(now), "empPaidId": CALLER, **values, "isReturn": "N"}
        accounts.charge(shop, order, payment, values)
    elif values.get("isReturn") in ("Y", "P"):
        if payment["paid"] == "Y":  # a return unpays the payment, whatever `paid` says beside it
            accounts.give_back(shop, order, payment, values["isReturn"])
            values |= {"paid": "N", "empReturnId": CALLER}
        else:
            del values["isReturn"]  # what is not paid cannot be returned: passed over without a word
    if values.get("sum", Decimal(0)) is None:
        values["sum"] = Decimal(0)
    payment.update(values)
    name_pay_system(shop, payment)
    shop.events["ONPAYMENTENTITYSAVED", payment["id"]] = {"FIELDS": {"ID": str(payment["id"])}}
    save(shop, order, now, payment if payment["paid"] != was_paid else None)
    if is_paying:
        checks.on_paid(shop, order, payment, now)


def _order_of(shop: Shop, values: Row) -> Row:
    order = shop.orders.get(values["orderId"])
    if order is None:
        raise PortalError("200540400001", "order does not exist")
    return order


# ---------------------------------------------------------------------------------------------- shipment
def update_shipment(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`sale.shipment.update`: required `allowDelivery`, `deducted`, `deliveryId`; what is omitted is reset."""
    order, shipment = find_part(shop, "shipments", parameters)
    values = read_fields(parameters, fields.SHIPMENT, adding=False)
    for name in ("responsibleId", "companyId"):
        values[name] = values.get(name) or order[name]  # nothing, or zero: that of the order
    for name in ("xmlId", "statusId"):
        if values.get(name) == "":  # what is empty changes nothing
            del values[name]
    values = {**_SHIPMENT_RESETS, **{name: value for name, value in values.items() if name in _SHIPMENT_WRITTEN}}
    _write_shipment(shop, order, shipment, values, now)
    return shipment


def add_shipment(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`sale.shipment.add`: the new shipment takes everything that no other shipment holds."""
    values = read_fields(parameters, fields.SHIPMENT, adding=True)
    order = _order_of(shop, values)
    shipment: Row = dict.fromkeys(fields.SHIPMENT.fields)
    shipment |= {**_SHIPMENT_RESETS, "basePriceDelivery": Decimal(0), "id": shop.next_id("shipments"),
                 "orderId": order["id"], "statusId": "DN",
                 "currency": order["currency"], "allowDelivery": "N", "deducted": "N", "canceled": "N",
                 "marked": "N", "system": "N", "externalDelivery": "N", "updated1c": "N", "dateInsert": iso(now),
                 "discountPrice": Decimal(0), "responsibleId": order["responsibleId"], "companyId": 0,
                 "deliveryName": "Доставка"}  # fmt: skip
    shipment["accountNumber"] = f"{order['accountNumber']}/{len(order['shipments']) + 2}"
    shipped = Counter[int]()
    for other in order["shipments"]:
        shipped.update({item["basketId"]: item["quantity"] for item in other["shipmentItems"]})
    rest = [(line["id"], line["quantity"] - shipped[line["id"]]) for line in order["basketItems"]]
    shipment["shipmentItems"] = [
        shipment_item(shop, shipment, {"basketId": basket_id, "quantity": quantity}, iso(now))
        for basket_id, quantity in rest if quantity > 0
    ]  # fmt: skip
    order["shipments"].append(shipment)
    try:
        _write_shipment(shop, order, shipment, values, now)
    except PortalError:
        order["shipments"].remove(shipment)
        raise
    shop.index(order)
    return shipment


def delete_shipment(shop: Shop, parameters: Parameters, now: datetime) -> bool:
    """`sale.shipment.delete`: not once it has left; its goods stay in the order, unshipped."""
    order, shipment = find_part(shop, "shipments", parameters)
    if shipment["deducted"] == "Y":
        raise PortalError("SALE_SHIPMENT_EXIST_SHIPPED", "Нельзя удалить отгруженную отгрузку")
    _drop(shop, order, "shipments", shipment)
    order["price"] = goods_price(order) + delivery_price(order)
    shop.events["ONSHIPMENTDELETED", shipment["id"]] = {"FIELDS": {"ID": str(shipment["id"])}}
    save(shop, order, now)
    return True


def _write_shipment(shop: Shop, order: Row, shipment: Row, values: Row, now: datetime) -> None:
    for name in ("deducted", "allowDelivery"):
        values[name] = "Y" if values[name] == "Y" else "N"
    is_moving = values["deducted"] != shipment["deducted"]
    if is_moving:
        move_goods(shop, order, shipment, -1 if values["deducted"] == "Y" else 1)
        values = {"dateDeducted": iso(now), "empDeductedId": CALLER, **values}
    if values["allowDelivery"] != shipment["allowDelivery"]:
        values = {"dateAllowDelivery": iso(now), "empAllowDeliveryId": CALLER, **values}
    for name in ("priceDelivery", "basePriceDelivery"):
        values[name] = values.get(name, shipment[name]) or Decimal(0)
    order["price"] += values["priceDelivery"] - (shipment["priceDelivery"] or 0)
    shipment.update(values)
    shop.events["ONSHIPMENTENTITYSAVED", shipment["id"]] = {"FIELDS": {"ID": str(shipment["id"])}}
    save(shop, order, now)
    if is_moving and values["deducted"] == "Y":
        checks.on_deducted(shop, order, shipment, now)


# ---------------------------------------------------------------------------------------------- the rest
def modify_properties(shop: Shop, parameters: Parameters, now: datetime) -> list[Row]:
    """`sale.propertyvalue.modify`: the listed values are set, every other property of the order is erased."""
    given = parameters.get("fields")
    wanted = given.get("order") if isinstance(given, dict) else None
    if not isinstance(wanted, dict):
        raise argument_missing("fields")
    order = find_order(shop, wanted)
    listed = [item for _, item in items_of(wanted.get("propertyValues")) if isinstance(item, dict)]
    if not listed:
        raise PortalError("0", "Required fields: order.propertyValues")
    known = {row["id"]: row for row in shop.tables["properties"]}
    present = {row["orderPropsId"]: row for row in order["propertyValues"]}
    kept = []
    for item in listed:
        number = int(decimal_of(text_of(item.get("orderPropsId"))) or 0)
        prop = present.get(number) or known.get(number)
        if prop is not None:
            kept.append(_property_row(shop, order, number, prop, item.get("value")))
    order["propertyValues"] = sorted(kept, key=lambda row: row["orderPropsId"])
    shop.index(order)
    save(shop, order, now)
    return kept


def _property_row(shop: Shop, order: Row, number: int, prop: Row, value: Any) -> Row:
    is_present = "orderPropsId" in prop
    return {
        "id": prop["id"] if is_present else shop.next_id("propertyValues"), "orderId": order["id"],
        "orderPropsId": number, "code": prop["code"], "name": prop["name"], "value": value,
        "orderPropsXmlId": prop["orderPropsXmlId"] if is_present else prop.get("xmlId"),
    }  # fmt: skip


def add_basket_item(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`sale.basketitem.add`: a line; the order's price grows by it and `payed` may fall back to `N`."""
    values = read_fields(parameters, fields.BASKET_ITEM, adding=True)
    order = _order_of(shop, values)
    if values.get("customPrice") != "Y":
        values |= catalogue_data(shop, values.get("productId"))
    line: Row = dict.fromkeys(fields.BASKET_ITEM.fields)
    line |= {"id": shop.next_id("basketItems"), "price": Decimal(0), "discountPrice": Decimal(0), "sort": 100,
             "measureCode": "796", "measureName": "шт", "vatIncluded": "Y", "canBuy": "Y", "customPrice": "N",
             "lid": order["lid"], "dateInsert": iso(now), "dateUpdate": iso(now), **values,
             "properties": [], "reservations": []}  # fmt: skip
    line["basePrice"] = values.get("basePrice") or line["price"] + (line["discountPrice"] or 0)
    order["basketItems"].append(line)
    order["price"] = goods_price(order) + delivery_price(order)
    shop.index(order)
    save(shop, order, now)
    return line


def add_catalog_product(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`sale.basketitem.addCatalogProduct`: a line with the catalogue's price, VAT and measure.

    The documentation spells the field `productid`; both spellings are taken.
    """
    given = parameters.get("fields")
    if isinstance(given, dict):
        given = {"productId" if key.lower() == "productid" else key: value for key, value in given.items()}
        parameters = {**parameters, "fields": {**given, "customPrice": "N"}}
    values = read_fields(parameters, fields.BASKET_ITEM, adding=True)
    if values.get("productId") not in shop.products:
        raise PortalError("200140400006", "product does not exist")
    return add_basket_item(shop, parameters, now)


def catalogue_data(shop: Shop, product_id: Any) -> Row:
    """What the catalogue knows of a product and a line takes over its own price; nothing for one it has no price of."""
    prices = [row for row in shop.tables["prices"] if row.get("productId") == product_id]
    product = shop.products.get(product_id)
    if product is None or not prices:
        return {}
    vat = next((row for row in shop.tables["vats"] if row["id"] == product.get("vatId")), None)
    rate = None if vat is None or vat["rate"] is None else Decimal(vat["rate"]) / 100
    measure = next((row for row in shop.tables["measures"] if row["id"] == product.get("measure")), None)
    known: Row = {"price": Decimal(prices[0]["price"]), "discountPrice": Decimal(0), "basePrice": None,
                  "vatRate": rate, "vatIncluded": product.get("vatIncluded") or "Y", "module": "catalog"}  # fmt: skip
    if measure is not None:
        known |= {"measureCode": text_of(measure["code"]), "measureName": measure["symbol"]}
    return known
