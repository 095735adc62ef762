"""What the stores have, on board: read with the catalogue, in passes that may be cut off anywhere.

A pass reads every row, for Bitrix does not say which of them changed; what it did not see any more is forgotten at its
end. Each step and the place where it goes on are one commit.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from posapp.errors import Offline, Rejected, SetupError
from posapp.till import exchange
from posapp.till.context import Till

ROUND_EVERY = timedelta(minutes=15)
ROUND_STEPS = 2
"""Requests of one round of the exchange: orders, receipts and prices go first."""


@dataclass(frozen=True, slots=True)
class Book:
    """How far the stock has come. Times are the till's own, "" for never; `after`: the pass that is under way goes on
    behind this id, None when none is. `began`: when that pass began: nothing of it is older."""

    pass_id: int = 0
    after: int | None = None
    whole_at: str = ""
    looked_at: str = ""
    began: str = ""


def pull(till: Till, *, steps: int | None = None) -> bool:
    """Reads on where the last pull stopped, else anew; whether the pass is complete. Raises Offline, Rejected."""
    from posapp.sync.bitrix import store_stock as portal

    book = replace(_book(till), looked_at=till.now().isoformat())
    with exchange.logged(till) as client:
        if book.after is None:
            till.journal.save_stores(till.portal, portal.stores(client))
            book = replace(book, pass_id=book.pass_id + 1, after=0, began=book.looked_at)
        for _ in itertools.count() if steps is None else range(steps):
            found = portal.step(client, book.after or 0)
            book = replace(book, after=None if found.is_end else found.after)
            if found.is_end:
                book = replace(book, whole_at=book.began or book.looked_at)
            facts = {exchange.fact_of(till, _BOOK): json.dumps(asdict(book))}
            till.journal.save_amounts(till.portal, found.amounts, book.pass_id, facts, is_last=found.is_end)
            if found.is_end:
                return True
    return False


_BOOK = "store_stock"


def _book(till: Till) -> Book:
    text = till.journal.get_fact(exchange.fact_of(till, _BOOK))
    return Book(**json.loads(text)) if text else Book()


def refresh_if_due(till: Till) -> None:
    """A round of the exchange: a few pages every quarter of an hour, and while a pass is under way.

    Never raises for a portal that is away or declines: a till sells without knowing what the stores have.
    """
    if till.settings.catalogue is None or till.settings.portal is None:
        return
    book = _book(till)
    is_recent = book.looked_at and timedelta(0) <= till.now() - datetime.fromisoformat(book.looked_at) < ROUND_EVERY
    if is_recent and book.after is None:
        return
    try:
        pull(till, steps=ROUND_STEPS)
    except (Offline, Rejected, SetupError):
        noted = replace(_book(till), looked_at=till.now().isoformat())
        till.journal.set_fact(exchange.fact_of(till, _BOOK), json.dumps(asdict(noted)))


def known_at(till: Till) -> datetime | None:
    """As of when the whole stock is known; None before the first pass has ended."""
    at = _book(till).whole_at
    return datetime.fromisoformat(at) if at else None
