"""The check engine: a wish becomes a row, the row is sent to a register, and what the register tells is stored.

    wish ─▶ validated ─▶ N ──▶ P ──▶ Y          N a polling register will fetch it
                               └───▶ E ──▶ P    E again only by a person: same id, another uuid

A REST cashbox is called *inside* the hit that made the check: `sale.payment.update` does not answer before PRINT_URL
has. The row is stored before the call and the UUID after it, so `sale.cashbox.check.apply` in between finds nothing.
Nothing is ever sent a second time by itself (reference: Bitrix REST 5.4–5.6, kernel `checkmanager.php`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from posapp.sync.simulator import orders
from posapp.sync.simulator.check_data import extract, option, query_of
from posapp.sync.simulator.checks import sum_of, supports_ffd_105
from posapp.sync.simulator.envelope import SERVER_ZONE, PortalError, iso, plain
from posapp.sync.simulator.fiscal import (
    CHECK_TYPES,
    INCOME,
    OLD_TYPES,
    POLLING,
    REST,
    Wish,
    is_on,
    kind_of,
    rest_code,
)  # fmt: skip
from posapp.sync.simulator.outgoing import Errand, Outgoing, PhpFatal, Steps
from posapp.sync.simulator.parameters import decimal_of, items_of, text_of
from posapp.sync.simulator.php_answer import php_text, read_answer, told_errors, unix_of
from posapp.sync.simulator.php_form import build_query
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import Shop

AGENT_ROWS = 5
_UUID_LENGTH = 100
_WARNINGS = 3  # the next one is an error
_LINK_FIELDS = {"REG_NUMBER_KKT": "reg_number_kkt", "FISCAL_DOC_ATTR": "fiscal_doc_attr",
                "FISCAL_DOC_NUMBER": "fiscal_doc_number", "FISCAL_RECEIPT_NUMBER": "fiscal_receipt_number",
                "FN_NUMBER": "fn_number", "SHIFT_NUMBER": "shift_number"}  # fmt: skip


# ---------------------------------------------------------------------------------------------- making a check
def settle(shop: Shop, now: datetime) -> Steps:
    """Make and send every check that was wished for in this hit. Returns the time after it.

    Raises:
        PhpFatal: an answer killed the hit; what came after it was not done.
    """
    while shop.fiscal.wishes:
        _, now = yield from add(shop, shop.fiscal.wishes.pop(0), now)
    return now


def add(shop: Shop, wish: Wish, now: datetime) -> Steps:
    """Make a check and send it. Returns (its row or None, the time); why there is none is in the notices."""
    boxes = available(shop, wish)
    if not boxes:
        shop.fiscal.notice("Касса не найдена", now, orderId=wish.order_id, type=wish.type)
        return None, now
    if wish.type not in CHECK_TYPES or (wish.type not in OLD_TYPES and not supports_ffd_105(shop)):
        shop.fiscal.notice("Чек этого типа недоступен", now, orderId=wish.order_id, type=wish.type)
        return None, now
    order = shop.orders[wish.order_id]
    check: Row = {
        "id": 0, "type": wish.type, "status": "N", "orderId": order["id"],
        "paymentId": _first(wish, "payment"), "shipmentId": _first(wish, "shipment"),
        "payments": list(wish.payments), "shipments": list(wish.shipments),
        "related": [list(pair) for pair in wish.related], "sum": plain(Decimal(sum_of(order, wish))),
        "currency": order["currency"], "dateCreate": iso(now), "datePrintStart": None, "datePrintEnd": None,
        "cashboxId": None, "cashboxes": [box["ID"] for box in boxes], "externalUuid": None, "uuids": [],
        "linkParams": {}, "link": "", "errorMessage": "", "countFail": 0,
    }  # fmt: skip
    problems = extract(shop, check).problems()
    if problems:  # no row at all, only a word to the manager
        shop.fiscal.notice("; ".join(problems), now, orderId=order["id"], type=wish.type)
        return None, now
    check["id"] = shop.next_id("checks")
    shop.checks.append(check)
    now = yield from _hand_over(shop, check, boxes, now)
    return check, now


def reprint(shop: Shop, check: Row, now: datetime) -> Steps:
    """A manager's "print again": only a failed check. Returns the time.

    Raises:
        ValueError: the check is not in state E.
    """
    if check["status"] != "E":
        raise ValueError(f"check {check['id']} is {check['status']}: only a failed one is printed again")
    boxes = available(shop, Wish(check["type"], check["orderId"], tuple(check["payments"]), tuple(check["shipments"])))
    if not boxes:
        raise ValueError("no register is active")
    check |= {"status": "N", "datePrintStart": None, "datePrintEnd": None, "errorMessage": "",
              "cashboxes": [box["ID"] for box in boxes]}  # fmt: skip
    return (yield from _hand_over(shop, check, boxes, now))


def available(shop: Shop, wish: Wish) -> list[Row]:
    """The active cashboxes whose restrictions let the check pass, by SORT and name."""
    order = shop.orders[wish.order_id]
    systems = {row["paySystemId"] for row in order["payments"] if row["id"] in wish.payments}
    found = []
    for box in shop.tables["cashboxes"]:
        allowed = dict(items_of(box.get("RESTRICTIONS"))).get("PAY_SYSTEMS")
        if is_on(box, "ACTIVE") and (allowed is None or not systems or systems & set(allowed)):
            found.append(box)
    return sorted(found, key=lambda box: (decimal_of(text_of(box.get("SORT"))) or 100, text_of(box.get("NAME"))))


def uuid_of(shop: Shop, kind: str, row_id: int, now: datetime) -> str:
    """`check|HOST|ID|UNIX`, new with every hand-out; the old kernels' `check|HOST|ID` with `uuid_parts` = 3."""
    parts = [kind, option(shop, "server_name"), str(row_id), str(int(now.timestamp()))]
    return "|".join(parts[: int(option(shop, "uuid_parts"))])[:_UUID_LENGTH]


