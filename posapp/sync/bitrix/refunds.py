"""What the portal has to be told of a refund, and how the list of receipts is kept there (rules 13 and 15). Pure.

The list is read, compared and written whole, in the same request as the fields of the step that it belongs to; the
answer shows whether it is there, and the next round reads it again. Nothing that stands in it is ever taken out, so
whoever comes later sees every receipt of the payment, also when two tills wrote at the same moment: the one whose entry
was lost finds that out by reading and writes it again.

Whether a payment's money, or an order's goods, have come back *whole* is judged by the list as it stands at the portal:
the rest may have been taken back elsewhere. What came back in part changes neither payment nor stock; people see to it.
`isReturn` is never written: `P` asks the payment's own pay system to send the money back – cash refuses that and
nothing is stored, an online one does it –, `Y` puts it on the buyer's inner account. What counts as done is `paid=N`;
`paid` → N and `deducted` → N make no check (reference: Bitrix REST 5.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from posapp.domain.fiscal import FiscalMark
from posapp.domain.money import Money
from posapp.domain.offers import Way
from posapp.domain.receipt_list import Listed, ReceiptList, appended
from posapp.domain.stock_goods import UNTOUCHED
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
    number_of,
    offset_time,
    payment_of,
    update_payment,
)
from posapp.sync.bitrix.receipt_lists import COMMENTS, FIELDS, SHIPMENT_MAX, list_of, receipts_of

HANDS_OVER = frozenset(
    each.value for each in (Way.FULL, Way.HANDOVER, Way.REST, Way.CREDIT, Way.PART_CREDIT, Way.BARTER)
)
"""Ways by which goods go out."""
COMMENT_MAX = 200


def plan_refund(step: str, row: Row, body: Row) -> Plan:
    """What to do for one step of a refund's receipt; see `writeback.plan`. Raises ValueError for another step."""
    entry = Listed.parse(as_text(body.get("entry")))
    match step:
        case "mark":
            return _mark(row, body, entry)
        case "payment":
            return _payment_back(row, body, entry)
        case "status":
            return _status(row, body, entry)
        case "stock":
            return _stock(row, body, entry)
    raise ValueError(f"no such step: {step!r}")


# ---------------------------------------------------------------------------------------------- for sales
def is_undone(row: Row, key: str) -> bool:
    """All of that receipt was taken back: whatever it has still to tell the portal is past."""
    return receipts_of(row).is_undone(key)


def is_put_right(row: Row, key: str) -> bool:
    """The payment shows that receipt, and in its list another one stands in its place: money and goods are as they
    were, so what the wrong one has still to tell is told."""
    for payment in as_rows(row.get("payments")):
        found = list_of(payment)
        others = [each for each in found.entries if not each.is_refund and each.key != key]
        stands = any(found.left_of(each) > Money(0) for each in others)
        if as_text(payment.get("psInvoiceId")) == key and found.is_undone(key) and stands:
            return True
    return False


def plan_listed(row: Row, body: Row) -> Plan:
    """A receipt that was put right: its entries behind those of the payment's list, everything else as it is."""
    payment = payment_of(row, body)
    if payment is None:
        return differs(row, f"оплаты {body.get('payment_id')} в нём больше нет")
    if as_text(payment.get("psInvoiceId")) == "":
        return Later()  # the wrong receipt's own mark goes first
    listed = payment_list(payment, body)
    if listed is None:
        return too_long(row)
    if not listed:
        return Done(f"оплата {as_text(payment.get('id'))}, ФД {body.get('document')}")
    return update_payment(payment, listed)


def plan_shipment_list(row: Row, body: Row) -> Plan:
    """The list of a shipment's receipts and nothing else of it: the stock is not this program's."""
    wanted = as_int(body.get("shipment_id"))
    shipment = next((each for each in as_rows(row.get("shipments")) if as_int(each.get("id")) == wanted), None)
    if wanted is None or shipment is None:
        return Done(UNTOUCHED)
    listed = shipment_list(shipment, body)
    if listed is None:
        return too_long(row)
    if not listed:
        return Done(f"отгрузка {wanted}: {UNTOUCHED}")
    kept = {**kept_shipment(shipment), **listed, "deducted": "Y" if as_flag(shipment.get("deducted")) else "N"}
    return Write((("sale.shipment.update", {"id": wanted, "fields": kept}),))


def may_replace(payment: Row, key: str) -> bool:
    """Whether the payment's own fields may be taken by a new receipt although they show that of `key`: it was taken
    back whole, and the list keeps it."""
    return list_of(payment).is_undone(key)


def list_fields(entity: Row, body: Row, name: str, limit: int) -> dict[str, str] | None:
    """The field with the entries of an outbox body behind what stands there; None when it would grow too long."""
    text = as_text(entity.get(name))
    missing = [each for each in _entries(body) if list_of(entity).get(each.key) is None]
    longer = appended(text, missing)
    return None if len(longer) > limit else ({} if longer == text else {name: longer})


