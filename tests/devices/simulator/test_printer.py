"""The rules of a register: modes, passwords, paper, clock, cash, shift."""

import dataclasses
import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.rules import RULES
from tests.devices.simulator.benches import BORN, PASSWORD, Bench, item, pay

P = PASSWORD


def test_who_it_is_says_that_it_is_a_training_device(bench: Bench) -> None:
    assert bench.ok(c.DeviceType()).name == "ШТРИХ-М-02Ф"
    number = bench.ok(c.StorageNumber(P)).storage_number
    assert len(number) == 16
    assert number.startswith("9999")
    full = bench.ok(c.FullStatus(P))
    assert full.factory_number == 10_012_345
    assert bench.ok(c.ReadTable(P, 18, 1, 1)).value.rstrip(b"\0") == b"10012345"
    registered = bench.ok(c.RegistrationResult(P))
    assert len(registered.registration_number) == 16
    assert str(full.inn) == registered.inn
    assert registered.document_number == 1
    assert registered.registered_at == BORN


def test_the_inn_has_right_check_digits() -> None:
    inn = identity_of(1).inn
    weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
    assert sum(int(d) * w for d, w in zip(inn, weights, strict=False)) % 11 % 10 == int(inn[9])


def test_two_registers_are_two(bench: Bench) -> None:
    other = Printer(identity_of(10_012_346), BORN).identity
    mine = bench.printer.identity
    assert other.storage_number != mine.storage_number
    assert other.registration_number != mine.registration_number


def test_unknown_commands_are_not_supported(bench: Bench) -> None:
    assert bench.send(c.UnknownCommand(b"\x60\x01")) == c.ErrorReply(0x60, 0x37)
    assert bench.send(c.UnknownCommand(b"\xff\x60\x1e\0\0\0")) == c.ErrorReply(0xFF60, 0x37)
    assert bench.refusal(c.LongTlv(P, b"1")) == 0x37


def test_every_message_but_the_unsupported_one_has_a_handler() -> None:
    missing = {kind.__name__ for kind in c.Command.REGISTERED.values() if kind not in RULES}
    assert missing == {"LongTlv"}


@pytest.mark.parametrize("command", [c.ShortStatus(77), c.XReport(5), c.ReadTable(1, 1, 1, 1), c.CloseShift(28)])
def test_wrong_passwords(bench: Bench, command: c.AnyCommand) -> None:
    assert bench.refusal(command) == 0x4F


def test_the_operator_is_told_by_his_password(bench: Bench) -> None:
    bench.ok(c.WriteTable(P, 2, 7, 1, (4711).to_bytes(4, "little")))
    assert bench.ok(c.ShortStatus(4711)).operator == 7
    assert bench.refusal(c.ShortStatus(7)) == 0x4F


# --- modes


def test_modes_of_a_day(bench: Bench) -> None:
    assert bench.mode == 4
    bench.open_shift()
    assert bench.mode == 2
    bench.ok(c.OpenReceipt(P, 0))
    status = bench.ok(c.ShortStatus(P))
    assert (status.mode, status.mode_status) == (8, 0)
    bench.ok(c.CancelReceipt(P))
    bench.now += timedelta(hours=24)
    assert bench.mode == 3
    bench.ok(c.CloseShift(P))
    assert bench.mode == 4


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_the_open_receipts_kind_stands_in_the_mode(selling: Bench, kind: int) -> None:
    selling.ok(c.OpenReceipt(P, kind))
    assert selling.ok(c.ShortStatus(P)).mode_status == kind
    assert selling.ok(c.StorageStatus(P)).current_document == 4


