"""The gateway as a till sees it: claims over HTTP (`posapp/gateway/app.py` is the other end and lists the requests).

A cashier waits behind most of these calls, so each gives up within seconds and nothing is repeated here. A lost answer
is harmless: the same request again has the same effect and gets the same fence. The secret goes in a header and is in
no exception, no log and no `repr`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from posapp.domain.claim import Claim, Closed, Holdings, LostClaim, SoldOrder, TakenFor
from posapp.errors import WORDS, Offline, PosError, Rejected, SetupError
from posapp.http import Response, SecretUrl
from posapp.sync.shared_budget import Portion
from posapp.vault import Secret

PATIENCE_S = 3.0
AWAY_S = 20.0
"""After a failure the gateway counts as away for so long: who can do without it does not wait for it again."""
ORDERS_MAX = 200  # in one request: the answer must come within the patience

T = TypeVar("T")


class Caller(Protocol):
    """What is needed of HTTP; `posapp.http.HttpClient` over the wire."""

    def post_json(
        self, url: SecretUrl, body: object, timeout_s: float, *, headers: Mapping[str, str] | None = None
    ) -> Response:
        """POST `body` as JSON. Raises NoAnswer (an Offline)."""


class GatewayDesk:
    """A `posapp.till.claims.ClaimDesk` over HTTP: one gateway, one till.

    Args:
        url: the gateway's address, see `gateway_url`.
        secret: the shop's secret.
        portal: the portal's host, under which claims are kept.
        identity: of the till's data directory.
        http: makes the connections of the thread that asks.
        clock: seconds that only grow.

    Every method raises Offline `gateway_offline` (not reached, or the answer lost or unreadable), Rejected
    (`gateway_access`, `unknown_till`, `gateway_rejected`), SetupError `till_name_taken`.
    """

    def __init__(
        self,
        url: str,
        secret: Secret,
        portal: str,
        identity: str,
        http: Callable[[], Caller],
        clock: Callable[[], float],
        *,
        timeout_s: float = PATIENCE_S,
    ) -> None:
        self._url = SecretUrl(gateway_url(url))
        self._secret = secret
        self._who = {"portal": portal, "till": identity}
        self._http = http
        self._clock = clock
        self._timeout_s = timeout_s
        self._failed_at: float | None = None

    def __repr__(self) -> str:
        return f"GatewayDesk({self._url.host})"

    @property
    def is_away(self) -> bool:
        """Whether the gateway did not answer a moment ago."""
        return self._failed_at is not None and self._clock() - self._failed_at < AWAY_S

    def enrol(self, name: str, *, is_another: bool = False) -> None:
        """Makes this data directory known as the till `name`.

        `is_another`: its portal is another one than that of the tills that the gateway knows. Raises SetupError
        `till_name_taken`, `portal_name_differs`.
        """
        self._ask("tills", {"name": name, "another": is_another})

    def take(self, order_ids: Sequence[int], why: TakenFor) -> list[Claim]:
        """See `ClaimDesk`."""
        found: list[Claim] = []
        for start in range(0, len(order_ids), ORDERS_MAX):
            part = list(order_ids[start : start + ORDERS_MAX])
            found += self._claims("claims/take", {"orders": part, "why": why.value}, part)
        return found

    def release(self, fences: Mapping[int, int]) -> list[Claim]:
        """See `ClaimDesk`."""
        return self._claims("claims/release", {"fences": _fences(fences)}, list(fences))

    def close_orders(self, sold: Sequence[SoldOrder]) -> list[Closed]:
        """See `ClaimDesk`."""
        found: list[Closed] = []
        for start in range(0, len(sold), ORDERS_MAX):
            found += self._close_part(sold[start : start + ORDERS_MAX])
        return found

    def _close_part(self, sold: Sequence[SoldOrder]) -> list[Closed]:
        answer = self._ask("claims/close", {"sold": [each.as_json() for each in sold]})
        closed = _read(lambda: [Closed.from_json(each) for each in answer["closed"]])
        if [each.order_id for each in closed] != [each.order_id for each in sold]:
            raise Offline("gateway_offline", reason="ответ не о тех заказах")
        return closed

    def holdings(self) -> Holdings:
        """See `ClaimDesk`."""
        body = self._ask("claims/mine", {})
        return _read(
            lambda: Holdings(
                held=tuple(Claim.from_json(each) for each in body["held"]),
                lost=tuple(LostClaim.from_json(each) for each in body["lost"]),
                taken_for={int(order_id): TakenFor(why) for order_id, why in body["taken_for"].items()},
            )
        )

    def confirm_lost(self, fences: Mapping[int, int]) -> None:
        """See `ClaimDesk`."""
        self._ask("claims/known", {"fences": _fences(fences)})

    def look(self, order_id: int) -> Claim:
        """See `ClaimDesk`."""
        return self._claims("claims/look", {"order_id": order_id}, [order_id])[0]

    def take_over(self, order_id: int, fence: int, who: str, why: str) -> Claim:
        """See `ClaimDesk`."""
        body = {"order_id": order_id, "fence": fence, "who": who, "why": why}
        return self._claims("claims/take-over", body, [order_id])[0]

    def budget(self, want: int, priority: int, size: float, leak_per_s: float, carried: float) -> Portion:
        """Requests to the portal out of the budget that all its tills share (see `shared_budget`)."""
        asked = {"want": want, "priority": priority, "size": size, "leak_per_s": leak_per_s, "carried": carried}
        answer = self._ask("budget", asked)
        return _read(
            lambda: Portion(
                granted=int(answer["granted"]),
                valid_s=min(float(answer["valid_s"]), 60.0),
                retry_s=min(float(answer["retry_s"]), 60.0),
                tills=int(answer["tills"]),
            )
        )

    def _claims(self, path: str, body: Mapping[str, object], asked: Sequence[int]) -> list[Claim]:
        """The claims of an answer, which must be those that were asked for: a proxy's old answer grants nothing."""
        answer = self._ask(path, body)
        claims = _read(lambda: [Claim.from_json(each) for each in answer["claims"]])
        _same([each.order_id for each in claims], asked)
        return claims

    def _ask(self, path: str, body: Mapping[str, object], timeout_s: float | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._secret.reveal()}"}
        try:
            response = self._http().post_json(
                self._url / f"v1/{path}", {**self._who, **body}, timeout_s or self._timeout_s, headers=headers
            )
            answer = _read(lambda: _object(response.json()))
            if response.status >= 500:
                raise Offline("gateway_offline", reason=f"ответ {response.status}")
        except Offline as error:
            self._failed_at = self._clock()
            raise Offline("gateway_offline", reason=error.facts.get("reason", "")) from None
        self._failed_at = None
        if response.status != 200:
            raise _declined(response.status, answer)
        return answer


