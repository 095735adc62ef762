"""The portal as a witness: orders as Bitrix has them now, and the payments that were marked paid in a period.

Nothing here writes. Each function is one request, so that a long period leaves room for everybody else's:
`sale.order.get` in batches of 50, `sale.order.list` and `sale.payment.list` by an id cursor (reference: Bitrix REST
2.4, 2.8, 3.1, 3.2). Rows are read tolerantly; what does not obey the filter that was asked for cannot be believed
(Bitrix drops a filter that it does not understand without a word).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from posapp.domain.money import Money
from posapp.domain.receipt_list import ReceiptList
from posapp.errors import Offline
from posapp.sync.bitrix.client import BATCH_MAX, PAGE, BitrixClient, Command, check_cursor, cursor, require
from posapp.sync.bitrix.orders import is_missing
from posapp.sync.bitrix.parsing import as_decimal, as_flag, as_int, as_object, as_rows, as_text, as_time, rows_under
from posapp.sync.bitrix.plans import is_goods
from posapp.sync.bitrix.receipt_lists import lists_of, receipts_of

ORDERS_MAX = BATCH_MAX
TEXT_MAX = 64

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PortalPayment:
    """A payment. `key`, `document` and `storage` are what `sync.bitrix.writeback.mark_fields` has left in it;
    `returned` is the number of the document that last gave something back (`payReturnNum`).
    """

    payment_id: int
    order_id: int
    is_paid: bool
    is_cash: bool
    amount: Money | None
    key: str
    document: str
    sign: str
    storage: str
    paid_at: datetime | None
    returned: str = ""


@dataclass(frozen=True, slots=True)
class PortalOrder:
    """An order as far as a reconciliation compares it; cancelled and system shipments are left out.

    `receipts` are those that its payments and shipments carry (rule 15), `places` says of each, by key, which part of
    the order it settled.
    """

    order_id: int
    number: str
    status: str
    is_cancelled: bool
    payments: tuple[PortalPayment, ...]
    shipments: tuple[tuple[int, bool], ...]  # id, deducted
    receipts: ReceiptList = field(default_factory=ReceiptList)
    places: Mapping[str, str] = field(default_factory=dict)

    def payment(self, payment_id: int) -> PortalPayment | None:
        """One of its payments."""
        return next((each for each in self.payments if each.payment_id == payment_id), None)


def orders_now(client: BitrixClient, order_ids: Sequence[int]) -> dict[int, PortalOrder | None]:
    """At most `ORDERS_MAX` orders in one request; None for one that the portal does not have any more.

    Raises Offline, Rejected as `BitrixClient.call`.
    """
    if len(order_ids) > ORDERS_MAX:
        raise ValueError(f"at most {ORDERS_MAX} orders a request")
    cells = client.batch([Command(f"o{each}", "sale.order.get", {"id": each}) for each in order_ids])
    found: dict[int, PortalOrder | None] = {}
    for order_id in order_ids:
        cell = cells[f"o{order_id}"]
        if is_missing(cell):
            found[order_id] = None
            continue
        row = as_object(as_object(cell.value()).get("order"))
        if as_int(row.get("id")) != order_id:
            raise Offline("portal_garbled", reason=f"вместо заказа {order_id} пришёл другой")
        found[order_id] = order_of(row)
    return found


def changed_orders(client: BitrixClient, since: datetime, after: int) -> tuple[list[int], int | None]:
    """Ids of orders changed since then with ids greater than `after`, and where the next page begins (None: no more).

    One request: `sale.order.list` with `>=dateUpdate`.
    """
    params = {"select": ["id", "dateUpdate"], "filter": {">=dateUpdate": since.isoformat(timespec="seconds")}}
    rows = rows_under(client.call("sale.order.list", cursor(params, after)), "orders")
    last = check_cursor(rows, after)
    require(rows, lambda row: _is_since(row.get("dateUpdate"), since), "дата изменения заказа")
    return [as_int(row["id"]) or 0 for row in rows], last if len(rows) >= PAGE else None


def paid_payments(client: BitrixClient, since: datetime, after: int) -> tuple[list[PortalPayment], int | None]:
    """Payments marked paid since then with ids greater than `after`, and where the next page begins (None: no more).

    One request: `sale.payment.list` with `paid=Y` and `>=datePaid`.
    """
    fields = ("id", "orderId", "paid", "datePaid", "sum", "paySystemIsCash", "psInvoiceId", "payVoucherNum")
    condition = {"paid": "Y", ">=datePaid": since.isoformat(timespec="seconds")}
    params = {"select": [*fields, "psStatusDescription"], "filter": condition}
    rows = rows_under(client.call("sale.payment.list", cursor(params, after)), "payments")
    last = check_cursor(rows, after)
    require(rows, lambda row: as_flag(row.get("paid")) is True and _is_since(row.get("datePaid"), since), "оплата")
    return [payment_of(row) for row in rows], last if len(rows) >= PAGE else None


def order_of(row: Row) -> PortalOrder:
    """From a row of `sale.order.get`."""
    shipments = (each for each in as_rows(row.get("shipments")) if is_goods(each))
    return PortalOrder(
        order_id=as_int(row.get("id")) or 0,
        number=as_text(row.get("accountNumber"))[:TEXT_MAX] or as_text(row.get("id")),
        status=as_text(row.get("statusId"))[:TEXT_MAX],
        is_cancelled=as_flag(row.get("canceled")) is True,
        payments=tuple(map(payment_of, as_rows(row.get("payments")))),
        shipments=tuple((as_int(each.get("id")) or 0, as_flag(each.get("deducted")) is True) for each in shipments),
        receipts=receipts_of(row),
        places={entry.key: part for part, found in lists_of(row) for entry in found.entries},
    )


def payment_of(row: Row) -> PortalPayment:
    """From a row of `sale.payment.list`, or a payment of an order."""
    described = dict(
        part.split("=", 1) for part in as_text(row.get("psStatusDescription")).split(";") if part.count("=") == 1
    )
    return PortalPayment(
        payment_id=as_int(row.get("id")) or 0,
        order_id=as_int(row.get("orderId")) or 0,
        is_paid=as_flag(row.get("paid")) is True,
        is_cash=as_flag(row.get("paySystemIsCash")) is True,
        amount=_money(row.get("sum")),
        key=as_text(row.get("psInvoiceId"))[:TEXT_MAX],
        document=as_text(row.get("payVoucherNum"))[:TEXT_MAX],
        sign=described.get("fp", "")[:TEXT_MAX],
        storage=described.get("fn", "")[:TEXT_MAX],
        paid_at=as_time(row.get("datePaid")),
        returned=as_text(row.get("payReturnNum"))[:TEXT_MAX],
    )


def _money(value: object) -> Money | None:
    number = as_decimal(value)
    try:
        return None if number is None else Money.from_roubles(number)
    except ValueError:
        return None


def _is_since(value: object, since: datetime) -> bool:
    """Dates of the portal have whole seconds."""
    moment = as_time(value)
    return moment is not None and moment >= since.replace(microsecond=0)
