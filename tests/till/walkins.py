"""A till with a catalogue on board and a cashier who scans."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from posapp.domain.gs1 import GS, check_digit
from posapp.domain.money import Money
from posapp.domain.product import Product, ProductPrice
from posapp.domain.receipt import Tender, TenderKind
from posapp.domain.settlement import State
from posapp.journal.rows import StoredReceipt
from posapp.settings import CatalogueSettings, VatSettings
from posapp.till import catalogue, sale, walkin
from posapp.till.context import Till
from tests.till.shops import PORTAL, Shop

TEA, MUG, CHEESE, MILK = "4607103820717", "4607103820724", "21123450", "4607103820700"
FIELDS = CatalogueSettings(barcode="property64", scale="property65", marked="property66", scales="21:5:5")
GOODS = (
    Product(PORTAL, 301, "Чай чёрный, 100 г", vat_row=1, barcodes=("0" + TEA,), articles=("tea-1",),
            prices=(ProductPrice(1, 301, Money(24_500)),)),
    Product(PORTAL, 302, "Кружка", vat_row=1, barcodes=("0" + MUG,), articles=("mug",),
            prices=(ProductPrice(2, 302, Money(10_000)),)),
    Product(PORTAL, 311, "Сыр весовой", vat_row=2, measure=11, measure_name="кг", scale_numbers=("12345",),
            articles=("cheese",), prices=(ProductPrice(3, 311, Money(81_240)),)),
    Product(PORTAL, 393, "Молоко маркированное", vat_row=2, barcodes=("0" + MILK,), marking="milk",
            prices=(ProductPrice(4, 393, Money(9_900)),)),
)  # fmt: skip


def label(grams: int) -> str:
    """What the scales print for the cheese."""
    digits = f"2112345{grams:05d}"
    return digits + check_digit(digits)


def milk(number: int) -> str:
    return f"010460710382070021abc{number:03d}{GS}93dGVz"


def put_on_board(shop: Shop, *goods: Product, fields: CatalogueSettings = FIELDS, portal: str = PORTAL) -> None:
    """The catalogue as a complete pull leaves it."""
    rates = {1: ("НДС 22 %", "22"), 2: ("НДС 10 %", "10")}
    shop.settings = shop.settings.with_(catalogue=fields, vat=VatSettings(confirmed={1: 11, 2: 2}, rows=rates))
    shop.till = replace(shop.till, settings=shop.settings)
    chosen = goods or GOODS
    prices = [price for each in chosen for price in each.prices]
    at = shop.now().isoformat()
    book = catalogue.Book(catalogue._read_by(fields), 1, at, at, at)
    facts = {f"catalogue:{portal}": json.dumps(asdict(book), ensure_ascii=False)}
    shop.till.journal.save_catalogue(portal, chosen, prices, 1, facts)


def cash(kopecks: int = 10_000_000) -> tuple[Tender, ...]:
    return (Tender(TenderKind.CASH, Money(kopecks)),)


def sell(till: Till, *codes: str, tenders: Sequence[Tender] | None = None, **more: Any) -> sale.Sold:
    """The cashier scans and takes the money; a person reads the answer."""
    done = scan(till, *codes, tenders=tenders, **more)
    walkin.told(till, done.view.receipt.key)
    return done


def scan(till: Till, *codes: str, tenders: Sequence[Tender] | None = None, **more: Any) -> sale.Sold:
    """The same, and the answer reaches nobody."""
    return walkin.sell(till, walkin.items_of(till, codes), tenders or cash(), **more)


def stored(shop: Shop) -> list[StoredReceipt]:
    """Every receipt of the journal that has no order, cancelled ones left out."""
    return [each for each in shop.till.journal.receipts_in(*State) if each.state is not State.CANCELLED]


def assert_one_each(shop: Shop) -> None:
    """Each receipt of the journal is printed once, with its mark, and nothing else is in the storage or open."""
    receipts = stored(shop)
    assert len(shop.register.receipts) == len(receipts)
    for each in receipts:
        (document,) = shop.register.with_key(each.receipt.key)
        assert each.state is State.FISCALIZED
        assert each.mark is not None
        assert (each.mark.document_number, each.mark.document_sign) == (document.number, str(document.sign))
        assert document.total_kopecks == each.receipt.total.kopecks
        assert shop.till.journal.entries_of_receipt(each.receipt.key) == []
    assert shop.register.printer.receipt is None
