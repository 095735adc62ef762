"""Changes of what receipts move in the portal's stock; a part of `changes.Changes`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, State
from posapp.journal import statements as sql
from posapp.journal.mapping import micros, text_of
from posapp.journal.rows import IllegalMove, NewEntry, ReturnedGoods, StockWrite

MICRO = 6
"""Digits behind the point of a quantity as it is kept; tag 1023 has no more."""


class StockChanges:
    """On the writing connection, each a part of one transaction."""

    _db: sqlite3.Connection
    _now: Callable[[], datetime]

    def add_receipt(self, receipt: Receipt, state: State, reason: str) -> None:
        """See `Changes`."""
        raise NotImplementedError

    def add_refund(self, receipt: Receipt, returned: ReturnedGoods) -> None:
        """A new refund, `pending`, and what it says of the goods. Raises SettlementTaken."""
        self.add_receipt(receipt, State.PENDING, "")
        goods = text_of({"goods": [dict(each) for each in returned.goods]})
        row = {"receipt_key": receipt.key, "is_back": int(returned.is_back), "is_whole": int(returned.is_whole)}
        sql.ADD_RETURNED.run(self._db, {**row, "goods": goods})

    def add_moves(self, key: str, outbox: Iterable[NewEntry]) -> None:
        """What the stock entries of a receipt move: `goods` of their bodies, negative for what leaves the stock."""
        for entry in outbox:
            sql.ADD_MOVE.run_many(self._db, _moves(key, entry.portal, entry.body) if entry.step == "stock" else ())

    def start_stock_writes(self, writes: Sequence[StockWrite]) -> None:
        """What is about to be written, before it is (rule 13). Raises IllegalMove for a move that is confirmed, and
        where another receipt's write of the same product is under way."""
        for each in writes:
            row = {"key_": each.key, "product_id_": each.product_id, "seen": str(each.seen), "target": str(each.target)}
            try:
                started = sql.START_STOCK_WRITE.run(self._db, row).rowcount
            except sqlite3.IntegrityError:
                started = 0
            if started != 1:
                raise IllegalMove(f"stock of {each.product_id}, receipt {each.key}", "", "writing", By.PROGRAM)

    def drop_stock_write(self, key: str, product_id: int) -> None:
        """The write that was begun surely did not happen: nothing is under way any more."""
        sql.DROP_STOCK_WRITE.run(self._db, {"key_": key, "product_id_": product_id})

    def owe_stock(self, key: str, product_id: int, left: Decimal) -> None:
        """A write went over somebody else's: so much is left to be written, and nothing is under way."""
        values = {"key_": key, "product_id_": product_id, "left_micro": int(left.scaleb(MICRO))}
        sql.OWE_STOCK.run(self._db, values)

    def confirm_moves(self, moves: Sequence[tuple[str, int]]) -> None:
        """The portal has these: (receipt's key, product). Confirmed once is confirmed."""
        at = micros(self._now())
        sql.CONFIRM_MOVE.run_many(self._db, [{"key_": key, "product_id_": number, "at": at} for key, number in moves])

    def clear_moves(self, key: str) -> None:
        """A person says that what of a receipt is not confirmed has not happened: it may be written."""
        sql.CLEAR_MOVES.run(self._db, {"key_": key})


def _moves(key: str, portal: str, body: Mapping[str, object]) -> list[dict[str, object]]:
    found: dict[int, dict[str, object]] = {}
    goods: Any = body.get("goods") or ()
    for each in goods:
        row = found.setdefault(
            each["product_id"],
            {
                "receipt_key": key,
                "product_id": each["product_id"],
                "portal": portal,
                "name": each["name"],
                "change_micro": 0,
                "left_micro": 0,
                "seen": None,
                "target": None,
                "is_cleared": 0,
                "confirmed_at": None,
            },
        )
        change = int(str(row["change_micro"])) + int(Decimal(each["change"]).scaleb(MICRO))
        row |= {"change_micro": change, "left_micro": change}
    return list(found.values())
