"""A settlement that was made without the register: one correction receipt, in place of the sale and never beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from posapp.devices.base import Ffd
from posapp.domain import ffd
from posapp.domain.checkout import Terms
from posapp.domain.correction import Basis
from posapp.domain.fiscal import DocumentType
from posapp.domain.money import Money
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.domain.receipt import TenderKind
from posapp.domain.settlement import State
from posapp.domain.terms import CorrectionType
from posapp.errors import Refused, ResolveNeeded, SaleError
from posapp.settings import VatSettings
from posapp.till import correct, correction_list, correction_state, counters, courier_day, orders, reconcile, sale
from posapp.till.correct import Corrected
from posapp.till.correct_late import Late
from posapp.till.correct_plan import Said
from tests.rules.worlds import killed_at
from tests.till.shops import TOTAL, Shop, an_order, cash, changed
from tests.till.test_correct import on_register, tags

WHY = "ККТ не работала"
OLD_RATE, NEW_RATE = 2, 11


def paid(order: Order) -> Order:
    """As the portal shows it when somebody has noted the money there."""
    return changed(order, payments=tuple(replace(each, is_paid=True) for each in order.payments))


@pytest.fixture
def shop(versioned: Shop) -> Shop:
    """A shop that sells at 10 %, which both formats can correct."""
    at_rate(versioned, OLD_RATE, 10)
    versioned.till.journal.save_orders([at(10)], claimed=True)
    return versioned


def at_rate(shop: Shop, code: int, percent: int) -> None:
    vat = VatSettings(confirmed={1: code}, rows={1: (f"НДС {percent} %", str(percent))})
    shop.settings = shop.settings.with_(vat=vat)
    shop.till = replace(shop.till, settings=shop.settings)


def at(percent: int, order: Order | None = None) -> Order:
    """An order whose lines carry that rate on the portal."""
    chosen = order or an_order()
    lines = tuple(
        replace(each, vat_percent=each.vat_percent and type(each.vat_percent)(percent)) for each in chosen.lines
    )
    return changed(chosen, lines=lines)


def said(shop: Shop, **more: object) -> Late:
    fields = {"day": shop.now().date() - timedelta(days=1), "tender": TenderKind.CASH, **more}
    return Late(**fields)  # type: ignore[arg-type]


def settle(shop: Shop, order: Order | None = None, **more: object) -> Corrected:
    return correct.correct_late(shop.till, order or paid(at(10)), said(shop, **more), WHY)


def test_one_correction_tag_by_tag(shop: Shop, version: Ffd) -> None:
    done = settle(shop)
    (document,) = on_register(shop)
    shown = tags(document)
    assert document.form == DocumentType.CORRECTION
    assert (shown[1054], shown[1020], shown[1031], shown[1173]) == (1, TOTAL.kopecks, TOTAL.kopecks, 0)
    assert 1192 not in shown  # no document was wrong, so none is named
    entries = ffd.read_document(document.tlv).entries
    day = ffd.find(entries, 1174, 1178)
    assert day is not None
    assert day.value == datetime.combine(shop.now().date() - timedelta(days=1), datetime.min.time())
    text = ffd.find(entries, 1174, 1177)
    assert (text.value if text is not None else None) == (WHY if version is Ffd.V1_05 else None)
    assert shown[1103] == 5364  # 590,00 at 10 %: 53,64
    assert (1059 in shown) is (version is Ffd.V1_2)
    assert [each.view.state for each in done.sold] == [State.FISCALIZED]


def test_by_order_of_the_tax_office(shop: Shop) -> None:
    settle(shop, basis=Basis(CorrectionType.ORDER, "12-34/5"))
    entries = ffd.read_document(on_register(shop)[0].tlv).entries
    told = [ffd.find(entries, *path) for path in ((1173,), (1174, 1179))]
    assert [each.value for each in told if each is not None] == [1, "12-34/5"]


def test_what_ffd_1_05_cannot_express_is_said_before_anything(shop: Shop, version: Ffd) -> None:
    at_rate(shop, NEW_RATE, 22)
    if version is Ffd.V1_2:
        settle(shop, paid(an_order()))
        return
    with pytest.raises(Refused) as caught:
        settle(shop, paid(an_order()))
    assert caught.value.code == "register_lacks"
    assert "22" in caught.value.message()
    assert on_register(shop) == []
    assert shop.till.journal.receipts_in(*correction_state.UNPRINTED) == []


def test_the_portal_hears_of_it_like_of_a_sale(shop: Shop) -> None:
    done = settle(shop)
    entries = shop.till.journal.entries_of_receipt(done.key)
    assert [each.step for each in entries] == ["mark", "payment", "status", "stock"]


def test_it_is_the_settlement_itself(shop: Shop) -> None:
    """Neither sold nor corrected a second time, and the deal goes on from it."""
    done = settle(shop)
    with pytest.raises(sale.AlreadyReceipted) as caught:
        shop.sell(at(10))
    assert caught.value.view.receipt.key == done.key
    with pytest.raises(SaleError) as again:
        settle(shop)
    assert again.value.code == "already_receipted"
    assert len(on_register(shop)) == 1


def test_a_debt_that_was_paid_without_the_register(shop: Shop) -> None:
    order = at(10)
    sale.sell(shop.till, order, (), terms=Terms(way=Way.CREDIT))
    settle(shop, paid(order), way=Way.DEBT)
    shown = tags(on_register(shop)[-1])
    assert (shown[1020], shown[1031]) == (TOTAL.kopecks, TOTAL.kopecks)
    assert shown[1105] == TOTAL.kopecks  # a debt carries no VAT
    assert on_register(shop)[-1].form == DocumentType.CORRECTION


def test_a_sold_order_is_not_settled_late(shop: Shop) -> None:
    shop.sell(at(10))
    with pytest.raises(SaleError):
        settle(shop)
    assert len(on_register(shop)) == 1


def test_a_sale_that_was_begun_comes_first(shop: Shop) -> None:
    shop.register.fault("8D", "error", "before", value=0x6B)
    with pytest.raises(Refused):
        shop.sell(at(10))
    with pytest.raises(SaleError) as caught:
        settle(shop, at(10))
    assert caught.value.code == "correction_unfit"


def test_a_prepayment_taken_without_the_register_is_handed_over_later(shop: Shop) -> None:
    order = paid(at(10))
    settle(shop, order, way=Way.PREPAYMENT)  # 10/110 has a sum in FF4A
    sale.sell(shop.till, order, (), terms=Terms(way=Way.HANDOVER))
    assert tags(on_register(shop)[-1])[1215] == TOTAL.kopecks


@pytest.mark.parametrize("more", [{"tender": None}, {"tenders": cash(Money(1)), "tender": None}])
def test_the_money_is_the_settlements(shop: Shop, more: dict[str, Any]) -> None:
    with pytest.raises(SaleError):
        settle(shop, **more)
    assert on_register(shop) == []


def test_a_day_that_is_still_to_come(shop: Shop) -> None:
    with pytest.raises(SaleError) as caught:
        settle(shop, day=date(2027, 1, 1))
    assert caught.value.code == "correction_unfit"


def test_without_a_reason(shop: Shop) -> None:
    with pytest.raises(ResolveNeeded) as caught:
        correct.correct_late(shop.till, paid(at(10)), said(shop), "")
    assert caught.value.code == "why_needed"


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_its_end(shop: Shop, version: Ffd, after: bool) -> None:
    closing = 0xFF4A if version is Ffd.V1_05 else 0xFF45
    killed_at(shop, closing, after=after, sell=lambda: settle(shop))
    stored = shop.stored()
    assert stored.state is State.SENDING
    correct.correct(shop.till, stored.receipt.key, Said(), WHY)
    (document,) = on_register(shop)
    assert document.key == stored.receipt.key
    assert shop.stored().state is State.FISCALIZED


def test_what_is_begun_is_told_and_not_sold(shop: Shop, version: Ffd) -> None:
    opening = "FF35" if version is Ffd.V1_05 else "8D"
    shop.register.fault(opening, "error", "before", value=0x6B)
    with pytest.raises(Refused):
        settle(shop)
    (item,) = correction_list.items(shop.till, shop.now() - timedelta(days=2))
    assert item.code == "correction_begun"
    with pytest.raises(SaleError) as caught:
        shop.sell(at(10))
    assert caught.value.code == "correction_begun"
    correct.correct(shop.till, item.key, Said(), WHY)
    assert len(on_register(shop)) == 1
    assert correction_list.items(shop.till, shop.now() - timedelta(days=2)) == []


def test_counters_reconciliation_and_the_couriers_day(shop: Shop) -> None:
    courier_day.begin(shop.till, "Орлов", Money(0))
    settle(shop)
    assert counters.compare(shop.till).agrees
    assert [each.message() for each in reconcile.run(shop.till).differences] == []
    assert courier_day.find(shop.till, None).should_be == Money(0)


def test_the_order_shows_it(shop: Shop) -> None:
    done = settle(shop)
    shown = orders.view(shop.till, at(10))
    assert shown.receipt is not None
    assert shown.receipt.receipt.key == done.key


def test_a_late_settlement_may_be_wrong_too(shop: Shop, version: Ffd) -> None:
    done = settle(shop)
    by_card = Said(tenders=(replace(cash(TOTAL)[0], kind=TenderKind.CASHLESS),))
    if version is Ffd.V1_05:
        with pytest.raises(Refused) as caught:
            correct.correct(shop.till, done.key, by_card, "картой")
        assert caught.value.code == "register_lacks"
        return
    correct.correct(shop.till, done.key, by_card, "картой")
    assert [tags(each)[1054] for each in on_register(shop)] == [1, 2, 1]
