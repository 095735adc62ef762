"""A product of the catalogue on board: what is sold without an order, found by its codes.

A copy with a date, like an order: the portal may have changed it since. The receipt made from it never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from posapp.domain.money import Money, Quantity
from posapp.domain.terms import MEASURES

PIECE, OTHER_MEASURE = 0, 255
"""Tag 2108: pieces, and what is none of its measures (packs, pairs, sets): counted like pieces."""
GRAMS_OF: Mapping[int, Decimal] = {10: Decimal(1), 11: Decimal(1000), 12: Decimal(1_000_000)}
"""How many grams are one of a measure of weight (2108)."""
ROUBLES = "RUB"

OKEI_MEASURES: Mapping[int, int] = {
    796: 0, 163: 10, 166: 11, 168: 12, 4: 20, 5: 21, 6: 22, 51: 30, 53: 31, 55: 32, 111: 40, 112: 41, 113: 42, 245: 50,
    233: 51, 359: 70, 356: 71, 355: 72, 354: 73, 256: 80, 257: 81, 2553: 82, 2554: 83,
}  # fmt: skip
"""The classifier of measures (ОКЕИ), which the portal uses, to tag 2108; what is missing is 255."""


class ProductKind(IntEnum):
    """`type` of a product in the catalogue module; 5 and 6 are broken ones."""

    SIMPLE = 1
    SET = 2
    WITH_VARIATIONS = 3
    VARIATION = 4
    SERVICE = 7


SELLABLE = frozenset((ProductKind.SIMPLE, ProductKind.VARIATION, ProductKind.SERVICE))
"""A set hides what is in it, a product with variations is none of them."""


@dataclass(frozen=True, slots=True)
class ProductPrice:
    """A price for any quantity, or for those from `quantity_from` to `quantity_to` (None: no bound)."""

    price_id: int
    product_id: int
    amount: Money
    currency: str = ROUBLES
    quantity_from: int | None = None
    quantity_to: int | None = None

    def holds_for(self, quantity: Quantity) -> bool:
        """Whether the quantity lies between the bounds. Less than the first piece is the first range."""
        low, high = self.quantity_from or 0, self.quantity_to
        value = max(quantity.value, Decimal(1))
        return low <= value and (high is None or high == 0 or value < high + 1)


@dataclass(frozen=True, slots=True)
class Product:
    """`kind` is the portal's number of `ProductKind`, `measure` tag 2108, `vat_row` the portal's VAT row or None.

    `vat_included`: the prices hold the VAT. `marking` is not empty when the catalogue says that each thing carries a
    marking code. `barcodes`, `articles` and `scale_numbers` as they are looked up (see `barcode`); a product that was
    read to be sold holds its `prices` and may leave the codes out.
    """

    portal: str
    product_id: int
    name: str
    kind: int = ProductKind.SIMPLE
    is_active: bool = True
    measure: int = PIECE
    measure_name: str = "шт"
    vat_row: int | None = None
    vat_included: bool = True
    marking: str = ""
    updated_at: str = ""
    barcodes: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    scale_numbers: tuple[str, ...] = ()
    prices: tuple[ProductPrice, ...] = ()

    def __post_init__(self) -> None:
        if not self.portal or self.product_id <= 0:
            raise ValueError("a product has a portal and an id")
        if self.measure not in MEASURES:
            raise ValueError(f"no such measure of tag 2108: {self.measure}")

    @property
    def is_measured(self) -> bool:
        """Sold by weight, length, volume or time, in fractions; else by whole things."""
        return self.measure not in (PIECE, OTHER_MEASURE)

    @property
    def is_weighed(self) -> bool:
        """Sold by weight."""
        return self.measure in GRAMS_OF
