"""Rule 1: a settlement – portal, order, payment, kind – has one receipt that is not cancelled.

The journal holds a unique index over that. An order is sold offline only on the till that holds its claim; a till
without a gateway is alone on its portal and reads the portal first. Several tills on one portal need the gateway: then
the second one prints nothing for an order that the first one has, or has receipted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from posapp.devices.shtrih import commands as c
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.settlement import Settlement, State
from posapp.errors import PosError, Refused, SaleError
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.rows import SettlementTaken
from posapp.till import claims, exchange, resolve, sale
from posapp.till.sale import AlreadyReceipted
from tests.rules.portals import a_portal, on_board, on_portal
from tests.rules.worlds import PASSWORD, a_second_till
from tests.sync.portals import Bitrix
from tests.till.colleagues import Colleague, colleagues
from tests.till.shops import TOTAL, Shop, an_order, card, cash

PRINTS_NOTHING = frozenset({0x8D, 0xFF46, 0xFF45})


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    """A portal with two orders."""
    with a_portal(1, 2) as portal:
        yield portal


def _open_shift() -> c.OpenShift:
    return c.OpenShift(PASSWORD)


# ---------------------------------------------------------------------------------------------- one till


def test_rule_1_selling_again_shows_the_receipt_and_sends_nothing(shop: Shop) -> None:
    first = shop.sell()
    frames = len(shop.register.written)
    with pytest.raises(AlreadyReceipted) as told:
        shop.sell()
    assert told.value.code == "already_receipted"
    assert told.value.view.mark == first.view.mark
    with pytest.raises(AlreadyReceipted):
        shop.sell(tenders=card(TOTAL))
    assert len(shop.register.written) == frames


@pytest.mark.parametrize("state", [State.PENDING, State.HELD])
def test_rule_1_the_journal_takes_one_receipt_of_a_settlement(shop: Shop, state: State) -> None:
    first, second, third = (sale._new_receipt(shop.till, an_order(), cash(TOTAL)) for _ in range(3))
    assert first.key != second.key
    shop.till.journal.add_receipt(first, state)
    with pytest.raises(SettlementTaken) as told:
        shop.till.journal.add_receipt(second)
    assert told.value.key == first.key
    refund = replace(third, settlement=replace(third.settlement, kind=ReceiptKind.SELL_REFUND))
    shop.till.journal.add_receipt(refund)  # another kind is another settlement
    resolve.cancel(shop.till, first.key)
    shop.till.journal.add_receipt(second)


def test_rule_1_the_index_holds_against_whoever_writes_past_the_program(shop: Shop) -> None:
    shop.sell()
    shop.close()
    with closing(sqlite3.connect(shop.folder / JOURNAL_NAME)) as db:
        row = dict(
            zip(
                [each[1] for each in db.execute("PRAGMA table_info(receipts)")],
                db.execute("SELECT * FROM receipts").fetchone(),
                strict=True,
            )
        )
        row |= {"key": "ZZZZZZZZZZZZZZZZ", "document_number": 99}
        names = ", ".join(row)
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            db.execute(f"INSERT INTO receipts ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
        db.rollback()
    shop.reopen()


def test_rule_1_a_settlement_is_portal_order_payment_and_kind() -> None:
    whole = Settlement("shop.example", 1, "1", ReceiptKind.SELL)
    others = {
        replace(whole, portal="other.example"),
        replace(whole, order_id=2),
        replace(whole, part="2"),
        replace(whole, kind=ReceiptKind.SELL_REFUND),
    }
    assert len({whole.id, *(each.id for each in others)}) == 5


def test_rule_1_other_tenders_do_not_make_another_receipt(shop: Shop) -> None:
    shop.register.fault("FF46", "error", value=0x39)
    with pytest.raises(Refused):
        shop.sell()
    with pytest.raises(SaleError) as told:
        shop.sell(tenders=card(TOTAL))
    assert told.value.code == "other_tenders"
    shop.sell()
    with pytest.raises(AlreadyReceipted):
        shop.sell(tenders=card(TOTAL))
    assert len(shop.register.receipts) == 1


# ---------------------------------------------------------------------------------------------- two tills, no gateway


@pytest.fixture
def beside(shop: Shop, bitrix: Bitrix, tmp_path: Path) -> Iterator[Colleague]:
    """Till 2 with a register of its own on the portal where the shop's till works."""
    on_portal(shop, bitrix)
    second = Colleague(tmp_path / "second", "2", None)
    with closing(second):
        second.register.do(_open_shift())
        on_portal(second, bitrix)
        yield second


