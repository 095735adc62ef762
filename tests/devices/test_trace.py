"""The wire trace: every command is in it by name, no secret and no text is, and it changes nothing."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.devices.flow import Port, PortError
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import frame, frame_v2
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.reader import PENDING_MAX, ShtrihReader
from posapp.devices.trace import HIDDEN, Piece, PlainReader, Reader, Trace, TracedPort, unreadable, watching
from posapp.errors import Unreachable
from tests.conformance.samples import CASH, line, receipt
from tests.till.rig import PORT, Register

CONTACT = "+79161234567"
PASSWORD = 27_182_818
NAME = "Иванова Мария"


def clock() -> Callable[[], datetime]:
    at = [datetime(2026, 11, 21, 18, 0)]

    def now() -> datetime:
        at[0] += timedelta(milliseconds=7)
        return at[0]

    return now


def traced(register: Register, trace: Trace, link: str = "v1", password: int = 30) -> ShtrihPrinter:
    return ShtrihPrinter(
        watching(lambda: register.open_port("till"), trace, ShtrihReader, PORT), PORT, password, link=link
    )


def of_everything(register: Register, trace: Trace, link: str) -> list[str]:
    """A shift with a receipt for a buyer, read back, by an administrator with a password of his own."""
    raw = PASSWORD.to_bytes(4, "little")
    assert not isinstance(register.printer.execute(c.WriteTable(30, 2, 30, 1, raw), register.now), c.ErrorReply)
    printer = traced(register, trace, link, PASSWORD)
    printer.open_shift(NAME)
    made = receipt([line(1500)], {CASH: 1500}, buyer_contact=CONTACT)
    mark = printer.print_receipt(made, printer.last_document_number())
    printer.read_document(mark.document_number)
    printer.close_shift(NAME)
    return trace.lines()


def bytes_of(lines: list[str]) -> str:
    return "".join(each.split("\n")[1].replace(" ", "") for each in lines if "\n" in each)


@pytest.mark.parametrize("link", ["v1", "v2"])
def test_a_whole_shift_is_there_by_names_and_without_what_nobody_may_read(link: str) -> None:
    told = "\n".join(of_everything(Register(), Trace(clock()), link))
    for name in ("E0 OpenShift", "8D OpenReceipt", "FF0C SendDocumentTlv", "FF45 CloseReceipt", "FF3B ответ", "41 Clo"):
        assert name in told, name
    assert "18:00:00.0" in told
    shown = bytes_of(told.split("\n18:"))
    for secret in (
        PASSWORD.to_bytes(4, "little"),
        CONTACT.encode(),
        NAME.encode("cp1251"),
        NAME.encode("cp866"),
        "Товар".encode("cp1251"),
        "Товар".encode("cp866"),
    ):
        assert secret.hex().upper() not in shown
        assert secret.hex().upper()[:6] not in shown
    assert str(PASSWORD) not in told
    assert CONTACT not in told


def test_a_frame_with_something_hidden_hides_its_checksum_too() -> None:
    payload = c.ShortStatus(PASSWORD).encode()
    (piece,) = ShtrihReader().heard(frame.encode(payload), sent=True)
    assert piece.shown == ("02", "05", "10", *[HIDDEN] * 5)
    (other,) = ShtrihReader().heard(frame_v2.encode(frame_v2.Numbered(7, payload)), sent=True)
    assert other.shown == ("8F", "07", "00", "07", "00", "10", *[HIDDEN] * 6)
    assert other.words == "№ 7 10 ShortStatus"


def test_an_error_is_told_in_words_and_a_value_by_its_name() -> None:
    reader = ShtrihReader()
    (refused,) = reader.heard(frame.encode(bytes((0x8D, 0x4E))), sent=False)
    assert refused.words.startswith("8D ошибка 4Eh")
    (answer,) = reader.heard(
        frame.encode(c.OfdStatusReply(2, 0, 3, 17, datetime(2026, 11, 20, 9, 5)).encode()), sent=False
    )
    assert "queued=3" in answer.words
    assert "first_document_at=2026-11-20 09:05:00" in answer.words


@given(st.binary(max_size=300), st.booleans(), st.lists(st.integers(1, 40), max_size=20))
def test_in_whatever_portions_bytes_come_and_whatever_they_are_all_are_accounted_for(
    data: bytes, sent: bool, cuts: list[int]
) -> None:
    reader, shown, at = ShtrihReader(), 0, 0
    for size in (*cuts, len(data)):
        portion = data[at : at + size]
        at += len(portion)
        shown += sum(len(piece.shown) for piece in reader.heard(portion, sent=sent))
    shown += sum(len(piece.shown) for piece in reader.rest(sent=sent))
    assert shown == len(data) or b"\x8f" in data, "stuffed bytes of v2 are shown as what they mean"


@given(st.text(alphabet="0123456789АБВабв@.", min_size=4, max_size=40), st.binary(max_size=12), st.binary(max_size=12))
def test_a_text_in_garbage_is_not_shown(text: str, before: bytes, after: bytes) -> None:
    for encoding in ("cp1251", "cp866"):
        raw = text.encode(encoding)
        shown = " ".join(unreadable(before + raw + after).shown)
        assert raw.hex(" ").upper() not in shown


def test_half_a_frame_is_shown_when_the_other_side_speaks_and_hides_its_texts() -> None:
    reader = ShtrihReader()
    whole = frame.encode(c.ReadDocumentReply(b"\xf0\x03\x0c\x00" + CONTACT.encode()).encode())
    assert reader.heard(whole[:-3], sent=False) == []
    (left,) = reader.rest(sent=False)
    assert CONTACT[:6].encode().hex(" ").upper() not in " ".join(left.shown)
    assert len(left.shown) == len(whole) - 3


def test_a_stream_that_is_no_frame_is_not_held_for_ever() -> None:
    reader = ShtrihReader()
    reader.heard(b"\x8f", sent=True)
    count = sum(len(piece.shown) for _ in range(40) for piece in reader.heard(b"\x01" * 400, sent=False))
    assert count > 40 * 400 - PENDING_MAX - 400


class Deaf(ShtrihReader):
    """A reader that fails at everything."""

    def heard(self, data: bytes, *, sent: bool) -> list[Piece]:
        raise LookupError("no such thing")


@pytest.mark.parametrize("reader", [ShtrihReader, PlainReader, Deaf])
def test_the_register_hears_the_same_with_and_without_a_trace(reader: Callable[[], Reader]) -> None:
    def sums(open_port: Callable[[Register], Callable[[], Port]]) -> int:
        register = Register()
        printer = ShtrihPrinter(open_port(register), PORT)
        printer.open_shift(NAME)
        printer.print_receipt(receipt([line(1500)], {CASH: 1500}, identity=UUID(int=7)), 2)
        return register.wire_sum

    def plain(register: Register) -> Callable[[], Port]:
        return lambda: register.open_port("till")

    trace = Trace(clock())
    assert sums(lambda register: watching(plain(register), trace, reader, PORT)) == sums(plain)
    assert trace.lines()


class Gone:
    """A port whose cable was pulled."""

    def write(self, data: bytes) -> None:
        raise PortError("gone")

    def read(self, timeout_s: float) -> bytes | None:
        raise PortError("gone")

    def close(self) -> None:
        pass


def test_a_broken_port_is_told_and_passed_on() -> None:
    trace = Trace(clock())
    port = TracedPort(Gone(), trace, PlainReader(), "COM3")
    with pytest.raises(PortError):
        port.write(b"\x05")
    with pytest.raises(PortError):
        port.read(1)
    assert [each.split("    ")[1] for each in trace.lines()] == ["порт открыт: COM3", "порт: gone", "порт: gone"]


def test_silence_is_told() -> None:
    register, trace = Register(), Trace(clock())
    register.unplug()
    with pytest.raises(Unreachable):
        traced(register, trace).connect()
    assert trace.lines()[0].endswith("порт не открылся: cable, device_unreachable")


def test_the_file_is_bounded_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "trace.txt"
    trace = Trace(clock(), file, lines_kept=10, file_max=2000)
    for number in range(500):
        trace.note(f"строка {number}")
    trace.close()
    older = tmp_path / "trace.txt.1"
    assert len(trace.lines()) == 10
    assert file.stat().st_size <= 2100
    assert older.stat().st_size <= 2100
    assert "строка 499" in file.read_text(encoding="utf-8") + older.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["trace.txt", "trace.txt.1"]


def test_a_disk_that_is_full_ends_the_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register = Register()
    trace = Trace(clock(), tmp_path / "trace.txt")
    printer = traced(register, trace)
    printer.connect()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    assert trace._file is not None
    monkeypatch.setattr(trace._file, "write", full)
    assert printer.status().last_document == 1
    assert any("FF01" in each for each in trace.lines())
