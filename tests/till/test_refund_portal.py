"""What the portal hears of a refund, and what other tills learn from it (rules 13, 14 and 15)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from posapp.domain import receipt_list
from posapp.domain.checkout import Terms
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.offers import Way
from posapp.domain.receipt import Receipt, ReceiptLine, TenderKind
from posapp.domain.settlement import State
from posapp.domain.vat import VatRate
from posapp.errors import PosError
from posapp.settings import GatewaySettings
from posapp.till import correct, decide, exchange, refund, sale
from posapp.till.correct_plan import Said
from posapp.till.refund import Wanted
from tests.rules.portals import on_board, on_portal, pay_system_prints
from tests.sync.portals import WRITES, Bitrix, order_row, serving, shop_of
from tests.till.four import Four, four_at
from tests.till.rig import OWN_NUMBER, Register
from tests.till.shops import Shop, card, cash, shop_at

PRICE = Money(20_000)
TEXT = "домофон 12 & «код»"


def two_mugs(order_id: int = 1) -> dict[str, Any]:
    """An order of two mugs for 100.00 each, with a shipment that is not out yet; people wrote into the payment."""
    row = order_row(order_id)
    row["basketItems"][0]["quantity"] = 2
    row["payments"][0] |= {"sum": 200, "comments": TEXT}
    return row


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    with serving(shop_of(two_mugs())) as portal:
        yield portal


@pytest.fixture
def selling(shop: Shop, bitrix: Bitrix) -> Shop:
    on_portal(shop, bitrix)
    return shop


def sold(shop: Shop) -> Receipt:
    order = on_board(shop)
    return sale.sell(shop.till, order, cash(order.price)).view.receipt


def back(shop: Shop, key: str, **options: Any) -> Receipt:
    done = refund.refund(shop.till, key, **options)
    refund.told(shop.till, done)
    return done.view.receipt


def deliver(shop: Shop) -> None:
    exchange.deliver(shop.till, force=True)


def payment(bitrix: Bitrix, order_id: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = bitrix.order(order_id)["payments"][0]
    return found


def shipment(bitrix: Bitrix, order_id: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = bitrix.order(order_id)["shipments"][0]
    return found


def states(shop: Shop, key: str) -> dict[str, str]:
    return {each.step: each.state for each in shop.till.journal.entries_of_receipt(key)}


def listed(bitrix: Bitrix) -> receipt_list.ReceiptList:
    return receipt_list.parse(payment(bitrix)["comments"])


def test_a_full_refund_unpays_the_payment_and_brings_the_goods_back(selling: Shop, bitrix: Bitrix) -> None:
    original = sold(selling)
    deliver(selling)
    before = shipment(bitrix)
    assert (payment(bitrix)["paid"], before["deducted"], bitrix.order(1)["statusId"]) == ("Y", "Y", "F")
    made = back(selling, original.key)
    deliver(selling)
    assert states(selling, made.key) == {"mark": "done", "payment": "done", "stock": "done"}
    now, stored = payment(bitrix), selling.till.journal.receipt(made.key)
    assert stored is not None
    assert stored.mark is not None
    assert (now["paid"], now["isReturn"]) == ("N", "N")
    assert now["payReturnNum"] == str(stored.mark.document_number)
    assert now["payReturnDate"].startswith("2026-11-21")
    assert now["payReturnComment"].endswith(f"key={made.key}")
    assert now["psInvoiceId"] == original.key, "the mark of the sale stays"
    assert now["comments"].startswith(TEXT), "people's own text stays"
    assert [each.key for each in listed(bitrix).entries] == [original.key, made.key]
    assert listed(bitrix).is_undone(original.key)
    after = shipment(bitrix)
    assert after["deducted"] == "N"
    for name in ("comments", "trackingNumber", "deliveryDocNum", "responsibleId", "allowDelivery", "priceDelivery"):
        assert after[name] == before[name], name
    order = bitrix.order(1)
    assert (order["payed"], order["deducted"], order["statusId"]) == ("N", "N", "F"), "the status is left alone"


def test_a_part_leaves_payment_and_stock_and_is_listed(selling: Shop, bitrix: Bitrix) -> None:
    original = sold(selling)
    deliver(selling)
    first = back(selling, original.key, lines={0: Quantity.of(1)})
    deliver(selling)
    assert (payment(bitrix)["paid"], payment(bitrix)["isReturn"], shipment(bitrix)["deducted"]) == ("Y", "N", "Y")
    assert set(states(selling, first.key).values()) == {"done"}
    assert listed(bitrix).left_of(listed(bitrix).entries[0]) == Money(10_000)
    second = back(selling, original.key)
    deliver(selling)
    assert (payment(bitrix)["paid"], payment(bitrix)["isReturn"], shipment(bitrix)["deducted"]) == ("N", "N", "N")
    assert [each.key for each in listed(bitrix).entries] == [original.key, first.key, second.key]
    marks = selling.till.journal.receipt(second.key)
    assert marks is not None
    assert marks.mark is not None
    assert payment(bitrix)["payReturnNum"] == str(marks.mark.document_number)


def test_everything_of_a_day_without_a_network_arrives_in_one_round(selling: Shop, bitrix: Bitrix) -> None:
    """Sale and two refunds of the same payment: no entry is written over, nothing is paid that has gone back."""
    original = sold(selling)
    bitrix.set("network", {"up": False})
    parts = [back(selling, original.key, lines={0: Quantity.of(1)}) for _ in range(2)]
    bitrix.set("network", {"up": True})
    deliver(selling)
    deliver(selling)
    assert [each.key for each in listed(bitrix).entries] == [original.key, *(each.key for each in parts)]
    assert (payment(bitrix)["paid"], shipment(bitrix)["deducted"]) == ("N", "N")
    for key in (original.key, *(each.key for each in parts)):
        assert set(states(selling, key).values()) == {"done"}, states(selling, key)


@pytest.mark.parametrize("method, nth", [(method, nth) for method in WRITES for nth in (1, 2, 3)])
@pytest.mark.parametrize("when", ["before", "after_commit"])
def test_a_lost_answer_at_any_write_changes_nothing_in_the_end(
    selling: Shop, bitrix: Bitrix, method: str, nth: int, when: str
) -> None:
    original = sold(selling)
    first = back(selling, original.key, lines={0: Quantity.of(1)})
    second = back(selling, original.key)
    bitrix.faults({"method": method, "nth": nth, "when": when, "times": 1, "do": "reset"})
    for _ in range(4):
        deliver(selling)
        bitrix.clock.now_s += 700
    assert [each.key for each in listed(bitrix).entries] == [original.key, first.key, second.key]
    assert (payment(bitrix)["paid"], shipment(bitrix)["deducted"]) == ("N", "N")
    for key in (original.key, first.key, second.key):
        assert set(states(selling, key).values()) == {"done"}, states(selling, key)


def test_anothers_entry_and_peoples_text_stay(selling: Shop, bitrix: Bitrix) -> None:
    original = sold(selling)
    deliver(selling)
    row = bitrix.portal.shop.orders[1]["payments"][0]
    theirs = receipt_list.Listed.parse(listed(bitrix).entries[0].text())
    other = another_refund(theirs, Decimal(1))
    row["comments"] = receipt_list.appended(row["comments"], [other]) + "\nперезвонить"
    assert refused(selling, original.key, lines={0: Quantity.of(2)}).code == "refund_over"
    made = back(selling, original.key)
    assert made.total == Money(10_000), "what the other till has taken back counts"
    deliver(selling)
    assert [each.key for each in listed(bitrix).entries] == [original.key, other.key, made.key]
    assert payment(bitrix)["comments"].startswith(TEXT)
    assert "перезвонить" in payment(bitrix)["comments"]
    assert payment(bitrix)["paid"] == "N", "both parts together are all of it"


def another_refund(sale_entry: receipt_list.Listed, quantity: Decimal) -> receipt_list.Listed:
    """Another till's refund of so many mugs of that sale."""
    line_key = _mug_key
    return receipt_list.Listed(
        key="ABCDEFGH12345678",
        kind=ReceiptKind.SELL_REFUND,
        storage_number="9999078900009999",
        document_number=7,
        document_sign="12345",
        at=sale_entry.at,
        total=Money(int(quantity * 10_000)),
        tenders=((TenderKind.CASH, Money(int(quantity * 10_000))),),
        of=sale_entry.key,
        taken=((line_key(sale_entry), quantity),),
    )


