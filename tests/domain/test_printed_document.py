"""Documents as they are printed: what the law wants is there, what is for the electronic form only is not."""

import base64
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain import ffd
from posapp.domain.ffd import Document, Entry
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.printed import WIDTHS, kopecks, lay_out, text_of
from posapp.domain.printed_document import TRAINING, Beside, entries_of, form_of
from posapp.domain.printed_words import check_mark
from posapp.domain.qr import parse_qr
from posapp.domain.tags import TAGS

AT = datetime(2026, 11, 21, 14, 5)
VALUES = st.one_of(
    st.integers(0, 2**48),
    st.text(max_size=40),
    st.binary(max_size=8),
    st.decimals(0, 10**9, places=6),
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)),
)
SAMPLES = st.builds(Entry, st.sampled_from([*TAGS, 1, 9999]), VALUES)
HEAD: tuple[tuple[int, object], ...] = (
    (1048, 'ООО "Волна"'),
    (1018, "7801234564  "),
    (1009, "190000, г. Санкт-Петербург, ул. Морская, д. 1"),
    (1187, "Магазин на Морской"),
    (1012, AT),
    (1038, 214),
    (1042, 84),
    (1037, "0000000001054321    "),
    (1041, "9282000100042754"),
    (1040, 4518),
    (1077, 182531010),
    (1021, "Кассир Иванова А. П."),
    (1060, "www.nalog.gov.ru"),
)


def item(*more: tuple[int, object]) -> tuple[int, object]:
    plain: dict[int, object] = {
        1030: "Чайник", 1023: Decimal(1), 1079: 199000, 1043: 199000, 1199: 11, 1200: 35885, 1214: 4, 1212: 1,
    }  # fmt: skip
    return 1059, tuple((plain | dict(more)).items())


def receipt(*more: tuple[int, object]) -> Document:
    plain: tuple[tuple[int, object], ...] = (*HEAD, (1054, 1), (1055, 1), (1020, 199000), (1031, 199000))
    given = {tag for tag, _ in more}
    kept = tuple(each for each in plain if each[0] not in given)
    items = () if 1059 in given else (item(),)
    return Document(3, entries_of((*kept, *items, *more)))


def shown(document: Document, width: int = 48, **beside: Any) -> list[str]:
    return text_of(form_of(document, Beside(**beside)), width).splitlines()


def row(rows: list[str], start: str) -> str:
    """The one row that begins so, its blanks as one."""
    (found,) = [" ".join(each.split()) for each in rows if each.strip().startswith(start)]
    return found


def test_everything_that_the_law_lists_is_on_a_receipt() -> None:
    rows = shown(receipt((1115, ((1119, ((1199, 11), (1120, 35885))),))))
    for start, whole in (
        ("ООО", 'ООО "Волна"'),
        ("ИНН", "ИНН 7801234564"),
        ("КАССОВЫЙ", "КАССОВЫЙ ЧЕК"),
        ("ПРИХОД", "ПРИХОД"),
        ("МЕСТО", "МЕСТО РАСЧЕТОВ: Магазин на Морской"),
        ("1 x", "1 x 1990.00 =1990.00"),
        ("НДС 22%", "НДС 22% =358.85"),
        ("ПОЛНЫЙ", "ПОЛНЫЙ РАСЧЕТ ТОВАР"),
        ("ИТОГ", "ИТОГ =1990.00"),
        ("НАЛИЧНЫМИ", "НАЛИЧНЫМИ =1990.00"),
        ("СУММА НДС", "СУММА НДС 22% =358.85"),
        ("СНО", "СНО ОСН"),
        ("КАССИР", "КАССИР: Кассир Иванова А. П."),
        ("СМЕНА", "СМЕНА 214 ЧЕК 84"),
        ("ДАТА", "ДАТА, ВРЕМЯ 21.11.2026 14:05"),
        ("РН ККТ", "РН ККТ 0000000001054321"),
        ("ФН", "ФН 9282000100042754"),
        ("ФД", "ФД 4518"),
        ("ФП", "ФП 0182531010"),
        ("Сайт", "Сайт ФНС: www.nalog.gov.ru"),
    ):
        assert row(rows, start) == whole
    assert any("Морская" in each for each in rows), "the address"


