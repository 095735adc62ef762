"""What an application hears of orders: the portal's offline queue, read so that nothing is lost at any cut (4.3).

The queue is a *set of dirty orders*, not a log (trap 38): what is in it says "look at this one again". It is read by
reserving (`clear=0`; the default deletes before anybody has seen it, trap 37), and cleared once the orders are on disk.
A reservation whose answer was lost, or whose owner was killed, is found again in the list of the queue by its process
id, for the queue of a connector has one reader only: this till. A webhook hears nothing at all (trap 39).

What an order's row says is enough to read it; a row that names no order is marked as failed and stays on the portal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from posapp.errors import Offline
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.bitrix.parsing import as_int, as_object, as_rows, as_text

SAVED, BEFORE_DELETE, DELETED = "ONSALEORDERSAVED", "ONSALEBEFOREORDERDELETE", "ONORDERDELETED"
WANTED = ("OnSaleOrderSaved", "OnSaleBeforeOrderDelete", "OnOrderDeleted")
"""Payments and shipments are saved with their order, so its own event tells of them too."""

EXTENDED = "rest_offline_extended"
LIMIT = 50
"""Rows of one reservation: as many orders as one batch reads."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the queue; `order_id` None for one that names no order."""

    message_id: str
    name: str
    order_id: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What lies in the queue: rows that nobody has taken, reservations that were not ended, and failed rows."""

    free: int = 0
    processes: tuple[str, ...] = ()
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows that are reserved under a process id."""

    process_id: str
    events: tuple[Event, ...]


def is_offered(client: BitrixClient) -> bool:
    """Whether the portal's plan lets rows be reserved. Raises Offline, Rejected."""
    return as_text(as_object(client.call("feature.get", {"CODE": EXTENDED})).get("value")).upper() == "Y"


def bind(client: BitrixClient, connector: str) -> None:
    """Asks for the events of orders, once: what is bound already stays. Raises Offline; Rejected without the right."""
    bound = {
        as_text(row.get("event")).upper()
        for row in as_rows(client.call("event.get"))
        if as_int(row.get("offline")) and as_text(row.get("connector_id")) == connector
    }
    for name in WANTED:
        if name.upper() not in bound:
            client.call("event.bind", {"event": name, "event_type": "offline", "auth_connector": connector})


def look(client: BitrixClient, connector: str) -> Waiting:
    """What lies in the queue, left where it is. Raises Offline, Rejected."""
    rows = as_rows(client.call("event.offline.list", {"order": {"ID": "ASC"}, "auth_connector": connector}))
    failed = [row for row in rows if as_int(row.get("ERROR"))]
    good = [row for row in rows if not as_int(row.get("ERROR"))]
    processes = dict.fromkeys(process for row in good if (process := as_text(row.get("PROCESS_ID"))))
    free = sum(not as_text(row.get("PROCESS_ID")) for row in good)
    return Waiting(free, tuple(processes), len(failed))


def take(client: BitrixClient, connector: str, process_id: str = "", *, failed: bool = False) -> Taken:
    """Reserves up to fifty rows, or reads a reservation again. Raises Offline, Rejected."""
    params: dict[str, Any] = {"clear": 0, "limit": LIMIT, "auth_connector": connector}
    if process_id:
        params["process_id"] = process_id
    if failed:
        params["error"] = 1
    found = as_object(client.call("event.offline.get", params))
    rows = as_rows(found.get("events"))
    process = as_text(found.get("process_id")) or process_id
    if rows and not process:
        raise Offline("portal_garbled", reason="события пришли без номера выборки")
    return Taken(process, tuple(map(_event, rows)))


def _event(row: dict[str, Any]) -> Event:
    fields = as_object(as_object(row.get("EVENT_DATA")).get("FIELDS"))
    order_id = as_int(fields.get("ID"))
    return Event(as_text(row.get("MESSAGE_ID")), as_text(row.get("EVENT_NAME")).upper(), order_id if order_id else None)


def clear(client: BitrixClient, connector: str, process_id: str, events: Sequence[Event]) -> None:
    """These rows are dealt with, and on disk. Raises Offline, Rejected; repeating it does no harm."""
    ids = [each.message_id for each in events]
    params = {"process_id": process_id, "message_id": ids, "auth_connector": connector}
    client.call("event.offline.clear", params)


def fail(client: BitrixClient, connector: str, process_id: str, events: Sequence[Event]) -> None:
    """These rows name nothing that can be read; they stay on the portal, marked. Raises Offline, Rejected."""
    ids = [each.message_id for each in events]
    params = {"process_id": process_id, "message_id": ids, "auth_connector": connector}
    client.call("event.offline.error", params)
