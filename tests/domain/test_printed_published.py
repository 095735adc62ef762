"""Real published receipts as they were printed: all of them, on every paper, with every figure that was published."""

import json
from pathlib import Path

import pytest

from posapp.domain.printed import WIDTHS, kopecks, lay_out, text_of
from posapp.domain.printed_published import PARTIAL, published_forms
from posapp.domain.published import read_all
from posapp.domain.qr import parse_qr
from posapp.errors import PosError


def test_every_real_receipt_is_printed_whole(real_receipts: tuple[Path, ...]) -> None:
    shown = 0
    for path in real_receipts:
        raw = path.read_bytes()
        for form, receipt in zip(published_forms(raw), read_all(raw), strict=True):
            figures = {receipt.total, *receipt.payments.values(), *receipt.vat.values()}
            figures |= {line.line_sum for line in receipt.lines}
            for width in WIDTHS:
                rows = [row.text for row in lay_out(form.lines, width)]
                assert max(map(len, rows)) <= width, path.name
                edge = {row.split()[-1] for row in rows if len(row) == width}
                assert {kopecks(each.kopecks) for each in figures if each} <= edge, path.name
            shown += 1
    assert shown >= len(real_receipts)


def test_the_code_is_the_one_on_the_paper(real_receipts: tuple[Path, ...]) -> None:
    compared = 0
    for path in real_receipts:
        body = json.loads(path.read_bytes())
        if isinstance(body.get("qr"), str):
            (form,) = published_forms(path.read_bytes())
            if form.qr:
                made, told = parse_qr(form.qr), parse_qr(body["qr"])
                assert (made.document_number, made.document_sign, made.total) == (
                    told.document_number, told.document_sign, told.total,
                )  # fmt: skip
                compared += 1
    assert compared


def test_what_was_not_published_is_not_made_up() -> None:
    raw = json.dumps({"totalSum": 100, "items": [{"name": "Чай", "sum": 100}], "partial": True}).encode()
    (form,) = published_forms(raw)
    text = text_of(form)
    assert PARTIAL in text
    assert form.qr == ""
    for word in ("НАЛИЧНЫМИ", "ИНН", "КАССИР", "СНО", "ФН", "ДАТА", " x "):
        assert word not in text


@pytest.mark.parametrize(
    "more",
    [
        {"operator": ["не текст"], "shiftNumber": -1, "operationType": 77, "fiscalSign": 2**40},
        {"dateTime": "2026-11-21", "user": True, "taxationType": "много"},
        {"dateTime": "2026-13-45T99:99:99"},
    ],
)
def test_nonsense_in_the_head_is_passed_over(more: dict[str, object]) -> None:
    raw = json.dumps({"totalSum": 100, "items": [{"name": "Чай", "sum": 100}], **more}).encode()
    (form,) = published_forms(raw)
    assert "=1.00" in text_of(form)


def test_an_operators_names_of_head_and_lines_are_read() -> None:
    document = {
        **{"Tag": 3, "User": 'ООО "Волна"', "UserInn": "7801234564", "Number": 34, "DateTime": "2025-10-03T15:29:00"},
        **{"ShiftNumber": 478, "OperationType": 2, "Operator": "Иванова", "KKT_RegNumber": "0005492800009326    "},
        **{"FN_FactoryNumber": "7381440700213533", "Document_Number": 41304, "FiscalSign": "AADvljO1"},
        **{"DecimalFiscalSign": "4019598261", "KKT_FactoryNumber": "0106300123456", "Calculation_Place": "Магазин"},
        **{"Amount_Total": 87_000, "Amount_Cash": 87_000, "Amount_ECash": 0, "NdsNA_TotalSumm": 87_000},
        "Items": [
            {
                **{"Name": "Чай", "Price": 43_500, "Quantity": 2.0, "Total": 87_000, "CalculationMethod": 4},
                **{"SubjectType": 1, "UnitOfMeasure": "уп", "NDS_Rate": 6, "NDS_Summ": 87_000},
            }
        ],
    }
    (form,) = published_forms(json.dumps({"Success": True, "Data": {"Document": document}}).encode())
    text = text_of(form)
    for words in (
        "ВОЗВРАТ ПРИХОДА",
        "ПОЛНЫЙ РАСЧЕТ",
        "2 уп x 435.00",
        "МЕСТО РАСЧЕТОВ: Магазин",
        "0106300123456",
        "БЕЗ НДС",
    ):
        assert words in text
    code = parse_qr(form.qr)
    assert (code.document_number, code.document_sign, code.storage_number) == (41304, "4019598261", "7381440700213533")


def test_what_is_no_receipt_is_said() -> None:
    with pytest.raises(PosError):
        published_forms(b"{}")
