"""The documents of a correction in plain words with their sums, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence

from posapp.domain.fiscal import DocumentType
from posapp.domain.money import Money, total
from posapp.domain.receipt import Receipt
from posapp.domain.refund import taken_by
from posapp.domain.settlement import Fix
from posapp.domain.terms import CorrectionType, TenderKind
from posapp.domain.vat import VatRate
from posapp.till.differences import kind_text

_TENDERS = {
    TenderKind.CASH: ("наличными", "cash"),
    TenderKind.CASHLESS: ("безналичными", "cashless"),
    TenderKind.PREPAID: ("зачётом предоплаты", "prepaid"),
    TenderKind.CREDIT: ("в кредит", "on credit"),
    TenderKind.OTHER: ("встречным предоставлением", "in kind"),
}
_FORMS = {
    DocumentType.RECEIPT: ("кассовый чек", "receipt"),
    DocumentType.CORRECTION: ("чек коррекции", "correction receipt"),
}
_WHAT = {
    Fix.UNDO: ("отменяет ФД {number}", "takes back FD {number}"),
    Fix.VOID: ("отменяет лишний ФД {number}", "takes back the surplus FD {number}"),
    Fix.REDO: ("правильный вместо ФД {number}", "the right one in place of FD {number}"),
}


def document_words(receipt: Receipt, language: str = "ru") -> str:
    """One document in a line: `чек коррекции, приход, 590,00 ₽: …`."""
    english = language == "en"
    form = _FORMS[receipt.document_type][english]
    paid = ", ".join(f"{_TENDERS[kind][english]} {amount}" for kind, amount in taken_by(receipt).items())
    rates = ", ".join(f"{_rate(rate, language)} – {amount}" for rate, amount in turnovers(receipt).items())
    head = f"{form}, {kind_text(receipt.kind).text(language)}, {receipt.total}: {paid}; {rates}"
    return "; ".join([head, *_refers(receipt, language)])


def _rate(rate: VatRate, language: str) -> str:
    if rate is VatRate.NONE:
        return "no VAT" if language == "en" else "без НДС"
    return f"VAT {rate.title}" if language == "en" else f"НДС {rate.title}"


def _refers(receipt: Receipt, language: str) -> list[str]:
    """What it puts right, and why: 1192, 1173, 1174."""
    english, found = language == "en", []
    fix = receipt.settlement.fix
    if fix is not None and receipt.basis is not None:
        found.append(_WHAT[fix[0]][english].format(number=receipt.basis.document_number))
        found.append(("по ФП {0} (1192)", "sign {0} (1192)")[english].format(receipt.basis.document_sign))
    if receipt.correction is not None:
        told = receipt.correction
        if told.type is CorrectionType.ORDER:
            found.append(("по предписанию {0}", "by order {0}")[english].format(told.number))
        else:
            found.append(("самостоятельно", "by oneself")[english])
        found.append(("за {0:%d.%m.%Y}", "of {0:%Y-%m-%d}")[english].format(told.day))
    return found


def turnovers(receipt: Receipt) -> dict[VatRate, Money]:
    """What was sold at each rate, VAT inside."""
    rates = dict.fromkeys(line.vat for line in receipt.lines)
    return {rate: total([line.line_sum for line in receipt.lines if line.vat is rate]) for rate in rates}


def document_json(receipt: Receipt, language: str = "ru") -> dict[str, object]:
    """One of `plan` of the command `correct`."""
    told = receipt.correction
    return {
        "form": receipt.document_type.name.lower(),
        "kind": receipt.kind.name.lower(),
        "total_kopecks": receipt.total.kopecks,
        "tenders": {f"{kind.name.lower()}_kopecks": amount.kopecks for kind, amount in taken_by(receipt).items()},
        "rates": [
            {"rate": rate.value, "turnover_kopecks": amount.kopecks} for rate, amount in turnovers(receipt).items()
        ],
        "tax_system": receipt.tax_system.value,
        "replaces_sign": None if receipt.basis is None else receipt.basis.document_sign,
        "correction": None
        if told is None
        else {"type": told.type.name.lower(), "day": told.day.isoformat(), "number": told.number or None},
        "words": document_words(receipt, language),
    }


def plan_json(documents: Sequence[Receipt], language: str = "ru") -> list[dict[str, object]]:
    """All of them, in the order of printing."""
    return [document_json(each, language) for each in documents]
