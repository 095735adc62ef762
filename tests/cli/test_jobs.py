"""`posapp setup portal --mode site-poll`, `posapp jobs run|list|show|refuse`, as typed, against the practice site."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run

PRINTS = {"paySystems": [{"ID": number, "CAN_PRINT_CHECK": "Y"} for number in range(1, 10)]}
QUICK = {"options": {"poll_hold_s": 0, "poll_look_s": 0.02}}
CODES = {"vatCodes": {1: "none", 2: "vat10", 3: "vat22", 4: "vat22"}}
EXIT_S = 20.0


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=8, seed=5) as started:
        yield started


def sim(shop: PracticeShop, name: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{shop.portal['url']}/_sim/{name}", data=data)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def rest(shop: PracticeShop, method: str, body: object) -> Any:
    request = urllib.request.Request(
        f"{shop.portal['webhook'].rstrip('/')}/{method}", data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@pytest.fixture
def till(run: Run, shop: PracticeShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A till that polls the site, its register switched on there."""
    monkeypatch.setenv("POSAPP_POLL_LINK", shop.portal["poll_link"])
    sim(shop, "settings", {**QUICK, **PRINTS, **CODES})
    printer = ("setup", "printer", "--model", "shtrih", "--port", shop.register["port"], "--training")
    assert run(*printer, "--till", tmp_path.name[-12:])[0] == 0
    code, done = run("setup", "portal", "--mode", "site-poll", "--rates", "22,10,none", "--site-vat-checked")
    assert code == 0, done
    rows = sim(shop, "checks")["cashboxes"]
    sim(shop, "settings", {"cashboxes": [{**row, "ACTIVE": "Y", "KKM_ID": "atol"} for row in rows]})
    return run


def pay(shop: PracticeShop) -> dict[str, Any]:
    """The next unpaid order is paid on the site; the check that it orders."""
    orders = sim(shop, "state")["orders"]
    payment = next(each["payments"][0] for each in orders if each["payments"] and each["payments"][0]["paid"] == "N")
    fields = {"paySystemId": payment["paySystemId"], "paid": "Y"}
    rest(shop, "sale.payment.update", {"id": payment["id"], "fields": fields})
    found: dict[str, Any] = sim(shop, "checks")["checks"][-1]
    assert found["status"] == "N"
    return found


def check_of(shop: PracticeShop, number: int) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in sim(shop, "checks")["checks"] if each["id"] == number)
    return found


def documents(shop: PracticeShop) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{shop.register['control']}/_sim/documents", timeout=10) as answer:
        return [each for each in json.loads(answer.read()) if each["type"] == 3]


def test_a_payment_on_the_site_is_printed_and_told(till: Run, shop: PracticeShop) -> None:
    before = len(documents(shop))
    number = pay(shop)["id"]
    code, seen = till("jobs", "run", "--once")
    assert (code, seen["trouble"]) == (0, None)
    check = check_of(shop, number)
    assert check["status"] == "Y"
    (document,) = documents(shop)[before:]
    link = check["linkParams"]
    assert link["fiscal_doc_number"] == str(document["number"])
    assert link["fn_number"] == shop.register["fn"]
    assert link["reg_number_kkt"] == shop.register["registration_number"]
    assert document["total_kopecks"] == round(float(link["doc_sum"]) * 100)
    code, shown = till("jobs", "list", "--all")
    (row,) = [each for each in shown["jobs"] if each["job"].endswith(f"|{number}")]
    assert (row["state"], row["told"], row["document_number"]) == ("done", True, document["number"])
    code, told = till("jobs", "show", str(number))
    assert told["job"]["ordered"]["items"]
    code, no = till("jobs", "refuse", str(number), "--why", "поздно")
    assert (code, no["error"]["code"]) == (1, "job_begun")
    assert len(documents(shop)) == before + 1


def test_the_vat_trap_is_held_and_told_as_a_warning_and_a_person_may_refuse(till: Run, shop: PracticeShop) -> None:
    before = len(documents(shop))
    sim(shop, "settings", {"vatCodes": {1: "none", 2: "none", 3: "none", 4: "none"}})
    assert till("setup", "portal", "--mode", "site-poll", "--rates", "22", "--site-vat-unchecked")[0] == 0
    number = pay(shop)["id"]
    assert till("jobs", "run", "--once")[0] == 3
    job = till("jobs", "show", str(number))[1]["job"]
    assert (job["state"], job["error"]["code"]) == ("held", "check_vat")
    assert len(documents(shop)) == before
    till("jobs", "run", "--once")
    check = check_of(shop, number)
    assert check["status"] in ("P", "E")
    code, refused = till("jobs", "refuse", str(number), "--why", "пробили вручную")
    assert (code, refused["job"]["error"]["code"]) == (0, "job_refused")
    till("jobs", "run", "--once")
    assert check_of(shop, number)["status"] == "E"
    sim(shop, "settings", CODES)
    assert till("setup", "portal", "--mode", "site-poll", "--rates", "22,10,none", "--site-vat-checked")[0] == 0
    sim(shop, "checks", {"reprint": number})
    assert till("jobs", "run", "--once")[0] == 0
    assert check_of(shop, number)["status"] == "Y"
    assert len(documents(shop)) == before + 1


