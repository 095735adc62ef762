"""Stock documents: how a walk-in sale leaves the stock of a portal with inventory management (reference 3.9).

A document is written (`N`), gets its lines, and is conducted (`Y`): only then goods move. It may be cancelled (`C`),
which moves them back. Conducting twice is an error, not a repetition – a client that does not know whether its call
arrived has to read the status first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from posapp.sync.simulator.catalogue import DOCUMENT, DOCUMENT_ELEMENT
from posapp.sync.simulator.entity import Entity
from posapp.sync.simulator.envelope import PortalError, iso, plain
from posapp.sync.simulator.parameters import Parameters, decimal_of, items_of, text_of
from posapp.sync.simulator.rows import Row, argument_missing, read_fields, required_id
from posapp.sync.simulator.shop import Shop
from posapp.sync.simulator.stock import change_stock, stock_row

# Which store fields a kind of document moves goods from and to; realisations (W) cannot be made over REST.
_MOVES = {"A": ("", "storeTo"), "S": ("", "storeTo"), "R": ("", "storeTo"), "M": ("storeFrom", "storeTo"),
          "D": ("storeFrom", "")}  # fmt: skip

_STORED = (1, 4, None)  # simple products and variations; a set, a service or the parent of variations is in no store

_PARTIAL_ELEMENT = Entity(DOCUMENT_ELEMENT.key, DOCUMENT_ELEMENT.list_key, {
    name: replace(item, is_required=False) for name, item in DOCUMENT_ELEMENT.fields.items()
})  # fmt: skip


def add_document(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`catalog.document.add`: an empty document of kind A, S, M, R or D."""
    _need_inventory(shop)
    values = read_fields(parameters, DOCUMENT, adding=True)
    if values["docType"] not in _MOVES:
        raise PortalError("0", "DOC_TYPE isn't available")
    document: Row = {
        "id": shop.next_id("documents"), "status": "N", "siteId": "s1", "dateCreate": iso(now), "dateModify": iso(now),
        "dateDocument": iso(now), "dateStatus": None, "createdBy": 1, "modifiedBy": 1, "statusBy": None,
        "total": Decimal(0), "commentary": "", "docNumber": "", "title": "", **values,
    }  # fmt: skip
    shop.tables["documents"].append(document)
    return document


def update_document(shop: Shop, parameters: Parameters, now: datetime) -> Row:
    """`catalog.document.update`: only while it is not conducted."""
    document = _open_document(shop, required_id(parameters))
    document |= {**read_fields(parameters, DOCUMENT, adding=False), "dateModify": iso(now)}
    return document


def delete_document(shop: Shop, parameters: Parameters) -> bool:
    """`catalog.document.delete`: only while it is not conducted; its lines go with it."""
    document = _open_document(shop, required_id(parameters))
    shop.tables["documents"].remove(document)
    shop.tables["documentElements"] = [
        row for row in shop.tables["documentElements"] if row["docId"] != document["id"]
    ]  # fmt: skip
    return True


def add_element(shop: Shop, parameters: Parameters) -> Row:
    """`catalog.document.element.add`: a line of a document that is still open."""
    _need_inventory(shop)
    values = read_fields(parameters, DOCUMENT_ELEMENT, adding=True)
    document = _open_document(shop, values["docId"])
    product = shop.products.get(values["elementId"])
    if product is None:
        raise PortalError("0", "Product not found")
    if product.get("type", 1) not in _STORED:
        raise PortalError("0", "Wrong product type")
    element: Row = {"id": shop.next_id("documentElements"), "storeFrom": None, "storeTo": None, **values}
    shop.tables["documentElements"].append(element)
    document["total"] += _value(element)
    return element


def delete_element(shop: Shop, parameters: Parameters) -> bool:
    """`catalog.document.element.delete`."""
    wanted = required_id(parameters)
    element = next((row for row in shop.tables["documentElements"] if row["id"] == wanted), None)
    if element is None:
        raise PortalError("0", "Document element not found")
    document = _open_document(shop, element["docId"])
    document["total"] -= _value(element)
    shop.tables["documentElements"].remove(element)
    return True