def test_rule_1_the_second_till_reads_the_portal_and_finds_the_payment(
    shop: Shop, bitrix: Bitrix, beside: Colleague
) -> None:
    """Its copy on board says unpaid; the portal says paid, by the first till."""
    shop.sell(on_board(shop))
    exchange.sync(shop.till)
    assert bitrix.order(1)["payed"] == "Y"
    beside.register.advance(60.0)
    with pytest.raises(PosError) as told:
        beside.sell(exchange.order_for_sale(beside.till, "N-1"))
    assert told.value.code in ("already_paid", "gateway_needed")
    assert not PRINTS_NOTHING & set(beside.register.written)
    assert beside.register.receipts == []


def test_rule_1_the_first_tills_mark_is_enough_before_its_payment_is_there(
    shop: Shop, bitrix: Bitrix, beside: Colleague
) -> None:
    """Only the mark was delivered. The order looks unpaid, and yet nothing is printed for it – nor for any other."""
    shop.sell(on_board(shop))
    bitrix.faults({"method": "sale.payment.update", "nth": 2, "when": "before", "do": "reset", "times": 99})
    exchange.sync(shop.till)
    order = bitrix.order(1)
    assert (order["payed"], order["payments"][0]["psInvoiceId"]) == ("N", shop.receipt().key)
    beside.register.advance(60.0)
    for number in ("N-1", "N-2"):
        with pytest.raises(PosError) as told:
            beside.sell(exchange.order_for_sale(beside.till, number))
        assert told.value.code == "gateway_needed"
    assert not PRINTS_NOTHING & set(beside.register.written)


def test_rule_1_two_tills_on_one_register_read_it_from_the_storage(shop: Shop, tmp_path: Path) -> None:
    """No portal, no gateway: the first till's stamp in its document names the order."""
    shop.sell()
    shop.till.printer.close()
    with a_second_till(shop, tmp_path / "second") as second:
        with pytest.raises(SaleError) as told:
            second.sell(an_order(1))
        assert told.value.code == "receipted_elsewhere"
        assert told.value.facts["till"] == "1"
        assert len(shop.register.receipts) == 1
        second.sell(an_order(2))
        second.assert_exactly_one(2)
        second.till.printer.close()
    with pytest.raises(SaleError) as told:
        shop.sell(an_order(2))
    assert told.value.code == "receipted_elsewhere"
    assert len(shop.register.receipts) == 2


def test_rule_1_a_manager_may_answer_for_an_order_of_the_same_number(shop: Shop, tmp_path: Path) -> None:
    """Two portals number alike; that it is another order only a person knows, and that is kept."""
    shop.sell()
    shop.till.printer.close()
    with a_second_till(shop, tmp_path / "second") as second:
        sale.sell(second.till, an_order(1), cash(TOTAL), "другой портал")
        assert len(shop.register.receipts) == 2


# ---------------------------------------------------------------------------------------------- with the gateway


@pytest.mark.parametrize("route", [False, True])
def test_rule_1_the_till_without_the_claim_prints_nothing(tmp_path: Path, route: bool) -> None:
    order = an_order()
    with colleagues(tmp_path) as (one, other):
        for each in (one, other):
            each.till.journal.save_orders([order], claimed=False)
        if route:
            claims.take_route(one.till, [order])
            one.wire.state = "down"  # the courier is away
        one.sell(order)
        with pytest.raises(SaleError) as told:
            other.sell(order)
        assert told.value.code in ("claimed_elsewhere", "receipted_elsewhere")
        other.wire.state = "down"
        with pytest.raises(SaleError) as told:
            other.sell(order)
        assert told.value.code in ("not_claimed", "claimed_elsewhere", "receipted_elsewhere")
        assert not PRINTS_NOTHING & set(other.register.written)
        one.assert_exactly_one()
