"""The resolve desk: every case has its story, every choice its consequence and its record, and none of them prints."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain.settlement import State
from posapp.errors import DeviceError, OutcomeUnknown, PosError, ResolveNeeded
from posapp.journal.rows import AuditRecord
from posapp.journal.store import Journal
from posapp.till import resolve, shift, story
from posapp.till.views import Case, CaseKind, Choice, Verdict
from tests.till.doubts import lost_before_closing
from tests.till.rig import BORN, OWN_NUMBER, Killed
from tests.till.shops import TOTAL, Shop, an_order
from tests.till.test_resolve import made_and_unreadable

KOPECKS = TOTAL.kopecks
WHO, WHY = "Петрова, старшая", "чек в руках у покупателя"
LEFT = BORN + timedelta(minutes=1)


def the_case(shop: Shop, language: str = "") -> Case:
    (case,) = resolve.cases(shop.till, language)
    return case


def choice_of(case: Case, begin: str) -> Choice:
    (choice,) = [each for each in case.choices if each.id.startswith(begin)]
    return choice


def the_record(shop: Shop) -> AuditRecord:
    """The newest decision; the chain is whole."""
    assert shop.till.journal.verify_audit().is_whole
    return shop.till.journal.audit_rows()[-1]


def no_record(shop: Shop) -> None:
    assert shop.till.journal.audit_rows() == []


def foreign_and_unreadable(shop: Shop, count: int = 1) -> tuple[str, list[int]]:
    """Ours was not made; another program sold for the same sum, and its documents' TLV is gone."""
    key = lost_before_closing(shop)
    numbers = [shop.register.foreign_receipt(KOPECKS) for _ in range(count)]
    shop.register.lose_tlv(*numbers)
    return key, numbers


# ---- the story


def test_the_three_lines_say_what_was_asked_what_is_there_and_what_happens(shop: Shop) -> None:
    key, number = made_and_unreadable(shop)
    case = the_case(shop)
    asked, shows, after = case.story
    receipt = shop.receipt()
    device = str(shop.till.identity)
    for text in (
        "1001",
        str(TOTAL),
        "наличными",
        receipt.cashier,
        f"кассы {receipt.till}",
        device,
        "ФД 2",
        "приход",
    ):
        assert text in asked
    assert f"ФД {number} – чек, приход, {TOTAL}" in shows
    assert "прочитан не целиком" in shows
    assert f"ФД {number}" in after
    assert "Решает человек" in after
    assert (case.kind, case.key, case.order_number, case.who) == (CaseKind.RECEIPT, key, "1001", receipt.cashier)
    assert [(each.id, each.verdict) for each in case.choices] == [
        (f"made:{number}", Verdict.MADE),
        (f"not_made:{number}", Verdict.NOT_MADE),
    ]
    assert all(each.consequence and each.words for each in case.choices)
    assert case.choices[0].command == f"posapp resolve {key} --document {number}"
    assert case.choices[1].command == f"posapp resolve {key} --not-made --foreign {number}"
    no_record(shop)


def test_it_is_told_in_english_too(shop: Shop) -> None:
    made_and_unreadable(shop)
    case = the_case(shop, "en")
    texts = (*case.story, case.title, *(f"{each.words} {each.consequence}" for each in case.choices))
    assert "cash" in case.story[0]
    for text in texts:
        assert not re.search("[а-яё]", text.replace(shop.receipt().cashier, "").lower()), text


def test_there_is_no_print_again(shop: Shop) -> None:
    made_and_unreadable(shop)
    printed = shop.register.count(0x8D)
    for choice in the_case(shop).choices:
        assert choice.verdict in (Verdict.MADE, Verdict.NOT_MADE)
    for no_choice in ("print", "again", "made", "made:", "made:0", "made:1,2", "made:x", "foreign:", "", "lost_made"):
        with pytest.raises(ResolveNeeded) as told:
            resolve.decide(shop.till, shop.receipt().key, no_choice, WHO, WHY)
        assert told.value.code == "no_such_choice"
    assert shop.register.count(0x8D) == printed
    assert shop.stored().state is State.SENDING
    no_record(shop)


def test_many_documents_are_counted(shop: Shop) -> None:
    made_and_unreadable(shop)
    for _ in range(9):
        shop.register.foreign_receipt(100)
    case = the_case(shop)
    assert len(case.documents) == 10
    assert "и ещё 4" in case.story[1]


