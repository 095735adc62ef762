"""What the portal stores: orders with all that hangs on them, the catalogue, and the shop's settings.

An order is kept as one nested dict in the shape of `sale.order.get` (camelCase keys, ids as `int`, sums and
quantities as `Decimal`, dates as text in the portal's own offset), because that shape is also what a file of practice
orders has and what `/_sim/state` shows. Loading completes what a short, hand-written order leaves out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from posapp.sync.simulator import catalogue, fields
from posapp.sync.simulator.entity import Entity
from posapp.sync.simulator.envelope import iso
from posapp.sync.simulator.fiscal import Fiscal
from posapp.sync.simulator.furniture import FURNITURE
from posapp.sync.simulator.parameters import decimal_of, items_of, text_of
from posapp.sync.simulator.rows import Row, cast_out

KOPECK = Decimal("0.01")

# Tables of plain rows, by their name in a file of orders, and the entity that types them.
_TABLES: dict[str, Entity | None] = {
    "products": catalogue.PRODUCT, "vats": catalogue.VAT, "stores": catalogue.STORE, "prices": catalogue.PRICE,
    "storeProducts": catalogue.STORE_PRODUCT, "measures": catalogue.MEASURE, "catalogs": catalogue.CATALOG,
    "priceTypes": catalogue.PRICE_TYPE,
    "properties": fields.PROPERTY, "personTypes": fields.PERSON_TYPE, "statuses": fields.STATUS,
    "statusLangs": fields.STATUS_LANG,
    "paymentItemsBasket": fields.PAYMENT_ITEM_BASKET, "paymentItemsShipment": fields.PAYMENT_ITEM_SHIPMENT,
    "orderEntities": fields.ORDER_ENTITY, "currencies": None, "paySystems": None, "companies": None, "contacts": None,
    "requisites": None, "accounts": None, "cashboxes": None, "documents": catalogue.DOCUMENT,
    "documentElements": catalogue.DOCUMENT_ELEMENT,
}  # fmt: skip

DEFAULT_OPTIONS: Row = {
    "check_type_on_pay": "sell",  # sell | prepayment | advance: which check paying an order prints (table 5.8)
    "status_on_paid": "",  # a status the portal sets by itself when an order becomes paid; empty: none
    "status_on_half_paid": "",  # … when some of its payments are
    "inventory_management": "N",
    "omitted_paid": "",  # what a payment's update makes of an omitted `paid`: nothing, or N as the documentation says
    "inventory_1c": "N",  # Y: stock belongs to 1C, and stock documents are refused
    "discount_from": "",  # a sum of goods at base prices; below it a changed basket loses its discounts
    "delivery_calculated": "",  # what the delivery service asks whenever a shipment changes; empty: it is fixed
    "rest_offline_extended": "Y",
}


class BadShop(ValueError):
    """A file of orders that cannot be served; the text says where it is wrong."""


@dataclass
class Shop:
    """The portal's data. `tables` holds everything that is a plain list of rows, by its name in the file."""

    orders: dict[int, Row] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    options: Row = field(default_factory=dict)
    checks: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)  # money that pay systems were told to send back
    account_moves: list[Row] = field(default_factory=list)  # what came to and went from inner accounts, and why
    products: dict[int, Row] = field(default_factory=dict)
    order_of: dict[str, dict[int, int]] = field(default_factory=dict)
    last_ids: dict[str, int] = field(default_factory=dict)
    fiscal: Fiscal = field(default_factory=Fiscal)
    events: dict[tuple[str, int], Row] = field(default_factory=dict)  # of the call that is running, each once
    _sorted: dict[str, list[int]] = field(default_factory=dict)
    _properties: dict[int | None, Row] = field(default_factory=dict)

    def next_id(self, kind: str) -> int:
        """The next free id of a kind of rows (`orders`, `payments`, `shipments` …)."""
        self.last_ids[kind] = self.last_ids.get(kind, 0) + 1
        return self.last_ids[kind]

    def index(self, order: Row) -> None:
        """Remember an order and where its parts are found."""
        number = order["id"]
        self.orders[number] = order
        self.note_id("orders", number)
        for kind in ("payments", "shipments", "basketItems", "propertyValues"):
            owners = self.order_of.setdefault(kind, {})
            ids = [part["id"] for part in order[kind]]
            owners.update(dict.fromkeys(ids, number))
            self.note_id(kind, max(ids, default=0))
        shipped = [item["id"] for shipment in order["shipments"] for item in shipment["shipmentItems"]]
        self.note_id("shipmentItems", max(shipped, default=0))

    def ascending(self, kind: str, above: int | None = None) -> Iterator[Row]:
        """All orders, payments, shipments or basket lines with an id above the given one, by id."""
        owners = self.orders if kind == "orders" else self.order_of.get(kind, {})
        ids = self._sorted.get(kind)
        if ids is None or len(ids) != len(owners):
            ids = self._sorted[kind] = sorted(owners)
        for key in ids[bisect_right(ids, above) if above is not None else 0 :]:
            found = (None, self.orders[key]) if kind == "orders" else self.find(kind, key)
            if found is not None:
                yield found[1]

    def find(self, kind: str, part_id: int) -> tuple[Row, Row] | None:
        """The order and its part (`payments`, `shipments`, `basketItems`) with this id."""
        order = self.orders.get(self.order_of.get(kind, {}).get(part_id, 0))
        if order is None:
            return None
        return next(((order, part) for part in order[kind] if part["id"] == part_id), None)

    def parts(self, kind: str, order_ids: Iterable[int] | None = None) -> Iterator[Row]:
        """All parts of a kind, of all orders or of the given ones."""
        ids = self.orders if order_ids is None else [key for key in order_ids if key in self.orders]
        for order_id in ids:
            yield from self.orders[order_id][kind]

    def property_of(self, property_id: int | None) -> Row:
        """The order property with this id; an empty row when there is none."""
        if len(self._properties) != len(self.tables["properties"]):
            self._properties = {row["id"]: row for row in self.tables["properties"]}
        return self._properties.get(property_id, {})

    def pay_system(self, pay_system_id: int | None) -> Row | None:
        """The pay system with this id, in its UPPER_CASE shape."""
        return next((row for row in self.tables["paySystems"] if row["ID"] == pay_system_id), None)

    def note_id(self, kind: str, used_id: int) -> None:
        """Keep `next_id` above an id that is in use."""
        self.last_ids[kind] = max(self.last_ids.get(kind, 0), used_id)


