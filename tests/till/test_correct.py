"""Putting a receipt right: the lawful documents for the format, each printed once, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from posapp.devices.base import Ffd
from posapp.devices.simulator.documents import StoredDocument
from posapp.domain import ffd
from posapp.domain.checkout import Terms
from posapp.domain.correction import Basis
from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.offers import Way
from posapp.domain.partial import RefusedLine
from posapp.domain.receipt import TenderKind
from posapp.domain.settlement import State
from posapp.domain.terms import CorrectionType
from posapp.domain.vat import VatRate
from posapp.errors import PosError, ResolveNeeded, SaleError
from posapp.journal.rows import StoredReceipt
from posapp.till import (
    correct,
    correction_list,
    correction_state,
    counters,
    courier_day,
    decide,
    leaving,
    orders,
    reconcile,
    recover,
    resolve,
    sale,
)
from posapp.till.correct import Corrected
from posapp.till.correct_plan import Said, planned
from posapp.till.views import CaseKind, Light
from tests.rules.worlds import killed_at
from tests.till.rig import Killed, register_of
from tests.till.shops import TOTAL, Shop, an_order, card, cash, shop_at

BY_CARD = Said(tenders=card(TOTAL))
WHY = "клиент платил картой"
OPENING, CLOSING, STATUS = 0x8D, 0xFF45, 0x11


@pytest.fixture
def shop(versioned: Shop) -> Shop:
    """With an order on board."""
    versioned.till.journal.save_orders([an_order()], claimed=True)
    return versioned


def wrong_of(shop: Shop, order_id: int = 1) -> StoredReceipt:
    """The sale that was printed, cash with change."""
    shop.sell(an_order(order_id), cash(Money(100_000)))
    return shop.stored(order_id)


def put_right(shop: Shop, wrong: StoredReceipt, said: Said = BY_CARD) -> Corrected:
    return correct.correct(shop.till, wrong.receipt.key, said, WHY)


def on_register(shop: Shop) -> list[StoredDocument]:
    """Every document that settles something, in the order of the storage."""
    forms = (DocumentType.RECEIPT, DocumentType.CORRECTION)
    return [each for each in shop.register.printer.storage.documents if each.form in forms]


def tags(document: StoredDocument) -> dict[int, Any]:
    return {each.tag: each.value for each in ffd.read_document(document.tlv).entries}


def lines(document: StoredDocument) -> list[dict[int, Any]]:
    entries = ffd.read_document(document.tlv).entries
    return [{each.tag: each.value for each in entry.items or ()} for entry in entries if entry.tag == 1059]


# ------------------------------------------------------------------------------------------------ tag by tag
def test_other_money_was_taken(shop: Shop, version: Ffd) -> None:
    wrong = wrong_of(shop)
    assert wrong.mark is not None
    done = put_right(shop, wrong)
    sold, undo, redo = on_register(shop)
    assert [each.view.mark.document_number for each in done.sold if each.view.mark] == [undo.number, redo.number]
    form = DocumentType.RECEIPT if version is Ffd.V1_05 else DocumentType.CORRECTION
    assert [each.form for each in (sold, undo, redo)] == [DocumentType.RECEIPT, form, form]
    was, back, new = map(tags, (sold, undo, redo))
    assert (back[1054], new[1054]) == (2, 1)
    assert (back[1031], back[1081]) == (TOTAL.kopecks, 0)
    assert (new[1031], new[1081]) == (0, TOTAL.kopecks)
    for each in (back, new):
        assert each[1020] == was[1020] == TOTAL.kopecks
        assert each[1192] == wrong.mark.document_sign
        assert each[1055] == was[1055]
    assert lines(undo) == lines(redo) == lines(sold)
    if version is Ffd.V1_05:
        assert {1173, 1174}.isdisjoint(back.keys() | new.keys())
        return
    for document in (undo, redo):
        entries = ffd.read_document(document.tlv).entries
        day = datetime.combine(wrong.mark.printed_at.date(), datetime.min.time())
        assert [ffd.find(entries, *path).value for path in ((1173,), (1174, 1178))] == [0, day]  # type: ignore[union-attr]
        assert ffd.find(entries, 1174, 1179) is None


def test_by_order_of_the_tax_office(shop: Shop, version: Ffd) -> None:
    wrong = wrong_of(shop)
    said = replace(BY_CARD, basis=Basis(CorrectionType.ORDER, "12-34/5"))
    if version is Ffd.V1_05:
        with pytest.raises(SaleError) as caught:
            put_right(shop, wrong, said)
        assert caught.value.code == "correction_unfit"
        assert len(on_register(shop)) == 1
        return
    put_right(shop, wrong, said)
    for document in on_register(shop)[1:]:
        entries = ffd.read_document(document.tlv).entries
        told = [ffd.find(entries, *path) for path in ((1173,), (1174, 1179))]
        assert [each.value for each in told if each is not None] == [1, "12-34/5"]


def test_a_wrong_rate_is_taken_back_as_it_was_printed(shop: Shop) -> None:
    wrong = wrong_of(shop)
    put_right(shop, wrong, Said(rates={1: VatRate.VAT_10}))
    _, undo, redo = on_register(shop)
    assert [each[1199] for each in lines(undo)] == [11, 11]
    assert [each[1199] for each in lines(redo)] == [2, 11]


def test_every_document_is_in_the_journal_with_its_mark(shop: Shop) -> None:
    wrong = wrong_of(shop)
    put_right(shop, wrong)
    known = correction_state.correction_of(shop.till, wrong)
    assert known.is_whole
    assert correction_state.unfinished(shop.till) == []
    for stored, document in zip(known.documents, on_register(shop)[1:], strict=True):
        assert stored.mark is not None
        assert stored.mark.document_number == document.number
        assert document.key == stored.receipt.key
    (record,) = [each for each in shop.till.journal.audit_rows() if each.what == "receipt.corrected"]
    assert (record.subject, record.why) == (wrong.receipt.key, WHY)


def test_it_is_corrected_once(shop: Shop) -> None:
    wrong = wrong_of(shop)
    done = put_right(shop, wrong)
    for key in (wrong.receipt.key, done.sold[0].view.receipt.key):
        with pytest.raises(SaleError) as caught:
            correct.correct(shop.till, key, Said(), WHY)
        assert caught.value.code == "correction_done"
    assert len(on_register(shop)) == 3


def test_the_right_one_may_be_wrong_too(shop: Shop) -> None:
    wrong = wrong_of(shop)
    redo = put_right(shop, wrong).sold[1].view.receipt
    correct.correct(shop.till, redo.key, Said(tenders=cash(TOTAL)), "всё-таки наличными")
    documents = on_register(shop)
    assert [tags(each)[1054] for each in documents] == [1, 2, 1, 2, 1]
    assert tags(documents[4])[1031] == TOTAL.kopecks


# ------------------------------------------------------------------------------------------------ refused beforehand
@pytest.mark.parametrize(
    "said, code",
    [
        (Said(), "correction_nothing"),
        (Said(tenders=card(Money(100))), "correction_unfit"),
        (Said(rates={9: VatRate.VAT_10}), "correction_unfit"),
        (Said(rates={1: VatRate.VAT_22_122}), "correction_unfit"),
        (Said(is_void=True), "correction_unfit"),
    ],
)
def test_what_cannot_be_right_prints_nothing(shop: Shop, said: Said, code: str) -> None:
    wrong = wrong_of(shop)
    with pytest.raises(SaleError) as caught:
        put_right(shop, wrong, said)
    assert caught.value.code == code
    assert len(on_register(shop)) == 1
    assert shop.till.journal.receipts_in(*correction_state.UNPRINTED) == []


def test_without_a_reason_nothing_is_printed(shop: Shop) -> None:
    wrong = wrong_of(shop)
    with pytest.raises(ResolveNeeded) as caught:
        correct.correct(shop.till, wrong.receipt.key, BY_CARD, " ")
    assert caught.value.code == "why_needed"


def test_a_plan_changes_nothing(shop: Shop) -> None:
    wrong = wrong_of(shop)
    undo, redo = planned(shop.till, wrong, BY_CARD)
    assert (undo.kind, redo.kind) == (ReceiptKind.SELL_REFUND, ReceiptKind.SELL)
    assert shop.till.journal.receipts_in(*correction_state.UNPRINTED) == []
    assert len(on_register(shop)) == 1


# ------------------------------------------------------------------------------------------------ killed in between
def state_of(shop: Shop, wrong: StoredReceipt) -> tuple[State | None, State | None]:
    known = correction_state.correction_of(shop.till, wrong)
    first, second = (each.state if each is not None else None for each in (known.first, known.second))
    return first, second


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_the_end_of_the_first(shop: Shop, after: bool) -> None:
    wrong = wrong_of(shop)
    killed_at(shop, CLOSING, after=after, sell=lambda: put_right(shop, wrong))
    assert state_of(shop, wrong) == (State.SENDING, State.HELD)
    put_right(shop, wrong, Said())
    assert [tags(each)[1054] for each in on_register(shop)] == [1, 2, 1]


def killed_at_the_second(shop: Shop, wrong: StoredReceipt, command: int, *, after: bool) -> None:
    """The program dies at a command of the second document."""
    register = shop.register

    def aim() -> None:
        register.killed_at = (command, after)

    # the look at the register that comes before the second one
    register.meanwhile(CLOSING, "after", lambda: register.meanwhile(STATUS, "before", aim))
    with pytest.raises(Killed):
        put_right(shop, wrong)
    register.heal()
    shop.restart()


@pytest.mark.parametrize("command, after", [(OPENING, False), (0xFF0C, True), (CLOSING, False), (CLOSING, True)])
def test_killed_at_the_second(shop: Shop, command: int, after: bool) -> None:
    wrong = wrong_of(shop)
    killed_at_the_second(shop, wrong, command, after=after)
    assert state_of(shop, wrong)[0] is State.FISCALIZED
    assert len(on_register(shop)) == (3 if (command, after) == (CLOSING, True) else 2)
    put_right(shop, wrong, Said())
    documents = on_register(shop)
    assert [tags(each)[1054] for each in documents] == [1, 2, 1]
    assert len({each.key for each in documents}) == 3
    assert correction_state.correction_of(shop.till, wrong).is_whole


class Dying:
    """The till's process ends before its frame number `at` leaves for the register."""

    def __init__(self, shop: Shop, at: int) -> None:
        self.shop, self.left, self.put = shop, at, shop.register.put

    def __call__(self, data: bytes, who: str = "till") -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1
        self.put(data, who)

    def __enter__(self) -> None:
        self.shop.register.put = self  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        self.shop.register.put = self.put  # type: ignore[method-assign]