def test_a_case_knows_whose_each_document_is(shop: Shop) -> None:
    _, number = made_and_unreadable(shop)
    shop.register.foreign_receipt(KOPECKS)
    shop.register.foreign_receipt(KOPECKS, stamp="7·55·0123456789ABCDEF")
    shop.register.lose_tlv(shop.register.foreign_receipt(KOPECKS + 1))
    shop.register.foreign_shift_close()
    notes = [each.note for each in the_case(shop).documents]
    assert [each.split(":")[0] for each in notes] == [
        "прочитан не целиком",
        "другая программа",
        "чек кассы 7, заказ 55",
        "не наш",
        "ничей",
    ]
    assert f"made:{number}" == the_case(shop).choices[0].id


# ---- a document that cannot be read


def test_a_person_says_that_the_document_is_ours(shop: Shop) -> None:
    key, number = made_and_unreadable(shop)
    choice = choice_of(the_case(shop), "made")
    done = resolve.decide(shop.till, key, choice.id, WHO, WHY)
    assert (done.state, done.words) == ("fiscalized", f"Чек {key}: ФД {number}.")
    assert done.receipt is not None
    shop.assert_exactly_one()
    record = the_record(shop)
    assert (record.who, record.what, record.subject, record.why) == (WHO, "receipt.made", key, WHY)
    assert record.facts["document"] == number
    assert record.facts["order"] == "1001"
    assert resolve.cases(shop.till) == []


def test_a_person_says_that_the_document_is_another_programs(shop: Shop) -> None:
    """Without it such a receipt would wait for ever."""
    key, (number,) = foreign_and_unreadable(shop)
    for _ in range(2):
        with pytest.raises(ResolveNeeded):
            shop.sell()
    choice = choice_of(the_case(shop), "not_made")
    done = resolve.decide(shop.till, key, choice.id, WHO, WHY)
    assert (done.state, done.receipt) == ("pending", None)
    record = the_record(shop)
    assert (record.who, record.what, record.subject, record.why) == (WHO, "receipt.not_made", key, WHY)
    assert record.facts["foreign"] == [number]
    assert len(shop.register.with_key(key)) == 0  # nothing prints by itself
    assert resolve.cases(shop.till) == []
    shop.sell()
    shop.assert_exactly_one()


def test_every_document_that_could_be_ours_is_named(shop: Shop) -> None:
    key, numbers = foreign_and_unreadable(shop, 3)
    case = the_case(shop)
    assert [each.id for each in case.choices] == [
        *(f"made:{number}" for number in numbers),
        f"not_made:{','.join(map(str, numbers))}",
    ]
    for few in ((), numbers[:2], [numbers[0], 99]):
        with pytest.raises(ResolveNeeded):
            resolve.decide_not_made(shop.till, key, tuple(few))
    assert shop.stored().state is State.SENDING
    no_record(shop)
    assert resolve.decide_not_made(shop.till, key, (*numbers, 99)) == "pending"
    noted = shop.till.journal.foreign_documents(shop.till.identity.storage_number)
    assert [each.number for each in noted] == numbers
    assert the_record(shop).who == shop.till.settings.cashier


def test_a_choice_covers_no_document_that_came_later(shop: Shop) -> None:
    key, _ = foreign_and_unreadable(shop)
    choice = choice_of(the_case(shop), "not_made")
    shop.register.lose_tlv(shop.register.foreign_receipt(KOPECKS))
    with pytest.raises(ResolveNeeded):
        resolve.decide(shop.till, key, choice.id, WHO, WHY)
    assert shop.stored().state is State.SENDING
    no_record(shop)


LINES_SO_FAR = 49_000  # as after our first line


def killed_before_it_was_opened(shop: Shop) -> str:
    """Nothing proves that an open receipt on this register is ours."""
    shop.register.killed_at = (0x8D, False)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.heal()
    shop.restart()
    return shop.receipt().key


def test_a_word_about_foreign_documents_does_not_cancel_a_receipt_that_was_opened_since(shop: Shop) -> None:
    key = killed_before_it_was_opened(shop)
    shop.register.lose_tlv(shop.register.foreign_receipt(KOPECKS))
    choice = choice_of(the_case(shop), "not_made")
    shop.register.foreign_open(LINES_SO_FAR)
    with pytest.raises(ResolveNeeded):
        resolve.decide(shop.till, key, choice.id, WHO, WHY)
    assert shop.register.printer.receipt is not None
    assert shop.stored().state is State.SENDING
    no_record(shop)


