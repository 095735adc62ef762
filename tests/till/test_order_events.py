"""The queue of events: reserve, process, clear – nothing lost at any cut, nothing of one's own heard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from posapp.errors import Offline
from posapp.http import NoAnswer
from posapp.sync.bitrix.client import Command
from posapp.till import exchange, order_events
from posapp.till.context import Till
from tests.sync.direct import BEGAN, HOST, Direct, Killed, direct, till_on
from tests.sync.portals import Row, order_row, shop_of

COUNT = 5


@pytest.fixture
def line() -> Direct:
    at = (BEGAN - timedelta(days=1)).isoformat()
    return direct(shop_of(*(order_row(n, dateInsert=at, dateUpdate=at) for n in range(1, COUNT + 1))))


@pytest.fixture
def till(line: Direct, tmp_path: Path) -> Iterator[Till]:
    """A till that has its orders on board and its queue bound."""
    with till_on(line, tmp_path, is_application=True) as opened:
        exchange.pull(opened)
        assert order_events.listen(opened) is not None
        yield opened


def touch(line: Direct, order_id: int, **fields: object) -> None:
    """A manager changes an order on the portal."""
    line.seconds += 1
    client = line.client()
    line_before, line.before = line.before, lambda _count, _method, _body: None
    client.call("sale.order.update", {"id": order_id, "fields": fields or {"canceled": "Y"}})
    line.before = line_before


def is_cancelled(till: Till, order_id: int) -> bool:
    order = till.journal.order_by_id(HOST, order_id)
    assert order is not None
    return order.is_cancelled


def queue(line: Direct) -> list[Row]:
    return line.portal.queue.rows


def methods(line: Direct) -> list[str]:
    return [method for method, _ in line.sent]


def test_an_order_that_changes_is_on_board_with_the_next_round(till: Till, line: Direct) -> None:
    touch(line, 2)
    touch(line, 4)
    line.sent.clear()
    heard = order_events.listen(till)
    assert heard is not None
    assert (heard.on_board, heard.changed) == (2, 2)
    assert is_cancelled(till, 2)
    assert is_cancelled(till, 4)
    assert queue(line) == []
    assert "sale.order.list" not in methods(line)


def test_a_quiet_round_costs_one_request(till: Till, line: Direct) -> None:
    line.sent.clear()
    assert order_events.listen(till) is not None
    assert methods(line) == ["event.offline.list"]


def test_the_queue_is_bound_once(till: Till, line: Direct, tmp_path: Path) -> None:
    bound = [each.event for each in line.portal.queue.bindings]
    assert sorted(bound) == ["ONORDERDELETED", "ONSALEBEFOREORDERDELETE", "ONSALEORDERSAVED"]
    assert {each.connector for each in line.portal.queue.bindings} == {order_events.connector_of(till)}
    till.journal.set_fact(f"order_events:{HOST}", "")
    order_events.listen(till)
    assert len(line.portal.queue.bindings) == 3


def test_trap_37_the_queue_is_never_read_by_deleting(till: Till, line: Direct) -> None:
    touch(line, 1)
    order_events.listen(till)
    assert all(body.get("clear") == 0 for method, body in line.sent if method == "event.offline.get")


def test_trap_38_ten_saves_are_one_look_at_the_order_as_it_is(till: Till, line: Direct) -> None:
    for number in range(10):
        touch(line, 3, comments=f"{number}")
    line.sent.clear()
    heard = order_events.listen(till)
    assert heard is not None
    assert heard.on_board == 1
    assert line.gets() == [3]


def test_trap_39_a_webhook_asks_for_no_events_and_sweeps(line: Direct, tmp_path: Path) -> None:
    with till_on(line, tmp_path) as opened:
        exchange.pull(opened)
        touch(line, 2)
        line.sent.clear()
        assert order_events.listen(opened) is None
        exchange.sync(opened)
        assert is_cancelled(opened, 2)
    assert not any(method.startswith(("event.", "feature.")) for method in methods(line))


def test_trap_75_what_the_till_writes_itself_it_does_not_hear(till: Till, line: Direct) -> None:
    client = exchange.client_of(till)
    client.call("sale.order.update", {"id": 2, "fields": {"comments": "наше"}})
    written = Command("w", "sale.order.update", {"id": 3, "fields": {"comments": "наше"}})
    client.batch([Command("r", "sale.order.get", {"id": 3}), written])
    assert queue(line) == []
    client.call("sale.order.get", {"id": 2})
    assert "auth_connector" not in line.sent[-1][1]
    touch(line, 2, comments="чужое")
    assert len(queue(line)) == 1


def test_a_plan_without_reservations_leaves_the_sweep_alone(line: Direct, tmp_path: Path) -> None:
    line.portal.shop.options["rest_offline_extended"] = "N"
    with till_on(line, tmp_path, is_application=True) as opened:
        exchange.pull(opened)
        assert order_events.listen(opened) is None
        touch(line, 2)
        line.sent.clear()
        exchange.sync(opened)
        assert is_cancelled(opened, 2)
        assert "feature.get" not in methods(line)  # asked again a day later
        line.seconds += 90_000
        order_events.listen(opened)
        assert "feature.get" in methods(line)
    assert line.portal.queue.bindings == []


def test_the_right_that_is_taken_away_costs_nothing_but_the_queue(till: Till, line: Direct) -> None:
    def after(method: str, _sent: Any, body: Row) -> None:
        if method.startswith("event."):
            body.clear()
            body |= {"error": "ACCESS_DENIED", "error_description": "Access denied!"}

    line.after = after
    touch(line, 2)
    report, _ = exchange.sync(till, force=True)
    assert report.offline is None
    assert is_cancelled(till, 2)
    assert not order_events.is_on(till)


@pytest.mark.parametrize("cut", range(1, 9))
@pytest.mark.parametrize("lost", [False, True])
def test_cut_off_at_any_request_nothing_is_lost(line: Direct, tmp_path: Path, cut: int, lost: bool) -> None:
    """`lost`: the portal has done it and the answer does not come; else the program ends before it asks."""
    with till_on(line, tmp_path, is_application=True) as opened:
        exchange.pull(opened)
        order_events.listen(opened)
        touch(line, 2)
        touch(line, 4)
        end = line.count + cut

        def before(count: int, _method: str, _body: Any) -> None:
            if count == end and not lost:
                raise Killed

        def after(_method: str, _sent: Any, _body: Any) -> None:
            if line.count == end and lost:
                raise NoAnswer("ответ потерян", sent=True)

        line.before, line.after = before, after
        with suppress(Killed, Offline):
            order_events.listen(opened)
    line.before, line.after = (lambda _c, _m, _b: None), (lambda _m, _s, _b: None)
    with till_on(line, tmp_path, is_application=True) as again:
        touch(line, 4, canceled="N")  # and one of them changes once more
        order_events.listen(again)
        order_events.listen(again)
        assert is_cancelled(again, 2)
        assert not is_cancelled(again, 4)
    assert queue(line) == []


def test_a_deleted_order_is_gone_on_board_too(till: Till, line: Direct) -> None:
    line.portal.queue.push("ONORDERDELETED", {"FIELDS": {"ID": "3"}}, "", line.portal_now())
    line.orders.pop(3)
    order_events.listen(till)
    order = till.journal.order_by_id(HOST, 3)
    assert order is not None
    assert any("больше нет" in each for each in order.problems)
    assert queue(line) == []


def test_an_order_that_is_about_to_be_deleted_is_looked_at_again(till: Till, line: Direct) -> None:
    """The event comes before the deletion, and no later one may come: the order is still there when it is read."""
    data = {"FIELDS": {"ID": "3", "ACTION": "delete"}}
    line.portal.queue.push("ONSALEBEFOREORDERDELETE", data, "", line.portal_now())
    order_events.listen(till)
    line.orders.pop(3)
    line.seconds += 200
    exchange.sync(till)
    order = till.journal.order_by_id(HOST, 3)
    assert order is not None
    assert order.problems


def test_a_row_that_names_no_order_stays_on_the_portal_as_failed(till: Till, line: Direct) -> None:
    odd: list[Any] = [False, [], {"FIELDS": []}, {"FIELDS": {"ID": "много"}}]
    for data in odd:
        line.portal.queue.push("ONSALEORDERSAVED", data, "", line.portal_now())
    touch(line, 2)
    order_events.listen(till)
    assert is_cancelled(till, 2)
    assert {row["ERROR"] for row in queue(line)} == {"1"}
    line.sent.clear()
    line.seconds += 5
    order_events.listen(till)
    assert methods(line) == ["event.offline.list"] or methods(line)[1] == "event.offline.get"


def test_an_order_that_cannot_be_read_is_remembered_here_and_let_go_there(till: Till, line: Direct) -> None:
    def after(method: str, _sent: Any, body: Row) -> None:
        if method == "batch" and "o2" in (body["result"]["result"] or {}):
            del body["result"]["result"]["o2"]
            body["result"]["result_error"] = {"o2": {"error": "ERROR_CORE", "error_description": "SQL query error!"}}

    touch(line, 2)
    line.after = after
    heard = order_events.listen(till)
    assert heard is not None
    assert list(heard.unread) == [2]
    assert queue(line) == []
    line.after = lambda _m, _s, _b: None
    line.seconds += 300
    exchange.sync(till)
    assert is_cancelled(till, 2)
    assert till.journal.unread_orders(HOST) == {}


def test_the_sweep_runs_beside_the_queue_but_not_as_often(till: Till, line: Direct) -> None:
    exchange.sync(till, force=True)
    line.sent.clear()
    for _ in range(10):
        line.seconds += 5
        exchange.sync(till)
    assert "sale.order.list" not in methods(line)
    line.orders[5] |= {
        "canceled": "Y",
        "dateUpdate": line.portal_now().isoformat(),
        "version": 9,
    }  # no event for this one
    line.seconds += 130
    exchange.sync(till)
    assert is_cancelled(till, 5)


def test_many_rows_come_by_fifties(line: Direct, tmp_path: Path) -> None:
    at = (BEGAN - timedelta(days=1)).isoformat()
    line = direct(shop_of(*(order_row(n, dateInsert=at, dateUpdate=at) for n in range(1, 121))))
    with till_on(line, tmp_path, is_application=True) as opened:
        exchange.pull(opened)
        order_events.listen(opened)
        for number in range(1, 121):
            touch(line, number)
        heard = order_events.listen(opened)
        assert heard is not None
        assert heard.changed == 120
        assert queue(line) == []
