"""From `sale.order.get` to an `Order`. Pure; never raises for odd data: what cannot be right becomes a problem.

The traps (reference: Bitrix REST 3.1–3.8, 10): a basket price may be net (`vatIncluded=N`), `vatRate` is a fraction
and null says both "without VAT" and "not known", a set's children stand beside their parent, a cancelled line stays
with quantity 0, delivery is no basket line, ids are numbers or texts. VAT is never guessed: what does not lead to
exactly one row of the portal's table stays None, and the receipt is held.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from posapp.domain.money import KOPECKS_MAX, ZERO, Money, Quantity
from posapp.domain.order import DELIVERY_NAME, Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.product import OKEI_MEASURES, PIECE
from posapp.domain.terms import MEASURES
from posapp.domain.vat import PortalVatRow
from posapp.sync.bitrix.parsing import as_decimal, as_flag, as_int, as_object, as_rows, as_text
from posapp.sync.bitrix.receipt_lists import list_of

Row = Mapping[str, Any]

COMPANY = 4  # entityTypeId of a CRM company; 3 is a contact
_ONE = Quantity(Decimal(1))
_PICKUP = re.compile(r"самовывоз|pickup|без доставки|no delivery", re.IGNORECASE)
_PHONE = re.compile(r"^[78](\d{10})$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_RUSSIAN_DATE = re.compile(r"^(\d{2})\.(\d{2})\.(\d{4})\b")


@dataclass(frozen=True, slots=True)
class PaySystem:
    """A row of `sale.paysystem.list`. `prints` is CAN_PRINT_CHECK, None when the portal does not say."""

    pay_system_id: int
    name: str
    prints: bool | None
    is_inner: bool
    is_active: bool
    is_for_orders: bool


@dataclass(frozen=True, slots=True)
class Company:
    """A company that buys, from the CRM: its name and tax number."""

    name: str
    inn: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an order's row only names by id: pay systems, VAT rows, products, meanings of properties, companies.

    `vat_of_product` maps a product to its VAT row where the catalogue could be read. `property_kinds` maps a property's
    id to `phone`, `email`, `address` or `name`. `companies` is keyed by order id.
    """

    pay_systems: Mapping[int, PaySystem] = field(default_factory=dict)
    vat_rows: Mapping[int, PortalVatRow] = field(default_factory=dict)
    inactive_vat: frozenset[int] = frozenset()
    vat_of_product: Mapping[int, int] = field(default_factory=dict)
    property_kinds: Mapping[int, str] = field(default_factory=dict)
    companies: Mapping[int, Company] = field(default_factory=dict)


# ---------------------------------------------------------------------------------------------- the order
def order_of(row: Row, around: Surroundings, portal: str, pulled_at: datetime) -> Order:
    """The order of a row of `sale.order.get` (the object under `order`).

    Raises:
        ValueError: the row has no id or no number; anything else becomes a problem of the order.
    """
    problems: list[str] = []
    order_id = as_int(row.get("id")) or 0
    shipments = [each for each in as_rows(row.get("shipments")) if as_flag(each.get("canceled")) is not True]
    buyer, extra = _buyer(row, around, problems)
    price = _money(row.get("price"), "сумма заказа", problems)
    lines = (*_lines(row, around, problems), *_delivery_lines(shipments, problems))
    order = Order(
        portal=portal,
        order_id=order_id,
        number=as_text(row.get("accountNumber")) or str(order_id or ""),
        version=as_int(row.get("version")) or 0,
        status_id=as_text(row.get("statusId")),
        is_cancelled=as_flag(row.get("canceled")) is True,
        price=price,
        lines=lines,
        payments=tuple(_payments(row, around, problems)),
        shipments=tuple(_shipments(shipments, problems)),
        buyer=buyer,
        updated_at=as_text(row.get("dateUpdate")),
        pulled_at=pulled_at,
        comment=as_text(row.get("userDescription")) or as_text(row.get("comments")),
        delivery_window=extra.get("DELIVERY_WINDOW", ""),
        delivery_date=_day(extra.get("DELIVERY_DATE", "")),
        is_courier=bool(buyer.address) and any(map(_is_delivered, shipments)),
    )
    problems += _contradictions(row, order)
    return _with_problems(order, problems)


def _is_delivered(shipment: Row) -> bool:
    """Somebody brings the goods; the buyer does not come for them."""
    return not _PICKUP.search(as_text(shipment.get("deliveryName")))


