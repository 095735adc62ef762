"""What the journal keeps of a shift: its reports from the storage, the counters read before it was closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.devices.shtrih import commands as c
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import TenderKind
from posapp.errors import OutcomeUnknown, SaleError
from posapp.till import recover, shift, shift_reports
from tests.till.rig import PASSWORD, Register
from tests.till.shops import TOTAL, Shop, an_order, card, shop_at

SELL, CASH, CARD = ReceiptKind.SELL, TenderKind.CASH, TenderKind.CASHLESS


def test_a_shift_that_was_closed_is_told_with_its_counters(shop: Shop) -> None:
    shop.sell(an_order(1))
    shop.sell(an_order(2), card(TOTAL))
    shift.cash_in(shop.till, Money(5_000))
    done = shift.close_shift(shop.till)
    assert done.counters is not None
    assert done.counters.agrees
    shop.restart()
    told = shift_reports.report(shop.till, None)
    assert (told.shift_number, told.opened_document, told.closed_document) == (1, 2, done.last_document)
    assert told.is_whole
    assert told.counted is not None
    assert (told.counted.takings.count(SELL), told.counted.takings.cell(SELL, CASH)) == (2, TOTAL)
    assert told.ours == told.counted.takings or told.ours.cell(SELL, CARD) == TOTAL
    assert dict(told.cash) == {"cash_in_kopecks": 5_000, "cash_out_kopecks": 0, "drawer_kopecks": 64_000}
    text = shift_reports.text(told)
    assert str(TOTAL + TOTAL) in text
    assert f"ФД {done.last_document}" in text
    assert "Sales: 2 receipts" in shift_reports.text(told, "en")


def test_the_receipts_of_others_stand_in_the_counters_only(shop: Shop) -> None:
    shop.sell(an_order(1))
    shop.register.foreign_receipt(700)
    shift.close_shift(shop.till)
    told = shift_reports.report(shop.till, 1)
    assert told.counted is not None
    assert (told.counted.takings.of_kind(SELL), told.ours.of_kind(SELL)) == (TOTAL + Money(700), TOTAL)
    assert (told.not_compared, told.differences) == ("", ())


def test_a_shift_that_another_program_closed_has_no_counters(shop: Shop) -> None:
    shop.sell(an_order(1))
    shop.register.foreign_shift_close()
    recover.recover(shop.till)
    told = shift_reports.report(shop.till, 1)
    assert (told.closed_document, told.counted, told.is_whole) == (4, None, False)
    assert "другая программа" in shift_reports.text(told)


def test_a_lost_answer_to_the_closing_loses_no_counter(shop: Shop) -> None:
    shop.sell(an_order(1))
    shop.register.fault("41", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shift.close_shift(shop.till)
    shop.register.heal()
    shop.restart()
    recover.recover(shop.till)
    told = shift_reports.report(shop.till, None)
    assert told.is_whole
    assert told.counted is not None
    assert told.counted.takings.cell(SELL, CASH) == TOTAL


def test_a_closing_that_was_not_made_is_no_report(shop: Shop) -> None:
    shop.register.fault("41", "error", "before", value=0x39)
    with pytest.raises(Exception, match="ККТ"):
        shift.close_shift(shop.till)
    assert shift_reports.report(shop.till, 1).closed_document is None
    with pytest.raises(SaleError):
        shift_reports.report(shop.till, None)
    shop.sell(an_order(1))
    shift.close_shift(shop.till)
    told = shift_reports.report(shop.till, None)
    assert told.is_whole
    assert told.counted is not None
    assert told.counted.takings.cell(SELL, CASH) == TOTAL


@pytest.fixture
def other_shop(tmp_path: Path, register: Register) -> Iterator[Shop]:
    """A till that meets a register in the middle of a shift of another program."""
    register.do(c.OpenShift(PASSWORD))
    register.foreign_receipt(1_000)
    with shop_at(tmp_path / "other", register, shift_open=False) as shop:
        yield shop


def test_a_shift_met_in_its_middle_is_kept_whole(other_shop: Shop) -> None:
    shop = other_shop
    shop.sell(an_order(1))
    shift.close_shift(shop.till)
    told = shift_reports.report(shop.till, None)
    assert told.is_whole
    assert told.counted is not None
    assert told.counted.takings.of_kind(SELL) == TOTAL + Money(1_000)
    assert told.ours.of_kind(SELL) == TOTAL


def test_a_shift_that_nobody_knows_is_not_found(shop: Shop) -> None:
    with pytest.raises(SaleError) as told:
        shift_reports.report(shop.till, 7)
    assert told.value.code == "not_found"