STEP = 5
"""Of so many frames of the two documents one is tried, to keep it short; all of them pass with any first one."""


def test_killed_before_any_frame(tmp_path: Path, version: Ffd) -> None:
    """Wherever the process ends: said once more, everything is there, once."""
    at, is_over = 2, False
    while not is_over:
        register = register_of(version)
        with shop_at(tmp_path / f"at{at}", register) as shop:
            shop.till.journal.save_orders([an_order()], claimed=True)
            wrong = wrong_of(shop)
            try:
                with Dying(shop, at):
                    put_right(shop, wrong)
                is_over = True
            except Killed:
                register.heal()
                shop.restart()
                finish(shop, wrong)
            assert [tags(each)[1054] for each in on_register(shop)] == [1, 2, 1]
            assert correction_state.correction_of(shop.till, wrong).is_whole
            assert not shop.till.printer.status().has_open_document
        at += STEP
    assert at > 40


def finish(shop: Shop, wrong: StoredReceipt) -> None:
    """Whoever comes next: what only a person can decide is decided, then it is said once more."""
    try:
        recover.recover(shop.till)
    except ResolveNeeded as error:  # opened, and not yet noted that we opened it (rule 7)
        resolve.decide(shop.till, str(error.facts["key"]), "not_made:open", "", "никто не печатал")
    known = correction_state.correction_of(shop.till, wrong)
    if not known.is_whole:
        put_right(shop, wrong, Said() if known.is_begun else BY_CARD)


