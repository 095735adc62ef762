"""The v1 dialogue: every row is what the device says at each turn, and what must come of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import pytest

from posapp.devices.flow import PortError, drive
from posapp.devices.shtrih.frame import ACK, ENQ, NAK, encode
from posapp.devices.shtrih.link import SILENT_MAX, TRIES, Link, Lost, NotSent

COMMAND = bytes.fromhex("101e000000")
ANSWER = bytes.fromhex("1000 1e9202040000 9d2ec8010000000000".replace(" ", ""))
FRAME, ANSWER_FRAME = encode(COMMAND), encode(ANSWER)
enq, ack, nak = bytes((ENQ,)), bytes((ACK,)), bytes((NAK,))
DAMAGED = ANSWER_FRAME[:-1] + bytes((ANSWER_FRAME[-1] ^ 0x40,))
BROKEN = object()  # the port fails at this turn


class Script:
    """A port that answers each write with the next turn; `None` is silence."""

    def __init__(self, turns: Sequence[object]) -> None:
        self.turns = deque(turns)
        self.sent: list[bytes] = []
        self._waiting: deque[bytes] = deque()

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        if data == ack:  # our acknowledgement ends an exchange: the device says nothing to it
            return
        turn = self.turns.popleft() if self.turns else None
        if turn is BROKEN:
            raise PortError("gone")
        if isinstance(turn, bytes):
            self._waiting.append(turn)

    def read(self, timeout_s: float) -> bytes | None:
        assert timeout_s > 0
        return self._waiting.popleft() if self._waiting else None

    def close(self) -> None: ...


def exchange(turns: Sequence[object], *, repeats: bool) -> tuple[bytes, Script, Link]:
    port, link = Script(turns), Link()
    return drive(link.exchange(COMMAND, 30.0, repeats=repeats), port), port, link


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param([nak, ack + ANSWER_FRAME], id="plain"),
        pytest.param([b"\xff" + nak, b"\xff\xff" + ack + b"\xff" + ANSWER_FRAME], id="stray FF bytes"),
        pytest.param([nak, ANSWER_FRAME], id="ACK lost, the answer came"),
        pytest.param([nak, ack + DAMAGED, None, ack + ANSWER_FRAME], id="damaged answer asked for again by ENQ"),
        pytest.param([nak, ack, ack + ANSWER_FRAME], id="answer lost, asked for again by ENQ"),
        pytest.param([nak, ack, ANSWER_FRAME], id="answer instead of the ACK to ENQ"),
        pytest.param([None, nak, nak, ack + ANSWER_FRAME], id="first ENQ lost"),
        pytest.param([None, nak + nak, nak, ack + ANSWER_FRAME], id="first ENQ answered late"),
    ],
)
@pytest.mark.parametrize("repeats", [True, False])
def test_an_answer_arrives_and_the_command_went_out_once(turns: list[bytes], repeats: bool) -> None:
    answer, port, _ = exchange(turns, repeats=repeats)
    assert answer == ANSWER
    assert port.sent.count(FRAME) == 1
    assert port.sent[-1] == ack


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param([nak, nak], id="frame found damaged"),
        pytest.param([nak, None], id="no acknowledgement"),
        pytest.param([nak, ack, nak], id="device idle again, answer gone"),
        pytest.param([nak, ack + DAMAGED, None, nak], id="damaged answer not repeated"),
        pytest.param([nak, ack], id="silent from the acknowledgement on"),
        pytest.param([nak, BROKEN], id="port broke while sending"),
        pytest.param([nak, ack, BROKEN], id="port broke while waiting"),
    ],
)
def test_a_doubtful_command_is_never_sent_a_second_time(turns: list[bytes]) -> None:
    port, link = Script(turns), Link()
    with pytest.raises(Lost):
        drive(link.exchange(COMMAND, 30.0, repeats=False), port)
    assert port.sent.count(FRAME) == 1


def test_a_device_that_answers_nothing_is_given_up_early_one_that_works_is_not() -> None:
    port, link = Script([nak, ack]), Link()
    with pytest.raises(Lost):
        drive(link.exchange(COMMAND, 90.0, repeats=False), port)
    assert port.sent.count(enq) == 1 + SILENT_MAX
    working = Script([nak, ack, *[ack] * (SILENT_MAX + 1), ack + ANSWER_FRAME])
    assert drive(Link().exchange(COMMAND, 90.0, repeats=False), working) == ANSWER


def test_a_question_is_asked_again() -> None:
    answer, port, _ = exchange([nak, nak, nak, ack + ANSWER_FRAME], repeats=True)
    assert answer == ANSWER
    assert port.sent.count(FRAME) == 2


def test_a_question_is_given_up_after_some_tries() -> None:
    port, link = Script([nak, nak] * 10), Link()
    with pytest.raises(Lost):
        drive(link.exchange(COMMAND, 30.0, repeats=True), port)
    assert port.sent.count(FRAME) == TRIES


@pytest.mark.parametrize("turns", [[None] * 5, [BROKEN], [b"\x00\x01"] * 5, [ack] * 40])
def test_not_a_byte_of_the_command_goes_to_a_device_that_is_not_idle(turns: list[bytes]) -> None:
    port, link = Script(turns), Link()
    with pytest.raises(NotSent):
        drive(link.exchange(COMMAND, 30.0, repeats=True), port)
    assert FRAME not in port.sent


def test_an_answer_left_by_another_program_is_drained_and_is_not_our_answer() -> None:
    other = bytes.fromhex("ff45000000000000dc450000b5bc4811")
    answer, port, link = exchange([ack + encode(other), nak, nak, ack + ANSWER_FRAME], repeats=False)
    assert answer == ANSWER
    assert link.drained == [other]
    assert port.sent.count(FRAME) == 1


def test_an_answer_that_was_about_to_come_when_we_came_does_not_put_us_out_of_step() -> None:
    """The device gives it by itself and again to our ENQ; each control byte would answer the one before for ever."""
    late = ack + encode(bytes.fromhex("ff45000000000000dc450000b5bc4811"))
    answer, port, _ = exchange([late + late, nak, nak, nak, ack + ANSWER_FRAME], repeats=False)
    assert answer == ANSWER
    assert port.sent.count(FRAME) == 1


def test_bytes_may_come_one_at_a_time() -> None:
    class Dripping(Script):
        def read(self, timeout_s: float) -> bytes | None:
            data = super().read(timeout_s)
            if data is None or len(data) == 1:
                return data
            self._waiting.extendleft(bytes((each,)) for each in reversed(data[1:]))
            return data[:1]

    port, link = Dripping([nak, ack + ANSWER_FRAME]), Link()
    assert drive(link.exchange(COMMAND, 30.0, repeats=False), port) == ANSWER
