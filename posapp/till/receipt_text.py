"""A receipt as text, line by line as on the paper – for `receipt show` and for people who read without pictures."""

from __future__ import annotations

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.receipt import TenderKind
from posapp.till.views import ReceiptView

WIDTH = 48
KINDS = {
    ReceiptKind.SELL: "ПРИХОД",
    ReceiptKind.SELL_REFUND: "ВОЗВРАТ ПРИХОДА",
    ReceiptKind.BUY: "РАСХОД",
    ReceiptKind.BUY_REFUND: "ВОЗВРАТ РАСХОДА",
}
TENDERS = {
    TenderKind.CASH: "НАЛИЧНЫМИ",
    TenderKind.CASHLESS: "БЕЗНАЛИЧНЫМИ",
    TenderKind.PREPAID: "ПРЕДОПЛАТОЙ (АВАНС)",
    TenderKind.CREDIT: "В КРЕДИТ",
    TenderKind.OTHER: "ВСТРЕЧНЫМ ПРЕДОСТАВЛЕНИЕМ",
}


def text_of(view: ReceiptView, vat_formula: str = "L") -> str:
    """The receipt in lines of 48 characters."""
    receipt, mark = view.receipt, view.mark
    lines = [view.seller.center(WIDTH).rstrip()] if view.seller else []
    if receipt.is_training:
        lines.append("УЧЕБНЫЙ ЧЕК – НЕ НАСТОЯЩИЙ".center(WIDTH).rstrip())
    lines += ["КАССОВЫЙ ЧЕК".center(WIDTH).rstrip(), KINDS[receipt.kind].center(WIDTH).rstrip()]
    for line in receipt.lines:
        lines.append(line.name)
        quantity = str(line.quantity).replace(".", ",")
        lines.append(_row(f"  {quantity} × {line.price}, НДС {line.vat.title}", str(line.line_sum)))
    lines.append(_row("ИТОГ", str(receipt.total)))
    lines += [_row(TENDERS[each.kind], str(each.amount)) for each in receipt.tenders]
    if receipt.change:
        lines.append(_row("СДАЧА", str(receipt.change)))
    lines += [_row(f"НДС {rate.title}", str(value)) for rate, value in receipt.vat(vat_formula).items()]
    lines.append(_row("КАССИР", receipt.cashier))
    if mark is None:
        lines.append(f"СОСТОЯНИЕ: {view.state.value} {view.reason}".rstrip())
    else:
        lines += [
            _row(f"{mark.printed_at:%d.%m.%Y %H:%M}", f"СМЕНА {mark.shift_number} ЧЕК {mark.receipt_number}"),
            _row(f"РН ККТ {mark.registration_number}", f"ФН {mark.storage_number}"),
            _row(f"ФД {mark.document_number}", f"ФП {mark.document_sign}"),
            view.qr or "",
        ]
    return "\n".join(lines)


def _row(left: str, right: str) -> str:
    return f"{left} {right:>{max(0, WIDTH - len(left) - 1)}}"
