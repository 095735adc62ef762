"""What was sold without an order is taken back: by its settlement, never more than was sold, exactly once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from posapp.domain import ffd
from posapp.domain.basket import is_walk_in
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import Tender, TenderKind
from posapp.domain.settlement import Fix, State, fix_part
from posapp.errors import DeviceError, SaleError
from posapp.till import adopt, correct, counters, courier_day, recover, refund, resolve, walkin
from posapp.till.correct_plan import Said
from posapp.till.refund import Wanted
from posapp.till.sale import Sold
from tests.till.four import four_at
from tests.till.rig import Register
from tests.till.shops import Shop
from tests.till.walkins import GOODS, MUG, TEA, label, put_on_board, sell


def take_back(shop: Shop, key: str, lines: dict[int, str] | None = None) -> Sold:
    wanted = None if lines is None else {number: Quantity.of(each) for number, each in lines.items()}
    done = refund.refund(shop.till, key, wanted)
    refund.told(shop.till, done)
    return done


def test_a_part_by_weight_then_the_rest_and_no_more(store: Shop) -> None:
    courier_day.begin(store.till, "Орлов Д.", Money(0))
    other = sell(store.till, TEA, label(350)).view.receipt
    sold = sell(store.till, f"{TEA}*2", label(350)).view.receipt
    part = take_back(store, sold.key, {1: "0.1"})
    assert (part.view.receipt.total, part.outbox_pending) == (Money(8_124), 0)
    rest = take_back(store, sold.key)
    assert [str(line.quantity) for line in rest.view.receipt.lines] == ["2", "0.25"]
    assert rest.view.receipt.total + part.view.receipt.total == sold.total
    with pytest.raises(SaleError):
        take_back(store, sold.key)
    for each in (part, rest):
        assert is_walk_in(each.view.receipt.settlement)
        assert each.view.receipt.basis is not None
        assert each.view.receipt.basis.key == sold.key
    assert take_back(store, other.key).view.receipt.total == other.total
    assert counters.compare(store.till).agrees
    report = courier_day.hand_in(store.till, Money(0), "Иванова А.")
    assert report.takings.net(TenderKind.CASH) == Money(0)
    (last,) = store.register.receipts[-1:]
    assert getattr(ffd.find(ffd.decode(last.body), 1054), "value", None) == 2


def test_it_is_found_by_its_qr_and_by_its_document(store: Shop) -> None:
    view = sell(store.till, MUG).view
    assert view.mark is not None
    for wanted in (Wanted(qr=view.qr or ""), Wanted(document=view.mark.document_number)):
        assert refund.found(store.till, wanted).receipt.key == view.receipt.key


def test_sale_and_refund_come_back_from_the_storage(store: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    sell(store.till, MUG)
    store.close()
    kept = tmp_path_factory.mktemp("kept") / "journal"
    shutil.copytree(store.folder, kept)
    store.reopen()
    put_on_board(store)
    sold = sell(store.till, TEA, label(350)).view.receipt
    part = take_back(store, sold.key, {1: "0.1"}).view.receipt
    store.close()
    shutil.rmtree(store.folder)
    shutil.copytree(kept, store.folder)
    store.reopen()
    put_on_board(store)
    for key in (sold.key, part.key):
        documents = {recover.key_of(each): each.number for each in adopt.strays(store.till)}
        assert resolve.decide_made(store.till, key, documents[key]).view.state is State.FISCALIZED
    back = store.till.journal.receipt(part.key)
    assert back is not None
    assert back.receipt.settlement == part.settlement
    assert take_back(store, sold.key).view.receipt.total == sold.total - part.total
    with pytest.raises(SaleError):
        take_back(store, sold.key)


def test_a_reconciliation_has_nothing_to_say_about_it(tmp_path: Path, register: Register) -> None:
    with four_at(tmp_path, register) as four:
        portal = four.shop.till.portal
        put_on_board(four.shop, *[replace(each, portal=portal, vat_row=3) for each in GOODS[:2]], portal=portal)
        four.wire()
        four.shop.till = replace(
            four.shop.till, settings=four.shop.till.settings.with_(catalogue=four.shop.settings.catalogue)
        )
        sold = sell(four.shop.till, TEA, MUG).view.receipt
        sell(four.shop.till, TEA, MUG)
        take_back(four.shop, sold.key, {0: "1"})
        four.days(0.01)
        report = four.reconcile()
        assert report.differences == ()
        assert report.checked["journal"] == 3


def test_a_refund_or_correction_that_was_begun_is_no_begun_sale(store: Shop) -> None:
    sold = sell(store.till, TEA).view.receipt
    store.register.fault("8D", "paper_out", "before")
    with pytest.raises(DeviceError):
        refund.refund(store.till, sold.key)
    store.register.heal()
    (begun,) = store.till.journal.receipts_in(State.PENDING, State.REFUSED)
    assert is_walk_in(begun.receipt.settlement)
    assert walkin.begun(store.till) == []
    with pytest.raises(SaleError) as refused:
        walkin.sell_begun(store.till, begun.receipt.key)
    assert refused.value.code == "walkin_no_begun"
    sell(store.till, TEA)
    assert take_back(store, sold.key).view.receipt.key == begun.receipt.key


def test_the_document_that_puts_it_right_is_no_begun_sale(store: Shop) -> None:
    sold = sell(store.till, TEA).view.receipt
    part = fix_part(sold.settlement.part, Fix.REDO, sold.key)
    redo = replace(sold, identity=store.till.new_id(), settlement=replace(sold.settlement, part=part))
    store.till.journal.add_receipt(redo)
    assert is_walk_in(redo.settlement)
    assert walkin.begun(store.till) == []


def test_of_a_receipt_that_was_put_right_the_right_one_is_named_and_taken_back(store: Shop) -> None:
    wrong = sell(store.till, MUG).view.receipt
    said = Said(tenders=(Tender(TenderKind.CASHLESS, wrong.total),))
    right = correct.correct(store.till, wrong.key, said, "платили картой").sold[-1].view.receipt
    with pytest.raises(SaleError) as caught:
        take_back(store, wrong.key)
    assert (caught.value.code, right.key in caught.value.message()) == ("refund_nothing", True)
    assert take_back(store, right.key).view.receipt.tenders == said.tenders
    with pytest.raises(SaleError) as caught:
        take_back(store, right.key)
    assert caught.value.code == "already_refunded"
