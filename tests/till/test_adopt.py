"""Rule 11: a restored data directory sells nothing until the documents that it lost are taken in again."""

from __future__ import annotations

import shutil

import pytest

from posapp.domain.settlement import Stamp, State
from posapp.errors import ResolveNeeded
from posapp.till import adopt, recover, resolve, sale
from tests.till.shops import LINES, TOTAL, Shop, an_order


@pytest.fixture
def restored(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The journal of before order 1 was sold, the register of after."""
    for order in (an_order(1), an_order(2)):
        shop.till.journal.save_orders([order], claimed=True)
    shop.close()
    kept = tmp_path_factory.mktemp("kept") / "journal"
    shutil.copytree(shop.folder, kept)
    shop.reopen()
    shop.sell(an_order(1))
    shop.close()
    shutil.rmtree(shop.folder)
    shutil.copytree(kept, shop.folder)
    shop.reopen()
    return shop


def lost(shop: Shop) -> tuple[str, int]:
    (document,) = adopt.strays(shop.till)
    stamp = Stamp.parse(document.stamp or "")
    assert stamp is not None
    return stamp.key, document.number


def test_rule_11_nothing_is_sold_before_a_person_has_looked(restored: Shop) -> None:
    before = len(restored.register.receipts)
    for number in (1, 2):
        with pytest.raises(ResolveNeeded):
            restored.sell(an_order(number))
    assert len(restored.register.receipts) == before
    (case,) = resolve.waiting(restored.till)
    assert (case.key, case.documents[0].number) == lost(restored)
    assert case.order_number == an_order(1).number
    assert case.total == TOTAL


def test_a_lost_document_is_taken_in_with_its_key_its_lines_and_its_outbox(restored: Shop) -> None:
    key, number = lost(restored)
    done = resolve.decide_made(restored.till, key, number)
    assert (done.view.receipt.key, done.view.receipt.total, done.outbox_pending) == (key, TOTAL, 4)
    assert [line.price for line in done.view.receipt.lines] == list(LINES)
    restored.assert_exactly_one(1)
    with pytest.raises(sale.AlreadyReceipted):
        restored.sell(an_order(1))
    restored.sell(an_order(2))
    restored.assert_exactly_one(2)
    assert recover.recover(restored.till) == []


def test_what_does_not_fit_is_not_taken_in(restored: Shop) -> None:
    key, number = lost(restored)
    for wrong_key, wrong_number in ((key, number - 1), ("0" * 16, number)):
        with pytest.raises(ResolveNeeded):
            resolve.decide_made(restored.till, wrong_key, wrong_number)
    assert restored.till.journal.receipts_in(*State) == []


def test_taking_in_twice_changes_nothing(restored: Shop) -> None:
    key, number = lost(restored)
    resolve.decide_made(restored.till, key, number)
    with pytest.raises(ResolveNeeded):
        resolve.decide_made(restored.till, key, number)
    restored.assert_exactly_one(1)
