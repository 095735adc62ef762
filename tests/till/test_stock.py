"""From the counter to the portal's stock: sales without an order, refunds, what is shown, what a person decides."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from posapp import settings as settings_file
from posapp.domain.checkout import Terms
from posapp.domain.money import Quantity
from posapp.domain.offers import Way
from posapp.errors import SaleError
from posapp.settings import StockSettings
from posapp.till import exchange, keeping, orders, refund, sale, stock, store_stock, walkin
from posapp.till.views import Light
from tests.sync.portals import Row, order_row
from tests.till.four import Four, four_at
from tests.till.rig import Register
from tests.till.test_restore import bring_back, path_of
from tests.till.walkins import GOODS, MUG, TEA, cash, label, put_on_board, sell

TEA_ID, MUG_ID, CHEESE_ID = 301, 302, 311
PRODUCTS: list[Row] = [
    {"id": number, "iblockId": 15, "name": name, "quantity": 10, "quantityTrace": "Y", "canBuyZero": "N"}
    for number, name in ((TEA_ID, "Чай"), (MUG_ID, "Кружка"), (CHEESE_ID, "Сыр"))
]
HELD: list[Row] = [
    {"id": each["id"], "productId": each["id"], "storeId": 1, "amount": 10, "quantityReserved": 0} for each in PRODUCTS
]
BY_DOCUMENTS, BY_QUANTITY = StockSettings("documents", 1, 1), StockSettings("quantity")
MODES = pytest.mark.parametrize("mode", [BY_DOCUMENTS, BY_QUANTITY], ids=lambda each: each.mode)


def ordered(order_id: int) -> Row:
    """Two mugs and some tea, delivered."""
    row = order_row(order_id)
    row["basketItems"] = [
        {"id": order_id * 10, "name": "Кружка", "productId": MUG_ID, "quantity": 2, "price": 40, "vatRate": 0.22},
        {"id": order_id * 10 + 1, "name": "Чай", "productId": TEA_ID, "quantity": 1, "price": 20, "vatRate": 0.22},
    ]
    return row


@contextmanager
def shop_of(folder: Path, register: Register, mode: StockSettings | None, *rows: Row) -> Iterator[Four]:
    options = {"inventory_management": "Y" if mode is not None and mode.mode == "documents" else "N"}
    with four_at(
        folder, register, *(rows or (ordered(1),)), products=PRODUCTS, storeProducts=HELD, options=options
    ) as four:
        goods_on_board(four)
        four.shop.till = replace(four.shop.till, settings=four.shop.till.settings.with_(stock=mode))
        yield four


def goods_on_board(four: Four) -> None:
    """The catalogue as a complete pull leaves it, of this portal."""
    portal, stock_mode = four.shop.till.portal, four.shop.till.settings.stock
    put_on_board(four.shop, *[replace(each, portal=portal, vat_row=3) for each in GOODS[:3]], portal=portal)
    four.wire()
    settings = four.shop.till.settings.with_(catalogue=four.shop.settings.catalogue, stock=stock_mode)
    four.shop.till = replace(four.shop.till, settings=settings)


def left(four: Four, product_id: int) -> Any:
    return Decimal(four.bitrix.portal.state()["stock"][str(product_id)])


def entries(four: Four) -> list[Any]:
    return [each for each in four.shop.till.journal.entries() if each.body.get("moves_goods")]


# ------------------------------------------------------------------------------------------------ sales and refunds
@MODES
def test_a_sale_without_an_order_leaves_the_stock_once(mode: StockSettings, tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, mode) as four:
        done = sell(four.shop.till, f"{TEA}*2", label(350), TEA)
        assert done.outbox_pending == 1
        four.deliver()
        four.deliver()
        assert (left(four, TEA_ID), left(four, CHEESE_ID), left(four, MUG_ID)) == (7, Decimal("9.65"), 10)
        (entry,) = entries(four)
        number = done.view.mark.document_number if done.view.mark else 0
        assert (entry.state, entry.order_number, entry.order_id) == ("done", f"ФД {number}", 0)
        assert exchange.strip(four.shop.till).unsent == 0


@MODES
def test_what_is_taken_back_comes_back_once(mode: StockSettings, tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, mode) as four:
        till = four.shop.till
        sold = sell(till, f"{TEA}*2", MUG).view.receipt
        part = refund.refund(till, sold.key, {0: Quantity.of("1")})
        refund.told(till, part)
        four.deliver()
        assert (left(four, TEA_ID), left(four, MUG_ID)) == (9, 9)
        refund.told(till, refund.refund(till, sold.key))
        four.deliver()
        four.deliver()
        assert (left(four, TEA_ID), left(four, MUG_ID)) == (10, 10)


@MODES
def test_goods_that_did_not_come_back_stay_out(mode: StockSettings, tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, mode) as four:
        till = four.shop.till
        sold = sell(till, MUG).view.receipt
        refund.refund(till, sold.key, goods_stay=True)
        four.sell(1)
        four.deliver()
        refund.refund(till, four.shop.receipt(1).key, goods_stay=True)
        four.deliver()
        assert left(four, MUG_ID) == 7
        assert four.on_portal(1)["deducted"] == "Y"
        assert four.on_portal(1)["payed"] == "N"
        assert exchange.strip(till).needs_person == 0


@MODES
def test_a_part_of_an_order_comes_back_by_itself_and_the_rest_too(
    mode: StockSettings, tmp_path: Path, register: Register
) -> None:
    """Undoing the shipment for the last of several refunds would bring the first part back twice."""
    with shop_of(tmp_path, register, mode) as four:
        till = four.shop.till
        sold = four.sell(1).receipt
        assert (left(four, MUG_ID), left(four, TEA_ID)) == (8, 9)
        refund.told(till, refund.refund(till, sold.key, {0: Quantity.of("1")}))
        four.deliver()
        assert (left(four, MUG_ID), left(four, TEA_ID)) == (9, 9)
        refund.told(till, refund.refund(till, sold.key))
        four.deliver()
        four.deliver()
        assert (left(four, MUG_ID), left(four, TEA_ID)) == (10, 10)
        assert four.on_portal(1)["deducted"] == "Y", "its shipment went out and stays so"
        assert {each.state for each in till.journal.entries()} == {"done"}
        four.days(0.01)
        assert four.reconcile().differences == ()


@MODES
def test_an_order_that_comes_back_whole_at_once_is_not_deducted_any_more(
    mode: StockSettings, tmp_path: Path, register: Register
) -> None:
    with shop_of(tmp_path, register, mode) as four:
        sold = four.sell(1).receipt
        refund.refund(four.shop.till, sold.key)
        four.deliver()
        assert (left(four, MUG_ID), left(four, TEA_ID)) == (10, 10)
        assert four.on_portal(1)["deducted"] == "N"
        assert entries(four) == []


def test_trap_34_an_order_leaves_by_its_shipment_and_by_no_document(tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, BY_DOCUMENTS) as four:
        four.sell(1)
        four.deliver()
        assert four.bitrix.portal.state()["documents"] == []
        assert (left(four, MUG_ID), left(four, TEA_ID)) == (8, 9)


def test_a_part_that_comes_back_before_the_order_has_left_waits(tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, BY_DOCUMENTS) as four:
        till = four.shop.till
        sold = four.sell(1, deliver=False).receipt
        stock_entry = till.journal.entries_of_receipt(sold.key)[-1]
        till.journal.hold_entry(stock_entry.id)
        refund.refund(till, sold.key, {0: Quantity.of("1")})
        four.deliver()
        assert (entries(four)[0].state, left(four, MUG_ID)) == ("waiting", 10)
        till.journal.retry_entry(stock_entry.id, till.now())
        four.deliver()
        four.deliver()
        assert (entries(four)[0].state, left(four, MUG_ID)) == ("done", 9)


@pytest.mark.parametrize("mode", ["1c", "none"])
def test_where_somebody_else_keeps_the_stock_the_light_says_so(mode: str, tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, StockSettings(mode)) as four:
        till = four.shop.till
        sell(till, MUG)
        four.sell(1)
        lights = orders.view(till, orders.find(till, "N-1")).lights
        assert lights.stock.light is Light.GREY
        assert lights.stock.proof == {"1c": "остатки ведёт 1С", "none": "остатков на портале не ведут"}[mode]
        assert (lights.money.light, lights.status.light) == (Light.GREEN, Light.GREEN)
        assert four.on_portal(1)["deducted"] == "N"
        assert left(four, MUG_ID) == 10
        assert entries(four) == []
        four.days(0.01)
        assert four.reconcile().differences == ()


def test_where_1c_keeps_the_stock_a_hand_over_still_carries_its_receipt(tmp_path: Path, register: Register) -> None:
    """Rule 15: the list of its receipts stands in the shipment, and other tills read it."""
    row = ordered(1)
    row["payments"][0]["paid"] = "Y"
    with shop_of(tmp_path, register, StockSettings("1c"), row) as four:
        till = four.shop.till
        order = till.journal.order_by_id(till.portal, 1)
        assert order is not None
        key = sale.sell(till, order, (), terms=Terms(Way.HANDOVER)).view.receipt.key
        four.deliver()
        shipment = four.on_portal(1)["shipments"][0]
        assert (key in shipment["comments"], shipment["deducted"]) == (True, "N")
        assert orders.view(till, orders.find(till, "N-1")).lights.stock.light is Light.GREY
        four.days(0.01)
        assert four.reconcile().differences == ()


def test_where_only_shipments_count_a_sale_without_an_order_changes_nothing(tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, StockSettings("shipments")) as four:
        assert sell(four.shop.till, MUG).outbox_pending == 0
        four.sell(1)
        assert left(four, MUG_ID) == 8


def test_what_was_sold_before_the_mode_was_chosen_is_not_told(tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, replace(BY_QUANTITY, since="2030-01-01T00:00:00+00:00")) as four:
        assert sell(four.shop.till, MUG).outbox_pending == 0


def test_the_rest_that_went_back_while_the_prepayment_stands_is_no_difference(
    tmp_path: Path, register: Register
) -> None:
    """All money of the second payment went back, the receipt stands in part: the payment is rightly unpaid."""
    row = ordered(1)
    row["payments"] = [{"id": 11, "sum": 20, "paySystemId": 1, "paid": "Y"}, {"id": 12, "sum": 80, "paySystemId": 1}]
    with shop_of(tmp_path, register, BY_QUANTITY, row) as four:
        till = four.shop.till
        order = till.journal.order_by_id(till.portal, 1)
        assert order is not None
        key = sale.sell(till, order, cash(8_000), terms=Terms(Way.REST)).view.receipt.key
        four.deliver()
        refund.refund(till, key, {0: Quantity.of("2")})
        four.deliver()
        four.deliver()
        assert [each["paid"] for each in four.on_portal(1)["payments"]] == ["Y", "N"]
        assert (left(four, MUG_ID), left(four, TEA_ID)) == (10, 9)
        four.days(0.01)
        assert four.reconcile().differences == ()


# ------------------------------------------------------------------------------------------------ what is shown
def test_the_till_shows_what_is_left_after_what_it_sold(tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, BY_QUANTITY) as four:
        till = four.shop.till
        four.bitrix.set("network", {"up": False})
        sell(till, f"{TEA}*2")
        sold = four.sell(1, deliver=False).receipt
        assert till.journal.unconfirmed_stock(till.portal, TEA_ID) == -3
        assert stock.level(till, TEA_ID).unconfirmed == -3
        assert stock.level(till, TEA_ID).shown is None
        assert till.journal.unconfirmed_stock(till.portal, MUG_ID) == -2
        four.bitrix.set("network", {"up": True})
        four.deliver()
        assert till.journal.unconfirmed_stock(till.portal, TEA_ID) == 0
        assert all(each.confirmed_at for each in till.journal.stock_moves(sold.key))


def test_what_was_told_after_the_portal_was_read_is_taken_off_what_it_showed(
    tmp_path: Path, register: Register
) -> None:
    with shop_of(tmp_path, register, BY_DOCUMENTS) as four:
        till = four.shop.till
        register.advance(60)
        store_stock.pull(till)
        assert stock.level(till, TEA_ID).shown == 10
        register.advance(60)
        sell(till, f"{TEA}*2")
        assert stock.level(till, TEA_ID).shown == 8
        exchange.deliver(till)
        found = stock.level(till, TEA_ID)
        assert [left(four, TEA_ID), found.on_portal, found.unconfirmed, found.shown] == [8, 10, -2, 8]
        register.advance(60)
        store_stock.pull(till)
        found = stock.level(till, TEA_ID)
        assert [found.on_portal, found.unconfirmed, found.shown] == [8, 0, 8]


# ------------------------------------------------------------------------------------------------ is there enough
@MODES
def test_less_than_is_sold_is_said_before_money_is_taken(
    mode: StockSettings, tmp_path: Path, register: Register
) -> None:
    with shop_of(tmp_path, register, mode) as four:
        till = four.shop.till
        stock.refuse_short_items(till, walkin.items_of(till, [f"{TEA}*10"]))
        four.bitrix.set("network", {"up": False})
        sell(till, f"{TEA}*3")
        stock.refuse_short_items(till, walkin.items_of(till, [f"{TEA}*8"]))  # nobody is asked: nothing is blocked
        four.bitrix.set("network", {"up": True})
        with pytest.raises(SaleError) as short:
            stock.refuse_short_items(till, walkin.items_of(till, [f"{TEA}*5", f"{TEA}*3"]))
        assert short.value.code == "stock_short"
        assert "7" in short.value.message(), "three are sold here and not told yet"
        done = walkin.sell(till, walkin.items_of(till, [f"{TEA}*8"]), cash())
        assert done.view.mark is not None, "a person goes on"


def test_an_order_is_short_of_what_is_not_its_own_reservation(tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, BY_QUANTITY) as four:
        till = four.shop.till
        order = till.journal.order_by_id(till.portal, 1)
        assert order is not None
        product = four.bitrix.portal.shop.products[MUG_ID]
        product |= {"quantity": Decimal(0), "quantityReserved": Decimal(2)}
        stock.refuse_short_order(till, order)
        product["quantityReserved"] = Decimal(1)
        with pytest.raises(SaleError) as short:
            stock.refuse_short_order(till, order)
        assert "Кружка" in short.value.message()
        product["canBuyZero"] = "Y"
        stock.refuse_short_order(till, order)


@pytest.mark.parametrize("mode", [None, replace(BY_QUANTITY, looks=False), StockSettings("1c")])
def test_a_shop_that_does_not_look_is_not_asked(mode: StockSettings | None, tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, mode) as four:
        before = four.bitrix.http_requests()
        stock.refuse_short_items(four.shop.till, walkin.items_of(four.shop.till, [f"{TEA}*99"]))
        assert four.bitrix.http_requests() == before


# ------------------------------------------------------------------------------------------------ a person decides
def test_a_person_settles_what_nobody_can_read(tmp_path: Path, register: Register) -> None:
    with shop_of(tmp_path, register, BY_QUANTITY) as four:
        till = four.shop.till
        sell(till, MUG)
        (entry,) = entries(four)
        with pytest.raises(SaleError) as refused:
            stock.settle(till, entry.id, "проверила", is_done=True)
        assert refused.value.code == "stock_settled"
        till.journal.set_fact("stock_restored_at", "2030-01-01T00:00:00+00:00")
        four.deliver()
        assert entries(four)[0].code == "stock_unclear"
        assert exchange.strip(till).needs_person == 1
        stock.settle(till, entry.id, "не списан", is_done=False)
        four.deliver()
        assert (entries(four)[0].state, left(four, MUG_ID)) == ("done", 9)
        (record,) = till.journal.audit_rows(subject=f"entry {entry.id}")
        assert (record.what, record.why) == ("stock.again", "не списан")
        for number in (entry.id, 999):
            with pytest.raises(SaleError):
                stock.settle(till, number, "ещё раз", is_done=True)


# ------------------------------------------------------------------------------------------------ a lost journal
@MODES
def test_a_journal_that_went_back_takes_nothing_twice(mode: StockSettings, tmp_path: Path, register: Register) -> None:
    """One sale waited in the copy and was told later, one was made and told later: neither is told again."""
    with shop_of(tmp_path, register, mode) as four:
        shop = four.shop
        shop.settings = shop.till.settings
        settings_file.save(shop.folder, shop.settings)
        waiting = sell(shop.till, MUG).view.receipt
        register.advance(60)
        copy = keeping.keep_copies(shop.till).made[keeping.LOCAL]
        register.advance(60)
        later = sell(shop.till, f"{TEA}*2").view.receipt
        four.deliver()
        assert (left(four, MUG_ID), left(four, TEA_ID)) == (9, 8)
        shop.close()
        shutil.copyfile(copy, path_of(shop))
        shop.reopen()
        assert bring_back(shop, copy=copy).is_whole
        shop.till = replace(shop.till, client=lambda: four.bitrix.client)
        four.deliver()
        four.deliver()
        assert (left(four, MUG_ID), left(four, TEA_ID)) == (9, 8)
        found = {each.receipt_key: (each.state, each.code) for each in entries(four)}
        assert set(found) == {waiting.key, later.key}
        doubt = ("done", "") if mode.mode == "documents" else ("failed", "stock_unclear")
        assert found[waiting.key] == doubt
        assert found[later.key] in (doubt, ("failed", "stock_goods_unknown"))
        for each in entries(four):
            if each.state == "failed":
                stock.settle(shop.till, each.id, "сверено по Битрикс", is_done=True)
        goods_on_board(four)
        register.advance(60)
        sell(shop.till, MUG)
        four.deliver()
        assert (left(four, MUG_ID), left(four, TEA_ID)) == (8, 8)


def test_whether_goods_came_back_is_saved_from_a_damaged_journal(tmp_path: Path, register: Register) -> None:
    """A document does not tell it."""
    with shop_of(tmp_path, register, BY_DOCUMENTS) as four:
        shop = four.shop
        shop.settings = shop.till.settings
        settings_file.save(shop.folder, shop.settings)
        sold = [sell(shop.till, MUG).view.receipt for _ in range(2)]
        four.deliver()
        register.advance(60)
        keeping.keep_copies(shop.till)
        register.advance(60)
        kept = [
            refund.refund(shop.till, each.key, goods_stay=number == 0).view.receipt for number, each in enumerate(sold)
        ]
        shop.close()
        with closing(sqlite3.connect(path_of(shop))) as db:
            page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_outbox_order'").fetchone()[0]
        with path_of(shop).open("r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(bytes(4096))
        assert bring_back(shop).is_whole
        found = [shop.till.journal.returned_goods(each.key) for each in kept]
        assert [each is not None and each.is_back for each in found] == [False, True]
        shop.till = replace(shop.till, client=lambda: four.bitrix.client)
        four.deliver()
        assert left(four, MUG_ID) == 9
