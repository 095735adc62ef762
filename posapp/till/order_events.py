"""The till hears of orders through the portal's queue, where it may; the sweep goes on beside it, only not as often.

    look ─▶ reserve (clear=0) ─▶ read the orders ─▶ one commit ─▶ clear        a reservation left behind is read first

Cut off anywhere, the rows are still there: before the commit nothing was done, after it they are read once more, which
does no harm. What is not offered – by the plan, to a webhook, without the right – is asked for again a day later.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posapp.errors import Rejected
from posapp.till import exchange
from posapp.till.context import Till
from posapp.till.views import PullResult

if TYPE_CHECKING:
    from posapp.sync.bitrix.client import BitrixClient
    from posapp.sync.bitrix.events import Event, Taken

ASK_AGAIN = timedelta(hours=24)
FAILED_EVERY = timedelta(minutes=10)
TAKES_MAX = 10
"""Reservations of one round; more of the queue comes with the next one."""
_STATE, _FAILED_AT = "order_events", "failed_events_at"


def connector_of(till: Till) -> str:
    """The name under which this till has a queue of its own, and does not hear what it wrote itself."""
    return f"posapp-{till.settings.identity[:13]}"


def is_on(till: Till) -> bool:
    """The portal keeps a queue for this till."""
    return bool(_state(till).get("on"))


def _state(till: Till) -> dict[str, str]:
    text = till.journal.get_fact(f"{_STATE}:{till.portal}")
    found: dict[str, str] = json.loads(text) if text else {}
    return found if found.get("connector") == connector_of(till) else {}


def _note(till: Till, on: str, why: str = "") -> None:
    body = {"on": on, "why": why, "connector": connector_of(till), "at": till.now().isoformat()}
    till.journal.set_fact(f"{_STATE}:{till.portal}", json.dumps(body, ensure_ascii=False))


def listen(till: Till) -> PullResult | None:
    """Everything that the queue tells, on board; None where there is no queue, or it declines: then the sweep tells it.

    Raises Offline, SetupError.
    """
    client = exchange.client_of(till)
    if not client.is_application or not (is_on(till) or _begin(till, client)):
        return None
    try:
        return _listen(till)
    except Rejected as error:
        from posapp.sync.bitrix.answers import is_access

        if is_access(error):  # the right is gone, or the plan is another one
            _note(till, "", error.message())
        return None


def _begin(till: Till, client: BitrixClient) -> bool:
    """Asks for a queue, once a day while there is none."""
    from posapp.sync.bitrix import events

    state = _state(till)
    if state and timedelta(0) <= till.now() - datetime.fromisoformat(state["at"]) < ASK_AGAIN:
        return False
    try:
        with exchange.logged(till):
            if not events.is_offered(client):
                _note(till, "", "тариф портала не даёт офлайн-событий")
                return False
            events.bind(client, connector_of(till))
    except Rejected as error:
        _note(till, "", error.message())
        return False
    _note(till, "1")
    return True


def _listen(till: Till) -> PullResult:
    from posapp.sync.bitrix import events

    connector = connector_of(till)
    with exchange.logged(till) as client:
        waiting = events.look(client, connector)
    read = changed = 0
    for process in waiting.processes:  # a killed till's, or one whose answer was lost
        with exchange.logged(till) as client:
            taken = events.take(client, connector, process)
        read, changed = _add((read, changed), _deal(till, taken))
    for _ in range(TAKES_MAX if waiting.free else 0):
        with exchange.logged(till) as client:
            taken = events.take(client, connector)
        read, changed = _add((read, changed), _deal(till, taken))
        if len(taken.events) < events.LIMIT:
            break
    if waiting.failed and exchange.is_due(till, _FAILED_AT, FAILED_EVERY):
        till.journal.set_fact(exchange.fact_of(till, _FAILED_AT), till.now().isoformat())
        with exchange.logged(till) as client:
            taken = events.take(client, connector, failed=True)
        read, changed = _add((read, changed), _deal(till, taken))
    return PullResult(read, read, changed, till.now(), unread=till.journal.unread_orders(till.portal))


def _add(one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
    return one[0] + two[0], one[1] + two[1]


def _deal(till: Till, taken: Taken) -> tuple[int, int]:
    """Reads what the rows name, keeps it, and only then lets the rows go. How many orders, how many of them changed."""
    from posapp.sync.bitrix import events

    named = [each for each in taken.events if each.order_id is not None]
    nameless = [each for each in taken.events if each.order_id is None]
    ids = sorted({each.order_id for each in named if each.order_id is not None})
    count = changed = 0
    if ids:
        found, changed = exchange.read(till, ids)
        count = len(found.orders)
        _watch_deletions(till, named, {each.order_id for each in found.orders})
    connector = connector_of(till)
    with exchange.logged(till) as client:
        if nameless:
            events.fail(client, connector, taken.process_id, nameless)
        if named:
            events.clear(client, connector, taken.process_id, named)
    return count, changed


def _watch_deletions(till: Till, named: list[Event], there: set[int]) -> None:
    """An order that is about to be deleted may still be there when it is read: it is looked at again in a while."""
    from posapp.journal.board_rows import Pulled
    from posapp.sync.bitrix.events import BEFORE_DELETE

    going = {each.order_id: "удаляется на портале" for each in named if each.name == BEFORE_DELETE}
    waits = {order_id: why for order_id, why in going.items() if order_id is not None and order_id in there}
    if waits:
        till.journal.keep_pulled(Pulled(till.portal, unread=waits))
