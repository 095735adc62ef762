"""An order that a site pushes to be receipted (the article's webhook), in the normal form of ordered checks. Pure.

    read_push      what the site sent → what is kept as a job, or why not
    article_check  what was kept → a `PortalCheck`

Unlike a check of the portal such a push names its order, and `vat` is said by a word: one of the article's four tag
numbers, which are translated in `article_vat` and nowhere else, or the rate in plain figures (`22`, `none`), as our own
part of the site sends it. Whether the rate is the shop's is the till's question (`check_receipt`).

An order has one such receipt: pushed again it is the same one, whatever it then holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from posapp.domain.article_vat import article_rate
from posapp.domain.cashbox_check import ROUBLES
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.marked_lines import LINES_MAX
from posapp.domain.money import Money
from posapp.domain.portal_check import (
    PAYMENTS_MAX,
    BadCheck,
    CheckLine,
    PortalCheck,
    contact_of,
    fitted,
    list_of,
    mapping_of,
    money_of,
    name_of,
    number_of,
    quantity_of,
    shown,
    tenders_of,
    text_of,
)
from posapp.domain.receipt import PaymentObject, TenderKind
from posapp.domain.site_check import word_of
from posapp.domain.vat import VatRate

ARTICLE = "article"
"""The key that marks a job's content as a push: the version of its form."""
VERSION = 1
ID_MAX = 18  # digits of an order's id
RATES = {
    "none": VatRate.NONE,
    "0": VatRate.VAT_0,
    "5": VatRate.VAT_5,
    "7": VatRate.VAT_7,
    "10": VatRate.VAT_10,
    "20": VatRate.VAT_20,
    "22": VatRate.VAT_22,
}
TENDERS = {"cash": TenderKind.CASH, "card": TenderKind.CASHLESS}


def external_id(portal: str, order_id: object) -> str:
    """The name of an order's receipt: apart from the checks that the portal itself numbers."""
    return f"check|order:{portal}|{order_id}"


def order_id_of(push: Mapping[str, Any]) -> int:
    """The order that the site means; the article calls it `external_id` where it answers. Raises BadCheck."""
    value = push.get("order_id", push.get("external_id"))
    number = number_of(value, "order_id")
    if number <= 0 or number != number.to_integral_value() or len(f"{number:f}") > ID_MAX:
        raise BadCheck(f"order_id: {shown(value)} – не номер заказа")
    return int(number)


def read_push(push: Mapping[str, Any], day: date, tender: str = "") -> dict[str, Any]:
    """What is kept of a push: its words made plain, its sums seen to add up, nothing else of it.

    Args:
        push: `{order_id, account_number?, price, currency?, items: [{name, quantity, price, vat, service?}],
            payments?: [{kind: cash|card, sum, id?}], email?, phone?}`; numbers or texts, prices gross, in roubles.
        day: of the deal, for the rates of the article's words.
        tender: how a push without `payments` was paid, `cash` or `card`; "" for not said.

    Raises:
        BadCheck: it is no receipt, with the place. SaleError `vat_unmapped`: a word that is no rate of that day.
    """
    if text_of(push.get("currency"), "currency", most=10) not in ("", ROUBLES):
        raise BadCheck(f"валюта {shown(push.get('currency'))}")
    total = money_of(push.get("price"), "price")
    items = [_item(mapping_of(each, f"строка {number}"), f"строка {number}", day)
             for number, each in enumerate(list_of(push.get("items"), "items", LINES_MAX), 1)]  # fmt: skip
    payments = [_payment(mapping_of(each, "payments")) for each in _payments(push, total, tender)]
    kept: dict[str, Any] = {
        ARTICLE: VERSION,
        "type": "sell",
        "order_id": order_id_of(push),
        "account_number": text_of(push.get("account_number"), "account_number", most=100),
        "items": items,
        "payments": payments,
        "total_sum": str(push.get("price")),
        "email": text_of(push.get("email"), "email", most=250),
        "phone": text_of(push.get("phone"), "phone", most=64),
    }
    article_check(kept, "site")  # what cannot become a receipt is told to the site at once
    return kept


