"""Pull orders so that "32 of 32 on board" is proven, not hoped for.

A pull is: one batch for what all orders refer to (pay systems, VAT rows, properties, statuses, catalogues); the ids of
the orders by a cursor; an independent count by the portal; `sale.order.get` in batches of 50; the products' VAT rows
and the companies' tax numbers in batches. The time from which the next pull continues is the portal's own clock when
this one began.

The first pull takes what is not finished and came within 30 days. Later ones take everything that changed, ten minutes
of overlap included, whatever its state: the till has to learn that an order was paid, cancelled or finished elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from posapp.domain.order import Order
from posapp.domain.vat import PortalVatRow
from posapp.errors import Offline, Rejected, SetupError
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
from posapp.sync.bitrix.mapping import (
    COMPANY,
    Company,
    PaySystem,
    Surroundings,
    company_id_of,
    order_of,
    pay_system_of,
    products_of,
    requisite_id_of,
    vat_row_from,
)
from posapp.sync.bitrix.marks import PortalMark, marks_of
from posapp.sync.bitrix.parsing import as_flag, as_int, as_object, as_rows, as_text, as_time, rows_under

FIRST_DAYS = 30
OVERLAP = timedelta(minutes=10)
FINAL_STATUS = "F"
EARLY_MAX = 40
ORDER_MISSING = "200540400001"

Row = Mapping[str, Any]
_PROPERTY_FLAGS = (("isPhone", "phone"), ("isEmail", "email"), ("isAddress", "address"), ("isPayer", "name"))


@dataclass(frozen=True, slots=True)
class PulledOrders:
    """What a pull brought.

    `expected` is what the portal counts, so `is_complete` is a proof and not an echo. `server_time` (ISO with offset)
    is where the next pull continues – keep it only when this one is complete. `unreadable` are ids that the portal has
    and did not hand over. `marks` are the receipts that the orders carry, whichever till made them.
    """

    orders: tuple[Order, ...]
    expected: int
    server_time: str
    vat_rows: Mapping[int, PortalVatRow]
    pay_systems: Mapping[int, PaySystem]
    statuses: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[int, ...] = ()
    marks: tuple[PortalMark, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Every order that the portal counts is here."""
        return len(self.orders) >= self.expected and not self.unreadable


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
) -> PulledOrders:
    """Pull orders.

    Args:
        portal: the key under which the orders are kept: `client.portal` of set-up.
        pulled_at: the till's time, written into the copies.
        since: `server_time` of the last complete pull; None for the first one.
        only: these ids and no others; ids that do not exist are simply not among the orders.

    Raises:
        Offline: the portal was not reached or did not answer properly; nothing is lost by trying again.
        Rejected: `access`; `portal_no_paysystems` when the webhook lacks the scope `pay_system`.
        SetupError: the client's webhook belongs to another portal.
    """
    if portal != client.portal:  # ids of two portals overlap: one's orders must never lie under the other's name
        what = f"ключ доступа портала {client.portal}, а касса работает с {portal}"
        raise SetupError("not_set_up", what=what, command="portal")
    named = sorted(set(only or ()))
    # A few orders fit into the first batch: what a person waits for takes two requests.
    early = [_get(order_id) for order_id in named] if len(named) <= EARLY_MAX else []
    furniture, cells = _read_furniture(client, early)
    if only is None:
        ids, expected = _listed(client, _filter(since, furniture.server_time))
    else:
        ids, expected = named, len(named)
    rows, missing = _rows_of(ids, cells if early else client.batch([_get(order_id) for order_id in ids]))
    expected -= len(missing)
    vat_of_product, companies = _details(client, furniture.iblocks, rows)
    around = Surroundings(
        pay_systems=furniture.pay_systems,
        vat_rows=furniture.vat_rows,
        inactive_vat=furniture.inactive_vat,
        vat_of_product=vat_of_product,
        property_kinds=furniture.property_kinds,
        companies=companies,
    )
    orders, unreadable = _mapped(rows, around, portal, pulled_at)
    return PulledOrders(
        orders=orders,
        expected=expected,
        server_time=furniture.server_time.isoformat(),
        vat_rows=furniture.vat_rows,
        pay_systems=furniture.pay_systems,
        statuses=furniture.statuses,
        unreadable=unreadable,
        marks=tuple(mark for row in rows for mark in marks_of(row)),
    )


def _mapped(
    rows: Sequence[Row], around: Surroundings, portal: str, pulled_at: datetime
) -> tuple[tuple[Order, ...], tuple[int, ...]]:
    """The orders, and the ids of rows that are none."""
    orders, unreadable = [], []
    for row in rows:
        try:
            orders.append(order_of(row, around, portal, pulled_at))
        except ValueError:
            unreadable.append(as_int(row.get("id")) or 0)
    return tuple(orders), tuple(unreadable)


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


def _listed(client: BitrixClient, condition: dict[str, str]) -> tuple[list[int], int]:
    """The ids that satisfy a filter, and how many the portal counts. Lists again once when more came meanwhile."""
    select = ["id", *(name.lstrip(">=!") for name in condition)]
    ids: list[int] = []
    expected = 0
    for _ in range(2):
        ids = []
        for rows in client.pages("sale.order.list", {"select": select, "filter": condition}, "orders"):
            require(rows, lambda row: _satisfies(row, condition), "дата и статус заказа")
            ids += [as_int(row["id"]) or 0 for row in rows]
        expected = client.total("sale.order.list", {"select": ["id"], "filter": condition})
        if expected <= len(ids):
            break
    return ids, expected


def _satisfies(row: Row, condition: Mapping[str, str]) -> bool:
    for name, value in condition.items():
        if name.startswith(">="):
            moment, bound = as_time(row.get(name[2:])), as_time(value)
            if moment is None or bound is None or moment < bound:
                return False
        elif as_text(row.get(name[1:])) == value:
            return False
    return True


