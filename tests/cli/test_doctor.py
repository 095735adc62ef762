"""`posapp doctor` and `posapp setup storage` as typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, roubles, sellable, set_up


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=6, seed=11) as started:
        yield started


@pytest.fixture
def run(run: Run, shop: PracticeShop, tmp_path: Path) -> Iterator[Run]:
    set_up(run, shop, tmp_path.name[-12:])
    assert run("orders", "pull")[0] == 0
    assert run("shift", "open")[0] == 0
    yield run
    run("doctor", "--repair", "--close-shift")


def paper(shop: PracticeShop, state: str) -> None:
    shop._control(f"{shop.register['control']}/_sim/paper", {"state": state})


def by_matter(answer: dict[str, object]) -> dict[str, dict[str, object]]:
    verdicts = answer["verdicts"]
    assert isinstance(verdicts, list)
    return {f"{each['device']}.{each['matter']}": each for each in verdicts}


def test_a_look_a_trace_and_the_same_again_after_a_sale(run: Run, tmp_path: Path) -> None:
    code, report = run("doctor")
    assert (code, report["worst"] in ("ok", "note", "warn"), len(report["stops_on"])) == (0, True, 10)
    order = sellable(run)[0]
    assert run("sell", order["order"], "--cash", roubles(order["price_kopecks"]))[0] == 0
    file = tmp_path / "wire.txt"
    code, report = run("doctor", "--trace", str(file))
    assert code == 0
    assert by_matter(report)["register.identity"]["level"] == "ok"
    told = file.read_text(encoding="utf-8")
    assert "FF39 OfdStatus" in told
    assert "1E 00 00 00" not in told, "the operator's password is not in it"


def test_paper_and_shift_are_verdicts_with_remedies_and_the_ladder_ends_at_hands(run: Run, shop: PracticeShop) -> None:
    paper(shop, "out")
    try:
        code, report = run("doctor")
        verdict = by_matter(report)["register.paper"]
        assert (code, verdict["level"], verdict["number"], bool(verdict["action"])) == (1, "stop", 102, True)
        code, answer = run("doctor", "--repair")
        assert (code, answer["stopped_at"], answer["error"]["code"], answer["steps"]) == (1, "print", "paper_out", [])
    finally:
        paper(shop, "ok")
    code, answer = run("doctor", "--repair", "--close-shift")
    assert (code, [each["done"] for each in answer["steps"]]) == (0, [False, False, True])
    assert by_matter(run("doctor")[1])["register.shift"]["level"] == "note"


def test_a_register_that_leaves_its_messages_to_the_host_has_them_carried(run: Run, shop: PracticeShop) -> None:
    code, answer = run("doctor", "--send-ofd")
    assert (code, answer["needed"], answer["sent"]) == (0, False, 0)
    shop._control(f"{shop.register['control']}/_sim/ofd", {"by_host": True})
    order = sellable(run)[1]
    assert run("sell", order["order"], "--cash", roubles(order["price_kopecks"]))[0] == 0
    code, answer = run("doctor", "--send-ofd")
    assert (code, answer["needed"], answer["sent"] >= 1, answer["waiting"]) == (0, True, True, 0)
    assert run("doctor", "--send-ofd")[1] == {"needed": True, "sent": 0, "waiting": 0}
    shop._control(f"{shop.register['control']}/_sim/ofd", {"by_host": False})


@pytest.mark.parametrize(
    "words, code",
    [(("--close-shift",), 2), (("--cancel-foreign",), 2), (("--why", "так"), 2), (("--repair", "--cancel-foreign"), 1),
     (("--repair", "--send-ofd"), 2),
     (("--trace", "/nowhere/at/all.txt"), 1)],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(run: Run, words: tuple[str, ...], code: int) -> None:
    assert run("doctor", *words)[0] == code


def test_a_trace_of_what_is_no_line_of_bytes_is_refused_and_no_empty_file_is_left(run: Run, tmp_path: Path) -> None:
    file = Path(run("setup", "show")[1]["data_dir"]) / "settings.json"
    before = file.read_text(encoding="utf-8")
    kept = json.loads(before)
    kept["printer"] |= {"model": "atol", "link": "web", "port": "http://127.0.0.1:1"}
    file.write_text(json.dumps(kept), encoding="utf-8")
    wire = tmp_path / "web.txt"
    assert run("doctor", "--trace", str(wire))[0] == 2
    assert not wire.exists()
    file.write_text(before, encoding="utf-8")


def test_the_guided_change_of_the_storage_says_what_is_first(run: Run) -> None:
    code, answer = run("setup", "storage")
    assert (code, answer["stage"], answer["ready"]) == (1, "before", False)
    assert {each["name"]: each["ok"] for each in answer["checks"]}["shift"] is False
    assert run("setup", "storage", "--accept")[1]["error"]["code"] == "why_needed"
    code, answer = run("setup", "storage", "--accept", "--why", "плановая")
    assert (code, answer["error"]["code"]) == (1, "storage_unready")
    assert run("shift", "close")[0] == 0
    checks = {each["name"]: each["ok"] for each in run("setup", "storage")[1]["checks"]}
    checks.pop("ofd")  # the tickets of the last half minute are on their way
    assert checks == {"sending": True, "document": True, "shift": True, "journal": True}
