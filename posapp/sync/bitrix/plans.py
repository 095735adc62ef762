"""What is to be done for a step of write-back: nothing, a write, a person's decision, or wait. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from posapp.sync.bitrix.parsing import as_flag, as_int, as_rows, as_text, as_time

Row = Mapping[str, Any]
"""An order as `sale.order.get` shows it, a part of it, or the body of an outbox entry."""

# `sale.shipment.update` is not partial: what is not sent is reset – `deducted` returns goods to stock, prices become 0.
# So everything that may be written goes back as it was read, except what the portal itself sets on deducting.
SHIPMENT_FIELDS = (
    "allowDelivery", "basePriceDelivery", "comments", "companyId", "customPriceDelivery", "dateAllowDelivery",
    "deliveryDocDate", "deliveryDocNum", "deliveryId", "discountPrice", "empAllowDeliveryId", "empResponsibleId",
    "externalDelivery", "id1c", "marked", "priceDelivery", "reasonMarked", "responsibleId", "statusId",
    "trackingDescription", "trackingLastCheck", "trackingNumber", "trackingStatus", "updated1c", "version1c", "xmlId",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """The portal already holds it; `proof` names by which ids."""

    proof: str


@dataclass(frozen=True, slots=True)
class Write:
    """Commands to send, all of them for this one step: (method, parameters).

    `is_part`: their answers do not show the order, and the step is not done with them; it is read again and goes on.
    """

    commands: tuple[tuple[str, dict[str, Any]], ...]
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Must not be written; a person decides. `code` is of the error table, `facts` fill its words."""

    code: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Later:
    """An earlier step of the receipt is not on the portal yet."""


Plan = Done | Write | Conflict | Later


def number_of(row: Row) -> str:
    """The order's number as people see it."""
    return as_text(row.get("accountNumber")) or as_text(row.get("id"))


def differs(row: Row, what: str) -> Conflict:
    """The order is no longer what the receipt was made for; `what`: in words, how."""
    return Conflict("portal_differs", {"order": number_of(row), "what": what})


def payment_of(row: Row, body: Row) -> Row | None:
    """The order's payment that an outbox entry is about; None when the order has it no more."""
    wanted = as_int(body.get("payment_id"))
    return next((each for each in as_rows(row.get("payments")) if as_int(each.get("id")) == wanted), None)


def update_payment(payment: Row, fields: Mapping[str, str]) -> Write:
    """`sale.payment.update` of these fields.

    It wants `paySystemId` every time, which goes back as read, whatever was taken at the till. A payment that is paid
    is said to be paid: the documentation, and some kernels, take an omitted `paid` for N. One that is not is left
    alone, for the buyer may be paying it at this very moment. Its company goes back too: left out it becomes none.
    """
    kept: dict[str, object] = {"paid": "Y"} if as_flag(payment.get("paid")) else {}
    if company := as_int(payment.get("companyId")):
        kept["companyId"] = company
    given = {"paySystemId": as_int(payment.get("paySystemId")), **kept, **fields}
    return Write((("sale.payment.update", {"id": as_int(payment.get("id")), "fields": given}),))


def offset_time(row: Row) -> datetime:
    """A moment by the portal's clock, for the offset with which dates are written there."""
    return as_time(row.get("dateUpdate")) or as_time(row.get("dateInsert")) or datetime(2026, 1, 1, tzinfo=UTC)


def is_goods(shipment: Row) -> bool:
    """Goods leave by it: it is not cancelled, nor the portal's own, which holds what no other shipment holds."""
    return as_flag(shipment.get("canceled")) is not True and as_flag(shipment.get("system")) is not True


def kept_shipment(shipment: Row) -> dict[str, Any]:
    """The fields of a shipment that go back with every update of it, as they were read."""
    return {name: shipment[name] for name in SHIPMENT_FIELDS if _is_scalar(shipment.get(name))}


def _is_scalar(value: object) -> bool:
    """Null cannot be sent in a batch, and leaving it out leaves it null."""
    return isinstance(value, str | int | Decimal) and not isinstance(value, bool)
