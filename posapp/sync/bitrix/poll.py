"""The site's poll for cash registers: `/bitrix/tools/sale_check_print.php?hash=…`, as a till speaks it.

    {"api_version": "3", "kkm": [{zn, fn, status, cache, reg_income, printed: […]}]}
    → {"ack": [uuid]}   the site has taken results, and hands out nothing in this round
    → {"print": [check], "reports": [order]}, {} when the hold of up to a minute has brought nothing

The link with its hash is the only credential: it is a secret, in no exception, no log and no `repr`. A lost answer is
harmless: what was handed out comes again after four minutes, and results are sent until they are acknowledged.

The non-resettable sum (`nz_sum`) is not told: no register that we drive tells it, and another figure would be a lie.

Traps of the kernel (`cashboxbitrix.php`): a result with a code but without a `message` counts as a success; `t` of the
QR text must have seconds; a failure whose code is not one of `FINAL_CODES` is a warning, which is never acknowledged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.money import ZERO, Money
from posapp.errors import Offline, Rejected, SetupError
from posapp.http import NoAnswer, Response, SecretUrl
from posapp.sync.claims import is_inside
from posapp.vault import Secret

PATH = "/bitrix/tools/sale_check_print.php"
PATIENCE_S = 90.0
"""The site holds a request for a minute at most, and its web server may add to that."""
SIMULATOR_HEADER = "x-posapp-simulator"
FINAL_CODES = frozenset((-3800, -3803, -3804, -3805, -3807, -3816, -3896, -3897, -4026))
"""Failures after which the site hands a check out no more, until a manager orders it again."""
NO_CASH, WRONG, WARNING = -3800, -3804, -1
"""What we answer: no cash to give back; wrong for good; anything that may mend itself."""
CHECKS_MAX = 100
MESSAGE_MAX = 250
_VERSIONS = {"1.05": "2", "1.1": "2", "1.2": "3"}


@dataclass(frozen=True, slots=True)
class PollLink:
    """The administrator's link: `site` is its host, which is no secret."""

    url: SecretUrl
    site: str

    @classmethod
    def parse(cls, link: Secret) -> PollLink:
        """Raises SetupError `poll_link` for a text that is no such link; plain HTTP is taken in the inner network."""
        text = link.reveal().strip()
        try:
            parts = urlsplit(text)
            host, port, hashes = parts.hostname or "", parts.port, parse_qs(parts.query).get("hash", [])
        except ValueError as error:
            raise SetupError("poll_link", what="это не адрес") from error
        if parts.scheme not in ("http", "https") or not host or parts.username or parts.fragment:
            raise SetupError("poll_link", what="ждём https://сайт/bitrix/tools/sale_check_print.php?hash=…")
        if not parts.path.endswith(PATH) or len(hashes) != 1 or not re.fullmatch(r"[0-9A-Za-z]{16,64}", hashes[0]):
            raise SetupError("poll_link", what=f"ждём …{PATH}?hash=…")
        if parts.scheme == "http" and not is_inside(host):
            raise SetupError("poll_link", what="http:// по интернету показал бы ссылку, нужен https://")
        return cls(SecretUrl(text), host + (f":{port}" if port else ""))


@dataclass(frozen=True, slots=True)
class Figures:
    """What the site keeps of a register when it first sees it: cash in the drawer, income of the shift."""

    cash: Money = ZERO
    income: Money = ZERO


@dataclass(frozen=True, slots=True)
class Register:
    """A register as the site wants to know it. `trouble` "" is "ok": anything else makes it pass for switched off."""

    factory_number: str
    storage_number: str
    trouble: str = ""
    figures: Figures = Figures()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site said: acknowledged uuids, checks and reports to print, as they came."""

    acks: tuple[str, ...] = ()
    checks: tuple[Mapping[str, Any], ...] = ()
    reports: tuple[Mapping[str, Any], ...] = ()
    is_simulated: bool = field(default=False, compare=False)


# ------------------------------------------------------------------------------------------------ what is told
def printed(uuid: str, mark: FiscalMark, total: Money, kind: ReceiptKind) -> dict[str, Any]:
    """A receipt that is printed: the site reads everything out of its QR text."""
    return {"uuid": uuid, "code": 0, "qr": qr_of(mark, total, kind), "rn": mark.registration_number}


def failed(uuid: str, code: int, message: str) -> dict[str, Any]:
    """A receipt that is proven not made. Without a message the site would take it for printed."""
    return {"uuid": uuid, "code": code, "message": message[:MESSAGE_MAX].strip() or "не напечатан"}


def closed(uuid: str, cash: Money, income: Money, returned: Money, mark: FiscalMark | None) -> dict[str, Any]:
    """A shift that is closed, with what was counted in it."""
    body = {
        "uuid": uuid,
        "code": 0,
        "payments_cache": cash.roubles,
        "reg_income": income.roubles,
        "reg_return": returned.roubles,
    }
    return body | ({"qr": qr_of(mark, income, ReceiptKind.SELL)} if mark is not None else {})


def qr_of(mark: FiscalMark, total: Money, kind: ReceiptKind) -> str:
    """The QR text with seconds, zero where the register's document knows none: the site parses no shorter form."""
    short, seconds = mark.qr(total, kind), mark.printed_at.strftime("%S")
    when, rest = short.split("&", 1)
    return f"{when}{seconds}&{rest}"