def _get(order_id: int) -> Command:
    return Command(f"o{order_id}", "sale.order.get", {"id": order_id})


def _rows_of(ids: Sequence[int], cells: Mapping[str, Cell]) -> tuple[list[Row], list[int]]:
    """The orders' rows, and the ids that are gone. Raises when any other one was not answered."""
    rows: list[Row] = []
    missing: list[int] = []
    for order_id in ids:
        cell = cells[f"o{order_id}"]
        if is_missing(cell):
            missing.append(order_id)
            continue
        row = as_object(as_object(cell.value()).get("order"))
        if as_int(row.get("id")) != order_id:
            raise Offline("portal_garbled", reason=f"вместо заказа {order_id} пришёл другой")
        rows.append(row)
    return rows, missing


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
    return _read_furniture(client, [])[0]


def _read_furniture(client: BitrixClient, more: Sequence[Command]) -> tuple[Furniture, dict[str, Cell]]:
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
    if not _is_readable(cell):
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
    if not _is_readable(cell):
        return {}
    names: dict[str, str] = {}
    if _is_readable(names_cell):
        rows = rows_under(names_cell.value(), "statusLangs")
        for row in sorted(rows, key=lambda row: as_text(row.get("lid")) == "ru"):  # Russian last, so that it wins
            names[as_text(row.get("statusId"))] = as_text(row.get("name"))
    ids = (as_text(row.get("id")) for row in rows_under(cell.value(), "statuses"))
    return {status: names.get(status) or status for status in ids if status}


def _iblocks(cell: Cell) -> tuple[int, ...]:
    if not _is_readable(cell):
        return ()
    return tuple(filter(None, (as_int(row.get("iblockId")) for row in rows_under(cell.value(), "catalogs"))))


def _is_readable(cell: Cell) -> bool:
    """False when the portal declines, for instance for a missing scope. Raises when the answer was lost."""
    if cell.error is not None and isinstance(cell.error, Offline):
        raise cell.error
    return cell.error is None


# ---------------------------------------------------------------------------------------------- what orders name
def _details(
    client: BitrixClient, iblocks: Sequence[int], rows: Sequence[Row]
) -> tuple[dict[int, int], dict[int, Company]]:
    """VAT rows by product and companies by order, in one go; nothing where catalogue or CRM may not be read."""
    product_ids = products_of(rows)
    products = _product_commands(iblocks, product_ids)
    companies, keys = _company_commands(rows)
    cells = client.batch([*products, *companies])
    return _product_vat([cells[each.key] for each in products], set(product_ids)), _companies(cells, keys)


def _product_commands(iblocks: Sequence[int], product_ids: Sequence[int]) -> list[Command]:
    """`catalog.product.list` insists on the iblock and on `id` and `iblockId` among the fields."""
    return [
        Command(
            f"p{iblock}x{start}",
            "catalog.product.list",
            {
                "select": ["id", "iblockId", "vatId"],
                "filter": {"iblockId": iblock, "@id": list(product_ids[start : start + PAGE])},
                "order": {"id": "ASC"},
                "start": -1,
            },
        )
        for iblock in iblocks
        for start in range(0, len(product_ids), PAGE)
    ]


def _product_vat(cells: Sequence[Cell], wanted: Collection[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for cell in filter(_is_readable, cells):
        products = rows_under(cell.value(), "products")
        require(products, lambda row: as_int(row.get("id")) in wanted, "номера товаров")
        for row in products:
            product_id, vat_id = as_int(row.get("id")), as_int(row.get("vatId"))
            if product_id and vat_id:
                found[product_id] = vat_id
    return found


_REQUISITE = ("ID", "ENTITY_ID", "RQ_INN", "RQ_COMPANY_NAME", "RQ_COMPANY_FULL_NAME", "RQ_NAME")


def _company_commands(rows: Sequence[Row]) -> tuple[list[Command], dict[int, tuple[str, str]]]:
    """Commands for the companies that buy, each once, and the keys of name and requisites by order id."""
    commands: dict[str, Command] = {}
    keys: dict[int, tuple[str, str]] = {}
    for row in rows:
        company_id, requisite_id = company_id_of(row), requisite_id_of(row)
        if company_id is None:
            continue
        # The requisites that the order names; else the company's first. Everything in crm.* is UPPER_CASE and text.
        chosen = {"ID": requisite_id} if requisite_id else {"ENTITY_TYPE_ID": COMPANY, "ENTITY_ID": company_id}
        named, taxed = f"c{company_id}", f"r{requisite_id}" if requisite_id else f"q{company_id}"
        commands[named] = Command(named, "crm.company.get", {"id": company_id})
        listing = {"filter": chosen, "select": list(_REQUISITE), "order": {"SORT": "ASC"}}
        commands[taxed] = Command(taxed, "crm.requisite.list", listing)
        keys[as_int(row.get("id")) or 0] = (named, taxed)
    return list(commands.values()), keys


def _companies(cells: Mapping[str, Cell], keys: Mapping[int, tuple[str, str]]) -> dict[int, Company]:
    """Name and INN by order id: the requisites' name, else the company's title."""
    found = {}
    for order_id, (named, taxed) in keys.items():
        company = as_object(cells[named].value()) if _is_readable(cells[named]) else {}
        requisites = as_rows(cells[taxed].value()) if _is_readable(cells[taxed]) else []
        details = requisites[0] if requisites else {}
        name = next(filter(None, map(as_text, (details.get("RQ_COMPANY_NAME"), company.get("TITLE")))), "")
        found[order_id] = Company(name or as_text(details.get("RQ_NAME")), as_text(details.get("RQ_INN")))
    return found
