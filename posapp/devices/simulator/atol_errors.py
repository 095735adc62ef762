"""What a refusal of the register model is called by АТОЛ: the driver's number, its text, and the byte on the wire.

The model refuses by the bytes of its own rulebook (Штрих-М, and those of the fiscal storage). `REFUSALS` is the one
table that translates them; the JSON tasks tell the number and the text, the wire tells the byte. Numbers and texts are
those of the driver DTO 10, bytes those that the driver turns into these numbers. What has no byte of its own on the
wire (marking, which older drivers do not know there) is told as "not supported" (6Ch).
"""

from __future__ import annotations

from dataclasses import dataclass

from posapp.devices.simulator.rules import (
    BAD_LENGTH,
    BAD_PARAMETER,
    CASHLESS_OVER,
    NO_PAPER,
    PAID_SHORT,
    PRINTING,
    RECEIPT_CLOSED,
    RECEIPT_OPEN,
    SHIFT_CLOSED,
    SHIFT_EXPIRED,
    TAG_MISSING,
    UNSUPPORTED,
    WAITS_CONTINUE,
    WRONG_MODE,
    WRONG_PASSWORD,
    WRONG_STORAGE_STATE,
    WRONG_SUBMODE,
)

OK, NOT_CONNECTED, NO_CONNECTION, INTERNAL, REQUIRED_PARAM, UNKNOWN_CODE = 0, 1, 2, 6, 8, 15
NOT_SUPPORTED, INVALID_MODE, INVALID_PARAM, INVALID_SUM, INVALID_QUANTITY = 11, 12, 13, 16, 17
INVALID_FORMAT, BUFFER_FULL, NO_PAPER_CODE, COVER_OPEN, INVALID_RECEIPT_TYPE = 26, 40, 44, 45, 48
CASHLESS_TOO_MUCH, PAYMENTS_OVERFLOW, BUSY, INVALID_DISCOUNT, NOT_FULLY_PAID, SHIFT_TOO_LONG = 52, 54, 55, 57, 66, 68
INVALID_PASSWORD, SHIFT_IS_CLOSED, BAD_DATE, NO_CASH = 71, 73, 77, 80
RECEIPT_IS_CLOSED, RECEIPT_IS_OPEN, SHIFT_IS_OPEN = 81, 82, 83
FN_EXCHANGE, FN_NO_DATA, INVALID_TAX_SYSTEM, INVALID_TAX_TYPE = 115, 123, 143, 144
PROPERTY_WRITE, PROPERTY_DENIED, PROPERTY_MISSING, CLOSE_INTERRUPTED, INVALID_TOTAL = 148, 158, 161, 177, 227
MARKING_BUSY, MARKING_NO_SERVER, MARKING_STATUS, MARKING_TABLE_FULL, MARKING_BAD_CODE = 401, 402, 404, 408, 409
MARKING_STATE, MARKING_UNIT, MARKING_OLD_FORMAT, MARKING_NO_ITEM, MARKING_TIMEOUT = 410, 412, 413, 416, 421
PARSE_ERROR, INTERRUPTED, CANCELED, SERVER_ERROR = 501, 502, 503, 505

TEXTS = {
    0: "Ошибок нет",
    1: "Соединение не установлено",
    2: "Нет связи",
    3: "Порт занят",
    4: "Порт недоступен",
    5: "Некорректные данные от ККТ",
    6: "Внутренняя ошибка библиотеки",
    8: "Не найден обязательный параметр",
    11: "Не поддерживается в данной версии ККТ",
    12: "Неверный режим",
    13: "Некорректное значение параметра",
    15: "Неизвестная ошибка",
    16: "Неверная цена (сумма)",
    17: "Неверное количество",
    23: "Невозможно начислить скидку/надбавку",
    26: "Неверный формат команды",
    27: "Неверная длина",
    29: "Требуется подтверждение ввода даты",
    30: "Нет больше данных",
    36: "Переданные дата/время меньше даты/времени последнего фискального документа",
    40: "Переполнение буфера чека",
    42: "Сторнируемое количество больше проданного",
    44: "Нет бумаги",
    45: "Открыта крышка",
    46: "Нет связи с принтером чеков",
    47: "Механическая ошибка печатающего устройства",
    48: "Неверный тип чека",
    52: "Сумма не наличных платежей превышает сумму чека",
    54: "Переполнение суммы платежей",
    55: "Предыдущая операция незавершена",
    57: "Неверная величина скидки / надбавки",
    60: "Неверный вид оплаты",
    62: "Операция запрещена в таблице настроек",
    66: "Чек оплачен не полностью",
    68: "Смена превысила 24 часа",
    71: "Неверный пароль",
    73: "Смена закрыта - операция невозможна",
    74: "Неверный номер таблицы",
    77: "Неверная дата и/или время",
    80: "В ККТ нет денег для выплаты",
    81: "Чек закрыт – операция невозможна",
    82: "Чек открыт – операция невозможна",
    83: "Смена открыта, операция невозможна",
    91: "Нет отчетов",
    114: "Перегрев головки принтера",
    115: "Ошибка обмена с ФН на уровне интерфейса I2C",
    116: "Ошибка формата передачи ФН",
    117: "Неверное состояние ФН",
    118: "Неисправимая ошибка ФН",
    119: "Ошибка КС ФН",
    120: "Закончен срок эксплуатации ФН",
    121: "Архив ФН переполнен",
    122: "В ФН переданы неверная дата или время",
    123: "В ФН нет запрошенных данных",
    133: "Некорректное значение параметров команды ФН",
    134: "Превышение размеров TLV данных ФН",
    135: "Нет транспортного соединения ФН",
    136: "Исчерпан ресурс КС ФН",
    137: "Ресурс хранения ФД исчерпан",
    138: "Сообщение от ОФД не может быть принято ФН",
    140: "Исчерпан ресурс ожидания передачи сообщения в ФН",
    141: "Продолжительность смены ФН более 24 часов",
    142: "Неверная разница во времени между двумя операциями ФН",
    143: "Некорректная СНО",
    144: "Недопустимый номер ставки налога",
    148: "Ошибка программирования реквизита",
    158: "Неразрешенные реквизиты",
    161: "Не указаны обязательные реквизиты",
    177: "Закрытие чека прервано",
    227: "Неверная сумма итога",
    241: "Соединение потеряно",
    401: "Процедура проверки КМ уже запущена",
    402: "Нет связи с сервером ИСМ",
    404: "Некорректный планируемый статус товара",
    408: "Таблица проверки КМ переполнена",
    409: "Некорректный код маркировки",
    410: "Неверное состояние проверки КМ",
    412: "Некорректная мера количества",
    413: "Работа с КМ не поддерживается в данной версии ФФД",
    416: "Не указан код маркировки",
    421: "Истек таймаут проверки КМ",
    501: "Ошибка парсинга запроса",
    502: "Выполнение прервано из-за предыдущих ошибок",
    503: "Задание отменено",
}
"""The driver's texts for the numbers that the simulator tells."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """How АТОЛ says one "no": the driver's number, and the byte after 55h that makes the driver say it."""

    code: int
    byte: int

    @property
    def text(self) -> str:
        """The driver's words."""
        return text_of(self.code)