def _mug_key(sale_entry: receipt_list.Listed) -> str:
    line = ReceiptLine("Кружка", Money(10_000), Quantity.of(2), PRICE, VatRate.VAT_22)
    assert receipt_list.digest_of([line]) == sale_entry.digest
    return receipt_list.line_key(line)


def refused(shop: Shop, key: str, **options: Any) -> PosError:
    before = len(shop.register.receipts)
    with pytest.raises(PosError) as caught:
        refund.refund(shop.till, key, **options)
    assert len(shop.register.receipts) == before
    return caught.value


def test_a_damaged_list_needs_a_seniors_word(selling: Shop, bitrix: Bitrix) -> None:
    original = sold(selling)
    deliver(selling)
    row = bitrix.portal.shop.orders[1]["payments"][0]
    row["comments"] = row["comments"].replace(",59000,", ",1,").replace(",20000,", ",1,")
    assert refused(selling, original.key).code == "refund_unclear"
    made = back(selling, original.key, override="чек на руках, сверено")
    assert made.total == PRICE
    (record,) = [each for each in selling.till.journal.audit_rows() if each.what == "refund.overridden"]
    assert record.subject == made.key


def test_without_a_network_a_lone_till_takes_back_its_own_and_one_of_several_does_not(
    selling: Shop, bitrix: Bitrix
) -> None:
    original = sold(selling)
    deliver(selling)
    bitrix.set("network", {"up": False})
    assert back(selling, original.key, lines={0: Quantity.of(1)}).total == Money(10_000)
    several = selling.till.settings.with_(gateway=GatewaySettings("http://gateway.example"))
    selling.till = replace(selling.till, settings=several)
    assert refused(selling, original.key).code == "refund_unread"
    assert back(selling, original.key, override="старший: Иванова").total == Money(10_000)


