"""What the portal tells an application: the offline queue it reads, and whom events are pushed to (reference 4).

The queue is a *set of dirty ids*, not a log: rows are unique per application, connector, message and reservation, so
ten saves of one order are one row whose time moves on. Reading with `clear=1` – the default – deletes the rows before
they are seen; `clear=0` reserves them under a process id until they are cleared or marked as failed. Calls that carry
a connector make no events for that same connector, so that nobody hears their own writes.

Two rules of the kernel (`rest/lib/eventoffline.php`) surprise: a save of an order whose row has *failed* only moves the
time of the failed row – read it with `error=1` or never hear of it again –, and marking a row as failed deletes the
newer unreserved row of the same order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from posapp.sync.simulator.entity import Entity, Field
from posapp.sync.simulator.envelope import PortalError, iso, to_json
from posapp.sync.simulator.parameters import Parameters, decimal_of, get_any_case, items_of, text_of
from posapp.sync.simulator.rows import PAGE, Page, Row, list_rows

OFFLINE_NOTICE = "ONOFFLINEEVENT"
SCOPES: dict[str, tuple[str, ...]] = {
    "": ("ONAPPINSTALL", "ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPTEST", OFFLINE_NOTICE),
    "sale": ("ONSALEORDERSAVED", "ONSALEBEFOREORDERDELETE", "ONORDERENTITYSAVED", "ONORDERDELETED",
             "ONPAYMENTENTITYSAVED", "ONPAYMENTDELETED", "ONSHIPMENTENTITYSAVED", "ONSHIPMENTDELETED",
             "ONPROPERTYVALUEENTITYSAVED", "ONPROPERTYVALUEDELETED"),
    "catalog": ("CATALOG.PRODUCT.ON.ADD", "CATALOG.PRODUCT.ON.UPDATE", "CATALOG.PRODUCT.ON.DELETE",
                "CATALOG.PRICE.ON.ADD", "CATALOG.PRICE.ON.UPDATE", "CATALOG.PRICE.ON.DELETE"),
}  # fmt: skip
"""Which events there are, by the scope that they need."""

KEPT_S = 2_952_000  # the kernel's constant says "30 days" and is 34
_SHOWN = ("ID", "TIMESTAMP_X", "EVENT_NAME", "EVENT_DATA", "EVENT_ADDITIONAL", "MESSAGE_ID")


def _columns(*names: str) -> Entity:
    kinds = {"ID": "int", "TIMESTAMP_X": "datetime", "ERROR": "int"}
    return Entity("", "", {name: Field(name, kinds.get(name, "string"), True, False, False) for name in names})


_TAKEN_BY = _columns("ID", "TIMESTAMP_X", "EVENT_NAME", "MESSAGE_ID")
_LISTED_BY = _columns("ID", "TIMESTAMP_X", "EVENT_NAME", "MESSAGE_ID", "PROCESS_ID", "ERROR")


@dataclass(frozen=True)
class Binding:
    """An event the application asked for: pushed to `handler`, or – where that is empty – queued for `connector`."""

    number: int
    event: str
    connector: str = ""
    handler: str = ""
    user: int = 0
    min_timeout_s: int = 1

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What a second binding must differ in."""
        return self.event, self.connector, self.handler, self.user