@pytest.mark.parametrize(
    "command, error",
    [
        (c.OpenReceipt(P, 0), 0x3D),
        (item(), 0x3D),
        (c.Sale(P, 1000, 100, 1, (0,) * 4, ""), 0x3D),
        (c.CloseShift(P), 0x3D),
        (c.XReport(P), 0x3D),
        (pay(cash=1), 0x55),
        (c.CloseClassic(P, (1, 0, 0, 0)), 0x55),
        (c.CancelReceipt(P), 0x55),
        (c.Subtotal(P), 0x55),
        (c.ContinuePrint(P), 0x72),
        (c.TechnicalReset(), 0x73),
        (c.ConfirmDate(P, date(2026, 11, 20)), 0x73),
        (c.SendDocumentTlv(P, b"\xf0\x03\x00\x00"), 0x02),
        (c.SendItemTlv(P, b"\xa7\x04\x00\x00"), 0x55),
        (c.CloseShiftInStorage(P), 0x3D),
        (c.BeginCloseShift(P), 0x02),
        (c.RepeatDocument(P), 0x56),
    ],
)
def test_what_a_closed_shift_refuses(bench: Bench, command: c.AnyCommand, error: int) -> None:
    assert bench.refusal(command) == error


@pytest.mark.parametrize(
    "command, error",
    [
        (c.OpenReceipt(P, 0), 0x4A),
        (c.CloseShift(P), 0x4A),
        (c.XReport(P), 0x4A),
        (c.CashIn(P, 1), 0x4A),
        (c.CashOut(P, 1), 0x4A),
        (c.OpenNonFiscal(P), 0x4A),
        (c.ExchangeReport(P), 0x4A),
        (c.CutPaper(P), 0x73),
        (c.SetTime(P, time(10)), 0x73),
        (item(kind=2), 0x49),
        (c.BuyReturn(P, 1000, 100, 1, (0,) * 4, ""), 0x49),
    ],
)
def test_what_an_open_receipt_refuses(selling: Bench, command: c.AnyCommand, error: int) -> None:
    selling.ok(c.OpenReceipt(P, 0))
    assert selling.refusal(command) == error


@pytest.mark.parametrize(
    "command, error",
    [
        (c.OpenReceipt(P, 0), 0x4E),
        (item(), 0x4E),
        (c.Sale(P, 1000, 100, 1, (0,) * 4, ""), 0x4E),
        (c.CashIn(P, 1), 0x4E),
        (c.OpenShift(P), 0x73),
        (c.BeginCorrection(P), 0x4E),
    ],
)
def test_what_an_expired_shift_refuses(selling: Bench, command: c.AnyCommand, error: int) -> None:
    selling.now += timedelta(hours=24)
    assert selling.refusal(command) == error


def test_a_receipt_that_outlives_its_shift_is_refused_by_the_storage(selling: Bench) -> None:
    selling.ok(c.OpenReceipt(P, 0))
    selling.ok(item())
    selling.now += timedelta(hours=24)
    assert selling.refusal(pay(cash=10_000)) == 0x16
    selling.ok(c.CancelReceipt(P))
    selling.ok(c.CloseShift(P))


def test_a_shift_is_opened_once(selling: Bench) -> None:
    assert selling.refusal(c.OpenShift(P)) == 0x73


def test_a_document_without_fiscal_force(selling: Bench) -> None:
    selling.ok(c.OpenNonFiscal(P))
    assert selling.ok(c.ShortStatus(P)).mode_byte == 0x48
    selling.ok(c.PrintLine(P, 2, "Памятка"))
    assert selling.refusal(item()) == 0x73
    selling.ok(c.CloseNonFiscal(P))
    assert selling.mode == 2
    assert selling.last().form == 2
    assert "Памятка" in selling.printer.tape


# --- paper and print


def test_without_paper_nothing_is_printed_and_nothing_made(selling: Bench) -> None:
    selling.printer.set_paper("out", selling.now)
    status = selling.ok(c.ShortStatus(P))
    assert (status.submode, status.has_paper) == (1, False)
    for command in (c.OpenReceipt(P, 0), c.CashIn(P, 1), c.CloseShift(P), c.PrintLine(P, 2, "")):
        assert selling.refusal(command) == 0x6B
    selling.printer.set_paper("ok", selling.now)
    assert selling.submode == 0


def test_an_open_cover_is_seen(selling: Bench) -> None:
    selling.printer.set_paper("cover", selling.now)
    status = selling.ok(c.ShortStatus(P))
    assert status.is_cover_open
    assert selling.refusal(c.OpenReceipt(P, 0)) == 0x6B


