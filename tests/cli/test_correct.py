"""`posapp correct` as typed: what is listed, what is shown before, what is printed, how it is typed wrongly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posapp.__main__ import main
from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, roubles, sellable, set_up


@pytest.fixture
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=20, seed=7) as started:
        yield started


@pytest.fixture
def till(run: Run, shop: PracticeShop, tmp_path: Path) -> Iterator[Run]:
    """In a data directory that is set up, with orders on board and an open shift."""
    set_up(run, shop, tmp_path.name[-12:])
    assert run("orders", "pull")[0] == 0
    assert run("shift", "open")[0] == 0
    yield run
    run("shift", "close")


@pytest.fixture
def sold(till: Run) -> dict[str, Any]:
    """A sale for cash."""
    order = sellable(till)[0]
    code, done = till("sell", order["order"], "--cash", roubles(order["price_kopecks"]))
    assert code == 0
    receipt: dict[str, Any] = done["receipt"] | {"order": order["order"]}
    return receipt


def test_shown_first_then_printed(till: Run, sold: dict[str, Any]) -> None:
    assert till("correct", "list") == (0, {})
    code, shown = till("correct", sold["key"], "--tender", "card", "--plan")
    assert (code, [each["kind"] for each in shown["plan"]]) == (0, ["sell_refund", "sell"])
    assert [each["form"] for each in shown["plan"]] == ["receipt"] * 2
    assert [each["tenders"] for each in shown["plan"]] == [
        {"cash_kopecks": sold["total_kopecks"]},
        {"cashless_kopecks": sold["total_kopecks"]},
    ]
    assert {each["replaces_sign"] for each in shown["plan"]} == {sold["mark"]["document_sign"]}
    code, done = till("correct", sold["key"], "--tender", "card", "--why", "платил картой", "--by", "Петрова")
    assert (code, done["key"], done["order"]) == (0, sold["key"], sold["order"])
    assert [each["state"] for each in done["documents"]] == ["fiscalized"] * 2
    numbers = [each["mark"]["document_number"] for each in done["documents"]]
    assert numbers == [sold["mark"]["document_number"] + 1, sold["mark"]["document_number"] + 2]
    code, record = till("audit", "list", "--subject", sold["key"])
    assert (record["what"], record["who"], record["why"]) == ("receipt.corrected", "Петрова", "платил картой")
    code, again = till("correct", sold["key"], "--tender", "cash", "--why", "нет, наличными")
    assert (code, again["error"]["code"]) == (1, "correction_done")
    assert till("correct", "list") == (0, {})
    assert till("shift", "counters")[1]["agrees"] is True


def test_a_settlement_without_the_register(till: Run) -> None:
    """The practice register writes FFD 1.05: what it has no field for is refused, and nothing is printed."""
    order = sellable(till)[0]
    late = (
        "correct",
        "--order",
        order["order"],
        "--date",
        "2026-01-15",
        "--tender",
        "cash",
        "--why",
        "ККТ не работала",
    )
    code, answer = till(*late, "--plan")
    if code == 0:
        (document,) = answer["plan"]
        assert (document["form"], document["correction"]["day"]) == ("correction", "2026-01-15")
        assert document["replaces_sign"] is None
        assert till(*late)[0] == 0
        return
    assert (code, answer["error"]["code"]) == (1, "register_lacks")
    assert till(*late)[1]["error"]["code"] == "register_lacks"
    assert till("orders", "show", order["order"])[1]["receipts"] == []


@pytest.mark.parametrize(
    "more",
    [
        ("--tender", "sbp"),
        ("--tender", "card", "--cash", "5"),
        ("--vat", "1"),
        ("--vat", "1=99"),
        ("--void", "--tender", "card"),
        ("--self", "--by-order", "7"),
        ("--tax-system", "3"),
        ("--date", "2026-11-20"),
        ("--order", "MSK-1"),
        ("--document", "5", "--void"),
    ],
)
def test_typed_wrongly(tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]) -> None:
    """Said before anything is opened."""
    code = main(["correct", "0123456789ABCDEF", "--why", "x", *more, "--data-dir", str(tmp_path), "--json"])
    assert (code, json.loads(capsys.readouterr().out)["error"]["code"]) == (2, "usage")


def test_an_order_needs_its_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["correct", "--order", "MSK-1", "--tender", "cash", "--data-dir", str(tmp_path), "--json"])
    assert (code, json.loads(capsys.readouterr().out)["error"]["code"]) == (2, "usage")


def test_in_words(
    till: Run, sold: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is refused before anything is printed."""
    for key in ("ABC", "0123456789ABCDEF"):
        code, answer = till("correct", key, "--why", "x")
        assert (code, answer["error"]["code"]) == (1, "not_found")
    number = str(sold["mark"]["document_number"])
    for more in ((), ("--plan",)):
        code, answer = till("correct", "--document", number, "--void", "--why", "лишний", *more)
        assert (code, answer["error"]["code"]) == (1, "correction_unfit")
    code, answer = till("correct", sold["key"], "--tender", "card")
    assert (code, answer["error"]["code"]) == (3, "why_needed")
    monkeypatch.setenv("POSAPP_LANG", "en")
    assert main(["correct", sold["key"], "--tender", "card", "--plan"]) == 0
    text = capsys.readouterr().out
    assert "1. receipt, refund of a sale" in text
    assert f"takes back FD {sold['mark']['document_number']}" in text
    assert main(["correct"]) == 0
    assert capsys.readouterr().out.strip()
