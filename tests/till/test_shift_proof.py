"""Rule 8 as a table: what the registers prove about a shift operation whose reply was lost."""

from __future__ import annotations

import pytest

from posapp.devices.base import CashTotals, Paper, PrinterStatus
from posapp.domain.fiscal import Shift, ShiftState
from posapp.domain.money import Money
from posapp.errors import ResolveNeeded
from posapp.till import shift_proof
from posapp.till.shift_proof import CASH_IN, CASH_OUT, CLOSE, OPEN, X_REPORT

SHUT, OPENED, OLD = ShiftState.CLOSED, ShiftState.OPEN, ShiftState.EXPIRED


def looked(state: ShiftState, number: int, last_document: int) -> PrinterStatus:
    return PrinterStatus(Shift(state, number), Paper.OK, False, False, last_document, None)


def totals(cash_in: int = 0, cash_out: int = 0) -> CashTotals:
    return CashTotals(Money(cash_in - cash_out), Money(cash_in), Money(cash_out))


@pytest.mark.parametrize(
    "kind, before, now, made",
    [
        (OPEN, (SHUT, 3, 10), (SHUT, 3, 10), False),
        (OPEN, (SHUT, 3, 10), (OPENED, 4, 11), True),
        (OPEN, (SHUT, 3, 10), (OLD, 4, 11), True),
        (OPEN, (SHUT, 3, 10), (OPENED, 4, 15), True),  # others have sold since
        (OPEN, (SHUT, 3, 10), (OPENED, 4, 10), None),  # a shift without its document
        (OPEN, (SHUT, 3, 10), (SHUT, 4, 12), False),  # opened and closed since: there is none open
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
def test_the_state_and_number_of_the_shift(
    kind: str, before: tuple[ShiftState, int, int], now: tuple[ShiftState, int, int], made: bool | None
) -> None:
    facts = shift_proof.facts_of(looked(*before), totals())
    assert shift_proof.prove(kind, None, facts, looked(*now), totals()) is made


@pytest.mark.parametrize(
    "kind, before, now, made",
    [
        (CASH_IN, (1_000, 0), (1_000, 0), False),
        (CASH_IN, (1_000, 0), (6_000, 0), True),
        (CASH_IN, (1_000, 0), (6_000, 300), True),  # others took money out
        (CASH_IN, (1_000, 0), (1_000, 5_000), False),
        (CASH_IN, (1_000, 0), (2_000, 0), None),  # somebody else's
        (CASH_IN, (1_000, 0), (11_000, 0), None),  # twice
        (CASH_IN, (1_000, 0), (0, 0), None),  # a new shift began
        (CASH_OUT, (9_000, 0), (9_000, 0), False),
        (CASH_OUT, (9_000, 0), (9_000, 5_000), True),
        (CASH_OUT, (9_000, 500), (9_000, 5_500), True),
        (CASH_OUT, (9_000, 0), (14_000, 0), False),
        (CASH_OUT, (9_000, 0), (9_000, 4_999), None),
    ],
)
def test_the_money_registers(kind: str, before: tuple[int, int], now: tuple[int, int], made: bool | None) -> None:
    status = looked(OPENED, 4, 11)
    facts = shift_proof.facts_of(status, totals(*before))
    assert shift_proof.prove(kind, Money(5_000), facts, status, totals(*now)) is made


def test_facts_that_the_journal_does_not_have_prove_nothing() -> None:
    with pytest.raises(ResolveNeeded, match="shift_number"):
        shift_proof.prove(CLOSE, None, {"last_document": 3}, looked(OPENED, 4, 11), totals())
