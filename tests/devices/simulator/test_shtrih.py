"""The line of a simulated register, by literal bytes: ENQ, acknowledgements, lost and damaged frames, faults."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import frame
from posapp.devices.simulator import faults
from posapp.devices.simulator.faults import BadFault, Faults
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.shtrih import Pause, Reply, ShtrihLine
from tests.devices.simulator.benches import BORN, item, pay

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
STATUS = bytes.fromhex("02 05 10 1E 00 00 00 0B")


class Wire:
    """The host's end of the line."""

    def __init__(self, strict_enq: bool = False) -> None:
        self.faults = Faults()
        self.commits: list[int] = []
        printer = Printer(identity_of(10_012_345), BORN)
        self.line = ShtrihLine(
            printer, self.faults, lambda: self.commits.append(printer.storage.last_number), strict_enq
        )
        self.now: datetime = BORN + timedelta(minutes=1)
        self.pauses: list[float] = []

    def send(self, data: bytes) -> bytes:
        out = b""
        for step in self.line.receive(data, self.now):
            match step:
                case Reply(data=sent):
                    out += sent
                case Pause(seconds=seconds):
                    self.pauses.append(seconds)
        return out

    def ask(self, command: c.AnyCommand) -> bytes:
        """The answer's frame of one whole exchange."""
        assert self.send(ENQ) == NAK
        answer = self.send(frame.encode(command.encode()))
        assert answer[:1] == ACK
        assert self.send(ACK) == b""
        return answer[1:]

    def set(self, **fault: Any) -> None:
        self.faults.replace(faults.parse([fault]))

    def open_receipt(self) -> None:
        for command in (c.OpenShift(30), c.OpenReceipt(30, 0), item()):
            assert error_of(self.ask(command), command) == 0

    @property
    def documents(self) -> int:
        return self.line.printer.storage.last_number


def error_of(raw: bytes, command: c.AnyCommand) -> int:
    reply = command.decode_reply(raw[2:-1])
    return reply.error if isinstance(reply, c.ErrorReply) else 0


@pytest.fixture
def wire() -> Wire:
    return Wire()


CLOSE = pay(cash=10_000)
CLOSE_FRAME = frame.encode(CLOSE.encode())


def test_a_whole_exchange_by_bytes(wire: Wire) -> None:
    assert wire.send(ENQ) == NAK
    answer = wire.send(STATUS)
    assert answer[0:1] == ACK
    assert answer[1:7] == bytes.fromhex("02 10 10 00 1E 92")
    assert len(answer) == 1 + 16 + 3
    assert wire.send(ACK) == b""
    assert wire.send(ENQ) == NAK


def test_an_answer_that_nobody_acknowledged_is_repeated_on_enq(wire: Wire) -> None:
    answer = wire.send(STATUS)
    assert wire.send(NAK) == b"", "a NAK alone does nothing"
    assert wire.send(ENQ) == answer
    assert wire.send(ENQ) == answer
    wire.send(ACK)
    assert wire.send(ENQ) == NAK


def test_a_power_cut_forgets_the_answer(wire: Wire) -> None:
    wire.send(STATUS)
    wire.line.power_off()
    assert wire.send(ENQ) == b""
    assert wire.send(STATUS) == b""
    wire.line.power_on()
    assert wire.send(ENQ) == NAK


def test_frames_without_enq_are_taken(wire: Wire) -> None:
    first = wire.send(STATUS)
    assert wire.send(ACK + STATUS) == first
    assert wire.send(STATUS) == first, "a new frame is as good as an acknowledgement"


def test_a_strict_register_wants_enq() -> None:
    wire = Wire(strict_enq=True)
    assert wire.send(STATUS) == NAK
    wire.send(ENQ)
    assert wire.send(STATUS)[:1] == ACK
    wire.send(ACK)
    assert wire.send(STATUS) == NAK


def test_frame_and_enq_at_once_give_one_answer(wire: Wire) -> None:
    answer = wire.send(STATUS + ENQ)
    assert answer == wire.send(ENQ)


