"""Between domain objects and columns, both ways. The order of the columns of each `SELECT` is the order read here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zlib import crc32

from posapp.domain.fiscal import DeviceIdentity, FiscalDocument, FiscalMark, ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import State
from posapp.journal.rows import Attempt, AuditRecord, KnownDevice, LogRow, Operation, OutboxEntry, StoredReceipt

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Record = tuple[Any, ...]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_encode_loosely = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


# ------------------------------------------------------------------------------------------------ small values
def micros(at: datetime) -> int:
    """A moment as the journal keeps it: whole microseconds since 1970 UTC. Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"a moment in the journal has a zone: {at}")
    return (at - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """The reverse of `micros`, in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def moment_or_none(value: int | None) -> datetime | None:
    """`moment` for a column that may be null."""
    return None if value is None else moment(value)


def text_of(body: Mapping[str, object]) -> str:
    """JSON that is read back by the program. Raises TypeError for what JSON cannot hold, so that nothing is altered."""
    return _encode(dict(body))


def evidence_text(body: Mapping[str, object]) -> str:
    """JSON for people and messages: what JSON cannot hold becomes its text, for evidence must never be refused."""
    return _encode_loosely(dict(body))


def body_of(text: str) -> dict[str, Any]:
    """The reverse of both."""
    body: dict[str, Any] = json.loads(text)
    return body


def number_key(number: str) -> str:
    """An order's number as it is searched: without case and outer spaces."""
    return number.strip().casefold()


# ------------------------------------------------------------------------------------------------ orders
def order_columns(order: Order, is_claimed: bool) -> dict[str, object]:
    """A row of `orders`."""
    buyer = order.buyer
    search = (order.number, buyer.name, buyer.company, buyer.phone, buyer.address)
    return {
        "portal": order.portal,
        "order_id": order.order_id,
        "number": order.number,
        "number_key": number_key(order.number),
        "is_courier": order.is_courier,
        "is_claimed": is_claimed,
        "pulled_at": order.pulled_at.isoformat(),
        "search": "\n".join(each for each in search if each).casefold(),
        "body": _encode(_order_body(order)),
    }


def _order_body(order: Order) -> dict[str, object]:
    """Everything but `pulled_at`, so that an unchanged order has an unchanged body."""
    buyer = order.buyer
    return {
        "portal": order.portal,
        "order_id": order.order_id,
        "number": order.number,
        "version": order.version,
        "status_id": order.status_id,
        "is_cancelled": order.is_cancelled,
        "price": order.price.kopecks,
        "lines": [_line_body(line) for line in order.lines],
        "payments": [
            {
                "payment_id": each.payment_id,
                "pay_system_id": each.pay_system_id,
                "pay_system": each.pay_system,
                "amount": each.amount.kopecks,
                "is_paid": each.is_paid,
                "is_inner": each.is_inner,
                "prints_receipt": each.prints_receipt,
            }
            for each in order.payments
        ],
        "shipments": [_shipment_body(each) for each in order.shipments],
        "buyer": {
            "name": buyer.name,
            "phone": buyer.phone,
            "email": buyer.email,
            "address": buyer.address,
            "company": buyer.company,
            "inn": buyer.inn,
        },
        "updated_at": order.updated_at,
        "comment": order.comment,
        "delivery_window": order.delivery_window,
        "delivery_date": order.delivery_date,
        "is_courier": order.is_courier,
        "problems": list(order.problems),
    }


def _shipment_body(shipment: OrderShipment) -> list[object]:
    body: list[object] = [shipment.shipment_id, shipment.is_deducted]
    if not shipment.items and not shipment.delivery:
        return body
    return [*body, [[number, str(quantity)] for number, quantity in shipment.items], shipment.delivery.kopecks]


def _shipment_of(body: list[Any]) -> OrderShipment:
    items, delivery = body[2] if len(body) > 2 else [], body[3] if len(body) > 3 else 0
    held = tuple((number, Quantity(Decimal(each))) for number, each in items)
    return OrderShipment(body[0], body[1], held, Money(delivery))


def _line_body(line: OrderLine) -> dict[str, object]:
    return {
        "name": line.name,
        "quantity": str(line.quantity),
        "price": line.price.kopecks,
        "vat_row": line.vat_row,
        "vat_percent": None if line.vat_percent is None else str(line.vat_percent),
        "product_id": line.product_id,
        "base_price": None if line.base_price is None else line.base_price.kopecks,
        "measure": line.measure,
        "is_delivery": line.is_delivery,
    } | ({"basket_id": line.basket_id} if line.basket_id else {})


def order_of(record: Record) -> Order:
    """An order from (body, pulled_at)."""
    body = body_of(record[0])
    body["price"] = Money(body["price"])
    body["lines"] = tuple(_line_of(line) for line in body["lines"])
    body["payments"] = tuple(OrderPayment(**{**each, "amount": Money(each["amount"])}) for each in body["payments"])
    body["shipments"] = tuple(map(_shipment_of, body["shipments"]))
    body["buyer"] = Buyer(**body["buyer"])
    body["problems"] = tuple(body["problems"])
    return Order(**body, pulled_at=datetime.fromisoformat(record[1]))


def _line_of(body: dict[str, Any]) -> OrderLine:
    percent, base = body["vat_percent"], body["base_price"]
    return OrderLine(
        **{
            **body,
            "quantity": Quantity(Decimal(body["quantity"])),
            "price": Money(body["price"]),
            "vat_percent": None if percent is None else Decimal(percent),
            "base_price": None if base is None else Money(base),
        }
    )


# ------------------------------------------------------------------------------------------------ receipts
def receipt_columns(receipt: Receipt, state: State, reason: str, now: int) -> dict[str, object]:
    """A row of `receipts` for a new receipt."""
    settlement = receipt.settlement
    return {
        "key": receipt.key,
        "settlement": settlement.id,
        "portal": settlement.portal,
        "order_id": settlement.order_id,
        "kind": settlement.kind.value,
        "total_kopecks": receipt.total.kopecks,
        "state": state.value,
        "reason": reason,
        "attempts": 0,
        "created_at": now,
        "changed_at": now,
        "body": _with_check(_encode(receipt.as_json())),
    }


_CHECK = ',"check":"'


def _with_check(body: str) -> str:
    """The body with a checksum of itself behind everything else: one bit that a disk turned is seen by a salvage.

    Whoever reads the receipt reads it as before; bodies of programs that wrote none are taken as they are.
    """
    return f'{body[:-1]}{_CHECK}{crc32(body.encode("utf-8", "surrogatepass")):08x}"}}'


def is_body_of(text: str, made: Mapping[str, object]) -> bool:
    """Whether a stored body is that of the row `made` from it, its checksum included where it has one."""
    body = str(made["body"])
    return text == body or (_CHECK not in text and text == body.partition(_CHECK)[0] + "}")


_MARK_FIELDS = tuple(each.name for each in fields(FiscalMark))


def mark_text(mark: FiscalMark) -> str:
    """What `FiscalMark.as_json` says, without the deep copies that take longer than the rest of the transaction."""
    body = {name: getattr(mark, name) for name in _MARK_FIELDS}
    body["printed_at"] = mark.printed_at.isoformat(timespec="seconds")
    return _encode(body)


def receipt_of(record: Record) -> StoredReceipt:
    """From (body, state, reason, mark, fiscalized_at, attempts)."""
    body, state, reason, mark, fiscalized_at, attempts = record
    return StoredReceipt(
        receipt=Receipt.from_json(body_of(body)),
        state=State(state),
        reason=reason,
        mark=None if mark is None else FiscalMark.from_json(body_of(mark)),
        fiscalized_at=moment_or_none(fiscalized_at),
        attempts=attempts,
    )


def attempt_of(record: Record) -> Attempt:
    """From the columns of `attempts` in the order of the class."""
    return Attempt(
        id=record[0],
        key=record[1],
        number=record[2],
        device=DeviceIdentity(*record[3:6]),
        last_document=record[6],
        shift_number=record[7],
        started_at=moment(record[8]),
        ended_at=moment_or_none(record[9]),
        outcome=record[10],
        evidence=body_of(record[11]),
    )


def operation_of(record: Record) -> Operation:
    """From the columns of `operations` in the order of the class."""
    return Operation(
        id=record[0],
        kind=record[1],
        amount=None if record[2] is None else Money(record[2]),
        device=DeviceIdentity(*record[3:6]),
        state=record[6],
        before=body_of(record[7]),
        evidence=body_of(record[8]),
        cashier=record[9],
        started_at=moment(record[10]),
        ended_at=moment_or_none(record[11]),
    )


def device_columns(device: DeviceIdentity) -> dict[str, object]:
    """The three columns that name a register and its storage."""
    return {
        "factory_number": device.factory_number,
        "registration_number": device.registration_number,
        "storage_number": device.storage_number,
    }


def device_of(record: Record) -> KnownDevice:
    """From (factory, registration and storage number, last document)."""
    return KnownDevice(DeviceIdentity(*record[:3]), record[3])


def document_text(document: FiscalDocument) -> str:
    """A document of another program, whole."""
    return _encode(
        {
            "number": document.number,
            "type": document.type,
            "sign": document.sign,
            "at": document.at.isoformat(),
            "kind": None if document.kind is None else document.kind.value,
            "total": None if document.total is None else document.total.kopecks,
            "shift_number": document.shift_number,
            "receipt_number": document.receipt_number,
            "stamp": document.stamp,
            "whole": document.whole,
        }
    )


def document_of(record: Record) -> FiscalDocument:
    """The reverse of `document_text`, from (body,)."""
    body = body_of(record[0])
    body["at"] = datetime.fromisoformat(body["at"])
    body["kind"] = None if body["kind"] is None else ReceiptKind(body["kind"])
    body["total"] = None if body["total"] is None else Money(body["total"])
    return FiscalDocument(**body)


# ------------------------------------------------------------------------------------------------ outbox and log
def entry_of(record: Record) -> OutboxEntry:
    """From the columns of `outbox` in the order of the class."""
    return OutboxEntry(
        id=record[0],
        receipt_key=record[1],
        step=record[2],
        order_id=record[3],
        order_number=record[4],
        portal=record[5],
        body=body_of(record[6]),
        state=record[7],
        tries=record[8],
        created_at=moment(record[9]),
        due_at=moment(record[10]),
        code=record[11],
        facts=body_of(record[12]),
        is_unsure=bool(record[13]),
        proof=record[14],
    )


def log_row_of(record: Record) -> LogRow:
    """From the columns of `sync_log` in the order of the class, then the entry's state and its receipt."""
    return LogRow(record[0], moment(record[1]), *record[2:])


# ------------------------------------------------------------------------------------------------ audit log
def audit_of(record: Record) -> AuditRecord:
    """From the columns of `audit` in the order of the class."""
    record_id, at, who, what, subject, why, facts, previous, own = record
    return AuditRecord(record_id, moment(at), who, what, subject, why, _facts_of(facts), previous, own)


def _facts_of(text: str) -> dict[str, object]:
    """Facts of a record; of one that somebody has changed, whatever stands there."""
    try:
        return body_of(text)
    except ValueError:
        return {"?": text}
