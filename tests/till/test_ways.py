"""Every way of settling an order, end to end: what was chosen is what stands in the storage, tag by tag, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from posapp.domain import ffd
from posapp.domain.checkout import Terms
from posapp.domain.money import Money, total
from posapp.domain.offers import Way
from posapp.domain.order import Order, OrderPayment
from posapp.domain.receipt import CashlessDetail, Receipt, Tender
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, Refused, SaleError
from posapp.settings import GatewaySettings, SalesSettings
from posapp.till import adopt, exchange, orders, recover, sale, shift
from tests.till.four import Four, four_at
from tests.till.rig import Register
from tests.till.shops import TOTAL, Shop, an_order, card, cash, shop_at

REST = TOTAL - Money(20_000)


def payment(number: int, amount: Money, *, is_paid: bool = False) -> OrderPayment:
    return OrderPayment(number, 1, "Оплата", amount, is_paid, prints_receipt=False)


UNPAID = an_order()
PAID = replace(UNPAID, payments=(payment(1, TOTAL, is_paid=True),))
HALF = replace(UNPAID, payments=(payment(1, Money(20_000), is_paid=True), payment(2, REST)))
TWO = replace(UNPAID, payments=(payment(1, Money(20_000)), payment(2, REST)))


def sell(shop: Shop, order: Order, way: Way, money: tuple[Tender, ...] = (), **terms: object) -> sale.Sold:
    return sale.sell(shop.till, order, money, terms=Terms(way=way, **terms))  # type: ignore[arg-type]


def tags(shop: Shop, receipt: Receipt) -> tuple[ffd.Entry, ...]:
    """What the storage holds under the receipt's key, exactly once."""
    (document,) = shop.register.with_key(receipt.key)
    return ffd.decode(document.body)


def value(entries: tuple[ffd.Entry, ...], *path: int) -> object:
    found = ffd.find(entries, *path)
    return None if found is None else found.value


@pytest.mark.parametrize(
    "order, way, money, steps",
    [
        (UNPAID, Way.FULL, cash(TOTAL), ["mark", "payment", "status", "stock"]),
        (UNPAID, Way.PREPAYMENT, card(TOTAL), ["mark", "payment"]),
        (UNPAID, Way.ADVANCE, cash(TOTAL), ["mark", "payment"]),
        (UNPAID, Way.BARTER, (), ["mark", "payment", "status", "stock"]),
        (UNPAID, Way.CREDIT, (), ["stock"]),
        (PAID, Way.HANDOVER, (), ["status", "stock"]),
        (PAID, Way.SITE_PAYMENT, (), ["mark", "payment"]),
        (HALF, Way.REST, cash(REST), ["mark", "payment", "status", "stock"]),
        (HALF, Way.PART_PREPAYMENT, cash(REST), ["mark", "payment"]),
        (HALF, Way.CREDIT, (), ["stock"]),
        (TWO, Way.PART_CREDIT, cash(Money(20_000)), ["mark", "payment", "stock"]),
    ],
)
def test_what_was_chosen_stands_in_the_storage(
    shop: Shop, order: Order, way: Way, money: tuple[Tender, ...], steps: list[str]
) -> None:
    sold = sell(shop, order, way, money, payment_id=1 if way is Way.PART_CREDIT else None)
    receipt = sold.view.receipt
    said = tags(shop, receipt)
    assert value(said, 1020) == receipt.total.kopecks
    for tag in (1031, 1081, 1215, 1216, 1217):
        expected = sum(each.amount.kopecks for each in receipt.tenders if each.kind.value == tag)
        assert value(said, tag) == expected, tag
    items = [each.items or () for each in said if each.tag == 1059]
    for item, line in zip(items, receipt.lines, strict=True):
        printed = ffd.encode_text(line.name).decode("cp866")
        wanted = (line.line_sum.kopecks, line.vat.value, line.payment_method.value, line.payment_object.value)
        assert value(item, 1030) == printed
        assert tuple(value(item, tag) for tag in (1043, 1199, 1214, 1212)) == wanted
    entries = shop.till.journal.entries_of_receipt(receipt.key)
    assert [each.step for each in entries] == steps
    assert Receipt.from_json(receipt.as_json()) == receipt


