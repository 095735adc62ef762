"""The tasks that make receipts and corrections: read whole first, then done step by step like the vendor's scripts.

`receipt_of` reads a task and says what is wrong with it before anything is done; `make` cancels what an earlier
program left open, opens, registers, pays and closes. A refusal after the opening cancels the receipt, as the scripts
do; a cable or power cut (raised by `Acts.step`) leaves it where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from posapp.devices.base import Ffd
from posapp.devices.simulator import atol_errors as e
from posapp.devices.simulator import atol_values as words
from posapp.devices.simulator.atol_acts import BAD_FFD, NAME_MAX, OLD_KINDS, Acts, Denied, Line, Tenders
from posapp.devices.simulator.atol_fields import Fields, TaskError
from posapp.devices.simulator.atol_tags import (
    attribute_tags,
    correction_tags,
    document_tags,
    item_tags,
    operator_tags,
)
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.receipt import clipped, line_sum
from posapp.domain.money import Money
from posapp.domain.vat import VatRate, line_vat

ITEM_KINDS = frozenset(
    ("position", "text", "barcode", "pictureFromMemory", "pixels", "userAttribute", "additionalAttribute")
)
FLAT_TAXES = {1: 0, 2: 1, 5: 2, 6: 3, 3: 4, 4: 5}
"""Tag 1199 → place among the six sums of a correction of FFD 1.05."""
NO_TAX = frozenset((5, 6))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A task that was understood. `total` None = the sum of the items; `taxes` None = computed from them."""

    kind: int
    is_correction: bool
    is_electronic: bool
    tax_system: int
    tags: tuple[bytes, ...]
    lines: tuple[Line, ...]
    texts: tuple[str, ...]
    tail: tuple[str, ...]
    tenders: Tenders
    total: int | None
    correction_type: int = 0
    taxes: tuple[int, ...] | None = None


def receipt_of(task: Fields, version: Ffd) -> Receipt:
    """The receipt that a task asks for. TaskError for what cannot be understood, Denied for what no tag can hold."""
    kind_word = task.words("type")
    is_correction = kind_word in words.CORRECTION_KINDS
    by_sums = is_correction and version is Ffd.V1_05
    task.need(*(("payments",) if by_sums else ("items", "payments")))
    items = task.children("items")
    around = [*task.children("preItems"), *items, *task.children("postItems")]
    for item in around:
        if item.words("type") not in ITEM_KINDS:
            raise item.wrong("type")
    lines = tuple(_line(item, version) for item in items if item.text("type") == "position")
    if not lines and not by_sums:
        raise TaskError(e.PARSE_ERROR, 'Некорректное значение поля "items" (нет позиций)')
    tags = [*operator_tags(task), *document_tags(task, version), *attribute_tags(around)]
    if is_correction:
        tags = [*correction_tags(task, version), *tags]
    return Receipt(
        kind=words.CORRECTION_KINDS[kind_word] if is_correction else words.KINDS[kind_word],
        is_correction=is_correction,
        is_electronic=task.flag("electronically"),
        tax_system=task.word("taxationType", words.TAX_SYSTEMS, required=False) or 0,
        tags=tuple(tags),
        lines=lines,
        texts=tuple(_printed([*task.children("preItems"), *items])),
        tail=tuple(_printed(task.children("postItems"))),
        tenders=_tenders(task),
        total=task.kopecks("total"),
        correction_type=task.choice("correctionType", words.CORRECTIONS, 0) if is_correction else 0,
        taxes=_taxes(task) if by_sums else None,
    )


def make(acts: Acts, receipt: Receipt) -> StoredDocument:
    """Does it. Denied: no document was made, and no receipt is left open."""
    acts.cancel_if_open()
    if receipt.is_correction and acts.ffd is Ffd.V1_05:
        return _correct_by_sums(acts, receipt)
    acts.open_receipt(receipt.kind, is_correction=receipt.is_correction, is_electronic=receipt.is_electronic)
    try:
        acts.print_text(receipt.texts)
        acts.add_tags(receipt.tags)
        for line in receipt.lines:
            acts.add_line(line)
        document = acts.close_receipt(receipt.tenders, receipt.tax_system, receipt.total)
    except Denied:
        acts.cancel_if_open()
        raise
    _print_tail(acts, receipt)
    return document


