"""Set-up as a script does it: in any order, again, with bad values and with a settings file that was edited by hand."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run

PORTAL = ("setup", "portal", "--mode", "till-driven")


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=6, seed=5) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "Касса № 1"


@pytest.fixture
def printer(shop: PracticeShop) -> tuple[str, ...]:
    return ("setup", "printer", "--model", "shtrih", "--port", shop.register["port"])


def _rates(answer: dict[str, Any]) -> dict[int, int | None]:
    return {row["id"]: row["confirmed"] for row in answer["rows"]}


def test_the_portal_may_come_first(run: Run, printer: tuple[str, ...]) -> None:
    assert run(*PORTAL, "--training")[0] == 0
    code, answer = run("setup", "vat", "--accept-proposed")
    assert (code, answer["error"]["code"]) == (1, "not_set_up")  # half a table would hold every delivery later
    assert set(_rates(run("setup", "vat")[1]).values()) == {None}
    assert run(*printer)[0] == 0
    code, answer = run("setup", "vat", "--accept-proposed")
    assert code == 0
    assert None not in _rates(answer).values()


def test_the_register_may_be_set_up_again_and_the_rest_stays(run: Run, printer: tuple[str, ...]) -> None:
    run(*printer, "--training", "--cashier", "Кассир Иванова А. П.", "--till", "К-2")
    run(*PORTAL)
    run("setup", "vat", "--accept-proposed")
    before = run("setup", "show")[1]
    assert run(*printer, "--link", "v1")[0] == 0
    after = run("setup", "show")[1]
    assert after["printer"].pop("link") == "v1"
    assert before["printer"].pop("link") == "auto"
    assert after == before
    assert (after["cashier"], after["till"]) == ("Кассир Иванова А. П.", "К-2")


def test_a_till_that_was_only_set_up_is_empty_and_not_in_trouble(run: Run, printer: tuple[str, ...]) -> None:
    run(*printer, "--training")
    run(*PORTAL)
    assert run("orders", "list") == (0, {"orders": []})
    assert run("orders", "route") == (0, {"orders": []})
    assert run("outbox", "list") == (0, {"entries": []})
    code, answer = run("orders", "show", "10457")
    assert (code, answer["error"]["code"]) == (1, "unknown_order")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--password", "-1"),
        ("--password", "100000000"),
        ("--password", "пароль"),
        ("--cashier", ""),
        ("--cashier", " \t"),
        ("--cashier", "Я" * 65),
        ("--till", "1·2"),
        ("--till", ""),
        ("--link", "v3"),
    ],
)
def test_what_no_register_takes_is_wrong_usage(
    run: Run, printer: tuple[str, ...], arguments: tuple[str, str], folder: Path
) -> None:
    code, answer = run(*printer, "--training", *arguments)
    assert (code, answer["error"]["code"]) == (2, "usage")
    assert not folder.exists()


@pytest.mark.parametrize("form", ["{}", "{}\n", "\ufeff{}\r\n", "  {}  \nmore\n"])
def test_the_webhook_comes_by_stdin(
    run: Run, shop: PracticeShop, folder: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.delenv("POSAPP_WEBHOOK")
    typed = io.TextIOWrapper(io.BytesIO(form.format(shop.portal["webhook"]).encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", typed)
    code, answer = run(*PORTAL, "--training", "--webhook-stdin")
    assert (code, answer["secret"]) == (0, "keyring")
    assert shop.portal["webhook"] not in (folder / "settings.json").read_text("utf-8")


def test_no_stdin_no_webhook(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    code, answer = run(*PORTAL, "--training", "--webhook-stdin")
    assert (code, answer["error"]["code"]) == (2, "usage")


def test_the_vat_rows_are_the_portals_of_today(
    run: Run, shop: PracticeShop, printer: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that came to the portal after set-up can be confirmed without setting the portal up again."""
    run(*printer, "--training")
    run(*PORTAL)
    path = folder / "settings.json"
    settings = json.loads(path.read_text("utf-8"))
    gone = settings["vat"]["rows"].pop("5")
    path.write_text(json.dumps(settings), "utf-8")
    code, answer = run("setup", "vat", "--map", "5=2")
    assert (code, _rates(answer)[5]) == (0, 2)
    assert json.loads(path.read_text("utf-8"))["vat"]["rows"]["5"] == gone
    monkeypatch.setenv("POSAPP_WEBHOOK", "http://127.0.0.1:1/rest/1/other/")
    code, answer = run("setup", "vat")
    assert (code, answer["error"]["code"]) == (1, "other_portal")


def test_without_the_portal_the_rows_are_those_of_last_time(
    run: Run, shop: PracticeShop, printer: tuple[str, ...]
) -> None:
    run(*printer, "--training")
    run(*PORTAL)
    shop.network(up=False)
    try:
        code, answer = run("setup", "vat", "--accept-proposed")
    finally:
        shop.network(up=True)
    assert code == 0
    assert None not in _rates(answer).values()


GOOD: dict[str, Any] = {"kind": "training", "identity": "a", "till": "1", "cashier": "К", "language": "ru"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"x"',
        "null",
        "[" * 100_000,
        json.dumps({"kind": "training"}),
        json.dumps({**GOOD, "kind": "practice"}),
        json.dumps({**GOOD, "vat": [1]}),
        json.dumps({**GOOD, "vat": "x"}),
        json.dumps({**GOOD, "vat": {"confirmed": []}}),
        json.dumps({**GOOD, "vat": {"confirmed": {"3": 99}}}),
        json.dumps({**GOOD, "vat": {"confirmed": {"3": True}}}),
        json.dumps({**GOOD, "vat": {"confirmed": {"три": 3}}}),
        json.dumps({**GOOD, "vat": {"rows": {"3": ["НДС", "много"]}}}),
        json.dumps({**GOOD, "vat": {"rows": {"3": "НДС"}}}),
        json.dumps({**GOOD, "portal": "x"}),
        json.dumps({**GOOD, "portal": {"portal": 5, "mode": "till-driven", "final_status": "F", "is_simulated": True}}),
        json.dumps(
            {**GOOD, "portal": {"portal": "p", "mode": "till-driven", "final_status": "F", "is_simulated": "да"}}
        ),
        json.dumps({**GOOD, "portal": {"unknown": 1}}),
        json.dumps({**GOOD, "printer": []}),
        json.dumps({**GOOD, "printer": {"model": "shtrih"}}),
    ],
)
def test_a_damaged_settings_file_is_said_to_be_one(run: Run, folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "settings.json").write_text(text, "utf-8")
    for arguments in (("setup", "show"), ("orders", "list"), ("setup", "vat"), ("sell", "1", "--cash", "1")):
        code, answer = run(*arguments)
        assert (code, answer["error"]["code"]) == (1, "settings_damaged")


@pytest.mark.parametrize("what", ["the journal is there", "copies only"])
def test_settings_that_are_gone_beside_a_journal_are_lost_and_not_missing(
    run: Run, printer: tuple[str, ...], folder: Path, what: str
) -> None:
    run(*printer, "--training")
    run(*PORTAL)
    assert run("orders", "pull")[0] == 0
    assert run("backup", "now")[0] == 0
    (folder / "settings.json").unlink()
    if what == "copies only":
        for each in folder.glob("journal*"):
            each.unlink()
    for arguments in (("orders", "list"), ("sell", "1", "--cash", "1"), ("setup", "vat")):
        code, answer = run(*arguments)
        assert (code, answer["error"]["code"]) == (1, "settings_damaged")
        assert "posapp restore" in answer["error"]["action"]
