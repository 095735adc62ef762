"""The simulator's own door, `/_sim/…` on the portal's port: look at everything, plan mishaps, change settings.

| request | does |
| --- | --- |
| GET `/_sim/state` | orders, stock, documents, checks, requests |
| GET, POST `/_sim/faults` | the plan of faults in force; POST replaces it (`[]` clears it), see `faults.py` |
| POST `/_sim/network` `{"up": false}` | every connection is reset, except to `/_sim/` |
| GET, POST `/_sim/settings` | any of the settings below |
| POST `/_sim/install` | the form `ONAPPINSTALL` goes to the application's install callback, with tokens |
| GET `/_sim/pushes` | what the portal has sent to applications by itself, and what came back |

| setting | value |
| --- | --- |
| `options` | the portal's own options, merged; see `DEFAULT_OPTIONS` of `shop.py` |
| `profile` | `kernel` or `docs`: which statuses and codes errors have, see `envelope.py` |
| `irregular` | true: the same data in the other types that portals have been seen to use, see `irregular.py` |
| `limits` | `cloud`, `enterprise`, `off` or `{brim, leak_per_s, operating_s, cut_s}` |
| `time_scale` | how many times faster a wait passes that a fault asks for; the clock is turned by the rest |
| `scopes` | a list: what webhook and application were granted |
| `rights` | `{"right": "D"|"R"|"U"|"W", "is_admin": bool}` of the user behind them |
| `trouble` | a code of `access.py` that every call is refused with: `OVERLOAD_LIMIT`, `PORTAL_DELETED` …; empty: none |
| `app` | `{"redirect_url", "install_url", "is_installed"}`: the application's card |
| `domain` | `HOST:PORT`: the portal's new name; under any other it answers 302. A port that nobody serves is opened |
| `expire_tokens`, `revoke_refresh` | true: access tokens are too old now; refresh tokens are unknown now |
| `rotate_webhook` | true: the webhook has another secret; the answer tells its new path |
| `cashboxes` | rows, replacing; `ACTIVE` = Y switches on what a polling register has added |
| `vatCodes` | `{VAT row id: code}`, replacing: what an administrator has typed for polling registers |
| `marking` | merged: `{"products": {product id: marking group}, "codes": {basket line id: [codes]}}`; also \
by product id `articles` (ARTNUMBER), `objects` and `extra`: payment objects and fields that a site sets |
| `paySystems` | rows by `ID`, merged |

What is fiscal – `/_sim/checks`, `/_sim/reports`, `/_sim/agent`, `/_sim/clock` – is in `cashbox_door.py`.

It is no part of a portal: it needs no key, and faults and limits do not touch it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from posapp.sync.simulator.access import TROUBLES, USER_ID
from posapp.sync.simulator.envelope import Answer, json_answer
from posapp.sync.simulator.faults import BadFaults, read_faults
from posapp.sync.simulator.fiscal import check_options
from posapp.sync.simulator.limits import PLANS, LimitPlan
from posapp.sync.simulator.oauth import check_url, installation
from posapp.sync.simulator.portal import Portal

PREFIX = "/_sim/"
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)


def control(
    portal: Portal, verb: str, path: str, value: Any, origin: str = "http://127.0.0.1", now: datetime = _NEVER
) -> Answer:
    """Answer a request to the simulator itself.

    Args:
        value: the decoded JSON body, None when there was none or it could not be read.
        origin: the portal's address, for what it tells of itself to an application.
        now: the time, for tokens.
    """
    try:
        return json_answer(200, _act(portal, verb, path.removeprefix(PREFIX).strip("/"), value, origin, now))
    except LookupError as error:
        return json_answer(404, {"error": str(error)})
    except (ValueError, TypeError) as error:
        return json_answer(400, {"error": str(error)})


def _act(portal: Portal, verb: str, name: str, value: Any, origin: str, now: datetime) -> Any:
    looks: dict[str, Callable[[], Any]] = {
        "state": portal.state, "faults": portal.faults.show, "pushes": portal.pushes.show,
        "settings": lambda: _settings(portal),
    }  # fmt: skip
    if verb == "GET" and name in looks:
        return looks[name]()
    if verb != "POST" or name not in ("faults", "network", "settings", "install"):
        raise LookupError(f"there is no {verb} {PREFIX}{name}")
    if name == "faults":
        portal.faults = read_faults(value)
        return portal.faults.show()
    if name == "install":
        push = installation(portal.access, portal.card, origin, now)
        portal.pushes.waiting.append(push)
        return push.show()
    if name == "network":
        portal.is_network_up = bool(_object(value).get("up", portal.is_network_up))
        return {"up": portal.is_network_up}
    _set(portal, _object(value))
    return _settings(portal)


def _settings(portal: Portal) -> dict[str, Any]:
    access = portal.access
    return {
        "options": portal.shop.options, "scopes": list(access.scopes), "profile": portal.profile,
        "irregular": portal.is_irregular,
        "rights": {"right": access.right, "is_admin": access.is_admin}, "domain": portal.domain,
        "app": {**vars(portal.card), "is_installed": access.is_installed},
        "webhook": f"/rest/{USER_ID}/{access.webhook_secret}/",
    }  # fmt: skip


def _set(portal: Portal, value: dict[str, Any]) -> None:
    """All settings or none: what is wrong is found before anything is changed."""
    unknown = set(value) - set(_SETTERS)
    if unknown or value.get("profile", "kernel") not in ("kernel", "docs"):
        raise BadFaults(f"unknown setting: {', '.join(sorted(unknown)) or 'profile'}")
    changes = [_SETTERS[name](portal, item) for name, item in value.items()]
    for change in changes:
        change()


Change = Callable[[], None]


def _limits(portal: Portal, value: Any) -> Change:
    if isinstance(value, dict) and not all(_is_number(item) and item > 0 for item in value.values()):
        raise BadFaults("limits are numbers above nothing")
    plan = LimitPlan(**value) if isinstance(value, dict) else PLANS[value]
    return lambda: setattr(portal.limiter, "plan", plan)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadFaults("a JSON object is expected")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rights(portal: Portal, value: Any) -> Change:
    value = _object(value)
    right, is_admin = value.get("right", portal.access.right), value.get("is_admin", portal.access.is_admin)
    if right not in ("D", "R", "U", "W") or not isinstance(is_admin, bool):
        raise BadFaults('rights are {"right": "D"|"R"|"U"|"W", "is_admin": true|false}')

    def change() -> None:
        portal.access.right, portal.access.is_admin = right, is_admin

    return change


def _trouble(portal: Portal, value: Any) -> Change:
    if value not in ("", *TROUBLES):
        raise BadFaults(f"trouble is one of {', '.join(TROUBLES)}")
    return lambda: setattr(portal.access, "trouble", value)


def _app(portal: Portal, value: Any) -> Change:
    unknown = set(_object(value)) - {"redirect_url", "install_url", "is_installed"}
    if unknown:
        raise BadFaults(f"the card of the application has no {', '.join(sorted(unknown))}")
    redirect = check_url(str(value.get("redirect_url", portal.card.redirect_url)))
    install = check_url(str(value.get("install_url", portal.card.install_url)))

    def change() -> None:
        portal.card.redirect_url, portal.card.install_url = redirect, install
        portal.access.is_installed = bool(value.get("is_installed", portal.access.is_installed))

    return change


def _domain(portal: Portal, value: Any) -> Change:
    host = str(value)
    if host and (urlsplit(f"//{host}").netloc != host or urlsplit(f"//{host}").hostname is None):
        raise BadFaults("domain is HOST or HOST:PORT")
    return lambda: setattr(portal, "domain", host)


def _pay_systems(portal: Portal, value: Any) -> Change:
    rows = [(int(row["ID"]), dict(row)) for row in value]

    def change() -> None:
        for number, row in rows:
            known = portal.shop.pay_system(number)
            if known is None:
                portal.shop.tables["paySystems"].append(row)
            else:
                known |= row

    return change


def _cashboxes(portal: Portal, value: Any) -> Change:
    rows = [{**row, "ID": int(_object(row).get("ID") or number)} for number, row in enumerate(value, 1)]
    return lambda: portal.shop.tables.update({"cashboxes": rows})


def _vat_codes(portal: Portal, value: Any) -> Change:
    codes = {int(key): str(code) for key, code in _object(value).items()}
    return lambda: setattr(portal.shop.fiscal, "vat_codes", codes)


def _marked(portal: Portal, value: Any) -> Change:
    """`{"products": {id: group}, "codes": {basket line id: [codes]}, "articles": …, "objects": …}`."""
    value = _object(value)
    products = {int(key): str(group) for key, group in value.get("products", {}).items()}
    codes = {int(key): [str(code) for code in found] for key, found in value.get("codes", {}).items()}
    articles = {int(key): str(article) for key, article in value.get("articles", {}).items()}
    objects = {int(key): str(kind) for key, kind in value.get("objects", {}).items()}
    extra = {int(key): dict(added) for key, added in value.get("extra", {}).items()}

    def change() -> None:
        portal.shop.fiscal.marked |= products
        portal.shop.fiscal.codes |= codes
        portal.shop.fiscal.articles |= articles
        portal.shop.fiscal.objects |= objects
        portal.shop.fiscal.extra |= extra

    return change


def _options(portal: Portal, value: Any) -> Change:
    options = dict(value)
    check_options(options)
    return lambda: portal.shop.options.update(options)


def _time_scale(portal: Portal, value: Any) -> Change:
    if not _is_number(value) or not 1 <= value <= 1_000_000:
        raise BadFaults("time_scale is a number from 1 to 1000000")
    return lambda: setattr(portal, "time_scale", float(value))


def _scopes(portal: Portal, value: Any) -> Change:
    scopes = tuple(map(str, value))
    return lambda: setattr(portal.access, "scopes", scopes)


def _when_true(act: Callable[[Portal], Any]) -> Callable[[Portal, Any], Change]:
    return lambda portal, value: lambda: act(portal) if value else None


_SETTERS: dict[str, Callable[[Portal, Any], Change]] = {
    "options": _options, "limits": _limits, "scopes": _scopes, "rights": _rights, "app": _app, "domain": _domain,
    "trouble": _trouble,
    "time_scale": _time_scale,
    "irregular": lambda portal, value: lambda: setattr(portal, "is_irregular", bool(value)),
    "cashboxes": _cashboxes, "vatCodes": _vat_codes, "marking": _marked, "paySystems": _pay_systems,
    "profile": lambda portal, value: lambda: setattr(portal, "profile", value),
    "expire_tokens": _when_true(lambda portal: portal.access.expire_tokens()),
    "revoke_refresh": _when_true(lambda portal: portal.access.revoke_refresh()),
    "rotate_webhook": _when_true(lambda portal: portal.access.rotate_webhook()),
}  # fmt: skip
