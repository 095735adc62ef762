"""The parts of a portal that a small shop leaves as they came: statuses, measures, order properties, VAT rows, a store.

A file of orders replaces any of these tables by naming it. VAT rows deliberately have ids that look like nothing:
`vat` and `vatId` are ids of rows and never rates, and a client that takes them for rates must fail here first.
"""

from __future__ import annotations

from typing import Any

_Rows = list[dict[str, Any]]


def _statuses() -> tuple[_Rows, _Rows]:
    table = [
        ("N", "O", 100, "Принят, ожидается оплата"), ("P", "O", 150, "Оплачен, формируется к отправке"),
        ("DE", "O", 170, "Передан курьеру"), ("F", "O", 200, "Выполнен"), ("D", "O", 250, "Отменён"),
        ("DN", "D", 300, "Ожидает обработки"), ("DD", "D", 350, "Отменена"), ("DF", "D", 400, "Отгружен"),
    ]  # fmt: skip
    rows = [{"id": code, "type": kind, "notify": "Y", "sort": sort, "color": "", "xmlId": f"bx_status_{code}"}
            for code, kind, sort, _ in table]  # fmt: skip
    names = [{"statusId": code, "lid": "ru", "name": name, "description": ""} for code, _, _, name in table]
    return rows, names


def _properties() -> _Rows:
    table = [
        (1, 1, "FIO", "Ф.И.О.", "isPayer"), (2, 1, "EMAIL", "E-mail", "isEmail"), (3, 1, "PHONE", "Телефон", "isPhone"),
        (4, 1, "ADDRESS", "Адрес доставки", "isAddress"), (5, 1, "DELIVERY_DATE", "Дата доставки", ""),
        (6, 1, "DELIVERY_WINDOW", "Интервал доставки", ""), (7, 1, "COURIER", "Курьер", ""),
        (20, 2, "COMPANY", "Название компании", "isPayer"), (21, 2, "INN", "ИНН", ""), (22, 2, "KPP", "КПП", ""),
        (23, 2, "CONTACT_PERSON", "Контактное лицо", ""), (24, 2, "EMAIL", "E-mail", "isEmail"),
        (25, 2, "PHONE", "Телефон", "isPhone"), (26, 2, "ADDRESS", "Адрес доставки", "isAddress"),
        (27, 2, "DELIVERY_DATE", "Дата доставки", ""), (28, 2, "DELIVERY_WINDOW", "Интервал доставки", ""),
        (29, 2, "COURIER", "Курьер", ""),
    ]  # fmt: skip
    flags = ("isPayer", "isEmail", "isPhone", "isAddress")
    dates = {"DELIVERY_DATE": "DATE"}
    return [
        {"id": number, "personTypeId": person, "code": code, "name": name, "type": dates.get(code, "STRING"),
         "required": "N", "active": "Y", "multiple": "N", "propsGroupId": person, "sort": number * 10,
         "xmlId": f"bx_prop_{number}", "settings": [], **{item: "Y" if item == flag else "N" for item in flags}}
        for number, person, code, name, flag in table
    ]  # fmt: skip


def _measures() -> _Rows:
    table = [(1, 796, "шт", "Штука", "PCE"), (2, 166, "кг", "Килограмм", "KGM"), (3, 112, "л", "Литр", "LTR"),
             (4, 778, "упак", "Упаковка", "NMP")]  # fmt: skip
    return [{"id": number, "code": code, "symbol": symbol, "measureTitle": title, "symbolIntl": symbol,
             "symbolLetterIntl": letters, "isDefault": "Y" if number == 1 else "N"}
            for number, code, symbol, title, letters in table]  # fmt: skip


def _pay_systems() -> _Rows:
    table = [(1, "Наличные курьеру", "Y", "cash"), (2, "Картой при получении", "N", "cash"),
             (4, "Онлайн-оплата", "A", "yandexcheckout")]  # fmt: skip
    return [{"ID": number, "NAME": name, "PSA_NAME": name, "ACTION_FILE": handler, "IS_CASH": cash,
             "CAN_PRINT_CHECK": "N", "ACTIVE": "Y", "PERSON_TYPE_ID": "", "ENTITY_REGISTRY_TYPE": "ORDER",
             "XML_ID": f"bx_paysystem_{number}", "SORT": number * 100, "ALLOW_EDIT_PAYMENT": "Y",
             "AUTO_CHANGE_1C": "N", "NEW_WINDOW": "N", "DESCRIPTION": "", "TARIFF": "", "HAVE_PAYMENT": "Y",
             "HAVE_ACTION": "N", "HAVE_RESULT": "N", "HAVE_PREPAY": "N", "HAVE_PRICE": "N",
             "HAVE_RESULT_RECEIVE": "N", "PS_MODE": "", "ENCODING": "", "RESULT_FILE": ""}
            for number, name, cash, handler in table]  # fmt: skip


def _vats() -> _Rows:
    # "Без НДС" is a row of its own with a null rate; an exempt row and a 0 % row are different things (FFD 6 and 5).
    table = [(3, "НДС 22%", 22), (5, "НДС 10%", 10), (7, "НДС 0%", 0), (8, "Без НДС", None), (11, "НДС 5%", 5),
             (12, "НДС 7%", 7)]  # fmt: skip
    return [{"id": number, "name": name, "rate": rate, "active": "Y", "sort": number * 100,
             "timestampX": "2026-01-01T00:00:00+03:00"} for number, name, rate in table]  # fmt: skip


def _furniture() -> dict[str, _Rows]:
    statuses, names = _statuses()
    return {
        "statuses": statuses, "statusLangs": names, "properties": _properties(), "measures": _measures(),
        "paySystems": _pay_systems(), "vats": _vats(),
        "personTypes": [
            {"id": 1, "code": "", "name": "Физическое лицо", "sort": 100, "active": "Y", "xmlId": "bx_person_1"},
            {"id": 2, "code": "", "name": "Юридическое лицо", "sort": 200, "active": "Y", "xmlId": "bx_person_2"},
        ],
        "stores": [
            {"id": 1, "title": "Основной склад", "code": "main", "xmlId": "bx_store_1", "active": "Y",
             "address": "г. Учебный, ул. Складская, д. 1", "phone": "", "email": "", "schedule": "9:00–21:00",
             "issuingCenter": "Y", "sort": 100, "userId": 1, "modifiedBy": 1},
        ],
        "priceTypes": [
            {"id": 1, "name": "BASE", "base": "Y", "sort": 100, "xmlId": "BASE", "createdBy": 1, "modifiedBy": 1},
        ],
        "currencies": [
            {"CURRENCY": "RUB", "AMOUNT_CNT": "1", "AMOUNT": "1.0000", "SORT": "100", "BASE": "Y", "LID": "ru",
             "FULL_NAME": "Российский рубль", "FORMAT_STRING": "# &#8381;", "DEC_POINT": ".", "THOUSANDS_SEP": " ",
             "DECIMALS": "2", "DATE_UPDATE": "2026-01-01T00:00:00+03:00"},
        ],
        "catalogs": [
            {"id": 15, "iblockId": 15, "iblockTypeId": "CRM_PRODUCT_CATALOG", "lid": "s1", "name": "Товарный каталог",
             "productIblockId": None, "skuPropertyId": None, "subscription": "N", "vatId": 3},
        ],
    }  # fmt: skip


FURNITURE: dict[str, _Rows] = _furniture()
