"""The rules that money depends on, held by the journal: one document per settlement, mark and outbox together."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from pathlib import Path

import pytest

from posapp.domain.fiscal import DeviceIdentity, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.settlement import MOVES, By, State
from posapp.errors import PosError, Refused
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.store import (
    DeviceSending,
    DocumentTaken,
    IllegalMove,
    Journal,
    KnownDevice,
    NewEntry,
    SettlementTaken,
)
from tests.journal.samples import (
    DEVICE,
    FISCALIZED,
    PENDING,
    PORTAL,
    SENDING,
    Clock,
    device,
    entries,
    look,
    mark,
    open_journal,
    receipt,
    sell,
)


def begin(journal: Journal, number: int, on: DeviceIdentity = DEVICE) -> str:
    """A receipt that is being sent; returns its key."""
    sold = receipt(number)
    journal.add_receipt(sold)
    journal.start_attempt(sold.key, on, number - 1, 3)
    return sold.key


def bring_to(journal: Journal, state: State, number: int) -> str:
    """A receipt in any state, by permitted steps; returns its key."""
    sold = receipt(number)
    journal.add_receipt(sold, State.HELD if state is State.HELD else State.PENDING)
    if state in (State.SENDING, State.FISCALIZED, State.REFUSED):
        journal.start_attempt(sold.key, device(number), 0, 1)
    if state is State.FISCALIZED:
        journal.fiscalize(sold.key, mark(1, device(number)), By.PROOF, [], {})
    elif state is State.REFUSED:
        journal.not_made(sold.key, State.REFUSED, "paper_out", {})
    elif state is State.CANCELLED:
        journal.move(sold.key, State.CANCELLED, By.PERSON)
    return sold.key


# ------------------------------------------------------------------------------------------------ rule 12
@pytest.mark.parametrize("step", ["mark", "payment", "status", "stock"])
def test_mark_and_outbox_are_one_transaction(tmp_path: Path, step: str) -> None:
    """Whichever row of the outbox the disk refuses, the mark is not there either, and the sale can be ended later."""
    with open_journal(tmp_path) as journal:
        key = begin(journal, 1)
        outside = sqlite3.connect(tmp_path / JOURNAL_NAME)
        outside.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON outbox"
            f" WHEN NEW.step = '{step}' BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        with pytest.raises(sqlite3.IntegrityError, match="no"):
            journal.fiscalize(key, mark(1), By.PROOF, entries(1), {"n": 1})
        assert look(journal, key) == SENDING
        attempt = journal.last_attempt(key)
        assert attempt is not None
        assert (attempt.outcome, attempt.ended_at, attempt.evidence) == ("", None, {})
        outside.execute("DROP TRIGGER broken")
        outside.close()
        journal.fiscalize(key, mark(1), By.PROOF, entries(1), {"n": 1})
        assert look(journal, key) == FISCALIZED


def test_a_body_that_is_no_json_leaves_nothing(journal: Journal) -> None:
    key = begin(journal, 1)
    bad = NewEntry("stock", 1, "1", PORTAL, {"sum": Money(1)})
    with pytest.raises(TypeError):
        journal.fiscalize(key, mark(1), By.PROOF, [*entries(1, ("mark",)), bad], {})
    assert look(journal, key) == SENDING


def test_what_was_fiscalized_is_read_back_after_reopening(tmp_path: Path, clock: Clock) -> None:
    with open_journal(tmp_path, clock) as journal:
        sold = sell(journal, 7)
    with open_journal(tmp_path, clock) as journal:
        stored = journal.receipt(sold.key)
        assert stored is not None
        assert (stored.receipt, stored.state, stored.mark, stored.fiscalized_at, stored.attempts) == (
            sold,
            State.FISCALIZED,
            mark(7),
            clock.at,
            1,
        )
        assert journal.receipt_of_document(DEVICE.storage_number, 7) == stored
        assert journal.receipt_of_settlement(sold.settlement) == stored
        assert journal.receipts_of_order(PORTAL, 7) == [stored]
        assert [each.body for each in journal.entries_of_receipt(sold.key)] == [each.body for each in entries(7)]


# ------------------------------------------------------------------------------------------------ rule 1
def test_a_settlement_has_one_receipt(journal: Journal) -> None:
    first = receipt(1)
    journal.add_receipt(first)
    for state in (State.PENDING, State.HELD):
        with pytest.raises(SettlementTaken) as taken:
            journal.add_receipt(receipt(1, copy=1), state)
        assert taken.value.key == first.key
    with pytest.raises(SettlementTaken):
        journal.add_receipt(first)
    assert [each.receipt for each in journal.receipts_of_order(PORTAL, 1)] == [first]


def test_other_parts_and_kinds_are_other_settlements(journal: Journal) -> None:
    made = [receipt(1), receipt(1, part="2", copy=1), receipt(1, kind=ReceiptKind.SELL_REFUND), receipt(2)]
    for each in made:
        journal.add_receipt(each)
    assert [each.receipt for each in journal.receipts_of_order(PORTAL, 1)] == made[:3]


def test_a_cancelled_receipt_frees_its_settlement(journal: Journal) -> None:
    first, second = receipt(1), receipt(1, copy=1)
    journal.add_receipt(first)
    journal.move(first.key, State.CANCELLED, By.PERSON, "покупатель передумал")
    journal.add_receipt(second)
    found = journal.receipts_of_order(PORTAL, 1)
    assert [(each.receipt, each.state, each.reason) for each in found] == [
        (first, State.CANCELLED, "покупатель передумал"),
        (second, State.PENDING, ""),
    ]
    live = journal.receipt_of_settlement(first.settlement)
    assert live is not None
    assert live.receipt == second


@pytest.mark.parametrize("state", [State.HELD, State.PENDING, State.SENDING, State.FISCALIZED, State.REFUSED])
def test_a_receipt_in_any_live_state_keeps_its_settlement(journal: Journal, state: State) -> None:
    key = bring_to(journal, state, 5)
    with pytest.raises(SettlementTaken) as taken:
        journal.add_receipt(receipt(5, copy=1))
    assert taken.value.key == key


def test_one_document_proves_one_receipt(journal: Journal) -> None:
    sold = sell(journal, 1, document=41)
    key = begin(journal, 2)
    with pytest.raises(DocumentTaken) as taken:
        journal.fiscalize(key, mark(41), By.PROOF, entries(2), {})
    assert taken.value.key == sold.key
    assert look(journal, key) == SENDING
    journal.fiscalize(key, mark(42), By.PROOF, entries(2), {})
    assert look(journal, key) == FISCALIZED


# ------------------------------------------------------------------------------------------------ states
@pytest.mark.parametrize("before,after,by", list(product(State, State, By)))
def test_move_allows_what_the_table_allows(journal: Journal, before: State, after: State, by: By) -> None:
    """`move` goes every way of the table but into sending and fiscalized, which need an attempt and a mark."""
    key = bring_to(journal, before, 3)
    allowed = (before, after, by) in MOVES and after not in (State.SENDING, State.FISCALIZED)
    if not allowed:
        with pytest.raises(IllegalMove) as refused:
            journal.move(key, after, by, "why")
        assert (refused.value.before, refused.value.after) == (before, after)
    else:
        journal.move(key, after, by, "why")
    stored = journal.receipt(key)
    assert stored is not None
    assert stored.state is (after if allowed else before)
    assert (stored.reason == "why") is allowed
    assert all((each.outcome == "") is (stored.state is State.SENDING) for each in journal.attempts(key))


def test_a_receipt_begins_pending_or_held(journal: Journal) -> None:
    for state in (State.SENDING, State.FISCALIZED, State.REFUSED, State.CANCELLED):
        with pytest.raises(ValueError, match="does not begin"):
            journal.add_receipt(receipt(1), state)
    journal.add_receipt(receipt(1), State.HELD, "vat_unmapped")
    stored = journal.receipts_in(State.HELD)
    assert [(each.receipt, each.reason) for each in stored] == [(receipt(1), "vat_unmapped")]


@pytest.mark.parametrize("state", [state for state in State if state is not State.SENDING])
def test_only_what_is_being_sent_is_fiscalized_or_not_made(journal: Journal, state: State) -> None:
    key = bring_to(journal, state, 3)
    before = look(journal, key)
    with pytest.raises(IllegalMove):
        journal.fiscalize(key, mark(99), By.PROOF, entries(3), {})
    with pytest.raises(IllegalMove):
        journal.not_made(key, State.REFUSED, "x", {})
    assert look(journal, key) == before


@pytest.mark.parametrize("state", [state for state in State if state is not State.PENDING])
def test_only_a_pending_receipt_is_sent(journal: Journal, state: State) -> None:
    key = bring_to(journal, state, 3)
    before = look(journal, key)
    with pytest.raises(IllegalMove):
        journal.start_attempt(key, device(77), 0, 1)
    assert look(journal, key) == before


def test_the_program_alone_never_says_fiscalized(journal: Journal) -> None:
    key = begin(journal, 1)
    with pytest.raises(IllegalMove):
        journal.fiscalize(key, mark(1), By.PROGRAM, [], {})
    journal.fiscalize(key, mark(1), By.PERSON, [], {})
    assert journal.receipts_in(State.FISCALIZED)[0].mark == mark(1)


def test_an_unknown_key_is_no_receipt(journal: Journal) -> None:
    assert journal.receipt("0" * 16) is None
    assert journal.last_attempt("0" * 16) is None
    actions: tuple[Callable[[], object], ...] = (
        lambda: journal.move("0" * 16, State.CANCELLED, By.PERSON),
        lambda: journal.start_attempt("0" * 16, DEVICE, 0, 1),
        lambda: journal.fiscalize("0" * 16, mark(1), By.PROOF, [], {}),
        lambda: journal.not_made("0" * 16, State.REFUSED, "", {}),
    )
    for action in actions:
        with pytest.raises(IllegalMove) as refused:
            action()
        assert refused.value.before == ""
        assert isinstance(refused.value, PosError)
    with pytest.raises(LookupError):
        journal.note_evidence(1, {"a": 1})


# ------------------------------------------------------------------------------------------------ attempts, rules 3, 10
def test_every_try_is_an_attempt(journal: Journal, clock: Clock) -> None:
    sold = receipt(1)
    journal.add_receipt(sold)
    first = journal.start_attempt(sold.key, DEVICE, 40, 7)
    assert look(journal, sold.key) == SENDING
    journal.note_evidence(first, {"uuid": "u-1", "reply": "old"})
    journal.note_evidence(first, {"reply": "none", "at": clock.at, "amount": Money(5)})
    begun = clock.at
    ended = clock.tick(seconds=2.000001)
    journal.not_made(sold.key, State.PENDING, "no document after 40", {"last": 40})
    second = journal.start_attempt(sold.key, replace(DEVICE, storage_number="9999000000000002"), 41, 8)
    one, two = journal.attempts(sold.key)
    assert (one.id, one.number, one.device, one.last_document, one.shift_number) == (first, 1, DEVICE, 40, 7)
    assert (one.started_at, one.ended_at, one.outcome) == (begun, ended, "pending")
    assert one.evidence == {"uuid": "u-1", "reply": "none", "at": str(begun), "amount": str(Money(5)), "last": 40}
    assert (two.id, two.number, two.outcome, two.ended_at, two.last_document) == (second, 2, "", None, 41)
    assert two.device.storage_number == "9999000000000002"
    assert journal.last_attempt(sold.key) == two
    stored = journal.receipt(sold.key)
    assert stored is not None
    assert (stored.attempts, stored.reason) == (2, "")


def test_nothing_new_on_a_register_that_is_sending(journal: Journal) -> None:
    key = begin(journal, 1)
    other = receipt(2)
    journal.add_receipt(other)
    actions: tuple[Callable[[], object], ...] = (
        lambda: journal.start_attempt(other.key, DEVICE, 1, 3),
        lambda: journal.start_attempt(other.key, replace(DEVICE, storage_number="9999000000000002"), 1, 3),
        lambda: journal.start_operation("x_report", None, DEVICE, {}, "Иванова"),
    )
    for action in actions:
        with pytest.raises(DeviceSending) as busy:
            action()
        assert (busy.value.key, busy.value.operation, busy.value.code) == (key, None, "device_busy")
        assert isinstance(busy.value, Refused)
    assert look(journal, other.key) == PENDING
    journal.start_attempt(other.key, device(2), 1, 3)  # another register is free
    journal.fiscalize(key, mark(1), By.PROOF, [], {})
    operation = journal.start_operation("cash_in", Money(5), DEVICE, {}, "Иванова")
    third = receipt(3)
    journal.add_receipt(third)
    with pytest.raises(DeviceSending) as busy:
        journal.start_attempt(third.key, DEVICE, 1, 3)
    assert (busy.value.key, busy.value.operation) == ("", operation)
    journal.end_operation(operation, "refused", {})
    journal.start_attempt(third.key, DEVICE, 1, 3)


def test_a_refused_receipt_is_sold_again_by_a_person(journal: Journal) -> None:
    key = begin(journal, 1)
    journal.not_made(key, State.REFUSED, "paper_out", {"error": "0x6B"})
    stored = journal.receipt(key)
    assert stored is not None
    assert (stored.state, stored.reason) == (State.REFUSED, "paper_out")
    with pytest.raises(IllegalMove):
        journal.start_attempt(key, DEVICE, 0, 1)
    journal.move(key, State.PENDING, By.PERSON)
    journal.start_attempt(key, DEVICE, 0, 1)
    journal.fiscalize(key, mark(1), By.PROOF, entries(1), {})
    assert [each.outcome for each in journal.attempts(key)] == ["refused", "fiscalized"]


# ------------------------------------------------------------------------------------------------ rule 8
def test_shift_operations(journal: Journal, clock: Clock) -> None:
    before = {"drawer_kopecks": 100, "document": 4, "shift": {"state": "open", "number": 3}}
    begun = clock.at
    operation_id = journal.start_operation("cash_out", Money(12345), DEVICE, before, "Иванова А. П.")
    stored = journal.operation(operation_id)
    assert stored is not None
    assert journal.operations_sending() == [stored]
    assert (stored.kind, stored.amount, stored.device, stored.state, stored.before, stored.cashier) == (
        "cash_out",
        Money(12345),
        DEVICE,
        "sending",
        before,
        "Иванова А. П.",
    )
    with pytest.raises(IllegalMove):
        journal.end_operation(operation_id, "sending", {})
    ended = clock.tick(minutes=1)
    journal.end_operation(operation_id, "done", {"drawer_kopecks": 0})
    done = journal.operation(operation_id)
    assert done == replace(stored, state="done", evidence={"drawer_kopecks": 0}, started_at=begun, ended_at=ended)
    assert journal.operations_sending() == []
    for unknown in (operation_id, operation_id + 1):
        with pytest.raises(IllegalMove):
            journal.end_operation(unknown, "refused", {})
    assert journal.operation(operation_id + 1) is None
    with pytest.raises(sqlite3.IntegrityError):
        journal.start_operation("z_report", None, DEVICE, {}, "")


# ------------------------------------------------------------------------------------------------ rule 11
def test_the_device_book_never_goes_back_on_one_storage(journal: Journal) -> None:
    assert journal.known_device(DEVICE.factory_number) is None
    journal.remember_document(DEVICE, 10)
    journal.remember_document(DEVICE, 8)
    assert journal.known_device(DEVICE.factory_number) == KnownDevice(DEVICE, 10)
    swapped = replace(DEVICE, storage_number="9999000000000002")
    journal.remember_document(swapped, 1)
    assert journal.known_device(DEVICE.factory_number) == KnownDevice(swapped, 1)


def test_the_mark_advances_the_device_book_by_one_document_only(journal: Journal) -> None:
    """Documents between that nobody has read must be read at the next start: the book must not skip them."""
    journal.remember_document(DEVICE, 10)
    sell(journal, 1, document=11)
    assert journal.known_device(DEVICE.factory_number) == KnownDevice(DEVICE, 11)
    sell(journal, 2, document=13)
    assert journal.known_device(DEVICE.factory_number) == KnownDevice(DEVICE, 11)
    sell(journal, 3, on=device(5), document=12)
    assert journal.known_device(DEVICE.factory_number) == KnownDevice(DEVICE, 11)
    assert journal.known_device(device(5).factory_number) is None


# ------------------------------------------------------------------------------------------------ the day
def test_day_totals_count_sales_less_refunds(journal: Journal, clock: Clock) -> None:
    sell(journal, 1)
    midnight = clock.tick(hours=6)
    sell(journal, 2)
    clock.tick(microseconds=1)
    sell(journal, 3)
    one = receipt(1).total.kopecks
    assert journal.day_totals(midnight) == (2, Money(2 * one))
    assert journal.day_totals(midnight + timedelta(microseconds=1)) == (1, Money(one))
    assert journal.day_totals(midnight.astimezone(timezone(timedelta(hours=12)))) == (2, Money(2 * one))
    refund = receipt(3, kind=ReceiptKind.SELL_REFUND)
    journal.add_receipt(refund)
    assert journal.day_totals(midnight) == (2, Money(2 * one))
    journal.start_attempt(refund.key, DEVICE, 3, 1)
    journal.fiscalize(refund.key, mark(4), By.PROOF, [], {})
    assert journal.day_totals(midnight) == (3, Money(one))


def test_a_time_without_a_zone_is_a_mistake(journal: Journal) -> None:
    with pytest.raises(ValueError, match="zone"):
        journal.day_totals(datetime(2026, 7, 1))
    assert journal.day_totals(datetime(2026, 7, 1, tzinfo=UTC)) == (0, Money(0))
