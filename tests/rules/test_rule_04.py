"""Rule 4: the business command that closes a document is issued once.

On link v1 it is never sent again, whatever the line says: on NAK or silence the register is asked by ENQ, drained and
read. Only an uninterrupted v2 session may send the same frame under the same number once more.
"""

from __future__ import annotations

import pytest

from posapp.errors import DeviceError
from posapp.till import shift
from tests.rules.worlds import loses_its_cable_at
from tests.till.shops import Shop
from tests.till.test_shift import OPERATIONS, effect, prepared

NAK, SILENCE, LOST_ANSWER, DAMAGED_ANSWER = (
    ("flip", "before"),
    ("drop_command", "before"),
    ("drop_reply", "after_commit"),
    ("flip", "after_commit"),
)
LINE = (NAK, SILENCE, LOST_ANSWER, DAMAGED_ANSWER, ("truncate", "after_commit"))


def sold_in_one_try(shop: Shop) -> bool:
    try:
        shop.sell()
    except DeviceError:
        return False
    return True


def test_rule_4_the_closing_command_is_never_sent_again_within_a_try(shop: Shop) -> None:
    shop.register.fault("FF45", "drop_reply", "after_commit")
    shop.sell()
    assert shop.register.count(0xFF45) == 1
    shop.assert_exactly_one()


@pytest.mark.parametrize("do, when", LINE)
def test_rule_4_v1_sends_the_closing_command_once_whatever_the_line_does(shop: Shop, do: str, when: str) -> None:
    shop.register.fault("FF45", do, when)
    was_sold = sold_in_one_try(shop)
    assert shop.register.count(0xFF45) == 1
    assert was_sold is (when == "after_commit"), "not executed: the storage was read, and selling again is a person's"
    assert len(shop.register.receipts) == was_sold
    shop.sell_until_sold()
    shop.assert_exactly_one()


@pytest.mark.parametrize("do, when", LINE)
def test_rule_4_what_the_register_says_when_it_is_asked_by_enq_is_enough(shop: Shop, do: str, when: str) -> None:
    """The answer that got lost or damaged is told once more; no command is repeated for it."""
    shop.register.fault("FF45", do, when)
    if when == "after_commit":
        shop.sell()
        (attempt,) = shop.till.journal.attempts(shop.receipt().key)
        assert "reply" in attempt.evidence
    else:
        assert not sold_in_one_try(shop)


@pytest.mark.parametrize("command", [0x8D, 0xFF0C, 0xFF46])
@pytest.mark.parametrize("do, when", LINE)
def test_rule_4_no_command_of_a_receipt_is_sent_twice_in_doubt(shop: Shop, command: int, do: str, when: str) -> None:
    """A line sold twice would be paid twice; it, too, is never repeated."""
    shop.register.fault(f"{command:02X}", do, when)
    was_sold = sold_in_one_try(shop)
    assert shop.register.count(command) <= (2 if command == 0xFF46 else 1)
    assert was_sold is (when == "after_commit")
    assert all(shop.register.lines_of(each) == 2 for each in shop.register.receipts)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("do, when", LINE)
def test_rule_4_shift_and_cash_commands_are_sent_once(shop: Shop, name: str, do: str, when: str) -> None:
    code, act = OPERATIONS[name]
    prepared(shop, name)
    before, sent = effect(shop)[name], shop.register.count(code)
    shop.register.fault(f"{code:02X}", do, when)
    try:
        act(shop)
    except DeviceError:
        assert when == "before"
        assert effect(shop)[name] == before
    assert shop.register.count(code) == sent + 1


def test_rule_4_a_reconnect_repeats_nothing(shop: Shop) -> None:
    loses_its_cable_at(shop, 0xFF45, "before")
    shop.register.fault("FF45", "drop_command")
    assert not sold_in_one_try(shop)
    assert shop.register.count(0xFF45) == 1
    assert shop.register.receipts == []


def test_rule_4_the_shift_report_of_a_lost_answer_is_read_not_repeated(shop: Shop) -> None:
    loses_its_cable_at(shop, 0x41)
    shift.close_shift(shop.till)
    assert shop.register.count(0x41) == 1
    assert effect(shop)["close"] == 1
