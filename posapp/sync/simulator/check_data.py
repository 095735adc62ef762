"""What a check says: goods, delivery, payments and buyer, taken from the order as it is when the check is sent.

The kernel keeps no document, only which payments and shipments a check is for (`sale/lib/cashbox/check.php` and the
classes of its types); a reprint after a change of the order therefore prints the changed order. The ones of its rules
that surprise people:

- `vat` is the id of a VAT row: the product card's, else the catalogue's default, else the first row with the basket
  line's rate, else 0 – and the lines of one check that have no product all get what the first of them got.
- `vat_sum` is the tax of the whole basket line, also where the line was split into marked pieces or partly shipped.
- Delivery has no measure and no `vat_sum`, and no VAT unless COUNT_DELIVERY_TAX says so.
- Advances are one line without VAT.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from posapp.sync.simulator.fiscal import CHECK_TYPES, OPTIONS
from posapp.sync.simulator.parameters import items_of, text_of
from posapp.sync.simulator.rows import Row
from posapp.sync.simulator.shop import Shop

KOPECK = Decimal("0.01")
_SERVICE = 7  # a product's type
_TOLERANCE = Decimal("0.00001")
_LONG_SERIAL = ("9840", 20)  # the marking group whose serial numbers are not 13 characters long


@dataclass
class CheckData:
    """The parts of a check. Lines are dicts in the order and under the names in which PRINT_URL gets them."""

    payments: list[Row] = field(default_factory=list)
    products: list[Row] = field(default_factory=list)
    delivery: list[Row] = field(default_factory=list)
    email: str | None = None
    phone: str | None = None
    total: Decimal = Decimal(0)
    currency: str | None = None

    @property
    def lines(self) -> list[Row]:
        """Goods, then delivery."""
        return [*self.products, *self.delivery]

    def problems(self) -> list[str]:
        """Why the kernel would not send it; empty when it would."""
        found = []
        if not self.products:
            found.append("В чеке нет товаров")
        bare = {line["name"]: None for line in self.products if line.get("marking_code") == ""}
        found += [f"Не указан код маркировки: {name}" for name in bare]
        told = sum((line["sum"] for line in self.lines), Decimal(0))
        paid = sum((payment["sum"] for payment in self.payments), Decimal(0))
        if abs(told - paid) >= _TOLERANCE:
            found.append("Сумма товаров не равна сумме оплат")
        if not self.email and not self.phone:
            found.append("Нет контактов покупателя")
        return found


def option(shop: Shop, name: str) -> Any:
    """An option of the portal's fiscal side, or its default."""
    return shop.options.get(name, OPTIONS[name])


def next_cashbox_id(shop: Shop) -> int:
    """A free id for a cashbox; rows that were given from outside count."""
    for row in shop.tables["cashboxes"]:
        shop.note_id("cashboxes", int(row.get("ID") or 0))
    return shop.next_id("cashboxes")


def extract(shop: Shop, check: Row) -> CheckData:
    """Everything a check says now. `check` needs `type`, `orderId`, `payments`, `shipments` and `related`."""
    data = _collect(shop, check)
    kind = check["type"]
    if kind.startswith("prepayment"):
        _correlate(data, shop.orders[check["orderId"]])
    if kind.startswith(("prepayment", "fullprepayment")):
        for line in data.lines:
            line["payment_object"] = "payment"
    elif kind.startswith(("advance", "creditpayment")):
        data.delivery = []
        data.products = [_single(kind, data.total)]
    elif kind in ("credit", "creditreturn"):
        data.total = sum((line["sum"] for line in data.lines), Decimal(0))
        data.payments = [{"type": "credit", "sum": data.total}]
    if kind.endswith("returncash"):
        for payment in data.payments:
            payment |= {"type": "cash", "is_cash": "Y"}
    return data


def query_of(shop: Shop, check: Row, cashbox: Row, uuid: str, unix: int) -> Row:
    """The whole of a PRINT_URL request, before it is encoded. Money is Decimal, which PHP would call a float."""
    data = extract(shop, check)
    sign, method = CHECK_TYPES[check["type"]]
    params = {key: value for key, value in items_of(cashbox.get("SETTINGS")) if key != "REST"}
    return {
        "type": check["type"], "calculated_sign": sign, "unique_id": check["id"],
        "currency": data.currency or check["currency"],
        "items": [{**line, "payment_method": method} for line in data.lines], "date_create": unix,
        "payments": data.payments, "client_email": data.email, "client_phone": data.phone, "total_sum": data.total,
        "uuid": uuid, "operation": sign, "number_kkm": cashbox.get("NUMBER_KKM", ""),
        "service_email": cashbox.get("EMAIL", ""), "cashbox_params": params,
    }  # fmt: skip