def test_the_list_of_a_paid_payment_does_not_unpay_it_where_an_omitted_paid_means_no(
    selling: Shop, bitrix: Bitrix
) -> None:
    bitrix.set("settings", {"options": {"omitted_paid": "N"}})
    bitrix.portal.shop.orders[1]["payments"][0]["companyId"] = 4
    original = sold(selling)
    deliver(selling)
    assert (payment(bitrix)["paid"], payment(bitrix)["companyId"]) == ("Y", 4)
    part = back(selling, original.key, lines={0: Quantity.of(1)})
    deliver(selling)

    assert (payment(bitrix)["paid"], bitrix.order(1)["payed"], payment(bitrix)["companyId"]) == ("Y", "Y", 4)
    assert [each.key for each in listed(bitrix).entries] == [original.key, part.key]


def test_a_status_for_refunded_orders_is_set_when_everything_came_back(selling: Shop, bitrix: Bitrix) -> None:
    portal = selling.till.settings.portal
    assert portal is not None
    settings = selling.till.settings.with_(portal=replace(portal, refund_status="S"))
    selling.till = replace(selling.till, settings=settings)
    original = sold(selling)
    deliver(selling)
    back(selling, original.key, lines={0: Quantity.of(1)})
    deliver(selling)
    assert bitrix.order(1)["statusId"] == "F"
    made = back(selling, original.key)
    deliver(selling)
    assert bitrix.order(1)["statusId"] == "S"
    assert states(selling, made.key)["status"] == "done"


def test_a_field_without_room_waits_for_a_person(selling: Shop, bitrix: Bitrix) -> None:
    bitrix.portal.shop.orders[1]["payments"][0]["comments"] = "x" * 3_950
    original = sold(selling)
    deliver(selling)
    (entry,) = [each for each in selling.till.journal.entries_of_receipt(original.key) if each.step == "mark"]
    assert (entry.state, entry.code) == ("failed", "receipts_full")
    assert payment(bitrix)["psInvoiceId"] == "", "nothing was written at all"


def test_a_receipt_from_before_the_list_is_known_by_its_fields(selling: Shop, bitrix: Bitrix) -> None:
    """Sold by an earlier version: the payment has the mark and no list."""
    original = sold(selling)
    deliver(selling)
    bitrix.portal.shop.orders[1]["payments"][0]["comments"] = TEXT
    made = back(selling, original.key)
    deliver(selling)
    assert [each.key for each in listed(bitrix).entries] == [original.key, made.key]
    assert payment(bitrix)["paid"] == "N"


