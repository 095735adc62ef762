"""Bytes that АТОЛ's own driver sent and took hold our codec to the outside world.

Sources: packets of a register and of the vendor's driver library 10.8 recorded on the wire; the answers to commands are
those from which that driver read the values told here.
"""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.devices.atol import commands as c
from posapp.devices.atol import frame
from posapp.devices.atol import task_layer as layer
from posapp.devices.atol.layout import decode_text, encode_text

PROBE = bytes.fromhex("24 40 0D 00 20 01 F7 40 74 65 73 74 65")
"""What the vendor's driver says first over TCP."""

PACKETS = [
    ("FE 01 00 00 C4 02", 0x00, layer.Abort()),
    ("FE 01 00 06 C4 58", 0x06, layer.Abort()),
    ("FE 02 00 01 C2 00 7E", 0x01, layer.Acknowledge(0)),
    ("FE 02 00 08 C3 02 FC", 0x08, layer.Ask(2)),
    ("FE 02 00 09 C3 02 BA", 0x09, layer.Ask(2)),
    ("FE 02 00 0A C3 02 70", 0x0A, layer.Ask(2)),
    ("FE 06 00 00 C1 01 00 00 00 A5 77", 0x00, layer.Add(1, 0, c.DeviceInfo().encode())),
    ("FE 06 00 07 C1 01 02 00 00 A5 8D", 0x07, layer.Add(1, 2, c.DeviceInfo().encode())),
    (
        "FE 0B 00 13 C1 01 08 00 00 A4 45 FD ED FD ED 00 00 71",
        0x13,
        layer.Add(1, 8, c.RequestDocument(0xFDFD).encode()),
    ),
]


def pieces(data: bytes) -> list[frame.Piece]:
    buffer = frame.FrameBuffer()
    buffer.feed(data)
    return list(buffer)


@pytest.mark.parametrize("raw, number, request_", PACKETS)
def test_what_the_host_says(raw: str, number: int, request_: layer.Request) -> None:
    (packet,) = pieces(PROBE + bytes.fromhex(raw))
    assert isinstance(packet, frame.Packet)
    assert packet.number == number
    assert layer.decode_request(packet.data) == request_
    assert frame.encode(number, request_.encode()) == bytes.fromhex(raw)


def test_a_result_that_comes_unasked() -> None:
    (packet,) = pieces(bytes.fromhex("FE 05 00 F0 A6 15 55 00 00 19"))
    assert isinstance(packet, frame.Packet)
    assert packet.number == frame.UNASKED
    told = layer.decode_response(packet.data)
    assert told == layer.TidTold(layer.Result.ASYNC_RESULT, 0x15, bytes.fromhex("55 00 00"))
    assert isinstance(c.CloseShift().decode_reply(bytes.fromhex("55 00 00")), c.Done)


COMMANDS: list[tuple[str, c.AnyCommand]] = [
    ("3F", c.Status()),
    ("45", c.StateCode()),
    ("48", c.LeaveMode()),
    ("56 02 00 00 00 30", c.EnterMode(2)),
    ("46 13 00 01 04", c.ReadTable(19, 1, 4)),
    ("ED 20 11 26 12 34 56", c.SetClock(datetime(2026, 11, 20, 12, 34, 56))),
    ("4C AF E0 A8 A2 A5 E2", c.PrintLine("привет")),
    ("9A 00", c.OpenShift()),
    ("5A", c.CloseShift()),
    ("67 01", c.Report(c.X_REPORT)),
    ("67 09", c.Report(c.EXCHANGE_REPORT)),
    ("49 00 00 00 00 10 00", c.CashIn(0, 1000)),
    ("4F 00 00 00 00 05 00", c.CashOut(0, 500)),
    ("92 04 01", c.OpenReceipt(c.ELECTRONIC, c.SELL)),
    ("92 00 07", c.OpenReceipt(0, c.SELL_CORRECTION)),
    ("E8 01 01 00 F0 03 06 00 61 40 62 2E 72 75", c.WriteAttribute(1, 1, 0, b"\xf0\x03\x06\x00a@b.ru")),
    ("E9 0D 04 00", c.ReadAttribute(1037, 0)),
    ("EA 00 01 00", c.BeginItem()),
    (
        "EB 0A 00000000005999 0000002000 00000000011998 01 00000000000000 00 01 04 00 00000000000000 0000 8CAEABAEAAAE",
        c.EndItem(10, 5999, 2000, 11998, 1, 0, 0, 1, 4, 0, 0, 0, "Молоко"),
    ),
    ("43 00 00 01 00 00 00 00 00 98", c.Discount(0, 0, 1, 0, 98)),
    ("99 00 01 00 00 00 60 00", c.Payment(0, c.CASH, 6000)),
    ("4A 00 01 00 00 00 00 00", c.CloseReceipt(0, c.CASH, 0)),
    ("59", c.CancelReceipt()),
    ("91 12 00 01", c.ShiftState(0, 1)),
    ("91 3D 06 00", c.ReceiptTax(6)),
    ("A4 30", c.StorageStatus()),
    ("A4 40 65 00 00 00", c.FindDocument(101)),
]


