"""A simulated OFD: keeps what registers have sent, answers the contract of `posapp.sync.ofd`, fails when told to. Pure.

It takes documents as a register's storage hands them over (`OfdDocument`); where they come from – a storage file, a
simulated register in the same process – is its owner's business, and it is told anew before each answer, so a document
appears here as soon as it was sent.

Faults, in place of those before (`POST /_sim/faults`), each an object:

| do | means |
| --- | --- |
| `{"do": "silent", "days": 3}` | nothing that is dated within the last so many days has arrived |
| `{"do": "missing", "number": 7}` | this document was lost on the way |
| `{"do": "changed", "number": 7, "total_kopecks": 1}` | it is kept otherwise: `total_kopecks`, `kind` or `sign` |
| `{"do": "extra", "number": 90, "total_kopecks": 1, "stamp": "1·1001·…"}` | one that no register has sent |
| `{"do": "http", "value": 503, "times": 2}` | so many answers are this status; without `times` all of them |
| `{"do": "garbage", "value": "…"}` | the next answer's body is this text |
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from posapp.answering import JsonAnswer, JsonRequest
from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.money import Money
from posapp.sync.ofd import PAGE, OfdDocument

FAULTS_MAX = 1000
_FAULTS: Mapping[str, frozenset[str]] = {
    "silent": frozenset({"days"}),
    "missing": frozenset({"number"}),
    "changed": frozenset({"number", "total_kopecks", "kind", "sign"}),
    "extra": frozenset({"number", "total_kopecks", "kind", "sign", "at", "stamp", "storage"}),
    "http": frozenset({"value", "times"}),
    "garbage": frozenset({"value"}),
}


class BadFault(ValueError):
    """A fault that makes no sense."""


class SimulatedOfd:
    """One OFD with one client's key."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.requests = 0
        self._storages: dict[str, dict[int, OfdDocument]] = {}
        self._faults: list[dict[str, Any]] = []

    def take(self, storage_number: str, documents: Iterable[OfdDocument]) -> None:
        """Documents that a register has sent; one that came before stays as it came."""
        known = self._storages.setdefault(storage_number, {})
        for each in documents:
            known.setdefault(each.number, each)

    def held(self, storage_number: str) -> int:
        """How many documents of a storage have been sent."""
        return len(self._storages.get(storage_number, {}))

    def set_faults(self, given: object) -> None:
        """The faults in force from now on. Raises BadFault and changes nothing."""
        if not isinstance(given, list) or len(given) > FAULTS_MAX:
            raise BadFault("a list of faults")
        self._faults = [_checked(each) for each in given]

    # --- answering

    def answer(self, request: JsonRequest, now: datetime) -> JsonAnswer:
        """The answer to a request; `now` is local time without a zone, as documents are dated."""
        if request.path.startswith("/_sim/"):
            return self._control(request)
        self.requests += 1
        planned = self._planned()
        if planned is not None:
            return planned
        if (request.verb, request.path) != ("POST", "/documents"):
            return JsonAnswer.of(404, {"error": "not_found"})
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {self.token}".encode()):
            return JsonAnswer.of(401, {"error": "unauthorized"})
        try:
            return self._documents(request.body, now)
        except (KeyError, TypeError, ValueError) as error:
            return JsonAnswer.of(400, {"error": f"{type(error).__name__}: {error}"})

    def _documents(self, body: Any, now: datetime) -> JsonAnswer:
        storage = str(body["storage"])
        if storage not in self._storages:
            return JsonAnswer.of(404, {"error": "unknown_storage"})
        first, last = int(body.get("from", 1)), body.get("to")
        since, until = body.get("since"), body.get("until")
        low = datetime.fromisoformat(since) if since else None
        high = datetime.fromisoformat(until) if until else None
        limit = min(int(body.get("limit", PAGE)), PAGE)
        found = [
            each
            for each in self._seen(storage, now)
            if each.number >= first
            and (last is None or each.number <= int(last))
            and (low is None or each.at >= low)
            and (high is None or each.at < high)
        ]
        page = found[:limit]
        return JsonAnswer.of(200, {"documents": list(map(document_json, page)), "more": len(found) > len(page)})

    def _seen(self, storage: str, now: datetime) -> list[OfdDocument]:
        """What the OFD says it has, faults included, by number."""
        seen = dict(self._storages[storage])
        for fault in self._faults:
            match fault["do"]:
                case "silent":
                    edge = now - timedelta(days=fault["days"])
                    seen = {number: each for number, each in seen.items() if each.at <= edge}
                case "missing":
                    seen.pop(fault["number"], None)
                case "changed" if fault["number"] in seen:
                    seen[fault["number"]] = _changed(seen[fault["number"]], fault)
                case "extra" if fault.get("storage", storage) == storage:
                    seen[fault["number"]] = _extra(fault, now)
        return [seen[number] for number in sorted(seen)]

    def _planned(self) -> JsonAnswer | None:
        """The answer that a fault has planned; counts it."""
        for fault in self._faults:
            if fault["do"] == "http" and fault.get("times", 1) > 0:
                if "times" in fault:
                    fault["times"] -= 1
                return JsonAnswer.of(fault["value"], {"error": "planned"})
            if fault["do"] == "garbage":
                self._faults.remove(fault)
                return JsonAnswer(200, str(fault["value"]).encode(), "application/json")
        return None

    def _control(self, request: JsonRequest) -> JsonAnswer:
        """The simulator's own door: `GET /_sim/state`, `POST /_sim/faults`."""
        if (request.verb, request.path) == ("GET", "/_sim/state"):
            held = {storage: len(documents) for storage, documents in self._storages.items()}
            return JsonAnswer.of(200, {"storages": held, "requests": self.requests})
        if (request.verb, request.path) == ("POST", "/_sim/faults"):
            try:
                self.set_faults(request.body)
            except BadFault as error:
                return JsonAnswer.of(400, {"error": str(error)})
            return JsonAnswer.of(200, {})
        return JsonAnswer.of(404, {"error": f"there is no {request.verb} {request.path}"})