def test_where_the_portal_prints_nothing_is_taken_back(selling: Shop, bitrix: Bitrix) -> None:
    original = sold(selling)
    deliver(selling)
    pay_system_prints(bitrix, "Y")
    exchange.pull(selling.till)
    assert refused(selling, original.key).code == "portal_prints"


def test_a_receipt_of_another_till_is_made_anew_from_the_order(tmp_path: Path, bitrix: Bitrix) -> None:
    with shop_at(tmp_path / "a", Register()) as first:
        on_portal(first, bitrix)
        original = sold(first)
        deliver(first)
        stored = first.till.journal.receipt(original.key)
    assert stored is not None
    assert stored.mark is not None
    with shop_at(tmp_path / "b", Register(OWN_NUMBER + 1)) as second:
        on_portal(second, bitrix, pull=False)
        several = second.till.settings.with_(till="2", gateway=GatewaySettings("http://gateway.example"))
        second.till = replace(second.till, settings=several, new_id=_ids())
        exchange.pull(second.till)
        second.till.printer.cash_in(PRICE)
        found = refund.found(second.till, Wanted(order="N-1"))
        assert (found.is_ours, found.doubts, found.receipt.key) == (False, (), original.key)
        assert found.receipt.lines == original.lines
        assert found.receipt.settlement == original.settlement
        done = refund.refund(second.till, found, {0: Quantity.of(1)})
        assert done.view.receipt.basis is not None
        assert done.view.receipt.basis.document_sign == stored.mark.document_sign
        deliver(second)
        assert set(states(second, done.view.receipt.key).values()) == {"done"}
        assert [each.key for each in listed(bitrix).entries] == [original.key, done.view.receipt.key]
        qr = stored.mark.qr(original.total, original.kind)
        left = refund.left(second.till, refund.found(second.till, Wanted(order="N-1", qr=qr)))
        assert left.total == Money(10_000)
        bitrix.set("network", {"up": False})
        with pytest.raises(PosError) as caught:
            refund.found(second.till, Wanted(order="N-1"))
        assert caught.value.code == "refund_nothing"
        paper = refund.found(second.till, Wanted(order="N-1", qr=qr, paid=TenderKind.CASH))
        assert [each.code for each in paper.doubts] == ["refund_unread"]


def test_a_receipt_of_another_till_whose_order_has_grown_since_is_said_to_be_unclear(
    tmp_path: Path, bitrix: Bitrix
) -> None:
    """The order as it stands now gives no receipt of that money: nobody guesses which lines were paid."""
    with shop_at(tmp_path / "a", Register()) as first:
        on_portal(first, bitrix)
        sold(first)
        deliver(first)
    row = bitrix.portal.shop.orders[1]
    row["basketItems"][0]["quantity"], row["price"] = Decimal(3), Decimal(300)
    with shop_at(tmp_path / "b", Register(OWN_NUMBER + 1)) as second:
        on_portal(second, bitrix, pull=False)
        several = second.till.settings.with_(till="2", gateway=GatewaySettings("http://gateway.example"))
        second.till = replace(second.till, settings=several, new_id=_ids())
        exchange.pull(second.till)
        with pytest.raises(PosError) as caught:
            refund.found(second.till, Wanted(order="N-1"))
    assert caught.value.code == "refund_unclear"
    assert "300,00" in caught.value.message()


def _ids() -> Any:
    numbers = count(500)
    return lambda: UUID(int=(9 << 64) + next(numbers))


def test_more_than_was_sold_is_told_at_the_portal(selling: Shop, bitrix: Bitrix) -> None:
    """Two tills took back the same thing without seeing each other: people have to know."""
    original = sold(selling)
    deliver(selling)
    made = back(selling, original.key)
    row = bitrix.portal.shop.orders[1]["payments"][0]
    row["comments"] = receipt_list.appended(row["comments"], [another_refund(listed(bitrix).entries[0], Decimal(1))])
    deliver(selling)
    (entry,) = [each for each in selling.till.journal.entries_of_receipt(made.key) if each.step == "payment"]
    assert (entry.state, entry.code) == ("failed", "portal_differs")
    assert "больше, чем продано" in str(entry.facts["what"])