def test_our_own_document_cannot_be_called_foreign(shop: Shop) -> None:
    """It can be read after all: the proof comes first and stays."""
    key, number = made_and_unreadable(shop)
    choice = choice_of(the_case(shop), "not_made")
    shop.register.readable_again(number)
    with pytest.raises(ResolveNeeded, match="нашим ключом"):
        resolve.decide(shop.till, key, choice.id, WHO, WHY)
    shop.assert_exactly_one()
    no_record(shop)


def test_a_document_with_our_key_and_another_total_needs_a_reason(shop: Shop) -> None:
    key = lost_before_closing(shop)
    number = shop.register.foreign_receipt(KOPECKS - 90, stamp=f"1·1001·{key}")
    case = the_case(shop)
    (choice,) = case.choices
    assert (choice.id, choice.needs_why) == (f"made:{number}", True)
    assert str(TOTAL) in choice.consequence
    assert "ключ этого чека" in case.story[1]
    with pytest.raises(ResolveNeeded) as told:
        resolve.decide(shop.till, key, choice.id, WHO, " ")
    assert told.value.code == "why_needed"
    no_record(shop)
    resolve.decide(shop.till, key, choice.id, WHO, "ККТ округлила")
    assert shop.stored().state is State.FISCALIZED
    assert the_record(shop).facts["found_kopecks"] == KOPECKS - 90


@pytest.mark.parametrize("readable", [True, False])
def test_no_reason_makes_another_total_ours_without_our_key(shop: Shop, readable: bool) -> None:
    key = lost_before_closing(shop)
    shop.register.is_plugged = False
    the_case(shop)
    shop.register.is_plugged = True
    number = shop.register.foreign_receipt(KOPECKS - 90)
    if not readable:
        shop.register.lose_tlv(number)
    with pytest.raises(ResolveNeeded, match="не подходит"):
        resolve.decide(shop.till, key, f"made:{number}", WHO, WHY)
    assert shop.stored().state is State.SENDING
    no_record(shop)


def test_two_documents_with_our_key_are_told_and_one_is_chosen(shop: Shop) -> None:
    key = lost_before_closing(shop)
    first, second = (shop.register.foreign_receipt(KOPECKS, stamp=f"1·1001·{key}") for _ in range(2))
    case = the_case(shop)
    assert [each.id for each in case.choices] == [f"made:{first}", f"made:{second}"]
    assert "несколько" in case.story[2]
    resolve.decide(shop.till, key, f"made:{second}", WHO, WHY)
    mark = shop.stored().mark
    assert mark is not None
    assert mark.document_number == second


# ---- no answer, another register, another storage


def test_a_register_that_is_away_leaves_nothing_to_decide(shop: Shop) -> None:
    made_and_unreadable(shop)
    shop.register.is_plugged = False
    case = the_case(shop)
    assert case.choices == ()
    assert not case.needs_person
    assert "не отвечает" in case.story[1]
    assert "решит сама" in case.story[2]
    for choice, code in (("lost_not_made", "not_resolvable"), ("not_made", "not_readable"), ("made:3", "not_readable")):
        with pytest.raises(ResolveNeeded) as told:
            resolve.decide(shop.till, case.key, choice, WHO, WHY)
        assert told.value.code == code
    assert shop.stored().state is State.SENDING
    no_record(shop)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_that_it_cannot_be_read_never_sounds_as_if_nothing_was_sent(shop: Shop, language: str) -> None:
    """The words of an error about reading are not those of the receipt, which may well be printed."""
    made_and_unreadable(shop)
    shop.register.fault("FF01", "error", value=0x4F, times=0)
    told = [the_case(shop, language)]
    shop.register.is_plugged = False
    told.append(the_case(shop, language))
    for case in told:
        for text in (*case.story, case.why, case.title):
            for lie in ("не отправлен", "не напечатан", "nothing was", "not printed", "не пробит"):
                assert lie not in text.lower()
    with pytest.raises(ResolveNeeded) as refused:
        resolve.decide(shop.till, told[0].key, "made:3", WHO, WHY, language=language)
    assert "не отправлен" not in refused.value.message()
    assert "nothing was" not in refused.value.message("en").lower()


def test_what_the_storage_proves_when_it_is_back_is_decided_by_itself(shop: Shop) -> None:
    lost_before_closing(shop)
    shop.register.is_plugged = False
    assert the_case(shop).choices == ()
    shop.register.is_plugged = True
    assert resolve.cases(shop.till) == []
    assert shop.stored().state is State.PENDING
    no_record(shop)


