"""The queue of the simulated web server: every way through its states, by faults, paper, power and restarts."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.simulator import faults as plans
from posapp.devices.simulator.atol_queue import TASKS_MAX, WAITING_MAX, Queue, QueueRefusal
from posapp.devices.simulator.atol_requests import FileDamaged, RequestFile
from posapp.devices.simulator.atol_tasks import AtolTasks
from posapp.devices.simulator.atol_web import command_of
from posapp.devices.simulator.printer import Traits
from tests.devices.simulator.benches import Bench

SELL = {
    "type": "sell",
    "items": [{"type": "position", "name": "Чай", "price": 10, "quantity": 1, "amount": 10, "tax": {"type": "none"}}],
    "payments": [{"type": "cash", "sum": 10}],
}
X = {"type": "reportX"}
BLOCKED, ASKS = "blocked", timedelta(seconds=3)


class Shop:
    """A queue, its register, and a clock that goes on when somebody waits."""

    def __init__(self, bench: Bench, file: RequestFile | None = None) -> None:
        self.bench = bench
        self.queue = Queue(AtolTasks(bench.printer), file)
        self.queue.restore(file.load() if file else [], bench.now)

    def post(self, uuid: str, *tasks: Any) -> None:
        self.queue.add(uuid, list(tasks), self.bench.now)

    def run(self, *, until: Callable[[], bool] | None = None) -> None:
        """Works until there is nothing to do, time passing as the queue asks for it."""
        for _ in range(200):
            if until is not None and until():
                return
            waits_s = self.queue.step(self.bench.now)
            if waits_s is None:
                break
            self.bench.now += timedelta(seconds=waits_s)
        assert until is None, "that never happened"

    def run_until_blocked(self) -> None:
        self.run(until=lambda: bool(self.queue.block_state()["isBlocked"]))

    def statuses(self, uuid: str) -> list[str]:
        return [each["status"] for each in self.results(uuid)]

    def results(self, uuid: str) -> list[dict[str, Any]]:
        return self.queue.find(uuid, self.bench.now).results

    def break_(self, *faults: dict[str, Any]) -> None:
        self.queue.faults.replace(plans.parse(list(faults), command_of))

    def power_on(self) -> None:
        self.queue.is_on = True
        self.bench.printer.power_on()

    @property
    def documents(self) -> int:
        return self.bench.printer.storage.last_number

    @property
    def reason(self) -> str:
        return str(self.queue.block_state()["blockReason"])


@pytest.fixture
def shop(selling: Bench) -> Shop:
    return Shop(selling)


@pytest.fixture
def start(selling: Bench, tmp_path: Path) -> Iterator[Callable[[], Shop]]:
    """Starts the server on its file; the one that ran before is killed."""
    files: list[RequestFile] = []

    def started() -> Shop:
        if files:
            files[-1].close()
        files.append(RequestFile(tmp_path / "requests"))
        return Shop(selling, files[-1])

    yield started
    files[-1].close()


def refused(status: int) -> pytest.RaisesExc[QueueRefusal]:
    return pytest.raises(QueueRefusal, check=lambda error: error.status == status)


# --- the usual way


def test_one_after_another(shop: Shop) -> None:
    shop.post("a", SELL, X)
    shop.post("b", SELL)
    assert shop.statuses("a") == ["wait", "wait"]
    shop.queue.step(shop.bench.now)
    assert (shop.statuses("a"), shop.statuses("b")) == (["inProgress", "wait"], ["wait"])
    shop.run()
    assert (shop.statuses("a"), shop.statuses("b")) == (["ready", "ready"], ["ready"])
    assert [shop.results(each)[0]["result"]["fiscalParams"]["fiscalDocumentNumber"] for each in "ab"] == [3, 4]
    assert shop.queue.status(shop.bench.now) == {
        **{"number": 0, "ready": 2, "canceled": 0},
        **{"isBlocked": False, "blockedUUID": "", "blockReason": ""},
    }


def test_a_known_uuid_is_never_taken_twice(shop: Shop) -> None:
    shop.post("a", SELL)
    with refused(409):
        shop.post("a", SELL)
    shop.run()
    with refused(409):
        shop.post("a", SELL)
    shop.post("b", SELL)
    shop.queue.cancel("b", shop.bench.now)
    with refused(409):
        shop.post("b", SELL)
    assert shop.documents == 3


def test_the_first_error_interrupts_the_rest(shop: Shop) -> None:
    shop.post("a", X, {"type": "nothing"}, SELL, X)
    shop.run()
    assert shop.statuses("a") == ["ready", "error", "interrupted", "interrupted"]
    assert [each["error"]["code"] for each in shop.results("a")] == [0, 501, 502, 502]
    assert shop.documents == 2


def test_only_what_waits_can_be_taken_back(shop: Shop) -> None:
    shop.post("a", SELL)
    shop.post("b", SELL)
    shop.queue.cancel("b", shop.bench.now)
    assert shop.results("b")[0] == {"error": {"code": 503, "description": "Задание отменено"}, "status": "canceled"}
    shop.queue.step(shop.bench.now)
    for uuid, status in (("a", 409), ("b", 409), ("c", 404)):
        with refused(status):
            shop.queue.cancel(uuid, shop.bench.now)
    shop.run()
    assert shop.documents == 3
    assert shop.queue.status(shop.bench.now)["canceled"] == 1


@pytest.mark.parametrize("uuid, tasks", [("", [X]), (None, [X]), (7, [X]), ("u" * 257, [X]), ("u", []), ("u", "sell")])
def test_requests_that_make_no_sense(shop: Shop, uuid: object, tasks: object) -> None:
    with refused(400):
        shop.queue.add(uuid, tasks, shop.bench.now)


def test_the_queue_is_bounded(shop: Shop) -> None:
    with refused(400):
        shop.post("big", *[X] * (TASKS_MAX + 1))
    for number in range(WAITING_MAX):
        shop.post(str(number), X)
    with refused(503):
        shop.post("one more", X)


@pytest.mark.parametrize("task", [None, 5, [], {}, {"type": None}, {"type": {"a": 1}}])
def test_tasks_that_are_none_are_errors_and_nothing_else(shop: Shop, task: Any) -> None:
    shop.post("a", task)
    shop.post("b", SELL)
    shop.run()
    assert (shop.results("a")[0]["error"]["code"], shop.statuses("b")) == (501, ["ready"])


def test_what_ended_long_ago_is_forgotten(shop: Shop) -> None:
    shop.post("a", X)
    shop.run()
    shop.bench.now += timedelta(days=31)
    with refused(404):
        shop.results("a")


# --- the register is lost


@pytest.mark.parametrize("do", ["drop_reply", "power_off"])
def test_lost_after_the_document_was_made(shop: Shop, do: str) -> None:
    shop.break_({"command": "sell", "do": do, "when": "after_commit"})
    shop.post("a", SELL, X)
    shop.post("b", X)
    shop.run_until_blocked()
    assert (shop.reason, shop.statuses("a"), shop.statuses("b")) == ("connectionError", [BLOCKED, "wait"], ["wait"])
    assert shop.results("a")[0]["error"]["code"] == 2
    for _ in range(5):
        shop.bench.now += ASKS
        shop.queue.step(shop.bench.now)
        if do == "power_off":
            assert shop.statuses("a") == [BLOCKED, "wait"], "as long as nobody answers, nothing is known"
    shop.power_on()
    shop.run()
    assert (shop.statuses("a"), shop.statuses("b"), shop.documents) == (["ready", "ready"], ["ready"], 3)
    told = shop.results("a")[0]["result"]
    assert (told["fiscalParams"]["fiscalDocumentNumber"], told["warnings"]) == (3, {"recovered": True})


@pytest.mark.parametrize(
    "fault", [{"command": "sell", "do": "drop_command"}, {"command": "closeReceipt", "do": "power_off"}]
)
def test_lost_before_the_document_was_made(shop: Shop, fault: dict[str, Any]) -> None:
    shop.break_(fault)
    shop.post("a", SELL, X)
    shop.run_until_blocked()
    assert (shop.bench.printer.receipt is not None) == (fault["command"] == "closeReceipt")
    shop.power_on()
    shop.run()
    assert (shop.statuses("a"), shop.documents) == (["error", "interrupted"], 2)
    assert shop.results("a")[0]["error"] == {"code": 2, "description": "Нет связи"}
    shop.post("b", SELL)
    shop.run()
    assert shop.documents == 3, "the receipt that was left open is cancelled first"


def test_lost_before_it_was_begun_is_an_error_at_once(shop: Shop) -> None:
    shop.queue.is_on = False
    shop.post("a", SELL)
    shop.run()
    assert (shop.statuses("a"), shop.results("a")[0]["error"]["code"], shop.reason) == (["error"], 2, "")


def test_a_task_that_makes_no_document_does_not_block(shop: Shop) -> None:
    shop.break_({"command": "reportX", "do": "drop_reply"})
    shop.post("a", X)
    shop.run()
    assert (shop.statuses("a"), shop.reason) == (["error"], "")


def test_the_server_takes_any_new_document_for_its_own(shop: Shop) -> None:
    """It compares numbers only: what another program made meanwhile passes for the receipt that was lost."""
    shop.break_({"command": "sell", "do": "power_off", "when": "before"})
    shop.post("a", SELL)
    shop.run_until_blocked()
    shop.bench.ok(c.ExchangeReport(30))
    shop.power_on()
    shop.run()
    assert (shop.statuses("a"), shop.bench.last().form) == (["ready"], 21)


def test_a_shift_that_opened_by_itself_passes_for_the_receipt(bench: Bench) -> None:
    bench.printer.traits = Traits(opens_shift=True)
    shop = Shop(bench)
    shop.post("whole", SELL)
    shop.run()
    assert shop.results("whole")[0]["result"]["warnings"] == {"shiftAutoOpened": True}
    shop.post("close", {"type": "closeShift"})
    shop.break_({"command": "closeReceipt", "do": "power_off"})
    shop.post("lost", SELL)
    shop.run_until_blocked()
    shop.power_on()
    shop.run()
    assert (shop.statuses("lost"), bench.last().form) == (["ready"], 2), "a shift report, and no receipt"


def test_a_storage_that_fails_blocks_and_is_found_out(shop: Shop) -> None:
    shop.break_({"command": "sell", "do": "error", "value": 115, "when": "after_commit"})
    shop.post("a", SELL)
    shop.run_until_blocked()
    assert shop.reason == "fnError"
    shop.run()
    assert (shop.statuses("a"), shop.documents) == (["ready"], 3)


def test_an_error_that_is_none_of_these_says_nothing_of_the_document(shop: Shop) -> None:
    shop.break_({"command": "sell", "do": "error", "value": 6, "when": "after_commit"})
    shop.post("a", SELL)
    shop.run()
    assert (shop.statuses("a"), shop.documents) == (["error"], 3), "an error, and the document is made all the same"


# --- paper


def test_paper_that_ends_in_the_middle_holds_the_queue_until_it_is_printed(shop: Shop) -> None:
    shop.break_({"command": "sell", "do": "paper_out", "when": "after_commit"})
    shop.post("a", SELL, X)
    shop.run_until_blocked()
    assert (shop.reason, shop.statuses("a")) == ("paperError", ["ready", "wait"])
    assert shop.results("a")[0]["result"]["warnings"] == {"notPrinted": True}
    shop.bench.now += ASKS
    shop.queue.step(shop.bench.now)
    assert shop.reason == "paperError"
    shop.bench.printer.set_paper("ok", shop.bench.now)
    shop.run()
    assert (shop.statuses("a"), shop.documents) == (["ready", "ready"], 3)
    assert shop.results("a")[0]["result"]["warnings"] == {}


def test_paper_that_was_out_before_makes_nothing(shop: Shop) -> None:
    shop.bench.printer.set_paper("out", shop.bench.now)
    shop.post("a", SELL)
    shop.run_until_blocked()
    assert shop.reason == "paperError"
    shop.run()
    assert (shop.statuses("a"), shop.results("a")[0]["error"]["code"], shop.documents) == (["error"], 44, 2)


def test_a_queue_that_does_not_wait_for_paper(shop: Shop) -> None:
    shop.queue.settings.blocks_on_paper = False
    shop.break_({"command": "sell", "do": "paper_out", "when": "after_commit"})
    shop.post("a", SELL)
    shop.run()
    assert (shop.statuses("a"), shop.reason) == (["ready"], "")
    assert shop.results("a")[0]["result"]["warnings"] == {"notPrinted": True}


def test_it_waits_until_the_print_before_has_ended(shop: Shop) -> None:
    shop.bench.printer.print_time = timedelta(seconds=2)
    shop.post("a", SELL)
    shop.post("b", SELL)
    shop.run()
    assert shop.documents == 4


# --- delays, and a server that is switched off


def test_a_slow_task_is_in_progress_and_cannot_be_taken_back(shop: Shop) -> None:
    shop.break_(
        {"command": "sell", "do": "delay", "value": 7},
        {"command": "sell", "do": "delay", "value": 5, "when": "after_commit"},
    )
    shop.post("a", SELL)
    began = shop.bench.now
    shop.queue.step(shop.bench.now)
    assert (shop.statuses("a"), shop.documents) == (["inProgress"], 2)
    with refused(409):
        shop.queue.cancel("a", shop.bench.now)
    shop.run(until=lambda: shop.documents == 3)
    assert shop.statuses("a") == ["inProgress"], "made, and not yet told"
    shop.run()
    assert (shop.statuses("a"), shop.bench.now - began) == (["ready"], timedelta(seconds=12))


def test_an_inactive_register_takes_nothing_and_keeps_what_waits(shop: Shop) -> None:
    shop.post("a", SELL)
    shop.queue.is_active = False
    with refused(409):
        shop.post("b", SELL)
    shop.run()
    assert shop.statuses("a") == ["wait"]
    shop.queue.is_active = True
    shop.run()
    assert shop.statuses("a") == ["ready"]


# --- a restart of the server


def test_everything_is_there_after_a_restart(selling: Bench, start: Callable[[], Shop]) -> None:
    shop = start()
    shop.post("done", SELL, {"type": "nothing"}, X)
    shop.run()
    shop.post("gone", SELL)
    shop.queue.cancel("gone", selling.now)
    shop.post("waits", SELL)
    again = start()
    assert again.results("done") == shop.results("done")
    assert (again.statuses("gone"), again.statuses("waits")) == (["canceled"], ["wait"])
    with refused(409):
        again.post("done", SELL)
    again.run()
    assert (again.statuses("waits"), again.documents) == (["ready"], 4)
    again.post("next", X)
    assert again.queue.find("next", selling.now).number == 4


@pytest.mark.parametrize("made", [False, True])
def test_a_server_that_was_killed_in_the_middle_of_a_receipt(
    selling: Bench, start: Callable[[], Shop], made: bool
) -> None:
    shop = start()
    shop.post("a", SELL, X)
    shop.queue.step(selling.now)  # begun, and told to nobody
    if made:
        AtolTasks(selling.printer).perform(SELL, selling.now)
    again = start()
    assert (again.statuses("a"), again.reason) == ([BLOCKED, "wait"], "connectionError")
    again.run()
    assert again.documents == (3 if made else 2), "never a second one"
    assert again.statuses("a") == (["ready", "ready"] if made else ["error", "interrupted"])


def test_a_cash_operation_in_the_middle_of_which_it_was_killed_is_not_repeated(
    selling: Bench, start: Callable[[], Shop]
) -> None:
    shop = start()
    shop.post("a", {"type": "cashIn", "cashSum": 5}, X)
    shop.queue.step(selling.now)
    again = start()
    again.run()
    assert (again.statuses("a"), again.results("a")[0]["error"]["code"]) == (["error", "interrupted"], 241)
    assert selling.printer.registers.drawer_kopecks == 100_000


def test_a_blocked_queue_is_blocked_after_a_restart_too(selling: Bench, start: Callable[[], Shop]) -> None:
    shop = start()
    shop.break_({"command": "sell", "do": "paper_out", "when": "after_commit"})
    shop.post("a", SELL, X)
    shop.post("b", X)
    shop.run_until_blocked()
    again = start()
    assert again.reason == "paperError"
    selling.printer.set_paper("ok", selling.now)
    again.run()
    assert (again.statuses("a"), again.statuses("b")) == (["ready", "ready"], ["ready"])


def test_a_torn_last_line_is_dropped_and_other_damage_is_said(start: Callable[[], Shop], tmp_path: Path) -> None:
    path = tmp_path / "requests"
    shop = start()
    shop.post("a", X)
    shop.run()
    path.write_bytes(path.read_bytes() + b'{"request": {"uuid": "torn"')
    assert start().statuses("a") == ["ready"]
    path.write_bytes(b"nonsense\n" + path.read_bytes())
    with pytest.raises(FileDamaged, match="line 1"):
        RequestFile(path).load()
