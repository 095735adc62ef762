"""What no till could ever print is refused at once; everything else is let through."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from posapp.gateway.check_rules import TYPES, amount_of, refusals, register_of, unique_id_of
from tests.gateway.checks import CHECK


def changed(**change: Any) -> dict[str, Any]:
    return copy.deepcopy(CHECK) | change


def with_item(**change: Any) -> dict[str, Any]:
    form = copy.deepcopy(CHECK)
    form["items"][0] |= change
    return form


def test_the_sample_is_printed() -> None:
    assert refusals(CHECK, None) == []
    assert refusals(CHECK, frozenset({"4"})) == []


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_type_that_the_portal_sends_is_printed(kind: str) -> None:
    assert refusals(changed(type=kind), None) == []


def test_trap_11_payments_of_type_advance_and_credit_are_known() -> None:
    assert refusals(changed(payments=[{"type": "advance", "is_cash": "A", "sum": "3670"}]), None) == []
    assert refusals(changed(payments=[{"type": "credit", "sum": "3670"}]), None) == []


def test_trap_15_an_advance_comes_without_vat() -> None:
    line = {"name": "Аванс", "price": "3670", "sum": "3670", "quantity": "1", "vat": "0", "payment_object": "payment"}
    assert refusals(changed(type="advancepayment", items=[line]), frozenset({"4"})) == []


def test_trap_51_the_delivery_line_has_no_measure_and_no_vat_sum() -> None:
    delivery = CHECK["items"][1]
    assert "measure_code" not in delivery
    assert "vat_sum" not in delivery
    assert refusals(changed(items=[delivery], payments=[{"type": "cash", "sum": "250"}], total_sum="250"), None) == []


@pytest.mark.parametrize(
    "form, word",
    [
        (changed(type="correction_sell"), "correction_sell"),
        (changed(type=None), "тип чека"),
        (changed(unique_id="x"), "unique_id"),
        (changed(unique_id={"a": "1"}), "unique_id"),
        (changed(items=[]), "позиции"),
        (changed(items="x"), "позиции"),
        (changed(items=["x"]), "позиции"),
        (changed(payments=[]), "оплаты"),
        (changed(payments=[{"type": "cash", "sum": "3669.99"}], total_sum="3669.99"), "3670.00"),
        (changed(payments=[{"type": "gift", "sum": "3670"}]), "gift"),
        (changed(payments=[{"type": "cash", "sum": "3670", "currency": "USD"}]), "USD"),
        (changed(total_sum="3671"), "3671"),
        (with_item(sum="1e3"), "1250.00"),
        (with_item(sum="NaN"), "не число"),
        (with_item(sum="-3420"), "не число"),
        (with_item(quantity="0"), "количество"),
        (with_item(name=""), "названия"),
        (with_item(name={"a": "b"}), "названия"),
        (with_item(payment_object="commodity_marking"), "маркировки"),
        (with_item(vat=["4"]), "НДС"),
    ],
)  # fmt: skip
def test_what_cannot_be_printed_is_refused_in_words(form: dict[str, Any], word: str) -> None:
    assert any(word in text for text in refusals(form, None))


def test_trap_07_a_vat_row_that_no_till_knows_is_refused_once_tills_have_told() -> None:
    (why,) = refusals(CHECK, frozenset({"3", "5"}))
    assert "«4»" in why
    assert "setup vat" in why


def test_a_marked_thing_with_either_code_is_printed() -> None:
    for code in ({"marking_code": "010460…"}, {"nomenclature_code": b"DM\x00"}):
        assert refusals(with_item(payment_object="commodity_marking", **code), None) == []


def test_sums_differ_by_less_than_half_a_kopeck_only() -> None:
    assert refusals(with_item(sum="3420.00499"), None) == []
    assert refusals(with_item(sum="3420.005"), None) != []


@pytest.mark.parametrize("text", ["", " 1", "1_0", "١", "0x1", "Infinity", "1" * 41, None, 1, 1.5, "1e13"])
def test_no_amount(text: object) -> None:
    assert amount_of(text) is None


@pytest.mark.parametrize(
    "number, register", [("00106700000001", "00106700000001"), ("KKT-07", ""), ("", ""), (None, ""), ("1" * 21, "")]
)
def test_only_a_number_names_a_register(number: object, register: str) -> None:
    assert register_of({"number_kkm": number}) == register


def test_the_number_of_a_check_is_one_number_however_it_is_written() -> None:
    assert unique_id_of({"unique_id": "0417"}) == unique_id_of({"unique_id": "417"}) == "417"
    assert unique_id_of({"unique_id": "4" * 19}) == ""