def gone(shop: Shop, *, printed: bool, storage_only: bool) -> str:
    """The register (or its storage) of a receipt under way is replaced by another one; the key."""
    shop.register.killed_at = (0xFF45, printed)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.heal()
    who = identity_of(OWN_NUMBER if storage_only else OWN_NUMBER + 1)
    shop.close()
    shop.register.be(Printer(replace(who, storage_number="9999078900099999"), LEFT))
    shop.reopen()
    return shop.receipt().key


@pytest.mark.parametrize("storage_only", [False, True])
def test_a_replaced_register_waits_for_set_up_and_then_for_a_person(shop: Shop, storage_only: bool) -> None:
    former = str(shop.till.identity)
    key = gone(shop, printed=False, storage_only=storage_only)
    case = the_case(shop)
    assert case.choices == ()
    assert ("другой ФН" if storage_only else "Подключена другая") in case.story[1]
    assert "posapp setup printer" in case.story[2]
    with pytest.raises(ResolveNeeded, match="setup printer"):
        resolve.decide(shop.till, key, "lost_not_made", WHO, WHY)
    shop.close()
    shop.set_up_again()
    case = the_case(shop)
    assert [each.id for each in case.choices] == ["lost_made", "lost_not_made"]
    assert all(each.needs_why for each in case.choices)
    assert former in case.story[0]
    assert former in case.story[2]
    with pytest.raises(ResolveNeeded) as told:
        resolve.decide(shop.till, key, "lost_not_made", WHO, "")
    assert told.value.code == "why_needed"
    no_record(shop)
    done = resolve.decide(shop.till, key, "lost_not_made", WHO, "сгорела, в ОФД документов нет")
    assert done.state == "pending"
    record = the_record(shop)
    assert (record.what, record.subject, record.facts["lost"]) == ("receipt.not_made", key, 1)
    assert record.facts["device"] == former
    shift.open_shift(shop.till)
    shop.sell()
    shop.assert_exactly_one()


def qr_of(shop: Shop, **other: str) -> str:
    document = shop.register.printers[0].storage.documents[-1]
    fields = {
        "t": f"{document.at:%Y%m%dT%H%M}",
        "s": f"{KOPECKS // 100}.{KOPECKS % 100:02d}",
        "fn": shop.register.printers[0].identity.storage_number,
        "i": str(document.number),
        "fp": str(document.sign),
        "n": "1",
        **other,
    }
    return "&".join(f"{name}={value}" for name, value in fields.items())


def test_a_receipt_of_a_lost_register_is_proven_by_its_qr(shop: Shop) -> None:
    key = gone(shop, printed=True, storage_only=False)
    document = shop.register.printers[0].storage.documents[-1]
    shop.close()
    shop.set_up_again()
    assert choice_of(the_case(shop), "lost_made").asks == ("qr", "receipt_number")
    wrong = [
        (qr_of(shop, fn="9999078900012399"), "1"),
        (qr_of(shop, s="590.01"), "1"),
        (qr_of(shop, n="2"), "1"),
        (qr_of(shop, i="2"), "1"),
        ("не QR", "1"),
        ("", "1"),
        (qr_of(shop), ""),
        (qr_of(shop), "0"),
        (qr_of(shop), "первый"),
    ]
    for qr, number in wrong:
        with pytest.raises(PosError):
            resolve.decide(shop.till, key, "lost_made", WHO, WHY, {"qr": qr, "receipt_number": number})
    with pytest.raises(ResolveNeeded, match="причин"):
        resolve.decide(shop.till, key, "lost_made", WHO, "", {"qr": qr_of(shop), "receipt_number": "1"})
    assert shop.stored().state is State.SENDING
    no_record(shop)
    answers = {"qr": f" {qr_of(shop)}\n", "receipt_number": str(document.receipt_number)}
    done = resolve.decide(shop.till, key, "lost_made", WHO, WHY, answers)
    assert done.receipt is not None
    mark = done.receipt.mark
    assert mark is not None
    assert (mark.document_number, mark.document_sign) == (document.number, str(document.sign))
    assert (mark.shift_number, mark.receipt_number) == (document.shift_number, document.receipt_number)
    assert mark.storage_number == shop.register.printers[0].identity.storage_number
    assert len(shop.till.journal.entries_of_receipt(key)) == 4
    record = the_record(shop)
    assert (record.what, record.facts["qr"], record.facts["lost"]) == ("receipt.made", qr_of(shop), 1)
    assert shop.register.receipts == []