def _first(wish: Wish, kind: str) -> int | None:
    ids = wish.payments if kind == "payment" else wish.shipments
    return ids[0] if ids else None


# ---------------------------------------------------------------------------------------------- sending
def _hand_over(shop: Shop, check: Row, boxes: list[Row], now: datetime) -> Steps:
    """To one of the registers that print at once, by chance; else it waits until a polling one fetches it."""
    ready = [box for box in boxes if is_on(box, "ENABLED") and kind_of(box) not in POLLING]
    if not ready:
        return now
    box = shop.fiscal.random.choice(ready)
    check |= {"status": "P", "datePrintStart": iso(now), "cashboxId": box["ID"]}
    if kind_of(box) == REST:  # anything else prints where this simulator does not look
        now = yield from _post_print(shop, check, box, now)
    return now


def _post_print(shop: Shop, check: Row, box: Row, now: datetime) -> Steps:
    uuid = uuid_of(shop, "check", check["id"], now)
    check["uuids"].append(uuid)
    body = build_query(query_of(shop, check, box, uuid, int(now.timestamp())), option(shop, "charset"))
    errand = _errand(shop, box, "print_url", "PRINT_URL", body)
    now = yield errand
    _log(shop, errand, check, now)
    errors, data = read_answer(errand)
    errors += told_errors(data)
    if errors:
        store_result(shop, check, now, error="\n".join(errors))
    elif data:
        check["externalUuid"] = php_text(data.get("UUID")) or None
    return now


def _errand(shop: Shop, box: Row, name: str, setting: str, body: bytes) -> Errand:
    handler = shop.fiscal.handler(rest_code(box)) or {"SETTINGS": {}}
    settings = handler["SETTINGS"]
    return Errand(name, Outgoing(
        str(settings.get(setting, "")), body, settings.get("HTTP_VERSION", "1.1"),
        float(option(shop, "connect_timeout_s")), float(option(shop, "read_timeout_s")),
    ))  # fmt: skip


def _log(shop: Shop, errand: Errand, check: Row, now: datetime) -> None:
    reply = errand.reply
    shop.fiscal.calls.append({
        "at": iso(now), "name": errand.name, "checkId": check["id"], "body": errand.request.body.decode("ascii"),
        "http": None if reply is None else reply.status, "failure": errand.failure or None,
        "answer": None if reply is None else reply.body[:2000].decode("utf-8", "replace"),
    })  # fmt: skip


# ---------------------------------------------------------------------------------------------- asking
def run_agent(shop: Shop, now: datetime) -> Steps:
    """Ask CHECK_URL about checks in print: five of them, in no order – so five that are stuck starve the others.

    Returns (ids of the checks asked about, the time). A PHP fatal in an answer ends the run; it is noticed.
    """
    boxes = {box["ID"] for box in shop.tables["cashboxes"] if kind_of(box) == REST and is_on(box, "ACTIVE")}
    waiting = [check for check in shop.checks if check["status"] == "P" and check["cashboxId"] in boxes]
    waiting.sort(key=lambda check: shop.fiscal.undefined_order(check["id"]))
    asked = []
    try:
        for check in waiting[:AGENT_ROWS]:
            asked.append(check["id"])
            now = yield from ask(shop, check, now)
    except PhpFatal as error:
        shop.fiscal.notice(f"PHP Fatal error: {error}", now, agent=True)
    return asked, now


