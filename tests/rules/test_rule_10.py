"""Rule 10: no new receipt on a register, from any till, while one is `sending` there; recovery runs before a sale.

One till keeps that by its journal: receipts and shift operations alike. Two tills on one register have two journals;
what keeps them apart without a gateway is the register itself: its open receipt, its busy line, and the keys and tills
in its documents. That the second one waits for the first one's *proof*, and not only for its line, needs the gateway's
lease; until then the promise is what stands here: neither cancels, adopts or repeats what is the other's.
"""

from __future__ import annotations

import pytest

from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain.settlement import State
from posapp.errors import DeviceError, OutcomeUnknown, Refused, ResolveNeeded
from posapp.till import recover, sale, shift
from tests.rules.worlds import BORN, Killed, a_second_till, killed_at
from tests.till.doubts import lost_before_closing
from tests.till.shops import TOTAL, Shop, an_order, cash
from tests.till.test_shift import AMOUNT

KOPECKS = TOTAL.kopecks


def test_rule_10_nothing_is_sold_while_one_is_sending(shop: Shop) -> None:
    shop.register.fault("FF45", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    with pytest.raises(DeviceError):
        shop.sell(an_order(2))
    made = sale._new_receipt(shop.till, an_order(2), cash(TOTAL))
    shop.till.journal.add_receipt(made)
    with pytest.raises(Refused) as told:  # whoever forgets to recover meets the journal
        shop.till.journal.start_attempt(made.key, shop.till.identity, 2, 1)
    assert told.value.code == "device_busy"


def test_rule_10_nothing_is_sold_before_the_operation_is_proven(shop: Shop) -> None:
    shop.register.fault("50", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(shop.till, AMOUNT)
    with pytest.raises(DeviceError):
        shop.sell()
    assert shop.register.receipts == []
    shop.register.heal()
    shop.sell()
    shop.assert_exactly_one()
    assert shop.till.journal.operations_sending() == []


def test_rule_10_a_doubt_on_a_register_that_is_gone_blocks_its_order_and_not_the_new_register(shop: Shop) -> None:
    lost_before_closing(shop)
    shop.close()
    shop.register.be(Printer(identity_of(10_012_346), BORN))
    shop.set_up_again()
    shift.open_shift(shop.till)
    shop.sell(an_order(2))
    shop.assert_exactly_one(2)
    with pytest.raises(ResolveNeeded):
        shop.sell()
    assert shop.stored().state is State.SENDING
    assert len(shop.register.receipts) == 1


def test_rule_10_no_shift_operation_begins_while_a_receipt_is_sending(shop: Shop) -> None:
    shop.register.fault("FF45", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    with pytest.raises(DeviceError):
        shift.cash_in(shop.till, AMOUNT)
    with pytest.raises(DeviceError):
        shift.close_shift(shop.till)
    with pytest.raises(Refused) as told:  # whoever forgets to recover meets the journal
        shop.till.journal.start_operation("cash_in", AMOUNT, shop.till.identity, {}, "К")
    assert told.value.code == "device_busy"
    assert shop.till.journal.operations_sending() == []
    shop.register.heal()
    shift.cash_in(shop.till, AMOUNT)
    shop.assert_exactly_one()


def test_rule_10_no_receipt_begins_while_a_shift_operation_is_sending(shop: Shop) -> None:
    facts = {"cash_in_kopecks": 0}
    shop.till.journal.start_operation("cash_in", AMOUNT, shop.till.identity, facts, "К")
    made = sale._new_receipt(shop.till, an_order(), cash(TOTAL))
    shop.till.journal.add_receipt(made)
    with pytest.raises(Refused) as told:
        shop.till.journal.start_attempt(made.key, shop.till.identity, 2, 1)
    assert told.value.code == "device_busy"
    with pytest.raises(ResolveNeeded):
        shop.sell(an_order(2))
    assert shop.register.count(0x8D) == 0


# ---------------------------------------------------------------------------------------------- two tills, one register


def test_rule_10_two_tills_take_turns_and_each_knows_its_own(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop.till.printer.close()
    with a_second_till(shop, tmp_path_factory.mktemp("second")) as second:
        for number in (1, 3):
            shop.sell(an_order(number))
            shop.till.printer.close()
            second.sell(an_order(number + 1))
            second.till.printer.close()
        for number in (1, 3):
            shop.assert_exactly_one(number)
            second.assert_exactly_one(number + 1)
    assert len(shop.register.receipts) == 4


@pytest.mark.parametrize("command, after", [(0x8D, True), (0xFF0C, True), (0xFF46, True), (0xFF45, False)])
def test_rule_10_the_second_till_finds_the_first_ones_open_receipt(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, command: int, after: bool
) -> None:
    """The first one died. Its receipt is not the second one's to cancel, and the second one prints nothing."""
    killed_at(shop, command, after=after)
    shop.till.printer.close()
    with a_second_till(shop, tmp_path_factory.mktemp("second")) as second:
        for act in (lambda: second.sell(an_order(2)), lambda: shift.cash_in(second.till, AMOUNT)):
            with pytest.raises(Refused) as told:
                act()
            assert told.value.code == "foreign_receipt_open"
        assert shop.register.count(0x88) == 0
        assert shop.register.printer.receipt is not None
        second.till.printer.close()
        if command != 0x8D:
            shop.sell()
            shop.assert_exactly_one()
            shop.till.printer.close()
            second.sell(an_order(2))
            second.assert_exactly_one(2)


def test_rule_10_the_first_ones_document_is_not_the_second_ones_receipt(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same order, the same kind, the same total: the key names the receipt, and its till."""
    killed_at(shop, 0xFF45, after=True)
    shop.till.printer.close()
    with a_second_till(shop, tmp_path_factory.mktemp("second")) as second:
        second.sell(an_order(2))
        killed_at(second, 0xFF45, after=False, sell=lambda: second.sell(an_order(4)))
        shop.register.printer.receipt = None
        second.till.printer.close()
        recover.recover(shop.till)
        shop.assert_exactly_one()
        shop.till.printer.close()
        recover.recover(second.till)
        assert second.stored(4).state is State.PENDING
        second.sell(an_order(4))
        second.assert_exactly_one(4)
    assert len(shop.register.receipts) == 3


def test_rule_10_the_second_till_comes_while_the_first_ones_command_runs(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its line was taken over in the middle of FF45: nothing is begun before that has ended."""
    shop.till.printer.close()
    with a_second_till(shop, tmp_path_factory.mktemp("second")) as second:
        second.till.printer.close()
        shop.register.fault("FF45", "delay", value=30.0)
        shop.register.killed_at = (0xFF45, True)
        with pytest.raises(Killed):
            shop.sell()
        shop.register.killed_at = None
        shop.restart()
        assert shop.register.receipts == []
        for _ in range(60):
            try:
                second.sell(an_order(2))
                break
            except DeviceError:
                continue
        second.assert_exactly_one(2)
        second.till.printer.close()
    first, other = shop.register.receipts
    assert (first.key, other.key != first.key) == (shop.receipt().key, True)
    recover.recover(shop.till)
    shop.assert_exactly_one()
