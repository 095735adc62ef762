"""Rules 4–6: whatever goes wrong with any command of a sale, selling again leaves exactly one document."""

from __future__ import annotations

from contextlib import suppress

import pytest

from posapp.domain.settlement import State
from posapp.errors import DeviceError, OutcomeUnknown, ResolveNeeded
from posapp.till import resolve
from tests.till.shops import Shop

COMMANDS = ("10", "11", "FF01", "8D", "FF0C", "FF46", "89", "FF45", "FF0A", "FF40")
FAULTS = (
    ("drop_command", "before", None),
    ("drop_reply", "after_commit", None),
    ("delay", "before", 7.0),
    ("delay", "before", 400.0),
    ("delay", "after_commit", 400.0),
    ("flip", "after_commit", 1),
    ("flip", "after_commit", 2),
    ("flip", "after_commit", 4),
    ("truncate", "after_commit", 0),
    ("truncate", "after_commit", 4),
    ("error", "before", 0x39),
    ("error", "before", 0x50),
    ("error", "before", 0x58),
    ("error", "after_commit", 0x39),
    ("power_off", "before", None),
    ("power_off", "after_commit", None),
    ("paper_out", "before", None),
    ("paper_out", "after_commit", None),
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("do, when, value", FAULTS)
def test_any_fault_of_any_command_leaves_one_document(
    shop: Shop, command: str, do: str, when: str, value: float | None
) -> None:
    more = {} if value is None else {"value": value}
    shop.register.fault(command, do, when, **more)
    made_nothing = False
    try:
        shop.sell()
    except (OutcomeUnknown, ResolveNeeded):
        assert shop.stored().state is State.SENDING
    except DeviceError:
        made_nothing = True
        stored = shop.till.journal.receipts_of_order("shop.example", 1)
        assert all(each.state in (State.PENDING, State.REFUSED) for each in stored)
        assert not shop.register.receipts, "the till said that nothing was made"
    shop.register.heal()
    if made_nothing:
        assert not shop.register.receipts, "and nothing was made later"
    if command == "8D":  # whether the receipt that is open now was opened by us, a person may have to say
        with suppress(ResolveNeeded):
            shop.sell_until_sold()
        if shop.stored().state is State.SENDING:
            assert resolve.decide_not_made(shop.till, shop.receipt().key) == "pending"
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert len(shop.register.receipts) == 1
    assert shop.register.printer.receipt is None
