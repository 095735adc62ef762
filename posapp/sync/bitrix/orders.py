"""Pull orders so that "32 of 32 on board" is proven, not hoped for.

A pull is: one batch for what all orders refer to (pay systems, VAT rows, properties, statuses, catalogues); the ids of
the orders by a cursor; an independent count by the portal; `sale.order.get` in batches of 50; the products' VAT rows
and the companies' tax numbers in batches. The time from which the next pull continues is the portal's own clock when
this one began.

The first pull takes what is not finished and came within 30 days. Later ones take everything that changed, ten minutes
of overlap included, whatever its state: the till has to learn that an order was paid, cancelled or finished elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from posapp.domain.order import Order
from posapp.domain.vat import PortalVatRow
from posapp.errors import Offline, Rejected, SetupError, SyncError
from posapp.sync.bitrix.answers import is_access
from posapp.sync.bitrix.client import (
    PAGE,
    BitrixClient,
    Cell,
    Command,
    Fate,
    check_cursor,
    cursor,
    require,
)
from posapp.sync.bitrix.details import details_of, is_readable
from posapp.sync.bitrix.mapping import (
    Company,
    PaySystem,
    Surroundings,
    order_of,
    pay_system_of,
    vat_row_from,
)
from posapp.sync.bitrix.marks import PortalMark, marks_of
from posapp.sync.bitrix.parsing import as_flag, as_int, as_object, as_rows, as_text, as_time, rows_under

FIRST_DAYS = 30
OVERLAP = timedelta(minutes=10)
FINAL_STATUS = "F"
EARLY_MAX = 40
SWEEP_MAX = 2_000
ORDER_MISSING = "200540400001"

Row = Mapping[str, Any]
_PROPERTY_FLAGS = (("isPhone", "phone"), ("isEmail", "email"), ("isAddress", "address"), ("isPayer", "name"))


@dataclass(frozen=True, slots=True)
class PulledOrders:
    """What a pull brought.

    `expected` is what the portal counts, so `is_complete` is a proof and not an echo. `server_time` (ISO with offset)
    is where the next pull continues – keep it only when this one is complete. `unread` are the ids that the portal has
    and did not hand over, each with the reason; `gone` those that were named and that it has no more. `marks` are the
    receipts that the orders carry, whichever till made them. `is_too_many`: more has changed than is read into memory
    at once, and nothing was read: it has to be read page by page (`first_load`).
    """

    orders: tuple[Order, ...]
    expected: int
    server_time: str
    vat_rows: Mapping[int, PortalVatRow]
    pay_systems: Mapping[int, PaySystem]
    statuses: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[int, str] = field(default_factory=dict)
    gone: tuple[int, ...] = ()
    marks: tuple[PortalMark, ...] = ()
    is_too_many: bool = False

    @property
    def is_complete(self) -> bool:
        """Every order that the portal counts is here."""
        return len(self.orders) >= self.expected and not self.unread

    @property
    def is_whole(self) -> bool:
        """Of every order that the portal counts it is known what became of it, also of those that cannot be read."""
        return len(self.orders) + len(self.unread) >= self.expected


@dataclass(frozen=True, slots=True)
class Furniture:
    """What all orders of a portal refer to, and the portal's clock (ISO) when it was read."""

    pay_systems: Mapping[int, PaySystem]
    vat_rows: Mapping[int, PortalVatRow]
    inactive_vat: frozenset[int]
    property_kinds: Mapping[int, str]
    statuses: Mapping[str, str]
    iblocks: tuple[int, ...]
    server_time: datetime


