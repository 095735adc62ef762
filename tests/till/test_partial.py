"""A part is refused at the door: one receipt with less in it, the refusal beside it, and the portal's order follows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from posapp.devices.base import Ffd
from posapp.domain import ffd
from posapp.domain.checkout import Terms
from posapp.domain.marking import parse_marking
from posapp.domain.money import Money, Quantity
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.domain.partial import RefusedLine, handed_over
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, PosError, Refused, SaleError
from posapp.journal.rows import OutboxEntry
from posapp.settings import SalesSettings
from posapp.till import adopt, claim_sync, claims, courier_day, exchange, orders, recover, refund, refusing, sale
from posapp.till.sale import Codes
from tests.sync.portals import Row
from tests.till.colleagues import colleagues
from tests.till.four import VAT_ROW, Four, four_at
from tests.till.marking_shops import MarkingShop, milk
from tests.till.rig import Register, register_of
from tests.till.shops import LINES, TAG_VAT_22, an_order, cash, shop_at

KETTLE, FILTER, FEE = Money(199_000), Money(24_500), Money(30_000)
WHOLE = KETTLE + FILTER + FILTER + FILTER + FEE
WHY = "не подошёл"
COURIER = "Орлов Д."


def part(number: int, quantity: int | None = None) -> RefusedLine:
    return RefusedLine(number, None if quantity is None else Quantity(Decimal(quantity)))


def door_row(**changes: Any) -> Row:
    """A kettle, three filters of which each has a discount of 50, and a delivery; the delivery is allowed."""
    return {
        "basketItems": [
            {"id": 101, "productId": 7, "name": "Чайник", "quantity": 1, "price": 1990, "vatRate": 0.22},
            {"id": 102, "productId": 8, "name": "Фильтр", "quantity": 3, "price": 245, "basePrice": 295,
             "discountPrice": 50, "vatRate": 0.22},
        ],
        "payments": [{"id": 201, "sum": 3025, "paySystemId": 1}],
        "shipments": [{"id": 301, "deliveryId": 2, "deliveryName": "Курьер", "allowDelivery": "Y",
                       "priceDelivery": 300, "basePriceDelivery": 300, "comments": "домофон 12",
                       "trackingNumber": "TR-7", "responsibleId": 5}],
        **changes,
    }  # fmt: skip


PRODUCTS = [
    {"id": 7, "name": "Чайник", "quantity": 10, "quantityTrace": "Y"},
    {"id": 8, "name": "Фильтр", "quantity": 10, "quantityTrace": "Y"},
]


@contextmanager
def door_at(folder: Path, register: Register, changes: Row | None = None, **options: Any) -> Iterator[Four]:
    """A till with one such order on board; `options` of the portal."""
    row = {"id": 1, "accountNumber": "N-1", **door_row(**(changes or {}))}
    with four_at(folder, register, row, products=PRODUCTS, options=options) as four:
        map_delivery(four)
        yield four


def map_delivery(four: Four) -> None:
    till = four.shop.till
    vat = replace(till.settings.vat, confirmed={VAT_ROW: TAG_VAT_22, 0: TAG_VAT_22})
    four.shop.till = replace(till, settings=till.settings.with_(vat=vat))


@pytest.fixture
def door(tmp_path: Path, register: Register) -> Iterator[Four]:
    with door_at(tmp_path, register) as four:
        yield four


def order_on_board(four: Four) -> Order:
    order = four.shop.till.journal.order_by_id(four.shop.till.portal, 1)
    assert order is not None
    return order


def sell(four: Four, *refused: RefusedLine, money: Money | None = None, **terms: Any) -> sale.Sold:
    """The customer takes what is left and pays in cash, to the kopeck unless said otherwise."""
    order = order_on_board(four)
    given = Terms(refused=refused, why=WHY, **terms)
    amount = money if money is not None else Money(priced(order, refused, four))
    return sale.sell(four.shop.till, order, cash(amount), terms=given)


def priced(order: Order, refused: tuple[RefusedLine, ...], four: Four) -> int:
    found = handed_over(order, refused, four.shop.till.fee_policy, WHY, "–")
    return found.refused.payment_after.kopecks


def entries(four: Four, receipt: Receipt) -> dict[str, OutboxEntry]:
    return {each.step: each for each in four.shop.till.journal.entries_of_receipt(receipt.key)}


def states(four: Four, receipt: Receipt) -> list[str]:
    return [each.state for each in four.shop.till.journal.entries_of_receipt(receipt.key)]


def assert_agrees(four: Four, receipt: Receipt) -> None:
    """Receipt, order, payment, shipment and stock say the same, and everything was told."""
    order = four.bitrix.order(1)
    total = receipt.total.roubles
    (payment,), (shipment,) = order["payments"], order["shipments"]
    assert states(four, receipt) == ["done"] * 4
    assert (order["price"], payment["sum"], payment["psSum"]) == (total, total, total)
    assert (order["payed"], payment["paid"], shipment["deducted"], order["deducted"]) == ("Y",) * 4
    held = {item["basketId"]: item["quantity"] for item in shipment["shipmentItems"]}
    basket = {int(line["id"]): line["quantity"] for line in order["basketItems"]}
    assert held == basket
    kept = {each.basket_id: each.taken for each in receipt.refused.goods if each.taken} if receipt.refused else {}
    assert basket == kept
    stock = four.bitrix.portal.shop.products
    for product, basket_id in ((7, 101), (8, 102)):
        assert stock[product]["quantity"] == 10 - kept.get(basket_id, 0)
    for line in order["basketItems"]:
        sold = {each.basket_id: each.price for each in receipt.refused.goods} if receipt.refused else {}
        assert Money.from_roubles(line["price"]) == sold[int(line["id"])]
    assert (shipment["comments"], shipment["trackingNumber"], shipment["responsibleId"]) == ("домофон 12", "TR-7", 5)


# ------------------------------------------------------------------------------------------------ the whole way
@pytest.mark.parametrize(
    "refused, total",
    [
        ((part(1),), FILTER + FILTER + FILTER + FEE),
        ((part(2, 1),), KETTLE + FILTER + FILTER + FEE),
        ((part(2),), KETTLE + FEE),
        ((part(1), part(2, 2)), FILTER + FEE),
    ],
)
def test_receipt_refusal_and_portal_say_the_same(door: Four, refused: tuple[RefusedLine, ...], total: Money) -> None:
    courier_day.begin(door.shop.till, COURIER, Money(0))
    sold = sell(door, *refused)
    receipt = sold.view.receipt
    assert receipt.total == total
    (document,) = door.register.with_key(receipt.key)
    assert document.total_kopecks == total.kopecks
    printed = [each for each in ffd.decode(document.body) if each.tag == 1059]
    assert len(printed) == len(receipt.lines)
    day = courier_day.find(door.shop.till, None)
    (kept,) = day.refusals
    assert (kept.refused.receipt_key, kept.refused.is_whole, kept.refused.why) == (receipt.key, False, WHY)
    assert kept.refused.amount == WHOLE - total
    assert day.should_be == total
    door.deliver()
    assert_agrees(door, receipt)
    assert orders.view(door.shop.till, order_on_board(door)).lights.all_green
    comment = door.bitrix.order(1)["payments"][0]["psStatusMessage"]
    assert WHY in comment
    assert f"ФД {document.number}" in comment
    assert door.differences() == []
    assert order_on_board(door).price == total  # pulled again: the order is what was taken
    with pytest.raises(sale.AlreadyReceipted):
        sell(door, money=total)


def test_the_refusal_is_in_the_audit_log_with_who_and_why(door: Four) -> None:
    sell(door, part(1))
    (noted,) = [each for each in door.shop.till.journal.audit_rows() if each.what == "order.part_refused"]
    assert (noted.why, noted.facts["amount_kopecks"]) == (WHY, KETTLE.kopecks)


def test_the_delivery_by_the_shops_rule_reaches_the_portal(door: Four) -> None:
    till = door.shop.till
    door.shop.till = replace(till, settings=till.settings.with_(sales=SalesSettings(fee_rule="waive")))
    receipt = sell(door, part(2)).view.receipt
    assert receipt.total == KETTLE
    door.deliver()
    assert_agrees(door, receipt)
    (shipment,) = door.bitrix.order(1)["shipments"]
    assert (shipment["priceDelivery"], shipment["customPriceDelivery"]) == (0, "Y")


def test_an_order_that_was_free_for_its_sum_pays_the_fee(tmp_path: Path, register: Register) -> None:
    shipment = {**door_row()["shipments"][0], "priceDelivery": 0, "basePriceDelivery": 0}
    changes = {"shipments": [shipment], "payments": [{"id": 201, "sum": 2725, "paySystemId": 1}]}
    with door_at(tmp_path, register, changes) as four:
        till = four.shop.till
        rule = SalesSettings(fee_rule="free-from", fee_free_from_kopecks=200_000, fee_kopecks=29_900)
        four.shop.till = replace(till, settings=till.settings.with_(sales=rule))
        receipt = sell(four, part(1)).view.receipt
        assert receipt.total == FILTER + FILTER + FILTER + Money(29_900)
        four.deliver()
        assert_agrees(four, receipt)


def test_the_rest_of_a_part_payment(tmp_path: Path, register: Register) -> None:
    changes = {"payments": [{"id": 200, "sum": 500, "paySystemId": 4, "paid": "Y"},
                            {"id": 201, "sum": 2525, "paySystemId": 1}]}  # fmt: skip
    with door_at(tmp_path, register, changes) as four:
        receipt = sell(four, part(2, 2), way=Way.REST).view.receipt
        assert receipt.total == KETTLE + FILTER + FEE
        assert receipt.settled_money == receipt.total - Money(50_000)
        four.deliver()
        order = four.bitrix.order(1)
        assert states(four, receipt) == ["done"] * 4
        assert [each["sum"] for each in order["payments"]] == [500, receipt.settled_money.roubles]
        assert (order["payed"], order["price"]) == ("Y", receipt.total.roubles)


def test_a_shipment_that_may_still_be_edited_follows_by_itself(tmp_path: Path, register: Register) -> None:
    shipment = {**door_row()["shipments"][0], "allowDelivery": "N"}
    with door_at(tmp_path, register, {"shipments": [shipment]}) as four:
        receipt = sell(four, part(2, 2)).view.receipt
        four.deliver()
        assert_agrees(four, receipt)


def test_what_the_kernel_calculates_anew_does_not_change_what_was_sold(tmp_path: Path, register: Register) -> None:
    """The order loses the sum for which it had its discounts, and the delivery service asks another price."""
    with door_at(tmp_path, register, discount_from="2500", delivery_calculated="450") as four:
        receipt = sell(four, part(1), part(2, 1)).view.receipt
        four.deliver()
        assert_agrees(four, receipt)


# ------------------------------------------------------------------------------------------------ exactly once
def code_of(four: Four, *refused: RefusedLine, **terms: Any) -> str:
    with pytest.raises(PosError) as told:
        sell(four, *refused, **terms)
    return told.value.code


def test_a_begun_receipt_is_found_again_with_the_same_refusal_only(door: Four) -> None:
    door.register.fault("FF46", "error", value=0x39)
    with pytest.raises(Refused):
        sell(door, part(1))
    begun = door.shop.stored().receipt
    door.register.heal()
    for other in ((), (part(2),), (part(1), part(2, 1)), (part(2, 1),)):
        assert code_of(door, *other, money=Money(1)) == "other_refusal"
    assert code_of(door, part(1), money=Money(1)) == "other_tenders"
    assert door.register.receipts == []
    assert sell(door, part(1, 1)).view.receipt.key == begun.key  # the whole line in other words
    assert len(door.register.receipts) == 1
    assert len(door.shop.till.journal.refusals()) == 1


def test_a_receipt_begun_for_all_is_not_printed_for_a_part(door: Four) -> None:
    door.register.fault("FF46", "error", value=0x39)
    with pytest.raises(Refused):
        sale.sell(door.shop.till, order_on_board(door), cash(WHOLE))
    door.register.heal()
    assert code_of(door, part(1)) == "other_refusal"
    assert door.shop.till.journal.refusals() == []


@pytest.mark.parametrize("command", ["8D", "FF0C", "FF46", "FF45"])
@pytest.mark.parametrize("when", ["before", "after_commit"])
def test_a_lost_answer_makes_neither_a_second_receipt_nor_a_second_refusal(door: Four, command: str, when: str) -> None:
    door.register.fault(command, "drop_reply" if when == "after_commit" else "drop_command", when=when)
    for _ in range(4):
        try:
            sell(door, part(1))
        except (OutcomeUnknown, Refused):
            door.register.heal()
            continue
        except sale.AlreadyReceipted:
            pass
        break
    stored = door.shop.stored()
    assert stored.state is State.FISCALIZED
    assert len(door.register.with_key(stored.receipt.key)) == 1
    (kept,) = door.shop.till.journal.refusals()
    assert kept.refused.receipt_key == stored.receipt.key


def test_power_fails_at_the_door_and_the_refusal_is_there_with_the_receipt(door: Four) -> None:
    courier_day.begin(door.shop.till, COURIER, Money(0))
    door.register.fault("FF45", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        sell(door, part(2, 1))
    assert door.shop.till.journal.refusals() == []  # not proven yet: nothing is told
    door.register.heal()
    door.shop.restart()
    door.wire()
    recover.recover(door.shop.till)
    day = courier_day.find(door.shop.till, None)
    assert [each.refused.amount for each in day.refusals] == [FILTER]
    door.deliver()
    assert_agrees(door, door.shop.receipt())


def test_not_made_is_no_refusal(door: Four) -> None:
    door.register.fault("FF45", "power_off", "before")
    with pytest.raises(OutcomeUnknown):
        sell(door, part(1))
    door.register.heal()
    recover.recover(door.shop.till)
    assert door.shop.stored().state is State.PENDING
    assert door.shop.till.journal.refusals() == []


def forget(four: Four) -> None:
    """The journal goes back to before the sale."""
    four.shop.close()
    for table in ("refusals", "outbox", "attempts", "receipts"):
        four.sql(f"DELETE FROM {table}")
    four.shop.reopen()
    four.wire()
    map_delivery(four)


def test_the_document_is_taken_in_again_with_its_refusal(door: Four) -> None:
    """The data directory went back to before the sale: the order on board is still whole."""
    receipt = sell(door, part(1), part(2, 1)).view.receipt
    (document,) = door.register.with_key(receipt.key)
    forget(door)
    adopt.adopt(door.shop.till, receipt.key, document.number)
    taken = door.shop.receipt()
    assert receipt.refused is not None
    assert taken.refused is not None
    assert taken.refused.is_same(receipt.refused)
    assert [each.refused.receipt_key for each in door.shop.till.journal.refusals()] == [receipt.key]
    door.deliver()
    assert_agrees(door, taken)


# ------------------------------------------------------------------------------------------------ what cannot be
def test_what_is_refused_whole_or_paid_before_is_said_in_words(door: Four) -> None:
    assert code_of(door, part(1), part(2), money=Money(1)) == "refused_all"
    for way in (Way.PREPAYMENT, Way.CREDIT, Way.BARTER):
        assert code_of(door, part(1), money=Money(1), way=way) == "refused_way"
    assert code_of(door, part(9), money=Money(1)) == "refused_line"
    assert door.shop.till.journal.receipts_of_order(door.shop.till.portal, 1) == []


PREPAID = {"payments": [{"id": 201, "sum": 3025, "paySystemId": 4, "paid": "Y"}]}


def test_a_prepaid_order_is_not_sold_for_money(tmp_path: Path, register: Register) -> None:
    with door_at(tmp_path, register, PREPAID) as four:
        assert code_of(four, part(1), money=Money(1)) == "refused_prepaid"
        assert code_of(four, part(1), part(2), money=Money(1), way=Way.HANDOVER) == "refused_all"
        assert register.receipts == []


# ------------------------------------------------------------------------------------------------ paid before
def hand_over(four: Four, *refused: RefusedLine) -> Receipt:
    terms = Terms(way=Way.HANDOVER, refused=refused, why=WHY)
    return sale.sell(four.shop.till, order_on_board(four), (), terms=terms).view.receipt


def assert_parted(four: Four, receipt: Receipt) -> None:
    """What was taken has left the stock, the rest is still in the order, unshipped; the money is as it was."""
    order = four.bitrix.order(1)
    ((payment,), (shipment,)) = order["payments"], order["shipments"]
    assert receipt.refused is not None
    taken = {each.basket_id: each.taken for each in receipt.refused.goods if each.taken}
    assert {item["basketId"]: item["quantity"] for item in shipment["shipmentItems"]} == taken
    assert (order["price"], order["payed"], payment["sum"], payment["paid"]) == (3025, "Y", 3025, "Y")
    assert (shipment["deducted"], shipment["priceDelivery"], order["statusId"]) == ("Y", 300, "N")
    assert shipment["deliveryDocNum"] == str(four.shop.stored().mark.document_number)  # type: ignore[union-attr]
    for product, basket_id in ((7, 101), (8, 102)):
        assert four.bitrix.portal.shop.products[product]["quantity"] == 10 - taken.get(basket_id, 0)


@pytest.mark.parametrize("refused", [(part(1),), (part(2, 2),), (part(1), part(2, 1))])
def test_what_was_paid_before_is_handed_over_in_part(
    tmp_path: Path, register: Register, refused: tuple[RefusedLine, ...]
) -> None:
    with door_at(tmp_path, register, PREPAID, delivery_calculated="450") as four:
        receipt = hand_over(four, *refused)
        assert receipt.refused is not None
        (document,) = register.with_key(receipt.key)
        entries_ = ffd.decode(document.body)
        tenders = {tag: getattr(ffd.find(entries_, tag), "value", None) for tag in (1031, 1081, 1215)}
        assert tenders == {1031: 0, 1081: 0, 1215: receipt.total.kopecks}
        assert receipt.refused.to_refund == WHOLE - receipt.total
        assert [each.step for each in four.shop.till.journal.entries_of_receipt(receipt.key)] == ["stock"]
        four.deliver()
        assert_parted(four, receipt)
        assert refusing.to_refund([receipt]) == WHOLE - receipt.total
        assert refusing.refund_command([receipt]) == ""  # the prepayment's receipt is the site's
        assert four.differences() == []
        assert len(four.shop.till.journal.refusals()) == 1


@pytest.mark.parametrize("method, nth", [("batch", 1), ("batch", 2), ("batch", 3), ("batch", 4), ("batch", 5),
                                         ("sale.shipmentitem.delete", 1), ("sale.shipmentitem.update", 1),
                                         ("sale.shipment.update", 1), ("sale.shipment.update", 2)])  # fmt: skip
def test_a_lost_answer_parts_a_prepaid_order_once(tmp_path: Path, register: Register, method: str, nth: int) -> None:
    with door_at(tmp_path, register, PREPAID, delivery_calculated="450") as four:
        receipt = hand_over(four, part(1), part(2, 1))
        four.bitrix.faults({"method": method, "nth": nth, "when": "after_commit", "do": "reset", "times": 1})
        for _ in range(4):
            four.deliver()
        assert_parted(four, receipt)
        assert any(row["http"] != 200 for row in four.bitrix.requests()), "the fault never came about"


def test_the_money_for_the_rest_goes_back_by_a_refund_of_the_prepayment(door: Four) -> None:
    """Prepaid at this till, handed over in part, refunded: nothing is left, and never more than was paid."""
    till = door.shop.till
    terms = Terms(way=Way.PREPAYMENT)
    ahead = sale.sell(till, order_on_board(door), cash(WHOLE), terms=terms).view.receipt
    hand_over(door, part(1), part(2, 1))
    made = sale.made_for(till, order_on_board(door))
    assert refusing.to_refund(made) == KETTLE + FILTER
    assert refusing.refund_command(made) == f"posapp refund {ahead.key} --line 1x1 --line 2x1"
    with pytest.raises(SaleError) as told:
        refund.refund(till, ahead.key, {0: Quantity.of(1), 1: Quantity.of(2)})
    assert told.value.code == "refund_order"
    refund.refund(till, ahead.key, {0: Quantity.of(1), 1: Quantity.of(1)})
    made = sale.made_for(till, order_on_board(door))
    assert (refusing.to_refund(made), refusing.refund_text(made)) == (Money(0), "")
    assert len(door.register.receipts) == 3


def test_a_begun_hand_over_of_a_part_is_found_again(tmp_path: Path, register: Register) -> None:
    with door_at(tmp_path, register, PREPAID) as four:
        register.fault("FF46", "error", value=0x39)
        with pytest.raises(Refused):
            hand_over(four, part(1))
        register.heal()
        for other in ((), (part(2),)):
            with pytest.raises(SaleError) as told:
                hand_over(four, *other)
            assert told.value.code == "other_refusal"
        hand_over(four, part(1))
        assert len(register.receipts) == 1


def test_the_document_of_a_parted_hand_over_is_taken_in_again(tmp_path: Path, register: Register) -> None:
    with door_at(tmp_path, register, PREPAID) as four:
        receipt = hand_over(four, part(2, 1))
        (document,) = register.with_key(receipt.key)
        forget(four)
        adopt.adopt(four.shop.till, receipt.key, document.number)
        taken = four.shop.receipt()
        assert receipt.refused is not None
        assert taken.refused is not None
        assert taken.refused.is_same(receipt.refused)
        assert taken.settlement == receipt.settlement
        four.deliver()
        assert_parted(four, taken)


@pytest.mark.parametrize(
    "values, word",
    [
        ({"shipments__deducted": "Y"}, "отгружен"),
        ({"shipments__canceled": "Y"}, "отгрузки 301"),
        ({"shipments__shipmentItems": []}, "в отгрузке 0"),
    ],
)
def test_a_shipment_that_somebody_changed_parts_nothing(
    tmp_path: Path, register: Register, values: Row, word: str
) -> None:
    with door_at(tmp_path, register, PREPAID) as four:
        receipt = hand_over(four, part(2, 1))
        change(four, **values)
        exchange.deliver(four.shop.till, force=True)
        stock = entries(four, receipt)["stock"]
        assert (stock.state, stock.code) == ("failed", "portal_goods_differ")
        assert word in str(stock.facts["what"])
        assert four.bitrix.portal.shop.products[8]["quantity"] == 10


# ------------------------------------------------------------------------------------------------ the portal is away
@pytest.mark.parametrize("method, nth, do", [
    (method, nth, do)
    for (method, nth), do in itertools.product(
        [("sale.basketitem.update", 1), ("sale.basketitem.update", 2), ("sale.basketitem.delete", 1),
         ("sale.shipmentitem.update", 1), ("sale.payment.update", 1), ("sale.payment.update", 2),
         ("sale.payment.update", 3), ("sale.shipment.update", 1), ("sale.shipment.update", 2),
         ("batch", 1), ("batch", 2), ("batch", 3), ("batch", 4), ("batch", 5), ("batch", 6), ("batch", 7)],
        [("before", "reset"), ("after_commit", "reset"), ("after_commit", "http")],
    )
])  # fmt: skip
def test_a_lost_answer_to_any_write_takes_nothing_out_twice(
    tmp_path: Path, register: Register, method: str, nth: int, do: tuple[str, str]
) -> None:
    with door_at(tmp_path, register, discount_from="2500", delivery_calculated="450") as four:
        receipt = sell(four, part(1), part(2, 2)).view.receipt
        fault: Row = {"method": method, "nth": nth, "when": do[0], "do": do[1], "times": 1}
        if do[1] == "http":
            fault["value"] = 502
        four.bitrix.faults(fault)
        for _ in range(6):
            four.deliver()
            if states(four, receipt) == ["done"] * 4:
                break
        assert_agrees(four, receipt)
        assert any(row["http"] != 200 for row in four.bitrix.requests()), "the fault never came about"


def test_nothing_reads_as_done_while_the_portal_is_only_half_told(door: Four) -> None:
    receipt = sell(door, part(1)).view.receipt
    door.bitrix.faults({"method": "sale.payment.update", "nth": 2, "when": "before", "do": "reset", "times": 1})
    exchange.deliver(door.shop.till, force=True)
    order = door.bitrix.order(1)
    assert (order["payed"], order["payments"][0]["paid"], order["shipments"][0]["deducted"]) == ("N", "N", "N")
    assert "done" not in states(door, receipt)[1:]
    assert door.bitrix.portal.shop.products[7]["quantity"] == 10
    door.deliver()
    assert_agrees(door, receipt)


def change(four: Four, **values: Any) -> None:
    order = four.on_portal(1)
    for name, value in values.items():
        part_, _, key = name.partition("__")
        order[part_][0][key] = value


@pytest.mark.parametrize(
    "values, word",
    [
        ({"basketItems__quantity": Decimal(2)}, "Чайник"),
        ({"basketItems__id": 999}, "ещё"),
        ({"basketItems__price": Decimal(1)}, "Чайник"),
        ({"payments__sum": Decimal(99)}, "оплата"),
        ({"payments__paid": "Y"}, "сумму портал"),
        ({"shipments__deducted": "Y"}, "отгружен"),
        ({"shipments__canceled": "Y"}, "отгрузки 301"),
        ({"shipments__priceDelivery": Decimal(77)}, "доставка"),
        ({"shipments__shipmentItems": []}, "в отгрузке 0"),
    ],
)
def test_what_somebody_changed_meanwhile_is_for_a_person(door: Four, values: Row, word: str) -> None:
    receipt = sell(door, part(2, 1)).view.receipt
    change(door, **values)
    before = door.bitrix.order(1)
    exchange.deliver(door.shop.till, force=True)
    payment = entries(door, receipt)["payment"]
    assert (payment.state, payment.code) == ("failed", "portal_goods_differ")
    assert word in str(payment.facts["what"])
    after = door.bitrix.order(1)
    for name in ("basketItems", "shipments", "price"):
        assert after[name] == before[name], name
    assert door.differences() == ["portal_held"]


def test_a_shipment_that_was_changed_after_the_payment_takes_nothing_out_of_stock(door: Four) -> None:
    receipt = sell(door, part(2, 1)).view.receipt
    door.bitrix.faults({"method": "sale.shipment.update", "nth": 1, "when": "before", "do": "reset", "times": 1})
    exchange.deliver(door.shop.till, force=True)
    assert states(door, receipt)[:3] == ["done"] * 3
    change(door, shipments__shipmentItems=[])
    exchange.deliver(door.shop.till, force=True)
    stock = entries(door, receipt)["stock"]
    assert (stock.state, stock.code) == ("failed", "portal_goods_differ")
    assert door.bitrix.portal.shop.products[8]["quantity"] == 10


def test_an_order_pulled_by_the_program_before_this_one_is_pulled_again_first(door: Four) -> None:
    order = order_on_board(door)
    old = replace(order, lines=tuple(replace(line, basket_id=0) for line in order.lines))
    with pytest.raises(SaleError) as told:
        sale.sell(door.shop.till, old, cash(KETTLE), terms=Terms(refused=(part(2),), why=WHY))
    assert told.value.code == "refused_unfit"


# ------------------------------------------------------------------------------------------------ marked goods
MILK = replace(
    an_order(),
    lines=tuple(replace(line, basket_id=100 + number) for number, line in enumerate(an_order().lines)),
)


@pytest.fixture
def dairy(tmp_path: Path) -> Iterator[MarkingShop]:
    """A till whose register checks codes."""
    marking_register = register_of(Ffd.V1_2)
    with shop_at(tmp_path, marking_register) as shop:
        yield MarkingShop(shop)


def sell_milk(dairy: MarkingShop, money: Money, refused: RefusedLine, codes: Codes) -> sale.Sold:
    return sale.sell(dairy.till, MILK, cash(money), codes=codes, terms=Terms(refused=(refused,), why=WHY))


def test_a_refused_thing_needs_no_code_and_codes_are_by_the_line_of_the_order(dairy: MarkingShop) -> None:
    """Line 1 is refused as a whole, so line 2 of the order is the first of the receipt."""
    receipt = sell_milk(dairy, LINES[1], part(1), {2: [milk(1)]}).view.receipt
    (line,) = receipt.lines
    assert parse_marking(line.marking).identity == milk(1).identity
    assert len(dairy.shop.register.receipts) == 1


def test_of_a_line_in_part_only_what_is_taken_has_a_code(dairy: MarkingShop) -> None:
    with pytest.raises(SaleError) as told:
        sell_milk(dairy, LINES[0] + LINES[1], part(1, 1), {1: [milk(1), milk(2)]})
    assert told.value.code == "marking_quantity"
    receipt = sell_milk(dairy, LINES[0] + LINES[1], part(1, 1), {1: [milk(1)]}).view.receipt
    assert [bool(line.marking) for line in receipt.lines] == [True, False]


def test_a_code_of_a_refused_thing_is_told_before_anything_is_asked(dairy: MarkingShop) -> None:
    with pytest.raises(SaleError) as told:
        sell_milk(dairy, LINES[1], part(1), {1: [milk(1)]})
    assert told.value.code == "refused_line"
    assert dairy.shop.till.journal.receipts_of_order(dairy.till.portal, 1) == []


# ------------------------------------------------------------------------------------------------ several tills
def test_a_part_is_sold_under_the_claim_and_closes_the_order_for_all(tmp_path: Path) -> None:
    terms = Terms(refused=(part(1, 1),), why=WHY)
    with colleagues(tmp_path) as (one, other):
        claims.take_route(one.till, [MILK])
        with pytest.raises(SaleError) as told:
            sale.sell(other.till, MILK, cash(LINES[0] + LINES[1]), terms=terms)
        assert told.value.code == "claimed_elsewhere"
        one.wire.state = "down"
        sale.sell(one.till, MILK, cash(LINES[0] + LINES[1]), terms=terms)
        one.wire.state = "up"
        report = claim_sync.sync(one.till)
        assert report is not None
        assert report.closed == 1
        with pytest.raises(SaleError) as told:
            sale.sell(other.till, MILK, cash(MILK.price))
        assert told.value.code == "receipted_elsewhere"
        assert len(one.till.journal.refusals()) == 1
        assert other.till.journal.refusals() == []
        assert (len(one.register.receipts), len(other.register.receipts)) == (1, 0)
