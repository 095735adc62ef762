"""Receipts as tasks: the vendor's words, exact sums, and what cannot be said is named."""

from __future__ import annotations

import base64
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from posapp.devices.atol import receipts
from posapp.devices.atol.receipts import Lacking, task_of
from posapp.devices.base import Ffd
from posapp.devices.simulator import atol_values as words
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.permission import IndustryDetail
from posapp.domain.receipt import PaymentMethod, PaymentObject, TaxSystem, TenderKind
from posapp.domain.terms import MEASURES
from posapp.domain.vat import VatRate
from tests.conformance import samples
from tests.conformance.samples import CARD, CASH, line, receipt

MILK = "010460710382070021" + "55kTHg" + "\x1d" + "93dGVz"


def positions(task: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in task["items"] if each["type"] == "position"]


@pytest.mark.parametrize(
    "ours, theirs, all_of",
    [
        (receipts.TAXES, words.RATES, VatRate),
        (receipts.METHODS, words.METHODS, PaymentMethod),
        (receipts.OBJECTS, words.OBJECTS, PaymentObject),
        (receipts.TAX_SYSTEMS, words.TAX_SYSTEMS, TaxSystem),
        (receipts.UNITS, words.MEASURES, MEASURES),
        (receipts.TASKS, words.KINDS, ReceiptKind),
        (receipts.STATUSES, words.STATUSES, (1, 2, 3, 4)),
    ],
)
def test_every_word_means_what_the_simulated_register_takes_it_for(ours: Any, theirs: Any, all_of: Any) -> None:
    """Its tables were written by another hand, from the same vendor's words."""
    assert set(ours) == set(all_of)
    assert {word: theirs[word] for word in ours.values()} == {word: int(number) for number, word in ours.items()}


def test_every_tender_has_its_word() -> None:
    assert set(receipts.PAYMENTS) == set(TenderKind)
    assert {word: words.PAYMENTS[word] for word in receipts.PAYMENTS.values()} == {
        "electronically": "electronic",
        "prepaid": "prepaid",
        "credit": "credit",
        "other": "other",
        "cash": "cash",
    }


def test_the_key_comes_first_and_whole() -> None:
    made = receipt([line(24_500)], {CASH: 30_000})
    task = task_of(made, Ffd.V1_05)
    assert task["items"][0] == {
        "type": "userAttribute",
        "name": "posapp",
        "value": f"1|10-17|{made.key}",
    }
    with pytest.raises(Lacking, match="1086"):
        task_of(replace(made, order_number="1" * 250), Ffd.V1_05)


def test_sums_are_exact_and_cash_is_registered_last() -> None:
    made = receipt([line(99_999, "0.386")], {CASH: 30_000, CARD: 10_000})
    task = task_of(made, Ffd.V1_05)
    (position,) = positions(task)
    assert (position["price"], position["quantity"], position["amount"]) == (
        Decimal("999.99"),
        Decimal("0.386"),
        Decimal("386.00"),
    )
    assert task["payments"] == [
        {"type": "electronically", "sum": Decimal("100.00")},
        {"type": "cash", "sum": Decimal("300.00")},
    ]


def test_what_is_not_told_is_not_there() -> None:
    task = task_of(receipt([line(100)], {CASH: 100}), Ffd.V1_05)
    assert set(task) == {"type", "taxationType", "operator", "items", "payments"}
    (position,) = positions(task)
    assert set(position) == {
        "type",
        "name",
        "price",
        "quantity",
        "amount",
        "tax",
        "paymentMethod",
        "paymentObject",
    }


def test_everything_that_is_told_of_buyer_place_and_payments() -> None:
    task = task_of(samples.FULL, Ffd.V1_2)
    assert task["clientInfo"] == {
        "emailOrPhone": "+79161234567",
        "vatin": "7801234564",
        "name": "ООО «Ромашка»",
    }
    assert task["operator"] == {"name": "Курьер Ёлкина", "vatin": "780123456724"}
    assert (task["paymentsPlace"], task["internet"]) == ("Доставка: подъезд 2", True)
    assert task["paymentsAddress"].startswith("190000")
    assert task["paymentsAddInfo"] == [
        {
            "sum": Decimal(700),
            "paymentMethod": 1,
            "electronicallyId": "RRN 312345678901",
            "electronicallyAddInfo": "карта",
        },
        {"sum": Decimal(90), "paymentMethod": 2, "electronicallyId": "A6124101530450070000010011700501"},
    ]


