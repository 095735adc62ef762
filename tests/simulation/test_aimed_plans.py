"""Plans made by hand, each once the smallest that showed something: two tills on one register, a journal put back."""

from __future__ import annotations

from typing import Any

import pytest

from posapp.simulation.event import Event
from posapp.simulation.plan import ONE, REGISTER, Plan
from posapp.simulation.runner import Outcome, play

EVENING = Event(39_600.0, "evening", 0, {"day": 0, "orders": 0, "heals": True})


def event(at: float, what: str, till: int = 0, **args: Any) -> Event:
    """An event at `at` seconds."""
    return Event(at, what, till, args)


def sell(at: float, order: int, till: int = 0, presses: int = 3) -> Event:
    """A customer who pays in cash."""
    return event(at, "sell", till, day=0, order=order, pay="cash", presses=presses, fresh=False)


def played(kind: str, *events: Event) -> Outcome:
    """What a day of these events comes to."""
    morning = event(0.0, "morning", day=0, orders=40)
    return play(Plan(900_947_376_282, 1, kind, 1 if kind == ONE else 2, (morning, *events, EVENING)))


@pytest.mark.parametrize("delay", [100, 200, 400])
def test_a_late_close_is_the_deed_of_the_till_that_sent_it(delay: int) -> None:
    """Till 2's closing command runs while till 1 asks the register how it is: nobody touched another's receipt."""
    outcome = played(
        REGISTER,
        event(13_705.5, "fault", 1, name="late_close", value=delay),
        sell(13_859.7, 35, till=1, presses=1),
        sell(13_900.0, 20, till=0),
        sell(14_208.3, 21, till=0),
    )

    assert (outcome.violation, outcome.faults["late_close"]) == ("", 1)
    assert outcome.receipts >= 2
    assert outcome.resolved == outcome.unknown == 1


def test_the_power_of_one_computer_goes_during_the_sale_of_the_other() -> None:
    """Till 1's round of exchange falls into till 2's sale on the shared register; there only till 1 dies, and loses
    no more than its last commit."""
    outcome = played(
        REGISTER,
        sell(600.0, 0),
        event(700.0, "sync_inside", 0, code=0x8D, when="before"),
        event(710.0, "fault", 0, name="power_loss", nth=1, garbles=True, cut=0.99),
        sell(800.0, 1, till=1),
        sell(900.0, 2),
        event(1000.0, "fault", 0, name="kill_idle"),
        sell(1100.0, 3),
    )

    assert (outcome.violation, outcome.receipts) == ("", 4)
    assert (outcome.faults["power_loss"], outcome.faults["kill_idle"]) == (1, 1)
    assert "killed" not in outcome.told  # whoever sold was at the other till


@pytest.mark.parametrize("after_s", [600, 760])
def test_a_journal_put_back_and_a_document_that_cannot_be_read(after_s: int) -> None:
    """Order 0 is sold, its tags go to the archive, and a copy from before is put back: after it, or after order 1."""
    outcome = played(
        ONE,
        event(500.0, "fault", name="data_restored", after_s=after_s),
        event(600.0, "fault", name="tlv_gone"),
        sell(700.0, 0),
        sell(1200.0, 1),
        sell(1300.0, 0),
    )

    assert (outcome.violation, outcome.receipts) == ("", 2)
    assert outcome.told["maybe_receipted"] == 1
