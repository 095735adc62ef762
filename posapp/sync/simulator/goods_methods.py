"""`catalog.product.*` and `catalog.price.*`: goods, variations and what they cost (reference: Bitrix REST 3.8).

The rules that surprise people:

- a list wants `id` and `iblockId` selected and `iblockId` filtered;
- `catalog.product.add` and `update` answer under `element`, `catalog.product.sku.list` under `units`;
- a quantity is absolute, and with inventory management on it is read-only and kept without a word;
- a property written without `valueId` is *added* to what is there;
- `catalog.price.modify` deletes every price of the product that it does not list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from posapp.sync.simulator import catalogue
from posapp.sync.simulator.call import Call, Handler, Listed, Method
from posapp.sync.simulator.entity import Entity, Field
from posapp.sync.simulator.envelope import PortalError, iso
from posapp.sync.simulator.listing import get_fields, get_row, list_table, listed
from posapp.sync.simulator.parameters import decimal_of, items_of, text_of
from posapp.sync.simulator.rows import Row, argument_missing, read_fields, read_filter, required_id, show
from posapp.sync.simulator.shop import Shop

_WITH_VARIATIONS, _VARIATION = 3, 4
_READ_ONLY_IN_STOCK = ("quantity", "quantityReserved", "purchasingPrice", "purchasingCurrency")


# ---------------------------------------------------------------------------------------------- goods
def product_entity(shop: Shop, base: Entity = catalogue.PRODUCT) -> Entity:
    """The product's fields and the shop's own `propertyN`, which only its rows know."""
    names = {name for row in shop.products.values() for name in row if name.startswith("property")}
    extra = {name: Field(name, "any", False, False, False) for name in names}
    return Entity(base.key, base.list_key, {**base.fields, **extra})


def _list(base: Entity, kind: int | None = None) -> Handler:
    """Goods of one kind, or all; whatever block is asked for."""

    def run(call: Call) -> Listed:
        rows = (row for row in call.shop.products.values() if kind in (None, row.get("type")))
        return _list_goods(call, product_entity(call.shop, base), rows)

    return run


def _list_goods(call: Call, entity: Entity, rows: Iterable[Row]) -> Listed:
    selected = {text_of(name) for _, name in items_of(call.parameters.get("select"))}
    if not {"id", "iblockId"} <= selected and "*" not in selected:
        raise PortalError("0", "Required select fields: id, iblockId")
    if not any(condition.field.name == "iblockId" for condition in read_filter(call.parameters, entity)):
        raise PortalError("0", "Required filter fields: iblockId")
    return listed(call, entity, rows)


def _get(base: Entity, kind: int | None = None) -> Handler:
    return lambda call: {base.key: show(_product(call, kind), product_entity(call.shop, base))}


def _update(base: Entity, kind: int | None = None) -> Handler:
    """Absolute numbers, also of quantities – unless inventory management owns them."""

    def run(call: Call) -> Row:
        product = _product(call, kind)
        entity = product_entity(call.shop, base)
        optional = {name: Field(name, item.type, item.is_read_only, item.is_immutable, False)
                    for name, item in entity.fields.items()}  # fmt: skip
        values = read_fields(call.parameters, Entity(entity.key, entity.list_key, optional), adding=False)
        if call.shop.options["inventory_management"] == "Y":
            for name in _READ_ONLY_IN_STOCK:
                values.pop(name, None)
        for name in [name for name in values if name.startswith("property")]:
            values[name] = _merged(call.shop, product.get(name), values[name])
        product.update(values)
        product["timestampX"] = iso(call.now)
        _tell(call, "CATALOG.PRODUCT.ON.UPDATE", product["id"])
        return {"element" if base is catalogue.PRODUCT else base.key: show(product, entity)}

    return run


def _add(call: Call) -> Row:
    entity = product_entity(call.shop)
    values = read_fields(call.parameters, entity, adding=True)
    known = max(call.shop.products, default=0)
    call.shop.note_id("products", known)
    product: Row = {"type": 1, "active": "Y", "available": "N", "quantityTrace": "Y", "canBuyZero": "N", "measure": 1,
                    "vatIncluded": "N", "barcodeMulti": "N", "bundle": "N", "sort": 500, "dateCreate": iso(call.now),
                    "timestampX": iso(call.now), **values}  # fmt: skip
    if call.shop.options["inventory_management"] == "Y":
        product |= dict.fromkeys(_READ_ONLY_IN_STOCK)
    for name in [name for name in product if name.startswith("property")]:
        product[name] = _merged(call.shop, None, product[name])
    product["id"] = call.shop.next_id("products")
    call.shop.products[product["id"]] = product
    call.shop.tables["products"].append(product)
    _tell(call, "CATALOG.PRODUCT.ON.ADD", product["id"])
    return {"element": show(product, entity)}


def _delete(call: Call) -> bool:
    product = _product(call)
    del call.shop.products[product["id"]]
    call.shop.tables["products"].remove(product)
    _tell(call, "CATALOG.PRODUCT.ON.DELETE", product["id"])
    return True


def _product(call: Call, kind: int | None = None) -> Row:
    product = call.shop.products.get(required_id(call.parameters))
    if product is None or kind not in (None, product.get("type")):
        raise PortalError("200040300040", "product does not exist")
    return product


def _merged(shop: Shop, stored: Any, given: Any) -> Any:
    """A property's values after an update: known `valueId`s are edited, everything else is added."""
    old = [dict(item) for item in (stored if isinstance(stored, list) else [stored]) if isinstance(item, dict)]
    by_id = {text_of(item.get("valueId")): item for item in old}
    for item in given if isinstance(given, list) else [given]:
        pair = item if isinstance(item, dict) else {"value": item}
        known = by_id.get(text_of(pair.get("valueId")))
        if known is None:
            shop.note_id("values", 100_000)
            old.append({"value": pair.get("value"), "valueId": shop.next_id("values")})
        elif text_of(pair.get("value")) == "":
            old.remove(known)
        else:
            known["value"] = pair.get("value")
    return old[0] if len(old) == 1 else old or None