def test_prepayment_then_hand_over_are_two_settlements_each_once(shop: Shop) -> None:
    first = sell(shop, UNPAID, Way.PREPAYMENT, cash(TOTAL)).view.receipt
    for way in (Way.PREPAYMENT, Way.ADVANCE, Way.CREDIT, Way.REST):
        with pytest.raises(SaleError) as caught:
            sell(shop, UNPAID, way, cash(TOTAL))
        assert caught.value.code == "way_closed"
    with pytest.raises(sale.AlreadyReceipted) as told:
        shop.sell(UNPAID)
    assert told.value.code == "deal_goes_on"
    assert "handover" in told.value.action()
    second = sell(shop, UNPAID, Way.HANDOVER).view.receipt
    assert (first.settlement.part, second.settlement.part) == ("1", "handover:1")
    assert len(shop.register.receipts) == 2
    with pytest.raises(SaleError) as caught:
        sell(shop, UNPAID, Way.HANDOVER)
    assert caught.value.code == "way_closed"
    with pytest.raises(sale.AlreadyReceipted) as told:
        shop.sell(UNPAID)
    assert told.value.code == "already_receipted"
    assert len(shop.register.receipts) == 2


def test_credit_is_paid_in_two_parts(shop: Shop) -> None:
    sell(shop, TWO, Way.CREDIT)
    debts = [sell(shop, TWO, Way.DEBT, cash(amount), payment_id=number).view.receipt
             for number, amount in ((1, Money(20_000)), (2, REST))]  # fmt: skip
    assert total([each.total for each in debts]) == TOTAL
    assert orders.view(shop.till, TWO).offers == ()
    for each in debts:
        status = [entry for entry in shop.till.journal.entries_of_receipt(each.key) if entry.step == "status"]
        assert [entry.body["needs"] for entry in status] == ["all_paid"]


@pytest.mark.parametrize("way", [Way.HANDOVER, Way.CREDIT, Way.PREPAYMENT])
@pytest.mark.parametrize("command", ["8D", "FF0C", "FF46", "FF45"])
def test_a_lost_answer_never_makes_a_second_receipt(shop: Shop, way: Way, command: str) -> None:
    order = PAID if way is Way.HANDOVER else UNPAID
    money = cash(TOTAL) if way is Way.PREPAYMENT else ()
    shop.register.fault(command, "drop_reply", when="after_commit")
    for _ in range(4):
        try:
            sell(shop, order, way, money)
        except (OutcomeUnknown, Refused):
            shop.register.heal()
            continue
        except SaleError:  # it was made: nothing more to do this way
            pass
        break
    stored = shop.stored()
    assert stored.state is State.FISCALIZED
    assert len(shop.register.receipts) == 1
    assert len(shop.register.with_key(stored.receipt.key)) == 1


def test_a_begun_hand_over_is_ended_before_anything_else(shop: Shop) -> None:
    """The receipt refused for want of paper is the one that is printed, and no other way gets in between."""
    shop.register.fault("FF46", "error", value=0x39)
    with pytest.raises(Refused):
        sell(shop, PAID, Way.HANDOVER)
    shop.register.heal()
    begun = shop.stored()
    with pytest.raises(SaleError) as caught:
        sell(shop, PAID, Way.SITE_PAYMENT)
    assert caught.value.code == "other_way"
    with pytest.raises(SaleError) as caught:
        shop.sell(PAID)
    assert caught.value.code == "other_tenders"
    assert orders.view(shop.till, PAID).offers == ()
    done = sell(shop, PAID, Way.HANDOVER)
    assert done.view.receipt.key == begun.receipt.key
    assert len(shop.register.receipts) == 1


def test_an_order_that_was_begun_otherwise_says_so(shop: Shop) -> None:
    shop.register.fault("FF46", "error", value=0x39)
    with pytest.raises(Refused):
        sell(shop, UNPAID, Way.PREPAYMENT, cash(TOTAL))
    shop.register.heal()
    with pytest.raises(SaleError) as caught:
        shop.sell(UNPAID)
    assert caught.value.code == "begun_differs"
    assert shop.register.receipts == []


def test_a_document_that_the_journal_lost_comes_back_with_its_part(tmp_path: Path, register: Register) -> None:
    """Prepayment and hand-over of one order, the journal gone: both are adopted as what they were."""
    with shop_at(tmp_path / "a", register) as shop:
        keys = [sell(shop, UNPAID, Way.PREPAYMENT, cash(TOTAL)).view.receipt.key]
        keys.append(sell(shop, UNPAID, Way.HANDOVER).view.receipt.key)
        before = [shop.till.journal.receipt(key) for key in keys]
    with shop_at(tmp_path / "b", register, shift_open=False) as shop:
        shop.till.journal.save_orders([UNPAID], claimed=True)
        for key in keys:
            (document,) = register.with_key(key)
            adopt.adopt(shop.till, key, document.number)
        recover.recover(shop.till)
        after = [shop.till.journal.receipt(key) for key in keys]
        assert [each.receipt.settlement for each in after if each] == [
            each.receipt.settlement for each in before if each
        ]
        assert orders.view(shop.till, UNPAID).offers == ()


