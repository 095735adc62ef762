"""`posapp resolve` and `posapp audit` as people type them: every command that a case names is taken as it stands.

The commands run in this process on the real driver; the cable behind it leads to the register of the simulation.
"""

from __future__ import annotations

import json
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from posapp import app, settings
from posapp.__main__ import main
from posapp.cli import setup as cli_setup
from posapp.cli import sync as cli_sync
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown
from posapp.journal.backup import back_up
from posapp.journal.connect import JOURNAL_NAME
from posapp.settings import Settings
from posapp.till import shift
from tests.till.doubts import lost_before_closing
from tests.till.rig import BORN, OWN_NUMBER, Killed, Register, driver_of
from tests.till.shops import TOTAL, Shop, an_order, shop_at
from tests.till.test_desk import foreign_and_unreadable, gone, qr_of, stray
from tests.till.test_resolve import made_and_unreadable

WHO, WHY = "Петрова", "видела ленту"
Run = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_at(tmp_path / "till", Register()) as open_shop:
        yield open_shop


@pytest.fixture
def run(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with `--json` while the shop's own process is away; its exit code and lines."""
    monkeypatch.setenv("POSAPP_DATA_DIR", str(shop.folder))
    monkeypatch.setattr(app, "now", shop.now)

    def printer_of(chosen: Settings, *_: object) -> object:
        return driver_of(shop.register)

    monkeypatch.setattr(app, "printer_of", printer_of)

    def command(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        settings.save(shop.folder, shop.settings)
        shop.close()
        capsys.readouterr()
        try:
            code = main([*arguments, "--json"])
        finally:
            shop.reopen()
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return command


def typed(command: str, **given: str) -> list[str]:
    """A command as a case names it, its dots filled in, as the shell takes it apart."""
    words = shlex.split(command)[1:]
    for place, word in enumerate(words[:-1]):
        if word == "--why":
            words[place + 1] = WHY
        if word == "--qr":
            words[place + 1] = given["qr"]
        if word == "--receipt-number":
            words[place + 1] = given["number"]
    return words


def choices(run: Run) -> dict[str, str]:
    """The commands of the one case that waits, by the ids of its choices."""
    code, (case,) = run("resolve")
    assert code == 3
    return {each["id"]: each["command"] for each in case["choices"]}


def records(run: Run) -> list[dict[str, Any]]:
    code, lines = run("audit", "list")
    assert code == 0
    return lines


# ---- what waits


def test_a_case_is_one_line_with_everything_that_a_script_or_a_person_needs(shop: Shop, run: Run) -> None:
    key, number = made_and_unreadable(shop)
    code, (case,) = run("resolve")
    assert code == 3
    assert {
        name: case[name] for name in ("key", "order", "total_kopecks", "after_document", "kind", "needs_person")
    } == {
        "key": key,
        "order": "1001",
        "total_kopecks": TOTAL.kopecks,
        "after_document": 2,
        "kind": "receipt",
        "needs_person": True,
    }
    assert set(case["story"]) == {"asked", "shows", "next"}
    assert all(case["story"].values())
    (document,) = case["documents"]
    assert {name: document[name] for name in ("number", "type", "kind", "total_kopecks", "whole")} == {
        "number": number,
        "type": 3,
        "kind": 1,
        "total_kopecks": TOTAL.kopecks,
        "whole": False,
    }
    assert [each["verdict"] for each in case["choices"]] == ["made", "not_made"]
    assert case["is_overdue"]  # the register has had a quarter of an hour


def test_nothing_waits(run: Run) -> None:
    assert run("resolve") == (0, [])


def test_a_case_is_told_to_people(shop: Shop, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    key, number = made_and_unreadable(shop)
    shop.close()
    settings.save(shop.folder, shop.settings)
    assert main(["resolve"]) == 3
    shop.reopen()
    told = capsys.readouterr().out
    for text in (key, "1001", f"ФД {number} – это наш чек", f"posapp resolve {key} --document {number}"):
        assert text in told
    assert "уйдут в Битрикс" in told  # the consequence, before it is taken


def test_what_the_storage_proved_is_told_to_people(shop: Shop, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    key = lost_before_closing(shop)
    shop.close()
    settings.save(shop.folder, shop.settings)
    assert main(["resolve"]) == 0
    assert main(["resolve"]) == 0
    shop.reopen()
    first, nothing, again = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{key}: ")
    assert "нет" in first
    assert nothing == again == "Разбирать нечего."


def test_beside_a_running_till_it_is_told_and_not_decided(
    shop: Shop, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    key, number = made_and_unreadable(shop)
    settings.save(shop.folder, shop.settings)
    written = len(shop.register.written)
    capsys.readouterr()
    assert main(["resolve", "--json"]) == 3  # the shop's process holds the directory
    case = json.loads(capsys.readouterr().out)
    assert (case["key"], case["choices"]) == (key, [])
    assert len(shop.register.written) == written
    assert main(["resolve", key, "--document", str(number), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "journal_busy"
    assert main(["audit", "verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == 0
    assert shop.stored().state is State.SENDING


# ---- every command of every choice


def test_the_document_is_ours(shop: Shop, run: Run) -> None:
    key, number = made_and_unreadable(shop)
    code, (done,) = run(*typed(choices(run)[f"made:{number}"]), "--by", WHO, "--why", WHY)
    assert (code, done["state"], done["receipt"]["mark"]["document_number"]) == (0, "fiscalized", number)
    (record,) = records(run)
    assert (record["who"], record["what"], record["subject"], record["why"]) == (WHO, "receipt.made", key, WHY)
    shop.assert_exactly_one()


def test_the_document_is_another_programs(shop: Shop, run: Run) -> None:
    key, numbers = foreign_and_unreadable(shop, 2)
    (not_made,) = [each for id_, each in choices(run).items() if id_.startswith("not_made")]
    assert run("resolve", key, "--not-made")[0] == 3  # without naming them it is not believed
    assert run("resolve", key, "--not-made", "--foreign", str(numbers[0]))[0] == 3
    assert records(run) == []
    code, (done,) = run(*typed(not_made))
    assert (code, done) == (0, {"key": key, "state": "pending"})
    (record,) = records(run)
    assert (record["who"], record["facts"]["foreign"]) == (shop.settings.cashier, numbers)
    shop.sell()
    shop.assert_exactly_one()


def test_the_flags_as_they_were_still_work(shop: Shop, run: Run) -> None:
    key, number = made_and_unreadable(shop)
    code, (done,) = run("resolve", key, "--document", str(number))
    assert (code, done["key"], done["receipt"]["state"]) == (0, key, "fiscalized")
    shop.assert_exactly_one()
    lost_before_closing_of(shop, 2)
    key = shop.receipt(2).key
    assert run("resolve", key, "--not-made") == (0, [{"key": key, "state": "pending"}])
    assert run("resolve", key, "--cancel") == (0, [{"key": key, "state": "cancelled"}])
    assert [each["what"] for each in records(run)] == ["receipt.made", "receipt.not_made", "receipt.cancelled"]


def lost_before_closing_of(shop: Shop, order: int) -> None:
    shop.register.killed_at = (0xFF45, False)
    with pytest.raises(Killed):
        shop.sell(an_order(order))
    shop.register.heal()
    shop.restart()


def test_an_open_receipt_is_cancelled(shop: Shop, run: Run) -> None:
    lost_before_closing(shop)
    shop.register.foreign_open(12_345)
    command = choices(run)["cancel_open"]
    code, (refused,) = run(*shlex.split(command)[1:4])
    assert (code, refused["error"]["code"], refused["error"]["number"]) == (3, "why_needed", 451)
    code, (done,) = run(*typed(command))
    assert (code, done["state"]) == (0, "cancelled")
    assert run("resolve") == (0, [])


@pytest.mark.parametrize("is_made", [True, False])
def test_an_operation(shop: Shop, run: Run, is_made: bool) -> None:
    shop.register.fault("50", "power_off", "before")
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(shop.till, TOTAL)
    shop.register.heal()
    shop.register.do_cash_in(123)
    command = choices(run)["operation_made" if is_made else "operation_not_made"]
    code, (done,) = run(*typed(command))
    assert (code, done) == (0, {"key": "cash_in", "state": "done" if is_made else "refused"})
    assert run("resolve") == (0, [])


def test_a_register_that_is_gone_for_good(shop: Shop, run: Run) -> None:
    key = gone(shop, printed=True, storage_only=False)
    code, (case,) = run("resolve")
    assert (code, case["choices"]) == (3, [])
    shop.close()
    shop.set_up_again()
    commands = choices(run)
    document = shop.register.printers[0].storage.documents[-1]
    qr, number = qr_of(shop), str(document.receipt_number)
    code, (refused,) = run(*typed(commands["lost_made"], qr=qr.replace("fp=", "xx="), number=number))
    assert (code, refused["error"]["code"]) == (1, "bad_input")
    code, (done,) = run(*typed(commands["lost_made"], qr=qr, number=number))
    assert (code, done["receipt"]["mark"]["document_number"]) == (0, document.number)
    assert records(run)[0]["subject"] == key


def test_who_put_another_storage_in_place_is_kept(shop: Shop, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what lets a person settle receipts of the former one."""
    monkeypatch.setattr(cli_setup, "make_printer", lambda *_, **__: driver_of(shop.register))
    set_up = ["setup", "printer", "--model", "shtrih", "--port", "cable", "--by", WHO, "--why", WHY]
    key = gone(shop, printed=False, storage_only=True)
    former = str(shop.till.identity)
    assert run(*set_up)[0] == 0
    (record,) = records(run)
    assert (record["who"], record["what"], record["why"]) == (WHO, "printer.replaced", WHY)
    assert record["facts"]["former"] == former
    assert record["facts"]["found"] != former
    shop.close()
    shop.set_up_again()
    assert run(*set_up)[0] == 0  # the same once more replaces nothing
    assert len(records(run)) == 1
    assert [each for each in choices(run) if each.startswith("lost")] == ["lost_made", "lost_not_made"]
    assert shop.receipt().key == key


def test_a_register_that_is_gone_and_the_ofd_has_nothing(shop: Shop, run: Run) -> None:
    key = gone(shop, printed=False, storage_only=True)
    shop.close()
    shop.set_up_again()
    command = choices(run)["lost_not_made"]
    assert run("resolve", key, "--not-made")[0] == 3  # without --lost the storage has to be read
    assert run("resolve", key, "--not-made", "--lost")[1][0]["error"]["code"] == "why_needed"
    assert run(*typed(command)) == (0, [{"key": key, "state": "pending"}])


def test_a_document_of_another_till(shop: Shop, run: Run) -> None:
    shop.sell(an_order(2))
    number = stray(shop)
    command = choices(run)[f"foreign:{number}"]
    code, (done,) = run(*typed(command))
    assert (code, done["state"]) == (0, "foreign")
    assert run("resolve") == (0, [])
    assert records(run)[0]["what"] == "document.foreign"


def test_a_register_that_is_another_one(shop: Shop, run: Run) -> None:
    shop.close()
    who = replace(identity_of(OWN_NUMBER), storage_number="9999078900099999")
    shop.register.be(Printer(who, BORN))
    shop.reopen()
    code, (case,) = run("resolve")
    assert (code, case["kind"], case["choices"]) == (3, "register", [])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--document", "3"],
        ["KEY"],
        ["KEY", "--document", "3", "--not-made"],
        ["KEY", "--document", "0"],
        ["KEY", "--lost"],
        ["KEY", "--lost", "--foreign", "3"],
        ["KEY", "--qr", "t=1"],
        ["KEY", "--receipt-number", "1", "--not-made"],
        ["KEY", "--made", "--cancel"],
        ["KEY", "--foreign", "3", "--document", "3"],
        ["KEY", "--not-made", "--foreign", "x"],
    ],
)
def test_wrong_usage_decides_nothing(shop: Shop, run: Run, arguments: list[str]) -> None:
    lost_before_closing(shop)
    code, (refused,) = run("resolve", *arguments)
    assert (code, refused["error"]["code"]) == (2, "usage")
    assert shop.stored().state is State.SENDING


# ---- the alarm


def test_every_round_of_sync_tells_what_waits(shop: Shop, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network either: an alarm needs none."""
    monkeypatch.delenv("POSAPP_WEBHOOK", raising=False)
    assert "alarms" not in run("sync", "--once")[1][0]
    key, number = made_and_unreadable(shop)
    (alarm,) = run("sync", "--once")[1][0]["alarms"]
    assert (alarm["key"], alarm["order"], alarm["owner"], alarm["is_overdue"]) == (key, "1001", "program", True)
    run("resolve")
    (alarm,) = run("sync", "--once")[1][0]["alarms"]
    assert alarm["owner"] == "person"
    run("resolve", key, "--document", str(number))
    assert "alarms" not in run("sync", "--once")[1][0]


def test_a_sync_that_goes_on_reads_the_storage_itself(shop: Shop, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds the directory: nobody else could."""
    stop = Event()
    stop.set()
    monkeypatch.setattr(cli_sync, "_told_to_stop", lambda: stop)
    lost_before_closing(shop)
    shop.register.is_plugged = False
    told = run("sync")[1][0]
    assert [each["owner"] for each in told["alarms"]] == ["program"]
    assert shop.stored().state is State.SENDING
    shop.register.is_plugged = True
    told = run("sync")[1][0]
    assert "alarms" not in told
    assert shop.stored().state is State.PENDING
    key, _ = foreign_and_unreadable(shop)
    told = run("sync")[1][0]
    assert [(each["key"], each["owner"]) for each in told["alarms"]] == [(key, "person")]


# ---- entries for the portal


def test_entries_are_held_and_sent_again_by_somebody(shop: Shop, run: Run) -> None:
    shop.sell()
    entry = shop.till.journal.entries_of_receipt(shop.receipt().key)[0].id
    assert run("outbox", "hold", str(entry), "--by", WHO, "--why", WHY) == (0, [{"entry": entry, "state": "held"}])
    assert run("outbox", "retry", str(entry)) == (0, [{"entry": entry, "state": "waiting"}])
    held, retried = records(run)
    assert (held["who"], held["what"], held["subject"], held["why"]) == (WHO, "entry.held", f"entry {entry}", WHY)
    assert (retried["who"], retried["what"]) == (shop.settings.cashier, "entry.retried")
    assert retried["facts"]["state"] == "held"
    assert run("outbox", "hold", "999")[0] == 1
    assert len(records(run)) == 2


# ---- the audit log


def decisions(shop: Shop, run: Run, count: int) -> Path:
    """So many records; the journal's file."""
    shop.sell()
    entry = shop.till.journal.entries_of_receipt(shop.receipt().key)[0].id
    for number in range(count):
        run("outbox", "retry", str(entry), "--why", f"раз {number}")
    return shop.folder / JOURNAL_NAME


def forge(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TRIGGER audit_update")
        db.execute("DROP TRIGGER audit_delete")
        db.execute(statement)
        db.commit()


def test_verify_says_how_many_and_the_head(shop: Shop, run: Run) -> None:
    decisions(shop, run, 3)
    code, (answer,) = run("audit", "verify")
    assert (code, answer["records"], answer["ok"], answer["first_broken"]) == (0, 3, True, None)
    assert answer["head"] == records(run)[-1]["hash"]
    assert run("audit", "verify", "--head", answer["head"])[0] == 0
    assert run("audit", "verify", "--head", "0" * 63 + "1")[0] == 1
    assert [each["record"] for each in run("audit", "list", "--after", "1", "--limit", "1")[1]] == [2]


@pytest.mark.parametrize(
    "statement, record, kind",
    [
        ("UPDATE audit SET why = 'иначе' WHERE id = 2", 2, "changed"),
        ("DELETE FROM audit WHERE id = 2", 2, "removed"),
        ("DELETE FROM audit WHERE id = 3", 3, "cut_off"),
    ],
)
def test_verify_names_the_exact_record(shop: Shop, run: Run, statement: str, record: int, kind: str) -> None:
    forge(decisions(shop, run, 3), statement)
    code, (answer,) = run("audit", "verify")
    assert (code, answer["ok"]) == (1, False)
    assert (answer["first_broken"]["record"], answer["first_broken"]["kind"]) == (record, kind)


def test_verify_against_a_copy(shop: Shop, run: Run, tmp_path: Path) -> None:
    decisions(shop, run, 2)
    copy = back_up(shop.till.journal, tmp_path / "copies", shop.now())
    assert run("audit", "verify", "--against", str(copy))[0] == 0
    code, (answer,) = run("audit", "verify", "--against", str(tmp_path / "none"))
    assert (code, answer["error"]["code"]) == (1, "audit_copy")


def test_a_log_is_told_to_people(shop: Shop, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    decisions(shop, run, 1)
    assert main(["audit", "list"]) == 0
    told = capsys.readouterr().out
    assert "запись для портала отправлена снова" in told
    assert "раз 0" in told
    assert main(["audit", "verify"]) == 0
    assert "цепь цела" in capsys.readouterr().out