# ---------------------------------------------------------------------------------------------- prices
def _add_price(call: Call) -> Row:
    values = read_fields(call.parameters, catalogue.PRICE, adding=True)
    missing = [name for name in ("catalogGroupId", "currency", "price", "productId") if values.get(name) is None]
    if missing:
        raise PortalError("0", f"Required fields: {', '.join(missing)}")
    return {"price": show(_new_price(call, values), catalogue.PRICE)}


def _new_price(call: Call, values: Row) -> Row:
    rows = call.shop.tables["prices"]
    if values["productId"] not in call.shop.products:
        raise PortalError("200040300040", "product does not exist")
    same = [row for row in rows if row["productId"] == values["productId"]
            and row["catalogGroupId"] == values["catalogGroupId"]
            and row.get("quantityFrom") == values.get("quantityFrom")]  # fmt: skip
    if same:
        raise PortalError("0", "Цена этого типа у товара уже есть")
    number = max((row["id"] for row in rows), default=0) + 1
    rows.append({**values, "id": number, "priceScale": values["price"], "timestampX": iso(call.now)})
    _tell(call, "CATALOG.PRICE.ON.ADD", number)
    return rows[-1]


def _update_price(call: Call) -> Row:
    row = _price(call, required_id(call.parameters))
    _change_price(call, row, read_fields(call.parameters, catalogue.PRICE, adding=False))
    return {"price": show(row, catalogue.PRICE)}


def _change_price(call: Call, row: Row, values: Row) -> None:
    row.update({name: value for name, value in values.items() if name != "productId"})
    row |= {"priceScale": row["price"], "timestampX": iso(call.now)}
    _tell(call, "CATALOG.PRICE.ON.UPDATE", row["id"])


def _delete_price(call: Call) -> bool:
    row = _price(call, required_id(call.parameters))
    call.shop.tables["prices"].remove(row)
    _tell(call, "CATALOG.PRICE.ON.DELETE", row["id"])
    return True


def _modify_prices(call: Call) -> Row:
    """`catalog.price.modify`: the listed prices are the product's prices; every other one is deleted."""
    given = call.parameters.get("fields")
    product = given.get("product") if isinstance(given, dict) else None
    if not isinstance(product, dict) or not items_of(product.get("prices")):
        raise argument_missing("fields")
    number = int(decimal_of(text_of(product.get("id"))) or 0)
    if number not in call.shop.products:
        raise PortalError("200040300040", "product does not exist")
    listed_rows = [item for _, item in items_of(product["prices"]) if isinstance(item, dict)]
    wanted = [read_fields({"fields": item}, catalogue.PRICE, adding=True) | {"productId": number}
              for item in listed_rows]  # fmt: skip
    ids = [int(decimal_of(text_of(item.get("id"))) or 0) for item in listed_rows]
    own = [row for row in call.shop.tables["prices"] if row["productId"] == number]
    if any(key and key not in {row["id"] for row in own} for key in ids):
        raise PortalError("0", "price does not exist")
    for row in own:
        if row["id"] not in ids:
            call.shop.tables["prices"].remove(row)
            _tell(call, "CATALOG.PRICE.ON.DELETE", row["id"])
    for key, values in zip(ids, wanted, strict=True):
        if key:
            _change_price(call, _price(call, key), values)
        else:
            _new_price(call, values)
    left = [show(row, catalogue.PRICE) for row in call.shop.tables["prices"] if row["productId"] == number]
    return {"prices": left}


def _price(call: Call, number: int) -> Row:
    for row in call.shop.tables["prices"]:
        if row["id"] == number:
            return row
    raise PortalError("0", "price does not exist")


def _tell(call: Call, event: str, number: int) -> None:
    call.shop.events[event, number] = {"FIELDS": {"ID": str(number)}}


_HANDLERS: dict[str, Callable[[Call], Any]] = {
    "product.list": _list(catalogue.PRODUCT),
    "product.get": _get(catalogue.PRODUCT),
    "product.add": _add,
    "product.update": _update(catalogue.PRODUCT),
    "product.delete": _delete,
    "product.offer.list": _list(catalogue.OFFER, _VARIATION),
    "product.offer.get": _get(catalogue.OFFER, _VARIATION),
    "product.offer.update": _update(catalogue.OFFER, _VARIATION),
    "product.sku.list": _list(catalogue.SKU, _WITH_VARIATIONS),
    "product.sku.get": _get(catalogue.SKU, _WITH_VARIATIONS),
    "price.list": list_table("prices", catalogue.PRICE),
    "price.get": get_row("prices", catalogue.PRICE, "0"),
    "price.add": _add_price,
    "price.update": _update_price,
    "price.delete": _delete_price,
    "price.modify": _modify_prices,
    "price.getfields": get_fields(catalogue.PRICE),
}

METHODS: dict[str, Method] = {f"catalog.{name}": Method("catalog", run) for name, run in _HANDLERS.items()}