def test_paper_that_ends_after_fiscalization_undoes_nothing(selling: Bench) -> None:
    selling.ok(item())
    closed = selling.ok(pay(cash=10_000))
    selling.printer.interrupt_print()
    assert selling.submode == 2
    assert selling.ok(c.StorageStatus(P)).last_document_number == closed.document_number
    assert selling.refusal(c.OpenReceipt(P, 0)) == 0x72
    assert selling.refusal(c.ContinuePrint(P)) == 0x72
    selling.printer.set_paper("ok", selling.now)
    assert selling.submode == 3
    assert selling.refusal(c.OpenReceipt(P, 0)) == 0x58
    selling.ok(c.ContinuePrint(P))
    assert selling.submode == 0
    assert selling.ok(c.StorageStatus(P)).last_document_number == closed.document_number


def test_while_it_prints_it_answers_questions_only(selling: Bench) -> None:
    selling.printer.print_time = timedelta(seconds=2)
    selling.ok(c.CashIn(P, 1))
    assert selling.submode == 5
    assert selling.refusal(item()) == 0x50
    selling.ok(c.StorageStatus(P))
    selling.now += timedelta(seconds=2)
    selling.ok(c.OpenReceipt(P, 0))
    selling.ok(item())
    selling.ok(pay(cash=10_000))
    assert selling.refusal(c.CutPaper(P)) == 0x50
    selling.printer.set_paper("out", selling.now)
    assert selling.submode == 2, "it was taken away in the middle of a print"


def test_a_power_cut_keeps_the_open_receipt(selling: Bench) -> None:
    selling.ok(item(1234))
    selling.printer.power_on()
    assert selling.ok(c.Subtotal(P)).total_kopecks == 1234


# --- clock


def test_the_clock_is_set_while_the_shift_is_closed(bench: Bench) -> None:
    bench.ok(c.SetTime(P, time(15, 30)))
    bench.ok(c.SetDate(P, date(2026, 11, 21)))
    assert bench.mode == 6
    assert bench.refusal(c.OpenShift(P)) == 0x73
    assert bench.refusal(c.ConfirmDate(P, date(2026, 11, 22))) == 0x7C
    bench.ok(c.ConfirmDate(P, date(2026, 11, 21)))
    full = bench.ok(c.FullStatus(P))
    assert (full.today, full.now) == (date(2026, 11, 21), time(15, 30))
    bench.open_shift()
    assert bench.last().at == datetime(2026, 11, 21, 15, 30)
    assert bench.refusal(c.SetTime(P, time(1))) == 0x73


def test_the_storage_does_not_go_back_in_time(selling: Bench) -> None:
    selling.now -= timedelta(minutes=10)
    selling.ok(item())
    assert selling.refusal(pay(cash=10_000)) == 0x07


def test_the_storage_notices_a_moved_clock(bench: Bench) -> None:
    bench.ok(c.SetTime(P, time(12)))
    assert bench.refusal(c.ExchangeReport(P)) == 0x17
    bench.open_shift()
    bench.ok(c.ExchangeReport(P))


# --- the OFD


def test_the_ofd_answers_after_a_while(selling: Bench) -> None:
    assert selling.ok(c.Unconfirmed(P)).count == 1, "the registration was a minute ago"
    number = selling.last().number
    assert selling.ok(c.FindDocument(P, number)).has_ofd_ticket == 0
    assert selling.refusal(c.OfdTicket(P, number)) == 0x08
    selling.now += timedelta(minutes=5)
    assert selling.ok(c.Unconfirmed(P)).count == 0
    assert selling.ok(c.FindDocument(P, number)).has_ofd_ticket == 1
    assert len(selling.ok(c.OfdTicket(P, number)).ticket) == 27
    assert selling.ok(c.OfdStatus(P)).first_document_at is None