# ---------------------------------------------------------------------------------------------- pulling
def pull(
    client: BitrixClient,
    portal: str,
    pulled_at: datetime,
    since: str | None = None,
    only: Sequence[int] | None = None,
    stale: Callable[[Sequence[Row]], Collection[int]] | None = None,
) -> PulledOrders:
    """Pull orders.

    Args:
        portal: the key under which the orders are kept: `client.portal` of set-up.
        pulled_at: the till's time, written into the copies.
        since: `server_time` of the last complete pull; None for the first one.
        only: these ids and no others; ids that do not exist are simply not among the orders.
        stale: of rows with `id`, `dateUpdate` and `version` the ids whose copy on board is another one; the others are
            not read again. None for all.

    Raises:
        Offline: the portal was not reached or did not answer properly; nothing is lost by trying again.
        Rejected: `access`; `portal_no_paysystems` when the webhook lacks the scope `pay_system`.
        SetupError: the client's webhook belongs to another portal.

    Where more than `SWEEP_MAX` orders have changed nothing is read but that: `is_too_many`.
    """
    if portal != client.portal:  # ids of two portals overlap: one's orders must never lie under the other's name
        what = f"ключ доступа портала {client.portal}, а касса работает с {portal}"
        raise SetupError("not_set_up", what=what, command="portal")
    named = sorted(set(only or ()))
    # A few orders fit into the first batch: what a person waits for takes two requests.
    early = [get_command(order_id) for order_id in named] if len(named) <= EARLY_MAX else []
    furniture, cells = read_furniture_with(client, early)
    if only is None:
        listed, expected = _listed(client, _filter(since, furniture.server_time))
        ids = [as_int(row["id"]) or 0 for row in listed]
        if stale is not None:
            wanted = frozenset(stale(listed))
            expected, ids = expected - sum(each not in wanted for each in ids), [each for each in ids if each in wanted]
        if since is not None and len(ids) > SWEEP_MAX:
            return _too_many(furniture, expected)
    else:
        ids, expected = named, len(named)
    rows, missing, unread = _rows_of(ids, cells if early else client.batch([get_command(order_id) for order_id in ids]))
    expected -= len(missing)
    around = surroundings(furniture, *details_of(client, furniture.iblocks, rows))
    orders, odd = mapped(rows, around, portal, pulled_at)
    return PulledOrders(
        orders=orders,
        expected=expected,
        server_time=furniture.server_time.isoformat(),
        vat_rows=furniture.vat_rows,
        pay_systems=furniture.pay_systems,
        statuses=furniture.statuses,
        unread={**unread, **odd},
        gone=tuple(missing),
        marks=tuple(mark for row in rows for mark in marks_of(row)),
    )


def _too_many(furniture: Furniture, expected: int) -> PulledOrders:
    return PulledOrders(
        orders=(),
        expected=expected,
        server_time=furniture.server_time.isoformat(),
        vat_rows=furniture.vat_rows,
        pay_systems=furniture.pay_systems,
        statuses=furniture.statuses,
        is_too_many=True,
    )


def surroundings(
    furniture: Furniture, vat_of_product: Mapping[int, int], companies: Mapping[int, Company]
) -> Surroundings:
    """Everything that orders only name by id."""
    return Surroundings(
        pay_systems=furniture.pay_systems,
        vat_rows=furniture.vat_rows,
        inactive_vat=furniture.inactive_vat,
        vat_of_product=vat_of_product,
        property_kinds=furniture.property_kinds,
        companies=companies,
    )


def mapped(
    rows: Sequence[Row], around: Surroundings, portal: str, pulled_at: datetime
) -> tuple[tuple[Order, ...], dict[int, str]]:
    """The orders, and the ids of rows that are none, each with the reason."""
    orders, unread = [], {}
    for row in rows:
        try:
            orders.append(order_of(row, around, portal, pulled_at))
        except ValueError as error:
            unread[as_int(row.get("id")) or 0] = f"не заказ: {error}"
    return tuple(orders), unread


def find_by_number(client: BitrixClient, number: str) -> int | None:
    """The id of the order with this number, or with this id when no number matches; None when there is none.

    For a number that is not on board; pull it with `only=[id]`. Raises Offline, Rejected as `BitrixClient.call`.
    """
    wanted = number.strip()
    if not wanted:
        return None
    found = _find(client, {"=accountNumber": wanted}, lambda row: as_text(row.get("accountNumber")), wanted)
    if found is None and wanted.isascii() and wanted.isdigit() and len(wanted) < 18:
        found = _find(client, {"=id": int(wanted)}, lambda row: as_text(row.get("id")), str(int(wanted)))
    return found


