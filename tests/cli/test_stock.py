"""`posapp setup stock|tell`, `posapp stock show|settle`, `sell --oversell`, `refund --goods-stay`, as typed."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from posapp.__main__ import main
from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run, set_up

TEAPOT = 301


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=3, seed=5) as started:
        yield started


@pytest.fixture
def till(run: Run, shop: PracticeShop, tmp_path: Path) -> Iterator[Run]:
    """On a till with an open shift and the catalogue on board."""
    set_up(run, shop, tmp_path.name[-12:])
    assert run("shift", "open")[0] == 0
    assert run("setup", "catalogue", "--accept-proposed")[0] == 0
    assert run("catalogue", "pull")[0] == 0
    yield run
    run("shift", "close")


def on_portal(shop: PracticeShop) -> Decimal:
    with urllib.request.urlopen(f"{shop.portal['url']}/_sim/state", timeout=10) as answer:
        state: dict[str, Any] = json.load(answer)
    return Decimal(state["stock"][str(TEAPOT)])


def test_the_stock_is_set_up_sold_from_and_settled(till: Run, shop: PracticeShop) -> None:
    code, shown = till("setup", "stock")
    assert (code, shown["stock"], shown["proposed"]["mode"]) == (0, None, "quantity")
    assert shown["proposed"]["inventory_management"] is False
    for wrong, refusal, exit_code in (
        (("--mode", "documents"), "stock_unproven", 1),
        (("--mode", "paper"), "usage", 2),
        (("--mode", "quantity", "--store", "1"), "usage", 2),
    ):
        code, answer = till("setup", "stock", *wrong)
        assert (code, answer["error"]["code"]) == (exit_code, refusal)
    code, kept = till("setup", "stock", "--mode", "quantity")
    assert (code, kept["stock"]["mode"], bool(kept["stock"]["since"])) == (0, "quantity", True)

    before = on_portal(shop)
    code, short = till("sell", "--items", f"{TEAPOT}*{int(before) + 1}", "--cash", "9999999")
    assert (code, short["error"]["code"]) == (1, "stock_short")
    code, sold = till("sell", "--items", f"{TEAPOT}*2", "--cash", "9999999")
    assert (code, sold["outbox_pending"]) == (0, 1)
    code, levels = till("stock", "show", str(TEAPOT))
    assert (code, levels["stock"][0]["unconfirmed"]) == (0, "-2")
    assert till("sync", "--once")[0] == 0
    assert on_portal(shop) == before - 2
    (entry,) = till("outbox", "list")[1]["entries"]
    assert (entry["step"], entry["state"], entry["order"].startswith("ФД ")) == ("stock", "done", True)

    key = sold["receipt"]["key"]
    assert till("refund", key, "--line", "1x1", "--goods-stay")[0] == 0
    code, back = till("refund", key, "--line", "1x1")
    assert (code, back["outbox_pending"]) == (0, 1)
    assert till("sync", "--once")[0] == 0
    assert on_portal(shop) == before - 1

    code, refused = till("stock", "settle", str(entry["entry"]), "--done", "--why", "ещё раз")
    assert (code, refused["error"]["code"]) == (1, "stock_settled")
    assert till("stock", "settle", str(entry["entry"]), "--done", "--again", "--why", "так")[0] == 2


def test_more_than_there_is_goes_out_on_a_persons_word_and_is_settled_by_one(till: Run, shop: PracticeShop) -> None:
    assert till("setup", "stock", "--mode", "quantity")[0] == 0
    before = on_portal(shop)
    many = f"{TEAPOT}*{int(before) + 1}"
    assert till("sell", "--items", many, "--cash", "9999999", "--oversell")[0] == 0
    assert till("sync", "--once")[0] == 3
    (entry,) = till("outbox", "list")[1]["entries"]
    assert (entry["state"], entry["error"]["code"]) == ("failed", "stock_rejected")
    assert till("stock", "settle", str(entry["entry"]), "--done", "--why", "пересчитали", "--by", "Старшая")[0] == 0
    assert till("outbox", "list")[1]["entries"][0]["state"] == "done"
    assert on_portal(shop) == before


def test_what_else_an_order_is_told_is_compared_with_the_portal(till: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert till("setup", "tell")[1]["tell"] == {"paid_status": "", "property_code": "", "property_ids": ""}
    for wrong in (("--paid-status", "QQ"), ("--fiscal-property", "NOTHING"), ("--paid-status", "DN")):
        code, refused = till("setup", "tell", *wrong)
        assert (code, refused["error"]["code"]) == (1, "not_set_up")
    code, kept = till("setup", "tell", "--paid-status", "P", "--fiscal-property", "COURIER")
    assert (code, kept["tell"]) == (0, {"paid_status": "P", "property_code": "COURIER", "property_ids": "1=7,2=29"})
    for code_of_buyer in ("PHONE", "EMAIL", "ADDRESS", "FIO", "INN", "CONTACT_PERSON"):
        code, answer = till("setup", "tell", "--fiscal-property", code_of_buyer)
        assert (code, answer["error"]["code"]) == (1, "not_set_up")
        assert "данные покупателя" in answer["error"]["message"]
    assert till("setup", "tell")[1]["tell"] == kept["tell"]
    assert main(["setup", "tell"]) == 0
    assert "Статус оплаченного заказа P; чек – в свойство COURIER." in capsys.readouterr().out
    assert till("setup", "tell", "--fiscal-property", "")[1]["tell"]["property_code"] == ""
