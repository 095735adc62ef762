"""АТОЛ registers are found by their own protocol, and their web server by the one question that it answers to all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from posapp.devices.atol import commands as c
from posapp.devices.atol import task_layer as layer
from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.frame import FrameBuffer, Packet, encode
from posapp.devices.atol.web_probe import version_at
from posapp.devices.atol.wire import WireTasks
from posapp.devices.candidates import Candidate
from posapp.devices.discovery import Finding, Question, State, find
from posapp.devices.flow import Port
from posapp.devices.moving import MovingPrinter, Place, Search, Whereabouts
from posapp.devices.port import SerialPort, SocketPort
from tests.devices.lines import Register, register, stranger

ALL = Question(speeds=(115_200,), greeting_s=0.3)
QUICK = Question(vendors=("atol",), speeds=(115_200,), greeting_s=1.0)
NUMBER = 87_300_001


@pytest.fixture(scope="module")
def cable() -> Iterator[Register]:
    with register(NUMBER, model="atol") as made:
        yield made


@pytest.fixture(scope="module")
def network() -> Iterator[Register]:
    with register(NUMBER + 1, "tcp:127.0.0.1:0", model="atol") as made:
        yield made


def asked(port: str, question: Question = QUICK) -> Finding:
    (found,) = find([Candidate(port)], question)
    return found


def test_it_says_who_it_is_on_a_cable_and_over_tcp(cable: Register, network: Register) -> None:
    for there in (cable, network):
        found = asked(there.port, ALL)
        assert found.state is State.REGISTER
        assert found.who is not None
        assert (found.who.vendor, found.who.link) == ("atol", "wire")
        assert found.is_number(there.number)
        assert found.who.storage_number == there.storage


def test_the_number_is_the_one_that_the_driver_reads(cable: Register) -> None:
    printer = AtolPrinter(WireTasks(lambda: SerialPort(cable.port), cable.port), cable.port, link="wire")
    identity = printer.connect()
    printer.close()
    found = asked(cable.port)
    assert found.who is not None
    assert found.who.factory_number == identity.factory_number
    assert found.who.storage_number == identity.storage_number


def test_over_tcp_the_buffer_of_another_program_is_not_emptied(network: Register) -> None:
    """A task that another program has not acknowledged yet must still be known: else its driver would send it anew."""
    host, number = Candidate(network.port).address
    before = SocketPort(host, number, 1.0)
    task = layer.Add(layer.TaskFlag.NEED_RESULT, 3, c.Status().encode(0))
    assert told(before, 1, task) is not None
    before.close()
    assert asked(network.port).state is State.REGISTER
    after = SocketPort(host, number, 1.0)
    answer = told(after, 2, layer.Ask(3))
    after.close()
    assert isinstance(answer, layer.Told)
    assert answer.result is layer.Result.RESULT


def told(port: Port, number: int, request: layer.Request) -> layer.Response | None:
    """The answer to a packet."""
    port.write(encode(number, request.encode()))
    buffer = FrameBuffer()
    for _ in range(20):
        buffer.feed(port.read(1.0) or b"")
        for piece in buffer:
            if isinstance(piece, Packet) and piece.number == number:
                return layer.decode_response(piece.data)
    return None


def test_after_the_search_no_task_of_ours_is_left(network: Register) -> None:
    assert asked(network.port).state is State.REGISTER
    host, number = Candidate(network.port).address
    port = SocketPort(host, number, 1.0)
    answers = [told(port, 10 + tid, layer.Ask(tid)) for tid in (0xD5, 0xD7, 0xD9, 0xDB)]
    port.close()
    assert answers == [layer.Refused(layer.Refusal.NOT_FOUND)] * 4


def test_its_driver_is_led_to_its_new_port(cable: Register) -> None:
    where = Whereabouts(Place("/dev/no-such-port", 115_200))
    inner = AtolPrinter(WireTasks(where.open, "tty0"), "tty0", link="wire")
    direct = AtolPrinter(WireTasks(lambda: SerialPort(cable.port), cable.port), cable.port, link="wire")
    expected = direct.connect()
    direct.close()
    kept: list[Place] = []
    search = Search("atol", expected.factory_number, QUICK, lambda home: [Candidate(cable.port)])
    printer = MovingPrinter(inner, where, expected, search, kept.append)
    assert printer.connect() == expected
    printer.close()
    assert [each.port for each in kept] == [cable.port]


@pytest.mark.parametrize("answer", [b"\xfe\x01\x00\x5e", b"\xfe\x01\x00\x5e\xa3\x00", b"\xfe" * 40])
def test_half_a_packet_or_a_damaged_one_is_no_register(answer: bytes) -> None:
    with stranger(lambda data, speed: answer if data[:1] == b"\xfe" else b"") as there:
        found = asked(there.port, Question(speeds=(115_200,), greeting_s=0.05))
        assert found.state is State.FOREIGN


def test_somebody_who_only_knows_the_first_word_is_unclear() -> None:
    yes = encode(0x5E, layer.Told(layer.Result.RESULT).encode())
    with stranger(lambda data, speed: yes if data[:1] == b"\xfe" else b"") as there:
        assert asked(there.port).state is State.UNCLEAR


@pytest.mark.parametrize(
    "status, kind, body, version",
    [
        (200, "application/json", b'{"serverVersion": "1.0.4.0", "driverVersion": "10.10.8.0"}', "1.0.4.0"),
        (200, "application/json", b'{"version": 7, "serverVersion": null}', "?"),
        (200, "application/json", b'{"name": "something else"}', ""),
        (200, "text/html", b"<html>a router's page</html>", ""),
        (404, "application/json", b'{"serverVersion": "1"}', ""),
    ],
)
def test_a_web_server_is_told_by_its_version(status: int, kind: str, body: bytes, version: str) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """The one page."""
            self.send_response(status if self.path == "/api/v2/serverInfo" else 500)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        found = asked(f"http://127.0.0.1:{server.server_port}", Question(web=version_at))
        server.shutdown()
        thread.join()
    assert found.version == version
    assert found.state is (State.WEB_SERVER if version else State.ABSENT)


def test_no_web_server_is_no_trouble() -> None:
    assert asked("http://127.0.0.1:1", Question(web=version_at)).state is State.ABSENT
