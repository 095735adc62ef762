"""The catalogue and what sales without an order sold, as the journal offers them; a part of `store.Journal`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from posapp.domain.product import Product, ProductPrice
from posapp.domain.receipt import Receipt
from posapp.journal import catalogue_queries
from posapp.journal.connect import Readers
from posapp.journal.rows import CatalogueCounts, Decision, StoredReceipt, WalkIn

if TYPE_CHECKING:
    from posapp.journal.changes import Changes

T = TypeVar("T")


class CatalogueStore:
    """What `Journal` inherits. Every method raises JournalError for trouble with the disk."""

    _readers: Readers

    def _write(self, change: Callable[[Changes], T], decision: Decision | None = None) -> T:
        raise NotImplementedError

    # -------------------------------------------------------------------------------------------- catalogue
    def save_catalogue(
        self,
        portal: str,
        products: Sequence[Product],
        prices: Sequence[ProductPrice],
        pass_id: int,
        facts: Mapping[str, str],
    ) -> None:
        """Keeps a part of the catalogue and, in the same transaction, the `facts` that say where reading goes on.

        The codes of these products are replaced; `pass_id` is the pass through the whole catalogue they belong to.
        """
        self._write(lambda changes: changes.save_catalogue(portal, products, prices, pass_id, facts))

    def sweep_catalogue(self, portal: str, pass_id: int, facts: Mapping[str, str]) -> int:
        """After a complete pass: forgets products and prices that it did not see; how many products that were."""
        return self._write(lambda changes: changes.sweep_catalogue(portal, pass_id, facts))

    def products_by_code(self, portal: str, code: str) -> list[tuple[str, Product]]:
        """The products with this code, each with its kind: `barcode`, `article`, `scale`. As `domain.barcode` keys."""
        with self._readers.snapshot() as db:
            return catalogue_queries.by_code(db, portal, code)

    def product(self, portal: str, product_id: int) -> Product | None:
        """By the portal's id."""
        with self._readers.snapshot() as db:
            return catalogue_queries.product(db, portal, product_id)

    def products(self, portal: str, *, search: str = "", after: int = 0, limit: int = 50) -> list[Product]:
        """A page in the order of their ids, behind `after`; `search` is a part of the name, in any case."""
        with self._readers.snapshot() as db:
            return catalogue_queries.products(db, portal, search, after, limit)

    def catalogue_counts(self, portal: str) -> CatalogueCounts:
        """How much is on board."""
        with self._readers.snapshot() as db:
            return catalogue_queries.counts(db, portal)

    # -------------------------------------------------------------------------------------------- walk-ins
    def add_walk_in(self, receipt: Receipt, sold: WalkIn, *, decision: Decision | None = None, card: str = "") -> None:
        """A new receipt, `pending`, and what it sells, in one transaction; `card` the operation whose money it shows.
        Raises SettlementTaken (rule 1)."""

        def add(changes: Changes) -> None:
            changes.add_walk_in(receipt, sold)
            if card:
                changes.link_card(card, receipt.key)

        self._write(add, decision)

    def walk_in(self, key: str) -> WalkIn | None:
        """What the receipt `key` sold; None for other receipts and for those read back from the fiscal storage."""
        with self._readers.reading() as db:
            return catalogue_queries.walk_in(db, key)

    def untold_walk_ins(self, content: str) -> list[StoredReceipt]:
        """Receipts of the same goods that nobody was told of being printed, cancelled ones left out; oldest first."""
        with self._readers.reading() as db:
            return catalogue_queries.untold(db, content)

    def tell_walk_in(self, key: str) -> None:
        """A person has been told that the receipt is printed."""
        self._write(lambda changes: changes.tell_walk_in(key))