def document_json(document: OfdDocument) -> dict[str, Any]:
    """A document as the contract shows it."""
    return {
        "number": document.number,
        "type": document.type,
        "kind": None if document.kind is None else document.kind.value,
        "total_kopecks": None if document.total is None else document.total.kopecks,
        "sign": document.sign,
        "at": document.at.isoformat(timespec="seconds"),
        "stamp": document.stamp,
    }


def read_faults(text: str) -> list[Any]:
    """Faults from a file's text. Raises ValueError."""
    found = json.loads(text)
    if not isinstance(found, list):
        raise BadFault("a list of faults")
    return [_checked(each) for each in found]


def _checked(fault: object) -> dict[str, Any]:
    """A fault that can be used when it strikes. Raises BadFault."""
    if not isinstance(fault, dict) or fault.get("do") not in _FAULTS:
        raise BadFault(f"do is one of {', '.join(_FAULTS)}")
    unknown = set(fault) - _FAULTS[fault["do"]] - {"do"}
    if unknown:
        raise BadFault(f"{fault['do']}: unknown {', '.join(sorted(unknown))}")
    for name in ("days", "number", "total_kopecks", "kind", "times"):
        if name in fault and (type(fault[name]) is not int or fault[name] < 0):
            raise BadFault(f"{fault['do']}: {name} is a whole number")
    needed = {"silent": "days", "missing": "number", "changed": "number", "extra": "number", "http": "value"}
    if fault["do"] in needed and needed[fault["do"]] not in fault:
        raise BadFault(f"{fault['do']} needs {needed[fault['do']]}")
    if fault["do"] == "http" and (type(fault["value"]) is not int or not 200 <= fault["value"] <= 599):
        raise BadFault("http: value is a status")
    try:
        _extra({"number": 1, **fault}, datetime(2026, 1, 1))
    except (ValueError, TypeError) as error:
        raise BadFault(f"{fault['do']}: {error}") from error
    return dict(fault)


def _changed(document: OfdDocument, fault: Mapping[str, Any]) -> OfdDocument:
    return replace(
        document,
        total=Money(fault["total_kopecks"]) if "total_kopecks" in fault else document.total,
        kind=ReceiptKind(fault["kind"]) if "kind" in fault else document.kind,
        sign=str(fault["sign"]) if "sign" in fault else document.sign,
    )


def _extra(fault: Mapping[str, Any], now: datetime) -> OfdDocument:
    return OfdDocument(
        number=fault["number"],
        type=DocumentType.RECEIPT,
        kind=ReceiptKind(fault.get("kind", 1)),
        total=Money(fault.get("total_kopecks", 100)),
        sign=str(int(fault.get("sign", 1))),
        at=datetime.fromisoformat(fault["at"]) if "at" in fault else now.replace(second=0, microsecond=0),
        stamp=fault.get("stamp"),
    )
