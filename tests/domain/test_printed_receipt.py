"""A stored receipt as it is printed: every figure of it, the code of its mark, the form that its document has."""

from dataclasses import replace
from datetime import datetime
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain import ffd
from posapp.domain.ffd import Entry
from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.printed import WIDTHS, kopecks, lay_out, text_of
from posapp.domain.printed_document import TRAINING, Beside, form_of
from posapp.domain.printed_receipt import NOT_MADE, receipt_entries, receipt_form_of
from posapp.domain.qr import parse_qr
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.registration import FormProfile, Registration
from posapp.domain.settlement import Settlement
from posapp.domain.vat import VatRate
from tests.domain.lawful_samples import receipts

MARK = FiscalMark(4518, "1849301274", 84, 214, "9282440300314841", "0000000001054321", datetime(2026, 11, 21, 14, 5))
REGISTRATION = Registration(
    user='ООО "Волна"', inn="7801234564", address="г. Санкт-Петербург, ул. Морская, д. 1", place="Магазин",
    sender="chek@volna.example", factory_number="0106300123456",
)  # fmt: skip
PROFILES = [
    FormProfile(REGISTRATION, width, version, formula, {1: tag, 2: tag, 3: tag, 4: tag})
    for width, version, formula, tag in product(WIDTHS, ("1.05", "1.2"), "LT", ("1084", ""))
]


def figures(receipt: Receipt, profile: FormProfile) -> set[str]:
    """Every sum that must stand at the right edge."""
    amounts = {receipt.total, *receipt.vat(profile.vat_formula).values()}
    for kind in TenderKind:
        kept = receipt.tender(kind) - (receipt.change if kind is TenderKind.CASH else receipt.change - receipt.change)
        amounts |= {kept} if kept else set()
    if receipt.change:
        amounts |= {receipt.change, receipt.tender(TenderKind.CASH)}
    if receipt.correction is None or profile.ffd != "1.05":
        amounts |= {line.line_sum for line in receipt.lines}
        amounts |= {line.vat_sum for line in receipt.lines if line.vat.percent}
    return {kopecks(each.kopecks) for each in amounts if each}


@given(receipts(), st.sampled_from(PROFILES))
def test_every_figure_of_a_receipt_stands_at_the_right_edge(receipt: Receipt, profile: FormProfile) -> None:
    form = receipt_form_of(receipt, MARK, profile)
    rows = [row.text for row in lay_out(form.lines, profile.width)]
    assert max(map(len, rows)) <= profile.width
    at_the_edge = {row.split()[-1] for row in rows if len(row) == profile.width}
    assert figures(receipt, profile) <= at_the_edge


@given(receipts(), st.sampled_from(PROFILES))
def test_no_letter_of_a_name_is_lost(receipt: Receipt, profile: FormProfile) -> None:
    shown = text_of(receipt_form_of(receipt, MARK, FormProfile(REGISTRATION, profile.width, "1.2")), profile.width)
    solid = "".join(shown.split())
    for line in receipt.lines:
        kept = [sign for sign in line.name if sign.isascii() and sign.isalnum()]
        at = 0
        for sign in kept:
            at = solid.index(sign, at) + 1


@given(receipts(), st.sampled_from(PROFILES))
def test_the_code_comes_back_to_the_mark(receipt: Receipt, profile: FormProfile) -> None:
    form = receipt_form_of(receipt, MARK, profile)
    assert form.qr == MARK.qr(receipt.total, receipt.kind)
    read = parse_qr(form.qr)
    assert (read.at, read.total, read.kind) == (MARK.printed_at, receipt.total, receipt.kind)
    assert (read.storage_number, read.document_number) == (MARK.storage_number, MARK.document_number)
    assert read.document_sign == MARK.document_sign


@given(receipts(), st.sampled_from(PROFILES))
def test_the_same_form_comes_from_the_document_as_bytes(receipt: Receipt, profile: FormProfile) -> None:
    """What the journal shows and what the storage shows cannot differ: both are the document's tags."""
    entries = receipt_entries(receipt, MARK, profile, {})
    document = ffd.read_document(ffd.wrap(receipt.document_type, b"".join(_bytes(each) for each in entries)))
    beside = Beside(
        profile.registration, receipt.tender(TenderKind.CASH).kopecks, receipt.change.kopecks,
        is_training=receipt.is_training,
    )  # fmt: skip
    read = form_of(document, beside)
    made = receipt_form_of(receipt, MARK, profile)
    assert [_coarse(line.left + line.right) for line in read.lines] == [
        _coarse(line.left + line.right) for line in made.lines
    ]
    assert (read.name, read.qr) == (made.name, made.qr)


def _bytes(entry: Entry) -> bytes:
    if entry.items is not None:
        return ffd.wrap(entry.tag, b"".join(_bytes(each) for each in entry.items))
    value = entry.value
    assert value is not None
    return ffd.encode(entry.tag, ffd.sign_bytes(int(str(value))) if entry.tag == 1077 else value)


def _coarse(text: str) -> str:
    """CP866 knows fewer signs than paper: only what both have is compared."""
    return "".join(sign for sign in text if sign.isascii() and sign.isalnum())


def test_without_a_mark_there_is_no_receipt(sample: Receipt) -> None:
    form = receipt_form_of(sample, None)
    assert NOT_MADE in text_of(form)
    assert form.qr == ""
    assert NOT_MADE not in text_of(receipt_form_of(sample, MARK))


def test_practice_is_said_at_the_top(sample: Receipt) -> None:
    assert text_of(receipt_form_of(replace(sample, is_training=True), MARK)).splitlines()[0].strip() == TRAINING
    assert TRAINING not in text_of(receipt_form_of(replace(sample, is_training=False), MARK))


def test_a_document_shows_the_registers_own_head(sample: Receipt) -> None:
    text = text_of(receipt_form_of(sample, MARK, PROFILES[-1]))
    for words in ('ООО "Волна"', "ИНН 7801234564", "ул. Морская", "0106300123456", "www.nalog.gov.ru"):
        assert words in text


@pytest.fixture(scope="module")
def sample() -> Receipt:
    return Receipt(
        identity=UUID(int=7),
        settlement=Settlement("volna.example", 1, "1", ReceiptKind.SELL),
        order_number="1",
        lines=(ReceiptLine("Чай", Money(100), Quantity.of(1), Money(100), VatRate.VAT_22),),
        tenders=(Tender(TenderKind.CASH, Money(100)),),
        tax_system=TaxSystem.OSN,
        till="1",
        cashier="Кассир",
        created_at=datetime(2026, 11, 21),
    )
