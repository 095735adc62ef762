"""`posapp setup catalogue`, `catalogue pull|list|find`, `sell --items`, `--begun`, `receipt begun`, as typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.cli.practice import PracticeShop
from posapp.domain.gs1 import check_digit
from posapp.till import sale
from tests.cli.tills import Run, set_up
from tests.till.rig import Killed

TEAPOT, MUG = "2000000003016", "good-303"
LABEL = "210031100350" + check_digit("210031100350")
SETUP = ("setup", "catalogue", "--accept-proposed", "--scale", "property65", "--marked", "property66")


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=3, seed=5) as started:
        yield started


@pytest.fixture
def bare(run: Run, shop: PracticeShop, tmp_path: Path) -> Iterator[Run]:
    """On a till with an open shift; nobody has said where the barcodes are."""
    set_up(run, shop, tmp_path.name[-12:])
    assert run("shift", "open")[0] == 0
    yield run
    run("shift", "close")


@pytest.fixture
def till(bare: Run) -> Run:
    """With the catalogue on board."""
    assert bare(*SETUP, "--scales", "21:5:5")[0] == 0
    assert bare("catalogue", "pull")[1]["complete"] is True
    return bare


def test_set_up_proposes_what_the_portal_shows_and_refuses_what_it_does_not_have(bare: Run) -> None:
    code, found = bare("sell", "--items", TEAPOT, "--cash", "1490")
    assert (code, found["error"]["code"]) == (1, "not_set_up")
    code, shown = bare("setup", "catalogue")
    assert (code, shown["catalogue"]) == (0, None)
    assert shown["proposed"] == {"barcode": "property64", "price_type": 1}
    for wrong in (("--barcode", "property99"), ("--barcode", "price"), ("--price-type", "7")):
        code, refused = bare("setup", "catalogue", *wrong)
        assert (code, refused["error"]["code"]) == (1, "catalogue_field")
    assert bare("setup", "catalogue", "--scales", "31:5:5")[0] == 2
    code, kept = bare(*SETUP, "--scales", "21:5:5", "--prices-hours", "48")
    assert code == 0
    assert kept["catalogue"] == {
        "barcode": "property64",
        "article": "code",
        "scale": "property65",
        "marked": "property66",
        "price_type": 1,
        "scales": "21:5:5",
        "prices_hours": 48,
    }
    assert bare("setup", "show")[1]["catalogue"] == kept["catalogue"]
    code, refused = bare("sell", "--items", TEAPOT, "--cash", "1490")
    assert (code, refused["error"]["code"]) == (1, "catalogue_empty")


def test_goods_are_pulled_listed_and_found(till: Run) -> None:
    again = till("catalogue", "pull")[1]
    assert (again["read"], again["products"], again["barcodes"]) == (0, 30, 30)
    assert till("catalogue", "pull", "--whole")[1]["read"] == 30
    code, listed = till("catalogue", "list", "--after", "390")
    assert [each["id"] for each in listed["products"]] == [391, 392, 393, 394]
    assert (code, listed["count"]) == (0, 30)
    code, found = till("catalogue", "find", f"{TEAPOT}×3")
    assert (found["products"][0]["id"], found["quantity"]) == (301, "3")
    assert found["products"][0]["prices"][0]["price_kopecks"] == 149_000
    assert [each["id"] for each in till("catalogue", "find", "сыр")[1]["products"]] == [311, 312]
    code, missing = till("catalogue", "find", "нет такого")
    assert (code, missing["error"]["code"]) == (1, "goods_unknown")


def test_goods_are_sold_by_their_codes(till: Run, shop: PracticeShop) -> None:
    code, sold = till("sell", "--items", f"{TEAPOT}×2", LABEL, MUG, "--cash", "5000", "--contact", "+79990000001")
    assert code == 0
    assert (sold["order"], sold["outbox_pending"]) == ("", 0)
    assert (sold["receipt"]["total_kopecks"], sold["receipt"]["change_kopecks"]) == (371_424, 128_576)
    assert [(each["quantity"], each["sum_kopecks"]) for each in sold["lines"]] == [
        ("2", 298_000),
        ("0.35", 28_434),
        ("1", 44_990),
    ]
    assert sold["prices_at"]
    (document,) = [each for each in shop.documents() if each["key"] == sold["receipt"]["key"]]
    assert document["total_kopecks"] == 371_424
    shown = till("receipt", "show", sold["receipt"]["key"])[1]
    assert (shown["order"], shown["receipt"]) == ("", sold["receipt"])
    code, next_one = till("sell", "--items", f"{TEAPOT}×2", LABEL, MUG, "--card", "3714.24")
    assert code == 0  # he was told of the first one: this is another customer
    assert next_one["receipt"]["key"] != sold["receipt"]["key"]


@pytest.mark.parametrize(
    "codes, refused",
    [
        (["9999"], "goods_unknown"),
        (["2000000003017"], "goods_code"),
        (["4600000003917"], "goods_no_price"),
        (["4600000003924"], "goods_inactive"),
        (["4607103820700"], "goods_unmarked"),
        (["4600000003948"], "goods_set"),
        (["good-311"], "goods_no_weight"),
        ([f"{TEAPOT}*1,5"], "goods_quantity"),
        ([TEAPOT, f"{LABEL}*2"], "goods_quantity"),
    ],
)
def test_what_cannot_be_sold_is_answered_and_begins_nothing(till: Run, codes: list[str], refused: str) -> None:
    code, answer = till("sell", "--items", *codes, "--cash", "9000")
    assert (code, answer["error"]["code"]) == (1, refused)
    assert answer["error"]["action"]
    assert till("receipt", "begun")[1] == {"begun": []}


@pytest.mark.parametrize(
    "arguments",
    [
        ("sell", "--items", "--cash", "5"),
        ("sell", "1001", "1002", "--cash", "5"),
        ("sell", "--cash", "5"),
        ("sell", TEAPOT, "--another", "--cash", "5"),
        ("sell", "--items", TEAPOT, "--as", "credit"),
        ("sell", "--items", TEAPOT, "--payment", "5", "--cash", "5"),
        ("sell", "--items", TEAPOT, "--override", "--why", "так", "--cash", "5"),
        ("sell", "--items", TEAPOT, "--begun", "0" * 16),
        ("sell", "--begun", "0" * 16, "--cash", "5"),
    ],
)
def test_what_makes_no_sense_together_is_a_usage_error(till: Run, arguments: tuple[str, ...]) -> None:
    code, answer = till(*arguments)
    assert (code, answer["error"]["code"]) == (2, "usage")


def test_a_sale_that_was_cut_off_is_gone_on_with_by_its_key(till: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sale, "print_pending", die)
        with pytest.raises(Killed):
            till("sell", "--items", TEAPOT, MUG, "--cash", "2000")
    (begun,) = till("receipt", "begun")[1]["begun"]
    key = begun["receipt"]["key"]
    assert begun["receipt"]["state"] == "pending"
    code, refused = till("sell", "--items", MUG, TEAPOT, "--cash", "2000")
    assert (code, refused["error"]["code"]) == (1, "walkin_begun")
    assert key in refused["error"]["action"]
    code, other = till("sell", "--items", MUG, TEAPOT, "--cash", "2000", "--another")
    assert code == 0
    assert other["receipt"]["key"] != key
    code, sold = till("sell", "--begun", key)
    assert (code, sold["receipt"]["key"], sold["receipt"]["state"]) == (0, key, "fiscalized")
    code, told = till("sell", "--begun", key)
    assert (code, told["error"]["code"], told["receipt"]["key"]) == (1, "walkin_printed", key)
    assert till("reconcile")[1]["differences"] == []


def test_the_exchange_keeps_the_prices_fresh(till: Run, shop: PracticeShop) -> None:
    code, done = till("sync", "--once")
    assert code == 0
    assert done["catalogue"] == {
        "read": 0,
        "prices_read": 0,
        "gone": 0,
        "complete": True,
        "products": 30,
        "barcodes": 30,
        "prices": 30,
    }
    shop.network(up=False)
    try:
        assert till("sell", "--items", TEAPOT, "--cash", "1490")[0] == 0
        assert till("catalogue", "pull")[1]["error"]["code"] == "offline"
    finally:
        shop.network(up=True)
