"""The traps of Bitrix's REST (reference: Bitrix REST 10) that concern what is told to the portal, by their numbers.

A trap that another file holds stands in `HELD`, with the test that holds it. The strongest claim is at the end: random
orders full of odd fields, a portal that fails before and after it commits – and afterwards nothing but what was meant
to change has changed, once.
"""

from __future__ import annotations

import ast
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from posapp.domain.fiscal import FiscalMark
from posapp.sync.bitrix.client import query_of
from posapp.sync.bitrix.mapping import Surroundings, order_of
from posapp.sync.bitrix.orders import read_furniture
from posapp.sync.bitrix.plans import Conflict, Done, Later, Write
from posapp.sync.bitrix.rounds import LOCKED_FOR, locked_by
from posapp.sync.bitrix.writeback import mark_fields
from posapp.sync.simulator.envelope import iso
from tests.sync.portals import WRITES, Bitrix, Row, order_row, serving, shop_of
from tests.sync.sales import Shop, shop_with
from tests.sync.test_writeback import KEY, MARKED, paid, payment, planned, row, shipment

ROOT = Path(__file__).parents[2]
HELD = {
    1: ("tests/sync/test_outbox.py", "test_a_pay_system_that_prints_stops_every_write_to_the_order"),
    20: ("tests/sync/test_outbox.py", "test_a_fault_at_any_step_changes_nothing_in_the_end"),
    25: ("tests/sync/test_traps.py", "test_what_this_program_never_calls"),
    26: ("tests/sync/test_traps.py", "test_what_this_program_never_calls"),
    32: ("tests/sync/test_stock_documents.py", "test_trap_32_a_portal_that_keeps_its_stock_otherwise_gets_nothing"),
    33: (
        "tests/sync/test_stock_quantity.py",
        "test_trap_33_what_another_till_wrote_between_look_and_write_is_not_lost",
    ),
    34: ("tests/till/test_stock.py", "test_trap_34_an_order_leaves_by_its_shipment_and_by_no_document"),
    35: ("tests/sync/test_stock_documents.py", "test_trap_35_a_document_that_is_conducted_is_not_conducted_again"),
    36: ("tests/sync/test_stock_documents.py", "test_trap_36_a_lost_answer_at_any_call_makes_no_second_document"),
    53: ("tests/sync/test_writeback.py", "test_the_mark_is_written_whole_and_nothing_else"),
    56: ("tests/sync/test_client.py", ""),
    76: ("tests/sync/test_outbox.py", "test_a_fault_at_any_step_changes_nothing_in_the_end"),
}
"""Traps that are held elsewhere: the file and the test ("": the whole file is about it)."""


@pytest.mark.parametrize("number", sorted(HELD))
def test_a_trap_that_is_held_elsewhere_is_held(number: int) -> None:
    place, name = HELD[number]
    tree = ast.parse((ROOT / place).read_text("utf-8"))
    tests = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
    assert (name in tests) if name else tests


def test_what_this_program_never_calls() -> None:
    """Traps 25, 26: `catalog.price.modify` deletes what is not listed, a product's property without `valueId` adds."""
    sources = [each.read_text("utf-8") for each in (ROOT / "posapp" / "sync" / "bitrix").glob("*.py")]
    assert len(sources) > 10
    assert not any('"catalog.price.modify"' in each for each in sources)
    updates = [each for each in sources if "catalog.product.update" in each]
    assert updates
    assert not any('"property' in each for each in updates)


# ------------------------------------------------------------------------------------------------ payments
def test_trap_17_what_is_paid_is_a_payment_and_not_the_order() -> None:
    """`payed` of the order is derived; only `paid` of our own payment says that it is told."""
    assert isinstance(planned("payment", row(payed="Y", payments=[payment(**MARKED)])), Write)
    assert isinstance(planned("payment", row(payed="N", payments=[payment(**MARKED, paid="Y")])), Done)
    assert planned("status", row(payed="Y", statusId="N")) == Later()