def payment_list(payment: Row, body: Row) -> dict[str, str] | None:
    """`list_fields` of a payment, in the field that was chosen."""
    name = as_text(body.get("field"))
    name = name if name in FIELDS else COMMENTS
    return list_fields(payment, body, name, FIELDS[name])


def shipment_list(shipment: Row, body: Row) -> dict[str, str] | None:
    """`list_fields` of a shipment."""
    return list_fields(shipment, body, COMMENTS, SHIPMENT_MAX)


def too_long(row: Row) -> Conflict:
    """The field has no room for another receipt."""
    return Conflict("receipts_full", {"order": number_of(row)})


def _entries(body: Row) -> list[Listed]:
    texts = [text for name in ("original", "entry") for text in as_text(body.get(name)).split(";")]
    return [Listed.parse(text) for text in texts if text]


# ---------------------------------------------------------------------------------------------- the steps
def _mark(row: Row, body: Row, entry: Listed) -> Plan:
    payment = payment_of(row, body)
    if payment is None:
        return differs(row, f"оплаты {body.get('payment_id')} в нём больше нет")
    found = list_of(payment)
    holder = as_text(payment.get("psInvoiceId"))
    is_known = _sale(found, entry) is not None or holder in {entry.of, *(each.key for each in _entries(body))}
    if not is_known and holder == "" and body.get("original"):
        return Later()  # the sale's own mark goes first
    if not is_known and holder != "" and body.get("original"):
        return differs(row, f"в оплате уже записан другой чек: {holder[:40]}")
    listed = payment_list(payment, body)
    if listed is None:
        return too_long(row)
    returned = _return_fields(payment, found, body, entry, offset_time(row))
    wanted = {**listed, **{name: text for name, text in returned.items() if _is_other(payment, name, text)}}
    if not wanted:
        return Done(f"оплата {as_text(payment.get('id'))}, ФД {entry.document_number}")
    return update_payment(payment, {**listed, **returned})


def _return_fields(payment: Row, found: ReceiptList, body: Row, entry: Listed, offset_of: datetime) -> dict[str, str]:
    """The payment's fields of its last refund; nothing where a later one, or somebody else, has filled them."""
    refunds = [each for each in found.entries if each.is_refund]
    stored = as_text(payment.get("payReturnNum"))
    if stored not in ("", str(entry.document_number), *(str(each.document_number) for each in refunds)):
        return {}
    if any((each.at, each.document_number) > (entry.at, entry.document_number) for each in refunds):
        return {}
    mark = FiscalMark.from_json(as_object(body.get("mark")))
    day = datetime.combine(mark.printed_at.date(), time(12), offset_of.tzinfo or UTC)
    comment = (
        f"возврат {entry.total.roubles:.2f}; fn={mark.storage_number};fd={mark.document_number};"
        f"fp={mark.document_sign};key={entry.key}"
    )
    return {
        "payReturnNum": str(mark.document_number),
        "payReturnDate": day.isoformat(timespec="seconds"),
        "payReturnComment": comment[:COMMENT_MAX],
    }


def _is_other(payment: Row, name: str, text: str) -> bool:
    """The day comes back in the portal's own form; number and comment tell whether it was written."""
    return name != "payReturnDate" and as_text(payment.get(name)) != text


def _payment_back(row: Row, body: Row, entry: Listed) -> Plan:
    payment = payment_of(row, body)
    if payment is None:
        return differs(row, f"оплаты {body.get('payment_id')} в нём больше нет")
    found = list_of(payment)
    if found.get(entry.key) is None:
        return Later()
    number = as_text(payment.get("id"))
    left, money = _left(payment, found, entry), _money_left(payment, found, entry)
    if left is None or money is None:
        return Later()  # the till that made the receipt has not told of it yet
    if left < Money(0):
        return differs(row, f"по чеку возвращено на {-left} больше, чем продано")
    if money > Money(0):
        return Done(f"возвращена часть, оплата {number} остаётся")
    if as_flag(payment.get("paid")) is False:
        return Done(f"оплата {number} возвращена")
    # Not isReturn: a pay system that cannot send money back refuses it, and one that can would send it a second time.
    return update_payment(payment, {"paid": "N"})


def _status(row: Row, body: Row, entry: Listed) -> Plan:
    found = receipts_of(row)
    if found.get(entry.key) is None:
        return Later()
    sales = [each for each in found.entries if not each.is_refund]
    if not sales or any(found.left_of(each) > Money(0) for each in sales):
        return Done("возвращена часть, статус не меняем")
    target = as_text(body.get("status"))
    if as_text(row.get("statusId")) == target:
        return Done(f"статус {target}")
    return Write((("sale.order.update", {"id": as_int(row.get("id")), "fields": {"statusId": target}}),))