# ---------------------------------------------------------------------------------------------- deals in steps
@pytest.fixture
def four(tmp_path: Path, register: Register) -> Iterator[Four]:
    with four_at(tmp_path, register) as four:
        yield four


def test_a_hand_over_without_money_is_listed_in_its_shipment(four: Four) -> None:
    till = four.shop.till
    order = till.journal.order_by_id(till.portal, 1)
    assert order is not None
    ahead = sale.sell(till, order, cash(order.price), terms=Terms(way=Way.PREPAYMENT)).view.receipt
    out = sale.sell(till, order, (), terms=Terms(way=Way.HANDOVER)).view.receipt
    four.deliver()
    row = four.bitrix.order(1)
    text = row["shipments"][0]["comments"]
    assert text.startswith("домофон 12")
    assert [each.key for each in receipt_list.parse(text).entries] == [out.key]
    assert [each.key for each in receipt_list.parse(row["payments"][0]["comments"]).entries] == [ahead.key]
    assert row["deducted"] == "Y"
    goods = back(four.shop, out.key)
    four.deliver()
    row = four.bitrix.order(1)
    assert (row["deducted"], row["payed"]) == ("N", "Y"), "the goods are back, the money is still here"
    assert [each.key for each in receipt_list.parse(row["shipments"][0]["comments"]).entries] == [out.key, goods.key]
    back(four.shop, ahead.key)
    four.deliver()
    assert four.bitrix.order(1)["payed"] == "N"
    assert four.differences() == []


# ---------------------------------------------------------------------------------------------- reconciliation
def test_a_refund_is_no_difference_and_what_the_portal_lost_of_it_is(four: Four) -> None:
    key = four.sell(1).receipt.key
    assert four.differences() == []
    made = back(four.shop, key)
    assert four.differences() == ["portal_waits"]
    four.deliver()
    assert four.differences() == []
    four.on_portal(1)["payments"][0]["paid"] = "Y"
    found = four.difference()
    assert (found.code, found.key) == ("portal_undone", made.key)
    four.on_portal(1)["payments"][0] |= {"paid": "N", "comments": ""}
    assert {each.key for each in four.reconcile().differences} == {made.key}


def test_an_order_that_was_sold_anew_is_no_difference(four: Four) -> None:
    first = four.sell(1).receipt.key
    back(four.shop, first)
    four.deliver()
    second = four.sell(1).receipt.key
    assert four.differences() == []
    row = four.bitrix.order(1)
    assert (row["payed"], row["deducted"], row["payments"][0]["psInvoiceId"]) == ("Y", "Y", second)
    entries = receipt_list.parse(row["payments"][0]["comments"]).entries
    assert [each.key for each in entries if not each.is_refund] == [first, second]


def test_sold_taken_back_and_sold_anew_without_a_network(four: Four) -> None:
    first = four.sell(1, deliver=False).receipt.key
    back(four.shop, first)
    second = four.sell(1, deliver=False).receipt.key
    for _ in range(3):
        four.deliver()
    row = four.bitrix.order(1)
    assert (row["payed"], row["deducted"], row["payments"][0]["psInvoiceId"]) == ("Y", "Y", second)
    assert len(receipt_list.parse(row["payments"][0]["comments"]).entries) == 3
    assert four.differences() == []


def test_a_refund_that_was_begun_says_how_it_is_ended(four: Four) -> None:
    key = four.sell(1).receipt.key
    four.register.faults([{"command": "FF46", "nth": 1, "do": "error", "value": 0x4E, "times": 1}])
    with pytest.raises(PosError):
        refund.refund(four.shop.till, key)
    one = four.difference()
    assert one.code == "not_printed"
    assert str(one.facts["again"].ru) == f"posapp refund {key}"  # type: ignore[union-attr]
    made = back(four.shop, key)
    assert made.key == one.key
    four.deliver()
    assert four.differences() == []


def test_a_begun_refund_that_was_given_up_makes_room_for_another(four: Four) -> None:
    key = four.sell(1).receipt.key
    four.register.faults([{"command": "FF46", "nth": 1, "do": "error", "value": 0x4E, "times": 1}])
    with pytest.raises(PosError):
        refund.refund(four.shop.till, key)
    (begun,) = four.shop.till.journal.receipts_in(State.PENDING, State.REFUSED)
    decide.cancel(four.shop.till, begun.receipt.key, "передумал")
    made = back(four.shop, key)
    assert (made.key == begun.receipt.key, made.settlement.part) == (False, begun.receipt.settlement.part)