def test_trap_18_an_order_is_never_paid_by_its_update() -> None:
    for body in ({"status": "F"}, {"status": "P", "soft": True, "before": "N"}):
        written = planned("status", paid(), **body)
        assert isinstance(written, Write)
        assert [(method, set(params["fields"])) for method, params in written.commands] == [
            ("sale.order.update", {"statusId"})
        ]


def test_trap_19_the_pay_system_goes_back_as_it_was_read() -> None:
    """Whatever was taken at the till: missing, the portal refuses the update."""
    for step, order in (("mark", row()), ("payment", row(payments=[payment(**MARKED)]))):
        written = planned(step, order)
        assert isinstance(written, Write)
        assert written.commands[0][1]["fields"]["paySystemId"] == 4


def test_trap_21_a_frozen_sum_is_not_fought() -> None:
    """Somebody marked the payment paid with another sum: told, nothing is unpaid and paid again."""
    for is_paid in ("Y", "N"):
        found = planned("payment", row(payments=[payment(**MARKED, sum=1000, paid=is_paid)]))
        assert isinstance(found, Conflict)
        assert "1 234,50" in found.facts["what"].replace("\u202f", " ").replace("\xa0", " ")


def test_trap_22_one_payment_of_several_does_not_close_the_order() -> None:
    both = [payment(**MARKED, paid="Y"), payment(id=12, sum=100)]
    assert planned("status", paid(price=Decimal("1334.5"), payments=both)) == Later()
    both[1]["paid"] = "Y"
    assert isinstance(planned("status", paid(price=Decimal("1334.5"), payments=both)), Write)


def test_trap_22_more_than_the_order_costs_is_told_and_not_paid() -> None:
    """The rest would go to the buyer's inner account without a word."""
    found = planned("payment", row(price=Decimal("1200"), payments=[payment(**MARKED)]))
    assert isinstance(found, Conflict)
    assert "1200.00" in found.facts["what"]
    beside = [payment(**MARKED), payment(id=12, sum=500, paid="Y")]
    assert isinstance(planned("payment", row(price=Decimal("1700"), payments=beside)), Conflict)
    assert isinstance(planned("payment", row(price=Decimal("1734.5"), payments=beside)), Write)


def test_trap_80_what_the_inner_account_paid_is_no_payment_of_ours(tmp_path: Path) -> None:
    """An order with a bonus part: its row is neither marked nor paid, and the order is closed only when all is paid."""
    bonus = {"ID": 9, "NAME": "Внутренний счёт", "ACTION_FILE": "inner", "IS_CASH": "N", "CAN_PRINT_CHECK": "N",
             "ACTIVE": "Y", "ENTITY_REGISTRY_TYPE": "ORDER", "XML_ID": "inner"}  # fmt: skip
    cash = {**bonus, "ID": 1, "NAME": "Наличные", "ACTION_FILE": "cash", "IS_CASH": "Y", "XML_ID": "cash"}
    for is_paid in ("Y", "N"):
        order = order_row(1)
        order["payments"] = [
            {"id": 11, "sum": 70, "paySystemId": 1},
            {"id": 12, "sum": 30, "paySystemId": 9, "paid": is_paid},
        ]
        folder = tmp_path / is_paid
        with serving(shop_of(order, paySystems=[cash, bonus])) as bitrix, shop_with(bitrix, folder) as shop:
            around = Surroundings(pay_systems=read_furniture(bitrix.client).pay_systems)
            known = order_of(bitrix.order(1), around, "shop", datetime(2026, 11, 21, tzinfo=UTC))
            assert [each.payment_id for each in known.open_payments] == [11]
            before = deepcopy(bitrix.order(1)["payments"][1])
            shop.sell(1)
            shop.deliver(force=True)
            assert bitrix.order(1)["payments"][1] == before
            assert bitrix.order(1)["payments"][0]["paid"] == "Y"
            assert shop.entries(1)["status"].state == ("done" if is_paid == "Y" else "waiting")


