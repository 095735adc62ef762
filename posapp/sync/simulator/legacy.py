"""The callback of the shop-side article, `POST /local/ajax/cashbox-callback.php`, with everything that is wrong in it.

    {"event": "receipt.created", "external_id": <order id>, "fiscal_document_number": 4711}

The article sets PAID=Y and EXTERNAL_PAYMENT=<number> on whichever payment comes first and STATUS_ID=F on the order,
looks at no result and answers nothing. EXTERNAL_PAYMENT takes N, Y and F only, so a number fails the payment's row
after the order's own fields were written: *the order is paid and its payment is not* (reference: Bitrix REST 6.1, 6.2).
Nobody has to prove who they are. It is served with the option `legacy_callback` = Y only; a shop without the article
has no such page.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from posapp.sync.simulator import checks, orders
from posapp.sync.simulator.envelope import Answer, html_answer, iso
from posapp.sync.simulator.parameters import text_of
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import Shop

PATH = "/local/ajax/cashbox-callback.php"
_EVENT = "receipt.created"
_ALLOWED = ("N", "Y", "F")


def callback(shop: Shop, body: bytes, now: datetime) -> Answer:
    """What the page does. The answer is an empty 200, whatever happened; a page that does not exist is 404."""
    if shop.options.get("legacy_callback") != "Y":
        return html_answer(404)
    told = _decoded(body)
    order = shop.orders.get(_whole(told.get("external_id")))
    if told.get("event") == _EVENT and order is not None and order["payments"]:
        _close(shop, order, text_of(told.get("fiscal_document_number")), now)
    return Answer(200, b"", "text/html; charset=utf-8")


def _close(shop: Shop, order: Row, number: str, now: datetime) -> None:
    payment = order["payments"][0]
    was_paid = payment["paid"] == "Y"
    if number in _ALLOWED:
        payment |= {"paid": "Y", "externalPayment": number, "datePaid": iso(now)}
    orders.save(shop, order, now)
    order |= {"payed": "Y", "statusId": "F", "dateStatus": iso(now)}  # written before the payment's row is refused
    if payment["paid"] == "Y" and not was_paid:
        checks.on_paid(shop, order, payment, now)


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int:
    text = text_of(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0