def half(shop: Shop) -> StoredReceipt:
    """The first document is out; the register had no paper for the second, and the program ended."""
    wrong = wrong_of(shop)
    shop.register.fault(f"{OPENING:X}", "error", "before", nth=2, value=0x6B)
    with pytest.raises(ResolveNeeded) as caught:
        put_right(shop, wrong)
    assert caught.value.code == "correction_half"
    shop.restart()
    return wrong


def test_between_the_two_it_is_told_everywhere(shop: Shop) -> None:
    wrong = half(shop)
    assert [tags(each)[1054] for each in on_register(shop)] == [1, 2]
    (alarm,) = resolve.alarms(shop.till)
    assert (alarm.kind, alarm.key, alarm.needs_telling) == (CaseKind.CORRECTION, wrong.receipt.key, True)
    (case,) = resolve.cases(shop.till)
    assert (case.kind, case.code) == (CaseKind.CORRECTION, "correction_half")
    assert f"posapp correct {wrong.receipt.key}" in case.story[2]
    (item,) = correction_list.items(shop.till, shop.now() - timedelta(days=1))
    assert (item.code, len(item.documents)) == ("correction_half", 1)
    shown = orders.view(shop.till, an_order())
    assert shown.lights.receipt.light is Light.RED
    assert [each.code for each in (shown.lights.receipt.trouble, shown.refusal) if each] == ["correction_half"] * 2
    (left,) = [each for each in reconcile.run(shop.till).differences if each.code == "correction_begun"]
    assert left.command == f"posapp correct {wrong.receipt.key}"
    assert not leaving.unsent(shop.till).is_nothing
    with pytest.raises(ResolveNeeded) as caught:
        shop.sell()
    assert caught.value.code == "correction_half"


