"""The site poll, `/bitrix/tools/sale_check_print.php?hash=…`: a register on the shop's counter asks a site for work.

One round is one POST: `{"api_version", "kkm": [{zn, fn, status, cache, reg_income, nz_sum, printed: […]}]}`. If it
brings results that the site takes, the answer is `{"ack": […]}` and nothing else; else registers are looked up – an
unknown one is added, not active – and the answer is `{"print": […], "reports": […]}`, held back until there is
something to print or the hold is over (reference: the offline cashbox; kernel `cashboxbitrix.php`, `checkmanager.php`).

Kept from the kernel:

- a check that nobody confirmed is handed out again after four minutes, at *every* poll from then on, and to another of
  the registers in the list where there is one; each time under another uuid;
- a failure without a `message` counts as a success; a warning is not acknowledged, the fourth of them is an error;
- what `status` tells counts from the *next* round on: the rows are read before they are written;
- Z-report orders wait for the end of the hold when there is no check;
- with no active register in the list the site holds the answer too.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from posapp.sync.simulator.check_data import next_cashbox_id, option
from posapp.sync.simulator.envelope import SERVER_ZONE, html_answer, iso, json_answer
from posapp.sync.simulator.fiscal import CHECK_TYPES, POLL_1, POLL_2, POLL_3, is_on, kind_of
from posapp.sync.simulator.outgoing import Steps
from posapp.sync.simulator.parameters import decimal_of, items_of, text_of
from posapp.sync.simulator.poll_checks import print_task
from posapp.sync.simulator.printing import store_result, uuid_of
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import Shop
from posapp.sync.simulator.zreports import order_due, store_report

RESEND_S = 240
MAX_CHECKS = 5
FINAL = {"-3800", "-3803", "-3804", "-3805", "-3807", "-3816", "-3896", "-3897", "-4026"}
_HANDLERS = {"3": POLL_3, "2": POLL_2}
_NAPS_S = 5.0  # how the site sleeps when it has no register to serve


def poll(shop: Shop, body: bytes, now: datetime) -> Steps:
    """One round. Returns the answer."""
    try:
        told = json.loads(body, parse_float=_decimal, parse_constant=_decimal) if body.strip() else {}
    except (ValueError, RecursionError):
        return html_answer(500)  # an exception that nobody catches
    told = told if isinstance(told, dict) else {}
    registers = [item for _, item in items_of(told.get("kkm")) if isinstance(item, dict)]
    acknowledged = _store_results(shop, registers, now)
    if acknowledged:
        return json_answer(200, {"ack": acknowledged})
    handler = _HANDLERS.get(text_of(told.get("api_version")), POLL_1)
    enabled = _meet_registers(shop, registers, handler, now)
    if not enabled:
        shop.fiscal.notice("Опрос касс: нет включённой кассы", now)
        yield from _hold(shop, _NAPS_S)
        return json_answer(200, {})
    return json_answer(200, (yield from _hand_out(shop, enabled, now)))


def _decimal(text: str) -> Decimal:
    value = decimal_of(text)
    if value is None:
        raise ValueError(f"{text[:20]} is no number of a till")
    return value


def _hold(shop: Shop, nap_s: float) -> Steps:
    left = float(option(shop, "poll_hold_s"))
    while left > 0:
        yield min(nap_s, left)
        left -= nap_s


def _hand_out(shop: Shop, enabled: list[Row], now: datetime) -> Steps:
    result: Row = {}
    reports = [order for box in enabled if (order := order_due(shop, box, now)) is not None]
    if reports:
        result["reports"] = reports
    tasks = _take_checks(shop, enabled, now)
    left, nap_s = float(option(shop, "poll_hold_s")), float(option(shop, "poll_look_s"))
    while not tasks and left > 0:
        now = yield min(nap_s, left)
        left -= max(nap_s, 0.01)
        if any(check["status"] == "N" and _is_for(check, enabled) for check in shop.checks):
            tasks = _take_checks(shop, enabled, now)
    if tasks:
        result["print"] = tasks
    return _in_17_digits(result) if option(shop, "serialize_precision") == 17 else result


def _in_17_digits(value: Any) -> Any:
    """Every number as an old PHP writes the float that it is."""
    if isinstance(value, dict):
        return {key: _in_17_digits(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_17_digits(item) for item in value]
    return Decimal(f"{float(value):.17g}") if isinstance(value, Decimal) else value


# ---------------------------------------------------------------------------------------------- registers
def _meet_registers(shop: Shop, registers: list[Row], handler: str, now: datetime) -> list[Row]:
    """Note what each register tells of itself; returns those that were enabled and active *before* that."""
    enabled = []
    for told in registers:
        number = text_of(told.get("zn"))
        status = "Y" if told.get("status") == "ok" else "N"
        box = next((row for row in shop.tables["cashboxes"] if text_of(row.get("NUMBER_KKM")) == number), None)
        if box is None:
            _register(shop, told, handler, status, now)
            continue
        if is_on(box, "ENABLED") and is_on(box, "ACTIVE"):
            enabled.append(box)
        if status == "N" and is_on(box, "ENABLED"):
            shop.fiscal.notice("Касса недоступна", now, cashboxId=box["ID"])
        box |= {"ENABLED": status, "DATE_LAST_CHECK": iso(now)}
        if kind_of(box) != handler:
            box["HANDLER"] = f"\\Bitrix\\Sale\\Cashbox\\{handler}"
    return enabled


def _register(shop: Shop, told: Row, handler: str, status: str, now: datetime) -> None:
    """A register that the site has never seen: a person has to switch it on."""
    box = {
        "ID": next_cashbox_id(shop), "NAME": "Касса Битрикс", "HANDLER": f"\\Bitrix\\Sale\\Cashbox\\{handler}",
        "OFD": "", "OFD_SETTINGS": [], "EMAIL": text_of(option(shop, "shop_email")), "DATE_CREATE": iso(now),
        "DATE_LAST_CHECK": iso(now), "NUMBER_KKM": text_of(told.get("zn")), "KKM_ID": "", "ACTIVE": "N", "SORT": 100,
        "USE_OFFLINE": "N", "ENABLED": status, "SETTINGS": {},
    }  # fmt: skip
    shop.tables["cashboxes"].append(box)
    cash, income = (decimal_of(text_of(told.get(name))) or Decimal(0) for name in ("cache", "reg_income"))
    shop.fiscal.reports.append({
        "id": shop.next_id("zReports"), "cashboxId": box["ID"], "status": "Y", "dateCreate": iso(now),
        "datePrintStart": iso(now), "datePrintEnd": iso(now), "linkParams": {}, "errorMessage": "", "countFail": 0,
        "cashSum": cash, "cashlessSum": income - cash, "cumulativeSum": told.get("nz_sum"), "returnedSum": 0,
    })  # fmt: skip
    shop.fiscal.notice("Добавлена касса, включите её", now, cashboxId=box["ID"])


# ---------------------------------------------------------------------------------------------- handing out
def _take_checks(shop: Shop, enabled: list[Row], now: datetime) -> list[Row]:
    """At most five checks for these registers, marked as in print."""
    due = [check for check in shop.checks if _is_for(check, enabled) and _is_due(check, now)][:MAX_CHECKS]
    boxes = {box["ID"]: box for box in enabled}
    tasks = []
    for check in due:
        may = [box_id for box_id in check["cashboxes"] if box_id in boxes]
        if check["status"] == "N":
            check |= {"status": "P", "datePrintStart": iso(now), "cashboxId": shop.fiscal.random.choice(may)}
        elif others := [box_id for box_id in may if box_id != check["cashboxId"]]:
            check["cashboxId"] = shop.fiscal.random.choice(others)  # the time it was begun stays
        box = boxes[check["cashboxId"]]
        uuid = uuid_of(shop, "check", check["id"], now)
        task = print_task(shop, check, box, uuid, now)
        if task is not None:
            check["uuids"].append(uuid)
            tasks.append(task)
    return tasks


def _is_for(check: Row, enabled: list[Row]) -> bool:
    return any(box["ID"] in check["cashboxes"] for box in enabled)


def _is_due(check: Row, now: datetime) -> bool:
    if check["linkParams"] or check["status"] not in ("N", "P"):
        return False
    if check["status"] == "N":
        return check["datePrintStart"] is None
    return bool(datetime.fromisoformat(check["datePrintStart"]) + timedelta(seconds=RESEND_S) < now)


# ---------------------------------------------------------------------------------------------- results
def _store_results(shop: Shop, registers: list[Row], now: datetime) -> list[str]:
    """Store what was printed; the uuids that the site is done with."""
    done = []
    for told in registers:
        for _, item in items_of(told.get("printed")):
            if isinstance(item, dict) and _store_result(shop, item, now):
                done.append(item.get("uuid"))
    return [text_of(uuid) for uuid in done]


def _store_result(shop: Shop, item: Row, now: datetime) -> bool:
    """Whether the site acknowledges it: stored, or a final failure; not a warning, not an unknown uuid."""
    kind, _, number = [*text_of(item.get("uuid")).split("|"), "", "", ""][:3]
    failure, warns = _failure_of(item)
    if kind == "report":
        report = next((row for row in shop.fiscal.reports if text_of(row["id"]) == number), None)
        return report is not None and store_report(report, item, failure, warns, qr_fields(item.get("qr")), now)
    check = next((row for row in shop.checks if text_of(row["id"]) == number), None)
    if kind != "check" or check is None:
        return False
    link = qr_fields(item.get("qr"))
    link["calculated_sign"] = CHECK_TYPES[check["type"]][0]
    if item.get("rn") is not None:
        link["reg_number_kkt"] = item["rn"]
    store_result(shop, check, now, link=link, error=failure, warns=warns)
    return check["status"] in ("Y", "E")


def _failure_of(item: Row) -> tuple[str | None, bool]:
    """The text of a failure, and whether it is only a warning. Without a `message` there is no failure."""
    code, message = item.get("code"), item.get("message")
    if (type(code) is int and code == 0) or message is None:
        return None, False
    return text_of(message), text_of(code) not in FINAL


def qr_fields(qr: Any) -> Row:
    """The receipt's QR string as the site takes it apart. `t` without seconds loses the time of day."""
    names = {"fn": "fn_number", "fp": "fiscal_doc_attr", "i": "fiscal_doc_number", "s": "doc_sum",
             "n": "calculated_sign"}  # fmt: skip
    found: Row = {}
    for part in text_of(qr).split("&"):
        key, _, value = part.partition("=")
        if key == "t":
            found["doc_time"] = _time_of(value)
        elif key in names:
            found[names[key]] = value
    return found


def _time_of(value: str) -> int:
    """Unix seconds of `yyyymmddThhmmss`; of anything shorter only the day, of anything else nothing: 1970."""
    whole = value if len(value) == len("20260309T090101") else ""
    for text, pattern in ((whole, "%Y%m%dT%H%M%S"), (value[:8], "%Y%m%d")):
        try:
            return int(datetime.strptime(text, pattern).replace(tzinfo=SERVER_ZONE).timestamp())
        except ValueError:
            continue
    return 0