def _stock(row: Row, body: Row, entry: Listed) -> Plan:
    wanted = as_int(body.get("shipment_id"))
    shipments = [each for each in as_rows(row.get("shipments")) if is_goods(each)]
    if wanted is not None:
        return _shipment_back(row, body, entry, [each for each in shipments if as_int(each.get("id")) == wanted])
    found = receipts_of(row)
    payment = payment_of(row, body)
    if found.get(entry.key) is None or payment is None:
        return Later()
    left = _left(payment, found, entry)
    if left is not None and left < Money(0):  # the same twice: what else came back nobody knows
        return differs(row, f"по чеку возвращено на {-left} больше, чем продано")
    if left is None or left > Money(0):
        return Done("возвращена часть: остаток на складе правят люди")
    if any(_still_out(found, each) for each in found.entries):
        return Done("товар отдан снова")
    if body.get("parts_by_goods") and len([each for each in found.entries if each.of == entry.of]) > 1:
        return differs(row, "товар возвращали частями, и вернулся ли он на склад, не видно")
    out = [each for each in shipments if as_flag(each.get("deducted")) is True]
    if not out:
        return Done("товар на складе: отгрузка " + ", ".join(as_text(each.get("id")) for each in shipments))
    return Write(tuple(("sale.shipment.update", _back_in_stock(each, {}, entry)) for each in out))


def _shipment_back(row: Row, body: Row, entry: Listed, shipments: list[dict[str, Any]]) -> Plan:
    """A hand-over without money: its list stands in its shipment, and is written together with the stock."""
    if not shipments:
        return differs(row, f"отгрузки {body.get('shipment_id')} в нём больше нет")
    shipment = shipments[0]
    found = list_of(shipment)
    if _sale(found, entry) is None and as_flag(shipment.get("deducted")) is not True and body.get("original"):
        return Later()  # the hand-over itself goes first
    listed = shipment_list(shipment, body)
    if listed is None:
        return too_long(row)
    shown = ReceiptList((*found.entries, *(each for each in _entries(body) if found.get(each.key) is None)))
    sale = _sale(shown, entry)
    is_whole = sale is not None and shown.left_of(sale) <= Money(0)
    is_again = any(_still_out(shown, each) for each in shown.entries)
    is_out = as_flag(shipment.get("deducted")) is True
    if is_whole and is_out and not is_again:
        return Write((("sale.shipment.update", _back_in_stock(shipment, listed, entry)),))
    number = as_text(shipment.get("id"))
    if not listed:
        words = "товар на складе" if is_whole else "возвращена часть, остаток на складе правят люди"
        return Done(f"{words}: отгрузка {number}")
    kept = {**kept_shipment(shipment), **listed, "deducted": "Y" if is_out else "N"}
    return Write((("sale.shipment.update", {"id": as_int(shipment.get("id")), "fields": kept}),))


def _back_in_stock(shipment: Row, listed: Mapping[str, str], entry: Listed) -> dict[str, Any]:
    """Everything that was read, `deducted` undone (`sale.shipment.update` is not partial)."""
    why = f"возврат, ФД {entry.document_number}"
    kept = {**kept_shipment(shipment), **listed, "deducted": "N", "reasonUndoDeducted": why}
    return {"id": as_int(shipment.get("id")), "fields": kept}


# ---------------------------------------------------------------------------------------------- what is left
def _sale(found: ReceiptList, refund: Listed) -> Listed | None:
    """The receipt that a refund takes back, as the list has it."""
    return next((each for each in found.entries if refund.takes_back(each)), None)


def _left(payment: Row, found: ReceiptList, entry: Listed) -> Money | None:
    """How much of the receipt is not taken back; None where nothing shows that receipt."""
    sale = _sale(found, entry)
    if sale is not None:
        return found.left_of(sale)
    sold = _sum_in_fields(payment, entry)
    back = Money(sum(each.total.kopecks for each in found.entries if each.is_refund and each.of == entry.of))
    return None if sold is None else sold - back


def _money_left(payment: Row, found: ReceiptList, entry: Listed) -> Money | None:
    """How much of the payment's money is with the shop, by all its receipts."""
    if _sale(found, entry) is not None:
        return found.money_left
    sold = _sum_in_fields(payment, entry)
    return None if sold is None else found.money_left + sold


def _sum_in_fields(payment: Row, entry: Listed) -> Money | None:
    """The sum of a receipt from before there was a list, by the payment's own fields."""
    document = f"fn={entry.of.partition('-')[0]};fd={entry.of.partition('-')[2]};"
    is_it = as_text(payment.get("psInvoiceId")) == entry.of or document in as_text(payment.get("psStatusDescription"))
    amount = as_decimal(payment.get("psSum")) if is_it else None
    return None if amount is None else Money(int(amount.scaleb(2).to_integral_value()))


def _still_out(found: ReceiptList, each: Listed) -> bool:
    """A receipt by which goods are with the customer."""
    return not each.is_refund and each.way in HANDS_OVER and found.left_of(each) > Money(0)
