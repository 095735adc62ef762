"""A courier's orders by a filter, proved: what the portal lists is what it counts, and every row is what was asked for.

`sale.order.list` filters by responsible person and status; what stands in the properties of an order (a courier's name,
a day) only `sale.propertyvalue.list` knows. Bitrix drops a filter that it does not understand and answers with the
whole shop (trap 27), so each row is looked at. How many there are the portal counts apart from the listing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from posapp.errors import Offline, UsageError
from posapp.sync.bitrix.client import PAGE, BitrixClient, require
from posapp.sync.bitrix.parsing import as_flag, as_int, as_text, as_time, rows_under

DAYS = 60
"""Orders that came longer ago are on nobody's route: what was never finished piles up in every shop."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RouteFilter:
    """Whose orders: the responsible person (0: anybody), statuses, properties as (code, value); all of it at once.

    Without statuses: every one but `final_status`. Cancelled orders are on no route.
    """

    responsible: int = 0
    statuses: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    final_status: str = "F"


@dataclass(frozen=True, slots=True)
class Listed:
    """The ids of a route, and how many the portal counts."""

    ids: tuple[int, ...]
    expected: int


def listed(client: BitrixClient, wanted: RouteFilter) -> Listed:
    """The orders of a route. Raises Offline; Rejected `portal_garbled` when the portal did not apply the filter.

    Orders that come or go between listing and counting are listed once more.
    """
    began = client.server_time or as_time(client.call("server.time"))
    if began is None:
        raise Offline("portal_garbled", reason="портал не сообщил своё время")
    since = began - timedelta(days=DAYS)
    found = Listed((), 0)
    for _ in range(2):
        found = _by_properties(client, wanted, since) if wanted.properties else _by_fields(client, wanted, since)
        if found.expected == len(found.ids):
            break
    return found


def refuse_unknown(client: BitrixClient, wanted: RouteFilter) -> None:
    """Raises UsageError for a property or a status that the portal does not have; Offline, Rejected.

    Nothing has such a value, so the route would be empty and proved whole, and the courier would leave without goods.
    """
    if wanted.properties:
        rows = [row for page in client.pages("sale.property.list", _CODES, "properties") for row in page]
        codes = {code for row in rows if (code := as_text(row.get("code")))}
        known = {each.casefold() for each in codes}
        _refuse("свойства заказа", [code for code, _ in wanted.properties if code.casefold() not in known], codes)
    if wanted.statuses:
        answer = client.call("sale.status.list", {"select": ["id", "type"], "filter": {"type": "O"}})
        statuses = {as_text(row.get("id")) for row in rows_under(answer, "statuses") if as_text(row.get("type")) == "O"}
        _refuse("статуса", [each for each in wanted.statuses if each not in statuses], statuses)


_CODES = {"select": ["id", "code"]}


def _refuse(what: str, absent: Sequence[str], known: Collection[str]) -> None:
    if absent:
        there = ", ".join(sorted(known)) or "ни одного не видно"
        raise UsageError("usage", what=f"на портале нет {what} «{absent[0][:40]}» (есть: {there})")


def _by_fields(client: BitrixClient, wanted: RouteFilter, since: datetime) -> Listed:
    condition = _condition(wanted, since)
    ids = [
        as_int(row["id"]) or 0 for row in _rows(client, "sale.order.list", "orders", condition, _holds(wanted, since))
    ]
    return Listed(tuple(ids), client.total("sale.order.list", {"select": ["id"], "filter": condition}))


def _by_properties(client: BitrixClient, wanted: RouteFilter, since: datetime) -> Listed:
    """The orders that have all these values; then, fifty at a time, those of them that satisfy the other conditions."""
    first = _first_since(client, since)
    among: frozenset[int] | None = None
    for code, value in wanted.properties:
        having = _having(client, code, value, first)
        among = having if among is None else among & having
    ids = sorted(among or ())
    expected = 0
    found: list[int] = []
    for start in range(0, len(ids), PAGE):
        part = ids[start : start + PAGE]
        condition = {**_condition(wanted, since), "@id": part}
        holds = _holds(wanted, since, frozenset(part))
        found += [as_int(row["id"]) or 0 for row in _rows(client, "sale.order.list", "orders", condition, holds)]
        expected += client.total("sale.order.list", {"select": ["id"], "filter": condition})
    return Listed(tuple(found), expected)


def _having(client: BitrixClient, code: str, value: str, first: int) -> frozenset[int]:
    """The orders from `first` on that have this value of a property. Raises Offline when the count says otherwise."""

    def holds(row: Row) -> bool:
        is_value = as_text(row.get("value")).casefold() == value.casefold()
        return (
            is_value
            and as_text(row.get("code")).casefold() == code.casefold()
            and (as_int(row.get("orderId")) or 0) >= first
        )

    condition = {"code": code, "value": value, ">=orderId": first}
    rows = list(_rows(client, "sale.propertyvalue.list", "propertyValues", condition, holds))
    expected = client.total("sale.propertyvalue.list", {"select": ["id"], "filter": condition})
    if expected > len(rows):
        raise Offline("portal_garbled", reason=f"свойств {code} портал насчитал {expected}, а показал {len(rows)}")
    return frozenset(as_int(row["orderId"]) or 0 for row in rows)


def _first_since(client: BitrixClient, since: datetime) -> int:
    """The first order that came since then: values of older ones need not be looked at."""
    moment = since.isoformat(timespec="seconds")
    params = {"select": ["id", "dateInsert"], "filter": {">=dateInsert": moment}, "order": {"id": "ASC"}, "start": -1}
    rows = rows_under(client.call("sale.order.list", params), "orders")
    return min((as_int(row.get("id")) or 0 for row in rows), default=0)


def _condition(wanted: RouteFilter, since: datetime) -> dict[str, Any]:
    condition: dict[str, Any] = {">=dateInsert": since.isoformat(timespec="seconds"), "canceled": "N"}
    if wanted.responsible:
        condition["responsibleId"] = wanted.responsible
    if wanted.statuses:
        condition["@statusId"] = list(wanted.statuses)
    else:
        condition["!statusId"] = wanted.final_status
    return condition


def _holds(wanted: RouteFilter, since: datetime, among: frozenset[int] | None = None) -> Callable[[Row], bool]:
    def holds(row: Row) -> bool:
        came, status = as_time(row.get("dateInsert")), as_text(row.get("statusId"))
        is_status = status in wanted.statuses if wanted.statuses else status != wanted.final_status
        is_whose = not wanted.responsible or as_int(row.get("responsibleId")) == wanted.responsible
        is_named = among is None or as_int(row.get("id")) in among
        is_recent = came is not None and came >= since.replace(microsecond=0)
        return is_status and is_whose and is_named and is_recent and as_flag(row.get("canceled")) is False

    return holds


_ORDER_FIELDS = ("id", "dateInsert", "canceled", "responsibleId", "statusId")
_VALUE_FIELDS = ("id", "orderId", "code", "value")


def _rows(
    client: BitrixClient, method: str, key: str, condition: Mapping[str, Any], holds: Callable[[Row], bool]
) -> Iterator[Row]:
    """All rows of a list, each of which is what was asked for."""
    fields: Sequence[str] = _ORDER_FIELDS if key == "orders" else _VALUE_FIELDS
    for rows in client.pages(method, {"select": list(fields), "filter": condition}, key):
        require(rows, holds, "ответственный, статус, дата или свойство заказа")
        yield from rows


__all__ = ["Listed", "RouteFilter", "listed", "refuse_unknown"]
