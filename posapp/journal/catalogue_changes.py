"""Changes of the catalogue and of what sales without an order sold; a part of `changes.Changes`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from posapp.domain.product import Product, ProductPrice
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import State
from posapp.journal import statements as sql
from posapp.journal.mapping import text_of
from posapp.journal.rows import WalkIn


class CatalogueChanges:
    """On the writing connection, each a part of one transaction."""

    _db: sqlite3.Connection

    def add_receipt(self, receipt: Receipt, state: State, reason: str) -> None:
        """See `Changes`."""
        raise NotImplementedError

    def set_facts(self, facts: Mapping[str, str]) -> None:
        """See `Changes`."""
        raise NotImplementedError

    def save_catalogue(
        self,
        portal: str,
        products: Sequence[Product],
        prices: Sequence[ProductPrice],
        pass_id: int,
        facts: Mapping[str, str],
    ) -> None:
        """Upserts a part of the catalogue, the codes of its products anew, and where the reading goes on."""
        sql.FORGET_CODES.run_many(self._db, ({"portal": portal, "product_id": each.product_id} for each in products))
        sql.SAVE_PRODUCT.run_many(self._db, (_product_columns(each, pass_id) for each in products))
        sql.ADD_CODE.run_many(self._db, (row for each in products for row in _code_columns(each)))
        sql.SAVE_PRICE.run_many(self._db, (_price_columns(portal, each, pass_id) for each in prices))
        self.set_facts(facts)

    def sweep_catalogue(self, portal: str, pass_id: int, facts: Mapping[str, str]) -> int:
        """Forgets what the pass did not see; how many products that were."""
        values = {"portal": portal, "pass_id": pass_id}
        sql.SWEEP_CODES.run(self._db, values)
        gone = sql.SWEEP_PRODUCTS.run(self._db, values).rowcount
        sql.SWEEP_PRICES.run(self._db, values)
        self.set_facts(facts)
        return gone

    def add_walk_in(self, receipt: Receipt, sold: WalkIn) -> None:
        """A new receipt and what it sells. Raises SettlementTaken."""
        self.add_receipt(receipt, State.PENDING, "")
        goods = text_of({"goods": [dict(each) for each in sold.goods]})
        row = {"receipt_key": receipt.key, "content": sold.content, "is_told": int(sold.is_told), "goods": goods}
        sql.ADD_WALK_IN.run(self._db, row)

    def tell_walk_in(self, key: str) -> None:
        """A person knows now; known already is known."""
        sql.TELL_WALK_IN.run(self._db, {"key_": key})


def _product_columns(product: Product, pass_id: int) -> dict[str, object]:
    return {
        "portal": product.portal,
        "product_id": product.product_id,
        "name": product.name,
        "search": product.name.casefold(),
        "kind": int(product.kind),
        "is_active": int(product.is_active),
        "measure": product.measure,
        "measure_name": product.measure_name,
        "vat_row": product.vat_row,
        "vat_included": int(product.vat_included),
        "marking": product.marking,
        "updated_at": product.updated_at,
        "pass_id": pass_id,
    }


def _code_columns(product: Product) -> list[dict[str, object]]:
    by_kind = (("barcode", product.barcodes), ("article", product.articles), ("scale", product.scale_numbers))
    return [
        {"portal": product.portal, "code": code, "kind": kind, "product_id": product.product_id}
        for kind, codes in by_kind
        for code in codes
    ]


def _price_columns(portal: str, price: ProductPrice, pass_id: int) -> dict[str, object]:
    return {
        "portal": portal,
        "price_id": price.price_id,
        "product_id": price.product_id,
        "quantity_from": price.quantity_from,
        "quantity_to": price.quantity_to,
        "kopecks": price.amount.kopecks,
        "currency": price.currency,
        "pass_id": pass_id,
    }
