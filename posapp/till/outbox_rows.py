"""What the portal has to be told because a receipt was made: the rows that are committed together with its mark."""

from __future__ import annotations

from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.receipt import Receipt
from posapp.journal.rows import NewEntry
from posapp.till.context import Till


def entries_for(till: Till, receipt: Receipt, mark: FiscalMark) -> list[NewEntry]:
    """mark → payment → status → stock for a sale of an order; nothing for other receipts yet."""
    if receipt.kind is not ReceiptKind.SELL or receipt.settlement.portal == "" or till.settings.portal is None:
        return []
    payment_id = int(receipt.settlement.part)
    total = receipt.total.kopecks
    bodies: dict[str, dict[str, object]] = {
        "mark": {"payment_id": payment_id, "key": receipt.key, "mark": mark.as_json(), "total_kopecks": total},
        "payment": {"payment_id": payment_id, "key": receipt.key, "total_kopecks": total},
        "status": {"status": till.settings.portal.final_status},
        "stock": {},
    }
    return [
        NewEntry(step, receipt.settlement.order_id, receipt.order_number, receipt.settlement.portal, body)
        for step, body in bodies.items()
    ]