def test_a_pulled_cable_is_no_lost_register(shop: Shop) -> None:
    key = lost_before_closing(shop)
    shop.register.is_plugged = False
    answers = {"qr": "t=20261121T0901&s=590.00&fn=9999078900012345&i=3&fp=1&n=1", "receipt_number": "1"}
    for choice in ("lost_not_made", "lost_made"):
        with pytest.raises(ResolveNeeded, match="setup printer"):
            resolve.decide(shop.till, key, choice, WHO, WHY, answers)
    assert shop.stored().state is State.SENDING
    no_record(shop)


def test_a_lost_register_that_is_back_decides_by_its_storage(shop: Shop) -> None:
    key = gone(shop, printed=True, storage_only=False)
    shop.close()
    shop.set_up_again()
    shop.close()
    first = shop.register.printers[0]
    first.__dict__.pop("execute", None)
    shop.register.be(first)
    shop.reopen()
    with pytest.raises(ResolveNeeded, match="на связи"):
        resolve.decide(shop.till, key, "lost_not_made", WHO, WHY)
    assert the_case(shop).kind is CaseKind.REGISTER  # proven; and the till is set up for the other one
    assert shop.stored().state is State.FISCALIZED
    no_record(shop)


def test_a_register_that_was_registered_anew_is_decided_by_a_person_who_sees_its_storage(shop: Shop) -> None:
    key = lost_before_closing(shop)
    printer = shop.register.printer
    shop.close()
    printer.identity = replace(printer.identity, registration_number="0000000009999999")
    shop.set_up_again()
    case = the_case(shop)
    assert "регистрационный номер другой" in case.story[1]
    assert [each.id for each in case.choices] == ["not_made"]
    with pytest.raises(ResolveNeeded, match="на связи"):
        resolve.decide(shop.till, key, "lost_not_made", WHO, WHY)
    resolve.decide(shop.till, key, "not_made", WHO, "перерегистрация")
    assert the_record(shop).what == "receipt.not_made"
    shop.sell()
    assert len(shop.register.with_key(key)) == 1


# ---- a receipt that is open there


def test_an_open_receipt_of_another_program_is_finished_there_or_cancelled_by_a_person(shop: Shop) -> None:
    key = lost_before_closing(shop)
    shop.register.foreign_open(12_345)
    case = the_case(shop)
    (choice,) = case.choices
    assert (choice.id, choice.verdict, choice.needs_why) == ("cancel_open", Verdict.CANCEL, True)
    assert "123,45" in case.story[1]
    assert "123,45" in choice.consequence
    with pytest.raises(ResolveNeeded) as told:
        resolve.decide(shop.till, key, choice.id, WHO, "")
    assert told.value.code == "why_needed"
    assert shop.register.printer.receipt is not None
    done = resolve.decide(shop.till, key, choice.id, WHO, "та программа удалена")
    assert done.state == "cancelled"
    record = the_record(shop)
    assert (record.what, record.facts["subtotal_kopecks"]) == ("document.cancelled", 12_345)
    assert resolve.cases(shop.till) == []
    shop.sell()
    shop.assert_exactly_one()


def test_an_open_receipt_that_its_program_closes_needs_nobody(shop: Shop) -> None:
    lost_before_closing(shop)
    shop.register.foreign_open(12_345)
    assert the_case(shop).needs_person
    shop.register.foreign_close(12_345)
    assert resolve.cases(shop.till) == []
    for key, why in ((shop.receipt().key, "не ждёт"), (shop.till.identity.factory_number, "нет открытого")):
        with pytest.raises(ResolveNeeded, match=why):
            resolve.decide(shop.till, key, "cancel_open", WHO, WHY)
    no_record(shop)


def test_an_open_receipt_that_may_be_ours_is_a_persons(shop: Shop) -> None:
    key = killed_before_it_was_opened(shop)
    shop.register.foreign_open(LINES_SO_FAR)
    (choice,) = the_case(shop).choices
    assert choice.id == "not_made:open"
    assert "490,00" in choice.consequence
    resolve.decide(shop.till, key, choice.id, WHO, WHY)
    assert shop.register.printer.receipt is None
    assert the_record(shop).what == "receipt.not_made"
    shop.sell()
    shop.assert_exactly_one()


