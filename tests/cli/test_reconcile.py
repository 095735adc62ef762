"""`posapp reconcile` as a script uses it, with a register, a portal and an OFD in processes of their own."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from posapp import settings as settings_file
from posapp.__main__ import main
from posapp.cli.practice import PracticeShop
from posapp.cli.sim_ofd import StorageFeed
from posapp.settings import OfdSettings
from posapp.sync.simulator.ofd import SimulatedOfd
from tests.cli.tills import Run, roubles

TOKEN = "key-of-the-ofd"
READY_S = 30.0


@contextmanager
def ofd_on(storage: Path) -> Iterator[dict[str, Any]]:
    """`posapp sim ofd` in a process; its ready line."""
    command = [sys.executable, "-m", "posapp", "sim", "ofd", "--storage", str(storage), "--token", TOKEN]
    process = subprocess.Popen(
        [*command, "--stop-on-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout is not None
    assert process.stdin is not None
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda out: lines.put(out.readline()), args=(process.stdout,), daemon=True)
    reader.start()
    try:
        yield json.loads(lines.get(timeout=READY_S))
    finally:
        process.stdin.close()  # the end of its input ends it
        assert process.wait(timeout=READY_S) == 0
        process.stdout.close()
        reader.join(READY_S)


def _read_all(out: IO[str], lines: queue.Queue[str]) -> None:
    for line in out:
        lines.put(line)


def post(url: str, body: object) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode())
    urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=12, seed=4) as started:
        yield started


@pytest.fixture(scope="module")
def storage(shop: PracticeShop) -> Path:
    return shop.folder.parent / "storage.json"


@pytest.fixture(scope="module")
def ofd(storage: Path) -> Iterator[dict[str, Any]]:
    with ofd_on(storage) as ready:
        yield ready


@pytest.fixture
def run(typed: Run, shop: PracticeShop, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("POSAPP_DATA_DIR", str(shop.folder))
    monkeypatch.setenv("POSAPP_WEBHOOK", shop.portal["webhook"])
    monkeypatch.setenv("POSAPP_OFD_TOKEN", TOKEN)
    return typed


@pytest.fixture
def till(run: Run, shop: PracticeShop) -> Iterator[Run]:
    """The practice till: its orders on board, its shift open; nothing waits afterwards."""
    assert run("orders", "pull")[1]["complete"]
    assert run("shift", "open")[0] == 0
    yield run
    shop.network(up=True)
    run("sync", "--once")
    run("setup", "ofd", "--off")
    run("shift", "close")


def _sell(run: Run) -> dict[str, Any]:
    rows = run("orders", "list")[1]["orders"]
    order = next(
        row
        for row in rows
        if not row["cancelled"] and not row["done"] and row["to_pay_kopecks"] == row["price_kopecks"]
    )
    kopecks = order["price_kopecks"]
    code, sold = run("sell", order["order"], "--cash", roubles(kopecks))
    assert code == 0
    return sold


def test_a_day_of_a_script(till: Run, shop: PracticeShop, ofd: dict[str, Any]) -> None:
    assert till("setup", "ofd", "--url", ofd["url"])[0] == 0
    sold = _sell(till)
    assert till("sync", "--once")[0] == 0
    code, answer = till("reconcile")
    assert (code, answer["differences"], answer["not_checked"]) == (0, [], [])
    assert (answer["checked"]["journal"], answer["checked"]["portal"], answer["to"]) == (1, 1, answer["at"])
    post(
        f"{ofd['control']}faults",
        [{"do": "extra", "number": 900, "total_kopecks": 100, "stamp": "1·X·0123456789ABCDEF"}],
    )
    code, answer = till("reconcile")
    (one,) = answer["differences"]
    assert (code, one["code"], one["document_number"], one["amount_kopecks"]) == (3, "ofd_extra", 900, 100)
    assert set(one) >= {"code", "order", "key", "document_number", "amount_kopecks", "message", "action", "command"}
    post(f"{ofd['control']}faults", [])
    shop.network(up=False)
    code, answer = till("reconcile")
    assert code == 3
    assert [each["source"] for each in answer["not_checked"]] == ["portal"]
    shop.network(up=True)
    assert sold["receipt"]["mark"]["document_number"] > 0


def test_closing_the_shift_reconciles_it_and_succeeds_whatever_that_finds(
    till: Run, shop: PracticeShop, ofd: dict[str, Any]
) -> None:
    assert till("setup", "ofd", "--url", ofd["url"])[0] == 0
    _sell(till)
    code, answer = till("shift", "close")
    assert (code, answer["shift"]["state"]) == (0, "closed")
    assert [each["code"] for each in answer["reconciled"]["differences"]] == ["portal_waits"]
    assert answer["reconciled"]["needs_person"] is False
    assert till("shift", "open")[0] == 0
    _sell(till)
    shop.network(up=False)
    code, answer = till("shift", "close")
    assert (code, answer["shift"]["state"]) == (0, "closed")
    assert [each["source"] for each in answer["reconciled"]["not_checked"]] == ["portal"]
    shop.network(up=True)
    assert till("sync", "--once")[0] == 0
    assert till("reconcile", "--from", answer["reconciled"]["from"][:10])[0] == 0
    assert till("shift", "open")[0] == 0


def test_a_person_reads_it_in_either_language(
    till: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sold = _sell(till)
    assert main(["reconcile"]) == 0
    text = capsys.readouterr().out.replace("\xa0", " ")
    assert "Сверка с " in text
    assert f"! Битрикс ещё не знает о ФД {sold['receipt']['mark']['document_number']}" in text
    assert "→ программа: Делать ничего не нужно" in text
    assert "Не сверено – ОФД: ОФД не указан – «posapp setup ofd»." in text
    assert "Расхождений: 1." in text
    monkeypatch.setenv("POSAPP_LANG", "en")
    assert main(["reconcile"]) == 0
    text = capsys.readouterr().out
    assert "! Bitrix does not know FD" in text
    assert "Differences: 1." in text
    monkeypatch.delenv("POSAPP_LANG")
    till("sync", "--once")


def test_a_sync_that_goes_on_reconciles_when_it_starts(till: Run, shop: PracticeShop) -> None:
    _sell(till)
    command = [sys.executable, "-m", "posapp", "sync", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_read_all, args=(process.stdout, lines))
    reader.start()
    try:
        assert json.loads(lines.get(timeout=READY_S))["left"] == 0
        reconciled = json.loads(lines.get(timeout=READY_S))["reconciled"]
    finally:
        process.terminate()
        code = process.wait(timeout=READY_S)
        reader.join(READY_S)
        process.stdout.close()
    assert code == 0
    assert reconciled["differences"] == []
    assert [each["source"] for each in reconciled["not_checked"]] == ["ofd"]
    assert reconciled["checked"]["storage"] > 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "вчера"),
        ("--to", "2026-11-21"),
        ("--from", "2026-11-21", "--to", "2026-11-20"),
        ("--from", "2999-01-01"),
        ("--from", "31.02.2026"),
    ],
)
def test_a_period_that_is_none_is_wrong_usage(till: Run, arguments: tuple[str, ...]) -> None:
    code, answer = till("reconcile", *arguments)
    assert (code, answer["error"]["code"]) == (2, "usage")


def test_the_ofd_is_tested_before_it_is_saved(
    till: Run, shop: PracticeShop, ofd: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop.folder
    monkeypatch.setenv("POSAPP_OFD_TOKEN", "another-key")
    code, answer = till("setup", "ofd", "--url", ofd["url"])
    assert (code, answer["error"]["code"]) == (1, "ofd_unreachable")
    assert "ключ доступа не принят" in answer["error"]["message"]
    monkeypatch.setenv("POSAPP_OFD_TOKEN", TOKEN)
    for url in ("ftp://ofd.example", "https://user:secret@ofd.example", "https://ofd.example/?key=1", "ofd"):
        code, answer = till("setup", "ofd", "--url", url)
        assert (code, answer["error"]["code"]) == (1, "not_set_up")
        assert "secret" not in json.dumps(answer)
    found = settings_file.load(folder)
    assert found is not None
    assert found.ofd is None
    settings_file.save(folder, found.with_(kind="live"))
    code, answer = till("setup", "ofd", "--url", ofd["url"])
    assert (code, answer["error"]["code"]) == (1, "training_mismatch")
    settings_file.save(folder, found)
    assert till("setup", "ofd", "--url", ofd["url"])[0] == 0
    kept = settings_file.load(folder)
    assert kept is not None
    assert kept.ofd == OfdSettings(ofd["url"], is_simulated=True)
    assert TOKEN not in (folder / settings_file.FILE).read_text("utf-8")
    assert till("setup", "ofd", "--off")[0] == 0
    assert till("setup", "ofd")[0] == 2


def test_a_storage_file_is_read_on_and_again_when_it_was_replaced(storage: Path, till: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy.json"
    whole = storage.read_bytes()
    lines = whole.splitlines(keepends=True)
    feed, taken = StorageFeed(copy), SimulatedOfd(TOKEN)
    feed.bring(taken)  # not there yet
    copy.write_bytes(b"".join(lines[:2]) + lines[2][:10])
    feed.bring(taken)
    assert taken.held(feed.storage_number) <= 1
    copy.write_bytes(whole)
    feed.bring(taken)
    known = taken.held(feed.storage_number)
    fresh = tmp_path / "fresh.json"
    fresh.write_bytes(whole)
    fresh.replace(copy)
    feed.bring(taken)
    assert taken.held(feed.storage_number) == known
    again = SimulatedOfd(TOKEN)
    StorageFeed(copy).bring(again)
    assert again.held(feed.storage_number) == known


@pytest.mark.parametrize("listen", ["nowhere", "127.0.0.1:99999", "127.0.0.1:x"])
def test_a_wrong_address_of_the_simulator(listen: str, storage: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "ofd", "--listen", listen, "--storage", str(storage)]) == 2
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "wrong_usage"
