"""A look at the storage and the line: what it tells, that it changes nothing, and that no sale pays for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from posapp.devices.base import LineFacts, StoragePhase
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.health import byte_timeout_ms
from posapp.devices.simulator.documents import STORAGE_TERM
from posapp.domain.fiscal import ShiftState
from posapp.errors import OutcomeUnknown, Refused
from tests.conformance.samples import CASH, line, receipt
from tests.till.rig import PASSWORD, Register, driver_of


def sold(register: Register, count: int = 1) -> None:
    printer = driver_of(register)
    for _ in range(count):
        printer.print_receipt(receipt([line(100)], {CASH: 100}), printer.last_document_number())


def opened() -> Register:
    register = Register()
    driver_of(register).open_shift("Иванова")
    return register


def test_a_healthy_storage_has_a_day_of_its_end_and_nothing_waiting() -> None:
    register = opened()
    register.advance(60)
    told = driver_of(register).storage_health()
    assert told.storage_number == register.printer.identity.storage_number
    assert told.phase is StoragePhase.FISCAL
    assert told.expires == (register.printer.storage.documents[0].at + STORAGE_TERM).date()
    assert (told.unsent, told.oldest_unsent, told.oldest_unsent_at) == (0, None, None)
    warnings = (told.is_ending, told.is_ending_soon, told.is_nearly_full, told.is_ofd_late, told.is_critical)
    assert not any(warnings)


def test_the_oldest_document_that_waits_is_named_with_its_time() -> None:
    register = opened()
    register.advance(60)
    driver_of(register).storage_health()  # the tickets up to here come
    register.printer.storage.is_ofd_up = False
    sold(register, 3)
    first = register.printer.storage.documents[2]
    register.advance(2 * 86_400)
    told = driver_of(register).storage_health()
    assert (told.unsent, told.oldest_unsent, told.oldest_unsent_at) == (3, first.number, first.at)


@pytest.mark.parametrize("opcode", ["FF03", "FF39"])
def test_what_the_firmware_does_not_know_is_untold_and_the_rest_is_told(opcode: str) -> None:
    register = opened()
    register.fault(opcode, "error", value=0x37)
    told = driver_of(register).storage_health()
    assert (told.expires is None, told.unsent is None) == (opcode == "FF03", opcode == "FF39")
    assert told.phase is StoragePhase.FISCAL


def test_a_look_changes_nothing_and_asks_only_questions() -> None:
    register = opened()
    driver_of(register).status()
    before = register.printer.as_dict(), register.printer.storage.last_number
    register.written.clear()
    printer = driver_of(register)
    printer.storage_health()
    printer.line_facts()
    assert (register.printer.as_dict(), register.printer.storage.last_number) == before
    asked = [c.FullStatus.CODE, c.StorageNumber.CODE, c.StorageStatus.CODE, c.RegistrationResult.CODE]
    asked += [c.ShortStatus.CODE, c.StorageExpiry.CODE, c.OfdStatus.CODE, c.ReadExchange.CODE]
    assert set(register.written) == set(asked)


def test_neither_a_status_nor_a_sale_asks_for_it() -> None:
    register = opened()
    register.written.clear()
    driver_of(register).status()
    sold(register)
    assert not {c.StorageExpiry.CODE, c.OfdStatus.CODE, c.ReadExchange.CODE} & set(register.written)


def test_the_speed_is_what_the_register_was_set_to() -> None:
    register = Register()
    assert driver_of(register).line_facts() == LineFacts("v1", 115_200, 100)
    register.printer.execute(c.SetExchange(PASSWORD, 0, 1, 151), register.now)
    assert driver_of(register).line_facts() == LineFacts("v1", 4800, 300)


@pytest.mark.parametrize("code, ms", [(0, 0), (150, 150), (151, 300), (249, 15_000), (250, 30_000), (255, 105_000)])
def test_byte_timeouts_are_coded_in_three_steps(code: int, ms: int) -> None:
    assert byte_timeout_ms(code) == ms


def test_a_full_storage_warns_at_nine_tenths_and_keeps_room_to_close_the_shift() -> None:
    register = opened()
    register.printer.storage.capacity = 5
    sold(register, 2)
    assert not driver_of(register).storage_health().is_nearly_full
    with pytest.raises((OutcomeUnknown, Refused)):
        sold(register)
    register.printer.storage.capacity = 4
    assert driver_of(register).storage_health().is_nearly_full
    printer = driver_of(register)
    printer.cancel_open_document()
    assert printer.close_shift("Иванова").state is ShiftState.CLOSED


def test_after_its_last_day_there_are_no_receipts_and_the_shift_can_be_closed() -> None:
    register = Register()
    register.now += STORAGE_TERM - timedelta(days=2)
    printer = driver_of(register)
    printer.open_shift("Иванова")
    assert printer.storage_health().is_ending
    register.now += timedelta(hours=23)
    sold(register)
    printer.close_shift("Иванова")
    register.now += timedelta(days=2)
    printer.open_shift("Иванова")
    with pytest.raises((OutcomeUnknown, Refused)):
        sold(register)
    printer.cancel_open_document()
    assert printer.close_shift("Иванова").state is ShiftState.CLOSED
