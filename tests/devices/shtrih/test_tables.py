"""What stands in the register's tables is asked where it matters; what would falsify a receipt is refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.printer import Printer
from posapp.domain import ffd
from posapp.domain.receipt import PaymentMethod
from posapp.domain.vat import VatRate
from posapp.errors import Refused
from posapp.simulation.clock import BORN
from tests.conformance.samples import CASH, correction, line, lines_of, plain, rates_of, receipt
from tests.till.rig import Register, driver_of

LONG = "Старший кассир смены Константинопольская А. Б. (магазин № 12345)"


def told(register: Register, number: int, *path: int) -> object:
    stored = register.printer.storage.find(number)
    assert stored is not None
    return plain(ffd.read_document(stored.tlv).entries, *path)


@pytest.mark.parametrize("version", [Ffd.V1_05, Ffd.V1_2])
@pytest.mark.parametrize("cashier", ["Кассир Иванова А. П.", LONG, "Ёлкина"])
def test_the_reports_of_the_shift_name_the_cashier(version: Ffd, cashier: str) -> None:
    register = Register()
    register.be(Printer(register.printer.identity, BORN, ffd=version))
    printer = driver_of(register)
    printer.open_shift(cashier)
    printer.close_shift(cashier)
    assert [told(register, number, 1021) for number in (2, 3)] == [cashier] * 2


def test_a_name_that_stands_already_is_not_written_again() -> None:
    register = Register()
    printer = driver_of(register)
    printer.open_shift("Иванова")
    printer.close_shift("Иванова")
    assert register.count(c.WriteTable.CODE) == 1
    printer.open_shift("Петрова")
    assert register.count(c.WriteTable.CODE) == 2
    printer.close_shift("")
    assert register.count(c.WriteTable.CODE) == 2
    assert told(register, 5, 1021) == "Петрова", "no name is no reason to write one"


@pytest.mark.parametrize("opcode", ["1F", "1E"])
def test_a_register_that_keeps_its_names_opens_the_shift_all_the_same(opcode: str) -> None:
    register = Register()
    register.fault(opcode, "error", value=0x7A)
    printer = driver_of(register)
    assert printer.open_shift("Иванова").number == 1
    assert told(register, 2, 1021) == "СИСТЕМНЫЙ АДМИНИСТРАТОР"


def ticked(table: int, field: int) -> Register:
    register = Register()
    register.printer.tables.write(table, 1, field, b"\1")
    return register


def test_the_formula_of_vat_is_what_the_register_was_set_to() -> None:
    assert driver_of(Register()).probe().vat_formula == "L"
    register = ticked(17, 40)
    printer = driver_of(register)
    assert printer.probe().vat_formula == "T"
    printer.open_shift("Иванова")
    made = receipt([line(101, vat=VatRate.VAT_22) for _ in range(3)], {CASH: 303})
    number = printer.print_receipt(made, printer.last_document_number()).document_number
    entries = ffd.read_document(printer.document_tlv(number)).entries
    assert rates_of(entries) == {11: made.vat("T")[VatRate.VAT_22].kopecks} == {11: 55}
    assert made.vat("L")[VatRate.VAT_22].kopecks == 54


def test_a_register_that_waits_for_our_sums_of_vat_is_not_set_up() -> None:
    register = ticked(1, 14)
    printer = driver_of(register)
    printer.open_shift("Иванова")
    with pytest.raises(Refused) as refused:
        printer.probe()
    assert refused.value.code == "vat_by_host"


def test_20_percent_is_refused_where_the_register_would_write_22() -> None:
    register = ticked(17, 71)
    printer = driver_of(register)
    printer.open_shift("Иванова")
    old = line(12_000, vat=VatRate.VAT_20)
    ahead = line(12_000, vat=VatRate.VAT_20_120, method=PaymentMethod.FULL_PREPAYMENT)
    for lines in ([old], [line(100), old], [ahead]):
        with pytest.raises(Refused, match="20") as refused:
            printer.print_receipt(receipt(lines, {CASH: sum(each.line_sum.kopecks for each in lines)}), 2)
        assert refused.value.code == "register_lacks"
    assert register.count(c.OpenReceipt.CODE) == 0
    made = receipt([line(10_000, vat=VatRate.VAT_22), line(10_000, vat=VatRate.VAT_10)], {CASH: 20_000})
    number = printer.print_receipt(made, 2).document_number
    entries = ffd.read_document(printer.document_tlv(number)).entries
    assert [plain(each, 1199) for each in lines_of(entries)] == [11, 2]
    with pytest.raises(Refused, match="20"):
        printer.print_receipt(correction(), number)
    register.printer.tables.write(17, 1, 71, b"\0")
    again = receipt([replace(old, name="Старая сделка")], {CASH: 12_000})
    number = printer.print_receipt(again, number).document_number
    assert told(register, number, 1059, 1199) == 1
