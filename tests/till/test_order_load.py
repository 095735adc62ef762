"""The load of all orders: complete whatever happens between its pages, gone on with after a kill at any of them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from posapp.errors import Offline, Rejected
from posapp.http import NoAnswer
from posapp.sync.bitrix import first_load
from posapp.sync.bitrix import orders as bitrix_orders
from posapp.till import exchange, order_load
from posapp.till.order_load import Loader, Wish
from posapp.till.views import LoadProgress
from tests.sync.direct import BEGAN, HOST, Direct, Killed, direct, till_on
from tests.sync.portals import order_row, shop_of

ALL = Wish(is_all=True)
MANY = 260


def rows(count: int, **changes: Any) -> list[dict[str, Any]]:
    at = (BEGAN - timedelta(days=2)).isoformat()
    return [order_row(n, dateInsert=at, dateUpdate=at, **changes) for n in range(1, count + 1)]


def portal_of(count: int) -> Direct:
    return direct(shop_of(*rows(count)))


def test_all_orders_come_on_board_and_the_portal_itself_counts_them(tmp_path: Path) -> None:
    line = portal_of(MANY)
    told: list[LoadProgress] = []
    with till_on(line, tmp_path) as till:
        found = exchange.pull(till, ALL, tell=told.append)
        assert (found.expected, found.on_board, found.is_complete) == (MANY, MANY, True)
        assert till.journal.orders_on_board(HOST, range(1, MANY + 1)) == frozenset(range(1, MANY + 1))
        assert order_load.current(till) is None
    assert sorted(line.gets()) == list(range(1, MANY + 1))
    assert told[0].seen == 0
    assert [each.seen for each in told] == sorted(each.seen for each in told)
    assert {each.expected for each in told} == {MANY}


def test_a_request_of_a_load_is_full(tmp_path: Path) -> None:
    """Two requests to begin, one for what orders refer to, then one page of ids beside forty-nine orders in each."""
    line = portal_of(1000)
    with till_on(line, tmp_path) as till:
        exchange.pull(till, ALL)
    assert line.count <= 4 + 1000 / 49 + 3


def test_a_load_that_is_killed_at_any_request_goes_on_from_there(tmp_path: Path) -> None:
    """One request after the other is the last of a process; in the end nothing is missing, little was read twice."""
    line = portal_of(MANY)
    deaths = 0
    while True:
        line.before = _dying_at(line.count + 3 + deaths % 3)
        try:
            with till_on(line, tmp_path) as till:
                line_is_fresh = till.journal.order_load(HOST) is None
                found = exchange.pull(till, ALL if line_is_fresh else None)
                break
        except Killed:
            deaths += 1
            assert deaths < 40
    assert deaths >= 4
    assert (found.expected, found.on_board) == (MANY, MANY)
    with till_on(line, tmp_path) as till:
        assert till.journal.order_count(HOST) == MANY
    assert len(line.gets()) <= MANY + deaths * 100
    assert sum(body.get("order") == {"id": "DESC"} for _, body in line.sent) <= 1


def _dying_at(number: int) -> Any:
    def before(count: int, _method: str, _body: object) -> None:
        if count >= number:
            raise Killed

    return before


def test_a_kill_between_the_commit_and_the_next_request_loses_and_doubles_nothing(tmp_path: Path) -> None:
    line = portal_of(MANY)
    with till_on(line, tmp_path) as till:
        order_load.begin(till, ALL)
    seen = 0
    for _ in range(30):
        with till_on(line, tmp_path) as till:  # a process for every single step
            loader = Loader(till)
            load = [loader.step() for _ in range(3)][-1]  # ids, orders, what the orders name
            if load is None or load.is_done:
                break
            assert load.seen >= seen
            assert till.journal.order_count(HOST) == load.seen
            seen = load.seen
    with till_on(line, tmp_path) as till:
        done = till.journal.order_load(HOST)
        assert done is not None
        assert (done.seen, done.is_complete) == (MANY, True)


def test_orders_that_come_and_go_between_the_pages_lose_no_other_one(tmp_path: Path) -> None:
    line = portal_of(MANY)
    doomed = [60, 61, 150, 259]

    def before(count: int, _method: str, _body: object) -> None:
        if count == 4:
            for number in doomed:
                line.orders.pop(number)
            line.portal.shop.index({**line.orders[1], "id": 900, "accountNumber": "N-900", "dateUpdate": _iso(line)})

    line.before = before
    with till_on(line, tmp_path) as till:
        found = exchange.pull(till, ALL)
        assert found.is_complete
        there = set(line.orders) - {900}
        assert till.journal.orders_on_board(HOST, sorted(there)) == there
        line.seconds += 60
        exchange.pull(till)  # the new one came behind the end of the load: the sweep brings it
        assert till.journal.order_by_id(HOST, 900) is not None


def _iso(line: Direct) -> str:
    from posapp.sync.simulator.envelope import iso

    return iso(line.portal_now())


def test_what_the_portal_counts_beyond_the_listing_is_looked_for(tmp_path: Path) -> None:
    """An order that was finished while its page was listed, and is open again, is in the count and was in no page."""
    line = direct(shop_of(*rows(120)))
    line.orders[7]["statusId"] = "F"

    def before(_count: int, method: str, body: dict[str, Any]) -> None:
        if method == "batch" and any("id%5D=100" in str(each) or "=100" in str(each) for each in body["cmd"].values()):
            line.orders[7]["statusId"] = "N"

    line.before = before
    told: list[LoadProgress] = []
    with till_on(line, tmp_path) as till:
        found = exchange.pull(till, tell=told.append)
        assert (found.expected, found.on_board) == (120, 120)
        assert till.journal.order_by_id(HOST, 7) is not None
    assert any(each.is_checking for each in told)
    assert len(line.gets()) <= 121  # what was on board is not read again


def test_a_total_that_lies_is_not_believed_to_be_complete(tmp_path: Path) -> None:
    line = portal_of(60)

    def after(_method: str, _sent: object, body: dict[str, Any]) -> None:
        if "total" in body:
            body["total"] = 75

    line.after = after
    with till_on(line, tmp_path) as till:
        found = exchange.pull(till, ALL)
        assert (found.expected, found.on_board, found.is_complete) == (75, 60, False)
        assert order_load.current(till) is None  # gone through twice: it does not go round for ever


def test_one_order_that_the_portal_cannot_show_keeps_no_other_away(tmp_path: Path) -> None:
    line = portal_of(120)
    line.after = _broken("o17")
    with till_on(line, tmp_path) as till:
        found = exchange.pull(till, ALL)
        assert (found.on_board, found.is_complete, list(found.unread)) == (119, False, [17])
        assert till.journal.order_count(HOST) == 119
        line.after = lambda _method, _sent, _body: None
        line.seconds += 300
        mended = exchange.pull(till)
        assert (mended.is_complete, dict(mended.unread)) == (True, {})
        assert till.journal.order_by_id(HOST, 17) is not None


def _broken(key: str) -> Any:
    def after(method: str, _sent: object, body: dict[str, Any]) -> None:
        if method == "batch" and key in (body["result"]["result"] or {}):
            del body["result"]["result"][key]
            errors = body["result"]["result_error"] or {}
            body["result"]["result_error"] = {
                **errors,
                key: {"error": "INTERNAL_SERVER_ERROR", "error_description": ""},
            }

    return after


def test_commands_that_did_not_run_are_asked_for_again(tmp_path: Path) -> None:
    """Operating time is refused cell by cell: what stands before and behind is taken, the order of the ids is kept."""
    line = portal_of(120)
    refused = iter(range(1))

    def after(method: str, _sent: object, body: dict[str, Any]) -> None:
        cells = body["result"].get("result") if method == "batch" else None
        if cells and "o30" in cells and next(refused, None) is not None:
            for key in ("o30", "o31"):
                cells.pop(key, None)
                errors = body["result"]["result_error"] or {}
                body["result"]["result_error"] = {**errors, key: {"error": "OPERATION_TIME_LIMIT"}}

    line.after = after
    with till_on(line, tmp_path) as till:
        with pytest.raises(Offline, match="не спешить"):
            exchange.pull(till, ALL)
        line.seconds += 300
        found = exchange.pull(till)
        assert (found.on_board, found.is_complete) == (120, True)


def test_a_portal_that_answers_too_late_is_asked_for_less(tmp_path: Path) -> None:
    line = portal_of(MANY)
    sizes: list[int] = []

    def before(_count: int, method: str, body: dict[str, Any]) -> None:
        if method == "batch" and any(each.startswith("sale.order.get") for each in body["cmd"].values()):
            sizes.append(len(body["cmd"]))
            if len(body["cmd"]) > 20:
                raise NoAnswer("ответа нет за отведённое время", sent=True)

    line.before = before
    with till_on(line, tmp_path) as till:
        order_load.begin(till, ALL)
        loader, lost = Loader(till), 0
        while order_load.current(till) is not None:
            try:
                loader.step()
            except Offline:
                lost += 1
                assert lost < 30
        assert till.journal.order_count(HOST) == MANY
    assert lost <= 8
    assert min(sizes) <= 20


def test_trap_27_a_filter_that_the_portal_dropped_loads_nothing(tmp_path: Path) -> None:
    line = direct(shop_of(*rows(60)))
    for number in (3, 50):
        line.orders[number]["statusId"] = "F"

    def before(_count: int, method: str, body: dict[str, Any]) -> None:
        if method == "batch":
            body["cmd"] = {key: each.replace("%21statusId", "%21statusld") for key, each in body["cmd"].items()}

    line.before = before
    with till_on(line, tmp_path) as till:
        with pytest.raises(Rejected, match="не применил отбор"):
            exchange.pull(till)
        assert till.journal.order_by_id(HOST, 3) is None


def test_trap_27_an_order_of_rows_that_the_portal_dropped_ends_no_load_at_its_start(tmp_path: Path) -> None:
    """Else the fiftieth order would be taken for the newest, and fifty of two hundred for complete."""
    line = portal_of(200)

    def before(_count: int, method: str, body: dict[str, Any]) -> None:
        if method == "batch":
            body["cmd"] = {key: each.replace("order[id]=DESC", "order[idd]=DESC") for key, each in body["cmd"].items()}

    line.before = before
    with till_on(line, tmp_path) as till, pytest.raises(Rejected, match="не применил порядок"):
        exchange.pull(till, ALL)


def test_of_many_that_cannot_be_read_each_has_its_turn(tmp_path: Path) -> None:
    line = portal_of(70)
    line.after = _all_broken
    with till_on(line, tmp_path) as till:
        exchange.pull(till, ALL)
        assert len(till.journal.unread_orders(HOST, 100)) == 70
        line.seconds += 300
        exchange.pull(till)
        line.sent.clear()
        line.seconds += 300
        exchange.pull(till)
        assert set(line.gets()) >= set(range(51, 71))


def _all_broken(method: str, _sent: object, body: dict[str, Any]) -> None:
    cells = body["result"].get("result") if method == "batch" else None
    for key in [each for each in cells or {} if each.startswith("o")]:
        _broken(key)(method, _sent, body)


def test_trap_58_59_ids_as_texts_and_lists_for_objects(tmp_path: Path) -> None:
    line = portal_of(60)

    def after(method: str, _sent: object, body: dict[str, Any]) -> None:
        if method != "batch":
            return
        for cell in (body["result"]["result"] or {}).values():
            for row in cell.get("orders", []) if isinstance(cell, dict) else []:
                row["id"] = str(row["id"])
            if isinstance(cell, dict) and "order" in cell:
                cell["order"] |= {
                    "id": str(cell["order"]["id"]),
                    "clients": {},
                    "tradeBindings": {},
                    "requisiteLink": [],
                }

    line.after = after
    with till_on(line, tmp_path) as till:
        assert exchange.pull(till, ALL).is_complete


def test_trap_61_without_a_count_nothing_is_said_to_be_complete(tmp_path: Path) -> None:
    line = portal_of(60)
    line.after = lambda _method, _sent, body: body.pop("total", None)
    with till_on(line, tmp_path) as till:
        with pytest.raises(Offline, match="не сосчитал"):
            exchange.pull(till, ALL)
        assert order_load.current(till) is None


def test_rounds_of_a_window_share_what_was_read_ahead(tmp_path: Path) -> None:
    line = portal_of(MANY)
    with till_on(line, tmp_path) as till:
        loader = Loader(till)
        first = exchange.pull(till, ALL, steps=2, loader=loader)
        assert first.load is not None
        assert not first.is_complete
        assert exchange.strip(till).load is not None
        for _ in range(10):
            found = exchange.pull(till, steps=2, loader=loader)
            if found.load is None:
                break
        assert found.is_complete
        assert exchange.strip(till).load is None
    assert sorted(line.gets()) == list(range(1, MANY + 1))


def test_what_changes_while_it_loads_does_not_wait_for_the_end(tmp_path: Path) -> None:
    line = portal_of(MANY)
    with till_on(line, tmp_path) as till:
        loader = Loader(till)
        exchange.pull(till, ALL, steps=3, loader=loader)
        line.orders[1] |= {"canceled": "Y", "dateUpdate": _iso(line)}
        line.seconds += 40
        exchange.pull(till, steps=1, loader=loader)
        order = till.journal.order_by_id(HOST, 1)
        assert order is not None
        assert order.is_cancelled
        assert order_load.current(till) is not None


def test_a_sweep_that_is_too_much_for_memory_is_a_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitrix_orders, "SWEEP_MAX", 20)
    line = portal_of(60)
    with till_on(line, tmp_path) as till:
        exchange.pull(till, ALL)
        line.seconds += 3600
        for number in range(1, 41):
            line.orders[number] |= {"comments": "Позвонить", "dateUpdate": _iso(line)}
        line.sent.clear()
        found = exchange.pull(till)
        assert (found.expected, found.on_board) == (40, 40)
        assert sorted(line.gets()) == list(range(1, 41))
        line.seconds += 60
        line.sent.clear()
        assert exchange.pull(till).is_complete  # the overlap brings them once more: nothing of it is read again
        assert line.gets() == []


def test_the_line_of_what_is_read_ahead_stays_short() -> None:
    line = portal_of(600)
    start = first_load.begin(line.client(), None)
    reader = first_load.OrderReader(line.client(), HOST, start.condition, start.until_id, 0, line.now)
    longest = 0
    while not reader.step().is_end:
        longest = max(longest, len(reader._line))
    assert longest <= 160


# ---------------------------------------------------------------------------------------------- the portal's clock
def test_a_portal_whose_clock_was_put_back_loses_no_change(tmp_path: Path) -> None:
    """Its `dateUpdate` of now is before the moment from which the sweep wanted to go on."""
    line = portal_of(5)
    line.clock_off = timedelta(hours=5)
    with till_on(line, tmp_path) as till:
        exchange.pull(till, ALL)
        line.seconds += 60
        exchange.pull(till)
        line.clock_off = timedelta(0)
        line.seconds += 60
        line.orders[2] |= {"canceled": "Y", "dateUpdate": _iso(line)}
        line.seconds += 60
        exchange.pull(till)
        order = till.journal.order_by_id(HOST, 2)
        assert order is not None
        assert order.is_cancelled
        line.seconds += 60
        line.orders[3] |= {"canceled": "Y", "dateUpdate": _iso(line)}
        exchange.pull(till)
        order = till.journal.order_by_id(HOST, 3)
        assert order is not None
        assert order.is_cancelled


def test_an_order_that_is_gone_from_the_portal_says_so_on_board(tmp_path: Path) -> None:
    line = portal_of(3)
    with till_on(line, tmp_path) as till:
        exchange.pull(till, ALL)
        line.orders.pop(2)
        line.seconds += 60
        with pytest.raises(Exception, match="больше нет"):
            exchange.order_for_sale(till, "N-2")
        order = till.journal.order_by_id(HOST, 2)
        assert order is not None
        assert any("больше нет" in each for each in order.problems)


def test_an_order_that_cannot_be_shown_just_now_is_not_taken_for_deleted(tmp_path: Path) -> None:
    line = portal_of(3)
    with till_on(line, tmp_path) as till:
        exchange.pull(till, ALL)
        line.after = _broken("o2")
        line.seconds += 60
        assert exchange.order_for_sale(till, "N-2").problems == ()  # the copy on board serves, as without a network


def test_progress_tells_how_long_it_still_takes() -> None:
    from posapp.cli.order_progress import words_of

    words = words_of(LoadProgress(12_300, 100_000, left=timedelta(minutes=14, seconds=20)))
    assert words == "Загружено 12 300 из 100 000 заказов, осталось около 14 мин."
    assert json.loads(json.dumps(LoadProgress(1, 2, left=timedelta(seconds=3)).as_json())) == {
        "on_board": 1,
        "expected": 2,
        "checking": False,
        "left_s": 3,
    }