# ------------------------------------------------------------------------------------------------ shipments
def test_trap_23_no_field_of_a_shipment_is_left_out() -> None:
    """Everything that was read and may be written goes back: what is omitted is reset, goods return to stock."""
    odd: Row = {
        "trackingNumber": "TR-1", "trackingDescription": "в пути", "comments": "код & домофон", "xmlId": "s-1",
        "responsibleId": 5, "companyId": 3, "basePriceDelivery": Decimal("350"), "priceDelivery": Decimal("300.1"),
        "customPriceDelivery": "Y", "deliveryDocNum": "D-1", "statusId": "DN", "externalDelivery": "N", "id1c": "1c",
        "allowDelivery": "N", "discountPrice": Decimal("49.9"),
    }  # fmt: skip
    written = planned("stock", paid(shipments=[shipment(**odd)]))
    assert isinstance(written, Write)
    fields = written.commands[0][1]["fields"]
    assert {name: fields[name] for name in odd} == odd
    assert fields["deducted"] == "Y"


# ------------------------------------------------------------------------------------------------ properties
WANTED = {"code": "FISCAL", "ids": {"1": 30}}
TEXT = "fn=9999078900005488;fd=45;fp=2890182733"
OLDER = "fn=9999078900005488;fd=44;fp=17"


def values(*more: Row) -> list[Row]:
    return [
        {"id": 1, "orderPropsId": 1, "code": "FIO", "value": "Анна"},
        {"id": 2, "orderPropsId": 4, "code": "ADDRESS", "value": None},
        {"id": 3, "orderPropsId": 7, "code": "TAGS", "value": ["а", "б"]},
        *more,
    ]


def test_trap_24_every_property_goes_back_with_the_one_that_is_new() -> None:
    order = row(payments=[payment(**MARKED)], personTypeId=1, propertyValues=values())
    written = planned("mark", order, property=WANTED)
    assert isinstance(written, Write)
    ((method, params),) = written.commands
    assert method == "sale.propertyvalue.modify"
    sent = {each["orderPropsId"]: each["value"] for each in params["fields"]["order"]["propertyValues"]}
    assert sent == {1: "Анна", 4: "", 7: ["а", "б"], 30: TEXT}
    assert "[propertyValues][1][value]=" in query_of(params)
    there = values({"id": 4, "orderPropsId": 30, "code": "FISCAL", "value": TEXT})
    assert planned("mark", {**order, "propertyValues": there}, property=WANTED) == Done("оплата 11, ФД 45")
    other = values({"id": 4, "orderPropsId": 30, "code": "FISCAL", "value": OLDER})
    longer = planned("mark", {**order, "propertyValues": other}, property=WANTED)
    assert isinstance(longer, Write)
    assert longer.commands[0][1]["fields"]["order"]["propertyValues"][-1]["value"] == f"{OLDER} {TEXT}"


@pytest.mark.parametrize(
    "value",
    ["+79990102055", "anna@example.org", ["+79990102055"], f"+79990102055 {OLDER}", f"{OLDER} звонить", "fd=44"],
)
def test_a_property_that_holds_what_is_not_ours_stays_as_it_is(value: object) -> None:
    """The next receipt would go to a telephone number with a fiscal document behind it."""
    there = values({"id": 4, "orderPropsId": 30, "code": "FISCAL", "value": value})
    order = row(payments=[payment(**MARKED)], personTypeId=1, propertyValues=there)
    assert planned("mark", order, property=WANTED) == Done("оплата 11, ФД 45")


@pytest.mark.parametrize(
    "value", [{"id": 5, "src": "/upload/x.pdf"}, [{"id": 5}], True], ids=["file", "files", "no scalar"]
)
def test_trap_24_an_order_with_files_keeps_its_properties(value: object) -> None:
    files = values({"id": 4, "orderPropsId": 8, "code": "SCAN", "value": value})
    order = row(payments=[payment(**MARKED)], personTypeId=1, propertyValues=files)
    assert planned("mark", order, property=WANTED) == Done("оплата 11, ФД 45")