def load_shop(document: Row, now: datetime) -> Shop:
    """Build the portal's data from a file of orders.

    Args:
        document: `{"orders": […], "products": […], "vats": […]}` and, where the defaults do not fit, any of
            `paySystems`, `statuses`, `statusLangs`, `stores`, `storeProducts`, `prices`, `priceTypes`, `measures`,
            `catalogs`, `properties`, `personTypes`, `companies`, `contacts`, `requisites`, `orderEntities`,
            `accounts`, `cashboxes`, `options`.

    Raises:
        BadShop: the file has another shape, or two orders share an id.
    """
    if not isinstance(document, dict) or not isinstance(document.get("orders"), list):
        raise BadShop('a file of orders is {"orders": [...], "products": [...], "vats": [...]}')
    shop = Shop(options={**DEFAULT_OPTIONS, **document.get("options", {})})
    for name, entity in _TABLES.items():
        given = document.get(name, FURNITURE.get(name, []))
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            raise BadShop(f'"{name}" must be a list of objects')
        shop.tables[name] = [_typed(row, entity) if entity else dict(row) for row in given]
        for row in shop.tables[name] if name.startswith(("payment", "document")) else ():
            shop.note_id(name, row.get("id") or 0)
    for given, row in zip(document.get("products", []), shop.tables["products"], strict=True):
        # the shop's own fields, and the parent of a variation
        row |= {name: value for name, value in given.items() if name.startswith("property") or name == "parentId"}
    shop.products = {row["id"]: row for row in shop.tables["products"] if row.get("id")}
    _reserve_ids(shop, document["orders"])
    for number, order in enumerate(document["orders"]):
        if not isinstance(order, dict) or decimal_of(text_of(order.get("id"))) is None:
            raise BadShop(f"order {number} of the list has no id")
        complete = complete_order(shop, order, now)
        if complete["id"] in shop.orders:
            raise BadShop(f"two orders have the id {complete['id']}")
        shop.index(complete)
    return shop


def _reserve_ids(shop: Shop, orders: list[Any]) -> None:
    """See all ids that the file gives before one is given out, or a later order would find its own taken."""
    kinds = ("payments", "shipments", "basketItems", "propertyValues")
    for order in filter(lambda item: isinstance(item, dict), orders):
        parts = {kind: _list(order, kind) for kind in kinds}
        parts["shipmentItems"] = [item for each in parts["shipments"] for item in _list(each, "shipmentItems")]
        for kind, rows in parts.items():
            shop.note_id(kind, max((cast_out(row.get("id"), "int") or 0 for row in rows), default=0))


