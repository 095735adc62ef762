"""A receipt or a correction as commands, in their order, made before the first one goes out. Pure.

    8Dh → FF0C (our key, buyer …) → {FF46 [FF67] [FF4D]} × lines → 89h → FF45      receipts; corrections from FFD 1.1 on
    FF35 → FF0C (our key, basis …) → FF4A                                          corrections of FFD 1.05: no lines

What the format or the model lacks is said here by name, before anything begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import receipt_tags, states
from posapp.devices.shtrih.receipt_tags import USER_REQUISITE
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.permission import IndustryDetail
from posapp.domain.receipt import PaymentObject, Receipt, ReceiptLine, TenderKind
from posapp.domain.vat import VatRate

PAYMENT_SLOTS = 16
CORRECTION_BIT = 0x80
"""What 8Dh adds to the kind of a correction, from FFD 1.1 on."""
_SLOT = {
    TenderKind.CASH: 0,
    TenderKind.CASHLESS: 1,
    TenderKind.PREPAID: 13,
    TenderKind.CREDIT: 14,
    TenderKind.OTHER: 15,
}
_FLAT_RATES = (
    VatRate.VAT_20,
    VatRate.VAT_10,
    VatRate.VAT_0,
    VatRate.NONE,
    VatRate.VAT_20_120,
    VatRate.VAT_10_110,
)
"""The six sums of FF4A, in their order."""
_NEW_OBJECTS = frozenset(
    (
        PaymentObject.EXCISE_UNMARKED,
        PaymentObject.EXCISE_MARKED,
        PaymentObject.COMMODITY_UNMARKED,
        PaymentObject.COMMODITY_MARKED,
    )
)
Details = Mapping[int, Sequence[IndustryDetail]]
"""What the marking system answered (1260), by the number of the line, from 0."""


class Lacking(ValueError):
    """The format or the model cannot express this receipt; the text says what is lacking, in Russian."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command between opening and closing. With `is_optional` the register's "no" is passed over."""

    command: c.AnyCommand
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The commands of one document; `closing` is FF45 or FF4A, which makes it and goes out once.

    `has_lines`: the register adds them up, and 89h must agree before the end. `leaves_out`: the details of cashless
    payments (1234) are too long for any command; the journal alone has them.
    """

    opening: c.AnyCommand
    steps: tuple[Step, ...]
    closing: c.AnyCommand
    has_lines: bool = True
    leaves_out: bool = False


def depends_on_model(receipt: Receipt) -> bool:
    """Whether models name the rates of this receipt by different bytes."""
    return any(line.vat.value in c.RATES_BY_MODEL for line in receipt.lines)


def has_rate_of_20(receipt: Receipt) -> bool:
    """Whether a line carries the rate that registers set to 2026 may replace; a correction by sums (FF4A) too."""
    return any(line.vat in (VatRate.VAT_20, VatRate.VAT_20_120) for line in receipt.lines)


def depends_on_format(receipt: Receipt, details: Details) -> bool:
    """Whether FFD 1.05 and 1.2 want other commands for this receipt; a plain sale is the same in both."""
    of_lines = any(line.marking or line.measure or line.payment_object in _NEW_OBJECTS for line in receipt.lines)
    return of_lines or bool(receipt.buyer_inn or receipt.correction is not None or details)


def needs_marking(receipt: Receipt, version: Ffd) -> bool:
    """Whether the register must know FF67."""
    return version is Ffd.V1_2 and any(line.marking for line in receipt.lines)


def plan(
    receipt: Receipt,
    password: int,
    key_tag: str = USER_REQUISITE,
    version: Ffd = Ffd.V1_05,
    details: Details | None = None,
    model: str = "",
) -> Plan:
    """The whole document. Raises Lacking and ValueError: nothing has been sent.

    `model` is what the register calls itself (FCh), asked for where `depends_on_model` says so.
    """
    tags = receipt_tags.receipt_tlvs(receipt, key_tag, version)
    steps = [Step(c.SendDocumentTlv(password, blob)) for blob in tags]
    told = receipt_tags.cashless_tlv(receipt) if receipt.cashless else None
    if told is not None:
        steps.append(Step(c.SendDocumentTlv(password, told), is_optional=True))
    left_out = bool(receipt.cashless) and told is None
    if receipt.correction is not None and version is Ffd.V1_05:
        closing_command = correction(receipt, password)
        return Plan(c.BeginCorrection(password), tuple(steps), closing_command, has_lines=False, leaves_out=left_out)
    kind = states.KIND_TO_OPEN[receipt.kind] | (CORRECTION_BIT if receipt.correction is not None else 0)
    steps += lines(receipt, password, version, details or {}, c.rate_bytes(model))
    return Plan(c.OpenReceipt(password, kind), tuple(steps), closing(receipt, password), leaves_out=left_out)


def closing(receipt: Receipt, password: int) -> c.CloseReceipt:
    """FF45 with the tenders in their slots."""
    payments = [0] * PAYMENT_SLOTS
    for tender in receipt.tenders:
        payments[_SLOT[tender.kind]] = tender.amount.kopecks
    return c.CloseReceipt(password, tuple(payments), tax_system=receipt.tax_system.value)


def correction(receipt: Receipt, password: int) -> c.MakeCorrection:
    """FF4A: sums by tender and by rate, as FFD 1.05 wants a correction. It knows sales and buys, and six rates."""
    if receipt.correction is None:
        raise ValueError("no correction")
    if receipt.kind not in (ReceiptKind.SELL, ReceiptKind.BUY):
        raise Lacking("ФФД 1.05 не знает коррекции возврата; делают возврат и новый чек")
    sums = receipt.vat("L")
    unknown = [rate.title for rate in sums if rate not in _FLAT_RATES]
    if unknown:
        raise Lacking(f"чек коррекции ФФД 1.05 не знает ставку {', '.join(unknown)}; делают возврат и новый чек")
    return c.MakeCorrection(
        password,
        correction_type=receipt.correction.type.value,
        kind=receipt.kind.value,
        total_kopecks=receipt.total.kopecks,
        payments_kopecks=tuple(receipt.tender(kind).kopecks for kind in _SLOT),
        taxes_kopecks=tuple(sums[rate].kopecks if rate in sums else 0 for rate in _FLAT_RATES),
        tax_system=receipt.tax_system.value,
    )


def lines(receipt: Receipt, password: int, version: Ffd, details: Details, rates: Mapping[int, int]) -> Iterator[Step]:
    """FF46 for every line, then its marking code and its own tags where it has any."""
    for number, line in enumerate(receipt.lines):
        yield Step(operation(line, receipt.kind, password, version, rates))
        if line.marking and version is Ffd.V1_2:
            yield Step(c.BindMarking(password, receipt_tags.marking_bytes(line)))
        for blob in receipt_tags.line_tlvs(line, version, details.get(number, ())):
            yield Step(c.SendItemTlv(password, blob))


def operation(
    line: ReceiptLine,
    kind: ReceiptKind,
    password: int,
    version: Ffd = Ffd.V1_05,
    rates: Mapping[int, int] = c.RATE_BYTE,
) -> c.Operation:
    """FF46. The register computes the tax; the sum is ours, and it must agree within a kopeck."""
    name = line.name if not line.name.startswith("//") else f" {line.name}"  # "//" would keep it from the paper
    return c.Operation(
        password,
        kind=kind.value,
        quantity_micro=line.quantity.millionths,
        price_kopecks=line.price.kopecks,
        sum_kopecks=line.line_sum.kopecks,
        tax_kopecks=None,
        rate_byte=rates[line.vat.value],
        department=1,
        payment_method=line.payment_method.value,
        payment_object=receipt_tags.payment_object(line, version).value,
        name=name[:128],
    )
