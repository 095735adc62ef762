"""When the portal orders a fiscal check by itself (reference: Bitrix REST 5.8, kernel `checkmanager.php` collate…).

This is the trap that prints a second receipt: a till prints one, writes `paid=Y`, and the portal – if the pay system
may print and a register is active – sends its own, inside the very call that paid. Here it is only decided which check
that is; `printing.py` makes the row and sends it.

| | |
| --- | --- |
| `paid` → Y | shipped before: `creditpayment`; else by the option `check_type_on_pay`: `sell` (`advancepayment` beside an inner payment), `fullprepayment` or `prepayment`, `advancepayment` |
| `deducted` → Y | paid: `sell` with its payments as advances, nothing with the option `sell`; not paid: `credit` |

And only while no check row exists for that payment or shipment, in any state: after a failed one the portal orders no
other by itself.
"""  # noqa: E501 - a table

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from posapp.sync.simulator.fiscal import POLL_1, REST, Wish, is_on, kind_of, rest_code
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import Shop


def on_paid(shop: Shop, order: Row, payment: Row, now: datetime) -> None:
    """A payment of the order has just become paid."""
    if not _is_automatic(shop, order) or _has_check(shop, payment_id=payment["id"]) or is_inner(shop, payment):
        return
    if not supports_ffd_105(shop):
        system = shop.pay_system(payment["paySystemId"])
        if system is not None and system["CAN_PRINT_CHECK"] == "Y" and payment["sum"] == order["price"]:
            _wish(shop, "sell", order, payments=(payment["id"],), shipments=_shipments(order))
        return
    if not _all_may_print(shop, order):
        return
    goods = tuple(("none", shipment) for shipment in _shipments(order))
    inner = tuple(("advance", row["id"]) for row in order["payments"] if is_inner(shop, row))
    choice = shop.options["check_type_on_pay"]
    if order["deducted"] == "Y":
        kind, related = "creditpayment", inner
    elif choice == "prepayment":
        kind, related = ("fullprepayment" if payment["sum"] == order["price"] else "prepayment"), goods
    elif choice == "advance" or inner:
        kind, related = "advancepayment", ()
    else:
        kind, related = "sell", goods
    _wish(shop, kind, order, payments=(payment["id"],), related=related)


def on_deducted(shop: Shop, order: Row, shipment: Row, now: datetime) -> None:
    """A shipment of the order has just left."""
    if not _is_automatic(shop, order) or _has_check(shop, shipment_id=shipment["id"]):
        return
    if not supports_ffd_105(shop) or not _all_may_print(shop, order):
        return
    if order["payed"] != "Y":
        _wish(shop, "credit", order, shipments=(shipment["id"],))
    elif shop.options["check_type_on_pay"] != "sell":
        related = tuple(("advance", row["id"]) for row in order["payments"])
        _wish(shop, "sell", order, shipments=(shipment["id"],), related=related)


def supports_ffd_105(shop: Shop) -> bool:
    """Whether every active register speaks FFD 1.05; one that does not takes most types away from the whole portal."""
    for cashbox in shop.tables["cashboxes"]:
        if not is_on(cashbox, "ACTIVE"):
            continue
        kind = kind_of(cashbox)
        if kind == REST:
            handler = shop.fiscal.handler(rest_code(cashbox)) or {"SETTINGS": {}}
            if handler["SETTINGS"].get("SUPPORTS_FFD105") != "Y":  # nowhere else is it looked for
                return False
        elif kind == POLL_1:
            return False
    return True


def is_inner(shop: Shop, payment: Row) -> bool:
    """Whether a payment is from the buyer's inner account (bonuses): no fiscal payment of its own."""
    system = shop.pay_system(payment["paySystemId"]) or {}
    return bool(payment.get("isInner") == "Y" or system.get("ACTION_FILE") == "inner")


def _is_automatic(shop: Shop, order: Row) -> bool:
    """At most one shipment that is seen, at most one payment beside the inner one – and a register to print on."""
    ordinary = [row for row in order["payments"] if not is_inner(shop, row)]
    return (
        any(is_on(box, "ACTIVE") for box in shop.tables["cashboxes"])
        and len(ordinary) <= 1
        and len(order["shipments"]) <= 1
    )


def _all_may_print(shop: Shop, order: Row) -> bool:
    ordinary = [row for row in order["payments"] if not is_inner(shop, row)]
    systems = [shop.pay_system(row["paySystemId"]) for row in ordinary]
    return bool(order["payments"]) and all(row is not None and row["CAN_PRINT_CHECK"] == "Y" for row in systems)


def _has_check(shop: Shop, payment_id: int = 0, shipment_id: int = 0) -> bool:
    made = any(
        (payment_id and check["paymentId"] == payment_id) or (shipment_id and check["shipmentId"] == shipment_id)
        for check in shop.checks
    )
    return made or any(wish.concerns(payment_id, shipment_id) for wish in shop.fiscal.wishes)


def _shipments(order: Row) -> tuple[int, ...]:
    return tuple(row["id"] for row in order["shipments"] if row["system"] != "Y")


def _wish(
    shop: Shop,
    kind: str,
    order: Row,
    *,
    payments: tuple[int, ...] = (),
    shipments: tuple[int, ...] = (),
    related: tuple[tuple[str, int], ...] = (),
) -> None:
    shop.fiscal.wishes.append(Wish(kind, order["id"], payments, shipments, related))


def sum_of(order: Row, wish: Wish) -> Decimal:
    """The sum of a check row: of its payments; of a credit, of what is shipped."""
    paid = {*wish.payments, *(part for relation, part in wish.related if relation != "none")}
    total = sum((Decimal(row["sum"] or 0) for row in order["payments"] if row["id"] in paid), Decimal(0))
    if wish.payments or not wish.shipments or paid:
        return total
    lines = {line["id"]: line for line in order["basketItems"]}
    for shipment in order["shipments"]:
        if shipment["id"] in wish.shipments:
            total += Decimal(shipment["priceDelivery"] or 0)
            for item in shipment["shipmentItems"]:
                price = Decimal(lines[item["basketId"]]["price"] or 0)
                total += (price * Decimal(item["quantity"] or 0)).quantize(Decimal("0.01"))
    return total
