"""The vendor's library as a way to an АТОЛ register: what may be concluded when its process crashes, hangs or babbles.

Everything here goes through real C calls in a process of its own; the library is the stand-in that needs no compiler.
"""

from __future__ import annotations

import contextlib
import ctypes.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posapp.devices.atol import library, library_child, library_process
from posapp.devices.atol.library import LibraryTasks, Waits
from posapp.devices.atol.library_places import PATH_VARIABLE, library_paths, lock_path, settings_of
from posapp.devices.atol.library_process import CannotOpen, PortLock, pack
from posapp.devices.atol.tasks import Busy, Lost, NotSent, OpenReceipt, TaskFailed
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.errors import Unreachable, UsageError
from tests.devices.atol.library_bench import DEVICE_INFO, ENOUGH_S, QUICK, STAND_IN, Bench, bench

SELL = {"type": "sell", "items": [{"name": "Чай «Ёлка» 𝄞"}]}
INFO = {"type": "getDeviceInfo"}


@pytest.fixture(scope="module")
def shared() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.fixture(scope="module")
def held(shared: Bench) -> LibraryTasks:
    """One transport for all tests that leave it in order."""
    return shared.tasks()


@pytest.fixture
def tasks(shared: Bench, held: LibraryTasks) -> LibraryTasks:
    """Open, over a register in order."""
    register = shared.register
    register.refusal = register.result = register.text = None
    register.receipt = 0, ""
    held.open()
    return held


def child_of(tasks: LibraryTasks) -> int:
    """The number of the process that the transport has now."""
    child = tasks._child
    assert child is not None
    return child.pid