def _contradictions(row: Row, order: Order) -> list[str]:
    found = []
    currency = as_text(row.get("currency"))
    if currency != "RUB":
        found.append(f"валюта {currency or 'не указана'}, а не рубли")
    if order.price <= ZERO:
        found.append("сумма заказа не больше нуля")
    if order.lines and _sum(order.lines) != order.price.kopecks:
        found.append(f"строки дают {_roubles(_sum(order.lines))}, а заказ {order.price}")
    return found


def _with_problems(order: Order, problems: Sequence[str]) -> Order:
    return replace(order, problems=tuple(dict.fromkeys(problems))) if problems else order


def _sum(lines: Iterable[OrderLine]) -> int:
    return sum(line.line_sum.kopecks for line in lines)


def _roubles(kopecks: int) -> str:
    try:
        return str(Money(kopecks))
    except ValueError:
        return "слишком много"


def _money(value: object, what: str, problems: list[str]) -> Money:
    number = as_decimal(value)
    try:
        if number is not None:
            return Money.from_roubles(number)
    except ValueError:
        pass
    problems.append(f"{what} не читается")
    return ZERO


# ---------------------------------------------------------------------------------------------- lines
def _lines(row: Row, around: Surroundings, problems: list[str]) -> list[OrderLine]:
    items = as_rows(row.get("basketItems"))
    ids = {as_int(item.get("id")) for item in items}
    sets = {as_int(item.get("setParentId")) for item in items} & ids
    lines = []
    for item in items:
        parent = as_int(item.get("setParentId"))
        if parent and parent != as_int(item.get("id")) and parent in ids:
            continue  # part of a set: the set itself is sold
        line = _line(item, around, problems)
        if line is not None:
            lines.append(replace(line, basket_id=0) if line.basket_id in sets else line)
    return lines


def _line(item: Row, around: Surroundings, problems: list[str]) -> OrderLine | None:
    name = " ".join(as_text(item.get("name")).split())
    called = f"«{name[:60]}»" if name else f"строка {as_text(item.get('id'))}"
    if not name:
        problems.append(f"{called}: нет названия")
        return None
    quantity = _quantity(item.get("quantity"), called, problems)
    if quantity is None:
        return None
    is_net, rate = as_flag(item.get("vatIncluded")) is False, as_decimal(item.get("vatRate"))
    if rate is not None and not 0 <= rate < 1:
        problems.append(f"{called}: ставка НДС {rate.normalize():f} – не доля")
        rate = None
    percent = None if rate is None else _plain(rate * 100)
    product_id = as_int(item.get("productId")) or 0
    price = _gross(item.get("price"), rate, is_net, f"{called}: цена", problems)
    if price < ZERO:
        problems.append(f"{called}: цена меньше нуля")
        return None
    if price.kopecks * quantity.value > KOPECKS_MAX:
        problems.append(f"{called}: сумма строки больше, чем бывает в чеке")
        return None
    base = item.get("basePrice")
    before = None if as_decimal(base) is None else _gross(base, rate, is_net, f"{called}: цена до скидки", problems)
    return OrderLine(
        name=name,
        quantity=quantity,
        price=price,
        vat_row=vat_row_of(percent, around.vat_of_product.get(product_id), around),
        vat_percent=percent,
        product_id=product_id,
        base_price=before,
        measure=_measure(item),
        basket_id=as_int(item.get("id")) or 0,
    )


def _measure(item: Row) -> str:
    """The word for the measure: that of tag 2108 where the portal's code (ОКЕИ) is one of its, else the portal's."""
    known = OKEI_MEASURES.get(as_int(item.get("measureCode")) or 0)
    return as_text(item.get("measureName")) or MEASURES[PIECE] if known is None else MEASURES[known]


def _quantity(value: object, called: str, problems: list[str]) -> Quantity | None:
    """None for a line that is not sold: cancelled (0), or unreadable, which is a problem."""
    number = as_decimal(value)
    if number == 0:
        return None
    try:
        if number is not None:
            return Quantity(number)
    except ValueError:
        pass
    problems.append(f"{called}: количество {as_text(value) or 'не указано'} не годится")
    return None


