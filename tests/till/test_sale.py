"""Rules 1, 3, 4, 5, 10: one receipt per settlement, on whose word it is printed again, what a reply is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from posapp.domain.money import Money, Quantity
from posapp.domain.settlement import By, Stamp, State
from posapp.errors import OutcomeUnknown, Refused, SaleError
from posapp.till import recover, register, resolve, sale
from tests.till.shops import PORTAL, TOTAL, Shop, an_order, card, cash


def refused_for_paper(shop: Shop) -> str:
    """A receipt in the journal that was proven not made, the register in order again; its key."""
    shop.register.fault("FF46", "error", value=0x39)
    with pytest.raises(Refused):
        shop.sell()
    shop.register.heal()
    assert shop.stored().state is State.REFUSED
    return shop.receipt().key


def test_the_mark_is_that_of_the_storage_and_the_stamp_that_of_the_order(shop: Shop) -> None:
    sold = shop.sell()
    shop.assert_exactly_one()
    assert sold.outbox_pending == 4
    mark = sold.view.mark
    assert mark is not None
    document = shop.till.printer.read_document(mark.document_number)
    assert document.stamp == Stamp("1", "1001", shop.receipt().key).text()
    assert document.whole
    assert shop.till.printer.document_mark(mark.document_number) == mark


def test_the_same_tenders_print_the_receipt_that_was_begun(shop: Shop) -> None:
    key = refused_for_paper(shop)
    shop.sell()
    assert shop.receipt().key == key
    shop.assert_exactly_one()
    assert [each.outcome for each in shop.till.journal.attempts(key)] == ["refused", "fiscalized"]


def test_other_tenders_do_not(shop: Shop) -> None:
    key = refused_for_paper(shop)
    for others in (card(TOTAL), cash(TOTAL + Money(1)), (*cash(Money(9_000)), *card(Money(50_000)))):
        with pytest.raises(SaleError) as told:
            shop.sell(tenders=others)
        assert told.value.code == "other_tenders"
    assert shop.register.receipts == []
    resolve.cancel(shop.till, key)
    shop.sell(tenders=card(TOTAL))
    shop.assert_exactly_one()
    assert shop.receipt().key != key


def test_a_pending_receipt_is_not_printed_by_recovery(shop: Shop) -> None:
    shop.register.fault("FF45", "drop_command")
    with pytest.raises(Refused):
        shop.sell()
    shop.register.heal()
    assert shop.stored().state is State.PENDING
    shop.restart()
    recover.recover(shop.till)
    assert shop.register.receipts == []
    assert shop.stored().state is State.PENDING


@pytest.mark.parametrize("what", ["cancelled", "paid", "dearer", "other goods"])
def test_a_receipt_begun_for_the_order_as_it_was_is_not_printed(shop: Shop, what: str) -> None:
    refused_for_paper(shop)
    order = an_order()
    first, second = order.lines
    later, code = {
        "cancelled": (replace(order, is_cancelled=True), "order_cancelled"),
        "paid": (replace(order, payments=(replace(order.payments[0], is_paid=True),)), "already_paid"),
        "dearer": (an_order(lines=(first.price, second.price + Money(100))), "begun_differs"),
        "other goods": (replace(order, lines=(first, replace(second, name="Ложка"))), "begun_differs"),
    }[what]
    tenders = cash(max(TOTAL, later.price)) if what != "dearer" else cash(TOTAL)
    with pytest.raises(SaleError) as told:
        shop.sell(later, tenders)
    assert told.value.code in (code, "tenders_short")
    assert shop.register.receipts == []
    shop.sell()
    shop.assert_exactly_one()


def test_a_held_receipt_is_printed_on_a_persons_word(shop: Shop) -> None:
    made = sale._new_receipt(shop.till, an_order(), cash(TOTAL))
    shop.till.journal.add_receipt(made, State.HELD, "сомнение")
    shop.sell()
    shop.assert_exactly_one()
    assert shop.receipt().key == made.key


def test_a_register_that_prints_line_by_line(shop: Shop) -> None:
    """It answers 50h to everything while it prints; before that nothing was executed."""
    shop.register.line_s = 0.3
    shop.sell()
    shop.sell(an_order(2))
    shop.assert_exactly_one()
    shop.assert_exactly_one(2)
    assert shop.register.count(0xFF46) > 4, "some were offered again"
    assert [shop.register.lines_of(each) for each in shop.register.receipts] == [2, 2]


def test_a_register_that_still_prints_the_receipt_before(shop: Shop) -> None:
    shop.register.printer.print_time = timedelta(seconds=3)
    shop.sell()
    shop.sell(an_order(2))
    shop.assert_exactly_one()
    shop.assert_exactly_one(2)


def test_paper_that_ends_in_the_middle_of_a_receipt(shop: Shop) -> None:
    """The print waits for B0h; only after that the open receipt can be cancelled, and then sold."""
    shop.register.fault("FF46", "paper_out", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    shop.register.printer.set_paper("ok", shop.register.now)
    shop.sell()
    shop.assert_exactly_one()
    assert shop.register.count(0x88) >= 1


def test_a_receipt_whose_paper_ended_is_printed_to_its_end_by_looking_at_the_register(shop: Shop) -> None:
    """It is in the storage, the rest waits for B0h: loading paper is all that a cashier has to do."""
    shop.register.fault("FF45", "paper_out", "after_commit")
    shop.sell()
    seen = register.view(shop.till)
    assert seen.trouble is not None
    assert (seen.trouble.code, seen.paper_ok) == ("paper_out", False)
    shop.register.printer.set_paper("ok", shop.register.now)
    seen = register.view(shop.till)
    assert (seen.trouble, seen.paper_ok) == (None, True)
    assert shop.register.count(0xB0) == 1
    shop.assert_exactly_one()
    shop.sell(an_order(2))
    shop.assert_exactly_one(2)


@pytest.mark.parametrize("state, code", [("out", "paper_out"), ("cover", "cover_open")])
def test_without_paper_nothing_is_begun(shop: Shop, state: str, code: str) -> None:
    shop.register.printer.set_paper(state, shop.register.now)
    with pytest.raises(Refused) as told:
        shop.sell()
    assert told.value.code == code
    assert shop.till.journal.receipts_of_order(PORTAL, 1) == []
    assert shop.register.count(0x8D) == 0


def test_a_shift_that_is_too_old_or_closed(closed_shop: Shop) -> None:
    with pytest.raises(Refused) as told:
        closed_shop.sell()
    assert told.value.code == "shift_closed"
    assert closed_shop.till.journal.receipts_of_order(PORTAL, 1) == []


def test_a_shift_older_than_a_day(shop: Shop) -> None:
    shop.register.advance(25 * 3600.0)
    with pytest.raises(Refused) as told:
        shop.sell()
    assert told.value.code == "shift_expired"
    assert register.view(shop.till).trouble is not None


@pytest.mark.parametrize("state", [State.FISCALIZED, State.SENDING, State.PENDING])
def test_only_a_receipt_that_was_not_made_can_be_given_up(shop: Shop, state: State) -> None:
    if state is State.FISCALIZED:
        shop.sell()
    elif state is State.SENDING:
        shop.register.fault("FF45", "power_off", "after_commit")
        with pytest.raises(OutcomeUnknown):
            shop.sell()
    else:
        shop.till.journal.add_receipt(sale._new_receipt(shop.till, an_order(), cash(TOTAL)))
    key = shop.receipt().key
    if state is State.PENDING:
        resolve.cancel(shop.till, key)
        assert shop.till.journal.receipt(key).state is State.CANCELLED  # type: ignore[union-attr]
        return
    with pytest.raises(Exception, match="не отменить") as told:
        resolve.cancel(shop.till, key)
    assert getattr(told.value, "code", "") == "not_resolvable"
    assert shop.stored().state is state


def test_words_that_the_register_cannot_write_are_refused_or_replaced_with_nothing_open(shop: Shop) -> None:
    """Names come from the portal: any script, any sign."""
    order = an_order()
    names = ("Чай 茶 «Утро» — №5 ₽ 😀", "//не печатать", "х" * 128)
    lines = tuple(replace(order.lines[1], name=name, quantity=Quantity.of("1")) for name in names)
    price = Money(sum(each.line_sum.kopecks for each in lines))
    payments = (replace(order.payments[0], amount=price),)
    shop.sell(replace(order, number="№ 5/ё·я", lines=lines, price=price, payments=payments))
    shop.assert_exactly_one()


def test_consent_is_given_by_the_person_who_sells_again(shop: Shop) -> None:
    key = refused_for_paper(shop)
    shop.till.journal.move(key, State.PENDING, By.PERSON, "")
    shop.sell()
    shop.assert_exactly_one()