def _find(client: BitrixClient, condition: Row, shown: Any, wanted: str) -> int | None:
    params = {"select": ["id", "accountNumber"], "filter": condition, "order": {"id": "DESC"}, "start": -1}
    rows = rows_under(client.call("sale.order.list", params), "orders")
    require(rows, lambda row: shown(row).casefold() == wanted.casefold(), "номер заказа")
    return as_int(rows[0].get("id")) if rows else None


def _filter(since: str | None, server_time: datetime) -> dict[str, str]:
    last = as_time(since) if since else None
    if last is not None:
        return {">=dateUpdate": (last - OVERLAP).isoformat(timespec="seconds")}
    begin = server_time - timedelta(days=FIRST_DAYS)
    return {">=dateInsert": begin.isoformat(timespec="seconds"), "!statusId": FINAL_STATUS}


def _listed(client: BitrixClient, condition: dict[str, str]) -> tuple[list[Row], int]:
    """The rows that satisfy a filter, and how many the portal counts. Lists again once when more came meanwhile."""
    select = list(dict.fromkeys(["id", "dateUpdate", "version", *(name.lstrip(">=!") for name in condition)]))
    found: list[Row] = []
    expected = 0
    for _ in range(2):
        found = []
        for rows in client.pages("sale.order.list", {"select": select, "filter": condition}, "orders"):
            require(rows, lambda row: satisfies(row, condition), "дата и статус заказа")
            found += rows
        expected = client.total("sale.order.list", {"select": ["id"], "filter": condition})
        if expected <= len(found):
            break
    return found, expected


def is_same(row: Row, version: int, updated_at: str) -> bool:
    """A listed order is the one that was read before: it was not saved since. Without a version nobody can say so."""
    return bool(version) and as_int(row.get("version")) == version and as_text(row.get("dateUpdate")) == updated_at


def satisfies(row: Row, condition: Mapping[str, str]) -> bool:
    """Bitrix drops a filter that it does not understand: what comes must be what was asked for."""
    for name, value in condition.items():
        if name.startswith(">="):
            moment, bound = as_time(row.get(name[2:])), as_time(value)
            if moment is None or bound is None or moment < bound:
                return False
        elif as_text(row.get(name[1:])) == value:
            return False
    return True


def get_command(order_id: int) -> Command:
    """Reads one order; its key in a batch is `o` and the id."""
    return Command(f"o{order_id}", "sale.order.get", {"id": order_id})


def _rows_of(ids: Sequence[int], cells: Mapping[str, Cell]) -> tuple[list[Row], list[int], dict[int, str]]:
    """The orders' rows, the ids that are gone, and those that the portal declined, with the reason.

    One order that the portal cannot show keeps no other one away. Raises when an answer was lost, or access is denied.
    """
    rows: list[Row] = []
    missing: list[int] = []
    unread: dict[int, str] = {}
    for order_id in ids:
        cell = cells[f"o{order_id}"]
        if is_missing(cell):
            missing.append(order_id)
            continue
        try:
            rows.append(row_of(cell, order_id))
        except SyncError as error:
            if cell.is_whole or cell.fate is Fate.NOT_RUN or is_access(error):
                raise
            unread[order_id] = error.message()
    return rows, missing, unread


def row_of(cell: Cell, order_id: int) -> Row:
    """The row of `sale.order.get`. Raises the cell's error; Offline `portal_garbled` when it is another order's."""
    row = as_object(as_object(cell.value()).get("order"))
    if as_int(row.get("id")) != order_id:
        raise Offline("portal_garbled", reason=f"вместо заказа {order_id} пришёл другой")
    return row


def is_missing(cell: Cell) -> bool:
    """The portal says that there is no such order."""
    return cell.fate is Fate.DECLINED and cell.error is not None and cell.error.facts.get("error") == ORDER_MISSING


# ---------------------------------------------------------------------------------------------- furniture
def read_furniture(client: BitrixClient) -> Furniture:
    """Pay systems, VAT rows, properties, statuses and catalogues in one batch.

    Raises:
        Offline, Rejected: as `pull`. Properties, statuses and catalogues may be unreadable; pay systems and VAT rows
            may not, for without them no receipt can be right.
    """
    return read_furniture_with(client, [])[0]


