"""What the portal has still to be told about a receipt: compare what it holds with what it should hold. Pure.

Bitrix has no idempotency and no compare-and-set (rule 13), so every step is a comparison of the order as just read
with the outbox entry, and says one of four things: already so (`Done`), write this (`Write`), must not be written
(`Conflict`, a person decides), not its turn yet (`Later`). The answer to a write is put into the row (`merged`) and
compared again by the same functions: what proves a write is never the absence of an error.

Four steps per receipt, each only after the ones it stands on (reference: Bitrix REST 3.2.2, 3.5):

| step | is done when | stands on |
| --- | --- | --- |
| mark | the payment's fields carry the receipt's key and the fiscal document | – |
| payment | the payment is paid | the mark |
| status | the order has its final status | the payment |
| stock | every shipment is deducted | the payment |

A hand-over of goods that were paid before, or that go out on credit, settles no payment: it has only `status` (which
then stands on all payments of the order) and `stock`, of its own shipment, whose document fields take its number.

Where a part of the order was refused at the door, `payment` first takes the refused goods out of the portal's order
(see `refused_goods`), and `stock` deducts only a shipment without them.

The mark goes into fields that nothing else of a cash payment uses; `externalPayment` is an enum of the 1C exchange and
is never touched. A field that holds another receipt's key or document is never overwritten (rule 15).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from posapp.domain.fiscal import FiscalMark
from posapp.domain.money import Money
from posapp.domain.refused import RefusedGoods
from posapp.sync.bitrix import properties, refunds, refused_goods
from posapp.sync.bitrix.mapping import PaySystem
from posapp.sync.bitrix.parsing import as_decimal, as_flag, as_int, as_object, as_rows, as_text
from posapp.sync.bitrix.plans import (
    Conflict,
    Done,
    Later,
    Plan,
    Row,
    Write,
    differs,
    is_goods,
    kept_shipment,
    offset_time,
    payment_of,
    update_payment,
)

STEPS = ("mark", "payment", "status", "stock")
STATUS_CODE = "FISCAL_OK"
ALL_PAID = "all_paid"
"""`needs` of a status: not one payment but all of the order's must be paid."""

SOFT = "soft"
"""In the body of a status that the shop gives an order once it is paid: the portal may have its own rule for that
(`status_on_paid`), and people theirs. It is written only while the status is `before`, what it was at the sale."""

KEEPS_STOCK = "keeps_stock"
"""In the body of a `stock` step: 1C or nobody keeps the stock, so only the shipment's list of receipts is written."""

DESCRIPTION_MAX = 512


def plan(step: str, row: Row, body: Row, key: str) -> Plan:
    """What to do for one step of a receipt.

    Args:
        step: one of `STEPS`.
        row: the order as `sale.order.get` shows it now.
        body: the outbox entry's body.
        key: the receipt's key.
    """
    if step == "stock" and body.get(KEEPS_STOCK):
        return refunds.plan_shipment_list(row, body)
    if body.get("refund"):
        return refunds.plan_refund(step, row, body)
    if body.get("listed"):
        return refunds.plan_listed(row, body)
    if step != "mark" and refunds.is_undone(row, key) and not refunds.is_put_right(row, key):
        return Done("возвращено чеком возврата")
    match step:
        case "mark":
            return _plan_mark(row, body, key)
        case "payment":
            return _plan_payment(row, body, key)
        case "status":
            return _plan_status(row, body, key)
        case "stock":
            return _plan_stock(row, body, key)
    raise ValueError(f"no such step: {step!r}")


def refusal(row: Row, systems: Mapping[int, PaySystem]) -> Conflict | None:
    """Why nothing at all may be written to an order: the portal would print a second receipt, or might (rule 14)."""
    for payment in as_rows(row.get("payments")):
        system = systems.get(as_int(payment.get("paySystemId")) or 0)
        name = system.name if system else as_text(payment.get("paySystemName")) or as_text(payment.get("paySystemId"))
        if system is None or system.prints is None:
            return differs(row, f"нельзя узнать, не печатает ли чеки платёжная система «{name}»")
        if system.prints:
            return Conflict("portal_prints", {"system": name})
    return None


def merged(row: Row, method: str, answer: object) -> Row:
    """The order's row with the entity that an update answered in place of the one read before."""
    body = as_object(answer)
    if method == "sale.order.update":
        return as_object(body.get("order")) or row
    if method == properties.METHOD:
        return {**row, "propertyValues": as_rows(body.get("propertyValues"))}
    name, part = ("payments", "payment") if method == "sale.payment.update" else ("shipments", "shipment")
    entity = as_object(body.get(part))
    number = as_int(entity.get("id"))
    parts = [entity if as_int(each.get("id")) == number else each for each in as_rows(row.get(name))]
    return {**row, name: parts}


