"""A card is charged once for a settlement, whatever happens in between; what is charged is never forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.terminal import ManualTerminal
from posapp.devices.terminal_simulator import Fault
from posapp.domain.money import Money
from posapp.domain.receipt import Tender, TenderKind
from posapp.domain.settlement import By, State
from posapp.errors import PosError, Refused, ResolveNeeded, SaleError, Unreachable
from posapp.journal.card_rows import APPROVED, RECEIPTED, RETURNED
from posapp.journal.store import Journal
from posapp.till import card, orders, recover, refund, sale, shift_opening
from posapp.till.card import CardPay
from posapp.till.context import Till
from tests.devices.terminals import Desk, terminal
from tests.till.rig import Killed
from tests.till.shops import TOTAL, Shop, an_order
from tests.till.shops import card as by_card
from tests.till.shops import cash as in_cash


@pytest.fixture
def desk() -> Iterator[Desk]:
    with terminal() as desk:
        yield desk


def till_of(shop: Shop, desk: Desk) -> Till:
    """The process that runs now, with the terminal set up."""
    return replace(shop.till, terminal=desk.client())


def sell(till: Till, pay: CardPay | None = None, order_id: int = 1) -> sale.Sold:
    return sale.sell(till, an_order(order_id), by_card(TOTAL), pay=pay or CardPay(TOTAL))


def code_of(error: pytest.ExceptionInfo[PosError]) -> str:
    return error.value.code


def test_the_terminal_takes_the_money_and_the_receipt_names_the_operation(shop: Shop, desk: Desk) -> None:
    said: list[str] = []
    done = sell(till_of(shop, desk), CardPay(TOTAL, said=said.append))
    assert desk.moved() == [TOTAL.kopecks]
    assert said == ["Приложите карту", ""]
    (detail,) = done.view.receipt.cashless
    assert (detail.amount, detail.info) == (TOTAL, "картой")
    (operation,) = shop.till.journal.cards()
    assert operation.rrn == detail.identifiers == "000000451201"
    assert operation.card == "•••• 2201"
    assert (operation.state, operation.is_open) == (RECEIPTED, False)
    shop.assert_exactly_one()


def test_declined_means_no_money_no_receipt_and_another_try(shop: Shop, desk: Desk) -> None:
    till = till_of(shop, desk)
    desk.breaks(Fault("charge", "decline", value="недостаточно средств"))
    with pytest.raises(SaleError) as refused:
        sell(till)
    assert code_of(refused) == "card_declined"
    assert shop.till.journal.receipts_of_order(till.portal, 1) == []
    sell(till)
    assert desk.moved() == [TOTAL.kopecks]


@pytest.mark.parametrize("do", ["drop", "garbage"])
def test_an_approval_whose_answer_is_lost_is_asked_for_and_not_repeated(shop: Shop, desk: Desk, do: str) -> None:
    desk.breaks(Fault("charge", do, "after"))
    sell(till_of(shop, desk))
    assert desk.moved() == [TOTAL.kopecks]
    shop.assert_exactly_one()
    assert shop.till.journal.cards()[0].by == "inquiry"


def test_a_request_that_never_arrived_is_proven_so_and_may_be_made_again(shop: Shop, desk: Desk) -> None:
    till = till_of(shop, desk)
    desk.breaks(Fault("charge", "drop", "before"))
    with pytest.raises(SaleError) as refused:
        sell(till)
    assert code_of(refused) == "card_declined"
    assert desk.moved() == []
    # the request that was asked about can no longer move money, should it arrive late
    burnt = shop.till.journal.cards()[0].reference
    assert desk.client().charge(burnt, TOTAL).outcome.value == "declined"
    sell(till)
    assert desk.moved() == [TOTAL.kopecks]


def test_unknown_stays_unknown_until_the_terminal_tells(shop: Shop, desk: Desk) -> None:
    """Money bug: the answer is lost and the terminal is away; the cashier presses again."""
    till = till_of(shop, desk)
    desk.breaks(Fault("charge", "drop", "after"), Fault("inquire", "drop", times=4))
    for _ in range(2):
        with pytest.raises(ResolveNeeded) as open_:
            sell(till)
        assert code_of(open_) == "card_unknown"
        assert open_.value.exit_code == 3
        shop.restart()
        till = till_of(shop, desk)
    with pytest.raises(ResolveNeeded):  # nor is it sold for cash meanwhile: the card may be charged
        sale.sell(till, an_order(), in_cash(TOTAL))
    shown = orders.view(till, an_order())
    assert shown.owed is not None
    assert shown.owed.code == "card_unknown"
    desk.breaks()
    done = sell(till)
    assert desk.moved() == [TOTAL.kopecks]
    assert done.view.state is State.FISCALIZED
    assert orders.view(till, an_order()).owed is None


def test_a_till_killed_while_the_customer_pays_asks_and_does_not_repeat(shop: Shop, desk: Desk) -> None:
    def die(words: str) -> None:
        assert words
        raise Killed

    with pytest.raises(Killed):
        sell(till_of(shop, desk), CardPay(TOTAL, said=die))
    shop.restart()
    sell(till_of(shop, desk))
    assert desk.moved() == [TOTAL.kopecks]
    shop.assert_exactly_one()


def test_charged_and_not_printed_says_so_and_prints_without_a_second_charge(
    shop: Shop, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Money bug: the till dies between the card and the receipt."""

    def dies(*given: object, **named: object) -> None:
        raise Killed

    monkeypatch.setattr(Journal, "add_receipt", dies)
    with pytest.raises(Killed):
        sell(till_of(shop, desk))
    monkeypatch.undo()
    shop.restart()
    till = till_of(shop, desk)
    (operation,) = till.journal.open_cards()
    assert operation.state == APPROVED
    shown = orders.view(till, an_order())
    assert shown.owed is not None
    assert shown.owed.code == "card_charged"
    with pytest.raises(SaleError) as cash:
        sale.sell(till, an_order(), in_cash(TOTAL))
    assert code_of(cash) == "card_charged"
    part = (Tender(TenderKind.CASH, Money(9_000)), Tender(TenderKind.CASHLESS, Money(50_000)))
    with pytest.raises(SaleError) as other:
        sale.sell(till, an_order(), part, pay=CardPay(Money(50_000)))
    assert code_of(other) == "card_charged"
    done = sell(till)
    assert desk.moved() == [TOTAL.kopecks]
    assert done.view.receipt.cashless[0].identifiers == operation.rrn
    assert till.journal.open_cards() == []