def is_alive(pid: int) -> bool:
    """Whether a process with this number is there, the dead that nobody has taken note of not counted."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# ---- what works


def test_a_task_and_its_result_keep_every_letter(tasks: LibraryTasks) -> None:
    assert tasks.perform(INFO, ENOUGH_S) == DEVICE_INFO


def test_a_result_that_is_longer_than_the_first_buffer_comes_whole(tasks: LibraryTasks, shared: Bench) -> None:
    shared.register.result = {"documentTLV": "Ж𝄞" * 50_000}
    assert tasks.perform(INFO, ENOUGH_S) == shared.register.result


def test_what_the_library_refuses_is_told_with_its_number(tasks: LibraryTasks, shared: Bench) -> None:
    shared.register.refusal = 68, "Смена превысила 24 часа"
    with pytest.raises(TaskFailed) as failed:
        tasks.perform(SELL, ENOUGH_S)
    assert (failed.value.code, failed.value.description) == (68, "Смена превысила 24 часа")
    shared.register.refusal = None
    assert tasks.perform(INFO, ENOUGH_S) == DEVICE_INFO


@pytest.mark.parametrize(
    "state, expected",
    [
        ((0, ""), None),
        ((1, "59.99"), OpenReceipt(ReceiptKind.SELL, Money(5999))),
        ((5, "0.00"), OpenReceipt(ReceiptKind.BUY_REFUND, Money(0))),
        ((8, "0.29"), OpenReceipt(ReceiptKind.SELL_REFUND, Money(29), is_correction=True)),
    ],
)
def test_the_open_receipt_is_told(
    tasks: LibraryTasks, shared: Bench, state: tuple[int, str], expected: OpenReceipt | None
) -> None:
    shared.register.receipt = state
    assert tasks.open_receipt() == expected


@pytest.mark.parametrize("state", [(3, "1.00"), (99, "1.00"), (1, "nan"), (1, "inf")])
def test_a_receipt_that_makes_no_sense_is_not_taken_for_none(
    tasks: LibraryTasks, shared: Bench, state: tuple[int, str]
) -> None:
    shared.register.receipt = state
    with pytest.raises(Lost):
        tasks.open_receipt()


def test_cancelling_reaches_the_register(tasks: LibraryTasks, shared: Bench) -> None:
    shared.register.calls.clear()
    tasks.cancel_receipt()
    assert shared.register.calls == ["C"]


def test_a_library_that_prints_megabytes_harms_nobody(tasks: LibraryTasks, shared: Bench) -> None:
    shared.register.deed("flood", after=True)
    before = shared.register.documents
    assert tasks.perform(SELL, ENOUGH_S)["fiscalParams"]["fiscalDocumentNumber"] == before + 1


# ---- one document each time, and never a false word about it


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("deed", ["crash", "garbage", "huge", "lie"])
def test_a_misdeed_in_a_sale_is_an_unknown_outcome(tasks: LibraryTasks, shared: Bench, deed: str, after: bool) -> None:
    before, pid = shared.register.documents, child_of(tasks)
    shared.register.deed(deed, after=after)
    with pytest.raises(Lost):
        tasks.perform(SELL, ENOUGH_S)
    assert not is_alive(pid)
    assert shared.register.documents == before + after
    tasks.open()
    assert tasks.perform(INFO, ENOUGH_S) == DEVICE_INFO
    assert shared.register.documents == before + after, "opening anew has repeated the task"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_library_that_hangs_is_ended_when_its_time_is_over(tasks: LibraryTasks, shared: Bench, after: bool) -> None:
    before, pid = shared.register.documents, child_of(tasks)
    shared.register.deed("hang", after=after)
    with pytest.raises(Lost):
        tasks.perform(SELL, 1.0)
    assert not is_alive(pid)
    tasks.open()
    assert shared.register.documents == before + after


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_link_that_breaks_in_a_sale_proves_nothing_and_is_opened_anew(
    tasks: LibraryTasks, shared: Bench, after: bool
) -> None:
    before = shared.register.documents
    shared.register.deed("cut", after=after)
    with pytest.raises(TaskFailed, match="2 Нет связи"):
        tasks.perform(SELL, ENOUGH_S)
    tasks.open()
    assert tasks.perform(INFO, ENOUGH_S) == DEVICE_INFO
    assert shared.register.documents == before + after


@pytest.mark.parametrize("text", ["[1]", "5", '"x"', "{", "NaN", '{"x": Infinity}', "[" * 100_000])
def test_a_result_that_is_no_object_is_an_unknown_outcome(tasks: LibraryTasks, shared: Bench, text: str) -> None:
    shared.register.text = text
    with pytest.raises(Lost):
        tasks.perform(SELL, ENOUGH_S)


def test_a_task_without_a_result_has_an_empty_one(tasks: LibraryTasks, shared: Bench) -> None:
    shared.register.text = ""
    assert tasks.perform(INFO, ENOUGH_S) == {}


def test_reset_leaves_nothing_that_could_still_run(tasks: LibraryTasks) -> None:
    pid = child_of(tasks)
    tasks.reset()
    assert not is_alive(pid)
    with pytest.raises(NotSent):
        tasks.perform(SELL, ENOUGH_S)
    tasks.open()
    assert child_of(tasks) != pid


def test_closing_ends_the_process_and_may_be_said_twice(shared: Bench, tasks: LibraryTasks) -> None:
    pid = child_of(tasks)
    tasks.close()
    tasks.close()
    assert not is_alive(pid)


# ---- where the process dies

DYING = {
    "at once": "",
    "after it read the order": "take()",
    "half a message, then gone": "take(); os.write(1, tell({'event': 'handed', 'number': 1})[:7])",
    "it babbles instead": "take(); os.write(1, b'Segmentation fault (core dumped)\\n')",
    "handed over": "take(); os.write(1, tell({'event': 'handed', 'number': 1}))",
    "the answer to another order": "take(); os.write(1, tell({'event': 'done', 'number': 7, 'result': '{}'})); wait()",
    "two answers, none of it ours": "take(); os.write(1, tell({'event': 'handed', 'number': 1}) * 40); wait()",
    "silent before": "take(); wait()",
    "silent after": "take(); os.write(1, tell({'event': 'handed', 'number': 1})); wait()",
    "an event that nobody knows": "take(); os.write(1, tell({'event': 'maybe', 'number': 1})); wait()",
}
NEVER_HANDED = {"at once", "after it read the order", "silent before"}
SCRIPT = """
import json, os, struct, time
def take(): return os.read(0, 1 << 16)
def tell(message): return struct.pack(">I", len(json.dumps(message))) + json.dumps(message).encode()
def wait():
    open(__file__ + ".waits", "w").close()
    time.sleep(100)