def request(register: Register, ffd: str, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a round. `ffd` is the format that the register writes: it chooses the site's vocabulary."""
    kkm: dict[str, Any] = {
        "zn": register.factory_number,
        "fn": register.storage_number,
        "status": register.trouble[:MESSAGE_MAX] or "ok",
        "cache": register.figures.cash.roubles,
        "reg_income": register.figures.income.roubles,
    }
    if results:
        kkm["printed"] = [dict(each) for each in results]
    return {"api_version": _VERSIONS.get(ffd, "2"), "kkm": [kkm]}


# ------------------------------------------------------------------------------------------------ what comes
class Caller(Protocol):
    """What is needed of HTTP; `posapp.http.HttpClient` over the wire."""

    def post_json(self, url: SecretUrl, body: object, timeout_s: float) -> Response:
        """POST `body` as JSON. Raises NoAnswer (an Offline)."""


class SitePoll:
    """A site's poll over HTTP. `http` makes the connections; each round is one request."""

    def __init__(self, link: PollLink, http: Caller, *, timeout_s: float = PATIENCE_S) -> None:
        self._link = link
        self._http = http
        self._timeout_s = timeout_s

    def __repr__(self) -> str:
        return f"SitePoll({self._link.site})"

    @property
    def site(self) -> str:
        """The host of the link."""
        return self._link.site

    def ask(self, body: Mapping[str, Any]) -> Answer:
        """One round; the site may hold it for a minute. Raises Offline, Rejected `poll_link`, `poll_answer`."""
        try:
            response = self._http.post_json(self._link.url, body, self._timeout_s)
        except NoAnswer as error:
            raise Offline("offline", reason=error.facts.get("reason", "")) from None
        return parse(response)


def parse(response: Response) -> Answer:
    """The answer of a round. Raises Offline, Rejected `poll_link`, `poll_answer`."""
    if response.status == 403:
        raise Rejected("poll_link", what="сайт её не знает или она выключена")
    if response.status in (301, 302, 303, 307, 308):
        raise Rejected("poll_link", what="сайт переехал на другой адрес")
    if response.status >= 500:
        raise Offline("offline", reason=f"ответ {response.status}")
    if response.status != 200:
        raise Rejected("poll_answer", what=f"ответ {response.status}")
    try:
        body = response.json()
    except (ValueError, RecursionError) as error:
        raise Rejected("poll_answer", what="это не JSON") from error
    if body == []:  # PHP writes an empty object so
        body = {}
    if not isinstance(body, dict):
        raise Rejected("poll_answer", what="это не объект")
    return Answer(
        acks=tuple(each for each in _list(body.get("ack")) if isinstance(each, str)),
        checks=tuple(each for each in _list(body.get("print")) if isinstance(each, Mapping) and each),
        reports=tuple(each for each in _list(body.get("reports")) if isinstance(each, Mapping) and each),
        is_simulated=SIMULATOR_HEADER in response.headers,
    )


def _list(value: object) -> list[Any]:
    """A list; PHP writes one with gaps as an object."""
    found = list(value.values()) if isinstance(value, Mapping) else value
    return found[:CHECKS_MAX] if isinstance(found, list) else []


def uuid_of(body: Mapping[str, Any]) -> str:
    """The text that has to be sent back with a result; "" where there is none."""
    value = body.get("external_id") or body.get("uuid")
    return value if isinstance(value, str) and 0 < len(value) <= 200 else ""


__all__ = ["FINAL_CODES", "Answer", "Figures", "PollLink", "Register", "SitePoll", "closed", "failed",
           "parse", "printed", "qr_of", "request", "uuid_of"]  # fmt: skip
