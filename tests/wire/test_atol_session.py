"""What АТОЛ's own driver sends, by literal bytes over TCP, against the simulated register in its own process.

The commands are those of a recorded session of the vendor's driver library 10.8 (`atol_session.txt`). The client knows
nothing of our codec; it packs and checks packets by itself.
"""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.cli.sim_printer import dump
from tests.wire.simulated import DEADLINE_S, Simulated, simulated

SESSION = Path(__file__).with_name("atol_session.txt")
ADD, ACKNOWLEDGE, ASK, ABORT, RESULT, NOT_FOUND = 0xC1, 0xC2, 0xC3, 0xC4, 0xA3, 0xB3
PROBE = bytes.fromhex("24 40 0D 00 20 01 F7 40 74 65 73 74 65")
KEY = "KEY0123456789ABC"


def crc(data: bytes) -> int:
    """Polynomial 31h, start FFh."""
    value = 0xFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x131) & 0xFF if value & 0x80 else value << 1
    return value


class AtolClient:
    """A host over a socket: packets with numbers, tasks with numbers."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("socket://").rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=DEADLINE_S)
        self._socket.sendall(PROBE)
        self._number = self.tid = 0
        assert self.tell(bytes((ABORT,))) == bytes((RESULT,))

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._number = (self._number + 1) % 0xDE
        raw = data + bytes((crc(bytes((self._number,)) + data),))
        raw = raw.replace(b"\xfd", b"\xfd\xed").replace(b"\xfe", b"\xfd\xee")
        self._socket.sendall(bytes((0xFE, len(data) & 0x7F, len(data) >> 7, self._number)) + raw)

    def _byte(self, escaped: bool = True) -> int:
        byte = self._socket.recv(1)
        if not byte:
            raise ConnectionResetError
        if escaped and byte == b"\xfd":
            return {b"\xed": 0xFD, b"\xee": 0xFE}[self._socket.recv(1)]
        return byte[0]

    def hear(self) -> tuple[int, bytes]:
        """Number and data of the packet that comes."""
        assert self._byte(escaped=False) == 0xFE
        low, high, number = (self._byte(escaped=False) for _ in range(3))
        data = bytes(self._byte() for _ in range(low + (high << 7)))
        assert self._byte() == crc(bytes((number,)) + data)
        return number, data

    def tell(self, data: bytes) -> bytes:
        """The answer to one request."""
        self.send(data)
        number, answer = self.hear()
        assert number == self._number
        return answer

    def do(self, command: str) -> bytes:
        """The answer to a command; the task is acknowledged."""
        self.tid = (self.tid + 1) % 0xDD
        told = self.tell(bytes((ADD, 1, self.tid)) + bytes(2) + bytes.fromhex(command))
        assert told[0] == RESULT
        assert self.tell(bytes((ACKNOWLEDGE, self.tid))) == bytes((RESULT,))
        return told[1:]


def tasks() -> dict[str, list[str]]:
    """The session's commands by task."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in SESSION.read_text("utf-8").splitlines():
        if line.startswith("# "):
            name = line.removeprefix("# ")
        else:
            found.setdefault(name, []).append(line)
    return found


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("atol") / "storage.jsonl"


@pytest.fixture(scope="module")
def register(storage: Path) -> Iterator[Simulated]:
    arguments = ("--model", "atol", "--listen", "tcp:127.0.0.1:0", "--storage", str(storage))
    with simulated(*arguments, "--factory-number", "10012345") as register:
        yield register


def play(client: AtolClient, name: str) -> dict[str, bytes]:
    """Plays one task; the last answer to each command. 59h alone may be refused: nothing was open."""
    answers: dict[str, bytes] = {}
    for command in tasks()[name]:
        answer = answers[command] = client.do(command)
        if command == "59":
            assert answer == bytes.fromhex("55 9A 00")
        elif command not in ("45", "3f", "a5") and not command.startswith("ef"):
            assert answer[:2] == bytes.fromhex("55 00"), f"{command} → {answer.hex(' ')}"
    return answers


def test_the_session_of_the_vendors_driver(register: Simulated) -> None:
    client = AtolClient(register.ready["port"])
    for name in ("open", "openShift", "sell"):
        play(client, name)
    receipt = register.documents()[-1]
    assert (receipt["type"], receipt["kind"], receipt["total_kopecks"]) == (3, 1, 11_900)
    assert receipt["key"] is not None
    assert receipt["key"].endswith(KEY)
    closed = play(client, "closeShift")
    assert closed["91 12 00 01"][2] == 0
    assert register.documents()[-1]["type"] == 5
    client.close()


def test_a_cable_cut_at_the_closing_makes_one_document(register: Simulated, storage: Path) -> None:
    client = AtolClient(register.ready["port"])
    for command in ("48", "56 01 00 00 00 30", "9A 00", "92 00 01", "EA 00 01 00"):
        assert client.do(command)[:2] == bytes.fromhex("55 00")
    price, nothing = "00 00 00 00 00 10 00", "00 00 00 00 00 00 00"
    client.do(f"EB 00 {price} 00 00 00 10 00 {price} 06 {nothing} 00 01 04 00 {nothing} 00 00 8C")
    client.do("99 00 01 00 00 00 10 00")
    before = len(register.documents())
    register.post("/_sim/faults", [{"command": "4A", "do": "hang_up", "when": "after_commit"}])
    close = bytes((ADD, 1, 77)) + bytes(2) + bytes.fromhex("4A 00 01 00 00 00 00 00")
    client.send(close)
    with pytest.raises(ConnectionResetError):
        client.hear()
    client.close()
    again = AtolClientWithoutAbort(register.ready["port"])
    assert again.tell(bytes((ASK, 77))) == bytes.fromhex("A3 55 00 00")
    assert again.tell(close) == b"\xb2", "known: not performed again"
    assert len(register.documents()) == before + 1
    assert again.tell(bytes((ACKNOWLEDGE, 77))) == bytes((RESULT,))
    assert again.tell(bytes((ASK, 77))) == bytes((NOT_FOUND,))
    again.close()
    assert [each["number"] for each in dump(storage)] == [each["number"] for each in register.documents()]


class AtolClientWithoutAbort(AtolClient):
    """The same host that comes again: it aborts nothing."""

    def tell(self, data: bytes) -> bytes:
        return bytes((RESULT,)) if data == bytes((ABORT,)) else super().tell(data)


def test_the_control_door_knows_the_faults_of_this_line(register: Simulated) -> None:
    assert register.post("/_sim/faults", [{"command": "5A", "do": "background", "value": 1}])[0] == 200
    assert register.post("/_sim/faults", [{"command": "5A", "do": "explode"}])[0] == 400
    assert register.post("/_sim/faults", [])[0] == 200


def test_documents_outlive_a_kill(storage: Path, register: Simulated) -> None:
    documents = register.documents()
    register.kill()
    with simulated("--model", "atol", "--listen", "tcp:127.0.0.1:0", "--storage", str(storage)) as again:
        assert again.documents() == documents
        assert again.ready["fn"] == "9999078900012345"
        client = AtolClient(again.ready["port"])
        body = b""
        assert client.do("A4 45" + len(documents).to_bytes(4, "little").hex())[:2] == bytes.fromhex("55 00")
        while (piece := client.do("A4 46"))[:2] == bytes.fromhex("55 00"):
            body += piece[2:]
        assert body == base64.b64decode(documents[-1]["tlv"])[4:]
        client.close()
