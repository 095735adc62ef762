"""One portal has one name: reached by another address it keeps it, and no order is sold twice for that."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from posapp.cli.practice import PracticeShop
from posapp.errors import Offline
from posapp.http import HttpClient
from posapp.settings import load, save
from tests.cli.tills import Run, roubles

PORTAL = ("setup", "portal", "--mode", "till-driven")
NUMBERS = count(1)


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=24, seed=4) as started:
        yield started


@pytest.fixture
def sold(run: Run, shop: PracticeShop) -> str:
    """The number of an order that this till has receipted and told nobody of."""
    printer = ("setup", "printer", "--model", "shtrih", "--port", shop.register["port"], "--training")
    assert run(*printer, "--till", f"п{next(NUMBERS)}")[0] == 0
    assert run(*PORTAL)[0] == 0
    assert run("setup", "vat", "--accept-proposed")[0] == 0
    assert run("orders", "pull")[1]["complete"]
    run("shift", "open")  # it may be open: the tests of this page share the register
    for row in run("orders", "list")[1]["orders"]:
        kopecks = row["price_kopecks"]
        code, answer = run("sell", row["order"], "--card", roubles(kopecks))
        if code == 0:
            assert answer["outbox_pending"] == 4
            return str(row["order"])
    raise AssertionError("no order is left")


def by_another_address(shop: PracticeShop) -> str:
    """The webhook of the same portal by another name of its computer."""
    return str(shop.portal["webhook"]).replace("127.0.0.1", "localhost")


def documents_of(run: Run, order: str) -> list[int]:
    return [each["mark"]["document_number"] for each in run("orders", "show", order)[1]["receipts"]]


def test_a_portal_at_another_address_keeps_its_name_and_its_receipts(
    run: Run, sold: str, shop: PracticeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run("setup", "show")[1]["portal"]["portal"]
    monkeypatch.setenv("POSAPP_WEBHOOK", by_another_address(shop))
    assert run("sync", "--once")[1]["error"]["code"] == "other_portal"  # a key alone does not move a portal
    code, answer = run(*PORTAL)
    assert (code, answer["portal"]["portal"]) == (0, before)
    assert answer["portal"]["address"] == before.replace("127.0.0.1", "localhost")
    code, answer = run("sell", sold, "--cash", "500000")
    assert (code, answer["error"]["code"]) == (1, "already_receipted")
    assert len(documents_of(run, sold)) == 1
    code, answer = run("sync", "--once")
    assert (code, answer["delivered"], answer["left"]) == (0, 4, 0)
    assert run("setup", "vat")[0] == 0
    monkeypatch.setenv("POSAPP_WEBHOOK", shop.portal["webhook"])
    assert run("sync", "--once")[0] == 0  # the former address is no other portal either
    assert run(*PORTAL)[1]["portal"]["address"] == ""


def test_the_same_without_settings(
    run: Run, sold: str, shop: PracticeShop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "till"
    known = load(folder)
    assert known is not None
    save(folder, known.with_(portal=None))
    monkeypatch.setenv("POSAPP_WEBHOOK", by_another_address(shop))
    assert run(*PORTAL)[0] == 0
    assert run("sell", sold, "--cash", "500000")[1]["error"]["code"] == "already_receipted"


def test_another_portal_has_to_wait_until_the_former_one_has_heard_all(
    run: Run, sold: str, shop: PracticeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = run("setup", "show")[1]
    with PracticeShop(orders=6, seed=31) as other:
        theirs = other.portal["webhook"]
        ours = former["portal"]["portal"]
        monkeypatch.setenv("POSAPP_WEBHOOK", theirs)
        code, answer = run(*PORTAL)
        assert (code, answer["error"]["code"]) == (1, "portal_left")
        assert run("setup", "show")[1] == former
        monkeypatch.setenv("POSAPP_WEBHOOK", shop.portal["webhook"])
        told = run("sync", "--once")
        assert told[1]["left"] == 0, told
        monkeypatch.setenv("POSAPP_WEBHOOK", theirs)
        code, answer = run(*PORTAL)
        assert code == 0
        assert answer["portal"]["portal"] not in ("", ours)
        assert answer["portal"]["address"] == ""


def test_equal_numbers_do_not_make_one_portal_of_two(run: Run, sold: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every shop begins its orders at 1: only the goods tell two portals apart."""
    with PracticeShop(orders=24, seed=32) as other:  # the same numbers and payments, other goods
        monkeypatch.setenv("POSAPP_WEBHOOK", other.portal["webhook"])
        code, answer = run(*PORTAL)
    assert (code, answer["error"]["code"]) == (1, "portal_left")


def test_a_portal_that_cannot_be_asked_is_no_other_portal(
    run: Run, sold: str, shop: PracticeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run("setup", "show")[1]["portal"]
    monkeypatch.setenv("POSAPP_WEBHOOK", by_another_address(shop))
    sent = HttpClient.post_json
    asked = 0

    def dies_at_the_end(*arguments: Any, **named: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked > 3:  # the questions of set-up itself are answered
            raise Offline("offline", reason="обрыв")
        return sent(*arguments, **named)

    monkeypatch.setattr(HttpClient, "post_json", dies_at_the_end)
    code, answer = run(*PORTAL)
    assert code == 1
    assert answer["error"]["code"] == "offline"
    assert run("setup", "show")[1]["portal"] == before
