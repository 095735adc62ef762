"""A simulated marking system: the online service and the local module behind one door, failing when told to. Pure.

Every code that reads well is good until `POST /_sim/codes {"<identity>": {"sold": true, …}}` says otherwise; the fields
are those of the online answer. The local module knows bans and sales only, and says false to everything else, as the
real one does. What was sold through `POST /api/v2/cis/sell` is sold from then on.

Faults, in place of those before (`POST /_sim/faults`), each an object; `at` is `online` (as when it is left out) or
`local`, `times` how often (without it: always):

| do | means |
| --- | --- |
| `{"do": "slow", "value": 3.0}` | the answer comes so many seconds later |
| `{"do": "http", "value": 503}` | this status instead of an answer; 203 is the emergency mode |
| `{"do": "garbage", "value": "…"}` | the body is this text |
| `{"do": "refuse", "value": 4}` | every code has this ban (0…6, see `posapp.domain.permission.Ban`) |
| `{"do": "lie", "value": "codes"}` | the answer is about other codes; `id`: it has none; `time`: it is of last year |
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from posapp.answering import JsonAnswer, JsonRequest
from posapp.domain.marking import BadMarking, parse_marking

FAULTS_MAX = 1000
CODES_MAX = 10_000
_SPACE = UUID("6f8a1d0e-2a44-4c6e-9a0f-0f6a7a3c5b11")
_DO = ("slow", "http", "garbage", "refuse", "lie")
_LIES = ("codes", "id", "time")
_BANS: tuple[dict[str, bool], ...] = (
    {"valid": False},
    {"found": False},
    {"utilised": False},
    {"verified": False},
    {"sold": True},
    {"realizable": False},
    {"isBlocked": True},
)
_GOOD = {
    "valid": True,
    "found": True,
    "utilised": True,
    "verified": True,
    "realizable": True,
    "sold": False,
    "isBlocked": False,
    "errorCode": 0,
    "isTracking": True,
    "packageType": "UNIT",
}
_NOT_KNOWN = dict.fromkeys(("found", "valid", "verified", "utilised", "realizable", "isGreyGtin"), False)
"""What the local module says of every code."""
INSTANCE = "4c182ce0-a325-42a9-ab9e-b5e562cc8721"
VERSION = "52cadcfe-a28f-4877-8b2f-da0481ddf1fa"


class BadFault(ValueError):
    """A fault, or a code's state, that makes no sense."""


