"""A sale in the storage that nobody can read and that the journal does not know proves only by its total that it is not
an order's receipt (rule 6). The journal may have gone back in time: such an order is sold on a manager's word only."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from posapp.domain.money import Money
from posapp.errors import SaleError
from posapp.till import own_documents, recover, sale
from tests.till.rig import Register
from tests.till.shops import Shop, an_order, cash, shop_at


def older(shop: Shop, folder: Path) -> Path:
    """A copy of the data directory as it is now, by hand."""
    shop.close()
    copy = folder / "older"
    shutil.copytree(shop.folder, copy)
    shop.reopen()
    return copy


def put_back(shop: Shop, copy: Path) -> None:
    """Somebody puts the copy in place of the directory."""
    shop.close()
    shutil.rmtree(shop.folder)
    shutil.copytree(copy, shop.folder)
    shop.reopen()


@pytest.fixture
def went_back(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Order 1 was sold after the copy that is in place now, and its tags cannot be read any more."""
    shop.till.journal.save_orders([an_order(number) for number in (1, 2, 3)], claimed=True)
    recover.recover(shop.till)  # the till has met this storage before the copy
    copy = older(shop, tmp_path_factory.mktemp("copies"))
    shop.sell(an_order(1))
    shop.register.lose_tlv(shop.register.receipts[-1].number)
    put_back(shop, copy)
    return shop


def test_an_order_of_the_same_total_is_not_sold_again(went_back: Shop) -> None:
    number = went_back.register.receipts[-1].number
    for order in (an_order(1), an_order(2)):
        with pytest.raises(SaleError) as refused:
            went_back.sell(order)
        assert refused.value.code == "maybe_receipted"
        assert refused.value.facts["documents"] == f"ФД {number}"
    assert len(went_back.register.receipts) == 1


def test_another_total_is_a_proof(went_back: Shop) -> None:
    went_back.sell(an_order(3, (Money(7_00),)))
    assert len(went_back.register.receipts) == 2


def test_a_manager_answers_for_the_sale(went_back: Shop) -> None:
    order = an_order(2)
    sale.sell(went_back.till, order, cash(order.price), "бумажный чек другого покупателя")
    (record,) = [each for each in went_back.till.journal.audit_rows() if each.what == "claim.overridden"]
    assert "ФД" in str(record.facts["beside"])
    assert len(went_back.register.receipts) == 2


def test_a_document_that_a_person_calls_foreign_stands_in_no_ones_way(went_back: Shop) -> None:
    with pytest.raises(SaleError):
        went_back.sell(an_order(2))
    own_documents.declare_foreign(went_back.till, went_back.register.receipts[-1].number, "чек соседа")
    went_back.sell(an_order(2))
    assert len(went_back.register.receipts) == 2


def test_what_was_there_before_the_till_says_nothing(register: Register, tmp_path: Path) -> None:
    """At the first contact old documents are often unreadable, and none of them can be this till's."""
    with shop_at(tmp_path / "former", register):
        register.lose_tlv(register.foreign_receipt(an_order(1).price.kopecks))
    with shop_at(tmp_path / "new", register, shift_open=False) as newcomer:
        newcomer.sell(an_order(1))
    assert len(register.receipts) == 2
