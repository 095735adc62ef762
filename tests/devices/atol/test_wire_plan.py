"""A receipt task as raw commands: which bytes, in which order, and what is refused by its name before any of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from posapp.devices.atol import commands as c
from posapp.devices.atol.wire_plan import KINDS, RATES, UNITS, Lacking, cashier, kopecks, moment, plan_receipt
from posapp.domain import ffd
from posapp.domain.terms import MEASURES


def item(**more: Any) -> dict[str, Any]:
    return {
        "type": "position",
        "name": "Молоко",
        "price": Decimal("59.99"),
        "quantity": 2,
        "amount": Decimal("119.98"),
        "tax": {"type": "vat20"},
        **more,
    }


def task(**more: Any) -> dict[str, Any]:
    return {
        "type": "sell",
        "taxationType": "osn",
        "operator": {"name": "Кассир", "vatin": "780123456724"},
        "items": [item(), {"type": "userAttribute", "name": "posapp", "value": "1|17|ABC"}],
        "payments": [{"type": "cash", "sum": 100}, {"type": "electronically", "sum": Decimal("19.98")}],
        **more,
    }


def tags(steps: Any) -> list[tuple[int, Any]]:
    """The tags that E8h writes, with their values."""
    found = [each.command for each in steps if isinstance(each.command, c.WriteAttribute)]
    return [(entry.tag, entry.value) for each in found for entry in ffd.decode(each.tlv)]


def test_a_receipt_is_the_bytes_that_the_vendors_driver_sent() -> None:
    made = plan_receipt(task())
    (end,) = [each.command for each in made.steps if isinstance(each.command, c.EndItem)]
    assert end.encode()[2:] == bytes.fromhex(
        "EB 0A 00000000005999 0000002000 00000000011998 01 00000000000000 00 01 04 00 00000000000000 0000 8CAEABAEAAAE"
    )
    assert made.opening == c.OpenReceipt(0, c.SELL)
    assert (made.kind, made.total_kopecks, made.rounding) == (1, 11_998, None)
    assert made.payments == (c.Payment(0, c.CASHLESS, 1_998), c.Payment(0, c.CASH, 10_000)), "cash comes last"
    assert [type(each.command) for each in made.steps] == [
        c.WriteAttribute,
        c.WriteAttribute,
        c.BeginItem,
        c.EndItem,
    ]


def test_the_key_is_the_first_thing_that_the_open_receipt_is_told() -> None:
    first = plan_receipt(task()).steps[0].command
    assert isinstance(first, c.WriteAttribute)
    entries = ffd.decode(first.tlv)
    assert [(entries[0].tag, each.tag, each.value) for each in entries[0].items or ()] == [
        (1084, 1085, "posapp"),
        (1084, 1086, "1|17|ABC"),
    ]


def test_a_long_tag_goes_in_blocks_and_its_letters_are_those_of_the_maker() -> None:
    made = plan_receipt(task(items=[item(), {"type": "userAttribute", "name": "posapp", "value": "№$·" * 40}]))
    blocks = [each.command for each in made.steps if isinstance(each.command, c.WriteAttribute)][:2]
    assert [(each.blocks, each.block, len(each.tlv)) for each in blocks] == [(2, 0, 100), (2, 1, 38)]
    assert b"".join(each.tlv for each in blocks) == (
        bytes.fromhex("3C 04 86 00 3D 04 06 00") + b"posapp" + bytes.fromhex("3E 04 78 00") + b"\x24\xfc " * 40
    )


def test_what_is_told_of_buyer_and_place() -> None:
    made = plan_receipt(
        task(
            clientInfo={"emailOrPhone": "a@b.ru", "name": "ООО", "vatin": "7801234564"},
            paymentsPlace="Курьер",
            paymentsAddress="СПб",
            internet=True,
            electronically=True,
        )
    )
    assert tags(made.steps)[1:] == [
        (1055, 1),
        (1008, "a@b.ru"),
        (1227, "ООО"),
        (1228, "7801234564"),
        (1187, "Курьер"),
        (1009, "СПб"),
        (1125, 1),
    ]
    assert made.opening == c.OpenReceipt(c.ELECTRONIC, c.SELL)


def test_the_cashier_comes_before_any_document() -> None:
    told = [entry for each in cashier(task()) for entry in ffd.decode(each.tlv)]
    assert [(each.tag, each.value) for each in told] == [(1021, "Кассир"), (1203, "780123456724")]
    assert cashier({}) == ()


def test_the_sign_of_another_receipt_and_the_details_of_a_card() -> None:
    made = plan_receipt(
        task(
            items=[item(), {"type": "additionalAttribute", "value": "3141592653"}],
            paymentsAddInfo=[{"sum": Decimal("19.98"), "paymentMethod": 1, "electronicallyId": "RRN 1"}],
        )
    )
    assert (1192, "3141592653") in tags(made.steps)
    (last,) = [each for each in made.steps if each.is_optional]
    assert isinstance(last.command, c.WriteAttribute)
    assert ffd.decode(last.command.tlv)[0].tag == 1234


@pytest.mark.parametrize("kind, opened", [("sell", 1), ("sellReturn", 2), ("buy", 4), ("buyReturn", 5)])
def test_every_kind(kind: str, opened: int) -> None:
    made = plan_receipt(task(type=kind))
    assert made.opening.kind == opened
    assert made.kind == KINDS[kind][1]


@pytest.mark.parametrize("name, code", RATES.items())
def test_rates_that_were_seen_on_the_wire(name: str, code: int) -> None:
    (end,) = [
        each.command
        for each in plan_receipt(task(items=[item(tax={"type": name})])).steps
        if isinstance(each.command, c.EndItem)
    ]
    assert end.rate == code


def test_a_code_of_goods_before_ffd_1_2_is_a_tag_of_its_item() -> None:
    made = plan_receipt(task(items=[item(nomenclatureCode="RE0EAQ==")]))
    assert (1162, b"DM\x04\x01") in tags(made.steps)


def test_a_name_has_the_letters_that_the_register_has() -> None:
    made = plan_receipt(task(items=[item(name="«Чай» 5\u00a0₽ · №1 – $2 ■")]))
    (end,) = [each.command for each in made.steps if isinstance(each.command, c.EndItem)]
    assert end.name == '"Чай" 5 руб.   №1 - $2 ■'


def test_every_measure_of_the_vendor_has_our_code() -> None:
    assert list(UNITS.values()) == list(MEASURES)
    made = plan_receipt(task(items=[item(measurementUnit="kilogram"), item(measurementUnit="piece")]))
    assert [each for each in tags(made.steps) if each[0] == 1197] == [(1197, "кг")]


def test_a_total_rounded_down_is_a_discount_on_the_receipt() -> None:
    made = plan_receipt(task(total=119))
    assert made.rounding is not None
    assert made.rounding.encode()[2:] == bytes.fromhex("43 00 00 01 00 0000000098")
    assert made.total_kopecks == 11_900
    for total in (118, 120, Decimal("118.98")):
        with pytest.raises(ValueError, match="итог"):
            plan_receipt(task(total=total))


@pytest.mark.parametrize(
    "changed, named",
    [
        pytest.param({"items": [item(tax={"type": f"vat{each}"})]}, f"ставка НДС {words}", id=f"vat{each}")
        for each, words in {
            5: "5\u00a0%",
            7: "7\u00a0%",
            18: "18\u00a0%",
            22: "22\u00a0%",
            105: "5/105",
            107: "7/107",
            122: "22/122",
        }.items()
    ]
    + [
        pytest.param({"items": [item(imcParams={"imc": "MDE="})]}, "коды маркировки", id="marking 1.2"),
        pytest.param({"items": [item(nomenclatureCode={"gtin": "1"})]}, "код товара", id="a code in parts"),
        pytest.param({"items": [item(paymentObject="exciseWithMarking")]}, "exciseWithMarking", id="object of 1.2"),
        pytest.param({"items": [item(quantity=Decimal("0.1234"))]}, "0.1234", id="four decimals"),
        pytest.param({"items": [item(agentInfo={"agents": ["agent"]})]}, "agentInfo", id="agent"),
        pytest.param({"items": [{"type": "barcode"}]}, "barcode", id="bar code"),
        pytest.param({"operationInfo": {"id": 1}}, "operationInfo", id="1270"),
        pytest.param({"industryInfo": [{"fois": "030"}]}, "industryInfo", id="1261"),
        pytest.param({"taxes": [{"type": "vat20", "sum": 1}]}, "taxes", id="taxes by us"),
        pytest.param({"taxationType": "envd"}, "envd", id="a tax system that is no more"),
        pytest.param({"clientInfo": {"birthDate": "1970.01.01"}}, "birthDate", id="the buyer's birthday"),
        pytest.param({"clientInfo": {"emailOrPhone": "a" * 65}}, "1008", id="a contact that would be cut"),
        pytest.param({"payments": [{"type": "9", "sum": 1}]}, "9", id="a way to pay without a byte"),
        pytest.param({"correctionType": "self"}, "correctionType", id="a correction in disguise"),
    ],
)
def test_what_nobody_has_seen_on_the_wire_is_refused_by_its_name(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(Lacking, match=named):
        plan_receipt(task(**changed))


def test_an_empty_field_asks_for_nothing() -> None:
    plan_receipt(task(operationInfo=None, industryInfo=[], taxes=[], items=[item(agentInfo={}, imcParams=None)]))


@pytest.mark.parametrize("value", ["1.00", True, Decimal("0.001"), -1, Decimal("NaN"), None])
def test_what_is_no_sum(value: object) -> None:
    with pytest.raises(ValueError, match=r"–|не"):
        kopecks(value)


def test_a_sum_is_exact() -> None:
    assert [kopecks(each) for each in (1, Decimal("59.99"), 0.29, Decimal("99999999.99"))] == [
        100,
        5999,
        29,
        9999999999,
    ]


def test_a_moment() -> None:
    assert moment("2026.11.21 12:30:15").isoformat() == "2026-11-21T12:30:15"
    with pytest.raises(ValueError, match="does not match"):
        moment("2026-11-21 12:30:15")