def test_an_open_receipt_stops_selling_and_is_a_case_of_its_own(shop: Shop) -> None:
    shop.register.foreign_open(12_345)
    case = the_case(shop)
    assert (case.kind, case.key) == (CaseKind.REGISTER, shop.till.identity.factory_number)
    assert [each.id for each in case.choices] == ["cancel_open"]
    resolve.decide(shop.till, case.key, "cancel_open", WHO, WHY)
    assert the_record(shop).subject == case.key
    assert resolve.cases(shop.till) == []
    shop.sell()
    shop.assert_exactly_one()


def test_nothing_open_is_cancelled_for_a_key_that_waits_for_nothing(shop: Shop) -> None:
    shop.register.foreign_open(12_345)
    with pytest.raises(ResolveNeeded, match="не ждёт"):
        resolve.decide(shop.till, "0123456789ABCDEF", "cancel_open", WHO, WHY)
    shop.close()
    assert shop.register.printer.receipt is not None
    shop.register.be(Printer(identity_of(OWN_NUMBER + 1), LEFT))
    shop.reopen()
    with pytest.raises(ResolveNeeded, match="подключена"):
        resolve.decide(shop.till, shop.till.identity.factory_number, "cancel_open", WHO, WHY)
    no_record(shop)


def test_a_till_that_nobody_has_named_a_person_for_decides_as_itself(shop: Shop) -> None:
    key, number = made_and_unreadable(shop)
    nameless = replace(shop.till, settings=shop.settings.with_(cashier=" "))
    resolve.decide(nameless, key, f"made:{number}")
    assert the_record(shop).who == "касса 1"


@pytest.mark.parametrize("storage_only", [False, True])
def test_a_register_that_is_not_the_one_set_up_is_a_case(shop: Shop, storage_only: bool) -> None:
    shop.sell()
    shop.close()
    who = identity_of(OWN_NUMBER if storage_only else OWN_NUMBER + 1)
    shop.register.be(Printer(replace(who, storage_number="9999078900099999"), LEFT))
    shop.reopen()
    case = the_case(shop)
    assert (case.kind, case.choices) == (CaseKind.REGISTER, ())
    assert "9999078900099999" in case.story[1]
    assert "posapp setup printer" in case.story[2]


def test_a_storage_that_counts_less_is_a_case(shop: Shop) -> None:
    shop.sell()
    shop.register.printer.storage.documents.pop()
    shop.restart()
    case = the_case(shop)
    assert case.kind is CaseKind.REGISTER
    assert "поддержку" in case.story[2]


# ---- shift operations


def neither(shop: Shop) -> str:
    """Cash in, its reply lost, and somebody else's cash since."""
    shop.register.fault("50", "power_off", "before")
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(shop.till, TOTAL)
    shop.register.heal()
    shop.register.do_cash_in(123)
    return "cash_in"


@pytest.mark.parametrize("is_made", [True, False])
def test_an_operation_that_the_registers_do_not_prove_is_a_persons(shop: Shop, is_made: bool) -> None:
    key = neither(shop)
    case = the_case(shop)
    assert (case.key, case.kind, case.total) == (key, CaseKind.OPERATION, TOTAL)
    assert str(TOTAL) in case.story[0]
    assert "1,23" in case.story[1]
    assert [each.id for each in case.choices] == ["operation_made", "operation_not_made"]
    assert [each.command.split()[-1] for each in case.choices] == ["--made", "--not-made"]
    choice = case.choices[0 if is_made else 1]
    done = resolve.decide(shop.till, key, choice.id, WHO, WHY)
    assert done.state == ("done" if is_made else "refused")
    record = the_record(shop)
    assert (record.what, record.subject, record.why) == (
        "operation.made" if is_made else "operation.not_made",
        "cash_in",
        WHY,
    )
    assert record.facts["amount_kopecks"] == KOPECKS
    assert resolve.cases(shop.till) == []
    shop.sell()
    shop.assert_exactly_one()


def test_an_operation_that_the_registers_prove_cannot_be_said_to_be_otherwise(shop: Shop) -> None:
    shop.register.fault("50", "power_off", "before")
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(shop.till, TOTAL)
    shop.register.heal()
    with pytest.raises(ResolveNeeded, match="не сделано"):
        resolve.decide(shop.till, "cash_in", "operation_made", WHO, WHY)
    with pytest.raises(ResolveNeeded, match="не ждёт"):
        resolve.decide(shop.till, "cash_in", "operation_made", WHO, WHY)
    no_record(shop)


