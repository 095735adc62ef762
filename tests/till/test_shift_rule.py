"""The shift that ends soon, and the shop's rule that closes it at night: never while anything is begun."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from posapp.cli import sync
from posapp.devices.shtrih import commands as c
from posapp.domain.checkout import receipt_of
from posapp.domain.fiscal import ShiftState
from posapp.domain.receipt import Receipt
from posapp.domain.shift_hours import CloseReason
from posapp.errors import OutcomeUnknown, Refused
from posapp.settings import ShiftSettings
from posapp.till import recover, register, shift, shift_opening, shift_rule
from posapp.till.shift import ShiftReport
from posapp.till.shift_rule import Rested
from tests.till.rig import PASSWORD, Register
from tests.till.shops import Shop, an_order, cash, shop_at

HOUR = 3600.0


@pytest.fixture
def ruled(tmp_path: Path, register: Register) -> Iterator[Shop]:
    """A shop with an open shift and a rule four hours later."""
    with shop_at(tmp_path, register) as shop:
        at = (shop.now() + timedelta(hours=4)).strftime("%H:%M")
        shop.settings = shop.settings.with_(shift=ShiftSettings(at))
        shop.restart()
        yield shop


def is_open(shop: Shop) -> bool:
    return shop.till.printer.status().shift.state is not ShiftState.CLOSED


def begun_receipt(shop: Shop) -> Receipt:
    order = an_order()
    till = shop.till
    return receipt_of(order, cash(order.price), till.vat, till.seller, identity=till.new_id(), now=till.now())


def test_the_shift_is_closed_when_its_time_has_come(ruled: Shop) -> None:
    assert not shift_rule.is_time(ruled.till)
    assert shift_rule.close_if_due(ruled.till) == Rested("too_early", ruled.till.printer.status().shift)
    ruled.register.advance(4 * HOUR)
    assert shift_rule.is_time(ruled.till)
    done = shift_rule.close_if_due(ruled.till)
    assert isinstance(done, ShiftReport)
    assert done.shift.state is ShiftState.CLOSED
    assert not shift_rule.is_time(ruled.till)  # the register is not asked all night
    again = shift_rule.close_if_due(ruled.till)
    assert isinstance(again, Rested)
    assert again.code == "closed"
    assert [each.form for each in ruled.register.printer.storage.documents].count(5) == 1


def test_the_next_shift_waits_for_the_next_night(ruled: Shop) -> None:
    ruled.register.advance(4 * HOUR)
    shift_rule.close_if_due(ruled.till)
    shift.open_shift(ruled.till)
    ruled.register.advance(8 * HOUR)
    assert not shift_rule.is_time(ruled.till)
    ruled.register.advance(16 * HOUR)
    assert shift_rule.is_time(ruled.till)
    assert isinstance(shift_rule.close_if_due(ruled.till), ShiftReport)


def test_without_a_rule_nothing_is_closed(shop: Shop) -> None:
    shop.register.advance(30 * HOUR)
    assert not shift_rule.is_time(shop.till)
    assert shift_rule.close_if_due(shop.till) == Rested("no_rule")
    assert is_open(shop)


def test_a_shop_that_sells_at_that_time_is_not_cut_short(ruled: Shop) -> None:
    ruled.register.advance(4 * HOUR)
    ruled.sell()
    resting = shift_rule.close_if_due(ruled.till)
    assert isinstance(resting, Rested)
    assert resting.code == "serving"
    ruled.register.advance(601.0)
    assert isinstance(shift_rule.close_if_due(ruled.till), ShiftReport)


def test_what_is_being_sent_comes_first(ruled: Shop) -> None:
    ruled.register.advance(4 * HOUR)
    ruled.register.fault("FF45", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        ruled.sell()
    assert shift_rule.close_if_due(ruled.till) == Rested("begun")
    ruled.register.heal()
    recover.recover(ruled.till)
    ruled.register.advance(601.0)
    assert isinstance(shift_rule.close_if_due(ruled.till), ShiftReport)
    ruled.assert_exactly_one()


def test_a_receipt_that_was_begun_is_waited_for_a_while(ruled: Shop) -> None:
    ruled.register.advance(4 * HOUR)
    ruled.till.journal.add_receipt(begun_receipt(ruled))
    assert shift_rule.close_if_due(ruled.till) == Rested("begun")
    ruled.register.advance(16 * 60.0)
    assert isinstance(shift_rule.close_if_due(ruled.till), ShiftReport)


def test_a_receipt_of_another_program_is_not_cut(ruled: Shop) -> None:
    ruled.register.advance(4 * HOUR)
    ruled.register.foreign_open(100)
    resting = shift_rule.close_if_due(ruled.till)
    assert isinstance(resting, Rested)
    assert resting.code == "begun"
    assert is_open(ruled)


def test_an_expired_shift_is_closed_whatever_is_known_of_it(ruled: Shop) -> None:
    ruled.register.advance(25 * HOUR)
    assert isinstance(shift_rule.close_if_due(ruled.till), ShiftReport)


def test_an_exchange_that_goes_on_closes_it_and_survives_a_register_that_is_away(
    ruled: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    ruled.register.advance(4 * HOUR)
    ruled.register.is_plugged = False
    sync._close_if_due(ruled.till, True)
    assert capsys.readouterr().out == ""
    ruled.register.is_plugged = True
    sync._close_if_due(ruled.till, True)
    assert capsys.readouterr().out == '{"shift_closed": 1}\n'
    sync._close_if_due(ruled.till, True)
    assert capsys.readouterr().out == ""
    assert not is_open(ruled)


# ------------------------------------------------------------------------------------------------ the warning
def test_from_the_22nd_hour_the_window_is_told_the_minute(shop: Shop) -> None:
    assert shift_rule.close_advice(shop.till, shop.till.printer.status()) is None
    shop.register.advance(22 * HOUR + 100)
    shop.sell()
    advised = shift_rule.close_advice(shop.till, shop.till.printer.status())
    assert advised is not None
    assert advised.reason is CloseReason.QUIET
    assert timedelta(minutes=29) < advised.at - shop.now() <= timedelta(minutes=31)  # one receipt, then half an hour
    assert 115 <= advised.minutes_left <= 119
    told = shift_rule.warning(advised)
    assert (told.number, f"{advised.at:%H:%M}" in told.action()) == (106, True)


def test_an_expired_shift_has_nothing_left(shop: Shop) -> None:
    shop.register.advance(25 * HOUR)
    advised = shift_rule.close_advice(shop.till, shop.till.printer.status())
    assert advised is not None
    assert (advised.minutes_left, advised.reason) == (0, CloseReason.LAST_MOMENT)
    with pytest.raises(Refused, match="24 часов"):
        shop.sell(an_order(2))


def test_a_shift_that_another_program_opened_is_as_old_as_its_report_says(shop: Shop) -> None:
    shift.close_shift(shop.till)
    shop.register.advance(HOUR)
    shop.register.do(c.OpenShift(PASSWORD))
    shop.register.advance(3 * HOUR)
    recover.recover(shop.till)
    status = shop.till.printer.status()
    opened = shift_opening.opened_at(shop.till, status)
    assert opened is not None
    assert timedelta(hours=3) <= shop.now() - opened < timedelta(hours=3, minutes=2)
    assert register.view(shop.till).shift_opened_at == opened
