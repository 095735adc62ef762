"""The simulated register as a process: clients that die, kills, faults at run time, power, clock, the control door."""

import base64
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from posapp.cli.sim_printer import dump
from posapp.devices.simulator.server import Pace
from posapp.domain import ffd
from tests.wire.simulated import DEADLINE_S, ROOT, Client, Simulated, simulated

P = "1E000000"
ITEM = f"FF46 {P} 01 40420F000000 1027000000 FFFFFFFFFF FFFFFFFFFF CB 01 04 01 D2"
CLOSE = f"FF45 {P} 1027000000 {'00' * 75} 00 {'00' * 30} 00"
KEY = f"FF0C {P} " + ffd.encode(1084, [(1085, "posapp"), (1086, "1·17·0123456789ABCDEF")]).hex()


def open_receipt(client: Client) -> None:
    for command in (f"E0 {P}", f"8D {P} 00", KEY, ITEM):
        answer = client.ask(command)
        assert answer[2 if answer[0] == 0xFF else 1] == 0, command


def sell(client: Client) -> int:
    """The document's number."""
    for command in (f"8D {P} 00", KEY, ITEM):
        client.ask(command)
    answer = client.ask(CLOSE)
    assert answer[2] == 0
    return int.from_bytes(answer[8:12], "little")


def test_the_ready_line() -> None:
    with simulated("--factory-number", "10012345") as register:
        ready = dict(register.ready)
        assert set(ready) == {"port", "factory_number", "fn", "registration_number", "ffd", "control"}
        assert (ready["factory_number"], ready["fn"], ready["ffd"]) == ("10012345", "9999078900012345", "1.05")
        assert ready["port"].startswith("/dev/")
        assert len(ready["registration_number"]) == 16


def test_registers_differ_unless_told_otherwise() -> None:
    with simulated() as one, simulated() as two:
        assert one.ready["fn"] != two.ready["fn"]
        assert one.ready["port"] != two.ready["port"]


def test_documents_of_the_control_door(tmp_path: Path) -> None:
    with simulated("--listen", "tcp:127.0.0.1:0") as register, Client(register.ready["port"]) as client:
        open_receipt(client)
        client.ask(CLOSE)
        receipt = register.documents()[-1]
        assert {key: receipt[key] for key in ("number", "type", "kind", "total_kopecks", "shift", "key")} == {
            "number": 3,
            "type": 3,
            "kind": 1,
            "total_kopecks": 10_000,
            "shift": 1,
            "key": "0123456789ABCDEF",
        }
        document = ffd.read_document(base64.b64decode(receipt["tlv"]))
        assert document.form == 3
        sign = ffd.find(document.entries, 1077)
        assert sign is not None
        assert sign.json_value() == receipt["sign"]
        when = ffd.find(document.entries, 1012)
        assert when is not None
        assert when.json_value() == receipt["at"]


@pytest.mark.parametrize("listen", ["pty", "tcp:127.0.0.1:0"])
def test_clients_come_and_go(listen: str) -> None:
    with simulated("--listen", listen) as register:
        with Client(register.ready["port"]) as client:
            open_receipt(client)
            client.write(bytes.fromhex("02 05 10 1E"))  # dies in the middle of a frame
        with Client(register.ready["port"]) as client:
            wait_until_idle(client)
            assert client.ask(f"10 {P}")[5] & 0x0F == 8, "the receipt is still open"
            assert client.ask(CLOSE)[2] == 0