@dataclass
class OfflineQueue:
    """Bindings and rows of the one application this portal knows."""

    bindings: list[Binding] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    _last: int = 0
    _noticed: dict[int, float] = field(default_factory=dict)

    def push(self, event: str, data: Row, source: str, now: datetime) -> list[Binding]:
        """An event happened; `source` is the connector of the call that caused it, else empty.

        Returns:
            the bindings whose handlers are to be called.
        """
        called = []
        is_queued = False
        for binding in self.bindings:
            if binding.event != event or (binding.connector and binding.connector == source):
                continue
            if binding.handler:
                called.append(binding)
            else:
                self._queue(binding, data, now)
                is_queued = True
        return called + list(self._notices(now)) if is_queued else called

    def _queue(self, binding: Binding, data: Row, now: datetime) -> None:
        message = hashlib.md5(f"{binding.event}|{to_json(data)}".encode(), usedforsecurity=False).hexdigest()
        for row in self.rows:
            if (row["MESSAGE_ID"], row["connector"], row["PROCESS_ID"]) == (message, binding.connector, ""):
                row["TIMESTAMP_X"] = iso(now)  # also of a failed one, which stays failed
                return
        self._last += 1
        self.rows.append({
            "ID": str(self._last), "TIMESTAMP_X": iso(now), "EVENT_NAME": binding.event, "EVENT_DATA": data,
            "EVENT_ADDITIONAL": {"user_id": "1"}, "MESSAGE_ID": message, "PROCESS_ID": "", "ERROR": "0",
            "connector": binding.connector, "at": now.timestamp(),
        })  # fmt: skip

    def _notices(self, now: datetime) -> Iterator[Binding]:
        """Who wants to hear that the queue is not empty, and has not heard it just now."""
        for binding in self.bindings:
            if binding.event == OFFLINE_NOTICE:
                last = self._noticed.get(binding.number, float("-inf"))
                if now.timestamp() - last >= binding.min_timeout_s:
                    self._noticed[binding.number] = now.timestamp()
                    yield binding

    # ------------------------------------------------------------------------------------------ bindings
    def bind(self, parameters: Parameters, scopes: tuple[str, ...]) -> bool:
        """`event.bind`: a handler's address, or `event_type=offline` for the queue."""
        event = _event(parameters)
        is_offline, handler = _kind(parameters)
        if event not in [name for scope in ("", *scopes) for name in SCOPES.get(scope, ())]:
            raise PortalError("ERROR_EVENT_NOT_FOUND", "Event not found")
        if is_offline and event == OFFLINE_NOTICE:
            raise PortalError("ERROR_ARGUMENT", "Offline event cannot be registered for this event.")
        self._last += 1
        options = dict(items_of(get_any_case(parameters, "options")))
        timeout = decimal_of(text_of(options.get("minTimeout", 1)))
        user = 0 if is_offline else int(decimal_of(text_of(get_any_case(parameters, "auth_type"))) or 0)
        binding = Binding(self._last, event, _connector(parameters), handler, user, max(int(timeout or 0), 0))
        if any(other.key == binding.key for other in self.bindings):
            raise PortalError("ERROR_CORE", "Unable to set event handler: Handler already binded")
        self.bindings.append(binding)
        return True

    def unbind(self, parameters: Parameters) -> Row:
        """`event.unbind`: how many bindings went. Without `event_type=offline` it wants the handler's address."""
        event, connector = _event(parameters), _connector(parameters)
        _, handler = _kind(parameters)
        kept = [
            binding for binding in self.bindings
            if (binding.event, binding.handler) != (event, handler) or (not handler and binding.connector != connector)
        ]  # fmt: skip
        count = len(self.bindings) - len(kept)
        self.bindings = kept
        return {"count": count}

    def get_bindings(self) -> list[Row]:
        """`event.get`."""
        return [{"event": each.event, "handler": each.handler, "auth_type": each.user, "offline": 0} if each.handler
                else {"event": each.event, "connector_id": each.connector, "offline": 1}
                for each in self.bindings]  # fmt: skip

    # ------------------------------------------------------------------------------------------ reading
    def peek(self, parameters: Parameters, start: int) -> Page:
        """`event.offline.list`: a page of rows, left where they are."""
        connector = _connector(parameters)
        found = [row for row in self.rows if row["connector"] == connector]
        page = list_rows(found, _LISTED_BY, _sorted_by(parameters, "ID"), max(start, 0))
        by_id = {int(row["ID"]): row for row in found}
        shown = [_show(by_id[row["ID"]], "PROCESS_ID", "ERROR") for row in page.rows]
        return Page(shown, page.total if start >= 0 else 0, page.next_start if start >= 0 else None)

    def take(self, parameters: Parameters, now: datetime) -> Row:
        """`event.offline.get`: take rows for good, or reserve them under a process id, or read a reservation again."""
        self.rows = [row for row in self.rows if row["at"] > now.timestamp() - KEPT_S]
        clears = text_of(get_any_case(parameters, "clear") or 0) != "0" or get_any_case(parameters, "clear") is None
        given = get_any_case(parameters, "process_id")
        limit = get_any_case(parameters, "limit")
        most = PAGE if limit is None else int(decimal_of(text_of(limit)) or 0)
        if most <= 0:
            raise _bad("LIMIT", "Value must be positive integer")
        wanted = "1" if text_of(get_any_case(parameters, "error")) == "1" else "0"
        process = text_of(given).strip()
        among = [row for row in self.rows if (row["connector"], row["ERROR"], row["PROCESS_ID"])
                 == (_connector(parameters), wanted, process)]  # fmt: skip
        found = self._first(among, _sorted_by(parameters, "TIMESTAMP_X"), most)
        if given is None:
            self._last += 1
            process = hashlib.md5(f"process {self._last}".encode(), usedforsecurity=False).hexdigest()
            for row in found:
                row["PROCESS_ID"] = process
        if clears:
            self.rows = [row for row in self.rows if row not in found]
        is_told = given is not None or not clears
        return {"process_id": process if is_told else None, "events": list(map(_show, found))}

    def _first(self, among: list[Row], parameters: Parameters, most: int) -> list[Row]:
        """The rows that a filter and an order let through, as they are stored."""
        by_id = {int(row["ID"]): row for row in among}
        found: list[Row] = []
        start: int | None = 0
        while start is not None and len(found) < most:
            page = list_rows(among, _TAKEN_BY, parameters, start)
            found += [by_id[row["ID"]] for row in page.rows]
            start = page.next_start
        return found[:most]

    # ------------------------------------------------------------------------------------------ settling
    def clear(self, parameters: Parameters) -> bool:
        """`event.offline.clear`: the listed rows of a reservation are done, without a list all of them."""
        done = self._reserved(parameters)
        for name, column in (("message_id", "MESSAGE_ID"), ("id", "ID")):
            listed = get_any_case(parameters, name)
            if listed is not None:
                wanted = _texts(listed, name)
                done = [row for row in done if row[column] in wanted]
                break  # with both, the kernel looks at the messages alone
        self.rows = [row for row in self.rows if row not in done]
        return True

    def fail(self, parameters: Parameters) -> bool:
        """`event.offline.error`: the listed rows could not be dealt with; they are read again with `error=1`.

        A newer row of the same message goes: it is the failed one that says "look here".
        """
        process = _process(parameters)
        wanted = _texts(get_any_case(parameters, "message_id"), "message_id")
        connector = _connector(parameters)
        hit = [row for row in self.rows if row["connector"] == connector and row["MESSAGE_ID"] in wanted
               and row["ERROR"] == "0"]  # fmt: skip
        newer = [row for row in hit if row["PROCESS_ID"] != process]
        self.rows = [row for row in self.rows if row not in newer]
        for row in hit:
            if row not in newer:
                row |= {"ERROR": "1", "PROCESS_ID": ""}
        return True

    def _reserved(self, parameters: Parameters) -> list[Row]:
        process, connector = _process(parameters), _connector(parameters)
        return [row for row in self.rows if (row["PROCESS_ID"], row["connector"]) == (process, connector)]


