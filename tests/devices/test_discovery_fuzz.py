"""Whatever answers, strangers hear questions only, and a damaged answer gives no other register's number."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.devices.asking import Introduced, Strange, Unclear
from posapp.devices.atol import frame as atol_frame
from posapp.devices.atol import probe as atol
from posapp.devices.atol import task_layer as layer
from posapp.devices.flow import Flow, drive
from posapp.devices.shtrih import frame, frame_v2
from posapp.devices.shtrih import probe as shtrih
from posapp.devices.simulator import faults
from posapp.devices.simulator.atol_wire import AtolLine
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.line import Reply
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.shtrih import ShtrihLine
from tests.devices.lines import NOW

NUMBER, OTHER_LINK = 87_500_001, bytes.fromhex("8F00000F1D")
SHTRIH_QUESTIONS = (b"\xfc", b"\x11", b"\xff\x02", b"\xff\x09")
ATOL_QUESTIONS = (b"\xa5", b"\x91\x16", b"\xa4\x31", b"\xe9")

Ask = Callable[[], Flow[Introduced | None]]
ASKED: list[Ask] = [
    lambda: shtrih.introduce(30, 0.1),
    lambda: atol.introduce(0, 0.1, is_alone=True),
    lambda: atol.introduce(0, 0.1, is_alone=False),
]


class Scripted:
    """A port that answers each write by a function; silence when there is nothing left."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._unread = b""
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self._unread += self._answer(data)

    def read(self, timeout_s: float) -> bytes | None:
        data, self._unread = self._unread[:7], self._unread[7:]
        return data or None

    def close(self) -> None:
        """Nothing to close."""


def asked(ask: Ask, answer: Callable[[bytes], bytes]) -> tuple[Introduced | None, list[bytes]]:
    port = Scripted(answer)
    try:
        return drive(ask(), port), port.written
    except (Strange, Unclear):
        return None, port.written


def is_harmless(data: bytes) -> bool:
    """A control byte, a greeting, or a question of one of the protocols."""
    if data in (bytes((frame.ENQ,)), bytes((frame.ACK,)), bytes((frame.NAK,)), OTHER_LINK):
        return True
    if data[0] == frame.STX:
        return data[2:].startswith(SHTRIH_QUESTIONS)
    if data[0] == frame_v2.START:
        numbered = frame_v2.FrameBuffer()
        numbered.feed(data)
        piece = numbered.next()
        return isinstance(piece, frame_v2.Numbered) and piece.payload.startswith(SHTRIH_QUESTIONS)
    packets = atol_frame.FrameBuffer()
    packets.feed(data)
    packet = packets.next()
    assert isinstance(packet, atol_frame.Packet)
    request = layer.decode_request(packet.data)
    if isinstance(request, layer.Add):
        return request.data[2:].startswith(ATOL_QUESTIONS)
    return isinstance(request, layer.Abort | layer.Ask | layer.Acknowledge)


@pytest.mark.parametrize("ask", ASKED, ids=["shtrih", "atol on a cable", "atol over tcp"])
@given(answers=st.lists(st.binary(max_size=24), max_size=12))
@settings(max_examples=300)
def test_a_stranger_hears_nothing_but_questions(ask: Ask, answers: list[bytes]) -> None:
    left = list(answers)
    found, written = asked(ask, lambda data: left.pop(0) if left else b"")
    assert found is None
    assert len(written) <= 40
    assert all(is_harmless(each) for each in written)


def lines() -> list[tuple[Ask, Callable[[], ShtrihLine | AtolLine]]]:
    def of(made: type[ShtrihLine] | type[AtolLine]) -> Callable[[], ShtrihLine | AtolLine]:
        return lambda: made(Printer(identity_of(NUMBER), NOW), faults.Faults([]))

    return [(ASKED[0], of(ShtrihLine)), (ASKED[1], of(AtolLine)), (ASKED[2], of(AtolLine))]


@pytest.mark.parametrize("ask, line", lines(), ids=["shtrih", "atol on a cable", "atol over tcp"])
@given(at=st.integers(0, 400), bit=st.integers(0, 7), drop=st.booleans())
@settings(max_examples=300)
def test_a_damaged_answer_gives_the_right_number_or_none(
    ask: Ask, line: Callable[[], ShtrihLine | AtolLine], at: int, bit: int, drop: bool
) -> None:
    there, count = line(), 0

    def answer(data: bytes) -> bytes:
        nonlocal count
        said = bytearray(b"".join(each.data for each in there.receive(data, NOW) if isinstance(each, Reply)))
        here, count = at - count, count + len(said)
        if 0 <= here < len(said):
            if drop:
                del said[here]
            else:
                said[here] ^= 1 << bit
        return bytes(said)

    found, written = asked(ask, answer)
    assert found is None or found.factory_number.lstrip("0") in ("", str(NUMBER))
    assert all(is_harmless(each) for each in written)


@pytest.mark.parametrize("ask, line", lines(), ids=["shtrih", "atol on a cable", "atol over tcp"])
def test_a_sound_line_gives_the_number(ask: Ask, line: Callable[[], ShtrihLine | AtolLine]) -> None:
    there = line()
    found, _ = asked(
        ask, lambda data: b"".join(each.data for each in there.receive(data, NOW) if isinstance(each, Reply))
    )
    assert found is not None
    assert found.factory_number.lstrip("0") == str(NUMBER)