def _gross(value: object, rate: Decimal | None, is_net: bool, what: str, problems: list[str]) -> Money:
    """The price that the buyer pays for one: VAT on top when the portal keeps net prices, half up to the kopeck."""
    number = as_decimal(value)
    if number is not None and is_net and rate is not None:
        number *= 1 + rate
    return _money(number, what, problems)


def vat_row_of(percent: Decimal | None, product_row: int | None, around: Surroundings) -> int | None:
    """The portal's VAT row of a line, or None when the evidence does not lead to exactly one.

    The product's own row when its rate is the line's; else the only active row with the line's rate. Zero and "without
    VAT" collapse in Bitrix, so a zero fits both kinds of rows, and only a single one of them counts. A line without a
    rate never takes a product's row that has one, nor the row "without VAT" against it.
    """
    own = around.vat_rows.get(product_row or 0)
    if own is not None and _fits(own, percent):
        return own.row_id
    if percent is None and own is not None and own.percent:
        return None  # the card says a rate, the line says none: one of them is wrong
    found = [
        row.row_id for row in around.vat_rows.values() if row.row_id not in around.inactive_vat and _fits(row, percent)
    ]
    return found[0] if len(found) == 1 else None


def _plain(value: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent: 22.00 → 22, 2E+1 → 20."""
    return value.normalize() + 0


def _fits(row: PortalVatRow, percent: Decimal | None) -> bool:
    if percent is None:
        return row.percent is None or (not row.percent and "без" in row.name.casefold())
    return (row.percent or Decimal(0)) == percent


def _delivery_lines(shipments: Iterable[Row], problems: list[str]) -> list[OrderLine]:
    """A line per shipment that costs something. Bitrix knows no VAT of a delivery; the shop's own mapping decides."""
    lines = []
    for shipment in shipments:
        price = _money(shipment.get("priceDelivery") or 0, "цена доставки", problems)
        if price > ZERO:
            lines.append(OrderLine(DELIVERY_NAME, _ONE, price, vat_row=None, vat_percent=None, is_delivery=True))
        elif price < ZERO:
            problems.append("цена доставки меньше нуля")
    return lines


# ---------------------------------------------------------------------------------------------- payments, shipments
def _is_by_receipt(payment: Row) -> bool:
    """Its money went back by a receipt of a till, as the list in it tells: then it is awaited again like a new one."""
    found = list_of(payment)
    return bool(found.entries) and not found.is_damaged and found.money_left <= Money(0)


def _payments(row: Row, around: Surroundings, problems: list[str]) -> Iterable[OrderPayment]:
    for payment in as_rows(row.get("payments")):
        payment_id, system_id = as_int(payment.get("id")), as_int(payment.get("paySystemId"))
        if not payment_id:
            problems.append("оплата без номера")
            continue
        if as_text(payment.get("isReturn")).upper() in ("Y", "P") and not _is_by_receipt(payment):
            problems.append(f"оплата {payment_id} возвращена покупателю")
        system = around.pay_systems.get(system_id or 0)
        is_inner = system.is_inner if system else "inner" in as_text(payment.get("paySystemXmlId")).casefold()
        yield OrderPayment(
            payment_id=payment_id,
            pay_system_id=system_id or 0,
            pay_system=as_text(payment.get("paySystemName")) or (system.name if system else ""),
            amount=_money(payment.get("sum"), f"сумма оплаты {payment_id}", problems),
            is_paid=as_flag(payment.get("paid")) is True,
            is_inner=is_inner,
            prints_receipt=None if system is None else system.prints,
        )


def _shipments(shipments: Iterable[Row], problems: list[str]) -> Iterable[OrderShipment]:
    for shipment in shipments:
        shipment_id = as_int(shipment.get("id"))
        if shipment_id:
            delivery = _money(shipment.get("priceDelivery") or 0, "цена доставки", problems)
            is_deducted = as_flag(shipment.get("deducted")) is True
            yield OrderShipment(shipment_id, is_deducted, _items(shipment), max(delivery, ZERO))
        else:
            problems.append("отгрузка без номера")


def _items(shipment: Row) -> tuple[tuple[int, Quantity], ...]:
    """What goes out with a shipment: (basket item, quantity); nothing when one of its lines cannot be read."""
    found = []
    for item in as_rows(shipment.get("shipmentItems")):
        basket_id, quantity = as_int(item.get("basketId")), as_decimal(item.get("quantity"))
        if quantity == 0:
            continue
        try:
            found.append((basket_id or 0, Quantity(quantity or Decimal(0))))
        except ValueError:
            return ()
    return tuple(found) if all(basket_id for basket_id, _ in found) else ()


def pay_system_of(row: Row) -> PaySystem | None:
    """A pay system from its UPPER_CASE row; None when it has no id."""
    system_id = as_int(row.get("ID"))
    if system_id is None:
        return None
    handler = f"{as_text(row.get('ACTION_FILE'))} {as_text(row.get('XML_ID'))}".casefold()
    return PaySystem(
        pay_system_id=system_id,
        name=as_text(row.get("NAME")) or f"№ {system_id}",
        prints=as_flag(row.get("CAN_PRINT_CHECK")),
        is_inner="inner" in handler,
        is_active=as_flag(row.get("ACTIVE")) is not False,
        is_for_orders=as_text(row.get("ENTITY_REGISTRY_TYPE")) in ("", "ORDER"),
    )


def vat_row_from(row: Row) -> PortalVatRow | None:
    """A row of `catalog.vat.list`: `rate` in percent, null for "without VAT". None when it has no id or a bad rate."""
    row_id, rate = as_int(row.get("id")), as_decimal(row.get("rate"))
    if not row_id or (rate is None and as_text(row.get("rate"))):
        return None
    return PortalVatRow(row_id, as_text(row.get("name")), None if rate is None else _plain(rate))


# ---------------------------------------------------------------------------------------------- the buyer
def _buyer(row: Row, around: Surroundings, problems: list[str]) -> tuple[Buyer, dict[str, str]]:
    """The buyer, and the order's properties by code."""
    by_code: dict[str, str] = {}
    by_kind: dict[str, str] = {}
    for item in as_rows(row.get("propertyValues")):
        value = _value_text(item.get("value"))
        if not value:
            continue
        by_code.setdefault(as_text(item.get("code")).upper(), value)
        kind = around.property_kinds.get(as_int(item.get("orderPropsId")) or 0)
        if kind:
            by_kind.setdefault(kind, value)
    company = around.companies.get(as_int(row.get("id")) or 0) or Company("", "")
    name, inn = company.name or by_code.get("COMPANY", ""), company.inn or by_code.get("INN", "")
    if inn and not (inn.isascii() and inn.isdigit() and len(inn) in (10, 12)):
        problems.append(f"ИНН покупателя «{inn[:20]}» – не 10 и не 12 цифр")
        inn = ""
    email = by_kind.get("email") or by_code.get("EMAIL", "")
    buyer = Buyer(
        name=by_code.get("CONTACT_PERSON") or by_code.get("FIO") or by_kind.get("name", ""),
        phone=_phone(by_kind.get("phone") or by_code.get("PHONE", "")),
        email=email if _EMAIL.match(email) else "",
        address=by_kind.get("address") or by_code.get("ADDRESS", ""),
        company=name,
        inn=inn,
    )
    return buyer, by_code


def _value_text(value: object) -> str:
    """A property's value as one line: scalars as they are, lists joined, objects (files, locations) left out."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_text, value)))
    return " ".join(as_text(value).split())


def _phone(text: str) -> str:
    """`+7…` where it is plainly a Russian number, as tag 1008 wants it; otherwise as typed."""
    match = _PHONE.match("".join(each for each in text if each.isdigit()))
    return f"+7{match[1]}" if match else text


def _day(text: str) -> str:
    """A date property as ISO, `2026-11-21`; as typed when it is no date."""
    match = _RUSSIAN_DATE.match(text)
    iso = f"{match[3]}-{match[2]}-{match[1]}" if match else text[:10]
    try:
        return date.fromisoformat(iso).isoformat()
    except ValueError:
        return text


def company_id_of(row: Row) -> int | None:
    """The CRM company that buys, None for a person."""
    for client in as_rows(row.get("clients")):
        if as_int(client.get("entityTypeId")) == COMPANY and (company_id := as_int(client.get("entityId"))):
            return company_id
    return None


def requisite_id_of(row: Row) -> int | None:
    """The requisites chosen for the order, None where nothing is linked."""
    return as_int(as_object(row.get("requisiteLink")).get("requisiteId")) or None


def products_of(rows: Iterable[Row]) -> list[int]:
    """The ids of the products in orders, each once, ascending."""
    found = {as_int(item.get("productId")) or 0 for row in rows for item in as_rows(row.get("basketItems"))}
    return sorted(found - {0})