def test_trap_24_on_the_portal_nothing_is_erased(tmp_path: Path) -> None:
    properties = [
        {"id": number, "personTypeId": 1, "code": code, "name": code, "type": "STRING"}
        for number, code in ((1, "FIO"), (3, "PHONE"), (30, "FISCAL"))
    ]
    given = [{"orderPropsId": 1, "value": "Анна"}, {"orderPropsId": 3, "value": "+79990000000"}]
    order = order_row(1, propertyValues=given)
    with serving(shop_of(order, properties=properties)) as bitrix, shop_with(bitrix, tmp_path) as shop:
        shop.more["mark"] = {"property": WANTED}
        shop.sell(1)
        bitrix.faults({"method": "sale.propertyvalue.modify", "do": "reset", "when": "after_commit"})
        shop.deliver(force=True)
        bitrix.faults()
        shop.deliver(force=True)
        found = {each["code"]: each["value"] for each in bitrix.order(1)["propertyValues"]}
        assert (found["FIO"], found["PHONE"]) == ("Анна", "+79990000000")
        assert found["FISCAL"].count("fd=1;") == 1
        assert shop.states(1) == "done done done done"
        asked = [each["method"] for each in bitrix.requests()]
        assert asked.count("sale.propertyvalue.modify") == 1


# ------------------------------------------------------------------------------------------------ statuses
def test_trap_29_a_status_goes_out_as_the_portals_list_has_it() -> None:
    """Any two letters are stored; set-up compares with the list (`tests/cli`), and nothing here changes its case."""
    written = planned("status", paid(), status="DE")
    assert isinstance(written, Write)
    assert written.commands[0][1]["fields"] == {"statusId": "DE"}


def test_trap_30_a_status_that_the_portal_sets_by_itself_is_not_fought(tmp_path: Path) -> None:
    options = {"status_on_paid": "DE"}
    with serving(shop_of(order_row(1), order_row(2), options=options)) as bitrix, shop_with(bitrix, tmp_path) as shop:
        shop.sell(1)  # the final one is ours: goods are out
        shop.deliver(force=True)
        assert (bitrix.order(1)["statusId"], shop.states(1)) == ("F", "done done done done")
        shop.more["status"] = {"soft": True, "before": "N"}
        shop.sell(2, status="P")  # that of a paid order gives way
        shop.deliver(force=True)
        assert bitrix.order(2)["statusId"] == "DE"
        assert "DE" in shop.entries(2)["status"].proof


def test_trap_30_without_a_rule_of_the_portal_a_paid_order_gets_the_shops_status(tmp_path: Path) -> None:
    with serving(shop_of(order_row(1))) as bitrix, shop_with(bitrix, tmp_path) as shop:
        shop.more["status"] = {"soft": True, "before": "N"}
        shop.sell(1, status="P")
        shop.deliver(force=True)
        assert (bitrix.order(1)["statusId"], shop.states(1)) == ("P", "done done done done")


# ------------------------------------------------------------------------------------------------ fields
def test_trap_31_the_flag_of_the_1c_exchange_is_no_place_for_texts() -> None:
    for step, order in (("mark", row()), ("payment", row(payments=[payment(**MARKED)]))):
        written = planned(step, order)
        assert isinstance(written, Write)
        assert "externalPayment" not in written.commands[0][1]["fields"]


LIMITS = {"payVoucherNum": 20, "psStatusCode": 255, "psStatusDescription": 512, "psCurrency": 3, "psInvoiceId": 250}


def test_trap_73_no_field_grows_over_its_limit() -> None:
    largest = FiscalMark(
        10**10 - 1, str((1 << 32) - 1), 10**9, 10**6, "9" * 16, "9" * 16, datetime(2026, 12, 31, 23, 59, 59)
    )
    fields = mark_fields(largest, KEY, 10**12, datetime(2026, 12, 31, tzinfo=UTC))
    assert {name: len(fields[name]) <= limit for name, limit in LIMITS.items()} == dict.fromkeys(LIMITS, True)


