"""Our sums against the register's counters: after every document, with both figures, and never a false alarm."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import counters as map_of_counters
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.errors import OutcomeUnknown, Refused, ResolveNeeded
from posapp.till import counters, recover, register, resolve, shift
from posapp.till.views import CaseKind
from tests.till.rig import PASSWORD
from tests.till.shops import TOTAL, Shop, an_order, card, cash


def skewed(shop: Shop, kopecks: int = 100, *, at: int = 1) -> None:
    """The storage has counted so much more in sales than there are documents: at 0 how many, 1 the total, 2 cash."""
    first = map_of_counters.SHIFT + map_of_counters.kind_at(ReceiptKind.SELL)
    answer: Callable[[Any, datetime], Any] = shop.register.printer.execute

    def lying(command: Any, now: datetime) -> Any:
        reply = answer(command, now)
        if isinstance(command, c.MoneyRegister) and command.register == first + at:
            return c.MoneyRegisterReply(reply.operator, reply.value + kopecks)
        return reply

    shop.register.printer.execute = lying  # type: ignore[method-assign]


def honest(shop: Shop) -> None:
    del shop.register.printer.execute


def forget_shifts(shop: Shop) -> None:
    """The journal is one that met this register in the middle of its shift."""
    with closing(sqlite3.connect(shop.till.journal.path)) as db:
        db.execute("DELETE FROM shifts")
        db.commit()


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises((ResolveNeeded, Refused)) as told:
        act()
    return told.value.code


# ------------------------------------------------------------------------------------------------ they agree
def test_a_day_of_all_tenders_agrees(shop: Shop) -> None:
    for number, tenders in enumerate((cash(TOTAL), card(TOTAL), cash(Money(100_000))), start=1):
        shop.sell(an_order(number), tenders)
        settled = counters.settle(shop.till)
        assert settled is not None
        assert settled.agrees, settled.text()
        assert counters.settle(shop.till) is None  # nothing has moved since
    shift.cash_in(shop.till, Money(500_000))
    shift.cash_out(shop.till, Money(1_000))
    whole = counters.compare(shop.till)
    assert whole.agrees, whole.text()
    assert (whole.shift, whole.document) == (1, shop.register.printer.storage.last_number)


def test_a_sale_is_compared_before_the_next_one_when_nobody_did_so_after_it(shop: Shop) -> None:
    shop.sell(an_order(1))
    skewed(shop)
    assert code_of(lambda: shop.sell(an_order(2))) == "counters_differ"
    assert shop.till.journal.receipts_of_order(shop.till.portal, 2) == []  # nothing was begun


def test_the_look_costs_a_sale_that_follows_it_nothing(shop: Shop) -> None:
    shop.sell(an_order(1))
    counters.settle(shop.till)
    shop.register.written.clear()
    shop.sell(an_order(2))
    assert 0x1A not in shop.register.written  # no money register was asked between scan and paper


def test_the_look_after_a_receipt_reads_one_kind(shop: Shop) -> None:
    shop.sell(an_order(1))
    shop.register.written.clear()
    counters.settle(shop.till)
    assert shop.register.written.count(0x1A) <= 14


def test_a_receipt_that_was_proven_later_is_counted(shop: Shop) -> None:
    shop.register.fault("FF45", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    shop.register.heal()
    recover.recover(shop.till)
    settled = counters.settle(shop.till)
    assert settled is not None
    assert settled.agrees, settled.text()


# ------------------------------------------------------------------------------------------------ a difference
@pytest.mark.parametrize("at, what", [(0, "приход, чеков"), (1, "приход, сумма"), (2, "приход наличными")])
def test_a_difference_stops_selling_with_both_figures(shop: Shop, at: int, what: str) -> None:
    shop.sell(an_order(1))
    skewed(shop, 100, at=at)
    found = counters.settle(shop.till)
    assert found is not None
    (figure,) = found.figures
    assert figure.what.ru == what
    assert code_of(lambda: shop.sell(an_order(2))) == "counters_differ"
    told = register.view(shop.till).trouble
    assert told is not None
    assert (told.code, told.number, told.exit_code) == ("counters_differ", 170, 3)
    ours = 1 if at == 0 else TOTAL
    assert str(ours) in told.message()
    assert str(101 if at == 0 else TOTAL + Money(100)) in told.message()
    assert "by the journal" in told.message("en")


def test_a_difference_outlives_the_program_and_the_shift(shop: Shop) -> None:
    shop.sell(an_order(1))
    skewed(shop)
    counters.settle(shop.till)
    shift.close_shift(shop.till)  # the law wants it: closing is never stopped
    honest(shop)
    shift.open_shift(shop.till)
    shop.restart()
    assert code_of(lambda: shop.sell(an_order(2))) == "counters_differ"
    assert counters.accept(shop.till, "обрыв ленты, пересчитали").agrees
    shop.sell(an_order(2))
    shop.assert_exactly_one(2)


def test_a_difference_that_is_gone_stops_nobody(shop: Shop) -> None:
    shop.sell(an_order(1))
    skewed(shop)
    assert counters.compare(shop.till).figures
    honest(shop)
    assert counters.compare(shop.till).agrees
    shop.sell(an_order(2))
    shop.assert_exactly_one(2)


def test_a_person_decides_with_a_reason_that_stays(shop: Shop) -> None:
    shop.sell(an_order(1))
    skewed(shop)
    counters.settle(shop.till)
    assert code_of(lambda: counters.accept(shop.till, "  ")) == "why_needed"
    counters.accept(shop.till, "пересчитали с мастером")
    (record,) = shop.till.journal.audit_rows(subject=shop.till.identity.factory_number)
    assert (record.what, record.why) == ("counters.accepted", "пересчитали с мастером")
    assert str(TOTAL) in str(record.facts["differences"])
    shop.sell(an_order(2))
    settled = counters.settle(shop.till)
    assert settled is not None
    assert settled.agrees, settled.text()
    assert shop.till.journal.verify_audit().is_whole


def test_the_resolve_desk_tells_the_difference_and_takes_the_decision(shop: Shop) -> None:
    shop.sell(an_order(1))
    assert resolve.waiting(shop.till) == []
    skewed(shop)
    counters.settle(shop.till)
    (alarm,) = resolve.alarms(shop.till)
    assert (alarm.kind, alarm.owner, "решает человек" in alarm.words()) == (CaseKind.REGISTER, "person", True)
    for language, word in (("ru", "по журналу"), ("en", "by the journal")):
        (case,) = resolve.cases(shop.till, language)
        assert (case.code, word in case.story[1]) == ("counters_differ", True)
    (choice,) = case.choices
    assert (choice.id, choice.needs_why) == ("accept_counters", True)
    with pytest.raises(ResolveNeeded):
        resolve.decide(shop.till, case.key, choice.id)
    done = resolve.decide(shop.till, case.key, choice.id, "Иванова", "сверили с X-отчётом")
    assert done.state == "accepted"
    assert (resolve.waiting(shop.till), resolve.alarms(shop.till)) == ([], [])
    (record,) = shop.till.journal.audit_rows(subject=shop.till.identity.factory_number)
    assert (record.what, record.who) == ("counters.accepted", "Иванова")
    shop.sell(an_order(2))


def test_without_a_difference_there_is_nothing_to_decide(shop: Shop) -> None:
    assert code_of(lambda: counters.accept(shop.till, "просто так")) == "counters_agree"


def test_the_drawer_is_compared_too(shop: Shop) -> None:
    shop.sell(an_order(1))
    counters.settle(shop.till)
    shop.register.printer.registers.money[241] -= 500
    found = counters.compare(shop.till)
    (figure,) = found.figures
    assert figure.what.ru.startswith("наличные в ящике")
    assert (figure.ours, figure.register) == (TOTAL, TOTAL - Money(500))


# ------------------------------------------------------------------------------------------------ no false alarm
def test_another_program_on_the_register_raises_no_alarm(shop: Shop) -> None:
    shop.sell(an_order(1))
    counters.settle(shop.till)
    for kopecks in (700, 1_300):
        shop.register.foreign_receipt(kopecks)
    shop.register.foreign_correction(900)
    shop.sell(an_order(2))
    found = counters.settle(shop.till)
    assert found is not None
    assert found.agrees, found.text()
    shop.register.do_cash_in(5_000)
    assert counters.compare(shop.till).agrees


def test_money_of_another_program_that_no_document_shows_is_found(shop: Shop) -> None:
    shop.register.foreign_receipt(700)
    skewed(shop, 100)
    found = counters.compare(shop.till)
    assert [(each.ours, each.register) for each in found.figures] == [(Money(700), Money(800))]


def test_whoever_prints_while_we_read_is_no_difference(shop: Shop) -> None:
    shop.sell(an_order(1))
    shop.register.meanwhile(0x1A, "after", lambda: shop.register.foreign_receipt(700))
    found = counters.compare(shop.till)
    assert (found.figures, found.why) == ((), "others_print")
    assert counters.compare(shop.till).agrees
    shop.sell(an_order(2))


def test_a_receipt_that_another_program_has_open_is_waited_for(shop: Shop) -> None:
    shop.sell(an_order(1))
    shop.register.foreign_open(700)
    found = counters.compare(shop.till)
    assert (found.figures, found.why) == ((), "open_document")


def test_a_shift_that_another_program_began_is_counted_from_its_beginning(closed_shop: Shop) -> None:
    shop = closed_shop
    recover.recover(shop.till)
    shop.register.do(c.OpenShift(PASSWORD))
    shop.register.foreign_receipt(700)
    found = counters.settle(shop.till)
    assert found is not None
    assert found.agrees, found.text()
    assert (found.document, found.others) == (3, 1)
    shop.sell(an_order(1))
    assert counters.compare(shop.till).agrees


def test_a_shift_whose_beginning_nobody_saw_is_counted_from_here(shop: Shop) -> None:
    shop.till.journal.set_fact(f"counters:{shop.till.identity.factory_number}", "")
    forget_shifts(shop)
    found = counters.compare(shop.till)
    assert (found.why, found.figures) == ("begun_before", ())
    shop.sell(an_order(1))
    settled = counters.settle(shop.till)
    assert settled is not None
    assert settled.agrees, settled.text()


def test_firmware_that_does_not_tell_stops_nobody(shop: Shop) -> None:
    answer: Callable[[Any, datetime], Any] = shop.register.printer.execute

    def old(command: Any, now: datetime) -> Any:
        if isinstance(command, c.MoneyRegister) and command.register > 255:
            return c.ErrorReply(command.CODE, 0x33)
        return answer(command, now)

    shop.register.printer.execute = old  # type: ignore[method-assign]
    shop.sell(an_order(1))
    shop.sell(an_order(2))
    assert counters.compare(shop.till).why == "no_counters"
    honest(shop)
    assert counters.compare(shop.till).why == "begun_before"  # a new firmware tells: from here on
    shop.sell(an_order(3))
    settled = counters.settle(shop.till)
    assert settled is not None
    assert settled.agrees, settled.text()


def test_a_look_that_breaks_off_is_taken_before_the_next_receipt(shop: Shop) -> None:
    shop.sell(an_order(1))
    shop.register.fault("1A", "power_off")
    assert counters.settle(shop.till) is None
    shop.register.heal()
    shop.register.written.clear()
    shop.sell(an_order(2))
    assert shop.register.written.count(0x1A) > 0
    shop.assert_exactly_one(2)
