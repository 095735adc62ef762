"""`posapp setup terminal`, `sell --card` over it and `posapp card`, as typed; the terminal is a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, roubles, sellable, set_up


class Process:
    """`posapp sim terminal`; killed and started again it has its operations, at the same port."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.port = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "posapp", "sim", "terminal", "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen([*command, "--storage", str(self._file)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline())
        self.url, self.control = ready["port"], ready["control"]
        self.port = int(self.url.rpartition(":")[2])

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def breaks(self, *faults: dict[str, Any]) -> None:
        request = urllib.request.Request(self.control + "/_sim/faults", json.dumps(faults).encode(), method="POST")
        urllib.request.urlopen(request, timeout=5).close()

    def approved(self, op: str) -> list[int]:
        with urllib.request.urlopen(self.control + "/_sim/operations", timeout=5) as answer:
            found = json.load(answer)
        return [each["amount_kopecks"] for each in found if each["op"] == op and each["outcome"] == "approved"]


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=12, seed=6) as started:
        yield started


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("bank") / "bank.jsonl")
    yield process
    assert process.stop() == 0


@pytest.fixture
def till(run: Run, shop: PracticeShop, terminal: Process, tmp_path: Path) -> Iterator[Run]:
    """A till with its terminal, orders on board, its shift open."""
    set_up(run, shop, tmp_path.name[-12:])
    assert run("orders", "pull")[0] == 0
    code, saved = run("setup", "terminal", "--port", terminal.url)
    assert (code, saved["terminal"]["name"], saved["terminal"]["is_simulated"]) == (0, "SIM-1", True)
    assert run("shift", "open")[0] == 0
    yield run
    run("shift", "close")


def test_sell_by_card_lose_the_answer_kill_the_terminal_and_refund(till: Run, terminal: Process) -> None:
    light = till("card", "ready")
    assert (light[0], light[1]["light"], light[1]["may_charge"]) == (0, "green", True)
    assert {each["name"] for each in light[1]["signs"]} == {"register", "paper", "shift", "clock", "storage", "ofd"}
    first, second = sellable(till)[:2]
    pay = ("sell", first["order"], "--card", roubles(first["price_kopecks"]))

    terminal.breaks({"op": "charge", "do": "decline", "value": "нет денег"})
    code, refused = till(*pay)
    assert (code, refused["error"]["code"]) == (1, "card_declined")
    assert "нет денег" in refused["error"]["message"]

    # approved, and the power goes: what became of it nobody can say until the terminal is back
    terminal.breaks({"op": "charge", "do": "kill", "when": "after"})
    for _ in range(2):
        code, unknown = till(*pay)
        assert (code, unknown["error"]["code"]) == (3, "card_unknown")
    shown = till("orders", "show", first["order"])[1]
    assert (shown["card"]["code"], shown["card"]["state"]) == ("card_unknown", "unknown")
    terminal.stop(signal.SIGKILL)
    terminal.start()
    (waiting,) = [till("card", "ask")[1]]
    assert (waiting["state"], waiting["order"]) == ("approved", first["order"])
    code, sold = till(*pay)
    assert (code, sold["receipt"]["state"]) == (0, "fiscalized")
    assert terminal.approved("charge") == [first["price_kopecks"]]
    assert till("orders", "show", first["order"])[1]["card"] is None

    code, back = till("refund", sold["receipt"]["key"])
    assert (code, back["tenders"]) == (0, {"cashless_kopecks": first["price_kopecks"]})
    assert terminal.approved("refund") == [first["price_kopecks"]]

    by_hand = ("sell", second["order"], "--card", roubles(second["price_kopecks"]), "--card-ref", "632109004512")
    assert till(*by_hand)[0] == 0
    assert len(terminal.approved("charge")) == 1
    kinds = [each["kind"] for each in map(json.loads, _lines(till))]
    assert kinds == ["charge", "refund", "charge", "charge"]
    assert till("audit", "verify")[0] == 0


def _lines(till: Run) -> list[str]:
    """`card list --all` answers an object a line; the fixture keeps the last, so the journal is asked once more."""
    import os

    command = [sys.executable, "-m", "posapp", "card", "list", "--all", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    return done.stdout.splitlines()


def test_what_is_no_terminal_of_this_directory_is_not_saved(till: Run, terminal: Process, folder: Path) -> None:
    before = till("setup", "terminal")[1]
    for typed in (
        ("--model", "tcp"),
        ("--port", "nowhere"),
        ("--model", "manual", "--port", terminal.url),
        ("--model", "x"),
    ):
        code, refused = till("setup", "terminal", *typed)
        assert (code, refused["error"]["code"]) == (2, "usage")
    path = folder / "settings.json"
    path.write_text(path.read_text("utf-8").replace('"training"', '"live"'), "utf-8")
    code, refused = till("setup", "terminal", "--port", terminal.url)
    assert (code, refused["error"]["code"]) == (1, "terminal_kind")
    path.write_text(path.read_text("utf-8").replace('"live"', '"training"'), "utf-8")
    assert till("setup", "terminal")[1] == before
    assert till("setup", "terminal", "--off")[1] == {"terminal": None}
    assert till("setup", "terminal", "--model", "manual")[1]["terminal"]["model"] == "manual"
    order = sellable(till)[-1]
    code, refused = till("sell", order["order"], "--card", roubles(order["price_kopecks"]))
    assert (code, refused["error"]["code"]) == (1, "terminal_by_hand")