def test_an_operation_on_a_register_that_is_gone(shop: Shop) -> None:
    shop.register.fault("50", "power_off", "before")
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(shop.till, TOTAL)
    shop.register.heal()
    shop.close()
    shop.register.be(Printer(identity_of(OWN_NUMBER + 1), LEFT))
    shop.reopen()
    assert the_case(shop).choices == ()
    with pytest.raises(ResolveNeeded):
        resolve.decide(shop.till, "cash_in", "operation_not_made", WHO, WHY)
    shop.close()
    shop.set_up_again()
    case = the_case(shop)
    assert [each.id for each in case.choices] == ["operation_made", "operation_not_made"]
    assert all(each.needs_why for each in case.choices)
    with pytest.raises(ResolveNeeded, match="причин"):
        resolve.decide(shop.till, "cash_in", "operation_not_made", WHO, "")
    resolve.decide(shop.till, "cash_in", "operation_not_made", WHO, WHY)
    assert the_record(shop).what == "operation.not_made"
    assert resolve.cases(shop.till) == []


# ---- documents that the journal lost


def stray(shop: Shop, order: str = "77", key: str = "0123456789ABCDEF") -> int:
    return shop.register.foreign_receipt(KOPECKS, stamp=f"1·{order}·{key}")


def test_a_document_stamped_like_ours_that_is_another_tills_is_waved_through(shop: Shop) -> None:
    """Two tills with one number on one register: without it this one would never sell again."""
    shop.sell(an_order(2))
    first, second = stray(shop), stray(shop, key="1123456789ABCDEF")
    shop.restart()
    cases = resolve.cases(shop.till)
    assert [(each.kind, each.key) for each in cases] == [
        (CaseKind.STRAY, "0123456789ABCDEF"),
        (CaseKind.STRAY, "1123456789ABCDEF"),
    ]
    assert [[choice.id for choice in each.choices] for each in cases] == [
        [f"made:{first}", f"foreign:{first}"],
        [f"made:{second}"],
    ]
    with pytest.raises(ResolveNeeded, match=f"ФД {first}"):
        resolve.decide(shop.till, cases[1].key, f"foreign:{second}", WHO, WHY)
    with pytest.raises(ResolveNeeded, match="причин"):
        resolve.decide(shop.till, cases[0].key, f"foreign:{first}", WHO, "")
    no_record(shop)
    for case, number in zip(cases, (first, second), strict=True):
        resolve.decide(shop.till, case.key, f"foreign:{number}", WHO, "вторая касса тоже № 1")
        record = the_record(shop)
        assert (record.what, record.subject, record.facts["document"]) == ("document.foreign", case.key, number)
    assert resolve.cases(shop.till) == []
    known = shop.till.journal.foreign_documents(shop.till.identity.storage_number)
    assert [each.number for each in known] == [first, second]
    shop.sell()
    shop.assert_exactly_one()


def test_a_journal_that_begins_anew_asks_about_its_tills_documents(shop: Shop) -> None:
    shop.sell()
    key = shop.receipt().key
    shop.close()
    shutil.rmtree(shop.folder)
    shop.reopen()
    case = the_case(shop)
    assert (case.kind, case.key) == (CaseKind.STRAY, key)
    shop.till.journal.save_orders([an_order()], claimed=True)
    resolve.decide(shop.till, key, case.choices[0].id, WHO, WHY)
    record = the_record(shop)
    assert (record.what, record.subject) == ("receipt.adopted", key)
    assert resolve.cases(shop.till) == []
    shop.assert_exactly_one()


def test_a_document_that_was_decided_about_is_not_decided_again(shop: Shop) -> None:
    shop.sell(an_order(2))
    number = stray(shop)
    shop.restart()
    resolve.decide(shop.till, "0123456789ABCDEF", f"foreign:{number}", WHO, WHY)
    with pytest.raises(ResolveNeeded, match="не ждёт"):
        resolve.decide(shop.till, "0123456789ABCDEF", f"foreign:{number}", WHO, WHY)
    assert len(shop.till.journal.audit_rows()) == 1


# ---- cancelling, selling again


