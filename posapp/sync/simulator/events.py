"""The offline queue of events: what an application that nobody can call reads instead (reference 4.3).

It is a *set of dirty ids*, not a log: rows are unique per application, connector and message, so ten saves of one
order are one row whose time moves on. Reading with `clear=1` – the default – deletes the rows before they are seen;
`clear=0` reserves them under a process id until they are cleared or marked as failed. Calls that carry a connector
make no events for that same connector, so that nobody hears their own writes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from posapp.sync.simulator.envelope import PortalError, iso, to_json
from posapp.sync.simulator.parameters import Parameters, decimal_of, get_any_case, items_of, text_of
from posapp.sync.simulator.rows import PAGE, Row

KNOWN = ("ONSALEORDERSAVED", "ONSALEBEFOREORDERDELETE", "ONORDERENTITYSAVED", "ONORDERDELETED", "ONPAYMENTENTITYSAVED",
         "ONPAYMENTDELETED", "ONSHIPMENTENTITYSAVED", "ONSHIPMENTDELETED", "ONPROPERTYVALUEENTITYSAVED",
         "ONPROPERTYVALUEDELETED")  # fmt: skip

_SHOWN = ("ID", "TIMESTAMP_X", "EVENT_NAME", "EVENT_DATA", "EVENT_ADDITIONAL", "MESSAGE_ID")


@dataclass
class OfflineQueue:
    """Bindings and rows of the one application this portal knows."""

    bindings: set[tuple[str, str]] = field(default_factory=set)
    rows: list[Row] = field(default_factory=list)
    _last: int = 0

    def push(self, event: str, data: Row, source: str, now: datetime) -> None:
        """An event happened; `source` is the connector of the call that caused it, else empty."""
        message = hashlib.md5(f"{event}|{to_json(data)}".encode(), usedforsecurity=False).hexdigest()
        for name, connector in sorted(self.bindings):
            if name != event or (connector and connector == source):
                continue
            for row in self.rows:
                if (row["MESSAGE_ID"], row["connector"], row["process"]) == (message, connector, ""):
                    row["TIMESTAMP_X"] = iso(now)
                    break
            else:
                self._last += 1
                self.rows.append({
                    "ID": str(self._last), "TIMESTAMP_X": iso(now), "EVENT_NAME": event, "EVENT_DATA": data,
                    "EVENT_ADDITIONAL": {"user_id": "1"}, "MESSAGE_ID": message, "connector": connector, "process": "",
                    "is_failed": False,
                })  # fmt: skip

    def bind(self, parameters: Parameters) -> bool:
        """`event.bind` with `event_type=offline`; there is no other kind here."""
        event = _event(parameters)
        if text_of(get_any_case(parameters, "event_type")).lower() != "offline":
            raise PortalError("ERROR_ARGUMENT", "Only event_type=offline is served by this portal")
        key = (event, _connector(parameters))
        if key in self.bindings:
            raise PortalError("ERROR_EVENT_BINDING_EXISTS", "Event handler already binded")
        self.bindings.add(key)
        return True

    def unbind(self, parameters: Parameters) -> Row:
        """`event.unbind`: how many bindings went."""
        key = (_event(parameters), _connector(parameters))
        count = int(key in self.bindings)
        self.bindings.discard(key)
        return {"count": count}

    def get_bindings(self) -> list[Row]:
        """`event.get`."""
        return [{"event": event, "auth_type": 0, "offline": 1, "connector_id": connector}
                for event, connector in sorted(self.bindings)]  # fmt: skip

    def peek(self, parameters: Parameters, start: int) -> list[Row]:
        """`event.offline.list`: a page of rows, left where they are."""
        connector = _connector(parameters)
        found = [row for row in self.rows if row["connector"] == connector]
        offset = max(start, 0) // PAGE * PAGE
        return [_show(row) | {"PROCESS_ID": row["process"] or None, "ERROR": int(row["is_failed"])}
                for row in found[offset : offset + PAGE]]  # fmt: skip

    def take(self, parameters: Parameters) -> Row:
        """`event.offline.get`: take rows for good, or reserve them under a process id."""
        clears = text_of(parameters.get("clear", 1)) not in ("0", "")
        limit = int(decimal_of(text_of(parameters.get("limit"))) or PAGE)
        process = text_of(parameters.get("process_id"))
        wants_failed = text_of(parameters.get("error")) == "1"
        connector = _connector(parameters)
        found = [row for row in self.rows if row["connector"] == connector and row["is_failed"] == wants_failed
                 and row["process"] == ("" if wants_failed else process)][: max(limit, 0)]  # fmt: skip
        if clears:
            self.rows = [row for row in self.rows if row not in found]
            return {"process_id": None, "events": list(map(_show, found))}
        if not process:
            self._last += 1
            process = hashlib.md5(f"process {self._last}".encode(), usedforsecurity=False).hexdigest()
        for row in found:
            row |= {"process": process, "is_failed": False}
        return {"process_id": process, "events": list(map(_show, found))}

    def clear(self, parameters: Parameters) -> bool:
        """`event.offline.clear`: the listed rows of a reservation are done, without a list all of them."""
        done = self._reserved(parameters)
        self.rows = [row for row in self.rows if row not in done]
        return True

    def fail(self, parameters: Parameters) -> bool:
        """`event.offline.error`: the listed rows could not be dealt with; they are read again with `error=1`."""
        for row in self._reserved(parameters):
            row |= {"is_failed": True, "process": ""}
        return True

    def _reserved(self, parameters: Parameters) -> list[Row]:
        process = text_of(parameters.get("process_id"))
        if not process:
            raise PortalError("ERROR_ARGUMENT", "process_id is empty")
        ids = {text_of(value) for _, value in items_of(parameters.get("id"))}
        messages = {text_of(value) for _, value in items_of(parameters.get("message_id"))}
        return [
            row for row in self.rows
            if row["process"] == process
            and (not (ids or messages) or row["ID"] in ids or row["MESSAGE_ID"] in messages)
        ]  # fmt: skip


def connector_of(parameters: Parameters) -> str:
    """The source that a call names for itself; taken out, it is no parameter of the method."""
    return text_of(parameters.pop("auth_connector", ""))


def _event(parameters: Parameters) -> str:
    event = text_of(get_any_case(parameters, "event")).upper()
    if event not in KNOWN:
        raise PortalError("ERROR_EVENT_NOT_FOUND", "Event not found")
    return event


def _connector(parameters: Parameters) -> str:
    return text_of(parameters.get("auth_connector"))


def _show(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in _SHOWN}
