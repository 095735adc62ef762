"""The stand-in for the vendor's library over the simulated register: in Python and, where it can be built, in C."""

from __future__ import annotations

import ctypes
import re
import socket
import struct
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from posapp.cli.sim_printer import Made
from posapp.cli.sim_printer_library import run_library
from posapp.cli.simulated import WRONG_USAGE
from posapp.devices.atol.library import LibraryTasks, Waits
from posapp.devices.atol.library_places import PATH_VARIABLE
from posapp.devices.atol.library_process import SIGNATURES
from posapp.devices.atol.tasks import Lost, NotSent, OpenReceipt, TaskFailed
from posapp.devices.base import Ffd
from posapp.devices.registry import make_printer
from posapp.devices.simulator import atol_library as stand_in
from posapp.devices.simulator import atol_library_build
from posapp.devices.simulator.atol_library_build import CannotBuild, build
from posapp.devices.simulator.atol_library_door import LibraryDoor
from posapp.devices.simulator.atol_library_register import LibraryRegister
from posapp.devices.simulator.faults import BadFault
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer, Traits
from posapp.devices.simulator.server import local_now
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.errors import OutcomeUnknown
from tests.wire.simulated import simulated

ENOUGH_S = 20.0
CASHIER = {"name": "Кассир Ёлкина"}
SELL: dict[str, Any] = {
    "type": "sell",
    "taxationType": "osn",
    "operator": CASHIER,
    "items": [
        {"type": "userAttribute", "name": "posapp", "value": "K1·ORDER-1·0123456789ABCDEF"},
        {
            "type": "position",
            "name": "Чай «Ёлка» №5",
            "price": Decimal("59.99"),
            "quantity": 2,
            "amount": Decimal("119.98"),
            "tax": {"type": "vat22"},
        },
    ],
    "payments": [{"type": "cash", "sum": 200}],
}


class Bench:
    """A register, its door, and a transport over one of the two libraries."""

    def __init__(self, library: str) -> None:
        self.printer = Printer(identity_of(1_234_567), local_now(), timedelta(0), Ffd.V1_05)
        self.register = LibraryRegister(self.printer)
        self.door = LibraryDoor(self.register)
        self._thread = threading.Thread(target=self.door.serve, daemon=True)
        self._thread.start()
        self.tasks = LibraryTasks(self.door.url, library=library, waits=Waits(end_s=10.0))

    def fault(self, command: str, do: str, **more: object) -> None:
        """One fault, in place of those before."""
        self.register.faults.replace(self.register.parse_faults([{"command": command, "do": do, **more}]))

    @property
    def documents(self) -> int:
        """How many the storage holds."""
        return self.printer.storage.last_number

    def end(self) -> None:
        """Nothing is left."""
        self.tasks.close()
        self.door.stop()
        self._thread.join()


