"""What a payment covers: the two link tables `sale.paymentitembasket.*` and `sale.paymentitemshipment.*`.

With several payments they say which lines and which delivery each of them is for (reference: Bitrix REST 3.2.3). A row
names a payment and a basket line or a shipment of the same order, once each.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from posapp.sync.simulator import fields
from posapp.sync.simulator.call import Call, Method
from posapp.sync.simulator.entity import Entity
from posapp.sync.simulator.envelope import PortalError, iso
from posapp.sync.simulator.listing import get_fields, get_row, list_table
from posapp.sync.simulator.rows import Row, read_fields, required_id, show

_NOT_FOUND, _NO_PAYMENT, _NO_TARGET, _TWICE = "201240400001", "201240400002", "201240400003", "201250000001"


def _methods(entity: Entity, kind: str, column: str) -> dict[str, Callable[[Call], Any]]:
    """The methods of one link table; `kind` is what its rows point to and `column` the column that does."""
    name = entity.list_key

    def find(call: Call) -> Row:
        wanted = required_id(call.parameters)
        for row in call.shop.tables[name]:
            if row["id"] == wanted:
                return row
        raise PortalError(_NOT_FOUND, f"{entity.key} is not exists")

    def add(call: Call) -> Row:
        values = read_fields(call.parameters, entity, adding=True)
        payment = call.shop.find("payments", values["paymentId"])
        if payment is None:
            raise PortalError(_NO_PAYMENT, "payment does not exist")
        target = call.shop.find(kind, values[column])
        if target is None or target[0] is not payment[0]:
            raise PortalError(_NO_TARGET, f"{column} is not of the order of the payment")
        if any(row["paymentId"] == values["paymentId"] and row[column] == values[column]
               for row in call.shop.tables[name]):  # fmt: skip
            raise PortalError(_TWICE, "Duplicate entry")
        defaults: Row = {"quantity": Decimal(1)} if "quantity" in entity.fields else {}
        row = {**defaults, **values, "id": call.shop.next_id(name), "dateInsert": iso(call.now)}
        call.shop.tables[name].append(row)
        return {entity.key: show(row, entity)}

    def update(call: Call) -> Row:
        row = find(call)
        row.update(read_fields(call.parameters, entity, adding=False))
        return {entity.key: show(row, entity)}

    def delete(call: Call) -> bool:
        call.shop.tables[name].remove(find(call))
        return True

    return {"list": list_table(name, entity), "get": get_row(name, entity, _NOT_FOUND), "add": add, "update": update,
            "delete": delete, "getfields": get_fields(entity)}  # fmt: skip


METHODS: dict[str, Method] = {
    f"sale.{family}.{name}": Method("sale", run)
    for family, handlers in (
        ("paymentitembasket", _methods(fields.PAYMENT_ITEM_BASKET, "basketItems", "basketId")),
        ("paymentitemshipment", _methods(fields.PAYMENT_ITEM_SHIPMENT, "shipments", "shipmentId")),
    )
    for name, run in handlers.items()
}
