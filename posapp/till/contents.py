"""Is the document in the storage, line by line, the receipt that the journal keeps? Pure.

Compared are only numbers that a register must not change: how many lines, their sums (1043) and rates (1199), and how
it was paid (1031, 1081, 1215–1217; cash less the change). Names it may shorten and spell its own way. A document that
cannot be read as a receipt of this program's making says nothing here; kind, total, sign and key were compared before.
"""

from __future__ import annotations

from posapp.domain import ffd
from posapp.domain.correction_sums import ROUNDED_MAX
from posapp.domain.money import ZERO, Money
from posapp.domain.readback import is_by_sums, receipt_from, sums_of
from posapp.domain.receipt import Receipt, TenderKind
from posapp.domain.settlement import Stamp
from posapp.domain.vat import VatRate
from posapp.till.reconcile_views import Phrase, versus

_TENDERS = {
    TenderKind.CASH: Phrase("наличными", "cash"),
    TenderKind.CASHLESS: Phrase("безналичными", "cashless"),
    TenderKind.PREPAID: Phrase("предоплатой", "prepaid"),
    TenderKind.CREDIT: Phrase("в кредит", "on credit"),
    TenderKind.OTHER: Phrase("встречным предоставлением", "in kind"),
}


def of_contents(receipt: Receipt, tlv: bytes) -> list[Phrase]:
    """What the document's TLV shows otherwise than the receipt; nothing for one that is not here."""
    if not tlv:
        return []
    stamp = Stamp(receipt.till, receipt.order_number, receipt.key)
    try:
        entries = ffd.read_document(tlv).entries
        shown = receipt_from(
            entries, stamp, receipt.settlement, now=receipt.created_at, is_training=receipt.is_training
        )
    except ValueError:  # BadTlv is one too
        return []
    told = _rates(sums_of(entries), receipt) if is_by_sums(entries) else _lines(shown, receipt)
    return [*told, *_tenders(shown, receipt)]


def _rates(shown: dict[VatRate, Money], kept: Receipt) -> list[Phrase]:
    """A correction without lines: which rates, and what it says of each – VAT, for 0 % and without VAT the turnover."""
    here = {rate: amount for rate, amount in kept.vat("L").items() if amount}
    return [
        versus(Phrase(rate.title, rate.title), str(shown.get(rate, ZERO)), str(here.get(rate, ZERO)))
        for rate in dict.fromkeys((*shown, *here))
        if abs((shown.get(rate, ZERO) - here.get(rate, ZERO)).kopecks) > ROUNDED_MAX
        or (rate in shown) is not (rate in here)
    ]


def _lines(shown: Receipt, kept: Receipt) -> list[Phrase]:
    if len(shown.lines) != len(kept.lines):
        return [versus(Phrase("строк", "lines"), str(len(shown.lines)), str(len(kept.lines)))]
    found = []
    for number, (there, here) in enumerate(zip(shown.lines, kept.lines, strict=True), 1):
        if there.line_sum != here.line_sum:
            name = Phrase(f"строка {number}: сумма", f"line {number}: sum")
            found.append(versus(name, str(there.line_sum), str(here.line_sum)))
        if there.vat is not here.vat:
            name = Phrase(f"строка {number}: ставка", f"line {number}: rate")
            found.append(versus(name, there.vat.title, here.vat.title))
    return found


def _tenders(shown: Receipt, kept: Receipt) -> list[Phrase]:
    there, here = _paid(shown), _paid(kept)
    return [
        versus(words, str(Money(there[kind])), str(Money(here[kind])))
        for kind, words in _TENDERS.items()
        if there[kind] != here[kind]
    ]


def _paid(receipt: Receipt) -> dict[TenderKind, int]:
    """Kopecks by kind, the change taken off the cash."""
    paid = dict.fromkeys(TenderKind, 0)
    for each in receipt.tenders:
        paid[each.kind] += each.amount.kopecks
    paid[TenderKind.CASH] -= receipt.change.kopecks
    return paid