def test_a_list_costs_no_request(selling: Shop, bitrix: Bitrix) -> None:
    """A receipt with its list takes the five requests of every receipt; a refund no more."""
    original = sold(selling)
    before = bitrix.http_requests()
    deliver(selling)
    assert bitrix.http_requests() - before == 5
    back(selling, original.key)
    before = bitrix.http_requests()
    deliver(selling)
    assert bitrix.http_requests() - before == 4


def test_an_entry_that_another_till_wrote_over_is_told_again(selling: Shop, bitrix: Bitrix) -> None:
    """It had read the list before ours was in it; its own entry stays."""
    original = sold(selling)
    deliver(selling)
    stale = payment(bitrix)["comments"]
    made = back(selling, original.key, lines={0: Quantity.of(1)})
    deliver(selling)
    exchange.sync(selling.till, force=True)
    row = bitrix.portal.shop.orders[1]
    own = selling.register.printer.identity.storage_number
    theirs = replace(another_refund(listed(bitrix).entries[0], Decimal(1)), storage_number=own, document_number=99)
    text = receipt_list.appended(stale, [theirs])
    bitrix.client.call("sale.payment.update", {"id": 11, "fields": {"paySystemId": 1, "comments": text}})
    row["dateUpdate"] = row["dateUpdate"].replace("2026", "2027")
    exchange.sync(selling.till, force=True)
    exchange.sync(selling.till, force=True)
    assert [each.key for each in listed(bitrix).entries] == [original.key, theirs.key, made.key]
    assert set(states(selling, made.key).values()) == {"done"}
    assert (payment(bitrix)["paid"], shipment(bitrix)["deducted"]) == ("N", "N"), "together they are all of it"


def test_another_tills_entry_shows_that_there_is_another_till(selling: Shop, bitrix: Bitrix) -> None:
    sold(selling)
    deliver(selling)
    row = bitrix.portal.shop.orders[1]
    entry = another_refund(listed(bitrix).entries[0], Decimal(1))
    row["payments"][0]["comments"] = receipt_list.appended(row["payments"][0]["comments"], [entry])
    row["dateUpdate"] = row["dateUpdate"].replace("2026", "2027")
    with pytest.raises(PosError) as caught:
        exchange.pull(selling.till)
    assert caught.value.code == "gateway_needed"


def test_what_the_portal_said_grows_old_where_several_tills_share_it(selling: Shop) -> None:
    original = sold(selling)
    deliver(selling)
    found = refund.found(selling.till, Wanted(key=original.key))
    selling.register.advance(180.0)
    done = refund.refund(selling.till, found, {0: Quantity.of(1)})
    refund.told(selling.till, done)
    several = selling.till.settings.with_(gateway=GatewaySettings("http://gateway.example"))
    selling.till = replace(selling.till, settings=several)
    found = refund.found(selling.till, Wanted(key=original.key))
    selling.register.advance(180.0)
    with pytest.raises(PosError) as caught:
        refund.refund(selling.till, found)
    assert caught.value.code == "refund_unread"
    assert refund.refund(selling.till, refund.found(selling.till, Wanted(key=original.key))).view.receipt.total


def test_what_was_put_right_and_taken_back_unpays_the_payment(four: Four) -> None:
    """The payment shows the wrong receipt; the list tells the whole story."""
    till = four.shop.till
    wrong = four.sell(1).receipt
    done = correct.correct(till, wrong.key, Said(tenders=card(wrong.total)), "платил картой")
    four.deliver()
    assert four.bitrix.order(1)["payed"] == "Y"
    right = done.sold[-1].view.receipt
    made = back(four.shop, right.key)
    four.deliver()
    row = four.bitrix.order(1)
    assert (row["payed"], row["deducted"]) == ("N", "N")
    found = receipt_list.parse(row["payments"][0]["comments"])
    undo = done.sold[0].view.receipt.key
    assert [each.key for each in found.entries] == [wrong.key, undo, right.key, made.key]
    assert found.money_left == Money(0)
    assert set(states(four.shop, made.key).values()) == {"done"}
    assert four.differences() == []
