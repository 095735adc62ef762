"""Products made into a receipt without an order: what is sold, at which price and rate, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from posapp.domain import basket
from posapp.domain.checkout import Seller, Terms, VatTable
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.gs1 import GS
from posapp.domain.marking import MarkingCode, parse_marking
from posapp.domain.money import Money
from posapp.domain.product import Product, ProductKind, ProductPrice
from posapp.domain.receipt import PaymentObject, Receipt, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import Settlement, short_key
from posapp.domain.vat import PortalVatRow, VatRate
from posapp.errors import SaleError

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PORTAL = "shop.example"
VAT = VatTable(
    rows={
        3: PortalVatRow(3, "НДС 22%", Decimal(22)),
        5: PortalVatRow(5, "НДС 10%", Decimal(10)),
        9: PortalVatRow(9, "НДС 20%", Decimal(20)),
    },
    confirmed={3: VatRate.VAT_22, 5: VatRate.VAT_10, 9: VatRate.VAT_20},
)
SELLER = Seller("1", "Кассир", TaxSystem.OSN, is_training=True, tax_systems=(TaxSystem.OSN,))


def tea(**changes: object) -> Product:
    made = Product(PORTAL, 301, "Чай чёрный, 100 г", vat_row=3, prices=(ProductPrice(1, 301, Money(24_500)),))
    return replace(made, **changes)  # type: ignore[arg-type]


def cheese(**changes: object) -> Product:
    made = tea(
        product_id=311, name="Сыр весовой", vat_row=5, measure=11, measure_name="кг",
        prices=(ProductPrice(2, 311, Money(81_240)),),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def code(number: int) -> MarkingCode:
    return parse_marking(f"010460710382070021abc{number:03d}{GS}93dGVz")


def sold(
    *items: basket.Item,
    cash: int = 10_000_000,
    codes: Mapping[int, Sequence[MarkingCode]] | None = None,
    vat: VatTable = VAT,
    terms: Terms | None = None,
    number: int = 1,
) -> Receipt:
    return basket.walk_in_receipt(
        items,
        [Tender(TenderKind.CASH, Money(cash))],
        vat,
        SELLER,
        identity=UUID(int=number),
        now=NOW,
        codes=codes or {},
        terms=terms or Terms(),
    )


def test_a_receipt_of_pieces_and_of_a_weight() -> None:
    receipt = sold(basket.item_of(tea(), typed=Decimal(2)), basket.item_of(cheese(), grams=Decimal(350)))
    first, second = receipt.lines
    assert (first.price, first.line_sum, first.vat, first.measure) == (Money(24_500), Money(49_000), VatRate.VAT_22, 0)
    assert (str(second.quantity), second.line_sum, second.vat) == ("0.35", Money(28_434), VatRate.VAT_10)
    assert second.measure == 11
    assert (receipt.total, receipt.order_number, receipt.kind) == (Money(77_434), "", ReceiptKind.SELL)
    assert receipt.change == Money(10_000_000 - 77_434)


def test_the_settlement_is_the_receipts_own_and_no_orders() -> None:
    one, other = (sold(basket.item_of(tea()), number=number) for number in (1, 2))
    assert one.settlement != other.settlement
    assert one.settlement == basket.walk_in_settlement(short_key(UUID(int=1)))
    assert basket.is_walk_in(one.settlement)
    assert (one.settlement.payment_id, one.settlement.shipment_id) == (None, None)
    assert not basket.is_walk_in(Settlement(PORTAL, 1, "1", ReceiptKind.SELL))
    digits = basket.walk_in_settlement("1234567890123456")
    assert digits.payment_id is None  # a key may be all digits: it is no payment of the portal for that


@pytest.mark.parametrize("measure, grams, quantity", [(11, 350, "0.35"), (10, 350, "350"), (12, 350_000, "0.35")])
def test_a_weight_in_the_products_own_measure(measure: int, grams: int, quantity: str) -> None:
    assert str(basket.item_of(cheese(measure=measure), grams=Decimal(grams)).quantity) == quantity


def refused(product: Product, **given: object) -> SaleError:
    with pytest.raises(SaleError) as error:
        sold(basket.item_of(product, **given))  # type: ignore[arg-type]
    return error.value


@pytest.mark.parametrize("typed", ["0", "-1", "1.5", "10000", "4607103820700"])
def test_pieces_are_whole_and_not_too_many(typed: str) -> None:
    error = refused(tea(), typed=Decimal(typed))
    assert error.code == "goods_quantity"
    assert "Чай" in error.message()


@pytest.mark.parametrize("typed", ["0", "-0.5", "0.3505", "10000"])
def test_a_weight_has_grams_and_a_bound(typed: str) -> None:
    assert refused(cheese(), typed=Decimal(typed)).code == "goods_quantity"


def test_other_measures_are_sold_in_fractions_and_packs_are_not() -> None:
    cloth = tea(measure=22, measure_name="м")
    assert str(basket.item_of(cloth, typed=Decimal("1.25")).quantity) == "1.25"
    assert refused(tea(measure=255, measure_name="упак"), typed=Decimal("0.5")).code == "goods_quantity"
    assert refused(cloth).code == "goods_no_weight"


def test_a_weighed_good_needs_its_weight_and_only_it_has_one() -> None:
    assert refused(cheese()).code == "goods_no_weight"
    assert refused(cheese(), grams=Decimal(0)).code == "goods_no_weight"
    assert refused(tea(), grams=Decimal(350)).code == "goods_weight_code"
    assert refused(tea(measure=22), grams=Decimal(350)).code == "goods_weight_code"
    assert refused(cheese(), grams=Decimal(350), typed=Decimal(2)).code == "goods_quantity"
    assert str(basket.item_of(cheese(), grams=Decimal(0), typed=Decimal("0.5")).quantity) == "0.5"


@pytest.mark.parametrize(
    "prices, why",
    [
        ((), "нет"),
        ((ProductPrice(1, 301, Money(0)),), "0,00"),
        ((ProductPrice(1, 301, Money(-100)),), "1,00"),
        ((ProductPrice(1, 301, Money(500), "USD"),), "USD"),
        ((ProductPrice(1, 301, Money(500)), ProductPrice(2, 301, Money(600))), "несколько"),
        ((ProductPrice(1, 301, Money(500), quantity_from=10),), "количества 1"),
    ],
)
def test_what_has_no_price_is_not_sold(prices: tuple[ProductPrice, ...], why: str) -> None:
    error = refused(tea(prices=prices))
    assert error.code == "goods_no_price"
    assert why in str(error.facts["why"])


def test_the_price_is_that_of_the_quantity() -> None:
    prices = (
        ProductPrice(1, 301, Money(24_500), quantity_from=None, quantity_to=9),
        ProductPrice(2, 301, Money(20_000), quantity_from=10),
    )
    for typed, price in (("1", 24_500), ("9", 24_500), ("10", 20_000), ("50", 20_000)):
        (line,) = sold(basket.item_of(tea(prices=prices), typed=Decimal(typed))).lines
        assert line.price == Money(price)


def test_less_than_one_and_what_lies_between_two_ranges_has_the_lower_ranges_price() -> None:
    prices = (
        ProductPrice(1, 311, Money(81_240), quantity_from=1, quantity_to=9),
        ProductPrice(2, 311, Money(70_000), quantity_from=10),
    )
    for typed, price in (("0.35", 81_240), ("9.5", 81_240), ("10.5", 70_000)):
        (line,) = sold(basket.item_of(cheese(prices=prices), typed=Decimal(typed))).lines
        assert line.price == Money(price)


def test_a_net_price_gets_its_vat_on_top_half_up() -> None:
    (line,) = sold(basket.item_of(tea(vat_included=False, prices=(ProductPrice(1, 301, Money(10_025)),)))).lines
    assert line.price == Money(12_231)  # 122,305 roubles


def test_a_rate_that_nobody_confirmed_or_that_is_past_holds_the_sale() -> None:
    for vat_row in (None, 0, 7, 9):
        assert refused(tea(vat_row=vat_row)).code == "vat_unmapped"
    assert refused(tea(vat_row=0, vat_included=False)).code == "vat_unmapped"


def test_what_is_off_sale_or_hides_others_is_refused() -> None:
    assert refused(tea(is_active=False)).code == "goods_inactive"
    for kind in (ProductKind.SET, ProductKind.WITH_VARIATIONS, 5, 6, 99):
        assert refused(tea(kind=kind)).code == "goods_set"


def test_a_service_is_a_service() -> None:
    (line,) = sold(basket.item_of(tea(kind=ProductKind.SERVICE))).lines
    assert line.payment_object is PaymentObject.SERVICE


def test_a_marked_thing_is_sold_with_its_code_only() -> None:
    milk = tea(marking="milk")
    assert refused(milk).code == "goods_unmarked"
    receipt = sold(basket.item_of(milk, marking=code(1)), basket.item_of(milk, marking=code(2)), basket.item_of(tea()))
    assert [line.marking for line in receipt.lines] == [code(1).text, code(2).text, ""]
    assert receipt.lines[0].payment_object is PaymentObject.COMMODITY_MARKED
    assert refused(milk, marking=code(1), typed=Decimal(2)).code == "goods_quantity"


def test_codes_given_for_a_line_are_one_for_each_thing() -> None:
    milk = tea(marking="milk")
    receipt = sold(basket.item_of(tea()), basket.item_of(milk, typed=Decimal(2)), codes={2: (code(1), code(2))})
    assert [line.marking for line in receipt.lines] == ["", code(1).text, code(2).text]
    for codes in ({2: (code(1),)}, {2: (code(1), code(2), code(3))}):
        with pytest.raises(SaleError) as error:
            sold(basket.item_of(tea()), basket.item_of(milk, typed=Decimal(2)), codes=codes)
        assert error.value.code == "marking_quantity"


def test_one_code_stands_in_a_receipt_once() -> None:
    milk = tea(marking="milk")
    with pytest.raises(SaleError) as error:
        sold(basket.item_of(milk, marking=code(1)), basket.item_of(milk, marking=code(1)))
    assert error.value.code == "marking_twice"
    with pytest.raises(SaleError) as error:
        sold(basket.item_of(milk, marking=code(1)), basket.item_of(milk), codes={2: (code(1),)})
    assert error.value.code == "marking_twice"
    with pytest.raises(SaleError) as error:  # two codes on one thing
        sold(basket.item_of(milk, marking=code(1)), codes={1: (code(2),)})
    assert error.value.code == "marking_quantity"


def test_sums_that_no_receipt_holds_are_refused() -> None:
    dear = tea(prices=(ProductPrice(1, 301, Money(99_999_999_00)),))
    assert refused(dear, typed=Decimal(9_999)).code == "goods_quantity"
    with pytest.raises(SaleError) as error:
        sold(*[basket.item_of(tea())] * 501)
    assert error.value.code == "walkin_too_much"
    assert refused(cheese(prices=(ProductPrice(2, 311, Money(1)),)), typed=Decimal("0.001")).code == "goods_quantity"


def test_money_and_buyer() -> None:
    with pytest.raises(SaleError) as error:
        sold(basket.item_of(tea()), cash=24_499)
    assert error.value.code == "tenders_short"
    told = sold(basket.item_of(tea()), terms=Terms(contact="a@b.ru", buyer_name="ООО «Рога»", buyer_inn="7707083893"))
    assert (told.buyer_contact, told.buyer_name, told.buyer_inn) == ("a@b.ru", "ООО «Рога»", "7707083893")
    for terms in (Terms(contact="завтра"), Terms(buyer_name="ООО"), Terms(buyer_name="ООО", buyer_inn="7707083894")):
        with pytest.raises(SaleError):
            sold(basket.item_of(tea()), terms=terms)


def test_the_same_goods_have_the_same_content_however_they_are_scanned_and_paid() -> None:
    two = sold(basket.item_of(tea(), typed=Decimal(2)), basket.item_of(cheese(), grams=Decimal(350)))
    singly = sold(basket.item_of(cheese(), grams=Decimal(350)), *[basket.item_of(tea())] * 2, cash=90_000, number=2)
    assert basket.content_of(two.lines) == basket.content_of(singly.lines)
    for other in (
        sold(basket.item_of(tea(), typed=Decimal(3)), basket.item_of(cheese(), grams=Decimal(350))),
        sold(basket.item_of(tea(), typed=Decimal(2)), basket.item_of(cheese(), grams=Decimal(351))),
        sold(basket.item_of(tea(prices=(ProductPrice(1, 301, Money(24_501)),)), typed=Decimal(2)),
             basket.item_of(cheese(), grams=Decimal(350))),
    ):  # fmt: skip
        assert basket.content_of(other.lines) != basket.content_of(two.lines)
    one, another = (sold(basket.item_of(tea(), marking=code(number))) for number in (1, 2))
    assert basket.content_of(one.lines) != basket.content_of(another.lines)


def test_what_was_sold_is_told_with_the_portals_numbers() -> None:
    item = basket.item_of(tea(), code="4607103820700", typed=Decimal(2))
    assert item.as_json() == {
        "portal": PORTAL,
        "product_id": 301,
        "name": "Чай чёрный, 100 г",
        "code": "4607103820700",
        "quantity": "2",
    }
    assert basket.item_of(tea(), marking=code(1)).as_json()["marking"] == code(1).text