def _payments(push: Mapping[str, Any], total: Money, tender: str) -> list[Any]:
    if push.get("payments"):
        return list(list_of(push["payments"], "payments", PAYMENTS_MAX))
    if not tender:
        raise BadCheck("payments: не сказано, чем заплачено – наличными (cash) или картой (card)")
    return [{"kind": tender, "sum": f"{total.kopecks // 100}.{total.kopecks % 100:02d}"}]


def _payment(payment: Mapping[str, Any]) -> dict[str, Any]:
    kind = text_of(payment.get("kind"), "payments.kind", most=20)
    word_of(kind, TENDERS, "payments.kind")
    found: dict[str, Any] = {"kind": kind, "sum": str(payment.get("sum"))}
    if payment.get("id") is not None:
        found["id"] = int(number_of(payment["id"], "payments.id"))
    return found


def _item(item: Mapping[str, Any], where: str, day: date) -> dict[str, Any]:
    name = name_of(item.get("name"), f"{where}, name")
    return {
        "name": name,
        "quantity": str(item.get("quantity")),
        "price": str(item.get("price")),
        "rate": _rate(item.get("vat"), name, day).value,
        "service": item.get("service") is True,
    }


def _rate(word: object, line: str, day: date) -> VatRate:
    """By a plain word, or by one of the article's numbers. Raises BadCheck, SaleError `vat_unmapped`."""
    text = text_of(word, f"«{line}», vat", most=20).lower().removesuffix("%").strip()
    if text in RATES:
        return RATES[text]
    if text.isascii() and text.isdigit():
        return article_rate(int(text), line, day)
    raise BadCheck(f"«{line}», vat: {shown(word)} – не ставка")


# ------------------------------------------------------------------------------------------------ kept → normal form
def article_check(kept: Mapping[str, Any], portal: str) -> PortalCheck:
    """The check of a push that was kept; named after the order, apart from the portal's checks. Raises BadCheck."""
    if kept.get(ARTICLE) != VERSION:
        raise BadCheck(f"заказ сайта версии {shown(kept.get(ARTICLE))}, нужна {VERSION}")
    lines: list[CheckLine] = []
    for number, item in enumerate(list_of(kept.get("items"), "items", LINES_MAX), 1):
        lines += _lines(mapping_of(item, f"строка {number}"), f"строка {number}")
    payments = [mapping_of(each, "payments") for each in list_of(kept.get("payments"), "payments", PAYMENTS_MAX)]
    found = PortalCheck(
        external_id=external_id(portal, order_id_of(kept)),
        kind=ReceiptKind.SELL,
        lines=tuple(lines),
        tenders=tenders_of([_tender(each) for each in payments]),
        contact=contact_of(kept.get("email"), kept.get("phone")),
    )
    if money_of(kept.get("total_sum"), "price") != found.total:
        raise BadCheck(f"строки дают {found.total}, а price {shown(kept.get('total_sum'))}: доставка – тоже строка")
    return found


def _tender(payment: Mapping[str, Any]) -> tuple[TenderKind, Money]:
    return word_of(payment.get("kind"), TENDERS, "payments.kind"), money_of(payment.get("sum"), "payments.sum")


def _lines(item: Mapping[str, Any], where: str) -> list[CheckLine]:
    """A line, or two where no price in kopecks gives its sum."""
    quantity, rate = quantity_of(item.get("quantity"), f"{where}, quantity"), item.get("rate")
    if isinstance(rate, bool) or rate not in set(VatRate):
        raise BadCheck(f"{where}: ставки {shown(rate)} нет")
    price = number_of(item.get("price"), f"{where}, price")
    line = CheckLine(
        name=name_of(item.get("name"), f"{where}, name"),
        price=Money(0),
        quantity=quantity,
        line_sum=money_of(price * quantity.value, f"{where}, price"),
        rate=VatRate(rate),
        object=PaymentObject.SERVICE if item.get("service") is True else PaymentObject.COMMODITY,
    )
    return fitted(line, money_of(price, f"{where}, price"), where)
