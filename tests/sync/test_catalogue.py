"""The catalogue from the portal: pages in chains, what changed since, an interrupted pass, and fields as tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posapp.domain.money import Money
from posapp.domain.product import Product, ProductPrice
from posapp.errors import Offline, Rejected
from posapp.settings import CatalogueSettings
from posapp.sync.bitrix import catalogue
from posapp.sync.bitrix.catalogue import Around, Sample, Work
from posapp.sync.simulator.envelope import iso
from posapp.sync.simulator.practice import practice_shop
from tests.sync.portals import Bitrix, Row, serving, shop_of

FIELDS = CatalogueSettings(barcode="property64", scale="property65", marked="property66")
LONG_AGO = datetime.now(UTC) - timedelta(days=30)


def product_row(number: int, **changes: Any) -> Row:
    row: Row = {
        "id": number,
        "iblockId": 15,
        "name": f"Товар {number}",
        "code": f"good-{number}",
        "active": "Y",
        "type": 1,
        "measure": 1,
        "vatId": 3,
        "vatIncluded": "Y",
        "timestampX": iso(LONG_AGO),
        "property64": {"value": f"{number:013d}", "valueId": number},
    }
    return {**row, **changes}


def price_row(number: int, **changes: Any) -> Row:
    row: Row = {"id": number, "productId": number, "catalogGroupId": 1, "price": 100, "currency": "RUB"}
    return {**row, "timestampX": iso(LONG_AGO), **changes}


def big_shop(count: int) -> Row:
    """Ids with gaps, so that a page is no range of numbers."""
    numbers = [number * 3 for number in range(1, count + 1)]
    return shop_of(products=[product_row(n) for n in numbers], prices=[price_row(n) for n in numbers])


@pytest.fixture
def practice() -> Iterator[Bitrix]:
    with serving(practice_shop(3, 1, datetime.now(UTC))) as bitrix:
        yield bitrix


def read(bitrix: Bitrix, since: str | None = None, pass_id: int = 1) -> tuple[list[Product], list[ProductPrice], Work]:
    """A whole pass: what it brought, and the work that it began with."""
    around = catalogue.read_around(bitrix.client)
    work: Work | None = catalogue.begin(around, pass_id, since)
    begun = work
    products: list[Product] = []
    prices: list[ProductPrice] = []
    while work is not None:
        step = catalogue.step(bitrix.client, around, FIELDS, work)
        products += step.products
        prices += step.prices
        work = step.work
    assert begun is not None
    return products, prices, begun


def test_the_practice_shop_comes_whole(practice: Bitrix) -> None:
    products, prices, _ = read(practice)
    there = practice.portal.shop.products
    assert {each.product_id for each in products} == set(there)
    assert len(prices) == len(there)
    by_id = {each.product_id: each for each in products}
    cheese, milk, card, gift = (by_id[number] for number in (311, 393, 392, 394))
    assert (cheese.measure, cheese.measure_name, cheese.scale_numbers) == (11, "кг", ("311",))
    assert (milk.marking, milk.barcodes, milk.vat_row) == ("milk", ("04607103820700",), 5)
    assert (card.is_active, gift.kind) == (False, 2)
    assert cheese.articles == ("good-311",)
    assert {each.amount for each in prices if each.product_id == 391} == {Money(0)}
    assert all(each.portal == practice.client.portal for each in products)


def test_pages_go_in_chains_and_every_row_comes_once() -> None:
    with serving(big_shop(1230)) as bitrix:
        products, prices, _ = read(bitrix)
        assert [each.product_id for each in products] == [number * 3 for number in range(1, 1231)]
        assert [each.price_id for each in prices] == [number * 3 for number in range(1, 1231)]
        # the surroundings; of products and of prices: a page, the count, twenty pages, four pages
        assert bitrix.http_requests() == 1 + 2 * 4


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 101])
def test_the_last_page_is_the_last_one(count: int) -> None:
    with serving(big_shop(count)) as bitrix:
        products, prices, _ = read(bitrix)
        assert (len(products), len(prices)) == (count, count)


def test_later_only_what_changed_comes_with_an_overlap() -> None:
    with serving(big_shop(120)) as bitrix:
        _, _, whole = read(bitrix)
        products, prices, begun = read(bitrix, since=whole.began)
        assert (products, prices) == ([], [])
        assert bitrix.http_requests() == 1 + 2 * 3 + 1 + 2
        shop = bitrix.portal.shop
        now = iso(datetime.now(UTC))
        shop.products[30] |= {"name": "Новое имя", "timestampX": now}
        shop.tables["prices"][7] |= {"price": 250, "timestampX": now}
        products, prices, _ = read(bitrix, since=begun.began)
        assert [(each.product_id, each.name) for each in products] == [(30, "Новое имя")]
        assert [(each.price_id, each.amount) for each in prices] == [(24, Money(25_000))]


def test_a_pass_that_was_cut_off_goes_on_where_it_was() -> None:
    with serving(big_shop(120)) as bitrix:
        around = catalogue.read_around(bitrix.client)
        first = catalogue.step(bitrix.client, around, FIELDS, catalogue.begin(around, 1, None))
        assert first.work is not None
        kept = Work.from_json(first.work.as_json())
        assert catalogue.fits(kept, around)
        bitrix.faults({"method": "batch", "nth": 1, "when": "before", "do": "reset"})
        with pytest.raises(Offline):
            catalogue.step(bitrix.client, around, FIELDS, kept)
        found = list(first.products)
        work: Work | None = kept
        while work is not None:
            step = catalogue.step(bitrix.client, around, FIELDS, work)
            found += step.products
            work = step.work
        assert [each.product_id for each in found] == [number * 3 for number in range(1, 121)]
        other = Around(around.blocks[:0], around.measures, around.server_time)
        assert not catalogue.fits(kept, other)


def test_variations_come_from_their_own_block_with_its_vat_row() -> None:
    offer = product_row(77, iblockId=16, type=4, vatId=None, parentId={"value": "3", "valueId": "9"})
    blocks = [
        {"id": 15, "iblockId": 15, "productIblockId": None, "vatId": 3, "name": "Товары"},
        {"id": 16, "iblockId": 16, "productIblockId": 15, "vatId": 5, "name": "Варианты"},
    ]
    with serving(shop_of(products=[product_row(3, type=3), offer], catalogs=blocks)) as bitrix:
        products, _, _ = read(bitrix)
        assert [(each.product_id, each.kind, each.vat_row) for each in products] == [(3, 3, 3), (77, 4, 5)]
        found = catalogue.sample(bitrix.client)
        assert set(found.fields["property64"]) == {"0000000000003", "0000000000077"}


@pytest.mark.parametrize(
    "given, barcodes",
    [
        ({"value": "4607103820700", "valueId": 1}, ("04607103820700",)),
        ([{"value": "4607103820700"}, {"value": "96385074"}], ("04607103820700", "00000096385074")),
        ({"value": "4607103820700, 96385074; 4607103820700"}, ("04607103820700", "00000096385074")),
        ({"value": "4607103820701"}, ("4607103820701",)),
        ({"value": ""}, ()),
        ([], ()),
        (None, ()),
        (96385074, ("00000096385074",)),
    ],
)
def test_barcodes_of_a_field(given: Any, barcodes: tuple[str, ...]) -> None:
    with serving(shop_of(products=[product_row(1, property64=given), product_row(2)])) as bitrix:
        products, _, _ = read(bitrix)
        assert products[0].barcodes == barcodes


def test_odd_rows_are_read_as_what_they_are_and_never_guessed() -> None:
    odd = [
        product_row(1, name="", vatId=0, vatIncluded="N", active="", type=None),
        product_row(2, measure=999, property66={"value": "нет"}),
        product_row(3, measure=None, property66={"value": "Y"}),
    ]
    prices = [price_row(1, price=None), price_row(2, price="1e30"), price_row(3, price="99.995", currency="USD")]
    blocks = [{"id": 15, "iblockId": 15, "productIblockId": None, "vatId": None, "name": "Товары"}]
    with serving(shop_of(products=odd, prices=prices, catalogs=blocks)) as bitrix:
        (first, second, third), found, _ = read(bitrix)
        assert (first.name, first.vat_row, first.vat_included) == ("Товар 1", None, False)
        assert (first.is_active, first.kind) == (False, 0)
        assert (second.measure, second.marking, third.measure, third.marking) == (255, "", 0, "Y")
        assert [(each.amount, each.currency) for each in found] == [
            (Money(0), "RUB"),
            (Money(0), "RUB"),
            (Money(10_000), "USD"),
        ]


def test_prices_of_another_type_stay_where_they_are() -> None:
    prices = [price_row(1), price_row(2, productId=1, catalogGroupId=2, price=50)]
    with serving(shop_of(products=[product_row(1)], prices=prices)) as bitrix:
        _, found, _ = read(bitrix)
        assert [each.price_id for each in found] == [1]


def test_without_the_right_to_read_it_says_so(practice: Bitrix) -> None:
    practice.set("settings", {"scopes": ["sale", "pay_system"]})
    with pytest.raises(Rejected) as refused:
        catalogue.read_around(practice.client)
    assert refused.value.code == "scope_missing"


def test_set_up_finds_the_field_with_barcodes_and_the_base_price(practice: Bitrix) -> None:
    found = catalogue.sample(practice.client)
    assert catalogue.likely_barcode(found) == "property64"
    assert (found.price_types, found.base_type) == ({1: "BASE"}, 1)
    assert "good-301" in found.fields["code"]


def test_two_fields_that_look_alike_are_for_a_person() -> None:
    barcodes = ("4607103820700", "96385074")
    assert catalogue.likely_barcode(Sample({"property1": barcodes, "property2": barcodes})) == ""
    assert catalogue.likely_barcode(Sample({"property1": barcodes, "code": ("tea", "96385074")})) == "property1"
    assert catalogue.likely_barcode(Sample({"property1": barcodes[:1]})) == ""
    assert catalogue.likely_barcode(Sample({})) == ""