@pytest.mark.parametrize("kind, words", [(1, "ПРИХОД"), (2, "ВОЗВРАТ ПРИХОДА"), (3, "РАСХОД"), (4, "ВОЗВРАТ РАСХОДА")])
def test_the_kind_stands_by_itself(kind: int, words: str) -> None:
    assert words in [each.strip() for each in shown(receipt((1054, kind)))]


@pytest.mark.parametrize(
    "tag, words",
    [
        (1081, "БЕЗНАЛИЧНЫМИ"),
        (1215, "ПРЕДОПЛАТА (АВАНС)"),
        (1216, "ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)"),
        (1217, "ВСТРЕЧНЫМ ПРЕДОСТАВЛЕНИЕМ"),
    ],
)
def test_each_way_of_payment_is_named_and_unused_ones_are_not(tag: int, words: str) -> None:
    rows = shown(receipt((1031, 0), (tag, 199000)))
    assert row(rows, words) == f"{words} =1990.00"
    assert not any("НАЛИЧНЫМИ" in each for each in rows if tag != 1081)


@pytest.mark.parametrize(
    "method, words",
    [
        (1, "ПРЕДОПЛАТА 100%"),
        (2, "ПРЕДОПЛАТА"),
        (3, "АВАНС"),
        (4, "ПОЛНЫЙ РАСЧЕТ"),
        (5, "ЧАСТИЧНЫЙ РАСЧЕТ И КРЕДИТ"),
        (6, "ПЕРЕДАЧА В КРЕДИТ"),
        (7, "ОПЛАТА КРЕДИТА"),
    ],
)
def test_the_method_of_settlement_is_in_words(method: int, words: str) -> None:
    assert row(shown(receipt(item((1214, method)))), words) == f"{words} ТОВАР"


def test_cash_given_and_change_stand_under_cash() -> None:
    rows = shown(receipt(), cash_given=300000, change=101000)
    at = next(n for n, each in enumerate(rows) if each.startswith("НАЛИЧНЫМИ"))
    assert [" ".join(each.split()) for each in rows[at : at + 3]] == [
        "НАЛИЧНЫМИ =1990.00",
        "ПОЛУЧЕНО НАЛИЧНЫМИ =3000.00",
        "СДАЧА =1010.00",
    ]


def test_the_stub_of_a_zero_rate_is_not_printed() -> None:
    rows = shown(receipt((1104, 0), (1115, ((1119, ((1199, 7), (1120, 9476))),))))
    assert row(rows, "СУММА") == "СУММА НДС 5% =94.76"


def test_turnovers_without_tax_are_called_turnovers() -> None:
    rows = shown(receipt((1104, 150000), (1105, 49000)))
    assert row(rows, "СУММА С НДС 0%") == "СУММА С НДС 0% =1500.00"
    assert row(rows, "СУММА БЕЗ НДС") == "СУММА БЕЗ НДС =490.00"


def test_before_2019_the_first_rate_was_18() -> None:
    old = receipt((1012, datetime(2018, 12, 31, 23, 59)), (1102, 30356), item((1199, 1), (1200, 30356)))
    assert row(shown(old), "НДС 18%")
    assert row(shown(old), "СУММА НДС") == "СУММА НДС 18% =303.56"


@pytest.mark.parametrize(
    "result, mark",
    [
        (None, "[М]"), (0, "[М]"), (1, "[М-]"), (3, "[М]"), (5, "[М-]"), (7, "[М-]"), (15, "[М+]"), (16, "[М]"),
        (17, "[М-]"), (19, "[М]"),
    ],
)  # fmt: skip
def test_marked_goods_carry_the_verdict_of_their_code(result: int | None, mark: str) -> None:
    assert check_mark(result) == mark
    rows = shown(receipt(item((1212, 33), (2106, result))))
    assert f"{mark} Чайник" in rows


