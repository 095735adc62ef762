"""The v2 dialogue: what the device says at each turn, and what must come of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import pytest

from posapp.devices.flow import PortError, drive
from posapp.devices.shtrih.frame_v2 import Numbered, Sync, encode
from posapp.devices.shtrih.link import TRIES, Lost, NotSent
from posapp.devices.shtrih.link_v2 import LinkV2

COMMAND, ANSWER, OLD = bytes.fromhex("8d1e00000000"), bytes.fromhex("8d001e"), bytes.fromhex("10001e")
SYNC, NOTHING = encode(Sync()), encode(Numbered(0, b""))
BROKEN = object()  # the port fails at this turn


def said(number: int, payload: bytes = ANSWER) -> bytes:
    return encode(Numbered(number, payload))


class Script:
    """A port that answers each write with the next turn; `None` is silence."""

    def __init__(self, turns: Sequence[object], before: bytes = b"") -> None:
        self.turns = deque(turns)
        self.sent: list[bytes] = []
        self._waiting: deque[bytes] = deque([before] if before else [])

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        turn = self.turns.popleft() if self.turns else None
        if turn is BROKEN:
            raise PortError("gone")
        if isinstance(turn, bytes):
            self._waiting.append(turn)

    def read(self, timeout_s: float) -> bytes | None:
        assert timeout_s > 0
        return self._waiting.popleft() if self._waiting else None

    def close(self) -> None: ...

    @property
    def commands(self) -> list[bytes]:
        """What was sent besides "synchronise"."""
        return [each for each in self.sent if each != SYNC]


def exchange(port: Script, link: LinkV2, *, repeats: bool = False, changes: bool = True) -> bytes:
    return drive(link.exchange(COMMAND, 10.0, repeats=repeats, changes=changes), port)


@pytest.mark.parametrize(
    "turns, number",
    [
        pytest.param([said(7, OLD), said(8)], 8, id="plain"),
        pytest.param([NOTHING, said(1)], 1, id="the first command after power-on"),
        pytest.param([None, said(7, OLD), said(8)], 8, id="synchronised at the second try"),
        pytest.param([said(0xFFFF, OLD), said(0)], 0, id="numbers wrap"),
        pytest.param([said(7, OLD), None, said(8)], 8, id="no answer: the same frame, the same number"),
        pytest.param([said(7, OLD), said(7, OLD) + said(8)], 8, id="a late copy of an answer that we have had"),
        pytest.param([said(7, OLD), b"\x8f\x01" + said(8)], 8, id="noise before the answer"),
        pytest.param([said(7, OLD), said(8)[:-1] + b"\x00", said(8)], 8, id="a damaged answer is asked for again"),
    ],
)
def test_an_answer_is_that_of_its_number(turns: Sequence[object], number: int) -> None:
    port = Script(turns)
    assert exchange(port, LinkV2()) == ANSWER
    assert set(port.commands) == {encode(Numbered(number, COMMAND))}, "never under another number"


def test_the_next_command_has_the_next_number_and_synchronises_no_more() -> None:
    port, link = Script([said(7, OLD), said(8), said(9)]), LinkV2()
    exchange(port, link)
    exchange(port, link)
    assert port.sent == [SYNC, encode(Numbered(8, COMMAND)), encode(Numbered(9, COMMAND))]


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param([said(7, OLD), None, NOTHING], id="restarted: it has no answer yet"),
        pytest.param([said(7, OLD), said(3)], id="it counts otherwise, but near: a late copy, and then nothing"),
        pytest.param([said(700, OLD), said(3)], id="another program has used the line"),
        pytest.param([said(7, OLD), said(9)], id="ahead of us"),
        pytest.param([said(7, OLD), None, BROKEN], id="the port breaks"),
        pytest.param([said(7, OLD)], id="silence"),
    ],
)
def test_a_session_that_is_not_whole_is_lost_and_nothing_is_repeated(turns: Sequence[object]) -> None:
    port, link = Script(turns), LinkV2()
    with pytest.raises(Lost):
        exchange(port, link)
    assert port.sent.count(SYNC) == 1, "a command that changes the register is not tried under a new number"
    port.turns = deque([said(8), said(9)])
    assert exchange(port, link) == ANSWER
    assert port.sent[-2:] == [SYNC, encode(Numbered(9, COMMAND))], "a re-sync counts as a restart"


def test_a_question_is_asked_again_on_a_new_session() -> None:
    port = Script([said(700, OLD), said(3), said(3, OLD), said(4)])
    assert exchange(port, LinkV2(), repeats=True, changes=False) == ANSWER
    assert port.commands == [encode(Numbered(701, COMMAND)), encode(Numbered(4, COMMAND))]


@pytest.mark.parametrize("turns", [[], [BROKEN], [None] * TRIES])
def test_without_a_number_nothing_is_sent(turns: Sequence[object]) -> None:
    port = Script(turns)
    with pytest.raises(NotSent):
        exchange(port, LinkV2())
    assert port.commands == []


def test_what_lies_in_the_line_when_we_come_is_dropped() -> None:
    """An old answer there would give us an old number, and our command the answer to another one."""
    port = Script([said(8, OLD), said(9)], before=said(7, OLD))
    assert exchange(port, LinkV2()) == ANSWER
    assert port.commands == [encode(Numbered(9, COMMAND))]


def test_knocking_tells_who_is_there_and_sends_no_command() -> None:
    port, link = Script([said(7, OLD), said(8), said(8), said(9), None, None, None]), LinkV2()
    exchange(port, link)
    drive(link.knock(), port)
    assert exchange(port, link) == ANSWER
    assert port.sent == [SYNC, encode(Numbered(8, COMMAND)), SYNC, encode(Numbered(9, COMMAND))]
    with pytest.raises(NotSent):
        drive(link.knock(), port)
    assert port.sent[4:] == [SYNC] * TRIES


def test_knocking_finds_a_register_that_was_restarted() -> None:
    port, link = Script([said(7, OLD), said(8), NOTHING, NOTHING, said(1)]), LinkV2()
    exchange(port, link)
    drive(link.knock(), port)
    assert exchange(port, link) == ANSWER
    assert port.commands[-1] == encode(Numbered(1, COMMAND))


def test_the_answer_to_synchronise_is_a_hint_about_what_was_before() -> None:
    heard: list[bytes] = []
    link = LinkV2(heard)
    exchange(Script([said(7, OLD), said(8)]), link, changes=False)
    assert heard == [OLD]
    exchange(Script([said(9)]), link, changes=True)
    assert heard == [], "and not about what we do then"
