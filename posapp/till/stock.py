"""The portal's stock as this till sees it: what it shows, whether there is enough, what a person decides of a doubt.

    shown = what the portal had when it was last read − what this till has sold and the portal does not have yet

Before money is taken the till looks whether there is enough, where the portal answers at once; a person may go on. With
no network nothing is asked and nothing is blocked: goods that lie on the counter are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from posapp.domain.basket import Item
from posapp.domain.order import Order
from posapp.errors import PosError, SaleError
from posapp.journal.rows import OutboxEntry
from posapp.till import exchange, stock_rows, store_stock
from posapp.till.audit import decided
from posapp.till.context import Till

PATIENCE_S = 2.0
"""So long a customer waits for an answer that only warns."""


@dataclass(frozen=True, slots=True)
class Level:
    """How much there is of a product. `on_portal`: in all stores, None where the portal told nothing; `unconfirmed`:
    what this till has moved since (negative: sold). `read_at`: when the portal was asked."""

    product_id: int
    name: str
    on_portal: Decimal | None
    unconfirmed: Decimal
    read_at: datetime | None

    @property
    def shown(self) -> Decimal | None:
        """What is there now as far as this till knows."""
        return None if self.on_portal is None else self.on_portal + self.unconfirmed


def level(till: Till, product_id: int, name: str = "") -> Level:
    """What is on board of a product, and what of it this till has moved since."""
    amounts = till.journal.stock_of(till.portal, product_id)
    read_at = store_stock.known_at(till)
    store = _store(till)
    mine = [amount for store_id, amount in amounts if not store or store_id == store]
    on_portal = sum(mine, Decimal(0)) if amounts else None
    since = read_at if amounts else None
    unconfirmed = till.journal.unconfirmed_stock(till.portal, product_id, since)
    return Level(product_id, name, on_portal, unconfirmed, read_at if amounts else None)


def _store(till: Till) -> int:
    found = stock_rows.chosen(till)
    return 0 if found is None else found.store


# ------------------------------------------------------------------------------------------------ is there enough
def refuse_short_items(till: Till, items: Iterable[Item]) -> None:
    """Raises SaleError `stock_short` when the portal says at once that there is less than is sold; else nothing."""
    wanted: dict[int, tuple[str, Decimal]] = {}
    for each in items:
        number = each.product.product_id
        before = wanted.get(number, ("", Decimal(0)))[1]
        wanted[number] = (each.product.name, before + each.quantity.value)
    _refuse_short(till, wanted, is_reserved=False)


def refuse_short_order(till: Till, order: Order) -> None:
    """The same for the goods of an order that have not left the stock yet; what is reserved is reserved for it."""
    gone = {number for each in order.shipments if each.is_deducted for number, _ in each.items}
    wanted: dict[int, tuple[str, Decimal]] = {}
    for line in order.lines:
        if line.product_id and line.basket_id and line.basket_id not in gone:
            before = wanted.get(line.product_id, ("", Decimal(0)))[1]
            wanted[line.product_id] = (line.name, before + line.quantity.value)
    if order.is_deducted:
        return
    _refuse_short(till, wanted, is_reserved=True)


def _refuse_short(till: Till, wanted: Mapping[int, tuple[str, Decimal]], *, is_reserved: bool) -> None:
    found = stock_rows.chosen(till)
    if found is None or not found.looks or found.mode in stock_rows.SILENT or not wanted:
        return
    lacking = [
        f"«{name[:40]}» {_plain(max(left, Decimal(0)))}, а продаём {_plain(much)}"
        for name, much, left in _left(till, wanted, is_reserved=is_reserved)
        if left < much
    ]
    if lacking:
        raise SaleError("stock_short", goods="; ".join(lacking))


def _left(
    till: Till, wanted: Mapping[int, tuple[str, Decimal]], *, is_reserved: bool
) -> Sequence[tuple[str, Decimal, Decimal]]:
    """(name, wanted, left) of what the portal counts; nothing when it does not answer at once."""
    from posapp.sync.bitrix.stock_check import counted

    try:
        with exchange.client_of(till).within(PATIENCE_S), exchange.logged(till) as client:
            there = counted(client, wanted, _store(till))
    except PosError:
        return []  # away, slow or without the right: that blocks no sale
    found = []
    for number, (name, much) in wanted.items():
        on_portal = there.get(number)
        if on_portal is None or on_portal.free is None:
            continue
        left = on_portal.free + (on_portal.reserved if is_reserved else Decimal(0))
        found.append((name, much, left + till.journal.unconfirmed_stock(till.portal, number)))
    return found


# ------------------------------------------------------------------------------------------------ a person decides
def settle(till: Till, entry_id: int, why: str, *, is_done: bool) -> OutboxEntry:
    """A person has compared: the stock holds this entry's goods already (`is_done`), or surely not.

    Raises SaleError `not_found`, `stock_settled`.
    """
    entry = till.journal.entry(entry_id)
    if entry is None:
        raise SaleError("not_found", what=f"запись {entry_id}")
    if entry.step != "stock" or not entry.body.get("moves_goods"):
        raise SaleError("stock_settled", entry=entry_id, why="она не о товарах без отгрузки")
    if entry.state not in ("failed", "held"):
        raise SaleError(
            "stock_settled", entry=entry_id, why="она доставлена" if entry.state == "done" else "она в пути"
        )
    if not is_done and entry.body.get("goods") is None:
        raise SaleError(
            "stock_settled", entry=entry_id, why="товаров чека касса не знает, записать их может только человек"
        )
    facts = {"receipt": entry.receipt_key, "code": entry.code, "found": str(entry.facts.get("found", ""))}
    decision = decided(till, "stock.done" if is_done else "stock.again", f"entry {entry_id}", why, **facts)
    if is_done:
        till.journal.settle_stock(entry_id, f"решил {till.who}", decision)
    else:
        till.journal.clear_stock(entry_id, entry.receipt_key, till.now(), decision)
    return entry


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"
