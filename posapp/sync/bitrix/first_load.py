"""All orders of a portal, a page at a time: a hundred thousand of them at the pace that the portal's limits allow.

A portal takes two requests a second, each of up to fifty commands; what costs is the `sale.order.get` of every order,
2 000 requests for 100 000. So no request carries anything else alone: one batch holds the *next page of ids*, the
*orders of the ids before* and *what the orders before those only name* (products' VAT rows, companies). One page of
ids behind the last id (`>id`, `start=-1`) feeds the forty-nine orders of the next batch, so the list, which can only
go on from where it was, never makes anybody wait.

    batch n     list >id 4 950        49 × get of ids listed by batch n-1       details of the orders of batch n-1

What was read is given out in the order of the ids, so one number – everything up to here is done – is all that has to
be kept to go on after a kill. New orders come behind `until_id`, changed ones through the sweep by `dateUpdate` that
goes on from the load's beginning. How many there are is counted by the portal itself, apart from the listing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from posapp.domain.order import Order
from posapp.errors import Offline, Rejected, SyncError
from posapp.sync.bitrix.answers import is_access
from posapp.sync.bitrix.client import BATCH_MAX, PAGE, BitrixClient, Cell, Command, Fate, check_cursor, cursor, require
from posapp.sync.bitrix.details import companies_of, company_commands, product_commands, product_vat
from posapp.sync.bitrix.mapping import PaySystem, products_of
from posapp.sync.bitrix.marks import PortalMark, marks_of
from posapp.sync.bitrix.orders import (
    FINAL_STATUS,
    FIRST_DAYS,
    OVERLAP,
    Furniture,
    get_command,
    is_missing,
    mapped,
    read_furniture_with,
    row_of,
    satisfies,
    surroundings,
)
from posapp.sync.bitrix.parsing import as_int, as_time, rows_under

CHAIN = 20
"""Pages of ids in one request while nothing else is asked for; the cloud cuts a request at 60 s."""
LEAST = 5
"""So few commands at least are in a batch, however slow the portal is."""
PRODUCTS_KEPT, COMPANIES_KEPT = 50_000, 5_000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Start:
    """A load that begins: the portal's filter, its clock, its newest order, and how many it counts."""

    condition: Mapping[str, str]
    began: str
    until_id: int
    expected: int
    pay_systems: Mapping[int, PaySystem]


@dataclass(frozen=True, slots=True)
class Page:
    """What a step brought. Everything up to `after_id` is done; `count` orders passed that line with this step.

    `unread` are orders that the portal has and did not hand over, with the reason.
    """

    orders: tuple[Order, ...] = ()
    marks: tuple[PortalMark, ...] = ()
    unread: Mapping[int, str] = field(default_factory=dict)
    gone: tuple[int, ...] = ()
    after_id: int = 0
    count: int = 0
    is_end: bool = False


def condition_of(days: int | None, since: str | None, server_time: datetime) -> dict[str, str]:
    """The filter of a load: what changed since a moment; else what is not finished and came within so many days; with
    neither every order there is."""
    moment = as_time(since) if since else None
    if moment is not None:
        return {">=dateUpdate": (moment - OVERLAP).isoformat(timespec="seconds")}
    if days is None:
        return {}
    begin = server_time - timedelta(days=days)
    return {">=dateInsert": begin.isoformat(timespec="seconds"), "!statusId": FINAL_STATUS}


def begin(client: BitrixClient, days: int | None = FIRST_DAYS, since: str | None = None) -> Start:
    """Two requests: what the portal has, and how many. Raises Offline, Rejected as `orders.pull`."""
    newest = Command("newest", "sale.order.list", {"select": ["id"], "order": {"id": "DESC"}, "start": -1})
    furniture, cells = read_furniture_with(client, [newest])
    rows = rows_under(cells["newest"].value(), "orders")
    until = _newest([as_int(row.get("id")) or 0 for row in rows])
    condition = condition_of(days, since, furniture.server_time)
    expected = count(client, condition, until) if until else 0
    return Start(condition, furniture.server_time.isoformat(), until, expected, furniture.pay_systems)