# ------------------------------------------------------------------------------------------------- what is said besides


def test_cashless_payments_are_kept_with_the_sale(shop: Shop) -> None:
    details = (CashlessDetail(Money(20_000), 1, "512345678901"), CashlessDetail(REST, 2, "A1B2"))
    receipt = sell(shop, UNPAID, Way.FULL, card(TOTAL), cashless=details).view.receipt
    kept = shop.till.journal.receipt(receipt.key)
    assert kept is not None
    assert kept.receipt.cashless == details


def test_an_older_deal_keeps_its_rate_on_a_persons_word(shop: Shop) -> None:
    table = shop.settings.vat
    settings = shop.settings.with_(vat=replace(table, confirmed={1: 1}, rows={1: ("НДС 20 %", "20")}))
    shop.till = replace(shop.till, settings=settings)
    order = replace(UNPAID, lines=tuple(replace(each, vat_percent=Decimal(20)) for each in UNPAID.lines))
    with pytest.raises(SaleError) as caught:
        sell(shop, order, Way.FULL, cash(TOTAL))
    assert caught.value.code == "vat_unmapped"
    with pytest.raises(SaleError):
        sell(shop, order, Way.FULL, cash(TOTAL), deal_day=date(2026, 3, 1), why="отгрузка")
    receipt = sell(
        shop, order, Way.FULL, cash(TOTAL), deal_day=date(2025, 12, 20), why="отгружен в декабре"
    ).view.receipt
    assert {line.vat.value for line in receipt.lines} == {1}
    (record,) = [each for each in shop.till.journal.audit_rows() if each.what == "vat.older_deal"]
    assert record.subject == receipt.key
    assert record.why == "отгружен в декабре"
    assert record.facts["deal_day"] == "2025-12-20"


@pytest.mark.parametrize(
    "systems, code", [((1,), "vat_against_tax_system"), ((16,), "vat_against_tax_system"), ((2,), "")]
)
def test_a_rate_against_the_tax_system_holds_the_receipt(shop: Shop, systems: tuple[int, ...], code: str) -> None:
    table, printer = shop.settings.vat, shop.settings.printer
    assert printer is not None
    settings = shop.settings.with_(
        vat=replace(table, confirmed={1: 7}, rows={1: ("НДС 5 %", "5")}), printer=replace(printer, tax_systems=systems)
    )
    shop.till = replace(shop.till, settings=settings)
    order = replace(UNPAID, lines=tuple(replace(each, vat_percent=Decimal(5)) for each in UNPAID.lines))
    if not code:
        assert sell(shop, order, Way.FULL, cash(TOTAL)).view.receipt.tax_system == systems[0]
        return
    with pytest.raises(SaleError) as caught:
        sell(shop, order, Way.FULL, cash(TOTAL))
    assert caught.value.code == code
    assert shop.till.journal.receipts_of_order(order.portal, order.order_id) == []


def test_a_couriers_till_says_where_the_settlement_was(shop: Shop) -> None:
    sales = SalesSettings(cashier_inn="500100732259", place="доставка курьером", is_mobile=True)
    shop.till = replace(shop.till, settings=shop.settings.with_(sales=sales, cashier="Курьер Петров П."))
    order = replace(UNPAID, is_courier=True, buyer=replace(UNPAID.buyer, address="Москва, Лесная, 5, кв. 12"))
    receipt = sell(shop, order, Way.FULL, cash(TOTAL)).view.receipt
    assert (receipt.cashier, receipt.cashier_inn, receipt.place, receipt.address) == (
        "Курьер Петров П.", "500100732259", "доставка курьером", "Москва, Лесная, 5, кв. 12",
    )  # fmt: skip


def test_several_receipts_of_an_order_wait_for_the_gateway_to_know_them(shop: Shop) -> None:
    shop.till = replace(shop.till, settings=shop.settings.with_(gateway=GatewaySettings("https://gateway.example")))
    for way, money in ((Way.PREPAYMENT, cash(TOTAL)), (Way.CREDIT, ()), (Way.ADVANCE, cash(TOTAL))):
        with pytest.raises(SaleError) as caught:
            sell(shop, UNPAID, way, money)
        assert caught.value.code == "way_with_gateway"
    assert shop.register.receipts == []


