"""`posapp receipt render`: the same paper from the journal, the register and bytes; pictures that a phone reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image

from posapp.cli.practice import PracticeShop
from posapp.domain.printed import WIDTHS
from posapp.domain.printed_document import TRAINING, TRAINING_REPORT
from posapp.domain.qr import parse_qr
from tests.cli.tills import Run, roubles, set_up

USED: set[str] = set()
"""Orders of tests before: no order is sold twice on a register that the tills share."""


@pytest.fixture(autouse=True)
def _whole_application(qapp: object) -> None:
    """The command makes a smaller application where there is none, which later tests of the window could not use."""


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=30, seed=5) as started:
        yield started


@pytest.fixture
def till(run: Run, shop: PracticeShop, request: pytest.FixtureRequest) -> Iterator[Run]:
    """A till of its own name, the shift open."""
    set_up(run, shop, str(abs(hash(request.node.name)) % 10**6))
    assert run("orders", "pull")[1]["complete"]
    assert run("shift", "open")[0] == 0
    yield run
    run("shift", "close")


def sold(till: Run) -> dict[str, Any]:
    """A receipt paid with too much cash."""
    rows = till("orders", "list")[1]["orders"]
    fresh = [each for each in rows if not (each["cancelled"] or each["done"] or each["order"] in USED)]
    order = next(each for each in fresh if each["to_pay_kopecks"] == each["price_kopecks"])
    USED.add(order["order"])
    given = order["price_kopecks"] + 10_000
    code, answer = till("sell", order["order"], "--cash", roubles(given))
    assert code == 0
    return answer


def rows_of(answer: dict[str, Any]) -> list[str]:
    return [row["text"] for row in answer["rows"]]


def without_change(rows: list[str]) -> list[str]:
    """What came over the counter is not in the storage."""
    return [row for row in rows if not row.startswith(("ПОЛУЧЕНО", "СДАЧА"))]


def test_journal_register_and_bytes_show_the_same_paper(till: Run, shop: PracticeShop, tmp_path: Path) -> None:
    made = sold(till)
    mark = made["receipt"]["mark"]
    code, by_key = till("receipt", "render", made["receipt"]["key"])
    assert code == 0
    assert by_key["qr"] == made["receipt"]["qr"]
    assert till("receipt", "render", made["order"])[1] == by_key
    rows = rows_of(by_key)
    assert rows[0].strip() == TRAINING
    assert any(row.startswith("СДАЧА") and row.endswith("=100.00") for row in rows)
    code, by_number = till("receipt", "render", "--fd", str(mark["document_number"]))
    assert code == 0
    assert by_number["qr"] == by_key["qr"]
    assert without_change(rows) == rows_of(by_number)
    tlv = next(each["tlv"] for each in shop.documents() if each["number"] == mark["document_number"])
    code, by_bytes = till("receipt", "render", "--document", tlv)
    assert [row for row in rows_of(by_number) if not row.startswith("ЗН ККТ")] == rows_of(by_bytes)


def test_a_picture_of_every_width_is_read_by_a_phone(till: Run, tmp_path: Path) -> None:
    made = sold(till)
    for width in WIDTHS:
        png, svg = tmp_path / f"{width}.png", tmp_path / f"{width}.svg"
        code, answer = till(
            "receipt", "render", made["order"], "--width", str(width), "--png", str(png), "--svg", str(svg)
        )
        assert code == 0
        assert answer["files"] == [str(png), str(svg)]
        assert max(map(len, rows_of(answer))) <= width
        with Image.open(png) as picture:
            (code_read,) = zxingcpp.read_barcodes(picture.convert("L"))
            assert picture.width == width * 12 + 64
        assert code_read.text == made["receipt"]["qr"]
        assert parse_qr(code_read.text).document_sign == made["receipt"]["mark"]["document_sign"]
        drawn = ElementTree.fromstring(svg.read_text(encoding="utf-8"))
        texts = ["".join(each.itertext()) for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
        assert texts == [row.strip(" ") for row in rows_of(answer) if row.strip(" ")]


def test_the_reports_of_a_shift(till: Run, shop: PracticeShop) -> None:
    opened = till("shift", "status")[1]["last_document"]
    assert till("receipt", "render", "--fd", str(opened))[1]["name"] == "ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ"
    made = sold(till)
    total = f"={made['receipt']['total_kopecks'] // 100}.{made['receipt']['total_kopecks'] % 100:02d}"
    documents = len(shop.documents())
    code, x = till("receipt", "render", "--x")
    assert (code, x["name"], x["qr"]) == (0, "X-ОТЧЕТ", None)
    assert len(shop.documents()) == documents, "looking makes no document"
    rows = rows_of(x)
    assert rows[0].strip() == TRAINING_REPORT
    assert any(row.startswith("ПРИХОД") and row.endswith("ЧЕКОВ 1") for row in rows)
    assert any(row.startswith("НАЛИЧНЫМИ ") and row.endswith(total) for row in rows)
    code, closed = till("shift", "close")
    assert code == 0
    code, z = till("receipt", "render", "--fd", str(closed["last_document"]))
    assert (code, z["name"], z["qr"]) == (0, "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ", None)
    assert any(row.startswith("КАССОВЫХ ЧЕКОВ ЗА СМЕНУ") and row.endswith(" 1") for row in rows_of(z))


@pytest.mark.parametrize(
    "arguments, exit_code, error",
    [
        ((), 2, "usage"),
        (("1", "--x"), 2, "usage"),
        (("--document", "0x", "--width", "8"), 2, "usage"),
        (("--document", "не то"), 1, "bad_input"),
        (("--document", "0300"), 1, "bad_input"),
    ],
)
def test_what_cannot_be_rendered_is_said(run: Run, arguments: tuple[str, ...], exit_code: int, error: str) -> None:
    code, answer = run("receipt", "render", *arguments)
    assert (code, answer["error"]["code"]) == (exit_code, error)


def test_a_receipt_that_is_not_there_and_a_place_that_cannot_be_written(till: Run, tmp_path: Path) -> None:
    assert till("receipt", "render", "НЕТ-ТАКОГО")[1]["error"]["code"] == "not_found"
    made = sold(till)
    for option in ("--png", "--svg"):
        code, answer = till("receipt", "render", made["order"], option, str(tmp_path / "no" / "where"))
        assert (code, answer["error"]["code"]) == (1, "not_written")


def test_published_receipts_are_shown_without_a_till(run: Run, tmp_path: Path) -> None:
    one = {"totalSum": 12_345, "cashTotalSum": 12_345, "user": "ООО Волна", "items": [{"name": "Чай", "sum": 12_345}]}
    file = tmp_path / "receipts.json"
    file.write_text(json.dumps(one), encoding="utf-8")
    code, answer = run("receipt", "render", str(file), "--svg", str(tmp_path / "one.svg"))
    assert code == 0
    assert "НАЛИЧНЫМИ =123.45" in [" ".join(row.split()) for row in rows_of(answer)]
    file.write_text(json.dumps([one, one | {"user": "ООО Прибой"}]), encoding="utf-8")
    code, several = run("receipt", "render", str(file))
    assert [rows_of(each)[0].strip() for each in several["forms"]] == ["ООО Волна", "ООО Прибой"]
    code, refused = run("receipt", "render", str(file), "--svg", str(tmp_path / "two.svg"))
    assert (code, refused["error"]["code"]) == (2, "usage")
    file.write_text("{}", encoding="utf-8")
    assert run("receipt", "render", str(file))[1]["error"]["code"] == "bad_input"
