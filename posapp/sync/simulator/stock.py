"""Goods in stock: a product's quantity, and what each store holds of it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from posapp.sync.simulator.envelope import PortalError, plain
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import Shop


def move_goods(shop: Shop, order: Row, shipment: Row, sign: int) -> None:
    """Take the goods of a shipment out of stock (-1) or give them back (+1); all of them or none."""
    lines = {line["id"]: line for line in order["basketItems"]}
    moved = Counter[int]()
    for item in shipment["shipmentItems"]:
        line = lines.get(item["basketId"])
        product = shop.products.get(line["productId"]) if line is not None else None
        if product is not None and product.get("quantityTrace") != "N":
            moved[product["id"]] += item["quantity"]
    for product_id, quantity in moved.items():
        product = shop.products[product_id]
        stock = product["quantity"] or Decimal(0)
        if sign < 0 and stock < quantity and product.get("canBuyZero") != "Y":
            name = product.get("name") or product_id
            raise PortalError(
                "SALE_PROVIDER_SHIPMENT_QUANTITY_NOT_ENOUGH",
                f"Недостаточно товара «{name}» на складе: нужно {plain(Decimal(quantity))}, есть {plain(stock)}",
            )
    for product_id, quantity in moved.items():
        change_stock(shop, product_id, sign * Decimal(quantity))


def change_stock(shop: Shop, product_id: int, change: Decimal, store_id: int | None = None) -> None:
    """Add to a product's quantity and to what a store holds of it; without a store, the first that has a row."""
    product = shop.products[product_id]
    product["quantity"] = (product["quantity"] or Decimal(0)) + change
    product["available"] = "Y" if product["quantity"] > 0 or product.get("canBuyZero") == "Y" else "N"
    rows = (row for row in shop.tables["storeProducts"] if row["productId"] == product_id)
    held = next(rows, None) if store_id is None else stock_row(shop, product_id, store_id)
    if held is not None:
        held["amount"] = (held["amount"] or Decimal(0)) + change


def stock_row(shop: Shop, product_id: int, store_id: int) -> Row:
    """What a store holds of a product; a store that never had it gets a row with nothing."""
    rows = shop.tables["storeProducts"]
    for row in rows:
        if (row["productId"], row["storeId"]) == (product_id, store_id):
            return row
    row_id = max((row["id"] for row in rows), default=0) + 1
    rows.append({"id": row_id, "productId": product_id, "storeId": store_id, "amount": Decimal(0)})
    return rows[-1]
