"""Four witnesses and an honest day: nothing differs, whoever else prints there and however long the network is away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from posapp.errors import WORDS
from posapp.lanes import Lanes
from posapp.till import readings, reconcile, shift
from posapp.till.reconcile_views import ReconcileProgress
from tests.till.four import Four, four_at
from tests.till.rig import Register


@pytest.fixture
def four(tmp_path: Path, register: Register) -> Iterator[Four]:
    with four_at(tmp_path, register) as world:
        yield world


def test_an_honest_day_shows_no_difference(four: Four) -> None:
    for order_id in (1, 2, 3):
        four.sell(order_id)
    four.days(0.01)
    report = four.reconcile()
    assert report.differences == ()
    assert report.not_checked == ()
    assert report.checked == {"journal": 3, "storage": 5, "portal": 3, "ofd": 5}  # registration, shift, three receipts
    assert report.is_good
    assert not report.needs_person


def test_after_the_shift_was_closed_too(four: Four) -> None:
    four.sell(1)
    shift.cash_in(four.shop.till, four.sell(2).receipt.total)
    shift.close_shift(four.shop.till)
    report = reconcile.after_close(four.shop.till)
    assert report is not None
    assert report.differences == ()
    assert report.checked["storage"] == 5  # registration in the same minute, opening, two receipts, closing
    assert report.is_good


def test_documents_of_another_program_between_ours_are_only_counted(four: Four) -> None:
    four.register.foreign_receipt(777)
    four.sell(1)
    four.register.foreign_receipt(four.sell(2).receipt.total.kopecks)
    four.register.foreign_correction(500)
    four.sell(3)
    report = four.reconcile()
    assert report.differences == ()
    assert report.foreign == 3
    shift.close_shift(four.shop.till)
    report = four.reconcile()
    assert report.is_good


def test_an_outage_of_the_portal_is_said_and_agrees_with_nobody(four: Four) -> None:
    four.sell(1)
    four.bitrix.set("network", {"up": False})
    four.sell(2)
    report = four.reconcile()
    assert report.differences == ()
    (silent,) = report.not_checked
    assert silent.source == "portal"
    assert "Битрикс не отвечает" in silent.why.ru
    assert "Bitrix does not answer" in silent.why.en
    assert "portal" not in report.checked
    assert report.needs_person
    assert not report.is_good
    four.bitrix.set("network", {"up": True})
    four.deliver()
    assert four.reconcile().is_good


def test_a_register_that_is_away_is_said_and_agrees_with_nobody(four: Four) -> None:
    four.sell(1)
    four.register.unplug()
    report = four.reconcile()
    assert report.differences == ()
    assert [each.source for each in report.not_checked] == ["storage"]
    assert report.checked == {"journal": 1, "portal": 1, "ofd": 2}
    assert report.needs_person


def test_what_was_never_set_up_is_said_and_is_nobodys_move(four: Four) -> None:
    four.sell(1)
    four.shop.till = replace(four.shop.till, ofd=None, settings=four.shop.till.settings.with_(ofd=None))
    report = four.reconcile()
    assert [(each.source, each.is_trouble) for each in report.not_checked] == [("ofd", False)]
    assert report.is_good
    assert not report.needs_person


def test_a_receipt_that_waits_for_the_portal_is_the_programs_own_move(four: Four) -> None:
    stored = four.sell(1, deliver=False)
    one = four.difference()
    assert (one.code, one.move, one.order, one.key) == ("portal_waits", "program", "N-1", stored.receipt.key)
    assert "нет отметки о чеке, не оплачен, не отгружен" in one.message()
    assert "no mark of the receipt, not paid, not deducted" in one.message("en")
    assert one.command == "posapp sync --once"
    assert not four.reconcile().needs_person


def test_the_result_is_kept_in_both_languages(four: Four) -> None:
    assert reconcile.last(four.shop.till) is None
    four.sell(1, deliver=False)
    report = four.reconcile()
    kept = reconcile.last(four.shop.till)
    assert kept is not None
    assert (kept.count, kept.why) == (1, "person")
    assert kept.report == report
    assert kept.report.differences[0].message("en") == report.differences[0].message("en")


def test_a_run_at_start_reads_only_what_is_new(four: Four) -> None:
    four.sell(1)
    first = reconcile.at_start(four.shop.till)
    assert first is not None
    assert first.is_good
    assert first.checked["storage"] == 3
    four.register.written.clear()
    four.days(0.01)
    again = reconcile.at_start(four.shop.till)
    assert again is not None
    assert again.is_good
    assert again.checked["storage"] == 0
    assert four.register.count(0xFF0A) == 0
    four.sell(2)
    third = reconcile.at_start(four.shop.till)
    assert third is not None
    assert third.checked == {"journal": 2, "storage": 1, "portal": 2, "ofd": 1}  # the first one; the second is too new


def test_what_was_not_good_is_looked_at_again_at_the_next_start(four: Four) -> None:
    four.sell(1)
    assert four.reconcile().is_good
    stored = four.sell(2)
    four.on_portal(2)["canceled"] = "Y"
    documents = four.register.printer.storage.documents
    documents[-1] = replace(documents[-1], sign=1)
    four.days(0.01)
    for _ in range(6):
        report = reconcile.at_start(four.shop.till)
        assert report is not None
        assert {each.code for each in report.differences} >= {"portal_cancelled", "storage_differs"}
        assert all(each.key == stored.receipt.key for each in report.differences)
        four.days(1)


def test_an_order_that_changes_long_after_its_receipt_is_found_at_start(four: Four) -> None:
    four.sell(1)
    assert four.reconcile().is_good
    for _ in range(10):
        four.days(1)
        report = reconcile.at_start(four.shop.till)
        assert report is not None
        assert report.is_good
    row = four.on_portal(1)
    row["canceled"] = "Y"
    row["dateUpdate"] = four.shop.now().astimezone().isoformat(timespec="seconds")
    report = reconcile.at_start(four.shop.till)
    assert report is not None
    assert [each.code for each in report.differences] == ["portal_cancelled"]


def test_a_period_of_days_is_read_and_its_edges_make_no_difference(four: Four) -> None:
    till = four.shop.till
    four.sell(1)
    shift.close_shift(till)
    four.days(1)
    shift.open_shift(till)
    four.sell(2)
    day = timedelta(days=1)
    today = till.now().date()
    yesterday = reconcile.on_dates(till, today - day, today - day)
    report = reconcile.run(till, *yesterday)
    assert report.differences == ()
    assert (report.checked["journal"], report.checked["storage"]) == (1, 4)
    both = reconcile.run(till, yesterday[0], None)
    assert both.differences == ()
    assert both.checked["journal"] == 2


def test_reading_goes_in_pages_and_can_be_stopped(four: Four) -> None:
    for _ in range(25):
        four.register.foreign_receipt(100)
    told: list[ReconcileProgress] = []
    four.reconcile(progress=told.append)
    steps = [each.done for each in told if each.source == "storage"]
    assert steps == [*range(readings.DOCUMENTS_A_JOB, 27, readings.DOCUMENTS_A_JOB), 27]
    assert told[0].total == 27

    def stop(_progress: ReconcileProgress) -> None:
        raise reconcile.Stopped

    with pytest.raises(reconcile.Stopped):
        four.reconcile(progress=stop)


def test_a_storage_that_breaks_off_in_the_middle_proves_nothing(four: Four) -> None:
    for order_id in (1, 2, 3):
        four.sell(order_id)
    four.register.meanwhile(0xFF3A, "after", four.register.unplug)
    report = four.reconcile()
    assert [each.source for each in report.not_checked] == ["storage"]
    assert report.differences == ()


def test_a_sale_between_two_pages_is_no_difference(four: Four) -> None:
    four.sell(1)
    sold: list[object] = []

    def sell(progress: ReconcileProgress) -> None:
        if progress.source == "storage" and not sold:
            sold.append(four.sell(2))

    report = four.reconcile(progress=sell)
    assert sold
    assert report.differences == ()


def test_on_lanes_each_job_runs_where_it_belongs(four: Four) -> None:
    four.sell(1)
    lanes = Lanes.threads()
    where = readings.OnLanes(lanes)
    try:
        assert where.device(lambda: threading.current_thread().name).startswith("device")
        assert where.sync(lambda: threading.current_thread().name).startswith("sync")
        nested = lanes.sync.submit(lambda: where.sync(lambda: threading.current_thread().name))
        assert nested.result(10).startswith("sync")
        assert reconcile.run(four.shop.till, where=where).is_good
    finally:
        lanes.close()
    with pytest.raises(reconcile.Stopped):
        reconcile.run(four.shop.till, where=where)
    with pytest.raises(reconcile.Stopped):
        reconcile.after_close(four.shop.till, where=where)


def test_a_bug_here_never_looks_like_a_failed_close(
    four: Four, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(readings, "read_journal", broken)
    with caplog.at_level("ERROR", "posapp"):
        assert reconcile.after_close(four.shop.till) is None
        assert reconcile.at_start(four.shop.till) is None
    assert "reconciliation failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(ZeroDivisionError):
        four.reconcile()


def test_every_word_of_a_difference_is_in_the_table() -> None:
    numbers = range(270, 280), range(460, 470)
    mine = {code for code, words in WORDS.items() if any(words.number in each for each in numbers)}
    assert len(mine) == 20
