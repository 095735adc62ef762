"""A receipt is taken back exactly once, in whole or in part, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.domain import ffd
from posapp.domain.basket import walk_in_settlement
from posapp.domain.checkout import Terms, receipt_of
from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.domain.printed import text_of
from posapp.domain.receipt import Receipt, Tender, TenderKind
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, PosError, Refused, SaleError
from posapp.journal.rows import StoredReceipt
from posapp.journal.store import Journal
from posapp.till import adopt, correct, counters, orders, printed, recover, refund, resolve, sale
from posapp.till.correct_plan import Said
from posapp.till.refund import Wanted
from tests.till.rig import PASSWORD, Register, register_of
from tests.till.shops import LINES, TOTAL, Shop, an_order, card, cash, shop_at
from tests.till.test_ways import PAID, UNPAID, tags, value

Q = Quantity.of


def sold(shop: Shop, order: Order | None = None, tenders: tuple[Tender, ...] | None = None) -> Receipt:
    order = order or an_order()
    shop.till.journal.save_orders([order], claimed=True)
    return shop.sell(order, tenders).view.receipt


def stored_by(shop: Shop, key: str) -> StoredReceipt:
    stored = shop.till.journal.receipt(key)
    assert stored is not None
    return stored


def back(shop: Shop, key: str, **options: object) -> sale.Sold:
    done = refund.refund(shop.till, key, **options)  # type: ignore[arg-type]
    refund.told(shop.till, done)
    return done


def refused(shop: Shop, key: str, **options: object) -> PosError:
    before = len(shop.register.receipts)
    with pytest.raises(PosError) as caught:
        refund.refund(shop.till, key, **options)  # type: ignore[arg-type]
    assert len(shop.register.receipts) == before, "nothing was printed"
    return caught.value


def test_all_of_it_comes_back_and_stands_in_the_storage(shop: Shop) -> None:
    original = sold(shop, tenders=(Tender(TenderKind.CASHLESS, Money(20_000)), Tender(TenderKind.CASH, Money(40_000))))
    done = back(shop, original.key).view
    said = tags(shop, done.receipt)
    assert (value(said, 1054), value(said, 1020)) == (2, TOTAL.kopecks)
    assert (value(said, 1031), value(said, 1081)) == (39_000, 20_000)
    assert (value(said, 1215), value(said, 1216), value(said, 1217)) == (0, 0, 0)
    mark = stored_by(shop, original.key).mark
    assert mark is not None
    assert str(value(said, 1192)).strip() == mark.document_sign
    assert value(said, 1084, 1086) == f"1·1001·{done.receipt.key}"
    assert [value(each.items or (), 1214) for each in said if each.tag == 1059] == [4, 4]
    assert done.qr is not None
    assert done.qr.endswith("n=2")
    assert refused(shop, original.key).code == "already_refunded"


def test_parts_come_back_and_never_more_than_was_sold(shop: Shop) -> None:
    key = sold(shop).key
    first = back(shop, key, lines={0: Q(1)}).view.receipt
    assert (first.total, first.settlement.part) == (LINES[0], "1")
    second = back(shop, key, lines={0: Q(1)}).view.receipt
    assert (second.total, second.settlement.part) == (LINES[0], "1#2")
    assert refused(shop, key, lines={0: Q(1)}).code == "refund_over"
    assert refused(shop, key, lines={1: Q(2)}).code == "refund_over"
    rest = back(shop, key).view.receipt
    assert [line.name for line in rest.lines] == ["Кружка"]
    assert refused(shop, key).code == "already_refunded"
    assert refused(shop, first.key).code == "refund_nothing"


def test_money_goes_back_the_way_it_came(shop: Shop) -> None:
    key = sold(shop, tenders=card(TOTAL)).key
    assert refused(shop, key, lines={1: Q(1)}, tenders=cash(LINES[1])).code == "refund_over"
    assert back(shop, key, lines={1: Q(1)}).view.receipt.tenders == card(LINES[1])


def test_a_drawer_without_the_cash_is_refused_beforehand(shop: Shop) -> None:
    key = sold(shop).key
    shop.till.printer.cash_out(Money(50_000))
    error = refused(shop, key)
    assert error.code == "drawer_short"
    assert error.facts["drawer"] == Money(9_000)
    assert not shop.till.journal.receipts_in(State.PENDING, State.HELD, State.REFUSED)
    shop.till.printer.cash_in(Money(50_000))
    assert back(shop, key).view.receipt.total == TOTAL


def test_a_shift_that_is_too_old_prints_no_refund(shop: Shop) -> None:
    key = sold(shop).key
    shop.register.advance(25 * 3600.0)
    assert refused(shop, key).code == "shift_expired"


@pytest.mark.parametrize("command", ["8D", "FF0C", "FF46", "FF45"])
@pytest.mark.parametrize("do", ["drop_command", "drop_reply"])
def test_a_lost_answer_never_makes_a_second_refund(shop: Shop, command: str, do: str) -> None:
    key = sold(shop).key
    shop.register.faults([{"command": command, "nth": 1, "do": do, "times": 1}])
    for _ in range(3):
        try:
            done = refund.refund(shop.till, key, {0: Q(1)})
            break
        except (Refused, OutcomeUnknown):
            continue
    refunds = [each for each in shop.register.receipts if ffd.find(ffd.decode(each.body), 1054).value == 2]  # type: ignore[union-attr]
    assert len(refunds) == 1
    assert done.view.state is State.FISCALIZED


def test_a_part_of_a_piece_does_not_come_back(shop: Shop) -> None:
    key = sold(shop).key
    assert refused(shop, key, lines={0: Q("0.5")}).code == "refund_nothing"
    assert back(shop, key, lines={0: Q(1)}).view.receipt.lines[0].quantity == Q(1)


def test_an_answer_that_nobody_saw_is_told_again(shop: Shop) -> None:
    """The program was killed behind the last commit; the person types the same once more."""
    key = sold(shop).key
    first = refund.refund(shop.till, key, {0: Q(1)}).view.receipt
    shop.restart()
    again = refund.refund(shop.till, key, {0: Q(1)})
    assert again.view.receipt.key == first.key
    refund.told(shop.till, again)
    assert back(shop, key, lines={0: Q(1)}).view.receipt.key != first.key
    assert len(shop.register.receipts) == 3


def test_something_else_after_an_unseen_refund_says_so_first(shop: Shop) -> None:
    key = sold(shop).key
    refund.refund(shop.till, key, {0: Q(1)})
    shop.restart()
    assert refused(shop, key, lines={1: Q(1)}).code == "refund_before"
    assert back(shop, key, lines={1: Q(1)}).view.receipt.total == LINES[1]


def test_a_begun_refund_is_ended_with_its_own_key(shop: Shop) -> None:
    key = sold(shop).key
    shop.register.faults([{"command": "FF45", "nth": 1, "do": "error", "value": 0x4E, "times": 1}])
    with pytest.raises(PosError):
        refund.refund(shop.till, key, {0: Q(1)})
    (begun,) = shop.till.journal.receipts_in(State.PENDING, State.REFUSED)
    shop.restart()
    assert refused(shop, key, lines={1: Q(1)}).code == "refund_begun"
    assert back(shop, key, lines={0: Q(1)}).view.receipt.key == begun.receipt.key


def test_found_by_qr_document_and_order(shop: Shop) -> None:
    order = an_order()
    receipt = sold(shop, order)
    stored = stored_by(shop, receipt.key)
    assert stored.mark is not None
    qr = stored.mark.qr(receipt.total, receipt.kind)
    for wanted in (
        Wanted(key=receipt.key.lower()),
        Wanted(qr=qr),
        Wanted(document=stored.mark.document_number),
        Wanted(document=stored.mark.document_number, storage=stored.mark.storage_number),
        Wanted(order=order.number),
    ):
        found = refund.found(shop.till, wanted)
        assert found.receipt == receipt
        assert found.doubts == ()
    left = refund.left(shop.till, found)
    assert (left.total, left.lines, left.tenders) == (TOTAL, (Decimal(2), Decimal(1)), cash(TOTAL))
    with pytest.raises(SaleError) as caught:
        refund.found(shop.till, Wanted(qr=qr.replace("s=590.00", "s=591.00")))
    assert caught.value.code == "refund_other_order"


def test_several_receipts_of_an_order_are_named(shop: Shop) -> None:
    shop.till.journal.save_orders([UNPAID], claimed=True)
    ahead = sale.sell(shop.till, UNPAID, cash(TOTAL), terms=Terms(way=Way.PREPAYMENT)).view.receipt
    out = sale.sell(shop.till, UNPAID, (), terms=Terms(way=Way.HANDOVER)).view.receipt
    with pytest.raises(SaleError) as caught:
        refund.found(shop.till, Wanted(order=UNPAID.number))
    assert caught.value.code == "refund_which"
    assert ahead.key in caught.value.message()
    assert refused(shop, ahead.key).code == "refund_order", "the hand-over stands on that money"
    taken = back(shop, out.key).view.receipt
    assert taken.tenders == (Tender(TenderKind.PREPAID, TOTAL),)
    assert back(shop, ahead.key).view.receipt.tenders == cash(TOTAL)


def test_goods_on_credit_come_back_after_their_debt(shop: Shop) -> None:
    shop.till.journal.save_orders([UNPAID], claimed=True)
    out = sale.sell(shop.till, UNPAID, (), terms=Terms(way=Way.CREDIT)).view.receipt
    debt = sale.sell(shop.till, UNPAID, cash(TOTAL), terms=Terms(way=Way.DEBT)).view.receipt
    assert refused(shop, out.key).code == "refund_order"
    assert back(shop, debt.key).view.receipt.tenders == cash(TOTAL)
    assert back(shop, out.key).view.receipt.tenders == (Tender(TenderKind.CREDIT, TOTAL),)


def test_where_the_portal_prints_nothing_is_taken_back_here(shop: Shop) -> None:
    order = an_order()
    key = sold(shop, order).key
    printing = replace(order, payments=tuple(replace(each, prints_receipt=True) for each in order.payments))
    shop.till.journal.save_orders([replace(printing, version=9)], claimed=True)
    assert refused(shop, key).code == "portal_prints"


def test_what_the_drawer_and_the_day_show_is_right_afterwards(shop: Shop) -> None:
    key = sold(shop).key
    back(shop, key, lines={0: Q(1)})
    compared = counters.settle(shop.till)
    assert compared is not None
    assert compared.agrees, compared.text()
    count, money = shop.till.journal.day_totals(shop.now() - timedelta(days=1))
    assert (count, money) == (2, TOTAL - LINES[0])


def test_a_document_of_a_refund_that_the_journal_lost_comes_back(tmp_path: Path, register: Register) -> None:
    """A directory that knows nothing of it: rule 11 brings sale and refund back, and they count."""
    with shop_at(tmp_path / "a", register) as shop:
        key = sold(shop).key
        done = back(shop, key, lines={0: Q(1)}).view.receipt
    with shop_at(tmp_path / "b", register, shift_open=False) as shop:
        shop.till.journal.save_orders([an_order()], claimed=True)
        for each in (key, done.key):
            (document,) = register.with_key(each)
            adopt.adopt(shop.till, each, document.number)
        recover.recover(shop.till)
        stored = stored_by(shop, done.key)
        assert stored.state is State.FISCALIZED
        assert (stored.receipt.kind, stored.receipt.settlement.part) == (ReceiptKind.SELL_REFUND, "1")
        assert stored.receipt.basis == done.basis
        shop.till = replace(shop.till, new_id=lambda: UUID(int=(7 << 64) + 99))
        assert refused(shop, key, lines={0: Q(2)}).code == "refund_over"
        assert back(shop, key, lines={0: Q(1)}).view.receipt.settlement.part == "1#2"


def test_goods_paid_on_the_site_come_back_as_they_were_paid(shop: Shop) -> None:
    shop.till.journal.save_orders([PAID], claimed=True)
    site = sale.sell(shop.till, PAID, (), terms=Terms(way=Way.SITE_PAYMENT)).view.receipt
    assert back(shop, site.key).view.receipt.tenders == card(TOTAL)


# ------------------------------------------------------------------------------------------------- the order goes on
def test_what_was_taken_back_whole_may_be_sold_anew(shop: Shop) -> None:
    order = an_order()
    first = sold(shop, order)
    back(shop, first.key)
    shown = orders.view(shop.till, order)
    assert shown.refusal is None
    assert Way.FULL in {each.way for each in shown.offers}
    second = shop.sell(order, card(TOTAL)).view.receipt
    assert second.settlement.part == "1#2"
    with pytest.raises(sale.AlreadyReceipted):
        shop.sell(order, card(TOTAL))
    again = back(shop, second.key).view.receipt
    assert again.settlement.part == "1#2#1"
    assert shop.sell(order).view.receipt.settlement.part == "1#3"
    assert len(shop.register.receipts) == 5


def test_money_ahead_that_went_back_is_awaited_again_whatever_the_portal_shows(shop: Shop) -> None:
    """The portal still says paid; the journal knows better."""
    shop.till.journal.save_orders([UNPAID], claimed=True)
    ahead = sale.sell(shop.till, UNPAID, cash(TOTAL), terms=Terms(way=Way.PREPAYMENT)).view.receipt
    back(shop, ahead.key)
    paid = replace(UNPAID, version=2, payments=PAID.payments)
    shop.till.journal.save_orders([paid], claimed=True)
    ways = {each.way for each in sale.offers_of(shop.till, paid)}
    assert {Way.FULL, Way.PREPAYMENT} <= ways
    assert Way.HANDOVER not in ways


def test_a_hand_over_that_came_back_may_go_out_again(shop: Shop) -> None:
    shop.till.journal.save_orders([UNPAID], claimed=True)
    sale.sell(shop.till, UNPAID, cash(TOTAL), terms=Terms(way=Way.PREPAYMENT))
    out = sale.sell(shop.till, UNPAID, (), terms=Terms(way=Way.HANDOVER)).view.receipt
    back(shop, out.key)
    again = sale.sell(shop.till, UNPAID, (), terms=Terms(way=Way.HANDOVER)).view.receipt
    assert again.settlement.part == "handover:1#2"


def test_a_part_that_came_back_leaves_nothing_to_sell(shop: Shop) -> None:
    order = an_order()
    key = sold(shop, order).key
    back(shop, key, lines={0: Q(1)})
    with pytest.raises(SaleError) as caught:
        sale.offers_of(shop.till, order)
    assert caught.value.code == "deal_unclear"
    with pytest.raises(sale.AlreadyReceipted):
        shop.sell(order)


# ------------------------------------------------------------------------------------------- killed at every commit
class Dead(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("nth", range(1, 9))
def test_killed_at_any_commit_there_is_one_refund(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, nth: int, after: bool
) -> None:
    """The person types the same until it is told: one document, its mark in the journal, and nothing open."""
    key = sold(shop).key
    writes = 0
    write = Journal._write

    def dying(journal: Journal, *arguments: Any) -> Any:
        nonlocal writes
        writes += 1
        if writes == nth and not after:
            raise Dead
        done = write(journal, *arguments)
        if writes == nth:
            raise Dead
        return done

    monkeypatch.setattr(Journal, "_write", dying)
    done: sale.Sold | None = None
    for _ in range(5):
        try:
            done = refund.refund(shop.till, key, {0: Q(1)})
            break
        except Dead:
            monkeypatch.setattr(Journal, "_write", write)
            shop.restart()
        except PosError as error:
            if error.code == "resolve_needed":  # an open receipt of which nothing proves that it is ours: a person
                (sending,) = shop.till.journal.receipts_in(State.SENDING)
                resolve.decide_not_made(shop.till, sending.receipt.key)
    monkeypatch.setattr(Journal, "_write", write)
    assert done is not None
    assert done.view.state is State.FISCALIZED
    assert len(shop.register.receipts) == 2
    assert shop.register.printer.receipt is None
    assert not shop.till.journal.receipts_in(State.PENDING, State.SENDING, State.REFUSED, State.HELD)
    assert [each.step for each in shop.till.journal.entries_of_receipt(done.view.receipt.key)] == [
        "mark", "payment", "stock"
    ]  # fmt: skip
    refund.told(shop.till, done)
    assert back(shop, key, lines={0: Q(1)}).view.receipt.key != done.view.receipt.key


# ------------------------------------------------------------------------------------------- things without an order
def test_a_sale_without_an_order_is_taken_back_by_its_receipt(shop: Shop) -> None:
    receipt = walk_in_receipt_of(shop)
    status = counters.ready(shop.till, recover.status_for_sale(shop.till))
    shop.till.journal.add_receipt(receipt)
    sale.print_pending(shop.till, receipt, status)
    first = back(shop, receipt.key, lines={0: Q(1)}).view.receipt
    assert first.settlement.portal == ""
    assert back(shop, receipt.key).view.receipt.total == receipt.total - first.total
    assert refused(shop, receipt.key).code == "already_refunded"
    assert shop.till.journal.entries_of_receipt(first.key) == []


def walk_in_receipt_of(shop: Shop) -> Receipt:
    """Two mugs over the counter, for cash."""
    like = receipt_of(
        an_order(7), cash(TOTAL), shop.till.vat, shop.till.seller, identity=shop.till.new_id(), now=shop.now()
    )
    return replace(like, order_number="", settlement=walk_in_settlement(like.key))


def test_the_courier_and_the_printed_form_show_the_refund(shop: Shop) -> None:
    key = sold(shop).key
    done = back(shop, key, lines={1: Q(1)}).view
    text = text_of(done.form, 48)
    assert "ВОЗВРАТ ПРИХОДА" in text.upper()
    assert "100,00" in text or "100.00" in text
    assert printed.receipt_by(shop.till, done.receipt.key).receipt == done.receipt


def test_a_refund_of_another_program_on_this_register_is_seen(shop: Shop) -> None:
    """It names our receipt in 1192; neither the journal nor the portal's list counts it."""
    key = sold(shop).key
    mark = stored_by(shop, key).mark
    assert mark is not None
    shop.register.foreign_open(5_000, 2)
    shop.register.do(c.SendDocumentTlv(PASSWORD, ffd.encode(1192, mark.document_sign)))
    shop.register.foreign_close(5_000)
    assert refused(shop, key).code == "refund_unclear"
    assert "другая программа" in refused(shop, key).message()
    shop.register.do_cash_in(10_000)
    done = refund.refund(shop.till, key, override="сверено с бумагой")
    assert done.view.receipt.total == TOTAL


