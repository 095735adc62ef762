"""What is to be done for a step of write-back: nothing, a write, a person's decision, or wait. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]

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


def kept_shipment(shipment: Row) -> dict[str, Any]:
    """The fields of a shipment that go back with every update of it, as they were read."""
    return {name: shipment[name] for name in SHIPMENT_FIELDS if _is_scalar(shipment.get(name))}


def _is_scalar(value: object) -> bool:
    """Null cannot be sent in a batch, and leaving it out leaves it null."""
    return isinstance(value, str | int | Decimal) and not isinstance(value, bool)
