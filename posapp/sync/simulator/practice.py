"""The practice shop: a day's orders made from a seed, alike enough to life to learn and to test on.

What is in it, by the order's place in the list (counted from 0):

- most orders: unpaid, one payment on delivery (cash or card), one shipment that has not left;
- every tenth from 3: paid online beforehand; every tenth from 6: two payments, the first of them paid;
- number 8: cancelled by the buyer; number 9: a company with INN and KPP;
- number 12: one line was taken out by the manager. Bitrix deletes a line that a manager removes; a line that *became
  unavailable* stays, with `canBuy` = N. That one is shown here, with quantity 0, in no shipment and in no sum.

Every order's price is exactly Σ lines + delivery, and its payments add up to it. No pay system prints checks.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from posapp.sync.simulator.envelope import SERVER_ZONE, iso
from posapp.sync.simulator.furniture import FURNITURE
from posapp.sync.simulator.goods import (
    DELIVERY_PRICES,
    FIRST_NAMES,
    GOODS,
    LAST_NAMES,
    RARE_VATS,
    SHELF,
    STREETS,
    WINDOWS,
    WISHES,
    Good,
)  # fmt: skip

Row = dict[str, Any]

_KOPECK = Decimal("0.01")
_IBLOCK = 15
_FIRST_PRODUCT = 301
_RATES = {row["id"]: row["rate"] for row in FURNITURE["vats"]}
_MEASURES = {"796": "шт", "166": "кг"}


def practice_shop(count: int, seed: int, now: datetime) -> Row:
    """A file of orders in memory: `count` orders made from `seed`, with the goods they need.

    Args:
        now: today; the orders came yesterday and are delivered today.
    """
    if count < 1:
        raise ValueError("a practice shop has at least one order")
    random = Random(seed)
    orders = [_Maker(number, random, now.astimezone(SERVER_ZONE)).order() for number in range(count)]
    return {"orders": orders, **_catalogue(count, now), **_company()}


def _catalogue(count: int, now: datetime) -> Row:
    products, stocks, prices = [], [], []
    for number, good in enumerate(GOODS):
        product_id, quantity = _FIRST_PRODUCT + number, Decimal(500 + 20 * count)
        base = Decimal(good.price) + Decimal(good.discount)
        products.append({
            "id": product_id, "iblockId": _IBLOCK, "iblockSectionId": None, "name": good.name,
            "code": f"good-{product_id}", "xmlId": f"practice-{product_id}", "active": "Y", "available": "Y",
            "type": 7 if "услуга" in good.name or "Билет" in good.name else 1, "quantity": quantity,
            "quantityReserved": 0, "quantityTrace": "Y", "canBuyZero": "N", "barcodeMulti": "N", "bundle": "N",
            "measure": 2 if good.measure == "166" else 1, "vatId": good.vat_id, "vatIncluded": "Y", "sort": 500,
            "dateCreate": iso(now - timedelta(days=90)), "timestampX": iso(now - timedelta(days=1)),
            "purchasingPrice": (base * Decimal("0.6")).quantize(_KOPECK), "purchasingCurrency": "RUB",
            "property64": {"value": barcode(product_id), "valueId": 9000 + number},
            # what weighed goods are called on the scales
            "property65": {"value": str(product_id), "valueId": 9500 + number} if good.measure == "166" else None,
        })  # fmt: skip
        stocks.append({"id": number + 1, "productId": product_id, "storeId": 1, "amount": quantity,
                       "quantityReserved": None})  # fmt: skip
        prices.append({"id": number + 1, "productId": product_id, "catalogGroupId": 1, "price": Decimal(good.price),
                       "currency": "RUB", "priceScale": Decimal(good.price), "quantityFrom": None,
                       "quantityTo": None, "extraId": None, "timestampX": iso(now - timedelta(days=1))})  # fmt: skip
    for place, shelf in enumerate(SHELF):
        products.append({**products[0], "id": shelf.product_id, "name": shelf.name, "code": f"good-{shelf.product_id}",
                         "xmlId": f"practice-{shelf.product_id}", "active": shelf.active, "type": shelf.type,
                         "measure": 1, "vatId": shelf.vat_id, "property65": None,
                         "property64": {"value": shelf.barcode, "valueId": 9800 + place},
                         "property66": {"value": shelf.marked, "valueId": 9900 + place} if shelf.marked else None,
                         })  # fmt: skip
        prices.append({**prices[0], "id": 900 + place, "productId": shelf.product_id, "price": Decimal(shelf.price),
                       "priceScale": Decimal(shelf.price)})  # fmt: skip
    return {"products": products, "storeProducts": stocks, "prices": prices}


def barcode(product_id: int) -> str:
    """An EAN-13 of the range that shops may use inside (200…299)."""
    digits = f"2{product_id:011d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)


def _company() -> Row:
    return {
        "companies": [{"ID": "77", "TITLE": "ООО «Полесье»", "HAS_PHONE": "Y", "HAS_EMAIL": "Y",
                       "PHONE": [{"ID": "901", "VALUE": "+79990000077", "VALUE_TYPE": "WORK", "TYPE_ID": "PHONE"}],
                       "EMAIL": [{"ID": "902", "VALUE": "office@polesye.example", "VALUE_TYPE": "WORK",
                                  "TYPE_ID": "EMAIL"}]}],
        "contacts": [{"ID": str(500 + number), "NAME": first, "LAST_NAME": LAST_NAMES[number], "EMAIL": [], "PHONE": [
            {"ID": str(700 + number), "VALUE": _phone(number), "VALUE_TYPE": "MOBILE", "TYPE_ID": "PHONE"}]}
            for number, first in enumerate(FIRST_NAMES)],
        "requisites": [{"ID": "31", "ENTITY_TYPE_ID": "4", "ENTITY_ID": "77", "PRESET_ID": "1", "NAME": "Организация",
                        "ACTIVE": "Y", "SORT": "500", "RQ_INN": "9901004575", "RQ_KPP": "990101001",
                        "RQ_OGRN": "1269900000017", "RQ_OGRNIP": "", "RQ_COMPANY_NAME": "ООО «Полесье»",
                        "RQ_COMPANY_FULL_NAME": "Общество с ограниченной ответственностью «Полесье»", "RQ_NAME": "",
                        "RQ_FIRST_NAME": "", "RQ_LAST_NAME": ""}],
        "orderEntities": [{"orderId": _order_id(number), "ownerId": 1200 + number, "ownerTypeId": 2}
                          for number in range(3)],
    }  # fmt: skip


def _phone(number: int) -> str:
    return f"+79990{100_000 + number * 137 % 900_000}"


def _order_id(number: int) -> int:
    return 9071 + number


class _Maker:
    """Makes one order; the place in the list decides its kind, the generator the rest."""

    def __init__(self, number: int, random: Random, now: datetime) -> None:
        self.number = number
        self.random = random
        self.now = now
        self.came = (now - timedelta(days=1)).replace(hour=9, minute=0, second=0) + timedelta(
            minutes=random.randrange(720)
        )
        self.is_company = number == 9
        self.is_canceled = number == 8
        self.is_prepaid = number % 10 == 3
        self.is_part_paid = number % 10 == 6
        self.order_id = _order_id(number)
        self.account_number = f"MSK-{412 + number:05d}" if number % 7 == 5 else str(10457 + number)

    def order(self) -> Row:
        """The order in the shape of `sale.order.get`."""
        lines = self._lines()
        goods = sum((_sum_of(line) for line in lines), Decimal(0))
        delivery = Decimal(self.random.choice(DELIVERY_PRICES)) if goods < 5000 else Decimal(0)
        status = "D" if self.is_canceled else "P" if self.is_prepaid else "DE" if self.number % 3 else "N"
        changed = self.came + timedelta(minutes=30)
        order: Row = {
            "id": self.order_id, "accountNumber": self.account_number, "lid": "s1", "currency": "RUB",
            "personTypeId": 2 if self.is_company else 1, "userId": 100 + self.number, "responsibleId": 1,
            "statusId": status, "price": goods + delivery, "canceled": "Y" if self.is_canceled else "N",
            "dateCanceled": iso(changed) if self.is_canceled else None,
            "reasonCanceled": "Передумал" if self.is_canceled else "",
            "dateInsert": iso(self.came), "dateUpdate": iso(changed), "dateStatus": iso(changed), "version": 3,
            "taxValue": sum((_tax_of(line) for line in lines), Decimal(0)),
            "userDescription": self.random.choice(WISHES), "comments": "", "xmlId": f"bx_practice_{self.order_id}",
            "basketItems": lines, "payments": self._payments(goods + delivery, changed),
            "shipments": [self._shipment(lines, delivery)], "propertyValues": self._properties(),
            "clients": [self._client()],
            "requisiteLink": {"requisiteId": 31 if self.is_company else 0, "bankDetailId": 0, "mcRequisiteId": 0,
                              "mcBankDetailId": 0},
        }  # fmt: skip
        return order

    def _lines(self) -> list[Row]:
        rare = RARE_VATS[self.number % len(RARE_VATS)]
        chosen = [self.random.choice([good for good in GOODS if good.vat_id == rare])] if self.number % 3 == 0 else []
        common = [good for good in GOODS if good.vat_id in (3, 5)]
        # A long order now and then; otherwise one to five lines.
        chosen += self.random.sample(common, 11 if self.number % 12 == 10 else self.random.randint(1, 4))
        lines = [self._line(place, good) for place, good in enumerate(chosen)]
        if self.number == 12:
            gone = next(good for good in common if good not in chosen)
            lines.append(self._line(len(lines), gone) | {"canBuy": "N", "quantity": Decimal(0)})
        return lines

    def _line(self, place: int, good: Good) -> Row:
        if good.measure == "166":
            quantity = Decimal(self.random.randrange(180, 2400)) / 1000
        else:
            quantity = Decimal(self.random.choice((1, 1, 1, 2, 2, 3)))
        price, discount = Decimal(good.price), Decimal(good.discount if self.number % 2 else "0")
        rate = _RATES[good.vat_id]
        product_id = _FIRST_PRODUCT + GOODS.index(good)
        return {
            "id": 25_000 + self.number * 20 + place, "productId": product_id, "name": good.name, "quantity": quantity,
            "price": price, "basePrice": price + discount, "discountPrice": discount, "currency": "RUB",
            "vatRate": None if rate is None else Decimal(rate) / 100, "vatIncluded": "Y", "sort": (place + 1) * 100,
            "measureCode": good.measure, "measureName": _MEASURES[good.measure], "customPrice": "N", "canBuy": "Y",
            "productXmlId": f"practice-{product_id}", "catalogXmlId": "CRM_PRODUCT_CATALOG", "module": "catalog",
            "xmlId": f"bx_line_{self.order_id}_{place}", "type": "", "setParentId": "", "weight": 0,
            "productProviderClass": "\\Bitrix\\Catalog\\Product\\CatalogProvider", "properties": [],
            "reservations": [],
        }  # fmt: skip

    def _payments(self, price: Decimal, changed: datetime) -> list[Row]:
        online: Row = {"id": 11_204 + self.number * 3, "accountNumber": f"{self.account_number}/1", "paySystemId": 4,
                       "paid": "Y", "datePaid": iso(changed), "empPaidId": None, "psStatus": "Y"}  # fmt: skip
        on_delivery: Row = {"id": online["id"] + 1, "paySystemId": 1 if self.number % 5 < 3 else 2, "paid": "N"}
        if self.is_prepaid:
            return [online | {"sum": price, "psSum": price, "psCurrency": "RUB"}]
        if self.is_part_paid:
            part = (price * Decimal("0.3")).quantize(Decimal(1))
            return [online | {"sum": part, "psSum": part, "psCurrency": "RUB"},
                    on_delivery | {"sum": price - part, "accountNumber": f"{self.account_number}/2"}]  # fmt: skip
        return [on_delivery | {"sum": price, "accountNumber": f"{self.account_number}/1"}]

    def _shipment(self, lines: list[Row], delivery: Decimal) -> Row:
        return {
            "id": 7301 + self.number, "accountNumber": f"{self.account_number}/2", "deliveryId": 2,
            "deliveryName": "Доставка курьером", "statusId": "DN", "allowDelivery": "N" if self.is_canceled else "Y",
            "deducted": "N", "priceDelivery": delivery, "basePriceDelivery": delivery,
            "shipmentItems": [{"id": line["id"] + 5000, "basketId": line["id"], "quantity": line["quantity"]}
                              for line in lines if line["quantity"]],
        }  # fmt: skip

    def _properties(self) -> list[Row]:
        person = self.number % len(FIRST_NAMES)
        # Surnames and first names both alternate between women and men, so that they agree.
        name = f"{LAST_NAMES[(person + 2 * (self.number // 10)) % len(LAST_NAMES)]} {FIRST_NAMES[person]}"
        place = f"{self.random.choice(STREETS)}, д. {self.random.randint(1, 120)}, кв. {self.random.randint(1, 90)}"
        courier = f"Курьер {self.number % 2 + 1}"
        delivery = {"PHONE": _phone(self.number), "ADDRESS": f"г. Учебный, {place}",
                    "EMAIL": f"buyer{self.number + 1}@example.test", "DELIVERY_DATE": f"{self.now:%d.%m.%Y}",
                    "DELIVERY_WINDOW": self.random.choice(WINDOWS), "COURIER": courier}  # fmt: skip
        who = {"FIO": name}
        if self.is_company:
            who = {"COMPANY": "ООО «Полесье»", "INN": "9901004575", "KPP": "990101001", "CONTACT_PERSON": name}
        values = {**who, **delivery}
        wanted = [row for row in FURNITURE["properties"] if row["personTypeId"] == (2 if self.is_company else 1)]
        return [{"id": 40_000 + self.number * 20 + place_, "orderPropsId": row["id"], "code": row["code"],
                 "name": row["name"], "orderPropsXmlId": row["xmlId"], "value": values[row["code"]]}
                for place_, row in enumerate(wanted)]  # fmt: skip

    def _client(self) -> Row:
        kind, client = (4, 77) if self.is_company else (3, 500 + self.number % len(FIRST_NAMES))
        return {"id": 900 + self.number, "orderId": self.order_id, "entityTypeId": kind, "entityId": client,
                "isPrimary": "Y", "roleId": 0, "sort": 0}  # fmt: skip


def _sum_of(line: Row) -> Decimal:
    total: Decimal = line["price"] * line["quantity"]
    return total.quantize(_KOPECK, ROUND_HALF_UP)


def _tax_of(line: Row) -> Decimal:
    rate = line["vatRate"]
    return (_sum_of(line) * rate / (1 + rate)).quantize(_KOPECK, ROUND_HALF_UP) if rate else Decimal(0)
