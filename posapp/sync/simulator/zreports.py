"""Z-report orders of a polling register: when the site wants a shift closed, and what it keeps of it.

The kernel (`reportmanager.php`): one order at a time per register; not confirmed, it is repeated after five minutes and
given up after twelve hours. By itself the site orders one when the time of day that the administrator chose has passed
since the last report and checks were printed in between.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from posapp.sync.simulator.check_data import option
from posapp.sync.simulator.envelope import SERVER_ZONE, iso
from posapp.sync.simulator.parameters import decimal_of, text_of
from posapp.sync.simulator.printing import uuid_of
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import Shop

RESEND_S = 300
GIVE_UP_S = 43_200
_TYPE_Z = 1
_WARNINGS = 3


def add_report(shop: Shop, cashbox: Row, now: datetime) -> Row:
    """Order a Z-report by hand; the register gets it with its next poll."""
    report: Row = {
        "id": shop.next_id("zReports"), "cashboxId": cashbox["ID"], "status": "N", "dateCreate": iso(now),
        "datePrintStart": None, "datePrintEnd": None, "linkParams": {}, "errorMessage": "", "countFail": 0,
        "cashSum": None, "cashlessSum": None, "cumulativeSum": None, "returnedSum": None,
    }  # fmt: skip
    shop.fiscal.reports.append(report)
    return report


def order_due(shop: Shop, cashbox: Row, now: datetime) -> Row | list[Row] | None:
    """The order that this register gets now. An empty list for one with USE_OFFLINE=Y, as the kernel sends it."""
    report = _due(shop, cashbox, now)
    if report is None:
        return None
    if cashbox.get("USE_OFFLINE") == "Y":
        return []
    return {"type": _TYPE_Z, "uuid": uuid_of(shop, "report", report["id"], now),
            "timestamp": str(int(now.timestamp())), "zn": cashbox.get("NUMBER_KKM", "")}  # fmt: skip


def store_report(report: Row, told: Row, failure: str | None, warns: bool, link: Row, now: datetime) -> bool:
    """Keep a result; whether the site acknowledges it."""
    if report["status"] == "Y":
        return True
    if failure is not None and warns and report["countFail"] < _WARNINGS:
        report["countFail"] += 1
        return False
    if failure is not None:
        report |= {"status": "E", "errorMessage": failure, "datePrintEnd": iso(now)}
        return True
    cash, income = (decimal_of(text_of(told.get(name))) or Decimal(0) for name in ("payments_cache", "reg_income"))
    report |= {"status": "Y", "datePrintEnd": iso(now), "linkParams": link, "cashSum": cash,
               "cashlessSum": income - cash, "cumulativeSum": told.get("nz_sum"),
               "returnedSum": told.get("reg_return")}  # fmt: skip
    return True


def _due(shop: Shop, cashbox: Row, now: datetime) -> Row | None:
    mine = [report for report in shop.fiscal.reports if report["cashboxId"] == cashbox["ID"]]
    last = mine[-1] if mine else None
    if last is not None and last["status"] == "N":
        last |= {"status": "P", "datePrintStart": iso(now)}
        return last
    if last is not None and last["status"] == "P":
        waited = (now - datetime.fromisoformat(last["datePrintStart"])).total_seconds()
        if waited >= GIVE_UP_S:
            last |= {"status": "E", "errorMessage": "Z-отчёт не снят за 12 часов"}
        return last if RESEND_S < waited < GIVE_UP_S else None
    return _by_the_clock(shop, cashbox, last, now)


def _by_the_clock(shop: Shop, cashbox: Row, last: Row | None, now: datetime) -> Row | None:
    wanted = text_of(option(shop, "z_report_time"))
    if not wanted:
        return None
    hour, _, minute = wanted.partition(":")
    local = now.astimezone(SERVER_ZONE)
    moment = local.replace(hour=int(hour), minute=int(minute or 0), second=0, microsecond=0)
    if moment > local:
        moment -= timedelta(days=1)
    begun = datetime.fromisoformat(last["datePrintStart"]) if last else datetime(2017, 1, 1, tzinfo=SERVER_ZONE)
    if (moment - begun).total_seconds() <= RESEND_S:
        return None
    printed = [check for check in shop.checks if check["cashboxId"] == cashbox["ID"] and check["datePrintStart"]
               and begun <= datetime.fromisoformat(check["datePrintStart"]) < moment]  # fmt: skip
    if not printed:
        return None
    report = add_report(shop, cashbox, now)
    report |= {"status": "P", "datePrintStart": iso(now)}
    return report