@pytest.mark.parametrize("opcode", [0x8D, 0xFF45])
@pytest.mark.parametrize("had_it", [False, True])
def test_a_receipt_that_was_begun_is_printed_and_charges_nothing(
    shop: Shop, desk: Desk, opcode: int, had_it: bool
) -> None:
    shop.register.killed_at = (opcode, had_it)
    with pytest.raises(Killed):
        sell(till_of(shop, desk))
    shop.register.heal()
    shop.register.advance(120.0)
    shop.restart()
    till = till_of(shop, desk)
    assert orders.view(till, an_order()).owed is not None
    for _ in range(2):  # the answer to the killed sale may be that it is printed, or that a person has to look first
        with suppress(sale.AlreadyReceipted, ResolveNeeded):
            sell(till)
    if (opcode, had_it) == (0x8D, True):  # rule 7: nobody proves that the open receipt is ours
        assert orders.view(till, an_order()).owed is not None
        shop.register.printer.execute(c.CancelReceipt(30), shop.register.now)
        recover.resolve(till, shop.stored().receipt.key, by_person=True)
        sell(till)
    assert desk.moved() == [TOTAL.kopecks]
    shop.assert_exactly_one()
    assert orders.view(till, an_order()).owed is None


def test_a_receipt_given_up_leaves_its_charge_owed(shop: Shop, desk: Desk) -> None:
    till = till_of(shop, desk)
    shop.register.fault("8D", "error", value=0x4B)
    with pytest.raises(PosError):
        sell(till)
    shop.register.heal()
    stored = shop.stored()
    owed = till.journal.open_cards()[0]
    with pytest.raises(SaleError) as begun:
        card.give_back(till, owed.reference, why="покупатель ушёл")
    assert code_of(begun) == "card_has_receipt"
    till.journal.move(stored.receipt.key, State.CANCELLED, By.PERSON)
    assert orders.view(till, an_order()).owed is not None
    done = sell(till)
    assert done.view.receipt.key != stored.receipt.key
    assert desk.moved() == [TOTAL.kopecks]
    assert till.journal.open_cards() == []


def test_no_card_is_charged_while_the_register_cannot_print(shop: Shop, desk: Desk) -> None:
    till = till_of(shop, desk)
    shop.register.unplug()
    with pytest.raises(Unreachable):
        sell(till)
    shop.register.heal()
    shop.register.printer.set_paper("out", shop.register.now)
    with pytest.raises(Refused):
        sell(till)
    shop.register.heal()
    opening = shift_opening.of(till, 1)
    assert opening is not None
    lasts = opening.at + timedelta(hours=24, minutes=-4) - shop.register.now
    shop.register.advance(lasts.total_seconds())  # it still prints, and ends while the customer looks for a card
    with pytest.raises(SaleError) as late:
        sell(till)
    assert code_of(late) == "not_ready_for_card"
    assert desk.moved() == []
    assert till.journal.cards() == []


def test_a_terminal_that_is_off_takes_nothing(shop: Shop, desk: Desk) -> None:
    till = till_of(shop, desk)
    desk.switch_off()
    with pytest.raises(Unreachable) as away:
        sell(till)
    assert code_of(away) == "terminal_unreachable"
    assert till.journal.open_cards() == []
    sale.sell(till, an_order(), in_cash(TOTAL))
    shop.assert_exactly_one()


