"""What receipts move in the portal's stock, as the journal offers it; a part of `store.Journal`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from posapp.domain.receipt import Receipt
from posapp.journal.connect import Readers
from posapp.journal.mapping import body_of, micros, moment_or_none
from posapp.journal.rows import Decision, EntryResult, ReturnedGoods, StockMove, StockWrite

if TYPE_CHECKING:
    from posapp.journal.changes import Changes

T = TypeVar("T")
_MOVE = (
    "SELECT receipt_key, product_id, portal, name, change_micro, left_micro, seen, target, is_cleared, confirmed_at"
    " FROM stock_moves "
)


class StockStore:
    """What `Journal` inherits. Every method raises JournalError for trouble with the disk."""

    _readers: Readers

    def _write(self, change: Callable[[Changes], T], decision: Decision | None = None) -> T:
        raise NotImplementedError

    # -------------------------------------------------------------------------------------------- refunds
    def add_refund(
        self, receipt: Receipt, returned: ReturnedGoods, *, decision: Decision | None = None, card: str = ""
    ) -> None:
        """A new refund, `pending`, with what became of its goods, in one transaction; `card` the operation that gave
        its money back. Raises SettlementTaken."""

        def add(changes: Changes) -> None:
            changes.add_refund(receipt, returned)
            if card:
                changes.link_card(card, receipt.key)

        self._write(add, decision)

    def returned_goods(self, key: str) -> ReturnedGoods | None:
        """What the refund `key` says of its goods; None for one that was read back from the fiscal storage."""
        with self._readers.reading() as db:
            row = db.execute(
                "SELECT is_back, is_whole, goods FROM returned_goods WHERE receipt_key = ?", (key,)
            ).fetchone()
        return None if row is None else ReturnedGoods(bool(row[0]), bool(row[1]), tuple(body_of(row[2])["goods"]))

    # -------------------------------------------------------------------------------------------- moves
    def stock_moves(self, key: str) -> list[StockMove]:
        """What a receipt moves, by product."""
        with self._readers.reading() as db:
            return [_move(row) for row in db.execute(_MOVE + "WHERE receipt_key = ? ORDER BY product_id", (key,))]

    def stock_writing(self, portal: str) -> dict[int, str]:
        """Products whose quantity is being written: the key of the receipt whose write it is."""
        with self._readers.reading() as db:
            rows = db.execute(
                "SELECT product_id, receipt_key FROM stock_moves"
                " WHERE portal = ? AND target IS NOT NULL AND confirmed_at IS NULL",
                (portal,),
            )
            return dict(rows.fetchall())

    def unconfirmed_stock(self, portal: str, product_id: int, since: datetime | None = None) -> Decimal:
        """What receipts have moved of a product and the portal did not show yet when it was read at `since`.

        Moves that are not confirmed, and those confirmed later than that; None: only those that are not confirmed.
        """
        with self._readers.reading() as db:
            return _unconfirmed(db, portal, product_id, since)

    def start_stock_writes(self, writes: Sequence[StockWrite]) -> None:
        """Keeps what is about to be written (rule 13). Raises IllegalMove: nothing of it is kept."""
        self._write(lambda changes: changes.start_stock_writes(writes))

    def drop_stock_write(self, key: str, product_id: int) -> None:
        """The write that was begun surely did not happen."""
        self._write(lambda changes: changes.drop_stock_write(key, product_id))

    def owe_stock(self, key: str, product_id: int, left: Decimal) -> None:
        """A write went over somebody else's: so much of the move is left to be written."""
        self._write(lambda changes: changes.owe_stock(key, product_id, left))

    def confirm_moves(self, moves: Sequence[tuple[str, int]]) -> None:
        """The portal has these moves: (receipt's key, product)."""
        self._write(lambda changes: changes.confirm_moves(moves))

    def settle_stock(self, entry_id: int, proof: str, decision: Decision) -> None:
        """A person says that an entry's goods are counted on the portal already: it is done, and its moves with it."""
        self._write(lambda changes: changes.settle_entries([EntryResult(entry_id, "done", proof=proof)], []), decision)

    def clear_stock(self, entry_id: int, key: str, now: datetime, decision: Decision) -> None:
        """A person says that what is not confirmed of an entry has not happened: due again. Raises IllegalMove."""

        def change(changes: Changes) -> None:
            changes.clear_moves(key)
            changes.set_entry(entry_id, "waiting", ("failed", "held", "waiting"), now)

        self._write(change, decision)


def _move(row: tuple[str, int, str, str, int, int, str | None, str | None, int, int | None]) -> StockMove:
    key, product_id, portal, name, change, left, seen, target, is_cleared, at = row
    return StockMove(
        key=key,
        product_id=product_id,
        portal=portal,
        name=name,
        change=Decimal(change).scaleb(-6),
        left=Decimal(left).scaleb(-6),
        seen=None if seen is None else Decimal(seen),
        target=None if target is None else Decimal(target),
        is_cleared=bool(is_cleared),
        confirmed_at=moment_or_none(at),
    )


def _unconfirmed(db: sqlite3.Connection, portal: str, product_id: int, since: datetime | None) -> Decimal:
    product = "FROM stock_moves WHERE portal = ? AND product_id = ? AND "
    left = f"SELECT coalesce(sum(left_micro), 0) {product} confirmed_at IS NULL"
    total: int = db.execute(left, (portal, product_id)).fetchone()[0]
    if since is not None:
        later = f"SELECT coalesce(sum(change_micro), 0) {product} confirmed_at > ?"
        total += db.execute(later, (portal, product_id, micros(since))).fetchone()[0]
    return Decimal(total).scaleb(-6)