def test_handed_out_again_after_four_minutes_nothing_is_printed_twice(till: Run, shop: PracticeShop) -> None:
    before = len(documents(shop))
    number = pay(shop)["id"]
    sim(shop, "faults", [])
    for _ in range(3):
        assert till("jobs", "run", "--once")[0] == 0
        sim(shop, "clock", {"advance_s": 300})
    assert check_of(shop, number)["status"] == "Y"
    assert len(documents(shop)) == before + 1


def test_a_report_of_the_site_closes_the_shift(till: Run, shop: PracticeShop) -> None:
    pay(shop)
    assert till("jobs", "run", "--once")[0] == 0
    box = sim(shop, "checks")["cashboxes"][0]["ID"]
    sim(shop, "reports", {"cashbox": box})
    assert till("jobs", "run", "--once")[0] == 0
    report = sim(shop, "checks")["reports"][-1]
    assert report["status"] == "Y"
    assert float(report["cashSum"]) + float(report["cashlessSum"]) > 0
    assert till("shift", "status")[1]["shift"]["state"] == "closed"


def test_a_wrong_link_and_missing_rates_are_refused_and_nothing_is_kept(
    run: Run, shop: PracticeShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim(shop, "settings", QUICK)
    asked = ("setup", "portal", "--mode", "site-poll", "--rates", "22", "--training")
    assert run(*asked)[1]["error"]["code"] == "not_set_up"
    printer = ("setup", "printer", "--model", "shtrih", "--port", shop.register["port"], "--training")
    assert run(*printer, "--till", tmp_path.name[-12:])[0] == 0
    link = shop.portal["poll_link"]
    for wrong in ("", "x", link[:-4] + "0000", link.replace("sale_check", "other"), "http://shop.example" + link[20:]):
        monkeypatch.setenv("POSAPP_POLL_LINK", wrong)
        code, no = run(*asked)
        assert (code, no["error"]["code"]) == (1, "poll_link"), wrong
    monkeypatch.setenv("POSAPP_POLL_LINK", link)
    assert run("setup", "portal", "--mode", "site-poll")[0] == 2
    assert run("setup", "portal", "--mode", "site-poll", "--rates", "18")[0] == 2
    code, off = run("jobs", "run", "--once")
    assert (code, off["error"]["code"]) == (1, "jobs_off")
    assert link not in json.dumps(run("setup", "show")[1])


def test_a_link_with_another_address_needs_a_word(
    till: Run, shop: PracticeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the site ordered under its former address must not be printed anew under the new one."""
    number = pay(shop)["id"]
    assert till("jobs", "run", "--once")[0] == 0
    before = len(documents(shop))
    monkeypatch.setenv("POSAPP_POLL_LINK", shop.portal["poll_link"].replace("127.0.0.1", "localhost"))
    moved = ("setup", "portal", "--mode", "site-poll")
    code, no = till(*moved)
    assert (code, no["error"]["code"]) == (1, "site_differs")
    code, kept = till(*moved, "--same-site")
    assert (code, kept["jobs"]["host"].partition(":")[0], kept["jobs"]["site"].partition(":")[0]) == (
        0, "localhost", "127.0.0.1",
    )  # fmt: skip
    assert till("jobs", "run", "--once")[0] == 0
    assert till("jobs", "show", str(number))[0] == 0
    assert len(documents(shop)) == before
    assert till(*moved)[1]["error"]["code"] == "site_differs"  # the word is asked for again
    code, other = till(*moved, "--another-site")
    assert (code, other["jobs"]["site"].partition(":")[0], other["jobs"]["host"]) == (0, "localhost", "")


def test_it_ends_at_once_when_it_is_told_to_while_the_site_holds_the_request(till: Run, shop: PracticeShop) -> None:
    sim(shop, "settings", {"options": {"poll_hold_s": 60, "poll_look_s": 0.5}})
    before = len(sim(shop, "checks")["notices"])
    process = subprocess.Popen(
        [sys.executable, "-m", "posapp", "jobs", "run", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    try:
        number = pay(shop)["id"]
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        assert line["printed"] or line["untold"]
        second = till("jobs", "run", "--once")[1]
        assert second["error"]["code"] in ("journal_busy", "poll_busy")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=EXIT_S) == 0
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
    sim(shop, "settings", QUICK)
    assert till("jobs", "run", "--once")[0] == 0
    assert check_of(shop, number)["status"] == "Y"
    assert len(sim(shop, "checks")["notices"]) >= before
