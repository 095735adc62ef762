"""АТОЛ's wire in a trace: every command by its name, no secret and no text, and nothing is changed by listening."""

from __future__ import annotations

import contextlib
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from posapp.devices.atol import commands as c
from posapp.devices.atol import frame
from posapp.devices.atol import task_layer as layer
from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.reader import PENDING_MAX, AtolReader
from posapp.devices.atol.wire import WireTasks
from posapp.devices.trace import HIDDEN, Reader, Trace, watching
from posapp.errors import PosError
from tests.conformance.samples import CASH, line, receipt
from tests.devices.atol.wired import Wired

NAME, CONTACT = "Иванова Мария", "+79161234567"


def traced() -> tuple[Wired, list[str]]:
    """A shift with a receipt for a buyer, read back."""
    bench = Wired()
    trace = Trace(lambda: datetime(2026, 11, 21, 18))
    tasks = WireTasks(watching(bench.open_port, trace, AtolReader, "bench"), "bench")
    printer = AtolPrinter(tasks, "bench", link="wire")
    printer.open_shift(NAME)
    made = receipt([line(1500)], {CASH: 1500}, buyer_contact=CONTACT)
    mark = printer.print_receipt(made, printer.last_document_number())
    printer.read_document(mark.document_number)
    printer.close_shift(NAME)
    return bench, trace.lines()


def test_every_command_is_named_and_no_text_is_shown() -> None:
    bench, lines = traced()
    text = "\n".join(lines)
    for code in set(bench.asked):
        assert f": {code:02X} {c.Command.REGISTERED[code].__name__}" in text
    shown = "".join(each.split("\n")[1].replace(" ", "") for each in lines if "\n" in each).upper()
    for secret in (NAME, CONTACT, "Товар 10"):
        assert secret.encode("cp866").hex().upper() not in shown
    assert f"00000092{0:02X}" not in shown, "the access password is hidden"
    assert "A3 55 00 00" in text
    assert "CloseReceipt" in text


def test_an_error_is_named() -> None:
    bench = Wired()
    trace = Trace(lambda: datetime(2026, 11, 21, 18))
    tasks = WireTasks(watching(bench.open_port, trace, AtolReader, "bench"), "bench")
    bench.errors[c.OpenShift.CODE] = 0x9C
    with contextlib.suppress(PosError):
        AtolPrinter(tasks, "bench", link="wire").open_shift(NAME)
    assert any("9A OpenShift ошибка 9Ch" in each for each in trace.lines())


@given(chunks=st.lists(st.binary(max_size=20), max_size=20), sent=st.booleans())
def test_whatever_comes_is_told_once_and_never_fails(chunks: list[bytes], sent: bool) -> None:
    reader: Reader = AtolReader()
    pieces = [piece for chunk in chunks for piece in reader.heard(chunk, sent=sent)] + reader.rest(sent=sent)
    assert sum(len(piece.shown) for piece in pieces) <= len(b"".join(chunks))


@given(data=st.binary(max_size=30), cuts=st.integers(1, 9))
def test_a_command_is_the_same_in_any_portions(data: bytes, cuts: int) -> None:
    raw = frame.encode(7, layer.Add(1, 3, b"\x12\x34\xe8\x01\x01\x00" + data).encode())
    reader = AtolReader()
    pieces = [p for at in range(0, len(raw), cuts) for p in reader.heard(raw[at : at + cuts], sent=True)]
    (piece,) = pieces
    assert piece.words == "№ 7 Add 3: E8 WriteAttribute"
    assert piece.shown[4:10] == ("C1", "01", "03", HIDDEN, HIDDEN, "E8")
    assert set(piece.shown[10:]) == {HIDDEN}


def test_what_never_ends_is_let_go() -> None:
    reader = AtolReader()
    pieces = reader.heard(b"\xfe\x7f\x7f\x00" + bytes(PENDING_MAX), sent=False)
    assert len(pieces) == 1
    assert reader.rest(sent=False) == []
