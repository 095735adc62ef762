"""Registers are found by asking, at any speed, and nobody else is harmed: over real terminals and sockets."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from posapp.devices.candidates import Candidate
from posapp.devices.discovery import Finding, Question, State, find
from posapp.devices.port import SerialPort
from posapp.devices.simulator import faults
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.devices.simulator.shtrih import Reply, ShtrihLine
from posapp.devices.usb_identity import UsbIdentity
from posapp.errors import Unreachable
from tests.devices.lines import NOW, Register, register, stranger

QUICK = Question(speeds=(115_200,), greeting_s=1.0)
BRIEF = Question(speeds=(115_200, 9_600), greeting_s=0.05)
ENQ, SYNC = b"\x05", bytes.fromhex("8F00000F1D")


@pytest.fixture(scope="module")
def one() -> Iterator[Register]:
    with register(87_000_001) as made:
        yield made


def asked(question: Question, *ports: str) -> dict[str, Finding]:
    """What became of each port."""
    return {each.candidate.port: each for each in find([Candidate(port) for port in ports], question)}


def test_a_register_says_who_it_is(one: Register) -> None:
    found = asked(QUICK, one.port)[one.port]
    assert found.state is State.REGISTER
    assert found.who is not None
    assert (found.who.vendor, found.who.link, found.baud) == ("shtrih", "v1", 115_200)
    assert (found.who.factory_number, found.who.storage_number) == (one.number, one.storage)
    assert found.who.model == "ШТРИХ-М-02Ф"


def test_to_be_found_changes_nothing(one: Register) -> None:
    before = (one.printer.storage.last_number, one.printer.mode)
    asked(QUICK, one.port)
    assert (one.printer.storage.last_number, one.printer.mode) == before


def test_link_2_is_heard_too() -> None:
    with register(87_000_007) as there:
        line = SerialPort(there.port)
        line.write(SYNC)
        assert line.read(5.0) is not None  # from here on it speaks link 2 until it loses power
        line.close()
        found = asked(QUICK, there.port)[there.port]
    assert found.who is not None
    assert (found.who.link, found.who.factory_number) == ("v2", "87000007")


def test_all_are_asked_at_once() -> None:
    with (
        stranger(unasked=b"4607\r") as scanner,
        register(87_000_002) as two,
        register(87_000_003, "tcp:127.0.0.1:0") as three,
    ):
        found = asked(QUICK, scanner.port, two.port, three.port)
        assert found[scanner.port].state is State.FOREIGN
        assert found[two.port].is_number("87000002")
        assert found[three.port].is_number("87000003")


def test_each_is_told_as_soon_as_it_is_known() -> None:
    """The first finding is there while the other place is still being asked: it is not asked to its end before that."""
    with stranger() as silent:
        gone = "/dev/no-such-port"
        findings = find([Candidate(silent.port), Candidate(gone)], Question(greeting_s=1.0, most_s=60.0))
        assert next(findings).candidate.port == gone
        findings.close()


def at_speed(line: ShtrihLine, right: int) -> Callable[[bytes, int], bytes]:
    """A register that hears nothing at any other speed."""

    def answer(data: bytes, speed: int) -> bytes:
        if speed != right:
            return b""
        return b"".join(each.data for each in line.receive(data, NOW) if isinstance(each, Reply))

    return answer


@pytest.mark.parametrize("speed", [4_800, 921_600])
def test_at_any_speed(speed: int) -> None:
    line = ShtrihLine(Printer(identity_of(87_000_004), NOW), faults.Faults([]))
    with stranger(at_speed(line, speed)) as there:
        found = asked(Question(speeds=(115_200, speed), greeting_s=0.4), there.port)[there.port]
    assert (found.state, found.baud) == (State.REGISTER, speed)
    assert found.who is not None
    assert found.who.factory_number == "87000004"


def test_a_silent_port_is_said_to_be_silent() -> None:
    with stranger() as there:
        assert asked(BRIEF, there.port)[there.port].state is State.SILENT


def test_a_scanner_that_talks_unasked_hears_nothing() -> None:
    with stranger(unasked=b"4607001234567\r\n") as there:
        found = asked(BRIEF, there.port)[there.port]
        assert (found.state, found.why) == (State.FOREIGN, "talks")
        assert there.heard == b""


def test_an_echo_is_no_register_and_hears_one_byte() -> None:
    with stranger(lambda data, speed: data) as there:
        found = asked(BRIEF, there.port)[there.port]
        assert (found.state, found.why) == (State.FOREIGN, "echoes")
        assert there.heard == ENQ


def test_a_stranger_that_answers_is_left_alone_after_its_first_words() -> None:
    with stranger(lambda data, speed: b"\r\nERROR\r\n") as there:
        found = asked(BRIEF, there.port)[there.port]
        assert (found.state, found.why, found.heard) == (State.FOREIGN, "strange", b"\r\nERROR\r\n")
        assert there.heard == ENQ


def test_a_flood_ends_it() -> None:
    with stranger(unasked=b"\xff" * 4096) as there:
        found = asked(BRIEF, there.port)[there.port]
        assert (found.state, found.why) == (State.FOREIGN, "floods")


def test_somebody_who_acknowledges_everything_is_not_taken_for_a_register() -> None:
    with stranger(lambda data, speed: b"\x15") as there:
        assert asked(QUICK, there.port)[there.port].state is State.UNCLEAR


def test_what_usb_says_is_a_scanner_is_not_even_opened() -> None:
    with stranger() as there:
        candidate = Candidate(there.port, UsbIdentity(0x0C2E, 0x0B6A))
        assert [(each.state, each.why) for each in find([candidate], BRIEF)] == [(State.LEFT_ALONE, "scanner")]
        assert there.heard == b""
        named = Candidate(there.port, candidate.usb, is_named=True)
        assert [each.state for each in find([named], BRIEF)] == [State.SILENT]


def test_a_port_that_another_program_holds_is_named_with_that_program(one: Register) -> None:
    hold = "import serial, sys; p = serial.Serial(sys.argv[1], exclusive=True); print('open', flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", hold, one.port], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"open\n"
        found = asked(QUICK, one.port)[one.port]
        assert found.state is State.BUSY
        assert found.holder is not None
        assert (found.holder.pid, found.holder.name[:6]) == (process.pid, "python")
        with pytest.raises(Unreachable) as told:
            SerialPort(one.port)
        assert (told.value.code, told.value.facts["pid"]) == ("port_held", process.pid)
        process.send_signal(signal.SIGTERM)
        process.stdin.close()


def test_nobody_at_the_address_and_no_such_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"socket://127.0.0.1:{server.getsockname()[1]}"
    found = asked(BRIEF, free, "/dev/no-such-port")
    assert {each.state for each in found.values()} == {State.ABSENT}


def test_a_tcp_register_is_found(one: Register) -> None:
    with register(87_000_005, "tcp:127.0.0.1:0") as there:
        found = asked(QUICK, there.port)[there.port]
    assert found.who is not None
    assert found.who.factory_number == "87000005"
    assert found.baud is None


def test_the_time_is_bounded_whatever_is_there() -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.05  # each look at the clock takes a while
        return now[0]

    with stranger() as there:
        found = list(find([Candidate(there.port)], Question(greeting_s=0.01, most_s=1.0, clock=clock)))
    assert [each.state for each in found] == [State.LATE]


def test_who_stops_listening_stops_the_asking() -> None:
    with stranger() as silent:
        places = [Candidate(silent.port), Candidate("/dev/no-such-port")]
        for _ in find(places, Question(greeting_s=0.1, most_s=60.0)):
            break
        deadline = time.monotonic() + 10.0
        while any(each.name.startswith("find-") for each in threading.enumerate()):
            assert time.monotonic() < deadline


def test_a_socket_that_hangs_up_is_no_register() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept()[0].close())
        thread.start()
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"
        assert asked(BRIEF, port)[port].state is State.ABSENT
        thread.join()
