"""Bytes that real Штрих-М registers and the vendor's drivers exchanged hold our codec to the outside world.

Sources: the vendor's protocol documents, wire logs published in issues of the vendor's drivers, and captures of a
ШТРИХ-М-02Ф.
"""

from datetime import date, datetime

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import frame
from posapp.domain import ffd


def payload_of(raw: str) -> bytes:
    """The payload of one whole frame given as hex."""
    buffer = frame.FrameBuffer()
    buffer.feed(bytes.fromhex(raw))
    piece = buffer.next()
    assert isinstance(piece, frame.Frame)
    return piece.payload


def reply_to(command: c.AnyCommand, raw: str) -> c.Reply:
    reply = command.decode_reply(bytes.fromhex(raw))
    assert isinstance(reply, c.Reply)
    assert reply.encode() == bytes.fromhex(raw), "the register must send the same bytes"
    return reply


def test_short_status_command() -> None:
    assert frame.encode(c.ShortStatus(30).encode()) == bytes.fromhex("02 05 10 1E 00 00 00 0B")
    assert c.decode_command(payload_of("02 05 10 1E 00 00 00 0B")) == c.ShortStatus(password=30)


def test_short_status_reply_of_a_closed_shift() -> None:
    reply = reply_to(c.ShortStatus(30), "10 00 1E 92 02 04 00 00 9D 2E C8 01 00 74 02 00")
    assert isinstance(reply, c.ShortStatusReply)
    assert (reply.operator, reply.flags, reply.mode, reply.submode) == (30, 0x0292, 4, 0)
    assert reply.has_paper
    assert not reply.is_cover_open
    assert reply.last_print is None


def test_closing_reply_of_a_real_receipt() -> None:
    raw = "FF 45 00 00 00 00 00 00 DC 45 00 00 B5 BC 48 11"
    assert payload_of("02 10 FF 45 00 00 00 00 00 00 DC 45 00 00 B5 BC 48 11 63") == bytes.fromhex(raw)
    reply = reply_to(c.CloseReceipt(30, (0,) * 16), raw)
    assert reply == c.CloseReceiptReply(0, 0x45DC, 0x1148BCB5, None)


def test_closing_command_is_118_bytes_and_ends_like_the_real_one() -> None:
    payments = (0, 0, 10000, *(0,) * 13)
    sent = frame.encode(c.CloseReceipt(30, payments, tax_system=4).encode())
    assert sent[:8] == bytes.fromhex("02 76 FF 45 1E 00 00 00")
    assert len(sent) == 118 + 3
    assert sent[-2:] == bytes.fromhex("04 E1")


def test_closing_reply_with_time_is_21_bytes() -> None:
    reply = reply_to(c.CloseReceipt(30, (0,) * 16), "FF 45 00 00 00 00 00 00 DC 45 00 00 B5 BC 48 11 1A 0B 14 0C 1E")
    assert isinstance(reply, c.CloseReceiptReply)
    assert reply.printed_at == datetime(2026, 11, 20, 12, 30)


def test_correction_command_of_ffd_1_05() -> None:
    command = c.MakeCorrection(30, 0, 2, 0x27E6D8, (0, 0x27E6D8, 0, 0, 0), (0,) * 6, 4)
    sent = frame.encode(command.encode())
    assert sent[:23] == bytes.fromhex("02 45 FF 4A 1E000000 00 02 D8E6270000 0000000000 D8E627")
    assert len(command.encode()) == 69


def test_status_of_the_storage() -> None:
    raw = "FF 01 00 03 00 00 00 00 1A 08 12 12 13 39393939303738393030303031323334 18 00 00 00"
    reply = reply_to(c.StorageStatus(30), raw)
    assert reply == c.StorageStatusReply(3, 0, 0, 0, 0, datetime(2026, 8, 18, 18, 19), "9999078900001234", 24)