def _print_tail(acts: Acts, receipt: Receipt) -> None:
    """What comes after the document; when it cannot be printed the document stands all the same."""
    try:
        if not receipt.is_electronic:
            acts.print_text(receipt.tail)
    except Denied as refusal:
        acts.printer.print_lines(f"не напечатано: {refusal}")


def _correct_by_sums(acts: Acts, receipt: Receipt) -> StoredDocument:
    if receipt.kind not in OLD_KINDS:
        raise Denied(BAD_FFD)
    owed = receipt.total
    if owed is None and receipt.lines:
        owed = sum(_sum_of(line) for line in receipt.lines)
    if owed is not None and owed != receipt.tenders.total:
        raise Denied(e.REFUSALS[0x45 if receipt.tenders.total < owed else 0x4D])
    taxes = receipt.taxes if receipt.taxes is not None else _taxes_of_lines(receipt.lines)
    return acts.correct_by_sums(
        receipt.kind, receipt.correction_type, receipt.tags, receipt.tenders, taxes, receipt.tax_system
    )


# --- one item


def _line(item: Fields, version: Ffd) -> Line:
    item.need("name", "price", "quantity", "amount")
    tax = item.child("tax")
    if tax is None:
        raise TaskError(e.PARSE_ERROR, f'Поле "{item.name("tax")}" отсутствует')
    return Line(
        name=clipped(item.words("name"), NAME_MAX),
        price_kopecks=item.kopecks("price") or 0,
        quantity_micro=item.micro("quantity") or 0,
        rate=tax.word("type", words.RATES),
        sum_kopecks=item.kopecks("amount"),
        payment_method=item.choice("paymentMethod", words.METHODS, 4),
        payment_object=item.choice("paymentObject", words.OBJECTS, 1),
        department=item.whole("department") or 0,
        tlv=item_tags(item, version),
        marking=_marking(item, version),
    )


def _marking(item: Fields, version: Ffd) -> bytes | None:
    """The code of marked goods: `imcParams.imc` in FFD 1.2, `markingCode.mark` before it."""
    new, old = item.child("imcParams"), item.child("markingCode")
    if new is not None:
        if version is not Ffd.V1_2:
            raise TaskError(e.MARKING_OLD_FORMAT)
        return new.base64("imc", required=True)
    if old is not None:
        if version is Ffd.V1_2:
            raise TaskError(e.PROPERTY_DENIED)
        return old.base64("mark", required=True)
    return None


def _printed(items: list[Fields]) -> list[str]:
    """The lines of text among the items."""
    return [item.words("text", required=False) for item in items if item.text("type") == "text"]


def _sum_of(line: Line) -> int:
    return line_sum(line.price_kopecks, line.quantity_micro) if line.sum_kopecks is None else line.sum_kopecks


# --- payments and taxes


def _tenders(task: Fields) -> Tenders:
    sums: dict[str, int] = {}
    for payment in task.children("payments", required=True):
        name = payment.word("type", words.PAYMENTS)
        sums[name] = sums.get(name, 0) + (payment.kopecks("sum", required=True) or 0)
    return Tenders(**sums)


def _taxes(task: Fields) -> tuple[int, ...] | None:
    """The six sums of `taxes`; None when there is no such field."""
    if not task.has("taxes"):
        return None
    sums = [0] * 6
    for tax in task.children("taxes"):
        rate = tax.word("type", words.RATES)
        sums[_flat(rate)] += tax.kopecks("sum", required=True) or 0
    return tuple(sums)


def _taxes_of_lines(lines: tuple[Line, ...]) -> tuple[int, ...]:
    """The same, computed: the tax of each item, and for what has none its turnover."""
    sums = [0] * 6
    for line in lines:
        whole = _sum_of(line)
        kopecks = whole if line.rate in NO_TAX else line_vat(Money(whole), VatRate(line.rate)).kopecks
        sums[_flat(line.rate)] += kopecks
    return tuple(sums)


def _flat(rate: int) -> int:
    if rate not in FLAT_TAXES:
        raise Denied(e.Refusal(e.INVALID_TAX_TYPE, e.NO_BYTE))
    return FLAT_TAXES[rate]