class SimulatedMarking:
    """One marking system with one client: `key` online, `login` (`user:password`) at the local module."""

    def __init__(self, key: str = "training", login: str = "admin:admin") -> None:
        self.key = key
        self.login = login
        self.url = ""
        self.requests: list[str] = []
        self._codes: dict[str, dict[str, Any]] = {}
        self._faults: list[dict[str, Any]] = []

    def set_faults(self, given: object) -> None:
        """The faults in force from now on. Raises BadFault and changes nothing."""
        if not isinstance(given, list) or len(given) > FAULTS_MAX:
            raise BadFault("a list of faults")
        self._faults = [_checked(each) for each in given]

    def set_codes(self, given: object) -> None:
        """What is known of codes, by identity. Raises BadFault and changes nothing."""
        if not isinstance(given, dict) or len(given) > CODES_MAX or not all(map(_is_state, given.values())):
            raise BadFault("an object of objects")
        for name, state in given.items():
            self._codes[name] = {**self._codes.get(name, {}), **state}

    # --- answering

    def answer(self, request: JsonRequest, now: datetime) -> JsonAnswer:
        """The answer to a request; `now` is aware."""
        if request.path.startswith("/_sim/"):
            return self._control(request)
        self.requests.append(f"{request.verb} {request.path}")
        at = "online" if request.path.startswith("/api/v4/") else "local"
        waits_s = sum(float(each["value"]) for each in self._struck("slow", at))
        for fault in self._struck("http", at):
            return JsonAnswer.of(fault["value"], {"code": fault["value"], "description": "planned"}, waits_s)
        for fault in self._struck("garbage", at):
            return JsonAnswer(200, fault["value"].encode(), waits_s=waits_s)
        try:
            found = self._online(request, now) if at == "online" else self._module(request, now)
        except (KeyError, TypeError, ValueError) as error:
            found = JsonAnswer.of(400, {"code": 400, "description": f"{type(error).__name__}: {error}"})
        return JsonAnswer(found.status, found.body, found.content_type, waits_s)

    def _online(self, request: JsonRequest, now: datetime) -> JsonAnswer:
        given = request.headers.get("x-api-key", "")
        if not hmac.compare_digest(given.encode(), self.key.encode()):
            return JsonAnswer.of(401, {"code": 401, "description": "X-API-KEY"})
        match (request.verb, request.path.removeprefix("/api/v4/true-api")):
            case ("GET", "/cdn/info"):
                return JsonAnswer.of(200, {"code": 0, "description": "ok", "hosts": [{"host": self.url}]})
            case ("GET", "/cdn/health/check"):
                return JsonAnswer.of(200, {"code": 0, "description": "ok", "avgTimeMs": 12})
            case ("POST", "/codes/check"):
                rows = [self._row(str(each), is_online=True) for each in request.body["codes"]]
                head = {"code": 0, "description": "ok", **self._head("online", now), "codes": rows}
                return JsonAnswer.of(200, self._bent(head, "online"))
        return JsonAnswer.of(404, {"code": 404, "description": "no such method"})

    def _module(self, request: JsonRequest, now: datetime) -> JsonAnswer:
        if not hmac.compare_digest(_basic(request.headers), self.login.encode()):
            return JsonAnswer.of(401, {"code": 401, "description": "Unauthorized"})
        match (request.verb, request.path):
            case ("GET", "/api/v2/status"):
                state = {"version": "2.5.1", "status": "ready", "operationMode": "active", "inst": INSTANCE}
                return JsonAnswer.of(200, {**state, "lastSync": _ms(now)})
            case ("POST", "/api/v2/cis/outCheck"):
                rows = [self._row(str(each), is_online=False) for each in request.body["cis_list"]]
                head = {**self._head("local", now), "inst": INSTANCE, "version": VERSION, "codes": rows}
                return JsonAnswer.of(200, {"results": [self._bent(head, "local")]})
            case ("POST", "/api/v2/cis/sell" | "/api/v2/cis/return"):
                is_sold = request.path.endswith("sell")
                self.set_codes({str(each): {"sold": is_sold} for each in request.body["cis_list"]})
                return JsonAnswer.of(200, {"results": [{"success": True, "cis": e} for e in request.body["cis_list"]]})
        return JsonAnswer.of(404, {"code": 404, "description": "no such method"})

    def _row(self, name: str, *, is_online: bool) -> dict[str, Any]:
        """What is said of a code: online the whole truth, by the local module bans and sales alone."""
        try:
            identity, valid = parse_marking(name).identity, True
        except BadMarking:
            identity, valid = name, False
        truth: dict[str, Any] = {**_GOOD, "valid": valid, **self._codes.get(identity, {})}
        for fault in self._struck("refuse", "online" if is_online else "local"):
            truth |= _BANS[fault["value"]]
        if not is_online:
            truth = {**_NOT_KNOWN, "sold": truth["sold"], "isBlocked": truth["isBlocked"]}
        return {"cis": name, "printView": identity, "gtin": identity[2:16], **truth}

    def _head(self, at: str, now: datetime) -> dict[str, Any]:
        return {"reqId": str(uuid5(_SPACE, f"{at}{len(self.requests)}{now}")), "reqTimestamp": _ms(now)}

    def _bent(self, head: dict[str, Any], at: str) -> dict[str, Any]:
        """The answer, told otherwise when a fault wants a lie."""
        for fault in self._struck("lie", at):
            if fault["value"] == "codes":
                head["codes"] = [{**each, "cis": each["cis"][::-1]} for each in head["codes"]]
            elif fault["value"] == "id":
                del head["reqId"]
            else:
                head["reqTimestamp"] -= 365 * 86_400_000
        return head

    def _struck(self, do: str, at: str) -> list[dict[str, Any]]:
        """The faults of a kind that strike now, counted down."""
        found = [each for each in self._faults if each["do"] == do and each["at"] == at and each.get("times", 1) > 0]
        for each in found:
            if "times" in each:
                each["times"] -= 1
        return found

    def _control(self, request: JsonRequest) -> JsonAnswer:
        """The simulator's own door: `GET /_sim/state`, `POST /_sim/codes`, `POST /_sim/faults`."""
        if (request.verb, request.path) == ("GET", "/_sim/state"):
            return JsonAnswer.of(200, {"codes": self._codes, "requests": self.requests})
        change = {"/_sim/codes": self.set_codes, "/_sim/faults": self.set_faults}.get(request.path)
        if request.verb != "POST" or change is None:
            return JsonAnswer.of(404, {"error": f"there is no {request.verb} {request.path}"})
        try:
            change(request.body)
        except BadFault as error:
            return JsonAnswer.of(400, {"error": str(error)})
        return JsonAnswer.of(200, {})


def read_faults(text: str) -> list[Any]:
    """Faults from a file's text. Raises ValueError."""
    found = json.loads(text)
    if not isinstance(found, list):
        raise BadFault("a list of faults")
    return [_checked(each) for each in found]


def _checked(fault: object) -> dict[str, Any]:
    """A fault that can be used when it strikes. Raises BadFault."""
    if not isinstance(fault, dict) or fault.get("do") not in _DO:
        raise BadFault(f"do is one of {', '.join(_DO)}")
    unknown = set(fault) - {"do", "value", "times", "at"}
    if unknown:
        raise BadFault(f"{fault['do']}: unknown {', '.join(sorted(unknown))}")
    value = fault.get("value")
    if fault.get("at", "online") not in ("online", "local"):
        raise BadFault("at is online or local")
    if "times" in fault and (type(fault["times"]) is not int or fault["times"] < 0):
        raise BadFault("times is a whole number")
    if not _fits(fault["do"], value):
        raise BadFault(f"{fault['do']}: no such value")
    return {"at": "online", **fault}


def _fits(do: str, value: object) -> bool:
    match do:
        case "slow":
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 600
        case "http":
            return isinstance(value, int) and 200 <= value <= 599
        case "refuse":
            return isinstance(value, int) and 0 <= value < len(_BANS)
        case "garbage":
            return isinstance(value, str)
        case _:
            return value in _LIES


def _is_state(state: object) -> bool:
    return isinstance(state, dict) and all(isinstance(each, str) for each in state)


def _basic(headers: Mapping[str, str]) -> bytes:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(value, validate=True) if scheme == "Basic" else b""
    except binascii.Error:
        return b""


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
