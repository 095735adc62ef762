"""Rule 8: shift and drawer. The reply is never the proof; every operation is made once, whatever is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from posapp.domain.fiscal import ShiftState
from posapp.domain.money import Money
from posapp.errors import DeviceError, OutcomeUnknown, Refused, ResolveNeeded
from posapp.till import recover, resolve, shift
from posapp.till.shift import ShiftReport
from tests.till.doubts import spoil_disk
from tests.till.rig import Killed
from tests.till.shops import Shop

AMOUNT = Money(5_000)
FAULTS = (
    ("drop_command", "before", None),
    ("drop_reply", "after_commit", None),
    ("delay", "before", 400.0),
    ("delay", "after_commit", 400.0),
    ("flip", "after_commit", 2),
    ("truncate", "after_commit", 0),
    ("error", "before", 0x39),
    ("error", "after_commit", 0x39),
    ("power_off", "before", None),
    ("power_off", "after_commit", None),
    ("paper_out", "before", None),
    ("paper_out", "after_commit", None),
)
OPERATIONS: dict[str, tuple[int, Callable[[Shop], ShiftReport]]] = {
    "open": (0xE0, lambda shop: shift.open_shift(shop.till)),
    "close": (0x41, lambda shop: shift.close_shift(shop.till)),
    "cash in": (0x50, lambda shop: shift.cash_in(shop.till, AMOUNT)),
    "cash out": (0x51, lambda shop: shift.cash_out(shop.till, AMOUNT)),
}


def effect(shop: Shop) -> dict[str, int]:
    """What the operations change: reports in the storage, money in the registers of the shift."""
    printer = shop.register.printer
    forms = [each.form for each in printer.storage.documents]
    money = printer.registers.money
    return {
        "open": forms.count(2),
        "close": forms.count(5),
        "cash in": money.get(0xF2, 0),
        "cash out": money.get(0xF3, 0),
    }


def prepared(shop: Shop, name: str) -> None:
    """The register as the operation wants it."""
    if name == "cash out":
        shift.cash_in(shop.till, AMOUNT)
    if name == "open":
        shift.close_shift(shop.till)
    shop.register.advance(60.0)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("do, when, value", FAULTS)
def test_a_lost_reply_is_proven_by_the_registers(
    shop: Shop, name: str, do: str, when: str, value: float | None
) -> None:
    code, act = OPERATIONS[name]
    prepared(shop, name)
    before = effect(shop)[name]
    once = AMOUNT.kopecks if "cash" in name else 1
    shop.register.fault(f"{code:02X}", do, when, **({} if value is None else {"value": value}))
    said = "made"
    try:
        act(shop)
    except (OutcomeUnknown, ResolveNeeded):
        said = "unknown"
    except DeviceError:
        said = "not made"
    shop.register.heal()
    if said == "unknown" and "cash" in name and do == "error":
        # An error answer beside exactly our sum in the registers: it may be another program's. A person has counted.
        with pytest.raises(ResolveNeeded):
            recover.recover(shop.till)
        (open_one,) = shop.till.journal.operations_sending()
        shop.till.journal.end_operation(open_one.id, "done", {})
        said = "made"
    if said == "unknown":
        recovered = recover.recover(shop.till)  # nothing to do when only the look afterwards had failed
        said = "not made" if recovered and recovered[0].after == "refused" else "made"
    assert effect(shop)[name] == before + (once if said == "made" else 0)
    assert shop.till.journal.operations_sending() == []
    if said == "not made":
        act(shop)
    assert effect(shop)[name] == before + once


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_around_the_command(shop: Shop, name: str, after: bool) -> None:
    code, act = OPERATIONS[name]
    prepared(shop, name)
    before = effect(shop)[name]
    shop.register.killed_at = (code, after)
    with pytest.raises(Killed):
        act(shop)
    shop.register.heal()
    shop.restart()
    (recovered,) = recover.recover(shop.till)
    assert recovered.after == ("done" if after else "refused")
    assert (effect(shop)[name] > before) is after


def test_registers_that_prove_neither_wait_for_a_person(shop: Shop) -> None:
    shop.register.fault("50", "power_off", "before")
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(shop.till, AMOUNT)
    shop.register.heal()
    shop.register.do_cash_in(123)
    with pytest.raises(ResolveNeeded):
        shop.sell()
    (case,) = resolve.waiting(shop.till)
    assert (case.key, case.total) == ("cash_in", AMOUNT)
    assert resolve.decide_not_made(shop.till, case.key) == "refused"
    shop.sell()
    shop.assert_exactly_one()


def test_a_person_cannot_deny_what_the_registers_prove(shop: Shop) -> None:
    shop.register.fault("50", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(shop.till, AMOUNT)
    shop.register.heal()
    with pytest.raises(ResolveNeeded, match="сделано"):
        resolve.decide_not_made(shop.till, "cash_in")
    assert shop.till.journal.operations_sending() == []


@pytest.mark.parametrize("name, code", [("open", 0xE0), ("close", 0x41), ("cash in", 0x50)])
def test_a_link_that_breaks_after_the_reply_does_not_make_it_undone(shop: Shop, name: str, code: int) -> None:
    """The report was printed; that the shift cannot be read afterwards is no "nothing was sent"."""
    prepared(shop, name)
    before = effect(shop)[name]
    shop.register.meanwhile(code, "after", lambda: shop.register.fault("10", "power_off"))
    with pytest.raises(OutcomeUnknown):
        OPERATIONS[name][1](shop)
    assert effect(shop)[name] == before + (AMOUNT.kopecks if name == "cash in" else 1)
    shop.register.heal()
    recover.recover(shop.till)
    assert shop.till.journal.operations_sending() == []


def test_a_disk_that_fails_after_the_report_is_an_unknown_outcome(shop: Shop) -> None:
    shop.register.meanwhile(0x41, "after", lambda: spoil_disk(shop.till))
    with pytest.raises(OutcomeUnknown):
        shift.close_shift(shop.till)
    shop.restart()
    (recovered,) = recover.recover(shop.till)
    assert recovered.after == "done"


@pytest.mark.parametrize("name, code", [("open", "shift_open"), ("cash out", "not_enough_cash")])
def test_what_cannot_be_is_refused_and_nothing_waits(shop: Shop, name: str, code: str) -> None:
    with pytest.raises(Refused) as told:
        OPERATIONS[name][1](shop)
    assert told.value.code == code
    assert shop.till.journal.operations_sending() == []


def test_a_closed_shift_is_not_closed_again(closed_shop: Shop) -> None:
    with pytest.raises(Refused) as told:
        shift.close_shift(closed_shop.till)
    assert told.value.code == "shift_closed"
    assert effect(closed_shop)["close"] == 0


def test_an_old_shift_can_only_be_closed(shop: Shop) -> None:
    shop.register.advance(25 * 3600.0)
    with pytest.raises(Refused) as told:
        shift.open_shift(shop.till)
    assert told.value.code == "shift_expired"
    assert shift.close_shift(shop.till).shift.state is ShiftState.CLOSED
    assert shift.open_shift(shop.till).shift.number == 2
    shop.sell()
    shop.assert_exactly_one()


def test_the_x_report_and_the_drawer(shop: Shop) -> None:
    shift.cash_in(shop.till, Money(10_000))
    shift.cash_out(shop.till, Money(2_500))
    report = shift.x_report(shop.till)
    assert (report.totals.drawer, report.totals.cash_in, report.totals.cash_out) == (
        Money(7_500),
        Money(10_000),
        Money(2_500),
    )
    assert shop.register.printer.storage.last_number == report.last_document == 2


def test_what_was_not_made_is_said_of_the_drawer_and_not_of_a_receipt(shop: Shop) -> None:
    shop.register.fault("50", "drop_command")
    with pytest.raises(Refused) as told:
        shift.cash_in(shop.till, AMOUNT)
    assert told.value.code == "operation_not_made"
    assert "внесения не было" in told.value.message()
    assert "чек" not in told.value.message() + told.value.action()
    shift.cash_in(shop.till, AMOUNT)
    assert effect(shop)["cash in"] == AMOUNT.kopecks
