"""Every difference, made to happen at the register, the portal, the OFD or in the journal, and told in words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, Refused
from posapp.journal.rows import EntryResult
from posapp.till import reconcile, recover, resolve, sale, shift
from posapp.till.reconcile_views import Difference, Move
from tests.till.four import PRICE, Four, four_at
from tests.till.rig import Killed, Register
from tests.till.shops import cash

OTHER_KEY = "ABCDEFGH12345678"


@pytest.fixture
def four(tmp_path: Path, register: Register) -> Iterator[Four]:
    with four_at(tmp_path, register) as world:
        yield world


def damaged(four: Four, statement: str, *values: object) -> None:
    """The process ends, somebody writes into the journal, a new process starts."""
    four.shop.close()
    four.sql(statement, *values)
    four.shop.reopen()
    four.wire()


def forget(four: Four, key: str) -> None:
    """The journal loses a receipt as if it had been restored from an older copy."""
    four.shop.close()
    for table in ("outbox", "attempts"):
        four.sql(f"DELETE FROM {table} WHERE receipt_key = ?", key)
    four.sql("DELETE FROM receipts WHERE key = ?", key)
    four.shop.reopen()
    four.wire()


def codes(four: Four, **options: Any) -> list[str]:
    return four.differences(**options)


def said(one: Difference, language: str = "ru") -> str:
    """The message with plain spaces."""
    return one.message(language).replace("\xa0", " ")


# ------------------------------------------------------------------------------------------------ two documents
def test_two_documents_for_one_order_are_the_loudest(four: Four) -> None:
    """A till with a copy of our journal has sold the same order on the same register."""
    first = four.sell(1)
    four.sell(2)
    number = four.register.foreign_receipt(PRICE.kopecks, stamp=f"1·N-1·{OTHER_KEY}")
    four.on_portal(2)["canceled"] = "Y"
    report = four.reconcile()
    one = report.differences[0]
    assert first.mark is not None
    assert (one.code, one.order, one.key, one.document_number) == ("two_documents", "N-1", OTHER_KEY, number)
    assert one.amount == PRICE
    assert f"ФД {first.mark.document_number} на 100,00 ₽, ФД {number} на 100,00 ₽" in said(one)
    assert "has several receipts: 2" in said(one, "en")
    assert "возврат прихода на лишний" in one.action()
    assert one.command == "posapp orders show N-1"
    assert [each.code for each in report.differences] == ["two_documents", "portal_cancelled"]
    assert report.needs_person


def test_another_tills_document_for_our_order_is_a_second_one(four: Four) -> None:
    four.sell(1)
    number = four.register.foreign_receipt(PRICE.kopecks, stamp=f"2·N-1·{OTHER_KEY}")
    one = four.difference()
    assert (one.code, one.document_number) == ("two_documents", number)


def test_the_second_document_of_another_day_is_found_too(four: Four) -> None:
    four.sell(1)
    shift.close_shift(four.shop.till)
    four.days(3)
    shift.open_shift(four.shop.till)
    four.register.foreign_receipt(PRICE.kopecks, stamp=f"1·N-1·{OTHER_KEY}")
    assert codes(four) == ["two_documents"]


def test_one_key_in_two_documents(four: Four) -> None:
    stored = four.sell(1)
    four.register.foreign_receipt(PRICE.kopecks, stamp=f"1·N-1·{stored.receipt.key}")
    assert codes(four) == ["two_documents"]


def test_a_refund_frees_the_order_for_another_receipt(four: Four) -> None:
    four.sell(1)
    register = four.register
    register.do_cash_in(1_000_000)
    register.foreign_open(PRICE.kopecks, 2)
    register.foreign_close(PRICE.kopecks, stamp="1·N-1·00000000000000AA")
    register.foreign_receipt(PRICE.kopecks, stamp=f"1·N-1·{OTHER_KEY}")
    assert "two_documents" not in codes(four)


# ------------------------------------------------------------------------------------------------ the storage
def test_a_document_of_ours_that_the_journal_lost_is_taken_in_by_the_proposed_command(four: Four) -> None:
    stored = four.sell(1)
    assert stored.mark is not None
    forget(four, stored.receipt.key)
    one = next(each for each in four.reconcile().differences if each.code == "storage_unknown_ours")
    key, number = stored.receipt.key, stored.mark.document_number
    assert (one.order, one.key, one.document_number, one.amount) == ("N-1", key, number, PRICE)
    assert f"ФД {number} на 100,00 ₽ напечатан этой кассой по заказу N-1" in said(one)
    assert one.command == f"posapp resolve {key} --document {number}"
    assert one.move is Move.MANAGER
    resolve.decide_made(four.shop.till, key, number)
    four.deliver()
    assert four.reconcile().is_good


def test_foreign_receipts_are_a_difference_where_none_are_expected(four: Four) -> None:
    numbers = [four.register.foreign_receipt(500), four.register.foreign_receipt(700)]
    one = four.difference(foreign_expected=False)
    assert (one.code, one.amount, one.document_number) == ("storage_foreign", Money(1_200), numbers[0])
    assert f"(2 на 12,00 ₽): {numbers[0]}–{numbers[1]}" in said(one)
    assert codes(four) == []


def test_a_cancelled_receipt_that_was_printed_after_all(four: Four) -> None:
    till = four.shop.till
    four.register.fault("FF45", "drop_command")
    with pytest.raises(Refused):
        four.sell(1)
    four.register.heal()
    stored = till.journal.receipts_in(State.PENDING)[0]
    resolve.cancel(till, stored.receipt.key)
    number = four.register.foreign_receipt(PRICE.kopecks, stamp=f"1·N-1·{stored.receipt.key}")
    one = four.difference()
    assert (one.code, one.key, one.document_number) == ("printed_but_cancelled", stored.receipt.key, number)
    assert f"в журнале отменён, а в ФН он есть: ФД {number} на 100,00 ₽" in said(one)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"total_kopecks": 9_900}, "сумма 99,00 ₽ вместо 100,00 ₽"),
        ({"sign": 4_242}, "ФП 4242 вместо"),
        ({"kind": 2}, "признак расчёта возврат прихода вместо приход"),
    ],
)
def test_the_storage_holds_another_document_under_the_number(four: Four, change: dict[str, int], words: str) -> None:
    stored = four.sell(1)
    assert stored.mark is not None
    documents = four.register.printer.storage.documents
    number = stored.mark.document_number
    documents[number - 1] = replace(documents[number - 1], **change)  # type: ignore[arg-type]
    one = next(each for each in four.reconcile().differences if each.code == "storage_differs")
    assert (one.key, one.document_number, one.amount) == (stored.receipt.key, number, PRICE)
    assert words in said(one)
    assert one.command == f"posapp receipt show {stored.receipt.key}"


def test_the_journal_names_another_tills_document(four: Four) -> None:
    """Same kind, same total – only the key tells."""
    stored = four.sell(1)
    number = four.register.foreign_receipt(PRICE.kopecks, stamp=f"2·X-1·{OTHER_KEY}")
    assert stored.mark is not None
    sign = str(four.register.printer.storage.documents[number - 1].sign)
    mark = {**stored.mark.as_json(), "document_number": number, "document_sign": sign}
    change = "UPDATE receipts SET mark = ?, document_number = ? WHERE key = ?"
    damaged(four, change, json.dumps(mark), number, stored.receipt.key)
    one = next(each for each in four.reconcile().differences if each.code == "storage_differs")
    assert one.document_number == number
    assert f"ключ {OTHER_KEY} вместо {stored.receipt.key}" in said(one)


@pytest.mark.parametrize(
    "old, new, words",
    [
        ('"kind":1031', '"kind":1081', "наличными 100,00 ₽ вместо 0,00 ₽, безналичными 0,00 ₽ вместо 100,00 ₽"),
        ('"vat":11', '"vat":2', "строка 1: ставка 22 % вместо 10 %"),
    ],
)
def test_the_journal_says_otherwise_what_is_in_the_document(four: Four, old: str, new: str, words: str) -> None:
    """Key, kind and total are right; the content is not."""
    stored = four.sell(1)
    damaged(four, "UPDATE receipts SET body = replace(body, ?, ?) WHERE key = ?", old, new, stored.receipt.key)
    one = next(each for each in four.reconcile().differences if each.code == "storage_differs")
    assert one.key == stored.receipt.key
    assert words in said(one)


def test_a_document_whose_content_went_to_the_archive_is_looked_up(four: Four) -> None:
    stored = four.sell(1)
    assert stored.mark is not None
    four.register.lose_tlv(stored.mark.document_number)
    assert codes(four) == []
    documents = four.register.printer.storage.documents
    number = stored.mark.document_number
    documents[number - 1] = replace(documents[number - 1], total_kopecks=1)
    assert "storage_differs" in codes(four)


def test_the_storage_has_no_such_document(four: Four) -> None:
    stored = four.sell(1)
    assert stored.mark is not None
    del four.register.printer.storage.documents[-1]
    one = next(each for each in four.reconcile().differences if each.code == "storage_lacks")
    number = stored.mark.document_number
    assert (one.key, one.document_number) == (stored.receipt.key, number)
    assert f"ФД {number} заказа N-1 на 100,00 ₽ есть в журнале, а в ФН его нет: там последний – {number - 1}" in (
        said(one)
    )


def test_a_replaced_storage(four: Four) -> None:
    four.sell(1)
    assert four.reconcile().is_good
    four.register.be(Printer(identity_of(20_000_001), four.register.now))
    four.shop.till.printer.close()
    report = four.reconcile()
    one = report.differences[0]
    assert (one.code, one.move, one.command) == ("storage_replaced", "administrator", "posapp setup printer")
    assert "чеки с накопителем не сверены" in said(one)
    assert [each.source for each in report.not_checked] == ["storage"]


def test_receipts_of_a_storage_that_was_replaced_lawfully_are_said_to_be_unread(four: Four) -> None:
    four.sell(1)
    shift.close_shift(four.shop.till)
    four.shop.close()
    four.register.be(Printer(identity_of(20_000_001), four.register.now))
    four.shop.set_up_again()
    four.wire()
    report = four.reconcile()
    assert "storage" in [each.source for each in report.not_checked]
    assert any("чеков прежнего ФН" in each.why.ru for each in report.not_checked)
    assert not any(each.code.startswith("storage") for each in report.differences)


# ------------------------------------------------------------------------------------------------ the journal
def test_a_receipt_whose_outcome_is_not_proven(four: Four) -> None:
    four.register.killed_at = (0xFF45, True)
    with pytest.raises(Killed):
        four.sell(1)
    four.register.heal()
    four.shop.restart()
    four.wire()
    stored = four.shop.till.journal.receipts_in(State.SENDING)[0]
    report = four.reconcile()
    (one,) = report.differences
    assert (one.code, one.key, one.command) == ("sending_left", stored.receipt.key, "posapp resolve")
    assert f"Чек {stored.receipt.key} заказа N-1 на 100,00 ₽: отправлено в ККТ 21.11.2026" in said(one)
    resolve.waiting(four.shop.till)
    four.deliver()
    assert four.reconcile().is_good


def test_a_shift_operation_whose_outcome_is_not_proven(four: Four) -> None:
    four.register.fault("50", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(four.shop.till, Money(50_000))
    four.register.heal()
    (one,) = four.reconcile().differences
    assert (one.code, one.key, one.amount) == ("sending_left", "cash_in", Money(50_000))
    assert "Внесение: отправлено в ККТ" in said(one)
    assert "Cash in: sent to the register" in said(one, "en")


def test_a_receipt_that_was_begun_and_never_printed(four: Four) -> None:
    four.register.fault("FF45", "drop_command")
    with pytest.raises(Refused):
        four.sell(1)
    four.register.heal()
    (one,) = four.reconcile().differences
    stored = four.shop.till.journal.receipts_in(State.PENDING)[0]
    assert (one.code, one.order, one.key) == ("not_printed", "N-1", stored.receipt.key)
    assert "на 100,00 ₽ начат 21.11.2026" in said(one)
    assert "«posapp sell N-1»" in one.action()
    assert one.command == f"posapp resolve {stored.receipt.key} --cancel"


# ------------------------------------------------------------------------------------------------ the shift
def test_a_drawer_that_the_register_counts_otherwise(four: Four) -> None:
    four.sell(1)
    four.register.printer.registers.money[241] += 700
    one = four.difference()
    assert (one.code, one.amount) == ("shift_differs", Money(700))
    assert "Смена 1 не сходится: наличных по счётчику ККТ на 7,00 ₽ больше, чем по документам." in said(one)


def test_the_closed_shift_is_compared_by_what_was_seen_before_it_was_closed(four: Four) -> None:
    four.sell(1)
    four.register.foreign_receipt(5_000)
    four.register.printer.registers.money[241] -= 300
    shift.close_shift(four.shop.till)
    one = four.difference()
    assert (one.code, one.amount) == ("shift_differs", Money(300))
    assert "меньше" in said(one)


def test_receipts_that_the_register_did_not_count(four: Four) -> None:
    four.sell(1)
    four.register.printer.storage.shift.receipts += 1
    shift.close_shift(four.shop.till)
    one = four.difference()
    assert one.code == "shift_differs"
    assert "ККТ насчитала чеков 2, а в журнале 1 и других 0" in said(one)


def test_change_cash_in_and_card_sales_add_up(four: Four) -> None:
    till = four.shop.till
    order = till.journal.order_by_id(till.portal, 1)
    assert order is not None
    sale.sell(till, order, cash(Money(50_000)))
    shift.cash_in(till, Money(30_000))
    shift.cash_out(till, Money(10_000))
    four.deliver()
    assert codes(four) == []


# ------------------------------------------------------------------------------------------------ the portal
def test_the_portal_refused_and_a_person_has_to_act(four: Four) -> None:
    four.sell(1, deliver=False)
    four.on_portal(1)["payments"][0]["sum"] = Money(5_000).roubles
    four.deliver()
    one = four.difference()
    entry = four.shop.till.journal.entries(state="failed")[0]
    assert (one.code, one.order, one.move) == ("portal_held", "N-1", "manager")
    assert one.command == f"posapp outbox retry {entry.id}"
    assert "не оплачен" in said(one)
    assert "Причина: Чек N-1 не совпадает с заказом в Битрикс" in said(one)


def test_an_entry_that_a_person_holds(four: Four) -> None:
    stored = four.sell(1, deliver=False)
    journal = four.shop.till.journal
    for entry in journal.entries_of_receipt(stored.receipt.key):
        journal.hold_entry(entry.id)
    one = four.difference()
    assert one.code == "portal_held"
    assert "человек придержал отправку" in said(one)


def test_a_portal_that_does_not_know_the_program_any_more_is_the_administrators(four: Four) -> None:
    four.sell(1, deliver=False)
    journal = four.shop.till.journal
    entry = journal.entries(state="waiting")[0]
    journal.settle_entries([EntryResult(entry.id, "waiting", code="access", facts={"error": "X"})], [])
    one = four.difference()
    assert (one.code, one.move) == ("portal_held", "administrator")


def test_what_waits_for_more_than_a_day_is_no_longer_nobodys_move(four: Four) -> None:
    four.sell(1, deliver=False)
    four.days(1.5)
    report = four.reconcile(since=four.shop.now().replace(day=21, hour=0))
    held = [each for each in report.differences if each.code == "portal_held"]
    assert [each.move for each in held] == [Move.MANAGER]
    assert "ждёт больше суток" in said(held[0])


def _unpay(row: dict[str, Any]) -> None:
    row["payments"][0]["paid"] = "N"


def _restatus(row: dict[str, Any]) -> None:
    row["statusId"] = "P"


def _undeduct(row: dict[str, Any]) -> None:
    row["shipments"][0]["deducted"] = "N"


def _wipe(row: dict[str, Any]) -> None:
    row["payments"][0].update(psInvoiceId="", payVoucherNum="", psStatusDescription="")


@pytest.mark.parametrize(
    "undo, words",
    [(_unpay, "не оплачен"), (_restatus, "статус P, а не F"), (_undeduct, "не отгружен"), (_wipe, "нет отметки")],
)
def test_somebody_undid_on_the_portal_what_was_done(
    four: Four, undo: Callable[[dict[str, Any]], None], words: str
) -> None:
    four.sell(1)
    undo(four.on_portal(1))
    one = four.difference()
    assert (one.code, one.order, one.command) == ("portal_undone", "N-1", "posapp orders show N-1")
    assert words in said(one)


@pytest.mark.parametrize(
    "fields",
    [
        {"psInvoiceId": OTHER_KEY},
        {"payVoucherNum": "999"},
        {"psStatusDescription": "fn=9999078900005488;fd=3;fp=42"},
    ],
)
def test_the_portal_shows_another_receipt(four: Four, fields: dict[str, str]) -> None:
    stored = four.sell(1)
    four.on_portal(1)["payments"][0].update(fields)
    one = four.difference()
    assert (one.code, one.key) == ("portal_mark_differs", stored.receipt.key)
    assert f"ключ {stored.receipt.key}" in said(one)


def test_the_payment_of_the_receipt_is_gone(four: Four) -> None:
    four.sell(1)
    row = four.on_portal(1)
    row["payments"][0]["id"] = 777
    one = four.difference()
    assert one.code == "portal_mark_differs"
    assert "оплаты 11 в нём нет" in said(one)


def test_an_order_that_was_cancelled_after_its_receipt(four: Four) -> None:
    four.sell(1)
    four.on_portal(1)["canceled"] = "Y"
    one = four.difference()
    assert (one.code, one.order, one.amount) == ("portal_cancelled", "N-1", PRICE)
    assert "в Битрикс он отменён" in said(one)
    assert "it was cancelled" in said(one, "en")


def test_an_order_that_was_deleted_after_its_receipt(four: Four) -> None:
    four.sell(1)
    del four.bitrix.portal.shop.orders[1]
    one = four.difference()
    assert one.code == "portal_cancelled"
    assert "в Битрикс он удалён" in said(one)


def test_a_sale_that_was_refunded_is_not_expected_to_be_paid_on_the_portal(four: Four) -> None:
    four.sell(1)
    register = four.register
    register.do_cash_in(1_000_000)
    register.foreign_open(PRICE.kopecks, 2)
    register.foreign_close(PRICE.kopecks, stamp=f"1·N-1·{OTHER_KEY}")
    number = register.printer.storage.last_number
    _unpay(four.on_portal(1))
    assert set(codes(four)) == {"storage_unknown_ours", "portal_undone"}
    resolve.decide_made(four.shop.till, OTHER_KEY, number)
    refund = four.shop.till.journal.receipt(OTHER_KEY)
    assert refund is not None
    assert refund.receipt.kind is ReceiptKind.SELL_REFUND
    assert codes(four) == ["portal_waits"], "the portal has yet to hear of the refund"
    four.deliver()
    assert codes(four) == []


def _pay(four: Four, order_id: int, **fields: str) -> None:
    row = four.on_portal(order_id)["payments"][0]
    row.update(paid="Y", datePaid=four.shop.now().astimezone().isoformat(timespec="seconds"), **fields)


def test_paid_in_cash_without_a_receipt(four: Four) -> None:
    _pay(four, 2, paySystemIsCash="Y")
    one = four.difference()
    assert (one.code, one.order, one.amount) == ("portal_paid_without_receipt", "N-2", PRICE)
    assert "Заказ N-2 в Битрикс оплачен (100,00 ₽), а чека этой кассы по нему нет" in said(one)
    assert one.command == "posapp sell N-2"


def test_paid_with_a_mark_of_this_register_that_the_journal_does_not_know(four: Four) -> None:
    storage = four.register.printer.identity.storage_number
    _pay(four, 2, psInvoiceId=OTHER_KEY, payVoucherNum="77", psStatusDescription=f"fn={storage};fd=77;fp=1")
    one = four.difference()
    assert (one.code, one.key) == ("portal_paid_without_receipt", OTHER_KEY)
    assert f"записан чек {OTHER_KEY}, ФД 77, его журнал не знает" in said(one)


@pytest.mark.parametrize("looked_before", [False, True])
def test_paid_by_another_till_on_the_same_register_is_none_of_ours(four: Four, looked_before: bool) -> None:
    storage = four.register.printer.identity.storage_number
    number = four.register.foreign_receipt(PRICE.kopecks, stamp=f"2·N-2·{OTHER_KEY}")
    if looked_before:
        recover.recover(four.shop.till)  # it stands in the book of others' documents now
    _pay(four, 2, psInvoiceId=OTHER_KEY, payVoucherNum=str(number), psStatusDescription=f"fn={storage};fd={number}")
    assert codes(four) == []


def test_paid_where_our_receipt_was_begun_and_not_printed(four: Four) -> None:
    four.register.fault("FF45", "drop_command")
    with pytest.raises(Refused):
        four.sell(2)
    four.register.heal()
    _pay(four, 2, paySystemIsCash="N")
    assert sorted(codes(four)) == ["not_printed", "portal_paid_without_receipt"]


def test_paid_online_or_by_another_till_is_none_of_ours(four: Four) -> None:
    _pay(four, 2, paySystemIsCash="A")
    _pay(four, 3, paySystemIsCash="Y", psInvoiceId=OTHER_KEY, psStatusDescription="fn=9999078900009999;fd=7;fp=1")
    assert codes(four) == []


def test_a_receipt_that_never_came_into_the_outbox(four: Four) -> None:
    stored = four.sell(1, deliver=False)
    damaged(four, "DELETE FROM outbox WHERE receipt_key = ?", stored.receipt.key)
    one = four.difference()
    assert (one.code, one.move) == ("portal_held", "administrator")
    assert "в очереди отправки этого чека нет" in said(one)


# ------------------------------------------------------------------------------------------------ the OFD
def test_an_ofd_that_has_been_silent_for_days_is_one_difference(four: Four) -> None:
    for order_id in (1, 2, 3):
        four.sell(order_id)
    since = four.shop.now().replace(hour=0)
    four.days(3)
    four.ofd_faults({"do": "silent", "days": 5})
    one = four.difference(since=since)
    assert (one.code, one.move, one.document_number) == ("ofd_lacks", "administrator", 1)
    assert one.amount == Money(3 * PRICE.kopecks)
    assert "ОФД не получил документы: 1–5 (5), самый старый – от 21.11.2026 09:00" in said(one)
    assert "Через 30 дней" in one.action()
    four.ofd_faults()
    assert codes(four, since=since) == []


def test_a_document_may_take_a_day_to_the_ofd(four: Four) -> None:
    four.sell(1)
    four.ofd_faults({"do": "silent", "days": 1})
    four.days(0.9)
    assert codes(four, since=four.shop.now().replace(day=21, hour=0)) == []


def test_one_document_that_the_ofd_lost(four: Four) -> None:
    stored = four.sell(1)
    four.sell(2)
    assert stored.mark is not None
    since = four.shop.now().replace(hour=0)
    four.days(2)
    four.ofd_faults({"do": "missing", "number": stored.mark.document_number})
    one = four.difference(since=since)
    assert (one.code, one.order, one.key) == ("ofd_lacks", "N-1", stored.receipt.key)
    assert one.document_number == stored.mark.document_number


@pytest.mark.parametrize(
    "change, words",
    [
        ({"total_kopecks": 1}, "сумма 0,01 ₽ вместо 100,00 ₽"),
        ({"kind": 2}, "возврат прихода вместо приход"),
        ({"sign": "5"}, "ФП 5 вместо"),
    ],
)
def test_the_ofd_holds_another_document(four: Four, change: dict[str, Any], words: str) -> None:
    stored = four.sell(1)
    assert stored.mark is not None
    four.days(0.01)
    four.ofd_faults({"do": "changed", "number": stored.mark.document_number, **change})
    one = four.difference()
    assert (one.code, one.order, one.key) == ("ofd_differs", "N-1", stored.receipt.key)
    assert words in said(one)


@pytest.mark.parametrize(
    "stamp, words",
    [
        (f"1·N-5·{OTHER_KEY}", "эта касса, заказ N-5"),
        (f"2·N-5·{OTHER_KEY}", "касса 2, заказ N-5"),
        (None, "без нашего ключа"),
    ],
)
def test_the_ofd_has_a_document_that_nobody_made(four: Four, stamp: str | None, words: str) -> None:
    four.sell(1)
    four.days(0.01)
    four.ofd_faults({"do": "extra", "number": 90, "total_kopecks": 12_300, "stamp": stamp})
    one = four.difference()
    assert (one.code, one.document_number, one.amount) == ("ofd_extra", 90, Money(12_300))
    assert f"У ОФД есть ФД 90 на 123,00 ₽ ({words}), которого нет ни в ФН, ни в журнале" in said(one)


def test_without_the_register_the_ofd_still_tells_of_our_lost_receipt(four: Four) -> None:
    stored = four.sell(1)
    four.days(0.01)
    assert four.reconcile().is_good
    forget(four, stored.receipt.key)
    four.register.unplug()
    found = {each.code for each in four.reconcile().differences}
    assert found == {"ofd_extra", "portal_paid_without_receipt"}


@pytest.mark.parametrize(
    "fault, words",
    [
        ({"do": "http", "value": 503}, "HTTP 503"),
        ({"do": "http", "value": 401}, "ключ доступа не принят"),
        ({"do": "garbage", "value": "<html>"}, "ответ нельзя прочитать"),
        ({"do": "garbage", "value": json.dumps({"documents": [{"number": -1}], "more": False})}, "нельзя прочитать"),
    ],
)
def test_an_ofd_that_does_not_answer_is_said(four: Four, fault: dict[str, Any], words: str) -> None:
    four.sell(1)
    four.ofd_faults(fault)
    report = four.reconcile()
    (silent,) = report.not_checked
    assert silent.source == "ofd"
    assert words in silent.why.ru
    assert report.differences == ()
    assert report.needs_person


def test_a_live_till_believes_no_simulated_ofd(four: Four) -> None:
    four.sell(1)
    four.shop.till = replace(four.shop.till, settings=four.shop.till.settings.with_(kind="live"))
    report = four.reconcile()
    assert any("ОФД учебный, а каталог данных настоящий" in each.why.ru for each in report.not_checked)


# ------------------------------------------------------------------------------------------------ all of them
def test_every_difference_has_its_words_and_its_step_in_both_languages(four: Four) -> None:
    four.sell(1)
    four.sell(2, deliver=False)
    four.register.foreign_receipt(PRICE.kopecks, stamp=f"1·N-1·{OTHER_KEY}")
    four.on_portal(1)["canceled"] = "Y"
    _pay(four, 3, paySystemIsCash="Y")
    four.register.printer.registers.money[241] += 1
    report = four.reconcile(foreign_expected=False)
    assert len(report.differences) >= 5
    for each in report.differences:
        for language in ("ru", "en"):
            assert "?" not in each.message(language) + each.action(language)
            assert each.action(language)
        assert Difference.from_row(json.loads(json.dumps(each.as_row()))) == each
    last = report.differences[-1]
    assert last.code == "portal_waits"


def test_an_old_copy_of_the_data_directory(four: Four, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Rule 11 as the manager sees it: each lost receipt with the command that takes it in."""
    four.sell(1)
    four.shop.close()
    kept = tmp_path_factory.mktemp("kept") / "journal"
    shutil.copytree(four.shop.folder, kept)
    four.shop.reopen()
    four.wire()
    four.sell(2)
    four.sell(3)
    four.shop.close()
    shutil.rmtree(four.shop.folder)
    shutil.copytree(kept, four.shop.folder)
    four.shop.reopen()
    four.wire()
    report = four.reconcile()
    unknown = [each for each in report.differences if each.code == "storage_unknown_ours"]
    assert [each.order for each in unknown] == ["N-2", "N-3"]
    assert all(each.command.startswith("posapp resolve ") for each in unknown)
    assert reconcile.last(four.shop.till) is not None
