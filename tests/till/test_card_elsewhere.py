"""Cards of sales without an order, of orders that several tills share, and of a till that leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from posapp.devices.terminal_simulator import Fault
from posapp.domain.money import Money
from posapp.domain.receipt import Tender, TenderKind
from posapp.errors import PosError, ResolveNeeded, SaleError
from posapp.journal.card_rows import APPROVED
from posapp.journal.store import Journal
from posapp.till import card, claim_sync, claims, leaving, refund, sale, walkin
from posapp.till.card import CardPay
from posapp.till.context import Till
from tests.devices.terminals import Desk, terminal
from tests.till.colleagues import colleagues
from tests.till.rig import Killed
from tests.till.shops import Shop, an_order
from tests.till.shops import card as by_card
from tests.till.walkins import MUG, TEA

SUM = Money(34_500)
PAID = (Tender(TenderKind.CASHLESS, SUM),)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with terminal() as desk:
        yield desk


def sell(till: Till, pay: CardPay, *, another: bool = False) -> sale.Sold:
    return walkin.sell(till, walkin.items_of(till, [TEA, MUG]), PAID, another=another, pay=pay)


def charged_and_killed(store: Shop, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Till:
    """The till dies between the card and the receipt."""

    def dies(*given: object, **named: object) -> None:
        raise Killed

    monkeypatch.setattr(Journal, "add_walk_in", dies)
    with pytest.raises(Killed):
        sell(replace(store.till, terminal=desk.client()), CardPay(SUM))
    monkeypatch.undo()
    store.restart()
    return replace(store.till, terminal=desk.client())


def test_the_same_sum_again_is_a_question_and_never_a_second_charge(
    store: Shop, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = charged_and_killed(store, desk, monkeypatch)
    with pytest.raises(SaleError) as refused:
        sell(till, CardPay(SUM))
    assert refused.value.code == "card_charged_goods"
    (operation,) = till.journal.open_cards()
    done = sell(till, CardPay(SUM, charged=operation.reference))
    assert desk.moved() == [SUM.kopecks]
    assert done.view.receipt.cashless[0].identifiers == operation.rrn
    assert till.journal.open_cards() == []
    walkin.told(till, done.view.receipt.key)
    with pytest.raises(SaleError) as over:
        sell(till, CardPay(SUM, charged=operation.reference))
    assert over.value.code == "card_not_open"


def test_another_customer_is_charged_for_himself(store: Shop, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    till = charged_and_killed(store, desk, monkeypatch)
    (first,) = till.journal.open_cards()
    sell(till, CardPay(SUM, another=True), another=True)
    assert desk.moved() == [SUM.kopecks] * 2
    assert [each.reference for each in till.journal.open_cards()] == [first.reference]
    card.give_back(till, first.reference, why="покупатель ушёл")
    assert till.journal.open_cards() == []


def test_an_unknown_charge_of_the_same_sum_stops_the_next_one(store: Shop, desk: Desk) -> None:
    till = replace(store.till, terminal=desk.client())
    desk.breaks(Fault("charge", "drop", "after"), Fault("inquire", "drop", times=9))
    for _ in range(2):
        with pytest.raises(ResolveNeeded):
            sell(till, CardPay(SUM))
    assert desk.moved() == [SUM.kopecks]
    assert len(till.journal.cards()) == 1


def test_a_charge_taken_for_another_sum_is_not_shown_on_this_receipt(
    store: Shop, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = charged_and_killed(store, desk, monkeypatch)
    (operation,) = till.journal.open_cards()
    tea = walkin.items_of(till, [TEA])
    with pytest.raises(SaleError) as refused:
        walkin.sell(till, tea, (Tender(TenderKind.CASHLESS, Money(24_500)),),
                    pay=CardPay(Money(24_500), charged=operation.reference))  # fmt: skip
    assert refused.value.code == "card_charged_goods"


def test_a_part_comes_back_to_the_card_that_paid(store: Shop, desk: Desk) -> None:
    till = replace(store.till, terminal=desk.client())
    sold = sell(till, CardPay(SUM))
    refund.refund(till, sold.view.receipt.key, {1: None}, pay=CardPay())
    assert desk.moved("refund") == [10_000]


def test_an_order_whose_card_is_charged_stays_with_its_till(tmp_path: Path, desk: Desk) -> None:
    with colleagues(tmp_path) as (one, other):
        for each in (one, other):
            each.till.journal.save_orders([an_order()], claimed=False)
        till = replace(one.till, terminal=desk.client())
        desk.breaks(Fault("charge", "drop", "after"), Fault("inquire", "drop", times=9))
        order = an_order()
        with pytest.raises(ResolveNeeded):
            sale.sell(till, order, by_card(order.price), pay=CardPay(order.price))
        claim_sync.sync(one.till)
        assert claims.held(one.till, [order.order_id])
        with pytest.raises(PosError) as kept:
            claims.release(one.till, order)
        assert kept.value.code == "card_unknown"
        with pytest.raises(PosError):
            sale.sell(other.till, order, by_card(order.price))
        assert not leaving.unsent(one.till).is_nothing
        desk.breaks()
        (operation,) = card.ask_all(till)
        assert operation.state == APPROVED
        sale.sell(till, order, by_card(order.price), pay=CardPay(order.price))
        assert desk.moved() == [order.price.kopecks]
