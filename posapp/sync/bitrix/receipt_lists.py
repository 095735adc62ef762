"""Where the list of receipts stands in an order of Bitrix (rule 15): a text field of its payments and shipments. Pure.

What settles a payment stands in that payment; a hand-over of goods that were paid before, which has no payment, stands
in its shipment. Which field of a payment it is was chosen at set-up; a shipment has only its comment. Reading looks
into every field that may be chosen, so that a shop may choose another one later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from posapp.domain.receipt_list import ReceiptList, parse
from posapp.domain.settlement import handover_part
from posapp.sync.bitrix.parsing import as_int, as_rows, as_text

Row = Mapping[str, Any]

COMMENTS, STATUS_MESSAGE = "comments", "psStatusMessage"
FIELDS: Mapping[str, int] = {COMMENTS: 4_000, STATUS_MESSAGE: 250}
"""Fields of a payment that may hold the list, and how long its text may become there (reference: Bitrix REST 3.2).

`comments` is a text column; we stop far below what it holds. `psStatusMessage` is cut by the portal at 250: two or
three receipts.
"""
SHIPMENT_MAX = FIELDS[COMMENTS]


def list_of(entity: Row) -> ReceiptList:
    """The receipts that a payment or a shipment carries."""
    found = ReceiptList()
    for name in FIELDS:
        found = found.merged(parse(as_text(entity.get(name))))
    return found


def lists_of(row: Row) -> Iterator[tuple[str, ReceiptList]]:
    """From a row of `sale.order.get`: the part of the order that is settled (`Settlement.part`) and its receipts."""
    for payment in as_rows(row.get("payments")):
        yield str(as_int(payment.get("id")) or 0), list_of(payment)
    for shipment in as_rows(row.get("shipments")):
        yield handover_part(as_int(shipment.get("id")) or 0), list_of(shipment)


def receipts_of(row: Row) -> ReceiptList:
    """All receipts of an order."""
    found = ReceiptList()
    for _, each in lists_of(row):
        found = found.merged(each)
    return found