NO_BYTE = 0x6C
"""The byte of a refusal that the wire has no own byte for: not supported."""

UNKNOWN = Refusal(UNKNOWN_CODE, 0xFF)

REFUSALS: dict[int, Refusal] = {
    0x01: Refusal(116, 0xD3),
    WRONG_STORAGE_STATE: Refusal(117, 0xD4),
    0x03: Refusal(118, 0xD5),
    0x04: Refusal(119, 0xD6),
    0x05: Refusal(120, 0xD7),
    0x06: Refusal(121, 0xD8),
    0x07: Refusal(122, 0xD9),
    0x08: Refusal(FN_NO_DATA, 0xDA),
    0x09: Refusal(133, 0xE7),
    0x10: Refusal(134, 0xE8),
    0x11: Refusal(135, 0xE9),
    0x12: Refusal(136, 0xEA),
    0x14: Refusal(137, 0xEB),
    0x15: Refusal(140, 0xEF),
    0x16: Refusal(141, 0xF0),
    0x17: Refusal(142, 0xF1),
    0x20: Refusal(138, 0xEC),
    0x2D: Refusal(42, 0x41),
    0x2E: Refusal(NO_CASH, 0x98),
    BAD_PARAMETER: Refusal(INVALID_FORMAT, 0x13),
    UNSUPPORTED: Refusal(NOT_SUPPORTED, 0x6C),
    SHIFT_CLOSED: Refusal(SHIFT_IS_CLOSED, 0x8F),
    0x40: Refusal(PAYMENTS_OVERFLOW, 0x75),
    PAID_SHORT: Refusal(NOT_FULLY_PAID, 0x86),
    0x46: Refusal(NO_CASH, 0x98),
    0x49: Refusal(INVALID_RECEIPT_TYPE, 0x6A),
    RECEIPT_OPEN: Refusal(RECEIPT_IS_OPEN, 0x9B),
    0x4B: Refusal(BUFFER_FULL, 0x3F),
    CASHLESS_OVER: Refusal(CASHLESS_TOO_MUCH, 0x71),
    SHIFT_EXPIRED: Refusal(SHIFT_TOO_LONG, 0x88),
    WRONG_PASSWORD: Refusal(INVALID_PASSWORD, 0x8C),
    PRINTING: Refusal(BUSY, 0x76),
    RECEIPT_CLOSED: Refusal(RECEIPT_IS_CLOSED, 0x9A),
    0x56: Refusal(30, 0x18),
    WAITS_CONTINUE: Refusal(CLOSE_INTERRUPTED, 0x66),
    0x5A: Refusal(23, 0x10),
    0x5D: Refusal(74, 0x91),
    0x61: Refusal(INVALID_SUM, 0x08),
    0x62: Refusal(INVALID_QUANTITY, 0x0A),
    NO_PAPER: Refusal(NO_PAPER_CODE, 0x67),
    WRONG_SUBMODE: Refusal(NO_PAPER_CODE, 0x67),
    WRONG_MODE: Refusal(INVALID_MODE, 0x66),
    0x7A: Refusal(62, 0x80),
    0x7C: Refusal(BAD_DATE, 0x94),
    BAD_LENGTH: Refusal(27, 0x14),
    0x8E: Refusal(INVALID_SUM, 0x08),
    0xA1: Refusal(MARKING_STATE, NO_BYTE),
    0xA3: Refusal(MARKING_TABLE_FULL, NO_BYTE),
    TAG_MISSING: Refusal(PROPERTY_MISSING, NO_BYTE),
}
"""Error byte of the model → what АТОЛ says."""

SHIFT_OPEN_ALREADY = Refusal(SHIFT_IS_OPEN, 0x9C)
"""The model says "wrong mode" for that; АТОЛ has a word of its own."""


def refusal_of(model_byte: int) -> Refusal:
    """How АТОЛ says what the model refuses with; `UNKNOWN` for what it has no word for."""
    return REFUSALS.get(model_byte, UNKNOWN)


def text_of(code: int) -> str:
    """The driver's words for its number."""
    return TEXTS.get(code, f"{TEXTS[UNKNOWN_CODE]} [{code}]")
