"""Every lawful receipt comes back from the tags of its document, in both formats."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain import ffd
from posapp.domain.readback import receipt_from
from posapp.domain.receipt import CorrectionBasis, OriginalReceipt, Receipt, ReceiptLine, Tender, TenderKind
from posapp.domain.settlement import KEY_PROPERTY, Stamp
from posapp.domain.terms import CorrectionType
from tests.domain.lawful_samples import receipts
from tests.domain.test_receipt import RECEIPT


def document(receipt: Receipt, *, is_1_2: bool) -> bytes:
    """The document's tags as a register writes them, said here once more."""
    values: list[Any] = [
        (1054, receipt.kind.value),
        (1055, receipt.tax_system.value),
        (1020, receipt.total.kopecks),
        (1021, receipt.cashier),
        (1008, receipt.buyer_contact),
        (1009, "Москва, Лесная, 5"),
        (1187, "Магазин"),
        (1084, ((1085, KEY_PROPERTY), (1086, Stamp(receipt.till, receipt.order_number, receipt.key).text()))),
    ]
    if receipt.cashier_inn:
        values.append((1203, receipt.cashier_inn))
    buyer = [(1227, receipt.buyer_name)] + ([(1228, receipt.buyer_inn)] if receipt.buyer_inn else [])
    values += [(1256, tuple(buyer))] if is_1_2 else buyer
    if receipt.is_internet:
        values.append((1125, 1))
    for kind in TenderKind:
        change = receipt.change.kopecks if kind is TenderKind.CASH else 0
        values.append((kind.value, receipt.tender(kind).kopecks - change))
    values += [(1059, item(line)) for line in receipt.lines]
    if receipt.cashless:
        told = [((1082, each.amount.kopecks), (1236, each.sign), (1237, each.identifiers), (1238, each.info))
                for each in receipt.cashless]  # fmt: skip
        values.append((1234, tuple((1235, each) for each in told)))
    if receipt.basis is not None:
        values.append((1192, receipt.basis.document_sign))
    if receipt.correction is not None:
        basis = receipt.correction
        inside = ((1177, basis.text), (1178, datetime.combine(basis.day, time())), (1179, basis.number))
        values += [(1173, basis.type.value), (1174, inside)]
    return ffd.encode_all(values)


def item(line: ReceiptLine) -> Any:
    return (
        (1030, line.name), (1079, line.price.kopecks), (1023, line.quantity.value), (1043, line.line_sum.kopecks),
        (1199, line.vat.value), (1214, line.payment_method.value), (1212, line.payment_object.value),
        (2108, line.measure),
    )  # fmt: skip


def read(receipt: Receipt, *, is_1_2: bool = True) -> Receipt:
    entries = ffd.decode(document(receipt, is_1_2=is_1_2))
    stamp = ffd.find(entries, 1084, 1086)
    assert stamp is not None
    parsed = Stamp.parse(str(stamp.value))
    assert parsed is not None
    return receipt_from(entries, parsed, receipt.settlement, now=receipt.created_at, is_training=receipt.is_training)


def as_a_document_knows_it(receipt: Receipt) -> Receipt:
    """Without what no document holds: the change, the code as scanned, place and address of the till's own."""
    tenders = tuple(
        replace(each, amount=each.amount - receipt.change) if each.kind is TenderKind.CASH else each
        for each in receipt.tenders
    )
    basis = receipt.basis and OriginalReceipt(str(int(receipt.basis.document_sign)))
    lines = tuple(replace(line, marking="", name=cp866(line.name)) for line in receipt.lines)
    return replace(receipt, tenders=tenders, lines=lines, place="", address="", basis=basis)


def cp866(text: str) -> str:
    return ffd.encode_text(text).decode("cp866")


@given(receipts(), st.booleans())
def test_every_lawful_receipt_comes_back_from_its_document(receipt: Receipt, is_1_2: bool) -> None:
    found, expected = read(receipt, is_1_2=is_1_2), as_a_document_knows_it(receipt)
    told = [replace(each, identifiers=cp866(each.identifiers), info=cp866(each.info)) for each in expected.cashless]
    expected = replace(
        expected,
        buyer_name=cp866(expected.buyer_name),
        buyer_contact=cp866(expected.buyer_contact),
        cashier=cp866(expected.cashier),
        order_number=cp866(expected.order_number),
        cashless=tuple(told),
    )
    assert found == expected
    assert found.key == receipt.key
    assert Receipt.from_json(found.as_json()) == found


@given(receipts(corrected=False), st.data())
def test_a_document_that_contradicts_itself_is_not_read(receipt: Receipt, data: st.DataObject) -> None:
    """A sum of the document that its lines do not give makes no receipt of ours."""
    entries = list(ffd.decode(document(receipt, is_1_2=True)))
    tag = data.draw(st.sampled_from([1020, 1054]))
    place = next(n for n, each in enumerate(entries) if each.tag == tag)
    wrong = entries[place].value
    assert isinstance(wrong, int)
    entries[place] = replace(entries[place], value=wrong + 1)
    with pytest.raises(ValueError, match=r"\w"):
        receipt_from(
            entries, Stamp(receipt.till, receipt.order_number, receipt.key), receipt.settlement,
            now=receipt.created_at, is_training=receipt.is_training,
        )  # fmt: skip


def test_a_correction_needs_its_day() -> None:
    basis = CorrectionBasis(CorrectionType.SELF, date(2026, 10, 1))
    whole = replace(RECEIPT, tenders=(Tender(TenderKind.CASH, RECEIPT.total),), correction=basis)
    assert read(whole).correction == basis
    entries = [each for each in ffd.decode(document(whole, is_1_2=True)) if each.tag != 1174]
    stamp = Stamp(whole.till, whole.order_number, whole.key)
    with pytest.raises(ValueError, match="day"):
        receipt_from(entries, stamp, whole.settlement, now=whole.created_at, is_training=True)