def test_damage_is_refused_and_nothing_executed(wire: Wire) -> None:
    wire.open_receipt()
    damaged = CLOSE_FRAME[:-1] + bytes((CLOSE_FRAME[-1] ^ 1,))
    before = wire.documents
    assert wire.send(damaged) == NAK
    assert wire.documents == before
    assert wire.send(b"\x02\x00\x00") == NAK


def test_stray_bytes_are_skipped(wire: Wire) -> None:
    assert wire.send(b"\xff\xff\x00" + ENQ) == NAK
    assert wire.send(b"\xff\x00\x8f" + ENQ) == NAK  # link v1 is chosen, 8F is noise
    assert wire.send(b"\xff" + STATUS)[:1] == ACK


def test_enq_while_an_answer_is_being_prepared(wire: Wire) -> None:
    wire.set(command="10", do="delay", value=1)
    assert wire.send(ENQ) == NAK
    steps = wire.line.receive(STATUS, wire.now)
    assert [next(steps), next(steps)] == [Reply(ACK), Pause(1.0)]
    assert wire.line.while_busy(b"\xff" + ENQ) == ACK
    (answer,) = steps  # once
    assert isinstance(answer, Reply)
    assert wire.send(ENQ) == ACK + answer.data


@pytest.mark.parametrize("portion", [1, 2, 3, 7])
def test_portions_do_not_matter(wire: Wire, portion: int) -> None:
    out = b"".join(wire.send(STATUS[at : at + portion]) for at in range(0, len(STATUS), portion))
    assert out[:2] == ACK + b"\x02"


def test_half_a_frame_is_forgotten_in_silence(wire: Wire) -> None:
    wire.send(STATUS[:4])
    wire.line.forget_half_frame()
    assert wire.send(ENQ) == NAK


@pytest.mark.parametrize(
    "raw, answer", [("FF 60 1E 00 00 00", "FF 60 37"), ("FE F4 00 00 00 00", "FE 37"), ("AD", "AD 37")]
)
def test_unknown_opcodes(wire: Wire, raw: str, answer: str) -> None:
    assert wire.send(frame.encode(bytes.fromhex(raw))) == ACK + frame.encode(bytes.fromhex(answer))


@pytest.mark.parametrize("raw, answer", [("10 1E", "10 7E"), ("FF 45 1E 00 00 00", "FF 45 7E"), ("FF", "FF 7E")])
def test_a_wrong_length_is_an_error(wire: Wire, raw: str, answer: str) -> None:
    assert wire.send(frame.encode(bytes.fromhex(raw))) == ACK + frame.encode(bytes.fromhex(answer))


def test_the_document_is_durable_before_the_answer_goes_out(wire: Wire) -> None:
    wire.open_receipt()
    wire.send(ENQ)
    steps = wire.line.receive(CLOSE_FRAME, wire.now)
    assert next(steps) == Reply(ACK)
    before = wire.documents
    answer = next(steps)
    assert isinstance(answer, Reply)
    assert wire.commits[-1] == before + 1


# --- faults


def test_a_dropped_command_never_arrived(wire: Wire) -> None:
    wire.open_receipt()
    before = wire.documents
    wire.set(command="FF45", do="drop_command")
    assert wire.send(ENQ + CLOSE_FRAME) == NAK
    assert wire.documents == before
    assert wire.send(ENQ) == NAK
    assert error_of(wire.send(CLOSE_FRAME)[1:], CLOSE) == 0


def test_a_dropped_reply_is_kept_for_the_next_enq(wire: Wire) -> None:
    wire.open_receipt()
    before = wire.documents
    wire.set(command="FF45", do="drop_reply", when="after_commit")
    assert wire.send(CLOSE_FRAME) == ACK
    assert wire.documents == before + 1
    late = wire.send(ENQ)
    assert error_of(late[1:], CLOSE) == 0
    reply = CLOSE.decode_reply(late[3:-1])
    assert isinstance(reply, c.CloseReceiptReply)
    assert reply.document_number == before + 1