def test_between_the_two_only_the_second_is_printed(shop: Shop) -> None:
    wrong = half(shop)
    recover.recover(shop.till)
    assert len(on_register(shop)) == 2  # nothing is printed unattended
    second = correction_state.correction_of(shop.till, wrong).second
    assert second is not None
    put_right(shop, wrong, Said())
    sold, undo, redo = on_register(shop)
    assert redo.key == second.receipt.key
    assert [tags(each)[1054] for each in (sold, undo, redo)] == [1, 2, 1]
    assert resolve.alarms(shop.till) == []
    assert correction_list.items(shop.till, shop.now() - timedelta(days=1)) == []


def test_between_the_two_nothing_is_given_up(shop: Shop) -> None:
    wrong = half(shop)
    second = correction_state.correction_of(shop.till, wrong).second
    assert second is not None
    with pytest.raises(ResolveNeeded):
        decide.cancel(shop.till, second.receipt.key, "передумали")
    with pytest.raises(SaleError) as caught:
        put_right(shop, wrong, Said(rates={1: VatRate.VAT_10}))
    assert caught.value.code == "correction_other"


def begun(shop: Shop) -> StoredReceipt:
    """Both documents stand in the journal, none is printed."""
    wrong = wrong_of(shop)
    shop.register.fault(f"{OPENING:X}", "error", "before", value=0x6B)
    with pytest.raises(PosError):
        put_right(shop, wrong)
    return wrong


