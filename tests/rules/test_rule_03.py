"""Rule 3: each try to print is an attempt row, written before it starts, with the identity of register and storage.

Recovery compares that identity first – factory number, registration number, fiscal storage. Any difference goes to the
resolve desk, never to "not made"; and a register or storage that is not the one that was set up sells nothing. Marking
verdicts, permission data and the request uuid of a transport that has one belong to the row too; none of them is built.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, Refused, ResolveNeeded
from posapp.till import recover, resolve, shift
from tests.rules.worlds import BORN, OWN_NUMBER, Killed, killed_at, new_storage, swapped_back
from tests.till.doubts import lost_before_closing
from tests.till.shops import Shop, an_order


def test_rule_3_the_attempt_is_on_disk_before_the_first_byte(shop: Shop) -> None:
    shop.register.killed_at = (0x8D, False)
    with pytest.raises(Killed):
        shop.sell()
    stored = shop.stored()
    attempt = shop.till.journal.last_attempt(stored.receipt.key)
    assert attempt is not None
    assert (stored.state, stored.attempts) == (State.SENDING, 1)
    assert (attempt.device, attempt.last_document, attempt.shift_number) == (shop.till.identity, 2, 1)


@pytest.mark.parametrize("number", [10_012_346, 11_012_345])
def test_rule_3_another_register_sells_nothing(shop: Shop, number: int) -> None:
    shop.sell()
    shop.restart()
    shop.register.be(Printer(identity_of(number), BORN))
    with pytest.raises(Refused) as told:
        shop.sell(an_order(2))
    assert told.value.code == "wrong_device"
    with pytest.raises(Refused):
        shift.open_shift(shop.till)
    assert shop.register.printer.storage.last_number == 1


def test_rule_3_a_register_swapped_behind_an_open_line_is_noticed(shop: Shop) -> None:
    """No serial line tells that its cable was moved."""
    shop.sell()
    shop.register.be(Printer(identity_of(10_012_346), BORN))
    with pytest.raises(Refused) as told:
        shop.sell(an_order(2))
    assert told.value.code == "wrong_device"
    assert shop.register.printer.storage.last_number == 1


def test_rule_3_another_register_does_not_prove_that_nothing_was_made(shop: Shop) -> None:
    lost_before_closing(shop)
    mine = shop.register.printer
    shop.register.be(Printer(identity_of(10_012_346), BORN))
    with pytest.raises((OutcomeUnknown, ResolveNeeded)):
        shop.sell()
    assert shop.stored().state is State.SENDING
    with pytest.raises(ResolveNeeded):
        resolve.decide_not_made(shop.till, shop.receipt().key)
    (case,) = resolve.waiting(shop.till)
    assert "10012346" in case.why
    shop.restart()
    swapped_back(shop, mine)
    shop.sell()
    shop.assert_exactly_one()


def test_rule_3_another_storage_in_the_same_register_proves_nothing(shop: Shop) -> None:
    lost_before_closing(shop)
    shop.register.be(new_storage(shop))
    with pytest.raises(ResolveNeeded):
        shop.sell()
    assert shop.stored().state is State.SENDING


@pytest.mark.parametrize("after", [False, True])
def test_rule_3_a_replaced_storage_never_says_not_made(shop: Shop, after: bool) -> None:
    """Also when the new one is set up: what the old one holds, nobody can read here."""
    killed_at(shop, 0xFF45, after=after)
    old = shop.register.printer
    shop.register.be(new_storage(shop))
    shop.close()
    shop.set_up_again()
    with pytest.raises(ResolveNeeded):
        shop.sell()
    assert shop.stored().state is State.SENDING
    assert shop.register.count(0x88) == 0
    shop.close()
    swapped_back(shop, old)
    shop.set_up_again()
    shop.sell_until_sold()
    shop.assert_exactly_one()


def test_rule_3_a_register_registered_anew_is_another_one(shop: Shop) -> None:
    """Same factory number, same storage, another registration number (1037)."""
    key = lost_before_closing(shop)
    printer = shop.register.printer
    printer.identity = replace(printer.identity, registration_number=identity_of(OWN_NUMBER + 5).registration_number)
    shop.restart()
    with pytest.raises(ResolveNeeded):
        recover.resolve(shop.till, key)
    assert shop.stored().state is State.SENDING
