"""Link version 2 of a simulated register, by literal bytes: numbers, repeats, stuffing, what chooses the link."""

from datetime import timedelta
from typing import Any

import pytest

from posapp.devices.shtrih import frame_v2
from posapp.devices.shtrih.frame_v2 import FrameBuffer, Numbered, Sync, crc16
from posapp.devices.simulator import faults
from posapp.devices.simulator.faults import Faults
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.shtrih import Pause, Reply, ShtrihLine
from tests.devices.simulator.benches import BORN

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
SYNC = bytes.fromhex("8F 00 00 0F 1D")
NOTHING_YET = bytes.fromhex("8F 02 00 00 00 A8 69")
STATUS_1 = bytes.fromhex("8F 07 00 01 00 10 1E 00 00 00 1F AC")
STATUS_V1 = bytes.fromhex("02 05 10 1E 00 00 00 0B")
STATUS_ANSWER = bytes.fromhex("10 00 1E 92 02 04 00 00 9D 2E 00 00 00 00 00 00")
SET_EXCHANGE = bytes.fromhex("14 1E000000 00 06 64")
OPEN_SHIFT = bytes.fromhex("E0 1E000000")


class Wire:
    """The host's end of the line."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.line = ShtrihLine(Printer(identity_of(10_012_345), BORN), self.faults)

    def send(self, data: bytes) -> bytes:
        steps = self.line.receive(data, BORN + timedelta(minutes=1))
        return b"".join(step.data for step in steps if isinstance(step, Reply))

    def ask(self, number: int, payload: bytes) -> bytes:
        """The answer's payload."""
        buffer = FrameBuffer()
        buffer.feed(self.send(frame_v2.encode(Numbered(number, payload))))
        answer = buffer.next()
        assert isinstance(answer, Numbered)
        assert answer.number == number
        return answer.payload

    def set(self, **fault: Any) -> None:
        self.faults.replace(faults.parse([fault]))

    @property
    def documents(self) -> int:
        return self.line.printer.storage.last_number


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.mark.parametrize(
    "raw, piece",
    [
        ("8F 00 00 0F 1D", Sync()),
        ("8F 02 00 00 00 A8 69", Numbered(0, b"")),
        ("8F 07 00 01 00 10 1E 00 00 00 1F AC", Numbered(1, bytes.fromhex("10 1E000000"))),
        ("8F 07 00 9F 81 00 10 1E 00 00 00 6E 35", Numbered(0x8F, bytes.fromhex("10 1E000000"))),
        ("8F 04 00 09 00 F7 01 B1 61", Numbered(9, bytes.fromhex("F7 01"))),
        ("8F 08 00 11 00 2D 1E 00 00 00 02 EE 41", Numbered(17, bytes.fromhex("2D 1E000000 02"))),
        (
            "8F 0D 00 DC 00 FF 3B 00 10 04 04 00 1E 01 00 00 F1 30",
            Numbered(220, bytes.fromhex("FF 3B 00 1004 0400 1E010000")),
        ),
        ("8F 05 00 18 00 FF 67 37 74 95", Numbered(24, bytes.fromhex("FF 67 37"))),
    ],
)
def test_frames_of_real_devices(raw: str, piece: frame_v2.Piece) -> None:
    data = bytes.fromhex(raw)
    assert frame_v2.encode(piece) == data
    buffer = FrameBuffer()
    for byte in b"\x00\x05" + data:  # noise first, then byte by byte
        assert buffer.next() is None
        buffer.feed(bytes((byte,)))
    assert buffer.next() == piece
    assert not buffer.mid_frame


def test_9f_is_stuffed_in_the_check_sum_too() -> None:
    stuffed = [n for n in range(65536) if 0x9F in crc16(bytes((2, 0)) + n.to_bytes(2, "little")).to_bytes(2, "little")]
    raw = frame_v2.encode(Numbered(stuffed[0], b""))
    assert raw.count(b"\x9f\x83") == 1
    buffer = FrameBuffer()
    buffer.feed(raw)
    assert buffer.next() == Numbered(stuffed[0], b"")


@pytest.mark.parametrize(
    "bad",
    ["8F 07 00 01 00 10 1E 00 00 00 1F AD", "8F 01 00 05 AA BB", "8F 07 00 01 9F 00 00 10 1E 00 00 00 1F AC", "8F 07"],
)
def test_what_is_not_sound_gets_no_answer_and_does_no_harm(wire: Wire, bad: str) -> None:
    assert wire.send(SYNC) == NOTHING_YET
    assert wire.send(bytes.fromhex(bad)) == b""
    wire.line.forget_half_frame()
    assert wire.send(SYNC) == NOTHING_YET