# ------------------------------------------------------------------------------------------------- with the portal


@pytest.fixture
def four(tmp_path: Path, register: Register) -> Iterator[Four]:
    with four_at(tmp_path, register) as world:
        yield world


def on_board(world: Four, number: int = 1) -> Order:
    order = world.shop.till.journal.order_by_id(world.shop.till.portal, number)
    assert order is not None
    return order


def test_the_portal_hears_of_a_prepayment_and_of_the_hand_over(four: Four) -> None:
    """The payment keeps the prepayment's receipt, the shipment takes that of the hand-over; nothing is overwritten."""
    four.on_portal(1)["shipments"][0]["deliveryDocNum"] = ""
    order = on_board(four)
    first = sell(four.shop, order, Way.PREPAYMENT, cash(order.price)).view
    four.deliver()
    row = four.on_portal(order.order_id)
    assert row["payments"][0]["paid"] == "Y"
    assert row["payments"][0]["psInvoiceId"] == first.receipt.key
    assert row["shipments"][0]["deducted"] == "N"
    assert row["statusId"] == "N"
    assert four.differences() == []
    second = sell(four.shop, on_board(four), Way.HANDOVER).view
    assert second.mark is not None
    four.deliver()
    row = four.on_portal(order.order_id)
    assert row["payments"][0]["psInvoiceId"] == first.receipt.key
    assert row["shipments"][0]["deducted"] == "Y"
    assert row["shipments"][0]["deliveryDocNum"] == str(second.mark.document_number)
    assert row["statusId"] == "F"
    assert four.differences() == []
    lights = orders.view(four.shop.till, on_board(four)).lights
    assert lights.all_green


def test_a_hand_over_before_the_portal_heard_of_the_prepayment(four: Four) -> None:
    """Both without a network: one delivery later all is told, in the order of the steps."""
    order = on_board(four, 2)
    sell(four.shop, order, Way.PREPAYMENT, cash(order.price))
    sell(four.shop, order, Way.HANDOVER)
    four.deliver()
    four.deliver()
    row = four.on_portal(2)
    assert (row["payments"][0]["paid"], row["shipments"][0]["deducted"], row["statusId"]) == ("Y", "Y", "F")
    assert four.differences() == []


def test_a_debt_closes_the_order_when_it_is_paid(four: Four) -> None:
    order = on_board(four, 3)
    sell(four.shop, order, Way.CREDIT)
    four.deliver()
    row = four.on_portal(3)
    assert (row["payments"][0]["paid"], row["shipments"][0]["deducted"], row["statusId"]) == ("N", "Y", "N")
    assert four.differences() == []
    sell(four.shop, on_board(four, 3), Way.DEBT, card(order.price))
    four.deliver()
    row = four.on_portal(3)
    assert (row["payments"][0]["paid"], row["statusId"]) == ("Y", "F")
    assert four.differences() == []


def test_an_order_with_an_open_debt_lacks_nothing(four: Four) -> None:
    """Its status waits for the last payment, for days if need be: that is no difference, and nobody is asked."""
    row, till = four.on_portal(5), four.shop.till
    (whole,) = row["payments"]
    row["payments"] = [{**whole, "id": number, "sum": Decimal(amount)} for number, amount in ((58, 40), (59, 60))]
    four.days(0.01)
    four.bitrix.portal.shop.index(row)
    order = exchange.order_for_sale(till, "N-5")
    sell(four.shop, order, Way.CREDIT)
    sell(four.shop, order, Way.DEBT, cash(Money(4_000)), payment_id=58)
    four.deliver()
    assert [each["paid"] for each in row["payments"]] == ["Y", "N"]
    assert four.differences() == []
    four.days(1.5)
    assert four.differences() == []
    shift.close_shift(till)
    shift.open_shift(till)
    sell(four.shop, order, Way.DEBT, cash(Money(6_000)), payment_id=59)
    four.deliver()
    assert row["statusId"] == "F"
    assert four.differences() == []


def test_a_shipment_that_somebody_named_keeps_its_name(four: Four) -> None:
    order = on_board(four, 4)
    sell(four.shop, order, Way.CREDIT)
    four.deliver()
    shipment = four.on_portal(4)["shipments"][0]
    assert (shipment["deducted"], shipment["deliveryDocNum"]) == ("Y", "D-1")
