"""The sync log: rows with request and answer, filters, and what the rule removes and what it never does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from posapp.journal import log_changes
from posapp.journal.rows import EntryResult, LogFilter, LogKeep, NewLogRow
from posapp.journal.store import Journal
from tests.journal.samples import START, sell


def row(at: datetime = START, **other: object) -> NewLogRow:
    fields: dict[str, object] = {
        "at": at, "entry_id": None, "order_number": "", "step": "pull", "method": "sale.order.list",
        "outcome": "done", "http": 200, "code": "", "reason": "", "duration_ms": 40, "attempt": 1,
    }  # fmt: skip
    return NewLogRow(**{**fields, **other})  # type: ignore[arg-type]


def ids(journal: Journal, **wanted: object) -> list[int]:
    return [each.id for each in journal.log_page(LogFilter(**wanted))]  # type: ignore[arg-type]


def body_ids(journal: Journal) -> list[int]:
    with closing(sqlite3.connect(journal.path)) as db:
        return [each[0] for each in db.execute("SELECT log_id FROM sync_bodies ORDER BY log_id")]


def trim_all(journal: Journal, keep: LogKeep, now: datetime) -> list[int]:
    pieces = []
    while gone := journal.trim_log(keep, now):
        pieces.append(gone)
    return pieces


def test_request_and_answer_come_back_as_they_were_kept(journal: Journal) -> None:
    long = '{"name": "' + "Кружка " * 2000 + '"}'
    journal.add_log([row(request='{"id": 5}', answer=long), row(), row(request='{"id": 6}')])
    assert journal.log_bodies(1) == ('{"id": 5}', long)
    assert journal.log_bodies(2) is None
    assert journal.log_bodies(3) == ('{"id": 6}', "")
    assert journal.log_bodies(99) is None
    with closing(sqlite3.connect(journal.path)) as db:
        assert db.execute("SELECT max(length(answer)) FROM sync_bodies").fetchone()[0] < len(long) / 20


def test_a_round_keeps_its_bodies_with_its_results_or_nothing_of_both(journal: Journal) -> None:
    sold = sell(journal, 1)
    entry = journal.entries_of_receipt(sold.key)[0]
    told = row(entry_id=entry.id, order_number=entry.order_number, step="mark", request="{}", answer="{}")
    with pytest.raises(Exception, match="held"):
        journal.settle_entries([EntryResult(entry.id, "held")], [told])
    assert (ids(journal), body_ids(journal)) == ([], [])
    journal.settle_entries([EntryResult(entry.id, "done")], [told])
    assert (ids(journal), body_ids(journal)) == ([1], [1])
    (found,) = journal.log_page(LogFilter(receipt=sold.key))
    assert (found.receipt_key, found.entry_state) == (sold.key, "done")
    assert journal.log_row(1) == found


def test_every_filter_gives_its_rows_newest_first_and_page_by_page(journal: Journal) -> None:
    keys = [sell(journal, number).key for number in (1, 2)]
    entries = [journal.entries_of_receipt(key)[0] for key in keys]
    minute = timedelta(minutes=1)
    journal.add_log(
        [
            row(START),
            row(START + minute, entry_id=entries[0].id, order_number="А-1", step="mark"),
            row(START + 2 * minute, entry_id=entries[0].id, order_number="А-1", step="mark", outcome="failed"),
            row(START + 3 * minute, entry_id=entries[1].id, order_number="А-2", step="mark", outcome="lost"),
            row(START + 4 * minute, outcome="lost"),
        ]
    )
    assert ids(journal) == [5, 4, 3, 2, 1]
    assert ids(journal, receipt=keys[0]) == [3, 2]
    assert ids(journal, failed=True) == [5, 4, 3]
    assert ids(journal, failed=True, search="а-1") == [3]
    assert ids(journal, since=START + 2 * minute) == [5, 4, 3]
    assert ids(journal, since=START + 9 * minute) == []
    assert ids(journal, until=START + 2 * minute) == [3, 2, 1]
    assert ids(journal, until=START - minute) == []
    assert ids(journal, search="А", before_id=4) == [3, 2]
    journal.settle_entries([EntryResult(entries[0].id, "done")], [])
    assert ids(journal, state="done") == [3, 2]
    assert journal.done_entries() == 1
    assert [each.id for each in journal.log_all(LogFilter(failed=True))] == [5, 4, 3]


def test_an_order_of_very_many_rows_is_found_by_walking(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posapp.journal.log_queries.FEW", 3)
    journal.add_log([row(order_number=f"{number % 5}-{number}") for number in range(100)])
    assert ids(journal, search="3-") == list(range(99, 3, -5))
    assert ids(journal, search="3-98") == [99]


# ---------------------------------------------------------------------- the rule
@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_changes, "LEAST", 10)
    monkeypatch.setattr(log_changes, "PIECE", 7)


def days(numbers: Iterable[int]) -> list[NewLogRow]:
    """A row a day, each with a body."""
    return [row(START + timedelta(days=number), request="{}", answer="{}") for number in numbers]


@pytest.mark.usefixtures("small")
def test_what_is_too_old_goes_in_pieces_with_its_bodies(journal: Journal) -> None:
    journal.add_log(days(range(100)))
    now = START + timedelta(days=100)
    pieces = trim_all(journal, LogKeep(days=30, rows=1000, body_days=20), now)
    assert max(pieces) <= 7
    assert ids(journal) == list(range(100, 70, -1))
    assert body_ids(journal) == list(range(81, 101))


@pytest.mark.usefixtures("small")
def test_what_is_too_much_goes_oldest_first(journal: Journal) -> None:
    journal.add_log(days([0] * 100))
    trim_all(journal, LogKeep(days=30, rows=40, body_days=30), START)
    assert ids(journal) == list(range(100, 60, -1))
    journal.add_log(days([0]))
    assert ids(journal)[0] == 101


@pytest.mark.usefixtures("small")
def test_what_failed_keeps_its_body_as_long_as_its_row(journal: Journal) -> None:
    journal.add_log([*days(range(20)), row(START, outcome="failed", request="{}"), *days(range(21, 60))])
    trim_all(journal, LogKeep(days=1000, body_days=5), START + timedelta(days=60))
    assert len(ids(journal)) == 60
    assert body_ids(journal)[0] == 21


@pytest.mark.usefixtures("small")
def test_the_last_word_on_an_undelivered_entry_stays_whatever_its_age(journal: Journal) -> None:
    entries = [journal.entries_of_receipt(sell(journal, number).key)[0].id for number in (1, 2)]
    for _ in range(3):
        journal.add_log([row(entry_id=each, outcome="failed", request="{}") for each in entries])
    journal.settle_entries([EntryResult(entries[1], "done")], [])
    journal.add_log(days(range(300, 340)))
    trim_all(journal, LogKeep(days=90), START + timedelta(days=340))
    assert [each for each in ids(journal) if each <= 6] == [5]
    assert journal.log_bodies(5) == ("{}", "")
    journal.settle_entries([EntryResult(entries[0], "done")], [])
    trim_all(journal, LogKeep(days=90), START + timedelta(days=340))
    assert [each for each in ids(journal) if each <= 6] == []


@pytest.mark.usefixtures("small")
def test_a_clock_that_is_wrong_does_not_empty_the_log(journal: Journal) -> None:
    journal.add_log(days(range(40)))
    trim_all(journal, LogKeep(), START + timedelta(days=9000))
    assert len(ids(journal)) == 10
    assert len(body_ids(journal)) == 10


def test_a_rule_without_rows_keeps_the_newest(journal: Journal) -> None:
    journal.add_log(days(range(20)))
    assert journal.trim_log(LogKeep(days=0, rows=0, body_days=0), START + timedelta(days=500)) == 0
    assert len(ids(journal)) == 20
