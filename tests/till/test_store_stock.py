"""Stores and what they have, on board: whole, gone on with, odd rows and all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from posapp.errors import Offline
from posapp.settings import CatalogueSettings
from posapp.till import store_stock
from posapp.till.context import Till
from tests.sync.direct import HOST, Direct, direct, till_on
from tests.sync.portals import Row, order_row, shop_of

MANY = 1_200


def portal_of(rows: list[Row]) -> Direct:
    stores = [{"id": 1, "title": "Магазин", "active": "Y"}, {"id": 2, "title": "Склад", "active": "N"}]
    return direct(shop_of(order_row(1), stores=stores, storeProducts=rows))


def amounts(count: int) -> list[Row]:
    return [
        {"id": n, "productId": 300 + n // 2, "storeId": 1 + n % 2, "amount": f"{n}.500", "quantityReserved": None}
        for n in range(1, count + 1)
    ]


def test_every_row_of_every_store_is_on_board(tmp_path: Path) -> None:
    line = portal_of(amounts(MANY))
    with till_on(line, tmp_path) as till:
        assert store_stock.pull(till)
        assert till.journal.stores(HOST) == {1: ("Магазин", True), 2: ("Склад", False)}
        assert till.journal.amount_count(HOST) == MANY
        assert till.journal.stock_of(HOST, 305) == [(1, Decimal("10.5")), (2, Decimal("11.5"))]
        assert till.journal.stock_of(HOST, 99_999) == []
        assert store_stock.known_at(till) == till.now()
    assert line.count <= 4  # stores, and twenty pages in a request


def test_a_pass_that_was_cut_off_goes_on_and_forgets_nothing_early(tmp_path: Path) -> None:
    line = portal_of(amounts(MANY))
    with till_on(line, tmp_path) as till:
        assert not store_stock.pull(till, steps=1)
        assert till.journal.amount_count(HOST) == 1_000
        assert store_stock.known_at(till) is None
    with till_on(line, tmp_path) as till:
        line.sent.clear()
        assert store_stock.pull(till)
        assert till.journal.amount_count(HOST) == MANY
    assert [method for method, _ in line.sent] == ["batch"]


def test_what_the_portal_has_no_more_is_forgotten_at_the_end_of_a_pass(tmp_path: Path) -> None:
    line = portal_of(amounts(100))
    with till_on(line, tmp_path) as till:
        store_stock.pull(till)
        line.portal.shop.tables["storeProducts"] = line.portal.shop.tables["storeProducts"][:40]
        store_stock.pull(till)
        assert till.journal.amount_count(HOST) == 40


def test_odd_rows_cost_no_other_one(tmp_path: Path) -> None:
    line = portal_of(amounts(6))

    def after(method: str, _sent: Any, body: Row) -> None:
        if method != "batch":
            return
        rows = body["result"]["result"]["s0"]["storeProducts"]
        rows[0] |= {"amount": None, "quantityReserved": "2"}
        rows[1] |= {"productId": None}
        rows[2] |= {"amount": "много", "id": "3"}
        rows[3] |= {"amount": -4}

    line.after = after
    with till_on(line, tmp_path) as till:
        assert store_stock.pull(till)
        assert till.journal.amount_count(HOST) == 5
        assert [(each.amount, each.reserved) for each in till.journal.amounts_of(HOST, 300)] == [
            (Decimal(0), Decimal(2))
        ]
        assert till.journal.stock_of(HOST, 302)[0] == (1, Decimal(-4))  # sold below nothing: so the portal says


def test_a_cursor_that_the_portal_dropped_is_noticed(tmp_path: Path) -> None:
    line = portal_of(amounts(200))

    def before(_count: int, method: str, body: Row) -> None:
        if method == "batch":
            body["cmd"] = {key: each.replace("%3Eid", "%3Eidd") for key, each in body["cmd"].items()}

    line.before = before
    with till_on(line, tmp_path) as till, pytest.raises(Offline, match="не применил отбор"):
        store_stock.pull(till)


def set_up(till: Till) -> Till:
    return replace(till, settings=till.settings.with_(catalogue=CatalogueSettings(barcode="property100")))


def test_rounds_read_it_now_and_then_and_a_portal_without_it_costs_one_look(tmp_path: Path) -> None:
    line = portal_of(amounts(60))
    line.after = _denied
    with till_on(line, tmp_path) as opened:
        till = set_up(opened)
        store_stock.refresh_if_due(till)
        looks = line.count
        store_stock.refresh_if_due(till)
        assert line.count == looks
        line.after = lambda _method, _sent, _body: None
        line.seconds += 1_000
        store_stock.refresh_if_due(till)
        assert till.journal.amount_count(HOST) == 60


def _denied(_method: str, _sent: Any, body: Row) -> None:
    body.clear()
    body |= {"error": "200040300010", "error_description": "Access Denied"}