def test_giving_up_a_receipt_and_selling_again_are_kept(shop: Shop) -> None:
    shop.register.fault("8D", "error", value=0x4B)
    with pytest.raises(DeviceError):
        shop.sell()
    shop.register.heal()
    assert shop.stored().state is State.REFUSED
    shop.sell()
    repeated = the_record(shop)
    assert (repeated.who, repeated.what, repeated.subject) == (
        shop.till.settings.cashier,
        "receipt.repeated",
        shop.receipt().key,
    )
    shop.register.unplug()
    shop.register.is_plugged = True
    shop.register.fault("8D", "error", value=0x4B)
    with pytest.raises(DeviceError):
        shop.sell(an_order(2))
    key = shop.receipt(2).key
    done = resolve.decide(shop.till, key, "cancel", WHO, WHY)
    assert done.state == "cancelled"
    record = the_record(shop)
    assert (record.who, record.what, record.subject, record.facts["order"]) == (WHO, "receipt.cancelled", key, "1002")


# ---- beside a running till, and alarms


def test_beside_a_running_till_the_journal_tells_and_the_register_is_left_alone(shop: Shop) -> None:
    key, number = made_and_unreadable(shop)
    other = Journal.open(shop.folder, now=shop.now, write=False)
    beside = replace(shop.till, journal=other)
    try:
        written = list(shop.register.written)
        (fresh,) = resolve.cases(beside)
        assert "процесс" in fresh.story[1]
        assert "видела" not in fresh.story[1]
        assert "решает" in fresh.story[2].lower()
        resolve.cases(shop.till)  # the program that runs has looked
        written = list(shop.register.written)
        (case,) = resolve.cases(beside)
        assert shop.register.written == written
        assert (case.key, case.kind, case.choices, case.total) == (key, CaseKind.RECEIPT, (), TOTAL)
        assert f"ФД {number}" in case.story[1]
        assert "ждёт решения человека" in case.story[2]
        assert "1001" in case.story[0]
        (alarm,) = resolve.alarms(beside)
        assert (alarm.key, alarm.owner) == (key, "person")
    finally:
        other.close()


def test_an_operation_is_told_beside_a_running_till(shop: Shop) -> None:
    neither(shop)
    other = Journal.open(shop.folder, now=shop.now, write=False)
    try:
        (case,) = resolve.cases(replace(shop.till, journal=other), "en")
    finally:
        other.close()
    assert (case.kind, case.key) == (CaseKind.OPERATION, "cash_in")
    assert "cash in" in case.story[0]


def test_an_alarm_grows_old_and_says_whose_move_it_is(shop: Shop) -> None:
    assert resolve.alarms(shop.till) == []
    key, number = made_and_unreadable(shop)
    written = list(shop.register.written)
    (alarm,) = resolve.alarms(shop.till)
    assert shop.register.written == written
    attempt = shop.till.journal.last_attempt(key)
    assert attempt is not None
    assert (alarm.key, alarm.order_number, alarm.since, alarm.owner) == (key, "1001", attempt.started_at, "program")
    assert alarm.age == shop.now() - attempt.started_at
    assert alarm.is_overdue == (alarm.age > story.LIMIT)
    the_case(shop)
    (alarm,) = resolve.alarms(shop.till)
    assert alarm.owner == "person"
    shop.register.advance(story.LIMIT.total_seconds() + 1)
    (alarm,) = resolve.alarms(shop.till)
    assert alarm.is_overdue
    assert the_case(shop).is_overdue
    resolve.decide(shop.till, key, f"made:{number}", WHO, WHY)
    assert resolve.alarms(shop.till) == []


def test_an_alarm_of_a_new_try_forgets_what_was_seen_of_the_former_one(shop: Shop) -> None:
    key, _ = foreign_and_unreadable(shop)
    case = the_case(shop)
    resolve.decide(shop.till, key, choice_of(case, "not_made").id, WHO, WHY)
    assert resolve.alarms(shop.till) == []
    shop.register.advance(60.0)
    shop.register.killed_at = (0xFF45, False)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.heal()
    shop.restart()
    (alarm,) = resolve.alarms(shop.till)
    assert alarm.owner == "program"


def test_a_document_that_the_journal_lost_is_an_alarm_until_it_is_decided(shop: Shop) -> None:
    shop.sell(an_order(2))
    number = stray(shop)
    shop.restart()
    assert resolve.alarms(shop.till) == []
    resolve.cases(shop.till)
    (alarm,) = resolve.alarms(shop.till)
    assert (alarm.kind, alarm.owner, alarm.order_number) == (CaseKind.STRAY, "person", "77")
    since = alarm.since
    shop.register.advance(600.0)
    (case,) = resolve.cases(shop.till)
    assert case.since == since
    assert case.is_overdue
    resolve.decide(shop.till, case.key, f"foreign:{number}", WHO, WHY)
    assert resolve.alarms(shop.till) == []
