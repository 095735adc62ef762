"""Rule 8: cash in and out, opening and closing the shift go through the same states as a receipt.

They are journaled before they are sent and sent once; their proof is not the reply but the register compared with what
it was before: the state and number of the shift, its documents, the money registers and how often they moved. Another
program may move the same money and the same shift, so what could be its doing is left to a person.
"""

from __future__ import annotations

import pytest

from posapp.devices.base import CashTotals, Paper, PrinterStatus
from posapp.domain.fiscal import Shift, ShiftState
from posapp.domain.money import Money
from posapp.errors import DeviceError, OutcomeUnknown, Refused, ResolveNeeded
from posapp.till import recover, resolve, shift, shift_proof
from posapp.till.shift_proof import CASH_IN, CASH_OUT, CLOSE, OPEN, X_REPORT
from tests.rules.worlds import foreign_shift_open, killed_at, loses_its_cable_at, new_storage
from tests.till.shops import Shop
from tests.till.test_shift import AMOUNT, OPERATIONS, effect, prepared

SHUT, OPENED, OLD = ShiftState.CLOSED, ShiftState.OPEN, ShiftState.EXPIRED
KOPECKS = AMOUNT.kopecks
CASH = {"cash in": 0x50, "cash out": 0x51}


def waits_for_a_person(shop: Shop, kind: str) -> None:
    """Nothing is sold, nothing is sent, and the desk shows the operation."""
    sent = len([each for each in shop.register.written if each in (0x50, 0x51, 0xE0, 0x41, 0x8D)])
    with pytest.raises(ResolveNeeded):
        shop.sell()
    (case,) = resolve.waiting(shop.till)
    assert case.key == kind
    assert len([each for each in shop.register.written if each in (0x50, 0x51, 0xE0, 0x41, 0x8D)]) == sent


# ---------------------------------------------------------------------------------------------- the shift as a table


def looked(state: ShiftState, number: int, last_document: int) -> PrinterStatus:
    return PrinterStatus(Shift(state, number), Paper.OK, False, False, last_document, None)


@pytest.mark.parametrize(
    "kind, before, now, made",
    [
        (OPEN, (SHUT, 3, 10), (SHUT, 3, 10), False),
        (OPEN, (SHUT, 3, 10), (OPENED, 4, 11), True),
        (OPEN, (SHUT, 3, 10), (OLD, 4, 11), True),
        (OPEN, (SHUT, 3, 10), (OPENED, 4, 15), True),  # others have sold since
        (OPEN, (SHUT, 3, 10), (OPENED, 4, 10), None),  # a shift without its document
        (OPEN, (SHUT, 3, 10), (SHUT, 4, 12), None),  # opened and closed since, by whomever
        (OPEN, (SHUT, 3, 10), (OPENED, 5, 13), None),  # and opened again
        (CLOSE, (OPENED, 4, 11), (OPENED, 4, 11), False),
        (CLOSE, (OLD, 4, 11), (OLD, 4, 11), False),
        (CLOSE, (OPENED, 4, 11), (OPENED, 4, 14), False),  # others have sold since
        (CLOSE, (OPENED, 4, 11), (OLD, 4, 11), False),
        (CLOSE, (OPENED, 4, 11), (SHUT, 4, 12), True),
        (CLOSE, (OLD, 4, 11), (SHUT, 4, 12), True),
        (CLOSE, (OPENED, 4, 11), (OPENED, 5, 13), True),  # the next one was opened since
        (CLOSE, (OPENED, 4, 11), (SHUT, 4, 11), None),  # closed without its document
        (CLOSE, (OPENED, 4, 11), (OPENED, 3, 11), None),
        (X_REPORT, (OPENED, 4, 11), (OPENED, 4, 11), True),
    ],
)
def test_rule_8_what_state_and_number_of_the_shift_prove(
    kind: str, before: tuple[ShiftState, int, int], now: tuple[ShiftState, int, int], made: bool | None
) -> None:
    facts = shift_proof.facts_of(looked(*before), totals())
    assert shift_proof.prove(kind, None, facts, looked(*now), totals()) is made


# ---------------------------------------------------------------------------------------------- the drawer as a table


def totals(
    cash_in: int = 0, ins: int = 0, cash_out: int = 0, outs: int = 0, *, is_witnessed: bool = False
) -> CashTotals:
    return CashTotals(Money(cash_in - cash_out), Money(cash_in), Money(cash_out), ins, outs, is_witnessed)


