"""The shop's portal in the simulation: its goods, and the orders that arrive each morning. All from the seed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from posapp.simulation import deals
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


def orders_arrive(
    shop: Shop, random: Random, day: int, count: int, now: datetime, with_deals: Sequence[str] = ()
) -> list[int]:
    """`count` new orders of the day and those with a deal of their own (`deals`); their ids.

    Every one has one shipment; those of the first sort are unpaid and have one payment.
    """
    came, found = now - timedelta(minutes=30), []
    for number in range(count):
        found.append(_order(random, order_id(day, number), came))
    for number, deal in enumerate(with_deals, deals.FIRST):
        order = _order(random, order_id(day, number), came)
        found.append({**order, "payments": deals.payments(order["price"], deal, random.choice((1, 2)))})
    for each in found:
        shop.index(complete_order(shop, each, now))
    return [each["id"] for each in found]


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
