"""Rule 4: the business command that closes a document is issued once.

On link v1 it is never sent again, whatever the line says: on NAK or silence the register is asked by ENQ, drained and
read. Only an uninterrupted v2 session may send the same frame under the same number once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import pytest

from posapp.devices.flow import drive
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.link_v2 import LinkV2
from posapp.devices.simulator.shtrih import Step
from posapp.domain.settlement import State
from posapp.errors import DeviceError, OutcomeUnknown, ResolveNeeded
from posapp.till import resolve, shift
from posapp.till.sale import AlreadyReceipted
from tests.rules.worlds import PASSWORD, Killed, loses_its_cable_at, speaks_v2
from tests.till.rig import PORT
from tests.till.shops import TOTAL, Shop
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


# ---------------------------------------------------------------------------------------------- link v2


V2_COMMANDS = ("10", "FF01", "8D", "FF0C", "FF46", "89", "FF45", "FF0A")
V2_FAULTS = (
    ("drop_command", "before", None),
    ("drop_reply", "after_commit", None),
    ("delay", "before", 7.0),
    ("delay", "before", 400.0),
    ("delay", "after_commit", 400.0),
    ("flip", "after_commit", 4),
    ("truncate", "after_commit", 3),
    ("error", "before", 0x39),
    ("error", "after_commit", 0x39),
    ("power_off", "before", None),
    ("power_off", "after_commit", None),
)


@pytest.mark.parametrize("do, when", [SILENCE, LOST_ANSWER, DAMAGED_ANSWER, ("truncate", "after_commit")])
def test_rule_4_v2_sends_the_same_frame_again_and_the_register_executes_it_once(shop: Shop, do: str, when: str) -> None:
    """Under the same number on the uninterrupted session: the receipt is made, and the answer is that of its number."""
    speaks_v2(shop)
    shop.register.fault("FF45", do, when)
    shop.sell()
    shop.assert_exactly_one()
    assert len(shop.register.receipts) == 1
    assert shop.register.count(0xFF45) == 2, "sent again"
    (attempt,) = shop.till.journal.attempts(shop.receipt().key)
    assert "reply" in attempt.evidence, "the reply counts by rule 5; the storage was not needed to find it"


def test_rule_4_v2_after_a_restart_of_the_register_nothing_is_repeated(shop: Shop) -> None:
    """It has forgotten the number: the frame that we send again is answered "nothing yet" and not executed."""
    speaks_v2(shop)
    register = shop.register

    def power_cut() -> None:
        register.line.power_off()
        register.line.power_on()

    register.fault("FF45", "drop_command")
    original = register.line.receive
    seen = []

    def receive(data: bytes, now: datetime) -> Iterator[Step]:
        if b"\xff\x45" in data:
            seen.append(data)
            if len(seen) == 2:
                power_cut()
        return original(data, now)

    register.line.receive = receive  # type: ignore[method-assign]
    with pytest.raises(DeviceError):
        shop.sell()
    assert len(seen) == 2
    assert register.receipts == []
    register.line.receive = original  # type: ignore[method-assign]
    register.heal()
    shop.sell_until_sold()
    shop.assert_exactly_one()


def test_rule_4_v2_a_new_session_repeats_nothing(shop: Shop) -> None:
    """The port was closed in between: "synchronise" counts as a restart, and the storage is read."""
    speaks_v2(shop)
    register = shop.register
    register.meanwhile(0xFF45, "after", register.unplug)
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    register.is_plugged = True
    sent = register.count(0xFF45)
    with pytest.raises(AlreadyReceipted):
        shop.sell()
    assert register.count(0xFF45) == sent == 1
    shop.assert_exactly_one()


def test_rule_4_v2_the_answer_to_synchronise_is_only_a_hint(shop: Shop) -> None:
    """Another program on the line has closed a receipt of our kind and total since; its answer is what we are told."""
    speaks_v2(shop)
    register, kopecks = shop.register, TOTAL.kopecks
    register.killed_at = (0xFF45, False)
    with pytest.raises(Killed):
        shop.sell()
    register.killed_at = None
    register.printer.receipt = None
    heard: list[bytes] = []
    other, port = LinkV2(heard), register.open_port()
    item = c.Operation(PASSWORD, 1, 1_000_000, kopecks, None, None, c.RATE_BYTE[11], 1, 4, 1, "Чужой товар")
    for command in (c.OpenReceipt(PASSWORD, 0), item, c.CloseReceipt(PASSWORD, (kopecks, *(0,) * 15))):
        said = drive(other.exchange(command.encode(), 30.0, repeats=False, changes=True), port)
        assert said[1 + (said[0] == 0xFF)] == 0
    port.close()
    shop.restart()
    shop.till = replace(shop.till, device=ShtrihPrinter(register.open_port, PORT, link="v2"))
    shop.sell()
    shop.assert_exactly_one()
    assert [each.key == shop.receipt().key for each in register.receipts] == [False, True]


@pytest.mark.parametrize("command", V2_COMMANDS)
@pytest.mark.parametrize("do, when, value", V2_FAULTS)
def test_rule_4_any_fault_of_any_command_on_v2_leaves_one_document(
    shop: Shop, command: str, do: str, when: str, value: float | None
) -> None:
    speaks_v2(shop)
    shop.register.fault(command, do, when, **({} if value is None else {"value": value}))
    sold_in_one_try(shop)
    shop.register.heal()
    with suppress(ResolveNeeded):
        shop.sell_until_sold()
    found = shop.till.journal.receipts_of_order(shop.till.portal, 1)
    if any(each.state is State.SENDING for each in found):  # whose the open receipt is, a person has to say (rule 7)
        assert command == "8D"
        resolve.decide_not_made(shop.till, found[-1].receipt.key)
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert len(shop.register.receipts) == 1