@pytest.mark.parametrize("raw, command", COMMANDS)
def test_what_a_task_carries(raw: str, command: c.AnyCommand) -> None:
    data = bytes(2) + bytes.fromhex(raw)
    assert command.encode() == data
    assert c.decode_command(data) == command
    assert c.password_of(data) == 0


AT = datetime(2026, 11, 20, 12, 34)
ANSWERS: list[tuple[c.AnyCommand, str, c.Reply]] = [
    (
        c.DeviceInfo(),
        "00 01 01 4C 10 00 03 00 00 21 95 8A A0 A7 AD A0 E7 A5 A9 20 94 80",  # of a real register
        c.DeviceInfoReply(1, 1, 0x4C, 0x1000, 3, 0, 0, 2195, "Казначей ФА"),
    ),
    (
        c.Status(),
        "44 01 01 26 11 20 12 34 00 CD 12 34 56 78 3D 33 30 01 00 01 00 05 00 00 00 00 00 00 02 06",
        c.StatusReply(1, 1, AT, 0xCD, 12345678, 61, b"30", 1, 1, 5, 0, 0, 2, 6),
    ),
    (c.StateCode(), "55 01 00", c.StateCodeReply(1, 0)),
    (c.Payment(0, 1, 6000), "55 00 00 00 00 00 00 00 00 00 00 01", c.PaymentReply(0, 1)),
    (c.Drawer(), "55 00 00 00 00 00 12 34 56", c.DrawerReply(123456)),
    (c.ShiftState(), "55 00 01 20 11 26 12 34 00", c.ShiftStateReply(1, AT)),
    (
        c.LastDocument(),
        "55 00 00 00 00 01 01 01 00 00 00 00 00 59 99 20 11 26 12 34 37 35 92 85 59 00 00 00",
        c.LastDocumentReply(101, 1, 5999, AT, 3735928559, bytes(3)),
    ),
    (
        c.StorageStatus(),
        "55 00 03 00 00 01 00 1A 0B 14 0C 22 39 39 39 39 30 37 38 39 30 30 30 31 32 33 34 35 65 00 00 00",
        c.StorageStatusReply(3, 0, 0, 1, 0, AT, "9999078900012345", 101),
    ),
    (
        c.FindDocument(101),
        "55 00 03 00 1A 0B 14 0C 22 65 00 00 00 EF BE AD DE 01 6F 17 00 00 00",
        c.FindDocumentReply(3, 0, AT, 101, 3735928559, bytes.fromhex("01 6F 17 00 00 00")),
    ),
    (c.OfdStatus(), "55 00 01 00 03 00 63 00 00 00 1A 0B 14 0C 22", c.OfdStatusReply(1, 0, 3, 99, AT)),
    (c.RequestDocument(101), "55 00 03 00 0E 00", c.RequestDocumentReply(3, 14)),
    (c.StorageExpiry(), "55 00 1D 0B 14 0C 01", c.StorageExpiryReply(date(2029, 11, 20), b"\x0c\x01")),
]


@pytest.mark.parametrize("command, raw, reply", ANSWERS)
def test_what_is_answered(command: c.AnyCommand, raw: str, reply: c.Reply) -> None:
    assert command.decode_reply(bytes.fromhex(raw)) == reply
    assert reply.encode() == bytes.fromhex(raw), "the register must send the same bytes"