@pytest.fixture(scope="module")
def c_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library in C; skips where there is no compiler."""
    if not atol_library_build.compiler():
        pytest.skip("there is no C compiler on this computer")
    return build(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module", params=["python", "c"])
def shared(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = Bench(str(request.getfixturevalue("c_library")) if request.param == "c" else stand_in.__file__)
    yield made
    made.end()


@pytest.fixture
def bench(shared: Bench) -> Bench:
    """Connected, nothing open, the shift open."""
    shared.register.faults.replace([])
    if not shared.register.is_on:
        shared.register.power_on()
    shared.tasks.open()
    if shared.printer.receipt is not None:
        shared.tasks.cancel_receipt()
    if not shared.printer.storage.shift.is_open:
        shared.tasks.perform({"type": "openShift", "operator": CASHIER}, ENOUGH_S)
    return shared


def test_a_sale_makes_the_document_that_is_read_back(bench: Bench) -> None:
    told = bench.tasks.perform(SELL, ENOUGH_S)["fiscalParams"]
    assert (told["fiscalDocumentNumber"], told["total"]) == (bench.documents, Decimal("119.98"))
    found = bench.tasks.perform({"type": "getFnDocument", "fiscalDocumentNumber": bench.documents}, ENOUGH_S)
    assert found["documentTLV"]["1059"][0]["1030"] == 'Чай "Ёлка" №5'


def test_the_library_tells_and_cancels_the_open_receipt(bench: Bench) -> None:
    bench.fault("closeReceipt", "error", value=177)
    with pytest.raises(TaskFailed, match="177"):
        bench.tasks.perform(SELL, ENOUGH_S)
    assert bench.tasks.open_receipt() == OpenReceipt(ReceiptKind.SELL, Money(11998))
    bench.tasks.cancel_receipt()
    assert bench.tasks.open_receipt() is None
    with pytest.raises(TaskFailed, match="81"):
        bench.tasks.cancel_receipt()


@pytest.mark.parametrize(
    "command, do, when, made",
    [
        *(("sell", do, "before", 0) for do in ("crash", "garbage", "huge", "lie")),
        *(("sell", do, "after_commit", 1) for do in ("crash", "hang", "garbage", "huge", "lie", "flip")),
        ("registration", "crash", "before", 0),
        ("closeReceipt", "crash", "before", 0),
    ],
)
def test_a_misdeed_of_the_library_makes_one_document_or_none(
    bench: Bench, command: str, do: str, when: str, made: int
) -> None:
    before = bench.documents
    bench.fault(command, do, when=when)
    with pytest.raises(Lost):
        bench.tasks.perform(SELL, 1.0 if do == "hang" else ENOUGH_S)
    bench.tasks.open()
    bench.tasks.perform({"type": "getFnStatus"}, ENOUGH_S)
    assert bench.documents == before + made


@pytest.mark.parametrize("when, made", [("before", 0), ("after_commit", 1)])
@pytest.mark.parametrize("do", ["drop_reply", "power_off"])
def test_a_line_that_breaks_in_a_sale_is_told_as_no_connection(bench: Bench, do: str, when: str, made: int) -> None:
    before = bench.documents
    bench.fault("sell", do, when=when)
    with pytest.raises(TaskFailed, match="2 Нет связи"):
        bench.tasks.perform(SELL, ENOUGH_S)
    assert bench.documents == before + made


def test_a_flood_and_a_delay_change_nothing(bench: Bench) -> None:
    before = bench.documents
    bench.fault("sell", "flood", when="after_commit")
    assert bench.tasks.perform(SELL, ENOUGH_S)["fiscalParams"]["fiscalDocumentNumber"] == before + 1
    bench.fault("*", "delay", value=0.05)
    assert bench.tasks.perform(SELL, ENOUGH_S)["fiscalParams"]["fiscalDocumentNumber"] == before + 2


def test_a_task_that_is_none_is_refused_in_the_vendors_words(bench: Bench) -> None:
    with pytest.raises(TaskFailed) as failed:
        bench.tasks.perform({"type": "sell"}, ENOUGH_S)
    assert (failed.value.code, failed.value.description) == (501, 'Поле "items" отсутствует')


def test_a_register_that_is_off_is_not_opened(bench: Bench) -> None:
    bench.tasks.close()
    bench.register.power_off()
    with pytest.raises(NotSent, match="Нет связи"):
        bench.tasks.open()


def test_the_register_prints_before_the_next_task(bench: Bench) -> None:
    bench.printer.print_time = timedelta(seconds=0.05)
    try:
        bench.tasks.perform({"type": "reportX"}, ENOUGH_S)
        bench.tasks.perform({"type": "reportX"}, ENOUGH_S)
    finally:
        bench.printer.print_time = timedelta(0)


@pytest.mark.parametrize(
    "given", [5, [{"command": "sell", "do": "melt"}], [{"command": "sell", "do": "crash", "nth": 0}]]
)
def test_a_fault_that_cannot_be_understood_is_refused(given: object) -> None:
    with pytest.raises(BadFault):
        LibraryRegister.parse_faults(given)


# ---- as a command


@pytest.mark.parametrize("built", [False, True], ids=["python", "c"])
def test_the_command_plays_a_register_for_the_drivers_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: bool
) -> None:
    if built and not atol_library_build.compiler():
        pytest.skip("there is no C compiler on this computer")
    storage = ("--storage", str(tmp_path / "storage.json"))
    folder = ("--library", str(tmp_path / "library")) if built else ()
    with simulated("--model", "atol", "--transport", "library", *storage, *folder) as register:
        monkeypatch.setenv(PATH_VARIABLE, register.ready["library"])
        printer = make_printer("atol", register.ready["port"], link="library")
        printer.open_shift("Кассир")
        register.post("/_sim/faults", [{"command": "cashIn", "do": "crash", "when": "after_commit"}])
        with pytest.raises(OutcomeUnknown):
            printer.cash_in(Money(10_000))
        assert printer.reset_link().factory_number == register.ready["factory_number"]
        assert printer.cash_totals().drawer == Money(10_000)
        printer.close()
        register.kill()
    with simulated("--model", "atol", "--transport", "library", *storage) as register:
        printer = make_printer("atol", register.ready["port"], link="auto")
        assert printer.cash_totals().drawer == Money(10_000)
        printer.close()
    status = run_library(Made(None, None, timedelta(0), None, Traits()), "nowhere", None, None, stop_on_eof=False)
    assert status == WRONG_USAGE


# ---- the door


def test_the_door_serves_the_next_driver_after_one_that_babbles(bench: Bench) -> None:
    bench.tasks.close()
    host, port = bench.door.url.removeprefix("socket://").split(":")
    for noise in (b"", b"\0", struct.pack(">I", 0), b"\xff" * 40, struct.pack(">I", 3) + b"Q?!"):
        with socket.create_connection((host, int(port)), ENOUGH_S) as line:
            line.sendall(noise)
    bench.tasks.open()
    assert "fnStatus" in bench.tasks.perform({"type": "getFnStatus"}, ENOUGH_S)


# ---- the C library as others load it


def test_the_c_library_has_every_function_that_it_declares(c_library: Path) -> None:
    loaded = ctypes.CDLL(str(c_library))
    names = set(re.findall(r"ABSENT\((\w+)\)", atol_library_build.source().read_text("utf-8"))) - {"name"}
    assert len(names) > 100
    assert all(hasattr(loaded, f"libfptr_{name}") for name in names)
    assert all(hasattr(loaded, name) for name in SIGNATURES)


def test_what_the_c_library_does_not_do_is_refused_by_number(c_library: Path) -> None:
    loaded = ctypes.CDLL(str(c_library))
    handle = ctypes.c_void_p()
    assert loaded.libfptr_create(ctypes.byref(handle)) == 0
    try:
        assert loaded.libfptr_open_receipt(handle) == -1
        assert loaded.libfptr_error_code(handle) == 11
        assert loaded.libfptr_process_json(handle) == -1
        assert loaded.libfptr_error_code(handle) == 8
    finally:
        loaded.libfptr_destroy(ctypes.byref(handle))


def test_without_a_compiler_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atol_library_build, "compiler", lambda: "")
    with pytest.raises(CannotBuild, match="no C compiler"):
        build(tmp_path)


def test_a_compiler_that_refuses_is_told(tmp_path: Path, c_library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "wrong.c"
    wrong.write_text("int f(void) { return }")
    monkeypatch.setattr(atol_library_build, "source", lambda: wrong)
    with pytest.raises(CannotBuild, match=r"wrong\.c"):
        build(tmp_path)