def gateway_url(text: str) -> str:
    """The address without a slash at its end. Raises SetupError `gateway_address`.

    The secret goes over this line: plain HTTP is taken only for this computer and addresses of an inner network.
    """
    cleaned = text.strip().rstrip("/")
    try:
        parts = urlsplit(cleaned)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise SetupError("gateway_address", what=text[:60]) from error
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        raise SetupError("gateway_address", what=text[:60])
    if parts.scheme == "http" and not is_inside(host):
        raise SetupError("gateway_address", what=f"http:// по интернету показал бы секрет: {host}")
    return cleaned


def is_inside(host: str) -> bool:
    """Whether a host is this computer or of an inner network, as far as its name tells."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".internal", ".home.arpa"))
    return address.is_private or address.is_loopback


_JOB_CODES = ("lease_lost", "job_unknown", "job_started")
"""What a till has to tell apart when it prints by the portal's orders (`jobs.GatewayJobs`)."""


def _declined(status: int, answer: Mapping[str, Any]) -> PosError:
    """The gateway's own error in our words."""
    error = answer.get("error")
    found = error if isinstance(error, dict) else {}
    code = str(found.get("code", ""))
    facts = found.get("facts")
    named = {str(name): str(value) for name, value in facts.items()} if isinstance(facts, dict) else {}
    if code == "till_name_taken":
        return SetupError("till_name_taken", till=named.get("till", "?"), at=named.get("at", "?"))
    if code == "portal_name_differs":
        return SetupError(code, found=named.get("found", "?"), known=named.get("known", "?"))
    if code in ("gateway_access", "unknown_till"):
        return Rejected(code)
    if code in _JOB_CODES:
        return Rejected(code, **named)
    what = WORDS[code].ru.format_map(_Known(named)) if code in WORDS else f"ответ {status}"
    return Rejected("gateway_rejected", reason=what.rstrip("."))


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _fences(fences: Mapping[int, int]) -> list[dict[str, int]]:
    return [{"order_id": order_id, "fence": fence} for order_id, fence in fences.items()]


def _same(found: Sequence[int], asked: Sequence[int]) -> None:
    if list(found) != list(dict.fromkeys(asked)):
        raise Offline("gateway_offline", reason="ответ не о тех заказах")


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _read(parse: Callable[[], T]) -> T:
    """What `parse` makes of an answer. Raises Offline `gateway_offline` when it is none of the gateway's."""
    try:
        return parse()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Offline("gateway_offline", reason="ответ не читается") from error
