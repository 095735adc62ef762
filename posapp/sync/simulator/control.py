"""The simulator's own door, `/_sim/…` on the portal's port: look at everything, plan mishaps, change settings.

| request | does |
| --- | --- |
| GET `/_sim/state` | orders, stock, documents, checks, requests |
| GET, POST `/_sim/faults` | the plan of faults in force; POST replaces it (`[]` clears it), see `faults.py` |
| POST `/_sim/network` `{"up": false}` | every connection is reset, except to `/_sim/` |
| POST `/_sim/settings` | any of the settings below |

Settings: `options` (merged), `scopes` (a list), `profile` (`kernel`, `docs`), `limits` (a name or `{brim, leak_per_s,
operating_s}`), `cashboxes` (rows, replacing), `paySystems` (rows by `ID`, merged), `expire_tokens` (true).

It is no part of a portal: it needs no key, and faults and limits do not touch it.
"""

from __future__ import annotations

from typing import Any

from posapp.sync.simulator.envelope import Answer, json_answer
from posapp.sync.simulator.faults import BadFaults, read_faults
from posapp.sync.simulator.limits import PLANS, LimitPlan
from posapp.sync.simulator.portal import Portal

PREFIX = "/_sim/"


def control(portal: Portal, verb: str, path: str, value: Any) -> Answer:
    """Answer a request to the simulator itself.

    Args:
        value: the decoded JSON body, None when there was none or it could not be read.
    """
    try:
        return json_answer(200, _act(portal, verb, path.removeprefix(PREFIX).strip("/"), value))
    except LookupError as error:
        return json_answer(404, {"error": str(error)})
    except (ValueError, TypeError) as error:
        return json_answer(400, {"error": str(error)})


def _act(portal: Portal, verb: str, name: str, value: Any) -> Any:
    if (verb, name) == ("GET", "state"):
        return portal.state()
    if (verb, name) == ("GET", "faults"):
        return portal.faults.show()
    if verb != "POST" or name not in ("faults", "network", "settings"):
        raise LookupError(f"there is no {verb} {PREFIX}{name}")
    if name == "faults":
        portal.faults = read_faults(value)
        return portal.faults.show()
    if not isinstance(value, dict):
        raise BadFaults("a JSON object is expected")
    if name == "network":
        portal.is_network_up = bool(value["up"]) if "up" in value else portal.is_network_up
        return {"up": portal.is_network_up}
    _set(portal, value)
    return {"options": portal.shop.options, "scopes": list(portal.access.scopes), "profile": portal.profile}


def _set(portal: Portal, value: dict[str, Any]) -> None:
    unknown = set(value) - {"options", "scopes", "profile", "limits", "cashboxes", "paySystems", "expire_tokens"}
    if unknown or value.get("profile", "kernel") not in ("kernel", "docs"):
        raise BadFaults(f"unknown setting: {', '.join(sorted(unknown)) or 'profile'}")
    if "limits" in value:
        limits = value["limits"]
        portal.limiter.plan = LimitPlan(**limits) if isinstance(limits, dict) else PLANS[limits]
    portal.profile = value.get("profile", portal.profile)
    portal.access.scopes = tuple(value.get("scopes", portal.access.scopes))
    portal.shop.options |= value.get("options", {})
    portal.shop.tables["cashboxes"] = list(value.get("cashboxes", portal.shop.tables["cashboxes"]))
    for row in value.get("paySystems", []):
        known = portal.shop.pay_system(row["ID"])
        if known is None:
            portal.shop.tables["paySystems"].append(dict(row))
        else:
            known |= row
    if value.get("expire_tokens"):
        portal.access.expire_tokens()
