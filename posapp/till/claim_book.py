"""What this till knows of its claims, on disk: one small fact of the journal, read before every sale.

The gateway decides who holds an order; the book is what remains of its answers when the network is gone. An entry is
written before anything is sold under it and stays until the gateway has confirmed the receipt, so nothing that has to
be told to it is ever lost.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from posapp.domain.claim import Claim, TakenFor
from posapp.errors import JournalError
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.journal.store import Journal


@dataclass(frozen=True, slots=True)
class Entry:
    """An order in the book.

    `fence` of the claim it is or was held under; None for one sold without a claim. `lost_to`: the till that has it
    now, since `lost_at` (ISO with zone); `is_closed`: that till has made its receipt already. `doubled_with`: the other
    receipt's document, when both have made one. `is_sure` is False in a book that came from a copy: the order may have
    changed hands since, so it is sold only when the gateway has said again that it is ours.
    """

    fence: int | None
    taken_for: TakenFor = TakenFor.SALE
    lost_to: str = ""
    lost_at: str = ""
    is_closed: bool = False
    doubled_with: str = ""
    is_sure: bool = True

    @property
    def is_held(self) -> bool:
        """Whether this till may sell the order, as far as it knows."""
        return self.is_awaited and self.is_sure

    @property
    def is_awaited(self) -> bool:
        """Whether the gateway should say that it is ours."""
        return self.fence is not None and not self.lost_to

    def lost(self, till: str, at: str, *, is_closed: bool = False) -> Entry:
        """The order is another till's."""
        return replace(self, lost_to=till, lost_at=at, is_closed=is_closed)


Book = dict[int, Entry]

_LOCKS: WeakKeyDictionary[Journal, threading.RLock] = WeakKeyDictionary()
_MAKING = threading.Lock()


@contextmanager
def locked(till: Till) -> Iterator[None]:
    """Alone with the book: the lanes of this process take turns (no second process writes a data directory).

    Held from taking a claim until the receipt sold under it is in the journal, and while claims are given back, so that
    none is given back from under a sale.
    """
    with _MAKING:
        lock = _LOCKS.setdefault(till.journal, threading.RLock())
    with lock:
        yield


def read(till: Till) -> Book:
    """The book. Raises JournalError `journal_damaged` when it is none."""
    text = till.journal.get_fact(_name(till))
    if not text:
        return {}
    try:
        return {int(order_id): _entry(body) for order_id, body in json.loads(text).items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise JournalError("journal_damaged", what="запись о закреплённых заказах не читается") from error


def change(till: Till, how: Callable[[Book], object]) -> Book:
    """Changes the book and keeps it; writes nothing when nothing changed."""
    with locked(till):
        book = read(till)
        before = dict(book)
        how(book)
        if book != before:
            text = json.dumps({str(order_id): _body(entry) for order_id, entry in book.items()}, ensure_ascii=False)
            till.journal.set_fact(_name(till), text)
        return book


def keep(till: Till, claim: Claim, taken_for: TakenFor) -> None:
    """The gateway has given the order to this till. What is held for the route stays held for it."""

    def note(book: Book) -> None:
        former = book.get(claim.order_id)
        route = former is not None and former.is_held and former.taken_for is TakenFor.ROUTE
        book[claim.order_id] = Entry(claim.fence, TakenFor.ROUTE if route else taken_for)

    change(till, note)


def doubt(till: Till) -> None:
    """The journal was put back from a copy: nothing in its book is sold before the gateway was asked."""

    def note(book: Book) -> None:
        for order_id, entry in book.items():
            book[order_id] = replace(entry, is_sure=False)

    if till.settings.portal is not None:
        change(till, note)


def _name(till: Till) -> str:
    return f"claims:{till.portal}"


def _entry(body: Mapping[str, Any]) -> Entry:
    fence = body["fence"]
    return Entry(
        fence=None if fence is None else int(fence),
        taken_for=TakenFor(body["for"]),
        lost_to=str(body.get("lost_to", "")),
        lost_at=str(body.get("lost_at", "")),
        is_closed=body.get("closed") is True,
        doubled_with=str(body.get("doubled_with", "")),
        is_sure=body.get("unsure") is not True,
    )


def _body(entry: Entry) -> dict[str, object]:
    body: dict[str, object] = {"fence": entry.fence, "for": entry.taken_for.value}
    more = {
        "lost_to": entry.lost_to,
        "lost_at": entry.lost_at,
        "closed": entry.is_closed,
        "doubled_with": entry.doubled_with,
        "unsure": not entry.is_sure,
    }
    return body | {name: value for name, value in more.items() if value}
