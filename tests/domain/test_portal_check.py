"""What the portal and the site order, in one normal form: nothing guessed, sums to the kopeck, wrong things by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.cashbox_check import cashbox_check
from posapp.domain.check_receipt import CheckHeld, CheckRules, receipt_of_check
from posapp.domain.checkout import Seller, VatTable
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.gs1 import GS
from posapp.domain.money import Money
from posapp.domain.portal_check import (
    BadCheck,
    PortalCheck,
    check_identity,
    check_keys,
    check_settlement,
    contact_of,
    external_id_of,
    is_external_id,
    is_ordered,
)
from posapp.domain.receipt import PaymentMethod, PaymentObject, Receipt, TaxSystem, TenderKind
from posapp.domain.settlement import Stamp, short_key
from posapp.domain.site_check import site_check
from posapp.domain.vat import PortalVatRow, VatRate
from posapp.errors import PosError, SaleError
from tests.domain.checks import cashbox_body, in_base64, old_body, sent, site_body, site_item

SELLER = Seller("1", "Кассир", TaxSystem.OSN, is_training=True, tax_systems=(TaxSystem.OSN, TaxSystem.USN_INCOME))
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ROWS = {
    1: PortalVatRow(1, "НДС 22 %", Decimal(22)),
    2: PortalVatRow(2, "НДС 10 %", Decimal(10)),
    3: PortalVatRow(3, "Без НДС", None),
}
TABLE = VatTable(ROWS, {1: VatRate.VAT_22, 2: VatRate.VAT_10, 0: VatRate.VAT_22})
RULES = CheckRules(TABLE, is_site_table_right=True)


def site(body: object) -> PortalCheck:
    return site_check(sent(body))


def rates(*confirmed: VatRate, right: bool = False) -> CheckRules:
    return CheckRules(VatTable({}, {}), frozenset(confirmed), is_site_table_right=right)


def receipt_of(check: PortalCheck, rules: CheckRules = RULES) -> Receipt:
    return receipt_of_check(check, rules, SELLER, identity=check_identity(check.external_id), now=NOW)


def refused(act: Callable[[], object], *words: str) -> None:
    with pytest.raises(BadCheck) as told:
        act()
    for word in words:
        assert word in told.value.message()


def assert_told(error: PosError) -> None:
    assert "{what}" not in error.message()


def held(act: Callable[[], object], *words: str) -> None:
    with pytest.raises(CheckHeld) as told:
        act()
    for word in words:
        assert word in told.value.message()


# ------------------------------------------------------------------------------------------------ its name and key
def test_the_key_follows_from_the_number_alone_and_never_changes() -> None:
    name = "check|shop.example|417"
    assert check_keys(name)[0] == short_key(check_identity(name)) == "BAPBWGETS28XJG34"
    assert len(set(check_keys(name)) | set(check_keys("check|shop.example|418"))) == 2 * len(check_keys(name))


def test_its_settlement_is_no_orders_and_its_name_survives_the_stamp() -> None:
    settled = check_settlement("check|магазин.рф:8080|417", ReceiptKind.SELL)
    assert is_ordered(settled)
    assert (settled.portal, settled.payment_id, settled.shipment_id, settled.fix) == ("", None, None, None)
    assert settled.base == settled.part
    assert settled.id != check_settlement("check|магазин.рф:8080|417", ReceiptKind.SELL_REFUND).id
    stamp = Stamp("12", "check|магазин.рф:8080|417", check_keys("check|a|1")[0])
    assert Stamp.parse(stamp.text()) == stamp


def test_the_number_stays_while_the_text_on_the_wire_changes_with_every_hand_out() -> None:
    for uuid in ("check|shop.example|417", "check|shop.example|417|1795262400", "check|WWW.Shop.example|417|"):
        assert site(site_body(external_id=uuid)).external_id == "check|shop.example|417"
        assert site(old_body(uuid=uuid)).external_id == "check|shop.example|417"
    assert external_id_of("report|www.shop.example|9|1795262400") == "report|shop.example|9"


@pytest.mark.parametrize(
    "name", ["", "417", "check|a", "report|a|1", "check|a|", "check|a#b|1", "check|a b|1", "check|a|1x", "check|a·b|1"]
)
def test_what_is_no_number_of_a_check(name: str) -> None:
    assert not is_external_id(name)
    refused(lambda: site(site_body(external_id=name)), "номер")


# ------------------------------------------------------------------------------------------------ the site's words
def test_version_3_as_the_reference_shows_it() -> None:
    body = site_body(417, site_item(quantity=2), site_item("Доставка", 250, paymentObject="service "))
    check = site(body)
    receipt = receipt_of(check)
    assert (check.external_id, check.contact, check.tax_system) == (
        "check|shop.example|417", "buyer@example.test", TaxSystem.OSN,
    )  # fmt: skip
    assert [(each.price.kopecks, str(each.quantity), each.line_sum.kopecks) for each in receipt.lines] == [
        (190_000, "2", 380_000),
        (25_000, "1", 25_000),
    ]
    assert [each.vat for each in receipt.lines] == [VatRate.VAT_22, VatRate.VAT_22]
    assert [each.payment_object for each in receipt.lines] == [PaymentObject.COMMODITY, PaymentObject.SERVICE]
    assert receipt.tender(TenderKind.CASHLESS) == receipt.total == Money(405_000)
    assert receipt.key == check_keys("check|shop.example|417")[0]


def test_version_2_has_no_measure_and_tells_marked_goods_by_1162() -> None:
    code = b"\x44\x4d" + (4607103820700).to_bytes(6, "big") + b"abc001"
    item = site_item(nomenclatureCode=in_base64(code))
    del item["measurementUnit"]
    (line,) = receipt_of(site(site_body(1, item))).lines
    assert line.marking == "010460710382070021abc001"
    assert line.payment_object is PaymentObject.COMMODITY_MARKED


def test_the_code_of_version_3_is_whole_and_three_words_end_with_a_blank() -> None:
    code = f"010460710382070021abc001{GS}93dGVz"
    params = {"imcType": "auto", "imc": in_base64(code.encode()), "itemEstimatedStatus": "itemPieceSold"}
    item = site_item(imcParams=params, paymentObject="commodityWithMarking ")
    (line,) = receipt_of(site(site_body(1, item, validateMarkingCodes=True))).lines
    assert (line.marking, line.payment_object) == (code, PaymentObject.COMMODITY_MARKED)
    bare = site_item(paymentObject="commodityWithMarking ")
    refused(lambda: receipt_of(site(site_body(1, bare))), "без кода")
    refused(lambda: site(site_body(1, site_item(imcParams={"imc": "%%%"}))), "base64")


@pytest.mark.parametrize(
    "word, rate",
    [("vat10", VatRate.VAT_10), ("vat22", VatRate.VAT_22), ("vat5", VatRate.VAT_5), ("vat7", VatRate.VAT_7),
     ("none", VatRate.NONE), ("vat0", VatRate.VAT_0)],
)  # fmt: skip
def test_the_words_of_rates(word: str, rate: VatRate) -> None:
    rules = CheckRules(VatTable({}, {}), frozenset((rate,)))
    usn = site_body(1, site_item(tax={"type": word}), taxationType="usnIncome")
    (line,) = receipt_of(site(usn), rules).lines
    assert line.vat is rate


@pytest.mark.parametrize("word", ["vat 22", "VAT22", "22", "vat18", "", None, 22, "НДС22"])
def test_a_typing_error_in_a_rate_is_told_by_its_name_and_place(word: object) -> None:
    body = site_body(1, site_item(), site_item("Кружка", tax={"type": word}))
    refused(lambda: site(body), "строка 2, ставка НДС")


def test_prepayments_carry_calculated_rates_whatever_they_are_called() -> None:
    for word in ("vat22", "vat122"):
        item = site_item(tax={"type": word}, paymentMethod="fullPrepayment")
        (line,) = receipt_of(site(site_body(1, item))).lines
        assert (line.vat, line.payment_method) == (VatRate.VAT_22_122, PaymentMethod.FULL_PREPAYMENT)
    held(lambda: receipt_of(site(site_body(1, site_item(tax={"type": "vat122"})))), "расчётная")


def test_trap_15_advances_come_without_vat_and_the_shop_says_which_they_carry() -> None:
    item = site_item("Аванс", 500, paymentMethod="advance", paymentObject="payment", tax={"type": "none"})
    check = site(site_body(1, item))
    held(lambda: receipt_of(check), "авансов")
    (line,) = receipt_of(check, CheckRules(TABLE, advance=VatRate.VAT_22)).lines
    assert line.vat is VatRate.VAT_22_122
    debt = site_item("Оплата", 500, paymentMethod="creditPayment", paymentObject="payment", tax={"type": "none"})
    assert receipt_of(site(site_body(1, debt))).lines[0].vat is VatRate.NONE


def test_trap_14_the_trap_of_2026_a_site_that_does_not_know_22_says_none() -> None:
    check = site(site_body(1, site_item(tax={"type": "none"})))
    held(lambda: receipt_of(check), "без НДС", "подтверждены: ", "22")
    nothing_known = CheckRules(VatTable({}, {}))
    held(lambda: receipt_of(check, nothing_known), "не подтверждены")
    mixed = CheckRules(VatTable({}, {}), frozenset((VatRate.NONE, VatRate.VAT_22)))
    held(lambda: receipt_of(check, mixed), "шлёт так и 22")
    right = CheckRules(VatTable({}, {}), frozenset((VatRate.NONE, VatRate.VAT_22)), is_site_table_right=True)
    assert receipt_of(check, right).lines[0].vat is VatRate.NONE
    zero = site(site_body(1, site_item(tax={"type": "vat0"})))
    held(lambda: receipt_of(zero), "0")


def test_20_percent_is_no_rate_of_new_sales_but_of_their_returns() -> None:
    rules = CheckRules(VatTable({}, {}), frozenset((VatRate.VAT_20,)))
    body = site_body(1, site_item(tax={"type": "vat20"}))
    held(lambda: receipt_of(site(body), rules), "не действует")
    assert receipt_of(site({**body, "type": "sellReturn"}), rules).kind is ReceiptKind.SELL_REFUND


def test_a_tax_system_that_the_register_does_not_have_is_refused() -> None:
    refused(lambda: receipt_of(site(site_body(taxationType="patent"))), "PATENT")
    refused(lambda: site(site_body(taxationType="envd")), "envd")
    with pytest.raises(SaleError) as told:
        receipt_of(
            site(site_body(1, site_item(tax={"type": "vat5"}))),
            CheckRules(VatTable({}, {}), frozenset((VatRate.VAT_5,))),
        )
    assert told.value.code == "vat_against_tax_system"


@pytest.mark.parametrize(
    "change",
    [
        {"type": "buy"},
        {"type": None},
        {"items": []},
        {"items": {}},
        {"items": "x"},
        {"items": [1]},
        {"payments": []},
        {"payments": [{"type": "electronically", "sum": 1899.99}]},
        {"payments": [{"type": "bitcoin", "sum": 1900}]},
        {"payments": [{"type": "cash", "sum": -1900}]},
        {"payments": [{"type": "cash", "sum": True}]},
        {"payments": [{"type": "cash", "sum": "1e99999999"}]},
        {"total": 1900.01},
        {"external_id": ["check|a|1"]},
        {"items": [site_item()] * 501},
        {"items": [site_item(name="")]},
        {"items": [site_item(name="я" * 3000)]},
        {"items": [site_item(amount=1901.01)]},
        {"items": [site_item(quantity=0)]},
        {"items": [site_item(quantity=-1)]},
        {"items": [site_item(measurementUnit=999)]},
        {"items": [site_item(paymentMethod="full")]},
        {"items": [site_item(paymentObject="thing")]},
        {"items": [site_item(supplierInfo={"phones": ["+79990000000"], "name": "ООО", "vatin": "7700000000"})]},
        {"items": [site_item(type="text")]},
        {"items": [site_item(price=10**12, amount=10**12)]},
    ],
)
def test_what_is_wrong_is_refused(change: dict[str, Any]) -> None:
    refused(lambda: receipt_of(site({**site_body(), **change})))


def test_sums_that_no_price_gives_are_told_apart() -> None:
    body = site_body(1, site_item(price=333.33, quantity=3, amount=1000))
    receipt = receipt_of(site(body))
    assert [(each.price.kopecks, str(each.quantity)) for each in receipt.lines] == [(33_333, "2"), (33_334, "1")]
    assert receipt.total == Money(100_000)
    by_weight = site_body(1, site_item(price=812.4, quantity=0.35, amount=284.34, measurementUnit=11))
    assert receipt_of(site(by_weight)).total == Money(28_434)


def test_payments_of_one_sort_are_one_tender_and_what_was_prepaid_is_none_of_the_money() -> None:
    payments = [{"type": "cash", "sum": 400}, {"type": "cash", "sum": 500}, {"type": "prepaid", "sum": 1000}]
    receipt = receipt_of(site(site_body(payments=payments)))
    assert receipt.tender(TenderKind.CASH) == Money(90_000)
    assert receipt.tender(TenderKind.PREPAID) == Money(100_000)


@pytest.mark.parametrize(
    "given_, kept",
    [
        ("buyer@example.test", "buyer@example.test"),
        ("79990001122", "+79990001122"),
        ("8 (999) 000-11-22", "+79990001122"),
        ("+7 999 000 11 22", "+79990001122"),
        ("нет", ""),
        (None, ""),
        (5, ""),
    ],
)
def test_contacts_as_people_write_them(given_: object, kept: str) -> None:
    assert contact_of(given_) == kept


# ------------------------------------------------------------------------------------------------ FFD 1.0
def test_version_1_takes_discounts_off_by_what_was_paid() -> None:
    rules = CheckRules(TABLE)
    of_line = receipt_of(site(old_body()), rules)
    assert (of_line.total, of_line.lines[0].price, of_line.lines[0].vat) == (
        Money(34_200), Money(17_100), VatRate.VAT_10,
    )  # fmt: skip
    of_thing = old_body(payments=[{"type": 0, "value": "304"}])
    assert receipt_of(site(of_thing), rules).tender(TenderKind.CASH) == Money(30_400)
    percent = {"name": "Кружка", "price": 190, "quantity": 2, "VAT": 2, "discount": 10, "discount_type": 1}
    assert receipt_of(site(old_body(items=[percent])), rules).total == Money(34_200)
    refused(lambda: site(old_body(payments=[{"type": 0, "value": 300}])), "скидками")
    refused(lambda: site(old_body(type=3)), "type")
    returned = site(old_body(type="2"))
    assert returned.kind is ReceiptKind.SELL_REFUND


def test_version_1_calls_18_and_20_percent_alike_and_neither_is_sold_by() -> None:
    item = {"name": "Кружка", "price": 342, "quantity": 1, "VAT": 3}
    held(lambda: receipt_of(site(old_body(items=[item])), CheckRules(VatTable({}, {}), frozenset((VatRate.VAT_20,)))))
    none = {**item, "VAT": 4}
    held(lambda: receipt_of(site(old_body(items=[none])), CheckRules(TABLE)), "без НДС")


# ------------------------------------------------------------------------------------------------ the REST cashbox
def test_trap_12_trap_51_the_cashbox_form_as_the_reference_shows_it() -> None:
    check = cashbox_check(cashbox_body(), "shop.example")
    receipt = receipt_of(check)
    assert check.external_id == "check|shop.example|417"
    assert [(each.price.kopecks, each.line_sum.kopecks, each.vat) for each in receipt.lines] == [
        (171_000, 342_000, VatRate.VAT_22),
        (25_000, 25_000, VatRate.VAT_22),
    ]
    assert check.lines[1].is_delivery
    assert receipt.tender(TenderKind.CASH) == Money(367_000)
    assert not receipt.is_internet
    online = cashbox_body(payments=[{"type": "cashless", "is_cash": "N", "sum": "3670"}])
    assert receipt_of(cashbox_check(online, "shop.example")).is_internet


def test_trap_46_the_shops_own_address_is_no_buyers() -> None:
    own = cashbox_body(client_email="till@example.test", service_email="Till@example.test")
    assert cashbox_check(own, "shop.example").contact == "+79990001122"
    assert cashbox_check(cashbox_body(), "shop.example").contact == "buyer@example.test"


def test_trap_07_a_row_that_nobody_confirmed_is_held_and_never_a_default() -> None:
    for row in ("2", "3", "9", "0"):
        body = cashbox_body()
        body["items"][0]["vat"] = row
        rules = CheckRules(VatTable(ROWS, {1: VatRate.VAT_22, 0: VatRate.VAT_22}))
        with pytest.raises(SaleError) as told:
            receipt_of(cashbox_check(body, "shop.example"), rules)
        assert told.value.code == "vat_unmapped"


@pytest.mark.parametrize(
    "type_, method, kind",
    [
        ("sellreturncash", "full_payment", ReceiptKind.SELL_REFUND),
        ("creditpaymentreturn", None, ReceiptKind.SELL_REFUND),
        ("creditpaymentreturncash", None, ReceiptKind.SELL_REFUND),
        ("creditpayment", "credit_payment", ReceiptKind.SELL),
        ("advancereturn", "advance", ReceiptKind.SELL_REFUND),
    ],
)
def test_trap_09_trap_10_types_say_the_method_and_consumption_is_the_return_of_a_sale(
    type_: str, method: str | None, kind: ReceiptKind
) -> None:
    item = {"name": "Оплата", "price": "500", "sum": "500", "quantity": "1", "measure_code": "", "vat": "0",
            "vat_sum": "0", "payment_object": "payment" if "sell" not in type_ else "commodity"}  # fmt: skip
    if "sell" in type_:
        item["vat"] = "1"
    if method:
        item["payment_method"] = method
    sign = "income" if kind is ReceiptKind.SELL else "consumption"
    body = cashbox_body(
        type=type_, operation=sign, calculated_sign=sign, items=[item],
        payments=[{"type": "cash", "is_cash": "Y", "sum": "500"}], total_sum="500",
    )  # fmt: skip
    receipt = receipt_of(cashbox_check(body, "shop.example"), CheckRules(TABLE, advance=VatRate.VAT_22))
    assert receipt.kind is kind


def test_trap_11_goods_on_credit_and_goods_that_were_prepaid() -> None:
    credit = cashbox_body(type="credit", payments=[{"type": "credit", "sum": "3670"}])
    for item in credit["items"]:
        item["payment_method"] = "credit"
    assert receipt_of(cashbox_check(credit, "shop.example")).tender(TenderKind.CREDIT) == Money(367_000)
    prepaid = cashbox_body(payments=[{"type": "advance", "is_cash": "N", "sum": "3670"}])
    assert receipt_of(cashbox_check(prepaid, "shop.example")).tender(TenderKind.PREPAID) == Money(367_000)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "correction_sell"},
        {"operation": "consumption"},
        {"currency": "USD"},
        {"unique_id": ""},
        {"unique_id": "4#17"},
        {"total_sum": "3671"},
        {"payments": [{"type": "cash", "sum": "3669.99"}]},
        {"items": {"0": "x"}},
    ],
)
def test_a_wrong_cashbox_form_is_refused(change: dict[str, Any]) -> None:
    refused(lambda: cashbox_check({**cashbox_body(), **change}, "shop.example"))


def test_what_belongs_to_marked_goods_in_the_cashbox_form() -> None:
    body = cashbox_body()
    body["items"][0] |= {"quantity": "1", "price": "3420", "payment_object": "commodity_marking"}
    refused(lambda: receipt_of(cashbox_check(body, "shop.example")), "без кода")
    raw = b"\x44\x4d" + (4607103820700).to_bytes(6, "big") + b"abc001"
    body["items"][0]["nomenclature_code"] = {"base64": in_base64(raw)}
    assert receipt_of(cashbox_check(body, "shop.example")).lines[0].marking == "010460710382070021abc001"
    body["items"][0]["marking_code"] = f"010460710382070021abc001{GS}93dGVz"
    assert receipt_of(cashbox_check(body, "shop.example")).lines[0].marking.endswith("93dGVz")


# ------------------------------------------------------------------------------------------------ anything
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text() | st.sampled_from(["NaN", "1e400", "0x10"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["type", "external_id", "uuid", "items", "payments", "total", "clientInfo", "taxationType", "zn", "unique_id",
     "operation", "client_email", "total_sum", "currency"]
)  # fmt: skip
ITEM_FIELDS = st.sampled_from(
    ["name", "price", "quantity", "amount", "sum", "tax", "VAT", "vat", "paymentMethod", "paymentObject", "discount",
     "measurementUnit", "measure_code", "imcParams", "nomenclatureCode", "nomenclature_code", "marking_code", "type"]
)  # fmt: skip


@pytest.mark.parametrize("form", ["site", "old", "cashbox"])
@given(junk=st.dictionaries(FIELDS, JSON, max_size=2), in_item=st.dictionaries(ITEM_FIELDS, JSON, max_size=2))
def test_whatever_comes_is_a_receipt_that_adds_up_or_is_refused(
    form: str, junk: dict[str, Any], in_item: dict[str, Any]
) -> None:
    body = sent({"site": site_body, "old": old_body, "cashbox": cashbox_body}[form]())
    body["items"][0] |= in_item
    body |= junk
    try:
        check = cashbox_check(body, "shop.example") if form == "cashbox" else site_check(body)
        assert sum(each.amount.kopecks for each in check.tenders) == check.total.kopecks
        receipt = receipt_of(check)
    except PosError as error:
        assert_told(error)
        return
    assert receipt.handed_over == receipt.total == check.total


@given(st.integers(1, 10**9), st.integers(1, 400))
def test_any_sum_of_whole_things_is_told_in_prices_to_the_kopeck(kopecks: int, things: int) -> None:
    price = Decimal(round(kopecks / things)) / 100
    amount = Decimal(kopecks) / 100
    item = site_item(price=str(price), quantity=things, amount=str(amount))
    body = site_body(1, item, payments=[{"type": "cash", "sum": str(amount)}], total=str(amount))
    receipt = receipt_of(site(body))
    assert receipt.total == Money(kopecks)
    assert sum(each.quantity.value for each in receipt.lines) == things
