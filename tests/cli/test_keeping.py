"""Copies, damage and coming back on the command line, with the portal and the register of a practice shop."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, roubles, set_up

NUMBERS = count(1)
PAGE = 4096
SOLD: set[str] = set()
"""Orders sold by the tests of this page: they share the register and the portal, and no order is sold twice."""


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=60, seed=11) as started:
        yield started


@pytest.fixture
def till(run: Run, shop: PracticeShop) -> Iterator[Run]:
    """A till of a name of its own that is set up, its orders on board, the shift open; closed again at the end."""
    set_up(run, shop, f"к{next(NUMBERS)}")
    assert run("orders", "pull")[1]["complete"]
    assert run("shift", "open")[0] == 0
    yield run
    shop.network(up=True)
    run("shift", "close")


def sell(run: Run) -> dict[str, Any]:
    """The next order that can be sold and that no test has sold, for cash."""
    rows = run("orders", "list")[1]["orders"]
    order = next(
        row
        for row in rows
        if not (row["cancelled"] or row["done"] or row["order"] in SOLD)
        and row["to_pay_kopecks"] == row["price_kopecks"]
    )
    SOLD.add(order["order"])
    kopecks = order["price_kopecks"]
    code, sold = run("sell", order["order"], "--cash", roubles(kopecks))
    assert code == 0, sold
    return sold


def zero_half(path: Path) -> None:
    """Every second page but the first two."""
    with path.open("r+b") as file:
        for page in range(2, path.stat().st_size // PAGE, 2):
            file.seek(page * PAGE)
            file.write(bytes(PAGE))


def documents(shop: PracticeShop, *sold: dict[str, Any]) -> Counter[str]:
    """How many documents in the storage carry the key of each of these sales."""
    keys = {each["receipt"]["key"] for each in sold}
    return Counter(each["key"] for each in shop.documents() if each["key"] in keys)


def marks_written(shop: PracticeShop, *sold: dict[str, Any]) -> dict[str, str]:
    """The portal's payments that carry one of these receipts: key → number of the document."""
    keys = {each["receipt"]["key"] for each in sold}
    return {
        str(payment["psInvoiceId"]): str(payment["payVoucherNum"])
        for order in shop.state()["orders"]
        for payment in order["payments"]
        if str(payment.get("psInvoiceId")) in keys
    }


def test_a_second_place_is_tested_kept_and_filled(till: Run, folder: Path, tmp_path: Path) -> None:
    code, answer = till("setup", "backup", "--folder", str(tmp_path / "stick"))
    assert (code, answer["error"]["code"]) == (1, "backup_folder")
    (tmp_path / "stick").mkdir()
    code, answer = till("setup", "backup", "--folder", str(tmp_path / "stick"))
    assert (code, answer["same_disk"]) == (0, True)
    assert till("setup", "show")[1]["backup"] == {"folder": str(tmp_path / "stick")}
    code, answer = till("backup", "now")
    assert (code, answer["ok"], set(answer["made"])) == (0, True, {"local", "second"})
    assert [place["sound"] for place in answer["places"]] == [True, True]
    code, answer = till("backup", "check")
    assert (code, answer["ok"]) == (0, True)
    assert answer["counts"]["local"] == answer["counts"]["second"]
    shutil.rmtree(tmp_path / "stick")
    code, answer = till("backup", "now")
    assert (code, answer["ok"]) == (1, False)
    assert [each["code"] for each in answer["troubles"]] == ["backup_away"]
    assert till("backup", "list")[0] == 1
    assert sell(till)["receipt"]["state"] == "fiscalized"
    assert till("setup", "backup", "--none")[1] == {"backup": None}
    assert till("backup", "list")[0] == 0