@pytest.mark.parametrize(
    "kind, before, now, witnessed, unwitnessed",
    [
        (CASH_IN, (1_000, 1, 0, 0), (1_000, 1, 0, 0), False, False),
        (CASH_IN, (1_000, 1, 0, 0), (6_000, 2, 0, 0), True, None),
        (CASH_IN, (1_000, 1, 0, 0), (6_000, 2, 300, 1), True, None),  # others took money out
        (CASH_IN, (1_000, 1, 0, 0), (1_000, 1, 5_000, 1), False, False),
        (CASH_IN, (1_000, 1, 0, 0), (2_000, 2, 0, 0), None, None),  # somebody else's
        (CASH_IN, (1_000, 1, 0, 0), (11_000, 3, 0, 0), None, None),  # twice: ours and the same once more
        (CASH_IN, (1_000, 1, 0, 0), (6_000, 3, 0, 0), None, None),  # our sum, but in two operations
        (CASH_IN, (1_000, 1, 0, 0), (0, 0, 0, 0), None, None),
        (CASH_OUT, (9_000, 1, 0, 0), (9_000, 1, 0, 0), False, False),
        (CASH_OUT, (9_000, 1, 0, 0), (9_000, 1, 5_000, 1), True, None),
        (CASH_OUT, (9_000, 1, 500, 1), (9_000, 1, 5_500, 2), True, None),
        (CASH_OUT, (9_000, 1, 0, 0), (14_000, 2, 0, 0), False, False),
        (CASH_OUT, (9_000, 1, 0, 0), (9_000, 1, 4_999, 1), None, None),
    ],
)
def test_rule_8_what_the_money_registers_prove(
    kind: str,
    before: tuple[int, int, int, int],
    now: tuple[int, int, int, int],
    witnessed: bool | None,
    unwitnessed: bool | None,
) -> None:
    status = looked(OPENED, 4, 11)
    facts = shift_proof.facts_of(status, totals(*before))
    sure, unsure = totals(*now, is_witnessed=True), totals(*now)
    assert shift_proof.prove(kind, AMOUNT, facts, status, sure) is witnessed
    assert shift_proof.prove(kind, AMOUNT, facts, status, unsure) is unwitnessed
    assert shift_proof.prove(kind, AMOUNT, facts, status, unsure, only_program=True) is witnessed


@pytest.mark.parametrize("now", [(SHUT, 4, 12), (OPENED, 5, 13)])
@pytest.mark.parametrize("kopecks", [0, KOPECKS])
def test_rule_8_the_registers_of_another_shift_prove_nothing(now: tuple[ShiftState, int, int], kopecks: int) -> None:
    """The end of the shift set them to zero: "nothing went in" would be a lie."""
    facts = shift_proof.facts_of(looked(OPENED, 4, 11), totals())
    after = totals(kopecks, int(kopecks > 0), is_witnessed=True)
    assert shift_proof.prove(CASH_IN, AMOUNT, facts, looked(*now), after) is None


def test_rule_8_facts_that_the_journal_does_not_have_prove_nothing() -> None:
    for kind in (CLOSE, CASH_IN):
        with pytest.raises(ResolveNeeded, match="shift_number"):
            shift_proof.prove(kind, AMOUNT, {"last_document": 3}, looked(OPENED, 4, 11), totals())


# ---------------------------------------------------------------------------------------------- lost replies


@pytest.mark.parametrize("name", CASH)
@pytest.mark.parametrize("after", [False, True])
def test_rule_8_cash_whose_reply_is_lost_is_moved_once(shop: Shop, name: str, after: bool) -> None:
    prepared(shop, name)
    before = effect(shop)[name]
    loses_its_cable_at(shop, CASH[name], "after" if after else "before")
    if after:
        OPERATIONS[name][1](shop)  # the registers are read at once: done
    else:
        shop.register.fault(f"{CASH[name]:02X}", "drop_command")
        with pytest.raises(Refused):
            OPERATIONS[name][1](shop)
        assert effect(shop)[name] == before
        OPERATIONS[name][1](shop)
    assert effect(shop)[name] == before + KOPECKS
    assert shop.till.journal.operations_sending() == []


@pytest.mark.parametrize("name", CASH)
def test_rule_8_a_crash_after_cash_was_moved_is_proven_by_registers_and_the_unread_answer(
    shop: Shop, name: str
) -> None:
    prepared(shop, name)
    before = effect(shop)[name]
    killed_at(shop, CASH[name], after=True, sell=lambda: OPERATIONS[name][1](shop))
    (recovered,) = recover.recover(shop.till)
    assert recovered.after == "done"
    assert effect(shop)[name] == before + KOPECKS


def test_rule_8_another_program_moves_the_same_sum_after_ours(shop: Shop) -> None:
    """The register holds it twice: one of them is ours, or neither."""
    killed_at(shop, 0x50, after=True, sell=lambda: shift.cash_in(shop.till, AMOUNT))
    shop.register.do_cash_in(KOPECKS)
    waits_for_a_person(shop, "cash_in")
    assert effect(shop)["cash in"] == 2 * KOPECKS


