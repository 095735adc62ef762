"""The v3 dialogue: every row is what the device says to each packet, and what must come of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import pytest

from posapp.devices.atol.frame import FrameBuffer, Packet, encode
from posapp.devices.atol.link import PACKETS_MAX, SILENT_MAX, TRIES, Answer, Link
from posapp.devices.atol.tasks import Lost, NotSent
from posapp.devices.flow import PortError, drive

COMMAND = bytes.fromhex("0000 4A 00 01 0000000000".replace(" ", ""))
DONE, NO = bytes.fromhex("5500"), bytes.fromhex("5588")
OK = b"\xa3"
TID = 0
BROKEN = object()  # the port fails at this turn


def raw(data: bytes) -> tuple[bytes]:
    """Bytes as they are, without a packet around."""
    return (data,)


def unasked(data: str, number: int = 0xF0) -> tuple[bytes]:
    """A packet that the device sends by itself."""
    return raw(encode(number, bytes.fromhex(data)))


Turn = object


class Script:
    """A port that answers each packet with the next turn: data under its number, raw bytes, several, or None."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.turns = deque(turns)
        self.sent: list[bytes] = []
        self.waited: list[float] = []
        self._waiting: deque[bytes] = deque()

    def write(self, data: bytes) -> None:
        buffer = FrameBuffer()
        buffer.feed(data)
        packet = buffer.next()
        assert isinstance(packet, Packet), "a whole packet"
        assert buffer.next() is None, "one packet at a time"
        self.sent.append(packet.data)
        self._say(self.turns.popleft() if self.turns else None, packet.number)

    def _say(self, turn: Turn, number: int) -> None:
        match turn:
            case None:
                return
            case bytes():
                self._waiting.append(encode(number, turn))
            case tuple():
                self._waiting.append(turn[0])
            case list():
                for each in turn:
                    self._say(each, number)
            case _:
                raise PortError("gone")

    def read(self, timeout_s: float) -> bytes | None:
        assert timeout_s > 0
        if not self._waiting:
            self.waited.append(timeout_s)
            return None
        return self._waiting.popleft()

    def close(self) -> None: ...

    def added(self) -> list[bytes]:
        """The commands that were added as tasks."""
        return [each[3:] for each in self.sent if each[0] == 0xC1]

    def kinds(self) -> str:
        """What was sent, by the first byte of each packet."""
        return " ".join(f"{each[0]:02X}" for each in self.sent)


def exchange(turns: Sequence[Turn], *, repeats: bool, timeout_s: float = 30.0) -> tuple[Answer, Script, Link]:
    port, link = Script(turns), Link()
    return drive(link.exchange(COMMAND, timeout_s, repeats=repeats), port), port, link


_DAMAGED = raw(encode(1, OK + DONE)[:-1] + b"\x00")


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param([OK, OK + DONE, OK], id="plain"),
        pytest.param([raw(b"\x24\x40\x0d junk"), OK, OK + DONE, OK], id="noise instead of the answer to Abort"),
        pytest.param([None, OK, OK + DONE, OK], id="first Abort lost"),
        pytest.param([OK, None, OK + DONE, OK], id="answer lost, given again to Req"),
        pytest.param([OK, _DAMAGED, OK + DONE, OK], id="answer damaged, given again to Req"),
        pytest.param([OK, b"\xa2", b"\xa2", b"\xa1", b"\xa8", OK + DONE, OK], id="it waits and runs"),
        pytest.param([OK, [b"\xa2", unasked("a6 00 5500")], OK + DONE, OK], id="an unasked answer, confirmed"),
        pytest.param([OK, [b"\xa2", unasked("a6 00 5507")], b"\xa2", OK + DONE, OK], id="an old unasked answer"),
        pytest.param([OK, [b"\xa2", unasked("a6 07 5507")], OK + DONE, OK], id="another task's unasked answer"),
        pytest.param([OK, [unasked("a3 5511", 0x70), OK + DONE], OK], id="another packet's answer"),
        pytest.param([OK, [OK + DONE, OK + DONE], [OK, OK]], id="every answer twice"),
        pytest.param([OK, OK + DONE, b"\xb3"], id="the tid was free already"),
        pytest.param([OK, OK + DONE], id="Ack is never answered"),
        pytest.param([OK, OK + DONE, BROKEN], id="the port breaks after the answer"),
    ],
)
@pytest.mark.parametrize("repeats", [True, False])
def test_an_answer_arrives_and_the_task_was_added_once(turns: list[Turn], repeats: bool) -> None:
    answer, port, _ = exchange(turns, repeats=repeats)
    assert answer == Answer(DONE)
    assert port.added() == [COMMAND]


