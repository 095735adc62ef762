"""The marks of a receipt as Bitrix takes them, from CHECK_URL and by `sale.cashbox.check.apply`."""

from __future__ import annotations

from datetime import tzinfo

from posapp.domain.fiscal import FiscalMark


def marks(mark: FiscalMark, zone: tzinfo) -> dict[str, object]:
    """The seven fields. Numbers with leading zeros go as text.

    `PRINT_END_TIME` must be unix time (trap 54: ISO text breaks the portal). Tag 1012 is local time without a zone, and
    the portal prints it into the receipt's link in the zone of its own server; so it is read in that zone, and the
    link shows the time of the receipt.
    """
    return {
        "REG_NUMBER_KKT": mark.registration_number,
        "FN_NUMBER": mark.storage_number,
        "FISCAL_DOC_NUMBER": str(mark.document_number),
        "FISCAL_DOC_ATTR": mark.document_sign,
        "FISCAL_RECEIPT_NUMBER": str(mark.receipt_number),
        "SHIFT_NUMBER": str(mark.shift_number),
        "PRINT_END_TIME": int(mark.printed_at.replace(tzinfo=zone).timestamp()),
    }
