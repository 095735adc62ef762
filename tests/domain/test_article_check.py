"""What a site pushes: the article's words and plain ones give the same receipt, and what does not add up gives none."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.article_check import article_check, external_id, read_push
from posapp.domain.money import Money
from posapp.domain.portal_check import BadCheck, is_external_id
from posapp.domain.receipt import PaymentObject, TenderKind
from posapp.domain.vat import VatRate
from posapp.errors import SaleError

DAY = date(2026, 11, 21)
PUSH: dict[str, Any] = {
    "order_id": 9071,
    "account_number": "MSK-9071",
    "price": "3670.00",
    "items": [
        {"name": "Термос", "quantity": "2", "price": "1710", "vat": "22"},
        {"name": "Доставка", "quantity": "1", "price": "250", "vat": "none", "service": True},
    ],
    "payments": [{"id": 11204, "kind": "cash", "sum": "3670.00"}],
    "email": "buyer@example.test",
}


def push(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(PUSH), parse_float=Decimal)
    return found | changes


def test_the_receipt_is_the_order() -> None:
    check = article_check(read_push(push(), DAY), "shop.example")
    assert check.external_id == external_id("shop.example", 9071)
    assert is_external_id(check.external_id)
    assert [(each.name, each.line_sum, each.rate, each.object) for each in check.lines] == [
        ("Термос", Money(342000), VatRate.VAT_22, PaymentObject.COMMODITY),
        ("Доставка", Money(25000), VatRate.NONE, PaymentObject.SERVICE),
    ]
    assert [(each.kind, each.amount) for each in check.tenders] == [(TenderKind.CASH, Money(367000))]
    assert check.contact == "buyer@example.test"


def test_the_articles_names_and_numbers_are_understood() -> None:
    """`external_id` and the tag numbers are the article's; 1104 is its word for 10 %, and never a tag."""
    bare = {
        "external_id": 9071,
        "price": 3420,
        "items": [{"name": "Термос", "quantity": 2, "price": 1710, "vat": 1104}],
    }
    check = article_check(read_push(bare, DAY, "card"), "shop.example")
    assert [each.rate for each in check.lines] == [VatRate.VAT_10]
    assert [each.kind for each in check.tenders] == [TenderKind.CASHLESS]


def test_trap_13_the_articles_twenty_percent_is_held_in_2026() -> None:
    item = PUSH["items"][0] | {"vat": 1105}
    with pytest.raises(SaleError) as refused:
        read_push(push(items=[item], price="3420"), DAY)
    assert refused.value.code == "vat_unmapped"


@pytest.mark.parametrize(
    "changes",
    [
        {"order_id": 0},
        {"order_id": "9071 or more"},
        {"order_id": None},
        {"order_id": 10**30},
        {"price": "3669.99"},
        {"price": None},
        {"currency": "USD"},
        {"items": []},
        {"items": {}},
        {"items": [1]},
        {"items": [PUSH["items"][0]] * 3000},
        {"items": [PUSH["items"][0] | {"vat": "18"}]},
        {"items": [PUSH["items"][0] | {"vat": None}]},
        {"items": [PUSH["items"][0] | {"quantity": "-2"}]},
        {"items": [PUSH["items"][0] | {"name": ""}]},
        {"items": [PUSH["items"][0] | {"price": "1e30"}]},
        {"payments": []},
        {"payments": [{"kind": "bitcoin", "sum": "3670"}]},
        {"payments": [{"kind": "cash", "sum": "1"}]},
    ],
    ids=str,
)
def test_what_is_no_receipt_is_refused_with_its_place(changes: dict[str, Any]) -> None:
    with pytest.raises(SaleError) as refused:
        read_push(push(**changes), DAY)
    assert refused.value.message()


def test_a_price_with_fractions_of_a_kopeck_is_told_apart() -> None:
    item = {"name": "Сок", "quantity": "3", "price": Decimal("333.3333333333"), "vat": "22"}
    kept = read_push(push(items=[item], price="1000.00", payments=[{"kind": "card", "sum": "1000"}]), DAY)
    lines = article_check(json.loads(json.dumps(kept)), "shop.example").lines
    assert sum(each.line_sum.kopecks for each in lines) == 100_000
    assert all(each.price.times(each.quantity) == each.line_sum for each in lines)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(st.sampled_from([*PUSH, "currency", "phone"]), JUNK)
def test_junk_anywhere_is_refused_or_harmless(name: str, junk: object) -> None:
    try:
        kept = read_push(push(**{name: junk}), DAY)
    except SaleError:
        return
    assert article_check(kept, "shop.example").total == Money(367000)


@given(JUNK)
def test_a_kept_push_of_another_form_is_refused(junk: object) -> None:
    with pytest.raises(BadCheck):
        article_check({"article": 2, "items": junk}, "shop.example")


def test_the_receipt_goes_through_the_tills_rules() -> None:
    from posapp.domain.check_receipt import CheckHeld, CheckRules, receipt_of_check
    from posapp.domain.checkout import Seller, VatTable
    from posapp.domain.portal_check import check_identity
    from posapp.domain.receipt import TaxSystem

    check = article_check(read_push(push(), DAY), "shop.example")
    seller = Seller("1", "Иванова", TaxSystem.OSN, is_training=True)
    now = datetime(2026, 11, 21, 12, 0)
    rules = CheckRules(VatTable({}, {}), frozenset((VatRate.VAT_22, VatRate.NONE)), is_site_table_right=True)
    receipt = receipt_of_check(check, rules, seller, identity=check_identity(check.external_id), now=now)
    assert (receipt.total, [each.vat for each in receipt.lines]) == (Money(367000), [VatRate.VAT_22, VatRate.NONE])
    with pytest.raises(CheckHeld):  # the till's own settings do not know 22 %
        receipt_of_check(
            check,
            CheckRules(VatTable({}, {}), frozenset((VatRate.NONE,)), is_site_table_right=True),
            seller,
            identity=check_identity(check.external_id),
            now=now,
        )
