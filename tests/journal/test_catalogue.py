"""The catalogue on board: kept page by page, found by code in one read; what sales without an order sold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from posapp.domain.money import Money
from posapp.domain.product import Product, ProductPrice
from posapp.domain.settlement import By, Settlement, State
from posapp.journal.rows import CatalogueCounts, SettlementTaken, WalkIn
from posapp.journal.store import Journal
from tests.journal.samples import DEVICE, PORTAL, mark, open_journal, receipt

CODE = "04607103820700"


def product(number: int, **changes: object) -> Product:
    made = Product(
        portal=PORTAL,
        product_id=number,
        name=f"Чай № {number}",
        vat_row=3,
        barcodes=(f"{number:014d}",),
        articles=(f"tea-{number}",),
        scale_numbers=(str(number),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def price(number: int, kopecks: int = 10_000, **changes: object) -> ProductPrice:
    return replace(ProductPrice(number, number, Money(kopecks)), **changes)  # type: ignore[arg-type]


def save(journal: Journal, *products: Product, prices: tuple[ProductPrice, ...] = (), pass_id: int = 1) -> None:
    journal.save_catalogue(PORTAL, products, prices, pass_id, {"catalogue": f"after {len(products)}"})


def test_a_product_is_found_by_each_of_its_codes_with_its_prices(journal: Journal) -> None:
    wholesale = price(900, 9_000, product_id=1, quantity_from=10)
    save(journal, product(1), product(2), prices=(price(1), wholesale, price(2)))
    for code, kind in (("00000000000001", "barcode"), ("tea-1", "article"), ("1", "scale")):
        ((found, one),) = journal.products_by_code(PORTAL, code)
        assert (found, one.product_id, one.name) == (kind, 1, "Чай № 1")
        assert set(one.prices) == {price(1), wholesale}
    assert journal.products_by_code(PORTAL, "tea-3") == []
    assert journal.products_by_code("another.example", "tea-1") == []
    assert journal.get_fact("catalogue") == "after 2"
    assert journal.product(PORTAL, 2) == replace(
        product(2), barcodes=(), articles=(), scale_numbers=(), prices=(price(2),)
    )


def test_a_changed_product_replaces_the_former_one_and_its_codes(journal: Journal) -> None:
    save(journal, product(1), prices=(price(1),))
    save(journal, product(1, name="Кофе", barcodes=(CODE,), is_active=False), prices=(price(1, 20_000),))
    assert journal.products_by_code(PORTAL, "00000000000001") == []
    ((_, found),) = journal.products_by_code(PORTAL, CODE)
    assert (found.name, found.is_active, found.prices) == ("Кофе", False, (price(1, 20_000),))
    assert journal.catalogue_counts(PORTAL) == CatalogueCounts(1, 1, 1)


def test_two_products_may_claim_one_code(journal: Journal) -> None:
    save(journal, product(1, barcodes=(CODE,)), product(2, barcodes=(CODE, CODE)))
    assert [each.product_id for _, each in journal.products_by_code(PORTAL, CODE)] == [1, 2]


def test_what_a_complete_pass_did_not_see_is_forgotten(journal: Journal) -> None:
    save(journal, product(1), product(2), prices=(price(1), price(2)))
    other = replace(product(7), portal="another.example")
    journal.save_catalogue("another.example", [other], [], 1, {})
    save(journal, product(2), prices=(price(2),), pass_id=2)
    assert journal.sweep_catalogue(PORTAL, 2, {"catalogue": "whole"}) == 1
    assert journal.products_by_code(PORTAL, "tea-1") == []
    assert journal.catalogue_counts(PORTAL) == CatalogueCounts(1, 1, 1)
    assert journal.catalogue_counts("another.example").products == 1
    assert journal.get_fact("catalogue") == "whole"


def test_pages_and_search(journal: Journal) -> None:
    save(journal, *(product(number) for number in range(1, 8)))
    first = journal.products(PORTAL, limit=3)
    assert [each.product_id for each in first] == [1, 2, 3]
    assert first[0].barcodes == ("00000000000001",)
    assert [each.product_id for each in journal.products(PORTAL, after=3, limit=3)] == [4, 5, 6]
    assert [each.product_id for each in journal.products(PORTAL, search="ЧАЙ № 7")] == [7]
    assert journal.products(PORTAL, search="кофе") == []


CONTENT = "a" * 64
GOODS = ({"portal": PORTAL, "product_id": 1, "code": "tea-1", "quantity": "2"},)


def walk_in(number: int) -> tuple[WalkIn, Settlement]:
    key = receipt(number).key
    return WalkIn(key, CONTENT, GOODS), Settlement("", 0, f"walkin:{key}", receipt(number).kind)


def test_a_receipt_and_what_it_sold_are_there_together_or_not_at_all(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        sold, settlement = walk_in(1)
        journal.add_walk_in(replace(receipt(1), settlement=settlement, order_number=""), sold)
        assert journal.walk_in(sold.key) == sold
        again, _ = walk_in(2)
        with pytest.raises(SettlementTaken):
            journal.add_walk_in(replace(receipt(2), settlement=settlement, order_number=""), again)
        assert journal.walk_in(again.key) is None
        assert journal.receipt(again.key) is None


def test_what_nobody_was_told_is_found_by_its_goods_until_it_is_told_or_cancelled(journal: Journal) -> None:
    for number in (1, 2, 3):
        sold, settlement = walk_in(number)
        journal.add_walk_in(replace(receipt(number), settlement=settlement, order_number=""), sold)
    keys = [receipt(number).key for number in (1, 2, 3)]
    assert [each.receipt.key for each in journal.untold_walk_ins(CONTENT)] == keys
    journal.start_attempt(keys[0], DEVICE, 0, 3)
    journal.fiscalize(keys[0], mark(1), By.PROOF, [], {})
    assert [each.state for each in journal.untold_walk_ins(CONTENT)] == [
        State.FISCALIZED,
        State.PENDING,
        State.PENDING,
    ]
    journal.tell_walk_in(keys[0])
    journal.tell_walk_in(keys[0])
    journal.move(keys[1], State.CANCELLED, By.PERSON, "передумал")
    assert [each.receipt.key for each in journal.untold_walk_ins(CONTENT)] == [keys[2]]
    assert journal.untold_walk_ins("b" * 64) == []
    told = journal.walk_in(keys[0])
    assert told is not None
    assert told.is_told


def test_walk_ins_belong_to_no_portal(journal: Journal) -> None:
    sold, settlement = walk_in(1)
    journal.add_walk_in(replace(receipt(1), settlement=settlement, order_number=""), sold)
    assert journal.receipt_portals() == []