# ---------------------------------------------------------------------------------------------- the steps
def _plan_mark(row: Row, body: Row, key: str) -> Plan:
    payment = payment_of(row, body)
    if payment is None:
        return differs(row, f"оплаты {body.get('payment_id')} в нём больше нет")
    mark = FiscalMark.from_json(as_object(body.get("mark")))
    stored_key, stored_number = as_text(payment.get("psInvoiceId")), as_text(payment.get("payVoucherNum"))
    number = str(mark.document_number)
    if stored_key not in ("", key) and not refunds.may_replace(payment, stored_key):
        if refunds.may_replace(payment, key):  # a later receipt took its place after it was taken back
            return Done(f"оплата {as_text(payment.get('id'))}, ФД {number}, возвращено")
        return differs(row, f"в оплате уже записан другой чек: {stored_key[:40]}")
    if stored_number not in ("", number) and stored_key in ("", key):
        return differs(row, f"в оплате уже записан другой документ: {stored_number[:20]}")
    fields = mark_fields(mark, key, int(body["total_kopecks"]), offset_time(row))
    listed = refunds.payment_list(payment, body)
    if listed is None:
        return refunds.too_long(row)
    named = ("psInvoiceId", "payVoucherNum", "psStatus", "psStatusCode", "psStatusDescription")
    is_property = isinstance(body.get("property"), Mapping)
    if listed or any(as_text(payment.get(name)) != fields[name] for name in named):
        return replace(update_payment(payment, fields | listed), is_part=is_property)
    done = Done(f"оплата {as_text(payment.get('id'))}, ФД {number}")
    return properties.plan(row, body["property"], mark) or done if is_property else done


def _plan_payment(row: Row, body: Row, key: str) -> Plan:
    payment = payment_of(row, body)
    if payment is None:
        return differs(row, f"оплаты {body.get('payment_id')} в нём больше нет")
    if as_text(payment.get("psInvoiceId")) != key:
        return Later()
    if "refused" in body and not as_flag(payment.get("paid")) and _is_cancelled(row):
        return differs(row, "он отменён на сайте")
    if "refused" in body:
        planned = refused_goods.plan(row, payment, RefusedGoods.from_json(body["refused"]), body)
        if planned is not None:
            return planned
    amount, total = as_decimal(payment.get("sum")), Money(int(body["total_kopecks"]))
    if amount is None or amount != total.roubles:
        return differs(row, f"оплата {as_text(payment.get('sum')) or '?'} ₽, а чек {total}")
    if as_flag(payment.get("paid")):
        return Done(f"оплата {as_text(payment.get('id'))}")
    if _is_cancelled(row):
        return differs(row, "он отменён на сайте")
    price, paid = as_decimal(row.get("price")), _paid_sum(row)
    if price is not None and paid + amount > price:  # the rest would go to the buyer's inner account without a word
        return differs(row, f"вместе с этой оплатой оплачено было бы {paid + amount:.2f} ₽, а он стоит {price:.2f} ₽")
    return update_payment(payment, {"paid": "Y"})


def _plan_status(row: Row, body: Row, key: str) -> Plan:
    is_due = _is_paid_whole(row) if body.get("needs") == ALL_PAID else _is_paid_by(row, key)
    if not is_due or (not body.get(SOFT) and _is_owed(row)):  # other payments may be awaited (trap 22)
        return Later()
    if _is_cancelled(row):
        return differs(row, "он отменён на сайте")
    target, found = as_text(body.get("status")), as_text(row.get("statusId"))
    if found == target:
        return Done(f"статус {target}")
    if body.get(SOFT) and found != as_text(body.get("before")):
        return Done(f"статус {found}: его сменили без кассы")
    return Write((("sale.order.update", {"id": _id(row), "fields": {"statusId": target}}),))


def _plan_stock(row: Row, body: Row, key: str) -> Plan:
    wanted = as_int(body.get("shipment_id"))
    if wanted is None and not _is_paid_by(row, key):
        return Later()
    if _is_cancelled(row):
        return differs(row, "он отменён на сайте")
    if "refused" in body:
        refused = RefusedGoods.from_json(body["refused"])
        look = refused_goods.parted_shipment if refused.is_prepaid else refused_goods.not_as_taken
        planned = look(row, refused)
        if planned is not None:
            return planned
        wanted = refused.shipment_id
    shipments = [each for each in as_rows(row.get("shipments")) if is_goods(each)]
    if wanted is not None:
        shipments = [each for each in shipments if as_int(each.get("id")) == wanted]
    if not shipments:
        return Conflict("stock_rejected", {"reason": "в заказе нет отгрузки"})
    lists = {as_int(each.get("id")): refunds.shipment_list(each, body) for each in shipments}
    waiting = [each for each in shipments if as_flag(each.get("deducted")) is not True or lists[as_int(each.get("id"))]]
    if not waiting:
        return Done("отгрузка " + ", ".join(as_text(each.get("id")) for each in shipments))
    if None in lists.values():
        return refunds.too_long(row)
    if wanted is None and (lacks := _lacking(row, shipments)):
        return differs(row, lacks)
    named = {} if as_int(body.get("shipment_id")) is None else _document_fields(body, offset_time(row))
    return Write(
        tuple(("sale.shipment.update", _deduct(each, named, lists[as_int(each.get("id"))] or {})) for each in waiting)
    )


