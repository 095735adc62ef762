"""Stored receipts as views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posapp.domain.fiscal import FiscalMark
from posapp.domain.registration import FNS_SITE, FormProfile, Registration
from posapp.settings import PrinterSettings
from posapp.till import marking
from posapp.till.context import Till
from posapp.till.views import ReceiptView

if TYPE_CHECKING:
    from posapp.journal.rows import StoredReceipt


def receipt_view(till: Till, stored: StoredReceipt) -> ReceiptView:
    """What screens show of a stored receipt."""
    receipt, mark = stored.receipt, stored.mark
    return ReceiptView(
        receipt=receipt,
        state=stored.state,
        mark=mark,
        qr=None if mark is None else mark.qr(receipt.total, receipt.kind),
        reason=stored.reason,
        profile=form_profile(till.settings.printer),
        verdicts=_verdicts(till, stored),
    )


def _verdicts(till: Till, stored: StoredReceipt) -> dict[int, int]:
    """Tag 2106 of the marked lines, as the register said it in the try that made the document."""
    if stored.mark is None or not any(line.marking for line in stored.receipt.lines):
        return {}
    attempt = till.journal.last_attempt(stored.receipt.key)
    found = () if attempt is None else marking.verdicts_of(attempt.evidence)
    return {each.line: each.register.result for each in found if each.register is not None}


def form_profile(printer: PrinterSettings | None) -> FormProfile:
    """What is known of the paper of the register that is set up."""
    if printer is None:
        return FormProfile()
    return FormProfile(
        registration=Registration(
            user=printer.user,
            inn=printer.inn,
            address=printer.address,
            place=printer.place,
            fns_site=printer.fns_site or FNS_SITE,
            sender=printer.sender,
            factory_number=printer.factory_number,
        ),
        width=printer.width,
        ffd=printer.ffd,
        vat_formula=printer.vat_formula,
        key_tags=printer.key_tags,
    )


def mark_text(mark: FiscalMark | None) -> tuple[str, str]:
    """Document number and time for messages."""
    if mark is None:
        return "?", "?"
    return str(mark.document_number), f"{mark.printed_at:%d.%m.%Y %H:%M}"