def connector_of(parameters: Parameters) -> str:
    """The source that a call names for itself; taken out, it is no parameter of the method."""
    return text_of(parameters.pop("auth_connector", ""))


def _event(parameters: Parameters) -> str:
    event = text_of(get_any_case(parameters, "event")).upper()
    if not event:
        raise _bad("EVENT", "Argument 'EVENT' is null or empty")
    return event


def _kind(parameters: Parameters) -> tuple[bool, str]:
    """Whether the queue is meant, and else the handler's address."""
    kind = text_of(get_any_case(parameters, "event_type")).lower() or "online"
    handler = text_of(get_any_case(parameters, "handler"))
    if kind not in ("online", "offline"):
        raise _bad("EVENT_TYPE", "Value must be one of {online|offline}")
    if kind == "online" and not handler:
        raise _bad("HANDLER", "Argument 'HANDLER' is null or empty")
    return kind == "offline", "" if kind == "offline" else handler


def _process(parameters: Parameters) -> str:
    process = get_any_case(parameters, "process_id")
    if process is None:
        raise _bad("PROCESS_ID", "Argument 'PROCESS_ID' is null or empty")
    return text_of(process).strip()


def _texts(value: Any, name: str) -> set[str]:
    if not isinstance(value, list | dict):
        raise _bad(name, f"Value must be array of {name.upper()} values")
    return {text_of(item).strip() for _, item in items_of(value)}


def _connector(parameters: Parameters) -> str:
    return text_of(parameters.get("auth_connector"))


def _sorted_by(parameters: Parameters, name: str) -> Parameters:
    """The caller's filter and order, the order by one column when none is asked for."""
    order = get_any_case(parameters, "order")
    return {"filter": get_any_case(parameters, "filter"), "order": order or {name: "ASC"}}


def _show(row: Row, *more: str) -> dict[str, Any]:
    return {name: row[name] for name in (*_SHOWN, *more)}


def _bad(argument: str, text: str) -> PortalError:
    return PortalError("ERROR_ARGUMENT", text, argument=argument)