def test_the_devices_no_is_an_answer() -> None:
    assert exchange([OK, b"\xa4" + NO, OK], repeats=False)[0] == Answer(NO, is_error=True)
    assert exchange([OK, OK + NO, OK], repeats=False)[0] == Answer(NO)


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param([OK, None, b"\xb3"], id="no answer, and the device does not know the task"),
        pytest.param([OK, b"\xa2", b"\xb3"], id="it ran, and the device has lost its memory"),
        pytest.param([OK, _DAMAGED, b"\xb3"], id="damaged, and not known any more"),
        pytest.param([OK, b"\xb2"], id="there is such a task already"),
        pytest.param([OK, b"\xb1"], id="the buffer is full"),
        pytest.param([OK, b"\xa5\x00"], id="stopped"),
        pytest.param([OK, OK], id="done, without an answer"),
        pytest.param([OK, b"\x99"], id="no word of the protocol"),
        pytest.param([OK, unasked("a6 00 5500"), b"\xb3"], id="an unasked answer that nothing confirms"),
        pytest.param([OK, None], id="silence from then on"),
        pytest.param([OK, BROKEN], id="port broke while sending"),
        pytest.param([OK, b"\xa2", BROKEN], id="port broke while waiting"),
        pytest.param([OK, *[b"\xa2"] * 400], id="it never ends"),
        pytest.param([OK, [b"\xa2"] * (PACKETS_MAX + 1)], id="a flood"),
        pytest.param([OK, [unasked("a6 05 5500")] * (PACKETS_MAX + 1)], id="a flood of others"),
        pytest.param([OK, [_DAMAGED] * (PACKETS_MAX + 1)], id="a flood of noise"),
    ],
)
def test_a_doubtful_task_is_never_added_a_second_time(turns: list[Turn]) -> None:
    port, link = Script(turns), Link()
    with pytest.raises(Lost):
        drive(link.exchange(COMMAND, 90.0, repeats=False), port)
    assert port.added() == [COMMAND]
    assert port.kinds().count("C4") == 1, "Abort would make the device forget what it has done"


def test_a_device_that_says_nothing_is_given_up_early_one_that_works_is_not() -> None:
    port, link = Script([OK]), Link()
    with pytest.raises(Lost):
        drive(link.exchange(COMMAND, 900.0, repeats=False), port)
    assert port.kinds().count("C3") == SILENT_MAX
    _, working, _ = exchange([OK, *[b"\xa2"] * 60, OK + DONE, OK], repeats=False, timeout_s=90.0)
    assert 60 <= sum(working.waited) < 90


def test_a_question_to_a_device_without_power_is_given_up_in_seconds() -> None:
    port, link = Script([OK]), Link()
    with pytest.raises(Lost):
        drive(link.exchange(COMMAND, 15.0, repeats=True), port)
    assert port.added() == [COMMAND]
    assert sum(port.waited) < 8
    dark = Script([])
    with pytest.raises(NotSent):
        drive(Link().exchange(COMMAND, 15.0, repeats=True), dark)
    assert sum(dark.waited) < 4


def test_a_question_is_asked_anew_as_another_task() -> None:
    answer, port, _ = exchange([OK, None, b"\xb3", OK, OK + DONE, OK], repeats=True)
    assert answer == Answer(DONE)
    assert port.kinds() == "C4 C1 C3 C4 C1 C2"
    assert [each[2] for each in port.sent if each[0] == 0xC1] == [0, 1]


def test_a_question_is_given_up_after_some_tries() -> None:
    port, link = Script([OK, b"\xb1"] * 10), Link()
    with pytest.raises(Lost):
        drive(link.exchange(COMMAND, 30.0, repeats=True), port)
    assert port.added() == [COMMAND] * TRIES