@pytest.mark.parametrize("when, made", [("before", 0), ("after_commit", 1)])
def test_power_that_goes_in_the_closing_command(wire: Wire, when: str, made: int) -> None:
    wire.open_receipt()
    before = wire.documents
    wire.set(command="FF45", do="power_off", when=when)
    assert wire.send(CLOSE_FRAME) == ACK
    assert wire.send(ENQ) == b""
    assert wire.documents == before + made
    wire.line.power_on()
    assert wire.send(ENQ) == NAK
    mode = c.ShortStatus(30).decode_reply(wire.ask(c.ShortStatus(30))[2:-1])
    assert isinstance(mode, c.ShortStatusReply)
    assert mode.mode == (2 if made else 8)


@pytest.mark.parametrize("when, made", [("before", 0), ("after_commit", 1)])
def test_an_error_answer_proves_nothing(wire: Wire, when: str, made: int) -> None:
    wire.open_receipt()
    before = wire.documents
    wire.set(command="ff45", do="error", when=when, value=0x2F)
    assert error_of(wire.ask(CLOSE), CLOSE) == 0x2F
    assert wire.documents == before + made


def test_a_flipped_bit_and_the_repetition(wire: Wire) -> None:
    whole = wire.send(STATUS)
    wire.send(ACK)
    wire.set(command="10", do="flip", value=5)
    damaged = wire.send(STATUS)
    assert damaged != whole
    assert len(damaged) == len(whole)
    assert wire.send(NAK + ENQ) == whole


@pytest.mark.parametrize("do, answer", [("flip", NAK), ("truncate", b"")])
def test_a_command_that_is_spoilt_on_its_way(wire: Wire, do: str, answer: bytes) -> None:
    wire.open_receipt()
    before = wire.documents
    wire.set(command="FF45", do=do, when="before")
    assert wire.send(CLOSE_FRAME) == answer
    assert wire.documents == before
    assert wire.send(ENQ) == NAK


def test_a_truncated_reply(wire: Wire) -> None:
    wire.set(command="10", do="truncate", value=4)
    assert len(wire.send(STATUS)) == 1 + 4


def test_a_delay(wire: Wire) -> None:
    wire.set(command="10", do="delay", value=2.5, when="before")
    assert len(wire.send(STATUS)) == 20
    assert wire.pauses == [2.5]


def test_paper_that_ends(wire: Wire) -> None:
    wire.open_receipt()
    wire.set(command="FF45", do="paper_out", when="before")
    assert error_of(wire.ask(CLOSE), CLOSE) == 0x6B
    wire.line.printer.set_paper("ok", wire.now)
    wire.set(command="FF45", do="paper_out", when="after_commit")
    assert error_of(wire.ask(CLOSE), CLOSE) == 0
    assert wire.line.printer.submode(wire.now) == 2


def test_the_third_of_two_and_for_ever(wire: Wire) -> None:
    wire.set(command="10", do="error", value=0x74, nth=2, times=2)
    status = c.ShortStatus(30)
    assert [error_of(wire.ask(status), status) for _ in range(5)] == [0, 0x74, 0x74, 0, 0]
    wire.set(command="*", do="error", value=0x74, times=0)
    assert [error_of(wire.ask(status), status) for _ in range(3)] == [0x74] * 3


@pytest.mark.parametrize(
    "given, says",
    [
        ({}, "list"),
        ([1], "object"),
        ([{"command": "FF45"}], "do is"),
        ([{"command": "close", "do": "error"}], "opcode"),
        ([{"command": "FF45", "do": "explode"}], "do is"),
        ([{"command": "FF45", "do": "error", "when": "later"}], "when"),
        ([{"command": "FF45", "do": "error", "nth": 0}], "nth"),
        ([{"command": "FF45", "do": "error", "times": -1}], "times"),
        ([{"command": "FF45", "do": "error", "value": "x"}], "value"),
        ([{"command": "FF45", "do": "error", "often": 3}], "often"),
    ],
)
def test_faults_that_make_no_sense(given: object, says: str) -> None:
    with pytest.raises(BadFault, match=says):
        faults.parse(given)
