"""The data directory went back: what was put right is read from the storage, and known for what it is (rule 11)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from posapp.devices.base import Ffd
from posapp.devices.simulator.printer import Traits
from posapp.domain.receipt import TenderKind
from posapp.domain.settlement import Fix, Stamp, State
from posapp.errors import PosError, ResolveNeeded, SaleError
from posapp.till import adopt, correct, correction_list, correction_state, counters, reconcile, recover, resolve, sale
from posapp.till.correct_plan import Said
from posapp.till.views import CaseKind
from tests.till.rig import Register
from tests.till.shops import TOTAL, Shop, an_order, card, shop_at
from tests.till.test_correct import BY_CARD, WHY, half, on_register, put_right, tags, wrong_of
from tests.till.test_correct_late import at, at_rate, paid, settle


@pytest.fixture
def shop(versioned: Shop) -> Shop:
    """With an order on board."""
    versioned.till.journal.save_orders([an_order()], claimed=True)
    return versioned


def went_back(shop: Shop, tmp_path: Path, act: Callable[[], object]) -> None:
    """The journal of before `act`, the register of after it."""
    shop.close()
    kept = tmp_path / "kept"
    shutil.copytree(shop.folder, kept)
    shop.reopen()
    act()
    shop.close()
    shutil.rmtree(shop.folder)
    shutil.copytree(kept, shop.folder)
    shop.reopen()


def take_all_in(shop: Shop) -> int:
    """A person confirms document after document."""
    count = 0
    while found := adopt.strays(shop.till):
        stamp = Stamp.parse(found[0].stamp or "")
        assert stamp is not None
        resolve.decide_made(shop.till, stamp.key, found[0].number)
        count += 1
    return count


def test_everything_was_lost(shop: Shop, tmp_path: Path) -> None:
    went_back(shop, tmp_path, lambda: put_right(shop, wrong_of(shop)))
    assert take_all_in(shop) == 3
    stored = shop.till.journal.receipts_of_order(shop.till.portal, 1)
    wrong, undo, redo = stored
    assert [each.receipt.settlement.fix for each in stored] == [
        None, (Fix.UNDO, wrong.receipt.key), (Fix.REDO, wrong.receipt.key),
    ]  # fmt: skip
    assert correction_state.correction_of(shop.till, wrong).is_whole
    for each in (undo, redo):
        assert each.receipt.basis is not None
        assert each.receipt.basis.key == wrong.receipt.key
    assert redo.receipt.tender(TenderKind.CASHLESS) == TOTAL
    with pytest.raises(sale.AlreadyReceipted) as caught:
        shop.sell()
    assert caught.value.view.receipt.key == redo.receipt.key
    assert resolve.alarms(shop.till) == []
    assert [each.message() for each in reconcile.run(shop.till).differences] == []
    with pytest.raises(SaleError) as again:
        put_right(shop, wrong)
    assert again.value.code == "correction_done"


def test_only_the_correction_was_lost(shop: Shop, tmp_path: Path) -> None:
    wrong = wrong_of(shop)
    went_back(shop, tmp_path, lambda: put_right(shop, wrong))
    assert take_all_in(shop) == 2
    assert correction_state.correction_of(shop.till, wrong).is_whole
    recover.recover(shop.till)
    assert len(on_register(shop)) == 3


def test_the_second_was_never_printed_and_nobody_knows_it_any_more(shop: Shop, tmp_path: Path) -> None:
    wrong = wrong_of(shop)

    def first_only() -> None:
        shop.register.fault("8D", "error", "before", nth=2, value=0x6B)
        with pytest.raises(ResolveNeeded):
            put_right(shop, wrong)

    went_back(shop, tmp_path, first_only)
    assert take_all_in(shop) == 1
    (alarm,) = resolve.alarms(shop.till)
    assert (alarm.kind, alarm.key) == (CaseKind.CORRECTION, wrong.receipt.key)
    with pytest.raises(ResolveNeeded):
        shop.sell()
    with pytest.raises(SaleError) as caught:  # what is right has to be said again
        correct.correct(shop.till, wrong.receipt.key, Said(), WHY)
    assert caught.value.code == "correction_nothing"
    correct.correct(shop.till, wrong.receipt.key, BY_CARD, WHY)
    assert [tags(each)[1054] for each in on_register(shop)] == [1, 2, 1]
    assert resolve.alarms(shop.till) == []


def test_the_journal_of_in_between(shop: Shop, tmp_path: Path) -> None:
    """The second waits in the journal, the storage has it already: taken in, not printed again."""
    wrong = half(shop)
    went_back(shop, tmp_path, lambda: put_right(shop, wrong, Said()))
    assert take_all_in(shop) == 1
    assert correction_state.correction_of(shop.till, wrong).is_whole
    assert len(on_register(shop)) == 3


def test_the_journal_of_before_anything_was_printed(shop: Shop, tmp_path: Path) -> None:
    """Both wait in the journal."""
    wrong = wrong_of(shop)
    shop.register.fault("8D", "error", "before", value=0x6B)
    with pytest.raises(PosError):
        put_right(shop, wrong)
    went_back(shop, tmp_path, lambda: put_right(shop, wrong, Said()))
    assert take_all_in(shop) == 2
    known = correction_state.correction_of(shop.till, wrong)
    assert [each.state for each in known.documents] == [State.FISCALIZED] * 2
    assert len(on_register(shop)) == 3


def test_a_settlement_without_the_register(shop: Shop, tmp_path: Path) -> None:
    """In FFD 1.05 its document has no lines: it comes back with one for each rate."""
    at_rate(shop, 2, 10)
    order = paid(at(10))
    shop.till.journal.save_orders([order], claimed=True)
    went_back(shop, tmp_path, lambda: settle(shop, order))
    assert take_all_in(shop) == 1
    stored = shop.stored()
    assert stored.receipt.correction is not None
    assert (stored.receipt.total, stored.receipt.settlement.part) == (TOTAL, "1")
    assert [each.message() for each in reconcile.run(shop.till).differences] == []
    with pytest.raises(sale.AlreadyReceipted):
        shop.sell(at(10))


# ------------------------------------------------------------------------------------------------ what the program sees
def codes(shop: Shop) -> list[str]:
    return [each.code for each in correction_list.items(shop.till, shop.now() - timedelta(days=1))]


def test_nothing_is_wrong(shop: Shop) -> None:
    wrong_of(shop)
    reconcile.run(shop.till)
    assert codes(shop) == []


def test_a_rate_that_the_confirmed_table_does_not_know_any_more(shop: Shop) -> None:
    wrong = wrong_of(shop)
    at_rate(shop, 2, 10)
    shop.till.journal.save_orders([at(10)], claimed=True)
    (item,) = correction_list.items(shop.till, shop.now() - timedelta(days=1))
    assert (item.code, item.key, len(item.documents)) == ("rates_wrong", wrong.receipt.key, 2)
    assert "22" in item.message()
    correct.correct(shop.till, item.key, Said(), "ставку исправили")
    assert {line.vat.value for line in item.documents[1].lines} == {2}
    redo = on_register(shop)[2]
    assert redo.key == item.documents[1].key
    assert codes(shop) == []


def test_a_document_that_says_something_else_than_the_journal(shop: Shop) -> None:
    """The journal says card, the paper says cash: the paper is taken back as it is."""
    wrong = wrong_of(shop)
    counters.settle(shop.till)
    kept = replace(wrong.receipt, tenders=card(TOTAL))
    rewrite(shop, wrong.receipt.key, kept.as_json())
    assert "storage_differs" in [each.code for each in reconcile.run(shop.till).differences]
    (item,) = correction_list.items(shop.till, shop.now() - timedelta(days=1))
    assert (item.code, item.key) == ("printed_otherwise", wrong.receipt.key)
    correct.correct(shop.till, item.key, Said(), "в журнале верно")
    _, undo, redo = map(tags, on_register(shop))
    assert (undo[1031], undo[1081]) == (TOTAL.kopecks, 0)
    assert (redo[1031], redo[1081]) == (0, TOTAL.kopecks)
    assert codes(shop) == []


def rewrite(shop: Shop, key: str, body: object) -> None:
    """The receipt in the journal says something else than was printed, as after a bug or by another hand."""
    import json
    import sqlite3
    from contextlib import closing

    shop.close()
    with closing(sqlite3.connect(shop.till.journal.path)) as db, db:
        (columns,) = [[row[1] for row in db.execute("PRAGMA table_info(receipts)")]]
        assert "body" in columns
        db.execute("UPDATE receipts SET body = ? WHERE key = ?", (json.dumps(body, ensure_ascii=False), key))
    shop.reopen()


def test_goods_that_went_out_without_a_receipt(shop: Shop) -> None:
    order = an_order(2)
    gone = replace(order, shipments=tuple(replace(each, is_deducted=True) for each in order.shipments))
    shop.till.journal.save_orders([gone], claimed=True)
    (item,) = correction_list.items(shop.till, shop.now() - timedelta(days=1))
    assert (item.code, item.order) == ("money_without_receipt", order.number)
    assert f"posapp correct --order {order.number}" in item.command


def test_one_too_many(shop: Shop) -> None:
    """Two sales of one order: the surplus one is taken back, nothing follows."""
    first = wrong_of(shop)
    second = duplicate(shop)
    done = correct.correct(shop.till, second, Said(is_void=True), "лишний")
    assert [each.view.receipt.settlement.fix for each in done.sold] == [(Fix.VOID, second)]
    assert [tags(each)[1054] for each in on_register(shop)] == [1, 1, 2]
    with pytest.raises(SaleError) as caught:
        correct.correct(shop.till, first.receipt.key, Said(is_void=True), "и этот")
    assert caught.value.code == "correction_unfit"  # the money would have no receipt at all


def duplicate(shop: Shop) -> str:
    """A second receipt of the same order, as another way of the same money made it."""
    receipt = replace(
        shop.receipt(),
        identity=shop.till.new_id(),
        settlement=replace(shop.receipt().settlement, part="99"),
    )
    shop.till.journal.add_receipt(receipt)
    sale.print_pending(shop.till, receipt, recover.status_for_sale(shop.till))
    return receipt.key


def test_it_is_shown_what_would_be_printed_for_them(shop: Shop, version: Ffd) -> None:
    """Day and tender only people know, so as if it had been today and in cash; what the format lacks is said."""
    order = an_order(2)
    gone = replace(order, shipments=tuple(replace(each, is_deducted=True) for each in order.shipments))
    shop.till.journal.save_orders([gone], claimed=True)
    (item,) = correction_list.items(shop.till, shop.now() - timedelta(days=1))
    assert (item.trouble.code if item.trouble else "") == ("register_lacks" if version is Ffd.V1_05 else "")
    assert [each.tender(TenderKind.CASH) for each in item.documents] == ([] if version is Ffd.V1_05 else [TOTAL])


def test_where_receipts_carry_the_key_in_1192_it_gives_way_to_the_sign(tmp_path: Path) -> None:
    register = Register()
    register.printer.traits = Traits(refused_tags=frozenset({1084}))
    with shop_at(tmp_path / "till", register) as shop:
        shop.close()
        shop.set_up_again(only_program=True)
        shop.till.journal.save_orders([an_order()], claimed=True)
        wrong = wrong_of(shop)
        assert tags(on_register(shop)[0])[1192] == wrong.receipt.key
        put_right(shop, wrong)
        assert wrong.mark is not None
        assert [tags(each)[1192] for each in on_register(shop)[1:]] == [wrong.mark.document_sign] * 2
        assert [each.message() for each in reconcile.run(shop.till).differences] == []


def test_one_too_many_that_the_journal_does_not_know(shop: Shop) -> None:
    """Another copy of this till has printed the order a second time: selling stops until it is taken back."""
    first = wrong_of(shop)
    again = replace(first.receipt, identity=shop.till.new_id())
    mark = shop.till.printer.print_receipt(again, after=shop.till.printer.last_document_number())
    with pytest.raises(ResolveNeeded):
        shop.sell(an_order(2))
    assert "two_documents" in [each.code for each in reconcile.run(shop.till).differences]
    (item,) = correction_list.items(shop.till, shop.now() - timedelta(days=1))
    assert (item.code, item.document, len(item.documents)) == ("two_documents", mark.document_number, 1)
    done = correct.correct_surplus(shop.till, mark.document_number, Said(), "чек лишний")
    assert [each.view.receipt.settlement.fix for each in done.sold] == [(Fix.VOID, again.key)]
    shown = [tags(each) for each in on_register(shop)]
    assert [each[1054] for each in shown] == [1, 1, 2]
    assert shown[2][1192] == mark.document_sign
    assert shop.till.journal.entries_of_receipt(again.key) == []
    assert [each.message() for each in reconcile.run(shop.till).differences] == []
    with pytest.raises(sale.AlreadyReceipted):
        shop.sell()
    shop.sell(an_order(2))
    with pytest.raises(SaleError) as caught:
        correct.correct_surplus(shop.till, mark.document_number, Said(), "чек лишний")
    assert caught.value.code == "correction_done"


def test_the_only_document_of_an_order_is_not_one_too_many(shop: Shop) -> None:
    first = wrong_of(shop)
    assert first.mark is not None
    with pytest.raises(SaleError) as caught:
        correct.correct_surplus(shop.till, first.mark.document_number, Said(), "лишний")
    assert caught.value.code == "correction_unfit"
