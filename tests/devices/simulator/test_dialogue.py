"""What the register does with bytes that come while it is at work: a host that asks again, one that asks too early."""

from __future__ import annotations

from collections.abc import Iterable

from posapp.devices.simulator import faults
from posapp.devices.simulator.faults import Faults
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.server import LOOK_AROUND_S, Server
from posapp.devices.simulator.shtrih import ShtrihLine
from tests.devices.simulator.benches import BORN

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
STATUS = bytes.fromhex("02 05 10 1E 00 00 00 0B")
ANSWER = bytes.fromhex("02 10 10 00 1E 92 02 04 00 00 9D 2E 00 00 00 00 00 00 39")
GONE = b""


class Script:
    """A carrier that gives bytes when the register looks for them: idle, during a pause, or just before it answers.

    `said` is a list of (moment, bytes); what stands for another moment than the present one waits.
    """

    url = "script:"

    def __init__(self, said: Iterable[tuple[str, bytes]]) -> None:
        self._said = list(said)
        self.sent: list[bytes] = []
        self.server: Server | None = None

    def wait(self, timeout_s: float | None) -> bytes | None:
        moment = {0: "early", LOOK_AROUND_S: "idle"}.get(timeout_s or 0, "busy")
        if self._said and self._said[0][0] == moment:
            return self._said.pop(0)[1]
        if not self._said and moment == "idle" and self.server is not None:
            self.server.stop()
        return None

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def hang_up(self) -> None: ...

    def wake(self) -> None: ...

    def close(self) -> None: ...


def played(*said: tuple[str, bytes], delay_s: float = 0) -> list[bytes]:
    """What the register sends, write by write."""
    plan = [{"command": "10", "do": "delay", "value": delay_s}] if delay_s else []
    script = Script(said)
    line = ShtrihLine(Printer(identity_of(10_012_345), BORN), Faults(faults.parse(plan)))
    script.server = Server(line, script)
    script.server.serve()
    return script.sent


def test_acknowledgement_and_answer_leave_together() -> None:
    assert played(("idle", ENQ), ("idle", STATUS), ("idle", ACK), ("idle", ENQ)) == [NAK, ACK + ANSWER, NAK]


def test_a_host_that_sends_enq_right_after_its_frame() -> None:
    assert played(("idle", STATUS), ("early", ENQ), ("idle", ACK), ("idle", ENQ)) == [ACK + ANSWER, NAK]


def test_what_else_came_early_is_heard_after_the_answer() -> None:
    assert played(("idle", STATUS), ("early", ENQ + ACK + ENQ)) == [ACK + ANSWER, NAK]


def test_enq_without_an_acknowledgement_brings_the_answer_again() -> None:
    assert played(("idle", STATUS), ("idle", ENQ), ("idle", ENQ)) == [ACK + ANSWER] * 3


def test_enq_during_a_long_command_is_answered_at_once_and_the_answer_comes_once() -> None:
    sent = played(("idle", ENQ), ("idle", STATUS), ("busy", ENQ), ("idle", ACK), ("idle", ENQ), delay_s=0.02)
    assert sent == [NAK, ACK, ACK, ANSWER, NAK]


def test_another_client_finds_the_answer_of_one_that_went_during_a_long_command() -> None:
    sent = played(("idle", STATUS), ("busy", GONE), ("idle", ENQ), ("idle", ACK), ("idle", ENQ), delay_s=0.02)
    assert sent == [ACK, ANSWER, ACK + ANSWER, NAK]


def test_a_new_connection_chooses_its_link() -> None:
    sync, nothing_yet = bytes.fromhex("8F 00 00 0F 1D"), bytes.fromhex("8F 02 00 00 00 A8 69")
    assert played(("idle", sync), ("idle", ENQ), ("idle", GONE), ("idle", ENQ)) == [nothing_yet, NAK]