def test_a_damaged_journal_comes_back_and_the_portal_hears_of_each_receipt_once(
    till: Run, shop: PracticeShop, folder: Path
) -> None:
    first = sell(till)
    assert till("sync", "--once")[1]["left"] == 0
    assert till("backup", "now")[0] == 0
    second, third = sell(till), sell(till)
    assert till("sync", "--once")[1]["left"] == 0
    fourth = sell(till)
    zero_half(folder / "journal.sqlite")
    for command in (("sell", second["order"], "--cash", "1"), ("shift", "x"), ("orders", "pull")):
        code, answer = till(*command)
        assert (code, answer["error"]["code"]) == (1, "journal_damaged")
    before = len(shop.documents())
    code, report = till("restore", "--by", "Иванова", "--why", "диск посыпался")
    assert (code, report["waiting"], report["base"]) == (0, [], "copy")
    assert {each["key"] for each in report["adopted"]} == {each["receipt"]["key"] for each in (second, third, fourth)}
    assert (folder / report["aside"] / "journal.sqlite").exists()
    assert len(shop.documents()) == before
    for each in (first, second, third, fourth):
        code, answer = till("sell", each["order"], "--cash", "100000")
        assert (code, answer["error"]["code"]) == (1, "already_receipted")
        assert answer["receipt"]["key"] == each["receipt"]["key"]
    fifth = sell(till)
    code, synced = till("sync", "--once")
    assert (code, synced["left"], synced["failed"]) == (0, 0, 0)
    everything = (first, second, third, fourth, fifth)
    assert set(documents(shop, *everything).values()) == {1}
    assert marks_written(shop, *everything) == {
        each["receipt"]["key"]: str(each["receipt"]["mark"]["document_number"]) for each in everything
    }
    for each in everything:
        assert set(till("orders", "show", each["order"])[1]["lights"].values()) == {"green"}
    (decided,) = [row for row in audit(till) if row["what"] == "directory.restored"]
    assert (decided["who"], decided["why"]) == ("Иванова", "диск посыпался")
    assert till("audit", "verify")[0] == 0


def audit(run: Run) -> list[dict[str, Any]]:
    from posapp import app

    with app.open_till(app.data_dir(None), write=False) as till:
        return [{"what": each.what, "who": each.who, "why": each.why} for each in till.journal.audit_rows()]


def test_with_nothing_but_settings_portal_and_storage(till: Run, shop: PracticeShop, folder: Path) -> None:
    sold = [sell(till), sell(till)]
    shutil.rmtree(folder / "backups", ignore_errors=True)
    (folder / "journal.sqlite").unlink()
    code, answer = till("orders", "list")
    assert (code, answer["error"]["code"]) == (1, "journal_lost")
    shop.network(up=False)
    code, report = till("restore")
    assert (code, len(report["waiting"]), report["adopted"]) == (3, 2, [])
    code, answer = till("sell", sold[0]["order"], "--cash", "100000")
    assert code == 1
    shop.network(up=True)
    code, report = till("restore")
    assert (code, report["waiting"]) == (0, [])
    assert {each["key"] for each in report["adopted"]} == {each["receipt"]["key"] for each in sold}
    assert till("sync", "--once")[1]["left"] == 0
    assert set(documents(shop, *sold).values()) == {1}
    assert len(marks_written(shop, *sold)) == 2


def test_a_restore_without_the_register_waits_and_goes_on(till: Run, shop: PracticeShop, folder: Path) -> None:
    sold = sell(till)
    (folder / "journal.sqlite").unlink()
    settings = folder / "settings.json"
    right = settings.read_text("utf-8")
    settings.write_text(right.replace(shop.register["port"], "/dev/nothing"), "utf-8")
    code, report = till("restore")
    assert (code, len(report["waiting"])) == (3, 1)
    settings.write_text(right, "utf-8")
    code, answer = till("sell", sold["order"], "--cash", "100000")
    assert (code, answer["error"]["code"]) == (1, "restore_unfinished")
    assert till("backup", "list")[1]["blocks"]["code"] == "restore_unfinished"
    code, report = till("restore")
    assert (code, [each["order"] for each in report["adopted"]]) == (0, [sold["order"]])
    assert till("sell", sold["order"], "--cash", "100000")[1]["error"]["code"] == "already_receipted"


def test_a_copied_directory_sells_nothing_until_it_is_taken_over(
    till: Run, shop: PracticeShop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sell(till)
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    second = sell(till)
    monkeypatch.setenv("POSAPP_DATA_DIR", str(copy))
    for order in (first, second):
        code, answer = till("sell", order["order"], "--cash", "100000")
        assert code == 1
        assert answer["error"]["code"] in ("directory_copied", "already_receipted")
    assert till("restore")[0] == 0
    assert till("sell", second["order"], "--cash", "100000")[1]["error"]["code"] == "already_receipted"
    assert set(documents(shop, first, second).values()) == {1}


@pytest.mark.parametrize(
    "arguments, exit_code, code",
    [
        (["setup", "backup"], 2, "usage"),
        (["setup", "backup", "--folder", "x", "--none"], 2, "usage"),
        (["restore", "--copy", "x", "--from-storage"], 2, "usage"),
        (["restore", "--copy", "/nothing/there"], 1, "restore_which"),
        (["restore"], 1, "not_set_up"),
        (["backup", "now"], 1, "not_set_up"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], exit_code: int, code: str) -> None:
    got, answer = run(*arguments)
    assert (got, answer["error"]["code"]) == (exit_code, code)
