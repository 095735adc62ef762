"""The courier's day: what people know is typed once, everything else is computed; both sign; nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt, Tender, TenderKind
from posapp.errors import JournalError, OutcomeUnknown, SaleError
from posapp.journal.rows import Decision
from posapp.till import audit, courier_day, recover, shift
from posapp.till.sale import print_pending
from tests.till.doubts import spoil_disk
from tests.till.shops import TOTAL, Shop, an_order, card, cash

FLOAT = Money(300_000)
BOSS, COURIER = "Иванова А.", "Орлов Д."


def begin(shop: Shop) -> courier_day.DayReport:
    return courier_day.begin(shop.till, COURIER, FLOAT)


def hand_in(shop: Shop, counted: Money, why: str = "", by: str = BOSS) -> courier_day.DayReport:
    return courier_day.hand_in(shop.till, counted, by, why)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(SaleError) as told:
        act()
    return told.value.code


def refund(shop: Shop, order_id: int) -> Receipt:
    """The whole order taken back, in the tenders that it was paid with: as the till prints any pending receipt."""
    sold = shop.stored(order_id).receipt
    settlement = replace(sold.settlement, kind=ReceiptKind.SELL_REFUND)
    tenders = tuple(
        Tender(each.kind, each.amount - (sold.change if each.kind is TenderKind.CASH else Money(0)))
        for each in sold.tenders
    )
    taken_back = replace(
        sold, identity=shop.till.new_id(), settlement=settlement, tenders=tenders, created_at=shop.till.now()
    )
    shop.till.journal.add_receipt(taken_back)
    print_pending(shop.till, taken_back, recover.status_for_sale(shop.till))
    return taken_back


# ------------------------------------------------------------------------------------------------ the sums
def test_a_day_from_the_float_to_the_signatures(shop: Shop) -> None:
    shop.sell(an_order(1))  # before the day: not the courier's
    begin(shop)
    shop.sell(an_order(2), cash(Money(100_000)))
    shop.sell(an_order(3), card(TOTAL))
    shop.sell(an_order(4), (Tender(TenderKind.CASH, Money(9_000)), Tender(TenderKind.CASHLESS, Money(50_000))))
    courier_day.refuse(shop.till, an_order(5), "не подошёл  размер")
    now = courier_day.find(shop.till, None)
    assert [each.receipt.order_number for each in now.receipts] == ["1002", "1003", "1004"]
    assert now.takings.net(TenderKind.CASH) == TOTAL + Money(9_000)
    assert now.takings.net(TenderKind.CASHLESS) == TOTAL + Money(50_000)
    assert now.should_be == FLOAT + TOTAL + Money(9_000)
    assert (now.refused, now.refusals[0].refused.why) == (TOTAL, "не подошёл размер")
    closed = hand_in(shop, now.should_be)
    assert (closed.difference, closed.day.received_by, closed.day.is_open) == (Money(0), BOSS, False)
    shop.sell(an_order(6))  # after it: not the courier's
    again = courier_day.find(shop.till, closed.day.id)
    assert again.should_be == closed.should_be
    assert (len(again.receipts), again.later) == (3, 0)


def test_a_refund_lowers_its_tender_at_once(shop: Shop) -> None:
    begin(shop)
    shop.sell(an_order(1), cash(Money(100_000)))
    shop.sell(an_order(2), card(TOTAL))
    refund(shop, 1)
    now = courier_day.find(shop.till, None)
    assert (now.takings.net(TenderKind.CASH), now.takings.net(TenderKind.CASHLESS)) == (Money(0), TOTAL)
    assert now.should_be == FLOAT
    assert now.takings.count(ReceiptKind.SELL_REFUND) == 1
    refund(shop, 2)
    assert courier_day.find(shop.till, None).takings.net(TenderKind.CASHLESS) == Money(0)


def test_money_put_into_the_drawer_is_shown_and_not_counted(shop: Shop) -> None:
    begin(shop)
    shift.cash_in(shop.till, FLOAT)
    shop.sell(an_order(1))
    now = courier_day.find(shop.till, None)
    assert now.should_be == FLOAT + TOTAL
    assert [(each.kind, each.amount) for each in now.cash_moves] == [("cash_in", FLOAT)]


# ------------------------------------------------------------------------------------------------ the difference
def test_a_difference_wants_a_reason_and_both_signatures(shop: Shop) -> None:
    begin(shop)
    shop.sell(an_order(1))
    short = FLOAT + TOTAL - Money(10_000)
    with pytest.raises(SaleError) as told:
        hand_in(shop, short)
    assert told.value.code == "day_difference"
    for figure in (FLOAT + TOTAL, short, Money(-10_000)):
        assert str(figure) in told.value.message()
    assert shop.till.journal.current_day() is not None
    closed = hand_in(shop, short, "сдача в метро")
    assert (closed.difference, closed.day.why) == (Money(-10_000), "сдача в метро")
    opened, given, taken = shop.till.journal.audit_rows()
    assert (opened.what, opened.facts["float_kopecks"]) == ("day.opened", FLOAT.kopecks)
    assert [(each.what, each.who, each.why) for each in (given, taken)] == [
        ("day.handed_in", COURIER, "сдача в метро"),
        ("day.received", BOSS, "сдача в метро"),
    ]
    assert given.facts["difference_kopecks"] == -10_000
    assert shop.till.journal.verify_audit().is_whole


@pytest.mark.parametrize("receiver", ["", "  ", COURIER, " орлов  д. "])
def test_one_person_does_not_sign_twice(shop: Shop, receiver: str) -> None:
    begin(shop)
    assert code_of(lambda: hand_in(shop, FLOAT, by=receiver)) == "day_names"
    assert shop.till.journal.current_day() is not None


def test_nothing_handed_in_is_a_sum_too(shop: Shop) -> None:
    courier_day.begin(shop.till, COURIER, Money(0))
    assert hand_in(shop, Money(0)).difference == Money(0)


# ------------------------------------------------------------------------------------------------ what cannot be
def test_there_is_one_day_at_a_time(shop: Shop) -> None:
    begin(shop)
    assert code_of(lambda: begin(shop)) == "day_open"
    hand_in(shop, FLOAT)
    assert code_of(lambda: hand_in(shop, FLOAT)) == "day_not_open"
    assert code_of(lambda: courier_day.refuse(shop.till, an_order(1), "нет дома")) == "day_not_open"
    assert begin(shop).day.id == 2


def test_what_may_have_been_printed_is_settled_first(shop: Shop) -> None:
    begin(shop)
    shop.register.fault("FF45", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shop.sell(an_order(1))
    assert courier_day.find(shop.till, None).unfinished == ("1001",)
    assert code_of(lambda: hand_in(shop, FLOAT, "не дождались")) == "day_unfinished"
    shop.register.heal()
    recover.recover(shop.till)
    assert hand_in(shop, FLOAT + TOTAL).difference == Money(0)
    shop.register.fault("FF45", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shop.sell(an_order(2))
    assert code_of(lambda: begin(shop)) == "day_unfinished"


def test_a_refusal_has_a_reason_and_is_told_once(shop: Shop) -> None:
    begin(shop)
    assert code_of(lambda: courier_day.refuse(shop.till, an_order(1), "  ")) == "refusal_why"
    courier_day.refuse(shop.till, an_order(1), "передумал")
    assert code_of(lambda: courier_day.refuse(shop.till, an_order(1), "передумал")) == "refusal_known"
    shop.sell(an_order(2))
    assert code_of(lambda: courier_day.refuse(shop.till, an_order(2), "передумал")) == "already_receipted"
    (kept,) = courier_day.find(shop.till, None).refusals
    assert kept.refused.lines[0] == {"name": "Чай чёрный «Утро», 100 г", "quantity": "2", "sum_kopecks": 49_000}


# ------------------------------------------------------------------------------------------------ nothing is lost
def test_the_day_outlives_the_program(shop: Shop) -> None:
    begin(shop)
    shop.sell(an_order(1))
    courier_day.refuse(shop.till, an_order(2), "нет дома")
    shop.restart()
    now = courier_day.find(shop.till, None)
    assert (now.should_be, len(now.refusals), now.day.courier) == (FLOAT + TOTAL, 1, COURIER)


def test_a_receipt_that_is_proven_after_a_crash_is_the_days(shop: Shop) -> None:
    begin(shop)
    shop.register.fault("FF45", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shop.sell(an_order(1))
    shop.register.heal()
    shop.restart()
    recover.recover(shop.till)
    assert courier_day.find(shop.till, None).should_be == FLOAT + TOTAL


def test_a_disk_that_fails_while_both_sign_leaves_the_day_open_and_unsigned(shop: Shop) -> None:
    begin(shop)
    spoil_disk(shop.till)
    with pytest.raises(JournalError):
        hand_in(shop, FLOAT)
    shop.restart()
    assert courier_day.current(shop.till).courier == COURIER
    assert [each.what for each in shop.till.journal.audit_rows()] == ["day.opened"]
    assert hand_in(shop, FLOAT).difference == Money(0)


def test_a_receipt_that_comes_while_both_sign_is_never_left_out(shop: Shop) -> None:
    begin(shop)
    found = courier_day.find(shop.till, None)
    shop.sell(an_order(1))
    with pytest.raises(Exception, match="day 1") as told:
        shop.till.journal.close_day(
            found.day, FLOAT, BOSS, "", found.figures(), len(found.receipts), signatures=_signatures(shop)
        )
    assert told.typename == "IllegalMove"
    assert [each.what for each in shop.till.journal.audit_rows()] == ["day.opened"]


def _signatures(shop: Shop) -> tuple[Decision, Decision]:
    one = audit.decided_by(shop.till, COURIER, "day.handed_in", "day 1")
    return one, replace(one, who=BOSS, what="day.received")


# ------------------------------------------------------------------------------------------------ on paper
def test_the_sheet_shows_what_was_signed(shop: Shop) -> None:
    begin(shop)
    shop.sell(an_order(1))
    courier_day.refuse(shop.till, an_order(2), "нет дома")
    shown = courier_day.text(courier_day.find(shop.till, None), shop.till.now())
    assert "____________" in shown
    closed = hand_in(shop, FLOAT, "чек забыли оплатить")
    for language, words in (("ru", ("Разница", "Причина")), ("en", ("Difference", "Reason"))):
        sheet = courier_day.text(closed, shop.till.now(), language)
        assert any("1001" in line and ("нал." in line or "cash" in line) for line in sheet.splitlines())
        for word in (*words, COURIER, BOSS, str(FLOAT), str(TOTAL), str(-TOTAL), "1001", "1002", "нет дома"):
            assert word in sheet, (language, word)
        assert max(map(len, sheet.splitlines())) <= 80
