"""Tables: what 2Dh and 2Eh tell is what 1Fh reads and 1Eh takes – vendor drivers abort where it is not."""

from collections.abc import Iterator

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.tables import LONGEST_TEXT, all_tables
from tests.devices.simulator.benches import PASSWORD, Bench

P = PASSWORD


def every_field() -> Iterator[tuple[int, int]]:
    for number, table in all_tables({}).items():
        yield from ((number, field) for field in range(1, len(table.fields) + 1))


def test_every_field_reads_and_takes_back_what_its_structure_says(bench: Bench) -> None:
    seen = 0
    for table, field in every_field():
        structure = bench.ok(c.FieldStructure(P, table, field))
        rows = bench.ok(c.TableStructure(P, table)).rows
        for row in {1, rows}:
            value = bench.ok(c.ReadTable(P, table, row, field)).value
            assert len(value) == structure.size <= LONGEST_TEXT, (table, row, field)
            if structure.kind == 0:
                assert structure.least <= int.from_bytes(value, "little") <= structure.greatest, (table, row, field)
                assert len(structure.limits) == 2 * structure.size
            else:
                value.decode("cp1251")
                assert structure.limits == b""
            if table not in (18, 20) and (table, field) != (17, 17):
                bench.ok(c.WriteTable(P, table, row, field, value))
                assert bench.ok(c.ReadTable(P, table, row, field)).value == value
            seen += 1
    assert seen > 200


@pytest.mark.parametrize(
    "table, rows, fields", [(1, 1, 48), (2, 30, 2), (5, 16, 1), (6, 12, 2), (17, 1, 80), (18, 1, 24)]
)
def test_tables_have_the_shape_of_real_ones(bench: Bench, table: int, rows: int, fields: int) -> None:
    structure = bench.ok(c.TableStructure(P, table))
    assert (structure.rows, structure.fields) == (rows, fields)


def test_payment_names_are_texts_that_drivers_write_at_start(bench: Bench) -> None:
    assert bench.ok(c.FieldStructure(P, 5, 1)).kind == 1
    for row in range(2, 17):
        name = f"ОПЛАТА {row}".encode("cp1251")
        bench.ok(c.WriteTable(P, 5, row, 1, name))
        assert bench.ok(c.ReadTable(P, 5, row, 1)).value == name.ljust(64, b"\0")


@pytest.mark.parametrize(
    "command, error",
    [
        (c.TableStructure(P, 99), 0x5D),
        (c.FieldStructure(P, 1, 99), 0x33),
        (c.FieldStructure(P, 1, 0), 0x33),
        (c.ReadTable(P, 1, 2, 1), 0x33),
        (c.ReadTable(P, 1, 0, 1), 0x33),
        (c.ReadTable(P, 99, 1, 1), 0x5D),
        (c.WriteTable(P, 18, 1, 1, b"1"), 0x7A),
        (c.WriteTable(P, 17, 1, 17, b"\x04"), 0x7A),
        (c.WriteTable(P, 1, 1, 7, b"\x03"), 0x33),
        (c.WriteTable(P, 1, 1, 7, b""), 0x33),
        (c.WriteTable(P, 5, 1, 1, b"x" * 65), 0x33),
    ],
)
def test_what_cannot_be_is_refused(bench: Bench, command: c.AnyCommand, error: int) -> None:
    assert bench.refusal(command) == error


def test_the_format_is_ffd_1_05(bench: Bench) -> None:
    assert bench.ok(c.ReadTable(P, 17, 1, 17)).value == b"\x02"


def test_a_new_name_of_the_operator_goes_into_the_receipt(selling: Bench) -> None:
    selling.ok(c.WriteTable(P, 2, 30, 2, "Кассир Иванова".encode("cp1251")))
    selling.ok(c.CloseShift(P))
    assert selling.value(1021) == "Кассир Иванова"