# ------------------------------------------------------------------------------------------------ people
def test_trap_74_an_order_that_somebody_has_open_is_told_and_not_fought(tmp_path: Path) -> None:
    at = iso(datetime.now(UTC))
    with serving(shop_of(order_row(1, lockedBy="5", dateLock=at))) as bitrix, shop_with(bitrix, tmp_path) as shop:
        shop.sell(1)
        shop.deliver(force=True)
        entry = shop.entries(1)["mark"]
        assert (entry.state, entry.code, entry.facts["who"]) == ("waiting", "order_locked", "5")
        assert shop.writes() == []
        bitrix.portal.shop.orders[1]["lockedBy"] = None
        shop.deliver(force=True)
        assert shop.states(1) == "done done done done"


def test_trap_74_a_lock_that_was_forgotten_does_not_hold_for_ever() -> None:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    locked = row(lockedBy="5", dateLock=iso(at))
    assert locked_by(locked, at + timedelta(minutes=1)) == "5"
    assert locked_by(locked, at + LOCKED_FOR) == ""
    assert locked_by(row(lockedBy="", dateLock=iso(at)), at) == ""
    assert locked_by(row(lockedBy="5"), at) == ""
    assert locked_by(locked, None) == ""


def test_an_order_that_was_cancelled_is_not_paid_nor_closed() -> None:
    for step, order in (
        ("payment", row(payments=[payment(**MARKED)], canceled="Y")),
        ("status", paid(canceled="Y")),
        ("stock", paid(canceled="Y")),
    ):
        assert isinstance(planned(step, order), Conflict)


# ------------------------------------------------------------------------------------------------ the whole
OURS = {
    "order": {"payed", "deducted", "statusId", "statusXmlId", "dateStatus", "empStatusId", "dateUpdate", "version",
              "updated1c", "payments", "shipments"},
    "payments": {"paid", "datePaid", "empPaidId", "isReturn", "psStatus", "psStatusCode", "psStatusDescription",
                 "psInvoiceId", "psSum", "psCurrency", "psResponseDate", "payVoucherNum", "payVoucherDate"},
    "shipments": {"deducted", "dateDeducted", "empDeductedId"},
}  # fmt: skip
"""What the four steps mean to change."""
TEXTS = ("", "домофон 12 & код", "«ёлки» <b>", "a=b&c[d]=e", "%20+", "x" * 90, "0", "N")


def odd_order(random: Random, order_id: int) -> Row:
    """An order whose every writable field may hold something."""
    from posapp.sync.simulator import fields

    def odd(entity: Any, *keep: str) -> Row:
        made: Row = {}
        for each in entity.fields.values():
            if each.is_read_only or each.name in keep or random.random() < 0.4:
                continue
            if each.type == "string":
                made[each.name] = random.choice(TEXTS)
            elif each.type == "int":
                made[each.name] = random.randint(1, 99)
            elif each.type == "date":
                made[each.name] = "2026-10-01T00:00:00+03:00"
        return made

    row = order_row(order_id)
    quantity = random.choice((1, 2, "0.386"))
    row |= {
        name: value
        for name, value in odd(fields.ORDER, "statusId", "currency", "lid", "lockedBy", "personTypeId").items()
        if name not in row
    }
    row["basketItems"][0] |= {"productId": 500, "quantity": quantity}
    row["basketItems"].append({"id": order_id * 10 + 5, "name": "Чай", "productId": 501, "quantity": 1, "price": "9.9"})
    total = (Decimal(100) * Decimal(str(quantity))).quantize(Decimal("0.01")) + Decimal("9.9")
    fee = random.choice((0, 300, "199.9"))
    mine = ("psStatus", "psStatusCode", "psStatusDescription", "psInvoiceId", "psSum", "psCurrency", "payVoucherNum",
            "payVoucherDate", "isReturn", "externalPayment", "paySystemId", "sum", "orderId", "comments")  # fmt: skip
    sums = (("psStatusMessage", 250), ("payReturnNum", 20), ("xmlId", 255))
    own = odd(fields.PAYMENT, *mine)
    own |= {name: own[name][:limit] for name, limit in sums if name in own}
    row["payments"][0] = {
        **own,
        **row["payments"][0],
        "sum": total + Decimal(str(fee)),
        "comments": random.choice(TEXTS),
    }
    keep = ("orderId", "deducted", "deliveryId", "statusId", "dateDeducted", "empDeductedId")
    row["shipments"][0] |= odd(fields.SHIPMENT, *keep)
    row["shipments"][0] |= {"priceDelivery": fee, "basePriceDelivery": fee, "allowDelivery": random.choice("YN")}
    row["propertyValues"] = [{"orderPropsId": number, "value": random.choice(TEXTS)} for number in (1, 2, 3, 4)]
    return row


