"""What is asked while people work is answered from an index: no question reads a table from end to end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from posapp.domain.settlement import State
from posapp.journal.connect import open_reader
from posapp.journal.rows import LogFilter
from posapp.journal.store import Journal
from tests.journal.samples import DEVICE, PORTAL, START, order, receipt, sell

QUESTIONS: dict[str, Callable[[Journal], object]] = {
    "order by number": lambda journal: journal.order(PORTAL, "зк-1/а"),
    "order by id": lambda journal: journal.order(PORTAL, "1"),
    "orders": lambda journal: journal.orders(PORTAL),
    "the courier's orders": lambda journal: journal.orders(PORTAL, courier=True),
    "claim": lambda journal: journal.is_claimed(PORTAL, 1),
    "receipt": lambda journal: journal.receipt(receipt(1).key),
    "receipts of an order": lambda journal: journal.receipts_of_order(PORTAL, 1),
    "receipt of a settlement": lambda journal: journal.receipt_of_settlement(receipt(1).settlement),
    "receipt of a document": lambda journal: journal.receipt_of_document(DEVICE.storage_number, 1),
    "unfinished receipts": lambda journal: journal.receipts_in(State.SENDING, State.PENDING, State.REFUSED),
    "the day": lambda journal: journal.day_totals(START),
    "attempts": lambda journal: journal.attempts(receipt(1).key),
    "last attempt": lambda journal: journal.last_attempt(receipt(1).key),
    "operations": lambda journal: journal.operations_sending(),
    "shift": lambda journal: journal.shift(DEVICE.storage_number, 1),
    "shifts": lambda journal: journal.shifts(DEVICE.storage_number),
    "the open day": lambda journal: journal.current_day(),
    "a day": lambda journal: journal.courier_day(1),
    "refusals of a day": lambda journal: journal.refusals_of_day(1),
    "refusals of an order": lambda journal: journal.refusals_of_order(PORTAL, 1),
    "products by code": lambda journal: journal.products_by_code(PORTAL, "tea-1"),
    "product": lambda journal: journal.product(PORTAL, 1),
    "products": lambda journal: journal.products(PORTAL),
    "a walk-in": lambda journal: journal.walk_in(receipt(1).key),
    "walk-ins that nobody was told of": lambda journal: journal.untold_walk_ins("a" * 64),
    "device": lambda journal: journal.known_device(DEVICE.factory_number),
    "foreign documents": lambda journal: journal.foreign_documents(DEVICE.storage_number),
    "due entries": lambda journal: journal.due_entries(START),
    "waiting entries": lambda journal: journal.due_entries(START, only_due=False),
    "entry": lambda journal: journal.entry(1),
    "entries of a receipt": lambda journal: journal.entries_of_receipt(receipt(1).key),
    "newest entries": lambda journal: journal.entries(),
    "failed entries": lambda journal: journal.entries(state="failed"),
    "entries of an order": lambda journal: journal.entries(order="А-1"),
    "counts": lambda journal: journal.outbox_counts(),
    "newest log": lambda journal: journal.log_rows(),
    "log page": lambda journal: journal.log_rows(before_id=1000),
    "log for a person": lambda journal: journal.log_rows(needs_person=True),
    "troubles for a person": lambda journal: journal.log_troubles(LogFilter()),
    "troubles of an order": lambda journal: journal.log_troubles(LogFilter(search="А-1")),
    "log of waiting entries": lambda journal: journal.log_rows(state="waiting"),
    "log of an order": lambda journal: journal.log_rows(search="А-1"),
    "log of a receipt": lambda journal: journal.log_page(LogFilter(receipt=receipt(1).key)),
    "log of done entries": lambda journal: journal.log_rows(state="done"),
    "failed requests": lambda journal: journal.log_page(LogFilter(failed=True)),
    "log since": lambda journal: journal.log_page(LogFilter(since=START)),
    "log until": lambda journal: journal.log_page(LogFilter(until=START)),
    "failed requests of an order": lambda journal: journal.log_page(LogFilter(failed=True, search="А-1")),
    "a row of the log": lambda journal: journal.log_row(1),
    "request and answer": lambda journal: journal.log_bodies(1),
    "done entries": lambda journal: journal.done_entries(),
    "how long the log is": lambda journal: journal.log_extent(),
    "fact": lambda journal: journal.get_fact("sweep"),
    "decisions": lambda journal: journal.audit_rows(),
    "decisions about a receipt": lambda journal: journal.audit_rows(subject=receipt(1).key),
}
# Walking down the primary key and stopping at the limit is no reading from end to end.
PAGES = {
    "newest entries": "SCAN outbox",
    "log since": "SCAN log",
    "log until": "SCAN log",
    "how long the log is": "SCAN sync_log",
}
PAGE_OF_LOG = "SCAN hit"  # the ids of one page
SOME = "SCAN (subquery-1)"  # so many that an index has chosen and a limit has cut


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_uses_an_index(journal: Journal, question: str) -> None:
    journal.save_orders([order(1), order(2)], claimed=True)
    sell(journal, 1)
    asked: list[str] = []
    with journal._readers.reading() as db:
        db.set_trace_callback(asked.append)
    QUESTIONS[question](journal)  # the same connection: nothing else is reading
    statements = [each for each in asked if each.startswith("SELECT")]
    assert statements
    with closing(open_reader(journal.path)) as db:
        plans = [step for each in statements for step in plan_of(db, each)]
    allowed = (PAGES.get(question), PAGE_OF_LOG, SOME, "SCAN CONSTANT ROW")
    assert [step for step in plans if "SCAN" in step and "INDEX" not in step and step not in allowed] == []
    sorted_rows = [step for step in plans if "TEMP B-TREE FOR ORDER BY" in step]
    assert not sorted_rows or question in SORTED, plans


# A few rows that an index chose, ids alone, or the rows of one page: sorted in memory.
SORTED = {
    "walk-ins that nobody was told of",
    "newest log",
    "log page",
    "unfinished receipts",
    "operations",
    "due entries",
    "waiting entries",
    "failed entries",
    "entries of an order",
    "entries of a receipt",
    "counts",
    "log for a person",
    "troubles for a person",
    "troubles of an order",
    "log of waiting entries",
    "log of an order",
    "a row of the log",
    "log of a receipt",
    "log of done entries",
    "failed requests",
    "failed requests of an order",
    "log since",
    "log until",
}


def plan_of(db: sqlite3.Connection, statement: str) -> list[str]:
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