def test_goods_that_are_not_marked_carry_no_sign() -> None:
    assert "Чайник" in shown(receipt(item((1163, ((1302, "4607036340658"),)))))


def test_of_weighed_goods_the_measure_is_printed() -> None:
    weighed = item((1023, Decimal("1.215")), (2108, 11), (1079, 15999), (1043, 19439))
    assert row(shown(receipt(weighed)), "1.215") == "1.215 кг x 159.99 =194.39"
    fraction = item((2108, 0), (1291, ((1292, "1/2"), (1293, 1), (1294, 2))))
    assert row(shown(receipt(fraction)), "1 шт") == "1 шт. (1/2) x 1990.00 =1990.00"


def test_a_buyer_with_an_inn_is_named_in_either_format() -> None:
    for buyer in (
        ((1227, "ООО Ромашка"), (1228, "7707083893  ")),
        ((1256, ((1227, "ООО Ромашка"), (1228, "7707083893"))),),
    ):
        rows = shown(receipt(*buyer))
        assert row(rows, "ПОКУПАТЕЛЬ") == "ПОКУПАТЕЛЬ: ООО Ромашка"
        assert row(rows, "ИНН ПОК") == "ИНН ПОКУПАТЕЛЯ: 7707083893"


def test_what_is_for_the_tax_service_alone_is_not_printed() -> None:
    secret = {
        1203: "780123456789",
        1243: "01.02.1980",
        1246: "4000 123456",
        1228: "500100732259",
        1254: "г. Тверь",
        1265: "UUID=1",
        1237: "RRN 123456789012",
    }
    buyer = tuple((tag, secret[tag]) for tag in (1228, 1243, 1246, 1254))
    text = "\n".join(
        shown(
            receipt(
                (1203, secret[1203]),
                (1256, ((1227, "Иванов И. И."), *buyer)),
                (1234, ((1235, ((1082, 199000), (1236, 1), (1237, secret[1237]))),)),
                (1261, ((1262, "030"), (1265, secret[1265]))),
                item((1260, ((1262, "030"), (1265, secret[1265])))),
            )
        )
    )
    assert "ПОКУПАТЕЛЬ: Иванов И. И." in text
    assert [each for each in secret.values() if each in text] == []


def test_the_buyers_contact_and_the_senders_address() -> None:
    rows = shown(receipt((1008, "buyer@example.com"), (1117, "chek@example.com")))
    assert row(rows, "ЭЛ. АДР. ПОК") == "ЭЛ. АДР. ПОКУПАТЕЛЯ: buyer@example.com"
    assert row(rows, "ЭЛ. АДР. ОТП") == "ЭЛ. АДР. ОТПРАВИТЕЛЯ: chek@example.com"
    assert row(shown(receipt((1008, "+79001234567"))), "ТЕЛ.") == "ТЕЛ. ПОКУПАТЕЛЯ: +79001234567"


def test_goods_of_others_name_the_supplier() -> None:
    agent = ((1222, 32), (1224, ((1225, "ИП Петров"), (1171, "+78120000000"))), (1226, "780123456789"))
    rows = shown(receipt(item(*agent)))
    assert row(rows, "АГЕНТ") == "АГЕНТ: КОМИССИОНЕР"
    assert row(rows, "ПОСТАВЩИК") == "ПОСТАВЩИК: ИП Петров"
    assert row(rows, "ИНН ПОСТ") == "ИНН ПОСТАВЩИКА: 780123456789"