def differing(before: Row, after: Row) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def assert_nothing_else_changed(before: Row, after: Row) -> None:
    """Of an order; `before` and `after` as the portal shows them."""
    assert differing(before, after) <= OURS["order"], differing(before, after) - OURS["order"]
    for part in ("payments", "shipments"):
        for old, new in zip(before[part], after[part], strict=True):
            others = differing(old, new) - OURS[part]
            assert {name for name in others if not _is_the_orders(before, part, name, old, new)} == set(), (
                part,
                others,
            )


def _is_the_orders(order: Row, part: str, name: str, old: Row, new: Row) -> bool:
    """A shipment without a company or a responsible person gets the order's with every update: nothing can keep it."""
    is_empty = part == "shipments" and name in ("companyId", "responsibleId") and not old[name]
    return is_empty and bool(new[name] == order[name])


def random_fault(random: Random) -> Row:
    fault = random.choice(
        (
            {"do": "reset"},
            {"do": "reset", "when": "after_commit"},
            {"do": "html", "value": 502},
            {"do": "html", "value": 504, "when": "after_commit"},
            {"do": "http", "value": 500, "when": "after_commit"},
            {"do": "http", "value": 503},
        )
    )
    return {"method": random.choice((*WRITES, "sale.order.get", "batch")), "nth": random.randint(1, 4), **fault}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_portal_does_nothing_but_the_four_steps_changes_and_each_once(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    numbers = range(1, 9)
    goods = [
        {"id": each, "iblockId": 15, "name": "Товар", "quantity": 100, "quantityTrace": "Y"} for each in (500, 501)
    ]
    document = shop_of(*(odd_order(random, number) for number in numbers), products=goods)
    with serving(document) as bitrix, shop_with(bitrix, tmp_path) as shop:
        state = deepcopy(bitrix.portal.state())
        for number in numbers:
            shop.sell(number)
        for _ in range(8):
            bitrix.faults(random_fault(random))
            shop.deliver(force=True)
            bitrix.clock.now_s += 700
        bitrix.faults()
        _until_told(shop, bitrix)
        after = bitrix.portal.state()
        for old, new in zip(state["orders"], after["orders"], strict=True):
            assert_nothing_else_changed(old, new)
            assert (new["payed"], new["statusId"], new["deducted"]) == ("Y", "F", "Y")
            assert new["version"] == old["version"] + 4, "each of the four writes was stored once"
        sold = [each["quantity"] for old in state["orders"] for each in old["basketItems"] if each["productId"] == 500]
        assert Decimal(after["stock"]["500"]) == 100 - sum(Decimal(str(each)) for each in sold)
        assert Decimal(after["stock"]["501"]) == 100 - len(numbers)
        assert (after["checks"], after["documents"]) == ([], [])


def _until_told(shop: Shop, bitrix: Bitrix) -> None:
    for _ in range(8):
        report = shop.deliver(force=True)
        if not report.waiting:
            break
        bitrix.clock.now_s += 700
    assert {each.state for each in shop.journal.entries(limit=500)} == {"done"}
