"""The outbox and the sync log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from posapp.journal.queries import PUT_OFF_MAX
from posapp.journal.store import EntryResult, IllegalMove, Journal, NewLogRow, OutboxCounts, OutboxEntry
from posapp.sync.outbox import ENTRY_BACKOFF, LINK_BACKOFF
from tests.journal.samples import START, Clock, sell


def steps(found: list[OutboxEntry]) -> list[tuple[str, str]]:
    return [(each.order_number, each.step) for each in found]


def log_row(number: int, entry_id: int | None = None, **other: object) -> NewLogRow:
    fields: dict[str, object] = {
        "at": START + timedelta(seconds=number, microseconds=7),
        "entry_id": entry_id,
        "order_number": f"А-{number}",
        "step": "pull" if entry_id is None else "mark",
        "method": "sale.order.list",
        "outcome": "done",
        "http": 200,
        "code": "",
        "reason": "",
        "duration_ms": 31,
        "attempt": 1,
        **other,
    }
    return NewLogRow(**fields)  # type: ignore[arg-type]


def test_entries_are_due_at_once_in_the_order_of_the_steps(journal: Journal, clock: Clock) -> None:
    sold = sell(journal, 1)
    clock.tick(seconds=1)
    sell(journal, 2)
    assert steps(journal.due_entries(START)) == [("А-1", step) for step in ("mark", "payment", "status", "stock")]
    due = journal.due_entries(clock.at)
    assert [each.order_number for each in due] == ["А-1"] * 4 + ["А-2"] * 4
    first = due[0]
    assert (first.receipt_key, first.state, first.tries, first.created_at, first.due_at, first.proof) == (
        sold.key,
        "waiting",
        0,
        START,
        START,
        "",
    )
    assert (first.body, first.is_unsure, first.code) == ({"step": "mark", "of": [1, None, "ё"]}, False, "")
    assert journal.entry(first.id) == first
    assert journal.due_entries(START - timedelta(microseconds=1)) == []


def test_what_a_clock_that_ran_ahead_has_put_off_for_years_is_due(journal: Journal, clock: Clock) -> None:
    first, second, third = sell(journal, 1), sell(journal, 2), sell(journal, 3)
    moments = {first.key: timedelta(days=3650), second.key: PUT_OFF_MAX, third.key: timedelta(0)}
    for key, later in moments.items():
        waiting = [
            EntryResult(each.id, "waiting", START + later, "offline") for each in journal.entries_of_receipt(key)
        ]
        journal.settle_entries(waiting, [])
    due = [each.order_number for each in journal.due_entries(START)]
    assert due == ["А-3"] * 4 + ["А-1"] * 4
    assert journal.due_entries(START, 4) == journal.entries_of_receipt(third.key)


def test_no_try_is_put_off_further_than_a_clock_that_runs_right_would() -> None:
    for backoff in (ENTRY_BACKOFF, LINK_BACKOFF):
        assert backoff.delay(1_000, 0.0) <= PUT_OFF_MAX


def test_a_due_entry_brings_its_waiting_siblings(journal: Journal, clock: Clock) -> None:
    sold = sell(journal, 1)
    mark, payment, status, stock = journal.entries_of_receipt(sold.key)
    later = clock.at + timedelta(minutes=5)
    journal.settle_entries(
        [
            EntryResult(mark.id, "done", proof="receipt 77"),
            EntryResult(payment.id, "waiting", later, "offline", {"reason": "DNS"}),
            EntryResult(status.id, "failed", None, "portal_rejected", {"reason": "нет прав"}),
            EntryResult(stock.id, "waiting", later + timedelta(minutes=1), "offline", is_unsure=True),
        ],
        [],
    )
    assert journal.due_entries(clock.at) == []
    assert steps(journal.due_entries(clock.at, only_due=False)) == [("А-1", "payment"), ("А-1", "stock")]
    assert steps(journal.due_entries(later)) == [("А-1", "payment"), ("А-1", "stock")]
    found = journal.entries_of_receipt(sold.key)
    assert [(each.state, each.tries, each.code, each.facts, each.is_unsure, each.proof) for each in found] == [
        ("done", 1, "", {}, False, "receipt 77"),
        ("waiting", 1, "offline", {"reason": "DNS"}, False, ""),
        ("failed", 1, "portal_rejected", {"reason": "нет прав"}, False, ""),
        ("waiting", 1, "offline", {}, True, ""),
    ]
    assert [each.due_at for each in found] == [START, later, START, later + timedelta(minutes=1)]


def test_a_limit_never_tears_a_receipt_apart(journal: Journal, clock: Clock) -> None:
    for number in range(1, 6):
        sell(journal, number)
        clock.tick(seconds=1)
    for limit, receipts in ((1, 1), (4, 1), (5, 2), (8, 2), (9, 3), (200, 5)):
        due = journal.due_entries(clock.at, limit)
        assert steps(due) == [
            (f"А-{number}", step)
            for number in range(1, receipts + 1)
            for step in ("mark", "payment", "status", "stock")
        ]


def test_who_was_due_first_comes_first(journal: Journal, clock: Clock) -> None:
    first = sell(journal, 1)
    sell(journal, 2)
    late = clock.at + timedelta(hours=1)
    journal.settle_entries(
        [EntryResult(each.id, "waiting", late) for each in journal.entries_of_receipt(first.key)], []
    )
    assert [each.order_number for each in journal.due_entries(late)] == ["А-2"] * 4 + ["А-1"] * 4


def test_done_stays_done_and_a_hold_outlives_the_round(journal: Journal, clock: Clock) -> None:
    sold = sell(journal, 1)
    one, two, three, four = (each.id for each in journal.entries_of_receipt(sold.key))
    for entry_id in (one, two, three):
        journal.hold_entry(entry_id)
    journal.settle_entries(
        [EntryResult(one, "done", proof="p"), EntryResult(two, "waiting", clock.at), EntryResult(three, "failed")], []
    )
    journal.settle_entries([EntryResult(one, "failed"), EntryResult(four, "done")], [])
    assert [each.state for each in journal.entries_of_receipt(sold.key)] == ["done", "held", "held", "done"]
    found = journal.entry(one)
    assert found is not None
    assert (found.tries, found.proof) == (1, "p")


def test_retry_and_hold_are_a_persons_word(journal: Journal, clock: Clock) -> None:
    sold = sell(journal, 1)
    done, failed, held, waiting = (each.id for each in journal.entries_of_receipt(sold.key))
    journal.settle_entries([EntryResult(done, "done"), EntryResult(failed, "failed", code="access")], [])
    journal.hold_entry(held)
    assert steps(journal.due_entries(clock.at)) == [("А-1", "stock")]
    later = clock.tick(minutes=1)
    for entry_id in (failed, held, waiting):
        journal.retry_entry(entry_id, later)
    assert [(each.state, each.due_at) for each in journal.entries_of_receipt(sold.key)] == [
        ("done", START),
        ("waiting", later),
        ("waiting", later),
        ("waiting", later),
    ]
    for entry_id in (done, 999):
        with pytest.raises(IllegalMove):
            journal.retry_entry(entry_id, later)
        with pytest.raises(IllegalMove):
            journal.hold_entry(entry_id)
    with pytest.raises(IllegalMove):
        journal.settle_entries([EntryResult(waiting, "done"), EntryResult(failed, "held")], [])
    found = journal.entry(waiting)
    assert found is not None
    assert found.state == "waiting"


def test_counts(journal: Journal, clock: Clock) -> None:
    assert journal.outbox_counts() == OutboxCounts(0, 0, 0, 0, None, None, 0)
    first = sell(journal, 1)
    second_at = clock.tick(seconds=10)
    sell(journal, 2)
    mark, payment, status, stock = (each.id for each in journal.entries_of_receipt(first.key))
    due = clock.at + timedelta(minutes=5)
    journal.settle_entries(
        [EntryResult(mark, "done"), EntryResult(payment, "failed"), EntryResult(status, "waiting", due)], []
    )
    journal.hold_entry(stock)
    assert journal.outbox_counts() == OutboxCounts(5, 1, 1, 0, START, second_at, 2)
    journal.settle_entries([EntryResult(status, "done")], [])
    assert journal.outbox_counts() == OutboxCounts(4, 1, 1, 0, second_at, second_at, 1)


def test_an_entry_that_only_an_administrator_can_mend_needs_a_person_while_it_waits(
    journal: Journal, clock: Clock
) -> None:
    sold = sell(journal, 1)
    entry = journal.entries_of_receipt(sold.key)[0]
    row = NewLogRow(
        clock.at, entry.id, entry.order_number, "mark", "sale.payment.update", "failed", 401, "access", "", 5, 1
    )
    journal.settle_entries([EntryResult(entry.id, "waiting", clock.at, "access", {"error": "x"})], [row])
    counts = journal.outbox_counts()
    assert (counts.waiting, counts.stuck, counts.failed) == (4, 1, 0)
    assert [each.entry_id for each in journal.log_rows(needs_person=True)] == [entry.id]
    journal.settle_entries([EntryResult(entry.id, "waiting", clock.at, "offline", {"reason": "x"})], [])
    assert journal.outbox_counts().stuck == 0
    assert journal.log_rows(needs_person=True) == []


def test_entries_by_state_and_order(journal: Journal) -> None:
    for number in (1, 2, 12):
        sell(journal, number)
    assert [each.id for each in journal.entries()] == list(range(12, 0, -1))
    journal.settle_entries([EntryResult(5, "done"), EntryResult(6, "failed")], [])
    assert [each.id for each in journal.entries(state="done")] == [5]
    assert [each.id for each in journal.entries(state="failed")] == [6]
    assert [each.id for each in journal.entries(state="waiting", order="А-2")] == [8, 7]
    assert [each.id for each in journal.entries(order="А-1")] == [12, 11, 10, 9, 4, 3, 2, 1]
    assert [each.id for each in journal.entries(order="А-1", limit=3)] == [12, 11, 10]
    assert journal.entries(order="-1") == []
    assert journal.entry(13) is None


def test_results_and_log_are_one_transaction(journal: Journal) -> None:
    sold = sell(journal, 1)
    entry = journal.entries_of_receipt(sold.key)[0]
    broken = log_row(1, entry.id, outcome="perhaps")
    with pytest.raises(Exception, match="ck_sync_log_outcome"):
        journal.settle_entries([EntryResult(entry.id, "done")], [log_row(1, entry.id), broken])
    assert journal.entry(entry.id) == entry
    assert journal.log_rows() == []
    journal.settle_entries([EntryResult(entry.id, "done")], [log_row(1, entry.id)])
    assert [each.entry_state for each in journal.log_rows()] == ["done"]


def test_the_log_is_read_page_by_page(journal: Journal) -> None:
    journal.add_log([log_row(number) for number in range(1, 26)])
    pages, before = [], None
    while page := journal.log_rows(before_id=before, limit=10):
        pages.append([each.id for each in page])
        before = page[-1].id
        if len(pages) == 1:
            journal.add_log([log_row(26)])  # what comes in meanwhile moves no page
    assert pages == [list(range(25, 15, -1)), list(range(15, 5, -1)), list(range(5, 0, -1))]
    row = journal.log_rows(limit=1)[0]
    expected = log_row(26)
    assert (row.at, row.entry_id, row.order_number, row.step, row.method, row.outcome, row.http) == (
        expected.at,
        None,
        "А-26",
        "pull",
        "sale.order.list",
        "done",
        200,
    )
    assert (row.code, row.reason, row.duration_ms, row.attempt, row.entry_state) == ("", "", 31, 1, "")


def test_the_log_by_entry_state_and_order(journal: Journal) -> None:
    sold = sell(journal, 1)
    done, failed, held, waiting = (each.id for each in journal.entries_of_receipt(sold.key))
    journal.add_log([log_row(2), log_row(12, order_number="b-12"), log_row(120, order_number="B-120")])
    rows = [
        replace(log_row(1, entry_id, outcome="lost", http=None, code="offline"), attempt=attempt)
        for attempt in (1, 2)
        for entry_id in (done, failed, held, waiting)
    ]
    journal.settle_entries([EntryResult(done, "done"), EntryResult(failed, "failed")], rows)
    journal.hold_entry(held)

    def ids(**how: object) -> list[tuple[int | None, int]]:
        return [(each.entry_id, each.attempt) for each in journal.log_rows(**how)]  # type: ignore[arg-type]

    assert ids(needs_person=True) == [(held, 2), (failed, 2), (held, 1), (failed, 1)]
    assert ids(needs_person=True, limit=1) == [(held, 2)]
    assert ids(needs_person=True, before_id=journal.log_rows(needs_person=True)[1].id) == [(held, 1), (failed, 1)]
    assert ids(state="done") == [(done, 2), (done, 1)]
    assert ids(state="waiting") == [(waiting, 2), (waiting, 1)]
    assert ids(needs_person=True, state="held", search="а-1") == [(held, 2), (held, 1)]
    assert ids(needs_person=True, state="held", search="а-2") == []
    assert [each.order_number for each in journal.log_rows(search=" B-12 ")] == ["B-120", "b-12"]
    assert [each.order_number for each in journal.log_rows(search="b-120")] == ["B-120"]
    assert journal.log_rows(search="120") == []


def test_facts(journal: Journal) -> None:
    assert journal.get_fact("sweep") is None
    journal.set_fact("sweep", "2026-07-01T09:00:00Z")
    journal.set_fact("sweep", "")
    journal.set_fact("offline", "с утра")
    assert (journal.get_fact("sweep"), journal.get_fact("offline")) == ("", "с утра")
