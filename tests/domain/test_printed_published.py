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


def test_what_is_no_receipt_is_said() -> None:
    with pytest.raises(PosError):
        published_forms(b"{}")