def complete_order(shop: Shop, order: Row, now: datetime) -> Row:
    """An order with everything `sale.order.get` shows; whatever is missing gets the portal's own default."""
    row = {"lid": "s1", "personTypeId": 1, "currency": "RUB", "statusId": "N", "canceled": "N", "marked": "N",
           "externalOrder": "N", "recountFlag": "Y", "updated1c": "N", "version": 1, "dateInsert": iso(now),
           "dateUpdate": iso(now), "dateStatus": iso(now), "userId": 1, "responsibleId": 1, "companyId": 0,
           "discountValue": 0, "taxValue": 0, "payed": "", "deducted": "", **_typed(order, fields.ORDER)}  # fmt: skip
    row["accountNumber"] = row.get("accountNumber") or str(row["id"])
    row["basketItems"] = [_basket_item(shop, row, item) for item in _list(order, "basketItems")]
    # The hidden system shipment is number 1 of its order, so the first one that shows is number 2.
    row["shipments"] = [_shipment(shop, row, item, n) for n, item in enumerate(_list(order, "shipments"), 2)]
    if order.get("price") is None:
        row["price"] = goods_price(row) + delivery_price(row)
    row["payments"] = [_payment(shop, row, item, n) for n, item in enumerate(_list(order, "payments"), 1)]
    row["propertyValues"] = [_property_value(shop, row, item) for item in _list(order, "propertyValues")]
    for name in ("clients", "tradeBindings"):
        row[name] = [dict(item) for item in _list(order, name)]
    row["requisiteLink"] = dict(order["requisiteLink"]) if isinstance(order.get("requisiteLink"), dict) else {}
    row["payed"] = row["payed"] or is_payed(row)
    row["sumPaid"] = min(_paid(row), Decimal(row["price"] or 0))  # known inside only: no method shows it
    row["syncedPrice"] = row["price"]
    row["deducted"] = row["deducted"] or is_deducted(row)
    return row


def goods_price(order: Row) -> Decimal:
    """Σ of the lines that can be sold, each rounded to the kopeck; `vatIncluded=N` puts the tax on top."""
    total = Decimal(0)
    for item in order["basketItems"]:
        if item["canBuy"] == "N":
            continue
        gross = Decimal(item["price"] or 0)
        if item["vatIncluded"] == "N":
            gross *= 1 + Decimal(item["vatRate"] or 0)
        total += (gross * Decimal(item["quantity"] or 0)).quantize(KOPECK, ROUND_HALF_UP)
    return total


def delivery_price(order: Row) -> Decimal:
    """Σ of the delivery prices of the shipments."""
    return sum((Decimal(shipment["priceDelivery"] or 0) for shipment in order["shipments"]), Decimal(0))


def is_payed(order: Row) -> str:
    """`Y` once the paid payments reach the price, to the kopeck."""
    paid, price = _paid(order), Decimal(order["price"] or 0)
    is_covered = paid.quantize(KOPECK, ROUND_HALF_UP) >= price.quantize(KOPECK, ROUND_HALF_UP)
    return "Y" if is_covered and any(part["paid"] == "Y" for part in order["payments"]) else "N"


def _paid(order: Row) -> Decimal:
    return sum((Decimal(part["sum"] or 0) for part in order["payments"] if part["paid"] == "Y"), Decimal(0))


def is_deducted(order: Row) -> str:
    """`Y` when there are shipments and all of them have left."""
    return "Y" if order["shipments"] and all(part["deducted"] == "Y" for part in order["shipments"]) else "N"


def name_pay_system(shop: Shop, payment: Row) -> None:
    """Copy the pay system's name, kind and external id into a payment, where Bitrix shows them."""
    system = shop.pay_system(payment["paySystemId"])
    if system is not None:
        payment["paySystemName"] = system["NAME"]
        payment["paySystemIsCash"] = system["IS_CASH"]
        payment["paySystemXmlId"] = system.get("XML_ID", "")


def _typed(row: Row, entity: Entity) -> Row:
    """The declared fields of a row that are present, under their camelCase names and in their types."""
    stored = entity.stored
    typed = {
        name: value if type(value) is stored[name][1] else cast_out(value, stored[name][0])
        for name, value in row.items()
        if name in stored  # the usual case: names, and nearly all types, as the portal has them itself
    }
    if len(typed) < len(row):
        for name in row:
            found = None if name in stored else entity.find(name)
            if found is not None:
                typed[found.name] = cast_out(row[name], found.type)
    return typed


def _list(order: Row, name: str) -> list[Row]:
    value = order.get(name)
    items = value if isinstance(value, list) else [item for _, item in items_of(value)]
    return [item for item in items if isinstance(item, dict)]


def _part_id(shop: Shop, kind: str, row: Row) -> int:
    return row.get("id") or shop.next_id(kind)


