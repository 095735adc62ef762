"""Commands about the simulated device itself: identity, state, tables, registers, clock, printing."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.registers import EXTENDED
from posapp.devices.simulator.rules import (
    BAD_PARAMETER,
    CONTINUE,
    MODE_CLOSED,
    MODE_DATE,
    READY,
    SYSTEM,
    WRONG_MODE,
    WRONG_SUBMODE,
    AnyCall,
    Call,
    Refuse,
    handles,
)

if TYPE_CHECKING:
    from posapp.devices.simulator.printer import Printer

FIRMWARE, BUILD, FIRMWARE_DATE = b"C1", 62922, date(2026, 1, 15)
DATE_MISMATCH = 0x7C
RE_REGISTRATIONS = 11

_NORMAL_FLAGS = 0x0292  # receipt roll, two decimals, receipt sensor, receipt lever down
_PAPER_FLAGS, _COVER_FLAG = 0x0082, 0x0400
_PARAMETERS = 1 << 3 | 1 << 4 | 1 << 13 | 1 << 15 | 1 << 22 | 1 << 28 | 1 << 36
"""F7h: sensors of paper, cover and drawer, cutter, non-fiscal documents, link v2, command 6Bh."""

_ERROR_TEXTS = {
    0x07: "Некорректные дата и/или время",
    0x08: "Нет запрошенных данных",
    0x15: "Исчерпан ресурс Ожидания передачи сообщения",
    0x16: "Продолжительность смены более 24 часов",
    0x17: "Неверная разница во времени между 2 операциями",
    0x33: "Некорректные параметры в команде",
    0x37: "Команда не поддерживается в данной реализации ККТ",
    0x3D: "Смена не открыта - операция невозможна",
    0x45: "Сумма всех типов оплаты меньше итога чека",
    0x46: "Не хватает наличности в кассе",
    0x49: "Операция невозможна в открытом чеке данного типа",
    0x4A: "Открыт чек - операция невозможна",
    0x4D: "Вносимая безналичной оплатой сумма больше суммы чека",
    0x4E: "Смена превысила 24 часа",
    0x4F: "Неверный пароль",
    0x50: "Идет печать результатов выполнения предыдущей команды",
    0x55: "Чек закрыт - операция невозможна",
    0x58: "Ожидание команды продолжения печати",
    0x6B: "Нет чековой ленты",
    0x72: "Команда не поддерживается в данном подрежиме",
    0x73: "Команда не поддерживается в данном режиме",
    0x7E: "Неверное значение в поле длины",
}


def _flags(printer: Printer) -> int:
    flags = _NORMAL_FLAGS
    if printer.paper == "out":
        flags &= ~_PAPER_FLAGS
    return flags | _COVER_FLAG if printer.paper == "cover" else flags


@handles(c.ShortStatus, always=True)
def _short_status(call: Call[c.ShortStatus]) -> c.Reply:
    printer = call.printer
    operations = len(printer.receipt.items) if printer.receipt else 0
    return c.ShortStatusReply(
        operator=call.operator,
        flags=_flags(printer),
        mode_byte=printer.mode_byte(call.at),
        submode=printer.submode(call.at),
        operations_low=operations & 0xFF,
        battery=0x9D,
        supply=0x2E,
        storage_error=0,
        journal_error=0,
        operations_high=operations >> 8,
        reserved=bytes(3),
    )


@handles(c.FullStatus, always=True)
def _full_status(call: Call[c.FullStatus]) -> c.Reply:
    printer, shift = call.printer, call.printer.storage.shift
    serial = int(printer.identity.factory_number)
    return c.FullStatusReply(
        operator=call.operator,
        firmware=FIRMWARE,
        firmware_build=BUILD,
        firmware_date=FIRMWARE_DATE,
        hall_number=printer.tables.number(1, 1, 1),
        document_number=printer.registers.counts.get(152, 0),
        flags=_flags(printer),
        mode_byte=printer.mode_byte(call.at),
        submode=printer.submode(call.at),
        port=0,
        storage_firmware=b"10",
        storage_build=1,
        storage_date=FIRMWARE_DATE,
        today=call.at.date(),
        now=call.at.time(),
        storage_flags=0x25 | shift.is_open << 6 | shift.is_expired(call.at) << 7,
        serial_low=serial & 0xFFFFFFFF,
        last_closed_shift=(shift.number - shift.is_open) & 0xFFFF,
        free_records=2000,
        registrations=1,
        registrations_left=RE_REGISTRATIONS,
        inn=int(printer.identity.inn),
        storage_flags_high=0,
        storage_mode=0,
        serial_high=serial >> 32,
    )


@handles(c.DeviceType, always=True)
def _device_type(call: Call[c.DeviceType]) -> c.Reply:
    return c.DeviceTypeReply(0, 0, 1, 14, 250, 0, call.printer.traits.model)


@handles(c.ExtendedQuery, always=True)
def _extended_query(call: Call[c.ExtendedQuery]) -> c.Reply:
    if call.command.kind != 1:
        raise Refuse(BAD_PARAMETER)
    return c.ExtendedQueryReply(
        parameters=_PARAMETERS,
        font_1_width=0,
        font_2_width=0,
        first_line=1,
        inn_digits=12,
        registration_digits=10,
        long_registration_digits=0,
        long_serial_digits=0,
        tax_password=0,
        system_password=SYSTEM,
        bluetooth_table=0,
        tax_field=6,
        longest_command=255,
        line_bytes=40,
        more=bytes.fromhex("0000000D0E100A1D11"),
    )


@handles(c.ErrorText, always=True)
def _error_text(call: Call[c.ErrorText]) -> c.Reply:
    return c.ErrorTextReply(_ERROR_TEXTS.get(call.command.error, f"Ошибка {call.command.error:02X}h"))


@handles(c.SetExchange, at_least=SYSTEM, always=True)
def _set_exchange(call: Call[c.SetExchange]) -> c.Reply:
    if call.command.speed > 9:
        raise Refuse(BAD_PARAMETER)
    call.printer.exchange = call.command.speed, call.command.byte_timeout
    return call.done()


@handles(c.ReadExchange, at_least=SYSTEM, always=True)
def _read_exchange(call: Call[c.ReadExchange]) -> c.Reply:
    speed, byte_timeout = call.printer.exchange
    return c.ReadExchangeReply(speed, byte_timeout)


@handles(c.TechnicalReset, always=True)
def _technical_reset(call: Call[c.TechnicalReset]) -> c.Reply:
    raise Refuse(WRONG_MODE)  # legal only in mode 9, which needs a broken seal


# --- tables and registers


@handles(c.TableStructure, at_least=SYSTEM, always=True)
def _table_structure(call: Call[c.TableStructure]) -> c.Reply:
    table = call.printer.tables.table(call.command.table)
    return c.TableStructureReply(table.name, table.rows, len(table.fields))


@handles(c.FieldStructure, at_least=SYSTEM, always=True)
def _field_structure(call: Call[c.FieldStructure]) -> c.Reply:
    column = call.printer.tables.column(call.command.table, call.command.field)
    return c.FieldStructureReply(column.name, int(column.is_text), column.size, column.limits)


@handles(c.ReadTable, at_least=SYSTEM, always=True)
def _read_table(call: Call[c.ReadTable]) -> c.Reply:
    asked = call.command
    return c.ReadTableReply(call.printer.tables.read(asked.table, asked.row, asked.field))


@handles(c.WriteTable, at_least=SYSTEM)
def _write_table(call: Call[c.WriteTable]) -> c.Reply:
    asked = call.command
    call.printer.tables.write(asked.table, asked.row, asked.field, asked.value)
    return call.done()


@handles(c.MoneyRegister, always=True)
def _money_register(call: Call[c.MoneyRegister]) -> c.Reply:
    printer, number = call.printer, call.command.register
    if number >= EXTENDED and not printer.traits.has_counters:
        raise Refuse(BAD_PARAMETER)
    counted = printer.counters.value(number)
    return c.MoneyRegisterReply(call.operator, printer.registers.money.get(number, 0) if counted is None else counted)


@handles(c.OperationRegister, always=True)
def _operation_register(call: Call[c.OperationRegister]) -> c.Reply:
    value = call.printer.registers.counts.get(call.command.register, 0)
    return c.OperationRegisterReply(call.operator, value & 0xFFFF)


@handles(c.FontParameters, at_least=SYSTEM, always=True)
def _font_parameters(call: Call[c.FontParameters]) -> c.Reply:
    if not 1 <= call.command.font <= 7:
        raise Refuse(BAD_PARAMETER)
    return c.FontParametersReply(area_width=576, character_width=12, character_height=24, fonts=7)


# --- clock: 21h, 22h and 23h only while the shift is closed


def _move_clock(call: Call[c.SetTime] | Call[c.SetDate], wanted: datetime) -> None:
    if call.printer.mode(call.at) not in (MODE_CLOSED, MODE_DATE):
        raise Refuse(WRONG_MODE)
    call.printer.clock_offset += wanted - call.at


@handles(c.SetTime, at_least=SYSTEM, always=True)
def _set_time(call: Call[c.SetTime]) -> c.Reply:
    _move_clock(call, datetime.combine(call.at.date(), call.command.time))
    return call.done()


@handles(c.SetDate, at_least=SYSTEM, always=True)
def _set_date(call: Call[c.SetDate]) -> c.Reply:
    if call.command.date is None:
        raise Refuse(BAD_PARAMETER)
    _move_clock(call, datetime.combine(call.command.date, call.at.time()))
    call.printer.date_to_confirm = call.command.date
    return call.done()


@handles(c.ConfirmDate, at_least=SYSTEM, always=True)
def _confirm_date(call: Call[c.ConfirmDate]) -> c.Reply:
    printer = call.printer
    if printer.date_to_confirm is None:
        raise Refuse(WRONG_MODE)
    if call.command.date != printer.date_to_confirm:
        raise Refuse(DATE_MISMATCH)
    printer.date_to_confirm = None
    return call.done()


# --- printing


def _printed(call: Call[c.PrintLine] | Call[c.PrintBoldLine] | Call[c.PrintFontLine]) -> c.Reply:
    call.printer.print_lines(call.command.text)
    return call.done()


handles(c.PrintLine, prints=True)(_printed)
handles(c.PrintBoldLine, prints=True)(_printed)
handles(c.PrintFontLine, prints=True)(_printed)


@handles(c.ContinuePrint)
def _continue_print(call: Call[c.ContinuePrint]) -> c.Reply:
    if call.printer.stuck != CONTINUE:
        raise Refuse(WRONG_SUBMODE)
    call.printer.stuck = READY
    call.printer.busy_until = call.at + call.printer.print_time if call.printer.print_time else None
    return call.done()


@handles(c.FeedPaper, prints=True)
def _feed_paper(call: Call[c.FeedPaper]) -> c.Reply:
    call.printer.print_lines(*("",) * call.command.lines)
    return call.done()


@handles(c.CutPaper, prints=True)
def _cut_paper(call: Call[c.CutPaper]) -> c.Reply:
    if call.printer.receipt is not None and not call.printer.tables.number(1, 1, 22):
        raise Refuse(WRONG_MODE)
    call.printer.print_lines("- - - - - - - - - - - - - - - - - -")
    return call.done()


def _accepted(call: AnyCall) -> c.Reply:
    """A command whose effect nobody can read back: pictures, barcodes, beeps, the drawer."""
    return call.done()


for _quiet in (c.Beep, c.OpenDrawer, c.LoadGraphics, c.LoadGraphicsLine, c.LoadBlock):
    handles(_quiet)(_accepted)
for _loud in (
    c.PrintGraphics,
    c.PrintGraphicsRange,
    c.PrintRasterLine,
    c.PrintEan13,
    c.PrintBarcode,
    c.PrintMatrixCode,
    c.PrintHeading,
    c.EndDocument,
    c.PrintAdvertisement,
    c.PrintRequisite,
    c.FinishSlip,
):
    handles(_loud, prints=True)(_accepted)