def _lacking(row: Row, shipments: Sequence[Row]) -> str:
    """What of an order that went out whole its shipments do not hold, in words: stock would keep what is gone.

    A shipment that was parted once stays so when the goods came back (`refused_goods.parted_shipment`); people part
    shipments, too. Sets are left out: what of them is held is the kernel's matter.
    """
    held: dict[int | None, Decimal] = {}
    for item in (item for each in shipments for item in as_rows(each.get("shipmentItems"))):
        number = as_int(item.get("basketId"))
        held[number] = held.get(number, Decimal(0)) + (as_decimal(item.get("quantity")) or Decimal(0))
    for line in as_rows(row.get("basketItems")) if held else ():
        ordered, much = as_decimal(line.get("quantity")) or Decimal(0), held.get(as_int(line.get("id")), Decimal(0))
        is_of_set = as_int(line.get("type")) == 1 or as_int(line.get("setParentId"))
        if much < ordered and not is_of_set:
            return f"в отгрузке {much:f} «{as_text(line.get('name'))[:60]}», а продано {ordered:f}"
    return ""


# ---------------------------------------------------------------------------------------------- what is written
def mark_fields(mark: FiscalMark, key: str, total_kopecks: int, offset_of: datetime) -> dict[str, str]:
    """The payment's fields that carry the fiscal mark.

    Args:
        offset_of: any moment of the portal's clock; dates are written with its offset, at noon, for the portal keeps
            the day alone and would turn midnight of another zone into the day before.
    """
    zone = offset_of.tzinfo or UTC
    day = datetime.combine(mark.printed_at.date(), time(12), zone)
    description = (
        f"fn={mark.storage_number};fd={mark.document_number};fp={mark.document_sign};rn={mark.registration_number};"
        f"sh={mark.shift_number};t={mark.printed_at:%Y%m%dT%H%M};no={mark.receipt_number}"
    )
    return {
        "payVoucherNum": str(mark.document_number),
        "payVoucherDate": day.isoformat(timespec="seconds"),
        "psStatus": "Y",
        "psStatusCode": STATUS_CODE,
        "psStatusDescription": description[:DESCRIPTION_MAX],
        "psInvoiceId": key,
        "psSum": f"{Decimal(total_kopecks).scaleb(-2):.2f}",
        "psCurrency": "RUB",
        "psResponseDate": mark.printed_at.replace(tzinfo=zone).isoformat(timespec="seconds"),
    }


def _deduct(shipment: Row, named: Mapping[str, str], listed: Mapping[str, str]) -> dict[str, Any]:
    """`named`: the document's fields, which are filled only where nobody has filled them; `listed`: its receipts."""
    kept = kept_shipment(shipment)
    if not as_text(shipment.get("deliveryDocNum")):
        kept |= named
    return {"id": as_int(shipment.get("id")), "fields": {**kept, **listed, "deducted": "Y"}}


def _document_fields(body: Row, offset_of: datetime) -> dict[str, str]:
    """The shipment's document: the number (1040) and day of the receipt that handed it over."""
    mark = FiscalMark.from_json(as_object(body.get("mark")))
    day = datetime.combine(mark.printed_at.date(), time(12), offset_of.tzinfo or UTC)
    return {"deliveryDocNum": str(mark.document_number), "deliveryDocDate": day.isoformat(timespec="seconds")}


# ---------------------------------------------------------------------------------------------- looking at a row
def _is_paid_by(row: Row, key: str) -> bool:
    """The payment that carries the receipt's key is paid."""
    return any(
        as_text(each.get("psInvoiceId")) == key and as_flag(each.get("paid")) for each in as_rows(row.get("payments"))
    )


def _is_paid_whole(row: Row) -> bool:
    """The paid payments come to the order's price."""
    price = as_decimal(row.get("price"))
    return price is not None and _paid_sum(row) >= price


def _paid_sum(row: Row) -> Decimal:
    """The sum of the payments that are paid."""
    sums = [as_decimal(each.get("sum")) for each in as_rows(row.get("payments")) if as_flag(each.get("paid"))]
    return sum((each for each in sums if each is not None), Decimal(0))


def _is_owed(row: Row) -> bool:
    """The order says what it costs, and less than that is paid."""
    price = as_decimal(row.get("price"))
    return price is not None and _paid_sum(row) < price


def _is_cancelled(row: Row) -> bool:
    return as_flag(row.get("canceled")) is True


def _id(row: Row) -> int | None:
    return as_int(row.get("id"))