def test_what_is_only_begun_can_be_given_up_whole(shop: Shop) -> None:
    wrong = begun(shop)
    known = correction_state.correction_of(shop.till, wrong)
    assert known.second is not None
    decide.cancel(shop.till, known.second.receipt.key, "передумали")
    assert state_of(shop, wrong) == (None, None)
    put_right(shop, wrong)  # and begun again, with other keys
    assert [tags(each)[1054] for each in on_register(shop)] == [1, 2, 1]
    assert on_register(shop)[2].key != known.second.receipt.key


def test_what_is_begun_keeps_the_order_from_being_sold(shop: Shop) -> None:
    begun(shop)
    with pytest.raises(SaleError) as caught:
        shop.sell()
    assert caught.value.code == "correction_begun"


# ------------------------------------------------------------------------------------------------ afterwards
def test_the_order_shows_the_right_receipt_and_is_not_sold_again(shop: Shop) -> None:
    wrong = wrong_of(shop)
    redo = put_right(shop, wrong).sold[1].view.receipt
    with pytest.raises(sale.AlreadyReceipted) as caught:
        shop.sell()
    assert caught.value.view.receipt.key == redo.key
    shown = orders.view(shop.till, an_order())
    assert shown.receipt is not None
    assert shown.receipt.receipt.key == redo.key
    assert shown.lights.receipt.light is Light.GREEN
    assert [each.step for each in shop.till.journal.entries_of_receipt(redo.key) if each.step != "mark"] == []


def test_the_deal_goes_on_from_the_right_receipt(shop: Shop) -> None:
    """A prepayment that was put right is still a prepayment: the goods are handed over against it."""
    order = an_order()
    sale.sell(shop.till, order, cash(TOTAL), terms=Terms(way=Way.PREPAYMENT))
    wrong = shop.stored()
    put_right(shop, wrong)
    assert [each.way for each in sale.offers_of(shop.till, order)] == [Way.HANDOVER]
    sale.sell(shop.till, order, (), terms=Terms(way=Way.HANDOVER))
    assert tags(on_register(shop)[-1])[1215] == TOTAL.kopecks


def test_the_counters_agree(shop: Shop) -> None:
    wrong = wrong_of(shop)
    put_right(shop, wrong)
    assert counters.compare(shop.till).agrees


def test_the_reconciliation_finds_nothing(shop: Shop) -> None:
    wrong = wrong_of(shop)
    put_right(shop, wrong)
    report = reconcile.run(shop.till)
    assert [each.message() for each in report.differences] == []


def test_the_courier_hands_in_what_was_really_taken(shop: Shop) -> None:
    courier_day.begin(shop.till, "Орлов", Money(0))
    wrong = wrong_of(shop)
    put_right(shop, wrong)
    found = courier_day.find(shop.till, None)
    assert (found.should_be, found.takings.net(TenderKind.CASHLESS)) == (Money(0), TOTAL)


def test_what_was_wrong_another_day_moves_nothing_today(shop: Shop) -> None:
    wrong = wrong_of(shop)
    courier_day.begin(shop.till, "Орлов", Money(0))
    put_right(shop, wrong)
    found = courier_day.find(shop.till, None)
    assert found.should_be == Money(0)
    assert found.takings.net(TenderKind.CASHLESS) == Money(0)
    assert "коррекция, в суммах дня её нет" in courier_day.text(found, shop.now())


def test_what_was_refused_at_the_door_is_told_once(shop: Shop) -> None:
    order, taken = an_order(), Money(49_000)
    order = replace(order, lines=tuple(replace(line, basket_id=n) for n, line in enumerate(order.lines, 1)))
    terms = Terms(refused=(RefusedLine(2),), why="кружка не подошла")
    sale.sell(shop.till, order, cash(taken), terms=terms)
    wrong = shop.stored()
    assert wrong.receipt.refused is not None
    done = put_right(shop, wrong, Said(tenders=card(taken)))
    assert [each.view.receipt.total for each in done.sold] == [taken] * 2
    assert len(shop.till.journal.refusals_of_order(order.portal, order.order_id)) == 1