"""


def dying(program: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> LibraryTasks:
    """A transport whose process runs this script; one that waits has an order and has come to its wait."""
    program.write_text(SCRIPT + script)
    monkeypatch.setattr(library_child, "PROGRAM", str(program))
    tasks = LibraryTasks("usb", waits=QUICK)
    tasks._child = library_child.Child(QUICK.end_s)
    if "wait()" in script:  # the order is in its pipe already
        tasks._child._orders.put(pack({"do": "task"}))
        until(Path(f"{program}.waits").exists, "it waits")
    return tasks


def until(is_so: Callable[[], bool], what: str) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + ENOUGH_S
    while not is_so():
        assert time.monotonic() < deadline, what
        threading.Event().wait(0.005)


@pytest.mark.parametrize("how", DYING)
def test_not_sent_is_said_only_where_the_library_was_not_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    tasks = dying(tmp_path / "dying.py", DYING[how], monkeypatch)
    pid = child_of(tasks)
    with pytest.raises(NotSent if how in NEVER_HANDED else Lost):
        tasks.perform(SELL, 0.1 if "silent" in how else ENOUGH_S)
    assert not is_alive(pid)


def test_a_task_that_is_handed_over_just_when_its_time_is_over_is_not_taken_for_unsent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, gone = tmp_path / "go", tmp_path / "handed"
    script = (
        f"take()\nwhile not os.path.exists({str(go)!r}): time.sleep(0.001)\n"
        f"os.write(1, tell({{'event': 'handed', 'number': 1}})); open({str(gone)!r}, 'w').close(); time.sleep(100)"
    )
    tasks = dying(tmp_path / "late.py", script, monkeypatch)
    end = library_child.Child.end

    def ended_late(child: library_child.Child) -> bool:
        go.touch()
        until(gone.exists, "it is handed over")
        return end(child)

    monkeypatch.setattr(library_child.Child, "end", ended_late)
    with pytest.raises(Lost):
        tasks.perform(SELL, 0.05)


def test_a_result_that_no_memory_holds_is_not_asked_for(tasks: LibraryTasks, shared: Bench) -> None:
    shared.register.deed("huge", after=True)
    with pytest.raises(Lost, match="a text of 2147483647 characters"):
        tasks.perform(SELL, ENOUGH_S)


def test_a_process_that_ends_between_two_tasks_has_sent_nothing(tasks: LibraryTasks, shared: Bench) -> None:
    before = shared.register.documents
    os.kill(child_of(tasks), signal.SIGKILL)
    with pytest.raises(NotSent):
        tasks.perform(SELL, ENOUGH_S)
    assert shared.register.documents == before


def test_what_the_library_has_started_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "take(); child = os.fork()\nif child == 0:\n    time.sleep(100)\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child))\n"
        "os.write(1, tell({'event': 'handed', 'number': 1})); wait()"
    )
    tasks = dying(tmp_path / "forking.py", script, monkeypatch)
    with pytest.raises(Lost):
        tasks.perform(SELL, 0.1)
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_a_process_that_cannot_be_ended_is_no_proof_of_anything(
    tasks: LibraryTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as stuck:
        stuck.setattr(library_child.Child, "end", lambda child: False)
        with pytest.raises(Busy):
            tasks.reset()
        with pytest.raises(NotSent, match="не завершается"):
            tasks.open()
        with pytest.raises(Lost):
            tasks.perform({"type": "sell", "items": []}, 0.0)
    tasks.reset()


# ---- a till that is killed

PARENT = """
import sys
from posapp.devices.atol.library import LibraryTasks
tasks = LibraryTasks(sys.argv[1], library=sys.argv[2])
tasks.open()
print(tasks._child.pid, flush=True)
tasks.perform({"type": "sell"}, 100)
"""


def test_a_killed_till_takes_the_library_along_in_the_middle_of_a_sale(tmp_path: Path) -> None:
    with bench() as made:
        made.register.deed("hang", after=False)
        till = subprocess.Popen(
            [sys.executable, "-c", PARENT, made.door.url, STAND_IN],
            stdout=subprocess.PIPE,
            cwd=Path(library.__file__).parents[3],
        )
        with till:
            assert till.stdout is not None
            pid = int(till.stdout.readline())
            assert made.register.reached.wait(ENOUGH_S)
            till.kill()
        tasks = made.tasks()
        tasks.open()  # it waits until the lock of the process before is free
        assert not is_alive(pid)
        assert made.register.documents == 0


def test_a_second_process_on_the_same_port_is_refused(shared: Bench, tasks: LibraryTasks) -> None:
    second = shared.tasks(waits=Waits(lock_s=0.1))
    assert told(second).code == "port_busy"
    assert tasks.perform(INFO, ENOUGH_S) == DEVICE_INFO


# ---- a library that cannot be used


def refusal(path: str | Path) -> Unreachable:
    """What a person is told when this library is not opened."""
    with contextlib.closing(LibraryTasks("usb", library=str(path))) as tasks:
        return told(tasks)


def told(tasks: LibraryTasks) -> Unreachable:
    """The same of a transport."""
    with pytest.raises(NotSent) as refused:
        tasks.open()
    return Unreachable(refused.value.code, port="usb", **refused.value.facts)


def test_a_library_that_is_not_there_is_told_with_the_place_to_get_it(tmp_path: Path) -> None:
    found = refusal(tmp_path / "libfptr10.so")
    assert found.code == "atol_library_missing"
    assert "fs.atol.ru" in found.action()
    assert str(tmp_path) in found.message()


def test_no_library_anywhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "library_paths", lambda given: ["libfptr10-of-nobody.so"])
    assert refusal("").code == "atol_library_missing"


@pytest.mark.skipif(sys.platform != "linux", reason="a library of another word size is made of an ELF head")
def test_a_library_for_other_processors_is_told(tmp_path: Path) -> None:
    path = tmp_path / "libfptr10.so"
    head = bytearray(Path(os.path.realpath(sys.executable)).read_bytes()[:64])
    head[4] = 3 - head[4]  # 32 bits where ours has 64, and the reverse
    path.write_bytes(head)
    assert refusal(path).code == "atol_library_architecture"


@pytest.mark.parametrize("content", [b"", b"not a library", b"\x7fELF"])
def test_a_library_that_is_none_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "libfptr10.so"
    path.write_bytes(content)
    assert refusal(path).code == "atol_library_broken"


def test_a_library_without_the_functions_is_told(tmp_path: Path) -> None:
    name = ctypes.util.find_library("m")
    if name is None:
        pytest.skip("there is no library of mathematics that could be loaded by name")
    assert refusal(name).code == "atol_library_broken"


def test_the_vendors_service_that_is_missing_is_told(shared: Bench, held: LibraryTasks) -> None:
    held.close()
    shared.register.refusal = 11, "Для работы с драйвером необходимо запустить службу UEMA"
    found = told(held)
    assert found.code == "atol_service_missing"
    assert "UEMA" in found.message()
    assert "fs.atol.ru" in found.action()


def test_a_device_that_does_not_answer_is_not_sent(shared: Bench, held: LibraryTasks) -> None:
    held.close()
    shared.register.refusal = 2, "Нет связи"
    with pytest.raises(NotSent, match="Нет связи"):
        held.open()


def test_a_library_that_crashes_at_opening_is_told(tmp_path: Path) -> None:
    path = tmp_path / "crash.py"
    path.write_text("import os; os.abort()")
    found = refusal(path)
    assert (found.code, found.facts["why"]) == ("atol_library_crashed", "the process ended: SIGABRT")


def test_a_library_that_hangs_at_opening_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "hang.py"
    path.write_text("import threading; threading.Event().wait()")
    tasks = LibraryTasks("usb", library=str(path), waits=Waits(open_s=0.3))
    with pytest.raises(NotSent, match="не открыл"):
        tasks.open()


# ---- settings


@pytest.mark.parametrize(
    "port, expected",
    [
        ("COM3", {"Port": 0, "ComFile": "3", "BaudRate": 9600}),
        (r"\\.\COM12", {"Port": 0, "ComFile": "12", "BaudRate": 9600}),
        ("/dev/ttyACM0", {"Port": 0, "ComFile": "/dev/ttyACM0", "BaudRate": 9600}),
        ("usb", {"Port": 1, "UsbDevicePath": "auto"}),
        ("usb:1-1.2", {"Port": 1, "UsbDevicePath": "1-1.2"}),
        ("socket://192.168.1.10:5555", {"Port": 2, "IPAddress": "192.168.1.10", "IPPort": 5555}),
        ("socket://192.168.1.10", {"Port": 2, "IPAddress": "192.168.1.10", "IPPort": 5555}),
        ("bluetooth:00:11:22:33:44:55", {"Port": 3, "MACAddress": "00:11:22:33:44:55"}),
    ],
)
def test_a_port_of_ours_is_said_in_the_vendors_settings(port: str, expected: dict[str, object]) -> None:
    always = {"Model": 500, "AutoReconnect": False, "AutoTimeSync": False}
    assert settings_of(port, 9600) == {**always, **expected}


def test_a_password_other_than_the_factorys_goes_along() -> None:
    assert settings_of("usb", password=7)["UserPassword"] == "7"
    assert "UserPassword" not in settings_of("usb")


@pytest.mark.parametrize(
    "port", ["", "http://localhost:16732", "socket://host:0", "socket://host:x", "socket://h:70000"]
)
def test_a_port_that_the_library_cannot_open_is_wrong_usage(port: str) -> None:
    with pytest.raises(UsageError):
        settings_of(port)


def test_the_vendors_reconnecting_is_off() -> None:
    # it adds an unanswered command anew, which a device that was switched off in between performs a second time
    assert all(settings_of(port)["AutoReconnect"] is False for port in ("usb", "COM1", "socket://h:1"))


def test_a_library_that_was_named_is_the_only_one(tmp_path: Path) -> None:
    file = tmp_path / "libfptr10.so"
    assert library_paths(str(file), {}) == [str(file)]
    assert library_paths("", {PATH_VARIABLE: str(file)}) == [str(file)]
    assert library_paths(str(tmp_path), {})[0].startswith(str(tmp_path))
    assert len(library_paths("", {})) > 3


def test_a_port_has_one_lock_however_it_is_written() -> None:
    assert lock_path("COM3") == lock_path("com3")
    assert lock_path("COM3") != lock_path("COM4")


def test_a_lock_that_another_user_has_made_is_a_lock_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, opened = str(tmp_path / "port.lock"), os.open

    def of_another_user(name: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(name)
        return opened(name, flags, mode)

    first = PortLock(path, 0.0)
    monkeypatch.setattr(os, "open", of_another_user)
    with pytest.raises(CannotOpen):
        PortLock(path, 0.0)
    os.close(first._fd)
    PortLock(path, 0.0).release()


def test_a_lock_leaves_no_file_and_a_file_that_was_removed_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock = tmp_path / "port.lock", library_process._lock
    first = PortLock(str(path), 0.0)
    files: list[int] = []

    def removed_meanwhile(fd: int) -> None:
        files.append(fd)
        if len(files) == 1:
            first.release()  # after the second one has opened the file
        lock(fd)

    monkeypatch.setattr(library_process, "_lock", removed_meanwhile)
    second = PortLock(str(path), ENOUGH_S)
    assert len(files) == 2, "the lock of a file that nobody else will open"
    monkeypatch.undo()
    with pytest.raises(CannotOpen):
        PortLock(str(path), 0.0)
    second.release()
    assert not path.exists()