@pytest.mark.parametrize(
    "command, raw, expected",
    [
        (c.ShiftParameters(30), "FF 40 00 00 06 00 00 00", c.ShiftParametersReply(0, 6, 0)),
        (c.StorageExpiry(30), "FF 03 00 1C 04 0E 47 01", c.StorageExpiryReply(date(2028, 4, 14), 71, 1)),
        (c.Unconfirmed(30), "FF 3F 00 00 00", c.UnconfirmedReply(0)),
        (
            c.StorageVersion(30),
            "FF 04 00 66 6E 5F 76 5F 31 5F 32 5F 32 20 20 20 20 20 20 01",
            c.StorageVersionReply("fn_v_1_2_2", 1),
        ),
        (
            c.ReadDocument(30),
            "FF 3B 00 10 04 04 00 1E 01 00 00",
            c.ReadDocumentReply(bytes.fromhex("1004 0400 1E010000")),
        ),
    ],
)
def test_storage_answers(command: c.AnyCommand, raw: str, expected: c.Reply) -> None:
    assert reply_to(command, raw) == expected


def test_commands_seen_on_protocol_2_lines() -> None:
    assert c.decode_command(bytes.fromhex("10 1E 00 00 00")) == c.ShortStatus(30)
    assert c.decode_command(bytes.fromhex("2D 1E 00 00 00 02")) == c.TableStructure(30, 2)
    assert c.decode_command(bytes.fromhex("FF 3B 1E 00 00 00")) == c.ReadDocument(30)
    assert c.decode_command(bytes.fromhex("F7 01")) == c.ExtendedQuery(1)


def test_unsupported_answer() -> None:
    assert c.FreeMemory(30).decode_reply(bytes.fromhex("FF 63 37")) == c.ErrorReply(0xFF63, 0x37)


def test_device_type_of_a_shtrih_m_02f() -> None:
    raw = "FC 00 00 00 01 0E FA 00" + "ШТРИХ-М-02Ф".encode("cp1251").hex()
    reply = reply_to(c.DeviceType(), raw)
    assert reply == c.DeviceTypeReply(0, 0, 1, 14, 250, 0, "ШТРИХ-М-02Ф")


def test_extended_query_of_a_real_device() -> None:
    raw = "F7 00 0800C0F73F280200 00 00 01 0C 0A 00 00 00000000 1E000000 00 06 AF05 28 000000 0D0E100A1D11"
    reply = reply_to(c.ExtendedQuery(), raw)
    assert isinstance(reply, c.ExtendedQueryReply)
    assert (reply.system_password, reply.longest_command, reply.line_bytes) == (30, 1455, 40)
    assert reply.parameters >> 28 & 1, "this model speaks link v2"


def test_a_marking_check_as_a_real_register_answered_it() -> None:
    """A short code; the storage checks none of that type, the server says 05h of it. It took 537 ms."""
    code = bytes(range(0x30, 0x4D))
    sent = frame.encode(c.CheckMarking(30, 1, 0, (code, b"")).encode())
    assert sent[:12] == bytes.fromhex("02 27 FF 61 1E 00 00 00 01 00 1D 00")
    assert c.decode_command(sent[2:-1]) == c.CheckMarking(30, 1, 0, (code, b""))
    raw = "FF 61 00 00 01 01 14 00 05 42 08 04 00 80 07 15 61 39 08 01 00 00 D5 07 01 00 05"
    assert payload_of(f"02 1B {raw} CF") == bytes.fromhex(raw)
    reply = reply_to(c.CheckMarking(30, 1, 0, (code, b"")), raw)
    assert isinstance(reply, c.CheckMarkingReply)
    assert (reply.local_status, reply.local_reason, reply.code_type) == (0, 1, 1)
    assert (reply.storage_code, reply.result) == (0, 5)
    assert [(entry.tag, entry.value) for entry in ffd.decode(reply.tags)] == [
        (2114, datetime(2021, 8, 12, 11, 35, 28)),
        (2105, 0),
        (2005, 5),
    ]


def test_an_unsupported_marking_command() -> None:
    """As a ШТРИХ-М of older firmware answered FF67 on link v2."""
    reply = c.BindMarking(30, b"").decode_reply(bytes.fromhex("FF 67 37"))
    assert reply == c.ErrorReply(0xFF67, 0x37)


def test_a_correction_of_ffd_1_05_begins_like_the_real_one() -> None:
    made = c.MakeCorrection(30, 0, 2, 2_615_000, (0, 2_615_000, 0, 0, 0), (0,) * 6, 1)
    sent = frame.encode(made.encode())
    assert sent[:20] == bytes.fromhex("02 45 FF 4A 1E 00 00 00 00 02 D8 E6 27 00 00 00 00 00 00 00")
    assert sent[20:25] == bytes.fromhex("D8 E6 27 00 00")
    assert len(made.encode()) == 69