def ask(shop: Shop, check: Row, now: datetime) -> Steps:
    """One CHECK_URL request and what follows from its answer. Returns the time.

    Only WAIT and ERROR are understood. Everything else – a timeout, an HTTP error, HTML, an empty object, a status in
    small letters – is applied as printed, with whatever data came, which is none.
    """
    box = next((row for row in shop.tables["cashboxes"] if row["ID"] == check["cashboxId"]), None)
    if box is None or kind_of(box) != REST:
        return now
    asked_uuid = check["externalUuid"]
    errand = _errand(shop, box, "check_url", "CHECK_URL", build_query({"uuid": asked_uuid}))
    now = yield errand
    _log(shop, errand, check, now)
    _, data = read_answer(errand)
    if data.get("STATUS") == "WAIT":
        shop.fiscal.notice("Чек ещё печатается", now, checkId=check["id"])
    elif asked_uuid:  # by the UUID that we hold, whatever the answer calls itself
        apply(shop, {**data, "UUID": asked_uuid}, now)
    return now


def apply(shop: Shop, data: Row, now: datetime) -> str:
    """Store a result under its external UUID, as `sale.cashbox.check.apply` and CHECK_URL do; the error, else empty.

    Raises:
        PortalError: `ERROR_CHECK_NOT_FOUND`.
        PhpFatal: PRINT_END_TIME is no number.
    """
    check = next((row for row in shop.checks if row["externalUuid"] == php_text(data["UUID"])), None)
    if check is None:
        raise PortalError("ERROR_CHECK_NOT_FOUND", "Check not found")
    at = unix_of(data.get("PRINT_END_TIME"))
    link: Row = {name: data.get(field) for field, name in _LINK_FIELDS.items()}
    link |= {"doc_sum": check["sum"], "doc_time": at, "calculated_sign": CHECK_TYPES[check["type"]][0]}
    error = (php_text(data.get("ERROR")) or "") if data.get("STATUS") == "ERROR" else None
    return store_result(shop, check, now, link=link, error=error)


# ---------------------------------------------------------------------------------------------- storing
def store_result(
    shop: Shop, check: Row, now: datetime, *, link: Row | None = None, error: str | None = None, warns: bool = False
) -> str:
    """What every result ends in. Returns the error that the caller of this is told, empty when there is none.

    A check that is printed stays as it is, whatever comes. A failure marks payment or shipment and the order as
    problematic. A warning leaves the check in the queue; after three of them the next is an error.
    """
    if check["status"] == "Y":
        return ""
    order = shop.orders.get(check["orderId"])
    if order is None:
        return "Заказ чека не найден"
    for kind, part_id in (("payments", check["paymentId"]), ("shipments", check["shipmentId"])):
        if part_id and not any(part["id"] == part_id for part in order[kind]):
            return "Оплата или отгрузка чека не найдена"
    if error is None:
        check |= {"status": "Y", "linkParams": link or {}, "datePrintEnd": iso(now), "link": _link_of(link or {})}
        return ""
    text = f"Ошибка печати чека {check['id']}" + (f": {error}" if error else "")
    if warns and check["countFail"] < _WARNINGS:
        check["countFail"] += 1
        return text
    check |= {"status": "E", "datePrintEnd": iso(now), "errorMessage": error, "countFail": check["countFail"] or 1}
    _mark(shop, order, check, now)
    shop.fiscal.notice(text, now, checkId=check["id"])
    return text


def _mark(shop: Shop, order: Row, check: Row, now: datetime) -> None:
    wanted = check["paymentId"] or check["shipmentId"]
    for kind in ("payments", "shipments"):
        for part in order[kind]:
            if part["id"] == wanted:
                part["marked"] = "Y"
    order["marked"] = "Y"
    of_the_call, shop.events = shop.events, {}  # the call that runs now need not be the one that is to blame
    orders.save(shop, order, now)
    shop.fiscal.saved |= shop.events
    shop.events = of_the_call


def _link_of(link: Row) -> str:
    """The part of the receipt link that every OFD needs, as its template fills it in."""
    try:
        at = f"{datetime.fromtimestamp(int(link.get('doc_time') or 0), UTC).astimezone(SERVER_ZONE):%Y%m%dT%H%M%S}"
    except (ValueError, OverflowError, OSError):
        at = ""  # a number, and no year that a calendar has
    sign = "1" if link.get("calculated_sign") == INCOME else "2"
    values: Row = {"t": at, "s": link.get("doc_sum"), "fn": link.get("fn_number"),
                   "i": link.get("fiscal_doc_number"), "fp": link.get("fiscal_doc_attr"), "n": sign}  # fmt: skip
    return "&".join(f"{key}={php_text(value) or ''}" for key, value in values.items())
