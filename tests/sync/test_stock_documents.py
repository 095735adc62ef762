"""A stock document per receipt: whatever is lost, late or killed, exactly one of it is conducted."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from posapp.journal.store import Journal
from posapp.sync.bitrix.stock import DOCUMENTS, ONE_C, QUANTITY, StockRules
from posapp.sync.bitrix.stock_documents import number_of
from tests.sync.goods import BY_DOCUMENTS, STORE, Counter, counter_at
from tests.sync.portals import Row, order_row

METHODS = (
    "catalog.document.mode.status", "catalog.document.list", "catalog.document.add", "catalog.document.element.list",
    "catalog.document.element.add", "catalog.document.conduct", "batch",
)  # fmt: skip
FAULTS: tuple[Row, ...] = (
    {"do": "reset"},
    {"do": "reset", "when": "after_commit"},
    {"do": "html", "value": 502},
    {"do": "html", "value": 504, "when": "after_commit"},
    {"do": "http", "value": 500, "when": "after_commit"},
    {"do": "http", "value": 503},
    {"do": "http", "value": 429},
    {"do": "warning", "value": "Сохранено с предупреждением"},
)


def assert_one_conducted(counter: Counter, key: str, goods: dict[int, str]) -> Row:
    """Exactly one document of this receipt, conducted, with its goods and nothing else; no other one is left."""
    mine = [each for each in counter.documents() if each["docNumber"] == number_of(key)]
    (document,) = mine
    assert document["status"] == "Y"
    held = {each["elementId"]: f"{each['amount']:g}" for each in document["elements"]}
    assert held == goods
    assert len(document["elements"]) == len(goods)
    assert counter.entry(key).state == "done"
    assert str(document["id"]) in counter.entry(key).proof
    return document


def test_a_sale_leaves_by_one_conducted_write_off(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        key = counter.sell({500: "2", 501: "0.386"})
        assert counter.deliver().done == 1
        document = assert_one_conducted(counter, key, {500: "2", 501: "0.386"})
        assert (document["docType"], document["responsibleId"]) == ("D", 1)
        assert document["title"] == "Продажа на кассе 1, чек ФД 1"
        assert {each["storeFrom"] for each in document["elements"]} == {STORE}
        assert (counter.stock(500), f"{counter.stock(501):f}") == (8, "9.614")
        assert all(number == "ФД 1" for number, _ in counter.log())
        before = counter.writes()
        assert counter.deliver().done == 0
        assert counter.writes() == before
        assert all(each.confirmed_at is not None for each in counter.journal.stock_moves(key))


def test_what_comes_back_enters_by_a_posting(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        counter.sell({500: "3"})
        back = counter.sell({500: "1"}, is_back=True)
        counter.deliver_until_done()
        document = assert_one_conducted(counter, back, {500: "1"})
        assert (document["docType"], document["elements"][0]["storeTo"]) == ("S", STORE)
        assert counter.stock() == 8


def test_many_receipts_share_their_requests(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        for _ in range(5):
            counter.sell({500: "1", 501: "1"})
        assert counter.deliver().done == 5
        assert counter.stock() == 5
        assert counter.bitrix.http_requests() <= 12
        assert len(counter.documents("Y")) == 5


def test_a_receipt_of_more_lines_than_a_page_is_read_whole(tmp_path: Path) -> None:
    many = [{"id": 1000 + n, "iblockId": 15, "name": f"Товар {n}", "quantity": 10} for n in range(60)]
    held = [{"id": n, "productId": 1000 + n, "storeId": STORE, "amount": 10} for n in range(60)]
    with counter_at(tmp_path, BY_DOCUMENTS, products=many, storeProducts=held) as counter:
        key = counter.sell({1000 + n: "1" for n in range(60)})
        counter.deliver_until_done()
        assert_one_conducted(counter, key, {1000 + n: "1" for n in range(60)})


# ------------------------------------------------------------------------------------------------ whatever is lost
@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: "-".join(map(str, each.values()))[:24])
def test_trap_36_a_lost_answer_at_any_call_makes_no_second_document(fault: Row, tmp_path: Path) -> None:
    """Traps 35 and 36: REST 2.0 knows no idempotency, and conducting twice is an error."""
    told = [each for each in METHODS if fault["do"] != "warning" or each.rpartition(".")[2] in ("add", "conduct")]
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        left = [Decimal(10), Decimal(10)]
        for method, nth in itertools.product(told, (1, 2)):
            keys = [counter.sell({500: "0.2", 501: "0.1"}), counter.sell({500: "0.1"})]
            counter.bitrix.faults({"method": method, "nth": nth, **fault})
            counter.deliver()
            counter.bitrix.faults()
            counter.deliver_until_done()
            assert_one_conducted(counter, keys[0], {500: "0.2", 501: "0.1"})
            assert_one_conducted(counter, keys[1], {500: "0.1"})
            left = [each - Decimal(much) for each, much in zip(left, ("0.3", "0.1"), strict=True)]
            assert [counter.stock(500), counter.stock(501)] == left, method


def test_faults_one_after_the_other_make_no_second_document(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        key = counter.sell({500: "2", 501: "1"})
        lost = {"do": "reset", "when": "after_commit", "times": 1}
        for method in METHODS[1:6]:
            counter.bitrix.faults({"method": method, **lost})
            counter.deliver()
        counter.bitrix.faults()
        counter.deliver_until_done()
        assert_one_conducted(counter, key, {500: "2", 501: "1"})


def test_an_add_that_comes_late_leaves_no_document_behind(tmp_path: Path) -> None:
    """The answer was lost, the portal showed nothing, and then the first one was made after all."""
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        key = counter.sell({500: "2"})
        for number in (901, 902):
            counter.bitrix.portal.shop.tables["documents"].append(
                {"id": number, "docType": "D", "status": "N", "docNumber": number_of(key), "responsibleId": 1,
                 "total": 0, "title": "", "commentary": ""}
            )  # fmt: skip
        counter.deliver_until_done()
        document = assert_one_conducted(counter, key, {500: "2"})
        assert document["id"] == 901
        assert counter.stock() == 8


def test_lines_that_came_twice_are_put_right_before_it_is_conducted(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        key = counter.sell({500: "2"})
        counter.bitrix.portal.shop.tables["documents"].append(
            {"id": 901, "docType": "D", "status": "N", "docNumber": number_of(key), "responsibleId": 1, "total": 0}
        )
        for number in (1, 2):
            counter.bitrix.portal.shop.tables["documentElements"].append(
                {"id": number, "docId": 901, "elementId": 500, "amount": 2, "storeFrom": STORE, "storeTo": None}
            )
        counter.deliver_until_done()
        assert_one_conducted(counter, key, {500: "2"})
        assert counter.stock() == 8


# ------------------------------------------------------------------------------------------------ who decides
def test_trap_35_a_document_that_is_conducted_is_not_conducted_again(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        key = counter.sell({500: "2"})
        counter.bitrix.faults({"method": "catalog.document.conduct", "do": "reset", "when": "after_commit"})
        assert counter.deliver().waiting == 1
        assert counter.entry(key).is_unsure
        counter.bitrix.faults()
        assert counter.deliver().done == 1
        assert counter.writes().count("catalog.document.conduct") == 1
        assert counter.stock() == 8


def test_not_enough_is_told_and_goes_out_when_it_is_mended(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        key = counter.sell({500: "11"})
        assert counter.deliver().failed == 1
        entry = counter.entry(key)
        assert (entry.code, "Недостаточно" in str(entry.facts["reason"])) == ("stock_rejected", True)
        assert counter.stock() == 10
        counter.bitrix.portal.shop.tables["storeProducts"][0]["amount"] = 20
        counter.journal.retry_entry(entry.id, counter.clock.now())
        counter.deliver_until_done()
        assert_one_conducted(counter, key, {500: "11"})


@pytest.mark.parametrize("status, word", [("C", "отменили"), ("Y", "другие товары")])
def test_what_somebody_did_to_the_document_is_for_a_person(status: str, word: str, tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        key = counter.sell({500: "2"})
        counter.bitrix.portal.shop.tables["documents"].append(
            {"id": 901, "docType": "D", "status": status, "docNumber": number_of(key), "responsibleId": 1, "total": 0}
        )
        assert counter.deliver().failed == 1
        assert counter.entry(key).code == "stock_document"
        assert word in str(counter.entry(key).facts["what"])
        assert len(counter.documents()) == 1


def test_two_conducted_ones_are_for_a_person(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_DOCUMENTS) as counter:
        key = counter.sell({500: "2"})
        for number in (901, 902):
            row = {"id": number, "docType": "D", "status": "Y", "docNumber": number_of(key), "responsibleId": 1}
            counter.bitrix.portal.shop.tables["documents"].append({**row, "total": 0})
        assert counter.deliver().failed == 1
        assert counter.entry(key).code == "stock_document"


# ------------------------------------------------------------------------------------------------ the mode
@pytest.mark.parametrize("rules, inventory", [(BY_DOCUMENTS, False), (StockRules(QUANTITY), True)])
def test_trap_32_a_portal_that_keeps_its_stock_otherwise_gets_nothing(
    rules: StockRules, inventory: bool, tmp_path: Path
) -> None:
    """With inventory management on, a quantity is ignored without a word; off, there are no documents."""
    with counter_at(tmp_path, rules, inventory=inventory) as counter:
        key = counter.sell({500: "2"})
        assert counter.deliver().waiting == 1
        assert counter.entry(key).code == "stock_mode"
        assert counter.writes() == []
        assert counter.journal.outbox_counts().stuck == 1
        counter.bitrix.portal.shop.options["inventory_management"] = "Y" if rules.mode == DOCUMENTS else "N"
        counter.deliver_until_done()
        assert counter.stock() == 8


def test_where_1c_keeps_the_stock_nothing_is_written(tmp_path: Path) -> None:
    with counter_at(tmp_path, replace(BY_DOCUMENTS, mode=ONE_C)) as counter:
        key = counter.sell({500: "2"})
        assert counter.deliver().done == 1
        assert counter.entry(key).proof == "остатки ведёт 1С"
        assert counter.bitrix.http_requests() == 0


def test_goods_that_the_journal_has_lost_are_for_a_person_unless_their_document_is_there(tmp_path: Path) -> None:
    with counter_at(tmp_path / "lost", BY_DOCUMENTS) as counter:
        told = counter.sell({500: "2"})
        counter.deliver_until_done()
        counter.journal.close()
        with Journal.open(tmp_path / "again", now=counter.clock.now) as journal:
            again = Counter(counter.bitrix, journal, BY_DOCUMENTS, counter.clock)
            assert again.sell(None) == told
            unknown = again.sell(None)
            again.deliver()
            assert (again.entry(told).state, again.entry(unknown).code) == ("done", "stock_goods_unknown")
            assert len(counter.documents()) == 1


def test_goods_of_an_order_do_not_come_back_before_they_went(tmp_path: Path) -> None:
    with counter_at(tmp_path, BY_DOCUMENTS, order_row(1)) as counter:
        key = _back_of_order(counter)
        assert counter.deliver().waiting == 1
        assert counter.writes() == []
        counter.bitrix.portal.shop.orders[1]["shipments"][0]["deducted"] = "Y"
        counter.deliver_until_done()
        assert_one_conducted(counter, key, {500: "1"})


def _back_of_order(counter: Counter) -> str:
    key = counter.sell({500: "1"}, is_back=True)
    entry = counter.entry(key)
    counter.journal._write(  # an entry of an order, whose receipt is of no matter here
        lambda changes: changes._db.execute("UPDATE outbox SET order_id = 1 WHERE id = ?", (entry.id,))
    )
    return key


# ------------------------------------------------------------------------------------------------ killed
class Killed(BaseException):
    """The process ends here."""


def test_a_till_that_dies_at_any_request_ends_with_one_document(tmp_path: Path) -> None:
    for nth in itertools.count(1):
        with counter_at(tmp_path / str(nth), BY_DOCUMENTS) as counter:
            key = counter.sell({500: "2", 501: "1"})
            is_killed = _killed_at(counter, nth)
            counter.deliver_until_done()
            assert_one_conducted(counter, key, {500: "2", 501: "1"})
            assert (counter.stock(500), counter.stock(501)) == (8, 9)
        if not is_killed:
            break
    assert nth > 8


def _killed_at(counter: Counter, nth: int) -> bool:
    """Dies right after the portal has done the nth request; whether it came to that."""
    client: Any = counter.bitrix.client
    usual, count = client._http.post_json, itertools.count(1)

    def dies(*given: Any) -> Any:
        answer = usual(*given)
        if next(count) == nth:
            raise Killed
        return answer

    client._http.post_json = dies
    try:
        counter.deliver()
        return False
    except Killed:
        return True
    finally:
        client._http.post_json = usual
