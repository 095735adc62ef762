"""The shop's portal in the simulation: its goods, and the orders that arrive each morning. All from the seed."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from posapp.sync.simulator.access import USER_ID, Access
from posapp.sync.simulator.envelope import iso
from posapp.sync.simulator.furniture import FURNITURE
from posapp.sync.simulator.goods import GOODS
from posapp.sync.simulator.limits import PLANS, Limiter
from posapp.sync.simulator.portal import Portal
from posapp.sync.simulator.practice import practice_shop
from posapp.sync.simulator.shop import Shop, complete_order, load_shop

HOST = "shop.simulation"
STOCK = Decimal(1_000_000)
COMMON_VATS = (3, 5)
_FIRST_PRODUCT = 301
_RATES = {row["id"]: row["rate"] for row in FURNITURE["vats"]}
_KOPECK = Decimal("0.01")

Row = dict[str, Any]


def portal_of(seed: int, now: datetime) -> Portal:
    """A portal without orders and with a full store; `now` is aware."""
    document = practice_shop(1, seed, now)
    for row in document["products"]:
        row["quantity"] = STOCK
    for row in document["storeProducts"]:
        row["amount"] = STOCK
    shop = load_shop({**document, "orders": [], "orderEntities": []}, now)
    return Portal(shop, Access(seed), Limiter(PLANS["cloud"]))


def webhook_of(portal: Portal) -> str:
    """The address that a till is given."""
    return f"https://{HOST}/rest/{USER_ID}/{portal.access.webhook_secret}/"


def order_id(day: int, number: int) -> int:
    """The id of the day's order number `number`."""
    return 10_000 + day * 1000 + number


def day_of(number: int) -> int:
    """The day on which the order with this id came."""
    return (number - 10_000) // 1000


def orders_arrive(shop: Shop, random: Random, day: int, count: int, now: datetime) -> list[int]:
    """`count` new orders of the day; their ids. Every one is unpaid, with one payment and one shipment."""
    found = []
    for number in range(count):
        order = complete_order(shop, _order(random, order_id(day, number), now - timedelta(minutes=30)), now)
        shop.index(order)
        found.append(order["id"])
    return found


def _order(random: Random, number: int, came: datetime) -> Row:
    common = [each for each in GOODS if each.vat_id in COMMON_VATS]
    lines = [_line(random, good) for good in random.sample(common, random.choice((1, 1, 1, 2, 2, 3, 5)))]
    goods = sum(((line["price"] * line["quantity"]).quantize(_KOPECK, ROUND_HALF_UP) for line in lines), Decimal(0))
    delivery = Decimal(random.choice((0, 0, 250)))
    return {
        "id": number,
        "accountNumber": f"MSK-{number}" if random.random() < 0.2 else str(number),
        "statusId": "N",
        "price": goods + delivery,
        "dateInsert": iso(came),
        "dateUpdate": iso(came),
        "dateStatus": iso(came),
        "basketItems": lines,
        "payments": [{"paySystemId": random.choice((1, 2)), "paid": "N", "sum": goods + delivery}],
        "shipments": [{"deliveryId": 2, "allowDelivery": "Y", "deducted": "N", "priceDelivery": delivery}],
    }


def _line(random: Random, good: Any) -> Row:
    quantity = Decimal(random.choice((1, 1, 2, 3)))
    if good.measure == "166":
        quantity = Decimal(random.randrange(180, 2400)) / 1000
    rate, product_id = _RATES[good.vat_id], _FIRST_PRODUCT + GOODS.index(good)
    return {
        "productId": product_id,
        "name": good.name,
        "quantity": quantity,
        "price": Decimal(good.price),
        "vatRate": None if rate is None else Decimal(rate) / 100,
        "measureCode": good.measure,
    }
