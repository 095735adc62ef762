"""Stored receipts as views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posapp.domain.fiscal import FiscalMark
from posapp.till.context import Till
from posapp.till.views import ReceiptView

if TYPE_CHECKING:
    from posapp.journal.rows import StoredReceipt


def receipt_view(till: Till, stored: StoredReceipt) -> ReceiptView:
    """What screens show of a stored receipt."""
    receipt, mark = stored.receipt, stored.mark
    printer = till.settings.printer
    return ReceiptView(
        receipt=receipt,
        state=stored.state,
        mark=mark,
        qr=None if mark is None else mark.qr(receipt.total, receipt.kind),
        reason=stored.reason,
        seller=printer.user if printer else "",
        register=till.identity if printer else None,
    )


def mark_text(mark: FiscalMark | None) -> tuple[str, str]:
    """Document number and time for messages."""
    if mark is None:
        return "?", "?"
    return str(mark.document_number), f"{mark.printed_at:%d.%m.%Y %H:%M}"