def _basket_item(shop: Shop, order: Row, item: Row) -> Row:
    row = {"quantity": Decimal(1), "price": Decimal(0), "discountPrice": Decimal(0), "currency": order["currency"],
           "productId": 0, "name": "", "measureCode": "796", "measureName": "шт", "vatRate": None, "vatIncluded": "Y",
           "canBuy": "Y", "customPrice": "N", "lid": order["lid"], "module": "catalog", "sort": 100, "weight": 0,
           "barcodeMulti": "N", "dateInsert": order["dateInsert"], "dateUpdate": order["dateUpdate"],
           **_typed(item, fields.BASKET_ITEM)}  # fmt: skip
    row["id"] = _part_id(shop, "basketItems", row)
    row["orderId"] = order["id"]
    row["basePrice"] = row.get("basePrice") or (row["price"] or 0) + (row["discountPrice"] or 0)
    row["properties"] = _list(item, "properties")
    row["reservations"] = _list(item, "reservations")
    return row


def _payment(shop: Shop, order: Row, item: Row, number: int) -> Row:
    row = {"paid": "N", "sum": order["price"], "paySystemId": 1, "externalPayment": "N", "isReturn": "N",
           "marked": "N", "updated1c": "N", "priceCod": "0", "companyId": 0, "dateBill": order["dateInsert"],
           **_typed(item, fields.PAYMENT)}  # fmt: skip
    row["id"] = _part_id(shop, "payments", row)
    row["orderId"] = order["id"]
    row["currency"] = order["currency"]
    row["accountNumber"] = row.get("accountNumber") or f"{order['accountNumber']}/{number}"
    _adopt_pay_system(shop, row)
    return row


def _adopt_pay_system(shop: Shop, payment: Row) -> None:
    """A payment in a file may name a pay system that the file does not list; it then exists and prints nothing."""
    if shop.pay_system(payment["paySystemId"]) is None:
        shop.tables["paySystems"].append({
            "ID": payment["paySystemId"], "NAME": payment.get("paySystemName") or f"Оплата {payment['paySystemId']}",
            "IS_CASH": payment.get("paySystemIsCash") or "N", "CAN_PRINT_CHECK": "N", "ACTIVE": "Y",
            "ENTITY_REGISTRY_TYPE": "ORDER", "SORT": 100, "XML_ID": "",
        })  # fmt: skip
    name_pay_system(shop, payment)


def _shipment(shop: Shop, order: Row, item: Row, number: int) -> Row:
    row = {"allowDelivery": "N", "deducted": "N", "deliveryId": 1, "deliveryName": "Курьер", "statusId": "DN",
           "priceDelivery": Decimal(0), "discountPrice": Decimal(0), "canceled": "N", "marked": "N", "system": "N",
           "externalDelivery": "N", "customPriceDelivery": "N", "updated1c": "N", "companyId": 0,
           "responsibleId": order["responsibleId"], "dateInsert": order["dateInsert"],
           **_typed(item, fields.SHIPMENT)}  # fmt: skip
    row["id"] = _part_id(shop, "shipments", row)
    row["orderId"] = order["id"]
    row["currency"] = order["currency"]
    row["accountNumber"] = row.get("accountNumber") or f"{order['accountNumber']}/{number}"
    row["basePriceDelivery"] = row.get("basePriceDelivery") or row["priceDelivery"]
    if "shipmentItems" in item:
        given = _list(item, "shipmentItems")
    else:  # a short file: the shipment takes the whole basket
        given = [{"basketId": line["id"], "quantity": line["quantity"]} for line in order["basketItems"]]
    row["shipmentItems"] = [shipment_item(shop, row, entry, order["dateInsert"]) for entry in given]
    return row


def shipment_item(shop: Shop, shipment: Row, item: Row, at: str) -> Row:
    """One line of a shipment, complete."""
    row = {"quantity": Decimal(1), "reservedQuantity": Decimal(0), "dateInsert": at,
           **_typed(item, fields.SHIPMENT_ITEM)}  # fmt: skip
    row["id"] = _part_id(shop, "shipmentItems", row)
    row["orderDeliveryId"] = shipment["id"]
    return row


def _property_value(shop: Shop, order: Row, item: Row) -> Row:
    row = _typed(item, fields.PROPERTY_VALUE)
    known = shop.property_of(row.get("orderPropsId"))
    row = {"code": known.get("code", ""), "name": known.get("name", ""), "orderPropsXmlId": known.get("xmlId"), **row}
    row["id"] = _part_id(shop, "propertyValues", row)
    row["orderId"] = order["id"]
    return row
