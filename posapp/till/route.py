"""The courier's route by a filter of the portal: chosen once, proved complete each time, kept as he leaves with it.

Without a filter the route is what is on board and brought to the door. With one – responsible person, status, a value
of a property – it is exactly what the portal lists for it: the ids are counted by the portal, read, and found on board
again before anybody says "32 of 32". What is no longer his leaves the route.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from posapp.errors import SetupError
from posapp.settings import RouteSettings
from posapp.till import claims, doorstep, exchange, orders
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.sync.bitrix.route import RouteFilter

_PROOF = "route_proof"


@dataclass(frozen=True, slots=True)
class RouteProof:
    """How complete the route was when the portal was last asked: `on_board` of `expected`; the ids of the others."""

    expected: int
    on_board: int
    at: datetime
    missing: tuple[int, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Every order that the portal counts for this route is here."""
        return self.on_board >= self.expected and not self.missing

    def as_json(self) -> dict[str, object]:
        """`proof` of `posapp orders route`."""
        return {
            "expected": self.expected,
            "on_board": self.on_board,
            "complete": self.is_complete,
            "missing": list(self.missing),
            "at": self.at.isoformat(),
        }


def refuse_unknown(till: Till, chosen: RouteSettings) -> None:
    """Asks the portal whether it has the properties and statuses of a filter, before the filter is kept.

    Raises UsageError naming what there is; Offline, Rejected.
    """
    from posapp.sync.bitrix import route as on_portal

    with exchange.logged(till) as client:
        on_portal.refuse_unknown(client, _filter_of(till, chosen))


def prove(till: Till) -> RouteProof:
    """Asks the portal for the orders of the route, reads all of them, and compares. The courier leaves with them.

    Raises SetupError where no filter is chosen, UsageError as `refuse_unknown`, Offline, Rejected.
    """
    from posapp.sync.bitrix.route import listed

    chosen = till.settings.route
    if chosen is None:
        raise SetupError("not_set_up", what="не выбран отбор маршрута", command="route")
    wanted = _filter_of(till, chosen)
    for _ in range(2):  # an order that was deleted between listing and reading: listed once more
        with exchange.logged(till) as client:
            found = listed(client, wanted)
        read, _ = exchange.read(till, found.ids)
        if not read.gone:
            break
    if not found.expected:  # what was kept may have been taken off the portal since
        refuse_unknown(till, chosen)
    here = till.journal.orders_on_board(till.portal, found.ids)
    bad = {*read.unread, *read.gone} | (set(found.ids) - here)
    proof = RouteProof(found.expected, len(found.ids) - len(bad), till.now(), tuple(sorted(bad)))
    _leave(till, [each for each in found.ids if each not in bad])
    till.journal.set_fact(f"{_PROOF}:{till.portal}", json.dumps(proof.as_json()))
    return proof


def _leave(till: Till, ids: Sequence[int]) -> None:
    drops = [each.copy.order_id for each in till.journal.route_stops(till.portal) if each.copy.order_id not in ids]
    copies = [order for each in ids if (order := till.journal.order_by_id(till.portal, each)) is not None]
    doorstep.leave_with(till, copies, drops=drops)


def _filter_of(till: Till, chosen: RouteSettings) -> RouteFilter:
    from posapp.sync.bitrix.route import RouteFilter

    portal = till.settings.portal
    final = portal.final_status if portal is not None else "F"
    return RouteFilter(chosen.responsible, chosen.status_list, chosen.property_list, final)


def proof(till: Till) -> RouteProof | None:
    """The last proof of the route that is chosen; None where none is, or nobody has asked yet."""
    if till.settings.route is None or till.settings.portal is None:
        return None
    text = till.journal.get_fact(f"{_PROOF}:{till.portal}")
    if not text:
        return None
    body = json.loads(text)
    at = datetime.fromisoformat(body["at"])
    return RouteProof(body["expected"], body["on_board"], at, tuple(body["missing"]))


def take(till: Till) -> int:
    """With a gateway: claims what of the route is still to be brought; how many of them another till has.

    Raises Offline, Rejected, SetupError.
    """
    if till.settings.gateway is None or till.settings.route is None:
        return 0
    open_rows = [row for row in orders.route(till) if not row.is_done and not row.is_cancelled]
    copies = [order for row in open_rows if (order := till.journal.order_by_id(till.portal, row.order_id)) is not None]
    return sum(not each.may_sell for each in claims.take_route(till, copies)) if copies else 0