def test_thirty_days_without_ofd_block_the_storage(bench: Bench) -> None:
    bench.printer.storage.is_ofd_up = False
    bench.now += timedelta(days=31)
    bench.open_shift()
    bench.ok(item())
    assert bench.refusal(pay(cash=10_000)) == 0x15
    assert bench.ok(c.StorageStatus(P)).warnings & 8
    bench.ok(c.CancelReceipt(P))
    bench.ok(c.CloseShift(P))
    bench.printer.storage.is_ofd_up = True
    bench.now += timedelta(minutes=5)
    bench.open_shift()
    bench.ok(item())
    bench.ok(pay(cash=10_000))


# --- cash and registers


def test_cash_goes_in_and_out(bench: Bench) -> None:
    bench.open_shift()
    first = bench.ok(c.CashIn(P, 50_000)).document_number
    assert bench.ok(c.CashOut(P, 20_000)).document_number == first + 1
    assert bench.refusal(c.CashOut(P, 30_001)) == 0x46
    values = [bench.ok(c.MoneyRegister(P, register)).value for register in (0xF1, 0xF2, 0xF3)]
    assert values == [30_000, 50_000, 20_000]
    assert bench.last().form == 2, "cash is no fiscal document"


def test_registers_count_what_is_sold(selling: Bench) -> None:
    selling.ok(item(10_000))
    selling.ok(pay(cash=8_000, card=4_000))
    money = {r: selling.ok(c.MoneyRegister(P, r)).value for r in (0xF1, 0xC1, 0xC5, 121, 245)}
    assert money == {0xF1: 106_000, 0xC1: 6_000, 0xC5: 4_000, 121: 10_000, 245: 10_000}
    assert selling.ok(c.OperationRegister(P, 144)).value == 1
    selling.ok(c.CloseShift(P))
    assert selling.ok(c.MoneyRegister(P, 0xC1)).value == 0
    assert selling.ok(c.MoneyRegister(P, 0xF1)).value == 106_000
    assert selling.ok(c.OperationRegister(P, 148)).value == 1
    assert selling.ok(c.OperationRegister(P, 159)).value == 1


def test_the_drawer_is_emptied_by_the_report_where_table_1_says_so(selling: Bench) -> None:
    selling.ok(c.WriteTable(P, 1, 1, 2, b"\x01"))
    selling.ok(c.CloseShift(P))
    assert selling.ok(c.MoneyRegister(P, 0xF1)).value == 0


def test_an_x_report_changes_no_money(selling: Bench) -> None:
    before = dict(selling.printer.registers.money)
    selling.ok(c.XReport(P))
    assert selling.printer.registers.money == before
    assert selling.last().form == 2


# --- survival


def _everything(bench: Bench) -> None:
    bench.ok(c.WriteTable(P, 5, 2, 1, "КАРТА".encode("cp1251")))
    bench.ok(item(777))
    bench.ok(c.SendItemTlv(P, bytes.fromhex("AD04 0400 AFE2AEAA".replace(" ", ""))))
    bench.ok(c.SendDocumentTlv(P, bytes.fromhex("F0030C00") + b"+79001234567"))


@pytest.mark.parametrize(
    "prepare",
    [
        lambda bench: None,
        _everything,
        lambda bench: bench.ok(c.BeginCloseShift(P)),
        lambda bench: bench.ok(c.OpenNonFiscal(P)),
        lambda bench: bench.printer.interrupt_print(),
    ],
    ids=["idle", "open receipt", "begun", "non-fiscal", "paper"],
)
def test_its_state_survives_as_json(selling: Bench, prepare: Callable[[Bench], object]) -> None:
    prepare(selling)
    state = json.loads(json.dumps(selling.printer.as_dict()))
    again = Printer(selling.printer.identity, BORN)
    again.storage.documents = list(selling.printer.storage.documents)
    again.restore(state)
    assert again.as_dict() == selling.printer.as_dict()
    reborn = Bench()
    reborn.printer, reborn.now = again, selling.now
    assert reborn.mode == selling.mode


def test_a_refused_command_may_be_corrected_and_sent_again(selling: Bench) -> None:
    selling.ok(item())
    wrong = pay(cash=5_000)
    assert selling.refusal(wrong) == 0x45
    selling.ok(dataclasses.replace(wrong, payments_kopecks=(10_000, *(0,) * 15)))
