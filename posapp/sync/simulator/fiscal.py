"""What a portal keeps for its cash registers: handlers, cashboxes, checks, Z-report orders, and the words around them.

Rows are dicts as everywhere in the simulator. A cashbox has UPPER_CASE keys (`sale.cashbox.list`); a check has
camelCase keys, as `/_sim/state` shows it:

| key of a check | meaning |
| --- | --- |
| `id` | the row's id; PRINT_URL calls it `unique_id` |
| `type`, `status` | a key of `CHECK_TYPES`; `N` waits, `P` is printing, `Y` printed, `E` failed |
| `orderId`, `paymentId`, `shipmentId`, `payments`, `shipments`, `related` | what it is for |
| `sum`, `currency`, `dateCreate`, `datePrintStart`, `datePrintEnd` | roubles as text; ISO 8601 |
| `cashboxId`, `cashboxes` | who prints it; who may (for registers that poll) |
| `externalUuid` | what PRINT_URL answered; None when it answered nothing useful |
| `uuids` | every `uuid` it was sent out under, the last one last |
| `linkParams`, `link` | the fiscal data that were told, and the receipt link made of them |
| `errorMessage`, `countFail` | why it failed; how many warnings there were |
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from posapp.sync.simulator.envelope import iso

Row = dict[str, Any]

REST = "CashboxRest"
POLL_1, POLL_2, POLL_3 = "CashboxBitrix", "CashboxBitrixV2", "CashboxBitrixV3"
POLLING = (POLL_1, POLL_2, POLL_3)

INCOME, CONSUMPTION = "income", "consumption"

# type → (calculated sign, payment_method of PRINT_URL). The two None are missing from the kernel's map.
CHECK_TYPES: dict[str, tuple[str, str | None]] = {
    "sell": (INCOME, "full_payment"),
    "sellreturn": (CONSUMPTION, "full_payment"),
    "sellreturncash": (CONSUMPTION, "full_payment"),
    "prepayment": (INCOME, "prepayment"),
    "prepaymentreturn": (CONSUMPTION, "prepayment"),
    "prepaymentreturncash": (CONSUMPTION, "prepayment"),
    "fullprepayment": (INCOME, "full_prepayment"),
    "fullprepaymentreturn": (CONSUMPTION, "full_prepayment"),
    "fullprepaymentreturncash": (CONSUMPTION, "full_prepayment"),
    "advancepayment": (INCOME, "advance"),
    "advancereturn": (CONSUMPTION, "advance"),
    "advancereturncash": (CONSUMPTION, "advance"),
    "credit": (INCOME, "credit"),
    "creditreturn": (CONSUMPTION, "credit"),
    "creditpayment": (INCOME, "credit_payment"),
    "creditpaymentreturn": (CONSUMPTION, None),
    "creditpaymentreturncash": (CONSUMPTION, None),
}

# All that a portal offers where one of its active registers does not speak FFD 1.05.
OLD_TYPES = ("sell", "sellreturn", "sellreturncash")

_HOUR = re.compile(r"(([01]?\d|2[0-3]):[0-5]\d)?")

# Defaults of the portal's options that concern registers; `/_sim/settings` {"options": …} changes them.
OPTIONS: Row = {
    "server_name": "shop.practice.test",  # stands in every uuid
    "uuid_parts": 4,  # check|HOST|ID|UNIX of current kernels; 3 of older ones: check|HOST|ID
    "charset": "utf-8",  # of the site; an old one in windows-1251 sends PRINT_URL in it, unconverted
    "serialize_precision": -1,  # PHP's; an old php.ini with 17 writes 812.4 as 812.39999999999998 to polling registers
    "shop_email": "shop@practice.test",  # the buyer's contact of an order that has none
    "count_delivery_tax": "N",
    "delivery_vat": 0,
    "connect_timeout_s": 30,
    "read_timeout_s": 60,
    "agent_period_s": 120,
    "poll_hold_s": 45,  # min(60, 0.75 × max_execution_time)
    "poll_look_s": 0.5,
    "z_report_time": "",  # HH:MM of the portal; empty: only those ordered by hand
    "taxation": "osn",
    "client_info": "NONE",  # NONE, EMAIL, PHONE: what a polling register is told of the buyer
}


def check_options(given: Row) -> None:
    """Refuse a value that could not be used when it is needed. Raises ValueError."""
    for name, default in OPTIONS.items():
        value = given.get(name, default)
        if name == "serialize_precision":
            if value not in (-1, 17) or isinstance(value, bool):
                raise ValueError("the option serialize_precision is -1 or 17")
        elif isinstance(default, int | float):
            if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not 0 <= value <= 10**6:
                raise ValueError(f"the option {name} is a number from 0 on")
        elif not isinstance(value, str):
            raise ValueError(f"the option {name} is a text")
    if given.get("charset", "utf-8") not in ("utf-8", "windows-1251"):
        raise ValueError("the option charset is utf-8 or windows-1251")
    if not _HOUR.fullmatch(given.get("z_report_time", "")):
        raise ValueError("the option z_report_time is HH:MM or empty")


@dataclass(frozen=True)
class Wish:
    """A check that somebody – paying, shipping, a manager – wants printed."""

    type: str
    order_id: int
    payments: tuple[int, ...] = ()
    shipments: tuple[int, ...] = ()
    related: tuple[tuple[str, int], ...] = ()  # ("advance" | "credit", payment id) and ("none", shipment id)

    def concerns(self, payment_id: int = 0, shipment_id: int = 0) -> bool:
        """Whether it is for this payment or this shipment itself."""
        return payment_id in self.payments or shipment_id in self.shipments


@dataclass
class Fiscal:
    """The fiscal side of one portal, beside the orders.

    `vat_codes` is what the administrator typed into the VAT table of a polling register: VAT row id → code.
    `marked` names goods that need a marking code: product id → marking group; `codes` are those scanned: basket line
    id → codes; `articles` are the ARTNUMBER properties of goods; `objects` are payment objects and `extra` whole
    fields (`barcode`, `supplier_info`, `additional_params`) that a site's own code sets, by product id.
    """

    handlers: list[Row] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    reports: list[Row] = field(default_factory=list)
    saved: dict[tuple[str, int], Row] = field(default_factory=dict)  # events of orders that failed checks have marked
    vat_codes: dict[int, str] = field(default_factory=dict)
    marked: dict[int, str] = field(default_factory=dict)
    codes: dict[int, list[str]] = field(default_factory=dict)
    articles: dict[int, str] = field(default_factory=dict)
    objects: dict[int, str] = field(default_factory=dict)
    extra: dict[int, Row] = field(default_factory=dict)
    notices: deque[Row] = field(default_factory=lambda: deque(maxlen=1000))
    calls: deque[Row] = field(default_factory=lambda: deque(maxlen=1000))
    seed: int = 0
    random: Random = field(default_factory=lambda: Random(0))

    def sow(self, seed: int) -> None:
        """Make every random choice follow from the portal's seed."""
        self.seed, self.random = seed, Random(seed)

    def undefined_order(self, row_id: int) -> str:
        """A sort key for what the database returns in no order: arbitrary, and the same every time it is asked."""
        return hashlib.sha256(f"{self.seed} row {row_id}".encode()).hexdigest()

    def handler(self, code: str) -> Row | None:
        """The REST handler with this code."""
        return next((row for row in self.handlers if row["CODE"] == code), None)

    def notice(self, text: str, now: datetime, **facts: Any) -> None:
        """A line of the log that a manager reads; `/_sim/checks` shows it."""
        self.notices.append({"at": iso(now), "text": text, **facts})


def kind_of(cashbox: Row) -> str:
    """The class that serves a cashbox, without its namespace; empty for one that the portal prints on by itself."""
    return str(cashbox.get("HANDLER") or "").rsplit("\\", 1)[-1]


def rest_code(cashbox: Row) -> str:
    """The code of the REST handler that a cashbox belongs to, empty for any other kind."""
    settings = cashbox.get("SETTINGS")
    rest = settings.get("REST") if isinstance(settings, dict) else None
    return str(rest.get("REST_CODE", "")) if isinstance(rest, dict) else ""


def is_on(cashbox: Row, flag: str) -> bool:
    """`ACTIVE` or `ENABLED` of a cashbox; a row that does not say is enabled and not active."""
    return bool(cashbox.get(flag, "Y" if flag == "ENABLED" else "N") == "Y")