def vat_id(shop: Shop, line: Row) -> int:
    """The VAT row of a basket line as `check.php` finds it; 0 where it finds none."""
    product = shop.products.get(line["productId"])
    if product is not None:
        catalogues = shop.tables["catalogs"]
        default = next((row for row in catalogues if row["iblockId"] == product.get("iblockId")), {})
        found = product.get("vatId") or default.get("vatId")
        if found:
            return int(found)
    rate = int(float(line["vatRate"] or 0) * 100)  # as the kernel does it: 0.29 makes 28
    if rate > 0:
        return next((row["id"] for row in shop.tables["vats"] if row["rate"] is not None and int(row["rate"]) == rate),
                    0)  # fmt: skip
    return 0


# ---------------------------------------------------------------------------------------------- parts
def _collect(shop: Shop, check: Row) -> CheckData:
    order = shop.orders[check["orderId"]]
    data = CheckData(currency=None)
    data.email, data.phone = _buyer(shop, order)
    prints_marks = not check["type"].startswith(("prepayment", "fullprepayment"))
    vats: dict[int, int] = {}  # the kernel's cache, by product
    for payment in _parts(order, "payments", check["payments"]):
        data.payments.append(_payment(shop, order, payment, None))
        data.currency = order["currency"]
    for shipment in _parts(order, "shipments", check["shipments"]):
        _ship(shop, order, shipment, data, vats, prints_marks)
    for relation, part_id in check["related"]:
        if relation == "none":
            for shipment in _parts(order, "shipments", [part_id]):
                _ship(shop, order, shipment, data, vats, prints_marks)
        else:
            data.payments += [_payment(shop, order, row, relation) for row in _parts(order, "payments", [part_id])]
    data.total = sum((payment["sum"] for payment in data.payments), Decimal(0))
    return data


def _parts(order: Row, kind: str, ids: Iterable[int]) -> list[Row]:
    return [part for part_id in ids for part in order[kind] if part["id"] == part_id]


def _payment(shop: Shop, order: Row, payment: Row, relation: str | None) -> Row:
    system = shop.pay_system(payment["paySystemId"]) or {}
    is_cash = system.get("IS_CASH", "N")
    kind = relation or ("cash" if is_cash == "Y" else "cashless")
    return {"type": kind, "is_cash": is_cash, "sum": Decimal(payment["sum"] or 0), "currency": order["currency"]}


def _ship(shop: Shop, order: Row, shipment: Row, data: CheckData, vats: dict[int, int], prints_marks: bool) -> None:
    lines = {line["id"]: line for line in order["basketItems"]}
    for item in shipment["shipmentItems"]:
        line = lines.get(item["basketId"])
        if line is None:
            continue
        product_id = line["productId"] or 0
        vat = vats.setdefault(product_id, vat_id(shop, line))
        group = shop.fiscal.marked.get(product_id) if prints_marks else None
        data.products += _goods(shop, order, line, Decimal(item["quantity"] or 0), vat, group)
    if delivery := _delivery(shop, order, shipment):
        data.delivery.append(delivery)


def _goods(shop: Shop, order: Row, line: Row, quantity: Decimal, vat: int, group: str | None) -> list[Row]:
    """The lines of one shipped basket line: one, or one a piece where pieces are marked."""
    price = _gross(line, line["price"])
    base = price if line["customPrice"] == "Y" else _gross(line, line["basePrice"])
    product = shop.products.get(line["productId"]) or {}
    article = shop.fiscal.articles.get(line["productId"] or 0)
    usual = "service" if product.get("type") == _SERVICE else "commodity" if group is None else "commodity_marking"
    row: Row = {
        "name": line["name"], "base_price": base, "price": price, "sum": kopecks(price * quantity),
        "currency": order["currency"], "quantity": quantity, "measure_code": text_of(line["measureCode"]), "vat": vat,
        "vat_sum": _vat_of(line),
        "payment_object": shop.fiscal.objects.get(line["productId"] or 0, usual),
        "properties": {"ARTNUMBER": article} if article else {},
    }  # fmt: skip
    discount = Decimal(line["discountPrice"] or 0)
    tail: Row = {"discount": {"discount": discount, "discount_type": "C"}}
    if line["customPrice"] == "Y" or not discount:
        tail = {}
    tail |= shop.fiscal.extra.get(line["productId"] or 0, {})
    if group is None:
        return [row | tail]
    codes = [*shop.fiscal.codes.get(line["id"], []), *[""] * int(quantity)][: int(quantity)]
    piece = row | {"quantity": Decimal(1), "sum": price}
    return [piece | {"nomenclature_code": tag_1162(code, group) if code else "", "marking_code": code} | tail
            for code in codes]  # fmt: skip


