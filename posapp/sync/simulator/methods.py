"""The REST methods a till calls: name → scope and what it does (reference: Bitrix REST 3).

Each method is a plain function from a `Call` to the value under `result`. The table at the foot of the file is the
table of contents.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from posapp.sync.simulator import (
    basket,
    cashboxes,
    catalogue,
    documents,
    fields,
    general,
    goods_methods,
    orders,
    payment_items,
)
from posapp.sync.simulator.call import Call, Handler, Listed, Method
from posapp.sync.simulator.entity import Entity, Field
from posapp.sync.simulator.envelope import PortalError
from posapp.sync.simulator.listing import get_fields, get_row, list_table, listed
from posapp.sync.simulator.parameters import Parameters, get_any_case, items_of, text_of
from posapp.sync.simulator.rows import (
    Condition,
    Page,
    Row,
    cast_in,
    list_rows,
    read_filter,
    required_id,
    show,
    split_operator,
)  # fmt: skip
from posapp.sync.simulator.shop import Shop


# ---------------------------------------------------------------------------------------------- sale
def order_view(order: Row) -> Row:
    """An order as `sale.order.get` shows it, nested and sorted, with the irregularities of the real answer."""
    shown = show(order, fields.ORDER)
    shown["basketItems"] = [_basket_view(line) for line in order["basketItems"]]
    shown["payments"] = [show(row, fields.PAYMENT) for row in order["payments"]]
    shown["shipments"] = [shipment_view(row) for row in order["shipments"] if row["system"] != "Y"]
    shown["propertyValues"] = [
        {key: value for key, value in show(row, fields.PROPERTY_VALUE).items() if key != "orderId"}
        for row in order["propertyValues"]
    ]
    shown["clients"] = order["clients"]
    shown["requisiteLink"] = order["requisiteLink"] or []  # PHP's empty array
    shown["tradeBindings"] = order["tradeBindings"]
    return dict(sorted(shown.items()))


def shipment_view(shipment: Row) -> Row:
    """A shipment with its lines."""
    shown = show(shipment, fields.SHIPMENT)
    shown["shipmentItems"] = [show(row, fields.SHIPMENT_ITEM) for row in shipment["shipmentItems"]]
    return dict(sorted(shown.items()))


def _basket_view(line: Row) -> Row:
    # In this one answer the ids of basket lines are texts; everywhere else they are numbers.
    shown = show(line, fields.BASKET_ITEM) | {"id": str(line["id"]), "orderId": str(line["orderId"])}
    return dict(sorted({**shown, "properties": line["properties"], "reservations": line["reservations"]}.items()))


def _list_orders(call: Call) -> Listed:
    conditions = read_filter(call.parameters, fields.ORDER)
    wanted = _wanted_ids(conditions, "id")
    if wanted is None:
        return listed(call, fields.ORDER, call.shop.ascending("orders", _bound(conditions)), is_ascending=True)
    return listed(call, fields.ORDER, [call.shop.orders[key] for key in wanted if key in call.shop.orders])


def _list_parts(entity: Entity) -> Handler:
    """A list over the parts of all orders; `orderId` and `id` in the filter are looked up instead of searched."""

    def run(call: Call) -> Listed:
        conditions = read_filter(call.parameters, entity)
        order_ids = _wanted_ids(conditions, "orderId")
        if order_ids is None and (part_ids := _wanted_ids(conditions, "id")) is not None:
            owners = call.shop.order_of.get(entity.list_key, {})
            order_ids = {owners[key] for key in part_ids if key in owners}
        if order_ids is None:
            rows = call.shop.ascending(entity.list_key, _bound(conditions))
            return listed(call, entity, rows, is_ascending=True)
        return listed(call, entity, call.shop.parts(entity.list_key, order_ids))

    return run


def _bound(conditions: list[Condition]) -> int | None:
    """The id above which a cursor wants to go on; None when the filter names none."""
    for condition in conditions:
        if condition.field.name == "id" and condition.operator == ">":
            value = cast_in(condition.value, condition.field)
            return value if isinstance(value, int) else None
    return None


def _list_shipment_items(call: Call) -> Listed:
    wanted = _wanted_ids(read_filter(call.parameters, fields.SHIPMENT_ITEM), "orderDeliveryId")
    owners = call.shop.order_of.get("shipments", {})
    order_ids = None if wanted is None else {owners[key] for key in wanted if key in owners}
    rows = (item for shipment in call.shop.parts("shipments", order_ids) for item in shipment["shipmentItems"])
    return listed(call, fields.SHIPMENT_ITEM, rows)


def _wanted_ids(conditions: list[Condition], name: str) -> set[int] | None:
    """The ids that a filter pins down by equality; None when it does not."""
    for condition in conditions:
        if condition.field.name == name and condition.operator in ("", "=", "@"):
            values = [value for _, value in items_of(condition.value)] or [condition.value]
            ids = [cast_in(value, condition.field) for value in values]
            return {key for key in ids if key is not None}
    return None


def _get_part(entity: Entity) -> Handler:
    def run(call: Call) -> Row:
        _, part = orders.find_part(call.shop, entity.list_key, call.parameters)
        return {entity.key: shipment_view(part) if entity is fields.SHIPMENT else show(part, entity)}

    return run


def _list_pay_systems(call: Call) -> list[Row]:
    """UPPER_CASE in and out, no pages, and – unlike the rest of `sale` – a misspelt name is an error."""
    rows = call.shop.tables["paySystems"]
    known = {name for row in rows for name in row}
    given = {name: _upper_keys(get_any_case(call.parameters, name)) for name in ("select", "filter", "order")}
    names = [text_of(item).upper() for _, item in items_of(given["select"])]
    used = [split_operator(key)[1] for part in ("filter", "order") for key, _ in items_of(given[part])]
    wrong = [name for name in [*names, *used] if name not in known and name != "*"]
    if wrong:
        raise PortalError("ERROR_CHECK_FAILURE", f"Possible fields: {', '.join(sorted(known))}. Unknown: {wrong[0]}")
    entity = plain_entity(rows)
    parameters = {"select": names, "filter": given["filter"], "order": given["order"]}
    found = list_rows([*rows], entity, {key: value for key, value in parameters.items() if value}, 0)
    everything = found.rows
    while found.next_start is not None:
        found = list_rows([*rows], entity, parameters, found.next_start)
        everything = everything + found.rows
    return everything


def _upper_keys(value: Any) -> Any:
    return {key.upper(): item for key, item in value.items()} if isinstance(value, dict) else value


def plain_entity(rows: list[Row]) -> Entity:
    """An entity for rows in UPPER_CASE, with the types that the rows themselves show."""
    kinds = {name: "int" if isinstance(value, int) else "any" if isinstance(value, list | dict) else "string"
             for row in rows for name, value in row.items()}  # fmt: skip
    return Entity("", "", {name: Field(name, kind, False, False, False) for name, kind in kinds.items()})


# ---------------------------------------------------------------------------------------------- crm
def _list_crm(name: str) -> Handler:
    """UPPER_CASE in and out, everything a text."""

    def run(call: Call) -> Listed:
        rows = call.shop.tables[name]
        given = {part: _upper_keys(get_any_case(call.parameters, part)) for part in ("select", "filter", "order")}
        page = list_rows(rows, plain_entity(rows), {key: value for key, value in given.items() if value}, call.start)
        if page.total is None:  # older methods answer a zero where the newer ones answer nothing
            page = Page(page.rows, 0, None)
        return Listed([{key: _crm_text(value) for key, value in row.items()} for row in page.rows], page)

    return run


def _get_crm(name: str) -> Handler:
    def run(call: Call) -> Row:
        wanted = required_id(call.parameters)
        for row in call.shop.tables[name]:
            if text_of(row.get("ID")) == str(wanted):
                return {key: _crm_text(value) for key, value in row.items()}
        raise PortalError("", "Not found")

    return run


def _crm_text(value: Any) -> Any:
    return value if isinstance(value, list | dict | str) or value is None else text_of(value)


# ---------------------------------------------------------------------------------------------- the table
def _answer_order(engine: Callable[[Shop, Parameters, datetime], Row]) -> Handler:
    return lambda call: {"order": order_view(engine(call.shop, call.parameters, call.now))}


def _answer_part(engine: Callable[[Shop, Parameters, datetime], Row], entity: Entity) -> Handler:
    def run(call: Call) -> Row:
        row = engine(call.shop, call.parameters, call.now)
        return {entity.key: shipment_view(row) if entity is fields.SHIPMENT else show(row, entity)}

    return run


METHODS: dict[str, Method] = {
    **general.METHODS,

    "sale.order.list": Method("sale", _list_orders),
    "sale.order.get": Method("sale", lambda call: {"order": order_view(orders.find_order(call.shop, call.parameters))}),
    "sale.order.update": Method("sale", _answer_order(orders.update_order)),
    "sale.order.add": Method("sale", _answer_order(orders.add_order)),
    "sale.order.delete": Method("sale", lambda call: orders.delete_order(call.shop, call.parameters)),
    "sale.order.getfields": Method("sale", get_fields(fields.ORDER)),
    "sale.basketitem.list": Method("sale", _list_parts(fields.BASKET_ITEM)),
    "sale.basketitem.get": Method("sale", _get_part(fields.BASKET_ITEM)),
    "sale.basketitem.add": Method("sale", _answer_part(orders.add_basket_item, fields.BASKET_ITEM)),
    "sale.basketitem.addcatalogproduct": Method("sale", _answer_part(orders.add_catalog_product, fields.BASKET_ITEM)),
    "sale.basketitem.update": Method("sale", _answer_part(basket.update_item, fields.BASKET_ITEM)),
    "sale.basketitem.delete": Method("sale", lambda call: basket.delete_item(call.shop, call.parameters, call.now)),
    "sale.basketitem.getfields": Method("sale", get_fields(fields.BASKET_ITEM)),
    "sale.payment.list": Method("sale", _list_parts(fields.PAYMENT)),
    "sale.payment.get": Method("sale", _get_part(fields.PAYMENT)),
    "sale.payment.update": Method("sale", _answer_part(orders.update_payment, fields.PAYMENT)),
    "sale.payment.add": Method("sale", _answer_part(orders.add_payment, fields.PAYMENT)),
    "sale.payment.delete": Method("sale", lambda call: orders.delete_payment(call.shop, call.parameters, call.now)),
    "sale.payment.getfields": Method("sale", get_fields(fields.PAYMENT)),
    "sale.shipment.list": Method("sale", _list_parts(fields.SHIPMENT)),
    "sale.shipment.get": Method("sale", _get_part(fields.SHIPMENT)),
    "sale.shipment.update": Method("sale", _answer_part(orders.update_shipment, fields.SHIPMENT)),
    "sale.shipment.add": Method("sale", _answer_part(orders.add_shipment, fields.SHIPMENT)),
    "sale.shipment.delete": Method("sale", lambda call: orders.delete_shipment(call.shop, call.parameters, call.now)),
    "sale.shipment.getfields": Method("sale", get_fields(fields.SHIPMENT)),
    "sale.shipmentitem.list": Method("sale", _list_shipment_items),
    "sale.shipmentitem.get": Method("sale", lambda call: {"shipmentItem": show(
        basket.find_shipped(call.shop, call.parameters)[2], fields.SHIPMENT_ITEM)}),
    "sale.shipmentitem.delete": Method("sale", lambda call: basket.delete_shipped(
        call.shop, call.parameters, call.now)),
    "sale.shipmentitem.update": Method("sale", _answer_part(basket.update_shipped, fields.SHIPMENT_ITEM)),
    "sale.shipmentitem.getfields": Method("sale", get_fields(fields.SHIPMENT_ITEM)),
    "sale.propertyvalue.list": Method("sale", _list_parts(fields.PROPERTY_VALUE)),
    "sale.propertyvalue.modify": Method("sale", lambda call: {"propertyValues": [
        show(row, fields.PROPERTY_VALUE) for row in orders.modify_properties(call.shop, call.parameters, call.now)]}),
    "sale.propertyvalue.getfields": Method("sale", get_fields(fields.PROPERTY_VALUE)),
    **payment_items.METHODS,
    "sale.property.list": Method("sale", list_table("properties", fields.PROPERTY)),
    "sale.property.get": Method("sale", get_row("properties", fields.PROPERTY, "200840400001")),
    "sale.property.getfields": Method("sale", get_fields(fields.PROPERTY)),
    "sale.status.get": Method("sale", get_row("statuses", fields.STATUS, "201340400001")),
    "sale.status.getfields": Method("sale", get_fields(fields.STATUS)),
    "sale.status.list": Method("sale", list_table("statuses", fields.STATUS)),
    "sale.statuslang.list": Method("sale", list_table("statusLangs", fields.STATUS_LANG)),
    "sale.persontype.list": Method("sale", list_table("personTypes", fields.PERSON_TYPE)),
    "sale.persontype.get": Method("sale", get_row("personTypes", fields.PERSON_TYPE, "200740400001")),
    "sale.paysystem.list": Method("pay_system", _list_pay_systems),

    **goods_methods.METHODS,
    "catalog.vat.list": Method("catalog", list_table("vats", catalogue.VAT)),
    "catalog.vat.get": Method("catalog", get_row("vats", catalogue.VAT, "200800000000")),
    "catalog.store.list": Method("catalog", list_table("stores", catalogue.STORE)),
    "catalog.store.get": Method("catalog", get_row("stores", catalogue.STORE, "201100000000")),
    "catalog.storeproduct.list": Method("catalog", list_table("storeProducts", catalogue.STORE_PRODUCT)),
    "catalog.storeproduct.get": Method("catalog", get_row("storeProducts", catalogue.STORE_PRODUCT, "0")),
    "catalog.storeproduct.getfields": Method("catalog", get_fields(catalogue.STORE_PRODUCT)),
    "catalog.catalog.list": Method("catalog", list_table("catalogs", catalogue.CATALOG)),
    "catalog.measure.list": Method("catalog", list_table("measures", catalogue.MEASURE)),
    "catalog.pricetype.list": Method("catalog", list_table("priceTypes", catalogue.PRICE_TYPE)),
    "catalog.document.list": Method("catalog", list_table("documents", catalogue.DOCUMENT)),
    "catalog.document.add": Method("catalog", _answer_part(documents.add_document, catalogue.DOCUMENT)),
    "catalog.document.update": Method("catalog", _answer_part(documents.update_document, catalogue.DOCUMENT)),
    "catalog.document.delete": Method("catalog", lambda call: documents.delete_document(call.shop, call.parameters)),
    "catalog.document.conduct": Method("catalog", lambda call: documents.conduct(call.shop, call.parameters, call.now)),
    "catalog.document.conductlist": Method("catalog", lambda call: documents.conduct_list(
        call.shop, call.parameters, call.now)),
    "catalog.document.cancel": Method("catalog", lambda call: documents.cancel(call.shop, call.parameters, call.now)),
    "catalog.document.element.list": Method("catalog", list_table("documentElements", catalogue.DOCUMENT_ELEMENT)),
    "catalog.document.element.add": Method("catalog", lambda call: {"documentElement": show(
        documents.add_element(call.shop, call.parameters), catalogue.DOCUMENT_ELEMENT)}),
    "catalog.document.element.update": Method("catalog", lambda call: {"documentElement": show(
        documents.update_element(call.shop, call.parameters), catalogue.DOCUMENT_ELEMENT)}),
    "catalog.document.element.getfields": Method("catalog", get_fields(catalogue.DOCUMENT_ELEMENT)),
    "catalog.document.getfields": Method("catalog", get_fields(catalogue.DOCUMENT)),
    "catalog.document.element.delete": Method("catalog", lambda call: documents.delete_element(
        call.shop, call.parameters)),
    "catalog.document.mode.status": Method("catalog", lambda call: call.shop.options["inventory_management"]),

    **{name: Method("cashbox", run) for name, run in cashboxes.METHODS.items()},

    "crm.requisite.list": Method("crm", _list_crm("requisites")),
    "crm.requisite.get": Method("crm", _get_crm("requisites")),
    "crm.contact.list": Method("crm", _list_crm("contacts")),
    "crm.contact.get": Method("crm", _get_crm("contacts")),
    "crm.company.list": Method("crm", _list_crm("companies")),
    "crm.currency.list": Method("crm", _list_crm("currencies")),
    "crm.company.get": Method("crm", _get_crm("companies")),
    "crm.orderentity.list": Method("crm", list_table("orderEntities", fields.ORDER_ENTITY)),
}  # fmt: skip