@pytest.mark.parametrize("turns", [[], [BROKEN], [raw(b"\x00\x01")] * 5, [b"\xb4"] * 5, [unasked("a3")] * 5])
@pytest.mark.parametrize("repeats", [True, False])
def test_not_a_byte_of_the_command_goes_to_a_device_that_does_not_answer_abort(
    turns: list[Turn], repeats: bool
) -> None:
    port, link = Script(turns), Link()
    with pytest.raises(NotSent):
        drive(link.exchange(COMMAND, 30.0, repeats=repeats), port)
    assert port.added() == []


def test_a_device_that_performs_something_is_waited_for_before_anything_is_added() -> None:
    """It answers Abort when that has ended, and questions meanwhile."""
    aborted = raw(encode(0, OK))
    turns = [None, None, *[b"\xa2", None] * 10, [b"\xb3", aborted], OK + DONE, OK]
    port, link = Script(turns), Link()
    assert drive(link.exchange(COMMAND, 30.0, repeats=False), port) == Answer(DONE)
    assert port.kinds().split()[-2:] == ["C1", "C2"]
    assert set(port.kinds().split()[:-2]) == {"C3", "C4"}
    assert 20 <= sum(port.waited) < 25
    forever = Script([None, *[None, b"\xa2"] * 200])
    with pytest.raises(NotSent):
        drive(Link().exchange(COMMAND, 30.0, repeats=False), forever)
    assert forever.added() == []
    assert 100 < sum(forever.waited) < 130


def test_abort_comes_once_and_again_when_an_acknowledgement_was_not_answered() -> None:
    link = Link()
    port = Script([OK, OK + DONE, OK, OK + DONE, None, None, None, OK, OK + DONE, OK])
    for _ in range(3):
        drive(link.exchange(COMMAND, 30.0, repeats=False), port)
    assert port.kinds() == "C4 C1 C2 C1 C2 C2 C2 C4 C1 C2"


def test_a_fresh_port_begins_with_abort() -> None:
    link = Link()
    for _ in range(2):
        port = Script([OK, OK + DONE, OK])
        drive(link.exchange(COMMAND, 30.0, repeats=False), port)
        assert port.kinds() == "C4 C1 C2"
        link.restart()


def test_after_a_reconnect_numbers_go_on_so_that_a_late_answer_is_nobodys() -> None:
    link = Link()
    first = Script([OK, None, b"\xb3"])
    with pytest.raises(Lost):
        drive(link.exchange(COMMAND, 30.0, repeats=False), first)
    link.restart()
    late = raw(encode(1, OK + DONE))
    second = Script([[late, OK], [late, OK + NO], [late, OK]])
    assert drive(link.exchange(COMMAND, 30.0, repeats=False), second) == Answer(NO)
    assert second.kinds() == "C4 C1 C2"


def test_what_an_earlier_program_left_on_the_line_is_dropped_before_the_first_word() -> None:
    port, link = Script([OK, OK + DONE, OK]), Link()
    port._say(raw(encode(0, OK) + encode(1, OK + NO)), 0)
    assert drive(link.exchange(COMMAND, 30.0, repeats=False), port) == Answer(DONE)


def test_bytes_may_come_one_at_a_time() -> None:
    class Dripping(Script):
        def read(self, timeout_s: float) -> bytes | None:
            data = super().read(timeout_s)
            if data is None or len(data) == 1:
                return data
            self._waiting.extendleft(bytes((each,)) for each in reversed(data[1:]))
            return data[:1]

    port, link = Dripping([OK, OK + bytes.fromhex("44fefdfe"), OK]), Link()
    assert drive(link.exchange(COMMAND, 30.0, repeats=False), port).data == bytes.fromhex("44fefdfe")


def test_many_tasks_wrap_the_numbers_and_stay_in_step() -> None:
    class Endless(Script):
        def _say(self, turn: Turn, number: int) -> None:
            super()._say(OK + DONE if self.sent[-1][0] == 0xC1 else OK, number)

    port, link = Endless([]), Link()
    for _ in range(600):
        assert drive(link.exchange(COMMAND, 30.0, repeats=False), port) == Answer(DONE)
    assert port.kinds().count("C4") == 1