def _newest(ids: list[int]) -> int:
    """The first of ids that fall; 0 for none. Were the order dropped, the load would end where it began."""
    if ids != sorted(ids, reverse=True) or len(set(ids)) != len(ids):
        raise Rejected("portal_garbled", reason="портал не применил порядок по номеру")
    return ids[0] if ids else 0


def count(client: BitrixClient, condition: Mapping[str, str], until_id: int) -> int:
    """How many orders of a load the portal counts, apart from any listing."""
    return client.total("sale.order.list", {"select": ["id"], "filter": {**condition, "<=id": until_id}})


@dataclass(slots=True)
class _Entry:
    """An id of the listing that is not given out yet. Settled: it need not be read, or `row`, `why` or `is_gone` says
    what became of it."""

    order_id: int
    is_wanted: bool
    row: Row | None = None
    why: str = ""
    is_gone: bool = False

    @property
    def is_open(self) -> bool:
        return self.is_wanted and self.row is None and not self.why and not self.is_gone


class OrderReader:
    """Reads the orders of a load from where it stands; every `step` is one request, the first one two.

    Args:
        after_id: everything up to this id is done.
        now: the till's time, written into the copies.
        wanted: of a page of rows (`id`, `dateUpdate`, `version`) the ids that have to be read; None for all. The others
            are only counted.
    """

    def __init__(
        self,
        client: BitrixClient,
        portal: str,
        condition: Mapping[str, str],
        until_id: int,
        after_id: int,
        now: Callable[[], datetime],
        wanted: Callable[[Sequence[Row]], Collection[int]] | None = None,
    ) -> None:
        self._client, self._portal, self._now, self._wanted = client, portal, now, wanted
        self._condition, self._until = condition, until_id
        self._furniture: Furniture | None = None
        self._listed = after_id
        self._is_listed = after_id >= until_id
        self._after = after_id
        self._line: deque[_Entry] = deque()
        self._size = BATCH_MAX
        self._vat: dict[int, int | None] = {}
        self._crm: dict[str, Cell] = {}

    @property
    def pay_systems(self) -> Mapping[int, PaySystem]:
        """Pay systems as the portal told them when the reader began; empty before the first step."""
        return {} if self._furniture is None else self._furniture.pay_systems

    def step(self) -> Page:
        """The next batch. Raises Offline, Rejected; nothing is lost by calling again."""
        if self._furniture is None:
            self._furniture = read_furniture_with(self._client, [])[0]
        details = self._details(self._furniture)
        lists = self._lists()
        room = max(self._size - len(details) - len(lists), LEAST)
        gets = [each for each in self._line if each.is_open][:room]
        cells = self._run([*details, *lists, *(get_command(each.order_id) for each in gets)])
        self._learn(details, cells)
        self._read(gets, cells)
        self._list(lists, cells)
        return self._page(self._furniture)

    def _run(self, commands: list[Command]) -> dict[str, Cell]:
        """The batch. A portal that does not answer in time is asked for less at once."""
        cells = self._client.batch(commands) if commands else {}
        whole = next((cell.error for cell in cells.values() if cell.is_whole and cell.error is not None), None)
        if whole is not None:
            if isinstance(whole, Offline) and whole.code != "throttled":
                self._size = max(LEAST, self._size // 2)
            raise whole
        self._size = min(BATCH_MAX, self._size + 1)
        return cells

    # -------------------------------------------------------------------------------------------- ids
    def _lists(self) -> list[Command]:
        """The next page of ids while they are wanted; several at once where none of them has to be read."""
        open_count = sum(each.is_open for each in self._line)
        if self._is_listed or open_count >= 2 * PAGE:
            return []
        select = dict.fromkeys(["id", "dateUpdate", "version", *(name.lstrip(">=!<") for name in self._condition)])
        params = {"select": list(select), "filter": {**self._condition, "<=id": self._until}}
        pages = CHAIN if self._wanted is not None and not open_count else 1
        found = []
        for number in range(pages):
            page = cursor(params, self._listed)
            if number:  # behind a page that is not full the reference leads nowhere: that answer is not looked at
                page["filter"] = {**page["filter"], ">id": f"$result[l{number - 1}][orders][{PAGE - 1}][id]"}
            found.append(Command(f"l{number}", "sale.order.list", page))
        return found

    def _list(self, lists: Sequence[Command], cells: Mapping[str, Cell]) -> None:
        for command in lists:
            rows = rows_under(cells[command.key].value(), "orders")
            last = check_cursor(rows, self._listed)
            require(rows, lambda row: satisfies(row, self._condition), "дата и статус заказа")
            if last > self._until:
                raise Rejected("portal_garbled", reason="портал не применил отбор: номер заказа")
            ids = [as_int(row["id"]) or 0 for row in rows]
            wanted = ids if self._wanted is None else self._wanted(rows)
            self._line.extend(_Entry(order_id, order_id in wanted) for order_id in ids)
            self._listed = last
            if len(rows) < PAGE:
                self._is_listed = True
                return

    # -------------------------------------------------------------------------------------------- orders
    def _read(self, gets: Sequence[_Entry], cells: Mapping[str, Cell]) -> None:
        """What became of each; one that did not run stays open. Raises when none did, or access is denied."""
        refused: SyncError | None = None
        for entry in gets:
            cell = cells[f"o{entry.order_id}"]
            if cell.fate is Fate.NOT_RUN:
                refused = cell.error
            elif is_missing(cell):
                entry.is_gone = True
            else:
                self._read_one(entry, cell)
        if refused is not None and all(each.is_open for each in gets):
            raise refused

    def _read_one(self, entry: _Entry, cell: Cell) -> None:
        try:
            entry.row = row_of(cell, entry.order_id)
        except SyncError as error:
            if is_access(error):
                raise
            entry.why = error.message()

    def _details(self, furniture: Furniture) -> list[Command]:
        """What the orders in the line only name and nobody has asked for yet."""
        rows = [each.row for each in self._line if each.row is not None]
        products = [each for each in products_of(rows) if each not in self._vat]
        companies = [each for each in company_commands(rows)[0] if each.key not in self._crm]
        return [*product_commands(furniture.iblocks, products), *companies]

    def _learn(self, details: Sequence[Command], cells: Mapping[str, Cell]) -> None:
        """What did not run is simply asked for once more."""
        for command in details:
            cell = cells[command.key]
            if cell.fate is Fate.NOT_RUN:
                continue
            if command.method == "catalog.product.list":
                asked = command.params["filter"]["@id"]
                known = product_vat([cell], asked)
                self._vat |= {each: known.get(each) or self._vat.get(each) for each in asked}
            else:
                self._crm[command.key] = cell

    def _page(self, furniture: Furniture) -> Page:
        """Everything at the head of the line of which all is known."""
        ready: list[_Entry] = []
        while self._line and not self._line[0].is_open and self._is_known(self._line[0].row, furniture):
            ready.append(self._line.popleft())
        if ready:
            self._after = ready[-1].order_id
        is_end = self._is_listed and not self._line
        if is_end:
            self._after = self._until
        rows = [each.row for each in ready if each.row is not None]
        vat = {product_id: row for product_id in products_of(rows) if (row := self._vat.get(product_id)) is not None}
        around = surroundings(furniture, vat, companies_of(self._crm, company_commands(rows)[1]))
        orders, odd = mapped(rows, around, self._portal, self._now())
        self._forget()
        return Page(
            orders=orders,
            marks=tuple(mark for row in rows for mark in marks_of(row)),
            unread={each.order_id: each.why for each in ready if each.why} | odd,
            gone=tuple(each.order_id for each in ready if each.is_gone),
            after_id=self._after,
            count=len(ready),
            is_end=is_end,
        )

    def _is_known(self, row: Row | None, furniture: Furniture) -> bool:
        if row is None:
            return True
        is_vat_known = not furniture.iblocks or all(each in self._vat for each in products_of([row]))
        return is_vat_known and all(each.key in self._crm for each in company_commands([row])[0])

    def _forget(self) -> None:
        """What many orders name is asked for once, as far as memory goes."""
        rows = [each.row for each in self._line if each.row is not None]
        if len(self._vat) > PRODUCTS_KEPT:
            self._vat = {each: self._vat[each] for each in products_of(rows) if each in self._vat}
        if len(self._crm) > COMPANIES_KEPT:
            keys = (each.key for each in company_commands(rows)[0])
            self._crm = {key: self._crm[key] for key in keys if key in self._crm}