def test_a_correction_says_what_and_why() -> None:
    basis = ((1177, "Не пробит чек"), (1178, datetime(2026, 11, 12)), (1179, "12-34/567"))
    entries = (*HEAD, (1054, 1), (1055, 1), (1020, 50000), (1081, 50000), (1105, 50000), (1173, 1), (1174, basis))
    rows = shown(Document(31, entries_of(entries)))
    assert "КАССОВЫЙ ЧЕК КОРРЕКЦИИ" in [each.strip() for each in rows]
    assert row(rows, "ТИП") == "ТИП КОРРЕКЦИИ ПО ПРЕДПИСАНИЮ"
    assert row(rows, "ДАТА КОРР") == "ДАТА КОРРЕКТИРУЕМОГО РАСЧЕТА 12.11.2026"
    assert row(rows, "№") == "№ ПРЕДПИСАНИЯ 12-34/567"
    assert "Не пробит чек" in rows
    assert row(rows, "ИТОГ") == "ИТОГ =500.00"


def test_the_code_says_what_the_document_says() -> None:
    read = parse_qr(form_of(receipt()).qr)
    assert (read.at, read.total.kopecks, read.kind) == (AT, 199000, ReceiptKind.SELL)
    assert (read.storage_number, read.document_number, read.document_sign) == ("9282000100042754", 4518, "182531010")


@pytest.mark.parametrize("missing", [1012, 1020, 1041, 1040, 1077, 1054])
def test_without_one_of_its_six_there_is_no_code(missing: int) -> None:
    whole = receipt()
    assert form_of(Document(3, tuple(each for each in whole.entries if each.tag != missing))).qr == ""


def test_a_document_of_a_debug_storage_is_no_real_one() -> None:
    assert shown(receipt((1041, "9999078900001234")))[0].strip() == TRAINING
    assert TRAINING not in "\n".join(shown(receipt()))


def test_a_document_without_its_outer_tag_is_told_by_its_tags() -> None:
    assert form_of(Document(None, receipt().entries)).name == "КАССОВЫЙ ЧЕК"
    assert form_of(Document(None, (*receipt().entries, Entry(1173, 0)))).name == "КАССОВЫЙ ЧЕК КОРРЕКЦИИ"
    assert form_of(Document(None, entries_of((*HEAD, (1118, 3))))).name == "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ"
    assert form_of(Document(None, entries_of(HEAD))).name == "ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ"


def test_real_documents_show_every_figure_of_theirs_at_every_width(real_receipts: tuple[Path, ...]) -> None:
    bodies = [json.loads(path.read_bytes()) for path in real_receipts]
    raw = [base64.b64decode(body["raw_tlv_base64"]) for body in bodies if "raw_tlv_base64" in body]
    assert raw
    for each in raw:
        document = ffd.read_document(each)
        form = form_of(document)
        for width in WIDTHS:
            rows = [row.text for row in lay_out(form.lines, width)]
            assert max(map(len, rows)) <= width
            endings = {text.split()[-1] for text in rows if "=" in text}
            for figure in _figures(document.entries):
                assert kopecks(figure) in endings
        read = parse_qr(form.qr)
        total = ffd.find(document.entries, 1020)
        assert total is not None
        assert read.total.kopecks == total.value


def _figures(entries: tuple[Entry, ...]) -> list[int]:
    """Sums of a document that must be on paper: total, payments and VAT that are not zero, sums of items."""
    found = []
    for each in entries:
        if each.tag == 1059:
            found += [int(str(part.value)) for part in each.items or () if part.tag == 1043]
        elif each.tag in (1020, 1031, 1081, 1102, 1103, 1104, 1105, 1106, 1107, 1215, 1216, 1217) and each.value:
            found.append(int(str(each.value)))
    return found


@given(st.integers(0, 50), st.lists(SAMPLES, max_size=12), st.lists(SAMPLES, max_size=6))
def test_any_document_at_all_has_a_form(form: int, outer: list[Any], inner: list[Any]) -> None:
    """Tags in any order, any values, structures where they make no sense: nothing is refused, nothing is too wide."""
    nested = [Entry(tag, None, tuple(inner)) for tag in (1059, 1115, 1119, 1174, 1256, 1194, 1129, 1084, 1223)]
    document = Document(form or None, (*outer, *nested))
    for width in (16, 32, 48):
        assert all(len(row.text) <= width for row in lay_out(form_of(document).lines, width))