def test_a_receipt_that_was_found_tells_kind_and_total() -> None:
    reply = c.FindDocument(101).decode_reply(bytes.fromhex(ANSWERS[8][1]))
    assert isinstance(reply, c.FindDocumentReply)
    assert (reply.kind, reply.total_kopecks) == (1, 5999)


@pytest.mark.parametrize("command", [c.CloseReceipt(), c.Status(), c.DeviceInfo()])
@pytest.mark.parametrize("raw", ["55 9A", "55 9A 00"])
def test_a_no_is_no_answer(command: c.AnyCommand, raw: str) -> None:
    assert command.decode_reply(bytes.fromhex(raw)) == c.ErrorReply(0x9A)


@pytest.mark.parametrize("raw", ["", "55", "00", "55 00 00 00", "55 9A 01", "55 9A 00 00", "54 00", "44 00 00"])
def test_an_answer_of_another_shape_says_nothing_of_a_closing(raw: str) -> None:
    with pytest.raises(c.Malformed):
        c.CloseReceipt().decode_reply(bytes.fromhex(raw))


def test_letters_that_are_not_where_cp866_has_them() -> None:
    raw = bytes.fromhex("8C AE AB AE AA AE 20 24 31 20 FC 35 20 FF 20 E5")
    assert encode_text("Молоко №1 $5 ■ х") == raw
    assert decode_text(raw) == "Молоко №1 $5 ■ х"


def test_a_command_that_nobody_knows_keeps_its_bytes() -> None:
    data = bytes.fromhex("00 00 EF 09 0A 08 00 00 00 72 00")
    command = c.decode_command(data)
    assert isinstance(command, c.UnknownCommand)
    assert (command.code, command.encode()) == (0xEF, data)


def test_two_bytes_say_which_register() -> None:
    command = c.decode_command(bytes.fromhex("00 00 91 99 00 00"))
    assert isinstance(command, c.UnknownCommand)
    assert command.code == 0x9199


def test_of_two_packets_in_a_heap_of_noise_both_are_found() -> None:
    first, second = frame.encode(1, b"\xfe\xfd\x00"), frame.encode(2, b"\xc4")
    cut = frame.encode(3, b"\xc1\x01\x00\x00\x00\x4a")[:6]
    assert pieces(b"\x05\x02" + first + b"\x00" + cut + second) == [
        frame.Packet(1, b"\xfe\xfd\x00"),
        frame.Damaged(cut),
        frame.Packet(2, b"\xc4"),
    ]


@given(number=st.integers(0, frame.ID_LAST), data=st.binary(min_size=1, max_size=300), cuts=st.integers(1, 7))
def test_any_data_comes_through_in_any_portions(number: int, data: bytes, cuts: int) -> None:
    raw = frame.encode(number, data)
    assert b"\xfe" not in raw[1:]
    buffer = frame.FrameBuffer()
    found = []
    for at in range(0, len(raw), cuts):
        buffer.feed(raw[at : at + cuts])
        found += list(buffer)
    assert found == [frame.Packet(number, data)]
    assert not buffer.mid_frame


@given(data=st.binary(min_size=1, max_size=40), at=st.integers(0, 400), bit=st.integers(0, 7))
def test_one_wrong_bit_is_never_taken_for_the_packet(data: bytes, at: int, bit: int) -> None:
    raw = bytearray(frame.encode(5, data))
    raw[at % len(raw)] ^= 1 << bit
    assert all(not isinstance(each, frame.Packet) or each.data != data for each in pieces(bytes(raw) + b"\0" * 300))


@given(data=st.binary(max_size=60))
def test_whatever_comes_is_a_message_or_malformed(data: bytes) -> None:
    for decode in (layer.decode_request, layer.decode_response):
        try:
            message = decode(data)
        except c.Malformed:
            continue
        assert message.encode() == data
    try:
        command = c.decode_command(data)
        assert c.decode_command(command.encode(c.password_of(data))) == command
    except c.Malformed:
        pass
    for each in c.Command.REGISTERED.values():
        try:
            answer = each.REPLY.unpack_fields(data)
        except c.Malformed:
            continue
        assert isinstance(answer.encode(), bytes)
