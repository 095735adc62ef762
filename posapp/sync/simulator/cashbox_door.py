"""The simulator's own door to everything fiscal: what a manager does at a portal, and what time does.

| request | does |
| --- | --- |
| GET `/_sim/checks` | `{"checks", "reports", "handlers", "cashboxes", "calls", "notices"}` |
| POST `/_sim/checks` `{"type", "payment": id}` or `{"type", "shipment": id}` | a manager makes a check and sends it; `related` and `shipments` say what else it is for, see below; `{"check": row or null, "notices"}` |
| POST `/_sim/checks` `{"reprint": id}` | "print again", only from E; under `check` the row afterwards |
| POST `/_sim/checks` `{"ask": id}` | the manager's button: CHECK_URL now |
| POST `/_sim/checks` `{"delete": id}` | a check in N, P or E is deleted |
| POST `/_sim/reports` `{"cashbox": id}` | a Z-report is ordered from a polling register |
| POST `/_sim/cashboxes` `{"NUMBER_KKM": zn, "ACTIVE": "Y"}` | changes a cashbox, found by `ID` or factory number |
| POST `/_sim/agent` | the agent runs once; `{"asked": [ids]}` |
| GET, POST `/_sim/clock` `{"advance_s": 240}`, `{"now": ISO}`, `{}` | the portal's clock; `{"now"}` |

`calls` are the portal's own requests: `{"at", "name", "checkId", "body", "http", "failure", "answer"}`.

A check of goods for a payment takes the order's shipments unless `"shipments": []` says otherwise; `"advance": [payment
ids]` and `"credit": […]` are the other payments it sets off.
"""  # noqa: E501 - a table

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from posapp.sync.simulator.envelope import SERVER_ZONE, Answer, html_answer, iso, json_answer
from posapp.sync.simulator.fiscal import CHECK_TYPES, Wish
from posapp.sync.simulator.outgoing import PhpFatal, Steps
from posapp.sync.simulator.portal import Portal
from posapp.sync.simulator.printing import add, ask, reprint, run_agent
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import Shop
from posapp.sync.simulator.zreports import add_report

NAMES = ("checks", "cashboxes", "reports", "agent", "clock")
_FIRST_YEAR, _LAST_YEAR = 2001, 2199
_WITHOUT_GOODS = ("advance", "credit")


def steer(portal: Portal, verb: str, name: str, value: Any, now: datetime) -> Steps:
    """Act on a request to one of NAMES. Returns the answer; a fatal error in an answer of a gateway is a page."""
    try:
        given = value if isinstance(value, dict) else {}
        result = yield from portal.fiscal(_act(portal, verb, name, given, now), now)
    except PhpFatal:
        return html_answer(500)
    except LookupError as error:
        return json_answer(404, {"error": str(error)})
    except (ValueError, TypeError, OverflowError) as error:
        return json_answer(400, {"error": str(error)})
    return result if isinstance(result, Answer) else json_answer(200, result)


def _act(portal: Portal, verb: str, name: str, value: Row, now: datetime) -> Steps:
    shop = portal.shop
    if name == "clock":
        return _clock(portal, verb, value, now)
    if (verb, name) == ("GET", "checks"):
        return show(shop)
    if verb != "POST":
        raise LookupError(f"there is no {verb} /_sim/{name}")
    if name == "agent":
        asked, _ = yield from run_agent(shop, now)
        return {"asked": asked}
    if name == "reports":
        return add_report(shop, _cashbox(shop, "ID", value.get("cashbox")), now)
    if name == "cashboxes":
        box = _cashbox(shop, *(("ID", value["ID"]) if "ID" in value else ("NUMBER_KKM", value.get("NUMBER_KKM"))))
        box |= value
        return box
    return (yield from _manager(shop, value, now))


def show(shop: Shop) -> Row:
    """Everything fiscal."""
    fiscal = shop.fiscal
    return {"checks": list(shop.checks), "reports": list(fiscal.reports), "handlers": list(fiscal.handlers),
            "cashboxes": list(shop.tables["cashboxes"]), "calls": list(fiscal.calls), "notices": list(fiscal.notices),
            "vatCodes": {str(key): code for key, code in fiscal.vat_codes.items()}}  # fmt: skip


def _cashbox(shop: Shop, name: str, value: Any) -> Row:
    box = next((row for row in shop.tables["cashboxes"] if row.get(name) == value), None)
    if box is None or value is None:
        raise LookupError(f"there is no cashbox whose {name} is {value}")
    return box


def _clock(portal: Portal, verb: str, value: Row, now: datetime) -> Row:
    wanted = now
    if verb == "POST" and "now" in value:
        wanted = datetime.fromisoformat(str(value["now"]))
        wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=SERVER_ZONE)
    if verb == "POST" and "advance_s" in value:
        wanted += timedelta(seconds=float(value["advance_s"]))
    if not _FIRST_YEAR <= wanted.year <= _LAST_YEAR:
        raise ValueError(f"the clock goes from {_FIRST_YEAR} to {_LAST_YEAR}")
    portal.ahead += wanted - now
    return {"now": iso(wanted)}


def _manager(shop: Shop, value: Row, now: datetime) -> Steps:
    before = len(shop.fiscal.notices)
    if "type" in value:
        check, _ = yield from add(shop, _wish(shop, value), now)
    elif "delete" in value:
        check = _find(shop, value["delete"])
        if check["status"] == "Y":
            raise ValueError("a printed check is not deleted")
        shop.checks.remove(check)
    elif "reprint" in value:
        check = _find(shop, value["reprint"])
        yield from reprint(shop, check, now)
    elif "ask" in value:
        check = _find(shop, value["ask"])
        yield from ask(shop, check, now)
    else:
        raise ValueError("one of type, reprint, ask, delete is expected")
    return {"check": check, "notices": list(shop.fiscal.notices)[before:]}


def _find(shop: Shop, check_id: Any) -> Row:
    check = next((row for row in shop.checks if row["id"] == check_id), None)
    if check is None:
        raise LookupError(f"there is no check {check_id}")
    return check


def _wish(shop: Shop, value: Row) -> Wish:
    """What a manager has put together. Raises LookupError, ValueError."""
    kind = value["type"]
    if kind not in CHECK_TYPES:
        raise ValueError(f"there is no type {kind}; the types are {', '.join(CHECK_TYPES)}")
    is_for_shipment = kind in ("credit", "creditreturn")
    part = "shipment" if "shipment" in value else "payment"
    found = shop.find(f"{part}s", int(value.get(part) or 0))
    if found is None or (is_for_shipment and part == "payment"):
        needed = "a shipment" if is_for_shipment else "a payment or shipment"
        raise LookupError(f"a check of type {kind} needs {needed}")
    order, row = found
    related = [(relation, int(one)) for relation in ("advance", "credit") for one in value.get(relation, [])]
    goods = [] if kind.startswith(_WITHOUT_GOODS) or part == "shipment" else [one["id"] for one in order["shipments"]]
    related += [("none", int(one)) for one in value.get("shipments", goods)]
    payments, shipments = ((), (row["id"],)) if part == "shipment" else ((row["id"],), ())
    return Wish(kind, order["id"], payments, shipments, tuple(related))
