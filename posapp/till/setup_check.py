"""The self-check of the connection: what the portal does not let us do, why we need it, and what to tick.

One table says of each scope, right, method and field why the till needs it, in people's words; `judge` compares it
with what the portal showed. Nothing here asks or changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing it costs what the first paint must not pay
    from posapp.sync.bitrix.mapping import PaySystem
    from posapp.sync.bitrix.rights import Seen

TILL_DRIVEN, PORTAL_DRIVEN = "till-driven", "portal-driven"
SKEW_MAX = timedelta(minutes=5)


class Mark(StrEnum):
    """What became of one point of the check."""

    OK = "ok"
    MISSING = "missing"  # the till cannot do its work
    OPTIONAL = "optional"  # it can; something beside it stays out
    UNKNOWN = "unknown"  # the portal did not say


@dataclass(frozen=True, slots=True)
class Need:
    """Why something is needed and what an administrator does about it, in Russian and English.

    `modes`: the modes of the portal in which the till cannot do without; empty for none, `*` for all.
    """

    ru: str
    ru_do: str
    en: str
    en_do: str
    modes: tuple[str, ...] = ("*",)

    def mark(self, mode: str) -> Mark:
        """What its absence means in a mode."""
        return Mark.MISSING if "*" in self.modes or mode in self.modes else Mark.OPTIONAL


# `<tick>` and `<admin>` stand for what is done with a webhook or with an application.
_TICK, _TICK_EN = "отметить «{}» <tick>", "tick “{}” <tick>"
_ADMIN = _ADMIN_EN = "<admin>"
_WAYS = {
    ("webhook", "ru"): {
        "<tick>": "в правах вебхука и передать кассе новый ключ: «posapp setup portal --webhook-stdin»",
        "<admin>": "создать вебхук от имени администратора портала",
    },
    ("oauth", "ru"): {
        "<tick>": "в карточке приложения и подключить его снова: «posapp setup portal --oauth АДРЕС»",
        "<admin>": "подключить приложение от имени администратора портала",
    },
    ("webhook", "en"): {
        "<tick>": "in the webhook's scopes and give the till the new key: “posapp setup portal --webhook-stdin”",
        "<admin>": "make the webhook as an administrator of the portal",
    },
    ("oauth", "en"): {
        "<tick>": "in the application's card and connect it again: “posapp setup portal --oauth ADDRESS”",
        "<admin>": "let the application in as an administrator of the portal",
    },
}

SCOPES: Mapping[str, Need] = {
    "sale": Need(
        "чтобы видеть заказы и записывать в них чек, оплату, статус и отгрузку",
        _TICK.format("Интернет-магазин (sale)"),
        "to see orders and write receipt, payment, status and shipment into them", _TICK_EN.format("sale"),
    ),
    "pay_system": Need(
        "чтобы убедиться, что портал не печатает чеки сам: иначе на один заказ вышло бы два чека",
        _TICK.format("Платёжные системы (pay_system)"),
        "to be sure that the portal prints no receipts itself: an order would get two", _TICK_EN.format("pay_system"),
    ),
    "catalog": Need(
        "чтобы знать ставки НДС, товары, цены и остатки", _TICK.format("Торговый каталог (catalog)"),
        "to know VAT rates, goods, prices and stock", _TICK_EN.format("catalog"),
    ),
    "crm": Need(
        "чтобы в чеке компании стояли её название и ИНН", _TICK.format("CRM (crm)"),
        "to put a company's name and tax number on its receipt", _TICK_EN.format("crm"), modes=(),
    ),
    "cashbox": Need(
        "чтобы портал мог поручать чеки этой кассе", _TICK.format("Онлайн-кассы (cashbox)"),
        "to let the portal order receipts from this till", _TICK_EN.format("cashbox"), modes=(PORTAL_DRIVEN,),
    ),
}  # fmt: skip

RIGHTS: Mapping[str, tuple[str, Need]] = {
    "sale_read": ("sale", Need(
        "читать заказы: без этого кассе нечего пробивать", f"дать право читать магазин или {_ADMIN}",
        "to read orders: without them there is nothing to receipt", f"grant reading of the shop, or {_ADMIN_EN}",
    )),
    "sale_write": ("sale", Need(
        "изменять заказы: без этого Битрикс не узнает о чеке, оплате и отгрузке",
        f"дать право изменять заказы (доступ W модуля «Интернет-магазин») или {_ADMIN}",
        "to change orders: else Bitrix never hears of receipt, payment and shipment",
        f"grant writing of orders (right W of the shop's module), or {_ADMIN_EN}",
    )),
    "catalog_read": ("catalog", Need(
        "читать каталог: без ставок НДС чек не сделать", f"дать право читать каталог или {_ADMIN}",
        "to read the catalogue: no receipt without its VAT rates", f"grant reading of the catalogue, or {_ADMIN_EN}",
    )),
    "pay_systems": ("pay_system", Need(
        "читать платёжные системы: портал показывает их только администратору", _ADMIN,
        "to read the pay systems: the portal shows them to administrators only", _ADMIN_EN,
    )),
    "companies": ("crm", Need(
        "читать реквизиты компаний", f"дать право читать CRM или {_ADMIN}",
        "to read the companies' details", f"grant reading of CRM, or {_ADMIN_EN}", modes=(),
    )),
    "cashboxes": ("cashbox", Need(
        "завести на портале кассу: это может только администратор", _ADMIN,
        "to set up a cashbox on the portal: only an administrator may", _ADMIN_EN, modes=(PORTAL_DRIVEN,),
    )),
}  # fmt: skip
"""A right of `sync/bitrix/rights.py` → the scope that it belongs to, and why it is needed."""

METHODS: Mapping[str, tuple[str, ...]] = {
    "sale": (
        "sale.order.list", "sale.order.get", "sale.order.update", "sale.order.getfields", "sale.payment.update",
        "sale.payment.getfields", "sale.shipment.update", "sale.basketitem.update", "sale.basketitem.delete",
        "sale.shipmentitem.update", "sale.shipmentitem.delete", "sale.property.list", "sale.status.list",
    ),
    "pay_system": ("sale.paysystem.list",),
    "catalog": ("catalog.vat.list", "catalog.catalog.list", "catalog.product.list", "catalog.product.get"),
}  # fmt: skip
OF_STOCK = ("catalog.document.list", "catalog.document.add", "catalog.document.element.add", "catalog.document.conduct")
OF_CASHBOX = ("sale.cashbox.list", "sale.cashbox.check.apply")
_UPDATE, _UPDATE_EN = "обновить портал или его модуль, чтобы этот метод появился", "update the portal or its module"
METHOD = Need("касса вызывает его каждый день", _UPDATE, "the till calls it every day", _UPDATE_EN)
STOCK_METHOD = Need(
    "чтобы проведённым документом списывать со склада то, что продано без заказа", _UPDATE,
    "to deduct by a stock document what was sold without an order", _UPDATE_EN, (),
)  # fmt: skip
CASHBOX_METHOD = Need(
    "чтобы портал узнал, что его чек напечатан", _UPDATE, "to tell the portal that its receipt is printed", _UPDATE_EN,
    (PORTAL_DRIVEN,),
)  # fmt: skip

PRINTS = Need(
    "печатает чеки сама или не говорит, что нет: на один заказ вышло бы два чека",
    "выключить «Печать чеков» у этой платёжной системы",
    "prints receipts itself, or does not say that it does not: an order would get two",
    "switch receipt printing off in this pay system", (TILL_DRIVEN,),
)  # fmt: skip
CLOCK = Need(
    "часы этого компьютера расходятся с часами портала: время чека и записи в Битрикс не сойдутся",
    "включить на компьютере точное время по сети",
    "this computer's clock and the portal's differ: receipts and what Bitrix notes will not agree",
    "switch network time on", (),
)  # fmt: skip

READ = {
    "order": ("id", "accountNumber", "statusId", "price", "dateUpdate", "canceled", "payed"),
    "payment": ("id", "orderId", "sum", "paid", "paySystemId"),
    "shipment": ("id", "orderId", "deducted", "deliveryId"),
    "basketItem": ("id", "orderId", "price", "quantity", "vatRate"),
}
WRITTEN = {
    "order": ("statusId",),
    "payment": (
        "paid", "paySystemId", "payVoucherNum", "payVoucherDate", "psStatus", "psStatusCode", "psStatusDescription",
        "psStatusMessage", "psSum", "psCurrency", "psResponseDate", "psInvoiceId", "comments",
    ),
    "shipment": ("deducted",),
}  # fmt: skip
FIELD = Need(
    "касса читает или пишет это поле", "обновить портал; если поле убрали нарочно – показать это поддержке",
    "the till reads or writes this field", "update the portal; if it was removed on purpose show this to support",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """One point: `kind` is `scope`, `right`, `method`, `field`, `mode` or `clock`; `error` is Bitrix's code, if any."""

    kind: str
    name: str
    mark: Mark
    need: Need
    error: str = ""

    def words(self, access: str, language: str) -> tuple[str, str]:
        """Why it is needed, and what an administrator does: with an application (`oauth`) something else."""
        is_english = language == "en"
        why, what = (self.need.en, self.need.en_do) if is_english else (self.need.ru, self.need.ru_do)
        for sign, text in _WAYS[access, "en" if is_english else "ru"].items():
            what = what.replace(sign, text)
        return why, what

    def as_json(self, access: str, language: str) -> dict[str, object]:
        """For scripts; `why` and `do` are for people."""
        why, what = self.words(access, language)
        is_ok = self.mark is Mark.OK
        return {"kind": self.kind, "name": self.name, "mark": self.mark.value, "error": self.error or None,
                "why": why, "do": None if is_ok else what}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the check found. `is_fit`: the till can do its daily work on this portal.

    `prints` names the pay systems of orders that print receipts themselves or do not say, None where the portal did not
    show them; `slow_s` is how far this
    computer's clock is behind the portal's (negative: ahead).
    """

    portal: str
    access: str
    user: str
    is_admin: bool | None
    points: tuple[Point, ...]
    prints: tuple[str, ...] | None
    keeps_inventory: bool | None
    has_offline_events: bool | None
    slow_s: int | None
    scopes: tuple[str, ...]

    @property
    def is_fit(self) -> bool:
        """Nothing that the till needs is missing, and nobody else prints where the till does."""
        return not any(each.mark is Mark.MISSING for each in self.points)

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """`posapp setup check --json`."""
        return {
            "portal": self.portal, "access": self.access, "user": self.user, "is_admin": self.is_admin,
            "fit": self.is_fit, "scopes": list(self.scopes),
            "points": [each.as_json(self.access, language) for each in self.points],
            "prints": None if self.prints is None else list(self.prints),
            "inventory": self.keeps_inventory, "offline_events": self.has_offline_events,
            "clock_slow_s": self.slow_s,
        }  # fmt: skip

    def gaps(self) -> list[Point]:
        """What is not as it should be, the worst first."""
        order = (Mark.MISSING, Mark.UNKNOWN, Mark.OPTIONAL)
        return sorted((each for each in self.points if each.mark is not Mark.OK), key=lambda it: order.index(it.mark))


def judge(seen: Seen, mode: str, *, portal: str, is_application: bool, now: datetime) -> CheckReport:
    """What the portal showed, compared with what the till needs in a mode (`till-driven`, `portal-driven` …)."""
    missing = set() if seen.scopes is None else set(SCOPES) - seen.scopes
    slow = None if seen.server_time is None else round((seen.server_time - now).total_seconds())
    points = [
        *_scopes(seen, mode), *_rights(seen, mode, missing), *_methods(seen, mode, missing), *_fields(seen),
        *_mode(seen, mode), *_clock(slow),
    ]  # fmt: skip
    return CheckReport(
        portal=portal,
        access="oauth" if is_application else "webhook",
        user=seen.user,
        is_admin=seen.is_admin,
        points=tuple(points),
        prints=_printing(seen),
        keeps_inventory=seen.keeps_inventory,
        has_offline_events=seen.has_offline_events if is_application else False,
        slow_s=slow,
        scopes=tuple(sorted(seen.scopes or ())),
    )


def _printing(seen: Seen) -> tuple[str, ...] | None:
    if seen.pay_systems is None:
        return None
    return tuple(each.name for each in seen.pay_systems if _may_print(each))


def _may_print(system: PaySystem) -> bool:
    """A pay system of orders that prints receipts itself, or does not say."""
    return system.is_active and system.is_for_orders and system.prints is not False


def _mode(seen: Seen, mode: str) -> Iterator[Point]:
    """In till-driven mode nobody but the till may print (rule 14)."""
    if mode == TILL_DRIVEN:
        for system in filter(_may_print, seen.pay_systems or ()):
            yield Point("mode", system.name, Mark.MISSING, PRINTS)


def _clock(slow_s: int | None) -> Iterator[Point]:
    if slow_s is not None and abs(slow_s) > SKEW_MAX.total_seconds():
        yield Point("clock", f"{slow_s:+d} s", Mark.OPTIONAL, CLOCK)


def _scopes(seen: Seen, mode: str) -> Iterator[Point]:
    for name, need in SCOPES.items():
        if seen.scopes is None:
            yield Point("scope", name, Mark.UNKNOWN, need)
        else:
            yield Point("scope", name, Mark.OK if name in seen.scopes else need.mark(mode), need)


def _rights(seen: Seen, mode: str, missing: set[str]) -> Iterator[Point]:
    """A right whose scope is missing is not told twice."""
    for name, (scope, need) in RIGHTS.items():
        if scope in missing:
            continue
        error = seen.refused.get(name, "")
        mark = Mark.UNKNOWN if name in seen.unknown else need.mark(mode) if error else Mark.OK
        yield Point("right", name, mark, need, error)


def _methods(seen: Seen, mode: str, missing: set[str]) -> Iterator[Point]:
    """Only what is not there: a list of all that is would hide it. A portal that lists no methods is believed."""
    if seen.methods is None:
        return
    wanted = [(scope, names, METHOD) for scope, names in METHODS.items()]
    if seen.keeps_inventory:
        wanted.append(("catalog", OF_STOCK, STOCK_METHOD))
    if mode == PORTAL_DRIVEN:
        wanted.append(("cashbox", OF_CASHBOX, CASHBOX_METHOD))
    for scope, names, need in wanted:
        if scope not in missing:
            yield from (Point("method", name, need.mark(mode), need) for name in names if name not in seen.methods)


def _fields(seen: Seen) -> Iterator[Point]:
    """Fields that are not there, or not to be written; an entity that told nothing is not judged."""
    for entity, known in seen.fields.items():
        for name in READ.get(entity, ()):
            if name not in known:
                yield Point("field", f"{entity}.{name}", Mark.MISSING, FIELD)
        for name in WRITTEN.get(entity, ()):
            if not known.get(name, False):
                yield Point("field", f"{entity}.{name}", Mark.MISSING, FIELD, "" if name not in known else "read-only")
