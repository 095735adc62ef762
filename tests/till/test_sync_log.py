"""The sync log of a till on a portal: what is kept of each request, in which words it is told, and the budget."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from posapp.errors import SaleError
from posapp.journal.rows import NewLogRow, OutboxEntry
from posapp.settings import LogSettings, VatSettings
from posapp.sync.bitrix.client import Wire
from posapp.sync.governor import Figures
from posapp.till import exchange, sync_log
from posapp.till.sync_views import BudgetView
from tests.sync.portals import Bitrix, order_row, serving, shop_of
from tests.till.shops import TAG_VAT_22, Shop

VAT_ROW = 3  # of the simulated portal
SECRETS = ("Заречный", "79991234567", "Зелёная", "zarechny@")


def row(order_id: int) -> dict[str, object]:
    """An order whose buyer is known by everything."""
    return order_row(
        order_id,
        userDescription="Домофон 12, спросить Заречного, +79991234567",
        propertyValues=[
            {"id": order_id * 10 + 5, "name": "Ф.И.О.", "code": "FIO", "orderPropsId": 1, "value": "Заречный Пётр"},
            {"id": order_id * 10 + 6, "name": "Телефон", "code": "PHONE", "orderPropsId": 3, "value": "+79991234567"},
            {
                "id": order_id * 10 + 7,
                "name": "E-mail",
                "code": "EMAIL",
                "orderPropsId": 2,
                "value": "zarechny@mail.ru",
            },
            {"id": order_id * 10 + 8, "name": "Адрес", "code": "ADDRESS", "orderPropsId": 7, "value": "ул. Зелёная, 5"},
        ],
    )


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    with serving(shop_of(row(1), row(2))) as served:
        yield served


@pytest.fixture
def online(shop: Shop, bitrix: Bitrix) -> Shop:
    portal = shop.settings.portal
    assert portal is not None
    settings = shop.settings.with_(
        portal=replace(portal, portal=bitrix.client.portal),
        vat=VatSettings(confirmed={VAT_ROW: TAG_VAT_22}, rows={VAT_ROW: ("НДС 22 %", "22")}),
    )
    shop.till = replace(shop.till, settings=settings, client=lambda: bitrix.client)
    exchange.pull(shop.till)
    return shop


def kept(shop: Shop) -> str:
    """Everything that the log keeps, unpacked."""
    with closing(sqlite3.connect(shop.till.journal.path)) as db:
        bodies = db.execute("SELECT request, answer FROM sync_bodies").fetchall()
        reasons = db.execute("SELECT reason FROM sync_log").fetchall()
    texts = [zlib.decompress(each).decode() for pair in bodies for each in pair if each]
    return "\n".join([*texts, *(each[0] for each in reasons)])


def sold(online: Shop, bitrix: Bitrix) -> str:
    order = online.till.journal.order_by_id(bitrix.client.portal, 1)
    assert order is not None
    key = online.sell(order).view.receipt.key
    exchange.sync(online.till)
    return key


def test_trap_71_nothing_personal_and_no_key_is_kept_of_a_whole_day(online: Shop, bitrix: Bitrix) -> None:
    sold(online, bitrix)
    text = kept(online)
    assert "N-1" in text
    for secret in (*SECRETS, bitrix.secret):
        assert secret not in text


def test_a_row_is_told_with_what_it_asked_and_was_answered(online: Shop, bitrix: Bitrix) -> None:
    key = sold(online, bitrix)
    rows = sync_log.page(online.till, "all", key, None)
    assert {each.receipt for each in rows} == {key}
    assert {each.step for each in rows} == {"mark", "payment", "status", "stock"}
    paid = next(each for each in rows if each.step == "payment" and each.method == "sale.payment.update")
    detail = sync_log.detail(online.till, paid.row_id)
    assert '"paid": "Y"' in detail.request
    assert '"paid": "Y"' in detail.answer
    assert (detail.is_kept, detail.trouble, detail.remedy, detail.row.http) == (True, "", "", 200)
    with pytest.raises(SaleError, match="строка 99999"):
        sync_log.detail(online.till, 99_999)


def test_what_was_declined_is_told_with_its_remedy(online: Shop, bitrix: Bitrix) -> None:
    bitrix.faults({"method": "sale.shipment.update", "nth": 1, "when": "before", "do": "http", "times": 3,
                   "value": {"status": 400, "error": "ERR_STOCK"}})  # fmt: skip
    sold(online, bitrix)
    (row, *_) = sync_log.page(online.till, "mine", "", None)
    detail = sync_log.detail(online.till, row.row_id)
    assert row.step == "stock"
    assert detail.trouble
    assert detail.remedy
    assert "{" not in detail.remedy
    assert "ERR_STOCK" in detail.answer


def test_what_needs_a_person_is_one_row_an_entry_and_that_row_tells_the_trouble(online: Shop, bitrix: Bitrix) -> None:
    bitrix.faults({"method": "sale.shipment.update", "nth": 1, "when": "before", "do": "http", "times": 3,
                   "value": {"status": 400, "error": "ERR_STOCK"}})  # fmt: skip
    key = sold(online, bitrix)
    journal = online.till.journal
    entries = {each.step: each for each in journal.entries_of_receipt(key)}
    stock = entries["stock"]
    journal.add_log([told_of(stock, "done"), told_of(stock, "done")])  # read once more, which went well
    (row,) = sync_log.page(online.till, "mine", "", None)
    assert (row.entry, row.outcome, row.code) == (stock.id, "failed", stock.code)
    assert sync_log.counts(online.till)["mine"] == 1
    assert [each.row_id for each in sync_log.page(online.till, "mine", "N-1", None)] == [row.row_id]
    assert sync_log.page(online.till, "mine", "N-2", None) == []
    assert sync_log.page(online.till, "mine", "", row.row_id) == []

    # Whatever Bitrix accepted: an entry that failed by our own judgement says why, and so does one that asked nothing.
    mark, payment = entries["mark"], entries["payment"]
    with closing(sqlite3.connect(journal.path)) as db, db:
        db.execute("UPDATE outbox SET state = 'failed', code = 'portal_differs', facts = ? WHERE id IN (?, ?)",
                   ('{"order": "N-1", "what": "чужое"}', mark.id, payment.id))  # fmt: skip
        db.execute("DELETE FROM sync_log WHERE entry_id = ?", (payment.id,))
    rows = {each.entry: each for each in sync_log.page(online.till, "mine", "", None)}
    assert set(rows) == {stock.id, mark.id, payment.id}
    assert rows[payment.id].row_id == -payment.id
    for each in (rows[mark.id], rows[payment.id]):
        assert (each.outcome, each.code) == ("failed", "portal_differs")
        assert "чужое" in each.reason
        detail = sync_log.detail(online.till, each.row_id)
        assert "чужое" in detail.trouble
        assert detail.remedy


def told_of(entry: OutboxEntry, outcome: str) -> NewLogRow:
    return NewLogRow(
        entry.created_at, entry.id, entry.order_number, entry.step, "sale.shipment.get", outcome, 200, "", "", 40, 9
    )


def test_an_error_that_quotes_the_buyer_leaves_no_name_in_the_reason() -> None:
    wire = Wire(
        "sale.order.update",
        {"id": 1},
        {"error": "X", "error_description": "Заказ покупателя Заречный закрыт", "userDescription": "для Заречного"},
    )
    assert wire.masked_reason("Битрикс отказал: заказ покупателя Заречный закрыт.") == (
        "Битрикс отказал: заказ покупателя ••• закрыт."
    )
    assert wire.masked_reason("") == ""


def test_an_error_that_quotes_the_buyer_of_the_order_on_board_is_kept_without_him(online: Shop, bitrix: Bitrix) -> None:
    bitrix.faults({"method": "sale.payment.update", "nth": 1, "when": "before", "do": "warning", "times": 9,
                   "value": f"нельзя для Заречного, {bitrix.secret}, 2202 2001 1234 5678"})  # fmt: skip
    sold(online, bitrix)
    text = kept(online)
    assert "нельзя для •••, •••, •••" in text
    assert "Заречн" not in text
    assert bitrix.secret not in text


def test_throttling_is_no_loss_of_the_network(online: Shop, bitrix: Bitrix) -> None:
    bitrix.faults(
        {"method": "sale.paysystem.list", "nth": 1, "when": "before", "do": "http", "value": 503, "times": 20}
    )
    exchange.sync(online.till)
    assert not exchange.strip(online.till).is_offline


def test_the_counts_are_those_of_the_filters(online: Shop, bitrix: Bitrix) -> None:
    sold(online, bitrix)
    assert sync_log.counts(online.till) == {"mine": 0, "way": 0, "done": 4, "all": 4}


# ---------------------------------------------------------------------- the budget
def test_the_budget_is_told_also_to_another_process(online: Shop, bitrix: Bitrix) -> None:
    sold(online, bitrix)
    told = sync_log.budget(online.till)
    assert told.measured_at == online.till.now()
    assert told.used_per_s == pytest.approx(bitrix.client.budget.used_per_s, abs=0.01)
    assert told.used_per_s > 0
    assert (told.waiting, told.drains_in_s, told.is_offline) == (0, 0.0, False)
    assert "очередь пуста" in told.words()
    online.register.advance(600)
    assert sync_log.budget(online.till).used_per_s == 0.0


def test_a_queue_without_a_link_promises_no_end(online: Shop, bitrix: Bitrix) -> None:
    bitrix.set("network", {"up": False})
    sold(online, bitrix)
    told = sync_log.budget(online.till)
    assert (told.waiting, told.drains_in_s, told.is_offline) == (4, None, True)
    assert "уйдут, когда появится" in told.words()


def test_a_queue_that_only_a_person_can_move_promises_no_end(online: Shop, bitrix: Bitrix) -> None:
    order = online.till.journal.order_by_id(bitrix.client.portal, 1)
    assert order is not None
    online.sell(order)
    assert sync_log.budget(online.till).drains_in_s is not None
    for each in online.till.journal.entries():
        exchange.hold(online.till, each.id, "подождём")
    told = sync_log.budget(online.till)
    assert (told.waiting, told.needs_person, told.drains_in_s) == (0, 4, 0.0)


@pytest.mark.parametrize(
    "view, says",
    [
        (BudgetView(2.0, 0.3, 48, 12, 0, 240.0, False), "2 запроса в секунду, мы используем 0,3,"
         " очередь опустеет за 4 мин."),
        (BudgetView(5.0, 1.0, 0, 0, 0, 0.0, False), "5 запросов в секунду, мы используем 1, очередь пуста."),
        (BudgetView(0.7, 0.02, 4, 1, 0, 20, False, tills=3), "0,7 запроса в секунду, мы используем 0,02, очередь"
         " опустеет за 20 с, на всех касс: 3."),
        (BudgetView(1.0, 0, 4, 1, 0, 9000, False, is_gateway_away=True), "1 запрос в секунду, мы используем 0, очередь"
         " опустеет за 2 ч 30 мин, шлюз молчит, берём только свою долю."),
    ],
)  # fmt: skip
def test_the_budget_is_one_sentence(view: BudgetView, says: str) -> None:
    assert view.words() == f"Битрикс разрешает {says}"


def test_a_queue_takes_as_long_as_the_slower_of_budget_and_portal() -> None:
    assert Figures(2.0, 0.0, 40.0, 0.5).drain_s(1000) == 500.0
    assert Figures(2.0, 0.0, 40.0, 0.2).drain_s(1000) == 480.0


# ---------------------------------------------------------------------- the rule
def test_an_exchange_trims_what_the_rule_does_not_keep(online: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posapp.journal.log_changes.LEAST", 1)
    before = sync_log.page(online.till, "all", "", None)
    assert len(before) > 2
    online.till = replace(online.till, settings=online.till.settings.with_(log=LogSettings(days=2, body_days=1)))
    online.register.advance(timedelta(days=3).total_seconds())
    exchange.sync(online.till)
    left = {each.row_id for each in sync_log.page(online.till, "all", "", None)}
    assert left
    assert not left & {each.row_id for each in before}