def wait_until_idle(client: Client) -> None:
    """ENQ until NAK: half a frame of a dead client is forgotten after a while."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        client.write(b"\x05")
        if client.read(1, timeout_s=1.0) == b"\x15":
            return
    pytest.fail("the register stays silent")


def test_a_second_tcp_client_waits_for_the_first() -> None:
    with simulated("--listen", "tcp:127.0.0.1:0") as register:
        with Client(register.ready["port"]) as first:
            assert first.ask(f"10 {P}")[1] == 0
            second = Client(register.ready["port"])
            second.write(b"\x05")
            assert first.ask(f"10 {P}")[1] == 0
        with second:
            assert second.read(1) == b"\x15"


def test_a_restarted_host_learns_what_became_of_its_receipt() -> None:
    with simulated() as register:
        register.post("/_sim/faults", [{"command": "FF45", "when": "after_commit", "do": "drop_reply"}])
        with Client(register.ready["port"], patience_s=0.5) as client:
            open_receipt(client)
            with pytest.raises(AssertionError, match="no STX"):
                client.ask(CLOSE)
        assert [each["type"] for each in register.documents()] == [1, 2, 3]
        with Client(register.ready["port"]) as client:
            client.write(b"\x05")
            assert client.read(1) == b"\x06"
            assert client.answer()[:3] == bytes.fromhex("FF 45 00")


def test_power_goes_and_comes_back(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"command": "FF45", "when": "before", "do": "power_off"}]), "utf-8")
    with simulated("--faults", str(faults)) as register, Client(register.ready["port"]) as client:
        open_receipt(client)
        client.write(b"\x05")
        assert client.read(1) == b"\x15"
        raw = bytes.fromhex(CLOSE)
        client.write(bytes((2, len(raw))) + raw + bytes((lrc(raw),)))
        assert client.read(1) == b"\x06"
        client.write(b"\x05")
        assert client.read(1, timeout_s=0.3) == b""
        assert register.post("/_sim/power", {"on": True}) == (200, {})
        wait_until_idle(client)
        assert client.ask(f"10 {P}")[5] & 0x0F == 8
        assert [each["type"] for each in register.documents()] == [1, 2]
        assert client.ask(CLOSE)[2] == 0


def lrc(payload: bytes) -> int:
    value = len(payload)
    for byte in payload:
        value ^= byte
    return value


def test_paper_and_clock_from_outside() -> None:
    with simulated() as register, Client(register.ready["port"]) as client:
        client.ask(f"E0 {P}")
        assert register.post("/_sim/paper", {"state": "out"}) == (200, {})
        assert client.ask(f"8D {P} 00") == bytes.fromhex("8D 6B")
        register.post("/_sim/paper", {"state": "ok"})
        assert client.ask(f"8D {P} 00")[1] == 0
        client.ask(f"88 {P}")
        assert register.post("/_sim/clock", {"now": "2050-01-02T03:04:05"}) == (200, {})
        full = client.ask(f"11 {P}")
        assert full[25:30] == bytes((2, 1, 50, 3, 4))
        assert client.ask(f"8D {P} 00") == bytes.fromhex("8D 4E"), "the shift is decades old"
        assert client.ask(f"41 {P}")[1] == 0
        assert register.documents()[-1]["at"] == "2050-01-02T03:04:00"


def test_a_moved_world_stays_moved_after_a_restart(tmp_path: Path) -> None:
    storage = tmp_path / "fn.jsonl"
    with simulated("--storage", str(storage)) as register, Client(register.ready["port"]) as client:
        register.post("/_sim/clock", {"now": "2050-01-02T03:04:05"})
        client.ask(f"E0 {P}")
    with simulated("--storage", str(storage)) as register, Client(register.ready["port"]) as client:
        assert client.ask(f"11 {P}")[25:28] == bytes((2, 1, 50))
        assert client.ask(f"41 {P}")[1] == 0


def test_printing_takes_time_when_asked() -> None:
    with simulated() as register, Client(register.ready["port"]) as client:
        register.post("/_sim/printing", {"seconds": 3600})
        client.ask(f"E0 {P}")
        assert client.ask(f"8D {P} 00") == bytes.fromhex("8D 50")
        assert client.ask(f"10 {P}")[6] == 5


@pytest.mark.parametrize(
    "path, body",
    [
        ("/_sim/faults", [{"command": "FF45"}]),
        ("/_sim/paper", {"state": "wet"}),
        ("/_sim/power", {"on": 1}),
        ("/_sim/power", None),
        ("/_sim/clock", {"now": "yesterday"}),
    ],
)
def test_the_control_door_says_what_it_does_not_understand(register: Simulated, path: str, body: object) -> None:
    status, answer = register.post(path, body)
    assert status == 400
    assert answer["error"]["code"] == "bad_request"
    assert register.post("/_sim/nothing", {})[0] == 404


@pytest.fixture(scope="module")
def register():  # type: ignore[no-untyped-def]
    with simulated() as running:
        yield running


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    storage = tmp_path / "fn.jsonl"
    arguments = ("--listen", "pty", "--storage", str(storage))
    register = Simulated(*arguments)
    numbers = []
    with Client(register.ready["port"]) as client:
        client.ask(f"E0 {P}")
        for _ in range(5):
            numbers.append(sell(client))
        register.kill()
    before = [each for each in dump(storage) if each["type"] == 3]
    assert [each["number"] for each in before] == numbers
    with simulated(*arguments) as again, Client(again.ready["port"]) as client:
        assert {k: again.ready[k] for k in ("fn", "factory_number")} == {
            k: register.ready[k] for k in ("fn", "factory_number")
        }
        assert again.documents() == list(dump(storage))
        assert client.ask(f"10 {P}")[5] & 0x0F == 2, "the shift is still open"
        assert sell(client) == numbers[-1] + 1
        assert [each["number"] for each in dump(storage)][-1] == numbers[-1] + 1


def test_kills_in_the_middle_of_receipts(tmp_path: Path) -> None:
    """Killed at any moment of a receipt, the file opens again, and an answered receipt is in it."""
    storage = tmp_path / "fn.jsonl"
    arguments = ("--storage", str(storage))
    answered = 0
    for round_number in range(6):
        register = Simulated(*arguments)
        timer = threading.Timer(0.02 * round_number, register.process.kill)
        with Client(register.ready["port"], patience_s=0.5) as client:
            client.ask(f"10 {P}")
            timer.start()
            try:
                client.ask(f"E0 {P}")
                client.ask(f"88 {P}")
                while True:
                    answered = max(answered, sell(client))
            except (AssertionError, OSError, IndexError):
                timer.join()
        register.kill()
        documents = list(dump(storage))
        assert [each["number"] for each in documents] == list(range(1, len(documents) + 1))
        assert len(documents) >= answered
    assert answered > 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told(number: int) -> None:
    with simulated() as register:
        assert register.stop(number) == 0


def test_it_ends_with_standard_input_only_when_asked() -> None:
    with simulated() as register:
        assert register.process.stdin is not None
        register.process.stdin.close()
        assert register.ended() == 0
    with simulated(ends_with_us=False) as register:
        assert register.process.stdin is not None
        register.process.stdin.close()
        with Client(register.ready["port"]) as client:
            assert client.ask(f"10 {P}")[1] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--listen", "usb"),
        ("--model", "felix"),
        ("--model", "shtrih", "--transport", "web"),
        ("--faults", "/nonexistent"),
    ],
)
def test_wrong_arguments_are_said(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "posapp.cli.sim_printer", *arguments],
        cwd=ROOT,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["message"]


def test_the_pace_of_a_line_is_kept_within_a_look_at_the_clock() -> None:
    now = 100.0

    def clock() -> float:
        nonlocal now
        now += 0.00005  # looking takes time too
        return now

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds + 0.0001  # sleeping always takes longer

    pace = Pace(9_600, clock, sleep)
    start = now
    for _ in range(50):
        pace.arrive(6)
        now += 0.0001  # the register thinks, which is no time on the line
        pace.leave(10)
    late = now - start - 50 * 16 * 10 / 9_600
    assert 0 <= late < 50 * 0.0002
    free = Pace(None, clock, sleep)
    before = now
    free.arrive(10_000)
    free.leave(10_000)
    assert now - before < 0.001


def test_the_line_can_be_asked_how_much_is_under_way_and_the_storage_how_much_is_new() -> None:
    """Who has said and heard as much as was dealt with and said knows that nothing comes any more."""
    with simulated("--listen", "pty") as register, Client(register.ready["port"]) as host:
        host.ask("10 1E 00 00 00")
        deadline = time.monotonic() + DEADLINE_S
        while (told := register.get("/_sim/line"))["heard"] < 1 + 8 + 1:
            assert time.monotonic() < deadline, told
        assert (told["is_on"], told["is_busy"], told["heard"]) == (True, False, 1 + 8 + 1)
        assert told["said"] > 1 + 16
        assert [each["number"] for each in register.get("/_sim/documents?after=0")] == [1]
        assert register.get("/_sim/documents?after=1") == []


def test_its_clock_can_be_wrong_and_its_storage_full() -> None:
    with simulated("--listen", "pty") as register:
        for door, body in (("clock", {"drift_s": 600}), ("storage", {"room": 0}), ("storage", {"room": None})):
            assert register.post(f"/_sim/{door}", body) == (200, {})
        assert register.post("/_sim/storage", {"room": -1})[0] == 400
