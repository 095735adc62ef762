"""Published receipts are read in every dialect, and whatever is no receipt is refused without harm."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from posapp.domain.money import Money
from posapp.domain.published import Published, PublishedLine, read_all, read_published
from posapp.domain.recompute import verify
from posapp.domain.vat import VatRate
from posapp.errors import PosError

NEW: dict[str, Any] = {
    "dateTime": "2026-08-03T16:44:00",
    "totalSum": 56300,
    "items": [{"name": "Сыр", "price": 8590, "quantity": 0.872, "sum": 7490, "nds": 2, "ndsSum": 681}],
    "nds10": 681,
    "cashTotalSum": 56300,
    "ecashTotalSum": 0,
    "prepaidSum": 0,
    "creditSum": 0,
    "provisionSum": 0,
    "amountsReceiptNds": {"amountsNds": [{"nds": 11, "ndsSum": 4454}]},
}


def read(body: object) -> Published:
    return read_published(json.dumps(body).encode())


class Refusal:
    """What the error says, and where."""

    def __init__(self, error: PosError) -> None:
        self.what = str(error).removeprefix("Входные данные не читаются: ")
        self.position = error.position


def refusal(raw: bytes) -> Refusal:
    with pytest.raises(PosError) as caught:
        read_published(raw)
    assert caught.value.code == "bad_input"
    return Refusal(caught.value)


def test_a_receipt_of_the_new_app() -> None:
    assert read(NEW) == Published(
        year=2026,
        total=Money(56300),
        lines=(PublishedLine("Сыр", Money(8590), Decimal("0.872"), Money(7490), VatRate.VAT_10, Money(681)),),
        vat={VatRate.VAT_10: Money(681), VatRate.VAT_22: Money(4454)},
        payments={1031: Money(56300), 1081: Money(0), 1215: Money(0), 1216: Money(0), 1217: Money(0)},
    )


@pytest.mark.parametrize(
    "wrapped",
    [
        {"receipt": NEW},
        {"kind": "ofd", "source": "somewhere", "receipt": NEW},
        {"document": {"receipt": NEW}},
        [{"_id": "1", "ticket": {"document": {"receipt": NEW}}}],
        {"document": {"bso": NEW}},
        {"receiptCorrection": NEW},
        {"document": {"bsoCorrection": NEW}},
        {"id": "6", "status": 2, "operation": {"sum": 56300, "type": 1}, "ticket": {"document": {"receipt": NEW}}},
        {"code": 1, "first": 0, "data": {"json": NEW, "html": "<b>чек</b>"}, "request": {"qrraw": "t=20260803T1644"}},
        {"code": 1, "data": {"json": json.dumps(NEW)}},
        {"Success": True, "Data": {"Receipts": [NEW]}},
        {"a": [[{"b": {"c": [{"d": NEW}]}}]]},
    ],
)
def test_wrappers_are_taken_off(wrapped: object) -> None:
    assert read(wrapped) == read(NEW)


def test_a_file_may_hold_many_receipts_as_a_list_or_a_line_each() -> None:
    lines = "\n".join([json.dumps(NEW), "", json.dumps({"receipt": NEW}), ""])
    assert read_all(lines.encode()) == [read(NEW)] * 2
    assert read_all(json.dumps([NEW, {"ticket": NEW}, {"document": {"receipt": NEW}}]).encode()) == [read(NEW)] * 3
    assert read_all(json.dumps({"total": 2, "items": [NEW, NEW]}).encode()) == [read(NEW)] * 2  # a page of a list
    assert "2" in refusal(json.dumps([NEW, NEW]).encode()).what


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251"])
def test_every_encoding_in_which_exports_come(encoding: str) -> None:
    assert read_published(json.dumps(NEW, ensure_ascii=False, indent=1).encode(encoding)) == read(NEW)


def respelled(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {change(name): respelled(each, change) for name, each in value.items()}
    return [respelled(each, change) for each in value] if isinstance(value, list) else value


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize(
    "change", [snake, str.upper, str.lower, lambda name: name[:1].upper() + name[1:], lambda name: f" {name} "]
)
def test_names_are_read_however_they_are_spelled(change: Callable[[str], str]) -> None:
    assert read(respelled(NEW, change)) == read(NEW)


def by_tag(value: Any) -> Any:
    """The receipt with the numbers of tags for names, as some operators publish it."""
    tags = {"dateTime": 1012, "totalSum": 1020, "items": 1059, "name": 1030, "price": 1079, "quantity": 1023}
    tags |= {"sum": 1043, "nds": 1199, "ndsSum": 1200, "nds10": 1103, "cashTotalSum": 1031, "ecashTotalSum": 1081}
    tags |= {"prepaidSum": 1215, "creditSum": 1216, "provisionSum": 1217, "amountsReceiptNds": 1115, "amountsNds": 1119}
    return respelled(value, lambda name: str(tags[name]))


def test_numbers_of_tags_are_names_too() -> None:
    assert read(by_tag(NEW)) == read(NEW)
    assert read(respelled(by_tag(NEW), lambda name: f"tag{name}")) == read(NEW)
    assert read(respelled(by_tag(NEW), lambda name: f"t{name}")) == read(NEW)


def revalued(value: Any, change: Callable[[int], Any]) -> Any:
    """The receipt with its sums written otherwise; codes, quantities and texts stay."""
    if isinstance(value, list):
        return [revalued(each, change) for each in value]
    return {
        name: revalued(each, change)
        if isinstance(each, (dict, list))
        else change(each)
        if type(each) is int and name != "nds"
        else each
        for name, each in value.items()
    }


@pytest.mark.parametrize(
    "change",
    [
        float,
        str,
        lambda kopecks: f"{kopecks}.0",
        lambda kopecks: kopecks / 100,
        lambda kopecks: f"{kopecks / 100:.2f}",
        lambda kopecks: f"{kopecks / 100:,.2f}".replace(",", " ").replace(".", ","),
        lambda kopecks: {"$numberLong": str(kopecks)},
        lambda kopecks: kopecks + 1e-9,
    ],
    ids=["float", "text", "text with .0", "roubles", "roubles as text", "as in a table", "database", "noise"],
)
def test_sums_are_read_however_they_are_written(change: Callable[[int], Any]) -> None:
    assert read(revalued(NEW, change)) == read(NEW)


@pytest.mark.parametrize(
    "code, rate",
    [
        (2, VatRate.VAT_10),
        ("2", VatRate.VAT_10),
        (2.0, VatRate.VAT_10),
        (11, VatRate.VAT_22),
        (20, VatRate.VAT_20),
        (18, VatRate.VAT_20),
        (118, VatRate.VAT_20_120),
        (120, VatRate.VAT_20_120),
        (110, VatRate.VAT_10_110),
        (105, VatRate.VAT_5_105),
        (107, VatRate.VAT_7_107),
        (122, VatRate.VAT_22_122),
        ("10%", VatRate.VAT_10),
        ("НДС 20%", VatRate.VAT_20),
        ("НДС 20/120", VatRate.VAT_20_120),
        ("22/122", VatRate.VAT_22_122),
        ("vat110", VatRate.VAT_10_110),
        ("vat0", VatRate.VAT_0),
        ("НДС не облагается", VatRate.NONE),
        ("без НДС", VatRate.NONE),
        ("none", VatRate.NONE),
        (0, None),
        ("", None),
        (None, None),
    ],
)
def test_a_rate_is_a_code_a_percentage_or_words(code: object, rate: VatRate | None) -> None:
    item = {"price": 100, "quantity": 1, "sum": 100}
    assert read({"totalSum": 100, "items": [{**item, "nds": code}]}).lines[0].rate is rate
    if isinstance(code, str):
        assert read({"totalSum": 100, "items": [{**item, "vat": {"type": code, "sum": 9}}]}).lines[0].rate is rate


def test_lists_that_became_objects_are_lists() -> None:
    [line] = NEW["items"]
    for items in ({"item": [line]}, {"0": line}, line, {"line": [line]}, [{"commodity": line}]):
        assert read({**NEW, "items": items}) == read(NEW)


@pytest.mark.parametrize(
    "body",
    [
        {
            "Data": {
                "Document": {
                    "DocDateTime": "2024-05-01T10:00:00",
                    "Amount_Total": 12_000,
                    "Amount_Cash": 0,
                    "Amount_ECash": 12_000,
                    "Items": [{"Name": "Чай", "Price": 6_000, "Quantity": 2.0, "Total": 12_000, "NDS_Rate": 1}],
                    "Nds20_TotalSumm": 2_000,
                }
            }
        },
        {
            "Success": True,
            "Data": {
                **{"Version": 2, "Tag": 0, "DocDateTime": "2024-05-01T10:00:00", "DocNumber": 41304},
                "Document": {
                    **{"Tag": 3, "DateTime": "2024-05-01T10:00:00", "OperationType": 1, "DiscountMarkup": None},
                    **{"Amount_Total": 12_000, "Amount_Cash": 0, "Amount_ECash": 12_000, "StornoItems": None},
                    "Items": [
                        {
                            **{"Name": "Чай", "Price": 6_000, "Quantity": 2.0, "Total": 12_000, "NDS_Rate": 1},
                            **{"NDS_PieceSumm": None, "Nds18_TotalSumm": None, "NdsNA_TotalSumm": None},
                        }
                    ],
                    "Nds18_TotalSumm": 2_000,
                },
            },
        },
        {
            **{"DocDateTime": "2024-05-01T10:00:00", "TotalSumm": 12_000, "CashSumm": 0, "ECashSumm": 12_000},
            "Items": [{"Name": "Чай", "Price": 6_000, "Quantity": 2.0, "Total": 12_000, "NDS_Rate": 1}],
            **{"TaxTotalSumm": 2_000, "Tax18Summ": 2_000},
        },
        {
            "document": {
                **{"1012": "2024-05-01 10:00", "1020": 12_000, "1031": 0, "1081": 12_000, "1102": 2_000},
                "1059": [{"1030": "Чай", "1079": 6_000, "1023": 2, "1043": 12_000, "1199": 1}],
            }
        },
        {
            "receipt": {
                "timestamp": "01.05.2024 10:00:00",
                "items": [
                    {"name": "Чай", "price": "60.00", "quantity": 2.0, "sum": "120.00", "vat": {"type": "vat20"}}
                ],
                "payments": [{"type": 1, "sum": "120.00"}, {"type": 0, "sum": "0.00"}],
                "vats": [{"type": "vat20", "sum": "20.00"}],
                "total": "120.00",
            }
        },
        {
            "qr": "t=20240501T1000&s=120.00&fn=1&i=1&fp=1&n=1",
            "ticket": {
                **{"totalSum": "12000", "cashTotalSum": "0", "ecashTotalSum": "12000", "nds18": "2000"},
                "items": {"name": "Чай", "price": "6000", "quantity": "2", "sum": "12000", "nds": "1"},
            },
        },
    ],
    ids=[
        "an operator's service",
        "its newer form",
        "its list of receipts",
        "numbers of tags",
        "a service that drives registers",
        "from XML",
    ],
)
def test_the_same_receipt_as_others_publish_it(body: object) -> None:
    usual = {"dateTime": "2024-05-01T10:00:00", "totalSum": 12_000, "cashTotalSum": 0, "ecashTotalSum": 12_000}
    item = {"name": "Чай", "price": 6_000, "quantity": 2, "sum": 12_000, "nds": 1}
    assert read(body) == read({**usual, "items": [item], "nds18": 2_000})
    assert verify(read(body)).agrees


def test_a_list_of_payments_is_read_by_its_kinds() -> None:
    body = {key: NEW[key] for key in ("dateTime", "totalSum", "items", "nds10")}
    kinds = [{"type": 1, "sum": 100}, {"type": "cash", "sum": 40}, {"type": "2", "sum": 1}, {"type": "1", "sum": 60}]
    assert read({**body, "payments": kinds}).payments == {1081: Money(160), 1031: Money(40), 1215: Money(1)}


@pytest.mark.parametrize(
    "vat",
    [
        {"amountsReceiptNds": {"amountsNds": [{"nds": 11, "ndsSum": 4454}]}},
        {"amountsReceiptNds": {"amountsNds": {"nds": 11, "ndsSum": 4454}}},
        {"amountsReceiptNds": [{"nds": 11, "ndsSum": 4454}]},
        {"amounts_receipt_nds": {"amounts_nds": [{"nds": "22%", "nds_sum": "4454"}]}},
        {"1115": [{"1119": [{"1199": 11, "1120": 4454}]}]},
        {"nds22": 4454},
        {"Nds22_TotalSumm": 4454},
        {"amountsPrinted": {"rate": 22, "ndsSum": 4454}},
        {"vats": [{"type": "vat22", "sum": 4454}]},
        {"taxes": [{"rate": "22%", "sum": 4454}]},
        {"amountsPrinted": {"nds22": 4454}},
        {"taxes": [{"НДС": 1, "vat_22": 4454}, {"nds22": "4454"}]},
    ],
)
def test_vat_of_the_receipt_in_every_container(vat: dict[str, Any]) -> None:
    assert read({"totalSum": 24700, "cashTotalSum": 24700, **vat}).vat == {VatRate.VAT_22: Money(4454)}


def test_a_zero_under_the_other_name_of_a_rate_says_nothing() -> None:
    for vat in ({"nds18": 0, "nds20": 9}, {"nds18": 9, "nds20": 0}, {"nds18": 9, "nds20": 9}):
        assert read({"totalSum": 60, "cashTotalSum": 60, **vat}).vat == {VatRate.VAT_20: Money(9)}
    assert read({"totalSum": 60, "nds18": 0, "nds20": 0}).vat == {VatRate.VAT_20: Money(0)}
    with pytest.raises(PosError, match="две разные суммы"):
        read({"totalSum": 60, "nds18": 8, "nds20": 9})


def test_a_rate_typed_in_as_percent_is_no_code() -> None:
    assert read({"totalSum": 110, "cash": 110, "amountsPrinted": {"rate": 10, "ndsSum": 10}}).vat == {
        VatRate.VAT_10: Money(10)
    }
    assert read({"totalSum": 105, "cash": 105, "taxes": [{"rate": "5", "sum": 5}]}).vat == {VatRate.VAT_5: Money(5)}


def test_a_typed_sum_without_its_rate_says_nothing() -> None:
    assert read({**NEW, "amountsPrinted": {"ndsSum": 5}}) == read(NEW)


def test_a_line_with_a_code_and_its_sum_under_the_rate() -> None:
    item = {"price": 1200, "quantity": 1, "sum": 1200, "nds": 1, "nds18": 200}
    assert read({"totalSum": 1200, "items": [item]}).lines[0].vat_sum == Money(200)
    assert read({"totalSum": 1200, "items": [{**item, "nds18": 0}]}).lines[0].vat_sum is None
    assert read({"totalSum": 1200, "items": [{**item, "ndsSum": 199}]}).lines[0].vat_sum == Money(199)


def test_a_correction_of_the_old_format_has_no_lines() -> None:
    """FFD 1.05: a sum, how it was paid, its VAT, and why."""
    read_it = read(
        {
            "document": {
                "receiptCorrection": {
                    "code": 31,
                    "correctionType": 1,
                    "dateTime": "2021-02-03T10:00:00",
                    "totalSum": 120_000,
                    "cashTotalSum": 120_000,
                    "nds18": 20_000,
                    "fiscalDocumentNumber": 7,
                }
            }
        }
    )
    verdict = verify(read_it)
    assert (read_it.lines, read_it.vat) == ((), {VatRate.VAT_20: Money(20_000)})
    assert (verdict.lines_ok, verdict.vat_ok, verdict.totals_ok, verdict.payments_ok) == (None, None, None, True)


@pytest.mark.parametrize(
    "body, says",
    [
        ({"document": {"openShift": {"code": 2, "shiftNumber": 5}}}, "открытии смены"),
        (
            {
                "closeShift": {
                    "code": 5,
                    "shiftSumReports": {"sellOper": {"totalSum": 5, "cashSum": 5, "prepaidSum": 0}},
                }
            },
            "закрытии смены",
        ),
        ({"code": 5, "fiscalDocumentNumber": 9, "sellOper": {"totalSum": 5, "prepaidSum": 0}}, "закрытии смены"),
        ({"fiscalReport": {"code": 1}}, "регистрации"),
        ({"fiscalReportCorrection": {"code": 11}}, "параметров регистрации"),
        ({"currentStateReport": {"code": 21}}, "состоянии расчётов"),
        ({"closeArchive": {"code": 6}}, "накопителя"),
    ],
)
def test_another_document_is_called_by_its_name(body: object, says: str) -> None:
    assert says in refusal(json.dumps(body).encode()).what


@pytest.mark.parametrize(
    "change, path",
    [
        ({"totalSum": "сто"}, "receipt.totalSum"),
        ({"totalSum": [1]}, "receipt.totalSum"),
        ({"items": [NEW["items"][0], {**NEW["items"][0], "price": -1}]}, "receipt.items[1].price"),
        ({"items": [{**NEW["items"][0], "quantity": "много"}]}, "receipt.items[0].quantity"),
        ({"items": [{**NEW["items"][0], "nds": 13}]}, "receipt.items[0].nds"),
        ({"items": [{**NEW["items"][0], "ndsSum": {}}]}, "receipt.items[0].ndsSum"),
        ({"items": [NEW["items"][0], 5]}, "receipt.items[1]"),
        ({"items": "чай"}, "receipt.items"),
        ({"cashTotalSum": True}, "receipt.cashTotalSum"),
        (
            {"amountsReceiptNds": {"amountsNds": [{"nds": 99, "ndsSum": 1}]}},
            "receipt.amountsReceiptNds.amountsNds[0].nds",
        ),
        ({"amountsReceiptNds": {"amountsNds": [{"nds": 11}]}}, "нет receipt.amountsReceiptNds.amountsNds[0].ndssum"),
        ({"nds18": 1, "nds20": 2}, "receipt.nds20"),
        ({"prepaidSum": 1, "prepaymentSum": 2}, "receipt.prepaymentSum"),
        ({"total_sum": 1}, "receipt.totalSum"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(change: dict[str, Any], path: str) -> None:
    error = refusal(json.dumps({"receipt": {**NEW, **change}}).encode())
    assert re.match(re.escape(path) + r"[ :.]", error.what), error.what


def test_a_key_that_comes_twice_is_believed_only_when_it_says_the_same() -> None:
    text = json.dumps(NEW)
    assert read_published(text.replace('"totalSum": 56300', '"totalSum": 56300, "totalSum": 56300').encode()) == read(
        NEW
    )
    error = refusal(text.replace('"totalSum": 56300', '"totalSum": 56300, "totalSum": 1').encode())
    assert "totalSum" in error.what


def test_numbers_without_measure_hurt_only_where_they_are_asked_for() -> None:
    text = json.dumps({**NEW, "messageFiscalSign": 0})
    for strange in ("NaN", "-Infinity", "1e999999999", "9" * 5_000, "1e-99999999999999999999"):
        assert read_published(text.replace('"messageFiscalSign": 0', f'"messageFiscalSign": {strange}').encode())
        assert refusal(text.replace('"totalSum": 56300', f'"totalSum": {strange}').encode())


def test_the_year_comes_from_a_code_beside_the_receipt_where_it_has_none() -> None:
    undated = {key: value for key, value in NEW.items() if key != "dateTime"}
    assert read({"receipt": undated, "qr": "t=20180816T1911&s=563.00&fn=1&i=1&fp=1&n=1"}).year == 2018
    assert read({"receipt": undated}).year is None


def test_partial_is_kept() -> None:
    assert read({"partial": True, "receipt": NEW}).is_partial
    assert not read({"partial": False, "receipt": NEW}).is_partial


@pytest.mark.parametrize(
    "key, rate",
    [
        ("nds18", VatRate.VAT_20),
        ("nds20", VatRate.VAT_20),
        ("nds10", VatRate.VAT_10),
        ("nds0", VatRate.VAT_0),
        ("ndsNo", VatRate.NONE),
        ("nds22", VatRate.VAT_22),
        ("ndsCalculated18", VatRate.VAT_20_120),
        ("nds18118", VatRate.VAT_20_120),
        ("nds10110", VatRate.VAT_10_110),
        ("nds5105", VatRate.VAT_5_105),
        ("nds7107", VatRate.VAT_7_107),
        ("nds22122", VatRate.VAT_22_122),
        ("NdsNA_TotalSumm", VatRate.NONE),
        ("Nds00_TotalSumm", VatRate.VAT_0),
        ("Nds18_CalculatedTotalSumm", VatRate.VAT_20_120),
        ("Nds10_CalculatedTotalSumm", VatRate.VAT_10_110),
        ("Tax118Summ", VatRate.VAT_20_120),
        ("Tax110Summ", VatRate.VAT_10_110),
        ("TaxNaSumm", VatRate.NONE),
    ],
)
def test_a_key_names_the_rate_of_a_line_and_of_the_receipt(key: str, rate: VatRate) -> None:
    item = {"price": 100, "quantity": 1, "sum": 100, key: 9}
    found = read({"dateTime": "2020-01-01", "totalSum": 100, "items": [item], key: 9})
    assert (found.lines[0].rate, found.lines[0].vat_sum) == (rate, Money(9))
    assert found.vat == {rate: Money(9)}


def test_of_several_keys_in_a_line_the_one_with_a_sum_counts() -> None:
    item = {"price": 100, "quantity": 1, "sum": 100}
    some = read({"totalSum": 100, "items": [{**item, "nds10": 9, "nds18": 0}, {**item, "nds10": 0, "nds18": 0}]})
    assert [line.rate for line in some.lines] == [VatRate.VAT_10, None]


def test_other_names_of_the_same_payment() -> None:
    other = {"prepaymentSum": 1, "postpaymentSum": 2, "counterSubmissionSum": 3}
    assert read({"totalSum": 6, "items": [], **other}).payments == {1215: Money(1), 1216: Money(2), 1217: Money(3)}
    other = {"Amount_Advance": 1, "Amount_Loan": 2, "Amount_Granting": 3}
    assert read({"totalSum": 6, "items": [], **other}).payments == {1215: Money(1), 1216: Money(2), 1217: Money(3)}


def test_a_zero_under_the_other_name_of_a_payment_says_nothing() -> None:
    both = {"cashTotalSum": 6, "cashSum": 0, "prepaidSum": 0, "prepaymentSum": 2}
    assert read({"totalSum": 8, "items": [], **both}).payments == {1031: Money(6), 1215: Money(2)}
    with pytest.raises(PosError, match="две разные суммы"):
        read({"totalSum": 8, "cashTotalSum": 6, "cashSum": 5})


@pytest.mark.parametrize("key", ["tax5", "tax7", "tax10", "TaxTotalSumm", "taxSum"])
def test_a_number_behind_tax_is_a_rate_only_where_it_is_called_a_sum(key: str) -> None:
    assert read({"totalSum": 6, "cashTotalSum": 6, key: 6}).vat == {}


@pytest.mark.parametrize(
    "when, year",
    [
        ("2018-10-31T07:50:00", 2018),
        ("2020-09-16", 2020),
        ("2025", 2025),
        ("20190101T1725", 2019),
        ("20190101", 2019),
        ("31.12.2018 23:59", 2018),
        ("2018-12-31T23:59:00.000Z", 2018),
        ("1576430400", 2019),
        (1576430400000, 2019),
        ({"$date": 1576430400000}, 2019),
        (1576430400.5, 2019),
        ("0001-01-01", None),
        (5, None),
        (1e300, None),
        ([], None),
        (1576430400, 2019),
        (1546300799, 2018),  # the last second of 2018
        (1546300800, 2019),
        (None, None),
        ("вчера", None),
        (-1, None),
        (True, None),
        (10**12, None),
    ],
)
def test_the_year_decides_so_it_is_read_from_any_form(when: object, year: int | None) -> None:
    assert read({**NEW, "dateTime": when}).year == year


def test_noise_of_binary_fractions_is_taken_off() -> None:
    item = {"price": 100, "quantity": 1.1499999999999999, "sum": 115}
    assert read({"totalSum": 115, "items": [item]}).lines[0].quantity == Decimal("1.15")
    assert b"1.1500000000000001" in json.dumps(1.1500000000000001).encode()


def test_discounts_of_the_oldest_format_count_with_their_sums() -> None:
    tea = {"price": 10_000, "quantity": 2, "sum": 19_000, "nds18": 3_167, "modifiers": [{"discountSum": 1_000}]}
    milk = {"price": 5_000, "quantity": 1, "sum": 5_500, "nds18": 917, "modifiers": [{"markupSum": 500}]}
    body = {"dateTime": "2019-05-05", "totalSum": 24_500, "cashTotalSum": 24_500, "nds18": 4_084, "items": [tea, milk]}
    assert verify(read(body)).agrees
    assert verify(read(body)).problems == ()
    body["items"] = [{**tea, "modifiers": [{"discountSum": 999}]}, milk]
    assert verify(read(body)).lines_ok is None
    whole = {**body, "items": [tea, milk], "totalSum": 20_000, "cashTotalSum": 20_000}
    assert verify(read(whole)).totals_ok is False
    assert verify(read({**whole, "modifiers": [{"discountSum": 4_500}]})).totals_ok is True
    assert verify(read({**whole, "stornoItems": [{"price": 4_500, "quantity": 1, "sum": 4_500}]})).totals_ok is True
    assert verify(read({**whole, "modifiers": [{"discountName": "по карте"}]})).totals_ok is None
    assert verify(read({**whole, "modifiers": [{"discountSum": 4_500}], "nds18": 1})).vat_ok is None


def test_old_corrections_are_noticed() -> None:
    assert read({**NEW, "stornoItems": [{"sum": 1}]}).has_corrections
    assert read({**NEW, "modifiers": [{"discountSum": 1}]}).has_corrections
    assert not read({**NEW, "modifiers": [], "stornoItems": []}).has_corrections
