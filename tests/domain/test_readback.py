"""Every lawful receipt comes back from the tags of its document, in both formats."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain import ffd
from posapp.domain.marking import parse_marking
from posapp.domain.money import Quantity
from posapp.domain.readback import receipt_from
from posapp.domain.receipt import CorrectionBasis, OriginalReceipt, Receipt, ReceiptLine, Tender, TenderKind
from posapp.domain.settlement import KEY_PROPERTY, Stamp
from posapp.domain.terms import MEASURES, CorrectionType
from tests.domain import test_marking as codes
from tests.domain.lawful_samples import receipts
from tests.domain.test_receipt import RECEIPT

ONE = Quantity.of(1)


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
    values += [(1059, item(line, is_1_2=is_1_2)) for line in receipt.lines]
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


def item(line: ReceiptLine, *, is_1_2: bool) -> Any:
    word = cp866(MEASURES[line.measure])
    measure = ((2108, line.measure),) if is_1_2 else (((1197, word),) if line.measure else ())
    return (
        (1030, line.name), (1079, line.price.kopecks), (1023, line.quantity.value), (1043, line.line_sum.kopecks),
        (1199, line.vat.value), (1214, line.payment_method.value), (1212, line.payment_object.value), *measure,
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


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_the_words_of_ffd_1_05_for_measures_are_all_different(measure: int) -> None:
    line = replace(RECEIPT.lines[0], measure=measure)
    whole = replace(RECEIPT, lines=(line, *RECEIPT.lines[1:]))
    assert "?" not in cp866(MEASURES[measure])
    assert [read(whole, is_1_2=is_1_2).lines[0].measure for is_1_2 in (False, True)] == [measure] * 2


@pytest.mark.parametrize("code", [codes.MILK, codes.SHOES, codes.KEG, codes.WATER])
def test_of_a_code_both_formats_keep_the_name_of_the_thing(code: str) -> None:
    read_code = parse_marking(code)
    for record in (
        ffd.encode(1162, read_code.nomenclature_code),
        ffd.encode(1163, [(1305, read_code.product_code.value)]),
    ):
        line = replace(RECEIPT.lines[0], quantity=ONE, line_sum=RECEIPT.lines[0].price)
        whole = replace(RECEIPT, lines=(line,), tenders=(Tender(TenderKind.CASH, line.line_sum),))
        entries = ffd.decode(document(whole, is_1_2=False))
        entries = tuple(
            replace(each, items=(*(each.items or ()), *ffd.decode(record))) if each.tag == 1059 else each
            for each in entries
        )
        stamp = Stamp(whole.till, whole.order_number, whole.key)
        found = receipt_from(entries, stamp, whole.settlement, now=whole.created_at, is_training=True)
        assert found.lines[0].marking == f"01{read_code.gtin}21{read_code.serial}"
        assert parse_marking(found.lines[0].marking).identity == read_code.identity


@pytest.mark.parametrize("raw", ["", "444d", "444d000000000000", "444dffffffffffff3132", "0005000002c1206e4a67584a"])
def test_bytes_of_1162_that_name_no_such_thing_are_no_code(raw: str) -> None:
    entries = ffd.decode(document(RECEIPT, is_1_2=False))
    extra = ffd.decode(ffd.encode(1162, bytes.fromhex(raw)))
    entries = tuple(
        replace(each, items=(*(each.items or ()), *extra)) if each.tag == 1059 else each for each in entries
    )
    stamp = Stamp(RECEIPT.till, RECEIPT.order_number, RECEIPT.key)
    found = receipt_from(entries, stamp, RECEIPT.settlement, now=RECEIPT.created_at, is_training=True)
    assert {line.marking for line in found.lines} == {""}
