"""Shifts, couriers' days and refusals in the journal: one open day, signed whole or not at all, saved from a wreck."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from posapp.domain.fiscal import DocumentType, FiscalDocument
from posapp.domain.money import Money
from posapp.errors import SaleError
from posapp.journal import salvage
from posapp.journal.backup import back_up
from posapp.journal.connect import JOURNAL_NAME, open_reader
from posapp.journal.period import fiscalized_moments, receipts_of_documents
from posapp.journal.rows import CourierDay, Decision, IllegalMove, NewRefusal
from posapp.journal.store import Journal
from tests.journal.samples import DEVICE, PORTAL, START, Clock, open_journal, receipt, sell

FIGURES = {"receipts": 1, "takings": {}}
SIGNED = (Decision("Орлов", "day.handed_in", "day 1"), Decision("Иванова", "day.received", "day 1"))
REFUSED = NewRefusal(PORTAL, 7, "А-7", Money(5_000), "Орлов", "нет дома", ({"name": "Чай", "quantity": "1"},))


def report(number: int, form: DocumentType, shift: int) -> FiscalDocument:
    at = datetime(2026, 7, 1, 9, number)
    return FiscalDocument(number, form, "1", at, None, None, shift, None, None, whole=True)


def begin(journal: Journal, courier: str = "Орлов") -> CourierDay:
    return journal.open_day(courier, "Иванова", Money(300_000), DEVICE)


def close(journal: Journal, day: CourierDay, receipts: int) -> None:
    journal.close_day(day, Money(1), "Иванова", "", FIGURES, receipts, signatures=SIGNED)


def test_a_shift_is_put_together_from_its_reports(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.note_shift(DEVICE, report(4, DocumentType.SHIFT_CLOSE, 1))
        journal.note_shift(DEVICE, report(2, DocumentType.SHIFT_OPEN, 1))
        journal.keep_shift_report(DEVICE, 1, {"last_document": 3})
        journal.note_shift(DEVICE, report(5, DocumentType.SHIFT_OPEN, 2))
        journal.note_shift(DEVICE, report(6, DocumentType.REGISTRATION, 2))
        newest, oldest = journal.shifts(DEVICE.storage_number)
        assert (newest.shift_number, newest.opened_document, newest.closed_document) == (2, 5, None)
        assert (oldest.opened_document, oldest.closed_document, oldest.report) == (2, 4, {"last_document": 3})
        assert oldest.opened_at == datetime(2026, 7, 1, 9, 2)
        journal.note_shift(DEVICE, report(2, DocumentType.SHIFT_OPEN, 1))  # read again: nothing is forgotten
        assert journal.shift(DEVICE.storage_number, 1) == oldest
        assert journal.shift(DEVICE.storage_number, 3) is None


def test_a_day_holds_the_receipts_after_its_beginning(tmp_path: Path) -> None:
    clock = Clock()
    with open_journal(tmp_path, clock) as journal:
        sell(journal, 1)
        day = begin(journal)
        assert (day.after_document, day.is_open) == (1, True)
        clock.tick(hours=-5)  # a clock that is put back moves nothing
        sold = sell(journal, 2)
        assert [each.receipt.key for each in journal.receipts_of_day(day)] == [sold.key]
        close(journal, day, 1)
        sell(journal, 3)
        closed = journal.courier_day(day.id)
        assert closed is not None
        assert (closed.until_document, closed.is_open, closed.received_by) == (2, False, "Иванова")
        assert [each.receipt.key for each in journal.receipts_of_day(closed)] == [sold.key]
        assert [each.what for each in journal.audit_rows()] == ["day.handed_in", "day.received"]
        assert journal.current_day() is None


def test_one_day_is_open_at_a_time_and_is_closed_once(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        day = begin(journal)
        with pytest.raises(SaleError) as told:
            begin(journal, "Петров")
        assert (told.value.code, told.value.facts) == ("day_open", {"courier": "Орлов"})
        sell(journal, 1)
        with pytest.raises(IllegalMove):
            close(journal, day, 0)  # the figures rest on no receipt, and there is one
        assert journal.audit_rows() == []
        close(journal, day, 1)
        with pytest.raises(IllegalMove):
            close(journal, day, 1)
        assert len(journal.audit_rows()) == 2
        assert [each.id for each in journal.courier_days()] == [1]


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE courier_days SET closed_at = 1 WHERE id = 1",
        "UPDATE courier_days SET is_open = 0 WHERE id = 1",
        "UPDATE courier_days SET float_kopecks = -1 WHERE id = 1",
        "UPDATE courier_days SET float_kopecks = 1.5 WHERE id = 1",
        "UPDATE courier_days SET courier = '' WHERE id = 1",
        "INSERT INTO courier_days SELECT 2, is_open, courier, opened_by, opened_at, float_kopecks, storage_number,"
        " after_document, until_document, closed_at, received_by, counted_kopecks, why, figures FROM courier_days",
        "UPDATE refusals SET why = '' WHERE id = 1",
        "UPDATE refusals SET amount_kopecks = -5 WHERE id = 1",
    ],
)
def test_what_must_not_be_is_refused_by_the_table_itself(tmp_path: Path, wrong: str) -> None:
    with open_journal(tmp_path) as journal:
        journal.add_refusal(REFUSED, begin(journal).id)
    with closing(sqlite3.connect(tmp_path / JOURNAL_NAME)) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute(wrong)


def test_a_refusal_comes_back_as_it_was_said(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        day = begin(journal)
        journal.add_refusal(REFUSED, day.id, decision=Decision("Орлов", "order.refused", "А-7", "нет дома"))
        (kept,) = journal.refusals_of_day(day.id)
        assert (kept.refused, kept.day_id, kept.at) == (REFUSED, day.id, START)
        assert journal.refusals_of_order(PORTAL, 7) == [kept]
        assert journal.refusals_of_order(PORTAL, 8) == []


def test_a_period_of_documents_and_its_moments(tmp_path: Path) -> None:
    clock = Clock()
    with open_journal(tmp_path, clock) as journal:
        keys = [sell(journal, number).key for number in (1, 2, 3)]
        found = receipts_of_documents(journal.path, DEVICE.storage_number, 1, 3)
        assert [each.receipt.key for each in found] == keys[1:]
        assert receipts_of_documents(journal.path, "9999000000000099", 0, 9) == []
        moments = fiscalized_moments(journal.path, START, clock.tick(days=1))
        assert len(moments) == 3
        assert moments == sorted(moments)
        with closing(open_reader(journal.path)) as db:
            plan = db.execute(
                "EXPLAIN QUERY PLAN SELECT body FROM receipts WHERE document_number IS NOT NULL AND storage_number = ?"
                " AND document_number > ? AND document_number <= ? ORDER BY document_number",
                ("9", 1, 3),
            ).fetchall()
        assert ["uq_receipts_document" in row[3] for row in plan] == [True]


def test_days_refusals_and_shifts_are_saved_from_a_damaged_journal(tmp_path: Path) -> None:
    """Begun before the copy and handed in after it, and one begun after it."""
    with open_journal(tmp_path / "data") as journal:
        first = begin(journal)
        journal.note_shift(DEVICE, report(2, DocumentType.SHIFT_OPEN, 1))
        copy = back_up(journal, tmp_path / "backups", START)
        journal.add_refusal(REFUSED, first.id)
        close(journal, first, 0)
        second = begin(journal, "Петров")
        journal.add_refusal(replace(REFUSED, order_id=8, order_number="А-8"), second.id)
        journal.note_shift(DEVICE, report(3, DocumentType.SHIFT_CLOSE, 1))
        wanted = (journal.courier_days(), journal.refusals_of_day(1), journal.refusals_of_day(2))
        shifts = journal.shifts(DEVICE.storage_number)
    (tmp_path / "back").mkdir()
    shutil.copyfile(copy, tmp_path / "back" / JOURNAL_NAME)
    with (
        closing(sqlite3.connect(tmp_path / "data" / JOURNAL_NAME, isolation_level=None)) as damaged,
        closing(sqlite3.connect(tmp_path / "back" / JOURNAL_NAME, isolation_level=None)) as into,
    ):
        found = salvage.salvage(damaged, into)
    assert found.lost == []
    assert (found.rows["courier_days"], found.rows["refusals"], found.rows["shifts"]) == (1, 2, 1)
    with open_journal(tmp_path / "back") as journal:
        assert (journal.courier_days(), journal.refusals_of_day(1), journal.refusals_of_day(2)) == wanted
        assert journal.shifts(DEVICE.storage_number) == shifts


def test_a_bit_turned_in_a_receipt_is_seen(tmp_path: Path) -> None:
    """A name that a disk spelled otherwise is still a name: only the checksum tells."""
    with open_journal(tmp_path / "data") as journal:
        copy = back_up(journal, tmp_path / "backups", START)
        journal.add_receipt(receipt(1))
        journal.add_receipt(receipt(2))
    with closing(sqlite3.connect(tmp_path / "data" / JOURNAL_NAME, isolation_level=None)) as damaged:
        damaged.execute("UPDATE receipts SET body = replace(body, 'Молоко', 'Молоко̆') WHERE order_id = 1")
        (tmp_path / "back").mkdir()
        shutil.copyfile(copy, tmp_path / "back" / JOURNAL_NAME)
        with closing(sqlite3.connect(tmp_path / "back" / JOURNAL_NAME, isolation_level=None)) as into:
            found = salvage.salvage(damaged, into)
    assert found.rows == {"receipts": 1}
    assert len(found.lost) == 1
    with open_journal(tmp_path / "back") as journal:
        stored = journal.receipt(receipt(2).key)
        assert stored is not None
        assert stored.receipt == receipt(2)
        assert journal.receipt(receipt(1).key) is None
