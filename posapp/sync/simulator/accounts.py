"""The buyer's inner account, and how it gets into the payments of an order.

Every buyer of a portal has one, per currency. It is a pay system of its own (`ACTION_FILE` = `inner`), and money comes
and goes without anybody asking for it (kernel `sale/lib/order.php` syncOrderAndPayments, `sale/lib/payment.php`,
`handlers/paysystem/inner`):

- what is paid beyond the order's price is credited to it – at the payment, and when the price of a paid order falls;
- when the price of an order rises again, what it was over-paid by is taken back from it;
- a payment by the inner pay system takes its sum from it and is refused where there is not enough;
- `isReturn=Y` puts a payment's sum on it and unpays the payment; paying that one again takes the sum from it;
- `isReturn=P` asks the *payment's own* pay system to send the money back: one that cannot – cash, a terminal at the
  door – is an error and nothing is stored, one that can does it.

Unpaying alone (`paid=N`) moves no money, also not what an over-payment has put on the account.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from posapp.sync.simulator.envelope import PortalError
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import KOPECK, Shop

INNER = "inner"
REFUNDABLE = (INNER, "yandexcheckout", "sberbankonline", "wooppay", "uapay", "platon")
"""Handlers that can send money back (the kernel's `IRefund`)."""


def is_inner(shop: Shop, payment: Row) -> bool:
    """Whether a payment comes from the buyer's inner account."""
    return _handler(shop, payment["paySystemId"]) == INNER


def check_return(shop: Shop, payment: Row, wanted: str) -> None:
    """Refuse a return that the pay system cannot make. Raises `SALE_ORDER_PAYMENT_RETURN_NO_SUPPORTED`."""
    if wanted == "P" and _handler(shop, payment["paySystemId"]) not in REFUNDABLE:
        raise PortalError("SALE_ORDER_PAYMENT_RETURN_NO_SUPPORTED", "Платёжная система не поддерживает возврат")


def check_paying(shop: Shop, order: Row, payment: Row, values: Row) -> None:
    """Refuse to pay from an account that does not hold enough."""
    if _charges(shop, payment, values) and budget(shop, order) < _rounded(values.get("sum", payment["sum"])):
        raise PortalError("0", "На внутреннем счёте недостаточно средств")


def charge(shop: Shop, order: Row, payment: Row, values: Row) -> None:
    """A payment becomes paid: if it is one of the inner account, or was returned to it, the account pays."""
    if _charges(shop, payment, values):
        _add(shop, order, -_rounded(values.get("sum", payment["sum"])), "ORDER_PAY")


def give_back(shop: Shop, order: Row, payment: Row, wanted: str) -> None:
    """A paid payment is returned: to the inner account (`Y`), or by its own pay system (`P`)."""
    total = _rounded(payment["sum"])
    if wanted == "Y" or is_inner(shop, payment):
        _add(shop, order, total, "ORDER_UNPAY")
    else:
        handler = _handler(shop, payment["paySystemId"])
        shop.refunds.append({"paymentId": payment["id"], "sum": str(total), "handler": handler})


def settle_payment(shop: Shop, order: Row, payment: Row) -> None:
    """After `paid` of a payment has changed: the order's paid sum, `payed`, and what goes to the account."""
    price, paid, before = _rounded(order["price"]), paid_sum(order), _rounded(order["sumPaid"])
    if payment["paid"] == "Y":
        final = before + _rounded(payment["sum"]) if paid > price else paid
        if final > price:
            _add(shop, order, final - price, "EXCESS_SUM_PAID")
    else:
        final = min(before, paid)
    _close(order, price, final)


def settle_price(shop: Shop, order: Row) -> None:
    """After the price has changed: what was over-paid comes back from the account, what is over-paid now goes there."""
    price, final = _rounded(order["price"]), _rounded(order["sumPaid"])
    missing = min(price - final, paid_sum(order) - final, budget(shop, order))
    if missing > 0:
        _add(shop, order, -missing, "ORDER_PAY")
        final += missing
    if final > price:
        _add(shop, order, final - price, "EXCESS_SUM_PAID")
    _close(order, price, final)


def paid_sum(order: Row) -> Decimal:
    """Σ of the payments that are paid."""
    return sum((_rounded(row["sum"]) for row in order["payments"] if row["paid"] == "Y"), Decimal(0))


def budget(shop: Shop, order: Row) -> Decimal:
    """What the buyer of an order has on the inner account."""
    return Decimal(_account(shop, order)["CURRENT_BUDGET"])


def _close(order: Row, price: Decimal, final: Decimal) -> None:
    has_paid = any(row["paid"] == "Y" for row in order["payments"])
    order["payed"] = "Y" if has_paid and price <= final else "N"
    order["sumPaid"] = min(final, price)


def _charges(shop: Shop, payment: Row, values: Row) -> bool:
    system = values.get("paySystemId", payment["paySystemId"])
    return payment["isReturn"] == "Y" or _handler(shop, system) == INNER


def _account(shop: Shop, order: Row) -> Row:
    key = {"USER_ID": order["userId"], "CURRENCY": order["currency"]}
    for row in shop.tables["accounts"]:
        if key.items() <= row.items():
            return row
    shop.tables["accounts"].append({**key, "CURRENT_BUDGET": Decimal(0)})
    return shop.tables["accounts"][-1]


def _add(shop: Shop, order: Row, change: Decimal, why: str) -> None:
    account = _account(shop, order)
    account["CURRENT_BUDGET"] = Decimal(account["CURRENT_BUDGET"]) + change
    shop.account_moves.append({"userId": order["userId"], "orderId": order["id"], "sum": str(change), "type": why})


def _handler(shop: Shop, pay_system_id: int | None) -> str:
    return str((shop.pay_system(pay_system_id) or {}).get("ACTION_FILE", ""))


def _rounded(value: Decimal | int | str | None) -> Decimal:
    return Decimal(value or 0).quantize(KOPECK, ROUND_HALF_UP)