# ------------------------------------------------------------------------------------------------ people
def unknown_charge(shop: Shop, desk: Desk) -> Till:
    """Charged, and nobody can ask any more: the answers are lost."""
    till = till_of(shop, desk)
    desk.breaks(Fault("charge", "drop", "after"), Fault("inquire", "drop", times=9))
    with pytest.raises(ResolveNeeded):
        sell(till)
    return till


def test_a_person_settles_what_the_terminal_cannot_tell(shop: Shop, desk: Desk) -> None:
    till = unknown_charge(shop, desk)
    (operation,) = till.journal.open_cards()
    with pytest.raises(ResolveNeeded) as reason:
        card.settle(till, operation.reference)
    assert code_of(reason) == "why_needed"
    settled = card.settle(till, operation.reference, rrn=" 0000 0045 1201 ")
    assert (settled.state, settled.by, settled.rrn) == (APPROVED, "person", "000000451201")
    done = sell(till)
    assert desk.moved() == [TOTAL.kopecks]
    assert done.view.receipt.cashless[0].identifiers == "000000451201"
    assert [each.what for each in till.journal.audit_rows()] == ["card.settled"]


def test_the_terminals_word_counts_more_than_the_persons(shop: Shop, desk: Desk) -> None:
    till = unknown_charge(shop, desk)
    (operation,) = till.journal.open_cards()
    desk.breaks()
    settled = card.settle(till, operation.reference, why="покупатель говорит, что не списали")
    assert (settled.state, settled.by) == (APPROVED, "inquiry")


def test_not_charged_by_a_persons_word_frees_the_order(shop: Shop, desk: Desk) -> None:
    till = unknown_charge(shop, desk)
    (operation,) = till.journal.open_cards()
    card.settle(till, operation.reference, why="на чеке терминала отказ")
    sale.sell(till, an_order(), in_cash(TOTAL))
    shop.assert_exactly_one()


def test_a_charge_without_a_receipt_is_given_back_once(shop: Shop, desk: Desk) -> None:
    till = unknown_charge(shop, desk)
    desk.breaks()
    (operation,) = card.ask_all(till)
    with pytest.raises(ResolveNeeded):
        card.give_back(till, operation.reference, why="")
    desk.breaks(Fault("cancel", "drop", "after"), Fault("inquire", "drop"))
    with pytest.raises(ResolveNeeded):
        card.give_back(till, operation.reference, why="покупатель ушёл")
    desk.breaks(Fault("inquire", "drop"))
    with pytest.raises(ResolveNeeded):  # the money may be on its way back: no receipt for it
        sell(till)
    desk.breaks()
    assert card.give_back(till, operation.reference, why="покупатель ушёл").state == RETURNED
    assert desk.moved("cancel") == [TOTAL.kopecks]
    assert orders.view(till, an_order()).owed is None
    sell(till)
    assert desk.moved() == [TOTAL.kopecks] * 2


# ------------------------------------------------------------------------------------------------ by hand
def test_a_terminal_that_is_not_connected_needs_the_number_typed(shop: Shop) -> None:
    till = replace(shop.till, terminal=ManualTerminal())
    with pytest.raises(Unreachable) as by_hand:
        sell(till)
    assert code_of(by_hand) == "terminal_by_hand"
    assert till.journal.open_cards() == []
    with pytest.raises(SaleError) as bad:
        sell(till, CardPay(TOTAL, typed="да"))
    assert code_of(bad) == "rrn_bad"
    done = sell(till, CardPay(TOTAL, typed="632109004512"))
    assert done.view.receipt.cashless[0].identifiers == "632109004512"


def test_one_slip_pays_one_order(shop: Shop) -> None:
    till = replace(shop.till, terminal=ManualTerminal())
    sell(till, CardPay(TOTAL, typed="632109004512"))
    with pytest.raises(SaleError) as used:
        sell(till, CardPay(TOTAL, typed="632109004512"), order_id=2)
    assert code_of(used) == "rrn_used"
    assert till.journal.receipts_of_order(till.portal, 2) == []
    assert till.journal.open_cards() == []


# ------------------------------------------------------------------------------------------------ refunds
def test_a_refund_goes_back_to_the_card_once(shop: Shop, desk: Desk) -> None:
    till = till_of(shop, desk)
    sold = sell(till)
    desk.breaks(Fault("refund", "drop", "after"), Fault("inquire", "drop"))
    key = sold.view.receipt.key
    with pytest.raises(ResolveNeeded):
        refund.refund(till, key, pay=CardPay())
    desk.breaks()
    done = refund.refund(till, key, pay=CardPay())
    assert desk.moved("refund") == [TOTAL.kopecks]
    operation = till.journal.card_of_receipt(done.view.receipt.key)
    assert operation is not None
    assert operation.original == "000000451201"
    assert done.view.receipt.cashless[0].identifiers == operation.rrn != "000000451201"


def test_the_journal_keeps_no_more_than_four_digits_of_a_card(shop: Shop, desk: Desk, tmp_path: Path) -> None:
    sell(till_of(shop, desk))
    shop.till.journal.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("journal*"))
    assert b"2201" in stored
    assert b"220070" not in stored
    shop.reopen()