def test_rule_8_another_program_moves_the_same_sum_and_ours_was_lost(shop: Shop) -> None:
    """Register and counter grew by exactly ours – and it was not ours: the frame never arrived."""
    killed_at(shop, 0x50, after=False, sell=lambda: shift.cash_in(shop.till, AMOUNT))
    shop.register.do_cash_in(KOPECKS)
    waits_for_a_person(shop, "cash_in")
    assert effect(shop)["cash in"] == KOPECKS


def test_rule_8_an_error_answer_beside_the_same_sum_of_another_program(shop: Shop) -> None:
    """50h: "I am printing" – the other program's cash in, of the same sum, right after we read the registers."""
    shop.register.meanwhile(0x1B, "after", lambda: shop.register.do_cash_in(KOPECKS))
    shop.register.fault("50", "error", value=0x50)
    with pytest.raises(ResolveNeeded):
        shift.cash_in(shop.till, AMOUNT)
    waits_for_a_person(shop, "cash_in")
    assert effect(shop)["cash in"] == KOPECKS


def test_rule_8_an_error_answer_with_nothing_in_the_drawer_is_a_refusal(shop: Shop) -> None:
    shop.register.fault("50", "error", value=0x39)
    with pytest.raises(Refused):
        shift.cash_in(shop.till, AMOUNT)
    assert shop.till.journal.operations_sending() == []
    assert effect(shop)["cash in"] == 0


def test_rule_8_another_program_closes_the_shift_after_our_cash_went_in(shop: Shop) -> None:
    killed_at(shop, 0x50, after=True, sell=lambda: shift.cash_in(shop.till, AMOUNT))
    shop.register.foreign_shift_close()
    waits_for_a_person(shop, "cash_in")


def test_rule_8_another_program_closes_the_shift_that_we_close(shop: Shop) -> None:
    """Ours was lost and the shift is closed: what was wanted is there, and it was closed once."""
    killed_at(shop, 0x41, after=False, sell=lambda: shift.close_shift(shop.till))
    shop.register.foreign_shift_close()
    (recovered,) = recover.recover(shop.till)
    assert recovered.after == "done"
    assert effect(shop)["close"] == 1


def test_rule_8_a_shift_opened_by_us_and_closed_by_another_program_is_not_called_unmade(closed_shop: Shop) -> None:
    killed_at(closed_shop, 0xE0, after=True, sell=lambda: shift.open_shift(closed_shop.till))
    closed_shop.register.foreign_shift_close()
    waits_for_a_person(closed_shop, "shift_open")


@pytest.mark.parametrize("after", [False, True])
def test_rule_8_a_shift_whose_opening_lost_its_reply_is_open_once(closed_shop: Shop, after: bool) -> None:
    shop = closed_shop
    loses_its_cable_at(shop, 0xE0, "after")
    if not after:
        shop.register.fault("E0", "error", value=0x39)
    try:
        shift.open_shift(shop.till)
    except DeviceError:
        assert not after
        assert effect(shop)["open"] == 0
        shift.open_shift(shop.till)
    assert effect(shop)["open"] == 1
    assert shop.till.journal.operations_sending() == []


def test_rule_8_another_program_opens_the_shift_that_we_open(closed_shop: Shop) -> None:
    """Ours was refused, for it was open already: open once, and nothing waits."""
    shop = closed_shop
    shop.register.meanwhile(0xE0, "before", lambda: foreign_shift_open(shop.register))
    assert shift.open_shift(shop.till).shift.number == 1
    assert effect(shop)["open"] == 1
    assert shop.till.journal.operations_sending() == []


def test_rule_8_nothing_else_is_begun_while_an_operation_is_open(shop: Shop) -> None:
    shop.register.fault("50", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(shop.till, AMOUNT)
    with pytest.raises(DeviceError):
        shift.cash_out(shop.till, AMOUNT)
    with pytest.raises(DeviceError):
        shop.sell()
    assert shop.register.count(0x51) == shop.register.count(0x8D) == 0


def test_rule_8_another_storage_proves_nothing_about_an_operation(shop: Shop) -> None:
    """Same register, same shift number, nothing in its counters: "not made" would be read from the wrong one."""
    killed_at(shop, 0x50, after=True, sell=lambda: shift.cash_in(shop.till, AMOUNT))
    shop.register.be(new_storage(shop))
    foreign_shift_open(shop.register)
    with pytest.raises(ResolveNeeded):
        recover.recover(shop.till)
    assert [each.kind for each in shop.till.journal.operations_sending()] == ["cash_in"]
