"""Batches: cells, references, limits of length, halting, and the shapes PHP gives to empty and numbered maps."""

from typing import Any

import pytest

EMPTY: list[Any] = []


def test_cells_succeed_and_fail_apart(portal: Any) -> None:
    cells = portal.batch({
        "ord": "sale.order.get?id=9071",
        "lost": "sale.order.get?id=1",
        "pay": "sale.payment.list?filter[orderId]=9071&select[]=id&select[]=paid",
        "typo": "sale.order.lost",
    })  # fmt: skip

    assert set(cells["result"]) == {"ord", "pay"}
    assert cells["result"]["pay"] == {"payments": [{"id": 11205, "paid": "N"}]}
    assert cells["result_error"]["lost"] == {"error": "200540400001", "error_description": "order does not exist"}
    assert cells["result_error"]["typo"]["error"] == "ERROR_METHOD_NOT_FOUND"
    assert cells["result_total"] == {"pay": 1}
    assert cells["result_next"] == EMPTY
    assert set(cells["result_time"]) == {"ord", "pay"}


def test_a_batch_without_results_is_made_of_lists(portal: Any) -> None:
    cells = portal.batch({"lost": "sale.order.get?id=1"})

    assert cells["result"] == cells["result_total"] == cells["result_next"] == cells["result_time"] == EMPTY
    assert portal.batch([])["result_error"] == EMPTY


def test_numbered_commands_give_lists_until_one_fails(portal: Any) -> None:
    commands = ["profile", "sale.order.get?id=9071", "server.time"]
    assert isinstance(portal.batch(commands)["result"], list)
    commands[1] = "sale.order.get?id=1"

    assert list(portal.batch(commands)["result"]) == ["0", "2"]


def test_keys_that_look_like_ids_stay_keys(portal: Any) -> None:
    cells = portal.batch({"9072": "sale.order.get?id=9072", "9071": "sale.order.get?id=9071"})

    assert cells["result"]["9071"]["order"]["id"] == 9071


def test_a_list_in_a_batch_has_its_own_pages(open_portal: Any) -> None:
    portal = open_portal(orders=120)
    cells = portal.batch({"a": "sale.order.list?start=50", "b": "sale.order.list?start=100"})

    assert (cells["result_next"], cells["result_total"]) == ({"a": 100}, {"a": 120, "b": 120})
    assert len(cells["result"]["b"]["orders"]) == 20


def test_references_carry_values_on(portal: Any) -> None:
    cells = portal.batch({
        "o": "sale.order.get?id=9071",
        "who": "crm.contact.get?id=$result[o][order][clients][0][entityId]",
        "pays": "sale.payment.list?filter[@id][]=$result[o][order][payments][0][id]",
        "note": "sale.order.update?id=9072&fields[comments]=as $result[o][order][accountNumber] says",
        "all": "sale.order.list?select[]=id",
        "count": "sale.order.update?id=9073&fields[comments]=$total[all]",
    })  # fmt: skip

    assert cells["result_error"] == EMPTY
    assert cells["result"]["who"]["NAME"] == "Анна"
    assert [row["id"] for row in cells["result"]["pays"]["payments"]] == [11205]
    assert cells["result"]["note"]["order"]["comments"] == "as 10457 says"
    assert cells["result"]["count"]["order"]["comments"] == "12"


def test_a_whole_reference_keeps_its_type(portal: Any) -> None:
    cells = portal.batch({"all": "sale.order.list?select[]=id&filter[<id]=9073",
                          "few": "sale.payment.list?filter[orderId]=$result[all][orders][1][id]"})  # fmt: skip

    assert [row["orderId"] for row in cells["result"]["few"]["payments"]] == [9072]


def test_trap_57_a_reference_that_leads_nowhere_is_no_error_of_its_own(portal: Any) -> None:
    cells = portal.batch({"lost": "sale.order.get?id=1", "next": "sale.order.get?id=$result[lost][order][id]"})

    assert cells["result_error"]["next"]["error"] == "200540400001"  # asked for no order at all


def test_surplus_commands_are_refused_one_by_one(portal: Any) -> None:
    cells = portal.batch({f"c{number:02}": "server.time" for number in range(53)})

    assert len(cells["result"]) == 50
    assert {key: cell["error"] for key, cell in cells["result_error"].items()} == dict.fromkeys(
        ("c50", "c51", "c52"), "ERROR_BATCH_LENGTH_EXCEEDED"
    )


def test_a_batch_in_a_batch_is_refused_and_a_command_that_is_no_text_is_skipped(portal: Any) -> None:
    cells = portal.batch({"in": "batch?cmd[a]=profile", "no": {"method": "profile"}, "ok": "profile"})

    assert cells["result_error"]["in"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"
    assert set(cells["result"]) == {"ok"}


@pytest.mark.parametrize("halt", [1, "1", True])
def test_trap_56_halting_leaves_the_rest_out_of_everything(portal: Any, halt: Any) -> None:
    commands = {"a": "profile", "b": "sale.order.get?id=1", "c": "sale.order.update?id=9071&fields[comments]=x"}
    cells = portal.batch(commands, halt)

    assert (set(cells["result"]), set(cells["result_error"])) == ({"a"}, {"b"})
    assert portal.order(9071)["comments"] == ""


def test_a_form_carries_a_batch_too(portal: Any) -> None:
    cells = portal.form("batch", "halt=0&cmd[o]=sale.order.get%3Fid%3D9071&CMD2=x").result

    assert cells["result"]["o"]["order"]["id"] == 9071


def test_the_log_shows_the_commands_of_a_batch(portal: Any) -> None:
    portal.batch({"a": "profile", "b": "sale.order.get?id=1"})

    assert portal.sim("state")["requests"] == [
        {"n": 1, "at": "2026-03-09T09:00:00+03:00", "method": "batch", "in_batch": False, "http": 200, "error": None},
        {"n": 2, "at": "2026-03-09T09:00:00+03:00", "method": "profile", "in_batch": True, "http": 200, "error": None},
        {"n": 3, "at": "2026-03-09T09:00:00+03:00", "method": "sale.order.get", "in_batch": True, "http": 400,
         "error": "200540400001"},
    ]  # fmt: skip
