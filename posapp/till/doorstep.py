"""What has changed in an order since the courier left with it, and that nobody takes money without having seen it.

The copies he leaves with are kept beside those on board: when he leaves (`orders route`, `orders route --take`), and
when a person loads the orders of the day. Later copies – of the sweep, of the events, of the reading before a sale –
replace the one on board and not that one. What differs is shown wherever the order is shown, until somebody has seen
it; where it is money or goods, the till prints nothing before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from posapp.domain.order import Order
from posapp.domain.order_changes import Change, changes, is_money_changed
from posapp.domain.settlement import State
from posapp.errors import SaleError
from posapp.till.context import Till

DELIVERIES_MAX = 500


class ChangedAtDoor(SaleError):
    """The order is another deal than the one the person left with; `changes` says in what. Nothing was printed."""

    def __init__(self, order: Order, found: Sequence[Change], language: str = "ru") -> None:
        told = "; ".join(each.words(language) for each in found)
        super().__init__("changed_at_door", order=order.number, changes=told)
        self.changes = tuple(found)
        self.extra = {"order": order.number, "changes": [each.as_json(language) for each in found]}


def leave_with(till: Till, copies: Iterable[Order], *, anew: bool = False, drops: Sequence[int] = ()) -> int:
    """The courier leaves with these copies; how many are new with him.

    One that he has with him since today stays as he left with it, unless it is taken `anew`.
    """
    today = till.now().date()
    known = {each.copy.order_id: each.left_at for each in till.journal.route_stops(till.portal)}
    fresh = [
        each
        for each in copies
        if anew or each.order_id not in known or known[each.order_id].astimezone(till.now().tzinfo).date() < today
    ]
    if fresh or drops:
        till.journal.leave_with(till.portal, fresh, drops)
    return len(fresh)


def leave_with_deliveries(till: Till) -> int:
    """A person has loaded the orders of the day: those that are brought to the door are with him as they are now."""
    if till.settings.route is not None:  # then his orders are those of the route, and it is the route that is taken
        return 0
    copies = till.journal.orders(till.portal, courier=True, limit=DELIVERIES_MAX)
    return leave_with(till, [each for each in copies if not each.is_cancelled and not each.is_paid])


def stops(till: Till) -> list[Order] | None:
    """The orders of the route as they are on board now; None where no filter is chosen."""
    if till.settings.route is None:
        return None
    ids = [each.copy.order_id for each in till.journal.route_stops(till.portal)]
    return [order for each in ids if (order := till.journal.order_by_id(till.portal, each)) is not None]


def changes_of(till: Till, order: Order) -> tuple[tuple[Change, ...], datetime | None]:
    """What has changed since the courier left with the order, and when he did; nothing for other orders, and nothing
    once it has a receipt here – from then on the portal changes because of us."""
    stop = till.journal.route_stop(order.portal, order.order_id)
    if stop is None or _has_receipt(till, order):
        return (), None
    return changes(stop.copy, order), stop.left_at


def seen(till: Till, order: Order) -> None:
    """A person has seen how the order is now: what comes later is compared with that."""
    till.journal.leave_with(order.portal, [order])


def require_seen(till: Till, order: Order, before: Order | None = None, *, is_told: bool = True) -> None:
    """Raises `ChangedAtDoor` once for each change of money or goods that nobody has seen; asked again it passes.

    `is_told`: whoever hears of it by the error has seen it; a window shows it first, and is told by `seen`.
    `before`: the copy that was on board a moment ago, for an order that nobody left with.
    """
    if order.is_cancelled or order.is_paid or order.problems:
        return  # it is not sold as it was typed anyway, and the reason says more than a list of differences
    found, left_at = changes_of(till, order)
    if left_at is None and before is not None and not _has_receipt(till, order):
        found = changes(before, order)
    if not is_money_changed(found):
        return
    if left_at is not None and is_told:
        seen(till, order)
    raise ChangedAtDoor(order, found, till.settings.language)


def _has_receipt(till: Till, order: Order) -> bool:
    stored = till.journal.receipts_of_order(order.portal, order.order_id)
    return any(each.state is not State.CANCELLED for each in stored)