def conduct(shop: Shop, parameters: Parameters, now: datetime) -> bool:
    """`catalog.document.conduct`: move the goods. Not idempotent."""
    _need_inventory(shop)
    document = _document(shop, required_id(parameters))
    if document["status"] == "Y":
        raise PortalError("0", "Документ уже проведён")
    _move(shop, document, 1)
    document |= {"status": "Y", "dateStatus": iso(now), "dateModify": iso(now), "statusBy": 1}
    return True


def cancel(shop: Shop, parameters: Parameters, now: datetime) -> bool:
    """`catalog.document.cancel`: move the goods of a conducted document back."""
    _need_inventory(shop)
    document = _document(shop, required_id(parameters))
    if document["status"] != "Y":
        raise PortalError("0", "Документ не проведён")
    _move(shop, document, -1)
    document |= {"status": "C", "dateStatus": iso(now), "dateModify": iso(now), "statusBy": 1}
    return True


def conduct_list(shop: Shop, parameters: Parameters, now: datetime) -> bool:
    """`catalog.document.conductList`: one after another, up to the first that cannot be."""
    given = items_of(parameters.get("documentIds"))
    if not given:
        raise argument_missing("documentIds")
    for _, value in given:
        conduct(shop, {"id": value}, now)
    return True


def update_element(shop: Shop, parameters: Parameters) -> Row:
    """`catalog.document.element.update`: a line of a document that is still open."""
    _need_inventory(shop)
    wanted = required_id(parameters)
    element = next((row for row in shop.tables["documentElements"] if row["id"] == wanted), None)
    if element is None:
        raise PortalError("0", "Document element not found")
    document = _open_document(shop, element["docId"])
    before = _value(element)
    element.update(read_fields(parameters, _PARTIAL_ELEMENT, adding=False))
    document["total"] += _value(element) - before
    return element


def _value(element: Row) -> Decimal:
    price: Decimal = element.get("purchasingPrice") or Decimal(0)
    return price * (element["amount"] or Decimal(0))


def _need_inventory(shop: Shop) -> None:
    if shop.options["inventory_1c"] == "Y":
        raise PortalError("0", "Складской учёт ведётся в 1С: документы создаются там")
    if shop.options["inventory_management"] != "Y":
        raise PortalError("0", "Складской учёт выключен")


def _document(shop: Shop, document_id: int) -> Row:
    for row in shop.tables["documents"]:
        if row["id"] == document_id:
            return row
    raise PortalError("0", "Document not found")


def _open_document(shop: Shop, document_id: int) -> Row:
    document = _document(shop, document_id)
    if document["status"] != "N":
        raise PortalError("ERROR_DOCUMENT_STATUS", "Document is conducted or cancelled")
    return document


def _move(shop: Shop, document: Row, sign: int) -> None:
    """Move all lines of a document or none of them; no store may fall below zero."""
    changes: dict[tuple[int, int], Decimal] = {}
    source, target = _MOVES[document["docType"]]
    lines = [row for row in shop.tables["documentElements"] if row["docId"] == document["id"]]
    if not lines:
        raise PortalError("0", "В документе нет товаров")
    for line in lines:
        amount = decimal_of(text_of(line["amount"])) or Decimal(0)
        if amount <= 0:
            raise PortalError("0", "Количество товара должно быть больше нуля")
        for name, direction in ((source, -1), (target, 1)):
            if name and not line.get(name):
                raise PortalError("0", f"Не указан склад {name}")
            if name:
                key = (line["elementId"], line[name])
                changes[key] = changes.get(key, Decimal(0)) + direction * sign * amount
    for (product_id, store_id), change in changes.items():
        held = stock_row(shop, product_id, store_id)["amount"] or Decimal(0)
        if held + change < 0:
            raise PortalError("0", f"Недостаточно товара на складе {store_id}: есть {plain(held)}")
    for (product_id, store_id), change in changes.items():
        change_stock(shop, product_id, change, store_id)
