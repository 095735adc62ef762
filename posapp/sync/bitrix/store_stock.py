"""What the stores have: `catalog.store.list` and `catalog.storeproduct.list`, page by page, so that it can be cut off.

Rows of the stock carry no time of change, so each pass reads all of them, twenty pages in a request: each page begins
behind the last id of the one before, named by reference. A page that is not full is the last one; what stands behind it
in the batch was asked for from nowhere, and is not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from posapp.journal.board_rows import StoreAmount
from posapp.sync.bitrix.client import PAGE, BitrixClient, Command, check_cursor, cursor
from posapp.sync.bitrix.parsing import as_decimal, as_flag, as_int, as_text, rows_under

CHAIN = 20
TITLE_MAX = 200

_COLUMNS = ("id", "productId", "storeId", "amount", "quantityReserved")


@dataclass(frozen=True, slots=True)
class Step:
    """Amounts, the id behind which the next step goes on, and whether these were the last ones."""

    amounts: tuple[StoreAmount, ...]
    after: int
    is_end: bool


def stores(client: BitrixClient) -> dict[int, tuple[str, bool]]:
    """The stores by id: title, whether it is in use. Raises Offline, Rejected."""
    found: dict[int, tuple[str, bool]] = {}
    for rows in client.pages("catalog.store.list", {"select": ["id", "title", "active"], "filter": {}}, "stores"):
        for row in rows:
            store_id = as_int(row.get("id")) or 0
            title = as_text(row.get("title"))[:TITLE_MAX] or f"№ {store_id}"
            found[store_id] = (title, as_flag(row.get("active")) is not False)
    return found


def step(client: BitrixClient, after: int, pages: int = CHAIN) -> Step:
    """The next pages. Raises Offline, Rejected; nothing is lost by repeating."""
    commands = [_page(number, after) for number in range(pages)]
    cells = client.batch(commands)
    amounts: list[StoreAmount] = []
    last = after
    for command in commands:
        rows = rows_under(cells[command.key].value(), "storeProducts")
        last = check_cursor(rows, last)
        amounts += [each for each in map(_amount, rows) if each is not None]
        if len(rows) < PAGE:
            return Step(tuple(amounts), last, is_end=True)
    return Step(tuple(amounts), last, is_end=False)


def _page(number: int, after: int) -> Command:
    page = cursor({"select": list(_COLUMNS), "filter": {}}, after)
    if number:
        page["filter"] = {">id": f"$result[s{number - 1}][storeProducts][{PAGE - 1}][id]"}
    return Command(f"s{number}", "catalog.storeproduct.list", page)


def _amount(row: dict[str, object]) -> StoreAmount | None:
    """None for a row that names no product or no store; what is no number is none of it."""
    product_id, store_id = as_int(row.get("productId")), as_int(row.get("storeId"))
    if not product_id or not store_id:
        return None
    amount, reserved = as_decimal(row.get("amount")), as_decimal(row.get("quantityReserved"))
    return StoreAmount(product_id, store_id, amount or Decimal(0), reserved or Decimal(0))