def test_the_first_command_has_number_one(wire: Wire) -> None:
    assert wire.send(STATUS_1) == frame_v2.encode(Numbered(1, STATUS_ANSWER))
    assert wire.ask(2, b"\xfc")[:8] == bytes.fromhex("FC 00 00 00 01 0E FA 00")


def test_the_model_says_that_it_speaks_v2(wire: Wire) -> None:
    answer = wire.ask(1, b"\xf7\x01")
    assert int.from_bytes(answer[2:10], "little") >> 28 & 1 == 1


def test_a_repeated_number_is_answered_again_and_not_executed_again(wire: Wire) -> None:
    made = wire.documents
    frame = frame_v2.encode(Numbered(1, OPEN_SHIFT))
    first = wire.send(frame)
    assert first == frame_v2.encode(Numbered(1, bytes.fromhex("E0 00 1E")))
    assert wire.send(frame) == first
    assert wire.send(SYNC) == first
    assert wire.documents == made + 1


@pytest.mark.parametrize("number", [0, 2, 65535])
def test_another_number_gets_the_last_answer(wire: Wire, number: int) -> None:
    assert wire.send(frame_v2.encode(Numbered(number, OPEN_SHIFT))) == NOTHING_YET
    assert wire.documents == 1


def test_a_lost_answer_is_fetched_by_the_same_number(wire: Wire) -> None:
    wire.set(command="E0", when="after_commit", do="drop_reply")
    frame = frame_v2.encode(Numbered(1, OPEN_SHIFT))
    assert wire.send(frame) == b""
    assert wire.send(frame) == frame_v2.encode(Numbered(1, bytes.fromhex("E0 00 1E")))
    assert wire.documents == 2


def test_a_lost_command_may_come_again(wire: Wire) -> None:
    wire.set(command="E0", when="before", do="drop_command")
    frame = frame_v2.encode(Numbered(1, OPEN_SHIFT))
    assert wire.send(frame) == b""
    assert wire.documents == 1
    assert wire.send(frame) != b""
    assert wire.documents == 2


def test_a_power_cut_forgets_number_and_answer(wire: Wire) -> None:
    wire.ask(1, OPEN_SHIFT)
    wire.line.power_off()
    assert wire.send(SYNC) == b""
    wire.line.power_on()
    assert wire.send(SYNC) == NOTHING_YET


def test_the_first_byte_chooses_the_link_until_power_or_14h(wire: Wire) -> None:
    assert wire.send(SYNC) == NOTHING_YET
    assert wire.send(ENQ) == b""
    assert wire.send(ENQ + STATUS_V1) == b""
    assert wire.ask(1, SET_EXCHANGE) == b"\x14\x00"
    assert wire.send(ENQ) == NAK
    assert wire.send(STATUS_V1)[:3] == bytes.fromhex("06 02 10")
    assert wire.send(ACK) == b""
    assert wire.send(SYNC) == b""
    wire.line.power_off()
    wire.line.power_on()
    assert wire.send(SYNC) == NOTHING_YET


def test_14h_in_v1_is_acknowledged_before_another_link_is_chosen(wire: Wire) -> None:
    assert wire.send(ENQ) == NAK
    assert wire.send(bytes.fromhex("02 08 14 1E000000 00 06 64 60")) == bytes.fromhex("06 02 02 14 00 16")
    assert wire.send(ACK + SYNC) == NOTHING_YET


def test_noise_does_not_choose_v2(wire: Wire) -> None:
    assert wire.send(b"\x8f\x07") == b""
    wire.line.forget_half_frame()  # the byte timeout
    assert wire.send(ENQ) == NAK


def test_a_new_connection_chooses_its_own_link_and_finds_the_last_answer(wire: Wire) -> None:
    answer = wire.send(STATUS_1)
    wire.line.new_connection()
    assert wire.send(ENQ) == NAK
    wire.line.new_connection()
    assert wire.send(SYNC) == answer


def test_a_repeat_that_comes_while_busy_is_heard_afterwards(wire: Wire) -> None:
    wire.set(command="10", when="before", do="delay", value=1)
    steps = wire.line.receive(STATUS_1, BORN + timedelta(minutes=1))
    assert next(steps) == Pause(1.0)
    assert wire.line.while_busy(STATUS_1) == b""
    answer = Reply(frame_v2.encode(Numbered(1, STATUS_ANSWER)))
    assert list(steps) == [answer, answer]
