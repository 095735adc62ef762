"""What the portal's stock has to hear of a receipt beside the shipments of orders: the rows committed with its mark.

| receipt | the stock hears |
| --- | --- |
| a sale without an order | its goods leave |
| its refund | its goods come back, unless the person said that they did not |
| a refund that takes back all of an order's receipt | the shipment is not deducted any more (`refund_rows`) |
| a refund in part, or the last of several | just its goods come back |

Only where the shop's stock mode writes goods at all, and only of receipts made since that mode was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from posapp.domain.basket import is_walk_in, is_walk_in_sale
from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.order import Order
from posapp.domain.product import ProductKind
from posapp.domain.receipt import Receipt, ReceiptLine
from posapp.domain.stock_goods import SoldGood, products_of, sold_of_order, sold_of_walk_in
from posapp.journal.rows import NewEntry, ReturnedGoods
from posapp.settings import StockSettings
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.sync.bitrix.stock import StockRules

RESTORED_AT = "stock_restored_at"
"""The journal's fact: when it was last brought back from a copy. What it calls waiting may be told already."""
BY_GOODS = ("documents", "quantity")
SILENT = ("1c", "none")


def chosen(till: Till) -> StockSettings | None:
    """The stock mode that was chosen and proven; None until then."""
    return till.settings.stock if till.settings.portal is not None else None


def by_goods(till: Till, receipt: Receipt) -> bool:
    """Whether the stock hears of this receipt's goods by themselves."""
    found = chosen(till)
    return found is not None and found.mode in BY_GOODS and _is_since(receipt, found)


def counts_stock(till: Till) -> bool:
    """Whether this till tells the portal's stock anything at all."""
    found = chosen(till)
    return found is None or found.mode not in SILENT


def _is_since(receipt: Receipt, found: StockSettings) -> bool:
    since = datetime.fromisoformat(found.since) if found.since else None
    return since is None or receipt.created_at.astimezone(since.tzinfo) >= since


def rules_of(till: Till) -> StockRules:
    """How delivery tells the stock."""
    from posapp.sync.bitrix.stock import StockRules

    found = chosen(till)
    if found is None:
        return StockRules()
    restored = till.journal.get_fact(RESTORED_AT)
    at = datetime.fromisoformat(restored) if restored else None
    return StockRules(found.mode, found.store, found.responsible, at)


# ------------------------------------------------------------------------------------------------ sales
def walk_in_entries(till: Till, receipt: Receipt, mark: FiscalMark) -> list[NewEntry]:
    """The row of a sale without an order, or of its refund."""
    if not is_walk_in(receipt.settlement) or receipt.settlement.fix is not None or not by_goods(till, receipt):
        return []
    if is_walk_in_sale(receipt):
        sold = till.journal.walk_in(receipt.key)
        goods = None if sold is None else _goods(till, _amounts(sold.goods), -1)
        return [_entry(till, receipt, mark, goods, is_back=False)]
    if receipt.kind is not ReceiptKind.SELL_REFUND:
        return []
    returned = till.journal.returned_goods(receipt.key)
    if returned is not None and not returned.is_back:
        return []
    return [_entry(till, receipt, mark, _known(returned), is_back=True)]


def goods_of_order(till: Till, order: Order | None, lines: Sequence[ReceiptLine], sign: int) -> list[dict[str, object]]:
    """What of an order's goods leaves or comes back with a receipt, for the till's own count; [] where not known."""
    sold = None if order is None else sold_of_order(order)
    found = None if sold is None else products_of(lines, sold)
    return [] if found is None else _goods(till, found, sign)


# ------------------------------------------------------------------------------------------------ refunds
def returned_of(till: Till, original: Receipt, refund: Receipt, *, is_back: bool) -> ReturnedGoods:
    """What is kept with a refund that is about to be printed."""
    is_whole = refund.total == original.total
    sold = _sold(till, original)
    found = None if sold is None else products_of(refund.lines, sold)
    goods = () if found is None else tuple(_goods(till, found, 1))
    return ReturnedGoods(is_back, is_whole, goods if found is not None else (UNKNOWN,))


UNKNOWN: Mapping[str, Any] = {"product_id": 0}
"""Stands for goods whose products cannot be told."""


def _sold(till: Till, original: Receipt) -> list[SoldGood] | None:
    settlement = original.settlement
    if not is_walk_in(settlement):
        order = till.journal.order_by_id(settlement.portal, settlement.order_id)
        return None if order is None else sold_of_order(order)
    key = original.key
    while (found := till.journal.walk_in(key)) is None:  # one that took the place of a wrong receipt sold its goods
        stored = till.journal.receipt(key)
        fix = None if stored is None else stored.receipt.settlement.fix
        if fix is None:
            return None
        key = fix[1]
    return sold_of_walk_in(found.goods)


def refund_entry(till: Till, receipt: Receipt, mark: FiscalMark) -> NewEntry | None:
    """The row of an order's refund whose goods come back by themselves; None where the shipment tells, or nothing."""
    returned = till.journal.returned_goods(receipt.key)
    if returned is None or not returned.is_back or returned.is_whole or not by_goods(till, receipt):
        return None
    return _entry(till, receipt, mark, _known(returned), is_back=True)


def _known(returned: ReturnedGoods | None) -> list[dict[str, object]] | None:
    if returned is None or UNKNOWN in returned.goods:
        return None
    return [dict(each) for each in returned.goods]


# ------------------------------------------------------------------------------------------------ rows
def _entry(
    till: Till, receipt: Receipt, mark: FiscalMark, goods: list[dict[str, object]] | None, *, is_back: bool
) -> NewEntry:
    settlement = receipt.settlement
    body: dict[str, object] = {
        "moves_goods": True,
        "goods": goods,
        "is_back": is_back,
        "at": receipt.created_at.isoformat(),
        "document": mark.document_number,
        "till": till.settings.till,
        "shipment_id": settlement.shipment_id,
    }
    number = receipt.order_number or f"ФД {mark.document_number}"
    return NewEntry("stock", settlement.order_id, number, settlement.portal or till.portal, body)


def _amounts(goods: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, Decimal]]:
    found: dict[int, tuple[str, Decimal]] = {}
    for each in goods:
        number = int(each["product_id"])
        found[number] = (str(each["name"]), found.get(number, ("", Decimal(0)))[1] + Decimal(str(each["quantity"])))
    return found


def _goods(till: Till, amounts: Mapping[int, tuple[str, Decimal]], sign: int) -> list[dict[str, object]]:
    found = []
    for number, (name, amount) in sorted(amounts.items()):
        product = till.journal.product(till.portal, number)
        kind = None if product is None else product.kind
        found.append(
            {
                "product_id": number,
                "name": name,
                "change": str(sign * amount),
                "is_service": kind == ProductKind.SERVICE,
                "is_offer": kind == ProductKind.VARIATION,
            }
        )
    return found