def tag_1162(code: str, group: str) -> bytes:
    """FFD 1.05's tag 1162 as the kernel builds it: `44 4D`, six bytes of GTIN, the serial in ASCII.

    Positions are fixed – GTIN from the third character, serial from the nineteenth – so a code that is not
    `01…21…` gives nonsense, as it does on a portal.
    """
    digits = code[2:16]
    number = int(digits) if digits.isdecimal() else 0
    length = _LONG_SERIAL[1] if group == _LONG_SERIAL[0] else 13
    serial = code[18 : 18 + length].encode("latin-1", "replace")
    return b"\x44\x4d" + (number & 0xFFFFFFFFFFFF).to_bytes(6, "big") + serial


def _delivery(shop: Shop, order: Row, shipment: Row) -> Row | None:
    price = Decimal(shipment["priceDelivery"] or 0)
    if price <= 0:
        return None
    is_custom = shipment["customPriceDelivery"] == "Y"
    row: Row = {
        "name": "Доставка", "base_price": price if is_custom else Decimal(shipment["basePriceDelivery"] or 0),
        "price": price, "sum": price, "currency": order["currency"], "quantity": 1,
        "vat": int(option(shop, "delivery_vat")) if option(shop, "count_delivery_tax") == "Y" else 0,
        "payment_object": "service",
    }  # fmt: skip
    discount = Decimal(shipment["discountPrice"] or 0)
    if discount and not is_custom:
        row["discount"] = {"discount": discount, "discount_type": "C"}
    return row


def _single(kind: str, total: Decimal) -> Row:
    """The one line of an advance or of a payment of a credit."""
    name = "Оплата кредита" if kind.startswith("credit") else "Авансовый платёж"
    return {"name": name, "base_price": total, "price": total, "sum": total, "quantity": 1, "measure_code": "",
            "vat": 0, "vat_sum": 0, "payment_object": "payment"}  # fmt: skip


def _correlate(data: CheckData, order: Row) -> None:
    """A part payment of everything: each line in proportion, the last one takes what rounding has left."""
    paid = sum((payment["sum"] for payment in data.payments), Decimal(0))
    price = Decimal(order["price"] or 0)
    rest = paid
    for place, line in enumerate(data.lines):
        is_last = place == len(data.lines) - 1
        line["sum"] = kopecks(rest) if is_last or not price else kopecks(line["sum"] * paid / price)
        rest -= line["sum"]
        quantity = Decimal(line["quantity"]) or Decimal(1)
        line["price"] = line["base_price"] = kopecks(line["sum"] / quantity)
        line.pop("discount", None)


def _buyer(shop: Shop, order: Row) -> tuple[str | None, str | None]:
    flags = {row["id"]: row for row in shop.tables["properties"]}
    found: dict[str, str] = {}
    for value in order["propertyValues"]:
        known = flags.get(value["orderPropsId"], {})
        for flag in ("isEmail", "isPhone"):
            if known.get(flag) == "Y" and text_of(value["value"]):
                found.setdefault(flag, text_of(value["value"]))
    if not found:  # then it is the shop that gets the receipt
        return text_of(option(shop, "shop_email")) or None, None
    return found.get("isEmail"), found.get("isPhone")


def _gross(line: Row, price: Any) -> Decimal:
    value = Decimal(price or 0)
    return value * (1 + Decimal(line["vatRate"] or 0)) if line["vatIncluded"] == "N" else value


def _vat_of(line: Row) -> Decimal:
    rate = Decimal(line["vatRate"] or 0)
    total = _gross(line, line["price"]) * Decimal(line["quantity"] or 0)
    return total * rate / (1 + rate)


def kopecks(value: Decimal) -> Decimal:
    """Rounded half up to the kopeck, as the portal rounds."""
    return value.quantize(KOPECK, ROUND_HALF_UP)
