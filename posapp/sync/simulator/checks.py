"""When the portal orders a fiscal check by itself (reference: Bitrix REST 5.8).

This is the trap that prints a second receipt: a till prints one, writes `paid=Y`, and the portal – if the pay system
may print and a cashbox is active – queues its own. The simulator has no cashbox to print on; it keeps the row that a
real portal would have sent, so that a test can see that there is none.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from posapp.sync.simulator.envelope import iso, plain
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import Shop


def on_paid(shop: Shop, order: Row, payment: Row, now: datetime) -> None:
    """A payment of the order has just become paid."""
    if not _may_print(shop, order) or _has_check(shop, "paymentId", payment["id"]):
        return
    if order["deducted"] == "Y":
        kind = "creditpayment"
    elif shop.options["check_type_on_pay"] == "prepayment":
        kind = "fullprepayment" if payment["sum"] == order["price"] else "prepayment"
    elif shop.options["check_type_on_pay"] == "advance":
        kind = "advancepayment"
    else:
        kind = "sell"
    _print(shop, kind, order, payment["sum"], now, paymentId=payment["id"])


def on_deducted(shop: Shop, order: Row, shipment: Row, now: datetime) -> None:
    """A shipment of the order has just left."""
    if not _may_print(shop, order) or _has_check(shop, "shipmentId", shipment["id"]):
        return
    if order["payed"] != "Y":
        _print(shop, "credit", order, order["price"], now, shipmentId=shipment["id"])
    elif shop.options["check_type_on_pay"] != "sell":
        _print(shop, "sell", order, order["price"], now, shipmentId=shipment["id"])


def _may_print(shop: Shop, order: Row) -> bool:
    systems = [shop.pay_system(payment["paySystemId"]) for payment in order["payments"]]
    return (
        any(box.get("ACTIVE") == "Y" for box in shop.tables["cashboxes"])
        and len(systems) == 1
        and len(order["shipments"]) <= 1
        and all(system is not None and system["CAN_PRINT_CHECK"] == "Y" for system in systems)
    )


def _has_check(shop: Shop, key: str, part_id: int) -> bool:
    return any(check[key] == part_id for check in shop.checks)


def _print(shop: Shop, kind: str, order: Row, total: Decimal, now: datetime, **part: int) -> None:
    check_id = shop.next_id("checks")
    shop.checks.append({
        "id": check_id, "type": kind, "status": "P", "orderId": order["id"], "paymentId": None, "shipmentId": None,
        "sum": plain(Decimal(total)), "currency": order["currency"], "dateCreate": iso(now), **part,
    })  # fmt: skip
