"""Handlers that many methods share: a list of rows, one row by its id, the description of an entity's fields."""

from __future__ import annotations

from collections.abc import Iterable

from posapp.sync.simulator.call import Call, Handler, Listed
from posapp.sync.simulator.entity import Entity
from posapp.sync.simulator.envelope import PortalError
from posapp.sync.simulator.parameters import get_any_case, text_of
from posapp.sync.simulator.rows import Row, list_rows, required_id, show


def listed(call: Call, entity: Entity, rows: Iterable[Row], *, is_ascending: bool = False) -> Listed:
    """A page of rows under the entity's list key."""
    page = list_rows(rows, entity, call.parameters, call.start, is_ascending=is_ascending)
    return Listed({entity.list_key: page.rows}, page)


def list_table(name: str, entity: Entity) -> Handler:
    """A list method over one of the shop's tables."""
    return lambda call: listed(call, entity, call.shop.tables[name])


def get_row(name: str, entity: Entity, error: str) -> Handler:
    """A get method over one of the shop's tables; `error` is the code for a row that is not there."""

    is_text = entity.fields["id"].type == "string"  # a status is named by letters

    def run(call: Call) -> Row:
        number = required_id(call.parameters)
        wanted = text_of(get_any_case(call.parameters, "id")) if is_text else number
        for row in call.shop.tables[name]:
            if row.get("id") == wanted:
                return {entity.key: show(row, entity)}
        raise PortalError(error, f"{entity.key} does not exist")

    return run


def get_fields(entity: Entity) -> Handler:
    """`getfields`: what an entity has, of which type, and who may write it."""
    names = {"int": "integer"}
    described = {
        field.name: {"isImmutable": field.is_immutable, "isReadOnly": field.is_read_only,
                     "isRequired": field.is_required, "type": names.get(field.type, field.type)}
        for field in entity.fields.values()
    }  # fmt: skip
    return lambda call: {entity.key: described}