def test_another_sum_than_is_left_of_a_line(shop: Shop) -> None:
    key = sold(shop).key
    assert refused(shop, key, lines={5: None}).code == "refund_nothing"
    whole = back(shop, key, lines={0: None}).view.receipt
    assert whole.total == LINES[0] + LINES[0]
    assert refused(shop, key, lines={0: None}).code == "refund_over"


@pytest.mark.parametrize("version", [Ffd.V1_05, Ffd.V1_2])
def test_what_was_put_right_is_taken_back_by_the_right_receipt(tmp_path: Path, version: Ffd) -> None:
    """Of a correction receipt, too, goods come back by an ordinary refund that names it."""
    register = register_of(version)
    with shop_at(tmp_path, register) as shop:
        wrong = sold(shop)
        done = correct.correct(shop.till, wrong.key, Said(tenders=card(TOTAL)), "платил картой")
        right = done.sold[-1].view
        assert refused(shop, wrong.key).code == "refund_nothing"
        assert right.mark is not None
        taken = back(shop, right.receipt.key).view.receipt
        assert (taken.tenders, taken.correction) == (card(TOTAL), None)
        (document,) = register.with_key(taken.key)
        assert document.form == DocumentType.RECEIPT
        said = ffd.decode(document.body)
        assert str(value(said, 1192)).strip() == right.mark.document_sign
        assert refused(shop, right.receipt.key).code == "already_refunded"
        assert shop.sell(an_order()).view.receipt.kind is ReceiptKind.SELL