def read_furniture_with(client: BitrixClient, more: Sequence[Command]) -> tuple[Furniture, dict[str, Cell]]:
    """The furniture, and the cells of further commands that went along."""
    by_id = {"order": {"id": "ASC"}, "start": -1}
    flags = ["id", "code", "type", *(flag for flag, _ in _PROPERTY_FLAGS)]
    cells = client.batch(
        [
            Command("systems", "sale.paysystem.list", {}),
            Command("vats", "catalog.vat.list", {"select": ["id", "name", "rate", "active"], **by_id}),
            Command("properties", "sale.property.list", cursor({"select": flags}, 0)),
            Command("statuses", "sale.status.list", {"select": ["id", "type"], "filter": {"type": "O"}}),
            Command("names", "sale.statuslang.list", {"select": ["statusId", "lid", "name"]}),
            Command("catalogs", "catalog.catalog.list", {"select": ["id", "iblockId"]}),
            *more,
        ]
    )
    pay_systems = pay_systems_of(cells["systems"])
    vat_rows, inactive = _vat_rows(cells["vats"])
    if client.server_time is None:
        raise Offline("portal_garbled", reason="портал не сообщил своё время")
    began = client.server_time
    furniture = Furniture(
        pay_systems=pay_systems,
        vat_rows=vat_rows,
        inactive_vat=inactive,
        property_kinds=_property_kinds(client, cells["properties"], {"select": flags}),
        statuses=_statuses(cells["statuses"], cells["names"]),
        iblocks=_iblocks(cells["catalogs"]),
        server_time=began,
    )
    return furniture, cells


def pay_systems_of(cell: Cell) -> dict[int, PaySystem]:
    """Pay systems by id. Raises Rejected `portal_no_paysystems` when the scope is missing: then nobody may say that the
    portal prints no receipts of its own (rule 14)."""
    if cell.fate is Fate.DECLINED and cell.error is not None and is_access(cell.error):
        raise Rejected("portal_no_paysystems", error=cell.error.facts.get("error", ""))
    systems = filter(None, map(pay_system_of, as_rows(cell.value())))
    return {system.pay_system_id: system for system in systems}


def _vat_rows(cell: Cell) -> tuple[dict[int, PortalVatRow], frozenset[int]]:
    rows = rows_under(cell.value(), "vats")
    if len(rows) >= PAGE:
        raise Rejected("portal_rejected", reason=f"в таблице НДС портала {PAGE} строк или больше")
    parsed = {row.row_id: row for row in filter(None, map(vat_row_from, rows))}
    inactive = {as_int(row.get("id")) or 0 for row in rows if as_flag(row.get("active")) is False}
    return parsed, frozenset(inactive)


def _property_kinds(client: BitrixClient, cell: Cell, params: Row) -> dict[int, str]:
    """What the order properties mean, by id; nothing when they cannot be read, then codes decide."""
    if not is_readable(cell):
        return {}
    rows = rows_under(cell.value(), "properties")
    last = check_cursor(rows, 0)
    if len(rows) >= PAGE:
        rows = [
            *rows,
            *(row for page in client.pages("sale.property.list", params, "properties", last) for row in page),
        ]
    kinds: dict[int, str] = {}
    for row in rows:
        for flag, kind in _PROPERTY_FLAGS:
            if as_flag(row.get(flag)) and (number := as_int(row.get("id"))):
                kinds.setdefault(number, kind)
    return kinds


def _statuses(cell: Cell, names_cell: Cell) -> dict[str, str]:
    """Order statuses and their names (the id where there is none); empty when they cannot be read."""
    if not is_readable(cell):
        return {}
    names: dict[str, str] = {}
    if is_readable(names_cell):
        rows = rows_under(names_cell.value(), "statusLangs")
        for row in sorted(rows, key=lambda row: as_text(row.get("lid")) == "ru"):  # Russian last, so that it wins
            names[as_text(row.get("statusId"))] = as_text(row.get("name"))
    ids = (as_text(row.get("id")) for row in rows_under(cell.value(), "statuses"))
    return {status: names.get(status) or status for status in ids if status}


def _iblocks(cell: Cell) -> tuple[int, ...]:
    if not is_readable(cell):
        return ()
    return tuple(filter(None, (as_int(row.get("iblockId")) for row in rows_under(cell.value(), "catalogs"))))