def test_a_buyers_name_without_an_inn_is_not_asked_for() -> None:
    task = task_of(receipt([line(100)], {CASH: 100}, buyer_name="Иванов"), Ffd.V1_2)
    assert "clientInfo" not in task


@pytest.mark.parametrize("contact", ["☃@example.com", "a" * 60 + "@b.ru"])
def test_a_contact_that_would_be_cut_is_another_ones(contact: str) -> None:
    with pytest.raises(Lacking, match="1008"):
        task_of(receipt([line(100)], {CASH: 100}, buyer_contact=contact), Ffd.V1_2)


@pytest.mark.parametrize("kind", list(ReceiptKind))
def test_each_kind_is_its_task(kind: ReceiptKind) -> None:
    made = receipt([line(100, vat=VatRate.NONE)], {CASH: 100}, kind)
    assert task_of(made, Ffd.V1_05)["type"] == receipts.TASKS[kind]
    corrected = samples.correction(kind=kind)
    if kind in (ReceiptKind.SELL, ReceiptKind.BUY):
        assert task_of(corrected, Ffd.V1_05)["type"] == f"{receipts.TASKS[kind]}Correction"
    else:
        with pytest.raises(Lacking, match="возврат"):
            task_of(corrected, Ffd.V1_05)
    assert task_of(corrected, Ffd.V1_2)["type"] == f"{receipts.TASKS[kind]}Correction"


def test_the_basis_of_a_correction_by_format() -> None:
    own, order = samples.correction(), samples.correction(samples.ORDER)
    assert task_of(own, Ffd.V1_05) | {
        "correctionType": "self",
        "correctionBaseDate": "2026.11.03",
        "correctionBaseName": "чек не пробит",
        "correctionBaseNumber": "б/н",
    } == task_of(own, Ffd.V1_05)
    assert "correctionBaseNumber" not in task_of(own, Ffd.V1_2)
    assert "correctionBaseName" not in task_of(own, Ffd.V1_2)
    told = task_of(order, Ffd.V1_2)
    assert (told["correctionType"], told["correctionBaseNumber"]) == ("instruction", "12-34/5")
    assert told["taxes"], "the task of FFD 1.05 is made of sums"


def test_a_correction_of_1_05_has_six_rates() -> None:
    with pytest.raises(Lacking, match="22"):
        task_of(samples.correction(rates=[VatRate.VAT_22]), Ffd.V1_05)
    task_of(samples.correction(rates=[VatRate.VAT_22]), Ffd.V1_2)


def test_the_measure_is_a_word_of_the_format() -> None:
    weighed = replace(line(99_999, "0.386"), measure=11)
    made = receipt([weighed, line(100)], {CASH: 38_700})
    assert [each.get("measurementUnit") for each in positions(task_of(made, Ffd.V1_2))] == ["kilogram", "piece"]
    assert [each.get("measurementUnit") for each in positions(task_of(made, Ffd.V1_05))] == ["кг", None]


def test_a_code_goes_as_its_format_wants_it() -> None:
    made = receipt([samples.marked(MILK)], {CASH: 25_000})
    (old,) = positions(task_of(made, Ffd.V1_05))
    assert base64.b64decode(old["nomenclatureCode"])[:2] == bytes.fromhex("444d")
    assert old["paymentObject"] == "commodity"
    with pytest.raises(Lacking, match="не проверила"):
        task_of(made, Ffd.V1_2)
    found = {"imcCheckFlag": True, "imcCheckResult": True}
    imc = base64.b64encode(MILK.encode()).decode()
    answer = IndustryDetail("UUID=1&Time=2")
    (new,) = positions(task_of(made, Ffd.V1_2, {0: (answer,)}, {imc: found}))
    assert new["imcParams"]["imc"] == imc
    assert new["imcParams"]["itemInfoCheckResult"] == found
    assert new["imcParams"]["itemEstimatedStatus"] == "itemPieceSold"
    assert new["paymentObject"] == "commodityWithMarking"
    assert new["industryInfo"] == [
        {"fois": "030", "date": "2023.11.21", "number": "1944", "industryAttribute": "UUID=1&Time=2"}
    ]
